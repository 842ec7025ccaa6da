"""The design of a forced choice: who sees which two methods, of which item, on which side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xaicourse.core.near_names import suggest_names
from xaicourse.people.asked import different, whole

__all__ = ["CATCH", "ForcedChoice", "Trial", "forced_choice"]

CATCH = "shuffled"  # on one side of a catch pair: a map whose pixels were shuffled
LEFT, RIGHT, NEITHER = "left", "right", "cannot tell"
SIDES, ORDER, CATCHES, PAIRS = range(4)  # each has random numbers of its own


@dataclass(frozen=True)
class Trial:
    """One question to one rater: two maps of one item, side by side.

    The rater sees the maps, never the names of the methods.

    Parameters
    ----------
    rater, number : int
        Who is asked, and the how many-th question it is; both count from 1.
    item : str or int
        The picture.
    left, right : str
        The method on each side.
    catch : bool
        Whether one side is "shuffled", so that it is known which map is the better one.
    """

    rater: int
    number: int
    item: str | int
    left: str
    right: str
    catch: bool = False

    def chosen(self, choice: str) -> str | None:
        """Return the method on the side that was chosen, or None for "cannot tell"."""
        return {LEFT: self.left, RIGHT: self.right}.get(choice)


@dataclass(frozen=True)
class ForcedChoice:
    """A study in which raters choose between two maps; made by `forced_choice`.

    Parameters
    ----------
    name : str
        Of the study; its answers are kept under it.
    items : tuple
        The pictures.
    methods : tuple of str
        The methods that are compared.
    raters, seed, catch, pairs : int
        As for `forced_choice`.
    """

    name: str
    items: tuple[str | int, ...]
    methods: tuple[str, ...]
    raters: int
    seed: int
    catch: int
    pairs: int

    choices = (LEFT, RIGHT, NEITHER)

    @property
    def length(self) -> int:
        """The number of trials of one rater, catch pairs counted."""
        return len(self.items) * self.pairs + self.catch

    def settings(self) -> dict[str, Any]:
        """Return all that the trials depend on, ready for JSON."""
        return {"kind": "forced choice", **asdict(self)}

    def trials(self, rater: int) -> tuple[Trial, ...]:
        """Return the questions to one rater in their order: the same in every process.

        Raises
        ------
        ValueError
            If the study has no such rater.
        """
        whole("rater", rater, 1, self.raters)
        found = [
            self._pair(rater, place, turn)
            for place in range(len(self.items))
            for turn in range(self.pairs)
        ]
        found += self._catch_pairs(rater)
        order = self._random(ORDER, rater).permutation(len(found))
        return tuple(
            Trial(rater, number, *found[k]) for number, k in enumerate(order.tolist(), start=1)
        )

    def _random(self, *what: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *what])

    def _pair(self, rater: int, place: int, turn: int) -> tuple[str | int, str, str, bool]:
        """Return (item, left, right, catch) of an item's pair.

        Rater after rater goes on in one list of pairs. Whoever comes to a pair of an item for the
        second, fourth, ... time sees it the other way round.
        """
        pairs = list(itertools.combinations(self.methods, 2))
        order = self._random(PAIRS, place).permutation(len(pairs))
        round_, k = divmod((rater - 1) * self.pairs + turn, len(pairs))
        coin = self._random(SIDES, place, int(order[k]), round_ // 2).integers(2)
        left, right = pairs[order[k]][:: 1 if (coin + round_) % 2 else -1]
        return self.items[place], left, right, False

    def _catch_pairs(self, rater: int) -> list[tuple[str | int, str, str, bool]]:
        """Return pairs of a map and a map whose pixels were shuffled."""
        random, found = self._random(CATCHES, rater), []
        for place in random.permutation(len(self.items))[: self.catch].tolist():
            pair = (self.methods[random.integers(len(self.methods))], CATCH)
            found.append((self.items[place], *pair[:: random.choice([1, -1])], True))
        return found


@suggest_names
def forced_choice(
    items: Sequence[str | int],
    methods: Sequence[str],
    *,
    raters: int = 2,
    seed: int = 0,
    catch: int = 2,
    pairs: int | None = None,
    name: str = "study",
) -> ForcedChoice:
    """Plan a forced choice: which of two maps shows better why, their methods hidden.

    Each trial shows two maps of one item. Order and sides are random, and depend on `seed` and the
    rater's number alone. Raters 1 and 2, 3 and 4, ... see each pair of an item on opposite sides,
    so that over an even number of raters no method is on the left more often.

    Parameters
    ----------
    items : sequence of str or int
        The pictures, each once.
    methods : sequence of str
        Two or more methods, each once.
    raters : int
        How many people may answer; an even number keeps the balance.
    seed : int
        Another seed is another study.
    catch : int
        Catch pairs for each rater, at most one an item: a map beside a map with shuffled pixels. A
        rater who prefers the latter did not look.
    pairs : int, optional
        How many pairs of methods one rater judges of each item; None takes all. With fewer, rater
        after rater goes on in the same list of pairs, so that each pair comes equally often.
    name : str
        Name of the study.

    Returns
    -------
    ForcedChoice
        With `trials(rater)`, the questions in their order.

    Raises
    ------
    ValueError, TypeError
        If there is no item, or one twice; if there are fewer than two methods, or one twice, or
        one is named "shuffled"; if a number is out of range.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.forced_choice(["cat", "dog", "owl"], ["ig", "edges"], catch=1)
    >>> study.length
    4
    >>> sides = [{t.item: t.left for t in study.trials(k) if not t.catch} for k in (1, 2)]
    >>> [sides[0][item] != sides[1][item] for item in study.items]
    [True, True, True]
    """
    items, methods = different("items", items, 1), different("methods", methods, 2)
    if CATCH in methods:
        raise ValueError(f'methods may not hold "{CATCH}": that is the name of a catch pair\'s map')
    if not isinstance(name, str) or not name:
        raise ValueError(f'name must be a text such as "lesson 17", got {name!r}')
    most = len(methods) * (len(methods) - 1) // 2
    return ForcedChoice(
        name=name,
        items=items,
        methods=methods,
        raters=whole("raters", raters, 1),
        seed=whole("seed", seed, 0),
        catch=whole("catch", catch, 0, len(items)),
        pairs=most if pairs is None else whole("pairs", pairs, 1, most),
    )
