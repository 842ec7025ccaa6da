"""Wrong ways to average slopes along a path (05.2, 05.7): the right one with another step.

A step gets the path p, and the slopes (S, N, ...) at its points. Holes in the words: {see}, the
section of the definition; {at}, {number} and {reversed}.
"""

import torch
from torch import Tensor

from xaicourse.course.grading.mistakes import after, swap
from xaicourse.course.grading.path import Path

__all__ = ["BRACKET_LOST", "WRONG_PATHS"]


def starting_at(baseline):
    """Return the steps of a path from another baseline, (1, ...)."""
    return {
        "points": lambda p: baseline(p) + p.alphas * (p.x - baseline(p)),
        "distance": lambda p: p.x - baseline(p),
    }


def bracket_lost(alphas):
    """Return step + 0.5 / steps for each step, shaped as the alphas."""
    steps = len(alphas)
    return (torch.arange(steps) + 0.5 / steps).to(alphas).view_as(alphas)


def steps_and_rows_mixed(path: Path, slopes: Tensor) -> Tensor:
    """All points in one batch (S*N, ...), but read as (N, S, ...) afterwards."""
    mixed = slopes.reshape(len(path.x), -1, *path.x.shape[1:])
    return path.mean(mixed.transpose(0, 1))


# for models that take numbers of any size
BRACKET_LOST = swap(
    "bracket_lost",
    "Your alphas go far beyond 1: (step + 0.5) / steps needs its brackets.",
    points=lambda p: p.baseline + bracket_lost(p.alphas) * p.delta,
)
WRONG_PATHS = [
    # what the mean is multiplied by
    swap(
        "no_difference",
        "The average gradient is there, but it is not multiplied by x - x'. {see}",
        distance=lambda p: 1,
    ),
    swap(
        "times_x",
        "You multiply by x. It must be x - x', the distance from the baseline. {see}",
        distance=lambda p: p.x,
    ),
    swap(
        "difference_reversed", "The sign is reversed: {reversed} {see}", distance=lambda p: -p.delta
    ),
    swap(
        "times_baseline",
        "You multiply by the baseline x' alone. It must be x - x'. {see}",
        distance=lambda p: p.baseline,
    ),
    swap(
        "size_of_difference",
        "You multiply by |x - x'|. Keep the sign of x - x': a feature that becomes smaller moves "
        "the score the other way. {see}",
        distance=lambda p: p.delta.abs(),
    ),
    # where the gradient is taken
    swap(
        "gradient_at_x",
        "All gradients are taken at x itself, or only the last one is kept (total = ... instead "
        "of total += ...). They must be taken at points on the whole path and added. {see}",
        points=lambda p: p.x[None],
    ),
    swap(
        "gradient_at_baseline",
        "All gradients are taken at the baseline. They must be taken at points on the whole path. "
        "{see}",
        points=lambda p: p.baseline[None],
    ),
    swap(
        "gradient_at_midpoint",
        "Only the gradient in the middle of the path is used. Take one for each of the steps. See "
        "{section_steps}.",
        points=lambda p: (p.x + p.baseline)[None] / 2,
    ),
    swap(
        "gradient_at_both_ends",
        "Only the gradients at the two ends of the path are used. Take one for each of the steps. "
        "See {section_steps}.",
        points=lambda p: torch.stack([p.x, p.baseline]),
        mean=lambda p, slopes: slopes.mean(0),
    ),
    swap(
        "plain_gradient",
        "This is the gradient {at} x. Average the gradients on the path and multiply by x - x'. "
        "{see}",
        points=lambda p: p.x[None],
        distance=lambda p: 1,
    ),
    swap(
        "input_times_gradient",
        "This is gradient times x. Average the gradients on the path and multiply by x - x'. {see}",
        points=lambda p: p.x[None],
        distance=lambda p: p.x,
    ),
    swap(
        "gradient_by_x",
        "The gradient is taken with respect to x. By the chain rule each one then has a factor "
        "alpha too much. Take it with respect to the point on the path. {see}",
        mean=lambda p, slopes: p.mean(p.alphas * slopes),
    ),
    swap(
        "gradients_pile_up",
        "Your sum counts early gradients again and again: backward() adds to .grad. Set it to None "
        "in each step, or use torch.autograd.grad.",
        mean=lambda p, slopes: p.mean((p.alphas * slopes).cumsum(0)),
    ),
    swap(
        "path_too_long",
        "Your points are x' + alpha x. The path goes from x' to x, so the points are x' + alpha "
        "(x - x'). {see}",
        points=lambda p: p.baseline + p.alphas * p.x,
    ),
    swap(
        "path_from_zero",
        "Your points are alpha x: this path starts at 0, not at the baseline. {see}",
        points=lambda p: p.alphas * p.x,
    ),
    swap(
        "baseline_ignored",
        "The baseline is not used: this is the result for a baseline of 0. {see}",
        points=lambda p: p.alphas * p.x,
        distance=lambda p: p.x,
    ),
    swap(
        "path_clamped",
        "The points of the path are cut off at 0 and 1 (clamp). The path is a straight line from "
        "x' to x, wherever these lie.",
        points=lambda p: p.points.clamp(0, 1),
    ),
    # how the gradients are added
    after(
        "over_n_plus_1",
        "The result is n / (n + 1) of the right one: n gradients are divided by n + 1. Divide by "
        "their number. {see}",
        lambda a, path: a * path.steps / (path.steps + 1),
    ),
    after(
        "weights_too_small",
        "The result is (n - 1) / n of the right one: your weights add up to less than 1. This "
        "happens when the two ends of a trapezoid count half but the sum is divided by n, or when "
        "n - 1 gradients are divided by n. {see}",
        lambda a, path: a * (path.steps - 1) / path.steps,
    ),
    after(
        "weights_too_large",
        "The result is (n + 1) / n of the right one: your weights add up to more than 1. This "
        "happens when n + 1 gradients are divided by n. {see}",
        lambda a, path: a * (path.steps + 1) / path.steps,
    ),
    after(
        "over_n_minus_1",
        "The result is n / (n - 1) of the right one: n gradients are divided by n - 1. Divide by "
        "their number. {see}",
        lambda a, path: a * path.steps / max(path.steps - 1, 1),
    ),
    swap(
        "not_divided",
        "The gradients are added, but not divided by their number. {see}",
        mean=lambda p, slopes: slopes.sum(0),
    ),
    after(
        "divided_twice",
        "The result is 1 / n of the right one: it looks as if the mean is divided by n once more. "
        "{see}",
        lambda a, path: a / path.steps,
    ),
    swap(
        "last_step_only",
        "Only the last gradient is used, divided by the number of steps: the earlier ones were "
        "overwritten. Add each gradient to the total.",
        mean=lambda p, slopes: slopes[-1] / p.steps,
    ),
    swap(
        "grad_accumulated",
        "The gradients of earlier steps are still in .grad and are added again at each step. Use "
        "torch.autograd.grad, or a fresh point at each step.",
        mean=lambda p, slopes: p.mean(slopes.cumsum(0)),
    ),
    # signs and sizes
    swap(
        "abs_of_gradients",
        "The absolute values of the gradients are averaged. Keep their signs, they may cancel. "
        "{see}",
        mean=lambda p, slopes: p.mean(slopes.abs()),
    ),
    swap(
        "abs_in_sum",
        "The absolute values of the steps are added. Keep their signs, they may cancel. {see}",
        mean=lambda p, slopes: p.mean(slopes.abs()),
        distance=lambda p: p.delta.abs(),
    ),
    after(
        "abs_at_end",
        "The result is right up to its sign: you return absolute values. Negative shares are part "
        "of the answer. {see}",
        torch.abs,
    ),
    after(
        "negatives_dropped",
        "The negative shares are replaced by 0. They are part of the answer: such a feature "
        "lowers the {number}. {see}",
        torch.relu,
    ),
    after(
        "wrong_size",
        "The pattern is right, the size is not: your map is the right one times a factor. Is it "
        "normalised, or divided by the wrong number? The shares must add up to the rise. {see}",
        lambda a: a / a.abs().sum(),
    ),
    after(
        "channels_averaged",
        "The channels of a picture are averaged. The map has the shape of x: each channel has its "
        "own share.",
        lambda a: a.mean(1, keepdim=True).expand_as(a) if a.ndim == 4 else a,
    ),
    # the inputs of the batch
    swap(
        "rows_averaged",
        "The gradients of the inputs in the batch are averaged. Each input has its own gradient.",
        mean=lambda p, slopes: p.mean(slopes).mean(0),
    ),
    swap(
        "rows_added",
        "The gradients of the inputs in the batch are added. Each input has its own gradient.",
        mean=lambda p, slopes: p.mean(slopes).sum(0),
    ),
    swap(
        "first_row_only",
        "All inputs of the batch get the gradient of the first one. Each input has its own "
        "gradient.",
        mean=lambda p, slopes: p.mean(slopes)[0],
    ),
    swap(
        "first_rows_baseline",
        "Every input of the batch gets the baseline of the first one. Each has its own.",
        **starting_at(lambda p: p.baseline[:1]),
    ),
    swap(
        "mean_baseline",
        "The baselines of the batch are averaged. Each input has its own.",
        **starting_at(lambda p: p.baseline.mean(0, keepdim=True)),
    ),
    swap(
        "first_rows_distance",
        "Every gradient is multiplied by the distance x - x' of the first input. Each input has "
        "its own distance.",
        distance=lambda p: p.delta[:1],
    ),
    swap(
        "last_rows_distance",
        "Every gradient is multiplied by the distance x - x' of the last input. Each input has "
        "its own distance.",
        distance=lambda p: p.delta[-1:],
    ),
    swap(
        "steps_and_rows_mixed",
        "The steps and the inputs of the batch are mixed up after a reshape. Points of shape "
        "(steps, N, ...) must be read back as (steps, N, ...), then averaged over the steps.",
        mean=steps_and_rows_mixed,
    ),
]
