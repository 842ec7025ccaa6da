"""What is left of a score after each layer of an LRP pass, and what the biases kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.methods.vanilla.relevance import lrp
from xaicourse.plot.account import draw_account
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import styled
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one


@documented
class RelevanceTrace:
    """One LRP pass for one input, in the order in which relevance flows; all on the CPU."""

    values: Annotated[Tensor, "(1, ...): The map."]
    score: Annotated[float, "F, what was shared out."]
    names: Annotated[tuple[str, ...], "What shares relevance, from output to input."]
    absorbed: Annotated[Tensor, "(L,): What the biases (and epsilon) of each kept, with sign."]
    rule: Annotated[str, "The rule or composite."]

    @property
    def left(self) -> Tensor:
        """What is left of F after each operation, (L + 1,): first F itself, last the map's sum.

        Relevance on a branch beside an operation (a shortcut) counts as left, too.
        """
        kept = torch.cat([self.absorbed.new_zeros(1), self.absorbed.cumsum(0)])
        return self.score - kept

    @property
    def total(self) -> float:
        """The sum of the map."""
        return float(self.values.double().sum())

    @property
    def share(self) -> float:
        """The map's sum as a share of F."""
        return self.total / self.score if self.score else 0.0

    @styled
    def bars(self, *, alt: str, title: str | None = None) -> Picture:
        """Draw what is left after each operation, and the bias bar of each, below a title."""
        figure = Figure(figsize=(8.2, 2.7))
        axis = figure.add_axes((0.08, 0.24, 0.9, 0.64))
        draw_account(axis, self.left, self.absorbed, self.names)
        axis.set_title(f"rule {self.rule}" if title is None else title, loc="left")
        return Picture(figure, alt)


@suggest_names
def trace_relevance(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rules: str = "epsilon",
    epsilon: float = 1e-6,
    output: str = "logit",
) -> RelevanceTrace:
    """Run `xc.lrp` once and keep its account: what arrived where, and what stayed.

    Parameters
    ----------
    model, x, target, rules, epsilon, output
        As for `xc.lrp`; x holds one input.

    Returns
    -------
    RelevanceTrace

    Raises
    ------
    ValueError
        If x holds more than one input.

    Examples
    --------
    >>> import xaicourse as xc
    >>> trace = xc.widgets.trace_relevance(xc.zoo.toy(), xc.zoo.toy_input(), epsilon=1e-12)
    >>> [round(number, 6) + 0.0 for number in trace.left.tolist()]
    [2.0, 1.0, 0.0]
    """
    return trace_classes(model, x, [target], rules=rules, epsilon=epsilon, output=output)[0]


def trace_classes(
    model: Callable[..., Any],
    x: Tensor,
    targets: Sequence[Any],
    *,
    rules: str = "epsilon",
    epsilon: float = 1e-6,
    output: str = "logit",
) -> list[RelevanceTrace]:
    """Return the trace of one input for each target, from one batch."""
    check_one(x, "this account is for one input")
    target = targets[0] if len(targets) == 1 else torch.tensor(list(targets))
    copies = x.expand(len(targets), *x.shape[1:])
    settings = {"rules": rules, "epsilon": epsilon, "output": output}
    # lrp is decorated: with return_details it returns the whole record
    found: Any = lrp(model, copies, target, **settings, return_details=True)  # type: ignore[call-arg]
    names = tuple(found.extra["layer_names"])[::-1]
    absorbed = found.extra["layer_absorbed"].double().cpu().flip(1)
    return [
        RelevanceTrace(values[None], float(score), names, kept, str(rules))
        for values, score, kept in zip(found.values.cpu(), found.f_end, absorbed, strict=True)
    ]
