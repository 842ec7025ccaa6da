"""Every diagnosis, signature, docstring heading and panel is what was stored: see make.py."""

import numpy as np
import pytest

from tests.frozen import make

ANSWERS, PANELS = make.stored("answers"), make.stored("panels")
SAME = 2e-3  # relative; norms are stored with four digits


def close(got, expected):
    """Say whether two lists of numbers (or None) are the same up to rounding."""
    return len(got) == len(expected) and all(
        a == b or (a is not None and b is not None and abs(a - b) <= SAME * max(abs(a), abs(b)))
        for a, b in zip(got, expected, strict=True)
    )


def test_no_task_came_or_went():
    assert sorted(make.xc.exercise.TASKS) == sorted(ANSWERS)


@pytest.mark.parametrize("task", ANSWERS)
def test_answers_are_judged_as_before(task):
    record = make.xc.exercise.TASKS[task]
    given = {"right": record.reference, **record.misconceptions}
    assert set(given) == set(ANSWERS[task])
    changed = {}
    for name, expected in ANSWERS[task].items():
        got = make.judged(record, given[name])
        for key in ("status", "diagnosis"):
            if got[key] != expected[key]:
                changed[name] = (key, got[key], expected[key])
        for key in ("norms", "evidence"):
            if not close(got[key], expected[key]):
                changed[name] = (key, got[key], expected[key])
    assert changed == {}


@pytest.mark.parametrize("name", ["signatures", "headings"])
def test_public_names_are_as_before(name):
    got, expected = make.TABLES[name](), make.stored(name)
    assert {
        k: (got.get(k), expected.get(k)) for k in got | expected if got.get(k) != expected.get(k)
    } == {}


@pytest.mark.parametrize("name", PANELS)
def test_panels_show_what_they_showed(name):
    panel = make.panels()[name]()
    expected, picture = PANELS[name], make.Image.open(make.io.BytesIO(panel.picture.value))
    controls = {key: type(control).__name__ for key, control in panel.controls.items()}
    assert controls == expected["controls"]
    assert panel.describe(panel.result) == expected["caption"]
    assert panel.alt(panel.result) == expected["alt"]
    assert list(picture.size) == expected["size"]
    got, old = make.pixels(make.small(picture)), make.pixels(expected["picture"])
    assert np.linalg.norm(got - old) <= 0.02 * np.linalg.norm(old)
