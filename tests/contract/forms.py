"""What the result of each kind looks like: one function a kind, called as form(example, found)."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.core.registry import Example, InputKind, ResultKind

# how many axes x has, where the kind of input fixes it
AXES: dict[InputKind, int | None] = {
    InputKind.ANY: None,
    InputKind.IMAGE: 4,  # (N, C, H, W)
    InputKind.EMBEDDINGS: 3,  # (N, L, D)
    InputKind.GRAPH: 3,  # (N, nodes, features); the edges are bound to the model
    InputKind.TREE: 2,
    InputKind.GP: 2,
}


def shape_is(values: Tensor, expected: tuple[int, ...]) -> None:
    assert values.shape == expected, f"{tuple(values.shape)} instead of {tuple(expected)}"


def _input(example: Example, found: xc.Attribution) -> None:
    shape_is(found.values, example.x.shape)


def _map(example: Example, found: xc.Attribution) -> None:
    n, _, height, width = example.x.shape
    shape_is(found.values, (n, 1, height, width))


def _layer(example: Example, found: xc.Attribution) -> None:
    shapes: list[tuple[int, ...]] = []
    layer = example.model.get_submodule(example.settings["layer"])
    handle = layer.register_forward_hook(lambda *seen: shapes.append(seen[-1].shape))
    example.model(example.x)
    handle.remove()
    shape_is(found.values, shapes[-1])


def _pair(example: Example, found: xc.Attribution) -> None:
    d = example.x[0].numel()
    shape_is(found.values, (len(example.x), d, d))


def _tokens(example: Example, found: xc.Attribution) -> None:
    shape_is(found.values, example.x.shape[:2])


def _dataset(example: Example, found: xc.Attribution) -> None:
    """One result for all rows: checks.check_row_order asks for the same with more rows."""


def _decomposition(example: Example, found: xc.Attribution) -> None:
    """Named parts (N, ...); the values are all of them side by side and add up to F(x)."""
    parts = found.extra["parts"]
    assert len(parts) >= 2, "a decomposition has at least two parts"
    n = len(example.x)
    assert all(len(part) == n for part in parts.values())
    shape_is(found.values, (n, sum(math.prod(part.shape[1:]) for part in parts.values())))
    side_by_side = torch.cat([part.reshape(n, -1) for part in parts.values()], dim=1)
    assert torch.equal(side_by_side.to(found.values.dtype), found.values), "values are other parts"
    score = xc.scores(example.model, example.x, example.target)
    error = relative_error(found.values.sum(1), score)
    assert error <= 1e-10, f"the parts do not add up to the score: relative error {error:.3g}"


FORMS: dict[ResultKind, Callable[[Example, xc.Attribution], None]] = {
    ResultKind.INPUT: _input,
    ResultKind.MAP: _map,
    ResultKind.LAYER: _layer,
    ResultKind.PAIR: _pair,
    ResultKind.TOKENS: _tokens,
    ResultKind.DATASET: _dataset,
    ResultKind.DECOMPOSITION: _decomposition,
}
