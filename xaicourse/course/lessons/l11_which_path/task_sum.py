"""Task 11.1: the sum along any path, gradient in the middle of each step times the step."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["PATH_SUM"]


def slopes_at(F, points):
    """Return the gradients of F at points, (n, D)."""
    points = points.detach().requires_grad_(True)
    return torch.autograd.grad(F(points).sum(), points)[0]


def middles(points):
    return (points[1:] + points[:-1]) / 2


def steps(points):
    """Return where each step leads, (n, D)."""
    return points.diff(dim=0)


def path_sum(F, points, *, where=middles, step=steps):
    """Return what each input collects along the points, (D,)."""
    return (slopes_at(F, where(points)) * step(points)).sum(0)


# ---------------------------------------------------------------- cases


def hill(p):
    """Smooth: rises, then falls."""
    return torch.sin(2 * p[:, 0]) + p[:, 1] * p[:, 0] - 0.5 * p[:, 1] ** 2 + 0.3 * p[:, 2] ** 3


def kinked(p):
    """Two relus."""
    bend = torch.relu(2 * p[:, 0] - p[:, 1] - 0.5)
    return 3 * torch.relu(p[:, 1] - 0.2) - 2 * bend + 0.5 * p[:, 0]


def product(p):
    return p[:, 0] ** 2 * p[:, 1]


TURNS_BACK = [[0.1, -0.4, 0.2], [0.9, -0.1, 0.6], [0.5, 0.7, 1.2], [1.6, 0.9, -0.3], [1.4, 0.2, 0]]
ROUND = [[1.0, 0.0], [2.0, 0.5], [2.5, 2.0], [0.5, 1.5], [1.0, 0.0]]
CORNER = [[0.0, 0.0], [0.0, 0.4], [0.0, 1.0], [1.0, 1.0], [1.5, 1.0]]

CASES = (
    case("corner", "a path round a corner, an F with kinks", F=kinked, points=torch.tensor(CORNER)),
    case(
        "turns_back",
        "three inputs, a path on which some of them turn back",
        F=hill,
        points=torch.tensor(TURNS_BACK),
    ),
    case(
        "one_step",
        "one step",
        F=hill,
        points=torch.tensor([[0.3, 0.2, -0.5], [1.0, -1.0, 0.7]]),
    ),
    case("round", "a path that ends where it began", F=product, points=torch.tensor(ROUND)),
)

# ---------------------------------------------------------------- mistakes


def straight(points):
    """The points of the straight line between both ends, as many."""
    part = torch.linspace(0, 1, len(points), dtype=points.dtype)[:, None]
    return torch.lerp(points[:1], points[-1:], part)


def shared_changes(F, points):
    """IDGI, task 10.2."""
    square = slopes_at(F, middles(points)) ** 2
    return F(points).detach().diff() @ (square / square.sum(1, keepdim=True).clamp_min(1e-12))


MISTAKES = [
    # the steps
    swap(
        "ends_times_mean",
        "You multiply the mean gradient by the way from start to end. On a bent path every step "
        "has its own direction: multiply each gradient by its own step.",
        step=lambda points: ((points[-1:] - points[:1]) / (len(points) - 1)).expand(
            len(points) - 1, -1
        ),
    ),
    swap(
        "sizes_of_steps",
        "You take the size of each step. A step back counts with its sign.",
        step=lambda points: steps(points).abs(),
    ),
    swap(
        "length_of_step",
        "You multiply by the length of the step, one number. Each input has its own move.",
        step=lambda points: steps(points).norm(dim=1, keepdim=True),
    ),
    swap(
        "steps_turned",
        "Your steps have the wrong sign: the later point minus the earlier one.",
        step=lambda points: -steps(points),
    ),
    swap(
        "from_the_start",
        "You multiply by the way from the first point. Only the step itself counts.",
        step=lambda points: points[1:] - points[:1],
    ),
    # the gradients
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
        "one_gradient",
        "You take one gradient, at the last point. Take one in the middle of each step.",
        where=lambda points: points[-1:].expand(len(points) - 1, -1),
    ),
    # another path
    own(
        "straight_line",
        "This is the sum along the straight line between both ends. Follow the points.",
        lambda F, points: path_sum(F, straight(points)),
    ),
    own(
        "shared_changes",
        "You share out the changes of F by squared gradients, as IDGI does. Multiply gradient and "
        "step.",
        shared_changes,
    ),
    # the sum
    after(
        "mean",
        "You take the mean over the steps. Add them up: the steps have their lengths already.",
        lambda found, points: found / (len(points) - 1),
    ),
    own(
        "not_summed",
        "You return one line for each step. Add up over the steps.",
        lambda F, points: slopes_at(F, middles(points)) * steps(points),
    ),
    after(
        "one_number",
        "You return one number. Add up over the steps, and keep the inputs apart.",
        lambda found: found.sum(),
    ),
]

PATH_SUM = function_task(
    "11.1",
    path_sum,
    cases=CASES,
    mistakes=MISTAKES,
    passed="It follows any path, also one that turns back.",
    hints=(
        "Three things for each step: where it leads, its middle, and the gradient there.",
        "step = points.diff(dim=0), (n, D). middle = (points[1:] + points[:-1]) / 2, made with "
        "detach().requires_grad_(). Multiply, then add up over the steps.",
        "g = torch.autograd.grad(F(middle).sum(), middle)[0]; return (g * step).sum(0).",
    ),
)
