"""Bias backpropagation through attention in one call, lengths and class tokens."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.test_bias_backprop import ALPHAS, conserves
from xaicourse.core.operations import UnsupportedOperationError

X = torch.cos(torch.arange(60, dtype=torch.float64)).view(2, 5, 6)  # (N, tokens, d)
BLOCKED = torch.zeros(5, 5, dtype=torch.bool)
BLOCKED[0, 1] = BLOCKED[2, :2] = BLOCKED[4, 3] = True
ADDED = torch.zeros(5, 5, dtype=torch.float64).masked_fill(BLOCKED, -math.inf)
WEIGHED = torch.sin(torch.arange(25, dtype=torch.float64)).view(5, 5)
CAUSAL = torch.zeros(5, 5, dtype=torch.float64).masked_fill(
    ~torch.ones(5, 5).tril().bool(), -math.inf
)


def by_hand(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    scores = q @ k.mT * scale
    return (scores if mask is None else scores + mask).softmax(-1) @ v


class Attends(nn.Module):
    """Two heads of attention between linear layers, by a function of q, k, v."""

    def __init__(self, attend, heads_of_k: int = 2) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.q, self.last = nn.Linear(6, 6), nn.Linear(6, 3)
            self.k, self.v = (nn.Linear(6, 3 * heads_of_k) for _ in range(2))
        self.attend = attend
        self.double().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (-1, 3)).transpose(1, 2) for f in (self.q, self.k, self.v))
        return self.last(self.attend(q, k, v).transpose(1, 2).flatten(2)).tanh().mean(1)


CALLS = {
    "plain": ({}, None, 3**-0.5),
    "a scale": ({"scale": 0.3}, None, 0.3),
    "places that take part": ({"attn_mask": ~BLOCKED}, ADDED, 3**-0.5),
    "an added mask": ({"attn_mask": WEIGHED}, WEIGHED, 3**-0.5),
    "causal": ({"is_causal": True}, CAUSAL, 3**-0.5),
}


@pytest.mark.fault("R4")
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(("given", "mask", "scale"), CALLS.values(), ids=CALLS)
def test_attention_in_one_call_is_what_it_is_made_of(given, mask, scale, alpha, close):
    whole = Attends(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **given))
    parts = Attends(lambda q, k, v: by_hand(q, k, v, mask, scale))
    close(conserves(whole, X, 1, alpha=alpha), xc.bias_backprop(parts, X, 1, alpha=alpha))


@pytest.mark.fault("R4")
def test_two_heads_share_one_key(close):
    whole = Attends(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True), 1)
    parts = Attends(
        lambda q, k, v: by_hand(q, k.repeat(1, 2, 1, 1), v.repeat(1, 2, 1, 1), None, 3**-0.5), 1
    )
    close(conserves(whole, X, 1), xc.bias_backprop(parts, X, 1))


class Layer(nn.Module):
    """nn.MultiheadAttention, or what it says that it computes."""

    def __init__(self, by_hand: bool, **settings) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.inner = nn.MultiheadAttention(6, 2, batch_first=True, **settings)
            self.last = nn.Linear(6, 3)
            for bias in (self.inner.in_proj_bias, self.inner.out_proj.bias):
                nn.init.uniform_(bias, -0.5, 0.5)
        self.by_hand = by_hand
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        gone = torch.tensor([[False] * 4 + [True]]).expand(len(x), 5)
        if not self.by_hand:
            y = self.inner(x, x, x, key_padding_mask=gone, attn_mask=BLOCKED)[0]
            return self.last(y).tanh().mean(1)
        weights, biases = self.inner.in_proj_weight.chunk(3), self.inner.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, w, b).unflatten(-1, (2, 3)).transpose(1, 2)
            for w, b in zip(weights, biases, strict=True)
        )
        mask = ADDED.masked_fill(gone[:1], -math.inf)
        y = by_hand(q, k, v, mask, 3**-0.5).transpose(1, 2).flatten(2)
        return self.last(self.inner.out_proj(y)).tanh().mean(1)


@pytest.mark.fault("R4")
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_layer_of_heads_is_what_it_is_made_of(alpha, close):
    close(
        conserves(Layer(False), X, 2, alpha=alpha),
        xc.bias_backprop(Layer(True), X, 2, alpha=alpha),
    )


@pytest.mark.fault("R4")
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("x", [X, X.float()], ids=["float64", "float32"])
def test_an_encoder(batch_first, x):
    with torch.random.fork_rng():
        torch.manual_seed(2)
        inner = nn.TransformerEncoderLayer(6, 2, 8, batch_first=batch_first).to(x.dtype).eval()
    turn = (lambda t: t) if batch_first else (lambda t: t.transpose(0, 1))
    conserves(lambda x: turn(inner(turn(x))).mean(1), x, 1, tolerance=1e-4 if x.dtype !=
              torch.float64 else 1e-10)  # fmt: skip


def test_a_row_that_sees_nothing_is_refused():
    """torch gives 0 there, softmax NaN."""
    none = torch.zeros(5, 5, dtype=torch.bool)
    model = Attends(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=none))
    with pytest.raises(UnsupportedOperationError, match=r"all masked.*write it out in the model"):
        xc.bias_backprop(model, X, 1)


def test_a_layer_with_a_bias_among_its_keys_is_refused():
    with pytest.raises(UnsupportedOperationError, match=r"multi_head_attention_forward.*fullgrad"):
        xc.bias_backprop(Layer(False, add_bias_kv=True), X, 2)


LENGTHS = {
    "normalize": (
        lambda h: F.normalize(h, dim=-1),
        lambda h: h / (h * h).sum(-1, keepdim=True).sqrt().clamp_min(1e-12),
    ),
    "glu": (lambda h: F.glu(h, -1), lambda h: h[..., :3] * h[..., 3:].sigmoid()),
    "std": (
        lambda h: h.std(-1),
        lambda h: (
            ((h - h.mean(-1, keepdim=True)) * (h - h.mean(-1, keepdim=True))).sum(-1) / 5
        ).sqrt(),
    ),
}


@pytest.mark.fault("R4")
@pytest.mark.parametrize(("whole", "parts"), LENGTHS.values(), ids=LENGTHS)
def test_lengths_and_gates_are_what_they_are_made_of(whole, parts):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        layer = nn.Linear(6, 6).double()
    for f in (whole, parts):
        conserves(lambda x, f=f: f(layer(x)).flatten(1).sum(1), X)


# ---- class tokens --------------------------------------------------------------------------------


def test_what_falls_on_a_class_token_goes_to_all_tokens_alike(close):
    """The token brings 6; it has no input, so each of the three others gets 2."""
    token = torch.tensor([[[6.0]]], dtype=torch.float64)
    model = lambda x: torch.cat([token.expand(len(x), 1, 1), x[..., None]], 1).sum((1, 2))  # noqa: E731
    x = torch.tensor([[1.0, 5.0, 0.0], [2.0, 2.0, 1.0]], dtype=torch.float64)
    close(conserves(model, x), torch.full((2, 3), 2.0))


@pytest.mark.fault("R4")
@pytest.mark.parametrize("way", ["cat", "stack"])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_class_token_read_after_attention(way, alpha):
    net = Attends(lambda q, k, v: F.scaled_dot_product_attention(q, k, v))

    def model(x: Tensor) -> Tensor:
        token = torch.ones(len(x), 6).to(x)
        if way == "cat":
            return net(torch.cat([token[:, None], x], 1) + 0.5)
        return net(torch.stack([token, *x.unbind(1)], 1) + 0.5)

    beta = conserves(model, X, 1, alpha=alpha)
    assert float((beta[0] - beta[1]).abs().max()) > 0  # row by row
    alone = xc.bias_backprop(model, X[1:], 1, alpha=alpha)
    assert float((beta[1:] - alone).norm()) <= 1e-12 * float(alone.norm())


# ---- masks of -inf -------------------------------------------------------------------------------


@pytest.mark.fault("R4")
@pytest.mark.parametrize("mask", [ADDED, CAUSAL], ids=["some places", "causal"])
def test_a_mask_of_minus_infinity_by_hand(mask, close):
    """0 times -inf is no number, but what is masked brings nothing."""
    model = Attends(lambda q, k, v: by_hand(q, k, v, mask, 0.5))
    finite = Attends(lambda q, k, v: by_hand(q, k, v, mask.clamp(min=-1e3), 0.5))
    close(xc.fullgrad_decomposition(model, X, 1).sum(1), xc.scores(model, X, 1))
    close(xc.fullgrad_decomposition(model, X, 1).sum(1),
          xc.fullgrad_decomposition(finite, X, 1).sum(1))  # fmt: skip
