"""A fast copy of your own model: batch norms folded, channels-last, frozen.

Attribution runs one model hundreds of times, so what can be computed once is computed once.
The copy is explicit and belongs to you: it does not follow later changes of the original.
"""

from __future__ import annotations

import copy
import random
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.zoo.folding import fold

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
TOLERANCE = 1e-3


class Prepared(nn.Module):
    """A prepared copy: ``.model`` is the copied network, whose layers keep their names."""

    def __init__(self, model: nn.Module, folded: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.folded = folded

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """Call the copied network with its image inputs (N, C, H, W) laid out channels-last."""
        inputs = tuple(_channels_last(value) for value in inputs)
        keywords = {name: _channels_last(value) for name, value in keywords.items()}
        return self.model(*inputs, **keywords)


def prepare(model: nn.Module, example: Tensor | tuple | None = None) -> Prepared:
    """Return a faster copy of a model for attribution; the model itself stays as it is.

    The copy is frozen, laid out channels-last, and every batch norm that follows a convolution is
    merged into it. To find those pairs the model's code is traced with ``torch.fx``. Where that
    fails (code that depends on the values in x) batch norms are kept, and a warning says so.

    Parameters
    ----------
    model : nn.Module
        In eval mode.
    example : Tensor or tuple of inputs, optional
        With an example the outputs of model and copy are compared, and an error is raised if they
        differ by more than one part in a thousand (relative norm). Recommended.

    Returns
    -------
    Prepared
        A module that is called like the model, in eval mode. Its ``.model`` is the copied
        network, and ``.folded`` names the batch norms that were merged.

    Raises
    ------
    TypeError
        If the model is not an nn.Module.
    ValueError
        If it is in training mode, has hooks, is scripted or cannot be copied, or if the copy
        does not give its outputs on the example.

    Examples
    --------
    >>> import torch, torchvision, xaicourse as xc
    >>> model = torchvision.models.resnet18().eval()
    >>> fast = xc.prepare(model, example=torch.rand(1, 3, 64, 64))
    """
    _check_model(model)
    fast = _copy(model)
    pairs = _foldable_pairs(fast)
    if pairs is None:
        pairs = []
        if any(isinstance(module, BATCH_NORMS) for module in fast.modules()):
            warnings.warn(
                f"prepare: the code of {type(model).__name__} cannot be traced, so its batch norms "
                "are kept; the copy is channels-last and frozen only.",
                stacklevel=2,
            )
    for conv_name, norm_name in pairs:
        conv, norm = fast.get_submodule(conv_name), fast.get_submodule(norm_name)
        fast.set_submodule(conv_name, fold(conv, norm))
        fast.set_submodule(norm_name, nn.Identity())
    fast.requires_grad_(False)
    for parameter in fast.parameters():
        parameter.data = _channels_last(parameter.data)
    prepared = Prepared(fast, tuple(norm for _, norm in pairs)).eval()
    if example is not None:
        _check_agreement(model, prepared, example)
    return prepared


def _channels_last(value: Any) -> Any:
    """Lay a four-dimensional tensor out channels-last; leave anything else alone."""
    if isinstance(value, Tensor) and value.ndim == 4:
        return value.contiguous(memory_format=torch.channels_last)
    return value


def _check_model(model: nn.Module) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"model: prepare copies an nn.Module, got {type(model).__name__}; "
            "use a plain function as it is."
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError(
            "model: a scripted or traced model cannot be prepared; "
            "give the nn.Module that it was made from."
        )
    for name, module in model.named_modules():
        place = f"layer {name!r}" if name else "it"
        if module.training:
            raise ValueError(
                f"model: {place} is in training mode, where batch norm and dropout change the "
                "answer from call to call; call model.eval() first."
            )
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        if any(hooks):
            raise ValueError(
                f"model: {place} has hooks, which a copy could not carry over safely; "
                "remove them first, or use the model as it is."
            )


def _copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception as error:  # a model may hold anything
        raise ValueError(f"model: {type(model).__name__} cannot be copied ({error}).") from error


def _foldable_pairs(model: nn.Module) -> list[tuple[str, str]] | None:
    """Return (convolution, batch norm) names that can be merged; None if tracing fails.

    A pair qualifies when the batch norm is the only reader of the convolution's output, both are
    called exactly once, and no other code touches their parameters.
    """
    graph = _trace(model)
    if graph is None:
        return None
    layers: dict[Any, Any] = dict(model.named_modules(remove_duplicate=False))
    nodes = [node for node in graph.nodes if node.op == "call_module"]
    calls = Counter(id(layers[node.target]) for node in nodes)
    read_directly = {
        id(layers[node.target.rpartition(".")[0]]) for node in graph.nodes if node.op == "get_attr"
    }
    names = Counter(id(layer) for layer in layers.values())

    def used_once(node: torch.fx.Node) -> bool:
        key = id(layers[node.target])
        return calls[key] == 1 and names[key] == 1 and key not in read_directly

    pairs = []
    for node in nodes:
        before = node.args[0] if node.args else None
        if not isinstance(before, torch.fx.Node) or before.op != "call_module":
            continue
        is_norm = type(layers[node.target]) in BATCH_NORMS
        # Exact types: a subclass (a parametrised layer, say) may compute something else.
        is_conv = type(layers[before.target]) in CONVOLUTIONS
        alone = len(before.users) == 1 and used_once(before) and used_once(node)
        if is_conv and is_norm and alone and layers[node.target].running_mean is not None:
            pairs.append((before.target, node.target))
    return pairs


class _Tracer(torch.fx.Tracer):
    """Records every convolution and batch norm as one call, and every direct read of a buffer."""

    proxy_buffer_attributes = True

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        known = isinstance(module, CONVOLUTIONS + BATCH_NORMS)
        return known or super().is_leaf_module(module, name)


def _trace(model: nn.Module) -> torch.fx.Graph | None:
    """Record the model's calls; None if its code cannot be followed.

    Tracing runs the model's code with stand-ins for tensors, so it gets a copy to scribble on.
    """
    try:
        with _random_state_kept(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Tracer().trace(copy.deepcopy(model))
    except Exception:  # the model's own code may fail in any way on stand-ins
        return None


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Put the global random state of Python and PyTorch (CPU) back afterwards."""
    state = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(state)


def _check_agreement(model: nn.Module, prepared: Prepared, example: Any) -> None:
    """Raise unless the copy gives the model's outputs on the example."""
    inputs = example if isinstance(example, tuple) else (example,)
    with torch.no_grad(), _random_state_kept():
        try:
            wanted = _tensors(copy.deepcopy(model)(*inputs))
        except Exception as error:
            shapes = ", ".join(str(tuple(getattr(one, "shape", ()))) for one in inputs)
            raise ValueError(
                f"example: {type(model).__name__} itself fails on it (shape {shapes}): {error}; "
                "give an input as the model takes it"
            ) from error
        found = _tensors(copy.deepcopy(prepared)(*inputs))
    if len(wanted) != len(found):
        raise ValueError(f"example: the model gives {len(wanted)} tensors, its copy {len(found)}.")
    for a, b in zip(wanted, found, strict=True):
        a, b = a.double(), b.double()
        difference = (b - a).norm() / a.norm().clamp_min(torch.finfo(torch.float32).tiny)
        if not difference <= TOLERANCE:  # NaN is a disagreement too
            raise ValueError(
                f"example: the prepared copy differs from the model by {difference:.2g} of the "
                f"output's norm (allowed: {TOLERANCE:g}). The model may be random, or keep state "
                "between calls, or swap its layers; use it as it is."
            )


def _tensors(output: Any) -> list[Tensor]:
    """List the floating-point tensors of an output: a tensor, or nested tuples, lists, dicts."""
    if isinstance(output, Tensor):
        return [output.detach()] if output.is_floating_point() else []
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, list | tuple):
        return [tensor for part in output for tensor in _tensors(part)]
    return []
