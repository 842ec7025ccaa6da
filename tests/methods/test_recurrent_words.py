"""A recurrent layer is refused as one, whatever the activations inside it are called."""

import pytest
import torch
from torch import nn

import xaicourse as xc


class Recurrent(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.cell = kind.endswith("Cell")
        self.layer = getattr(nn, kind)(3, 4, **({} if self.cell else {"batch_first": True}))
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.layer(x[:, 0] if self.cell else x)[0]
        return self.head(found if self.cell and found.dim() == 2 else found[:, -1])


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.rest = nn.Embedding(9, 3), Recurrent("GRU")

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.rest(self.table(ids))


@pytest.mark.fault("K10")
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "LSTMCell"])
@pytest.mark.parametrize("name", ["guided_backprop", "deconvnet", "rectgrad", "deeplift", "lrp"])
def test_recurrent_layers_are_named(name, kind):
    net, x = Recurrent(kind).double().eval(), torch.rand(2, 5, 3, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"not defined for recurrent layers.*use gradient"):
        getattr(xc, name)(net, x, 1)
    xc.integrated_gradients(net, x, 1)  # the advice


@pytest.mark.fault("K10")
def test_what_is_allowed_is_let_pass(close):
    net, x = Recurrent("GRU").double().eval(), torch.rand(2, 5, 3, dtype=torch.float64)
    found = xc.guided_backprop(net, x, 1, allow=("sigmoid", "tanh", "product"))
    close(found, xc.gradient(net, x, 1))
    assert xc.beta_smoothing(net, x, 1).shape == x.shape
    rest, a = xc.at_layer(Words().double().eval(), "table", torch.tensor([[1, 2, 8]]))
    with pytest.raises(ValueError, match="recurrent layers"):
        xc.guided_backprop(rest, a, 1)
