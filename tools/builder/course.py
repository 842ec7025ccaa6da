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
from builder.lint_outputs import lint_outputs
from builder.source import ROOMS, Source, read
from builder.tasks import Task, tasks

FOLDERS = ("notebooks", "exercises", "solutions")
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
    tasks: tuple[Task, ...]


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
    try:
        found = tuple(tasks(sheet, registry.tasks)) if sheet else ()
    except CourseError as error:
        raise CourseError(f"{sheet.path}: {error}") from None
    return Lesson(slug, lesson, sheet, plan, found)


def make(lesson: Lesson) -> dict[str, NotebookNode]:
    """Return the unexecuted notebooks: path below the root -> notebook."""
    made = {f"notebooks/{lesson.slug}.ipynb": products.lesson(lesson.lesson)}
    if lesson.sheet:
        made[f"exercises/{lesson.slug}.ipynb"] = products.student_sheet(lesson.sheet)
        made[f"solutions/{lesson.slug}.ipynb"] = products.worked_sheet(lesson.sheet)
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
        path = root / name
        if not path.exists():
            found.append(Finding(name, "out of step", "was never built"))
            continue
        committed = nbformat.read(path, as_version=4)
        problems = out_of_step(expected, committed)
        if name.startswith("exercises/"):
            if any(cell.get("outputs") or cell.get("execution_count") for cell in committed.cells):
                problems.append("a student's sheet with outputs")
        else:
            found += lint_outputs(name, committed)
        found += [Finding(name, "out of step", problem) for problem in problems]
    name = f"solutions/{lesson.slug}_plan.md"
    path = root / name
    if lesson.plan is not None and (
        not path.exists() or path.read_text(encoding="utf-8") != lesson.plan
    ):
        found.append(Finding(name, "out of step", "another text than in its room"))
    return found


def orphans(root: Path, slugs: list[str]) -> list[Finding]:
    """Find products that no source makes any more."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.*")):
            slug = re.sub(r"_plan$", "", path.stem) if path.suffix == ".md" else path.stem
            if path.suffix in (".ipynb", ".md") and slug not in slugs and slug != "README":
                where = f"{folder}/{path.name}"
                found.append(Finding(where, "out of step", "no lesson makes this file"))
    return found
