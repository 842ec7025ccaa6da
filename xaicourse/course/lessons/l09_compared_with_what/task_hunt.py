"""Task 09.4: submit an input that convicts each of three wrong bodies of Expected Gradients."""

from functools import cached_property, partial

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import distance, show
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.lessons.l09_compared_with_what.bugs import bug_a, bug_b, bug_c

__all__ = ["BUG_HUNT"]

CONVICTED = 0.05  # map or error is wrong by this much, relative to the larger
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}


class Evidence(Claim):
    """An input (f, x, references, alphas), and what it shows of one body."""

    names = ("f", "x", "references", "alphas")
    largest, most = 10.0, 50

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    def read(self, answer):
        """Keep f, x (1, D), the references (n, D) and the places (n,)."""
        part = self.parts(answer, *self.names)
        self.x = to_rows(part["x"], "x", self.what)
        self.references = to_rows(part["references"], "references", self.what)
        self.alphas = to_rows(part["alphas"], "alphas", self.what).flatten()
        self.n, self.size = len(self.references), tuple(self.x.shape[1:])
        self.places = len(self.alphas)
        self.f = OwnFunction(part["f"], self.x, self.what)

    def steady(self):
        """f must be plain and stay the same."""
        return self.f.steady(torch.cat([self.x, self.references])[:9])

    @property
    def number(self):
        """The largest number of the input."""
        return float(torch.cat([self.x, self.references]).abs().max())

    @cached_property
    def slopes(self):
        """The gradient of each draw, (n, D)."""
        places = self.alphas.view(-1, 1)
        return self.f.gradient(self.references + places * (self.x - self.references))

    @cached_property
    def shares(self):
        """What each draw gives, (n, D)."""
        return (self.x - self.references) * self.slopes

    @cached_property
    def truth(self):
        """The map and its error, (2, D)."""
        found = self.shares
        return torch.stack([found.mean(0), found.std(0) / self.n**0.5])

    @cached_property
    def yours(self):
        """What the body gives, (2, D)."""
        return BUGS[self.bug](self.f.gradient, self.x, self.references, self.alphas)

    @cached_property
    def error(self):
        return distance(self.truth, self.yours)

    @property
    def off(self):
        return f"{100 * self.error:.1g} %"

    @property
    def both(self):
        """What the body gives, and what is right; nothing where they look alike."""
        given, right = show(self.yours), show(self.truth)
        if given == right:
            return ""
        return f"Function {self.bug} gives {given}; right is {right} (the map, then its error)."


def same(values):
    """Say whether all of (n, ...) are alike."""
    return bool((values - values[:1]).abs().max() < 1e-9)


# ---------------------------------------------------------------- what hides a mistake


def line(points):
    return 2 * points[:, 0] + points[:, 1]


def product(points):
    return points[:, 0] * points[:, 1]


def constant(points):
    return (0 * points).sum(1) + 3


X, SET, PLACES = [2.0, 1.0], [[0.0, 0.0], [1.0, 3.0], [3.0, 0.0]], [0.9, 0.2, 0.6]
RIGHT = {
    "a": (product, X, SET, PLACES),
    "b": (product, X, SET, PLACES),
    "c": (line, [1.0, 1.0], [[0.0, 0.5], [2.0, 3.0], [0.5, 1.5]], [0.5, 0.5, 0.5]),
}


def hides(name, bugs, says, when, **change):
    """Return what hides these bugs; its example changes the right input for the first of them."""
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.error < CONVICTED and its.bug in bugs and when(its),
        RIGHT | {bugs[0]: dict(zip(Evidence.names, RIGHT[bugs[0]], strict=True)) | change},
    )


NO_EFFECT = "this mistake has no effect."

UNFIT = [
    wrong(
        "one_input",
        "Input {bug}: x must be one input, a list of numbers.",
        lambda its: len(its.x) != 1 or its.x.ndim != 2,
    ),
    wrong(
        "references",
        "Input {bug}: references is a list of n lists, each with as many numbers as x.",
        lambda its: tuple(its.references.shape) != (its.n, *its.size),
    ),
    wrong(
        "draws",
        "Input {bug}: the number of references is {n}, that of places {places}. Both must be the "
        "same, from 2 to {most}.",
        lambda its: its.places != its.n or not 2 <= its.n <= its.most,
    ),
    wrong(
        "places",
        "Input {bug}: places lie between 0 and 1.",
        lambda its: bool((its.alphas < 0).any() or (its.alphas > 1).any()),
    ),
    wrong(
        "range",
        "Input {bug}: all numbers lie between -{largest} and {largest}, yours reach {number}.",
        lambda its: its.number > its.largest,
    ),
]

MISTAKES = [
    hides(
        "no_way",
        "abc",
        "all references are x itself. Then every result is 0.",
        lambda its: not (its.x - its.references).any(),
        references=[X, X, X],
    ),
    hides(
        "constant",
        "abc",
        "f does not change with its inputs. Then every result is 0.",
        lambda its: not its.slopes.any(),
        f=constant,
    ),
    hides(
        "equal_references",
        "ab",
        f"all references are alike, so {NO_EFFECT}",
        lambda its: same(its.references),
        references=[[0.0, 0.0]] * 3,
    ),
    hides(
        "equal_places",
        "b",
        f"all places are alike, so {NO_EFFECT}",
        lambda its: same(its.alphas),
        alphas=[0.5, 0.5, 0.5],
    ),
    hides(
        "sorted_places",
        "b",
        f"your places rise from draw to draw, and there {NO_EFFECT} Compare the order of the draws "
        "with what the function does to it.",
        lambda its: bool((its.alphas.diff() >= 0).all()),
        alphas=[0.2, 0.6, 0.9],
    ),
    hides(
        "straight",
        "ab",
        f"where the slope of f is the same everywhere, {NO_EFFECT} Try a product.",
        lambda its: same(its.slopes),
        f=line,
    ),
    hides(
        "one_sign",
        "c",
        f"in each input all draws have the same sign, so {NO_EFFECT} Where must the references "
        "lie, so that x minus reference has both signs?",
        lambda its: bool(((its.shares >= 0).all(0) | (its.shares <= 0).all(0)).all()),
        references=[[0.0, 0.5], [0.5, 0.0], [-1.0, -1.0]],
    ),
    wrong(
        "not_convicted",
        "Function {bug} is off by only {off}.",
        lambda its: its.error < CONVICTED,
    ),
]

BUG_HUNT = claim_task(
    "09.4",
    {bug: partial(Evidence, bug) for bug in BUGS},
    name="09.4",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="All three functions are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="{both}",
    hints=(
        "Read each function beside the formula of section 3. What is multiplied within a draw? "
        "Which place belongs to which reference? Of what is the error taken?",
        "Where the slope is the same everywhere, two of the mistakes do not show. The third shows "
        "where the draws of an input have both signs.",
        "a and b: f = x1 * x2, three different references, places that do not rise. c: a linear f, "
        "with references on both sides of x.",
    ),
    bugs=BUGS,
)
