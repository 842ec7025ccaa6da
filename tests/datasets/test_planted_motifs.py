"""Planted houses: their form, their classes, and that the seed alone decides."""

import pytest
import torch

import xaicourse as xc
from xaicourse.datasets import planted_motifs


def test_houses_are_houses():
    graph = planted_motifs()
    assert graph.x.shape == (140, 10)
    for house in range(16):
        inside = (graph.motifs == house).nonzero()[:, 0]
        assert graph.labels[inside].tolist() == [1, 2, 2, 3, 3]
        within = torch.isin(graph.edges, inside)
        both, one = within.all(1), within.any(1) & ~within.all(1)
        first = int(inside[0])
        pairs = {tuple(sorted((u - first, w - first))) for u, w in graph.edges[both].tolist()}
        assert pairs == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 4)}
        assert int(one.sum()) == 1  # tied to the rest, at a lower corner
        corner = graph.edges[one][0]
        assert graph.labels[corner].sort().values.tolist() == [0, 3]
    assert bool((graph.labels[graph.motifs < 0] == 0).all())


def test_features_say_the_degree():
    graph = planted_motifs(nodes=30, houses=4, seed=3)
    degree = torch.bincount(graph.edges.flatten(), minlength=50)
    assert torch.equal(graph.x[:, :6].argmax(1) + 1, degree.clamp(max=6))
    assert bool((graph.x[:, :6].sum(1) == 1).all())
    pairs = {tuple(sorted(pair)) for pair in graph.edges.tolist()}
    assert len(pairs) == len(graph.edges) == 1 + 2 * 28 + 7 * 4


def test_seed():
    same = planted_motifs(seed=5), planted_motifs(seed=5)
    assert all(torch.equal(a, b) for a, b in zip(*same, strict=True))
    assert not torch.equal(planted_motifs(seed=6).x, same[0].x)


def test_what_is_refused():
    with pytest.raises(ValueError, match="nodes must be at least 3, got 2"):
        planted_motifs(nodes=2)
    with pytest.raises(TypeError, match="houses must be a whole number"):
        planted_motifs(houses=1.5)
    with pytest.raises(ValueError, match="features of its graph"):
        xc.zoo.load("motif_gcn")(torch.zeros(2, 10))
