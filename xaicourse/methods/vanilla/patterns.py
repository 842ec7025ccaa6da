"""PatternNet and PatternAttribution (2017): go back along the signal, not along the weights.

Both are the gradient with other weights on the way back: the patterns a in place of the weights w,
or the products of the two. The patterns are fitted once on data (pattern_fitting.py).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.attribution import Attribution
from xaicourse.core.chunks import at_least_float32
from xaicourse.core.gradients import Question, ask, gradients
from xaicourse.core.operations import Affine, Layer, Mixture
from xaicourse.core.output_parts import map_tensors
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.ruled import apply_rule
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.vanilla.pattern_fitting import LayerRules, Patterns, fit_patterns
from xaicourse.methods.vanilla.pattern_mixtures import step_back

__all__ = [
    "PatternRelevance",
    "check_given",
    "pattern_attribution",
    "pattern_net",
    "small_net_with_patterns",
]


def small_net_with_patterns() -> Example:
    """Return the small ReLU net with its patterns on 60 fixed rows."""
    example = small_relu_classifier()
    data = torch.sin(1.3 * torch.arange(360, dtype=torch.float64).square()).view(60, 6)
    return replace(example, settings={"patterns": fit_patterns(example.model, data)})


@attribution_method(
    title="PatternNet",
    year=2017,
    paper="arXiv:1705.05598",
    family="vanilla",
    needs={"gradient", "relu_only", "patterns"},
    example=small_net_with_patterns,
)
def pattern_net(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Show the signal: run the net backwards with the patterns a in place of the weights w.

    From a neuron's signal s its inputs get, with the ReLUs' gates and the max pools' winners of x,

    .. math:: s_i = \sum_j a_{ij}\, s_j, \qquad s^{(L)} = F(x)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. The
        signal starts as y dF/dy at the model's outputs y.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.

    Returns
    -------
    Tensor (N, ...)
        The estimated signal, signed, in the units of x: a picture rather than a share of F. Rows
        that are too large for x's dtype come back as values / 2^k; ``extra["exponent"]`` has k.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        Also without patterns, or with those of another model.

    Notes
    -----
    For one linear neuron it is a y, the signal itself. A sum or a mean was not trained: its pattern
    is a = w / (w . w), as the gradient's up to w . a = 1. So of y = x_1 + x_2 each summand gets
    s / 2, and each cell of a mean gets s. Breaks completeness, sensitivity(a),
    linearity and implementation invariance. An elementwise scale on the way, such as ``/ std``, is
    undone: the signal is in the units of x.

    **Cost.** 1 gradient a row, after the patterns were fitted; in a deep net up to 1 more on a copy
    of the model in float64.

    **Fails when** the net is deep: the signal's size explodes on its way down. With patterns of
    too little data it shows the data's noise.

    References
    ----------
    .. [kindermans2017] P.-J. Kindermans et al., 2017, arXiv:1705.05598.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_net(net, data[:1], patterns=patterns).shape
    torch.Size([1, 1, 28, 28])
    """
    check_given(patterns, "pattern_net")
    rules = _Signal("pattern_net", allow, patterns=patterns)
    question = ask(model, x, target, **asked, rules=rules)
    try:
        signal, score = gradients(question)
        exponent = torch.zeros_like(question.rows)
    except _TooLargeError as too_large:
        signal, score = in_float64(question, asked, rules, too_large)
        signal, exponent = scaled_down(signal, x.dtype)
    return Attribution.of(question, signal, f_end=score, extra={"exponent": exponent})


@attribution_method(
    title="PatternAttribution",
    year=2017,
    paper="arXiv:1705.05598",
    family="vanilla",
    needs={"gradient", "relu_only", "patterns"},
    example=small_net_with_patterns,
)
def pattern_attribution(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Share F out over the signal: run the net backwards with w times a in place of w.

    A neuron's relevance R is expanded at the root point without its signal, x - a (w . x):

    .. math:: R_i = \sum_j w_{ij}\, a_{ij}\, R_j, \qquad R^{(L)} = F(x)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function. The
        signal starts as y dF/dy at the model's outputs y.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. ``gap`` of the details is the map's sum minus F(x).

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        Also without patterns, or with those of another model.

    Notes
    -----
    A neuron hands on all it received, because w . a = 1. A sum or a mean was not trained: its
    pattern is a = w / (w . w). So each of two summands gets R / 2, and each of n cells of a mean
    R / n, as the gradient's up to a factor. Breaks completeness, sensitivity(a),
    linearity and implementation invariance.

    **Cost.** 1 gradient a row, after the patterns were fitted.

    **Fails when** the map has to add up: lost is what arrives at closed ReLUs, at neurons without a
    pattern and at zero padding; ``gap`` says how much.

    References
    ----------
    .. [kindermans2017] P.-J. Kindermans et al., 2017, arXiv:1705.05598.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_attribution(net, data[:1], patterns=patterns).shape
    torch.Size([1, 1, 28, 28])
    """
    check_given(patterns, "pattern_attribution")
    rules = PatternRelevance("pattern_attribution", allow, patterns=patterns)
    question = ask(model, x, target, **asked, rules=rules)
    relevance, score = gradients(question)
    gap = relevance.flatten(1).sum(1) - score
    return Attribution.of(question, relevance, f_end=score, gap=gap)


def check_given(patterns: Any, method: str) -> None:
    """Raise unless patterns were given."""
    if not isinstance(patterns, Patterns):
        raise TypeError(
            f"patterns must be given, got {type(patterns).__name__}: fit them once on training "
            f"data, patterns = xc.fit_patterns(model, data), then {method}(..., patterns=patterns)"
        )


# ---- signals that are too large ------------------------------------------------------------------


class _TooLargeError(ValueError):
    """The signal does not fit into the numbers of the model."""


def in_float64(
    question: Question, asked: Asked, rules: "_Signal", too_large: _TooLargeError
) -> tuple[Tensor, Tensor]:
    """Return signal and score of a copy of the model in float64."""
    if question.model_dtype == torch.float64 or not isinstance(question.model, nn.Module):
        raise too_large
    try:
        model = copy.deepcopy(question.model).double()
        return gradients(ask(model, question.x.double(), question.target, **asked, rules=rules))
    except _TooLargeError:
        raise
    except (TypeError, RuntimeError, ValueError):  # a model, or a device, without float64
        raise too_large from None


def scaled_down(signal: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Divide the rows that do not fit into `dtype` by a power of two, so that 1 is the largest."""
    largest = signal.flatten(1).abs().amax(1)  # (N,)
    exponent = torch.frexp(largest).exponent.to(torch.int64)
    exponent = exponent.where(largest > torch.finfo(dtype).max, torch.zeros_like(exponent))
    return torch.ldexp(signal, -exponent.view(-1, *[1] * (signal.dim() - 1))), exponent


# ---- the backward pass ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _PatternRules(LayerRules):
    """The gradient with other weights in the layers' backward pass."""

    patterns: Any = None
    place: dict[int, int] = field(default_factory=dict)  # layer's number -> its pattern's

    def weights(self, W: Tensor, A: Tensor) -> Tensor:
        """Return what stands in for W (O, ...) on the way back."""
        raise NotImplementedError

    def start(self, y: Tensor, grad: Tensor) -> Tensor:
        """Return what goes back from the outputs y, where dF/dy arrives."""
        return y * grad

    def layer_rule(self, layer: Layer, s: Tensor) -> Tensor:
        """s_i = sum_j v_ij s_j: the layer transposed, with v in place of its weights."""
        s = at_least_float32(s)
        W, A = (t.detach().to(s.dtype).to(s.device) for t in (layer.weight, self.pattern_of(layer)))
        with torch.enable_grad():
            x = torch.zeros_like(layer.x, dtype=s.dtype).requires_grad_(True)
            return torch.autograd.grad(layer.product(x, self.weights(W, A)), x, s)[0]

    def mixture_rule(self, mixture: Mixture, s: Tensor) -> tuple[Tensor, ...]:
        """A sum or a mean, whose pattern is a = w / (w . w)."""
        return step_back(mixture, at_least_float32(s), relevance=isinstance(self, PatternRelevance))

    def pattern_of(self, layer: Layer) -> Tensor:
        return self.patterns.layers[self.place[layer.number]].plus

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model; at its outputs y the incoming dF/dy becomes the start."""
        outputs = super().run(model, inputs, rows)
        self.place.clear()

        def first_step(operation: Affine, grad: Tensor) -> Tensor:
            if not self.place:  # the audit has seen all layers by now
                self.place.update({number: k for k, number in enumerate(sorted(self.used))})
                self.check_patterns()
            return self.start(operation.x, grad)

        def begin(leaf: Tensor) -> Tensor:
            if not leaf.requires_grad:
                return leaf
            as_it_is = Affine("output", (leaf,), scale=None, shift=None)
            return apply_rule(leaf.detach(), as_it_is, first_step)

        return map_tensors(begin, outputs)

    def check_patterns(self) -> None:
        """Refuse patterns of another model: other shapes, or w . a is not 1."""
        layers = [self.used[number] for number in sorted(self.used)]
        here = [f"{layer.name} {tuple(layer.weight.shape)}" for layer in layers]
        there = [f"{p.name} {tuple(p.plus.shape)}" for p in self.patterns.layers]
        if [layer.weight.shape for layer in layers] != [p.plus.shape for p in self.patterns.layers]:
            raise ValueError(
                f"patterns were fitted on another model: it had the layers {', '.join(there)}; "
                f"this one has {', '.join(here) or 'none'}; fit patterns on this very model"
            )
        for k, layer in enumerate(layers):
            if not self.patterns.layers[k].fits(layer.weight):
                raise ValueError(
                    f"patterns were fitted on a model with other weights: in layer {k} "
                    f"({layer.name}) w . a is not 1 for every neuron; fit patterns on this very "
                    "model"
                )


class _Signal(_PatternRules):
    def weights(self, W: Tensor, A: Tensor) -> Tensor:
        return A

    def layer_rule(self, layer: Layer, s: Tensor) -> Tensor:
        found = super().layer_rule(layer, s)
        if not bool(found.abs().amax() <= torch.finfo(layer.x.dtype).max):
            raise _TooLargeError(
                f"pattern_net's signal grows from layer to layer, and at {layer.name}() it is "
                f"larger than {str(layer.x.dtype).removeprefix('torch.')} can hold; run the model "
                "and x in float64, model.double() and x.double(), or use pattern_attribution"
            )
        return found

    def affine_rule(self, affine: Affine, s: Tensor) -> Tensor:
        """y = scale x + shift: the signal of x is that of y, in the units of x."""
        if affine.scale is None:
            return s
        scale = affine.scale.detach()
        return s * torch.where(scale == 0, torch.zeros_like(scale), 1 / scale)


class PatternRelevance(_PatternRules):
    """The rules of PatternAttribution: w times a in place of w."""

    def weights(self, W: Tensor, A: Tensor) -> Tensor:
        return W * A

    def affine_rule(self, affine: Affine, s: Tensor) -> Tensor:
        """y = scale x + shift: relevance has no units of x, it is handed on."""
        return s
