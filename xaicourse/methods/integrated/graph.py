"""Graph-based Integrated Gradients (2025): along all shortest paths of a graph."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_axes
from xaicourse.core.gradients import ask
from xaicourse.core.path import Nodes, path_integral, rows_of
from xaicourse.core.quadrature import quadrature
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_graph_classifier

__all__ = ["graph_ig"]

POINTS = ("left", "midpoint")
Graph = list[set[int]]  # the neighbours of each node


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: one for each point on the shortest paths."""
    if settings.get("edges") is None:
        return 1
    graph = _graph(settings["edges"], None)
    walk = shortest_paths(graph, settings.get("base"), settings.get("node", 0))
    return len(walk) if settings.get("at") == "midpoint" else len({u for u, _, _ in walk})


@attribution_method(
    title="Graph-based Integrated Gradients",
    year=2025,
    paper="arXiv:2509.07648",
    family="integrated",
    input="graph",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=small_graph_classifier,
)
def graph_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    edges: Any = None,
    node: int = 0,
    base: int | None = None,
    at: str = "left",
    average: bool = False,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Sum gradients along all shortest paths of a graph, through the features of its nodes.

    .. math::
        A = \sum_{\gamma \in \Gamma(b, v)} \; \sum_{(u, w) \in \gamma}
        (X_w - X_u) \odot \nabla F(X_u)

    :math:`\Gamma` are the shortest paths from the base node b to the explained node v, and F(z) is
    the score with the features of v replaced by z. No path is listed: an edge is met
    :math:`n_b(u)\, n_v(w)` times, the numbers of shortest paths from b to u and from w to v.

    Parameters
    ----------
    model : callable
        (N, V, F) -> (N, K), the scores of the node; or (N, V, K), and target=(node, class).
    x : Tensor (N, V, F)
        The features of V nodes.
    edges : list of (int, int), or Tensor (V, V)
        The undirected graph: pairs of nodes, or a matrix that is not 0 where two are joined.
    node : int
        v, the node that is explained.
    base : int or None
        b. None is, among the nodes farthest from v, the one with the largest path entropy, the sum
        of :math:`-p \log_2 p` over its shortest paths, where p is the product over a path's nodes
        of 1 / degree; of equals the first.
    at : str
        Where on an edge the gradient is taken: ``"left"``, at u, as in the paper, or
        ``"midpoint"``.
    average : bool
        Divide by the number of paths, so that a linear F gives its rise and not a multiple of it.

    Returns
    -------
    Tensor (N, V, F)
        In units of F; only the row of v is not 0. The details hold `base`, the number of ``paths``,
        the ``expected_total``, that many times F at v's features minus F at those of b (once with
        `average`), and `gap`, the sum minus that, which is 0 for linear F.

    Raises
    ------
    ValueError, TypeError
        Also where the graph is missing, a node is not in it, or no path leads from b to v.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity. Not completeness: an edge is one step,
    however far apart its nodes are, and the sum may even have the wrong sign; `gap` tells. The
    paper's text leaves open whether node u is asked in its own place of the graph; here one F, that
    of v, is followed, which makes each path a line integral.

    **Cost.** 1 gradient a row for each node on a shortest path but v; with at="midpoint" one for
    each edge.

    **Fails when** neighbours have equal features (constant ones, say): the map is 0.

    References
    ----------
    .. [simpson2025] L. Simpson, K. Millar, A. Cheng, C.-C. Lim, H. G. Chew, 2025, arXiv:2509.07648.

    Examples
    --------
    Two shortest paths lead through the 4-cycle, so a linear F gives twice its rise of 1:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[[3.0], [5.0], [2.0], [0.0]]])
    >>> ring = [(0, 1), (1, 2), (2, 3), (3, 0)]
    >>> xc.graph_ig(lambda x: x[:, 0, 0], x, edges=ring).flatten().tolist()
    [2.0, 0.0, 0.0, 0.0]
    """
    check_axes(x, 3, "the features of nodes (N, V, F)")
    if at not in POINTS:
        raise ValueError(f"at must be one of {', '.join(POINTS)}, got {at!r}")
    question = ask(model, x, target, **asked)
    f_end = question.scores_at_x
    graph = _graph(edges, x.shape[1])
    base = far_node(graph, node) if base is None else base
    walk = shortest_paths(graph, base, node)
    paths = count_paths(graph, base)[1][node]
    path = NodePath.of(question.x, walk, base, node, at, 1 / paths if average else 1.0)
    nodes = Nodes.from_rule(*quadrature("left", path.points.shape[1]), n_rows=len(x))
    total = path_integral(question, path, nodes, description="graph paths")
    f_start, f_end = (f.to(total.values) for f in (question.scores_at(path.start), f_end))
    expected = (f_end - f_start) * (1 if average else paths)
    return Attribution.of(
        question,
        total.values,
        f_start=f_start,
        f_end=f_end,
        gap=total.values.flatten(1).sum(1) - expected,
        gradients=total.gradients,
        endpoints=(path.start, path.end),
        settings={"base": base},
        extra={"paths": paths, "expected_total": expected},
    )


@dataclass(frozen=True, eq=False)
class NodePath:
    """The points at which gradients are taken, all paths in one: a `Path` of K steps."""

    start: Tensor  # (N, V, F)  with the features of the base node in the place of v's
    end: Tensor
    node: int
    points: Tensor  # (N, K, F)
    steps: Tensor  # (N, K, F)  how far is gone from each point, added up over all paths

    @classmethod
    def of(
        cls,
        x: Tensor,
        walk: list[tuple[int, int, int]],
        base: int,
        node: int,
        at: str,
        scale: float,
    ) -> "NodePath":
        """Lay the steps of a walk [(u, w, times)]; those from the same point are added up."""
        start = x.clone()
        start[:, node] = x[:, base]
        where = {key: k for k, key in enumerate(dict.fromkeys(_key(u, w, at) for u, w, _ in walk))}
        points, steps = (x.new_zeros(len(x), len(where), x.shape[2]) for _ in range(2))
        for u, w, times in walk:
            k = where[_key(u, w, at)]
            points[:, k] = x[:, u] if at == "left" else (x[:, u] + x[:, w]) / 2
            steps[:, k] += times * scale * (x[:, w] - x[:, u])
        return cls(start, x, node, points, steps)

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        moved = rows_of(self.end, row).clone()
        moved[:, self.node] = self.points[row, self._number(alpha)]
        return moved

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        gone = torch.zeros_like(rows_of(self.end, row))
        gone[:, self.node] = self.steps[row, self._number(left)]
        return gone

    def _number(self, alpha: Tensor) -> Tensor:
        return (alpha * self.points.shape[1] + 0.5).long()  # alpha is k / K


def _key(u: int, w: int, at: str) -> tuple[int, ...]:
    """Return what tells one point of the walk from another."""
    return (u,) if at == "left" else (u, w)


# ---- the graph -----------------------------------------------------------------------------------


def count_paths(graph: Graph, start: int) -> tuple[list[int], list[int]]:
    """Return the distance of each node from `start` (-1: none) and its number of shortest paths."""
    distance, number = [-1] * len(graph), [0] * len(graph)
    distance[start], number[start] = 0, 1
    queue = deque([start])
    while queue:
        u = queue.popleft()
        for w in sorted(graph[u]):
            if distance[w] < 0:
                distance[w] = distance[u] + 1
                queue.append(w)
            if distance[w] == distance[u] + 1:
                number[w] += number[u]
    return distance, number


def shortest_paths(graph: Graph, base: int | None, node: int) -> list[tuple[int, int, int]]:
    """Return the edges (u, w) of all shortest paths to `node`, and how often each is met."""
    base = far_node(graph, node) if base is None else base
    for name, number in (("node", node), ("base", base)):
        _check_node(number, name, len(graph))
    if base == node:
        raise ValueError(f"base is node {node} itself; choose another node to start from")
    (from_base, before), (from_node, after) = count_paths(graph, base), count_paths(graph, node)
    length = from_base[node]
    if length < 0:
        raise ValueError(f"no path leads from base {base} to node {node}; choose another base")
    return [
        (u, w, before[u] * after[w])
        for u in sorted(range(len(graph)), key=lambda u: from_base[u])
        for w in sorted(graph[u])
        if from_base[u] >= 0 and from_base[u] + 1 + from_node[w] == length and from_node[w] >= 0
    ]


def far_node(graph: Graph, node: int) -> int:
    """Return the farthest node, of several the one with the largest path entropy."""
    _check_node(node, "node", len(graph))
    distance = count_paths(graph, node)[0]
    if max(distance) == 0:
        raise ValueError(f"node {node} has no neighbours, so that no path leads to it")
    entropy = path_entropy(graph, node)
    far = [v for v, d in enumerate(distance) if d == max(distance)]
    return max(far, key=lambda v: (round(entropy[v], 12), -v))


def path_entropy(graph: Graph, node: int) -> list[float]:
    """Return sum of -p log2 p over the shortest paths between each node and `node`.

    p is the product of 1 / degree over a path's nodes, so that sums of p and of -p log2 p go from
    node to node, and no path is listed.
    """
    distance = count_paths(graph, node)[0]
    p, entropy = [0.0] * len(graph), [0.0] * len(graph)
    for v in sorted((v for v, d in enumerate(distance) if d >= 0), key=lambda v: distance[v]):
        degree = max(1, len(graph[v]))
        before = [u for u in graph[v] if distance[u] == distance[v] - 1]
        reached = sum(p[u] for u in before) if before else 1.0
        p[v] = reached / degree
        entropy[v] = (sum(entropy[u] for u in before) + reached * log2(degree)) / degree
    return entropy


def _graph(edges: Any, nodes: int | None) -> Graph:
    """Return the neighbours of each node, or raise."""
    if isinstance(edges, Tensor) and edges.dim() == 2 and edges.shape[0] == edges.shape[1] != 2:
        nodes = len(edges) if nodes is None else nodes
        if len(edges) != nodes:
            raise ValueError(f"edges has shape {tuple(edges.shape)}, but x has {nodes} nodes")
        pairs = (edges != 0).nonzero().tolist()
    else:
        pairs = edges.tolist() if isinstance(edges, Tensor) else edges
    try:
        pairs = [(int(u), int(w)) for u, w in pairs]
    except (TypeError, ValueError):
        raise TypeError(
            "edges must be the pairs of nodes that are joined, such as [(0, 1), (1, 2)], or a "
            f"matrix (V, V), got {type(edges).__name__}"
        ) from None
    nodes = 1 + max((max(pair) for pair in pairs), default=0) if nodes is None else nodes
    graph: Graph = [set() for _ in range(nodes)]
    for u, w in pairs:
        _check_node(u, "edges", nodes)
        _check_node(w, "edges", nodes)
        if u != w:
            graph[u].add(w)
            graph[w].add(u)
    return graph


def _check_node(number: Any, name: str, nodes: int) -> None:
    """Raise unless `number` is that of a node."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} must be the number of a node, a whole number, got {number!r}")
    if not 0 <= number < nodes:
        raise ValueError(f"{name} names node {number}, but there are 0 to {nodes - 1}")
