"""LRP passes activations on, gives gates nothing, and refuses products of two signals."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import (
    B1,
    DOUBLE,
    W1,
    W2,
    C,
    X,
    as_it_is,
    books_are_even,
    first,
    gradient_x_input,
    last,
    passed,
    second,
    waves,
    zero_rule,
)
from xaicourse.core.operations import UnsupportedOperationError

# ---- activations ---------------------------------------------------------------------------------

ACTIVATIONS = {
    "gelu": F.gelu,
    "gelu by tanh": lambda h: F.gelu(h, approximate="tanh"),
    "silu": nn.SiLU(),
    "hardswish": nn.Hardswish(),
    "mish": F.mish,
    "selu": torch.selu,
    "celu": nn.CELU(0.7),
    "elu": nn.ELU(),
    "prelu": lambda h: F.prelu(h, torch.full((1,), 0.3, dtype=DOUBLE)),
    "prelu by channel": lambda h: torch.prelu(h, C.abs()),
    "leaky": nn.LeakyReLU(0.2),
    "hardsigmoid": F.hardsigmoid,
    "hardtanh": nn.Hardtanh(),
    "clamp": lambda h: h.clamp(-0.5, 0.4),
    "clamp by tensors": lambda h: torch.clamp(h, -C.abs(), C.abs()),
    "softsign": F.softsign,
    "softplus": nn.Softplus(2.0),
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "threshold": nn.Threshold(0.3, 0.1),
    "exp": torch.exp,
    "square": lambda h: h.square(),
    "cube": lambda h: h**3,
    "1 / h": lambda h: 1 / h,
    "c / h": lambda h: torch.div(C, h),
}


@pytest.mark.fault("R6")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_passes_relevance_on(name, close):
    f = ACTIVATIONS[name]
    model = lambda z: last(f(first(z)))  # noqa: E731
    plain = lambda z: last(passed(f, first(z)))  # noqa: E731
    found = zero_rule(model)
    close(found.values, xc.input_x_gradient(plain, X, 1), 1e-9)
    books_are_even(found, model, close)


SPELLED_OUT = {
    "silu": (F.silu, lambda h: h * torch.sigmoid(h)),
    "silu, turned": (F.silu, lambda h: torch.mul(input=h.sigmoid(), other=h)),
    "silu, in place": (F.silu, lambda h: h.mul_(h.sigmoid())),
    "silu, inplace=True": (F.silu, lambda h: F.silu(h, inplace=True)),
    "silu, quotient": (F.silu, lambda h: h / (1 + torch.exp(-h))),
    "mish": (F.mish, lambda h: h * F.softplus(h).tanh()),
    "hardswish": (F.hardswish, lambda h: h * F.relu6(h + 3) / 6),
    "hardswish, other order": (F.hardswish, lambda h: F.hardtanh(h + 3, 0.0, 6.0) / 6 * h),
    "hardswish, in place": (F.hardswish, lambda h: h.mul_(F.relu6(h + 3.0).div_(6.0))),
    "gelu": (F.gelu, lambda h: 0.5 * h * (1 + torch.erf(h / 2**0.5))),
    "gelu, turned": (F.gelu, lambda h: (1 + (h * 2**-0.5).erf()) * h * 0.5),
    "new gelu": (
        lambda h: F.gelu(h, approximate="tanh"),
        lambda h: (
            0.5 * h * (1.0 + torch.tanh((2 / torch.pi) ** 0.5 * (h + 0.044715 * torch.pow(h, 3.0))))
        ),
    ),
    "softsign": (F.softsign, lambda h: h / (1 + h.abs())),
    "square": (torch.square, lambda h: h * h),
    "cube": (lambda h: h**3, lambda h: h * h.square()),
}


@pytest.mark.fault("R6")
@pytest.mark.parametrize("rules", ["zero", "epsilon", "z_plus", "gamma"])
@pytest.mark.parametrize("name", SPELLED_OUT)
def test_an_activation_that_is_written_out_is_the_same(name, rules, close):
    f, written = SPELLED_OUT[name]
    found = xc.lrp(lambda z: last(written(first(z))), X, 1, rules=rules)
    plain = xc.lrp(lambda z: last(f(first(z))), X, 1, rules=rules)
    close(found, plain, 1e-4 if rules == "epsilon" else 1e-9)  # 0.5 * layer has half the epsilon


def test_an_activation_behind_a_batch_norm_leaves_it_with_its_layer(close):
    """u tanh(u) hands relevance to u, not past the batch-norm that made u."""
    norm = lambda h: F.batch_norm(h, C, C.abs() + 0.1, 0.3 + C, B1)  # noqa: E731
    for rules in ("z_plus", "gamma"):
        written = lambda z: last((u := norm(first(z))) * F.softplus(u).tanh())  # noqa: E731
        found = xc.lrp(written, X, 1, rules=rules)
        close(found, xc.lrp(lambda z: last(F.mish(norm(first(z)))), X, 1, rules=rules), 1e-9)


# ---- gates ---------------------------------------------------------------------------------------

SIGMOID, HARD = torch.sigmoid, F.hardsigmoid
K2 = waves(4, 4, turn=3.0)


def halves(z):
    return first(z), second(z)


# the signal times a gate: (as it is written, with the gate held fast)
GATES = {
    "signal first": lambda a, b, fixed: a * fixed(SIGMOID(b)),
    "gate first": lambda a, b, fixed: fixed(SIGMOID(b)) * a,
    "torch.mul": lambda a, b, fixed: torch.mul(other=a, input=fixed(b.sigmoid())),
    "module": lambda a, b, fixed: a.multiply(fixed(nn.Sigmoid()(b))),
    "in place": lambda a, b, fixed: a.clone().mul_(fixed(torch.special.expit(b))),
    "in place operator": lambda a, b, fixed: a.__imul__(fixed(F.hardsigmoid(b))),
    "hard": lambda a, b, fixed: a * fixed(nn.Hardsigmoid(inplace=True)(b.clone())),
    "relu6": lambda a, b, fixed: a * fixed(F.relu6(b + 3) / 6),
    "relu6 in place": lambda a, b, fixed: a * fixed(b.clone().add_(3.0).clamp_(0.0, 6.0).div_(6.0)),
    "clamp": lambda a, b, fixed: fixed((b / 6 + 0.5).clamp(0, 1)) * a,
    "hardtanh": lambda a, b, fixed: fixed(F.hardtanh(b + 0.5, 0.0, 1.0)) * a,
    "hardtanh, moved afterwards": lambda a, b, fixed: fixed((F.hardtanh(b) + 1) / 2) * a,
    "shifted, then scaled": lambda a, b, fixed: fixed(((b + 2.5) * 0.2).clip(0.0, 1.0)) * a,
    "kept off 0": lambda a, b, fixed: fixed(SIGMOID(b).clamp(min=0.3)) * a,
    "softmax": lambda a, b, fixed: a * fixed(F.softmax(b, dim=1)),
    "softmax module": lambda a, b, fixed: a * fixed(nn.Softmax(-1)(b)),
    "by tanh": lambda a, b, fixed: a * fixed(0.5 * (1 + torch.tanh(b))),
    "by erf": lambda a, b, fixed: a * fixed((torch.erf(b) + 1) / 2),
    "1 - gate": lambda a, b, fixed: a * fixed(1 - SIGMOID(b)),
    "2 gate": lambda a, b, fixed: a * fixed(2 * SIGMOID(b)),
    "two gates": lambda a, b, fixed: a * fixed(SIGMOID(b) * SIGMOID(a)),
    "gate after gate": lambda a, b, fixed: a * fixed(SIGMOID(b)) * fixed(SIGMOID(a)),
    "turned": lambda a, b, fixed: a * fixed(SIGMOID(b).flip(1).roll(2, 1)),
    "cat": lambda a, b, fixed: a * fixed(torch.cat(SIGMOID(b).chunk(2, 1)[::-1], 1)),
    "view and expand": lambda a, b, fixed: (
        a.view(-1, 4, 2) * fixed(SIGMOID(b)[:, :4, None].expand(-1, 4, 2))
    ).flatten(1),
    "pooled": lambda a, b, fixed: (
        a.view(-1, 4, 2) * fixed(SIGMOID(b).view(-1, 4, 2).mean(-1, keepdim=True))
    ).flatten(1),
    "resized": lambda a, b, fixed: (
        a * fixed(F.interpolate(SIGMOID(b)[:, None, :4], scale_factor=2)[:, 0])
    ),
    "repeated signal": lambda a, b, fixed: a[:, :1] * fixed(SIGMOID(b)),
    "tanh is the signal": lambda a, b, fixed: tanh(a, fixed) * fixed(SIGMOID(b)),
    "glu": lambda a, b, fixed: (
        F.glu(torch.cat([a, b], 1), dim=1) if fixed is as_it_is else a * fixed(SIGMOID(b))
    ),
    "glu module": lambda a, b, fixed: (
        nn.GLU()(torch.cat([a, b], 1)) if fixed is as_it_is else a * fixed(SIGMOID(b))
    ),
    "glu of the rows before the last axis": lambda a, b, fixed: (
        F.glu(torch.stack([a, b], 1), 1)[:, 0] if fixed is as_it_is else a * fixed(SIGMOID(b))
    ),
    "chunk": lambda a, b, fixed: (
        (parts := torch.cat([a, b], 1).chunk(2, 1))[0] * fixed(parts[1].sigmoid())
    ),
    "slices, in place": lambda a, b, fixed: (
        (h := torch.cat([a, b], 1))[:, :8].clone().mul_(fixed(h[:, 8:].sigmoid()))
    ),
    "highway": lambda a, b, fixed: (g := fixed(SIGMOID(b))) * tanh(a, fixed) + (1 - g) * b,
    "faded": lambda a, b, fixed: torch.lerp(a, b, fixed(SIGMOID(a))),
    "weights of two": lambda a, b, fixed: (
        torch.stack([a, b], 1) * fixed(torch.stack([b, a], 1).softmax(1))
    ).sum(1),
    "a part of the signal": lambda a, b, fixed: torch.cat(
        [a[:, :4] * fixed(SIGMOID(b[:, :4])), a[:, 4:]], 1
    ),
    "squeeze and excite": lambda a, b, fixed: (
        a.view(-1, 4, 2)
        * fixed(F.linear(F.silu(F.linear(a.view(-1, 4, 2).mean(2), K2)), K2).sigmoid()[..., None])
    ).flatten(1),
}


def tanh(h, fixed):
    return torch.tanh(h) if fixed is as_it_is else passed(torch.tanh, h)


@pytest.mark.fault("R7")
@pytest.mark.parametrize("name", GATES)
def test_a_gate_gets_nothing_however_it_is_written(name, close):
    part = GATES[name]
    model = lambda z: last(part(*halves(z), as_it_is))  # noqa: E731
    plain = lambda z: last(part(*halves(z), torch.detach))  # noqa: E731
    found = zero_rule(model)
    close(found.values, gradient_x_input(plain, X), 1e-9)
    books_are_even(found, model, close)


@pytest.mark.parametrize("rules", ["epsilon", "z_plus", "gamma", "alpha_beta"])
def test_a_gate_is_a_constant_to_every_rule(rules, close):
    """The rule sees the same net with the gate's numbers as a constant factor."""
    gate = second(X).sigmoid()
    fixed = lambda z, rows: last(first(z).relu() * gate[rows])  # noqa: E731
    found = xc.lrp(lambda z: last(first(z).relu() * second(z).sigmoid()), X, 1, rules=rules)
    rows = [
        xc.lrp(lambda z, i=i: fixed(z, slice(i, i + 1)), X[i : i + 1], 1, rules=rules)
        for i in range(len(X))
    ]
    close(found, torch.cat(rows), 1e-9)


TWO_SIGNALS = {
    "product": lambda a, b: a * b,
    "star": lambda a, b: F.relu6(a) * b,
    "relu": lambda a, b: a.relu() * b,
    "a signal that was clamped": lambda a, b: a.clamp(0, 1) * F.softplus(b),
    "a signal between 0 and 1": lambda a, b: (F.relu6(a) / 6) * b,
    "a signal as a weight": lambda a, b: torch.lerp(a, b, F.hardtanh(a, 0.0, 1.0)),
    "a threshold that changes the sign": lambda a, b: F.threshold(SIGMOID(a), 0.5, -3.0) * b,
    "two gates": lambda a, b: SIGMOID(a) * SIGMOID(b),
    "a gate of both signs": lambda a, b: a * (2 * SIGMOID(b) - 1),
    "tanh": lambda a, b: a * torch.tanh(b),
    "a gate that grew": lambda a, b: a * (SIGMOID(b) + b),
    "a gate through a layer": lambda a, b: a * F.linear(SIGMOID(b), W2),
    "a gate that was written into": lambda a, b: a * written_into(SIGMOID(b), b),
    "a gate beside a constant": lambda a, b: (
        a * torch.cat([SIGMOID(b[:, 1:]), 2 + 0 * b[:, :1]], 1)
    ),
    "the mean": lambda a, b: a * a.mean(1, keepdim=True),
    "turned": lambda a, b: a * a.flip(1),
    "divided by a gate": lambda a, b: a / SIGMOID(b),
    "deviation": lambda a, b: a * a.std(1, keepdim=True),
    "of another": lambda a, b: a / b.std(1, keepdim=True),
    "modulated norm": lambda a, b: F.layer_norm(a, (8,)) * (1 + b),
    "addcmul": lambda a, b: torch.addcmul(a, b, a),
    "lerp": lambda a, b: torch.lerp(a, b, a),
    "matrix": lambda a, b: torch.bmm(a.view(-1, 2, 4), b.view(-1, 4, 2)).flatten(1).repeat(1, 2),
    "einsum": lambda a, b: torch.einsum("ni,ni->ni", a, b),
    "bilinear": lambda a, b: F.bilinear(a, b, waves(8, 8, 8)),
}


def written_into(gate, b):
    gate[:, :4] = b[:, :4]
    return gate


@pytest.mark.fault("R7")
@pytest.mark.parametrize("method", [xc.lrp, xc.deep_taylor])
@pytest.mark.parametrize("name", TWO_SIGNALS)
def test_two_signals_are_refused_by_name(name, method):
    with pytest.raises(UnsupportedOperationError, match=r"multiplied|operation '"):
        method(lambda z: last(TWO_SIGNALS[name](first(z), second(z))), X.square(), 1)


# ---- what is refused -----------------------------------------------------------------------------


def fused_attention(z):
    q, k, v = (F.linear(z, W1).view(-1, 2, 4) for _ in range(3))
    return last(F.scaled_dot_product_attention(q, k, v).flatten(1))


def written_attention(z):
    q, k, v = (F.linear(z, W1).view(-1, 2, 4) for _ in range(3))
    return last(((q @ k.mT / 2).softmax(-1) @ v).flatten(1))


@pytest.mark.fault("R8")
def test_attention_is_refused_and_the_advice_works(close):
    """The message sends to the written form with allow=, and that is gradient x input there."""
    with pytest.raises(UnsupportedOperationError, match="lesson on transformers") as caught:
        xc.lrp(fused_attention, X, 1)
    close(fused_attention(X), written_attention(X), 1e-12)
    allow = re.search(r"allow=(\(.*?\))", str(caught.value))
    found = xc.lrp(written_attention, X, 1, rules="zero", allow=eval(allow[1]), return_details=True)
    close(found.values, xc.input_x_gradient(written_attention, X, 1), 1e-9)
    books_are_even(found, written_attention, close)
    with pytest.raises(UnsupportedOperationError, match=r"attention.*lesson on transformers"):
        xc.lrp(written_attention, X, 1)


BEYOND_DEEP_TAYLOR = {
    "gelu": (F.gelu, "'gelu'"),
    "silu": (nn.SiLU(), "'silu'"),
    "hardswish": (F.hardswish, "'hardswish'"),
    "a written activation": (lambda h: h * torch.sigmoid(h), "multiplied"),
    "a gate": (lambda h: h * F.linear(h, W2).sigmoid(), "multiplied"),
    "glu": (lambda h: F.glu(torch.cat([h, h], 1)), "'glu'"),
    "layer norm": (lambda h: F.layer_norm(h, (8,)), "'native_layer_norm'|'layer_norm'"),
    "normalize": (F.normalize, "multiplied|norm"),
}


@pytest.mark.parametrize("name", BEYOND_DEEP_TAYLOR)
def test_deep_taylor_keeps_to_its_theory(name):
    part, says = BEYOND_DEEP_TAYLOR[name]
    with pytest.raises(UnsupportedOperationError, match=says):
        xc.deep_taylor(lambda z: last(part(first(z))), X.square(), 1)
    xc.lrp(lambda z: last(part(first(z))), X.square(), 1, rules="z_box")  # as the message says
