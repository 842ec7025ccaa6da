"""Randomisation panel: method x how many top layers are drawn anew x class."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any

from matplotlib.axes import Axes
from torch import Tensor, nn

from xaicourse.core.registry import ResultKind
from xaicourse.course.lessons.l02_guided_backprop.trace import (
    Likeness,
    likeness,
    randomise_top,
    weight_layers,
)
from xaicourse.methods import all_methods
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, GREY, ORANGE
from xaicourse.widgets.controls import Choice, WholeSlider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Curve, Map, Photo, Plate, tiled
from xaicourse.widgets.work import Memory

__all__ = ["Likeness", "RandomisePanel", "RandomiseView"]
__all__ += ["likeness", "randomise_top", "weight_layers"]

MOST_TILES = 112  # a finer map cannot be read on the screen
MOST_MAPS = 128  # kept in memory
MARKS = {  # how the points of a row of cosines look
    "absolute_control": {"label": "absolute, shuffled", "marker": "x", "ms": 4, "color": GREY},
    "absolute": {"label": "absolute", "marker": "s", "ms": 6.5, "color": ORANGE, "mfc": "none"},
    "signed": {"label": "with signs", "marker": "o", "ms": 3.5, "color": BLUE},
}
LEGEND = {
    "loc": "upper center", "bbox_to_anchor": (0.43, -0.23), "fontsize": 7, "ncols": 3,
    "handletextpad": 0.2, "columnspacing": 0.8, "frameon": False,
}  # fmt: skip


@documented
class RandomiseView:
    """What the randomisation panel shows."""

    settings: Settings
    photo: Annotated[Tensor, "(1, C, H, W): The photo."]
    before: Annotated[Tensor, "(H, W): Map of the original net, summed over channels."]
    after: Annotated[Tensor, "(H, W): Map of the changed net, summed over channels."]
    likeness: Annotated[Likeness, "Their cosines, with controls."]
    visited: Annotated[Mapping[int, Likeness], "Layers -> likeness, where the reader was."]
    layers: Annotated[int, "How many layers are drawn anew."]
    most: Annotated[int, "How many layers there are."]


class RandomisePanel(Panel):
    """Explore what a map still shows when the top layers of the network are drawn anew.

    The class keeps its number, but the network has forgotten what the number means.

    Parameters
    ----------
    model : nn.Module
        Images (N, C, H, W) to scores (N, K); a module, whose weights are drawn anew in a copy.
    x : Tensor (1, C, H, W)
        One photo.
    classes : dict of str to int
        Name -> index of the class.
    methods : sequence of str
        Names in ``xc.METHODS`` whose result has the shape of x.
    layers, seed : int
        How many top layers are drawn anew at first; of the draws.

    Raises
    ------
    TypeError, ValueError
        If the model is not a module, x is not one photo, classes or methods are missing, a method
        gives no value for each pixel, or there are not so many layers.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2)).eval()
    >>> x = torch.full((1, 3, 4, 4), 0.5)
    >>> panel = xc.widgets.RandomisePanel(net, x, {"a": 0, "b": 1}, layers=0)
    >>> round(panel.result.likeness.signed, 6)
    1.0
    """

    title = "randomisation panel, method, class and number of layers drawn anew"
    size = (9.9, 3.4)
    method, class_ = Choice("methods"), Choice("classes")
    layers = WholeSlider(0, "most", width="330px", live=False, label="layers drawn anew")

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        classes: Mapping[str, int],
        *,
        methods: Sequence[str] = ("gradient", "deconvnet", "guided_backprop"),
        layers: int = 1,
        seed: int = 0,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
        if x.ndim != 4 or len(x) != 1:
            raise ValueError(f"x must be one photo, shape (1, C, H, W), got {tuple(x.shape)}")
        check_filled(classes=classes, methods=methods)
        for name in methods:
            record = all_methods().get(name)
            if record is None or record.result is not ResultKind.INPUT:
                raise ValueError(f"method {name!r} is unknown, or gives no value for each pixel")
        self.model, self.x, self.classes, self.seed = model, x, dict(classes), seed
        self.methods, self.most = methods, len(weight_layers(model))
        self.memory = Memory(MOST_MAPS)
        super().__init__({"layers": layers})

    def compute(self, settings: Mapping[str, Any]) -> Generator[RandomiseView | None, None, None]:
        method, name, layers = settings["method"], settings["class"], settings["layers"]
        before = self.memory.once((method, name, 0), self._map, method, name, 0)
        yield None
        after = self.memory.once((method, name, layers), self._map, method, name, layers)
        yield None
        places = [k for k in range(self.most + 1) if (method, name, k) in self.memory]
        visited = {k: likeness(before, self.memory.get((method, name, k))) for k in places}
        yield RandomiseView(
            settings=dict(settings),
            photo=self.x,
            before=before,
            after=after,
            likeness=visited[layers],
            visited=visited,
            layers=layers,
            most=self.most,
        )

    def _map(self, method: str, name: str, layers: int) -> Tensor:
        """Return one map, summed over channels, (H, W)."""
        model = randomise_top(self.model, layers, seed=self.seed) if layers else self.model
        values = all_methods()[method].method(model, self.x, target=self.classes[name])
        return values[0].sum(0).detach().cpu()

    def plates(self, result: RandomiseView) -> Iterator[Plate]:
        layers, name = result.layers, f"{result.settings['method']} for {result.settings['class']}"
        yield Photo((0.05, 0.55, 2.2, 2.2), "photo", result.photo)
        drawn = "all layers" if layers == result.most else f"top {layers} layers"
        drawn = "top layer" if layers == 1 else drawn
        titles = ("original network", f"{drawn} drawn anew" if layers else "original network")
        for k, values in enumerate((result.before, result.after)):
            values, _ = tiled(values, MOST_TILES)  # patterns are compared, not sizes
            yield Map(
                (2.4 + 2.35 * k, 0.55, 2.2, 2.2), f"{name}\n{titles[k]}", values,
                shared_limits([values], 99.0)[1], below="own scale, clipped at percentile 99",
            )  # fmt: skip
        places, lines = sorted(result.visited), []
        for kind, look in MARKS.items():
            row = [getattr(result.visited[k], kind) for k in places]
            lines.append((places, row, {"lw": 0.8, "alpha": 0.5, "color": look["color"]}))
            lines.append((places, row, {"ls": "", **look}))
        yield Curve(
            (7.5, 0.85, 2.3, 1.9), "cosine with the original", lines, here=layers,
            axes={"ylim": (-0.4, 1.08), "xlim": (-0.5, result.most + 0.5)}, legend=LEGEND,
            draw=finish_cosines,
        )  # fmt: skip

    def words(self, result: RandomiseView) -> Iterator[str]:
        found = result.likeness
        yield f"{result.layers} of {result.most} layers drawn anew"
        yield f"cosine with the original {found.signed:z.2f} (shuffled {found.signed_control:z.2f})"
        yield f"absolute maps {found.absolute:z.2f} (shuffled {found.absolute_control:z.2f})"

    def alt(self, result: RandomiseView) -> str:
        settings = result.settings
        return (
            f"Randomisation panel: photo; map of {settings['method']} for {settings['class']} "
            f"from the original network; the same with the top {result.layers} of {result.most} "
            "layers drawn anew, each on its own scale; and the cosine of the two over the number "
            "of layers, with the control of shuffled pixels."
        )


def finish_cosines(axis: Axes) -> None:
    """Add the line at 0, and what is counted."""
    axis.axhline(0, color=GREY, lw=0.8)
    axis.tick_params(labelsize=7.5)
    axis.set_xlabel("layers drawn anew, from the top", fontsize=8)
