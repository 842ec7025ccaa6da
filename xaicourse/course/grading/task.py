"""The record of a task: how it is graded, a right answer, and the wrong ones that have a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """One exercise task.

    Attributes
    ----------
    id : str
        Lesson and number, such as "05.2".
    goal : str
        What is learnt, as on the card of the task.
    level : int
        How hard it is.
    minutes : int
        How long it takes.
    grade : callable
        ``grade(answer) -> Outcome``. Runs in the checker's own process.
    reference : object
        A right answer, handed out by `xc.or_reference`.
    misconceptions : mapping
        Name to a wrong answer of its own. Each name has a message in words.toml.
    bugs : mapping
        Letter to a function with a bug, in a task that hunts for them.
    """

    id: str
    goal: str
    level: int
    minutes: int
    grade: Callable[[Any], Outcome]
    reference: Any
    misconceptions: Mapping[str, Any] = field(default_factory=dict)
    bugs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name of the task."""
        return messages.entry(f"tasks/{self.id}/title")

    @property
    def statement(self) -> str:
        """What is asked, precisely: a sheet may print it."""
        return messages.entry(f"tasks/{self.id}/statement")

    @property
    def hints(self) -> tuple[str, ...]:
        """Three hints, from a nudge to almost the solution."""
        return tuple(map(messages.with_places, messages.entry(f"tasks/{self.id}/hints")))
