"""An operation that keeps its value and gets a backward of ours; and what a set of rules is."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from xaicourse.core.operations import (
    Activated,
    Activation,
    Operation,
    UnsupportedOperationError,
    changed,
)

__all__ = ["Choice", "OperationRule", "RuleSet", "apply_rule", "slope_is_enough"]

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
    needs_input: ClassVar[bool]
    needs_rows: ClassVar[bool]
    transparent: ClassVar[frozenset[str]]
    always: ClassVar[frozenset[str]]
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


def slope_is_enough(rules: RuleSet, operation: Operation, writes: bool) -> bool:
    """Tell whether a rule asks for no more than the slope, and the output tells it.

    Only where torch, too, keeps the output for its gradient: it may not be written over.
    """
    activation = operation.activation if isinstance(operation, Activated) else None
    if rules.needs_input or not isinstance(activation, Activation):
        return False
    return activation.keeps_its_output if writes else activation.name == "relu"


class _Ruled(torch.autograd.Function):
    """The operation's own value forward, the rule backward. In differentiable operations."""

    @staticmethod
    def forward(  # with `ctx`: a setup_context() of its own would cost more than a small operation
        ctx: Any,
        value: Tensor | Callable[[], Tensor],
        operation: Operation,
        rule: OperationRule,
        writes: bool,
        *inputs: Tensor,
    ) -> Tensor:  # type: ignore[override]
        output = value.clone() if isinstance(value, Tensor) else value()
        if writes:
            ctx.mark_dirty(*inputs)
        elif output._is_view():
            output = output.clone()
        if isinstance(operation, Activated):
            ctx.save_for_backward(output)
        ctx.operation, ctx.rule = operation, rule
        ctx.versions = [t._version for t in operation.tensors]
        return output

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple:  # type: ignore[override]
        operation = ctx.operation
        if [t._version for t in operation.tensors] != ctx.versions:
            raise _overwritten(operation)
        if isinstance(operation, Activated):
            operation = _with_output(operation, ctx)
        found = ctx.rule(operation, grad)
        found = found if isinstance(found, tuple) else (found,)
        cast = [f.to(t.dtype) for f, t in zip(found, operation.inputs, strict=True)]
        return None, None, None, None, *cast


def _with_output(operation: Activated, ctx: Any) -> Activated:
    """Return an activation with its output, which stands for an input that was not kept."""
    try:
        (output,) = ctx.saved_tensors
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        if not operation.inputs:
            raise _overwritten(operation, "output") from error
        output = operation.function(operation.z)  # once more: the model has written over it
    output = output.detach()
    return changed(operation, inputs=operation.inputs or (output,), output=output)


def _overwritten(operation: Operation, what: str = "input") -> UnsupportedOperationError:
    return UnsupportedOperationError(
        f"model overwrites the {what} of {operation.name}() in place after the call, or its "
        "weight, but its backward rule needs it; use a copy there"
    )


def apply_rule(
    value: Tensor | Callable[[], Tensor],
    operation: Operation,
    rule: OperationRule,
    given: tuple[Tensor, ...] | None = None,
    writes: bool = False,
) -> Tensor:
    """Return `value`, or what it returns, connected to the operation's inputs by a rule of ours.

    Parameters
    ----------
    given : tuple of Tensor, optional
        The inputs in the graph, where the operation holds copies of them; or nothing: the output
        of an activation then stands for its input.
    writes : bool
        `value` writes over the one that is given.
    """
    inputs = operation.inputs if given is None else given
    kept = operation.detached() if operation.inputs else operation
    return _Ruled.apply(value, kept, rule, writes, *inputs)
