"""FullGrad: exact sums, implicit biases, the paper's picture written with hooks, and refusals."""

import gc
import weakref

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.bias_terms import BiasMode, BiasQuestion, full_gradient
from xaicourse.core.operations import UnsupportedOperationError


class Residual(nn.Module):
    """conv (no bias), batch norm, in-place ReLU, a residual sum, max-pool and a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.output = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.relu(self.norm(self.conv(x)))
        h = h + self.relu(self.conv2(h))
        return self.output(F.max_pool2d(h, 2).flatten(1))


def residual() -> Residual:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Residual()
        net.norm.running_mean.uniform_(-1, 1)
        net.norm.running_var.uniform_(0.5, 2)
        net.norm.weight.data.uniform_(0.5, 2)
        net.norm.bias.data.uniform_(-1, 1)
    return net.double().eval()


IMAGES = torch.cos(torch.arange(3 * 3 * 64, dtype=torch.float64)).view(3, 3, 8, 8)
TARGET = torch.tensor([0, 1, 2])


def shares(model, x, target=None, **settings) -> dict[str, Tensor]:
    details = xc.fullgrad_decomposition(model, x, target, return_details=True, **settings)
    return dict(details.extra["parts"])


def adds_up(model, x, target=None, tolerance=1e-10, **settings) -> dict[str, Tensor]:
    """Assert that the shares add up to F, computed here, and return them."""
    found = shares(model, x, target, **settings)
    total = sum(part.reshape(len(x), -1).sum(1) for part in found.values())
    score = xc.scores(model, x, target, **settings)
    assert float((total - score).abs().max()) <= tolerance * float(score.abs().max())
    return found


# ---- the exact sum -------------------------------------------------------------------------------


def test_toy_by_hand(close):
    """0 from the input, 1 from the hidden biases, 1 from the last: 2."""
    found = adds_up(xc.zoo.toy(), xc.zoo.toy_input())
    assert list(found) == ["input", "linear 0", "linear 1", "output"]
    close(found["input"], [[3.0, -3.0]])
    close(found["linear 0"], [[0.0, 0.0, 1.0]])
    close(found["linear 1"], [[1.0]])
    close(found["output"], [0.0])


def test_residual_net_with_batch_norm(close):
    """Each term again, from the layers' outputs and their gradients by hand."""
    net = residual()
    found = adds_up(net, IMAGES, TARGET)
    assert list(found) == ["input", "batch_norm 0", "conv2d 0", "linear 0", "output"]

    x = IMAGES.clone().requires_grad_(True)
    z1 = net.norm(net.conv(x))
    h = torch.relu(z1)
    z2 = net.conv2(h)
    z3 = net.output(F.max_pool2d(h + torch.relu(z2), 2).flatten(1))
    f = z3.gather(1, TARGET[:, None]).sum()
    gx, g1, g2, g3 = torch.autograd.grad(f, [x, z1, z2, z3])
    scale = net.norm.weight / (net.norm.running_var + net.norm.eps).sqrt()
    b1 = (net.norm.bias - net.norm.running_mean * scale)[None, :, None, None]
    close(found["input"], (gx * x).detach())
    close(found["batch_norm 0"], (g1 * b1).sum(1).detach())
    close(found["conv2d 0"], (g2 * net.conv2.bias[None, :, None, None]).sum(1).detach())
    close(found["linear 0"], (g3 * net.output.bias).detach())

    # the mistake of taking the raw bias of the batch norm does not add up
    raw = found["input"].flatten(1).sum(1) + (g1 * net.norm.bias[None, :, None, None]).sum(
        (1, 2, 3)
    )
    raw = raw + found["conv2d 0"].flatten(1).sum(1) + found["linear 0"].sum(1)
    score = xc.scores(net, IMAGES, TARGET)
    assert float((raw.detach() - score).abs().min()) > 0.01


def on_features(function) -> nn.Module:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(function(self.first(x)))

    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Net().double().eval()


ROWS = 3 * torch.sin(torch.arange(18, dtype=torch.float64)).view(3, 6)
ACTIVATIONS = {
    "relu6 above its knee": lambda z: F.relu6(9 * z),
    "hardtanh": F.hardtanh,
    "clamp": lambda z: z.clamp(-0.2, 0.4),
    "softplus": F.softplus,
    "gelu": F.gelu,
    "silu in place": lambda z: F.silu(z * 1, inplace=True),
    "sigmoid method": lambda z: z.sigmoid(),
    "tanh in place": lambda z: (z + 0).tanh_(),
    "hand-made": lambda z: z * (z > 0) + 0.1 * z.square(),
    "square of itself": lambda z: z * z,
    "quotient": lambda z: z / (1 + z.abs()),
    "layer norm": lambda z: F.layer_norm(z, (6,)),
    "softmax": lambda z: z.softmax(1),
    "constant in place": lambda z: (1 * z).add_(3.0),
    "number minus": lambda z: 1 - z,
    "cat with a constant": lambda z: torch.cat([z[:, :3], torch.ones(len(z), 3).to(z)], 1),
    "padded with ones": lambda z: F.pad(z[:, 1:-1], (1, 1), value=1.0),
    "two outputs": lambda z: torch.cat((z + 1).sort(dim=1)[0].split(3, 1)[::-1], 1),
    "attention": lambda z: F.scaled_dot_product_attention(*[z.view(-1, 3, 2)] * 3).flatten(1),
    "stopped gradient": lambda z: z - z.detach() + 1,
    "view in place": lambda z: (z * 1).view(-1, 2, 3).relu_().view(-1, 6),
}


@pytest.mark.parametrize("function", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_every_operation_adds_up(function):
    adds_up(on_features(function), ROWS, torch.tensor([0, 2, 1]))


def test_softplus_splits_into_explicit_and_implicit_biases(close):
    """softplus(z) - z sigmoid(z) is the implicit bias of softplus."""
    net = on_features(F.softplus)
    found = adds_up(net, ROWS, 1)
    assert list(found) == ["input", "linear 0", "softplus 0", "linear 1", "output"]
    z = net.first(ROWS)
    implicit = net.last.weight[1] * (F.softplus(z) - z * z.sigmoid())
    close(found["softplus 0"], implicit.detach())
    explicit = net.last.weight[1] * z.sigmoid() * net.first.bias
    close(found["linear 0"], explicit.detach())


def test_the_knee_of_relu6_is_a_bias(close):
    """Beyond the knee the slope is 0 and the value 6: all of it is bias."""
    model = lambda x: F.relu6(x).sum(1)  # noqa: E731
    x = torch.tensor([[1.0, 7.0, -1.0]], dtype=torch.float64)
    found = adds_up(model, x)
    close(found["input"], [[1.0, 0.0, 0.0]])
    close(found["relu6 0"], [[0.0, 6.0, 0.0]])


@pytest.mark.parametrize("output", ["logit", "probability", "log_probability", "margin"])
def test_every_scale_adds_up(output):
    found = adds_up(residual(), IMAGES, TARGET, output=output)
    assert (float(found["output"].abs().max()) < 1e-12) == (output in ("logit", "margin"))


def test_trainable_weights_make_no_difference(close):
    """Weights that need gradients, and tensors made of them, do not follow from x."""
    net = residual()
    net.requires_grad_(False)
    frozen = xc.fullgrad_decomposition(net, IMAGES, TARGET)
    net.requires_grad_(True)
    close(xc.fullgrad_decomposition(net, IMAGES, TARGET), frozen)
    gate = nn.Parameter(torch.ones(3, dtype=torch.float64))
    adds_up(lambda x: net(x) * gate.exp() + gate.sigmoid(), IMAGES, TARGET)
    assert all(p.grad is None for p in net.parameters())


def test_biases_stay_within_a_linear_piece(close):
    """Weak dependence: a small step changes the input's share alone."""
    net = residual()
    here, there = (shares(net, x, TARGET) for x in (IMAGES, IMAGES * (1 + 1e-9)))
    for name in ("batch_norm 0", "conv2d 0", "linear 0"):
        close(there[name], here[name], 1e-12)


def test_without_biases_the_input_has_everything(close):
    net = nn.Sequential(nn.Linear(6, 5, bias=False), nn.ReLU(), nn.Linear(5, 3, bias=False))
    found = adds_up(net.double(), ROWS, 0)
    assert list(found) == ["input", "output"]


# ---- what is refused -----------------------------------------------------------------------------


class Hidden(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + 1

    @staticmethod
    def backward(ctx, grad):
        return grad


def test_operations_that_cannot_be_seen_are_named():
    net = on_features(F.relu)
    for method, x, model in (
        (xc.fullgrad_decomposition, ROWS, lambda x: net(Hidden.apply(x))),
        (xc.fullgrad, IMAGES, lambda x: residual()(Hidden.apply(x))),
    ):
        with pytest.raises(UnsupportedOperationError, match="cannot be seen: HiddenBackward"):
            method(model, x, 0)


def test_what_is_written_into_a_tensor_is_not_missed():
    def model(x: Tensor) -> Tensor:
        y = torch.ones_like(x)
        y[:, :2] = x[:, :2]
        return y.sum(1)

    with pytest.raises(UnsupportedOperationError, match="an operation was missed"):
        xc.fullgrad_decomposition(model, ROWS)


@pytest.mark.fault("R10")
def test_an_infinite_bias_that_has_no_part_in_the_score_brings_nothing(close):
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double().eval()
    net[0].bias.data[1] = -torch.inf  # closed for good: 0 times infinity has no value
    x = torch.linspace(0, 1, 6, dtype=torch.float64).view(2, 3)
    assert bool(net(x).isfinite().all())
    close(xc.fullgrad_decomposition(net, x, 1).sum(1), net(x)[:, 1].detach())


def test_a_result_whose_first_axis_is_not_the_rows_is_told_apart(close):
    net = on_features(F.relu)
    found = shares(lambda x: (net.first(x).T.tanh()).T, ROWS, 0, batch_size=3)
    plain = shares(lambda x: net.first(x).tanh(), ROWS, 0)
    close(found["tanh 0"].flatten(1), plain["tanh 0"])


def test_no_picture_without_pixels():
    with pytest.raises(ValueError, match=r"fullgrad draws a map on images.*fullgrad_decomposition"):
        xc.fullgrad(on_features(F.relu), ROWS, 0)


# ---- the picture ---------------------------------------------------------------------------------


def paper_picture(net: nn.Module, x: Tensor, target: int) -> Tensor:
    """FullGrad of one image as the paper writes it: module hooks and a loop over layers."""
    outputs, biases = [], []

    def keep(module: nn.Module, inputs, output: Tensor) -> None:
        b = module.bias
        if isinstance(module, nn.BatchNorm2d):
            std = (module.running_var + module.eps).sqrt()
            b = module.bias - module.running_mean * module.weight / std
        if b is not None:
            outputs.append(output)
            biases.append(b.detach().view(1, -1, 1, 1))

    spatial = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    handles = [m.register_forward_hook(keep) for m in spatial]
    x = x.clone().requires_grad_(True)
    gx, *gz = torch.autograd.grad(net(x)[0, target], [x, *outputs])
    for handle in handles:
        handle.remove()
    picture = 0
    for term in [gx * x, *(g * b for g, b in zip(gz, biases, strict=True))]:
        size = term.detach().abs()
        size = (size - size.min()) / (size.max() - size.min())
        picture = picture + F.interpolate(size, x.shape[2:], mode="bilinear").sum(1, keepdim=True)
    return picture


def picture_net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3),
        )  # fmt: skip
        net[1].running_mean.uniform_(-1, 1)
    return net.double().eval()


def test_picture_equals_the_papers_with_hooks(close):
    net = picture_net()
    expected = torch.cat([paper_picture(net, IMAGES[i : i + 1], int(TARGET[i])) for i in range(3)])
    for batch_size in (1, 2, None):
        close(xc.fullgrad(net, IMAGES, TARGET, batch_size=batch_size), expected)


def test_picture_and_identity_are_two_things(close):
    """The maps of the details add up to F with the rest; the picture has no unit and no sign."""
    net = picture_net()
    found = xc.fullgrad(net, IMAGES, TARGET, return_details=True)
    parts = found.extra["parts"]
    total = sum(part.flatten(1).sum(1) for part in parts.values() if part.dim() > 1)
    close(total + parts["output"], xc.scores(net, IMAGES, TARGET))
    close(found.values, xc.fullgrad(lambda x: 7 * net(x), IMAGES, TARGET))
    assert float((found.values.flatten(1).sum(1) - found.f_end).abs().min()) > 1


def test_an_image_of_zeros_has_no_nan():
    found = xc.fullgrad(picture_net(), torch.zeros_like(IMAGES), TARGET)
    assert bool(torch.isfinite(found).all())


def test_the_graph_is_let_go_without_waiting_for_the_collector(monkeypatch):
    """The graph's hooks hold the mode; if the mode held the graph, its memory would stay."""
    kept = []
    start = BiasMode.__init__

    def start_and_note(self, *arguments):
        start(self, *arguments)
        kept.append(weakref.ref(self))

    monkeypatch.setattr(BiasMode, "__init__", start_and_note)
    gc.collect()
    gc.disable()
    try:
        xc.fullgrad_decomposition(residual(), IMAGES, TARGET)
        assert kept
        assert all(ref() is None for ref in kept)
    finally:
        gc.enable()


def test_a_visitor_sees_every_chunk_once(close):
    """`visit` is handed on: nothing of the question is replaced."""
    net = residual()
    question = BiasQuestion(net, IMAGES, TARGET, "logit", 2, reduce=lambda name, term: term)
    seen = []

    def visit(mode, part, score):
        assert "gradients" not in vars(question)
        assert mode is question.mode
        seen.append((part.start, part.stop))
        close(score, xc.scores(net, IMAGES, TARGET)[part])

    full_gradient(question, visit)
    assert seen == [(0, 1), (1, 3)]  # the first row alone, the others in chunks
