"""Task 07.2: the pixels at which the sign of the mean is certain."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l07_noise.maps import made_maps

__all__ = ["CERTAIN_SIGN"]


def certain_sign(
    maps, *,
    average=lambda maps: maps.mean(0),
    error=lambda maps: maps.std(0) / len(maps) ** 0.5,
    judge=lambda mean, limit: mean.abs() > limit,
    errors=2,
):  # fmt: skip
    """Return where the mean is more than two standard errors from 0, (...)."""
    maps = maps.double()
    return judge(average(maps), errors * error(maps))


# ---------------------------------------------------------------- cases

# 1.98 tells a threshold of 2 from one of 1.96. -1.9 tells n - 1 in the denominator of the spread
# from n: with six maps 1.9 becomes 2.08 there.
SMALL = [0.2, -0.9, 1.3, -1.5, 2.1, -2.7, 4.0, -4.2, 9.0, -9.5, 0.9, -1.2, 1.98, -1.9, -2.05]
SIZES = [1.0, 0.3, 3.0, 0.2, 1.0, 5.0, 0.5, 2.0, 0.1, 1.0, 8.0, 0.4, 1.0, 2.0, 0.6]


def _constant(*values: float) -> Tensor:
    return torch.tensor(values).repeat(5, 1)  # five maps that are all the same


CASES = (
    case(
        "six",
        "six maps (3, 5) of different strength",
        maps=made_maps(SMALL, SIZES, 6).reshape(6, 3, 5),
    ),
    case("many", "25 maps (1, 5, 3)", maps=made_maps(SMALL[::-1], SIZES, 25).reshape(25, 1, 5, 3)),
    case(
        "vector",
        "16 maps with four numbers",
        maps=made_maps([0.7, -2.6, 3.5, -1.9], [9.0, 0.1, 2.0, 1.0], 16),
    ),
    case(
        "same",
        "ten maps that are all the same: 0, 5 and -2",
        maps=torch.cat([_constant(0.0, 5.0, -2.0), _constant(0.0, 5.0, -2.0)]),
    ),
)


# ---------------------------------------------------------------- mistakes


def over_the_pixels(maps):
    """Return one answer for each map, from its pixels."""
    flat = maps.double().flatten(1)
    return flat.mean(1).abs() > 2 * flat.std(1) / flat.shape[1] ** 0.5


MISTAKES = [
    # the standard error
    swap(
        "spread_not_error",
        "You compare with the spread of single maps. The mean of n maps is more exact: divide by "
        "the root of n. See {section_bars}.",
        error=lambda maps: maps.std(0),
    ),
    swap(
        "divided_by_n",
        "You divide the spread by n. The error of a mean falls with the root of n. See "
        "{section_bars}.",
        error=lambda maps: maps.std(0) / len(maps),
    ),
    swap(
        "root_of_n_minus_one",
        "You divide by sqrt(n - 1). The n - 1 stands in the variance already: divide by sqrt(n).",
        error=lambda maps: maps.std(0) / (len(maps) - 1) ** 0.5,
    ),
    swap(
        "population",
        "Your standard deviation has n in its denominator. Asked is n - 1, as in torch's std.",
        error=lambda maps: maps.std(0, unbiased=False) / len(maps) ** 0.5,
    ),
    swap(
        "mean_deviation",
        "You use the mean size of the deviations. Asked is the standard deviation.",
        error=lambda maps: (maps - maps.mean(0)).abs().mean(0) / len(maps) ** 0.5,
    ),
    swap(
        "variance_for_spread",
        "You use the variance where the standard deviation belongs. Take its root.",
        error=lambda maps: maps.var(0) / len(maps) ** 0.5,
    ),
    swap(
        "variance_over_n",
        "This is the square of the standard error. Take its root before you compare.",
        error=lambda maps: maps.var(0) / len(maps),
    ),
    swap(
        "root_of_pixels",
        "You divide by the root of the number of pixels. n is the number of maps.",
        error=lambda maps: maps.std(0) / maps[0].numel() ** 0.5,
    ),
    swap(
        "one_error_for_all",
        "You use one spread for the whole picture. Each entry has its own: std(0).",
        error=lambda maps: (maps.std() / len(maps) ** 0.5).expand_as(maps[0]),
    ),
    # the comparison
    swap("near_two", "Your threshold is 1.96 standard errors. Asked are two.", errors=1.96),
    swap(
        "one_error",
        "Your threshold is about one standard error: a third of pure noise passes it. Asked are "
        "two.",
        errors=1,
    ),
    swap("three_errors", "Your threshold is about three standard errors. Asked are two.", errors=3),
    swap(
        "at_least",
        "Your answer is True for an entry that is 0 in every map. It has no sign at all: compare "
        "with >, not with >=, and do not divide by an error of 0.",
        judge=lambda mean, limit: mean.abs() >= limit,
    ),
    swap("at_least", "", judge=lambda mean, limit: ~((mean / limit).abs() <= 1)),
    swap(
        "only_positive",
        "You find only positive means. A mean far below 0 has a certain sign, too.",
        judge=lambda mean, limit: mean > limit,
    ),
    swap(
        "reversed",
        "Your answer is the wrong way round: True where the sign is certain.",
        judge=lambda mean, limit: mean.abs() <= limit,
    ),
    swap("reversed", "", judge=lambda mean, limit: mean.abs() < limit),
    swap(
        "the_mean",
        "You return the mean. Return whether its size is above two standard errors.",
        judge=lambda mean, limit: mean,
    ),
    swap(
        "the_error",
        "You return the standard error. Return whether the mean is more than two of them from 0.",
        errors=1,
        judge=lambda mean, limit: limit,
    ),
    swap(
        "kept_values",
        "You return the mean where its sign is certain. Asked is True or False.",
        judge=lambda mean, limit: mean * (mean.abs() > limit),
    ),
    swap(
        "with_sign",
        "You return the sign itself. Asked is True where it is certain, for both signs.",
        judge=lambda mean, limit: mean.sign() * (mean.abs() > limit),
    ),
    after(
        "share_only",
        "You return one number, the share. Return True or False for each entry.",
        lambda found: found.double().mean(),
    ),
    # the mean
    swap(
        "median",
        "You take the median of the maps. The standard error is that of their mean.",
        average=lambda maps: maps.quantile(0.5, dim=0),
    ),
    swap(
        "summed",
        "You compare the sum of the maps. Asked is their mean.",
        average=lambda maps: maps.sum(0),
    ),
    swap(
        "sizes_against_error",
        "You compare the mean size, which is never near 0. Take the mean with signs, then its "
        "size.",
        average=lambda maps: maps.abs().mean(0),
    ),
    before(
        "abs_first",
        "You call every sign certain, except where all maps are 0. Are absolute values taken "
        "before the mean? Then even the mean of pure noise is far from 0.",
        maps=lambda maps: maps.abs(),
    ),
    # another question
    own(
        "all_agree",
        "You ask that all maps have the same sign. That is much more, and gets harder as n grows.",
        lambda maps: maps.sign().sum(0).abs() == len(maps),
    ),
    own(
        "most_agree",
        "You count signs. Asked is how far the mean is from 0, in standard errors.",
        lambda maps: (maps > 0).double().mean(0) != 0.5,
    ),
    own(
        "over_the_pixels",
        "You average over the pixels. Average over the maps: axis 0.",
        over_the_pixels,
    ),
]

CERTAIN_SIGN = function_task(
    "07.2",
    certain_sign,
    cases=CASES,
    mistakes=MISTAKES,
    passed="A sign counts as certain when the mean is more than two standard errors from 0.",
    hints=(
        "Three steps for each entry: the mean over the maps, their standard deviation over the "
        "maps, and from it the standard error of the mean.",
        "Both mean and spread run over axis 0, the maps. The error of a mean is smaller than the "
        "spread of single maps: divide by the root of n.",
        "mean, error = maps.mean(0), maps.std(0) / len(maps) ** 0.5; return mean.abs() > 2 * "
        "error.",
    ),
)
