"""Random programs: a legal spelling has the plain spelling's answer, or it is refused."""

import pytest

from tests.methods.fuzz_programs import KINDS, METHODS, Step, draw, fault, search

PROGRAMS = 300


@pytest.mark.fault("T1")
@pytest.mark.fault("T4")
@pytest.mark.fault("T8")
def test_no_program_has_a_silent_difference(capsys):
    counts = search(first=1_000, programs=PROGRAMS, methods=2)
    assert counts["wrong"] == 0, capsys.readouterr().out
    for method in METHODS:  # and not because everything is refused
        assert counts[f"{method}: right"] >= 1, counts


def test_programs_are_drawn_from_their_seed_alone():
    assert repr(draw(5)) == repr(draw(5)) != repr(draw(6))


@pytest.mark.parametrize("method", METHODS)
def test_a_silent_difference_would_be_found(method, monkeypatch):
    """A spelling that computes something else must not pass."""
    monkeypatch.setitem(KINDS, "reflect", [lambda h, s, w: 1.0 - h, lambda h, s, w: h * 0.9])
    layer, wrong = Step("layer", 0, 0), Step("reflect", 0, 0)
    assert "silent difference" in str(fault(method, [layer, wrong, layer], []))
