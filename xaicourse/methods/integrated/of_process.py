"""Integrated Gradients of Gaussian processes (2022): a map with its own uncertainty."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path import StraightPath
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.target_checks import has_function
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.gaussian_process import LINKS, GaussianProcess

__all__ = ["gaussian_process_ig"]

SHORT = 2.0  # below this A the closed forms lose digits and a Gauss rule loses none
NODES = 40


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: none where the integral is known."""
    return 0 if settings.get("link", "identity") == "identity" else of_one_path(settings)


def example() -> Example:
    """Return a process of three outputs, seen at twelve points."""
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)
    points = torch.sin(1.7 * torch.arange(72, dtype=torch.float64)).view(12, 6)
    seen = torch.cos(1.3 * torch.arange(36, dtype=torch.float64)).view(12, 3)
    scale = torch.linspace(0.8, 1.8, 6, dtype=torch.float64)
    return Example(GaussianProcess(points, seen, scale, 2.0, 0.5).eval(), x, torch.tensor([0, 2]))


@attribution_method(
    title="Integrated Gradients of Gaussian processes",
    year=2022,
    paper="arXiv:2205.12797",
    family="integrated",
    input="gp",
    unit="share",
    claims={
        *("completeness", "sensitivity_a", "dummy", "implementation_invariance", "linearity"),
        "symmetry",
    },
    cost=gradients_per_row,
    example=example,
)
def gaussian_process_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    link: str = "identity",
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Return the expectation and the variance of the Integrated Gradients of a random function.

    .. math::
        \mathrm{E}[A_i] = d_i \int_0^1 \mathrm{E}[g'(f) \,\partial_i f]\, d\alpha, \qquad
        \mathrm{Cov}[A_i, A_j] = d_i d_j \iint
        \partial_{a_i} \partial_{b_j} \bar k\big(\gamma(\alpha), \gamma(\beta)\big)\,
        d\alpha\, d\beta

    f is what a `GaussianProcess` knows of a function, :math:`\bar k` its posterior covariance,
    d = x - x', and g the link from f to what is seen. Without a link A is a linear map of f, thus
    itself normal, and both integrals are known in closed form. Since
    :math:`\mathrm{E}[g'(f)\,\partial_i f] = \partial_i \mathrm{E}[g(f)]`, with a link it is
    Integrated Gradients of :math:`\mathrm{E}[g(f(x))]`.

    Parameters
    ----------
    model : GaussianProcess or callable
        ``xc.fit_gaussian_process(x, y)``. Another callable (N, d) -> (N, K) or (N,) is taken as a
        posterior mean, of which nothing else is known: its Integrated Gradients.
    x : Tensor (N, d)
        Rows of numbers.
    link : str
        identity; probit and sigmoid for classes, exponential for counts and rates, square.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid) where there is no closed form; 50
        without it.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, d)
        The expected attributions, in units of F; sum to E[g(f(x))] - E[g(f(x'))]. The details of a
        process without a link hold the ``covariance`` (N, d, d) of the attributions and their
        standard ``deviation`` (N, d); the whole covariance sums to the variance of f(x) - f(x').

    Raises
    ------
    ValueError, TypeError
        Also for an unknown link, or a link of a model that is no `GaussianProcess`.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.
    For a link it is not the link of the mean that is explained: g(E f) is not E g(f).

    **Cost.** 0 gradients a row without a link: the kernel of M points, and M^2 d for the variance.
    With a link, or another output scale, `steps` gradients.

    **Fails when** the deviation is taken for the error of the map: it says what the data leave
    open under this kernel, and nothing of whether the kernel is right.

    References
    ----------
    .. [seitz2022] S. Seitz, 2022, arXiv:2205.12797.

    Examples
    --------
    Far from all data nothing is known: the mean falls back to 0, and the map is uncertain.

    >>> import torch, xaicourse as xc
    >>> process = xc.GaussianProcess(torch.tensor([[0.0]]), torch.tensor([1.0]), noise=0.25)
    >>> x = torch.tensor([[3.0]], dtype=torch.float64)
    >>> found = xc.gaussian_process_ig(process, x, baseline=-3.0, return_details=True)
    >>> found.values.abs().round(decimals=4), found.extra["deviation"].round(decimals=4)
    (tensor([[0.]], dtype=torch.float64), tensor([[1.4142]], dtype=torch.float64))
    """
    if not isinstance(link, str) or link not in LINKS:
        raise ValueError(f"link {link!r} is unknown; {did_you_mean(link, LINKS)}")
    check_quadrature(quadrature, also=())
    rule = Rule.of(quadrature, steps)
    explained = model
    if link != "identity":
        if not isinstance(model, GaussianProcess):
            raise TypeError(
                f"link={link!r} needs the variance of a GaussianProcess, made by "
                f"xc.fit_gaussian_process; got {type(model).__name__}"
            )
        explained = model.expected(link)
    question = ask(explained, x, target, **asked)
    if question.x.dim() != 2:
        raise ValueError(f"x has shape {tuple(x.shape)}, but must be rows of numbers (N, d)")
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    is_linear = asked["output"] in ("logit", "margin") and not has_function(question.target)
    if isinstance(explained, GaussianProcess) and is_linear:
        return closed_form(question, explained, path.start, rule)
    return along(question, path, Weight(), rule)


def closed_form(
    question: Question, process: GaussianProcess, start: Tensor, rule: Rule
) -> Attribution:
    """Return mean and covariance of the attributions of F, a linear map of a process's outputs."""
    dtype, here = sum_dtype(start.device), question.x
    outputs = process(here.to(process.points.dtype)).detach()
    with torch.enable_grad():
        outputs.requires_grad_(True)
        score = question.read(outputs, question.rows).sum()
        (share,) = torch.autograd.grad(score, outputs)  # (N, K): F = sum_k share_k f_k + constant
    share = share.view(len(here), -1).to(dtype)
    points, alpha, root, scale, variance = (
        t.to(dtype)
        for t in (
            *(process.points, process.alpha, process.root),
            *(process.lengthscale, process.variance),
        )
    )
    first, delta = start.to(dtype), (here - start).to(dtype)
    gain = variance * line_integrals(first, delta, points, scale)  # (N, M, d)
    values = torch.einsum("nk,mk,nmd->nd", share, alpha, gain)

    prior = variance * prior_covariance(delta, scale)  # (N, d, d)
    flat = gain.transpose(0, 1).reshape(len(points), -1)  # (M, N d)
    seen = torch.linalg.solve_triangular(root, flat, upper=False).view(len(points), *delta.shape)
    known = torch.einsum("mnd,mne->nde", seen, seen)
    covariance = share.square().sum(dim=1)[:, None, None] * (prior - known)
    deviation = covariance.diagonal(dim1=1, dim2=2).clamp_min(0).sqrt()
    f_start, f_end = (
        f.to(dtype) for f in (question.scores(start, question.rows), question.scores_at_x)
    )
    return Attribution.of(
        question,
        values,
        f_start=f_start,
        f_end=f_end,
        gap=values.sum(dim=1) - (f_end - f_start),
        map_error=torch.zeros_like(f_end),
        gradients=torch.zeros_like(question.rows),
        endpoints=(start, here),
        settings={"steps": rule.steps, "quadrature": rule.quadrature},
        extra={"covariance": covariance, "deviation": deviation},
    )


def line_integrals(start: Tensor, delta: Tensor, points: Tensor, scale: Tensor) -> Tensor:
    r"""Return the Integrated Gradients of the kernel at each point: (N, M, d).

    .. math:: G_{mi} = -\frac{d_i}{\ell_i^2} \big[(x'_i - p_{mi})\, I_0 + d_i I_1\big], \quad
              I_k = \int_0^1 t^k e^{-(A t^2 + B t + C) / 2}\, dt
    """
    away = start[:, None] - points  # (N, M, d)
    a = (delta / scale).square().sum(dim=1)[:, None]  # (N, 1)
    b = 2 * (delta[:, None] * away / scale.square()).sum(dim=2)  # (N, M)
    c = (away / scale).square().sum(dim=2)
    i0, i1 = bell_integrals(a.expand_as(b), b, c)
    inside = away * i0[:, :, None] + delta[:, None] * i1[:, :, None]
    return -(delta / scale.square())[:, None] * inside


def bell_integrals(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return I_0 and I_1, in the shape of a, b and c. No exponent is above 0."""
    t, weight = (v.to(a) for v in _gauss())
    bell = torch.exp(-(t * (t * a[..., None] + b[..., None]) + c[..., None]) / 2) * weight
    safe = a.clamp_min(SHORT)
    top, half = -b / (2 * safe), (safe / 2).sqrt()  # where the bell is highest
    height = torch.exp(-(c - b.square() / (4 * safe)).clamp_min(0) / 2)
    ends = torch.erf(half * (1 - top)) + torch.erf(half * top)
    i0 = height * (torch.pi / (2 * safe)).sqrt() * ends
    i1 = top * i0 + (torch.exp(-c / 2) - torch.exp(-(safe + b + c) / 2)) / safe
    short = a < SHORT
    return torch.where(short, bell.sum(-1), i0), torch.where(short, (t * bell).sum(-1), i1)


def prior_covariance(delta: Tensor, scale: Tensor) -> Tensor:
    r"""Return the covariance of the attributions of a function of variance 1, (N, d, d).

    .. math:: P_{ij} = d_i d_j \Big[\frac{\delta_{ij}}{\ell_i^2} J_0
              - \frac{d_i d_j}{\ell_i^2 \ell_j^2} J_2\Big], \quad
              J_k = \iint (s - t)^k e^{-A (s - t)^2 / 2}\, ds\, dt
    """
    a = (delta / scale).square().sum(dim=1)  # (N,)
    t, weight = (v.to(a) for v in _gauss())
    bell = 2 * (1 - t) * torch.exp(-a[:, None] * t.square() / 2) * weight
    safe = a.clamp_min(SHORT)
    end, area = torch.exp(-safe / 2), (torch.pi / (2 * safe)).sqrt() * torch.erf((safe / 2).sqrt())
    short = a < SHORT
    j0 = torch.where(short, bell.sum(1), 2 * area - 2 * (1 - end) / safe)
    j2 = torch.where(
        short, (t.square() * bell).sum(1), 2 * area / safe - 4 * (1 - end) / safe.square()
    )
    each = (delta / scale).square()  # d_i^2 / l_i^2
    return (
        torch.diag_embed(each * j0[:, None]) - j2[:, None, None] * each[:, :, None] * each[:, None]
    )


def _gauss() -> tuple[Tensor, Tensor]:
    """Return Gauss-Legendre nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return torch.from_numpy((nodes + 1) / 2), torch.from_numpy(weights / 2)
