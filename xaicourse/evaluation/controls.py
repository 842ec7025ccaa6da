"""Maps that know nothing, or everything: what every metric must be read beside."""

import torch
from torch import Tensor

from xaicourse.evaluation.masks import check_mask
from xaicourse.evaluation.seeds import seeded

__all__ = ["centre_gaussian", "constant", "inverted", "oracle", "random"]


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
