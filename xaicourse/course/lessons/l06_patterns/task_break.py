"""Task 06.5: data on which the pattern points at an input that the model does not use."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import rows_given

__all__ = ["UNUSED_INPUT"]


class Data(Claim):
    """Inputs (M, 2) of the model y = x1, and the pattern that they give it."""

    least, most = 4, 200  # inputs
    largest = 100.0  # all numbers lie in [-100, 100]
    wanted = 2.0  # |a2| is at least so many times |a1|

    def read(self, answer: Any) -> None:
        """Take inputs in any form."""
        self.x = rows_given(answer, "x", self.what).double()
        self.shape = tuple(self.x.shape)
        self.number = float(self.x.abs().max())

    @cached_property
    def spread(self) -> Tensor:
        """The standard deviations of x1 and x2."""
        return (self.x - self.x.mean(0)).square().mean(0).sqrt()

    @cached_property
    def pattern(self) -> Tensor:
        """The pattern, (2,); a1 is 1."""
        centred = self.x - self.x.mean(0)
        return centred.T @ centred[:, 0] / centred[:, 0].square().sum()

    @property
    def correlation(self) -> float:
        """That of x1 and x2."""
        return float(self.pattern[1] * self.spread[0] / self.spread[1])

    @property
    def shown(self) -> bool:
        """Whether the pattern of x2 is large enough."""
        return float(self.pattern[1].abs()) >= self.wanted


UNFIT = [
    wrong(
        "shape",
        "Inputs of shape {shape} were given. From {least} to {most} inputs with two numbers each "
        "are needed.",
        lambda its: (
            its.x.ndim != 2 or its.x.shape[1] != 2 or not its.least <= len(its.x) <= its.most
        ),
    ),
    wrong(
        "range",
        "Your inputs hold a number of size {number}. At most {largest} is allowed.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "y_is_constant",
        "x1, and so y, is the same in all your inputs. Without a change of y there is no pattern.",
        lambda its: float(its.spread[0]) < 1e-6,
        [[1.0, -3.0], [1.0, 0.0], [1.0, 3.0], [1.0, 5.0]],
    ),
]

MISTAKES = [
    wrong(
        "x2_is_constant",
        "x2 is the same in all your inputs. A constant has no covariance with anything, "
        "however large it is.",
        lambda its: float(its.spread[1]) < 1e-6,
        [[-1.0, 9.0], [0.0, 9.0], [1.0, 9.0], [2.0, 9.0]],
    ),
    wrong(
        "not_related",
        "The covariance of x1 and x2 is small. Let x2 rise with x1 everywhere, or fall with it.",
        lambda its: not its.shown and abs(its.correlation) < 0.3,
        [[-1.0, 9.0], [-1.0, -9.0], [1.0, 9.0], [1.0, -9.0]],
    ),
    wrong(
        "too_small",
        "x2 follows x1, but with too small steps. a2 says how much x2 changes when y rises by 1.",
        lambda its: not its.shown and float(its.spread[1]) < its.wanted * float(its.spread[0]),
        [[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [2.0, 2.0]],
    ),
    wrong(
        "near",
        (
            "The pattern of your data is {pattern}. You are on the way: |a2| of at least {wanted} "
            "is asked."
        ),
        lambda its: not its.shown,
    ),
]

UNUSED_INPUT = claim_task(
    "06.5",
    Data,
    name="x",
    right=torch.tensor([[-1.0, -3.0], [0.0, 0.0], [1.0, 3.0], [2.0, 6.0]]),
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "The pattern of your data is {pattern}, although the model does not look at x2 at all. "
        "A pattern belongs to the model and the data together."
    ),
    evidence="The pattern of your data is {pattern}.",
    hints=(
        "a2 = cov[x2, y] / var[y], and y is x1. So x2 should rise and fall together with x1, "
        "and more strongly.",
        "If x2 = c x1, then cov[x2, x1] = c var[x1], and so a2 = c.",
        "For example the inputs (t, 3 t) for t = -1, 0, 1, 2.",
    ),
)
