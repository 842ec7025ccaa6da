"""LRP and Deep Taylor: closed forms, loops from the paper, zennit, and conservation."""

import warnings

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.methods.vanilla.relevance_rules import COMPOSITES, Epsilon, Flat, WSquare, ZPlus
from xaicourse.zoo.folding import fold

EVERY = ["epsilon", "zero", "gamma", "alpha_beta", "z_plus", "w_square", "flat", "z_box"]
EVERY += [name for name in COMPOSITES if name not in EVERY]


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


# ---- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"rules": "zero"}, (2, -1)),
        ({"rules": "epsilon", "epsilon": 1.0}, (1, -0.5)),
        ({"rules": "gamma", "gamma": 0.25}, (5 / 3, -2 / 3)),
        ({"rules": "gamma", "gamma": 1e12}, (1, 0)),
        ({"rules": "z_plus"}, (1, 0)),
        ({"rules": "alpha_beta", "alpha": 2.0}, (2, -1)),
        ({"rules": "alpha_beta", "alpha": 1.0}, (1, 0)),
        ({"rules": "z_box", "low": -1.0, "high": 1.0}, (1, 0)),
        ({"rules": "w_square"}, (0.8, 0.2)),
        ({"rules": "flat"}, (0.5, 0.5)),
    ],
)
def test_one_neuron(settings, expected, close):
    """x = (1, 1), w = (2, -1), no bias, R = 1."""
    neuron = lambda x: x @ double([2.0], [-1.0])  # noqa: E731
    close(xc.lrp(neuron, double([1.0, 1.0]), **settings), double(expected), 1e-10)


def twin(first, last):
    """min(x1, x2) as  last . (a, relu(first . x)), with a the input that `last` takes as it is."""

    def model(x):
        kept = x[:, :1] if first[0] > 0 else x[:, 1:]
        hidden = torch.relu(x @ double(*first)[:, None])
        return torch.cat([kept, hidden], dim=1) @ double(*last)[:, None]

    return model


def test_twins_with_one_function_get_two_maps(close):
    x = double([3.0, 2.0])
    one, two = twin((1.0, -1.0), (1.0, -1.0)), twin((-1.0, 1.0), (1.0, -1.0))
    close(one(x), two(x))
    for model in (one, two):
        close(xc.lrp(model, x, rules="zero"), double([0.0, 2.0]))
    close(xc.lrp(one, x, rules="z_plus"), double([2.0, 0.0]))
    close(xc.lrp(two, x, rules="z_plus"), double([0.0, 2.0]))


@pytest.mark.parametrize(
    ("part", "x", "expected"),  # of F, half goes to each unit above
    [
        (lambda x: x[:, :2] + x[:, 2:], (1, 3, 1, -2), (0.75, 4.5, 0.75, -3.0)),
        (lambda x: x[:, :2] - x[:, 2:], (3, 3, 1, 2), (2.25, 4.5, -0.75, -3.0)),
        (lambda x: torch.cat([x[:, 1:], x[:, :1]], dim=1), (1, 3), (2, 2)),
        (lambda x: F.avg_pool1d(x[:, None], 2)[:, 0], (1, 3, 2, 2), (0.5, 1.5, 1, 1)),
        (lambda x: F.avg_pool1d(x[:, None], 2, 1)[:, 0], (1, 3, 2), (0.5625, 3.0375, 0.9)),
        (lambda x: F.max_pool1d(x[:, None], 2)[:, 0], (1, 3, 2, 1), (0, 2.5, 2.5, 0)),
        (lambda x: F.max_pool1d(x[:, None], 2, 1)[:, 0], (1, 3, 2), (0, 6, 0)),
    ],
    ids=["sum", "difference", "cat", "mean", "means overlap", "largest", "largest twice"],
)
def test_what_has_no_weights_shares_in_proportion(part, x, expected, close):
    top = torch.ones(1, 2, dtype=torch.float64)  # the rule flat gives both of its inputs F / 2
    model = lambda x: F.linear(part(x), top)  # noqa: E731
    close(xc.lrp(model, double(*x)[None], 0, rules="flat", epsilon=0.0)[0], double(*expected))


def test_a_saturated_activation_passes_relevance_on(close):
    model = lambda x: F.relu6(x) @ double([2.0], [1.0])  # noqa: E731
    x = double([8.0, 3.0])
    close(xc.lrp(model, x, rules="zero"), double([12.0, 3.0]))
    close(xc.gradient(model, x), double([0.0, 1.0]))  # where the gradient finds nothing


# ---- loops from the paper ------------------------------------------------------------------------


def shares(rule, x, W, b, R):
    """Share R out over one dense layer, neuron by neuron and input by input."""
    out = torch.zeros_like(x)
    for j in range(len(R)):
        z = W[j] * x
        if rule == "epsilon":
            total = z.sum() + b[j]
            weights = z / (total + 1e-6 * (1 if total >= 0 else -1))
        elif rule == "z_plus":
            weights = z.clamp(min=0) / (z.clamp(min=0).sum() + b[j].clamp(min=0))
        elif rule == "alpha_beta":
            up, down = z.clamp(min=0), z.clamp(max=0)
            weights = 2 * up / (up.sum() + b[j].clamp(min=0))
            below = down.sum() + b[j].clamp(max=0)
            weights = weights - (down / below if below != 0 else 0 * down)
        elif rule == "gamma":
            sign = 1 if z.sum() + b[j] > 0 else -1
            extra = z + 0.25 * (sign * z).clamp(min=0) * sign
            weights = extra / (extra.sum() + b[j] + 0.25 * (sign * b[j]).clamp(min=0) * sign)
        elif rule == "w_square":
            weights = W[j] ** 2 / (W[j] ** 2).sum()
        else:
            weights = torch.ones_like(x) / len(x)
        out += weights.nan_to_num(0.0) * R[j]
    return out


@pytest.mark.parametrize("rule", ["epsilon", "z_plus", "alpha_beta", "gamma", "w_square", "flat"])
def test_every_rule_equals_a_loop(rule, close):
    one, two = nn.Linear(5, 7).double(), nn.Linear(7, 3).double()
    model = nn.Sequential(one, nn.ReLU(), two).eval()
    x = torch.randn(4, 5, dtype=torch.float64)  # of both signs
    expected = []
    with torch.no_grad():
        for row in x:
            a = torch.relu(one(row))
            R = two(a) * double(0.0, 1.0, 0.0)
            middle = shares(rule, a, two.weight, two.bias, R)
            expected.append(shares(rule, row, one.weight, one.bias, middle * (a > 0)))
            if rule in ("w_square", "flat"):  # these hand relevance to closed units too
                expected[-1] = shares(rule, row, one.weight, one.bias, middle)
    close(xc.lrp(model, x, 1, rules=rule), torch.stack(expected), 1e-10)


def test_deep_taylor_equals_a_loop(close):
    """z+ without biases above, zB below; every number is positive and nothing is lost."""
    one, two = nn.Linear(5, 9).double(), nn.Linear(9, 3).double()
    for layer in (one, two):
        layer.bias.data = -layer.bias.data.abs() / 10
    two.weight.data[1] = two.weight.data[1].abs()
    x = torch.rand(4, 5, dtype=torch.float64)
    expected = []
    with torch.no_grad():
        for row in x:
            a = torch.relu(one(row))
            z = a * two.weight[1].clamp(min=0)
            R = z / z.sum() * two(a)[1]
            W = one.weight
            q = W * row - W.clamp(max=0) * 1.0  # l = 0, h = 1
            expected.append((q / q.sum(1, keepdim=True) * R[:, None]).sum(0))
    model = nn.Sequential(one, nn.ReLU(), two).eval()
    found = xc.deep_taylor(model, x, 1, return_details=True)
    close(found.values, torch.stack(expected), 1e-10)
    close(found.values.sum(1), found.f_end, 1e-10)
    assert bool((found.values >= 0).all())
    unbounded = xc.deep_taylor(model, x, 1, low=None, high=None)
    table = {"first": WSquare(), "conv": ZPlus(with_bias=False), "linear": ZPlus(with_bias=False)}
    close(unbounded, xc.lrp(model, x, 1, rules=table))


# ---- zennit --------------------------------------------------------------------------------------


def vgg_like(batch_norm):
    def norm(kind, channels):
        return [kind(channels, eps=1e-14)] if batch_norm else []

    model = nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1), *norm(nn.BatchNorm2d, 6), nn.ReLU()),
        *(nn.Conv2d(6, 6, 3, padding=1), *norm(nn.BatchNorm2d, 6), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 8, 3), *norm(nn.BatchNorm2d, 8), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(32, 10), *norm(nn.BatchNorm1d, 10), nn.ReLU()),
        nn.Linear(10, 4),
    )
    for module in model:
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            spoil(module)
    return model.double().eval().requires_grad_(False)


def spoil(norm):
    """Give a batch-norm statistics and weights, some of them negative."""
    norm.running_mean.uniform_(-0.3, 0.3)
    norm.running_var.uniform_(0.5, 2)
    norm.weight.data.uniform_(-1, 1.5)
    norm.bias.data.uniform_(-0.3, 0.3)
    return norm


def zennit_composite(name):
    """Return the same rules from zennit.

    Its denominators get no stabiliser where ours have none, its w-square rule no squared bias,
    and batch-norms are merged by its canonizer. (That leaves the batch-norm's own eps at work,
    so the nets here have eps = 1e-14: with torch's 1e-5 zennit is off by 4e-5.)
    """
    from zennit import rules as z
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.composites import SpecialFirstLayerMapComposite
    from zennit.types import Convolution

    tiny = 1e-40
    single = {
        "epsilon": lambda: z.Epsilon(1e-6),
        "zero": lambda: z.Epsilon(tiny),
        "gamma": lambda: z.Gamma(0.25, stabilizer=tiny),
        "z_plus": lambda: z.ZPlus(stabilizer=tiny),
        "alpha_beta": lambda: z.AlphaBeta(2, 1, stabilizer=tiny),
        "w_square": lambda: z.WSquare(stabilizer=tiny, zero_params=["bias"]),
        "flat": lambda: z.Flat(stabilizer=tiny),
    }
    single["alpha2_beta1"] = single["alpha_beta"]
    box = torch.zeros(1, 3, 12, 12, dtype=torch.float64)
    single["z_box"] = lambda: z.ZBox(box, box + 1, stabilizer=tiny)
    table = COMPOSITES.get(name, {"conv": name, "linear": name})
    first, conv, linear = (
        single[table.get(key, table["conv"])] for key in ("first", "conv", "linear")
    )
    at_means = tiny if name == "zero" else 1e-6
    return SpecialFirstLayerMapComposite(
        layer_map=[
            (nn.ReLU, z.Pass()),
            (nn.AvgPool2d, z.Norm(stabilizer=at_means)),
            (Convolution, conv()),
            (nn.Linear, linear()),
        ],
        first_map=[(Convolution, first())],
        canonizers=[SequentialMergeBatchNorm()],
    )


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch-norm"])
@pytest.mark.parametrize("name", EVERY)
def test_equals_zennit(name, batch_norm, close):
    from zennit.attribution import Gradient

    model = vgg_like(batch_norm)
    x = torch.rand(3, 3, 12, 12, dtype=torch.float64)
    ours = xc.lrp(model, x, 1, rules=name)
    seed = torch.zeros(3, 4, dtype=torch.float64)
    seed[:, 1] = model(x)[:, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Gradient(model=model, composite=zennit_composite(name)) as attributor:
            _, theirs = attributor(x.clone().requires_grad_(True), seed)
    assert float(theirs.norm()) > 1e-6
    close(ours, theirs, 1e-10)


# ---- conservation --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_the_books_balance(name, close):
    """What arrives at the input and what was absorbed on the way add up to F, row by row."""
    model, x = vgg_like(True), torch.rand(3, 3, 12, 12, dtype=torch.float64)
    found = xc.lrp(model, x, 1, rules=name, batch_size=2, return_details=True)
    absorbed = found.extra["absorbed"]
    close(found.values.flatten(1).sum(1) + absorbed, found.f_end)
    close(found.f_end, model(x)[:, 1].detach())
    assert float(found.gap.abs().max()) < 1e-12
    close(found.extra["layer_absorbed"].sum(1), absorbed)
    names = ("conv2d+batch_norm",) * 3 + ("avg_pool2d", "linear+batch_norm", "linear")
    assert found.extra["layer_names"] == names
    close(found.extra["layer_relevance"][:, -1], found.f_end)  # the last layer receives F


@pytest.mark.parametrize("name", ["zero", "gamma", "z_plus", "alpha_beta", "flat", "w_square"])
def test_nothing_is_lost_without_biases(name, close):
    model = nn.Sequential(
        *(nn.Conv2d(2, 6, 3, bias=False), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 6, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(54, 3, bias=False)),
    ).double()
    x = torch.rand(3, 2, 12, 12, dtype=torch.float64)
    found = xc.lrp(model, x, 1, rules=name, return_details=True)
    close(found.values.flatten(1).sum(1), found.f_end, 1e-10)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "join",
    [
        lambda h: torch.cat([h, h.new_ones(len(h), 1)], dim=1),
        lambda h: F.pad(h, (0, 1), value=2.0),
    ],
    ids=["cat", "pad"],
)
def test_what_a_constant_receives_is_absorbed(name, join, close):
    one, two = nn.Linear(4, 5).double(), nn.Linear(6, 3).double()
    two.weight.data[1, 5] = 0.5
    x = torch.rand(2, 4, dtype=torch.float64)
    model = lambda x: two(join(F.relu(one(x))))  # noqa: E731
    d = xc.lrp(model, x, 1, rules=name, return_details=True)
    close(d.values.sum(1) + d.extra["absorbed"], d.f_end)
    close(d.gap, torch.zeros(2), 1e-12)
    assert d.extra["layer_names"] in (("linear", "cat", "linear"), ("linear", "pad", "linear"))
    assert bool((d.extra["layer_absorbed"][:, 1].abs() > 1e-6).all())
    if name not in ("flat", "w_square"):  # those look at weights alone, which a bias has not
        two.bias.data.zero_()
        inner = nn.Linear(5, 3).double()
        inner.weight.data = two.weight.data[:, :5]
        inner.bias.data = two.weight.data[:, 5] * join(torch.zeros(1, 5))[0, 5]
        expected = xc.lrp(lambda x: inner(F.relu(one(x))), x, 1, rules=name)
        close(xc.lrp(model, x, 1, rules=name), expected)


def test_epsilon_absorbs_what_the_equation_says(close):
    found = xc.lrp(
        lambda x: x @ double([2.0], [-1.0]), double([1.0, 1.0]), epsilon=1.0, return_details=True
    )
    close(found.extra["absorbed"], double(0.5))
    close(found.extra["expected_total"], double(0.5))


def test_probability_starts_with_the_logits_share(close):
    model = nn.Linear(4, 3, bias=False).double()
    x = torch.randn(2, 4, dtype=torch.float64)
    model.requires_grad_(False)
    p = model(x).softmax(1)
    seed = model(x) * p[:, 1:2] * (torch.eye(3, dtype=torch.float64)[1] - p)  # y dp/dy
    found = xc.lrp(model, x, 1, rules="zero", output="probability", return_details=True)
    close(found.values.sum(1), seed.sum(1))
    close(found.values.sum(1) + found.extra["absorbed"], p[:, 1])


# ---- LRP-0 is gradient x input on nets of ReLUs, however they are wired --------------------------


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "googlenet", "squeezenet1_1"])
def test_the_zero_rule_equals_gradient_x_input(name, close):
    """Residual sums, concatenation, in-place and reused ReLUs, batch-norms before the ReLU."""
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, **more).double().eval()
    x = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    if name == "googlenet":
        x = x + 0.1  # its branches meet exact zeros at black
    expected = xc.input_x_gradient(model, x, 3)
    close(xc.lrp(model, x, 3, rules="zero"), expected, 1e-7)
    found = xc.lrp(model, x, 3, rules="epsilon_plus", return_details=True)
    assert float(found.gap.abs().max()) < 1e-10 * float(found.f_end.abs().max())


# ---- batch-norm and normalisation are part of a layer --------------------------------------------


def trained_norm(kind, channels):
    return spoil(kind(channels)).double().eval()


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_norm_after_a_convolution_is_part_of_it(name, close):
    conv, norm = nn.Conv2d(3, 5, 3, padding=1).double(), trained_norm(nn.BatchNorm2d, 5)
    rest = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(180, 3)).double()
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    apart = nn.Sequential(conv, norm, rest).eval()
    merged = nn.Sequential(fold(conv, norm), rest).eval()
    close(xc.lrp(apart, x, 1, rules=name), xc.lrp(merged, x, 1, rules=name), 1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_norm_before_a_layer_is_part_of_it(name, close):
    """At the input (normalisation) and inside the net, before a dense layer."""
    norm, dense = trained_norm(nn.BatchNorm1d, 6), nn.Linear(6, 5).double()
    inner, last = trained_norm(nn.BatchNorm1d, 5), nn.Linear(5, 3).double()

    def merge(norm, dense):
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias - norm.running_mean * scale
        both = nn.Linear(dense.in_features, dense.out_features).double()
        both.weight.data = (dense.weight * scale).detach()
        both.bias.data = (dense.bias + dense.weight @ shift).detach()
        return both

    apart = nn.Sequential(norm, dense, nn.ReLU(), inner, last).eval()
    merged = nn.Sequential(merge(norm, dense), nn.ReLU(), merge(inner, last)).eval()
    x = torch.rand(4, 6, dtype=torch.float64)
    close(apart(x).detach(), merged(x).detach())
    close(xc.lrp(apart, x, 1, rules=name), xc.lrp(merged, x, 1, rules=name), 1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_dropout_does_not_keep_a_batch_norm_from_its_layer(name, close):
    """It does nothing where nothing is trained, before or after the norm."""
    dense, last, norm = nn.Linear(4, 5), nn.Linear(5, 3), trained_norm(nn.BatchNorm1d, 5)
    bare = nn.Sequential(dense, norm, nn.ReLU(), last).double().eval()
    between = nn.Sequential(dense, nn.Dropout(), norm, nn.Dropout(), nn.ReLU(), last).eval()
    x = torch.rand(2, 4, dtype=torch.float64)
    close(xc.lrp(between, x, 1, rules=name), xc.lrp(bare, x, 1, rules=name))


@pytest.mark.parametrize("name", EVERY)
def test_normalisation_inside_the_model_is_part_of_the_first_layer(name, close):
    mean, std = (torch.rand(3, 1, 1, dtype=torch.float64) + 0.2 for _ in range(2))
    conv = nn.Conv2d(3, 5, 3).double()
    merged = nn.Conv2d(3, 5, 3).double()
    merged.weight.data = (conv.weight / std).detach()
    merged.bias.data = (conv.bias - (conv.weight * (mean / std)).sum((1, 2, 3))).detach()
    rest = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(80, 3)).double()
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    inside = lambda x: rest(conv((x - mean) / std))  # noqa: E731
    in_place = lambda x: rest(conv(x.sub_(mean).div_(std)))  # noqa: E731
    expected = xc.lrp(lambda x: rest(merged(x)), x, 1, rules=name)
    close(xc.lrp(inside, x, 1, rules=name), expected, 1e-10)
    close(xc.lrp(in_place, x, 1, rules=name), expected, 1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_padding_takes_no_share(name, close):
    """A pad of its own, after a normalisation, is the padding of the convolution."""
    conv, bare = nn.Conv2d(2, 4, 3, padding=1).double(), nn.Conv2d(2, 4, 3).double()
    bare.weight, bare.bias = conv.weight, conv.bias
    rest = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(100, 3)).double()
    x = torch.rand(2, 2, 5, 5, dtype=torch.float64)
    apart = lambda x: rest(bare(F.pad((x - 0.4) / 0.3, (1, 1, 1, 1))))  # noqa: E731
    inside = lambda x: rest(conv((x - 0.4) / 0.3))  # noqa: E731
    close(xc.lrp(apart, x, 1, rules=name), xc.lrp(inside, x, 1, rules=name), 1e-10)


RIMS = {  # mode -> which pixels of a row of 4 a rim of 1 shows
    "reflect": [1, 0, 1, 2, 3, 2],
    "replicate": [0, 0, 1, 2, 3, 3],
    "circular": [3, 0, 1, 2, 3, 0],
}


@pytest.mark.parametrize("mode", RIMS)
@pytest.mark.parametrize("name", EVERY)
def test_a_rim_of_copies_shares_with_what_was_copied(name, mode, close):
    """The normalisation in front belongs to the convolution, whichever way it pads."""
    conv, bare = nn.Conv2d(2, 3, 3, padding=1, padding_mode=mode).double(), nn.Conv2d(2, 3, 3)
    bare.weight, bare.bias = conv.weight, conv.bias
    rest = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(48, 3)).double()
    x, rim = torch.rand(2, 2, 4, 4, dtype=torch.float64), torch.tensor(RIMS[mode])
    copied = lambda x: rest(bare((x[..., rim, :][..., rim] - 0.4) / 0.3))  # noqa: E731
    close(
        xc.lrp(lambda x: rest(conv((x - 0.4) / 0.3)), x, 1, rules=name),
        xc.lrp(copied, x, 1, rules=name),
        1e-10,
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_spelling_of_a_dense_layer_is_one(name, close):
    W, b, V = (torch.randn(s, dtype=torch.float64) for s in ((5, 4), (5,), (3, 5)))
    spellings = {
        "linear": lambda x: F.linear(x, W, b),
        "matmul and sum": lambda x: x @ W.T + b,
        "sum from the left": lambda x: b + torch.matmul(x, W.t()),
        "addmm": lambda x: torch.addmm(b, x, W.T),
        "in place": lambda x: (x @ W.T).add_(b),
        "minus": lambda x: x.mm(W.T) - (-b),
        "scaled": lambda x: (x @ W.T / 2 + b / 2) * 2,
        "keywords": lambda x: F.linear(input=x, weight=W, bias=b),
        "one by one convolution": lambda x: F.conv1d(x[:, :, None], W[:, :, None], b)[:, :, 0],
    }
    x = torch.rand(6, 4, dtype=torch.float64)
    expected = None
    for how, layer in spellings.items():
        found = xc.lrp(lambda x, layer=layer: F.relu(layer(x)) @ V.T, x, 1, rules={**table(name)})
        expected = found if expected is None else expected
        close(found, expected, 1e-10), how


def table(name):
    """Return a rule or composite as a table in which convolutions are treated as dense layers."""
    made = dict(COMPOSITES.get(name, {"conv": name, "linear": name}))
    return {**made, "conv": made["linear"]}


# ---- positions -----------------------------------------------------------------------------------


def test_a_reused_module_counts_its_calls(close):
    layer = nn.Linear(4, 4).double()
    twice = lambda x: layer(F.relu(layer(x)))[:, :2]  # noqa: E731
    again = nn.Linear(4, 4).double()
    again.load_state_dict(layer.state_dict())
    two = lambda x: again(F.relu(layer(x)))[:, :2]  # noqa: E731
    x = torch.rand(3, 4, dtype=torch.float64)
    rules = {"linear": "epsilon", "conv": "epsilon", 1: "z_plus"}
    first = {"linear": "epsilon", "conv": "epsilon", 0: "z_plus"}
    close(xc.lrp(twice, x, 1, rules=rules), xc.lrp(two, x, 1, rules=rules))
    assert (xc.lrp(twice, x, 1, rules=rules) - xc.lrp(twice, x, 1, rules=first)).norm() > 1e-3


def test_first_is_every_layer_that_sees_x(close):
    """Two branches from x have two first layers; x may be normalised, cut and turned before."""
    a, b, last = (nn.Linear(*s).double() for s in ((3, 4), (3, 4), (8, 2)))

    def model(x):
        left, right = (x * 2 - 1).split(3, dim=1)
        return last(F.relu(torch.cat([a(left), b(right)], dim=1)))

    x = torch.rand(2, 6, dtype=torch.float64)
    by_name = {"first": Flat(), "conv": Epsilon(), "linear": Epsilon()}
    by_number = {0: Flat(), 1: Flat(), "conv": Epsilon(), "linear": Epsilon()}
    close(xc.lrp(model, x, 1, rules=by_name), xc.lrp(model, x, 1, rules=by_number))
    halves = lambda x: last(F.relu(torch.cat([a(2 * x[:, :3] - 1), b(2 * x[:, 3:] - 1)], 1)))  # noqa: E731
    for rules in EVERY:
        close(xc.lrp(model, x, 1, rules=rules), xc.lrp(halves, x, 1, rules=rules))
    assert (xc.lrp(model, x, 1, rules=by_name) - xc.lrp(model, x, 1)).norm() > 1e-3


# ---- refusals ------------------------------------------------------------------------------------


def attention(x):
    layer = nn.MultiheadAttention(6, 2, batch_first=True).double().eval()
    return layer(x[:, None], x[:, None], x[:, None], need_weights=False)[0][:, 0]


WIDE = nn.Linear(6, 6).double().requires_grad_(False)


def overwritten(x):
    hidden = WIDE(x)
    out = WIDE(hidden)
    hidden.zero_()
    return out


REFUSED = {
    "two signals": (lambda x: WIDE(x) * F.relu(x), "multiplied.*gates and attention"),
    "a quotient": (lambda x: x / (1 + x.abs().sum(1, keepdim=True)), "abs|multiplied"),
    "attention": (attention, "attention.*multi_head_attention_forward.*integrated_gradients"),
    "a maximum": (lambda x: torch.maximum(x, 0 * x), "'maximum'"),
    "an input that is overwritten": (overwritten, "overwrites the input of linear"),
    "a mask": (lambda x: x * (x > 0), "comparison"),
}


@pytest.mark.parametrize(("part", "named"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("method", [xc.lrp, xc.deep_taylor])
def test_what_has_no_rule_is_refused_by_name(part, named, method):
    layer = nn.Linear(6, 3).double()
    with pytest.raises(UnsupportedOperationError, match=f"(?s){named}"):
        method(lambda x: layer(part(x)), torch.rand(2, 6, dtype=torch.float64), 1)


TWO = {"conv": "epsilon", "linear": "epsilon"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rules": "epsilons"}, "rules: 'epsilons' is unknown; there are.*z_plus.*epsilon_plus"),
        ({"rules": {"conv": "flat"}}, "a rule for 'conv' and one for 'linear'"),
        (
            {"rules": {"conv": "flat", "linear": "flat", "top": "flat"}},
            "got 'conv', 'linear', 'top'",
        ),
        ({"rules": {"conv": "flat", "linear": "flats"}}, "'flats' is unknown"),
        ({"epsilon": -1.0}, "epsilon must be a number of at least 0, got -1"),
        ({"gamma": float("nan")}, "gamma must be"),
        ({"alpha": 0.5}, "alpha must be a number of at least 1, got 0.5"),
        ({"rules": "z_box", "low": 1.0, "high": 0.0}, "low must be below high"),
        ({"rules": "z_box", "high": 0.5}, "needs low <= x <= high.*high=0.5"),
        (
            {"rules": "z_box", "low": torch.zeros(7)},
            r"low has shape \(7,\).*broadcast to x's, \(2, 4\)",
        ),
        ({"rules": TWO | {1: "flat"}}, "there is no layer 1; the model has 1 layer call"),
        ({"rules": TWO | {-1: "flat"}}, "layer numbers 0, 1, ...; got 'conv', 'linear', -1"),
        ({"rules": TWO | {True: "flat"}}, "layer numbers 0, 1, ...; got 'conv', 'linear', True"),
    ],
)
def test_bad_rules(settings, says):
    with pytest.raises(ValueError, match=says):
        xc.lrp(nn.Linear(4, 3), torch.full((2, 4), 0.7), 1, **settings)


def test_z_box_is_for_layers_that_see_x(close):
    """Behind a ReLU or a pool, low and high bound nothing: such a layer is not a first one."""
    layer, last = nn.Linear(4, 4), nn.Linear(4, 3)
    x = torch.rand(2, 4)
    for model in (
        lambda x: last(F.relu(layer(F.relu(2 * x - 1)))),
        lambda x: last(F.relu(layer(F.avg_pool1d(x.repeat(1, 2)[:, None], 2)[:, 0]))),
    ):
        for explain in (
            lambda m: xc.lrp(m, x, 1, rules="z_box"),
            lambda m: xc.deep_taylor(m, x, 1),
        ):
            with pytest.raises(UnsupportedOperationError, match="no layer of this model sees x"):
                explain(model)
    everywhere = {"conv": "z_box", "linear": "z_box"}
    with pytest.raises(UnsupportedOperationError, match=r"z_box.*linear\(\) \(layer 1\)"):
        xc.lrp(lambda x: last(layer(x)), x, 1, rules=everywhere)
    cut = lambda x: last(F.relu(layer(torch.cat([x[:, 2:], x[:, :2]], dim=1))))  # noqa: E731
    boxed, plus = (xc.lrp(cut, x, 1, rules=rules) for rules in ("z_box", "z_plus"))
    assert (boxed - plus).norm() > 0.01 * plus.norm()


def test_deep_taylor_needs_both_ends():
    with pytest.raises(ValueError, match="low and high must both"):
        xc.deep_taylor(nn.Linear(4, 3), torch.rand(2, 4), 1, low=None)
