"""Bias backpropagation: by hand, against the paper's recursion in loops, and what it conserves."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.test_bias import ACTIVATIONS, IMAGES, ROWS, TARGET, on_features, residual
from xaicourse.core.operations import UnsupportedOperationError

ALPHAS = ["magnitude", "uniform"]


def conserves(model, x, target=None, tolerance=1e-10, **settings) -> Tensor:
    """Assert that gradient x input and the biases' shares add up to F; return the shares."""
    beta = xc.bias_backprop(model, x, target, **settings)
    scale = {k: v for k, v in settings.items() if k == "output"}
    rest = xc.input_x_gradient(model, x, target, **scale).flatten(1).sum(1)
    score = xc.scores(model, x, target, **scale)
    size = score.abs() + rest.abs() + beta.flatten(1).abs().sum(1)
    assert bool(((rest + beta.flatten(1).sum(1) - score).abs() <= tolerance * size).all())
    return beta


# ---- by hand -------------------------------------------------------------------------------------


def test_toy_by_hand(close):
    """Last bias 1 to the units as 4 : 0 : 3, hidden biases bring (0, 0, 1), each unit 3 : 1."""
    close(conserves(xc.zoo.toy(), xc.zoo.toy_input()), [[1.5, 0.5]])
    # equal shares: (1/3, 1/3, 1/3) + (0, 0, 1), each in halves
    close(xc.bias_backprop(xc.zoo.toy(), xc.zoo.toy_input(), alpha="uniform"), [[1.0, 1.0]])


def test_one_linear_layer(close):
    layer = nn.Linear(3, 2).double()
    x = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    size = (layer.weight[1] * x).abs()
    close(xc.bias_backprop(layer, x, 1), (layer.bias[1] * size / size.sum()).detach())
    close(xc.bias_backprop(layer, x, 1, alpha="uniform"), (layer.bias[1] / 3).expand(1, 3).detach())
    # nothing to go by: equal shares, so that nothing is lost
    zero = torch.zeros(1, 3, dtype=torch.float64)
    close(xc.bias_backprop(layer, zero, 1), (layer.bias[1] / 3).expand(1, 3).detach())


def test_without_biases_there_is_nothing_to_share(close):
    net = nn.Sequential(nn.Linear(6, 5, bias=False), nn.ReLU(), nn.Linear(5, 3, bias=False))
    close(xc.bias_backprop(net.double(), ROWS, 0), torch.zeros(3, 6))


def test_max_pool_gives_all_to_the_winner(close):
    model = lambda x: F.max_pool1d(x[:, None] + 1, 2).sum((1, 2))  # noqa: E731
    x = torch.tensor([[1.0, 3.0, 2.0, 0.0]], dtype=torch.float64)
    close(conserves(model, x), [[0.0, 1.0, 1.0, 0.0]])


def test_two_branches_share_by_their_size(close):
    model = lambda x: (3 * x[:, :1] + x[:, 1:] + 8.0)[:, 0]  # noqa: E731
    x = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    close(conserves(model, x), [[6.0, 2.0]])


def test_a_factor_in_a_sum_counts(close):
    x = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    sums = (
        lambda x: torch.add(x[:, 0] + 6, x[:, 1] + 1, alpha=-2),
        lambda x: (x[:, 0] + 6) - 2 * (x[:, 1] + 1),
    )
    outer = [conserves(lambda x, s=s: F.relu(s(x)[:, None] + 8)[:, 0], x) for s in sums]
    close(outer[0], outer[1])


# the inputs of the number 1 + part(x) of each row, each once
PARTS = {
    "gather": (lambda x: x.gather(1, torch.ones(len(x), 1).long()), [[0, 1, 0, 0]] * 2),
    "take_along_dim": (lambda x: x.take_along_dim(torch.tensor([[3]]), 1), [[0, 0, 0, 1]] * 2),
    "unfold": (lambda x: x.unfold(1, 1, 3).flatten(1), [[1, 0, 0, 1]] * 2),
    "diagonal": (lambda x: x.view(2, 2, 2).diagonal(0, 1, 2), [[1, 0, 0, 1]] * 2),
    "the transposed": (lambda x: x.view(2, 2, 2).mT[:, 0], [[1, 0, 1, 0]] * 2),
    "hstack": (lambda x: torch.hstack([x[:, :1], x[:, 2:3]]), [[1, 0, 1, 0]] * 2),
    "concatenate": (lambda x: torch.concatenate([x[:, 1:2]], 1), [[0, 1, 0, 0]] * 2),
    "a quotient": (lambda x: 1 / (2 - x[:, :1]), None),
}


@pytest.mark.parametrize(("part", "expected"), PARTS.values(), ids=PARTS)
def test_what_the_four_lists_of_names_disagreed_on(part, expected, close):
    """A move is a move for every reader; so is c / x a function number by number."""
    x = torch.tensor([[1.0, -1.5, 0.5, 0.25], [0.5, 1.0, 1.25, -1.0]], dtype=torch.float64)
    beta = conserves(lambda x: (part(x) + 1.0).sum(1), x)
    if expected is not None:
        close(beta, expected)


def test_constants_of_a_tensors_form_are_constants(close):
    model = lambda x: (x + torch.ones_like(x) + x.new_ones(2)).sum(1)  # noqa: E731
    x = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    close(conserves(model, x), [[2.0, 2.0]])


def test_uniform_shares_of_two_branches_are_halves(close):
    model = lambda x: (3 * x[:, :1] + x[:, 1:] + 8.0)[:, 0]  # noqa: E731
    x = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    close(conserves(model, x, alpha="uniform"), [[4.0, 4.0]])


@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_window_of_padding_alone_has_nobody_to_give_to(alpha, close):
    """The units on its rim have a bias but no input; with 0 / 0 all shares would be NaN."""
    narrow = nn.Conv2d(2, 3, 1, padding=1).double()
    x = torch.rand(1, 2, 3, 3, dtype=torch.float64)
    with pytest.raises(UnsupportedOperationError, match=r"lost .*window of padding alone"):
        xc.bias_backprop(lambda x: narrow(x).sum((2, 3)), x, 0, alpha=alpha)
    inside = lambda x: narrow(x)[..., 1:-1, 1:-1].sum((2, 3))  # noqa: E731
    close(conserves(inside, x, 0, alpha=alpha).sum((1, 2, 3)), 9 * narrow.bias[:1].detach())


def test_the_rim_of_zeros_goes_to_the_nearest_pixel(close):
    """On an image of zeros each window has equal shares, those outside the image included."""
    conv = nn.Conv2d(1, 1, 3, bias=True).double()
    model = nn.Sequential(nn.ZeroPad2d(1), conv, nn.Flatten())
    beta = conserves(model, torch.zeros(1, 1, 2, 2, dtype=torch.float64), 0)
    share = torch.tensor(
        [[4.0, 2.0], [2.0, 1.0]], dtype=torch.float64
    )  # of nine cells around the upper left pixel
    close(beta[0, 0], conv.bias.item() * share / 9)


# ---- the paper's recursion in loops --------------------------------------------------------------


def mlp_by_loops(layers: list[nn.Linear], x: Tensor, target: int, alpha: str) -> Tensor:
    """beta at the inputs of one row, unit after unit."""
    units, us, zs = x, [], []
    for k, layer in enumerate(layers):
        us.append(units)
        zs.append(layer(units))
        units = zs[-1] if k == len(layers) - 1 else torch.relu(zs[-1])
    grads = torch.autograd.grad(zs[-1][target], zs)
    beta = torch.zeros_like(zs[-1])
    for layer, u, grad in zip(layers[::-1], us[::-1], grads[::-1], strict=True):
        beta = beta + grad * layer.bias
        below = torch.zeros_like(u)
        for p in range(len(beta)):
            size = (layer.weight[p] * u).abs()
            if alpha == "uniform" or size.sum() == 0:
                size = torch.ones_like(u)
            for q in range(len(u)):
                below[q] += beta[p] * size[q] / size.sum()
        beta = below
    return beta.detach()


@pytest.mark.parametrize("alpha", ALPHAS)
def test_mlp_equals_the_recursion(alpha, close):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3)
        ).double()
    x = torch.cos(torch.arange(20, dtype=torch.float64)).view(4, 5)
    layers = [m for m in net if isinstance(m, nn.Linear)]
    expected = torch.stack([mlp_by_loops(layers, row, 2, alpha) for row in x])
    with torch.no_grad():
        for batch_size in (1, 3, None):
            close(conserves(net, x, 2, alpha=alpha, batch_size=batch_size), expected)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_convolution_equals_its_matrix(alpha, close):
    """A convolution is a sparse dense layer: the same shares, the zeros of the matrix left out."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        conv = nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2).double().requires_grad_(False)
    x = torch.cos(torch.arange(50, dtype=torch.float64)).view(1, 2, 5, 5)
    eye = torch.eye(50, dtype=torch.float64).view(50, 2, 5, 5)
    W = (conv(eye) - conv(0 * eye)).flatten(1).T  # (outputs, inputs)
    used = (F.conv2d(eye, torch.ones_like(conv.weight), None, 2, 1, 1, 2).flatten(1).T > 0).double()
    v = torch.sin(torch.arange(len(W), dtype=torch.float64))
    b = conv(torch.zeros_like(x)).flatten()
    size = (W * x.flatten()).abs() if alpha == "magnitude" else used
    expected = (v * b) @ (size / size.sum(1, keepdim=True))
    got = conserves(lambda x: conv(x).flatten(1) @ v, x, alpha=alpha)
    close(got.flatten(), expected)


# ---- what it conserves ---------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("output", ["logit", "probability", "log_probability", "margin"])
def test_residual_net(alpha, output):
    beta = conserves(residual(), IMAGES, TARGET, alpha=alpha, output=output)
    assert float(beta.abs().max()) > 0


UNSHARED = {"two outputs", "quotient of itself", "stopped gradient", "view in place"}


@pytest.mark.parametrize(
    "function",
    [f for name, f in ACTIVATIONS.items() if name not in UNSHARED],
    ids=[name for name in ACTIVATIONS if name not in UNSHARED],
)
def test_activations(function):
    conserves(on_features(function), ROWS, torch.tensor([0, 2, 1]))


NETS = {
    "strided with a rim": lambda: nn.Sequential(
        nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 4, 3, 2), nn.ReLU6(),
        nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU6(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(4, 3),
    ),
    "reflected rim": lambda: nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=1, padding_mode="reflect"), nn.LeakyReLU(0.1, inplace=True),
        nn.AvgPool2d(3, 2, padding=1), nn.Flatten(), nn.Linear(32, 3),
    ),
    "batch norm and hardtanh": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Hardtanh(), nn.MaxPool2d(2), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(36, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("build", NETS.values(), ids=NETS)
def test_nets(build, alpha):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = build().double().eval()
    conserves(net, IMAGES, TARGET, alpha=alpha)
    conserves(net, torch.zeros_like(IMAGES), TARGET, alpha=alpha)


def test_details(close):
    found = xc.bias_backprop(residual(), IMAGES, TARGET, return_details=True)
    total = (found.values + found.extra["input"]).flatten(1).sum(1)
    close(total, found.f_end)
    assert float(found.gap.abs().max()) < 1e-12


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda z: F.bilinear(z, z, torch.ones(6, 6, 6).double()), "operation 'bilinear'"),
        (lambda z: z.cumprod(1), "operation 'cumprod' with 1 input"),
    ],
)
def test_refusals_name_the_operation(function, says):
    with pytest.raises(UnsupportedOperationError, match=f"{says}.*fullgrad_decomposition"):
        xc.bias_backprop(on_features(function), ROWS, 0)


def test_unknown_alpha():
    with pytest.raises(ValueError, match="alpha must be one of magnitude, uniform, got 'softmax'"):
        xc.bias_backprop(xc.zoo.toy(), xc.zoo.toy_input(), alpha="softmax")
