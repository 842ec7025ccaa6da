"""Bradley and Terry's model: one strength a method, from choices between two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.people.answers import Answer
from xaicourse.people.asked import different

__all__ = ["Strengths", "bradley_terry", "count_wins"]


@dataclass(frozen=True, eq=False)
class Strengths:
    """The strengths of methods; only their differences have a meaning.

    Parameters
    ----------
    names : tuple of str
        The methods.
    values : array (M,)
        Their strengths; their mean is 0.
    covariance : array (M, M)
        Of the strengths, by the curvature of the likelihood.
    """

    names: tuple[str, ...]
    values: np.ndarray
    covariance: np.ndarray

    def __repr__(self) -> str:
        return brief(self)

    def difference(self, one: str, other: str) -> tuple[float, float]:
        """Return the difference of two strengths, the log of the odds, and its standard error.

        Raises
        ------
        ValueError
            If a name is not known.
        """
        unknown = [name for name in (one, other) if name not in self.names]
        if unknown:
            raise ValueError(f"there is no {unknown[0]!r}; names are {', '.join(self.names)}")
        i, j = self.names.index(one), self.names.index(other)
        c = self.covariance
        spread = max(c[i, i] + c[j, j] - 2 * c[i, j], 0.0)
        return float(self.values[i] - self.values[j]), float(spread**0.5)

    def probability(self, one: str, other: str) -> float:
        """Return the probability that one is preferred to the other."""
        return float(1 / (1 + np.exp(-self.difference(one, other)[0])))


def count_wins(answers: Iterable[Answer], methods: Sequence[str]) -> np.ndarray:
    """Return how often each method was preferred to each other.

    Parameters
    ----------
    answers : iterable of Answer
        To a forced choice; catch pairs and "cannot tell" are not counted.
    methods : sequence of str
        The methods, in the order of lines and columns.

    Returns
    -------
    array (M, M)
        Line i, column j: how often i was preferred to j.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.forced_choice(range(20), ["a", "b", "c"])
    >>> rater = xc.people.SimulatedRater({"a": 4, "b": 2, "c": 1})
    >>> xc.people.count_wins(rater.answers(study, 1), study.methods).sum()
    np.int64(60)
    """
    methods = different("methods", methods, 2)
    wins = np.zeros((len(methods), len(methods)), dtype=int)
    for trial, choice in answers:
        winner = trial.chosen(choice)
        if winner in methods and {trial.left, trial.right} <= set(methods):
            loser = trial.right if winner == trial.left else trial.left
            wins[methods.index(winner), methods.index(loser)] += 1
    return wins


@suggest_names
def bradley_terry(
    wins: Any, names: Sequence[str] | None = None, *, prior: float = 0.0
) -> Strengths:
    r"""Fit the model of Bradley and Terry by maximum likelihood.

    .. math:: P(i \text{ preferred to } j) = \frac{1}{1 + e^{s_j - s_i}}, \quad
              \ell(s) = \sum_{i \ne j} w_{ij} \log P(i \text{ preferred to } j)

    It orders methods that were not all compared with each other. It cannot show a circle (a beats
    b, b beats c, c beats a): all come out equal. Compare its probabilities with the raw shares.

    Parameters
    ----------
    wins : array (M, M)
        Line i, column j: how often i was preferred to j.
    names : sequence of str, optional
        Of the methods; by default "1", "2", ...
    prior : float
        Choices that are added to each pair, in both directions. 0 adds none, and refuses wins for
        which no maximum exists; more pulls all strengths together.

    Returns
    -------
    Strengths
        With differences, their standard errors and probabilities.

    Raises
    ------
    ValueError
        If `wins` is no square of counts, or names are not M; if some methods never lost to the
        others, or were never compared with them, since their strengths then have no maximum.

    References
    ----------
    R. A. Bradley, M. E. Terry, 1952, Biometrika 39(3/4). When a maximum exists: L. R. Ford, 1957,
    American Mathematical Monthly 64(8).

    Examples
    --------
    >>> import xaicourse as xc
    >>> found = xc.people.bradley_terry([[0, 14], [6, 0]], ["ig", "edges"])
    >>> round(found.difference("ig", "edges")[0], 3)  # log(14 / 6)
    0.847
    """
    counts = _counts(wins, prior)
    size = len(counts)
    known = different("names", names or tuple(str(k + 1) for k in range(size)), 1)
    if len(known) != size:
        raise ValueError(f"names must be {size}, one a line of wins, got {len(known)}")
    _check_maximum(counts, known)
    values = _maximum(counts)
    covariance = np.linalg.pinv(_curvature(values, counts), hermitian=True)
    return Strengths(known, values, covariance)


def _counts(wins: Any, prior: float) -> np.ndarray:
    """Return the wins, with those of the prior."""
    counts = np.array(wins, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise ValueError(f"wins must be a square, (M, M) with M >= 2, got shape {counts.shape}")
    if not np.isfinite(counts).all() or (counts < 0).any() or np.diag(counts).any():
        raise ValueError("wins must hold counts of at least 0, and 0 on the diagonal")
    if not np.isfinite(prior) or prior < 0:
        raise ValueError(f"prior must be a number of at least 0, got {prior!r}")
    return counts + prior * (1 - np.eye(len(counts)))


def _check_maximum(counts: np.ndarray, names: tuple[str, ...]) -> None:
    """Raise unless from each method a chain of wins leads to each other."""
    from scipy.sparse.csgraph import connected_components

    groups, group = connected_components(counts > 0, connection="strong")
    if groups == 1:
        return
    for one in range(groups):
        inside = group == one
        if not counts[~inside][:, inside].any():  # nobody outside ever won against it
            best = ", ".join(name for name, member in zip(names, inside, strict=True) if member)
            raise ValueError(
                f"wins have no maximum: {best} never lost to the others, so the likelihood grows "
                "without end. Ask more raters, or state a prior such as prior=0.5"
            )


def _maximum(counts: np.ndarray) -> np.ndarray:
    """Return the strengths, with mean 0, at which the likelihood is largest."""
    from scipy.optimize import minimize

    def loss(s: np.ndarray) -> float:
        return float((counts * np.logaddexp(0, s[None, :] - s[:, None])).sum())

    def slope(s: np.ndarray) -> np.ndarray:
        return _games(counts, s).sum(1) - counts.sum(1)  # expected minus observed wins

    def bend(s: np.ndarray) -> np.ndarray:
        return _curvature(s, counts) + 1 / len(counts)  # flat along the mean, which changes nothing

    start = np.zeros(len(counts))
    found = minimize(
        loss, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-9}
    )
    return found.x - found.x.mean()


def _games(counts: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Return how many wins of i against j the strengths promise."""
    return (counts + counts.T) / (1 + np.exp(s[None, :] - s[:, None]))


def _curvature(s: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the second derivatives of the negative log-likelihood."""
    p = 1 / (1 + np.exp(s[None, :] - s[:, None]))
    weight = (counts + counts.T) * p * (1 - p)
    np.fill_diagonal(weight, 0.0)
    return np.diag(weight.sum(1)) - weight
