"""DeconvNet (2014) and Guided Backpropagation (2014): another backward rule at every ReLU."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.registry import attribution_method
from xaicourse.core.rules import BackwardRule, Rules
from xaicourse.methods.examples import small_relu_classifier

__all__ = ["deconvnet", "guided_backprop"]


# The three backward rules of a ReLU: `slope` is 1 where it was open and 0 elsewhere, g is the
# gradient that arrives. The plain gradient would be  slope * g.


def deconvnet_rule(slope: Tensor, g: Tensor) -> Tensor:
    """Let the positive part of g pass, open or not."""
    return g.clamp_min(0)


def guided_rule(slope: Tensor, g: Tensor) -> Tensor:
    """Let the positive part of g pass where the ReLU was open."""
    return slope * g.clamp_min(0)


@attribution_method(
    title="DeconvNet",
    year=2014,
    paper="arXiv:1311.2901",
    family="vanilla",
    lesson="02",
    needs={"gradient", "relu_only"},
    cost=lambda settings: 1,
    example=small_relu_classifier,
)
def deconvnet(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Attribution:
    r"""Run the net backwards, with a ReLU on the signal at every ReLU instead of its gate.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \max(g_a, 0)

    Parameters
    ----------
    model, x, target, output, batch_size, return_details
        As for `gradient`; the model's activations must be of the ReLU family.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    References
    ----------
    M. D. Zeiler, R. Fergus, 2014, arXiv:1311.2901. Lesson 02.
    """
    return _explain("deconvnet", deconvnet_rule, model, x, target, output, batch_size, allow)


@attribution_method(
    title="Guided Backpropagation",
    year=2014,
    paper="arXiv:1412.6806",
    family="vanilla",
    lesson="02",
    needs={"gradient", "relu_only"},
    cost=lambda settings: 1,
    example=small_relu_classifier,
)
def guided_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
    allow: tuple[str, ...] = (),
) -> Attribution:
    r"""Run the net backwards, letting only positive signals pass the open ReLUs.

    .. math:: z \to a = \max(z, 0): \qquad g_z = \mathbb 1[z > 0]\, \max(g_a, 0)

    Parameters
    ----------
    model, x, target, output, batch_size, return_details
        As for `gradient`; the model's activations must be of the ReLU family.
    allow : tuple of str
        Other operations whose plain gradient is accepted, by the name that an error gave.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
    ValueError, TypeError
        As for `gradient`.

    Notes
    -----
    Keeps none of the axioms: not completeness, not implementation invariance, and not even dummy
    (relu(u) - relu(u) is 0, but only its first half lets the signal pass).

    References
    ----------
    J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, 2014, arXiv:1412.6806. Lesson 02.
    """
    return _explain("guided_backprop", guided_rule, model, x, target, output, batch_size, allow)


def _explain(
    name: str,
    rule: BackwardRule,
    model: Callable[..., Any],
    x: Tensor,
    target: Any,
    output: Any,
    batch_size: int | None,
    allow: tuple[str, ...],
) -> Attribution:
    rules = Rules(name, rule, allow)
    question = ask(model, x, target, output, batch_size, rules=rules)
    signal, score = gradients(question)
    return Attribution(
        values=signal.to(x.dtype),
        kind="input",
        target=question.target,
        f_end=score,
        gradients=question.rows.new_ones(len(x)),
        settings={"output": output, "allow": tuple(allow)},
    )
