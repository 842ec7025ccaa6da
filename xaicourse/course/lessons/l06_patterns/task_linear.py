"""Task 06.2: the linear pattern, cov[x, y] / var[y]."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["LINEAR_PATTERN", "mixed"]


def centred(t):
    return t - t.mean(0)


def product_mean(x, y):
    """Return the covariance of each number of x with y, (D,)."""
    return centred(x).T @ centred(y) / len(y)


def variance(x, y):
    return centred(y).square().mean()


def linear_pattern(x, y, *, covariance=product_mean, below=variance):
    """Return cov[x, y] / var[y], (D,)."""
    return covariance(x, y) / below(x, y)


# ---------------------------------------------------------------- cases


def mixed(seed: int, count: int, width: int, centre: float) -> Tensor:
    """Return inputs (count, width) whose entries go up and down together."""
    generator = torch.Generator().manual_seed(seed)
    plain = torch.randn(count, width, generator=generator)
    return centre + plain @ torch.randn(width, width, generator=generator)


def neuron(name: str, says: str, x: Tensor, w: list[float], b: float) -> Case:
    """Return a case: inputs, and the values of a neuron with weights w and bias b."""
    return case(name, says, x=x, y=x @ torch.tensor(w) + b)


CASES = (
    neuron("two", "6 inputs of 2 numbers", mixed(0, 6, 2, 0.0), [1.0, -1.0], 0.0),
    neuron(
        "shifted",
        "9 inputs of 3 numbers with mean about 3",
        mixed(1, 9, 3, 3.0),
        [0.5, 2.0, -1.5],
        4.0,
    ),
    neuron(
        "many",
        "60 inputs of 4 numbers, one of them without weight",
        mixed(2, 60, 4, -1.0),
        [1.0, 0.0, -2.0, 0.7],
        -2.0,
    ),
)


# ---------------------------------------------------------------- wrong parts


def plain_products(x, y):
    return x.T @ y / len(y)


def plain_squares(x, y):
    return y.square().mean()


def product_sum(x, y):
    return centred(x).T @ centred(y)


def fewer(x, y):
    """Divide by M - 1."""
    return product_sum(x, y) / (len(y) - 1)


def one(x, y):
    return 1


def weights(x, y):
    return torch.linalg.lstsq(centred(x), centred(y)[:, None]).solution[:, 0]


def along_the_weights(x, y):
    return weights(x, y) / weights(x, y).square().sum()


# ---------------------------------------------------------------- the task

MISTAKES = [
    # the means are not taken away
    swap(
        "not_centred",
        "You use plain products. Subtract the mean of x and the mean of y first.",
        covariance=plain_products,
        below=plain_squares,
    ),
    swap(
        "variance_not_centred",
        "The covariance is right. But the variance is the mean of (y - mean of y) squared.",
        below=plain_squares,
    ),
    swap(
        "covariance_not_centred",
        "The variance is right. But the covariance is the mean of (x - its mean) times (y - "
        "its mean).",
        covariance=plain_products,
    ),
    own(
        "mean_ratio",
        "This is the ratio of the means. It knows nothing about how x and y change together.",
        lambda x, y: x.mean(0) / y.mean(),
    ),
    # by what is divided
    swap("not_divided", "This is the covariance. Divide by the variance of y.", below=one),
    swap("not_divided", "", covariance=product_sum, below=one),
    swap("not_divided", "", covariance=fewer, below=one),
    swap(
        "sum_above",
        "Your variance is a mean, your covariance is a sum. Divide it by the number of inputs.",
        covariance=product_sum,
    ),
    swap("sum_above", "", covariance=product_sum, below=lambda x, y: y.var()),
    swap(
        "by_deviation",
        "You divide by the standard deviation of y. Divide by its variance.",
        below=lambda x, y: y.std(unbiased=False),
    ),
    swap("by_deviation", "", below=lambda x, y: y.std()),
    swap("by_deviation", "", covariance=fewer, below=lambda x, y: y.std()),
    swap(
        "correlation",
        "This is the correlation. The pattern divides by var[y] only, so it keeps the units of x.",
        below=lambda x, y: x.std(0, unbiased=False) * y.std(unbiased=False),
    ),
    swap("correlation", "", below=lambda x, y: x.std(0) * y.std()),
    swap(
        "by_variance_of_x",
        "You divide by the variance of x. Divide by the variance of y.",
        below=lambda x, y: x.var(0, unbiased=False),
    ),
    swap("by_variance_of_x", "", below=lambda x, y: x.var(0)),
    swap(
        "two_counts",
        "Your covariance is divided by M and your variance by M - 1. Use the same number in both.",
        below=lambda x, y: y.var(),
    ),
    swap(
        "two_counts_reversed",
        "Your covariance is divided by M - 1 and your variance by M. Use the same number in both.",
        covariance=fewer,
    ),
    # another vector
    own(
        "the_weights",
        "You found the weights of the neuron again. They cancel the distractor. The pattern is "
        "covariance divided by var[y].",
        weights,
    ),
    own(
        "weights_direction",
        "This is the direction of the weights, w / (w . w). The pattern is covariance divided "
        "by var[y].",
        along_the_weights,
    ),
    after(
        "unit_length",
        "You scaled the pattern to length 1. Its scale has a meaning: w . a = 1.",
        lambda a: a / a.norm(),
    ),
    after(
        "sizes", "The sizes are right. Some numbers fall when y rises: keep their signs.", torch.abs
    ),
    after("sign_reversed", "Every sign is reversed.", lambda a: -a),
]

LINEAR_PATTERN = function_task(
    "06.2",
    linear_pattern,
    cases=CASES,
    mistakes=MISTAKES,
    passed="For every linear neuron, w . a = 1: your pattern says how x changes when y rises by 1.",
    hints=(
        "A covariance is the mean of a product of two differences: x minus its mean, y minus "
        "its mean. The mean is over the M inputs.",
        "xc = x - x.mean(0), yc = y - y.mean(). The covariance with each of the D numbers is "
        "(xc * yc[:, None]).mean(0).",
        "return (xc * yc[:, None]).mean(0) / (yc * yc).mean(). A test: for y = x @ w + b, the "
        "product w . pattern is 1.",
    ),
)
