"""Beta-smoothing (2019): the gradient of the same net with softplus in place of every ReLU."""

from collections.abc import Callable
from typing import Any, ClassVar, Unpack

from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.known import SMOOTH_NODES, TRANSPARENT
from xaicourse.core.operations import Activation, Operation
from xaicourse.core.reading import is_in_place, read_activation
from xaicourse.core.registry import attribution_method
from xaicourse.core.rule_mode import RuleMode
from xaicourse.core.ruled import Choice
from xaicourse.core.rules import BackwardRules
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier

__all__ = ["Smoothing", "beta_smoothing"]


# From this beta z on, softplus(z) is z itself: sigma(40) is 1 to the last digit of a float64.
# Torch's own 20 would spoil the slope's ninth digit.
STRAIGHT_FROM = 40.0


def softplus(z: Tensor, beta: float) -> Tensor:
    """Return log(1 + exp(beta z)) / beta."""
    return F.softplus(z, beta, STRAIGHT_FROM)


def smoothed(activation: Activation, z: Tensor, beta: float) -> Tensor:
    """Return the activation at z with each of its kinks rounded by softplus."""
    rise = softplus(z, beta)
    if activation.high != float("inf"):  # ReLU6: a second kink, downwards
        rise = rise - softplus(z - activation.high, beta)
    if activation.outside == 0:
        return rise
    return activation.outside * z + (1 - activation.outside) * rise  # leaky ReLU


class Smoothing(TorchFunctionMode):
    """Computes the smoothed activation wherever the model asks for one of the ReLU family."""

    def __init__(self, beta: float, follows: Callable[[Any], bool]) -> None:
        super().__init__()
        self.beta = beta
        self.follows = follows

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        activation = read_activation(func, args, kwargs)
        z: Any = args[0] if args else kwargs.get("input")
        if activation is None or not self.follows(z):
            return func(*args, **kwargs)
        if not is_in_place(func, args, kwargs):
            return smoothed(activation, z.clone(), self.beta)  # a ReLU's input may be written over
        return z.copy_(smoothed(activation, z.clone(), self.beta))


class SmoothingRules(BackwardRules):
    """No other backward rule, but another forward pass; the audit finds a ReLU that is left."""

    # the chain rule is all there is to smooth operations; ELU has a kink unless its alpha is 1
    transparent: ClassVar[frozenset[str]] = TRANSPARENT | frozenset(SMOOTH_NODES)
    covers: ClassVar[str] = "it puts softplus in place of the ReLU family only"

    def __init__(self, beta: float, allow: tuple[str, ...] = ()) -> None:
        super().__init__("beta_smoothing", allow)
        object.__setattr__(self, "allow", (*self.allow, "product"))  # products are smooth
        object.__setattr__(self, "beta", beta)

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        return None

    def call(
        self, mode: RuleMode, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor
    ) -> Any:
        beta: float = self.beta  # type: ignore[attr-defined]
        with Smoothing(beta, mode.follows):
            return model(inputs, rows)


@attribution_method(
    title="Beta-smoothing",
    year=2019,
    paper="arXiv:1906.07983",
    family="vanilla",
    unit="slope",
    needs={"gradient", "relu_only"},
    example=small_relu_classifier,
)
def beta_smoothing(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    beta: float = 10.0,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Return the gradient of the model with softplus in place of every ReLU.

    .. math::
        \phi = \nabla F_\beta(x), \quad \max(z, 0) \to \tfrac1\beta \log(1 + e^{\beta z}),
        \quad \text{whose slope is } \sigma(\beta z)

    Parameters
    ----------
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x, by the model as it
        is, and so is `f_end`.
    beta : float
        How sharp the bend is, in 1 / (unit of z). The larger, the nearer to the plain gradient.
    allow : tuple of str
        Operations with kinks of their own that are left as they are, by the name that an error
        gave.

    Returns
    -------
    Tensor (N, ...)
        The gradient of another, smoother function: it changes slowly when x does.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither of the ReLU family nor affine, pooling, shape or smooth.
    ValueError, TypeError
        Also for a `beta` that is not above 0.

    Notes
    -----
    Both passes see the softplus, as in the paper; some public code changes the backward pass only.
    Max-pooling keeps its kinks. Two nets with the same function can get two maps, since their
    ReLUs may differ: implementation invariance is broken, and with it dummy.

    **Cost.** 1 gradient a row.

    **Fails when** beta is small: the gradient explained is then that of a net whose scores are not
    the model's, and no detail tells by how much.

    References
    ----------
    .. [dombrowski2019] A.-K. Dombrowski and others, 2019, arXiv:1906.07983.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.beta_smoothing(xc.zoo.toy(), xc.zoo.toy_input(), beta=1.0).round(decimals=2)
    tensor([[ 0.4500, -2.0000]], dtype=torch.float64)
    """
    if isinstance(beta, bool) or not isinstance(beta, int | float):
        raise TypeError(f"beta must be a number above 0, got {beta!r}")
    if not 0 < beta < float("inf"):
        raise ValueError(f"beta must be above 0 and finite, got {beta!r}")
    question = ask(model, x, target, **asked, rules=SmoothingRules(beta, allow))
    score = question.scores_at_x  # without smoothing
    slope, _ = gradients(question)
    return Attribution.of(question, slope, f_end=score)
