"""Replaced backward rules: right for every spelling of a ReLU, or refused with its name."""

import warnings

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import xaicourse as xc
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import Activation, UnsupportedOperationError
from xaicourse.core.reading import read_activation
from xaicourse.core.rules import Rules
from xaicourse.methods.vanilla.relu_rules import deconvnet_rule, guided_rule

W = torch.sin(torch.arange(20.0, dtype=torch.float64)).view(5, 4)
V = torch.cos(torch.arange(15.0, dtype=torch.float64)).view(3, 5)
X = torch.sin(1.3 * torch.arange(24.0, dtype=torch.float64)).view(6, 4)


def net(activation):
    return lambda x: activation(x @ W.T) @ V.T


def by_hand(x, target):
    """Guided backpropagation of the two-layer net, written from the paper as a loop."""
    maps = []
    for row in x:
        z = W @ row
        g = V[target].clamp_min(0) * (z > 0)  # the signal, positive only, through the open units
        maps.append(g @ W)
    return torch.stack(maps)


def ignored_return(x):
    F.relu_(x)
    return x


def on_a_part(x):
    x[:, :2].relu_()
    x[:, 2:].relu_()
    return x


@torch.no_grad()
def unseen(x):
    return 1 * x


RIGHT = {
    "functional": F.relu,
    "torch.relu": torch.relu,
    "method": lambda x: x.relu(),
    "module": nn.ReLU(),
    "in place": nn.ReLU(inplace=True),
    "torch.relu_": lambda x: torch.relu_(x),
    "in place, return value ignored": ignored_return,
    "clamp": lambda x: x.clamp(min=0),
    "torch.clamp": lambda x: torch.clamp(x, 0),
    "clamp_min": lambda x: x.clamp_min(0),
    "threshold": lambda x: F.threshold(x, 0, 0),
    "relu, and harmless questions": lambda x: x.relu() + torch.zeros_like(x) * x.isnan(),
    "hardtanh with a high ceiling": lambda x: F.hardtanh(x, 0, 1e9),
}
# the thirteen spellings that were measured to pass silently with a bare function mode, and more
REFUSED = {
    "aten": (torch.ops.aten.relu, "'relu'"),
    "aten overload": (torch.ops.aten.relu.default, "'relu'"),
    "maximum": (lambda x: torch.maximum(x, torch.zeros_like(x)), "'maximum'"),
    "where": (lambda x: torch.where(x > 0, x, 0 * x), "comparison"),
    "times its mask": (lambda x: x * (x > 0), "comparison"),
    "times its detached mask": (lambda x: x * (x.detach() > 0), "detach"),
    "times a mask of its data": (lambda x: x * (x.data > 0), "data"),
    "times its sign": (lambda x: x * (x.sign() + 1) / 2, "sign"),
    "reflected comparison": (lambda x: x * torch.lt(torch.zeros(()), x), "comparison"),
    "compared with a tensor": (lambda x: x * (torch.zeros(()) < x), "comparison"),
    "times a whole number": (lambda x: x * (x.long() + x.long().abs()), "long"),
    "times a mask without gradient": (lambda x: x * (unseen(x) > 0), "mul"),
    "instance norm": (lambda x: F.instance_norm(x[:, None])[:, 0], "'instance_norm'"),
    "with abs": (lambda x: (x + x.abs()) / 2, "'abs'"),
    "masked_fill": (lambda x: x.masked_fill(x < 0, 0.0), "comparison"),
    "largest of two": (lambda x: torch.stack([x, 0 * x]).amax(0), "'amax'"),
    "hand-made SiLU": (lambda x: x * torch.sigmoid(x), "'sigmoid'"),
    "GELU": (F.gelu, "'gelu'"),
    "GELU by hand": (lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)), "'erf'"),
    "SiLU": (F.silu, "'silu'"),
    "ELU": (F.elu, "'elu'"),
    "softplus": (F.softplus, "'softplus'"),
    "a square": (lambda x: x * x, "multiplied"),
}


@pytest.mark.parametrize("activation", RIGHT.values(), ids=RIGHT)
def test_every_spelling_of_relu_is_ruled(activation, close):
    close(xc.guided_backprop(net(activation), X, 1), by_hand(X, 1), 1e-12)


@pytest.mark.parametrize(("activation", "named"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_covered_is_refused_by_name(activation, named):
    with pytest.raises(UnsupportedOperationError, match=named):
        xc.guided_backprop(net(activation), X, 1)


@pytest.mark.parametrize("how", ["scripted", "traced", "scripted part"])
def test_scripted_code_is_refused(how):
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)).double().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {
            "scripted": lambda: torch.jit.script(model),
            "traced": lambda: torch.jit.trace(model, X),
            "scripted part": lambda: nn.Sequential(model[0], torch.jit.script(model[1]), model[2]),
        }[how]()
        with pytest.raises(UnsupportedOperationError):
            xc.guided_backprop(made, X, 1)


@pytest.mark.parametrize("name", ["guided_backprop", "deeplift", "lrp"])
@pytest.mark.parametrize("how", ["whole", "part", "in place", "function", "hidden"])
def test_compiled_code_is_run_as_it_was_written(name, how):
    method = getattr(xc, name)

    def made():
        torch.manual_seed(0)
        layers = nn.Linear(4, 5), nn.Sequential(nn.ReLU(), nn.Linear(5, 4), nn.ReLU())
        return nn.Sequential(*layers, nn.Linear(4, 3)).double().eval()

    model, right = made(), method(made(), X, 1)
    if how == "part":
        model[1] = torch.compile(model[1], backend="eager")
    elif how == "in place":
        model[1].compile(backend="eager")
    elif how != "hidden":
        model = torch.compile(model if how == "whole" else model.forward, backend="eager")
    else:
        compiled = torch.compile(model, backend="eager")
        model = lambda x: compiled(x)  # noqa: E731
    assert torch.equal(method(model, X, 1), right)


def test_relu_on_a_view_is_right_or_refused(close):
    try:
        found = xc.guided_backprop(net(on_a_part), X, 1)
    except UnsupportedOperationError:
        return
    close(found, by_hand(X, 1), 1e-12)


def test_allow_takes_the_plain_gradient_of_a_named_operation(close):
    model = lambda x: torch.sigmoid(net(F.relu)(x))  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match="allow=\\('sigmoid',\\)"):
        xc.guided_backprop(model, X, 1)
    # the gate's slope is positive, so it only scales the signal
    gate = model(X)[:, 1] * (1 - model(X)[:, 1])
    close(xc.guided_backprop(model, X, 1, allow=("sigmoid",)), gate[:, None] * by_hand(X, 1))


def test_the_scale_of_the_output_is_not_part_of_the_model():
    """The softmax of output="probability" is ours: it is differentiated, not refused."""
    assert xc.guided_backprop(net(F.relu), X, 1, output="probability").abs().sum() > 0


def test_half_way_activations():
    relu6 = read_activation(F.relu6, (X,), {})
    assert relu6 == Activation("relu6", high=6.0)
    assert relu6.slope(torch.tensor([-1.0, 0.0, 3.0, 6.0, 7.0])).tolist() == [0, 0, 1, 0, 0]
    leaky = read_activation(F.leaky_relu, (X, 0.2), {})
    assert leaky is not None
    assert leaky.slope(torch.tensor([-1.0, 2.0], dtype=torch.float64)).tolist() == [0.2, 1]
    assert read_activation(F.hardtanh, (X,), {}) is None  # -1 to 1 is no member of the family
    assert read_activation(torch.clamp, (X,), {"min": 0.5}) is None
    assert read_activation(F.threshold, (X, 0.5, 0.0), {}) is None


@pytest.mark.parametrize("module", [nn.ReLU6, lambda: nn.LeakyReLU(0.2), nn.ReLU])
def test_the_rule_that_is_the_chain_rule_gives_the_gradient(module, close):
    """With g -> slope * g every member of the family must give back autograd's gradient."""
    from xaicourse.core.gradients import ask, gradients

    model = net(lambda x: module()(20 * x))
    plain = Rules("plain", lambda slope, g: slope * g)
    grad, _ = gradients(ask(model, X, 1, rules=plain))
    close(grad, xc.gradient(model, X, 1), 1e-12)


def test_rules_can_be_differentiated():
    """Their backward is made of differentiable operations: checked with the chain rule itself."""
    rules = Rules("plain", lambda slope, g: slope * g)

    def gradient(x):
        with rules.active(x):
            score = torch.sin(net(F.relu)(x))[:, 1].sum()
        return torch.autograd.grad(score, x, create_graph=True)[0]

    assert torch.autograd.gradcheck(gradient, (X.clone().requires_grad_(True),))


NETS = ["googlenet", "resnet18", "vgg11", "densenet121", "squeezenet1_1"]


def torchvision_net(name):
    if name == "vision_transformer":  # one small block of it
        return torchvision.models.VisionTransformer(32, 16, 1, 2, 16, 32).eval()
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return getattr(torchvision.models, name)(weights=None, **more).eval()


@pytest.mark.parametrize("name", NETS)
def test_torchvision_nets_with_relus_are_right(name, close, monkeypatch):
    """Against another mechanism: F.relu itself replaced by a function with the guided backward."""

    class Guided(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z.clamp(min=0)

        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            return (z > 0) * g.clamp(min=0)

    model = torchvision_net(name)
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = xc.guided_backprop(model, x, 3)
    monkeypatch.setattr(F, "relu", lambda z, inplace=False: Guided.apply(z))
    leaf = x.clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(model(leaf)[:, 3].sum(), leaf)
    assert float(expected.abs().sum()) > 0 or name == "squeezenet1_1"
    close(found, expected, 1e-5)
    monkeypatch.undo()
    plain = xc.gradient(model, x, 3)
    assert (found - plain).norm() > 0.1 * plain.norm()  # and it is not the plain gradient


@pytest.mark.parametrize(
    ("name", "named", "size"),
    [
        ("mobilenet_v3_small", "hardswish|hardsigmoid", 64),
        ("regnet_y_400mf", "sigmoid", 64),
        ("vision_transformer", "layer_norm|gelu|softmax|attention", 32),
        ("convnext_tiny", "layer_norm|gelu", 64),
        ("efficientnet_b0", "silu|sigmoid", 64),
    ],
)
def test_torchvision_nets_with_other_activations_are_refused(name, named, size):
    with pytest.raises(UnsupportedOperationError, match=named):
        xc.guided_backprop(torchvision_net(name), torch.zeros(1, 3, size, size), 3)


def test_deep_nets_do_not_exhaust_the_stack():
    deep = lambda x: [x := F.relu(x + 1.0) for _ in range(3000)][-1]  # noqa: E731
    assert xc.guided_backprop(deep, X, 1).shape == X.shape


@pytest.mark.parametrize(
    "method", ["guided_backprop", "rectgrad", "beta_smoothing", "lrp", "deeplift"]
)
def test_allow_as_one_text_is_refused(method):
    with pytest.raises(TypeError, match=r"allow must be a tuple.*write allow=\('gelu',\)"):
        xc.METHODS[method].method(
            nn.Sequential(nn.Linear(3, 2), nn.GELU()).double(), X[:, :3], 1, allow="gelu"
        )


# ---- an activation that writes over its input ----------------------------------------------------

BENDS = {
    "relu_": lambda h: F.relu(h, inplace=True),
    "relu": F.relu,
    "relu6_": lambda h: F.relu6(3 * h, inplace=True),
    "leaky_relu_": lambda h: F.leaky_relu(h, 0.1, inplace=True),
    "clamp_": lambda h: h.clamp_(min=0),
}


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
@pytest.mark.parametrize("rule", [guided_rule, deconvnet_rule])
def test_the_backward_of_a_written_activation_can_be_differentiated(bend, rule):
    torch.manual_seed(1)
    W = torch.randn(5, 5, dtype=torch.float64)
    x, g = (torch.randn(3, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def signal(g):
        inputs = x * 1
        with Rules("a rule", rule).active(inputs):
            y = bend(bend(inputs @ W) @ W)
        return torch.autograd.grad(y, x, g, create_graph=True)[0]

    assert torch.autograd.gradcheck(signal, (g,))


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_a_written_activation_has_the_plain_gradient_under_the_plain_rule(bend, close):
    torch.manual_seed(2)
    W = torch.randn(5, 4, dtype=torch.float64)
    x = torch.randn(3, 5, dtype=torch.float64)

    def model(x):
        h = x @ W
        return bend(h).sum(1, keepdim=True) + h.sum(1, keepdim=True)  # h is what it was made

    plain = ask(model, x, 0, rules=Rules("plain", lambda slope, g: slope * g))
    close(gradients(plain)[0], xc.gradient(model, x, 0), 1e-12)
    assert float(gradients(plain)[0].norm()) > 1


def test_an_output_that_is_written_over_is_made_again_or_refused(close):
    torch.manual_seed(3)
    W = torch.randn(5, 4, dtype=torch.float64)
    x = torch.randn(3, 5, dtype=torch.float64)

    def over(bend):
        return lambda x: bend(x @ W).mul_(2.0).sum(1, keepdim=True)

    bent = over(lambda h: h.clamp_(min=0))  # torch keeps what was in front of it
    expected = xc.guided_backprop(lambda x: 2 * F.relu(x @ W).sum(1, keepdim=True), x, 0)
    close(xc.guided_backprop(bent, x, 0), expected, 1e-12)
    close(xc.rectgrad(over(F.relu), x, 0, tau=0.0, times_input=False), expected, 1e-12)
    with pytest.raises(
        ValueError, match="overwrites the output of relu"
    ):  # torch's own gradient fails there, too
        xc.guided_backprop(over(F.relu), x, 0)


def test_the_first_call_is_looked_on_inside_the_rules():
    x = torch.rand(2, 3, 8, 8)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(144, 3)
    )
    with pytest.raises(ValueError, match="training mode"):
        xc.guided_backprop(net, x, 0)
    with pytest.raises(ValueError, match=r"x\[None\]"):
        xc.guided_backprop(nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Flatten()), x[0], 0)
