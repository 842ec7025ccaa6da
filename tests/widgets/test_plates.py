"""Plates: places in inches, scales, words; a panel's picture and alt text are made of them."""

import numpy as np
import pytest
import torch

from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import (
    Bars,
    Curve,
    Map,
    Photo,
    Plate,
    and_pixels,
    figure_of,
    png_of,
    tiled,
    tiled_map,
)
from xaicourse.widgets.words import of_class, side_by_side

BOX = (1.0, 0.5, 2.0, 1.0)
VALUES = torch.tensor([[1.0, -4.0], [0.0, 2.0]])


def drawn(plate):
    """Return the axes of one plate."""
    return figure_of((4.0, 2.0), [plate]).axes


def test_a_plate_lies_where_it_says_in_inches():
    (axis,) = drawn(Plate(BOX, "title", left="up", below="down"))
    assert axis.get_position().bounds == pytest.approx((0.25, 0.25, 0.5, 0.5))
    assert (axis.get_title(), axis.get_ylabel(), axis.get_xlabel()) == ("title", "up", "down")


def test_a_room_draws_what_is_its_own_after_the_plate():
    (axis,) = drawn(Bars(BOX, "bars", [1, 2], draw=lambda a: a.set_title(f"{len(a.patches)} bars")))
    assert axis.get_title() == "2 bars"


@pytest.mark.parametrize(("signed", "low"), [(True, -4.0), (False, 0.0)])
def test_a_map_has_one_scale_and_a_bar_that_says_what_is_cut_off(signed, low):
    bar_at = (3.2, 0.5, 0.1, 1.0)
    axis, bar = drawn(Map(BOX, "", VALUES, 4.0, signed=signed, bar_at=bar_at, unit="logit"))
    assert axis.images[0].get_clim() == (low, 4.0)
    assert bar.get_position().bounds == pytest.approx((0.8, 0.25, 0.025, 0.5))
    assert bar.get_ylabel() == "logit"
    ends = []
    for limit, clipped in ((4.0, None), (2.0, None), (4.0, True), (2.0, False)):
        plate = Map(BOX, "", VALUES, limit, signed=signed, bar_at=bar_at, clipped=clipped)
        ends.append(drawn(plate)[1]._colorbar.extend)
    pointed = "both" if signed else "max"
    assert ends == ["neither", pointed, pointed, "neither"]


def test_what_is_no_number_is_grey_and_counts_for_nothing():
    holes = torch.where(VALUES > 0, VALUES, torch.nan)
    axis, bar = drawn(Map(BOX, "", holes, 1.0, bar_at=(3.2, 0.5, 0.1, 1.0)))
    assert np.isnan(axis.images[0].get_array().filled(np.nan)).sum() == 2
    assert bar._colorbar.extend == "both"
    assert axis.get_facecolor()[:3] == pytest.approx((0.85, 0.85, 0.85), abs=0.01)


def test_a_frame_lies_around_its_pixels():
    for plate in (
        Map(BOX, "", VALUES, 4.0, frames=[(1, 0, 1, 2)]),
        Photo(BOX, "", torch.zeros(1, 3, 2, 2), frames=[(1, 0, 1, 2)]),
    ):
        light, dark = drawn(plate)[0].patches
        assert light.get_linewidth() > dark.get_linewidth()
        assert dark.get_bbox().bounds == (0.5, -0.5, 1.0, 2.0)


@pytest.mark.parametrize("across", [True, False])
def test_bars_stand_before_what_they_are_compared_with(across):
    (axis,) = drawn(Bars(BOX, "", [1, -2], pale=[3, 1], across=across, legend=("was", "is")))
    lengths = [p.get_width() if across else p.get_height() for p in axis.patches]
    assert lengths == [3, 1, 1, -2]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["was", "is"]
    labels = axis.get_yticklabels() if across else axis.get_xticklabels()
    assert [label.get_text() for label in labels] == ["x1", "x2"]
    assert bool(axis.yaxis_inverted()) is across  # the first one on top


def test_a_curve_marks_where_the_reader_is():
    (axis,) = drawn(Curve(BOX, "", [([0, 1], [2, 3], {"color": "red"})], here=0.5,
                          axes={"ylim": (0, 4), "xscale": "log"}))  # fmt: skip
    line, here = axis.lines
    assert line.get_color() == "red"
    assert list(here.get_xdata()) == [0.5, 0.5]
    assert (axis.get_ylim(), axis.get_xscale()) == ((0, 4), "log")


def test_a_curve_above_another_has_a_dashed_line_and_a_legend_but_no_numbers_below():
    line = ([0, 1], [2, 3], {"label": "F"})
    (axis,) = drawn(Curve(BOX, "", [line], mark=0.25, legend={"loc": "best"}, above=True))
    assert list(axis.lines[1].get_xdata()) == [0.25, 0.25]
    assert axis.lines[1].get_linestyle() == "--"
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["F"]
    assert not axis.xaxis.get_tick_params()["labelbottom"]
    assert drawn(Curve(BOX, "", [line]))[0].xaxis.get_tick_params()["labelbottom"]


def test_a_fine_map_ends_at_percentile_99_of_another_and_says_what_it_shows():
    values, whole = torch.ones(1, 3, 8, 8), torch.full((1, 3, 8, 8), 2.0)
    plate = tiled_map(BOX, "map", values, 4, scale=whole, clipped_at=" clipped", says="a map")
    assert np.asarray(plate.values) == pytest.approx(np.full((4, 4), 12.0))
    assert (plate.limit, plate.clipped, plate.says) == (24.0, True, "a map")
    assert plate.below == "sum over channels and 2 × 2 pixels; clipped"
    assert tiled_map(BOX, "map", values, 4, clipped_at="").limit == 12.0


@pytest.mark.parametrize(("size", "tile"), [((8, 8), 2), ((4, 4), 1), ((7, 7), 7), ((8, 12), 4)])
def test_a_fine_map_is_added_up_over_squares(size, tile):
    values = torch.arange(float(size[0] * size[1])).view(size)
    sums, found = tiled(values, 4)
    assert (found, sums.shape) == (tile, (size[0] // tile, size[1] // tile))
    assert float(sums.sum()) == pytest.approx(float(values.sum()))
    assert (and_pixels(1), and_pixels(4)) == ("", " and 4 × 4 pixels")


def test_words_say_what_lies_where():
    assert side_by_side(["one bar"]) == "one bar."
    assert side_by_side(["a", "b"]) == "Left: a. Right: b."
    assert side_by_side(["a", "b", "c"]) == "Left: a. Middle: b. Right: c."
    assert side_by_side(list("abcd")) == "From left to right: a, b, c, and d."


def test_the_class_is_named_where_there_is_one():
    from xaicourse.core.gradients import ask

    net, x = torch.nn.Linear(2, 3).eval(), torch.ones(1, 2)
    assert of_class(ask(net, x, 2).target, ["cat", "dog", "owl"]) == " of owl"
    assert of_class(ask(net, x, 2).target, None) == " of class 2"
    assert of_class(ask(torch.nn.Linear(2, 1).eval(), x, None).target, ["cat"]) == ""


class Two(Panel):
    """A photo that says what it is, and a plate that says nothing."""

    title = "two plates, for a test"
    size = (3.0, 1.0)

    def compute(self, settings):
        return torch.zeros(1, 3, 2, 2)

    def plates(self, result):
        yield Photo((0, 0, 1, 1), "", result, says="a photo")
        yield Plate((1, 0, 1, 1), "silent")
        yield Plate((2, 0, 1, 1), "loud", says="a box")

    def words(self, result):
        yield "one number"
        yield "another"


def test_a_panels_picture_words_and_alt_text_are_made_of_its_plates():
    panel = Two({})
    assert panel.picture.value == png_of(panel.size, panel.plates(panel.result))
    assert panel.alt(panel.result) == "Two plates. Left: a photo. Right: a box."
    assert panel.describe(panel.result) == "one number  ·  another"
