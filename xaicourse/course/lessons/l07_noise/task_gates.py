"""Task 07.4: what SmoothGrad tends to, in closed form, for a net with one hidden layer."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["SMOOTHED_GRADIENT"]


def smoothed_gradient(
    W, b, v, x, sigma, *,
    length=lambda W: W.norm(dim=1),
    chance=torch.special.ndtr,
):  # fmt: skip
    """Return the expected gradient under noise: each gate becomes the chance that it is open."""
    W = W.double()
    u = (x.double() @ W.T + b.double()) / (sigma * length(W))  # (N, H)
    return (chance(u) * v.double()) @ W


# ---------------------------------------------------------------- cases

TOY = {
    "W": torch.tensor([[1.0, -1.0], [-1.0, 2.0], [1.0, 1.0]]),
    "b": torch.tensor([0.0, -1.0, -1.0]),
    "v": torch.tensor([2.0, 3.0, -1.0]),
}
OTHER = {
    "W": torch.tensor([[0.5, -1.2, 0.3], [2.0, 0.4, -0.7], [-0.3, 0.8, 1.1], [1.5, 1.0, 0.2]]),
    "b": torch.tensor([0.4, -0.9, 0.2, -1.6]),
    "v": torch.tensor([-1.0, 0.7, 2.5, 1.3]),
}
CASES = (
    case("toy", "the TOY net at (3, 1), sigma 1.5", **TOY, x=torch.tensor([[3.0, 1.0]]), sigma=1.5),
    case(
        "two",
        "the TOY net at two points, sigma 0.6",
        **TOY,
        x=torch.tensor([[1.0, 3.0], [0.5, -0.5]]),
        sigma=0.6,
    ),
    case(
        "other",
        "a net with three inputs and four units, two points, sigma 2",
        **OTHER,
        x=torch.tensor([[0.7, -0.2, 1.4], [-1.0, 0.5, 0.3]]),
        sigma=2.0,
    ),
    case(
        "wide",
        "the TOY net at (3, 1), sigma 1000",
        **TOY,
        x=torch.tensor([[3.0, 1.0]]),
        sigma=1000.0,
    ),
)


# ---------------------------------------------------------------- mistakes


def bell(u: Tensor) -> Tensor:
    """Return the density of the standard normal."""
    return torch.exp(-u.square() / 2) / (2 * torch.pi) ** 0.5


def with_values(value):
    """Return a function in which a value of each unit takes the place of its gate."""

    def wrong(W, b, v, x, sigma):
        return smoothed_gradient(W, b, v * sigma * W.norm(dim=1), x, sigma, chance=value)

    return wrong


MISTAKES = [
    # the gates
    swap(
        "plain_gates",
        "This is the plain gradient at x. Under noise a gate is open with a chance. See "
        "{section_smooth}.",
        chance=lambda u: (u > 0).double(),
    ),
    swap(
        "closed_chance",
        "This is the chance that the gate is closed. Check the sign.",
        chance=lambda u: torch.special.ndtr(-u),
    ),
    swap(
        "sigmoid",
        "You use the sigmoid. The noise is normal, so the chance is Phi, torch.special.ndtr.",
        chance=torch.sigmoid,
    ),
    swap(
        "erf_alone",
        "You use erf. Phi(u) = (1 + erf(u / sqrt(2))) / 2, or torch.special.ndtr(u).",
        chance=torch.erf,
    ),
    swap("erf_alone", "", chance=lambda u: torch.erf(u / 2**0.5)),
    swap(
        "root_two_forgotten",
        "The root of two is missing: Phi(u) = (1 + erf(u / sqrt(2))) / 2, or "
        "torch.special.ndtr(u).",
        chance=lambda u: (1 + torch.erf(u)) / 2,
    ),
    swap(
        "bell_curve",
        "You use the bell curve itself. Asked is the area below it: Phi, torch.special.ndtr.",
        chance=bell,
    ),
    own(
        "smoothed_score",
        "This is built from the smoothed value of each relu, not from its slope: the mean gate.",
        with_values(lambda u: u * torch.special.ndtr(u) + bell(u)),
    ),
    own("smoothed_score", "", with_values(lambda u: u * torch.special.ndtr(u))),
    own(
        "times_value",
        "You multiply by the value of the relu. Its slope is 1 where the gate is open.",
        with_values(lambda u: u.clamp(min=0) * torch.special.ndtr(u)),
    ),
    swap(
        "all_half",
        "You set every chance to one half. That is right only for a very large sigma.",
        chance=lambda u: torch.full_like(u, 0.5),
    ),
    # how far the noise moves a sum
    swap(
        "length_forgotten",
        "The noise inside a unit is sigma times the length of its weights. You left out the "
        "length.",
        length=lambda W: 1,
    ),
    swap(
        "length_squared",
        "You divide by the squared length of the weights. Divide by the length itself.",
        length=lambda W: W.norm(dim=1) ** 2,
    ),
    before(
        "sigma_squared",
        "You divide by sigma squared. Divide by sigma itself.",
        sigma=lambda sigma: sigma**2,
    ),
    before("sigma_forgotten", "Your result does not depend on sigma.", sigma=lambda sigma: 1),
    before(
        "multiplied_by_sigma",
        "You multiply by sigma. More noise brings the chance nearer to one half: divide.",
        sigma=lambda sigma: 1 / sigma,
    ),
    swap(
        "one_length",
        "You use the length of the whole matrix W. Each unit has its own: W.norm(dim=1).",
        length=lambda W: W.norm(),
    ),
    swap(
        "sum_of_sizes",
        "You add up the sizes of the weights. Noise adds in squares: W.norm(dim=1).",
        length=lambda W: W.abs().sum(1),
    ),
    # the arguments, and the finished map
    before(
        "bias_forgotten",
        "You left out the bias: the sum inside is W[h] . x + b[h].",
        b=lambda b: torch.zeros_like(b),
    ),
    before(
        "bias_subtracted",
        "You subtract the bias. It is added: the sum inside is W[h] . x + b[h].",
        b=lambda b: -b,
    ),
    before(
        "output_weights_forgotten",
        "You left out the output weights v.",
        v=lambda v: torch.ones_like(v),
    ),
    after(
        "times_input",
        "You multiply by x. Asked is the gradient itself.",
        lambda found, x: x.double() * found,
    ),
    after("no_signs", "The sizes are right, but the signs are gone.", lambda found: found.abs()),
    after(
        "first_input_only",
        "All inputs get the map of the first. Each has its own sums.",
        lambda found: found[:1].expand(len(found), -1),
    ),
]

SMOOTHED_GRADIENT = function_task(
    "07.4",
    smoothed_gradient,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each gate becomes the chance that it is open.",
    hints=(
        "The gradient is the sum over the units of gate * v * W. Only the gate is random. Its "
        "mean is the chance that it is open.",
        "Under noise the sum inside unit h is normal with mean s = W[h] . x + b[h] and standard "
        "deviation sigma * |W[h]|, where |W[h]| is the length of that unit's weights. The chance "
        "that it is above 0 is Phi(s / (sigma * |W[h]|)); Phi is torch.special.ndtr.",
        "s = x @ W.T + b (N, H); chance = torch.special.ndtr(s / (sigma * W.norm(dim=1))); return"
        " (chance * v) @ W.",
    ),
)
