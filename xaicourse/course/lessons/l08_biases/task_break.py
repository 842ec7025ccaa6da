"""Task 08.5: inputs of one linear piece for which no vector of their shape gives every score."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.integrate import rows_given
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled
from xaicourse.zoo.toy_net import toy

__all__ = ["NO_VECTOR"]

LARGEST = 10.0  # all numbers lie in [-10, 10]
MOST = 50  # inputs
MISSED = 0.01  # the best vector misses one of the scores by at least this
GATES = (False, True, True)  # those of (1, 3)


def grade(answer: Any) -> Outcome:
    """Judge the inputs (P, 2)."""
    what = messages.entry("tasks/08.5/name")
    points = rows_given(answer, "points", what)
    if points.ndim == 3 and points.shape[1] == 1:  # inputs (1, 2), one after the other
        points = points[:, 0]
    if points.ndim != 2 or points.shape[1] != 2 or len(points) > MOST:
        refuse("tasks/08.5/shape", shape=tuple(points.shape), most=MOST)
    if float(points.abs().max()) > LARGEST:
        refuse("tasks/08.5/range", number=show(float(points.abs().max())), largest=show(LARGEST))
    net = toy()
    gates = net.hidden(points) > 0  # (P, 3)
    on_a_kink = net.hidden(points).abs() < 1e-9
    if bool(on_a_kink.any()):
        row = int(on_a_kink.any(1).nonzero()[0])
        refuse("tasks/08.5/kink", point=show(points[row]))
    scores = net(points)
    if bool((gates != gates[0]).any()):
        _refuse("other_pieces", points, scores, None)
    if tuple(gates[0].tolist()) != GATES:
        _refuse("not_this_piece", points, scores, None)
    vector, missed = best_vector(points, scores)
    if missed < MISSED:
        if len(points.unique(dim=0)) == 1:
            _refuse("one_input", points, scores, vector)
        if missed > 1e-6:
            refuse("tasks/08.5/near", vector=show(vector), missed=show(missed), wanted=show(MISSED))
        _refuse("a_vector_fits", points, scores, vector)
    values = {"vector": show(vector), "missed": show(missed)}
    return Outcome("passed", messages.text("tasks/08.5/passed", **values))


def best_vector(points: Tensor, scores: Tensor) -> tuple[Tensor, float]:
    """Return the s with the smallest squared errors s . x - f(x), and its largest error."""
    vector = torch.linalg.pinv(points, rtol=1e-6) @ scores  # (2,)
    return vector, float((points @ vector - scores).abs().max())


def _refuse(name: str, points: Tensor, scores: Tensor, vector: Tensor | None) -> None:
    evidence = messages.text("tasks/08.5/evidence", points=show(points), scores=show(scores))
    fields = {} if vector is None else {"vector": show(vector)}
    text = messages.text(f"tasks/08.5/misconceptions/{name}", **fields)
    raise Settled(Outcome("not_right", text, evidence, diagnosis=name))


NO_VECTOR = Task(
    id="08.5",
    grade=grade,
    reference=[[1.0, 3.0], [2.0, 6.0]],
    misconceptions={
        "other_pieces": [[1.0, 3.0], [3.0, 1.0]],
        "not_this_piece": [[3.0, 1.0], [6.0, 2.0]],
        "one_input": [[1.0, 3.0]],
        "a_vector_fits": [[1.0, 3.0], [1.0, 4.0], [1.0, 5.0]],
    },
)
