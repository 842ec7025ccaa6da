"""FullGrad and bias backpropagation on the models that people use, against loops over rows."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.target import item

METHODS = [xc.fullgrad_decomposition, xc.fullgrad, xc.bias_backprop]
IMAGES = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(0)).double()
WORDS = torch.rand(4, 5, 3, generator=torch.Generator().manual_seed(1)).double() - 0.5


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    """Return a net in float64 whose vectors (biases, norms) are not at their usual 0 and 1."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = make().double().eval()
        with torch.no_grad():
            for p in net.parameters():
                p.add_(0.1 * torch.randn_like(p) if p.dim() == 1 or not p.any() else 0)
            for module in net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
    return net


CONV, LAST = seeded(lambda: nn.Conv2d(3, 4, 3, padding=1)), seeded(lambda: nn.Linear(4, 3))


def shares(model: Any, x: Tensor, target: Any, tolerance: float = 1e-10, **more) -> dict:
    """Return FullGrad's parts, row by row in units of F; they add up to F, or this raises."""
    details = xc.fullgrad_decomposition(model, x, target, return_details=True, **more)
    score = xc.scores(model, x, target)
    sums = {name: t.reshape(len(x), -1).sum(1) for name, t in details.extra["parts"].items()}
    assert float((sum(sums.values()) - score).norm()) <= tolerance * float(score.norm())
    return dict(details.extra["parts"])


def row_sums(parts: dict, of: str) -> Tensor:
    found = [t.reshape(len(t), -1).sum(1) for k, t in parts.items() if k.rpartition(" ")[0] == of]
    return torch.stack(found).sum(0)


# ---- R4 a: piecewise linear gates ----------------------------------------------------------------


class Gated(nn.Module):
    """A squeeze-and-excite block as in MobileNetV3, and a bend on each side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.down, self.up = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), nn.Linear(2, 4)
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.steps(x)["last"]

    def steps(self, x: Tensor) -> dict[str, Tensor]:
        z = {"conv": 6 * self.conv(x)}
        z["swish"] = F.hardswish(z["conv"] * 1)
        z["up"] = 4 * self.up(F.relu(self.down(z["swish"].mean((2, 3)))))
        z["gate"] = F.hardsigmoid(z["up"] * 1, inplace=True)
        z["product"] = z["swish"] * z["gate"][:, :, None, None]
        z["bend"] = F.hardtanh(z["product"], -0.1, 0.2)
        z["last"] = self.last(z["bend"].mean((2, 3)))
        return z


@pytest.mark.fault("R4")
def test_gates_bring_what_is_written_out_for_each(close):
    net, x = seeded(Gated), IMAGES
    found = shares(net, x, 2)
    for i in range(len(x)):  # each row by itself, each term by itself
        z = net.steps(x[i : i + 1])
        names = ["conv", "swish", "up", "gate", "product", "bend"]
        f = z["last"][0, 2]
        grads = torch.autograd.grad(f, [z[n] for n in names], retain_graph=True)
        g = dict(zip(names, grads, strict=True))
        u, v = z["conv"], z["up"]
        slope = torch.where(u <= -3, 0.0, torch.where(u >= 3, 1.0, (2 * u + 3) / 6))
        close(found["hardswish 0"][i], (g["swish"] * (F.hardswish(u) - slope * u))[0].sum(0))
        inside = (v.abs() < 3).double() / 6
        # torch's own slope of hardsigmoid is 1/6 in float32, also in a net in float64
        close(found["hardsigmoid 0"][i], (g["gate"] * (F.hardsigmoid(v) - inside * v))[0], 1e-7)
        close(found["mul 0"][i], -(g["product"] * z["product"])[0].sum(0))
        p = z["product"]
        beyond = p.clamp(-0.1, 0.2) * ((p < -0.1) | (p > 0.2))
        close(found["hardtanh 0"][i], (g["bend"] * beyond)[0].sum(0))
        for name, layer in (("conv2d 0", net.conv), ("linear 0", net.down), ("linear 1", net.up)):
            (grad,) = torch.autograd.grad(f, layer.bias, retain_graph=True)
            close(found[name][i].sum(), (grad * layer.bias).sum(), 1e-7)
        close(found["linear 2"][i].sum(), net.last.bias[2])


@pytest.mark.fault("R4")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "gate",
    [nn.Hardswish(inplace=True), nn.Hardsigmoid(), nn.ReLU6(), nn.Hardtanh(-1, 0.3), nn.Mish()],
)
def test_gates_in_every_method(gate, method):
    net = nn.Sequential(CONV, gate, nn.AdaptiveAvgPool2d(1), nn.Flatten(), LAST)
    assert bool(method(net, 9 * IMAGES - 4, 1).isfinite().all())


# ---- R4 b: outputs in containers -----------------------------------------------------------------


def features(x: Tensor) -> Tensor:
    return CONV(x).tanh().mean((2, 3))


CONTAINERS = {
    "tuple": (lambda x: (LAST(features(x)), features(x), x), item(0, 1)),
    "features first": (lambda x: [f := features(x), LAST(f)], item(1, 1)),
    "dict": (lambda x: {"features": (f := features(x)), "logits": LAST(f)}, item("logits", 1)),
    "a chain": (lambda x: (f := features(x), g := f + 1, LAST(g - 1)), item(2, 1)),
    "twice the same": (lambda x: (f := LAST(features(x)), f), item(1, 1)),
}


@pytest.mark.fault("R4")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", CONTAINERS)
def test_outputs_that_follow_from_each_other(form, method, close):
    model, target = CONTAINERS[form]
    plain = method(lambda x: LAST(features(x)), IMAGES, 1)
    found = method(model, IMAGES, target)
    if form == "a chain" and method is xc.fullgrad_decomposition:  # with two more terms
        found, plain = found.sum(1), plain.sum(1)
    close(found, plain)


@pytest.mark.fault("R4")
@pytest.mark.parametrize("method", METHODS)
def test_a_last_step_of_ones_own(method, close):
    model = lambda x: {"features": (f := features(x)), "logits": LAST(f)}  # noqa: E731
    target = lambda o, rows: o["logits"].softmax(1)[:, 1]  # noqa: E731
    plain = method(lambda x: LAST(features(x)), IMAGES, 1, output="probability")
    close(method(model, IMAGES, target), plain)


# ---- R4 c: what is only looked at ----------------------------------------------------------------


def looked_at(x: Tensor) -> Tensor:
    h = CONV(x)
    assert h.min() > -1e9
    float(h.abs().max()), h.std().item(), f"{(h + 1).norm():.2f}", h.softmax(1).sum().item()
    F.normalize(h).amax(), torch.linalg.norm(h.flatten()), (h.mean() + h.sum() * 2).tolist()
    return LAST(h.tanh().mean((2, 3)))


@pytest.mark.fault("R4")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar")
def test_a_model_may_look_at_scalars(method, close):
    close(method(looked_at, IMAGES, 1), method(lambda x: LAST(features(x)), IMAGES, 1))


# ---- R4 d: rows that are not first ---------------------------------------------------------------


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.Module], batch_first: bool, reads: str) -> None:
        super().__init__()
        self.cell: Any = kind(3, 4, num_layers=2, batch_first=batch_first)
        self.last, self.reads, self.batch_first = nn.Linear(4, 3), reads, batch_first

    def forward(self, x: Tensor) -> Tensor:
        y, h = self.cell(x if self.batch_first else x.transpose(0, 1))
        if self.reads == "outputs":
            return self.last(y[:, -1] if self.batch_first else y[-1])
        return self.last((h[0] if isinstance(h, tuple) else h)[-1])


@pytest.mark.fault("R4")
@pytest.mark.fault("K10")
@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize("reads", ["outputs", "state"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers(kind, batch_first, reads, rows, close):
    net, x = seeded(lambda: Recurrent(kind, batch_first, reads)), WORDS[:rows]
    for batch_size in (1, 3, None):
        found = shares(net, x, 1, batch_size=batch_size)
        grad = xc.gradient(net, x, 1)
        close(found["input"], grad * x)
        inside = net(x)[:, 1] - (grad * x).sum((1, 2)) - net.last.bias[1]
        name = "rnn_tanh" if kind is nn.RNN else kind.__name__.lower()
        close(row_sums(found, name), inside.detach(), 1e-9)
        close(row_sums(found, "linear"), net.last.bias[1].expand(rows).detach())


class Attending(nn.Module):
    def __init__(self, batch_first: bool, whole: bool) -> None:
        super().__init__()
        self.first, self.last, self.batch_first = nn.Linear(3, 4), nn.Linear(4, 3), batch_first
        if whole:
            self.layer: Any = nn.TransformerEncoderLayer(4, 2, 6, batch_first=batch_first)
        else:
            self.layer = nn.MultiheadAttention(4, 2, batch_first=batch_first)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        h = h if self.batch_first else h.transpose(0, 1)
        attention = isinstance(self.layer, nn.MultiheadAttention)
        h = self.layer(h, h, h)[0] if attention else self.layer(h)
        return self.last(h.mean(1 if self.batch_first else 0))


@pytest.mark.fault("R4")
@pytest.mark.fault("K10")
@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("batch_first", [True, False])
def test_attention(batch_first, whole, rows, close):
    net, x = seeded(lambda: Attending(batch_first, whole)), WORDS[:rows]
    found = {n: shares(net, x, 1, batch_size=n) for n in (1, 2, None)}
    for parts in found.values():
        for name, part in parts.items():
            close(part, found[1][name])
        for i in range(rows):
            f = net(x[i : i + 1])[0, 1]
            (grad,) = torch.autograd.grad(f, net.first.bias)
            close(parts["linear 0"][i].sum(), (grad * net.first.bias).sum())
        if not whole:
            rest = net(x)[:, 1] - row_sums(parts, "linear") - parts["input"].sum((1, 2))
            close(row_sums(parts, "multi_head_attention_forward"), rest.detach(), 1e-9)


FOLDED = {  # (N, C, 6, 6) as 3 x 3 windows of 2 x 2, all in the batch axis
    "row after row": ((0, 2, 4, 3, 5, 1), lambda t, n: t.view(n, -1, 3).mean(1)),
    "window after window": ((2, 4, 0, 3, 5, 1), lambda t, n: t.view(9, n, -1, 3).mean((0, 2))),
}


@pytest.mark.fault("R4")
@pytest.mark.parametrize("form", FOLDED)
def test_windows_in_the_batch_axis(form, close):
    order, back = FOLDED[form]

    def model(x: Tensor) -> Tensor:
        windows = CONV(x).view(len(x), 4, 3, 2, 3, 2).permute(order).reshape(-1, 2, 2, 4)
        return back(LAST(windows.sigmoid()).tanh(), len(x))

    for batch_size in (1, 2, None):
        found = shares(model, IMAGES, 1, batch_size=batch_size)
        for i in range(3):
            f = model(IMAGES[i : i + 1])[0, 1]
            grads = torch.autograd.grad(f, [CONV.bias, LAST.bias])
            close(found["conv2d 0"][i].sum(), (grads[0] * CONV.bias).sum())
            close(found["linear 0"][i].sum(), (grads[1] * LAST.bias).sum())
    for method in METHODS:
        close(method(model, IMAGES, 1), torch.cat([method(model, r[None], 1) for r in IMAGES]))


@pytest.mark.parametrize("turn", ["flipped and back", "rolled and back", "features turned"])
def test_rows_in_another_order_inside(turn, close):
    def model(x: Tensor) -> Tensor:
        h = CONV(x).mean((2, 3))
        if turn == "flipped and back":
            return LAST(h.flip(0).tanh().flip(0))
        if turn == "rolled and back":
            return LAST(h.roll(1, 0).tanh().roll(-1, 0))
        return LAST(h.T.flip(1).tanh().flip(1).T)

    found, plain = shares(model, IMAGES, 1), shares(lambda x: LAST(features2(x)), IMAGES, 1)
    close(found["tanh 0"].flatten(1), plain["tanh 0"])


def features2(x: Tensor) -> Tensor:
    return CONV(x).mean((2, 3)).tanh()


def test_a_loop_over_rows(close):
    loop = lambda x: torch.stack([LAST(F.gelu(CONV(r)).mean((1, 2))) for r in x])  # noqa: E731
    plain = shares(lambda x: LAST(F.gelu(CONV(x)).mean((2, 3))), IMAGES, 1)
    found = shares(loop, IMAGES, 1)
    close(row_sums(found, "gelu"), row_sums(plain, "gelu"))


def test_a_model_that_takes_no_row_alone(close):
    """It is taken at its word, and the sum checked; where that fails, the advice works."""
    three = lambda x: LAST(features(x).view(3, 4))  # noqa: E731
    close(
        xc.fullgrad_decomposition(three, IMAGES, 1, batch_size=3),
        xc.fullgrad_decomposition(lambda x: LAST(features(x)), IMAGES, 1),
    )
    turned = lambda n: lambda x: LAST(CONV(x).mean((2, 3)).view(n, 4).T.tanh().T)  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"operation 'tanh 0'.*view\(-1"):
        xc.fullgrad_decomposition(turned(3), IMAGES, 1, batch_size=3)
    shares(turned(-1), IMAGES, 1)


def test_a_model_that_branches_on_its_rows(close):
    def model(x: Tensor) -> Tensor:
        bright = [bool(r.mean() > middle) for r in x]
        found = [
            features(r[None]) if b else features(r[None]).exp()
            for r, b in zip(x, bright, strict=True)
        ]
        return LAST(torch.cat(found))

    middle = float(IMAGES.mean((1, 2, 3)).median())
    with pytest.raises(UnsupportedOperationError, match=r"exp 0 not in all.*row by row"):
        xc.fullgrad_decomposition(model, IMAGES, 1)
    for i in range(len(IMAGES)):
        shares(model, IMAGES[i : i + 1], 1)


# ---- R4 e: written in place ----------------------------------------------------------------------

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


def channel_by_channel(z: Tensor) -> Tensor:
    for i in range(3):
        z[:, i].sub_(MEAN[i]).div_(STD[i])
    return z


def by_names(z: Tensor) -> Tensor:
    for i in range(3):
        z[:, i] -= MEAN[i]
        z[:, i] /= STD[i]
    return z


def channels_last(z: Tensor) -> Tensor:
    z = z.permute(0, 2, 3, 1)
    z.sub_(torch.tensor(MEAN)).div_(torch.tensor(STD))
    return z.permute(0, 3, 1, 2)


def narrowed(z: Tensor) -> Tensor:
    for i in range(3):
        z.narrow(1, i, 1)[:, 0].add_(-MEAN[i])
    return z / torch.tensor(STD).view(3, 1, 1)


@pytest.mark.fault("R4")
@pytest.mark.parametrize("way", [channel_by_channel, by_names, channels_last, narrowed])
def test_a_normalisation_in_place(way, close):
    rest = lambda z: LAST(F.gelu(CONV(z)).mean((2, 3)))  # noqa: E731
    model = lambda x: rest(way(x.clone()))  # noqa: E731
    found = shares(model, IMAGES, 1)
    grad = xc.gradient(model, IMAGES, 1)
    means = torch.tensor(MEAN).double().view(3, 1, 1)
    got = sum(t.reshape(3, -1).sum(1) for n, t in found.items() if "sub" in n or "add" in n)
    close(got, -(grad * means).flatten(1).sum(1), 1e-7)  # the means in float32
    xc.bias_backprop(model, IMAGES, 1)


# ---- which axes are a picture's ------------------------------------------------------------------


def test_channels_last_is_drawn_as_what_it_is(close):
    mix = seeded(lambda: nn.Linear(4, 4), 3)
    as_conv = mix.weight[:, :, None, None], mix.bias

    def last(x: Tensor) -> Tensor:
        return LAST(F.gelu(mix(CONV(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2).mean((2, 3)))

    def first(x: Tensor) -> Tensor:
        return LAST(F.gelu(F.conv2d(CONV(x), *as_conv)).mean((2, 3)))

    def turned(x: Tensor) -> Tensor:  # height and width swapped
        return LAST(F.gelu(F.conv2d(CONV(x).transpose(2, 3), *as_conv)).mean((2, 3)))

    x = torch.rand(2, 3, 6, 9).double()
    close(xc.fullgrad(last, x, 1), xc.fullgrad(first, x, 1))
    close(xc.fullgrad(turned, x, 1), xc.fullgrad(first, x, 1))
    parts = shares(last, x, 1)
    assert parts["gelu 0"].shape == (2, 6, 9)
    close(parts["gelu 0"], shares(first, x, 1)["gelu 0"])


def test_what_only_has_four_axes_is_no_picture(close):
    def heads(x: Tensor) -> Tensor:
        h = CONV(x)
        return LAST(h.view(len(h), 2, 2, -1).tanh().view(h.shape).mean((2, 3)))

    def none(x: Tensor) -> Tensor:
        h = CONV(x)
        return LAST(h.flatten(1).tanh().view(h.shape).mean((2, 3)))

    close(xc.fullgrad(heads, IMAGES, 1), xc.fullgrad(none, IMAGES, 1))
    assert shares(heads, IMAGES, 1)["tanh 0"].shape == (3, 2, 2, 36)


# ---- families ------------------------------------------------------------------------------------

M = torchvision.models
S = M.segmentation
TEN: dict[str, Any] = {"weights": None, "num_classes": 10}
NO_WEIGHTS: dict[str, Any] = {"weights": None, "weights_backbone": None, "num_classes": 5}
SMALL: dict[str, Any] = {"init_weights": False, "aux_logits": False, **TEN}


def vit() -> nn.Module:
    return M.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64,
        num_classes=10,
    )  # fmt: skip


def swin() -> nn.Module:
    return M.SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=10)


def maxvit() -> nn.Module:
    return M.MaxVit((64, 64), 16, 2, [16, 32], [1, 1], 8, 0.0, num_classes=10)


FAMILIES: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "resnet": (lambda: M.resnet18(**TEN), 48),
    "resnext": (lambda: M.resnext50_32x4d(**TEN), 32),
    "convnext": (lambda: M.convnext_tiny(**TEN), 32),
    "efficientnet": (lambda: M.efficientnet_b0(**TEN), 48),
    "mobilenet_v3": (lambda: M.mobilenet_v3_small(**TEN), 48),
    "regnet": (lambda: M.regnet_y_400mf(**TEN), 48),
    "densenet": (lambda: M.densenet121(**TEN), 32),
    "vit": (vit, 32),
    "swin": (swin, 32),
    "maxvit": (maxvit, 64),
    "googlenet": (lambda: M.googlenet(**SMALL), 48),
    "shufflenet": (lambda: M.shufflenet_v2_x0_5(**TEN), 48),
    "lraspp": (lambda: S.lraspp_mobilenet_v3_large(**NO_WEIGHTS), 48),
    "deeplab": (lambda: S.deeplabv3_mobilenet_v3_large(aux_loss=True, **NO_WEIGHTS), 48),
}


def patch(outputs: Any, rows: Tensor) -> Tensor:
    return outputs["out"][:, 1, 8:16, 8:16].mean((1, 2))


def explicit(net: Any, x: Tensor, target: Any) -> dict[str, Tensor]:
    """Return what the layers' biases bring, layer kind by layer kind, from autograd row by row."""
    kinds = {nn.Conv2d: "conv2d", nn.Linear: "linear", nn.BatchNorm2d: "batch_norm"}
    layers = [
        (kinds[kind], m)
        for name, m in net.named_modules()
        for kind in kinds
        if isinstance(m, kind) and m.bias is not None and "self_attention" not in name
    ]
    found: dict[str, Tensor] = {name: torch.zeros(len(x)).double() for name, _ in layers}
    for i in range(len(x)):
        outputs = net(x[i : i + 1])
        f = outputs[0, target] if isinstance(target, int) else target(outputs, None)[0]
        grads = torch.autograd.grad(f, [m.bias for _, m in layers], allow_unused=True)
        for (name, m), grad in zip(layers, grads, strict=True):
            b = m.bias
            if name == "batch_norm":
                b = b - m.running_mean * m.weight / (m.running_var + m.eps).sqrt()
            if grad is not None:
                found[name][i] += float((grad * b).sum())
    return found


@pytest.mark.fault("R4")
@pytest.mark.parametrize("family", FAMILIES)
def test_families(family, close):
    make, size = FAMILIES[family]
    net, target = seeded(make), patch if family in ("lraspp", "deeplab") else 1
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(2)).double()
    parts = shares(net, x, target)
    for name, expected in explicit(net, x, target).items():
        close(row_sums(parts, name), expected, 1e-9)
    if family in ("mobilenet_v3", "vit", "swin", "lraspp"):
        assert bool(xc.fullgrad(net, x, target).isfinite().all())
    if family in ("mobilenet_v3", "swin", "lraspp", "maxvit"):
        xc.bias_backprop(net, x, target)


# ---- what the terms of smooth operations are -----------------------------------------------------


def test_a_layer_norm_forgets_the_size_of_its_input(close):
    """It is homogeneous of degree 0, so J u = 0: all that it puts out is bias."""
    weight = torch.rand(3, 6, generator=torch.Generator().manual_seed(3)).double()
    model = lambda x: F.layer_norm(2 * x + 1, (6,), eps=0.0) @ weight.T + 0.5  # noqa: E731
    x = IMAGES.flatten(1)[:, :6]
    found = shares(model, x, 1)
    close(found["layer_norm 0"], terms(x, weight[1]))
    before = found["input"].sum(1) + row_sums(found, "add")
    close(before - 0.5, torch.zeros(3), 1e-10)


def terms(x: Tensor, w: Tensor) -> Tensor:
    u = 2 * x + 1
    return w * (u - u.mean(1, keepdim=True)) / u.std(1, keepdim=True, unbiased=False)


def test_softmax_by_its_jacobian(close):
    """p - J u with J = diag(p) - p p', row by row."""
    w = torch.tensor([1.0, -2.0, 0.5, 3.0]).double()
    model = lambda x: x.softmax(1) @ w  # noqa: E731
    x = 3 * IMAGES.flatten(1)[:, :4]
    found = shares(model, x, None)
    p = x.softmax(1)
    for i in range(3):
        jacobian = torch.diag(p[i]) - torch.outer(p[i], p[i])
        close(found["softmax 0"][i], w * (p[i] - jacobian @ x[i]))


def test_attention_by_its_jacobian(close):
    w = torch.linspace(-1, 2, 15).double()
    attend = lambda x: F.scaled_dot_product_attention(x, x, x)  # noqa: E731
    model = lambda x: attend(x).flatten(1) @ w  # noqa: E731
    found = shares(model, WORDS, None)
    for i, row in enumerate(WORDS):
        jacobian = torch.func.jacrev(attend)(row).view(15, 15)
        b = attend(row).flatten() - jacobian @ row.flatten()
        close(found["scaled_dot_product_attention 0"][i].flatten(), w * b)


@pytest.mark.fault("R4")
@pytest.mark.fault("K10")
def test_a_recurrent_layer_in_32_bits(close):
    """There its gradients come from another routine, and those of unused results are None."""
    net = seeded(lambda: Recurrent(nn.LSTM, False, "state"))
    expected = shares(net, WORDS, 1)
    found = shares(net.float(), WORDS.float(), 1, tolerance=1e-4)
    close(row_sums(found, "lstm"), row_sums(expected, "lstm"), 1e-4)
