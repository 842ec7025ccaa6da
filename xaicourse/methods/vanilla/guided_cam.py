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
    check_image,
    read_maps,
    to_image_size,
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
    cost=lambda settings: 2,
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
        ``"bilinear"``, ``"bicubic"`` or ``"nearest"``.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in the shape of x; a picture rather than a share of F.

    Notes
    -----
    Keeps none of the axioms.

    **Cost.** 2 gradients a row.

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
    check_image(x, upsample)
    if upsample is None:
        raise ValueError("upsample must be bilinear, bicubic or nearest: the result has x's size")
    rules = Rules("guided_grad_cam", guided_rule, allow)
    guided, _ = gradients(ask(model, x, target, **asked, rules=rules))  # (N, C, H, W)
    question = ask(model, x, target, **asked)
    maps = read_maps(question, layer, call, reshape)
    A, g = maps.activation, maps.gradient  # (N, K, h, w)
    raw = (WEIGHTS["grad_cam"](A, g) * A).sum(1, keepdim=True).clamp_min(0)  # (N, 1, h, w)
    values = guided * to_image_size(raw, x, upsample)
    return Attribution.of(
        question,
        values,
        f_end=maps.score,
        gradients=question.rows.new_full((len(x),), 2),
        settings={"layer": maps.layer.name, "call": maps.layer.call},
        extra={"raw": raw.to(x.dtype), "guided": guided.to(x.dtype), "layer": maps.layer.name},
    )
