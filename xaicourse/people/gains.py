"""Simulatability: what raters gain by the model's map, beside what a control gives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xaicourse.people.answers import Answer
from xaicourse.people.asked import whole
from xaicourse.people.shares import OverRaters, Share, over_raters, share_of
from xaicourse.people.simulatability import CONTROL, MAP, WITHOUT, Simulatability

__all__ = ["Gain", "Gains", "analyse_guesses", "mcnemar"]


class Gain(NamedTuple):
    """Accuracy without and with a map, of the same raters on the same items.

    Parameters
    ----------
    without, with_ : float
        The share of right guesses.
    gain : float
        with_ - without.
    better, worse : int
        Guesses that the map mended, and that it spoiled.
    p : float
        Of McNemar's exact test: one rater's guesses, or none that hang together.
    """

    without: float
    with_: float
    gain: float
    better: int
    worse: int
    p: float


@dataclass(frozen=True)
class Gains:
    """What the answers to a simulatability study say.

    Parameters
    ----------
    map, control : Gain
        By the model's map, and by the map that never saw the model.
    beyond : OverRaters or None
        Each rater's gain by the map minus that by the control, against 0; None if nobody saw both.
    drawn : Share or None
        Where the map was drawn for another class than the model said: how often raters guessed
        the class that was drawn. None if there are no such guesses.
    warning : str
        What may spoil the result; "" for nothing that is known.
    """

    map: Gain
    control: Gain
    beyond: OverRaters | None
    drawn: Share | None
    warning: str


def mcnemar(better: int, worse: int) -> float:
    r"""Return p of McNemar's exact test: changes to the better or to the worse.

    .. math:: p = P(|X - n / 2| \ge |b - n / 2|), \quad X \sim B(n = b + c, 1 / 2)

    with b guesses that became right and c that became wrong. Those that stayed as they were say
    nothing.

    Parameters
    ----------
    better, worse : int
        b and c.

    Returns
    -------
    float
        p; 1 where nothing changed.

    Raises
    ------
    ValueError, TypeError
        If a number is negative, or none.

    Examples
    --------
    >>> import xaicourse as xc
    >>> round(xc.people.mcnemar(9, 1), 4)
    0.0215
    """
    better, worse = whole("better", better, 0), whole("worse", worse, 0)
    return share_of(better, better + worse).p


def analyse_guesses(answers: Iterable[Answer], study: Simulatability) -> Gains:
    """Analyse a simulatability study: the gain by the map, beside the gain by the control.

    A map's gain alone proves little: a second look helps, too, and a map that was drawn for the
    class to be guessed may only tell that class. What counts is the gain beyond the control, and
    that raters do not follow the class that was drawn.

    Parameters
    ----------
    answers : iterable of Answer
        For example ``Answers.all()``. An item counts once a rater has guessed it twice.
    study : Simulatability
        Whose answers they are.

    Returns
    -------
    Gains
        By the map, by the control, and beyond it.

    Raises
    ------
    TypeError
        If `study` was not made by `simulatability`.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.simulatability(range(40), ["cat", "dog"] * 20, drawn=None)
    >>> reader = xc.people.SimulatedReader({"without": 0.6, "map": 0.9, "control": 0.6})
    >>> answers = [*reader.answers(study, 1), *reader.answers(study, 2)]
    >>> found = xc.people.analyse_guesses(answers, study)
    >>> round(found.map.gain, 2), round(found.control.gain, 2)
    (0.32, -0.1)
    """
    if not isinstance(study, Simulatability):
        raise TypeError(f"study must be made by simulatability, got {type(study).__name__}")
    said = dict(zip(study.items, study.outputs, strict=True))
    guessed = {(a.trial.rater, a.trial.item, a.trial.condition): a.choice for a in answers}
    pairs: dict[str, list[tuple[int, bool, bool]]] = {MAP: [], CONTROL: []}  # rater, before, after
    for (rater, item, condition), choice in guessed.items():
        before = guessed.get((rater, item, WITHOUT))
        if condition != WITHOUT and before is not None:
            pairs[condition].append((rater, before == said[item], choice == said[item]))
    drawn = _followed(guessed, study)
    return Gains(
        map=_gain(pairs[MAP]),
        control=_gain(pairs[CONTROL]),
        beyond=_beyond(pairs),
        drawn=drawn,
        warning=_warning(study, drawn),
    )


def _gain(pairs: list[tuple[int, bool, bool]]) -> Gain:
    """Return the gain of one condition."""
    if not pairs:
        return Gain(np.nan, np.nan, np.nan, 0, 0, 1.0)
    _, before, after = np.asarray(pairs).T.astype(bool)
    better, worse = int((after & ~before).sum()), int((before & ~after).sum())
    without, with_ = float(before.mean()), float(after.mean())
    return Gain(without, with_, with_ - without, better, worse, mcnemar(better, worse))


def _beyond(pairs: dict[str, list[tuple[int, bool, bool]]]) -> OverRaters | None:
    """Return each rater's gain by the map minus that by the control, as a sample."""
    raters = sorted({pair[0] for pair in pairs[MAP]} & {pair[0] for pair in pairs[CONTROL]})
    differences = []
    for rater in raters:
        own = {name: _gain([p for p in pairs[name] if p[0] == rater]).gain for name in pairs}
        differences.append(own[MAP] - own[CONTROL])
    return over_raters(differences, expected=0.0) if differences else None


def _followed(
    guessed: dict[tuple[int, str | int, str], str], study: Simulatability
) -> Share | None:
    """Return how often a rater guessed the drawn class where the model said another."""
    if study.drawn is None:
        return None
    classes = zip(study.drawn, study.outputs, strict=True)
    other = {
        item: drawn
        for item, (drawn, said) in zip(study.items, classes, strict=True)
        if drawn != said
    }
    followed = [
        choice == other[item]
        for (_, item, condition), choice in guessed.items()
        if condition == MAP and item in other
    ]
    expected = 1 / len(study.choices)
    return share_of(sum(followed), len(followed), expected=expected) if followed else None


def _warning(study: Simulatability, drawn: Share | None) -> str:
    """Say what may spoil the result."""
    if study.leaks:
        return (
            "every map was drawn for the class that was to be guessed: the gain may be that label"
        )
    if drawn is not None and drawn.low > 1 / len(study.choices):
        return (
            f"where a map was drawn for another class, {drawn.share:.0%} guessed that one: "
            "raters read the label that was drawn"
        )
    return ""
