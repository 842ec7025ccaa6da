"""The stand-in that an attack searches on: the same net with softplus in place of every ReLU.

A ReLU net is made of flat pieces: inside one its gradient does not change, so a search that asks
where the map would go is told nothing.
"""

from typing import Any

from xaicourse.core.inputs import Adapter
from xaicourse.methods.vanilla.smoothed_relu import Smoothing

__all__ = ["StandIn"]


class StandIn(Adapter):
    """A model whose activations of the ReLU family are rounded by softplus; all else stays."""

    def __init__(self, model: Any, beta: float) -> None:
        self.model = model
        self.beta = beta

    def __call__(self, *inputs: Any) -> Any:
        with Smoothing(self.beta, lambda z: True):
            return self.model(*inputs)
