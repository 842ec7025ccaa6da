"""Mistakes in the standard error of task 09.2."""

from xaicourse.course.grading.mistakes import swap
from xaicourse.course.lessons.l09_compared_with_what.means import (
    error_of_mean,
    error_over_inputs,
)

__all__ = ["WRONG_ERRORS"]

WRONG_ERRORS = [
    swap(
        "standard_deviation",
        "The second part is the standard deviation of single draws. The error of their mean is "
        "smaller: divide by the root of n.",
        error=lambda found: found.std(0),
    ),
    swap(
        "no_root",
        "You divide the standard deviation by n. Divide by the root of n.",
        error=lambda found: found.std(0) / len(found),
    ),
    swap(
        "variance",
        "The second part has a variance where a standard deviation belongs.",
        error=lambda found: found.var(0) / len(found),
    ),
    swap("variance", "", error=lambda found: found.var(0)),
    swap(
        "population",
        "Your standard deviation has n in its denominator. Asked is n - 1.",
        error=lambda found: found.std(0, unbiased=False) / len(found) ** 0.5,
    ),
    swap(
        "error_of_sizes",
        "Your error is that of the absolute values. Take that of the shares with their signs.",
        error=lambda found: error_of_mean(found.abs()),
    ),
    swap(
        "n_minus_one_twice",
        "You use n - 1 twice: the standard deviation has it. Divide that by the root of n.",
        error=lambda found: found.std(0) / (len(found) - 1) ** 0.5,
    ),
    swap(
        "mean_kept",
        "You do not subtract the mean of the draws: this is the root of their mean square.",
        error=lambda found: (found.square().sum(0) / (len(found) - 1) / len(found)).sqrt(),
    ),
    swap(
        "one_error",
        "You take one deviation over everything. Each number has its own, over the draws: std(0).",
        error=lambda found: (found.std() / len(found) ** 0.5).expand(found.shape[1:]),
    ),
    swap(
        "fixed_n",
        "The map is right. For its error you divide by a fixed number. Divide by the root of n, "
        "which changes from call to call.",
        error=lambda found: found.std(0) / 2,
    ),
    swap("fixed_n", "", error=lambda found: found.std(0) / 2**0.5),
    swap(
        "over_the_inputs",
        "Your deviation goes over the inputs, and of one input there is none (NaN). It belongs "
        "over the draws: std(0) of what was stacked.",
        error=error_over_inputs,
    ),
]
