"""DeepLIFT's rules for all functions of one number, products, quotients, softmax and norms."""

import mpmath as mp
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.core.operations import SmoothActivation, UnsupportedOperationError
from xaicourse.core.reading_products import _gelu
from xaicourse.methods.vanilla.multipliers import secant

pytestmark = pytest.mark.fault("R6")


def numbers(*shape, turn=1.0):
    count = torch.Size(shape).numel()
    return (1.5 * torch.sin(turn * torch.arange(1.0, count + 1, dtype=torch.float64))).view(shape)


X, START = numbers(3, 6), numbers(3, 6, turn=2.3)
ONE, TWO = numbers(7, 6, turn=0.7), numbers(4, 7, turn=1.9)
OFFSET = numbers(7, turn=0.4)


# ---- functions of one number: a loop from the paper ----------------------------------------------

ACTIVATIONS = {
    "gelu": F.gelu,
    "gelu, tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "hardswish": F.hardswish,
    "mish": F.mish,
    "selu": F.selu,
    "celu": lambda z: F.celu(z, 0.7),
    "elu": lambda z: F.elu(z, 1.3),
    "prelu": lambda z: F.prelu(z, torch.tensor([0.2]).double()),
    "prelu by channel": lambda z: F.prelu(z, torch.linspace(-0.5, 0.5, 7).double()),
    "leaky_relu": lambda z: F.leaky_relu(z, 0.3),
    "hardtanh": F.hardtanh,
    "hardtanh elsewhere": lambda z: F.hardtanh(z, -0.3, 2.0),
    "clamp": lambda z: z.clamp(-1, 0.5),
    "clip by place": lambda z: z.clip(-OFFSET.abs(), OFFSET.abs()),
    "clamp_max": lambda z: z.clamp_max(0.2),
    "threshold": lambda z: F.threshold(z, 0.1, -3.0),
    "hardsigmoid": F.hardsigmoid,
    "softsign": F.softsign,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: F.softplus(z, 2.0),
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "rrelu": F.rrelu,
    "exp": torch.exp,
    "log": lambda z: (z.exp() + 1).log(),
    "log1p": lambda z: z.square().log1p(),
    "sqrt": lambda z: (z.square() + 1).sqrt(),
    "rsqrt": lambda z: (z.square() + 1).rsqrt(),
    "square": torch.square,
    "pow": lambda z: z**3,
    "pow by place": lambda z: z.exp() ** OFFSET,
    "number ** z": lambda z: 2**z,
    "pow(number, z)": lambda z: torch.pow(3.0, z),
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "abs": torch.abs,
    "atan": torch.atan,
    "1 / z": lambda z: 1 / (3 + z.tanh()),
    "reciprocal": lambda z: (3 + z.tanh()).reciprocal(),
    "maximum": lambda z: torch.maximum(z, torch.tensor(0.2).double()),
    "minimum": lambda z: torch.minimum(OFFSET, z),
    "falling": lambda z: -F.silu(z) - torch.sigmoid(z),
}


def by_hand(g, target):
    """Rescale for z = ONE x + OFFSET, y = g(z), F = TWO y, unit by unit."""
    total = torch.zeros_like(X)
    for i in range(len(X)):
        z, z0 = (ONE @ t[i] + OFFSET for t in (X, START))
        y, y0 = g(z[None])[0], g(z0[None])[0]
        for j in range(7):
            m = TWO[target, j] * (y[j] - y0[j]) / (z[j] - z0[j])
            total[i] += m * ONE[j] * (X - START)[i]
    return total


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_equals_a_loop_from_the_paper(name, close):
    g = ACTIVATIONS[name]
    model = lambda x: F.linear(g(F.linear(x, ONE, OFFSET)), TWO)  # noqa: E731
    found = xc.deeplift(model, X, 2, baseline=START, return_details=True)
    close(found.values, by_hand(g, 2))
    rise = (model(X) - model(START))[:, 2]
    close(found.values.sum(1), rise)
    assert float(found.relative_gap.max()) < 1e-11
    plain = xc.input_x_gradient(model, X, 2, baseline=START)
    assert relative_error(plain, found.values) > 1e-3 or name == "leaky_relu"


@pytest.mark.parametrize(
    "layer", [nn.SiLU, nn.Hardswish, nn.Mish, nn.CELU, nn.SELU, nn.Hardsigmoid]
)
def test_in_place_modules(layer, close):
    net = nn.Sequential(nn.Linear(6, 7), layer(inplace=True), nn.Linear(7, 4)).double()
    apart = nn.Sequential(net[0], layer(), net[2])
    close(xc.deeplift(net, X, 1, baseline=START), xc.deeplift(apart, X, 1, baseline=START))


SPELLINGS = {
    "silu": (F.silu, lambda z: z * z.sigmoid()),
    "gelu": (F.gelu, lambda z: 0.5 * z * (1 + torch.erf(z / 2**0.5))),
    "mish": (F.mish, lambda z: z * F.softplus(z).tanh()),
    "hardswish": (F.hardswish, lambda z: z * F.relu6(z + 3) / 6),
    "softsign": (F.softsign, lambda z: z / (1 + z.abs())),
    "sigmoid": (torch.sigmoid, lambda z: 1 / (1 + (-z).exp())),
    "square": (torch.square, lambda z: z * z),
    "tanhshrink": (F.tanhshrink, lambda z: z - z.tanh()),
    "layer norm": (
        lambda z: F.layer_norm(z, (7,), OFFSET, 2 * OFFSET, 0.1),
        lambda z: (
            OFFSET * (z - z.mean(-1, True)) / (z.var(-1, False, keepdim=True) + 0.1).sqrt()
            + 2 * OFFSET
        ),
    ),
    "variance": (
        lambda z: z * z.var(1, keepdim=True),
        lambda z: z * ((z**2).mean(1, True) - z.mean(1, True) ** 2) * 7 / 6,
    ),
    "rms norm": (
        lambda z: F.rms_norm(z, (7,), OFFSET, 0.1),
        lambda z: z * torch.rsqrt(z.pow(2).mean(-1, keepdim=True) + 0.1) * OFFSET,
    ),
    "normalize": (F.normalize, lambda z: z / z.norm(dim=1, keepdim=True)),
    "unit vectors": (
        lambda z: z / torch.linalg.vector_norm(z, dim=-1, keepdim=True),
        lambda z: z.div(z.square().sum(1, keepdim=True).sqrt()),
    ),
    "softmax": (
        lambda z: z.softmax(-1),
        lambda z: (z - z.exp().sum(1, keepdim=True).log()).exp(),
    ),
    "log_softmax": (nn.LogSoftmax(1), lambda z: z - z.logsumexp(1)[:, None]),
    "glu": (
        lambda z: F.glu(torch.cat([z, z.flip(1)], 1)),
        lambda z: z.flip(1).sigmoid() * z,
    ),
    "lerp": (
        lambda z: torch.lerp(z, z.tanh(), z.sigmoid()),
        lambda z: z + z.sigmoid() * (z.tanh() - z),
    ),
    "cosine": (
        lambda z: z * F.cosine_similarity(z, z.exp(), dim=1)[:, None],
        lambda z: z * (F.normalize(z) * F.normalize(z.exp())).sum(1, keepdim=True),
    ),
    "addcdiv": (
        lambda z: torch.addcdiv(z, z.sin(), z.exp(), value=0.3),
        lambda z: z + 0.3 * (z.sin() / z.exp()),
    ),
    "addcmul": (lambda z: torch.addcmul(z, z.sin(), z.exp()), lambda z: z + z.exp() * z.sin()),
    "in place": (lambda z: z * z.tanh() / z.exp(), lambda z: z.mul(z.tanh()).div_(z.exp())),
    "set": (lambda z: z * z.tanh(), lambda z: z.clone().copy_(z).mul_(z.tanh())),
    "std": (
        lambda z: z / torch.std_mean(z, 1, keepdim=True)[0],
        lambda z: z / torch.var(z, dim=1, correction=1, keepdim=True).sqrt(),
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_one_function_has_one_map_in_both_spellings(name, close):
    """Quotients telescope, and a product of two functions of one z is exactly Rescale's."""
    found = []
    for g in SPELLINGS[name]:
        model = lambda x, g=g: F.linear(g(F.linear(x, ONE, OFFSET)), TWO)  # noqa: E731
        found.append(xc.deeplift(model, X, 2, baseline=START))
        close(found[-1].sum(1), (model(X) - model(START))[:, 2])
    close(*found)


# ---- small differences ---------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + mp.exp(-z))


EXACT = {
    "gelu": (_gelu("none"), lambda z: z * mp.erfc(-z / mp.sqrt(2)) / 2),
    "silu": (F.silu, lambda z: z * sigmoid(z)),
    "mish": (F.mish, lambda z: z * mp.tanh(mp.log1p(mp.exp(z)))),
    "sigmoid": (torch.sigmoid, sigmoid),
    "exp": (torch.exp, mp.exp),
    "softplus": (F.softplus, lambda z: mp.log1p(mp.exp(z))),
    "elu": (F.elu, lambda z: z if z > 0 else mp.expm1(z)),
    "cube": (lambda z: z**3, lambda z: z**3),
    "cos": (torch.cos, mp.cos),
    "hardtanh": (lambda z: F.hardtanh(z, -0.5, 1.5), lambda z: min(max(z, -0.5), 1.5)),
    "hardswish": (F.hardswish, lambda z: z * min(max(z + 3, 0), 6) / 6),
}


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 4e-5), (torch.float64, 1e-11)], ids=["32", "64"]
)
@pytest.mark.parametrize("name", EXACT)
def test_neither_branch_loses_digits(name, dtype, tolerance):
    """Against 60 digits, for differences from 1e-16 to 10; a quotient alone is off by 1 at 1e-7."""
    g, exact = EXACT[name]
    slope = SmoothActivation(name, g).slope
    start = torch.tensor([-4.9, -2.5, -0.75, -0.51, -0.1, 0.0, 1e-3, 0.4, 1.2, 3.7]).to(dtype)
    worst, of_the_quotient = 0.0, 0.0
    with mp.workdps(60):
        for power in range(-16, 2):
            z = start + 10.0**power
            found = secant(g, slope, torch.cat([z, start]))
            naive = (g(z) - g(start)) / (z - start)
            for a, b, m, q in zip(*(t.tolist() for t in (z, start, found, naive)), strict=True):
                if a == b:
                    continue
                a, b = mp.mpf(a), mp.mpf(b)
                right = (exact(a) - exact(b)) / (a - b)
                size = abs(right) + (abs(exact(a)) + abs(exact(b))) / (abs(a) + abs(b)) + 1e-20
                worst = max(worst, float(abs(m - right) / size))
                of_the_quotient = max(of_the_quotient, float(abs(q - right) / size))
    assert worst < tolerance
    assert of_the_quotient > 100 * tolerance or name == "hardtanh"


def test_no_difference_at_all_gives_the_gradient(close):
    model = lambda x: F.linear(F.gelu(F.linear(x, ONE, OFFSET)), TWO)  # noqa: E731
    start = X.clone()
    start[:, 3] += 1e-9
    slope = xc.gradient(model, X, 2)
    close(xc.deeplift(model, X, 2, baseline=start)[:, 3], slope[:, 3] * -1e-9, 1e-6)
    close(xc.deeplift(model, X, 2, baseline=X), 0 * X)


def test_an_infinite_slope_where_nothing_changed(close):
    """The length of a vector that is 0 on both sides: its slope is infinite, its share is 0."""
    x, start = X.clone(), START.clone()
    x[:, :2] = start[:, :2] = 0
    model = lambda x: x[:, :2].norm(dim=1) + 2 * x[:, 2:].norm(dim=1)  # noqa: E731
    found = xc.deeplift(model, x, baseline=start)
    close(found.sum(1), model(x) - model(start))
    close(found[:, :2], torch.zeros(3, 2))


# ---- products: an exact rule ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "product",
    [
        lambda u, v: u * v,
        lambda u, v: torch.mul(v, other=u),
        lambda u, v: u.clone().mul_(v),
        lambda u, v: torch.einsum("nk,nk->nk", u, v),
        lambda u, v: torch.einsum("...,...->...", u, v),
        lambda u, v: (u[:, :, None] @ v[:, None]).diagonal(dim1=1, dim2=2),
        lambda u, v: torch.bmm(u[:, :, None], v[:, None]).diagonal(dim1=1, dim2=2),
        lambda u, v: torch.addcmul(torch.zeros(7).double(), u, v),
        lambda u, v: u / v.reciprocal(),
    ],
)
def test_the_product_rule_by_hand(product, close):
    """F = sum_k t_k u_k v_k, u and v affine: dx_i sum_k t_k (U_ki mean(v_k) + V_ki mean(u_k))."""
    U, V, t = ONE, numbers(7, 6, turn=1.1), TWO[1]
    model = lambda x: product(F.linear(x, U, OFFSET), F.linear(x, V)) @ t  # noqa: E731
    found = xc.deeplift(model, X, baseline=START)
    expected = torch.zeros_like(X)
    for n in range(3):
        mean_u, mean_v = U @ (X + START)[n] / 2 + OFFSET, V @ (X + START)[n] / 2
        for k in range(7):
            expected[n] += t[k] * (U[k] * mean_v[k] + V[k] * mean_u[k]) * (X - START)[n]
    if "reciprocal" not in product.__code__.co_names:  # a quotient rescales its denominator
        close(found, expected)
    close(found.sum(1), model(X) - model(START))


class SqueezeAndExcite(nn.Module):
    def __init__(self, in_place=False):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.down, self.up, self.last = nn.Linear(4, 3), nn.Linear(3, 4), nn.Linear(4, 2)
        self.in_place = in_place
        self.double()

    def forward(self, x):
        h = self.conv(x)
        gate = torch.sigmoid(self.up(F.relu(self.down(h.mean((2, 3))))))[:, :, None, None]
        h = h.mul_(gate) if self.in_place else gate * h
        return self.last(F.silu(h).mean((2, 3)))


@pytest.mark.parametrize("in_place", [False, True])
def test_squeeze_and_excite_equals_a_loop(in_place, close):
    torch.manual_seed(0)
    net = SqueezeAndExcite(in_place)
    x, start = numbers(2, 2, 5, 5), numbers(2, 2, 5, 5, turn=1.7)
    found = xc.deeplift(net, x, 1, baseline=start)
    with torch.no_grad():
        expected = torch.cat([se_by_hand(net, x[i], start[i]) for i in range(2)])
        close(found, expected)
        close(found.flatten(1).sum(1), (net(x) - net(start))[:, 1])


def se_by_hand(net, x, start):
    """Multipliers forwards: how much of each quantity's difference each input contributes."""
    of_input = torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape)
    of_input = of_input * (x - start)  # (inputs, C, H, W)
    affine = lambda layer, c: layer(c) - layer(torch.zeros_like(c[:1]))  # noqa: E731

    def rescale(g, c, z, z0):
        return c * (g(z) - g(z0)) / (z - z0)

    c = affine(net.conv, of_input)
    h, h0 = (net.conv(t[None])[0] for t in (x, start))
    cs, s, s0 = c.mean((2, 3)), h.mean((1, 2)), h0.mean((1, 2))
    d, d0 = net.down(s), net.down(s0)
    c1 = affine(net.down, cs) * torch.where(d == d0, 0.0, (F.relu(d) - F.relu(d0)) / (d - d0))
    u, u0 = net.up(F.relu(d)), net.up(F.relu(d0))
    cg = rescale(torch.sigmoid, affine(net.up, c1), u, u0)
    g, g0 = u.sigmoid()[:, None, None], u0.sigmoid()[:, None, None]
    product = c * (g + g0) / 2 + cg[:, :, None, None] * (h + h0) / 2
    out = rescale(F.silu, product, h * g, h0 * g0)
    return (out.mean((2, 3)) @ net.last.weight[1]).view(1, *x.shape)


@pytest.mark.parametrize("kind", ["glu", "gelu mlp", "hardswish"])
def test_nets_equal_contributions_carried_forwards(kind, close):
    """Another way round: contributions of every input, carried forwards step by step."""
    torch.manual_seed(1)
    one, two, last = nn.Linear(6, 8).double(), nn.Linear(8, 8).double(), nn.Linear(8, 3).double()
    norm = nn.LayerNorm(8).double()
    norm.weight.data, norm.bias.data = numbers(8), numbers(8, turn=3.0)

    def model(x):
        if kind == "glu":
            return F.linear(F.glu(one(x)), last.weight[:, :4], last.bias)
        if kind == "gelu mlp":
            return last(one(x) + two(F.gelu(norm(one(x)))))
        return last(F.hardswish(two(F.hardswish(one(x)))))

    found = xc.deeplift(model, X, 2, baseline=START)
    rows = []
    with torch.no_grad():
        for x, x0 in zip(X, START, strict=True):
            c = torch.diag(x - x0) @ one.weight.T  # (inputs, units)
            z, z0 = one(x), one(x0)
            if kind == "glu":
                a, b = c[:, :4], c[:, 4:]
                g, g0 = z[4:].sigmoid(), z0[4:].sigmoid()
                gate = b * (g - g0) / (z[4:] - z0[4:])
                c = a * (g + g0) / 2 + gate * (z[:4] + z0[:4]) / 2
                rows.append(c @ last.weight[2, :4])
            elif kind == "gelu mlp":
                rows.append((c + mlp(c, z, z0, norm, two)) @ last.weight[2])
            else:
                for layer in (two, last):
                    c = c * (F.hardswish(z) - F.hardswish(z0)) / (z - z0) @ layer.weight.T
                    z, z0 = layer(F.hardswish(z)), layer(F.hardswish(z0))
                rows.append(c[:, 2])
    close(found, torch.stack(rows))
    close(found.sum(1), (model(X) - model(START))[:, 2])


def mlp(c, z, z0, norm, layer):
    """Carry contributions through a layer norm, a GELU and a layer."""
    e, e0 = z - z.mean(), z0 - z0.mean()
    ce = c - c.mean(1, keepdim=True)
    v, v0 = (e**2).mean() + norm.eps, (e0**2).mean() + norm.eps
    cv = (ce * (e + e0)).mean(1, keepdim=True)
    r, r0 = v**-0.5, v0**-0.5
    cr = cv * (r - r0) / (v - v0)
    c = (ce * (r + r0) / 2 + cr * (e + e0) / 2) * norm.weight
    y, y0 = norm(z), norm(z0)
    return c * (F.gelu(y) - F.gelu(y0)) / (y - y0) @ layer.weight.T


# ---- softmax, norms, attention -------------------------------------------------------------------


def test_softmax_equals_a_loop_and_never_overflows(close):
    z, z0 = 3 * X, 3 * START
    found = xc.deeplift(lambda z: z.softmax(1), z, 2, baseline=z0)
    rows = []
    for a, b in zip(z, z0, strict=True):
        e, e0 = a.exp(), b.exp()
        k = (e - e0) / (a - b)
        share = k * (e.sum().log() - e0.sum().log()) / (e.sum() - e0.sum())  # of log sum exp
        y, y0 = e / e.sum(), e0 / e0.sum()
        last = (y[2] - y0[2]) / (y[2].log() - y0[2].log())
        one = torch.zeros(6).double()
        one[2] = 1
        rows.append(last * (one - share) * (a - b))
    close(found, torch.stack(rows))
    for size in (1e3, 1e5):
        huge = xc.deeplift(lambda z: z.log_softmax(1), size * X, 2, baseline=size * START)
        lo, hi = (size * START).log_softmax(1)[:, 2], (size * X).log_softmax(1)[:, 2]
        close(huge.sum(1), hi - lo)
    shifted = xc.deeplift(lambda z: z.softmax(1), X, 2, baseline=X - 30.0)
    assert float(shifted.abs().max()) < 30  # exp(z) / sum exp(z) would give numbers of 1e10


NORMS = {
    "layer": nn.LayerNorm([4, 5, 5]),
    "group": nn.GroupNorm(2, 4),
    "one group": nn.GroupNorm(1, 4),
    "instance": nn.InstanceNorm2d(4, affine=True),
    "rms": nn.RMSNorm([5, 5]),
    "local response": nn.LocalResponseNorm(3, alpha=0.5),
}


@pytest.mark.parametrize("name", NORMS)
def test_norms_are_complete_and_keep_a_shift_out(name, close):
    torch.manual_seed(0)
    norm = NORMS[name].double()
    for p in norm.parameters():
        p.data = torch.randn_like(p)
    net = nn.Sequential(nn.Conv2d(2, 4, 3), norm, nn.GELU(), nn.Flatten(), nn.Linear(100, 3))
    net = net.double().eval()
    x, start = numbers(2, 2, 7, 7), numbers(2, 2, 7, 7, turn=1.7)
    found = xc.deeplift(net, x, 1, baseline=start, return_details=True)
    assert float(found.relative_gap.max()) < 1e-10
    close(found.values.flatten(1).sum(1), (net(x) - net(start))[:, 1].detach())
    plain = xc.input_x_gradient(net, x, 1, baseline=start)
    assert relative_error(plain, found.values) > 0.05


class Attention(nn.Module):
    """One head: written out, or in one call."""

    def __init__(self, call="written out"):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, 4).double() for _ in range(3))
        self.last, self.call = nn.Linear(4, 3).double(), call

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        if self.call == "one call":
            return self.last(F.scaled_dot_product_attention(q, k, v)).mean(1)
        a = q @ k.mT / 2
        if self.call == "einsum":
            a = torch.einsum("ntd,nsd->nts", q, k) / 2
        if self.call == "causal":
            a = a.masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
        return self.last(a.softmax(-1) @ v).mean(1)


@pytest.mark.parametrize("call", ["written out", "einsum", "causal"])
def test_attention_written_out_is_exact(call, close):
    torch.manual_seed(0)
    net, x, start = Attention(call), numbers(2, 5, 6), numbers(2, 5, 6, turn=1.3)
    found = xc.deeplift(net, x, 1, baseline=start)
    close(found.flatten(1).sum(1), (net(x) - net(start))[:, 1].detach())


def test_attention_in_one_call_is_refused_and_the_advice_works(close):
    torch.manual_seed(0)
    net, x = Attention("one call"), numbers(2, 5, 6)
    with pytest.raises(UnsupportedOperationError, match=r"transformers; write it out.*softmax\(q"):
        xc.deeplift(net, x, 1)
    heads = nn.MultiheadAttention(6, 2, batch_first=True).double().eval()
    with pytest.raises(UnsupportedOperationError, match=r"attention \(multi_head.*transformers"):
        xc.deeplift(lambda x: heads(x, x, x)[0].mean(1), x, 1)
    net.call = "written out"
    close(xc.deeplift(net, x, 1).flatten(1).sum(1), (net(x) - net(0 * x))[:, 1].detach())
    assert torch.isfinite(xc.integrated_gradients(heads_of(heads), x, 1, steps=4)).all()


def heads_of(heads):
    return lambda x: heads(x, x, x)[0].mean(1)


# ---- recurrent layers ----------------------------------------------------------------------------


class Recurrent(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.last = layer.double(), nn.Linear(4, 3).double()

    def forward(self, x):
        return self.last(self.layer(x)[0][:, -1])


@pytest.mark.fault("K10")
@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(6, 4, 2, batch_first=True),
        nn.LSTM(6, 2, bidirectional=True, batch_first=True),
        nn.GRU(6, 4, batch_first=True),
        nn.RNN(6, 4, batch_first=True),
        nn.RNN(6, 4, batch_first=True, nonlinearity="relu"),
    ],
)
@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel"])
def test_recurrent_layers_are_refused_as_such(layer, rule):
    with pytest.raises(UnsupportedOperationError, match=r"recurrent layers.*integrated_gradients"):
        xc.deeplift(Recurrent(layer).eval(), numbers(2, 5, 6), 1, rule=rule)


@pytest.mark.fault("K10")
def test_their_steps_written_out_are_exact(close):
    """What the message advises, for an LSTM's cell."""
    cell, last, x = nn.LSTMCell(6, 4).double(), nn.Linear(4, 3).double(), numbers(2, 5, 6)

    def model(x, in_one_call=False):
        h = c = x.new_zeros(len(x), 4)
        for t in range(5):
            if in_one_call:
                h, c = cell(x[:, t], (h, c))
                continue
            i = F.linear(x[:, t], cell.weight_ih, cell.bias_ih)
            i, f, g, o = (i + F.linear(h, cell.weight_hh, cell.bias_hh)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return last(h)

    with pytest.raises(UnsupportedOperationError, match=r"recurrent layers \(lstm_cell\).*write"):
        xc.deeplift(lambda x: model(x, True), x, 1)
    close(model(x), model(x, True))
    found = xc.deeplift(model, x, 1)
    close(found.flatten(1).sum(1), (model(x) - model(0 * x))[:, 1].detach())


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (lambda z: z[:, :, None] * z.mean(1), "rows of x on the first axis of both factors"),
        (lambda z: z * (z @ z.T).mean(), r"first axis of both factors of matmul\(\)"),
        (lambda z: torch.einsum("nk,mk->nm", z, z) @ z, "both factors of einsum"),
        (lambda z: z / z.mean(0), "rows of x on the first axis"),
        (lambda z: torch.maximum(z, z.flip(1)), "'maximum'"),
        (lambda z: z ** z.abs(), "'pow'"),
        (lambda z: F.conv1d(z[None], z[:, None, :3], groups=len(z))[0], "multiplied"),
        (lambda z: torch.vmap(torch.relu)(z), r"has a rule for 'relu', but .*vmap.*F\.relu"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(part, named):
    def model(x):
        h = part(F.linear(x, ONE, OFFSET))
        return h.flatten(1)[:, :1] + h.sum() * 0

    with pytest.raises(UnsupportedOperationError, match=named):
        xc.deeplift(model, X, 0)


@pytest.mark.parametrize("part", [F.gelu, lambda z: z * z.tanh(), lambda z: z.softmax(1)])
def test_reveal_cancel_says_what_it_covers(part, close):
    model = lambda x: F.linear(part(F.linear(x, ONE, OFFSET)), TWO)  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"RevealCancel|multiplied"):
        xc.deeplift(model, X, 1, rule="reveal_cancel")
    close(xc.deeplift(model, X, 1).sum(1), (model(X) - model(0 * X))[:, 1])


# ---- outputs -------------------------------------------------------------------------------------


@pytest.mark.fault("K10")
@pytest.mark.parametrize("shape", ["list", "tuple", "dict of lists"])
@pytest.mark.parametrize("classes", [3, 4, 6])  # with 4, a row's scores are as many as the points
def test_an_output_for_each_row(shape, classes, close):
    W = numbers(classes, 6)

    def model(x):
        rows = [{"scores": row, "more": "text"} for row in F.gelu(F.linear(x, W))]
        if shape == "dict of lists":
            return {"scores": [row["scores"] for row in rows]}
        return rows if shape == "list" else tuple(rows)

    def target(outputs, rows):
        if shape == "dict of lists":
            return torch.stack([scores[1] for scores in outputs["scores"]])
        return torch.stack([row["scores"][1] for row in outputs])

    plain = lambda x: F.gelu(F.linear(x, W))  # noqa: E731
    expected = xc.deeplift(plain, X[:2], 1, baseline=START[:2])
    close(xc.deeplift(model, X[:2], target, baseline=START[:2]), expected)


@pytest.mark.fault("K10")
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_as_many_outputs_as_points_are_not_rows(rows, close):
    """For one row [x; x'] are two points, and (logits, features) are two outputs."""
    plain = lambda x: F.gelu(F.linear(x, ONE))  # noqa: E731
    model = lambda x: tuple(plain(x) * k for k in range(1, 2 * rows + 1))  # noqa: E731
    expected = xc.deeplift(plain, X[:rows], 1, baseline=START[:rows])
    found = xc.deeplift(model, X[:rows], xc.targets.item(0, 1), baseline=START[:rows])
    close(found, expected)


# ---- whole nets ----------------------------------------------------------------------------------

NETS = {
    **{"resnet18": 64, "convnext_tiny": 64, "efficientnet_b0": 64, "efficientnet_v2_s": 64},
    **{"mobilenet_v2": 64, "mobilenet_v3_small": 64, "regnet_x_400mf": 64, "regnet_y_400mf": 64},
    **{"densenet121": 64, "vgg11_bn": 32, "googlenet": 64, "inception_v3": 96, "swin_t": 64},
    **{"shufflenet_v2_x0_5": 64, "mnasnet0_5": 64, "squeezenet1_1": 64, "resnext50_32x4d": 64},
    "swin_v2_t": 64,
}


@pytest.mark.parametrize("name", NETS)
def test_whole_nets_are_complete_without_allow(name):
    torch.manual_seed(0)
    more = {"init_weights": False, "aux_logits": False}
    more = more if name in ("googlenet", "inception_v3") else {}
    model = getattr(torchvision.models, name)(weights=None, **more).double().eval()
    x, start = (torch.rand(1, 3, NETS[name], NETS[name]).double() for _ in range(2))
    found = xc.deeplift(model, x, 3, baseline=start, return_details=True)
    with torch.no_grad():
        rise = float((model(x) - model(start))[0, 3])
    assert abs(float(found.values.sum()) - rise) < 1e-8 * abs(rise)
    assert float(found.relative_gap.max()) < 1e-8
