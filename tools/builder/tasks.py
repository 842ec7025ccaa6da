"""Tasks of a sheet: their cards, and the rules that every task keeps."""

import re
from dataclasses import dataclass

from builder import names, regions
from builder.errors import CourseError
from builder.source import TASK_HEADING, Cell, Source

CARD = re.compile(
    r"^\*\*Goals?\*\* (?P<goals>G\d+(?:, G\d+)*) · "
    r"\*\*Level\*\* (?P<level>[1-5]) of 5 · "
    r"\*\*Minutes\*\* (?P<minutes>\d+)"
    r"(?: · \*\*Points\*\* (?P<points>\d+))?\s*$",
    flags=re.MULTILINE,
)
EXAMPLE = "**Goal** G2 · **Level** 2 of 5 · **Minutes** 15"


@dataclass(frozen=True)
class Task:
    """One task of a sheet; `cells` runs from its card to the cell before the next heading."""

    id: str
    goals: tuple[str, ...]
    level: int
    minutes: int
    points: int  # the level unless the card says otherwise
    is_core: bool
    cells: tuple[Cell, ...]

    @property
    def checks(self) -> tuple[Cell, ...]:
        """The cells that call the checker for this task."""
        return tuple(cell for cell in self.cells if _checks(cell, self.id))


def tasks(sheet: Source, known: set[str] | None = None) -> list[Task]:
    """Return the tasks of a sheet in order; `known` are the ids that the checker has."""
    found = {}
    for cell in sheet.cells:
        if cell.kind == "markdown":
            _card_of(cell, sheet, found)
        _refuse_stray_region(cell)
        if cell.task:
            found[cell.task].append(cell)
    result = [_task(task, cells) for task, cells in found.items()]
    for task in result:
        _refuse_unchecked(task, known)
    _refuse_blocking(sheet)
    return result


def _card_of(cell: Cell, sheet: Source, found: dict[str, list[Cell]]) -> None:
    """Enter the task of a card into `found`."""
    for match in re.finditer(TASK_HEADING.pattern, cell.text, flags=re.MULTILINE):
        task = match[1]
        if task in found or task != cell.task:
            raise CourseError(f"cell {cell.number}: two cards for a task, or two in one cell")
        if not task.startswith(sheet.lesson + "."):
            raise CourseError(f"cell {cell.number}: task {task} is not one of {sheet.lesson}")
        found[task] = []


def _refuse_stray_region(cell: Cell) -> None:
    if not regions.has_region(cell):
        return
    tag = "task" if cell.kind == "code" else "answer"
    if tag not in cell.tags:
        raise CourseError(
            f'cell {cell.number}: a solution region in a {cell.kind} cell without tags=["{tag}"]'
        )
    if not cell.task:
        raise CourseError(f"cell {cell.number}: a solution region before any '## Task' heading")


def _task(task: str, cells: list[Cell]) -> Task:
    card = CARD.search(cells[0].text)
    if not card:
        raise CourseError(f"task {task} has no card; write a line like: {EXAMPLE}")
    return Task(
        id=task,
        goals=tuple(card["goals"].split(", ")),
        level=int(card["level"]),
        minutes=int(card["minutes"]),
        points=int(card["points"] or card["level"]),
        is_core="deeper" not in cells[0].tags,
        cells=tuple(cells),
    )


def _checks(cell: Cell, task: str) -> bool:
    if cell.kind != "code" or "check" not in cell.tags:
        return False
    return any(names.first_text(call) == task for call in names.calls(cell.text, "check"))


def _refuse_unchecked(task: Task, known: set[str] | None) -> None:
    if not task.checks:
        raise CourseError(
            f'task {task.id} has no check; write a cell tags=["check"] that calls '
            f'xc.check("{task.id}", answer)'
        )
    for cell in task.cells:
        if cell.kind == "code":
            for call in names.calls(cell.text, "check"):
                if names.first_text(call) != task.id or "check" not in cell.tags:
                    raise CourseError(
                        f'cell {cell.number}: xc.check in task {task.id} must read xc.check("'
                        f'{task.id}", ...) in a cell tags=["check"]'
                    )
    if known is not None and task.id not in known:
        raise CourseError(
            f"task {task.id} is unknown to xaicourse.course.checking.TASKS, which has "
            f"{', '.join(sorted(known)) or 'none'}"
        )


def _refuse_blocking(sheet: Source) -> None:
    """Refuse a stub that leaves out a name which a later cell needs."""
    code = [cell for cell in sheet.cells if cell.kind == "code"]
    for place, cell in enumerate(code):
        if not regions.has_region(cell):
            continue
        lost = names.bound(regions.worked(cell)) - names.bound(regions.student(cell))
        for later in code[place + 1 :]:
            if wanted := lost & names.needed(regions.student(later)):
                name = min(wanted)
                raise CourseError(
                    f"cell {cell.number}: the solution binds {name!r}, which cell {later.number} "
                    f"needs, but the stub does not; add '{regions.STUB} {name} = None'"
                )
