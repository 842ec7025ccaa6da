"""Rules for predictions: the question, the choice, what decides it, and the folded answer."""

import re
from collections.abc import Iterator

from builder import names
from builder.findings import Finding
from builder.source import Cell, Source

ANSWER_TO = re.compile(r"<summary>\s*Answer to (\d\d\.P\d+)")
CHOICES = re.compile(r"\(a\)\s.*\(b\)\s", re.DOTALL)
ASKS = {"question", "check", "hint"}


def predictions(source: Source) -> Iterator[tuple[str, str]]:
    """Every prediction is asked before its answer, and answered after it."""
    asked, answered = [], []
    for cell in source.cells:
        if cell.kind == "code":
            for call in _calls(cell):
                question = names.first_text(call)
                if not question or not re.fullmatch(rf"{source.lesson}\.P\d+", question):
                    text = f'write xc.predict("{source.lesson}.P1")'
                    yield "predictions", f"cell {cell.number}: {text}"
                elif question in asked:
                    yield "predictions", f"{question} is asked twice"
                else:
                    asked.append(question)
        for question in ANSWER_TO.findall(cell.text):
            answered.append(question)
            if question not in asked:
                text = f"cell {cell.number} answers {question} before xc.predict asks it"
                yield "predictions", text
    for question in set(asked) - set(answered):
        yield "predictions", f"no <summary>Answer to {question}</summary> after its question"
    for question in set(answered):
        if answered.count(question) > 1:
            yield "predictions", f"{question} is answered twice"


def lint_prediction_form(lesson: Source) -> Iterator[Finding]:
    """Check the form: a question in words, xc.predict("05.P2") alone, what decides, the answer."""
    for place, cell in enumerate(lesson.cells):
        for call in _calls(cell):
            question = names.first_text(call)
            if question:
                before = lesson.cells[place - 1] if place else None
                problems = [*_asked(question, len(call.args) + len(call.keywords), before)]
                problems += _decided(question, lesson.cells[place + 1 :])
                for text in problems:
                    yield Finding(f"{lesson.path}, cell {cell.number}", "predictions", text)


def _asked(question: str, arguments: int, before: Cell | None) -> Iterator[str]:
    if arguments > 1:
        yield f'write xc.predict("{question}") alone: the reader chooses by a button'
    _, mark, words = (before.text if before else "").partition(f"**Predict ({question}).**")
    if not mark or not before or before.kind != "markdown":
        yield f"no cell with **Predict ({question}).** and the question directly before it"
    elif CHOICES.search(words):
        yield f"the choices of {question} stand in the text; xc.predict shows those of room.toml"


def _decided(question: str, after: tuple[Cell, ...]) -> Iterator[str]:
    for place, cell in enumerate(after):
        if question in ANSWER_TO.findall(cell.text):
            between = [one for one in after[:place] if one.kind == "code"]
            if not any(not ASKS & set(one.tags) and not _calls(one) for one in between):
                yield f"nothing is run between {question} and its answer; which cell decides?"
            return


def _calls(cell: Cell) -> list:
    if cell.kind != "code" or not names.can_read(cell.text):
        return []
    return names.calls(cell.text, "predict")
