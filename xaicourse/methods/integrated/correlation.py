"""Integrated Gradient Correlation (2024): which inputs make a model right on a whole data set."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.path import column
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.from_each import from_each

__all__ = ["ig_correlation"]

STEPS = 64


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs."""
    return set_size(settings.get("baselines", 0.0)) * of_one_path(settings, STEPS)


def example() -> Example:
    """Return the small net with two baselines and few steps."""
    return replace(small_classifier(), settings={"baselines": (0.0, 0.3), "steps": 8})


@attribution_method(
    title="Integrated Gradient Correlation",
    year=2024,
    paper="arXiv:2404.13910",
    family="integrated",
    result="dataset",
    claims={"dummy"},
    cost=gradients_per_row,
    example=example,
)
def ig_correlation(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    truth: Tensor | None = None,
    baselines: Baselines = 0.0,
    steps: int = STEPS,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Share out, over the inputs, how well a model's predictions go with the truth.

    .. math::
        C_i = \frac{\operatorname{cov}_s\big(\mathrm{IG}_i(x^s),\, y^s\big)}
        {\sigma_y\; \sigma_F}, \qquad
        \sum_i C_i = \operatorname{corr}(F, y) - \frac{\operatorname{cov}_s(F(x'^s), y^s)}
        {\sigma_y\; \sigma_F}

    over the rows s of a data set. The last term is 0 as long as all rows have the same baselines.

    Parameters
    ----------
    x : Tensor (N, ...)
        The data set, at least two rows.
    target : int, (N,) ints, tuple, callable, target object or None
        The number that is predicted, F; usually the same output for all rows.
    truth : Tensor (N,) or None
        y, what should be predicted. None is F itself: then the sum is 1.
    baselines : number, name, Tensor or sequence of these
        The baselines that are averaged over. A tensor (M, ...) is a set of M for all rows,
        (M, N, ...) a set for each row; a number or a name is a single one.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor, of the shape of one row
        Signed, without unit; below 0 where an input makes the predictions worse. The details hold
        the ``correlation`` of F and y, and the ``sum_gap``, sum minus correlation.

    Raises
    ------
    ValueError, TypeError
        Also if F or y is the same in all rows, or the truth is not one finite number a row.

    Notes
    -----
    Linear in the maps, so that regions add up; it does not change when y or F is scaled or shifted.
    Keeps dummy. With baselines that differ from row to row it does not sum to the correlation.

    **Cost.** 64 gradients a row for each baseline.

    **Fails when** a model is off by a factor or a constant: a correlation does not see that. An
    input that is the same in all rows gets 0, however much F depends on it.

    References
    ----------
    .. [lelievre2024] P. Lelievre, C.-C. Chen, 2024, arXiv:2404.13910.

    Examples
    --------
    The second number is noise to the truth:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[1.0, 1.0], [2.0, -1.0], [3.0, -1.0], [4.0, 1.0]])
    >>> shares = xc.ig_correlation(lambda x: x.sum(1), x, truth=x[:, 0])
    >>> shares.round(decimals=2)
    tensor([0.7500, 0.0000])
    """
    check_quadrature(quadrature, also=())
    question = ask(model, x, target, **asked)
    starts = baseline_set(baselines, question.x)  # (M, 1 or N, ...)
    maps, _ = from_each(question, starts, steps, quadrature, "IG correlation")
    ig, f = maps.mean(0), _centred(question.scores_at_x.to(maps), "F")  # (N, ...), (N,)
    y = f if truth is None else _centred(check_truth(truth, f), "truth")
    size = y.square().mean().sqrt() * f.square().mean().sqrt()
    values = (column(y, ig) * (ig - ig.mean(0))).mean(0) / size
    correlation = (y * f).mean() / size
    n = of_one_path({"steps": steps, "quadrature": quadrature})
    return Attribution.of(
        question,
        values,
        kind="dataset",
        gradients=question.rows.new_full((len(x),), len(starts) * n),
        extra={"correlation": correlation, "sum_gap": values.sum() - correlation},
    )


def check_truth(truth: Any, f: Tensor) -> Tensor:
    """Return y as numbers like F, (N,)."""
    if not isinstance(truth, Tensor):
        raise TypeError(f"truth must be a tensor (N,) or None, got {type(truth).__name__}")
    if truth.shape != f.shape or not bool(torch.isfinite(truth).all()):
        raise ValueError(
            f"truth must be one finite number for each of the {len(f)} rows of x, got shape "
            f"{tuple(truth.shape)}"
        )
    return truth.detach().to(f)


def _centred(t: Tensor, name: str) -> Tensor:
    if bool((t == t[0]).all()):
        raise ValueError(
            f"{name} is {float(t[0]):.3g} in all {len(t)} row(s): there is nothing to go with; "
            "give rows in which it differs"
        )
    return t - t.mean()
