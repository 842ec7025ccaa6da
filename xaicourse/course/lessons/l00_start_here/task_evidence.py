"""Task 00.5: one of three maps never saw the model; find out which, by an experiment.

The real net is not run here: the maps before and after the change are handed in, their cosines are
computed again, and they must support the choice.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import as_numbers, refuse, show, to_number
from xaicourse.course.grading.submission import is_missing, parts, require_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l00_start_here.greying import occlusion

__all__ = ["MAP_MAKERS", "WHICH_MAP"]

LETTERS = ("A", "B", "C")
SAME, OTHER = 0.999, 0.99  # similarity of a map that did not change, and of one that did
CLASS = {"class", "target", "the class", "the target", "label"}
MODEL = {"model", "weights", "network", "net", "the model", "the weights", "the network"}
PHOTO = {"photo", "image", "picture", "input", "x", "the photo", "the image", "the picture"}
PARTS = ("choice", "changed", "similarity", "before", "after")
ROUNDED = 0.06  # a cosine may be handed in with one digit


# ---------------------------------------------------------------- the three maps, 8 x 8 patches


def _tiles(values: Tensor) -> Tensor:
    """Add up a map (H, W) over 8 x 8 patches."""
    height, width = values.shape
    return values.reshape(8, height // 8, 8, width // 8).sum((1, 3))


def map_a(model, x, target):
    """Return the gradient of the target's score, summed over patches."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model(x)[0, target], x)
    return _tiles(gradient[0].sum(0)).cpu()


def map_b(model, x, target):
    """Return how strong the edges of the picture are."""
    grey = F.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")  # (1, 1, H+2, W+2)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=x.device)
    sobel = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3)
    return _tiles(F.conv2d(grey, sobel).norm(dim=1)[0]).cpu()


def map_c(model, x, target):
    """Return the effect of greying each patch."""
    with torch.no_grad():
        return occlusion(model, x, target, x.shape[-1] // 8, 0.5)


MAP_MAKERS: dict[str, Callable] = dict(zip(LETTERS, (map_a, map_b, map_c), strict=True))


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge the choice, then whether the experiment can show it, then the numbers."""
    what = messages.entry("tasks/00.5/name")
    if isinstance(answer, dict) and all(
        is_missing(value) for key, value in answer.items() if key != "before"
    ):
        refuse("general/not_done", status="not_done")
    part = parts(answer, PARTS, what)
    require_parts(part, what)
    choice = str(part["choice"]).strip().upper()
    if choice not in LETTERS:
        refuse("tasks/00.5/no_letter", given=part["choice"])
    changed = str(part["changed"]).strip().lower()
    if changed in PHOTO:
        _wrong("photo_changed")
    if changed not in CLASS | MODEL:
        refuse("tasks/00.5/unknown_change", given=part["changed"])
    handed_in = _similarities(part["similarity"])
    before = _maps(part["before"], "before", messages.entry("tasks/00.5/before_name"))
    after = _maps(part["after"], "after", messages.entry("tasks/00.5/after_name"))
    similarity = {letter: _cosine(before[letter], after[letter]) for letter in LETTERS}
    if min(similarity.values()) >= SAME:
        _wrong("nothing_changed")
    if max(similarity.values()) < SAME:
        _wrong("all_changed")
    of_sizes = {k: _cosine(before[k].abs(), after[k].abs()) for k in LETTERS}
    if not any(_close(handed_in, measured) for measured in (similarity, of_sizes)):
        _wrong("other_numbers")
    unchanged = [letter for letter in LETTERS if similarity[letter] >= SAME]
    if unchanged == ["B"] and choice != "B":
        _wrong("against_own_numbers")
    if choice == "A":
        _wrong("noise_looks_wrong")
    if choice == "C":
        _wrong("blocks_look_wrong")
    changed_too_little = [k for k in "AC" if similarity[k] > OTHER]
    if unchanged != ["B"] or changed_too_little:
        evidence = messages.text("tasks/00.5/evidence", yours=show(list(similarity.values())))
        return Outcome("not_right", messages.text("tasks/00.5/no_support"), evidence)
    return Outcome("passed", messages.text("tasks/00.5/passed"))


def _wrong(name: str) -> None:
    refuse(f"tasks/00.5/misconceptions/{name}", diagnosis=name)


def _maps(given: Any, name: str, what: str) -> dict[str, Tensor]:
    """Return letter -> map (8, 8)."""
    lower = parts(given, [letter.lower() for letter in LETTERS], what)
    found = {}
    for letter in LETTERS:
        value = lower[letter.lower()]
        require_parts({letter: value}, what)
        try:
            found[letter] = as_numbers(value).squeeze()
        except Exception:
            refuse("general/part_not_numbers", part=letter, what=what, kind=type(value).__name__)
        if found[letter].shape != (8, 8) or not bool(torch.isfinite(found[letter]).all()):
            refuse("tasks/00.5/no_map", letter=letter, name=name)
    return found


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(F.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def _close(a: dict[str, float], b: dict[str, float]) -> bool:
    return all(abs(a[letter] - b[letter]) <= ROUNDED for letter in LETTERS)


def _similarities(given: Any) -> dict[str, float]:
    """Return letter -> cosine, each from -1 to 1."""
    what = messages.entry("tasks/00.5/similarity_name")
    if hasattr(given, "tolist"):
        given = given.tolist()
    lower = parts(given, [letter.lower() for letter in LETTERS], what)
    found = {}
    for letter in LETTERS:
        value = lower[letter.lower()]
        require_parts({letter: value}, what)
        found[letter] = to_number(value, what)
        if not -1.001 <= found[letter] <= 1.001:
            refuse("tasks/00.5/no_cosine", letter=letter, given=show(found[letter]))
    return found


_BEFORE = {
    letter: torch.sin(torch.arange(64.0) * turn).reshape(8, 8) + 0.2
    for letter, turn in zip(LETTERS, (0.7, 1.3, 2.1), strict=True)
}
_ALL_NEW = {letter: one.flip(0) for letter, one in _BEFORE.items()}
_AFTER = {**_ALL_NEW, "B": _BEFORE["B"]}
_ONE_SAME = {**_ALL_NEW, "A": _BEFORE["A"]}


def _handed_in(choice: str, changed: str, after: dict[str, Tensor]) -> dict[str, Any]:
    """Return an answer whose numbers are the cosines of its maps."""
    similarity = {letter: _cosine(_BEFORE[letter], after[letter]) for letter in LETTERS}
    return {
        "choice": choice,
        "changed": changed,
        "similarity": similarity,
        "before": _BEFORE,
        "after": after,
    }


_RIGHT = _handed_in("B", "class", _AFTER)

WHICH_MAP = Task(
    id="00.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "photo_changed": _handed_in("B", "photo", _ALL_NEW),
        "all_changed": _handed_in("B", "class", _ALL_NEW),
        "nothing_changed": _handed_in("B", "class", _BEFORE),
        "other_numbers": {**_RIGHT, "similarity": {"A": 0.5, "B": 0.6, "C": 0.6}},
        "against_own_numbers": _handed_in("C", "class", _AFTER),
        "noise_looks_wrong": _handed_in("A", "class", {**_ALL_NEW, "C": _BEFORE["C"]}),
        "blocks_look_wrong": _handed_in("C", "class", _ONE_SAME),
    },
)
