"""The work: load the model, then explain one photo after the other."""

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import xaicourse.course.table  # noqa: F401  # it says which lesson teaches what
from xaicourse.core.attribution import Attribution
from xaicourse.core.device import device
from xaicourse.core.picture_files import ImageFileError, crop_224, read_rgb, transparent_share
from xaicourse.core.registry import MethodRecord
from xaicourse.datasets.image_files import image_to_tensor
from xaicourse.explain.arguments import Asked
from xaicourse.explain.classes import Explained, choose_class, choose_only
from xaicourse.explain.models import Loaded, load
from xaicourse.explain.picture import draw, save
from xaicourse.explain.report import Report, Seen, as_json, facts, printable, say, say_seen
from xaicourse.explain.scores import Scores, fitting, number_of, scores_of
from xaicourse.explain.words import error_share, error_words, gap_words, rise_words
from xaicourse.methods import all_methods
from xaicourse.methods.baselines import make_baseline

__all__ = ["explain_photos"]


def explain_photos(asked: Asked) -> list[Path]:
    """Explain all photos; one that cannot be read or explained is told, and the others go on."""
    where = device()
    model = load(asked.model, where)
    record = all_methods()[asked.method.name]
    told: list[dict[str, Any]] = []
    written: list[Path] = []
    failures: list[str] = []
    for photo, place in zip(asked.photos, asked.places, strict=True):
        try:
            report = _explain_one(asked, model, record, photo, place, where, first=not told)
        except ValueError as error:
            if len(asked.photos) == 1 or (not written and str(error) in failures):
                raise  # of the first two photos the same: no fault of theirs
            failures.append(str(error))
            name = "" if isinstance(error, ImageFileError) else f"{printable(photo)}: "
            print(f"xaicourse: error: {name}{error}", file=sys.stderr)
            told.append({"photo": printable(photo), "error": str(error)})
            continue
        written.append(place)
        told.append(facts(report) if asked.json else {})
    if asked.json:
        print(as_json(asked, model, told))
    if len(written) < len(asked.photos):
        failed = len(asked.photos) - len(written)
        raise ValueError(f"{failed} of {len(asked.photos)} photos could not be explained")
    return written


def _explain_one(
    asked: Asked,
    model: Loaded,
    record: MethodRecord,
    photo: Path,
    place: Path,
    where: torch.device,
    first: bool,
) -> Report:
    upright = read_rgb(photo)
    x = image_to_tensor(crop_224(upright), device=where)  # (1, 3, 224, 224)
    fits = fitting(x, model.network)
    scores = scores_of(model, fits, asked.model.label)
    seen = _look(asked, model, photo, upright.size, scores)
    say_it: Callable[[str], None] = (lambda text: None) if asked.json else print
    say_it(("" if first else "\n") + say_seen(seen, model, len(scores.values)))

    number = seen.explained.number
    target = None if seen.explained.only else number
    started = time.perf_counter()
    result = _attribute(record, model.network, fits, target, asked.settings)
    seconds = time.perf_counter() - started
    score = float(scores.values[number])
    report = Report(
        seen=seen,
        title=record.title,
        seconds=seconds,
        score=score,
        result=result,
        rise=rise_words(result, score, _at_baseline(model, x, number, result)),
        gap=gap_words(record, result, seen.quantity),
        error=error_words(record, result, asked.settings.get("tol")),
        error_share=error_share(result),
        picture=place,
        replaced=place.exists(),
    )
    save(draw(x, result, record, seen.explained, seen.quantity), place)
    say_it(say(report))
    return report


def _look(asked: Asked, model: Loaded, photo: Path, size: tuple[int, int], scores: Scores) -> Seen:
    """Return what the model sees; names that are not as many as its outputs are not used."""
    values, labels = scores.values, asked.model.labels
    count = len(values)
    if labels is not None and len(labels) != count:
        raise ValueError(f"--labels has {len(labels)} names, but the model has {count} outputs")
    names = model.names if model.names is not None and len(model.names) == count else None
    if scores.shares is None:
        explained = choose_only(asked.target, names[0] if names else "", asked.model.label)
        guesses = [(explained, float(values[0]))]
    else:
        best = scores.shares.topk(min(asked.top, count)).indices.tolist()
        guesses = [(_named(k, names), float(scores.shares[k])) for k in best]
        explained = guesses[0][0]
        if asked.target is not None:
            explained = choose_class(asked.target, names, count, asked.model.label)
    return Seen(
        photo=photo,
        guesses=guesses,
        explained=explained,
        rank=int((values > values[explained.number]).sum()) + 1,
        cut=1 - min(size) / max(size),
        transparent=transparent_share(photo),
        quantity=scores.quantity,
        warning=scores.warning,
    )


def _named(number: int, names: Any) -> Explained:
    return Explained(number, names[number] if names is not None else "")


def _attribute(
    record: MethodRecord, network: Any, x: Tensor, target: int | None, settings: dict[str, Any]
) -> Attribution:
    """Run the method; a warning that the wanted error was missed comes back as a verdict."""
    if "layer" in settings:
        settings = {**settings, "layer": _layer(network, settings["layer"])}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*did not reach tol", category=UserWarning)
        warnings.filterwarnings("ignore", message=r"the model ends in ")  # told above
        return record.method(network, x, target, return_details=True, **settings)


def _layer(network: Any, name: str) -> str:
    """Return the layer's name; torchvision's own names hold inside our wrapper, too."""
    names = dict(network.named_modules()) if isinstance(network, nn.Module) else {}
    return f"model.{name}" if name not in names and f"model.{name}" in names else name


def _at_baseline(model: Loaded, x: Tensor, number: int, result: Attribution) -> float | None:
    """Return F of the baseline that is on record, if there is one."""
    if result.f_start is None or "baseline" not in result.settings:
        return None
    return number_of(model, make_baseline(result.settings["baseline"], x), number)
