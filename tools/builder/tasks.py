"""Tasks of a sheet or a lesson: their cards, and the rules that every task keeps."""

import re
from dataclasses import dataclass

from builder import names, regions
from builder.errors import CourseError
from builder.source import Cell, Source, task_of_card

CARD = re.compile(
    r"^\*\*Goals?\*\* (?P<goals>G\d+(?:, G\d+)*) · "
    r"\*\*Level\*\* (?P<level>[1-5]) of 5 · "
    r"\*\*Minutes\*\* (?P<minutes>\d+)"
    r"(?: · \*\*Importance\*\* (?P<importance>[1-5]) of 5)?"
    r"(?: · \*\*Points\*\* (?P<points>\d+))?\s*$",
    flags=re.MULTILINE,
)
EXAMPLE = "**Goal** G2 · **Level** 2 of 5 · **Minutes** 15"
IMPORTANCE = " · **Importance** 4 of 5"  # ends the line of a task that stands in a lesson


@dataclass(frozen=True)
class Task:
    """One task; `cells` runs from its card to the cell before the next heading.

    In a lesson the cells of a task are its card and the cells with a task's tags behind it.
    """

    id: str
    goals: tuple[str, ...]
    level: int
    minutes: int
    importance: int | None  # every task in a lesson has one
    points: int  # the level unless the card says otherwise
    is_core: bool
    in_lesson: bool
    cells: tuple[Cell, ...]

    @property
    def checks(self) -> tuple[Cell, ...]:
        """The cells that call the checker for this task."""
        return tuple(cell for cell in self.cells if _checks(cell, self.id))

    @property
    def solutions(self) -> tuple[Cell, ...]:
        """The cells that hold a solution region."""
        return tuple(cell for cell in self.cells if regions.has_region(cell))


def tasks(source: Source, known: set[str] | None = None) -> list[Task]:
    """Return the tasks of a source in order; `known` are the ids that the checker has."""
    found = {}
    for cell in source.cells:
        if cell.kind == "markdown":
            _card_of(cell, source, found)
        _refuse_stray_region(cell)
        _refuse_stray_fold(cell, source)
        if cell.task:
            found[cell.task].append(cell)
    result = [_task(task, cells, source) for task, cells in found.items()]
    for task in result:
        _refuse_unchecked(task, known)
        if task.in_lesson:
            _refuse_unfolded(task)
    _refuse_blocking(source)
    return result


def _card_of(cell: Cell, source: Source, found: dict[str, list[Cell]]) -> None:
    """Enter the task of a card into `found`."""
    for task in task_of_card(cell.text, source.is_sheet):
        if task in found or task != cell.task:
            raise CourseError(f"cell {cell.number}: two cards for a task, or two in one cell")
        if not task.startswith(source.lesson + "."):
            raise CourseError(f"cell {cell.number}: task {task} is not one of {source.lesson}")
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


def _refuse_stray_fold(cell: Cell, source: Source) -> None:
    if not cell.is_fold:
        return
    if source.is_sheet:
        raise CourseError(
            f'cell {cell.number}: tags=["fold"] is for a task in a lesson; here write ["solution"]'
        )
    if cell.kind != "markdown" or not cell.task:
        raise CourseError(f"cell {cell.number}: a fold has to be markdown, and belong to a task")


def _task(task: str, cells: list[Cell], source: Source) -> Task:
    card = CARD.search(cells[0].text)
    example = EXAMPLE if source.is_sheet else EXAMPLE + IMPORTANCE
    if not card:
        raise CourseError(f"task {task} has no card; write a line like: {example}")
    if not source.is_sheet and not card["importance"]:
        raise CourseError(f"task {task} stands in a lesson; say how important it is: {example}")
    return Task(
        id=task,
        goals=tuple(card["goals"].split(", ")),
        level=int(card["level"]),
        minutes=int(card["minutes"]),
        importance=int(card["importance"]) if card["importance"] else None,
        points=int(card["points"] or card["level"]),
        is_core="deeper" not in cells[0].tags,
        in_lesson=not source.is_sheet,
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


def _refuse_unfolded(task: Task) -> None:
    """Refuse a task of a lesson whose answer is not folded once, behind its checks."""
    folds = [place for place, cell in enumerate(task.cells) if cell.is_fold]
    if len(folds) != 1 or not task.solutions:
        raise CourseError(
            f"task {task.id} needs a solution region and one markdown cell with "
            f'tags=["fold"], the reasoning behind our answer; it has {len(folds)} such cells'
        )
    if folds[0] < task.cells.index(task.checks[-1]):
        number = task.cells[folds[0]].number
        raise CourseError(
            f"cell {number}: our answer to {task.id} stands before its check; "
            'the order is tags=["task"], ["check"], ["fold"]'
        )


def _refuse_blocking(source: Source) -> None:
    """Refuse a stub that leaves out a name which a later cell needs."""
    code = [cell for cell in source.cells if cell.kind == "code"]
    for place, cell in enumerate(code):
        if not regions.has_region(cell) and not regions.is_only_worked(cell):
            continue
        lost = names.bound(regions.worked(cell)) - names.bound(regions.given(cell))
        for later in code[place + 1 :]:
            if wanted := lost & names.needed(regions.given(later)):
                name = min(wanted)
                raise CourseError(
                    f"cell {cell.number}: the solution binds {name!r}, which cell {later.number} "
                    f"needs, but the stub does not; add '{regions.STUB} {name} = None'"
                )
