"""How often a study finds something: by many simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.people.asked import share, whole

__all__ = ["Studies", "power", "simulate_studies"]

Test = Literal["pooled", "over raters"]
TESTS = ("pooled", "over raters")


@dataclass(frozen=True, eq=False)
class Studies:
    """Many simulated studies of two methods, A and B.

    Parameters
    ----------
    counts : array (D, R)
        How often each rater of each study chose A.
    trials : int
        Of each rater.
    p : array (D,)
        What the test says of each study.
    """

    counts: np.ndarray
    trials: int
    p: np.ndarray

    def __repr__(self) -> str:
        return brief(self)

    @property
    def shares(self) -> np.ndarray:
        """The share of A in each study, (D,)."""
        return self.counts.mean(1) / self.trials

    def found(self, level: float = 0.05) -> float:
        """Return the share of studies whose p is at most the level."""
        return float((self.p <= level).mean())


@suggest_names
def simulate_studies(
    taste: float = 0.5,
    trials: int = 20,
    *,
    raters: int = 1,
    spread: float = 0.0,
    left: float = 0.5,
    lapse: float = 0.0,
    shuffled: bool = True,
    test: Test = "pooled",
    draws: int = 2000,
    seed: int = 0,
) -> Studies:
    r"""Simulate many forced choices between A and B, and test each.

    .. math:: \log \frac{P(A)}{P(B)} = \log \frac{\text{taste}}{1 - \text{taste}}
              \pm \log \frac{\text{left}}{1 - \text{left}} + \text{spread} \cdot z

    with plus where A is on the left, and z standard normal, one a rater.

    Parameters
    ----------
    taste : float
        How often A is preferred by the median rater, between 0 and 1.
    trials : int
        Of each rater.
    raters : int
        Of each study.
    spread : float
        How much the raters' tastes differ: the standard deviation of their log odds. 1 makes of
        .5 a taste from .27 to .73 for two thirds of them.
    left : float
        How often the left is chosen between equal maps.
    lapse : float
        How often a side is chosen by the toss of a coin.
    shuffled : bool
        Whether sides are random; otherwise A is always on the left.
    test : str
        "pooled": the exact binomial test of all choices in one heap; "over raters": the t test of
        the raters' shares, which needs two or more.
    draws : int
        Number of studies.
    seed : int
        Another seed draws other studies.

    Returns
    -------
    Studies
        Counts, and p of each study.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or `test` is not known.

    Examples
    --------
    >>> import xaicourse as xc
    >>> one_sided = xc.people.simulate_studies(left=0.7, shuffled=False)
    >>> shuffled = xc.people.simulate_studies(left=0.7)
    >>> round(one_sided.found(), 1), round(shuffled.found(), 1)
    (0.4, 0.0)
    """
    taste, left = share("taste", taste, open_=True), share("left", left, open_=True)
    lapse = share("lapse", lapse)
    trials, raters = whole("trials", trials, 1), whole("raters", raters, 1)
    draws = whole("draws", draws, 1)
    if not 0 <= spread < np.inf:
        raise ValueError(f"spread must be a number of at least 0, got {spread!r}")
    if test not in TESTS:
        raise ValueError(f"test must be one of {', '.join(TESTS)}, got {test!r}")
    if test == "over raters" and raters < 2:
        raise ValueError("raters must be 2 or more to be tested over raters, got 1")
    random = np.random.default_rng(whole("seed", seed, 0))
    own = np.log(taste / (1 - taste)) + spread * random.standard_normal((draws, raters))
    a_left = random.binomial(trials, 0.5, own.shape) if shuffled else np.full(own.shape, trials)
    side = np.log(left / (1 - left))
    on_left, on_right = (
        (1 - lapse) / (1 + np.exp(-(own + sign * side))) + lapse / 2 for sign in (1, -1)
    )
    counts = random.binomial(a_left, on_left) + random.binomial(trials - a_left, on_right)
    p = _exact(counts.sum(1), trials * raters) if test == "pooled" else _student(counts / trials)
    return Studies(counts, trials, p)


def power(taste: float, trials: int, *, level: float = 0.05, **simulated: object) -> float:
    """Return how often a study would find that A is preferred to B, or B to A.

    With a taste of .5 and no other taste it is the share of false alarms.

    Parameters
    ----------
    taste, trials : float, int
        As for `simulate_studies`.
    level : float
        A study finds something if its p is at most this.
    **simulated : object
        Further keywords of `simulate_studies`.

    Returns
    -------
    float
        A share of all studies.

    Raises
    ------
    ValueError, TypeError
        As for `simulate_studies`.

    Examples
    --------
    >>> import xaicourse as xc
    >>> [round(xc.people.power(0.7, trials), 1) for trials in (20, 40, 100)]
    [0.4, 0.7, 1.0]
    """
    level = share("level", level, open_=True)
    return simulate_studies(taste, trials, **simulated).found(level)  # type: ignore[arg-type]


def _exact(k: np.ndarray, n: int) -> np.ndarray:
    """Return p of the exact two-sided test against 1/2, where both tails are alike."""
    from scipy import stats

    return np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(k, n - k), n, 0.5))


def _student(shares: np.ndarray) -> np.ndarray:
    """Return p of the t test over raters; 1 where no spread is seen."""
    from scipy import stats

    raters = shares.shape[1]
    spread = shares.std(1, ddof=1)
    alike = spread < 1e-12
    t = (shares.mean(1) - 0.5) * raters**0.5 / np.where(alike, 1.0, spread)
    return np.where(alike, 1.0, 2 * stats.t.sf(np.abs(t), raters - 1))
