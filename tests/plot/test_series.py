"""xc.plot.series and the finer line of xc.plot.curve."""

import pytest
import torch

import xaicourse as xc

PLACES = torch.tensor([0.0, 0.5, 1.0])


def test_series_draws_each_curve_where_it_belongs():
    picture = xc.plot.series(
        PLACES,
        {"one": PLACES**2, "two": 1 - PLACES},
        alt="Two curves.",
        x_name="x",
        y_name="y",
        levels={"limit": 0.25},
    )
    axis = picture.figure.axes[0]
    drawn = {line.get_label(): line for line in axis.get_lines()}
    assert list(drawn["one"].get_xdata()) == [0.0, 0.5, 1.0]
    assert list(drawn["one"].get_ydata()) == [0.0, 0.25, 1.0]
    assert list(drawn["two"].get_ydata()) == [1.0, 0.5, 0.0]
    assert drawn["one"].get_marker() != drawn["two"].get_marker()  # not by colour alone
    assert drawn["one"].get_color() != drawn["two"].get_color()
    assert axis.texts[0].get_text() == "limit"
    assert repr(picture) == "Figure: Two curves."


def test_doubling_spaces_the_places_evenly_and_labels_them():
    counts = torch.tensor([8, 16, 32])
    picture = xc.plot.series(
        counts, {"gap": PLACES}, alt="A curve.", x_name="n", y_name="gap", doubling=True
    )
    axis = picture.figure.axes[0]
    assert list(axis.get_lines()[0].get_xdata()) == [0, 1, 2]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["8", "16", "32"]


def test_film_stands_over_the_same_alphas():
    photo = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    picture = xc.plot.series(
        PLACES,
        {"F": PLACES},
        film=(torch.zeros_like(photo), photo),
        frames=4,
        alt="A film and a curve.",
        x_name="alpha",
        y_name="F",
    )
    curves, film = picture.figure.axes
    assert film.get_xlim() == curves.get_xlim()
    assert len(film.images) == 4


def test_series_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="curves is empty"):
        xc.plot.series(PLACES, {}, alt="x", x_name="x", y_name="y")
    with pytest.raises(ValueError, match="F has 2 values but alphas has 3"):
        xc.plot.series(PLACES, {"F": PLACES[:2]}, alt="x", x_name="x", y_name="y")


def test_a_finer_line_of_f_does_not_cut_the_corner():
    fine = torch.linspace(0, 1, 101)
    corner = torch.minimum(4 * fine, torch.ones(101))
    nodes = torch.tensor([0.125, 0.625])
    rows = (nodes, torch.tensor([0.5, 1.0]), torch.tensor([4.0, 0.0]), torch.tensor([0.25, 0.75]))
    picture = xc.plot.curve(*rows, line=(fine, corner), alt="A corner.")
    line = picture.figure.axes[0].get_lines()[0]
    assert len(line.get_xdata()) == 101
    assert line.get_ydata()[25] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="line has 100 values"):
        xc.plot.curve(*rows, line=(fine, corner[:-1]), alt="x")


def test_short_tangents_leave_f_visible_between_them():
    rows = [torch.tensor(v) for v in ([0.25, 0.75], [1.0, 2.0], [2.0, 0.0], [0.5, 0.5])]
    axis = xc.plot.curve(*rows, tangent=0.4, alt="Two tangents.").figure.axes[0]
    tangent = next(line for line in axis.lines if line.get_label() == "slope at a node")
    assert tangent.get_xdata() == pytest.approx([0.15, 0.35])
    assert tangent.get_ydata() == pytest.approx([0.8, 1.2])
