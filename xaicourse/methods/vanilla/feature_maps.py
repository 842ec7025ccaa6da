"""What all class activation maps share: a layer's feature maps, their gradient, the map's size.

A layer's output A (N, K, h, w) is K feature maps of h x w cells; (N, K, l) of a series,
(N, K, d, h, w) of a volume. Each method weighs and adds them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.attribution import Attribution
from xaicourse.core.chunks import is_out_of_memory
from xaicourse.core.gradients import Question, activations, ask, layer_gradients
from xaicourse.core.layers import Layer, LayerError, find_layer
from xaicourse.core.near_names import suggest_names
from xaicourse.methods.vanilla.known_layouts import Layout, forget, recall, remember
from xaicourse.methods.vanilla.layer_choice import (
    Look,
    check_x,
    default_layer,
    look,
    map_layers,
)
from xaicourse.methods.vanilla.map_axes import Axes, node_of
from xaicourse.methods.vanilla.map_words import no_gradient, no_maps, wanted

__all__ = [
    "FeatureMaps",
    "TokenGrid",
    "ask_for_map",
    "attribution",
    "joined",
    "like_x",
    "map_layers",
    "names",
    "number_of_layers",
    "of_layers",
    "read_maps",
    "to_image_size",
]

# how torch calls an upsampling: for series, images and volumes
UPSAMPLINGS = {
    3: {"bilinear": "linear", "linear": "linear", "nearest": "nearest"},
    4: {"bilinear": "bilinear", "bicubic": "bicubic", "nearest": "nearest"},
    5: {"bilinear": "trilinear", "trilinear": "trilinear", "nearest": "nearest"},
}
Reshape = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FeatureMaps:
    """A layer's output at x, and what a map is made from."""

    layer: Layer
    activation: Tensor  # A (N, K, h, w)
    gradient: Tensor  # g = dF/dA (N, K, h, w); empty where it was not asked for
    score: Tensor  # F(x) (N,)
    of_x: tuple[int, ...]  # the axes of x that the cells' axes show: (2, 3)


@suggest_names
@dataclass(frozen=True)
class TokenGrid:
    """Lay a transformer's tokens out as the image they were cut from: for ``reshape=``.

    Parameters
    ----------
    height, width : int
        Patches down and across: 14 and 14 for 224 x 224 pixels in patches of 16.
    skip : int
        Tokens in front that are no patches (class token, registers).

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.TokenGrid(2, 3)(torch.zeros(1, 7, 5)).shape
    torch.Size([1, 5, 2, 3])
    """

    height: int
    width: int
    skip: int = 1

    def __call__(self, tokens: Tensor) -> Tensor:
        """Return tokens (N, skip + height * width, D) as maps (N, D, height, width)."""
        length = self.skip + self.height * self.width
        if tokens.dim() != 3 or tokens.shape[1] != length:
            raise ValueError(
                f"TokenGrid({self.height}, {self.width}, skip={self.skip}) needs {length} tokens, "
                f"(N, {length}, D); the layer returns {tuple(tokens.shape)}"
            )
        grid = tokens[:, self.skip :].unflatten(1, (self.height, self.width))
        return grid.permute(0, 3, 1, 2)


def check_image(x: Any, upsample: Any) -> None:
    """Raise unless x is a batch of images, series or volumes that a map can be enlarged to."""
    check_x(x)
    known = UPSAMPLINGS[x.dim() if isinstance(x, Tensor) else 4]
    if upsample is not None and not (isinstance(upsample, str) and upsample in known):
        raise ValueError(
            f"upsample must be one of {', '.join(known)} or None (raw map), got {upsample!r}"
        )


def ask_for_map(
    model: Callable[..., Any], x: Tensor, target: Any, upsample: Any, **asked: Any
) -> Question:
    """Check what class activation maps are given, and fix what is explained."""
    check_image(x, upsample)
    try:
        return ask(model, x, target, **asked)
    except ValueError as error:
        if not isinstance(x, Tensor) or x.dim() != 3 or "x[None]" in str(error):
            raise
        raise ValueError(
            f"{error} (x has shape {tuple(x.shape)} and is read as {len(x)} series (N, C, L); for "
            "a single image pass x[None])"
        ) from error


# ---- reading ------------------------------------------------------------------------------------


def read_maps(
    question: Question,
    layer: Any,
    call: int,
    reshape: Reshape | None,
    gradient: bool = True,
    differentiable: bool = False,
) -> list[FeatureMaps]:
    """Run the model and return the feature maps of each layer, with their gradient if wanted."""
    if layer is None and call != 0:
        raise ValueError(f"call={call} is a call of a layer: give layer= too")
    if layer is None and reshape is not None:
        raise ValueError("reshape= is for one layer's tokens: give layer= too")
    if reshape is not None and not callable(reshape):
        raise TypeError(
            "reshape must be a function of the layer's output, such as xaicourse.TokenGrid(14, 14) "
            f"or lambda t: t.permute(0, 3, 1, 2), got {reshape!r}"
        )
    if isinstance(layer, list | tuple) and not layer:
        raise ValueError("layer is an empty list: give at least one layer, or None for the default")
    found = []
    for one in layer if isinstance(layer, list | tuple) else [layer]:
        named = None if one is None else find_layer(question.model, one, call)
        chosen = _chosen(question, named, reshape, gradient)
        try:
            A, g, score = _read(question, chosen, gradient, differentiable)
            fits = chosen.shape in (None, A.shape[1:])
        except LayerError:  # never called
            if chosen.shape is None:
                raise
            fits = False
        if not fits:  # the model has changed where we do not look, or takes another way for this x
            forget(question)
            chosen = _chosen(question, named, reshape, gradient)
            A, g, score = _read(question, chosen, gradient, differentiable)
        where = chosen.layer
        A, g = (_as_maps(question, where, t, chosen.laid) if t.numel() else t for t in (A, g))
        if gradient and not bool(g.any()):
            _refuse_flat(question, chosen, named)
        found.append(FeatureMaps(where, A, g, score, chosen.of_x))
    return found


@dataclass(frozen=True)
class _Chosen:
    """The layer of a map, and how its output is laid out."""

    layer: Layer
    laid: Reshape
    of_x: tuple[int, ...]
    shape: tuple[int, ...] | None = None  # that its output had when that was found out


def _chosen(
    question: Question, named: Layer | None, reshape: Reshape | None, gradient: bool
) -> _Chosen:
    """Return the layer of a map: what is known of the model, or else is seen in one run."""
    known = recall(question, named) if reshape is None else None
    if known is not None:
        where = known.layer(question.model)  # type: ignore[arg-type]
        return _Chosen(where, known.axes, known.axes.of_x, known.shape)
    seen = look(question, named)
    if named is None:
        where, axes = default_layer(question, seen)
        laid, of_x, output = axes, axes.of_x, seen.output_of(where)
    else:
        where, output = named, seen.output
        laid, of_x = _laid_out(question, named, seen, reshape, gradient)
    if reshape is None and isinstance(laid, Axes):
        layout = Layout(where.name, where.call, laid, tuple(output.shape[1:]))
        remember(question, named, layout, seen)
    return _Chosen(where, laid, of_x)


def number_of_layers(layer: Any) -> int:
    """Return how many layers are asked for: each costs a gradient."""
    return len(layer) if isinstance(layer, list | tuple) else 1


def _read(
    question: Question, chosen: _Chosen, gradient: bool, differentiable: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the layer's output A, g = dF/dA (empty where it is not asked for) and F (N,)."""
    if gradient:
        return layer_gradients(question, chosen.layer, differentiable)
    A, score = activations(question, chosen.layer)
    return A, A.new_empty(0), score


def _as_maps(question: Question, where: Layer, t: Tensor, laid: Reshape) -> Tensor:
    """Return a layer's output or its gradient as feature maps (N, K, h, w), at least in float32."""
    try:
        maps = laid(t)
    except Exception as error:
        if isinstance(laid, Axes | TokenGrid) or is_out_of_memory(error):
            raise
        raise LayerError(
            f"reshape failed on the output of layer {where.name!r}, {tuple(t.shape)}: {error}"
        ) from error
    if (
        not isinstance(maps, Tensor)
        or maps.dim() != question.x.dim()
        or len(maps) != len(question.rows)
    ):
        shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise LayerError(
            f"layer {where.name!r} gives {shape} after reshape, but feature maps "
            f"{wanted(question.x.dim())} are needed; reshape must return them"
        )
    return maps.float() if maps.dtype in (torch.float16, torch.bfloat16) else maps


def _laid_out(
    question: Question, where: Layer, seen: Look, reshape: Reshape | None, gradient: bool
) -> tuple[Reshape, tuple[int, ...]]:
    """Return what lays a named layer's output out as feature maps, and the axes of x they show."""
    if reshape is not None:
        return reshape, _shown_by(reshape, seen)
    axes = seen.axes(seen.output, where.module)
    if axes is None:
        axes = seen.axes_by_aspect(seen.output)
    if axes is None:
        if gradient and node_of(seen.score) is None:
            layer_gradients(question, where)  # says that there is no gradient, which comes first
        raise LayerError(no_maps(where, seen, len(question.rows)))
    return axes, axes.of_x


def _shown_by(reshape: Reshape, seen: Look) -> tuple[int, ...]:
    """Return the axes of x that the cells of reshaped maps show; (2, 3) where that is not seen."""
    try:
        with torch.enable_grad():
            axes = seen.axes(reshape(seen.output))
    except Exception:  # reshape may be made for all rows at once; what it returns is checked there
        axes = None
    if axes is None:
        return tuple(range(2, seen.x.dim()))
    if axes.made and axes.channel != 1:
        raise LayerError(
            f"reshape must lay the layer out as feature maps {wanted(seen.x.dim())}, but it puts "
            f"the channels on axis {axes.channel}; without reshape= they are put on axis 1"
        )
    return axes.of_x


def _refuse_flat(question: Question, chosen: _Chosen, named: Layer | None) -> None:
    """Raise if no token matters, or none of the whole model, so that no layer can be chosen."""
    if _tokens(chosen.laid) or (named is None and look(question).flat):
        raise ValueError(no_gradient(question, chosen.layer))


def _tokens(laid: Reshape) -> bool:
    """Tell whether tokens are laid out, of which a model may read one alone."""
    return not isinstance(laid, Axes) or laid.tokens


# ---- the map's size, and its record -------------------------------------------------------------


def to_image_size(
    raw: Tensor, x: Tensor, upsample: str | None, of_x: tuple[int, ...] = (2, 3)
) -> Tensor:
    """Enlarge a map (N, 1, h, w) to the size of x, (N, 1, H, W)."""
    if upsample is None:
        return raw
    mode = UPSAMPLINGS[x.dim()][upsample]
    size = [x.shape[k] for k in of_x]
    return F.interpolate(
        raw, size=size, mode=mode, align_corners=None if mode == "nearest" else False
    )


def like_x(large: Tensor, of_x: tuple[int, ...]) -> Tensor:
    """Move the one channel of a map (N, 1, H, W) where x has its channels."""
    channel = next(k for k in range(1, large.dim()) if k not in of_x)
    return large.movedim(1, channel)


def joined(raw: list[Tensor], maps: list[FeatureMaps], x: Tensor, upsample: str | None) -> Tensor:
    """Return one layer's map in the size of x, or the average of several.

    The cells of different layers are not of one size nor their values of one unit, so that the
    layer with the largest numbers would be all that is seen: each enlarged map is divided by its
    largest absolute value in the row first.
    """
    if len(maps) == 1:
        return to_image_size(raw[0], x, upsample, maps[0].of_x)
    if upsample is None:
        raise ValueError(
            "upsample=None gives the raw map of one layer, but layer= has several, whose cells "
            "differ in size; their raw maps are in the details, extra['raw']"
        )
    total = torch.zeros((), dtype=raw[0].dtype, device=raw[0].device)
    for one, m in zip(raw, maps, strict=True):
        large = to_image_size(one, x, upsample, m.of_x)
        size = large.abs().amax(tuple(range(1, large.dim())), keepdim=True)
        total = total + large / size.where(size > 0, 1) / len(maps)
    return total


def attribution(
    question: Question,
    maps: list[FeatureMaps],
    weights: list[Tensor],
    upsample: str | None,
    relu: bool,
    gradients: int = 1,
) -> Attribution:
    """Return the record of the map sum_k w_k A_k, or of the average of several layers' maps."""
    raw = [(w * m.activation).sum(1, keepdim=True) for w, m in zip(weights, maps, strict=True)]
    raw = [r.clamp_min(0) if relu else r for r in raw]  # (N, 1, h, w)
    values = joined(raw, maps, question.x, upsample)
    kept = [r.to(question.model_dtype) for r in raw]
    return Attribution.of(
        question,
        values,
        kind="map",
        f_end=maps[0].score,
        gradients=question.rows.new_full((len(values),), gradients * len(maps)),
        settings={"layer": of_layers(names(maps)), "call": maps[0].layer.call},
        extra={
            "raw": of_layers(kept),
            "weights": of_layers(weights),
            "layer": of_layers(names(maps)),
        },
    )


def names(maps: list[FeatureMaps]) -> list[str]:
    """Return the layers' names."""
    return [m.layer.name for m in maps]


def of_layers(values: list[Any]) -> Any:
    """Return one layer's value, or those of several in a tuple, in the order of layer=."""
    return values[0] if len(values) == 1 else tuple(values)
