"""What the class activation maps have in common: a method is the function of its weights."""

import inspect
from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, activations
from xaicourse.core.layers import Layer, LayerCall, LayerError
from xaicourse.core.registry import AttributionMethod, attribution_method
from xaicourse.core.shared import Differentiable
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.feature_maps import (
    FeatureMaps,
    Reshape,
    ask_for_map,
    attribution,
    number_of_layers,
    read_maps,
)
from xaicourse.methods.vanilla.layer_choice import CONVOLUTIONS, Look, listed, look
from xaicourse.methods.vanilla.map_axes import node_of

__all__ = ["WEIGHTS", "cells", "class_activation_map"]

WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}  # method -> its w of A and g


def cells(A: Tensor) -> tuple[int, ...]:
    """Return the axes of a feature map's cells: (2, 3) of an image's maps (N, K, h, w)."""
    return tuple(range(2, A.dim()))


def class_activation_map(
    *, relu: bool = True, needs: tuple[str, ...] = ("gradient", "layer"), **facts: Any
) -> Callable[[Callable[[Tensor, Tensor], Tensor]], AttributionMethod]:
    """Make a method of the function that gives its weights, and register it.

    `relu` is the method's default; the other facts are those of `attribution_method`.
    """
    clip = relu

    def register(weigh: Callable[[Tensor, Tensor], Tensor]) -> AttributionMethod:
        WEIGHTS[weigh.__name__] = weigh

        def explain(
            model: Callable[..., Any],
            x: Tensor,
            target: Any = None,
            *,
            layer: Any = None,
            call: int = 0,
            reshape: Reshape | None = None,
            upsample: str | None = "bilinear",
            relu: bool = clip,
            **asked: Unpack[Differentiable],
        ) -> Attribution:
            question = ask_for_map(model, x, target, upsample, **asked)
            keeps_graph = asked["differentiable"]
            maps = read_maps(question, layer, call, reshape, differentiable=keeps_graph)
            if "linear_head" in needs:
                for m in maps:
                    check_head(question, m)
            weights = [weigh_maps(question, m, weigh) for m in maps]
            return attribution(question, maps, weights, upsample, relu)

        explain.__signature__ = inspect.signature(explain)  # type: ignore[attr-defined]
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(explain, name, getattr(weigh, name))
        explain.__wrapped__ = weigh  # type: ignore[attr-defined]  # the source that ?? shows
        return attribution_method(
            family="vanilla",
            input="image",
            result="map",
            needs=set(needs),
            differentiable=True,
            cost=lambda settings: number_of_layers(settings.get("layer")),
            example=small_image_classifier,
            **facts,
        )(explain)

    return register


def weigh_maps(
    question: Question, maps: FeatureMaps, weigh: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Return the weights; where they have no meaning, say which layers of this model to take."""
    try:
        return weigh(maps.activation, maps.gradient)
    except ValueError as error:
        seen = look(question, maps.layer)
        fitting = layers_without_negatives(question, seen)
        raise ValueError(
            f"{error}. Layers with no negative output: {listed(fitting[::-1]) or 'none'}"
            + hidden_relu(seen, maps.layer)
        ) from None


def layers_without_negatives(question: Question, seen: Look, most: int = 3) -> list[LayerCall]:
    """Return the last layers with maps that are nowhere negative, in any row."""
    found: list[LayerCall] = []
    for c, _ in seen.spots(seen.calls):
        if len(found) < most and float(c.output.detach().min()) >= 0:
            A, _ = activations(question, Layer(c.module, c.name, c.call))  # as it was handed on
            found += [c] if float(A.min()) >= 0 else []
    return found


def hidden_relu(seen: Look, layer: Layer) -> str:
    """Say how to make a layer of a ReLU that is called as a function behind this one."""
    users: dict[Any, list[Any]] = {}
    for node in seen.behind_score:
        for below, _ in node.next_functions:
            users.setdefault(below, []).append(node)
    node = node_of(seen.output)
    while len(users.get(node, [])) == 1 and not node.name().startswith("Relu"):
        (node,) = users[node]
        if not node.name().startswith(("Clone", "Relu")):
            return ""
    layers = {node_of(c.output) for c in seen.calls}
    if node is None or not node.name().startswith("Relu") or node in layers:
        return ""
    last = [c.name for c in seen.calls if isinstance(c.module, nn.Linear)][-1:]
    layers = [f"model.{layer.name}", "torch.nn.ReLU()", "torch.nn.AdaptiveAvgPool2d(1)"]
    layers += ["torch.nn.Flatten()", *(f"model.{name}" for name in last)]
    return (
        f". Behind {layer.name!r} the model calls a ReLU that is no layer: write it as layers, "
        f"such as torch.nn.Sequential({', '.join(layers)})"
    )


def check_head(question: Question, maps: FeatureMaps) -> None:
    """Raise unless the model ends with the mean of each feature map and one linear layer.

    So the last linear layer sees the means, F has the same gradient in all cells, and nothing is
    curved behind it: without the feature maps F loses just what the map adds up to.
    """
    A, g = maps.activation[:1], maps.gradient  # (1, K, h, w), (N, K, h, w)
    pooled = A.mean(cells(A))  # (1, K)
    looked = look(question, maps.layer)
    linear = [c for c in looked.calls if isinstance(c.module, (nn.Linear, *CONVOLUTIONS))]
    seen = linear[-1].inputs[0].flatten(1).to(pooled.dtype) if linear else pooled[:, :0]
    with maps.layer.capture(replace=torch.zeros_like):
        bias = question.scores(question.x[:1], question.rows[:1])  # F without feature maps (1,)
    score = maps.score[:1]
    shares = (g[:1] * A).flatten(1)

    precision = 100 * torch.finfo(question.precision).eps

    def differ(a: Tensor, b: Tensor, size: Tensor) -> bool:
        return bool((a - b).abs().amax() > precision * size)

    if (
        seen.shape != pooled.shape
        or differ(seen, pooled, pooled.abs().amax())
        or differ(g, g.mean(cells(g), keepdim=True).expand_as(g), g.abs().amax())
        or differ(score - bias, shares.sum(1), score.abs() + bias.abs() + shares.abs().sum(1))
    ):
        raise LayerError(
            "cam is defined only where the model averages each feature map of the layer "
            f"({maps.layer.name!r}) over its cells, feeds the means to one last linear layer (a "
            "module), and its output is the score; here it is not so. Choose the layer just before "
            "the average and output='logit', or use grad_cam, which is the same map up to a factor "
            "where cam is defined" + hidden_relu(looked, maps.layer)
        )
