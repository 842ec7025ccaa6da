"""Guided Grad-CAM (2017): Guided Backpropagation's lines, where Grad-CAM looks."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.registry import attribution_method
from xaicourse.core.rules import Rules
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.class_activation import WEIGHTS
from xaicourse.methods.vanilla.feature_maps import (
    Reshape,
    ask_for_map,
    joined,
    like_x,
    names,
    number_of_layers,
    of_layers,
    read_maps,
)
from xaicourse.methods.vanilla.relu_rules import guided_rule

__all__ = ["guided_grad_cam"]


@attribution_method(
    title="Guided Grad-CAM",
    year=2017,
    paper="arXiv:1610.02391",
    family="vanilla",
    input="image",
    needs={"gradient", "layer", "relu_only"},
    cost=lambda settings: 1 + number_of_layers(settings.get("layer")),
    example=small_image_classifier,
)
def guided_grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str = "bilinear",
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Multiply Guided Backpropagation by Grad-CAM: fine lines, where Grad-CAM looks.

    .. math:: A = \mathrm{GuidedBackprop} \odot \mathrm{upsample}(\mathrm{GradCAM})

    Parameters
    ----------
    model : callable
        (N, C, H, W) -> (N, K), or other outputs that `target` reads; its activations must be of
        the ReLU family.
    upsample : str
        ``"bilinear"`` (linear along each axis), ``"bicubic"`` (images only) or ``"nearest"``.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in the shape of x; a picture rather than a share of F.

    Notes
    -----
    Keeps none of the axioms.

    **Cost.** 2 gradients a row, and one more for each layer but the first.

    **Fails when** the fine lines are read as an answer: they are Guided Backpropagation's, and so
    hardly depend on the class. Only the coarse place does.

    References
    ----------
    .. [selvaraju2017] R. R. Selvaraju et al., 2017, arXiv:1610.02391.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.guided_grad_cam(net, x, layer="relu2").shape
    torch.Size([1, 1, 28, 28])
    """
    question = ask_for_map(model, x, target, upsample, **asked)
    if upsample is None:
        raise ValueError("upsample must be bilinear, bicubic or nearest: the result has x's size")
    rules = Rules("guided_grad_cam", guided_rule, allow)
    guided, _ = gradients(ask(model, x, target, **asked, rules=rules))  # (N, C, H, W)
    maps = read_maps(question, layer, call, reshape)
    weigh = WEIGHTS["grad_cam"]
    raw = [(weigh(m.activation, m.gradient) * m.activation).sum(1, keepdim=True) for m in maps]
    raw = [r.clamp_min(0) for r in raw]  # (N, 1, h, w)
    values = guided * like_x(joined(raw, maps, question.x, upsample), maps[0].of_x)
    found = names(maps)
    return Attribution.of(
        question,
        values,
        f_end=maps[0].score,
        gradients=question.rows.new_full((len(x),), 1 + len(maps)),
        settings={"layer": of_layers(found), "call": maps[0].layer.call},
        extra={
            "raw": of_layers([r.to(x.dtype) for r in raw]),
            "guided": guided.to(x.dtype),
            "layer": of_layers(found),
        },
    )
