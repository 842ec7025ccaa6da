"""What is remembered of a model's layers is never told of another model, nor of a changed one."""

import gc
import itertools
import types
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.core.model_form import form_of
from xaicourse.core.row_guard import is_asking

CAMS = ["grad_cam", "hires_cam", "eigen_cam", "score_cam", "guided_grad_cam"]
FLAG = {"turned": False, "small": False}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def turned(maps):
    return maps.permute(0, 2, 3, 1)


class Lay(nn.Module):
    """Lays 4 maps of 4 x 4 cells with the channels first or last: the shape is the same."""

    last = False

    def __init__(self):
        super().__init__()
        self.settings = {"order": ["first", "last"]}

    def forward(self, maps):
        order = self.settings["order"]
        maps = maps[:, :, ::2, ::2] if FLAG["small"] else maps
        return turned(maps) if self.last or order[0] == "last" or FLAG["turned"] else maps


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.lay = nn.Conv2d(3, 4, 3, 2, 1), Lay()
        self.head = nn.Linear(4, 5)
        self.act = nn.ReLU()

    def forward(self, x):
        laid = self.lay(self.act(self.conv(x)))
        weights = torch.linspace(0.5, 2, 64).view(4, 4, 4)[: laid.shape[1], : laid.shape[2]]
        weighted = laid * weights[:, :, : laid.shape[3]]
        return self.head(weighted.flatten(2).sum(2)[:, :4].relu() @ torch.eye(4)[: laid.shape[1]])


def forwards(model, call):
    """Return how often the model runs in a call, and its result."""
    ticks = itertools.count()  # no list: what a function reads is a part of the model's form
    inside = model.conv._conv_forward

    def counted(self, *args):
        if not is_asking():
            next(ticks)
        return inside(*args)

    model.conv._conv_forward = types.MethodType(counted, model.conv)
    call()  # the model has changed: it is looked at again
    first = next(ticks)
    found = call()
    del model.conv._conv_forward
    return first, next(ticks) - first - 1, found


@pytest.mark.parametrize("layer", ["lay", None])
@pytest.mark.parametrize("name", ["grad_cam", "layer_cam", "eigen_cam"])
def test_a_model_is_looked_at_once(name, layer):
    net, x = Net().eval(), torch.randn(2, 3, 8, 8)
    method = getattr(xc, name)
    expected = method(Net().eval().requires_grad_(True), x, 1, layer=layer).shape
    before = method(net, x, 1, layer=layer)
    first, again, found = forwards(net, lambda: method(net, x, 1, layer=layer))
    assert (first, again) == (2, 1)
    assert torch.equal(found, before)
    assert found.shape == expected


def change_attribute(net):
    net.lay.settings["order"] = ["last", "first"]


def change_class(net):
    Lay.last = True


def change_forward(net):
    net.lay.forward = types.MethodType(lambda self, maps: turned(maps), net.lay)


def change_module(net):
    net.lay = nn.Sequential(Lay(), Lay())
    net.lay[1].settings["order"] = ["last"]


def change_hook(net):
    net.lay.register_forward_hook(lambda module, inputs, output: turned(output))


def change_size_by_a_global(net):
    FLAG["turned"] = FLAG["small"] = True


CHANGES = [
    change_attribute,
    change_class,
    change_forward,
    change_module,
    change_hook,
    change_size_by_a_global,
]


@pytest.fixture
def restored():
    yield
    Lay.last = False
    FLAG.update(turned=False, small=False)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", CAMS)
def test_a_changed_model_is_looked_at_again(name, change, restored):
    """The layer's axes are others, its shape mostly the same: as a new model would be explained."""
    net, new, x = Net().eval(), Net().eval(), torch.randn(2, 3, 8, 8)
    new.load_state_dict(net.state_dict())
    method = getattr(xc, name)
    before = method(net, x, 1, layer="lay")
    for model in (net, new):
        change(model)
    expected = method(new, x, 1, layer="lay")
    found = method(net, x, 1, layer="lay")
    assert torch.equal(found, expected)
    if name != "eigen_cam":  # it asks nothing of what comes behind the layer
        assert not torch.equal(found, before)


def test_the_default_layer_is_chosen_again_in_a_changed_model():
    x, net = torch.randn(1, 3, 8, 8), nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    details = {"return_details": True}
    assert xc.grad_cam(net, x, 1, **details).extra["layer"] == "1"
    net.insert(2, nn.Conv2d(4, 4, 3))
    assert xc.grad_cam(net, x, 1, **details).extra["layer"] == "2"
    net[2] = nn.MaxPool2d(2)
    assert xc.grad_cam(net, x, 1, **details).extra["layer"] == "2"
    net[2] = nn.Identity()
    del net[1]
    assert xc.grad_cam(net, x, 1, **details).extra["raw"].shape == (1, 1, 6, 6)


def test_scores_that_are_read_elsewhere_have_a_default_layer_of_their_own():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.left, self.right = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

        def forward(self, x):
            h = self.stem(x).relu()
            return torch.stack([self.left(h).mean((1, 2, 3)), self.right(h).mean((1, 2, 3))], 1)

    class Dict(Heads):
        def forward(self, x):
            h = self.stem(x).relu()
            return {"a": self.left(h).mean((2, 3)), "b": self.right(h).mean((2, 3))}

    x, net = torch.randn(1, 3, 6, 6), Dict().eval()
    for key, layer in (("a", "left"), ("b", "right"), ("a", "left")):
        target = lambda outputs, rows, key=key: outputs[key][:, 0]  # noqa: E731
        assert xc.grad_cam(net, x, target, return_details=True).extra["layer"] == layer


def test_another_form_of_x_is_looked_at_for_itself():
    class Turn(nn.Module):
        def forward(self, maps):
            return turned(maps) if maps.shape[2] == 4 else maps

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.turn = nn.Conv2d(3, 4, 3, 2, 1), Turn()

        def forward(self, x):
            return (self.turn(self.conv(x)) ** 2).flatten(2).sum(2)

    net = Two().eval()
    for size in (8, 16, 8):
        x = torch.randn(1, 3, size, size)
        found = xc.hires_cam(net, x, 1, layer="turn", upsample=None)
        new = Two().eval()
        new.load_state_dict(net.state_dict())
        assert torch.equal(found, xc.hires_cam(new, x, 1, layer="turn", upsample=None))


def test_nothing_of_a_model_is_kept_alive():
    net, x = Net().eval(), torch.randn(1, 3, 8, 8)
    net.act.extra = net.forward
    xc.grad_cam(net, x, 1, layer="lay")
    xc.grad_cam(net, x, 1)
    gone = [weakref.ref(net), weakref.ref(net.conv)]
    del net
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_trained_weights_are_no_other_form_and_a_switch_is():
    net = Net().eval()
    form = form_of(net)
    net.load_state_dict(Net().state_dict())
    net.conv.weight.data *= 2
    assert form_of(net) == form
    net.act.inplace = True
    assert form_of(net) != form


class Ways(nn.Module):
    """Goes through `deep` or past it, by what lies outside of its attributes."""

    def __init__(self):
        super().__init__()
        self.conv, self.deep = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 5)
        self.table = np.array([1.0])
        self.register_buffer("use", torch.tensor(True))

    def forward(self, x):
        h = self.conv(x).relu()
        if WAY["deep"] and self.table[0] and self.use and x.mean() > 0:
            h = self.deep(h).relu()
        return self.head(h.mean((2, 3)))


WAY = {"deep": True}
ELSEWHERE = {
    "a global": lambda net, x: WAY.update(deep=False),
    "an array": lambda net, x: net.table.fill(0),
    "a buffer": lambda net, x: net.use.fill_(False),
    "x itself": lambda net, x: x.neg_(),
}


@pytest.mark.fault("K5", "R9")
@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_way_through_the_model_is_looked_at_anew(name, close):
    net, x = Ways().eval().double(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    assert xc.grad_cam(net, x, 1, return_details=True).extra["layer"] == "deep"
    try:
        ELSEWHERE[name](net, x)
        found = xc.hires_cam(net, x, 1, upsample=None, return_details=True)
    finally:
        WAY["deep"] = True
    assert found.extra["layer"] == "conv"
    A = net.conv(x).detach().requires_grad_()
    (g,) = torch.autograd.grad(net.head(A.relu().mean((2, 3)))[:, 1].sum(), A)
    close(found.values, (A * g).sum(1, keepdim=True).detach())
