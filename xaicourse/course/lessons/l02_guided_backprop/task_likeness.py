"""Task 02.3: the cosine of two maps, and its control."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["CASES", "GRADER", "WITH_CONTROL"]


def _map(turn: float, *shape: int, tilt: float = 0.0) -> Tensor:
    """Return a signed map that follows no simple rule."""
    count = torch.Size(shape).numel()
    return (torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5) + tilt).reshape(shape)


def _order(count: int, step: int) -> Tensor:
    return (torch.arange(count) * step + 2) % count  # step and count share no factor


_A = _map(1.1, 3, 5, tilt=0.4)
CASES = (
    Case("small", {"a": _A, "b": 3 * _A + _map(0.4, 3, 5, tilt=-0.3), "order": _order(15, 4)}),
    Case("opposite", {"a": 2 * _map(0.9, 4, 7, tilt=0.3),
                      "b": -_map(0.9, 4, 7, tilt=0.3) + 0.5 * _map(2.3, 4, 7),
                      "order": _order(28, 5)}),
    Case("colour", {"a": _map(0.6, 3, 4, 5, tilt=-0.5), "b": _map(1.7, 3, 4, 5, tilt=-0.4),
                    "order": _order(60, 7)}),
)  # fmt: skip


# ---------------------------------------------------------------- the right answer


def with_control(a, b, order):
    """Return the cosine of a and b, and the same with the pixels of a in another order, (2,)."""
    return torch.stack([_cosine(a, b), _cosine(a.flatten()[order], b)])


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    a, b = a.flatten(), b.flatten()
    return a @ b / (a.norm() * b.norm())


# ---------------------------------------------------------------- wrong answers


def absolute(a, b, order):
    return with_control(a.abs(), b.abs(), order)


def absolute_control(a, b, order):
    return torch.stack([_cosine(a, b), _cosine(a.abs().flatten()[order], b.abs())])


def both_shuffled(a, b, order):
    """The same order for both: the control is the cosine again."""
    return torch.stack([_cosine(a, b), _cosine(a.flatten()[order], b.flatten()[order])])


def shuffled_with_itself(a, b, order):
    return torch.stack([_cosine(a, b), _cosine(a.flatten()[order], a)])


def second_shuffled(a, b, order):
    """The pixels of b in another order: as good a control, but not the one that is asked for."""
    return torch.stack([_cosine(a, b), _cosine(a, b.flatten()[order])])


def correlation(a, b, order):
    return with_control(a - a.mean(), b - b.mean(), order)


def dot_product(a, b, order):
    a, b = a.flatten(), b.flatten()
    return torch.stack([a @ b, a[order] @ b])


def one_length_only(a, b, order):
    return dot_product(a, b, order) / a.norm() ** 2


def other_length_only(a, b, order):
    return dot_product(a, b, order) / b.norm() ** 2


def one_length_once(a, b, order):
    return dot_product(a, b, order) / a.norm()


def other_length_once(a, b, order):
    return dot_product(a, b, order) / b.norm()


def lengths_squared(a, b, order):
    return dot_product(a, b, order) / (a.norm() * b.norm()) ** 2


def mean_of_columns(a, b, order):
    mixed = a.flatten()[order].view_as(a)
    columns = torch.nn.functional.cosine_similarity
    return torch.stack([columns(a, b, dim=0).mean(), columns(mixed, b, dim=0).mean()])


def mean_of_columns_once(a, b, order):
    return torch.stack([mean_of_columns(a, b, order)[0], with_control(a, b, order)[1]])


def sums_for_lengths(a, b, order):
    """Sums of sizes instead of lengths."""
    return dot_product(a, b, order) / (a.abs().sum() * b.abs().sum())


def mean_of_lines_once(a, b, order):
    """The mean over lines for the cosine, and the right control."""
    return torch.stack([mean_of_lines(a, b, order)[0], with_control(a, b, order)[1]])


def distance(a, b, order):
    return 1 - with_control(a, b, order)


def size_of_cosine(a, b, order):
    return with_control(a, b, order).abs()


def squared(a, b, order):
    return with_control(a, b, order) ** 2


def exchanged(a, b, order):
    return with_control(a, b, order).flip(0)


def minus_control(a, b, order):
    cosine, control = with_control(a, b, order)
    return torch.stack([cosine - control, control])


def mean_of_lines(a, b, order):
    """One cosine for each line, averaged."""
    mixed = a.flatten()[order].view_as(a)
    lines = torch.nn.functional.cosine_similarity
    return torch.stack([lines(a, b, dim=-1).mean(), lines(mixed, b, dim=-1).mean()])


WRONG = {
    function.__name__: function
    for function in (
        absolute,
        absolute_control,
        both_shuffled,
        shuffled_with_itself,
        second_shuffled,
        correlation,
        dot_product,
        one_length_only,
        lengths_squared,
        sums_for_lengths,
        distance,
        size_of_cosine,
        squared,
        exchanged,
        minus_control,
        mean_of_lines,
    )
}

ALSO = {
    "one_length_only": (other_length_only, one_length_once, other_length_once),
    "mean_of_lines": (mean_of_lines_once, mean_of_columns, mean_of_columns_once),
}

GRADER = CaseGrader("02.3", CASES, with_control, WRONG, also=ALSO)

WITH_CONTROL = Task(
    id="02.3",
    grade=GRADER,
    reference=with_control,
    misconceptions=WRONG,
)
