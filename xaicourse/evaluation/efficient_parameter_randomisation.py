"""Efficient parameter randomisation (2024): the map of a net that knows nothing is less orderly."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_choice, check_positive_int
from xaicourse.evaluation.explaining import explaining
from xaicourse.evaluation.order import SIGNS
from xaicourse.evaluation.parameter_randomisation import edges
from xaicourse.evaluation.randomise import Randomiser
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.methods.spec import spec

__all__ = ["efficient_parameter_randomisation"]


class Picker(torch.nn.Module):
    """Looks at one of twelve numbers alone, until its weights are drawn anew."""

    def __init__(self) -> None:
        super().__init__()
        weight = torch.zeros(2, 12, dtype=torch.float64)
        weight[0, 3] = weight[1, 5] = 1.0
        self.weight = torch.nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T.to(x.dtype)


def picking_example() -> MetricExample:
    """Return a net whose gradient is one number, and a map that never looks at the net."""
    x = torch.cos(torch.arange(24, dtype=torch.float64)).view(2, 12)
    return MetricExample(
        Picker(), x, None, 1, {"bins": 10}, method=spec("gradient"), worse_method=edges
    )


def histogram_entropy(a: Tensor, bins: int) -> Tensor:
    """Return the entropy of each row's histogram from its least to its largest number, in nats.

    Parameters
    ----------
    a : Tensor (N, D)
        Maps; a row with NaN has no entropy.
    bins : int
        Of equal width.

    Returns
    -------
    Tensor (N,)
        From 0 (all numbers in one bin) to ln(bins).
    """
    low, high = a.amin(dim=1, keepdim=True), a.amax(dim=1, keepdim=True)
    place = ((a - low) / (high - low) * bins).nan_to_num(0.0).long().clamp(0, bins - 1)
    count = torch.zeros(len(a), bins, dtype=a.dtype, device=a.device)
    count.scatter_add_(1, place, torch.ones_like(a))
    p = count / a.shape[1]  # (N, bins)
    entropy = torch.special.entr(p).sum(dim=1)  # -p ln p, 0 where p is 0
    return entropy.masked_fill(~torch.isfinite(a).all(dim=1), torch.nan)


@metric(
    title="Efficient parameter randomisation",
    year=2024,
    paper="arXiv:2401.06465",
    kind="explain",
    direction="higher",
    rank_only=True,
    example=picking_example,
)
def efficient_parameter_randomisation(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    bins: int = 100,
    sign: str = "keep",
    output: Any = "logit",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure by how much the map's entropy rises when the whole model is drawn anew.

    .. math::
        \Psi = \frac{H(\Phi_{\hat f}(x)) - H(\Phi_f(x))}{H(\Phi_f(x))}, \qquad
        H(\Phi) = -\sum_b p_b \ln p_b

    where p is the histogram of the map's numbers.

    Parameters
    ----------
    bins : int
        How many bins the histogram has, from the least to the largest number of each map.

    Returns
    -------
    MetricResult
        One relative rise an image, at least -1, **higher is better**; both entropies, in nats, are
        in the details. A map whose numbers all lie in one bin has none.

    Raises
    ------
    TypeError
        Also if the model is not a module, whose weights could be drawn anew.

    Notes
    -----
    No two maps are compared number by number, so that neither the order of the layers nor the
    noise of a map counts.

    **Cost.** Two explanations a row, and three forward passes.

    **Fails when** the map is noise to begin with: its entropy has nowhere to rise to. The value
    depends on the number of bins.

    References
    ----------
    .. [hedstrom2024] A. Hedström, L. Weber, S. Lapuschkin, M. Höhne, 2024, arXiv:2401.06465.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.efficient_parameter_randomisation(toy, x, lambda f, x, t: x).values
    tensor([0.], dtype=torch.float64)
    """
    bins = check_positive_int(bins, "bins")
    check_choice(sign, SIGNS, "sign")
    again = explaining(model, x, method, target, output, batch_size)
    randomiser = Randomiser(again.question, model, seed)
    anew = randomiser.drawn(randomiser.parts)
    before = histogram_entropy(SIGNS[sign](again.map()), bins)
    after = histogram_entropy(SIGNS[sign](again.map(model=anew)), bins)
    rise = ((after - before) / before).masked_fill(before == 0, torch.nan)
    return again.result(
        "efficient_parameter_randomisation",
        rise,
        sign=sign,
        own=(("bins", bins), ("seed", seed)),
        details={"entropy_before": before, "entropy_after": after},
    )
