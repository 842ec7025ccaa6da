"""What stands in for removed features: the choice that changes rankings most.

An imputer is a function ``(x, keep) -> x~``: x is (P, ...), keep is (P, ...) or (P, 1, H, W) with 1
where a feature stays. It returns the whole input with the removed features replaced. One whose
replacement does not depend on what is removed also has ``background(x)``, which metrics ask for
once an image instead of once a removal. One that is drawn has ``draws()``, imputers over whose
scores the metric averages.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as images

from xaicourse.core.checks import (
    all_finite,
    check_batch,
    check_positive_int,
    check_range,
    check_takes,
    check_unit_range,
    describe,
)
from xaicourse.core.near_names import suggest_names
from xaicourse.evaluation.noisy_linear import NoisyLinear
from xaicourse.evaluation.seeds import seeded

__all__ = [
    "Background",
    "Blur",
    "ChannelMean",
    "Constant",
    "Donor",
    "Flip",
    "Given",
    "Imputer",
    "Uniform",
    "background_of",
    "draws_of",
    "make_imputer",
]

Imputer = Callable[[Tensor, Tensor], Tensor]


@runtime_checkable
class Background(Protocol):
    """An imputer with one replacement for each image, whatever is removed from it."""

    def background(self, x: Tensor) -> Tensor:
        """Return what stands behind the features of x: x's shape."""
        ...


class Behind:
    """What all imputers with a background share: it shows where a feature is gone."""

    def background(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        return torch.where(keep.bool(), x, self.background(x))


@suggest_names
@dataclass(frozen=True)
class Constant(Behind):
    """Every removed feature becomes the same value.

    Parameters
    ----------
    value : float
        In units of x: 0 is black for images in [0, 1].
    """

    value: float = 0.0

    def background(self, x: Tensor) -> Tensor:
        return torch.full_like(x, self.value)


@suggest_names
@dataclass(frozen=True)
class ChannelMean(Behind):
    """Every removed pixel becomes the mean colour of its image.

    For the mean of a data set give that as a tensor, ``imputer=mean[:, None, None]``.
    """

    def background(self, x: Tensor) -> Tensor:
        if x.dim() < 3:
            raise ValueError(
                "imputer ChannelMean is for images (N, C, H, W) and series (N, C, L), x has shape "
                f"{tuple(x.shape)}"
            )
        return x.mean(dim=tuple(range(2, x.dim())), keepdim=True).expand_as(x)


@suggest_names
@dataclass(frozen=True)
class Flip(Behind):
    """Every removed feature is turned over: low + high - x, black for white.

    Parameters
    ----------
    low, high : float
        The ends of x's range.

    Raises
    ------
    ValueError
        If x leaves the range.
    """

    low: float = 0.0
    high: float = 1.0

    def background(self, x: Tensor) -> Tensor:
        check_range(x, self.low, self.high)
        return self.low + self.high - x


@suggest_names
@dataclass(frozen=True)
class Uniform(Behind):
    """Every removed feature becomes a random number; scores are averaged over the draws.

    A draw is the same for every image, and stays while more is removed.

    Parameters
    ----------
    low, high : float
        Between which the numbers lie, in units of x.
    seed : int
        Of the draws.
    repeats : int
        How many draws; each costs a curve of its own.
    """

    low: float = 0.0
    high: float = 1.0
    seed: int = 0
    repeats: int = 10

    def background(self, x: Tensor) -> Tensor:
        draw = torch.rand(x.shape[1:], generator=seeded(self.seed), dtype=torch.float64)
        draw = self.low + (self.high - self.low) * draw
        return draw.to(x.dtype).to(x.device).expand_as(x)

    def draws(self) -> "list[Uniform]":
        repeats = check_positive_int(self.repeats, "repeats")
        seeds = torch.randint(2**62, (repeats,), generator=seeded(self.seed)).tolist()
        return [replace(self, seed=seed, repeats=1) for seed in seeds]


@suggest_names
@dataclass(frozen=True)
class Given(Behind):
    """Every removed feature becomes that of a tensor: of another input, a counterpart, a token.

    Parameters
    ----------
    values : Tensor
        Of x's shape, or one that broadcasts to it: (C, 1, 1) a colour, (D,) the embedding of a
        mask token.
    """

    values: Tensor = field(repr=False)

    def background(self, x: Tensor) -> Tensor:
        if self.values.device != x.device:
            raise ValueError(f"imputer is on {self.values.device}, x is on {x.device}")
        try:
            return self.values.detach().to(x.dtype).expand_as(x)
        except RuntimeError as error:
            raise ValueError(
                f"imputer has shape {tuple(self.values.shape)}, which does not broadcast to x's "
                f"{tuple(x.shape)}"
            ) from error


@suggest_names
@dataclass(frozen=True, eq=False, repr=False)
class Donor(Behind):
    """Every removed feature becomes that of another sample of the data.

    Which samples is drawn once for all rows; a row that is the donor itself gets the next one.

    Parameters
    ----------
    data : Tensor (M, ...)
        Samples of x's form, more than `repeats`; on any device.
    seed : int
        Of the draw.
    repeats : int
        Over how many donors the scores are averaged.
    turn : int
        Which of the drawn donors stands in when scores are not averaged; 0 is the first.
    """

    data: Tensor
    seed: int = 0
    repeats: int = 1
    turn: int = 0

    def __post_init__(self) -> None:
        check_batch(self.data, "data")

    def __repr__(self) -> str:
        numbers = self.data.detach().to("cpu", torch.float32).contiguous().numpy()
        return (
            f"Donor({len(self.data)} samples, checksum {zlib.crc32(numbers.tobytes()):08x}, "
            f"seed={self.seed}, repeats={self.repeats})"
        )

    def background(self, x: Tensor) -> Tensor:
        if self.data.shape[1:] != x.shape[1:]:
            raise ValueError(
                f"imputer Donor has samples of shape {tuple(self.data.shape[1:])}, x has rows of "
                f"shape {tuple(x.shape[1:])}"
            )
        order = torch.randperm(len(self.data), generator=seeded(self.seed))
        data = self.data.detach()[order.to(self.data.device)].to(x.dtype).to(x.device)  # (M, ...)
        other = torch.stack([(data != row).flatten(1).any(dim=1) for row in x])  # (N, M)
        if bool((other.sum(dim=1) <= self.turn).any()):
            raise ValueError(
                f"imputer Donor has {len(data)} sample(s), too few for {self.turn + 1} donor(s) "
                "that differ from each row of x"
            )
        turn = other.long().cumsum(dim=1) - 1  # the how-manieth donor of the row each sample is
        return data[((turn == self.turn) & other).long().argmax(dim=1)]

    def draws(self) -> "list[Donor]":
        repeats = check_positive_int(self.repeats, "repeats")
        return [replace(self, repeats=1, turn=turn) for turn in range(repeats)]


@suggest_names
@dataclass(frozen=True)
class Blur(Behind):
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


def background_of(imputer: Imputer, x: Tensor) -> Tensor | None:
    """Return what stands behind x whatever is removed, or None where that depends on the mask."""
    return imputer.background(x) if isinstance(imputer, Background) else None


def filled(imputer: Imputer, x: Tensor, keep: Tensor) -> Tensor:
    """Return x with something else where `keep` is 0; a function that cannot is named."""
    try:
        found = imputer(x, keep)
    except TypeError as error:
        raise TypeError(
            f"imputer must be a function (x, keep) -> x, but {describe(imputer)} failed: {error}"
        ) from error
    if not isinstance(found, Tensor) or found.shape != x.shape:
        given = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"imputer must return x's shape, {tuple(x.shape)}, but {describe(imputer)} returns "
            f"{given}"
        )
    return found


def draws_of(imputer: Imputer) -> Sequence[Imputer]:
    """Return the imputers over whose scores is averaged: more than one where chance is in it."""
    draws = getattr(imputer, "draws", None)
    return [imputer] if draws is None else draws()


# what is right for inputs outside [0, 1] in place of these names
OUTSIDE = {
    "black": "what black is in units of x, a number or a tensor (C, 1, 1)",
    "grey": "what grey is in units of x, a number or a tensor (C, 1, 1)",
    "white": "what white is in units of x, a number or a tensor (C, 1, 1)",
    "flip": "the ends of x's range, imputer=xaicourse.evaluation.Flip(low=..., high=...)",
    "uniform": "the ends of x's range, imputer=xaicourse.evaluation.Uniform(low=..., high=...)",
}

WHATEVER = ("black", "uniform")  # metrics have them as defaults, for tables and words as well


def make_imputer(imputer: object, x: Tensor | None = None) -> Imputer:
    """Return the imputer that a number, a name, a tensor or a function stands for.

    Parameters
    ----------
    imputer : number, str, Tensor or callable
        A value in units of x; "black", "grey", "white", "blur", "channel_mean", "flip", "uniform",
        "linear" or "noisy_linear"; a tensor of x's shape, or one that broadcasts to it; or a
        function ``(x, keep) -> x`` that replaces the features of x where keep is 0.
    x : Tensor (N, ...), optional
        What features will be removed from, to see whether the name fits: grey, white and flip need
        values in [0, 1]; black and uniform need them in images, elsewhere they are 0 and noise.

    Returns
    -------
    callable
        ``(x, keep) -> x``.

    Raises
    ------
    ValueError
        If there is no imputer of that name, or it does not fit x.
    TypeError
        If `imputer` is none of these.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.evaluation.make_imputer("grey")
    Constant(value=0.5)
    """
    named = {
        "black": Constant(0.0),
        "grey": Constant(0.5),
        "white": Constant(1.0),
        "blur": Blur(),
        "channel_mean": ChannelMean(),
        "flip": Flip(),
        "uniform": Uniform(),
        "linear": NoisyLinear(noise=0.0),
        "noisy_linear": NoisyLinear(),
    }
    if isinstance(imputer, str):
        if imputer not in named:
            raise ValueError(f"imputer {imputer!r} is unknown; there are {', '.join(named)}")
        if x is not None and imputer in OUTSIDE and (x.dim() > 3 or imputer not in WHATEVER):
            check_unit_range(x, f"imputer {imputer!r}", OUTSIDE[imputer])
        return named[imputer]
    if isinstance(imputer, Tensor | int | float) and not all_finite(torch.as_tensor(imputer)):
        raise ValueError("imputer holds NaN or infinite values; all must be finite")
    if isinstance(imputer, Tensor):
        return Given(imputer)
    if isinstance(imputer, int | float) and not isinstance(imputer, bool):
        return Constant(float(imputer))
    if callable(imputer):
        check_takes(imputer, "imputer", ("x", "keep"))
        return cast(Imputer, imputer)
    raise TypeError(
        f"imputer must be a number, one of {', '.join(named)}, a tensor or a function "
        f"(x, keep) -> x, got {type(imputer).__name__}"
    )
