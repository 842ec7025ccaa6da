"""Task 07.1: SmoothGrad with given noise: the mean of gradients at noisy copies."""

from collections.abc import Callable

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "MY_SMOOTHGRAD"]


# ---------------------------------------------------------------- cases


class ProbeGradient:
    """A gradient function (M, ...) -> (M, ...) that is curved, so that no mistake hides."""

    def __init__(self, shape: tuple[int, ...], bend: float) -> None:
        self.shape, self.bend = shape, bend

    def __call__(self, points: Tensor) -> Tensor:
        """Return the gradients of sum of sin(bend x) / bend + x x_next + x^4, cut short."""
        if not isinstance(points, Tensor):
            raise TypeError(f"gradient takes a tensor, not {type(points).__name__}")
        if tuple(points.shape[1:]) != self.shape:
            wanted = ", ".join(map(str, ("M", *self.shape)))
            raise ValueError(f"gradient takes a batch ({wanted}), it got {tuple(points.shape)}")
        return torch.cos(self.bend * points) + points.roll(1, -1) - points**3


def _numbers(turn: float, *shape: int) -> Tensor:
    """Return numbers in [-1, 1] that follow no simple rule."""
    count = torch.Size(shape).numel()
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def _case(name: str, bend: float, inputs: int, draws: int, shape: tuple[int, ...], s: float):
    return Case(
        name,
        {
            "gradient": ProbeGradient(shape, bend),
            "x": 0.5 + 0.45 * _numbers(bend, inputs, *shape),
            "noise": 1.4 * _numbers(bend + 0.9, draws, *shape) + 0.1,
            "sigma": s,
        },
    )


CASES = (
    _case("vector", 2.0, 1, 3, (4,), 0.4),
    _case("two", 3.1, 2, 5, (3,), 0.6),
    _case("picture", 2.3, 2, 4, (1, 2, 3), 0.3),
    _case("one_draw", 4.7, 3, 1, (2, 2), 0.5),
)


# ---------------------------------------------------------------- right and wrong answers


def _at_copies(gradient: Callable[..., Tensor], x: Tensor, moves: Tensor) -> Tensor:
    """Return the gradients (n, N, ...) at x + each of n moves."""
    return torch.stack([gradient(x + move) for move in moves])


def my_smoothgrad(gradient, x, noise, sigma):
    """Return the mean gradient over the noisy copies, (N, ...)."""
    return _at_copies(gradient, x, sigma * noise).mean(0)


def abs_first(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).abs().mean(0)


def abs_after(gradient, x, noise, sigma):
    return my_smoothgrad(gradient, x, noise, sigma).abs()


def squares(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).square().mean(0)


def variance(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).var(0, unbiased=False)


def unbiased_variance(gradient, x, noise, sigma):
    """With n - 1 in the denominator; NaN for a single draw."""
    draws = len(noise)
    factor = draws / (draws - 1) if draws > 1 else torch.nan
    return factor * variance(gradient, x, noise, sigma)


def standard_deviation(gradient, x, noise, sigma):
    return variance(gradient, x, noise, sigma).sqrt()


def unbiased_deviation(gradient, x, noise, sigma):
    return unbiased_variance(gradient, x, noise, sigma).sqrt()


def standard_error(gradient, x, noise, sigma):
    return standard_deviation(gradient, x, noise, sigma) / len(noise) ** 0.5


def unbiased_error(gradient, x, noise, sigma):
    return unbiased_deviation(gradient, x, noise, sigma) / len(noise) ** 0.5


def lower_median(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).median(0).values


def median(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).quantile(0.5, dim=0)


def summed(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).sum(0)


def one_too_few(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).sum(0) / max(1, len(noise) - 1)


def divided_by_n_minus_one(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).sum(0) / torch.tensor(len(noise) - 1.0)


def random_walk(gradient, x, noise, sigma):
    """Add each draw to the copy before it."""
    return _at_copies(gradient, x, sigma * noise.cumsum(0)).mean(0)


def mean_copy(gradient, x, noise, sigma):
    return gradient(x + sigma * noise.mean(0))


def no_noise(gradient, x, noise, sigma):
    return gradient(x)


def sigma_forgotten(gradient, x, noise, sigma):
    return _at_copies(gradient, x, noise).mean(0)


def sigma_squared(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma**2 * noise).mean(0)


def sigma_rooted(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma**0.5 * noise).mean(0)


def relative_sigma(gradient, x, noise, sigma):
    """Measure sigma in the range of each input."""
    flat = x.flatten(1)
    spread = (flat.amax(1) - flat.amin(1)).view(-1, *[1] * (x.ndim - 1))
    return torch.stack([gradient(x + sigma * spread * e) for e in noise]).mean(0)


def range_of_all(gradient, x, noise, sigma):
    return my_smoothgrad(gradient, x, noise, sigma * (x.max() - x.min()))


def multiplied(gradient, x, noise, sigma):
    return torch.stack([gradient(x * (1 + sigma * e)) for e in noise]).mean(0)


def clipped(gradient, x, noise, sigma):
    return torch.stack([gradient((x + sigma * e).clamp(0, 1)) for e in noise]).mean(0)


def subtracted(gradient, x, noise, sigma):
    return _at_copies(gradient, x, -sigma * noise).mean(0)


def noise_on_the_map(gradient, x, noise, sigma):
    return gradient(x) + sigma * noise.mean(0)


def photo_counted(gradient, x, noise, sigma):
    total = _at_copies(gradient, x, sigma * noise).sum(0)
    return (gradient(x) + total) / (len(noise) + 1)


def times_input(gradient, x, noise, sigma):
    return x * my_smoothgrad(gradient, x, noise, sigma)


def first_draw(gradient, x, noise, sigma):
    return gradient(x + sigma * noise[0])


def last_draw(gradient, x, noise, sigma):
    return gradient(x + sigma * noise[-1])


def first_over_n(gradient, x, noise, sigma):
    return first_draw(gradient, x, noise, sigma) / len(noise)


def last_over_n(gradient, x, noise, sigma):
    return last_draw(gradient, x, noise, sigma) / len(noise)


def over_the_inputs(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).mean(1)


def batch_averaged(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise).mean((0, 1))


def average_for_all(gradient, x, noise, sigma):
    return batch_averaged(gradient, x, noise, sigma).expand_as(x)


def not_averaged(gradient, x, noise, sigma):
    return _at_copies(gradient, x, sigma * noise)


WRONG = {
    function.__name__: function
    for function in (
        abs_first,
        abs_after,
        squares,
        variance,
        standard_deviation,
        standard_error,
        median,
        summed,
        one_too_few,
        random_walk,
        mean_copy,
        no_noise,
        sigma_forgotten,
        sigma_squared,
        sigma_rooted,
        relative_sigma,
        multiplied,
        clipped,
        subtracted,
        noise_on_the_map,
        photo_counted,
        times_input,
        first_draw,
        last_draw,
        over_the_inputs,
        batch_averaged,
        not_averaged,
    )
}

ALSO = {
    "variance": (unbiased_variance,),
    "standard_deviation": (unbiased_deviation,),
    "standard_error": (unbiased_error,),
    "median": (lower_median,),
    "one_too_few": (divided_by_n_minus_one,),
    "relative_sigma": (range_of_all,),
    "first_draw": (first_over_n,),
    "last_draw": (last_over_n,),
    "batch_averaged": (average_for_all,),
}

GRADER = CaseGrader("07.1", CASES, my_smoothgrad, WRONG, also=ALSO)

MY_SMOOTHGRAD = Task(
    id="07.1",
    grade=GRADER,
    reference=my_smoothgrad,
    misconceptions=WRONG,
)
