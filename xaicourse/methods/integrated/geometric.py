"""Geometrically Guided IG (2022), an ablation: the largest gradients on climbs from x' to x."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask
from xaicourse.core.progress import progress
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier

__all__ = ["geometrically_guided_ig"]

COMBINE = ("max", "mean")


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: `climb` from each start."""
    return (settings.get("starts", 10) + 1) * settings.get("climb", 20)


def example() -> Example:
    """Return the small net, with short climbs."""
    return replace(small_classifier(), settings={"starts": 2, "climb": 3, "rate": 0.05})


@attribution_method(
    title="Geometrically Guided Integrated Gradients",
    year=2022,
    paper="arXiv:2206.05903",
    family="integrated",
    unit="slope",
    claims={"dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def geometrically_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    starts: int = 10,
    climb: int = 20,
    rate: float = 0.1,
    combine: str = "max",
    baseline: Baseline = 0.0,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Climb F from points between x' and x, and keep each input's largest gradient: an ablation.

    .. math::
        A_i = \max_{m} \max_{j < K}\; \partial_i F(z_m^j), \qquad
        z_m^0 = x' + \tfrac mM (x - x'), \quad z_m^{j+1} = z_m^j + \eta\, \nabla F(z_m^j)

    Nothing is integrated, whatever its name says: it shows what is left of Integrated Gradients
    without the integral and without x - x'.

    Parameters
    ----------
    starts : int
        M; the climbs begin at M + 1 points. The authors' code has 50.
    climb : int
        K, the gradients of one climb; the authors' code has 200.
    rate : float
        :math:`\eta`, the length of a step over that of the gradient; the authors' code has 1.
    combine : str
        ``"max"`` over the climbs, or ``"mean"`` of their largest gradients, as the authors also
        stored.

    Returns
    -------
    Tensor (N, ...)
        In units of F / units of x. The largest *signed* gradient: an input that only ever lowers F
        shows its weakest influence.

    Raises
    ------
    ValueError, TypeError
        Also where a climb leaves all bounds, so that F or its gradient is infinite.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Not completeness, and not linearity: a
    maximum of sums. The climbs are not held in the range of valid inputs.

    **Cost.** 220 gradients a row, (`starts` + 1) times `climb`; with the authors' settings 10,200.

    **Fails when** the sign matters: the maximum of many noisy gradients is positive, whatever the
    input does.

    References
    ----------
    .. [rahman2022] M. M. Rahman, N. Lewis, S. Plis, 2022, arXiv:2206.05903.

    Examples
    --------
    A linear F has its weights everywhere:

    >>> import torch, xaicourse as xc
    >>> xc.geometrically_guided_ig(lambda x: 2 * x[:, 0] - x[:, 1], torch.ones(1, 2))
    tensor([[ 2., -1.]])
    """
    starts, climb = check_positive_int(starts, "starts"), check_positive_int(climb, "climb")
    check_climb(rate, combine)
    question = ask(model, x, target, **asked)
    x0 = make_baseline(baseline, question.x)

    share = torch.linspace(0, 1, starts + 1, dtype=x0.dtype).to(x0.device)
    z = torch.stack([torch.lerp(x0, question.x, a) for a in share], dim=1).flatten(0, 1)
    rows = question.rows.repeat_interleave(starts + 1)
    largest = torch.full_like(z, -torch.inf)  # (N (M + 1), ...)
    bar = progress(climb * len(z), "climbs")

    def step(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        refuse_endless(grad, rows[part])
        largest[part] = torch.maximum(largest[part], grad)
        z[part] += rate * grad
        bar.update(len(grad))

    for _ in range(climb):
        question.gradients(z, rows, step)
    bar.close()
    best = largest.view(len(x), starts + 1, *x.shape[1:])
    values = best.amax(dim=1) if combine == "max" else best.mean(dim=1)
    return Attribution.of(
        question, values, gradients=question.rows.new_full((len(x),), climb * (starts + 1))
    )


def check_climb(rate: Any, combine: Any) -> None:
    """Raise where a setting of the climbs is none."""
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise TypeError(f"rate must be a number, got {rate!r}")
    if not 0 <= rate < float("inf"):
        raise ValueError(f"rate must be at least 0 and finite, got {rate}")
    if combine not in COMBINE:
        raise ValueError(f"combine must be one of {', '.join(COMBINE)}, got {combine!r}")


def refuse_endless(grad: Tensor, rows: Tensor) -> None:
    """Raise where a gradient of a climb is NaN or infinite."""
    bad = ~torch.isfinite(grad.flatten(1)).all(dim=1)
    if bool(bad.any()):
        raise ValueError(
            f"the gradient of row {int(rows[bad][0])} is NaN or infinite on its climb; the model "
            "is not differentiable there, or F grows without bound: choose a smaller rate"
        )
