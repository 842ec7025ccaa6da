"""RectGrad (2019): at every ReLU only the signals that matter most go on backwards."""

from collections.abc import Callable
from typing import Any, ClassVar, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import (
    Activated,
    Activation,
    Operation,
    UnsupportedOperationError,
)
from xaicourse.core.registry import attribution_method
from xaicourse.core.ruled import Choice
from xaicourse.core.rules import BackwardRules
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_relu_classifier

__all__ = ["rectgrad"]


class RectGradRules(BackwardRules):
    """The rule of the paper at every ReLU; all else must be affine."""

    needs_rows: ClassVar[bool] = True

    def __init__(
        self, quantile: float | None, tau: float | None, allow: tuple[str, ...] = ()
    ) -> None:
        super().__init__("rectgrad", allow)
        object.__setattr__(self, "quantile", quantile)
        object.__setattr__(self, "tau", tau)

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if not isinstance(operation, Activated):
            return None
        if isinstance(operation.activation, Activation) and operation.activation.outside != 0:
            raise UnsupportedOperationError(
                f"rectgrad is not defined for {operation.name}, whose output is below 0 where it "
                "is closed; use a model with ReLU, or guided_backprop"
            )
        return operation, self.backward

    def backward(self, operation: Activated, R: Tensor) -> Tensor:
        """Return what arrives at z. Each row of x has a threshold of its own at each layer."""
        assert operation.output is not None
        a = operation.output  # (N, ...)
        relevance = (a * R).reshape(operation.rows, -1)  # (N, units of this layer)
        relevance = relevance.to(torch.promote_types(R.dtype, torch.float32))
        tau = self.threshold(relevance)  # (N, 1)
        passes = (relevance > tau).view_as(R)
        return R * passes * _below_upper_end(operation)

    def threshold(self, relevance: Tensor) -> Tensor:
        """Return the threshold of each row, (N, 1)."""
        quantile, tau = self.quantile, self.tau  # type: ignore[attr-defined]
        if tau is not None:
            return relevance.new_full((len(relevance), 1), tau)
        # torch counts ranks in float64; the CPU does it for a device that has none
        precise = sum_dtype(relevance.device) is torch.float64
        values = relevance if precise else relevance.cpu()
        return torch.quantile(values, quantile, dim=1, keepdim=True).to(relevance.device)


def _below_upper_end(operation: Activated) -> Tensor:
    """Return 0 where a ReLU6 is saturated and 1 elsewhere: there its slope is 0 again."""
    activation = operation.activation
    assert isinstance(activation, Activation)
    return (operation.z < activation.high).to(operation.z.dtype)


@attribution_method(
    title="RectGrad",
    year=2019,
    paper="arXiv:1902.04893",
    family="vanilla",
    needs={"gradient", "relu_only"},
    example=small_relu_classifier,
)
def rectgrad(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    quantile: float = 0.98,
    tau: float | None = None,
    times_input: bool = True,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Run the net backwards; at every ReLU only signals above a threshold go on.

    .. math::
        R_z = \mathbb 1[a\, R_a > \tau]\, R_a, \quad a = \max(z, 0), \qquad
        \phi = x \odot R_x

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads; its activations must be
        ReLU, or ReLU6.
    quantile : float from 0 to 1
        :math:`\tau` is this quantile of :math:`a R_a` over all units of the layer (linear between
        ranks), for each row of x and each call of a ReLU anew. 0.98 lets 2 % pass.
    tau : float, optional
        A constant threshold instead; then `quantile` plays no part. With 0 the method is guided
        backpropagation (times x).
    times_input : bool
        False returns :math:`R_x` itself.

    Returns
    -------
    Tensor (N, ...)
        Signed; a picture rather than a share of F.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither covered by the rule nor affine, pooling or shape; it is named.
        GELU and leaky ReLU are not covered.
    ValueError, TypeError
        Also for a quantile outside [0, 1].

    Notes
    -----
    Keeps none of the axioms. The comparison is strict, so ties at the threshold are dropped. With a
    threshold below 0 closed units pass their signal as well: that is the paper's formula.
    The paper's extras for display (a border of zeros, another max-pool rule, a threshold on the
    finished map) are not part of it.

    **Cost.** 1 gradient a row.

    **Fails when** its numbers are read as shares: what the threshold stops is lost, so that the
    map's sum says nothing of F.

    References
    ----------
    .. [kim2019] B. Kim and others, 2019, arXiv:1902.04893.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.rectgrad(xc.zoo.toy(), xc.zoo.toy_input(), tau=0.0)
    tensor([[ 6., -2.]], dtype=torch.float64)
    """
    _check_threshold(quantile, tau)
    used = None if tau is not None else quantile
    question = ask(model, x, target, **asked, rules=RectGradRules(used, tau, allow))
    signal, score = gradients(question)
    values = question.x * signal if times_input else signal
    return Attribution.of(question, values, f_end=score, settings={"quantile": used})


def _check_threshold(quantile: float, tau: float | None) -> None:
    if isinstance(quantile, bool) or not isinstance(quantile, int | float):
        raise TypeError(f"quantile must be a number from 0 to 1, got {quantile!r}")
    if not 0 <= quantile <= 1:
        raise ValueError(f"quantile must be from 0 to 1 (0.98 lets 2 % pass), got {quantile!r}")
    if tau is not None and (isinstance(tau, bool) or not isinstance(tau, int | float)):
        raise TypeError(f"tau must be a number or None, got {tau!r}")
    if tau is not None and tau != tau:
        raise ValueError("tau must be a number or None, got nan")
