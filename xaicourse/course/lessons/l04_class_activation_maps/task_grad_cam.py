"""Task 04.2: Grad-CAM of a model that is given in two parts."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.shared_mistakes import pick
from xaicourse.course.lessons.l04_class_activation_maps.other_cams import MISTAKES, mean

__all__ = ["MY_GRAD_CAM"]


def my_grad_cam(
    features, head, x, target, *,
    score=pick,
    weight=lambda A, g: mean(g),
    join=lambda w, A: (w * A).sum(1).relu(),
):  # fmt: skip
    """Return relu of the sum of feature maps, each times its mean slope, (N, h, w)."""
    A = features(x).detach().requires_grad_()
    target = torch.as_tensor(target).expand(len(x))
    (g,) = torch.autograd.grad(score(head(A), target).sum(), A)
    return join(weight(A, g), A).detach()


# ---------------------------------------------------------------- cases


def feature_maps(x: Tensor, mix: Tensor, bias: Tensor) -> Tensor:
    """Mix the channels, and cut off what is below 0."""
    return torch.relu(torch.einsum("kc,nchw->nkhw", mix, x) + bias.view(1, -1, 1, 1))


def scores(A: Tensor, weight: Tensor) -> Tensor:
    """Use two layers, so that the slopes differ from input to input."""
    flat = A.flatten(1)  # (N, K h w)
    return flat @ weight + 0.6 * torch.tanh(flat @ weight.flip(0)) * flat.mean(1, True)


def net(name, says, cells, maps, classes, target, turn, lift=0.0):
    """Return a case: features (N, 2, h, w) -> (N, maps, h, w), a head, and inputs."""
    mix, bias = waves(turn, maps, 2), 0.3 * waves(turn + 1, maps) + 0.2
    weight = waves(turn + 2, maps * cells[0] * cells[1], classes) + lift
    return case(
        name,
        says,
        features=ProbeModel((2, *cells), feature_maps, mix.tolist(), bias.tolist()),
        head=ProbeModel((maps, *cells), scores, weight.tolist()),
        x=waves(turn + 3, torch.as_tensor(target).numel(), 2, *cells, size=1.5),
        target=target,
    )


CASES = (
    net("one", "one input, two feature maps of 2 x 3 cells", (2, 3), 2, 3, 1, 0.64),
    net(
        "own_classes", "three inputs with a class each, three feature maps of 2 x 4 cells",
        (2, 4), 3, 4, torch.tensor([0, 3, 2]), 2.2,
    ),
    net(
        "all_positive", "two inputs with a class each, four feature maps of 3 x 2 cells",
        (3, 2), 4, 4, torch.tensor([1, 3]), 0.9, lift=1.5,
    ),
)  # fmt: skip


# ---------------------------------------------------------------- the task

MY_GRAD_CAM = function_task(
    "04.2",
    my_grad_cam,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each feature map has its mean slope as weight, and every input its own class.",
    hints=(
        "Three steps: A = features(x); the slopes of the target's scores with respect to A; then "
        "weights, sum, relu.",
        "To get slopes with respect to A, make it a starting point: A = "
        "features(x).detach().requires_grad_(). Then torch.autograd.grad(chosen.sum(), A)[0].",
        "The end: w = g.mean((2, 3), keepdim=True), shape (N, K, 1, 1); return (w * "
        "A).sum(1).relu(). chosen is head(A)[torch.arange(len(x)), target].",
    ),
)
