"""Patterns (2017): the direction in which each neuron's signal lies, fitted on data.

A neuron y = w . x sees x = signal + distractor. Its weights w must cancel the distractor, so they
do not point along the signal. The pattern a does: x changes along a when y changes.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from xaicourse.core.audit import nodes_that_follow
from xaicourse.core.checks import check_input, default_batch_size
from xaicourse.core.files import write_atomically
from xaicourse.core.gradients import ask
from xaicourse.core.known import MAX_POOLING, SHAPE
from xaicourse.core.near_names import suggest_names
from xaicourse.core.operations import (
    Activated,
    Activation,
    Affine,
    Layer,
    MaxPool,
    Mixture,
    Operation,
    UnsupportedOperationError,
)
from xaicourse.core.output_parts import tensors_in
from xaicourse.core.ruled import Choice
from xaicourse.core.rules import BackwardRules
from xaicourse.methods.vanilla.pattern_mixtures import has_pattern
from xaicourse.methods.vanilla.pattern_sums import LayerSums

__all__ = ["LayerPattern", "Patterns", "fit_patterns"]

ESTIMATORS = ("two_component", "linear")
_FORMAT = "xaicourse patterns, version 1"


@dataclass(frozen=True, eq=False)
class LayerPattern:
    """The patterns of one layer's neurons.

    Parameters
    ----------
    name : str
        What the layer is, such as ``conv2d`` or ``conv2d+batch_norm``.
    gated : bool
        True if its output goes into a ReLU or ReLU6 (straight, or through a max pool).
    plus : Tensor, shaped like the layer's weights, (O, I) or (O, I, height, width)
        The pattern a of each of the O neurons where it is active. 0 for a neuron that never is, or
        whose value never changes on the data.
    minus : Tensor, the same shape
        The same where it is not active: only `pattern_quality` asks for it.
    """

    name: str
    gated: bool
    plus: Tensor
    minus: Tensor

    @property
    def dead(self) -> Tensor:
        """Which neurons have no pattern, (O,)."""
        return (self.plus == 0).flatten(1).all(dim=1)

    def fits(self, W: Tensor) -> bool:
        """Tell whether w . a is 1 for every neuron with a pattern, as for the weights it was of."""
        contributions = (W.detach().to(self.plus) * self.plus).flatten(1)  # (O, I)
        off = (contributions.sum(1) - 1).abs()
        # rounding, also of weights in half precision, and merged batch-norms
        tolerance = max(1e-3, 4 * torch.finfo(W.dtype).eps)
        allowed = tolerance * contributions.abs().sum(1).clamp_min(1)
        return not bool(((off > allowed) & ~self.dead).any())


@dataclass(frozen=True, eq=False)
class Patterns:
    """The patterns of all layers of a model, in the order in which they are called.

    Made by `fit_patterns`, handed to `pattern_net` and `pattern_attribution`.

    Parameters
    ----------
    layers : tuple of LayerPattern
        One for each dense or convolution layer.
    estimator : str
        How they were fitted: ``"two_component"`` or ``"linear"``.
    """

    layers: tuple[LayerPattern, ...]
    estimator: str

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{p.name} {tuple(p.plus.shape)}" for p in self.layers)
        return f"Patterns(estimator={self.estimator!r}, layers: {shapes})"

    def save(self, file: str | PathLike[str]) -> None:
        """Write the patterns to a safetensors file, whole or not at all."""
        tensors: dict[str, Tensor] = {}
        for k, layer in enumerate(self.layers):
            tensors[f"{k}.plus"] = layer.plus.detach().cpu().contiguous()
            tensors[f"{k}.minus"] = layer.minus.detach().cpu().clone().contiguous()
        about = {
            "format": _FORMAT,
            "estimator": self.estimator,
            "layers": json.dumps([[layer.name, layer.gated] for layer in self.layers]),
        }
        write_atomically(Path(file), safetensors.torch.save(tensors, about))

    @classmethod
    def load(cls, file: str | PathLike[str]) -> "Patterns":
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or it does not hold patterns.
        """
        file = Path(file)
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file} to read patterns from")
        try:
            with safetensors.safe_open(file, framework="pt") as stored:
                about = stored.metadata() or {}
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        except safetensors.SafetensorError as error:
            raise ValueError(f"{file} is not a whole safetensors file: {error}") from error
        if about.get("format") != _FORMAT:
            raise ValueError(f"{file} does not hold patterns; Patterns.save writes such files")
        try:
            layers = tuple(
                LayerPattern(name, gated, tensors[f"{k}.plus"], tensors[f"{k}.minus"])
                for k, (name, gated) in enumerate(json.loads(about["layers"]))
            )
            return cls(layers, about["estimator"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} holds a part of some patterns only: {error}") from error


@suggest_names
def fit_patterns(
    model: Callable[..., Any],
    data: Tensor | Iterable[Any],
    estimator: str = "two_component",
    *,
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Patterns:
    r"""Fit the pattern of every neuron of a model in one pass over data.

    For a neuron :math:`y = w \cdot x + b`, with the mean :math:`E_+` over those x where it is
    active and :math:`E` over all,

    .. math::
        \text{linear:}\quad a = \frac{\mathrm{cov}[x, y]}{\sigma_y^2} \qquad
        \text{two-component:}\quad
        a_+ = \frac{E_+[xy] - E_+[x]\, E[y]}{w \cdot E_+[xy] - w \cdot E_+[x]\, E[y]}

    Both have :math:`w \cdot a = 1`. In a convolution x is a patch of its input, zero padding
    included, and every place of every input counts. A batch-norm after a layer is part of it. Sums,
    means and average pools need no data: their pattern is a = w / (w . w).

    Parameters
    ----------
    model : callable
        (N, ...) -> outputs, made of dense and convolution layers, ReLUs (or ReLU6, which are
        active between 0 and 6), sums, means, max and average pools.
    data : Tensor (M, ...) or iterable
        Inputs from the distribution that the model was trained on; or batches of them, each a
        tensor or, as from a DataLoader, a tuple whose first entry is one. No labels are needed.
    estimator : str
        ``"two_component"`` (layers that do not go into a ReLU get the linear pattern) or
        ``"linear"``.
    batch_size : int, optional
        Rows in one chunk; time and memory, never the result.
    allow : tuple of str
        Operations that are accepted though no patterns are fitted for them, by the name that an
        error gave.

    Returns
    -------
    Patterns
        On the CPU; float64 where the device has it.

    Raises
    ------
    UnsupportedOperationError
        If the model has an operation that patterns are not defined for; it is named.
    ValueError, TypeError
        For a bad estimator, no data, bad data, or a model that fails on it.

    Notes
    -----
    The linear pattern does not change when a constant is added to x; the two-component one does,
    because its E_+[x] stands beside E[y]: x is what the layer sees, after any ``- mean``. A neuron
    that hardly varies has a tiny denominator and so a huge pattern. Data from another
    distribution than the model's give other patterns: they belong to model and data together.

    References
    ----------
    P.-J. Kindermans et al., 2017, arXiv:1705.05598.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, got {estimator!r}")
    rules = _Fit("fit_patterns", allow)
    for batch in batches(data, batch_size):
        question = ask(model, batch, sum_of_outputs, batch_size=batch_size, rules=rules)
        question.gradients(question.x, question.rows, lambda *chunk: rules.check_layers())
    return Patterns(
        tuple(_layer_pattern(sums, estimator) for _, sums in sorted(rules.sums.items())),
        estimator,
    )


def batches(data: Any, batch_size: int | None) -> Iterator[Tensor]:
    """Yield the data's batches."""
    if isinstance(data, Tensor):
        check_input(data, "data")
        default_batch_size(data, batch_size)
        yield data
        return
    if not isinstance(data, Iterable):
        raise TypeError(
            f"data must be a tensor (M, ...) or batches of tensors, got {type(data).__name__}"
        )
    count = 0
    for batch in data:
        first: Any = batch[0] if isinstance(batch, tuple | list) and len(batch) else batch
        check_input(first, f"data: batch {count}")
        count += 1
        yield first
    if count == 0:
        raise ValueError("data is empty; patterns need inputs to be fitted on")


def sum_of_outputs(outputs: Any, rows: Tensor) -> Tensor:
    """Return one number a row that depends on everything the model computes."""
    tensors = tensors_in(outputs)
    found = [t for t in tensors if t.requires_grad] or tensors
    return torch.stack([t.reshape(len(rows), -1).sum(1) for t in found]).sum(0)


# ---- the model's layers --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LayerRules(BackwardRules):
    """Rules that treat the layers, whatever their spelling, and know which ones x goes through.

    `used` are the layers on the ways from x to the outputs, by number. A convolution that is only
    read by its batch-norm is not among them, the two together are.
    """

    used: dict[int, Layer] = field(default_factory=dict)
    numbers: dict[Operation, int] = field(default_factory=dict)  # of the layers, in their order
    gates: dict[int, Activation] = field(default_factory=dict)  # layer -> the ReLU behind it
    pooled: dict[Operation, int] = field(default_factory=dict)  # max pool -> the layer before it

    kinds: ClassVar[frozenset[str]] = frozenset({"layer", "max_pool"})
    transparent: ClassVar[frozenset[str]] = frozenset(SHAPE + MAX_POOLING)
    always: ClassVar[frozenset[str]] = frozenset({"relu"})
    covers: ClassVar[str] = (
        "patterns are for dense and convolution layers, ReLUs, sums, means and pools"
    )

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if isinstance(operation, Activated) and operation.activation.outside == 0:  # type: ignore[union-attr]
            self._note_gate(operation.activation, producer)  # type: ignore[arg-type]
            return operation, lambda operation, s: operation.slope * s
        if isinstance(operation, Layer):
            return self._numbered(operation), self.layer_rule
        if isinstance(operation, Affine):
            return operation, self.affine_rule
        if isinstance(operation, Mixture) and has_pattern(operation):
            return operation, self.mixture_rule
        if isinstance(operation, MaxPool) and producer in self.numbers:
            self.pooled[operation] = self.numbers[producer]
        return None  # shapes and max pools

    def _numbered(self, layer: Layer) -> Layer:
        """Give a layer its number; a convolution and itself with its batch-norm are two."""
        if not layer.merges:
            raise UnsupportedOperationError(
                f"{self.method} is not defined for {layer.name}() with weights "
                f"{tuple(layer.weight.shape)}, whose neurons cannot be told apart; write it as a "
                "dense layer or a convolution: x @ W, F.linear(x, W) or F.conv2d(x, W)"
            )
        return replace(layer, number=self.numbers.setdefault(layer, len(self.numbers)))

    def _note_gate(self, activation: Activation, producer: Operation | None) -> None:
        number = self.numbers.get(producer, self.pooled.get(producer))  # type: ignore[arg-type]
        if number is not None:
            self.gates[number] = activation

    def layer_rule(self, layer: Layer, s: Tensor) -> Tensor:
        raise NotImplementedError

    def affine_rule(self, affine: Affine, s: Tensor) -> Tensor:
        return s

    def mixture_rule(self, mixture: Mixture, s: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.zeros_like(x) for x in mixture.inputs)

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        for remembered in (self.used, self.numbers, self.gates, self.pooled):
            remembered.clear()
        return super().run(model, inputs, rows)

    def audit(self, output: Tensor, start: Any) -> None:
        """Check the graph between x and an output, and write down its layers."""
        super().audit(output, start)
        for node in nodes_that_follow(start, output):
            operation = getattr(node, "operation", None)
            if isinstance(operation, Layer):
                self.used[operation.number] = operation


@dataclass(frozen=True, eq=False)
class _Fit(LayerRules):
    """Nothing is explained: the backward pass visits each layer once and takes its sums."""

    sums: dict[int, LayerSums] = field(default_factory=dict)

    def layer_rule(self, layer: Layer, s: Tensor) -> Tensor:
        k = layer.number
        if k not in self.sums:
            self.sums[k] = LayerSums(layer, self.gates.get(k))
        self.sums[k].add(layer)
        return torch.zeros_like(layer.x)

    def check_layers(self) -> None:
        """Refuse models that call other layers for some inputs than for others."""
        if set(self.used) != set(self.sums):
            raise UnsupportedOperationError(
                f"{self.method}: the model calls {len(self.used)} layer(s) for some inputs and "
                "others for the rest; patterns need a model that calls the same layers for all"
            )


def _layer_pattern(sums: LayerSums, estimator: str) -> LayerPattern:
    gated = sums.gate is not None
    if gated and estimator == "two_component":
        return LayerPattern(sums.name, gated, sums.component(+1).cpu(), sums.component(-1).cpu())
    a = sums.linear().cpu()
    return LayerPattern(sums.name, gated, a, a)
