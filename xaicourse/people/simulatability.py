"""The design of a simulatability study: whether a map helps to say what the model says."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xaicourse.core.near_names import suggest_names
from xaicourse.people.asked import different, whole

__all__ = ["CONTROL", "MAP", "WITHOUT", "Guess", "Simulatability", "simulatability"]

WITHOUT, MAP, CONTROL = "without", "map", "control"
ARMS, ORDER = range(2)  # each has random numbers of its own


@dataclass(frozen=True)
class Guess:
    """One question to one rater: what the model says of this item.

    Parameters
    ----------
    rater, number : int
        Who is asked, and the how many-th question it is; both count from 1.
    item : str or int
        The picture.
    condition : str
        "without": the picture alone; "map": beside the model's map; "control": beside a map that
        never saw the model.
    """

    rater: int
    number: int
    item: str | int
    condition: str


@dataclass(frozen=True)
class Simulatability:
    """A study in which raters guess the model's output; made by `simulatability`.

    Parameters
    ----------
    name : str
        Of the study; its answers are kept under it.
    items : tuple
        The pictures.
    outputs : tuple of str
        What the model says of each.
    drawn : tuple of str, optional
        The class for which the map of each was drawn; None for a map of no class.
    choices : tuple of str
        The classes that can be guessed.
    raters, seed : int
        As for `simulatability`.
    """

    name: str
    items: tuple[str | int, ...]
    outputs: tuple[str, ...]
    drawn: tuple[str, ...] | None
    choices: tuple[str, ...]
    raters: int
    seed: int

    @property
    def length(self) -> int:
        """The number of questions to one rater."""
        return 2 * len(self.items)

    @property
    def leaks(self) -> bool:
        """Whether every map was drawn for the very class that is to be guessed."""
        return self.drawn == self.outputs

    def settings(self) -> dict[str, Any]:
        """Return all that the trials depend on, ready for JSON."""
        return {"kind": "simulatability", **asdict(self)}

    def trials(self, rater: int) -> tuple[Guess, ...]:
        """Return the questions to one rater: all items without a map, then all with one.

        Raises
        ------
        ValueError
            If the study has no such rater.
        """
        whole("rater", rater, 1, self.raters)
        count = len(self.items)
        condition = self._conditions(rater)
        random = np.random.default_rng([self.seed, ORDER, rater])
        shown = [(k, WITHOUT) for k in random.permutation(count).tolist()]
        shown += [(k, condition[k]) for k in random.permutation(count).tolist()]
        return tuple(
            Guess(rater, number, self.items[k], name) for number, (k, name) in enumerate(shown, 1)
        )

    def _conditions(self, rater: int) -> list[str]:
        """Return "map" or "control" for each item; rater 2 sees what rater 1 does not, ..."""
        random = np.random.default_rng([self.seed, ARMS, (rater - 1) // 2])
        places = random.permutation(len(self.items))
        return [(MAP, CONTROL)[(place + rater) % 2] for place in places.tolist()]


@suggest_names
def simulatability(
    items: Sequence[str | int],
    outputs: Sequence[str],
    *,
    drawn: Sequence[str] | None,
    choices: Sequence[str] | None = None,
    raters: int = 2,
    seed: int = 0,
    name: str = "simulatability",
) -> Simulatability:
    """Plan a simulatability study: guess what the model says, without a map and then with one.

    Each rater guesses all items from the picture alone, then all again: half beside the model's
    map, half beside a control that never saw the model, since a second look helps as well. Raters
    1 and 2, 3 and 4, ... get the map for opposite halves.

    Parameters
    ----------
    items : sequence of str or int
        The pictures, each once.
    outputs : sequence of str
        The class that the model says of each.
    drawn : sequence of str or None
        The class for which the map of each was drawn. None: the maps were drawn for no class.
    choices : sequence of str, optional
        The classes that can be guessed; by default all that the model says.
    raters : int
        How many people may answer; an even number keeps the balance.
    seed : int
        Another seed is another study.
    name : str
        Name of the study.

    Returns
    -------
    Simulatability
        With `trials(rater)`, the questions in their order.

    Raises
    ------
    ValueError, TypeError
        If there is no item, or one twice; if outputs or drawn are not one an item; if a class is
        not among the choices; if a number is out of range.

    Warns
    -----
    UserWarning
        If every map was drawn for the very class that is to be guessed: a rater may read the
        class that was drawn, whatever the model did.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.simulatability([1, 2], ["cat", "dog"], drawn=None)
    >>> [trial.condition for trial in study.trials(1)][:2]
    ['without', 'without']
    >>> sorted(trial.condition for trial in study.trials(1))
    ['control', 'map', 'without', 'without']
    """
    items = different("items", items, 1)
    outputs = _classes("outputs", outputs, len(items))
    drawn = None if drawn is None else _classes("drawn", drawn, len(items))
    known = different("choices", choices or tuple(dict.fromkeys(outputs)), 2)
    for said, given in (("outputs", outputs), ("drawn", drawn or ())):
        strange = [one for one in given if one not in known]
        if strange:
            raise ValueError(f"{said} holds {strange[0]!r}; choices are {', '.join(known)}")
    study = Simulatability(
        name, items, outputs, drawn, known, whole("raters", raters, 1), whole("seed", seed, 0)
    )
    if study.leaks:
        warnings.warn(
            "every map was drawn for the class that is to be guessed: what raters gain may be "
            "that label. Draw some maps for another class, or for none (drawn=None)",
            stacklevel=3,
        )
    return study


def _classes(name: str, given: Sequence[str], count: int) -> tuple[str, ...]:
    """Return one class an item."""
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} must be a sequence of classes, one an item, got {given!r}")
    found = tuple(given)
    if len(found) != count or not all(isinstance(one, str) for one in found):
        raise ValueError(f"{name} must be {count} texts, one an item, got {found!r}")
    return found
