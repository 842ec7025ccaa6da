"""The kinds of targets: small frozen objects with one job, ``pick(outputs, rows) -> (n,)``.

`rows` are the original row numbers of a chunk, for targets that differ from row to row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import describe
from xaicourse.core.chunks import is_out_of_memory

__all__ = [
    "Custom",
    "Difference",
    "Index",
    "Item",
    "Neuron",
    "PerRow",
    "Region",
    "Single",
]


@dataclass(frozen=True)
class Single:
    """The only number a row has: outputs (N,) or (N, 1)."""

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        return outputs.reshape(outputs.shape[0])


@dataclass(frozen=True)
class Index:
    """The same place in every row's output: a class k, or an index tuple such as (k, i, j).

    Parameters
    ----------
    index : tuple of int
        One number for each axis of a row's output: (k,) for outputs (N, K).
    """

    index: tuple[int, ...]

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        return outputs[(slice(None), *self.index)]


@dataclass(frozen=True)
class PerRow:
    """A class of its own for each row, or a place of its own.

    Parameters
    ----------
    classes : tuple of N ints, or of N tuples of ints
        The class of each row, for outputs (N, K); or its index in each row's output, such as
        (k, i, j).
    """

    classes: tuple[Any, ...]

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        classes = torch.tensor(self.classes, device=outputs.device)[rows.to(outputs.device)]
        if classes.dim() == 1:
            return outputs.gather(1, classes[:, None])[:, 0]
        points = torch.arange(len(rows), device=outputs.device)
        return outputs[(points, *classes.unbind(1))]

    @property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """The index of each row, a class as (k,)."""
        return tuple(c if isinstance(c, tuple) else (c,) for c in self.classes)


@dataclass(frozen=True)
class Difference:
    """One target minus another: which evidence speaks for the one rather than the other.

    Parameters
    ----------
    target, other : target objects
        What is explained is the number of `target` minus that of `other`.
    """

    target: Any
    other: Any

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        return self.target.pick(outputs, rows) - self.other.pick(outputs, rows)


@dataclass(frozen=True)
class Region:
    """The sum of a class's scores over a region: outputs (N, K, H, W), as in segmentation.

    Parameters
    ----------
    channel : int
        The class.
    mask : tuple of H tuples of W bools
        True on the places whose scores are added up. For series (N, K, L) it has one level, for
        volumes (N, K, D, H, W) three.
    """

    channel: int
    mask: tuple[Any, ...]

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        mask = torch.tensor(self.mask, device=outputs.device)
        # no product: scores outside may be infinite
        return outputs[:, self.channel].where(mask, 0).flatten(1).sum(dim=1)

    @property
    def shape(self) -> tuple[int, ...]:
        """The mask's shape."""
        return tuple(torch.tensor(self.mask).shape)


@dataclass(frozen=True)
class Item:
    """A target inside an output that is a dict, a tuple or an object with attributes.

    Parameters
    ----------
    key : str or int
        Where the scores are: a key, a place, or the name of an attribute.
    target : target object
        What is read there.
    """

    key: str | int
    target: Any

    def pick(self, outputs: Any, rows: Tensor) -> Tensor:
        return self.target.pick(self.inside(outputs), rows)

    def inside(self, outputs: Any) -> Any:
        """Return the part of the outputs that the target reads."""
        named = isinstance(self.key, str) and not isinstance(outputs, Mapping)
        try:
            return getattr(outputs, str(self.key)) if named else outputs[self.key]
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            there = list(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__
            advice = ""
            if isinstance(outputs, list | tuple):
                kinds = ", ".join(sorted({type(part).__name__ for part in outputs}))
                advice = (
                    f" of {len(outputs)} ({kinds}). Its first part is targets.item(0, ...); where "
                    "it holds one entry for each row, as detectors' do, give a function: "
                    "target=lambda outputs, rows: torch.stack([o['scores'][0] for o in outputs])"
                )
            raise ValueError(
                f"target: the model's output has no item {self.key!r}; it is {there}{advice}"
            ) from error


@dataclass(frozen=True)
class Neuron:
    """A target inside the output of a layer: a hidden unit.

    Parameters
    ----------
    layer : str or torch.nn.Module
        The layer.
    target : target object
        What is read in its output.
    call : int
        Which of its calls in a forward pass.
    part : int, str or tuple, optional
        Which part of its output, where that is a tuple or a dict.
    """

    layer: Any
    target: Any
    call: int = 0
    part: Any = None

    def pick(self, outputs: Any, rows: Tensor) -> Tensor:
        """Read it in the layer's outputs: the model ends there when a unit is explained."""
        return self.target.pick(outputs, rows)

    @property
    def place(self) -> tuple[Any, int, Any]:
        """Where the outputs come from."""
        return self.layer, self.call, self.part


@dataclass(frozen=True)
class Custom:
    """Any function of the outputs that gives one number a row.

    Parameters
    ----------
    function : callable
        ``(outputs, rows) -> (n,)``; `rows` (n,) are the original row numbers of the chunk.
    """

    function: Callable[[Any, Tensor], Tensor]

    def pick(self, outputs: Any, rows: Tensor) -> Tensor:
        try:
            picked = self.function(outputs, rows)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise ValueError(
                f"target: the function {describe(self.function)} failed; it is called as "
                f"function(outputs, rows), with the model's outputs ({type(outputs).__name__}) and "
                f"the numbers of their rows: {error}"
            ) from error
        if isinstance(picked, Tensor) and picked.is_complex():
            raise ValueError("target: the function returned complex numbers; take .abs() or .real")
        if not isinstance(picked, Tensor) or picked.shape != rows.shape:
            given = tuple(picked.shape) if isinstance(picked, Tensor) else type(picked).__name__
            raise ValueError(
                f"target: the function must return one number a row, a tensor of shape "
                f"{tuple(rows.shape)}, but it returned {given}"
            )
        return picked
