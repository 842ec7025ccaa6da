"""Task 08.3: the bias that hides in an operation without a bias parameter."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.grading.shared_mistakes import chords

__all__ = ["IMPLICIT_BIAS"]


def implicit_bias(f, u, *, bias=lambda z, slope, u: z - slope * u):
    """Return z - f'(u) u for z = f(u), number by number."""
    point = u.detach().clone().requires_grad_()
    with torch.enable_grad():
        z = f(point)
        (slope,) = torch.autograd.grad(z.sum(), point)
    return bias(z.detach(), slope, u)


def slope_at_zero(f, u, point=1e-6):
    """Take the slope just above 0."""
    slope = implicit_bias(f, 0 * u + point, bias=lambda z, slope, u: slope)
    return f(u) - slope * u


# ---------------------------------------------------------------- cases


def normalise(u):
    """A batch norm in eval mode, number by number: scale and shift."""
    return (u + 0.5) / 2 * 3 + 0.5  # its bias is positive, that of the soft relu negative


def relu6(u):
    return u.clamp(min=0, max=6)


def soft(u):
    return u * torch.sigmoid(u)


CASES = (
    case(
        "normalise",
        "a normalisation, (u + 0.5) / 2 * 3 + 0.5",
        f=normalise,
        u=torch.tensor([[2.0, -1.0, 0.5, 4.0]]),
    ),
    case("relu6", "relu6 at 7, 2, -1 and 9", f=relu6, u=torch.tensor([[7.0, 2.0], [-1.0, 9.0]])),
    case(
        "soft",
        "u * sigmoid(u), a soft relu",
        f=soft,
        u=torch.tensor([[[1.0, -2.0, 3.0]], [[0.3, 5.0, -0.7]]]),
    ),
)


# ---------------------------------------------------------------- the task

MISTAKES = [
    # what is made of f(u), slope and u
    swap(
        "added",
        "You add slope times u. The bias is what is left of f(u) without it: subtract.",
        bias=lambda z, slope, u: z + slope * u,
    ),
    swap(
        "input_subtracted",
        "You subtract u. Subtract slope times u.",
        bias=lambda z, slope, u: z - u,
    ),
    swap(
        "slope_subtracted",
        "You subtract the slope. Subtract slope times u.",
        bias=lambda z, slope, u: z - slope,
    ),
    swap(
        "only_the_slope_part",
        "This is slope times u, the part without the bias.",
        bias=lambda z, slope, u: slope * u,
    ),
    swap("only_the_value", "This is f(u). Subtract slope times u.", bias=lambda z, slope, u: z),
    swap(
        "only_the_slope",
        "This is the slope of f. It is one piece of the answer: f(u) minus slope times u.",
        bias=lambda z, slope, u: slope,
    ),
    swap(
        "output_for_input",
        "You multiply the slope by f(u). Multiply it by u.",
        bias=lambda z, slope, u: z - slope * z,
    ),
    swap(
        "times_the_slope",
        "You multiply the bias by the slope of f. The bias is added after the slope: leave "
        "it as it is.",
        bias=lambda z, slope, u: slope * (z - slope * u),
    ),
    swap(
        "quotient",
        "You divide f(u) by u. The slope comes from autograd; the bias is f(u) minus slope "
        "times u.",
        bias=lambda z, slope, u: z / u,
    ),
    swap(
        "nothing",
        "You return 0 everywhere. That is right for a relu only.",
        bias=lambda z, slope, u: 0 * u,
    ),
    # another slope
    own(
        "value_at_zero",
        "f(0) is the bias of a straight line. relu6 at 7 lies on another piece: f(0) = 0, "
        "and yet the whole 6 is bias.",
        lambda f, u: f(0 * u),
    ),
    own(
        "rise_from_zero",
        "This is f(u) - f(0), the rise. Subtract slope times u: the slope at u, from autograd.",
        lambda f, u: f(u) - f(0 * u),
    ),
    own("slope_at_zero", "You use the slope at 0. Use the slope at u.", slope_at_zero),
    own("slope_at_zero", "", partial(slope_at_zero, point=0.0)),
    own("slope_at_zero", "", partial(slope_at_zero, point=-1e-6)),
    swap(
        "gate_for_slope",
        "You take 1 above 0 and 0 below as the slope. That is the slope of a relu: ask "
        "autograd for that of f.",
        bias=lambda z, slope, u: z - (u > 0) * u,
    ),
    *chords(lambda f, u, slope: f(u) - slope * u),
    own(
        "relu6_only",
        "Right for relu and relu6 only. Where the slope is not 0 there may be a bias, too: take "
        "f(u) - slope * u everywhere.",
        lambda f, u: torch.where(u > 6, 6.0, 0.0),
    ),
    # numbers that should not meet
    swap(
        "summed_slopes",
        "You use the sum of all slopes. Each number has its own slope.",
        bias=lambda z, slope, u: z - slope.sum() * u,
    ),
    swap(
        "mean_slope",
        "You use the mean of all slopes. Each number has its own slope.",
        bias=lambda z, slope, u: z - slope.mean() * u,
    ),
    swap(
        "slope_of_the_mean",
        "Your slopes are too small by the number of entries. mean() divides by it: use sum().",
        bias=lambda z, slope, u: z - slope / u.numel() * u,
    ),
    swap(
        "mean_input",
        "You multiply the slope by the mean of u. Each number is multiplied by its own slope.",
        bias=lambda z, slope, u: z - slope * u.mean(),
    ),
    swap(
        "parts_added_up",
        "You add up slope times u over all numbers. Subtract from each number its own "
        "slope times u.",
        bias=lambda z, slope, u: z - (slope * u).sum(),
    ),
    after(
        "averaged",
        "You return the mean for every number. Each number has its own bias.",
        lambda bias: bias.mean().expand_as(bias),
    ),
    after(
        "one_number",
        "You return one sum. Return one bias for each number of u.",
        lambda bias: bias.sum(),
    ),
    # signs
    after("sign_reversed", "Every sign is reversed: f(u) = slope * u + bias.", lambda bias: -bias),
    after("size", "The sizes are right. A bias has a sign.", torch.abs),
    after("only_positive", "You cut off what is below 0. A bias may be negative.", torch.relu),
]

IMPLICIT_BIAS = function_task(
    "08.3",
    implicit_bias,
    cases=CASES,
    mistakes=MISTAKES,
    passed="A relu has no bias. A relu6 above 6 is all bias, and a normalisation hides one, too.",
    hints=(
        "At each number, f(u) = slope * u + bias. You know f(u) and u, and autograd gives you "
        "the slope.",
        "f works number by number, so the gradient of f(u).sum() holds the slope of each number.",
        "point = u.clone().requires_grad_(); z = f(point); slope = "
        "torch.autograd.grad(z.sum(), point)[0]; return (z - slope * point).detach()",
    ),
)
