"""Path explorer: slide along the path of Integrated Gradients and watch the map collect."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import ipywidgets
from torch import Tensor, nn

from xaicourse.core.checks import default_batch_size
from xaicourse.core.gradients import Question, ask
from xaicourse.core.quadrature import QUADRATURES
from xaicourse.core.target import PerRow
from xaicourse.course.lessons.l05_integrated_gradients.figure import PathView, draw_path_view
from xaicourse.course.lessons.l05_integrated_gradients.trace import PathTrace, trace_path, walk
from xaicourse.plot.printing import two_digits
from xaicourse.plot.scale import shared_limits
from xaicourse.widgets.controls import choice, devices, is_image, slider, whole_number
from xaicourse.widgets.panel import Panel

__all__ = ["PathPanel", "PathTrace", "PathView", "trace_path"]

COARSE_STEPS = 4  # the first answer
CHECKPOINTS = 32  # places on the path where the collected map is kept
MOST_STEPS = 512
MOST_TRACES = 8  # kept in memory, about 7 MB each for a photo of 224 x 224


class PathPanel(Panel):
    """Explore the path from a baseline to x: alpha, steps, rule, baseline and output.

    The alpha slider reads what was kept from one walk along the path, so it answers at once. A
    new baseline, rule, output or number of steps walks again: first with few steps, then with
    all of them.

    Parameters
    ----------
    model, x, target
        As for `xc.integrated_gradients`; x holds one input, an image in [0, 1] or a vector.
    baselines : dict of str to number, Tensor or name, optional
        Name -> baseline (a number, a tensor, or "black", "white", "mean", "blur", "uniform").
        None offers these names for an image, and zero for anything else.
    steps : int
        Nodes of the quadrature that are set at first.
    quadrature, output : str
        What is set at first.
    alpha : float
        The place on the path that is set at first.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.
    batch_size : int, optional
        Gradients in one chunk; a move of a control is heard between two chunks.

    Raises
    ------
    ValueError, TypeError
        As for `xc.integrated_gradients`; `baselines` without an entry.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    >>> panel = xc.widgets.PathPanel(xc.zoo.toy(), x, steps=4)
    >>> panel.set(alpha=1.0)
    >>> [round(float(share), 6) for share in panel.result.collected]
    [3.75, -2.75]
    """

    title = "path explorer, from the baseline to the input"

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        baselines: Mapping[str, Any] | None = None,
        steps: int = 32,
        quadrature: str = "midpoint",
        output: str = "logit",
        alpha: float = 1.0,
        labels: Sequence[str] | None = None,
        batch_size: int | None = None,
    ) -> None:
        if batch_size is None:
            batch_size = max(1, default_batch_size(x, None) // 2)
        self.model, self.x, self.labels, self.batch_size = model, x, labels, batch_size
        self.question = ask(model, x, target, output, batch_size)
        self.target = self.question.target
        if baselines is None:
            names = ["black", "white", "mean", "blur", "uniform"]
            baselines = {name: name for name in names} if is_image(x) else {"zero": 0.0}
        if not baselines:
            raise ValueError('baselines is empty; give at least one, for example {"black": 0.0}')
        self.baselines = dict(baselines)
        self._questions: dict[tuple[str, str], Question] = {}
        self._traces: OrderedDict[tuple[Any, ...], PathTrace] = OrderedDict()
        device = str(x.device)
        controls: dict[str, ipywidgets.Widget] = {
            "alpha": slider("alpha", alpha),
            "steps": whole_number("steps", steps),
            "quadrature": choice("rule", [*QUADRATURES, "adaptive"], quadrature),
            "baseline": choice("baseline", list(self.baselines), next(iter(self.baselines))),
            "output": choice("output", ["logit", "probability"], output),
        }
        if devices(device) != [device] and isinstance(model, nn.Module):
            controls["device"] = choice("device", devices(device), device)
        super().__init__(controls)

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Generator[PathView | None, None, None]:
        """Yield a view of a coarse walk, then of the whole one; from memory if it was done."""
        steps = settings["steps"]
        if not 1 <= steps <= MOST_STEPS:
            raise ValueError(
                f"steps must be from 1 to {MOST_STEPS} here, got {steps}; "
                "xc.integrated_gradients takes any number"
            )
        if self._key(settings, steps) not in self._traces and steps > 2 * COARSE_STEPS:
            rule = "midpoint" if settings["quadrature"] == "adaptive" else settings["quadrature"]
            coarse = yield from self._trace({**settings, "quadrature": rule}, COARSE_STEPS)
            yield self._view(coarse, settings, coarse=True)
        trace = yield from self._trace(settings, steps)
        yield self._view(trace, settings, coarse=False)

    def _key(self, settings: Mapping[str, Any], steps: int) -> tuple[Any, ...]:
        """Return all that the walk depends on: everything but alpha."""
        names = sorted(set(settings) - {"alpha", "steps"})
        return (steps, *(settings[name] for name in names))

    def _trace(self, settings: Mapping[str, Any], steps: int) -> Generator[None, None, PathTrace]:
        """Return the walk for the settings, from memory if it is there."""
        key = self._key(settings, steps)
        if key not in self._traces:
            question = self._question(settings["output"], settings.get("device"))
            baseline = self.baselines[settings["baseline"]]
            if isinstance(baseline, Tensor):
                baseline = baseline.to(question.x.device)
            self._traces[key] = yield from walk(
                question, baseline, steps, settings["quadrature"], CHECKPOINTS
            )
        self._traces.move_to_end(key)
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)  # the one not used for longest
        return self._traces[key]

    def _question(self, output: str, device: str | None) -> Question:
        """Return what is asked of the model, on a device; the caller's model is never moved."""
        device = device or str(self.x.device)
        key = (output, device)
        if key not in self._questions:
            model, x = self.model, self.x
            if device != str(x.device):
                model, x = copy.deepcopy(model).to(device), x.to(device)
            self._questions[key] = ask(model, x, self.target, output, self.batch_size)
        return self._questions[key]

    def _view(self, trace: PathTrace, settings: Mapping[str, Any], coarse: bool) -> PathView:
        """Cut a trace at alpha."""
        alpha = float(settings["alpha"])
        return PathView(
            trace=trace,
            settings=dict(settings),
            alpha=alpha,
            point=trace.point_at(alpha),
            collected=trace.map_at(alpha),
            limit=shared_limits([trace.sums[-1]], 99.0 if trace.sums.ndim == 3 else 100.0)[1],
            score=trace.score_at(alpha),
            sum_so_far=trace.sum_at(alpha),
            steps=len(trace.alphas),
            coarse=coarse,
            score_name=f"{settings['output']}{self._class_name()}",
        )

    def _class_name(self) -> str:
        """Return " of <class>", or nothing for a model with one output."""
        index = getattr(self.target, "index", None)
        if isinstance(self.target, PerRow):
            index = self.target.classes[:1]
        if not isinstance(index, tuple) or len(index) != 1:
            return ""
        name = self.labels[index[0]] if self.labels is not None else f"class {index[0]}"
        return f" of {name}"

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: PathView) -> bytes:
        """Return the PNG: input at alpha, score and gradient norm along the path, map so far."""
        return draw_path_view(result)

    def describe(self, result: PathView) -> str:
        """Return the numbers in one line; gap and map error are two different things."""
        error = result.map_error
        parts = [
            f"α = {result.alpha:.2f}",
            f"{result.steps} gradients",
            f"sum so far {two_digits(result.sum_so_far)[0]}",
            f"rise {two_digits(result.rise)[0]}",
            f"gap of the whole sum {gap_text(result.gap, result.rise)}",
            "error of the whole map not known"
            if math.isnan(error)
            else f"error of the whole map about {two_digits(100 * error)[0]} %",
        ]
        if result.coarse:
            parts.append("refining")
        return "  ·  ".join(parts)

    def alt(self, result: PathView) -> str:
        """Return what the picture shows."""
        return (
            f"Path explorer at alpha {result.alpha:.2f}, {result.score_name}. Left: the input at "
            "alpha. Middle: the score along the path with the baseline's score plus the sum so "
            "far, the length of the gradient, and bars for the sum so far and the rise. Right: "
            "the map collected so far, red raises the score, blue lowers it."
        )


def gap_text(gap: float, rise: float) -> str:
    """Return the gap in units of F and as a share of the rise, where that has a meaning."""
    if abs(gap) <= 1e-4 * abs(rise):
        return "0"
    share = f" ({two_digits(100 * gap / abs(rise))[0]} % of the rise)" if rise else ""
    return two_digits(gap)[0] + share
