"""Numbers that can be worked out by hand and that no other file of this folder asks for."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc

pytestmark = pytest.mark.filterwarnings("ignore:the model ends in ")  # closed forms of it


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def random(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# ---- gradients -----------------------------------------------------------------------------------


def test_a_linear_model_gives_the_row_of_its_class(close):
    W, x = random(3, 4), random(2, 4, seed=1)
    model = lambda x: x @ W.T  # noqa: E731
    target = torch.tensor([2, 0])
    close(xc.gradient(model, x, target), W[target], 1e-15)
    close(xc.saliency(model, x, target), W[target].abs(), 1e-15)
    for method in (xc.deconvnet, xc.guided_backprop, xc.beta_smoothing):
        close(method(model, x, target), W[target], 1e-15)


def test_a_polynomial(close):
    """F = x1 + x1^2 x2 + x2 x3 at (2, 1, 3): 2 + 4 + 3 = 9.

    Gradient x input counts a term as often as it has factors, 2 + 3 * 4 + 2 * 3 = 20. Integrated
    Gradients shares each term out by its powers: x1 gets 2 + 4 * 2/3, x2 gets 4/3 + 3/2, x3 3/2.
    """
    model = lambda x: x[:, 0] + x[:, 0] ** 2 * x[:, 1] + x[:, 1] * x[:, 2]  # noqa: E731
    x = double([2.0, 1.0, 3.0])
    close(xc.gradient(model, x), double([5.0, 7.0, 1.0]))
    close(xc.input_x_gradient(model, x), double([10.0, 7.0, 3.0]))
    close(xc.integrated_gradients(model, x), double([14 / 3, 17 / 6, 3 / 2]))


def test_batch_norm_in_use_keeps_rows_apart(close):
    """Its statistics are constants by then, so the gradient is that of an affine layer."""
    norm = nn.BatchNorm1d(3).double().eval()
    norm.running_mean, norm.running_var = random(3), random(3, seed=1).square() + 0.5
    norm.weight.data = random(3, seed=2)
    w, x = random(3, seed=3), random(2, 3, seed=4)
    model = lambda x: torch.tanh(norm(x)) @ w  # noqa: E731
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
    expected = w * scale * (1 - torch.tanh(norm(x)).detach() ** 2)
    close(xc.gradient(model, x), expected)
    close(torch.cat([xc.gradient(model, row[None]) for row in x]), expected)


def test_three_ways_to_the_share_of_the_biases(close):
    """F - grad . x = the biases' terms of FullGrad = what bias backpropagation shares out."""
    W1, W2, b1, b2 = random(5, 4), random(3, 5, seed=1), random(5, seed=2), random(3, seed=3)
    model = lambda x: F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)  # noqa: E731
    x = random(6, 4, seed=4)
    is_open = (F.linear(x, W1, b1) > 0).double()
    expected = b2[1] + (is_open * W2[1] * b1).sum(1)
    rest = xc.scores(model, x, 1) - xc.input_x_gradient(model, x, 1).sum(1)
    parts = xc.fullgrad_decomposition(model, x, 1, return_details=True).extra["parts"]
    close(rest, expected)
    close(parts["linear 0"].sum(1) + parts["linear 1"].sum(1) + parts["output"], expected)
    close(xc.bias_backprop(model, x, 1).sum(1), expected)


# ---- relevance -----------------------------------------------------------------------------------


def test_epsilon_takes_a_sum_of_zero_as_positive(close):
    """h = (relu(x1 - x2), relu(x1)) at (1, 1), F = h1 + h2 = 1, above by halves: (1/2, 1/2).

    h1 hands on (1, -1) / (0 + 1/2) of its half, h2 (1, 0) / (1 + 1/2) of its own.
    """
    W, ones = double([1.0, -1.0], [1.0, 0.0]), double([1.0, 1.0])
    model = lambda x: F.linear(F.relu(F.linear(x, W)), ones)  # noqa: E731
    rules = {0: "epsilon", "linear": "flat", "conv": "flat"}
    found = xc.lrp(model, double([1.0, 1.0]), rules=rules, epsilon=0.5)
    close(found, double([4 / 3, -1.0]))


def test_alpha_beta_without_negative_contributions(close):
    """The beta term is 0 / 0 and left out: alpha times what came in, and the books say so."""
    model = lambda x: F.linear(x, double([2.0, 1.0]))  # noqa: E731
    found = xc.lrp(model, double([1.0, 1.0]), rules="alpha_beta", return_details=True)
    close(found.values, double([4.0, 2.0]))
    close(found.extra["absorbed"], double(-3.0))


@pytest.mark.parametrize(
    ("pool", "expected"),
    [(F.max_pool1d, [0.0, 3, 4, 0]), (F.avg_pool1d, [0.5, 1.5, 2, 0])],
)
def test_pools_hand_relevance_to_the_winner_or_in_proportion(pool, expected, close):
    x, w = double([1.0, 3.0, 2.0, 0.0]), double([1.0, 2.0])
    model = lambda x: F.linear(pool(x[:, None], 2)[:, 0], w)  # noqa: E731
    close(xc.lrp(model, x, rules="zero"), double(expected))


def test_biases_keep_their_own_share(close):
    """x = (1, 1), w = (2, -1), b = 1: z = 2 = F. The bias is one more contribution of 1."""
    model = lambda x: F.linear(x, double([2.0, -1.0]), double(1.0))  # noqa: E731
    x = double([1.0, 1.0])
    close(xc.lrp(model, x, rules="zero"), double([2.0, -1.0]))
    close(xc.lrp(model, x, rules="epsilon", epsilon=2.0), double([1.0, -0.5]))
    close(xc.lrp(model, x, rules="z_plus"), double([4 / 3, 0.0]))  # 2 / (2 + 1) * 2
    close(xc.lrp(model, x, rules="alpha_beta"), double([8 / 3, -2.0]))
    close(xc.lrp(model, x, rules="gamma", gamma=1.0), double([1.6, -0.4]))  # (4, -1) / 5 * 2
    close(xc.lrp(model, x, rules="w_square"), double([1.6, 0.4]))


def test_deep_taylor_of_one_neuron(close):
    """relu(2 x1 - x2) at (1/2, 1/2) in [0, 1]: shares 2 x1 and (1 - x2), that is 2 : 1, of 1/2."""
    model = lambda x: F.relu(F.linear(x, double([2.0, -1.0])))  # noqa: E731
    close(xc.deep_taylor(model, double([0.5, 0.5]), 0), double([1 / 3, 1 / 6]))
    # in [-1, 1]: 2 (x1 + 1) = 3 and (1 - x2) = 1/2
    found = xc.deep_taylor(model, double([0.5, 0.5]), 0, low=-1.0, high=1.0)
    close(found, double([3 / 7, 1 / 14]))
    # without bounds: the squares of the weights
    close(xc.deep_taylor(model, double([0.5, 0.5]), 0, low=None, high=None), double([0.4, 0.1]))


# ---- DeepLIFT ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel"])
def test_a_neuron_that_does_not_change_takes_its_slope(rule, close):
    """z = x1 + x2 is 3 at (1, 2) and at (2, 1): 0 / 0.

    Rescale takes the slope there. RevealCancel has dz+ = 1 and dz- = -1, each with an effect of
    half g(4) - g(2).
    """
    model = lambda x: torch.tanh(F.linear(x, double([1.0, 1.0])))  # noqa: E731
    slope = 1 - math.tanh(3) ** 2
    if rule == "reveal_cancel":
        slope = (math.tanh(4) - math.tanh(2)) / 2
    found = xc.deeplift(model, double([1.0, 2.0]), 0, baseline=double([2.0, 1.0]), rule=rule)
    close(found, double([-slope, slope]))


@pytest.mark.parametrize("g", [torch.tanh, F.softplus, torch.sigmoid])
def test_rescale_of_one_neuron_is_integrated_gradients(g, close):
    """The straight path in x is a straight path in z, along which each input has a fixed share."""
    w, b, x, start = random(3), double(0.2), random(2, 3, seed=1), random(2, 3, seed=2)
    model = lambda x: g(F.linear(x, w[None], b))  # noqa: E731
    z, z0 = x @ w + b, start @ w + b
    expected = (x - start) * w * ((g(z) - g(z0)) / (z - z0))[:, None]
    close(xc.deeplift(model, x, 0, baseline=start), expected)
    close(xc.integrated_gradients(model, x, 0, baseline=start), expected)


def test_the_cube_neuron_under_integrated_gradients(close):
    """(x1 + x2)^3 and (x1 - x2)^3 at (2, 1): in proportion to w x, 27 as 2 : 1, 1 as 2 : -1."""
    x = double([2.0, 1.0])
    found = xc.integrated_gradients(lambda x: (x[:, 0] + x[:, 1]) ** 3, x)
    close(found, double([18.0, 9.0]))
    found = xc.integrated_gradients(lambda x: (x[:, 0] - x[:, 1]) ** 3, x)
    close(found, double([2.0, -1.0]))


def test_twins_with_one_function_get_one_map_from_the_path(close):
    """min(x1, x2) at (3, 2) is x2 all along the line from 0, however it is written."""
    x = double([3.0, 2.0])
    one = lambda x: x[:, 0] - F.relu(x[:, 0] - x[:, 1])  # noqa: E731
    two = lambda x: x[:, 1] - F.relu(x[:, 1] - x[:, 0])  # noqa: E731
    for model in (one, two):
        close(xc.integrated_gradients(model, x), double([0.0, 2.0]))


def test_without_biases_four_methods_are_one(close):
    """relu(z) / z is the gate: LRP-0, DeepLIFT from 0 and IG from 0 are gradient x input."""
    W1, W2 = random(6, 4), random(3, 6, seed=1)
    model = lambda x: F.linear(F.relu(F.linear(x, W1)), W2)  # noqa: E731
    x = random(5, 4, seed=2)
    expected = x * (((x @ W1.T > 0).double() * W2[1]) @ W1)
    close(xc.input_x_gradient(model, x, 1), expected)
    close(xc.lrp(model, x, 1, rules="zero"), expected)
    close(xc.deeplift(model, x, 1), expected)
    close(xc.integrated_gradients(model, x, 1), expected)
    close(xc.deeplift(model, x, 1).sum(1), model(x)[:, 1])


# ---- RectGrad, class activation, noise -----------------------------------------------------------


def test_rectgrad_lets_two_percent_pass_unless_told_otherwise(close):
    """a R = 0, 1, ... 100 over 101 units: the 98 % quantile is 98, and strictly above are two."""
    x = (37 * torch.arange(101) % 101).double()[None]  # in another order
    model = lambda x: torch.relu(x).sum(1)  # noqa: E731
    close(xc.rectgrad(model, x), x * (x > 98))
    close(xc.rectgrad(model, x, quantile=0.955), x * (x > 95.5))


def test_beta_is_ten_unless_told_otherwise(close):
    x = double([0.3, -0.2, 0.0])
    found = xc.beta_smoothing(lambda x: F.relu(x).sum(1), x)
    close(found, 1 / (1 + torch.exp(-10 * x)))


def test_eigen_cam_of_a_centred_map_of_rank_one(close):
    """A_kij = u_k v_ij has centred columns u_k (v - mean v): the map is |u| (v - mean v)."""
    u, v = random(1, 6, 1, 1, seed=5), random(1, 1, 3, 4, seed=6)
    layer = nn.Identity()
    model = lambda x: layer(x).sum((2, 3))  # noqa: E731
    found = xc.eigen_cam(model, u * v, 0, layer=layer, upsample=None, centre=True)
    close(found * v.sum().sign(), u.norm() * (v - v.mean()))


def test_smoothgrad_takes_50_draws_of_15_percent_of_the_range(close):
    """The gradient of x' H x / 2 at x + s z is H x + s H z; the range of x is 1.5."""
    H, x = double([2.0, 1.0], [1.0, -3.0]), double([0.5, -1.0])
    generator = torch.Generator().manual_seed(0)
    z = torch.stack([torch.randn(2, generator=generator).double() for _ in range(50)]).mean(0)
    model = lambda x: 0.5 * torch.einsum("ni,ij,nj->n", x, H, x)  # noqa: E731
    close(xc.smoothgrad(model, x), (x + 0.15 * 1.5 * z) @ H)


# ---- a constant shift of the input, taken back by the first bias ---------------------------------

SHIFT = double(0.7, -1.3, 2.0)


def shifted_pair():
    """Return two nets with F2(x + m) = F1(x): b2 = b1 - W m."""
    W, b, V, c = random(5, 3), random(5, seed=1), random(2, 5, seed=2), random(2, seed=3)
    net = lambda b: lambda x: F.linear(F.relu(F.linear(x, W, b)), V, c)  # noqa: E731
    return net(b), net(b - W @ SHIFT), random(40, 3, seed=4)


INVARIANT = {
    "gradient": {},
    "saliency": {},
    "deconvnet": {},
    "guided_backprop": {},
    "beta_smoothing": {},
    "rectgrad": {"times_input": False, "quantile": 0.5},
    "smoothgrad": {"sigma": 0.4, "relative": False, "samples": 8},
    "smoothgrad_squared": {"sigma": 0.4, "relative": False, "samples": 8},
    "vargrad": {"sigma": 0.4, "relative": False, "samples": 8},
}


@pytest.mark.parametrize("name", INVARIANT)
def test_methods_that_do_not_see_a_shift(name, close):
    one, two, x = shifted_pair()
    close(one(x), two(x + SHIFT))
    method, settings = xc.METHODS[name].method, INVARIANT[name]
    close(method(two, x + SHIFT, 1, **settings), method(one, x, 1, **settings))


def test_methods_that_multiply_by_the_input_see_it(close):
    one, two, x = shifted_pair()
    y, slope = x + SHIFT, xc.gradient(one, x, 1)
    difference = xc.input_x_gradient(two, y, 1) - xc.input_x_gradient(one, x, 1)
    close(difference, SHIFT * slope)
    # what gradient x input gains the biases lose
    lost = xc.bias_backprop(two, y, 1).sum(1) - xc.bias_backprop(one, x, 1).sum(1)
    close(lost, -slope @ SHIFT)
    by_guided = xc.rectgrad(two, y, 1, tau=0.0) - xc.rectgrad(one, x, 1, tau=0.0)
    close(by_guided, SHIFT * xc.guided_backprop(one, x, 1))


@pytest.mark.parametrize("name", ["integrated_gradients", "deeplift", "input_x_gradient"])
def test_a_baseline_must_be_shifted_along(name, close):
    one, two, x = shifted_pair()
    method = xc.METHODS[name].method
    before = method(one, x, 1)
    close(method(two, x + SHIFT, 1, baseline=SHIFT.expand_as(x)), before)
    assert float((method(two, x + SHIFT, 1) - before).norm()) > 0.1 * float(before.norm())


@pytest.mark.parametrize("name", ["pattern_net", "pattern_attribution"])
def test_linear_patterns_do_not_see_a_shift(name, close):
    """A covariance does not know where x is 0."""
    one, two, x = shifted_pair()
    method = xc.METHODS[name].method
    before, after = (xc.fit_patterns(f, data, "linear") for f, data in ((one, x), (two, x + SHIFT)))
    close(method(two, x + SHIFT, 1, patterns=after), method(one, x, 1, patterns=before))


def test_two_component_patterns_see_a_shift(close):
    """E+[xy] - E+[x] E[y] gains m (E+[y] - E[y]): a covariance over the half where y > 0 it is not.

    So not all signal methods are invariant: with patterns it hangs on the estimator.
    """
    one, two, x = shifted_pair()
    before, after = (xc.fit_patterns(f, data) for f, data in ((one, x), (two, x + SHIFT)))
    W, b = random(5, 3), random(5, seed=1)
    y = F.linear(x, W, b)
    for j in range(5):
        on = y[:, j] > 0
        a = (x[on] * y[on, j, None]).mean(0) - x[on].mean(0) * y[:, j].mean()
        close(before.layers[0].plus[j], a / (W[j] @ a))
        a = a + SHIFT * (y[on, j].mean() - y[:, j].mean())
        close(after.layers[0].plus[j], a / (W[j] @ a))
    close(after.layers[1].plus, before.layers[1].plus)  # behind it nothing has changed


# ---- patterns ------------------------------------------------------------------------------------

W_TOY = double([1.0, -1.0])


def test_the_toys_gradient_x_input_shows_the_distractor(close):
    x = double([1.5, 0.5], [0.2, -0.4])
    model = lambda x: F.linear(x, W_TOY)  # noqa: E731
    close(xc.input_x_gradient(model, x, 0), x * W_TOY)


def test_patterns_of_a_known_draw(close):
    """Eight digits that were computed apart from this package."""
    z = np.arange(-2, 2, 0.01)
    e = np.random.RandomState(42).normal(0, 0.3, len(z))
    data = torch.as_tensor(np.stack([z + e, e], axis=1))
    gated = xc.fit_patterns(lambda x: F.linear(x, W_TOY).relu(), data).layers[0].plus
    close(gated, double([1.01835493, 0.01835493]), 1e-8)
    linear = xc.fit_patterns(lambda x: F.linear(x, W_TOY), data, "linear").layers[0].plus
    close(linear, double([1.01802636, 0.01802636]), 1e-8)


def test_one_function_written_twice_on_a_known_draw(close):
    """relu(relu(w.x) - 1) and relu(w.x - 1), x1 ~ N(0, .7), x2 = +-x1; five digits are known.

    At (3, 3) both have F = 8, and the map is 8 w a.
    """
    random_state = np.random.RandomState(42)
    x1 = random_state.normal(0, 0.7, 5000)
    data = np.stack([x1, x1 * (2 * random_state.binomial(1, 0.5, 5000) - 1)], axis=1)
    w, one = double([1.0, 2.0]), double([1.0])
    nets = {
        (0.20428, 0.39786): lambda x: F.linear(F.linear(x, w).relu(), one, double(-1.0)).relu(),
        (0.26148, 0.36926): lambda x: F.linear(x, w, double(-1.0)).relu(),
    }
    for known, model in nets.items():
        patterns = xc.fit_patterns(model, torch.as_tensor(data))
        a = patterns.layers[0].plus
        close(a, double(known), 2e-5)
        found = xc.pattern_attribution(model, double([3.0, 3.0]), 0, patterns=patterns)
        close(found, 8 * w * a)
        close(found.sum(), double(8.0)[0])


def test_a_bias_matters_to_a_pattern_only_through_the_gate(close):
    """E+[x (y + c)] - E+[x] E[y + c] = E+[xy] - E+[x] E[y], so long as the same rows are active."""
    data = random(60, 3)
    w = random(1, 3, seed=1)
    y = F.linear(data, w)[:, 0]
    smallest = float(y.abs().min())
    without, slight, far = (
        xc.fit_patterns(lambda x, c=c: F.linear(x, w, double(c)).relu(), data).layers[0].plus
        for c in (0.0, 0.9 * smallest, 1.0)
    )
    close(slight, without)
    assert float((far - without).norm()) > 1e-3 * float(without.norm())
    linear = [
        xc.fit_patterns(lambda x, c=c: F.linear(x, w, double(c)), data, "linear").layers[0].plus
        for c in (0.0, 5.0)
    ]
    close(*linear)
    close((without * w).sum(1), double(1.0), 1e-12)
    close((linear[0] * w).sum(1), double(1.0), 1e-12)
