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

__all__ = [
    "OUTPUTS",
    "Custom",
    "Difference",
    "Index",
    "Item",
    "PerRow",
    "Region",
    "Single",
    "difference",
    "index",
    "item",
    "per_row",
    "region",
    "single",
]

OUTPUTS = ("logit", "probability", "log_probability", "margin")


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
    """A class of its own for each row.

    Parameters
    ----------
    classes : tuple of N ints
        The class of each row, for outputs (N, K).
    """

    classes: tuple[int, ...]

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        classes = torch.tensor(self.classes, device=outputs.device)[rows.to(outputs.device)]
        return outputs.gather(1, classes[:, None])[:, 0]


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
        True on the pixels whose scores are added up.
    """

    channel: int
    mask: tuple[tuple[bool, ...], ...]

    def pick(self, outputs: Tensor, rows: Tensor) -> Tensor:
        mask = torch.tensor(self.mask, device=outputs.device)
        return (outputs[:, self.channel] * mask).sum(dim=(1, 2))


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
            raise ValueError(
                f"target: the model's output has no item {self.key!r}; it is {there}"
            ) from error


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
    return Index(tuple(_whole(i) for i in place))


def per_row(classes: Any) -> PerRow:
    """Explain another class in each row.

    Parameters
    ----------
    classes : (N,) ints
        One class a row: a list, an array or a tensor.

    Returns
    -------
    PerRow
        To be given as ``target=``.

    Raises
    ------
    TypeError
        If a number is not whole.
    """
    return PerRow(tuple(_whole(c) for c in classes))


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
    return Difference(_as_target(target), _as_target(other))


def region(channel: int, mask: Any) -> Region:
    """Explain a class's summed score over the pixels of a mask, as in segmentation.

    Parameters
    ----------
    channel : int
        The class; the model's outputs are (N, K, H, W).
    mask : Tensor (H, W)
        True (or not 0) on the pixels whose scores are added up.

    Returns
    -------
    Region
        To be given as ``target=``.

    Raises
    ------
    ValueError
        If the mask is not (H, W) or has no pixel in it.
    TypeError
        If `channel` is not a whole number.
    """
    grid = torch.as_tensor(mask).bool()
    if grid.dim() != 2 or not bool(grid.any()):
        raise ValueError(f"mask must be (H, W) with a pixel in it, got shape {tuple(grid.shape)}")
    return Region(_whole(channel), tuple(tuple(row) for row in grid.tolist()))


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
    return Item(key, _as_target(target))


def _whole(place: Any) -> int:
    """Return a class number as an int; int() would silently turn 1.7 into 1."""
    if isinstance(place, Tensor) and place.dim() == 0:
        place = place.item()
    if isinstance(place, bool) or not isinstance(place, Integral):
        raise TypeError(f"target must be made of whole class numbers, got {place!r}")
    return int(place)


def _as_target(target: Any) -> Any:
    if hasattr(target, "pick"):
        return target
    if isinstance(target, Integral) and not isinstance(target, bool):
        return Index((int(target),))
    if isinstance(target, tuple):
        return Index(tuple(_whole(i) for i in target))
    if callable(target):
        return Custom(target)  # type: ignore[arg-type]
    raise TypeError(
        f"target must be a class number, one class a row, an index tuple, a function or one of "
        f"xaicourse.targets, got {type(target).__name__}"
    )


def as_target(target: Any, n_rows: int) -> Any:
    """Turn what the caller gave (not None) into a target object; check what can be checked."""
    if isinstance(target, Tensor) and target.dim() == 0:
        target = target.item()
    if isinstance(target, Tensor | list) or type(target).__module__ == "numpy":
        try:
            classes = torch.as_tensor(target)
        except (TypeError, ValueError, RuntimeError) as error:  # a list of names, a ragged list
            raise TypeError(f"target must hold one whole class number a row: {error}") from error
        if classes.dim() == 0:
            return as_target(classes.item(), n_rows)
        if classes.is_floating_point() or classes.dtype == torch.bool:
            raise TypeError(f"target must hold whole class numbers, got dtype {classes.dtype}")
        if tuple(classes.shape) != (n_rows,):
            raise ValueError(
                f"target has shape {tuple(classes.shape)}, but x has {n_rows} row(s); give one "
                f"class for all, or one a row: shape ({n_rows},)"
            )
        return PerRow(tuple(classes.tolist()))
    if isinstance(target, bool | float):
        raise TypeError(f"target must be a whole class number, got {target!r}")
    found = _as_target(target)
    _check_length(found, n_rows)
    return found


def _check_length(target: Any, n_rows: int) -> None:
    for part in _parts(target):
        _check_length(part, n_rows)
    if isinstance(target, PerRow) and len(target.classes) != n_rows:
        raise ValueError(
            f"target has {len(target.classes)} class(es), but x has {n_rows} row(s); give one "
            "for each"
        )


def _parts(target: Any) -> tuple[Any, ...]:
    """Return the targets that a target is made of, for those that read the same outputs."""
    if isinstance(target, Difference):
        return target.target, target.other
    return (target.target,) if isinstance(target, Item) else ()


def predicted(outputs: Any, scaled: Any) -> Any:
    """Return the target for None: the predicted class of each row, or the only output.

    Where a function as `output` gives another form than the model's, that form counts.
    """
    if isinstance(scaled, Tensor) and getattr(outputs, "shape", None) != scaled.shape:
        outputs = scaled
    if isinstance(outputs, Tensor):
        if outputs.dim() == 1 or (outputs.dim() == 2 and outputs.shape[1] == 1):
            return Single()
        if outputs.dim() == 2:
            return PerRow(tuple(outputs.argmax(dim=1).tolist()))
    given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
    raise ValueError(
        f"target=None means the predicted class and needs outputs (N, K), but the model returns "
        f"{given}; name a target, such as an index tuple, a function or xaicourse.targets.item(...)"
    )


def check_target(target: Any, outputs: Any) -> None:
    """Raise if a class number lies outside the model's outputs."""
    if isinstance(target, Item):
        outputs = target.inside(outputs)
    for part in _parts(target):
        check_target(part, outputs)
    if isinstance(target, Index | PerRow | Single | Region) and not isinstance(outputs, Tensor):
        raise ValueError(
            f"the model returns {type(outputs).__name__}, not a tensor; say where the scores "
            "are: target=xaicourse.targets.item(key, class) or a function (outputs, rows) -> (n,)"
        )
    if isinstance(target, Single) and outputs[0].numel() != 1:
        raise ValueError(
            f"target: the model returns {tuple(outputs.shape)}, more than one number a row; "
            "name a class"
        )
    if isinstance(target, Region):
        mask = (len(target.mask), len(target.mask[0]))
        if outputs.dim() != 4 or tuple(outputs.shape[2:]) != mask:
            raise ValueError(
                f"target: the region's mask is {mask}, but the model's outputs are "
                f"{tuple(outputs.shape)}; their last two axes must be the mask's"
            )
        _check_places((target.channel,), outputs.shape[1])
    if isinstance(target, PerRow):
        if outputs.dim() != 2:
            raise ValueError(
                f"target: one class a row needs outputs (N, K), but the model returns "
                f"{tuple(outputs.shape)}"
            )
        _check_places(target.classes, outputs.shape[1])
    if isinstance(target, Index):
        if len(target.index) != outputs.dim() - 1:
            raise ValueError(
                f"target {target.index} has {len(target.index)} place(s), but a row of the "
                f"model's output has shape {tuple(outputs.shape[1:])}"
            )
        for place, size in zip(target.index, outputs.shape[1:], strict=True):
            _check_places((place,), size)


def _check_places(places: tuple[int, ...], size: int) -> None:
    wrong = [p for p in places if not 0 <= p < size]
    if wrong:
        raise ValueError(
            f"target {wrong[0]} is out of range: the model has {size} outputs, 0 to {size - 1}"
        )


# ---- the scale on which the output is explained ------------------------------------------------


def transform(outputs: Any, output: str | Callable[[Any], Any]) -> Any:
    """Put the model's outputs on the scale that is explained.

    ``"logit"`` and ``"margin"`` leave them as they are; ``"probability"`` and
    ``"log_probability"`` take the softmax over K > 1 classes, or the sigmoid of a single output.
    """
    if callable(output):
        return output(outputs)
    if output in ("logit", "margin"):
        return outputs
    if outputs.dim() == 1 or outputs.shape[1] == 1:
        return (
            outputs.sigmoid()
            if output == "probability"
            else torch.nn.functional.logsigmoid(outputs)
        )
    return outputs.softmax(dim=1) if output == "probability" else outputs.log_softmax(dim=1)


def check_output(output: Any, outputs: Any) -> None:
    """Raise if the scale does not fit the model's outputs."""
    if callable(output) or output == "logit":
        return
    if not isinstance(outputs, Tensor) or outputs.dim() == 0:
        raise ValueError(
            f"output={output!r} needs a tensor of scores, got {type(outputs).__name__}"
        )
    several = outputs.dim() > 1 and outputs.shape[1] > 1
    if output == "margin" and not several:
        raise ValueError(
            f"output='margin' needs K > 1 classes, the model returns {tuple(outputs.shape)}"
        )
    sums_to_one = several and bool(
        ((outputs.sum(dim=1) - 1).abs() < 1e-4).all() and (outputs >= 0).all()
    )
    if output in ("probability", "log_probability") and sums_to_one:
        raise ValueError(
            f"output={output!r} takes the softmax of logits, but the model's outputs are already "
            "probabilities (each row is >= 0 and sums to 1); pass output='logit' to explain "
            "them as they are"
        )


def runner_up(target: Any, outputs: Tensor) -> PerRow:
    """Return the strongest other class of each row, to be fixed for ``output="margin"``."""
    classes = target.index[0] if isinstance(target, Index) else None
    if isinstance(target, PerRow):
        own = torch.tensor(target.classes, device=outputs.device)
    elif classes is not None and outputs.dim() == 2:
        own = torch.full((outputs.shape[0],), classes, device=outputs.device)
    else:
        raise ValueError("output='margin' needs a class as target: an int or one a row")
    others = outputs.scatter(1, own[:, None], -torch.inf)
    return PerRow(tuple(others.argmax(dim=1).tolist()))
