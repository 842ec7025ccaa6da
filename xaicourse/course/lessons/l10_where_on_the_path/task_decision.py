"""Task 10.7: Integrated Decision Gradients along given points."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l10_where_on_the_path.shares import (
    changes,
    middles,
    my_idgi,
    slopes_at,
)

__all__ = ["DECISION"]


def whole_way(points):
    """Return d, (D,)."""
    return points[-1] - points[0]


def along_the_path(F, pulls, points):
    """Return the slope of F along the path in each step, (n, 1)."""
    return pulls.sum(1, keepdim=True)


def my_idg(F, points, *, where=middles, way=whole_way, weight=along_the_path):
    """Return Integrated Decision Gradients along the points, (D,)."""
    pulls = way(points) * slopes_at(F, where(points))
    return (pulls * weight(F, pulls, points)).mean(0)


def waves(p):
    """Rises and falls."""
    return torch.sin(2 * p[:, 0]) + p[:, 1] * p[:, 0] - 0.5 * p[:, 1] ** 2


def mixed(p):
    return p[:, 0] ** 2 - 2 * p[:, 1] + 0.5 * p[:, 2] * p[:, 0]


def line(start, end, n):
    """Return n + 1 points with equal steps."""
    at = torch.linspace(0, 1, n + 1, dtype=torch.float64)[:, None]
    return torch.tensor(start) * (1 - at) + at * torch.tensor(end)


CASES = (
    case("waves", "a smooth F, five steps", F=waves, points=line([0.2, -0.5], [2.3, 1.1], 5)),
    case(
        "mixed",
        "three inputs, four steps",
        F=mixed,
        points=line([0.5, 0.1, -1.0], [-1.2, 0.9, 0.6], 4),
    ),
    case("one_step", "one step", F=waves, points=line([0.1, 0.3], [0.9, -0.6], 1)),
)


def finite_differences(F, pulls, points):
    """The slope from the scores at the ends of each step."""
    return (changes(F, points) * (len(points) - 1))[:, None]


def way_so_far(F, points):
    """Integrate with the distance from the first point to the middle of the step."""
    pulls = (middles(points) - points[0]) * slopes_at(F, middles(points))
    return (pulls * pulls.sum(1, keepdim=True)).mean(0)


def over_the_rise(found, F, points):
    """Come back to the units of F."""
    return found / changes(F, points).sum()


MISTAKES = [
    # the weight
    swap(
        "no_weight",
        "This is Integrated Gradients. Weigh each step by the slope of F along the path.",
        weight=lambda F, pulls, points: torch.ones(len(pulls), 1),
    ),
    swap(
        "size_of_the_weight",
        "Your weight has lost its sign. Where F falls the weight is below 0.",
        weight=lambda F, pulls, points: pulls.sum(1, keepdim=True).abs(),
    ),
    swap(
        "falls_dropped",
        "Steps where F falls have the weight 0 at yours. Their weight is below 0.",
        weight=lambda F, pulls, points: pulls.sum(1, keepdim=True).clamp_min(0),
    ),
    swap(
        "weight_without_way",
        "Your weight is the sum of the gradients. It is the sum of d times gradient.",
        weight=lambda F, pulls, points: (pulls / whole_way(points)).sum(1, keepdim=True),
    ),
    swap(
        "mean_over_inputs",
        "Your weight is the mean over the inputs. It is their sum.",
        weight=lambda F, pulls, points: pulls.mean(1, keepdim=True),
    ),
    swap(
        "mean_weight",
        "You weigh all steps by the mean slope. Each step has its own.",
        weight=lambda F, pulls, points: pulls.sum(1).mean(),
    ),
    swap(
        "from_the_scores",
        "You take the weight from the scores at the ends of the step. Asked is the sum of d times "
        "gradient, from the same gradient.",
        weight=finite_differences,
    ),
    swap("from_the_scores", "", weight=lambda F, pulls, points: changes(F, points)[:, None]),
    swap(
        "own_pull_only",
        "You square what each input pulls. The weight is the sum over ALL inputs.",
        weight=lambda F, pulls, points: pulls,
    ),
    swap(
        "weight_over_steps",
        "You sum over the steps. The weight is the sum over the inputs of one step.",
        weight=lambda F, pulls, points: pulls.sum(0, keepdim=True),
    ),
    swap(
        "length_as_weight",
        "You weigh by the length of the gradient. Asked is the slope along the path.",
        weight=lambda F, pulls, points: (pulls / whole_way(points)).norm(dim=1, keepdim=True),
    ),
    swap(
        "weights_sum_to_one",
        "You divide the weights by their sum. They stay as they are: the map is in squared units.",
        weight=lambda F, pulls, points: (
            pulls.sum(1, keepdim=True) / pulls.sum(1, keepdim=True).mean()
        ),
    ),
    # the way
    swap(
        "one_step_only",
        "You take the way of one step for d. d is the whole way, last point minus first.",
        way=lambda points: points[1] - points[0],
    ),
    swap(
        "end_for_way",
        "You multiply by the last point. d is last minus first: the baseline counts.",
        way=lambda points: points[-1],
    ),
    own(
        "way_so_far",
        "You take the way from the first point to the step for d. d is the whole way, the same in "
        "each step.",
        way_so_far,
    ),
    own(
        "no_way",
        "Your gradient is not multiplied by d, only the weight is.",
        lambda F, points: (
            slopes_at(F, middles(points))
            * (whole_way(points) * slopes_at(F, middles(points))).sum(1, keepdim=True)
        ).mean(0),
    ),
    # the places
    swap(
        "left_point",
        "You take the gradient at the start of each step. Asked is its middle.",
        where=lambda points: points[:-1],
    ),
    swap(
        "right_point",
        "You take the gradient at the end of each step. Asked is its middle.",
        where=lambda points: points[1:],
    ),
    swap(
        "all_points",
        "You take the gradients at all n + 1 points. Take them in the middles of the n steps.",
        where=lambda points: points,
    ),
    # the sum
    own(
        "idgi",
        "This is IDGI, task 10.2. Here d times gradient is weighed, and no change of F is shared.",
        my_idgi,
    ),
    after(
        "one_too_many",
        "You divide by n + 1, the number of points. There are n steps.",
        lambda found, points: found * (len(points) - 1) / len(points),
    ),
    after(
        "over_the_rise",
        "You divide by the rise, to come back to the units of F. Asked is the formula as it "
        "stands.",
        over_the_rise,
    ),
    after(
        "not_divided",
        "You add up and do not divide by the number of steps.",
        lambda found, points: found * (len(points) - 1),
    ),
    after(
        "root",
        "You take the root, to come back to the units of F. Asked is the formula as it stands.",
        lambda found: found.sign() * found.abs().sqrt(),
    ),
]

DECISION = function_task(
    "10.7",
    my_idg,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The weight and the pull come from one gradient, and the map of -F is the same.",
    hints=(
        "In each step: what does each input pull (d times gradient), and what do all of them pull "
        "together?",
        "pulls = way * slopes, (n, D). The weight of a step is pulls.sum(1, keepdim=True).",
        "way = points[-1] - points[0]; slopes = gradients in the middles; pulls = way * slopes; "
        "return (pulls * pulls.sum(1, keepdim=True)).mean(0).",
    ),
)
