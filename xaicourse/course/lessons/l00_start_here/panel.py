"""Attribution explorer: a photo, a class, a method, a display; and patches that turn grey."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import ipywidgets
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.methods import all_methods
from xaicourse.plot.scale import reduce_channels, shared_limits
from xaicourse.plot.style import BLUE, ORANGE
from xaicourse.widgets.controls import Choice
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.patch_grid import PatchGrid, all_places
from xaicourse.widgets.plates import Bars, Box, Map, Photo, Plate, and_pixels, tiled
from xaicourse.widgets.work import Memory

__all__ = ["AttributionPanel", "AttributionView", "PatchGrid"]

OCCLUSION = "occlusion"
GREY = 0.5
PHOTO_AT = (0.3, 0.3, 2.55, 2.55)  # where the buttons lie
CHUNK = 4  # greyed photos in one forward pass: between two of them a newer move is heard
DRAWN_EVERY = 16  # patches: an unfinished occlusion map is drawn so often
MOST_TILES = 56  # a finer map cannot be read on the screen
MOST_SCORES, MOST_MAPS = 512, 64  # kept in memory: about 8 kB and 0.6 MB each
SHARED, OWN = "shared by all classes", "own"
SIGNED, ABSOLUTE = "signed", "absolute"


@documented
class AttributionView:
    """What the attribution panel shows."""

    settings: Settings
    photo: Annotated[Tensor, "(1, 3, H, W): The photo with its grey patches."]
    values: Annotated[np.ndarray, "(h, w): The map of the intact photo, signed or absolute."]
    limit: Annotated[float, "End of the colour scale."]
    score: Annotated[float, "Logit of the class with the grey patches."]
    score_before: Annotated[float, "Logit of the class for the intact photo."]
    scores: Annotated[Mapping[str, float], "The same for each class, with the grey patches."]
    scores_before: Annotated[Mapping[str, float], "And for the intact photo."]
    share_done: Annotated[float, "Below 1 while the occlusion map is still filling up."]

    @property
    def change(self) -> float:
        """Logit with the grey patches minus logit of the intact photo."""
        return self.score - self.score_before


class AttributionPanel(Panel):
    """Explore maps of a photo: class, method, sign, scale; grey patches and read the logit.

    Parameters
    ----------
    model : callable
        Images in [0, 1], (N, 3, H, W), to scores (N, K).
    photos : dict of str to Tensor (1, 3, H, W)
        Name -> photo.
    classes : dict of str to int
        Name -> index of the class. The shared scale is shared by these classes.
    methods : sequence of str
        "occlusion" or names in ``xc.METHODS``.
    side : int
        Patches along each side; it must divide H and W.

    Raises
    ------
    ValueError
        If a photo, class or method is missing, a method is unknown, or `side` does not divide the
        photo's sides.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2)).eval()
    >>> photos = {"grey": torch.full((1, 3, 4, 4), 0.5)}
    >>> panel = xc.widgets.AttributionPanel(net, photos, {"a": 0, "b": 1}, side=2)
    >>> panel.set(patches=[(0, 1)])  # grey on grey
    >>> abs(panel.result.change) < 1e-6
    True
    """

    title = "attribution explorer, photo, class, method and display"
    size = (9.4, 3.2)
    photo, class_, method = Choice("photos"), Choice("classes"), Choice("methods")
    display = Choice([SIGNED, ABSOLUTE])
    scale = Choice([SHARED, OWN])

    def __init__(
        self,
        model: Callable[..., Any],
        photos: Mapping[str, Tensor],
        classes: Mapping[str, int],
        *,
        methods: Sequence[str] = (OCCLUSION, "gradient", "input_x_gradient"),
        side: int = 8,
    ) -> None:
        check_filled(photos=photos, classes=classes, methods=methods)
        for name, photo in photos.items():
            if photo.ndim != 4 or len(photo) != 1 or any(n % side for n in photo.shape[2:]):
                raise ValueError(
                    f"photo {name!r} must have shape (1, C, H, W) with H and W divisible by "
                    f"{side}, got {tuple(photo.shape)}"
                )
        known = [OCCLUSION, *all_methods()]
        for name in methods:
            if name not in known:
                raise ValueError(f"method {name!r} is unknown; there are {', '.join(known)}")
        self.model, self.photos, self.classes = model, dict(photos), dict(classes)
        self.methods, self.side = methods, side
        self.scores = Memory(MOST_SCORES)  # (photo, patches) -> (K,)
        self.maps = Memory(MOST_MAPS)  # (photo, method, class) -> (C, H, W)
        super().__init__({"patches": PatchGrid(side)})

    def cover(self) -> tuple[ipywidgets.DOMWidget, Box]:
        return self.controls["patches"].without_squares(), PHOTO_AT

    def compute(self, settings: Mapping[str, Any]) -> Generator[AttributionView | None, None, None]:
        """Yield the view; an occlusion map fills up from the top, other maps are made at once."""
        photo, method, maps = settings["photo"], settings["method"], {}
        if method == OCCLUSION:
            effects = yield from self.maps.walk((photo, OCCLUSION), self._occlude(settings))
            maps = self._of_classes(effects)
        else:
            for name in self.classes:
                maps[name] = self.maps.once((photo, method, name), self._explain, settings, name)
                yield None
        yield self._view(settings, maps, 1.0)

    def _explain(self, settings: Mapping[str, Any], name: str) -> Tensor:
        """Return the map of one class, (C, H, W)."""
        method, x = all_methods()[settings["method"]].method, self.photos[settings["photo"]]
        return method(self.model, x, target=self.classes[name])[0].detach().cpu()

    def _occlude(self, settings: Mapping[str, Any]) -> Generator[Any, None, Tensor]:
        """Grey patch after patch; return what each takes from the logits, (side, side, K)."""
        photo, places = settings["photo"], all_places(self.side)
        start = self._scores_of(photo, ())
        effects = torch.zeros(self.side, self.side, len(start), dtype=start.dtype)
        for done in range(CHUNK, len(places) + CHUNK, CHUNK):
            some = places[done - CHUNK : done]
            points = torch.cat([self._greyed(photo, [place]) for place in some])
            for place, scores in zip(some, self._run(points), strict=True):
                # kept: when this patch is clicked it is there
                effects[place] = start - self.scores.keep((photo, (place,)), scores)
            worth_a_look = done % DRAWN_EVERY == 0 and done < len(places)
            maps = self._of_classes(effects)
            yield self._view(settings, maps, done / len(places)) if worth_a_look else None
        return effects

    def _of_classes(self, effects: Tensor) -> dict[str, Tensor]:
        """Return the occlusion map of each class, (1, side, side)."""
        return {name: effects[None, ..., index] for name, index in self.classes.items()}

    def _view(
        self, settings: Mapping[str, Any], found: Mapping[str, Tensor], share_done: float
    ) -> AttributionView:
        photo, patches, name = settings["photo"], tuple(settings["patches"]), settings["class"]
        reduce = "sum" if settings["display"] == SIGNED else "abs_sum"
        maps = {k: tiled(reduce_channels(m, reduce), MOST_TILES)[0] for k, m in found.items()}
        shown = [maps[name]] if settings["scale"] == OWN else list(maps.values())
        scores, before = (
            {k: float(logits[index]) for k, index in self.classes.items()}
            for logits in (self._scores_of(photo, patches), self._scores_of(photo, ()))
        )
        return AttributionView(
            settings=dict(settings),
            photo=self._greyed(photo, patches),
            values=maps[name],
            limit=shared_limits(shown, 100.0 if settings["method"] == OCCLUSION else 99.0)[1],
            score=scores[name],
            score_before=before[name],
            scores=scores,
            scores_before=before,
            share_done=share_done,
        )

    def _scores_of(self, photo: str, patches: tuple[tuple[int, int], ...]) -> Tensor:
        """Return all logits of a photo with these patches grey, (K,)."""
        key = photo, patches
        return self.scores.once(key, lambda: self._run(self._greyed(photo, patches))[0])

    def _run(self, points: Tensor) -> Tensor:
        with torch.no_grad():
            return self.model(points).detach().cpu().double()

    def _greyed(self, name: str, patches: Iterable[tuple[int, int]]) -> Tensor:
        """Return a copy of a photo with some patches grey."""
        photo = self.photos[name].clone()
        height, width = (length // self.side for length in photo.shape[-2:])
        for line, column in patches:
            down = slice(line * height, (line + 1) * height)
            photo[..., down, column * width : (column + 1) * width] = GREY
        return photo

    def plates(self, result: AttributionView) -> Iterator[Plate]:
        settings, limit = result.settings, result.limit
        name, signed = settings["class"], settings["display"] == SIGNED
        yield Photo(
            PHOTO_AT, f"photo: {settings['photo']}", result.photo,
            says=f"photo {settings['photo']} with {len(settings['patches'])} grey patches",
            draw=lambda axis: number_patches(axis, result.photo, self.side),
        )  # fmt: skip
        height, width = (n / self.side for n in result.values.shape)
        ends = {-limit: "- own\nlimit"} if signed else {}
        yield Map(
            (3.05, 0.3, 2.55, 2.55), f"{settings['method']}: {name}", result.values, limit,
            signed=signed,
            frames=[(col * width, row * height, width, height) for row, col in settings["patches"]],
            below=units(result, self.side), bar_at=(5.7, 0.45, 0.1, 2.25),
            ticks={**ends, 0: "0", limit: "own\nlimit"} if settings["scale"] == OWN else None,
            says=f"{settings['display']} map of {settings['method']} for {name}, scale: "
            f"{settings['scale']}",
        )  # fmt: skip
        yield Bars(
            (7.35, 0.35, 1.8, 2.4), "logits\n(pale: photo as it is)", list(result.scores.values()),
            title_points=8.5, names=[one.replace(" ", "\n", 1) for one in result.scores],
            pale=list(result.scores_before.values()),
            colours=[ORANGE if one == name else BLUE for one in result.scores], thick=(0.72, 0.36),
            across=True,
            says="the logits of the classes, of the photo as it is and with the grey patches",
            draw=lambda axis: number_logits(axis, result),
        )  # fmt: skip

    def words(self, result: AttributionView) -> Iterator[str]:
        count = len(result.settings["patches"])
        text = f"logit of {result.settings['class']}: {result.score_before:.1f}"
        if count:
            patches = f"{count} grey patch{'es' if count != 1 else ''}"
            text += f" → {result.score:.1f} ({result.change:+.2f}) with {patches}"
        yield text
        if result.share_done < 1:
            yield f"map {100 * result.share_done:.0f} % done, still filling up"


def number_patches(axis: Axes, photo: Tensor, side: int) -> None:
    """Write the numbers of lines and columns beside the photo."""
    names = [str(k + 1) for k in range(side)]
    for set_ticks, length in ((axis.set_yticks, photo.shape[2]), (axis.set_xticks, photo.shape[3])):
        set_ticks((np.arange(side) + 0.5) * length / side - 0.5, names)
    axis.tick_params(length=0, labelsize=7)


def units(view: AttributionView, side: int) -> str:
    """Say what a colour stands for."""
    if view.values.shape == (side, side):
        return "logit minus logit with this patch grey"
    size = "" if view.settings["display"] == SIGNED else " of absolute values"
    tiles = and_pixels(view.photo.shape[-1] // view.values.shape[1])
    return f"sum{size} over channels{tiles};\ncolours clipped at percentile 99"


def number_logits(axis: Axes, view: AttributionView) -> None:
    """Write the logits beside their bars."""
    before, after = list(view.scores_before.values()), list(view.scores.values())
    for place, name in enumerate(view.scores):
        weight = "bold" if name == view.settings["class"] else "normal"
        end = max(after[place], before[place], 0)
        axis.text(end, place, f" {after[place]:.1f}", va="center", fontsize=8, weight=weight)
    reach = max(1e-9, *map(abs, before + after))
    axis.set(xlim=(1.15 * min(0.0, *before, *after), 1.3 * reach), xticks=[])
    axis.spines["bottom"].set_visible(False)
