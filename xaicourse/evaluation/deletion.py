"""Deletion and insertion (2018): remove what the map calls important and read the score."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.path import rows_of
from xaicourse.core.progress import progress
from xaicourse.evaluation.imputers import Imputer, background_of, make_imputer
from xaicourse.evaluation.order import check_attribution, importance, removal_rank, tie_fraction
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["deletion", "insertion"]


def additive_example() -> MetricExample:
    """Return an additive model, on which both areas are known: 4 + 3 + 2 + 1."""
    weight = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    x = torch.tensor([[1.0, 1, 1, 1], [1, -1, 2, 0.5]], dtype=torch.float64)
    settings = {"output": "logit", "imputer": 0.0}
    return MetricExample(lambda x: x @ weight.to(x), x, weight * x, None, settings)


@metric(
    title="Deletion",
    year=2018,
    paper="arXiv:1806.07421",
    lesson="05",
    kind="curve",
    direction="lower",
    rank_only=True,
    example=additive_example,
)
def deletion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score falls when the most important features go first.

    .. math::
        \mathrm{Del} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Parameters
    ----------
    model, x, target, output, batch_size
        As for every method; `output` is the scale of the score.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    imputer : number, str or callable
        What stands in for removed features: a value, black, grey, white, blur, or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.

    Returns
    -------
    MetricResult
        One area an image, **lower is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Removed features leave the data's distribution; noisy maps of sharp pixels often get a low
    value. Always read it beside a random and a centre control.

    References
    ----------
    V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421. Lesson 05.
    """
    return _curve_metric("deletion", "lower", model, x, attribution, target, imputer, output,
                         channels, sign, unit, steps, seed, batch_size)  # fmt: skip


@metric(
    title="Insertion",
    year=2018,
    paper="arXiv:1806.07421",
    lesson="05",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=additive_example,
)
def insertion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "blur",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score rises when the most important features come back first.

    .. math::
        \mathrm{Ins} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(\text{only the } k\,U/T \text{ most important units of } x\big)

    Parameters
    ----------
    model, x, attribution, target, imputer, output, channels, sign, unit, steps, seed, batch_size
        As for `deletion`; all features start as imputed.

    Returns
    -------
    MetricResult
        One area an image, **higher is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    With a blurred start it favours smooth maps. Read it beside the controls.

    References
    ----------
    V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421. Lesson 05.
    """
    return _curve_metric("insertion", "higher", model, x, attribution, target, imputer, output,
                         channels, sign, unit, steps, seed, batch_size)  # fmt: skip


def _curve_metric(
    name: str,
    direction: Literal["lower", "higher"],
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any,
    imputer: Any,
    output: Any,
    channels: str,
    sign: str,
    unit: int,
    steps: int | None,
    seed: int,
    batch_size: int | None,
) -> MetricResult:
    question = ask(model, x, target, output, batch_size)
    check_attribution(attribution, x)
    unit = check_positive_int(unit, "unit")
    scores = importance(attribution, channels, sign, unit)  # (N, U)
    units = scores.shape[1]
    steps = min(units, 224) if steps is None else check_positive_int(steps, "steps")
    if steps > units:
        raise ValueError(f"steps={steps} is more than the {units} units that can be removed")
    fill = make_imputer(imputer)

    has_values = torch.isfinite(scores).all(dim=1)  # a map with NaN ranks nothing: no value
    rank = removal_rank(scores.nan_to_num(0.0), seed)
    parts = torch.arange(steps + 1, dtype=torch.float64) * units / steps  # on the CPU: exact ends
    counts = parts.round().long().to(x.device)
    curve = _removal_curve(question, fill, rank, counts, unit, removed_first=name == "deletion")
    shares = counts.to(curve.dtype) / units
    area = ((curve[:, 1:] + curve[:, :-1]) / 2 * shares.diff()).sum(dim=1)
    return MetricResult(
        name=name,
        values=area.masked_fill(~has_values, torch.nan),
        direction=direction,
        curve=curve.masked_fill(~has_values[:, None], torch.nan),
        shares=shares,
        tie_fraction=tie_fraction(scores),
        protocol=Protocol(
            output=output if isinstance(output, str) else _name_of(output),
            target=repr(question.target),
            channels=channels if x.dim() == 4 else "none",
            sign=sign,
            unit=unit,
            imputer=_name_of(fill),
            ties=f"random key, seed {seed}",
            steps=steps,
        ),
    )


def _name_of(function: Any) -> str:
    """Return how a function is called on record: an object of settings by its repr."""
    if hasattr(function, "__dataclass_fields__"):
        return repr(function)
    return getattr(function, "__name__", None) or f"a {type(function).__name__}"


def _removal_curve(
    question: Question,
    fill: Imputer,
    rank: Tensor,
    counts: Tensor,
    unit: int,
    removed_first: bool,
) -> Tensor:
    """Return F after each count of removed (or restored) units, (N, T + 1)."""
    x, points = question.x, len(counts)
    row = torch.arange(len(x), device=x.device).repeat_interleave(points)
    count = counts.repeat(len(x))
    behind = background_of(fill, x)  # once an image
    bar = progress(len(row), "removal curve")

    def imputed(position: Tensor) -> Tensor:
        here = row[position]
        gone = rows_of(rank, here) < count[position, None]  # (P, U)
        keep = _as_mask(~gone if removed_first else gone, x, unit)
        photo = rows_of(x, here)  # (P, ...)
        bar.update(len(position))
        if behind is None:
            return fill(photo, keep.to(x.dtype))
        return torch.where(keep, photo, rows_of(behind, here))

    try:
        scores = question.scores(imputed, row)
    finally:
        bar.close()
    return scores.to(sum_dtype(x.device)).view(len(x), points)


def _as_mask(keep: Tensor, x: Tensor, unit: int) -> Tensor:
    """Return the units that stay, (P, U), in x's shape: (P, ...) or (P, 1, H, W)."""
    if x.dim() != 4:
        return keep.view(len(keep), *x.shape[1:])
    height, width = x.shape[2] // unit, x.shape[3] // unit
    grid = keep.view(len(keep), 1, height, width)
    return grid.repeat_interleave(unit, dim=2).repeat_interleave(unit, dim=3)
