"""Lesson 05: what is said of choices, which letters are right, what its numbers rest on."""

from collections import Counter
from math import ceil

import pytest

from xaicourse.course.progress.predictions import questions, right_letters

MINE = {name: each for name, each in questions().items() if name.startswith("05.")}
RIGHT = {name: letter for name, letter in right_letters().items() if name.startswith("05.")}


def test_no_letter_is_right_too_often():
    assert set(RIGHT) == set(MINE)
    assert max(Counter(RIGHT.values()).values()) <= ceil(len(MINE) / 3) + 1
    assert set(RIGHT.values()) == set("abcd")


@pytest.mark.parametrize("name", MINE)
def test_each_choice_is_answered_without_a_verdict(name):
    question = MINE[name]
    assert set(question["said"]) == set(question["choices"])
    for said in question["said"].values():
        words = set(said.lower().replace(",", " ").replace(".", " ").split())
        assert not words & {"right", "wrong", "correct", "true", "false"}, said
        assert "cell" in said or "figure" in said, said  # which one decides
