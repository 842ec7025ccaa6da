"""How good is a signal estimator? What it leaves over, the distractor, must not know y (2017)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask
from xaicourse.core.near_names import suggest_names
from xaicourse.core.operations import Activation, Layer
from xaicourse.methods.vanilla.pattern_fitting import (
    LayerRules,
    Patterns,
    batches,
    sum_of_outputs,
)
from xaicourse.methods.vanilla.pattern_sums import RELU, precise

__all__ = ["pattern_quality", "residual_correlation"]


@suggest_names
def pattern_quality(
    model: Callable[..., Any],
    data: Tensor | Iterable[Any],
    signal: Patterns | str,
    *,
    layers: Sequence[int] | None = None,
    neurons: int = 16,
    samples: int = 2000,
    seed: int = 0,
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> list[Tensor]:
    r"""Measure for each layer how little the estimated distractor knows of the neuron's value.

    With the signal S(x) that is estimated for a neuron y = w . x,

    .. math:: \rho(S) = 1 - \max_v \mathrm{corr}\big[y,\; v \cdot (x - S(x))\big]

    The best v is the least squares fit of y; it is fitted on one half of the samples, and the
    correlation is measured on the other half. Directions with less than a thousandth of the
    residual's largest spread are left out of v.

    Parameters
    ----------
    model : callable
        The model whose patterns are judged.
    data : Tensor (M, ...) or iterable
        Inputs that the patterns were not fitted on; or batches of them.
    signal : Patterns or str
        S(x) = a+ y where the neuron is active and a- y elsewhere; or ``"filter"``, the direction of
        the weights, S(x) = w y / (w . w).
    layers : sequence of int, optional
        Which layers are measured, by their place in the patterns; all unless told otherwise.
    neurons : int
        At most so many neurons of each layer are measured, evenly spaced.
    samples : int
        At most so many patches of each layer are used. They should be several times as many as a
        patch has numbers.
    seed : int
        For the choice of the patches.
    batch_size : int, optional
        Rows in one chunk; time and memory, never the result.
    allow : tuple of str
        Operations that are accepted though no patterns are fitted for them, by the name that an
        error gave.

    Returns
    -------
    list of Tensor (n,)
        rho of each measured neuron, one tensor a layer: 1 is best, 0 worst; NaN for neurons that
        do not vary or have no pattern, and for fewer than four patches.

    Raises
    ------
    UnsupportedOperationError
        If the model has an operation that patterns are not defined for; it is named.
    ValueError, TypeError
        For bad arguments, no data, or patterns of another model.

    References
    ----------
    P.-J. Kindermans et al., 2017, arXiv:1705.05598.
    """
    if not isinstance(signal, Patterns) and signal != "filter":
        raise ValueError(f"signal must be Patterns or 'filter', got {signal!r}")
    check_positive_int(neurons, "neurons")
    check_positive_int(samples, "samples")
    chunks = list(batches(data, batch_size))
    rows = sum(len(chunk) for chunk in chunks)
    rules = _Collect("pattern_quality", allow, per_row=-(-samples // rows), seed=seed)
    for chunk in chunks:
        question = ask(model, chunk, sum_of_outputs, batch_size=batch_size, rules=rules)
        question.gradients(question.x, question.rows, lambda *chunk: None)
    found = [rules.found[number] for number in sorted(rules.found)]
    if isinstance(signal, Patterns):
        shapes = [tuple(p.plus.shape) for p in signal.layers]
        here = [tuple(collected.W.shape) for collected in found]
        if shapes != here:
            raise ValueError(
                f"signal: the patterns were fitted on another model, with weights of shapes "
                f"{shapes}; this one has {here}"
            )
        for k, (pattern, collected) in enumerate(zip(signal.layers, found, strict=True)):
            if not pattern.fits(collected.W):
                raise ValueError(
                    "signal: the patterns were fitted on a model with other weights: in layer "
                    f"{k} ({pattern.name}) w . a is not 1 for every neuron; fit patterns on this "
                    "very model"
                )
    chosen = range(len(found)) if layers is None else layers
    wrong = [k for k in chosen if k not in range(len(found))]
    if wrong:
        raise ValueError(f"layers: this model has layers 0 to {len(found) - 1}, got {wrong[0]!r}")
    return [_layer_quality(found[k], k, signal, neurons) for k in chosen]


def residual_correlation(residual: Tensor, y: Tensor) -> float:
    """Return max_v corr[y, v . residual], v fitted on the first half, measured on the second.

    residual : (M, d); y : (M,). NaN where y does not vary, or with fewer than two in each half.
    """
    half = len(y) // 2
    if half < 2:
        return float("nan")
    centred = residual - residual[:half].mean(0)
    target = y - y[:half].mean()
    # the residual has no part along w: of all best fits the smallest one; directions in which it
    # hardly varies (inputs that are nearly always 0) are left out
    v = torch.linalg.lstsq(
        centred[:half], target[:half, None], rcond=1e-3, driver="gelsd"
    ).solution[:, 0]
    fitted, truth = centred[half:] @ v, target[half:]
    fitted, truth = fitted - fitted.mean(), truth - truth.mean()
    if float(truth.norm()) <= 1e-9 * float(y.abs().max().clamp_min(1e-300)) * len(truth) ** 0.5:
        return float("nan")
    # a fit that is nothing but rounding has found nothing
    if float(fitted.norm()) <= 1e-6 * float(truth.norm()):
        return 0.0
    return max(0.0, float((fitted @ truth) / (fitted.norm() * truth.norm())))


def _layer_quality(layer: "_Patches", k: int, signal: Patterns | str, neurons: int) -> Tensor:
    width = len(layer.W)
    per_group = width // layer.groups
    patches = torch.cat(layer.patches).cpu().double()  # (M, groups, d)
    rho = []
    for j in torch.linspace(0, width - 1, min(neurons, width)).round().long().tolist():
        x = patches[:, j // per_group]  # (M, d)
        w = layer.W[j].flatten().cpu().double()
        b = 0.0 if layer.b is None else float(layer.b[j])
        y = x @ w  # (M,)
        if isinstance(signal, Patterns):
            plus, minus = (
                a[j].flatten().double() for a in (signal.layers[k].plus, signal.layers[k].minus)
            )
        else:
            plus = minus = w / (w @ w).clamp_min(1e-300)
        if not bool(plus.any()):
            rho.append(float("nan"))
            continue
        active = layer.gate.slope(y + b)[:, None] > 0
        S = torch.where(active, y[:, None] * plus, y[:, None] * minus)  # (M, d)
        rho.append(1 - residual_correlation(x - S, y))
    return torch.tensor(rho, dtype=torch.float64)


@dataclass(eq=False)
class _Patches:
    """Some patches of a layer, chosen at random: a list of (n, groups, d)."""

    W: Tensor  # (O, ...)
    b: Tensor | None  # (O,)
    groups: int
    gate: Activation
    generator: torch.Generator
    patches: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Collect(LayerRules):
    per_row: int = 1
    seed: int = 0
    found: dict[int, _Patches] = field(default_factory=dict)

    def layer_rule(self, layer: Layer, s: Tensor) -> Tensor:
        W, x = precise(layer.weight), precise(layer.x)
        d = W[0].numel()
        groups = 1 if layer.kind == "linear" else x.shape[1] // W.shape[1]
        # kernels that each pick one number of the patch: the layer hands out the patches themselves
        picks = torch.eye(d, dtype=W.dtype).to(W.device).repeat(groups, 1).view(-1, *W.shape[1:])
        patches = layer.product(x, picks).movedim(layer.channel_axis, -1)  # (N, ..., groups d)
        patches = patches.reshape(layer.rows, -1, groups, d)  # (rows, places, groups, d)
        if layer.number not in self.found:
            b = None if layer.bias is None else precise(layer.bias).flatten()
            generator = torch.Generator().manual_seed(self.seed)
            gate = self.gates.get(layer.number, RELU)
            self.found[layer.number] = _Patches(W, b, groups, gate, generator)
        found = self.found[layer.number]
        # row by row from one generator, so that the chunks do not matter
        draw = torch.rand(patches.shape[:2], generator=found.generator, dtype=torch.float64)
        chosen = draw.argsort(dim=1)[:, : self.per_row].to(patches.device)  # (rows, per_row)
        row = torch.arange(layer.rows).to(patches.device)[:, None]
        found.patches.append(patches[row, chosen].flatten(0, 1))
        return torch.zeros_like(layer.x)
