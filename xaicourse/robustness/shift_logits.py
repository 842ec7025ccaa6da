"""Add one number to all logits (2021): the same probabilities, and any gradient that is wanted."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xaicourse.core.checks import check_model
from xaicourse.core.inputs import Adapter, call, current_rows
from xaicourse.core.near_names import suggest_names

__all__ = ["ShiftedLogits", "shift_logits"]


class ShiftedLogits(Adapter):
    """A model with g(x) added to each of its logits; made by `shift_logits`.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K) logits, K above 1.
    shift : callable
        g, (N, ...) -> (N,) or (N, 1).
    """

    def __init__(self, model: Callable[..., Any], shift: Callable[[Tensor], Tensor]) -> None:
        self.model = model
        self.shift = shift

    def __call__(self, x: Tensor) -> Tensor:
        logits = self.model(x.clone())  # a model may work in place
        if not isinstance(logits, Tensor) or logits.dim() != 2 or logits.shape[1] < 2:
            given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(
                "model must return logits (N, K) of at least two classes, whose softmax a shift "
                f"leaves as it is, but it returns {given}"
            )
        g = call(self.shift, x, current_rows(x))
        if not isinstance(g, Tensor) or g.shape not in ((len(x),), (len(x), 1)):
            given = tuple(g.shape) if isinstance(g, Tensor) else type(g).__name__
            raise ValueError(
                f"shift must return one number a row, shape ({len(x)},), but it returns {given}"
            )
        return logits + g.reshape(-1, 1)


@suggest_names
def shift_logits(
    model: Callable[..., Any],
    shift: Callable[[Tensor], Tensor] | Tensor,
    *,
    strength: float = 1.0,
) -> ShiftedLogits:
    r"""Return the same classifier with a number of its input added to every logit.

    .. math::
        \tilde f_k(x) = f_k(x) + s\, g(x), \qquad
        \mathrm{softmax} \tilde f = \mathrm{softmax} f

    Every logit's gradient has :math:`s \nabla g` in it, which has nothing to do with the classes;
    differences of logits and probabilities do not.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K) logits.
    shift : callable or Tensor (...)
        g, (N, ...) -> (N,); or a picture p of the shape of one row, for
        :math:`g(x) = \langle p, x \rangle`, so that p itself is added to the gradient.
    strength : float
        s.

    Returns
    -------
    ShiftedLogits
        A callable that every method takes as its model. It calls `model` and changes nothing in it.

    Raises
    ------
    ValueError, TypeError
        For bad arguments; when it is called, for outputs that are no logits (N, K), K above 1.

    Notes
    -----
    **Cost.** One call of the model and one of g.

    **Fails when** g is so large that the logits lose their last digits in the sum: the
    probabilities are then no longer quite the same. Compare in float64.

    References
    ----------
    .. [srinivas2021] S. Srinivas, F. Fleuret, 2021, arXiv:2006.09128.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> model, x = torch.nn.Identity(), torch.tensor([[1.0, 2.0]])
    >>> disguised = xc.robustness.shift_logits(model, torch.tensor([5.0, -5.0]))
    >>> xc.gradient(disguised, x, 1), xc.gradient(disguised, x, 1, output="probability")
    (tensor([[ 5., -4.]]), tensor([[-0.1966,  0.1966]]))
    """
    check_model(model)
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise TypeError(f"strength must be a number, got {strength!r}")
    if not -float("inf") < strength < float("inf"):
        raise ValueError(f"strength must be finite, got {strength}")
    if not isinstance(shift, Tensor):
        if not callable(shift):
            raise TypeError(
                "shift must be a function (N, ...) -> (N,) or a tensor of the shape of one row of "
                f"x, got {type(shift).__name__}"
            )
        return ShiftedLogits(model, lambda x: strength * shift(x))
    picture = shift.detach().clone()

    def along(x: Tensor) -> Tensor:
        p = picture.to(x.dtype).to(x.device)
        if p.shape != x.shape[1:]:
            raise ValueError(
                f"shift has shape {tuple(p.shape)}, but a row of x has {tuple(x.shape[1:])}; give "
                "one picture of that shape"
            )
        return strength * (p * x).flatten(1).sum(dim=1)

    return ShiftedLogits(model, along)
