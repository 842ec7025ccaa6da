"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The net is not run here: the student's share function is tried on small pictures, and the reported
shares are held to the limits and, for black and white, to what was measured.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.exercise import messages
from xaicourse.exercise.calling import call, require_function
from xaicourse.exercise.compare import refuse, show, to_number
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome

__all__ = ["TWO_BASELINES"]

LOW, HIGH = 0.05, 0.20
# Share of |IG| in the darkest fifth of the camera photo, and how far a careful run may be off.
MEASURED = {"black": (0.03, 0.02), "white": (0.37, 0.12)}
TOLERANCE = 1e-3
WORDS_IN_QUESTION = 4


# ---------------------------------------------------------------- probes, grey (1, 3, H, W)


def _probe(height: int, width: int, turn: float, strength: float) -> tuple[Tensor, Tensor]:
    """Make a picture whose pixels all differ in brightness, and an attribution of mixed signs."""
    count = height * width
    order = (torch.arange(count) * 7) % count  # every brightness once, places mixed
    grey = (0.05 + 0.9 * order / (count - 1)).reshape(1, 1, height, width)
    values = torch.sin(torch.arange(3.0 * count) * turn + 0.4).reshape(1, 3, height, width)
    dark = (order < count // 5).reshape(1, 1, height, width)
    return grey.expand(1, 3, -1, -1).clone(), torch.where(dark, strength * values, values)


PROBES = {
    "upright": _probe(5, 4, 1.9, strength=2.5),
    "wide": _probe(3, 10, 0.8, strength=2.0),
    "flat": _probe(2, 10, 2.7, strength=0.4),
}


# ---------------------------------------------------------------- right and wrong shares


def _dark(photo: Tensor) -> Tensor:
    brightness = photo.mean(dim=1, keepdim=True)  # (1, 1, H, W)
    return brightness <= brightness.quantile(0.2)


def coat_share(attribution, photo):
    """Return the share of |attribution| that lies in the darkest fifth of the photo's pixels."""
    size = attribution.abs()
    return float((size * _dark(photo)).sum() / size.sum())


def coat_share_of_pixels(attribution, photo):
    """Return the same share for the map of pixels: channels added, as the lesson draws it."""
    return coat_share(attribution.sum(dim=1, keepdim=True), photo)


def signed_sum(attribution, photo):
    return float((attribution * _dark(photo)).sum() / attribution.sum())


def abs_of_signed_sums(attribution, photo):
    return abs(signed_sum(attribution, photo))


def brightest_fifth(attribution, photo):
    brightness = photo.mean(dim=1, keepdim=True)
    size = attribution.abs()
    return float((size * (brightness >= brightness.quantile(0.8))).sum() / size.sum())


def rest_of_photo(attribution, photo):
    return 1 - coat_share(attribution, photo)


def darker_than_fifth(attribution, photo):
    size = attribution.abs()
    return float((size * (photo.mean(dim=1, keepdim=True) <= 0.2)).sum() / size.sum())


def mean_over_mean(attribution, photo):
    size, dark = attribution.abs().mean(dim=1, keepdim=True), _dark(photo)
    return float(size[dark].mean() / size.mean())


def dark_over_bright(attribution, photo):
    size, dark = attribution.abs(), _dark(photo)
    return float((size * dark).sum() / (size * ~dark).sum())


def positive_only(attribution, photo):
    return coat_share(attribution.clamp(min=0), photo)


def squared(attribution, photo):
    return coat_share(attribution**2, photo)


def not_divided(attribution, photo):
    return float((attribution.abs() * _dark(photo)).sum())


def in_percent(attribution, photo):
    return 100 * coat_share(attribution, photo)


def darkest_half(attribution, photo):
    brightness = photo.mean(dim=1, keepdim=True)
    size = attribution.abs()
    return float((size * (brightness <= brightness.quantile(0.5))).sum() / size.sum())


def top_pixels(attribution, photo):
    """Share of the fifth of the pixels with the largest attribution that lies in the coat."""
    size = attribution.abs().sum(dim=1, keepdim=True)
    top = size >= size.quantile(0.8)
    return float((top & _dark(photo)).sum() / top.sum())


WRONG_SHARES: dict[str, Callable] = {
    function.__name__: function
    for function in (
        signed_sum,
        abs_of_signed_sums,
        brightest_fifth,
        rest_of_photo,
        darker_than_fifth,
        mean_over_mean,
        dark_over_bright,
        positive_only,
        squared,
        not_divided,
        in_percent,
        darkest_half,
        top_pixels,
    )
}


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge the share function, then the two reported shares and their questions."""
    what = messages.entry("tasks/05.5/name")
    part = parts(answer, ("coat_share", "low", "high"), what)
    if all(is_missing(value) for value in part.values()) or is_missing(part["coat_share"]):
        refuse("general/not_done", status="not_done")
    wrong = _judge_share(part["coat_share"])
    if wrong is not None:
        return wrong
    sides = {side: _side(part[side], side) for side in ("low", "high")}
    _judge_numbers(sides)
    for side, (_, _, question) in sides.items():
        if is_missing(question):
            refuse("tasks/05.5/question_missing", status="not_done", side=side)
        if not isinstance(question, str) or len(question.split()) < WORDS_IN_QUESTION:
            refuse("tasks/05.5/question_short", side=side)
    if sides["low"][2].strip().lower() == sides["high"][2].strip().lower():
        refuse("tasks/05.5/same_question")
    return Outcome("passed", messages.text("tasks/05.5/passed"))


def _judge_share(function: Any) -> Outcome | None:
    require_function(function, "coat_share")
    given, expected, of_pixels = [], [], []
    for name, (photo, attribution) in PROBES.items():
        where = messages.text(f"tasks/05.5/probes/{name}")
        arguments = {"attribution": attribution.clone(), "photo": photo.clone()}
        got = to_number(call(function, arguments, where), where)
        if not torch.equal(arguments["attribution"].detach(), attribution):
            refuse("general/changes_input", name="attribution")
        given.append(got)
        expected.append(coat_share(attribution, photo))
        of_pixels.append(coat_share_of_pixels(attribution, photo))
    if _same(given, expected) or _same(given, of_pixels):
        return None
    evidence = messages.text("tasks/05.5/evidence", yours=show(given), expected=show(expected))
    name = diagnose(given)
    if name is None:
        return Outcome("not_right", messages.text("tasks/05.5/share_differs"), evidence)
    text = messages.text(f"tasks/05.5/misconceptions/{name}")
    return Outcome("not_right", text, evidence, diagnosis=name)


def diagnose(given: list[float]) -> str | None:
    """Return the one misconception that gives the same share on every probe."""
    fits = [
        name
        for name, wrong in WRONG_SHARES.items()
        if _same(given, [wrong(values, photo) for photo, values in PROBES.values()])
    ]
    return fits[0] if len(fits) == 1 else None


def _same(a: list[float], b: list[float]) -> bool:
    return all(abs(p - q) <= TOLERANCE * max(abs(q), 0.05) for p, q in zip(a, b, strict=True))


def _side(given: Any, side: str) -> tuple[Any, float, Any]:
    what = messages.text("tasks/05.5/side", side=side)
    if is_missing(given):
        refuse("tasks/05.5/side_missing", status="not_done", side=side)
    part = parts(given, ("baseline", "share", "question"), what)
    for key in ("baseline", "share"):
        if is_missing(part[key]):
            refuse("general/part_missing", status="not_done", part=key, what=what)
    share = to_number(part["share"], what)
    if not 0 <= share <= 1:
        refuse("tasks/05.5/no_share", side=side, share=show(share))
    return part["baseline"], share, part["question"]


def _judge_numbers(sides: dict[str, tuple[Any, float, Any]]) -> None:
    low, high = sides["low"][1], sides["high"][1]
    if low >= HIGH > LOW > high or (low > HIGH and high < LOW):
        refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
    if low >= LOW:
        refuse("tasks/05.5/low_too_high", share=show(low))
    if high <= HIGH:
        refuse("tasks/05.5/high_too_low", share=show(high))
    for side, (baseline, share, _) in sides.items():
        colour = _colour(baseline)
        if colour in MEASURED:
            measured, tolerance = MEASURED[colour]
            if abs(share - measured) > tolerance:
                refuse("tasks/05.5/not_measured", side=side, share=show(share), colour=colour)


def _colour(baseline: Any) -> str:
    """Recognise black and white, given as a word, a number or a tensor; anything else is ""."""
    if isinstance(baseline, str):
        return baseline.strip().lower()
    try:
        values = torch.as_tensor(baseline).detach().cpu().double()
    except Exception:
        return ""
    if values.numel() == 0:
        return ""
    low, high = float(values.min()), float(values.max())
    return {(0.0, 0.0): "black", (1.0, 1.0): "white"}.get((low, high), "")


# ---------------------------------------------------------------- right and wrong submissions

_RIGHT = {
    "coat_share": coat_share,
    "low": {
        "baseline": "black",
        "share": 0.03,
        "question": "Which pixels raise the score when light is added to a black photo?",
    },
    "high": {
        "baseline": "white",
        "share": 0.36,
        "question": "Which pixels raise the score when a white photo gets its dark parts?",
    },
}

TWO_BASELINES = Task(
    id="05.5",
    goal="G4",
    level=3,
    minutes=15,
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        **{name: {**_RIGHT, "coat_share": function} for name, function in WRONG_SHARES.items()},
        "swapped": {**_RIGHT, "low": _RIGHT["high"], "high": _RIGHT["low"]},
    },
)
