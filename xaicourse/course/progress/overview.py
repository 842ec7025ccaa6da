"""What one has done, by learning goal: a table in a notebook, text anywhere else."""

import contextlib
import html
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from xaicourse.core.near_names import suggest_names
from xaicourse.course.grading.messages import text
from xaicourse.course.grading.wrapping import wrapped
from xaicourse.course.progress.pretest import route
from xaicourse.course.progress.standing import OfLesson, Standing, standing
from xaicourse.course.table import LESSONS

__all__ = ["Progress", "progress", "progress_in_terminal"]

HEADS = ("lesson", "goals", "tasks", "predictions")
STYLE = """<style>
.xai-progress {max-width: 62em; line-height: 1.5}
.xai-progress table {border-collapse: collapse; margin: 8px 0}
.xai-progress table th, .xai-progress table td {padding: 4px 16px 4px 0; vertical-align: top;
  text-align: left !important; border-bottom: 1px solid #8a8a8a; font-weight: normal}
.xai-progress table thead th {font-weight: bold}
.xai-progress details {margin: 6px 0}
.xai-progress details details {margin-left: 1.2em}
.xai-progress summary {cursor: pointer}
.xai-progress li {margin: 2px 0}
</style>"""


@suggest_names
def progress(lesson: str | None = None) -> "Progress":
    """Show which tasks are passed, which predictions were right, and what comes next.

    Parameters
    ----------
    lesson : str, optional
        The lesson whose goals are shown, such as "05"; the one to go on with if left out.

    Returns
    -------
    Progress
        A notebook shows it as a table; ``print(xc.progress())`` writes it as text.

    Raises
    ------
    ValueError
        If there is no such lesson.

    Examples
    --------
    >>> import xaicourse as xc
    >>> print(xc.progress("05"))  # doctest: +SKIP
    """
    return Progress(standing(), lesson)


def progress_in_terminal(lesson: str | None = None) -> "Progress":
    """Do the same at the command line: what is advised is typed there."""
    return Progress(standing(), lesson, review="xaicourse review")


class Progress:
    """What one has done, ready to be shown.

    Parameters
    ----------
    found : Standing
        What the record says.
    lesson : str, optional
        The lesson whose goals are shown as text.
    review : str
        What one types to be asked review questions.
    """

    def __init__(
        self, found: Standing, lesson: str | None = None, review: str = "xc.review()"
    ) -> None:
        self.found = found
        self.review = review
        self.lesson = found.next_lesson if lesson is None else _known(lesson, found)
        self.named = lesson is not None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield from (wrapped(line) for line in self._notes())
        rows = [row(self.found.lessons[number]) for number in self.found.begun]
        if rows and not self.named:
            yield ""
            yield from columns([HEADS, *rows])
            yield from (wrapped(line) for line in self._not_begun())
        if self.lesson and (rows or self.named):
            one = self.found.lessons[self.lesson]
            yield ""
            yield text("progress/by_goal", number=one.number, title=one.title)
            yield from of_goals(one)
        yield ""
        yield wrapped(self.next())

    def _notes(self) -> Iterator[str]:
        """Say where the record is, and what is wrong with it."""
        found = self.found
        yield text("progress/record", file=_short(found.file))
        if not found.whole:
            yield text("progress/broken")
        if found.odd:
            yield text("progress/odd", count=found.odd)
        if older := sum(one.older for one in found.lessons.values()):
            yield text("progress/older", count=older)
        if found.reviews:
            counts = [[n for one in found.reviews.values() if isinstance(n := one.get(key), int)]
                      for key in ("asked", "right")]  # fmt: skip
            numbers = {"asked": sum(counts[0]), "right": sum(counts[1])}
            yield text("progress/reviews", **numbers, command=self.review)

    def _not_begun(self) -> Iterator[str]:
        new = [number for number in self.found.lessons if number not in self.found.begun]
        if new and self.found.begun:
            yield text("progress/not_begun", lessons=", ".join(runs(new)))

    def next(self) -> str:
        """Return what comes next, in words."""
        if not self.found.begun:
            way = route(self.found.pretest)
            return text("progress/first_by_pretest", route=way) if way else text("progress/first")
        number = self.found.next_lesson
        if number is None:
            return text("progress/all_passed", command=self.review)
        one = self.found.lessons[number]
        card = one.next_task() if one.begun else None
        if card is None:
            minutes = LESSONS[number].minutes
            return text("progress/next_lesson", number=number, title=one.title, minutes=minutes)
        sheet = card.where == "sheet"
        return text(
            "progress/next_task",
            task=card.task,
            title=card.title,
            minutes=card.minutes,
            where="the sheet of lesson" if sheet else "lesson",
            number=number,
            command=f"xaicourse open {number}" + " --sheet" * sheet,
        )

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        shown = self.found.begun if not self.named else [self.lesson]
        parts = [table([self.found.lessons[number] for number in shown if number])]
        parts += [f"<p>{html.escape(note)}</p>" for note in self._not_begun()]
        if self.lesson and shown:
            parts.append(folded(self.found.lessons[self.lesson], is_open=True))
        others = [self.found.lessons[n] for n in shown if n and n != self.lesson]
        if others:
            inside = "".join(map(folded, others))
            title = text("progress/others_by_goal")
            parts.append(f"<details><summary>{title}</summary>{inside}</details>")
        return (
            f'{STYLE}<div class="xai-progress"><p><strong>{text("progress/title")}</strong></p>'
            f"{''.join(parts)}<p><strong>{html.escape(self.next())}</strong></p>{notes}</div>"
        )


def table(lessons: list[OfLesson]) -> str:
    """Return the table of some lessons as HTML; nothing for none."""
    if not lessons:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    rows = [[html.escape(cell) for cell in row(one)] for one in lessons]
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def folded(one: OfLesson, *, is_open: bool = False) -> str:
    """Return the goals of a lesson, which unfold below its title."""
    goals = "".join(
        f"<li>{html.escape(words)}<br>{html.escape(states(one, cards))}</li>"
        for words, cards in one.of_goals().items()
    )
    title = html.escape(text("progress/by_goal", number=one.number, title=one.title))
    return f"<details{' open' * is_open}><summary>{title}</summary><ul>{goals}</ul></details>"


def row(one: OfLesson) -> tuple[str, str, str, str]:
    """Return the cells of one lesson."""
    judged = one.answered - one.older
    key = "progress/predictions" if judged else "progress/answered"
    words = text(key, right=one.right, judged=judged, answered=one.answered, asked=one.predictions)
    return (
        f"{one.number} {one.title}",
        f"{one.reached()} of {len(one.of_goals())}",
        f"{one.passed} of {len(one.tasks)}",
        words,
    )


def of_goals(one: OfLesson) -> Iterator[str]:
    """Yield two lines a goal: what one can do then, and the states of its tasks."""
    for number, (words, cards) in enumerate(one.of_goals().items(), start=1):
        yield from (f"  {line}" for line in wrapped(f"G{number} {words}").splitlines())
        yield f"     {states(one, cards)}"


def states(one: OfLesson, cards: list) -> str:
    """Return the tasks of a goal with their states in words."""
    return ", ".join(
        f"{card.task} {one.tasks[card.task]}" + " (extra)" * card.extra for card in cards
    )


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table in plain text."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for one in rows:
        cells = (cell.ljust(width) for cell, width in zip(one, widths, strict=True))
        yield "  ".join(cells).rstrip()


def runs(numbers: list[str]) -> list[str]:
    """Join numbers that follow one another.

    >>> runs(["01", "03", "04", "05", "07", "08"])
    ['01', '03 to 05', '07', '08']
    """
    parts = []
    for _, group in groupby(enumerate(numbers), lambda pair: int(pair[1]) - pair[0]):
        run = [number for _, number in group]
        parts += run if len(run) < 3 else [f"{run[0]} to {run[-1]}"]
    return parts


def _known(lesson: str, found: Standing) -> str:
    number = str(lesson).strip().zfill(2)
    if number not in found.lessons:
        there = ", ".join(runs(list(found.lessons)))
        raise ValueError(f"lesson must be one of {there}, got {lesson!r}")
    return number


def _short(file: Path) -> str:
    """Return a path from here, or from home, where it lies below one of them."""
    with contextlib.suppress(OSError, RuntimeError):  # no folder here, or no home
        file = file.resolve()
        for base, start in ((Path.cwd(), ""), (Path.home(), "~/")):
            if file.is_relative_to(base):
                return start + file.relative_to(base).as_posix()
    return file.as_posix()
