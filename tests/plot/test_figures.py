"""Maps on one scale, curves and strips: what is drawn, not only that something is."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from xaicourse import plot
from xaicourse.core.attribution import Attribution
from xaicourse.plot.style import ORANGE, PARTS

PHOTO = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
MAP = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def images(picture):
    return [axes.images[-1] for axes in picture.figure.axes if axes.images]


def titles(picture):
    return [axes.get_title() for axes in picture.figure.axes if axes.get_visible()]


def bar_label(picture):
    return picture.figure.axes[-1].get_ylabel()


def test_all_maps_share_one_scale_with_zero_in_the_middle():
    picture = plot.maps({"strong": MAP, "weak": 0.01 * MAP, "zero": 0 * MAP}, photo=PHOTO, alt="a")
    limits = {image.get_clim() for image in images(picture)[1:]}
    assert len(limits) == 1
    ((low, high),) = limits
    assert low == -high < 0
    assert np.allclose(images(picture)[1].get_array(), MAP[0].double().sum(0))


def test_clipping_is_said_on_the_colour_bar():
    clipped = plot.maps({"IG": MAP}, alt="a", percentile=90)
    assert "clipped at percentile 90" in bar_label(clipped)
    assert images(clipped)[0].get_clim()[1] == pytest.approx(
        np.percentile(MAP[0].double().sum(0).abs().numpy(), 90)
    )
    whole = plot.maps({"IG": MAP}, alt="a", percentile=100)
    assert "full range" in bar_label(whole)
    assert "sum over channels" in bar_label(whole)
    assert "2 × 2 pixels" in bar_label(plot.maps({"IG": MAP}, alt="a", tile=2))


def test_a_zero_map_is_drawn_and_named():
    picture = plot.maps({"IG": 0 * MAP}, alt="a")
    assert images(picture)[0].get_clim() == (-1, 1)
    assert "zero" in bar_label(picture)


def test_unsigned_maps_start_at_zero_in_another_colour_map():
    picture = plot.maps({"IG": MAP}, alt="a", reduce="max_abs")
    assert images(picture)[0].get_clim()[0] == 0
    assert images(picture)[0].get_cmap().name == "cividis"


def test_a_record_brings_its_gap_into_the_title():
    record = Attribution(
        values=MAP, kind="input", target=None, gap=torch.tensor([0.5]),
        f_start=torch.tensor([0.0]), f_end=torch.tensor([4.0]),
    )  # fmt: skip
    picture = plot.maps({"IG": record}, alt="a", photo=PHOTO)
    assert titles(picture)[:2] == ["photo", "IG\ngap 12 %"]


def test_overlay_is_transparent_where_the_map_is_zero():
    value = torch.zeros(8, 8)
    value[2, 3] = 1.0
    picture = plot.maps({"IG": value}, alt="a", photo=PHOTO, overlay=True)
    opacity = images(picture)[1].get_alpha()
    assert opacity[2, 3] == 1
    assert opacity.sum() == 1


def test_pictures_may_be_drawn_in_grey():
    value = torch.rand(1, 1, 8, 8)
    picture = plot.maps({"coat": value}, alt="a", reduce="abs_sum", grey=True, percentile=100)
    shown = images(picture)[0]
    assert shown.cmap(shown.norm(0.0))[:3] == (0, 0, 0)
    assert shown.cmap(shown.norm(float(value.max())))[:3] == (1, 1, 1)
    assert picture.figure.axes[0].spines["top"].get_visible()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": {}}, "items is empty"),
        ({"items": {"IG": MAP}, "overlay": True}, "overlay=True needs photo"),
        ({"items": {"IG": MAP}, "reduce": "mean"}, "reduce must be one of sum"),
        ({"items": {"IG": MAP}, "grey": True}, "grey=True draws sizes"),
        ({"items": {"IG": MAP}, "columns": 0}, "columns must be at least 1"),
        ({"items": {"IG": MAP}, "tile": 3}, "tile must divide"),
        ({"items": {"IG": MAP}, "alt": ""}, "alt must be a sentence"),
    ],
)
def test_bad_arguments_of_maps(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.maps(**{"alt": "a", **arguments})


def test_items_must_have_titles():
    with pytest.raises(TypeError, match="dict title -> map, got list"):
        plot.maps([MAP], alt="a")


NODES = torch.tensor([0.125, 0.375, 0.625, 0.875])
WEIGHTS = torch.full((4,), 0.25)
SCORES, SLOPES = torch.tensor([1.0, 2.0, 2.0, 2.0]), torch.tensor([4.0, 0.0, -1.0, 1.0])


def test_slope_bars_have_the_area_of_the_sum():
    picture = plot.curve(NODES, SCORES, SLOPES, WEIGHTS, alt="a", ends=(0.5, 2.0))
    bars = picture.figure.axes[1].patches
    area = sum(bar.get_width() * bar.get_height() for bar in bars)
    assert area == pytest.approx(float((SLOPES * WEIGHTS).sum()))


def test_tangents_are_as_steep_as_the_slopes():
    picture = plot.curve(NODES, SCORES, SLOPES, WEIGHTS, alt="a")
    tangents = [
        li for li in picture.figure.axes[0].lines if to_hex(li.get_color()) == ORANGE.lower()
    ]
    steepness = [np.diff(t.get_ydata())[0] / np.diff(t.get_xdata())[0] for t in tangents]
    assert steepness == pytest.approx(SLOPES.tolist())


def test_curve_runs_from_end_to_end():
    picture = plot.curve(NODES, SCORES, alt="a", ends=(0.5, 2.5))
    line = picture.figure.axes[0].lines[0]
    assert list(line.get_xdata())[::5] == [0, 1]
    assert list(line.get_ydata())[::5] == [0.5, 2.5]


def test_curve_refuses_rows_that_do_not_fit():
    with pytest.raises(ValueError, match="scores has 3 values but alphas has 4"):
        plot.curve(NODES, SCORES[:3], alt="a")
    with pytest.raises(ValueError, match="belong together"):
        plot.curve(NODES, SCORES, SLOPES, alt="a")
    with pytest.raises(ValueError, match="scores holds NaN"):
        plot.curve(NODES, SCORES / 0, alt="a")


def film(**changes):
    settings = {
        "photo": PHOTO, "baseline": 0 * PHOTO, "alphas": NODES, "scores": SCORES, "slopes": SLOPES,
        "weights": WEIGHTS, "alt": "a", "ends": (0.5, 2.0),
        "parts": {"left": SLOPES * WEIGHTS - 0.5, "right": torch.full((4,), 0.5)},
    }  # fmt: skip
    return plot.strips(**{**settings, **changes})


def test_the_last_bars_of_the_strips_are_the_whole_map():
    picture = film(bars=6)
    part_axis = picture.figure.axes[0]
    last = {}
    for container, colour in zip(part_axis.containers, PARTS, strict=False):
        assert to_hex(container[0].get_facecolor()) == colour.lower()
        last[container.get_label()] = container[-1].get_height()
    assert last == pytest.approx({"left": 1 - 2, "right": 2})
    diamonds = next(li for li in part_axis.lines if li.get_marker() == "D")
    assert diamonds.get_ydata()[-1] == pytest.approx(float((SLOPES * WEIGHTS).sum()))
    # halfway, half of the nodes have been counted
    assert diamonds.get_ydata()[2] == pytest.approx(float((SLOPES * WEIGHTS)[:2].sum()))


def test_the_film_shows_the_photo_at_the_middle_of_each_frame():
    frames = film(frames=4).figure.axes[2].images
    assert len(frames) == 4
    labels = [text.get_text() for text in film(frames=4).figure.axes[2].texts]
    assert labels == ["α = 0.12", "α = 0.38", "α = 0.62", "α = 0.88"]
    expected = 0.625 * PHOTO[0].permute(1, 2, 0)
    np.testing.assert_allclose(frames[2].get_array(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts": {}}, "parts is empty"),
        ({"parts": {"all": SLOPES[:2]}}, r"parts\['all'\] has 2|all has 2 values"),
        ({"frames": 1}, "frames must be at least 2"),
        ({"baseline": torch.zeros(1, 3, 4, 4)}, r"baseline is \(4, 4\) pixels"),
    ],
)
def test_bad_arguments_of_strips(changes, message):
    with pytest.raises(ValueError, match=message):
        film(**changes)


def test_figures_do_not_depend_on_the_readers_settings():
    import matplotlib as mpl

    plain = plot.maps({"IG": MAP}, alt="a").png
    with mpl.rc_context({"font.size": 30, "image.cmap": "jet", "savefig.dpi": 30}):
        assert plot.maps({"IG": MAP}, alt="a").png == plain


def test_two_threads_draw_the_same_picture_as_one():
    from concurrent.futures import ThreadPoolExecutor

    alone = film().png
    with ThreadPoolExecutor(4) as threads:
        pictures = [threads.submit(film) for _ in range(8)]
        assert {picture.result(60).png for picture in pictures} == {alone}
