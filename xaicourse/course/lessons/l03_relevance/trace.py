"""What is left of a score after each layer of an LRP pass, and what the biases kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.methods.vanilla.relevance import lrp
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, styled
from xaicourse.widgets.documented import documented

MOST_NAMES = 12  # more operations are only counted
SEEN = 1e-4  # of the longest bar


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
        """Draw what is left after each operation, and the bias bar of each.

        Parameters
        ----------
        alt
            What is drawn, for a reader who cannot see it.
        title
            Above the bars; None names the rule.
        """
        figure = Figure(figsize=(8.2, 2.7))
        axis = figure.add_axes((0.08, 0.24, 0.9, 0.64))
        draw_bars(axis, self)
        axis.set_title(f"rule {self.rule}" if title is None else title, loc="left")
        return Picture(figure, alt)


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
    if len(x) != 1:
        raise ValueError(f"x has {len(x)} rows; this account is for one input, pass x[0:1]")
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


def draw_bars(axis: Axes, trace: RelevanceTrace, below: str = "") -> None:
    """Draw what is left of F after each operation, and beside it what its biases kept."""
    left, kept = trace.left.numpy(), trace.absorbed.numpy()
    places, last = np.arange(len(left)), len(trace.names)
    axis.bar(places, left, width=0.8, color=BLUE, label="left of the score")
    # a bias bar stands on the step from one bar to the next
    axis.bar(
        places[1:] - 0.5, kept, width=0.3, color=ORANGE, hatch="////", edgecolor="white",
        linewidth=0, label="kept by biases and epsilon", zorder=3,
    )  # fmt: skip
    axis.axhline(0, color=GREY, lw=0.8)
    axis.axhline(trace.score, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    if last <= MOST_NAMES:
        # an operation stands on its step, one line lower
        steps = {place + 0.5: f"\n{name}" for place, name in enumerate(trace.names)}
        ticks = {0.0: "score", **steps, float(last): "map"}
        axis.set_xticks(list(ticks), list(ticks.values()))
        write_numbers(axis, left)
    else:
        axis.set_xticks([0, last], ["score", "map"])
        axis.set_xlabel(f"{last} operations, from the output to the input")
    if below:
        axis.set_xlabel(below)
    axis.margins(y=0.15)
    axis.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2,
        handlelength=1.4, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def write_numbers(axis: Axes, heights: np.ndarray) -> None:
    """Write each bar's number beyond its end."""
    heights = np.where(abs(heights) < SEEN * abs(heights).max(), 0.0, heights)  # no rounding
    for place, height in enumerate(heights):
        side = -1 if height < 0 else 1
        axis.annotate(
            f"{height:.2g}", (place, height), xytext=(0, 3 * side), textcoords="offset points",
            ha="center", va="top" if side < 0 else "bottom", fontsize=8, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
