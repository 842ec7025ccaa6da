"""Other ways to weigh feature maps and to add them up: the mistakes of task 04.2."""

from functools import partial

import torch
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.mistakes import after, own, saying, swap
from xaicourse.course.grading.shared_mistakes import ROWS, WHICH_NUMBER, pick

__all__ = ["MISTAKES", "mean"]


def mean(values):
    """Return the mean over the cells, (N, K, 1, 1)."""
    return values.mean((2, 3), True)


def stretched(maps):
    """Stretch each map from its smallest to its largest value."""
    low, high = maps.amin((1, 2), True), maps.amax((1, 2), True)
    return (maps - low) / (high - low).clamp(min=1e-12)


def plus_plus(A, g, products):
    """Weigh positive slopes by a quotient of powers, with a sum of products below the line."""
    below = 2 * g**2 + products
    return (g**2 / torch.where(below == 0, 1.0, below) * g.relu()).sum((2, 3), True)


def ablation_cam(features, head, x, target, relative=True):
    """Weigh each feature map by what the score loses without it."""
    A, target = features(x), torch.as_tensor(target).expand(len(x))
    start, falls = pick(head(A), target), []
    for k in range(A.shape[1]):
        off = A.clone()
        off[:, k] = 0
        falls.append(start - pick(head(off), target))
    weight = torch.stack(falls, 1) / (start[:, None] if relative else 1)
    return (weight[:, :, None, None] * A).sum(1).relu()


def pixel_gradient(features, head, x, target):
    """Take the slopes with respect to the pixels."""
    x = x.detach().clone().requires_grad_()
    target = torch.as_tensor(target).expand(len(x))
    return torch.autograd.grad(pick(head(features(x)), target).sum(), x)[0].abs().amax(1)


# ---------------------------------------------------------------- mistakes

SIGNS_COUNT = "Their signs say whether a feature speaks for the class or against it."
ONE_WEIGHT = "Grad-CAM has one weight for each feature map, the mean slope"
MISTAKES = [
    *saying(WHICH_NUMBER, score="score"),
    swap("all_targets", "", score=lambda z, target: z[:, target].mean()),
    *ROWS,
    swap(
        "cross_entropy",
        "You differentiate the cross-entropy, a loss. Explain the score of the target itself.",
        score=cross_entropy,
    ),
    swap("cross_entropy", "", score=lambda z, target: len(z) * cross_entropy(z, target)),
    # the weights
    swap(
        "summed_weights",
        "Your weights are sums of slopes. Take the mean over the cells.",
        weight=lambda A, g: g.sum((2, 3), True),
    ),
    swap(
        "divided_by_49",
        "You divide by 49, which is right for 7 x 7 cells only. Take the mean.",
        weight=lambda A, g: g.sum((2, 3), True) / 49,
    ),
    swap(
        "absolute_weights",
        f"You take the absolute values of the slopes. {SIGNS_COUNT}",
        weight=lambda A, g: mean(g.abs()),
    ),
    swap(
        "absolute_of_mean",
        f"You take the absolute values of the weights. {SIGNS_COUNT}",
        weight=lambda A, g: mean(g).abs(),
    ),
    swap(
        "positive_slopes",
        "You set negative slopes to 0 before the mean. All slopes count, with their signs.",
        weight=lambda A, g: mean(g.relu()),
    ),
    swap(
        "maps_without_slopes",
        "You add up the feature maps without weights: the class plays no part.",
        weight=lambda A, g: 1,
    ),
    swap(
        "xgrad_cam",
        "This is XGrad-CAM: your mean is weighed by the feature map. Take the plain mean over all "
        "cells.",
        weight=lambda A, g: mean(g * A) / mean(A).clamp(min=1e-12),
    ),
    swap(
        "weights_by_product",
        "Your weights are means of slope times feature map. Take that of the slopes alone.",
        weight=lambda A, g: mean(g * A),
    ),
    swap(
        "largest_slope",
        "Your weights are the largest slopes. Take the mean over the cells.",
        weight=lambda A, g: g.amax((2, 3), True),
    ),
    swap(
        "mean_over_lines",
        "Your mean runs over one axis of the cells. It should run over dims 2 and 3.",
        weight=lambda A, g: g.mean(2, True),
    ),
    swap("mean_over_lines", "", weight=lambda A, g: g.mean(3, True)),
    swap(
        "softmax_of_weights",
        "Your weights went through a softmax. Take the plain mean of the slopes, with its sign.",
        weight=lambda A, g: mean(g).softmax(1),
    ),
    swap(
        "mean_over_channels",
        "Your mean runs over the feature maps (dim 1). It should run over the cells, dims 2 and 3.",
        weight=lambda A, g: g.mean(1, True),
    ),
    swap(
        "weights_over_batch",
        "Your mean runs over the batch as well. Leave dim 0 out.",
        weight=lambda A, g: g.mean((0, 2, 3), True),
    ),
    swap(
        "sign_reversed",
        "The sign is reversed. Did you differentiate a loss, or minus the score?",
        weight=lambda A, g: -mean(g),
    ),
    swap(
        "hires_with_relu",
        f"This is HiResCAM with a relu: each cell has its own slope. {ONE_WEIGHT}. See "
        "{section_weights}.",
        weight=lambda A, g: g,
    ),
    swap(
        "hires_cam",
        f"This is HiResCAM: each cell has its own slope. {ONE_WEIGHT}, and a relu. See "
        "{section_weights}.",
        weight=lambda A, g: g,
        join=lambda w, A: (w * A).sum(1),
    ),
    swap(
        "layer_cam",
        "This is LayerCAM: each cell has its own slope, and the negative ones are cut off. "
        f"{ONE_WEIGHT}.",
        weight=lambda A, g: g.relu(),
    ),
    swap(
        "grad_cam_plus_plus",
        "This is Grad-CAM++, which weighs positive slopes. Take the plain mean of all slopes.",
        weight=lambda A, g: plus_plus(A, g, A.sum((2, 3), True) * g**3),
    ),
    swap(
        "grad_cam_plus_plus", "", weight=lambda A, g: plus_plus(A, g, (A * g**3).sum((2, 3), True))
    ),
    # what they multiply, and the sum
    swap(
        "relu_forgotten",
        "Right but for the relu: negative cells of the map become 0.",
        join=lambda w, A: (w * A).sum(1),
    ),
    swap(
        "relu_before_sum",
        "You cut off negative values too early. First add the feature maps, then cut.",
        join=lambda w, A: (w * A).relu().sum(1),
    ),
    swap(
        "mean_over_maps",
        "You take the mean over the K feature maps. Add them.",
        join=lambda w, A: (w * A).mean(1).relu(),
    ),
    swap(
        "absolute_map",
        "You take the absolute value of the map. The relu sets negative cells to 0.",
        join=lambda w, A: (w * A).sum(1).abs(),
    ),
    swap(
        "slopes_without_maps",
        "You add up the slopes. Multiply the feature maps by their weights first.",
        weight=lambda A, g: g,
        join=lambda w, A: w.sum(1).relu(),
    ),
    swap(
        "weights_by_activation",
        "You exchanged the two: weigh the feature maps by the mean of the slopes.",
        weight=lambda A, g: g,
        join=lambda w, A: (mean(A) * w).sum(1).relu(),
    ),
    swap(
        "not_added",
        "You return one map for each feature map. Add them up over dim 1, then cut.",
        join=lambda w, A: (w * A).relu(),
    ),
    swap(
        "weights_only",
        "These are the weights. Multiply the feature maps by them and add.",
        join=lambda w, A: w,
    ),
    # another scale
    after(
        "own_scale",
        "You divide each map by its largest value. Return it as it is, with its strength.",
        lambda maps: maps / maps.amax((1, 2), True).clamp(min=1e-12),
    ),
    after(
        "batch_scale",
        "You divide by the largest value of the whole batch. Return the maps as they are.",
        lambda maps: maps / maps.max().clamp(min=1e-12),
    ),
    after(
        "stretched",
        "You stretch each map from its smallest to its largest value. Return it as it is.",
        stretched,
    ),
    swap(
        "stretched_without_relu",
        "You stretch each map, where the relu should be: the most negative cell became the zero.",
        join=lambda w, A: stretched((w * A).sum(1)),
    ),
    # another method
    own(
        "ablation_cam",
        "This is Ablation-CAM: you switch feature maps off. Grad-CAM's weights are mean slopes.",
        ablation_cam,
    ),
    own("ablation_cam", "", partial(ablation_cam, relative=False)),
    own(
        "pixel_gradient",
        "These are slopes at the pixels. Take those with respect to the feature maps A.",
        pixel_gradient,
    ),
]
