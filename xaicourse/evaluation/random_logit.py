"""Random logit (2020): see whether a map notices that another class is asked for."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.inputs import call
from xaicourse.core.target_checks import as_target
from xaicourse.core.target_kinds import Index, PerRow
from xaicourse.evaluation.explaining import Explaining, explaining
from xaicourse.evaluation.likeness import row_similarity
from xaicourse.evaluation.parameter_randomisation import randomised_example
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded

__all__ = ["random_logit"]


def classes_of(target: Any, n: int) -> Tensor:
    """Return the class of each row, (N,), or raise where a target is not a class."""
    if isinstance(target, Index) and len(target.index) == 1:
        return torch.full((n,), target.index[0])
    if isinstance(target, PerRow) and isinstance(target.classes[0], int):
        return torch.tensor(target.classes)
    raise ValueError(
        f"random_logit compares two classes of outputs (N, K), but the target is {target!r}"
    )


def drawn_classes(again: Explaining, seed: int) -> Tensor:
    """Return another class for each row: its own, moved on by one number drawn for all, (N,)."""
    question = again.question
    own = classes_of(question.target, len(question.x))
    with torch.no_grad():
        inputs = question.x[:1].to(question.model_dtype, copy=True)
        K = call(question.model, inputs, question.rows[:1]).shape[1]
    if K < 2:
        raise ValueError("the model has one class only, so that there is no other to compare with")
    step = int(torch.randint(1, K, (), generator=seeded(seed)))  # never 0
    return (own % K + step) % K


@metric(
    title="Random logit",
    year=2020,
    paper="arXiv:1912.09818",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=randomised_example,
)
def random_logit(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    other: Any = None,
    similarity: str = "spearman",
    sign: str = "keep",
    output: Any = "logit",
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how alike the maps for two classes are.

    .. math::
        \rho\big(\Phi_t(x),\ \Phi_{t'}(x)\big), \qquad t' \ne t

    Parameters
    ----------
    other : int, (N,) ints or None
        t', the other class; None draws it: t moved on by a number that is the same for all rows.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **lower is better**; NaN where a map is constant. t'
        is in the details as `other`.

    Notes
    -----
    **Cost.** Two explanations a row and two forward passes.

    **Fails when** a low value is read as truth: noise has 0, and the map times -1 for the other
    class has -1. In a model of two classes whose scores are opposite, the right answer is -1.

    References
    ----------
    .. [sixt2020] L. Sixt, M. Granz, T. Landgraf, 2020, arXiv:1912.09818.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Linear(3, 2).eval()
    >>> xc.evaluation.random_logit(net, torch.ones(1, 3), lambda net, x, target: x * 0 + 1).values
    tensor([nan], dtype=torch.float64)
    """
    again = explaining(model, x, method, target, output, batch_size)
    own = classes_of(again.question.target, len(x))
    if other is None:
        t = drawn_classes(again, seed)
    else:
        try:
            t = classes_of(as_target(other, len(x)), len(x))
        except (TypeError, ValueError) as error:
            raise type(error)(f"other is read as a target is, and {error}") from None
    if bool((t == own).any()):
        row = int((t == own).nonzero()[0])
        raise ValueError(f"other is the explained class itself, {int(own[row])}, in row {row}")
    there = again.map(target=PerRow(tuple(t.tolist())))
    alike = row_similarity(again.map(), there, similarity, sign)
    return again.result(
        "random_logit",
        alike,
        sign=sign,
        own=(("similarity", similarity), ("seed", seed if other is None else "none: other")),
        details={"other": t.to(alike.device)},
    )
