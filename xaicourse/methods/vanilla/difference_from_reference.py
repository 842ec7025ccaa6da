"""DeepLIFT (2017) and DeepSHAP (2017): explain the difference from a reference, layer by layer.

Input x and reference x' go through the net together, as the two halves of one batch. The backward
pass carries multipliers m = C / dx: the contribution of a unit divided by its difference from
reference. Multipliers obey the chain rule, so an affine layer needs no rule, and the gradient that
arrives at x is the multiplier of each input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Unpack, cast

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.known import MAX_POOLING, TRANSPARENT
from xaicourse.core.operations import (
    Activated,
    Layer,
    LogSumExp,
    MaxPool,
    Mixture,
    Operation,
    Product,
)
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.ruled import Choice
from xaicourse.core.rules import BackwardRules
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.vanilla.multipliers import (
    ActivatedSum,
    log_sum_exp_multiplier,
    max_pool_multiplier,
    product_multiplier,
    rescale_multiplier,
    reveal_cancel_multiplier,
)
from xaicourse.methods.vanilla.reference_pairs import PairRules, mean_difference, notice_drowned

__all__ = ["deep_shap", "deeplift"]

RULES = ("rescale", "reveal_cancel")


@attribution_method(
    title="DeepLIFT",
    year=2017,
    paper="arXiv:1704.02685",
    family="vanilla",
    unit="share",
    needs={"gradient", "relu_only"},
    claims={"completeness", "sensitivity_a"},
    example=small_relu_classifier,
)
def deeplift(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    rule: str = "rescale",
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
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
    Rescale also covers every function g of one number, and the product of two activations:

    .. math:: \Delta(uv) = \bar v\, \Delta u + \bar u\, \Delta v, \qquad
        \bar u = \tfrac12 (u + u')

    which is exact. Quotients are products with 1/v, norms (layer, group, instance, RMS) the
    products and roots that they are made of, softmax is exp(z - log sum exp z), where the
    exponentials, their sum and its logarithm follow Rescale.

    Parameters
    ----------
    baseline : number, Tensor or name
        The reference x', in the same space as x: a number, a tensor, or for images in [0, 1] one
        of black, white, mean, blur, uniform, max_distance.
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
        If an operation has no rule (attention and recurrent layers in one call, sorting, amax;
        for RevealCancel also what is not a rising activation); it is named.
    ValueError, TypeError
        Also for a bad baseline or rule.

    Notes
    -----
    Keeps completeness and sensitivity(a). A max pool hands its difference to the winner at x where
    the maximum rose and to the winner at x' where it fell, which keeps completeness. Where
    :math:`\Delta z` is so small that :math:`\Delta y` is mostly rounding, the mean slope between
    z' and z takes the place of the quotient. RevealCancel covers ReLUs, tanh, sigmoid, softplus,
    ELU and max pools; it rescales what is no layer or sum in front of one.

    **Cost.** 1 gradient a row, for which x and x' go through the model together: twice the rows.

    **Fails when** two nets compute the same function in other ways: their maps can differ, so that
    implementation invariance is broken. Rescale looks at the sum of a unit only, and cannot see
    positive and negative parts that cancel.

    References
    ----------
    .. [shrikumar2017] A. Shrikumar, P. Greenside, A. Kundaje, 2017, arXiv:1704.02685.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.deeplift(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 3.7500, -2.7500]], dtype=torch.float64)
    """
    question, mean = mean_difference(
        model, x, target, [baseline], _rules(rule, "deeplift", allow), **asked
    )
    notice_drowned(question, mean)
    return Attribution.of(
        question,
        mean.values,
        f_start=mean.f_start,
        f_end=mean.f_end,
        gap=mean.gap,
        endpoints=(make_baseline(baseline, question.x), question.x),
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
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Average DeepLIFT over a set of references, the same set for every row.

    .. math:: A = \frac1M \sum_{k=1}^M \mathrm{DeepLIFT}(x;\, x'_k)

    Parameters
    ----------
    baselines : Tensor (M, ...), sequence or number
        The set of references: M rows of the data (moved to x's device and dtype), or a sequence of
        what `deeplift` takes as a baseline, such as ``("black", "white")``. A number is a single
        reference.
    allow : tuple of str
        Operations without a rule whose plain gradient is accepted, by the name that an error gave.

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
        Also for a bad reference or rule, or an empty set.

    Notes
    -----
    Keeps completeness with respect to the mean of F over the references; breaks implementation
    invariance.

    **Cost.** 1 gradient a row and reference, so 1 for a single one.

    **Fails when** the map is read as Shapley values of the net: each layer's shares are Shapley
    values of that layer alone, given Rescale or RevealCancel, and chained they are not the net's.

    References
    ----------
    .. [lundberg2017] S. M. Lundberg, S.-I. Lee, 2017, arXiv:1705.07874.

    Examples
    --------
    >>> import xaicourse as xc
    >>> both = xc.deep_shap(xc.zoo.toy(), xc.zoo.toy_input(), baselines=(0.0, 1.0))
    >>> both.sum()  # F is 2 at x, and 1 and 0 at the references
    tensor(1.5000, dtype=torch.float64)
    """
    references = _references(baselines, x)
    M = len(references)
    question, mean = mean_difference(
        model, x, target, references, _rules(rule, "deep_shap", allow), "baselines[{}]", **asked
    )
    notice_drowned(question, mean)
    return Attribution.of(
        question,
        mean.values,
        f_start=mean.f_start,
        f_end=mean.f_end,
        gap=mean.gap,
        gradients=question.rows.new_full((len(x),), M),
        extra={"spread": (mean.squares / M).sqrt()},
    )


def _references(baselines: Any, x: Any) -> list[Any]:
    """Return the set one by one, for `make_baseline` to check."""
    if isinstance(baselines, Tensor) and baselines.dim() > 0:
        if isinstance(x, Tensor) and baselines.dim() != x.dim():
            raise ValueError(
                f"baselines is a tensor of shape {tuple(baselines.shape)}, but a set of references "
                f"for x of shape {tuple(x.shape)} is (M, ...), one row each; for a single "
                "reference pass baselines=row[None], for numbers a tuple, baselines=(0.0, 1.0)"
            )
        moved = baselines.detach()
        if isinstance(x, Tensor) and baselines.is_floating_point():
            moved = moved.to(x.dtype).to(x.device)
        baselines = list(moved)
    references = list(baselines) if isinstance(baselines, list | tuple) else [baselines]
    if not references:
        raise ValueError("baselines is empty; give at least one reference")
    return references


def _rules(rule: Any, method: str, allow: tuple[str, ...]) -> PairRules:
    """Return the rules of that name, or raise."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    return (_RevealCancel if rule == "reveal_cancel" else _Rescale)(method, allow)


# ---- the rules -----------------------------------------------------------------------------------


class _Rescale(PairRules):
    """Multipliers in place of derivatives; tensors hold x's rows, then as many of x'."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "max_pool", "product"})
    transparent: ClassVar[frozenset[str]] = TRANSPARENT - frozenset(MAX_POOLING)
    covers: ClassVar[str] = (
        "its rules cover functions of each number alone, products and quotients of two "
        "activations, softmax, norms and max pools"
    )
    instead_of_attention: ClassVar[str] = (
        "its rules come with the lesson on transformers; write it out (softmax(q @ k.mT / c) @ v; "
        "timm: attn.fused_attn = False, transformers: attn_implementation='eager'), or "
    )
    instead_of_recurrent: ClassVar[str] = (
        "write its steps out (F.linear, sigmoid, tanh and products have rules), or "
    )

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if isinstance(operation, MaxPool):
            return operation, max_pool_multiplier
        if isinstance(operation, Activated):
            return operation, rescale_multiplier
        if isinstance(operation, Product):
            return operation, product_multiplier
        if isinstance(operation, LogSumExp):
            return operation, log_sum_exp_multiplier
        return None  # affine: the chain rule holds for multipliers


# sums whose weights for one input can have both signs
MIXED_SIGNS = ("interpolate", "upsample", "lerp")


class _RevealCancel(_Rescale):
    """An activation and the layer or sum that makes its input get one rule together."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "max_pool", "layer"})
    needs_producer: ClassVar[bool] = True
    covers: ClassVar[str] = (
        "RevealCancel covers ReLUs, other rising activations and max pools only, rule='rescale' "
        "covers more"
    )
    instead_of_attention: ClassVar[str] = BackwardRules.instead_of_attention
    instead_of_recurrent: ClassVar[str] = BackwardRules.instead_of_recurrent

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if not isinstance(operation, Activated) or not isinstance(producer, Layer | Mixture):
            return super().choose(operation, producer)
        if producer.name in MIXED_SIGNS:
            return super().choose(operation, producer)
        fused = ActivatedSum(
            f"{producer.name}+{operation.name}",
            producer.inputs,
            activated=cast(Activated, operation.detached()),
            sum=cast(Layer | Mixture, producer.detached()),
        )
        return fused, reveal_cancel_multiplier
