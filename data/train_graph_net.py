"""Train the graph net of the zoo once, on one thread, and store it in data/nets/.

    OMP_NUM_THREADS=1 python data/train_graph_net.py

It learns on graphs of planted houses with the seeds 1 to 8 and is tested on those with the seeds
101 to 110; the graph that the course shows has seed 0 and is in neither. The number of rounds is
fixed beforehand and the last one is kept.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import safetensors.torch
import torch
from torch.nn import functional as F

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.planted_motifs import PlantedMotifs, planted_motifs
from xaicourse.zoo.graph_net import FILE, GraphNet

DATA = Path(__file__).resolve().parent
TRAINING, TEST, ROUNDS, RATE, DECAY = range(1, 9), range(101, 111), 300, 1e-2, 5e-4


def on(net: GraphNet, graph: PlantedMotifs) -> GraphNet:
    """Return the net on another graph, with the same weights."""
    other = GraphNet(graph.edges, len(graph.x))
    other.load_state_dict(net.state_dict(), assign=True)
    return other


@torch.no_grad()
def correct(net: GraphNet, graph: PlantedMotifs) -> int:
    """Return how many nodes of a graph the net puts into their class."""
    return int((on(net, graph)(graph.x[None])[0].argmax(1) == graph.labels).sum())


def main() -> None:
    """Train, and store net, card and log."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    graphs = [planted_motifs(seed=seed) for seed in TRAINING]
    nets = [GraphNet(graph.edges, len(graph.x)) for graph in graphs]
    for net in nets[1:]:  # one set of weights on all graphs
        net.load_state_dict(nets[0].state_dict(), assign=True)
        for name, parameter in nets[0].named_parameters():
            owner, _, leaf = name.rpartition(".")
            setattr(net.get_submodule(owner), leaf, parameter)
    optimiser = torch.optim.AdamW(nets[0].parameters(), lr=RATE, weight_decay=DECAY)
    start, history = time.monotonic(), []
    for k in range(1, ROUNDS + 1):
        losses = [
            F.cross_entropy(net(graph.x[None])[0], graph.labels)
            for net, graph in zip(nets, graphs, strict=True)
        ]
        loss = torch.stack(losses).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if k % 50 == 0:
            history.append({"round": k, "loss": float(loss.detach())})
            print(history[-1], flush=True)
    tests = [planted_motifs(seed=seed) for seed in TEST]
    right, of = sum(correct(nets[0], t) for t in tests), sum(len(t.x) for t in tests)
    shown = planted_motifs()
    here = correct(nets[0], shown)
    tensors = {key: value.contiguous() for key, value in nets[0].state_dict().items()}
    numbers = {"correct": right, "of": of, "correct_of_shown": here, "history": history}
    metadata = {key: json.dumps(value) for key, value in numbers.items()}
    write_atomically(DATA / FILE, safetensors.torch.save(tensors, metadata))
    card = card_for(
        DATA / FILE,
        title=f"Small graph net trained on planted houses: {right} of {of} test nodes right, "
        f"{here} of the {len(shown.x)} of the course",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by="data/train_graph_net.py (log in data/nets/GRAPHS.md)",
    )
    write_cards({FILE: card}, DATA)
    lines = [
        "# How the graph net was trained",
        "",
        f"Made by data/train_graph_net.py on {len(graphs)} graphs with planted houses: AdamW, "
        f"learning rate {RATE:g}, weight decay {DECAY:g}, {ROUNDS} rounds over all graphs, seed 0, "
        f"one CPU thread, {time.monotonic() - start:.0f} seconds.",
        f"**{right} of {of}** nodes of {len(tests)} other graphs right; {here} of the "
        f"{len(shown.x)} nodes of the course's graph.",
        "",
        "| round | loss |",
        "|---|---|",
        *(f"| {entry['round']} | {entry['loss']:.4f} |" for entry in history),
    ]
    write_atomically(DATA / "nets" / "GRAPHS.md", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
