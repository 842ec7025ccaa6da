"""Each mended fault was seen to fail: its tests, run on the package as it was before the mend.

    python tools/seen_to_fail.py                   # all rows, each on its own commit
    python tools/seen_to_fail.py K1 T5             # some rows
    python tools/seen_to_fail.py --commit e02dabd R4
    python tools/seen_to_fail.py --why R4          # with the first failure of each row

A test that proves a fault gone carries its row, ``@pytest.mark.fault("K1")``. The package of an
older commit is laid out beside today's tests in a temporary folder, and the marked tests run there.
Of each row at least one must fail there, by an answer that is wrong or by a message that is not
the one asked for. What did not exist then proves nothing: errors that came later have a stand-in
there, which nothing raises, and a test that calls one is counted as no proof. Today all must pass.
"""

import argparse
import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent

ROWS = [
    f"{kind}{k}" for kind, last in (("K", 10), ("T", 12), ("R", 11)) for k in range(1, last + 1)
]

# The last commit of the main line before a row's kind was mended. Almost all were mended in
# branches that came in after 992a724; casts and copies in front of a layer came earlier.
BEFORE = dict.fromkeys(ROWS, "992a724") | {"R2": "ddef9c2", "R3": "ddef9c2"}

REPORT = "SEEN_TO_FAIL_REPORT"
WANTED = "SEEN_TO_FAIL_ROWS"


# ---- inside pytest (this file is given to it as a plugin) ----------------------------------------

_rows_of: dict[str, list[str]] = {}
_outcomes: dict[str, str] = {}
_reasons: dict[str, str] = {}
_not_imported: list[str] = []


class NotThereYet(Exception):
    """A test has called what the package did not have on that commit."""


def pytest_configure() -> None:
    """Let every name of the package that the tests import exist."""
    for path in Path("tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xaicourse"):
                _provide(str(node.module), [name.name for name in node.names])


def _provide(module: str, names: list[str]) -> None:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        found = sys.modules[module] = ModuleType(module)
    for name in names:
        if not hasattr(found, name) and not _is_module(f"{module}.{name}"):
            setattr(found, name, _stand_in(name))


def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True


def _stand_in(name: str) -> type[Exception]:
    """Return an error that nothing raises, for ``pytest.raises``; as a function it is no proof."""

    def refuse(self: Exception, *args: Any, **settings: Any) -> None:
        raise NotThereYet(name)

    return type(name, (Exception,), {"__init__": refuse})


def rows_of(item: Any) -> list[str]:
    """Return the rows that a test is marked with."""
    return [row for mark in item.iter_markers("fault") for row in mark.args]


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Keep the tests of the rows that are asked for."""
    wanted = set(os.environ[WANTED].split())
    kept = [item for item in items if wanted & set(rows_of(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    _rows_of.update({item.nodeid: sorted(wanted & set(rows_of(item))) for item in kept})


def pytest_collectreport(report: Any) -> None:
    """Note the files that cannot be imported."""
    if report.failed:
        _not_imported.append(report.nodeid)


def pytest_runtest_logreport(report: Any) -> None:
    """Note how a test ended."""
    if report.when == "call" or report.failed:
        text = str(report.longrepr)
        missing = any(word in text for word in ("NotThereYet", "module 'xaicourse", "ImportError"))
        _outcomes[report.nodeid] = "no proof" if report.failed and missing else report.outcome
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            _reasons[report.nodeid] = getattr(crash, "message", text).partition("\n")[0]


def pytest_sessionfinish() -> None:
    """Hand the outcomes over."""
    found = {"rows": _rows_of, "outcomes": _outcomes, "reasons": _reasons}
    found["not imported"] = _not_imported
    Path(os.environ[REPORT]).write_text(json.dumps(found))


# ---- laying out and running ----------------------------------------------------------------------


def lay_out(commit: str | None, folder: Path) -> Path:
    """Put the package of a commit (None: today's) beside today's tests; return that folder."""
    folder.mkdir()
    if commit is None:
        shutil.copytree(ROOT / "xaicourse", folder / "xaicourse", ignore=_caches)
    else:
        packed = subprocess.run(
            ["git", "archive", commit, "xaicourse"], cwd=ROOT, check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=_caches)
    for path in ROOT.iterdir():  # data, benchmarks, docs ...: as they are today
        if not path.name.startswith(".") and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


_caches = shutil.ignore_patterns("__pycache__", ".pytest_cache")


def marked_files(rows: list[str]) -> list[str]:
    """Return today's test files that have a test of one of the rows."""
    marks = re.compile("|".join(rf'["\']{row}["\']' for row in rows))
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text()
        if "mark.fault(" in text and marks.search(text):
            found.append(str(path.relative_to(ROOT)))
    return found


def run(folder: Path, rows: list[str]) -> dict[str, Any]:
    """Run the marked tests of some rows in a folder and return what the plugin noted."""
    report = folder / "seen_to_fail.json"
    paths = [str(folder), str(ROOT / "tools")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        REPORT: str(report),
        WANTED: " ".join(rows),
    }
    options = ["-q", "--tb=short", "-p", "seen_to_fail", "-p", "no:cacheprovider"]
    options += ["--continue-on-collection-errors", "-o", "addopts="]
    command = [sys.executable, "-m", "pytest", *options, *marked_files(rows)]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if not report.exists():
        raise SystemExit(f"pytest did not run:\n{ran.stdout}\n{ran.stderr}")
    return json.loads(report.read_text())


def counts(found: dict[str, Any], row: str) -> Counter[str]:
    """Return how the tests of a row ended: passed, failed, no proof."""
    tests = [test for test, rows in found["rows"].items() if row in rows]
    return Counter(found["outcomes"].get(test, "not run") for test in tests)


# ---- the table -----------------------------------------------------------------------------------


def main() -> int:
    """Print the table; return 1 where a row has no test that failed then and passes now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", help="K1 T5 ...; all where none is given")
    parser.add_argument("--commit", help="run all of them on the package of this commit")
    parser.add_argument("--why", action="store_true", help="print the first failure of each row")
    asked = parser.parse_args()
    rows = asked.rows or ROWS
    unknown = [row for row in rows if row not in BEFORE]
    if unknown and not asked.commit:
        raise SystemExit(f"no commit is known for {', '.join(unknown)}; give --commit")
    commits = {row: asked.commit or BEFORE[row] for row in rows}
    with tempfile.TemporaryDirectory() as temporary:
        now = run(lay_out(None, Path(temporary) / "now"), rows)
        then = {}
        for commit in sorted(set(commits.values())):
            here = [row for row in rows if commits[row] == commit]
            then[commit] = run(lay_out(commit, Path(temporary) / commit), here)
    wrong = print_table(rows, commits, now, then)
    for row in rows if asked.why else ():
        print(f"{row}: {first_reason(then[commits[row]], row)}")
    return int(wrong > 0)


def print_table(
    rows: list[str], commits: dict[str, str], now: dict[str, Any], then: dict[str, Any]
) -> int:
    """Print how many tests a row has, failed then and pass now; return how many rows are wrong."""
    print("| row | tests | before | failed then | no proof | pass now | |")
    print("|---|---|---|---|---|---|---|")
    wrong = 0
    for row in rows:
        today, before = counts(now, row), counts(then[commits[row]], row)
        tests = sum(today.values())
        fine = before["failed"] > 0 and tests == today["passed"] > 0
        wrong += not fine
        says = "" if fine else "no test" if not tests else "NOT SEEN TO FAIL"
        says = "FAILS TODAY" if today["passed"] < tests else says
        cells = [row, tests, commits[row], before["failed"], before["no proof"], today["passed"]]
        print("| " + " | ".join(map(str, [*cells, says])) + " |")
    for commit, found in then.items():
        if found["not imported"]:
            print(
                f"not to be imported on {commit}: {', '.join(sorted(set(found['not imported'])))}"
            )
    return wrong


def first_reason(found: dict[str, Any], row: str) -> str:
    """Return the first failure of a row's tests that counts as proof."""
    failed = [t for t, rows in found["rows"].items() if row in rows]
    failed = [t for t in failed if found["outcomes"].get(t) == "failed"]
    return f"{failed[0]}: {found['reasons'][failed[0]]}" if failed else "none"


if __name__ == "__main__":
    raise SystemExit(main())
