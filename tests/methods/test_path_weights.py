"""Left-IG, Split IG, path-weighted and path-sampled IG, IDGI and IDG: closed forms and loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth, wave
from xaicourse.core.quadrature import QUADRATURES, quadrature

pytestmark = pytest.mark.filterwarnings("ignore:the model ends in ")  # closed forms of it

REWEIGHED = {
    "left": (xc.left_ig, {"share": 0.5}),
    "right": (xc.split_ig, {"share": 0.5}),
    "weighted": (xc.path_weighted_ig, {}),
    "sampled": (xc.path_sampled_ig, {}),
    "decision": (xc.integrated_decision_gradients, {"quadrature": "gauss_legendre"}),
}
vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))
search = settings(max_examples=12, deadline=None, derandomize=True)


def product(x: Tensor) -> Tensor:
    return x[:, 0] * x[:, 1]


def saturated(x: Tensor) -> Tensor:
    return 1 - torch.relu(1 - x[:, 0])


def linear(x: Tensor) -> Tensor:
    return x @ wave(x.shape[1], step=2.0)


# ---- Left-IG and Split IG ------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_left_closed_forms(sign, close):
    """A falling F is split like a rising one; the one-sided test would find 0."""
    how = {"quadrature": "midpoint", "return_details": True}
    found = xc.left_ig(lambda x: sign * saturated(x), row(2), **how)
    close(found.values, row(sign * 0.9), 1e-12)
    close(found.extra["alpha_end"], row(0.45)[0], 1e-12)
    close(found.endpoints[1], row(0.9), 1e-12)
    found = xc.left_ig(lambda x: sign * product(x), row(3, 2), steps=4000, **how)
    close(found.values, sign * row(2.7, 2.7), 1e-6)
    close(found.extra["alpha_end"], row(math.sqrt(0.9))[0], 1e-6)


def test_left_of_a_sigmoid(close):
    """F = sigmoid(20 (x1 + x2 - 0.3)) at (0.6, 0.4): alpha* = 0.40986 for 0.9 of the rise."""

    def model(x):
        return torch.sigmoid(20 * (x.sum(1) - 0.3))

    found = xc.left_ig(model, row(0.6, 0.4), steps=4000, quadrature="midpoint", return_details=True)
    start, end = (float(model(row(*p))) for p in ((0, 0), (0.6, 0.4)))
    level = start + 0.9 * (end - start)
    at = 0.3 + math.log(level / (1 - level)) / 20
    close(found.extra["alpha_end"], row(at)[0], 1e-6)
    close(found.values, row(0.6, 0.4) * (level - start), 1e-5)


def test_toy_net_by_hand(close):
    """alpha* = 0.225, before the gate changes at 1/4."""
    x = xc.zoo.toy_input()
    found = xc.left_ig(xc.zoo.toy(), x, steps=400, quadrature="midpoint", return_details=True)
    close(found.values, row(1.35, -0.45), 1e-12)
    close(found.extra["alpha_end"], row(0.225)[0], 1e-12)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_a_crossing_before_the_first_node(n, close):
    """F reaches its height at alpha = 0.01: the line from x' to the first node passes 0.9 there."""
    found = xc.left_ig(
        lambda x: (100 * x[:, 0]).clamp(max=1),
        row(1),
        steps=n,
        quadrature="midpoint",
        return_details=True,
    )
    close(found.extra["alpha_end"], row(0.9 * 0.5 / n)[0], 1e-12)
    close(found.extra["factors"][:, :1], row(0.9 * 0.5), 1e-12)
    assert float(found.extra["factors"][:, 1:].sum()) == 0


def test_the_first_crossing_counts(close):
    """F = sin(6.5 alpha) crosses 0.9 of its rise on the way up, long before it comes back."""

    def model(x):
        return torch.sin(6.5 * x[:, 0])

    found = xc.left_ig(model, row(1), steps=3000, quadrature="midpoint", return_details=True)
    at = math.asin(0.9 * math.sin(6.5)) / 6.5
    close(found.extra["alpha_end"], row(at)[0], 1e-5)
    close(found.values, row(0.9 * math.sin(6.5)), 1e-5)


@pytest.mark.parametrize("model", [lambda x: x[:, 0] * (1 - x[:, 0]), lambda x: 0 * x[:, 0]])
def test_where_f_does_not_rise_all_of_the_path_is_before(model, close):
    found = xc.left_ig(model, row(1), return_details=True)
    assert float(found.extra["alpha_end"]) == 1
    close(found.values, xc.integrated_gradients(model, row(1)), 1e-13)
    assert float(xc.split_ig(model, row(1)).abs().max()) == 0


@search
@given(x=vectors, base=vectors, share=st.floats(0.05, 0.95), n=st.integers(1, 20))
def test_left_and_right_add_up_to_ig(x, base, share, n):
    how = {"baseline": base, "steps": n, "return_details": True}
    left, right = (xc.split_ig(net, x, 0, share=share, part=p, **how) for p in ("left", "right"))
    whole = xc.integrated_gradients(net, x, 0, baseline=base, steps=n)
    assert float((left.values + right.values - whole).abs().max()) < 1e-12
    assert torch.equal(left.values, xc.left_ig(net, x, 0, baseline=base, steps=n, share=share))
    # the two parts meet, and each tells its gap against its own ends
    assert torch.equal(left.endpoints[1], right.endpoints[0])
    for part in (left, right):
        ends = [net(point)[:, 0] for point in part.endpoints]
        gap = part.values.sum(1) - (ends[1] - ends[0])
        assert float((part.gap - gap).abs()) < 1e-12


def left_loop(model, x: Tensor, base: Tensor, share: float, n: int) -> Tensor:
    """Return Left-IG of one row by midpoints, from its definition."""
    delta, total = x - base, torch.zeros_like(x)
    start, end = float(model(base[None])), float(model(x[None]))

    def level(a: float) -> float:
        return (float(model((base + a * delta)[None])) - start) / (end - start)

    places = [0.0, *((k + 0.5) / n for k in range(n)), 1.0]
    levels = [0.0, *(level(a) for a in places[1:-1]), 1.0]
    k = next(k for k in range(n + 2) if levels[k] > share)
    part = (share - levels[k - 1]) / (levels[k] - levels[k - 1])
    crossing = places[k - 1] + part * (places[k] - places[k - 1])
    for k in range(n):
        width = min(max(crossing - k / n, 0.0), 1 / n)
        total += width * delta * gradient(model, base + (k + 0.5) / n * delta)
    return total


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, None])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_left_is_the_loop_however_it_is_cut_into_chunks(share, batch_size, close):
    classes = [2, 0, 1, 2]
    expected = torch.stack(
        [
            left_loop(lambda x, c=c: net(x)[:, c], X[k], BASE[k], share, 11)
            for k, c in enumerate(classes)
        ]
    )
    got = xc.left_ig(
        net, X, classes, share=share, baseline=BASE, steps=11, quadrature="midpoint",
        batch_size=batch_size,
    )  # fmt: skip
    close(got, expected, 1e-11)


# ---- path-weighted IG ----------------------------------------------------------------------------

# E[alpha] under each weight: x1 x2 at (3, 2) gives 6 E[alpha] to each input
MEANS = {
    "uniform": 1 / 2,
    "linear": 2 / 3,
    "falling": 1 / 3,
    "falling_square": 1 / 4,
    "square": 3 / 4,
    "root": 3 / 5,
    "log": (1 / 4) / (2 * math.log(2) - 1),
    "exponential": math.exp(-1) / (1 - math.exp(-1)),
    "beta": 1 / 2,
}


@pytest.mark.parametrize("name", MEANS)
def test_weighted_closed_forms(name, close):
    for steps in (1, 2, 50):
        found = xc.path_weighted_ig(product, row(3, 2), weight=name, steps=steps)
        close(found, 6 * MEANS[name] * row(1, 1), 1e-11)
    for rule in QUADRATURES:  # linear F: IG under any weight that is normalised, at any steps
        found = xc.path_weighted_ig(linear, X, weight=name, quadrature=rule, steps=3)
        close(found, xc.integrated_gradients(linear, X), 1e-11)
    rough = xc.path_weighted_ig(product, row(3, 2), weight=name, quadrature="midpoint", steps=60)
    close(rough, 6 * MEANS[name] * row(1, 1), 1e-3)


def test_weights_of_ones_own(close):
    def late(a):
        return 10.0 * (a > 0.9)

    # the known values of the first public description, to its six digits
    for name, known in (("log", 3.883049), ("exponential", 3.491860)):
        assert abs(6 * MEANS[name] - known) < 1e-6
    pole = xc.path_weighted_ig(product, row(3, 2), weight=lambda a: a**-0.5)
    close(pole, row(2, 2), 1e-11)
    close(xc.path_weighted_ig(product, row(3, 2), weight=late), row(5.7, 5.7), 1e-11)
    # a gap in the weight does not see what happens in it
    assert float(xc.path_weighted_ig(saturated, row(2), weight=late)) == 0
    with pytest.raises(ValueError, match="weight has no integral"):
        xc.path_weighted_ig(product, row(3, 2), weight=lambda a: 1 / a)


@pytest.mark.parametrize("k", range(3))
def test_weighted_sum_by_parts(k, close):
    """The sum is w(1) F(x) - w(0) F(x') - integral of w' F, here with w = 3 alpha^2."""
    found = xc.path_weighted_ig(smooth, X, k, baseline=BASE, weight="square", return_details=True)
    nodes, weights = quadrature("gauss_legendre", 60)
    points = BASE[:, None] + nodes[None, :, None] * (X - BASE)[:, None]
    inside = (6 * nodes * weights * smooth(points)[..., k]).sum(1)
    close(found.values.sum(1), 3 * smooth(X)[:, k] - inside, 1e-9)
    close(found.extra["expected_total"], 3 * smooth(X)[:, k] - inside, 3e-3)
    assert float(found.gap.abs().max()) < 3e-3


@search
@given(x=vectors, base=vectors, n=st.integers(1, 12))
def test_uniform_is_ig_and_a_mixture_of_weights_mixes_the_maps(x, base, n):
    how = {"baseline": base, "steps": n}
    plain = xc.integrated_gradients(net, x, 0, **how)
    size = 1 + float(plain.abs().max())
    assert float((xc.path_weighted_ig(net, x, 0, weight="uniform", **how) - plain).abs().max()) < (
        1e-10 * size
    )
    how["quadrature"] = "midpoint"
    up, down, even = (
        xc.path_weighted_ig(net, x, 0, weight=w, **how) for w in ("linear", "falling", "uniform")
    )
    assert float((up + down - 2 * even).abs().max()) < 1e-11 * size


# ---- path-sampled IG -----------------------------------------------------------------------------


def test_sampled_closed_forms(close):
    """x1 x2 at (3, 2), baselines spread evenly over the path: (2, 2) = F(x) - mean F."""
    found = xc.path_sampled_ig(product, row(3, 2), return_details=True)
    close(found.values, row(2, 2), 1e-12)
    close(found.f_start, row(2.0)[0], 1e-3)
    # all baselines in the first 64th of the path: 3 (1 - E u^2) each
    near = xc.path_sampled_ig(product, row(3, 2), density=lambda a: 1.0 * (a < 1 / 64))
    close(near, row(3, 3) * (1 - 1 / 64**2 / 3), 1e-6)


@pytest.mark.parametrize(
    ("density", "moments"),
    [
        ("uniform", lambda u: 1 + 0 * u),
        ("linear", lambda u: 2 * u),
        ("beta", lambda u: 6 * u * (1 - u)),
    ],
)
def test_sampled_is_the_mean_of_ig_over_baselines_on_the_path(density, moments, close):
    nodes, weights = quadrature("gauss_legendre", 40)
    expected = torch.zeros_like(X)
    for u, w in zip(nodes, weights, strict=True):
        base = BASE + u * (X - BASE)
        expected += w * moments(u) * xc.integrated_gradients(smooth, X, 1, baseline=base, steps=40)
    close(xc.path_sampled_ig(smooth, X, 1, density=density, baseline=BASE), expected, 1e-8)


def test_sampled_is_path_weighted_with_the_cumulated_density(close):
    """P = alpha^2 for the density 2 alpha; its integral is 1/3."""
    how = {"baseline": BASE, "steps": 9}
    sampled = xc.path_sampled_ig(net, X, 0, density="linear", **how)
    close(sampled, xc.path_weighted_ig(net, X, 0, weight="square", **how) / 3, 1e-10)


# ---- IDGI ----------------------------------------------------------------------------------------


@search
@given(x=vectors, base=vectors, n=st.integers(1, 9), rule=st.sampled_from(QUADRATURES))
def test_important_direction_is_complete_at_any_steps(x, base, n, rule):
    found = xc.important_direction_ig(
        net, x, 1, baseline=base, steps=n, quadrature=rule, return_details=True
    )
    assert abs(float(found.gap)) < 1e-11
    assert abs(float(found.values.sum()) - float((net(x) - net(base))[0, 1])) < 1e-11


def test_important_direction_closed_forms(close):
    def model(x):
        return torch.tanh(x[:, 0] + 2 * x[:, 1])

    for n in (1, 3, 50):  # the ratio of the squared weights, and nothing for the third
        found = xc.important_direction_ig(model, row(0.3, 0.2, 5), steps=n)
        close(found, math.tanh(0.7) * row(1 / 5, 4 / 5, 0), 1e-12)

    # it does not see what has changed, and depends on units
    def together(x):
        return x[:, 0] + x[:, 1]

    close(xc.important_direction_ig(together, row(1, 0)), row(0.5, 0.5), 1e-13)
    close(xc.important_direction_ig(together, row(1, 1)), row(1, 1), 1e-13)
    other_units = xc.important_direction_ig(lambda x: 0.1 * x[:, 0] + x[:, 1], row(10, 1))
    close(other_units, 2 * row(0.01, 1) / 1.01, 1e-12)


def test_important_direction_where_the_gradient_is_zero(close):
    """TOY from its kink: the paper's left points find no direction in their first steps."""
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    for n, share in ((1, 0), (2, 0), (4, 0), (8, 0.5), (20, 0.8)):
        found = xc.important_direction_ig(toy, x, steps=n, quadrature="left", return_details=True)
        close(found.values.sum(1), row(share)[0], 1e-12)
        close(found.gap, row(share - 1)[0], 1e-12)
        if n >= 4:
            close(xc.important_direction_ig(toy, x, steps=n).sum(), row(1)[0, 0], 1e-12)


@pytest.mark.parametrize("batch_size", [1, 4, None])
def test_important_direction_is_the_papers_loop(batch_size, close):
    expected = torch.zeros_like(X)
    for k in range(4):
        for j in range(6):
            a, b, c = (BASE[k] + t * (X[k] - BASE[k]) for t in (j / 6, (j + 1) / 6, (j + 0.5) / 6))
            g = gradient(lambda x: net(x)[:, 2], c)
            change = (net(b[None]) - net(a[None]))[0, 2]
            expected[k] += g.square() / g.square().sum() * change
    got = xc.important_direction_ig(net, X, 2, baseline=BASE, steps=6, batch_size=batch_size)
    close(got, expected, 1e-11)


def test_tiny_gradients_still_have_a_direction(close):
    """1e-30 squared is below float32; the shares are as for larger ones."""
    x = row(1, 2).float()

    def model(x):
        return 1e-30 * (x[:, 0] + 3 * x[:, 1])

    close(xc.important_direction_ig(model, x).double(), 7e-30 * row(0.1, 0.9), 1e-5)


# ---- Integrated Decision Gradients ---------------------------------------------------------------


def test_decision_closed_forms(close):
    def idg(model, x, **how):
        return xc.integrated_decision_gradients(model, x, **how)

    smooth_rule = {"quadrature": "gauss_legendre"}
    close(idg(product, row(3, 2), **smooth_rule), row(24, 24), 1e-12)
    close(idg(linear, X, steps=2), wave(5, step=2.0) * X * linear(X)[:, None], 1e-12)
    close(idg(lambda x: x[:, 0] * (1 - x[:, 0]), row(1), **smooth_rule), row(1 / 3), 1e-12)
    close(idg(saturated, row(2), quadrature="midpoint"), row(2), 1e-12)
    # the sampler finds them, too
    close(idg(product, row(3, 2)), row(24, 24), 1e-3)
    close(idg(saturated, row(2)), row(2), 3e-2)


@search
@given(x=vectors, c=st.floats(-3, 3))
def test_decision_is_quadratic_in_f(x, c):
    one = xc.integrated_decision_gradients(net, x, 0, steps=9)
    scaled = xc.integrated_decision_gradients(lambda x: c * net(x), x, 0, steps=9)
    assert float((scaled - c * c * one).abs().max()) <= 1e-10 * (1 + float(one.abs().max()))
    assert float(one.sum()) >= -1e-12


@pytest.mark.parametrize("where", [0.2, 0.7, 0.95])
def test_the_sampler_covers_the_whole_path_and_finds_a_late_step(where, close):
    """sigmoid(60 (a - where)): the integral of the squared slope is 10, but for the cut tail."""

    def model(x):
        return torch.sigmoid(60 * (x[:, 0] - where))

    found = xc.integrated_decision_gradients(model, row(1), steps=50, return_details=True)
    u = [1 / (1 + math.exp(-60 * (a - where))) for a in (0, 1)]
    exact = sum(s * 60 * (v**2 / 2 - v**3 / 3) for s, v in zip((-1, 1), u, strict=True))
    close(found.values, row(exact), 0.02)
    nodes, weights = found.extra["nodes"][0], found.extra["weights"][0]
    assert len(nodes) == 50
    assert abs(float(weights.sum()) - 1) < 1e-12  # the steps tile the path
    assert float(nodes[0]) < 0.05
    assert float(nodes[-1]) > 0.95
    gaps = torch.cat([nodes[:1], nodes.diff(), 1 - nodes[-1:]])
    assert float(gaps.max()) < 0.05  # nowhere less than half as dense as even nodes
    near = ((nodes - where).abs() < 1 / 16).sum()
    assert int(near) > 12  # and twice as dense, at least, where F changes


def test_the_sampler_lays_the_same_nodes_for_a_falling_score(close):
    """What counts is how much F changes, not whether it rises."""

    def model(x):
        return torch.sigmoid(60 * (x[:, 0] - 0.3)) - 0.5 * torch.sigmoid(60 * (x[:, 0] - 0.8))

    up, down = (
        xc.integrated_decision_gradients(lambda x, s=s: s * model(x), row(1), return_details=True)
        for s in (1, -1)
    )
    close(up.extra["nodes"], down.extra["nodes"], 1e-12)
    assert int(((up.extra["nodes"] - 0.8).abs() < 1 / 16).sum()) > 8


def test_the_sampler_helps_where_nodes_are_few():
    """Eight nodes on a sharp step: evenly laid ones miss most of it."""
    errors = {}
    for name in ("decision", "midpoint"):
        wrong = 0.0
        for place in torch.linspace(0.1, 0.9, 9):
            found = xc.integrated_decision_gradients(
                lambda x, c=float(place): torch.sigmoid(40 * (x[:, 0] - c)), row(1), steps=8,
                quadrature=name,
            )  # fmt: skip
            wrong += abs(float(found) / (40 / 6) - 1) / 9
        errors[name] = wrong
    assert errors["decision"] < 0.6 * errors["midpoint"]


def test_the_decision_map_has_no_gap_but_a_sum_to_expect(close):
    """Its unit is F squared: the sum is the integral of the squared slope."""
    found = xc.integrated_decision_gradients(smooth, X, 1, steps=300, return_details=True)
    assert found.gap is None
    assert found.relative_gap is None
    close(found.extra["expected_total"], found.values.sum(1), 1e-3)
    assert bool((found.values.sum(1) >= (found.f_end - found.f_start).square() * 0.99).all())


def test_decision_on_nodes_of_a_rule_is_the_loop(close):
    expected = torch.zeros_like(X)
    for k in range(4):
        for j in range(7):
            g = gradient(lambda x: net(x)[:, 1], BASE[k] + (j + 0.5) / 7 * (X[k] - BASE[k]))
            product = (X[k] - BASE[k]) * g
            expected[k] += product * product.sum() / 7
    got = xc.integrated_decision_gradients(
        net, X, 1, baseline=BASE, steps=7, quadrature="midpoint", batch_size=3
    )
    close(got, expected, 1e-12)


# ---- one pass, no dearer than IG -----------------------------------------------------------------


class Counting:
    """A net that counts the points it is given, with and without a gradient."""

    def __init__(self, model) -> None:
        self.model, self.gradients, self.forwards = model, 0, 0

    def __call__(self, x: Tensor) -> Tensor:
        from xaicourse.core.row_guard import is_asking

        if not is_asking():
            if torch.is_grad_enabled():
                self.gradients += len(x)
            else:
                self.forwards += len(x)
        return self.model(x)


def cost(method, **how) -> tuple[int, int]:
    model = Counting(net)
    method(model, X, 1, baseline=BASE, steps=20, **how)
    return model.gradients, model.forwards


@pytest.mark.parametrize("name", REWEIGHED)
def test_reweighing_costs_no_gradient_more(name):
    gradients, forwards = cost(xc.integrated_gradients)
    method, how = REWEIGHED[name]
    assert gradients == 4 * 20
    assert cost(method, **how)[0] == gradients
    ends = 2 * 4 if name in ("left", "right") else 0  # F at the ends of the part, once
    assert cost(method, **how)[1] == forwards + ends


def test_what_the_two_others_cost():
    gradients, forwards = cost(xc.integrated_gradients)
    assert cost(xc.important_direction_ig) == (gradients, forwards + 4 * 21)
    assert cost(xc.integrated_decision_gradients) == (gradients, forwards + 4 * 17)


ROWS = wave(40, 5, step=1.7)


def map_errors(method, **how) -> Tensor:
    """Return the mean distance to the limit with 8, 16 and 32 gradients, in units of |IG|."""
    how["quadrature"] = "midpoint"
    exact = method(net, ROWS, 1, steps=700, **how)
    size = xc.integrated_gradients(net, ROWS, 1, steps=700, quadrature="midpoint").norm(dim=1)
    found = [method(net, ROWS, 1, steps=n, **how) for n in (8, 16, 32)]
    return torch.stack([((f - exact).norm(dim=1) / size).mean() for f in found])


def test_reweighing_is_as_accurate_with_as_many_gradients():
    plain = map_errors(xc.integrated_gradients)
    for method in (xc.left_ig, xc.path_weighted_ig, xc.path_sampled_ig):
        assert bool((map_errors(method) <= plain).all()), method.__name__
    # a crossing in the middle of the rise adds its own error, which falls as fast
    for method in (xc.left_ig, xc.split_ig):
        assert bool((map_errors(method, share=0.5) <= 2 * plain).all()), method.__name__


def test_the_decision_map_converges_like_ig_from_a_larger_error():
    """Its integrand is a square, so its relative error is two to three times that of IG."""
    how = {"quadrature": "midpoint"}
    for n in (8, 32):
        errors = []
        for method in (xc.integrated_gradients, xc.integrated_decision_gradients):
            exact = method(net, ROWS, 1, steps=700, **how)
            wrong = (method(net, ROWS, 1, steps=n, **how) - exact).norm(dim=1)
            errors.append(float((wrong / exact.norm(dim=1)).mean()))
        assert 1.5 < errors[1] / errors[0] < 3.5


# ---- adaptive, and its words ---------------------------------------------------------------------


@pytest.mark.parametrize("name", REWEIGHED)
def test_adaptive_reaches_its_tolerance(name):
    method, how = REWEIGHED[name]
    how = {n: v for n, v in how.items() if n != "quadrature"} | {"baseline": BASE}
    exact = method(net, X, 2, **{**how, "steps": 3000, "quadrature": "midpoint"})
    found = method(net, X, 2, tol=0.03, **how, return_details=True)
    assert bool((found.map_error <= 0.03).all())
    assert bool(((found.values - exact).norm(dim=1) <= 0.03 * exact.norm(dim=1)).all())
    assert found.settings["quadrature"] == "adaptive"
    assert bool((found.gradients < 200).all())


def test_adaptive_says_where_it_was_called():
    with pytest.warns(UserWarning, match="did not reach tol=0.0001 within steps=10") as said:
        xc.left_ig(net, X, 2, tol=1e-4, steps=10)
    assert said[0].filename == __file__


REFUSED = [
    (xc.left_ig, {"share": 1.0}, ValueError, "share must be a number between 0 and 1"),
    (xc.left_ig, {"share": "half"}, ValueError, "share must be a number between 0 and 1"),
    (xc.split_ig, {"part": "middle"}, ValueError, "part must be 'left' or 'right'"),
    (xc.path_weighted_ig, {"weight": "exponental"}, ValueError, "did you mean 'exponential'"),
    (xc.path_weighted_ig, {"weight": 1.0}, TypeError, "weight must be one of"),
    (xc.path_sampled_ig, {"density": lambda a: 1 / a}, ValueError, "density has no integral"),
    (xc.path_sampled_ig, {"density": "unform"}, ValueError, "density 'unform' is unknown"),
    (xc.integrated_decision_gradients, {"probes": 0}, ValueError, "probes"),
    (xc.integrated_decision_gradients, {"quadrature": "even"}, ValueError, "decision"),
    (xc.important_direction_ig, {"quadrature": "adaptive"}, ValueError, "quadrature must be one"),
]


@pytest.mark.parametrize(("method", "bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(method, bad, error, words):
    with pytest.raises(error, match=words):
        method(net, X, 0, **bad)
