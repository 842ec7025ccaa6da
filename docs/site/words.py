"""Words on the site's own pages that come from the course: {{ lessons }} and the like."""

from collections.abc import Iterable
from pathlib import Path

from xaicourse.core.places import rooms
from xaicourse.course.table import LESSONS, TRACKS, way

ROOT = Path(__file__).parents[2]
NAMES = {room.name[1:3]: room.name[1:] for room in rooms()}  # number -> name of its notebook


def link(number: str, folder: str, words: str) -> str:
    """Return a link from a page of docs/site to a notebook of a lesson."""
    return f"[{words}](../../{folder}/{NAMES[number]}.ipynb)"


def lessons() -> str:
    """Return a table of all lessons in their order, the planned ones without a link."""
    lines = ["| | lesson | needs | minutes | sheet |", "|---|---|---|---|---|"]
    for number, one in LESSONS.items():
        title, minutes, sheet = one.title, "planned", ""
        if one.status == "ready":
            title, minutes = link(number, "notebooks", one.title), str(one.minutes)
            sheet = link(number, "exercises", "sheet")
        title += " (optional)" if one.optional else ""
        lines.append(f"| {number} | {title} | {', '.join(one.needs)} | {minutes} | {sheet} |")
    return "\n".join(lines)


def teaching() -> str:
    """Return a table of what an instructor has for each lesson."""
    lines = ["| | lesson | plan | worked sheet |", "|---|---|---|---|"]
    for number, one in LESSONS.items():
        if one.status == "ready":
            plan = f"[plan](../../solutions/{NAMES[number]}_plan.md)"
            worked = link(number, "solutions", "solutions")
            title = link(number, "notebooks", one.title)
            lines.append(f"| {number} | {title} | {plan} | {worked} |")
    return "\n".join(lines)


def ways() -> str:
    """Return a table of the ways through the course."""
    lines = ["| way | lessons |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {way(name)} |" for name in TRACKS if name != "all")])


def toctree(caption: str, folder: str, names: Iterable[str]) -> str:
    """Return a list of pages for the side bar; a page that is not there is left out."""
    there = {file.stem for file in (ROOT / folder).iterdir()}
    pages = [f"/{folder}/{name}" for name in names if name in there]
    head = ["```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*head, *pages, "```"]) if pages else ""


NUMBERED = [*NAMES.values()]
METHODS, METRICS = (
    sorted(file.stem for file in (ROOT / "docs" / kind).glob("*.md") if file.stem != "index")
    for kind in ("methods", "metrics")
)
WORDS = {
    "lessons": lessons(),
    "teaching": teaching(),
    "ways": ways(),
    "lesson_pages": toctree("Lessons", "notebooks", [*NUMBERED, "workshop"]),
    "sheet_pages": toctree("Exercise sheets", "exercises", NUMBERED),
    "plan_pages": toctree("Plans", "solutions", [f"{name}_plan" for name in NUMBERED]),
    "worked_pages": toctree("Worked sheets", "solutions", NUMBERED),
    "overview_pages": toctree("", "docs", ["cheat_sheet", "glossary", "timeline"]),
    "method_pages": toctree("All methods", "docs/methods", ["index", *METHODS]),
    "metric_pages": toctree("All metrics", "docs/metrics", ["index", *METRICS]),
}
