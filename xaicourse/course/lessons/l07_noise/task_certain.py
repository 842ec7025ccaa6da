"""Task 07.2: the pixels at which the sign of the mean is certain."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l07_noise.maps import made_maps

__all__ = ["CERTAIN_SIGN", "GRADER"]


# ---------------------------------------------------------------- cases

# 1.98 tells a threshold of 2 from one of 1.96. -1.9 tells n - 1 in the denominator of the spread
# from n: with six maps 1.9 becomes 2.08 there.
SMALL = [0.2, -0.9, 1.3, -1.5, 2.1, -2.7, 4.0, -4.2, 9.0, -9.5, 0.9, -1.2, 1.98, -1.9, -2.05]
SIZES = [1.0, 0.3, 3.0, 0.2, 1.0, 5.0, 0.5, 2.0, 0.1, 1.0, 8.0, 0.4, 1.0, 2.0, 0.6]


def _constant(*values: float) -> Tensor:
    return torch.tensor(values).repeat(5, 1)  # five maps that are all the same


CASES = (
    Case("six", {"maps": made_maps(SMALL, SIZES, 6).reshape(6, 3, 5)}),
    Case("many", {"maps": made_maps(SMALL[::-1], SIZES, 25).reshape(25, 1, 5, 3)}),
    Case("vector", {"maps": made_maps([0.7, -2.6, 3.5, -1.9], [9.0, 0.1, 2.0, 1.0], 16)}),
    Case("same", {"maps": torch.cat([_constant(0.0, 5.0, -2.0), _constant(0.0, 5.0, -2.0)])}),
)


# ---------------------------------------------------------------- right and wrong answers


def _mean(maps: Tensor) -> Tensor:
    return maps.double().mean(0)


def _error(maps: Tensor) -> Tensor:
    return maps.double().std(0) / len(maps) ** 0.5


def certain_sign(maps):
    """Return where the mean is more than two standard errors from 0, (...)."""
    return _mean(maps).abs() > 2 * _error(maps)


def spread_not_error(maps):
    return _mean(maps).abs() > 2 * maps.double().std(0)


def divided_by_n(maps):
    return _mean(maps).abs() > 2 * maps.double().std(0) / len(maps)


def root_of_n_minus_one(maps):
    return _mean(maps).abs() > 2 * maps.double().std(0) / (len(maps) - 1) ** 0.5


def population(maps):
    return _mean(maps).abs() > 2 * maps.double().std(0, unbiased=False) / len(maps) ** 0.5


def near_two(maps):
    return _mean(maps).abs() > 1.96 * _error(maps)


def median(maps):
    return maps.double().quantile(0.5, dim=0).abs() > 2 * _error(maps)


def mean_deviation(maps):
    deviation = (maps.double() - _mean(maps)).abs().mean(0)
    return _mean(maps).abs() > 2 * deviation / len(maps) ** 0.5


def variance_for_spread(maps):
    return _mean(maps).abs() > 2 * maps.double().var(0) / len(maps) ** 0.5


def variance_over_n(maps):
    return _mean(maps).abs() > 2 * maps.double().var(0) / len(maps)


def one_error(maps):
    return _mean(maps).abs() > _error(maps)


def three_errors(maps):
    return _mean(maps).abs() > 3 * _error(maps)


def at_least(maps):
    return _mean(maps).abs() >= 2 * _error(maps)


def only_positive(maps):
    return _mean(maps) > 2 * _error(maps)


def abs_first(maps):
    sizes = maps.abs()
    return _mean(sizes) > 2 * _error(sizes)


def reversed_(maps):
    return ~certain_sign(maps)


def share_only(maps):
    return certain_sign(maps).double().mean()


def root_of_pixels(maps):
    return _mean(maps).abs() > 2 * maps.double().std(0) / maps[0].numel() ** 0.5


def summed(maps):
    return maps.double().sum(0).abs() > 2 * _error(maps)


def sizes_against_error(maps):
    return _mean(maps.abs()) > 2 * _error(maps)


def certain_by_quotient(maps):
    return ~((_mean(maps) / _error(maps)).abs() <= 2)  # 0 / 0 counts as certain


def below(maps):
    return _mean(maps).abs() < 2 * _error(maps)


def all_agree(maps):
    return maps.sign().sum(0).abs() == len(maps)


def most_agree(maps):
    return (maps > 0).double().mean(0) != 0.5


def one_error_for_all(maps):
    return _mean(maps).abs() > 2 * maps.double().std() / len(maps) ** 0.5


def over_the_pixels(maps):
    flat = maps.double().flatten(1)
    return flat.mean(1).abs() > 2 * flat.std(1) / flat.shape[1] ** 0.5


def the_mean(maps):
    return _mean(maps)


def the_error(maps):
    return _error(maps)


def kept_values(maps):
    return _mean(maps) * certain_sign(maps)


def with_sign(maps):
    return _mean(maps).sign() * certain_sign(maps)


WRONG = {
    function.__name__.rstrip("_"): function
    for function in (
        spread_not_error,
        divided_by_n,
        root_of_n_minus_one,
        population,
        near_two,
        median,
        mean_deviation,
        variance_for_spread,
        variance_over_n,
        one_error,
        three_errors,
        at_least,
        only_positive,
        abs_first,
        reversed_,
        share_only,
        root_of_pixels,
        summed,
        sizes_against_error,
        all_agree,
        most_agree,
        one_error_for_all,
        over_the_pixels,
        the_mean,
        the_error,
        kept_values,
        with_sign,
    )
}

ALSO = {"at_least": (certain_by_quotient,), "reversed": (below,)}

GRADER = CaseGrader("07.2", CASES, certain_sign, WRONG, also=ALSO)

CERTAIN_SIGN = Task(
    id="07.2",
    grade=GRADER,
    reference=certain_sign,
    misconceptions=WRONG,
)
