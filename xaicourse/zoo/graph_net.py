"""A small graph convolutional net for the graph of planted houses.

How it was trained: data/train_graph_net.py and data/nets/GRAPHS.md.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xaicourse.datasets.planted_motifs import MOTIF_CLASSES, planted_motifs
from xaicourse.datasets.shipped import read_tensors

__all__ = ["GraphNet", "graph_net"]

FEATURES, WIDTH = 10, 24
FILE = "nets/motif_gcn.safetensors"


class GraphNet(nn.Module):
    """Three rounds in which each node takes the mean over its neighbours, and a linear layer.

    A = D^(-1/2) (edges + I) D^(-1/2), H <- ReLU(A H W), after T. Kipf and M. Welling (2017).
    """

    A: Tensor

    def __init__(self, edges: Tensor, nodes: int) -> None:
        super().__init__()
        joined = torch.eye(nodes)
        joined[edges[:, 0], edges[:, 1]] = joined[edges[:, 1], edges[:, 0]] = 1
        scale = joined.sum(1).rsqrt()
        self.register_buffer("A", scale[:, None] * joined * scale, persistent=False)  # (V, V)
        self.layers = nn.ModuleList(nn.Linear(width, WIDTH) for width in (FEATURES, WIDTH, WIDTH))
        self.relus = nn.ModuleList(nn.ReLU() for _ in self.layers)
        self.classifier = nn.Linear(WIDTH, len(MOTIF_CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, V, 4) of all nodes of graphs with features (N, V, 10)."""
        if x.dim() != 3 or x.shape[1:] != (len(self.A), FEATURES):
            raise ValueError(
                f"This net takes the features of its graph, (N, {len(self.A)}, {FEATURES}), got "
                f"{tuple(x.shape)}; pass xc.datasets.planted_motifs().x[None]."
            )
        for layer, relu in zip(self.layers, self.relus, strict=True):
            x = relu(self.A @ layer(x))
        return self.classifier(x)


def graph_net() -> GraphNet:
    """Return the net with its stored weights on the graph of ``planted_motifs()``, frozen."""
    graph = planted_motifs()
    net = GraphNet(graph.edges, len(graph.x))
    net.load_state_dict(read_tensors(FILE), strict=True, assign=True)
    return net.eval().requires_grad_(False)
