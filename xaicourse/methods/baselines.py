"""Baselines x': the answer to "compared with what?". Always in the same space as x."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["BASELINES", "Baseline", "make_baseline"]

Baseline = float | Tensor | str

BLUR_SIGMA = 20.0  # pixels; at 224 x 224 no object survives it
UNIFORM_SEED = 0


def black(x: Tensor) -> Tensor:
    """All pixels 0."""
    return torch.zeros_like(x)


def white(x: Tensor) -> Tensor:
    """All pixels 1."""
    return torch.ones_like(x)


def mean(x: Tensor) -> Tensor:
    """Each image's own mean colour."""
    return x.mean(dim=(2, 3), keepdim=True).expand_as(x).clone()


def blur(x: Tensor) -> Tensor:
    """Each image blurred until no object can be told (Gaussian, sigma 20 pixels at most)."""
    from torchvision.transforms.v2 import functional as images  # two seconds: only when needed

    height, width = x.shape[2:]
    sigma = min(BLUR_SIGMA, min(height, width) / 6)
    reach = int(3 * sigma)  # at most half the shorter side, so that reflection padding fits
    return images.gaussian_blur(x, [2 * reach + 1, 2 * reach + 1], [sigma, sigma])


def uniform(x: Tensor) -> Tensor:
    """Uniform noise in [0, 1], the same draw for every row and every call."""
    generator = torch.Generator().manual_seed(UNIFORM_SEED)
    draw = torch.rand(x.shape[1:], generator=generator, dtype=torch.float64)  # on the CPU
    return draw.to(dtype=x.dtype).to(x.device).expand_as(x).clone()


BASELINES = {"black": black, "white": white, "mean": mean, "blur": blur, "uniform": uniform}


def make_baseline(baseline: Any, x: Tensor, name: str = "baseline") -> Tensor:
    """Return x' (N, ...) for x (N, ...).

    Parameters
    ----------
    baseline : number, Tensor or str
        A number fills x's shape; a tensor of x's shape, of one row (1, ...) or of a row's shape is
        used for every row; a name (black, white, mean, blur, uniform) is made from images in
        [0, 1].
    name : str
        What the caller calls it, for messages.

    Raises
    ------
    ValueError
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
            f"one {name} for all rows {tuple(x.shape[1:])}, or one a row {tuple(x.shape)}"
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
    low, high = float(x.min()), float(x.max())
    if low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(
            f"{what} {name!r} is for images in [0, 1], x goes from {low:.3g} to {high:.3g}; give "
            "the images unnormalised (normalisation belongs into the model) or a tensor"
        )
    return BASELINES[name](x.detach())
