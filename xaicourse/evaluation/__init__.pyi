# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from collections.abc import Callable
from torch import Tensor
from typing import Any
from xaicourse.evaluation import controls as controls
from xaicourse.evaluation.imputers import Blur as Blur
from xaicourse.evaluation.imputers import Constant as Constant
from xaicourse.evaluation.imputers import make_imputer as make_imputer
from xaicourse.evaluation.interval import Interval as Interval
from xaicourse.evaluation.interval import confidence_interval as confidence_interval
from xaicourse.evaluation.protocol import Protocol as Protocol
from xaicourse.evaluation.registry import METRICS as METRICS
from xaicourse.evaluation.result import MetricResult as MetricResult
from xaicourse.evaluation.truth_strip import TruthStrip as TruthStrip
from xaicourse.evaluation.truth_strip import randomise_last_layer as randomise_last_layer
from xaicourse.evaluation.truth_strip import truth_strip as truth_strip

__all__ = [
    "METRICS",
    "Blur",
    "Constant",
    "Interval",
    "MetricResult",
    "Protocol",
    "TruthStrip",
    "confidence_interval",
    "controls",
    "make_imputer",
    "randomise_last_layer",
    "truth_strip",
    "deletion",
    "insertion",
]

def deletion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score falls when the most important features go first.

    .. math::
        \mathrm{Del} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Lesson 05.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str or callable
        What stands in for removed features: a value, black, grey, white, blur, or a function.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"`` or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, **lower is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Only the order of the map counts. Always read it beside a random and a centre control.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** holes are no longer what the model has learnt from: removed features leave the
    data's distribution, and noisy maps of sharp pixels often get a low value.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.deletion(toy, x, xc.gradient(toy, x), output="logit").values
    tensor([2.7500], dtype=torch.float64)
    """

def insertion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "blur",
    output: Any = "probability",
    channels: str = "sum",
    sign: str = "keep",
    unit: int = 1,
    steps: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how fast the score rises when the most important features come back first.

    .. math::
        \mathrm{Ins} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(\text{only the } k\,U/T \text{ most important units of } x\big)

    Lesson 05.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    attribution : Tensor (N, ...)
        A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
    target : int, (N,) ints, tuple, callable, target object or None
        Whose score is read; None is the class predicted at x.
    imputer : number, str or callable
        What stands in for removed features: a value, black, grey, white, blur, or a function.
    output : str or callable
        The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
        ``"margin"`` or a function.
    channels : str
        sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
    sign : str
        keep, abs or positive.
    unit : int
        Side of the square patches that are removed together (images); 1 is single pixels.
    steps : int, optional
        T; without it one unit a step, 224 steps at most. Both ends are on the curve.
    seed : int
        Orders equal values.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MetricResult
        One area an image, **higher is better**, with the curve (N, T + 1).

    Raises
    ------
    ValueError, TypeError
        For bad arguments, each named.

    Notes
    -----
    Everything starts as imputed. Read it beside the controls, as deletion.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** sharp maps are compared with smooth ones: from a blurred start it favours those.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.insertion(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([3.2500], dtype=torch.float64)
    """
