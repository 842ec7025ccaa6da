"""Task 07.3: the part of an average map that is signal."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l07_noise.maps import made_maps

__all__ = ["GRADER", "SIGNAL_SHARE"]


# ---------------------------------------------------------------- cases

CASES = (
    Case("four", {"maps": made_maps([3.0, -1.0, 2.0], [1.0, 2.0, 0.5], 4)}),
    Case(
        "picture",
        {"maps": made_maps([1.5, -4.0, 0.3, 2.5, -0.5, 1.0], [2, 1, 3, 0.3, 1, 5], 9)
         .reshape(9, 1, 2, 3)},
    ),
    Case("only_noise", {"maps": made_maps([0.4, -0.7, 0.1, 0.6], [1.0, 3.0, 2.0, 1.0], 6)}),
    Case("no_noise", {"maps": torch.tensor([[2.0, -1.0, 0.5]]).repeat(3, 1)}),
)  # fmt: skip


# ---------------------------------------------------------------- right and wrong answers


def _parts(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean map and its standard error."""
    maps = maps.double()
    return maps.mean(0), maps.std(0) / len(maps) ** 0.5


def signal_share(maps):
    """Return 1 - (sum of squared standard errors) / (sum of squared means)."""
    mean, error = _parts(maps)
    return 1 - error.square().sum() / mean.square().sum()


def noise_share(maps):
    return 1 - signal_share(maps)


def population(maps):
    mean, _ = _parts(maps)
    return 1 - (maps.double().var(0, unbiased=False) / len(maps)).sum() / mean.square().sum()


def spread_not_error(maps):
    mean, _ = _parts(maps)
    return 1 - maps.double().var(0).sum() / mean.square().sum()


def divided_by_n(maps):
    """The standard error as spread / n."""
    mean, _ = _parts(maps)
    return 1 - (maps.double().std(0) / len(maps)).square().sum() / mean.square().sum()


def not_squared(maps):
    mean, error = _parts(maps)
    return 1 - error.sum() / mean.abs().sum()


def sizes_over_squares(maps):
    mean, error = _parts(maps)
    return 1 - error.sum() / mean.square().sum()


def deviation_for_variance(maps):
    mean, _ = _parts(maps)
    return 1 - (maps.double().std(0) / len(maps)).sum() / mean.square().sum()


def root_of_n(maps):
    mean, _ = _parts(maps)
    return 1 - (maps.double().var(0) / len(maps) ** 0.5).sum() / mean.square().sum()


def one_variance(maps):
    mean, _ = _parts(maps)
    return 1 - maps.double().var() / len(maps) / mean.square().mean()


def squares_over_sizes(maps):
    mean, error = _parts(maps)
    return 1 - error.square().sum() / mean.abs().sum()


def divided_by_pixels(maps):
    mean, _ = _parts(maps)
    return 1 - (maps.double().var(0) / maps[0].numel()).sum() / mean.square().sum()


def lengths(maps):
    mean, error = _parts(maps)
    return 1 - error.norm() / mean.norm()


def sum_before_square(maps):
    mean, error = _parts(maps)
    return 1 - error.square().sum() / mean.sum().square()


def pixel_by_pixel(maps):
    mean, error = _parts(maps)
    return (1 - error.square() / mean.square()).mean()


def not_below_zero(maps):
    return signal_share(maps).clamp(min=0)


def mean_over_all(maps):
    """Compare with the squared single maps, not with the squared mean."""
    _, error = _parts(maps)
    return 1 - error.square().sum() / maps.double().square().mean(0).sum()


def mean_against_single(maps):
    mean, _ = _parts(maps)
    return mean.square().sum() / maps.double().square().mean(0).sum()


def signal_over_noise(maps):
    mean, error = _parts(maps)
    return mean.square().sum() / error.square().sum().clamp(min=1e-9)


def certain_share(maps):
    mean, error = _parts(maps)
    return (mean.abs() > 2 * error).double().mean()


def of_sum(maps):
    """Take mean and noise as the parts of one whole."""
    mean, error = _parts(maps)
    return mean.square().sum() / (mean.square().sum() + error.square().sum())


def median(maps):
    _, error = _parts(maps)
    return 1 - error.square().sum() / maps.double().quantile(0.5, dim=0).square().sum()


def abs_first(maps):
    return signal_share(maps.abs())


def percent(maps):
    return 100 * signal_share(maps)


WRONG = {
    function.__name__: function
    for function in (
        noise_share,
        population,
        spread_not_error,
        divided_by_n,
        not_squared,
        sizes_over_squares,
        deviation_for_variance,
        root_of_n,
        one_variance,
        squares_over_sizes,
        divided_by_pixels,
        lengths,
        sum_before_square,
        pixel_by_pixel,
        not_below_zero,
        mean_over_all,
        mean_against_single,
        signal_over_noise,
        certain_share,
        of_sum,
        abs_first,
        median,
        percent,
    )
}

GRADER = CaseGrader("07.3", CASES, signal_share, WRONG)

SIGNAL_SHARE = Task(
    id="07.3",
    grade=GRADER,
    reference=signal_share,
    misconceptions=WRONG,
)
