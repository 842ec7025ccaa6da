"""A method stays short: its body, the functions beside it, and its file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import xaicourse as xc

FOLDER = Path(xc.__file__).parent / "methods"
FILES = sorted(FOLDER.rglob("*.py"))
MOST_IN_A_FILE, MOST_IN_A_FUNCTION, MOST_IN_A_METHOD = 400, 50, 25
DECORATORS = ("attribution_method", "class_activation_map")

Function = ast.FunctionDef


def functions(source: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def is_method(function: Function) -> bool:
    return any(ast.unparse(d).startswith(DECORATORS) for d in function.decorator_list)


def body_lines(function: Function) -> int:
    """Count the lines of a function below its docstring."""
    own = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - own[0].lineno + 1 if own else 0


def head_lines(function: Function) -> int:
    return function.body[0].lineno - function.lineno


def too_long(source: str) -> list[str]:
    """Say what is longer than it may be."""
    found = [] if source.count("\n") <= MOST_IN_A_FILE else [f"file: {source.count(chr(10))} lines"]
    for function in functions(source):
        body = body_lines(function)
        if is_method(function) and body > MOST_IN_A_METHOD:
            found.append(f"method {function.name}: {body} lines")
        if body + head_lines(function) > MOST_IN_A_FUNCTION:
            found.append(f"function {function.name}: {body + head_lines(function)} lines")
    return found


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(FOLDER)) for f in FILES])
def test_nothing_is_too_long(file):
    assert too_long(file.read_text(encoding="utf-8")) == []


def test_every_method_is_seen():
    seen = [f.name for file in FILES for f in functions(file.read_text("utf-8")) if is_method(f)]
    assert sorted(seen) == sorted(xc.METHODS)


def test_each_length_is_seen():
    method = '@attribution_method(year=1)\ndef f(x):\n    """Do."""\n' + "    x += 1\n" * 26
    assert too_long(method) == ["method f: 26 lines"]
    assert too_long(method.replace("    x += 1\n", "", 1)) == []
    assert too_long("def g(\n    x,\n):\n" + "    x += 1\n" * 48) == ["function g: 51 lines"]
    assert too_long("x = 1\n" * 401) == ["file: 401 lines"]
