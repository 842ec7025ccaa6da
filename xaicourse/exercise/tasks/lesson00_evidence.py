"""Task 00.5: one of three maps never saw the model; find out which, by an experiment.

The real net is not run here: the reported numbers must fit together and support the choice.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from xaicourse.exercise import messages
from xaicourse.exercise.compare import refuse, show, to_number
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.lesson00_occlusion import occlusion
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome

__all__ = ["MAP_MAKERS", "WHICH_MAP"]

LETTERS = ("A", "B", "C")
SAME, OTHER = 0.999, 0.99  # similarity of a map that did not change, and of one that did
CLASS = {"class", "target", "the class", "the target", "label"}
MODEL = {"model", "weights", "network", "net", "the model", "the weights", "the network"}
PHOTO = {"photo", "image", "picture", "input", "x", "the photo", "the image", "the picture"}
PARTS = ("choice", "changed", "similarity")


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
    if isinstance(answer, dict) and all(is_missing(value) for value in answer.values()):
        refuse("general/not_done", status="not_done")
    part = parts(answer, PARTS, what)
    for name in PARTS:
        if is_missing(part[name]):
            refuse("general/part_missing", status="not_done", part=name, what=what)
    choice = str(part["choice"]).strip().upper()
    if choice not in LETTERS:
        refuse("tasks/00.5/no_letter", given=part["choice"])
    changed = str(part["changed"]).strip().lower()
    if changed in PHOTO:
        _wrong("photo_changed")
    if changed not in CLASS | MODEL:
        refuse("tasks/00.5/unknown_change", given=part["changed"])
    similarity = _similarities(part["similarity"])
    if min(similarity.values()) >= SAME:
        _wrong("nothing_changed")
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


def _similarities(given: Any) -> dict[str, float]:
    """Return letter -> cosine, each from -1 to 1."""
    what = messages.entry("tasks/00.5/similarity_name")
    if hasattr(given, "tolist"):
        given = given.tolist()
    lower = parts(given, [letter.lower() for letter in LETTERS], what)
    found = {}
    for letter in LETTERS:
        value = lower[letter.lower()]
        if is_missing(value):
            refuse("general/part_missing", status="not_done", part=letter, what=what)
        found[letter] = to_number(value, what)
        if not -1.001 <= found[letter] <= 1.001:
            refuse("tasks/00.5/no_cosine", letter=letter, given=show(found[letter]))
    return found


_RIGHT = {"choice": "B", "changed": "class", "similarity": {"A": -0.2, "B": 1.0, "C": -0.4}}
_LOOKED = {"A": 0.5, "B": 0.6, "C": 0.6}

WHICH_MAP = Task(
    id="00.5",
    goal="G4",
    level=3,
    minutes=12,
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "photo_changed": {**_RIGHT, "changed": "photo"},
        "nothing_changed": {**_RIGHT, "similarity": {"A": 1.0, "B": 1.0, "C": 1.0}},
        "against_own_numbers": {**_RIGHT, "choice": "C"},
        "noise_looks_wrong": {**_RIGHT, "choice": "A", "similarity": _LOOKED},
        "blocks_look_wrong": {**_RIGHT, "choice": "C", "similarity": _LOOKED},
    },
)
