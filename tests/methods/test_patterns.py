"""PatternNet and PatternAttribution: closed forms, a loop from the paper, spellings, refusals."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.pretend_gpu import DEVICE, PretendGPU
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.row_guard import vouch_for
from xaicourse.methods.vanilla.pattern_fitting import LayerPattern
from xaicourse.zoo.folding import fold

METHODS = [xc.pattern_net, xc.pattern_attribution]
ESTIMATORS = ["two_component", "linear"]


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def signal_and_distractor():
    """Return x = z (1, 0) + e (1, 1) for every pair of z and e: uncorrelated to the last digit."""
    z, e = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in (20, 9))
    z, e = torch.cartesian_prod(z, e).T
    return z, e, torch.stack([z + e, e], dim=1)


W_TOY = double([1.0, -1.0])


# ---- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("relu", [False, True])
def test_the_papers_toy(relu, estimator, close):
    """w = (1, -1) cancels the distractor; the signal lies along (1, 0)."""
    z, _, data = signal_and_distractor()
    neuron = lambda x: F.linear(x, W_TOY)  # noqa: E731
    model = (lambda x: neuron(x).relu()) if relu else neuron
    patterns = xc.fit_patterns(model, data, estimator)
    close(patterns.layers[0].plus, double([1.0, 0.0]))
    x = data[z > 0]
    signal = torch.stack([z[z > 0], 0 * z[z > 0]], dim=1)
    close(xc.pattern_net(model, x, 0, patterns=patterns), signal)
    close(xc.pattern_attribution(model, x, 0, patterns=patterns), signal)
    close(xc.gradient(model, x, 0), W_TOY.expand(len(x), 2))


def test_both_estimators_on_a_published_draw(close):
    """z = -2, -1.99 ..., noise of seed 42: numbers computed apart from this package."""
    z = np.arange(-2, 2, 0.01)
    e = np.random.RandomState(42).normal(0, 0.3, len(z))
    data = torch.as_tensor(np.stack([z + e, e], axis=1))
    for relu, estimator in ((True, "two_component"), (False, "linear")):
        model = lambda x, relu=relu: F.linear(x, W_TOY).relu() if relu else F.linear(x, W_TOY)  # noqa: E731
        found = xc.fit_patterns(model, data, estimator).layers[0].plus[0]
        x, y = data.numpy(), data.numpy() @ np.array([1.0, -1.0])
        on = y > 0 if relu else np.ones(len(y), bool)
        a = (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()
        close(found, torch.as_tensor(a / (a[0] - a[1])))
        assert abs(float(found[1]) - 0.018) < 0.001


def test_isotropic_data_give_the_direction_of_the_weights(close):
    corners = torch.cartesian_prod(*[double(-1.0, 1.0)] * 3)  # covariance: the identity
    w = double([1.0, -2.0, 0.5])
    found = xc.fit_patterns(lambda x: F.linear(x, w), corners, "linear").layers[0].plus
    close(found, w / w.square().sum())


def test_one_function_written_twice_gets_two_maps(close):
    """relu(relu(w.x) - 1) and relu(w.x - 1): the patterns of the two first neurons differ."""
    x1 = torch.randn(2000, dtype=torch.float64) * 0.7
    data = torch.stack([x1, x1 * (1 - 2 * (torch.arange(2000) % 2))], dim=1)
    w, one = double([1.0, 2.0]), torch.ones(1, 1, dtype=torch.float64)
    nets = [
        lambda x: F.linear(F.linear(x, w).relu(), one, double(-1.0)).relu(),
        lambda x: F.linear(x, w, double(-1.0)).relu(),
    ]
    x = double([3.0, 3.0])
    maps = [xc.pattern_attribution(f, x, 0, patterns=xc.fit_patterns(f, data)) for f in nets]
    for values in maps:
        close(values.sum(), double(8.0)[0])
    assert float((maps[0] - maps[1]).abs().max()) > 0.1


# ---- a loop from the paper -----------------------------------------------------------------------


def loop_pattern(patches, w, b, gated):
    """One neuron: patches (M, d), w (d,)."""
    x, y = patches, patches @ w + b
    on = y > 0 if gated else torch.ones_like(y, dtype=torch.bool)
    if not on.any():
        return torch.zeros_like(w)
    a = torch.zeros_like(w)
    for i in range(len(w)):
        a[i] = (x[on, i] * y[on]).mean() - x[on, i].mean() * y.mean()
    return a / (w @ a)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_dense_net_equals_a_loop(estimator, close):
    one, two = nn.Linear(4, 6).double(), nn.Linear(6, 3).double()
    model = nn.Sequential(one, nn.ReLU(), two)
    data = torch.randn(200, 4, dtype=torch.float64) @ torch.randn(4, 4, dtype=torch.float64)
    patterns = xc.fit_patterns(model, data, estimator)
    hidden = one(data).relu().detach()
    gated = estimator == "two_component"
    with torch.no_grad():
        A1 = torch.stack([loop_pattern(data, one.weight[j], one.bias[j], gated) for j in range(6)])
        A2 = torch.stack(
            [loop_pattern(hidden, two.weight[j], two.bias[j], False) for j in range(3)]
        )
    close(patterns.layers[0].plus, A1)
    close(patterns.layers[1].plus, A2)
    x = data[:5]
    for method, V1, V2 in (
        (xc.pattern_net, A1, A2),
        (xc.pattern_attribution, A1 * one.weight, A2 * two.weight),
    ):
        expected = torch.zeros_like(x)
        for n in range(5):
            z, y = one(x[n]), model(x[n])
            for i in range(4):
                for j in range(6):
                    if z[j] > 0:
                        expected[n, i] += (V1[j, i] * V2[2, j] * y[2]).detach()
        close(method(model, x, 2, patterns=patterns), expected)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_convolution_equals_a_loop(groups, close):
    """Padding, stride, dilation and groups; the ReLU comes after the pool."""
    conv = nn.Conv2d(2, 4, 3, padding=1, stride=2, dilation=1, groups=groups).double()
    dense = nn.Linear(16, 3).double()
    model = nn.Sequential(conv, nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), dense)
    data = torch.randn(60, 2, 8, 8, dtype=torch.float64).cumsum(2)
    patterns = xc.fit_patterns(model, data, batch_size=17)
    assert [p.gated for p in patterns.layers] == [True, False]
    columns = F.unfold(data, 3, padding=1, stride=2).transpose(1, 2).reshape(-1, 18)
    with torch.no_grad():
        for j in range(4):
            part = columns if groups == 1 else columns.view(-1, 2, 9)[:, j // 2]
            expected = loop_pattern(part, conv.weight[j].flatten(), conv.bias[j], True)
            close(patterns.layers[0].plus[j].flatten(), expected)
    # the map: the gradient of the net whose weights are those of the method, gates fixed
    x = data[:3]
    z = conv(x)
    _, winner = F.max_pool2d(z, 2, return_indices=True)
    gate = (z.flatten(2).gather(2, winner.flatten(2)) > 0).double().view(3, -1)
    for method, of in (
        (xc.pattern_net, lambda W, A: A),
        (xc.pattern_attribution, lambda W, A: W * A),
    ):
        V1, V2 = (of(m.weight, p.plus) for m, p in zip((conv, dense), patterns.layers, strict=True))
        leaf = x.clone().requires_grad_(True)
        passed = (
            F.conv2d(leaf, V1, None, 2, 1, groups=groups).flatten(2).gather(2, winner.flatten(2))
        )
        ((passed.flatten(1) * gate) @ V2[1] * model(x)[:, 1].detach()).sum().backward()
        close(method(model, x, 1, patterns=patterns), leaf.grad)


# ---- properties ----------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), estimator=st.sampled_from(ESTIMATORS))
def test_every_pattern_has_unit_product_with_its_weights(seed, estimator):
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(s, generator=generator, dtype=torch.float64) for s in ((5, 3), (2, 5))]
    model = lambda x: F.linear(F.linear(x, weights[0]).relu(), weights[1])  # noqa: E731
    data = 3 + torch.randn(50, 3, generator=generator, dtype=torch.float64)
    patterns = xc.fit_patterns(model, data, estimator)
    for W, layer in zip(weights, patterns.layers, strict=True):
        product = (W * layer.plus).sum(1)
        assert float((product[~layer.dead] - 1).abs().max()) < 1e-9
    # relevance is kept where every neuron is active and has a pattern
    x = data[:8]
    open_rows = (F.linear(x, weights[0]) > 0).all(1) & ~patterns.layers[0].dead.any()
    found = xc.pattern_attribution(model, x, 0, patterns=patterns, return_details=True)
    assert float((found.gap * open_rows).abs().max()) < 1e-8
    assert float((found.values.sum(1) - model(x)[:, 0] - found.gap).abs().max()) < 1e-8


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_chunks_and_a_far_origin_do_not_matter(estimator, close):
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).double()
    data = torch.randn(40, 1, 6, 6, dtype=torch.float64)
    whole = xc.fit_patterns(net, data, estimator)
    parts = xc.fit_patterns(net, [(b, "labels") for b in data.split(7)], estimator, batch_size=3)
    far = xc.fit_patterns(lambda x: net(x - 1e4), data + 1e4, estimator)
    for a, b, c in zip(whole.layers, parts.layers, far.layers, strict=True):
        close(b.plus, a.plus)
        close(b.minus, a.minus)
        close(c.plus, a.plus, 1e-6)


def test_a_neuron_that_is_never_active_has_no_pattern():
    layer = nn.Linear(3, 2).double()
    layer.bias.data = double(-100.0, 0.0)
    model = lambda x: layer(x).relu()  # noqa: E731
    patterns = xc.fit_patterns(model, torch.randn(30, 3, dtype=torch.float64))
    assert patterns.layers[0].dead.tolist() == [True, False]
    constant = lambda x: layer(x * double(0.0, 0.0, 0.0))  # noqa: E731
    dead = xc.fit_patterns(constant, torch.randn(30, 3, dtype=torch.float64)).layers[0].dead
    assert bool(dead.all())


# ---- every spelling ------------------------------------------------------------------------------


def spellings():
    conv, norm = nn.Conv2d(1, 4, 3, padding=1).double(), nn.BatchNorm2d(4).double().eval()
    norm.weight.data.uniform_(0.5, 2)
    norm.bias.data.uniform_(-1, 1)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    dense = nn.Linear(64, 3).double()
    merged = fold(conv.eval(), norm)

    def functional(x):
        x = F.conv2d(x, conv.weight, conv.bias, padding=1)
        x = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        x = F.max_pool2d(torch.clamp(x, min=0), 2)
        return x.flatten(1) @ dense.weight.T + dense.bias

    tail = (nn.MaxPool2d(2), nn.Flatten(), dense)
    return {
        "modules": nn.Sequential(conv, norm, nn.ReLU(), *tail).eval(),
        "in place": nn.Sequential(conv, norm, nn.ReLU(inplace=True), *tail).eval(),
        "functional": functional,
        "folded": nn.Sequential(merged, nn.ReLU(), *tail).eval(),
    }


@pytest.mark.parametrize("method", METHODS)
def test_spellings_agree(method, close):
    data = torch.randn(50, 1, 8, 8, dtype=torch.float64)
    nets = spellings()
    patterns = xc.fit_patterns(nets["modules"], data)
    expected = method(nets["modules"], data[:3], 1, patterns=patterns)
    assert [p.gated for p in patterns.layers] == [True, False]
    for model in nets.values():
        close(method(model, data[:3], 1, patterns=xc.fit_patterns(model, data)), expected)
        close(method(model, data[:3], 1, patterns=patterns), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_normalisation_in_front_is_part_of_the_first_layer(estimator, method, close):
    """/ std never matters; - mean does for two components, whose formula knows where x is 0."""
    one, two = nn.Linear(5, 4).double(), nn.Linear(4, 2).double()
    mean, std = torch.randn(5, dtype=torch.float64), torch.rand(5, dtype=torch.float64) + 0.5
    mean = mean if estimator == "linear" else 0 * mean
    inside = nn.Linear(5, 4).double()
    inside.weight.data = one.weight.data / std
    inside.bias.data = one.bias.data - inside.weight.data @ mean
    apart = lambda x: two(one((x - mean) / std).relu())  # noqa: E731
    merged = lambda x: two(inside(x).relu())  # noqa: E731
    data = torch.randn(80, 5, dtype=torch.float64)
    maps = [
        method(f, data[:4], 1, patterns=xc.fit_patterns(f, data, estimator))
        for f in (apart, merged)
    ]
    close(*maps)


@pytest.mark.parametrize("method", METHODS)
def test_a_module_that_is_used_twice_has_two_patterns(method, close):
    again, last = nn.Linear(4, 4).double(), nn.Linear(4, 2).double()
    twin = nn.Linear(4, 4).double()
    twin.load_state_dict(again.state_dict())
    data = torch.randn(80, 4, dtype=torch.float64)
    reused = lambda x: last(again(again(x).relu()).relu())  # noqa: E731
    two = lambda x: last(twin(again(x).relu()).relu())  # noqa: E731
    patterns = xc.fit_patterns(reused, data)
    assert len(patterns) == 3
    maps = [method(f, data[:4], 1, patterns=patterns) for f in (reused, two)]
    close(*maps)


# ---- files ---------------------------------------------------------------------------------------


def test_patterns_survive_a_file(tmp_path, close):
    net = spellings()["modules"]
    data = torch.randn(30, 1, 8, 8, dtype=torch.float64)
    patterns = xc.fit_patterns(net, data)
    patterns.save(tmp_path / "patterns.safetensors")
    again = xc.Patterns.load(tmp_path / "patterns.safetensors")
    assert again.estimator == "two_component"
    assert [p.name for p in again.layers] == ["conv2d+batch_norm", "linear"]
    for a, b in zip(patterns.layers, again.layers, strict=True):
        assert torch.equal(a.plus, b.plus)
        assert torch.equal(a.minus, b.minus)
        assert a.gated == b.gated
    assert [f.name for f in tmp_path.iterdir()] == ["patterns.safetensors"]
    with pytest.raises(FileNotFoundError, match="no file"):
        xc.Patterns.load(tmp_path / "none.safetensors")
    (tmp_path / "broken").write_bytes(b"not tensors")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        xc.Patterns.load(tmp_path / "broken")


# ---- quality -------------------------------------------------------------------------------------


def test_quality_on_the_toy(close):
    """For the filter w / 2 the residual is (z / 2 + e) (1, 1): its correlation with z is known."""
    z, e, data = signal_and_distractor()
    twice = torch.cat([data, data])  # both halves alike
    model = lambda x: F.linear(x, W_TOY)  # noqa: E731
    settings = {"samples": len(twice)}
    patterns = xc.fit_patterns(model, data)
    close(xc.pattern_quality(model, twice, patterns, **settings)[0], double(1.0), 1e-9)
    rho = 1 - z.std() / (2 * (z.var() / 4 + e.var()).sqrt())
    close(xc.pattern_quality(model, twice, "filter", **settings)[0], rho[None], 1e-9)


def test_quality_is_for_the_model_of_the_patterns_and_for_enough_patches():
    net, x, patterns = small()
    other, _, _ = small()  # the same shapes with other weights
    with pytest.raises(ValueError, match=r"signal.*other weights: in layer 0"):
        xc.pattern_quality(other, x, patterns)
    for rho in xc.pattern_quality(net, x[:3], patterns):  # a fit on one row finds nothing to say
        assert bool(rho.isnan().all())


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path):
    about = {"format": "xaicourse patterns, version 1", "estimator": "linear"}
    about["layers"] = '[["linear", true]]'
    save_file({"0.plus": torch.ones(2)}, tmp_path / "part", about)
    with pytest.raises(ValueError, match=r"part of some patterns only.*0\.minus"):
        xc.Patterns.load(tmp_path / "part")


def test_quality_of_convolutions_and_chunks(close):
    net = nn.Sequential(nn.Conv2d(2, 4, 3, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    net = net.double()
    data = torch.randn(150, 2, 6, 6, dtype=torch.float64).cumsum(3)
    patterns = xc.fit_patterns(net, data[:100])
    whole = xc.pattern_quality(net, data, patterns, samples=600)
    parts = xc.pattern_quality(net, data, patterns, samples=600, batch_size=7)
    assert [tuple(rho.shape) for rho in whole] == [(4,), (3,)]
    for a, b in zip(whole, parts, strict=True):
        close(a, b, 1e-8)
    by_filter = xc.pattern_quality(net, data, "filter", samples=600)
    (last,) = xc.pattern_quality(net, data, patterns, samples=600, layers=[1])
    assert torch.equal(last, whole[1])
    with pytest.raises(ValueError, match=r"layers 0 to 1, got 2"):
        xc.pattern_quality(net, data, patterns, layers=[2])
    assert float(whole[0].mean()) > float(by_filter[0].mean()) + 0.1


# ---- refusals ------------------------------------------------------------------------------------


def small(hidden=6):
    net = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 3)).double()
    data = torch.randn(40, 4, dtype=torch.float64)
    return net, data, xc.fit_patterns(net, data)


@pytest.mark.parametrize("method", METHODS)
def test_patterns_of_another_model_are_refused(method):
    net, x, patterns = small()
    _, _, of_wider = small(7)
    _, _, of_trained = small()
    with pytest.raises(TypeError, match=r"patterns must be given.*fit_patterns\(model, data\)"):
        method(net, x, 0)
    with pytest.raises(TypeError, match="got str"):
        method(net, x, 0, patterns="patterns")
    with pytest.raises(ValueError, match=r"another model.*linear \(7, 4\).*has linear \(6, 4\)"):
        method(net, x, 0, patterns=of_wider)
    with pytest.raises(ValueError, match="other weights: in layer 0"):
        method(net, x, 0, patterns=of_trained)
    with pytest.raises(ValueError, match=r"another model.*has none"):
        method(lambda x: x.relu(), x, 0, patterns=patterns)
    with pytest.raises(ValueError, match="another model"):
        xc.pattern_quality(net, x, of_wider)


def test_what_is_not_covered_is_refused_by_name(close):
    net, x, patterns = small()
    layer = nn.Linear(4, 4).double()
    for model, name in (
        (lambda x: layer(x).cumsum(1), "cumsum"),
        (lambda x: F.interpolate(layer(x)[:, None], scale_factor=2), "upsample_nearest1d"),
        (lambda x: F.leaky_relu(layer(x)), "leaky_relu"),
        (lambda x: F.gelu(layer(x)), "gelu"),
    ):
        with pytest.raises(UnsupportedOperationError, match=f"'{name}'"):
            xc.fit_patterns(model, x)
    with pytest.raises(UnsupportedOperationError, match=r"attention.*use gradient"):
        xc.fit_patterns(lambda x: F.scaled_dot_product_attention(*[layer(x)[:, None]] * 3), x)
    summed = lambda x: net(layer(x).relu().cumsum(1))  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"allow=\('cumsum',\)"):
        xc.pattern_net(summed, x, 0, patterns=patterns)
    allowed = xc.fit_patterns(summed, x, allow=("cumsum",))
    values = xc.pattern_attribution(summed, x, 0, patterns=allowed, allow=("cumsum",))
    assert values.shape == x.shape


def test_bad_arguments_of_the_fit():
    net, x, _ = small()
    with pytest.raises(ValueError, match=r"estimator must be one of.*'both'"):
        xc.fit_patterns(net, x, "both")
    with pytest.raises(ValueError, match="data is empty"):
        xc.fit_patterns(net, [])
    with pytest.raises(TypeError, match="data must be a tensor"):
        xc.fit_patterns(net, 3)
    with pytest.raises(TypeError, match="data: batch 0 must be a torch tensor"):
        xc.fit_patterns(net, ["text"])
    with pytest.raises(ValueError, match="data holds 1 NaN"):
        xc.fit_patterns(net, x.index_put((torch.tensor(0), torch.tensor(0)), double(torch.nan)[0]))
    with pytest.raises(ValueError, match="signal must be Patterns or 'filter'"):
        xc.pattern_quality(net, x, "weights")


def test_layers_that_depend_on_the_data_are_refused():
    one, two = nn.Linear(4, 4).double(), nn.Linear(4, 4).double()
    model = lambda x: one(x) if x[0, 0] > 0 else two(one(x))  # noqa: E731
    x = torch.randn(6, 4, dtype=torch.float64)
    x[:, 0] = double(1.0, -1.0, 1.0, -1.0, 1.0, 1.0)
    vouch_for(model)  # as if its rows were independent, as they are one by one
    with pytest.raises(UnsupportedOperationError, match="same layers for all"):
        xc.fit_patterns(model, x, batch_size=1, allow=("comparison",))


def test_a_layers_pattern_says_which_neurons_are_dead():
    plus = double([0.0, 0.0], [1.0, 0.0])
    assert LayerPattern("linear", True, plus, plus).dead.tolist() == [True, False]


def test_patterns_are_fitted_where_the_data_are(close):
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).double()
    data = torch.randn(20, 1, 6, 6, dtype=torch.float64)
    expected = xc.fit_patterns(net, data)
    with PretendGPU():
        found = xc.fit_patterns(net.to(DEVICE), data.to(DEVICE))
        rho = xc.pattern_quality(net, data.to(DEVICE), found, samples=200)
    for a, b in zip(found.layers, expected.layers, strict=True):
        assert a.plus.device.type == "cpu"
        close(a.plus, b.plus)
    assert [len(one) for one in rho] == [3, 2]
