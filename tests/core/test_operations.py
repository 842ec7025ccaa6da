"""What a backward rule is given, whatever the spelling: enough for rules that are not yet there."""

from typing import ClassVar

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from xaicourse.core.gradients import ask, gradients
from xaicourse.core.known import TRANSPARENT
from xaicourse.core.operations import (
    Activated,
    Affine,
    Layer,
    MaxPool,
    Mixture,
    UnsupportedOperationError,
)
from xaicourse.core.rules import BackwardRules

X = torch.sin(1.3 * torch.arange(24.0, dtype=torch.float64)).view(6, 4)
W = torch.sin(torch.arange(20.0, dtype=torch.float64)).view(5, 4)
V = torch.cos(torch.arange(15.0, dtype=torch.float64)).view(3, 5)
b = torch.cos(torch.arange(5.0, dtype=torch.float64))


class Watch(BackwardRules):
    """Rules that are the chain rule, and write down what they are given."""

    kinds: ClassVar[frozenset[str]] = frozenset({"smooth", "layer", "max_pool"})
    transparent: ClassVar[frozenset[str]] = TRANSPARENT | {"relu"}

    def choose(self, operation, producer):
        seen.append((operation, producer))
        return None


class Retold(Watch):
    """The chain rule again, told by rules: whoever has all its parts can rebuild the gradient."""

    def choose(self, operation, producer):
        super().choose(operation, producer)
        if isinstance(operation, Activated):  # all that RectGrad asks for: z, a, slope and R
            return operation, lambda op, g: g * op.slope * (op.output == op.function(op.z))
        if isinstance(operation, Layer):  # all that a pattern rule asks for: x, W, b
            return operation, transposed
        if isinstance(operation, Affine):
            return operation, lambda op, g: g if op.scale is None else g * op.scale
        return None


def transposed(layer, g):
    with torch.enable_grad():
        x = layer.x.detach().requires_grad_(True)
        return torch.autograd.grad(layer.product(x, layer.weight.detach()), x, g)[0]


seen: list = []


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def watch(model, x=X, rules=Watch, target=1):
    return gradients(ask(model, x, target, rules=rules("watch")))[0]


SPELLINGS = {
    "functional": lambda x: F.linear(x, W, b),
    "keywords": lambda x: F.linear(input=x, weight=W, bias=b),
    "matmul": lambda x: x @ W.T + b,
    "addmm": lambda x: torch.addmm(b, x, W.T),
    "from the left": lambda x: b + torch.matmul(x, W.t()),
    "in place": lambda x: x.mm(W.T).add_(b),
}


@pytest.mark.parametrize("layer", SPELLINGS.values(), ids=SPELLINGS)
def test_a_dense_layer_is_one_operation(layer, close):
    watch(lambda x: F.relu(layer(x)) @ V.T)
    relu = next(producer for operation, producer in seen if isinstance(operation, Activated))
    close(relu.weight, W)
    close(relu.bias, b)
    close(relu.product(X, relu.weight) + relu.bias, X @ W.T + b)
    assert relu.first
    last = seen[-1][0]
    assert isinstance(last, Layer)
    assert not last.first
    assert last.number == 1


def test_an_activation_knows_what_made_its_input(close):
    norm = nn.BatchNorm1d(5).double().eval()
    norm.running_var.fill_(4.0)
    cases = {
        Layer: lambda x: F.relu(norm(F.linear(x, W, b))),
        Mixture: lambda x: F.relu(x[:, :2] + x[:, 2:]),
        Affine: lambda x: F.relu(x * 2 + 1),
        MaxPool: lambda x: F.relu(F.max_pool1d(x[:, None], 2)),
    }
    for kind, model in cases.items():
        seen.clear()
        watch(lambda x, model=model: model(x).flatten(1))
        producer = next(p for operation, p in seen if isinstance(operation, Activated))
        assert isinstance(producer, kind)
        if kind is Layer:  # conv or dense, then batch-norm: one layer
            close(producer.weight, (W / (4 + norm.eps) ** 0.5))


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            *(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
            *(nn.Conv2d(4, 4, 3, groups=2), nn.LeakyReLU(0.1), nn.AvgPool2d(2), nn.Flatten()),
            *(nn.Linear(16, 6), nn.Tanh(), nn.Linear(6, 3)),
        ).double()


def test_rules_have_all_the_parts_of_the_chain_rule(close):
    """Rules that retell the chain rule from what they are given find autograd's gradient."""
    model = net().eval().requires_grad_(False)
    x = torch.sin(torch.arange(3 * 2 * 144, dtype=torch.float64)).view(3, 2, 12, 12)
    leaf = x.clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(model((leaf - 0.5) / 2)[:, 1].sum(), leaf)

    class Trusted(Retold):
        transparent = TRANSPARENT

    close(watch(lambda x: model((x - 0.5) / 2), x, Trusted), expected, 1e-12)
    layers = [operation for operation, _ in seen if isinstance(operation, Layer)]
    assert [layer.kind for layer in layers] == ["conv", "conv", "conv", "linear", "linear"]
    assert [layer.number for layer in layers] == [0, 0, 1, 2, 3]  # 0 again, with its batch-norm


def test_frozen_weights_that_are_computed_are_weights():
    """W.T, weight norm and the like need a gradient, but do not follow from x."""
    weight = nn.Parameter(W.clone())
    watch(lambda x: F.relu(x @ (weight / weight.norm()).T) @ V.T)
    assert [type(operation) for operation, _ in seen] == [Layer, Activated, Layer]


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate", "constant"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_every_rim_is_seen_through(mode, axes, close):
    """torch writes a circular one into an empty tensor, which the audit would have to refuse."""
    x, pad = X.view(2, 1, *[(12,), (4, 3), (3, 2, 2)][axes - 1]), (1, 0) + (1, 1) * (axes - 1)
    weights = torch.linspace(-1, 1, F.pad(x[:1], pad, mode).numel(), dtype=torch.float64)
    model = lambda x: F.pad(x, pad=pad, mode=mode).flatten(1) @ weights  # noqa: E731
    leaf = x.clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(model(leaf).sum(), leaf)
    close(watch(model, x, target=None), expected)


def test_attention_is_refused_by_name():
    layer = nn.MultiheadAttention(4, 2, batch_first=True).double().eval()
    with pytest.raises(UnsupportedOperationError, match=r"attention.*integrated_gradients"):
        watch(lambda x: layer(x[:, None], x[:, None], x[:, None])[0][:, 0])


AFFINE = {
    "x + c": lambda x: x + V[0, :4],
    "c + x": lambda x: 2.0 + x,
    "x - c": lambda x: x - V[0, :4],
    "c - x": lambda x: V[0, :4] - x,
    "number - x": lambda x: 1 - x,
    "rsub": lambda x: torch.rsub(x, 3.0),
    "c * x": lambda x: V[0, :4] * x,
    "x / c": lambda x: x / V[0, :4],
    "-x": lambda x: -x,
    "in place": lambda x: x.mul_(3.0),
    "add, keyword": lambda x: torch.add(x, other=V[0, :4]),
    "multiply": lambda x: torch.multiply(x, V[0, :4]),
    "subtract": lambda x: torch.subtract(x, V[0, :4]),
    "divide": lambda x: x.divide(V[0, :4]),
    "true_divide, in place": lambda x: x.true_divide_(V[0, :4]),
    "negative": torch.negative,
    "batch_norm": lambda x: F.batch_norm(x, W[0, :4], W[0, :4] ** 2 + 1, V[0, :4], V[1, :4]),
    "torch.batch_norm": lambda x: torch.batch_norm(
        *(x, V[0, :4], V[1, :4], W[0, :4], W[0, :4] ** 2 + 1, False, 0.1, 1e-5, False)
    ),
}


@pytest.mark.parametrize("step", AFFINE.values(), ids=AFFINE)
def test_affine_steps_are_read_with_their_numbers(step, close):
    watch(step)
    (operation, _) = seen[0]
    assert isinstance(operation, Affine)
    scale = 1.0 if operation.scale is None else operation.scale
    shift = 0.0 if operation.shift is None else operation.shift
    close(scale * X + shift, step(X.clone()), 1e-12)


def test_what_is_no_constant_step_is_not_read_as_one():
    for step in (
        lambda x: 1 / x,
        lambda x: torch.div(x, V[0, :4], rounding_mode="floor"),
        lambda x: x * x,
    ):
        seen.clear()
        watch(step, X + 2, Forgiving)
        assert not any(isinstance(operation, Affine) for operation, _ in seen)


class Forgiving(Watch):
    def audit(self, output, start):
        """Let everything pass."""
