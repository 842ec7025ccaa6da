"""What trials of a forced choice say, and wrong ways to read them (task 17.3).

A trial is (rater, item, where A stood, which side was picked): sides are "left" and "right", and a
rater who did not answer picked None.
"""

import math
from collections import defaultdict


def votes_for_a(trials):
    """Return rater -> 1 (picked A) or 0 for each answer; who is silent said nothing."""
    found = defaultdict(list)
    for rater, _, side, picked in trials:
        if picked is not None:
            found[rater].append(float(picked == side))
    return found


def share_of_each(votes):
    """Return the share of A, one number a rater."""
    return [sum(each) / len(each) for each in votes.values()]


def sample_deviation(shares):
    """Return the standard deviation of the raters, estimated from them."""
    mean = sum(shares) / len(shares)
    return math.sqrt(sum((s - mean) ** 2 for s in shares) / (len(shares) - 1))


def t_of(shares, deviation=sample_deviation):
    """Return how many standard errors the mean share lies above one half."""
    mean = sum(shares) / len(shares)
    return (mean - 0.5) / max(deviation(shares) / math.sqrt(len(shares)), 1e-9)


def read_study(trials, *, votes=votes_for_a, shares=share_of_each, average=None, t=t_of):
    """Return the mean share of A over raters, and its t against one half."""
    each = shares(votes(trials))
    mean = average(votes(trials)) if average else sum(each) / len(each)
    return mean, t(each)


# ---------------------------------------------------------------- wrong ways


def votes_by(decode, keep_silence=False, unit=0):
    """Return another way to read the votes: what an answer counts, and by what it is grouped."""

    def votes(trials):
        found = defaultdict(list)
        for trial in trials:
            if trial[3] is not None or keep_silence:
                found[trial[unit]].append(float(decode(trial[2], trial[3])))
        return found

    return votes


def votes_of_each_run(trials):
    """Begin a new rater wherever the name changes."""
    found, before = [], None
    for rater, _, side, picked in trials:
        if picked is None:
            continue
        if rater != before:
            found.append([])
        found[-1].append(float(picked == side))
        before = rater
    return dict(enumerate(found))


def votes_of_the_eager(trials):
    """Leave out who was silent once."""
    silent = {rater for rater, _, _, picked in trials if picked is None}
    return votes_for_a([trial for trial in trials if trial[0] not in silent] or trials)


def pooled(votes):
    """Return all votes in one list."""
    return [vote for each in votes.values() for vote in each]


def pooled_share(votes):
    """Return the share of A among all votes."""
    return sum(pooled(votes)) / len(pooled(votes))


def winners(votes):
    """Return 1 for a rater who prefers A, 0 for one who does not, 1/2 where both are equal."""
    return [0.5 + 0.5 * ((s > 0.5) - (s < 0.5)) for s in share_of_each(votes)]


def population_deviation(shares):
    """Divide by the number of raters, instead of one less."""
    return sample_deviation(shares) * math.sqrt((len(shares) - 1) / len(shares))


def against_zero(shares):
    """Test against 0, which no share of votes would be."""
    mean = sum(shares) / len(shares)
    return mean / max(sample_deviation(shares) / math.sqrt(len(shares)), 1e-9)


def without_root(shares):
    """Divide by the deviation of one rater."""
    return (sum(shares) / len(shares) - 0.5) / max(sample_deviation(shares), 1e-9)


def by_coins(shares):
    """Take the width of fair coins."""
    return (sum(shares) / len(shares) - 0.5) / math.sqrt(0.25 / len(shares))


def by_votes(votes):
    """Take the width of a share of these votes, p (1 - p) / n."""
    mean = sum(votes) / len(votes)
    return (mean - 0.5) / max(math.sqrt(mean * (1 - mean) / len(votes)), 1e-9)
