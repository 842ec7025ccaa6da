"""What comes out of a check: an `Outcome` from the grader, a `Verdict` for the student."""

from dataclasses import dataclass, field
from typing import Any, Literal

from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import printable, say

__all__ = ["AnswerNotRight", "Outcome", "Settled", "Verdict", "line", "outcome_from", "sentence"]

Status = Literal["passed", "not_done", "not_right"]


@dataclass(frozen=True)
class Outcome:
    """What a grader found out; plain data, so that it travels as JSON.

    `evidence` (a probe with the student's and the expected answer) is shown from the second try on
    if no misconception has a name.
    """

    status: Status
    message: str = ""
    evidence: str = ""
    diagnosis: str | None = None
    notes: tuple[str, ...] = ()


class Settled(Exception):
    """Raised inside a grader when the outcome is clear and nothing more need be tried."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class AnswerNotRight(AssertionError):
    """Raised by ``check(..., strict=True)`` when the answer did not pass."""


@dataclass
class Verdict:
    """The result of a check.

    Attributes
    ----------
    task : str
        The task, such as "05.2".
    passed : bool
        Whether the answer is right.
    diagnosis : str or None
        The name of the one misconception that the answer agrees with, if there is one.
    message : str
        What was printed, in one line.
    notes : tuple of str
        What can be polished in a right answer.
    status : str
        "passed", "not_done" or "not_right".
    counted : bool
        False when the answer passed with a method of the library and so does not count for a grade.
    printed : str
        What the student's code printed (shortened).
    """

    task: str
    passed: bool
    diagnosis: str | None
    message: str
    notes: tuple[str, ...] = ()
    status: Status = "not_right"
    counted: bool = True
    printed: str = ""
    _shown: bool = field(default=True, repr=False, compare=False)

    def _ipython_display_(self) -> None:
        # As the last value of a cell Jupyter would show the line that was printed a second time.
        if not self._shown:
            say(self.message)
        self._shown = False


def line(task: str, outcome: Outcome, *, tries: int, printed: str = "") -> str:
    """Return what a student reads, in one line: the verdict in words, the reason, the notes."""
    parts = [messages.text(f"words/{outcome.status}", task=task), sentence(outcome.message)]
    if tries > 1 and outcome.diagnosis is None:
        parts.append(outcome.evidence)
    parts.extend(messages.text("general/note", note=note) for note in outcome.notes)
    if printed:
        parts.append(messages.text("general/printed", text=printed))
    return printable(" ".join(" ".join(part.split()) for part in parts if part))


def sentence(text: str) -> str:
    """Begin with a capital letter, unless the first word is a name of the code."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first in ("the", "input", "your") else text


def outcome_from(data: dict[str, Any]) -> Outcome:
    """Make an Outcome of what came back as JSON."""
    return Outcome(**{**data, "notes": tuple(data.get("notes", ()))})
