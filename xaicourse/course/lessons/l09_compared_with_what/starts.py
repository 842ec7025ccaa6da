"""Maps from a set of baselines, kept draw by draw, and a gallery of what the network is shown."""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor

from xaicourse.core.gradients import Question
from xaicourse.core.near_names import suggest_names
from xaicourse.plot.picture import TARGET_BYTES, Picture, render
from xaicourse.widgets.documented import documented
from xaicourse.widgets.plates import Photo, figure_of

MOST_DRAWS = 512
GAP, TITLE = 0.12, 0.45  # inches
FEW, MANY = (2.1, 11.0), (1.55, 8.5)  # inches of a photo, points of its name


@documented
class StartTrace:
    """What each draw of a baseline and of a place on its line gives; all on the CPU."""

    maps: Annotated[Tensor, "(n, ...): A map for each draw, float64."]
    starts: Annotated[Tensor, "(n, ...): The baseline of each draw."]
    alphas: Annotated[Tensor, "(n,): Its place on the line, 0 at the baseline."]

    def first(self, n: int) -> StartTrace:
        """Return the trace of the first n draws."""
        return StartTrace(self.maps[:n], self.starts[:n], self.alphas[:n])

    @property
    def mean(self) -> Tensor:
        """The map of Expected Gradients, (...)."""
        return self.maps.mean(0)

    @property
    def error(self) -> Tensor:
        """Its standard error, (...)."""
        return self.maps.std(0) / len(self.maps) ** 0.5


def walk(
    question: Question, baselines: Tensor, n: int, seed: int
) -> Generator[None, None, StartTrace]:
    """Explain one input with n draws from baselines (M, ...): yield after each chunk."""
    x = question.x
    line, alphas = draws(len(baselines), n, seed)
    starts = baselines.to(x)[line.to(x.device)]  # (n, ...)
    places = alphas.to(x).view(-1, *[1] * (x.dim() - 1))
    points = torch.lerp(starts, x.expand_as(starts), places)
    maps = []
    for start, point in zip(
        starts.split(question.batch_size), points.split(question.batch_size), strict=True
    ):
        maps.append(((x - start) * slopes(question, point)).double().cpu())
        yield
    return StartTrace(torch.cat(maps), starts.cpu(), alphas)


def draws(M: int, n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return numbers of baselines and places (n,); the first ones stay as n grows."""
    drawn = torch.Generator().manual_seed(seed)
    pairs = torch.rand(MOST_DRAWS, 2, generator=drawn, dtype=torch.float64)[:n]
    return (pairs[:, 0] * M).long(), pairs[:, 1]


def slopes(question: Question, points: Tensor) -> Tensor:
    """Return the gradients of the question's score at some points (P, ...)."""
    found: list[Tensor] = []

    def receive(part: slice, at: Tensor, grad: Tensor, score: Tensor) -> None:
        found.append(grad)

    question.gradients(points, question.rows.expand(len(points)), receive)
    return torch.cat(found)


@suggest_names
def gallery(photos: Mapping[str, Tensor], *, alt: str) -> Picture:
    """Draw photos side by side, each with its name above it.

    Parameters
    ----------
    photos : dict of str to Tensor
        Name -> photo (1, C, H, W) with values in [0, 1]; a name may have two lines.
    alt : str
        What is drawn, for a reader who cannot see it.

    Returns
    -------
    Picture
        Shown by a notebook as it is.

    Raises
    ------
    ValueError, TypeError
        If there is no photo, or `alt` is empty.
    """
    if not photos:
        raise ValueError("photos is empty; give at least one")
    side, points = FEW if len(photos) < 5 else MANY
    step = side + GAP
    plates = [
        Photo((GAP + k * step, GAP, side, side), name, photo, title_points=points)
        for k, (name, photo) in enumerate(photos.items())
    ]
    picture = Picture(figure_of((GAP + len(photos) * step, side + GAP + TITLE), plates), alt)
    picture.png = dithered(render(picture.figure, picture.dpi))
    return picture


def dithered(png: bytes) -> bytes:
    """Return a large PNG with 256 colours, mixed pixel by pixel so that a blur has no steps."""
    if len(png) <= TARGET_BYTES:
        return png
    image, buffer = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    colours = image.quantize(256, method=Image.Quantize.MEDIANCUT)
    mixed = image.quantize(palette=colours, dither=Image.Dither.FLOYDSTEINBERG)
    mixed.save(buffer, "png", optimize=True)
    return buffer.getvalue()
