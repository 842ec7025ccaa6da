"""Relevance panel: choose a net, a class and a rule; see the map and where the score went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from torch import Tensor

from xaicourse.course.lessons.l03_relevance.trace import RelevanceTrace, trace_relevance
from xaicourse.course.lessons.l03_relevance.trace import trace_classes as passes
from xaicourse.evaluation.likeness import cosine
from xaicourse.plot.account import draw_account
from xaicourse.plot.scale import reduce_channels, shared_limits
from xaicourse.widgets.controls import Choice, LogSlider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Bars, Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["RelevancePanel", "RelevanceTrace", "RelevanceView", "trace_relevance"]

RULES = (
    "epsilon", "gamma", "alpha2_beta1", "z_plus", "flat", "w_square", "epsilon_plus",
    "epsilon_gamma_box",
)  # fmt: skip
MOST_PASSES = 30  # kept in memory
ROUNDING = 1e-5  # of the score, in float32
Nets = Mapping[str, tuple[Callable[..., Any], Tensor, Mapping[str, Any]]]


@documented
class RelevanceView:
    """What the panel shows."""

    trace: Annotated[RelevanceTrace, "The map and the account of the pass."]
    x: Annotated[Tensor, "(1, ...): The input of the net, on the CPU."]
    settings: Settings
    likeness: Annotated[float | None, "Mean |cosine| with the maps of the other classes."]


class RelevancePanel(Panel):
    """Explore LRP: net, class, rule and epsilon; the map, its sum, and the bias bars.

    Parameters
    ----------
    nets : dict of str to (callable, Tensor, dict)
        Name -> (model, x, classes): x holds one input in [0, 1] or a vector, classes maps names
        to target indices, or is {"": None} for a net with one output.
    rule, epsilon : str, float
        What is set at first.
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
    size = (9.4, 3.0)
    net, class_ = Choice("nets"), Choice("classes")
    rule = Choice("rules")
    epsilon = LogSlider(1e-6, 10, step=0.5)

    def __init__(
        self, nets: Nets, *, rule: str = "epsilon", epsilon: float = 1e-6, rules: tuple = RULES
    ) -> None:
        check_filled(nets=nets)
        for name, (_, x, classes) in nets.items():
            if len(x) != 1 or not classes:
                got = f"{len(x)} rows and {len(classes)} classes"
                raise ValueError(
                    f"nets[{name!r}] needs one input and at least one class, got {got}"
                )
        self.nets, self.rules = dict(nets), rules
        self.classes = next(iter(self.nets.values()))[2]
        self.memory = Memory(MOST_PASSES)
        super().__init__({"rule": rule, "epsilon": epsilon})

    def connect(self) -> None:
        """Let the net bring its classes, and switch epsilon off for a rule without it."""
        self.controls["net"].observe(self._new_net, "value")
        self.controls["rule"].observe(self._new_rule, "value")
        self._new_rule({"new": self.settings["rule"]})

    def _new_net(self, change: Any) -> None:
        held, self._held = self._held, True
        try:
            self.controls["class"].options = list(self.nets[change["new"]][2])
        finally:
            self._held = held

    def _new_rule(self, change: Any) -> None:
        self.controls["epsilon"].disabled = "epsilon" not in change["new"]

    def compute(self, settings: Mapping[str, Any]) -> RelevanceView:
        model, x, classes = self.nets[settings["net"]]
        rule, epsilon = settings["rule"], float(settings["epsilon"])
        targets, look = list(classes.values()), {"rules": rule, "epsilon": epsilon}
        key = settings["net"], rule, epsilon
        traces = self.memory.once(key, lambda: passes(model, x, targets, **look))
        others = dict(zip(classes, traces, strict=True))
        trace = others.pop(settings["class"])
        alike = [abs(cosine(trace.values, other.values)) for other in others.values()]
        likeness = sum(alike) / len(alike) if alike else None
        return RelevanceView(trace=trace, x=x.cpu(), settings=dict(settings), likeness=likeness)

    def plates(self, result: RelevanceView) -> Iterator[Plate]:
        trace = result.trace
        title = f"map, sum {trace.total:.2g}"
        bars_at = (5.65, 0.6, 3.5, 1.98)
        if result.x.ndim == 4:
            yield Photo((0.05, 0.4, 2.25, 2.25), "input", result.x)
            values = reduce_channels(trace.values, "sum")
            yield Map(
                (2.4, 0.4, 2.25, 2.25), title, values, shared_limits([values], 99.0)[1],
                bar_at=(4.7, 0.45, 0.08, 2.1), clipped=True, says="the input and its signed map",
            )  # fmt: skip
        else:
            yield Bars(
                (0.6, 0.6, 3.0, 1.98), title, trace.values.flatten().numpy(),
                says="a bar for each input",
            )  # fmt: skip
            bars_at = (4.3, 0.6, 3.5, 1.98)
        account = trace.left, trace.absorbed, trace.names, "from the output to the input"
        yield Plate(
            bars_at, "", draw=lambda axis: draw_account(axis, *account),
            says="bars of what is left of the score after each operation, from the output to the "
            "input, and what the biases of each kept",
        )  # fmt: skip

    def words(self, result: RelevanceView) -> Iterator[str]:
        trace = result.trace
        kept = trace.score - trace.total
        kept = 0.0 if abs(kept) < ROUNDING * abs(trace.score) else kept
        yield f"{result.settings['class']}, rule {trace.rule}"
        if "epsilon" in trace.rule:
            yield f"epsilon {result.settings['epsilon']:.2g}"
        yield f"score {number(trace.score)}"
        yield f"map's sum {number(trace.total)}"
        yield f"kept by biases and epsilon {number(kept)}"
        if result.likeness is not None:
            yield f"likeness to the other classes' maps {result.likeness:.2f}"

    def intro(self, result: RelevanceView) -> str:
        settings = result.settings
        return f"Relevance panel, {settings['net']}, {settings['class']}, rule {result.trace.rule}."
