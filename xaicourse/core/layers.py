"""The only place with hooks: a layer inside a model, by module or dotted name.

`find_layer` says which layer is meant; `Layer.capture` records its output in a forward pass, as a
tensor of its own that the rest of the model is computed from. So the gradient of the score with
respect to it is the gradient at the layer, and an operation that later overwrites the layer's
output in place (the ReLU of a VGG) spoils neither. Hooks live only inside a ``with`` block and are
removed however it ends; the model is not changed.
"""

import difflib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.core.inputs import Adapter
from xaicourse.core.row_guard import is_asking

__all__ = ["Captured", "Layer", "LayerCall", "LayerError", "find_layer", "watch_layers"]


class LayerError(ValueError):
    """The layer is not there, is not called, or has no output that can be used."""


class Captured:
    """What `Layer.capture` saw: ask for `output` after the forward pass."""

    def __init__(self, layer: "Layer") -> None:
        self._layer = layer
        self._output: Any = None
        self._calls = 0

    @property
    def output(self) -> Tensor:
        """The layer's output (P, ...), the very tensor that the score was computed from."""
        name = self._layer.name
        self._layer.check_calls(self._calls)
        if not isinstance(self._output, Tensor) or not self._output.is_floating_point():
            kind = getattr(self._output, "dtype", type(self._output).__name__)
            raise LayerError(
                f"layer {name!r} returns {kind}, but a floating point tensor is needed; choose a "
                "layer inside it or after it"
            )
        if self._output.dim() == 0:
            raise LayerError(f"layer {name!r} returns a single number, not one entry for each row")
        return self._output


@dataclass(frozen=True, eq=False)
class Layer:
    """The output of one call of one module. Made by `find_layer`."""

    module: nn.Module
    name: str  # dotted name, or the class's where the model does not know the module
    call: int  # a module that is used several times is called 0, 1, ... in a forward pass

    @contextmanager
    def capture(
        self,
        keep_graph: bool = False,
        replace: Callable[[Tensor], Tensor] | None = None,
    ) -> Iterator[Captured]:
        """Record the layer's output in the one forward pass that runs inside.

        Parameters
        ----------
        keep_graph : bool
            Let the output remain a function of x; else what comes before it needs no graph.
        replace : callable, optional
            The model goes on with ``replace(output)``, and that is what is recorded.
        """
        seen = Captured(self)
        owner = threading.get_ident()  # a panel may run the same model in another thread

        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            if threading.get_ident() != owner:
                return None
            if is_asking():  # the same model, but this pass is none of ours
                return output.clone() if isinstance(output, Tensor) else None
            seen._calls += 1
            if seen._calls - 1 != self.call:
                return None
            seen._output = output
            if not isinstance(output, Tensor) or not output.is_floating_point():
                return None  # refused when it is asked for, not inside the model
            if replace is not None:
                output = replace(output)
            # two copies: the model may work in place on what went in (identity) and on what goes on
            own = output.clone() if keep_graph else output.detach().clone()
            seen._output = own if own.requires_grad else own.requires_grad_()
            return own.clone()

        handle = self.module.register_forward_hook(hook)
        try:
            yield seen
        finally:
            handle.remove()

    @contextmanager
    def visit(self, visitor: Callable[[Any], Any]) -> Iterator[None]:
        """Let the model go on with ``visitor(output)`` in the one forward pass that runs inside.

        Raises
        ------
        LayerError
            At the end, if the layer was not called, or not so often.
        """
        owner, calls = threading.get_ident(), 0

        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            nonlocal calls
            if threading.get_ident() != owner:
                return None
            calls += 1
            return visitor(output) if calls - 1 == self.call else None

        handle = self.module.register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()
        self.check_calls(calls)

    def check_calls(self, calls: int) -> None:
        """Raise if the call that is meant was not among so many of a forward pass."""
        if calls == 0:
            raise LayerError(
                f"layer {self.name!r} is never called when the model runs; it may be unused, or be "
                "part of another model (a copy), or run in another thread (pass DataParallel's "
                ".module)"
            )
        if self.call >= calls:
            raise LayerError(
                f"layer {self.name!r} is called {calls} time(s) in a forward pass, so "
                f"call={self.call} is not there; calls are counted from 0 to {calls - 1}"
            )


def find_layer(model: Any, layer: Any, call: int = 0) -> Layer:
    """Return the layer that is meant by a module or by a dotted name such as ``"features.3"``.

    Parameters
    ----------
    model : callable
        A torch module, also inside `bind`, `pack` or `at_layer`; any callable where `layer` is a
        module.
    layer : torch.nn.Module or str
        The layer, or its name in ``model.named_modules()``.
    call : int
        Which of its calls is meant where it is used several times in a forward pass.

    Raises
    ------
    LayerError
        If there is no such layer (similar names are listed), or if its inside cannot be seen.
    TypeError
        If `layer` is neither a module nor a name, or `call` is not a whole number.
    """
    if isinstance(call, bool) or not isinstance(call, int):
        raise TypeError(f"call must be a whole number, got {call!r}")
    if call < 0:
        raise ValueError(f"call must be at least 0, got {call}")
    inner = _inner(model)
    refuse_unseen(inner)
    if isinstance(layer, nn.Module):
        refuse_unseen(layer)
        names = [name for name, module in _named_modules(inner).items() if module is layer]
        return Layer(layer, names[0] if names else type(layer).__name__, call)
    if not isinstance(layer, str):
        raise TypeError(
            "layer must be a module of the model or its dotted name such as 'features.3', got "
            f"{type(layer).__name__}"
        )
    if not isinstance(inner, nn.Module):
        raise LayerError(
            f"layer={layer!r} is a name, but the model is {type(inner).__name__}, not a torch "
            "module with named layers; pass the layer itself, layer=net.features[3]"
        )
    modules = _named_modules(inner)
    if layer not in modules:
        near = difflib.get_close_matches(layer, modules, n=5, cutoff=0.4)
        raise LayerError(
            f"layer {layer!r} is not in the model {type(inner).__name__}; "
            f"{'similar: ' if near else 'it has '}{_listed(near or list(modules))}"
        )
    return Layer(modules[layer], layer, call)


def refuse_unseen(model: Any) -> None:
    """Raise if a model is scripted, traced or compiled: hooks inside it may never be called."""
    for part in model.modules() if isinstance(model, nn.Module) else [model]:
        kind = type(part).__name__
        compiled = kind == "OptimizedModule" or getattr(part, "_compiled_call_impl", None)
        if compiled or isinstance(part, torch.jit.ScriptModule | torch.jit.ScriptFunction):
            raise LayerError(
                f"the model is compiled or scripted ({kind}), so that no layer can be seen inside "
                "it; pass the original model"
            )


@dataclass(frozen=True)
class LayerCall:
    """One call of a named module in a recorded forward pass."""

    name: str
    call: int
    module: nn.Module
    inputs: tuple
    output: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output, () where it is no tensor."""
        return tuple(self.output.shape) if isinstance(self.output, Tensor) else ()


@contextmanager
def watch_layers(model: Any, itself: bool = False) -> Iterator[list[LayerCall]]:
    """Record every call of every named module inside, in the order in which they end.

    With `itself` the calls of the model as a whole are in it too, under the name "".
    """
    inner = _inner(model)
    refuse_unseen(inner)
    found: list[LayerCall] = []
    counts: dict[str, int] = {}
    owner = threading.get_ident()

    def hook_of(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple, named: dict, output: Any) -> None:
            if threading.get_ident() == owner and not is_asking():
                given = (*inputs, *named.values())
                found.append(LayerCall(name, counts.get(name, 0), module, given, output))
                counts[name] = counts.get(name, 0) + 1

        return hook

    handles = []
    try:
        named = inner.named_modules() if isinstance(inner, nn.Module) else ()
        for name, module in named:
            if name or itself:
                handles.append(module.register_forward_hook(hook_of(name), with_kwargs=True))
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _inner(model: Any) -> Any:
    """Return the model inside `bind`, `pack` and other adapters."""
    while isinstance(model, Adapter):
        model = model.model
    return model


def _named_modules(model: Any) -> dict[str, nn.Module]:
    """Return name -> module, a module that is shared under each of its names."""
    if not isinstance(model, nn.Module):
        return {}
    return {n: m for n, m in model.named_modules(remove_duplicate=False) if n}


def _listed(names: list[str], most: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "") or "no layers"
