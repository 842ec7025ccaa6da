"""Task 02.6: RectGrad's rule at one layer, with a quantile for each row."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["CASES", "GRADER", "RECT_RULE"]


def _signal(turn: float, *shape: int) -> Tensor:
    """Return signals of mixed sign that follow no simple rule."""
    count = torch.Size(shape).numel()
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def _case(name: str, shape: tuple[int, ...], quantile: float, turn: float) -> Case:
    a = 2 * _signal(turn, *shape).clamp_min(0)
    g = _signal(turn + 0.9, *shape)
    a = a * torch.arange(1.0, len(a) + 1).view(-1, *[1] * (a.ndim - 1)) ** 2  # unlike rows
    if a.ndim == 4:
        a = a * torch.tensor([1.0, 6.0]).view(1, 2, 1, 1)  # unlike feature maps
    return Case(name, {"a": a, "g": g, "quantile": quantile})


CASES = (
    _case("one", (1, 21), 0.7, 1.3),
    _case("two", (2, 25), 0.8, 0.7),
    _case("pictures", (3, 2, 4, 5), 0.8, 2.2),
    _case("low", (2, 24), 0.12, 1.9),
)


# ---------------------------------------------------------------- the right answer


def rect_rule(a, g, quantile):
    """Return what goes on: g where a g is above the quantile of its own row."""
    relevance = (a * g).flatten(1)  # (N, units)
    tau = relevance.quantile(quantile, dim=1, keepdim=True)  # (N, 1)
    return torch.where((relevance > tau).view_as(g), g, 0.0)


# ---------------------------------------------------------------- wrong answers


def _above(a: Tensor, g: Tensor, relevance: Tensor, quantile: float) -> Tensor:
    flat = relevance.flatten(1)
    return (flat > flat.quantile(quantile, dim=1, keepdim=True)).view_as(g)


def over_batch(a, g, quantile):
    relevance = a * g
    return g * (relevance > relevance.flatten().quantile(quantile))


def relevance_goes_on(a, g, quantile):
    return a * rect_rule(a, g, quantile)


def activation_goes_on(a, g, quantile):
    return a * _above(a, g, a * g, quantile)


def mask_goes_on(a, g, quantile):
    return _above(a, g, a * g, quantile).float()


def by_signal(a, g, quantile):
    return g * _above(a, g, g, quantile)


def by_activation(a, g, quantile):
    return g * _above(a, g, a, quantile)


def by_size(a, g, quantile):
    return g * _above(a, g, (a * g).abs(), quantile)


def below(a, g, quantile):
    return g - rect_rule(a, g, quantile)


def other_quantile(a, g, quantile):
    return rect_rule(a, g, 1 - quantile)


def quantile_as_threshold(a, g, quantile):
    return g * (a * g > quantile)


def not_strict(a, g, quantile):
    """A product that is equal to the threshold passes, too."""
    relevance = (a * g).flatten(1)
    return g * (relevance >= relevance.quantile(quantile, dim=1, keepdim=True)).view_as(g)


def last_axis(a, g, quantile):
    """One threshold for each line of a feature map."""
    return g * (a * g > (a * g).quantile(quantile, dim=-1, keepdim=True))


def each_map(a, g, quantile):
    """One threshold for each feature map."""
    if a.ndim < 4:
        return rect_rule(a, g, quantile)
    tau = (a * g).flatten(2).quantile(quantile, dim=2)  # (N, C)
    return g * (a * g > tau[..., None, None])


def over_inputs(a, g, quantile):
    """One threshold for each unit, over the batch."""
    return g * (a * g > (a * g).quantile(quantile, dim=0))


def at_least_zero(a, g, quantile):
    """A threshold that never falls below 0."""
    relevance = (a * g).flatten(1)
    tau = relevance.quantile(quantile, dim=1, keepdim=True).clamp_min(0)
    return g * (relevance > tau).view_as(g)


def gate_too(a, g, quantile):
    """The gate is asked as well."""
    return rect_rule(a, g, quantile) * (a > 0)


def in_percent(a, g, quantile):
    return rect_rule(a, g, quantile / 100)


def positive_only(a, g, quantile):
    return rect_rule(a, g, quantile).clamp_min(0)


def share_of_maximum(a, g, quantile):
    relevance = (a * g).flatten(1)
    return g * (relevance > quantile * relevance.amax(1, keepdim=True)).view_as(g)


def guided(a, g, quantile):
    return g.clamp_min(0) * (a > 0)


def minus_threshold(a, g, quantile):
    relevance = (a * g).flatten(1)
    tau = relevance.quantile(quantile, dim=1, keepdim=True)
    return (relevance - tau).clamp_min(0).view_as(g)


WRONG = {
    function.__name__: function
    for function in (
        over_batch,
        relevance_goes_on,
        activation_goes_on,
        mask_goes_on,
        by_signal,
        by_activation,
        by_size,
        below,
        other_quantile,
        quantile_as_threshold,
        not_strict,
        last_axis,
        each_map,
        over_inputs,
        positive_only,
        at_least_zero,
        gate_too,
        in_percent,
        share_of_maximum,
        guided,
        minus_threshold,
    )
}

GRADER = CaseGrader("02.6", CASES, rect_rule, WRONG)

RECT_RULE = Task(
    id="02.6",
    grade=GRADER,
    reference=rect_rule,
    misconceptions=WRONG,
)
