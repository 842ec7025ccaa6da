"""What stands in for removed features: the choice that changes rankings most.

An imputer is a function ``(x, keep) -> x~``: x is (P, ...), keep is (P, ...) or (P, 1, H, W) with 1
where a feature stays. It returns the whole input with the removed features replaced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from torch import Tensor
from torchvision.transforms.v2 import functional as images

__all__ = ["Blur", "Constant", "Imputer", "make_imputer"]

Imputer = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Constant:
    """Every removed feature becomes the same value: 0 is black for images in [0, 1]."""

    value: float = 0.0

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        return keep * x + (1 - keep) * self.value


@dataclass(frozen=True)
class Blur:
    """Every removed pixel becomes that of the blurred image (Gaussian, sigma in pixels)."""

    sigma: float = 5.0

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        if x.dim() != 4:
            raise ValueError(
                f"imputer Blur is for images (N, C, H, W), x has shape {tuple(x.shape)}"
            )
        # the kernel reaches 3 sigma; reflection padding cannot reach past the image
        reach = max(1, min(round(3 * self.sigma), min(x.shape[2:]) - 1))
        size = [2 * reach + 1, 2 * reach + 1]
        blurred = images.gaussian_blur(x, size, [self.sigma, self.sigma])
        return keep * x + (1 - keep) * blurred


def make_imputer(imputer: object) -> Imputer:
    """Return the imputer for a number, a name ("black", "grey", "white", "blur") or an imputer."""
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
