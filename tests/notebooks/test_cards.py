"""A card stands once, in a lesson or its sheet; the record of the task holds none of it."""

from collections import Counter
from dataclasses import fields

import pytest
from builder.course import lessons
from builder.source import ROOMS, read, task_of_card
from builder.tasks import tasks

from xaicourse.course.checking import TASKS
from xaicourse.course.grading.card import card
from xaicourse.course.grading.own_words import require_own_words
from xaicourse.course.grading.verdict import Settled

from .conftest import ROOT

TEXTS = [
    read(ROOT / ROOMS / f"l{slug}" / name)
    for slug in lessons(ROOT)
    for name in ("lesson.py", "sheet.py")
]


def test_every_task_has_exactly_one_card_in_its_room():
    cards = [(card.id, text.lesson) for text in TEXTS for card in tasks(text)]
    assert Counter(cards) == Counter((task, task[:2]) for task in TASKS)


def test_every_heading_of_a_task_stands_in_its_room_and_each_text_keeps_the_order():
    for text in TEXTS:
        found = [task for cell in text.cells for task in task_of_card(cell.text, text.is_sheet)]
        assert found == sorted(found)
        assert all(task in TASKS and task[:2] == text.lesson for task in found)


def test_a_record_holds_nothing_of_a_card():
    facts = {"goal", "goals", "level", "minutes", "points", "title", "statement"}
    for task in TASKS.values():
        assert not facts & {field.name for field in fields(task)}
        assert not any(hasattr(task, fact) for fact in facts), task.id


@pytest.mark.parametrize("task", TASKS)
def test_the_card_of_a_task_can_be_read(task):
    assert "**Level**" in card(task)
    assert "BEGIN SOLUTION" not in card(task)


def test_a_question_copied_from_the_card_is_no_answer():
    where = ("question", "05.5", "the part 'low'")
    with pytest.raises(Settled, match="the text of the task"):
        require_own_words(
            "write down, in a sentence for each, which question this baseline asks", *where
        )
    require_own_words("Which light pixels count more than a black picture?", *where)
