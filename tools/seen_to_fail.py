"""Each mended fault was seen to fail: its tests, run on the package as it was before the mend.

    python tools/seen_to_fail.py                   # all rows, each on its own commit
    python tools/seen_to_fail.py K1 T5             # some rows
    python tools/seen_to_fail.py --commit e02dabd R4
    python tools/seen_to_fail.py --why R4          # with the first failure of each row
    python tools/seen_to_fail.py --store K1 T5     # and write these rows of the stored table anew

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

# The last commits of the main line before a row's kind was mended.
FIRST, CASTS, WORDS = "992a724", "ddef9c2", "d3274c0"
LOSSES, CHECKER = "d72ff74", "394d591"
LARGE, COMMAND = "b696b77", "c054e35"
SERIES, CUT, ADVICE = "d3274c0", "d72ff74", "914ea89"
COPIES, EDITORS, PIECES = "1eb9488", "0d402fc", "924b950"
NAMES = "7b347f7"

# row -> what was wrong, and the commit before it was mended
FAULTS = {
    "K1": ("noise in one thread reaches the weights of another", FIRST),
    "K2": ("a checkpoint computes again without rules or noise", FIRST),
    "K3": ("rows that depend on each other are explained", FIRST),
    "K4": ("the softmax is taken over the wrong axis, or twice", FIRST),
    "K5": ("a named layer with channels last is read as channels first", FIRST),
    "K6": ("16-bit numbers underflow, overflow, or are refused", FIRST),
    "K7": ("a baseline row is read as a set of constants", FIRST),
    "K8": ("hooks of other code change gradients unseen", FIRST),
    "K9": ("a score that is NaN or infinite is explained", FIRST),
    "K10": ("messages that do not say what to do, or say what is false", FIRST),
    "T1": ("a write into a slice or a view is not seen", FIRST),
    "T2": ("outputs inside objects are not audited", FIRST),
    "T3": ("LRP applies the chain rule to relevance where it is allowed to", FIRST),
    "T4": ("masks made of indices or of numbers are not seen", FIRST),
    "T5": ("checkpoints inside common nets", FIRST),
    "T6": ("noise beside other methods in threads", FIRST),
    "T7": ("class activation maps of channels-last nets", FIRST),
    "T8": ("a constant with a graph of its own takes relevance", FIRST),
    "T9": ("a gate written as lerp is not seen", FIRST),
    "T10": ("an addition written with alpha gets another rule", FIRST),
    "T11": ("the default layer of a map is the class map or an auxiliary head", FIRST),
    "T12": ("chance in a model, and rows that are coupled", FIRST),
    "R1": ("weights that are standardised by batch_norm", FIRST),
    "R2": ("a cast in front of the first layer", CASTS),
    "R3": ("a view behind a copy is replayed without the copy", CASTS),
    "R4": ("FullGrad: outputs in tuples, looks at scalars, folded axes", FIRST),
    "R5": ("code that only looks is refused", FIRST),
    "R6": ("activations that DeepLIFT and LRP have no rule for", FIRST),
    "R7": ("linear layers that LRP does not know", FIRST),
    "R8": ("attention is refused without advice that works", FIRST),
    "R9": ("layers that a message proposes do not work", FIRST),
    "R10": ("a class that is masked by -inf", FIRST),
    "R11": ("ReLUs in other spellings, and a softmax at the end", FIRST),
    "S1": ("a record that cannot be read now is taken for a damaged one", LOSSES),
    "S2": ("a verdict can be forged by an answer", CHECKER),
    "S3": ("a file that is no picture reaches another program", LOSSES),
    "S4": ("two notebooks that write at once lose votes", LOSSES),
    "S5": ("what an answer leaves behind spoils later answers", CHECKER),
    "S6": ("processes outlive the check that started them", CHECKER),
    "S7": ("photos and weights are not compared with their cards", LOSSES),
    "S8": ("modes and links of files are lost", LOSSES),
    "S9": ("a check or a prediction raises where it promises not to", LOSSES),
    "S10": ("an answer that carries a large tensor fills the memory", CHECKER),
    "S11": ("without a folder for Matplotlib the comparison fails", CHECKER),
    "S12": ("a sheet changes while it is reset; words of checks", LOSSES),
    "N3": ("an answer is refused where torch is installed elsewhere", LOSSES),
    "N1": ("explain calls maps of random draws exact", COMMAND),
    "N2": ("explain says that a conserving map promises nothing", COMMAND),
    "N4": ("lessons open with the answers below their questions", COPIES),
    "N5": ("editors and type checkers know no public name", EDITORS),
    "N6": ("the rows of a batch are added up in one picture", COMMAND),
    "P1": ("nothing shows or saves a map in a line", COMMAND),
    "P2": ("no page for a model of one's own", COMMAND),
    "P3": ("several inputs get advice that does not work", NAMES),
    "P4": ("token ids get advice that does not work", NAMES),
    "P5": ("no class activation map of a signal", SERIES),
    "P6": ("a segmentation's target is refused without what to do", CUT),
    "P8": ("layers are proposed that are refused then", FIRST),
    "P10": ("a model that ends with a softmax is explained without a word", ADVICE),
    "P11": ("a wrong keyword gets Python's bare error", NAMES),
    "P12": ("a record displays its tensors", NAMES),
    "J1": ("JupyterLab opens on an empty page, and no lesson leads on", COPIES),
    "J3": ("what is printed is broken inside words", NAMES),
    "J5": ("the words below a refused value are those of another picture", PIECES),
    "J6": ("patches are chosen beside the photo, not on it", PIECES),
    "X2": ("explain takes one model only, and says what is false of others", COMMAND),
    "X3": ("photos of more than a hundred megapixels are refused", LARGE),
    "X4": ("explain takes one photo and few settings, and prints no JSON", COMMAND),
    "X5": ("methods are offered that fail; no near names", COMMAND),
    "X6": ("a wrong argument is told only after torch was imported", COMMAND),
    "X7": ("no folder for pictures, no python -m xaicourse", COMMAND),
    "X8": ("on which colour transparent parts are shown is not said", COMMAND),
    "X9": ("the map of a layer is drawn in squares finer than its cells", COMMAND),
    "Q2": ("a check says what it is not about", WORDS),
    "Q3": ("a map of another target, or normalised, is not named", WORDS),
    "Q4": ("words of 05.4", WORDS),
    "Q6": ("a task's name in another spelling", WORDS),
    "Q7": ("a prediction that is no text", WORDS),
}
ROWS = list(FAULTS)

STORED = "benchmarks/results/seen_to_fail.md"
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
    if report.when == "call" or report.failed or report.skipped:
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


def git(*words: str) -> bytes:
    """Return what git prints."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def lay_out(commit: str | None, folder: Path) -> Path:
    """Put package and tools of a commit (None: today's) beside today's tests; return the folder."""
    folder.mkdir()
    if commit is None:
        shutil.copytree(ROOT / "xaicourse", folder / "xaicourse", ignore=_caches)
    else:
        there = git("ls-tree", "--name-only", commit, "xaicourse", "tools").decode().split()
        with tarfile.open(fileobj=BytesIO(git("archive", commit, *there))) as tar:
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
    paths = [str(folder), str(Path(__file__).parent)]
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
    """Return how the tests of a row ended: passed, failed, no proof, skipped."""
    tests = [test for test, rows in found["rows"].items() if row in rows]
    return Counter(found["outcomes"].get(test, "not run") for test in tests)


# ---- the table -----------------------------------------------------------------------------------

HEADER = ["row", "what was wrong", "tests", "before", "failed then", "no proof", "pass", "now", ""]


def main() -> int:
    """Print the table; return 1 where a row has no test that failed then and passes now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", help="K1 T5 ...; all where none is given")
    parser.add_argument("--commit", help="run all of them on the package of this commit")
    parser.add_argument("--why", action="store_true", help="print the first failure of each row")
    parser.add_argument("--store", action="store_true", help=f"write them in {STORED}, too")
    asked = parser.parse_args()
    rows = asked.rows or ROWS
    unknown = [row for row in rows if row not in FAULTS]
    if unknown and (asked.store or not asked.commit):
        raise SystemExit(f"{', '.join(unknown)}: not in the table of faults, such as K1 or X9")
    commits = {row: asked.commit or FAULTS[row][1] for row in rows}
    tried = this_commit()  # now: somebody may commit while the tests run
    with tempfile.TemporaryDirectory() as temporary:
        now = run(lay_out(None, Path(temporary) / "now"), rows)
        then = {}
        for commit in sorted(set(commits.values())):
            here = [row for row in rows if commits[row] == commit]
            then[commit] = run(lay_out(commit, Path(temporary) / commit), here)
    table = {row: cells(row, commits[row], now, then[commits[row]], tried) for row in rows}
    print("\n".join([*head(), *map(line, table.values())]))
    for commit, found in then.items():
        if files := sorted(set(found["not imported"])):
            print(f"not to be imported on {commit}: {', '.join(files)}")
    if failing := [test for test, ended in now["outcomes"].items() if ended == "failed"]:
        print("\n".join(f"fails today: {test}: {now['reasons'][test]}" for test in failing))
    for row in rows if asked.why else ():
        print(f"{row}: {first_reason(then[commits[row]], row)}")
    if asked.store:
        store(table)
    return int(any(words[-1] for words in table.values()))


def cells(
    row: str, commit: str, now: dict[str, Any], then: dict[str, Any], tried: str
) -> list[str]:
    """Return a line of the table; its last cell says what is wrong with it."""
    today, before = counts(now, row), counts(then, row)
    tests = sum(today.values()) - today["skipped"]
    says = "" if before["failed"] else "NOT SEEN TO FAIL"
    says = says if tests else "NO TEST"
    says = "FAILS TODAY" if today["passed"] < tests else says
    what = FAULTS[row][0] if row in FAULTS else ""
    counted = [before["failed"], before["no proof"], today["passed"]]
    return [row, what, str(tests), commit, *map(str, counted), tried, says]


def this_commit() -> str:
    """Return the commit that is tried, with a + where the package or its tests differ from it."""
    changed = git("status", "--porcelain", "--", "xaicourse", "tests")
    return git("rev-parse", "--short", "HEAD").decode().strip() + ("+" if changed else "")


def line(words: list[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(words)} |"


def head() -> list[str]:
    """Return the first two lines of the table."""
    return [line(HEADER), "|" + "---|" * len(HEADER)]


def store(table: dict[str, list[str]]) -> None:
    """Write lines of the stored table anew; the others stay as they are."""
    file = ROOT / STORED
    lines = file.read_text().splitlines() if file.exists() else []
    kept = {words[2:].partition(" |")[0]: words for words in lines if words.startswith("| ")}
    kept |= {row: line(words) for row, words in table.items()}
    body = [*head(), *(kept[row] for row in ROWS if row in kept)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(STORED_TEXT + "\n".join(body) + "\n")


STORED_TEXT = """# Each mended fault was seen to fail

Made by `python tools/seen_to_fail.py --store`. Tests that are marked with a fault ran on the
package of the commit before it was mended, and on that of today (`now`, with a + where files were
not committed). A row is proved if at least one of them failed then, by a wrong answer or a wrong
message, and all pass now; a test that asks for what did not exist then is no proof.

"""


def first_reason(found: dict[str, Any], row: str) -> str:
    """Return the first failure of a row's tests that counts as proof."""
    failed = [t for t, rows in found["rows"].items() if row in rows]
    failed = [t for t in failed if found["outcomes"].get(t) == "failed"]
    return f"{failed[0]}: {found['reasons'][failed[0]]}" if failed else "none"


if __name__ == "__main__":
    raise SystemExit(main())
