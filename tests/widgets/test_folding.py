"""A panel's picture in pieces that may stand below one another; what lies on it."""

import io

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from xaicourse.widgets.folding import FoldingPicture, cut, gaps_between, widest_middle
from xaicourse.widgets.plates import Map, Plate

VALUES = np.zeros((2, 2))


def png(*spans, width=360):
    """Return a white PNG of 3 inches, dark from one column to the other."""
    pixels = np.full((12, width), 255, dtype="uint8")
    for left, right in spans:
        pixels[:, left:right] = 40
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def test_gaps_lie_between_plates_and_a_bar_belongs_to_its_map():
    plates = [
        Plate((2.0, 0, 0.5, 1), "last"),
        Map((0.1, 0, 0.9, 1), "map", VALUES, 1.0, bar_at=(1.2, 0, 0.1, 1)),
        Plate((2.0, 1, 0.9, 1), "above the last"),
    ]
    assert gaps_between(plates) == [(pytest.approx(1.3), 2.0)]
    assert gaps_between([]) == []


def test_a_cut_lies_in_the_widest_empty_place_and_nothing_is_lost():
    pieces = cut(png((20, 100), (110, 116), (180, 340)), [(0.8, 1.5)])
    whole = [np.asarray(Image.open(io.BytesIO(piece.png)).convert("L")) for piece in pieces]
    assert [piece.width for piece in pieces] == [part.shape[1] for part in whole] == [134, 194]
    shown = np.hstack(whole)
    assert shown.shape[1] == 328  # from 4 pixels before the first to 4 behind the last
    assert (shown < 255).sum() == 12 * (80 + 6 + 160)
    assert (16 + pieces[0].width) % 5 == 0  # a whole number of pixels on the screen


def test_there_is_no_cut_through_something_drawn():
    assert len(cut(png((20, 340)), [(0.8, 1.5)])) == 1
    assert len(cut(png((20, 340)), [])) == 1
    assert len(cut(png(), [(0.8, 0.81)])) == 1  # all white
    assert widest_middle([True] * 3 + [False] + [True] * 20, 0, 24) == 15
    assert widest_middle([False] * 24, 0, 24) is None


def test_pieces_say_what_they_are_and_become_more_or_fewer():
    picture = FoldingPicture(None, (3.0, 0.1))
    two, one = png((20, 100), (180, 340)), png((20, 340))
    picture.show(two, "Two squares.", [(0.8, 1.5)])
    assert (picture.value, picture.alt) == (two, "Two squares.")
    first, second = picture.children
    assert (first.tooltip, second.tooltip) == ("Two squares.", "part 2 of the same picture")
    picture.show(one, "One square.", [(0.8, 1.5)])
    (only,) = picture.children
    assert (only.tooltip, only.width) == ("One square.", str(round(328 * 0.8)))
    assert second.comm is None  # closed


def test_a_cover_lies_on_the_first_piece_which_never_shrinks():
    buttons = ipywidgets.HBox()
    picture = FoldingPicture((buttons, (0.5, 0.25, 1.0, 0.5)), (3.0, 1.0))
    picture.show(png((60, 180), (240, 340)), "Photo.", [(1.5, 2.0)])
    first = picture.children[0]
    assert first.children[1] is buttons
    assert first.children[0].layout.max_width == "none"
    assert buttons.layout.margin == "24.0px 0 0 48.0px"
    assert (buttons.layout.width, buttons.layout.height) == ("96.0px", "48.0px")
    piece = Image.open(io.BytesIO(first.children[0].value)).convert("L")
    assert np.asarray(piece)[0, 59:61].tolist() == [255, 40]  # not trimmed: places stay
