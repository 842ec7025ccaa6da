"""TOY: the smallest network on which attribution methods disagree, and by hand at that.

    f(x) = w2 . relu(W1 x + b1) + 1      W1 = [[1, -1], [-1, 2], [1, 1]]   b1 = (0, -1, -1)
                                         w2 = (2, 3, -1)

At x = (3, 1) the hidden sums are (2, -2, 3): gates on, off, on. So f = 2*2 - 3 + 1 = 2 and the
gradient is 2*(1, -1) - (1, 1) = (1, -3). From 0 to x one gate changes on the way, at a quarter:
Integrated Gradients gives exactly (3.75, -2.75), which adds up to f(x) - f(0) = 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

TOY_INPUT = (3.0, 1.0)
TOY_OUTPUT = 2.0
TOY_OUTPUT_AT_ZERO = 1.0
TOY_GRADIENT = (1.0, -3.0)
TOY_INTEGRATED_GRADIENTS = (3.75, -2.75)
TOY_KINK = 0.25


class Toy(nn.Module):
    """The TOY net: (N, 2) to (N,)."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 3)
        self.relu = nn.ReLU()
        self.output = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one number a row."""
        return self.output(self.relu(self.hidden(x))).squeeze(-1)


def toy(dtype: torch.dtype = torch.float64) -> Toy:
    """Build the TOY net of the lessons, with its exact weights, in eval mode and frozen.

    Parameters
    ----------
    dtype : torch.dtype
        float64 by default, so that closed forms hold to 1e-10.

    Returns
    -------
    Toy
        A module, (N, 2) -> (N,), on the CPU.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.zoo.toy()(xc.zoo.toy_input())
    tensor([2.], dtype=torch.float64)
    """
    with torch.device("meta"):  # no random start: the weights follow
        net = Toy()
    state = {
        "hidden.weight": torch.tensor([[1, -1], [-1, 2], [1, 1]], dtype=dtype),
        "hidden.bias": torch.tensor([0, -1, -1], dtype=dtype),
        "output.weight": torch.tensor([[2, 3, -1]], dtype=dtype),
        "output.bias": torch.tensor([1], dtype=dtype),
    }
    net.load_state_dict(state, strict=True, assign=True)
    return net.eval().requires_grad_(False)


def toy_input(dtype: torch.dtype = torch.float64) -> Tensor:
    """Return the input x = (3, 1) that the lessons explain, as a batch of one.

    Parameters
    ----------
    dtype : torch.dtype
        float64 by default, as that of `toy`.

    Returns
    -------
    Tensor (1, 2)
        On the CPU.
    """
    return torch.tensor([TOY_INPUT], dtype=dtype)
