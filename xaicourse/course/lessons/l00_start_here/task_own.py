"""Task 00.6: an occlusion map of one's own photo. The form is checked, people judge the rest."""

from pathlib import PurePath
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import as_numbers, refuse, show, to_number
from xaicourse.course.grading.submission import is_missing, parts, require_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.datasets import collage

__all__ = ["OWN_PHOTO"]

PARTS = ("photo", "target", "effects", "claim", "not_shown")
SENTENCES = ("claim", "not_shown")
WORDS = 6  # fewer are no sentence about a picture
CLASSES = 1000
MANY = 16  # among so many patches of a photo some oppose any class


def grade(answer: Any) -> Outcome:
    """Look whether all parts are there and fit together."""
    what = messages.entry("tasks/00.6/name")
    if isinstance(answer, dict) and all(is_missing(value) for value in answer.values()):
        refuse("general/not_done", status="not_done")
    part = parts(_without_extras(answer), PARTS, what)
    require_parts(part, what)
    _judge_photo(_numbers(part["photo"], "photo", what))
    if isinstance(part["target"], str):
        _wrong("name_of_class")
    if CLASSES in tuple(getattr(part["target"], "shape", ())):
        _wrong("all_classes")
    target = to_number(part["target"], what)
    if target != round(target) or not 0 <= target < CLASSES:
        refuse("tasks/00.6/no_class", given=f"{target:g}")
    _judge_effects(_numbers(part["effects"], "effects", what))
    for name in SENTENCES:
        if not isinstance(part[name], str) or len(part[name].split()) < WORDS:
            refuse("tasks/00.6/short", part=name, words=WORDS)
    if part["claim"].strip().lower() == part["not_shown"].strip().lower():
        refuse("tasks/00.6/same_sentence")
    if _is_of_the_course(part["photo"]):
        refuse("tasks/00.6/photo_of_the_course", diagnosis="photo_of_the_course")
    return Outcome("passed", messages.text("tasks/00.6/passed"))


def _without_extras(answer: Any) -> Any:
    """Leave out parts that were not asked for, if all that were asked for are there."""
    if not isinstance(answer, dict) or not set(PARTS) <= {
        str(key).strip().lower() for key in answer
    }:
        return answer
    return {key: value for key, value in answer.items() if str(key).strip().lower() in PARTS}


def _is_of_the_course(photo: Any) -> bool:
    """Say whether this is one of the two collages of lesson and sheet."""
    given = as_numbers(photo).reshape(1, 3, 224, 224)
    ready = (collage(), collage("camera", "chelsea"))
    return any(float((given - one).abs().max()) < 1e-3 for one in ready)


def _numbers(value: Any, name: str, what: str) -> Tensor:
    try:
        numbers = as_numbers(value)
    except Exception:
        if name == "photo" and isinstance(value, (str, PurePath)):
            _wrong("name_of_file")
        refuse("general/part_not_numbers", part=name, what=what, kind=type(value).__name__)
    if numbers.numel() == 0 or not bool(torch.isfinite(numbers).all()):
        refuse("general/part_not_finite", part=name, what=what)
    return numbers


def _judge_photo(photo: Tensor) -> None:
    """Refuse a photo that the net would accept without a word and misread."""
    shape = tuple(photo.shape)
    if photo.ndim == 4 and photo.shape[0] == 1:
        photo = photo[0]  # (1, 3, H, W) -> (3, H, W)
    if photo.ndim == 3 and photo.shape[2] == 3 != photo.shape[0]:
        _wrong("channels_last")
    if photo.shape == (1, 224, 224) or photo.shape == (224, 224):
        _wrong("one_channel")
    if photo.ndim == 4 and photo.shape[0] > 1 and photo.shape[1] == 3:
        _wrong("several_photos")
    if photo.shape != (3, 224, 224):
        refuse("tasks/00.6/photo_shape", shape=shape)
    if float(photo.max()) > 2 and float(photo.min()) >= 0:
        _wrong("in_0_255")
    if float(photo.min()) < -1e-3:
        _wrong("normalised")
    if float(photo.max()) > 1 + 1e-3:
        refuse("tasks/00.6/photo_range", high=show(float(photo.max())))


def _judge_effects(effects: Tensor) -> None:
    effects = effects.squeeze()
    if effects.ndim == 3 and effects.shape[0] == 3:
        _wrong("channels_left")
    if effects.ndim == 1 and effects.numel() >= 4:
        _wrong("flat_effects")
    if effects.ndim != 2 or min(effects.shape) < 2:
        refuse("tasks/00.6/effects_shape", shape=tuple(effects.shape))
    if float(effects.abs().max()) == 0:
        _wrong("zero_map")
    low, high = float(effects.min()), float(effects.max())
    if low == 0 and abs(high - 1) < 1e-6:
        _wrong("stretched")
    if low >= 0 and effects.numel() >= MANY:
        _wrong("no_signs")


def _wrong(name: str) -> None:
    refuse(f"tasks/00.6/misconceptions/{name}", diagnosis=name)


_PHOTO = torch.linspace(0, 1, 3 * 224 * 224).reshape(1, 3, 224, 224)
_EFFECTS = torch.cos(torch.arange(64.0)).reshape(8, 8)
_RIGHT = {
    "photo": _PHOTO,
    "target": 967,
    "effects": _EFFECTS,
    "claim": "Greying the middle of the cup lowers the logit of espresso most.",
    "not_shown": "The map does not show what two patches do when both are grey.",
}

OWN_PHOTO = Task(
    id="00.6",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "in_0_255": {**_RIGHT, "photo": 255 * _PHOTO},
        "normalised": {**_RIGHT, "photo": (_PHOTO - 0.45) / 0.22},
        "channels_last": {**_RIGHT, "photo": _PHOTO.permute(0, 2, 3, 1)},
        "zero_map": {**_RIGHT, "effects": 0 * _EFFECTS},
        "no_signs": {**_RIGHT, "effects": _EFFECTS.abs()},
        "stretched": {
            **_RIGHT,
            "effects": (_EFFECTS - _EFFECTS.min()) / (_EFFECTS.max() - _EFFECTS.min()),
        },
        "flat_effects": {**_RIGHT, "effects": _EFFECTS.flatten()},
        "channels_left": {**_RIGHT, "effects": _EFFECTS.expand(3, 8, 8)},
        "one_channel": {**_RIGHT, "photo": _PHOTO[:, :1]},
        "several_photos": {**_RIGHT, "photo": _PHOTO.expand(2, 3, 224, 224)},
        "name_of_class": {**_RIGHT, "target": "espresso"},
        "all_classes": {**_RIGHT, "target": torch.zeros(1000)},
        "name_of_file": {**_RIGHT, "photo": "photo.jpg"},
    },
)
