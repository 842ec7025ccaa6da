"""Raters whose taste is known: what a study finds of them can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xaicourse.core.near_names import suggest_names
from xaicourse.people.answers import Answer
from xaicourse.people.asked import share, whole
from xaicourse.people.simulatability import Guess, Simulatability
from xaicourse.people.trials import CATCH, LEFT, NEITHER, RIGHT, ForcedChoice, Trial

__all__ = ["SimulatedRater", "SimulatedReader"]

ANSWERS = 4  # random numbers of their own, beside those of the designs


@suggest_names
@dataclass(frozen=True)
class SimulatedRater:
    r"""A rater of a forced choice with a taste for methods and a taste for a side.

    .. math:: P(\text{left}) = \frac{w_l \, b}{w_l \, b + w_r \, (1 - b)}

    with the weights w of the methods on both sides, and b the taste for the left. A shuffled map
    has weight 0.

    Parameters
    ----------
    taste : dict of str to float
        Method -> weight, above 0; 1 for one that is not named. {"ig": 7, "edges": 3} prefers ig
        in 7 of 10.
    left : float
        How often the left is chosen between equal maps, between 0 and 1.
    lapse : float
        How often a side is chosen by the toss of a coin, without a look.
    silence : float
        How often "cannot tell" is said.
    seed : int
        Another seed answers otherwise.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.people.SimulatedRater({"ig": 7, "edges": 3}, left=0.5).prefers_left("edges", "ig")
    0.3
    """

    taste: Mapping[str, float]
    left: float = 0.5
    lapse: float = 0.0
    silence: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        share("left", self.left, open_=True)
        share("lapse", self.lapse)
        share("silence", self.silence)
        whole("seed", self.seed, 0)
        wrong = [name for name, weight in self.taste.items() if not 0 < weight < np.inf]
        if wrong:
            raise ValueError(f"taste must hold weights above 0, got {self.taste[wrong[0]]!r}")

    def prefers_left(self, left: str, right: str) -> float:
        """Return the probability that the left map is chosen."""
        w_l, w_r = (0.0 if name == CATCH else self.taste.get(name, 1.0) for name in (left, right))
        b = self.left
        return (1 - self.lapse) * w_l * b / (w_l * b + w_r * (1 - b)) + self.lapse / 2

    def answer(self, trial: Trial) -> str:
        """Return the answer to a trial: always the same to the same."""
        random = np.random.default_rng([self.seed, ANSWERS, trial.rater, trial.number])
        silent, side = random.random(2)
        if silent < self.silence:
            return NEITHER
        return LEFT if side < self.prefers_left(trial.left, trial.right) else RIGHT

    def answers(self, study: ForcedChoice, rater: int) -> list[Answer]:
        """Return the answers to all trials of one rater of a study."""
        return [Answer(trial, self.answer(trial)) for trial in study.trials(rater)]


@suggest_names
@dataclass(frozen=True)
class SimulatedReader:
    """A rater of a simulatability study, who is right as often as told.

    Parameters
    ----------
    right : dict of str to float
        "without", "map", "control" -> how often the model's output is guessed.
    reads_drawn : float
        How often the class for which a map was drawn is read off it and named.
    seed : int
        Another seed answers otherwise.

    Examples
    --------
    >>> import xaicourse as xc
    >>> study = xc.people.simulatability([1, 2], ["cat", "dog"], drawn=None)
    >>> reader = xc.people.SimulatedReader({"without": 1.0, "map": 1.0, "control": 1.0})
    >>> [answer.choice for answer in reader.answers(study, 1) if answer.trial.item == 2]
    ['dog', 'dog']
    """

    right: Mapping[str, float]
    reads_drawn: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        share("reads_drawn", self.reads_drawn)
        whole("seed", self.seed, 0)
        for name, value in self.right.items():
            share(f"right[{name!r}]", value)

    def answer(self, trial: Guess, study: Simulatability) -> str:
        """Return the answer to a question: always the same to the same."""
        random = np.random.default_rng([self.seed, ANSWERS, trial.rater, trial.number])
        reads, knows = random.random(2)
        place = study.items.index(trial.item)
        said = study.outputs[place]
        if study.drawn is not None and trial.condition == "map" and reads < self.reads_drawn:
            return study.drawn[place]
        if knows < self.right[trial.condition]:
            return said
        return str(random.choice([one for one in study.choices if one != said]))

    def answers(self, study: Simulatability, rater: int) -> list[Answer]:
        """Return the answers to all questions to one rater of a study."""
        return [Answer(trial, self.answer(trial, study)) for trial in study.trials(rater)]
