"""What texts say of lessons: numbers, sections, needs, minutes. All agree with the rooms."""

import re
from pathlib import Path

import pytest

from xaicourse.core.places import rooms
from xaicourse.course.table import LESSONS, cards

ROOT = Path(__file__).parents[2]
ROOMS = {room.name[1:3]: room for room in rooms()}
SOURCES = ("lesson.py", "sheet.py")
READY = pytest.mark.parametrize("number", ROOMS)
TEXTS = [
    *sorted(ROOT.glob("*.md")),
    *(
        file
        for folder in ("xaicourse", "docs", "data", "benchmarks", "tools")
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in {".py", ".pyi", ".md", ".toml", ".json"}
    ),
]
# "lesson 05", "lessons 05, 09 and 10", "lessons 00 to 08"; not "in this lesson 1 is white"
LESSON = r"(?<!this )\blessons? (\d+\b(?:(?:,| and| or| to) \d\d\b)*)"
# "lesson 05, section 3", "lesson 01, sections 2 (The gradient by hand) and 3 (Promise and truth)"
PLACE = r"lesson (\d\d), sections? ((?:(?:, | and )?(?:sections? )?\d+(?: \([^)]*\))?)+)"


def flat(text):
    """Join lines, also those of comments, so that a reference may run over the end of a line."""
    return " ".join(re.sub(r"\n *(?:#|r?\"\"\")? *", " ", text).split())


def read(file):
    return flat(file.read_text(encoding="utf-8"))


def named_lessons(text):
    """Return the numbers of the lessons that a text names."""
    return [n for found in re.findall(LESSON, text, re.I) for n in re.findall(r"\d+", found)]


def headings(number, mark="##", label=r"\d+"):
    """Return the label of each section of a lesson -> its heading."""
    source = (ROOMS[number] / "lesson.py").read_text(encoding="utf-8")
    return dict(re.findall(rf"^(?:# )?{mark} ({label}) · (.+)$", source, re.M))


def wrong_place(number, label, title, parts):
    """Return what is wrong with "lesson NN, section M (title)", or None."""
    if label not in parts:
        return f"lesson {number} has no section or part {label}"
    if not parts[label].startswith(title):
        return f"lesson {number}, {label}: {parts[label]!r}, not {title!r}"
    return None


def wrong_places(text, own=None):
    """Return what is wrong with the places of lessons that a text names; `own`: its own lesson."""
    found = []
    for number, places in re.findall(PLACE, text, re.I):
        for label, title in re.findall(r"(\d+)(?: \(([^)]*)\))?", places):
            found.append(wrong_place(number, label, title, headings(number)))
    for number, label, title in re.findall(
        r"lesson (\d\d), Go deeper, part (\w)(?: \(([^)]*)\))?", text
    ):
        found.append(wrong_place(number, label, title, headings(number, "###", "[A-Z]")))
    if own:  # but for "Read section 3", which is one of a paper
        rest = re.sub(PLACE, "", text, flags=re.I)
        for places in re.findall(r"(?<!Read )\bsections? (\d+(?:(?:,| and| to) \d+)*)", rest, re.I):
            for label in re.findall(r"\d+", places):
                found.append(wrong_place(own, label, "", headings(own)))
        for label in re.findall(r"\bpart ([A-Z])\b", rest):
            found.append(wrong_place(own, label, "", headings(own, "###", "[A-Z]")))
    return [line for line in found if line]


def test_no_text_names_a_lesson_that_is_not_in_the_table():
    wrong = {}
    for file in TEXTS:
        unknown = set(named_lessons(read(file))) - set(LESSONS)
        if unknown:
            wrong[str(file.relative_to(ROOT))] = sorted(unknown)
    assert wrong == {}


def test_no_text_names_a_section_that_is_not_there():
    wrong = {}
    for file in TEXTS:
        own = next((n for n, room in ROOMS.items() if room in file.parents), None)
        if found := wrong_places(read(file), own):
            wrong[str(file.relative_to(ROOT))] = found
    assert wrong == {}


def test_references_are_seen():
    assert len(TEXTS) > 200
    assert named_lessons("Lesson 03, lessons 05, 09 and 10, lesson 12, section 4") == [
        "03", "05", "09", "10", "12",
    ]  # fmt: skip
    assert named_lessons(flat("# what lesson\n# 20 says\nlessons 00\nto 25")) == ["20", "00", "25"]
    assert wrong_places("lesson 01, sections 2 (The gradient by hand) and 3 (Twins)") == [
        "lesson 01, 3: 'Promise and truth', not 'Twins'"
    ]
    assert wrong_places("lesson 01, section 2 (The gradient by hand) and section 12") == [
        "lesson 01 has no section or part 12"
    ]
    assert wrong_places("lesson 02, Go deeper, part A (Noise)") != []
    assert wrong_places("Read section 30. See section 20.", "01") != []
    assert wrong_places("Read section 30. See section 2 and part B.", "01") == []


# ---------------------------------------------------------------- the head of a lesson


def head(number, row, name="lesson.py"):
    """Return a row of the table at the top of a lesson or sheet."""
    text = (ROOMS[number] / name).read_text(encoding="utf-8")
    return re.search(rf"^\| \*\*{row}\*\* \| (.+) \|$", text, re.M).group(1)


def minutes_of_tasks(number):
    """Return task -> its minutes, from the cards of the sheet; the lesson's count in its Time."""
    text = (ROOMS[number] / "sheet.py").read_text(encoding="utf-8")
    card = r"^(?:# )?## Task (\d\d\.\d+) .*?\*\*Minutes\*\* (\d+)"
    return {task: int(minutes) for task, minutes in re.findall(card, text, re.M | re.S)}


def all_needs(number):
    """Return the numbers of all lessons that come before a lesson, in however many steps."""
    needs = LESSONS[number].needs
    return set(needs).union(*(all_needs(needed) for needed in needs))


@READY
def test_the_needs_at_the_top_of_a_lesson_are_those_of_its_room(number):
    named = set(named_lessons(head(number, "Needs")))
    assert set(LESSONS[number].needs) <= named <= all_needs(number)


@READY
def test_the_time_at_the_top_of_a_lesson_is_that_of_its_room(number):
    assert head(number, "Time").startswith(f"{LESSONS[number].minutes} minutes")


@READY
def test_the_minutes_of_a_sheet_are_those_of_its_tasks(number):
    tasks, seen = minutes_of_tasks(number), []
    for row in re.findall(
        r"^\| \*\*(?:Core|More|Extend|Open)\*\* \| tasks? (.+): (\d+) minutes \|$",
        (ROOMS[number] / "sheet.py").read_text(encoding="utf-8"),
        re.M,
    ):
        names = re.findall(r"\d\d\.\d+", row[0])
        assert int(row[1]) == sum(tasks[name] for name in names)
        seen += names
    assert sorted(seen) == sorted(tasks)
    promised = re.search(r"core tasks (\d+) minutes, all (\d+)", head(number, "Practise"))
    if promised:
        core = re.findall(r"\d\d\.\d+", head(number, "Core", "sheet.py"))
        wanted = sum(tasks[name] for name in core), sum(tasks.values())
        assert tuple(map(int, promised.groups())) == wanted


@READY
def test_a_plan_says_which_lesson_shares_its_lab(number):
    place = lab(number)
    others = {other for other in LESSONS if place and lab(other) == place} - {number}
    plan = read(ROOMS[number] / "plan.md")
    assert others <= set(named_lessons(plan))


def lab(number):
    """Return which of the six labs a lesson belongs to, or None."""
    return cards()[number].get("tracks", {}).get("six labs")


# ---------------------------------------------------------------- README


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_says_which_lessons_are_there():
    said = re.search(r"lessons (\d\d to \d\d(?: and \d\d to \d\d)*) are complete", readme())[1]
    spans = [span.split(" to ") for span in said.split(" and ")]
    assert list(ROOMS) == [n for n in LESSONS if any(a <= n <= b for a, b in spans)]


@READY
def test_the_readme_has_the_minutes_of_lesson_and_sheet(number):
    lesson, sheet = re.search(
        rf"^\| {number} \|.*\| (\d+) \+ (\d+) minutes \|$", readme(), re.M
    ).groups()
    assert int(lesson) == LESSONS[number].minutes
    assert int(sheet) == sum(minutes_of_tasks(number).values())
