"""Two class activation maps without a gradient: Score-CAM (2020) and Eigen-CAM (2020)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question
from xaicourse.core.progress import progress
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_image_classifier
from xaicourse.methods.vanilla.feature_maps import (
    FeatureMaps,
    Reshape,
    ask_for_map,
    attribution,
    like_x,
    read_maps,
    to_image_size,
)
from xaicourse.methods.vanilla.weighted_maps import cells

__all__ = ["eigen_cam", "score_cam"]


@attribution_method(
    title="Score-CAM",
    year=2020,
    paper="arXiv:1910.01279",
    family="vanilla",
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
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Weigh each feature map by the score of the image that is seen through it.

    .. math:: H_k = s(\mathrm{upsample}(A_k)), \quad s(A) = \frac{A - \min A}{\max A - \min A},
              \qquad
              w = \mathrm{softmax}_k\, F(x \odot H_k), \qquad
              M_{ij} = \max\Big(\sum_k w_k A_{kij}, 0\Big)

    The paper's baseline, :math:`F(x \odot H_k) - F(x_b)`, drops out of the softmax.

    Returns
    -------
    Tensor (N, 1, H, W)
        Not negative unless ``relu=False``; in units of A, and not scaled to [0, 1].

    Notes
    -----
    Keeps none of the axioms. Masking is towards 0 in the space of x. A feature map that is the same
    in all cells hides the whole image, H = 0.

    **Cost.** 0 gradients a row, but a forward pass for each of the layer's K feature maps.

    **Fails when** the scores are large: with logits that differ by 10 the softmax takes one feature
    map alone; with probabilities it takes almost their mean.

    References
    ----------
    .. [wang2020] H. Wang et al., 2020, arXiv:1910.01279.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> xc.score_cam(net, x, layer="relu2").shape
    torch.Size([1, 1, 28, 28])
    """
    question = ask_for_map(model, x, target, upsample, **asked)
    maps = read_maps(question, layer, call, reshape, gradient=False)
    weights = [_score_weights(question, m) for m in maps]
    return attribution(question, maps, weights, upsample, relu, gradients=0)


def _score_weights(question: Question, maps: FeatureMaps) -> Tensor:
    """Return the softmax of F(x * H_k) over the feature maps k, (N, K, 1, 1)."""
    A, x = maps.activation, question.x  # (N, K, h, w), (N, C, H, W)
    N, K = A.shape[:2]
    space = cells(A)
    flat = A.amax(space, keepdim=True) == A.amin(space, keepdim=True)  # (N, K, 1, 1)
    bar = progress(N * K, "Score-CAM")

    def seen_through(place: Tensor) -> Tensor:
        """Return x * H_k for places n K + k: (P, C, H, W)."""
        n, k = place // K, place % K
        up = to_image_size(A[n, k][:, None], x, "bilinear", maps.of_x)  # (P, 1, H, W)
        low, high = up.amin(space, keepdim=True), up.amax(space, keepdim=True)
        hidden = flat[n, k][:, None] | (high == low)  # (P, 1, 1, 1); a speck can get lost in `up`
        H = ((up - low) / (high - low).masked_fill(hidden, 1)).masked_fill(hidden, 0)
        bar.update(min(len(place), N * K - bar.n))
        return x[n] * like_x(H, maps.of_x)

    try:
        score = question.scores(seen_through, question.rows.repeat_interleave(K))  # (N K,)
    finally:
        bar.close()
    w = torch.softmax(score.view(N, K), dim=1).to(A.dtype)
    return w[(..., *[None] * len(space))]  # (N, K, 1, 1)


@attribution_method(
    title="Eigen-CAM",
    year=2020,
    paper="arXiv:2008.00299",
    family="vanilla",
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
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Project the feature maps on their first principal direction, whatever the class.

    .. math:: O = U \Sigma V^\top, \qquad M = O\, V_1

    where O (h w, K) has a row for each cell and a column for each feature map.

    Parameters
    ----------
    centre : bool
        Take the mean over all cells from each column of O first, as some programs do; the paper
        does not.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function; the map
        does not depend on it, nor on the target: they are only checked.
    relu : bool
        Set negative values to 0.

    Returns
    -------
    Tensor (N, 1, H, W)
        In units of A. The sign of V_1, which the decomposition leaves open, is chosen so that
        the mean feature vector has a positive share in it.

    Notes
    -----
    It says where the layer is active, and keeps none of the axioms.

    **Cost.** 0 gradients a row, one forward pass and a singular value decomposition.

    **Fails when** the question is why this class: it explains none. Where the two largest singular
    values are equal the map is not determined.

    References
    ----------
    .. [muhammad2020] M. B. Muhammad, M. Yeasin, 2020, arXiv:2008.00299.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=1).x
    >>> torch.equal(xc.eigen_cam(net, x, 0, layer="relu2"), xc.eigen_cam(net, x, 5, layer="relu2"))
    True
    """
    question = ask_for_map(model, x, target, upsample, **asked)
    maps = read_maps(question, layer, call, reshape, gradient=False)
    if centre:
        means = [m.activation.mean(cells(m.activation), keepdim=True) for m in maps]
        shown = [replace(m, activation=m.activation - a) for m, a in zip(maps, means, strict=True)]
    else:
        shown = maps
    weights = [
        _first_direction(m.activation, s.activation) for m, s in zip(maps, shown, strict=True)
    ]
    return attribution(question, shown, weights, upsample, relu, gradients=0)


def _first_direction(A: Tensor, shown: Tensor) -> Tensor:
    """Return V_1 (N, K, 1, 1) of the maps that are shown, with a share >= 0 in A's mean."""
    O = shown.flatten(2).transpose(1, 2)  # (N, h w, K)  # noqa: E741
    mean = A.flatten(2).mean(2)[:, None]  # (N, 1, K)
    V1 = torch.linalg.svd(O, full_matrices=False).Vh[:, 0, :, None]  # (N, K, 1)
    V1 = V1.where(mean @ V1 >= 0, -V1)
    return V1.unflatten(2, (1,) * len(cells(A)))  # (N, K, 1, 1)
