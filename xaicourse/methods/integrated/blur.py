"""Blur Integrated Gradients (2020): the way from a blurred image to the sharp one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.blurring import blurred, check_padding, check_width
from xaicourse.core.checks import check_images
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import ask
from xaicourse.core.path import Curve
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import smooth_image_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["blur_ig"]

WIDEST = 50.0  # pixels in an image of 224 x 224
STEPS = 64


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs; the most that it may cost where that adapts."""
    return of_one_path(settings, STEPS)


@attribution_method(
    title="Blur Integrated Gradients",
    year=2020,
    paper="arXiv:2004.03383",
    family="integrated",
    input="image",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=smooth_image_classifier,
)
def blur_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    widest: float | None = None,
    padding: str = "reflect",
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along the images that lie between a blurred x and x itself.

    .. math::
        A = \int_{\sigma_{\max}}^{0} \nabla F(L_\sigma) \odot
        \frac{\partial L_\sigma}{\partial \sigma}\, d\sigma
        \approx \sum_k \nabla F(L_{\sigma_k}) \odot (L_{\sigma_{k-}} - L_{\sigma_{k+}})

    :math:`L_\sigma` is x blurred by a Gaussian of :math:`\sigma` pixels. Each gradient is
    multiplied by how the image really changes over its stretch, so that a linear F is exact
    whatever the steps; and :math:`\sigma = \sigma_{\max} (1 - \alpha)^2` is dense where the image
    is almost sharp.

    Parameters
    ----------
    widest : float, optional
        :math:`\sigma_{\max}` in pixels; without it 50 where the shorter side has 224, and in
        proportion for others.
    padding : str
        What lies beyond the edge: ``"reflect"``, the mirror image, which keeps the mean colour;
        ``"nearest"``, the edge pixel; ``"zero"``, black, which darkens what is blurred.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 64 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively until the estimated relative error of the map is at most
        `tol`.

    Returns
    -------
    Tensor (N, C, H, W)
        Signed, in units of F; sums to F(x) minus F of the most blurred image. The details hold the
        width of each node, ``sigma`` (N, S), and the scale profile ``profile``: how much of the
        rise belongs to a pixel of sigma there, (N, S).

    Raises
    ------
    ValueError, TypeError
        Also for an unknown padding, or a width that is not above 0.

    Notes
    -----
    Keeps completeness with respect to the most blurred image, dummy, implementation invariance and
    linearity; breaks symmetry, since two equal pixels become sharp in different ways, and a pixel
    that equals its start can get a share.

    **Cost.** 64 gradients a row, and three blurs for each.

    **Fails when** what counts is a colour over a large area: it is there from the beginning, and
    gets nothing. With a black edge the start is dark, and the edge is explained, too.

    References
    ----------
    .. [xu2020] S. Xu, S. Venugopalan, M. Sundararajan, 2020, arXiv:2004.03383.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> dot = torch.zeros(1, 1, 9, 9).index_fill(2, torch.tensor(4), 1.0)  # a line
    >>> xc.blur_ig(lambda x: x[:, 0, 4, 4], dot, widest=1.0).sum().round(decimals=3)
    tensor(0.6010)
    """
    padding = check_padding(padding)
    check_images(x)
    question = ask(model, x, target, **asked)
    widest = WIDEST * min(x.shape[2:]) / 224 if widest is None else check_width(widest, "widest")

    def width(alpha: Tensor) -> Tensor:
        return widest * (1 - alpha) ** 2

    def image(alpha: Tensor, row: Tensor) -> Tensor:
        return blurred(question.x[row], width(alpha), padding, widest)

    first = torch.zeros(len(x), dtype=sum_dtype(x.device), device=x.device)
    path = Curve(image(first, question.rows), question.x, image)
    found = along(question, path, Weight(), Rule.of(quadrature, steps, tol, default=STEPS))
    sigma = width(found.extra["nodes"])
    extra = {**found.extra, "sigma": sigma, "profile": scale_profile(found, sigma, width)}
    return replace(found, settings={**found.settings, "widest": widest}, extra=extra)


def scale_profile(found: Attribution, sigma: Tensor, width: Callable[[Tensor], Tensor]) -> Tensor:
    """Return how much of the rise belongs to a pixel of sigma at each node, (N, S)."""
    slope, w = found.extra["slopes"], found.extra["weights"]
    if found.settings["quadrature"] == "adaptive":  # nodes in the middle of their stretches
        return slope / (2 * (sigma * width(torch.zeros_like(sigma))).sqrt())  # |dsigma / dalpha|
    right = w.cumsum(dim=1)
    return slope * w / (width(right - w) - width(right))
