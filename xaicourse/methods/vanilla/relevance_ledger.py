"""The books of LRP: what each operation received and gave in a backward pass, and what was lost."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.operations import Layer, Operation

__all__ = ["Page", "precise", "precise_operation", "read_ledger", "row_sums"]


@dataclass
class Page:
    """What every operation received and gave in one backward pass, summed over each row."""

    names: list[str] = field(default_factory=list)
    received: list[Tensor] = field(default_factory=list)  # (n,) each
    given: list[Tensor] = field(default_factory=list)
    layers: dict[int, bool] = field(default_factory=dict)  # number -> whether it sees x itself
    started: Tensor | None = None  # (n,) at the model's outputs


def read_ledger(pages: list[Page], F: Tensor) -> dict[str, Any]:
    """Join the chunks' pages; operations in the order of the forward pass."""
    received = [torch.stack([*p.received, p.started][::-1], dim=1) for p in pages]  # type: ignore[list-item]
    given = [torch.stack([*p.given, p.started][::-1], dim=1) for p in pages]  # type: ignore[list-item]
    started = torch.cat([p.started for p in pages])  # type: ignore[misc]
    lost = torch.cat([(r - g).sum(1) for r, g in zip(received, given, strict=True)])
    ledger: dict[str, Any] = {"absorbed": lost + (F - started).to(lost)}
    names = {tuple(p.names) for p in pages}
    if len(names) == 1:  # the same operations for all rows
        ledger["layer_names"] = names.pop()[::-1]
        ledger["layer_relevance"] = torch.cat(received)[:, 1:]
        ledger["layer_absorbed"] = torch.cat(received)[:, 1:] - torch.cat(given)[:, 1:]
    return ledger


def row_sums(R: Tensor, rows: int, row_of: Tensor | None = None) -> Tensor:
    """Return each row's sum; tensors that split rows into parts, (N * k, ...), are joined again.

    row_of : the row of each number, where they do not lie in order.
    """
    if row_of is None:
        return precise(R).reshape(rows, -1).sum(1)
    total = precise(R).new_zeros(rows)
    return total.index_add(0, row_of.flatten(), precise(R).flatten())


def precise(t: Tensor) -> Tensor:
    """Return a tensor in float32 at least."""
    return t if t.dtype in (torch.float32, torch.float64) else t.float()


def precise_operation(operation: Operation) -> Operation:
    """Return an operation whose tensors are in float32 at least."""
    inputs = tuple(precise(t.detach()) for t in operation.inputs)
    if isinstance(operation, Layer):
        b, s = operation.bias, operation.scale
        return replace(
            operation,
            inputs=inputs,
            weight=precise(operation.weight.detach()),
            bias=None if b is None else precise(b.detach()),
            scale=None if s is None else precise(s.detach()),
        )
    return replace(operation, inputs=inputs)
