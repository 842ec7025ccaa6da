r"""Baselines x': the answer to "compared with what?". Always in the same space as x.

One baseline x' for each row is what `baseline=` takes; a set of M of them, over which a method
takes the mean, is what `baselines=` takes.
"""

from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import (
    check_batch,
    check_images,
    check_input,
    check_positive_int,
    check_range,
    check_seed,
    check_unit_range,
)
from xaicourse.core.near_names import suggest_names

__all__ = [
    "BASELINES",
    "black",
    "black_white",
    "blur",
    "data",
    "gaussian",
    "make_baseline",
    "max_distance",
    "mean",
    "uniform",
]

Baseline = float | Tensor | str

BLUR_SIGMA = 20.0  # pixels; at 224 x 224 no object survives it


# ---- the gallery: one baseline for each row ------------------------------------------------------


def black(x: Tensor) -> Tensor:
    """Return 0 everywhere: blind to whatever is black.

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.

    Returns
    -------
    Tensor (N, ...)
    """
    check_batch(x)
    return torch.zeros_like(x)


def white(x: Tensor) -> Tensor:
    """Return 1 everywhere: blind to whatever is white.

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.

    Returns
    -------
    Tensor (N, ...)
    """
    check_batch(x)
    return torch.ones_like(x)


def mean(x: Tensor) -> Tensor:
    """Return each image's own mean colour.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Images.

    Returns
    -------
    Tensor (N, C, H, W)
    """
    check_images(x)
    return x.mean(dim=(2, 3), keepdim=True).expand_as(x).clone()


@suggest_names
def blur(x: Tensor, *, sigma: float | None = None) -> Tensor:
    """Return each image blurred by a Gaussian, which keeps its colours where they are.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Images.
    sigma : float, optional
        Its standard deviation in pixels; without it 20, in small images a sixth of the shorter
        side, so that no object can be told.

    Returns
    -------
    Tensor (N, C, H, W)

    Raises
    ------
    ValueError
        If sigma is not above 0.
    """
    from torchvision.transforms.v2 import functional as images  # two seconds: only when needed

    check_images(x)
    shorter = min(x.shape[2:])
    if sigma is None:
        sigma = min(BLUR_SIGMA, shorter / 6)
        reach = int(3 * sigma)  # at most half the shorter side, so that reflection padding fits
    elif not 0 < sigma < float("inf"):
        raise ValueError(f"sigma must be above 0 and finite, in pixels, got {sigma}")
    else:
        reach = min(int(3 * sigma + 0.5), shorter - 1)
    # One axis after the other: the same blur with far fewer products than a square kernel has.
    lines, widths = 2 * reach + 1, [sigma, sigma]
    return images.gaussian_blur(images.gaussian_blur(x, [lines, 1], widths), [1, lines], widths)


@suggest_names
def max_distance(x: Tensor, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    r"""Return for each number the end of the range that is farther away.

    .. math:: x'_i = \text{low if } x_i > (\text{low} + \text{high}) / 2 \text{ else high}

    No feature equals it, so none is missed; but it shows the input's negative, and so is not
    "nothing".

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.
    low, high : float
        The range of valid inputs.

    Returns
    -------
    Tensor (N, ...)

    Raises
    ------
    ValueError
        If x leaves the range.
    """
    check_input(x)
    check_range(x, low, high)
    return torch.where(x > (low + high) / 2, torch.full_like(x, low), torch.full_like(x, high))


# ---- the gallery: sets -----------------------------------------------------------------------


@suggest_names
def uniform(
    x: Tensor, *, draws: int = 1, low: float = 0.0, high: float = 1.0, seed: int = 0
) -> Tensor:
    """Return uniform noise, the same draws for every row of x.

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.
    draws : int
        M, the number of draws: of a single one the map shows the noise, too.
    low, high : float
        The range.
    seed : int
        The same seed gives the same noise on every device.

    Returns
    -------
    Tensor (M, ...)
        A set for `baselines=`; with a single draw also a `baseline=`.
    """
    check_batch(x)
    draws = check_positive_int(draws, "draws")
    generator = torch.Generator().manual_seed(check_seed(seed))
    noise = torch.rand((draws, *x.shape[1:]), generator=generator, dtype=torch.float64)  # CPU
    return (low + (high - low) * noise).to(dtype=x.dtype).to(x.device)


@suggest_names
def gaussian(
    x: Tensor,
    *,
    sigma: float = 1.0,
    draws: int = 1,
    clip: tuple[float, float] | None = (0.0, 1.0),
    seed: int = 0,
) -> Tensor:
    r"""Return noisy copies of each row, with the same noise for every row.

    .. math:: x' = \mathrm{clip}(x + \sigma z), \qquad z \sim \mathcal N(0, I)

    Without the clip the mean of IG over them is
    :math:`-\sigma^2 \int_0^1 \alpha\, E[\partial_i^2 F(x + \alpha \sigma z)]\, d\alpha`: it tells
    how F bends near x, and is 0 for a linear model, while SmoothGrad means the slope.

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.
    sigma : float
        Standard deviation of the noise, in units of x.
    draws : int
        M, the number of draws.
    clip : pair of float or None
        The range of valid inputs; None leaves the noise as it is.
    seed : int
        The same seed gives the same noise on every device.

    Returns
    -------
    Tensor (M, N, ...)
        A set for each row, for `baselines=`.

    Raises
    ------
    ValueError
        If sigma is below 0.
    """
    check_batch(x)
    draws = check_positive_int(draws, "draws")
    if not 0 <= sigma < float("inf"):
        raise ValueError(f"sigma must be at least 0 and finite, got {sigma}")
    generator = torch.Generator().manual_seed(check_seed(seed))
    noise = torch.randn((draws, 1, *x.shape[1:]), generator=generator, dtype=torch.float64)
    copies = x + sigma * noise.to(dtype=x.dtype).to(x.device)
    return copies if clip is None else copies.clamp(*clip)


@suggest_names
def data(rows: Tensor, *, draws: int | None = None, seed: int = 0) -> Tensor:
    """Return some rows of a data set, none of them twice.

    Parameters
    ----------
    rows : Tensor (K, ...)
        The data, such as training pictures.
    draws : int, optional
        M, how many of them; without it all, in random order.
    seed : int
        The same seed chooses the same rows.

    Returns
    -------
    Tensor (M, ...)
        A set for `baselines=`.

    Raises
    ------
    ValueError
        If there are fewer than M rows.
    """
    check_batch(rows, "rows")
    draws = len(rows) if draws is None else check_positive_int(draws, "draws")
    if draws > len(rows):
        raise ValueError(f"draws is {draws}, but the data has {len(rows)} row(s); ask for fewer")
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(check_seed(seed)))
    return rows.detach()[order[:draws].to(rows.device)]


def black_white(x: Tensor) -> Tensor:
    """Return black and white as a set: the mean map is blind to neither.

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.

    Returns
    -------
    Tensor (2, ...)
        A set for `baselines=`.
    """
    check_batch(x)
    return torch.stack([torch.zeros_like(x[0]), torch.ones_like(x[0])])


# by name: those that images in [0, 1] decide alone
BASELINES = {
    "black": black,
    "white": white,
    "mean": mean,
    "blur": blur,
    "uniform": uniform,
    "max_distance": max_distance,
}


# ---- reading what a caller gave ------------------------------------------------------------------


def make_baseline(baseline: Any, x: Tensor, name: str = "baseline") -> Tensor:
    """Return one baseline x' for each row of x.

    Parameters
    ----------
    baseline : number, Tensor or str
        A number fills x's shape; a tensor of x's shape, of one row (1, ...) or of a row's shape is
        used for every row; a name (black, white, mean, blur, uniform, max_distance) is made from
        images in [0, 1].
    x : Tensor (N, ...)
        Inputs.
    name : str
        What the caller calls it, for messages.

    Returns
    -------
    Tensor (N, ...)
        A copy, in x's dtype and on its device.

    Raises
    ------
    ValueError, TypeError
        If a tensor's shape does not fit, a value is not finite, a name is unknown, or a named
        baseline is asked for what is no image in [0, 1].
    """
    if isinstance(baseline, str):
        return _named(baseline, x, name)
    if isinstance(baseline, bool) or not isinstance(baseline, int | float | Tensor):
        raise TypeError(
            f"{name} must be a number, a tensor or one of {', '.join(BASELINES)}, got "
            f"{type(baseline).__name__}"
        )
    value = (
        torch.as_tensor(baseline, dtype=x.dtype) if not isinstance(baseline, Tensor) else baseline
    )
    if value.dim() > 0 and value.device != x.device:
        raise ValueError(f"{name} is on {value.device}, x is on {x.device}; move one of them")
    if value.is_floating_point() is False and value.dim() > 0:
        raise TypeError(f"{name} has dtype {value.dtype}; give floating point numbers as x has")
    if not bool(torch.isfinite(value).all()):
        raise ValueError(f"{name} holds NaN or infinite values; all must be finite")
    if value.dim() not in (0, x.dim() - 1, x.dim()) or not _fits(value, x):
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}, but x has {tuple(x.shape)}; give a number, "
            f"one for all rows {tuple(x.shape[1:])}, or one a row {tuple(x.shape)}"
        )
    with torch.inference_mode(False):
        return value.detach().to(x.dtype).to(x.device).expand_as(x).clone()


def _fits(value: Tensor, x: Tensor) -> bool:
    if value.dim() == 0:
        return True
    if value.dim() == x.dim() - 1:
        return value.shape == x.shape[1:]
    return value.shape[1:] == x.shape[1:] and value.shape[0] in (1, len(x))


def _named(name: str, x: Tensor, what: str) -> Tensor:
    if name not in BASELINES:
        raise ValueError(f"{what} {name!r} is unknown; there are {', '.join(BASELINES)}")
    if x.dim() != 4:
        raise ValueError(
            f"{what} {name!r} is for images (N, C, H, W), x has shape {tuple(x.shape)}"
        )
    check_unit_range(x, f"{what} {name!r}")
    return BASELINES[name](x.detach()).expand_as(x).clone()
