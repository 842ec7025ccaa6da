"""Alignment (2019): how far the gradient points along the input itself."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.near_names import suggest_names

__all__ = ["alignment"]


@suggest_names
def alignment(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    cosine: bool = False,
    output: Any = "margin",
    batch_size: int | None = None,
) -> Tensor:
    r"""Measure how far the gradient points along the input itself, or against it.

    .. math:: \alpha(x) = \frac{\lvert\langle x, \nabla F(x) \rangle\rvert}{\lVert\nabla F(x)\rVert}

    F is the score of the class minus that of the runner-up at x. For a linear model without a
    constant this is the distance of x from the boundary between both classes.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K) scores of classes, or (N,).
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        The class; None is the predicted class of each row.
    cosine : bool
        Divide by the length of x as well: a share of 0 to 1.
    output : str or callable
        F: ``"margin"``, or another scale, such as ``"logit"`` for the score alone.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    Tensor (N,)
        In units of x; NaN where the gradient is 0, or of a cosine x is.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    **Cost.** 1 gradient a row.

    **Fails when** it is read as "looks human": a number added to all of x changes it, and a net
    that copies its input into the gradient has the largest there is.

    References
    ----------
    .. [etmann2019] C. Etmann, S. Lunz, P. Maass, C.-B. Schoenlieb, 2019, arXiv:1905.04172.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> linear = lambda x: x @ torch.tensor([[3.0, 0.0], [4.0, 0.0]])
    >>> xc.robustness.alignment(linear, torch.tensor([[2.0, 1.0]]))
    tensor([2.], dtype=torch.float64)
    """
    if not isinstance(cosine, bool):
        raise TypeError(f"cosine must be True or False, got {cosine!r}")
    with torch.inference_mode(False):
        question = ask(model, x, target, output, batch_size)
        slope, _ = gradients(question)
        exact = sum_dtype(slope.device)
        here, slope = (t.detach().to(exact).flatten(1) for t in (question.x, slope))
        along = (here * slope).sum(dim=1).abs()
        whole = slope.norm(dim=1) * (here.norm(dim=1) if cosine else 1)
        return (along / whole).masked_fill(whole == 0, torch.nan)
