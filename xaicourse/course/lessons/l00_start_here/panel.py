"""Attribution explorer: a photo, a class, a method, a display; and patches that turn grey."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaicourse.course.lessons.l00_start_here.figure import AttributionView, draw_attribution_view
from xaicourse.course.lessons.l00_start_here.patch_grid import PatchGrid, all_places
from xaicourse.methods import all_methods
from xaicourse.plot.scale import reduce_channels, shared_limits, tile_sums
from xaicourse.widgets.controls import choice
from xaicourse.widgets.panel import Panel

__all__ = ["AttributionPanel", "AttributionView", "PatchGrid"]

OCCLUSION = "occlusion"
GREY = 0.5
CHUNK = 4  # greyed photos in one forward pass: between two of them a newer move is heard
DRAWN_EVERY = 16  # patches: an unfinished occlusion map is drawn so often
MOST_TILES = 56  # a finer map cannot be read on the screen


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

    def __init__(
        self,
        model: Callable[..., Any],
        photos: Mapping[str, Tensor],
        classes: Mapping[str, int],
        *,
        methods: Sequence[str] = (OCCLUSION, "gradient", "input_x_gradient"),
        side: int = 8,
    ) -> None:
        if not photos or not classes or not methods:
            raise ValueError("photos, classes and methods must each hold at least one entry")
        for name, photo in photos.items():
            if photo.ndim != 4 or len(photo) != 1 or any(n % side for n in photo.shape[2:]):
                raise ValueError(
                    f"photo {name!r} must have shape (1, C, H, W) with H and W divisible by "
                    f"{side}, got {tuple(photo.shape)}"
                )
        unknown = [name for name in methods if name != OCCLUSION and name not in all_methods()]
        if unknown:
            raise ValueError(f"method {unknown[0]!r} is unknown; there are occlusion, "
                             f"{', '.join(all_methods())}")  # fmt: skip
        self.model, self.photos, self.classes, self.side = model, dict(photos), dict(classes), side
        self._scores: dict[tuple[Any, ...], Tensor] = {}  # (photo, patches) -> (K,)
        self._maps: dict[tuple[str, str, str], Tensor] = {}  # (photo, method, class) -> (C, H, W)
        self._effects: dict[str, Tensor] = {}  # photo -> (side, side, K)
        super().__init__(
            {
                "photo": choice("photo", list(photos), next(iter(photos))),
                "class": choice("class", list(classes), next(iter(classes))),
                "method": choice("method", list(methods), methods[0]),
                "display": choice("display", ["signed", "absolute"], "signed"),
                "scale": choice("scale", ["shared by all classes", "own"], "shared by all classes"),
                "patches": PatchGrid(side),
            }
        )

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Generator[AttributionView | None, None, None]:
        """Yield the view; what was computed once is kept, so most moves answer at once.

        Occlusion needs one forward pass for each patch: the map fills up from the top.
        """
        photo, method = settings["photo"], settings["method"]
        if method == OCCLUSION and photo not in self._effects:
            for effects, done in self._occlude(photo):
                if done % DRAWN_EVERY == 0 and done < self.side**2:
                    yield self._view(settings, self._of_classes(effects), done)
                else:
                    yield None
            self._effects[photo] = effects
        if method == OCCLUSION:
            maps = self._of_classes(self._effects[photo])
        else:
            for name, index in self.classes.items():
                if (photo, method, name) not in self._maps:
                    explain = all_methods()[method].method
                    values = explain(self.model, self.photos[photo], target=index)
                    self._maps[photo, method, name] = values[0].detach().cpu()
                    yield None
            maps = {name: self._maps[photo, method, name] for name in self.classes}
        yield self._view(settings, maps, self.side**2)

    def _occlude(self, photo: str) -> Generator[tuple[Tensor, int], None, None]:
        """Grey the patches one after the other; yield the effects so far, and how many there are.

        The effect is what greying the patch takes from each logit, (side, side, K).
        """
        start = self._scores_of(photo, ())
        effects = torch.zeros(self.side, self.side, len(start), dtype=start.dtype)
        places = all_places(self.side)
        for first in range(0, len(places), CHUNK):
            some = places[first : first + CHUNK]
            points = torch.cat([self._greyed(self.photos[photo], [place]) for place in some])
            for place, scores in zip(some, self._run(points), strict=True):
                self._scores[photo, (place,)] = scores  # when this patch is clicked it is there
                effects[place] = start - scores
            yield effects, first + len(some)

    def _of_classes(self, effects: Tensor) -> dict[str, Tensor]:
        """Return the occlusion map of each class, (1, side, side)."""
        return {name: effects[None, ..., index] for name, index in self.classes.items()}

    def _view(
        self, settings: Mapping[str, Any], attributions: Mapping[str, Tensor], done: int
    ) -> AttributionView:
        """Put together what is shown; all classes share one scale unless the map has its own."""
        photo, patches = settings["photo"], tuple(settings["patches"])
        before, after = self._scores_of(photo, ()), self._scores_of(photo, patches)
        signed = settings["display"] == "signed"
        maps = {name: displayed(values, signed) for name, values in attributions.items()}
        chosen, index = maps[settings["class"]], self.classes[settings["class"]]
        percentile = 100.0 if settings["method"] == OCCLUSION else 99.0
        shown = [chosen] if settings["scale"] == "own" else list(maps.values())
        return AttributionView(
            settings=dict(settings),
            photo=self._greyed(self.photos[photo], patches),
            values=chosen,
            limit=shared_limits(shown, percentile)[1],
            score=float(after[index]),
            score_before=float(before[index]),
            scores={name: float(after[k]) for name, k in self.classes.items()},
            scores_before={name: float(before[k]) for name, k in self.classes.items()},
            share_done=done / self.side**2,
        )

    def _scores_of(self, photo: str, patches: tuple[tuple[int, int], ...]) -> Tensor:
        """Return all logits of a photo with these patches grey, (K,)."""
        if (photo, patches) not in self._scores:
            self._scores[photo, patches] = self._run(self._greyed(self.photos[photo], patches))[0]
        return self._scores[photo, patches]

    def _run(self, points: Tensor) -> Tensor:
        with torch.no_grad():
            return self.model(points).detach().cpu().double()

    def _greyed(self, photo: Tensor, patches: Sequence[tuple[int, int]]) -> Tensor:
        """Return a copy of the photo with some patches grey."""
        height, width = photo.shape[-2] // self.side, photo.shape[-1] // self.side
        photo = photo.clone()
        for line, column in patches:
            down = slice(line * height, (line + 1) * height)
            photo[..., down, column * width : (column + 1) * width] = GREY
        return photo

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: AttributionView) -> bytes:
        """Return the PNG: the photo with its grey patches, the map, the logits."""
        return draw_attribution_view(result, self.side)

    def describe(self, result: AttributionView) -> str:
        """Return the logit before and after in one line."""
        patches = result.settings["patches"]
        count = f"{len(patches)} grey patch{'es' if len(patches) != 1 else ''}"
        text = f"logit of {result.settings['class']}: {result.score_before:.1f}"
        if patches:
            text += f" → {result.score:.1f} ({result.change:+.2f}) with {count}"
        if result.share_done < 1:
            text += f"  ·  map {100 * result.share_done:.0f} % done, still filling up"
        return text

    def alt(self, result: AttributionView) -> str:
        """Return what the picture shows."""
        settings = result.settings
        return (
            f"Attribution explorer. Left: photo {settings['photo']} with "
            f"{len(settings['patches'])} grey patches. Middle: {settings['display']} map of "
            f"{settings['method']} for {settings['class']}, scale: {settings['scale']}. Right: the "
            "logits of the classes, of the photo as it is and with the grey patches."
        )


def displayed(values: Tensor, signed: bool) -> np.ndarray:
    """Return one number a tile, with or without sign, (h, w)."""
    height, width = values.shape[-2:]
    tile = next(
        t
        for t in range(1, height + 1)
        if height % t == 0 and width % t == 0 and height // t <= MOST_TILES
    )
    return tile_sums(reduce_channels(values, "sum" if signed else "abs_sum"), tile)
