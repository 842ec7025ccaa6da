"""Task 09.3: a map of pixels becomes a map of regions, the way XRAI does it."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l09_compared_with_what.filling import (
    as_given,
    best_of_each_pixel,
    first_only,
    last_missing,
    mean_of_each_pixel,
    median_of_new,
    once,
    part_of_whole,
    ranks,
    regions,
    total_of_new,
    whole_mean,
)

__all__ = ["REGIONS"]


# ---------------------------------------------------------------- cases


def drawn(*lines):
    """Return masks (K, H, W), each drawn with dots and crosses."""
    return torch.stack(
        [torch.tensor([[c == "x" for c in line] for line in m.split()]) for m in lines]
    )


CASES = (
    case(
        "halves",
        "four pixels in a line, two regions side by side",
        pixel_map=torch.tensor([[1.0, 4.0, 2.0, 0.5]]),
        masks=drawn("xx..", "..xx"),
    ),
    case(
        "overlap",
        "2 x 4 pixels, three regions that overlap",
        pixel_map=torch.tensor([[5.0, 3.0, -1.0, 0.4], [1.0, 2.0, -3.0, 0.6]]),
        masks=drawn("xxxx xxxx", "xx.. x...", ".xx. xxx."),
    ),
    case(
        "single",
        "2 x 3 pixels, a region with a single new pixel",
        pixel_map=torch.tensor([[4.0, 3.0, 1.0], [2.0, 0.6, -2.0]]),
        masks=drawn("xx. x..", ".x. xx.", "xxx xxx"),
    ),
    case(
        "many",
        "4 x 5 pixels, six regions, large and small ones",
        pixel_map=2 * waves(2.04, 4, 5) + 0.3,
        masks=drawn(
            "xxx.. xxx.. ..... .....",
            ".xxxx .xxxx ..... .....",
            "..... ..x.. .xxx. .xxx.",
            "x.... x.... xx... xx...",
            "...xx ...xx ...xx ...xx",
            "xxxxx xxxxx xxxxx xxxxx",
        ),
    ),
    case(
        "scattered",
        "4 x 5 pixels, five regions with holes",
        pixel_map=2 * waves(4.63, 4, 5) + 0.3,
        masks=drawn(
            ".x.xx xx... .x.xx x....",
            "x...x x..x. x..x. ..x.x",
            ".x.x. ..... ..x.x x.x..",
            "..xxx ..x.. .x.x. x.xxx",
            "xxxxx xxxxx xxxxx xxxxx",
        ),
    ),
)


# ---------------------------------------------------------------- the task

NEW = "Only pixels that no earlier region took are new."
MISTAKES = [
    # which region comes next
    own(
        "ranked_once",
        f"You choose by the means over all pixels of the regions. {NEW} After each region the "
        "means of the others change.",
        once,
    ),
    own(
        "as_given",
        "You take the regions in the given order. Take the largest mean first.",
        as_given,
    ),
    swap(
        "sums",
        "You take the region with the largest sum. Asked is the largest mean.",
        worth=total_of_new,
    ),
    swap(
        "sums_throughout",
        "You choose by sums, and give sums. Both should be means of the new pixels.",
        worth=total_of_new,
        given=total_of_new,
    ),
    swap(
        "most_pixels",
        "You take the region with the most new pixels. Asked is the one with the largest mean.",
        worth=lambda a, mask, new: new.sum(),
    ),
    swap(
        "mean_of_sizes",
        "You choose by the mean of |map|. Choose by the mean with signs.",
        worth=lambda a, mask, new: a[new].abs().mean(),
    ),
    swap(
        "median",
        "This is a median. Asked is the mean of the new pixels.",
        worth=median_of_new,
        given=median_of_new,
    ),
    swap("median", "", worth=median_of_new),
    swap("median", "", given=median_of_new),
    swap(
        "smallest_first",
        "You take the region with the smallest mean first. Asked is the largest.",
        better=torch.lt,
    ),
    swap(
        "largest_pixel",
        "You take the region with the largest pixel. Asked is the largest mean of new pixels.",
        worth=lambda a, mask, new: a[new].max(),
    ),
    swap(
        "by_size_of_mean",
        "You order the regions by the size of their mean. A region that speaks against the class "
        "comes last.",
        worth=lambda a, mask, new: a[new].mean().abs(),
    ),
    swap(
        "old_pixels_share",
        "You divide the sum of the new pixels by the size of the whole region. Divide by the "
        "number of the new ones.",
        worth=part_of_whole,
    ),
    swap("old_pixels_share", "", worth=part_of_whole, given=part_of_whole),
    swap("old_pixels_share", "", given=part_of_whole),
    # what the pixels get
    swap(
        "whole_mean_given",
        f"The order is right. The pixels get the mean over the whole region. {NEW}",
        given=whole_mean,
    ),
    swap(
        "overwritten",
        "A later region overwrites pixels that were taken before. Fill its new pixels only.",
        keep=True,
    ),
    swap(
        "sum_given",
        "The order is right. The new pixels get their sum: give them the mean.",
        given=total_of_new,
    ),
    swap(
        "largest_given",
        "The order is right. The new pixels get their largest value: give them the mean.",
        given=lambda a, mask, new: a[new].max(),
    ),
    swap(
        "pixels_kept",
        "Each pixel keeps its own value. All new pixels of a region get their common mean.",
        given=lambda a, mask, new: a[new],
    ),
    own(
        "first_only",
        "Only the first region is filled. Go on until no region has a new pixel. If you do go on: "
        "a mean of no pixels is NaN, and max picks it, so leave such a region out.",
        first_only,
    ),
    own(
        "last_missing",
        "One turn is missing: the last new pixels stay 0. Go on until no region has a new pixel.",
        last_missing,
    ),
    own(
        "best_of_each_pixel",
        "Each pixel gets the best mean of its WHOLE regions. Choose by the means of new pixels, "
        f"and give these means. {NEW}",
        best_of_each_pixel,
    ),
    own(
        "mean_of_each_pixel",
        "Each pixel gets the mean of its regions. It belongs to one only: the first that took it.",
        mean_of_each_pixel,
    ),
    own("ranks", "You return the order of the regions. Return their means.", ranks),
    own("ranks", "", partial(ranks, first=0.0)),
    own("ranks", "", partial(ranks, first=0.0, falling=False)),
    # signs
    before(
        "absolute",
        "You take absolute values first. Then pixels that speak against the class count for it.",
        pixel_map=torch.abs,
    ),
    after(
        "positive_only",
        "Where the mean is below 0 your result is 0. Such regions keep their minus. Did you cut it "
        "off? Or does a region without new pixels count as 0, and wins again and again?",
        lambda result: result.clamp(min=0),
    ),
]

REGIONS = function_task(
    "09.3",
    regions,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Right with regions that overlap. The sum of the map has stayed the same.",
    hints=(
        "Keep a mask of the pixels that are still open. In each turn, look at every region: which "
        "of its pixels are open, and what is their mean?",
        "Take the region with the largest mean, give that mean to its open pixels, and close them. "
        "A region without open pixels is left out. Stop when all are.",
        "open_pixels = torch.ones_like(masks[0]); while open_pixels.any(): best = max((mask & "
        "open_pixels for mask in masks if (mask & open_pixels).any()), key=lambda new: "
        "float(pixel_map[new].mean())); result[best] = pixel_map[best].mean(); open_pixels = "
        "open_pixels & ~best.",
    ),
)
