"""The time that a reader needs, computed from a lesson, beside the time that it says."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from builder import names
from builder.findings import Finding
from builder.prose import code_lines, core, outside_tasks, word_count
from builder.source import Source

WORDS_A_MINUTE, MINUTES_A_LINE, MINUTES_A_PREDICTION, MINUTES_A_PANEL = 150, 5 / 60, 1.5, 4
TOLERANCE = 5
CARD_MINUTES = re.compile(r"\*\*Minutes\*\* (\d+)")
TIME = re.compile(r"^\| \*\*Time\*\* \| (?P<said>\d+) minutes", re.MULTILINE)
SPLIT = re.compile(r"minutes: (\d+) to read and try, (\d+) for")


def task_minutes(lesson: Source) -> int:
    """Add the minutes on the cards of the tasks that stand in the core of a lesson."""
    prose = [cell.text for cell in core(lesson.cells) if cell.kind == "markdown"]
    return sum(int(minutes) for text in prose for minutes in CARD_MINUTES.findall(text))


def reading_minutes(lesson: Source) -> float:
    """Return the minutes for words, code, predictions and panel, tasks left out."""
    words = lines = predictions = 0
    has_panel = False
    for cell in outside_tasks(core(lesson.cells)):
        has_panel = has_panel or "panel" in cell.tags
        if cell.kind == "markdown":
            words += 0 if "header" in cell.tags else word_count(cell.text)
        elif names.can_read(cell.text) and names.calls(cell.text, "predict"):
            predictions += 1
        elif "machinery" not in cell.tags:
            lines += code_lines(cell.text)
    minutes = words / WORDS_A_MINUTE + lines * MINUTES_A_LINE + predictions * MINUTES_A_PREDICTION
    return minutes + (MINUTES_A_PANEL if has_panel else 0)


def minutes(lesson: Source) -> int:
    """Return the time for a lesson, rounded to 5 minutes."""
    return 5 * round((reading_minutes(lesson) + task_minutes(lesson)) / 5)


def lint_time(lesson: Source, root: Path) -> Iterator[Finding]:
    """Check the time in the header, and in room.toml, against the computed one."""
    needed = minutes(lesson)
    header = "\n".join(cell.text for cell in lesson.cells if "header" in cell.tags)
    row = TIME.search(header)
    if not row:
        yield Finding(lesson.path, "time", f"no row '| **Time** | {needed} minutes: ... |' on top")
    elif abs(int(row["said"]) - needed) > TOLERANCE:
        yield Finding(lesson.path, "time", f"says {row['said']} minutes; a reader needs {needed}")
    if split := SPLIT.search(header):
        read, tasks = int(split[1]), int(split[2])
        wanted = task_minutes(lesson)
        if tasks != wanted or not row or read + tasks != int(row["said"]):
            text = f"{read} to read and {tasks} for the tasks; the cards of the core say {wanted}"
            yield Finding(lesson.path, "time", f"{text}, and both make up the whole")
    room = root / Path(lesson.path).parent / "room.toml"
    if room.exists():
        said = tomllib.loads(room.read_text(encoding="utf-8")).get("minutes")
        if said is not None and abs(said - needed) > TOLERANCE:
            yield Finding(
                str(Path(lesson.path).parent / "room.toml"),
                "time",
                f"minutes = {said}; a reader needs {needed}",
            )
