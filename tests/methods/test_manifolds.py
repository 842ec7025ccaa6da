"""Paths and baselines by a data manifold: circles, flat manifolds, and loops after the papers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.methods.integrated.manifolds import Chart, energy_and_gradient, geodesic
from xaicourse.methods.integrated.tangential import tangent_basis

search = settings(max_examples=6, deadline=None, derandomize=True)


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Two:
    """A manifold of two functions."""

    def __init__(self, encode, decode) -> None:
        self.encode, self.decode = encode, decode


def circle(time=lambda angle: angle, angle_of=lambda z: z) -> Two:
    """The unit circle; z is its angle on a clock that may run unevenly."""
    return Two(
        lambda x: time(torch.atan2(x[:, 1:], x[:, :1])),
        lambda z: torch.cat([angle_of(z).cos(), angle_of(z).sin()], 1),
    )


FLAT = Two(lambda x: x, lambda z: z)
A, B = normal(8, 5, seed=1), normal(3, 8, seed=2)
X = normal(3, 5, seed=3)
SHEET = Two(
    lambda x: x[:, :2],
    lambda z: torch.cat([z, z.sin() + z.flip(1).square() / 4, z.prod(1, keepdim=True)], dim=1),
)


def net(x: Tensor) -> Tensor:
    return torch.tanh(x @ A.T) @ B.T


# ---- manifold_ig: closed forms -------------------------------------------------------------------

CIRCLE = {
    "x1 x2": (lambda x: x.prod(1), (-math.pi / 4, math.pi / 4)),
    "x1^2": (lambda x: x[:, 0] ** 2, (-1.0, 0.0)),
    "x1 x2 + x1": (lambda x: x.prod(1) + x[:, 0], (-1 - math.pi / 4, math.pi / 4)),
}


@pytest.mark.parametrize("name", CIRCLE)
@pytest.mark.parametrize("clock", ["even", "cubed"])
def test_quarter_of_a_circle(name, clock, close):
    """From (1, 0) to (0, 1); how the codes run over it does not matter."""
    model, expected = CIRCLE[name]
    cube_root = lambda t: t.abs().pow(1 / 3) * t.sign()  # noqa: E731
    way = circle() if clock == "even" else circle(cube_root, lambda z: z**3)
    found = xc.manifold_ig(
        model, row(0, 1), baseline=row(1, 0), manifold=way, steps=3000, return_details=True
    )
    close(found.values, row(*expected), 1e-6)
    close(found.endpoints[1], row(0, 1), 1e-12)
    assert abs(float(found.gap)) < 1e-6
    mean_times_distance = {"x1^2": -4 / math.pi, "x1 x2 + x1": -2 / math.pi - 1}
    if name in mean_times_distance:  # what the authors' program returns
        assert abs(float(found.values[0, 0]) - mean_times_distance[name]) > 0.1


def test_geodesic_runs_evenly_with_least_energy(close):
    """T pieces of a quarter circle have the energy 2 T^2 sin(pi / 4 T)^2."""
    chart = Chart(circle(lambda a: (a + 1).log(), lambda z: z.exp() - 1), row(0, 1))
    start, end = chart.encode(row(1, 0)), chart.encode(row(0, 1))
    z = geodesic(chart, start, end, 20, 200)
    angle = (z.exp() - 1)[0, :, 0]
    close(angle, torch.linspace(0, math.pi / 2, 21).double(), 1e-7)
    energy, slope = energy_and_gradient(chart, z)
    close(energy, row(2 * 400 * math.sin(math.pi / 80) ** 2)[0], 1e-12)
    assert abs(float(energy) - 1.23307) < 5e-6
    assert float(slope.norm()) < 1e-6
    straight = geodesic(chart, start, end, 20, 0)
    assert float(energy_and_gradient(chart, straight)[0]) > 1.3


@pytest.mark.parametrize("quadrature", ["midpoint", "gauss_legendre"])
def test_an_affine_manifold_gives_integrated_gradients_between_reconstructions(quadrature, close):
    basis = torch.linalg.qr(normal(5, 3, seed=5)).Q
    shift = normal(5, seed=6)
    plane = Two(lambda x: (x - shift) @ basis, lambda z: z @ basis.T + shift)
    ends = [plane.decode(plane.encode(x)) for x in (0 * X, X)]
    found = xc.manifold_ig(net, X, 0, manifold=plane, quadrature=quadrature, return_details=True)
    expected = xc.integrated_gradients(net, ends[1], 0, baseline=ends[0], quadrature=quadrature)
    close(found.values, expected, 1e-10)
    close(found.endpoints[0], ends[0], 1e-12)
    close(xc.manifold_ig(net, X, 0), xc.integrated_gradients(net, X, 0, quadrature="midpoint"))


def test_against_a_loop(close):
    """The descent of the paper, z_i - eta J^T (second difference) / dt, and the line integral."""
    start, end, pieces = SHEET.encode(0 * X), SHEET.encode(X), 3
    z = torch.stack([torch.lerp(start, end, k / pieces) for k in range(pieces + 1)])  # (T+1, N, 2)
    for _ in range(300):
        points = torch.stack([SHEET.decode(code) for code in z])
        for i in range(1, pieces):
            code = z[i].clone().requires_grad_(True)
            second = (points[i + 1] - 2 * points[i] + points[i - 1]) * pieces
            (back,) = torch.autograd.grad(SHEET.decode(code), code, second)
            z[i] += 0.03 * back
    total = torch.zeros_like(X)
    for k in range(pieces):
        for j in range(20):
            a, m, b = (SHEET.decode(torch.lerp(z[k], z[k + 1], (j + s) / 20)) for s in (0, 0.5, 1))
            m.requires_grad_(True)
            total += (b - a) * torch.autograd.grad(net(m)[:, 1].sum(), m)[0]
    found = xc.manifold_ig(
        net, X, 1, manifold=SHEET, pieces=pieces, iterations=200, steps=60, return_details=True
    )
    close(found.extra["knots"].transpose(0, 1), z, 1e-6)
    close(found.values, total, 1e-6)


@search
@given(seed=st.integers(0, 1000))
def test_the_way_gets_shorter_and_the_map_complete(seed):
    x = normal(2, 5, seed=seed)
    chart = Chart(SHEET, x)
    ends = chart.encode(0 * x), chart.encode(x)
    energies = [energy_and_gradient(chart, geodesic(chart, *ends, 5, n))[0] for n in (0, 3, 30)]
    assert bool((energies[1] <= energies[0] * (1 + 1e-9)).all())
    assert bool((energies[2] <= energies[1] * (1 + 1e-9)).all())
    found = xc.manifold_ig(net, x, manifold=SHEET, steps=500, return_details=True)
    assert float(found.relative_gap.max()) < 1e-3


# ---- manifold_aligned_guided_ig ------------------------------------------------------------------


def guided(model, x, **asked):
    return xc.manifold_aligned_guided_ig(model, x, return_details=True, **asked)


def test_the_calmest_moves_first(close):
    """(2 x1 + x2)^2 from d (1, 1) to (3, 3), 2 K pieces: x2 first, then x1, each exact."""
    d = 0.01
    model = lambda x: (2 * x[:, 0] + x[:, 1]) ** 2  # noqa: E731
    found = guided(model, row(3, 3), baseline=d, pieces=20)
    close(found.values, row(81 - (3 + 2 * d) ** 2, (3 + 2 * d) ** 2 - 9 * d * d), 1e-12)
    assert bool((found.extra["knots"][0, :11, 0] == d).all())
    assert bool((found.extra["knots"][0, 10:, 1] == 3).all())


def test_equal_slopes_move_together(close):
    found = guided(lambda x: x.sum(1) ** 2, row(2, 2), pieces=7)
    close(found.values, row(8, 8), 1e-12)


def test_all_codes_at_once_are_the_straight_line_of_codes(close):
    """fraction 1: what remains is a straight line of codes, and the bridges at its ends."""
    asked = {"manifold": SHEET, "baseline": 0.3}
    found = guided(net, X, target=0, fraction=1.0, pieces=400, **asked)
    knots = found.extra["knots"]
    share = torch.linspace(0, 1, 401, dtype=torch.float64)[None, :, None]
    close(knots, torch.lerp(knots[:, :1], knots[:, -1:], share), 1e-12)
    straight = xc.manifold_ig(net, X, 0, iterations=0, steps=400, return_details=True, **asked)
    bridges = [
        xc.integrated_gradients(net, b, 0, baseline=a, quadrature="midpoint", steps=8)
        for a, b in ((0 * X + 0.3, straight.endpoints[0]), (straight.endpoints[1], X))
    ]
    close(found.values, straight.values + bridges[0] + bridges[1], 1e-5)
    rise, inside = (one.f_end - one.f_start for one in (found, straight))
    close(found.extra["bridged"].sum(1), rise - inside, 1e-9)


def test_an_additive_model_on_a_flat_manifold_gives_integrated_gradients(close):
    model = lambda x: (x.sin() + x**2).sum(1)  # noqa: E731
    flat = guided(model, X, manifold=FLAT, pieces=300, fraction=0.3)
    close(flat.values, xc.integrated_gradients(model, X), 1e-3)
    close(flat.values, X.sin() + X**2, 1e-3)
    close(flat.values, guided(model, X, pieces=300, fraction=0.3).values, 1e-12)
    close(flat.extra["bridged"], torch.zeros(3, 2).double(), 1e-12)


@pytest.mark.parametrize("target", [0, 1, 2])
def test_against_a_loop_over_single_codes(target, close):
    """The guided walk as the paper has it: one row, one code after the other."""
    pieces, fraction = 9, 0.4
    found = guided(net, X, target=target, manifold=SHEET, pieces=pieces, fraction=fraction)
    for k in range(len(X)):
        z, end = (SHEET.encode(x)[0].tolist() for x in (0 * X[k : k + 1], X[k : k + 1]))
        whole = sum(abs(b - a) for a, b in zip(z, end, strict=True))
        for step in range(pieces - 1):
            close(found.extra["knots"][k, step], row(*z)[0], 1e-10)
            code = row(*z).requires_grad_(True)
            (slope,) = torch.autograd.grad(net(SHEET.decode(code))[0, target], code)
            budget = whole / pieces
            for j in slope[0].abs().argsort().tolist():  # two codes: the first, then the other
                part = min(1.0, budget / abs(end[j] - z[j])) if end[j] != z[j] else 0.0
                budget -= part * abs(end[j] - z[j])
                z[j] += part * (end[j] - z[j])
    close(found.extra["knots"][:, -1], SHEET.encode(X), 1e-12)


def test_in_the_whole_space_it_is_guided_ig_without_a_bound(close):
    for pieces, fraction in ((10, 0.25), (7, 0.6)):
        asked = {"fraction": fraction, "max_dist": 1.0, "quadrature": "midpoint", "steps": pieces}
        expected = xc.guided_ig(net, X, moves=pieces, return_details=True, **asked)
        found = guided(net, X, pieces=pieces, fraction=fraction)
        close(found.extra["knots"], expected.extra["path"], 1e-12)
        close(found.values, expected.values, 1e-10)


@search
@given(seed=st.integers(0, 1000))
def test_complete_from_x_to_x(seed):
    x = normal(2, 5, seed=seed)
    found = guided(net, x, manifold=SHEET, pieces=20, quadrature="midpoint", steps=600)
    assert torch.equal(found.endpoints[1], x)
    assert float(found.endpoints[0].abs().max()) == 0
    assert bool((found.gap.abs() < 0.002 * found.values.abs().sum(1)).all())


# ---- tangentially_aligned_ig ---------------------------------------------------------------------

LINE = Two(lambda x: x[:, :1], lambda z: torch.cat([z, 2 * z, -z], 1))


def test_a_linear_model_can_be_aligned_by_hand(close):
    """F = w x, tangent t: from x - c t / w the map is c t itself, and mu is 1."""
    w, t, x = row(1, -2, 3), row(1, 2, -1), row(0.5, 1, 2)
    model = lambda x: (x * w).sum(1)  # noqa: E731
    given = torch.cat([row(0, 0, 0), x - 0.7 * t / w, row(1, 1, 1)])
    asked = {"manifold": LINE, "baselines": given, "search": 0, "return_details": True}
    found = xc.tangentially_aligned_ig(model, x, **asked)
    close(found.values, 0.7 * t, 1e-12)
    close(found.extra["alignment"], row(1)[0], 1e-12)
    maps = [(x - start) * w for start in given]
    expected = [abs(float((a * t).sum())) / float(a.norm() * t.norm()) for a in maps]
    close(found.extra["candidates"], row(*expected), 1e-10)


def test_the_search_finds_an_aligned_baseline():
    w, x = row(1, -2, 3), row(0.5, 1, 2)
    model = lambda x: (x * w).sum(1)  # noqa: E731
    last = 0.0
    for steps in (0, 5, 60):
        found = xc.tangentially_aligned_ig(
            model, x, manifold=LINE, search=steps, return_details=True
        )
        assert float(found.extra["alignment"]) >= last
        last = float(found.extra["alignment"])
    assert last > 0.999
    inside = xc.tangentially_aligned_ig(
        model, x, manifold=LINE, bounds=(0.0, 2.0), return_details=True
    )
    assert float(inside.endpoints[0].min()) >= 0


def test_the_slope_of_the_search_is_that_of_the_alignment(close):
    """Against finite differences, for a linear model, where nothing is left out."""
    from xaicourse.core.gradients import ask
    from xaicourse.methods.integrated.tangential import Look, _slope

    w, x = row(1, -2, 3), row(0.5, 1, 2)
    question = ask(lambda x: (x * w).sum(1), x)
    tangents = tangent_basis(Chart(LINE, x), LINE.encode(x))
    start, h = row(0.1, 0.2, -0.3), 1e-6
    square = lambda s: float(Look.at(question, s, tangents).alignment) ** 2  # noqa: E731
    slope = [
        (square(start + h * e) - square(start - h * e)) / (2 * h)
        for e in torch.eye(3, dtype=torch.float64)
    ]
    close(2 * _slope(Look.at(question, start, tangents), tangents), row(*slope), 1e-6)


def test_tangents_are_those_of_the_jacobian(close):
    z = SHEET.encode(X)
    basis = tangent_basis(Chart(SHEET, X), z)
    for k in range(len(z)):
        jacobian = torch.func.jacrev(lambda code: SHEET.decode(code[None])[0])(z[k])
        projector = jacobian @ torch.linalg.pinv(jacobian)
        close(basis[k] @ basis[k].T, projector, 1e-10)
    flat = Two(lambda x: x[:, :2], lambda z: z[:, :1].expand(-1, 5))  # moves in one direction only
    basis = tangent_basis(Chart(flat, X), z)
    close(basis @ basis.transpose(1, 2), torch.full((3, 5, 5), 0.2, dtype=torch.float64), 1e-10)


def test_candidates_are_integrated_gradients(close):
    given = (0.0, 0.5, -0.2)
    found = xc.tangentially_aligned_ig(
        net, X, 0, manifold=SHEET, baselines=given, search=0, return_details=True
    )
    basis = tangent_basis(Chart(SHEET, X), SHEET.encode(X))
    maps = [
        xc.integrated_gradients(net, X, 0, baseline=b, steps=16, quadrature="midpoint")
        for b in given
    ]
    share = [(torch.einsum("ndr,nd->nr", basis, a).norm(dim=1) / a.norm(dim=1)) for a in maps]
    close(found.extra["candidates"], torch.stack(share, 1), 1e-10)
    best = torch.stack(share, 1).argmax(1)
    expected = torch.stack([xc.integrated_gradients(net, X, 0, baseline=b) for b in given])
    close(found.values, expected[best, torch.arange(3)], 1e-10)
    assert len(set(best.tolist())) > 1, "all rows choose alike: try other candidates"


# ---- Fashion-MNIST -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fashion():
    x, labels = xc.datasets.fashion_mnist(n=3)
    return xc.zoo.load("fashion_cnn"), x, labels, xc.zoo.fashion_autoencoder()


def test_all_three_on_pictures(fashion):
    model, x, labels, manifold = fashion
    found = xc.manifold_ig(model, x, labels, manifold=manifold, return_details=True)
    assert float(found.relative_gap.max()) < 0.05
    assert relative_error(found.endpoints[1], manifold(x)) <= 1e-6
    along = guided(model, x, target=labels, manifold=manifold, tol=0.1)
    assert torch.equal(along.endpoints[1], x)
    assert float(along.map_error.max()) < 0.1
    aligned, plain = (
        xc.tangentially_aligned_ig(
            model, x, labels, manifold=manifold, search=n, return_details=True
        ).extra["alignment"]
        for n in (8, 0)
    )
    assert bool((aligned > plain + 0.05).all())


# ---- what is refused -----------------------------------------------------------------------------

METHODS = [xc.manifold_ig, xc.manifold_aligned_guided_ig, xc.tangentially_aligned_ig]


@pytest.mark.parametrize("method", METHODS)
def test_bad_manifolds(method):
    class Half:
        encode = staticmethod(lambda x: x)

    cases = {
        "manifold must have encode.*Half has no decode": (TypeError, Half()),
        "training mode; call manifold.eval": (ValueError, torch.nn.Identity().train()),
        r"codes \(N, d\), here \(3, d\), but it gives \(3,\)": (
            ValueError,
            Two(lambda x: x[:, 0], lambda z: z),
        ),
        r"points like x, \(5,\) a row, but it gives \(\d+, 2\)": (
            ValueError,
            Two(lambda x: x[:, :2], lambda z: z),
        ),
        "NaN or infinite codes": (ValueError, Two(lambda x: (x - 9).sqrt(), lambda z: z)),
    }
    for says, (error, manifold) in cases.items():
        if isinstance(manifold, torch.nn.Module):
            manifold.encode = manifold.decode = manifold.forward
        with pytest.raises(error, match=says):
            method(net, X, manifold=manifold)


def test_bad_settings():
    with pytest.raises(ValueError, match="fraction must be above 0 and at most 1, got 0"):
        guided(net, X, fraction=0)
    with pytest.raises(TypeError, match="fraction must be a number"):
        guided(net, X, fraction="all")
    with pytest.raises(ValueError, match="pieces must be at least 1"):
        xc.manifold_ig(net, X, pieces=0)
    with pytest.raises(ValueError, match="iterations must be at least 1"):
        xc.manifold_ig(net, X, iterations=-1)
    with pytest.raises(ValueError, match="search must be at least 1"):
        xc.tangentially_aligned_ig(net, X, search=-1)
    with pytest.raises(ValueError, match="bounds must hold x"):
        xc.tangentially_aligned_ig(net, X, bounds=(0.0, 0.1))
