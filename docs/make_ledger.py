"""Write docs/ledger.md: how each method is proved, where it is taught, what it costs.

python docs/make_ledger.py

It is made from the registry, tests/legs.toml (which tests prove a method), the lessons, and
benchmarks/results/methods.json, written by

    xaicourse methods --measure --store benchmarks/results/methods.json
"""

import ast
import functools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import xaicourse as xc
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import LESSONS
from xaicourse.evaluation.registry import MetricRecord
from xaicourse.measure import NETS, Measured, of_one_picture, read

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "ledger.md"
LEGS = ("closed_form", "property", "oracle")
NONE = "none exists"  # how an oracle says so, with the reason behind a colon
SECTION = re.compile(r"^## (\d+ · .+|Go deeper.*)$", re.M)
NOWHERE = "nowhere"


def page() -> str:
    """Return the text of docs/ledger.md."""
    records = sorted(xc.METHODS.values(), key=lambda record: (record.year, record.name))
    legs, measured = read_legs(), read_measured()
    proofs = [
        [f"`{r.name}`", title(r), taught(r), *(leg(legs[r.name], kind) for kind in LEGS)]
        for r in records
    ]
    costs = [
        [f"`{r.name}`", one.on, *numbers(one)] for r in records for one in measured.get(r.name, ())
    ]
    return f"""# Ledger of the methods

Written by `python docs/make_ledger.py`; do not edit. One line a method, oldest first.

## Proved by what

A **closed form** is a result that can be written down; a **property** holds on every net and
input, and is tried on random ones; an **oracle** is code that is not ours: another library, or a
loop written from the paper in the test. Every method is held to the contracts of
[test_methods.py](../tests/contract/test_methods.py) besides.

{table(("method", "what it is", "taught in", "closed form", "property", "oracle"), proofs)}

## What it costs

One photo of 224 x 224 pixels on EfficientNet-Lite0, one picture of 28 x 28 on the small net of
Fashion-MNIST; other inputs on the smallest example. Default settings, one call each, two cores. The
gap is relative to the change of F. The map error is the method's own estimate if it makes one, else
its standard error, else the distance to four times the steps; a dash stands where there is
nothing to measure.

{table(("method", "on", "seconds", "gradients", "gap", "map error", "taken from"), costs)}
"""


def read_legs() -> dict[str, dict[str, str]]:
    """Return what stands in tests/legs.toml: method -> leg -> test."""
    return tomllib.loads((ROOT / "tests" / "legs.toml").read_text(encoding="utf-8"))


def read_measured() -> dict[str, list[Measured]]:
    """Return the stored measurements: method -> one for each net."""
    found: dict[str, list[Measured]] = {}
    for one in read(ROOT / "benchmarks" / "results" / "methods.json"):
        found.setdefault(one.method, []).append(one)
    return found


def blanks() -> list[str]:
    """Return each cell that is missing, and each test that is named but does not exist."""
    legs, measured = read_legs(), read_measured()
    found = [f"{name} is no method" for name in legs if name not in xc.METHODS]
    for name, record in xc.METHODS.items():
        found += [f"{name}: no {kind}" for kind in LEGS if not legs.get(name, {}).get(kind)]
        for kind, text in legs.get(name, {}).items():
            if kind not in LEGS:
                found.append(f"{name}: {kind} is no leg")
            elif text and not (kind == "oracle" and re.match(NONE + ": .{20}", text)):
                found += [f"{name}: {kind}: {why}" for why in missing(text)]
        found += [f"{name}: not in its lesson"] * taught(record).endswith(NOWHERE)
        wanted = set(NETS) if of_one_picture(record) else {"its own example"}
        found += [
            f"{name}: not measured on {net}"
            for net in sorted(wanted - {one.on for one in measured.get(name, ())})
        ]
    return found


def missing(test: str) -> list[str]:
    """Return why this is no test: file::function."""
    file, _, function = test.partition("::")
    if not (ROOT / file).is_file():
        return [f"there is no file {file}"]
    return [] if function in functions(file) else [f"no {function!r} in {file}"]


@functools.cache
def functions(file: str) -> frozenset[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def title(record: MethodRecord | MetricRecord) -> str:
    """Return what a method or metric is, with its year and its paper."""
    return f"{record.title} ({record.year}, {paper(record.paper)})"


def paper(source: str) -> str:
    """Return the source of a method as a link where it is on arXiv."""
    number = re.fullmatch(r"arXiv:(\S+)", source)
    return f"[{source}](https://arxiv.org/abs/{number[1]})" if number else source


def taught(record: MethodRecord | MetricRecord) -> str:
    """Return the section of a lesson in which a method or metric appears first."""
    lesson = LESSONS[record.lesson]
    rooms = sorted((ROOT / "xaicourse" / "course" / "lessons").glob(f"l{lesson.number}_*"))
    if not rooms or not (rooms[0] / "lesson.py").exists():
        return f"lesson {lesson.number}, planned"
    section = ""  # its head comes before the first one
    text = (rooms[0] / "lesson.py").read_text(encoding="utf-8").replace("$^2$", " squared")
    for cell in re.split(r"^# %%", text, flags=re.M):
        found = SECTION.search(cell)
        section = found[1].split(" · ")[0] if found else section
        if section and re.search(rf"\b({record.name}|{re.escape(record.title)})\b", cell, re.I):
            break
    else:
        return f"{lesson.number}, {NOWHERE}"
    where = section if section.startswith("Go") else f"section {section}"
    return f"[{lesson.number}](../notebooks/{rooms[0].name[1:]}.ipynb), {where}"


def leg(legs: dict[str, str], kind: str) -> str:
    """Return one test as a link that says what it proves."""
    text = legs[kind]
    if text.startswith(NONE):
        return text
    file, _, function = text.partition("::")
    return f"[{function.removeprefix('test_').replace('_', ' ')}](../{file})"


def numbers(one: Measured) -> list[str]:
    """Return the cells of one measurement."""
    if one.refused:
        return ["refused", "-", "-", "-", one.refused.replace("|", "/")]
    return [
        f"{one.seconds:.2f}",
        "-" if one.gradients is None else str(one.gradients),
        "-" if one.gap is None else f"{one.gap:.1%}",
        "-" if one.map_error is None else f"{one.map_error:.1%}",
        one.how or "-",
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    for blank in blanks():
        print(blank)
    PAGE.write_text(page(), encoding="utf-8")
