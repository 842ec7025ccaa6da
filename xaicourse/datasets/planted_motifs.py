"""A graph with planted houses, so that it is known which nodes decide the class of a node.

A sparse random tree-like graph (Barabasi and Albert's preferential attachment, two edges a node)
carries houses: a square with a roof, five nodes and six edges, tied to a random node by one edge.
The class of a node is its place: outside, roof, upper corner or lower corner.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names

MOTIF_CLASSES = ("outside", "roof", "upper", "lower")

LARGEST_DEGREE = 6  # degrees from here on look alike
NOISE = 4  # features that say nothing
# the nodes of a house: roof, two upper corners, two lower corners
_HOUSE_CLASSES = (1, 2, 2, 3, 3)
_HOUSE_EDGES = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 4))


class PlantedMotifs(NamedTuple):
    """A graph of V nodes, the classes of its nodes, and which house each one belongs to.

    Parameters
    ----------
    x : Tensor (V, 10)
        Features: six say the degree (one of them is 1), four are noise.
    edges : Tensor (E, 2)
        Pairs of nodes that are joined, each once, int64.
    labels : Tensor (V,)
        Class numbers, int64.
    motifs : Tensor (V,)
        The number of a node's house, -1 outside.
    """

    x: Tensor
    edges: Tensor
    labels: Tensor
    motifs: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def planted_motifs(
    nodes: int = 60, houses: int = 16, seed: int = 0, *, device: str | torch.device | None = None
) -> PlantedMotifs:
    """Make a graph with planted houses, whose nodes have classes that only the houses explain.

    Parameters
    ----------
    nodes : int
        How many outside the houses.
    houses : int
        How many houses of five nodes.
    seed : int
        The same seed gives the same graph, on every device; no global random state is used.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    PlantedMotifs
        x (V, 10), float32; edges (E, 2); labels (V,), in the order of
        ``xc.datasets.MOTIF_CLASSES``; motifs (V,). V is nodes + 5 houses.

    Raises
    ------
    ValueError, TypeError
        If nodes is not a whole number above 2, or houses none above 0.

    Examples
    --------
    >>> import xaicourse as xc
    >>> graph = xc.datasets.planted_motifs()
    >>> graph.x.shape, int((graph.motifs == 3).sum())
    (torch.Size([140, 10]), 5)
    """
    for name, number, least in (("nodes", nodes, 3), ("houses", houses, 1)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name} must be a whole number, got {number!r}")
        if number < least:
            raise ValueError(f"{name} must be at least {least}, got {number}")
    generator = torch.Generator().manual_seed(seed)
    edges = _attached(nodes, generator)
    labels, motifs = [0] * nodes, [-1] * nodes
    for house in range(houses):
        first = len(labels)
        edges += [(first + u, first + w) for u, w in _HOUSE_EDGES]
        tied = 3 + int(torch.randint(2, (), generator=generator))  # a lower corner
        edges.append((int(torch.randint(nodes, (), generator=generator)), first + tied))
        labels += _HOUSE_CLASSES
        motifs += [house] * len(_HOUSE_CLASSES)
    pairs = torch.tensor(edges)
    degree = torch.bincount(pairs.flatten(), minlength=len(labels)).clamp(max=LARGEST_DEGREE)
    known = torch.nn.functional.one_hot(degree - 1, LARGEST_DEGREE).float()
    noise = torch.rand(len(labels), NOISE, generator=generator)
    made = torch.cat([known, noise], dim=1), pairs, torch.tensor(labels), torch.tensor(motifs)
    return PlantedMotifs(*(tensor.to(device or "cpu") for tensor in made))


def _attached(nodes: int, generator: torch.Generator) -> list[tuple[int, int]]:
    """Return the edges of a growing graph: a new node joins two, likelier those of many edges."""
    edges, ends = [(0, 1)], [0, 1]  # each node as often as it has edges
    for new in range(2, nodes):
        chosen: set[int] = set()
        while len(chosen) < 2:
            chosen.add(ends[int(torch.randint(len(ends), (), generator=generator))])
        for old in sorted(chosen):
            edges.append((old, new))
            ends += [old, new]
    return edges
