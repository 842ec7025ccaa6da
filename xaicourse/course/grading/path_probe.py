"""A small model with which a student's function is tried."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["ProbeModel"]


class ProbeModel(nn.Module):
    """A small model (N, ...) -> (N, K) that counts the inputs it was given.

    Its numbers follow the dtype and the device of x, so float32 and float64 answers both run.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        function: Callable[..., Tensor],
        *weights: Any,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.function = function
        self.weights = nn.ParameterList(
            nn.Parameter(torch.tensor(weight, dtype=torch.float32), requires_grad=False)
            for weight in weights
        )
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)  # no model without one
        self.eval()
        self.recorded: list[Tensor] | None = None  # points, while a grader wants them
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.inputs_seen = 0
        self.dtypes_seen: set[torch.dtype] = set()

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, K)."""
        if not isinstance(x, Tensor):
            raise TypeError(f"model takes a tensor, not {type(x).__name__}")
        if tuple(x.shape[1:]) != self.shape:
            wanted = ", ".join(map(str, ("N", *self.shape)))
            raise ValueError(f"model takes a batch ({wanted}), it was given {tuple(x.shape)}")
        self.inputs_seen += len(x)
        self.dtypes_seen.add(x.dtype)
        if self.recorded is not None:
            self._record(x)
        return self.function(x, *(weight.to(x) for weight in self.weights)) * self.scale.to(x)

    def _record(self, x: Tensor) -> None:
        try:
            self.recorded.append(torch.from_numpy(x.detach().cpu().numpy().copy()).double())  # type: ignore[union-attr]
        except Exception:  # inside torch.func the numbers cannot be read
            self.recorded = None
