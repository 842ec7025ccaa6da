"""Random programs: a legal spelling has the plain spelling's answer, or it is refused."""

from collections import Counter

import pytest

from tests.methods.fuzz_programs import (
    KINDS,
    METHODS,
    SMOOTH,
    Step,
    answer,
    draw,
    fault,
    report,
    search,
)
from xaicourse.methods.vanilla import difference_from_reference

PROGRAMS = 300


@pytest.mark.fault("T1")
@pytest.mark.fault("T4")
@pytest.mark.fault("T8")
def test_no_program_has_a_silent_difference(capsys):
    counts = search(first=1_000, programs=PROGRAMS, methods=2)
    assert counts["wrong"] == 0, capsys.readouterr().out
    for method in METHODS:  # and not because everything is refused
        assert counts[f"{method}: right"] >= 1, counts


def test_what_is_stored_says_what_was_counted():
    counts = Counter({"gradient: right": 7, "lrp: refused": 2, "illegal": 1, "wrong": 3})
    text = report(counts, first=5, programs=6, methods=2)
    assert "| gradient | 7 | 0 |" in text
    assert "| lrp | 0 | 2 |" in text
    assert "**3 silent differences.**" in text
    assert "seeds 5 to 10" in text
    assert ": 12 answers" in text


def test_programs_are_drawn_from_their_seed_alone():
    assert repr(draw(5)) == repr(draw(5)) != repr(draw(6))


@pytest.mark.parametrize("method", METHODS)
def test_a_silent_difference_would_be_found(method, monkeypatch):
    """A spelling that computes something else must not pass."""
    monkeypatch.setitem(KINDS, "reflect", [lambda h, s, w: 1.0 - h, lambda h, s, w: h * 0.9])
    layer, wrong = Step("layer", 0, 0), Step("reflect", 0, 0)
    assert "silent difference" in str(fault(method, [layer, wrong, layer], []))


@pytest.mark.fault("R6")
@pytest.mark.parametrize(("kind", "rule"), [("gate", "product"), ("silu", "rescale")])
def test_a_wrong_rule_would_be_found(kind, rule, monkeypatch):
    """Both spellings would have it: the right answer comes from contributions carried forwards."""
    gates = [Step("layer", 0, 0), Step(kind, 0, 1)]
    assert fault("deeplift", gates, gates) is None
    right = getattr(difference_from_reference, f"{rule}_multiplier")

    def wrong(operation, grad):
        found = right(operation, grad)
        return tuple(1.01 * f for f in found) if isinstance(found, tuple) else 1.01 * found

    monkeypatch.setattr(difference_from_reference, f"{rule}_multiplier", wrong)
    assert "silent difference" in str(fault("deeplift", gates, gates))


@pytest.mark.fault("R6")
@pytest.mark.parametrize("kind", SMOOTH)
def test_every_spelling_of_what_has_a_rule_now_is_right(kind):
    """... or refused, but not every one of them."""
    layer, found = Step("layer", 0, 0), []
    for spelling in range(len(KINDS[kind]) - 1):
        steps = [layer, Step(kind, spelling, 1), layer], [layer, Step(kind, spelling, 1)]
        assert fault("deeplift", *steps) is None
        found.append(isinstance(answer("deeplift", *steps, plain=False), str))
    assert 3 * sum(found) <= len(found)
