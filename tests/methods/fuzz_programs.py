"""Random programs, each written in two ways: plainly, and in legal spellings that are easy to miss.

A program is a list of steps; `Program(steps, plain=True)` computes it without views that are
written to and without anything in place, `plain=False` in the spelling that each step has drawn.
Both are one function of x with the same weights, so a method must give the same answer, or refuse.

    python -m tests.methods.fuzz_programs PROGRAMS FIRST_SEED METHODS_EACH [--store]

With `--store` the counts go to benchmarks/results/fuzz.md.
"""

import platform
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import xaicourse as xc
from tests.methods.carried import deeplift_carried

TOLERANCE = 1e-9
RESULT = Path(__file__).parents[2] / "benchmarks/results/fuzz.md"
CHANNELS, CLASSES, ROWS = 3, 3, 2
FEATURES = CHANNELS * 4  # behind the pool in the middle


@dataclass(frozen=True)
class Step:
    """One operation: its kind, the spelling that was drawn, and what its numbers are drawn from."""

    kind: str
    spelling: int
    number: int  # of its weights; two steps of one number share a layer

    def __repr__(self) -> str:
        return f"{self.kind}[{KINDS[self.kind][self.spelling + 1].__name__}]#{self.number}"


def vector(h: Tensor, number: int) -> Tensor:
    """Return one number near 1 for each channel, so that it broadcasts to h."""
    made = torch.rand(h.shape[1], generator=torch.Generator().manual_seed(number)) + 0.5
    return made.double().view(-1, *[1] * (h.dim() - 2))


# ---- the kinds: first the plain way, then its spellings ------------------------------------------
#
# Each takes (h, step, layer) and returns the new h; they may do to h what they like.

Way = Callable[[Tensor, Step, Any], Tensor]
KINDS: dict[str, list[Way]] = {}


def plain(kind: str) -> Callable[[Way], Way]:
    def note(way: Way) -> Way:
        KINDS[kind] = [way]
        return way

    return note


def spelled(kind: str) -> Callable[[Way], Way]:
    def note(way: Way) -> Way:
        KINDS[kind].append(way)
        return way

    return note


@plain("relu")
def relu(h, step, layer):
    return F.relu(h)


@spelled("relu")
def relu_module(h, step, layer):
    return nn.ReLU(inplace=True)(h)


@spelled("relu")
def relu_result_ignored(h, step, layer):
    F.relu_(h)
    return h


@spelled("relu")
def relu_clamp_in_place(h, step, layer):
    return h.clamp_(min=0)


@spelled("relu")
def relu_through_a_view(h, step, layer):
    h = h.contiguous()
    h.view(len(h), -1).relu_()
    return h


@spelled("relu")
def relu_view_of_before(h, step, layer):
    h = h.contiguous()
    v = h.view(len(h), -1)
    h.relu_()
    return v.view(h.shape)


@spelled("relu")
def relu_turned_view(h, step, layer):
    h.transpose(0, 1).relu_()
    return h


@spelled("relu")
def relu_in_two_slices(h, step, layer):
    h[:, :2].clamp_min_(0)
    h[:, 2:].clamp_(min=0)
    return h


@spelled("relu")
def relu_set(h, step, layer):
    h[:] = h.relu()
    return h


@spelled("relu")
def relu_into_an_empty_tensor(h, step, layer):
    out = torch.empty_like(h)
    out[:, :1] = h[:, :1].relu()
    out[:, 1:] = torch.relu(h[:, 1:])
    return out


@spelled("relu")
def relu_copied_into_zeros(h, step, layer):
    out = torch.zeros_like(h)
    out.copy_(h)
    return out.relu_()


@spelled("relu")
def relu_mask(h, step, layer):
    return h * (h > 0)


@spelled("relu")
def relu_where(h, step, layer):
    return torch.where(h > 0, h, torch.zeros_like(h))


@spelled("relu")
def relu_masked_fill(h, step, layer):
    return h.masked_fill_(h < 0, 0.0)


@spelled("relu")
def relu_by_indices(h, step, layer):
    return h * (torch.stack([h, torch.zeros_like(h)]).max(0).indices == 0)


@spelled("relu")
def relu_by_sorting(h, step, layer):
    return h * (torch.stack([torch.zeros_like(h), h]).sort(0).indices[0] == 0)


@spelled("relu")
def relu_by_numbers(h, step, layer):
    flat = torch.tensor([v > 0 for v in h.flatten().tolist()], dtype=h.dtype)
    return h * flat.view(h.shape)


@spelled("relu")
def relu_by_branches(h, step, layer):
    parts = [v if v > 0 else 0 * v for v in h.flatten()]
    return torch.stack(parts).view(h.shape)


@spelled("relu")
def relu_set_where_negative(h, step, layer):
    h[h < 0] = 0.0
    return h


@spelled("relu")
def relu_written_into_a_parameter(h, step, layer):
    g = nn.Parameter(torch.ones_like(h)).clone()
    g[:] = h
    return g * (g > 0)


@spelled("relu")
def relu_of_parameter_clone(h, step, layer):
    g = nn.Parameter(torch.ones_like(h)).clone()
    g[:, :2] = h[:, :2]
    g[:, 2:] = h[:, 2:]
    return g.relu_()


@plain("leaky")
def leaky(h, step, layer):
    return F.leaky_relu(h, 0.2)


@spelled("leaky")
def leaky_in_place(h, step, layer):
    return F.leaky_relu(h, 0.2, inplace=True)


@spelled("leaky")
def leaky_rest_of_batch(h, step, layer):
    h[:1] = F.leaky_relu(h[:1].clone(), 0.2)
    h[1:] = F.leaky_relu(h[1:].clone(), negative_slope=0.2)
    return h


@plain("relu of a part")
def part(h, step, layer):
    return torch.cat([h[:, :2].relu(), h[:, 2:]], 1)


@spelled("relu of a part")
def part_in_place(h, step, layer):
    h[:, :2].relu_()
    return h


@spelled("relu of a part")
def part_set(h, step, layer):
    h[:, :2] = h[:, :2].relu()
    return h


@spelled("relu of a part")
def part_narrow(h, step, layer):
    h.narrow(1, 0, 2).clamp_(min=0)
    return h


@spelled("relu of a part")
def part_through_a_view(h, step, layer):
    v = h.reshape(len(h), h.shape[1], -1)
    v[:, :2].relu_()
    return v.view(h.shape)


@plain("crop")
def crop(h, step, layer):
    keep = torch.ones(h.shape[-1], dtype=h.dtype)
    keep[:1] = 0
    return h * keep


@spelled("crop")
def crop_set(h, step, layer):
    h[..., :1] = 0.0
    return h


@spelled("crop")
def crop_zero(h, step, layer):
    h[..., :1].zero_()
    return h


@spelled("crop")
def crop_narrow(h, step, layer):
    h.narrow(-1, 0, 1).fill_(0.0)
    return h


@spelled("crop")
def crop_times_zero(h, step, layer):
    h[..., 0].mul_(0)
    return h


@plain("scale and shift")
def scale_and_shift(h, step, layer):
    c = vector(h, step.number)
    return (h - 0.3 * c) / c


@spelled("scale and shift")
def affine_in_place(h, step, layer):
    c = vector(h, step.number)
    return h.sub_(c, alpha=0.3).div_(c)


@spelled("scale and shift")
def affine_channel_by_channel(h, step, layer):
    for i, c in enumerate(vector(h, step.number).flatten()):
        h[:, i].sub_(0.3 * c).div_(c)
    return h


@spelled("scale and shift")
def affine_through_a_view(h, step, layer):
    c = vector(h, step.number)
    h = h.contiguous()
    v = h.view(len(h), h.shape[1], -1)
    c = c.view(-1, 1)
    v -= 0.3 * c
    v /= c
    return h


@spelled("scale and shift")
def affine_view_of_before(h, step, layer):
    c = vector(h, step.number)
    h = h - 0.3 * c
    v = h.view(h.shape)
    h.div_(c)
    return v


@spelled("scale and shift")
def affine_into_zeros(h, step, layer):
    c = vector(h, step.number)
    out = torch.zeros_like(h) - 0.3 * c
    out.add_(h)
    return out.div_(c)


@spelled("scale and shift")
def affine_functions(h, step, layer):
    c = vector(h, step.number)
    return torch.true_divide(torch.add(h, -0.3 * c, alpha=1), c)


@plain("reflect")
def reflect(h, step, layer):
    return 1.0 - h


@spelled("reflect")
def reflect_rsub(h, step, layer):
    return torch.rsub(h, 1.0)


@spelled("reflect")
def reflect_in_place(h, step, layer):
    return h.neg_().add_(1.0)


@plain("batch norm")
def batch_norm(h, step, layer):
    return layer(h)


@spelled("batch norm")
def batch_norm_function(h, step, layer):
    return F.batch_norm(h, layer.running_mean, layer.running_var, layer.weight, layer.bias)


@spelled("batch norm")
def batch_norm_torch(h, step, layer):
    m, v, eps = layer.running_mean, layer.running_var, layer.eps
    return torch.batch_norm(h, layer.weight, layer.bias, m, v, False, 0.1, eps, False)


@spelled("batch norm")
def batch_norm_set(h, step, layer):
    h[:] = layer(h.clone())
    return h


@plain("layer")
def apply_layer(h, step, layer):
    return layer(h)


@spelled("layer")
def layer_function(h, step, layer):
    if h.dim() == 4:
        return F.conv2d(h, layer.weight, layer.bias, padding=1)
    return F.linear(h, weight=layer.weight, bias=layer.bias)


@spelled("layer")
def layer_bias_later(h, step, layer):
    if h.dim() == 4:
        return torch.conv2d(h, layer.weight, padding=1).add_(layer.bias.view(-1, 1, 1))
    return torch.addmm(layer.bias, h, layer.weight.t())


@spelled("layer")
def layer_row_by_row(h, step, layer):
    out = torch.zeros_like(h)
    for i in range(len(h)):
        out[i] = layer(h[i : i + 1])[0]
    return out


@spelled("layer")
def layer_product(h, step, layer):
    if h.dim() == 4:
        return layer(h)
    return (h @ layer.weight.mT).add_(layer.bias)


@plain("residual")
def residual(h, step, layer):
    return h + layer(h)


@spelled("residual")
def residual_in_place(h, step, layer):
    r = layer(h.clone())
    h += r
    return h


@spelled("residual")
def residual_into_the_branch(h, step, layer):
    return layer(h).add_(h)


@spelled("residual")
def residual_alpha(h, step, layer):
    return torch.add(h, layer(h), alpha=1)


@spelled("residual")
def residual_sum(h, step, layer):
    return torch.stack([h, layer(h)]).sum(0)


@spelled("residual")
def residual_into_zeros(h, step, layer):
    out = torch.zeros_like(h)
    out += h
    out += layer(h)
    return out


@plain("relu twice")
def relu_twice(h, step, layer):
    a = h.relu()
    return a + a


@spelled("relu twice")
def relu_of_an_alias(h, step, layer):
    r = h
    h.relu_()
    return h + r


@spelled("relu twice")
def relu_of_a_view_alias(h, step, layer):
    r = h[:]
    h.relu_()
    return h + r


@plain("max pool")
def max_pool(h, step, layer):
    return F.max_pool2d(h, 2, 1) if h.dim() == 4 and h.shape[-1] > 2 else h


@spelled("max pool")
def max_pool_with_indices(h, step, layer):
    if h.dim() != 4 or h.shape[-1] <= 2:
        return h
    return F.max_pool2d(h, 2, 1, return_indices=True)[0]


@spelled("max pool")
def max_pool_module(h, step, layer):
    return nn.MaxPool2d(2, 1)(h) if h.dim() == 4 and h.shape[-1] > 2 else h


@plain("average pool")
def average_pool(h, step, layer):
    return F.avg_pool2d(h, 3, 1, 1) if h.dim() == 4 else h


@spelled("average pool")
def average_pool_module(h, step, layer):
    return nn.AvgPool2d(3, stride=1, padding=1)(h) if h.dim() == 4 else h


@plain("turn")
def turn(h, step, layer):
    return h.transpose(2, 3) if h.dim() == 4 else h.flip(1)


@spelled("turn")
def turn_permute(h, step, layer):
    return h.permute(0, 1, 3, 2).contiguous() if h.dim() == 4 else h[:, range(h.shape[1])[::-1]]


@spelled("turn")
def turn_attribute(h, step, layer):
    return h.mT.clone() if h.dim() == 4 else torch.fliplr(h)


@spelled("turn")
def turn_twice(h, step, layer):
    if h.dim() == 4:
        return h.permute(2, 3, 0, 1).transpose(0, 2).transpose(1, 3).swapaxes(2, 3)
    return h.T.flip(0).T


@plain("same")
def same(h, step, layer):
    return h


@spelled("same")
def same_double(h, step, layer):
    return h.double()


@spelled("same")
def same_clone(h, step, layer):
    return h.clone().to(torch.float64)


@spelled("same")
def same_flat_and_back(h, step, layer):
    return h.flatten(1).unflatten(1, h.shape[1:])


@spelled("same")
def same_view_of_copy(h, step, layer):
    return h.contiguous().view(-1).view(h.shape).type_as(h)


@spelled("same")
def same_split_and_joined(h, step, layer):
    return torch.cat(h.split(1, dim=1), dim=1)


@spelled("same")
def same_put_together_in_place(h, step, layer):
    out = h.new_empty(h.shape)
    for i, piece in enumerate(h.unbind(1)):
        out[:, i] = piece
    return out


@spelled("same")
def same_but_looked_at(h, step, layer):
    assert h.abs().max() < 1e9
    float(h.detach().mean())
    h.argmax(1)
    return h


@spelled("same")
def same_with_a_float32_side(h, step, layer):
    h.detach().float().cpu().numpy()
    return h


@plain("swap halves")
def swap_halves(h, step, layer):
    return torch.cat([h[:, 1:], h[:, :1]], 1)


@spelled("swap halves")
def swap_roll(h, step, layer):
    return h.roll(-1, 1)


@spelled("swap halves")
def swap_split(h, step, layer):
    a, b = torch.tensor_split(h, [1], dim=1)
    return torch.hstack([b, a])


@spelled("swap halves")
def swap_into_empty(h, step, layer):
    out = torch.empty_like(h)
    out[:, :-1], out[:, -1:] = h[:, 1:], h[:, :1]
    return out


@spelled("swap halves")
def swap_in_place(h, step, layer):
    h[:, :-1], h[:, -1:] = h[:, 1:].clone(), h[:, :1].clone()
    return h


@plain("one channel constant")
def one_constant(h, step, layer):
    return torch.cat([h[:, :2], torch.ones_like(h[:, 2:])], 1)


@spelled("one channel constant")
def constant_filled(h, step, layer):
    h[:, 2:] = 1.0
    return h


@spelled("one channel constant")
def constant_into_ones(h, step, layer):
    out = h.new_ones(h.shape)
    out[:, :2] = h[:, :2]
    return out


@spelled("one channel constant")
def constant_fill(h, step, layer):
    h[:, 2:].fill_(1.0)
    return h


@plain("embedding")
def embedding(h, step, layer):
    return h + 0.5 * vector(h, step.number)


@spelled("embedding")
def embedding_of_a_parameter(h, step, layer):
    return h + nn.Parameter(vector(h, step.number)) * 0.5


@spelled("embedding")
def embedding_made_once(h, step, layer):
    return h + made_once(h, step.number)


@spelled("embedding")
def embedding_in_place(h, step, layer):
    h += made_once(h, step.number)
    return h


@spelled("embedding")
def embedding_written_to(h, step, layer):
    g = made_once(h, step.number).repeat(len(h), *[1] * (h.dim() - 1)).expand_as(h).clone()
    g += h
    return g


MADE: dict[tuple[int, int], Tensor] = {}


def made_once(h: Tensor, number: int) -> Tensor:
    """Return 0.5 vector(h), made of a parameter before any forward pass (see Program)."""
    key = h.dim(), number
    if key not in MADE:
        MADE[key] = nn.Parameter(vector(h, number)) * 0.5
    return MADE[key]


# ---- smooth activations, gates, norms and attention: for methods that have rules for them --------


@plain("silu")
def silu(h, step, layer):
    return F.silu(h)


@spelled("silu")
def silu_in_place(h, step, layer):
    F.silu(h, inplace=True)
    return h


@spelled("silu")
def silu_product(h, step, layer):
    return h * torch.sigmoid(h)


@spelled("silu")
def silu_product_in_place(h, step, layer):
    return h.mul_(h.sigmoid())


@spelled("silu")
def silu_quotient(h, step, layer):
    return h / (1 + (-h).exp())


@spelled("silu")
def silu_through_a_view(h, step, layer):
    h = h.contiguous()
    nn.SiLU(inplace=True)(h.view(len(h), -1))
    return h


@spelled("silu")
def silu_in_two_slices(h, step, layer):
    g = h.sigmoid()
    h[:, :1] *= g[:, :1]
    h[:, 1:].mul_(g[:, 1:])
    return h


@plain("gelu")
def gelu(h, step, layer):
    return F.gelu(h)


@spelled("gelu")
def gelu_by_erf(h, step, layer):
    return 0.5 * h * (1 + torch.erf(h / 2**0.5))


@spelled("gelu")
def gelu_by_erfc(h, step, layer):
    return h.mul(torch.special.erfc(h * -(0.5**0.5))).div_(2)


@spelled("gelu")
def gelu_module(h, step, layer):
    h[:] = nn.GELU()(h.clone())
    return h


@plain("hardswish")
def hardswish(h, step, layer):
    return F.hardswish(h)


@spelled("hardswish")
def hardswish_in_place(h, step, layer):
    return nn.Hardswish(inplace=True)(h)


@spelled("hardswish")
def hardswish_product(h, step, layer):
    return h * F.relu6(h + 3) / 6


@spelled("hardswish")
def hardswish_gate(h, step, layer):
    return (h + 3).clamp_(0, 6).div_(6).mul_(h)


@plain("bounded")
def bounded(h, step, layer):
    return F.hardtanh(h, -0.5, 1.0)


@spelled("bounded")
def bounded_clamp(h, step, layer):
    return h.clamp_(-0.5, 1.0)


@spelled("bounded")
def bounded_by_constants(h, step, layer):
    return torch.minimum(h.clip(min=torch.full_like(h[:1].detach(), -0.5)), torch.ones(()).double())


@spelled("bounded")
def bounded_upside_down(h, step, layer):
    return -F.hardtanh(-h, -1.0, 0.5, inplace=True)


@spelled("bounded")
def bounded_by_relus(h, step, layer):
    return F.relu(h + 0.5) - F.relu(h - 1.0) - 0.5


@plain("gate")
def gate(h, step, layer):
    return h * torch.sigmoid(layer(h))


@spelled("gate")
def gate_in_place(h, step, layer):
    return h.mul_(layer(h.clone()).sigmoid_())


@spelled("gate")
def gate_on_the_left(h, step, layer):
    return torch.multiply(layer(h).sigmoid(), other=h)


@spelled("gate")
def gate_glu(h, step, layer):
    return F.glu(torch.cat([h, layer(h)], 1), 1)


@spelled("gate")
def gate_quotient(h, step, layer):
    return h.div(torch.exp(-layer(h)) + 1)


@spelled("gate")
def gate_sum_of_products(h, step, layer):
    return torch.einsum("nc...,nc...->nc...", h, layer(h).sigmoid())


@spelled("gate")
def gate_of_a_part(h, step, layer):
    g = layer(h).sigmoid()
    h = h.clone()
    h[:, :2] *= g[:, :2]
    h[:, 2:].mul_(g[:, 2:])
    return h


@plain("norm")
def norm(h, step, layer):
    return F.layer_norm(h, h.shape[1:], eps=0.1)


@spelled("norm")
def norm_one_group(h, step, layer):
    return F.group_norm(h, 1, eps=0.1)


@spelled("norm")
def norm_by_hand(h, step, layer):
    axes = tuple(range(1, h.dim()))
    variance = h.var(axes, correction=0, keepdim=True)
    return (h - h.mean(axes, keepdim=True)) / torch.sqrt(variance + 0.1)


@spelled("norm")
def norm_in_place(h, step, layer):
    flat = h.flatten(1)
    v = flat.square().mean(1, keepdim=True) - flat.mean(1, keepdim=True) ** 2
    flat = flat - flat.mean(1, keepdim=True)
    return flat.mul_((v + 0.1).rsqrt()).view(h.shape)


def tokens(h: Tensor) -> Tensor:
    return h.reshape(len(h), CHANNELS, -1).mT


@plain("attention")
def attention(h, step, layer):
    t = tokens(h)
    return ((t @ t.mT).softmax(-1) @ t).mT.reshape(h.shape)


@spelled("attention")
def attention_sums(h, step, layer):
    t = tokens(h)
    weights = F.softmax(torch.einsum("ntc,nsc->nts", t, t), dim=2)
    return torch.einsum("nts,nsc->nct", weights, t).reshape(h.shape)


@spelled("attention")
def attention_logs(h, step, layer):
    t = tokens(h)
    scores = torch.bmm(t, t.transpose(1, 2))
    scores = scores - torch.logsumexp(scores, -1, keepdim=True)
    return torch.matmul(scores.exp_(), t).transpose(1, 2).reshape(h.shape)


# ---- bent, gated and normed: also held fast, as LRP sees them ------------------------------------


HELD: dict[str, Way] = {}  # kind -> the plain way with what gets no relevance as a constant


def held(kind: str) -> Callable[[Way], Way]:
    def note(way: Way) -> Way:
        HELD[kind] = way
        return way

    return note


@plain("swish")
def swish(h, step, layer):
    return F.silu(h)


@held("swish")
def swish_held(h, step, layer):
    return h * h.sigmoid().detach()


@spelled("swish")
def swish_module(h, step, layer):
    return nn.SiLU(inplace=True)(h)


@spelled("swish")
def swish_product(h, step, layer):
    return torch.sigmoid(h) * h


@spelled("swish")
def swish_in_place(h, step, layer):
    return h.mul_(h.sigmoid())


@spelled("swish")
def swish_quotient(h, step, layer):
    return h / (1 + (-h).exp())


@spelled("swish")
def swish_of_parts(h, step, layer):
    return torch.cat([F.silu(h[:, :1]), F.silu(h[:, 1:])], 1)


@plain("mish")
def mish(h, step, layer):
    return F.mish(h)


@held("mish")
def mish_held(h, step, layer):
    return h * F.softplus(h).tanh().detach()


@spelled("mish")
def mish_product(h, step, layer):
    return h * torch.tanh(F.softplus(h))


@spelled("mish")
def mish_other_order(h, step, layer):
    bent = F.softplus(h).tanh_()
    return torch.multiply(bent, h)


@spelled("mish")
def mish_in_place(h, step, layer):
    return F.mish(h, inplace=True)


def squeezed(h: Tensor) -> Tensor:
    """Return what a gate is made of: (N, C, 1, 1), or as h."""
    return 3 * h.mean((2, 3), keepdim=True) if h.dim() == 4 else 2 * h.flip(1)


@plain("squeeze")
def squeeze(h, step, layer):
    return h * torch.sigmoid(squeezed(h))


@held("squeeze")
def squeeze_held(h, step, layer):
    return h * torch.sigmoid(squeezed(h)).detach()


@spelled("squeeze")
def squeeze_in_place(h, step, layer):
    h *= squeezed(h).sigmoid_()
    return h


@spelled("squeeze")
def squeeze_expanded(h, step, layer):
    return torch.mul(nn.Sigmoid()(squeezed(h)).expand_as(h).clone(), other=h)


@spelled("squeeze")
def squeeze_by_tanh(h, step, layer):
    return (1 + torch.tanh(squeezed(h) / 2)).div_(2) * h


@spelled("squeeze")
def squeeze_half(h, step, layer):
    return F.glu(torch.cat([h, squeezed(h).expand_as(h)], 1), 1)


@spelled("squeeze")
def squeeze_chunk(h, step, layer):
    signal, opened = torch.cat([h, squeezed(h).expand_as(h)], 1).chunk(2, dim=1)
    return signal * opened.sigmoid()


@spelled("squeeze")
def squeeze_of_a_slice(h, step, layer):
    h = h.clone()
    g = squeezed(h).sigmoid().expand_as(h)
    h[:, :1] *= g[:, :1].clone()
    h[:, 1:].mul_(g[:, 1:])
    return h


@spelled("squeeze")
def squeeze_lerp(h, step, layer):
    return torch.lerp(torch.zeros_like(h), h, squeezed(h).sigmoid().expand_as(h))


@spelled("squeeze")
def squeeze_into_zeros(h, step, layer):
    return torch.zeros_like(h).add_(h).mul_(1 - torch.sigmoid(-squeezed(h)))


@plain("norm over channels")
def channel_norm(h, step, layer):
    u = h - h.mean(1, keepdim=True)
    return u / (u.square().mean(1, keepdim=True) + 0.1).sqrt()


@held("norm over channels")
def channel_norm_held(h, step, layer):
    u = h - h.mean(1, keepdim=True)
    return u / (u.square().mean(1, keepdim=True) + 0.1).sqrt().detach()


@spelled("norm over channels")
def channel_norm_function(h, step, layer):
    return F.layer_norm(h.movedim(1, -1), h.shape[1:2], eps=0.1).movedim(-1, 1)


@spelled("norm over channels")
def channel_norm_variance(h, step, layer):
    mean, variance = h.mean(1, keepdim=True), h.var(1, keepdim=True, unbiased=False)
    return (h - mean) * torch.rsqrt(variance + 0.1)


@spelled("norm over channels")
def channel_norm_twice_the_mean(h, step, layer):
    v = torch.pow(h - h.mean(dim=1, keepdim=True), 2).mean(dim=1, keepdim=True)
    return (h - h.mean(dim=1, keepdim=True)).div(torch.sqrt(v + 0.1))


@spelled("norm over channels")
def channel_norm_in_place(h, step, layer):
    u = h.sub(h.mean(1, keepdim=True))
    u /= (u.pow(2).sum(1, keepdim=True).div(u.shape[1]) + 0.1) ** 0.5
    return u


MASKS = (
    *(relu_mask, relu_where, relu_masked_fill, relu_by_indices, relu_by_sorting),
    *(relu_set_where_negative, relu_by_numbers, relu_by_branches, relu_written_into_a_parameter),
)
# not one layer any more for RevealCancel, as `torch.cat` of a layer's outputs is not
TAKEN_APART = (
    *(layer_row_by_row, same_split_and_joined, same_put_together_in_place, same_flat_and_back),
    *(same_view_of_copy, turn_permute, turn_twice, relu_into_an_empty_tensor),
)
# for LRP a normalisation and a layer are one over some moves, but not over all
MOVED = (same_split_and_joined, swap_roll, same_flat_and_back, same_view_of_copy)
ANYWHERE = {
    **{"relu": 5, "leaky": 1, "relu of a part": 1, "crop": 1, "scale and shift": 2, "reflect": 1},
    **{"batch norm": 2, "layer": 4, "residual": 2, "relu twice": 1, "turn": 1, "same": 2},
    **{"max pool": 1, "average pool": 1, "swap halves": 1, "one channel constant": 1},
    "embedding": 1,
}
# the norm is one operation there, lerp a sum: they have an epsilon of their own
OTHER_EPSILON = (channel_norm_function, squeeze_lerp)
NEEDS_LAYER = {"layer", "residual", "batch norm", "gate"}
# drawn in every second program of the methods that have rules for them
SMOOTH = {"silu": 2, "gelu": 1, "hardswish": 1, "bounded": 1, "gate": 2, "norm": 2, "attention": 1}
GATED = {"swish": 2, "mish": 1, "squeeze": 2, "norm over channels": 2}
HAVE_RULES = {
    **dict.fromkeys(("gradient", "deeplift"), SMOOTH),
    **dict.fromkeys(("lrp", "lrp, zero", "lrp, z+", "deep_taylor"), GATED),
}


# ---- programs ------------------------------------------------------------------------------------


class Program(nn.Module):
    """The steps on images, a pool to 2 x 2, the steps on vectors, and a last dense layer."""

    def __init__(
        self,
        images: Sequence[Step],
        vectors: Sequence[Step],
        plain: bool,
        copies: bool = False,
        held: bool = False,
    ) -> None:
        super().__init__()
        self.held = held
        self.images, self.vectors, self.plain, self.copies = images, vectors, plain, copies
        for number in range(4):
            made_once(X, number)
            made_once(X.flatten(1)[:, :FEATURES], number)
        self.layers = nn.ModuleDict()
        for i, steps in enumerate((images, vectors)):
            for step in steps:
                key = f"{i}{step.kind == 'batch norm'}{step.number}"
                if step.kind in NEEDS_LAYER and key not in self.layers:
                    torch.manual_seed(step.number)
                    self.layers[key] = _layer(i == 0, step.kind == "batch norm")
        torch.manual_seed(2)
        self.last = nn.Linear(FEATURES, CLASSES)
        self.double().eval()

    def layer_of(self, i: int, step: Step) -> Any:
        key = f"{i}{step.kind == 'batch norm'}{step.number}"
        return self.layers[key] if step.kind in NEEDS_LAYER else None

    def plain_steps(self, i: int) -> list[tuple[str, Callable[[Tensor], Tensor], Any]]:
        """Return the kinds of the steps on images (0) or vectors (1), what they do, and layers."""
        found = []
        for step in (self.images, self.vectors)[i]:
            layer = self.layer_of(i, step)
            way = KINDS[step.kind][0]
            found.append((step.kind, lambda h, w=way, s=step, y=layer: w(h, s, y), layer))
        return found

    def forward(self, x: Tensor) -> Tensor:
        h = x.clone()
        for i, steps in enumerate((self.images, self.vectors)):
            for step in steps:
                layer = self.layer_of(i, step)
                way = KINDS[step.kind][0 if self.plain else step.spelling + 1]
                way = HELD.get(step.kind, way) if self.held else way
                h = way(h.clone() if self.copies else h, step, layer)
            if i == 0:
                h = F.adaptive_avg_pool2d(h, 2).flatten(1)
        return self.last(h)


def _layer(image: bool, norm: bool) -> nn.Module:
    if not norm:
        conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        return conv if image else nn.Linear(FEATURES, FEATURES)
    made = nn.BatchNorm2d(CHANNELS) if image else nn.BatchNorm1d(FEATURES)
    made.running_mean = 0.3 * torch.randn_like(made.running_mean)  # type: ignore[arg-type]
    made.running_var = torch.rand_like(made.running_var) + 0.5  # type: ignore[arg-type]
    made.weight.data, made.bias.data = torch.randn_like(made.weight), torch.randn_like(made.bias)
    return made


def draw(seed: int, more: dict[str, int] | None = None) -> tuple[list[Step], list[Step]]:
    """Return 5 to 15 steps on images and on vectors."""
    chance = random.Random(seed)
    total = chance.randint(5, 15)
    weights = ANYWHERE | (more or {})
    kinds = chance.choices(list(weights), list(weights.values()), k=total)
    steps = [Step(kind, _spelling(kind, chance), chance.randrange(4)) for kind in kinds]
    cut = chance.randint(2, total - 2)
    first = chance.choice(["layer", "layer", "scale and shift", "relu"])  # often a usual beginning
    return [Step(first, _spelling(first, chance), 0), *steps[1:cut]], steps[cut:]


def _spelling(kind: str, chance: random.Random) -> int:
    """Draw a spelling; those that must be refused seldom, as they hide what is after them."""
    ways = KINDS[kind][1:]
    return chance.choices(range(len(ways)), [0.1 if w in MASKS else 1.0 for w in ways])[0]


X = torch.rand(ROWS, CHANNELS, 4, 4, generator=torch.Generator().manual_seed(0)).double()
METHODS: dict[str, Callable[..., Tensor]] = {
    "gradient": xc.gradient,
    "guided_backprop": xc.guided_backprop,
    "deeplift": partial(xc.deeplift, baseline=0.2),
    "deeplift, reveal cancel": partial(xc.deeplift, baseline=0.2, rule="reveal_cancel"),
    "lrp": xc.lrp,
    "lrp, zero": partial(xc.lrp, rules="zero"),  # against gradient x input
    "lrp, z+": partial(xc.lrp, rules="z_plus"),
    "deep_taylor": xc.deep_taylor,
    "fullgrad_decomposition": xc.fullgrad_decomposition,
    "noisegrad": partial(xc.noisegrad, samples=1, weight_sigma=0.1),
}


def legal(images: list[Step], vectors: list[Step]) -> bool | None:
    """Return whether copies are needed before steps that overwrite; None if they do not help.

    PyTorch itself refuses to differentiate a program that overwrites what a backward pass needs.
    """
    for copies in (False, True):
        x = X.clone().requires_grad_(True)
        try:
            torch.autograd.grad(Program(images, vectors, False, copies)(x).sum(), x)
        except RuntimeError:
            continue
        return copies
    return None


def answer(
    method: str, images: list[Step], vectors: list[Step], plain: bool, copies: bool = False
) -> Tensor | str:
    """Return the map, or the error's text where it is refused."""
    model = Program(images, vectors, plain, copies)
    try:
        found = METHODS[method](model, X, 1)
    except ValueError as error:  # UnsupportedOperationError is one
        return f"{type(error).__name__}: {error}"
    if method == "fullgrad_decomposition":  # the biases' sum; spellings may share it out
        parts = found.flatten(1).split([X[0].numel(), found.shape[1] - X[0].numel()], 1)
        return torch.cat([parts[0], parts[1].sum(1, keepdim=True)], 1)
    return found


def input_x_gradient(model: Program) -> Tensor:
    """Return x dF/dx by autograd alone, which LRP-0 gives where gates and deviations are held."""
    x = X.clone().requires_grad_(True)
    return X * torch.autograd.grad(model(x)[:, 1].sum(), x)[0]


def right_answer(method: str, images: list[Step], vectors: list[Step]) -> Tensor | str:
    """Return what the method says of the plain spelling, or what another way to compute it does."""
    if method == "lrp, zero":
        return input_x_gradient(Program(images, vectors, plain=True, held=True))
    if method != "deeplift":
        return answer(method, images, vectors, plain=True)
    model = Program(images, vectors, plain=True)
    steps = [model.plain_steps(i) for i in range(2)]
    return deeplift_carried(steps, model.last, X, baseline=0.2, target=1)


def fault(method: str, images: list[Step], vectors: list[Step]) -> str | None:
    """Return what is wrong: a silent difference, or an error that is no refusal."""
    copies = legal(images, vectors)
    if copies is None:
        return None
    ways = [KINDS[s.kind][s.spelling + 1] for s in images + vectors]
    asks = {"deeplift, reveal cancel": TAKEN_APART}
    asks |= dict.fromkeys(("lrp", "lrp, z+"), MOVED + OTHER_EPSILON)
    if any(w in (asks | {"deep_taylor": MOVED}).get(method, ()) for w in ways):
        return None
    try:
        right = right_answer(method, images, vectors)
        got = answer(method, images, vectors, plain=False, copies=copies)
    except Exception as error:
        return f"crash: {type(error).__name__}: {error}"
    if isinstance(got, str):
        clear = got.startswith("Unsupported") or (isinstance(right, str) and right == got)
        return None if clear else f"unclear: {got}"
    if isinstance(right, str):
        return None  # the plain spelling has no answer to compare with
    error = float((got - right).norm()) / (float(right.norm()) or 1.0)
    return None if error <= TOLERANCE else f"silent difference {error:.3g}"


def smallest(method: str, images: list[Step], vectors: list[Step]) -> tuple[list, list, str]:
    """Leave out steps as long as something stays wrong."""
    changed = True
    while changed:
        changed = False
        for steps in (images, vectors):
            for i in reversed(range(len(steps))):
                kept = steps.pop(i)
                if fault(method, images, vectors) is None:
                    steps.insert(i, kept)
                else:
                    changed = True
    return images, vectors, str(fault(method, images, vectors))


def search(first: int, programs: int, methods: int = len(METHODS)) -> Counter[str]:
    """Try programs, each on some methods in turn; return how often which answer came."""
    found: Counter[str] = Counter()
    names = [*METHODS, *METHODS]
    for seed in range(first, first + programs):
        begin = seed * methods % len(METHODS)
        for method in names[begin : begin + methods]:
            images, vectors = draw(seed, HAVE_RULES.get(method) if seed % 2 else None)
            wrong = fault(method, images, vectors)
            copies = legal(images, vectors)
            if copies is None:
                found["illegal"] += 1
            elif wrong is not None:
                found["wrong"] += 1
                print(f"seed {seed}, {method}: {smallest(method, images, vectors)}", flush=True)
            elif isinstance(answer(method, images, vectors, False, copies), str):
                found[f"{method}: refused"] += 1
            else:
                found[f"{method}: right"] += 1
    return found


def report(counts: Counter[str], first: int, programs: int, methods: int) -> str:
    """Return benchmarks/results/fuzz.md: what came, by method, and how to get it again."""
    tried = sum(counts.values()) - counts["illegal"]
    lines = [
        f"| {method} | {counts[f'{method}: right']} | {counts[f'{method}: refused']} |"
        for method in METHODS
    ]
    table = "\n".join(["| method | right | refused |", "|---|---|---|", *lines])
    last = first + programs - 1
    return f"""# Random programs

Made by `python -m tests.methods.fuzz_programs {programs} {first} {methods} --store`.
{programs} programs of 5 to 15 operations, seeds {first} to {last}, each on {methods} method(s) in
turn: {tried} answers in legal spellings against the plain spelling. PyTorch itself cannot
differentiate {counts["illegal"]} of the spellings.

**{counts["wrong"]} silent differences.** Right is equal to {TOLERANCE:g} of the map's norm, in
float64; refused is one error that names the operation, or the error of the plain spelling.

{table}

torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}
"""


def main() -> int:
    """Search, print the counts, and store them if asked."""
    torch.set_num_threads(1)
    given = [int(a) for a in sys.argv[1:] if a != "--store"]
    programs, first, methods = given + [3000, 0, 3][len(given) :]
    counts = search(first, programs, methods)
    print(f"{programs} programs, seeds from {first}, {methods} method(s) each")
    print(*(f"{n:6} {what}" for what, n in sorted(counts.items())), sep="\n")
    if "--store" in sys.argv:
        RESULT.write_text(report(counts, first, programs, methods), encoding="utf-8")
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
