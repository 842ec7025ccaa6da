"""Adapters for models that take more than one tensor: `bind` for extras, `pack` for inputs.

Every method explains ONE tensor x of shape (N, ...). A model that also needs an attention mask, or
that has several inputs to be explained together, is adapted once, here, and no method's
signature ever grows.
"""

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import torch
from torch import Tensor

__all__ = [
    "Adapter",
    "BoundModel",
    "PackedModel",
    "belonging_to",
    "bind",
    "call",
    "check_extras",
    "current_rows",
    "largest_input",
    "pack",
    "rows_of",
]


# The original row numbers of the points that are in the model just now. A context variable and not
# an argument, so that a bound model may sit inside a wrapper: a lambda, a `pack`, another `bind`.
_rows: ContextVar[Tensor | None] = ContextVar("rows", default=None)


class Adapter:
    """A model that is made of another one, `model`, and that methods may look through."""

    model: Any

    def around(self, model: Any) -> Self:
        """Return the same adapter with another model inside."""
        other = copy.copy(self)
        other.model = model
        return other


class BoundModel(Adapter):
    """A model with row-aligned extras; made by `bind`."""

    def __init__(self, model: Callable[..., Any], extras: dict[str, Tensor]):
        self.model = model
        self.extras = extras

    def __call__(self, *inputs: Tensor, **more: Any) -> Any:
        given = [*inputs, *(v for v in more.values() if isinstance(v, Tensor))]
        n_points = len(given[0]) if given else 0
        rows = _rows.get()
        if rows is None:  # called by hand: all rows, in their order
            rows = torch.arange(n_points)
            check_extras(self, n_points)
        elif len(rows) != n_points:
            raise ValueError(
                f"bind: the bound model was called with {n_points} row(s) where "
                f"{len(rows)} are explained; a wrapper must pass all of them on"
            )
        extras = {name: extra[rows.to(extra.device)] for name, extra in self.extras.items()}
        return self.model(*inputs, **more, **extras)


def bind(model: Callable[..., Any], **extras: Tensor) -> BoundModel:
    """Fix extra arguments of a model that belong to the rows of x, such as an attention mask.

    Methods send a row through the model many times and in chunks; the extras of that row go
    with it every time.

    Parameters
    ----------
    model : callable
        Called as ``model(x, **extras)``.
    **extras : Tensor (N, ...)
        One entry for each row of x.

    Returns
    -------
    BoundModel
        A callable ``(N, ...) -> outputs`` that every method takes as its `model`.

    Raises
    ------
    TypeError
        If an extra is not a tensor (a fixed setting belongs into a lambda or functools.partial), or
        the model has no argument of its name.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> scale = torch.tensor([1.0, 10.0])
    >>> model = xc.bind(lambda x, scale: x.sum(1) * scale, scale=scale)
    >>> xc.gradient(model, torch.ones(2, 3))[:, 0]
    tensor([ 1., 10.])
    """
    for name, extra in extras.items():
        if not isinstance(extra, Tensor) or extra.dim() == 0:
            raise TypeError(
                f"bind: {name} must be a tensor with one entry for each row of x, got "
                f"{type(extra).__name__}; for a fixed setting use "
                f"functools.partial(model, {name}=...)"
            )
    _check_arguments(model, extras)
    return BoundModel(model, extras)


def _check_arguments(model: Any, extras: Mapping[str, Tensor]) -> None:
    """Raise if the model takes no argument of an extra's name."""
    takes = _arguments(model)
    if any(one.kind is one.VAR_KEYWORD for one in takes):
        return
    named = [one.name for one in takes if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    for name in extras:
        if takes and name not in named:
            raise TypeError(
                f"bind: the model has no argument {name!r}; it has {', '.join(named) or 'none'}"
            )


def _arguments(model: Any) -> list[inspect.Parameter]:
    """Return what a model takes, as far as that is known."""
    if isinstance(model, Adapter):
        return []
    try:
        return list(inspect.signature(getattr(model, "forward", model)).parameters.values())
    except (TypeError, ValueError):  # scripted, or written in C
        return []


class PackedModel(Adapter):
    """A model of several inputs, seen as a model of one flat tensor; made by `pack`."""

    def __init__(self, model: Callable[..., Any], parts: Mapping[str, Tensor] | Sequence[Tensor]):
        self.model = model
        self.names = list(parts) if isinstance(parts, Mapping) else None
        tensors = list(parts.values()) if isinstance(parts, Mapping) else list(parts)
        self.shapes = [tuple(t.shape[1:]) for t in tensors]
        self.sizes = [math.prod(shape) for shape in self.shapes]

    def unpack(self, flat: Tensor) -> dict[str, Tensor] | tuple[Tensor, ...]:
        """Cut (N, D) back into tensors (or their attributions) of the inputs' shapes."""
        pieces = flat.split(self.sizes, dim=1)
        tensors = [p.reshape(-1, *shape) for p, shape in zip(pieces, self.shapes, strict=True)]
        return dict(zip(self.names, tensors, strict=True)) if self.names else tuple(tensors)

    def __call__(self, flat: Tensor) -> Any:
        parts = self.unpack(flat)
        return self.model(**parts) if isinstance(parts, dict) else self.model(*parts)


def pack(
    model: Callable[..., Any], parts: Mapping[str, Tensor] | Sequence[Tensor]
) -> tuple[PackedModel, Tensor]:
    """See a model of several inputs as a model of one: flatten, join, and cut apart inside.

    Parameters
    ----------
    model : callable
        Called as ``model(*parts)``, or ``model(**parts)`` when `parts` is a mapping.
    parts : sequence or mapping of Tensor (N, ...)
        The inputs to be explained together: same N, dtype and device.

    Returns
    -------
    packed : PackedModel
        Takes the joined tensor; ``packed.unpack(attribution)`` gives one attribution an input.
    x : Tensor (N, D)
        The inputs, joined.

    Raises
    ------
    ValueError
        If the parts do not agree in N, dtype or device.
    TypeError
        If `parts` is a single tensor.
    """
    if isinstance(parts, Tensor) or not isinstance(parts, Mapping | Sequence):
        raise TypeError(
            "pack: parts must be a list of tensors, one for each input of the model, or a dict "
            f"name -> tensor, got {type(parts).__name__}; a model of one input needs no pack"
        )
    tensors = list(parts.values()) if isinstance(parts, Mapping) else list(parts)
    if not tensors:
        raise ValueError("pack: parts is empty; give at least one tensor")
    first = tensors[0]
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor) or tensor.dim() == 0:
            raise TypeError(
                f"pack: part {i} must be a tensor (N, ...), got {type(tensor).__name__}"
            )
        facts = (len(tensor), tensor.dtype, tensor.device)
        if facts != (len(first), first.dtype, first.device):
            raise ValueError(
                f"pack: part {i} has (rows, dtype, device) {facts}, part 0 has "
                f"{(len(first), first.dtype, first.device)}; all parts must agree"
            )
    return PackedModel(model, parts), torch.cat([t.flatten(1) for t in tensors], dim=1)


def call(model: Callable[..., Any], points: Tensor, rows: Tensor) -> Any:
    """Call `model` on points that belong to the original rows `rows`."""
    with belonging_to(rows):
        return model(points)


@contextmanager
def belonging_to(rows: Tensor) -> Iterator[None]:
    """Let a bound model that runs inside know the original rows of its points.

    A part of a model may run again in the backward pass, so that goes inside, too.
    """
    token = _rows.set(rows)
    try:
        yield
    finally:
        _rows.reset(token)


def current_rows(points: Tensor) -> Tensor:
    """Return the original row numbers of the points that a model is called on just now."""
    rows = _rows.get()
    return torch.arange(len(points), device=points.device) if rows is None else rows


def rows_of(points: Tensor, n_rows: int) -> Tensor:
    """Return which of x's n_rows rows the points belong to that a model is called on just now.

    Called by hand, it takes a point for each row, or any number of them where x is one row.
    """
    rows = _rows.get()
    if rows is not None and len(rows) == len(points):
        return rows if n_rows > 1 else torch.zeros_like(rows)
    if rows is None and n_rows == 1:
        return torch.zeros(len(points), dtype=torch.long, device=points.device)
    if rows is None and len(points) == n_rows:
        return torch.arange(n_rows, device=points.device)
    expected = n_rows if rows is None else len(rows)
    raise ValueError(
        f"at_layer: the rest of the model was called with {len(points)} point(s) where {expected} "
        "are needed, one for each row of x: what does not pass through the layer is computed from "
        "x. For other inputs call xaicourse.at_layer again with them"
    )


def largest_input(model: Any, x: Tensor) -> Tensor:
    """Return x, or the input of a part of the model in front of it if that has larger rows."""
    while isinstance(model, Adapter):
        before = getattr(model, "x", x)
        x = before if before[0].numel() > x[0].numel() else x
        model = model.model
    return x


def check_extras(model: Any, n_rows: int) -> None:
    """Raise if what is bound to the rows of x does not have one entry for each of them."""
    while isinstance(model, Adapter):
        extras = getattr(model, "extras", {})
        first = next((one.name for one in _arguments(model.model)), None)
        if first in extras:  # a method hands x over as the first one
            raise TypeError(
                f"bind: {first} is the model's first argument, in whose place x goes; to explain "
                f"another one hand it over by its name: lambda x: bound(NAME=x)"
            )
        for name, extra in extras.items():
            if len(extra) != n_rows:
                raise ValueError(
                    f"bind: {name} has {len(extra)} row(s), but x has {n_rows}; it needs one entry "
                    "for each row of x"
                )
        before = getattr(model, "x", None)
        if before is not None and len(before) not in (1, n_rows):
            raise ValueError(
                f"at_layer: the rest of the model was made for {len(before)} row(s), but x has "
                f"{n_rows}; explain all of them, or call xaicourse.at_layer with the rows alone"
            )
        if before is not None:
            n_rows = len(before)
        model = model.model
