"""A batch norm's gradient where torch mixes up the axes: what arrives is stored transposed."""

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc


class Tokens(nn.Module):
    """A batch norm on maps of width 1, whose places then are tokens; its formula if `by_hand`."""

    def __init__(self, by_hand: bool, width: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 5, (1, width))
            self.norm = nn.BatchNorm2d(5)
            self.hidden, self.last = nn.Linear(5, 4), nn.Linear(4, 3)
            nn.init.uniform_(self.norm.weight, 0.3, 2.0)
            nn.init.uniform_(self.norm.running_var, 0.3, 3.0)
            nn.init.uniform_(self.norm.running_mean, -1.0, 1.0)
        self.by_hand = by_hand

    def forward(self, x: Tensor) -> Tensor:
        h, norm = self.conv(x), self.norm
        if self.by_hand:
            scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
            shift = norm.bias - norm.running_mean * scale
            h = h * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)
        else:
            h = norm(h)
        tokens = h.squeeze(-1).transpose(1, 2)  # (N, height, channels)
        return self.last(torch.relu(self.hidden(tokens))).mean(1)


METHODS = {
    "gradient": {},
    "integrated_gradients": {"steps": 4},
    "guided_backprop": {},
    "deeplift": {"baseline": 0.1},
    "fullgrad_decomposition": {},
    "noisegrad": {"seed": 0},
    "hires_cam": {"layer": "conv"},
}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize(("name", "settings"), METHODS.items(), ids=METHODS)
def test_a_batch_norm_in_front_of_tokens(name, settings, rows, close):
    nets = [Tokens(by_hand, 4).double().eval() for by_hand in (False, True)]
    x = torch.cos(torch.arange(rows * 84, dtype=torch.float64)).view(rows, 3, 7, 4)
    found = [xc.METHODS[name].method(net, x, 1, return_details=True, **settings) for net in nets]
    got, right = (f.values.flatten(1).sum(1) if name == "fullgrad_decomposition" else f.values
                  for f in found)  # fmt: skip
    close(got, right)


def test_channels_last_stays_as_it_is(close):
    """Both in one layout: nothing is copied, the answer is the same."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                        nn.Linear(16, 2)).double().eval()  # fmt: skip
    x = torch.cos(torch.arange(96, dtype=torch.float64)).view(2, 3, 4, 4)
    turned = x.to(memory_format=torch.channels_last)
    close(xc.gradient(net, turned, 1), xc.gradient(net, x, 1))
