"""From what a caller gave as target to a target object that fits the model's outputs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.target import (
    Custom,
    Difference,
    Index,
    Item,
    Neuron,
    PerRow,
    Region,
    Single,
    made_target,
    per_row,
)

__all__ = [
    "as_target",
    "check_target",
    "has_function",
    "joined",
    "neurons_in",
    "of_rows",
    "parts_read",
    "predicted",
    "runner_up",
    "what_is_read",
]


def as_target(target: Any, n_rows: int) -> Any:
    """Turn what the caller gave (not None) into a target object; check what can be checked."""
    if isinstance(target, Tensor) and target.dim() == 0:
        target = target.item()
    if isinstance(target, list) and any(isinstance(place, tuple) for place in target):
        target = per_row(target)
    if isinstance(target, Tensor | list) or type(target).__module__ == "numpy":
        try:
            classes = torch.as_tensor(target)
        except (TypeError, ValueError, RuntimeError) as error:  # a list of names, a ragged list
            raise TypeError(f"target must hold one whole class number a row: {error}") from error
        if classes.dim() == 0:
            return as_target(classes.item(), n_rows)
        if classes.is_floating_point() or classes.dtype == torch.bool:
            raise TypeError(
                f"target must hold whole class numbers, got dtype {classes.dtype}; if they are, "
                "pass target.long()"
            )
        an_index_a_row = classes.dim() == 2 and classes.shape[1] > 1
        if len(classes) != n_rows or (classes.dim() > 1 and not an_index_a_row):
            raise ValueError(
                f"target has shape {tuple(classes.shape)}, but x has {n_rows} row(s); give one "
                f"class for all, or one a row: shape ({n_rows},), or one index of k numbers a row: "
                f"shape ({n_rows}, k), k > 1"
            )
        return per_row(classes.tolist())
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
    return (target.target,) if isinstance(target, Item | Neuron) else ()


def neurons_in(target: Any) -> list[Neuron]:
    """Return the hidden units in a target."""
    own = [target] if isinstance(target, Neuron) else []
    return own + [found for part in _parts(target) for found in neurons_in(part)]


def parts_read(target: Any, outputs: Any) -> Iterator[Any]:
    """Yield the parts of the outputs that a target reads; all of them for None or a function."""
    if isinstance(target, Item):
        outputs = target.inside(outputs)
    parts = _parts(target)
    if not parts:
        yield outputs
    for part in parts:
        yield from parts_read(part, outputs)


def of_rows(target: Any, rows: slice) -> Any:
    """Return the same target for some of the rows alone."""
    if isinstance(target, PerRow):
        return PerRow(target.classes[rows])
    if isinstance(target, Item):
        return replace(target, target=of_rows(target.target, rows))
    return target


def joined(parts: list[Any]) -> Any:
    """Return the target of all rows, from those of some of them each."""
    if isinstance(parts[0], PerRow):
        return PerRow(tuple(c for part in parts for c in part.classes))
    if isinstance(parts[0], Item):
        return replace(parts[0], target=joined([part.target for part in parts]))
    return parts[0]


def has_function(target: Any) -> bool:
    """Tell whether a function of the caller's is in a target."""
    return isinstance(target, Custom) or any(has_function(part) for part in _parts(target))


def what_is_read(target: Any, outputs: Any) -> tuple[Callable[[Any, Tensor], Any] | None, Any]:
    """Return how the tensor is found that a target reads, and a name for it.

    The way is (outputs, rows) -> tensor, one entry a row; None where the target reads no tensor.
    """
    keys: list[Any] = []
    part = outputs
    while isinstance(target, Neuron):
        target = target.target
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
        _check_numbers(outputs)
        if outputs.dim() == 1 or (outputs.dim() == 2 and outputs.shape[1] == 1):
            return Single()
        if outputs.dim() == 2:
            return PerRow(tuple(outputs.argmax(dim=1).tolist()))
    given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
    raise ValueError(
        f"target=None means the predicted class and needs outputs (N, K), but the model returns "
        f"{given}; name a target: an index tuple such as (k, i, j), xaicourse.targets.region(k, "
        "mask), xaicourse.targets.item(key, class) or a function"
    )


def check_target(target: Any, outputs: Any) -> None:
    """Raise if a class number lies outside the model's outputs."""
    if isinstance(target, Item):
        outputs = target.inside(outputs)
    for part in _parts(target):
        check_target(part, outputs)
    if isinstance(target, Index | PerRow | Single | Region) and not isinstance(outputs, Tensor):
        raise ValueError(_no_tensor(outputs))
    if isinstance(target, Index | PerRow | Single | Region):
        _check_numbers(outputs)
    if isinstance(target, Single) and outputs[0].numel() != 1:
        raise ValueError(
            f"target: the model returns {tuple(outputs.shape)}, more than one number a row; "
            "name a class"
        )
    if isinstance(target, Region):
        _check_region(target, outputs)
    if isinstance(target, PerRow):
        if isinstance(target.classes[0], int) and outputs.dim() != 2:
            raise ValueError(
                f"target: one class a row needs outputs (N, K), but the model returns "
                f"{tuple(outputs.shape)}; give one index a row, such as "
                f"{[(0,) * (outputs.dim() - 1)] * 2}"
            )
        for place in set(target.places):
            _check_index(place, outputs)
    if isinstance(target, Index):
        _check_index(target.index, outputs)


def _no_tensor(outputs: Any) -> str:
    """Return what to do where the outputs are no tensor."""
    advice = "or a function (outputs, rows) -> (n,)"
    if isinstance(outputs, list | tuple):
        advice += (
            "; of a list with one entry for each row, lambda outputs, rows: "
            "torch.stack([o['scores'][0] for o in outputs]), say"
        )
    return (
        f"the model returns {type(outputs).__name__}, not a tensor; say where the scores "
        f"are: target=xaicourse.targets.item(key, class) {advice}"
    )


def _check_numbers(outputs: Tensor) -> None:
    """Raise unless the outputs are real numbers, laid out densely."""
    if outputs.is_complex():
        raise ValueError(
            "the model returns complex numbers, which have no order; explain their size, "
            "output=lambda z: z.abs(), or a part, output=lambda z: z.real"
        )
    if outputs.layout is not torch.strided or outputs.is_nested:
        raise ValueError(
            "the model returns a sparse or nested tensor; explain it as a dense one: "
            "output=lambda z: z.to_dense()"
        )


def _check_region(target: Region, outputs: Tensor) -> None:
    mask = target.shape
    if outputs.dim() != 2 + len(mask) or tuple(outputs.shape[2:]) != mask:
        raise ValueError(
            f"target: the region's mask is {mask}, but the model's outputs are "
            f"{tuple(outputs.shape)}; their last two axes must be the mask's (of series the last "
            "one, of volumes the last three)"
        )
    _check_class(target.channel, outputs.shape[1])


def _check_index(index: tuple[int, ...], outputs: Tensor) -> None:
    axes = outputs.dim() - 1
    if len(index) != axes:
        advice = ""
        if axes == 0:
            advice = (
                "; for the only number a row has (after output=, where that is a function), leave "
                "target out or pass "
                "xaicourse.targets.single(); of a list with one entry for each row give a function"
            )
        if 1 <= len(index) < axes:
            where = {2: "(k, i) or (i, k)", 3: "(k, i, j)", 4: "(k, i, j, l)"}.get(axes, "(k, ...)")
            advice = (
                f"; name one place of class k, target={where}, or add the class's scores up over "
                "places: xaicourse.targets.region(k, mask)"
            )
        if axes == 1 and sorted(set(index)) == [0, 1] and sum(index) == 1:
            advice = "; if it is one-hot, pass the class numbers: target.argmax(1)"
        raise ValueError(
            f"target {index} has {len(index)} place(s), but a row of the "
            f"model's output has shape {tuple(outputs.shape[1:])}{advice}"
        )
    for axis, (place, size) in enumerate(zip(index, outputs.shape[1:], strict=True), start=1):
        if axes == 1:
            _check_class(place, size)
        elif not 0 <= place < size:
            raise ValueError(
                f"target {place} is out of range in {index}: axis {axis} of the outputs "
                f"{tuple(outputs.shape)} goes from 0 to {size - 1}"
            )


def _check_class(place: int, size: int) -> None:
    if not 0 <= place < size:
        raise ValueError(
            f"target {place} is out of range: the model has {size} outputs, 0 to {size - 1}"
        )


def runner_up(target: Any, outputs: Any) -> Any:
    """Return the strongest other class of each row, to be fixed for ``output="margin"``."""
    if isinstance(target, Item):
        return replace(target, target=runner_up(target.target, target.inside(outputs)))
    classes = target.index[0] if isinstance(target, Index) else None
    if isinstance(target, PerRow) and isinstance(target.classes[0], int):
        own = torch.tensor(target.classes, device=outputs.device)
    elif classes is not None and outputs.dim() == 2:
        own = torch.full((outputs.shape[0],), classes, device=outputs.device)
    else:
        raise ValueError(
            "output='margin' needs a class as target, an int or one a row, of outputs (N, K); of a "
            "place or a region say which other class it is held against, with output='logit': "
            "target=xaicourse.targets.difference((k, i, j), (other, i, j)), or of two regions"
        )
    others = outputs.scatter(1, own[:, None], -torch.inf)
    return PerRow(tuple(others.argmax(dim=1).tolist()))
