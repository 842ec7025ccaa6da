"""Films of panels: one slider, at a few places. The pictures are drawn by the panels themselves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

import xaicourse as xc
from xaicourse.plot.picture import small_png


@dataclass
class Frame:
    """The panel at one place of the slider: a file, what it shows, and the line below it."""

    place: float
    file: str
    size: tuple[int, int]
    alt: str
    line: str


@dataclass
class Film:
    """A panel as its lesson shows it, and the places of one of its sliders."""

    name: str
    make: Callable[[], Any]
    slider: str
    places: tuple[float, ...]
    start: float  # the place that is shown at first
    frames: list[Frame] = field(default_factory=list)


def path() -> Any:
    """Return the panel of lesson 05: along the path of Integrated Gradients."""
    model, camera = xc.zoo.load("efficientnet_lite0"), xc.datasets.photo("camera")
    return xc.widgets.PathPanel(model, camera, target=872, steps=16, labels=xc.zoo.labels())


def patterns() -> Any:
    """Return the panel of lesson 06: signal and distractor."""
    return xc.widgets.PatternPanel(angle=45, strength=2.0)


def noise() -> Any:
    """Return the panel of lesson 07: an average over noisy copies."""
    clothes = xc.zoo.load("fashion_cnn")
    boot = xc.datasets.fashion_mnist(n=1).x
    names = xc.datasets.FASHION_MNIST_CLASSES
    return xc.widgets.NoisePanel(clothes, boot, target=9, labels=names)


FILMS = {  # title of a panel -> its film
    "path explorer, from the baseline to the input": Film(
        "path", path, "alpha", (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1), start=0.1
    ),
    "pattern explorer, signal and distractor": Film(
        "pattern", patterns, "angle", (0, 30, 45, 60, 90, 120, 150), start=45
    ),
    "noise panel, an average over noisy copies and its error": Film(
        "noise", noise, "sigma", (0.01, 0.03, 0.1, 0.3, 1), start=0.1
    ),
}


def shoot(app: Any) -> None:
    """Draw the frames of all films into the static files of the site."""
    folder = Path(app.outdir) / "_static" / "films"
    folder.mkdir(parents=True, exist_ok=True)
    for film in FILMS.values():
        panel, film.frames = film.make(), []
        for number, place in enumerate(film.places):
            panel.set(**{film.slider: place})
            if panel.error is not None:
                raise panel.error
            file = folder / f"{film.name}-{number}.png"
            file.write_bytes(small_png(panel.draw(panel.result)))
            with Image.open(file) as picture:
                size = picture.size
            result = panel.result
            words = panel.alt(result), panel.describe(result)
            film.frames.append(Frame(place, file.name, size, *words))


def page_of(title: str) -> str:
    """Return the piece of a page that shows a film; static/film.js moves it."""
    return "\n".join(pieces(FILMS[title]))


def pieces(film: Film) -> Iterator[str]:
    """Yield the slider, the frames (all but one hidden), the line below, and the words."""
    first = film.places.index(film.start)
    yield '<div class="film"><p class="film-slider">'
    yield f'<label for="film-{film.name}">{escape(film.slider)}</label>'
    yield f'<input type="range" id="film-{film.name}" value="{first}" max="{len(film.places) - 1}">'
    yield f'<output for="film-{film.name}">{film.start:g}</output></p>'
    for number, frame in enumerate(film.frames):
        hidden = "" if number == first else " hidden"
        yield f'<img src="../_static/films/{frame.file}" alt="{escape(frame.alt)}"{hidden}'
        yield ' loading="lazy" width="{}" height="{}"'.format(*frame.size)
        yield f' data-place="{frame.place:g}" data-line="{escape(frame.line)}">'
    yield f'<p class="film-line">{escape(film.frames[first].line)}</p>'
    yield f"<details><summary>In words</summary><p>{escape(film.frames[first].alt)}</p></details>"
    yield f'<p class="move-it">These are {len(film.frames)} pictures of a panel. Move all of its '
    yield "controls yourself: <code>make lab</code>.</p></div>"


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx to have the films made first."""
    app.connect("builder-inited", shoot)
    return {"parallel_read_safe": True}
