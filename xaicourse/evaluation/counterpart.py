"""AIM's imputer (2026): what is removed becomes that of an adversarial counterpart."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import column
from xaicourse.evaluation.imputers import Behind

__all__ = ["Counterpart"]


@suggest_names
@dataclass(frozen=True)
class Counterpart(Behind):
    r"""Every removed feature becomes that of an adversarial counterpart of the input.

    .. math::
        x' \leftarrow \mathrm{clip}_{[x - r, x + r]}\big(x' - \tfrac{5r}{2n}\,
        \mathrm{sign}\,\nabla_{x'} m(x')\big), \qquad
        m = f_{\text{predicted}} - f_{\text{runner-up}}

    until the margin m is negative: another class is predicted then. The counterpart is as near to
    the data as x itself, so that nothing is torn out of the picture. After the abstract of AIM
    (arXiv:2605.16905); how the counterpart is made is ours.

    Parameters
    ----------
    model : callable
        The model that is measured: (N, ...) -> (N, K).
    radius : float
        r, in units of x: how far a feature may move.
    steps : int
        n, how many gradients a row may cost.
    low, high : float
        x's range, which is not left.
    batch_size : int, optional
        Rows that go through the model at once.
    """

    model: Callable[..., Any] = field(repr=False)
    radius: float = 0.03
    steps: int = 10
    low: float = 0.0
    high: float = 1.0
    batch_size: int | None = field(default=None, repr=False)

    def background(self, x: Tensor) -> Tensor:
        steps = check_positive_int(self.steps, "steps")
        question = ask(self.model, x, None, "margin", self.batch_size)
        least, most = (x - self.radius).clamp_min(self.low), (x + self.radius).clamp_max(self.high)
        least, most = torch.minimum(least, x), torch.maximum(most, x)  # x itself is always allowed
        moved = question.x
        for _ in range(steps):
            slope, margin = gradients(question, moved)
            to = moved - 2.5 * self.radius / steps * slope.sign()
            to = torch.minimum(torch.maximum(to, least), most)
            moved = torch.where(column(margin, moved) > 0, to, moved)
        return moved
