"""Task 03.5: two nets with one function and two DeepLIFT maps."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.compare import show, show_apart
from xaicourse.course.lessons.l03_relevance.nets import run
from xaicourse.course.lessons.l03_relevance.other_maps import rescale
from xaicourse.course.lessons.l03_relevance.own_nets import NET_FAULTS, NetClaim

__all__ = ["TWINS"]


class Twins(NetClaim):
    """Two nets and one input; the reference of DeepLIFT is 0."""

    asked = 0.1  # the maps differ by this share of the longer one
    same = 1e-4  # and the functions by less than this share of their size

    def read(self, answer: Any) -> None:
        """Take (first, second, x)."""
        part = self.parts(answer, "first", "second", "x")
        self.keep(part["x"], first=part["first"], second=part["second"])

    @cached_property
    def points(self) -> Tensor:
        """The input x, the way from 0 to x, a cloud, and clouds near 0 and near x, (P, D)."""
        generator = torch.Generator().manual_seed(0)
        draws = torch.rand((4000, self.shape[1]), generator=generator, dtype=torch.float64)
        cloud = self.wide * (2 * draws - 1)
        way = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None] * self.x
        return torch.cat([self.x, way, cloud, cloud / 10, self.x + cloud / 20])

    @cached_property
    def scores(self) -> Tensor:
        """What both nets give at the points, (2, P)."""
        return torch.stack([run(*net, self.points)[1][-1][:, 0] for net in self.nets])

    @cached_property
    def off(self) -> Tensor:
        """How far the scores are apart, as a share of the largest, (P,)."""
        return (self.scores[0] - self.scores[1]).abs() / (1 + self.scores[0].abs().max())

    @property
    def worst(self) -> Tensor:
        """The point at which they differ most."""
        return self.points[int(self.off.argmax())]

    @property
    def both(self) -> str:
        """The two scores at that point, with digits that tell them apart."""
        return " and ".join(show_apart(*self.scores[:, int(self.off.argmax())]))

    @property
    def is_of_the_lesson(self) -> bool:
        """Whether this is relu(relu(x1 - 1) - relu(x2)) of the lesson."""
        if self.shape[1] != 2:
            return False
        first, second = (self.points - torch.tensor([1.0, 0.0])).relu().T
        return bool(torch.allclose(self.scores[0], (first - second).relu()))

    @cached_property
    def maps(self) -> list[Tensor]:
        """The map of each net, (1, D)."""
        return [rescale(*net, self.x, 0 * self.x, torch.tensor([0])) for net in self.nets]

    @property
    def size(self) -> float:
        """The length of the longer map."""
        return max(float(one.norm()) for one in self.maps)

    @property
    def apart(self) -> float:
        """The length of the difference, as a share of the longer map."""
        return float((self.maps[0] - self.maps[1]).norm()) / max(self.size, 1e-12)

    @property
    def share(self) -> str:
        """The same in words."""
        return show(self.apart, 2)

    @property
    def shown(self) -> str:
        """Both maps in words."""
        return "first {}, second {}".format(*show_apart(*self.maps))


def net(before: float, behind: float) -> list[Any]:
    """Return relu(relu(x1 + before) + behind - relu(x2))."""
    return [([[1.0, 0.0], [0.0, 1.0]], [before, 0.0]), ([[1.0, -1.0]], [behind]), LAST]


# relu(relu(x1) - 2 - relu(x2)) and relu(relu(x1 - 2) - relu(x2)): below x1 = 2 both are 0.
LAST = ([[1.0]], [0.0])
RIGHT = {"first": net(0.0, -2.0), "second": net(-2.0, 0.0), "x": [[6.0, 1.0]]}
SHALLOW = [([[1.0, -1.0]], [-2.0]), LAST], [([[2.0, -2.0]], [-4.0]), ([[0.5]], [0.0])]
ZERO = [([[0.0, 0.0]], [0.0]), LAST]

UNFIT = [
    *NET_FAULTS,
    wrong(
        "same_at_x_only",
        "The nets agree at x, but not everywhere: at {worst} they give {both}. Twins compute the "
        "same function.",
        lambda its: float(its.off[0]) <= its.same < float(its.off.max()),
        RIGHT | {"second": net(0.0, -2.0)[:2]},
    ),
    wrong(
        "other_function",
        "The nets do not agree: at {worst} they give {both}. Twins compute the same function.",
        lambda its: float(its.off.max()) > its.same,
        RIGHT | {"second": net(-1.0, 0.0)},
    ),
]

MISTAKES = [
    wrong(
        "pair_of_the_lesson",
        "This function is that of the lesson. Find twins of your own: other weights, or a bias at "
        "other places.",
        lambda its: its.is_of_the_lesson,
        {"first": net(0.0, -1.0), "second": net(-1.0, 0.0), "x": [[3.0, 1.0]]},
    ),
    wrong(
        "nothing",
        "Both maps are 0, so there is nothing to compare. Choose an x for which the score rises.",
        lambda its: its.size <= 1e-3,
        RIGHT | {"first": ZERO, "second": ZERO},
    ),
    wrong(
        "one_hidden_layer",
        "The nets are twins with at most one hidden layer. There Rescale equals Integrated "
        "Gradients, and the map depends on the function only. Add a layer. See {section_twins}.",
        lambda its: its.apart < its.asked and max(len(net[0]) for net in its.nets) <= 2,
        RIGHT | dict(zip(("first", "second"), SHALLOW, strict=True)),
    ),
    wrong(
        "same_map",
        "The nets are twins, but for this x the difference of their maps is only {share} of the "
        "longer map (asked: {asked}). Move a bias or a part of the function to another layer, or "
        "choose another x.",
        lambda its: its.apart < its.asked,
        RIGHT | {"second": net(0.0, -2.0)},
    ),
]

TWINS = claim_task(
    "03.5",
    Twins,
    name="your answer (first, second, x)",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="The nets give the same score for every input, and DeepLIFT gives two maps: {shown}.",
    evidence="The maps: {shown}.",
    hints=(
        "With one hidden layer Rescale equals Integrated Gradients, which depends on the function "
        "only. So you need two hidden layers.",
        "Find one function that can be written with a bias at two places: subtract 1 before the "
        "second relu, or before the first one. When do both give 0?",
        "The lesson's relu(relu(x1) - 1 - relu(x2)) as layers: [([[1, 0], [0, 1]], [0, 0]), ([[1, "
        "-1]], [-1]), ([[1]], [0])]; in its twin the -1 moves to the first layer. Change a weight "
        "or the 1, then choose an x for which both maps are not 0.",
    ),
)
