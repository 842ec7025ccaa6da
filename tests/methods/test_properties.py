"""What must hold for every net: sums and identities, on small nets drawn at random."""

import itertools

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.methods.vanilla.relevance_rules import COMPOSITES, RULES

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=12, deadline=None)


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@st.composite
def nets(draw, bias: bool = True) -> tuple[nn.Module, Tensor]:
    """Return a ReLU net with three classes and two rows of x in [0, 1]."""
    seed = draw(SEEDS)
    if draw(st.booleans()):
        widths = [4, *draw(st.lists(st.integers(2, 7), min_size=1, max_size=3))]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after, bias=bias), nn.ReLU()]
        net, shape = nn.Sequential(*layers, nn.Linear(widths[-1], 3, bias=bias)), (2, 4)
    else:
        pool = draw(st.sampled_from([nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Identity()]))
        padding, channels = draw(st.integers(0, 1)), draw(st.integers(1, 4))
        side = 6 + 2 * padding - 2  # and half of it behind a pool
        side = side if isinstance(pool, nn.Identity) else side // 2
        net = nn.Sequential(
            *(nn.Conv2d(2, channels, 3, padding=padding, bias=bias), nn.ReLU(inplace=True), pool),
            *(nn.Flatten(), nn.Linear(channels * side * side, 3, bias=bias)),
        )
        shape = (2, 2, 6, 6)
    net = net.double().eval().requires_grad_(False)
    for k, parameter in enumerate(net.parameters()):
        parameter.copy_(random(*parameter.shape, seed=seed + k) / 2)
    return net, random(*shape, seed=seed + 99).sigmoid()


def total(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1)


def assert_equal(got: Tensor, expected: Tensor, size: Tensor | float = 0.0) -> None:
    """Compare by the norm of what is compared, or by a larger `size` of the numbers added up."""
    assert got.shape == expected.shape
    scale = max(float(expected.norm()), float(torch.as_tensor(size).norm()))
    assert float((got - expected).norm()) <= 1e-10 * scale


@given(made=nets(), rules=st.sampled_from([*RULES, *COMPOSITES]))
@settings(max_examples=60, deadline=None)
def test_lrp_what_arrives_and_what_is_absorbed_is_f(made, rules):
    net, x = made
    found = xc.lrp(net, x, 1, rules=rules, return_details=True)
    layers = found.extra["layer_absorbed"]
    size = total(found.values.abs()) + layers.abs().sum(1)
    assert_equal(total(found.values) + found.extra["absorbed"], net(x)[:, 1], size)
    assert_equal(layers.sum(1), found.extra["absorbed"], size)


@given(made=nets(bias=False))
@few
def test_lrp_zero_is_gradient_x_input_without_biases(made):
    net, x = made
    point = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(net(point)[:, 2].sum(), point)
    expected = x * slope
    assert_equal(xc.lrp(net, x, 2, rules="zero"), expected)
    assert_equal(total(expected), net(x)[:, 2])


@given(made=nets(), seed=SEEDS, rule=st.sampled_from(["rescale", "reveal_cancel"]))
@settings(max_examples=25, deadline=None)
def test_deeplift_adds_up_to_the_difference(made, seed, rule):
    net, x = made
    start = random(*x.shape, seed=seed)
    found = xc.deeplift(net, x, 0, baseline=start, rule=rule)
    assert_equal(total(found), (net(x) - net(start))[:, 0], total(found.abs()))


@given(made=nets())
@few
def test_fullgrad_parts_add_up_to_f(made):
    net, x = made
    found = xc.fullgrad_decomposition(net, x, 1, return_details=True)
    parts = found.extra["parts"].values()
    assert_equal(sum(total(p.reshape(2, -1)) for p in parts), net(x)[:, 1], found.values)
    assert_equal(found.values.sum(1), net(x)[:, 1], found.values)


@given(made=nets(), alpha=st.sampled_from(["magnitude", "uniform"]))
@few
def test_bias_backprop_conserves_what_gradient_x_input_leaves(made, alpha):
    net, x = made
    slope = xc.input_x_gradient(net, x, 2)
    beta = xc.bias_backprop(net, x, 2, alpha=alpha)
    assert_equal(total(beta), net(x)[:, 2] - total(slope), total(beta.abs() + slope.abs()))


@given(seed=SEEDS, channels=st.integers(1, 5), side=st.integers(4, 8))
@few
def test_hires_cam_and_the_bias_are_the_logit_behind_an_average(seed, channels, side):
    net = nn.Sequential(
        *(nn.Conv2d(2, channels, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(channels, 3),
    ).double()
    net.requires_grad_(False).eval()
    for k, parameter in enumerate(net.parameters()):
        parameter.copy_(random(*parameter.shape, seed=seed + k))
    x = random(2, 2, side, side, seed=seed + 9)
    found = xc.hires_cam(net, x, 1, layer="1", relu=False, upsample=None)
    bias = net[4].bias[1]
    assert_equal(total(found) + bias, net(x)[:, 1], total(found.abs()) + bias.abs())


@given(seed=SEEDS, sigma=st.floats(0, 100), samples=st.integers(1, 9), relative=st.booleans())
@few
def test_smoothgrad_of_a_linear_model_is_its_gradient(seed, sigma, samples, relative):
    W, x = random(3, 4, seed=seed), random(2, 4, seed=seed + 1)
    found = xc.smoothgrad(
        lambda x: x @ W.T, x, 1, sigma=sigma, samples=samples, relative=relative, seed=seed
    )
    assert_equal(found, W[1].expand(2, 4))


@given(seed=SEEDS, hidden=st.integers(1, 6), times_input=st.booleans())
@few
def test_rectgrad_below_every_relevance_does_not_see_the_relus(seed, hidden, times_input):
    """Below 0 closed units pass their signal, too: what is left is the net without its ReLUs."""
    W1, W2 = random(hidden, 4, seed=seed), random(hidden, hidden, seed=seed + 1)
    W3, x = random(2, hidden, seed=seed + 2), random(3, 4, seed=seed + 3)
    model = lambda x: F.relu(F.relu(x @ W1.T - 0.5) @ W2.T + 0.3) @ W3.T  # noqa: E731
    expected = (W3[1] @ W2 @ W1).expand(3, 4)
    found = xc.rectgrad(model, x, 1, tau=-1e9, times_input=times_input)
    assert_equal(found, x * expected if times_input else expected)


@given(seed=SEEDS, estimator=st.sampled_from(["linear", "two_component"]))
@few
def test_pattern_net_of_a_linear_model_is_its_pattern(seed, estimator):
    """a = cov(x, y) / var(y), and the signal is a y; no unit has a ReLU, so both agree."""
    w, mix = random(1, 4, seed=seed), random(4, 4, seed=seed + 1)
    data = random(50, 4, seed=seed + 2) @ mix + 1
    model = lambda x: F.linear(x, w)  # noqa: E731
    y = model(data)[:, 0]
    a = ((data - data.mean(0)) * (y - y.mean())[:, None]).mean(0) / y.var(correction=0)
    patterns = xc.fit_patterns(model, data, estimator)
    found = xc.pattern_net(model, data[:3], 0, patterns=patterns)
    assert_equal(found, a * y[:3, None])
    shares = xc.pattern_attribution(model, data[:3], 0, patterns=patterns)
    assert_equal(shares, w * a * y[:3, None])
    assert_equal(total(shares), y[:3], total(shares.abs()))
