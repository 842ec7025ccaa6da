"""Draw the picture of each method for its page: docs/methods/pictures/NAME.png.

OMP_NUM_THREADS=1 python docs/make_method_pictures.py          all, about 15 minutes
OMP_NUM_THREADS=1 python docs/make_method_pictures.py saliency cam

All methods explain the same cup of coffee, on the same net and with their default settings. Those
that need data, patterns or an autoencoder, and those that the net does not allow, explain the same
boot on the small net of Fashion-MNIST. What was drawn, and how, stands in pictures.json.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from PIL import Image
from torch import Tensor

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.core.registry import MethodRecord, Need, ResultKind
from xaicourse.measure import Picture, fashion, needed, of_one_picture
from xaicourse.plot.scale import reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import SIGNED, UNSIGNED

FOLDER = Path(__file__).parent / "methods" / "pictures"
STORED = FOLDER / "pictures.json"
SIDE = 224  # pixels of a picture
TILE = 4  # pixels of a photo that are added up to one square: single ones are too fine to see
COLOURS = 64
ON = {"coffee": "a photo of a cup of espresso", "boot": "a boot of Fashion-MNIST"}
NONE = {  # why a method has no picture
    ResultKind.DATASET: "It explains a whole data set and gives no map of one picture.",
    ResultKind.DECOMPOSITION: "Its result is a list of parts that add up, and no map of pixels.",
}


def why_none(record: MethodRecord) -> str:
    """Return why a method has no picture, or "" if it has one."""
    if record.result in NONE:
        return NONE[record.result]
    if not of_one_picture(record):
        return f"It explains {INPUTS[str(record.input)]}, not pictures."
    return ""


INPUTS = {
    "embeddings": "words as embeddings",
    "graph": "nodes of a graph",
    "tree": "rows of a table by trees",
    "gp": "rows of a table by a Gaussian process",
}


def coffee() -> Picture:
    """Return the photo of the pages, on EfficientNet-Lite0, and "espresso"."""
    model = xc.zoo.load("efficientnet_lite0", device="cpu")
    return Picture("coffee", model, xc.datasets.photo("coffee"), 967)


def needs_more(record: MethodRecord) -> bool:
    """Say whether a method is drawn on the small net at once: it needs data, or it is dear."""
    more = {Need.DATA, Need.PATTERNS, Need.FIT} & record.needs
    return bool(more) or record.result is ResultKind.PAIR or "manifold" in record.name


def explained(record: MethodRecord, pictures: list[Picture]) -> tuple[str, Tensor]:
    """Return the first picture that a method explains, and its map."""
    refusals = []
    for picture in pictures:
        try:
            settings = needed(record, picture)
            values = record.method(picture.model, picture.x, picture.target, **settings)
            return picture.name, values
        except (TypeError, ValueError, NotImplementedError) as refusal:
            refusals.append(str(refusal))
    raise RuntimeError(f"{record.name} explains none of them: {refusals}")


def drawn(record: MethodRecord, values: Tensor) -> tuple[bytes, str]:
    """Return a map as a small PNG, and what its colours say."""
    if record.result is ResultKind.PAIR:
        numbers, kind = values[0].detach().double().numpy(), "pairs of 16 patches"
    else:
        numbers, kind = reduce_channels(values.detach()), "pixels"
        if numbers.shape == (SIDE, SIDE) and record.result is ResultKind.INPUT:
            numbers, kind = tile_sums(numbers, TILE), f"squares of {TILE} x {TILE} pixels"
        elif record.result is ResultKind.MAP:
            kind = "a layer's map at the size of the photo"
    low, high = shared_limits([numbers], 99.0)
    signed = bool((numbers < 0).any())
    colours = matplotlib.colormaps[SIGNED if signed else UNSIGNED]
    shares = (numbers - (low if signed else 0.0)) / (high - (low if signed else 0.0))
    pixels = (255 * colours(np.clip(shares, 0, 1))[..., :3]).round().astype(np.uint8)
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.quantize(COLOURS).save(buffer, "PNG", optimize=True)
    how = "red for, blue against" if signed else "yellow much, dark blue nothing"
    return buffer.getvalue(), f"{kind}, {how}"


def stored() -> dict[str, dict[str, str]]:
    """Return what is drawn: name -> on which picture, what its colours say, the settings."""
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}


def make(record: MethodRecord, pictures: dict[str, Picture]) -> tuple[bytes, dict[str, Any]]:
    """Return a method's picture, and what is to be known of it."""
    order = ["boot"] if needs_more(record) else ["coffee", "boot"]
    on, values = explained(record, [pictures[name] for name in order])
    png, colours = drawn(record, values)
    return png, {"on": on, "colours": colours}


def the_pictures() -> dict[str, Picture]:
    """Return what is explained: name -> net and input."""
    boot = fashion()
    boot = Picture("boot", boot.model, boot.x, boot.target, boot.data, boot.manifold)
    return {"coffee": coffee(), "boot": boot}


def main() -> None:
    """Draw the methods that are named, or all."""
    torch.set_num_threads(1)
    names, pictures = sys.argv[1:] or list(xc.METHODS), the_pictures()
    for name in names:
        record = xc.METHODS[name]
        if why_none(record):
            continue
        png, facts = make(record, pictures)
        FOLDER.mkdir(parents=True, exist_ok=True)
        write_atomically(FOLDER / f"{name}.png", png)
        found = {**stored(), name: facts}
        text = json.dumps({key: found[key] for key in sorted(found)}, indent=1)
        write_atomically(STORED, f"{text}\n".encode())
        print(name, len(png), facts, flush=True)


if __name__ == "__main__":
    main()
