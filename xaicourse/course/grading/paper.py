"""A task worked out on paper, as data: named parts, and the words beside each wrong row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.by_hand import NEAR, coarse, in_any_form, near, numbers_in
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.relation import relation
from xaicourse.course.grading.submission import is_open, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["Part", "Row", "WordPart", "by_hand", "paper_task", "row", "with_one_part_wrong"]

Given = tuple[Any, ...]  # a row of numbers, or one word


@dataclass(frozen=True)
class Row:
    """What is wrong in one part, its name, and what the student then reads."""

    name: str
    says: str
    given: Given


def row(name: str, says: str, given: Any, /) -> Row:
    """Return a wrong row of numbers, such as (1, 3), one wrong number or one wrong word.

    Of two rows with one name, the second (with no words) is another form of the first.
    """
    return Row(name, says, _as_row(given))


def _as_row(given: Any) -> Given:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


class Part:
    """One part of the answer: a row of numbers, and the wrong rows that have a name.

    `differs` is said where no row fits, if it is not what the task says of all its parts.
    """

    def __init__(self, name: str, right: Any, *rows: Row, differs: str = "") -> None:
        self.name, self.rows, self.differs = name, rows, differs
        self.right, self.is_one = _as_row(right), not isinstance(right, (tuple, list))

    def read(self, value: Any, task: str) -> Given:
        """Return what was given, or say why it cannot be judged."""
        given, wanted = tuple(numbers_in(value)), len(self.right)
        if len(given) != wanted:
            refuse("general/part_how_many", part=self.name, given=len(given), wanted=wanted)
        return given

    def same(self, given: Given, wanted: Given, rounding: float) -> bool:
        """Say whether what was given is what is wanted."""
        return near(given, wanted, rounding)

    def relation(self, given: Given, rounding: float) -> str:
        """Say how wrong numbers are related to the right ones, if they are."""
        text = coarse(given, self.right, rounding) or relation(
            [torch.tensor(given)], [torch.tensor(self.right)], asked=0
        )
        return text or self._place(given, rounding)

    def _place(self, given: Given, rounding: float) -> str:
        """Say which number is wrong, if all others are right."""
        pairs = enumerate(zip(given, self.right, strict=True), start=1)
        wrong = [place for place, (got, right) in pairs if not near((got,), (right,), rounding)]
        if len(wrong) != 1 or len(given) == 1:
            return ""
        return messages.text("general/part_place", place=wrong[0], count=len(given))

    def handed_in(self, given: Given) -> Any:
        """Return a part as a sheet goes on with it: one number is no row of one."""
        return given[0] if self.is_one else given

    def answer(self, given: Given) -> Any:
        """Return a part as it stands in an answer."""
        return given


class WordPart(Part):
    """A part that is one of some words; `words` may give several spellings for one of them."""

    def __init__(
        self, name: str, right: str, *rows: Row, words: Mapping[str, str], differs: str = ""
    ) -> None:
        super().__init__(name, right, *rows, differs=differs)
        self.words = words

    def read(self, value: Any, task: str) -> Given:
        """Return the word that was meant."""
        word = str(value).strip().lower().replace(" ", "_").replace("-", "_")
        if word not in self.words:
            known = ", ".join(dict.fromkeys(self.words.values()))
            refuse("general/part_no_word", part=self.name, words=known, given=str(value)[:40])
        return (self.words[word],)

    def same(self, given: Given, wanted: Given, rounding: float) -> bool:
        """Say whether two words are the same."""
        return given == wanted

    def relation(self, given: Given, rounding: float) -> str:
        """Say nothing: words are not related."""
        return ""

    def answer(self, given: Given) -> Any:
        """Return the word itself."""
        return given[0]


@dataclass(frozen=True)
class PaperGrader:
    """Judges the parts in their order, or `first` before; the first wrong one gets the message.

    Parts that are still open come last, so that a student can hand in one after the other.
    """

    task: str
    parts: Sequence[Part] = field(repr=False)
    rounding: float = NEAR
    any_form: bool = False
    first: str = ""

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        names = {part.name.lower(): part for part in self.parts}
        if self.any_form:
            answer = in_any_form(answer, {name: len(part.right) for name, part in names.items()})
        given = parts(answer, tuple(names), messages.entry(f"tasks/{self.task}/name"))
        missing = [names[name].name for name, value in given.items() if is_open(value)]
        if len(missing) == len(names):
            refuse("general/not_done", status="not_done")
        read = {
            part: part.read(given[name], self.task)
            for name, part in names.items()
            if part.name not in missing
        }
        for part, numbers in sorted(read.items(), key=lambda pair: pair[0].name != self.first):
            if not part.same(numbers, part.right, self.rounding):
                return self._not_right(part, read)
        if missing:
            refuse("general/parts_open", status="not_done", open=", ".join(missing))
        return Outcome("passed", messages.text(f"tasks/{self.task}/passed"))

    def _not_right(self, part: Part, read: Mapping[Part, Given]) -> Outcome:
        numbers, evidence = read[part], self._evidence(part, read)
        rows = [each for each in part.rows if part.same(numbers, each.given, self.rounding)]
        fits = {each.name for each in rows}
        if len(fits) == 1:
            (name,) = fits
            text = messages.text(f"tasks/{self.task}/misconceptions/{name}")
            return Outcome("not_right", text, evidence, diagnosis=name)
        own = f"differs_of/{part.name}" if part.differs else "differs"
        text = messages.text(f"tasks/{self.task}/{own}", part=part.name, total=_total(numbers))
        return Outcome(
            "not_right", f"{text} {part.relation(numbers, self.rounding)}".rstrip(), evidence
        )

    def _evidence(self, part: Part, read: Mapping[Part, Given]) -> str:
        own = "evidence" in messages.entry(f"tasks/{self.task}")
        key = f"tasks/{self.task}/evidence" if own else "general/part_evidence"
        shown = {each.name: "?" for each in self.parts}
        shown |= {each.name: show(each.answer(given)) for each, given in read.items()}
        right = sum(each.same(given, each.right, self.rounding) for each, given in read.items())
        fields = {**shown, "part": part.name, "yours": shown[part.name], "right": right}
        return messages.text(key, **fields)


def paper_task(
    id: str,
    *given: Part,
    differs: str = "",
    passed: str,
    hints: tuple[str, str, str],
    evidence: str = "",
    rounding: float = NEAR,
    handed_in: type = dict,
    any_form: bool = False,
    first: str = "",
) -> Task:
    """Return the task.

    Parameters
    ----------
    id : str
        Lesson and number, such as "08.1".
    *given : Part
        The parts in their order: see `Part`, `WordPart` and `row`.
    differs : str
        What is said of a wrong part whose mistake has no name; ``{part}`` is its name, ``{total}``
        the sum of its numbers.
    passed : str
        What is said of a right answer.
    hints : tuple of str
        Three hints, from a nudge to almost the solution.
    evidence : str
        What is shown from the second try on, if the mistake has no name. Its holes: the names of
        all parts, ``{part}`` and ``{yours}`` of the wrong one, ``{right}``, how many are right.
    rounding : float
        How far a number may be from the right one.
    handed_in : type
        dict, or tuple for an answer whose parts have no names in the sheet.
    any_form : bool
        Whether such an answer may be nested as one likes: see `in_any_form`.
    first : str
        The part that is judged first, if that is another one than the first.

    Returns
    -------
    Task
        Each of its wrong answers has one wrong part.
    """
    right = {part.name: part.handed_in(part.right) for part in given}
    wrong: dict[str, dict[str, Any]] = {}
    for part in given:
        for row in part.rows:
            wrong.setdefault(row.name, {**right, part.name: part.handed_in(row.given)})
    words: dict[str, Any] = {
        "name": f"your answer ({', '.join(right)})",
        "passed": passed,
        "hints": list(hints),
        "differs_of": {part.name: part.differs for part in given if part.differs},
        "misconceptions": {row.name: row.says for part in given for row in part.rows if row.says},
    }
    words |= {key: text for key, text in (("differs", differs), ("evidence", evidence)) if text}
    whole = dict if handed_in is dict else lambda answer: tuple(answer.values())
    return Task(
        id,
        PaperGrader(id, given, rounding, any_form, first),
        reference=whole(right),
        misconceptions={name: whole(answer) for name, answer in wrong.items()},
        words=words,
    )


def _total(given: Given) -> str:
    """Return the sum of a row of numbers; nothing for words."""
    return "" if isinstance(given[0], str) else show(float(sum(given)))


# ---------------------------------------------------------------- words in words.toml


def by_hand(
    task: str,
    right: Mapping[str, Given],
    wrong_parts: Mapping[str, Mapping[str, Given]],
    rounding: float = NEAR,
) -> PaperGrader:
    """Return the grader of a task whose words (name, differs, passed) stand in words.toml."""
    made = [
        Part(name, numbers, *(Row(mistake, "", g) for mistake, g in wrong_parts[name].items()))
        for name, numbers in right.items()
    ]
    return PaperGrader(task, made, rounding)


def with_one_part_wrong(
    right: Mapping[str, Given], wrong_parts: Mapping[str, Mapping[str, Given]]
) -> dict[str, dict[str, Given]]:
    """Return mistake -> the right answer with the one part that this mistake spoils."""
    return {
        name: {**right, part: numbers}
        for part, wrong in wrong_parts.items()
        for name, numbers in wrong.items()
    }
