r"""Paths that a model leads: each next point is chosen by what is felt at the last one.

A walk is a generator. It yields where each row stands, (N, ...), and which rows go on, (N,), and is
sent what its compass (the gradient, say) feels there. All rows step together; one that has arrived
stays where it is and costs nothing more. The points become a `Polyline`, which is a path like any
other: the gradients that lead the way are not those that are summed along it, so that no step is
credited with the very gradient for which it was chosen.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from xaicourse.core.checks import all_finite
from xaicourse.core.gradients import Question, refuse_infinite
from xaicourse.core.path import Nodes, column
from xaicourse.core.progress import progress

__all__ = ["Compass", "Polyline", "Walk", "follow", "slope"]

# yields (points (N, ...), going (N,) bool); is sent what is felt (N, ...), 0 where a row is at rest
Walk = Generator[tuple[Tensor, Tensor], Tensor, None]
# compass(points (P, ...), rows (P,)) -> what is felt there, (P, ...)
Compass = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Polyline:
    """Straight pieces from point to point, each as long in alpha as the others of its row."""

    points: Tensor  # (K+1, N, ...)
    pieces: Tensor  # (N,) how many a row has; behind them its points repeat the last one
    spent: Tensor  # (N,) gradients that it has cost to find them
    backwards: bool = False  # from the last point to the first one

    @property
    def start(self) -> Tensor:
        return self._ends()[int(self.backwards)]

    @property
    def end(self) -> Tensor:
        return self._ends()[1 - int(self.backwards)]

    def _ends(self) -> tuple[Tensor, Tensor]:
        return self.points[0], self.points[-1]

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        k, part = self._place(alpha, row)
        left, right = self.points[k, row], self.points[k + 1, row]
        return torch.lerp(left, right, column(part, left))

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        if self.backwards:
            return -self._between(*self._place(right, row), *self._place(left, row), row)
        return self._between(*self._place(left, row), *self._place(right, row), row)

    def fit(self, nodes: Nodes) -> Nodes:
        """Return the nodes (N, S) with their segments cut where the pieces end.

        Each piece is cut into as equal a number of segments as there can be; where there are fewer
        segments than pieces, each holds whole pieces.
        """
        S = nodes.alpha.shape[1]
        P = self.pieces.cpu().clamp_min(1)[:, None]  # (N, 1)
        m = P.clamp(max=S)  # so many cuts of both meet
        i = ((torch.arange(S) + 1) * m - 1) // S  # (N, S) the cut at or before each segment
        cuts = torch.cat([nodes.left[:, :1], nodes.right], dim=1)
        before, after = (cuts.gather(1, S * k // m) for k in (i, i + 1))
        left, right = ((P * k // m) / P.double() for k in (i, i + 1))

        def moved(t: Tensor) -> Tensor:
            return torch.lerp(left, right, (t - before) / (after - before))

        return Nodes(*(moved(t) for t in (nodes.alpha, nodes.left, nodes.right)))

    def _place(self, alpha: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
        """Return the piece on which alpha lies, and how much of the piece lies before it."""
        pieces = self.pieces[row].clamp_min(1)
        way = (1 - alpha if self.backwards else alpha) * pieces
        nearest = way.round()  # a knot is hit in spite of rounding
        way = torch.where(
            (way - nearest).abs() <= 4 * torch.finfo(way.dtype).eps * pieces, nearest, way
        )
        k = way.long().minimum(pieces - 1)
        return k, way - k

    def _between(self, k: Tensor, part: Tensor, m: Tensor, rest: Tensor, row: Tensor) -> Tensor:
        """Return the way from `part` of piece k to `rest` of piece m >= k.

        Widths times pieces, not differences of nearly equal points.
        """
        first, after, last = self.points[k, row], self.points[k + 1, row], self.points[m, row]
        behind = column(1 - part, first) * (after - first)  # of piece k
        before = column(rest, last) * (self.points[m + 1, row] - last)  # of piece m
        inside = column(rest - part, first) * (after - first)
        return torch.where(column(k == m, first) > 0, inside, behind + (last - after) + before)


def follow(
    compass: Compass,
    walk: Walk,
    most: int,
    description: str,
    backwards: bool = False,
    cost: int = 1,
) -> Polyline:
    """Let a walk run until all its rows rest, `most` steps at most, and keep its points.

    Parameters
    ----------
    compass : callable
        (points (P, ...), rows (P,)) -> what leads on from there (P, ...), such as `slope`.
    walk : generator
        Yields (points (N, ...), going (N,)) and is sent what the compass feels (N, ...).
    most : int
        The most steps of a row.
    description : str
        What stands before the progress bar of a long run.
    backwards : bool
        Whether the path leads from where the walk ends to where it began.
    cost : int
        Gradients that the compass needs at a point.

    Returns
    -------
    Polyline
    """
    place, going = next(walk)
    points = place.new_empty(most + 1, *place.shape)
    points[:2] = place
    pieces = torch.zeros(len(place), dtype=torch.long, device=place.device)
    spent, bar = pieces.clone(), progress(most, description)
    try:
        for k in range(1, most + 1):
            rows = going.nonzero()[:, 0]
            if len(rows) == 0:
                break
            felt = torch.zeros_like(place)
            felt[rows] = compass(place[rows], rows).to(felt)
            spent[rows] += cost
            place, going = walk.send(felt)
            points[k] = place
            pieces[(points[k] != points[k - 1]).flatten(1).any(dim=1)] = k
            bar.update(1)
    finally:
        bar.close()
        walk.close()
    return Polyline(points[: max(1, int(pieces.max())) + 1], pieces, spent, backwards)


def slope(question: Question) -> Compass:
    """Return the compass that feels the gradient of what is explained."""

    def feel(points: Tensor, rows: Tensor) -> Tensor:
        grads, scores = list[Tensor](), list[Tensor]()

        def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
            grads.append(grad)
            scores.append(score)

        question.gradients(points, rows, receive)
        grad = torch.cat(grads)
        if not all_finite(grad):
            bad = ~torch.isfinite(grad).flatten(1).all(dim=1)
            row = int(rows[bad][0])
            refuse_infinite(torch.cat(scores)[bad][:1], "on the way that it leads", first=row)
            raise ValueError(
                f"the gradient of row {row} is NaN or infinite on the way that it "
                "leads; the model is not differentiable there"
            )
        return grad

    return feel
