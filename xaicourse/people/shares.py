"""How often one method was preferred: exactly, with an interval, and over people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from xaicourse.core.near_names import suggest_names
from xaicourse.people.answers import Answer
from xaicourse.people.asked import different, share, whole
from xaicourse.people.trials import CATCH, LEFT, NEITHER

__all__ = ["Choices", "OverRaters", "Share", "analyse_choices", "over_raters", "share_of"]


class Share(NamedTuple):
    """A number of cases out of all, with its interval and its probability.

    Parameters
    ----------
    k, n : int
        How many of how many.
    share : float
        k / n; NaN if n is 0.
    low, high : float
        Wilson's interval of the share.
    p : float
        The probability of a count at least as unlikely as k, if the true share is the expected
        one: the exact two-sided binomial test.
    """

    k: int
    n: int
    share: float
    low: float
    high: float
    p: float


@suggest_names
def share_of(k: int, n: int, *, expected: float = 0.5, level: float = 0.95) -> Share:
    r"""Return the share k of n with Wilson's interval and the exact two-sided binomial test.

    .. math:: p = \sum_{j : P(j) \le P(k)} P(j), \quad P(j) = \binom{n}{j} q^j (1 - q)^{n - j}

    with q the expected share.

    Parameters
    ----------
    k, n : int
        How many of how many.
    expected : float
        The share q if nothing but chance decides.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    Share
        k, n, share, low, high, p.

    Raises
    ------
    ValueError, TypeError
        If k is not from 0 to n, or `expected` or `level` is no share.

    Examples
    --------
    >>> import xaicourse as xc
    >>> found = xc.people.share_of(15, 20)
    >>> round(found.p, 3), round(found.low, 2), round(found.high, 2)
    (0.041, 0.53, 0.89)
    """
    from scipy import stats  # a second to import

    n = whole("n", n, 0)
    k = whole("k", k, 0, n)
    expected, level = share("expected", expected), share("level", level, open_=True)
    if n == 0:
        return Share(0, 0, np.nan, 0.0, 1.0, 1.0)
    test = stats.binomtest(k, n, expected)
    ends = test.proportion_ci(level, method="wilson")
    return Share(k, n, k / n, float(ends.low), float(ends.high), float(test.pvalue))


class OverRaters(NamedTuple):
    """The mean of one number for each rater, with Student's interval and t test.

    Parameters
    ----------
    raters : int
        How many raters.
    mean : float
        The mean of their numbers.
    low, high : float
        Student's interval of the mean; infinite for one rater.
    t, p : float
        Of the two-sided t test; NaN where no spread is seen: one rater, or all alike.
    """

    raters: int
    mean: float
    low: float
    high: float
    t: float
    p: float


@suggest_names
def over_raters(
    values: Sequence[float], *, expected: float = 0.5, level: float = 0.95
) -> OverRaters:
    r"""Return the mean of one number a rater, with Student's interval and t test.

    .. math:: t = \sqrt{R} \, (m - \mu) / s

    with m and s the mean and the standard deviation of R numbers. The raters are the sample: what
    is claimed of people in general must hold from rater to rater. Where all raters see the same
    few pictures, a picture's own effect is shared, and the test finds too much.

    Parameters
    ----------
    values : sequence of float (R,)
        One number a rater, such as the share of one method.
    expected : float
        The mean if nothing but chance decides.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    OverRaters
        raters, mean, low, high, t, p.

    Raises
    ------
    ValueError
        If there is no number, or one is not finite.

    Examples
    --------
    >>> import xaicourse as xc
    >>> found = xc.people.over_raters([0.9, 0.8, 0.9, 0.1, 1.0])
    >>> round(found.mean, 2), round(found.t, 2), round(found.p, 2)
    (0.74, 1.47, 0.22)
    """
    from scipy import stats

    level = share("level", level, open_=True)
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise ValueError(f"values must be finite numbers, one a rater, got {values!r}")
    count, mean = len(numbers), float(numbers.mean())
    if count == 1:
        return OverRaters(1, mean, -np.inf, np.inf, np.nan, np.nan)
    if np.ptp(numbers) == 0:
        return OverRaters(count, mean, mean, mean, np.nan, np.nan)
    test: Any = stats.ttest_1samp(numbers, expected)
    ends = test.confidence_interval(level)
    return OverRaters(
        count, mean, float(ends.low), float(ends.high), float(test.statistic), float(test.pvalue)
    )


@dataclass(frozen=True)
class Choices:
    """What the answers to a forced choice between two methods say.

    Parameters
    ----------
    methods : (str, str)
        The two methods; every share is that of the first.
    pooled : Share
        Of all choices in one heap; its p is right for one rater only.
    by_rater : dict of int to Share
        Each rater's own.
    over_raters : OverRaters or None
        The raters' shares as a sample; None if nobody chose.
    left : Share
        How often the map on the left was chosen, catch pairs left out.
    silent : int
        How often nobody could tell; counted nowhere else.
    caught : dict of int to int
        Rater -> how many catch pairs were answered wrongly, "cannot tell" counted.
    left_out : tuple of int
        The raters whose answers are counted nowhere, since they failed a catch pair.
    """

    methods: tuple[str, str]
    pooled: Share
    by_rater: Mapping[int, Share]
    over_raters: OverRaters | None
    left: Share
    silent: int
    caught: Mapping[int, int]
    left_out: tuple[int, ...]


@suggest_names
def analyse_choices(
    answers: Iterable[Answer], methods: Sequence[str], *, most_caught: int = 0
) -> Choices:
    """Analyse a forced choice: which of two methods was preferred, and how surely.

    A choice counts for the method whose map stood on the chosen side. Whoever answers more than
    `most_caught` catch pairs wrongly is left out; say so before you look at the answers.

    Parameters
    ----------
    answers : iterable of Answer
        For example ``Answers.all()``; those about other methods are not counted.
    methods : (str, str)
        The two methods; the shares are those of the first.
    most_caught : int
        How many wrong catch pairs a rater may have.

    Returns
    -------
    Choices
        Pooled, by rater and over raters.

    Raises
    ------
    ValueError, TypeError
        If methods are not two, or the answers are about neither of them.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.forced_choice(range(20), ["ig", "edges"], raters=1)
    >>> rater = xc.people.SimulatedRater({"ig": 7, "edges": 3})
    >>> found = xc.people.analyse_choices(rater.answers(study, 1), study.methods)
    >>> found.pooled.k, found.pooled.n, found.left.k
    (18, 20, 8)
    """
    pair = different("methods", methods, 2)
    if len(pair) != 2:
        raise ValueError(f"methods must be two, got {len(pair)}: analyse one pair after another")
    most_caught, every = whole("most_caught", most_caught, 0), list(answers)
    caught = caught_by(every)
    left_out = tuple(sorted(rater for rater, wrong in caught.items() if wrong > most_caught))
    shown = [a for a in every if {a.trial.left, a.trial.right} == set(pair)]
    if every and not shown:
        raise ValueError(f"methods are {' and '.join(pair)}; no answer is about this pair")
    shown = [a for a in shown if a.trial.rater not in left_out]
    told = [a for a in shown if a.choice != NEITHER]
    votes: dict[int, list[bool]] = {}
    for trial, choice in told:
        votes.setdefault(trial.rater, []).append(trial.chosen(choice) == pair[0])
    by_rater = {rater: share_of(sum(own), len(own)) for rater, own in sorted(votes.items())}
    shares = [own.share for own in by_rater.values()]
    return Choices(
        methods=pair,  # type: ignore[arg-type]
        pooled=share_of(sum(own.k for own in by_rater.values()), len(told)),
        by_rater=by_rater,
        over_raters=over_raters(shares) if shares else None,
        left=share_of(sum(answer.choice == LEFT for answer in told), len(told)),
        silent=len(shown) - len(told),
        caught=caught,
        left_out=left_out,
    )


def caught_by(answers: Iterable[Answer]) -> dict[int, int]:
    """Return rater -> number of catch pairs that were not answered with the map that is whole."""
    caught: dict[int, int] = {}
    for trial, choice in answers:
        wrong = trial.catch and trial.chosen(choice) in (CATCH, None)
        caught[trial.rater] = caught.get(trial.rater, 0) + wrong
    return caught
