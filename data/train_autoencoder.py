"""Train the autoencoder of Fashion-MNIST once, on one thread, and store it in data/nets/.

    OMP_NUM_THREADS=1 python data/train_autoencoder.py      some minutes

Fashion-MNIST's original files are needed (Debian: apt-get install dataset-fashion-mnist). Noise is
added to the latent numbers and their size is held down, so that what lies between two codes is a
picture, too. The number of epochs is fixed beforehand and the last epoch is kept.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower

import safetensors.torch
import torch
from torch import Tensor

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.fashion import fashion_mnist
from xaicourse.zoo.autoencoder import HIDDEN, LATENTS, STORED, FashionAutoencoder

DATA = Path(__file__).resolve().parent
LOG = DATA / "nets" / "AUTOENCODER_LOG.md"
BATCH, EPOCHS, RATE, SEED = 128, 20, 3e-3, 0
NOISE = 0.3  # standard deviation of the noise on each latent number
SIZE = 2e-4  # weight of the latent numbers' mean square


def train(net: FashionAutoencoder, x: Tensor, test: Tensor) -> list[dict[str, float]]:
    """Train a net in place and return what happened, one entry an epoch."""
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    batches = -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=RATE, epochs=EPOCHS, steps_per_epoch=batches
    )
    history = []
    for epoch in range(EPOCHS):
        start = time.monotonic()
        generator = torch.Generator().manual_seed(1000 * SEED + epoch)
        total = 0.0
        for chosen in torch.randperm(len(x), generator=generator).split(BATCH):
            batch = x[chosen]
            z = net.encode(batch)
            noise = NOISE * torch.randn(z.shape, generator=generator)
            loss = (net.decode(z + noise) - batch).square().mean() + SIZE * z.square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        entry = {
            "epoch": epoch + 1,
            "loss": total / len(x),
            "error": error(net, test),
            "seconds": time.monotonic() - start,
        }
        history.append(entry)
        print(" ".join(f"{name} {value:.4g}" for name, value in entry.items()), flush=True)
    return history


@torch.no_grad()
def error(net: FashionAutoencoder, x: Tensor) -> float:
    """Return the mean squared difference of pictures and their reconstructions, a pixel."""
    return float(torch.cat([(net(part) - part).square() for part in x.split(500)]).mean())


def main() -> None:
    """Train, store the net with its numbers, write its card and the log."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    net = FashionAutoencoder()
    x, test, subset = (fashion_mnist(split).x for split in ("train", "full_test", "test"))
    history = train(net, x, test)
    numbers = {
        "error_of_10000": error(net, test),
        "error_of_subset": error(net, subset),
        "variance_of_subset": float((subset - subset.mean(0)).square().mean()),
        "history": history,
    }
    metadata = {key: json.dumps(value) for key, value in numbers.items()}
    tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
    write_atomically(DATA / STORED, safetensors.torch.save(tensors, metadata))
    card = card_for(
        DATA / STORED,
        title=f"Autoencoder of Fashion-MNIST, {LATENTS} latent numbers: mean squared error "
        f"{numbers['error_of_10000']:.4f} a pixel on 10,000 test pictures",
        author="The xaicourse contributors",
        source="this course",
        licence="Apache-2.0",
        made_by=f"data/train_autoencoder.py (log in data/nets/{LOG.name})",
    )
    write_cards({STORED: card}, DATA)
    weights = sum(tensor.numel() for tensor in tensors.values())
    lines = [
        "# How the autoencoder of this folder was trained",
        "",
        f"Made by data/train_autoencoder.py: 784 - {HIDDEN} - 64 - {LATENTS} and back, "
        f"{weights:,} numbers; Adam, one-cycle schedule to {RATE:g}, batches of {BATCH}, seed "
        f"{SEED}, one CPU thread, last epoch kept. Noise {NOISE:g} on each latent number.",
        f"**{numbers['error_of_10000']:.4f}** mean squared error a pixel on the 10,000 test "
        f"pictures, {numbers['error_of_subset']:.4f} on the 2,000 of the course, whose variance "
        f"around their mean picture is {numbers['variance_of_subset']:.4f}.",
        "Seconds are of a machine that was busy with other work.",
        "",
        "| epoch | training loss | test error | seconds |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {entry['epoch']} | {entry['loss']:.5f} | {entry['error']:.5f} "
        f"| {entry['seconds']:.0f} |"
        for entry in history
    ]
    write_atomically(LOG, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
