"""Task 08.3: the bias that hides in an operation without a bias parameter."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "IMPLICIT_BIAS"]


# ---------------------------------------------------------------- cases


def _normalise(u: Tensor) -> Tensor:
    """A batch norm in eval mode, number by number: scale and shift."""
    return (u + 0.5) / 2 * 3 + 0.5  # its bias is positive, that of the soft relu negative


def _relu6(u: Tensor) -> Tensor:
    return u.clamp(min=0, max=6)


def _soft(u: Tensor) -> Tensor:
    return u * torch.sigmoid(u)


CASES = (
    Case("normalise", {"f": _normalise, "u": torch.tensor([[2.0, -1.0, 0.5, 4.0]])}),
    Case("relu6", {"f": _relu6, "u": torch.tensor([[7.0, 2.0], [-1.0, 9.0]])}),
    Case("soft", {"f": _soft, "u": torch.tensor([[1.0, -2.0, 3.0], [0.3, 5.0, -0.7]])[:, None]}),
)


# ---------------------------------------------------------------- right and wrong answers


def _both(f, u):
    """Return f(u) and its slope at each number."""
    point = u.detach().clone().requires_grad_()
    with torch.enable_grad():
        z = f(point)
        (slope,) = torch.autograd.grad(z.sum(), point)
    return z.detach(), slope


def implicit_bias(f, u):
    """Return z - f'(u) u for z = f(u), number by number."""
    z, slope = _both(f, u)
    return z - slope * u


def value_at_zero(f, u):
    return f(0 * u)


def added(f, u):
    z, slope = _both(f, u)
    return z + slope * u


def sign_reversed(f, u):
    return -implicit_bias(f, u)


def input_subtracted(f, u):
    return f(u) - u


def slope_subtracted(f, u):
    z, slope = _both(f, u)
    return z - slope


def only_the_slope_part(f, u):
    return _both(f, u)[1] * u


def only_the_value(f, u):
    return f(u)


def only_the_slope(f, u):
    return _both(f, u)[1]


def slope_at_zero(f, u):
    return f(u) - _both(f, 0 * u + 1e-6)[1] * u


def output_for_input(f, u):
    z, slope = _both(f, u)
    return z - slope * z


def size(f, u):
    return implicit_bias(f, u).abs()


def averaged(f, u):
    return implicit_bias(f, u).mean() + 0 * u


def one_number(f, u):
    return implicit_bias(f, u).sum()


def summed_slopes(f, u):
    z, slope = _both(f, u)
    return z - slope.sum() * u


def mean_slope(f, u):
    z, slope = _both(f, u)
    return z - slope.mean() * u


def parts_added_up(f, u):
    z, slope = _both(f, u)
    return z - (slope * u).sum()


def gate_for_slope(f, u):
    return f(u) - (u > 0) * u


def times_the_slope(f, u):
    z, slope = _both(f, u)
    return slope * (z - slope * u)


def nothing(f, u):
    return 0 * u


def quotient(f, u):
    return f(u) / u


def mean_input(f, u):
    z, slope = _both(f, u)
    return z - slope * u.mean()


def only_positive(f, u):
    return implicit_bias(f, u).clamp(min=0)


WRONG = {
    function.__name__: function
    for function in (
        value_at_zero,
        added,
        sign_reversed,
        input_subtracted,
        slope_subtracted,
        only_the_slope_part,
        only_the_value,
        only_the_slope,
        slope_at_zero,
        output_for_input,
        size,
        averaged,
        one_number,
        summed_slopes,
        mean_slope,
        parts_added_up,
        gate_for_slope,
        times_the_slope,
        nothing,
        quotient,
        mean_input,
        only_positive,
    )
}

GRADER = CaseGrader("08.3", CASES, implicit_bias, WRONG)

IMPLICIT_BIAS = Task(
    id="08.3",
    grade=GRADER,
    reference=implicit_bias,
    misconceptions=WRONG,
)
