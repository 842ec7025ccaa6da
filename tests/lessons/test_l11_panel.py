"""The way panel and its ways, against closed forms and the package."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l11_which_path import family
from xaicourse.widgets import WayPanel, walk_way

TOY, X = xc.zoo.toy(), xc.zoo.toy_input()
END = torch.tensor([[3.0, 3.0]]).double()


def square(p):
    return (2 * p[:, 0] + p[:, 1]) ** 2


@pytest.fixture
def panel():
    functions = {"TOY net": (TOY, X), "square": (square, END)}
    maps = {"corner": torch.randn(28, 28), "straight (IG)": torch.randn(28, 28)}
    return WayPanel(functions, photo_maps=maps)


@pytest.mark.parametrize("way", ["straight", "x1 first", "x2 first", "power", "guided", "geodesic"])
def test_each_way_begins_at_0_ends_at_x_and_adds_up(way):
    found = walk_way(square, END, way, n=200)
    assert found.line[0].tolist() == pytest.approx([0, 0], abs=1e-9)
    assert found.line[-1].tolist() == pytest.approx([3, 3], abs=1e-9)
    assert found.rise == 81
    assert abs(found.gap) < 0.2


def test_a_way_point_on_the_line_is_the_line(close):
    on_it = walk_way(square, END, "way-point", through=(0.5, 0.5))
    close(on_it.shares, walk_way(square, END, "straight").shares, 1e-9)
    corner = walk_way(TOY, X, "way-point", through=(0.0, 1.0), n=200)
    close(corner.shares, torch.tensor([-2.0, 3.0]).double(), 0.03)


@pytest.mark.parametrize(("unit", "shares"), [(1.0, [72, 9]), (4.0, [72, 9]), (0.25, [36, 45])])
def test_the_guided_way_depends_on_the_unit_and_the_straight_one_does_not(unit, shares, close):
    found = walk_way(square, END, "guided", unit=unit)
    close(found.shares, torch.tensor(shares).double(), 0.02)
    straight = walk_way(square, END, "straight", unit=unit)
    close(straight.shares, torch.tensor([54.0, 27.0]).double(), 1e-4)


def test_left_and_right_are_off_on_both_sides():
    left, right = (walk_way(square, END, "straight", n=3, rule=r) for r in ("left", "right"))
    assert left.gap < -20
    assert right.gap > 20
    assert walk_way(square, END, "straight", n=3).gap == pytest.approx(0)


@pytest.mark.parametrize(
    ("change", "message"), [({"way": "round"}, "way must be one of"), ({"rule": "up"}, "rule must")]
)
def test_what_walk_way_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        walk_way(TOY, X, **{"way": "straight", **change})


def test_moving_the_way_point_turns_a_sign(panel):
    panel.set(way="way-point", across=0.5, up=0.5)
    assert panel.result.way.shares[1] < 0
    panel.set(across=0.0, up=1.0)
    assert panel.error is None
    assert panel.result.way.shares[1] > 0
    assert "way-point at 0.00 and 1.00" in panel.caption.value


def test_the_photo_follows_the_path(panel):
    panel.set(way="x1 first")
    assert torch.equal(panel.result.photo_map, panel.photo_maps["corner"])
    assert "the stored map of the photo along the path corner" in panel.alt(panel.result)
    panel.set(way="guided")
    assert panel.result.photo_map is None
    assert "no stored map" in panel.caption.value


def test_the_unit_changes_the_function_square(panel):
    panel.set(function="square", way="guided", unit="1", n=200)
    before = panel.result.way.shares
    panel.set(unit="1/4")
    assert panel.result.way.shares[0] < before[0] - 20
    assert "square, path guided, unit of x1 1/4" in panel.alt(panel.result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"way": "round"}, "way must be one of"),
        ({"n": 0}, "n must be from 1 to 200"),
        ({"functions": {}}, "at least one entry"),
    ],
)
def test_what_the_panel_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        WayPanel(**{"functions": {"TOY net": (TOY, X)}, **change})


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("Panel: way panel")
    assert "TOY net, path straight" in metadata["image/png"]["alt"]


def test_the_family_refuses_a_method_without_a_parent(monkeypatch):
    monkeypatch.delitem(family.PARENTS, "guided_ig")
    with pytest.raises(ValueError, match="no parent is known for guided_ig"):
        family.family()


def test_pictures_of_ways_and_of_the_family_have_words():
    ways = {way: walk_way(TOY, X, way) for way in ("straight", "x1 first")}
    for bars in (False, True):
        picture = xc.widgets.draw_ways(TOY, X, ways, alt="two ways", bars=bars)
        assert "two ways" in repr(picture)
    assert "a tree" in repr(xc.widgets.draw_family("11", alt="a tree"))
