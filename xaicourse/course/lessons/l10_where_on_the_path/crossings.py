"""The first place past a share of the rise, and other places (task 10.1)."""

from itertools import product
from operator import gt

import torch

from xaicourse.course.grading.mistakes import swap


def of_the_rise(scores):
    """Return which share of the rise is reached at each place, (K,)."""
    return (scores - scores[0]) / (scores[-1] - scores[0])


def first_past(past):
    """Return the first place that is past."""
    return past.index(True)


def no_rise(scores):
    """Say whether first and last score are equal."""
    return bool(scores[-1] == scores[0])


def crossing(scores, share, *, level=of_the_rise, test=gt, choose=first_past, none=no_rise):
    """Return the first index at which more than a share of the rise is reached, or None."""
    if none(scores):
        return None
    return choose([test(float(reached), share) for reached in level(scores)])


def first_or_last(past):
    """Return the first place that is past, or the last of all where none is."""
    return past.index(True) if any(past) else len(past) - 1


def first_or_none(past):
    """Return the first place that is past, as a loop does: None where none is."""
    return past.index(True) if any(past) else None


def first_or_zero(past):
    """Return the first place that is past, as argmax does: 0 where none is."""
    return past.index(True) if any(past) else 0


def fall_after_last(past):
    """Return the place from which on all are past."""
    return len(past) - past[::-1].index(False)


FIRSTS = (first_or_last, first_or_none, first_or_zero)


def in_all_forms(name, says, level, firsts=FIRSTS):
    """Return another level, as a loop and as argmax, with and without the test for no rise."""
    return [
        swap(name, "" if k else says, level=level, choose=choose, none=none)
        for k, (none, choose) in enumerate(product((no_rise, lambda scores: False), firsts))
    ]


def summed_sizes(scores):
    """Return the share of all changes, by size, up to each place."""
    sums = torch.cat([scores[:1] * 0, scores.diff().abs().cumsum(0)])
    return sums / sums[-1]


def share_of_the_start(scores, share):
    """Wait in a fall until the score is below a share of the first one."""
    if no_rise(scores):
        return None
    if scores[-1] > scores[0]:
        return crossing(scores, share)
    return first_or_none([bool(score < share * scores[0]) for score in scores])


def one_sided(scores, share, choose=first_or_last, none=no_rise):
    """Compare scores with a bar, whatever the direction."""
    bar = scores[0] + share * (scores[-1] - scores[0])
    return None if none(scores) else choose([bool(score > bar) for score in scores])


def binary_search(scores, share):
    """Halve the path again and again."""
    if no_rise(scores):
        return None
    bar = torch.tensor(share, dtype=scores.dtype)
    return int(torch.searchsorted(of_the_rise(scores), bar, right=True))


def nearest(scores, share):
    """Return the place where the level is nearest to the share."""
    if scores[-1] == scores[0]:
        return None
    return int((of_the_rise(scores) - share).abs().argmin())
