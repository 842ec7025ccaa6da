r"""Shortest ways through data: a graph of near points, whose edges are long where F is steep.

.. math:: L_{ij} = \|x_i - x_j\| \int_0^1 \|\nabla F(x_i + t (x_j - x_i))\|\, dt
"""

import torch
from torch import Tensor

from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question
from xaicourse.core.progress import progress
from xaicourse.core.quadrature import quadrature
from xaicourse.core.walk import Polyline

__all__ = ["shortest_path"]

NODES = 5  # gradients on an edge, by the Gauss-Legendre rule
FLAT = 1e-6  # where F is flat a way is this share as long as where it is steep: the shorter wins


def shortest_path(
    question: Question, start: Tensor, end: Tensor, data: Tensor, neighbours: int
) -> Polyline:
    """Return the shortest way from x' to x through data (M, ...), each row in a graph of its own.

    The vertices are x', the data and x. Each is joined to its nearest `neighbours`, and what is
    still apart by the shortest bridges (the minimum spanning tree).
    """
    vertices = _Vertices(start, data, end)
    near = [vertices.distances(row) for row in range(len(end))]  # (V, V) each
    edges = [_joined(d, neighbours) for d in near]  # (E, 2) each
    lengths, spent = _lengths(question, vertices, near, edges)
    ways = list[list[int]]()
    for d, pair, length in zip(near, edges, lengths, strict=True):
        graph = torch.full_like(d, torch.inf)
        graph[pair[:, 0], pair[:, 1]] = graph[pair[:, 1], pair[:, 0]] = length
        parent, way = _grown(graph, from_root=True), [len(d) - 1]
        while way[-1] != 0:
            way.append(int(parent[way[-1]]))
        ways.append(way[::-1])
    return _polyline(vertices, ways, spent)


class _Vertices:
    """The vertices of each row's graph: 0 is x', 1 to M are the data, M + 1 is x."""

    def __init__(self, start: Tensor, data: Tensor, end: Tensor) -> None:
        self.start, self.data, self.end = start, data, end
        flat = data.flatten(1).to(sum_dtype(end.device))
        self.among_data = _distance(flat, flat)  # the same in every row

    def at(self, vertex: Tensor, row: Tensor) -> Tensor:
        """Return the points of vertices (P,) in the graphs of rows (P,): (P, ...)."""
        points = self.data[(vertex - 1).clamp(0, len(self.data) - 1)]
        first, last = vertex == 0, vertex == len(self.data) + 1
        points[first], points[last] = self.start[row[first]], self.end[row[last]]
        return points

    def distances(self, row: int) -> Tensor:
        """Return the distances between all vertices of a row, (V, V), on the CPU."""
        flat = self.data.flatten(1).to(self.among_data)
        ends = torch.stack([self.start[row], self.end[row]]).flatten(1).to(flat)
        across, between = _distance(ends, flat), _distance(ends[:1], ends[1:])
        whole = self.among_data.new_zeros(len(flat) + 2, len(flat) + 2)
        whole[1:-1, 1:-1] = self.among_data
        whole[0, 1:-1] = whole[1:-1, 0] = across[0]
        whole[-1, 1:-1] = whole[1:-1, -1] = across[1]
        whole[0, -1] = whole[-1, 0] = between[0, 0]
        return whole.cpu()


def _distance(one: Tensor, other: Tensor) -> Tensor:
    # by differences: the faster way over products loses half of the digits
    return torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")


def _joined(distance: Tensor, neighbours: int) -> Tensor:
    """Return the edges of a connected graph of near vertices, (E, 2) with the smaller one first."""
    count = len(distance)
    apart = distance.clone().fill_diagonal_(torch.inf)
    nearest = apart.argsort(dim=1, stable=True)[:, : min(neighbours, count - 1)]
    each = torch.arange(count)
    edge = torch.zeros(count, count, dtype=torch.bool)
    edge[each[:, None], nearest] = True
    tree = _grown(apart, from_root=False)
    edge[each[1:], tree[1:]] = True
    return (edge | edge.T).triu(1).nonzero()


def _grown(length: Tensor, from_root: bool) -> Tensor:
    """Grow a tree from vertex 0 over a graph (V, V) and return each vertex' parent, (V,).

    The next vertex is the one that is nearest to the root by way of the tree (Dijkstra), or nearest
    to the tree itself (Prim: the minimum spanning tree).
    """
    best = torch.full_like(length[0], torch.inf)
    best[0] = 0
    parent, outside = torch.zeros(len(best), dtype=torch.long), torch.ones(len(best)).bool()
    for _ in range(len(best)):
        vertex = int(best.masked_fill(~outside, torch.inf).argmin())
        outside[vertex] = False
        way = length[vertex] + (best[vertex] if from_root else 0)
        shorter = outside & (way < best)
        best[shorter], parent[shorter] = way[shorter], vertex
    return parent


def _lengths(
    question: Question, vertices: _Vertices, near: list[Tensor], edges: list[Tensor]
) -> tuple[list[Tensor], Tensor]:
    """Return the lengths of each row's edges, (E,) each, and what they have cost, (N,)."""
    t, weight = (a.to(vertices.among_data) for a in quadrature("gauss_legendre", NODES))
    counts = torch.tensor([len(pair) for pair in edges])
    both = torch.cat(edges).to(t.device)  # (sum E, 2)
    row = torch.repeat_interleave(torch.arange(len(edges)), counts).to(t.device)
    steep, bar = torch.zeros_like(row, dtype=t.dtype), progress(len(row) * NODES, "graph of points")

    def point(position: Tensor) -> Tensor:
        edge, k = position // NODES, position % NODES
        one, other = (vertices.at(both[edge, side], row[edge]) for side in (0, 1))
        return torch.lerp(one, other, t[k].to(one).view(-1, *[1] * (one.dim() - 1)))

    def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        position = torch.arange(part.start, part.stop, device=t.device)
        norm = grad.flatten(1).to(t.dtype).norm(dim=1)
        steep.index_add_(0, position // NODES, weight[position % NODES] * norm)
        bar.update(len(grad))

    try:
        question.gradients(point, row.repeat_interleave(NODES), receive)
    finally:
        bar.close()
    found = list[Tensor]()
    for d, pair, s in zip(near, edges, steep.cpu().split(counts.tolist()), strict=True):
        flat = FLAT * s.mean() if bool(s.any()) else 1.0
        found.append(d[pair[:, 0], pair[:, 1]] * (s + flat))
    return found, (counts * NODES).to(question.rows)


def _polyline(vertices: _Vertices, ways: list[list[int]], spent: Tensor) -> Polyline:
    """Return the ways (vertex numbers) as a path; shorter ones wait at x."""
    most = max(len(way) for way in ways)
    last = len(vertices.data) + 1
    table = torch.tensor([way + [last] * (most - len(way)) for way in ways]).to(spent)  # (N, K+1)
    row = torch.arange(len(ways)).to(spent)
    points = torch.stack([vertices.at(vertex, row) for vertex in table.T])
    return Polyline(points, torch.tensor([len(way) - 1 for way in ways]).to(spent), spent)
