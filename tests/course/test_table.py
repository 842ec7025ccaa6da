"""The table of lessons: a graph without circles, tracks that need nothing they skip."""

import re
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.course.table import LESSONS, TRACKS, Lesson, depths

ROOT = Path(__file__).parents[2]


def test_numbers_are_in_order_and_needs_come_first():
    assert list(LESSONS) == [f"{k:02d}" for k in range(19)]
    for lesson in LESSONS.values():
        assert all(needed < lesson.number for needed in lesson.needs)


def test_no_need_is_said_twice():
    """Drawn are direct needs only: none that another need brings with it."""

    def all_needs(number):
        return set(LESSONS[number].needs).union(*map(all_needs, LESSONS[number].needs))

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
    table = dict(re.findall(r"^\| (\d\d) \| \[?([^|\]]+?)\]?(?:\([^)]*\))? \|", readme(), re.M))
    assert set(table) == set(LESSONS)
    for number, lesson in LESSONS.items():
        assert table[number].startswith(lesson.title), number


def test_the_readme_has_the_same_tracks():
    table = dict(
        re.findall(r"^\| (workshop|six labs|self-study)[^|]*\| ([^|]+) \|$", readme(), re.M)
    )
    assert set(table) == set(TRACKS) - {"all"}
    for name, lessons in table.items():
        assert tuple(re.findall(r"\d\d", lessons)) == TRACKS[name] or name == "six labs"
        assert set(re.findall(r"\d\d", lessons)) == set(TRACKS[name])


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_circle_and_an_unknown_need_are_refused():
    with pytest.raises(ValueError, match="circle: 00 -> 01 -> 00"):
        depths([Lesson("00", "a", ("01",)), Lesson("01", "b", ("00",))])
    with pytest.raises(ValueError, match="lesson 00 needs lesson 07, which does not exist"):
        depths([Lesson("00", "a", ("07",))])


def test_a_method_names_a_lesson_that_exists():
    for record in xc.METHODS.values():
        assert record.lesson in LESSONS, record.name
