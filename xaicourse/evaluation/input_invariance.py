"""Input invariance (2017): a net that takes shifted inputs for unshifted ones has the same map."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.inputs import Adapter
from xaicourse.core.row_guard import vouch_for
from xaicourse.evaluation.explaining import explaining
from xaicourse.evaluation.neighbours import share, size, unsteady
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.methods.examples import small_smooth_classifier
from xaicourse.methods.spec import spec

__all__ = ["input_invariance"]


class Shifted(Adapter):
    """The same model of inputs that are all shifted by s: f2(x + s) = f(x)."""

    def __init__(self, model: Any, s: Tensor) -> None:
        self.model, self.s = model, s

    def __call__(self, x: Tensor) -> Any:
        return self.model(x - self.s.to(x))


def invariant_example() -> MetricExample:
    """Return a smooth net, a map that the shift changes a little, and one that it turns over."""
    made = small_smooth_classifier()
    return MetricExample(
        made.model, made.x, None, 1, {"shift": 0.2},
        method=spec("input_x_gradient"), worse_method=unsteady,
    )  # fmt: skip


def check_shift(shift: Any, x: Tensor) -> Tensor:
    """Return a shift as a tensor that is the same for every row, or raise."""
    if isinstance(shift, bool) or not isinstance(shift, int | float | Tensor):
        raise TypeError(f"shift must be a number or a tensor, got {shift!r}")
    s = torch.as_tensor(shift, dtype=x.dtype, device=x.device)
    sides = zip(reversed(s.shape), reversed(x.shape[1:]), strict=False)
    if s.dim() >= x.dim() or any(a not in (1, b) for a, b in sides):
        raise ValueError(
            f"shift has shape {tuple(s.shape)}, but a row of x has {tuple(x.shape[1:])}: the same "
            "shift is needed for all rows"
        )
    if not bool(torch.isfinite(s).all()) or not bool(s.any()):
        raise ValueError("shift must be finite and not 0 everywhere")
    return s


@metric(
    title="Input invariance",
    year=2017,
    paper="arXiv:1711.00867",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=invariant_example,
)
def input_invariance(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    shift: Any = 1.0,
    shifted_method: Any = None,
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how much the map changes when input and model are shifted together.

    .. math::
        \frac{\lVert\Phi_{f_2}(x + s) - \Phi_f(x)\rVert_2}{\lVert\Phi_f(x)\rVert_2}, \qquad
        f_2(x + s) = f(x) \text{ for all } x

    Parameters
    ----------
    shift : number or Tensor
        s, in units of x: a number, or a tensor of the shape of one row, such as (C, 1, 1).
    shifted_method : str, Spec or callable, optional
        What explains the shifted model, such as the same method with its baseline shifted, too;
        without it `method`.

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**: 0 but for rounding where the map is
        invariant. A map of zeros has none. In the details: `output_change`, by how much F changed
        by rounding.

    Notes
    -----
    The shift is taken off before the model, so that no layer has to bear it: a convolution that
    pads with zeros could not by its bias.

    **Cost.** Two explanations a row and two forward passes.

    **Fails when** it is read as a fault of the method: what it shows is the reference. Integrated
    Gradients with black as baseline fails, with black shifted as well it passes.

    References
    ----------
    .. [kindermans2017b] P.-J. Kindermans, S. Hooker, J. Adebayo, M. Alber, K. Schütt, S. Dähne,
       D. Erhan, B. Kim, 2017, arXiv:1711.00867.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.input_invariance(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """
    again = explaining(model, x, method, target, output, batch_size)
    there = again if shifted_method is None else again.by(shifted_method, "shifted_method")
    s = check_shift(shift, again.question.x)
    moved = again.question.x + s
    here_map = again.map()
    there_map = there.map(moved, model=vouch_for(Shifted(model, s)))
    F = again.question.scores(moved - s, again.question.rows)
    return again.result(
        "input_invariance",
        share(size(there_map - here_map), size(here_map)),
        own=(("shift", tuple(s.flatten().tolist())),),
        details={"output_change": (F - again.question.scores_at_x).abs().to(here_map.dtype)},
    )
