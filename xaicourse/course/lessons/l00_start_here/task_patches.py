"""Task 00.3: the patches that support a class most, and those that oppose it most."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.submission import parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["CASES", "STRONGEST_PATCHES"]

MOST = 3
SIDES = ("supporting", "opposing")
Places = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Case:
    """One map of effects, (h, w); no two effects are equal unless `ties`."""

    name: str
    effects: Tensor
    ties: bool = False


CASES = (
    Case("plain", torch.tensor([[0.5, -1.0, 2.5, 0.1], [-3.0, 1.5, -0.2, -0.7]])),
    Case("tall", torch.tensor([[0.3, 4.0], [-2.0, 0.9], [1.2, -0.4], [-5.0, 2.2], [-1.1, 0.6]])),
    Case("negative", torch.tensor([[-0.5, -2.0, -0.1], [-1.0, -4.0, -0.3]])),
    Case("few", torch.tensor([[0.0, 2.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]])),
    Case("tied", torch.tensor([[1.0, 3.0, -2.0, 1.0], [-2.0, 1.0, -2.0, -2.0]]), ties=True),
    Case("zero", torch.zeros(2, 3)),
)


# ---------------------------------------------------------------- the right answer


def strongest_patches(effects):
    """Return up to three places with the largest positive effects, and with the most negative."""
    places = [(i, j) for i in range(effects.shape[0]) for j in range(effects.shape[1])]
    raise_it = [place for place in places if effects[place] > 0]
    lower_it = [place for place in places if effects[place] < 0]
    supporting = sorted(raise_it, key=lambda place: -effects[place])[:MOST]
    opposing = sorted(lower_it, key=lambda place: effects[place])[:MOST]
    return supporting, opposing


# ---------------------------------------------------------------- wrong answers


def _ranked(values, largest=True, most=MOST):
    """Return the places with the largest (or smallest) values, three if not said otherwise."""
    order = values.flatten().argsort(descending=largest, stable=True)[:most]
    return [divmod(int(k), values.shape[1]) for k in order]


def sign_not_checked(effects):
    return _ranked(effects), _ranked(effects, largest=False)


def weakest_oppose(effects):
    return strongest_patches(effects)[0], _ranked(effects.abs(), largest=False)


def sizes_ranked(effects):
    return _ranked(effects.abs()), _ranked(effects.abs(), largest=False)


def largest_sizes_oppose(effects):
    return strongest_patches(effects)[0], _ranked(effects.abs())


def lists_exchanged(effects):
    supporting, opposing = strongest_patches(effects)
    return opposing, supporting


def sides_exchanged(effects):
    return tuple([(j, i) for i, j in side] for side in strongest_patches(effects))


def divided_by_height(effects):
    height, width = effects.shape
    return tuple(
        [divmod(i * width + j, height) for i, j in side] for side in strongest_patches(effects)
    )


def zero_counts(effects):
    places = [(i, j) for i in range(effects.shape[0]) for j in range(effects.shape[1])]
    supporting = [place for place in places if effects[place] >= 0]
    opposing = [place for place in places if effects[place] <= 0]
    return (
        sorted(supporting, key=lambda place: -effects[place])[:MOST],
        sorted(opposing, key=lambda place: effects[place])[:MOST],
    )


def weakest_of_each_sign(effects):
    places = [(i, j) for i in range(effects.shape[0]) for j in range(effects.shape[1])]
    supporting = [place for place in places if effects[place] > 0]
    opposing = [place for place in places if effects[place] < 0]
    return (
        sorted(supporting, key=lambda place: effects[place])[:MOST],
        sorted(opposing, key=lambda place: -effects[place])[:MOST],
    )


def counts_from_one(effects):
    return tuple([(i + 1, j + 1) for i, j in side] for side in strongest_patches(effects))


def flat_numbers(effects):
    width = effects.shape[1]
    return tuple([i * width + j for i, j in side] for side in strongest_patches(effects))


def values(effects):
    return tuple([float(effects[place]) for place in side] for side in strongest_patches(effects))


def _signed(effects, most=MOST):
    """Return up to `most` places of each sign, the strongest first."""
    up = [place for place in _ranked(effects, True, effects.numel()) if effects[place] > 0]
    down = [place for place in _ranked(effects, False, effects.numel()) if effects[place] < 0]
    return up[:most], down[:most]


def sizes_before_signs(effects):
    """The three largest sizes, and only then split by sign."""
    strongest = _ranked(effects.abs())
    return (
        [place for place in strongest if effects[place] > 0],
        [place for place in strongest if effects[place] < 0],
    )


def weakest_opponents(effects):
    return strongest_patches(effects)[0], weakest_of_each_sign(effects)[1]


def all_of_the_sign(effects):
    return _signed(effects, most=effects.numel())


def strongest_only(effects):
    return _signed(effects, most=1)


def signs_lost(effects):
    return _signed(effects.abs())


def scaled_first(effects):
    """Stretched from minimum to maximum first, so that nothing is negative."""
    width = effects.max() - effects.min()
    return _signed((effects - effects.min()) / width if width > 0 else 0 * effects)


def mean_taken_off(effects):
    return _signed(effects - effects.mean())


def divided_by_eight(effects):
    width = effects.shape[1]
    return tuple([divmod(i * width + j, 8) for i, j in side] for side in strongest_patches(effects))


WRONG: dict[str, Callable] = {
    function.__name__: function
    for function in (
        sign_not_checked,
        weakest_oppose,
        sizes_ranked,
        largest_sizes_oppose,
        lists_exchanged,
        sides_exchanged,
        divided_by_height,
        zero_counts,
        weakest_of_each_sign,
        counts_from_one,
        flat_numbers,
        values,
        sizes_before_signs,
        weakest_opponents,
        all_of_the_sign,
        strongest_only,
        signs_lost,
        scaled_first,
        mean_taken_off,
        divided_by_eight,
    )
}


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge ``answer(effects)`` on all maps."""
    require_function(answer, "strongest_patches")
    given = [_ask(answer, case) for case in CASES]
    wrong = [k for k, case in enumerate(CASES) if not _is_right(given[k], case.effects)]
    if not wrong:
        return Outcome("passed", messages.text("tasks/00.3/passed"))
    case = CASES[wrong[0]]
    where = messages.text(f"tasks/00.3/cases/{case.name}")
    evidence = messages.text(
        "tasks/00.3/evidence",
        effects=case.effects.tolist(),
        yours=[numbers.int().tolist() for numbers in given[wrong[0]]],
        expected=[[list(place) for place in side] for side in strongest_patches(case.effects)],
    )
    name = diagnose(given)
    if name is not None:
        text = messages.text(f"tasks/00.3/misconceptions/{name}")
        return Outcome("not_right", text, evidence, diagnosis=name)
    if any(_places(side) is None for side in given[wrong[0]]):
        return Outcome("not_right", messages.text("tasks/00.3/no_pairs", where=where), evidence)
    return Outcome("not_right", messages.text("tasks/00.3/differs", where=where), evidence)


def _ask(answer: Any, case: Case) -> list[Tensor]:
    """Return both lists of the student's answer as tensors of numbers."""
    where = messages.text(f"tasks/00.3/cases/{case.name}")
    effects = case.effects.clone()
    got = call(answer, {"effects": effects}, where)
    if not torch.equal(effects.detach(), case.effects):
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


def _is_right(given: Sequence[Tensor], effects: Tensor) -> bool:
    """Accept any order, and any choice among equal effects."""
    height, width = effects.shape
    for numbers, right in zip(given, strongest_patches(effects), strict=True):
        places = _places(numbers)
        if places is None or len(set(places)) != len(places) or len(places) != len(right):
            return False
        if not all(0 <= i < height and 0 <= j < width for i, j in places):
            return False
        if sorted(float(effects[p]) for p in places) != sorted(float(effects[p]) for p in right):
            return False
    return True


def diagnose(given: Sequence[Sequence[Tensor]]) -> str | None:
    """Return the one misconception that gives the same lists wherever no two effects are equal."""
    clear = [k for k, case in enumerate(CASES) if not case.ties]
    fits = [
        name
        for name, wrong in WRONG.items()
        if all(_same(given[k], wrong(CASES[k].effects), CASES[k].effects) for k in clear)
    ]
    return fits[0] if len(fits) == 1 else None


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


STRONGEST_PATCHES = Task(
    "00.3", grade, strongest_patches, WRONG, calls=[{"effects": CASES[1].effects}]
)
