"""Tasks 05.2 and 05.7: Integrated Gradients of a logit and of a probability."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.lessons.l05_integrated_gradients.path import Probe
from xaicourse.course.lessons.l05_integrated_gradients.path_grader import path_task
from xaicourse.course.lessons.l05_integrated_gradients.wrong_numbers import (
    WRONG_LOGITS,
    WRONG_PROBABILITIES,
)

__all__ = ["IG_OF_LOGIT", "IG_OF_PROBABILITY"]


# ---------------------------------------------------------------- models, (N, ...) -> (N, K)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x @ weight + bias


def log_of_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Scores whose softmax is linear in x, because the three columns of p sum to 1."""
    return torch.log(x @ weight + bias)


def cubic(x: Tensor) -> Tensor:
    a, b, c = x.unbind(1)
    explained = b - a / 2 - a * c / 2 - a**2 * b / 2 - c**3 / 4
    return torch.stack([0.5 * b - a * c, explained, a - 0.4 * c * b**2], 1)


def ridge(x: Tensor) -> Tensor:
    """Class 2: three times the sigmoid of 4 x1 + 2 x2 - x3 - 2."""
    a, b, c = x.unbind(1)
    bend = torch.sigmoid(4 * a + 2 * b - c - 2)
    return torch.stack([a * b - c, 0.6 * b - 0.5 * a * c, 3 * bend], 1)


def net(x: Tensor, first: Tensor, bias: Tensor, second: Tensor) -> Tensor:
    return torch.tanh(x @ first + bias) @ second


def pictures(x: Tensor, weight: Tensor) -> Tensor:
    """Three quadratic scores of a picture (N, 3, 2, 4); neighbours interact."""
    pairs = x * x.roll(1, dims=-1)  # (N, 3, 2, 4)
    return torch.cat([x.flatten(1), pairs.flatten(1)], 1) @ weight  # (N, 48) @ (48, 3)


def wide(x: Tensor) -> Tensor:
    """Four scores of any number of features; the neighbours interact."""
    count = x[0].numel()
    weight = torch.sin(torch.arange(4.0 * count) * 1.3).reshape(count, 4).to(x)
    flat = x.flatten(1)
    return torch.tanh(flat @ weight / 3) + 0.2 * (flat * flat.roll(1, 1)) @ weight


def one_score(x: Tensor) -> Tensor:
    """One class only, (N, 1)."""
    return torch.tanh(x[:, :1] - x[:, 1:2] * x[:, 2:])


LINEAR = ProbeModel(
    (3,), linear, [[0.5, 2.0, -1.0], [1.0, -1.5, 0.5], [-0.7, 0.8, 1.2]], [0.3, -0.5, 0.9]
)
LINEAR_CHANCE = ProbeModel(
    (3,),
    log_of_linear,
    [[0.10, -0.04, -0.06], [-0.08, 0.12, -0.04], [0.05, 0.06, -0.11]],
    [0.35, 0.30, 0.35],
)
NET = ProbeModel(
    (3,),
    net,
    [[1.1, -0.9, 0.4, 0.8], [-0.6, 0.7, 1.3, -0.5], [0.9, 0.5, -0.8, 1.2]],
    [0.2, -0.4, 0.1, 0.3],
    [[1.5, -1.2, 0.6], [-0.8, 1.9, -1.1], [1.0, 0.7, -1.6], [-1.3, 0.4, 1.7]],
)


# ---------------------------------------------------------------- probes


def numbers(wave: Callable[[Tensor], Tensor], turn: float, *shape: int) -> Tensor:
    return wave(turn * torch.arange(float(torch.Size(shape).numel()))).reshape(shape)


cosines, sines = partial(numbers, torch.cos), partial(numbers, torch.sin)


X = torch.tensor([[1.0, -0.8, 1.5], [-0.6, 1.2, 0.5]])
START = torch.tensor([[-0.5, 0.4, 0.3], [0.7, 0.5, -1.0]])
X3 = torch.tensor([[1.2, -0.7, 0.9], [-0.8, 1.1, 0.4], [0.6, 1.5, -1.1]])
START3 = torch.tensor([[-0.4, 0.5, -0.3], [0.5, 0.2, -0.9], [-0.7, -0.6, 0.8]])
PICTURES = ProbeModel((3, 2, 4), pictures, (sines(1.7, 48, 3) / 2).tolist())


def exact(name: str, says: str, model: ProbeModel) -> tuple[Probe, Probe]:
    """Every rule is exact here, with many steps and with few."""
    many = Probe(name, says, model, X, START, 1, steps=20, exact=True)
    return many, replace(many, steps=2)


CURVED = (
    Probe(
        "cubic",
        "a model with products and third powers, three inputs",
        ProbeModel((3,), cubic),
        X3,
        START3,
        1,
    ),
    Probe("sigmoid", "a model with a sigmoid, two inputs", ProbeModel((3,), ridge), X, START, 2),
    Probe("net", "a small tanh network with three classes, three inputs", NET, X3, START3, 2),
)
# these have shown that the sum is right
coarse = partial(Probe, steps=50, fewer=0, tolerance=0.04)
SHAPES = (
    coarse("one_input", "a batch with one input, N = 1", NET, X3[:1], START3[:1], 2),
    coarse(
        "many",
        "five inputs of six features, four classes",
        ProbeModel((6,), wide),
        cosines(1.1, 5, 6),
        cosines(2.7, 5, 6) / 2,
        3,
    ),
    coarse("odd_steps", "an odd number of steps", NET, X3, START3, 2, steps=51),
    coarse("float64", "an x of float64", NET, X3.double(), START3.double(), 2),
    coarse(
        "grey",
        "small grey pictures, x of shape (2, 1, 3, 2)",
        ProbeModel((1, 3, 2), wide),
        cosines(0.7, 2, 1, 3, 2),
        cosines(1.9, 2, 1, 3, 2) / 2,
        1,
    ),
    coarse(
        "own_targets",
        "a tensor of targets, one for each input",
        NET,
        X3,
        START3,
        torch.tensor([2, 0, 1]),
    ),
    coarse(
        "picture",
        "a batch of small pictures, x of shape (2, 3, 2, 4)",
        PICTURES,
        cosines(2.3, 2, 3, 2, 4),
        sines(0.9, 2, 3, 2, 4) / 2,
        1,
    ),
)
ONE_CLASS = coarse(
    "one_class",
    "one input and a model with one class, N = K = 1",
    ProbeModel((3,), one_score),
    X3[:1],
    START3[:1],
    0,
)


# ---------------------------------------------------------------- tasks


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


IG_OF_LOGIT = path_task(
    "05.2",
    my_ig,
    core=(
        *exact("linear", "a linear model, two inputs, a baseline that is not 0", LINEAR),
        *CURVED,
    ),
    shapes=(*SHAPES, ONE_CLASS),
    mistakes=WRONG_LOGITS,
    passed="Exact on a linear model, and close on curved ones when the steps are many.",
    hints=(
        "Three parts: points on the path from the baseline to x, the gradient of the target's "
        "score at each point, and the mean of these gradients times (x - baseline).",
        "Make each point a fresh tensor that requires a gradient: (baseline + alpha * (x - "
        "baseline)).detach().requires_grad_(True). The inputs of a batch do not influence each "
        "other, so you may add up their scores and take one gradient.",
        "For k in range(steps): alpha = (k + 0.5) / steps; scores = model(point); chosen = "
        "scores[torch.arange(len(x)), target]; add torch.autograd.grad(chosen.sum(), point)[0] to "
        "a total. At the end return (x - baseline) * total / steps.",
    ),
)
IG_OF_PROBABILITY = path_task(
    "05.7",
    my_ig_probability,
    core=(
        *exact(
            "linear_chance",
            "a model whose probabilities are linear in x, two inputs",
            LINEAR_CHANCE,
        ),
        *CURVED,
    ),
    shapes=SHAPES,
    mistakes=WRONG_PROBABILITIES,
    passed="The map adds up to the rise of the probability.",
    hints=(
        "Nothing about the path changes. What changes is the number whose gradient you take.",
        "The probability depends on ALL scores. So softmax must be inside the function that is "
        "differentiated, along the class axis (dim=1).",
        "Give my_ig another model: my_ig(lambda points: model(points).softmax(dim=1), x, target, "
        "baseline, steps).",
    ),
    probability=True,
)
