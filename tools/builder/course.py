"""One lesson with its sheet and plan, and what is made of it."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from builder import lint_source, products
from builder.compare import out_of_step
from builder.errors import CourseError
from builder.findings import Finding
from builder.links import Way, way
from builder.lint_outputs import lint_outputs
from builder.source import ROOMS, Source, read
from builder.tasks import Task, tasks

FOLDERS = ("notebooks", "exercises", "solutions")
OTHERS = ("README", "workshop")  # files of these folders that belong to no single lesson
METHODS = frozenset({"gradient", "input_x_gradient", "integrated_gradients"})


@dataclass(frozen=True)
class Registry:
    """What the package knows: names of methods, ids of tasks (None: cannot be asked yet)."""

    methods: frozenset[str] = METHODS
    tasks: frozenset[str] | None = None


def ask_package() -> Registry:
    """Ask the installed package for its methods and tasks."""
    try:
        import xaicourse as xc

        methods = frozenset(xc.METHODS) | METHODS
    except (ImportError, AttributeError):
        methods = METHODS
    try:
        from xaicourse.course.checking import TASKS
    except ImportError:
        return Registry(methods)
    return Registry(methods, frozenset(TASKS))


@dataclass(frozen=True)
class Lesson:
    """The sources of one lesson; `sheet` and `plan` may still be missing."""

    slug: str
    lesson: Source
    sheet: Source | None
    plan: str | None
    tasks: tuple[Task, ...]  # those of the lesson, then those of the sheet
    way: Way

    @property
    def own_tasks(self) -> list[Task]:
        """The tasks that stand in the lesson itself."""
        return [task for task in self.tasks if task.in_lesson]

    @property
    def sheet_tasks(self) -> list[Task]:
        """The tasks that stand in the sheet."""
        return [task for task in self.tasks if not task.in_lesson]


def lessons(root: Path, only: str = "") -> list[str]:
    """Return the slugs of all lessons whose name begins with `only`."""
    rooms = sorted((root / ROOMS).glob("l[0-9][0-9]_*"))
    for room in rooms:
        if not (room / "lesson.py").exists():
            raise CourseError(f"{ROOMS}/{room.name} has no lesson.py")
    slugs = [room.name[1:] for room in rooms]
    chosen = [slug for slug in slugs if slug.startswith(only)]
    if only and not chosen:
        raise CourseError(f"no lesson begins with {only!r}; there are {', '.join(slugs) or 'none'}")
    return chosen


def load(root: Path, slug: str, registry: Registry) -> Lesson:
    """Read the sources of a lesson."""
    room = root / ROOMS / f"l{slug}"
    lesson = read(room / "lesson.py")
    sheet_path, plan_path = room / "sheet.py", room / "plan.md"
    sheet = read(sheet_path) if sheet_path.exists() else None
    plan = plan_path.read_text(encoding="utf-8") if plan_path.exists() else None
    found = [task for source in (lesson, sheet) if source for task in _tasks(source, registry)]
    for number, task in enumerate(found):
        if task.id in (other.id for other in found[:number]):
            raise CourseError(f"l{slug}: task {task.id} stands in the lesson and in the sheet")
    return Lesson(slug, lesson, sheet, plan, tuple(found), way(root, slug))


def _tasks(source: Source, registry: Registry) -> list[Task]:
    try:
        return tasks(source, registry.tasks)
    except CourseError as error:
        raise CourseError(f"{source.path}: {error}") from None


def make(lesson: Lesson) -> dict[str, NotebookNode]:
    """Return the unexecuted notebooks: path below the root -> notebook."""
    name, has_sheet = f"{lesson.slug}.ipynb", lesson.sheet is not None
    text = products.lesson(lesson.lesson, lesson.own_tasks, lesson.way, has_sheet=has_sheet)
    made = {f"notebooks/{name}": text}
    if lesson.sheet:
        made[f"exercises/{name}"] = products.student_sheet(lesson.sheet, lesson.way)
        made[f"solutions/{name}"] = products.worked_sheet(lesson.sheet, lesson.way)
    return made


def lint(lesson: Lesson, root: Path, registry: Registry) -> list[Finding]:
    """Check the sources of a lesson."""
    found = list(lint_source.lint_cells(lesson.lesson, root))
    found += lint_source.lint_lesson(lesson.lesson, set(registry.methods))
    found += lint_source.lint_goals(lesson.lesson, lesson.sheet, list(lesson.tasks))
    if lesson.sheet:
        found += lint_source.lint_cells(lesson.sheet, root)
        found += lint_source.lint_missing_tasks(lesson.sheet, list(lesson.tasks), registry.tasks)
    if not lesson.plan:
        where = f"{ROOMS}/l{lesson.slug}/plan.md"
        found.append(Finding(where, "plan", "the instructor's plan is missing"))
    return found


def check(lesson: Lesson, root: Path) -> list[Finding]:
    """Compare the committed products of a lesson with its sources, without executing anything."""
    found = []
    for name, expected in make(lesson).items():
        found += check_product(root, name, expected)
    name = f"solutions/{lesson.slug}_plan.md"
    path = root / name
    if lesson.plan is not None and (
        not path.exists() or path.read_text(encoding="utf-8") != lesson.plan
    ):
        found.append(Finding(name, "out of step", "another text than in its room"))
    return found


def check_product(root: Path, name: str, expected: NotebookNode) -> list[Finding]:
    """Compare a committed notebook with what its source gives."""
    path = root / name
    if not path.exists():
        return [Finding(name, "out of step", "was never built")]
    committed = nbformat.read(path, as_version=4)
    problems, found = out_of_step(expected, committed), []
    if name.startswith("exercises/"):
        if any(cell.get("outputs") or cell.get("execution_count") for cell in committed.cells):
            problems.append("a student's sheet with outputs")
    else:
        found = list(lint_outputs(name, committed))
    return found + [Finding(name, "out of step", problem) for problem in problems]


def orphans(root: Path, slugs: list[str]) -> list[Finding]:
    """Find products that no source makes any more; the workshop is looked at by itself."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.*")):
            slug = re.sub(r"_plan$", "", path.stem) if path.suffix == ".md" else path.stem
            if path.suffix in (".ipynb", ".md") and slug not in slugs and slug not in OTHERS:
                where = f"{folder}/{path.name}"
                found.append(Finding(where, "out of step", "no lesson makes this file"))
    return found
