"""The nets of task 02.2."""

from torch import Tensor, tensor
from torch.nn import Conv2d, Flatten, Linear, ReLU

from xaicourse.course.grading.cases import case, waves

__all__ = ["CASES"]


def net(name, says, layers, shape, target, turn, times: Tensor | float = 1.0):
    """Return a case: a net of these layers, filled with numbers, and inputs of a shape."""
    for k, layer in enumerate(layers):
        for i, weights in enumerate(layer.parameters()):
            numbers = waves(turn + k + 0.3 * i, *weights.shape, size=1.2)
            weights.data = numbers / weights[0].numel() ** 0.25
        layer.eval().requires_grad_(False)
    x = waves(turn + 0.5, *shape, size=1.5) * times
    return case(name, says, layers=layers, x=x, target=tensor(target))


RELU = ReLU()
CASES = (
    net(
        "dense",
        "three dense layers and two ReLUs",
        [Linear(4, 6), ReLU(), Linear(6, 5), ReLU(), Linear(5, 4)],
        (2, 4),
        [0, 2],
        2.26,
    ),
    net(
        "pictures",
        "two small pictures (2, 5, 4), two convolutions",
        [Conv2d(2, 3, 2), ReLU(), Conv2d(3, 3, 2), ReLU(), Flatten(), Linear(18, 5), Linear(5, 3)],
        (2, 2, 5, 4),
        [2, 1],
        0.44,
    ),
    net(
        "used_twice",
        "three dense layers, ONE ReLU module used twice",
        [Linear(3, 6), RELU, Linear(6, 6), RELU, Linear(6, 3)],
        (3, 3),
        [1, 2, 0],
        0.96,
    ),
    net(
        "zeros",
        "inputs with zeros, a list that begins with a ReLU",
        [ReLU(), Linear(5, 6), ReLU(), Linear(6, 3)],
        (2, 5),
        [2, 0],
        1.58,
        times=tensor([0, 1, 1, 0, 1]),
    ),
)
