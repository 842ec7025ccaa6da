"""Hidden units as targets: every method explains them like a net that ends at the layer."""

from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import xaicourse as xc
from tests.contract.checks import model_state, same_state
from xaicourse import targets
from xaicourse.core.layers import LayerError
from xaicourse.core.registry import InputKind, Need

pytestmark = pytest.mark.fault("P9")

UNIT = (2, 1, 2)


def convnet(inplace: bool = True) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(3, 3, 3), nn.ReLU(inplace=inplace)),
            *(nn.Conv2d(3, 4, 2), nn.ReLU(inplace=inplace)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
        )
    return net.double().eval()


def images(n: int = 3) -> Tensor:
    wave = torch.cos(torch.arange(n * 3 * 36, dtype=torch.float64)).view(n, 3, 6, 6)
    return (1 + wave) / 2


class UpTo(nn.Module):
    """The same net cut off by hand; it holds all its weights."""

    def __init__(self, net: nn.Sequential, last: int) -> None:
        super().__init__()
        for name, layer in net.named_children():
            self.add_module(name, layer)
        self.front = list(net)[: last + 1]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.front:
            x = layer(x)
        return x


SETTINGS = {
    "class_model": {"steps": 3},
    "noisegrad": {"samples": 3},
    "fusiongrad": {"samples": 2, "input_samples": 2},
    "smoothgrad": {"samples": 4},
    "smoothgrad_squared": {"samples": 4},
    "vargrad": {"samples": 4},
    "occlusion": {"patch": 2},
    "meta_ig": {"coalitions": 2, "steps": 2},
    "integrated_hessians": {"steps": 3},
    "tangentially_aligned_ig": {"steps": 4},
    "manifold_aligned_guided_ig": {"pieces": 4},
    "geometrically_guided_ig": {"starts": 2, "climb": 3},
}
# at a layer before that of the unit; cam asks for a linear head, patterns for those of all layers
LAYER = {"layer": "1"}
METHODS = [
    name
    for name, record in xc.METHODS.items()
    if not {Need.LINEAR_HEAD, Need.PATTERNS} & record.needs
    and record.input in (InputKind.ANY, InputKind.IMAGE)
    # the boundary between classes, the way to another one and their distance need their scores
    and name not in ("boundary_ig", "adversarial_gradient_integration")
    and name != "gradient_artificial_distancing"
]
# sentences and graphs, on nets of their own
OTHERS = [
    name
    for name, record in xc.METHODS.items()
    if record.input in (InputKind.EMBEDDINGS, InputKind.GRAPH)
]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "by module"])
def test_every_method_explains_a_unit_like_a_net_cut_off_by_hand(name, by_name, close):
    net, x = convnet(), images()
    record = xc.METHODS[name]
    settings = {**SETTINGS.get(name, {}), **(LAYER if Need.LAYER in record.needs else {})}
    unit = targets.neuron("2" if by_name else net[2], UNIT)
    got = record.method(net, x, unit, batch_size=2, **settings)
    close(got, record.method(UpTo(net, 2), x, UNIT, **settings))


@pytest.mark.parametrize("name", OTHERS)
def test_methods_of_other_inputs_explain_a_unit(name, close):
    record = xc.METHODS[name]
    example = record.example()
    unit = targets.neuron("hidden", (0, 2))
    got = record.method(example.model, example.x, unit, **example.settings)
    expected = record.method(example.model.hidden, example.x, (0, 2), **example.settings)
    assert float(expected.norm()) > 0
    close(got, expected)


@pytest.mark.parametrize("layer", [0, 1, 3, 5])
@pytest.mark.parametrize("name", ["gradient", "integrated_gradients", "deeplift", "lrp"])
def test_every_layer(layer, name, close):
    net, x = convnet(), images()
    place = UNIT if layer in (2, 3) else (1, 2, 0) if layer < 2 else 2
    got = xc.METHODS[name].method(net, x, targets.neuron(str(layer), place))
    expected = xc.METHODS[name].method(convnet(inplace=False)[: layer + 1], x, place)
    assert float(expected.norm()) > 0
    close(got, expected)


# ---- against Captum 0.9.0, where that is right ---------------------------------------------------

PEERS = {
    "NeuronGradient": ("gradient", {}),
    "NeuronIntegratedGradients": ("integrated_gradients", {"n_steps": 50}),
    "NeuronDeepLift": ("deeplift", {}),
    "NeuronGuidedBackprop": ("guided_backprop", {}),
    "NeuronDeconvolution": ("deconvnet", {}),
}


@pytest.mark.parametrize(("peer", "name", "settings"), [(p, *v) for p, v in PEERS.items()])
def test_against_captum(peer, name, settings, close):
    captum = pytest.importorskip("captum.attr")
    net, x = convnet(inplace=False), images()
    leaf = x.clone().requires_grad_()
    warns = name in ("deeplift", "guided_backprop", "deconvnet")
    with pytest.warns(UserWarning, match="hooks") if warns else nullcontext():
        expected = getattr(captum, peer)(net, net[3]).attribute(
            leaf, neuron_selector=UNIT, **settings
        )
    got = xc.METHODS[name].method(net, x, targets.neuron("3", UNIT))
    close(got, expected.detach(), 1e-6)


# ---- what may be read ----------------------------------------------------------------------------


def test_other_targets_in_a_layer(close):
    net, x = convnet(), images()
    front = net[:3]
    mean = targets.neuron("2", lambda a, rows: a[:, 1].mean((1, 2)))
    close(xc.gradient(net, x, mean), xc.gradient(lambda z: front(z)[:, 1].mean((1, 2)), x))
    mask = torch.tensor([[1, 0, 0], [0, 1, 1], [0, 0, 1]])
    region = targets.neuron("2", targets.region(2, mask))
    close(xc.gradient(net, x, region), xc.gradient(front, x, targets.region(2, mask)))
    rows = [(0, 1, 1), (3, 2, 0), (1, 0, 2)]
    close(xc.gradient(net, x, targets.neuron("2", rows)), xc.gradient(front, x, rows))
    rather = targets.difference(targets.neuron("2", UNIT), targets.neuron("2", (0, 0, 0)))
    expected = xc.deeplift(front, x, targets.difference(UNIT, (0, 0, 0)))
    close(xc.deeplift(net, x, rather), expected)
    close(xc.scores(net, x, rather), front(x)[:, 2, 1, 2] - front(x)[:, 0, 0, 0])
    square = xc.gradient(net, x, targets.neuron("2", UNIT), output=lambda a: a**2)
    close(square, xc.gradient(front, x, UNIT, output=lambda a: a**2))


def test_calls_parts_and_time_first(close):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.f = nn.Linear(3, 3)
            self.rnn = nn.LSTM(3, 4)  # time first

        def forward(self, x):
            return self.rnn(self.f(torch.relu(self.f(x))).transpose(0, 1))[0][-1]

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Net().double().eval()
    x = torch.cos(torch.arange(30, dtype=torch.float64)).view(2, 5, 3)
    first = targets.neuron("f", (4, 1), call=0)
    close(xc.gradient(net, x, first), xc.gradient(net.f, x, (4, 1)))
    second = targets.neuron(net.f, (4, 1), call=1)
    close(xc.lrp(net, x, second), xc.lrp(lambda z: net.f(torch.relu(net.f(z))), x, (4, 1)))
    state = targets.neuron("rnn", (3, 2), part=0)
    expected = xc.gradient(
        lambda z: net.rnn(net.f(torch.relu(net.f(z))).transpose(0, 1))[0][3][:, 2], x
    )
    close(xc.gradient(net, x, state), expected)
    with pytest.raises(LayerError, match=r"called 2 time\(s\).*call=5"):
        xc.gradient(net, x, targets.neuron("f", (4, 1), call=5))


def test_what_lies_behind_the_layer_does_not_matter(close):
    """A rule method need not cover it, and it does not even run."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.front = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
            self.attend = nn.MultiheadAttention(6, 2, batch_first=True)
            self.calls = 0

        def forward(self, x):
            h = self.front(x)
            self.calls += 1
            return self.attend(h, h, h)[0].sum(1)

    net = Net().double().eval()
    x = torch.cos(torch.arange(24, dtype=torch.float64)).view(2, 3, 4)
    close(xc.lrp(net, x, targets.neuron("front", (1, 2))), xc.lrp(net.front, x, (1, 2)))
    seen = net.calls
    xc.integrated_gradients(net, x, targets.neuron("front", (1, 2)), batch_size=1)
    assert net.calls == seen + 2  # to find where the layer has the rows


@pytest.mark.parametrize("name", ["gradient", "guided_backprop", "deeplift", "lrp"])
def test_inside_a_checkpoint(name, close):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.A, self.B, self.C = nn.Linear(3, 5), nn.Linear(5, 4), nn.Linear(4, 2)

        def block(self, x):
            return torch.relu(self.B(torch.relu(self.A(x))))

        def forward(self, x):
            return self.C(checkpoint(self.block, x, use_reentrant=False))

    net, x = Net().double().eval(), torch.tensor([[1.0, -2, 0.5], [2, 1, 0]], dtype=torch.float64)
    got = xc.METHODS[name].method(net, x, targets.neuron("B", 1))
    close(got, xc.METHODS[name].method(nn.Sequential(net.A, nn.ReLU(), net.B), x, 1))


def test_bound_extras_metrics_and_hooks(close):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = convnet()

        def forward(self, x, scale):
            return self.net(x * scale[:, None, None, None])

    x, scale = images(), torch.tensor([1.0, 2, 3], dtype=torch.float64)
    model = xc.bind(Scaled(), scale=scale)
    before = model_state(model.model)
    unit = targets.neuron("net.3", UNIT)
    alone = [
        xc.smoothgrad(xc.bind(model.model, scale=scale[[i]]), x[[i]], unit, samples=3)
        for i in range(3)
    ]
    found = xc.smoothgrad(model, x, unit, samples=3, return_details=True)
    close(found.values, torch.cat(alone))
    same_state(before, model_state(model.model))
    # what a map says was explained may be handed to a metric, or to another method
    net = convnet()
    found = xc.input_x_gradient(net, x, targets.neuron(net[3], UNIT), return_details=True)
    deleted = xc.evaluation.deletion(net, x, found.values, found.target, output="logit")
    expected = xc.evaluation.deletion(net[:4], x, found.values, UNIT, output="logit")
    close(deleted.values, expected.values)
    close(xc.gradient(net, x, found.target), xc.gradient(net[:4], x, UNIT))


# ---- what is refused -----------------------------------------------------------------------------

REFUSED = {
    "no such layer": (lambda: targets.neuron("9", 0), {}, "'9' is not in the model"),
    "a place too few": (
        lambda: targets.neuron("2", 0),
        {},
        r"\(0,\) has 1 place\(s\).*\(4, 3, 3\)",
    ),
    "out of range": (lambda: targets.neuron("2", (4, 0, 0)), {}, "target 4 is out of range"),
    "a probability": (
        lambda: targets.neuron("2", UNIT),
        {"output": "probability"},
        "output='logit'",
    ),
    "a margin": (lambda: targets.neuron("2", UNIT), {"output": "margin"}, "output='logit'"),
    "a unit and a class": (
        lambda: targets.difference(targets.neuron("2", UNIT), 1),
        {},
        "units of the same layer",
    ),
    "two layers": (
        lambda: targets.difference(targets.neuron("2", UNIT), targets.neuron("3", UNIT)),
        {},
        "same layer",
    ),
    "in an item": (
        lambda: targets.item("y", targets.neuron("2", UNIT)),
        {},
        "units of the same layer",
    ),
    "one a row, too many": (lambda: targets.neuron("5", [0, 1]), {}, r"2 class\(es\), but x has 3"),
}


@pytest.mark.parametrize(("target", "settings", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(target, settings, says):
    with pytest.raises(ValueError, match=f"(?s){says}"):
        xc.gradient(convnet(), images(), target(), **settings)


def test_training_mode_and_no_target():
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 3))
    with pytest.raises(ValueError, match="training mode"):
        xc.gradient(net, torch.randn(4, 3), targets.neuron("1", 0))
    with pytest.raises(TypeError, match="target must be a class number"):
        targets.neuron("1", None)
