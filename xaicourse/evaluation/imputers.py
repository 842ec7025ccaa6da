"""What stands in for removed features: the choice that changes rankings most.

An imputer is a function ``(x, keep) -> x~``: x is (P, ...), keep is (P, ...) or (P, 1, H, W) with 1
where a feature stays. It returns the whole input with the removed features replaced. One whose
replacement does not depend on what is removed also has ``background(x)``, which metrics ask for
once an image instead of once a removal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as images

__all__ = ["Background", "Blur", "Constant", "Imputer", "background_of", "make_imputer"]

Imputer = Callable[[Tensor, Tensor], Tensor]


@runtime_checkable
class Background(Protocol):
    """An imputer with one replacement for each image, whatever is removed from it."""

    def background(self, x: Tensor) -> Tensor:
        """Return what stands behind the features of x: x's shape."""
        ...


@dataclass(frozen=True)
class Constant:
    """Every removed feature becomes the same value.

    Parameters
    ----------
    value : float
        In units of x: 0 is black for images in [0, 1].
    """

    value: float = 0.0

    def background(self, x: Tensor) -> Tensor:
        return torch.full_like(x, self.value)

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        return torch.where(keep.bool(), x, self.background(x))


@dataclass(frozen=True)
class Blur:
    """Every removed pixel becomes that of the blurred image.

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian, in pixels.
    """

    sigma: float = 5.0

    def background(self, x: Tensor) -> Tensor:
        if x.dim() != 4:
            raise ValueError(
                f"imputer Blur is for images (N, C, H, W), x has shape {tuple(x.shape)}"
            )
        # the kernel reaches 3 sigma; reflection padding cannot reach past the image
        reach = max(1, min(round(3 * self.sigma), min(x.shape[2:]) - 1))
        size = [2 * reach + 1, 2 * reach + 1]
        return images.gaussian_blur(x, size, [self.sigma, self.sigma])

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        return torch.where(keep.bool(), x, self.background(x))


def background_of(imputer: Imputer, x: Tensor) -> Tensor | None:
    """Return what stands behind x whatever is removed, or None where that depends on the mask."""
    return imputer.background(x) if isinstance(imputer, Background) else None


def make_imputer(imputer: object) -> Imputer:
    """Return the imputer that a number, a name or a function stands for.

    Parameters
    ----------
    imputer : number, str or callable
        A value in units of x; "black", "grey", "white" or "blur"; or a function
        ``(x, keep) -> x`` that replaces the features of x where keep is 0.

    Returns
    -------
    callable
        ``(x, keep) -> x``.

    Raises
    ------
    ValueError
        If there is no imputer of that name.
    TypeError
        If `imputer` is none of these.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.evaluation.make_imputer("grey")
    Constant(value=0.5)
    """
    named = {"black": Constant(0.0), "grey": Constant(0.5), "white": Constant(1.0), "blur": Blur()}
    if isinstance(imputer, str):
        if imputer not in named:
            raise ValueError(f"imputer {imputer!r} is unknown; there are {', '.join(named)}")
        return named[imputer]
    if isinstance(imputer, int | float) and not isinstance(imputer, bool):
        return Constant(float(imputer))
    if callable(imputer):
        return cast(Imputer, imputer)
    raise TypeError(
        f"imputer must be a number, one of {', '.join(named)}, or a function (x, keep) -> x, got "
        f"{type(imputer).__name__}"
    )
