"""The chart of shares: bars begin where the last one ended, and the last bar is the sum."""

import pytest
from matplotlib.figure import Figure

import xaicourse as xc
from xaicourse.plot.waterfall import draw_waterfall


def bars(axis):
    return [(round(b.get_x(), 9), round(b.get_width(), 9)) for b in axis.patches]


def test_bars_follow_each_other_and_end_at_the_sum():
    axis = Figure().add_subplot()
    draw_waterfall(axis, {"x1": 3.0, "x2": -3.0, "bias": 2.0}, total_name="f")
    assert bars(axis) == [(0.0, 3.0), (3.0, -3.0), (0.0, 2.0), (0.0, 2.0)]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["x1", "x2", "bias", "f"]
    assert [t.get_text() for t in axis.texts] == ["3", "-3", "2", "2"]
    low, high = axis.get_xlim()
    assert low < 0
    assert high > 3


def test_numbers_stand_on_a_ground_that_hides_the_line_at_zero():
    axis = Figure().add_subplot()
    draw_waterfall(axis, {"a": -3.0, "b": 1.0}, total_name="f")
    for text in axis.texts:
        assert text.get_bbox_patch().get_facecolor() == axis.get_facecolor()
        assert text.get_zorder() > max(line.get_zorder() for line in axis.lines)


def test_chosen_bars_are_strong():
    axis = Figure().add_subplot()
    draw_waterfall(axis, {"a": 1.0, "b": -2.0}, total_name="f", chosen=["b"])
    assert axis.patches[0].get_alpha() < axis.patches[1].get_alpha()


def test_a_picture_with_words():
    picture = xc.plot.waterfall({"one": {"a": 0.0}, "two": {"b": -1.0}}, alt="Two charts.")
    assert repr(picture) == "Figure: Two charts."


@pytest.mark.parametrize("items", [{}, {"one": {}}])
def test_nothing_to_draw_is_refused(items):
    with pytest.raises(ValueError, match="at least one"):
        xc.plot.waterfall(items, alt="Nothing.")
