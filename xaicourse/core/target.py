"""What is explained: which number of the model's output, and on which scale.

A target is a small frozen object with one job: ``pick(outputs, rows) -> (n,)``, one number a
row. `rows` are the original row numbers of a chunk, for targets that differ from row to row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.scale import OUTPUTS

__all__ = [
    "OUTPUTS",
    "Custom",
    "Difference",
    "Index",
    "Item",
    "Neuron",
    "PerRow",
    "Region",
    "Single",
    "difference",
    "index",
    "item",
    "neuron",
    "per_row",
    "region",
    "single",
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
        return (outputs[:, self.channel] * mask).flatten(1).sum(dim=1)

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
        if named and isinstance(outputs, list | tuple) and not hasattr(outputs, str(self.key)):
            raise ValueError(
                f"target: the model's output is a {type(outputs).__name__} of {len(outputs)} "
                f"{type(outputs[0]).__name__ if outputs else 'entries'}(s), without an item "
                f"{self.key!r}; for its first part use targets.item(0, ...), and where it holds "
                "one entry for each row, as detectors' do, a function: target=lambda outputs, "
                f"rows: torch.stack([o[{self.key!r}][0] for o in outputs])"
            )
        try:
            return getattr(outputs, str(self.key)) if named else outputs[self.key]
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            there = list(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__
            raise ValueError(
                f"target: the model's output has no item {self.key!r}; it is {there}"
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
        picked = self.function(outputs, rows)
        if not isinstance(picked, Tensor) or picked.shape != rows.shape:
            given = tuple(picked.shape) if isinstance(picked, Tensor) else type(picked).__name__
            raise ValueError(
                f"target: the function must return one number a row, a tensor of shape "
                f"{tuple(rows.shape)}, but it returned {given}"
            )
        return picked


def single() -> Single:
    """Explain the only output there is, (N,) or (N, 1).

    Returns
    -------
    Single
        To be given as ``target=``.
    """
    return Single()


def index(*place: int) -> Index:
    """Explain the same place of every row's output.

    Parameters
    ----------
    *place : int
        One number for each axis of a row's output: ``index(3)``, or ``index(k, i, j)``.

    Returns
    -------
    Index
        To be given as ``target=``.

    Raises
    ------
    TypeError
        If a number is not whole.
    """
    return Index(tuple(whole(i) for i in place))


def per_row(classes: Any) -> PerRow:
    """Explain another class, or another place, in each row.

    Parameters
    ----------
    classes : (N,) or (N, k) ints
        One class a row, or one index (of k numbers) into a row's output: a list, an array or a
        tensor; also a list of tuples, ``[(0, 1), (2, 5)]``.

    Returns
    -------
    PerRow
        To be given as ``target=``.

    Raises
    ------
    TypeError
        If a number is not whole.
    ValueError
        If the indices are not of one length.
    """
    found = tuple(_place(c) for c in classes)
    lengths = {len(c) if isinstance(c, tuple) else 0 for c in found}
    if len(lengths) > 1:
        raise ValueError(
            f"target: every row needs an index of the same length, got {list(found)[:4]}"
        )
    return PerRow(found)


def _place(place: Any) -> int | tuple[int, ...]:
    several = isinstance(place, tuple | list) or getattr(place, "ndim", 0) == 1
    return tuple(whole(i) for i in place) if several else whole(place)


def difference(target: Any, other: Any) -> Difference:
    """Explain one class rather than another.

    Parameters
    ----------
    target, other : int, tuple, callable or target object
        What is explained is the score of `target` minus that of `other`.

    Returns
    -------
    Difference
        To be given as ``target=``.

    Raises
    ------
    TypeError
        If one of them is no target.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> rather = xc.targets.difference(0, 1)
    >>> xc.gradient(torch.nn.Identity(), torch.zeros(1, 3), target=rather)
    tensor([[ 1., -1.,  0.]])
    """
    return Difference(made_target(target), made_target(other))


def region(channel: int, mask: Any) -> Region:
    """Explain a class's summed score over the pixels of a mask, as in segmentation.

    Parameters
    ----------
    channel : int
        The class; the model's outputs are (N, K, H, W), or (N, K, L) or (N, K, D, H, W).
    mask : Tensor (H, W), (L,) or (D, H, W)
        True (or not 0) on the pixels whose scores are added up, the same in every row.

    Returns
    -------
    Region
        To be given as ``target=``.

    Raises
    ------
    ValueError
        If the mask is none of these or has no pixel in it.
    TypeError
        If `channel` is not a whole number.
    """
    grid = torch.as_tensor(mask).bool()
    if grid.dim() not in (1, 2, 3) or not bool(grid.any()):
        raise ValueError(
            "mask must be (H, W), or (L,) or (D, H, W), with a pixel in it, got shape "
            f"{tuple(grid.shape)}"
        )
    return Region(whole(channel), _as_tuples(grid.tolist()))


def _as_tuples(nested: Any) -> Any:
    return tuple(_as_tuples(part) for part in nested) if isinstance(nested, list) else nested


def neuron(layer: Any, index: Any, *, call: int = 0, part: Any = None) -> Neuron:
    """Explain a hidden unit: a number in the output of a layer, in place of the model's.

    The output's first axis is that of the rows, as in `at_layer`, whose parameters these are.

    Parameters
    ----------
    layer : str or torch.nn.Module
        The layer, by its dotted name or itself.
    index : int, tuple, callable or target object
        Which number of a row's output: ``3``, ``(k, i, j)``, or
        ``lambda a, rows: a[:, k].mean((1, 2))`` for a whole feature map.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    part : int, str or tuple of these, optional
        Which part of its output, where that is a tuple or a dict.

    Returns
    -------
    Neuron
        To be given as ``target=`` to any method that explains inputs.

    Raises
    ------
    TypeError
        If `index` is no target.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> _ = net[0].weight.data.copy_(torch.tensor([[1.0, 2], [3, 4]]))
    >>> xc.gradient(net.eval(), torch.ones(1, 2), target=xc.targets.neuron("0", 1))
    tensor([[3., 4.]])
    """
    return Neuron(layer, made_target(index), call, part)


def item(key: str | int, target: Any) -> Item:
    """Explain a target inside ``outputs[key]`` (or ``outputs.key``).

    Parameters
    ----------
    key : str or int
        Where the scores are: a key of a dict, a place in a tuple, or the name of an attribute.
    target : int, tuple, callable or target object
        What is explained there.

    Returns
    -------
    Item
        To be given as ``target=``.

    Raises
    ------
    TypeError
        If `target` is none.
    """
    return Item(key, made_target(target))


def whole(place: Any) -> int:
    """Return a class number as an int; int() would silently turn 1.7 into 1."""
    if isinstance(place, Tensor) and place.dim() == 0:
        place = place.item()
    if isinstance(place, bool) or not isinstance(place, Integral):
        raise TypeError(f"target must be made of whole class numbers, got {place!r}")
    return int(place)


def made_target(target: Any) -> Any:
    if hasattr(target, "pick"):
        return target
    if isinstance(target, Integral) and not isinstance(target, bool):
        return Index((int(target),))
    if isinstance(target, tuple):
        if target and all(isinstance(place, tuple | list) for place in target):
            raise TypeError(
                f"target {target!r} is a tuple of indices; for one index a row give a list, "
                f"target={list(target)!r}"
            )
        return Index(tuple(whole(i) for i in target))
    if callable(target):
        return Custom(target)  # type: ignore[arg-type]
    raise TypeError(
        f"target must be a class number, one class a row, an index tuple, a function or one of "
        f"xaicourse.targets, got {type(target).__name__}"
    )
