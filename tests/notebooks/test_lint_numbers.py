"""Which digits count as a number that a reader meets, and how many a lesson may have."""

import pytest
from builder.lint_numbers import NUMBERS, lint_numbers, numbers
from builder.source import Cell, Source

from .conftest import LESSON


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a share of 0.64 among 1,000 pixels", ["0.64", "1,000"]),
        ("1/4 of it, 3.5, 1e-6", ["1/4", "3.5", "1e-6"]),
        ("patches of 28 x 28", ["28", "28"]),
        ("5%, and -3", ["5", "3"]),
        ("The rise is 1.", ["1"]),
        ("10.5 times", ["10.5"]),
        ("| 2 | 3 |", ["2", "3"]),
        ("20 steps (0 at black)", ["20", "0"]),
    ],
)
def test_numbers_are_counted(text, found):
    assert numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "**Predict (05.P2).** and task 05.2",
        "see lesson 01, section 3 (The gradient), and lessons 02, 05 and 07",
        "sections 2 and 3; tasks 10.1 to 10.3; Hint 1",
        "## 3 · The definition",
        "### Task 05.2 · Write it",
        "1. first\n2. then",
        "- **G1** you can do it",
        "**Goal** G2 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 5 of 5",
        "x1, a12, ResNet-18 and VGG16 in EfficientNet-Lite0",
        "`steps=32` and ```python``` code",
        "```python\nn = 32\n```",
        "$f(3, 1) = 2$ and\n$$\nx = 5\n$$",
        "$a = 1 +\n2$",
        "[arXiv:1703.01365](https://arxiv.org/abs/1703.01365), in 2017",
        "![5 maps](x5.png) <b id='5'>bold</b> https://x.org/5",
    ],
)
def test_places_code_and_formulas_do_not_count(text):
    assert numbers(text) == []


def lesson(*cells) -> Source:
    made = [Cell(n, kind, text, tags, None, str(n)) for n, (kind, text, tags) in enumerate(cells)]
    return Source("lesson.py", "90_sample", "90", False, "", tuple(made))


def test_the_core_has_at_most_100_numbers():
    many = "0.5 " * NUMBERS
    assert not list(lint_numbers(lesson(("markdown", many, ()))))
    [found] = lint_numbers(lesson(("markdown", many, ()), ("markdown", "7", ("goals",))))
    assert "101 numbers" in found.text
    free = [("markdown", "7", (tag,)) for tag in ("header", "deeper", "references")]
    assert not list(lint_numbers(lesson(("markdown", many, ()), ("code", "7", ()), *free)))


def test_the_rule_is_part_of_the_linter(course):
    course.change(LESSON, "# Six.", "# " + "0.5 " * 101)
    assert [one.rule for one in course.lint() if one.is_error] == ["numbers"]
