"""Graph-based IG: path counts and entropy by hand, and every shortest path listed by networkx."""

import itertools
import math

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error
from xaicourse.methods.integrated import graph as home

RING = [(0, 1), (1, 2), (2, 3), (3, 0)]
SQUARE = torch.tensor([[[1.0, 1], [1, 0], [0, 0], [0, 1]]], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def grid(side: int) -> list[tuple[int, int]]:
    number = {cell: k for k, cell in enumerate(sorted(nx.grid_2d_graph(side, side)))}
    return [(number[a], number[b]) for a, b in nx.grid_2d_graph(side, side).edges]


# ---- closed forms --------------------------------------------------------------------------------


def test_left_and_midpoint_on_the_4_cycle(close):
    """(2a + b)^2 from (0, 0) to (1, 1): left (4, 4), midpoint (12, 6), twice the rise 18."""
    model = lambda x: (2 * x[:, 0, 0] + x[:, 0, 1]) ** 2  # noqa: E731
    left = xc.graph_ig(model, SQUARE, edges=RING, return_details=True)
    middle = xc.graph_ig(model, SQUARE, edges=RING, at="midpoint", return_details=True)
    close(left.values[0, 0], torch.tensor([4.0, 4.0]), 1e-12)
    close(middle.values[0, 0], torch.tensor([12.0, 6.0]), 1e-12)
    assert bool((left.values[0, 1:] == 0).all())
    assert (float(left.gap), float(middle.gap)) == (-10, 0)
    assert (left.gradients.tolist(), middle.gradients.tolist()) == ([3], [4])
    assert left.settings["base"] == 2
    close(left.endpoints[0][0, 0], SQUARE[0, 2], 0)
    halved = xc.graph_ig(model, SQUARE, edges=RING, average=True, return_details=True)
    close(halved.values, left.values / 2, 1e-12)
    assert float(halved.gap) == -5


def test_linear_model_gives_its_rise_once_for_each_path(close):
    """252 shortest paths lead from corner to corner of a 6 x 6 grid, over 60 edges."""
    x, w = normal(2, 36, 3, seed=1), normal(3, seed=2)
    for at in ("left", "midpoint"):
        found = xc.graph_ig(
            lambda x: x[:, 35] @ w, x, edges=grid(6), node=35, at=at, return_details=True
        )
        assert found.extra["paths"] == 252
        assert found.settings["base"] == 0
        close(found.values[:, 35], 252 * w * (x[:, 35] - x[:, 0]), 1e-12)
    assert found.gradients.tolist() == [60, 60]


def test_a_star_has_one_path():
    star = [(0, 1), (0, 2), (0, 3)]
    found = xc.graph_ig(
        lambda x: x[:, 1].sum(1), normal(1, 4, 2), edges=star, node=1, base=3, return_details=True
    )
    assert found.extra["paths"] == 1
    assert found.gradients.tolist() == [2]


def test_path_entropy_chooses_the_base():
    """4-cycle: two paths of three nodes, p = 1/8 each, I = 3: E = .75."""
    graph = home._graph(RING, None)
    assert home.path_entropy(graph, 0)[2] == 0.75
    # node 3 and node 6 are both two edges away; two paths lead to 3, one to 6
    two = home._graph([(0, 1), (0, 2), (1, 3), (2, 3), (0, 5), (5, 6)], None)
    assert home.far_node(two, 0) == 3
    assert home.far_node(home._graph([(0, 1), (0, 2)], None), 0) == 1  # of equals the first


def test_equal_features_have_an_empty_map():
    x = torch.ones(1, 4, 2, dtype=torch.float64)
    assert bool((xc.graph_ig(lambda x: x[:, 0].prod(1), x, edges=RING) == 0).all())


# ---- against a list of all paths -----------------------------------------------------------------


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(["left", "midpoint"]))
def test_every_path_by_networkx(seed, at):
    graph = nx.gnm_random_graph(9, 14, seed=seed)
    graph = graph.subgraph(max(nx.connected_components(graph), key=len))
    graph = nx.convert_node_labels_to_integers(graph)
    node, nodes = 0, len(graph)
    x, w = normal(1, nodes, 3, seed=seed), normal(3, 3, seed=seed + 1)

    def model(x: Tensor) -> Tensor:
        return torch.tanh(x[:, node] @ w).sum(1) + x.prod(2).sum(1)

    def entropy(base: int) -> float:
        p = [
            math.prod(1 / graph.degree[v] for v in path)
            for path in nx.all_shortest_paths(graph, base, node)
        ]
        return sum(-q * math.log2(q) for q in p)

    distance = nx.single_source_shortest_path_length(graph, node)
    far = [v for v in graph if distance[v] == max(distance.values())]
    right = torch.zeros(3, dtype=torch.float64)
    found = xc.graph_ig(model, x, edges=list(graph.edges), node=node, at=at, return_details=True)
    base = found.settings["base"]
    assert base in far
    assert entropy(base) >= max(map(entropy, far)) - 1e-9
    paths = list(nx.all_shortest_paths(graph, base, node))
    for path in paths:
        for u, v in itertools.pairwise(path):
            z = x[0, u] if at == "left" else (x[0, u] + x[0, v]) / 2
            point = x.clone()
            point[0, node] = z
            point.requires_grad_(True)
            (grad,) = torch.autograd.grad(model(point).sum(), point)
            right += (x[0, v] - x[0, u]) * grad[0, node]
    assert len(paths) == found.extra["paths"]
    assert relative_error(found.values[0, node], right) < 1e-10


def test_renumbered_nodes_give_the_same_map(close):
    edges, x = grid(3), normal(1, 9, 2, seed=5)
    order = torch.tensor([4, 0, 7, 2, 8, 1, 3, 6, 5])  # new node k is old node order[k]
    new = {int(old): k for k, old in enumerate(order)}
    model = lambda node: lambda x: torch.sin(x[:, node]).prod(1) + x.sum((1, 2))  # noqa: E731
    got = xc.graph_ig(
        model(new[0]), x[:, order], edges=[(new[a], new[b]) for a, b in edges], node=new[0],
        base=new[8],
    )  # fmt: skip
    close(got, xc.graph_ig(model(0), x, edges=edges, node=0, base=8)[:, order], 1e-12)


def test_edges_in_other_forms(close):
    expected = xc.graph_ig(lambda x: x[:, 0].prod(1), SQUARE, edges=RING)
    matrix = torch.zeros(4, 4)
    for u, w in RING:
        matrix[u, w] = 0.3  # one direction is enough
    pairs = torch.tensor(RING)
    for edges in (matrix, pairs, [*RING, (1, 0), (2, 2)]):
        close(xc.graph_ig(lambda x: x[:, 0].prod(1), SQUARE, edges=edges), expected, 0)


# ---- the net and the graph that ship -------------------------------------------------------------


def test_net_that_ships(close):
    graph, net = xc.datasets.planted_motifs(), xc.zoo.load("motif_gcn")
    right = net(graph.x[None])[0].argmax(1) == graph.labels
    assert int(right.sum()) == 125
    node = 62  # an upper corner of the first house
    found = xc.graph_ig(
        net, graph.x[None], (node, 2), edges=graph.edges, node=node, return_details=True
    )
    assert found.values[0].abs().sum(1).nonzero().tolist() == [[node]]
    assert found.extra["paths"] >= 1
    start = graph.x[found.settings["base"]]
    close(found.endpoints[0][0, node], start, 0)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"edges": None}, TypeError, "edges must be the pairs.*got NoneType"),
        ({"edges": [(0, 4)]}, ValueError, "edges names node 4, but there are 0 to 3"),
        ({"edges": torch.ones(3, 3)}, ValueError, r"edges has shape \(3, 3\), but x has 4 nodes"),
        ({"edges": [(0, 1)], "base": 3}, ValueError, "no path leads from base 3 to node 0"),
        ({"edges": [(1, 2)]}, ValueError, "node 0 has no neighbours"),
        ({"node": 4}, ValueError, "node names node 4"),
        ({"node": 1.0}, TypeError, "node must be the number of a node"),
        ({"base": 0}, ValueError, "base is node 0 itself"),
        ({"at": "right"}, ValueError, "at must be one of left, midpoint, got 'right'"),
    ],
)
def test_what_is_refused(wrong, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        xc.graph_ig(lambda x: x[:, 0].sum(1), SQUARE, **{"edges": RING, **wrong})
