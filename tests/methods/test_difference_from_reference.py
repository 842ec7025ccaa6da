"""DeepLIFT and DeepSHAP: closed forms, a loop from the paper, Captum, and summation-to-delta."""

import itertools
import math
from collections import deque

import pytest
import torch
import torchvision
from captum.attr import DeepLift, DeepLiftShap
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.methods.vanilla.multipliers import reveal_cancel

RULES = ["rescale", "reveal_cancel"]


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


# ---- closed forms --------------------------------------------------------------------------------


def test_a_saturated_sum(close):
    """1 - relu(1 - x1 - x2) at (1, 1): the gradient is 0, the difference is shared."""
    model = lambda x: 1 - F.relu(1 - x.sum(1))  # noqa: E731
    close(xc.deeplift(model, double([1.0, 1.0])), double([0.5, 0.5]))
    close(xc.input_x_gradient(model, double([1.0, 1.0])), double([0.0, 0.0]))


def test_a_minimum(close):
    """min(x1, x2) = x1 - relu(x1 - x2) at (3, 2): RevealCancel gives the Shapley values."""
    x, W = double([3.0, 2.0]), double([1.0, -1.0])
    spellings = {
        "difference": lambda x: x[:, 0] - F.relu(x[:, 0] - x[:, 1]),
        "layer": lambda x: x[:, 0] - F.relu(F.linear(x, W))[:, 0],
        "negative sum": lambda x: x[:, 0] - F.relu(x[:, 0] + -x[:, 1]),
        "in place": lambda x: x[:, 0] - x[:, 0].clone().sub_(x[:, 1]).relu_(),
    }
    for model in spellings.values():
        close(xc.deeplift(model, x), double([0.0, 2.0]))
        close(xc.deeplift(model, x, rule="reveal_cancel"), double([1.0, 1.0]))


def test_the_cube_neuron(close):
    """g(z) = z^3: for x1 + x2 both have one side, for x1 - x2 each has its own."""
    cube, zero = (lambda z: z**3), double(0.0)
    close(torch.stack(reveal_cancel(cube, zero, double(3.0), zero)), double([27.0], [0.0]))
    close(torch.stack(reveal_cancel(cube, zero, double(2.0), double(-1.0))), double([5.0], [-4.0]))


@pytest.mark.parametrize(
    ("x", "baseline", "expected"),
    [
        ((3, 1, 0, 2), (0, 0, 4, 1), (0, 0, -1, 0)),  # it fell: to the winner at the reference
        ((-3, -1, -5, -2), (0, 0, 0, 0), (-1, 0, 0, 0)),
        ((3, 1, 0, 2), (0, 0, 2, 1), (1, 0, 0, 0)),  # it rose: to the winner at x
        ((1, 1, 1, 1), (1, 1, 1, 1), (0, 0, 0, 0)),
    ],
)
def test_one_window_of_a_max_pool(x, baseline, expected, close):
    x, baseline, expected = (double(*t).view(1, 1, 2, 2) for t in (x, baseline, expected))
    pools = {
        "functional": lambda x: F.max_pool2d(x, 2),
        "module": nn.MaxPool2d(2),
        "torch": lambda x: torch.max_pool2d(x, [2, 2]),
        "adaptive": lambda x: F.adaptive_max_pool2d(x, 1),
        "one axis": lambda x: F.max_pool1d(x.flatten(2), 4),
        "three axes": lambda x: F.max_pool3d(x[:, :, None], (1, 2, 2)),
    }
    for pool in pools.values():
        model = lambda x, pool=pool: pool(x).flatten(1).sum(1)  # noqa: E731
        close(xc.deeplift(model, x, baseline=baseline), expected)


def test_twins_with_one_function_get_two_maps(close):
    """The pair from the paper on Integrated Gradients, which gives (1.5, -0.5) for both."""
    x = double([3.0, 1.0])
    one = lambda x: F.relu(F.relu(x[:, 0]) - 1 - F.relu(x[:, 1]))  # noqa: E731
    two = lambda x: F.relu(F.relu(x[:, 0] - 1) - F.relu(x[:, 1]))  # noqa: E731
    close(xc.deeplift(one, x), double([1.5, -0.5]))
    close(xc.deeplift(two, x), double([2.0, -1.0]))


# ---- a loop from the paper -----------------------------------------------------------------------


def by_hand(one, two, x, start, target, rule, g):
    """Multipliers of a net of two dense layers, neuron by neuron."""
    z, z0, W, V = one(x), one(start), one.weight, two.weight
    total = torch.zeros_like(x)
    for j in range(len(z)):
        contributions = W[j] * (x - start)
        if rule == "rescale":
            m = (g(z[j]) - g(z0[j])) / (z[j] - z0[j])
            shares = contributions * m
        else:
            up = contributions[contributions > 0].sum()
            down = contributions[contributions < 0].sum()
            # the Shapley values of a game of two players, over both orders
            effect = {k: double(0.0)[0] for k in ("up", "down")}
            for order in itertools.permutations([("up", up), ("down", down)]):
                at = z0[j]
                for name, step in order:
                    effect[name] = effect[name] + (g(at + step) - g(at)) / math.factorial(2)
                    at = at + step
            shares = torch.where(
                contributions > 0,
                contributions * (effect["up"] / up if up else 0),
                contributions * (effect["down"] / down if down else 0),
            )
        total += V[target, j] * shares
    return total


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "g", [F.relu, F.relu6, torch.tanh, torch.sigmoid, F.softplus, F.elu, F.leaky_relu]
)
def test_two_layers_equal_a_loop(rule, g, close):
    one, two = nn.Linear(5, 7).double(), nn.Linear(7, 3).double()
    one.weight.data *= 4
    x, start = (torch.randn(4, 5, dtype=torch.float64) for _ in range(2))
    x[:, 2] = start[:, 2]  # no difference
    with torch.no_grad():
        rows = [by_hand(one, two, x[i], start[i], 1, rule, g) for i in range(4)]
    found = xc.deeplift(lambda x: two(g(one(x))), x, 1, baseline=start, rule=rule)
    close(found, torch.stack(rows), 1e-10)


def test_reveal_cancel_sees_through_a_batch_norm(close):
    """conv, batch-norm, ReLU: its two sides are those of the merged layer."""
    from xaicourse.zoo.folding import fold

    conv, norm = nn.Conv2d(2, 4, 3).double(), nn.BatchNorm2d(4).double().eval()
    norm.weight.data.uniform_(-1, 1)
    norm.running_mean.uniform_(-1, 1)
    rest = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)).double()
    x, start = (torch.randn(2, 2, 6, 6, dtype=torch.float64) for _ in range(2))
    apart, merged = nn.Sequential(conv, norm, rest).eval(), nn.Sequential(fold(conv, norm), rest)
    settings = {"baseline": start, "rule": "reveal_cancel"}
    found = xc.deeplift(apart, x, 1, **settings)
    close(found, xc.deeplift(merged.eval(), x, 1, **settings), 1e-10)
    assert (found - xc.deeplift(apart, x, 1, baseline=start)).norm() > 0.1 * found.norm()


@pytest.mark.parametrize("same", [nn.Dropout().eval(), torch.clone, torch.Tensor.contiguous])
def test_reveal_cancel_sees_through_what_does_nothing(same, close):
    one, two = nn.Linear(4, 5).double(), nn.Linear(5, 3).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    bare, between = (lambda x: two(F.relu(one(x)))), (lambda x: two(F.relu(same(one(x)))))
    expected = xc.deeplift(bare, x, 1, rule="reveal_cancel")
    close(xc.deeplift(between, x, 1, rule="reveal_cancel"), expected)
    assert (xc.deeplift(bare, x, 1) - expected).norm() > 0.01 * expected.norm()


def test_weights_of_both_signs_that_cannot_be_told_apart_are_rescaled(close):
    """Bicubic resizing has negative weights: its input's sign is not its contribution's."""
    last = nn.Linear(64, 3).double()
    grow = lambda x: F.interpolate(x, scale_factor=2, mode="bicubic")  # noqa: E731
    x, start = (torch.randn(2, 1, 4, 4, dtype=torch.float64) for _ in range(2))
    both = [
        xc.deeplift(lambda x: last(F.relu(grow(x)).flatten(1)), x, 1, baseline=start, rule=rule)
        for rule in RULES
    ]
    close(both[0], both[1])


# ---- summation to delta --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *((name, "rescale") for name in ("vgg11", "resnet18", "densenet121", "googlenet")),
        *((name, "reveal_cancel") for name in ("resnet18", "densenet121", "googlenet")),
    ],
)
def test_summation_to_delta(name, rule):
    """In-place and reused ReLUs, residual sums, concatenation, max pools; a noise baseline."""
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, **more).double().eval()
    side = 32 if name == "vgg11" else 64
    x, start = (torch.rand(1, 3, side, side, dtype=torch.float64) for _ in range(2))
    found = xc.deeplift(model, x, 3, baseline=start, rule=rule, return_details=True)
    assert float(found.relative_gap.max()) < 1e-8
    plain = xc.input_x_gradient(model, x, 3, baseline=start)
    assert (found.values - plain).norm() > 0.1 * plain.norm()


@pytest.mark.parametrize("rule", RULES)
def test_summation_to_delta_through_relu6(rule):
    model = nn.Sequential(
        *(nn.Conv2d(2, 6, 3), nn.ReLU6(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 3), nn.ReLU6()),
        *(nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(24, 3)),
    ).double()
    x, start = (20 * torch.randn(3, 2, 12, 12, dtype=torch.float64) for _ in range(2))
    found = xc.deeplift(model, x, 1, baseline=start, rule=rule, return_details=True)
    assert float(found.relative_gap.max()) < 1e-10
    assert float((model[0](x) > 6).double().mean()) > 0.1  # many are saturated


# ---- Captum, where it is right -------------------------------------------------------------------

captum_warns = pytest.mark.filterwarnings(
    "ignore:Setting forward, backward hooks", "ignore:Input Tensor"
)


def net_without_max_pool():
    return nn.Sequential(
        *(nn.Conv2d(2, 6, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 6, 3), nn.Softplus()),
        *(nn.Flatten(), nn.Linear(54, 12), nn.ReLU(), nn.Linear(12, 3)),
    ).double()


@captum_warns
def test_equals_captum_without_a_max_pool(close):
    model = net_without_max_pool()
    x, start = (torch.randn(3, 2, 12, 12, dtype=torch.float64) for _ in range(2))
    theirs = DeepLift(model).attribute(x, start, target=1)
    close(xc.deeplift(model, x, 1, baseline=start), theirs.detach(), 1e-10)


@captum_warns
def test_deep_shap_equals_captum_without_a_max_pool(close):
    model = net_without_max_pool()
    x = torch.randn(3, 2, 12, 12, dtype=torch.float64)
    references = torch.randn(5, 2, 12, 12, dtype=torch.float64)
    theirs = DeepLiftShap(model).attribute(x, references, target=1)
    close(xc.deep_shap(model, x, 1, baselines=references), theirs.detach(), 1e-10)


@captum_warns
def test_captum_is_wrong_where_a_max_pool_follows_a_relu():
    model = nn.Sequential(
        *(nn.Conv2d(2, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(150, 3))
    ).double()
    x, start = (torch.randn(3, 2, 12, 12, dtype=torch.float64) for _ in range(2))
    theirs, gap = DeepLift(model).attribute(x, start, target=1, return_convergence_delta=True)
    ours = xc.deeplift(model, x, 1, baseline=start, return_details=True)
    assert float(ours.gap.abs().max()) < 1e-12
    assert float(gap.abs().max()) > 1e-3
    assert (theirs - ours.values).norm() > 0.05 * ours.values.norm()


# ---- DeepSHAP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_deep_shap_is_the_mean_over_the_set(rule, close):
    model = net_without_max_pool()
    x = torch.randn(2, 2, 12, 12, dtype=torch.float64)
    references = torch.randn(4, 2, 12, 12, dtype=torch.float64)
    each = torch.stack([xc.deeplift(model, x, 1, baseline=r, rule=rule) for r in references])
    found = xc.deep_shap(model, x, 1, baselines=references, rule=rule, return_details=True)
    close(found.values, each.mean(0))
    close(found.extra["spread"], each.std(0, correction=0))
    total = model(x)[:, 1] - model(references)[:, 1].mean()
    close(found.values.flatten(1).sum(1), total.detach(), 1e-10)
    assert float(found.gap.abs().max()) < 1e-12


def three_layers():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


@pytest.mark.parametrize("batch_size", [1, 2, 6, 8, 100])
def test_deep_shap_in_chunks_that_end_within_a_reference(batch_size, close):
    model, x = three_layers().double(), torch.rand(5, 4, dtype=torch.float64)
    references = torch.rand(3, 4, dtype=torch.float64)
    parts = torch.stack([xc.deeplift(model, x, 1, baseline=r) for r in references])
    found = xc.deep_shap(
        model, x, 1, baselines=references, batch_size=batch_size, return_details=True
    )
    close(found.values, parts.mean(0))
    close(found.extra["spread"], parts.std(0, correction=0))
    with torch.no_grad():
        close(found.f_start, model(references)[:, 1].mean().expand(5))
        close(found.f_end, model(x)[:, 1])


def test_a_chunk_that_ran_out_of_memory_counts_once(close, monkeypatch):
    """Also where it ran out after two of its references were added."""
    from xaicourse.methods.vanilla import reference_pairs

    model, x = three_layers().double(), torch.rand(3, 4, dtype=torch.float64)
    references = torch.rand(4, 4, dtype=torch.float64)
    expected = xc.deep_shap(model, x, 1, baselines=references)
    check, calls = reference_pairs.refuse_not_differentiable, []

    def runs_out_once(*args, **settings):
        calls.append(args)
        if len(calls) == 3:
            raise MemoryError
        check(*args, **settings)

    monkeypatch.setattr(reference_pairs, "refuse_not_differentiable", runs_out_once)
    close(xc.deep_shap(model, x, 1, baselines=references), expected)
    assert len(calls) > 5


def test_each_pair_goes_through_the_model_once():
    """What the model says of the reference is read from the same run."""
    net, x = three_layers().double(), torch.rand(2, 4, dtype=torch.float64)
    asked = deque()  # a list that a hook fills makes it another model each time
    hook = net.register_forward_pre_hook(lambda _, args: asked.append(len(args[0])))
    xc.deeplift(net, x, 1, baseline=0.3)  # which also finds out that rows do not see each other
    asked.clear()
    xc.deeplift(net, x, 1, baseline=0.3)
    xc.deep_shap(net, x, 1, baselines=(0.0, 0.3, 0.5))
    hook.remove()
    assert list(asked) == [4, 12]


def test_f_at_the_reference_where_outputs_are_in_a_dict(close):
    """Not read by halves where it is not plain which outputs are the reference's."""
    net, x = three_layers().double(), torch.rand(2, 4, dtype=torch.float64)

    def target(outputs, rows):
        return outputs["a"][:, 1]

    found = xc.deeplift(lambda x: {"a": net(x)}, x, target, baseline=0.3, return_details=True)
    with torch.no_grad():
        close(found.f_start, net(torch.full_like(x, 0.3))[:, 1])


def test_deep_shap_takes_baselines_by_name(close):
    model, x = net_without_max_pool(), torch.rand(2, 2, 12, 12, dtype=torch.float64)
    parts = [xc.deeplift(model, x, 1, baseline=b) for b in ("black", "white")]
    close(xc.deep_shap(model, x, 1, baselines=("black", "white")), sum(parts) / 2)


def test_deep_shap_of_a_linear_model_is_that_of_the_mean(close):
    model = nn.Linear(4, 3).double()
    x, references = torch.randn(2, 4, dtype=torch.float64), torch.randn(9, 4, dtype=torch.float64)
    expected = (x - references.mean(0)) * model.weight[1].detach()
    close(xc.deep_shap(model, x, 1, baselines=references), expected)


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (lambda x: x.sort(1)[0], "'sort'"),
        (lambda x: x.cumprod(1), "'cumprod'"),
        (lambda x: x * (x @ x.T)[:, :1], "rows of x on the first axis"),
        (lambda x: F.normalize(x, p=3.0), "'linalg_vector_norm'"),
        (lambda x: torch.stack([x, 0 * x]).amax(0), "'amax'"),
        (
            lambda x: F.max_pool1d(x[:, None], 2, return_indices=True)[0].repeat(1, 1, 2)[:, 0],
            "pool",
        ),
        (lambda x: x.softmax(0), "rows|softmax|logsumexp"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(part, named):
    layer = nn.Linear(6, 3).double()
    with pytest.raises(UnsupportedOperationError, match=named):
        xc.deeplift(lambda x: layer(part(x)), torch.rand(2, 6, dtype=torch.float64), 1)


def test_bad_settings():
    model, x = nn.Linear(4, 3), torch.rand(2, 4)
    with pytest.raises(ValueError, match="rule must be one of rescale, reveal_cancel, got 'shap'"):
        xc.deeplift(model, x, 1, rule="shap")
    with pytest.raises(ValueError, match="baselines is empty"):
        xc.deep_shap(model, x, 1, baselines=())
    with pytest.raises(ValueError, match=r"baselines\[0\] has shape \(5,\)"):
        xc.deep_shap(model, x, 1, baselines=torch.rand(3, 5))
    with pytest.raises(ValueError, match=r"baselines\[0\] 'gray' is unknown"):
        xc.deep_shap(model, x, 1, baselines=("gray",))


def norms_of_nothing(norms):
    """Return a net whose layer norms meet equal activations at 0, each with a slope of 1000."""
    blocks = [
        layer
        for _ in range(norms)
        for layer in (nn.Linear(8, 8, bias=False), nn.LayerNorm(8, eps=1e-6), nn.GELU())
    ]
    return nn.Sequential(*blocks, nn.Linear(8, 3, bias=False)).eval()


def test_a_map_that_rounding_has_drowned_says_so():
    net, x = norms_of_nothing(4), torch.rand(2, 8)
    with pytest.warns(UserWarning, match=r"map of row 0 adds up to .* rounding in torch.float32"):
        found = xc.deeplift(net, x, 1, return_details=True)
    assert float(found.relative_gap.max()) > 1
    with pytest.warns(UserWarning, match="rounding in torch.float32 has drowned it"):
        xc.deep_shap(net, x, 1, baselines=(0.0, 1.0))
    exact = xc.deeplift(net.double(), x.double(), 1, return_details=True)  # warnings are errors
    assert float(exact.relative_gap.max()) < 1e-5


def test_a_gap_that_is_meant_is_no_rounding():
    net, x = norms_of_nothing(1).double(), 4 * torch.rand(2, 8, dtype=torch.float64)
    bent = xc.deeplift(net, x, 1, output=lambda z: (8 * z).softmax(1), return_details=True)
    assert float(bent.relative_gap.max()) > 0.05
