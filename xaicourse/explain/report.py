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
from xaicourse.explain.words import count_words, percent, same_digits

__all__ = ["Report", "as_json", "printable", "say"]

UNSURE = 0.3  # probability of the first choice
SHOWN_CUT = 0.2  # say so when the model does not see this share of the photo


@dataclass(frozen=True)
class Seen:
    """What the model sees in a photo."""

    photo: Path
    guesses: list[tuple[Explained, float]]  # the likeliest classes and their probabilities; or
    # the only output and its value
    explained: Explained
    rank: int  # 1 is the model's first choice
    cut: float  # share of the photo's length that the model does not see
    transparent: float  # share that is shown on white
    quantity: str = "logit"  # what the model's outputs are
    warning: str = ""  # what these give away


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
    replaced: bool  # whether one was there


def say_seen(seen: Seen, model: Loaded, count: int) -> str:
    """Return the likeliest classes, and which one is explained."""
    lines = [f"{printable(seen.photo)}, seen by {model.title}:"]
    lines += [text for text in (model.warning, seen.warning) if text]
    lines += [""]
    for one, share in seen.guesses:
        name = f"{one.name} ({one.number})" if one.name else f"class {one.number}"
        number = percent(share) if _is_chance(seen, one) else same_digits(share)[0]
        lines += [f"  {number:>7}  {one if one.only else name}"]
    if not seen.explained.only and max(share for _, share in seen.guesses) < UNSURE:
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
    return "\n".join([*lines, "", f"Explained: {_what(seen)}"])


def _what(seen: Seen) -> str:
    """Name the number that is explained."""
    if seen.explained.only:
        said = ", a probability" if _is_chance(seen, seen.explained) else ""
        return f"{seen.explained}{said}"
    which = "its first choice" if seen.rank == 1 else f"its choice number {seen.rank}"
    return f"the {seen.quantity} of {seen.explained}, {which}"


def _is_chance(seen: Seen, one: Explained) -> bool:
    """Whether the number beside a guess is a probability: a single output may be anything."""
    return not one.only or seen.quantity == "probability"


def say(report: Report) -> str:
    """Return the two numbers that must not be confused, each with what it means."""
    gradients = _number(report.result.gradients)
    effort = "" if gradients is None else f"{count_words(int(gradients), 'gradient')}, "
    score = f"{report.seen.quantity.capitalize()}:"
    rise = f"{'Rise:':<10} {report.rise}"
    if not report.rise:
        rise = f"{score:<10} {same_digits(report.score)[0]}"
    replaced = " (replaced the one that was there)" * report.replaced
    return "\n".join(
        [
            f"Method:    {report.title}, {effort}{report.seconds:.1f} s",
            rise,
            f"Gap:       {report.gap}",
            f"Map error: {report.error}",
            "",
            f"Picture: {printable(report.picture)}{replaced}",
        ]
    )


def facts(report: Report) -> dict[str, Any]:
    """Return what is said as numbers."""
    seen, result = report.seen, report.result
    return {
        "photo": printable(seen.photo),
        "picture": printable(report.picture),
        "replaced": report.replaced,
        "guesses": [
            _class(one) | {"probability": share if _is_chance(seen, one) else None}
            for one, share in seen.guesses
        ],
        # "logit" is the number that is explained, whatever it is: "quantity" says what
        "explained": _class(seen.explained)
        | {"rank": seen.rank, "quantity": seen.quantity, "logit": report.score},
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
