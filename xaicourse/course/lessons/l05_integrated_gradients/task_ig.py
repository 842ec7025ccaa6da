"""Tasks 05.2 and 05.7: Integrated Gradients of a logit and of a probability."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l05_integrated_gradients import wrong_paths as wrong
from xaicourse.course.lessons.l05_integrated_gradients.path import Probe
from xaicourse.course.lessons.l05_integrated_gradients.path_grader import PathGrader, as_answer

__all__ = ["IG_OF_LOGIT", "IG_OF_PROBABILITY", "LOGIT_GRADER", "PROBABILITY_GRADER"]


# ---------------------------------------------------------------- models, (N, ...) -> (N, 3)


def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x @ weight + bias


def _cubic(x: Tensor) -> Tensor:
    a, b, c = x.unbind(1)
    explained = b - a / 2 - a * c / 2 - a**2 * b / 2 - c**3 / 4
    return torch.stack([0.5 * b - a * c, explained, a - 0.4 * c * b**2], 1)


def _ridge(x: Tensor) -> Tensor:
    """Class 2: three times the sigmoid of 4 x1 + 2 x2 - x3 - 2."""
    a, b, c = x.unbind(1)
    bend = torch.sigmoid(4 * a + 2 * b - c - 2)
    return torch.stack([a * b - c, 0.6 * b - 0.5 * a * c, 3 * bend], 1)


def _net(x: Tensor, first: Tensor, bias: Tensor, second: Tensor) -> Tensor:
    return torch.tanh(x @ first + bias) @ second


def _pictures(x: Tensor, weight: Tensor) -> Tensor:
    """Three quadratic scores of a picture (N, 3, 2, 4); neighbours interact."""
    pairs = x * x.roll(1, dims=-1)  # (N, 3, 2, 4)
    features = torch.cat([x.flatten(1), pairs.flatten(1)], 1)  # (N, 48)
    return features @ weight


def _wide(x: Tensor) -> Tensor:
    """Four scores of any number of features; the neighbours interact."""
    count = x[0].numel()
    weight = torch.sin(torch.arange(4.0 * count) * 1.3).reshape(count, 4).to(x)
    flat = x.flatten(1)
    return torch.tanh(flat @ weight / 3) + 0.2 * (flat * flat.roll(1, 1)) @ weight


def _one_score(x: Tensor) -> Tensor:
    """One class only, (N, 1)."""
    return torch.tanh(x[:, :1] - x[:, 1:2] * x[:, 2:])


def _log_of_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Scores whose softmax is linear in x, because the three columns of p sum to 1."""
    return torch.log(x @ weight + bias)


# ---------------------------------------------------------------- probes

_X = torch.tensor([[1.0, -0.8, 1.5], [-0.6, 1.2, 0.5]])
_START = torch.tensor([[-0.5, 0.4, 0.3], [0.7, 0.5, -1.0]])
_X3 = torch.tensor([[1.2, -0.7, 0.9], [-0.8, 1.1, 0.4], [0.6, 1.5, -1.1]])
_START3 = torch.tensor([[-0.4, 0.5, -0.3], [0.5, 0.2, -0.9], [-0.7, -0.6, 0.8]])

_linear_model = ProbeModel(
    (3,), _linear, [[0.5, 2.0, -1.0], [1.0, -1.5, 0.5], [-0.7, 0.8, 1.2]], [0.3, -0.5, 0.9]
)
_net_model = ProbeModel(
    (3,),
    _net,
    [[1.1, -0.9, 0.4, 0.8], [-0.6, 0.7, 1.3, -0.5], [0.9, 0.5, -0.8, 1.2]],
    [0.2, -0.4, 0.1, 0.3],
    [[1.5, -1.2, 0.6], [-0.8, 1.9, -1.1], [1.0, 0.7, -1.6], [-1.3, 0.4, 1.7]],
)
_picture_weights = torch.sin(torch.arange(144.0) * 1.7).reshape(48, 3).mul(0.5).tolist()
_picture_model = ProbeModel((3, 2, 4), _pictures, _picture_weights)
_picture = torch.cos(torch.arange(48.0) * 2.3).reshape(2, 3, 2, 4)
_picture_start = torch.sin(torch.arange(48.0) * 0.9).reshape(2, 3, 2, 4) * 0.5
_own_targets = torch.tensor([2, 0, 1])


def _waves(*shape: int, turn: float) -> Tensor:
    return torch.cos(torch.arange(float(torch.Size(shape).numel())) * turn).reshape(shape)


_many, _many_start = _waves(5, 6, turn=1.1), _waves(5, 6, turn=2.7) / 2
_grey, _grey_start = _waves(2, 1, 3, 2, turn=0.7), _waves(2, 1, 3, 2, turn=1.9) / 2

_LOGIT_CORE = (
    Probe("linear", _linear_model, _X, _START, 1, steps=20, exact=True),
    Probe("linear", _linear_model, _X, _START, 1, steps=2, exact=True),
    Probe("cubic", ProbeModel((3,), _cubic), _X3, _START3, 1),
    Probe("sigmoid", ProbeModel((3,), _ridge), _X, _START, 2),
    Probe("net", _net_model, _X3, _START3, 2),
)
# the core has shown that the sum is right
_COARSE: dict[str, Any] = {"steps": 50, "fewer": 0, "tolerance": 0.04}
_COARSE_ODD: dict[str, Any] = _COARSE | {"steps": 51}
_SHAPES = (
    Probe("one_input", _net_model, _X3[:1], _START3[:1], 2, **_COARSE),
    Probe("many", ProbeModel((6,), _wide), _many, _many_start, 3, **_COARSE),
    Probe("odd_steps", _net_model, _X3, _START3, 2, **_COARSE_ODD),
    Probe("float64", _net_model, _X3.double(), _START3.double(), 2, **_COARSE),
    Probe("grey", ProbeModel((1, 3, 2), _wide), _grey, _grey_start, 1, **_COARSE),
    Probe("own_targets", _net_model, _X3, _START3, _own_targets, **_COARSE),
    Probe("picture", _picture_model, _picture, _picture_start, 1, **_COARSE),
)

_ONE_CLASS = Probe("one_class", ProbeModel((3,), _one_score), _X3[:1], _START3[:1], 0, **_COARSE)

_linear_chance = ProbeModel(
    (3,),
    _log_of_linear,
    [[0.10, -0.04, -0.06], [-0.08, 0.12, -0.04], [0.05, 0.06, -0.11]],
    [0.35, 0.30, 0.35],
)
_PROBABILITY_CORE = (
    Probe("linear_chance", _linear_chance, _X, _START, 1, steps=20, exact=True),
    Probe("linear_chance", _linear_chance, _X, _START, 1, steps=2, exact=True),
    Probe("cubic", ProbeModel((3,), _cubic), _X3, _START3, 1),
    Probe("sigmoid", ProbeModel((3,), _ridge), _X, _START, 2),
    Probe("net", _net_model, _X3, _START3, 2),
)


# ---------------------------------------------------------------- references


def my_ig(model, x, target, baseline, steps):
    """Return the integrated gradients of x by the midpoint rule, one step after the other."""
    total = torch.zeros_like(x)
    for step in range(steps):
        alpha = (step + 0.5) / steps
        point = (baseline + alpha * (x - baseline)).detach().requires_grad_(True)
        rows = torch.arange(len(x))
        score = model(point)[rows, target]  # (N,): one int or one target a row
        total += torch.autograd.grad(score.sum(), point)[0]
    return (x - baseline) * total / steps


def my_ig_probability(model, x, target, baseline, steps):
    """Return the integrated gradients of the target's probability."""
    return my_ig(lambda point: model(point).softmax(dim=1), x, target, baseline, steps)


# ---------------------------------------------------------------- tasks


def _named(*groups) -> dict:
    return {function.__name__: function for group in groups for function in group}


_EVERYWHERE = (
    wrong.WRONG_FACTORS,
    wrong.WRONG_GRADIENTS,
    wrong.WRONG_SUMS,
    wrong.WRONG_SIGNS,
    wrong.WRONG_SIZES,
    wrong.WRONG_ROWS,
    wrong.WRONG_TARGETS,
)

LOGIT_GRADER = PathGrader(
    "05.2",
    _LOGIT_CORE,
    (*_SHAPES, _ONE_CLASS),
    _named(*_EVERYWHERE, wrong.WRONG_CLASSES),
)
PROBABILITY_GRADER = PathGrader(
    "05.7",
    _PROBABILITY_CORE,
    _SHAPES,
    _named(*_EVERYWHERE, wrong.WRONG_PROBABILITIES),
    probability=True,
)

IG_OF_LOGIT = Task(
    id="05.2",
    grade=LOGIT_GRADER,
    reference=my_ig,
    misconceptions={
        name: as_answer(function) for name, function in LOGIT_GRADER.misconceptions.items()
    },
)
IG_OF_PROBABILITY = Task(
    id="05.7",
    grade=PROBABILITY_GRADER,
    reference=my_ig_probability,
    misconceptions={
        name: as_answer(function, probability=True)
        for name, function in PROBABILITY_GRADER.misconceptions.items()
    },
)
