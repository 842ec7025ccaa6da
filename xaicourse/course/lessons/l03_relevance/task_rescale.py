"""Task 03.3: DeepLIFT with the rule Rescale, for a dense ReLU net."""

from itertools import pairwise

import torch

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l03_relevance.nets import numbers, run

__all__ = ["GRADER", "RESCALE"]


# ---------------------------------------------------------------- cases


def _case(name: str, sizes: list[int], target: list[int], turn: float, still: bool = False) -> Case:
    pairs = list(pairwise(sizes))
    weights = [numbers(turn + k, after, before) for k, (before, after) in enumerate(pairs)]
    biases = [numbers(turn + 0.3 + k, after) for k, (_, after) in enumerate(pairs)]
    if still:
        weights[0][1] = 0.0  # the sum of this unit never changes
    x, x0 = numbers(turn + 0.7, len(target), sizes[0]), numbers(turn + 0.2, len(target), sizes[0])
    values = {"weights": weights, "biases": biases, "x": x, "baseline": x0}
    return Case(name, {**values, "target": torch.tensor(target)})


CASES = (
    _case("one_layer", [3, 4], [2], 0.9),
    _case("two_layers", [4, 6, 3], [1], 1.3),
    _case("batch", [5, 7, 6, 4], [2, 0, 3], 0.6),
    _case("still_unit", [3, 5, 5, 3], [1, 2], 2.1, still=True),
    # Few binary digits, so that sums are exact. The changes (1, -1, 2) cancel out in two hidden
    # sums, which stay at 3 (open) and at -3 (closed). The third goes from 0 to 4, the fourth from
    # just below 0 to just above: its quotient is 1/2.
    Case(
        "cancelled",
        {
            "weights": [
                torch.tensor(
                    [[1.0, 1.0, 0.0], [-2.0, 0.0, 1.0], [1.0, -1.0, 1.0], [1 + 1 / 128, 1.0, 0.0]]
                ),
                torch.tensor([[2.0, 3.0, 1.0, 2.0], [1.0, -2.0, -1.0, 1.0]]),
            ],
            "biases": [torch.tensor([1.0, -2.0, -1.0, -2 - 3 / 256]), torch.tensor([0.0, 1.0])],
            "x": torch.tensor([[2.0, 0.0, 3.0]]),
            "baseline": torch.tensor([[1.0, 1.0, 1.0]]),
            "target": torch.tensor([0]),
        },
    ),
)


# ---------------------------------------------------------------- the right answer


def _quotient(z, z0):
    """Return (relu(z) - relu(z0)) / (z - z0), and the slope at z where z does not change."""
    still = (z - z0).abs() < 1e-7
    change = torch.where(still, torch.ones_like(z), z - z0)
    return torch.where(still, (z > 0).to(z), (z.relu() - z0.relu()) / change)


def _one(logits, target):
    return torch.nn.functional.one_hot(target, logits.shape[1]).to(logits)


def multipliers(weights, biases, x, baseline, target, quotient=_quotient, start=_one):
    """Return m (N, D)."""
    sums, sums0 = run(weights, biases, x)[1], run(weights, biases, baseline)[1]
    m = start(sums[-1], target) @ weights[-1]
    for W, z, z0 in reversed(list(zip(weights[:-1], sums[:-1], sums0[:-1], strict=True))):
        m = (m * quotient(z, z0)) @ W
    return m


def rescale(weights, biases, x, baseline, target):
    """Return (x - x') m, (N, D)."""
    return (x - baseline) * multipliers(weights, biases, x, baseline, target)


# ---------------------------------------------------------------- wrong answers


def slopes_at_x(weights, biases, x, baseline, target):
    m = multipliers(weights, biases, x, baseline, target, lambda z, z0: (z > 0).to(z))
    return (x - baseline) * m


def slopes_at_baseline(weights, biases, x, baseline, target):
    m = multipliers(weights, biases, x, baseline, target, lambda z, z0: (z0 > 0).to(z))
    return (x - baseline) * m


def mean_of_both_slopes(weights, biases, x, baseline, target):
    def quotient(z, z0):
        return ((z > 0).to(z) + (z0 > 0).to(z)) / 2

    return (x - baseline) * multipliers(weights, biases, x, baseline, target, quotient)


def outputs_over_sums(weights, biases, x, baseline, target):
    """Divide relu(z) by the change of z."""

    def quotient(z, z0):
        change = torch.where((z - z0).abs() < 1e-7, torch.ones_like(z), z - z0)
        return z.relu() / change

    return (x - baseline) * multipliers(weights, biases, x, baseline, target, quotient)


def upside_down(weights, biases, x, baseline, target):
    def quotient(z, z0):
        q = _quotient(z, z0)
        return torch.where(q == 0, torch.zeros_like(q), 1 / q.clamp_min(1e-9))

    return (x - baseline) * multipliers(weights, biases, x, baseline, target, quotient)


def no_difference(weights, biases, x, baseline, target):
    return multipliers(weights, biases, x, baseline, target)


def times_x(weights, biases, x, baseline, target):
    return x * multipliers(weights, biases, x, baseline, target)


def difference_reversed(weights, biases, x, baseline, target):
    return -rescale(weights, biases, x, baseline, target)


def baseline_zero(weights, biases, x, baseline, target):
    return rescale(weights, biases, x, 0 * baseline, target)


def zero_inside_only(weights, biases, x, baseline, target):
    """Take (0, ..., 0) as reference for the quotients and x' for the difference."""
    return (x - baseline) * multipliers(weights, biases, x, 0 * baseline, target)


def biases_left_out(weights, biases, x, baseline, target):
    return rescale(weights, [0 * b for b in biases], x, baseline, target)


def integrated(weights, biases, x, baseline, target):
    """Integrated Gradients with 400 steps."""
    total = torch.zeros_like(x)
    for k in range(400):
        point = baseline + (k + 0.5) / 400 * (x - baseline)
        total += multipliers(weights, biases, point, point, target)
    return (x - baseline) * total / 400


def all_classes(weights, biases, x, baseline, target):
    def every(logits, target):
        return torch.ones_like(logits)

    return (x - baseline) * multipliers(weights, biases, x, baseline, target, start=every)


def best_class(weights, biases, x, baseline, target):
    best = run(weights, biases, x)[1][-1].argmax(1)
    return rescale(weights, biases, x, baseline, best)


def first_target(weights, biases, x, baseline, target):
    return rescale(weights, biases, x, baseline, target[:1].expand(len(x)))


def starts_with_the_score(weights, biases, x, baseline, target):
    def score(logits, target):
        return _one(logits, target) * logits

    return (x - baseline) * multipliers(weights, biases, x, baseline, target, start=score)


def starts_with_the_rise(weights, biases, x, baseline, target):
    places = torch.arange(len(x))
    ends = [run(weights, biases, point)[1][-1][places, target] for point in (x, baseline)]
    return rescale(weights, biases, x, baseline, target) * (ends[0] - ends[1])[:, None]


def sizes(weights, biases, x, baseline, target):
    return rescale(weights, biases, x, baseline, target).abs()


def mean_over_batch(weights, biases, x, baseline, target):
    return rescale(weights, biases, x, baseline, target) / len(x)


def _where_still(value):
    """Return Rescale with another multiplier where a sum does not change."""

    def answer(weights, biases, x, baseline, target):
        def quotient(z, z0):
            still = (z - z0).abs() < 1e-7
            return torch.where(still, torch.full_like(z, value), _quotient(z, z0))

        return (x - baseline) * multipliers(weights, biases, x, baseline, target, quotient)

    return answer


def zero_where_still(weights, biases, x, baseline, target):
    return _where_still(0.0)(weights, biases, x, baseline, target)


def one_where_still(weights, biases, x, baseline, target):
    return _where_still(1.0)(weights, biases, x, baseline, target)


def relu_forgotten(weights, biases, x, baseline, target):
    m = multipliers(weights, biases, x, baseline, target, lambda z, z0: torch.ones_like(z))
    return (x - baseline) * m


WRONG = {
    function.__name__: function
    for function in (
        slopes_at_x,
        slopes_at_baseline,
        mean_of_both_slopes,
        outputs_over_sums,
        upside_down,
        no_difference,
        times_x,
        difference_reversed,
        baseline_zero,
        zero_inside_only,
        biases_left_out,
        integrated,
        all_classes,
        best_class,
        first_target,
        starts_with_the_score,
        starts_with_the_rise,
        sizes,
        mean_over_batch,
        relu_forgotten,
        zero_where_still,
        one_where_still,
    )
}

GRADER = CaseGrader("03.3", CASES, rescale, WRONG)

RESCALE = Task(
    id="03.3",
    grade=GRADER,
    reference=rescale,
    misconceptions=WRONG,
)
