"""Layer-wise relevance propagation, LRP (2015), and Deep Taylor decomposition (2017).

The backward pass carries relevance: each operation receives R at its outputs and hands shares of it
to its inputs (relevance_rules.py has the equations). At the end each pixel holds its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask
from xaicourse.core.known import MAX_POOLING, SHAPE
from xaicourse.core.operations import (
    Activated,
    Affine,
    Join,
    Layer,
    Mixture,
    Operation,
    UnsupportedOperationError,
)
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.ruled import Choice, apply_rule
from xaicourse.core.rules import BackwardRules
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.vanilla.relevance_rules import (
    COMPOSITES,
    RULES,
    RelevanceRule,
    RuleTable,
    WSquare,
    ZBox,
    ZPlus,
    share_affine,
    share_join,
    share_mixture,
)

__all__ = ["deep_taylor", "lrp"]


@attribution_method(
    title="Layer-wise relevance propagation",
    year=2015,
    paper="10.1371/journal.pone.0130140",
    family="vanilla",
    unit="share",
    lesson="03",
    needs={"gradient", "relu_only"},
    cost=lambda settings: 1,
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
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
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
    model, x, target, output, batch_size, return_details
        As for `gradient`. With an `output` other than logit or margin, relevance starts as y dF/dy
        at the model's outputs y.
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
        As for `gradient`; also for unknown rules and x outside of low and high.

    Notes
    -----
    Conserves relevance up to what biases, constants and epsilon absorb. Breaks implementation
    invariance for all rules but zero, completeness, and with z_plus and alpha_beta hardly depends
    on the class.

    References
    ----------
    S. Bach et al., 2015, doi:10.1371/journal.pone.0130140. G. Montavon et al., 2019,
    doi:10.1007/978-3-030-28954-6_10 (composites). Lesson 03.
    """
    settings = {"epsilon": epsilon, "gamma": gamma, "alpha": alpha, "low": low, "high": high}
    table = _table(rules, settings)
    at_sums = 0.0 if rules == "zero" else epsilon
    propagation = _Relevance("lrp", allow, table=table, epsilon=at_sums)
    return _explain(
        propagation,
        ask(model, x, target, output, batch_size, rules=propagation),
        x.dtype,
        {"rules": rules, **settings, "output": output, "allow": tuple(allow)},
    )


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
    lesson="03",
    needs={"gradient", "relu_only"},
    cost=lambda settings: 1,
    example=small_pictures,
)
def deep_taylor(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    low: float | Tensor | None = 0.0,
    high: float | Tensor | None = 1.0,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
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
    model, x, target, output, batch_size, return_details
        As for `lrp`.
    low, high : float, Tensor or None
        The smallest and largest value that x can have; both None where x has no bounds.
    allow : tuple of str
        As for `lrp`.

    Returns
    -------
    Tensor (N, ...)
        Relevance in units of F; all of one sign in a net of layers and ReLUs.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named. Also if no layer sees x itself.
    ValueError, TypeError
        As for `lrp`.

    Notes
    -----
    Conserves F where every neuron that received relevance has a positive contribution: biases take
    no part. Breaks implementation invariance; hardly depends on the class. The theory is for F > 0
    and biases that are not positive.

    References
    ----------
    G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Mueller, 2017, arXiv:1512.02479.
    Lesson 03.
    """
    if (low is None) != (high is None):
        raise ValueError(f"low and high must both be given or both be None, got {low}, {high}")
    first = WSquare() if low is None or high is None else _box(low, high)
    hidden = ZPlus(with_bias=False)
    table: dict[str | int, RelevanceRule] = {"first": first, "conv": hidden, "linear": hidden}
    propagation = _Relevance("deep_taylor", allow, table=table)
    settings = {"low": low, "high": high, "output": output, "allow": tuple(allow)}
    question = ask(model, x, target, output, batch_size, rules=propagation)
    return _explain(propagation, question, x.dtype, settings)


# ---- the backward pass ---------------------------------------------------------------------------


@dataclass
class _Page:
    """What every operation received and gave in one backward pass, summed over each row."""

    names: list[str] = field(default_factory=list)
    received: list[Tensor] = field(default_factory=list)  # (n,) each
    given: list[Tensor] = field(default_factory=list)
    layers: dict[int, bool] = field(default_factory=dict)  # number -> whether it sees x itself
    started: Tensor | None = None  # (n,) at the model's outputs


@dataclass(frozen=True, eq=False)
class _Relevance(BackwardRules):
    """Relevance in place of gradients: which operation shares it out how."""

    table: Mapping[str | int, RelevanceRule] = field(default_factory=dict)
    epsilon: float = 1e-6  # at sums, means and affine steps that belong to no layer
    pages: list[_Page] = field(default_factory=list)  # the last one is of the last forward pass

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "layer"})
    carries_relevance: ClassVar[bool] = True
    transparent: ClassVar[frozenset[str]] = frozenset(SHAPE + MAX_POOLING)
    covers: ClassVar[str] = "there is no rule by which it could share out relevance"
    when_allowed: ClassVar[str] = "share relevance in proportion to x dy/dx"

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
        return None

    def rule_of(self, layer: Layer) -> RelevanceRule:
        """Look a layer up: by position, then by number, then by kind."""
        if layer.first and "first" in self.table:
            return self.table["first"]
        return self.table.get(layer.number) or self.table[layer.kind]

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model; at its outputs y the incoming dF/dy becomes relevance y dF/dy."""
        page = _Page()
        self.pages.append(page)
        outputs = super().run(model, inputs, rows)

        def start(operation: Affine, grad: Tensor) -> Tensor:
            R = operation.x * grad
            total = _row_sums(R, len(inputs))
            page.started = total if page.started is None else page.started + total
            return R

        def begin(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor) or not leaf.requires_grad:
                return leaf
            return apply_rule(
                leaf.detach(), Affine("output", (leaf,), scale=None, shift=None), start
            )

        return tree_map(begin, outputs)

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
            R = _precise(R)
            shares = share(_precise_operation(operation), R)
            shares = shares if isinstance(shares, tuple) else (shares,)
            page.names.append(operation.name)
            page.received.append(_row_sums(R, operation.rows))
            page.given.append(sum(_row_sums(s, operation.rows) for s in shares))  # type: ignore[arg-type]
            return shares

        return operation, rule


def _explain(
    propagation: _Relevance, question: Question, dtype: torch.dtype, settings: dict[str, Any]
) -> Attribution:
    boxes = [r for r in propagation.table.values() if isinstance(r, ZBox)]
    for box in boxes:
        _check_inside(question.x, box)
    maps: list[Tensor] = []
    scores: list[Tensor] = []
    pages: list[_Page] = []

    def receive(part: slice, points: Tensor, R: Tensor, score: Tensor) -> None:
        maps.append(R)
        scores.append(score)
        pages.append(propagation.pages[-1])
        propagation.pages.clear()

    question.gradients(question.x, question.rows, receive)
    values, F = torch.cat(maps), torch.cat(scores)
    finite = torch.isfinite(values).flatten(1).all(dim=1)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0])
        raise ValueError(
            f"the relevance of row {row} is NaN or infinite; a denominator is near 0: give a "
            "larger epsilon, or another rule"
        )
    ledger = _ledger(pages, F)
    absorbed = ledger["absorbed"]
    return Attribution(
        values=values.to(dtype),
        kind="input",
        target=question.target,
        f_end=F,
        gap=values.flatten(1).sum(1) - (F - absorbed).to(values.device),
        gradients=question.rows.new_ones(len(F)),
        settings=settings,
        extra={**ledger, "expected_total": F - absorbed},
    )


def _ledger(pages: list[_Page], F: Tensor) -> dict[str, Any]:
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


def _row_sums(R: Tensor, rows: int) -> Tensor:
    """Return each row's sum; tensors that split rows into parts, (N * k, ...), are joined again."""
    return _precise(R).reshape(rows, -1).sum(1)


def _precise(t: Tensor) -> Tensor:
    return t if t.dtype in (torch.float32, torch.float64) else t.float()


def _precise_operation(operation: Operation) -> Operation:
    inputs = tuple(_precise(t.detach()) for t in operation.inputs)
    if isinstance(operation, Layer):
        b, s = operation.bias, operation.scale
        return replace(
            operation,
            inputs=inputs,
            weight=_precise(operation.weight.detach()),
            bias=None if b is None else _precise(b.detach()),
            scale=None if s is None else _precise(s.detach()),
        )
    return replace(operation, inputs=inputs)


# ---- arguments -----------------------------------------------------------------------------------


def _table(rules: Any, settings: Mapping[str, Any]) -> dict[str | int, RelevanceRule]:
    """Return the table of rules that the caller's `rules` means."""
    for name in ("epsilon", "gamma"):
        value = settings[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e30:
            raise ValueError(f"{name} must be a number of at least 0, got {value!r}")
    if not isinstance(settings["alpha"], int | float) or not 1 <= settings["alpha"] < 1e30:
        raise ValueError(f"alpha must be a number of at least 1, got {settings['alpha']!r}")
    if isinstance(rules, str) and rules in COMPOSITES:
        rules = COMPOSITES[rules]
    if not isinstance(rules, Mapping):
        rules = {"conv": rules, "linear": rules}
    table = {key: _rule(rule, settings) for key, rule in rules.items()}
    wrong = [k for k in table if k not in ("first", "conv", "linear") and not _is_number(k)]
    missing = {"conv", "linear"} - set(table)
    if wrong or missing:
        raise ValueError(
            "rules: a table needs a rule for 'conv' and one for 'linear', and may have more for "
            f"'first' and for layer numbers 0, 1, ...; got {', '.join(map(repr, rules))}"
        )
    return table


def _is_number(key: Any) -> bool:
    return isinstance(key, int) and not isinstance(key, bool) and key >= 0


def _rule(rule: Any, settings: Mapping[str, Any]) -> RelevanceRule:
    if isinstance(rule, str) and rule in RULES:
        if rule == "z_box":
            return _box(settings["low"], settings["high"])
        return RULES[rule](settings)
    if not isinstance(rule, str) and hasattr(rule, "share"):
        return rule
    raise ValueError(
        f"rules: {rule!r} is unknown; there are the rules {', '.join(RULES)} and the composites "
        f"{', '.join(COMPOSITES)}"
    )


def _box(low: float | Tensor, high: float | Tensor) -> ZBox:
    if not bool((torch.as_tensor(high) > torch.as_tensor(low)).all()):
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    return ZBox(low, high)


def _check_inside(x: Tensor, box: ZBox) -> None:
    low, high = (torch.as_tensor(end, dtype=x.dtype).to(x.device) for end in (box.low, box.high))
    for name, end in (("low", low), ("high", high)):
        try:
            end.expand(x.shape)
        except RuntimeError:
            raise ValueError(
                f"{name} has shape {tuple(end.shape)}, which does not broadcast to x's, "
                f"{tuple(x.shape)}; give a number, or one for each pixel"
            ) from None
    slack = 1e-5 * (high - low)
    if not bool(((x >= low - slack) & (x <= high + slack)).all()):
        raise ValueError(
            f"the rule z_box needs low <= x <= high, but x goes from {float(x.min()):.3g} to "
            f"{float(x.max()):.3g}, outside of low={box.low}, high={box.high}; give the smallest "
            "and largest value that x can have"
        )
