"""What all class activation maps share: which layer, its feature maps, and their gradient.

A layer's output A (N, K, h, w) is K feature maps of h x w cells. Each method weighs and adds them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, activations, ask, layer_gradients
from xaicourse.core.layers import Layer, LayerCall, LayerError, find_layer, watch_layers

__all__ = [
    "FeatureMaps",
    "TokenGrid",
    "attribution",
    "check_image",
    "map_layers",
    "read_maps",
    "to_image_size",
]

UPSAMPLINGS = ("bilinear", "bicubic", "nearest")
Reshape = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FeatureMaps:
    """A layer's output at x, and what a map is made from."""

    layer: Layer
    activation: Tensor  # A (N, K, h, w)
    gradient: Tensor  # g = dF/dA (N, K, h, w); empty where it was not asked for
    score: Tensor  # F(x) (N,)


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
    """Raise unless x is a batch of images and `upsample` a way to enlarge a map."""
    if isinstance(x, Tensor) and x.dim() != 4:
        raise ValueError(
            f"x has shape {tuple(x.shape)}, but a class activation map needs images (N, C, H, W); "
            "for a single image pass x[None]"
        )
    if upsample is not None and upsample not in UPSAMPLINGS:
        raise ValueError(
            f"upsample must be one of {', '.join(UPSAMPLINGS)} or None (raw map), got {upsample!r}"
        )


def read_maps(
    question: Question,
    layer: Any,
    call: int,
    reshape: Reshape | None,
    gradient: bool = True,
    differentiable: bool = False,
) -> FeatureMaps:
    """Run the model and return the feature maps of a layer, with their gradient if wanted."""
    if layer is None and call != 0:
        raise ValueError(f"call={call} is a call of a layer: give layer= too")
    if layer is None and reshape is not None:
        raise ValueError("reshape= is for one layer's tokens: give layer= too")
    where = default_layer(question) if layer is None else find_layer(question.model, layer, call)
    if gradient:
        A, g, score = layer_gradients(question, where, differentiable)
    else:
        A, score = activations(question, where)
        g = A.new_empty(0)
    if reshape is not None:
        A, g = reshape(A), reshape(g) if gradient else g
        if gradient and not bool(g.any()):
            raise ValueError(
                f"the score does not depend on the cells of layer {where.name!r} (their gradient "
                "is 0 in every row): in a transformer that reads its class token alone, take a "
                "layer before the last attention, such as the last block's first layer norm"
            )
    if not isinstance(A, Tensor) or A.dim() != 4 or len(A) != len(question.rows):
        shape = tuple(A.shape) if isinstance(A, Tensor) else type(A).__name__
        image = question.x.shape[-2:]
        others = [c for c in one_forward(question) if _is_map(c, image)]
        advice = (
            "reshape must return them"
            if reshape is not None
            else "for a transformer's tokens (N, L, D) pass reshape=xaicourse.TokenGrid(height, "
            f"width); the last layers with feature maps: {_listed(others) or 'none'}"
        )
        raise LayerError(
            f"layer {where.name!r} gives {shape}, but feature maps (N, K, h, w) are needed; "
            + advice
        )
    A, g = (t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in (A, g))
    return FeatureMaps(where, A, g, score)


def to_image_size(raw: Tensor, x: Tensor, upsample: str | None) -> Tensor:
    """Enlarge a map (N, 1, h, w) to the size of x, (N, 1, H, W)."""
    if upsample is None:
        return raw
    corners = None if upsample == "nearest" else False
    return F.interpolate(raw, size=x.shape[-2:], mode=upsample, align_corners=corners)


def attribution(
    question: Question,
    maps: FeatureMaps,
    w: Tensor,
    raw: Tensor,
    upsample: str | None,
    relu: bool,
    gradients: int = 1,
) -> Attribution:
    """Return the record of a map `raw` (N, 1, h, w) that was made with weights w."""
    raw = raw.clamp_min(0) if relu else raw
    return Attribution.of(
        question,
        to_image_size(raw, question.x, upsample),
        kind="map",
        f_end=maps.score,
        gradients=question.rows.new_full((len(raw),), gradients),
        settings={"layer": maps.layer.name, "call": maps.layer.call},
        extra={"raw": raw.to(question.model_dtype), "weights": w, "layer": maps.layer.name},
    )


# ---- the layer that is taken unless one is named ------------------------------------------------


def one_forward(question: Question) -> list[LayerCall]:
    """Return all calls of layers in a forward pass of the first row."""
    with watch_layers(question.model) as calls:
        question.scores(question.x[:1], question.rows[:1])
    return calls


def map_layers(model: Callable[..., Any], x: Tensor) -> dict[str, tuple[int, ...]]:
    """Return the layers of a model that have feature maps: for menus, and for ``layer=``.

    Parameters
    ----------
    model : callable
        A torch module, also inside `bind` or `pack`.
    x : Tensor (N, C, H, W)
        Images; the first goes through the model.

    Returns
    -------
    dict of str to tuple
        Name -> (K, h, w), from the image to the score. Of layers that hand on the same map only
        the outermost is in it, and a layer that is called several times is in it once.

    Raises
    ------
    LayerError
        If the model is compiled or scripted.
    ValueError, TypeError
        For a bad x, or a model that fails on it.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten())
    >>> xc.map_layers(net, torch.zeros(1, 3, 6, 6))
    {'0': (8, 4, 4)}
    """
    check_image(x, None)
    nothing = ask(model, x, lambda outputs, rows: torch.zeros_like(rows, dtype=x.dtype))
    calls = [c for c in one_forward(nothing) if _is_map(c, x.shape[-2:])]
    by_map: dict[int, list[LayerCall]] = {}
    for c in calls:
        by_map.setdefault(id(c.output), []).append(c)
    outermost = [min(same, key=lambda c: c.name.count(".")) for same in by_map.values()]
    return {c.name: c.shape[1:] for c in outermost}


def default_layer(question: Question) -> Layer:
    """Return the last layer with a spatial map (N, K, h, w) behind a convolution.

    Of layers that hand on the same map it is the outermost: a ResNet's ``layer4``, a VGG's
    ``features``. Adaptive pooling makes no map of its own.
    """
    calls = one_forward(question)
    if not calls:
        raise LayerError(
            "layer must be given: the model is a function, or holds no layers, so that none can "
            "be chosen; pass the layer itself, layer=net.features"
        )
    image = question.x.shape[-2:]
    convolutions = [k for k, c in enumerate(calls) if isinstance(c.module, nn.Conv2d)]
    first = convolutions[0] if convolutions else len(calls)
    maps = [c for c in calls[first:] if _is_map(c, image)]
    tokens = [c for c in calls if _is_tokens(c, image)]
    if tokens and (not maps or calls.index(tokens[-1]) > calls.index(maps[-1])):
        raise LayerError(
            "layer must be given: after its last spatial map this model works on tokens; pass "
            "layer= and reshape=xaicourse.TokenGrid(height, width). Layers with tokens: "
            f"{_listed(tokens)}"
        )
    if not maps:
        raise LayerError(
            "no layer of this model has a spatial map (N, K, h, w) behind a convolution, which "
            f"class activation maps are made from; its layers return {_listed(calls)}. Use a "
            "method that explains the input itself, such as integrated_gradients"
        )
    return Layer(maps[-1].module, maps[-1].name, maps[-1].call)


def _is_map(seen: LayerCall, image: tuple[int, ...]) -> bool:
    """Tell whether a layer's output is a picture of the image: more than a cell, same aspect."""
    if len(seen.shape) != 4 or isinstance(seen.module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return False
    _, _, h, w = seen.shape
    H, W = image
    return h * w > 1 and 0.6 < (h * W) / (w * H) < 1 / 0.6


def _is_tokens(seen: LayerCall, image: tuple[int, ...]) -> bool:
    """Tell whether an output is (N, L, D), or (N, h, w, D) with the channels last."""
    shape = seen.shape
    if len(shape) == 4:
        pooled = isinstance(seen.module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d)
        return not pooled and shape[1] * shape[2] > 1 and shape[3] > 1 and not _is_map(seen, image)
    return len(shape) == 3 and shape[1] > 1


def _listed(calls: list[LayerCall], most: int = 8) -> str:
    shown = [f"{c.name!r} {('N', *c.shape[1:])}".replace("'N'", "N") for c in calls[-most:]]
    return ", ".join(shown)
