"""What the class activation maps have in common: a method is the function of its weights."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask
from xaicourse.core.layers import LayerError
from xaicourse.core.registry import AttributionMethod, attribution_method
from xaicourse.core.shared import Differentiable
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.feature_maps import (
    FeatureMaps,
    Reshape,
    attribution,
    check_image,
    one_forward,
    read_maps,
)

__all__ = ["SPACE", "WEIGHTS", "class_activation_map"]

SPACE = (2, 3)  # the axes of a cell (i, j)
WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}  # method -> its w of A and g


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
            check_image(x, upsample)
            question = ask(model, x, target, **asked)
            keeps_graph = asked["differentiable"]
            maps = read_maps(question, layer, call, reshape, differentiable=keeps_graph)
            if "linear_head" in needs:
                check_head(question, maps)
            w = weigh(maps.activation, maps.gradient)
            raw = (w * maps.activation).sum(1, keepdim=True)  # (N, 1, h, w)
            return attribution(question, maps, w, raw, upsample, relu)

        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(explain, name, getattr(weigh, name))
        return attribution_method(
            family="vanilla",
            input="image",
            result="map",
            needs=set(needs),
            differentiable=True,
            example=small_image_classifier,
            **facts,
        )(explain)

    return register


def check_head(question: Question, maps: FeatureMaps) -> None:
    """Raise unless the model ends with the mean of each feature map and one linear layer.

    So the last linear layer sees the means, F has the same gradient in all cells, and nothing is
    curved behind it: without the feature maps F loses just what the map adds up to.
    """
    A, g = maps.activation[:1], maps.gradient  # (1, K, h, w), (N, K, h, w)
    pooled = A.mean(SPACE)  # (1, K)
    linear = [c for c in one_forward(question) if isinstance(c.module, nn.Linear | nn.Conv2d)]
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
        or differ(g, g.mean(SPACE, keepdim=True).expand_as(g), g.abs().amax())
        or differ(score - bias, shares.sum(1), score.abs() + bias.abs() + shares.abs().sum(1))
    ):
        raise LayerError(
            "cam is defined only where the model averages each feature map of the layer "
            f"({maps.layer.name!r}) over its cells, feeds the means to one last linear layer (a "
            "module), and its output is the score; here it is not so. Choose the layer just before "
            "the average and output='logit', or use grad_cam, which is the same map up to a factor "
            "where cam is defined"
        )
