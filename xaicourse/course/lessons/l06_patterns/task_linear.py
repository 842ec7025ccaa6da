"""Task 06.2: the linear pattern, cov[x, y] / var[y]."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "LINEAR_PATTERN", "mixed"]


# ---------------------------------------------------------------- cases


def mixed(seed: int, count: int, width: int, centre: float) -> Tensor:
    """Return inputs (count, width) whose entries go up and down together."""
    generator = torch.Generator().manual_seed(seed)
    plain = torch.randn(count, width, generator=generator)
    return centre + plain @ torch.randn(width, width, generator=generator)


def _case(name: str, seed: int, count: int, w: list[float], centre: float, b: float) -> Case:
    x = mixed(seed, count, len(w), centre)
    return Case(name, {"x": x, "y": x @ torch.tensor(w) + b})


CASES = (
    _case("two", 0, 6, [1.0, -1.0], 0.0, 0.0),
    _case("shifted", 1, 9, [0.5, 2.0, -1.5], 3.0, 4.0),
    _case("many", 2, 60, [1.0, 0.0, -2.0, 0.7], -1.0, -2.0),
)


# ---------------------------------------------------------------- right and wrong answers


def _centred(t):
    return t - t.mean(0)


def linear_pattern(x, y):
    """Return cov[x, y] / var[y], (D,)."""
    return _centred(x).T @ _centred(y) / _centred(y).square().sum()


def not_centred(x, y):
    return x.T @ y / y.square().sum()


def variance_not_centred(x, y):
    return _centred(x).T @ _centred(y) / y.square().sum()


def covariance_not_centred(x, y):
    return x.T @ y / _centred(y).square().sum()


def not_divided(x, y):
    return _centred(x).T @ _centred(y) / len(y)


def sum_not_divided(x, y):
    return _centred(x).T @ _centred(y)


def fewer_not_divided(x, y):
    return sum_not_divided(x, y) / (len(y) - 1)


def sum_above(x, y):
    return sum_not_divided(x, y) / y.var(unbiased=False)


def sum_above_fewer(x, y):
    return sum_not_divided(x, y) / y.var()


def by_deviation(x, y):
    return not_divided(x, y) / _centred(y).square().mean().sqrt()


def by_deviation_fewer(x, y):
    return not_divided(x, y) / y.std()


def by_deviation_both_fewer(x, y):
    return fewer_not_divided(x, y) / y.std()


def correlation(x, y):
    return by_deviation(x, y) / _centred(x).square().mean(0).sqrt()


def by_variance_of_x(x, y):
    return not_divided(x, y) / _centred(x).square().mean(0)


def correlation_fewer(x, y):
    return not_divided(x, y) / (x.std(0) * y.std())


def by_variance_of_x_fewer(x, y):
    return not_divided(x, y) / x.var(0)


def the_weights(x, y):
    return torch.linalg.lstsq(_centred(x), _centred(y)[:, None]).solution[:, 0]


def weights_direction(x, y):
    w = the_weights(x, y)
    return w / w.square().sum()


def two_counts(x, y):
    return linear_pattern(x, y) * (len(y) - 1) / len(y)


def two_counts_reversed(x, y):
    return linear_pattern(x, y) * len(y) / (len(y) - 1)


def unit_length(x, y):
    a = linear_pattern(x, y)
    return a / a.norm()


def sizes(x, y):
    return linear_pattern(x, y).abs()


def sign_reversed(x, y):
    return -linear_pattern(x, y)


def mean_ratio(x, y):
    return x.mean(0) / y.mean()


WRONG = {
    function.__name__: function
    for function in (
        not_centred,
        variance_not_centred,
        covariance_not_centred,
        not_divided,
        sum_above,
        by_deviation,
        correlation,
        by_variance_of_x,
        the_weights,
        weights_direction,
        two_counts,
        two_counts_reversed,
        unit_length,
        sizes,
        sign_reversed,
        mean_ratio,
    )
}

ALSO = {
    "not_divided": (sum_not_divided, fewer_not_divided),
    "sum_above": (sum_above_fewer,),
    "by_deviation": (by_deviation_fewer, by_deviation_both_fewer),
    "correlation": (correlation_fewer,),
    "by_variance_of_x": (by_variance_of_x_fewer,),
}

GRADER = CaseGrader("06.2", CASES, linear_pattern, WRONG, also=ALSO)

LINEAR_PATTERN = Task(
    id="06.2",
    grade=GRADER,
    reference=linear_pattern,
    misconceptions=WRONG,
)
