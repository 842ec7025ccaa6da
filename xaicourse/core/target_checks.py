"""From what a caller gave as target to a target object that fits the model's outputs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.target import (
    Custom,
    Difference,
    Index,
    Item,
    PerRow,
    Region,
    Single,
    made_target,
)

__all__ = [
    "as_target",
    "check_target",
    "has_function",
    "predicted",
    "runner_up",
    "what_is_read",
]


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
    found = made_target(target)
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


def has_function(target: Any) -> bool:
    """Tell whether a function of the caller's is in a target."""
    return isinstance(target, Custom) or any(has_function(part) for part in _parts(target))


def what_is_read(target: Any, outputs: Any) -> tuple[Callable[[Any, Tensor], Any] | None, Any]:
    """Return how the tensor is found that a target reads, and a name for it.

    The way is (outputs, rows) -> tensor, one entry a row; None where the target reads no tensor.
    """
    keys: list[Any] = []
    part = outputs
    while isinstance(target, Item):
        keys.append(target.key)
        part, target = target.inside(part), target.target
    items = [Item(key, None) for key in keys]

    def read(outputs: Any, rows: Tensor) -> Any:
        for item in items:
            outputs = item.inside(outputs)
        return outputs

    rows_first = not keys or isinstance(target, Index | PerRow | Single | Region)
    return (read, tuple(keys)) if isinstance(part, Tensor) and rows_first else (None, None)


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
