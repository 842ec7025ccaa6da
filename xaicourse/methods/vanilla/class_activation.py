"""Class activation maps: a layer's feature maps A, weighted by the gradient and added.

Six methods, one line: ``map = sum_k w_k * A_k``. They differ only in the weights w.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask, gradients
from xaicourse.core.layers import LayerError
from xaicourse.core.registry import attribution_method
from xaicourse.core.rules import Rules
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.feature_maps import (
    FeatureMaps,
    Reshape,
    attribution,
    check_image,
    one_forward,
    read_maps,
    to_image_size,
)
from xaicourse.methods.vanilla.relu_rules import guided_rule

__all__ = [
    "WEIGHTS",
    "cam",
    "grad_cam",
    "grad_cam_plus_plus",
    "guided_grad_cam",
    "hires_cam",
    "layer_cam",
    "xgrad_cam",
]

SPACE = (2, 3)  # the axes of a cell (i, j)

# ---- the weights: A and g = dF/dA are (N, K, h, w), w is (N, K, 1, 1) or (N, K, h, w) ------------


def cam_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_k of the linear layer: where F = sum_k w_k mean(A_k) + b, each dF/dA_kij is w_k / Z."""
    return g.sum(SPACE, keepdim=True)


def grad_cam_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_k = (1/Z) sum_ij g_kij."""
    return g.mean(SPACE, keepdim=True)


def hires_cam_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_kij = g_kij: nothing is averaged."""
    return g


def layer_cam_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_kij = relu(g_kij)."""
    return g.clamp_min(0)


def grad_cam_plus_plus_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_k = sum_ij alpha_kij relu(g_kij), alpha = g^2 / (2 g^2 + g^3 sum_ab A_kab)."""
    denominator = 2 + g * A.sum(SPACE, keepdim=True)  # of alpha, after dividing by g^2
    counts = g > 0  # relu(g) leaves out all others
    if bool((counts & (denominator <= 0)).any()):
        raise ValueError(
            "grad_cam_plus_plus is not defined where 2 + g sum(A) is 0 or negative, as can happen "
            "where a layer's output is negative; choose a layer after a ReLU, or grad_cam or "
            "hires_cam, which take any sign"
        )
    alpha = counts / denominator.where(counts, 1)
    return (alpha * g.clamp_min(0)).sum(SPACE, keepdim=True)


def xgrad_cam_weights(A: Tensor, g: Tensor) -> Tensor:
    """w_k = sum_ij (A_kij / sum_ab A_kab) g_kij."""
    total = A.sum(SPACE, keepdim=True)
    empty = (A == 0).all(3, keepdim=True).all(2, keepdim=True)  # no weight: adds nothing anyway
    if bool(((total == 0) & ~empty).any()):
        raise ValueError(
            "xgrad_cam is not defined where a feature map adds up to 0, as can happen where a "
            "layer's output is negative; choose a layer after a ReLU, or grad_cam or hires_cam, "
            "which take any sign"
        )
    share = A / total.where(~empty, 1)
    return (share * g).sum(SPACE, keepdim=True)


WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cam": cam_weights,
    "grad_cam": grad_cam_weights,
    "grad_cam_plus_plus": grad_cam_plus_plus_weights,
    "hires_cam": hires_cam_weights,
    "layer_cam": layer_cam_weights,
    "xgrad_cam": xgrad_cam_weights,
}


def _explain(
    name: str,
    model: Callable[..., Any],
    x: Tensor,
    target: Any,
    batch_size: int | None,
    differentiable: bool,
    **settings: Any,
) -> Attribution:
    check_image(x, settings["upsample"])
    question = ask(model, x, target, settings["output"], batch_size, differentiable)
    maps = read_maps(
        question,
        settings["layer"],
        settings["call"],
        settings["reshape"],
        differentiable=differentiable,
    )
    if name == "cam":
        _check_head(question, maps)
    A, g = maps.activation, maps.gradient  # (N, K, h, w)
    w = WEIGHTS[name](A, g)
    raw = (w * A).sum(1, keepdim=True)  # (N, 1, h, w)
    return attribution(question, x, maps, w, raw, settings)


def _check_head(question: Question, maps: FeatureMaps) -> None:
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

    precision = 100 * torch.finfo(question.model_dtype).eps

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


# ---- the methods --------------------------------------------------------------------------------


@attribution_method(
    title="CAM",
    year=2016,
    paper="arXiv:1512.04150",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer", "linear_head"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Weigh the last feature maps as the linear layer behind their average does.

    .. math:: F = \sum_k w_k \frac 1 Z \sum_{ij} A_{kij} + b: \qquad
              M_{ij} = \sum_k w_k A_{kij}

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, output, batch_size, differentiable,
    return_details
        As for `grad_cam`; the model must end with the average over all cells and one linear layer,
        and ``output`` be the logit or the margin: a probability is not linear in the maps.
    relu : bool
        Set negative values to 0; the paper does not.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F; the raw map's mean is F - b.

    Raises
    ------
    LayerError
        If the model does not end in this way, or the score is curved; also as for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Complete in the mean over the raw map's cells. It explains the last feature maps: what each of
    their cells has seen of the image is another question.

    References
    ----------
    B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba, 2016, arXiv:1512.04150. Lesson 04.
    """
    return _explain(
        "cam", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="Grad-CAM",
    year=2017,
    paper="arXiv:1610.02391",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def grad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Weigh each feature map of a layer by the mean of its gradient.

    .. math:: w_k = \frac 1 Z \sum_{ij} \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Parameters
    ----------
    model, x, target, output, batch_size, differentiable, return_details
        As for `gradient`; x is images (N, C, H, W).
    layer : torch.nn.Module, str or None
        Whose output A (N, K, h, w) is explained: a module of the model or its dotted name. None is
        the last layer with a spatial map behind a convolution; its name is in the details.
    call : int
        Which of its calls in a forward pass, where the layer is used several times.
    reshape : callable, optional
        Lays a layer's output out as (N, K, h, w); it may only select and rearrange numbers, such
        as `TokenGrid` does for a transformer.
    upsample : str or None
        ``"bilinear"``, ``"bicubic"`` or ``"nearest"`` to the size of x; None for the raw map.
    relu : bool
        Set negative values to 0, as the paper does; False tells where the class is argued against.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; not scaled to [0, 1]. ``extra["raw"]`` has (N, 1, h, w).

    Raises
    ------
    LayerError
        If the layer is not there, is not called, has no spatial map, or none can be chosen.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps completeness only where the gradient is the same in all cells (average and linear layer
    behind A): then the raw map without ReLU adds up to F - b. Elsewhere the mean may take the
    weight of one cell to another; `hires_cam` does not. Breaks implementation invariance: it
    depends on what is called a layer.

    References
    ----------
    R. R. Selvaraju et al., 2017, arXiv:1610.02391. Lesson 04.
    """
    return _explain(
        "grad_cam", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="Grad-CAM++",
    year=2018,
    paper="arXiv:1710.11063",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def grad_cam_plus_plus(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Weigh each feature map by its positive gradients, each with a weight of its own.

    .. math:: w_k = \sum_{ij} \alpha_{kij} \max(g_{kij}, 0), \qquad
              \alpha_{kij} = \frac{g_{kij}^2}{2 g_{kij}^2 + g_{kij}^3 \sum_{ab} A_{kab}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    with :math:`g = \partial F / \partial A`. The powers of g stand for the second and third
    derivative of :math:`\exp F`, for a net whose F is piecewise linear in A.

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, relu, output, batch_size, differentiable,
    return_details
        As for `grad_cam`; the layer should follow a ReLU.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; of no unit, and not scaled to [0, 1].

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`; also where :math:`2 + g \sum A \le 0`, so that alpha has no meaning.

    Notes
    -----
    Keeps none of the axioms. The factor exp F, the same for all cells, is left out.

    References
    ----------
    A. Chattopadhay, A. Sarkar, P. Howlader, V. N. Balasubramanian, 2018, arXiv:1710.11063.
    Lesson 04.
    """
    return _explain(
        "grad_cam_plus_plus", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="HiResCAM",
    year=2020,
    paper="arXiv:2011.08891",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer"},
    claims={"linearity"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def hires_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Multiply each feature map by its gradient, cell by cell, and add.

    .. math:: M_{ij} = \sum_k \frac{\partial F}{\partial A_{kij}} A_{kij}

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, output, batch_size, differentiable,
    return_details
        As for `grad_cam`.
    relu : bool
        Set negative values to 0. Off, so that the map says what speaks against the class too.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F.

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Where F is one linear layer of A (flattened or averaged), the raw map adds up to F - b exactly.
    It is gradient x input with the layer in the input's place. Linear in F. Breaks implementation
    invariance: it depends on what is called a layer.

    References
    ----------
    R. L. Draelos, L. Carin, 2020, arXiv:2011.08891. Lesson 04.
    """
    return _explain(
        "hires_cam", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="XGrad-CAM",
    year=2020,
    paper="arXiv:2008.02312",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def xgrad_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Weigh each feature map by the mean of its gradient where the map is active.

    .. math:: w_k = \sum_{ij} \frac{A_{kij}}{\sum_{ab} A_{kab}}
              \frac{\partial F}{\partial A_{kij}}, \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, relu, output, batch_size, differentiable,
    return_details
        As for `grad_cam`; the layer should follow a ReLU.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`; also where a feature map is not empty but adds up to 0.

    Notes
    -----
    Without ReLU each feature map adds as much to the raw map as its gradient x activation,
    :math:`\sum_{ij} w_k A_{kij} = \sum_{ij} g_{kij} A_{kij}`: the map's sum is that of `hires_cam`.

    References
    ----------
    R. Fu, Q. Hu, X. Dong, Y. Guo, Y. Gao, B. Li, 2020, arXiv:2008.02312. Lesson 04.
    """
    return _explain(
        "xgrad_cam", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="LayerCAM",
    year=2021,
    paper="doi:10.1109/TIP.2021.3089943",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"gradient", "layer"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_image_classifier,
)
def layer_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    upsample: str | None = "bilinear",
    relu: bool = True,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Multiply each feature map by the positive part of its gradient, cell by cell, and add.

    .. math:: M_{ij} = \max\Big(\sum_k \max\Big(\frac{\partial F}{\partial A_{kij}}, 0\Big)
              A_{kij}, 0\Big)

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, relu, output, batch_size, differentiable,
    return_details
        As for `grad_cam`.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of F; not negative unless ``relu=False``.

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps none of the axioms: negative gradients are left out. As its weights belong to cells, it
    can be used on early layers with fine maps.

    References
    ----------
    P.-T. Jiang, C.-B. Zhang, Q. Hou, M.-M. Cheng, Y. Wei, 2021, doi:10.1109/TIP.2021.3089943.
    Lesson 04.
    """
    return _explain(
        "layer_cam", model, x, target, batch_size, differentiable,
        layer=layer, call=call, reshape=reshape, upsample=upsample, relu=relu, output=output,
    )  # fmt: skip


@attribution_method(
    title="Guided Grad-CAM",
    year=2017,
    paper="arXiv:1610.02391",
    family="vanilla",
    lesson="04",
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
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Attribution:
    r"""Multiply Guided Backpropagation by Grad-CAM: fine lines, where Grad-CAM looks.

    .. math:: A = \mathrm{GuidedBackprop} \odot \mathrm{upsample}(\mathrm{GradCAM})

    Parameters
    ----------
    model, x, target, layer, call, reshape, output, batch_size, return_details
        As for `grad_cam`; the model's activations must be of the ReLU family.
    upsample : str
        ``"bilinear"``, ``"bicubic"`` or ``"nearest"``.
    allow : tuple of str
        As for `guided_backprop`.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in the shape of x; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        As for `guided_backprop`.
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps none of the axioms. Its fine structure is Guided Backpropagation's, and so hardly depends
    on the class.

    References
    ----------
    R. R. Selvaraju et al., 2017, arXiv:1610.02391. Lesson 04.
    """
    check_image(x, upsample)
    if upsample is None:
        raise ValueError("upsample must be bilinear, bicubic or nearest: the result has x's size")
    rules = Rules("guided_grad_cam", guided_rule, allow)
    guided, _ = gradients(ask(model, x, target, output, batch_size, rules=rules))  # (N, C, H, W)
    question = ask(model, x, target, output, batch_size)
    maps = read_maps(question, layer, call, reshape)
    A, g = maps.activation, maps.gradient  # (N, K, h, w)
    raw = (grad_cam_weights(A, g) * A).sum(1, keepdim=True).clamp_min(0)  # (N, 1, h, w)
    values = guided * to_image_size(raw, x, upsample)
    return Attribution(
        values=values.to(x.dtype),
        kind="input",
        target=question.target,
        f_end=maps.score,
        gradients=question.rows.new_full((len(x),), 2),
        settings={
            "layer": maps.layer.name,
            "call": maps.layer.call,
            "reshape": reshape,
            "upsample": upsample,
            "output": output,
            "allow": tuple(allow),
        },
        extra={"raw": raw.to(x.dtype), "guided": guided.to(x.dtype), "layer": maps.layer.name},
    )
