"""Relevance panel: choose a net, a class and a rule; see the map and where the score went."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from xaicourse.course.lessons.l03_relevance.figure import RelevanceView, draw_relevance_view
from xaicourse.course.lessons.l03_relevance.trace import (
    RelevanceTrace,
    trace_classes,
    trace_relevance,
)
from xaicourse.plot.printing import two_digits
from xaicourse.widgets.controls import LABEL, choice
from xaicourse.widgets.panel import Panel

__all__ = ["RelevancePanel", "RelevanceTrace", "RelevanceView", "trace_relevance"]

RULES = (
    "epsilon",
    "gamma",
    "alpha2_beta1",
    "z_plus",
    "flat",
    "w_square",
    "epsilon_plus",
    "epsilon_gamma_box",
)
MOST_PASSES = 30  # kept in memory
ROUNDING = 1e-5  # of the score, in float32
LOW, HIGH = -6.0, 1.0  # powers of 10 of epsilon


class RelevancePanel(Panel):
    """Explore LRP: net, class, rule and epsilon; the map, its sum, and the bias bars.

    Parameters
    ----------
    nets : dict of str to (callable, Tensor, dict)
        Name -> (model, x, classes): x holds one input in [0, 1] or a vector, classes maps names
        to target indices, or is {"": None} for a net with one output.
    rule : str
        The rule that is set at first.
    epsilon : float
        The epsilon that is set at first.
    rules : tuple of str
        The rules to choose from, as for `xc.lrp`.

    Raises
    ------
    ValueError
        If there is no net, or the rule is none of `rules`.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> panel = xc.widgets.RelevancePanel({"TOY": (toy, x, {"f": None})})
    >>> [round(float(share), 3) for share in panel.result.trace.values[0]]
    [3.0, -3.0]
    """

    title = "relevance panel, where the score goes"

    def __init__(
        self,
        nets: Mapping[str, tuple[Callable[..., Any], Tensor, Mapping[str, Any]]],
        *,
        rule: str = "epsilon",
        epsilon: float = 1e-6,
        rules: tuple[str, ...] = RULES,
    ) -> None:
        if not nets:
            raise ValueError('nets is empty; give at least one, {"name": (model, x, classes)}')
        for name, (_, x, classes) in nets.items():
            if len(x) != 1 or not classes:
                raise ValueError(
                    f"nets[{name!r}] needs one input and at least one class, got {len(x)} rows "
                    f"and {len(classes)} classes"
                )
        if not 10**LOW <= epsilon <= 10**HIGH:
            raise ValueError(f"epsilon must be from 1e-6 to 10 here, got {epsilon!r}")
        self.nets = dict(nets)
        self._traces: OrderedDict[tuple[Any, ...], list[RelevanceTrace]] = OrderedDict()
        first = next(iter(self.nets))
        names = list(self.nets[first][2])
        self._class_list = choice("class", names, names[0])
        self._epsilon_slider = ipywidgets.FloatLogSlider(
            epsilon, base=10, min=LOW, max=HIGH, step=0.5, readout_format=".2g",
            description="epsilon", style=LABEL, layout={"width": "280px"},
            disabled="epsilon" not in rule,
        )  # fmt: skip
        controls: dict[str, ipywidgets.Widget] = {
            "net": choice("net", list(self.nets), first),
            "class": self._class_list,
            "rule": choice("rule", list(rules), rule),
            "epsilon": self._epsilon_slider,
        }
        controls["net"].observe(self._new_net, "value")  # before the panel's own: classes first
        controls["rule"].observe(self._new_rule, "value")
        super().__init__(controls)

    def _new_net(self, change: Any) -> None:
        """Offer the classes of the chosen net."""
        held, self._held = self._held, True
        try:
            self._class_list.options = list(self.nets[change["new"]][2])
        finally:
            self._held = held

    def _new_rule(self, change: Any) -> None:
        """Switch epsilon off for a rule without it."""
        self._epsilon_slider.disabled = "epsilon" not in change["new"]

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> RelevanceView:
        """Return the view; every pass is kept, so that going back costs nothing."""
        _, x, classes = self.nets[settings["net"]]
        traces = dict(zip(classes, self._all(settings), strict=True))
        trace = traces.pop(settings["class"])
        alike = [abs(cosine(trace.values, other.values)) for other in traces.values()]
        return RelevanceView(
            trace=trace,
            x=x.cpu(),
            settings=dict(settings),
            likeness=sum(alike) / len(alike) if alike else None,
        )

    def _all(self, settings: Mapping[str, Any]) -> list[RelevanceTrace]:
        """Return the traces of all classes: they are compared."""
        key = settings["net"], settings["rule"], float(settings["epsilon"])
        if key not in self._traces:
            model, x, classes = self.nets[settings["net"]]
            self._traces[key] = trace_classes(
                model, x, list(classes.values()), rules=key[1], epsilon=key[2]
            )
            while len(self._traces) > MOST_PASSES:
                self._traces.popitem(last=False)  # the one that was made first
        return self._traces[key]

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: RelevanceView) -> bytes:
        """Return the PNG: the input, its map, and the bars layer by layer."""
        return draw_relevance_view(result)

    def describe(self, result: RelevanceView) -> str:
        """Return the numbers in one line."""
        trace = result.trace
        kept = trace.score - trace.total
        kept = 0.0 if abs(kept) < ROUNDING * abs(trace.score) else kept
        parts = [
            f"{result.settings['class']}, rule {trace.rule}",
            *([f"epsilon {result.settings['epsilon']:.2g}"] if "epsilon" in trace.rule else []),
            f"score {two_digits(trace.score)[0]}",
            f"map's sum {two_digits(trace.total)[0]}",
            f"kept by biases and epsilon {two_digits(kept)[0]}",
        ]
        if result.likeness is not None:
            parts.append(f"likeness to the other classes' maps {result.likeness:.2f}")
        return "  ·  ".join(parts)

    def alt(self, result: RelevanceView) -> str:
        """Return what the picture shows."""
        what = "the input and its signed map" if result.x.ndim == 4 else "a bar for each input"
        return (
            f"Relevance panel, {result.settings['net']}, {result.settings['class']}, rule "
            f"{result.trace.rule}. Left: {what}. Right: bars of what is left of the score after "
            "each operation, from the output to the input, and what the biases of each kept."
        )


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two maps; 0 if one of them is 0."""
    a, b = a.double().flatten(), b.double().flatten()
    return float(torch.nn.functional.cosine_similarity(a, b, dim=0))
