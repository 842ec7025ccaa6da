"""Task 16.5: submit inputs that convict three wrong tools."""

from functools import cached_property

import torch

from xaicourse.course.grading.calling import call
from xaicourse.course.grading.claims import Claim, ClaimGrader, EachClaim, wrong
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l16_sanity_and_robustness.bugs import bug_a, bug_b, bug_c

__all__ = ["BUG_HUNT"]

LEAST = 0.1  # by how much b must be wrong
NEAR = 0.2  # how far a stand-in may be from the net
MOST = 10.0  # all numbers of c lie between -10 and 10


def numbers(value, what, name):
    """Return numbers as a tensor, or say which part is none."""
    try:
        found = as_numbers(value)
    except Exception:
        refuse("general/wrong_type", kind=type(value).__name__, where=f"{what}, {name}")
    if not bool(torch.isfinite(found).all()):
        refuse("general/not_finite", where=f"{what}, {name}")
    return found


class Shapes(Claim):
    """Input a: the shapes of the layers."""

    def read(self, answer):
        """Read pairs of whole numbers."""
        found = numbers(answer, self.what, "shapes")
        self.pairs = found.ndim == 2 and found.shape[1] == 2 and len(found) > 0
        self.shapes = found.long().tolist() if self.pairs else []
        whole = [size for pair in self.shapes for size in pair]
        self.small = self.pairs and min(whole) >= 1 and max(whole) <= 100 and len(found) <= 20
        self.whole = self.small and bool((found == found.round()).all())

    @cached_property
    def weights(self):
        """What the body gives for a seed."""
        return bug_a(self.shapes, 0)

    @property
    def layers(self):
        return len(self.shapes)

    @property
    def equal(self):
        """Whether two layers got the same weights."""
        pairs = [(a, b) for k, a in enumerate(self.weights) for b in self.weights[:k]]
        return any(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


class Maps(Claim):
    """Input b: the map of the trained net, and those after 1, 2, ... layers."""

    def read(self, answer):
        """Read a list of maps."""
        self.maps = numbers(answer, self.what, "maps")
        self.fits = self.maps.ndim == 2 and len(self.maps) >= 2 and self.maps.shape[1] >= 1
        self.filled = self.fits and bool((self.maps.norm(dim=1) > 1e-9).all())

    @property
    def truth(self):
        """The mean cosine of the maps of drawn layers."""
        first = self.maps[:1].expand_as(self.maps[1:])
        return float(torch.cosine_similarity(first, self.maps[1:], dim=1).mean())

    @property
    def yours(self):
        return bug_b(self.maps)

    @property
    def off(self):
        return abs(self.yours - self.truth)


class Classes(Claim):
    """Input c: a net, its stand-in, an input and its twin."""

    names = ("net", "stand_in", "x", "twin")

    def read(self, answer):
        """Call both nets at both inputs."""
        part = self.parts(answer, *self.names)
        self.points = [
            numbers(part[name], self.what, name).reshape(1, -1) for name in ("x", "twin")
        ]
        self.same_size = self.points[0].shape == self.points[1].shape
        self.number = max(float(point.abs().max()) for point in self.points)
        self.says = {}
        for name in ("net", "stand_in"):
            if not callable(part[name]):
                refuse("general/not_a_function", kind=type(part[name]).__name__, name=name)
            self.says[name] = [self.scores(part[name], name, point) for point in self.points]
        self.many = self.says["net"][0].shape[1]

    def scores(self, function, name, point):
        """Return the scores (1, K) at a point."""
        where = f"{self.what}, {name}"
        found = call(function, {"p": point.clone()}, where)
        found = numbers(found, where, "scores")
        if found.ndim != 2 or len(found) != 1 or found.shape[1] < 2:
            refuse(
                "general/wrong_shape", shape=tuple(found.shape), expected="(1, K), K above 1",
                where=where,
            )  # fmt: skip
        return found

    @property
    def alike(self):
        return all(a.shape == b.shape for a, b in zip(*self.says.values(), strict=True))

    @property
    def far(self):
        """How far the stand-in is from the net."""
        both = zip(*self.says.values(), strict=True)
        return max(float((a - b).abs().max()) for a, b in both)

    def keeps(self, name):
        """Whether this net gives both the same class."""
        a, b = (int(scores.argmax(1)) for scores in self.says[name])
        return a == b

    @property
    def tie(self):
        """Whether the net has two best classes at a point."""
        tops = [scores.topk(2, 1).values[0] for scores in self.says["net"]]
        return any(float(top[0] - top[1]) < 1e-6 for top in tops)


def kinked(p):
    """Two classes: the second wins where relu(p - 1) is above 0.02."""
    return torch.stack([0 * p[:, 0] + 0.02, torch.relu(p[:, 0] - 1)], 1)


def rounded(p):
    """The same with softplus."""
    return torch.stack([0 * p[:, 0] + 0.02, torch.nn.functional.softplus(p[:, 0] - 1, 5)], 1)


RIGHT = {
    "a": [[3, 3], [3, 3]],
    "b": [[1.0, 0.0], [0.0, 1.0]],
    "c": (kinked, rounded, [0.9], [1.1]),
}

A = [
    wrong("pairs", "Input a: shapes is a list of pairs, such as [[4, 3], [2, 4]].",
          lambda its: not its.pairs),
    wrong("sizes", "Input a: at most 20 layers, with whole numbers from 1 to 100.",
          lambda its: not its.whole),
    wrong("one_layer", "Input a: with one layer there is nothing to compare.",
          lambda its: its.layers < 2, {"a": [[3, 3]]}),
    wrong("no_equal_shapes", "Input a: no two of your {layers} layers get the same weights. When "
          "do two draws with the same seed look alike?", lambda its: not its.equal,
          {"a": [[4, 3], [2, 4]]}),
]  # fmt: skip
B = [
    wrong("list_of_maps", "Input b: maps is a list of at least two maps of equal length, the first "
          "is that of the trained net.", lambda its: not its.fits),
    wrong("empty_map", "Input b: a map of zeros has no direction.", lambda its: not its.filled,
          {"b": [[1.0, 0.0], [0.0, 0.0]]}),
    wrong("all_alike", "Input b: all maps point the same way, so each mean is 1.",
          lambda its: its.truth > 1 - 1e-9, {"b": [[1.0, 2.0], [1.0, 2.0]]}),
    wrong("not_convicted", "Input b: function b gives {yours}, right is {truth}. That is off by "
          "less than 0.1. How many maps do you need, and how unlike the first?",
          lambda its: its.off < LEAST, {"b": [[1.0, 0.0]] + [[0.9, 0.3]] * 6}),
]  # fmt: skip
C = [
    wrong("sizes_of_points", "Input c: x and twin must have as many numbers.",
          lambda its: not its.same_size),
    wrong("range", "Input c: the numbers of x and twin lie between -10 and 10.",
          lambda its: its.number > MOST),
    wrong("as_many_classes", "Input c: net and stand-in must have as many classes.",
          lambda its: not its.alike),
    wrong("no_stand_in", "Input c: your stand-in is {far} away from the net, at most 0.2 is "
          "allowed. A softplus net is near its ReLU net.", lambda its: its.far > NEAR,
          {"c": (kinked, lambda p: kinked(p) + 5 * p, [0.9], [1.1])}),
    wrong("a_tie", "Input c: the net has two best classes at a point. Move it off the border.",
          lambda its: its.tie, {"c": (kinked, rounded, [0.9], [1.02])}),
    wrong("both_agree", "Input c: net and stand-in agree about the twin, so function c is right. "
          "Look for a border that one of them crosses.",
          lambda its: its.keeps("net") == its.keeps("stand_in"),
          {"c": (kinked, rounded, [0.5], [3.0])}),
]  # fmt: skip

LINES = {"a": (Shapes, A), "b": (Maps, B), "c": (Classes, C)}


def split(lines):
    """Return the lines without an example and those with one."""
    without = [line for line in lines if line.example is None]
    return without, [line for line in lines if line.example is not None]


def hunt():
    """Return the task: each input is judged by a table of its own."""
    graders = {
        name: ClaimGrader("16.5", read, *split(lines)) for name, (read, lines) in LINES.items()
    }
    refused, named = split([line for _, lines in LINES.values() for line in lines])
    return Task(
        "16.5",
        EachClaim("16.5", graders),
        reference=RIGHT,
        misconceptions={line.name: RIGHT | line.example for line in named},
        words={
            "name": "16.5",
            "passed": "All three functions are convicted.",
            "progress": "Convicted: {done}. {reason}",
            "refused": {line.name: line.says for line in refused},
            "misconceptions": {line.name: line.says for line in named},
            "hints": HINTS,
        },
        bugs={"a": bug_a, "b": bug_b, "c": bug_c},
    )


HINTS = [
    "a: what does a new generator with the same seed draw? b: what is the cosine of the first map "
    "with itself? c: whose class is asked for?",
    "a: two layers of one shape. b: few maps, and the second unlike the first. c: a net and a "
    "stand-in with slightly different borders.",
    "a: [[3, 3], [3, 3]]. b: [[1, 0], [0, 1]]. c: relu(p - 1) against 0.02, its softplus as "
    "stand-in, x = 0.9, twin = 1.1.",
]
BUG_HUNT = hunt()
