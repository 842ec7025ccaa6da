"""Task 04.2: Grad-CAM of a model that is given in two parts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "MY_GRAD_CAM"]


# ---------------------------------------------------------------- models and cases


def _features(x: Tensor, mix: Tensor, bias: Tensor) -> Tensor:
    return torch.relu(torch.einsum("kc,nchw->nkhw", mix, x) + bias.view(1, -1, 1, 1))


def _head(A: Tensor, weight: Tensor) -> Tensor:
    """Two layers, so that the slopes differ from input to input."""
    flat = A.flatten(1)  # (N, K h w)
    return flat @ weight + 0.6 * torch.tanh(flat @ weight.flip(0)) * flat.mean(1, keepdim=True)


def _waves(count: int, turn: float) -> Tensor:
    """Return numbers that follow no simple rule, but are the same on every machine."""
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5)


def _case(
    name: str, size: tuple[int, int, int], maps: int, classes: int, target: Any, turn: float,
    lift: float = 0.0,
) -> Case:  # fmt: skip
    """Make features (N, 2, h, w) -> (N, maps, h, w), a head for them, and a batch."""
    n, h, w = size
    mix, bias = _waves(2 * maps, turn).reshape(maps, 2), 0.3 * _waves(maps, turn + 1) + 0.2
    weight = _waves(maps * h * w * classes, turn + 2).reshape(maps * h * w, classes) + lift
    return Case(
        name,
        {
            "features": ProbeModel((2, h, w), _features, mix.tolist(), bias.tolist()),
            "head": ProbeModel((maps, h, w), _head, weight.tolist()),
            "x": 1.5 * _waves(n * 2 * h * w, turn + 3).reshape(n, 2, h, w),
            "target": target,
        },
    )


CASES = (
    _case("one", (1, 2, 3), 2, 3, 1, 0.64),
    _case("own_classes", (3, 2, 4), 3, 4, torch.tensor([0, 3, 2]), 2.2),
    _case("all_positive", (2, 3, 2), 4, 4, torch.tensor([1, 3]), 0.9, lift=1.5),
)


# ---------------------------------------------------------------- the right answer


def _slopes(features, head, x, target, number: Callable | None = None) -> tuple[Tensor, Tensor]:
    """Return the feature maps A and the slopes of the chosen number with respect to them."""
    with torch.enable_grad():
        A = features(x).detach().requires_grad_()
        scores = head(A)
        chosen = _pick(scores, target) if number is None else number(scores)
        return A.detach(), torch.autograd.grad(chosen.sum(), A)[0]


def _each(x, target) -> Tensor:
    return torch.as_tensor(target).expand(len(x))


def _pick(scores, target) -> Tensor:
    return scores.gather(1, _each(scores, target)[:, None])[:, 0]


def my_grad_cam(features, head, x, target):
    """Return relu of the sum of feature maps, each times its mean slope, (N, h, w)."""
    A, g = _slopes(features, head, x, target)
    w = g.mean((2, 3), keepdim=True)
    return (w * A).sum(1).relu()


# ---------------------------------------------------------------- wrong answers


def _from(make: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """Make a wrong answer that uses the right A and g in another way."""

    def answer(features, head, x, target):
        return make(*_slopes(features, head, x, target))

    return answer


def _of(number: Callable[[Tensor, Any], Tensor]) -> Callable:
    """Make a wrong answer that explains another number."""

    def answer(features, head, x, target):
        A, g = _slopes(features, head, x, target, lambda scores: number(scores, target))
        return _combine(A, g)

    return answer


def _combine(A, g):
    return (g.mean((2, 3), keepdim=True) * A).sum(1).relu()


def _signed(A, g):
    return (g.mean((2, 3), keepdim=True) * A).sum(1)


def _own_max(A, g):
    found = _combine(A, g)
    return found / found.amax((1, 2), keepdim=True).clamp(min=1e-12)


def _min_max(A, g):
    found = _combine(A, g)
    low, high = found.amin((1, 2), keepdim=True), found.amax((1, 2), keepdim=True)
    return (found - low) / (high - low).clamp(min=1e-12)


def _stretch_before_relu(A, g):
    found = _signed(A, g)
    low, high = found.amin((1, 2), keepdim=True), found.amax((1, 2), keepdim=True)
    return (found - low) / (high - low).clamp(min=1e-12)


def _xgrad(A, g):
    share = A / A.sum((2, 3), keepdim=True).clamp(min=1e-12)
    return ((share * g).sum((2, 3), keepdim=True) * A).sum(1).relu()


def _by_activation(A, g):
    return (A.mean((2, 3), keepdim=True) * g).sum(1).relu()


def _plus_plus(A, g):
    """Grad-CAM++: the positive slopes, weighed by a quotient of their squares and cubes."""
    below = 2 * g**2 + (A.sum((2, 3), keepdim=True) * g**3)
    share = g**2 / torch.where(below == 0, 1.0, below)
    return ((share * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


def _plus_plus_by_cells(A, g):
    """Grad-CAM++ with products of the same cell in the sum below the line."""
    below = 2 * g**2 + (A * g**3).sum((2, 3), keepdim=True)
    share = g**2 / torch.where(below == 0, 1.0, below)
    return ((share * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


def ablation_cam(features, head, x, target, relative=True):
    """Weigh each feature map by what the score loses without it."""
    A = features(x).detach()
    start, total = _pick(head(A), target), 0
    for k in range(A.shape[1]):
        off = A.clone()
        off[:, k] = 0
        fall = start - _pick(head(off), target)
        total = total + (fall / start if relative else fall).view(-1, 1, 1) * A[:, k]
    return total.relu().detach()


def pixel_gradient(features, head, x, target):
    """Take the slopes with respect to the pixels."""
    with torch.enable_grad():
        point = x.detach().clone().requires_grad_()
        (g,) = torch.autograd.grad(_pick(head(features(point)), target).sum(), point)
    return g.abs().amax(1)


def first_target(features, head, x, target):
    """The first input's class for all inputs."""
    return my_grad_cam(features, head, x, _each(x, target)[0])


WRONG = {
    "relu_forgotten": _from(_signed),
    "relu_before_sum": _from(lambda A, g: (g.mean((2, 3), keepdim=True) * A).relu().sum(1)),
    "summed_weights": _from(lambda A, g: (g.sum((2, 3), keepdim=True) * A).sum(1).relu()),
    "divided_by_49": _from(lambda A, g: (g.sum((2, 3), keepdim=True) * A).sum(1).relu() / 49),
    "mean_over_maps": _from(lambda A, g: _combine(A, g) / A.shape[1]),
    "own_scale": _from(_own_max),
    "stretched": _from(_min_max),
    "stretched_without_relu": _from(_stretch_before_relu),
    "absolute_map": _from(lambda A, g: _signed(A, g).abs()),
    "absolute_weights": _from(lambda A, g: _combine(A, g.abs())),
    "absolute_of_mean": _from(lambda A, g: (g.mean((2, 3), keepdim=True).abs() * A).sum(1)),
    "positive_slopes": _from(lambda A, g: _combine(A, g.relu())),
    "slopes_without_maps": _from(lambda A, g: g.sum(1).relu()),
    "maps_without_slopes": _from(lambda A, g: A.sum(1)),
    "xgrad_cam": _from(_xgrad),
    "weights_by_product": _from(lambda A, g: _combine(A, g * A)),
    "largest_slope": _from(lambda A, g: (g.amax((2, 3), keepdim=True) * A).sum(1).relu()),
    "mean_over_lines": _from(lambda A, g: (g.mean(2, keepdim=True) * A).sum(1).relu()),
    "softmax_of_weights": _from(
        lambda A, g: (g.mean((2, 3), keepdim=True).softmax(1) * A).sum(1).relu()
    ),
    "batch_scale": _from(lambda A, g: _combine(A, g) / _combine(A, g).max().clamp(min=1e-12)),
    "hires_with_relu": _from(lambda A, g: (g * A).sum(1).relu()),
    "hires_cam": _from(lambda A, g: (g * A).sum(1)),
    "layer_cam": _from(lambda A, g: (g.relu() * A).sum(1)),
    "mean_over_channels": _from(lambda A, g: (g.mean(1, keepdim=True) * A).sum(1).relu()),
    "weights_by_activation": _from(_by_activation),
    "weights_over_batch": _from(lambda A, g: (g.mean((0, 2, 3), keepdim=True) * A).sum(1).relu()),
    "not_added": _from(lambda A, g: (g.mean((2, 3), keepdim=True) * A).relu()),
    "weights_only": _from(lambda A, g: g.mean((2, 3))),
    "sign_reversed": _from(lambda A, g: (-g.mean((2, 3), keepdim=True) * A).sum(1).relu()),
    "probability": _of(lambda scores, target: _pick(scores.softmax(1), target)),
    "log_probability": _of(lambda scores, target: _pick(scores.log_softmax(1), target)),
    "cross_entropy": _of(
        lambda scores, target: torch.nn.functional.cross_entropy(scores, _each(scores, target))
    ),
    "best_class": _of(lambda scores, target: scores.amax(1)),
    "all_classes": _of(lambda scores, target: scores.sum(1)),
    "all_targets": _of(lambda scores, target: scores[:, _each(scores, target)].sum(1)),
    "mean_over_batch": _of(lambda scores, target: _pick(scores, target) / len(scores)),
    "first_target": first_target,
    "grad_cam_plus_plus": _from(_plus_plus),
    "ablation_cam": ablation_cam,
    "pixel_gradient": pixel_gradient,
}

ALSO = {
    "all_targets": [
        _of(lambda scores, target: scores[:, _each(scores, target)].mean(1) / len(scores))
    ],
    "cross_entropy": [
        _of(
            lambda scores, target: torch.nn.functional.cross_entropy(
                scores, _each(scores, target), reduction="sum"
            )
        )
    ],
    "grad_cam_plus_plus": [_from(_plus_plus_by_cells)],
    "ablation_cam": [partial(ablation_cam, relative=False)],
    "mean_over_lines": [_from(lambda A, g: (g.mean(3, keepdim=True) * A).sum(1).relu())],
}

GRADER = CaseGrader("04.2", CASES, my_grad_cam, WRONG, also=ALSO)

MY_GRAD_CAM = Task(
    id="04.2",
    grade=GRADER,
    reference=my_grad_cam,
    misconceptions=WRONG,
)
