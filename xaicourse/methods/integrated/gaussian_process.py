"""A Gaussian process with the squared exponential kernel: its mean, its variance, its links."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xaicourse.core.checks import all_finite
from xaicourse.core.near_names import suggest_names

__all__ = ["LINKS", "GaussianProcess", "fit_gaussian_process"]

JITTER = 1e-10  # of the kernel's variance, on the diagonal
HERMITE = 32  # nodes for links without a closed form


class GaussianProcess(nn.Module):
    r"""The posterior of functions f with :math:`y = f(x) + \varepsilon` seen at some points.

    .. math:: k(a, b) = s^2 \exp\Big(-\tfrac12 \sum_j (a_j - b_j)^2 / \ell_j^2\Big), \qquad
              m(x) = \bar y + k(x, X)\, (K + \sigma^2 I)^{-1} (y - \bar y)

    Called on x (N, d) it gives the mean (N, K), or (N,) where y is (M,). The K outputs are
    independent and share the kernel. Made by `fit_gaussian_process`.

    Parameters
    ----------
    x : Tensor (M, d)
        Where f was seen.
    y : Tensor (M,) or (M, K)
        What was seen.
    lengthscale : float or Tensor (d,)
        How far one has to go along a feature until f is another, in units of x.
    variance : float
        :math:`s^2`, in units of y squared.
    noise : float
        :math:`\sigma^2`, the variance of the noise on y.

    Raises
    ------
    ValueError, TypeError
        For data of other shapes, or a number that is not above 0.
    """

    points: Tensor
    alpha: Tensor
    centre: Tensor
    root: Tensor
    lengthscale: Tensor
    variance: Tensor

    def __init__(
        self, x: Tensor, y: Tensor, lengthscale: Any = 1.0, variance: Any = 1.0, noise: Any = 0.01
    ) -> None:
        super().__init__()
        _check_data(x, y)
        self.single = y.dim() == 1
        x, y = x.detach().double(), y.detach().double().view(len(x), -1)
        scale, s2, sn2 = (
            torch.as_tensor(value, dtype=torch.float64, device=x.device)
            for value in (lengthscale, variance, noise)
        )
        for name, value in (("lengthscale", scale), ("variance", s2), ("noise", sn2)):
            if not bool(((value > 0) & torch.isfinite(value)).all()):
                raise ValueError(f"{name} must be above 0 and finite, got {value.tolist()}")
        scale = scale.expand(x.shape[1]).clone()
        root = torch.linalg.cholesky(_noisy_kernel(x, scale, s2, sn2))
        centre = y.mean(dim=0)
        for name, tensor in {
            "points": x,
            "alpha": torch.cholesky_solve(y - centre, root),  # (M, K)
            "centre": centre,
            "root": root,  # (M, M), the Cholesky factor of K + noise
            "lengthscale": scale,
            "variance": s2,
        }.items():
            self.register_buffer(name, tensor)

    def forward(self, x: Tensor) -> Tensor:
        """Return the posterior mean of f at x (N, d): (N, K), or (N,) of a single output."""
        mean = self.centre + self.kernel(x) @ self.alpha
        return mean[:, 0] if self.single else mean

    def kernel(self, x: Tensor) -> Tensor:
        """Return k between x (N, d) and the points: (N, M)."""
        if x.dim() != 2 or x.shape[1] != self.points.shape[1] or x.dtype != self.points.dtype:
            raise ValueError(
                f"this process takes x of shape (N, {self.points.shape[1]}) in "
                f"{self.points.dtype}, got {tuple(x.shape)} in {x.dtype}"
            )
        return self.variance * squared_exponential(x, self.points, self.lengthscale)

    def spread(self, x: Tensor) -> Tensor:
        """Return the posterior variance of f at x, (N,): the same for each output."""
        seen = torch.linalg.solve_triangular(self.root, self.kernel(x).T, upper=False)
        return (self.variance - seen.square().sum(dim=0)).clamp_min(0)

    def expected(self, link: str) -> Callable[[Tensor], Tensor]:
        r"""Return the function x -> E[g(f(x))], (N, K) or (N,), of a link g."""

        def expectation(x: Tensor) -> Tensor:
            mean, spread = self(x), self.spread(x)
            return LINKS[link](mean, spread if self.single else spread[:, None])

        return expectation


def _check_data(x: Any, y: Any) -> None:
    for name, t in (("x", x), ("y", y)):
        if not isinstance(t, Tensor) or not t.is_floating_point():
            raise TypeError(f"{name} must be a tensor of floating point numbers")
        if not all_finite(t):
            raise ValueError(f"{name} holds NaN or infinite values")
    if x.dim() != 2 or y.dim() not in (1, 2) or len(x) != len(y) or len(x) == 0:
        raise ValueError(
            "x must be (M, d) and y (M,) or (M, K) with as many rows, got "
            f"{tuple(x.shape)} and {tuple(y.shape)}"
        )


def squared_exponential(a: Tensor, b: Tensor, lengthscale: Tensor) -> Tensor:
    """Return exp(-1/2 sum of squared distances in lengthscales), (N, M), of a (N, d), b (M, d)."""
    gap = (a[:, None] - b) / lengthscale
    return torch.exp(-gap.square().sum(dim=-1) / 2)


def _noisy_kernel(x: Tensor, lengthscale: Tensor, variance: Tensor, noise: Tensor) -> Tensor:
    diagonal = (noise + JITTER * variance) * torch.eye(len(x), dtype=x.dtype, device=x.device)
    return variance * squared_exponential(x, x, lengthscale) + diagonal


# ---- links: E[g(f)] for f normal with this mean and this variance --------------------------------


def _probit(mean: Tensor, spread: Tensor) -> Tensor:
    return torch.special.ndtr(mean / (1 + spread).sqrt())


def _exponential(mean: Tensor, spread: Tensor) -> Tensor:
    return torch.exp(mean + spread / 2)


def _square(mean: Tensor, spread: Tensor) -> Tensor:
    return mean.square() + spread


def _sigmoid(mean: Tensor, spread: Tensor) -> Tensor:
    nodes, weights = (t.to(mean) for t in _hermite())
    # the root has no slope at 0, where nothing is uncertain
    deviation = spread.clamp_min(torch.finfo(mean.dtype).tiny).sqrt()
    values = torch.sigmoid(mean[..., None] + deviation[..., None] * nodes)
    return (values * weights).sum(dim=-1)


@cache
def _hermite() -> tuple[Tensor, Tensor]:
    """Return nodes and weights of the Gauss rule of the standard normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(HERMITE)
    return torch.from_numpy(nodes), torch.from_numpy(weights / math.sqrt(2 * math.pi))


LINKS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "identity": lambda mean, spread: mean,
    "probit": _probit,
    "sigmoid": _sigmoid,
    "exponential": _exponential,
    "square": _square,
}


# ---- fitting -------------------------------------------------------------------------------------


@suggest_names
def fit_gaussian_process(
    x: Tensor,
    y: Tensor,
    *,
    lengthscale: Any = None,
    variance: Any = None,
    noise: Any = None,
    iterations: int = 60,
) -> GaussianProcess:
    """Return the Gaussian process of some data, with the kernel under which they are most likely.

    Parameters
    ----------
    x : Tensor (M, d)
        Where the function was seen; its time grows with M cubed, so at most some thousand rows.
    y : Tensor (M,) or (M, K)
        What was seen there.
    lengthscale : float, Tensor (d,) or None
        In units of x. None is found by the likelihood, one for each feature.
    variance : float or None
        Of the kernel, in units of y squared.
    noise : float or None
        Variance of the noise on y.
    iterations : int
        The most steps of the search.

    Returns
    -------
    GaussianProcess
        In float64 and frozen; ``.to(torch.float32)`` for inputs in float32.

    Raises
    ------
    ValueError, TypeError
        For data of other shapes, or a number that is not above 0.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.linspace(0, 6, 20, dtype=torch.float64)[:, None]
    >>> process = xc.fit_gaussian_process(x, x[:, 0].sin())
    >>> process(x[1:3]).round(decimals=3)
    tensor([0.3110, 0.5910], dtype=torch.float64)
    """
    _check_data(x, y)
    x, y = x.detach().double(), y.detach().double()
    targets = y.view(len(x), -1)
    targets = targets - targets.mean(dim=0)
    size = targets.square().mean().clamp_min(1e-12)
    spread = x.std(dim=0, correction=0) if len(x) > 1 else torch.ones_like(x[0])
    first = {
        "lengthscale": torch.where(spread > 0, spread, 1.0) * math.sqrt(x.shape[1]),
        "variance": size,
        "noise": size / 100,
    }
    given = {"lengthscale": lengthscale, "variance": variance, "noise": noise}
    logs = {name: v.log() for name, v in first.items() if given[name] is None}
    if logs:
        logs = _most_likely(x, targets, logs, given, iterations)
    found = {**given, **{name: log.exp() for name, log in logs.items()}}
    return GaussianProcess(x, y, **found).eval()


def _most_likely(
    x: Tensor, y: Tensor, logs: dict[str, Tensor], given: dict[str, Any], iterations: int
) -> dict[str, Tensor]:
    """Return the logarithms of what is not given under which y (M, K) is most likely."""
    logs = {name: log.detach().clone().requires_grad_(True) for name, log in logs.items()}
    fixed = {
        name: torch.as_tensor(value, dtype=x.dtype, device=x.device)
        for name, value in given.items()
        if value is not None
    }
    search = torch.optim.LBFGS(
        list(logs.values()), max_iter=iterations, line_search_fn="strong_wolfe"
    )

    def surprise() -> Tensor:
        search.zero_grad()
        # held within e^-12 and e^12, so that no step leads to a kernel without a root
        now = {**fixed, **{name: log.clamp(-12, 12).exp() for name, log in logs.items()}}
        root = torch.linalg.cholesky(
            _noisy_kernel(x, now["lengthscale"], now["variance"], now["noise"])
        )
        fit = (y * torch.cholesky_solve(y, root)).sum() / 2
        loss = fit + y.shape[1] * root.diagonal().log().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        search.step(surprise)
    return {name: log.detach().clamp(-12, 12) for name, log in logs.items()}
