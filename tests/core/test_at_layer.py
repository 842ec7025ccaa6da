"""A model cut in two at a layer: every method explains the rest like a net cut in two by hand."""

import threading

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import xaicourse as xc
from tests.contract.checks import model_state, same_state
from tests.plain import relative_error
from xaicourse.core.layers import LayerError
from xaicourse.core.registry import InputKind
from xaicourse.core.row_guard import is_asking

pytestmark = pytest.mark.fault("P4")

CUT = 1  # behind the first ReLU
TARGET = torch.tensor([0, 2, 1, 0])


def convnet(inplace: bool = True, pool: int = 1) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=inplace)),
            *(nn.Conv2d(3, 4, 2), nn.ReLU(inplace=inplace)),
            *(nn.AdaptiveAvgPool2d(1) if pool == 1 else nn.MaxPool2d(2), nn.Flatten()),
            nn.Linear(4, 3),
        )
    return net.double().eval()


def images(n: int = 4) -> Tensor:
    return torch.cos(torch.arange(n * 2 * 36, dtype=torch.float64)).view(n, 2, 6, 6)


class Behind(nn.Module):
    """The same net cut by hand; it holds all its weights, as the rest of a model does."""

    def __init__(self, net: nn.Sequential, cut: int) -> None:
        super().__init__()
        for name, layer in net.named_children():
            self.add_module(name, layer)
        self.back = list(net)[cut + 1 :]

    def forward(self, a: Tensor) -> Tensor:
        for layer in self.back:
            a = layer(a)
        return a


SETTINGS = {
    "class_model": {"steps": 3},
    "deep_taylor": {"high": 5.0},
    "noisegrad": {"samples": 3},
    "fusiongrad": {"samples": 2, "input_samples": 2},
    "smoothgrad": {"samples": 4},
    "smoothgrad_squared": {"samples": 4},
    "vargrad": {"samples": 4},
    "pattern_net": {"patterns": True},
    "pattern_attribution": {"patterns": True},
    "pattern_guided_ig": {"patterns": True, "steps": 4},
}
# sentences, graphs, tables and Gaussian processes have no layer of pictures; the last trains nets
METHODS = [
    name
    for name, record in xc.METHODS.items()
    if record.input in (InputKind.ANY, InputKind.IMAGE) and name != "gradient_artificial_distancing"
]


def explained(name: str, model, a: Tensor, **more) -> Tensor:
    settings = {**SETTINGS.get(name, {}), **more}
    if "patterns" in settings:
        settings["patterns"] = xc.fit_patterns(model, a)
    target = 0 if name == "class_model" else TARGET[: len(a)]
    return xc.METHODS[name].method(model, a, target, **settings)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_explains_a_layer_like_a_net_cut_by_hand(name, close):
    net, x = convnet(pool=2 if "pattern" in name else 1), images()
    front = net[: CUT + 1](x).detach()
    rest, a = xc.at_layer(net, str(CUT), x)
    close(a, front, 1e-14)
    close(explained(name, rest, a, batch_size=3), explained(name, Behind(net, CUT), front))


@pytest.mark.parametrize("cut", [0, 2, 5])
@pytest.mark.parametrize("name", ["gradient", "integrated_gradients", "deeplift", "lrp"])
def test_every_layer(name, cut, close):
    net, x = convnet(), images()
    rest, a = xc.at_layer(net, net[cut], x, batch_size=3)
    front = convnet(inplace=False)[: cut + 1](x).detach()
    close(a, front, 1e-14)
    close(explained(name, rest, a), explained(name, Behind(net, cut), front))


def test_the_rest_is_the_model(close):
    net, x = convnet(), images()
    rest, a = xc.at_layer(net, "2", x)
    assert type(rest).__name__ == "RestOfModel"
    close(rest(a), net(x), 1e-14)
    close(rest(2 * a), Behind(net, 2)(2 * a), 1e-14)
    close(a, net[:3](x).detach(), 1e-14)  # a ReLU in place works on a copy
    assert not a.requires_grad
    again, b = xc.at_layer(rest, "5", a)  # the rest of a rest
    close(b, net[:6](x).detach(), 1e-14)
    close(xc.gradient(again, b, TARGET), net[6].weight.detach()[TARGET])


# ---- against Captum 0.9.0, where that is right ---------------------------------------------------


def captum(name: str):
    return getattr(pytest.importorskip("captum.attr"), name)


class Words(nn.Module):
    """Token ids (N, L) to scores (N, 3), with an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(11, 5)
        self.mix = nn.Conv1d(5, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        h = torch.tanh(self.mix(self.words(ids).transpose(1, 2)))  # (N, 6, L)
        weight = torch.ones_like(h[:, 0]) if mask is None else mask.to(h)
        return self.head((h * weight[:, None]).sum(2) / weight.sum(1, keepdim=True))


def words() -> Words:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Words().double().eval()


IDS = torch.tensor([[1, 4, 2, 0], [3, 3, 10, 7], [5, 9, 9, 1], [8, 0, 2, 6]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]])


def test_token_ids_by_the_embedding(close):
    net = words()
    rest, a = xc.at_layer(net, "words", IDS)
    assert a.shape == (4, 4, 5)
    expected = captum("LayerIntegratedGradients")(net, net.words).attribute(
        IDS, baselines=torch.zeros_like(IDS), target=TARGET, n_steps=20
    )
    baseline = net.words(torch.zeros_like(IDS)).detach()
    got = xc.integrated_gradients(rest, a, TARGET, baseline=baseline, steps=20)
    close(got, expected, 1e-6)  # Captum keeps alpha in float32


def test_what_is_bound_to_the_rows_goes_with_them(close):
    net = words()
    rest, a = xc.at_layer(xc.bind(net, mask=MASK), "words", IDS)
    expected = captum("LayerIntegratedGradients")(net, net.words).attribute(
        IDS,
        baselines=torch.zeros_like(IDS),
        target=TARGET,
        n_steps=20,
        additional_forward_args=MASK,
    )
    baseline = net.words(torch.zeros_like(IDS)).detach()
    for batch_size in (None, 3):
        got = xc.integrated_gradients(
            rest, a, TARGET, baseline=baseline, steps=20, batch_size=batch_size
        )
        close(got, expected, 1e-6)
    alone = [
        xc.smoothgrad(
            *xc.at_layer(xc.bind(net, mask=MASK[[i]]), net.words, IDS[[i]]), TARGET[[i]], samples=3
        )
        for i in range(4)
    ]
    close(xc.smoothgrad(rest, a, TARGET, samples=3), torch.cat(alone))


@pytest.mark.parametrize("layer", ["0", "2", "4"])
def test_gradient_x_activation_and_deeplift(layer, close):
    net, x = convnet(inplace=False), images()
    rest, a = xc.at_layer(net, layer, x)
    module = net.get_submodule(layer)
    expected = captum("LayerGradientXActivation")(net, module).attribute(x, target=TARGET)
    close(xc.input_x_gradient(rest, a, TARGET), expected.detach())
    expected = captum("LayerDeepLift")(net, module).attribute(x, target=TARGET)
    baseline = net[: int(layer) + 1](torch.zeros_like(x)).detach()
    close(xc.deeplift(rest, a, TARGET, baseline=baseline), expected.detach(), 1e-6)


def test_grad_cam(close):
    net, x = convnet(inplace=False), images()
    expected = captum("LayerGradCam")(net, net[2]).attribute(x, target=TARGET)
    rest, a = xc.at_layer(net, "2", x)
    slope = xc.gradient(rest, a, TARGET)
    close((slope.mean((2, 3), keepdim=True) * a).sum(1, keepdim=True), expected.detach())


def test_overwritten_in_place_is_right_where_captum_raises(close):
    x = images()
    rest, a = xc.at_layer(convnet(inplace=True), "0", x)
    other, b = xc.at_layer(convnet(inplace=False), "0", x)
    close(a, b)
    close(xc.gradient(rest, a, TARGET), xc.gradient(other, b, TARGET))
    net = convnet(inplace=True)
    with pytest.raises(RuntimeError, match=r"in-?place"):
        captum("LayerIntegratedGradients")(net, net[0]).attribute(x, target=TARGET)


# ---- closed forms --------------------------------------------------------------------------------


class Around(nn.Module):
    """F = sum a^2 v + sum a x + 3 sum x: some of x passes beside the layer a = 2 x."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Linear(3, 3, bias=False)
        self.twice.weight.data = 2 * torch.eye(3)
        self.register_buffer("v", torch.tensor([1.0, -2, 0.5]))

    def forward(self, x: Tensor) -> Tensor:
        a = self.twice(x)
        return (a**2 * self.v + a * x + 3 * x).sum(1)


@pytest.mark.parametrize("batch_size", [1, 2, None])
def test_what_passes_beside_the_layer_stays_as_it_is_at_x(batch_size, close):
    net = Around().double()
    x = torch.tensor([[1.0, 2, -1], [0.5, -1, 3]], dtype=torch.float64)
    rest, a = xc.at_layer(net, "twice", x, batch_size=batch_size)
    close(a, 2 * x)
    close(xc.gradient(rest, a, batch_size=batch_size), 2 * a * net.v + x)
    found = xc.integrated_gradients(rest, a, steps=9, batch_size=batch_size)
    close(found, a**2 * net.v + a * x)
    close(xc.occlusion(rest, a, batch_size=batch_size), a**2 * net.v + a * x)
    x.mul_(0)  # the caller may do with x what they like
    close(xc.gradient(rest, a), 2 * a * net.v + a / 2)


def test_a_latent_has_as_many_points_as_one_wants_for_one_row(close):
    net = Around().double()
    x = torch.tensor([[1.0, 2, -1]], dtype=torch.float64)
    rest, a = xc.at_layer(net, "twice", x)
    points = torch.cat([a, 3 * a, -a])
    close(xc.gradient(rest, points), 2 * points * net.v + x)
    close(rest(points[:2]), torch.stack([net(x)[0], rest(3 * a)[0]]))
    bound = xc.bind(lambda x, scale: net(x) * scale, scale=torch.tensor([5.0]).double())
    rest, a = xc.at_layer(bound, net.twice, x)
    close(rest(points), 5 * (points**2 @ net.v + points @ x[0] + 3 * x.sum()))


# ---- where the rows are --------------------------------------------------------------------------


class Forms(nn.Module):
    """The same numbers in the forms that layers have: x (N, 4, 3)."""

    def __init__(self, make, read) -> None:
        super().__init__()
        self.layer, self.read = Made(make), read

    def forward(self, x: Tensor) -> Tensor:
        a = self.read(self.layer(torch.sin(x)))  # (N, 4, 3)
        return (a**2).flatten(1) @ torch.linspace(-1, 2, 12, dtype=a.dtype)[:, None]


class Made(nn.Module):
    def __init__(self, make) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: Tensor):
        return self.make(x)


FORMS = {
    "rows first": (lambda h: h, lambda a: a, None),
    "time first": (lambda h: h.transpose(0, 1).contiguous(), lambda a: a.transpose(0, 1), None),
    "rows last": (lambda h: h.permute(1, 2, 0), lambda a: a.permute(2, 0, 1), None),
    "tokens in the rows": (lambda h: h.reshape(-1, 3), lambda a: a.view(-1, 4, 3), None),
    "windows in the rows": (lambda h: h.reshape(-1, 2, 3), lambda a: a.view(-1, 4, 3), None),
    "a tuple": (lambda h: (h, h.sum()), lambda a: a[0], 0),
    "a tuple in a tuple": (lambda h: (None, (h, 2)), lambda a: a[1][0], (1, 0)),
    "a dict": (lambda h: {"mean": 1.0, "hidden": h}, lambda a: a["hidden"], "hidden"),
}


@pytest.mark.parametrize(("make", "read", "part"), FORMS.values(), ids=FORMS)
def test_the_rows_are_found_wherever_they_are(make, read, part, close):
    x = images(3).flatten(1)[:, :12].view(3, 4, 3)
    plain = Forms(lambda h: h, lambda a: a)
    expected = xc.integrated_gradients(*xc.at_layer(plain, "layer", x), steps=4)
    rest, a = xc.at_layer(Forms(make, read), "layer", x, part=part, batch_size=2)
    assert len(a) == 3
    for batch_size in (1, 2, None):
        got = xc.integrated_gradients(rest, a, steps=4, batch_size=batch_size)
        if a.shape != expected.shape:  # (N, k, ...) of folded ones
            got = got.reshape(expected.shape)
        close(got, expected)


def test_recurrent_layers_and_attention(close):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(3, 4)  # time first
            self.attend = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x):
            h, _ = self.rnn(x.transpose(0, 1))
            h, _weights = self.attend(*[h.transpose(0, 1)] * 3)
            return h.sum(1)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Net().double().eval()
    x = images(3).flatten(1)[:, :15].view(3, 5, 3)
    h = net.rnn(x.transpose(0, 1))[0].transpose(0, 1).detach()
    rest, a = xc.at_layer(net, "rnn", x, part=0)
    close(a, h)
    leaf = h.clone().requires_grad_()
    (expected,) = torch.autograd.grad(net.attend(leaf, leaf, leaf)[0].sum(1)[:, 2].sum(), leaf)
    close(xc.gradient(rest, a, 2), expected)
    rest, a = xc.at_layer(net, "attend", x, part=0)
    close(xc.gradient(rest, a, 2), torch.eye(4).double()[2].expand(3, 5, 4))


def test_calls_of_a_shared_module(close):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.f = nn.Linear(3, 3, bias=False)

        def forward(self, x):
            return self.f(torch.relu(self.f(x)))

    net, x = Twice().double().eval(), torch.tensor([[1.0, -2, 0.5]], dtype=torch.float64)
    W, first = net.f.weight.detach(), net.f(x).detach()
    for call, value, slope in ((0, first, W[1] * (first > 0)), (1, net(x), [[0.0, 1, 0]])):
        rest, a = xc.at_layer(net, "f", x, call=call)
        close(a, value.detach())
        close(xc.gradient(rest, a, 1), slope)
    with pytest.raises(LayerError, match=r"called 2 time\(s\).*call=2"):
        xc.at_layer(net, "f", x, call=2)


# ---- unusual models ------------------------------------------------------------------------------


class Odd(nn.Module):
    """x -> leaky_relu(B relu(A x)), with something odd about how it runs."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.A, self.B, self.how = nn.Linear(3, 5), nn.Linear(5, 2), how

    def front(self, x: Tensor) -> Tensor:
        return torch.relu(self.A(x))

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "frozen":  # the layer and more in no_grad
            with torch.no_grad():
                h = self.A(x)
            h = torch.relu(h)
        elif self.how == "checkpoint":
            h = checkpoint(self.front, x, use_reentrant=False)
        elif self.how == "enables":
            with torch.enable_grad():
                h = self.front(x)
        else:
            h = self.front(x)
        if self.how == "checkpoint":
            return checkpoint(lambda h: F.leaky_relu(self.B(h)), h, use_reentrant=False)
        return F.leaky_relu(self.B(h))


@pytest.mark.parametrize("how", ["plain", "frozen", "checkpoint", "enables"])
@pytest.mark.parametrize(
    "name", ["gradient", "integrated_gradients", "deeplift", "guided_backprop"]
)
def test_models_that_switch_gradients_or_recompute(how, name, close):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net, plain = Odd(how).double().eval(), Odd("plain").double().eval()
    plain.load_state_dict(net.state_dict())
    x = torch.tensor([[1.0, -2, 0.5], [0.3, 0.1, -1]], dtype=torch.float64)
    a = plain.A(x).detach()
    expected = xc.METHODS[name].method(lambda a: F.leaky_relu(plain.B(torch.relu(a))), a, 0)
    rest, found = xc.at_layer(net, "A", x)
    close(found, a)
    close(xc.METHODS[name].method(rest, found, 0), expected)
    assert torch.is_grad_enabled()


def test_nothing_before_the_layer_is_kept():
    net, x = convnet(inplace=False), images()
    saved = []
    rest, a = xc.at_layer(net, "2", x)
    leaf = a.clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: saved.append(tuple(t.shape)) or t, lambda t: t
    ):
        rest(leaf)
    assert saved
    assert not [shape for shape in saved if shape[1:] in {(2, 6, 6), (3, 4, 4)}]


def test_chunks_are_sized_by_x_where_that_is_larger(monkeypatch):
    sizes = []

    class Pool(nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2d(2)

        def forward(self, x):
            if not is_asking():
                sizes.append(len(x))
            return self.pool(x).flatten(1)

    x = torch.rand(12, 3, 224, 224)
    xc.at_layer(Pool(), "pool", x, batch_size=3)
    assert max(sizes) == 3
    rest, a = xc.at_layer(Pool(), "pool", x)
    xc.gradient(rest, a, 0)
    assert max(sizes) == 5  # as for x itself, not 1024 of (3, 2, 2)


def test_threads_and_hooks(close):
    net, x = convnet(), images()
    before = model_state(net)
    rest, a = xc.at_layer(net, "1", x)
    expected = [xc.integrated_gradients(rest, k * a, TARGET, steps=4) for k in range(1, 7)]
    plain = xc.gradient(net, x, TARGET)
    got: dict[int, Tensor] = {}

    def work(k: int) -> None:
        for _ in range(3):
            got[k] = (
                xc.integrated_gradients(rest, k * a, TARGET, steps=4)
                if k
                else xc.gradient(net, x, TARGET)
            )

    threads = [threading.Thread(target=work, args=(k,)) for k in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close(got[0], plain)
    for k in range(1, 7):
        close(got[k], expected[k - 1])
    same_state(before, model_state(net))
    with pytest.raises(ValueError, match=r"takes points of shape \(N, 3, 4, 4\), got \(4, 3, 4\)"):
        rest(a[..., 0])
    with pytest.raises(ValueError, match="one number a row"):
        xc.gradient(rest, a, lambda outputs, rows: outputs)
    same_state(before, model_state(net))


def test_the_map_may_be_differentiated(close):
    net, x = convnet(inplace=False), images(2)
    rest, a = xc.at_layer(net, "0", x)
    leaf = a.clone().requires_grad_()
    smooth = lambda z: rest(z) ** 2  # noqa: E731
    values = xc.input_x_gradient(smooth, leaf, 1, differentiable=True)
    (got,) = torch.autograd.grad(values.square().sum(), leaf)
    values = xc.input_x_gradient(lambda z: Behind(net, 0)(z) ** 2, leaf, 1, differentiable=True)
    (expected,) = torch.autograd.grad(values.square().sum(), leaf)
    close(got, expected)


# ---- what is refused -----------------------------------------------------------------------------


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.places = nn.Embedding(4, 3)
        self.unused = nn.Linear(3, 3)
        self.mix = Made(lambda h: h - h.mean(0))
        self.counts = Made(lambda h: (h > 0).sum(-1))
        self.pair = Made(lambda h: (h, h))
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        h = x + self.places(torch.arange(4))
        self.counts(h), self.pair(h), self.mix(h)
        return self.drop(h).sum(1)


REFUSED = {
    "no such layer": ("place", {}, "'place' is not in the model.*similar: 'places'"),
    "a table": ("places", {}, "no entry for each row"),
    "unused": ("unused", {}, "never called"),
    "rows are mixed": ("mix", {}, "another row is beside it"),
    "whole numbers": ("counts", {}, "int64.*floating point.*layer inside it or after it"),
    "which part": ("pair", {}, "a tuple of 2.*part=0"),
    "no such part": ("pair", {"part": 2}, "part=2 is not there"),
}


@pytest.mark.parametrize(("layer", "settings", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(layer, settings, says):
    x = torch.randn(3, 4, 3)
    with pytest.raises(LayerError, match=f"(?s){says}"):
        xc.at_layer(Table().eval(), layer, x, **settings)


def test_the_advice_on_parts_works():
    _rest, a = xc.at_layer(Table().eval(), "pair", torch.randn(3, 4, 3), part=0)
    assert a.shape == (3, 4, 3)


def test_training_mode_first():
    with pytest.raises(ValueError, match="training mode"):
        xc.at_layer(Table(), "pair", torch.randn(3, 4, 3), part=0)
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    with pytest.raises(ValueError, match="training mode"):
        xc.at_layer(net, "0", torch.randn(4, 3))
    assert int(net[1].num_batches_tracked) == 0  # it did not even run


def test_bad_arguments():
    net, x = convnet(), images()
    with pytest.raises(TypeError, match=r"x must be a torch tensor.*list"):
        xc.at_layer(net, "0", [1, 2])
    with pytest.raises(TypeError, match="model must be callable"):
        xc.at_layer("net", "0", x)
    with pytest.raises(ValueError, match=r"failed on x of shape \(1, 3, 6, 6\)"):
        xc.at_layer(net, "0", torch.zeros(2, 3, 6, 6).double())
    with pytest.raises(ValueError, match="bind: mask has 2"):
        xc.at_layer(xc.bind(words(), mask=MASK[:2]), "words", IDS)
    rest, a = xc.at_layer(net, "0", x)
    with pytest.raises(ValueError, match=r"made for 4 row\(s\), but x has 2"):
        xc.gradient(rest, a[:2], 0)
    with pytest.raises(ValueError, match=r"with 2 point\(s\) where 4"):
        rest(a[:2])
    rest, a = xc.at_layer(net, "0", x[:2])  # as advised
    assert xc.gradient(rest, a, 0).shape == a.shape


def test_layers_before_the_cut_have_no_map():
    rest, a = xc.at_layer(convnet(), "1", images())
    with pytest.raises(ValueError, match=r"x through layer '0'"):
        xc.grad_cam(rest, a, TARGET, layer="0")


def test_relative_error_sees_a_cut_at_another_layer():
    """The comparison of this file can fail."""
    net, x = convnet(), images()
    rest, a = xc.at_layer(net, "1", x)
    wrong = xc.gradient(Behind(net, 2), net[:3](x).detach(), TARGET)[:, :3, :3, :3]
    right = xc.gradient(rest, a, TARGET)[:, :, :3, :3]
    assert relative_error(right, wrong) > 0.1


def test_advice_on_token_ids_works():
    net = words()
    with pytest.raises(TypeError, match=r"int64.*xaicourse\.at_layer\(model, embedding_layer, x\)"):
        xc.smoothgrad(net, IDS, target=1)
    rest, a = xc.at_layer(net, net.words, IDS)
    assert xc.smoothgrad(rest, a, target=1, samples=2).shape == (4, 4, 5)
    pictures = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    with pytest.raises(TypeError, match=r"x\.float\(\) / 255"):
        xc.gradient(net, pictures, 0)
