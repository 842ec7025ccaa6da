"""Task 17.3: read the trials of a forced choice, with raters as the unit."""

from math import sqrt

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, swap
from xaicourse.course.lessons.l17_ground_truth_and_people.trials import (
    against_zero,
    by_coins,
    by_votes,
    pooled,
    pooled_share,
    population_deviation,
    read_study,
    sample_deviation,
    t_of,
    votes_by,
    votes_for_a,
    votes_of_each_run,
    votes_of_the_eager,
    winners,
    without_root,
)

__all__ = ["STUDY"]

SIDES = {"l": "left", "r": "right", "-": None}


def trials_of(**raters):
    """Return trials of rater=("where A stood", "what was picked"), items in their order."""
    return [
        (rater, item, SIDES[side], SIDES[picked])
        for rater, (sides, answers) in raters.items()
        for item, (side, picked) in enumerate(zip(sides, answers, strict=True))
    ]


CASES = (
    case(
        "three",
        "three raters, no silence",
        trials=trials_of(
            ann=("lrlrll", "rrrlrr"), bob=("rlrlr", "lrrrl"), eve=("rlllllr", "llllllr")
        ),
    ),
    case(
        "uneven",
        "four raters with 4 to 9 trials, some of them silent",
        trials=trials_of(
            ann=("rrlrrrlrl", "rl-rrrrrl"),
            bob=("rlrl", "lr-r"),
            eve=("rlrrrlr", "l-l-lll"),
            max=("lrlrr", "r-l-r"),
        ),
    ),
    case(
        "opposed",
        "five raters, one of them with twelve trials",
        trials=trials_of(
            ann=("lrllr", "rr-rl"),
            bob=("rrll", "llrr"),
            eve=("rlrrlrrlrlrl", "llrl-l-r-l-r"),
            max=("llrl", "l--l"),
            zoe=("llllrl", "rrlrrr"),
        ),
    ),
)


def by_turns(trials):
    """Return the trials item by item, so that the raters take turns."""
    return sorted(trials, key=lambda trial: trial[1])


CASES += (
    case(
        "by_turns",
        "three raters who take turns",
        trials=by_turns(
            trials_of(zoe=("rlrlr", "rlllr"), bob=("llrr", "lrr-"), ann=("rrlrll", "rrlrrr"))
        ),
    ),
)

MISTAKES = [
    # what an answer counts
    swap(
        "left_for_A",
        "You count picks of the LEFT side. A stands left or right: compare both sides.",
        votes=votes_by(lambda side, picked: picked == "left"),
    ),
    swap(
        "right_for_A",
        "You count picks of the RIGHT side. A stands left or right: compare both sides.",
        votes=votes_by(lambda side, picked: picked == "right"),
    ),
    swap(
        "where_A_stood",
        "You count how often A stood left. Did the rater pick that side?",
        votes=votes_by(lambda side, picked: side == "left"),
    ),
    swap("where_A_stood", "", votes=votes_by(lambda side, picked: side == "left", True)),
    swap(
        "share_of_B",
        "This is the share of the other method, B.",
        votes=votes_by(lambda side, picked: picked != side),
    ),
    swap(
        "silence_for_B",
        "You count a silent trial as a vote for B. Leave it out.",
        votes=votes_by(lambda side, picked: picked == side, True),
    ),
    swap(
        "silence_for_A",
        "You count a silent trial as a vote for A. Leave it out.",
        votes=votes_by(lambda side, picked: picked in (side, None), True),
    ),
    swap(
        "silence_for_half",
        "You count a silent trial as half a vote. Leave it out.",
        votes=votes_by(lambda s, picked: 0.5 if picked is None else picked == s, True),
    ),
    # what is one independent answer
    swap(
        "items",
        "Your unit is the item. Raters differ in taste: the unit is the rater.",
        votes=votes_by(lambda side, picked: picked == side, unit=1),
    ),
    swap(
        "pooled",
        "You pool all votes, as if each came from another rater. Take one share a rater first.",
        shares=pooled,
    ),
    swap("pooled", "", shares=pooled, t=by_coins),
    swap("pooled", "", shares=pooled, t=by_votes),
    swap("pooled", "", shares=lambda votes: pooled(votes), t=without_root),
    swap(
        "pooled_mean",
        "Your t is that of the raters, but your mean is that of all votes: raters with many trials "
        "count more. Take the mean of the shares.",
        average=pooled_share,
    ),
    swap(
        "winners",
        "You count which method each rater prefers. Asked is the rater's share.",
        shares=winners,
    ),
    swap(
        "first_rater",
        "You leave one rater out.",
        votes=lambda trials: dict(list(votes_for_a(trials).items())[1:]),
    ),
    swap("first_rater", "", votes=lambda trials: dict(list(votes_for_a(trials).items())[:-1])),
    swap(
        "runs",
        "You begin a new rater wherever the name changes. The trials of a rater need not stand "
        "together: collect them by name.",
        votes=votes_of_each_run,
    ),
    swap(
        "eager_raters",
        "You leave out raters who were silent once. Leave out the trial, keep the rater.",
        votes=votes_of_the_eager,
    ),
    swap(
        "sums",
        "You count the votes for A. Raters answer unequally often: take each one's share.",
        shares=lambda votes: [sum(each) for each in votes.values()],
    ),
    # the mean in units of its error
    swap(
        "population",
        "Your deviation divides by the number of raters R. Estimated from them, it divides by R - "
        "1.",
        t=lambda shares: t_of(shares, population_deviation),
    ),
    swap("against_0", "You test against 0. Nobody prefers anything at 1/2.", t=against_zero),
    swap(
        "no_root",
        "You divide by the deviation of ONE rater. The mean of R varies less, by the root of R.",
        t=without_root,
    ),
    swap(
        "by_R",
        "You divide the deviation by R. It shrinks with the root of R.",
        t=lambda shares: t_of(shares) * sqrt(len(shares)),
    ),
    swap(
        "coins",
        "You take the width of fair coins. How far raters differ, the shares themselves say.",
        t=by_coins,
    ),
    swap(
        "variance",
        "You divide by the variance of the shares. The standard deviation is its root.",
        t=lambda shares: t_of(shares, lambda shares: sample_deviation(shares) ** 2),
    ),
    swap("size_of_t", "Your t has lost its sign.", t=lambda shares: abs(t_of(shares))),
    after("other_order", "Asked is the mean first, then t.", lambda result: result[::-1]),
    after("difference", "You return the mean less 1/2.", lambda r: (r[0] - 0.5, r[1])),
]

STUDY = function_task(
    "17.3",
    read_study,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The side is decoded, silence is left out, and a rater counts once.",
    hints=(
        "A vote is for A if the side that was picked is the side where A stood. Leave out trials "
        "with None.",
        "Collect the votes of each rater: votes.setdefault(rater, []).append(picked == side). One "
        "share a rater, then their mean.",
        "shares = torch.tensor([sum(v) / len(v) for v in votes.values()]); mean = shares.mean(); "
        "return mean, (mean - 0.5) / (shares.std() / len(shares) ** 0.5).",
    ),
)
