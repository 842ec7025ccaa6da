"""A gradient function of its own, for the tasks on SmoothGrad."""

import torch
from torch import Tensor

__all__ = ["ProbeGradient"]


class ProbeGradient:
    """A gradient function (M, ...) -> (M, ...) that is curved, so that no mistake hides."""

    def __init__(self, shape: tuple[int, ...], bend: float) -> None:
        self.shape, self.bend = shape, bend

    def __call__(self, points: Tensor) -> Tensor:
        """Return the gradients of sum of sin(bend x) / bend + x x_next + x^4, cut short."""
        if not isinstance(points, Tensor):
            raise TypeError(f"gradient takes a tensor, not {type(points).__name__}")
        if tuple(points.shape[1:]) != self.shape:
            wanted = ", ".join(map(str, ("M", *self.shape)))
            raise ValueError(f"gradient takes a batch ({wanted}), it got {tuple(points.shape)}")
        return torch.cos(self.bend * points) + points.roll(1, -1) - points**3
