"""Task 06.5: data on which the pattern points at an input that the model does not use."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.integrate import rows_given
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["UNUSED_INPUT"]

LEAST, MOST = 4, 200  # inputs
LARGEST = 100.0  # all numbers lie in [-100, 100]
WANTED = 2.0  # |a2| is at least so many times |a1|


def grade(answer: Any) -> Outcome:
    """Judge the inputs (M, 2) of the model y = x1."""
    what = messages.entry("tasks/06.5/name")
    x = rows_given(answer, "x", what)
    if x.ndim != 2 or x.shape[1] != 2 or not LEAST <= len(x) <= MOST:
        refuse("tasks/06.5/shape", shape=tuple(x.shape), least=LEAST, most=MOST)
    if float(x.abs().max()) > LARGEST:
        refuse("tasks/06.5/range", number=show(float(x.abs().max())), largest=show(LARGEST))
    x = x.double()
    centred = x - x.mean(0)
    spread = centred.square().mean(0).sqrt()
    if float(spread[0]) < 1e-6:
        _refuse("y_is_constant", None)
    a = centred.T @ centred[:, 0] / centred[:, 0].square().sum()  # (2,), a1 is 1
    if float(spread[1]) < 1e-6:
        _refuse("x2_is_constant", a)
    if float(a[1].abs()) >= WANTED:
        return Outcome("passed", messages.text("tasks/06.5/passed", pattern=show(a)))
    r = float(a[1] * spread[0] / spread[1])
    if abs(r) < 0.3:
        _refuse("not_related", a)
    if float(spread[1]) < WANTED * float(spread[0]):
        _refuse("too_small", a)
    refuse("tasks/06.5/near", pattern=show(a), wanted=show(WANTED))


def _refuse(name: str, a: Tensor | None) -> None:
    evidence = "" if a is None else messages.text("tasks/06.5/evidence", pattern=show(a))
    text = messages.text(f"tasks/06.5/misconceptions/{name}")
    raise Settled(Outcome("not_right", text, evidence, diagnosis=name))


UNUSED_INPUT = Task(
    id="06.5",
    grade=grade,
    reference=torch.tensor([[-1.0, -3.0], [0.0, 0.0], [1.0, 3.0], [2.0, 6.0]]),
    misconceptions={
        "y_is_constant": [[1.0, -3.0], [1.0, 0.0], [1.0, 3.0], [1.0, 5.0]],
        "x2_is_constant": [[-1.0, 9.0], [0.0, 9.0], [1.0, 9.0], [2.0, 9.0]],
        "not_related": [[-1.0, 9.0], [-1.0, -9.0], [1.0, 9.0], [1.0, -9.0]],
        "too_small": [[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [2.0, 2.0]],
    },
)
