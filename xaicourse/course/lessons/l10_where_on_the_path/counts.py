"""Whole numbers by the largest remainder, and by other rules (task 10.3)."""

import torch


def sizes(scores):
    """Return the size of the change in each piece."""
    return scores.diff().abs()


def by_remainder(whole, wanted, change):
    """Return the pieces in the order in which they get one more."""
    return (wanted - whole).argsort(descending=True, stable=True)


def largest_remainder(wanted, change, M, order=by_remainder):
    """Round down, then give one more to the pieces with the largest remainder."""
    whole = wanted.floor()
    first = order(whole, wanted, change)[: M - int(whole.sum())]
    whole[first] += 1
    return whole


def spread(scores, M, *, size=sizes, finish=largest_remainder):
    """Return how many of M gradients each piece gets, whole numbers (len(scores) - 1,)."""
    change = size(scores.double())
    return finish(M * change / change.sum(), change, M)


def all_to(choose):
    """Return the rule that gives all that is left to one piece."""

    def finish(wanted, change, M):
        whole = wanted.floor()
        whole[choose(wanted, change)] += M - whole.sum()
        return whole

    return finish


def finish_by(order):
    """Return another order in which the pieces get one more."""
    return lambda wanted, change, M: largest_remainder(wanted, change, M, order)


def at_least_one(scores, M):
    """Give each piece one, and spread the rest."""
    change = sizes(scores.double())
    pieces = len(change)
    if pieces >= M:
        return torch.ones(pieces)
    left = M - pieces
    return 1 + largest_remainder(left * change / change.sum(), change, left)


def negative_rest(scores, M):
    """Give each piece one, and the rest even if it is below 0."""
    change, left = sizes(scores.double()), M - len(scores) + 1
    return 1 + largest_remainder(left * change / change.sum(), change, left)


def over_the_rise(scores, M, at_least=None):
    """Divide by the rise instead of all changes."""
    change = sizes(scores.double())
    wanted = M * change / abs(scores[-1] - scores[0])
    whole = wanted.floor()
    left = M - int(whole.sum())
    first = by_remainder(whole, wanted, change)
    whole[first[: left if at_least is None else max(left, at_least)]] += 1
    return whole


def below_zero(scores, M):
    """Keep the sign of the change, and divide by the sum of the sizes."""
    change = scores.double().diff()
    return largest_remainder(M * change / change.abs().sum(), change, M)


def rounded_sums(wanted, change, M):
    """Round the running sum."""
    ends = wanted.cumsum(0).round()
    return torch.cat([ends[:1], ends.diff()])


def mended(place):
    """Round each count, and put what is missing into one piece."""

    def finish(wanted, change, M):
        whole = wanted.round()
        whole[place(change)] += M - whole.sum()
        return whole

    return finish


def one_by_one(wanted, change, M):
    """Give each one to the piece with the largest change for each of its gradients."""
    whole = torch.zeros_like(wanted)
    for _ in range(M):
        whole[(change / (whole + 1)).argmax()] += 1
    return whole


def order_for_rank(wanted, change, M):
    """Take the order of the pieces for their ranks."""
    whole = wanted.floor()
    return whole + (by_remainder(whole, wanted, change) < M - whole.sum())


def empty_first(whole, wanted, change):
    """Pieces that have none come first, then by their change."""
    return (change + 1e6 * (whole == 0)).argsort(descending=True, stable=True)
