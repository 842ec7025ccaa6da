"""Maps that know nothing, or everything: what every metric must be read beside."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core import blurring
from xaicourse.core.checks import check_images
from xaicourse.evaluation.masks import check_mask
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.vanilla.feature_maps import ask_for_map, read_maps, to_image_size

__all__ = [
    "activation_norm",
    "blurred",
    "centre_gaussian",
    "constant",
    "edges",
    "inverted",
    "oracle",
    "random",
]


def random(x: Tensor, seed: int = 0) -> Tensor:
    """Return a map of noise, the same draw for every image.

    Parameters
    ----------
    x : Tensor (N, C, H, W) or (N, ...)
        The inputs that the map is for.
    seed : int
        Of the draw; the global random state stays as it is.

    Returns
    -------
    Tensor (N, 1, H, W) or of x's shape
        Uniform in [0, 1).
    """
    shape = (1, *x.shape[2:]) if x.dim() == 4 else tuple(x.shape[1:])
    draw = torch.rand(shape, generator=seeded(seed), dtype=torch.float64)
    return _like(draw, x)


def constant(x: Tensor) -> Tensor:
    """Return a map that says nothing: every feature equal, the order is the tie rule's.

    Parameters
    ----------
    x : Tensor (N, C, H, W) or (N, ...)
        The inputs that the map is for.

    Returns
    -------
    Tensor (N, 1, H, W) or of x's shape
        Zeros.
    """
    return _like(torch.zeros((1, *x.shape[2:]) if x.dim() == 4 else x.shape[1:]), x)


def inverted(attribution: Tensor) -> Tensor:
    """Return the map with its order turned round.

    Parameters
    ----------
    attribution : Tensor
        A map.

    Returns
    -------
    Tensor
        ``-attribution``.
    """
    return -attribution


def blurred(attribution: Tensor, width: float = 0.05) -> Tensor:
    """Return a blurred copy of the map: it knows no more, and some metrics like it better.

    Parameters
    ----------
    attribution : Tensor (N, C, H, W)
        A map of images; C may be 1.
    width : float
        Standard deviation of the Gaussian as a share of the image's longer side.

    Returns
    -------
    Tensor (N, C, H, W)
        Each channel has the sum that it had: the border reflects.

    Raises
    ------
    ValueError, TypeError
        If the map is not one of images, or `width` is not above 0.
    """
    if not isinstance(attribution, Tensor) or attribution.dim() != 4:
        shape = getattr(attribution, "shape", type(attribution).__name__)
        raise ValueError(f"attribution must be a map of images (N, C, H, W), got {shape}")
    sigma = blurring.check_width(width, "width") * max(attribution.shape[2:])  # pixels
    each = torch.full((len(attribution),), sigma, dtype=attribution.dtype)
    return blurring.blurred(attribution, each.to(attribution.device), "reflect", sigma)


def activation_norm(
    model: Callable[..., Any], x: Tensor, *, layer: Any = None, batch_size: int | None = None
) -> Tensor:
    r"""Return how large a layer's output is at each place: what the model sees, whatever the class.

    .. math:: M_{ij} = \Big(\sum_k A_{kij}^2\Big)^{1/2}

    Parameters
    ----------
    model : callable
        A model with feature maps, (N, C, H, W) -> (N, K).
    x : Tensor (N, C, H, W)
        The images that the map is for.
    layer : torch.nn.Module or str, optional
        The layer whose output is A; without it the one that Grad-CAM takes.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    Tensor (N, 1, H, W)
        At least 0, enlarged to the size of x.

    Raises
    ------
    LayerError
        If the model has no such layer, or none with feature maps.
    ValueError, TypeError
        If x is not images.
    """
    check_images(x)
    question = ask_for_map(model, x, None, "bilinear", output="logit", batch_size=batch_size)
    (A,) = read_maps(question, layer, 0, None, gradient=False)
    norm = A.activation.norm(dim=1, keepdim=True)  # (N, 1, h, w)
    return to_image_size(norm, x, "bilinear", A.of_x).detach().to(x.dtype)


def centre_gaussian(x: Tensor, width: float = 0.25) -> Tensor:
    """Return a Gaussian in the middle of the image: most photos show their object there.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        The images that the map is for.
    width : float
        Standard deviation as a share of the image's side.

    Returns
    -------
    Tensor (N, 1, H, W)
        At most 1, in the middle.

    Raises
    ------
    ValueError
        If x is not images.
    """
    if x.dim() != 4:
        raise ValueError(f"x must be images (N, C, H, W), got shape {tuple(x.shape)}")
    rows, columns = (torch.linspace(-0.5, 0.5, n, dtype=torch.float64) for n in x.shape[2:])
    distance = rows[:, None] ** 2 + columns[None, :] ** 2
    return _like(torch.exp(-distance / (2 * width**2))[None], x)


def edges(x: Tensor) -> Tensor:
    """Return Sobel's size of the picture's own slope: where edges are, whatever a model sees.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        The images that the map is for.

    Returns
    -------
    Tensor (N, 1, H, W)
        At least 0; channels are summed before, and the border continues the picture.

    Raises
    ------
    ValueError
        If x is not images.
    """
    if x.dim() != 4:
        raise ValueError(f"x must be images (N, C, H, W), got shape {tuple(x.shape)}")
    across = x.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    filters = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3)
    padded = F.pad(x.sum(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, filters).norm(dim=1, keepdim=True)


def oracle(mask: Tensor, x: Tensor) -> Tensor:
    """Return the truth as a map: 1 where the ground-truth mask is.

    Parameters
    ----------
    mask : Tensor (H, W), (N, 1, H, W) or of x's shape
        True (or not 0) on the features that matter.
    x : Tensor (N, C, H, W) or (N, ...)
        The inputs that the map is for.

    Returns
    -------
    Tensor (N, 1, H, W) or of x's shape
        0 and 1, in x's dtype.

    Raises
    ------
    ValueError, TypeError
        If the mask does not fit x.
    """
    mask = torch.as_tensor(mask).to(x.device)
    return check_mask(mask, x).to(x.dtype)


def _like(single: Tensor, x: Tensor) -> Tensor:
    return single.to(x.dtype).to(x.device).expand(len(x), *single.shape).clone()
