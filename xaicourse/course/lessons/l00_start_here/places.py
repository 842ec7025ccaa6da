"""For task 00.3: two lists of places, in any order, with any choice among equal effects."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import Case
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.submission import parts
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["PlacesGrader"]

SIDES = ("supporting", "opposing")
Places = list[tuple[int, int]]


class PlacesGrader:
    """Judges two lists of places, in any order and with any choice among equal effects."""

    def __init__(self, task, cases, right, misconceptions, *, also, or_right) -> None:
        self.cases, self.right, self.wrong = cases, right, misconceptions

    def __call__(self, answer: Any) -> Outcome:
        """Judge ``answer(effects)`` on all maps."""
        require_function(answer, "strongest_patches")
        given = [_ask(answer, each) for each in self.cases]
        effects = [each.values["effects"] for each in self.cases]
        right = [self.right(map_) for map_ in effects]
        off = [k for k, map_ in enumerate(effects) if not _is_right(given[k], right[k], map_)]
        if not off:
            return Outcome("passed", messages.text("tasks/00.3/passed"))
        first = off[0]
        where = messages.text(f"tasks/00.3/cases/{self.cases[first].name}")
        evidence = messages.text(
            "tasks/00.3/evidence",
            effects=effects[first].tolist(),
            yours=[side.int().tolist() for side in given[first]],
            expected=[[list(place) for place in side] for side in right[first]],
        )
        name = self.diagnose(given)
        if name is not None:
            text = messages.text(f"tasks/00.3/misconceptions/{name}")
            return Outcome("not_right", text, evidence, diagnosis=name)
        unreadable = any(_places(side) is None for side in given[first])
        text = messages.text(f"tasks/00.3/{'no_pairs' if unreadable else 'differs'}", where=where)
        return Outcome("not_right", text, evidence)

    def diagnose(self, given: Sequence[Sequence[Tensor]]) -> str | None:
        """Return the one misconception that gives the same lists where no two effects are equal."""
        clear = [
            (got, each.values["effects"])
            for got, each in zip(given, self.cases, strict=True)
            if each.name != "tied"
        ]
        fits = [
            name
            for name, wrong in self.wrong.items()
            if all(_same(got, wrong(effects), effects) for got, effects in clear)
        ]
        return fits[0] if len(fits) == 1 else None


def _ask(answer: Any, case: Case) -> list[Tensor]:
    """Return both lists of the student's answer as tensors of numbers."""
    where = messages.text(f"tasks/00.3/cases/{case.name}")
    arguments = case.arguments()
    got = call(answer, dict(arguments), where)
    if not torch.equal(arguments["effects"].detach(), case.values["effects"]):
        refuse("general/changes_input", name="effects")
    if got is None:
        refuse("general/returned_none", status="not_done")
    if got is Ellipsis:
        refuse("general/not_done", status="not_done")
    if isinstance(got, (list, tuple)) and len(got) != 2:
        refuse("tasks/00.3/two_lists", where=where)
    part = parts(got, SIDES, messages.entry("tasks/00.3/name"))
    return [_numbers(part[side], where) for side in SIDES]


def _numbers(side: Any, where: str) -> Tensor:
    """Return one list as a tensor; an empty list in any form is a tensor without numbers."""
    try:
        if not hasattr(side, "shape"):  # sets, zips and generators of pairs are fine
            side = list(side)
        if isinstance(side, list) and any(place is None for place in side):
            refuse("tasks/00.3/padded", where=where)
        return torch.zeros(0) if len(side) == 0 else as_numbers(side)
    except Settled:
        raise
    except Exception:
        refuse("general/wrong_type", kind=type(side).__name__, where=where)


def _places(numbers: Tensor) -> Places | None:
    """Return pairs of whole numbers; None if these are no pairs."""
    if numbers.numel() == 0:
        return []
    if numbers.ndim != 2 or numbers.shape[1] != 2 or not torch.equal(numbers, numbers.round()):
        return None
    return [(int(i), int(j)) for i, j in numbers]


def _is_right(given: Sequence[Tensor], right: Sequence[Places], effects: Tensor) -> bool:
    """Accept any order, and any choice among equal effects."""
    height, width = effects.shape
    for numbers, wanted in zip(given, right, strict=True):
        places = _places(numbers)
        if places is None or len(set(places)) != len(places) or len(places) != len(wanted):
            return False
        if not all(0 <= i < height and 0 <= j < width for i, j in places):
            return False
        if sorted(float(effects[p]) for p in places) != sorted(float(effects[p]) for p in wanted):
            return False
    return True


def _same(given: Sequence[Tensor], wrong: Mapping | Sequence, effects: Tensor) -> bool:
    """Compare both lists in any order; zeros may be chosen in any way."""
    for numbers, side in zip(given, wrong, strict=True):
        other = _numbers(side, "")
        mine, its = _key(numbers, effects), _key(other, effects)
        if mine != its:
            return False
    return True


def _key(numbers: Tensor, effects: Tensor) -> list:
    """Return a list in a form that does not depend on its order."""
    places = _places(numbers)
    if places is None or numbers.ndim < 2:
        return sorted(round(float(number), 4) for number in numbers.flatten())
    height, width = effects.shape
    inside = [0 <= i < height and 0 <= j < width for i, j in places]
    zero = [ok and float(effects[p]) == 0 for p, ok in zip(places, inside, strict=True)]
    return sorted((-1, -1) if is_zero else p for p, is_zero in zip(places, zero, strict=True))
