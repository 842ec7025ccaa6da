"""Measure how maps do in removal tests under many imputers, and store one value for each picture.

    OMP_NUM_THREADS=1 python data/measure_removal.py      about 10 minutes

Twelve maps of pictures of clothes, two nets. Seven imputers for one net and tiles of 4 x 4 pixels,
and three colours for pixels and for the other net. data/removal_scores.safetensors holds deletion
and insertion, (12, 100), under names such as "fashion_cnn/4/grey/deletion". Insertion minus
deletion is ABPC. Lesson 15 reads it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import safetensors.torch
import torch

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.course.lessons.l15_test_the_metric.scores import COLOURS, MAPS, explained, imputers
from xaicourse.datasets.cards import card_for, write_cards

DATA = Path(__file__).resolve().parent
FILE, LOG = DATA / "removal_scores.safetensors", DATA / "REMOVAL_LOG.md"
PICTURES, STEPS = 100, 7
RUNS = (("fashion_cnn", 4), ("fashion_cnn", 1), ("fashion_residual", 4))


def measured(net: str, unit: int) -> dict[str, torch.Tensor]:
    """Return the values of all maps under all imputers, by name."""
    model = xc.zoo.load(net)
    x, data = xc.datasets.fashion_mnist(n=PICTURES).x, xc.datasets.fashion_mnist().x
    target, maps = explained(model, x)
    ask = {"unit": unit, "steps": STEPS, "batch_size": 200}
    found = {}
    for name, imputer in imputers(data).items():
        if (net, unit) != RUNS[0] and name not in COLOURS:
            continue
        for metric in ("deletion", "insertion"):
            test = getattr(xc.evaluation, metric)
            values = [test(model, x, maps[m], target, imputer=imputer, **ask).values for m in MAPS]
            found[f"{net}/{unit}/{name}/{metric}"] = torch.stack(values).float()
        print(net, unit, name, flush=True)
    return found


def main() -> None:
    """Measure all, and write the file, its card and the log."""
    found, lines = {}, []
    for net, unit in RUNS:
        begun = time.time()
        found |= measured(net, unit)
        lines.append(f"| {net} | {unit} | {PICTURES} | {(time.time() - begun) / 60:.0f} |")
    write_atomically(FILE, safetensors.torch.save(found))
    card = card_for(
        FILE,
        title="Deletion and insertion of twelve maps of clothes under seven imputers (lesson 15)",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by="data/measure_removal.py; log in data/REMOVAL_LOG.md",
    )
    write_cards({FILE.name: card}, DATA)
    head = [
        "# How the scores of the removal tests were measured",
        "",
        f"Made by data/measure_removal.py, one thread, torch {torch.__version__}.",
        f"Maps: {', '.join(MAPS)}. {STEPS} steps, predicted class, probability.",
        "",
        "| net | unit | pictures | minutes |",
        "|---|---|---|---|",
    ]
    write_atomically(LOG, "\n".join([*head, *lines, ""]).encode())


if __name__ == "__main__":
    main()
