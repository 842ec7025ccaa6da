"""Task 05.5: two baselines for the camera photo, the share of the coat, and two questions.

The student's share function is tried on small pictures. The reported shares are held to the limits
and to what the baseline gives: for the named baselines this was measured once, for a baseline of
the student's own the map is computed here (16 gradients, about a second).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from xaicourse import datasets, zoo
from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.card import card
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
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
SLACK = 0.01  # between two rules with 16 steps
TOLERANCE = 1e-3
TRIPOD, STEPS = 872, 16  # what the shares above were measured with
WORDS_IN_QUESTION = 4
PLACEHOLDERS = {"todo", "tbd", "fixme", "xxx", "lorem", "ipsum", "placeholder", "bla", "blah"}


# ---------------------------------------------------------------- probes, grey (1, 3, H, W)


def _probe(height: int, width: int, turn: float, strength: float) -> tuple[Tensor, Tensor]:
    """Make a picture whose pixels all differ in brightness, and an attribution of mixed signs."""
    count = height * width
    order = (torch.arange(count) * 11) % count  # every brightness once, places mixed
    place = order / (count - 1)
    # More dark pixels than bright ones: a fifth of the pixels is not a fifth of the brightness.
    grey = (0.05 + 0.9 * (0.4 * place + 0.6 * place**2)).reshape(1, 1, height, width)
    values = torch.sin(torch.arange(3.0 * count) * turn + 0.4).reshape(1, 3, height, width)
    dark = (order < count // 5).reshape(1, 1, height, width)
    return grey.expand(1, 3, -1, -1).clone(), torch.where(dark, strength * values, values)


def _coloured() -> tuple[Tensor, Tensor]:
    """Return a picture in which no single channel is dark where the mean of the three is."""
    photo, values = _probe(6, 5, 1.3, strength=2.0)
    tint = 0.15 * torch.sin(torch.arange(30.0) * 2.6).reshape(1, 1, 6, 5)
    shift = torch.cat([tint, -tint.roll(1, -1), tint.roll(1, -1) - tint], 1)  # adds up to 0
    return 0.25 + 0.5 * photo + shift, values


PROBES = {
    "upright": _probe(5, 4, 1.9, strength=2.5),
    "wide": _probe(3, 10, 0.8, strength=2.0),
    "flat": _probe(2, 10, 2.7, strength=0.4),
    "coloured": _coloured(),
    "large": _probe(224, 224, 1.1, strength=1.7),  # as large as the camera photo, but another one
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
    size, dark = torch.broadcast_tensors(attribution.abs(), dark)
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


def _dark_below(level: float, photo: Tensor) -> Tensor:
    brightness = photo.mean(dim=1, keepdim=True)
    return brightness <= brightness.quantile(level)


def darkest_tenth(attribution, photo):
    return _share_where(_dark_below(0.1, photo), attribution)


def all_but_the_brightest(attribution, photo):
    return _share_where(_dark_below(0.8, photo), attribution)


def fifth_of_range(attribution, photo):
    brightness = photo.mean(dim=1, keepdim=True)
    low, high = brightness.min(), brightness.max()
    return _share_where(brightness <= low + 0.2 * (high - low), attribution)


def all_values_together(attribution, photo):
    """The darkest fifth of the numbers of all channels."""
    return _share_where(photo <= photo.quantile(0.2), attribution)


def smallest_attributions(attribution, photo):
    """The fifth of the pixels with the smallest attribution."""
    size = attribution.abs().sum(dim=1, keepdim=True)
    return _share_where(size <= size.quantile(0.2), attribution)


def one_channel_of_the_map(attribution, photo):
    return coat_share(attribution[:, :1], photo)


def mean_over_mean_outside(attribution, photo):
    size, dark = attribution.abs().mean(dim=1, keepdim=True), _dark(photo)
    return float(size[dark].mean() / size[~dark].mean())


def always_the_camera(attribution, photo):
    """Look at the camera photo instead of the argument, where its size fits."""
    camera = datasets.photo("camera", device="cpu")
    fits = camera.shape[2:] == photo.shape[2:]
    return coat_share(attribution, camera if fits else photo)


def always_the_same(attribution, photo):
    return 0.2


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
        darkest_tenth,
        all_but_the_brightest,
        fifth_of_range,
        all_values_together,
        smallest_attributions,
        one_channel_of_the_map,
        mean_over_mean_outside,
        always_the_camera,
        always_the_same,
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
    notes = _judge_numbers(sides, kinds)
    for side, (_, _, question) in sides.items():
        if is_missing(question):
            refuse("tasks/05.5/question_missing", status="not_done", side=side)
        _judge_question(question, side)
    if _words(sides["low"][2]) == _words(sides["high"][2]):
        refuse("tasks/05.5/same_question")
    return Outcome("passed", messages.text("tasks/05.5/passed"), notes=tuple(notes))


def _judge_question(question: Any, side: str) -> None:
    """Refuse what is plainly no question. Whether it is a good one, only a reader can say."""
    words = _words(question) if isinstance(question, str) else []
    if PLACEHOLDERS & set(words):
        refuse("tasks/05.5/question_missing", status="not_done", side=side)
    if len(set(words)) < WORDS_IN_QUESTION:
        refuse("tasks/05.5/question_short", side=side)
    if " ".join(words) in " ".join(_words(card("05.5"))):
        refuse("tasks/05.5/question_copied", side=side)


def _words(text: str) -> list[str]:
    """Return the words of a text in small letters: no digits, no marks."""
    return re.findall(r"[^\W\d_]+", text.lower())


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
    """Return the one misconception that gives the same share on every probe.

    Each is tried on all numbers of the map and on the map of pixels, as the right share is.
    """
    if max(given) - min(given) < TOLERANCE:
        return "always_the_same"
    fits = [
        name
        for name, wrong in WRONG_SHARES.items()
        if any(_same(given, shares) for shares in _both_forms(wrong))
    ]
    return fits[0] if len(fits) == 1 else None


@cache
def _both_forms(wrong: Callable) -> list[list[float]]:
    return [
        [wrong(form(values), photo) for photo, values in PROBES.values()]
        for form in (_all_numbers, _map_of_pixels)
    ]


def _all_numbers(attribution: Tensor) -> Tensor:
    return attribution


def _map_of_pixels(attribution: Tensor) -> Tensor:
    return attribution.sum(dim=1, keepdim=True)


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
    if isinstance(part["share"], str):
        refuse("tasks/05.5/share_is_text", side=side, given=part["share"][:40])
    share = to_number(part["share"], what)
    if not 0 <= share <= 1:
        refuse("tasks/05.5/no_share", side=side, share=show(share))
    return part["baseline"], share, part["question"]


def _judge_numbers(
    sides: dict[str, tuple[Any, float, Any]], kinds: dict[str, str | Tensor]
) -> list[str]:
    """Hold both shares to the limits and to what their baselines give; return the notes."""
    low, high = sides["low"][1], sides["high"][1]
    if low >= HIGH > LOW > high or (low > HIGH and high < LOW):
        refuse("tasks/05.5/misconceptions/swapped", diagnosis="swapped")
    if low >= LOW:
        refuse("tasks/05.5/low_too_high", share=show(low))
    if high <= HIGH:
        refuse("tasks/05.5/high_too_low", share=show(high))
    notes = []
    for side, (_, share, _) in sides.items():
        kind = kinds[side]
        if isinstance(kind, Tensor):
            measured = _shares_from(kind)
            if measured is None:
                notes.append(messages.text("tasks/05.5/not_recomputed", side=side))
            elif all(abs(share - right) > _near(right) for right in measured) or (
                min(measured) > LOW + SLACK if side == "low" else max(measured) < HIGH - SLACK
            ):
                right = show(measured[0])
                refuse("tasks/05.5/own_differs", side=side, share=show(share), right=right)
        elif all(abs(share - right) > _near(right) for right in MEASURED[kind]):
            refuse("tasks/05.5/not_measured", side=side, share=show(share), baseline=kind)
    return notes


def _near(share: float) -> float:
    return NEAR_BLACK if share < LOW else NEAR


def _shares_from(baseline: Tensor) -> tuple[float, float] | None:
    """Return both shares for a baseline (1, 3, 224, 224); None without the network's weights."""
    try:
        model = zoo.load("efficientnet_lite0", device="cpu")
    except OSError:
        return None
    photo = datasets.photo("camera", device="cpu")
    total = torch.zeros_like(photo)
    for k in range(STEPS):
        point = baseline + (k + 0.5) / STEPS * (photo - baseline)
        point = point.detach().requires_grad_(True)
        total += torch.autograd.grad(model(point)[0, TRIPOD], point)[0]
    attribution = (photo - baseline) * total / STEPS
    return coat_share(attribution, photo), coat_share_of_pixels(attribution, photo)


# ---------------------------------------------------------------- which baseline is it?


def _kind(baseline: Any, side: str) -> str | Tensor:
    """Return the name of a known baseline, given as a word, a number or a tensor, or its values."""
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
    return values


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
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        **{name: {**_RIGHT, "coat_share": function} for name, function in WRONG_SHARES.items()},
        "swapped": {**_RIGHT, "low": _RIGHT["high"], "high": _RIGHT["low"]},
    },
)
