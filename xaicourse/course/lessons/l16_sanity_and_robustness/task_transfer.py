"""Task 16.6: move the maps of another net, with a search of one's own."""

from functools import cached_property, lru_cache

import torch

from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import waves
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.datasets.fashion import fashion_mnist
from xaicourse.robustness.attack_map import attack_map
from xaicourse.robustness.ball import random_twin
from xaicourse.zoo.registry import load

__all__ = ["TRANSFER"]

EPS, STRONGEST, WANTED, PICTURES = 8 / 255, 50, 0.3, 4


@lru_cache(maxsize=1)
def given():
    """Return another net, some pictures that it gets right, and their classes."""
    net = load("fashion_residual")
    x, labels = fashion_mnist(n=12)
    right = net(x).argmax(1) == labels
    return net, x[right][:PICTURES], labels[right][:PICTURES]


def slopes(net, x, target):
    """Return the gradient of each input's own class."""
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(net(x)[torch.arange(len(x)), target].sum(), x)[0]


def strongest(net, x, target):
    """Return which 50 pixels are strongest in each gradient."""
    size = slopes(net, x, target).abs().flatten(1)
    return torch.zeros_like(size).scatter_(1, size.topk(STRONGEST, 1).indices, 1.0)


class Twins(Claim):
    """twins(model, x, target): inputs near x whose gradient has other strongest pixels."""

    def read(self, answer):
        """Call the answer on the residual net."""
        require_function(answer, self.what)
        self.net, self.x, self.target = given()
        asked = {"model": self.net, "x": self.x.clone(), "target": self.target.clone()}
        found = call(answer, asked, self.what)
        if found is None:
            refuse("general/returned_none", status="not_done")
        if found is Ellipsis:
            refuse("general/not_done", status="not_done")
        try:
            self.found = as_numbers(found).float()
        except Exception:
            refuse("general/wrong_type", kind=type(found).__name__, where=self.what)
        self.shape, self.wanted_shape = tuple(self.found.shape), tuple(self.x.shape)
        self.changed = not torch.equal(asked["x"], self.x)

    @property
    def farthest(self):
        """The largest change, in grey levels of 255."""
        return 255 * float((self.found - self.x).abs().max())

    @property
    def outside(self):
        return float(self.found.min()) < -1e-6 or float(self.found.max()) > 1 + 1e-6

    @property
    def lost(self):
        """How many twins lost their class."""
        return int((self.net(self.found).argmax(1) != self.target).sum())

    @cached_property
    def kept(self):
        """Which part of the 50 strongest pixels is still among them, mean over the pictures."""
        return self.kept_by(self.found)

    def kept_by(self, other):
        before = strongest(self.net, self.x, self.target)
        return float((before * strongest(self.net, other, self.target)).sum() / before.sum())

    @cached_property
    def by_chance(self):
        """The same for random signs."""
        return self.kept_by(random_twin(self.x, EPS))


def twins(model, x, target):
    """Return the twins of the package's search on a softplus stand-in."""
    return attack_map(model, x, target, k=STRONGEST, eps=EPS, steps=20, beta=20.0).x


def with_eps(eps):
    """Return a search in another ball."""

    def search(model, x, target):
        found = attack_map(model, x, target, k=STRONGEST, eps=eps, steps=6, beta=20.0)
        return found.x

    return search


def class_lost(model, x, target):
    """Climb down the score of the class, until it goes."""
    p = x.clone()
    for _ in range(8):
        p = p - EPS / 3 * slopes(model, p, target).sign()
        p = torch.minimum(torch.maximum(p, x - EPS), x + EPS).clamp(0, 1)
    return p


def two_layers(x, first, second):
    """Return scores (N, 10)."""
    return torch.relu(x.flatten(1) @ first) @ second


def small_call():
    """Return arguments of a call that takes no time."""
    first, second = waves(0.8, 784, 4).tolist(), waves(1.9, 4, 10).tolist()
    net = ProbeModel((1, 28, 28), two_layers, first, second)
    x = (0.5 + 0.4 * waves(1.3, 1, 1, 28, 28)).float()
    return {"model": net, "x": x, "target": torch.tensor([1])}


UNFIT = [
    wrong(
        "shape",
        "Your twins have the shape {shape}, the pictures {wanted_shape}.",
        lambda its: its.shape != its.wanted_shape,
    ),
    wrong("changed", "You changed x in place. Work on a copy.", lambda its: its.changed),
]

MISTAKES = [
    wrong(
        "too_far",
        "A pixel moved by {farthest} grey levels of 255. At most 8 are allowed.",
        lambda its: its.farthest > 8.13,  # half precision rounds by up to an eighth of a level
        with_eps(20 / 255),
    ),
    wrong(
        "outside",
        "Your twins leave [0, 1].",
        lambda its: its.outside,
        lambda model, x, target: x - EPS,
    ),
    wrong(
        "class_lost",
        "{lost} of your twins lost their class. Watch it on the net itself.",
        lambda its: its.lost > 0,
        class_lost,
    ),
    wrong(
        "not_moved",
        "All 50 strongest pixels stayed. A search on a ReLU net stays where it is: did you use a "
        "stand-in?",
        lambda its: its.kept > 0.999,
        lambda model, x, target: x,
    ),
    wrong(
        "as_random",
        "{kept} of the strongest pixels stayed; random signs leave {by_chance}. At most 0.3 is "
        "asked. Is the slope that of the loss, on a stand-in, and do you take enough steps?",
        lambda its: its.kept > WANTED,
        lambda model, x, target: random_twin(x, EPS),
    ),
]

TRANSFER = claim_task(
    "16.6",
    Twins,
    name="twins",
    right=twins,
    unfit=UNFIT,
    mistakes=MISTAKES,
    calls=(small_call(),),
    passed=(
        "Of the 50 strongest pixels {kept} stayed (random signs: {by_chance}), and every class."
    ),
    hints=(
        "Three functions for move: the score is the share of the gradient on the pixels that were "
        "strongest at x, on the net itself; its slope is that of the stand-in; the class is the "
        "net's.",
        "stand_in(model, beta) of the lesson makes the softplus net. The slope of a share needs "
        "create_graph=True in the inner gradient.",
        "Section 4 has all three for the other net: copy the cell, with model and target in place "
        "of net and labels. 20 steps of eps / 8, beta 20.",
    ),
)
