"""Every refusal says what to do, and doing it works: each message's advice is followed here.

A case is a call that is refused, what the message says, the advice as code, and the right numbers.
The last test demands a case for every place where the files below raise an error.
"""

import ast
import copy
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import xaicourse as xc
from xaicourse.core import checks
from xaicourse.core.gradients import ask, layer_gradients
from xaicourse.core.layers import find_layer

CORE = Path(checks.__file__).parent
FILES = (
    *("audit.py", "backward_errors.py", "foreign_hooks.py", "gradients.py", "question.py"),
    *("row_guard.py", "shared.py", "training_mode.py"),
)
# what nobody can meet, or what is a case of another message: how the raise begins
NO_CASE = {"one output a row is needed", "raise refusal()", "raise _ReachedError("}

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*use_reentrant"),
    pytest.mark.filterwarnings("ignore:None of the inputs have"),
    pytest.mark.filterwarnings("ignore:.*torch.jit"),
    pytest.mark.filterwarnings("ignore:the model ends in "),
]


@dataclass(frozen=True)
class Advice:
    """One message: the call that gets it, its words, the call that it advises, what is right."""

    refused: Callable[[], Any]
    says: str
    advised: Callable[[], Tensor]
    right: Callable[[], Tensor]
    error: type[Exception] = ValueError


CASES: dict[str, Advice] = {}


# ---- small models --------------------------------------------------------------------------------


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def net(*sizes: int, between: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers with an activation between them, in float64 and eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        parts: list[nn.Module] = []
        for layer in layers[:-1]:
            parts += [layer, between()]
        layers[-1].weight.data *= 5  # logits, which do not look like probabilities
        return nn.Sequential(*parts, layers[-1]).double().eval()


NET = net(4, 6, 3)
X = torch.rand(3, 4, generator=seeded(), dtype=torch.float64)
IMAGES = torch.rand(2, 3, 8, 8, generator=seeded(1), dtype=torch.float64)
with torch.random.fork_rng():
    torch.manual_seed(3)
    CNN = nn.Sequential(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(4, 2),
    )
    CNN.double().eval()


def slope(model: Callable[..., Any], x: Tensor = X, target: int = 0) -> Tensor:
    """dF/dx by autograd, row by row."""
    found = []
    for row in x.split(1):
        leaf = row.clone().requires_grad_(True)
        found.append(torch.autograd.grad(model(leaf)[:, target].sum(), leaf)[0])
    return torch.cat(found)


class Of(nn.Module):
    """A module that computes a function of its net and x."""

    def __init__(self, inner: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.inner, self.function = inner, function

    def forward(self, x: Tensor) -> Any:
        return self.function(self.inner, x)


def with_a_relu(relu: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """NET with its ReLU written in another way."""
    return lambda z: NET[2](relu(NET[0](z)))


# ---- audit.py ------------------------------------------------------------------------------------

GELUS = net(4, 6, 3, between=nn.GELU)
CASES["an activation without a rule"] = Advice(
    lambda: xc.guided_backprop(GELUS, X, 0),
    r"'gelu'.*accept the plain gradient there with allow=\('gelu',\)",
    lambda: xc.guided_backprop(GELUS, X, 0, allow=("gelu",)),
    lambda: slope(GELUS),
)
PRELUS = net(4, 6, 3, between=nn.PReLU)
CASES["PReLU, by the name that its users know"] = Advice(
    lambda: xc.deconvnet(PRELUS, X, 0),
    r"'prelu'.*allow=\('prelu',\)",
    lambda: xc.deconvnet(PRELUS, X, 0, allow=("prelu",)),
    lambda: slope(PRELUS),
)


def gated(z: Tensor) -> Tensor:
    return NET[2](NET[0](z) * NET[0](z + 1))


CASES["two activations multiplied"] = Advice(
    lambda: xc.guided_backprop(gated, X, 0),
    r"two activations are multiplied.*allow=\('product',\)",
    lambda: xc.guided_backprop(gated, X, 0, allow=("product",)),
    lambda: slope(gated),
)
for method in (xc.lrp, xc.deep_taylor, xc.guided_backprop, xc.rectgrad):
    for last in (nn.Softmax(1), nn.LogSoftmax(-1)):
        ends = nn.Sequential(*NET, last)
        CASES[f"{method.__name__} of a model that ends with {type(last).__name__}"] = Advice(
            partial(method, ends, X, 0),
            r"explain the logits in front of it, such as model\[:-1\]",
            partial(method, ends[:-1], X, 0),
            partial(method, NET, X, 0),
        )
LOGITS = nn.Sequential(*NET, nn.Softmax(1))
CASES["the scale of a softmax that was taken off"] = Advice(
    lambda: xc.guided_backprop(LOGITS, X, 0),
    "output='probability' or 'log_probability' puts their scale back",
    lambda: xc.guided_backprop(LOGITS[:-1], X, 0, output="probability").sum(1),
    lambda: xc.guided_backprop(LOGITS, X, 0, allow=("softmax",)).sum(1),
)
UNSEEN = {
    "a ReLU of torch.ops": (torch.ops.aten.relu, r"call F\.relu there"),
    "a ReLU under vmap": (torch.vmap(torch.relu), r"call F\.relu there"),
    "a ReLU as clamp with a tensor": (
        lambda h: h.clamp(min=torch.zeros(6, dtype=h.dtype)),
        r"If it is a ReLU, write torch\.relu\(z\), or clamp with a number",
    ),
    "a ReLU as maximum": (
        lambda h: torch.maximum(torch.zeros((), dtype=h.dtype), h),
        r"If it is a ReLU, write torch\.relu\(z\) for torch\.maximum",
    ),
}
for name, (relu, says) in UNSEEN.items():
    for method in (xc.guided_backprop, xc.rectgrad):
        CASES[f"{name}, {method.__name__}"] = Advice(
            partial(method, with_a_relu(relu), X, 0),
            says,
            partial(method, with_a_relu(torch.relu), X, 0),
            partial(method, NET, X, 0),
        )


# ---- backward_errors.py --------------------------------------------------------------------------


class OfCudnn(torch.autograd.Function):
    """Goes backwards as cuDNN's recurrent layers do in eval mode: only with cuDNN off."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        if torch.backends.cudnn.enabled:
            raise RuntimeError("cudnn RNN backward can only be called in training mode")
        return grad


class WithoutCudnn:
    """A method under the flags that the message names."""

    def __init__(self, method: Any) -> None:
        self.method = method

    def __call__(self, *args: Any) -> Tensor:
        with torch.backends.cudnn.flags(enabled=False):
            return self.method(*args)


RECURRENT = Of(NET, lambda inner, z: inner(OfCudnn.apply(z)))
for method in (xc.gradient, xc.integrated_gradients, xc.vargrad, xc.noisegrad):
    CASES[f"cuDNN's recurrent layers, {method.__name__}"] = Advice(
        partial(method, RECURRENT, X, 0),
        r"torch\.backends\.cudnn\.flags\(enabled=False\)",
        partial(WithoutCudnn(method), RECURRENT, X, 0),
        partial(method, NET, X, 0),
    )


def written(z: Tensor, again: Callable[[Tensor], Tensor]) -> Tensor:
    """Write into what the gradient of a ReLU, or of a copy of it, needs."""
    h = again(z.relu())
    h[:, :2] = 2.0
    return NET(h)


CASES["a write into what the gradient needs"] = Advice(
    lambda: xc.gradient(lambda z: written(z, lambda h: h), X, 0),
    r"write into a copy, h = h\.clone\(\)",
    lambda: xc.gradient(lambda z: written(z, Tensor.clone), X, 0),
    lambda: slope(lambda z: NET(torch.cat([torch.full_like(z[:, :2], 2), z[:, 2:]], 1))),
)
STEP = torch.zeros(1, dtype=X.dtype)
CASES["an operation without a derivative"] = Advice(
    lambda: xc.gradient(lambda z: NET(z * torch.heaviside(z - 0.5, STEP)), X, 0),
    r"without a derivative.*detach\(\) where it is only looked at",
    lambda: xc.gradient(lambda z: NET(z * torch.heaviside(z.detach() - 0.5, STEP)), X, 0),
    lambda: slope(lambda z: NET(z * (z > 0.5))),
)


def checkpointed(inner: nn.Module, reentrant: bool) -> nn.Module:
    return Of(inner, lambda n, z: checkpoint(n, z, use_reentrant=reentrant)).eval()


for method in (xc.gradient, xc.integrated_gradients, xc.lrp, xc.bias_backprop, xc.noisegrad):
    CASES[f"a reentrant checkpoint, {method.__name__}"] = Advice(
        partial(method, checkpointed(NET, True), X, 0),
        r"gradient checkpointing.*use_reentrant=False",
        partial(method, checkpointed(NET, False), X, 0),
        partial(method, NET, X, 0),
    )
CASES["a reentrant checkpoint around the layer of a map"] = Advice(
    lambda: xc.grad_cam(checkpointed(CNN, True), IMAGES, 0, layer="inner.0"),
    r"gradient checkpointing.*use_reentrant=False",
    lambda: xc.grad_cam(checkpointed(CNN, False), IMAGES, 0, layer="inner.0"),
    lambda: xc.grad_cam(CNN, IMAGES, 0, layer="0"),
)


# ---- foreign_hooks.py ----------------------------------------------------------------------------


def hooked() -> tuple[nn.Module, Any]:
    """A net with a full backward hook, and its handle."""
    other = copy.deepcopy(NET)
    return other, other[1].register_full_backward_hook(lambda *args: None)


def without_hook() -> Tensor:
    other, handle = hooked()
    handle.remove()
    return xc.guided_backprop(other, X, 0)


CASES["a backward hook of other code"] = Advice(
    lambda: xc.guided_backprop(hooked()[0], X, 0),
    r"remove it \(handle\.remove\(\)\)",
    without_hook,
    lambda: xc.guided_backprop(NET, X, 0),
)


def left_behind() -> nn.Module:
    """A net in which a forward hook changes gradients."""
    other = copy.deepcopy(NET)

    def hook(module: nn.Module, args: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(lambda grad: 2 * grad)

    other[1].register_forward_hook(hook)
    return other


def cleared(model: nn.Module) -> nn.Module:
    for module in model.modules():
        module._forward_hooks.clear()
    return model


CASES["a hook on a tensor"] = Advice(
    lambda: xc.gradient(left_behind(), X, 0),
    r"clear module\._forward_hooks",
    lambda: xc.gradient(cleared(left_behind()), X, 0),
    lambda: slope(NET),
)


# ---- gradients.py --------------------------------------------------------------------------------

CASES["a gradient that is NaN"] = Advice(
    lambda: xc.gradient(lambda z: NET(z) + (z - z).sum(1, keepdim=True).sqrt(), X, 0),
    r"\(z \+ 1e-12\)\.sqrt\(\)",
    lambda: xc.gradient(lambda z: NET(z) + ((z - z).sum(1, keepdim=True) + 1e-12).sqrt(), X, 0),
    lambda: slope(NET),
)
FORBIDDEN = torch.tensor([False, True, False])
MASKED = Of(NET, lambda inner, z: inner(z).masked_fill(FORBIDDEN, float("-inf"))).eval()
for method in (xc.gradient, xc.lrp, xc.integrated_gradients, xc.deeplift):
    CASES[f"a masked class, {method.__name__}"] = Advice(
        partial(method, MASKED, X, 1),
        "choose another target|F is -inf",
        partial(method, MASKED, X, 2),
        partial(method, NET, X, 2),
    )
HALVES = nn.Sequential(
    Of(CNN[:2], lambda inner, z: torch.cat([inner(z), inner(2 * z)])),
    Of(CNN[2:], lambda inner, h: inner((h[: len(h) // 2] + h[len(h) // 2 :]) / 2)),
).eval()
CASES["a layer with more rows than x"] = Advice(
    lambda: layer_gradients(ask(HALVES, IMAGES, 0), find_layer(HALVES, "0")),
    "it must have one entry for each row of x|one entry for each row of x, on the first axis",
    lambda: layer_gradients(ask(HALVES, IMAGES, 0), find_layer(HALVES, "1"))[1],
    lambda: torch.eye(2, dtype=torch.float64)[:1].expand(2, 2),
)


# ---- question.py ---------------------------------------------------------------------------------

CASES["a scale that does not exist"] = Advice(
    lambda: xc.gradient(NET, X, 0, output="softmax"),
    "one of logit, probability",
    lambda: xc.gradient(NET, X, 0, output="probability"),
    lambda: slope(lambda z: NET(z).softmax(1)),
)
CASES["an output function that gives other rows"] = Advice(
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.repeat(2, 1)),
    r"must give one number a row, shape \(3,\)",
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.repeat(1, 2)),
    lambda: slope(NET),
)
CASES["one output for the whole batch"] = Advice(
    lambda: xc.gradient(lambda z: NET(z).mean(), X),
    r"one output for each of the 3 row\(s\)",
    lambda: xc.gradient(lambda z: NET(z).mean(1), X),
    lambda: slope(lambda z: NET(z).mean(1, keepdim=True)),
)


class Hidden:
    """Outputs where nothing looks: in a closure."""

    def __init__(self, logits: Tensor) -> None:
        self.get = lambda: logits


CASES["outputs that cannot be found"] = Advice(
    lambda: xc.guided_backprop(lambda z: Hidden(NET(z)), X, lambda out, rows: out.get()[:, 0]),
    "a tensor, a dict, a tuple or a dataclass",
    lambda: xc.guided_backprop(lambda z: {"y": NET(z)}, X, lambda out, rows: out["y"][:, 0]),
    lambda: xc.guided_backprop(NET, X, 0),
)
WEIGHT = torch.ones(1, 2, dtype=torch.float64, requires_grad=True)
CASES["an output without x"] = Advice(
    lambda: xc.gradient(lambda z: WEIGHT.expand(len(z), 2) * 2, X, 0),
    "does not depend on x",
    lambda: xc.gradient(lambda z: WEIGHT.expand(len(z), 2) * 2 + z[:, :2], X, 0),
    lambda: torch.eye(4, dtype=torch.float64)[:1].expand(3, 4),
)
for name, cut in {
    "detached": lambda z: NET(z).detach(),
    "made of NumPy": lambda z: torch.from_numpy(NET(z).detach().numpy()),
    "made without gradients": torch.no_grad()(lambda z: NET(z)),
}.items():
    CASES[f"an output that is {name}"] = Advice(
        partial(xc.gradient, cut, X, 0),
        r"without detach\(\), numpy\(\), item\(\) and no_grad\(\)",
        lambda: xc.gradient(NET, X, 0),
        lambda: slope(NET),
    )


def doing_what_it_says(model: nn.Module, x: Tensor) -> Tensor:
    """Read from the message how x must be cast, and do it."""
    with pytest.raises(ValueError, match="pass x") as refused:
        xc.gradient(model, x, 0)
    advice = re.search(r"pass (x\.to\('(\w+)', torch\.(\w+)\))", str(refused.value))
    assert advice, refused.value
    return xc.gradient(model, x.to(advice[2], getattr(torch, advice[3])), 0)


CASES["x of another dtype"] = Advice(
    lambda: xc.gradient(NET, X.float(), 0),
    r"weights are torch\.float64 on cpu; pass x\.to\('cpu', torch\.float64\)",
    lambda: doing_what_it_says(NET, X.float()),
    lambda: slope(NET, X.float().double()),
)
with torch.device("meta"):
    EMPTY = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)).eval()


def loaded() -> nn.Module:
    other = copy.deepcopy(EMPTY)
    other.load_state_dict(NET.state_dict(), assign=True)
    return other


CASES["weights on the meta device"] = Advice(
    lambda: xc.noisegrad(EMPTY, X, 0),
    r"model\.load_state_dict\(weights, assign=True\)",
    lambda: xc.noisegrad(loaded(), X, 0),
    lambda: xc.noisegrad(NET, X, 0),
)
CASES["x on the meta device"] = Advice(
    lambda: xc.lrp(NET, X.to("meta"), 0),
    r"torch\.rand\(x\.shape\)",
    lambda: xc.lrp(NET, torch.full(X.to("meta").shape, 0.5, dtype=torch.float64), 0),
    lambda: xc.lrp(NET, torch.full((3, 4), 0.5, dtype=torch.float64), 0),
)
CASES["an image without a batch"] = Advice(
    lambda: xc.gradient(CNN, IMAGES[0], 0),
    r"for a single example pass x\[None\]",
    lambda: xc.gradient(CNN, IMAGES[0][None], 0),
    lambda: slope(CNN, IMAGES[:1]),
)
CASES["a class in place of a model"] = Advice(
    lambda: xc.gradient(nn.Linear, X, 0),
    r"make one: Linear\(\.\.\.\)",
    lambda: xc.gradient(nn.Linear(4, 2, dtype=torch.float64).eval(), X, 0) * 0,
    lambda: torch.zeros_like(X),
    TypeError,
)
CASES["weights in place of a model"] = Advice(
    lambda: xc.gradient(NET.state_dict(), X, 0),
    r"build the model and call model\.load_state_dict\(weights\)",
    lambda: xc.gradient(loaded(), X, 0),
    lambda: slope(NET),
    TypeError,
)


def parallel() -> nn.DataParallel:
    """Wrap NET, where it is: another test may have given torch a device of its own."""
    with mock.patch(
        "torch.nn.parallel.data_parallel._get_available_device_type", return_value=None
    ):
        return nn.DataParallel(NET)


CASES["DataParallel under noise"] = Advice(
    lambda: xc.noisegrad(parallel(), X, 0),
    r"pass model\.module",
    lambda: xc.noisegrad(parallel().module, X, 0),
    lambda: xc.noisegrad(NET, X, 0),
    TypeError,
)


# ---- row_guard.py --------------------------------------------------------------------------------


def time_first(batch_first: bool) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        gru = nn.GRU(4, 5, batch_first=batch_first).double()
    return Of(gru, lambda inner, z: inner(z)[0][:, -1]).eval()


SERIES = torch.rand(3, 6, 4, generator=seeded(2), dtype=torch.float64)
CASES["time before rows"] = Advice(
    lambda: xc.gradient(time_first(False), SERIES, 0),
    "batch_first=True",
    lambda: xc.gradient(time_first(True), SERIES, 0),
    lambda: slope(time_first(True), SERIES),
)
CASES["each row compared with each other"] = Advice(
    lambda: xc.gradient(lambda z: NET(z) @ NET(z).T, X, 0),
    "depends on the other rows|no row has an explanation",
    lambda: xc.gradient(lambda z: NET(z) @ NET(X).T, X, 0),
    lambda: slope(lambda z: NET(z) @ NET(X).T),
)
CASES["chance in the model"] = Advice(
    lambda: xc.gradient(lambda z: NET(z + torch.randn_like(z)), X, 0),
    r"a generator that forward\(\) seeds anew",
    lambda: xc.gradient(
        lambda z: NET(z + torch.randn(4, generator=seeded(9), dtype=z.dtype)), X, 0
    ),
    lambda: slope(lambda z: NET(z + torch.randn(4, generator=seeded(9), dtype=z.dtype))),
)
BESIDE = torch.rand(3, 3, generator=seeded(4), dtype=torch.float64)
CASES["another tensor with an entry a row"] = Advice(
    lambda: xc.smoothgrad(lambda z: NET(z) * BESIDE.repeat(len(z) // 3 + 1, 1)[: len(z)], X, 0),
    r"xaicourse\.bind\(model, name=tensor\)",
    lambda: xc.smoothgrad(xc.bind(lambda z, beside: NET(z) * beside, beside=BESIDE), X, 0),
    lambda: xc.smoothgrad(NET, X, 0) * BESIDE[:, :1],
)
CASES["a scale over the rows"] = Advice(
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.softmax(0)),
    "softmax over dim=1, not dim=0",
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.softmax(1)),
    lambda: slope(lambda z: NET(z).softmax(1)),
)


# ---- shared.py, spec.py: names -------------------------------------------------------------------

for method, wrong, right in (
    (xc.smoothgrad, {"n_samples": 4}, "samples"),
    (xc.vargrad, {"nt_samples": 4}, "samples"),
    (xc.integrated_gradients, {"n_steps": 6}, "steps"),
    (xc.integrated_gradients, {"internal_batch_size": 2}, "batch_size"),
    (xc.deep_shap, {"references": 0.5}, "baselines"),
    (xc.integrated_gradients, {"baselines": 0.5}, "baseline"),
    (xc.smoothgrad, {"stdevs": 0.2}, "sigma"),
    (xc.lrp, {"eps": 0.1}, "epsilon"),
):
    (given, value), *_ = wrong.items()
    CASES[f"{method.__name__}({given}=...)"] = Advice(
        partial(method, NET, X, 0, **wrong),
        rf"unexpected keyword argument '{given}'; did you mean '{right}'\?",
        partial(method, NET, X, 0, **{right: value}),
        partial(xc.spec(method.__name__, **{right: value}), NET, X, 0),
        TypeError,
    )
CASES["grad_cam(target_layer=...)"] = Advice(
    lambda: xc.grad_cam(CNN, IMAGES, 0, target_layer="0"),
    r"did you mean 'layer'\?",
    lambda: xc.grad_cam(CNN, IMAGES, 0, layer="0"),
    lambda: xc.layer_cam(CNN, IMAGES, 0, layer="0") * 0 + xc.grad_cam(CNN, IMAGES, 0, layer=CNN[0]),
    TypeError,
)
CASES["a setting that does not exist, in a spec"] = Advice(
    lambda: xc.spec("vargrad", n_samples=5),
    r"no setting 'n_samples'; did you mean 'samples'\?",
    lambda: xc.spec("vargrad", samples=5)(NET, X, 0),
    lambda: xc.vargrad(NET, X, 0, samples=5),
)
CASES["a method that does not exist"] = Advice(
    lambda: xc.smoothgrad(NET, X, 0, method="guided_backpropagation"),
    r"no method 'guided_backpropagation'; did you mean 'guided_backprop'\?",
    lambda: xc.smoothgrad(NET, X, 0, method="guided_backprop"),
    lambda: xc.smoothgrad(NET, X, 0, method=xc.guided_backprop),
)


# ---- training_mode.py ----------------------------------------------------------------------------


def normed(training: bool) -> nn.Module:
    return nn.Sequential(nn.BatchNorm1d(4), *copy.deepcopy(NET)).double().train(training)


def dropping(training: bool) -> nn.Module:
    return Of(NET, lambda inner, z: inner(F.dropout(z, training=training))).eval()


def traced(training: bool) -> Any:
    model = nn.Sequential(nn.Dropout(0.5), *NET).train(training)
    return torch.jit.trace(model, X, check_trace=False).eval()


for name, make, says in (
    ("batch norm in training mode", normed, r"call model\.eval\(\) first"),
    ("dropout in training mode", dropping, r"call model\.eval\(\) first"),
    ("a model traced in training mode", traced, r"trace the model again after model\.eval\(\)"),
):
    CASES[name] = Advice(
        lambda make=make: xc.gradient(make(True), X, 0),
        says,
        lambda make=make: xc.gradient(make(False), X, 0),
        lambda make=make: slope(make(False)),
    )


def standardised(norm: nn.Module) -> nn.Module:
    return nn.Sequential(norm, *copy.deepcopy(NET)).double().eval()


CASES["a batch norm by the batch itself"] = Advice(
    lambda: xc.gradient(standardised(nn.BatchNorm1d(4, track_running_stats=False)), X, 0),
    r"a norm over one row, such as nn\.GroupNorm or nn\.LayerNorm",
    lambda: xc.gradient(standardised(nn.LayerNorm(4)), X, 0),
    lambda: slope(standardised(nn.LayerNorm(4))),
)


# ---- following -----------------------------------------------------------------------------------


@pytest.mark.fault("K10", "R5", "R11")
@pytest.mark.parametrize("name", CASES)
def test_the_advice_is_given_and_works(name, close):
    case = CASES[name]
    with pytest.raises(case.error) as refused:
        case.refused()
    assert re.search(case.says, str(refused.value)), refused.value
    close(case.advised(), case.right(), 1e-9)


@pytest.mark.fault("K4", "P10")
def test_a_softmax_at_the_end_is_noticed_and_the_advice_works(close):
    with pytest.warns(UserWarning, match=r"model\[:-1\].*output=lambda p: p"):
        given = xc.gradient(nn.Sequential(*NET, nn.Softmax(1)), X, 0)
    close(given, slope(LOGITS))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        close(xc.gradient(LOGITS[:-1], X, 0), slope(NET))
        close(xc.gradient(LOGITS, X, 0, output=lambda p: p), slope(LOGITS))


# ---- every message -------------------------------------------------------------------------------


def places(paths: list[Path]) -> dict[tuple[str, int], str]:
    """Return where the files raise: (file, line of the raise) -> its source."""
    found = {}
    for path in paths:
        name, source = path.name, path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                found[name, node.lineno] = str(ast.get_source_segment(source, node))
    return found


def met(error: BaseException, known: dict[tuple[str, int], str]) -> set[tuple[str, int]]:
    """Return the places that an error, and those that it came from, were raised at."""
    found: set[tuple[str, int]] = set()
    seen: BaseException | None = error
    while seen is not None:
        for frame in traceback.extract_tb(seen.__traceback__):
            name, line = Path(frame.filename).name, frame.lineno or 0
            lines = [k for n, k in known if n == name and k <= line]
            if "xaicourse" in Path(frame.filename).parts and lines:
                place = name, max(lines)
                if line < place[1] + len(known[place].splitlines()):
                    found.add(place)
        seen = seen.__cause__
    return found


def without_a_case(paths: list[Path], cases: dict[str, Advice]) -> set[str]:
    """Return where the files raise what no case meets."""
    known = places(paths)
    reached: set[tuple[str, int]] = set()
    for case in cases.values():
        with pytest.raises(case.error) as refused:
            case.refused()
        reached |= met(refused.value, known)
    left = {f"{n}:{k}: {known[n, k][:120]}" for n, k in set(known) - reached}
    return {text for text in left if not any(words in text for words in NO_CASE)}


def test_every_message_has_a_case():
    assert not without_a_case([CORE / name for name in FILES], CASES)
