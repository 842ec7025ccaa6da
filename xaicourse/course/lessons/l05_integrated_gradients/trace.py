"""Walk a straight path once, and keep what is needed to look at any point of it later."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.adaptive import adaptive_integral
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import HALVES, StraightPath
from xaicourse.core.quadrature import quadrature as make_quadrature
from xaicourse.methods.baselines import make_baseline
from xaicourse.plot import Picture, strips
from xaicourse.widgets.work import finish

SMALL_INPUT, FINE_GRID = 4096, 101  # up to so many numbers, F is drawn from so many points


@dataclass(frozen=True, eq=False)
class PathTrace:
    """What was found on the straight path from a baseline to x (one input); all on the CPU.

    Parameters
    ----------
    start, end : Tensor (1, ...)
        Baseline and input.
    ends : (float, float)
        F at the baseline and at the input.
    alphas, weights, scores, slopes, norms : Tensor (S,)
        The nodes of the quadrature, their weights, and there: F, dF/d(alpha), the length of the
        gradient.
    node_edges : Tensor (S + 1,)
        Node k accounts for the path from ``node_edges[k]`` to ``node_edges[k + 1]``.
    edges : Tensor (P + 1,)
        Places on the path, from 0 to 1, at which `sums` are known.
    sums : Tensor (P + 1, H, W) or (P + 1, ...)
        The map collected up to each edge, summed over the channels of an image.
    map_error : float
        Estimated relative error of the whole map, from even against odd nodes.
    curve : (Tensor (T,), Tensor (T,))
        Places from 0 to 1 and F there, to draw it: the nodes and the ends, and for a small
        input a fine grid, since forward passes then cost nothing.
    """

    start: Tensor
    end: Tensor
    ends: tuple[float, float]
    alphas: Tensor
    weights: Tensor
    scores: Tensor
    slopes: Tensor
    norms: Tensor
    node_edges: Tensor
    edges: Tensor
    sums: Tensor
    map_error: float
    curve: tuple[Tensor, Tensor]

    @property
    def rise(self) -> float:
        """F(input) - F(baseline)."""
        return self.ends[1] - self.ends[0]

    @property
    def gap(self) -> float:
        """Sum of the whole map minus the rise."""
        return float((self.slopes * self.weights).sum()) - self.rise

    def point_at(self, alpha: float) -> Tensor:
        """Return the point of the path, (1, ...)."""
        return torch.lerp(self.start, self.end, alpha)

    def score_at(self, alpha: float) -> float:
        """Return F, on straight lines between the places where it is known."""
        places, heights = self.curve
        return float(np.interp(alpha, places.numpy(), heights.numpy()))

    def map_at(self, alpha: float) -> Tensor:
        """Return the map collected from the baseline up to alpha: at 1, the whole attribution."""
        place = float(np.interp(alpha, self.edges.numpy(), np.arange(len(self.edges))))
        k = min(int(place), len(self.edges) - 2)
        return torch.lerp(self.sums[k], self.sums[k + 1], place - k)

    def sum_at(self, alpha: float) -> float:
        """Return the sum of the map collected up to alpha."""
        return float(np.interp(alpha, self.node_edges.numpy(), self.totals))

    @property
    def totals(self) -> np.ndarray:
        """The sum of the map collected up to each of `node_edges`, (S + 1,)."""
        return np.concatenate([[0.0], np.cumsum((self.slopes * self.weights).numpy())])

    def parts(self, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what each node adds to the attribution inside each mask (H, W): name -> (S,)."""
        if len(self.sums) != len(self.alphas) + 1:
            raise ValueError(
                f"parts needs the map at each of the {len(self.alphas)} nodes, but "
                f"{len(self.sums) - 1} were kept; trace with checkpoints=None"
            )
        for name, mask in masks.items():
            if mask.dtype != torch.bool or mask.shape != self.sums.shape[1:]:
                raise ValueError(
                    f"masks[{name!r}] must be a bool tensor {tuple(self.sums.shape[1:])}, got "
                    f"{mask.dtype} {tuple(mask.shape)}"
                )
        added = self.sums.diff(dim=0)  # (S, H, W)
        return {name: added[:, mask.cpu()].sum(1) for name, mask in masks.items()}

    def strips(self, masks: Mapping[str, Tensor], *, alt: str, **look: Any) -> Picture:
        """Draw film, score and growing attribution by mask; `look` goes to `xc.plot.strips`."""
        rows = (self.alphas, self.scores, self.slopes, self.weights)
        return strips(
            self.end, self.start, *rows, self.parts(masks), alt=alt, ends=self.ends, **look
        )


def trace_path(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Any = 0.0,
    steps: int = 32,
    quadrature: str = "midpoint",
    output: Any = "logit",
    batch_size: int | None = None,
    checkpoints: int | None = None,
) -> PathTrace:
    """Walk from the baseline to x and return all that a picture of the path needs.

    Parameters
    ----------
    model, x, target, baseline, steps, quadrature, output, batch_size
        As for `xc.integrated_gradients`; x holds one input.
    checkpoints : int, optional
        Keep the collected map at about so many places; None keeps it at every node.

    Returns
    -------
    PathTrace
        On the CPU.

    Raises
    ------
    ValueError, TypeError
        As for `xc.integrated_gradients`; x with more than one row.

    Examples
    --------
    >>> import xaicourse as xc
    >>> trace = xc.widgets.trace_path(xc.zoo.toy(), xc.zoo.toy_input(), steps=4)
    >>> trace.map_at(1.0).tolist()
    [3.75, -2.75]
    """
    question = ask(model, x, target, output, batch_size)
    return finish(walk(question, baseline, steps, quadrature, checkpoints))


def walk(
    question: Question, baseline: Any, steps: int, quadrature: str, checkpoints: int | None = None
) -> Generator[None, None, PathTrace]:
    """Do the work of `trace_path` chunk by chunk: yield after each, return the trace."""
    if len(question.x) != 1:
        raise ValueError(
            f"x has {len(question.x)} rows; a path belongs to one input, pass x[0:1] for the first"
        )
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    if quadrature == "adaptive":
        record = adaptive_record(question, path, steps, checkpoints)
        yield
    else:
        alphas, weights = make_quadrature(quadrature, steps)
        record = Record(path, alphas, weights, checkpoints)
        for first in range(0, len(alphas), question.batch_size):
            record.take(question, slice(first, first + question.batch_size))
            yield
    return record.trace(*end_scores(question, path))


def end_scores(question: Question, path: StraightPath) -> tuple[Tensor, Tensor]:
    """Return places on the path, 0 and 1 among them, and F there from forward passes."""
    count = FINE_GRID if path.end.numel() <= SMALL_INPUT else 2
    alphas = torch.linspace(0, 1, count, dtype=torch.float64)
    places = alphas.to(path.end)
    row = torch.zeros(count, dtype=torch.long, device=path.end.device)
    scores = question.scores(lambda p: path.point(places[p], row[p]), row)
    return alphas, scores.cpu().double()


class Record:
    """Adds up the contributions of the nodes and remembers the sum at some of them."""

    def __init__(
        self, path: StraightPath, alphas: Tensor, weights: Tensor, checkpoints: int | None
    ) -> None:
        self.path, self.alphas, self.weights = path, alphas, weights
        count = len(alphas)
        # node k accounts for the path from edges[k] to edges[k + 1]
        self.edges = torch.cat([torch.zeros(1, dtype=torch.float64), weights.cumsum(0)])
        stride = 1 if checkpoints is None else -(-count // checkpoints)
        self.stops = {*range(stride, count, stride), count}  # numbers of nodes
        self.scores = torch.zeros(count, dtype=torch.float64)
        self.slopes = torch.zeros(count, dtype=torch.float64)
        self.norms = torch.zeros(count, dtype=torch.float64)
        self.halves: list[Any] = [0.0, 0.0]  # the sums over the even and over the odd nodes
        self.sums = [over_channels(torch.zeros(path.end.shape[1:]))]
        self.known_error: float | None = None  # by the adaptive rule, which estimates its own

    def add(self, k: int, slope: Tensor, norm: float, score: float) -> None:
        """Add what node k contributes: dF/d(alpha) by entry, the gradient's length, and F."""
        self.slopes[k], self.norms[k], self.scores[k] = slope.sum(), norm, score
        self.halves[k % 2] = self.halves[k % 2] + self.weights[k] * slope
        if k + 1 in self.stops:
            self.sums.append(over_channels(self.halves[0] + self.halves[1]))

    def take(self, question: Question, part: slice) -> None:
        """Take the gradient at the nodes of `part` and add what they contribute."""
        places = self.alphas[part].to(self.path.end)
        row = torch.zeros(len(places), dtype=torch.long, device=self.path.end.device)

        def receive(chunk: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
            nodes = heard(self.path, grad, score)
            for k, node in enumerate(nodes, start=part.start + chunk.start):
                self.add(k, *node)

        question.gradients(lambda p: self.path.point(places[p], row[p]), row, receive)
        bad = ~torch.isfinite(self.slopes + self.norms)
        if bool(bad.any()):
            alpha = float(self.alphas[int(bad.nonzero()[0])])
            raise ValueError(
                f"the gradient is NaN or infinite at alpha = {alpha:.2g}; the model is not "
                "differentiable there"
            )

    def trace(self, alphas: Tensor, scores: Tensor) -> PathTrace:
        """Return the finished trace; `scores` is F at further places `alphas`, 0 to 1."""
        known = torch.cat([alphas[:1], self.alphas, alphas[1:]])
        order = known.argsort(stable=True)
        heights = torch.cat([scores[:1], self.scores, scores[1:]])
        return PathTrace(
            start=self.path.start.cpu(),
            end=self.path.end.cpu(),
            ends=(float(scores[0]), float(scores[-1])),
            alphas=self.alphas,
            weights=self.weights,
            scores=self.scores,
            slopes=self.slopes,
            norms=self.norms,
            node_edges=self.edges / self.edges[-1],
            edges=(self.edges / self.edges[-1])[[0, *sorted(self.stops)]],
            sums=torch.stack(self.sums),
            map_error=self.map_error(),
            curve=(known[order], heights[order]),
        )

    def map_error(self) -> float:
        """Compare the even nodes with the odd ones, each scaled to the whole path."""
        if self.known_error is not None:
            return self.known_error
        even, odd = self.halves
        share = float(self.weights[::2].sum() / self.weights.sum())
        size = float((even + odd).norm())
        if share > 1 - 1e-9 or size == 0:
            return float("nan")  # one node, or no map: nothing to compare
        return HALVES * float((even / share - odd / (1 - share)).norm()) / (2 * size)


def adaptive_record(
    question: Question, path: StraightPath, steps: int, checkpoints: int | None
) -> Record:
    """Let the adaptive rule choose nodes and weights, listening to the gradients it takes."""
    listener = Listener(question, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the cap was reached is seen in the map error
        found = adaptive_integral(listener, path, tol=None, most=steps)  # type: ignore[arg-type]
    used = torch.isfinite(found.alpha[0])  # the order in which the gradients came
    order = found.alpha[0, used].cpu().argsort(stable=True)
    alphas = found.alpha[0, used].cpu()[order]
    record = Record(path, alphas, found.weight[0, used].cpu().double()[order], checkpoints)
    middle = (alphas[1:] + alphas[:-1]) / 2
    record.edges = torch.cat([torch.zeros(1).double(), middle, torch.ones(1).double()])
    for k, place in enumerate(order.tolist()):
        record.add(k, *listener.nodes[place])
    record.known_error = float(found.total.map_error[0])
    return record


class Listener:
    """A question that keeps, of every gradient it is asked for, what a path trace needs."""

    def __init__(self, question: Question, path: StraightPath) -> None:
        self.question, self.path = question, path
        self.nodes: list[tuple[Tensor, float, float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.question, name)

    def gradients(
        self, points: Any, rows: Tensor, receive: Any, differentiable: bool = False
    ) -> None:
        """Hand each chunk on, after its slopes, summed over channels, were kept."""

        def listen(part: slice, chunk: Tensor, grad: Tensor, score: Tensor) -> None:
            for slope, norm, f in heard(self.path, grad, score):
                self.nodes.append((over_channels(slope), norm, f))
            receive(part, chunk, grad, score)

        self.question.gradients(points, rows, listen, differentiable)


def heard(path: StraightPath, grad: Tensor, score: Tensor) -> Iterator[tuple[Tensor, float, float]]:
    """Yield at each point dF/d(alpha) by entry, the length of the gradient, and F."""
    slopes = (grad * (path.end - path.start)).cpu().double()  # (P, ...)
    yield from zip(slopes, grad.flatten(1).norm(dim=1).tolist(), score.tolist(), strict=True)


def over_channels(values: Tensor) -> Tensor:
    """Return (H, W) float32 from an image (C, H, W); other shapes keep their axes."""
    return (values.sum(0) if values.ndim == 3 else values).float()
