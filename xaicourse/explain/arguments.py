"""Every argument of `xaicourse explain`, checked before torch is imported, which takes seconds."""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xaicourse.core.near_names import nearest
from xaicourse.explain.classes import choose_class, imagenet_names, read_labels
from xaicourse.explain.known import Method, baselines, choose_method, methods
from xaicourse.explain.model_names import ModelChoice, choose_model

__all__ = ["Asked", "read_arguments"]

DEFAULT_TOL = 0.05
ENDINGS = (".png", ".pdf", ".svg", ".jpg", ".jpeg")
MOST_GUESSES = 1000
OPTIONS = ("baseline", "tol", "steps", "samples", "seed", "layer")


@dataclass(frozen=True)
class Asked:
    """What is to be done, with nothing left to be refused but by the model itself."""

    photos: list[Path]
    places: list[Path]  # of the pictures, one for each photo
    method: Method
    settings: dict[str, Any]
    model: ModelChoice
    target: str | None
    top: int
    json: bool


def read_arguments(photos: Sequence[Any], given: dict[str, Any]) -> Asked:
    """Check what the caller gave, cheap things first."""
    if not photos:
        raise ValueError("name an image file, for example: xaicourse explain cat.jpg")
    method = choose_method(given["method"])
    settings = _settings(method, {name: given[name] for name in OPTIONS})
    model = choose_model(given["model"], given["weights"])
    if given["labels"] is not None:
        model = replace(model, labels=read_labels(given["labels"]))
    target = None if given["target"] is None else _target(str(given["target"]), model)
    top = _whole("top", given["top"], 1)
    if top > MOST_GUESSES:
        raise ValueError(f"--top must be at most {MOST_GUESSES}, got {top}")
    found = _all_photos([Path(os.fspath(photo)) for photo in photos])
    places = _places(given["out"], found, method.name)
    _look_at(found)
    return Asked(found, places, method, settings, model, target, top, bool(given["json"]))


# ---------------------------------------------------------------- settings of the method


def _settings(method: Method, given: dict[str, Any]) -> dict[str, Any]:
    """Return the method's settings from the caller's; refuse what the method does not have."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in method.settings:
            has = [f"--{option}" for option in OPTIONS if option in method.settings]
            there = f"; it has {', '.join(has)}" if has else ""
            raise ValueError(
                f"--{name} is not for {method.name}: that method has no such setting{there}"
            )
    if {"tol", "steps"} <= set(given):
        raise ValueError("--tol and --steps exclude each other: give the error or the effort")
    read = {
        "baseline": _baseline,
        "tol": _tol,
        "steps": lambda value: _whole("steps", value, 1),
        "samples": lambda value: _whole("samples", value, 1),
        "seed": lambda value: _whole("seed", value, 0),
        "layer": _layer,
    }
    settings = {name: read[name](value) for name, value in given.items()}
    if "tol" in method.settings and "steps" not in settings:
        settings.setdefault("tol", DEFAULT_TOL)
    return settings


def _baseline(value: str | float) -> str | float:
    if value in baselines():
        return value
    try:
        grey = float(value)
    except ValueError:
        meant = nearest(str(value), baselines())
        grey = -1.0
    else:
        meant = None
    if not 0 <= grey <= 1:
        hint = f"; did you mean {meant!r}?" if meant else ""
        raise ValueError(
            f"--baseline must be {', '.join(baselines())} or a grey from 0 to 1, got "
            f"{value!r}{hint}"
        )
    return grey


def _tol(value: str | float) -> float:
    try:
        tol = float(value)
    except ValueError:
        tol = math.nan
    if not 0 < tol < 1:
        raise ValueError(
            f"--tol must be a number between 0 and 1, such as 0.05 for 5 %, got {value!r}"
        )
    return tol


def _whole(name: str, value: str | int, least: int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if number < least:
        raise ValueError(f"--{name} must be a whole number of at least {least}, got {value!r}")
    return number


def _layer(value: str) -> str:
    if not value.strip():
        raise ValueError("--layer is empty; give the name of a layer, such as model.layer4")
    return value.strip()


def _target(text: str, model: ModelChoice) -> str:
    """Check what can be known of a class before the model is there."""
    if model.labels is not None:
        choose_class(text, model.labels, whose=model.label)
    elif model.kind == "zoo":
        choose_class(text, imagenet_names())
    elif text.strip().lstrip("+-").isdigit():
        choose_class(text, None)  # how many there are is not known yet
    elif model.kind == "torchvision" and model.weights is None:
        choose_class(text, imagenet_names())
    else:
        choose_class(text, [text])  # refused if empty
    return text


# ---------------------------------------------------------------- photos and pictures


def _all_photos(given: list[Path]) -> list[Path]:
    """Return the photos, those of a folder by name; the same file is explained once."""
    from xaicourse.core.picture_files import PHOTO_ENDINGS, check_picture

    found: list[Path] = []
    for path in given:
        if not path.exists():
            check_picture(path)  # a name that was mistyped: its error, before all else
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            p
            for p in path.iterdir()
            if p.suffix.lower() in PHOTO_ENDINGS and not p.name.startswith(".") and not p.is_dir()
        )
        stems = {p.stem for p in inside}
        inside = [p for p in inside if not _is_of_ours(p.stem, stems)]
        if not inside:
            raise ValueError(f"{path} is a folder that holds no image file")
        found += inside
    return list(dict.fromkeys(found))


def _look_at(photos: list[Path]) -> None:
    """Raise if no photo can be used; of several, each is read and told at its turn."""
    from xaicourse.core.picture_files import ImageFileError, check_picture, read_rgb

    reasons = []
    for photo in photos:
        try:
            check_picture(photo)
        except ImageFileError as error:
            reasons.append(str(error))
    if len(reasons) == len(photos):
        several = f"none of the {len(photos)} photos can be used: " if len(photos) > 1 else ""
        raise ImageFileError(several + " ".join(reasons))
    if len(photos) == 1:
        read_rgb(photos[0])  # to its last pixel


def _is_of_ours(stem: str, stems: set[str]) -> bool:
    """Say whether a file is called as the picture that explains another file of its folder."""
    ends = [f"_{name}" for name in methods() if stem.endswith(f"_{name}")]
    return any(re.sub(r"_\d+$", "", stem.removesuffix(end)) in stems for end in ends)


def _places(out: str | os.PathLike[str] | None, photos: list[Path], method: str) -> list[Path]:
    """Return where the pictures go, after looking whether they can go there."""
    place = None if out is None else Path(out)
    if place is not None and _is_file(out, place):
        if len(photos) > 1:
            raise ValueError(
                f"--out {place} is one file for {len(photos)} photos; name a folder, such as "
                f"{place.with_suffix('')}{os.sep}"
            )
        places = [place]
    else:
        folder = _folder(place)
        places = [folder / name for name in _names(photos, method)]
    parent = places[0].parent
    if not os.access(parent if parent.is_dir() else parent.parent, os.W_OK):
        raise ValueError(f"--out: the folder {parent} cannot be written to; choose another")
    _refuse_photos(places, photos)
    return places


def _is_file(out: Any, place: Path) -> bool:
    """Say whether --out names a picture, and raise if it can be none."""
    if place.suffix.lower() in ENDINGS and not place.is_dir():
        if str(out).endswith(("/", os.sep)):
            return False
        if not place.parent.is_dir():
            raise ValueError(f"--out: there is no folder {place.parent}; make it first")
        return True
    if place.suffix and not place.is_dir() and not str(out).endswith(("/", os.sep)):
        raise ValueError(
            f"--out must be a folder or end in {', '.join(ENDINGS)}, got {str(place)!r}"
        )
    return False


def _folder(place: Path | None) -> Path:
    """Return the folder of the pictures, which is made when the first is written."""
    if place is None:
        return Path()
    if place.exists() and not place.is_dir():
        raise ValueError(f"--out {place} is a file; name a folder, or a picture ending in .png")
    if not place.exists() and not place.parent.is_dir():
        raise ValueError(f"--out: there is no folder {place.parent}; make it first")
    return place


def _names(photos: list[Path], method: str) -> list[str]:
    """Return PHOTO_METHOD.png for each photo; a second photo of the same name is numbered."""
    names: list[str] = []
    for photo in photos:
        name, number = f"{photo.stem}_{method}.png", 1
        while name in names:
            number += 1
            name = f"{photo.stem}_{number}_{method}.png"
        names.append(name)
    return names


def _refuse_photos(places: list[Path], photos: list[Path]) -> None:
    theirs = {(s.st_dev, s.st_ino) for s in (p.stat() for p in photos if p.exists())}
    for place in places:
        if place.exists() and (place.stat().st_dev, place.stat().st_ino) in theirs:
            raise ValueError(f"--out {place} is the photo itself, which is never overwritten")
