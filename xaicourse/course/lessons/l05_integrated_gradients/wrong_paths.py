"""Wrong ways to write Integrated Gradients, each an implementation of its own.

Every function gets a `Path` and returns (N, ...). The wrong step is the only difference from
``path.delta * path.mean(path.slopes)``.
"""

import torch
from torch import Tensor

from xaicourse.course.lessons.l05_integrated_gradients.path import Path

__all__ = [
    "WRONG_CLASSES",
    "WRONG_FACTORS",
    "WRONG_GRADIENTS",
    "WRONG_PROBABILITIES",
    "WRONG_ROWS",
    "WRONG_SIGNS",
    "WRONG_SIZES",
    "WRONG_SUMS",
    "WRONG_TARGETS",
]


# ---------------------------------------------------------------- what the mean is multiplied by


def no_difference(path: Path) -> Tensor:
    return path.mean(path.slopes)


def times_x(path: Path) -> Tensor:
    return path.x * path.mean(path.slopes)


def difference_reversed(path: Path) -> Tensor:
    return (path.baseline - path.x) * path.mean(path.slopes)


def times_baseline(path: Path) -> Tensor:
    return path.baseline * path.mean(path.slopes)


def size_of_difference(path: Path) -> Tensor:
    return path.delta.abs() * path.mean(path.slopes)


# ---------------------------------------------------------------- where the gradient is taken


def gradient_at_x(path: Path) -> Tensor:
    return path.delta * path.at(path.x)


def gradient_at_baseline(path: Path) -> Tensor:
    return path.delta * path.at(path.baseline)


def gradient_at_midpoint(path: Path) -> Tensor:
    return path.delta * path.at((path.x + path.baseline) / 2)


def gradient_at_both_ends(path: Path) -> Tensor:
    return path.delta * (path.at(path.x) + path.at(path.baseline)) / 2


def plain_gradient(path: Path) -> Tensor:
    return path.at(path.x)


def input_times_gradient(path: Path) -> Tensor:
    return path.x * path.at(path.x)


def gradient_by_x(path: Path) -> Tensor:
    return path.delta * path.mean(path.alphas * path.slopes)  # chain rule: d point / d x = alpha


def path_too_long(path: Path) -> Tensor:
    return path.delta * path.mean(path.gradient(path.baseline + path.alphas * path.x))


def path_from_zero(path: Path) -> Tensor:
    return path.delta * path.mean(path.gradient(path.alphas * path.x))


def baseline_ignored(path: Path) -> Tensor:
    return path.x * path.mean(path.gradient(path.alphas * path.x))


# ---------------------------------------------------------------- how the gradients are added


def over_n_plus_1(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes) * path.steps / (path.steps + 1)


def weights_too_small(path: Path) -> Tensor:
    """Halved ends over n, or n - 1 gradients over n."""
    return path.delta * path.mean(path.slopes) * (path.steps - 1) / path.steps


def weights_too_large(path: Path) -> Tensor:
    """n + 1 gradients over n."""
    return path.delta * path.mean(path.slopes) * (path.steps + 1) / path.steps


def over_n_minus_1(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes) * path.steps / max(path.steps - 1, 1)


def not_divided(path: Path) -> Tensor:
    return path.delta * path.slopes.sum(0)


def divided_twice(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes) / path.steps


def last_step_only(path: Path) -> Tensor:
    """``total = gradient`` where ``total += gradient`` is meant."""
    return path.delta * path.slopes[-1] / path.steps


def grad_accumulated(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes.cumsum(0))


# ---------------------------------------------------------------- signs


def abs_of_gradients(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes.abs())


def abs_in_sum(path: Path) -> Tensor:
    return path.mean((path.delta * path.slopes).abs())


def abs_at_end(path: Path) -> Tensor:
    return (path.delta * path.mean(path.slopes)).abs()


# ---------------------------------------------------------------- rows


def batch_averaged(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes) / len(path.x)


def rows_averaged(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes).mean(0, keepdim=True)


def rows_added(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes).sum(0, keepdim=True)


def first_row_only(path: Path) -> Tensor:
    return path.delta * path.mean(path.slopes)[:1]


def others_zero(path: Path) -> Tensor:
    """``model(point)[0, target]``: only the first row's score is differentiated."""
    first = torch.zeros_like(path.x)
    first[0] = 1
    return first * path.delta * path.mean(path.slopes)


def _from(path: Path, baseline: Tensor) -> Tensor:
    """Return the right attribution, but from this baseline."""
    delta = path.x - baseline
    return delta * path.mean(path.gradient(baseline + path.alphas * delta))


def first_rows_baseline(path: Path) -> Tensor:
    return _from(path, path.baseline[:1])


def mean_baseline(path: Path) -> Tensor:
    return _from(path, path.baseline.mean(0, keepdim=True))


def first_rows_distance(path: Path) -> Tensor:
    return path.delta[:1] * path.mean(path.slopes)


def last_rows_distance(path: Path) -> Tensor:
    return path.delta[-1:] * path.mean(path.slopes)


def steps_and_rows_mixed(path: Path) -> Tensor:
    """All points in one batch (S*N, ...), but read as (N, S, ...) afterwards."""
    mixed = path.slopes.reshape(len(path.x), -1, *path.x.shape[1:])
    return path.delta * (path.weights.transpose(0, 1) * mixed).sum(1)


# ---------------------------------------------------------------- what is done to a right map


def negatives_dropped(path: Path) -> Tensor:
    return (path.delta * path.mean(path.slopes)).clamp(min=0)


def wrong_size(path: Path) -> Tensor:
    """The right map, divided by the sum of its absolute values."""
    result = path.delta * path.mean(path.slopes)
    return result / result.abs().sum()


def channels_averaged(path: Path) -> Tensor:
    result = path.delta * path.mean(path.slopes)
    return result.mean(1, keepdim=True).expand_as(result) if result.ndim == 4 else result


def path_clamped(path: Path) -> Tensor:
    return path.delta * path.mean(path.gradient(path.points.clamp(0, 1)))


# ---------------------------------------------------------------- which number is explained


def softmax(path: Path) -> Tensor:
    return path.delta * path.mean(
        path.gradient(path.points, lambda scores: path.pick(scores.softmax(-1)))
    )


def log_softmax(path: Path) -> Tensor:
    return path.delta * path.mean(
        path.gradient(path.points, lambda scores: path.pick(scores.log_softmax(-1)))
    )


def cross_entropy(path: Path) -> Tensor:
    return -log_softmax(path)


def class_chosen_again(path: Path) -> Tensor:
    """The winner at each point of the path."""
    slopes = path.gradient(path.points, lambda scores: scores.max(-1).values)
    return path.delta * path.mean(slopes)


def class_predicted_at_x(path: Path) -> Tensor:
    winner = path.scores(path.x[None]).argmax(-1, keepdim=True)  # (1, N, 1)
    slopes = path.gradient(
        path.points,
        lambda scores: scores.gather(2, winner.expand(len(scores), -1, 1))[..., 0],
    )
    return path.delta * path.mean(slopes)


def all_classes(path: Path) -> Tensor:
    return path.delta * path.mean(path.gradient(path.points, lambda scores: scores.sum(-1)))


def first_rows_target(path: Path) -> Tensor:
    slopes = path.gradient(path.points, lambda scores: path.output(scores)[..., path.targets[0]])
    return path.delta * path.mean(slopes)


def all_rows_targets(path: Path) -> Tensor:
    """``scores[:, targets].sum()``: every row gets the scores of all rows' targets."""
    if bool((path.targets == path.targets[0]).all()):
        return path.delta * path.mean(path.slopes)  # one int target: the same as right
    slopes = path.gradient(
        path.points, lambda scores: path.output(scores)[..., path.targets].sum(-1)
    )
    return path.delta * path.mean(slopes)


def class_zero(path: Path) -> Tensor:
    slopes = path.gradient(path.points, lambda scores: path.output(scores)[..., 0])
    return path.delta * path.mean(slopes)


def class_before(path: Path) -> Tensor:
    """``target - 1``: the classes are counted from 1."""
    return path.delta * path.mean(_slopes_of(path, (path.targets - 1)[None]))


def targets_in_other_order(path: Path) -> Tensor:
    """All points in one batch (S*N, ...), the targets repeated for an order (N*S, ...)."""
    steps = len(path.alphas)
    repeated = path.targets.repeat_interleave(steps).reshape(steps, -1)  # (S, N)
    return path.delta * path.mean(_slopes_of(path, repeated))


def _slopes_of(path: Path, classes: Tensor) -> Tensor:
    """Return the slopes of the outputs of these classes, (S, N) or (1, N)."""

    def output(scores: Tensor) -> Tensor:
        outputs = path.output(scores)  # (S, N, K)
        index = (classes % outputs.shape[-1]).expand(outputs.shape[:2])
        return outputs.gather(2, index[..., None])[..., 0]

    return path.gradient(path.points, output)


# ---------------------------------------------------------------- only for probabilities (05.7)


def logit(path: Path) -> Tensor:
    return path.delta * path.mean(path.gradient(path.points, path.pick))


def softmax_of_result(path: Path) -> Tensor:
    """Softmax over the entries of the attribution."""
    flat = logit(path).flatten(1).softmax(1)
    return flat.reshape(path.x.shape)


def probability_times_logit(path: Path) -> Tensor:
    chance = path.pick(path.scores(path.x[None]).softmax(-1))[0]  # (N,)
    return chance.reshape(-1, *[1] * (path.x.ndim - 1)) * logit(path)


def rescaled_logit(path: Path) -> Tensor:
    """The logit's attribution, scaled so that it sums to the rise of the probability."""
    ends = torch.stack([path.baseline, path.x])
    scores = path.scores(ends)
    rise = path.pick(scores.softmax(-1)).diff(dim=0)[0] / path.pick(scores).diff(dim=0)[0]
    return rise.reshape(-1, *[1] * (path.x.ndim - 1)) * logit(path)


def sigmoid(path: Path) -> Tensor:
    return path.delta * path.mean(
        path.gradient(path.points, lambda scores: path.pick(scores.sigmoid()))
    )


def softmax_over_batch(path: Path) -> Tensor:
    return path.delta * path.mean(
        path.gradient(path.points, lambda scores: path.pick(scores.softmax(1)))
    )


def own_class_only(path: Path) -> Tensor:
    """p (1 - p) times the gradient of the target's logit: forgets the other classes."""

    def output(scores: Tensor) -> Tensor:
        chance = path.pick(scores.softmax(-1)).detach()
        return chance * (1 - chance) * path.pick(scores)

    return path.delta * path.mean(path.gradient(path.points, output))


def derivative_at_x(path: Path) -> Tensor:
    """p (1 - p) at x, times the logit's attribution."""
    chance = path.pick(path.scores(path.x[None]).softmax(-1))[0]  # (N,)
    return (chance * (1 - chance)).reshape(-1, *[1] * (path.x.ndim - 1)) * logit(path)


def denominator_fixed(path: Path) -> Tensor:
    """p times the gradient of the target's logit: the sum of softmax is taken as a constant."""

    def output(scores: Tensor) -> Tensor:
        return path.pick(scores.softmax(-1)).detach() * path.pick(scores)

    return path.delta * path.mean(path.gradient(path.points, output))


def softmax_twice(path: Path) -> Tensor:
    slopes = path.gradient(path.points, lambda scores: path.pick(scores.softmax(-1).softmax(-1)))
    return path.delta * path.mean(slopes)


def not_normalised(path: Path) -> Tensor:
    """exp of the score, without the sum below."""
    return path.delta * path.mean(path.gradient(path.points, lambda s: path.pick(s.exp())))


def winning_probability(path: Path) -> Tensor:
    slopes = path.gradient(path.points, lambda scores: scores.softmax(-1).max(-1).values)
    return path.delta * path.mean(slopes)


WRONG_PROBABILITIES = (
    logit,
    log_softmax,
    cross_entropy,
    softmax_of_result,
    probability_times_logit,
    rescaled_logit,
    sigmoid,
    softmax_over_batch,
    own_class_only,
    derivative_at_x,
    denominator_fixed,
    softmax_twice,
    not_normalised,
    winning_probability,
)
WRONG_FACTORS = (no_difference, times_x, difference_reversed, times_baseline, size_of_difference)
WRONG_GRADIENTS = (
    gradient_at_x,
    gradient_at_baseline,
    gradient_at_midpoint,
    gradient_at_both_ends,
    plain_gradient,
    input_times_gradient,
    gradient_by_x,
    path_too_long,
    path_from_zero,
    baseline_ignored,
    path_clamped,
)
WRONG_SUMS = (
    over_n_plus_1,
    weights_too_small,
    weights_too_large,
    over_n_minus_1,
    not_divided,
    divided_twice,
    last_step_only,
    grad_accumulated,
)
WRONG_SIGNS = (abs_of_gradients, abs_in_sum, abs_at_end, negatives_dropped)
WRONG_SIZES = (wrong_size, channels_averaged)
WRONG_ROWS = (
    batch_averaged,
    rows_averaged,
    rows_added,
    first_row_only,
    others_zero,
    first_rows_baseline,
    mean_baseline,
    first_rows_distance,
    last_rows_distance,
    steps_and_rows_mixed,
)
WRONG_TARGETS = (
    first_rows_target,
    all_rows_targets,
    class_zero,
    class_before,
    targets_in_other_order,
)
WRONG_CLASSES = (
    softmax,
    log_softmax,
    cross_entropy,
    class_chosen_again,
    class_predicted_at_x,
    all_classes,
)
