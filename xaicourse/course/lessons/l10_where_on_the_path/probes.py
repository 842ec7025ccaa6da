"""The functions and points on which task 10.2 is tried."""

import torch

from xaicourse.course.grading.cases import case


def hill(p):
    """Smooth: rises, then falls."""
    return torch.sin(2 * p[:, 0]) + p[:, 1] * p[:, 0] - 0.5 * p[:, 1] ** 2 + 0.3 * p[:, 2]


def faint(p):
    """The same, twenty times smaller: what is added to its slopes is seen."""
    return 0.05 * hill(p)


def kinked(p):
    """Two relus."""
    bend = torch.relu(2 * p[:, 0] - p[:, 1] - 0.5)
    return 3 * torch.relu(p[:, 1] - 0.2) - 2 * bend + 0.5 * p[:, 0]


def plateau(p):
    """Flat at first: the gradient is 0 there."""
    return torch.relu(p[:, 0] + 2 * p[:, 1] - 1)


def ramp(p):
    """Flat, steep, and flat again."""
    t = p[:, 0] + 2 * p[:, 1]
    return torch.relu(t - 1) - torch.relu(t - 2)


def walk(start, end, *places):
    """Return points of a straight line, (n + 1, D)."""
    at = torch.tensor(places, dtype=torch.float64)[:, None]
    return torch.tensor(start) * (1 - at) + at * torch.tensor(end)


CASES = (
    case(
        "hill",
        "a smooth F with three inputs, steps of several lengths",
        F=hill,
        points=walk([0.1, -0.4, 0.2], [1.6, 0.9, -0.8], 0, 0.05, 0.2, 0.5, 0.6, 0.85, 1),
    ),
    case(
        "kinked",
        "an F with kinks, four steps",
        F=kinked,
        points=walk([0.0, 0.0], [1.5, 1.0], 0, 0.3, 0.45, 0.7, 1),
    ),
    case(
        "faint",
        "a smooth F with small slopes",
        F=faint,
        points=walk([0.2, -0.3, 0.1], [1.2, 0.8, -0.6], 0, 0.4, 1),
    ),
    case("one_step", "one step", F=hill, points=walk([0.3, 0.2, -0.5], [1.0, -1.0, 0.7], 0, 1)),
    case(
        "leap",
        "steps whose middle has the gradient 0, though F changes in them",
        F=ramp,
        points=walk([0.0, 0.0], [1.0, 1.0], 0, 0.58, 0.64, 1),
    ),
    case(
        "plateau",
        "an F that is flat at first",
        F=plateau,
        points=walk([0.0, 0.0], [1.0, 1.0], 0, 0.1, 0.3, 0.6, 1),
    ),
)
