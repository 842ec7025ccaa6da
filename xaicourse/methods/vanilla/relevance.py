"""Layer-wise relevance propagation, LRP (2015), and Deep Taylor decomposition (2017).

The backward pass carries relevance: each operation receives R at its outputs and hands shares of it
to its inputs (relevance_rules.py has the equations, relevance_pass.py says which operation gets
which). At the end each pixel holds its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask, refuse_infinite
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.vanilla.relevance_arguments import check_inside, make_box, read_rules
from xaicourse.methods.vanilla.relevance_ledger import Page, read_ledger
from xaicourse.methods.vanilla.relevance_pass import DeepTaylor, Relevance
from xaicourse.methods.vanilla.relevance_rules import (
    RelevanceRule,
    RuleTable,
    WSquare,
    ZBox,
    ZPlus,
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

    What else a net is made of:

    ==================================  ============================================================
    dense, (transposed) convolution,    the rule of the table `rules`
    einsum, bmm, ... with a constant
    batch-norm, ``- mean``, ``/ std``   part of the layer before it, or else of the one after it
    activations of one number           R as it is (ReLU, GELU, SiLU, ... also ``u * tanh(u)``)
    sums, means, average pools          R x_i w_i / (z + epsilon sign z): what each input adds
    max pools                           R to the winner
    a signal times a gate               R to the signal, none to the gate, which ends in a sigmoid,
                                        hardsigmoid or softmax (squeeze-and-excite, GLU)
    layer, group, instance, RMS norm,   R as in a sum, with 1 / deviation held fast; also written
    F.normalize, local response norm    out, ``(x - m) / sqrt(v + e)``
    two signals multiplied, attention   refused
    ==================================  ============================================================

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
        If an operation has no rule (attention, a product of two signals), or z_box meets a layer
        that does not see x; it is named. Also if there is a rule for "first", but no layer sees x.
    ValueError, TypeError
        Also for unknown rules and x outside of low and high.

    Notes
    -----
    Conserves relevance up to what biases, constants and epsilon absorb; activations absorb nothing,
    even if f(0) is not 0 (sigmoid, softplus). Breaks completeness, and implementation invariance
    for all rules but zero. In nets of layers, ReLUs and pools the rule zero is gradient x input;
    in others it is gradient x input of the net with f(z) = z [f(z) / z], gates and deviations as
    constants. Its authors state that they hold a patent on the method.

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
    propagation = Relevance("lrp", allow, table=read_rules(rules, settings), epsilon=at_sums)
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
        If an operation has no rule; it is named. The theory knows no gates and norms and, of
        activations, those that rise. Also if no layer sees x itself.
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
    propagation = DeepTaylor("deep_taylor", allow, table=table)
    return _explain(propagation, ask(model, x, target, **asked, rules=propagation))


def _explain(propagation: Relevance, question: Question) -> Attribution:
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
            f"the relevance of row {row} is NaN or infinite; "
            + (
                f"{question.model_dtype} cannot hold it: give x and the model in float32"
                if question.model_dtype in (torch.float16, torch.bfloat16)
                else "a denominator is near 0: give a larger epsilon, or another rule"
            )
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
