"""Train the robust nets of the zoo, "planted_robust", on one thread, and store them in data/nets/.

    OMP_NUM_THREADS=1 python data/train_robust_nets.py          seeds 0, 1 and 2
    OMP_NUM_THREADS=1 python data/train_robust_nets.py 1        only this one
    OMP_NUM_THREADS=1 python data/train_robust_nets.py --twins  their plain twins, for the log alone

Each is the net of "planted_cnn" from a random start of its own, trained on plain pictures first and
then on attacked ones. The number of epochs is fixed beforehand and the last epoch is kept. The same
seed gives the same net on the same machine; another CPU adds in another order and drifts away.

A plain twin has the same start, pictures, order and number of epochs, and meets no attack: the
control of what robust training does to a map. It is measured and not stored.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import Card, card_for, write_cards
from xaicourse.datasets.planted_patches import planted
from xaicourse.robustness.adversarial_training import adversarial_training
from xaicourse.robustness.attack_model import attack_model
from xaicourse.zoo.small_nets import ROBUST_SEEDS, planted_cnn, robust_file

DATA = Path(__file__).resolve().parent
EPS = 0.05
PICTURES = 10_000
PLAIN = {"eps": 0.0, "epochs": 4, "batch": 64, "rate": 2e-3, "anew": True}
ROBUST = {"eps": EPS, "steps": 3, "warm_up": 0.4, "epochs": 3, "batch": 64, "rate": 2e-3}
ATTACKED = 500  # pictures of the course on which the attack is tried
TWINS = DATA / "nets" / "robust_twins.json"  # seed -> what its plain twin was measured to be


def make(seed: int) -> None:
    """Train one net, store it with its numbers, write its card and the log."""
    began = time.monotonic()
    net = trained(seed, EPS)
    numbers = measured(net) | {"seed": seed, "seconds": time.monotonic() - began}
    print(numbers, flush=True)
    name = robust_file(seed)
    tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
    metadata = {key: json.dumps(value) for key, value in numbers.items()}
    write_atomically(DATA / name, safetensors.torch.save(tensors, metadata))
    card = card_for(
        DATA / name,
        title=f"Small CNN trained on attacked planted patches, seed {seed}: {numbers['plain']} of "
        f"the 2000 pictures of the course right, {numbers['attacked']} of {ATTACKED} attacked ones",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by="data/train_robust_nets.py (log in data/nets/ROBUST.md)",
    )
    write_cards({name: card}, DATA)
    write_log()


def trained(seed: int, eps: float) -> nn.Module:
    """Train a net from its random start: on plain pictures, then on others that are attacked."""
    net: nn.Module = planted_cnn().to(memory_format=torch.channels_last)
    for turn, how in enumerate((PLAIN, ROBUST | {"eps": eps})):
        x, labels, _ = planted(PICTURES, 2_000_000 + 10 * seed + turn)
        net = adversarial_training(net, x, labels, seed=seed, **how)
        print(seed, how["eps"], "trained", flush=True)
    return net


def make_twin(seed: int) -> None:
    """Train a net's plain twin, measure both, and write the log."""
    kept = json.loads(TWINS.read_text()) if TWINS.is_file() else {}
    twin, robust = trained(seed, 0.0), xc.zoo.load("planted_robust", seed=seed, device="cpu")
    kept[str(seed)] = {
        "twin": measured(twin) | shares_on_the_mark(twin),
        "robust": shares_on_the_mark(robust),
    }
    print(kept[str(seed)], flush=True)
    write_atomically(TWINS, (json.dumps(kept, indent=1, sort_keys=True) + "\n").encode())
    write_cards({"nets/robust_twins.json": card_of_twins()}, DATA)
    write_log()


def card_of_twins() -> Card:
    """Return what is to be known of the file with the twins' numbers."""
    return card_for(
        TWINS,
        title="What the plain twins of the robust nets were measured to be",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by="data/train_robust_nets.py --twins (log in data/nets/ROBUST.md)",
    )


def shares_on_the_mark(net: nn.Module) -> dict[str, float]:
    """Return how much of the gradient lies on the mark: of the class, of all, of another class."""
    x, labels, inside = planted(1_000, 5)

    def on_mark(target: object) -> float:
        sizes = xc.gradient(net, x, target, batch_size=250).abs().flatten(1)
        return float(((sizes * inside.flatten(1)).sum(1) / sizes.sum(1)).mean())

    def blind(outputs: Tensor, rows: Tensor) -> Tensor:
        return outputs.sum(1)

    return {
        "on the mark": round(on_mark(labels), 4),
        "class-blind": round(on_mark(blind), 4),
        "another class": round(on_mark((labels + 1) % 4), 4),
    }


def measured(net: nn.Module) -> dict[str, int]:
    """Return how many pictures are right: the 2000 of the course, and some of them attacked."""
    x, labels, _ = planted(2_000)
    attack = attack_model(net, x[:ATTACKED], labels[:ATTACKED], eps=EPS)
    right = torch.cat([net(some).argmax(1) for some in x.split(500)]) == labels
    return {"plain": int(right.sum()), "attacked": int((~attack.fooled).sum())}


def write_log() -> None:
    """Write ROBUST.md from the numbers that are stored inside the nets."""
    lines = [
        "# How the robust nets of this folder were trained",
        "",
        f"Made by data/train_robust_nets.py, one CPU thread: {PICTURES:,} pictures, "
        f"{PLAIN['epochs']} epochs of plain training, then {PICTURES:,} others and "
        f"{ROBUST['epochs']} epochs on attacked ones: largest change {EPS:g}, {ROBUST['steps']} "
        f"steps from a random start, grown from 0 over the first {ROBUST['warm_up']:.0%}. Batches "
        f"of {PLAIN['batch']}, AdamW, largest learning rate {PLAIN['rate']:g}, last epoch kept.",
        f"Right are so many of the 2,000 pictures of the course, and of the first {ATTACKED} of "
        "them under 20 steps of projected gradient ascent.",
        "Seconds are of a machine that was busy with other work.",
        "",
        f"| seed | right of 2000 | right of {ATTACKED} attacked | seconds |",
        "|---|---|---|---|",
    ]
    for seed in ROBUST_SEEDS:
        path = DATA / robust_file(seed)
        if path.is_file():
            with safetensors.safe_open(path, framework="pt") as file:
                n = {key: json.loads(value) for key, value in file.metadata().items()}
            lines += [f"| {seed} | {n['plain']} | {n['attacked']} | {n['seconds']:.0f} |"]
    if TWINS.is_file():
        lines += [
            "",
            "The plain twin of each has the same start, pictures and epochs, and met no attack "
            "(measured, not stored). Share of the size of the gradient that lies on the mark, mean "
            "over 1,000 pictures (seed 5): of the class, of the sum of all logits, of another "
            "class.",
            "",
            "| net | right of 2000 | right of 500 attacked | class | class-blind | another class |",
            "|---|---|---|---|---|---|",
        ]
        for seed, both in sorted(json.loads(TWINS.read_text()).items()):
            for name, n in both.items():
                right = f"{n['plain']} | {n['attacked']}" if "plain" in n else "above | above"
                shares = " | ".join(
                    f"{n[key]:.3f}" for key in ("on the mark", "class-blind", "another class")
                )
                lines += [f"| {name} {seed} | {right} | {shares} |"]
    write_atomically(DATA / "nets" / "ROBUST.md", ("\n".join(lines) + "\n").encode())


def main() -> None:
    """Train the nets named on the command line, or all, one at a time."""
    torch.set_num_threads(1)
    names = [name for name in sys.argv[1:] if name != "--twins"]
    for seed in map(int, names or ROBUST_SEEDS):
        (make_twin if "--twins" in sys.argv else make)(seed)


if __name__ == "__main__":
    main()
