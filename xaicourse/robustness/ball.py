"""All inputs that differ from x by at most eps in each number, and a random one of them."""

import math
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_input, check_seed
from xaicourse.core.chunks import plain
from xaicourse.core.near_names import suggest_names

__all__ = [
    "Limits",
    "box",
    "check_amount",
    "check_attacked",
    "random_shift",
    "random_signs",
    "random_twin",
]

Limits = tuple[float, float] | None


@suggest_names
def random_twin(
    x: Tensor, eps: float | Tensor = 8 / 255, *, limits: Limits = (0.0, 1.0), seed: int = 0
) -> Tensor:
    r"""Change each number of x by eps up or down, by chance: what an attack is compared with.

    .. math:: \tilde x_i = \mathrm{clip}(x_i + s_i \epsilon_i), \qquad s_i \in \{-1, 1\}

    Parameters
    ----------
    x : Tensor (N, ...)
        Inputs.
    eps : float or Tensor (N, ...)
        How far, in units of x; a tensor says it for each number: ``(attack.x - x).abs()`` gives a
        twin that differs from the attack in nothing but the signs.
    limits : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the twin does not leave.
    seed : int
        The same seed draws the same signs, in every row and on every device.

    Returns
    -------
    Tensor (N, ...)

    Raises
    ------
    ValueError, TypeError
        For an `eps` below 0, or an x that is not within `limits`.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.robustness.random_twin(torch.full((1, 3), 0.5), 0.25)
    tensor([[0.2500, 0.7500, 0.7500]])
    """
    check_attacked(x)
    with torch.inference_mode(False):
        start = plain(x).detach()
        if not isinstance(eps, Tensor):
            check_amount("eps", eps)
        elif eps.shape != x.shape or not bool((eps >= 0).all()):
            raise ValueError(
                "eps must be a number of at least 0, or one for each number of x, shape "
                f"{tuple(x.shape)}, got shape {tuple(eps.shape)}"
            )
        low, high = box(start, eps, limits)
        return torch.where(random_signs(start, seed) > 0, high, low)


def random_signs(x: Tensor, seed: int) -> Tensor:
    """Return 1 or -1 for each number of a row, the same for every row: (1, ...), as x."""
    chance = torch.Generator().manual_seed(check_seed(seed))  # of the CPU: alike everywhere
    signs = 2 * torch.randint(0, 2, (1, *x.shape[1:]), generator=chance) - 1
    return signs.to(x.dtype).to(x.device)


def random_shift(x: Tensor, seed: int, size: float) -> Tensor:
    """Return a number of -size to size for each number of a row, the same for every row."""
    chance = torch.Generator().manual_seed(check_seed(seed))
    u = torch.rand((1, *x.shape[1:]), generator=chance)
    return (size * (2 * u - 1)).to(x.dtype).to(x.device)


def box(x: Tensor, eps: float | Tensor, limits: Limits) -> tuple[Tensor, Tensor]:
    """Return the least and the largest value of each number, (N, ...) both.

    They are numbers of x's dtype whose exact distance from x is at most eps: x + eps, rounded, may
    lie outside by its last bit.
    """
    here = x.detach().cpu()  # where there is float64
    exact = here.double()
    far = eps.detach().cpu().double() if isinstance(eps, Tensor) else eps
    ends = []
    for sign in (-1, 1):
        end = (exact + sign * far).to(x.dtype)
        outside = (end.double() - exact).abs() > far
        end = torch.where(outside, torch.nextafter(end, here), end)
        ends.append(end if limits is None else end.clamp(*as_limits(limits, x)))
    return ends[0].to(x.device), ends[1].to(x.device)


def as_limits(limits: Any, x: Tensor) -> tuple[float, float]:
    """Return the range of valid inputs, which must hold x."""
    if not isinstance(limits, tuple | list) or len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"limits must be a pair (low, high) or None, got {limits!r}")
    low, high = (float(end) for end in x.detach().aminmax())
    if low < limits[0] or high > limits[1]:
        raise ValueError(
            f"limits must hold x, which goes from {low:.3g} to {high:.3g}, got {limits!r}; None "
            "sets no limits"
        )
    return float(limits[0]), float(limits[1])


def check_attacked(x: Any) -> None:
    """Raise unless x can be attacked: a batch of float32 or float64."""
    check_input(x)
    if x.dtype not in (torch.float32, torch.float64):
        raise TypeError(
            f"x must be float32 or float64, got {x.dtype}: small steps are lost in 16 bits; pass "
            "x.float() and a model of that precision"
        )


def check_amount(name: str, value: Any) -> float:
    """Return a setting that is a finite number of at least 0, or raise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be at least 0 and finite, got {value}")
    return float(value)
