"""LRP holds the deviation of a norm fast, also where the norm is written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import (
    B1,
    DOUBLE,
    W1,
    C,
    X,
    as_it_is,
    books_are_even,
    first,
    gradient_x_input,
    last,
    passed,
    root,
    written_norm,
    zero_rule,
)

# ---- norms ---------------------------------------------------------------------------------------


SHAPED = (-1, 4, 2)
NORMS = {
    "layer": (lambda h: F.layer_norm(h, (8,)), lambda h: written_norm(h, -1, torch.detach)),
    "layer with weights": (
        lambda h: F.layer_norm(input=h, normalized_shape=[8], weight=C, bias=B1, eps=1e-2),
        lambda h: written_norm(h, -1, torch.detach, C, B1, 1e-2),
    ),
    "torch.layer_norm": (
        lambda h: torch.layer_norm(h, (8,), C, B1, 1e-3),
        lambda h: written_norm(h, -1, torch.detach, C, B1, 1e-3),
    ),
    "layer over two axes": (
        lambda h: nn.LayerNorm((4, 2), dtype=DOUBLE)(h.view(SHAPED)).flatten(1),
        lambda h: written_norm(h, -1, torch.detach),
    ),
    "channels last": (
        lambda h: F.layer_norm(h.view(SHAPED).mT, (4,)).mT.flatten(1),
        lambda h: written_norm(h.view(SHAPED), 1, torch.detach).flatten(1),
    ),
    "group": (
        lambda h: nn.GroupNorm(2, 4, dtype=DOUBLE)(h.view(SHAPED)).flatten(1),
        lambda h: written_norm(h.view(-1, 2, 4), 2, torch.detach).flatten(1),
    ),
    "group with weights": (
        lambda h: torch.group_norm(h.view(SHAPED), 2, C[:4], B1[:4]).flatten(1),
        lambda h: (
            written_norm(h.view(-1, 2, 4), 2, torch.detach).view(SHAPED) * C[:4, None]
            + B1[:4, None]
        ).flatten(1),
    ),
    "instance": (
        lambda h: nn.InstanceNorm1d(2)(h.view(-1, 2, 4)).flatten(1),
        lambda h: written_norm(h.view(-1, 2, 4), 2, torch.detach).flatten(1),
    ),
    "torch.instance_norm": (
        lambda h: torch.instance_norm(
            h.view(-1, 2, 4), C[:2], B1[:2], None, None, True, 0.1, 1e-4, False
        ).flatten(1),
        lambda h: written_norm(
            h.view(-1, 2, 4), 2, torch.detach, C[:2, None], B1[:2, None], 1e-4
        ).flatten(1),
    ),
    "rms": (
        lambda h: F.rms_norm(h, (8,), C, 1e-3),
        lambda h: h / root(h.square().mean(1, keepdim=True), 1e-3, torch.detach) * C,
    ),
    "rms module": (
        lambda h: nn.RMSNorm(8, dtype=DOUBLE)(h),
        lambda h: h / root(h.square().mean(1, keepdim=True), 2.0**-52, torch.detach),
    ),
    "normalize": (
        lambda h: F.normalize(h, dim=1),
        lambda h: h / h.norm(dim=1, keepdim=True).detach(),
    ),
    "normalize by 1": (
        lambda h: F.normalize(h, 1.0),
        lambda h: h / h.abs().sum(1, keepdim=True).detach(),
    ),
    "response": (
        lambda h: nn.LocalResponseNorm(3, 0.5)(h.view(SHAPED)).flatten(1),
        lambda h: passed(lambda h: F.local_response_norm(h.view(SHAPED), 3, 0.5).flatten(1), h),
    ),
    "written out": (
        lambda h: written_norm(h, -1, as_it_is, C, B1),
        lambda h: written_norm(h, -1, torch.detach, C, B1),
    ),
    "variance": (
        lambda h: (h - h.mean(1, keepdim=True)) * (h.var(1, keepdim=True) + 1e-5).rsqrt(),
        lambda h: (h - h.mean(1, keepdim=True)) * (h.var(1, keepdim=True) + 1e-5).rsqrt().detach(),
    ),
    "deviation": (
        lambda h: (h - h.mean(-1, True)) / (h.std(-1, keepdim=True).unsqueeze(1)[:, 0] + 1e-3),
        lambda h: (h - h.mean(-1, True)) / (h.std(-1, keepdim=True) + 1e-3).detach(),
    ),
    "llama": (
        lambda h: C * (h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6)),
        lambda h: C * h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6).detach(),
    ),
    "power": (
        lambda h: (h.square().mean(1, keepdim=True) + 1e-6) ** -0.5 * h,
        lambda h: ((h.square().mean(1, keepdim=True) + 1e-6) ** -0.5).detach() * h,
    ),
    "1 / root": (
        lambda h: h * (1 / h.norm(dim=1, keepdim=True).clamp_min(1e-9)),
        lambda h: h / h.norm(dim=1, keepdim=True).detach(),
    ),
    "length": (
        lambda h: h / torch.linalg.vector_norm(h, dim=1, keepdim=True).expand_as(h),
        lambda h: h / h.norm(dim=1, keepdim=True).detach(),
    ),
    "in place": (
        lambda h: h.clone().div_(h.norm(dim=1, keepdim=True)),
        lambda h: h / h.norm(dim=1, keepdim=True).detach(),
    ),
}


@pytest.mark.fault("R7")
@pytest.mark.parametrize("name", NORMS)
def test_a_norm_holds_its_deviation_fast(name, close):
    norm, plain = NORMS[name]
    model = lambda z: last(norm(first(z)))  # noqa: E731
    found = zero_rule(model)
    close(norm(first(X)), plain(first(X)), 1e-12)
    close(found.values, gradient_x_input(lambda z: last(plain(first(z))), X), 1e-9)
    books_are_even(found, model, close)


def test_an_instance_norm_by_running_statistics_is_a_batch_norm(close):
    def norm(kind):
        made = kind(4, affine=True, track_running_stats=True).double().eval()
        made.running_mean.copy_(C[:4])
        made.running_var.copy_(C[4:].abs() + 0.1)
        made.weight.data, made.bias.data = B1[:4].clone(), B1[4:].clone()
        return lambda z: last(made(F.conv1d(z[:, None], W1[:4, None, :3]))[..., :2].flatten(1))

    for rules in ("zero", "z_plus", "epsilon_plus_flat"):
        found = xc.lrp(norm(nn.InstanceNorm1d), X, 1, rules=rules)
        close(found, xc.lrp(norm(nn.BatchNorm1d), X, 1, rules=rules), 1e-10)
