"""A lesson as a student gets it: stubs instead of worked tasks, and nothing has been run yet.

A stored lesson shows the worked form to readers on the web. A cell that looks different in work/
carries that other text in its metadata, as metadata["xaicourse"]["in_work"]; null leaves it out.
"""

import copy
import json
from typing import Any

IN_WORK = "in_work"


def work_form(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a stored lesson in the form in which it stands in work/.

    Parameters
    ----------
    notebook : dict
        The notebook's JSON. It is not changed.

    Returns
    -------
    dict
        A new notebook: each text for work/ stands in its cell, and all outputs are gone.
    """
    fresh = copy.deepcopy(notebook)
    fresh["cells"] = [_in_work(cell) for cell in fresh["cells"] if not _left_out(cell)]
    return fresh


def as_bytes(notebook: dict[str, Any]) -> bytes:
    """Return the bytes of a notebook's file in work/: the same notebook gives the same bytes."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a character, which only its number can stand for
        return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()


def _in_work(cell: dict[str, Any]) -> dict[str, Any]:
    mark = _mark(cell)
    if IN_WORK in mark:
        text = mark.pop(IN_WORK)
        # A file keeps a source as a list of lines, a notebook in memory as one string.
        as_lines = isinstance(cell["source"], list)
        cell["source"] = text.splitlines(keepends=True) if as_lines else text
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell


def _left_out(cell: dict[str, Any]) -> bool:
    mark = _mark(cell)
    return IN_WORK in mark and mark[IN_WORK] is None


def _mark(cell: dict[str, Any]) -> dict[str, Any]:
    return cell["metadata"].get("xaicourse", {})
