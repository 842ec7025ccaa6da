"""Gaussian processes: closed forms against quadratures, links against the paper's formulas."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from xaicourse.methods.integrated.of_process import bell_integrals, line_integrals, prior_covariance

pytestmark = pytest.mark.filterwarnings("ignore:the model ends in ")  # closed forms of it

search = settings(max_examples=6, deadline=None, derandomize=True)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gauss(n: int) -> tuple[Tensor, Tensor]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return torch.from_numpy((nodes + 1) / 2), torch.from_numpy(weights / 2)


POINTS, SCALE, S2, NOISE = normal(15, 3, seed=1), torch.tensor([0.7, 1.3, 2.0]).double(), 1.7, 0.2
Y = (POINTS[:, 0] * 2).sin() + POINTS[:, 1] * POINTS[:, 2] / 2
X, START = normal(4, 3, seed=2), 0.3 * normal(4, 3, seed=3)


@pytest.fixture(scope="module")
def process() -> xc.GaussianProcess:
    return xc.GaussianProcess(POINTS, Y, SCALE, S2, NOISE).eval()


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """Return k(a, b), (N, M)."""
    return S2 * torch.exp(-(((a[:, None] - b) / SCALE) ** 2).sum(2) / 2)


NOISY = kernel(POINTS, POINTS) + NOISE * torch.eye(15, dtype=torch.float64)


def posterior(a: Tensor, b: Tensor) -> Tensor:
    """Return the posterior covariance of f(a) and f(b), two points (d,)."""
    known = kernel(a[None], POINTS) @ torch.linalg.solve(NOISY, kernel(POINTS, b[None]))
    return (kernel(a[None], b[None]) - known)[0, 0]


# ---- the process itself --------------------------------------------------------------------------


def test_mean_and_variance_are_the_textbooks(process, close):
    expected = Y.mean() + kernel(X, POINTS) @ torch.linalg.solve(NOISY, Y - Y.mean())
    close(process(X), expected, 1e-8)
    close(process.spread(X), torch.stack([posterior(x, x) for x in X]), 1e-8)
    far = torch.full((1, 3), 50.0, dtype=torch.float64)
    close(process(far), Y.mean()[None], 1e-12)
    close(process.spread(far), torch.tensor([S2], dtype=torch.float64), 1e-12)
    both = xc.GaussianProcess(POINTS, torch.stack([Y, -2 * Y], 1), SCALE, S2, NOISE)
    close(both(X), torch.stack([process(X), -2 * process(X)], 1), 1e-10)


def test_the_likelihood_finds_what_the_data_need():
    """The third feature does nothing: its length is long; the noise is near the true one."""
    x = 2 * normal(40, 3, seed=5)
    y = x[:, 0].sin() + x[:, 1] / 2 + 0.1 * normal(40, seed=6)
    found = xc.fit_gaussian_process(x, y, iterations=30)
    assert float(found.lengthscale[2]) > 5 * float(found.lengthscale[0])
    noise = float((found.root @ found.root.T)[0, 0] - found.variance)
    assert 0.004 < noise < 0.03
    values = xc.gaussian_process_ig(found, x[:5])
    assert float(values[:, 2].abs().max()) < 0.2 * float(values.abs().max())
    given = xc.fit_gaussian_process(x, y, lengthscale=1.0, variance=2.0, noise=0.5, iterations=5)
    assert given.lengthscale.tolist() == [1, 1, 1]
    assert float(given.variance) == 2


# ---- the closed forms ----------------------------------------------------------------------------


def test_mean_against_a_quadrature(process, close):
    """200 Gauss nodes of the plain method on the posterior mean, as any function."""
    found = xc.gaussian_process_ig(process, X, baseline=START, return_details=True)
    plain = xc.integrated_gradients(lambda x: process(x), X, baseline=START, steps=200)
    close(found.values, plain, 1e-12)
    close(xc.gaussian_process_ig(lambda x: process(x), X, baseline=START), plain, 1e-10)
    assert float(found.gap.abs().max()) < 1e-12
    assert found.gradients.tolist() == [0, 0, 0, 0]


def test_covariance_against_a_double_quadrature(process, close):
    found = xc.gaussian_process_ig(process, X[:2], baseline=START[:2], return_details=True)
    mixed = torch.func.jacrev(torch.func.grad(posterior, argnums=0), argnums=1)
    pairs = torch.func.vmap(torch.func.vmap(mixed, (None, 0)), (0, None))
    t, w = gauss(14)
    for k in range(2):
        delta = X[k] - START[k]
        way = START[k] + t[:, None] * delta
        inside = torch.einsum("a,b,abij->ij", w, w, pairs(way, way))
        expected = delta[:, None] * delta * inside
        close(found.extra["covariance"][k], expected, 1e-8)
        close(found.extra["deviation"][k], expected.diagonal().sqrt(), 1e-8)


def test_one_point_on_a_line(close):
    """k = exp(-x^2 / 2), y = 1 at 0: the mean's share is alpha (k(x) - k(x')), all of the rise."""
    one = xc.GaussianProcess(torch.zeros(1, 1), torch.tensor([[2.0, 4.0]]), 1.0, 1.0, 0.25)
    one.centre.zero_()
    one.alpha.copy_(torch.tensor([[1.6, 3.2]], dtype=torch.float64))
    x = torch.tensor([[1.5], [-0.4]], dtype=torch.float64)
    found = xc.gaussian_process_ig(one, x, 0, baseline=0.5, return_details=True)
    expected = 1.6 * (torch.exp(-(x**2) / 2) - math.exp(-0.125))
    close(found.values, expected, 1e-12)
    rise = 2 - 2 * torch.exp(-((x - 0.5) ** 2) / 2)  # Var[f(x) - f(x')] before y was seen
    rise = rise - (torch.exp(-(x**2) / 2) - math.exp(-0.125)) ** 2 / 1.25
    close(found.extra["covariance"][:, 0], rise, 1e-9)  # a little is added to the diagonal


@search
@given(seed=st.integers(0, 1000), reach=st.floats(0.001, 30.0))
def test_sums_are_those_of_the_rise(seed, reach):
    """Means sum to the rise, the whole covariance to Var[f(x) - f(x')]; near, far and very far."""
    process = xc.GaussianProcess(POINTS, Y, SCALE, S2, NOISE)
    x = reach * normal(2, 3, seed=seed)
    found = xc.gaussian_process_ig(process, x, baseline=0.2, return_details=True)
    assert float(found.gap.abs().max()) < 1e-11
    whole = found.extra["covariance"].sum((1, 2))
    start = torch.full((3,), 0.2, dtype=torch.float64)
    for k in range(2):
        rise = posterior(x[k], x[k]) + posterior(start, start) - 2 * posterior(x[k], start)
        assert abs(float(whole[k] - rise)) < 1e-10
    sizes = found.extra["covariance"].diagonal(dim1=1, dim2=2)
    assert float(sizes.min()) > -1e-10


def test_no_digits_are_lost_between_short_and_long(close):
    """Both sides of the change from Gauss nodes to error functions."""
    t, w = gauss(400)
    for a in (1e-8, 0.1, 1.999, 2.001, 50.0, 5000.0):
        b, c = torch.tensor([0.3, -1.0, 2.0]).double() * math.sqrt(a), torch.ones(3).double()
        i0, i1 = bell_integrals(torch.full_like(b, a), b, c)
        bell = torch.exp(-(a * t * t + b[:, None] * t + c[:, None]) / 2) * w
        close(i0, bell.sum(1), 1e-11)
        close(i1, (t * bell).sum(1), 1e-11)
        delta = torch.tensor([[math.sqrt(a)]], dtype=torch.float64)
        u = 2 * (1 - t) * torch.exp(-a * t * t / 2) * w
        expected = a * u.sum() - a * a * (t * t * u).sum()
        close(prior_covariance(delta, torch.ones(1).double()), expected.view(1, 1, 1), 1e-9)
    nothing = torch.zeros(1, 3, dtype=torch.float64)
    assert float(line_integrals(nothing, nothing, POINTS, SCALE).abs().max()) == 0
    assert float(prior_covariance(nothing, SCALE).abs().max()) == 0


def test_several_outputs_and_their_margin(close):
    two = xc.GaussianProcess(POINTS, torch.stack([Y, Y.cos()], 1), SCALE, S2, NOISE).eval()
    first, second = (xc.gaussian_process_ig(two, X, k, return_details=True) for k in (0, 1))
    close(first.extra["covariance"], second.extra["covariance"], 1e-12)
    larger = two(X).argmax(1)
    margin = xc.gaussian_process_ig(two, X, output="margin", return_details=True)
    sign = 1 - 2 * larger[:, None].double()
    close(margin.values, sign * (first.values - second.values), 1e-12)
    close(margin.extra["covariance"], 2 * first.extra["covariance"], 1e-12)
    scaled = xc.gaussian_process_ig(two, X, 0, output="probability", return_details=True)
    assert "covariance" not in scaled.extra


# ---- links ---------------------------------------------------------------------------------------

# E[g'(f) d f] for f of mean m and variance v, its derivative of mean n and covariance c with it
FORMULAS = {
    "probit": lambda m, v, n, c: (
        (2 * math.pi * (1 + v)) ** -0.5 * (-(m**2) / (2 * (1 + v))).exp() * (n - c * m / (1 + v))
    ),
    "exponential": lambda m, v, n, c: (m + v / 2).exp() * (n + c),
    "square": lambda m, v, n, c: 2 * (m * n + c),
}


@pytest.mark.parametrize("link", FORMULAS)
def test_links_against_the_papers_formulas(link, process, close):
    t, w = gauss(60)
    expected = torch.zeros_like(X)
    for k in range(len(X)):
        delta = X[k] - START[k]
        for place, weight in zip(t, w, strict=True):
            z = START[k] + place * delta
            mean, spread = process(z[None])[0], posterior(z, z)
            slope = torch.func.grad(lambda p: process(p[None])[0])(z)
            along = torch.func.grad(posterior, argnums=0)(z, z)  # Cov(f, d_i f)
            expected[k] += weight * delta * FORMULAS[link](mean, spread, slope, along)
    found = xc.gaussian_process_ig(process, X, link=link, baseline=START, return_details=True)
    close(found.values, expected, 1e-8)
    assert float(found.gap.abs().max()) < 1e-8


def test_sigmoid_against_samples(process):
    """The ends are E[sigmoid(f)] by two hundred thousand draws; the map is complete."""
    found = xc.gaussian_process_ig(process, X, link="sigmoid", return_details=True)
    draws = normal(200_000, 1, seed=8)
    sampled = torch.sigmoid(process(X) + process.spread(X).sqrt() * draws).mean(0)
    assert float((found.f_end - sampled).abs().max()) < 3e-3
    assert float(found.gap.abs().max()) < 1e-8
    naive = xc.integrated_gradients(lambda x: torch.sigmoid(process(x)), X)
    assert float((naive - found.values).norm() / found.values.norm()) > 0.02


# ---- what is refused -----------------------------------------------------------------------------


def test_bad_input(process):
    with pytest.raises(ValueError, match="link 'logit' is unknown"):
        xc.gaussian_process_ig(process, X, link="logit")
    with pytest.raises(TypeError, match="link='probit' needs the variance of a GaussianProcess"):
        xc.gaussian_process_ig(lambda x: x[:, 0], X, link="probit")
    with pytest.raises(ValueError, match=r"x has shape \(4, 3, 1\), but must be rows"):
        xc.gaussian_process_ig(lambda x: x.sum((1, 2)), X[:, :, None])
    with pytest.raises(ValueError, match="quadrature must be one of"):
        xc.gaussian_process_ig(process, X, quadrature="adaptive")
    with pytest.raises(ValueError, match=r"takes x of shape \(N, 3\) in torch.float64"):
        process(X[:, :2])
    with pytest.raises(ValueError, match="lengthscale must be above 0"):
        xc.GaussianProcess(POINTS, Y, lengthscale=0.0)
    with pytest.raises(ValueError, match=r"got \(15, 3\) and \(14,\)"):
        xc.fit_gaussian_process(POINTS, Y[:-1])
    with pytest.raises(TypeError, match="y must be a tensor of floating"):
        xc.fit_gaussian_process(POINTS, Y.long())
    with pytest.raises(ValueError, match="x holds NaN"):
        xc.fit_gaussian_process(POINTS * torch.nan, Y)
