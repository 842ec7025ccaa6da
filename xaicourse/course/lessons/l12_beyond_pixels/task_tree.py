"""Task 12.1: walk the crossings of a step function, and give each jump to who crosses."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["TREE"]


def in_order(thresholds, x, baseline):
    """Return the crossings (alpha, feature) on the way, the first one first."""
    return sorted(
        ((theta - start) / (end - start), i)
        for i, (start, end) in enumerate(zip(baseline.tolist(), x.tolist(), strict=True))
        for theta in thresholds[i]
        if (start > theta) != (end > theta)
    )


def scores_between(f, places, x, baseline):
    """Return F on each piece between two crossings: one more than there are crossings."""
    ends = torch.tensor([0.0, *places, 1.0], dtype=x.dtype)
    middles = (ends[1:] + ends[:-1]) / 2
    return f(torch.lerp(baseline, x, middles[:, None]))


def jumps_on_the_way(f, crossings, x, baseline):
    """Return the jump at each crossing."""
    return scores_between(f, [alpha for alpha, _ in crossings], x, baseline).diff()


def tree_ig(f, thresholds, x, baseline, *, crossed=in_order, jump=jumps_on_the_way):
    """Return what each feature gets of the jumps of f between baseline and x, (D,)."""
    crossings = crossed(thresholds, x, baseline)
    total = torch.zeros_like(x)
    for (_, i), size in zip(crossings, jump(f, crossings, x, baseline), strict=True):
        total[i] += size
    return total


# ---------------------------------------------------------------- cases


def above(p, feature, theta):
    return (p[:, feature] > theta).to(p.dtype)


def two_steps(p):
    """Two thresholds on the first feature, and a product."""
    return (
        2 * above(p, 0, 1)
        - 3.5 * above(p, 0, 2.2) * above(p, 1, -1)
        + 1.5 * above(p, 1, 0.4) * (1 + above(p, 2, 0.5))
    )


def with_and(p):
    return above(p, 0, 0.25) * above(p, 1, 0.6) + 0.5 * above(p, 1, 0.8) - above(p, 2, 0.1)


def trees(p):
    """Three small trees."""
    first = torch.where(p[:, 0] > 0.3, 2 + above(p, 1, 0.5), 4 * above(p, 2, 0.7))
    second = torch.where(p[:, 3] > -0.2, above(p, 0, 0.65) - 1, 2.5 * above(p, 1, 0.15))
    return first + second * (1 + above(p, 2, 0.35))


def rows(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


CASES = (
    case("and", "an AND of features, from 0", f=with_and, thresholds=[[0.25], [0.6, 0.8], [0.1]],
         x=rows(1.0, 1.0, 1.0), baseline=rows(0.0, 0.0, 0.0)),
    case("two", "two thresholds on one feature, from other numbers than 0", f=two_steps,
         thresholds=[[1, 2.2], [-1, 0.4], [0.5]], x=rows(3.0, 1.3, 0.9),
         baseline=rows(-0.4, -1.6, 0.2)),
    case("down", "features that go down", f=two_steps, thresholds=[[1, 2.2], [-1, 0.4], [0.5]],
         x=rows(-1.2, -2.0, 1.1), baseline=rows(2.9, 1.1, -0.3)),
    case("still", "a feature that stays, and thresholds beside the way", f=trees,
         thresholds=[[0.3, 0.65], [0.15, 0.5], [0.35, 0.7], [-0.2]], x=rows(0.9, 0.4, 0.95, 0.6),
         baseline=rows(0.1, 0.4, 0.2, -0.7)),
    case("at", "a feature that starts at its threshold, one that ends there", f=trees,
         thresholds=[[0.3, 0.65], [0.5, 0.15], [0.7, 0.35], [-0.2]], x=rows(0.9, 0.15, 0.8, 0.7),
         baseline=rows(0.3, 0.77, 0.05, -0.6)),
    case("back", "three small trees, all features moving", f=trees,
         thresholds=[[0.3, 0.65], [0.5, 0.15], [0.7, 0.35], [-0.2]], x=rows(0.05, 0.8, 0.1, -0.9),
         baseline=rows(0.92, -0.1, 0.83, 0.4)),
)  # fmt: skip

# ---------------------------------------------------------------- mistakes


def alone_from_the_baseline(f, thresholds, x, baseline):
    moved = baseline + torch.diag(x - baseline)
    return f(moved) - f(baseline[None])


def taken_away_at_x(f, thresholds, x, baseline):
    moved = x - torch.diag(x - baseline)
    return f(x[None]) - f(moved)


def one_after_the_other(f, thresholds, x, baseline):
    """Move the features in the order of their numbers."""
    corners = torch.stack([torch.where(torch.arange(len(x)) < k, x, baseline)
                           for k in range(len(x) + 1)])  # fmt: skip
    return f(corners).diff()


def by_numbers_of_crossings(f, thresholds, x, baseline):
    crossings = in_order(thresholds, x, baseline)
    count = torch.zeros_like(x)
    for _, i in crossings:
        count[i] += 1
    return (f(x[None]) - f(baseline[None])) * count / count.sum()


def by_distance(f, thresholds, x, baseline):
    way = (x - baseline).abs()
    return (f(x[None]) - f(baseline[None])) * way / way.sum()


def with_places(change):
    """Return crossings whose places are computed in another way."""

    def crossed(thresholds, x, baseline):
        found = []
        for i, (start, end) in enumerate(zip(baseline.tolist(), x.tolist(), strict=True)):
            for theta in thresholds[i]:
                if (start > theta) != (end > theta):
                    found.append((change(theta, start, end), i))
        return sorted(found)

    return crossed


def unsorted(thresholds, x, baseline):
    return sorted(in_order(thresholds, x, baseline), key=lambda crossing: crossing[1])


def strictly_between(thresholds, x, baseline):
    ends = torch.stack([x, baseline])
    low, high = ends.amin(0).tolist(), ends.amax(0).tolist()
    inner = [
        [t for t in each if a < t < b] for each, a, b in zip(thresholds, low, high, strict=True)
    ]
    return in_order(inner, x, baseline)


def only_rising(thresholds, x, baseline):
    return [(a, i) for a, i in in_order(thresholds, x, baseline) if x[i] > baseline[i]]


def first_threshold_only(thresholds, x, baseline):
    return in_order([each[:1] for each in thresholds], x, baseline)


def all_from_the_baseline(f, crossings, x, baseline):
    """The score after each crossing minus that at the baseline."""
    scores = scores_between(f, [alpha for alpha, _ in crossings], x, baseline)
    return scores[1:] - scores[0]


WALK = "See {section_beyond_walk}."

MISTAKES = [
    # no walk at all
    own("alone", "You move each feature alone, from the baseline. All features walk at once: what "
        "the others are when this one crosses decides the jump.", alone_from_the_baseline),
    own("taken_away", "You take each feature away at x. All features walk at once: at a crossing "
        f"the others are still on their way. {WALK}", taken_away_at_x),
    own("one_by_one", "You move one feature after the other. All of them walk at once: sort the "
        "crossings by alpha.", one_after_the_other),
    own("by_count", "You share the rise by the number of crossings. Each crossing has a jump of "
        "its own.", by_numbers_of_crossings),
    own("by_distance", "You share the rise by how far the features move. Only the jumps count.",
        by_distance),
    # where it crosses
    swap("baseline_forgotten", "alpha = theta / x is right for a baseline of 0 only. How far is "
         "the threshold from where the feature STARTS?",
         crossed=with_places(lambda theta, start, end: theta / end)),
    swap("not_divided", "You sort by theta minus the start. Divide by the way of the feature: "
         "alpha is a share of the way.",
         crossed=with_places(lambda theta, start, end: (theta - start) / max(abs(end), 10))),
    swap("sorted_by_threshold", "You sort the thresholds by their size. They are reached in the "
         "order of alpha.", crossed=with_places(lambda theta, start, end: (theta + 5) / 10)),
    swap("unsorted", "Your crossings are not sorted by alpha, so the jumps between them belong to "
         "the wrong features.", crossed=unsorted),
    swap("reversed", "You walk from x to the baseline. The way leads from the baseline to x.",
         crossed=with_places(lambda theta, start, end: 1 - (theta - start) / (end - start))),
    # which ones
    swap("only_rising", "Features that go down cross, too: theta lies between the smaller and the "
         "larger of the two numbers.", crossed=only_rising),
    swap("strictly", "A feature that starts exactly AT its threshold and rises has crossed: one "
         "number is above it, the other is not.", crossed=strictly_between),
    swap("first_threshold", "A feature may cross several thresholds. You use its first one.",
         crossed=first_threshold_only),
    # the jump
    swap("sizes", "A jump has a sign: F after it minus F before it.",
         jump=lambda *given: jumps_on_the_way(*given).abs()),
    swap("turned", "Your jumps have the wrong sign: F after it minus F before it.",
         jump=lambda *given: -jumps_on_the_way(*given)),
    swap("from_the_baseline", "You subtract F at the baseline at each crossing. Subtract F just "
         "before it.", jump=all_from_the_baseline),
    swap("times_alpha", "You multiply the jump by its place. A jump counts whole, wherever it is.",
         jump=lambda f, crossings, x, baseline: jumps_on_the_way(f, crossings, x, baseline)
         * torch.tensor([alpha for alpha, _ in crossings])),
    after("times_distance", "You multiply by the distance as well. A jump is a change of F "
          "already.", lambda total, x, baseline: total * (x - baseline)),
]  # fmt: skip

TREE = function_task(
    "12.1",
    tree_ig,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each jump goes to the feature that crosses, up or down, from any baseline.",
    hints=(
        "List all crossings first: which feature, and at which alpha. Then walk.",
        "alpha = (theta - baseline[i]) / (x[i] - baseline[i]). Sort by alpha. Ask F in the middle "
        "of each piece between two crossings: the differences are the jumps.",
        "places = [0.0] + [a for a, _ in crossings] + [1.0]; middles = the means of neighbours; "
        "scores = f(baseline + middles[:, None] * (x - baseline)); for (a, i), jump in "
        "zip(crossings, scores.diff()): total[i] += jump.",
    ),
)
