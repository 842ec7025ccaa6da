"""Pictures: alt text, equal bytes, nothing left behind in pyplot."""

import base64
import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from xaicourse.plot import Picture
from xaicourse.plot.picture import TARGET_BYTES, small_png


def line_figure() -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def test_the_bundle_holds_a_png_a_line_of_text_and_the_alt_text():
    picture = Picture(line_figure(), "A rising\n  line.")
    data, metadata = picture._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == repr(picture) == "Figure: A rising line."
    assert metadata["image/png"]["alt"] == "A rising line."
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.size == picture.size == (240, 120)
    assert metadata["image/png"]["width"] == 192


def test_equal_figures_give_equal_bytes_without_a_date():
    first, second = Picture(line_figure(), "Line."), Picture(line_figure(), "Line.")
    assert first.png == second.png
    assert Image.open(io.BytesIO(first.png)).info.keys() <= {"dpi"}


@pytest.mark.parametrize("alt", ["", "  \n", None, 3])
def test_alt_is_required(alt):
    with pytest.raises(ValueError, match="alt must be a sentence"):
        Picture(line_figure(), alt)


def test_only_a_figure_is_drawn():
    with pytest.raises(TypeError, match=r"got Axes; from axes take axes\.figure"):
        Picture(line_figure().axes[0], "Axes.")


def test_pyplot_forgets_its_figure():
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figure, _ = pyplot.subplots()
    assert figure.number in pyplot.get_fignums()
    Picture(figure, "Empty axes.")
    assert figure.number not in pyplot.get_fignums()


def test_a_noisy_figure_is_made_smaller():
    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.random.default_rng(0).random((300, 300, 3)))
    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=120)
    assert len(raw.getvalue()) > TARGET_BYTES
    assert len(Picture(figure, "Noise.").png) < 0.6 * len(raw.getvalue())


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_save_is_repeatable_and_leaves_no_half_file(tmp_path, suffix):
    picture = Picture(line_figure(), "Line.")
    picture.save(tmp_path / f"one.{suffix}")
    assert (tmp_path / f"one.{suffix}").stat().st_size > 500
    assert [p.name for p in tmp_path.iterdir()] == [f"one.{suffix}"]


def test_save_names_the_formats_it_knows(tmp_path):
    with pytest.raises(ValueError, match=r"ends in '\.jpg'; use \.png, \.pdf or \.svg"):
        Picture(line_figure(), "Line.").save(tmp_path / "one.jpg")


def test_a_photo_leaves_colours_to_the_colour_bar_beside_it():
    x, y = np.meshgrid(np.arange(400.0), np.arange(240.0))
    waves = [np.sin(x / 31) * np.cos(y / 17), np.sin(x / 23 + y / 41), np.cos(x / 53 - y / 29)]
    photo = (150, 90, 60) + np.stack(waves, 2) * (60, 50, 40)
    photo = photo + np.random.default_rng(0).normal(0, 2, photo.shape)
    height = np.linspace(-1, 1, 240)[:, None, None]
    bar = 255 - np.abs(height) * np.where(height < 0, (250, 207, 158), (152, 255, 224))
    whole = np.hstack([photo.clip(0, 255), bar.repeat(15, axis=1)]).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(whole).save(buffer, "png")
    small = Image.open(io.BytesIO(small_png(buffer.getvalue()))).convert("RGB")
    error = np.abs(np.asarray(small, dtype=float) - whole)[:, 400:]
    assert error.max() <= 20


def test_the_zero_of_a_signed_map_gets_no_tint():
    noise = np.random.default_rng(0)
    photo = noise.integers(0, 256, (200, 200, 3))
    grey = noise.choice([246, 247, 248], (200, 200, 1))  # the colour map's middle, nearly white
    whole = np.hstack([photo, grey.repeat(3, axis=2)]).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(whole).save(buffer, "png")
    assert len(buffer.getvalue()) > TARGET_BYTES
    small = Image.open(io.BytesIO(small_png(buffer.getvalue())))
    assert small.mode == "P"
    assert np.array_equal(np.asarray(small.convert("RGB"))[:, 200:], whole[:, 200:])
