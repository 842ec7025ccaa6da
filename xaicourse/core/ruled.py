"""An operation that keeps its value and gets a backward of ours; and what a set of rules is."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from xaicourse.core.operations import Operation, UnsupportedOperationError

__all__ = ["Choice", "OperationRule", "RuleSet", "apply_rule"]

# A backward rule: (operation with detached inputs, what arrives at its output) -> what its
# inputs get, one tensor for each of operation.inputs (or the tensor itself, if there is one).
OperationRule = Callable[[Any, Tensor], Tensor | tuple[Tensor, ...]]
# What `choose` answers: the operation as it is to be explained, and its rule.
Choice = tuple[Operation, OperationRule]


class RuleSet(Protocol):
    """What the mode and the audit ask of a set of rules; `BackwardRules` says what it means."""

    kinds: ClassVar[frozenset[str]]
    carries_relevance: ClassVar[bool]
    needs_producer: ClassVar[bool]
    needs_rows: ClassVar[bool]
    transparent: ClassVar[frozenset[str]]
    covers: ClassVar[str]
    when_allowed: ClassVar[str]
    instead_of_attention: ClassVar[str]
    instead_of_recurrent: ClassVar[str]

    @property
    def method(self) -> str: ...

    @property
    def allow(self) -> tuple[str, ...]: ...

    @property
    def moves(self) -> set[Any]: ...

    @property
    def calls(self) -> dict[Any, str]: ...

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None: ...


class _Ruled(torch.autograd.Function):
    """The operation's own value forward, the rule backward. In differentiable operations."""

    @staticmethod
    def forward(
        value: Tensor, operation: Operation, rule: OperationRule, *inputs: Tensor
    ) -> Tensor:  # type: ignore[override]
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        _, ctx.operation, ctx.rule, *_ = inputs
        ctx.versions = [t._version for t in ctx.operation.tensors]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple:  # type: ignore[override]
        operation = ctx.operation
        if [t._version for t in operation.tensors] != ctx.versions:
            raise UnsupportedOperationError(
                f"model overwrites the input of {operation.name}() in place after the call, or its "
                "weight, but its backward rule needs it; use a copy there"
            )
        found = ctx.rule(operation, grad)
        found = found if isinstance(found, tuple) else (found,)
        cast = [f.to(t.dtype) for f, t in zip(found, operation.inputs, strict=True)]
        return None, None, None, *cast


def apply_rule(value: Tensor, operation: Operation, rule: OperationRule) -> Tensor:
    """Return `value`, connected to the operation's inputs by a rule of ours."""
    return _Ruled.apply(value, operation.detached(), rule, *operation.inputs)
