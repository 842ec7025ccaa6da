"""Task 07.3: the part of an average map that is signal."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l07_noise.maps import made_maps

__all__ = ["SIGNAL_SHARE"]


def signal_share(
    maps, *,
    average=lambda maps: maps.mean(0),
    noise=lambda maps: maps.var(0) / len(maps),
    join=lambda noise, mean: 1 - noise.sum() / mean.square().sum(),
):  # fmt: skip
    """Return 1 - (sum of squared standard errors) / (sum of squared means)."""
    maps = maps.double()
    return join(noise(maps), average(maps))


# ---------------------------------------------------------------- cases

CASES = (
    case(
        "four", "four maps with three numbers", maps=made_maps([3.0, -1.0, 2.0], [1.0, 2.0, 0.5], 4)
    ),
    case(
        "picture",
        "nine maps (1, 2, 3)",
        maps=made_maps([1.5, -4.0, 0.3, 2.5, -0.5, 1.0], [2, 1, 3, 0.3, 1, 5], 9).reshape(
            9, 1, 2, 3
        ),
    ),
    case(
        "only_noise",
        "six maps of almost pure noise: the share is below 0",
        maps=made_maps([0.4, -0.7, 0.1, 0.6], [1.0, 3.0, 2.0, 1.0], 6),
    ),
    case(
        "no_noise",
        "three maps that are all the same: the share is 1",
        maps=torch.tensor([[2.0, -1.0, 0.5]]).repeat(3, 1),
    ),
)


# ---------------------------------------------------------------- mistakes

MISTAKES = [
    # the noise part
    swap(
        "population",
        "Your variance has n in its denominator. With n - 1 it is right on average: the mean was "
        "fitted to the same maps.",
        noise=lambda maps: maps.var(0, unbiased=False) / len(maps),
    ),
    swap(
        "spread_not_error",
        "You use the variance of single maps. In a mean of n maps it is n times smaller. See "
        "{section_bars}.",
        noise=lambda maps: maps.var(0),
    ),
    swap(
        "divided_by_n",
        "You divide the spread by n. The square of a mean's error is variance / n.",
        noise=lambda maps: (maps.std(0) / len(maps)).square(),
    ),
    swap(
        "deviation_for_variance",
        "You use the standard deviation. The square of a mean's error is variance / n.",
        noise=lambda maps: maps.std(0) / len(maps),
    ),
    swap(
        "root_of_n",
        "You divide the variance by the root of n. The square of a mean's error is variance / n.",
        noise=lambda maps: maps.var(0) / len(maps) ** 0.5,
    ),
    swap(
        "one_variance",
        "You use one variance for the whole picture. Each entry has its own: var(0).",
        noise=lambda maps: (maps.var() / len(maps)).expand_as(maps[0]),
    ),
    swap(
        "divided_by_pixels",
        "You divide the variance by the number of pixels. n is the number of maps.",
        noise=lambda maps: maps.var(0) / maps[0].numel(),
    ),
    # how both are put together
    swap(
        "noise_share",
        "This is the part of the noise. The signal is the rest: 1 minus it.",
        join=lambda noise, mean: noise.sum() / mean.square().sum(),
    ),
    swap(
        "not_squared",
        "You add up sizes. Only squares of signal and noise add up to that of the mean.",
        join=lambda noise, mean: 1 - noise.sqrt().sum() / mean.abs().sum(),
    ),
    swap(
        "sizes_over_squares",
        "Above the line you add up standard errors, not their squares.",
        join=lambda noise, mean: 1 - noise.sqrt().sum() / mean.square().sum(),
    ),
    swap(
        "squares_over_sizes",
        "Your denominator adds up the sizes of the means. Square them.",
        join=lambda noise, mean: 1 - noise.sum() / mean.abs().sum(),
    ),
    swap(
        "lengths",
        "You compare lengths. Compare squared lengths: only those add up.",
        join=lambda noise, mean: 1 - noise.sum().sqrt() / mean.norm(),
    ),
    swap(
        "sum_before_square",
        "You add the means up and square the sum. Square each entry first.",
        join=lambda noise, mean: 1 - noise.sum() / mean.sum().square(),
    ),
    swap(
        "pixel_by_pixel",
        "You take the ratio at each entry. Means near 0 then count for everything. Add up first, "
        "divide once.",
        join=lambda noise, mean: (1 - noise / mean.square()).mean(),
    ),
    swap(
        "signal_over_noise",
        "This is signal divided by noise. Asked is 1 minus noise divided by the whole.",
        join=lambda noise, mean: mean.square().sum() / noise.sum().clamp(min=1e-9),
    ),
    swap(
        "certain_share",
        "This is the share of certain signs. Asked is the share of the squared length.",
        join=lambda noise, mean: (mean.abs() > 2 * noise.sqrt()).double().mean(),
    ),
    swap(
        "of_sum",
        "You take the mean's square as pure signal. It holds the noise as well.",
        join=lambda noise, mean: mean.square().sum() / (mean.square() + noise).sum(),
    ),
    after(
        "not_below_zero",
        "You clip at 0. Then pure noise would have a positive share on average. Leave it.",
        lambda found: found.clamp(min=0),
    ),
    after(
        "percent",
        "Your number is 100 times too large. Return a share, not percent.",
        lambda found: 100 * found,
    ),
    # the mean map
    swap(
        "median",
        "You take the median of the maps. Asked is their mean: its error is known.",
        average=lambda maps: maps.quantile(0.5, dim=0),
    ),
    swap(
        "mean_over_all",
        "Your denominator is the mean square of single maps. Asked are the squares of the mean.",
        average=lambda maps: maps.square().mean(0).sqrt(),
    ),
    own(
        "mean_against_single",
        "You compare the mean map with single maps. Asked is how much of the mean map is noise.",
        lambda maps: maps.mean(0).square().sum() / maps.square().mean(0).sum(),
    ),
    before(
        "abs_first",
        "You take absolute values first. Then noise counts as signal. Average with signs.",
        maps=lambda maps: maps.abs(),
    ),
]

SIGNAL_SHARE = function_task(
    "07.3",
    signal_share,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The part of the map's squared length that another draw of the noise would give again.",
    hints=(
        "Two maps first: the mean over the n maps, and the squared standard error at each entry. "
        "Then one sum over each of them.",
        "The squared standard error at an entry is variance / n. torch's var(0) has n - 1 in its "
        "denominator already.",
        "mean = maps.mean(0); noise = maps.var(0) / len(maps); return 1 - noise.sum() / (mean ** "
        "2).sum().",
    ),
)
