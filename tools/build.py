"""Build the notebooks of the course from its text sources: see tools/README.md.

python tools/build.py [--only 05] [--check | --no-execute | --nbgrader OUT] [--draft]
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from builder import nbgrader, workshop
from builder.clean import clean, to_text, write
from builder.compare import keep_outputs, read_sanitizer, refuse_different_texts
from builder.course import (
    Lesson,
    Registry,
    ask_package,
    check,
    check_product,
    lessons,
    lint,
    load,
    make,
    orphans,
)
from builder.environment import FIRST, SECOND
from builder.errors import CourseError
from builder.execute import MEMORY, SECONDS, Run, execute
from builder.findings import Finding
from builder.lint_outputs import lint_empty_sheet, lint_outputs
from builder.work import has_work_form, in_work
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str], root: Path = ROOT, registry: Registry | None = None) -> int:
    """Run the builder and return 0 when nothing has to be mended."""
    options = _options(arguments)
    registry = registry or ask_package()
    if registry.tasks is None:
        print("note  xaicourse.course.checking has no TASKS yet: task ids are not checked")
    try:
        slugs = [] if options.only == workshop.TAG else lessons(root, options.only)
    except CourseError as error:
        print(f"error {error}")
        return 1
    findings = orphans(root, lessons(root)) if options.check else []
    for slug in slugs:
        findings += _refused_or(slug, lambda slug=slug: _one(slug, root, registry, options))
    if options.only in ("", workshop.TAG) and not options.nbgrader:
        findings += _refused_or(workshop.NAME, lambda: _workshop(root, registry, options))
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    print(f"{len(slugs)} lesson(s), {errors} error(s), {len(findings) - errors} note(s)")
    return 1 if errors else 0


def _refused_or(what: str, do: Callable[[], list[Finding]]) -> list[Finding]:
    """Return the findings of one step; a refusal is one, too."""
    try:
        return do()
    except CourseError as error:
        return [Finding(what, "refused", str(error))]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the notebooks of the course.")
    parser.add_argument("--only", default="", metavar="05", help="lessons whose name begins so")
    parser.add_argument(
        "--draft", action="store_true", help="execute once, write in spite of errors"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="limit of one execution")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="execute nothing, list what is out of step"
    )
    what.add_argument(
        "--no-execute",
        action="store_true",
        help="keep stored outputs: only prose changed",
    )
    what.add_argument("--nbgrader", type=Path, metavar="OUT", help="write OUT/source for nbgrader")
    return parser.parse_args(arguments)


def _one(slug: str, root: Path, registry: Registry, options: argparse.Namespace) -> list[Finding]:
    """Do what is asked for one lesson and return what has to be mended."""
    lesson = load(root, slug, registry)
    findings = lint(lesson, root, registry)
    if options.check:
        return findings + check(lesson, root)
    if any(finding.is_error for finding in findings) and not options.draft:
        return findings
    if options.nbgrader:
        _export(lesson, options.nbgrader)
        return findings
    products = make(lesson)
    findings += _fill(root, products, options)
    if options.draft or not any(finding.is_error for finding in findings):
        _write(root, products)
        if lesson.plan is not None:
            write(root / "solutions" / f"{lesson.slug}_plan.md", lesson.plan)
    else:
        print(f"{slug}: nothing written")
    return findings


def _workshop(root: Path, registry: Registry, options: argparse.Namespace) -> list[Finding]:
    """Do what is asked for the workshop, if any lesson lends a cell to it."""
    found = workshop.read_workshop(root, registry)
    if found is None:
        left = (root / workshop.NAME).exists()
        return [Finding(workshop.NAME, "out of step", "no cell has the tag")] if left else []
    products = {workshop.NAME: workshop.make_workshop(found)}
    if options.check:
        return check_product(root, workshop.NAME, products[workshop.NAME])
    findings = _fill(root, products, options)
    if options.draft or not any(finding.is_error for finding in findings):
        _write(root, products)
    return findings


def _fill(
    root: Path, products: dict[str, NotebookNode], options: argparse.Namespace
) -> list[Finding]:
    """Give each notebook its outputs, and run what students get as it is."""
    findings = []
    for name, notebook in products.items():
        if name.startswith("exercises/"):
            findings += [] if options.no_execute else _try_empty(root, name, notebook, options)
            continue
        if options.no_execute:
            _keep(root / name, name, notebook)
        else:
            products[name] = _executed(root, name, notebook, options)
            if has_work_form(notebook):
                findings += _try_empty(root, name, in_work(notebook), options)
        findings += lint_outputs(name, products[name])
    return findings


def _try_empty(
    root: Path, name: str, notebook: NotebookNode, options: argparse.Namespace
) -> list[Finding]:
    """Run what a student gets as it is: no error, and each check says "not done yet"."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    run = _run(root, name, notebook, FIRST, options, solved=False)
    return list(lint_empty_sheet(name, run.notebook))


def _executed(
    root: Path, name: str, notebook: NotebookNode, options: argparse.Namespace
) -> NotebookNode:
    """Execute a notebook twice and return the first run, tidied."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    first = _run(root, name, notebook, FIRST, options)
    if not options.draft:
        second = _run(root, name, notebook, SECOND, options)
        sanitizer = read_sanitizer(root / "tools" / "sanitize.cfg")
        try:
            refuse_different_texts(first.notebook, second.notebook, sanitizer)
        except CourseError as error:
            raise CourseError(f"{name}, {error}") from None
    return first.notebook


def _run(
    root: Path,
    name: str,
    notebook: NotebookNode,
    variables: dict[str, str],
    options: argparse.Namespace,
    *,
    solved: bool = True,
) -> Run:
    # The limits hold for what a student meets: one thread, small chunks. The second run only has to
    # print the same; chunks of 10 take 1.6 GB, and two threads on a busy machine take long.
    spare = 1 if variables is FIRST else 4
    how = f"{variables['OMP_NUM_THREADS']} thread(s)" if solved else "nothing solved"
    print(f"{name} with {how} ...", flush=True)
    try:
        run = execute(
            notebook,
            (root / name).parent,
            variables,
            seconds=options.seconds * spare,
            memory=MEMORY * spare,
            strict_checks=solved,
        )
    except CourseError as error:
        where = name if solved else f"{name} with nothing solved"
        raise CourseError(f"{where}, {error}") from None
    clean(run.notebook, notebook.metadata)
    print(
        f"  {run.seconds:.1f} s ({run.cpu_seconds:.1f} s of processor with imports), slowest cell "
        f"{run.slowest[0]}: {run.slowest[1]:.1f} s; peak {run.peak_bytes / 1e9:.2f} GB, with child "
        f"processes {run.peak_bytes_with_children / 1e9:.2f} GB; "
        f"{len(to_text(run.notebook)) / 1e3:.0f} kB"
    )
    return run


def _keep(path: Path, name: str, notebook: NotebookNode) -> None:
    committed = nbformat.read(path, as_version=4) if path.exists() else None
    if committed is None or not keep_outputs(notebook, committed):
        raise CourseError(f"{name}: its code changed; build it without --no-execute")


def _write(root: Path, products: dict[str, NotebookNode]) -> None:
    for name, notebook in products.items():
        write(root / name, to_text(notebook))
        print(f"wrote {name}")


def _export(lesson: Lesson, out: Path) -> None:
    """Write the sheet, and beside it the lesson if tasks stand in it: one assignment."""
    if lesson.sheet is None:
        raise CourseError(f"{lesson.slug} has no sheet to export")
    folder = out / "source" / lesson.slug
    made = {f"{lesson.slug}.ipynb": nbgrader.export(lesson.sheet, lesson.sheet_tasks)}
    if lesson.own_tasks:
        made[f"{lesson.slug}_lesson.ipynb"] = nbgrader.export(lesson.lesson, lesson.own_tasks)
    for name, notebook in made.items():
        write(folder / name, to_text(notebook))
        print(f"wrote {os.fspath(folder / name)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
