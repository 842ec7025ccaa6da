import copy
import random
import warnings

import pytest
import torch
import torchvision
from torch import nn

import xaicourse.zoo as zoo
from xaicourse.datasets import photo
from xaicourse.zoo.prepare import prepare


def lively(model, seed=0):
    """Give batch norms statistics and weights that matter; eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            for tensor, low, high in (
                (module.running_mean, -0.3, 0.3),
                (module.running_var, 0.5, 2.0),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.3, 0.3),
            ):
                if tensor is not None:
                    tensor.data.uniform_(low, high, generator=generator)
    return model.eval()


def images(*shape, seed=1):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def batch_norms(model):
    return sum(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in model.modules())


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(4, 5)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


@pytest.mark.parametrize(
    ("name", "left"), [("resnet18", 0), ("mobilenet_v2", 0), ("densenet121", 62)]
)
def test_torchvision_nets(name, left):
    model = lively(getattr(torchvision.models, name)(weights=None))
    x = images(2, 3, 64, 64)
    before = copy.deepcopy(model.state_dict())
    fast = prepare(model, x)
    # DenseNet normalises before most of its convolutions: those norms cannot be merged.
    assert batch_norms(fast) == left
    with torch.no_grad():
        assert relative(fast(x), model(x)) < 1e-4
    assert not fast.training
    assert not any(p.requires_grad for p in fast.parameters())

    # The caller's model is untouched, bit for bit.
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert all(p.requires_grad for p in model.parameters())
    assert all(p.is_contiguous() for p in model.parameters())
    own = {p.data_ptr() for p in model.parameters()}
    assert own.isdisjoint(p.data_ptr() for p in fast.parameters())


def test_gradients_agree_in_float64():
    model = lively(torchvision.models.resnet18(weights=None)).double()
    fast = prepare(model)
    gradients = []
    for f in (model, fast):
        x = images(2, 3, 48, 48).double().requires_grad_()
        gradients.append(torch.autograd.grad(f(x)[:, 3].sum(), x)[0])
    assert relative(*gradients) < 1e-10


def test_layers_keep_names_and_weights_are_channels_last():
    fast = prepare(lively(torchvision.models.resnet18(weights=None)))
    conv = fast.model.layer2[0].conv2
    assert conv.weight.is_contiguous(memory_format=torch.channels_last)
    assert conv.bias is not None
    assert "layer2.0.bn2" in fast.folded


def test_inputs_reach_the_network_channels_last(close):
    class Look(nn.Module):
        def forward(self, x):
            assert x.is_contiguous(memory_format=torch.channels_last)
            return x.mean((2, 3))

    x = images(2, 3, 8, 8)
    close(prepare(Look().eval())(x), x.mean((2, 3)), 1e-06)


def test_zoo_net_with_batch_norms():
    model = zoo.load("efficientnet_lite0", folded=False)
    fast = prepare(model, photo("coffee"))
    assert batch_norms(fast) == 0
    assert batch_norms(model) == 49


def test_code_that_depends_on_values_keeps_its_batch_norms_and_says_so():
    class Dynamic(Small):
        def forward(self, x):
            return super().forward(x if x.mean() > 0.4 else -x)

    model = lively(Dynamic())
    x = images(2, 3, 8, 8)
    with pytest.warns(UserWarning, match=r"Dynamic cannot be traced, so its batch norms are kept"):
        fast = prepare(model, x)
    assert batch_norms(fast) == 1
    for case in (x, x * 0.1):  # both branches
        with torch.no_grad():
            assert relative(fast(case), model(case)) < 1e-5


def test_no_warning_without_batch_norms():
    class Dynamic(nn.Module):
        def forward(self, x):
            return x.sum((2, 3)) if x.mean() > 0 else x.mean((2, 3))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare(Dynamic().eval())


class NormUsedTwice(Small):
    def forward(self, x):
        h = self.norm(self.conv(x))
        return self.last((h + self.norm(torch.relu(h))).mean((2, 3)))


class ConvReadTwice(Small):
    def forward(self, x):
        h = self.conv(x)
        return self.last((h + self.norm(h)).mean((2, 3)))


class ConvCalledTwice(Small):
    def forward(self, x):
        return self.last((self.norm(self.conv(x)) + self.conv(-x)).mean((2, 3)))


class WeightReadDirectly(Small):
    def forward(self, x):
        return super().forward(x) + self.conv.weight.sum()


class StatisticsReadDirectly(Small):
    def forward(self, x):
        return super().forward(x) + self.norm.running_mean.sum()


class TwoNames(Small):
    def __init__(self):
        super().__init__()
        self.twin = self.conv

    def forward(self, x):
        return self.last((self.norm(self.conv(x)) + self.twin(-x)).mean((2, 3)))


class CalledByItsSecondName(Small):
    def __init__(self):
        super().__init__()
        self.twin = self.conv

    def forward(self, x):
        return self.last(self.norm(self.twin(x)).mean((2, 3)))


class NoStatistics(Small):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(4, track_running_stats=False)


class OwnNorm(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x) ** 2


class OwnNormNet(Small):
    def __init__(self):
        super().__init__()
        self.norm = OwnNorm(4)


@pytest.mark.parametrize(
    "kind",
    [
        NormUsedTwice,
        ConvReadTwice,
        ConvCalledTwice,
        WeightReadDirectly,
        StatisticsReadDirectly,
        TwoNames,
        CalledByItsSecondName,
        NoStatistics,
        OwnNormNet,
    ],
)
def test_pairs_that_cannot_be_merged_are_left_alone(kind):
    model = lively(kind()).double()
    x = images(3, 3, 8, 8).double()
    fast = prepare(model)  # no example: it must be right without the check
    assert fast.folded == ()
    with torch.no_grad():
        assert relative(fast(x), model(x)) < 1e-13


def test_parametrised_layers_are_left_alone():
    model = Small()
    nn.utils.parametrizations.weight_norm(model.conv)
    x = images(2, 3, 8, 8)
    fast = prepare(lively(model), x)
    assert fast.folded == ()


def test_plain_pair_is_merged_and_half_precision_stays_half():
    assert prepare(lively(Small())).folded == ("norm",)
    fast = prepare(lively(Small()).to(torch.bfloat16))
    assert {p.dtype for p in fast.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv3d])
def test_other_dimensions(kind):
    d = 1 if kind is nn.Conv1d else 3
    norm = nn.BatchNorm1d if d == 1 else nn.BatchNorm3d
    model = lively(nn.Sequential(kind(2, 4, 3), norm(4), nn.ReLU(), nn.Flatten()))
    fast = prepare(model, images(2, 2, *(6,) * d))
    assert fast.folded == ("1",)


def test_example_catches_a_copy_that_differs():
    calls = []

    class Counts(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x.mean((2, 3)) * len(calls)

    with pytest.raises(ValueError, match="differs from the model by"):
        prepare(Counts().eval(), images(1, 3, 8, 8))


def test_example_with_nan_is_refused():
    with pytest.raises(ValueError, match="differs from the model by nan"):
        prepare(lively(Small()), torch.full((1, 3, 8, 8), torch.nan))


def test_example_with_several_inputs_and_nested_outputs():
    class Two(Small):
        def forward(self, x, y):
            return {"a": (super().forward(x), [super().forward(y)]), "n": 3}

    fast = prepare(lively(Two()), (images(1, 3, 8, 8), images(1, 3, 8, 8, seed=2)))
    assert fast.folded == () or fast.folded == ("norm",)


def test_training_mode_is_refused_also_in_one_layer():
    with pytest.raises(ValueError, match=r"training mode.*call model.eval\(\) first"):
        prepare(Small())
    model = Small().eval()
    model.norm.train()
    with pytest.raises(ValueError, match="layer 'norm' is in training mode"):
        prepare(model)


def test_hooks_are_refused():
    model = Small().eval()
    model.conv.register_forward_hook(lambda module, inputs, output: output * 2)
    with pytest.raises(ValueError, match="layer 'conv' has hooks"):
        prepare(model)


def test_plain_function_is_refused():
    with pytest.raises(TypeError, match=r"prepare copies an nn\.Module, got function"):
        prepare(lambda x: x)


def test_scripted_models_are_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, about torch.jit
        scripted = torch.jit.script(lively(Small()))
    with pytest.raises(ValueError, match="a scripted or traced model cannot be prepared"):
        prepare(scripted)


def test_random_state_and_the_models_own_state_are_untouched():
    class Scribbles(Small):
        seen = None

        def forward(self, x):
            self.seen = x
            random.random()
            torch.rand(1)
            return super().forward(x)

    model = lively(Scribbles())
    states = torch.get_rng_state(), random.getstate()
    fast = prepare(model, images(1, 3, 8, 8))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert model.seen is None
    assert fast.model.seen is None


def test_an_example_that_the_model_itself_refuses():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).eval()
    with pytest.raises(
        ValueError, match=r"example: Sequential itself fails on it .*\(2, 5, 4, 4\)"
    ):
        prepare(net, torch.rand(2, 5, 4, 4))
