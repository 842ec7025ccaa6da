"""DeepLIFT (2017) and DeepSHAP (2017): explain the difference from a reference, layer by layer.

Input x and reference x' go through the net together, as the two halves of one batch. The backward
pass carries multipliers m = C / dx: the contribution of a unit divided by its difference from
reference. Multipliers obey the chain rule, so an affine layer needs no rule, and the gradient that
arrives at x is the multiplier of each input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.known import MAX_POOLING, TRANSPARENT
from xaicourse.core.operations import Activated, Layer, MaxPool, Mixture, Operation
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.ruled import Choice
from xaicourse.core.rules import BackwardRules
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_relu_classifier

__all__ = ["deep_shap", "deeplift"]

RULES = ("rescale", "reveal_cancel")


@attribution_method(
    title="DeepLIFT",
    year=2017,
    paper="arXiv:1704.02685",
    family="vanilla",
    unit="share",
    lesson="03",
    needs={"gradient", "relu_only"},
    claims={"completeness", "sensitivity_a"},
    cost=lambda settings: 1,
    example=small_relu_classifier,
)
def deeplift(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Attribution:
    r"""Share out F(x) - F(x') through the layers, in proportion to differences from reference.

    With :math:`\Delta z = z - z'` at every unit, the multipliers of an activation y = g(z) are

    .. math::
        \text{Rescale:}\quad m = \frac{\Delta y}{\Delta z} \qquad
        \text{RevealCancel:}\quad m^\pm = \frac{\Delta y^\pm}{\Delta z^\pm}, \quad
        \Delta y^+ = \tfrac12 \big[g(z' + \Delta z^+) - g(z')\big]
        + \tfrac12 \big[g(z' + \Delta z^+ + \Delta z^-) - g(z' + \Delta z^-)\big]

    where the positive and the negative contributions to z sum up to :math:`\Delta z^+` and
    :math:`\Delta z^-`. An affine layer has the multipliers w; they are chained like derivatives.

    Parameters
    ----------
    model, x, target, output, batch_size, return_details
        As for `gradient`. Input and reference go through the model together: twice the rows.
    baseline : number, Tensor or name
        The reference x', in the same space as x; as for `integrated_gradients`.
    rule : str
        ``"rescale"`` or ``"reveal_cancel"``; the second treats an activation together with the
        layer, sum or mean right before it, and is Rescale where there is none.
    allow : tuple of str
        Operations without a rule whose plain gradient is accepted, by the name that an error gave.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x') for the logit and the margin. (With another
        `output` its slope at x multiplies the logits' multipliers, and the gap tells the rest.)

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule (GELU, a gate, attention); it is named.
    ValueError, TypeError
        As for `gradient`; also for a bad baseline or rule.

    Notes
    -----
    Keeps completeness and sensitivity(a). Breaks implementation invariance: the answer depends on
    how the net is written. A max pool hands its difference to the winner at x where the maximum
    rose and to the winner at x' where it fell, which keeps completeness.

    References
    ----------
    A. Shrikumar, P. Greenside, A. Kundaje, 2017, arXiv:1704.02685. Lesson 03.
    """
    question_x, values, f_start, f_end, picked = _difference(
        "deeplift", model, x, target, baseline, rule, output, batch_size, allow
    )
    start = make_baseline(baseline, question_x)
    return Attribution(
        values=values.to(x.dtype),
        kind="input",
        target=picked,
        f_start=f_start,
        f_end=f_end,
        gap=values.flatten(1).sum(1) - (f_end - f_start),
        gradients=torch.ones(len(x), dtype=torch.long).to(x.device),
        endpoints=(start, question_x),
        settings={"baseline": baseline, "rule": rule, "output": output, "allow": tuple(allow)},
    )


def number_of_baselines(settings: Mapping[str, Any]) -> int:
    """Return how many references, and so gradients, a row has."""
    return len(_references(settings.get("baselines", 0.0), None))


def three_references() -> Example:
    """Return the small ReLU net with a set of three constant references."""
    return replace(small_relu_classifier(), settings={"baselines": (0.0, 0.3, -0.5)})


@attribution_method(
    title="DeepSHAP",
    year=2017,
    paper="arXiv:1705.07874",
    family="vanilla",
    unit="share",
    lesson="03",
    needs={"gradient", "relu_only"},
    cost=number_of_baselines,
    example=three_references,
)
def deep_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Tensor | Sequence[Baseline] | float = 0.0,
    rule: str = "rescale",
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Attribution:
    r"""Average DeepLIFT over a set of references, the same set for every row.

    .. math:: A = \frac1M \sum_{k=1}^M \mathrm{DeepLIFT}(x;\, x'_k)

    Parameters
    ----------
    model, x, target, rule, output, batch_size, allow, return_details
        As for `deeplift`.
    baselines : Tensor (M, ...), sequence or number
        The set of references: M rows of the data (moved to x's device and dtype), or a sequence of
        what `deeplift` takes as a baseline, such as ``("black", "white")``. A number is a single
        reference.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the references. ``extra`` of
        the details holds the standard deviation over the references, `spread`.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        As for `deeplift`.

    Notes
    -----
    Keeps completeness with respect to the mean of F over the references; breaks implementation
    invariance. Each layer's shares are Shapley values of that layer alone, given Rescale or
    RevealCancel; chained, they are not those of the net.

    References
    ----------
    S. M. Lundberg, S.-I. Lee, 2017, arXiv:1705.07874. Lesson 03.
    """
    references = _references(baselines, x)
    M = len(references)
    picked = target
    mean = squares = f_start = f_end = torch.zeros(())
    for count, reference in enumerate(references, start=1):
        _, values, f, f_end, picked = _difference(
            "deep_shap", model, x, target, reference, rule, output, batch_size, allow
        )
        if count == 1:
            mean, squares, f_start = (torch.zeros_like(t) for t in (values, values, f))
        before = values - mean  # Welford's mean and sum of squares
        mean = mean + before / count
        squares = squares + before * (values - mean)
        f_start = f_start + (f - f_start) / count
    return Attribution(
        values=mean.to(x.dtype),
        kind="input",
        target=picked,
        f_start=f_start,
        f_end=f_end,
        gap=mean.flatten(1).sum(1) - (f_end - f_start),
        gradients=torch.full((len(x),), M).to(x.device),
        settings={"baselines": baselines, "rule": rule, "output": output, "allow": tuple(allow)},
        extra={"spread": (squares / M).sqrt()},
    )


def _references(baselines: Any, x: Any) -> list[Any]:
    """Return the set one by one, for `make_baseline` to check."""
    if isinstance(baselines, Tensor) and baselines.dim() > 0:
        moved = baselines.detach()
        if isinstance(x, Tensor) and baselines.is_floating_point():
            moved = moved.to(x.dtype).to(x.device)
        baselines = list(moved)
    references = list(baselines) if isinstance(baselines, list | tuple) else [baselines]
    if not references:
        raise ValueError("baselines is empty; give at least one reference")
    return references


def _difference(
    method: str,
    model: Any,
    x: Tensor,
    target: Any,
    baseline: Any,
    rule: str,
    output: Any,
    batch_size: int | None,
    allow: tuple[str, ...],
) -> tuple[Tensor, Tensor, Tensor, Tensor, Any]:
    """Return x, contributions (N, ...), F(x') and F(x) (N,), and the target that was explained."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    kind = _RevealCancel if rule == "reveal_cancel" else _Rescale
    rules = kind(method, allow)
    question = ask(model, x, target, output, batch_size, rules=rules)
    question.batch_size = max(1, question.batch_size // 2)  # each row brings its reference
    start = make_baseline(baseline, question.x)
    rules.reference.append(start)
    m, f_end = gradients(question)
    f_start = question.scores(start, question.rows)
    return question.x, (question.x - start) * m, f_start, f_end, question.target


# ---- the rules -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True)
class _ActivatedSum(Operation):
    """y = g(z) with z = a layer's or a sum's output: RevealCancel looks at what z is made of."""

    activated: Activated
    sum: Layer | Mixture


@dataclass(frozen=True, eq=False)
class _Rescale(BackwardRules):
    """Multipliers in place of derivatives; tensors hold x's rows, then as many of x'."""

    reference: list[Tensor] = field(default_factory=list)  # x' (N, ...), set once it is checked

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "max_pool"})
    transparent: ClassVar[frozenset[str]] = TRANSPARENT - frozenset(MAX_POOLING)
    covers: ClassVar[str] = "its rules cover ReLUs, other rising activations and max pools only"

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model on [x; x'] and hand on what it says of x."""
        n = len(inputs)
        both = torch.cat([inputs, self.reference[0][rows].to(inputs.dtype)])
        with self.active(len(both)):
            outputs = model(both, torch.cat([rows, rows]))

        def first_half(leaf: Any) -> Any:
            halves = isinstance(leaf, Tensor) and leaf.dim() > 0 and len(leaf) == 2 * n
            return leaf[:n] if halves else leaf

        return tree_map(first_half, outputs)

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if isinstance(operation, MaxPool):
            return operation, max_pool_multiplier
        if isinstance(operation, Activated):
            return operation, rescale_multiplier
        return None  # affine: the chain rule holds for multipliers


# sums whose weights for one input can have both signs
MIXED_SIGNS = ("interpolate", "upsample", "lerp")


class _RevealCancel(_Rescale):
    """An activation and the layer or sum that makes its input get one rule together."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "max_pool", "layer"})

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if not isinstance(operation, Activated) or not isinstance(producer, Layer | Mixture):
            return super().choose(operation, producer)
        if producer.name in MIXED_SIGNS:
            return super().choose(operation, producer)
        fused = _ActivatedSum(
            f"{producer.name}+{operation.name}",
            producer.inputs,
            activated=cast(Activated, operation.detached()),
            sum=cast(Layer | Mixture, producer.detached()),
        )
        return fused, reveal_cancel_multiplier


def ratio(dy: Tensor, dz: Tensor, slope: Tensor, size: Tensor | float = 0.0) -> Tensor:
    """Return dy / dz, and the slope where dz is nothing but the rounding of numbers of `size`."""
    nothing = dz.abs() <= torch.finfo(dz.dtype).eps * size
    return torch.where(nothing, slope, dy / dz.masked_fill(nothing, 1.0))


def halves(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return x's rows and those of x', in float32 at least: sums of products of differences."""
    t = t if t.dtype in (torch.float32, torch.float64) else t.float()
    a, b = t.chunk(2)
    return a, b


def with_nothing_for_the_reference(m: Tensor) -> Tensor:
    """Return [m; 0]: only the rows of x are asked for."""
    return torch.cat([m, torch.zeros_like(m)])


def rescale_multiplier(operation: Activated, grad: Tensor) -> Tensor:
    """m_z = (dy / dz) m_y."""
    (z, z0), (slope, _) = halves(operation.z), halves(operation.slope)
    y, y0 = (operation.function(t) for t in (z, z0))
    m, _ = halves(grad)
    return with_nothing_for_the_reference(ratio(y - y0, z - z0, slope, z.abs() + z0.abs()) * m)


def max_pool_multiplier(operation: MaxPool, grad: Tensor) -> Tensor:
    """The larger of y and y' shows the winner: it gets dy, whole, and no other unit gets any.

    Its own difference is at least as large as dy, so that the quotient is never above 1.
    """
    z, z0 = halves(operation.z)
    (y, winner), (y0, winner0) = operation.with_indices(z), operation.with_indices(z0)
    m, _ = halves(grad)
    axes = operation.spatial_axes
    where = torch.where(y >= y0, winner, winner0).flatten(-axes)  # (N, C, windows)
    dz = (z - z0).flatten(-axes)  # (N, C, places)
    share = ratio((y - y0).flatten(-axes), dz.gather(-1, where), torch.ones_like(where).to(z))
    total = torch.zeros_like(dz).scatter_add(-1, where, share * m.flatten(-axes))
    return with_nothing_for_the_reference(total.view_as(z))


def reveal_cancel(
    g: Callable[[Tensor], Tensor], z0: Tensor, dz_plus: Tensor, dz_minus: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the positive and the negative contributions do to y: their Shapley values."""
    g0, gp, gm, gpm = (g(z0 + d) for d in (0 * z0, dz_plus, dz_minus, dz_plus + dz_minus))
    dy_plus = ((gp - g0) + (gpm - gm)) / 2
    dy_minus = ((gm - g0) + (gpm - gp)) / 2
    return dy_plus, dy_minus


def reveal_cancel_multiplier(operation: _ActivatedSum, grad: Tensor) -> tuple[Tensor, ...]:
    """m_x = sum_j w_ij m_j^+ or m_j^-, whichever side the contribution w_ij dx_i is on."""
    activated, part = operation.activated, operation.sum
    m, _ = halves(grad)
    (z, z0), (slope, _) = halves(activated.z), halves(activated.slope)
    size = z.abs() + z0.abs()
    signed = _Signed(part)
    dz_plus, dz_minus = signed.contributions()
    dy_plus, dy_minus = reveal_cancel(activated.function, z0, dz_plus, dz_minus)
    m_plus = ratio(dy_plus, dz_plus, slope, size) * m
    m_minus = ratio(dy_minus, dz_minus, slope, size) * m
    found = signed.transpose(m_plus, m_minus)
    return tuple(with_nothing_for_the_reference(f) for f in found)


class _Signed:
    """The positive and negative contributions of a layer's (or sum's) inputs, and the way back."""

    def __init__(self, part: Layer | Mixture) -> None:
        inputs = [halves(t) for t in part.inputs]
        self.differences = [x - x0 for x, x0 in inputs]
        # each: a linear map of one input, split by the sign of its weights
        self.maps: list[list[tuple[int, Callable[[Tensor], Tensor]]]] = []
        if isinstance(part, Layer):
            W = part.weight.detach().to(self.differences[0].dtype)
            plus, minus = W.clamp_min(0), W.clamp_max(0)
            self.maps = [
                [(1, lambda d: part.product(d, plus)), (-1, lambda d: part.product(d, minus))]
            ]
            return
        nothing = [torch.zeros_like(d) for d in self.differences]
        offset = part.function(*nothing)
        for k, d in enumerate(self.differences):

            def alone(t: Tensor, k: int = k) -> Tensor:
                return part.function(*nothing[:k], t, *nothing[k + 1 :]) - offset

            # a sum's or mean's weights for one input all have one sign
            sign = 1 if float(alone(torch.ones_like(d)).sum()) >= 0 else -1
            self.maps.append([(sign, alone)])

    def contributions(self) -> tuple[Tensor, Tensor]:
        """Return dz+ and dz-."""
        plus, minus = [], []
        for d, maps in zip(self.differences, self.maps, strict=True):
            for sign, linear in maps:
                for side, t in ((1, d.clamp_min(0)), (-1, d.clamp_max(0))):
                    (plus if sign == side else minus).append(linear(t))
        return torch.stack(plus).sum(0), torch.stack(minus).sum(0)

    def transpose(self, m_plus: Tensor, m_minus: Tensor) -> tuple[Tensor, ...]:
        """Return the inputs' multipliers; where dx = 0, half of each side's."""
        found = []
        for d, maps in zip(self.differences, self.maps, strict=True):
            total = torch.zeros_like(d)
            for sign, linear in maps:
                back_plus, back_minus = (_transposed(linear, d, m) for m in (m_plus, m_minus))
                rising, falling = (back_plus, back_minus) if sign > 0 else (back_minus, back_plus)
                half = (back_plus + back_minus) / 2
                total = total + torch.where(d > 0, rising, torch.where(d < 0, falling, half))
            found.append(total)
        return tuple(found)


def _transposed(linear: Callable[[Tensor], Tensor], like: Tensor, s: Tensor) -> Tensor:
    """Return sum_j w_ij s_j for a linear map."""
    with torch.enable_grad():
        leaf = torch.zeros_like(like).requires_grad_(True)
        return torch.autograd.grad(linear(leaf), leaf, s)[0]
