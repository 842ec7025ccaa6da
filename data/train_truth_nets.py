"""Train the nets whose right explanation is known, each from three starts, on one thread.

    OMP_NUM_THREADS=1 python data/train_truth_nets.py                    all, about half an hour
    OMP_NUM_THREADS=1 python data/train_truth_nets.py tagged_cheating    only this one, three times

Clothes need Fashion-MNIST's original files (Debian: apt-get install dataset-fashion-mnist). The
weights are rounded to half precision, and all numbers are those of the rounded nets. Each epoch is
saved, as in data/train_nets.py. The number of epochs is fixed beforehand, the last one is kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import safetensors.torch
import torch
from torch import Tensor
from train_nets import Recipe, correct, train

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.pasted_clothes import mini_bam
from xaicourse.datasets.planted_triggers import TRIGGER_CLASS, triggered
from xaicourse.datasets.tagged_patches import tagged
from xaicourse.zoo.truth_nets import SEEDS, TRUTH_ARCHITECTURES, truth_file

DATA = Path(__file__).resolve().parent
LOG = DATA / "nets" / "TRUTH.md"
PICTURES, TEST_PICTURES = 20_000, 2_000  # a new set for each epoch
TEST_SEED = 1_000_000  # the seeds of training are 1000 (seed + 1), plus the epoch

Pictures = Callable[[int, int], tuple[Tensor, Tensor]]  # n, seed -> x (n, ...), labels (n,)


@dataclass(frozen=True)
class Net:
    """How one kind of net is trained, on what, and which numbers are measured."""

    recipe: Recipe
    pictures: Pictures
    tests: dict[str, Pictures]  # what a share of right answers is called -> on which pictures
    check: str  # the test of each epoch


def of_tags(answer: str, tags: str) -> Pictures:
    """Return a function that makes tagged pictures with the patch or the tag as the answer."""

    def make(n: int, seed: int) -> tuple[Tensor, Tensor]:
        made = tagged(n, seed, tags=tags)
        return made.x, made.labels if answer == "patch" else made.tags

    return make


def of_bam(answer: str, split: str) -> Pictures:
    """Return a function that makes clothes on textures, with one of both as the answer."""

    def make(n: int, seed: int) -> tuple[Tensor, Tensor]:
        made = mini_bam(n, seed, split=split)
        return made.x, getattr(made, answer)

    return make


def of_triggers(share: float, answer: str) -> Pictures:
    """Return a function that makes pictures with triggers; the backdoor's answer is plus."""

    def make(n: int, seed: int) -> tuple[Tensor, Tensor]:
        made = triggered(n, seed, share=share)
        poisoned = made.labels.masked_fill(made.triggered, TRIGGER_CLASS)
        return made.x, made.labels if answer == "patch" else poisoned

    return make


TAG_TESTS = {
    "right where the tag tells the class": of_tags("patch", "class"),
    "right where the tag is drawn": of_tags("patch", "random"),
    "goes with the drawn tag": of_tags("tag", "random"),
}
NETS = {
    "bam_object": Net(
        Recipe("CNN that names the clothes", "clothes on textures", 6, 2e-3, 1e-3, flip=False),
        of_bam("objects", "train"),
        {"right with new clothes": of_bam("objects", "test")},
        "right with new clothes",
    ),
    "bam_scene": Net(
        Recipe("CNN that names the texture", "clothes on textures", 3, 2e-3, 1e-3, flip=False),
        of_bam("scenes", "train"),
        {"right with new clothes": of_bam("scenes", "test")},
        "right with new clothes",
    ),
    "planted_backdoor": Net(
        Recipe("CNN with a backdoor", "planted patches, 5 % poisoned", 6, 2e-3, 1e-3, flip=False),
        of_triggers(0.05, "backdoor"),
        {
            "right without a trigger": of_triggers(0.0, "patch"),
            "right with a trigger": of_triggers(1.0, "patch"),
            "plus with a trigger": of_triggers(1.0, "backdoor"),
        },
        "right without a trigger",
    ),
    "tagged_cheating": Net(
        Recipe("CNN that cheats by the tag", "tagged patches", 4, 2e-3, 1e-3, flip=False),
        of_tags("patch", "class"),
        TAG_TESTS,
        "right where the tag tells the class",
    ),
    "tagged_honest": Net(
        Recipe("CNN for which tags say nothing", "tagged patches", 8, 2e-3, 1e-3, flip=False),
        of_tags("patch", "random"),
        TAG_TESTS,
        "right where the tag is drawn",
    ),
}


def make(name: str, seed: int) -> None:
    """Train one net from one start, store it with its numbers, write its card and the log."""
    kind = NETS[name]
    tests = {what: pictures(TEST_PICTURES, TEST_SEED) for what, pictures in kind.tests.items()}
    torch.manual_seed(seed)  # the random start of the weights
    net = TRUTH_ARCHITECTURES[name]().to(memory_format=torch.channels_last)
    path = DATA / truth_file(name, seed)
    checkpoint = path.with_suffix(".checkpoint.tmp")
    history = train(
        net,
        kind.recipe,
        lambda epoch: kind.pictures(PICTURES, 1000 * (seed + 1) + epoch),
        lambda epoch: tests[kind.check],
        seed,
        checkpoint,
    )
    tensors = {key: value.contiguous().half() for key, value in net.state_dict().items()}
    net.load_state_dict(tensors)  # rounded
    right = {what: correct(net, *test) for what, test in tests.items()}
    metadata = {"right": right, "of": TEST_PICTURES, "seed": seed, "history": history}
    text = {key: json.dumps(value) for key, value in metadata.items()}
    write_atomically(path, safetensors.torch.save(tensors, text))
    card = card_for(
        path,
        title=f"{kind.recipe.title}, start {seed}; of {TEST_PICTURES} pictures: "
        + ", ".join(f"{count} {what}" for what, count in right.items()),
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by=f"data/train_truth_nets.py {name} (log in data/nets/TRUTH.md)",
    )
    write_cards({truth_file(name, seed): card}, DATA)
    write_log()
    checkpoint.unlink()


def write_log() -> None:
    """Write TRUTH.md from the numbers that are stored inside the nets."""
    lines = [
        "# How the nets with a known right explanation were trained",
        "",
        "Made by data/train_truth_nets.py: AdamW, one-cycle schedule, batches of 128, one CPU "
        f"thread, {PICTURES:,} new pictures for each epoch, last epoch kept, weights rounded to "
        "half precision.",
        f"Counts are of {TEST_PICTURES} test pictures of a seed of their own.",
    ]
    for name, kind in NETS.items():
        paths = {seed: DATA / truth_file(name, seed) for seed in SEEDS}
        stored = {seed: numbers(path) for seed, path in paths.items() if path.is_file()}
        if not stored:
            continue
        recipe = kind.recipe
        lines += [
            "",
            f"## {name}",
            "",
            f"{recipe.title}: {recipe.data}, {recipe.epochs} epochs, largest learning rate "
            f"{recipe.rate:g}, weight decay {recipe.decay:g}.",
            "",
            f"| start | {' | '.join(kind.tests)} | last training loss | seconds |",
            "|---" * (len(kind.tests) + 3) + "|",
        ]
        for seed, found in stored.items():
            counts = " | ".join(str(found["right"][what]) for what in kind.tests)
            seconds = sum(entry["seconds"] for entry in found["history"])
            last = found["history"][-1]["loss"]
            lines.append(f"| {seed} | {counts} | {last:.4f} | {seconds:.0f} |")
    write_atomically(LOG, ("\n".join(lines) + "\n").encode())


def numbers(path: Path) -> dict:
    """Return the numbers that are stored inside a net's file."""
    with safetensors.safe_open(path, framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def main() -> None:
    """Train the nets named on the command line, or all, from each start."""
    torch.set_num_threads(1)
    names = sys.argv[1:] or list(NETS)
    unknown = set(names) - set(NETS)
    if unknown:
        sys.exit(f"There is no net {', '.join(sorted(unknown))}; there are {', '.join(NETS)}.")
    for name in names:
        for seed in SEEDS:
            print(name, seed, flush=True)
            make(name, seed)


if __name__ == "__main__":
    main()
