"""One table of bad input: every method answers each with one clear error (design, section 9).

A message names the argument, what was given and what would be right.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from tests.contract.checks import Around, has, run
from tests.pretend_gpu import DEVICE, PretendGPU
from xaicourse.core.registry import Example, Need


@dataclass(frozen=True)
class Bad:
    """A change to a good example, and what the error must say."""

    says: str
    error: type[Exception] = ValueError
    model: Callable[[Example], Any] | None = None
    x: Callable[[Tensor], Any] | None = None
    target: Any = "unchanged"
    settings: dict[str, Any] = field(default_factory=dict)
    needs: str = "batch_size"  # a setting that the method must have
    under_rules: str = ""  # what a method with replaced backward rules says, where it differs
    at_a_layer: str = ""  # what a method that explains a layer says, where it differs
    only_gradient: bool = False  # nothing is wrong for a method without a gradient
    constant: bool = False  # a constant model: whoever only hides parts of x maps zeros, rightly

    def expected(self, record) -> str:
        """Return what the error must say; {x} is the shape of the spoilt x, {model} its class."""
        ruled, layered = Need.RELU_ONLY in record.needs, Need.LAYER in record.needs
        says = (ruled and self.under_rules) or (layered and self.at_a_layer) or self.says
        example = record.example()
        x = self.x(example.x) if self.x else example.x
        shape = re.escape(str(tuple(x.shape))) if isinstance(x, Tensor) else ""
        return says.replace("{x}", shape).replace("{model}", type(example.model).__name__)

    def call(self, record) -> Any:
        example = record.example()
        model = self.model(example) if self.model else example.model
        if Need.WEIGHTS in record.needs and inspect.isfunction(model):  # as a module with weights
            model = Around(torch.nn.Linear(1, 1), lambda inner, x, spoilt=model: spoilt(x))
        changed = Example(
            model=model,
            x=self.x(example.x) if self.x else example.x,
            target=example.target if isinstance(self.target, str) else self.target,
            settings=self.layer_itself(example),
        )
        return run(record, changed, **self.settings)

    def layer_itself(self, example: Example) -> dict[str, Any]:
        """Return the settings with a layer as a module: a spoilt model is a function."""
        settings = dict(example.settings)
        if self.model and "layer" in settings:
            settings["layer"] = example.model.get_submodule(settings["layer"])
        return settings


def spoilt(value: float) -> Callable[[Tensor], Tensor]:
    def spoil(x: Tensor) -> Tensor:
        x = x.clone()
        x.view(-1)[1] = value
        return x

    return spoil


def training(layer_for: Callable[[Tensor], nn.Module]) -> Callable[[Example], nn.Module]:
    return lambda e: nn.Sequential(layer_for(e.x), e.model).double().train()


def batch_norm(x: Tensor) -> nn.Module:
    return {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[x.dim()](x.shape[1])


def then(change: Callable[[Tensor], Any]) -> Callable[[Example], Any]:
    return lambda example: lambda x: change(example.model(x))


class NotDifferentiable(torch.autograd.Function):
    """Passes x on; its gradient in the second row is NaN."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * torch.nan


TABLE = {
    # x
    "x is a list": Bad("x must be a torch tensor.*list", TypeError, x=lambda x: x.tolist()),
    "x is an array": Bad("x must be a torch tensor.*ndarray", TypeError, x=lambda x: x.numpy()),
    "x of integers": Bad(r"x has dtype torch.uint8.*\.float\(\)", TypeError, x=lambda x: x.byte()),
    "x of booleans": Bad("x has dtype torch.bool", TypeError, x=lambda x: x > 0),
    "x is complex": Bad("x has dtype torch.complex", TypeError, x=lambda x: x + 0j),
    "x has no rows": Bad("x has shape {x}", x=lambda x: x[:0]),
    "x has no numbers": Bad("x has shape {x}", x=lambda x: x[:, :0]),
    "x is a number": Bad("x has shape {x}", x=lambda x: x.flatten()[0]),
    "x without a batch axis": Bad(r"x has shape {x}.*x\[None\]", x=lambda x: x[0]),
    "x has NaN": Bad("x holds 1 NaN or infinite", x=spoilt(torch.nan)),
    "x has infinity": Bad("x holds 1 NaN or infinite", x=spoilt(torch.inf)),
    "x is too short": Bad("model {model} failed on x of shape {x}", x=lambda x: x[:, :-1]),
    "x of another dtype": Bad("failed on x.*float32", x=lambda x: x.float()),
    # target
    "class too large": Bad("target 3 is out of range.*3 outputs, 0 to 2", target=3),
    "class below 0": Bad("target -1 is out of range", target=-1),
    "a class too large in one row": Bad("target 7 is out of range", target=torch.tensor([0, 7])),
    "too many classes": Bad(
        r"target has shape \(3,\), but x has 2", target=torch.tensor([0, 1, 2])
    ),
    "classes in a column": Bad(r"target has shape \(2, 1\)", target=torch.tensor([[0], [1]])),
    "a fraction as class": Bad("target must be a whole", TypeError, target=1.0),
    "fractions as classes": Bad("float32", TypeError, target=torch.tensor([0.0, 1.0])),
    "a truth value": Bad("target must be a whole", TypeError, target=True),
    "an object": Bad("target must be a class number.*object", TypeError, target=object()),
    "an index tuple of another depth": Bad(r"has 2 place\(s\)", target=(0, 1)),
    "a function of another shape": Bad(
        r"one number a row.*but it returned \(\d+, 3\)", target=lambda outputs, rows: outputs
    ),
    "a function that returns a number": Bad(
        "it returned float", target=lambda outputs, rows: float(outputs.detach().sum())
    ),
    "no target for a grid of outputs": Bad(
        r"target=None.*\(2, 3, 1\)", model=then(lambda y: y[:, :, None]), target=None
    ),
    # output
    "unknown output": Bad("output must be one of.*'logits'", settings={"output": "logits"}),
    "output is None": Bad("output must be one of.*None", settings={"output": None}),
    "softmax of probabilities": Bad(
        "already probabilities.*output=(lambda p: p|'logit')",
        model=then(lambda y: y.softmax(1)),
        settings={"output": "probability"},
    ),
    "margin of a single output": Bad(
        "output='margin' needs K > 1",
        model=then(lambda y: y[:, 0]),
        target=None,
        settings={"output": "margin"},
    ),
    # batch_size
    "batch_size 0": Bad("batch_size must be at least 1, got 0", settings={"batch_size": 0}),
    "batch_size 1.5": Bad("batch_size must be a whole", TypeError, settings={"batch_size": 1.5}),
    # model
    "model is no function": Bad(
        "model must be callable, got str", TypeError, model=lambda e: "net"
    ),
    "model raises": Bad("model .* failed on x.*division by zero", model=then(lambda y: 1 / 0)),
    "model averages the batch": Bad(r"model returns shape \(3,\)", model=then(lambda y: y.mean(0))),
    "model returns one number": Bad(r"model returns shape \(\)", model=then(lambda y: y.sum())),
    "model returns a dict": Bad("model returns dict.*targets.item", model=then(lambda y: {"y": y})),
    "model returns a tuple": Bad("model returns tuple", model=then(lambda y: (y, y))),
    "model is detached": Bad(
        "not connected to x",
        only_gradient=True,
        model=then(lambda y: y.detach()),
    ),
    "model goes through NumPy": Bad(
        "not connected to x",
        only_gradient=True,
        model=then(lambda y: torch.from_numpy(y.detach().numpy() * 2)),
        under_rules=r"computes detach\(\) of an activation",
    ),
    "model runs without grad": Bad(
        "not connected to x",
        only_gradient=True,
        model=lambda e: torch.no_grad()(lambda x: e.model(x)),
    ),
    "model ignores x": Bad(
        "not connected to x|does not depend on x",
        model=lambda e: lambda x: torch.ones(len(x), 3, dtype=x.dtype),
        constant=True,
        at_a_layer="not connected to x|layer .* is never called",
    ),
    "model knows only its weights": Bad(
        "does not depend on x",
        model=lambda e: lambda x: torch.ones(len(x), 3, requires_grad=True) * 1,
        constant=True,
        at_a_layer="does not depend on x|layer .* is never called",
    ),
    "gradient is NaN": Bad(
        "gradient of row 0 is NaN",
        model=then(lambda y: NotDifferentiable.apply(y)),
        only_gradient=True,
        under_rules="not defined for the operation 'not_differentiable'",
    ),
    "batch-norm in training": Bad("training mode.*BatchNorm.*eval", model=training(batch_norm)),
    "dropout in training": Bad(
        "training mode.*dropout.*eval", model=training(lambda x: nn.Dropout(0.3))
    ),
    # steps, quadrature, baseline
    "no steps": Bad("steps must be at least 1, got 0", settings={"steps": 0}, needs="steps"),
    "steps below 0": Bad("steps must be at least 1", settings={"steps": -5}, needs="steps"),
    "half a step": Bad("steps must be a whole", TypeError, settings={"steps": 2.5}, needs="steps"),
    "unknown quadrature": Bad(
        "quadrature must be one of.*'simpson'",
        settings={"quadrature": "simpson"},
        needs="quadrature",
    ),
    "a quadrature beside tol": Bad(
        "tol=0.1 takes the place of quadrature, so that quadrature='left' would",
        settings={"quadrature": "left", "tol": 0.1},
        needs="tol",
    ),
    "unknown quadrature beside tol": Bad(
        "tol=0.1 takes the place of quadrature.*'simpson'",
        settings={"quadrature": "simpson", "tol": 0.1},
        needs="tol",
    ),
    "tol 0": Bad("tol must be", settings={"tol": 0.0}, needs="tol"),
    "tol below 0": Bad("tol must be", settings={"tol": -0.1}, needs="tol"),
    "tol is NaN": Bad("tol must be", settings={"tol": float("nan")}, needs="tol"),
    "baseline of another shape": Bad(
        r"baseline has shape \(5,\), but x has {x}",
        settings={"baseline": torch.zeros(5, dtype=torch.float64)},
        needs="baseline",
    ),
    "baseline with too many rows": Bad(
        r"baseline has shape \(3, 6\)",
        settings={"baseline": torch.zeros(3, 6, dtype=torch.float64)},
        needs="baseline",
    ),
    "baseline is NaN": Bad(
        "baseline holds NaN", settings={"baseline": float("nan")}, needs="baseline"
    ),
    "baseline with infinity": Bad(
        "baseline holds NaN or inf",
        settings={"baseline": torch.full((2, 6), torch.inf).double()},
        needs="baseline",
    ),
    "baseline of integers": Bad(
        "baseline has dtype torch.int64",
        TypeError,
        settings={"baseline": torch.zeros(2, 6).long()},
        needs="baseline",
    ),
    "baseline is a list": Bad(
        "baseline must be a number, a tensor or one of black.*list",
        TypeError,
        settings={"baseline": [0.0] * 6},
        needs="baseline",
    ),
    "baseline is None": Bad(
        "baseline must be.*NoneType", TypeError, settings={"baseline": None}, needs="baseline"
    ),
    "unknown baseline": Bad(
        "baseline 'grey' is unknown; there are black",
        settings={"baseline": "grey"},
        needs="baseline",
    ),
    "an image's baseline for what is none": Bad(
        r"baseline 'blur' is for images (\(N, C, H, W\), x has shape {x}|in \[0, 1\])",
        settings={"baseline": "blur"},
        needs="baseline",
    ),
}


@pytest.mark.parametrize("bad", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("record", xc.METHODS.values(), ids=xc.METHODS)
def test_bad_input(record, bad):
    if not has(record, bad.needs) or (bad.only_gradient and Need.GRADIENT not in record.needs):
        return
    if bad.constant and not {Need.GRADIENT, Need.LAYER} & record.needs:
        return
    with pytest.raises(bad.error, match=f"(?s){bad.expected(record)}"):
        bad.call(record)


@pytest.mark.parametrize("record", xc.METHODS.values(), ids=xc.METHODS)
def test_unknown_setting_is_refused(record):
    with pytest.raises(TypeError, match="step_count"):
        run(record, step_count=3)


@pytest.mark.parametrize("record", xc.METHODS.values(), ids=xc.METHODS)
def test_mixed_devices_are_refused(record):
    example = record.example()
    with PretendGPU():
        name = type(example.model).__name__
        with pytest.raises(ValueError, match=rf"model {name} failed on x.*pretendgpu"):
            run(record, replace(example, x=example.x.to(DEVICE)))
        if has(record, "baseline"):
            with pytest.raises(ValueError, match="baseline is on pretendgpu:0, x is on cpu"):
                run(record, example, baseline=example.x.to(DEVICE))


@pytest.mark.parametrize("record", xc.METHODS.values(), ids=xc.METHODS)
def test_positional_settings_are_refused(record):
    example = record.example()
    with pytest.raises(TypeError, match="positional"):
        record.method(example.model, example.x, example.target, 0.0)
