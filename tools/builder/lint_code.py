"""Rules for the code cells of a source."""

import ast
import io
import tokenize
from collections.abc import Iterator

from builder.source import Cell

LINES, COLUMNS = 25, 88

# name -> why; a name stands for a bare name, an attribute or an imported name
FORBIDDEN = {
    "Output": "Output widgets fail strict nbval and can hang an execution; use a Panel",
    "interact": "interact fails strict nbval; use a Panel",
    "interactive": "interactive fails strict nbval; use a Panel",
    "interactive_output": "interactive_output fails strict nbval; use a Panel",
    "clear_output": "nbval ignores clear_output; print once, or use a Panel",
    "cuda": "write device=device with device = xc.device()",
}
FORBIDDEN_PAIRS = {
    ("sys", "path"): "the package is installed; sys.path stays as it is",
    ("torch", "manual_seed"): "draw with a generator of the cell's own",
}


def code_problems(cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield (rule, text) for each problem of a code cell."""
    lines = cell.text.splitlines()
    if len(lines) > LINES:
        yield "code cell", f"{len(lines)} lines of code, at most {LINES}"
    for number, line in enumerate(lines, start=1):
        if len(line) > COLUMNS:
            yield "code cell", f"line {number} has {len(line)} columns, at most {COLUMNS}"
        if line.lstrip().startswith(("%", "!", "?")):
            yield "code cell", f"line {number} is a magic or a shell command: {line.strip()!r}"
    try:
        tree = ast.parse(cell.text)
    except SyntaxError as error:
        yield "code cell", f"not plain Python: {error.msg}, line {error.lineno}"
        return
    if any(token.type == tokenize.OP and token.string == ";" for token in _tokens(cell.text)):
        yield "code cell", "a semicolon does not silence a cell; assign the value or end with None"
    for node in ast.walk(tree):
        yield from (("code cell", problem) for problem in _forbidden(node))


def _tokens(code: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(code).readline))


def _forbidden(node: ast.AST) -> Iterator[str]:
    used = []
    if isinstance(node, ast.Attribute):
        used = [node.attr]
        if isinstance(node.value, ast.Name):
            pair = (node.value.id, node.attr)
            if pair in FORBIDDEN_PAIRS:
                yield f"{'.'.join(pair)}: {FORBIDDEN_PAIRS[pair]}"
            if pair == ("torch", "cuda"):  # torch.cuda.is_available() asks, it moves nothing
                used = []
    elif isinstance(node, ast.Name):
        used = [node.id] if node.id != "cuda" else []
    elif isinstance(node, ast.ImportFrom):
        used = [alias.name for alias in node.names]
        for alias in node.names:
            if reason := FORBIDDEN_PAIRS.get((node.module, alias.name)):
                yield f"{node.module}.{alias.name}: {reason}"
        if "*" in used:
            yield "import *: name what you need"
    for name in used:
        if name in FORBIDDEN:
            yield f"{name}: {FORBIDDEN[name]}"


def calls_without_target(code: str, methods: set[str]) -> list[str]:
    """Return the methods that `code` calls as xc.method(...) without saying the target."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("xc", "xaicourse")
            and node.func.attr in methods
            and len(node.args) < 3
            and "target" not in {word.arg for word in node.keywords}
        ):
            found.append(node.func.attr)
    return found
