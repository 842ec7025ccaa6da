"""Train the small nets of the zoo once, on one thread, and store them in data/nets/.

    OMP_NUM_THREADS=1 python data/train_nets.py                 all four, about half an hour
    OMP_NUM_THREADS=1 python data/train_nets.py fashion_mlp     only this one

Fashion-MNIST's original files are needed (Debian: apt-get install dataset-fashion-mnist). Each
epoch is saved, so a run that was stopped goes on where it was, with the same result. The same seed
gives the same net on the same machine; another CPU adds in another order and drifts away.

Nothing is chosen by looking at the test pictures: the number of epochs is fixed beforehand and the
last epoch is kept. The accuracy of the epochs before is logged, but nobody acts on it.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.fashion import fashion_mnist
from xaicourse.datasets.planted_patches import planted
from xaicourse.zoo.small_nets import ARCHITECTURES

NETS = Path(__file__).resolve().parent / "nets"
BATCH = 128
PLANTED_PICTURES = 20_000  # a new set for each epoch
PLANTED_TEST_SEED = 1_000_000  # 10,000 pictures; the seeds of training are 1000, 1001, ...
PLANTED_SUBSET_SEED = 0  # what planted() gives by default; not trained on either

Epoch = Callable[[int], tuple[Tensor, Tensor]]  # number of the epoch -> x (M,1,H,W), labels (M,)


@dataclass(frozen=True)
class Recipe:
    """How one net is trained, and what its card says."""

    title: str
    data: str
    epochs: int
    rate: float  # the largest learning rate of the one-cycle schedule
    decay: float
    flip: bool  # mirror half of the pictures: a shoe may point both ways


RECIPES = {
    "fashion_cnn": Recipe("Small CNN", "fashion_mnist", 8, 3e-3, 1e-3, flip=True),
    "fashion_residual": Recipe(
        "Small residual net with batch norm", "fashion_mnist", 6, 6e-3, 1e-2, flip=True
    ),
    "fashion_mlp": Recipe("Three-layer perceptron", "fashion_mnist", 12, 2e-3, 1e-2, flip=False),
    "planted_cnn": Recipe("Small CNN", "planted", 8, 2e-3, 1e-3, flip=False),
}


def train(
    net: nn.Module, recipe: Recipe, pictures: Epoch, test: Epoch, seed: int, checkpoint: Path
) -> list[dict[str, float]]:
    """Train a net in place and return what happened, one entry an epoch.

    After each epoch all that the next one needs is written to ``checkpoint``; if that file is
    there, training starts from it.
    """
    batches = -(-len(pictures(0)[0]) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.rate, epochs=recipe.epochs, steps_per_epoch=batches
    )
    history: list[dict[str, float]] = []
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        history = saved["history"]
    for epoch in range(len(history), recipe.epochs):
        start = time.monotonic()
        # order and mirroring depend on the number of the epoch alone: a resumed run is the same run
        generator = torch.Generator().manual_seed(1000 * seed + epoch)
        loss = train_epoch(net, optimiser, schedule, *pictures(epoch), generator, recipe.flip)
        x, labels = test(epoch)
        history.append(
            {
                "epoch": epoch + 1,
                "loss": loss,
                "accuracy": correct(net, x, labels) / len(labels),
                "seconds": time.monotonic() - start,
            }
        )
        print(" ".join(f"{name} {value:.4g}" for name, value in history[-1].items()), flush=True)
        state = {
            "net": net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "history": history,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(checkpoint, buffer.getvalue())
    return history


def train_epoch(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    x: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    flip: bool,
) -> float:
    """Go once through all pictures in a random order and return the mean loss."""
    net.train()
    total = 0.0
    order = torch.randperm(len(x), generator=generator)
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    for chosen in order.split(BATCH):
        batch = x[chosen]  # (B, 1, H, W), a copy; one channel is channels-last as it is
        if flip:
            batch = torch.where(mirrored[chosen][:, None, None, None], batch.flip(-1), batch)
        loss = F.cross_entropy(net(batch), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(x)


@torch.no_grad()
def correct(net: nn.Module, x: Tensor, labels: Tensor) -> int:
    """Return how many pictures the net puts into their class."""
    net.eval()
    hits = [net(xs).argmax(1) == ys for xs, ys in zip(x.split(500), labels.split(500), strict=True)]
    return int(torch.cat(hits).sum())


def data_for(recipe: Recipe) -> tuple[Epoch, Epoch, tuple[Tensor, Tensor]]:
    """Return the training pictures of an epoch, the 10,000 for the test, and the shipped subset."""
    if recipe.data == "fashion_mnist":
        training, testing = fashion_mnist("train"), fashion_mnist("full_test")
        return lambda epoch: training, lambda epoch: testing, fashion_mnist("test")
    testing = planted(10_000, PLANTED_TEST_SEED)[:2]
    subset = planted(2_000, PLANTED_SUBSET_SEED)[:2]
    return lambda epoch: planted(PLANTED_PICTURES, 1000 + epoch)[:2], lambda epoch: testing, subset


def make(name: str, seed: int = 0) -> None:
    """Train one net, store it with its numbers, write its card and the log."""
    recipe = RECIPES[name]
    pictures, test, subset = data_for(recipe)
    torch.manual_seed(seed)  # the random start of the weights
    # channels-last is only a memory layout: convolutions on a CPU take 0.6 of the time
    net = ARCHITECTURES[name]().to(memory_format=torch.channels_last)
    checkpoint = NETS / f"{name}.checkpoint.tmp"
    history = train(net, recipe, pictures, test, seed, checkpoint)
    numbers = {
        "correct_of_10000": correct(net, *test(0)),
        "correct_of_subset": correct(net, *subset),
        "subset": len(subset[1]),
        "seed": seed,
        "history": history,
    }
    path = NETS / f"{name}.safetensors"
    metadata = {key: json.dumps(value) for key, value in numbers.items()}
    tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
    write_atomically(path, safetensors.torch.save(tensors, metadata))
    data = {"fashion_mnist": "Fashion-MNIST", "planted": "planted patches"}[recipe.data]
    card = card_for(
        path,
        title=f"{recipe.title} trained on {data}: {numbers['correct_of_10000']} of 10,000 test "
        f"pictures right, {numbers['correct_of_subset']} of the {len(subset[1])} of the course",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by=f"data/train_nets.py {name} (log in data/nets/LOG.md)",
    )
    write_cards({f"nets/{name}.safetensors": card}, NETS.parent)
    write_log()
    checkpoint.unlink()


def write_log() -> None:
    """Write LOG.md from the numbers that are stored inside the nets."""
    lines = [
        "# How the nets of this folder were trained",
        "",
        f"Made by data/train_nets.py: AdamW, one-cycle schedule, batches of {BATCH}, one CPU "
        "thread, last epoch kept.",
        "Accuracy is on 10,000 test pictures: Fashion-MNIST's own, or planted patches of a seed "
        "of their own.",
        "Seconds are of a machine that was busy with other work.",
    ]
    for name, recipe in RECIPES.items():
        path = NETS / f"{name}.safetensors"
        if not path.is_file():
            continue
        with safetensors.safe_open(path, framework="pt") as file:
            numbers = {key: json.loads(value) for key, value in file.metadata().items()}
        weights = sum(tensor.numel() for tensor in safetensors.torch.load_file(path).values())
        lines += [
            "",
            f"## {name}",
            "",
            f"{recipe.title}, {weights:,} numbers, seed {numbers['seed']}, largest learning rate "
            f"{recipe.rate:g}, weight decay {recipe.decay:g}, "
            f"{'with' if recipe.flip else 'without'} mirroring.",
            f"**{numbers['correct_of_10000']} of 10,000** right; "
            f"{numbers['correct_of_subset']} of the {numbers['subset']} pictures of the course.",
            "",
            "| epoch | training loss | accuracy | seconds |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {entry['epoch']} | {entry['loss']:.4f} | {entry['accuracy']:.4f} "
            f"| {entry['seconds']:.0f} |"
            for entry in numbers["history"]
        ]
    write_atomically(NETS / "LOG.md", ("\n".join(lines) + "\n").encode())


def main() -> None:
    """Train the nets named on the command line, or all."""
    torch.set_num_threads(1)
    names = sys.argv[1:] or list(RECIPES)
    unknown = set(names) - set(RECIPES)
    if unknown:
        sys.exit(f"There is no net {', '.join(sorted(unknown))}; there are {', '.join(RECIPES)}.")
    for name in names:
        print(name, flush=True)
        make(name)


if __name__ == "__main__":
    main()
