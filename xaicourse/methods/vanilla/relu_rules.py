"""DeconvNet (2014) and Guided Backpropagation (2014): another backward rule at every ReLU."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import Slope
from xaicourse.core.registry import attribution_method
from xaicourse.core.rules import Rules
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier

__all__ = ["deconvnet", "guided_backprop"]


# The backward rules of a ReLU: `slope` is 1 where it was open and 0 elsewhere, g is the
# gradient that arrives. The plain gradient would be  slope * g.


def deconvnet_rule(slope: Slope, g: Tensor) -> Tensor:
    """Let the positive part of g pass, open or not."""
    return g.clamp_min(0)


def guided_rule(slope: Slope, g: Tensor) -> Tensor:
    """Let the positive part of g pass where the ReLU was open."""
    return slope * g.clamp_min(0)


@attribution_method(
    title="DeconvNet",
    year=2014,
    paper="arXiv:1311.2901",
    family="vanilla",
    needs={"gradient", "relu_only"},
    example=small_relu_classifier,
)
def deconvnet(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Run the net backwards, with a ReLU on the signal at every ReLU instead of its gate.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \max(g_a, 0)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be of
        the ReLU family.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: the map hardly depends on the class, nor on what
    the upper layers have learnt.

    References
    ----------
    .. [zeiler2014] M. D. Zeiler, R. Fergus, 2014, arXiv:1311.2901.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.deconvnet(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[-1.,  4.]], dtype=torch.float64)
    """
    rules = Rules("deconvnet", deconvnet_rule, allow)
    question = ask(model, x, target, **asked, rules=rules)
    signal, score = gradients(question)
    return Attribution.of(question, signal, f_end=score)


@attribution_method(
    title="Guided Backpropagation",
    year=2014,
    paper="arXiv:1412.6806",
    family="vanilla",
    needs={"gradient", "relu_only"},
    example=small_relu_classifier,
)
def guided_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Run the net backwards, letting only positive signals pass the open ReLUs.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \mathbb 1[z > 0]\, \max(g_a, 0)

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be of
        the ReLU family.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    **Cost.** 1 gradient a row.

    **Fails when** the question is why this class: the lines are sharp, but hardly depend on the
    class, nor on what the upper layers have learnt.

    References
    ----------
    .. [springenberg2014] J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, 2014,
       arXiv:1412.6806.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.guided_backprop(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[ 2., -2.]], dtype=torch.float64)
    """
    rules = Rules("guided_backprop", guided_rule, allow)
    question = ask(model, x, target, **asked, rules=rules)
    signal, score = gradients(question)
    return Attribution.of(question, signal, f_end=score)
