"""How surprising a count of votes is if nobody prefers anything, and wrong answers (17.2)."""

from math import comb, erfc, sqrt


def chance_of(k, n):
    """Return the probability of k votes of n by fair coins."""
    return comb(n, k) / 2**n


def at_least(k, n):
    """Return the probability of k votes or more."""
    return sum(chance_of(i, n) for i in range(k, n + 1))


def tail(k, n):
    """Return the probability of a count as far on the same side."""
    return at_least(max(k, n - k), n)


def both_sides(one, k, n):
    """Count the other side, too; both tails overlap in the middle alone."""
    return min(1.0, 2 * one)


def exact_p(k, n, *, one=tail, sides=both_sides):
    """Return the two-sided exact p-value of k votes of n against fair coins."""
    return sides(one(k, n), k, n)


# ---------------------------------------------------------------- wrong ones


def strictly_more(k, n):
    """Leave out the count itself."""
    return at_least(max(k, n - k) + 1, n)


def normal(k, n, correction=0.0):
    """Take the normal curve of the same mean and width."""
    z = max(abs(k - n / 2) - correction, 0) / sqrt(n / 4)
    return erfc(z / sqrt(2))


def of_estimated_width(k, n):
    """Take the width at k / n instead of 1 / 2."""
    p = k / n
    if p in (0, 1):
        return 0.0
    return erfc(abs(p - 0.5) / sqrt(p * (1 - p) / n) / sqrt(2))
