"""Task 00.4: one colour scale for several maps, with zero in the middle."""

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l00_start_here.limits import (
    CASES,
    LimitsGrader,
    largest,
    min_max,
    sizes,
    whole,
)

__all__ = ["SHARED_LIMITS"]


def plain(limit):
    return -limit, limit


def around_zero(limit):
    """Return (-limit, limit); (-1, 1) if the limit is 0."""
    return plain(limit if limit > 0 else 1.0)


def shared_limits(maps, *, size=largest, ends=around_zero):
    """Return (-limit, limit) with the largest size of all maps; (-1, 1) if all are zero."""
    return ends(size(maps))


def percentiles(share):
    """Return a low and a high percentile of the signed values."""
    return lambda maps: [float(whole(maps).quantile(q)) for q in (share, 1 - share)]


MISTAKES = [
    # where zero lies
    own(
        "min_max",
        (
            "You use the smallest and the largest value. Then zero is not in the middle, "
            "and the colour of zero changes from figure to figure. See {section_display}."
        ),
        min_max,
    ),
    swap(
        "zero_to_max",
        (
            "Your scale begins at 0, so all negative values get one colour. Use (-limit, "
            "limit). See {section_display}."
        ),
        ends=lambda limit: (0.0, limit or 1.0),
    ),
    own(
        "zero_to_largest_value",
        (
            "Your scale goes from 0 to the largest value: negative values get lost. Use "
            "absolute values and (-limit, limit). See {section_display}."
        ),
        lambda maps: (0.0, min_max(maps)[1]),
    ),
    own(
        "percentiles_of_signs",
        (
            "You use a low and a high percentile of the signed values. Then zero is not "
            "in the middle. Use one percentile of the absolute values. See "
            "{section_display}."
        ),
        percentiles(0.05),
    ),
    *[own("percentiles_of_signs", "", percentiles(share)) for share in (0.01, 0.02, 0.025, 0.1)],
    # for all maps together
    own(
        "own_scales",
        (
            "You return a scale for each map. Then a weak map looks as strong as a strong "
            "one. Return one for all. See {section_scale}."
        ),
        lambda maps: [shared_limits([one]) for one in maps],
    ),
    own(
        "own_scales_min_max",
        (
            "You return minimum and maximum of each map. Return one scale for all, with "
            "zero in the middle. See {section_scale}."
        ),
        lambda maps: [min_max([one]) for one in maps],
    ),
    before(
        "first_map",
        ("Only the first map is used. The scale must fit all maps. See {section_scale}."),
        maps=lambda maps: maps[:1],
    ),
    before(
        "last_map",
        ("Only the last map is used. The scale must fit all maps. See {section_scale}."),
        maps=lambda maps: maps[-1:],
    ),
    swap(
        "weakest_map",
        ("You use the weakest map. The strongest one would be clipped. See {section_scale}."),
        size=lambda maps: min(sizes(maps)),
    ),
    swap(
        "mean_of_largest",
        (
            "You average the largest values of the maps. The strongest map would be "
            "clipped: take the largest of them. See {section_scale}."
        ),
        size=lambda maps: sum(sizes(maps)) / len(maps),
    ),
    swap(
        "sum_of_largest",
        (
            "You add up the largest values of the maps. The scale gets too wide: take the "
            "largest of them. See {section_scale}."
        ),
        size=lambda maps: sum(sizes(maps)),
    ),
    swap(
        "summed_maps",
        (
            "You add up the maps first, so opposite values cancel. Take absolute values "
            "of each map first."
        ),
        size=lambda maps: float(whole(maps).sum(0).abs().max()),
    ),
    swap(
        "mean_map",
        (
            "You average the maps first, so opposite values cancel. Take absolute values "
            "of each map first."
        ),
        size=lambda maps: float(whole(maps).mean(0).abs().max()),
    ),
    # which size
    swap(
        "without_abs",
        (
            "You use the largest value without abs. A map that is negative everywhere "
            "then gets no scale. Take absolute values first."
        ),
        size=lambda maps: min_max(maps)[1],
        ends=plain,
    ),
    swap(
        "largest_above_zero",
        (
            "You use the size of the smallest value. A map that is positive everywhere "
            "then gets no scale. Take absolute values first."
        ),
        size=lambda maps: abs(min_max(maps)[0]),
        ends=plain,
    ),
    swap("largest_above_zero", "", size=lambda maps: max(abs(min_max([one])[0]) for one in maps)),
    swap(
        "mean_sizes",
        (
            "You use the mean size. Half of the values would be clipped. Use the largest "
            "size, or a high percentile. See {section_scale}."
        ),
        size=lambda maps: float(whole(maps).abs().mean()),
    ),
    swap(
        "median",
        (
            "You use the median size, so half of the values would be clipped. Use the "
            "largest size, or a high percentile. See {section_scale}."
        ),
        size=lambda maps: float(whole(maps).abs().median()),
    ),
    swap(
        "spread",
        (
            "You use the standard deviation. The strongest map would be clipped. Use the "
            "largest size, or a high percentile of the sizes. See {section_scale}."
        ),
        size=lambda maps: float(whole(maps).std()),
    ),
    swap("spread", "", size=lambda maps: float(whole(maps).std(correction=0))),
    swap(
        "always_one",
        ("Your scale is always (-1, 1). It must follow the maps. See {section_scale}."),
        size=lambda maps: 1.0,
    ),
    swap(
        "zero_map_forgotten",
        (
            "Right for all maps but those that are 0 everywhere: there the scale has no "
            "width. Return (-1, 1) in that case."
        ),
        ends=plain,
    ),
    # what is returned
    after(
        "only_high",
        "You return one number. Return both ends: (-limit, limit).",
        lambda both: both[1],
    ),
    after(
        "ends_exchanged", "The two ends are exchanged. low comes first.", lambda both: both[::-1]
    ),
]


SHARED_LIMITS = function_task(
    "00.4",
    shared_limits,
    cases=CASES,
    mistakes=MISTAKES,
    grader=LimitsGrader,
    passed="One scale, zero in the middle, also for maps that are 0.",
    hints=(
        (
            "Zero is in the middle when low = -high. So one number is enough: how large "
            "are the sizes in all maps together?"
        ),
        (
            "Take absolute values first: a map may be negative everywhere. Then the "
            "largest of all maps, not of each."
        ),
        (
            "limit = max(float(one.abs().max()) for one in maps), then limit = limit or "
            "1.0, and return (-limit, limit)."
        ),
    ),
    words={
        "evidence": "For maps with minima {lows} and maxima {highs}: yours {yours}.",
        "faults": {
            "not_two": (
                "Return two numbers, (low, high), for all maps together. This happened for {where}."
            ),
            "no_width": (
                "high must be larger than 0, and low smaller than high. This happened for {where}."
            ),
            "not_symmetric": (
                "Zero is not in the middle: low must be -high. This happened for {where}. See "
                "{section_display}."
            ),
            "too_narrow": (
                "The scale is too narrow for the strongest map: most of it would be clipped. "
                "This happened for {where}. See {section_scale}."
            ),
            "too_wide": (
                "The scale is much wider than the strongest map, so its colours would be "
                "pale. This happened for {where}. See {section_scale}."
            ),
        },
    },
)
