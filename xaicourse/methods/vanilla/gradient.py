"""The gradient and its magnitude, saliency (2013); gradient x input (2016)."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Differentiable
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier

__all__ = ["gradient", "input_x_gradient", "saliency"]


@attribution_method(
    title="Gradient",
    year=2013,
    paper="arXiv:1312.6034",
    family="vanilla",
    unit="slope",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    differentiable=True,
    example=small_classifier,
)
def gradient(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[Differentiable]
) -> Attribution:
    r"""Attribute to each input the slope of the explained number at x.

    .. math:: A = \nabla F(x)

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F per unit of x.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry. Breaks completeness and
    sensitivity(a).

    **Cost.** 1 gradient a row.

    **Fails when** F is flat at x: the map is 0, however much the feature mattered on the way there.

    References
    ----------
    .. [simonyan2013] K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.gradient(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 1., -3.]], dtype=torch.float64)
    """
    question = ask(model, x, target, **asked)
    grad, score = gradients(question, differentiable=asked["differentiable"])
    return Attribution.of(question, grad, f_end=score)


@attribution_method(
    title="Saliency",
    year=2013,
    paper="arXiv:1312.6034",
    family="vanilla",
    unit="slope",
    claims={"dummy", "implementation_invariance", "symmetry"},
    differentiable=True,
    example=small_classifier,
)
def saliency(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[Differentiable]
) -> Attribution:
    r"""Attribute to each input how strongly F answers to it at x, whatever the direction.

    .. math:: A = \lvert \nabla F(x) \rvert

    The paper's map of an image is the maximum over its colour channels, ``A.amax(dim=1)``.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in units of F per unit of x.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Breaks completeness, sensitivity(a) and
    linearity.

    **Cost.** 1 gradient a row.

    **Fails when** F is flat at x, as the gradient does; and where the sign is asked for: it does
    not tell what speaks for a class from what speaks against it.

    References
    ----------
    .. [simonyan2013] K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.saliency(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[1., 3.]], dtype=torch.float64)
    """
    question = ask(model, x, target, **asked)
    grad, score = gradients(question, differentiable=asked["differentiable"])
    return Attribution.of(question, grad.abs(), f_end=score)


@attribution_method(
    title="Gradient x input",
    year=2016,
    paper="arXiv:1605.01713",
    family="vanilla",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    differentiable=True,
    example=small_classifier,
)
def input_x_gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    **asked: Unpack[Differentiable],
) -> Attribution:
    r"""Attribute to each input its difference from the baseline times the slope at x.

    .. math:: A = (x - x') \odot \nabla F(x)

    Parameters
    ----------
    baseline : number, Tensor or name
        x', in the same space as x; 0 gives the original method.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F.

    Raises
    ------
    ValueError, TypeError
        Also for a baseline of the wrong shape.

    Notes
    -----
    Complete only where F is positively homogeneous around the baseline (a ReLU net without
    biases, baseline 0). Keeps dummy, implementation invariance, linearity and symmetry;
    breaks sensitivity(a).

    **Cost.** 1 gradient a row.

    **Fails when** the net has biases: the sum misses F(x) - F(x'), by 1 in the example below. An
    input that equals its baseline (a black pixel) gets 0.

    References
    ----------
    .. [shrikumar2016] A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, 2016,
       arXiv:1605.01713.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.input_x_gradient(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 3., -3.]], dtype=torch.float64)
    """
    question = ask(model, x, target, **asked)
    start = make_baseline(baseline, question.x)
    grad, score = gradients(question, differentiable=asked["differentiable"])
    values = (question.x - start) * grad
    return Attribution.of(question, values, f_end=score, endpoints=(start, question.x))
