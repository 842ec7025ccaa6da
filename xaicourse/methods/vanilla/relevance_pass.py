"""The backward pass of LRP: which operation shares out its relevance by which rule, booked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor

from xaicourse.core.known import MAX_POOLING, SHAPE
from xaicourse.core.operations import (
    Activated,
    Affine,
    Join,
    Layer,
    Mixture,
    Operation,
    Signal,
    UnsupportedOperationError,
)
from xaicourse.core.output_parts import map_tensors
from xaicourse.core.ruled import Choice, apply_rule
from xaicourse.core.rules import BackwardRules
from xaicourse.methods.vanilla.relevance_ledger import Page, precise, precise_operation, row_sums
from xaicourse.methods.vanilla.relevance_rules import (
    RelevanceRule,
    ZBox,
    share_affine,
    share_join,
    share_mixture,
    share_signal,
)

__all__ = ["DeepTaylor", "Relevance"]


@dataclass(frozen=True, eq=False)
class Relevance(BackwardRules):
    """Relevance in place of gradients: which operation shares it out how."""

    table: Mapping[str | int, RelevanceRule] = field(default_factory=dict)
    epsilon: float = 1e-6  # at sums, means and affine steps that belong to no layer
    pages: list[Page] = field(default_factory=list)  # the last one is of the last forward pass

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "any activation", "layer", "gate"})
    carries_relevance: ClassVar[bool] = True
    needs_rows: ClassVar[bool] = True  # the ledger is kept row by row
    # a maximum over an axis is a max pool
    transparent: ClassVar[frozenset[str]] = frozenset(
        [*SHAPE, *MAX_POOLING, "amax", "amin", "max", "min"]
    )
    covers: ClassVar[str] = "there is no rule by which it could share out relevance"
    when_allowed: ClassVar[str] = "share relevance in proportion to x dy/dx"
    instead_of_attention: ClassVar[str] = (
        "its rules come with the lesson on transformers; write it out (q @ k.mT, softmax, @ v) and "
        "pass allow=('product', 'softmax'), which shares relevance as x dy/dx there; or "
    )

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if isinstance(operation, Activated):
            return operation, lambda operation, R: R
        if isinstance(operation, Layer):
            self.pages[-1].layers[operation.number] = operation.first
            rule = self.rule_of(operation)
            if isinstance(rule, ZBox) and not operation.first:
                raise UnsupportedOperationError(
                    f"{self.method}: the rule z_box is for layers that see x itself, but between x "
                    f"and {operation.name}() (layer {operation.number}) lies more than "
                    "normalisation, so that low and high do not bound its input; use flat or "
                    "w_square there"
                )
            return self._recorded(operation, rule.share)
        if isinstance(operation, Affine):
            return self._recorded(operation, lambda op, R: share_affine(op, R, self.epsilon))
        if isinstance(operation, Mixture):
            return self._recorded(operation, lambda op, R: share_mixture(op, R, self.epsilon))
        if isinstance(operation, Join):
            return self._recorded(operation, share_join)
        if isinstance(operation, Signal):
            return self._recorded(operation, share_signal)
        return None

    def rule_of(self, layer: Layer) -> RelevanceRule:
        """Look a layer up: by position, then by number, then by kind."""
        if layer.first and "first" in self.table:
            return self.table["first"]
        return self.table.get(layer.number) or self.table[layer.kind]

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model; at its outputs y the incoming dF/dy becomes relevance y dF/dy."""
        page = Page()
        self.pages.append(page)
        outputs = super().run(model, inputs, rows)

        def start(operation: Affine, grad: Tensor) -> Tensor:
            R = operation.x * grad
            R = R.masked_fill(grad == 0, 0.0)  # a class that is masked by -inf has no part in F
            total = row_sums(R, len(inputs))
            page.started = total if page.started is None else page.started + total
            return R

        def begin(leaf: Tensor) -> Tensor:
            if not leaf.requires_grad:
                return leaf
            return apply_rule(
                leaf.detach(), Affine("output", (leaf,), scale=None, shift=None), start
            )

        return map_tensors(begin, outputs)

    def audit(self, output: Tensor, start: Any) -> None:
        """Check the operations, and that every rule of the table has found its layer."""
        super().audit(output, start)
        layers = self.pages[-1].layers
        missing = [key for key in self.table if isinstance(key, int) and key not in layers]
        if missing:
            raise ValueError(
                f"rules: there is no layer {missing[0]}; the model has {len(layers)} layer "
                f"call(s), numbered from 0"
            )
        if "first" in self.table and layers and not any(layers.values()):
            raise UnsupportedOperationError(
                f"{self.method}: there is a rule for the first layer, but no layer of this model "
                "sees x itself (normalised, cut, turned or padded at most); use lrp with a table "
                "of rules that has no 'first'"
            )

    def _recorded(self, operation: Operation, share: Callable[[Any, Tensor], Any]) -> Choice:
        """Let a rule compute in float32 at least, and write down what it received and gave."""
        page = self.pages[-1]

        def rule(operation: Operation, R: Tensor) -> tuple[Tensor, ...]:
            R = precise(R)
            shares = share(precise_operation(operation), R)
            shares = shares if isinstance(shares, tuple) else (shares,)
            page.names.append(operation.name)
            N, row_of = operation.rows, operation.row_of or (None,) * (len(shares) + 1)
            page.received.append(row_sums(R, N, row_of[-1]))
            page.given.append(sum(map(row_sums, shares, [N] * len(shares), row_of)))  # type: ignore[arg-type]
            return shares

        return operation, rule


class DeepTaylor(Relevance):
    """The rules of Deep Taylor, and nothing that its theory does not speak of."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "layer"})
    covers: ClassVar[str] = (
        "Deep Taylor is derived for layers, ReLUs and pools (lrp with rules='z_box' shares out in "
        "the same way and has rules for other activations, gates and norms)"
    )
