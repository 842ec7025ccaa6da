"""Linear layers of LRP beside nn.Linear and nn.Conv2d; what moves and adds numbers."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import (
    B1,
    DOUBLE,
    W3,
    C,
    X,
    books_are_even,
    first,
    gradient_x_input,
    last,
    second,
    waves,
    zero_rule,
)
from tests.methods.test_relevance import zennit_composite

# ---- linear layers -------------------------------------------------------------------------------

TRANSPOSED = {
    "stride": {"stride": 2},
    "all settings": {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2},
    "groups": {"groups": 4, "bias": False},
}
RULES = ["zero", "epsilon", "gamma", "alpha_beta", "z_plus", "w_square"]


@pytest.mark.fault("R7")
@pytest.mark.fault("K10")
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("settings", TRANSPOSED.values(), ids=TRANSPOSED)
@pytest.mark.parametrize("rules", [*RULES, "deep_taylor"])
def test_a_transposed_convolution_is_a_dense_layer(settings, axes, rules, close):
    """Its matrix, made of its answers to unit vectors, is a dense layer under the same rule."""
    torch.manual_seed(0)
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1]
    layer = kind(4, 4, 3, **settings).double().requires_grad_(False)
    shape = (4, *[2] * axes)
    x = torch.rand(2, *shape, dtype=DOUBLE)
    zero = layer(torch.zeros(1, *shape, dtype=DOUBLE))
    size = torch.Size(shape).numel()
    matrix = (layer(torch.eye(size, dtype=DOUBLE).view(size, *shape)) - zero).flatten(1).T
    end = waves(3, zero.numel())
    dense = lambda z: F.linear(F.linear(z.flatten(1), matrix, zero.flatten()).relu(), end)  # noqa: E731
    model = lambda z: F.linear(layer(z).relu().flatten(1), end)  # noqa: E731
    if rules == "deep_taylor":
        found, expected = xc.deep_taylor(model, x, 1), xc.deep_taylor(dense, x, 1)
    else:
        found, expected = (xc.lrp(m, x, 1, rules=rules) for m in (model, dense))
    close(found, expected, 1e-9)


def test_flat_shares_equally_among_the_places_that_a_transposed_kernel_reaches(close):
    """A row of 2 at stride 1: out_j is reached from min(j, 1) - max(j - 2, 0) + 1 places."""
    rules = {"conv": "flat", "linear": "zero"}
    layer = nn.ConvTranspose1d(1, 1, 3, bias=False).double().requires_grad_(False)
    R = waves(1, 4)
    x = torch.ones(1, 1, 2, dtype=DOUBLE)
    y = layer(x)[:, 0]
    found = xc.lrp(lambda z: F.linear(layer(z)[:, 0], R / y), x, rules=rules)
    r = R.flatten()
    close(found.flatten(), torch.stack([r[0] + r[1] / 2 + r[2] / 2, r[1] / 2 + r[2] / 2 + r[3]]))


@pytest.mark.parametrize("rules", ["z_plus", "gamma", "flat", "w_square"])
def test_a_batch_norm_after_a_transposed_convolution_is_part_of_it(rules, close):
    """As torch's own fusion of the two does it."""
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2).double().eval()
    norm = nn.BatchNorm2d(6).double().eval()
    norm.running_mean.uniform_(-0.3, 0.3)
    norm.running_var.uniform_(0.5, 2)
    norm.weight.data.uniform_(-1, 1.5)
    fused = copy.deepcopy(layer)
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    fused.weight.data = (
        (layer.weight.view(2, 2, 3, 3, 3) * scale.view(2, 1, 3, 1, 1))
        .reshape(layer.weight.shape)
        .data
    )
    fused.bias.data = (scale * (layer.bias - norm.running_mean) + norm.bias).data
    x = torch.rand(2, 4, 3, 3, dtype=DOUBLE)
    end = waves(3, 6 * 49)
    found = xc.lrp(lambda z: F.linear(norm(layer(z)).relu().flatten(1), end), x, 1, rules=rules)
    plain = xc.lrp(lambda z: F.linear(fused(z).relu().flatten(1), end), x, 1, rules=rules)
    close(found, plain, 1e-10)


@pytest.mark.parametrize("name", ["epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1"])
@pytest.mark.parametrize("activation", [nn.SiLU, nn.GELU, nn.Hardswish, nn.ELU])
def test_equals_zennit_beyond_relu(name, activation, close):
    """A small U-Net with a transposed convolution; zennit passes through these activations."""
    from zennit.attribution import Gradient
    from zennit.rules import Pass

    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6, eps=1e-14), activation()),
        *(nn.Conv2d(6, 6, 2, stride=2), activation(), nn.ConvTranspose2d(6, 4, 2, stride=2)),
        *(activation(), nn.Flatten(), nn.Linear(4 * 144, 4)),
    )
    model = model.double().eval()
    x = torch.rand(2, 3, 12, 12, dtype=DOUBLE)
    seed = torch.zeros(2, 4, dtype=DOUBLE)
    seed[:, 1] = model(x)[:, 1].detach()
    composite = zennit_composite(name)
    composite.layer_map.insert(0, (activation, Pass()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Gradient(model=model, composite=composite) as attributor:
            _, theirs = attributor(x.clone().requires_grad_(True), seed)
    close(xc.lrp(model, x, 1, rules=name), theirs, 1e-9)


LINEAR = {
    "bilinear": (
        lambda h: F.bilinear(h, C.expand(len(h), 8), waves(3, 8, 8), B1[:3]),
        lambda h: F.linear(h, waves(3, 8, 8) @ C, B1[:3]),
    ),
    "bilinear, second": (
        lambda h: F.bilinear(C.expand(len(h), 8), h, waves(3, 8, 8)),
        lambda h: F.linear(h, torch.einsum("i,jik->jk", C, waves(3, 8, 8))),
    ),
    "inner": (lambda h: torch.inner(h, W3), last),
    "einsum, three axes": (
        lambda h: torch.einsum("nab,kab->nk", h.view(-1, 4, 2), W3.view(3, 4, 2)),
        last,
    ),
    "tensordot": (
        lambda h: torch.tensordot(h.view(-1, 4, 2), W3.view(3, 4, 2), ([1, 2], [1, 2])),
        last,
    ),
    "bmm": (lambda h: torch.bmm(W3.expand(len(h), 3, 8), h[..., None])[..., 0], last),
    "from the left": (lambda h: (W3 @ h[..., None]).squeeze(-1), last),
    "div": (lambda h: last(torch.div(h, C, rounding_mode=None)), lambda h: last(h / C)),
    "div in place": (lambda h: last(h.clone().div_(C, rounding_mode=None)), lambda h: last(h / C)),
}


@pytest.mark.fault("R7")
@pytest.mark.parametrize("rules", ["zero", "z_plus", "gamma", "w_square"])
@pytest.mark.parametrize("name", LINEAR)
def test_what_is_linear_is_a_layer(name, rules, close):
    """Products with a constant, under the layers' rules."""
    part, plain = LINEAR[name]
    found = xc.lrp(lambda z: part(first(z).relu()), X, 1, rules=rules)
    close(found, xc.lrp(lambda z: plain(first(z).relu()), X, 1, rules=rules), 1e-9)


SUMS = {
    "stack, sum": lambda a, b: torch.stack([a, b]).sum(0),
    "stack, mean": lambda a, b: 2 * torch.stack([a, b]).mean(dim=0),
    "stack, weighted": lambda a, b: (torch.stack([a, b]) * torch.ones(2, 1, 1).double()).sum(0),
    "stack last": lambda a, b: torch.stack([a, b], -1).sum(-1),
    "einsum": lambda a, b: torch.einsum("sni->ni", torch.stack([a, b])),
    "cat, view": lambda a, b: torch.cat([a, b], 1).view(-1, 2, 8).sum(1),
    "sum": lambda a, b: sum([a, b]),
}


@pytest.mark.parametrize("rules", ["zero", "epsilon", "z_plus"])
@pytest.mark.parametrize("name", SUMS)
def test_a_stack_that_is_summed_is_a_sum(name, rules, close):
    """Also of several rows: the books know where the rows lie."""
    model = lambda z: last(SUMS[name](first(z), second(z)).relu())  # noqa: E731
    found = xc.lrp(model, X, 1, rules=rules, return_details=True)
    plain = xc.lrp(lambda z: last((first(z) + second(z)).relu()), X, 1, rules=rules)
    close(found.values, plain, 1e-9 if rules == "zero" else 1e-5)  # a mean has half the epsilon
    books_are_even(found, model, close)


COPIES = {
    "fold": (
        lambda h: F.fold(F.unfold(h.view(-1, 1, 2, 4), 3, padding=1), (2, 4), 3, padding=1),
        lambda h: (
            h.view(-1, 1, 2, 4)
            * F.fold(F.unfold(torch.ones(1, 1, 2, 4).double(), 3, padding=1), (2, 4), 3, padding=1)
        ),
    ),
    "cumsum": (lambda h: h.cumsum(1), lambda h: h @ torch.ones(8, 8).double().triu()),
    "diagonal": (lambda h: torch.einsum("naa->na", h[:, :4, None] + h[:, None, :4]), None),
    "chosen": (lambda h: torch.where(C > 0, h, 2.0), lambda h: h * (C > 0) + 2.0 * (C <= 0)),
    "filled": (lambda h: h.masked_fill(C > 0, 5.0), lambda h: h * (C <= 0) + 5.0 * (C > 0)),
    "largest": (lambda h: h.view(-1, 2, 4).amax(2), lambda h: F.max_pool1d(h[:, None], 4)[:, 0]),
    "largest and place": (
        lambda h: h.view(-1, 2, 4).max(2).values,
        lambda h: F.max_pool1d(h[:, None], 4)[:, 0],
    ),
    "repeated": (lambda h: h[:, :1] * C, lambda h: h[:, :1].expand(-1, 8) * C),
    "repeated, divided": (lambda h: h[:, :1] / C, lambda h: h[:, :1].expand(-1, 8) / C),
}


@pytest.mark.parametrize("name", COPIES)
def test_what_moves_and_adds_numbers_shares_in_proportion(name, close):
    part, plain = COPIES[name]
    end = lambda h: F.linear(h.flatten(1), waves(3, h[0].numel()))  # noqa: E731
    model = lambda z: end(part(first(z)))  # noqa: E731
    found = zero_rule(model)
    if plain is not None:
        close(part(first(X)).flatten(), plain(first(X)).flatten(), 1e-12)
    close(found.values, gradient_x_input(model, X), 1e-9)
    books_are_even(found, model, close)


# ---- what is said of what has no rule ------------------------------------------------------------

UNREAD = {
    "diff": lambda h: h.diff(dim=1, append=h[:, :1]),
    "kron": lambda h: torch.kron(h, torch.ones(1, 1, dtype=DOUBLE)),
    "linalg_multi_dot": lambda h: torch.linalg.multi_dot([h, *[torch.eye(8, dtype=DOUBLE)] * 2]),
    "baddbmm": lambda h: torch.baddbmm(h[:, None] * 0, h[:, None], EYES[: len(h)])[:, 0],
}
EYES = torch.eye(8, dtype=DOUBLE).expand(9, 8, 8)


@pytest.mark.fault("K10")
@pytest.mark.parametrize("name", UNREAD)
def test_a_call_without_a_rule_goes_by_its_own_name(name, close):
    """Not by that of a step inside it: differences and products have a rule."""

    def model(z):
        return F.linear(UNREAD[name](first(z)), W3)

    with pytest.raises(ValueError, match=rf"not defined for the operation '{name}'.*'{name}',\)"):
        xc.lrp(model, X, 1)
    found = xc.lrp(model, X, 1, rules="zero", allow=(name,))
    close(found, xc.input_x_gradient(model, X, 1), 1e-9)


@pytest.mark.fault("K10")
@pytest.mark.filterwarnings("ignore:Casting complex")
def test_complex_numbers_and_16_bits_are_named():
    spectrum = lambda z: F.linear(torch.fft.fft(first(z)).abs(), W3)  # noqa: E731
    with pytest.raises(ValueError, match="complex numbers, as a Fourier transform"):
        xc.lrp(spectrum, X, 1, allow=("fft_fft",))
    weight = torch.tensor([[300.0, 1.0], [-299.0, 0.5]], dtype=torch.float16)
    x = torch.full((1, 2), 300.0, dtype=torch.float16)
    with pytest.raises(ValueError, match=r"torch\.float16 cannot hold it: give x and the model in"):
        xc.lrp(lambda z: z @ weight.to(z.dtype), x, 0)
    found = xc.lrp(lambda z: z @ weight.to(z.dtype), x.float(), 0)
    assert found[0].tolist() == pytest.approx([90000.0, -89700.0])
