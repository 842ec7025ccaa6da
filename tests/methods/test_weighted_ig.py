"""Weighted Integrated Gradients: closed forms, deletion counted one by one, and its weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from xaicourse.methods.integrated.weighted import corners, weights

wig = xc.weighted_ig
BASELINES = (0.0, 0.5, -0.7)


def exact(*numbers) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


A, B = normal(9, 12, seed=1), normal(3, 9, seed=2)
X = normal(4, 12, seed=3)


def net(x: Tensor) -> Tensor:
    return torch.tanh(x.flatten(1) @ A.T / 2) @ B.T


# ---- closed forms --------------------------------------------------------------------------------


def test_weights_are_inverse_counts(close):
    d = torch.tensor([[1.0], [2.0], [4.0]]).double()
    close(weights(d)[:, 0], exact(4 / 7, 2 / 7, 1 / 7), 1e-15)
    rare = 1 / exact(0.9, 0.08, 0.02)[:, None]
    close(weights(rare, 0.25)[:, 0], exact(1.0, 0, 0), 1e-15)
    close(weights(rare, 0.2)[:, 0], exact(0.9, 0.08, 0) / 0.98, 1e-15)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    d=st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    scale=st.floats(0.1, 10),
    threshold=st.floats(0, 0.99),
)
def test_weights_are_shares(d, scale, threshold):
    d = exact(*d)[:, None]
    w = weights(d, threshold)
    assert bool((w >= 0).all())
    assert abs(float(w.sum()) - 1) < 1e-12
    assert float((weights(scale * d, threshold) - w).abs().max()) < 1e-9
    assert float(w[d.argmin()]) == float(w.max())  # the fittest is never left out


def test_linear_model(close):
    """IG from b is v (x - b), so the map is v (x - sum w_b b), and nothing is missing."""
    v = normal(12, seed=4)
    found = wig(lambda x: x @ v + 3, X, baselines=BASELINES, steps=1, return_details=True)
    w = found.extra["weights"]
    close(w.sum(1), torch.ones(4).double(), 1e-12)
    mean = w @ exact(*BASELINES)
    close(found.values, v * (X - mean[:, None]), 1e-12)
    close(found.gap, torch.zeros(4).double(), 1e-12)
    close(found.f_start, mean * v.sum() + 3, 1e-12)


def test_equal_fitness_is_the_plain_mean(close):
    """f(x) = x1 x2: all maps rank alike where both numbers are equal."""
    x = exact([2.0, 2.0])
    model = lambda x: x[:, 0] * x[:, 1]  # noqa: E731
    found = wig(model, x, baselines=(0.0, 1.0, -1.0), return_details=True)
    assert found.extra["fitness"].tolist() == [[1.0, 1.0, 1.0]]
    close(found.values, exact([2.0 - 1 / 3, 2.0 - 1 / 3]), 1e-12)


def test_nothing_to_lose_is_the_plain_mean(close):
    """F at x is F at the neutral input: no count says anything."""
    found = wig(lambda x: (x**2).sum(1), X, baselines=BASELINES, neutral=X, return_details=True)
    close(found.extra["weights"], torch.full((4, 3), 1 / 3, dtype=torch.float64), 1e-12)


# ---- deletion, one unit after the other ---------------------------------------------------------


def integrated(model, x: Tensor, base: Tensor, steps: int) -> Tensor:
    """The midpoint rule, one point at a time, for a single row."""
    total = torch.zeros_like(x)
    for k in range(steps):
        point = (base + (k + 0.5) / steps * (x - base)).requires_grad_(True)
        model(point[None]).sum().backward()
        total += point.grad / steps
    return (x - base) * total


def counted(model, x: Tensor, pixel_map: Tensor, fill: Tensor, remaining: float) -> int:
    """Replace pixel after pixel of a single row until F has come far enough towards F(fill)."""
    f_x, f_fill = float(model(x[None])), float(model(fill[None]))
    x = x.clone()
    for k, unit in enumerate(pixel_map.flatten().argsort(descending=True).tolist(), start=1):
        x.view(*x.shape[:-2], -1)[..., unit] = fill.view(*fill.shape[:-2], -1)[..., unit]
        left = (float(model(x[None])) - f_fill) / (f_x - f_fill)
        if left <= remaining:
            return k
    raise AssertionError("F of the neutral input is not reached")


@pytest.mark.parametrize("remaining", [0.2, 0.5, 0.8])
def test_against_loops(remaining, close):
    image = X.view(4, 2, 2, 3)  # two channels, 2 x 3 pixels
    fills = corners(image)
    how = {"steps": 20, "quadrature": "midpoint", "remaining": remaining}
    found = wig(net, image, 1, baselines=BASELINES, return_details=True, **how)
    model = lambda x: net(x)[:, 1]  # noqa: E731
    for i in range(4):
        maps = [integrated(model, image[i], torch.full((2, 2, 3), b, dtype=torch.float64), 20)
                for b in BASELINES]  # fmt: skip
        d = [counted(model, image[i], m.sum(0), fills[i], remaining) for m in maps]
        assert found.extra["fitness"][i].tolist() == d
        w = [1 / n / sum(1 / n for n in d) for n in d]
        close(found.values[i], sum(a * m for a, m in zip(w, maps, strict=True)), 1e-12)


def test_counts_differ_between_baselines():
    found = wig(net, X, 1, baselines=BASELINES, neutral=0.3, return_details=True)
    assert bool((found.extra["fitness"].std(1) > 0).any())


def test_a_count_among_many_units_is_exact():
    """300 units that fall one by one: 32 levels, then bisection."""
    x = normal(3, 300, seed=5).abs() + 0.1
    found = wig(lambda x: x.sum(1), x, baselines=(0.0,), return_details=True)
    largest = x.sort(dim=1, descending=True).values.cumsum(1)
    expected = (largest < x.sum(1, keepdim=True) / 2).sum(1) + 1
    assert found.extra["fitness"][:, 0].tolist() == expected.tolist()


def test_the_first_level_that_falls_counts():
    """Of 100 units the levels are 4, 7, 10, 13, 16, 19 ...: a dip at 9 alone is not looked at."""
    x = torch.linspace(2, 1, 100, dtype=torch.float64)[None]

    def model(x: Tensor) -> Tensor:
        gone = (x == 0).sum(1)
        dip = (gone == 9) | (gone >= 17) & (gone <= 24)
        return x.sum(1) * torch.where(dip, 0.1, 1.0)

    found = wig(model, x, baselines=(0.0,), return_details=True)
    assert found.extra["fitness"].tolist() == [[17.0]]


def test_corners(close):
    x = torch.arange(2 * 3 * 20 * 30, dtype=torch.float64).view(2, 3, 20, 30)
    four = torch.cat([x[..., :2, :3], x[..., :2, -3:], x[..., -2:, :3], x[..., -2:, -3:]], dim=-1)
    close(corners(x)[..., 0, 0], four.mean((2, 3)), 1e-12)
    assert corners(X) == 0.0


BAD = {
    "remaining": ({"remaining": 1.0}, ValueError, "remaining must be between 0 and 1, both ex"),
    "remaining type": ({"remaining": "half"}, TypeError, "remaining must be a number"),
    "threshold": ({"threshold": -0.1}, ValueError, "threshold must be at least 0 and finite"),
    "threshold of all": ({"threshold": 1e9}, ValueError, "threshold=.* leaves out every baseline"),
    "neutral": ({"neutral": "grey"}, ValueError, "neutral 'grey' is unknown"),
    "set": ({"baselines": []}, ValueError, "baselines is empty"),
    "quadrature": ({"quadrature": "adaptive"}, ValueError, "quadrature must be one of"),
}


@pytest.mark.parametrize(("bad", "error", "says"), BAD.values(), ids=BAD)
def test_bad_settings(bad, error, says):
    with pytest.raises(error, match=says):
        wig(net, X, 1, **bad)
