"""The nets of task 02.2."""

import torch
from torch import nn

from xaicourse.course.grading.cases import case, waves

__all__ = ["CASES"]


def net(name, says, layers, x, target, turn):
    """Return a case: a net of these layers, filled with numbers, and some inputs."""
    for k, layer in enumerate(layers):
        for i, weights in enumerate(layer.parameters()):
            numbers = waves(turn + k + 0.3 * i, *weights.shape, size=1.2)
            weights.data = numbers / weights[0].numel() ** 0.25
        layer.eval().requires_grad_(False)
    return case(name, says, layers=layers, x=x, target=torch.tensor(target))


RELU = nn.ReLU()
CASES = (
    net(
        "dense",
        "three dense layers and two ReLUs",
        [nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)],
        waves(2.76, 2, 4, size=1.5),
        [0, 2],
        2.26,
    ),
    net(
        "pictures",
        "two small pictures (2, 5, 4), two convolutions",
        [
            *[nn.Conv2d(2, 3, 2), nn.ReLU(), nn.Conv2d(3, 3, 2), nn.ReLU(), nn.Flatten()],
            *[nn.Linear(18, 5), nn.Linear(5, 3)],
        ],
        waves(0.94, 2, 2, 5, 4, size=1.5),
        [2, 1],
        0.44,
    ),
    net(
        "used_twice",
        "three dense layers, ONE ReLU module used twice",
        [nn.Linear(3, 6), RELU, nn.Linear(6, 6), RELU, nn.Linear(6, 3)],
        waves(1.46, 3, 3, size=1.5),
        [1, 2, 0],
        0.96,
    ),
    net(
        "zeros",
        "inputs with zeros, a list that begins with a ReLU",
        [nn.ReLU(), nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)],
        waves(2.08, 2, 5, size=1.5) * torch.tensor([0, 1, 1, 0, 1]),
        [2, 0],
        1.58,
    ),
)
