"""The table of lessons: a graph without circles, tracks that need nothing they skip."""

import re
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.course.grading import messages
from xaicourse.course.lessons.tasks import TASKS
from xaicourse.course.table import LESSONS, TRACKS, Lesson, depths, way

ROOT = Path(__file__).parents[2]


def test_numbers_are_in_order_and_needs_come_first():
    assert list(LESSONS) == [f"{k:02d}" for k in range(19)]
    for lesson in LESSONS.values():
        assert all(needed < lesson.number for needed in lesson.needs)


def test_no_need_is_said_twice():
    """Drawn are direct needs only: none that another need brings with it."""
    for lesson in LESSONS.values():
        for needed in lesson.needs:
            others = set(lesson.needs) - {needed}
            assert not any(needed in all_needs(other) for other in others), (lesson, needed)


@pytest.mark.parametrize("track", TRACKS)
def test_a_track_needs_no_lesson_that_it_skips(track):
    for number in TRACKS[track]:
        assert set(LESSONS[number].needs) <= set(TRACKS[track]), number


def test_ready_lessons_are_those_that_are_built():
    built = {file.name[:2] for file in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert {lesson.number for lesson in LESSONS.values() if lesson.status == "ready"} == built


def test_the_readme_has_the_same_titles():
    line = re.compile(r"^\| (\d\d) \| \[?([^|\]]+?)\]?(?:\([^ )]*\))?( \(optional\))? \|", re.M)
    table = {number: (title, bool(mark)) for number, title, mark in line.findall(readme())}
    assert set(table) == set(LESSONS)
    for number, lesson in LESSONS.items():
        assert table[number][0].startswith(lesson.title), number
        assert table[number][1] == lesson.optional, number


def test_the_readme_has_the_same_tracks():
    rows = re.findall(r"^\| (workshop|six labs|self-study)[^|]*\| ([^|]+) \|$", readme(), re.M)
    assert {name for name, _ in rows} == set(TRACKS) - {"all"}
    for name, lessons in rows:
        assert re.match(rf"{re.escape(way(name))}(: |, then |$)", lessons), (name, way(name))
        assert re.findall(r"\d\d", lessons.split(":")[0]) == re.findall(r"\d\d", way(name))


def test_a_way_joins_the_lessons_of_one_lab_and_says_what_is_to_come(monkeypatch):
    cards = {
        "00": {"tracks": {"labs": 1}},
        "01": {"tracks": {"labs": 2, "x": 1}},
        "04": {"tracks": {"labs": 1}},
        "18": {"tracks": {"labs": 3}},
    }
    monkeypatch.setattr("xaicourse.course.table.cards", lambda: cards)
    come = "" if LESSONS["18"].status == "ready" else " (to come)"
    assert way("labs") == f"00 + 04, 01, 18{come}"


def test_optional_lessons_are_in_no_track():
    optional = {number for number, lesson in LESSONS.items() if lesson.optional}
    assert optional == {"06", "08"}
    for name, numbers in TRACKS.items():
        assert name == "all" or not optional & set(numbers)


# ---------------------------------------------------------------- what tasks look back at


def all_needs(number):
    """Return the lessons that come before a lesson, in one step or in several."""
    return set(LESSONS[number].needs).union(*map(all_needs, LESSONS[number].needs))


def looks_back_at(text):
    """Return the lessons that a text sends its reader back to, or takes a function from."""
    places = [
        r"^\*Look back:\*.*",  # at the head of a task
        r"^\*\*\d+ \(lessons? .*?\)",  # a question to warm up
        r"^## Warm up.*",
        r"^\| \*\*Needs\*\* \|.*",
    ]
    lines = [line for place in places for line in re.findall(place, text, re.M)]
    named = {n for line in lines for n in re.findall(r"\blessons? (\d\d)", line)}
    named |= {n for line in lines for n in re.findall(r"\blessons \d\d(?: and|,) (\d\d)", line)}
    return named | set(re.findall(r"or_reference\(\s*[\"'](\d\d)\.", text))


ROOMS = sorted((ROOT / "xaicourse/course/lessons").glob("l[0-9][0-9]_*/"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_lesson_and_sheet_look_back_only_at_what_they_need(room):
    """So a track, which has all that its lessons need, has all that its tasks need."""
    number = room.name[1:3]
    for name in ("lesson.py", "sheet.py"):
        found = looks_back_at((room / name).read_text(encoding="utf-8"))
        assert found <= all_needs(number) | {number}, name
    hints = str([messages.catalogue()["tasks"][task] for task in TASKS if task[:2] == number])
    named = set(re.findall(r"(?:See|of|in) lesson (\d\d)", hints))
    named |= {
        messages.entry(f"sections/{place}")[7:9] for place in re.findall(r"{section_(\w+)}", hints)
    }
    assert named <= all_needs(number) | {number}


@pytest.mark.parametrize("track", TRACKS)
def test_what_a_lesson_needs_comes_before_it_in_a_track(track):
    numbers = TRACKS[track]
    for place, number in enumerate(numbers):
        assert all_needs(number) <= set(numbers[:place]), number


def test_a_look_back_is_seen():
    text = """*Look back:* lesson 04, section 4 (x), and lesson 00, section 3.
**1 (lesson 01).** What is it? See lesson 07.
## Warm up: two questions from lesson 02
*Look back:* lessons 05 and 06.
f = xc.or_reference("03.2", None)
"""
    assert looks_back_at(text) == {"00", "01", "02", "03", "04", "05", "06"}


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_graph_has_no_circle():
    found = depths()
    assert set(found) == set(LESSONS)
    assert all(found[need] < found[n] for n, lesson in LESSONS.items() for need in lesson.needs)


def test_a_circle_and_an_unknown_need_are_refused():
    with pytest.raises(ValueError, match="circle: 00 -> 01 -> 00"):
        depths([Lesson("00", "a", ("01",)), Lesson("01", "b", ("00",))])
    with pytest.raises(ValueError, match="lesson 00 needs lesson 07, which does not exist"):
        depths([Lesson("00", "a", ("07",))])


def test_a_method_names_a_lesson_that_exists():
    for record in xc.METHODS.values():
        assert record.lesson in LESSONS, record.name
