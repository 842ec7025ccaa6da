"""Path explorer: slide along the path of Integrated Gradients and watch the map collect."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.core.gradients import Question, ask
from xaicourse.core.quadrature import QUADRATURES
from xaicourse.course.lessons.l05_integrated_gradients.trace import (
    PathTrace,
    trace_path,
    walk,
)
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE
from xaicourse.widgets.controls import Choice, Device, Slider, WholeNumber, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel, check_filled
from xaicourse.widgets.plates import Bars, Curve, Map, Photo, Plate, tiled_map
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["PathPanel", "PathTrace", "PathView", "trace_path"]

COARSE_STEPS = 4  # the first answer
CHECKPOINTS = 32  # places on the path where the collected map is kept
MOST_STEPS = 512
MOST_TRACES = 8  # kept in memory, about 7 MB each for a photo of 224 x 224
MOST_TILES = 64  # a finer map cannot be read on the screen
LEGEND = {
    "loc": "best",
    "fontsize": 7,
    "frameon": True,
    "edgecolor": "none",
    "framealpha": 0.8,
}
MOST_FEATURES, MOST_DOTS, MOST_LETTERS = 40, 64, 40  # that are drawn
SAYS = (
    "the input at alpha",
    "the map collected so far, red raises the score, blue lowers it",
)


@documented
class PathView:
    """One moment on the path: what the panel shows."""

    trace: Annotated[PathTrace, "The whole path."]
    settings: Settings
    alpha: Annotated[float, "The place on the path, 0 at the baseline and 1 at x."]
    point: Annotated[Tensor, "(1, ...): The input at alpha."]
    collected: Annotated[Tensor, "(H, W): The map collected from the baseline up to alpha."]
    limit: Annotated[float, "End of the colour scale: that of the whole map, for every alpha."]
    score: Annotated[float, "F at alpha (between nodes: on a straight line)."]
    sum_so_far: Annotated[float, "Sum of the collected map."]
    steps: Annotated[int, "Nodes of the trace that is shown; few in a coarse answer."]
    coarse: Annotated[bool, "A better answer is on its way."]
    score_name: Annotated[str, "What F is, for example 'logit of tabby'."]

    rise = property(attrgetter("trace.rise"), doc="F(x) - F(baseline).")
    gap = property(attrgetter("trace.gap"), doc="Sum of the whole map minus the rise.")
    map_error = property(attrgetter("trace.map_error"), doc="Estimated relative error of the map.")


class PathPanel(InputPanel):
    """Explore the path from a baseline to x: alpha, steps, rule, baseline and output.

    The alpha slider reads what was kept from one walk along the path, so it answers at once. A
    new baseline, rule, output or number of steps walks again: first with few steps, then with
    all of them.

    Parameters
    ----------
    model, x, target, batch_size
        As for `xc.integrated_gradients`; x holds one input, an image in [0, 1] or a vector. A move
        of a control is heard between two chunks.
    baselines : dict of str to number, Tensor or name, optional
        Name -> baseline (a number, a tensor, or "black", "white", "mean", "blur", "uniform").
        None offers these names for an image, and zero for anything else.
    steps, quadrature, output, alpha : int, str, str, float
        What is set at first.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.

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
    size = (10.0, 3.65)
    alpha = Slider(0.0, 1.0, 0.01)
    steps = WholeNumber()
    quadrature = Choice([*QUADRATURES, "adaptive"], label="rule")
    baseline = Choice("baselines")
    output = Choice(["logit", "probability"])
    device = Device()

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
        self.look_at(model, x, target, output, labels, batch_size)
        if baselines is None:
            names = ("black", "white", "mean", "blur", "uniform")
            baselines = {name: name for name in names} if is_image(x) else {"zero": 0.0}
        check_filled(baselines=baselines)
        self.baselines = dict(baselines)
        self.questions, self.traces = Memory(MOST_TRACES), Memory(MOST_TRACES)
        first = {
            "alpha": alpha,
            "steps": steps,
            "quadrature": quadrature,
            "output": output,
        }
        super().__init__(first)

    def compute(self, settings: Mapping[str, Any]) -> Generator[PathView | None, None, None]:
        """Yield a view of a coarse walk, then of the whole one; from memory if it was done."""
        steps = settings["steps"]
        if not 1 <= steps <= MOST_STEPS:
            more = "xc.integrated_gradients takes any number"
            raise ValueError(f"steps must be from 1 to {MOST_STEPS} here, got {steps}; {more}")
        if self._key(settings) not in self.traces and steps > 2 * COARSE_STEPS:
            rule = "midpoint" if settings["quadrature"] == "adaptive" else settings["quadrature"]
            few = {**settings, "quadrature": rule, "steps": COARSE_STEPS}
            yield self._view((yield from self._trace(few)), settings, coarse=True)
        yield self._view((yield from self._trace(settings)), settings, coarse=False)

    def _key(self, settings: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return all that the walk depends on: everything but alpha."""
        return tuple(value for name, value in settings.items() if name != "alpha")

    def _trace(self, settings: Mapping[str, Any]) -> Generator[None, None, PathTrace]:
        """Return the walk for the settings, from memory if it is there."""
        key = settings["output"], settings.get("device", str(self.x.device))
        question = self.questions.once(key, self._question, *key)
        baseline = self.baselines[settings["baseline"]]
        if isinstance(baseline, Tensor):
            baseline = baseline.to(question.x.device)
        work = walk(question, baseline, settings["steps"], settings["quadrature"], CHECKPOINTS)
        return (yield from self.traces.walk(self._key(settings), work))

    def _question(self, output: str, device: str) -> Question:
        """Return what is asked of the model, on a device; the caller's model is never moved."""
        model: Any = self.model
        if device != str(self.x.device):
            model = copy.deepcopy(model).to(device)
        return ask(model, self.x.to(device), self.target, output, self.batch_size)

    def _view(self, trace: PathTrace, settings: Mapping[str, Any], coarse: bool) -> PathView:
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
            score_name=self.score_name(settings["output"]),
        )

    def plates(self, result: PathView) -> Iterator[Plate]:
        left, right = (photo_plates if is_image(self.x) else feature_plates)(result)
        yield left
        yield from along_the_path(result)
        yield right

    def words(self, result: PathView) -> Iterator[str]:
        error = result.map_error
        yield f"α = {result.alpha:.2f}"
        yield f"{result.steps} gradients"
        yield f"sum so far {number(result.sum_so_far)}"
        yield f"rise {number(result.rise)}"
        yield f"gap of the whole sum {gap_text(result.gap, result.rise)}"
        about = "not known" if math.isnan(error) else f"about {number(100 * error)} %"
        yield f"error of the whole map {about}"

    def intro(self, result: PathView) -> str:
        return f"Path explorer at alpha {result.alpha:.2f}, {result.score_name}."


def photo_plates(view: PathView) -> tuple[Photo, Map]:
    """Return the photo as it is at alpha, and the map so far on the scale of the whole map."""
    title, point = f"input at α = {view.alpha:.2f}", view.point.clamp(0, 1)
    return Photo((0.1, 0.6, 2.7, 2.7), title, point, says=SAYS[0]), tiled_map(
        (6.5, 0.6, 2.7, 2.7), "map collected so far", view.collected, MOST_TILES,
        scale=view.trace.sums[-1], clipped_at="\ncolours clipped at percentile 99 of the whole map",
        bar_at=(9.3, 0.75, 0.1, 2.4), says=SAYS[1],
    )  # fmt: skip


def feature_plates(view: PathView) -> tuple[Bars, Bars]:
    """Return a bar a feature: the input at alpha, and the attribution so far."""
    now = features(view.collected)
    point = Bars(
        (0.5, 0.6, 2.1, 2.7), f"input at α = {view.alpha:.2f}", features(view.point),
        pale=features(view.trace.end), legend=("input", "at α"), says=SAYS[0],
    )  # fmt: skip
    return point, Bars(
        (7.1, 0.6, 2.5, 2.7), "attribution collected so far", now,
        pale=features(view.trace.sums[-1]), legend=("whole", "so far"),
        colours=[ORANGE if share >= 0 else BLUE for share in now], says=SAYS[1],
    )  # fmt: skip


def features(values: Tensor) -> list[float]:
    """Return the first features in one row."""
    return values.flatten()[:MOST_FEATURES].tolist()


def along_the_path(view: PathView) -> Iterator[Plate]:
    """Yield F beside what the sum so far makes of it, the length of the gradient, both sums."""
    trace, alpha, name = view.trace, view.alpha, view.score_name
    edges, sums = trace.node_edges.numpy(), trace.ends[0] + trace.totals
    upto = edges <= alpha
    so_far = [*edges[upto], alpha], [*sums[upto], trace.ends[0] + view.sum_so_far]
    dot = "." if len(trace.alphas) <= MOST_DOTS else ""
    lines = [
        (*trace.curve, {"color": BLUE, "label": "F"}),
        (trace.alphas, trace.scores, {"ls": "", "marker": dot, "color": BLUE, "ms": 4}),
        (edges, sums, {"color": ORANGE, "lw": 1, "alpha": 0.35}),
        (*so_far, {"color": ORANGE, "lw": 1.8, "label": "F(baseline) + sum so far"}),
        ([alpha], [view.score], {"marker": "o", "color": BLUE, "ms": 6, "zorder": 4}),
    ]
    title = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
    yield Curve(
        (3.6, 1.87, 2.6, 1.43), title, lines, mark=alpha, legend=LEGEND, above=True,
        axes={"xlim": (-0.02, 1.02)},
    )  # fmt: skip
    norm = {"color": INK, "lw": 1.2, "marker": ".", "ms": 3}
    yield Curve(
        (3.6, 1.07, 2.6, 0.68), "", [(trace.alphas, trace.norms, norm)], mark=alpha,
        left="gradient\nlength",
        axes={"xlim": (-0.02, 1.02), "ylim": (0, 1.1 * float(trace.norms.max()) + 1e-12)},
        draw=lambda axis: axis.set_xlabel("α  (0: baseline, 1: input)", labelpad=1),
        says="the score along the path with the baseline's score plus the sum so far, the length "
        "of the gradient, and bars for the sum so far and the rise",
    )  # fmt: skip
    yield Bars(
        (3.6, 0.1, 2.6, 0.4), "", [view.sum_so_far, view.rise], names=["sum so far", "rise"],
        colours=[ORANGE, GREY], thick=(0.8, 0.7), across=True,
        draw=lambda axis: finish_sums(axis, [view.rise, *trace.totals]),
    )  # fmt: skip


def finish_sums(axis: Axes, reach: list[float]) -> None:
    """Leave room for every sum on the path, and no frame."""
    axis.set(xlim=(1.08 * min(reach) - 1e-9, 1.08 * max(reach) + 1e-9), xticks=[])
    axis.tick_params(left=False)
    axis.spines[:].set_visible(False)


def gap_text(gap: float, rise: float) -> str:
    """Return the gap in units of F and as a share of the rise, where that has a meaning."""
    if abs(gap) <= 1e-4 * abs(rise):
        return "0"
    return number(gap) + (f" ({number(100 * gap / abs(rise))} % of the rise)" if rise else "")
