"""`xaicourse methods --measure`: what each method costs, and how far its map can be trusted.

Every method explains the same photo with EfficientNet-Lite0 and the same picture with the small
Fashion-MNIST net, at its default settings. A method for other inputs (sentences, graphs, tables)
is tried on its own example instead.
"""

import inspect
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.device import device
from xaicourse.core.files import write_atomically
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.registry import InputKind, MethodRecord, Need, ResultKind
from xaicourse.methods import all_methods
from xaicourse.methods.vanilla.pattern_fitting import fit_patterns

__all__ = [
    "NETS", "Measured", "Picture", "fashion", "measure", "needed", "of_one_picture", "read",
    "store",
]  # fmt: skip

MORE_STEPS = 4  # the map of a sum is compared with that of so many times its steps
FITTED_ON = 200  # pictures, for methods that need some to fit on
PATCHES = 4  # along each side, for methods that explain pairs
LONG = 30.0  # seconds: such a method is not asked a second time, with more steps
ONE_LINE = 90  # letters of a refusal


@dataclass(frozen=True)
class Picture:
    """A model and one input, on which methods are measured."""

    name: str
    model: Callable[..., Any]
    x: Tensor
    target: Any
    data: Tensor | None = None  # pictures to fit patterns or nets on
    manifold: Any = None  # an autoencoder of such pictures


@dataclass(frozen=True)
class Measured:
    """What one method cost on one picture, and how exact its map is."""

    method: str
    on: str
    seconds: float | None = None
    gradients: int | None = None
    gap: float | None = None  # relative to the change of F
    map_error: float | None = None  # |A - better| / |better|
    how: str = ""  # where the map error comes from
    refused: str = ""


def lite0() -> Picture:
    """One photo of 224 x 224 pixels on EfficientNet-Lite0, and its first class."""
    from xaicourse.datasets import imagenet_photos
    from xaicourse.zoo import load

    photos, labels, _ = imagenet_photos()
    where = device()
    model = load("efficientnet_lite0").to(where)
    return Picture("efficientnet_lite0", model, photos[:1].to(where), int(labels[0]))


def fashion() -> Picture:
    """One picture of 28 x 28 pixels on the small net of Fashion-MNIST."""
    from xaicourse.datasets import fashion_mnist
    from xaicourse.zoo import fashion_autoencoder, load

    test, train = fashion_mnist("test", 1), fashion_mnist("train", FITTED_ON)
    where = device()
    model = load("fashion_cnn").to(where)
    x, data = test.x.to(where), train.x.to(where)
    manifold = fashion_autoencoder().to(where)
    return Picture("fashion_cnn", model, x, int(test.labels[0]), data, manifold)


NETS: Mapping[str, Callable[[], Picture]] = {"efficientnet_lite0": lite0, "fashion_cnn": fashion}


def measure(names: Iterable[str] = (), nets: Iterable[str] | None = None) -> Iterator[Measured]:
    """Measure methods one after the other, and hand each result out as soon as it is there.

    Parameters
    ----------
    names : iterable of str
        Names in ``xc.METHODS``; all of them if none is given.
    nets : iterable of str
        ``"efficientnet_lite0"`` and ``"fashion_cnn"``, or one of them; both if none is given.

    Yields
    ------
    Measured
        One for each method and net. The gap is relative to the change of F. The map error is the
        method's own estimate if it makes one, else its standard error, else the distance to its
        map with four times the steps, each relative to the norm of the map; None where nothing is
        sampled or summed.

    Raises
    ------
    ValueError
        For a name that is no method.
    """
    records = all_methods()
    names = list(names) or list(records)
    for name in names:
        if name not in records:
            raise ValueError(f"no method is called {name!r}; {did_you_mean(name, records)}")
    return _measure([records[name] for name in names], list(NETS if nets is None else nets))


def of_one_picture(record: MethodRecord) -> bool:
    """Say whether a method explains a picture: no sentence, graph or table, and no set of data."""
    of_pictures = record.input in (InputKind.ANY, InputKind.IMAGE)
    return of_pictures and record.result is not ResultKind.DATASET


def _measure(records: list[MethodRecord], nets: list[str]) -> Iterator[Measured]:
    pictures = [NETS[net]() for net in nets]
    for record in records:
        if of_one_picture(record):
            yield from (_one(record, picture) for picture in pictures)
        else:
            own = record.example()
            picture = Picture("its own example", own.model, own.x, own.target)
            yield _one(record, picture, own.settings)


def _one(
    record: MethodRecord, picture: Picture, given: Mapping[str, Any] | None = None
) -> Measured:
    chosen = dict(given or {})

    def ask(**settings: Any) -> Attribution:
        model, x, target = picture.model, picture.x, picture.target
        asked = {**chosen, **settings, "return_details": True}
        return record.method(model, x, target, **asked)

    try:
        chosen |= given or needed(record, picture)
        started = time.perf_counter()
        result = ask()
    except (TypeError, ValueError, NotImplementedError) as refusal:
        why = " ".join(str(refusal).split())[:ONE_LINE]
        return Measured(record.name, picture.name, refused=why)
    seconds = time.perf_counter() - started
    gap = result.relative_gap
    error, how = _map_error(result, ask if seconds < LONG else None)
    return Measured(
        record.name,
        picture.name,
        seconds=seconds,
        gradients=None if result.gradients is None else int(result.gradients.max()),
        gap=None if gap is None else float(gap.abs().max()),
        map_error=error,
        how=how,
    )


def needed(record: MethodRecord, picture: Picture) -> dict[str, Any]:
    """Return what a method cannot do without, and so has no default for."""
    known = inspect.signature(record.method).parameters
    data = picture.x if picture.data is None else picture.data
    if Need.PATTERNS in record.needs:
        return {"patterns": fit_patterns(picture.model, data)}
    if "manifold" in known:
        return {"manifold": picture.manifold}
    if record.result is ResultKind.PAIR and picture.x.dim() == 4:
        return {"groups": picture.x.shape[-1] // PATCHES}
    if "classes" in known and Need.DATA in record.needs:
        first, second = picture.model(picture.x)[0].topk(2).indices.tolist()
        return {"data": data, "classes": (first, second)}
    return {}


def _map_error(
    result: Attribution, ask: Callable[..., Attribution] | None
) -> tuple[float | None, str]:
    """Return the relative error of the map, and where it was taken from."""
    if result.map_error is not None:
        return float(result.map_error.max()), "own estimate"
    if result.standard_error is not None:
        return _share(result.standard_error, result.values), "standard error"
    steps = result.settings.get("steps")
    if not isinstance(steps, int):
        return None, ""
    if ask is None:
        return None, f"more than {LONG:.0f} s: not asked again"
    better = ask(steps=MORE_STEPS * steps).values
    return _share(result.values - better, better), f"{MORE_STEPS} times the steps"


def _share(part: Tensor, whole: Tensor) -> float:
    return float(torch.linalg.vector_norm(part) / torch.linalg.vector_norm(whole))


def store(found: Iterable[Measured], file: str | os.PathLike[str]) -> None:
    """Write results as JSON: all or nothing, so that a run that is stopped loses no older file."""
    text = json.dumps([asdict(one) for one in found], indent=1)
    write_atomically(Path(file), (text + "\n").encode())


def read(file: str | os.PathLike[str]) -> list[Measured]:
    """Read results that `store` has written."""
    return [Measured(**one) for one in json.loads(Path(file).read_text(encoding="utf-8"))]
