"""Relative stability (2022): the map may move as much as the input, the inside or the output."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.evaluation.asked import NearX
from xaicourse.evaluation.neighbours import (
    At,
    Neighbourhood,
    check_number,
    neighbours_example,
    size,
)
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult

__all__ = [
    "relative_input_stability",
    "relative_output_stability",
    "relative_representation_stability",
]

FORMS = ("norm", "elementwise")


def hidden_example() -> MetricExample:
    """Return the example of all metrics of neighbours, with the name of its hidden layer."""
    example = neighbours_example()
    return MetricExample(
        example.model, example.x, None, 1, {**example.settings, "layer": "hidden"},
        method=example.method, worse_method=example.worse_method,
    )  # fmt: skip


@dataclass(frozen=True)
class Relative:
    """How changes are divided by what changes."""

    form: str
    epsilon: float

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {self.form!r}")
        check_number("epsilon", self.epsilon)

    def change(self, here: Tensor, there: Tensor) -> Tensor:
        """Return the relative change of each row, (N, D) -> (N,); NaN where 0 became something."""
        moved = there - here
        if self.form == "norm":
            found = size(moved) / size(here)
        else:
            found = size((moved / here).where(moved != 0, 0.0))  # what does not move has 0
        return found.masked_fill(~torch.isfinite(found), torch.nan)

    def ratio(self, above: Tensor, below: Tensor) -> Tensor:
        """Return above / max(below, epsilon), (N,)."""
        found = above / below.clamp_min(self.epsilon)
        return found.masked_fill(~torch.isfinite(found), torch.nan)

    def record(self) -> tuple[tuple[str, Any], ...]:
        """Put the choices on record."""
        return ("form", self.form), ("epsilon", self.epsilon)


@metric(
    title="Relative input stability",
    year=2022,
    paper="arXiv:2203.06877",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=neighbours_example,
)
def relative_input_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    form: str = "norm",
    epsilon: float = 1e-6,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how much more the map changes than the input, at most.

    .. math::
        \mathrm{RIS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert x - x'\rVert / \lVert x\rVert,\ \epsilon)}

    Parameters
    ----------
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides number by number before the length is taken, as in their paper.
    epsilon : float
        The least that is divided by.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Notes
    -----
    The map :math:`\Phi(x) = x` has 1.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** numbers are divided that are almost 0: ``form="elementwise"`` explodes on sparse
    maps, and has no value where a number of x or of the map is 0 and moves.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_input_stability(toy, x, lambda model, x, target: x).values
    tensor([1.], dtype=torch.float64)
    """
    relative = Relative(form, epsilon)

    def ratio(here: At, there: At) -> Tensor:
        change = relative.change(here.map, there.map)
        return relative.ratio(change, relative.change(here.x, there.x))

    return Neighbourhood(**asked).result(
        "relative_input_stability", model, x, method, target, ratio, own=relative.record()
    )


@metric(
    title="Relative output stability",
    year=2022,
    paper="arXiv:2203.06877",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=neighbours_example,
)
def relative_output_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    form: str = "norm",
    epsilon: float = 1e-6,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how much more the map changes than what the model says, at most.

    .. math::
        \mathrm{ROS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert h(x) - h(x')\rVert / \lVert h(x)\rVert,\ \epsilon)}

    where h(x) are all outputs of the model, as it returns them.

    Parameters
    ----------
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides the map number by number and the change of the outputs by
        nothing, as in their paper.
    epsilon : float
        The least that is divided by.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Notes
    -----
    A map is not blamed for what the model does: where the outputs move, it may move, too.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** the outputs hardly move: then the worst neighbour is the one along which the
    model is flat, and `epsilon` decides.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_output_stability(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """
    relative = Relative(form, epsilon)

    def ratio(here: At, there: At) -> Tensor:
        moved = size(there.outputs - here.outputs)
        if form == "norm":
            moved = relative.change(here.outputs, there.outputs)
        return relative.ratio(relative.change(here.map, there.map), moved)

    return Neighbourhood(**asked).result(
        "relative_output_stability", model, x, method, target, ratio, own=relative.record()
    )


@metric(
    title="Relative representation stability",
    year=2022,
    paper="arXiv:2203.06877",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=hidden_example,
)
def relative_representation_stability(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    *,
    layer: Any,
    form: str = "norm",
    epsilon: float = 1e-6,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how much more the map changes than a layer inside the model, at most.

    .. math::
        \mathrm{RRS} = \max_{x'} \frac{\lVert\Phi(x) - \Phi(x')\rVert / \lVert\Phi(x)\rVert}
        {\max(\lVert A(x) - A(x')\rVert / \lVert A(x)\rVert,\ \epsilon)}

    where A(x) is the layer's output.

    Parameters
    ----------
    layer : torch.nn.Module or str
        A module of the model or its dotted name.
    form : str
        ``"norm"`` divides lengths, as written above and in the authors' library;
        ``"elementwise"`` divides number by number before the length is taken, as in their paper.
    epsilon : float
        The least that is divided by.

    Returns
    -------
    MetricResult
        One ratio an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Raises
    ------
    LayerError
        If the layer is not there, or is not called.

    Notes
    -----
    Libraries differ in the layer: the first, or all of them. So it has no default.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** the layer follows a ReLU and ``form="elementwise"``: a unit that wakes up has no
    relative change.

    References
    ----------
    .. [agarwal2022] C. Agarwal, N. Johnson, M. Pawelczyk, S. Krishna, E. Saxena, M. Zitnik,
       H. Lakkaraju, 2022, arXiv:2203.06877.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.relative_representation_stability(toy, x, "gradient", layer="hidden").values
    tensor([0.], dtype=torch.float64)
    """
    relative = Relative(form, epsilon)

    def ratio(here: At, there: At) -> Tensor:
        change = relative.change(here.map, there.map)
        return relative.ratio(change, relative.change(here.hidden, there.hidden))

    return Neighbourhood(**asked).result(
        "relative_representation_stability", model, x, method, target, ratio,
        layer=layer, own=relative.record(),
    )  # fmt: skip
