"""xc.plot.tangents: truth, and straight lines that touch it where they should."""

import pytest
import torch

import xaicourse as xc

STEPS = torch.linspace(-2, 2, 9)
LOOK = {"alt": "A curve and two tangents.", "x_name": "step"}


def test_tangents_touch_the_curve_with_its_slope():
    at = torch.tensor([-1.0, 1.0])
    photo = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    picture = xc.plot.tangents(
        STEPS, STEPS**2, at, 2 * at, **LOOK, photos={"x": photo}, marks={"here": 1.0}, reach=0.5
    )
    photo_axis, axis = picture.figure.axes
    assert photo_axis.get_title() == "x"
    lines = {line.get_label(): line for line in axis.get_lines()}
    assert list(lines["F, the truth"].get_ydata()) == (STEPS**2).tolist()
    assert list(lines["promise at -1"].get_xdata()) == [-1.5, -0.5]
    assert list(lines["promise at -1"].get_ydata()) == [2.0, 0.0]
    assert list(lines["promise at 1"].get_ydata()) == [0.0, 2.0]
    assert lines["promise at 1"].get_linestyle() != lines["promise at -1"].get_linestyle()
    assert axis.texts[0].get_text() == "here"
    assert repr(picture) == "Figure: A curve and two tangents."


def test_the_axis_belongs_to_the_truth():
    steep = xc.plot.tangents(STEPS, STEPS.tanh(), torch.zeros(1), torch.full((1,), 99.0), **LOOK)
    assert steep.figure.axes[0].get_ylim()[1] < 2


def test_tangents_refuse_what_they_cannot_draw():
    with pytest.raises(ValueError, match=r"at holds 0.3, which is none of the steps"):
        xc.plot.tangents(STEPS, STEPS, torch.tensor([0.3]), torch.ones(1), **LOOK)
    with pytest.raises(ValueError, match="slopes has 2 values"):
        xc.plot.tangents(STEPS, STEPS, torch.zeros(1), torch.ones(2), **LOOK)
