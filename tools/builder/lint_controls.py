"""The rule "no number without its control", on what a source says and on what was printed.

MEASURE lists the words that make a line of output a measurement which means nothing by itself.
Such a line needs MARK: "(control: NAME NUMBER)", as xc.show(..., control={NAME: NUMBER}) prints it.
Above a table the line of the headers carries the mark, "(control: NAME)", for all its lines.
"""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from builder.findings import Finding
from builder.source import Cell, Source

COUNT = r"(?:\d+|none|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|all)"
VALUE = "\N{FULL BLOCK}"  # stands for a value in the texts of a call
MEASURE = re.compile(
    # "shares" in the plural are the parts of a score in lessons 03 and 08: amounts, not measures.
    r"\b(?:cosines?|correlations?|correlates|likeness|similarit(?:y|ies)|share|fraction)\b"
    r"|\bown half\b|\binside the mark\b"
    rf"|\bpercentages?\b|\bper ?cent\b|[\d{VALUE}] ?%"
    # "3 of 4", "three of four photos", "two out of the three seeds"; not "mean of 8"
    rf"|(?:\b{COUNT}|{VALUE}) (?:out )?of (?:the |our |its )?(?!one\b|all\b|none\b){COUNT}\b"
    r"|(?<!mean )\bof (?:the )?\d+: \d+(?![\d.])",  # "empty maps, of 200: 11"
    re.IGNORECASE,
)
# A percentage that is a knob or a limit of the question, or a gap, whose control is 0 by definition
SETTING = re.compile(
    r"\b(?:at|within|to) \d+(?:\.\d+)? ?%(?! of)|\b(?:gap|error)\b.*?%", re.IGNORECASE
)
MARK = re.compile(r"\(control: [^\W\d_].*?\)", re.IGNORECASE)
FILLED = re.compile(r"\(control: [^\W\d_].*?(?:\d|\byes\b|\bno\b).*?\)", re.IGNORECASE)
IS_CONTROL = re.compile(r"\s*controls?\b", re.IGNORECASE)  # the line is a control itself
SAYS_SOMETHING = re.compile(r"\d|\b(?:yes|no|True|False)\b")
# In code: f.cosine, own_share(...), percent; not "shares"
NAME = re.compile(r"(?:^|_)(?:cosine|correlation|likeness|similarity|share|percent)s?(?:_|$)")
NO_NAME = re.compile(r"(?:^|_)(?:shares|shuffled|random|chance|control)(?:_|$)")
NOT_READ = {"deeper", "references", "check", "question", "hint", "quiz", "instructor"}
ASK = 'say what chance, a class-blind map or another seed gets: xc.show(..., control={"name": n})'


def is_bare(line: str) -> bool:
    """Tell whether a printed line holds a measurement and no control."""
    said = SETTING.sub("", line)
    if line.startswith("In words: "):  # what a picture shows, in its folded line
        return False
    return bool(MEASURE.search(said)) and not FILLED.search(line) and not IS_CONTROL.match(line)


def bare_lines(text: str) -> list[str]:
    """Return the lines of an output that need a control and have none."""
    found, under_mark = [], False
    lines = text.splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=False):
        is_header = not SAYS_SOMETHING.search(line)
        if is_header:  # also an empty line: a table ends there
            under_mark = bool(MARK.search(line))
        if is_bare(line) and not under_mark and (not is_header or SAYS_SOMETHING.search(after)):
            found.append(line)
    return found


def lint_printed(where: str, notebook: NotebookNode) -> Iterator[Finding]:
    """Check every line that the core of an executed lesson prints, by whatever means."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or NOT_READ & set(cell.metadata.get("tags", [])):
            continue
        for output in cell.outputs:
            for line in bare_lines(_text(output)):
                text = f"prints {line.strip()!r} without a control; {ASK}"
                yield Finding(f"{where}, cell {number}", "controls", text)


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})  # a picture's text is its description
    text = data.get("text/plain", "")
    is_description = text.startswith("In words:") or any(k.startswith("image/") for k in data)
    return "" if is_description else text


def lint_shown(lesson: Source) -> Iterator[Finding]:
    """Check the calls of xc.show and print in the core of a lesson's source."""
    for cell in lesson.cells:
        if cell.kind == "code" and not NOT_READ & set(cell.tags):
            for line, text in _bare_calls(cell):
                where = f"{lesson.path}, cell {cell.number}, line {line}"
                yield Finding(where, "controls", f"{text} without a control; {ASK}")


def _bare_calls(cell: Cell) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(cell.text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _prints(node) and not MARK.search(cell.text):
            why = _measures(node)
            if why and not _has_control(node) and not IS_CONTROL.match(_texts(node)):
                yield node.lineno, why


def _prints(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in ("print", "show")
    return isinstance(function, ast.Attribute) and function.attr == "show"


def _has_control(call: ast.Call) -> bool:
    given = [word.value for word in call.keywords if word.arg == "control"]
    return any(not (isinstance(one, ast.Constant) and one.value is None) for one in given)


def _texts(call: ast.Call) -> str:
    """Return what would be printed, with VALUE for what only the execution knows."""
    return " ".join(_text_of(one) for one in [*call.args, *_keywords(call)])


def _keywords(call: ast.Call) -> list[ast.AST]:
    return [word.value for word in call.keywords if word.arg in ("label", "value", "unit")]


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return VALUE
    inside = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return " ".join([*(text for text in inside if isinstance(text, str)), VALUE])


def _measures(call: ast.Call) -> str:
    """Return which word or name makes the call print a measurement, or nothing."""
    if word := MEASURE.search(SETTING.sub("", _texts(call))):
        return f"shows {word[0]!r}"
    for node in _values(call):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        if NAME.search(name) and not NO_NAME.search(name):
            return f"shows {name}"
        if isinstance(node, ast.FormattedValue) and _is_percent(node):
            return "shows a percentage"
    return ""


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what a call prints; of a comparison only yes or no is printed."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Compare):
            yield child
            yield from _values(child)


def _is_percent(value: ast.FormattedValue) -> bool:
    """Tell whether an f-string prints a value as {value:.0%}."""
    return value.format_spec is not None and ast.unparse(value.format_spec).rstrip("'\"").endswith(
        "%"
    )
