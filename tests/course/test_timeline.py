"""Timeline, prerequisites, overview and displays: what is drawn is what the tables say."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import xaicourse as xc
from xaicourse.course.table import LESSONS, TRACKS
from xaicourse.course.timeline import LETTER, free_lines, grid, label, registered, two_lines

PHOTO = torch.linspace(0, 1, 3 * 8 * 8).reshape(1, 3, 8, 8)
MAP = torch.cos(torch.arange(3 * 8 * 8.0)).reshape(1, 3, 8, 8)


def texts(picture):
    return [text.get_text() for axis in picture.figure.axes for text in axis.texts]


def test_every_method_stands_at_its_year():
    picture = xc.plot.timeline(alt="Methods over the years.")
    axis = picture.figure.axes[0]
    years = sorted(int(line.get_xdata()[0]) for line in axis.lines if line.get_marker() == "o")
    assert years == sorted(record.year for record in xc.METHODS.values())
    for record in xc.METHODS.values():
        assert f"{record.title} ({record.lesson})" in texts(picture)


def test_names_of_one_year_do_not_lie_on_each_other():
    records = [
        SimpleNamespace(name=f"m{k}", title=f"M{k}", year=2017 + k // 6, family="integrated",
                        lesson="05")
        for k in range(12)
    ]  # fmt: skip
    axis = xc.plot.timeline(records, alt="Twelve methods.").figure.axes[0]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines if
              line.get_marker() == "o"]  # fmt: skip
    assert len(set(places)) == 12
    with pytest.raises(ValueError, match="methods is empty"):
        xc.plot.timeline([], alt="None.")


def test_the_graph_has_a_box_for_each_lesson_and_an_arrow_for_each_need():
    picture = xc.plot.prerequisites(alt="Lessons.", track="self-study")
    patches = picture.figure.axes[0].patches
    boxes = [p for p in patches if isinstance(p, FancyBboxPatch)]
    arrows = [p for p in patches if isinstance(p, FancyArrowPatch)]
    assert len(boxes) == len(LESSONS)
    assert len(arrows) == sum(len(lesson.needs) for lesson in LESSONS.values())
    assert sum(box.get_linewidth() > 2 for box in boxes) == len(TRACKS["self-study"])
    with pytest.raises(ValueError, match="track must be one of self-study, six labs"):
        xc.plot.prerequisites(alt="Lessons.", track="none")


def test_a_lesson_stands_right_of_all_that_it_needs():
    places = grid(LESSONS)
    assert len(set(places.values())) == len(LESSONS)
    for lesson in LESSONS.values():
        assert all(places[needed][0] < places[lesson.number][0] for needed in lesson.needs)


def test_long_titles_are_broken_once():
    assert two_lines("05 Integrated Gradients, long") == "05 Integrated\nGradients, long"
    assert two_lines("00 Start here") == "00 Start here"


def test_overview_draws_maps_on_one_scale_and_bars_in_order():
    picture = xc.plot.overview(
        PHOTO, {"cat": 2.0, "espresso": torch.tensor(-1.0)}, notes={"cat": "p = 0.9"},
        maps={"cat": 0.1 * MAP, "espresso": MAP}, drops={"cat": {"left": "-8"}}, alt="Two maps.",
    )  # fmt: skip
    axes = picture.figure.axes
    limits = {axis.images[0].get_clim() for axis in axes[2:4]}
    assert len(limits) == 1
    low, high = limits.pop()
    assert high == pytest.approx(float(MAP.sum(1).abs().max()))
    assert low == -high
    assert [bar.get_width() for bar in axes[1].patches] == [2.0, -1.0]
    assert "-8" in texts(picture)
    (drop,) = [text for text in axes[2].texts if text.get_text() == "-8"]
    assert drop.get_position()[1] < 0  # under the map, so that it hides no patch
    assert any("p = 0.9" in text for text in texts(picture))
    with pytest.raises(ValueError, match="scores is empty"):
        xc.plot.overview(PHOTO, {}, alt="None.")


def test_displays_show_one_map_in_four_ways():
    picture = xc.plot.displays(MAP, PHOTO, alt="Four displays.")
    shown = [np.asarray(axis.images[0].get_array()) for axis in picture.figure.axes[1:5]]
    plain = MAP[0].numpy()
    for drawn, right in zip(
        shown, (plain.sum(0), np.abs(plain).sum(0), np.abs(plain).max(0), plain.sum(0)), strict=True
    ):
        assert np.allclose(drawn, right, atol=1e-6)
    signed, stretched = (picture.figure.axes[k].images[0].get_clim() for k in (1, 4))
    assert signed[0] == -signed[1]
    tiled = xc.plot.displays(MAP, PHOTO, alt="Four displays.", tile=2).figure
    labels = [axis.get_xlabel() for axis in tiled.axes[5:]]
    assert all("sum over 2 × 2 pixels" in label for label in labels)
    assert labels[-1].endswith("from minimum to maximum")
    assert stretched == pytest.approx((plain.sum(0).min(), plain.sum(0).max()))


def test_maps_can_say_what_their_colours_mean():
    picture = xc.plot.maps({"a": MAP}, alt="A map.", unit="effect on the logit", percentile=100)
    assert picture.figure.axes[-1].get_ylabel() == "effect on the logit\nfull range"


def test_no_name_on_the_timeline_covers_another():
    for family in ("vanilla", "denoising"):
        records = [r for r in registered() if str(r.family) == family]
        records.sort(key=lambda r: r.year)
        ends: dict[int, float] = {}
        for record, line in zip(records, free_lines(records), strict=True):
            assert record.year >= ends.get(line, 0.0), record.name
            ends[line] = record.year + LETTER * len(label(record))
