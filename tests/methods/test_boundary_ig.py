"""Boundary IG: closed forms of the nearest point, what holds at a boundary, and DeepFool."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc

big = xc.boundary_ig


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def exact(*numbers) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


A, B = normal(16, 5, seed=1), normal(3, 16, seed=2)
X = normal(12, 5, seed=3)


def net(x: Tensor) -> Tensor:
    return torch.relu(x @ A.T + 0.2) @ B.T


# ---- closed forms --------------------------------------------------------------------------------


def test_linear_margin(close):
    """x' = x - f w / |w|^2 and A = f w^2 / |w|^2: (.1222, .4889, .4889), sum 1.1."""
    w, x = row(1, 2, -2), row(1, 0.5, 0.2)
    for sign in (1, -1):  # the other side of the boundary: F < 0
        model = lambda x: sign * (x @ w[0] - 0.5)  # noqa: B023, E731
        found = big(model, x, return_details=True)
        f = sign * 1.1 / 9
        close(found.values, f * w**2, 1e-12)
        close(found.endpoints[0], x - 1.1 / 9 * w, 1e-12)
        close(found.extra["distance"], exact(1.1 / 3), 1e-12)
        assert abs(float(found.f_start)) < 1e-12
    both = lambda x: torch.stack([x @ w[0], 0 * x[:, 0] + 0.5], 1)  # noqa: E731
    close(big(both, x, output="margin"), 1.1 / 9 * w**2, 1e-12)
    close(big(both, x, 0), 1.1 / 9 * w**2, 1e-12)
    close(big(lambda x: both(x)[:, :1] - 0.5, x), 1.1 / 9 * w**2, 1e-12)


def test_circle(close):
    """f = 1 - |z|^2: the nearest point of the circle lies on the ray through x."""
    x = row(0.3, 0.4)
    found = big(lambda x: 1 - (x**2).sum(1), x, return_details=True)
    close(found.endpoints[0], row(0.6, 0.8), 1e-10)
    close(found.values, row(0.27, 0.48), 1e-10)  # z_i^2 - x_i^2


def test_ellipse_needs_refinements(close):
    """The nearest of a million points of z1^2 / 4 + z2^2 = 1."""
    x = row(0.5, 0.2)
    angle = torch.linspace(0, 2 * math.pi, 1_000_001, dtype=torch.float64)
    ring = torch.stack([2 * angle.cos(), angle.sin()], 1)
    distance = (ring - x).norm(dim=1)
    model = lambda x: 1 - x[:, 0] ** 2 / 4 - x[:, 1] ** 2  # noqa: E731
    found = big(model, x, refinements=8, return_details=True)
    close(found.endpoints[0], ring[distance.argmin()][None], 5e-3)
    close(found.extra["distance"], distance.min()[None], 1e-5)
    plain = big(model, x, refinements=0, return_details=True)
    assert float(plain.extra["distance"]) > 1.01 * float(found.extra["distance"])


def test_inside_one_linear_region_of_a_relu_net(close):
    """F = 2 ReLU(w.z) - 1: A = F w^2 / |w|^2 while the gate stays open."""
    w, x = row(1, 2), row(0.5, 0.5)
    found = big(lambda x: 2 * torch.relu(x @ w[0]) - 1, x)
    close(found, 2.0 * w**2 / 5, 1e-12)


# ---- what holds at a boundary -------------------------------------------------------------------

search = settings(max_examples=12, deadline=None, derandomize=True)
points = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@search
@given(x=points)
def test_the_class_changes_at_the_start(x):
    outputs = net(x)
    best = outputs.topk(2).values[0]
    if float(best[0] - best[1]) < 1e-6:
        return
    found = big(net, x, quadrature="midpoint", steps=400, return_details=True)
    start = found.endpoints[0]
    size = float(outputs.abs().max())
    assert -1e-12 * size <= float(found.extra["margin"]) <= 0
    inside = net(torch.lerp(start, x, 1e-6))
    assert int(inside.argmax()) == int(outputs.argmax())
    assert int(net(torch.lerp(start, x, -1e-6)).argmax()) != int(outputs.argmax())
    assert abs(float(found.gap)) < 0.02 * size
    rough = big(net, x, refinements=0, return_details=True)
    assert float(found.extra["distance"]) <= float(rough.extra["distance"]) * (1 + 1e-12)


def test_margin_sums_to_the_margin(close):
    margin = lambda x: net(x).topk(2, 1).values.diff(dim=1)[:, 0].neg()  # noqa: E731
    found = big(net, X, output="margin", return_details=True)
    same_rival = found.f_start.abs() < 1e-9
    assert int(same_rival.sum()) >= 5
    close(found.f_end[same_rival], margin(X)[same_rival], 1e-12)
    close((found.f_end - found.f_start)[same_rival], margin(X)[same_rival], 1e-9)


def test_bounds_are_kept(close):
    """f = x1 + x2 - .1 at (.02, .5): without bounds (-.19, .29), in [0, 1] (0, .1)."""
    model = lambda x: x.sum(1) - 0.1  # noqa: E731
    free = big(model, row(0.02, 0.5), return_details=True).endpoints[0]
    close(free, row(-0.19, 0.29), 1e-12)
    start = big(model, row(0.02, 0.5), bounds=(0.0, 1.0), return_details=True).endpoints[0]
    close(start, row(0, 0.1), 0.05)
    assert float(start.min()) >= 0


def test_deepfool_comes_no_nearer():
    """Two classes, so that both look for the same boundary; foolbox stops beyond it."""
    foolbox = pytest.importorskip("foolbox")
    two = torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
    for k, parameter in enumerate(two.parameters()):
        parameter.data = normal(*parameter.shape, seed=k).float()
    x = X.float()
    model = foolbox.PyTorchModel(two.eval(), bounds=(-50, 50))
    attack = foolbox.attacks.L2DeepFoolAttack(steps=50)
    _, (there,), (worked,) = attack(model, x, two(x).argmax(1), epsilons=[None])
    found = big(two, x, return_details=True)
    ours, theirs = found.extra["distance"], (there - x).norm(dim=1)
    assert int(worked.sum()) >= 10
    assert bool((ours <= theirs * 1.001)[worked].all())
    assert bool((ours >= theirs * 0.5)[worked].all())


# ---- what is refused -----------------------------------------------------------------------------


def test_bad_input():
    with pytest.raises(ValueError, match="no other class was found for row 0 of x within search"):
        big(lambda x: torch.stack([x[:, 0] * 0 + 1, torch.sigmoid(x[:, 1]) - 3], 1), X)
    with pytest.raises(ValueError, match=r"needs their scores, \(N, K\).*returns \(12, 3, 1\)"):
        big(lambda x: net(x)[:, :, None], X, (0, 0))
    with pytest.raises(ValueError, match=r"bounds must hold x, which goes from .*\(0.0, 1.0\)"):
        big(net, X, bounds=(0.0, 1.0))
    with pytest.raises(ValueError, match="search must be at least 1"):
        big(net, X, search=0)
    with pytest.raises(ValueError, match="refinements must be at least 1"):
        big(net, X, refinements=-1)
    with pytest.raises(ValueError, match="quadrature must be one of"):
        big(net, X, quadrature="adaptive")
