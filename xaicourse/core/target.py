"""What is explained: which number of the model's output, and on which scale.

These functions make targets; what they are stands in target_kinds.py.
"""

from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_takes
from xaicourse.core.near_names import suggest_names
from xaicourse.core.scale import OUTPUTS
from xaicourse.core.target_kinds import (
    Custom,
    Difference,
    Index,
    Item,
    Neuron,
    PerRow,
    Region,
    Single,
)

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
        True (or 1) on the pixels whose scores are added up, the same in every row.

    Returns
    -------
    Region
        To be given as ``target=``.

    Raises
    ------
    ValueError
        If the mask is none of these, has no pixel in it, or holds other numbers than 0 and 1.
    TypeError
        If `channel` is not a whole number.
    """
    try:
        given = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"mask must be a tensor of True and False, got {mask!r}") from None
    grid = given.bool()
    if not torch.equal(grid.to(given.dtype), given):
        raise ValueError(
            "mask must be True and False, or 1 and 0, as a region has no weights; for a weighted "
            "sum pass a function, target=lambda outputs, rows: (outputs[:, k] * w).sum((1, 2)), "
            "and for a map of classes mask=labels == k"
        )
    if grid.dim() not in (1, 2, 3) or not bool(grid.any()):
        raise ValueError(
            "mask must be (H, W), or (L,) or (D, H, W), with a pixel in it, got shape "
            f"{tuple(grid.shape)}"
        )
    return Region(whole(channel), _as_tuples(grid.tolist()))


def _as_tuples(nested: Any) -> Any:
    return tuple(_as_tuples(part) for part in nested) if isinstance(nested, list) else nested


@suggest_names
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
    if isinstance(target, list | Tensor) or type(target).__module__ == "numpy":
        return Index((whole(target),)) if getattr(target, "ndim", 1) == 0 else per_row(target)
    if isinstance(target, tuple):
        if target and all(isinstance(place, tuple | list) for place in target):
            raise TypeError(
                f"target {target!r} is a tuple of indices; for one index a row give a list, "
                f"target={list(target)!r}"
            )
        return Index(tuple(whole(i) for i in target))
    if callable(target):
        check_takes(target, "target", ("outputs", "rows"))
        return Custom(target)  # type: ignore[arg-type]
    raise TypeError(
        f"target must be a class number, one class a row, an index tuple, a function or one of "
        f"xaicourse.targets, got {type(target).__name__}"
    )
