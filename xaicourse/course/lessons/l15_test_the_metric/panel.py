"""Evaluation panel: what a removal test says of maps, and on which choices that hangs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Annotated, Any

import torch
from torch import Tensor

import xaicourse.evaluation as evaluation
from xaicourse.core.near_names import suggest_names
from xaicourse.course.lessons.l15_test_the_metric.scores import (
    COLOURS,
    CONTROLS,
    explained,
    leaderboard,
    scores,
)
from xaicourse.evaluation.interval import Interval
from xaicourse.evaluation.report_of import Report
from xaicourse.plot.style import BLUE, GREY, ORANGE
from xaicourse.widgets.controls import Choice, Slider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Bars, Curve, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = [
    "EvaluationPanel", "EvaluationView", "maps_of_clothes", "removal_report", "removal_scores",
]  # fmt: skip

UNITS = {"tiles of 4": 4, "tiles of 7": 7, "pixels": 1}
KEY, PLACE = "random key", "by place"
SCORES = ("ABPC", "deletion", "insertion")
MOST_CURVES = 400
BELOW = {
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.2),
    "ncols": 4,
    "fontsize": 8,
    "frameon": False,
    "handlelength": 1.6,
    "handletextpad": 0.4,
    "columnspacing": 1.0,
}  # a row of its own: the curves go everywhere
ZEROS = "zeros"


@documented
class EvaluationView:
    """What the panel shows."""

    scores: Annotated[Mapping[str, Tensor], "Map -> one score for each picture."]
    intervals: Annotated[Mapping[str, Interval], "Map -> mean score with its interval."]
    curves: Annotated[Mapping[str, Tensor], "deletion, insertion of A and B, (4, T + 1)."]
    shares: Annotated[Tensor, "(T + 1,): Which share is gone, or back."]
    picture: Annotated[Tensor, "The first picture without the share that was chosen."]
    difference: Annotated[Interval, "Map A minus map B, paired."]
    settings: Settings


class EvaluationPanel(Panel):
    """Explore a removal test: imputer, unit, steps, ties, pictures, output, and two maps.

    Each curve is asked for once and kept: two other maps, a place on the curve or a choice that
    was made before cost no further forward pass.

    Parameters
    ----------
    model : callable
        Pictures (N, C, H, W) -> scores (N, K).
    x : Tensor (N, C, H, W)
        Pictures in [0, 1]; H and W are multiples of 4 and 7.
    target : int or Tensor (N,), optional
        The class; the predicted one without it.
    maps : dict of str to Tensor, optional
        Name -> maps of x; those of lesson 15 without it. A map of zeros is added.
    data : Tensor (M, C, H, W), optional
        Further pictures: their mean, and donors; x without it.
    imputer, unit, steps, ties, pictures, output, score, a, b : str
        What is chosen at first, in the words of the lists.
    share : float
        Which share is gone at first.

    Raises
    ------
    ValueError
        For fewer than five pictures, or a setting that is not offered.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x = xc.datasets.fashion_mnist(n=5).x
    >>> net = xc.zoo.load("fashion_cnn")
    >>> maps = {"picture": x, "turned": -x}
    >>> panel = xc.widgets.EvaluationPanel(net, x, maps=maps, a="picture", b="turned")
    >>> panel.result.scores["picture"].mean() > 0
    tensor(True)
    """

    title = "evaluation panel, a removal test and its choices"
    size = (10.2, 3.5)
    score = Choice(SCORES)
    imputer = Choice("imputers")
    unit = Choice(UNITS)
    steps = Choice(["7", "14"])
    ties = Choice([KEY, PLACE])
    pictures = Choice("counts")
    output = Choice(["probability", "logit"])
    a = Choice("names", "map A")
    b = Choice("names", "map B")
    share = Slider(0, 1, 1 / 14)

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        maps: Mapping[str, Tensor] | None = None,
        data: Tensor | None = None,
        imputer: str = "black",
        unit: str = "tiles of 4",
        steps: str = "7",
        ties: str = KEY,
        pictures: int = 5,
        output: str = "probability",
        score: str = "ABPC",
        a: str = "IG black",
        b: str = "IG white",
        share: float = 3 / 7,
    ) -> None:
        if len(x) < 5:
            raise ValueError(f"x has {len(x)} picture(s); this panel needs 5 or more")
        if maps is None:
            target, maps = explained(model, x, target)
        elif target is None:
            target = model(x).argmax(1)
        self.model, self.x = model, x
        self.target = torch.as_tensor(target).to(x.device).expand(len(x))
        self.maps = {**maps, ZEROS: torch.zeros_like(x[:, :1])}
        self.names = list(self.maps)
        self.counts = [str(n) for n in (5, 20, 60) if n <= len(x)]
        data = x if data is None else data
        self.imputers: dict[str, Any] = {name: name for name in COLOURS}
        self.imputers |= {
            "mean": data.mean(0), "blur": evaluation.Blur(2), "donor": evaluation.Donor(data),
        }  # fmt: skip
        self.memory = Memory(MOST_CURVES)
        first = {
            "score": score, "imputer": imputer, "unit": unit, "steps": steps, "ties": ties,
            "pictures": str(pictures), "output": output, "a": a, "b": b, "share": share,
        }  # fmt: skip
        super().__init__(first)

    def compute(self, settings: Mapping[str, Any]) -> Generator[EvaluationView | None, None, None]:
        """Yield the view; each curve is kept."""
        curves: dict[str, dict[str, Tensor]] = {}
        for name in self.names:
            asked = tuple(settings[k] for k in ("imputer", "unit", "steps", "ties", "output"))
            key = (name, *asked, settings["pictures"])
            fresh = key not in self.memory
            curves[name] = self.memory.once(key, self._curves, name, settings)
            if fresh:
                yield None
        yield self._view(curves, settings)

    def _curves(self, name: str, settings: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return deletion and insertion of a map, one curve a picture."""
        n, unit = int(settings["pictures"]), UNITS[settings["unit"]]
        values = self.maps[name][:n]
        if settings["ties"] == PLACE:
            values = ranked_by_place(values, unit)
        ask: dict[str, Any] = {
            "imputer": self.imputers[settings["imputer"]], "unit": unit,
            "steps": int(settings["steps"]), "output": settings["output"], "batch_size": 200,
        }  # fmt: skip
        found = {}
        for metric in ("deletion", "insertion", "abpc"):  # abpc: its own order of ties
            test = getattr(evaluation, metric)
            result = test(self.model, self.x[:n], values, self.target[:n], **ask)
            found[metric], found[f"{metric} area"] = result.curve.cpu(), result.values.cpu()
        found["shares"] = result.shares.cpu()
        return found

    def _view(
        self, curves: Mapping[str, Mapping[str, Tensor]], settings: Mapping[str, Any]
    ) -> EvaluationView:
        values = {name: score_of(each, settings["score"]) for name, each in curves.items()}
        a, b = settings["a"], settings["b"]
        return EvaluationView(
            scores=values,
            intervals={name: interval_of(v) for name, v in values.items()},
            curves={
                f"{metric} {letter}": curves[name][metric].mean(0)
                for letter, name in (("A", a), ("B", b))
                for metric in ("deletion", "insertion")
            },
            shares=curves[a]["shares"],
            picture=self._without(a, settings),
            difference=interval_of(values[a] - values[b]),
            settings=dict(settings),
        )

    def _without(self, name: str, settings: Mapping[str, Any]) -> Tensor:
        """Return the first picture without the share of tiles that goes first."""
        unit = UNITS[settings["unit"]]
        rank = -ranked_by_place(self.maps[name][:1], unit)
        keep = rank >= settings["share"] * (rank.max() + 1)
        fill = evaluation.make_imputer(self.imputers[settings["imputer"]])
        return fill(self.x[:1], keep.to(self.x)).detach().cpu()

    def plates(self, result: EvaluationView) -> Iterator[Plate]:
        settings = result.settings
        yield Photo(
            (0.15, 0.75, 2.0, 2.0), "first picture, order of A", result.picture.clamp(0, 1),
            below=f"{100 * settings['share']:.0f} % gone", points=8,
            says="the first picture without the tiles that map A removes first",
        )  # fmt: skip
        yield curve_plate(result)
        yield leaderboard_plate(result)

    def words(self, result: EvaluationView) -> Iterator[str]:
        settings, d = result.settings, result.difference
        yield f"{settings['score']}, {settings['pictures']} pictures, imputer {settings['imputer']}"
        yield f"A = {settings['a']}: {number(result.intervals[settings['a']].mean)}"
        yield f"B = {settings['b']}: {number(result.intervals[settings['b']].mean)}"
        sure = "the interval holds 0" if d.low <= 0 <= d.high else "0 is outside"
        yield f"A minus B {number(d.mean)}, from {number(d.low)} to {number(d.high)}: {sure}"
        yield f"ties {settings['ties']}"

    def intro(self, result: EvaluationView) -> str:
        return (
            f"Evaluation panel, {result.settings['score']}, imputer {result.settings['imputer']}."
        )


def score_of(curves: Mapping[str, Tensor], score: str) -> Tensor:
    """Return one score a picture: an area."""
    return curves[f"{score.lower()} area"]


def interval_of(values: Tensor) -> Interval:
    """Return Student's interval, also of a map of zeros, whose ABPC is 0 on each picture."""
    return evaluation.confidence_interval(values, kind="student")


def ranked_by_place(values: Tensor, unit: int) -> Tensor:
    """Return minus the place of each tile in the order; among equals the upper left goes first."""
    tiles = torch.nn.functional.avg_pool2d(values.sum(1, keepdim=True).double(), unit)
    order = (-tiles.flatten(1)).argsort(dim=1, stable=True)
    place = order.argsort(dim=1).view_as(tiles)
    whole = place.repeat_interleave(unit, 2).repeat_interleave(unit, 3)
    return -whole.to(values.dtype)


def curve_plate(result: EvaluationView) -> Plate:
    """Return the plate of the mean curves of both maps."""
    looks = {
        "A": {"color": BLUE, "marker": "o", "ms": 3},
        "B": {"color": ORANGE, "marker": "s", "ms": 3},
    }
    lines = [
        (
            result.shares, curve,
            {**looks[name[-1]], "ls": "-" if name.startswith("del") else ":", "label": name},
        )
        for name, curve in result.curves.items()
    ]  # fmt: skip
    return Curve(
        (2.85, 0.95, 3.0, 2.15), f"mean {result.settings['output']}", lines,
        here=result.settings["share"], legend=BELOW, axes={"xlim": (-0.02, 1.02)},
        draw=lambda axis: axis.set_xlabel("share gone (deletion), back (insertion)", labelpad=1),
        says="the curves of maps A and B: deletion as lines, insertion dotted",
    )  # fmt: skip


def leaderboard_plate(result: EvaluationView) -> Plate:
    """Return the plate of all scores with their intervals, the best on top, controls grey."""
    best_first = result.settings["score"] != "deletion"
    names = sorted(result.scores, key=lambda m: result.intervals[m].mean, reverse=best_first)
    means = [result.intervals[name].mean for name in names]
    halves = [result.intervals[name].high - result.intervals[name].mean for name in names]
    blind = (*CONTROLS, ZEROS)

    def small(axis: Any) -> None:
        axis.tick_params(axis="y", labelsize=8, length=0)
        axis.errorbar(means, range(len(names)), xerr=halves, fmt="none", ecolor="black", lw=1)

    return Bars(
        (7.3, 0.4, 2.75, 2.8), f"{result.settings['score']}, best on top", means, names=names,
        across=True, colours=[GREY if name in blind else BLUE for name in names], thick=(0.8, 0.7),
        draw=small, below="bars in grey never saw the network", points=8,
        says=f"the {result.settings['score']} of {len(names)} maps with intervals: "
        + ", ".join(f"{name} {mean:.2f}" for name, mean in zip(names, means, strict=True)),
    )  # fmt: skip


def maps_of_clothes(
    model: Callable[..., Any], x: Tensor, target: Any = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the twelve maps of lesson 15: eight methods, and four maps that see no network.

    Parameters
    ----------
    model : torch.nn.Module
        Pictures (N, 1, H, W) -> scores (N, K), with convolutions.
    x : Tensor (N, 1, H, W)
        Pictures.
    target : int or Tensor (N,), optional
        The class; the predicted one without it.

    Returns
    -------
    (Tensor, dict)
        The classes, (N,), and name -> map, (N, 1, H, W), of the probability.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x = xc.datasets.fashion_mnist(n=2).x
    >>> target, maps = xc.widgets.maps_of_clothes(xc.zoo.load("fashion_cnn"), x)
    >>> len(maps)
    12
    """
    return explained(model, x, target)


@suggest_names
def removal_scores(
    imputer: str, metric: str = "abpc", *, net: str = "fashion_cnn", unit: int = 4
) -> dict[str, Tensor]:
    """Return stored scores of the twelve maps of lesson 15 on the first 100 pictures of clothes.

    Parameters
    ----------
    imputer : str
        black, grey, white; for fashion_cnn and unit 4 also mean, blur, linear, donor.
    metric : str
        abpc, deletion or insertion. Here abpc is insertion minus deletion; ``xc.evaluation.abpc``
        puts equal values in another order, which moves means of maps with many zeros by up to 0.03.
    net : str
        fashion_cnn or, with unit 4, fashion_residual.
    unit : int
        4 (tiles of 4 x 4 pixels) or 1 (pixels).

    Returns
    -------
    dict of str to Tensor (100,)
        Map -> one score for each picture; made by data/measure_removal.py.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.widgets.removal_scores("grey")["IG grey"].shape
    torch.Size([100])
    """
    return scores(imputer, metric, net=net, unit=unit)


@suggest_names
def removal_report(
    names: Any, imputers: Any, *, net: str = "fashion_cnn", pictures: int = 100
) -> Report:
    """Return stored ABPC scores as a report, for ``xc.plot.report``: maps by imputers.

    Parameters
    ----------
    names : sequence of str
        Maps of lesson 15.
    imputers : sequence of str
        As for `removal_scores`.
    net : str
        fashion_cnn or fashion_residual.
    pictures : int
        Of how many of the 100 pictures.

    Returns
    -------
    Report
        Each mean with its interval and the random control.

    Examples
    --------
    >>> import xaicourse as xc
    >>> found = xc.widgets.removal_report(["IG grey"], ["grey"])
    >>> found.row("IG grey", "tiles become grey").better
    True
    """
    return leaderboard(names, imputers, net=net, pictures=pictures)
