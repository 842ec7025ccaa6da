"""Two class activation maps without a gradient: Score-CAM (2020) and Eigen-CAM (2020)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.progress import progress
from xaicourse.core.registry import attribution_method
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.feature_maps import Reshape, attribution, check_image, read_maps

__all__ = ["eigen_cam", "score_cam"]


@attribution_method(
    title="Score-CAM",
    year=2020,
    paper="arXiv:1910.01279",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"layer"},
    cost=lambda settings: 0,
    example=small_image_classifier,
)
def score_cam(
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
) -> Attribution:
    r"""Weigh each feature map by the score of the image that is seen through it.

    .. math:: H_k = s(\mathrm{upsample}(A_k)), \quad s(A) = \frac{A - \min A}{\max A - \min A},
              \qquad
              w = \mathrm{softmax}_k\, F(x \odot H_k), \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    The paper's baseline, :math:`F(x \odot H_k) - F(x_b)`, drops out of the softmax.

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, relu, output, batch_size, return_details
        As for `grad_cam`. It takes one forward pass for each of the layer's K feature maps.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; in units of A, and not scaled to [0, 1].

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps none of the axioms. A feature map that is the same in all cells hides the whole image,
    H = 0. Masking is towards 0 in the space of x. The softmax depends on the scale of F: with
    logits that differ by 10 it takes one feature map alone, with probabilities almost their mean.

    References
    ----------
    H. Wang et al., 2020, arXiv:1910.01279. Lesson 04.
    """
    check_image(x, upsample)
    question = ask(model, x, target, output, batch_size)
    maps = read_maps(question, layer, call, reshape, gradient=False)
    A = maps.activation  # (N, K, h, w)
    N, K = A.shape[:2]
    flat = A.amax((2, 3), keepdim=True) == A.amin((2, 3), keepdim=True)  # (N, K, 1, 1)
    bar = progress(N * K, "Score-CAM")

    def seen_through(place: Tensor) -> Tensor:
        """Return x * H_k for places n K + k: (P, C, H, W)."""
        n, k = place // K, place % K
        up = F.interpolate(A[n, k][:, None], size=x.shape[-2:], mode="bilinear")  # (P, 1, H, W)
        low, high = up.amin((2, 3), keepdim=True), up.amax((2, 3), keepdim=True)
        hidden = flat[n, k][:, None] | (high == low)  # (P, 1, 1, 1); a speck can get lost in `up`
        H = ((up - low) / (high - low).masked_fill(hidden, 1)).masked_fill(hidden, 0)
        bar.update(min(len(place), N * K - bar.n))
        return question.x[n] * H

    try:
        score = question.scores(seen_through, question.rows.repeat_interleave(K))  # (N K,)
    finally:
        bar.close()
    w = torch.softmax(score.view(N, K), dim=1).to(A.dtype)[:, :, None, None]
    raw = (w * A).sum(1, keepdim=True)  # (N, 1, h, w)
    settings = {"reshape": reshape, "upsample": upsample, "relu": relu, "output": output}
    return attribution(question, x, maps, w, raw, settings, gradients=0)


@attribution_method(
    title="Eigen-CAM",
    year=2020,
    paper="arXiv:2008.00299",
    family="vanilla",
    lesson="04",
    input="image",
    result="map",
    needs={"layer"},
    cost=lambda settings: 0,
    example=small_image_classifier,
)
def eigen_cam(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    layer: Any = None,
    call: int = 0,
    reshape: Reshape | None = None,
    centre: bool = False,
    upsample: str | None = "bilinear",
    relu: bool = False,
    output: Any = "logit",
    batch_size: int | None = None,
) -> Attribution:
    r"""Project the feature maps on their first principal direction, whatever the class.

    .. math:: O = U \Sigma V^\top, \qquad M = O\, V_1

    where O (h w, K) has a row for each cell and a column for each feature map.

    Parameters
    ----------
    model, x, target, layer, call, reshape, upsample, output, batch_size, return_details
        As for `grad_cam`; the map does not depend on target and output, which are only checked.
    centre : bool
        Take the mean over all cells from each column of O first, as some programs do; the paper
        does not.
    relu : bool
        Set negative values to 0.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of A. The sign of V_1, which the decomposition leaves open, is chosen so that
        the mean feature vector has a positive share in it.

    Raises
    ------
    LayerError
        As for `grad_cam`.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    It explains no class: it says where the layer is active. Where the two largest singular values
    are equal the map is not determined.

    References
    ----------
    M. B. Muhammad, M. Yeasin, 2020, arXiv:2008.00299. Lesson 04.
    """
    check_image(x, upsample)
    question = ask(model, x, target, output, batch_size)
    maps = read_maps(question, layer, call, reshape, gradient=False)
    A = maps.activation  # (N, K, h, w)
    O = A.flatten(2).transpose(1, 2)  # (N, h w, K)  # noqa: E741
    mean = O.mean(1, keepdim=True)  # (N, 1, K)
    O = O - mean if centre else O  # noqa: E741
    V1 = torch.linalg.svd(O, full_matrices=False).Vh[:, 0, :, None]  # (N, K, 1)
    V1 = V1.where(mean @ V1 >= 0, -V1)
    raw = (O @ V1).transpose(1, 2).unflatten(2, A.shape[2:])  # (N, 1, h, w)
    settings = {"reshape": reshape, "centre": centre, "upsample": upsample}
    settings |= {"relu": relu, "output": output}
    return attribution(question, x, maps, V1[..., None], raw, settings, gradients=0)
