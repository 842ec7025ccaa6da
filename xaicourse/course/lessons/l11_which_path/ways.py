"""Ways in a plane: the same path as points, and what each input collects along it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.core.gradients import ask
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import Path
from xaicourse.core.walk import Polyline
from xaicourse.methods.integrated.geodesic import geodesic
from xaicourse.methods.integrated.guided import guided_path
from xaicourse.methods.integrated.paths import one_by_one, power, straight
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import GREY, INK, PARTS, new_figure, styled
from xaicourse.widgets.documented import documented

__all__ = ["WAYS", "Way", "draw_ways", "walk_way"]

RULES = {"left": 0.0, "midpoint": 0.5, "right": 1.0}  # where in each step
FINE = 200  # points of a way that is drawn
MOVES = 100


def by_place(start: Tensor, end: Tensor) -> Tensor:
    return torch.arange(end[0].numel()).view(1, *end.shape[1:])


WAYS: dict[str, Any] = {  # name -> what `path=` of path_attribution takes; None: given points
    "straight": straight,
    "x1 first": one_by_one(by_place),
    "x2 first": one_by_one(lambda start, end: -by_place(start, end)),
    "power": power,
    "guided": guided_path(MOVES, max_dist=1.0),
    "geodesic": geodesic(),
    "way-point": None,
}


@documented
class Way:
    """A path from 0 to x in a plane, walked with n steps."""

    line: Annotated[Tensor, "(P, 2): Points of the path, to draw it."]
    nodes: Annotated[Tensor, "(n, 2): Where gradients were taken."]
    shares: Annotated[Tensor, "(2,): What each input collects."]
    rise: Annotated[float, "F(x) - F(0)."]

    @property
    def gap(self) -> float:
        """Sum of the shares minus the rise."""
        return float(self.shares.sum()) - self.rise


@suggest_names
def walk_way(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    way: str,
    *,
    through: tuple[float, float] = (0.5, 0.5),
    unit: float = 1.0,
    n: int = 200,
    rule: str = "midpoint",
) -> Way:
    """Walk a path from (0, 0) to x.

    Parameters
    ----------
    f : callable
        (N, 2) -> (N,).
    x : Tensor (1, 2)
        The end.
    way : str
        straight, x1 first, x2 first, power, guided, geodesic or way-point.
    through : (float, float)
        The way-point, as shares of the ways of x1 and x2.
    unit : float
        The size of a unit of x1: the path is found where x1 is measured in such units.
    n : int
        Steps.
    rule : str
        left, midpoint or right: where in each step the gradient is taken.

    Returns
    -------
    Way
        In the old units.

    Raises
    ------
    ValueError
        For a way or a rule that is not offered.

    Examples
    --------
    >>> import xaicourse as xc
    >>> way = xc.widgets.walk_way(xc.zoo.toy(), xc.zoo.toy_input(), "straight")
    >>> way.shares
    tensor([ 3.7500, -2.7500], dtype=torch.float64)
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, got {way!r}")
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    x = x.double()
    scale = torch.tensor([[unit, 1.0]], dtype=torch.float64)
    question = ask(lambda q: f(q * scale), x / scale, None)
    path = way_of(question, way, through)
    row = torch.zeros(n, dtype=torch.long)
    ends = torch.linspace(0, 1, n + 1, dtype=torch.float64)
    left, right = ends[:-1], ends[1:]
    nodes = path.point(left + RULES[rule] * (right - left), row)
    points = nodes.detach().requires_grad_(True)
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(f(points * scale).sum(), points)
    shares = (slopes * path.step(left, right, row)).sum(0)
    fine = torch.linspace(0, 1, FINE + 1, dtype=torch.float64)
    line = path.point(fine, torch.zeros(FINE + 1, dtype=torch.long))
    both = f(torch.cat([0 * x, x])).detach()
    return Way(line * scale, nodes * scale, shares.detach(), float(both[1] - both[0]))


def way_of(question: Any, way: str, through: tuple[float, float]) -> Path:
    """Return the path of a name."""
    end = question.x
    start = torch.zeros_like(end)
    if WAYS[way] is not None:
        return WAYS[way](question, start, end)
    middle = end * torch.tensor([through], dtype=end.dtype)
    pieces = torch.full((1,), 2)
    return Polyline(torch.stack([start, middle, end]), pieces, torch.zeros_like(pieces))


# ---- drawing -------------------------------------------------------------------------------------


def draw_plane(axis: Axes, f: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Draw the values of f as lines of equal height, grey."""
    high = [float(v) for v in x[0]]
    across = torch.linspace(min(0, high[0]) - 0.15, max(0, high[0]) + 0.15, 81).double()
    up = torch.linspace(min(0, high[1]) - 0.15, max(0, high[1]) + 0.15, 81).double()
    grid = torch.cartesian_prod(across, up)
    with torch.no_grad():
        values = f(grid).view(81, 81).T
    lines = axis.contour(across, up, values, levels=9, colors=GREY, linewidths=0.6, alpha=0.7)
    axis.clabel(lines, fontsize=7, fmt="%.3g")
    axis.set(xlabel="x1", ylabel="x2")


def draw_way(axis: Axes, way: Way, colour: str, name: str = "", nodes: bool = False) -> None:
    """Draw a path, and where its gradients were taken."""
    axis.plot(way.line[:, 0], way.line[:, 1], color=colour, lw=2, label=name or None)
    if nodes:
        axis.plot(way.nodes[:, 0], way.nodes[:, 1], ".", color=colour, ms=5)


@suggest_names
@styled
def draw_ways(
    f: Callable[[Tensor], Tensor], x: Tensor, ways: Mapping[str, Way], *, alt: str, bars: bool
) -> Picture:
    """Draw paths in the plane, and a pair of bars for each.

    Parameters
    ----------
    f : callable
        (N, 2) -> (N,).
    x : Tensor (1, 2)
        Where all paths end.
    ways : dict of str to Way
        Name -> path.
    alt : str
        What is drawn, for a reader who cannot see it.
    bars : bool
        Whether to draw the shares beside them.

    Returns
    -------
    Picture
    """
    figure = new_figure(8.0 if bars else 4.6, 3.1)
    axes = figure.subplots(1, 2 if bars else 1, squeeze=False)[0]
    draw_plane(axes[0], f, x)
    for (name, way), colour in zip(ways.items(), PARTS, strict=False):
        draw_way(axes[0], way, colour, name)
    axes[0].plot([0, float(x[0, 0])], [0, float(x[0, 1])], "o", color=INK, ms=5, zorder=5)
    figure.legend(loc="outside lower left", ncols=4)
    if bars:
        for k, (way, colour) in enumerate(zip(ways.values(), PARTS, strict=False)):
            places = [k - 0.2, k + 0.2]
            axes[1].bar(places, way.shares.tolist(), 0.36, color=colour)
            for place, share, which in zip(places, way.shares.tolist(), ("x1", "x2"), strict=True):
                side = "bottom" if share >= 0 else "top"
                axes[1].annotate(which, (place, share), ha="center", va=side, fontsize=7)
        axes[1].axhline(0, color=GREY, lw=0.8)
        axes[1].set_xticks(range(len(ways)), list(ways), fontsize=8)
        axes[1].margins(y=0.15)
        axes[1].set_ylabel("share")
    return Picture(figure, alt)
