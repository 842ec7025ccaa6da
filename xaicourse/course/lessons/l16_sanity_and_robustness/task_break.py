"""Task 16.4: a map of sensitivity 0 that knows the model and the class, and nothing of x."""

from functools import cached_property

import torch

from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import waves
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import as_numbers, refuse

__all__ = ["BREAK_IT"]

RADIUS, DRAWS = 0.1, 8


def probe(turn):
    """Return a smooth net (N, 4) -> (N, 3)."""
    inner, outer = waves(turn, 4, 5).double(), waves(turn + 0.6, 5, 3).double()

    def model(x):
        return torch.tanh(x @ inner.to(x) + 0.2) @ outer.to(x) + (x @ outer[:4].to(x)) ** 2

    return model


def share(change, whole):
    """Return how long a change is, as a share; a map of 0 changes by all of it."""
    return float(change.norm() / whole.norm().clamp_min(1e-12))


class Stable(Claim):
    """stable(model, x, target): what its maps are, and what makes them move."""

    def read(self, answer):
        """Explain two nets, two classes, three inputs and their neighbours."""
        require_function(answer, self.what)
        self.answer = answer
        self.x = waves(1.1, 3, 4).double()
        self.map = self.of(probe(0.8), self.x, 0)
        self.again = self.of(probe(0.8), self.x, 0)
        self.other_class = self.of(probe(0.8), self.x, 2)
        self.other_model = self.of(probe(1.7), self.x, 0)

    def of(self, model, x, target):
        """Return the maps of the answer, (N, 4)."""
        where = "inputs of shape (3, 4)"
        given = x.clone()
        found = call(self.answer, {"model": model, "x": given, "target": target}, where)
        if not torch.equal(given.detach(), x):
            refuse("general/changes_input", name="x")
        if found is None:
            refuse("general/returned_none", status="not_done")
        if found is Ellipsis:
            refuse("general/not_done", status="not_done")
        try:
            return as_numbers(found)
        except Exception:
            refuse("general/wrong_type", kind=type(found).__name__, where=where)

    @property
    def shape(self):
        return tuple(self.map.shape)

    @cached_property
    def moves(self):
        """The largest sensitivity of the three inputs."""
        found = []
        for k in range(DRAWS):
            draw = waves(0.6 + 0.37 * k, 3, 4).double()
            change = self.of(probe(0.8), self.x + RADIUS * draw, 0) - self.map
            found += [share(c, m) for c, m in zip(change, self.map, strict=True)]
        return max(found)

    @cached_property
    def of_the_gradient(self):
        """The same for the gradient: what is to be beaten."""
        mine, self.answer = self.answer, gradient
        whole = self.of(probe(0.8), self.x, 0)
        found = []
        for k in range(DRAWS):
            draw = waves(0.6 + 0.37 * k, 3, 4).double()
            change = self.of(probe(0.8), self.x + RADIUS * draw, 0) - whole
            found += [share(c, m) for c, m in zip(change, whole, strict=True)]
        self.answer = mine
        return max(found)

    @property
    def finite(self):
        return bool(torch.isfinite(self.map).all())

    @property
    def empty(self):
        """Whether a map is 0."""
        return bool((self.map.abs().amax(1) < 1e-12).any())

    @property
    def even(self):
        """Whether all numbers of each map are alike."""
        return bool((self.map - self.map[:, :1]).abs().max() < 1e-9)

    @property
    def sees_model(self):
        return share(self.map - self.other_model, self.map) > 0.05

    @property
    def sees_class(self):
        return share(self.map - self.other_class, self.map) > 0.05


def gradient(model, x, target):
    """Return the gradient."""
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(model(x)[:, target].sum(), x)[0]


def stable(model, x, target):
    """Return the gradient at 0, whatever x is."""
    return gradient(model, torch.zeros_like(x), target)


def weights_alone(model, x, target):
    return torch.arange(1.0, 5.0).expand(3, 4) * (1 + target)


def class_blind(model, x, target):
    return sum(gradient(model, torch.zeros_like(x), k) for k in range(3))


def smoothed(model, x, target):
    draws = [0.3 * waves(0.4 + 0.1 * k, *x.shape).to(x) for k in range(30)]
    return sum(gradient(model, x + draw, target) for draw in draws) / 30


def tiny(model, x, target):
    return 1e-3 * gradient(model, x, target)


UNFIT = [
    wrong(
        "shape",
        "For three inputs with four numbers your maps have the shape {shape}. Asked is (3, 4).",
        lambda its: its.shape != (3, 4),
    ),
    wrong("finite", "Your maps hold NaN or infinity.", lambda its: not its.finite),
]

MISTAKES = [
    wrong(
        "a_map_of_zeros",
        "A map of zeros: its sensitivity is 0 divided by 0. Return a map that says something.",
        lambda its: its.empty,
        lambda model, x, target: torch.zeros_like(x),
    ),
    wrong(
        "even_map",
        "All numbers of your map are alike: it ranks no feature. Return one that does.",
        lambda its: its.even,
        lambda model, x, target: torch.ones_like(x),
    ),
    wrong(
        "made_small",
        "The sensitivity is {moves}, just that of the gradient at x. A factor would not change it, "
        "for it is a share of the map: the map itself must not follow x.",
        lambda its: abs(its.moves - its.of_the_gradient) < 1e-6,
        tiny,
    ),
    wrong(
        "by_chance",
        "Asked twice about the same x your map is another one each time. Chance moves it, too: "
        "its sensitivity is {moves}.",
        lambda its: share(its.again - its.map, its.map) > 1e-6,
        lambda model, x, target: torch.rand_like(x),
    ),
    wrong(
        "still_moves",
        "The sensitivity is {moves} (the gradient has {of_the_gradient}). It must be 0: the map "
        "may not depend on x at all, or only in jumps that nobody meets.",
        lambda its: its.moves > 1e-6,
        smoothed,
    ),
    wrong(
        "no_model",
        "The sensitivity is 0, but another model has the same map. It would fail the "
        "randomisation test at once. Where does the model come in?",
        lambda its: not its.sees_model,
        weights_alone,
    ),
    wrong(
        "no_class",
        "The sensitivity is 0, but all classes have the same map. Use target.",
        lambda its: not its.sees_class,
        class_blind,
    ),
]

BREAK_IT = claim_task(
    "16.4",
    Stable,
    name="stable",
    right=stable,
    unfit=UNFIT,
    mistakes=MISTAKES,
    calls=({"model": probe(0.8), "x": waves(1.1, 3, 4).double(), "target": 0},),
    passed=(
        "Sensitivity 0 (the gradient has {of_the_gradient}), another map for another model and for "
        "another class. And it explains nothing about x."
    ),
    hints=(
        "The sensitivity compares maps of neighbours. Which maps cannot differ?",
        "It must know the model and the class. It need not know x.",
        "Take the gradient of the class at one fixed place, such as 0, whatever x is: start = "
        "torch.zeros_like(x).requires_grad_(True).",
    ),
)
