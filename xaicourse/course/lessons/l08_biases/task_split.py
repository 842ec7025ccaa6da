"""Task 08.2: what the input and each layer's bias bring to the score of a ReLU net."""

from itertools import pairwise

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "SPLIT"]


# ---------------------------------------------------------------- cases


def _numbers(turn: float, *shape: int) -> Tensor:
    """Return numbers of mixed signs that follow no simple rule."""
    count = torch.Size(shape).numel()
    return 1.5 * torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def _case(name: str, sizes: list[int], rows: int, target: list[int], turn: float) -> Case:
    pairs = list(pairwise(sizes))
    weights = [_numbers(turn + k, after, before) for k, (before, after) in enumerate(pairs)]
    biases = [_numbers(turn + 0.3 + k, after) for k, (_, after) in enumerate(pairs)]
    x, classes = _numbers(turn + 0.7, rows, sizes[0]), torch.tensor(target)
    return Case(name, {"weights": weights, "biases": biases, "x": x, "target": classes})


CASES = (
    _case("one_layer", [3, 4], 1, [2], 0.9),
    _case("two_layers", [4, 6, 3], 1, [1], 1.3),
    _case("batch", [5, 7, 6, 4], 3, [2, 0, 3], 0.6),
)


# ---------------------------------------------------------------- the right answer


def _run(weights, biases, x, relu=True):
    """Return the logits (N, K), the inputs' leaf and one leaf (N, out) for each bias."""
    point = x.detach().clone().requires_grad_()
    own = [b.detach().expand(len(x), -1).clone().requires_grad_() for b in biases]
    units = point
    for k, (w, b) in enumerate(zip(weights, own, strict=True)):
        units = units @ w.T + b
        if relu and k < len(own) - 1:
            units = units.relu()
    return units, point, own


def _slopes(weights, biases, x, target, relu=True, pick=None):
    """Return the inputs' and the biases' slopes, and their values, each as (N, ...)."""
    logits, point, own = _run(weights, biases, x, relu)
    chosen = logits[torch.arange(len(x)), target] if pick is None else pick(logits)
    slopes = torch.autograd.grad(chosen.sum(), [point, *own], allow_unused=True)
    leaves = [leaf.detach() for leaf in (point, *own)]
    return [
        torch.zeros_like(v) if s is None else s for s, v in zip(slopes, leaves, strict=True)
    ], leaves


def _columns(parts):
    return torch.stack([part.sum(1) for part in parts], dim=1)


def _shares(*arguments, **settings):
    slopes, leaves = _slopes(*arguments, **settings)
    return _columns([s * v for s, v in zip(slopes, leaves, strict=True)])


def split(weights, biases, x, target):
    """Return (N, 1 + L): the share of the input, then the share of each layer's bias."""
    return _shares(weights, biases, x, target)


# ---------------------------------------------------------------- wrong answers


def slopes_only(weights, biases, x, target):
    return _columns(_slopes(weights, biases, x, target)[0])


def bias_slopes_only(weights, biases, x, target):
    slopes, leaves = _slopes(weights, biases, x, target)
    return _columns([slopes[0] * leaves[0], *slopes[1:]])


def plain_biases(weights, biases, x, target):
    slopes, leaves = _slopes(weights, biases, x, target)
    return _columns([slopes[0] * leaves[0], *leaves[1:]])


def input_slope_only(weights, biases, x, target):
    slopes, leaves = _slopes(weights, biases, x, target)
    return _columns([slopes[0], *(s * v for s, v in zip(slopes[1:], leaves[1:], strict=True))])


def batch_added(weights, biases, x, target):
    """A bias that all inputs share has one gradient: that of the whole batch."""
    shares = split(weights, biases, x, target)
    return torch.cat([shares[:, :1], shares[:, 1:].sum(0).expand(len(x), -1)], dim=1)


def batch_averaged(weights, biases, x, target):
    """The gradient of the whole batch, divided by N."""
    shares = split(weights, biases, x, target)
    return torch.cat([shares[:, :1], shares[:, 1:].mean(0).expand(len(x), -1)], dim=1)


def behind_the_relu(weights, biases, x, target):
    """The slope behind the relu: a closed unit's bias counts, too."""
    units, results = x.detach().clone().requires_grad_(), []
    point = units
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        sums = units @ w.T + b
        units = sums.relu() if k < len(biases) - 1 else sums
        results.append(units)
    score = units[torch.arange(len(x)), target].sum()
    first, *slopes = torch.autograd.grad(score, [point, *results], allow_unused=True)
    slopes[-1] = torch.nn.functional.one_hot(target, units.shape[1]).to(x)
    pairs = zip([first, *slopes], [point.detach(), *biases], strict=True)
    return _columns([s * v for s, v in pairs])


def results_for_biases(weights, biases, x, target):
    """Slope times the whole result of a layer, not times its bias."""
    results = [x.detach().clone().requires_grad_()]
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        units = results[-1].relu() if k else results[-1]
        results.append(units @ w.T + b)
    score = (results[-1][torch.arange(len(x)), target] * 1).sum()
    slopes = torch.autograd.grad(score, results)
    return _columns([s * v.detach() for s, v in zip(slopes, results, strict=True)])


def mean_over_batch(weights, biases, x, target):
    return split(weights, biases, x, target) / len(x)


def no_gates(weights, biases, x, target):
    return _shares(weights, biases, x, target, relu=False)


def last_bias_forgotten(weights, biases, x, target):
    shares = split(weights, biases, x, target).clone()
    shares[:, -1] = 0
    return shares


def all_of_the_last_bias(weights, biases, x, target):
    shares = split(weights, biases, x, target).clone()
    shares[:, -1] = biases[-1].sum()
    return shares


def all_classes(weights, biases, x, target):
    return _shares(weights, biases, x, target, pick=lambda z: z.sum(1))


def best_class(weights, biases, x, target):
    return _shares(weights, biases, x, target, pick=lambda z: z.amax(1))


def first_target(weights, biases, x, target):
    return split(weights, biases, x, target[:1].expand(len(x)))


def probability(weights, biases, x, target):
    places = torch.arange(len(x))
    return _shares(weights, biases, x, target, pick=lambda z: z.softmax(1)[places, target])


def log_probability(weights, biases, x, target):
    places = torch.arange(len(x))
    return _shares(weights, biases, x, target, pick=lambda z: z.log_softmax(1)[places, target])


def sizes(weights, biases, x, target):
    slopes, leaves = _slopes(weights, biases, x, target)
    return _columns([(s * v).abs() for s, v in zip(slopes, leaves, strict=True)])


def reversed_order(weights, biases, x, target):
    shares = split(weights, biases, x, target)
    return torch.cat([shares[:, :1], shares[:, 1:].flip(1)], dim=1)


def input_last(weights, biases, x, target):
    return split(weights, biases, x, target).roll(-1, dims=1)


def rise_without(weights, biases, x, target):
    """What the score loses when one layer's bias is removed: gates may change on the way."""
    places = torch.arange(len(x))
    score = _run(weights, biases, x)[0][places, target]
    columns = [score - _run(weights, biases, 0 * x)[0][places, target]]
    for k in range(len(biases)):
        less = [0 * b if k == j else b for j, b in enumerate(biases)]
        columns.append(score - _run(weights, less, x)[0][places, target])
    return torch.stack(columns, dim=1).detach()


def rest_in_one(weights, biases, x, target):
    """The rest of the score in one column, nothing in the others."""
    shares = split(weights, biases, x, target)
    return torch.cat([shares[:, :1], 0 * shares[:, 2:], shares[:, 1:].sum(1, True)], dim=1)


def score_kept(weights, biases, x, target):
    """The whole score in the input's column."""
    shares = split(weights, biases, x, target)
    return torch.cat([shares.sum(1, True), shares[:, 1:]], dim=1)


def relu_at_the_end(weights, biases, x, target):
    places = torch.arange(len(x))
    return _shares(weights, biases, x, target, pick=lambda z: z.relu()[places, target])


def sign_reversed(weights, biases, x, target):
    return -split(weights, biases, x, target)


def as_parts_of_one(weights, biases, x, target):
    shares = split(weights, biases, x, target)
    return shares / shares.sum(1, keepdim=True)


def rest_in_equal_parts(weights, biases, x, target):
    """The rest of the score, spread evenly over the layers."""
    shares = split(weights, biases, x, target)
    rest = shares[:, 1:].mean(1, keepdim=True).expand(-1, len(biases))
    return torch.cat([shares[:, :1], rest], dim=1)


WRONG = {
    function.__name__: function
    for function in (
        slopes_only,
        bias_slopes_only,
        plain_biases,
        input_slope_only,
        batch_added,
        batch_averaged,
        behind_the_relu,
        results_for_biases,
        mean_over_batch,
        no_gates,
        last_bias_forgotten,
        all_of_the_last_bias,
        all_classes,
        best_class,
        first_target,
        probability,
        log_probability,
        sizes,
        reversed_order,
        input_last,
        rise_without,
        rest_in_one,
        score_kept,
        relu_at_the_end,
        sign_reversed,
        as_parts_of_one,
        rest_in_equal_parts,
    )
}

GRADER = CaseGrader("08.2", CASES, split, WRONG)

SPLIT = Task(
    id="08.2",
    grade=GRADER,
    reference=split,
    misconceptions=WRONG,
)
