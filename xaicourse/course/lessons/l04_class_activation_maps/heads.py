"""Heads behind feature maps: the cases of task 04.4."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.path_probe import ProbeModel

__all__ = ["CASES"]


def additive(A, weight):
    """Add up all inputs, each with a weight."""
    return A.flatten(1) @ weight + 2.0


def curved(A, weight):
    """Bend the sums."""
    flat = A.flatten(1)
    return 2 * torch.tanh(0.4 * flat @ weight) + 0.3 * (flat @ weight.flip(0)).square()


def maps_of(name, says, size, function, place, turn):
    """Return a case; its target is never the best class, but the last, the next to last ..."""
    head = ProbeModel(size, function, waves(turn, torch.Size(size).numel(), 4).tolist())
    A = (waves(turn + 1, 1, *size) + 0.4).relu()
    return case(name, says, head=head, A=A, target=int(head(A)[0].argsort()[place]))


CASES = (
    maps_of(
        "additive",
        "a head that adds up its inputs, two feature maps of 2 x 3 cells",
        (2, 2, 3), additive, 2, 1.3,
    ),
    maps_of(
        "curved", "a curved head, three feature maps of 3 x 2 cells", (3, 3, 2), curved, 1, 0.8
    ),
    maps_of("wide", "a curved head, four feature maps of 2 x 4 cells", (4, 2, 4), curved, 0, 2.1),
)  # fmt: skip
