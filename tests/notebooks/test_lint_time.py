"""The time of a lesson is computed from what a reader does, and compared with what it says."""

import pytest
from builder.lint_time import lint_time, minutes, reading_minutes, task_minutes
from builder.source import Cell, Source

from .conftest import LESSON, ROOM


def lesson(*cells) -> Source:
    made = [Cell(n, kind, text, tags, None, str(n)) for n, (kind, text, tags) in enumerate(cells)]
    return Source("room/lesson.py", "90_sample", "90", False, "", tuple(made))


def words(count, *tags):
    return ("markdown", "word " * count, tags)


def lines(count, *tags):
    return ("code", "a = 1\n" * count, tags)


CARD = ("markdown", "### Task 90.2 · Do it\n**Minutes** 12\n" + "word " * 300, ())


@pytest.mark.parametrize(
    ("cells", "needed"),
    [
        ([words(300)], 2),
        ([words(300), words(150, "goals"), words(900, "header")], 3),
        ([words(300, "deeper"), words(300, "references"), lines(12, "deeper")], 0),
        ([lines(24)], 2),
        ([("code", "# why\n\n" + "a = 1\n" * 12, ())], 1),
        ([lines(24, "machinery")], 0),
        ([("code", 'xc.predict("90.P1")', ("question",))], 1.5),
        ([("code", 'xc.predict("90.P1")', ("question", "deeper"))], 0),
        ([lines(0, "panel"), lines(0, "panel")], 4),
        ([lines(0, "panel", "deeper")], 0),
        ([CARD, lines(24, "task"), lines(12, "check"), words(300, "fold"), words(150)], 1),
        ([CARD, lines(12)], 1),
    ],
)
def test_what_takes_time(cells, needed):
    assert reading_minutes(lesson(*cells)) == pytest.approx(needed)


def test_tasks_take_what_their_cards_say_and_the_sum_is_rounded():
    made = lesson(CARD, lines(24, "task"), words(150 * 20))
    assert task_minutes(made) == 12
    assert minutes(made) == 30  # 20 + 12
    deeper = ("markdown", CARD[1], ("deeper",))
    assert task_minutes(lesson(deeper)) == 0


def said(tmp_path, row, room=None, *cells):
    (tmp_path / "room").mkdir(exist_ok=True)
    if room is not None:
        (tmp_path / "room" / "room.toml").write_text(f"minutes = {room}\n", encoding="utf-8")
    header = ("markdown", f"# 90\n\n| | |\n|---|---|\n{row}\n", ("header",))
    made = lesson(header, words(150 * 25), *cells)
    return [finding.text for finding in lint_time(made, tmp_path)]


@pytest.mark.parametrize("time", [20, 25, 30])
def test_five_minutes_more_or_less_are_fine(tmp_path, time):
    assert said(tmp_path, f"| **Time** | {time} minutes |", time) == []


def test_another_time_is_found_on_top_and_in_the_room(tmp_path):
    assert said(tmp_path, "| **Time** | 31 minutes |", 25) == ["says 31 minutes; a reader needs 25"]
    assert said(tmp_path, "| **Time** | 25 minutes |", 19) == ["minutes = 19; a reader needs 25"]
    [missing] = said(tmp_path, "| **Needs** | lesson 01 |", 25)
    assert "no row '| **Time** | 25 minutes" in missing


def test_the_parts_of_the_time_agree_with_the_cards(tmp_path):
    row = "| **Time** | 37 minutes: {} to read and try, {} for the task. |"
    assert said(tmp_path, row.format(25, 12), None, CARD) == []
    assert "the cards of the core say 12" in said(tmp_path, row.format(22, 15), None, CARD)[0]
    assert "both make up the whole" in said(tmp_path, row.format(20, 12), None, CARD)[0]


def test_the_rule_is_part_of_the_linter(course):
    course.change(LESSON, "| 5 minutes |", "| 15 minutes |")
    (course.root / ROOM / "room.toml").write_text("minutes = 20\n", encoding="utf-8")
    found = [one for one in course.lint() if one.is_error]
    assert [one.rule for one in found] == ["time", "time"]
