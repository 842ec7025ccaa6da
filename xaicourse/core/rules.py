"""One way to replace a backward rule, for every spelling of an operation.

A `BackwardRules` object does two things with a model, and only while it is asked for a gradient:

1. During the forward pass a function mode (rule_mode.py) sees every call (module, functional,
   method, in place, reused), reads it as an operation, asks `choose` for a rule and gives the
   operation that backward. The forward value stays.
2. After it, the autograd graph between x and the outputs is audited (audit.py): what is neither
   ruled nor transparent to the chain rule is refused by name.

No hooks, no surgery on modules, no weight is touched. Nothing is looked up in advance: a
batch-norm finds, at its own call, the convolution that made its input, and becomes one layer with
it; a layer knows whether it sees x itself, because every tensor remembers what made it.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from xaicourse.core.audit import audit
from xaicourse.core.known import TRANSPARENT
from xaicourse.core.looks import depends_on
from xaicourse.core.operations import Activated, Operation, Slope, UnsupportedOperationError
from xaicourse.core.rule_mode import RuleMode
from xaicourse.core.ruled import Choice

__all__ = ["BackwardRule", "BackwardRules", "Rules", "UnsupportedOperationError"]

# The simplest rules, for activations alone: (slope at z, incoming gradient) -> outgoing gradient
BackwardRule = Callable[[Slope, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class BackwardRules:
    """Backward rules for a model's operations, to be put to a question: ``ask(..., rules=...)``.

    A method makes a subclass that says what it reads, which rule an operation gets, and what the
    plain chain rule may be trusted with.

    Parameters
    ----------
    method : str
        Whose rules they are, for messages.
    allow : tuple of str
        Operations that the caller accepts without a rule, by the name that the error gave.
    """

    method: str
    allow: tuple[str, ...] = ()
    # of the last forward pass: nodes that only put numbers where they belong, and those of calls
    moves: set[Any] = field(default_factory=set, init=False)
    calls: dict[Any, str] = field(default_factory=dict, init=False)

    # which operations are read beside activations of the ReLU family
    kinds: ClassVar[frozenset[str]] = frozenset()
    # of "smooth", "any activation", "layer", "max_pool", "product", "gate"
    # True where the backward pass carries relevance itself; False where it carries its ratio to
    # the value, as gradients and multipliers are, so that the chain rule holds for affine maps
    carries_relevance: ClassVar[bool] = False
    # whether an activation's rule asks for what made its input
    needs_producer: ClassVar[bool] = False
    # whether an activation's rule asks for more than its slope, which its output tells
    needs_input: ClassVar[bool] = True
    # whether its rules tell rows apart, so that they must lie on the first axis
    needs_rows: ClassVar[bool] = False
    transparent: ClassVar[frozenset[str]] = TRANSPARENT
    # activations with a rule: in the graph they are met only where their call was not seen
    always: ClassVar[frozenset[str]] = frozenset({"relu", "leaky_relu"})
    covers: ClassVar[str] = "its backward rule covers the ReLU family only"
    when_allowed: ClassVar[str] = "accept the plain gradient"
    # what else the caller may do, said before the methods that ask for no rule
    instead_of_attention: ClassVar[str] = "its rules come with the lesson on transformers; "
    instead_of_recurrent: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if isinstance(self.allow, str):
            raise TypeError(
                f"allow must be a tuple of names of operations, got the text {self.allow!r}; "
                f"write allow=({self.allow!r},)"
            )
        if not isinstance(self.allow, Iterable) or not all(isinstance(n, str) for n in self.allow):
            raise TypeError(
                "allow must be a tuple of names of operations, such as ('softmax',), got "
                f"{self.allow!r}"
            )
        object.__setattr__(self, "allow", tuple(self.allow))

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        """Return the operation to be explained and its rule; None leaves the chain rule.

        `producer` is what made the operation's (first) input.
        """
        raise NotImplementedError

    @contextmanager
    def active(self, inputs: Tensor) -> Iterator[RuleMode]:
        """Replace the rules in the forward pass inside, of a model that is called on `inputs`."""
        mode = RuleMode(self, inputs)
        with written_in_python(), mode:
            yield mode

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model, as (points, original row numbers) -> outputs, under these rules."""
        before = inputs._version
        with self.active(inputs) as mode:
            outputs = self.call(mode, model, inputs, rows)
        if mode.readings:
            self._try_other_numbers(mode, lambda: model(inputs, rows), inputs._version != before)
        return outputs

    def call(
        self, mode: RuleMode, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor
    ) -> Any:
        """Call the model while `mode` is on."""
        return model(inputs, rows)

    def _try_other_numbers(
        self, mode: RuleMode, run: Callable[[], Any], inputs_changed: bool
    ) -> None:
        """Refuse a model whose output depends on numbers that it read off its activations."""
        if inputs_changed:
            raise mode.readings[0].error
        found = depends_on(mode.readings, run)
        if found is not None:
            raise found.error

    def audit(self, output: Tensor, start: Any) -> None:
        """Check that nothing between x, whose autograd node is `start`, and an output escaped."""
        audit(output, start, self)

    def check_model(self, model: Any) -> None:
        """Refuse scripted models, whose inside cannot be seen."""
        if isinstance(model, torch.jit.ScriptModule | torch.jit.ScriptFunction):
            raise UnsupportedOperationError(
                f"{self.method} needs a model in eager mode, but this one is scripted "
                f"({type(model).__name__}): its operations cannot be seen; pass the original model"
            )


def written_in_python() -> AbstractContextManager[Any]:
    """Run what torch.compile made, wherever it hides in a model, as it was written.

    Compiled code shows no operation to a function mode. Nothing is compiled before torch._dynamo
    is imported.
    """
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch.compiler.set_stance("force_eager")


class Rules(BackwardRules):
    """One rule for every activation of the ReLU family; all else must be affine.

    Parameters
    ----------
    method : str
        Whose rule it is, for messages.
    rule : callable
        (slope at z, incoming gradient) -> outgoing gradient, in differentiable operations.
    allow : tuple of str
        Operations whose plain gradient the caller accepts, by the name that the error gave.
    """

    needs_input: ClassVar[bool] = False

    def __init__(self, method: str, rule: BackwardRule, allow: tuple[str, ...] = ()) -> None:
        super().__init__(method, allow)
        object.__setattr__(self, "rule", rule)

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if not isinstance(operation, Activated):
            return None
        return operation, self._backward

    def _backward(self, operation: Activated, grad: Tensor) -> Tensor:
        rule: BackwardRule = self.rule  # type: ignore[attr-defined]
        return rule(Slope(operation.activation, operation.z), grad)
