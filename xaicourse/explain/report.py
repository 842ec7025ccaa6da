"""What is said of one photo: the same facts as text, and for --json."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.explain.classes import Explained
from xaicourse.explain.models import Loaded
from xaicourse.explain.words import count_words, percent

__all__ = ["Report", "as_json", "printable", "say"]

UNSURE = 0.3  # probability of the first choice
SHOWN_CUT = 0.2  # say so when the model does not see this share of the photo


@dataclass(frozen=True)
class Seen:
    """What the model sees in a photo."""

    photo: Path
    guesses: list[tuple[Explained, float]]  # the likeliest classes and their probabilities
    explained: Explained
    rank: int  # 1 is the model's first choice
    cut: float  # share of the photo's length that the model does not see
    transparent: float  # share that is shown on white
    warning: str = ""  # what the model's outputs give away


@dataclass(frozen=True)
class Report:
    """A photo, and how far its map can be trusted."""

    seen: Seen
    title: str  # of the method
    seconds: float
    score: float  # of the explained class
    result: Attribution
    rise: str
    gap: str
    error: str
    error_share: float | None
    picture: Path


def say_seen(seen: Seen, model: Loaded, count: int) -> str:
    """Return the likeliest classes, and which one is explained."""
    lines = [f"{printable(seen.photo)}, seen by {model.title}:"]
    lines += [text for text in (model.warning, seen.warning) if text]
    lines += [""]
    for one, share in seen.guesses:
        name = f"{one.name} ({one.number})" if one.name else f"class {one.number}"
        lines += [f"  {percent(share):>7}  {name}"]
    if max(share for _, share in seen.guesses) < UNSURE:
        lines += [
            "",
            f"The model is not sure; perhaps none of its {count} classes fits this photo.",
        ]
    if seen.transparent > 0:
        much = percent(seen.transparent)
        lines += ["", f"{much} of the photo is transparent; the model sees white there."]
    if seen.cut > SHOWN_CUT:
        cut = f"{seen.cut:.0%} of its length is cut off"
        lines += ["", f"The model sees the middle of the photo only; {cut}."]
    which = "its first choice" if seen.rank == 1 else f"its choice number {seen.rank}"
    return "\n".join([*lines, "", f"Explained: the logit of {seen.explained}, {which}"])


def say(report: Report) -> str:
    """Return the two numbers that must not be confused, each with what it means."""
    gradients = _number(report.result.gradients)
    effort = "" if gradients is None else f"{count_words(int(gradients), 'gradient')}, "
    rise = f"Rise:      {report.rise}" if report.rise else f"Logit:     {report.score:.2f}"
    return "\n".join(
        [
            f"Method:    {report.title}, {effort}{report.seconds:.1f} s",
            rise,
            f"Gap:       {report.gap}",
            f"Map error: {report.error}",
            "",
            f"Picture: {printable(report.picture)}",
        ]
    )


def facts(report: Report) -> dict[str, Any]:
    """Return what is said as numbers."""
    seen, result = report.seen, report.result
    return {
        "photo": printable(seen.photo),
        "picture": printable(report.picture),
        "guesses": [_class(one) | {"probability": share} for one, share in seen.guesses],
        "explained": _class(seen.explained) | {"rank": seen.rank, "logit": report.score},
        "warning": seen.warning or None,
        "cut_off": seen.cut,
        "transparent": seen.transparent,
        "seconds": round(report.seconds, 3),
        "gradients": _number(result.gradients),
        "f_start": _number(result.f_start),
        "f_end": _number(result.f_end),
        "map_sum": float(result.values.detach().cpu().double().sum()),
        "gap": _number(result.gap),
        "relative_gap": _number(result.relative_gap),
        "gap_in_words": report.gap,
        "map_error": report.error_share,
        "map_error_in_words": report.error,
    }


def as_json(asked: Any, model: Loaded, photos: Sequence[dict[str, Any]]) -> str:
    """Return one JSON document for all photos; a number that is none is null."""
    document = {
        "model": asked.model.label,
        "model_in_words": model.title,
        "warning": model.warning or None,
        "method": asked.method.name,
        "settings": asked.settings,
        "photos": photos,
    }
    return json.dumps(_finite(document), indent=1, ensure_ascii=True)


def _finite(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _finite(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing


def _class(one: Explained) -> dict[str, Any]:
    return {"number": one.number, "name": one.name or None}


def _number(values: Tensor | None) -> float | None:
    return None if values is None else float(values.flatten()[0])


def printable(path: Path) -> str:
    """Return a file name that every terminal can print."""
    return os.fsencode(path).decode("utf-8", errors="replace")
