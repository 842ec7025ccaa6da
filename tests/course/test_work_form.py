"""The form of a lesson in work/: stubs, folded answers, and nothing run."""

import copy
import json

import pytest

from xaicourse.course.checking.work_form import as_bytes, work_form


def code(source, **mark):
    output = {"output_type": "stream", "name": "stdout", "text": "4\n"}
    metadata = {"tags": ["task"], "xaicourse": {"task": "05.2", **mark}}
    return {
        "id": "a",
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [output],
        "execution_count": 3,
    }


def text(source, **mark):
    return {"id": "b", "cell_type": "markdown", "source": source, "metadata": {"xaicourse": mark}}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {"a": 1}, "nbformat": 4, "nbformat_minor": 5}


def test_a_cell_takes_its_text_for_work_and_forgets_that_it_had_one():
    before = notebook(code("worked", in_work="stub"), text("why", in_work="code and why"))
    after = work_form(before)
    assert [cell["source"] for cell in after["cells"]] == ["stub", "code and why"]
    assert after["cells"][0]["metadata"] == {"tags": ["task"], "xaicourse": {"task": "05.2"}}
    assert {**after, "cells": 0} == {**before, "cells": 0}


def test_lines_stay_lines():
    (cell,) = work_form(notebook(code(["worked\n", "two"], in_work="stub\n\nend")))["cells"]
    assert cell["source"] == ["stub\n", "\n", "end"]


def test_null_leaves_a_cell_out_and_an_empty_text_does_not():
    cells = work_form(notebook(text("gone", in_work=None), text("empty", in_work="")))["cells"]
    assert [cell["source"] for cell in cells] == [""]


def test_code_has_no_outputs_and_no_count_and_text_gets_neither():
    first, second = work_form(notebook(code("1 + 1"), text("words")))["cells"]
    assert first["outputs"] == []
    assert first["execution_count"] is None
    assert second == text("words")


def test_the_notebook_that_was_given_is_not_changed():
    given = notebook(code("worked", in_work="stub"), text("gone", in_work=None))
    before = copy.deepcopy(given)
    work_form(given)["metadata"]["a"] = 2
    assert given == before


def test_a_work_form_is_its_own_work_form():
    once = work_form(notebook(code("worked", in_work="stub"), {**text("x"), "metadata": {}}))
    assert work_form(once) == once


def test_bytes_do_not_depend_on_the_order_of_keys():
    one = notebook(text("ä"))
    other = dict(reversed(one.items()))
    assert as_bytes(one) == as_bytes(other)
    assert "ä".encode() in as_bytes(one)
    assert as_bytes(one).endswith(b"\n")


@pytest.mark.parametrize("half", ["\ud800"])
def test_half_a_character_is_written_by_its_number(half):
    assert json.loads(as_bytes(notebook(text(half))))["cells"][0]["source"] == half
