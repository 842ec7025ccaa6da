"""Which axis of a layer's output is which: read from the autograd graph, not guessed from sizes.

Each axis is followed back through the operations that made the output. It ends in x, and then its
places are those of x: an axis of cells. Or it ends where a convolution (its axis 1), a linear layer
or a layer norm (their last axis) made it: the channels. An axis of tokens ends where two axes of
cells were laid in a line; what was put beside them in a concatenation (a class token) is skipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Axes", "Trace", "axes_of", "node_of", "nodes_behind", "nodes_beside", "same_aspect"]

CHANNELS = -1  # where an axis ends that does not come from x
MIXING = ("ConvolutionBackward", "AddmmBackward", "MmBackward")  # they make new channels
Edge = tuple[Any, int]  # an autograd node, and which of its results
Place = tuple[Any, int, int]  # the same, and an axis of it


@dataclass(frozen=True)
class Axes:
    """How a layer's output is laid out as feature maps (N, K, cells ...): call it to do so."""

    channel: int
    cells: tuple[int, ...]  # the axes of its cells, or the one of its tokens, in x's order
    of_x: tuple[int, ...]  # the axes of x that they show
    grid: tuple[int, ...] = ()  # tokens: cells down and across, and the tokens before them
    made: bool = True  # the channels were made by a layer: they are not x's own

    @property
    def tokens(self) -> bool:
        """Whether its cells are tokens, of which a model may read one alone."""
        return bool(self.grid) or (len(self.cells) == 1 and self.channel == 2)

    def __call__(self, output: Tensor) -> Tensor:
        """Return the output (N, ...) as feature maps (N, K, cells ...)."""
        maps = output.permute(0, self.channel, *self.cells)
        if not self.grid:
            return maps
        h, w, skip = self.grid
        return maps[:, :, skip : skip + h * w].unflatten(2, (h, w))


def axes_of(output: Tensor, trace: Trace) -> Axes | None:
    """Return the axes of an output of one row, x (1, ...), or None if they cannot be told."""
    x = trace.x
    edge = _edge(output)
    if output.dim() == x.dim():
        ends = [trace.ends(edge, k) if edge else frozenset() for k in range(output.dim())]
        return _of_cells(ends, _cells_of_x(edge, trace))
    if output.dim() == 3 and x.dim() == 4 and edge is not None:
        return _of_tokens(edge, tuple(output.shape), trace)
    return None


def _of_cells(ends: list[frozenset[int]], of_x: tuple[int, ...]) -> Axes | None:
    """Return the axes of an output that has as many as x, whose cells have the axes `of_x`."""
    every = range(1, len(ends))
    from_x = {k: ends[k] - {CHANNELS} for k in every}
    made = [k for k in every if ends[k] == {CHANNELS}]
    left = [k for k in every if not from_x[k]]
    if len(made) == 1:
        channel = made[0]
    elif len(left) == 1:
        channel = left[0]
    elif all(from_x[k] == {k} for k in every):
        channel = 1  # x itself
    else:
        return None
    cells = [k for k in every if k != channel]
    known = [min(from_x[k]) for k in cells if len(from_x[k]) == 1]
    if len(set(known)) == len(cells):
        cells = [k for _, k in sorted(zip(known, cells, strict=True))]
        of_x = tuple(sorted(known))
    return Axes(channel, tuple(cells), of_x, made=bool(made))


def _cells_of_x(edge: Edge | None, trace: Trace) -> tuple[int, ...]:
    """Return the axes of x that are not its channels: those that the first layers do not mix."""
    dims = trace.x.dim()
    found: set[int] = set()
    for node in nodes_behind(edge[0]) if edge else ():
        axis = _made_axis(node, len(_shape((node, 0))))
        for below in _data(node) if axis is not None else ():
            own = _shape(below)
            mixed = 1 if axis == 1 and len(own) > 2 else len(own) - 1
            found |= trace.ends(below, mixed) - {CHANNELS}
    channel = found.pop() if len(found) == 1 else 1
    return tuple(k for k in range(1, dims) if k != channel)


def _of_tokens(edge: Edge, shape: tuple[int, ...], trace: Trace) -> Axes | None:
    """Return the axes of tokens (1, L, D) or (1, D, L) that were cut from an image."""
    grids = _grids(edge, trace)
    channels = [k for k in (1, 2) if CHANNELS in trace.ends(edge, k)] or [1, 2]
    found = [k for k in channels if shape[3 - k] in grids]
    if len(found) != 1:
        return None
    h, w, skip, *of_x = grids[shape[3 - found[0]]]
    return Axes(found[0], (3 - found[0],), tuple(of_x), grid=(h, w, skip))


def same_aspect(h: int, w: int, H: int, W: int, tolerance: float = 0.4) -> bool:
    """Tell whether h x w cells can be a picture of H x W pixels."""
    return h * w > 1 and 1 - tolerance < (h * W) / (w * H) < 1 / (1 - tolerance)


# ---- following an axis --------------------------------------------------------------------------


def node_of(output: Any) -> Any:
    """Return the autograd node of a tensor, or None."""
    edge = _edge(output)
    return edge[0] if edge else None


def _edge(output: Any) -> Edge | None:
    if not isinstance(output, Tensor) or output.grad_fn is None:
        return None
    found = torch.autograd.graph.get_gradient_edge(output)
    return found.node, found.output_nr


def _shape(edge: Edge) -> tuple[int, ...]:
    return tuple(edge[0]._input_metadata[edge[1]].shape)


class Trace:
    """Where axes come from, in the graph of one forward pass of x (1, ...): remembered."""

    def __init__(self, x: Tensor) -> None:
        self.x = x
        self._ends: dict[Place, frozenset[int]] = {}

    def ends(self, edge: Edge, axis: int) -> frozenset[int]:
        """Return where an axis of a result comes from: axes of x, `CHANNELS` if a layer made it."""
        todo: list[Place] = [(*edge, axis)]
        while todo:  # the deepest first: what an axis comes from is known before it
            place = todo[-1]
            own, before = self._one_back(place)
            unknown = [b for b in before if b not in self._ends]
            if unknown:
                todo += unknown
            else:
                self._ends[place] = own.union(*(self._ends[b] for b in before))
                todo.pop()
        return self._ends[(*edge, axis)]

    def _one_back(self, place: Place) -> tuple[frozenset[int], list[Place]]:
        """Return the ends at an operation itself, and the axes of its operands that lead on."""
        node, number, axis = place
        if place in self._ends:
            return self._ends[place], []
        if getattr(node, "variable", None) is self.x:
            return frozenset({axis}), []
        if axis == _made_axis(node, len(_shape((node, number)))):
            return frozenset({CHANNELS}), []
        return frozenset(), list(_one_back((node, number), axis))


def _made_axis(node: Any, dims: int) -> int | None:
    """Return which axis of its result an operation makes itself: its channels."""
    name = node.name()
    if name.startswith("ConvolutionBackward"):
        return 1
    if name.startswith("NativeLayerNorm"):
        return dims - 1 if len(node._saved_normalized_shape) == 1 else None
    return dims - 1 if name.startswith(MIXING) else None


def _one_back(edge: Edge, axis: int) -> Iterator[tuple[Any, int, int]]:
    """Yield the axes that an axis of a result was, in what the operation was given."""
    node, shape = edge[0], _shape(edge)
    if node.name().startswith(("Bmm", "Baddbmm")):
        return  # a row of a product of activations: attention
    for below in _data(node):
        k = _axis_before(node, shape, _shape(below), axis)
        if k is not None:
            yield (*below, k)


def _data(node: Any) -> list[Edge]:
    """Return what an operation was computed from; of a layer not its weights."""
    below = list(node.next_functions)
    if node.name().startswith(("Convolution", "Mm", "NativeLayerNorm")):
        below = below[:1]
    if node.name().startswith("Addmm"):
        below = below[1:2]
    return [b for b in below if b[0] is not None]


def _axis_before(
    node: Any, shape: tuple[int, ...], before: tuple[int, ...], axis: int
) -> int | None:
    """Return which axis of an operand of shape `before` an axis of the result was."""
    name, dims = node.name(), len(shape)
    if name.startswith("PermuteBackward"):
        return _number(node._saved_dims[axis]) % dims
    if name.startswith(("TransposeBackward", "TBackward")):
        pair = (0, 1)
        if name.startswith("TransposeBackward"):
            pair = (_number(node._saved_dim0) % dims, _number(node._saved_dim1) % dims)
        return {pair[0]: pair[1], pair[1]: pair[0]}.get(axis, axis)
    if shape != before and math.prod(shape) == math.prod(before):
        return _axis_before_reshape(shape, before, axis)
    if len(before) != dims or (before[axis] == 1 and shape[axis] != 1):
        return None  # summed, picked or broadcast
    return axis


def _axis_before_reshape(shape: tuple[int, ...], before: tuple[int, ...], axis: int) -> int | None:
    """Return the axis with the same size, and with as many places before it."""
    for k, size in enumerate(before):
        same = size == shape[axis] and math.prod(before[:k]) == math.prod(shape[:axis])
        if same and size > 1:
            return k
    return None


def _number(saved: int) -> int:
    """Return a saved axis with its sign: torch hands negative ones out as large numbers."""
    return saved - 2**64 if saved >= 2**63 else saved


# ---- tokens, and what lies between a layer and the score ----------------------------------------


def nodes_behind(start: Any, stop_at: tuple[str, ...] = ()) -> dict[Any, None]:
    """Return the nodes that a node is computed from, nearest first; not those behind `stop_at`."""
    found = {start: None}
    todo = [start]
    for node in todo:
        if stop_at and node.name().startswith(stop_at):
            continue
        for below, _ in node.next_functions:
            if below is not None and below not in found:
                found[below] = None
                todo.append(below)
    return found


def nodes_beside(start: Any, passed: Any) -> set[Any]:
    """Return the nodes that a node is computed from on paths that do not go through `passed`."""
    found = {start, passed}
    todo = [start] if start is not passed else []
    for node in todo:
        for below, _ in node.next_functions:
            if below is not None and below not in found:
                found.add(below)
                todo.append(below)
    return found


def _grids(edge: Edge, trace: Trace) -> dict[int, tuple[int, ...]]:
    """Return number of tokens -> (h, w, tokens before them, axis of x down, across)."""
    nodes = list(nodes_behind(edge[0]))
    grids: dict[int, tuple[int, ...]] = {}
    for node in nodes:
        for h, w, *of_x in _laid_in_line(node, trace):
            grids.setdefault(h * w, (h, w, 0, *of_x))
    for node in reversed(nodes):  # from x on, as one concatenation can follow another
        if node.name().startswith("CatBackward"):
            parts = _parts(node)
            patches = [k for k, size in enumerate(parts) if size in grids]
            if len(patches) == 1:
                h, w, skip, *of_x = grids[parts[patches[0]]]
                skip += sum(parts[: patches[0]])
                grids.setdefault(sum(parts), (h, w, skip, *of_x))
    return grids


def _laid_in_line(node: Any, trace: Trace) -> Iterator[tuple[int, int, int, int]]:
    """Yield (h, w, axis of x down, across) of cells that a reshape of an image lays in a line."""
    below = node.next_functions[0] if len(node.next_functions) == 1 else (None, 0)
    if below[0] is None or getattr(node, "variable", None) is not None:
        return
    shape, before = _shape((node, 0)), _shape(below)
    if math.prod(shape) != math.prod(before) or len(before) < 4:
        return
    for k in range(1, len(before) - 1):
        h, w = before[k : k + 2]
        lines = [a for a, size in enumerate(shape) if size == h * w]
        line = any(math.prod(shape[:a]) == math.prod(before[:k]) for a in lines)
        if h > 1 and w > 1 and line:
            down, across = (trace.ends(below, axis) - {CHANNELS} for axis in (k, k + 1))
            if len(down) == len(across) == 1 and min(down) < min(across):
                yield h, w, min(down), min(across)
            elif not down and not across and same_aspect(h, w, *trace.x.shape[2:]):
                yield h, w, 2, 3


def _parts(cat: Any) -> list[int]:
    """Return how many places each part of a concatenation has."""
    shape = _shape((cat, 0))
    dim = _number(cat._saved_dim) % len(shape)
    sizes = [_shape(b)[dim] if b[0] is not None else 0 for b in cat.next_functions]
    unknown = [k for k, b in enumerate(cat.next_functions) if b[0] is None]
    if len(unknown) == 1:  # a token that is not learned
        sizes[unknown[0]] = shape[dim] - sum(sizes)
    return sizes if 0 not in sizes else []
