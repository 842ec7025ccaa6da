"""The gradient and its magnitude, saliency (2013); gradient x input (2016)."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.registry import attribution_method
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier

__all__ = ["gradient", "input_x_gradient", "saliency"]


@attribution_method(
    title="Gradient",
    year=2013,
    paper="arXiv:1312.6034",
    family="vanilla",
    unit="slope",
    lesson="01",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_classifier,
)
def gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Attribute to each input the slope of the explained number at x.

    .. math:: A = \nabla F(x)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.
    differentiable : bool
        Keep the graph, so that the map itself can be differentiated.
    return_details : bool
        Return an `Attribution` instead of the values alone.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F per unit of x.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry. Breaks completeness and
    sensitivity(a): where F is flat at x the map is 0, however much the feature mattered on the
    way there.

    References
    ----------
    K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034. Lesson 01.
    """
    question = ask(model, x, target, output, batch_size, differentiable)
    grad, score = gradients(question, differentiable=differentiable)
    return Attribution(
        values=grad.to(x.dtype),
        kind="input",
        target=question.target,
        f_end=score,
        gradients=question.rows.new_ones(len(x)),
        settings={"output": output},
    )


@attribution_method(
    title="Saliency",
    year=2013,
    paper="arXiv:1312.6034",
    family="vanilla",
    unit="slope",
    lesson="01",
    claims={"dummy", "implementation_invariance", "symmetry"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_classifier,
)
def saliency(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Attribute to each input how strongly F answers to it at x, whatever the direction.

    .. math:: A = \lvert \nabla F(x) \rvert

    The paper's map of an image is the maximum over its colour channels, ``A.amax(dim=1)``.

    Parameters
    ----------
    model, x, target, output, batch_size, differentiable, return_details
        As for `gradient`.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in units of F per unit of x.

    Raises
    ------
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Breaks completeness, sensitivity(a) and
    linearity.

    References
    ----------
    K. Simonyan, A. Vedaldi, A. Zisserman, 2013, arXiv:1312.6034. Lesson 01.
    """
    question = ask(model, x, target, output, batch_size, differentiable)
    grad, score = gradients(question, differentiable=differentiable)
    return Attribution(
        values=grad.abs().to(x.dtype),
        kind="input",
        target=question.target,
        f_end=score,
        gradients=question.rows.new_ones(len(x)),
        settings={"output": output},
    )


@attribution_method(
    title="Gradient x input",
    year=2016,
    paper="arXiv:1605.01713",
    family="vanilla",
    unit="share",
    lesson="01",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    differentiable=True,
    cost=lambda settings: 1,
    example=small_classifier,
)
def input_x_gradient(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
) -> Attribution:
    r"""Attribute to each input its difference from the baseline times the slope at x.

    .. math:: A = (x - x') \odot \nabla F(x)

    Parameters
    ----------
    model, x, target, output, batch_size, differentiable, return_details
        As for `gradient`.
    baseline : number, Tensor or name
        x', in the same space as x; 0 gives the original method.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F.

    Raises
    ------
    ValueError, TypeError
        As for `gradient`; also for a baseline of the wrong shape.

    Notes
    -----
    Complete only where F is positively homogeneous around the baseline (a ReLU net without
    biases, baseline 0). Keeps dummy, implementation invariance, linearity and symmetry;
    breaks sensitivity(a).

    References
    ----------
    A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, 2016, arXiv:1605.01713. Lesson 01.
    """
    question = ask(model, x, target, output, batch_size, differentiable)
    start = make_baseline(baseline, question.x)
    grad, score = gradients(question, differentiable=differentiable)
    values = (question.x - start) * grad
    return Attribution(
        values=values.to(x.dtype),
        kind="input",
        target=question.target,
        f_end=score,
        gradients=question.rows.new_ones(len(x)),
        endpoints=(start, question.x),
        settings={"baseline": baseline, "output": output},
    )
