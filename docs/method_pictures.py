"""Draw docs/methods/pictures/NAME.png: the map of every method, on the same photo where it can.

python docs/make_methods.py --pictures [NAME ...]

A method that needs more than a photo (pictures to fit on, words, a graph, a table) explains the
smallest net of the zoo that fits, or the example of its record. What was drawn stands beside the
pictures, in pictures.json.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from make_ledger import ROOT
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

import xaicourse as xc
from xaicourse.core.attribution import Attribution
from xaicourse.core.files import write_atomically
from xaicourse.core.registry import MethodRecord, Need, ResultKind
from xaicourse.methods.vanilla.pattern_fitting import fit_patterns
from xaicourse.plot.images import draw_map
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, SIGNED, bare, styled

FOLDER = ROOT / "docs" / "methods" / "pictures"
SIZE = 224  # pixels
COLOURS = (56, 40, 24)  # of the palette: fewer where the file would be too large
BYTES = 20_000
GREYS = 12  # of the photo below a map, to leave colours to the map
PERCENTILE = 99.0
TILE = 4  # pixels of the photo: single ones are too fine to read
PATCHES = 4  # along each side, for methods that explain pairs
SENTENCE = "the plot was not good"  # of lesson 12
WORDS_BELOW = 8  # words that are written one below the other

# What is not at its default, since a picture needs no more digits than an eye sees.
FEWER: Mapping[str, dict[str, Any]] = {
    "boundary_ig": {"steps": 32},
    "fusiongrad": {"samples": 8, "input_samples": 4},
    "gradient_artificial_distancing": {"shifts": (1.0,), "method": "input_x_gradient"},
    "gradient_shap": {"samples": 50},
    "occlusion": {"patch": 16, "stride": 16},
    "score_cam": {"layer": "blocks.15"},
    "spectral_ig": {"steps": 32},
    "weighted_ig": {"steps": 16},
}
ON_CLOTHES = {  # methods that need more than one picture, or a second derivative
    "gradient_artificial_distancing",
    "ig_correlation",
    "integrated_hessians",
    "manifold_aligned_guided_ig",
    "manifold_ig",
    "meta_ig",
    "pattern_attribution",
    "pattern_guided_ig",
    "pattern_net",
    "tangentially_aligned_ig",
}


@dataclass(frozen=True)
class Scene:
    """What is explained in a picture."""

    on: str  # in words, for the page
    model: Callable[..., Any]
    x: Any
    target: Any
    settings: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)  # settings that are no plain values
    tokens: Sequence[str] = ()


# ---- what is explained ---------------------------------------------------------------------------


def scene(record: MethodRecord) -> Scene:
    """Return what a method's picture explains."""
    if record.name in ("discretized_ig", "integrated_directional_gradients"):
        found = sentence()
    elif record.name == "graph_ig":
        found = house()
    elif record.input not in ("any", "image"):
        found = own_example(record)
    elif record.name in ON_CLOTHES:
        found = clothes(record)
    else:
        found = photo()
    asked = {**found.settings, **FEWER.get(record.name, {})}
    if record.name == "discretized_ig":
        asked["vocabulary"] = found.model.embedding.weight
    return Scene(found.on, found.model, found.x, found.target, asked, found.said, found.tokens)


@functools.cache
def photo() -> Scene:
    """Return the photo that all methods explain that can."""
    model, x = xc.zoo.load("efficientnet_lite0"), xc.datasets.photo("chelsea")
    return Scene(
        "`efficientnet_lite0`, the photo `chelsea`, target 285 (Egyptian cat)", model, x, 285
    )


@functools.cache
def small_net() -> Any:
    """Return the small net of Fashion-MNIST."""
    return xc.zoo.load("fashion_cnn")


def clothes(record: MethodRecord) -> Scene:
    """Return a picture of a boot, and what a method needs besides."""
    model, x = small_net(), xc.datasets.fashion_mnist(n=1).x
    data = xc.datasets.fashion_mnist(n=201).x[1:] if record.name in USES_DATA else None
    asked: dict[str, Any] = {}
    said: dict[str, str] = {}
    if Need.PATTERNS in record.needs:
        asked["patterns"] = fit_patterns(model, data)
        said["patterns"] = "`xc.fit_patterns` of 200 other test pictures"
    elif Need.FIT in record.needs:
        asked["manifold"] = xc.zoo.fashion_autoencoder()
        said["manifold"] = "`xc.zoo.fashion_autoencoder()`"
    elif record.result is ResultKind.PAIR:
        asked["groups"] = x.shape[-1] // PATCHES
    elif record.result is ResultKind.DATASET:
        many = xc.datasets.fashion_mnist(n=120)
        asked = {"truth": (many.labels == 9).double(), "steps": 16}
        said["truth"] = "1 for the 9s (ankle boots) among 120 test pictures, else 0"
        x = many.x
    elif Need.DATA in record.needs:
        asked = {"data": data, "classes": (9, 7)}
        said["data"] = "200 other test pictures"
    pairs = record.result is ResultKind.PAIR
    why = "pairs of a photo's patches take minutes" if pairs else "it needs more than one photo"
    on = f"`fashion_cnn`, a test picture of Fashion-MNIST, target 9 (ankle boot), since {why}"
    return Scene(on, model, x, 9, asked, said)


USES_DATA = {
    "gradient_artificial_distancing",
    "pattern_attribution",
    "pattern_guided_ig",
    "pattern_net",
}


@functools.cache
def sentence() -> Scene:
    """Return a sentence for the methods of words."""
    net = xc.zoo.load("sentence_cnn")
    on = f'`sentence_cnn`, the sentence "{SENTENCE}", target 0'
    said = {"vocabulary": "the embeddings of the net's words"}
    return Scene(on, net, net.embed([SENTENCE]), 0, {"output": "margin"}, said, SENTENCE.split())


@functools.cache
def house() -> Scene:
    """Return the roof of a house in the graph with planted houses."""
    graph, net = xc.datasets.planted_motifs(), xc.zoo.load("motif_gcn")
    node = int(((graph.labels == 1) & (graph.motifs >= 0)).nonzero()[0])
    asked = {"edges": graph.edges, "node": node, "average": True}
    on = f"`motif_gcn`, the score for being a roof, of node {node}, the roof of a planted house"
    said = {"edges": "the edges of `xc.datasets.planted_motifs()`"}
    return Scene(on, lambda p: net(p)[:, node, 1], graph.x[None], None, asked, said)


def own_example(record: MethodRecord) -> Scene:
    """Return the first row of the smallest example of a method's record."""
    example = record.example()
    target = example.target[:1]
    on = "six numbers and no image, the smallest example of its record, `record.example()`"
    said = dict.fromkeys(example.settings, "those of the example")
    return Scene(on, example.model, example.x[:1], target, example.settings, said)


# ---- the picture ---------------------------------------------------------------------------------


@styled
def draw(record: MethodRecord, scene: Scene, result: Attribution) -> tuple[Figure, str]:
    """Return the figure, and what it shows in words."""
    figure = Figure(figsize=(SIZE / 100, SIZE / 100), dpi=100)
    values = result.values.detach()
    if scene.tokens:
        axis = axes(figure, 0.02)
        return figure, draw_sentence(axis, scene, values)
    if record.result is ResultKind.PAIR:
        axis = axes(figure, 0.02)
        return figure, draw_pairs(axis, values)
    if record.result is ResultKind.DECOMPOSITION:
        axis = axes(figure, 0.02)
        parts = {name: float(part.sum()) for name, part in result.extra["parts"].items()}
        return figure, draw_parts(axis, parts)
    if record.input in ("tree", "gp", "graph"):
        axis = axes(figure, 0.02)
        own = values[0] if record.input != "graph" else values[0, scene.settings["node"]]
        return figure, draw_bars(axis, own.tolist())
    axis = axes(figure, 0.0)
    return figure, draw_picture(axis, record, scene, result)


def axes(figure: Figure, margin: float) -> Axes:
    """Return axes that fill the figure up to a margin."""
    axis = figure.add_axes((margin, margin, 1 - 2 * margin, 1 - 2 * margin))
    bare(axis)
    return axis


def draw_picture(axis: Axes, record: MethodRecord, scene: Scene, result: Attribution) -> str:
    """Draw a map over the picture in grey; the map of a layer in the layer's own cells."""
    raw = result.extra.get("raw")
    if record.result is ResultKind.MAP and isinstance(raw, torch.Tensor):
        values = reduce_channels(raw)
    elif record.result is ResultKind.DATASET:
        values = result.values.double().sum(0).numpy()
    else:
        whole = reduce_channels(result.values)
        values = tile_sums(whole, TILE if whole.shape[-1] > 100 else 1)
    _, high = shared_limits([values], PERCENTILE)
    whole_set = record.result is ResultKind.DATASET
    background = None if whole_set else np.round(GREYS * as_photo(scene.x)) / GREYS
    draw_map(axis, values, high, "sum", background).set_interpolation("nearest")
    colours = "red where it is above 0, darker where it is larger"
    if bool((values < 0).any()):
        colours = "red where it is above 0, blue where it is below"
    over = "of a whole data set" if background is None else over_what(scene)
    return f"The map of {record.title} {over}: {colours}."


def over_what(scene: Scene) -> str:
    """Say what the map lies over."""
    return "over the photo of a cat" if scene.target == 285 else "over the picture of a boot"


def draw_sentence(axis: Axes, scene: Scene, values: torch.Tensor) -> str:
    """Draw the words below each other, each on its colour."""
    numbers = values[0].double()
    numbers = (numbers.sum(-1) if numbers.ndim == 2 else numbers).numpy()
    high = float(np.abs(numbers).max())
    axis.imshow(numbers[:, None], cmap=SIGNED, vmin=-high, vmax=high, aspect="auto")
    for row, (word, number) in enumerate(zip(scene.tokens, numbers, strict=True)):
        axis.text(0, row, word, ha="center", va="center", fontsize=14,
                  color="white" if abs(number) > 0.65 * high else INK)  # fmt: skip
    told = ", ".join(f"{w} {n:.2g}" for w, n in zip(scene.tokens, numbers, strict=True))
    return f"The words of a sentence, each on the colour of its share: {told}."


def draw_pairs(axis: Axes, values: torch.Tensor) -> str:
    """Draw the matrix of pairs."""
    matrix = values[0].double().numpy()
    high = float(np.percentile(np.abs(matrix), PERCENTILE)) or 1.0
    axis.imshow(matrix, cmap=SIGNED, vmin=-high, vmax=high, interpolation="nearest")
    across = len(matrix)
    return (
        f"A matrix of {across} x {across} pairs of patches: red where a pair raises the score "
        "together, blue where it lowers it; on the diagonal each patch alone."
    )


def draw_parts(axis: Axes, parts: Mapping[str, float]) -> str:
    """Draw what the input and each bias bring, as bars one below the other."""
    numbers = list(parts.values())
    draw_bars(axis, numbers)
    rest = sum(numbers[1:])
    return (
        f"Bars one below the other: the input brings {numbers[0]:.2g}, the {len(numbers) - 1} "
        f"operations with a bias bring {rest:.2g} together."
    )


def draw_bars(axis: Axes, numbers: Sequence[float]) -> str:
    """Draw one bar a number, the first at the top."""
    colours = [ORANGE if number > 0 else BLUE for number in numbers]
    axis.barh(range(len(numbers)), numbers, color=colours, height=0.8)
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.invert_yaxis()
    told = ", ".join(f"{number:.2g}" for number in numbers)
    return f"A bar for each of {len(numbers)} features, from the top: {told}."


# ---- files ---------------------------------------------------------------------------------------


def made(name: str) -> tuple[bytes, dict[str, Any]]:
    """Draw one picture; return it as a file, and what is put down of it."""
    record = xc.METHODS[name]
    shown = scene(record)
    result = record.method(
        shown.model, shown.x, shown.target, **shown.settings, return_details=True
    )
    figure, alt = draw(record, shown, result)
    content = palette(figure)
    return content, {
        "on": shown.on,
        "settings": plain(shown),
        "alt": alt,
        "size of the map": float(torch.linalg.vector_norm(result.values.double())),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def plain(shown: Scene) -> dict[str, Any]:
    """Return the settings of a scene as they are put down: numbers, texts, or words for them."""
    named = {
        name: shown.said.get(name, list(value) if isinstance(value, tuple) else value)
        for name, value in shown.settings.items()
    }
    return json.loads(json.dumps(named))


def palette(figure: Figure) -> bytes:
    """Return a figure as a PNG with few colours."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    image = Image.open(drawn).convert("RGB")
    content = b""
    for colours in COLOURS:
        packed = io.BytesIO()
        few = image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(packed, "PNG", optimize=True)
        content = packed.getvalue()
        if len(content) <= BYTES:
            break
    return content


def stored() -> dict[str, dict[str, Any]]:
    """Return what was put down of each picture: name -> facts."""
    place = FOLDER / "pictures.json"
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}


def make_all(names: Sequence[str] = ()) -> None:
    """Draw the pictures of some methods, or of all."""
    for name in names or sorted(xc.METHODS):
        content, facts = made(name)
        write_atomically(FOLDER / f"{name}.png", content)
        found = {**stored(), name: facts}
        text = json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False)
        write_atomically(FOLDER / "pictures.json", (text + "\n").encode())
        print(name, facts["alt"], flush=True)
