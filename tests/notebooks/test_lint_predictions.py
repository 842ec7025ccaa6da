"""The form of a prediction in a rewritten lesson, and of the cell on one's own model."""

import pytest

from .conftest import LESSON

PREDICT = '# %% tags=["question"]\nxc.predict("90.P1")'
OWN = '# %% tags=["own-model"]\nown = 2 * 3\n'


def errors(course) -> list[str]:
    return [str(one) for one in course.lint() if one.is_error]


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('xc.predict("90.P1")', 'xc.predict("90.P1", None)', "alone"),
        ('xc.predict("90.P1")', 'xc.predict("90.P1", "b")', "alone"),
        ('xc.predict("90.P1")', 'xc.predict("90.P1", choice="b")', "alone"),
        ("**Predict (90.P1).** What", "What", "no cell with **Predict (90.P1).**"),
        ("**Predict (90.P1).** What", "**Predict (90.P2).** What", "no cell with"),
        (PREDICT, f"# %%\na = 1\n\n{PREDICT}", "no cell with **Predict (90.P1).**"),
        ("two times three?\n", "two times three?\n# (a) five (b) six\n", "the choices of 90.P1"),
        ("two times three?\n", "two times three?\n# (a) 5\n#\n# (b) 6\n", "the choices of 90.P1"),
        ("# %%\n# cat", '# %% tags=["check"]\n# cat', "nothing is run between 90.P1"),
    ],
)
def test_another_form_is_found(course, old, new, part):
    course.change(LESSON, old, new)
    found = errors(course)
    assert len(found) == 1, found
    assert part in found[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# **Predict", "# (a) and (b) stand before it. **Predict"),
        ("two times three?\n", "two times three? Think of (a) as a point.\n"),
        ("# %%\n# cat", '# %% tags=["machinery"]\n# cat'),
    ],
)
def test_the_form_leaves_other_texts_alone(course, old, new):
    course.change(LESSON, old, new)
    assert errors(course) == []


@pytest.mark.parametrize(
    ("new", "part"),
    [
        ("", "0 cells tags="),
        (OWN + "\n" + OWN.replace("own =", "own_too ="), "2 cells tags="),
        (OWN + "\n# %%\na = 1\n", "is the last code of the core"),
        (OWN.replace('["own-model"]', '["own-model", "deeper"]'), "is the last code of the core"),
        (OWN.replace("%% tags", "%% [markdown] tags"), "is the last code of the core"),
    ],
)
def test_the_core_ends_with_one_cell_on_ones_own_model(course, new, part):
    course.change(LESSON, OWN, new)
    found = errors(course)
    assert len(found) == 1, found
    assert part in found[0]


def test_asserts_may_follow_the_cell_on_ones_own_model(course):
    course.change(LESSON, OWN, OWN + '\n# %% tags=["machinery"]\nassert own == 6\n')
    assert errors(course) == []
