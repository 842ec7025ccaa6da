"""Task 11.3: the path of AGI, from the first point that is taken for another class, back to x."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["WAY_BACK"]


def log_probability(scores, other):
    return scores.log_softmax(1)[:, other]


def sign(slope):
    return slope.sign()


def uphill(net, z, other, score=log_probability):
    """Return the gradient of the other class at z, (1, D)."""
    z = z.detach().requires_grad_(True)
    return torch.autograd.grad(score(net(z), other).sum(), z)[0]


def way_back(net, x, other, step, most, *, score=log_probability, direction=sign):
    """Return the points of the path, (K + 1, D), the last one is x."""
    points = [x]
    while len(points) <= most and int(net(points[-1]).argmax()) != other:
        z = points[-1]
        points.append(z + step * direction(uphill(net, z, other, score)))
    return torch.cat(points[::-1])


# ---------------------------------------------------------------- cases


class Bent:
    """Three classes of four inputs, with a hidden layer."""

    first = torch.tensor([[-0.7, -0.9, -0.8, 1.0], [-0.3, 2.9, -2.1, -1.1], [0.9, -1.3, -0.8, 1.0]])
    second = torch.tensor([[0.3, -1.0, 1.0], [0.9, -0.9, 1.2], [0.1, -1.8, -0.8]])

    def __call__(self, p):
        return torch.tanh(p @ self.first.to(p).T) @ self.second.to(p).T


def planes(p):
    """Three linear classes."""
    return p @ torch.tensor([[2.0, 1.0, 0.5], [-1.0, 0.5, 1.0], [0.5, -1.0, 1.5]]).to(p)


BENT = Bent()
X = torch.tensor([[-0.7, 0.7, 0.2, 0.4]])  # taken for class 2; class 1 lies on the way to 0
CASES = (
    case("planes", "three linear classes", net=planes, x=torch.tensor([[1.0, 0.4, 0.2]]), other=2,
         step=0.05, most=30),
    case("bent", "a net with a hidden layer", net=BENT, x=X, other=0, step=0.05, most=60),
    case("short", "a class that is not reached within `most` steps", net=BENT, x=X, other=0,
         step=0.05, most=3),
    case("there", "an x that is taken for the other class already", net=planes,
         x=torch.tensor([[0.1, 0.2, 1.0]]), other=2, step=0.05, most=10),
)  # fmt: skip

# ---------------------------------------------------------------- mistakes


def restart(net, x, other, step, most):
    """Every step begins at x."""
    points = [x]
    while len(points) <= most and int(net(points[-1]).argmax()) != other:
        points.append(x + step * uphill(net, points[-1], other).sign())
    return torch.cat(points[::-1])


def one_direction(net, x, other, step, most):
    """The gradient at x for all steps."""
    direction, points = uphill(net, x, other).sign(), [x]
    while len(points) <= most and int(net(points[-1]).argmax()) != other:
        points.append(points[-1] + step * direction)
    return torch.cat(points[::-1])


def no_stop(net, x, other, step, most):
    points = [x]
    for _ in range(most):
        points.append(points[-1] + step * uphill(net, points[-1], other).sign())
    return torch.cat(points[::-1])


def until_left(net, x, other, step, most):
    """Stops as soon as the first class is lost."""
    first, points = int(net(x).argmax()), [x]
    while len(points) <= most and int(net(points[-1]).argmax()) == first != other:
        points.append(points[-1] + step * uphill(net, points[-1], other).sign())
    return torch.cat(points[::-1])


def leave_target(net, x, other, step, most):
    """Down the class of x instead of up the other one."""
    first, points = int(net(x).argmax()), [x]
    while len(points) <= most and int(net(points[-1]).argmax()) != other:
        points.append(points[-1] - step * uphill(net, points[-1], first).sign())
    return torch.cat(points[::-1])


def one_too_many(net, x, other, step, most):
    points = way_back(net, x, other, step, most)
    if int(net(points[:1]).argmax()) == other and len(points) > 1:
        points = points[1:]
    return points


MISTAKES = [
    own(
        "restart",
        "Every step of yours begins at x again. It begins at the point reached last.",
        restart,
    ),
    own(
        "one_direction",
        "You take the gradient once, at x. Take it anew at each point.",
        one_direction,
    ),
    own("no_stop", "You go on after the other class is reached. Stop there.", no_stop),
    own(
        "until_left",
        "You stop as soon as the first class is lost. Go on until the OTHER class is predicted.",
        until_left,
    ),
    own(
        "leave_target",
        "You go down the gradient of the class of x. Go up that of the other class.",
        leave_target,
    ),
    own(
        "last_point_lost",
        "The first point of the path, where the other class is predicted, is missing.",
        one_too_many,
    ),
    swap(
        "logit",
        "You climb the logit of the other class. Climb its log probability: it also falls when a "
        "third class gains.",
        score=lambda scores, other: scores[:, other],
    ),
    swap(
        "no_sign",
        "You step by the gradient itself. Step by its sign: each input moves by `step`.",
        direction=lambda slope: slope,
    ),
    swap(
        "unit_length",
        "You step by the gradient divided by its length. Step by its sign.",
        direction=lambda slope: slope / slope.norm().clamp_min(1e-12),
    ),
    swap(
        "downhill",
        "You go down the probability of the other class. Go up.",
        direction=lambda slope: -slope.sign(),
    ),
    after(
        "x_first",
        "Your path begins at x. It leads back: x is the last point.",
        lambda points: points.flip(0),
    ),
    after(
        "without_x",
        "x itself is missing. It is the last point of the path.",
        lambda points: points[:-1] if len(points) > 1 else points,
    ),
    before(
        "one_step_short",
        "You stop one step before `most`. So many steps are allowed.",
        most=lambda most: most - 1,
    ),
]

WAY_BACK = function_task(
    "11.3",
    way_back,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The path leads from the other class back to x.",
    hints=(
        "Keep a list of points, x first. Which two things end the loop?",
        "At the last point: z = points[-1].detach().requires_grad_(). Climb "
        "net(z).log_softmax(1)[0, other], and add step * gradient.sign(). At the end turn the list "
        "round.",
        "while len(points) <= most and int(net(points[-1]).argmax()) != other: z = ...; "
        "(g,) = torch.autograd.grad(net(z).log_softmax(1)[0, other], z); "
        "points.append(points[-1] + step * g.sign()). Return torch.cat(points[::-1]).",
    ),
)
