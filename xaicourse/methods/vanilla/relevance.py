"""Layer-wise relevance propagation, LRP (2015), and Deep Taylor decomposition (2017).

The backward pass carries relevance: each operation receives R at its outputs and hands shares of it
to its inputs (relevance_rules.py has the equations). At the end each pixel holds its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask, refuse_infinite
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
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.ruled import Choice, apply_rule
from xaicourse.core.rules import BackwardRules
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.vanilla.relevance_arguments import check_inside, make_box, read_rules
from xaicourse.methods.vanilla.relevance_ledger import (
    Page,
    precise,
    precise_operation,
    read_ledger,
    row_sums,
)
from xaicourse.methods.vanilla.relevance_rules import (
    RelevanceRule,
    RuleTable,
    WSquare,
    ZBox,
    ZPlus,
    share_affine,
    share_join,
    share_mixture,
    share_signal,
)

__all__ = ["deep_taylor", "lrp"]


@attribution_method(
    title="Layer-wise relevance propagation",
    year=2015,
    paper="10.1371/journal.pone.0130140",
    family="vanilla",
    unit="share",
    needs={"gradient", "relu_only"},
    example=small_relu_classifier,
)
def lrp(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rules: str | RelevanceRule | RuleTable = "epsilon",
    epsilon: float = 1e-6,
    gamma: float = 0.25,
    alpha: float = 2.0,
    low: float | Tensor = 0.0,
    high: float | Tensor = 1.0,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Hand the explained number down through the layers, each neuron sharing out what it received.

    With the rule epsilon, at a layer :math:`z_j = \sum_i x_i w_{ij} + b_j`,

    .. math::
        R_i = \sum_j \frac{x_i w_{ij}}{z_j + \epsilon\, \mathrm{sign}\, z_j} R_j,
        \qquad R^{(L)} = F(x)

    Activations pass relevance on as it is, sums and average pools share it in proportion to what
    each input adds, max pools give it to the winner. A batch-norm (or ``- mean``, ``/ std``) is
    explained as one layer with the layer before it, or else the one after it.

    Parameters
    ----------
    rules : str, rule or table
        One rule for all layers with weights: epsilon, zero, gamma, alpha_beta, alpha2_beta1,
        z_plus, w_square, flat, or z_box (in the first layer, z_plus in the others). A composite by
        depth: epsilon_plus, epsilon_plus_flat, epsilon_gamma_box, epsilon_alpha2_beta1,
        epsilon_alpha2_beta1_flat. Or a table of your own, such as
        ``{"first": "z_box", 3: "flat", "conv": "gamma", "linear": "epsilon"}``, whose numbers
        count the layer calls from 0; the first of first, number, conv, linear that fits holds.
        "first" are the layers that see x itself (normalised, cut, turned or padded at most).
    epsilon : float
        Keeps denominators away from 0 and absorbs weak relevance; in the units of z. Also at sums
        and means, whatever the rule is (0 there with the rule zero).
    gamma : float
        How much more the contributions count that agree with the neuron, for the rule gamma.
    alpha : float
        Weight of the positive contributions, at least 1; the negative ones have alpha - 1.
    low, high : float or Tensor
        The smallest and largest value that x can have, for the rule z_box; tensors broadcast to x.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. Other
        than with logit and margin, relevance starts as y dF/dy at the model's outputs y.
    allow : tuple of str
        Operations without a rule that are accepted, by the name that an error gave; relevance is
        shared there as x_i dy/dx_i R / y.

    Returns
    -------
    Tensor (N, ...)
        Relevance of each input, signed, in units of F. ``extra`` of the details holds what biases,
        constants and epsilon ``absorbed`` (N,), so that values.sum() + absorbed = F, and for each
        operation that shares relevance its name, what arrived at it and what it absorbed
        (`layer_names`, `layer_relevance` and `layer_absorbed` (N, L), from the input to the
        output).

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule (GELU, a gate, attention), or z_box meets a layer that does not
        see x; it is named. Also if there is a rule for "first", but no layer sees x.
    ValueError, TypeError
        Also for unknown rules and x outside of low and high.

    Notes
    -----
    Conserves relevance up to what biases, constants and epsilon absorb. Breaks completeness, and
    implementation invariance for all rules but zero.

    **Cost.** 1 gradient a row.

    **Fails when** conservation is taken for a proof: flat, z_plus and alpha_beta conserve and
    hardly depend on the class. With the rule zero, relevance explodes where a z is near 0.

    References
    ----------
    .. [bach2015] S. Bach et al., 2015, doi:10.1371/journal.pone.0130140.
    .. [montavon2019] G. Montavon et al., 2019, doi:10.1007/978-3-030-28954-6_10 (composites).

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.lrp(xc.zoo.toy(), xc.zoo.toy_input(), rules="zero").round(decimals=6)
    tensor([[ 3., -3.]], dtype=torch.float64)
    """
    settings = {"epsilon": epsilon, "gamma": gamma, "alpha": alpha, "low": low, "high": high}
    at_sums = 0.0 if rules == "zero" else epsilon
    propagation = _Relevance("lrp", allow, table=read_rules(rules, settings), epsilon=at_sums)
    return _explain(propagation, ask(model, x, target, **asked, rules=propagation))


def small_pictures() -> Example:
    """Return the small ReLU net with inputs in [0, 1], as pixels are."""
    example = small_relu_classifier()
    return replace(example, x=example.x.square())


@attribution_method(
    title="Deep Taylor decomposition",
    year=2017,
    paper="arXiv:1512.02479",
    family="vanilla",
    unit="share",
    needs={"gradient", "relu_only"},
    example=small_pictures,
)
def deep_taylor(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    low: float | Tensor | None = 0.0,
    high: float | Tensor | None = 1.0,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Share relevance out neuron by neuron by a Taylor expansion at the nearest allowed root.

    A neuron's relevance is expanded at a root point in the space where its inputs can lie. For
    inputs that are not negative (after a ReLU) this gives z+, for pixels between l and h it gives
    zB, for unbounded inputs w2:

    .. math::
        R_i = \sum_j \frac{x_i w_{ij}^+}{\sum_{i'} x_{i'} w_{i'j}^+} R_j, \qquad
        R_i = \sum_j \frac{x_i w_{ij} - l_i w_{ij}^+ - h_i w_{ij}^-}
              {\sum_{i'} (x_{i'} w_{i'j} - l_{i'} w_{i'j}^+ - h_{i'} w_{i'j}^-)} R_j

    Parameters
    ----------
    low, high : float, Tensor or None
        The smallest and largest value that x can have; both None where x has no bounds.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. Other
        than with logit and margin, relevance starts as y dF/dy at the model's outputs y.
    allow : tuple of str
        Operations without a rule that are accepted, by the name that an error gave; relevance is
        shared there as x_i dy/dx_i R / y.

    Returns
    -------
    Tensor (N, ...)
        Relevance in units of F; all of one sign in a net of layers and ReLUs.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named. Also if no layer sees x itself.
    ValueError, TypeError
        Also for x outside of low and high.

    Notes
    -----
    Conserves F where every neuron that received relevance has a positive contribution: biases take
    no part. Breaks implementation invariance. The theory is for F > 0 and biases that are not
    positive.

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: its rules are positive, and the map hardly
    depends on the class.

    References
    ----------
    .. [montavon2017] G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Mueller, 2017,
       arXiv:1512.02479.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> neuron = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
    >>> neuron.weight.data = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    >>> xc.deep_taylor(neuron, torch.tensor([[0.5, 0.5]], dtype=torch.float64))
    tensor([[0.5000, 1.5000]], dtype=torch.float64)
    """
    if (low is None) != (high is None):
        raise ValueError(f"low and high must both be given or both be None, got {low}, {high}")
    first = WSquare() if low is None or high is None else make_box(low, high)
    hidden = ZPlus(with_bias=False)
    table: dict[str | int, RelevanceRule] = {"first": first, "conv": hidden, "linear": hidden}
    propagation = _DeepTaylor("deep_taylor", allow, table=table)
    return _explain(propagation, ask(model, x, target, **asked, rules=propagation))


# ---- the backward pass ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Relevance(BackwardRules):
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

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if isinstance(operation, Activated):
            return operation, lambda operation, R: R.sum_to_size(operation.z.shape)
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


class _DeepTaylor(_Relevance):
    """The rules of Deep Taylor, and nothing that its theory does not speak of."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "layer"})
    covers: ClassVar[str] = (
        "Deep Taylor is derived for layers, ReLUs and pools (lrp with rules='z_box' shares out in "
        "the same way and has rules for other activations, gates and norms)"
    )


def _explain(propagation: _Relevance, question: Question) -> Attribution:
    boxes = [r for r in propagation.table.values() if isinstance(r, ZBox)]
    for box in boxes:
        check_inside(question.x, box)
    maps: list[Tensor] = []
    scores: list[Tensor] = []
    pages: list[Page] = []

    def receive(part: slice, points: Tensor, R: Tensor, score: Tensor) -> None:
        maps.append(R)
        scores.append(score)
        pages.append(propagation.pages[-1])
        propagation.pages.clear()

    question.gradients(question.x, question.rows, receive)
    values, F = torch.cat(maps), torch.cat(scores)
    refuse_infinite(F)
    finite = torch.isfinite(values).flatten(1).all(dim=1)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0])
        raise ValueError(
            f"the relevance of row {row} is NaN or infinite; a denominator is near 0: give a "
            "larger epsilon, or another rule"
        )
    ledger = read_ledger(pages, F)
    absorbed = ledger["absorbed"]
    return Attribution.of(
        question,
        values,
        f_end=F,
        gap=values.flatten(1).sum(1) - (F - absorbed).to(values.device),
        extra={**ledger, "expected_total": F - absorbed},
    )
