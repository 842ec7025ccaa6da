"""What holds for the panels of all lessons: bounded memory, plates inside the picture."""

import html

import pytest

from tests.frozen.make import panels
from xaicourse.core.places import rooms
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Plate
from xaicourse.widgets.work import Memory


@pytest.fixture(params=sorted(panels()))
def panel(request):
    return panels()[request.param]()


def moves(panel):
    """Yield settings: every option of every list, and both ends of every slider."""
    for name, control in panel.controls.items():
        for value in getattr(control, "options", ()):
            yield {name: value}
        if hasattr(control, "base"):
            yield from ({name: control.base**end} for end in (control.min, control.max / 2))
        elif hasattr(control, "min"):
            yield from ({name: end} for end in (control.min, control.max))


def test_what_a_panel_keeps_is_bounded(panel):
    dicts = {name: len(value) for name, value in vars(panel).items() if isinstance(value, dict)}
    memories = [value for value in vars(panel).values() if isinstance(value, Memory)]
    for memory in memories:
        memory.most = 2
    for move in moves(panel):
        panel.set(**move)
        assert panel.error is None or isinstance(panel.error, ValueError), move  # a box for [0, 1]
    assert {name: len(getattr(panel, name)) for name in dicts} == dicts
    assert all(len(memory) <= 2 for memory in memories)


def test_a_picture_is_made_of_plates_that_lie_inside_it(panel):
    assert type(panel).draw is Panel.draw
    width, height = panel.size
    plates = list(panel.plates(panel.result))
    assert len(plates) >= 1
    for plate in plates:
        assert isinstance(plate, Plate)
        for left, bottom, wide, high in filter(None, (plate.at, getattr(plate, "bar_at", None))):
            assert 0 <= left <= left + wide <= width
            assert 0 <= bottom <= bottom + high <= height


@pytest.mark.fault("J5")
def test_words_below_a_refused_value_are_true(panel):
    """Every panel says so where its picture is not that of what was asked for."""
    picture, words = panel.picture.value, panel.describe(panel.result)
    name = next(iter(panel.controls))
    panel.set(**{name: "no such value"})
    assert panel.error is not None
    assert panel.picture.value == picture
    said = html.unescape(panel.caption.value)
    assert f">picture of the last allowed settings  ·  {words}<" in said


def test_no_room_has_a_figure_of_its_own():
    assert [room.name for room in rooms() if (room / "figure.py").exists()] == []
