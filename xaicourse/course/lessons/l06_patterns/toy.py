"""Signal plus distractor in two pixels and in a picture: the weights that read it, the pattern."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.vanilla.pattern_fitting import fit_patterns
from xaicourse.widgets.documented import documented

__all__ = ["PatternToy", "pattern_toy", "signal_shapes"]

SIDE = 9  # pixels of the picture
NOISE = 0.15  # of every pixel alone, so that the best weights are unique
DRAWS = 200
SIGNAL = (1.0, 0.0)  # the direction of the signal in two pixels


@documented
class PatternToy:
    """Data x = z s + strength e d (+ a little noise), and what a linear model makes of them.

    All draws of z, e and noise are exactly uncorrelated, with variance 1, 1 and NOISE^2.
    """

    s: Annotated[Tensor, "(D,): The direction of the signal, of length 1."]
    d: Annotated[Tensor, "(D,): The direction of the distractor, of length 1."]
    data: Annotated[Tensor, "(M, D): The inputs."]
    z: Annotated[Tensor, "(M,): The values that the model reads."]
    w: Annotated[Tensor, "(D,): The weights with the smallest error, ``w . x`` close to z."]
    a: Annotated[Tensor, "(D,): Their pattern."]

    def angle(self, v: Tensor) -> float:
        """Return the angle between v and the signal, in degrees from 0 to 180."""
        cosine = float(v @ self.s / (v.norm() * self.s.norm()).clamp_min(1e-12))
        return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def signal_shapes() -> tuple[Tensor, Tensor]:
    """Return two pictures: a plus, and stripes all over.

    Returns
    -------
    plus, stripes : Tensor (SIDE, SIDE)
        Each of length 1.
    """
    plus = torch.zeros(SIDE, SIDE, dtype=torch.float64)
    plus[SIDE // 2, 1:-1] = plus[1:-1, SIDE // 2] = 1.0
    stripes = torch.zeros(SIDE, SIDE, dtype=torch.float64)
    stripes[1::3] = 1.0
    return plus / plus.norm(), stripes / stripes.norm()


def pattern_toy(s: Tensor, d: Tensor, strength: float = 2.0, noise: float = NOISE) -> PatternToy:
    """Make the data, fit the weights by least squares and the pattern by `xc.fit_patterns`.

    Parameters
    ----------
    s, d : Tensor (D,)
        Directions of signal and distractor; they are scaled to length 1.
    strength : float
        Standard deviation of the distractor; that of the signal is 1.
    noise : float
        Standard deviation of each pixel's own noise.

    Returns
    -------
    PatternToy

    Raises
    ------
    ValueError
        If s and d are not two vectors of one length, or strength or noise is out of range.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> toy = xc.widgets.pattern_toy(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]))
    >>> round(toy.angle(toy.w)) > 30, round(toy.angle(toy.a))
    (True, 0)
    """
    if s.ndim != 1 or s.shape != d.shape or not bool(s.any()) or not bool(d.any()):
        raise ValueError(
            f"s and d must be two vectors of one length that are not 0, got {tuple(s.shape)} and "
            f"{tuple(d.shape)}"
        )
    if not 0 <= strength < 1e6 or not 0 < noise < 1e6:
        raise ValueError(f"strength must be at least 0 and noise above 0, got {strength}, {noise}")
    s, d = s.double() / s.double().norm(), d.double() / d.double().norm()
    z, e, rest = _uncorrelated(len(s))
    data = z[:, None] * s + strength * e[:, None] * d + noise * rest  # (M, D)
    w = torch.linalg.lstsq(data, z[:, None]).solution[:, 0]
    a = fit_patterns(lambda x: F.linear(x, w[None]), data, "linear").layers[0].plus[0]
    return PatternToy(s, d, data, z, w, a)


def _uncorrelated(width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return z (M,), e (M,), rest (M, D): mean 0, variance 1, not correlated in these draws."""
    count = max(DRAWS, 2 * width + 10)
    plain = torch.randn(count, width + 2, generator=seeded(0), dtype=torch.float64)
    plain = plain - plain.mean(0)
    columns = torch.linalg.qr(plain).Q * count**0.5
    return columns[:, 0], columns[:, 1], columns[:, 2:]
