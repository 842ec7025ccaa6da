"""Operations that only move numbers, or leave some out: each method passes through them."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import waves

CONV, LAST = nn.Conv2d(3, 8, 3, padding=1).double(), nn.Linear(8 * 16, 3).double()
for parameter in (*CONV.parameters(), *LAST.parameters()):
    parameter.data = 0.3 * waves(*parameter.shape, turn=1.7 + parameter.dim())
X = waves(2, 3, 4, 4, turn=0.9).abs()

# a spelling, and the same by numbering the places: h.flatten(1)[:, places], times what is left
MOVES = {
    "channel_shuffle": (
        lambda h: F.channel_shuffle(h, 2),
        lambda h: h[:, [0, 4, 1, 5, 2, 6, 3, 7]],
    ),
    "nn.ChannelShuffle": (nn.ChannelShuffle(4), lambda h: h[:, [0, 2, 4, 6, 1, 3, 5, 7]]),
    "rot90": (lambda h: torch.rot90(h, 1, (2, 3)), lambda h: h.transpose(2, 3).flip(2)),
    "pixel_shuffle": (
        lambda h: F.pixel_shuffle(h, 2),
        lambda h: h.view(-1, 2, 2, 2, 4, 4).permute(0, 1, 4, 2, 5, 3).reshape(-1, 2, 8, 8),
    ),
    "pixel_unshuffle": (
        lambda h: F.pixel_unshuffle(h, 2),
        lambda h: h.view(-1, 8, 2, 2, 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(-1, 32, 2, 2),
    ),
    "narrow_copy": (
        lambda h: torch.cat([torch.narrow_copy(h, 1, 4, 4), torch.narrow_copy(h, 1, 0, 4)], 1),
        lambda h: torch.cat([h[:, 4:], h[:, :4]], 1),
    ),
    "tril": (torch.tril, lambda h: h * torch.ones(4, 4).tril()),
    "triu": (lambda h: h.triu(1), lambda h: h * torch.ones(4, 4).triu(1)),
}
METHODS = {
    "lrp": lambda m: xc.lrp(m, X, 1, rules="zero"),
    "deeplift": lambda m: xc.deeplift(m, X, 1, baseline=0.2),
    "guided_backprop": lambda m: xc.guided_backprop(m, X, 1),
    "rectgrad": lambda m: xc.rectgrad(m, X, 1, tau=0.1),
    "fullgrad_decomposition": lambda m: by_origin(m),
    "bias_backprop": lambda m: xc.bias_backprop(m, X, 1),
}
NO_SHARE = {("narrow_copy", "bias_backprop"), ("tril", "bias_backprop"), ("triu", "bias_backprop")}


def by_origin(model) -> Tensor:
    """Return the input's part of FullGrad and the sum of all: F."""
    found = xc.fullgrad_decomposition(model, X, 1)
    return torch.stack([found[:, : X[0].numel()].sum(1), found.sum(1)])


@pytest.mark.fault("R7")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("move", MOVES)
def test_moved_numbers_keep_what_arrives_at_them(move, method, close):
    if (move, method) in NO_SHARE:
        return
    written, plain = (
        lambda z, change=change: LAST(F.relu(change(CONV(z))).flatten(1)) for change in MOVES[move]
    )
    close(METHODS[method](written), METHODS[method](plain), 1e-9)
