"""Gradient checkpointing: the same rules and weights as without it, or refused by name."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

import xaicourse as xc
from xaicourse.core.rules import UnsupportedOperationError

pytestmark = pytest.mark.fault("K2", "T5")

HOW: dict[str, dict] = {
    "plain": {},
    "no early stop": {"determinism_check": "none"},
    "no rng": {"preserve_rng_state": False},
}


class Net(nn.Module):
    """Two blocks of convolutions with in-place and functional ReLUs, recomputed or not."""

    def __init__(self, how: dict | None, nested: bool = False, reentrant: bool = False) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.stem = nn.Conv2d(2, 4, 3, padding=1)
            self.block = nn.Sequential(
                nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
                nn.MaxPool2d(2), nn.Conv2d(4, 6, 3),
            )  # fmt: skip
            self.head = nn.Linear(6, 3)
            self.block[1].running_mean.uniform_(-1, 1)
        self.how, self.nested, self.reentrant = how, nested, reentrant
        self.double().eval()

    def inner(self, h: Tensor) -> Tensor:
        if self.nested and self.how is not None:
            return F.relu(checkpoint(self.block, h, use_reentrant=False, **self.how) - 0.1)
        return F.relu(self.block(h) - 0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.stem(x))
        if self.how is None:
            h = self.inner(h)
        else:
            h = checkpoint(self.inner, h, use_reentrant=self.reentrant, **self.how)
        return self.head(h.mean((2, 3)))


X = torch.cos(torch.arange(144, dtype=torch.float64)).view(2, 2, 6, 6)
METHODS = {
    "gradient": {}, "integrated_gradients": {"steps": 4}, "smoothgrad": {"samples": 3},
    "grad_cam": {}, "score_cam": {}, "guided_backprop": {}, "deconvnet": {}, "rectgrad": {},
    "beta_smoothing": {"beta": 2.0}, "lrp": {}, "deeplift": {},
    "deep_taylor": {"low": -1.0, "high": 1.0},
    "deep_shap": {"baselines": (0.0, 0.5)}, "guided_grad_cam": {}, "fullgrad": {},
    "fullgrad_decomposition": {}, "bias_backprop": {}, "noisegrad": {"samples": 3},
    "fusiongrad": {"samples": 2, "input_samples": 2},
}  # fmt: skip


@pytest.mark.parametrize("nested", [False, True], ids=["", "nested"])
@pytest.mark.parametrize("name", METHODS)
def test_equals_the_same_net_without_it(name, nested, close):
    method, settings = getattr(xc, name), METHODS[name]
    expected = method(Net(None), X, 1, **settings)
    for how in HOW.values():
        close(method(Net(how, nested), X, 1, **settings), expected, 1e-12)


@pytest.mark.parametrize("inner", ["guided_backprop", "deeplift", "beta_smoothing"])
def test_inside_noisegrad(inner, close):
    got, expected = (
        xc.noisegrad(net, X, 1, method=inner, samples=3) for net in (Net({}), Net(None))
    )
    close(got, expected, 1e-12)


@pytest.mark.parametrize("layer", ["stem", "block.1", "block.4"])
def test_layers_before_and_inside_the_block(layer, close):
    for method in (xc.grad_cam, xc.layer_cam):
        got, expected = (method(net, X, 1, layer=layer) for net in (Net({}), Net(None)))
        close(got, expected, 1e-12)


def test_a_method_that_is_refused_without_it_is_refused_with_it():
    model = lambda x: checkpoint(F.gelu, x, use_reentrant=False) @ torch.ones(3, 2).double()  # noqa: E731
    x = torch.ones(2, 3, dtype=torch.float64)
    for method in (xc.guided_backprop, xc.deep_taylor, xc.rectgrad):
        with pytest.raises(UnsupportedOperationError, match="'gelu'"):
            method(model, x, 0)


def test_an_overwritten_activation_is_not_read_in_silence():
    """What torch itself would notice is noticed where the checkpoint keeps nothing."""

    def block(h: Tensor) -> Tensor:
        e = torch.exp(h)
        out = e * 1
        e.mul_(2)  # exp needs its own result
        return out

    W = torch.ones(3, 2, dtype=torch.float64)
    x = torch.ones(2, 3, dtype=torch.float64)
    with pytest.raises((RuntimeError, ValueError), match=r"modified by an inplace|overwrites"):
        xc.beta_smoothing(lambda z: checkpoint(block, z, use_reentrant=False) @ W, x, 0)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("name", METHODS)
def test_the_older_form_is_refused_by_name_and_the_advice_works(name, close):
    method, settings = getattr(xc, name), METHODS[name]
    old = Net({}, reentrant=True)
    expected = method(Net(None), X, 1, **settings)
    if name == "score_cam":  # asks for no gradient
        close(method(old, X, 1, **settings), expected, 1e-12)
        return
    advice = r"gradient checkpointing.*use_reentrant=False.*gradient_checkpointing_disable"
    with pytest.raises(ValueError, match=advice):
        method(old, X, 1, **settings)
    old.reentrant = False
    close(method(old, X, 1, **settings), expected, 1e-12)


def test_checkpoint_sequential(close):
    layers = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(4)]).double()
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(3, 4)
    parts = lambda z: checkpoint_sequential(layers, 2, z, use_reentrant=False)  # noqa: E731
    for method in (
        xc.gradient,
        xc.guided_backprop,
        xc.lrp,
        xc.beta_smoothing,
        xc.fullgrad_decomposition,
    ):
        close(method(parts, x, 1), method(layers, x, 1), 1e-12)


def test_what_is_bound_goes_with_its_rows_in_the_backward_pass_too(close):
    W = torch.linspace(-1, 1, 8, dtype=torch.float64).view(4, 2)
    scale = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    bound = xc.bind(lambda x, scale: (x * scale[:, None]).tanh() @ W, scale=scale)
    block = lambda x: checkpoint(bound, x, use_reentrant=False)  # noqa: E731
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(3, 4)
    for batch_size in (3, 2, 100):
        settings = {"steps": 4, "batch_size": batch_size}
        close(
            xc.integrated_gradients(block, x, 0, **settings),
            xc.integrated_gradients(bound, x, 0, **settings),
        )


@pytest.mark.slow
def test_torchvisions_densenet(close):
    from torchvision.models import DenseNet

    form = {"growth_rate": 8, "block_config": (2, 2), "num_init_features": 8, "num_classes": 5}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = DenseNet(**form).double().eval()
    saving = DenseNet(memory_efficient=True, **form).double().eval()
    saving.load_state_dict(plain.state_dict())
    with torch.random.fork_rng():
        torch.manual_seed(1)
        x = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    for name in ("guided_backprop", "deeplift", "lrp", "beta_smoothing", "noisegrad", "fullgrad"):
        method, settings = getattr(xc, name), METHODS[name]
        close(method(saving, x, 1, **settings), method(plain, x, 1, **settings), 1e-12)
