"""What copies in work/ ask of the package that earlier versions of the course made.

``asked.json`` holds every id, name and call of all lessons and sheets of those versions; a few
notebooks are kept whole. After a release, store what it asks, too, from a clone of it:

python -m tests.course.older.asked CLONE
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from xaicourse.course.checking.work_form import work_form

HERE = Path(__file__).parent
TABLE = HERE / "asked.json"
NAME = re.compile(r"xc((?:\.\w+)+)")
ID = re.compile(r"\bxc\.(check|predict|hint|or_reference|exercise\.\w+)\(\s*\"([^\"]+)\"")


def asked() -> dict[str, Any]:
    """Return the table: ids by function, names, and calls as [positional arguments, keywords]."""
    return json.loads(TABLE.read_text(encoding="utf-8"))


def code_of(notebook: dict[str, Any]) -> list[str]:
    """Return the code cells of a notebook."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return ["".join(cell["source"]) for cell in cells]


def calls_in(code: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield each name of the package in a cell, and how it is called ([] if it is not)."""
    for node in ast.walk(ast.parse(code)):
        is_call = isinstance(node, ast.Call)
        found = NAME.fullmatch(ast.unparse(node.func if is_call else node))
        if found is None or not isinstance(node, ast.Call | ast.Attribute):
            continue
        name = found[1][1:]
        if isinstance(node, ast.Call):
            starred = any(isinstance(part, ast.Starred) for part in node.args)
            keywords = sorted(word.arg for word in node.keywords if word.arg)
            yield name, [-1 if starred else len(node.args), *keywords]
        else:
            yield name, []


def add(notebooks: Iterable[Path]) -> None:
    """Enter what these notebooks ask into the table."""
    table = asked()
    ids, calls, names = table["ids"], table["calls"], set(table["names"])
    for file in notebooks:
        for code in code_of(work_form(json.loads(file.read_text(encoding="utf-8")))):
            for function, name in ID.findall(code):
                ids[function] = sorted({*ids.get(function, []), name})
            for name, call in calls_in(code):
                names.add(name)
                if call and call not in calls.setdefault(name, []):
                    calls[name] = sorted([*calls[name], call], key=str)
    whole = {"ids": ids, "names": sorted(names), "calls": calls}
    TABLE.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    clone = Path(sys.argv[1])
    add(sorted(f for n in ("notebooks", "exercises") for f in (clone / n).glob("*.ipynb")))
