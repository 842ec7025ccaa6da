"""The advice on each argument is followed, as in test_advice.py: x, targets, scales, layers."""

import copy
import re
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import VisionTransformer

import xaicourse as xc
from xaicourse.core import checks
from xaicourse.core.blurring import blurred
from xaicourse.core.layers import LayerError, find_layer

from .test_advice import CNN, IMAGES, NET, Advice, Of, X, seeded, slope, without_a_case

CORE = Path(checks.__file__).parent
FILES = (
    *("at_layer.py", "checks.py", "inputs.py", "layers.py", "scale.py", "target.py"),
    "target_checks.py",
)

CASES: dict[str, Advice] = {}
targets = xc.targets

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit")


def case(name: str, *parts: Any, error: type[Exception] = ValueError) -> None:
    """Add a case: what is refused, what it says, what it advises, what is right."""
    CASES[name] = Advice(*parts, error)


def plain(target: int = 0, x: Tensor = X, model: Any = NET) -> Callable[[], Tensor]:
    """Return the slope of a class as what is right."""
    return lambda: slope(model, x, target)


# ---- checks.py: x and the model ------------------------------------------------------------------

with torch.random.fork_rng():
    torch.manual_seed(6)
    TOKENS = nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(12, 3)).double().eval()
    PIXELS = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).eval()
IDS = torch.randint(0, 7, (2, 3), generator=seeded(6))
AGES = torch.randint(0, 99, (3, 12), generator=seeded(7))
BYTES = torch.randint(0, 255, (2, 3, 2, 2), generator=seeded(7)).byte()
case(
    "token ids",
    lambda: xc.saliency(TOKENS, IDS, 2),
    r"xaicourse\.at_layer\(model, embedding_layer, x\), then explain rest at a",
    lambda: xc.gradient(*xc.at_layer(TOKENS, TOKENS[0], IDS), 2),
    lambda: TOKENS[2].weight[2].view(1, 3, 4).expand(2, 3, 4),
    error=TypeError,
)
case(
    "whole numbers that are no ids",
    lambda: xc.input_x_gradient(PIXELS[1], AGES, 1),
    r"for other whole numbers pass x\.float\(\)",
    lambda: xc.input_x_gradient(PIXELS[1], AGES.float(), 1),
    lambda: PIXELS[1].weight[1] * AGES,
    error=TypeError,
)
case(
    "a sparse x",
    lambda: xc.gradient(NET, X.to_sparse(), 1),
    r"x is a sparse tensor.*x\.to_dense\(\) makes one",
    lambda: xc.gradient(NET, X.to_sparse().to_dense(), 1),
    plain(1),
    error=TypeError,
)
case(
    "x in eight bits",
    lambda: xc.gradient(NET, X.to(torch.float8_e5m2), 1),
    r"x has dtype torch.float8_e5m2.*pass x\.float\(\)",
    lambda: xc.gradient(lambda z: NET(z.double()), X.to(torch.float8_e5m2).float(), 1).double(),
    lambda: slope(NET, X.to(torch.float8_e5m2).double(), 1).float().double(),
    error=TypeError,
)
case(
    "bounds that are no pair",
    lambda: xc.boundary_ig(NET, X, 0, bounds=1),
    r"bounds must be the lowest and the highest number.*such as \(0\.0, 1\.0\), or None, got 1",
    lambda: xc.boundary_ig(NET, X, 0, bounds=(0.0, 1.0)),
    lambda: xc.boundary_ig(NET, X, 0, bounds=(0.0, 1.0)),
    error=TypeError,
)
case(
    "a seed that is no whole number",
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=0.5),
    "seed must be a whole number, got 0.5",
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=5),
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=5),
    error=TypeError,
)
case(
    "a seed that is too long",
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=2**64),
    "seed must fit into 64 bits, got 18446744073709551616",
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=2**62),
    lambda: xc.smoothgrad(NET, X, 0, samples=2, seed=2**62),
)
case(
    "yes or no as a text",
    lambda: xc.rectgrad(NET, X, 0, times_input="no"),
    "times_input must be True or False, got 'no'",
    lambda: xc.rectgrad(NET, X, 0, times_input=False) * X,
    lambda: xc.rectgrad(NET, X, 0, times_input=True),
    error=TypeError,
)
case(
    "a word that is unknown",
    lambda: xc.evaluation.deletion(NET, X, X, 0, sign=["abs"]).values,
    r"sign must be one of .*positive.*, got \['abs'\]",
    lambda: xc.evaluation.deletion(NET, X, X, 0, sign="keep").values,
    lambda: xc.evaluation.deletion(NET, X, X.abs(), 0, sign="keep").values,
)
case(
    "an output function that fails",
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.softmax(7)),
    r"output, the function <lambda>, failed on the model's outputs \(Tensor \(3, 3\)\)",
    lambda: xc.gradient(NET, X, 0, output=nn.Softmax(1)),
    plain(model=lambda z: NET(z).softmax(1)),
)
case(
    "an output function without a return",
    lambda: xc.gradient(NET, X, 0, output=lambda z: None),
    r"output, the function <lambda>, returns None; it must return.*lambda z: z\.softmax\(1\)",
    lambda: xc.gradient(NET, X, 0, output=lambda z: z.softmax(1)),
    plain(model=lambda z: NET(z).softmax(1)),
    error=TypeError,
)
COMPLEX = lambda z: torch.complex(NET(z), 2 * NET(z))  # noqa: E731
for target in (1, None):
    case(
        f"complex outputs, target {target}",
        partial(xc.gradient, COMPLEX, X, target),
        r"complex numbers, which have no order; .*output=lambda z: z\.real",
        lambda: xc.gradient(COMPLEX, X, 1, output=lambda z: z.real),
        plain(1),
    )
case(
    "sparse outputs",
    lambda: xc.gradient(lambda z: NET(z).to_sparse(), X, 1),
    r"sparse or nested tensor.*output=lambda z: z\.to_dense\(\)",
    lambda: xc.gradient(lambda z: NET(z).to_sparse(), X, 1, output=lambda z: z.to_dense()),
    plain(1),
)
case(
    "one-hot classes",
    lambda: xc.gradient(NET, X, torch.eye(3).long()),
    r"if it is one-hot, pass the class numbers: target\.argmax\(1\)",
    lambda: xc.gradient(NET, X, torch.eye(3).long().argmax(1)),
    lambda: torch.cat([slope(NET, X[k : k + 1], k) for k in range(3)]),
)
case(
    "a function of the outputs alone",
    lambda: xc.gradient(NET, X, lambda outputs: outputs[:, 1]),
    r"target must be a function \(outputs, rows\), got a lambda that takes \(outputs\)",
    lambda: xc.gradient(NET, X, lambda outputs, rows: outputs[:, 1]),
    plain(1),
    error=TypeError,
)
case(
    "two places of three",
    lambda: xc.gradient(lambda z: z.view(3, 1, 2, 2), X, (0, 1)),
    r"name one place of class k, target=\(k, i, j\)",
    lambda: xc.gradient(lambda z: z.view(-1, 1, 2, 2), X, (0, 1, 0)),
    lambda: torch.eye(4, dtype=X.dtype)[2:3].expand(3, 4),
)
case(
    "parts that are none",
    lambda: xc.pack(NET, 3)[1],
    r"pack: parts must be a list of tensors, one for each input of the model, .* got int",
    lambda: xc.gradient(*xc.pack(NET, [X]), 1),
    plain(1),
    error=TypeError,
)
case(
    "a mask that is none",
    lambda: xc.targets.region(0, "mask"),
    "mask must be a tensor of True and False, got 'mask'",
    lambda: xc.gradient(lambda z: z.view(-1, 1, 2, 2), X, targets.region(0, torch.ones(2, 2) > 0)),
    lambda: torch.ones_like(X),
    error=TypeError,
)
case(
    "an image of bytes",
    lambda: xc.input_x_gradient(PIXELS, BYTES, 1),
    r"for an image in 0\.\.255 pass x\.float\(\) / 255",
    lambda: xc.input_x_gradient(PIXELS, BYTES.float() / 255, 1),
    lambda: PIXELS[1].weight[1].view(1, 3, 2, 2) * (BYTES / 255),
    error=TypeError,
)
case(
    "one row without its axis",
    lambda: xc.gradient(NET, X[0], 1),
    r"for a single example pass x\[None\]",
    lambda: xc.gradient(NET, X[0][None], 1),
    plain(1, X[:1]),
)


def fine_detail(x: torch.Tensor) -> torch.Tensor:
    """Return what the widest blur of blur_ig takes away."""
    widest = 50 * 2 / 224
    return x - blurred(x, x.new_full((len(x),), widest), "reflect", widest)


case(
    "an image without its batch",
    lambda: xc.blur_ig(PIXELS, BYTES[0].float() / 255, 1),
    r"images \(N, C, H, W\) are needed; for a single one \(C, H, W\) pass x\[None\]",
    lambda: xc.blur_ig(deepcopy(PIXELS).double(), BYTES[:1].double() / 255, 1),
    lambda: PIXELS[1].weight[1].view(1, 3, 2, 2) * fine_detail(BYTES[:1].double() / 255),
)
FOUR_WORDS = torch.randn(2, 4, 3, generator=seeded(9), dtype=torch.float64)
OTHER_WORDS = torch.randn(5, 3, generator=seeded(10), dtype=torch.float64)
case(
    "a sentence without its batch",
    lambda: xc.discretized_ig(lambda z: z.sum(1), FOUR_WORDS[0], 1, vocabulary=OTHER_WORDS),
    r"sentences \(N, L, D\) are needed; for a single one pass x\[None\]",
    lambda: xc.discretized_ig(lambda z: z.sum(1), FOUR_WORDS[:1], 1, vocabulary=OTHER_WORDS),
    lambda: FOUR_WORDS[:1] * torch.eye(3)[1],
)
case(
    "bounds that leave out a part of x",
    lambda: xc.ig2(NET, X, 0, bounds=(0.0, 0.1)),
    r"bounds must hold x, which goes from \d.* to \d.*, got \(0\.0, 0\.1\)",
    lambda: xc.ig2(NET, X, 0, representation=lambda z: z, quadrature="midpoint", bounds=(-9, 9)),
    lambda: xc.integrated_gradients(NET, X, 0, quadrature="midpoint", steps=100),  # straight
)
case(
    "rows of one number",
    lambda: xc.gradient(lambda z: z**2, X[:, 0]),
    r"for 3 examples of one number x\[:, None\]",
    lambda: xc.gradient(lambda z: z**2, X[:, 0][:, None]),
    lambda: 2 * X[:, :1],
)

HOLED = X.clone()
HOLED[1, 2] = torch.nan
case(
    "a missing value",
    lambda: xc.integrated_gradients(NET, HOLED, 0),
    "x holds 1 NaN .* all must be finite",
    lambda: xc.gradient(NET, HOLED.nan_to_num(), 0),
    lambda: slope(NET, HOLED.nan_to_num()),
)


def both(a: Tensor, b: Tensor) -> Tensor:
    return NET(a) * NET(b).exp()


case(
    "two inputs together",
    lambda: xc.gradient(both, (X, X.flip(0)), 0),
    r"x = xaicourse\.pack\(model, tensors\)",
    lambda: xc.gradient(*xc.pack(both, (X, X.flip(0))), 0)[:, :4],
    lambda: slope(NET) * NET(X.flip(0)).exp()[:, :1],
    error=TypeError,
)
case(
    "one of two inputs",
    lambda: xc.gradient(both, {"a": X, "b": X.flip(0)}, 0),
    r"bind the others: xaicourse\.bind\(model, name=tensor\)",
    lambda: xc.gradient(xc.bind(both, b=X.flip(0)), X, 0),
    lambda: slope(NET) * NET(X.flip(0)).exp()[:, :1],
    error=TypeError,
)
case(
    "a list of rows",
    lambda: xc.gradient(NET, list(X), 2),
    r"torch\.stack\(tensors\)",
    lambda: xc.gradient(NET, torch.stack(list(X)), 2),
    plain(2),
    error=TypeError,
)
case(
    "a list of numbers",
    lambda: xc.gradient(NET, X.tolist(), 0),
    r"torch\.as_tensor\(x\)",
    lambda: xc.gradient(NET, torch.as_tensor(X.tolist(), dtype=X.dtype), 0),
    plain(),
    error=TypeError,
)
case(
    "x on the meta device",
    lambda: xc.gradient(NET, torch.empty(3, 4, device="meta"), 0),
    r"torch\.rand\(x\.shape\)",
    lambda: xc.gradient(NET, torch.ones(3, 4).double(), 0),
    plain(0, torch.ones(3, 4).double()),
)
case(
    "no rows",
    lambda: xc.gradient(NET, X[:0], 0),
    r"a batch \(N, \.\.\.\) with at least one row",
    lambda: xc.gradient(NET, X[:1], 0),
    plain(0, X[:1]),
)
case(
    "a class",
    lambda: xc.at_layer(nn.Flatten, "0", X),
    r"make one: Flatten\(\.\.\.\)",
    lambda: xc.at_layer(nn.Sequential(nn.Flatten()), "0", X)[1],
    lambda: X,
    error=TypeError,
)
case(
    "weights",
    lambda: xc.at_layer(NET.state_dict(), "0", X),
    r"build the model and call model\.load_state_dict\(weights\)",
    lambda: xc.at_layer(NET, "0", X)[1],
    lambda: NET[0](X),
    error=TypeError,
)
case(
    "a tensor in place of the model",
    lambda: xc.gradient(X, X, 0),
    "model must be callable",
    lambda: xc.gradient(lambda z: z @ X[0], X),
    lambda: X[:1].expand(3, 4),
    error=TypeError,
)
case(
    "half a row at once",
    lambda: xc.gradient(NET, X, 0, batch_size=0.5),
    "batch_size must be a whole number",
    lambda: xc.gradient(NET, X, 0, batch_size=2),
    plain(),
    error=TypeError,
)
case(
    "no row at once",
    lambda: xc.gradient(NET, X, 0, batch_size=0),
    "batch_size must be at least 1",
    lambda: xc.gradient(NET, X, 0, batch_size=1),
    plain(),
)


def with_rows(count: str) -> Tensor:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XAICOURSE_BATCH_SIZE", count)
        return xc.gradient(NET, X, 0)


case(
    "rows at once, from the environment",
    lambda: with_rows("two"),
    "XAICOURSE_BATCH_SIZE must be a whole number of at least 1",
    lambda: with_rows("2"),
    plain(),
)
WIDE = 4 * IMAGES - 2  # as images are after a normalisation
COLOURS = lambda z: z.mean((2, 3))  # noqa: E731
case(
    "a colour outside [0, 1]",
    lambda: xc.occlusion(COLOURS, WIDE, 0, patch=8, fill="black"),
    r"images in \[0, 1\].* give the images unnormalised \(.*\) or a tensor",
    lambda: xc.occlusion(COLOURS, WIDE, 0, patch=8, fill=torch.full_like(WIDE, -2.0)),
    lambda: (WIDE[:, :1].mean((1, 2, 3), keepdim=True) + 2).expand_as(WIDE),
)
case(
    "outside of the range",
    lambda: xc.baselines.max_distance(WIDE),
    "give the range of valid inputs as low= and high=",
    lambda: xc.baselines.max_distance(WIDE, low=-2.0, high=2.0),
    lambda: 4 * (WIDE <= 0).double() - 2,
)
case(
    "a sparse tensor",
    lambda: xc.gradient(NET, X.to_sparse(), 0),
    r"x is a sparse tensor.*x\.to_dense\(\) makes one",
    lambda: xc.gradient(NET, X.to_sparse().to_dense(), 0),
    plain(),
    error=TypeError,
)
case(
    "a nested tensor",
    lambda: xc.gradient(NET, torch.nested.nested_tensor(list(X), layout=torch.jagged), 0),
    r"x is a nested tensor.*x\.to_padded_tensor\(0\.0\) makes one",
    lambda: xc.gradient(
        NET, torch.nested.nested_tensor(list(X), layout=torch.jagged).to_padded_tensor(0.0), 0
    ),
    plain(),
    error=TypeError,
)
case(
    "a range of nothing",
    lambda: xc.baselines.max_distance(WIDE, low=2.0, high=-2.0),
    "low must be below high",
    lambda: xc.baselines.max_distance(WIDE, low=-2.0, high=2.0),
    lambda: 4 * (WIDE <= 0).double() - 2,
)
case(
    "a class of scales",
    lambda: xc.gradient(NET, X, 0, output=nn.Identity),
    r"output is the class Identity; make one: Identity\(\.\.\.\)",
    lambda: xc.gradient(NET, X, 0, output=nn.Identity()),
    plain(),
    error=TypeError,
)
case(
    "a function of other arguments",
    lambda: xc.gradient(NET, X, lambda outputs: outputs[:, 0]),
    r"target must be a function \(outputs, rows\), got a lambda that takes \(outputs\)",
    lambda: xc.gradient(NET, X, lambda outputs, rows: outputs[:, 0]),
    plain(),
    error=TypeError,
)

# ---- inputs.py -----------------------------------------------------------------------------------

case(
    "a fixed setting bound to rows",
    lambda: xc.bind(lambda z, power: NET(z) ** power, power=2),
    r"functools\.partial\(model, power=\.\.\.\)",
    lambda: xc.gradient(partial(lambda z, power: NET(z) ** power, power=2), X, 1),
    lambda: slope(lambda z: NET(z) ** 2, X, 1),
    error=TypeError,
)
WEIGHTS = torch.rand(3, 3, generator=seeded(8)).double()
WEIGHTED = xc.bind(lambda z, w: NET(z) * w, w=WEIGHTS)
case(
    "a wrapper that drops rows",
    lambda: xc.gradient(lambda z: WEIGHTED(z[:2]), X, 0),
    "a wrapper must pass all of them on",
    lambda: xc.gradient(lambda z: WEIGHTED(z), X, 0),
    lambda: slope(NET) * WEIGHTS[:, :1],
)
case(
    "fewer extras than rows",
    lambda: xc.gradient(xc.bind(lambda z, w: NET(z) * w, w=WEIGHTS[:2]), X, 0),
    r"bind: w has 2 row\(s\), but x has 3; .*one entry for each row of x",
    lambda: xc.gradient(WEIGHTED, X, 0),
    lambda: slope(NET) * WEIGHTS[:, :1],
)
case(
    "a name that the model does not have",
    lambda: xc.bind(lambda z, w: NET(z) * w, weight=WEIGHTS),
    "the model has no argument 'weight'; it has z, w",
    lambda: xc.gradient(WEIGHTED, X, 0),
    lambda: slope(NET) * WEIGHTS[:, :1],
    error=TypeError,
)
BEHIND = xc.bind(lambda w, z: NET(z) * w, w=WEIGHTS)
case(
    "the first argument is bound",
    lambda: xc.gradient(BEHIND, X, 0),
    r"w is the model's first argument, .*hand it over by its name: lambda x: bound\(NAME=x\)",
    lambda: xc.gradient(lambda x: BEHIND(z=x), X, 0),
    lambda: slope(NET) * WEIGHTS[:, :1],
    error=TypeError,
)
case(
    "one tensor to pack",
    lambda: xc.pack(NET, X),
    "a model of one input needs no pack",
    lambda: xc.gradient(NET, X, 0),
    plain(),
    error=TypeError,
)
case(
    "nothing to pack",
    lambda: xc.pack(both, []),
    "give at least one tensor",
    lambda: xc.gradient(*xc.pack(NET, [X]), 0),
    plain(),
)
case(
    "a number to pack",
    lambda: xc.pack(both, [X, 3.0]),
    r"part 1 must be a tensor \(N, \.\.\.\)",
    lambda: xc.gradient(*xc.pack(both, [X, torch.full_like(X, 3.0)]), 0)[:, :4],
    lambda: slope(NET) * NET(torch.full_like(X, 3.0)).exp()[:, :1],
    error=TypeError,
)
case(
    "parts of other dtypes",
    lambda: xc.pack(both, [X, X.float()]),
    "all parts must agree",
    lambda: xc.gradient(*xc.pack(both, [X, X.float().double()]), 0)[:, :4],
    lambda: slope(NET) * NET(X.float().double()).exp()[:, :1],
)
HIDDEN = NET[:2](X).detach()


def rest(a: Tensor) -> Tensor:
    return xc.at_layer(NET, "1", X)[0](a).detach()


case(
    "other rows behind a cut",
    lambda: rest(HIDDEN[:2]),
    r"call xaicourse\.at_layer again with them",
    lambda: xc.at_layer(NET, "1", X[:2])[0](HIDDEN[:2]).detach(),
    lambda: NET(X[:2]).detach(),
)
case(
    "some rows behind a cut",
    lambda: xc.gradient(xc.at_layer(NET, "1", X)[0], HIDDEN[:2], 0),
    r"call xaicourse\.at_layer with the rows alone",
    lambda: xc.gradient(*xc.at_layer(NET, "1", X[:2]), 0),
    lambda: NET[2].weight[:1].expand(2, 6),
)

# ---- at_layer.py ---------------------------------------------------------------------------------

case(
    "points of another shape behind a cut",
    lambda: rest(HIDDEN[:, :2]),
    r"takes points of shape \(N, 6\)",
    lambda: rest(HIDDEN),
    lambda: NET(X).detach(),
)
unit = targets.neuron


def ends_twice(z: Tensor) -> Tensor:
    return torch.cat([NET[1](NET[0](z)), NET(z)], dim=1)


case(
    "a unit against a class",
    lambda: xc.gradient(NET, X, targets.difference(unit("1", 2), 1)),
    "need a model that returns both",
    lambda: xc.gradient(ends_twice, X, targets.difference(2, 7)),
    lambda: slope(ends_twice, X, 2) - slope(NET, X, 1),
)
case(
    "the probability of a unit",
    lambda: xc.gradient(NET, X, unit("0", 3), output="probability"),
    "pass output='logit'",
    lambda: xc.gradient(NET, X, unit("0", 3), output="logit"),
    lambda: NET[0].weight[3:4].expand(3, 4),
)


class WithTable(nn.Module):
    """Adds a table of positions, computed by a layer that x does not pass through."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(7)
            self.table = nn.Linear(2, 4).double()
        self.enter = nn.Identity()

    def forward(self, z: Tensor) -> Tensor:
        return NET(self.enter(z) + self.table(torch.ones(5, 2).double()).mean(0))


TABLE = WithTable().eval()
case(
    "a layer that x does not pass through",
    lambda: xc.at_layer(TABLE, "table", X),
    "choose a layer that x passes through",
    lambda: xc.gradient(*xc.at_layer(TABLE, "enter", X), 0),
    lambda: slope(TABLE),
    error=LayerError,
)


class Mixes(nn.Module):
    """A layer that takes the mean over the rows away, beside which the model goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.first = nn.Identity(), copy.deepcopy(NET[0])

    def forward(self, z: Tensor) -> Tensor:
        h = self.first(z)
        self.mean(h - h.mean(0))
        return NET[2](F.relu(h))


MIXES = Mixes().eval()
case(
    "a layer that mixes the rows",
    lambda: xc.at_layer(MIXES, "mean", X),
    "mixes the rows.*choose another layer",
    lambda: xc.at_layer(MIXES, "first", X)[1],
    lambda: NET[0](X).detach(),
    error=LayerError,
)
case(
    "a single image before a cut",
    lambda: xc.at_layer(CNN, "0", IMAGES[:, :2]),
    r"x must be a batch \(N, \.\.\.\)",
    lambda: xc.at_layer(CNN, "0", IMAGES)[1],
    lambda: CNN[0](IMAGES).detach(),
)
case(
    "another tensor before a cut",
    lambda: xc.at_layer(Of(NET, lambda n, z: n(z) * WEIGHTS), "inner.0", X),
    r"goes with them by xaicourse\.bind",
    lambda: xc.gradient(*xc.at_layer(WithWeights(), "first", X, batch_size=2), 0),
    lambda: NET[2].weight[:1] * (NET[0](X) > 0) * WEIGHTS[:, :1],
)


class TakesWeights(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = copy.deepcopy(NET[0])

    def forward(self, z: Tensor, w: Tensor) -> Tensor:
        return NET[2](F.relu(self.first(z))) * w


def WithWeights() -> Any:
    return xc.bind(TakesWeights().eval(), w=WEIGHTS)


with torch.random.fork_rng():
    torch.manual_seed(8)
    LSTM = nn.LSTM(4, 5, batch_first=True).double()
RECURRENT = Of(LSTM, lambda inner, z: inner(z)[0][:, -1, :2] * 3).eval()
SERIES = torch.rand(2, 6, 4, generator=seeded(9), dtype=torch.float64)
ONE_HOT = torch.zeros(2, 6, 5, dtype=torch.float64)
ONE_HOT[:, -1, 1] = 3
case(
    "a part that is not there",
    lambda: xc.at_layer(RECURRENT, "inner", SERIES, part="output"),
    "returns a tuple of 2, in which part='output' is not there",
    lambda: xc.gradient(*xc.at_layer(RECURRENT, "inner", SERIES, part=0), 1),
    lambda: ONE_HOT,
    error=LayerError,
)
case(
    "several parts",
    lambda: xc.at_layer(RECURRENT, "inner", SERIES),
    "say which part is meant, such as part=0",
    lambda: xc.gradient(*xc.at_layer(RECURRENT, "inner", SERIES, part=0), 1),
    lambda: ONE_HOT,
    error=LayerError,
)
LOOKED_UP = nn.Sequential(Of(nn.Identity(), lambda _, z: z.long()), *TOKENS).eval()
for message, ask in (
    ("to cut at", lambda: xc.at_layer(LOOKED_UP, "0", IDS.double())),
    ("of a map", lambda: seen_at(LOOKED_UP, "0", IDS.double())),
):
    case(
        f"a layer of whole numbers {message}",
        ask,
        "choose a layer inside it or after it",
        lambda: xc.gradient(*xc.at_layer(LOOKED_UP, "1", IDS.double()), 2),
        lambda: TOKENS[2].weight[2].view(1, 3, 4).expand(2, 3, 4),
        error=LayerError,
    )

# ---- layers.py -----------------------------------------------------------------------------------


def seen_at(model: nn.Module, name: str, x: Tensor, call: int = 0) -> Tensor:
    """Return a layer's output as the maps see it."""
    with find_layer(model, name, call).capture() as seen:
        model(x)
    return seen.output.detach()


TWICE = Of(NET[0], lambda inner, z: inner(z) + inner(2 * z)).eval()
SCALED = nn.Sequential(
    Of(nn.Identity(), lambda inner, z: z * inner(torch.tensor(2.0))), *NET
).eval()
UNUSED = Of(NET, lambda inner, z: inner(z)).eval()
UNUSED.spare = nn.Linear(4, 2)
case(
    "a layer that gives one number",
    lambda: seen_at(SCALED, "0.inner", X),
    "not one entry for each row",
    lambda: seen_at(SCALED, "0", X),
    lambda: 2 * X,
    error=LayerError,
)
case(
    "a layer that is never called",
    lambda: xc.at_layer(UNUSED, "spare", X),
    "is never called when the model runs; it may be unused",
    lambda: xc.at_layer(UNUSED, "inner.0", X)[1],
    lambda: NET[0](X).detach(),
    error=LayerError,
)
case(
    "a call that is not there",
    lambda: xc.at_layer(TWICE, "inner", X, call=2),
    "calls are counted from 0 to 1",
    lambda: xc.at_layer(TWICE, "inner", X, call=1)[1],
    lambda: NET[0](2 * X).detach(),
    error=LayerError,
)
case(
    "a call by name",
    lambda: xc.at_layer(TWICE, "inner", X, call="last"),
    "call must be a whole number",
    lambda: xc.at_layer(TWICE, "inner", X, call=1)[1],
    lambda: NET[0](2 * X).detach(),
    error=TypeError,
)
case(
    "a call counted from the end",
    lambda: xc.at_layer(TWICE, "inner", X, call=-1),
    "call must be at least 0",
    lambda: xc.at_layer(TWICE, "inner", X, call=1)[1],
    lambda: NET[0](2 * X).detach(),
)
case(
    "a layer by number",
    lambda: xc.grad_cam(CNN, IMAGES, 0, layer=1),
    "its dotted name",
    lambda: xc.grad_cam(CNN, IMAGES, 0, layer="1"),
    lambda: xc.grad_cam(CNN, IMAGES, 0, layer=CNN[1]),
    error=TypeError,
)
case(
    "a name in a function",
    lambda: xc.at_layer(lambda z: NET(z), "0", X),
    "pass the layer itself",
    lambda: xc.at_layer(lambda z: NET(z), NET[0], X)[1],
    lambda: NET[0](X).detach(),
    error=LayerError,
)
NAMED = nn.Sequential()
NAMED.add_module("encoder", NET)
case(
    "a name that is not there",
    lambda: xc.at_layer(NAMED, "encodr.0", X),
    r"similar: .*'encoder\.0'",
    lambda: xc.at_layer(NAMED, "encoder.0", X)[1],
    lambda: NET[0](X).detach(),
    error=LayerError,
)
case(
    "a layer inside a traced model",
    lambda: xc.at_layer(torch.jit.trace(NET, X), "0", X),
    "pass the original model",
    lambda: xc.at_layer(NET, "0", X)[1],
    lambda: NET[0](X).detach(),
    error=LayerError,
)

# ---- scale.py ------------------------------------------------------------------------------------


def in_a_dict(z: Tensor) -> dict[str, Tensor]:
    return {"out": NET(z), "hidden": NET[0](z)}


case(
    "a scale that does not exist",
    lambda: xc.gradient(NET, X, 1, output="softmax"),
    "output must be one of logit, probability",
    lambda: xc.gradient(NET, X, 1, output="probability"),
    lambda: slope(lambda z: NET(z).softmax(1), X, 1),
)
case(
    "the probability of a dict",
    lambda: xc.gradient(in_a_dict, X, lambda o, rows: o["out"][:, 1], output="probability"),
    r"target=xaicourse\.targets\.item\(key, class\)",
    lambda: xc.gradient(in_a_dict, X, targets.item("out", 1), output="probability"),
    lambda: slope(lambda z: NET(z).softmax(1), X, 1),
)
case(
    "the margin of one output",
    lambda: xc.gradient(lambda z: NET(z)[:, :1], X, 0, output="margin"),
    "needs K > 1 classes.*pass output='logit'",
    lambda: xc.gradient(lambda z: NET(z)[:, :1], X, 0, output="logit"),
    plain(),
)
SCORES = nn.Linear(4, 3).double()


def tokens(z: Tensor) -> Tensor:
    return SCORES(torch.stack([z, z + 1], dim=1))  # (N, tokens, K)


case(
    "the probability of a token's class",
    lambda: xc.gradient(tokens, X, (1, 2), output="log_probability"),
    r"output=lambda z: z\.softmax\(-1\)",
    lambda: xc.gradient(tokens, X, (1, 2), output=lambda z: z.softmax(-1)),
    lambda: slope(lambda z: tokens(z)[:, 1].softmax(-1), X, 2),
)
case(
    "the same inside a dict",
    lambda: xc.gradient(
        lambda z: {"y": tokens(z)}, X, targets.item("y", (1, 2)), output="probability"
    ),
    r"the target without targets\.item, and output=lambda z: z\[key\]\.softmax\(-1\)",
    lambda: xc.gradient(lambda z: {"y": tokens(z)}, X, (1, 2), output=lambda z: z["y"].softmax(-1)),
    lambda: slope(lambda z: tokens(z)[:, 1].softmax(-1), X, 2),
)
case(
    "the probability of a probability",
    lambda: xc.gradient(nn.Sequential(*NET, nn.Softmax(1)), X, 1, output="probability"),
    "pass output=lambda p: p",
    lambda: xc.gradient(nn.Sequential(*NET, nn.Softmax(1)), X, 1, output=lambda p: p),
    lambda: slope(lambda z: NET(z).softmax(1), X, 1),
)
case(
    "the probability of a sigmoid",
    lambda: xc.gradient(nn.Sequential(*NET, nn.Sigmoid()), X, 1, output="probability"),
    "pass output=lambda p: p",
    lambda: xc.gradient(nn.Sequential(*NET, nn.Sigmoid()), X, 1, output=lambda p: p),
    lambda: slope(lambda z: NET(z).sigmoid(), X, 1),
)

# ---- target.py, target_checks.py -----------------------------------------------------------------


def by_row(*classes: int) -> Callable[[], Tensor]:
    """Return the slopes of one class a row as what is right."""
    rows = list(zip(X.split(1), classes, strict=True))
    return lambda: torch.cat([slope(NET, row, k) for row, k in rows])


for name, wrong, says, advised, right, error in (
    ("names", ["cat", "dog", "owl"], "one whole class number a row", [2, 0, 1], by_row(2, 0, 1), 1),
    ("a float a row", torch.ones(3), r"pass target\.long\(\)", torch.ones(3).long(), plain(1), 1),
    ("too few classes", [0, 1], r"one a row: shape \(3,\)", [0, 1, 2], by_row(0, 1, 2), 0),
    ("true", True, "a whole class number, got True", 1, plain(1), 1),
    ("a float", 2.0, r"a whole class number, got 2\.0", 2, plain(2), 1),
    ("too few per row", targets.per_row([0, 1]), "give one for each", targets.per_row([0, 1, 0]),
     by_row(0, 1, 0), 0),
    ("a class that is not there", 3, "3 outputs, 0 to 2", 2, plain(2), 0),
    ("a class counted from the end", -1, "0 to 2", 2, plain(2), 0),
    ("a text", "cat", "must be a class number", 0, plain(), 1),
    ("a tuple of places", ((0,), (1,), (2,)), r"give a list, target=\[\(0,\), \(1,\), \(2,\)\]",
     [(0,), (1,), (2,)], by_row(0, 1, 2), 1),
):  # fmt: skip
    case(
        f"target: {name}",
        lambda wrong=wrong: xc.gradient(NET, X, wrong),
        says,
        lambda advised=advised: xc.gradient(NET, X, advised),
        right,
        error=TypeError if error else ValueError,
    )


def grid(z: Tensor) -> Tensor:
    return torch.stack([NET(z), NET(z + 1) ** 2], dim=2)  # (N, K, places)


def of_place(k: int, place: int, x: Tensor = X) -> Tensor:
    return slope(lambda z: grid(z)[:, :, place], x, k)


for name, wrong, says, advised, right in (
    ("nothing, of a grid", None, r"name a target: an index tuple", (1, 0), lambda: of_place(1, 0)),
    ("a class of a grid", 1, r"name one place of class k, target=\(k, i\)", (1, 0),
     lambda: of_place(1, 0)),
    ("all places of a class", 2, r"xaicourse\.targets\.region\(k, mask\)",
     targets.region(2, torch.ones(2).bool()), lambda: of_place(2, 0) + of_place(2, 1)),
    ("a region of another size", targets.region(0, torch.ones(3).bool()),
     "of series the last one", targets.region(0, torch.tensor([False, True])),
     lambda: of_place(0, 1)),
    ("a class a row of a grid", [0, 1, 2], r"one index a row, such as \[\(0, 0\), \(0, 0\)\]",
     [(0, 1), (1, 0), (2, 1)], lambda: torch.cat(
         [of_place(0, 1, X[:1]), of_place(1, 0, X[1:2]), of_place(2, 1, X[2:])]
     )),
    ("the only number, of several", targets.single(), "more than one number a row; name a class",
     (0, 0), lambda: of_place(0, 0)),
):  # fmt: skip
    case(
        f"target: {name}",
        lambda wrong=wrong: xc.gradient(grid, X, wrong),
        says,
        lambda advised=advised: xc.gradient(grid, X, advised),
        right,
    )
case(
    "target: indices of several lengths",
    lambda: xc.gradient(grid, X, [(0, 1), (1,), (2, 0)]),
    "an index of the same length",
    lambda: xc.gradient(grid, X, [(1, 1), (1, 1), (1, 1)]),
    lambda: of_place(1, 1),
)
case(
    "target: a mask without a place",
    lambda: targets.region(0, torch.zeros(2).bool()),
    "with a pixel in it",
    lambda: xc.gradient(grid, X, targets.region(0, torch.tensor([True, False]))),
    lambda: of_place(0, 0),
)
case(
    "target: a mask of weights",
    lambda: targets.region(0, torch.tensor([0.2, 0.8])),
    "mask must be True and False, or 1 and 0",
    lambda: xc.gradient(grid, X, targets.region(0, torch.tensor([0.0, 1.0]))),
    lambda: of_place(0, 1),
)
case(
    "target: half a class in an index",
    lambda: xc.gradient(grid, X, (1.5, 0)),
    "made of whole class numbers",
    lambda: xc.gradient(grid, X, (1, 0)),
    lambda: of_place(1, 0),
    error=TypeError,
)
case(
    "target: a class of a dict",
    lambda: xc.gradient(in_a_dict, X, 0),
    r"target=xaicourse\.targets\.item\(key, class\)",
    lambda: xc.gradient(in_a_dict, X, targets.item("out", 0)),
    plain(),
)


def row_by_row(z: Tensor) -> list[dict[str, Tensor]]:
    return [{"scores": NET(row)} for row in z.split(1)]


case(
    "target: a class of a list of rows",
    lambda: xc.gradient(row_by_row, X, 1),
    r"lambda outputs, rows: torch\.stack",
    lambda: xc.gradient(
        row_by_row, X, lambda outputs, rows: torch.stack([o["scores"][0, 1] for o in outputs])
    ),
    plain(1),
)
case(
    "target: a class of a single number",
    lambda: xc.gradient(lambda z: NET(z)[:, 1], X, 1),
    r"leave target out or pass xaicourse\.targets\.single\(\)",
    lambda: xc.gradient(lambda z: NET(z)[:, 1], X, targets.single()),
    plain(1),
)
case(
    "target: the margin of a function",
    lambda: xc.gradient(NET, X, lambda out, rows: out[:, 1], output="margin"),
    "needs a class as target",
    lambda: xc.gradient(lambda z: NET(z)[:, :2], X, 1, output="margin"),
    lambda: slope(NET, X, 1) - slope(NET, X, 0),
)
case(
    "target: a place beside the outputs",
    lambda: xc.gradient(nn.Identity(), IMAGES, (0, 1, 8)),
    r"target 8 is out of range in \(0, 1, 8\): axis 3 of the outputs .* goes from 0 to 7",
    lambda: xc.gradient(nn.Identity(), IMAGES, (0, 1, 7)).sum((1, 2, 3)),
    lambda: torch.ones(2),
)

# ---- spec.py -------------------------------------------------------------------------------------

SPECS: dict[str, Advice] = {}
for name, settings, says, right, error in (
    ("a tensor", {"baseline": X[0]}, "a spec holds numbers, texts", {"baseline": 0.5}, TypeError),
    ("infinity", {"baseline": torch.inf}, "a spec holds finite numbers", {"baseline": 2.0}, None),
    ("x itself", {"x": 1.0}, "no setting 'x'", {"steps": 8}, None),
):
    SPECS[f"spec: {name}"] = Advice(
        partial(xc.spec, "integrated_gradients", **settings),
        says,
        lambda right=right: xc.spec("integrated_gradients", **right)(NET, X, 0),
        lambda right=right: xc.integrated_gradients(NET, X, 0, **right),
        error or ValueError,
    )
SPECS["spec: a near name"] = Advice(
    lambda: xc.spec("integrated_gradient"),
    "did you mean 'integrated_gradients'",
    lambda: xc.spec("integrated_gradients")(NET, X, 0),
    lambda: xc.integrated_gradients(NET, X, 0),
)

# ---- what a practitioner misses: series, attention, transformers ---------------------------------

with torch.random.fork_rng():
    torch.manual_seed(9)
    WAVES = nn.Sequential(
        *(nn.Conv1d(1, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(5, 2)),
    )
    WAVES.double().eval()
SIGNALS = torch.rand(3, 30, generator=seeded(10), dtype=torch.float64)


def map_of_the_mean(channels: Tensor, weights: Tensor, length: int) -> Tensor:
    """Grad-CAM behind a mean: its weights are those of the last layer over the places."""
    cells = (channels * weights.view(1, -1, 1)).sum(1, keepdim=True).clamp(min=0)
    return F.interpolate(cells / channels.shape[-1], length, mode="linear")


with torch.random.fork_rng():
    torch.manual_seed(11)
    VIT = VisionTransformer(
        image_size=32,
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=12,
        mlp_dim=20,
        num_classes=3,
    )
    nn.init.normal_(VIT.heads.head.weight)
    VIT.double().eval()
PHOTOS = torch.rand(2, 3, 32, 32, generator=seeded(12), dtype=torch.float64)


def until_allowed(method: Callable[..., Tensor]) -> Tensor:
    """Allow what each message names, until none is left."""
    allow: tuple[str, ...] = ()
    for _ in range(9):
        try:
            return method(VIT, PHOTOS, 1, allow=allow)
        except ValueError as error:
            named = re.findall(r"allow=\(([^)]*)\)", str(error))
            allow += tuple(re.findall("'([^']+)'", named[0]))
    raise AssertionError(f"still refused with allow={allow}")


def layer_it_names(layer: str) -> str:
    with pytest.raises(ValueError, match="the last layer whose tokens matter") as refused:
        xc.grad_cam(VIT, PHOTOS, 2, layer=layer)
    return re.findall(r"tokens matter is '([^']+)'", str(refused.value))[0]


def map_of_tokens(layer: str) -> Tensor:
    """Grad-CAM of the tokens (N, 1 + 16, D) behind a layer: mean slopes as weights."""
    kept = []
    with VIT.get_submodule(layer).register_forward_hook(lambda *args: kept.append(args[2])):
        score = VIT(PHOTOS)[:, 2].sum()
    cells = kept[0][:, 1:]
    slopes = torch.autograd.grad(score, kept[0])[0][:, 1:]
    small = (cells * slopes.mean(1, keepdim=True)).sum(-1).clamp(min=0).view(2, 1, 4, 4)
    return F.interpolate(small.detach(), (32, 32), mode="bilinear")


PRACTICE: dict[str, Advice] = {
    **{
        f"P7: {method.__name__} of attention": Advice(
            partial(method, VIT, PHOTOS, 1),
            "not defined for attention.*or use gradient",
            lambda: xc.gradient(VIT, PHOTOS, 1),
            lambda: slope(VIT, PHOTOS, 1),
        )
        for method in (xc.lrp, xc.deep_taylor, xc.deeplift, xc.deep_shap)
    },
    **{
        f"P7: {method.__name__} of a transformer without a ReLU": Advice(
            partial(method, VIT, PHOTOS, 1),
            r"accept the plain gradient there with allow=\('layer_norm',\)",
            partial(until_allowed, method),
            lambda: slope(VIT, PHOTOS, 1),
        )
        for method in (xc.guided_backprop, xc.deconvnet)
    },
    **{
        f"P8: a layer behind the last attention, {layer}": Advice(
            partial(xc.grad_cam, VIT, PHOTOS, 2, layer=layer),
            "the last layer whose tokens matter is",
            lambda layer=layer: xc.grad_cam(VIT, PHOTOS, 2, layer=layer_it_names(layer)),
            lambda: map_of_tokens("encoder.layers.encoder_layer_1.ln_1"),
        )
        for layer in ("encoder.ln", "encoder.layers.encoder_layer_1")
    },
    "P5: a map of series without channels": Advice(
        lambda: xc.grad_cam(WAVES, SIGNALS, 1, layer="1"),
        r"for series \(N, L\) pass x\[:, None\]",
        lambda: xc.grad_cam(WAVES, SIGNALS[:, None], 1, layer="1"),
        lambda: map_of_the_mean(WAVES[:2](SIGNALS[:, None]), WAVES[4].weight[1], 30),
    ),
}


# ---- following -----------------------------------------------------------------------------------

ALL = CASES | SPECS | PRACTICE


def marked(name: str) -> Any:
    """Return a case as a parameter, with the row of what a practitioner misses."""
    rows = [name[:2], "R8"] if "of attention" in name else [name[:2]]
    return pytest.param(name, marks=[pytest.mark.fault(*rows)] if name in PRACTICE else [])


@pytest.mark.parametrize("name", [marked(name) for name in ALL])
def test_the_advice_is_given_and_works(name, close):
    case = ALL[name]
    with pytest.raises(case.error) as refused:
        case.refused()
    assert re.search(case.says, str(refused.value), re.DOTALL), refused.value
    close(case.advised(), case.right(), 1e-9)


def test_every_message_has_a_case():
    assert not without_a_case([CORE / name for name in FILES], ALL)
