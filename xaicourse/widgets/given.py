"""What several panels are given: one input of a model, or named choices; checked in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import Any

from torch import Tensor

from xaicourse.core.checks import default_batch_size
from xaicourse.core.gradients import Question, ask
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.words import of_class


def check_one(x: Tensor, why: str) -> None:
    """Raise unless x holds one input, (1, ...); `why` says what needs one."""
    if len(x) != 1:
        raise ValueError(f"x has {len(x)} rows; {why}, pass x[0:1]")


def check_filled(**choices: Sized) -> None:
    """Raise unless there is something to choose from."""
    if not all(len(options) for options in choices.values()):
        *others, last = choices
        names = f"{', '.join(others)} and {last} must each" if others else f"{last} must"
        raise ValueError(f"{names} hold at least one entry")


class InputPanel(Panel):
    """A panel about one input of a model, whose class is chosen once, for every output."""

    def look_at(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any,
        output: str,
        labels: Sequence[str] | None,
        batch_size: int | None,
    ) -> Question:
        """Keep what is asked about, and return the first question."""
        check_one(x, "this panel is about one input")
        if batch_size is None:  # a move of a control is heard between two chunks
            batch_size = max(1, default_batch_size(x, None) // 2)
        self.model, self.x, self.labels, self.batch_size = model, x, labels, batch_size
        question = ask(model, x, target, output, batch_size)
        self.target = question.target
        return question

    def score_name(self, output: Any) -> str:
        """Return what F is, for example "logit of tabby"."""
        return f"{output}{of_class(self.target, self.labels)}"
