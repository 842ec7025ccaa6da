"""Task 15.3: the mean difference of two maps on the same pictures, with its interval."""

import numpy as np
import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["PAIRED"]


def both_there(a, b):
    """Return both scores of those pictures that have two."""
    there = ~(a.isnan() | b.isnan())
    return a[there], b[there]


def standard_error(d):
    return deviation(d) / len(d) ** 0.5


def deviation(d, correction=1):
    """Return the standard deviation; of fewer than two numbers NaN, without a warning."""
    return d.std(correction=correction) if len(d) > 1 else torch.tensor(torch.nan).to(d)


def student(n, level=0.975):
    from scipy import stats  # a second to import

    return float(stats.t.ppf(level, n - 1))


def paired(
    a, b, *, clean=both_there, middle=torch.mean, error=standard_error, quantile=student, n=len
):
    """Return mean, low and high of a - b over the pictures that have both scores."""
    a, b = clean(a, b)
    d = a - b
    mean, half = middle(d), error(d) * quantile(n(d))
    return torch.stack([mean, mean - half, mean + half])


# ---------------------------------------------------------------- wrong ways


def nan_as_zero(a, b):
    return a.nan_to_num(0.0), b.nan_to_num(0.0)


def each_cleaned(a, b):
    """Clean both lists apart, and cut the longer one."""
    a, b = a[~a.isnan()], b[~b.isnan()]
    shorter = min(len(a), len(b))
    return a[:shorter], b[:shorter]


def unpaired(a, b, joined=True):
    """Add up both variances."""
    a, b = both_there(a, b) if joined else (a[~a.isnan()], b[~b.isnan()])
    mean = a.mean() - b.mean()
    half = (deviation(a) ** 2 / len(a) + deviation(b) ** 2 / len(b)).sqrt() * student(
        min(len(a), len(b))
    )
    return torch.stack([mean, mean - half, mean + half])


def welch(a, b):
    """Take scipy's interval for two samples."""
    a, b = (v[~np.isnan(v)] for v in (a.numpy(), b.numpy()))
    from scipy import stats

    found = stats.ttest_ind(a, b, equal_var=False)
    low, high = found.confidence_interval(0.95)
    return torch.tensor([a.mean() - b.mean(), low, high])


def pooled(a, b):
    """Take scipy's interval for two samples with one variance."""
    a, b = (v.numpy() for v in both_there(a, b))
    from scipy import stats

    low, high = stats.ttest_ind(a, b).confidence_interval(0.95)
    return torch.tensor([a.mean() - b.mean(), low, high])


def count_with_nan(a, b):
    """Divide by the number of all pictures."""
    d = a - b
    d, n = d[~d.isnan()], len(a)
    half = deviation(d) / n**0.5 * student(n)
    return torch.stack([d.mean(), d.mean() - half, d.mean() + half])


# ---------------------------------------------------------------- cases

NAN = float("nan")
A = torch.tensor([0.31, 0.72, 0.05, 0.90, 0.44, 0.63]).double()
B = A + torch.tensor([0.10, 0.02, 0.21, -0.04, 0.13, 0.06]).double()
LONG = 2 + waves(1.9, 24).double()
OTHER = LONG - 0.3 + waves(3.1, 24, size=0.4).double()
HOLES_A = torch.where(torch.arange(24) % 7 == 2, NAN, LONG)
HOLES_B = torch.where(torch.arange(24) % 5 == 1, NAN, OTHER)

CASES = (
    case("six", "six pictures", a=A, b=B),
    case("many", "24 pictures", a=LONG, b=OTHER),
    case("holes", "scores with NaN in both lists", a=HOLES_A, b=HOLES_B),
    case(
        "two",
        "two pictures",
        a=torch.tensor([1.0, 3.0]).double(),
        b=torch.tensor([0.5, 1.0]).double(),
    ),
)

# ---------------------------------------------------------------- mistakes

MISTAKES = [
    own(
        "unpaired",
        "You treat a and b as two groups of pictures. They are scores on the SAME pictures: take "
        "the differences first. See {section_removal_sure}.",
        unpaired,
    ),
    own("unpaired", "", lambda a, b: unpaired(a, b, joined=False)),
    own("unpaired", "", welch),
    own("unpaired", "", pooled),
    swap(
        "normal",
        "You take 1.96, the number for very many pictures. Student's depends on n: "
        "stats.t.ppf(0.975, n - 1).",
        quantile=lambda n: 1.96,
    ),
    swap("normal", "", quantile=lambda n: 2.0),
    swap(
        "divided_by_n",
        "Your standard deviation divides by n. One degree of freedom is used by the mean: n - 1.",
        error=lambda d: deviation(d, 0) / len(d) ** 0.5,
    ),
    swap(
        "spread_of_pictures",
        "This is how far single pictures are apart. The mean is surer: divide by the root of n.",
        error=deviation,
    ),
    swap(
        "over_n",
        "You divide the spread by n. Divide by the root of n.",
        error=lambda d: deviation(d) / len(d),
    ),
    swap(
        "variance",
        "You took the variance. The standard deviation is its root.",
        error=lambda d: deviation(d) ** 2 / len(d) ** 0.5,
    ),
    swap(
        "one_sided",
        "This leaves out 5 % at EACH end. An interval of 95 % leaves out 2.5 %: 0.975.",
        quantile=lambda n: student(n, 0.95),
    ),
    swap(
        "other_level",
        "This is an interval of 99 %. Asked is 95 %.",
        quantile=lambda n: student(n, 0.995),
    ),
    swap(
        "nan_as_zero",
        "You count NaN as 0. A picture without a score is left out, in both lists.",
        clean=nan_as_zero,
    ),
    own("nan_as_zero", "", lambda a, b: paired((a - b).nan_to_num(0.0), torch.zeros_like(a))),
    swap(
        "degrees",
        "You ask Student's t of n. The mean uses one degree of freedom: n - 1.",
        quantile=lambda n: student(n + 1),
    ),
    own(
        "sizes",
        "You take differences without their sign. Whether a or b is ahead is then gone.",
        lambda a, b: paired((a - b).abs(), torch.zeros_like(a)),
    ),
    swap(
        "cleaned_apart",
        "You drop NaN in each list by itself, so that different pictures meet. Drop the PAIR.",
        clean=each_cleaned,
    ),
    own(
        "counted_with_nan",
        "You divide by the number of all pictures. Count the pairs that have both scores.",
        count_with_nan,
    ),
    swap(
        "median",
        "You take the median. Asked is the mean.",
        middle=torch.median,
    ),
    after("turned", "This is b - a. Asked is a - b.", lambda r: torch.stack([-r[0], -r[2], -r[1]])),
    after(
        "half_width",
        "You return the half width. Return both ends: mean, low, high.",
        lambda r: torch.stack([r[0], r[2] - r[0], r[2] - r[0]]),
    ),
    after(
        "ends_exchanged",
        "low and high are exchanged.",
        lambda r: r[[0, 2, 1]],
    ),
    after(
        "other_order",
        "Right numbers in another order: mean, low, high.",
        lambda r: r[[1, 0, 2]],
    ),
    after("other_order", "", lambda r: r[[1, 2, 0]]),
]

PAIRED = function_task(
    "15.3",
    paired,
    cases=CASES,
    mistakes=MISTAKES,
    not_finite=None,
    passed="Differences first, then their mean and Student's interval; pairs with NaN are out.",
    hints=(
        "One difference for each picture. From there on it is the interval of ONE list.",
        "d = a - b is NaN where one of them is. Keep the others: d = d[~d.isnan()]. The half width "
        "is Student's number times d.std() / sqrt(n).",
        "n = len(d); half = stats.t.ppf(0.975, n - 1) * d.std() / n ** 0.5; return d.mean(), "
        "d.mean() - half, d.mean() + half.",
    ),
)
