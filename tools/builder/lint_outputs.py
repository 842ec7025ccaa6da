"""Rules for what an execution left behind."""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from builder.clean import WIDGET
from builder.findings import Finding
from builder.lint_controls import lint_printed
from builder.lint_not_yet import softened
from builder.lint_source import PROJECT_WORDS
from builder.pictures import LARGE
from builder.prose import code_lines, word_count

WORDS_BEFORE_PICTURE, CODE_BEFORE_PICTURE = 100, 25
NOT_DONE = "not done yet"  # what xc.check says of a stub
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
MARKDOWN_PICTURE = re.compile(r"!\[[^\]]*\]\(|<img ")
MACHINE = re.compile(
    r"\b0x[0-9a-fA-F]{6,}|ipykernel_\d+|site-packages|device='|"
    r"(?<![\w./])/(?:home|root|tmp|work|usr|opt|Users|private)/|[A-Z]:\\"
)


def lint_outputs(where: str, notebook: NotebookNode) -> Iterator[Finding]:
    """Check an executed notebook."""
    alts, count = set(), 0
    for number, cell in enumerate(notebook.cells, start=1):
        here = f"{where}, cell {number}"
        if cell.cell_type == "markdown":
            continue
        if not cell.source.strip():
            yield Finding(here, "outputs", "an empty code cell")
            continue
        count += 1
        if cell.execution_count != count:
            text = (
                f"execution count {cell.execution_count}, not {count}: nbval would not compare it"
            )
            yield Finding(here, "outputs", text)
        for output in cell.outputs:
            data = output.get("data", {})
            if any(kind in data for kind in PICTURES):
                for text, is_error in _picture_problems(data, alts):
                    yield Finding(here, "pictures", text, is_error)
            for text in _output_problems(cell, output):
                yield Finding(here, "outputs", text)
    if notebook.metadata.xaicourse.product == "lesson":
        newest = [*lint_printed(where, notebook), *_first_picture(where, notebook)]
        yield from softened(Path(where).name[:2], newest)


def _first_picture(where: str, notebook: NotebookNode) -> Iterator[Finding]:
    """Check how much stands above the first picture; the code that draws it does, too."""
    words = lines = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            words += 0 if "header" in tags else word_count(cell.source)
        elif "machinery" not in tags:
            lines += code_lines(cell.source)
        if _has_picture(cell):
            break
    else:
        return
    if words > WORDS_BEFORE_PICTURE:
        text = f"{words} words before the first picture, at most {WORDS_BEFORE_PICTURE}"
        yield Finding(where, "pictures", text)
    if lines > CODE_BEFORE_PICTURE:
        text = f"{lines} lines of code before the first picture, at most {CODE_BEFORE_PICTURE}"
        yield Finding(where, "pictures", text)


def _has_picture(cell: NotebookNode) -> bool:
    if cell.cell_type == "markdown":
        return bool(MARKDOWN_PICTURE.search(cell.source))
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return any(kind in one for one in data for kind in PICTURES)


def lint_empty_sheet(where: str, notebook: NotebookNode) -> Iterator[Finding]:
    """Check a student's sheet that ran as it is: every check says that nothing is done yet."""
    for number, cell in enumerate(notebook.cells, start=1):
        if "check" in cell.metadata.get("tags", []):
            said = "".join(output.get("text", "") for output in cell.outputs)
            if NOT_DONE not in said:
                text = f"says {said.strip()!r} on an empty sheet, not {NOT_DONE!r}"
                yield Finding(f"{where}, cell {number}", "empty sheet", text)


def _picture_problems(data: dict, alts: set[str]) -> Iterator[tuple[str, bool]]:
    text = data.get("text/plain", "")
    kind, _, alt = text.partition(": ")
    if kind not in ("Figure", "Panel") or not alt.strip():
        yield f"a picture without a description: {text!r}; show it with xc.plot", True
    elif alt in alts:
        yield f"two pictures have the description {alt!r}", True
    alts.add(alt)
    size = len(data.get("image/png", "")) * 3 // 4
    if size > LARGE:
        yield f"a picture of {size // 1000} kB, better at most {LARGE // 1000}", False


def _output_problems(cell: NotebookNode, output: NotebookNode) -> Iterator[str]:
    data = output.get("data", {})
    if output.output_type == "stream" and output.name == "stderr":
        yield f"writes to stderr: {output.text.strip()[:200]!r}"
    if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
        yield f"raised {output.ename}: {output.evalue}"
    if WIDGET in data and "image/png" not in data:
        yield "a widget without a picture; where no kernel runs nothing would show (use a Panel)"
    shown = [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", "\n".join(shown))
    if machine := MACHINE.search(text):
        yield f"shows something of this machine: {machine[0]!r}"
    if word := PROJECT_WORDS.search(text):
        yield f"shows the project word {word[0]!r}"
