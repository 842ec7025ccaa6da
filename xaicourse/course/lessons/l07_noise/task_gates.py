"""Task 07.4: what SmoothGrad tends to, in closed form, for a net with one hidden layer."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "SMOOTHED_GRADIENT"]


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
    Case("toy", {**TOY, "x": torch.tensor([[3.0, 1.0]]), "sigma": 1.5}),
    Case("two", {**TOY, "x": torch.tensor([[1.0, 3.0], [0.5, -0.5]]), "sigma": 0.6}),
    Case("other", {**OTHER, "x": torch.tensor([[0.7, -0.2, 1.4], [-1.0, 0.5, 0.3]]), "sigma": 2.0}),
    Case("wide", {**TOY, "x": torch.tensor([[3.0, 1.0]]), "sigma": 1000.0}),
)


# ---------------------------------------------------------------- right and wrong answers


def _normal(u: Tensor) -> Tensor:
    """The distribution function of the standard normal."""
    return torch.special.ndtr(u.double())


def _parts(W, b, x) -> tuple[Tensor, Tensor]:
    """Return the hidden sums (N, H) and the lengths (H,) of the hidden weights."""
    return x.double() @ W.double().T + b.double(), W.double().norm(dim=1)


def _map(chance: Tensor, W: Tensor, v: Tensor) -> Tensor:
    return (chance * v.double()) @ W.double()  # (N, H) -> (N, D)


def smoothed_gradient(W, b, v, x, sigma):
    """Return the expected gradient under noise: each gate becomes the chance that it is open."""
    sums, lengths = _parts(W, b, x)
    return _map(_normal(sums / (sigma * lengths)), W, v)


def plain_gates(W, b, v, x, sigma):
    sums, _ = _parts(W, b, x)
    return _map((sums > 0).double(), W, v)


def length_forgotten(W, b, v, x, sigma):
    sums, _ = _parts(W, b, x)
    return _map(_normal(sums / sigma), W, v)


def length_squared(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(_normal(sums / (sigma * lengths**2)), W, v)


def sigma_squared(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(_normal(sums / (sigma**2 * lengths)), W, v)


def sigma_forgotten(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(_normal(sums / lengths), W, v)


def multiplied_by_sigma(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(_normal(sums * sigma / lengths), W, v)


def one_length(W, b, v, x, sigma):
    sums, _ = _parts(W, b, x)
    return _map(_normal(sums / (sigma * W.double().norm())), W, v)


def sum_of_sizes(W, b, v, x, sigma):
    sums, _ = _parts(W, b, x)
    return _map(_normal(sums / (sigma * W.double().abs().sum(1))), W, v)


def closed_chance(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(_normal(-sums / (sigma * lengths)), W, v)


def sigmoid(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(torch.sigmoid(sums / (sigma * lengths)), W, v)


def erf_alone(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(torch.erf(sums / (sigma * lengths)), W, v)


def root_two_forgotten(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map((1 + torch.erf(sums / (sigma * lengths))) / 2, W, v)


def bell_curve(W, b, v, x, sigma):
    """The density in place of the distribution function."""
    sums, lengths = _parts(W, b, x)
    u = sums / (sigma * lengths)
    return _map(torch.exp(-u.square() / 2) / (2 * torch.pi) ** 0.5, W, v)


def bias_forgotten(W, b, v, x, sigma):
    return smoothed_gradient(W, torch.zeros_like(b), v, x, sigma)


def bias_subtracted(W, b, v, x, sigma):
    return smoothed_gradient(W, -b, v, x, sigma)


def smoothed_score(W, b, v, x, sigma):
    """The mean value of each relu in place of its mean slope."""
    sums, lengths = _parts(W, b, x)
    spread = sigma * lengths
    u = sums / spread
    bell = torch.exp(-u.square() / 2) / (2 * torch.pi) ** 0.5
    return _map(sums * _normal(u) + spread * bell, W, v)


def value_times_chance(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(sums * _normal(sums / (sigma * lengths)), W, v)


def erf_with_root(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(torch.erf(sums / (sigma * lengths * 2**0.5)), W, v)


def output_weights_forgotten(W, b, v, x, sigma):
    return smoothed_gradient(W, b, torch.ones_like(v), x, sigma)


def times_value(W, b, v, x, sigma):
    sums, lengths = _parts(W, b, x)
    return _map(sums.clamp(min=0) * _normal(sums / (sigma * lengths)), W, v)


def times_input(W, b, v, x, sigma):
    return x.double() * smoothed_gradient(W, b, v, x, sigma)


def no_signs(W, b, v, x, sigma):
    return smoothed_gradient(W, b, v, x, sigma).abs()


def first_input_only(W, b, v, x, sigma):
    return smoothed_gradient(W, b, v, x[:1], sigma).expand(len(x), -1)


def all_half(W, b, v, x, sigma):
    sums, _ = _parts(W, b, x)
    return _map(torch.full_like(sums, 0.5), W, v)


WRONG = {
    function.__name__: function
    for function in (
        plain_gates,
        length_forgotten,
        length_squared,
        sigma_squared,
        sigma_forgotten,
        multiplied_by_sigma,
        one_length,
        sum_of_sizes,
        closed_chance,
        sigmoid,
        erf_alone,
        root_two_forgotten,
        bell_curve,
        bias_forgotten,
        bias_subtracted,
        smoothed_score,
        output_weights_forgotten,
        times_value,
        times_input,
        no_signs,
        first_input_only,
        all_half,
    )
}

ALSO = {"erf_alone": (erf_with_root,), "smoothed_score": (value_times_chance,)}

GRADER = CaseGrader("07.4", CASES, smoothed_gradient, WRONG, also=ALSO)

SMOOTHED_GRADIENT = Task(
    id="07.4",
    grade=GRADER,
    reference=smoothed_gradient,
    misconceptions=WRONG,
)
