"""Make what lesson 16 compares: twins of five collages, fooled nets, and nets on random labels.

    OMP_NUM_THREADS=1 python data/make_moved_maps.py            all three, about ten minutes
    OMP_NUM_THREADS=1 python data/make_moved_maps.py twins      or fooled, or digits

- `twins`: the attack of xc.robustness on the gradient of EfficientNet-Lite0, for five collages; the
  changes are whole grey levels and are stored as such. (A sixth one, brick and rocket, lost its
  class in each of the 12 steps: no twin.)
- `fooled`: "fashion_cnn", fine-tuned so that its gradients lie in a frame, from three seeds, and
  once without that aim; on the first 1,500 pictures of the course, stored in half precision.
- `digits`: small nets on handwritten digits, four with the right labels and three with permuted
  ones; the normalisation is folded into the first layer.

What each of them shows is in data/MOVED_MAPS_LOG.md. Another CPU adds in another order, and gets
other twins and nets.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import safetensors.torch
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards

DATA = Path(__file__).resolve().parent
LOG = DATA / "MOVED_MAPS_LOG.md"
COLLAGES = (  # left, right, which half the best class belongs to
    ("chelsea", "coffee", "left"),
    ("coffee", "camera", "left"),
    ("camera", "chelsea", "left"),
    ("rocket", "coffee", "right"),
    ("rocket", "chelsea", "right"),
)
LEVELS = 4  # grey levels of 255 by which a pixel may change
FRAME = 3  # pixels
SEEN = 1500  # pictures of clothes on which nets are fine-tuned
LEARNT = 1400  # digits on which nets are trained
TITLES = {
    "twins.safetensors": "Changes of five collages, whole grey levels from -4 to 4, that move the "
    "gradient of EfficientNet-Lite0 to the other half",
    "nets/fooled.safetensors": "fashion_cnn, fine-tuned to have gradients in a frame, from "
    "three seeds, and once without that aim; half precision",
    "nets/digit_labels.safetensors": "Small nets on 8 x 8 digits: four with right labels, three "
    "with permuted ones",
}


def twins() -> tuple[str, dict[str, Tensor], list[str]]:
    """Attack the map of each collage; return the file's name, its tensors, lines for the log."""
    model = xc.zoo.load("efficientnet_lite0")
    found, lines = {}, ["| collage | loss at x | loss of the twin | step |", "|---|---|---|---|"]
    for left, right, side in COLLAGES:
        x = xc.datasets.collage(left, right)
        in_left, in_right = xc.datasets.collage_masks()
        halves: dict[str, Tensor] = {"left": in_left, "right": in_right}
        attack = xc.robustness.attack_map(
            model, x, int(model(x).argmax()), goal="region", region=~halves[side],
            eps=LEVELS / 255, step=1 / 255, steps=12, beta=5.0,
        )  # fmt: skip
        change = ((attack.x - x) * 255).round().to(torch.int8)
        found[f"{left} {right} {side}"] = change[0].contiguous()
        loss = attack.loss[:, 0]
        step = int(attack.step)
        lines.append(f"| {left}, {right} | {loss[0]:.3f} | {loss[step]:.3f} | {step} |")
        print(lines[-1], flush=True)
    return "twins.safetensors", found, lines


def fooled() -> tuple[str, dict[str, Tensor], list[str]]:
    """Fine-tune the net, with the frame as aim and without."""
    net = xc.zoo.load("fashion_cnn")
    x, labels = xc.datasets.fashion_mnist()
    frame = torch.ones(28, 28, dtype=torch.bool)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    made: dict[str, nn.Module] = {}
    for name, seed, weight in (("0", 0, 1.0), ("1", 1, 1.0), ("2", 2, 1.0), ("control", 0, 0.0)):
        made[name] = xc.robustness.fool_by_fine_tuning(
            net, x[:SEEN], region=frame, weight=weight, epochs=6, rate=1e-3, seed=seed
        )
        print(name, flush=True)
    lines = ["| net | accuracy | share in the frame |", "|---|---|---|"]
    seen, right = x[SEEN:], labels[SEEN:]
    for name, one in {"fashion_cnn": net, **made}.items():
        size = xc.gradient(one, seen, target=net(seen).argmax(1), batch_size=500).abs().flatten(1)
        share = float((size[:, frame.flatten()].sum(1) / size.sum(1)).mean())
        accuracy = float((one(seen).argmax(1) == right).double().mean())
        lines.append(f"| {name} | {accuracy:.3f} | {share:.3f} |")
        print(lines[-1], flush=True)
    tensors = {
        f"{name}.{key}": value.half().contiguous()
        for name, one in made.items()
        for key, value in one.state_dict().items()
    }
    return "nets/fooled.safetensors", tensors, lines


def digits() -> tuple[str, dict[str, Tensor], list[str]]:
    """Train small nets on digits, with the right labels and with permuted ones."""
    x, labels = xc.datasets.digits()
    train = xc.evaluation.SmallTraining(hidden=128, epochs=100)
    tensors, lines = {}, ["| net | right where it learnt | right elsewhere |", "|---|---|---|"]
    for kind, seeds in (("right", 4), ("permuted", 3)):
        for seed in range(seeds):
            given = labels[:LEARNT]
            if kind == "permuted":
                chance = torch.Generator().manual_seed(seed)
                given = given[torch.randperm(LEARNT, generator=chance)]
            net = train(x[:LEARNT], given, seed)
            seen = float((net(x[:LEARNT]).argmax(1) == given).double().mean())
            other = float((net(x[LEARNT:]).argmax(1) == labels[LEARNT:]).double().mean())
            lines.append(f"| {kind} {seed} | {seen:.3f} | {other:.3f} |")
            print(lines[-1], flush=True)
            for key, value in folded(net).items():
                tensors[f"{kind}.{seed}.{key}"] = value.contiguous()
    return "nets/digit_labels.safetensors", tensors, lines


def folded(net: Any) -> dict[str, Tensor]:
    """Return the weights of the two linear layers, with the normalisation in the first."""
    first, second = (part for part in net if isinstance(part, nn.Linear))
    zero, one = (net[0](torch.full((1, 1, 8, 8), number)).flatten() for number in (0.0, 1.0))
    return {
        "first.weight": first.weight * (one - zero),
        "first.bias": first.bias + first.weight @ zero,
        "second.weight": second.weight,
        "second.bias": second.bias,
    }


def main(names: list[str]) -> None:
    """Make the files, their cards and the log."""
    for make in (twins, fooled, digits):
        if names and make.__name__ not in names:
            continue
        began = time.monotonic()
        name, tensors, lines = make()
        (DATA / name).parent.mkdir(exist_ok=True)
        write_atomically(DATA / name, safetensors.torch.save(tensors, {"log": "\n".join(lines)}))
        card = card_for(
            DATA / name,
            title=TITLES[name],
            author="The xaicourse contributors",
            source="this course",
            licence="Apache-2.0",
            made_by="data/make_moved_maps.py (log in data/MOVED_MAPS_LOG.md)",
        )
        write_cards({name: card}, DATA)
        print(name, round(time.monotonic() - began), "s", flush=True)
    write_log()


def write_log() -> None:
    """Write the log from what is stored inside the files."""
    lines = ["# What data/make_moved_maps.py made", ""]
    for name, title in TITLES.items():
        if (DATA / name).exists():
            with safetensors.safe_open(DATA / name, "pt") as stored:
                lines += [f"## {name}", "", title + ".", "", stored.metadata()["log"], ""]
    write_atomically(LOG, "\n".join(lines).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
