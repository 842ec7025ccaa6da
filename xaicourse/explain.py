"""`xaicourse explain PHOTO`: what a model sees in a photo, and where.

Every argument is checked before anything slow begins. The answer is a picture and two numbers that
say how far it can be trusted: the completeness gap and the error of the map.
"""

import difflib
import inspect
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from xaicourse.core.attribution import Attribution, relative_gap
from xaicourse.core.device import device
from xaicourse.core.registry import InputKind, MethodRecord, ResultKind, Unit
from xaicourse.datasets.image_files import crop_224, image_to_tensor, read_rgb
from xaicourse.methods import all_methods
from xaicourse.methods.baselines import BASELINES
from xaicourse.plot.images import bar_ends, draw_map
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import bare, new_figure, styled
from xaicourse.zoo import labels
from xaicourse.zoo.registry import MODELS, ModelRecord

__all__ = ["explain"]

DEFAULT_TOL = 0.05
PHOTO_SHAPE = (3, 224, 224)
ENDINGS = (".png", ".pdf", ".svg")
TILE = 4  # pixels: single ones are too fine to read
PERCENTILE = 99.0
MOST_CANDIDATES = 12  # so many classes are named in an error
UNSURE = 0.3  # probability of the first choice
SHOWN_CUT = 0.2  # say so when the model does not see this share of the photo
GOOD_GAP, FAIR_GAP = 0.02, 0.10
GOOD_ERROR, FAIR_ERROR = 0.05, 0.15


@dataclass(frozen=True)
class Explained:
    """A class of the model, chosen by the caller or by the model."""

    number: int
    name: str

    def __str__(self) -> str:
        return f'"{self.name}" (class {self.number})'


def explain(
    photo: str | os.PathLike[str],
    *,
    method: str = "integrated_gradients",
    target: str | None = None,
    baseline: str | None = None,
    tol: str | float | None = None,
    steps: str | int | None = None,
    out: str | os.PathLike[str] | None = None,
    model: str = "efficientnet_lite0",
) -> Path:
    """Explain a photo: print what the model sees in it and write a picture of where.

    Parameters
    ----------
    photo : str or path-like
        Any image file.
    method : str
        A name in ``xc.METHODS``.
    target : str, optional
        Number of a class, or its name or a part of it that fits only one; the model's first
        choice without it.
    baseline : str, optional
        What the photo is compared with: black, white, mean, blur, uniform, max_distance, or a grey
        from 0 to 1.
    tol : str or float, optional
        Wanted relative error of the map; 0.05 where neither `tol` nor `steps` is given.
    steps : str or int, optional
        Take so many gradients instead.
    out : str or path-like, optional
        The picture to write (.png, .pdf or .svg); by default named after photo and method, in the
        current folder.
    model : str
        A model of ``xc.zoo.MODELS`` that takes photos.

    Returns
    -------
    Path
        The picture.

    Raises
    ------
    ValueError, OSError
        For anything that cannot be used, before the work begins; the message is one line.
    """
    photo = Path(photo)
    record = _choose_method(method)
    settings = _settings(record, baseline, tol, steps)
    model_record = _choose_model(model)
    upright = read_rgb(photo)
    place = _place(out, photo, record.name)
    wanted = None if target is None else _choose_class(target, labels())

    where = device()
    x = image_to_tensor(crop_224(upright), device=where)  # (1, 3, 224, 224)
    network = model_record.build().to(where)
    with torch.no_grad():
        logits = network(x)[0]  # (1000,)
    best = int(logits.argmax())
    explained = wanted or Explained(best, labels()[best])
    _print_classes(photo, upright, model_record, logits, explained)

    started = time.perf_counter()
    result = _attribute(record, network, x, explained.number, settings)
    seconds = time.perf_counter() - started
    _print_verdicts(record, result, logits[explained.number], settings, seconds)

    picture = _draw(x, result, record, explained)
    try:
        picture.save(place, dpi=160)
    except OSError as error:
        raise OSError(f"--out {place} cannot be written: {error.strerror or error}") from None
    print(f"\nPicture: {_printable(place)}")
    return place


# ---------------------------------------------------------------- choices


def _choose_method(name: str) -> MethodRecord:
    """Return the method of that name that makes a map of an image."""
    usable = {
        key: record
        for key, record in all_methods().items()
        if record.input in (InputKind.ANY, InputKind.IMAGE)
        and record.result in (ResultKind.INPUT, ResultKind.MAP)
    }
    found = usable.get(name.strip().lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise ValueError(f"--method {name!r} is unknown; there are {', '.join(sorted(usable))}")
    return found


def _choose_model(name: str) -> ModelRecord:
    usable = {key: r for key, r in MODELS.items() if r.input_shape == PHOTO_SHAPE}
    if name not in usable:
        raise ValueError(f"--model {name!r} takes no photos; there are {', '.join(usable)}")
    return usable[name]


def _choose_class(text: str, names: list[str]) -> Explained:
    """Return the one class that a number, a name or a part of a name means."""
    wanted = " ".join(text.lower().split())
    if re.fullmatch(r"[+-]?\d+", wanted):
        number = int(wanted)
        if not 0 <= number < len(names):
            raise ValueError(
                f"--target {number} is out of range: classes go from 0 to {len(names) - 1}"
            )
        return Explained(number, names[number])
    if not wanted:
        raise ValueError('--target is empty; give a class number or a name such as "tabby"')

    if text.strip() in names:  # a Cardigan is a dog, a cardigan is not
        return Explained(names.index(text.strip()), text.strip())
    # The whole name, then whole words of it, then any part: "cat" means no cathedral.
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    tests: tuple[Callable[[str], object], ...] = (
        lambda name: name == wanted,
        word.search,
        lambda name: wanted in name,
    )
    for test in tests:
        fits = [Explained(k, name) for k, name in enumerate(names) if test(name.lower())]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ValueError(
                f"--target {text!r} fits {len(fits)} classes: {_listed(fits)}; "
                "choose one by its number"
            )
    near = _near(wanted, names)
    hint = f"near it are {_listed(near)}" if near else "give a class number, 0 to 999"
    raise ValueError(f"--target {text!r} is no ImageNet class; {hint}")


def _near(wanted: str, names: list[str]) -> list[Explained]:
    """Return classes whose name, or a word of it, is spelled much like `wanted`."""
    spelled: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        for part in {name.lower(), *name.lower().split()}:
            spelled.setdefault(part, []).append(k)
    close = difflib.get_close_matches(wanted, spelled, n=5, cutoff=0.7)
    numbers = dict.fromkeys(k for part in close for k in spelled[part])
    return [Explained(k, names[k]) for k in numbers]


def _listed(classes: list[Explained]) -> str:
    shown = ", ".join(f"{c.number} {c.name}" for c in classes[:MOST_CANDIDATES])
    more = len(classes) - MOST_CANDIDATES
    return f"{shown} and {more} more" if more > 0 else shown


def _settings(
    record: MethodRecord,
    baseline: str | None,
    tol: str | float | None,
    steps: str | int | None,
) -> dict[str, Any]:
    """Return the method's settings from the caller's; refuse what the method does not have."""
    given = {"baseline": baseline, "tol": tol, "steps": steps}
    known = inspect.signature(record.method).parameters
    for name, value in given.items():
        if value is not None and name not in known:
            raise ValueError(f"--{name} is not for {record.name}: that method has no such setting")
    if tol is not None and steps is not None:
        raise ValueError("--tol and --steps exclude each other: give the error or the effort")

    settings: dict[str, Any] = {}
    if baseline is not None:
        settings["baseline"] = _baseline(baseline)
    if steps is not None:
        settings["steps"] = _steps(steps)
    elif "tol" in known:
        settings["tol"] = _tol(DEFAULT_TOL if tol is None else tol)
    return settings


def _baseline(text: str) -> str | float:
    if text in BASELINES:
        return text
    try:
        grey = float(text)
    except ValueError:
        grey = -1.0
    if not 0 <= grey <= 1:
        raise ValueError(
            f"--baseline must be {', '.join(BASELINES)} or a grey from 0 to 1, got {text!r}"
        )
    return grey


def _tol(value: str | float) -> float:
    try:
        tol = float(value)
    except ValueError:
        tol = -1.0
    if not 0 < tol < 1:
        raise ValueError(
            f"--tol must be a number between 0 and 1, such as 0.05 for 5 %, got {value!r}"
        )
    return tol


def _steps(value: str | int) -> int:
    try:
        steps = int(value)
    except ValueError:
        steps = 0
    if steps < 1:
        raise ValueError(f"--steps must be a whole number of at least 1, got {value!r}")
    return steps


def _place(out: str | os.PathLike[str] | None, photo: Path, method: str) -> Path:
    """Return where the picture goes, after looking whether it can go there."""
    place = Path(f"{photo.stem}_{method}.png") if out is None else Path(out)
    if place.suffix.lower() not in ENDINGS:
        raise ValueError(f"--out must end in {', '.join(ENDINGS)}, got {str(place)!r}")
    if place.is_dir():
        raise ValueError(f"--out {place} is a folder; name a file in it")
    if not place.parent.is_dir():
        raise ValueError(f"--out: there is no folder {place.parent}; make it first")
    if not os.access(place.parent, os.W_OK):
        raise ValueError(f"--out: the folder {place.parent} cannot be written to; choose another")
    if place.exists() and place.samefile(photo):
        raise ValueError(f"--out {place} is the photo itself, which is never overwritten")
    return place


# ---------------------------------------------------------------- the work


def _attribute(
    record: MethodRecord, network: torch.nn.Module, x: Tensor, target: int, settings: Mapping
) -> Attribution:
    """Run the method; a warning that the wanted error was missed comes back as a verdict."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*did not reach tol", category=UserWarning)
        return record.method(network, x, target, return_details=True, **settings)


# ---------------------------------------------------------------- what is printed


def _print_classes(
    photo: Path, picture: Image.Image, model: ModelRecord, logits: Tensor, explained: Explained
) -> None:
    """Print the five likeliest classes, and which one is explained."""
    probabilities = logits.cpu().double().softmax(dim=0)  # Apple's GPUs have no float64
    names = labels()
    print(f"{_printable(photo)}, seen by {model.title.split(',')[0]}:\n")
    for k in probabilities.topk(5).indices.tolist():
        print(f"  {_percent(float(probabilities[k])):>7}  {names[k]} ({k})")
    if float(probabilities.max()) < UNSURE:
        print("\nThe model is not sure; perhaps none of its 1000 classes fits this photo.")
    cut = 1 - min(picture.size) / max(picture.size)
    if cut > SHOWN_CUT:
        print(f"\nThe model sees the middle of the photo only; {cut:.0%} of its length is cut off.")
    place = int((logits > logits[explained.number]).sum()) + 1
    which = "its first choice" if place == 1 else f"its choice number {place}"
    print(f"\nExplained: the logit of {explained}, {which}")


def _print_verdicts(
    record: MethodRecord, result: Attribution, logit: Tensor, settings: Mapping, seconds: float
) -> None:
    """Print two numbers that must not be confused, each with what it means."""
    effort = "" if result.gradients is None else f"{_count(int(result.gradients[0]), 'gradient')}, "
    print(f"Method:    {record.title}, {effort}{seconds:.1f} s")
    if result.f_start is not None:
        start = _baseline_words(settings.get("baseline", "black"))
        print(f"Rise:      from {float(result.f_start[0]):.2f} for {start} to {float(logit):.2f}")
    else:
        print(f"Logit:     {float(logit):.2f}")
    print(f"Gap:       {_gap_words(result)}")
    print(f"Map error: {_error_words(result, settings.get('tol'))}")


def _gap_words(result: Attribution) -> str:
    """Say how well the map adds up to the rise."""
    if result.relative_gap is None:
        return "none to report; this method does not promise that its map adds up to anything"
    gap = float(result.relative_gap[0])
    if gap <= GOOD_GAP:
        verdict = "the map adds up to the rise"
    elif gap <= FAIR_GAP:
        verdict = "the map adds up to the rise only roughly; take more steps"
    else:
        verdict = "the map does not add up to the rise; take more steps"
    text = _percent(gap)
    raw = result.extra.get("raw_gap")
    if raw is not None and result.f_start is not None and result.f_end is not None:
        before = float(relative_gap(raw, result.f_start, result.f_end)[0])
        if before > gap:
            text += f" (closed at the end; it was {_percent(before)})"
    return f"{text}: {verdict}"


def _error_words(result: Attribution, tol: float | None) -> str:
    """Say how far the map may be from the one that endless steps would give."""
    if result.map_error is None:
        return "none; this method computes its map exactly, without a sum over steps"
    error = float(result.map_error[0])
    text = _percent(error) if error < 0.0005 else f"about {_percent(error)}"
    if error != error:
        return "unknown; a single step cannot be compared with anything"
    if tol is not None and error > tol:
        return f"{text}: the wanted {_percent(tol)} was not reached"
    if error <= GOOD_ERROR:
        verdict = "more steps would hardly change the picture"
    elif error <= FAIR_ERROR:
        verdict = "large areas hold, single pixels do not"
    else:
        verdict = "do not trust this picture; take more steps"
    return f"{text}: {verdict}"


def _percent(share: float) -> str:
    """Return a share with two digits, in percent; never 100 % for less."""
    if share < 0.0005:
        return "0 %" if share < 1e-5 else "< 0.1 %"
    if share >= 0.0995:
        return f"{100 * share:.0f} %" if share < 0.995 or share >= 1 else "> 99 %"
    return f"{100 * share:.1f} %"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _baseline_words(baseline: str | float) -> str:
    if not isinstance(baseline, str):
        return f"an image of grey {baseline:g}"
    return {
        "black": "a black image",
        "white": "a white image",
        "mean": "an image of the photo's mean colour",
        "blur": "the blurred photo",
        "uniform": "uniform noise",
    }[baseline]


def _printable(path: Path) -> str:
    """Return a file name that every terminal can print."""
    return os.fsencode(path).decode("utf-8", errors="replace")


# ---------------------------------------------------------------- the picture


UNITS = {
    Unit.SLOPE: "slope of the logit",
    Unit.SHARE: "effect on the logit",
    Unit.SCORE: "the method's own score",
}
QUESTIONS = {
    Unit.SLOPE: "Where more light would raise (red) or lower (blue) {}",
    Unit.SHARE: "What speaks for (red) and against (blue) {}",
    Unit.SCORE: "What the method points at for {}",
}
WITHOUT_SIGN = "Where a little more or less light changes {} most"


@styled
def _draw(x: Tensor, result: Attribution, record: MethodRecord, explained: Explained) -> Picture:
    """Draw photo | map over the photo | signed map, with one colour bar."""
    whole = reduce_channels(result.values, "sum")  # (224, 224)
    values = tile_sums(whole, TILE)  # (56, 56)
    _, high = shared_limits([values], PERCENTILE)
    strongest = float(abs(values).max())
    photo = as_photo(x)

    figure = new_figure(10.2, 3.6)
    left, middle, right = figure.subplots(1, 3)
    left.imshow(photo, interpolation="antialiased")
    left.set_title("what the model sees")
    bare(left)
    draw_map(middle, values, high, "sum", photo)
    middle.set_title("over the photo")
    image = draw_map(right, values, high, "sum")
    right.set_title(record.title)
    clipped = strongest > high
    bar = figure.colorbar(
        image, ax=right, fraction=0.046, pad=0.03, extend=bar_ends(clipped, "sum")
    )
    clipping = f"\nclipped at percentile {PERCENTILE:g}" if clipped else ""
    bar.set_label(f"{UNITS[record.unit]}, {TILE} × {TILE} pixels a square{clipping}")
    bar.outline.set_visible(False)
    signed = bool((values < 0).any())
    question = QUESTIONS[record.unit] if signed or record.unit != Unit.SLOPE else WITHOUT_SIGN
    figure.suptitle(question.format(explained), fontsize=11)
    colours = {
        Unit.SLOPE: ", red where more light raises the logit and blue where it lowers it.",
        Unit.SHARE: ", red where it speaks for the class and blue where against it.",
    }.get(record.unit, ", red where it is positive and blue where it is negative.")
    alt = (
        f"Three pictures side by side: the photo, the {record.title} map for {explained} over "
        "the photo, and the map alone" + (colours if signed else ", darker red where it is larger.")
    )
    return Picture(figure, alt)
