"""Walk a straight path once, and keep what is needed to look at any point of it later."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Generator, Mapping
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.adaptive import adaptive_integral
from xaicourse.core.gradients import Question, ask
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import Nodes, StraightPath, disagreement
from xaicourse.core.quadrature import quadrature as make_quadrature
from xaicourse.methods.baselines import make_baseline
from xaicourse.plot import Picture, strips
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one
from xaicourse.widgets.work import finish

SMALL_INPUT, FINE_GRID = 4096, 101  # up to so many numbers, F is drawn from so many points


@documented
class PathTrace:
    """What was found on the straight path from a baseline to x (one input); all on the CPU."""

    start: Annotated[Tensor, "(1, ...): Baseline."]
    end: Annotated[Tensor, "(1, ...): Input."]
    ends: Annotated[tuple[float, float], "F at the baseline and at the input."]
    alphas: Annotated[Tensor, "(S,): The nodes of the quadrature."]
    weights: Annotated[Tensor, "(S,): Their weights."]
    scores: Annotated[Tensor, "(S,): F there."]
    slopes: Annotated[Tensor, "(S,): dF/d(alpha) there."]
    norms: Annotated[Tensor, "(S,): The length of the gradient there."]
    node_edges: Annotated[Tensor, "(S + 1,): Where the part of the path of each node ends."]
    edges: Annotated[Tensor, "(P + 1,): Places from 0 to 1 at which `sums` are known."]
    sums: Annotated[Tensor, "(P + 1, H, W): The map collected up to each edge, over channels."]
    map_error: Annotated[float, "Estimated relative error of the whole map."]
    curve: Annotated[tuple[Tensor, Tensor], "(T,): Places from 0 to 1, and F there, to draw it."]

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
        added, size = self.sums.diff(dim=0), self.sums.shape[1:]  # (S, H, W)
        if len(added) != len(self.alphas):
            got = f"{len(self.alphas)} nodes, but {len(added)} were kept"
            raise ValueError(f"parts needs the map at each of the {got}; use checkpoints=None")
        for name, mask in masks.items():
            if mask.dtype != torch.bool or mask.shape != size:
                got = f"{mask.dtype} {tuple(mask.shape)}"
                raise ValueError(f"masks[{name!r}] must be a bool tensor {tuple(size)}, got {got}")
        return {name: added[:, mask.cpu()].sum(1) for name, mask in masks.items()}

    def strips(self, masks: Mapping[str, Tensor], *, alt: str, **look: Any) -> Picture:
        """Draw film, score and growing attribution by mask; `look` goes to `xc.plot.strips`."""
        rows = self.alphas, self.scores, self.slopes, self.weights, self.parts(masks)
        return strips(self.end, self.start, *rows, alt=alt, ends=self.ends, **look)


@suggest_names
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
    check_one(question.x, "a path belongs to one input")
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    if quadrature == "adaptive":
        record, error = adaptive_record(question, path, steps, checkpoints)
        yield
    else:
        record = Record(path, Nodes.from_rule(*make_quadrature(quadrature, steps), 1), checkpoints)
        listener = listening(question, path, record.add)
        for alphas in record.alphas.to(path.end).split(question.batch_size):
            row = torch.zeros_like(alphas, dtype=torch.long)
            listener.gradients(path.point(alphas, row), row, lambda *chunk: None)
            yield
        even, odd = (torch.as_tensor(half).expand_as(path.end) for half in record.halves)
        error = float(disagreement(even, odd, record.nodes))
    return record.trace(question, error)


def listening(question: Question, path: StraightPath, hear: Callable[..., None]) -> Any:
    """Return a question that calls ``hear(slopes, norm, score)`` for every gradient it is asked.

    `slopes` is dF/d(alpha) by entry, `norm` the length of the gradient.
    """

    def gradients(points: Any, rows: Tensor, receive: Callable[..., None]) -> None:
        def listen(part: slice, chunk: Tensor, grad: Tensor, score: Tensor) -> None:
            slopes = (grad * (path.end - path.start)).cpu().double()  # (P, ...)
            norms = grad.flatten(1).norm(dim=1)
            for node in zip(slopes, norms.tolist(), score.tolist(), strict=True):
                hear(*node)
            receive(part, chunk, grad, score)

        question.gradients(points, rows, listen)

    listener: Any = copy.copy(question)
    listener.gradients = gradients
    return listener


class Record:
    """Adds up what the nodes contribute, in their order, and keeps the sum at some of them."""

    def __init__(self, path: StraightPath, nodes: Nodes, checkpoints: int | None) -> None:
        self.path, self.nodes = path, nodes
        self.alphas, self.weights = nodes.alpha[0], nodes.weight[0]
        count = len(self.alphas)
        stride = 1 if checkpoints is None else -(-count // checkpoints)
        self.stops = [*range(stride, count, stride), count]  # numbers of nodes
        self.heard: list[tuple[float, float, float]] = []  # dF/d(alpha), length, F of each node
        self.halves: list[Any] = [0.0, 0.0]  # the sums over the even and over the odd nodes
        self.sums = [over_channels(torch.zeros(path.end.shape[1:]))]

    def add(self, slopes: Tensor, norm: float, score: float) -> None:
        """Add what the next node contributes."""
        k, slope = len(self.heard), float(slopes.sum())
        if not math.isfinite(slope + norm):
            raise ValueError(
                f"the gradient is NaN or infinite at alpha = {float(self.alphas[k]):.2g}; the "
                "model is not differentiable there"
            )
        self.heard.append((slope, norm, score))
        self.halves[k % 2] = self.halves[k % 2] + self.weights[k] * slopes
        if k + 1 in self.stops:
            self.sums.append(over_channels(self.halves[0] + self.halves[1]))

    def trace(self, question: Question, map_error: float) -> PathTrace:
        """Return the finished trace; F at both ends, at least, is asked for here."""
        path, count = self.path, FINE_GRID if self.path.end.numel() <= SMALL_INPUT else 2
        places = torch.linspace(0, 1, count, dtype=torch.float64)
        at, row = places.to(path.end), torch.zeros(count, dtype=torch.long, device=path.end.device)
        fine = question.scores(lambda p: path.point(at[p], row[p]), row).cpu().double()
        slopes, norms, scores = torch.tensor(self.heard, dtype=torch.float64).T
        known, heights = torch.cat([places, self.alphas]), torch.cat([fine, scores])
        order = known.argsort(stable=True)
        edges = torch.cat([self.nodes.left[0, :1], self.nodes.right[0]])
        return PathTrace(
            start=path.start.cpu(),
            end=path.end.cpu(),
            ends=(float(fine[0]), float(fine[-1])),
            alphas=self.alphas,
            weights=self.weights,
            scores=scores,
            slopes=slopes,
            norms=norms,
            node_edges=edges,
            edges=edges[[0, *self.stops]],
            sums=torch.stack(self.sums),
            map_error=map_error,
            curve=(known[order], heights[order]),
        )


def adaptive_record(
    question: Question, path: StraightPath, steps: int, checkpoints: int | None
) -> tuple[Record, float]:
    """Let the adaptive rule choose the nodes; return what was heard, and the map's error."""
    heard = []
    listener = listening(question, path, lambda s, *rest: heard.append((over_channels(s), *rest)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the cap was reached is seen in the map error
        found = adaptive_integral(listener, path, most=steps)
    used = torch.isfinite(found.alpha[0])  # the order in which the gradients came
    alphas, order = found.alpha[0, used].cpu().sort(stable=True)
    middle = (alphas[1:] + alphas[:-1]) / 2
    left, right = torch.cat([torch.zeros(1).double(), middle]), torch.cat([middle, torch.ones(1)])
    record = Record(path, Nodes(alphas[None], left[None], right[None]), checkpoints)
    record.weights = found.weight[0, used].cpu().double()[order]
    for place in order.tolist():
        record.add(*heard[place])
    return record, float(found.total.map_error[0])


def over_channels(values: Tensor) -> Tensor:
    """Return (H, W) float32 from an image (C, H, W); other shapes keep their axes."""
    return (values.sum(0) if values.ndim == 3 else values).float()
