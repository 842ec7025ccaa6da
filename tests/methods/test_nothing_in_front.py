"""A step in front of a layer that does nothing changes no map: casts, copies, views, their order.

Compared in float64: with closed forms, and with the same net in which the step is not there, or the
normalisation is folded into the layer's weights.
"""

from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.pretend_gpu import DEVICE, PretendGPU
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.methods.vanilla.relevance_rules import COMPOSITES

WITH_FIRST = [name for name, table in COMPOSITES.items() if "first" in table]


def waves(*shape, turn=1.7):
    n = torch.Size(shape).numel()
    return torch.sin(turn * torch.arange(1.0, n + 1, dtype=torch.float64)).view(shape)


W, V = waves(7, 5), waves(3, 7, turn=2.3)  # hidden x inputs, classes x hidden
b = 0.1 * waves(7, turn=0.9)
MEAN, STD = 0.4 + 0.1 * waves(5), 0.5 + 0.2 * waves(5, turn=0.7)
X = (0.5 + 0.49 * waves(4, 5, turn=2.9)).float().double()  # in [0, 1], exact in float32


def explanations():
    """Return every method that asks which layer sees x, by name."""
    found = {
        name: lambda model, x, name=name, **more: xc.lrp(model, x, 1, rules=name, **more)
        for name in WITH_FIRST
    }
    found["deep_taylor"] = lambda model, x, **more: xc.deep_taylor(model, x, 1, **more)
    found["deep_taylor, no bounds"] = lambda model, x: xc.deep_taylor(
        model, x, 1, low=None, high=None
    )
    return found


EXPLAIN = explanations()

NOTHING = {
    "double": lambda z: z.double(),
    "to dtype": lambda z: z.to(torch.float64),
    "to dtype, keyword": lambda z: z.to(dtype=torch.float64),
    "to device": lambda z: z.to("cpu"),
    "to device and dtype": lambda z: z.to("cpu", torch.float64),
    "to another": lambda z: z.to(W),
    "to itself": lambda z: z.to(z * 2),
    "to, copied": lambda z: z.to(torch.float64, copy=True),
    "to memory format": lambda z: z.to(memory_format=torch.preserve_format),
    "type": lambda z: z.type(torch.float64),
    "type, by name": lambda z: z.type("torch.DoubleTensor"),
    "type_as": lambda z: z.type_as(W),
    "type_as of what is computed": lambda z: z.type_as(z @ W.T),
    "cpu": lambda z: z.cpu(),
    "view_as": lambda z: z.view_as(torch.zeros(4, 5)),
    "view_as of what is computed": lambda z: z.view_as(2 * z),
    "reshape_as": lambda z: z.reshape_as(z + 1),
    "expand_as": lambda z: z.expand_as(z - 1),
    "view": lambda z: z.view(len(z), 5),
    "ravel and back": lambda z: z.ravel().unflatten(0, (-1, 5)),
    "turned and back": lambda z: z.T.swapdims(0, 1),
    "turned and back, adjoint": lambda z: z.mT.contiguous().adjoint(),
    "moved and back": lambda z: z.moveaxis(0, 1).movedim(0, 1),
    "requires_grad_": lambda z: z.requires_grad_(),
    "alias": torch.ops.aten.alias,
    "positive": torch.positive,
    "plus": lambda z: +z,
    "real": lambda z: z.real,
    "conj": torch.conj,
    "feature dropout": lambda z: torch.feature_dropout(z, 0.5, False),
    "split and joined": lambda z: torch.concatenate(torch.split(z, [2, 3], dim=1), dim=1),
    "gathered": lambda z: z.index_select(1, torch.arange(5)),
    "several": lambda z: z.contiguous().double().type_as(W).clone().requires_grad_(),
}
ALWAYS = {  # these have never been refused
    "contiguous": lambda z: z.contiguous(),
    "contiguous, a keyword": lambda z: z.contiguous(memory_format=torch.contiguous_format),
    "clone": torch.clone,
    "dropout": lambda z: F.dropout(z, 0.5, training=False),
    "dropout, in place": lambda z: F.dropout(z, 0.5, training=False, inplace=True),
}
LOSSY = {  # in exact numbers: only the way back is rounded
    "float and double": lambda z: z.float().double(),
    "type_as and to": lambda z: z.type_as(torch.zeros(1)).to(torch.float64),
}


def net(x):
    return F.relu(x @ W.T + b) @ V.T


def normalised(x):
    return net((x - MEAN) / STD)


PLACES = {
    "first": lambda step: lambda x: net(step(x)),
    "before the normalisation": lambda step: lambda x: normalised(step(x)),
    "within the normalisation": lambda step: lambda x: net(step(x - MEAN) / STD),
    "after the normalisation": lambda step: lambda x: net(step((x - MEAN) / STD)),
    "after a normalisation in place": lambda step: lambda x: net(step(x.sub_(MEAN).div_(STD))),
    "everywhere": lambda step: lambda x: net(step(step(step(x) - MEAN) / STD)),
}
MOVES = ("turned and back", "turned and back, adjoint", "moved and back", "ravel and back")
MOVES += ("split and joined", "gathered")
# within a normalisation a move begins a new one, and a join is no part of one
CASES = [
    (step, place)
    for step in NOTHING
    for place in PLACES
    if not (step in MOVES and place in ("within the normalisation", "everywhere"))
    and not (step == "split and joined" and place.startswith("after"))
]


@pytest.mark.fault("R2")
@pytest.mark.parametrize(("step", "place"), CASES)
def test_what_does_nothing_changes_nothing(step, place, close):
    compare(NOTHING[step], place, close)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", ALWAYS)
def test_a_copy_changes_nothing(step, place, close):
    compare(ALWAYS[step], place, close)


@cache
def expected(name, first):
    found = EXPLAIN[name](net if first else normalised, X)
    assert float(found.norm()) > 0.01
    return found


def compare(step, place, close, tolerance=1e-12):
    for name in ("deep_taylor", "epsilon_plus_flat", "epsilon_gamma_box"):
        found = EXPLAIN[name](PLACES[place](step), X)
        close(found, expected(name, place == "first"), tolerance)


@pytest.mark.fault("R2")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", LOSSY)
def test_a_cast_there_and_back_changes_nothing(step, place, close):
    compare(LOSSY[step], place, close, 1e-6)


@pytest.mark.fault("R2")
@pytest.mark.parametrize("name", EXPLAIN)
def test_every_rule_for_the_first_layer(name, close):
    for place in PLACES:
        found = EXPLAIN[name](PLACES[place](NOTHING["several"]), X)
        close(found, expected(name, place == "first"), 1e-12)


@pytest.mark.fault("R2")
def test_a_net_of_another_precision_sees_x_too(close):
    """x in float32, the weights in float64: the cast is part of the model."""
    for explain in EXPLAIN.values():
        close(explain(lambda x: normalised(x.double()), X.float()), explain(normalised, X), 1e-6)
        cast_later = lambda x: net(((x - MEAN.float()) / STD.float()).type_as(W))  # noqa: E731
        close(explain(cast_later, X.float()), explain(normalised, X), 1e-5)


@pytest.mark.fault("R2")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", EXPLAIN)
def test_a_net_in_half_precision_sees_x_too(name, dtype, close):
    """Pixels up to 100,000 become small numbers first, and halves then: they would not fit."""
    size = 1e5
    weights = [t.to(dtype) for t in (W.T, b, V.T)]

    def half(x):
        z = ((x - size * MEAN.float()) / (size * STD.float())).to(dtype)
        return F.relu(z @ weights[0] + weights[1]) @ weights[2]

    more = {} if "no bounds" in name or "flat" in name else {"high": size}
    found = EXPLAIN[name](half, size * X.float(), **more)
    close(found.double(), EXPLAIN[name](normalised, X), 0.03)


def by_hand(x, first, last):
    """Relevance of class 1, neuron by neuron: rule `first`, then rule `last`."""
    maps = []
    for row in x:
        a = (W @ row + b).clamp(min=0)
        F_1 = V[1] @ a
        q = a * (V[1].clamp(min=0) if last == "z_plus" else V[1])
        R = q / (q.sum() + (1e-6 * F_1.sign() if last == "epsilon" else 0)) * F_1
        parts = {
            "flat": torch.ones_like(W),
            "w_square": W**2,
            "z_box": W * row - W.clamp(max=0),  # 0 <= x <= 1
        }[first]
        maps.append(((parts / parts.sum(1, keepdim=True)) * R[:, None]).sum(0))
    return torch.stack(maps)


@pytest.mark.fault("R2")
@pytest.mark.parametrize("step", ["type_as of what is computed", "several", "alias"])
def test_the_maps_are_those_of_the_equations(step, close):
    model = PLACES["first"](NOTHING[step])
    close(EXPLAIN["deep_taylor"](model, X), by_hand(X, "z_box", "z_plus"), 1e-10)
    close(EXPLAIN["deep_taylor, no bounds"](model, X), by_hand(X, "w_square", "z_plus"), 1e-10)
    close(EXPLAIN["epsilon_plus_flat"](model, X), by_hand(X, "flat", "epsilon"), 1e-10)
    close(EXPLAIN["epsilon_gamma_box"](model, X), by_hand(X, "z_box", "epsilon"), 1e-10)


@pytest.mark.fault("R2")
def test_a_constant_that_takes_the_form_of_x_is_no_mask(close):
    """``mean.to(x)``, ``mean.type_as(x)`` and ``mean.expand_as(x)`` hold no number of x."""
    for cast in (
        lambda c, x: c.to(x),
        lambda c, x: c.type_as(x),
        lambda c, x: c.expand_as(x),
    ):
        model = lambda x, cast=cast: net((x - cast(MEAN, x)) / cast(STD, x))  # noqa: E731
        for explain in EXPLAIN.values():
            close(explain(model, X), explain(normalised, X), 1e-12)


@pytest.mark.fault("R2")
@pytest.mark.parametrize(
    "step", ["type_as", "to itself", "reshape_as", "positive", "requires_grad_"]
)
def test_a_layer_and_its_batch_norm_stay_one(step, close):
    conv, norm = nn.Conv1d(2, 3, 2).double(), nn.BatchNorm1d(3).double().eval()
    norm.running_mean.copy_(0.2 * waves(3))
    norm.running_var.copy_(0.5 + 0.4 * waves(3) ** 2)
    norm.weight.data = waves(3, turn=2.1)
    last = nn.Linear(12, 3).double()
    images = (0.5 + 0.4 * waves(2, 10, turn=1.1)).view(2, 2, 5)
    apart = lambda x: last(F.relu(norm(NOTHING[step](conv(x)))).flatten(1))  # noqa: E731
    bare = lambda x: last(F.relu(norm(conv(x))).flatten(1))  # noqa: E731
    for explain in EXPLAIN.values():
        close(explain(apart, images), explain(bare, images), 1e-12)


def test_what_does_something_is_still_refused():
    layer = nn.Linear(5, 3).double()
    for step in (
        F.relu,
        lambda x: x.type_as(W).tanh(),
        lambda x: x.float().relu().double(),
        lambda x: F.celu(x, 1.0, True),  # in place, and nothing of the call's form tells
        lambda x: x.requires_grad_().relu_(),
    ):
        with pytest.raises(UnsupportedOperationError, match="sees x"):
            xc.deep_taylor(lambda x, step=step: layer(step(x)), X, 1, allow=("celu",))


# ---- the layout of memory ------------------------------------------------------------------------

IMAGES = 0.5 + 0.45 * waves(2, 3, 4, 6, turn=1.3)  # (N, C, H, W), in [0, 1]
M, S = 0.3 + 0.1 * waves(3).view(3, 1, 1), 0.6 + 0.3 * waves(3, turn=0.4).view(3, 1, 1)
U = waves(5, 72, turn=2.7)
PATCHES = waves(6, 12, turn=1.9)  # for patches of 2 x 2 pixels


def normal(x):
    return (x - M) / S


def batch_normal(x):
    return F.batch_norm(x, M.flatten(), S.flatten() ** 2 - 1e-5)


def flat_last(x):
    return x.permute(0, 2, 3, 1).contiguous().view(len(x), -1)


ORDERS = {
    "channels last, contiguous": flat_last,
    "channels last, cloned": lambda x: (
        x.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format).view(len(x), 72)
    ),
    "rows and columns swapped": lambda x: x.transpose(2, 3).contiguous().view(len(x), 3, 24),
    "swapped, by other names": lambda x: x.swapdims(-1, 1).contiguous().view_as(x[:, 0:]),
    "one axis moved": lambda x: x.moveaxis(1, 3).contiguous().view(-1, 24, 3).flatten(1),
    "to another layout": lambda x: (
        x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1).view(len(x), -1)
    ),
    "to another layout, by to": lambda x: (
        x.to(memory_format=torch.channels_last).permute(0, 2, 3, 1).view(len(x), 72)
    ),
    "a part": lambda x: x[:, :, ::2].contiguous().view(len(x), -1).repeat(1, 2),
    "flipped": lambda x: x.permute(0, 3, 1, 2).flip(1).contiguous().view(len(x), -1),
}


@pytest.mark.fault("R3")
@pytest.mark.parametrize("normalise", [normal, batch_normal], ids=["by hand", "batch-norm"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_a_view_after_a_turn_is_replayed(order, layout, normalise, close):
    """Against the net with the normalisation in its weights, and `reshape` in place of `view`."""
    turn = ORDERS[order]
    x = IMAGES.contiguous(memory_format=layout)
    model = lambda x: F.relu(turn(normalise(x)).flatten(1) @ U.T) @ V[:, :5].T  # noqa: E731

    def places(c):  # a constant of each pixel, where the layer sees it
        return turn(c.expand(IMAGES.shape).contiguous()).flatten(1)[0]

    scale, shift = places(1 / S), places(-M / S)
    folded, offset = U * scale, U @ shift

    def merged(x):
        return F.relu(F.linear(turn(x).flatten(1), folded, offset)) @ V[:, :5].T

    close(model(x), merged(x))
    for name in ("zero", "gamma", "w_square", "z_plus", *WITH_FIRST):
        expected = xc.lrp(merged, IMAGES, 1, rules=name)
        close(xc.lrp(model, x, 1, rules=name), expected, 1e-10)
    close(xc.deep_taylor(model, x, 1), xc.deep_taylor(merged, IMAGES, 1), 1e-10)


def windows(x):
    """Cut (N, C, H, W) into patches of 2 x 2 pixels, as window attention does: (N, 6, 12)."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).contiguous().view(n, h // 2, 2, w // 2, 2, c)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(n, -1, 4 * c)


@pytest.mark.fault("R3")
@pytest.mark.parametrize("name", [*EXPLAIN, "epsilon", "z_plus"])
def test_windows_are_a_convolution(name, close):
    """The dense layer over 2 x 2 patches is a convolution of stride 2 on x itself."""
    explain = EXPLAIN.get(name, lambda model, x: xc.lrp(model, x, 1, rules=name))
    top = waves(3, 6)
    kernel = PATCHES.view(6, 2, 2, 3).permute(0, 3, 1, 2) / S.view(1, 3, 1, 1)
    offset = -(kernel * M.view(1, 3, 1, 1)).sum((1, 2, 3))

    def swin(x):
        return F.relu(windows(normal(x)) @ PATCHES.T).mean(1) @ top.T

    def convolution(x):
        return F.relu(F.conv2d(x, kernel, offset, stride=2)).flatten(2).mean(2) @ top.T

    close(swin(IMAGES), convolution(IMAGES))
    close(explain(swin, IMAGES), explain(convolution, IMAGES), 1e-10)


@pytest.mark.fault("R2")
@pytest.mark.parametrize("name", EXPLAIN)
def test_a_net_on_another_device_sees_x_too(name, close):
    """The model moves x to its own device: before, within or after the normalisation."""
    expected = EXPLAIN[name](normalised, X)
    with PretendGPU():
        w, v, bias, mean, std = (t.to(DEVICE) for t in (W, V, b, MEAN, STD))
        there = lambda x: F.relu(x @ w.T + bias) @ v.T  # noqa: E731
        for model in (
            lambda x: there((x.to(DEVICE) - mean) / std),
            lambda x: there((x - MEAN).to(w) / std),
            lambda x: there(((x - MEAN) / STD).to(device=DEVICE)),
            lambda x: there(((x - MEAN) / STD).mT.contiguous().to(DEVICE).adjoint()),
        ):
            close(EXPLAIN[name](model, X), expected, 1e-12)
