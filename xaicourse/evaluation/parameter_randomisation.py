"""Parameter randomisation (2018, smoothed 2024): see whether a map notices what a net forgets."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.progress import progress
from xaicourse.evaluation.asked import Randomising
from xaicourse.evaluation.explaining import Explaining, explaining
from xaicourse.evaluation.likeness import likeness_of, unit_rows
from xaicourse.evaluation.randomise import Part, Randomiser
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.methods.denoising.input_noise import noise_scale, standard_normal
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.spec import spec

__all__ = ["parameter_randomisation", "smooth_parameter_randomisation"]

# How a map is asked for: of the model as it was learnt (None), or of a copy.
Ask = Callable[[Any], Tensor]


def randomised_example() -> MetricExample:
    """Return a net of two layers, its gradient, and a map that never looks at the net."""
    made = small_classifier()
    return MetricExample(
        made.model, made.x, None, 1, method=spec("gradient"), worse_method=edges
    )  # fmt: skip


def edges(model: Any, x: Tensor, target: Any) -> Tensor:
    """Return differences of neighbours in x: they look like a map, whatever the model is."""
    return x - x.roll(1, dims=-1)


@dataclass(frozen=True)
class Randomisation:
    """All choices of a test that draws layer after layer anew, as its caller made them."""

    similarity: str
    sign: str
    cascading: bool
    steps: int | None
    seed: int
    output: Any
    batch_size: int | None

    def explaining(
        self, model: Callable[..., Any], x: Tensor, method: Any, target: Any
    ) -> Explaining:
        """Check model, x, method and target, and fix the class at x."""
        return explaining(model, x, method, target, self.output, self.batch_size)

    def result(
        self, metric: str, again: Explaining, ask: Ask, own: tuple[tuple[str, Any], ...] = ()
    ) -> MetricResult:
        """Explain the model and each of its copies; return the mean likeness after each stage."""
        randomiser = Randomiser(again.question, again.model, self.seed)
        stages = self.stages(randomiser.parts)
        here = self.unit(ask(None))  # (N, D)
        alike = [likeness_of(here, here)]  # the model as it was learnt: on the curve alone
        bar = progress(len(stages), "layers drawn anew")
        try:
            for k, stage in enumerate(stages):
                drawn = [p for s in stages[:k] for p in s] + stage if self.cascading else stage
                there = self.unit(ask(randomiser.drawn(drawn)))
                alike.append(likeness_of(here, there))
                bar.update(1)
        finally:
            bar.close()
        curve = torch.stack(alike, dim=1)  # (N, T + 1)
        names = tuple(", ".join(part.name for part in stage) for stage in stages)
        return again.result(
            metric,
            curve[:, 1:].mean(dim=1),
            sign=self.sign,
            steps=len(stages),
            area="mean over the stages, without the model as it was learnt",
            own=(
                ("similarity", self.similarity), ("cascading", self.cascading),
                ("seed", self.seed), ("stages", names), *own,
            ),
            curve=curve,
            shares=torch.linspace(0, 1, len(stages) + 1, dtype=curve.dtype, device=curve.device),
        )  # fmt: skip

    def unit(self, maps: Tensor) -> Tensor:
        """Return maps (N, D) ready to be compared."""
        return unit_rows(maps, self.similarity, self.sign)

    def stages(self, parts: list[Part]) -> list[list[Part]]:
        """Return which parts are drawn anew at each stage, from the output down."""
        steps = len(parts) if self.steps is None else check_positive_int(self.steps, "steps")
        if steps > len(parts):
            raise ValueError(
                f"steps={steps} is more than the {len(parts)} layers that can be drawn anew"
            )
        ends = [round(k * len(parts) / steps) for k in range(steps + 1)]
        return [parts[a:b] for a, b in pairwise(ends)]


@metric(
    title="Parameter randomisation",
    year=2018,
    paper="arXiv:1810.03292",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=randomised_example,
)
def parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    **asked: Unpack[Randomising],
) -> MetricResult:
    r"""Measure how alike the map stays when the layers of the model are drawn anew.

    .. math::
        \frac1T \sum_{k=1}^{T} \rho\big(\Phi_f(x),\ \Phi_{f_k}(x)\big), \qquad
        f_k = f \text{ with the } k \text{ layers next to the output drawn anew}

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **lower is better**; NaN where a map is
        constant. With the curve (N, T + 1) that begins with the model as it was learnt, whose 1 is
        in no mean. The names of the layers are on record in `protocol`.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.

    Notes
    -----
    The model itself stays as it is. In its copies weights, biases, bare parameters and statistics
    of batch norms are drawn with the mean and spread that each tensor has; layers of equal shape
    differ. The order is that in which the model runs, not that in which it lists its layers.

    **Cost.** T + 1 explanations a row, and two forward passes.

    **Fails when** a low value is read as truth: noise has the lowest. The verdict can turn over
    with `sign`: sizes of maps that are multiplied by x stay alike, as x does.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.parameter_randomisation(toy, x, lambda f, x, t: x).curve.round(decimals=6)
    tensor([[1., 1., 1.]], dtype=torch.float64)
    """
    randomisation = Randomisation(**asked)
    again = randomisation.explaining(model, x, method, target)
    return randomisation.result(
        "parameter_randomisation", again, lambda copied: again.map(model=copied)
    )


@metric(
    title="Smooth parameter randomisation",
    year=2024,
    paper="arXiv:2401.06465",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=randomised_example,
)
def smooth_parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    samples: int = 10,
    sigma: float = 0.1,
    **asked: Unpack[Randomising],
) -> MetricResult:
    r"""Measure how alike the mean map of noisy copies stays when layers are drawn anew.

    .. math::
        \frac1T \sum_{k=1}^{T} \rho\Big(\frac1n \sum_i \Phi_f(x + \varepsilon_i),\;
        \frac1n \sum_i \Phi_{f_k}(x + \varepsilon_i)\Big)

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **lower is better**; NaN where a map is
        constant. With the curve (N, T + 1) that begins with the model as it was learnt, whose 1 is
        in no mean.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.

    Notes
    -----
    Noise in a map makes any two maps unlike, so that noisy methods pass `parameter_randomisation`
    for nothing; the mean over noisy copies takes that gift away. All models see the same noise.

    **Cost.** n (T + 1) explanations a row, and two forward passes.

    **Fails when** the noise is large: then the mean map is another method's.

    References
    ----------
    .. [hedstrom2024] A. Hedström, L. Weber, S. Lapuschkin, M. Höhne, 2024, arXiv:2401.06465.

    Examples
    --------
    >>> import xaicourse as xc
    >>> smooth = xc.evaluation.smooth_parameter_randomisation
    >>> smooth(xc.zoo.toy(), xc.zoo.toy_input(), lambda f, x, t: x).values.round(decimals=6)
    tensor([1.], dtype=torch.float64)
    """
    randomisation = Randomisation(**asked)
    again = randomisation.explaining(model, x, method, target)
    n = check_positive_int(samples, "samples")
    sigmas = noise_scale(again.question.x, sigma, relative=True)  # (N, 1, ...)

    def mean_map(copied: Any) -> Tensor:
        total: Any = 0
        for z in standard_normal(n, tuple(x.shape[1:]), randomisation.seed, antithetic=False):
            noisy = again.question.x + sigmas * z.to(again.question.x)
            total = total + again.map(noisy, model=copied)  # (N, D)
        return total / n

    own = (("samples", n), ("sigma", float(sigma)))
    return randomisation.result("smooth_parameter_randomisation", again, mean_map, own)
