"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The net is not run here: the student's share function is tried on small pictures, and the reported
shares are held to the limits and, for the named baselines, to what was measured. A share for a
baseline of the student's own is taken as it is, and the verdict says so.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse import datasets
from xaicourse.exercise import messages
from xaicourse.exercise.calling import call, require_function
from xaicourse.exercise.compare import refuse, show, to_number
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome
from xaicourse.methods.baselines import make_baseline

__all__ = ["TWO_BASELINES"]

LOW, HIGH = 0.05, 0.20
# Share of |IG| in the darkest fifth of the camera photo (target 872, 16 midpoint steps): of all
# numbers, and of the map of pixels (channels added). How far off depends on the number of steps.
MEASURED = {
    "black": (0.031, 0.033),
    "white": (0.362, 0.390),
    "mean": (0.339, 0.352),
    "uniform": (0.251, 0.264),
    "blur": (0.268, 0.277),
}
NEAR = 0.03
NEAR_BLACK = 0.02  # a share near 0 cannot be off by as much
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


def _coloured() -> tuple[Tensor, Tensor]:
    """Return a picture in which no single channel is dark where the mean of the three is."""
    photo, values = _probe(6, 5, 1.3, strength=2.0)
    tint = 0.15 * torch.sin(torch.arange(30.0) * 2.6).reshape(1, 1, 6, 5)
    shift = torch.cat([tint, -tint.roll(1, -1), tint.roll(1, -1) - tint], 1)  # adds up to 0
    return 0.25 + 0.5 * photo + 0.9 * shift, values


PROBES = {
    "upright": _probe(5, 4, 1.9, strength=2.5),
    "wide": _probe(3, 10, 0.8, strength=2.0),
    "flat": _probe(2, 10, 2.7, strength=0.4),
    "coloured": _coloured(),
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


def _share_where(dark: Tensor, attribution: Tensor) -> float:
    size = attribution.abs()
    return float((size * dark).sum() / size.sum())


def first_channel(attribution, photo):
    return _share_where(_dark(photo[:, :1]), attribution)


def darkest_channel(attribution, photo):
    return _share_where(_dark(photo.amin(1, keepdim=True)), attribution)


def brightest_channel(attribution, photo):
    return _share_where(_dark(photo.amax(1, keepdim=True)), attribution)


def channels_apart(attribution, photo):
    dark = torch.cat([_dark(channel) for channel in photo.split(1, dim=1)], 1)  # (1, 3, H, W)
    return _share_where(dark, attribution)


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
        first_channel,
        darkest_channel,
        brightest_channel,
        channels_apart,
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
    kinds = {side: _kind(baseline, side) for side, (baseline, _, _) in sides.items()}
    _judge_numbers(sides, kinds)
    for side, (_, _, question) in sides.items():
        if is_missing(question):
            refuse("tasks/05.5/question_missing", status="not_done", side=side)
        if not isinstance(question, str) or len(question.split()) < WORDS_IN_QUESTION:
            refuse("tasks/05.5/question_short", side=side)
    if sides["low"][2].strip().lower() == sides["high"][2].strip().lower():
        refuse("tasks/05.5/same_question")
    own = [side for side, kind in kinds.items() if kind == "own"]
    notes = [messages.text("tasks/05.5/not_recomputed", side=side) for side in own]
    return Outcome("passed", messages.text("tasks/05.5/passed"), notes=tuple(notes))


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


def _judge_numbers(sides: dict[str, tuple[Any, float, Any]], kinds: dict[str, str]) -> None:
    low, high = sides["low"][1], sides["high"][1]
    if low >= HIGH > LOW > high or (low > HIGH and high < LOW):
        refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
    if low >= LOW:
        refuse("tasks/05.5/low_too_high", share=show(low))
    if high <= HIGH:
        refuse("tasks/05.5/high_too_low", share=show(high))
    for side, (_, share, _) in sides.items():
        kind = kinds[side]
        near = NEAR_BLACK if kind == "black" else NEAR
        if kind != "own" and all(abs(share - measured) > near for measured in MEASURED[kind]):
            refuse("tasks/05.5/not_measured", side=side, share=show(share), baseline=kind)


# ---------------------------------------------------------------- which baseline is it?


def _kind(baseline: Any, side: str) -> str:
    """Return the name of a known baseline, given as a word, a number or a tensor, or "own"."""
    if isinstance(baseline, str):
        name = baseline.strip().lower()
        if name not in MEASURED:
            known = ", ".join(MEASURED)
            refuse("tasks/05.5/unknown_baseline", side=side, given=baseline[:40], known=known)
        return name
    photo = datasets.photo("camera", device="cpu")  # (1, 3, 224, 224)
    values = _values(baseline, photo, side)
    if float((values - photo).abs().max()) < 1e-3:
        refuse("tasks/05.5/photo_itself", side=side)
    for name in MEASURED:  # blur comes last: it takes a second
        if float((values - make_baseline(name, photo)).abs().max()) < 1e-3:
            return name
    return "own"


def _values(baseline: Any, photo: Tensor, side: str) -> Tensor:
    """Return a baseline of numbers in the photo's shape, or say what is wrong with it."""
    try:
        values = torch.as_tensor(baseline).detach().cpu().float()
    except Exception:
        kind = type(baseline).__name__
        refuse("tasks/05.5/no_baseline", side=side, kind=kind, known=", ".join(MEASURED))
    if values.ndim and values.shape != photo.shape:
        shape, expected = tuple(values.shape), tuple(photo.shape)
        refuse("tasks/05.5/baseline_shape", side=side, shape=shape, expected=expected)
    if not bool(((values >= 0) & (values <= 1)).all()):  # NaN is neither
        refuse("tasks/05.5/baseline_range", side=side)
    return values.expand_as(photo)


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
