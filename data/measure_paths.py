"""Explain the same pictures along every path of the registry, and store what came out.

    OMP_NUM_THREADS=1 python data/measure_paths.py      about 40 minutes

Three places: five photos on EfficientNet-Lite0, 40 pictures with a planted mark, 40 of clothes.
Each path gets the same number of gradients for its sum, besides those that lead it. The dense map
has three times as many on the same path. data/paths.json is the table of lesson 11, and
data/path_maps.safetensors holds the maps of the photos, in tiles of 8 x 8 pixels.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # led paths differ with the number of threads

import safetensors.torch
import torch
from torch import Tensor

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards

DATA = Path(__file__).resolve().parent
TABLE, MAPS, LOG = DATA / "paths.json", DATA / "path_maps.safetensors", DATA / "PATHS_LOG.md"
PHOTOS = ("chelsea", "coffee", "camera", "rocket", "brick")
DENSER = 3
TILE = 8  # pixels of a photo that are taken together


@dataclass(frozen=True)
class Place:
    """A net, some pictures, and what is known of them."""

    name: str
    model: Any
    x: Tensor
    target: Tensor
    other: Tensor  # another class for each picture
    steps: int
    ruined: Any  # the same net with a new last layer
    reference: Tensor  # pictures of other classes
    data: Tensor  # pictures to fit patterns on
    masks: Tensor | None = None
    manifold: Any = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A path: a method with settings of its own."""

    name: str
    method: str
    settings: dict[str, Any] = field(default_factory=dict)
    by_itself: bool = True  # whether others are compared with it


LEFT = {"max_dist": 1.0, "quadrature": "left"}
ROWS = (
    Row("straight (IG)", "integrated_gradients"),
    Row("power", "path_attribution", {"path": "power"}),
    Row("corner", "path_attribution", {"path": "corner"}),
    Row("random order", "path_attribution", {"path": "random"}),
    Row("Blur IG", "blur_ig"),
    Row("Spectral", "spectral_ig"),
    Row("Guided, box 0.02", "guided_ig", {"max_dist": 0.02}),
    Row("Guided, free", "guided_ig", {"max_dist": 1.0}),
    Row("Guided, free, left rule", "guided_ig", LEFT, by_itself=False),
    Row("Greedy", "greedy_path_ig"),
    Row("Geodesic", "geodesic_ig"),
    Row("AGI", "adversarial_gradient_integration", {"classes": 1}),
    Row("Boundary", "boundary_ig"),
    Row("IG2", "ig2"),
    Row("Pattern-Guided", "pattern_guided_ig"),
    Row("Manifold", "manifold_ig"),
    Row("Manifold-Aligned Guided", "manifold_aligned_guided_ig"),
    Row("Tangential", "tangentially_aligned_ig", {"bounds": (0.0, 1.0)}),
)
NEEDS_A_MANIFOLD = ("manifold_ig", "manifold_aligned_guided_ig", "tangentially_aligned_ig")


# ---- the places ----------------------------------------------------------------------------------


def runner_up(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the class with the largest score besides the target, (N,)."""
    return model(x).scatter(1, target[:, None], -torch.inf).argmax(1)


def on_photos() -> Place:
    """Five photos on EfficientNet-Lite0; no autoencoder knows them."""
    model = xc.zoo.load("efficientnet_lite0", device="cpu")
    x = torch.cat([xc.datasets.photo(name) for name in PHOTOS])
    target = model(x).argmax(1)
    settings = {
        "guided_ig": {"moves": 32},
        "greedy_path_ig": {"rounds": 16, "probes": 2, "unit": 8},
        "geodesic_ig": {"pieces": 8, "search": 4},
        "ig2": {"search": 24},
    }
    return Place(
        "photos", model, x, target, runner_up(model, x, target), 32,
        ruined=None, reference=x.roll(1, 0), data=x, settings=settings,
    )  # fmt: skip


def on_marks() -> Place:
    """40 pictures whose class is decided by a mark of 5 x 5 pixels."""
    model = xc.zoo.load("planted_cnn", device="cpu")
    x, labels, masks = xc.datasets.planted(40, seed=1)
    more, classes, _ = xc.datasets.planted(300, seed=5)
    other = (labels + 1) % 4
    reference = torch.stack([more[(classes == k).nonzero()[i, 0]] for i, k in enumerate(other)])
    return Place(
        "marks", model, x, labels, other, 64, xc.evaluation.randomise_last_layer(model, 0),
        reference, more, masks,
    )  # fmt: skip


def on_clothes() -> Place:
    """40 pictures of clothes, and an autoencoder of such pictures."""
    model = xc.zoo.load("fashion_cnn", device="cpu")
    x = xc.datasets.fashion_mnist(n=40).x
    more = xc.datasets.fashion_mnist(n=400).x[100:]
    target = model(x).argmax(1)
    other, found = runner_up(model, x, target), model(more).argmax(1)
    reference = torch.stack([more[(found == k).nonzero()[0, 0]] for k in other])
    return Place(
        "clothes", model, x, target, other, 64, xc.evaluation.randomise_last_layer(model, 0),
        reference, more, None, xc.zoo.fashion_autoencoder(),
    )  # fmt: skip


PLACES: dict[str, Callable[[], Place]] = {
    "marks": on_marks, "clothes": on_clothes, "photos": on_photos,
}  # fmt: skip


@functools.cache
def patterns(model: Any, data: Tensor) -> Any:
    """Fit the patterns of a net once."""
    return xc.fit_patterns(model, data)


# ---- one path ------------------------------------------------------------------------------------


def ask(row: Row, place: Place, k: int, target: Tensor, steps: int, **more: Any) -> Any:
    """Explain picture k."""
    settings: dict[str, Any] = {"steps": steps, "quadrature": "midpoint", "batch_size": 8}
    settings |= place.settings.get(row.method, {}) | row.settings | more
    if row.method == "guided_ig" and settings["quadrature"] == "left":
        settings["moves"] = steps  # each move is credited with the gradient that chose it
    if row.method == "ig2":
        settings["references"] = place.reference[k : k + 1]
    method, model = getattr(xc, row.method), settings.pop("model", place.model)
    if row.method == "pattern_guided_ig":
        settings["patterns"] = patterns(model, place.data)
    if row.method in NEEDS_A_MANIFOLD:
        settings["manifold"] = place.manifold
    x = place.x[k : k + 1]
    return method(model, x, target=int(target[k]), return_details=True, **settings)


def dense(row: Row, place: Place, k: int) -> Tensor:
    """Return the map of the same path with three times the gradients."""
    more: dict[str, Any] = {"quadrature": "midpoint"}
    if row.settings.get("quadrature") == "left":
        more["moves"] = place.steps
    return ask(row, place, k, place.target, DENSER * place.steps, **more).values


def tiles(a: Tensor, place: Place, size: bool) -> Tensor:
    """Return a map, or its size, as one number a pixel or tile, (D,)."""
    a = a.double().sum(1, keepdim=True)
    a = a.abs() if size else a
    side = TILE if place.name == "photos" else 1
    return torch.nn.functional.avg_pool2d(a, side).flatten()


def ranks(v: Tensor) -> Tensor:
    """Return the ranks of numbers, equal ones by their mean rank."""
    _, inverse, counts = torch.unique(v, return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    return (ends - (counts - 1) / 2)[inverse]


def alike(a: Tensor, b: Tensor) -> float:
    """Return Spearman's rank correlation; 0 where one of them is constant."""
    pair = torch.stack([ranks(a), ranks(b)])
    return float(torch.nan_to_num(torch.corrcoef(pair)[0, 1]))


def share(a: Tensor, mask: Tensor) -> float:
    """Return the share of |map| on the mark."""
    return float(a.abs()[mask].sum() / a.abs().sum().clamp_min(1e-30))


def edges(x: Tensor) -> Tensor:
    """Return how much the brightness changes from pixel to pixel, (1, 1, H, W)."""
    grey, pad = x.mean(1, keepdim=True), torch.nn.functional.pad
    return pad(grey.diff(dim=2).abs(), (0, 0, 0, 1)) + pad(grey.diff(dim=3).abs(), (0, 1))


def measure(row: Row, place: Place) -> Iterator[dict[str, Any]]:
    """Yield what is measured on each picture."""
    for k in range(len(place.x)):
        started = time.perf_counter()
        found = ask(row, place, k, place.target, place.steps)
        seconds = time.perf_counter() - started
        better, other = dense(row, place, k), ask(row, place, k, place.other, place.steps).values
        a, x = found.values, place.x[k : k + 1]
        noise = torch.rand(a.shape, generator=torch.Generator().manual_seed(k))
        size = tiles(a, place, size=True)
        one: dict[str, Any] = {
            "map": tiles(a, place, size=False),
            "size_map": size,
            "seconds": seconds,
            "gradients": int(found.gradients.max()),
            "gap": float(found.relative_gap.abs().max()),
            "map_error": float((a - better).norm() / better.norm().clamp_min(1e-30)),
            "length": float(a.abs().sum()),
            "random map": alike(size, tiles(noise, place, size=True)),
            "brightness": alike(size, tiles(x, place, size=True)),
            "edges": alike(size, tiles(edges(x), place, size=True)),
            "other class": alike(size, tiles(other, place, size=True)),
        }
        if place.ruined is not None:
            ruined = ask(row, place, k, place.target, place.steps, model=place.ruined).values
            one["ruined net"] = alike(size, tiles(ruined, place, size=True))
            if place.masks is not None:
                mask = place.masks[k : k + 1]
                one |= {"share": share(a, mask), "share, other class": share(other, mask)}
                one["share, ruined net"] = share(ruined, mask)
        yield one


# ---- all of them ---------------------------------------------------------------------------------


def summary(row: Row, place: Place, ones: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over the pictures."""
    names = [name for name in ones[0] if name not in ("map", "size_map", "seconds")]
    means = {name: sum(one[name] for one in ones) / len(ones) for name in names}
    return {"path": row.name, "method": row.method, "place": place.name, **means}


def agreement(found: dict[str, list[dict[str, Any]]], name: str, which: str) -> float:
    """Return the mean rank correlation with the other paths."""
    others = [row.name for row in ROWS if row.by_itself and row.name in found and row.name != name]
    each = [
        alike(one[which], two[which])
        for other in others
        for one, two in zip(found[name], found[other], strict=True)
    ]
    return sum(each) / len(each)


def times(seconds: float, plain: float) -> str:
    """Return a coarse class of time; how long a minute is depends on the machine."""
    ratio = seconds / plain
    return "about as IG" if ratio < 2 else "2 to 5 times" if ratio < 5 else "above 5 times"


def at(place: Place) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Measure all paths at a place."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in ROWS:
        if row.method in NEEDS_A_MANIFOLD and place.manifold is None:
            continue
        started = time.perf_counter()
        found[row.name] = list(measure(row, place))
        print(place.name, row.name, f"{time.perf_counter() - started:.0f} s", flush=True)
    plain = sorted(one["seconds"] for one in found[ROWS[0].name])[len(place.x) // 2]
    table = []
    for row in ROWS:
        if row.name not in found:
            continue
        line = summary(row, place, found[row.name])
        seconds = sorted(one["seconds"] for one in found[row.name])[len(place.x) // 2]
        line["time"] = times(seconds, plain)
        line["agreement"] = agreement(found, row.name, "size_map")
        line["agreement, signed"] = agreement(found, row.name, "map")
        table.append(line)
    return table, found


def controls(place: Place) -> dict[str, float]:
    """Return what maps without a network have on the mark."""
    if place.masks is None:
        return {}
    noise = torch.rand(place.x.shape, generator=torch.Generator().manual_seed(0))
    blind = {"random map": noise, "brightness": place.x}
    blind["edges"] = torch.cat([edges(x) for x in place.x.split(1)])
    return {
        name: sum(share(a[k], place.masks[k]) for k in range(len(a))) / len(a)
        for name, a in blind.items()
    } | {"area": float(place.masks.double().mean())}


def rounded(value: Any) -> Any:
    """Return a number with three digits; anything else as it is."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    """Write the table, the maps, their cards and the log."""
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or list(PLACES)
    table: list[dict[str, Any]] = []
    blind: dict[str, float] = {}
    log = []
    for name in wanted:
        started = time.perf_counter()
        place = PLACES[name]()
        lines, found = at(place)
        table += lines
        blind |= controls(place)
        minutes = (time.perf_counter() - started) / 60
        log.append(f"| {name} | {len(place.x)} | {place.steps} | {minutes:.0f} |")
        if name == "photos":
            side = 224 // TILE
            kept = {
                path: torch.stack([one["map"] for one in ones]).view(-1, side, side).half()
                for path, ones in found.items()
            }
            write_atomically(MAPS, safetensors.torch.save(kept))
        stored = [{key: rounded(value) for key, value in line.items()} for line in table]
        text = json.dumps({"lines": stored, "blind": blind}, indent=1)
        write_atomically(TABLE, (text + "\n").encode())
    head = (
        "# How the table of the paths was measured\n\nMade by data/measure_paths.py, one thread, "
    )
    head += f"torch {torch.__version__}.\n\n| place | pictures | gradients of a sum | minutes |\n"
    LOG.write_text(head + "|---|---|---|---|\n" + "\n".join(log) + "\n", encoding="utf-8")
    common = {
        "author": "The xaicourse contributors", "source": "this course", "licence": "Apache-2.0",
        "made_by": "data/measure_paths.py; log in data/PATHS_LOG.md",
    }  # fmt: skip
    titles = {
        TABLE: "What every path of lesson 11 costs, and how far its map can be trusted",
        MAPS: "Maps of five photos along every path, tiles of 8 x 8 pixels",
    }
    files = {file.name: card_for(file, title=t, **common) for file, t in titles.items()}
    write_cards(files, DATA)


if __name__ == "__main__":
    main()
