"""Task 11.7: one input after the other, in a given order: no gradient is needed."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["ORDERED"]


def points_of(x, baseline, order):
    """Return the corners of the path, (D + 1, D)."""
    points = [baseline.clone()]
    for k in order:
        after_it = points[-1].clone()
        after_it[k] = x[k]
        points.append(after_it)
    return torch.stack(points)


def gains(F, points):
    return F(points).detach().diff()


def ordered(F, x, baseline, order, *, corners=points_of, gain=gains):
    """Return what F gains when each input comes, (D,), in the order of the inputs."""
    found = gain(F, corners(x, baseline, order))
    result = torch.zeros_like(found)
    result[torch.as_tensor(order)] = found
    return result


def product(p):
    return p[:, 0] * p[:, 1] + 2 * p[:, 2] ** 2 - p[:, 0] * p[:, 2]


def kinked(p):
    return torch.relu(p[:, 0] + 2 * p[:, 1] - p[:, 2] - 1) + 0.3 * p[:, 3] * p[:, 1]


CASES = (
    case("product", "three inputs", F=product, x=torch.tensor([2.0, -1.0, 1.5]),
         baseline=torch.tensor([0.5, 0.2, -0.3]), order=[2, 0, 1]),
    case("kinked", "four inputs, an F with a kink", F=kinked,
         x=torch.tensor([1.0, 1.5, 0.5, -2.0]), baseline=torch.tensor([0.1, 0.0, 0.3, 0.4]),
         order=[1, 3, 0, 2]),
)  # fmt: skip


def alone(F, x, baseline, order):
    """Each input from the baseline, without the others."""
    each = torch.stack([points_of(x, baseline, [k])[1] for k in range(len(x))])
    return F(each).detach() - F(baseline[None]).detach()


def left_out(F, x, baseline, order):
    """Each input taken away from x."""
    each = torch.stack([points_of(baseline, x, [k])[1] for k in range(len(x))])
    return F(x[None]).detach() - F(each).detach()


def straight(F, x, baseline, order):
    """Integrated Gradients."""
    part = ((torch.arange(200) + 0.5) / 200)[:, None].to(x)
    points = torch.lerp(baseline[None], x[None], part).requires_grad_(True)
    return (x - baseline) * torch.autograd.grad(F(points).sum(), points)[0].mean(0)


def unsorted(F, x, baseline, order):
    """In the order in which they moved."""
    return gains(F, points_of(x, baseline, order))


def ranked(F, x, baseline, order):
    """The order read as places: input i moves at place order[i]."""
    return ordered(F, x, baseline, torch.as_tensor(order).argsort().tolist())


MISTAKES = [
    own(
        "in_order_of_moves",
        "The numbers are right, but they stand in the order of the moves. Put each at its input.",
        unsorted,
    ),
    own("alone", "You move each input alone from the baseline. Those before it stay moved.", alone),
    own("left_out", "You take each input away from x. Move from the baseline to x.", left_out),
    own("straight_line", "This is the straight line. Move one input after the other.", straight),
    own("order_as_places", "order lists inputs: order[0] is the input that moves first.", ranked),
    before("turned_order", "You move in the order from last to first.",
           order=lambda order: order[::-1]),
    before("natural_order", "You move the inputs in the order 0, 1, 2. Use order.",
           order=lambda order: list(range(len(order)))),
    swap("sizes", "You take the size of each gain. A loss is below 0.",
         gain=lambda F, points: gains(F, points).abs()),
    swap("cumulated", "You compare with the baseline each time. Compare with the point before.",
         gain=lambda F, points: F(points[1:]).detach() - F(points[:1]).detach()),
    after("turned", "Your gains have the wrong sign: F after the move minus F before it.",
          lambda found: -found),
]  # fmt: skip

ORDERED = function_task(
    "11.7",
    ordered,
    cases=CASES,
    mistakes=MISTAKES,
    passed="No gradient, no quadrature, and the sum is exact.",
    hints=(
        "On a piece where one input moves, who else could have changed F?",
        "Make the corners: begin at the baseline, and set one input after the other to its value "
        "in x. F at each corner minus F at the one before is the gain of the input that moved.",
        "points = [baseline]; for k in order: p = points[-1].clone(); p[k] = x[k]; "
        "points.append(p). gain = F(torch.stack(points)).diff(); result[order] = gain.",
    ),
)
