"""Geodesic IG: known geodesics, an optimiser that knows nothing of ours, all ways of a graph."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth, wave
from xaicourse.core.quadrature import quadrature
from xaicourse.methods.integrated.geodesic import geodesic

geodesic_ig = xc.geodesic_ig


def details(model, x: Tensor, target=None, **how) -> xc.Attribution:
    return geodesic_ig(model, x, target, return_details=True, **how)


def hill(x: Tensor) -> Tensor:
    """Rise slowly, with a hill on the straight line from (0, 0) to (2, 1)."""
    return x[:, 0] + 4 * torch.exp(-4 * (x - 0.7).square().sum(1))


# ---- known geodesics -----------------------------------------------------------------------------


def stiffness_for(lam: float, model, start: Tensor, end: Tensor, pieces: int) -> float:
    """Return the stiffness at which lambda has this value."""
    t = torch.arange(pieces + 1, dtype=torch.float64)[:, None] / pieces
    change = pieces * model(start + t * (end - start)).diff().square().sum()
    return math.sqrt(lam * float((end - start).square().sum() / change))


def test_on_a_sphere_it_is_a_great_circle(close):
    """F = sqrt(2 - |x|^2) with lambda = 1 is the sphere's height over the plane."""
    model = lambda x: (2 - x.square().sum(1)).sqrt()  # noqa: E731
    start, end, pieces = row(-1.2, 0.3), row(1.0, 0.6), 64
    rho = stiffness_for(1.0, model, start, end, pieces)
    found = details(model, end, baseline=start, pieces=pieces, stiffness=rho, search=30, steps=640)
    a, b = (torch.cat([p[0], model(p)]) for p in (start, end))
    angle = torch.acos(a @ b / 2)

    def arc(t: Tensor) -> Tensor:
        t = t[:, None]
        return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)

    t = torch.linspace(0, 1, pieces + 1, dtype=torch.float64)
    close(found.extra["path"][0], arc(t)[:, :2], 1e-3)
    fine = arc(torch.linspace(0, 1, 20001, dtype=torch.float64))
    middle, step = (fine[1:] + fine[:-1]) / 2, fine.diff(dim=0)
    close(found.values[0], (-middle[:, :2] / middle[:, 2:] * step[:, :2]).sum(0), 2e-3)
    straight = xc.integrated_gradients(model, end, baseline=start)
    assert float((found.values - straight).norm() / straight.norm()) > 0.05


@pytest.mark.parametrize("how", [{}, {"stiffness": 0.01}, {"data": wave(7, 5, step=2)}], ids=str)
def test_a_linear_model_gets_weight_times_distance(how, close):
    """Whatever the path. A sum of gradients times its length would be off by that length."""
    weight = wave(5)
    found = details(lambda x: x @ weight, X, baseline=BASE, **how)
    close(found.values, weight * (X - BASE), 1e-12)
    if "data" not in how:
        t = torch.linspace(0, 1, 17, dtype=torch.float64)[:, None]
        close(found.extra["path"], BASE[:, None] + t * (X - BASE)[:, None], 1e-12)


@pytest.mark.parametrize("how", [{}, {"data": wave(7, 5, step=2), "neighbours": 2}], ids=str)
def test_an_additive_model_does_not_see_the_path(how, close):
    model = lambda x: (torch.sin(2 * x) + x**2).sum(1)  # noqa: E731
    exact = torch.sin(2 * X) + X**2 - torch.sin(2 * BASE) - BASE**2
    found = details(model, X, baseline=BASE, steps=1600, **how)
    close(found.values, exact, 1e-5)


def test_no_path_keeps_shares_from_cancelling(close):
    """x1 - x2 from (0, 0) to (1, 1): (1, -1) by every path, though it rises by nothing."""
    model = lambda x: x[:, 0] - x[:, 1]  # noqa: E731
    for how in (
        {},
        {"data": torch.rand(5, 2, generator=torch.Generator().manual_seed(0)).double()},
    ):
        found = details(model, row(1, 1), **how)
        close(found.values, row(1, -1), 1e-12)
    assert math.isinf(float(details(model, row(1, 1)).extra["cancellation"]))
    assert float(details(model, row(3, 1)).extra["cancellation"]) == pytest.approx(2)


def test_it_goes_round_a_hill(close):
    """Over the hill F varies by 5.5; round it by its rise, 1.9, and nothing is negative."""
    x = row(2, 1)
    over = xc.integrated_gradients(hill, x)
    found = details(hill, x)
    variation = hill(found.extra["path"][0]).diff().abs().sum()
    close(variation[None], found.f_end - found.f_start, 1e-3)
    assert float(over.min()) < -0.4
    assert float(found.values.min()) > 0.5
    assert float(found.extra["cancellation"]) == pytest.approx(1, rel=1e-2)
    stiff = details(hill, x, stiffness=1000.0, steps=320)
    close(stiff.values, xc.integrated_gradients(hill, x, quadrature="midpoint", steps=500), 1e-3)


# ---- another optimiser ---------------------------------------------------------------------------


@pytest.mark.parametrize("stiffness", [0.2, 1.0])
def test_against_an_optimiser_that_is_told_the_energy_alone(stiffness):
    """The sum over pieces as it stands in the docstring, minimised by BFGS."""
    pieces, model = 6, lambda x: smooth(x)[:, 0]
    for k in range(2):
        start, end = BASE[k], X[k]
        t = torch.arange(pieces + 1, dtype=torch.float64)[:, None] / pieces
        straight = start + t * (end - start)
        level = model(straight).diff().square().sum() * pieces
        lam = stiffness**2 * level / (end - start).square().sum()

        def energy(inner, straight=straight, lam=lam):
            inner = torch.as_tensor(inner, dtype=torch.float64).view(pieces - 1, 5)
            points = torch.cat([straight[:1], inner, straight[-1:]])
            move = points.diff(dim=0).square().sum()
            return pieces / 2 * (model(points).diff().square().sum() + lam * move)

        def with_slope(inner, energy=energy):
            z = torch.tensor(inner, dtype=torch.float64, requires_grad=True)
            e = energy(z)
            return e.item(), torch.autograd.grad(e, z)[0].numpy()

        best = minimize(with_slope, straight[1:-1].flatten().numpy(), jac=True, tol=1e-10)
        found = details(
            smooth, X[k : k + 1], 0, baseline=BASE[k : k + 1], pieces=pieces, stiffness=stiffness,
            search=40,
        )  # fmt: skip
        ours = float(energy(found.extra["path"][0, 1:-1].flatten()))
        assert ours <= best.fun * (1 + 1e-3)
        assert ours < 0.999 * float(energy(straight[1:-1].flatten()))


vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(x=vectors, base=vectors, stiffness=st.floats(0.05, 3))
def test_it_never_varies_more_than_the_straight_line(x, base, stiffness):
    rough = lambda x: torch.sin(2 * net(x)[:, 0])  # noqa: E731  (no tangent leads far)
    found = details(rough, x, baseline=base, stiffness=stiffness, pieces=8, steps=800)
    t = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
    straight = (base + t * (x - base))[None]
    f, line = (rough(p[0]) for p in (found.extra["path"], straight))
    change = line.diff().square().sum()
    lam = stiffness**2 * change / (x - base).square().sum().clamp_min(1e-300)
    ours, theirs = (
        s.diff().square().sum() + lam * p[0].diff(dim=0).square().sum()
        for s, p in ((f, found.extra["path"]), (line, straight))
    )
    assert float(ours) <= float(theirs) * (1 + 1e-12) + 1e-20
    assert abs(float(found.gap)) <= 0.05
    assert torch.equal(found.endpoints[0], base)
    assert torch.equal(found.endpoints[1], x)


# ---- through data --------------------------------------------------------------------------------


def all_ways(points: list[Tensor], edges: dict, last: int):
    """Yield every way from vertex 0 to the last one that meets none twice, with its length."""
    for n in range(last):
        for inner in itertools.permutations(range(1, last), n):
            way = (0, *inner, last)
            pairs = [tuple(sorted(pair)) for pair in itertools.pairwise(way)]
            if all(pair in edges for pair in pairs):
                yield sum(edges[pair] for pair in pairs), way


def graph_by_hand(model, points: list[Tensor], neighbours: int) -> dict:
    """Return each edge's length: 5 Gauss nodes, one gradient at a time."""
    count = len(points)
    distance = [[float((a - b).norm()) for b in points] for a in points]
    edges = set()
    for i in range(count):
        near = sorted((j for j in range(count) if j != i), key=lambda j, i=i: distance[i][j])
        edges |= {tuple(sorted((i, j))) for j in near[:neighbours]}
    groups = [{i} for i in range(count)]  # Kruskal: the shortest bridges
    for i, j in sorted(itertools.combinations(range(count), 2), key=lambda e: distance[e[0]][e[1]]):
        one, other = (next(g for g in groups if k in g) for k in (i, j))
        if one is not other:
            edges.add((i, j))
            groups = [g for g in groups if g not in (one, other)] + [one | other]
    nodes, weights = quadrature("gauss_legendre", 5)
    return {
        (i, j): distance[i][j] * sum(
            float(w) * float(gradient(model, points[i] + t * (points[j] - points[i])).norm())
            for t, w in zip(nodes, weights, strict=True)
        )
        for i, j in edges
    }  # fmt: skip


@pytest.mark.parametrize("neighbours", [1, 2, 6])
def test_the_shortest_of_all_ways_through_the_graph(neighbours, close):
    data = wave(4, 5, step=0.6)
    model = lambda x: smooth(x)[:, 1]  # noqa: E731
    found = details(smooth, X, 1, baseline=BASE, data=data, neighbours=neighbours,
                    steps=60)  # fmt: skip
    for k in range(4):
        points = [BASE[k], *data, X[k]]
        edges = graph_by_hand(model, points, neighbours)
        _, way = min(all_ways(points, edges, 5))
        assert int(found.extra["pieces"][k]) == len(way) - 1
        close(found.extra["path"][k][: len(way)], torch.stack([points[v] for v in way]), 0.0)
        parts = [
            xc.integrated_gradients(smooth, points[b][None], 1, baseline=points[a][None],
                                    steps=60 // (len(way) - 1), quadrature="midpoint")
            for a, b in itertools.pairwise(way)
        ]  # fmt: skip
        close(found.values[k], torch.stack(parts).sum(0)[0], 1e-10)


def test_a_row_has_a_graph_of_its_own(close):
    data = wave(6, 5, step=0.6)
    whole = geodesic_ig(net, X, 1, baseline=BASE, data=data, neighbours=2)
    for k in range(4):
        alone = geodesic_ig(net, X[k : k + 1], 1, baseline=BASE[k : k + 1], data=data, neighbours=2)
        close(whole[k : k + 1], alone, 1e-12)


def test_one_edge_and_points_on_the_line_are_integrated_gradients(close):
    far = 100 + wave(1, 5)
    direct = details(smooth, X, 0, baseline=BASE, data=far, steps=7,
                     quadrature="gauss_legendre")  # fmt: skip
    assert direct.extra["pieces"].tolist() == [1] * 4
    close(direct.values, xc.integrated_gradients(smooth, X, 0, baseline=BASE, steps=7), 1e-13)
    on_the_line = torch.cat([torch.lerp(BASE[:1], X[:1], a) for a in (0.2, 0.5, 0.9)])
    found = details(smooth, X[:1], 0, baseline=BASE[:1], data=on_the_line, neighbours=1, steps=80)
    assert found.extra["pieces"].tolist() == [4]
    ig = xc.integrated_gradients(smooth, X[:1], 0, baseline=BASE[:1], steps=80)
    close(found.values, ig, 1e-3)


def test_where_f_is_flat_the_shorter_way_wins():
    """All edges cost nothing there; x, x' or a double among the data do not disturb."""
    flat = lambda x: 0 * x.sum(1)  # noqa: E731
    data = torch.cat([X[:1], BASE[:1], X[:1], wave(3, 5)])
    found = details(flat, X[:1], baseline=BASE[:1], data=data, neighbours=8)
    assert float(found.values.abs().max()) == 0
    lengths = found.extra["path"][0].diff(dim=0).norm(dim=1)
    assert float(lengths.sum()) == pytest.approx(float((X[0] - BASE[0]).norm()))
    far = lambda x: torch.relu(x[:, 0] - 50)  # noqa: E731  (steep behind the last point only)
    around = torch.tensor([[1.5, 0.5], [1, 0], [2, 0], [100, 0]]).double()
    found = details(far, row(3, 0), data=around, neighbours=2)
    assert float(found.extra["path"][0, :, 1].abs().max()) == 0  # not by (1.5, 0.5)


def moons(n: int, noise: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    angle = torch.linspace(0, math.pi, n, dtype=torch.float64)
    one = torch.stack([angle.cos(), angle.sin()], dim=1)
    points = torch.cat([one, torch.tensor([1.0, 0.5]).double() - one])
    points = points + noise * torch.randn(points.shape, generator=generator, dtype=torch.float64)
    return points, torch.arange(2 * n) // n


def test_within_a_moon_explanations_agree_better():
    """The paper's experiment: sum of |A| varies less inside a class than that of straight lines."""
    x, y = moons(100, 0.1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [torch.nn.Linear(2, 10), torch.nn.ReLU(), torch.nn.Linear(10, 10), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers, torch.nn.Linear(10, 2)).double()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.requires_grad_(False)
    some = x[y == 1][::12]
    how = {"baseline": torch.tensor([[-0.5, -0.5]]).double(), "output": "probability"}
    straight = xc.integrated_gradients(model, some, 1, steps=200, **how).abs().sum(1)
    bent = details(model, some, 1, data=x[::4], neighbours=5, steps=200, **how)
    assert float(bent.relative_gap.max()) < 0.05
    assert float(bent.values.abs().sum(1).std()) < 0.7 * float(straight.std())


# ---- the door, and what is refused ---------------------------------------------------------------


def test_it_is_a_path_like_any_other(close):
    """Under a weight, from the public door; its gradients are counted."""
    whole = details(hill, row(2, 1), pieces=4, steps=200)
    door = xc.path_attribution(
        hill, row(2, 1), path=geodesic(pieces=4), steps=200, quadrature="midpoint",
        return_details=True,
    )  # fmt: skip
    close(door.values, whole.values, 1e-3)
    spent = int(whole.gradients) - 200
    assert spent == int(door.gradients) - 200
    assert spent % 3 == 0
    assert 3 <= spent <= 30
    left = xc.path_attribution(hill, row(2, 1), path=geodesic(), weight="left", return_details=True)
    assert float(left.values.sum()) == pytest.approx(0.9 * float(hill(row(2, 1)) - hill(row(0, 0))),
                                                     rel=0.05)  # fmt: skip
    adaptive = details(hill, row(2, 1), tol=0.02)
    close(adaptive.values, details(hill, row(2, 1), steps=640).values, 0.02)


REFUSED = [
    ({"stiffness": 0}, ValueError, "stiffness must be a number above 0, such as 0.5, got 0"),
    ({"stiffness": "hard"}, ValueError, "stiffness must be a number above 0"),
    ({"pieces": 0}, ValueError, "pieces must be at least 1"),
    ({"pieces": 1}, ValueError, "pieces must be at least 2"),
    ({"search": 0}, ValueError, "search must be at least 1"),
    ({"neighbours": 0, "data": X}, ValueError, "neighbours must be at least 1"),
    ({"data": X[:, :3]}, ValueError, r"data has rows of shape \(3,\), but those of x have \(5,\)"),
    ({"data": [1.0]}, TypeError, "data"),
    ({"data": X[:0]}, ValueError, "data"),
    ({"steps": 0}, ValueError, "steps must be at least 1"),
    ({"quadrature": "simpson"}, ValueError, "quadrature must be one of"),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, error, words):
    with pytest.raises(error, match=words):
        geodesic_ig(net, X, 0, **bad)


def test_nothing_to_explain():
    still = details(net, X, 0, baseline=X)
    assert not bool(still.values.any())
