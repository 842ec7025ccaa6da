"""A toy method of every kind of input and result, and a toy metric of every kind.

They are what the contract is tried on before anything real of their kind exists: as small as a
kind allows, right, and registered only for the length of a test.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask, gradients, sum_dtype
from xaicourse.core.registry import (
    AttributionMethod,
    Example,
    InputKind,
    ResultKind,
    attribution_method,
)
from xaicourse.evaluation import METRICS, MetricResult, Protocol
from xaicourse.evaluation.explaining import explaining
from xaicourse.evaluation.imputers import Constant
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.learning import Learner, Net, check_data, explained
from xaicourse.evaluation.maps import locate, read_map
from xaicourse.evaluation.order import check_attribution, importance, removal_rank
from xaicourse.evaluation.registry import (
    DataExample,
    Metric,
    MetricExample,
    MetricKind,
    MetricRecord,
    metric,
)
from xaicourse.evaluation.retraining import factorial_example
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.examples import small_classifier

# ---- an example of every kind of input ----------------------------------------------------------


def wave(*shape: int, step: float = 1.0) -> Tensor:
    """Return fixed numbers of mixed sign: no seed, no ties."""
    count = torch.Size(shape).numel()
    return torch.cos(step * torch.arange(count, dtype=torch.float64)).view(shape)


class TwoLayers(nn.Module):
    """A hidden layer of any type, tanh, and three outputs; `edges` mix the nodes of a graph."""

    def __init__(self, hidden: nn.Module, width: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.output = nn.Linear(width, 3)
        for k, parameter in enumerate(self.parameters()):
            parameter.data = torch.sin(k + wave(*parameter.shape, step=1.7))

    def forward(self, x: Tensor, edges: Tensor | None = None) -> Tensor:
        hidden = self.hidden(x)
        hidden = hidden if edges is None else edges @ hidden  # (N, V, V) @ (N, V, F)
        return self.output(torch.tanh(hidden).flatten(1))


class ThreeTrees(nn.Module):
    """Three trees of depth 2, one for each output: steps, so that no gradient exists."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack(
            [
                torch.where(x[:, k] > 0.2, x.new_tensor(2.0 + k), x.new_tensor(-1.0))
                + torch.where(x[:, k + 1] > -0.3, x.new_tensor(0.5), x.new_tensor(1.5 * k))
                for k in range(3)
            ],
            dim=1,
        )


class KernelMean(nn.Module):
    """The mean of a Gaussian process, sum_m c_m exp(-|x - p_m|^2 / 2): three outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("points", wave(7, 6, step=0.9))
        self.register_buffer("coefficients", wave(7, 3, step=1.3))

    def forward(self, x: Tensor) -> Tensor:
        distance = (x[:, None] - self.points).square().sum(-1)  # (N, 7)
        return torch.exp(-distance / 2) @ self.coefficients


TARGET = (0, 2)


def example_of(model: Any, x: Tensor) -> Example:
    return Example(model, x, torch.tensor(TARGET))


def graph_example() -> Example:
    """Two graphs of four nodes, each with edges of its own."""
    net = TwoLayers(nn.Linear(3, 2), 8).eval().requires_grad_(False)
    ring = torch.eye(4, dtype=torch.float64).roll(1, dims=1)
    edges = torch.stack([ring, ring @ ring + torch.eye(4, dtype=torch.float64)])
    return example_of(xc.bind(net, edges=edges), wave(2, 4, 3))


def net_example(hidden: nn.Module, width: int, x: Tensor) -> Example:
    return example_of(TwoLayers(hidden, width).eval().requires_grad_(False), x)


EXAMPLES: dict[InputKind, Callable[[], Example]] = {
    InputKind.ANY: small_classifier,
    InputKind.IMAGE: lambda: net_example(nn.Conv2d(3, 2, 3), 8, wave(2, 3, 4, 4)),
    InputKind.EMBEDDINGS: lambda: net_example(nn.Linear(3, 5), 20, wave(2, 4, 3)),
    InputKind.GRAPH: graph_example,
    InputKind.TREE: lambda: example_of(ThreeTrees().eval(), wave(2, 6)),
    InputKind.GP: lambda: example_of(KernelMean().eval(), wave(2, 6)),
}


# ---- a way to values of every kind of result ----------------------------------------------------


class Found(NamedTuple):
    """What a toy works with: the question and one share a number of x."""

    question: Question
    shares: Tensor  # (N, ...)
    settings: dict[str, Any]


def gradient_shares(question: Question) -> Tensor:
    """Return input x gradient."""
    return gradients(question)[0] * question.x


def removal_shares(question: Question) -> Tensor:
    """Return by how much F falls when a feature is 0: for models without a gradient."""
    x, d = question.x, question.x[0].numel()
    row = question.rows.repeat_interleave(d)
    without = x.flatten(1)[row] * (
        1 - torch.eye(d, dtype=x.dtype, device=x.device).repeat(len(x), 1)
    )
    left = question.scores(without.view(-1, *x.shape[1:]), row).view(len(x), d)
    return (question.scores_at_x[:, None] - left).view_as(x)


def layer_shares(found: Found) -> Tensor:
    """Return activation x gradient at the output of the layer named in the settings."""
    shares: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(lambda grad: shares.append(grad * output.detach()))

    handle = found.question.model.get_submodule(found.settings["layer"]).register_forward_hook(keep)
    try:
        gradients(found.question)
    finally:
        handle.remove()
    return torch.cat(shares)


def parts(found: Found) -> dict[str, Tensor]:
    """Return F in two parts: what the input gets, and what is left for the biases."""
    rest = found.question.scores_at_x - found.shares.flatten(1).sum(1)
    return {"input": found.shares, "biases": rest}


def joined(named: dict[str, Tensor]) -> Tensor:
    """Return parts (N, ...) side by side, (N, P)."""
    return torch.cat([part.reshape(len(part), -1) for part in named.values()], dim=1)


VALUES: dict[ResultKind, Callable[[Found], Tensor]] = {
    ResultKind.INPUT: lambda found: found.shares,
    ResultKind.MAP: lambda found: found.shares.sum(1, keepdim=True),
    ResultKind.LAYER: layer_shares,
    ResultKind.PAIR: lambda found: (
        found.shares.flatten(1)[:, :, None] * found.shares.flatten(1)[:, None, :]
    ),
    ResultKind.TOKENS: lambda found: found.shares.sum(-1),
    ResultKind.DATASET: lambda found: found.shares.mean(0),
    ResultKind.DECOMPOSITION: lambda found: joined(parts(found)),
}

HAVE_LAYERS = {InputKind.ANY, InputKind.IMAGE, InputKind.EMBEDDINGS}
HAVE_TOKENS = {InputKind.EMBEDDINGS, InputKind.GRAPH}


def exists(input: InputKind, result: ResultKind) -> bool:
    """Tell whether a kind of result means anything for a kind of input."""
    only = {ResultKind.MAP: {InputKind.IMAGE}, ResultKind.LAYER: HAVE_LAYERS}
    only[ResultKind.TOKENS] = HAVE_TOKENS
    return input in only.get(result, set(InputKind))


KINDS = [pair for pair in itertools.product(InputKind, ResultKind) if exists(*pair)]

DOCSTRING = """Return a toy.

Parameters
----------
model, x, target, output, layer, batch_size, return_details
    As for every method.

Returns
-------
Tensor
    A toy.

Raises
------
ValueError, TypeError
    For bad arguments.

Notes
-----
A toy.

References
----------
Nobody, 2000, none.
"""


def make_method(
    input: InputKind,
    result: ResultKind,
    values_of: Callable[[Found], Tensor] | None = None,
    parts_of: Callable[[Found], dict[str, Tensor]] = parts,
) -> AttributionMethod:
    """Register the toy method of a kind; with another way to its values for wrong toys."""
    of_layer, of_tree = result is ResultKind.LAYER, input is InputKind.TREE
    values_of = values_of or VALUES[result]

    def explain(model: Any, x: Tensor, target: Any, **settings: Any) -> xc.Attribution:
        batch_size = settings.pop("batch_size")
        question = ask(model, x, target, settings["output"], batch_size)
        shares = removal_shares(question) if of_tree else gradient_shares(question)
        found = Found(question, shares, settings)
        decomposed = result is ResultKind.DECOMPOSITION
        return xc.Attribution(
            values=values_of(found).to(x.dtype),
            kind=result,
            target=question.target,
            f_end=question.scores_at_x,
            gradients=question.rows.new_full((len(x),), 0 if of_tree else 1),
            settings=settings,
            extra={"parts": parts_of(found)} if decomposed else {},
        )

    def plain(model, x, target=None, *, output="logit", batch_size=None):
        return explain(model, x, target, output=output, batch_size=batch_size)

    def layered(model, x, target=None, *, layer="hidden", output="logit", batch_size=None):
        return explain(model, x, target, layer=layer, output=output, batch_size=batch_size)

    body = layered if of_layer else plain
    body.__name__ = f"toy_{input}_{result}"
    body.__doc__ = DOCSTRING
    needs = {"layer"} if of_layer else set()
    example = EXAMPLES[input]
    if of_layer:
        example = with_layer(example)
    return attribution_method(
        title="A toy", year=2000, paper="none", family="vanilla",
        input=input, result=result, needs=needs if of_tree else needs | {"gradient"},
        cost=lambda settings: 0 if of_tree else 1, example=example,
    )(body)  # fmt: skip


def with_layer(example: Callable[[], Example]) -> Callable[[], Example]:
    def named() -> Example:
        made = example()
        return Example(made.model, made.x, made.target, {"layer": "hidden"})

    return named


# ---- a toy metric of every kind -----------------------------------------------------------------


def result_of(record: MetricRecord, values: Tensor, attribution: Tensor, **facts: Any) -> Any:
    """Return values with the rest of a result; a map with NaN has no value."""
    known = torch.isfinite(attribution).flatten(1).all(dim=1)
    if record.kind is MetricKind.DATA:
        known = known.all()
    absent = dict.fromkeys(("output", "target", "channels", "sign", "imputer", "ties"), "none")
    return MetricResult(
        name=record.name,
        values=values.to(sum_dtype(values.device)).masked_fill(~known, torch.nan),
        direction=record.direction,
        protocol=Protocol(**{**absent, "unit": 1, "steps": 0, **facts}),
    )


def flat(attribution: Tensor) -> Tensor:
    return attribution.flatten(1).to(sum_dtype(attribution.device))


def seen(output: Any) -> dict[str, Any]:
    return {"output": str(output), "target": "the caller's"}


def toy_map(model, x, attribution, target=None):
    """Return the largest share that one feature has: a map alone."""
    read = read_map(attribution, x, "sum", "abs")
    values = read.found.amax(1) / read.found.sum(1)  # NaN for a map of zeros: counted
    return read.result("toy_map", values)


def toy_mask(model, x, attribution, target=None, *, mask):
    """Return the share of positive values that lies inside the mask."""
    both = locate(attribution, x, mask, "sum", "positive")
    share = (both.found * both.inside).sum(1) / both.found.sum(1)
    return both.result("toy_mask", share, chance=both.share)


def toy_curve(model, x, attribution, target=None, *, output="logit", seed=0, batch_size=None):
    """Return by how much F falls when the most important feature goes."""
    question = ask(model, x, target, output, batch_size)
    check_attribution(attribution, x)
    rank = removal_rank(importance(attribution, "sum", "keep", 1).nan_to_num(0.0), seed)
    keep = (rank > 0).to(question.x.dtype).view_as(question.x)
    left = question.scores(Constant(0.0)(question.x, keep), question.rows)
    values = question.scores_at_x - left
    facts = {**seen(output), "ties": f"seed {seed}", "steps": 1, "imputer": "Constant(0.0)"}
    return result_of(METRICS["toy_curve"], values, attribution, **facts)


def toy_explain(model, x, method, target=None, *, output="logit", seed=0, batch_size=None):
    """Return how far the map moves when x is shaken a little and explained again."""
    again = explaining(model, x, method, target, output, batch_size)
    here = again.map()
    shake = 0.01 * torch.randn(x.shape[1:], generator=seeded(seed), dtype=torch.float64)
    there = again.map(x + shake.to(x.dtype).to(x.device))
    moved = (there - here).norm(dim=1)
    own = (("seed", seed), ("size", 0.01))
    return again.result("toy_explain", moved, own=own, details={"size": here.norm(dim=1)})


def toy_data(
    train, data, method, *, target="predicted", trainings=1, model=None, seed=0, keep=None,
    batch_size=None,
):  # fmt: skip
    """Return how well a net reads the class from the feature that each map calls the best."""
    parts = check_data(data)
    learner = Learner(train, Kept(keep), batch_size)
    best = []
    for part, found in zip(
        parts, explained(Net(learner, parts[0], seed, model), parts, method, target), strict=True
    ):
        rank = removal_rank(importance(found, "sum", "keep", 1).nan_to_num(0.0), seed)
        best.append(replace(part, x=part.x * (rank == 0)))
    seeds = [seed + k for k in range(check_positive_int(trainings, "trainings"))]
    right = torch.tensor([learner.accuracy(*best, each) for each in seeds], dtype=torch.float64)
    right = right.to(sum_dtype(found.device)).to(found.device)
    facts = {"target": target, "ties": f"seed {seed}"}
    result = result_of(METRICS["toy_data"], right, found, **facts)
    return replace(result, curve=result.values[:, None], shares=right.new_zeros(1))


def additive(x: Tensor) -> Tensor:
    """Return w . x for w falling from 4 to 1: the exact map is w x."""
    return x.flatten(1) @ falling(x)


def falling(x: Tensor) -> Tensor:
    return torch.linspace(4.0, 1.0, x[0].numel(), dtype=torch.float64).to(x.dtype).to(x.device)


def metric_example(rows: int = 2, **settings: Any) -> MetricExample:
    x = 1 + 0.5 * wave(rows, 4)
    return MetricExample(additive, x, falling(x) * x, None, {"output": "logit", **settings})


def map_example() -> MetricExample:
    x = wave(2, 4) + 2
    return MetricExample(
        additive, x, torch.eye(4, dtype=torch.float64)[:2] + 0.1 * wave(2, 4), None
    )


def mask_example() -> MetricExample:
    x = wave(2, 3, 4, 4)
    mask = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    mask[0, 0, 1:3, :2] = mask[1, 0, 2:, 1:] = True
    truth = torch.where(mask, 1.0, -0.2) + 0.1 * wave(2, 1, 4, 4)
    return MetricExample(lambda x: x.flatten(1), x, truth, 0, {"mask": mask})


def explain_example() -> MetricExample:
    made = small_classifier()
    return MetricExample(
        made.model, made.x, None, 1,
        method=xc.spec("input_x_gradient"), worse_method=unsteady,
    )  # fmt: skip


def unsteady(model: Any, x: Tensor, target: Any) -> Tensor:
    """Return a map that moves much faster than x."""
    return torch.sin(1000 * x)


def data_example() -> DataExample:
    return replace(factorial_example(), settings={"trainings": 2})


class MetricToy(NamedTuple):
    """All that registers the toy metric of a kind."""

    body: Callable[..., MetricResult]
    direction: str
    rank_only: bool
    example: Callable[[], Any]


METRIC_TOYS: dict[MetricKind, MetricToy] = {
    MetricKind.MAP: MetricToy(toy_map, "higher", True, map_example),
    MetricKind.MASK: MetricToy(toy_mask, "higher", True, mask_example),
    MetricKind.CURVE: MetricToy(toy_curve, "higher", True, metric_example),
    MetricKind.EXPLAIN: MetricToy(toy_explain, "lower", False, explain_example),
    MetricKind.DATA: MetricToy(toy_data, "higher", True, data_example),
}


def make_metric(kind: MetricKind, body: Callable[..., MetricResult] | None = None) -> Metric:
    """Register the toy metric of a kind; with another body for wrong toys."""
    toy = METRIC_TOYS[kind]
    return metric(
        title="A toy", year=2000, paper="none", kind=kind,
        direction=toy.direction, rank_only=toy.rank_only, example=toy.example,
    )(body or toy.body)  # fmt: skip


@contextmanager
def registered_metric(kind: MetricKind, body: Any = None) -> Iterator[MetricRecord]:
    """Register a toy metric for the length of a test."""
    record = make_metric(kind, body).record
    try:
        yield record
    finally:
        METRICS.pop(record.name, None)
