"""Patterns beyond plain nets: sums, means, pools, ReLU6, joins, shared layers, popular families."""

import gc
import weakref

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.methods.vanilla.pattern_fitting import LayerPattern
from xaicourse.methods.vanilla.pattern_quality import residual_correlation

METHODS = [xc.pattern_net, xc.pattern_attribution]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def weights(method, W, A):
    """Return what stands in for W on the way back."""
    return A if method is xc.pattern_net else W * A


def loop_pattern(patches, w, b, low=None, high=float("inf")):
    """One neuron by the paper: patches (M, d), w (d,); active where low < w . x + b < high."""
    x, y = patches, patches @ w
    on = torch.ones_like(y, dtype=torch.bool) if low is None else (y + b > low) & (y + b < high)
    a = (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()
    return a / (w @ a)


# ---- sums and means: a = w / (w . w) -------------------------------------------------------------


class Average(nn.Module):
    """Identity weights in front, so that a map is what the operation hands back."""

    def __init__(self, operation, channels):
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 1, groups=channels, bias=False).double()
        self.one.weight.data.fill_(1.0)
        self.operation = operation

    def forward(self, x):
        return self.operation(self.one(x))


OPERATIONS = {
    "avg_pool": lambda h: F.avg_pool2d(h, 2),
    "overlapping": lambda h: F.avg_pool2d(h, 3, stride=2),
    "padded, counted": lambda h: F.avg_pool2d(h, 3, 2, 1),
    "padded, not counted": lambda h: F.avg_pool2d(h, 3, 2, 1, count_include_pad=False),
    "ceil": lambda h: F.avg_pool2d(h, (2, 3), ceil_mode=True),
    "own divisor": lambda h: F.avg_pool2d(h, 2, divisor_override=3),
    "adaptive": lambda h: F.adaptive_avg_pool2d(h, (2, 3)),
    "global": nn.AdaptiveAvgPool2d(1),
    "mean": lambda h: h.mean((2, 3)),
    "mean over channels": lambda h: h.mean(1, keepdim=True),
    "sum": lambda h: h.sum((1, 3)),
    "sum / n": lambda h: h.sum((2, 3)) / 35,
    "series": lambda h: F.avg_pool1d(h[:, :, 0], 3, 2, 1),
    "whole": lambda h: h.flatten(1).mean(1, keepdim=True),
    "difference": lambda h: h[:, :1] - h[:, 1:],
    "alpha": lambda h: torch.add(h[:, :1], h[:, 1:], alpha=3),
    "spread out": lambda h: h[:, :, :1] + h[:, :, 1:],
    "stacked": lambda h: torch.stack([h[:, 0], h[:, 1]]).mean(0),
    "list": lambda h: sum([h[:, 0], h[:, 1], h[:, 0]]),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("method", METHODS)
def test_a_known_operation_hands_back_by_its_own_weights(method, name, close):
    """The matrix of the operation, read off column by column: a = w / (w . w) for each row."""
    operation = OPERATIONS[name]
    x = torch.rand(2, 2, 5, 7, dtype=torch.float64) + 0.5
    model = Average(lambda h: operation(h).flatten(1), 2).eval()
    patterns = xc.fit_patterns(model, torch.rand(20, 2, 5, 7, dtype=torch.float64))
    target = lambda outputs, rows: outputs.sum(1)  # noqa: E731
    found = method(model, x, target, patterns=patterns)
    J = operation(torch.eye(70, dtype=torch.float64).view(70, 2, 5, 7))
    J = J.reshape(70, -1).T if name != "stacked" else J.flatten(1).T  # (outputs, 70)
    if name == "list":  # (x0 + x1) + x0, one sum after the other: the second has two summands
        pairs = torch.zeros(35, 70, dtype=torch.float64)
        pairs[:, :35], pairs[:, 35:] = 3 / 4 * torch.eye(35), 1 / 4 * torch.eye(35)
        v = pairs
    else:
        A = J / J.square().sum(1, keepdim=True)
        if name == "sum / n":  # the pattern of / n is n
            A = J * 35 / 35 / J.square().sum(1, keepdim=True)
        v = weights(method, J, A)
    y = model(x)  # the start; the layer in front has w = a = 1
    close(found.flatten(1), y @ v)


def test_half_and_half_is_the_whole(close):
    """1/2 W x + 1/2 W x is W x, and its relevance is the same; so is a mean of n equal parts."""
    layer, last = nn.Linear(5, 4).double(), nn.Linear(4, 2).double()
    data = torch.randn(60, 5, dtype=torch.float64)
    plain = lambda x: last(layer(x).relu())  # noqa: E731
    halves = lambda x: (lambda h: last(h / 2 + 0.5 * h))(layer(x).relu())  # noqa: E731
    thirds = lambda x: (lambda h: last(torch.stack([h] * 3, 1).mean(1)))(layer(x).relu())  # noqa: E731
    expected = xc.pattern_attribution(plain, data[:4], 1, patterns=xc.fit_patterns(plain, data))
    for model in (halves, thirds):
        found = xc.pattern_attribution(model, data[:4], 1, patterns=xc.fit_patterns(model, data))
        close(found, expected)


def test_relevance_is_kept_by_residual_sums_and_pools():
    """Where all neurons are active and have a pattern, R adds up to F."""
    generator = torch.Generator().manual_seed(3)
    one, two = nn.Conv2d(2, 2, 1).double(), nn.Conv2d(2, 2, 1).double()
    last = nn.Linear(2, 3).double()
    for p in (*one.parameters(), *two.parameters()):
        p.data = torch.rand(p.shape, generator=generator, dtype=torch.float64) + 0.1

    def model(x):
        h = one(x).relu()
        return last((h + two(h).relu()).mean((2, 3)))

    data = torch.rand(30, 2, 4, 4, generator=generator, dtype=torch.float64)
    patterns = xc.fit_patterns(model, data)
    found = xc.pattern_attribution(model, data[:5], 1, patterns=patterns, return_details=True)
    assert float(found.gap.abs().max()) < 1e-10 * float(found.f_end.abs().max())


# ---- a residual net equals a loop over unfolded patches ------------------------------------------


def residual_net():
    """Strided, dilated, grouped convolutions, batch-norm, a sum in place, ReLU6, a join, a mean."""
    stem = nn.Conv2d(2, 4, 3, stride=2, padding=2, dilation=2, bias=False).double()
    norm = nn.BatchNorm2d(4).double()
    norm.weight.data.uniform_(0.5, 2)
    norm.bias.data.uniform_(-0.5, 0.5)
    norm.running_mean.uniform_(-0.2, 0.2)
    norm.running_var.uniform_(0.5, 2)
    body, last = nn.Conv2d(4, 4, 3, padding=1, groups=2).double(), nn.Linear(8, 3).double()
    stem.weight.data *= 4  # so that some numbers are over 6

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.norm, self.body, self.last = stem, norm, body, last

        def forward(self, x):
            h = F.relu6(self.norm(self.stem(x)), inplace=True)
            z = F.dropout(self.body(h), training=self.training)
            z += h
            z = F.relu(z, inplace=True)
            return self.last(F.adaptive_avg_pool2d(torch.cat([z, h], 1), 1).flatten(1))

    return Net().eval()


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_residual_net_equals_a_loop(batch_size, close):
    net = residual_net()
    data = torch.randn(40, 2, 8, 8, dtype=torch.float64).cumsum(3)
    patterns = xc.fit_patterns(net, data, batch_size=batch_size)
    assert [p.name for p in patterns.layers] == ["conv2d+batch_norm", "conv2d", "linear"]
    assert [p.gated for p in patterns.layers] == [True, False, False]
    with torch.no_grad():
        scale = net.norm.weight / (net.norm.running_var + net.norm.eps).sqrt()
        W0 = net.stem.weight * scale.view(-1, 1, 1, 1)
        b0 = net.norm.bias - net.norm.running_mean * scale
        columns = F.unfold(data, 3, 2, 2, 2).transpose(1, 2).reshape(-1, 18)
        A0 = torch.stack([loop_pattern(columns, W0[j].flatten(), b0[j], 0, 6) for j in range(4)])
        y0 = columns @ W0.flatten(1).T + b0
        assert bool((y0 > 6).any())
        assert bool((y0 < 0).any())
        h = F.conv2d(data, W0, b0, 2, 2, 2).clamp(0, 6)
        parts = F.unfold(h, 3, 1, 1).transpose(1, 2).reshape(-1, 2, 18)  # (M, groups, d)
        W1 = net.body.weight
        A1 = torch.stack([loop_pattern(parts[:, j // 2], W1[j].flatten(), 0) for j in range(4)])
        z = F.conv2d(h, W1, net.body.bias, 1, 1, 1, 2) + h
        pooled = torch.cat([z.relu(), h], 1).mean((2, 3))
        W2 = net.last.weight
        A2 = torch.stack([loop_pattern(pooled, W2[k], 0) for k in range(3)])
    for found, A, W in zip(patterns.layers, (A0, A1, A2), (W0, W1, W2), strict=True):
        close(found.plus, A.view_as(W))
    for method in METHODS:
        V0, V1, V2 = (weights(method, W, A.view_as(W)) for W, A in ((W0, A0), (W1, A1), (W2, A2)))
        x = data[:3].clone().requires_grad_(True)
        gates = [(t[:3] > 0) & (t[:3] < top) for t, top in ((y0_map(net, data), 6), (z, 1e9))]
        g0 = F.conv2d(x, V0, None, 2, 2, 2) * gates[0]
        g1 = (F.conv2d(g0, V1, None, 1, 1, 1, 2) / 2 + g0 / 2) * gates[1]
        both = torch.cat([g1, g0], 1)
        mean = both.sum((2, 3)) if method is xc.pattern_net else both.mean((2, 3))
        ((mean @ V2[1]) * net(data[:3])[:, 1].detach()).sum().backward()
        close(method(net, data[:3], 1, patterns=patterns), x.grad)


def y0_map(net, data):
    return net.norm(net.stem(data)).detach()


@pytest.mark.parametrize("method", METHODS)
def test_a_norm_behind_a_join_is_a_layer_of_its_own(method, close):
    """As in a DenseNet: each number is scaled, and the signal of x is that of y / scale."""
    one, two = nn.Conv2d(1, 2, 1).double(), nn.Conv2d(1, 2, 1).double()
    norm = nn.BatchNorm2d(4).double().eval()
    norm.weight.data.uniform_(0.5, 2)
    norm.running_mean.uniform_(-1, 1)
    last = nn.Linear(16, 2).double()
    joined = nn.Conv2d(1, 4, 1).double()
    joined.weight.data = torch.cat([one.weight, two.weight]).detach()
    joined.bias.data = torch.cat([one.bias, two.bias]).detach()
    apart = lambda x: last(norm(torch.cat([one(x), two(x)], 1)).flatten(1))  # noqa: E731
    whole = lambda x: last(norm(joined(x)).flatten(1))  # noqa: E731
    data = torch.randn(50, 1, 2, 2, dtype=torch.float64)
    maps = [
        method(f, data[:3], 0, patterns=xc.fit_patterns(f, data, "linear")) for f in (apart, whole)
    ]
    close(*maps)


# ---- layers that are used in several ways --------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_read_with_and_without_its_norm_is_two_layers(method, close):
    conv, twin = nn.Conv2d(1, 3, 3).double(), nn.Conv2d(1, 3, 3).double()
    twin.load_state_dict(conv.state_dict())
    norm = nn.BatchNorm2d(3).double().eval()
    norm.weight.data.uniform_(1.5, 2)
    last = nn.Linear(12, 2).double()

    def one(x):
        z = conv(x)
        return last((norm(z).relu() + z).flatten(1))

    def two(x):
        return last((norm(twin(x)).relu() + conv(x)).flatten(1))

    data = torch.randn(60, 1, 4, 4, dtype=torch.float64)
    found = [xc.fit_patterns(f, data) for f in (one, two)]
    assert sorted(p.gated for p in found[0].layers) == [False, False, True]
    close(*[method(f, data[:3], 1, patterns=p) for f, p in zip((one, two), found, strict=True)])


@pytest.mark.parametrize("method", METHODS)
def test_contractions_whose_neurons_cannot_be_told_apart_are_refused_and_the_advice_works(
    method, close
):
    W = torch.randn(4, 4, dtype=torch.float64)
    data = torch.randn(40, 4, dtype=torch.float64)
    contracted = lambda x: torch.einsum("nd,do->no", x, W).relu()  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"einsum\(\).*x @ W"):
        xc.fit_patterns(contracted, data)
    advised, plain = lambda x: (x @ W).relu(), lambda x: F.linear(x, W.T).relu()
    patterns = xc.fit_patterns(plain, data)
    close(*[method(f, data[:3], 1, patterns=patterns) for f in (advised, plain)])


def test_quality_knows_where_a_relu6_is_active(close):
    """S(x) = a+ y for 0 < w . x + b < 6 alone, a- y elsewhere."""
    layer, last = nn.Linear(3, 2).double(), nn.Linear(2, 2).double()
    layer.weight.data *= 8
    data = torch.randn(400, 3, dtype=torch.float64)
    data[:, 1] += data[:, 0].square()
    W, b = layer.weight.detach(), layer.bias.detach()
    plus, minus = W / W.square().sum(1, keepdim=True), W.sign() / W.abs().sum(1, keepdim=True)
    A = last.weight.detach() / last.weight.detach().square().sum(1, keepdim=True)
    patterns = xc.Patterns(
        (LayerPattern("linear", True, plus, minus), LayerPattern("linear", False, A, A)), "any"
    )
    y = data @ W[0]
    on = (y + b[0] > 0) & (y + b[0] < 6)
    S = torch.where(on[:, None], y[:, None] * plus[0], y[:, None] * minus[0])
    expected = 1 - residual_correlation(data - S, y)
    assert 0.01 < expected < 0.99
    model = lambda x: last(F.relu6(layer(x)))  # noqa: E731
    found = xc.pattern_quality(model, data, patterns, samples=400)[0][0]
    close(found, torch.tensor(expected, dtype=torch.float64), 1e-6)


# ---- memory --------------------------------------------------------------------------------------


def test_batches_are_let_go():
    """One pass, and no batch outlives the one that follows it."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))
    alive, most = [], 0

    def stream():
        nonlocal most
        for _ in range(6):
            batch = torch.randn(5, 1, 6, 6)
            alive.append(weakref.ref(batch))
            yield batch
            del batch
            gc.collect()
            most = max(most, sum(ref() is not None for ref in alive))

    assert len(xc.fit_patterns(net, stream())) == 2
    assert most <= 1


# ---- signals that are too large ------------------------------------------------------------------


def test_a_signal_that_float32_cannot_hold_comes_with_its_exponent(close):
    layers = [layer for _ in range(60) for layer in (nn.Linear(64, 64), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Linear(64, 2)).eval()
    for layer in net[::2]:
        nn.init.kaiming_normal_(layer.weight)
    data = torch.randn(60, 64)
    patterns = xc.fit_patterns(net, data, "linear")
    x = data[:2]
    found = xc.pattern_net(net, x, 0, patterns=patterns, return_details=True)
    double = net.double()
    whole = xc.pattern_net(double, x.double(), 0, patterns=patterns)
    exponent = found.extra["exponent"]
    assert bool((exponent > 127).all())
    close(torch.ldexp(found.values.double(), exponent[:, None]), whole, 1e-6)
    assert found.values.dtype == torch.float32
    net.float()
    with pytest.raises(ValueError, match=r"larger than float32 can hold.*model\.double\(\)"):
        xc.pattern_net(lambda x: net(x), x, 0, patterns=patterns)
    few = nn.Sequential(*net[-3:])
    fitted = xc.fit_patterns(few, data)
    fits = xc.pattern_net(few, x, 0, patterns=fitted, return_details=True)
    assert fits.extra["exponent"].tolist() == [0, 0]


# ---- popular families ----------------------------------------------------------------------------

FAMILIES = {
    "resnet18": 32,
    "densenet121": 32,
    "regnet_x_400mf": 32,
    "mobilenet_v2": 32,
    "shufflenet_v2_x0_5": 32,
    "squeezenet1_1": 32,
    "mnasnet0_5": 32,
}


def family(name, size):
    if name == "vgg11_bn":
        net = torchvision.models.VGG(
            torchvision.models.vgg.make_layers([8, "M", 16, "M", 16, 16, "M"], batch_norm=True),
            num_classes=5,
        )
        net.classifier = nn.Sequential(nn.Linear(784, 20), nn.ReLU(True), nn.Dropout())
        net.classifier.append(nn.Linear(20, 5))
        return net.eval(), 32
    return getattr(torchvision.models, name)(weights=None, num_classes=5).eval(), size


@pytest.mark.parametrize("name", [*FAMILIES, "vgg11_bn"])
def test_a_family_fits_and_runs_with_defaults(name):
    net, size = family(name, FAMILIES.get(name))
    data = torch.randn(8, 3, size, size)
    patterns = xc.fit_patterns(net, data.split(4))
    for layer in patterns.layers:
        assert bool(torch.isfinite(layer.plus).all())
    for method in METHODS:
        found = method(net, data[:2], patterns=patterns, return_details=True)
        assert bool(torch.isfinite(found.values).all())
        assert bool(found.values.flatten(1).any(1).all())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobilenet_v3_small", "hardswish"),
        ("convnext_tiny", "layer_norm|gelu"),
        ("regnet_y_400mf", r"sigmoid.*allow="),
        ("swin_t", "attention|layer_norm|two activations"),
    ],
)
def test_families_that_are_not_covered_are_refused_by_name(name, message):
    net = getattr(torchvision.models, name)(weights=None, num_classes=5).eval()
    with pytest.raises(UnsupportedOperationError, match=message):
        xc.fit_patterns(net, torch.randn(2, 3, 64, 64))
