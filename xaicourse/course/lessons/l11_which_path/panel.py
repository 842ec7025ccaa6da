"""Way panel: paths in a plane, what each input collects along them, and the same on a photo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.course.lessons.l11_which_path.family import draw_family
from xaicourse.course.lessons.l11_which_path.stored import StoredPaths, stored_paths
from xaicourse.course.lessons.l11_which_path.ways import (
    RULES,
    WAYS,
    Way,
    draw_plane,
    draw_way,
    draw_ways,
    walk_way,
)
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, INK, ORANGE
from xaicourse.widgets.controls import Choice, Slider, WholeSlider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Bars, Map, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = [
    "StoredPaths",
    "Way",
    "WayPanel",
    "WayView",
    "draw_family",
    "draw_ways",
    "stored_paths",
    "walk_way",
]

ON_PHOTO = {  # a path in the plane -> the path of the photo's map
    "straight": "straight (IG)",
    "x1 first": "corner",
    "x2 first": "random order",
    "power": "power",
    "guided": "Guided, free",
    "geodesic": "Geodesic",
}
UNITS = {"1/4": 0.25, "1": 1.0, "4": 4.0}
MOST_WAYS = 64


@documented
class WayView:
    """What the panel shows."""

    settings: Settings
    way: Annotated[Way, "The path that was chosen."]
    plain: Annotated[Way, "The straight line, 200 midpoints."]
    photo_map: Annotated[Tensor | None, "(H, W): The photo's map along such a path, or None."]
    photo_path: Annotated[str, "Its name in the stored table."]


class WayPanel(Panel):
    """Explore what the path, its quadrature and the units of an input make of two shares.

    Parameters
    ----------
    functions : dict of str to (callable, Tensor)
        Name -> f, (N, 2) -> (N,), and the end x (1, 2) of its paths, which begin at 0.
    photo_maps : dict of str to Tensor (H, W), optional
        Maps of one photo along paths, by the names of the stored table.
    way, rule, n : str, str, int
        What is set at first.

    Raises
    ------
    ValueError
        `functions` without an entry, or a name that is not offered.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy = (xc.zoo.toy(), xc.zoo.toy_input())
    >>> panel = xc.widgets.WayPanel({"TOY net": toy}, way="x2 first", n=200)
    >>> [round(float(share)) for share in panel.result.way.shares]
    [-2, 3]
    """

    title = "way panel, which path and what it collects"
    size = (10.0, 3.2)
    function = Choice("functions")
    way = Choice(list(WAYS))
    across = Slider(-0.5, 1.5, 0.05)
    up = Slider(-0.5, 1.5, 0.05)
    unit = Choice(list(UNITS), label="unit of x1")
    rule = Choice(list(RULES))
    n = WholeSlider(1, 200)

    def __init__(
        self,
        functions: Mapping[str, tuple[Callable[[Tensor], Tensor], Tensor]],
        *,
        photo_maps: Mapping[str, Tensor] | None = None,
        way: str = "straight",
        rule: str = "midpoint",
        n: int = 40,
    ) -> None:
        check_filled(functions=functions)
        self.functions = dict(functions)
        self.photo_maps = dict(photo_maps or {})
        self.memory = Memory(MOST_WAYS)
        first = {"way": way, "across": 0.25, "up": 0.75, "unit": "1", "rule": rule, "n": n}
        super().__init__(first)

    def compute(self, settings: Mapping[str, Any]) -> WayView:
        """Return the view; a way that was walked is kept."""
        f, x = self.functions[settings["function"]]
        key = tuple(settings.values())
        way = self.memory.once(key, self._walk, f, x, dict(settings))
        plain = self.memory.once(("plain", settings["function"]), walk_way, f, x, "straight")
        name = ON_PHOTO.get(settings["way"], "")
        return WayView(
            settings=dict(settings),
            way=way,
            plain=plain,
            photo_map=self.photo_maps.get(name),
            photo_path=name,
        )

    def _walk(self, f: Any, x: Tensor, settings: dict[str, Any]) -> Way:
        return walk_way(
            f, x, settings["way"], through=(settings["across"], settings["up"]),
            unit=UNITS[settings["unit"]], n=settings["n"], rule=settings["rule"],
        )  # fmt: skip

    def plates(self, result: WayView) -> list[Plate]:
        f, x = self.functions[result.settings["function"]]

        def draw(axis: Axes) -> None:
            draw_plane(axis, f, x)
            draw_way(axis, result.way, ORANGE, nodes=result.settings["n"] <= 60)
            axis.plot([0, float(x[0, 0])], [0, float(x[0, 1])], "o", color=INK, ms=5, zorder=5)

        said = f"the path {result.settings['way']} from the origin to x in the plane of both inputs"
        title = f"{result.settings['function']}, {result.settings['way']}"
        shares = result.way.shares.tolist()
        plates: list[Plate] = [
            Plate((0.6, 0.55, 3.3, 2.35), title, draw=draw, says=said),
            Bars(
                (4.5, 0.55, 1.9, 2.35), "collected (pale: straight line)", shares,
                pale=result.plain.shares.tolist(),
                colours=[ORANGE if share >= 0 else BLUE for share in shares],
                says="a bar for each input, before a pale one for the straight line",
            ),
        ]  # fmt: skip
        if result.photo_map is not None:
            limit = shared_limits([result.photo_map], 99.0)[1]
            plates.append(
                Map(
                    (6.75, 0.55, 2.35, 2.35), f"the photo: {result.photo_path}", result.photo_map,
                    limit=limit, signed=True, bar_at=(9.2, 0.65, 0.1, 2.1), clipped=True,
                    below="stored map, tiles of 8 × 8 pixels; a scale of its own",
                    says=f"the stored map of the photo along the path {result.photo_path}",
                )
            )  # fmt: skip
        return plates

    def words(self, result: WayView) -> list[str]:
        one, two = (number(share) for share in result.way.shares.tolist())
        rise = number(result.way.rise)
        lines = [
            f"path {result.settings['way']}",
            f"x1 gets {one}, x2 gets {two}",
            f"sum {number(float(result.way.shares.sum()))}, rise {rise}",
            f"{result.settings['n']} steps, {result.settings['rule']}",
        ]
        if result.settings["way"] == "way-point":
            across, up = result.settings["across"], result.settings["up"]
            lines.append(f"way-point at {across:.2f} and {up:.2f} of the way")
        elif self.photo_maps and result.photo_map is None:
            lines.append("no stored map of the photo")
        return lines

    def intro(self, result: WayView) -> str:
        return (
            f"Way panel, {result.settings['function']}, path {result.settings['way']}, "
            f"unit of x1 {result.settings['unit']}."
        )
