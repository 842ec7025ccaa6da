"""What any path method (09 to 11 as well) is tried with: small models, inputs and baselines.

On a curved model only the right sum over the right path comes near to the truth. The `SHAPES` are
for what goes wrong with one input, many features, pictures or a target for each input.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from xaicourse.course.grading.path import Probe
from xaicourse.course.grading.path_probe import ProbeModel

__all__ = ["CURVED", "LINEAR", "ONE_CLASS", "SHAPES", "exact", "linear"]


# ---------------------------------------------------------------- models, (N, ...) -> (N, K)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """One score a class, linear in x (N, 3)."""
    return x @ weight + bias


def cubic(x: Tensor) -> Tensor:
    """Three scores with products and third powers, x (N, 3)."""
    a, b, c = x.unbind(1)
    explained = b - a / 2 - a * c / 2 - a**2 * b / 2 - c**3 / 4
    return torch.stack([0.5 * b - a * c, explained, a - 0.4 * c * b**2], 1)


def ridge(x: Tensor) -> Tensor:
    """Class 2: three times the sigmoid of 4 x1 + 2 x2 - x3 - 2."""
    a, b, c = x.unbind(1)
    bend = torch.sigmoid(4 * a + 2 * b - c - 2)
    return torch.stack([a * b - c, 0.6 * b - 0.5 * a * c, 3 * bend], 1)


def net(x: Tensor, first: Tensor, bias: Tensor, second: Tensor) -> Tensor:
    """Return the scores of a small tanh network."""
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
NET = ProbeModel(
    (3,),
    net,
    [[1.1, -0.9, 0.4, 0.8], [-0.6, 0.7, 1.3, -0.5], [0.9, 0.5, -0.8, 1.2]],
    [0.2, -0.4, 0.1, 0.3],
    [[1.5, -1.2, 0.6], [-0.8, 1.9, -1.1], [1.0, 0.7, -1.6], [-1.3, 0.4, 1.7]],
)


# ---------------------------------------------------------------- probes


def numbers(wave: Callable[[Tensor], Tensor], turn: float, *shape: int) -> Tensor:
    """Return numbers of mixed signs."""
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
