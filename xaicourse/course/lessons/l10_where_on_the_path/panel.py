"""Stops panel: where on the path do gradients count? A stop, a weight, a number of steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, ask
from xaicourse.course.lessons.l10_where_on_the_path.trace import (
    SQUARED_UNITS,
    WEIGHTS,
    StopsTrace,
    trace_stops,
    walk,
)
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, GREY, ORANGE
from xaicourse.widgets.controls import Choice, Slider, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel, check_filled
from xaicourse.widgets.plates import Bars, Curve, Map, Plate, and_pixels, tiled
from xaicourse.widgets.words import number, of_class
from xaicourse.widgets.work import Memory

__all__ = ["StopsPanel", "StopsTrace", "StopsView", "trace_stops"]

STEPS = 27  # 3, 9 and 27 steps share their middles
MOST_TRACES = 8
MOST_TILES = 64
MOST_FEATURES = 40


@documented
class StopsView:
    """What the panel shows."""

    trace: Annotated[StopsTrace, "The walk with the steps that were chosen."]
    finest: Annotated[StopsTrace, "The walk with 27 steps."]
    settings: Settings
    stop: Annotated[float, "alpha* of the share that was chosen."]
    collected: Annotated[Tensor, "(H, W): The map under the weight that was chosen."]
    plain: Annotated[Tensor, "(H, W): Integrated Gradients, 27 steps."]
    likeness: Annotated[float, "Cosine of the map with the one of 27 steps."]
    score_name: Annotated[str, "What F is, for example 'logit of tabby'."]

    @property
    def sum_in_rises(self) -> float:
        """Sum of the map divided by the rise, or by its square where the map has that unit."""
        rise = self.trace.rise
        unit = rise**2 if self.settings["weight"] in SQUARED_UNITS else rise
        return float(self.collected.sum()) / unit if unit else 0.0


class StopsPanel(InputPanel):
    """Explore what a stop, or a weight along the path, makes of Integrated Gradients.

    One walk of 27 steps is kept for each class. A new share, weight or number of steps (3, 9 or
    27) is read from it, without another gradient.

    Parameters
    ----------
    model, x, target, output, batch_size
        As for `xc.integrated_gradients`; x holds one input, the baseline is 0.
    classes : dict of str to target, optional
        Name -> class that can be chosen; None offers `target` alone.
    share, weight, steps : float, str, str
        What is set at first.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.

    Raises
    ------
    ValueError, TypeError
        As for `xc.integrated_gradients`; `classes` without an entry.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.StopsPanel(xc.zoo.toy(), xc.zoo.toy_input(), weight="before")
    >>> [round(float(value), 2) for value in panel.result.collected]
    [1.36, -0.45]
    """

    title = "stops panel, where on the path gradients count"
    size = (10.0, 3.3)
    share = Slider(0.05, 0.95, 0.05)
    weight = Choice(list(WEIGHTS))
    steps = Choice(["3", "9", "27"])
    class_ = Choice("classes")

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        classes: Mapping[str, Any] | None = None,
        share: float = 0.9,
        weight: str = "after",
        steps: str = "27",
        output: str = "logit",
        labels: Sequence[str] | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.look_at(model, x, target, output, labels, batch_size)
        self.output = output
        if classes is None:
            classes = {of_class(self.target, labels).removeprefix(" of ") or "the score": target}
        check_filled(classes=classes)
        self.classes = dict(classes)
        self.memory = Memory(MOST_TRACES)
        super().__init__({"share": share, "weight": weight, "steps": steps})

    def compute(self, settings: Mapping[str, Any]) -> Generator[StopsView | None, None, None]:
        """Yield the view; the walk of each class is kept."""
        chosen = settings["class"]
        finest = yield from self.memory.walk(chosen, walk(self._question(chosen), 0.0, STEPS))
        yield self._view(finest, settings)

    def _question(self, chosen: str) -> Question:
        return ask(self.model, self.x, self.classes[chosen], self.output, self.batch_size)

    def _view(self, finest: StopsTrace, settings: Mapping[str, Any]) -> StopsView:
        trace = finest.every(STEPS // int(settings["steps"]))
        asked = settings["weight"], settings["share"]
        collected, best = trace.map(*asked), finest.map(*asked)
        pair = collected.flatten().double(), best.flatten().double()
        return StopsView(
            trace=trace,
            finest=finest,
            settings=dict(settings),
            stop=trace.stop(settings["share"]),
            collected=collected,
            plain=finest.map("all"),
            likeness=float(torch.cosine_similarity(*pair, dim=0)),
            score_name=self._name(settings["class"]),
        )

    def _name(self, chosen: str) -> str:
        return chosen if chosen == "the score" else f"{self.output} of {chosen}"

    def plates(self, result: StopsView) -> Iterator[Plate]:
        yield from along_the_path(result)
        show = map_plates if is_image(self.x) else bar_plates
        yield from show(result)

    def words(self, result: StopsView) -> Iterator[str]:
        rises = "squared rises" if result.settings["weight"] in SQUARED_UNITS else "rises"
        yield f"share {result.settings['share']:.2f} of the rise: stop at α* = {result.stop:.2f}"
        yield f"{result.trace.steps} gradients"
        yield f"sum of the map {number(result.sum_in_rises)} {rises}"
        yield f"cosine with the same map of 27 steps {result.likeness:.2f}"
        yield WEIGHTS[result.settings["weight"]]

    def intro(self, result: StopsView) -> str:
        return f"Stops panel, {result.score_name}, weight {result.settings['weight']}."


def along_the_path(view: StopsView) -> Iterator[Plate]:
    """Yield F with the stop, and what each step adds in size, with its weight."""
    trace, name = view.trace, view.settings["weight"]
    yield Curve(
        (0.75, 1.75, 2.6, 1.25), view.score_name,
        [
            (view.finest.ends, view.finest.scores, {"color": BLUE}),
            (trace.ends, trace.scores, {"ls": "", "marker": ".", "color": BLUE, "ms": 4}),
        ],
        mark=view.stop, axes={"xlim": (-0.02, 1.02)},
        says="the score along the path with the stop",
    )  # fmt: skip
    lengths = trace.pulls.flatten(1).norm(dim=1).double()
    lines: list[Any] = [(trace.middles, lengths, {"color": GREY, "marker": ".", "ms": 3})]
    if name not in ("squares", "random"):
        weight = trace.weight(name, view.settings["share"])
        weight = weight / weight.abs().max().clamp_min(1e-12) * lengths.max()
        lines.append((trace.middles, weight, {"color": ORANGE, "lw": 1.5, "label": "weight"}))
    lowest = min(0.0, *(float(height.min()) for _, height, _ in lines))
    top = 1.1 * float(lengths.max()) + 1e-12
    if lowest < 0:  # a weight may be below 0: draw where 0 is
        lines.append(([0, 1], [0, 0], {"color": GREY, "lw": 0.6}))
    yield Curve(
        (0.75, 0.5, 2.6, 0.95), "", lines, mark=view.stop, left="length\nadded",
        axes={"xlim": (-0.02, 1.02), "ylim": (1.1 * lowest, top)},
        draw=lambda axis: axis.set_xlabel("α  (0: baseline, 1: input)", labelpad=1),
        says="the length of gradient times distance at each place, in grey"
        + (", and the weight with its sign, in orange" if len(lines) > 1 else ""),
    )  # fmt: skip


def map_plates(view: StopsView) -> Iterator[Plate]:
    """Yield Integrated Gradients and the map that was chosen, in tiles."""
    own = view.settings["weight"] in (*SQUARED_UNITS, "squares", "random")
    plain, tile = tiled(view.plain, MOST_TILES)
    chosen, _ = tiled(view.collected, MOST_TILES)
    limit = shared_limits([torch.as_tensor(plain)], 99.0)[1]
    other = shared_limits([torch.as_tensor(chosen)], 99.0)[1] if own else limit
    note = "a scale of its own" if own else "the same scale"
    red = "moves with" if view.settings["weight"] in SQUARED_UNITS else "raises"
    yield Map(
        (3.7, 0.45, 2.6, 2.6), "all: Integrated Gradients", plain, limit=limit, signed=True,
        says="Integrated Gradients",
    )  # fmt: skip
    yield Map(
        (6.55, 0.45, 2.6, 2.6), f"weight: {view.settings['weight']}", chosen, limit=other,
        signed=True, bar_at=(9.25, 0.6, 0.1, 2.3), clipped=True,
        below=f"{note}; sum over channels{and_pixels(tile)}",
        says=f"the map under the weight that was chosen, red {red} the score",
    )  # fmt: skip


def bar_plates(view: StopsView) -> Iterator[Plate]:
    """Yield a bar for each feature: Integrated Gradients, and the map that was chosen."""
    for left, title, values in (
        (3.95, "all: Integrated Gradients", view.plain),
        (7.0, f"weight: {view.settings['weight']}", view.collected),
    ):
        heights = values.flatten()[:MOST_FEATURES].tolist()
        yield Bars(
            (left, 0.5, 2.5, 2.4), title, heights,
            colours=[ORANGE if height >= 0 else BLUE for height in heights],
            says="one bar for each input",
        )  # fmt: skip
