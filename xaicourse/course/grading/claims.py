"""A task that asks for an example which shows something ("break it"), as data.

What can be said of an example are attributes of a class made from `Claim`. What is wrong with it
is an ordered table of rows: a name, words, and when it holds. The holes in the words are names of
attributes: ``"The vector {vector} gives all your scores."``
"""

import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import (
    is_missing,
    parts,
    refuse_open_parts,
    require_parts,
)
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled, sentence

__all__ = ["Claim", "ClaimGrader", "EachClaim", "claim_task", "wrong"]


class Claim:
    """An example that a student hands in, and what can be said of it.

    A class made from it has `read` (raises if the answer cannot be read) and, as cached properties,
    what its table of mistakes asks for.
    """

    def __init__(self, answer: Any, what: str) -> None:
        self.what = what  # how messages call the answer
        self.read(answer)

    def read(self, answer: Any) -> None:
        """Keep what the answer holds."""
        raise NotImplementedError

    def parts(self, answer: Any, *names: str) -> dict[str, Any]:
        """Return the named parts of an answer; all of them must be there."""
        found = parts(answer, names, self.what)
        refuse_open_parts(found, self.what)
        return found

    def steady(self) -> AbstractContextManager[None]:
        """Return what must hold while the mistakes are looked for, such as ``f.steady(rows)``."""
        return nullcontext()


@dataclass(frozen=True)
class Wrong:
    """One line of the table; `diagnosis` is empty where it only says what to mend."""

    name: str
    says: str
    when: Callable[[Any], bool]
    example: Any = None
    diagnosis: str = ""


def wrong(
    name: str,
    says: str,
    when: Callable[[Any], bool],
    example: Any = None,
    /,
    *,
    diagnosis: str = "",
) -> Wrong:
    """Return a line of the table: what is said when it holds, and a wrong answer that shows it.

    With an example the line is a mistake that has a name. `diagnosis` is the name of another line,
    where the same mistake is told in other words.
    """
    return Wrong(name, says, when, example, diagnosis or (name if example is not None else ""))


@dataclass(frozen=True)
class ClaimGrader:
    """Reads an answer and says the first line of the table that holds.

    The lines of `unfit` are asked first: with them nothing can be said of the example yet.
    """

    task: str
    read: Callable[[Any, str], Claim]
    unfit: Sequence[Wrong] = field(repr=False)
    mistakes: Sequence[Wrong] = field(repr=False)

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        claim = self.read(answer, messages.entry(f"tasks/{self.task}/name"))
        for line in self.unfit:
            if line.when(claim):
                return self._not_right(claim, line)
        with claim.steady():
            for line in self.mistakes:
                if line.when(claim):
                    return self._not_right(claim, line, self._evidence(claim))
            return Outcome("passed", self._text("passed", claim))

    def _not_right(self, claim: Claim, line: Wrong, evidence: str = "") -> Outcome:
        where = "refused" if line.example is None else "misconceptions"
        text = self._text(f"{where}/{line.name}", claim)
        return Outcome("not_right", text, evidence, diagnosis=line.diagnosis or None)

    def _evidence(self, claim: Claim) -> str:
        known = "evidence" in messages.entry(f"tasks/{self.task}")
        return self._text("evidence", claim) if known else ""

    def _text(self, key: str, claim: Claim) -> str:
        """Fill the holes of a message with the attributes of the example."""
        key = f"tasks/{self.task}/{key}"
        holes = {hole for _, hole, _, _ in string.Formatter().parse(messages.entry(key)) if hole}
        own = [hole for hole in holes if not hole.startswith("section_")]
        return messages.text(key, **{hole: _shown(getattr(claim, hole)) for hole in own})


@dataclass(frozen=True)
class EachClaim:
    """Judges an answer of several examples: says which of them hold, and what is wrong first."""

    task: str
    claims: Mapping[str, ClaimGrader] = field(repr=False)

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        what = messages.entry(f"tasks/{self.task}/name")
        given = parts(answer, tuple(self.claims), what)
        if all(map(is_missing, given.values())):
            refuse("general/not_done", status="not_done")
        judged = {name: self._judge(name, part, what) for name, part in given.items()}
        failed = [outcome for outcome in judged.values() if outcome.status != "passed"]
        if not failed:
            return Outcome("passed", messages.text(f"tasks/{self.task}/passed"))
        wrong = [name for name, outcome in judged.items() if outcome.status == "not_right"]
        for one, other in combinations(wrong, 2):
            crossed = ((one, given[other]), (other, given[one]))
            if all(self._judge(*pair, what).status == "passed" for pair in crossed):
                refuse("general/exchanged", diagnosis="exchanged", one=one, other=other)
        done = ", ".join(name for name in judged if judged[name].status == "passed") or "none yet"
        reason = sentence(failed[0].message)
        text = messages.text(f"tasks/{self.task}/progress", done=done, reason=reason)
        all_open = all(outcome.status == "not_done" for outcome in failed)
        return replace(failed[0], status="not_done" if all_open else "not_right", message=text)

    def _judge(self, name: str, part: Any, what: str) -> Outcome:
        try:
            require_parts({name: part}, what)
            return self.claims[name](part)
        except Settled as settled:
            return settled.outcome


def _shown(value: Any) -> str:
    return show(value) if isinstance(value, (float, Tensor, list)) else str(value)


def claim_task(
    id: str,
    read: Callable[[Any, str], Claim] | Mapping[str, Callable[[Any, str], Claim]],
    *,
    name: str,
    right: Any,
    mistakes: Sequence[Wrong],
    passed: str,
    hints: tuple[str, str, str],
    unfit: Sequence[Wrong] = (),
    evidence: str = "",
    progress: str = "",
    **record: Any,
) -> Task:
    """Return the task.

    Parameters
    ----------
    id : str
        Lesson and number, such as "08.5".
    read : callable or mapping
        A class made from `Claim`; for several examples in one answer, name -> such a class.
    name : str
        How messages call the answer, such as "your inputs (P, 2)".
    right : object
        An example that shows it.
    mistakes : sequence of Wrong
        What may be wrong with an example, in the order in which it is asked: see `wrong`.
    passed : str
        What is said of a right answer.
    hints : tuple of str
        Three hints, from a nudge to almost the solution.
    unfit : sequence of Wrong
        What is asked before: shape and range of the numbers.
    evidence : str
        What is shown from the second try on, if the mistake has no name.
    progress : str
        What is said of several examples until all hold: {done} are those that do, {reason} is
        what is wrong with the first that does not.
    **record : object
        Further fields of the record, such as `bugs`.

    Returns
    -------
    Task
        Each line of the table with an example is one of its mistakes.
    """
    lines = (*unfit, *mistakes)
    words: dict[str, Any] = {
        "name": name,
        "passed": passed,
        "hints": list(hints),
        "refused": {line.name: line.says for line in lines if line.example is None},
        "misconceptions": {line.name: line.says for line in lines if line.example is not None},
    }
    words |= {key: text for key, text in (("evidence", evidence), ("progress", progress)) if text}

    readers = read if isinstance(read, Mapping) else {"": read}
    graders = {name: ClaimGrader(id, one, unfit, mistakes) for name, one in readers.items()}
    grade = graders[""] if "" in graders else EachClaim(id, graders)
    return Task(
        id,
        grade,
        reference=right,
        misconceptions={line.name: line.example for line in lines if line.example is not None},
        words=words,
        **record,
    )
