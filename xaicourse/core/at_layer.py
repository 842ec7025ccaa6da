"""A model cut in two at a layer: what lies behind it, and what lies before it, as models.

`at_layer` gives a layer's output a and the rest of the model as a function of it, so that every
method explains a layer, an embedding or a latent. `UnitsModel` ends at a layer, so that a hidden
unit is explained like a class. The model itself stays whole: it runs from x each time, and at the
layer other numbers take the place of the layer's own (layers.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from xaicourse.core.checks import check_batch, check_model, default_batch_size, describe
from xaicourse.core.chunks import in_chunks, is_out_of_memory
from xaicourse.core.inputs import Adapter, belonging_to, check_extras, rows_of
from xaicourse.core.layers import Layer, LayerError, find_layer
from xaicourse.core.near_names import suggest_names
from xaicourse.core.output_parts import map_tensors
from xaicourse.core.recomputation import would_recompute
from xaicourse.core.target import Difference, Neuron
from xaicourse.core.target_checks import neurons_in
from xaicourse.core.training_mode import (
    TrainingModeError,
    TrainingModeProbe,
    refuse_training_modules,
)

__all__ = ["RestOfModel", "UnitsModel", "at_layer", "up_to_units"]

# relative: what rounding may change in a layer's output for one row when another stands beside it
_TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-3}
_HALF = 5e-2


@suggest_names
def at_layer(
    model: Callable[..., Any],
    layer: Any,
    x: Tensor,
    *,
    call: int = 0,
    part: Any = None,
    batch_size: int | None = None,
) -> tuple["RestOfModel", Tensor]:
    r"""Cut a model in two at a layer: return what comes behind it, and the layer's output.

    With :math:`f(x) = g(a(x), x)`, where a is the layer's output and what does not pass through
    the layer is computed from x itself, it returns :math:`a' \mapsto g(a', x)` and a(x). So any
    method explains the layer: ``method(rest, a, target)``.

    Parameters
    ----------
    model : callable
        A torch module, also inside `bind` or `pack`; any callable where `layer` is a module.
    layer : torch.nn.Module or str
        The layer, or its dotted name.
    x : Tensor (N, ...)
        Inputs in any form that the model takes: token ids, too.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    part : int, str or tuple of these, optional
        Which part of the layer's output, where that is a tuple or a dict: 0 for the output of an
        LSTM or of attention, (1, 0) for the first entry of the second part.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    rest : RestOfModel
        The model as a function of a (N, ...), for every method.
    a : Tensor (N, ...)
        The layer's output. Its first axis is that of the rows, wherever the layer has it; where
        a layer folds k windows or tokens of a row into that axis, a is (N, k, ...).

    Raises
    ------
    LayerError
        If the layer is not there or not called, or its output has no floating point numbers, or
        no entry for each row of x.
    ValueError, TypeError
        For bad arguments, a model in training mode, or a model that fails on x.

    Notes
    -----
    Class activation maps need no cut: they take ``layer=``. Of the layers behind the cut they make
    maps here, too. NoiseGrad and FusionGrad put noise on all weights, also on those before the cut.

    **Cost.** One forward pass, and one of a row; later each call runs the model from x, but keeps
    no activations of what lies before the layer.

    **Fails when** the part of the model around the layer matters: what passes beside it (a skip
    connection) stays as it is at x, and gets no share.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> with torch.random.fork_rng():
    ...     _ = torch.manual_seed(0)
    ...     net = torch.nn.Sequential(
    ...         torch.nn.Embedding(9, 4), torch.nn.Flatten(), torch.nn.Linear(12, 2)
    ...     ).eval()
    >>> rest, a = xc.at_layer(net, "0", torch.tensor([[1, 5, 2]]))  # token ids (N, L)
    >>> xc.integrated_gradients(rest, a, target=0).shape  # (N, L, D)
    torch.Size([1, 3, 4])
    """
    check_model(model)
    check_batch(x)
    refuse_training_modules(model)
    check_extras(model, len(x))
    with torch.inference_mode(False):
        x = x.detach().clone()  # of our own: the caller may write into theirs
        place, mode_is_own = find_place(model, layer, x, call, part)
        units = UnitsModel(model, place)
        rows = torch.arange(len(x), device=x.device)
        found: list[Tensor] = []

        def run(start: int, stop: int) -> None:
            with torch.no_grad():
                found.append(_called(units, x[start:stop], rows[start:stop]).detach())

        in_chunks(run, len(x), default_batch_size(x, batch_size))
        a = torch.cat(found)
        return RestOfModel(model, x, place, mode_is_own, tuple(a.shape[1:])), a


@dataclass(frozen=True)
class Place:
    """Where the numbers of the rows are in a layer's output. Made by `find_place`."""

    layer: Layer
    part: tuple[int | str, ...]  # the way to them in a tuple or a dict
    axis: int  # of the rows
    folded: int  # entries that a row has on that axis

    def read(self, output: Any) -> Tensor:
        """Return them (n, ...), or (n, k, ...) where k entries of a row are on its axis."""
        a = _part_of(output, self.part, self.layer).movedim(self.axis, 0)
        return a if self.folded == 1 else a.unflatten(0, (-1, self.folded))

    def write(self, output: Any, a: Tensor) -> Any:
        """Return the layer's output with `a` in their place."""
        a = a if self.folded == 1 else a.flatten(0, 1)
        new = a.movedim(0, self.axis).clone(memory_format=torch.contiguous_format)
        old = _part_of(output, self.part, self.layer)
        return map_tensors(lambda tensor: new if tensor is old else tensor, output)

    def found_in(self, model: Any) -> "Place":
        """Return the same place in a copy of the model."""
        return replace(self, layer=find_layer(model, self.layer.name, self.layer.call))


class RestOfModel(Adapter):
    """A model as a function of a layer's output; made by `at_layer`."""

    def __init__(
        self, model: Any, x: Tensor, place: Place, mode_is_own: bool, shape: tuple[int, ...]
    ) -> None:
        self.model, self.x, self.place = model, x, place
        self.shape = shape  # of a row of a
        # whether the model itself switches gradients on or off around the layer
        self.mode_is_own = mode_is_own
        self.__name__ = f"the rest of {describe(model)} behind {place.layer.name!r}"

    def around(self, model: Any) -> Self:
        other = super().around(model)
        other.place = self.place.found_in(model)
        return other

    def __call__(self, a: Tensor) -> Any:
        if tuple(a.shape[1:]) != self.shape:
            expected = ", ".join(map(str, ("N", *self.shape)))
            raise ValueError(
                f"{self.__name__} takes points of shape ({expected}), got {tuple(a.shape)}"
            )
        rows = rows_of(a, len(self.x)).to(self.x.device)
        wanted = torch.is_grad_enabled()

        def go_on(output: Any) -> Any:
            if self.mode_is_own:
                with torch.set_grad_enabled(wanted):
                    return self.place.write(output, a)
            torch.set_grad_enabled(wanted)  # to the end of the call
            return self.place.write(output, a)

        # no graph of what lies before the layer: a does not depend on it
        front = torch.set_grad_enabled(wanted and self.mode_is_own)
        with front, self.place.layer.visit(go_on), belonging_to(rows):
            return self.model(self.x[rows])


class UnitsModel(Adapter):
    """A model that ends at a layer: x (N, ...) -> the layer's output (N, ...)."""

    def __init__(self, model: Any, place: Place) -> None:
        self.model, self.place = model, place
        self.__name__ = f"{describe(model)} up to {place.layer.name!r}"

    def around(self, model: Any) -> Self:
        other = super().around(model)
        other.place = self.place.found_in(model)
        return other

    def __call__(self, x: Tensor) -> Tensor:
        found: list[Tensor] = []

        def stop(output: Any) -> None:
            found.append(self.place.read(output).clone())
            if not would_recompute():  # a block under a checkpoint must come to its end
                raise _ReachedError(found)

        try:
            with self.place.layer.visit(stop):
                self.model(x)
        except _ReachedError as reached:
            if reached.found is not found:  # another one, inside this model or outside
                raise
        return found[0]


class _ReachedError(BaseException):
    """The layer was reached; no model catches this by `except Exception`."""

    def __init__(self, found: list[Tensor]) -> None:
        self.found = found


def up_to_units(model: Any, target: Any, x: Tensor, output: Any) -> UnitsModel:
    """Return the model up to the layer of the hidden units in a target."""
    if isinstance(model, UnitsModel):  # handed on by a method that asks another one
        return model
    unit, *others = neurons_in(target)
    apart = [other for other in others if other.place != unit.place]
    sides = (target.target, target.other) if isinstance(target, Difference) else (target,)
    if apart or not all(isinstance(side, Neuron) for side in sides):
        raise ValueError(
            "target: only hidden units of the same layer can be compared with each other; a unit "
            "with a class, or units of two layers, need a model that returns both"
        )
    if not callable(output) and output != "logit":
        raise ValueError(
            f"output={output!r} is a scale of the model's classes, which a hidden unit does not "
            "have; pass output='logit' to explain it as it is"
        )
    with torch.inference_mode(False):
        place, _ = find_place(model, unit.layer, x.detach(), unit.call, unit.part)
    return UnitsModel(model, place)


# ---- where the rows are --------------------------------------------------------------------------


def find_place(
    model: Any, layer: Any, x: Tensor, call: int = 0, part: Any = None
) -> tuple[Place, bool]:
    """Return where a layer has the rows, by a run of one row and one of two rows.

    Also whether the model itself switches gradients on or off around the layer.
    """
    found = find_layer(model, layer, call)
    way = part if isinstance(part, tuple) else () if part is None else (part,)
    rows = torch.arange(len(x), device=x.device)
    one, with_grad = _seen(model, found, way, x[:1], rows[:1], grad=True)
    two, without = _seen(model, found, way, x[[0, -1]], rows[[0, -1]], grad=False)
    changed = [
        k for k in range(one.dim()) if two.dim() == one.dim() and one.shape[k] != two.shape[k]
    ]
    axis = changed[0] if len(changed) == 1 else None
    if axis is None or two.shape[axis] != 2 * one.shape[axis]:
        raise LayerError(
            f"layer {found.name!r} returns shape {tuple(one.shape)} for one row of x and "
            f"{tuple(two.shape)} for two, so that it has no entry for each row (a table of "
            "positions, say); choose a layer that x passes through"
        )
    place = Place(found, way, axis, one.shape[axis])
    again, first = (t.movedim(axis, 0)[: one.shape[axis]] for t in (two, one))
    if float((again - first).norm()) > _TOLERANCE.get(one.dtype, _HALF) * float(first.norm()):
        raise LayerError(
            f"layer {found.name!r} returns other numbers for a row of x when another row is beside "
            f"it: it draws random numbers, mixes the rows, or has them in another order on axis "
            f"{axis} of its output {tuple(two.shape)}; choose another layer"
        )
    return place, (with_grad, without) != (True, False)


def _seen(
    model: Any, layer: Layer, part: tuple, x: Tensor, rows: Tensor, grad: bool
) -> tuple[Tensor, bool]:
    """Return a layer's output, and whether gradients were on there."""
    seen: list[Any] = []

    def note(output: Any) -> None:
        kept = _part_of(output, part, layer).detach().clone()
        seen.extend((kept, torch.is_grad_enabled()))

    with torch.set_grad_enabled(grad), TrainingModeProbe(x.dim()), layer.visit(note):
        _called(model, x, rows)
    output, was_on = seen
    return output, was_on


def _called(model: Any, x: Tensor, rows: Tensor) -> Any:
    """Call a model, with its own errors explained."""
    try:
        with belonging_to(rows):
            return model(x)
    except (TrainingModeError, LayerError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(
            f"model {describe(model)} failed on x of shape {tuple(x.shape)}, dtype {x.dtype}, on "
            f"{x.device}: {error}\n(x must be a batch (N, ...) on the model's device; another "
            "tensor with an entry for each row goes with them by xaicourse.bind)"
        ) from error


def _part_of(output: Any, part: tuple, layer: Layer) -> Tensor:
    """Return the tensor in a layer's output that is meant."""
    found = output
    for key in part:
        try:
            found = getattr(found, key) if _is_attribute(found, key) else found[key]
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise LayerError(
                f"layer {layer.name!r} returns {_kind(output)}, in which part={key!r} is not there"
            ) from error
    if isinstance(found, Tensor) and found.is_floating_point() and found.dim() > 0:
        return found
    advice = (
        "choose a layer inside it or after it"
        if isinstance(found, Tensor)
        else "say which part is meant, such as part=0"
    )
    raise LayerError(
        f"layer {layer.name!r} returns {_kind(found)}, but a floating point tensor with an entry "
        f"for each row is needed; {advice}"
    )


def _is_attribute(value: Any, key: Any) -> bool:
    return isinstance(key, str) and not hasattr(value, "keys")


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)} of {value.dtype}"
    if hasattr(value, "keys"):
        return f"a {type(value).__name__} of {', '.join(map(repr, value))}"
    inside = f" of {len(value)}" if isinstance(value, tuple | list) else ""
    return f"a {type(value).__name__}{inside}"
