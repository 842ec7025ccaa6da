"""The record of a task: how it is graded, a right answer, and the wrong ones that have a name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xaicourse.core.registry import note_use
from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """One exercise task. Its card (goal, level, minutes, what is asked) stands in its sheet.

    `function_task`, `paper_task` and `claim_task` make one of data.

    Attributes
    ----------
    id : str
        Lesson and number, such as "05.2".
    grade : callable
        ``grade(answer) -> Outcome``. Runs in the checker's own process.
    reference : object
        A right answer, handed out by `xc.or_reference`.
    misconceptions : mapping
        Name to a wrong answer of its own. Each name has a message.
    bugs : mapping
        Letter to a function with a bug, in a task that hunts for them.
    words : mapping
        Its messages, which are entered into the catalogue. Empty: they stand in the room's
        words.toml.
    calls : sequence of mapping
        Arguments of right calls, where the grader has no cases: from what the reference gives then
        `xc.or_reference` knows in which form the next cells want a result.
    """

    id: str
    grade: Callable[[Any], Outcome]
    reference: Any
    misconceptions: Mapping[str, Any] = field(default_factory=dict)
    bugs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    calls: Sequence[Mapping[str, Any]] = ()

    def __getattribute__(self, name: str) -> Any:
        if name == "reference":  # in an answer it counts like a method of the library
            note_use("or_reference")
        return super().__getattribute__(name)

    def __post_init__(self) -> None:
        if self.words:
            messages.enter(self.id, self.words)

    @property
    def hints(self) -> tuple[str, ...]:
        """Three hints, from a nudge to almost the solution."""
        return tuple(map(messages.with_places, messages.entry(f"tasks/{self.id}/hints")))
