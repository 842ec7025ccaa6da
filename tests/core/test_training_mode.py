"""A model in training mode is refused, however it is written, and is not changed by the attempt."""

import functools

import pytest
import torch
from torch import nn
from torch.nn import functional

import xaicourse as xc
from tests.conftest import relative_error
from xaicourse.core.training_mode import TrainingModeError

X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
WORDS = X[:, None].expand(3, 2, 4)


class Attention(nn.Module):
    def __init__(self, share: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=share, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0].sum(1)


class Recurrent(nn.Module):
    def __init__(self, kind: type, share: float) -> None:
        super().__init__()
        self.cells = kind(4, 3, 2, dropout=share, batch_first=True)

    def forward(self, x):
        return self.cells(x)[0].sum(1)


def encoder(share: float) -> nn.Module:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=share, batch_first=True)
    return nn.Sequential(layer, nn.Flatten())


RANDOM = {
    "dropout": (nn.Dropout(0.5), X),
    "dropout inside": (nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Dropout(0.1))), X),
    "alpha dropout": (nn.AlphaDropout(0.5), X),
    "feature alpha dropout": (nn.FeatureAlphaDropout(0.5), X),
    "dropout1d": (nn.Sequential(nn.Dropout1d(0.5), nn.Flatten()), WORDS),
    "rrelu": (nn.RReLU(), X),
    "batch norm": (nn.BatchNorm1d(4), X),
    "attention": (Attention(0.5), WORDS),
    "encoder": (encoder(0.5), WORDS),
    "LSTM": (Recurrent(nn.LSTM, 0.5), WORDS),
    "GRU": (Recurrent(nn.GRU, 0.5), WORDS),
    "RNN": (Recurrent(nn.RNN, 0.5), WORDS),
    "instance norm that keeps count": (
        nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True), nn.Flatten()), WORDS
    ),
}  # fmt: skip


@pytest.mark.parametrize(("net", "x"), RANDOM.values(), ids=RANDOM)
def test_modules(net, x):
    before = {k: v.clone() for k, v in net.train().state_dict().items()}
    wrapped = [net]
    if "norm" not in type(net).__name__.lower():  # a closure hides its modules: see below
        wrapped.append(lambda x: net(x))
    for model in wrapped:
        for call in (xc.gradient, xc.integrated_gradients, xc.scores):
            for target in (None, 0):
                with pytest.raises(TrainingModeError, match=r"training mode.*model\.eval\(\)"):
                    call(model, x, target)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items()), "was changed"
    assert xc.gradient(net.eval(), x, 0).shape == x.shape


HARMLESS = {
    "no such layer": (nn.Linear(4, 2), X),
    "dropout of nothing": (nn.Sequential(nn.Dropout(0.0), nn.Linear(4, 2)), X),
    "attention without dropout": (Attention(0.0), WORDS),
    "recurrent without dropout": (Recurrent(nn.LSTM, 0.0), WORDS),
    "instance norm": (nn.Sequential(nn.InstanceNorm1d(2), nn.Flatten()), WORDS),
    "layer norm": (nn.LayerNorm(4), X),
}


@pytest.mark.parametrize(("net", "x"), HARMLESS.values(), ids=HARMLESS)
def test_a_mode_that_changes_nothing_is_no_matter(net, x):
    assert xc.gradient(net.train(), x, 0).shape == x.shape


def test_batch_norm_without_running_statistics_is_refused_even_in_eval():
    with pytest.raises(TrainingModeError):
        xc.gradient(nn.BatchNorm1d(4, track_running_stats=False).eval(), X, 0)


FUNCTIONAL = {
    "batch_norm": lambda x: functional.batch_norm(x, None, None, training=True),
    "batch_norm by position": lambda x: functional.batch_norm(x, None, None, None, None, True),
    "torch.batch_norm": lambda x: torch.batch_norm(
        x, None, None, None, None, True, 0.1, 1e-5, False
    ),
    "dropout": lambda x: functional.dropout(x, 0.5),
    "dropout in place": lambda x: functional.dropout(x, 0.5, True, True),
    "torch.dropout": lambda x: torch.dropout(x, 0.5, True),
    "torch.dropout by name": lambda x: torch.dropout(x, p=0.5, train=True),
    "rrelu": lambda x: functional.rrelu(x, training=True),
    "attention": lambda x: functional.scaled_dot_product_attention(
        x[:, None], x[:, None], x[:, None], dropout_p=0.1
    )[:, 0],
}


@pytest.mark.parametrize("model", FUNCTIONAL.values(), ids=FUNCTIONAL)
def test_functions(model):
    with pytest.raises(TrainingModeError):
        xc.gradient(model, X, 0)
    with pytest.raises(TrainingModeError):
        xc.gradient(functools.partial(model), X)


def test_functional_call_and_closure_over_batch_norm():
    net = nn.BatchNorm1d(4).train()
    weights = dict(net.state_dict())
    for model in (lambda x: net(x), lambda x: torch.func.functional_call(net, weights, (x,))):
        with pytest.raises(TrainingModeError):
            xc.gradient(model, X, 0)
    assert torch.equal(net.running_mean, torch.zeros(4))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(4)], ids=["drop", "norm"])
def test_scripted_and_traced_models(layer):
    net = nn.Sequential(layer, nn.Linear(4, 2))
    scripted = torch.jit.script(net.train())
    for model in (scripted, nn.Sequential(scripted)):
        with pytest.raises(TrainingModeError):
            xc.gradient(model, X, 0)
    frozen = torch.jit.trace(net.train(), X, check_trace=False).eval()
    with pytest.raises(TrainingModeError, match="trace the model again"):
        xc.gradient(frozen, X, 0)
    net.eval()
    expected = xc.gradient(net, X, 0)
    for model in (scripted.eval(), torch.jit.trace(net, X)):
        assert xc.gradient(model, X, 0).shape == X.shape
    assert relative_error(xc.gradient(torch.jit.trace(net, X), X, 0), expected) < 1e-6


@pytest.mark.filterwarnings("ignore:.*grad attribute of a Tensor that is not a leaf:UserWarning")
def test_compiled_model():
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 2)).train()
    with pytest.raises(TrainingModeError):
        xc.gradient(torch.compile(net, backend="eager"), X, 0)
    expected = xc.gradient(net.eval(), X, 0)
    assert torch.equal(xc.gradient(torch.compile(net, backend="eager"), X, 0), expected)
