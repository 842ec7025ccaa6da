"""Task 05.5, first part: a share function is tried on small pictures."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l05_integrated_gradients.coat import (
    WRONG_SHARES,
    as_it_is,
    coat_share,
    pixels,
)

__all__ = ["PROBES", "SAYS", "judge_share"]

TOLERANCE = 1e-3


# ---------------------------------------------------------------- pictures (1, 3, H, W)


def probe(height: int, width: int, turn: float, strength: float) -> tuple[Tensor, Tensor]:
    """Make a grey picture whose pixels all differ, and an attribution of mixed signs."""
    count = height * width
    order = (torch.arange(count) * 11) % count  # every brightness once, places mixed
    place = order / (count - 1)
    # More dark pixels than bright ones: a fifth of the pixels is not a fifth of the brightness.
    grey = (0.05 + 0.9 * (0.4 * place + 0.6 * place**2)).reshape(1, 1, height, width)
    values = torch.sin(torch.arange(3.0 * count) * turn + 0.4).reshape(1, 3, height, width)
    dark = (order < count // 5).reshape(1, 1, height, width)
    return grey.expand(1, 3, -1, -1).clone(), torch.where(dark, strength * values, values)


def coloured() -> tuple[Tensor, Tensor]:
    """Return a picture in which no single channel is dark where the mean of the three is."""
    photo, values = probe(6, 5, 1.3, strength=2.0)
    tint = 0.15 * torch.sin(torch.arange(30.0) * 2.6).reshape(1, 1, 6, 5)
    shift = torch.cat([tint, -tint.roll(1, -1), tint.roll(1, -1) - tint], 1)  # adds up to 0
    return 0.25 + 0.5 * photo + shift, values


PROBES = {
    "upright": probe(5, 4, 1.9, strength=2.5),
    "wide": probe(3, 10, 0.8, strength=2.0),
    "flat": probe(2, 10, 2.7, strength=0.4),
    "coloured": coloured(),
    "large": probe(224, 224, 1.1, strength=1.7),
}
SAYS = {
    "upright": "a small picture of 5 x 4 pixels",
    "wide": "a small picture of 3 x 10 pixels",
    "flat": "a small picture of 2 x 10 pixels",
    "coloured": "a small picture with colours",
    "large": "a picture of 224 x 224 pixels, not the camera photo",
}


# ---------------------------------------------------------------- grading


def judge_share(function: Any) -> Outcome | None:
    """Return what is wrong with a share function; None if it is right."""
    require_function(function, "coat_share")
    given = [ask(function, name) for name in PROBES]
    right, of_pixels = both_forms(coat_share)
    if same(given, right) or same(given, of_pixels):
        return None
    evidence = messages.text("tasks/05.5/evidence", yours=show(given), expected=show(right))
    name = diagnose(given)
    key = f"misconceptions/{name}" if name else "share_differs"
    return Outcome("not_right", messages.text(f"tasks/05.5/{key}"), evidence, diagnosis=name)


def ask(function: Any, name: str) -> float:
    photo, attribution = PROBES[name]
    arguments = {"attribution": attribution.clone(), "photo": photo.clone()}
    got = to_number(call(function, arguments, SAYS[name]), SAYS[name])
    if not torch.equal(arguments["attribution"].detach(), attribution):
        refuse("general/changes_input", name="attribution")
    return got


def diagnose(given: list[float]) -> str | None:
    """Return the one misconception that gives the same share on every probe."""
    if max(given) - min(given) < TOLERANCE:
        return "always_the_same"
    fits = [
        name
        for name, wrong in WRONG_SHARES.items()
        if any(same(given, shares) for shares in both_forms(wrong))
    ]
    return fits[0] if len(fits) == 1 else None


@cache
def both_forms(share: Any) -> list[list[float]]:
    """Return a share of all numbers of the map, and of the map of pixels, on every probe."""
    return [
        [share(form(values), photo) for photo, values in PROBES.values()]
        for form in (as_it_is, pixels)
    ]


def same(a: list[float], b: list[float]) -> bool:
    return all(abs(p - q) <= TOLERANCE * max(abs(q), 0.05) for p, q in zip(a, b, strict=True))
