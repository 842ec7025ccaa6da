"""Task 08.5: inputs of one linear piece for which no vector of their shape gives every score."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import as_numbers, show
from xaicourse.course.grading.integrate import rows_given
from xaicourse.zoo.toy_net import toy

__all__ = ["NO_VECTOR"]

GATES = [False, True, True]  # those of (1, 3)


class Inputs(Claim):
    """Inputs (P, 2) of the TOY net, and the vector that comes nearest to their scores."""

    most = 50  # inputs
    largest = 10.0  # all numbers lie in [-10, 10]
    wanted = 0.01  # the best vector misses one of the scores by at least this

    def read(self, answer: Any) -> None:
        """Take (P, 2), or inputs (1, 2) one after the other."""
        points = rows_given(answer, "points", self.what)
        self.flat = len(points) == 1 and as_numbers(answer).ndim == 1
        self.points = points[:, 0] if points.ndim == 3 and points.shape[1] == 1 else points
        self.shape = tuple(self.points.shape)
        self.number = float(points.abs().max())

    @cached_property
    def sums(self) -> Tensor:
        """The hidden sums, (P, 3); above 0 a gate is on."""
        return toy().hidden(self.points)

    @cached_property
    def scores(self) -> Tensor:
        """The scores, (P,)."""
        return toy()(self.points)

    @property
    def point(self) -> Tensor:
        """The first input on a border, (2,)."""
        return self.points[int((self.sums.abs() < 1e-9).any(1).int().argmax())]

    @property
    def shown(self) -> str:
        """The inputs with enough digits to tell them apart."""
        return show(self.points, digits=6)

    @cached_property
    def vector(self) -> Tensor:
        """The s with the smallest squared errors s . x - f(x), (2,)."""
        return torch.linalg.pinv(self.points, rtol=1e-6) @ self.scores

    @property
    def missed(self) -> float:
        """The largest error of the best vector."""
        return float((self.points @ self.vector - self.scores).abs().max())


UNFIT = [
    wrong(
        "flat",
        "You handed in one flat list of numbers. Asked is a list of inputs, [[x1, x2], ...], not "
        "the vector s.",
        lambda its: its.flat,
        [-4.0, 5.0],
    ),
    wrong(
        "shape",
        "Hand in inputs with two numbers each, at most {most}: [[x1, x2], ...]. Yours have "
        "shape {shape}.",
        lambda its: its.points.ndim != 2 or its.shape[1] != 2 or its.shape[0] > its.most,
    ),
    wrong(
        "range",
        "The numbers should lie between -{largest} and {largest}, yours reach {number}.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "kink",
        "{point} lies exactly on the border of two pieces, where one of the sums is 0. "
        "Take one inside the piece of (1, 3).",
        lambda its: bool((its.sums.abs() < 1e-9).any()),
    ),
]

MISTAKES = [
    wrong(
        "other_pieces",
        "Your inputs lie in different linear pieces: their gates differ. There the "
        "gradient may differ, too, so nothing is shown. Stay in one piece.",
        lambda its: bool(((its.sums > 0) != (its.sums[0] > 0)).any()),
        [[1.0, 3.0], [3.0, 1.0]],
    ),
    wrong(
        "not_this_piece",
        "This is another piece. Asked is that of (1, 3): gates off, on, on. (The lesson "
        "has shown it for the piece of (3, 1).)",
        lambda its: (its.sums[0] > 0).tolist() != GATES,
        [[3.0, 1.0], [6.0, 2.0]],
    ),
    wrong(
        "one_input",
        "One input is not enough: the vector {vector} gives its score exactly.",
        lambda its: its.missed < its.wanted and len(its.points.unique(dim=0)) == 1,
        [[1.0, 3.0]],
    ),
    wrong(
        "a_vector_fits",
        "The vector {vector} gives all your scores exactly. Your inputs lie on one "
        "straight line that misses the origin. Add an input beside the line.",
        lambda its: its.missed <= 1e-6,
        [[1.0, 3.0], [1.0, 4.0], [1.0, 5.0]],
    ),
    wrong(
        "near",
        "The best vector, {vector}, misses a score by {missed} only. Asked is at least "
        "{wanted}: take inputs that are farther apart.",
        lambda its: its.missed < its.wanted,
    ),
]

NO_VECTOR = claim_task(
    "08.5",
    Inputs,
    name="your inputs (P, 2)",
    right=[[1.0, 3.0], [2.0, 6.0]],
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "No vector can do it: the best one, {vector}, misses a score by {missed}. The third number "
        "that is missing is the bias of the piece."
    ),
    evidence="At your inputs {shown} the scores are {scores}.",
    hints=(
        "In this piece f(x) = -4 x1 + 5 x2 - 1. The vector has to make up for the -1 at every "
        "input. When is that impossible?",
        "Two numbers s1, s2 can fit two independent equations. So take more inputs, or two "
        "inputs whose equations contradict each other.",
        "If the second input is twice the first, s . x doubles, and f does not. Check the "
        "gates of both: x1 - x2 below 0, the other two sums above 0.",
    ),
)
