"""Baseline panel: choose what a picture is compared with, and see the map and a second run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.course.lessons.l09_compared_with_what.starts import (
    MOST_DRAWS,
    StartTrace,
    gallery,
    walk,
)
from xaicourse.evaluation.likeness import cosine
from xaicourse.methods.baselines import make_baseline
from xaicourse.plot.scale import shared_limits
from xaicourse.widgets.controls import Choice, LogSlider, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel, check_filled
from xaicourse.widgets.plates import Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["BaselinePanel", "BaselineView", "StartTrace", "gallery"]

FEWEST = 4
MOST_TRACES = 24
CHUNK = 32
SIGNED, SIZES = "with signs", "sizes of the map"


@documented
class BaselineView:
    """What the panel shows."""

    settings: Settings
    trace: Annotated[StartTrace, "The draws of the first run."]
    other: Annotated[StartTrace, "As many draws of a second run."]
    rise: Annotated[float, "F(x) minus the mean of F over the baselines that were drawn."]
    best: Annotated[int, "The class with the largest score at the baseline that is shown."]
    chance: Annotated[float, "Its probability there."]
    inside: Annotated[float | None, "Share of the sizes of the map in the mask, if there is one."]
    score_name: Annotated[str, "What F is, for example 'logit of plus'."]

    @property
    def agreement(self) -> float:
        """The cosine of the maps of both runs."""
        return cosine(self.trace.mean, self.other.mean)

    @property
    def total(self) -> float:
        """What the map adds up to."""
        return float(self.trace.mean.sum())


class BaselinePanel(InputPanel):
    """Explore what a map owes to its baseline: which one, and how many draws.

    Every map is one of Expected Gradients: draws from a set of baselines, which may hold a single
    one. A second run with other draws stands beside it.

    Parameters
    ----------
    model, x, target, output, batch_size
        As for `xc.expected_gradients`; x holds one image in [0, 1].
    baselines : dict of str to name, number or Tensor (M, C, H, W)
        Name -> one baseline or a set of them.
    mask : Tensor (1, 1, H, W), optional
        Where the truth is known to lie.
    samples : int
        The number of draws that is set at first.
    labels : sequence of str, optional
        Names of the classes, used in words.

    Raises
    ------
    ValueError, TypeError
        As for `xc.expected_gradients`; no baseline, or x that is no single image.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels, masks = xc.datasets.planted(1)
    >>> net = xc.zoo.load("planted_cnn", device="cpu")
    >>> panel = xc.widgets.BaselinePanel(net, x, 0, baselines={"black": "black"}, samples=8)
    >>> panel.result.trace.maps.shape
    torch.Size([8, 1, 32, 32])
    """

    title = "baseline panel, what the picture is compared with"
    size = (10.0, 2.75)
    baseline = Choice("baselines")
    draws = LogSlider(FEWEST, MOST_DRAWS, step=1, base=2, digits=".0f")
    shown = Choice([SIGNED, SIZES])

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        baselines: Mapping[str, Any],
        mask: Tensor | None = None,
        samples: int = 64,
        output: str = "logit",
        labels: Sequence[str] | None = None,
        batch_size: int | None = CHUNK,
    ) -> None:
        self.question = self.look_at(model, x, target, output, labels, batch_size)
        if not is_image(x):
            raise ValueError(f"x must be one image (1, C, H, W), got shape {tuple(x.shape)}")
        check_filled(baselines=baselines)
        self.baselines = {name: as_set(given, x) for name, given in baselines.items()}
        self.mask = None if mask is None else mask.bool().cpu()
        self.memory, self.seen = Memory(MOST_TRACES), Memory(MOST_TRACES)
        super().__init__({"draws": samples})

    def compute(self, settings: Mapping[str, Any]) -> Generator[BaselineView | None, None, None]:
        """Yield the view of two runs; maps are kept, so that more draws are added to them."""
        name, n = settings["baseline"], round(settings["draws"])
        runs = []
        for seed in (0, 1):
            trace = self.memory.get((name, seed))
            if trace is None or len(trace.maps) < n:
                work = walk(self.question, self.baselines[name], n, seed)
                trace = self.memory.keep((name, seed), (yield from work))
            runs.append(trace.first(n))
        yield self._view(settings, *runs)

    def _view(
        self, settings: Mapping[str, Any], trace: StartTrace, other: StartTrace
    ) -> BaselineView:
        start = trace.starts[:1].to(self.x)
        with torch.no_grad():
            chances = self.model(start)[0].softmax(0)
        best = int(chances.argmax())
        sizes = trace.mean.abs().sum(0)  # (H, W)
        inside = None if self.mask is None else float(sizes[self.mask[0, 0]].sum() / sizes.sum())
        return BaselineView(
            settings=dict(settings),
            trace=trace,
            other=other,
            rise=self._rise(trace),
            best=best,
            chance=float(chances[best]),
            inside=inside,
            score_name=self.score_name(self.question.output),
        )

    def _rise(self, trace: StartTrace) -> float:
        """Return F(x) minus the mean of F over the baselines that were drawn."""
        starts = trace.starts.to(self.x)
        rows = self.question.rows.expand(len(starts))
        at_starts = self.question.scores(starts, rows)
        return float(self.question.scores_at_x[0] - at_starts.mean())

    def plates(self, result: BaselineView) -> Iterator[Plate]:
        places = [(0.1 + 2.2 * k, 0.3, 2.05, 2.05) for k in range(4)]
        maps = [run.mean.sum(0) for run in (result.trace, result.other)]
        signed = result.settings["shown"] == SIGNED
        if not signed:
            maps = [run.mean.abs().sum(0) for run in (result.trace, result.other)]
        scale = {"limit": shared_limits([maps[0]], 99.0)[1], "signed": signed, "clipped": True}
        name = result.settings["baseline"]
        frames = () if self.mask is None else (around(self.mask),)
        said = "the picture" if self.mask is None else "the picture, with a frame around the mark"
        yield Photo(places[0], "the picture x", self.x.cpu(), frames=frames, says=said)
        start = result.trace.starts[:1].clamp(0, 1)
        yield Photo(places[1], f"baseline: {name}", start, says="the baseline of the first draw")
        what = f"map, {len(result.trace.maps)} draws"
        yield Map(places[2], what, maps[0], says="the map", **scale)
        yield Map(
            places[3], "second run", maps[1], bar_at=(8.95, 0.35, 0.1, 1.95), unit="share of F",
            says="the map of a second run on the same scale", **scale,
        )  # fmt: skip

    def words(self, result: BaselineView) -> Iterator[str]:
        named = f"class {result.best}" if self.labels is None else self.labels[result.best]
        yield f"{result.settings['baseline']}, {len(result.trace.maps)} draws"
        yield f"at the baseline the net says {named} ({number(result.chance)})"
        yield f"rise {number(result.rise)}, the map adds up to {number(result.total)}"
        if result.inside is not None:
            area = number(float(self.mask.double().mean()))  # type: ignore[union-attr]
            yield f"on the mark {number(result.inside)} (area: {area})"
        yield f"cosine with the second run {number(result.agreement)}"

    def intro(self, result: BaselineView) -> str:
        return (
            f"Baseline panel, {result.score_name}, baseline {result.settings['baseline']}, "
            f"{len(result.trace.maps)} draws, {result.settings['shown']}."
        )


def as_set(given: Any, x: Tensor) -> Tensor:
    """Return baselines (M, C, H, W) of a name, a number, or a tensor that holds them already."""
    return given if isinstance(given, Tensor) else make_baseline(given, x)


def around(mask: Tensor) -> tuple[float, float, float, float]:
    """Return the frame around a mask (1, 1, H, W): left, top, width, height."""
    down, across = mask[0, 0].nonzero(as_tuple=True)
    left, top = int(across.min()), int(down.min())
    return left, top, int(across.max()) - left + 1, int(down.max()) - top + 1
