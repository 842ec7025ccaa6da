"""ROAR and DiffROAR in small: whether blurring a map improves its score, and how long it takes.

Song, Cha & Seo (arXiv:2304.13836) say that blurring, which adds nothing that a map knows of the
model, often improves ROAR. Here: 1,500 pictures of the course's Fashion-MNIST to train on and 500
to test, two nets, five shares, two trainings each. ``python -m benchmarks.retraining`` writes
results/retraining.md; with a file as argument each training is kept there, and a run that was
interrupted goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

import xaicourse as xc

RESULTS = Path(__file__).parent / "results" / "retraining.md"
TRAINING = 1500


def halves(images: Any) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return the first pictures for training and the rest for testing."""
    x, labels = images[0], images[1]
    return (x[:TRAINING], labels[:TRAINING]), (x[TRAINING:], labels[TRAINING:])


def saliency(model: Any, x: Tensor, target: Tensor) -> Tensor:
    return xc.saliency(model, x, target)


def grey_ig(model: Any, x: Tensor, target: Tensor) -> Tensor:
    found = xc.integrated_gradients(model, x, target, baseline=0.5, steps=16)
    return found.abs()


def blurred(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the method with its maps blurred, by a Gaussian of 2 pixels."""

    def smooth(model: Any, x: Tensor, target: Tensor) -> Tensor:
        return gaussian_blur(method(model, x, target), [9, 9], [2.0, 2.0])

    return smooth


METHODS = {
    "saliency": saliency,
    "saliency, blurred": blurred(saliency),
    "size of IG from grey": grey_ig,
    "size of IG from grey, blurred": blurred(grey_ig),
}


def said(result: Any) -> str:
    """Return the mean of a result and its curve, each of both trainings' means."""
    curve = " ".join(f"{value:.2f}" for value in result.curve.mean(dim=0).tolist())
    both = " ".join(f"{value:.3f}" for value in result.values.tolist())
    return f"{result.mean():.3f} | {both} | {curve}"


def fashion(keep: str | None) -> list[str]:
    """Measure ROAR of each method, and of the controls once."""
    data = halves(xc.datasets.fashion_mnist())
    lines = []
    for net in ("mlp", "cnn"):
        train = xc.evaluation.SmallTraining(net)
        start = time.process_time()
        lines += ["", f"## Fashion-MNIST, {net}", ""]
        lines += ["| map | ROAR | both trainings | accuracy at 0, .1, .3, .5, .7, .9 removed |"]
        lines += ["|---|---|---|---|"]
        details: dict[str, Any] = {}
        for name, method in METHODS.items():
            controls = () if details else ("random", "sobel")  # they are the same for all
            result = xc.evaluation.roar(
                train, data, method, trainings=2, keep=keep, controls=controls
            )
            details |= result.details
            lines += [f"| {name} | {said(result)} |"]
        lines += [f"| {name} | {said(control)} |" for name, control in details.items()]
        lines += ["", f"{time.process_time() - start:.0f} s of processor time, 62 trainings."]
        print("\n".join(lines), flush=True)
    return lines


def blocks(keep: str | None) -> list[str]:
    """Measure DiffROAR beside a null block, of maps and of the known place of the picture."""
    images = xc.datasets.null_blocks()
    where = dict(zip(map(hash_of, images.x), images.masks.float(), strict=True))

    def place(model: Any, x: Tensor, target: Tensor) -> Tensor:
        return torch.stack([where[hash_of(picture)] for picture in x])

    train = xc.evaluation.SmallTraining("mlp")
    lines = ["", "## DiffROAR beside a null block, mlp", ""]
    lines += ["| map | DiffROAR | both trainings | difference at 0, .1, .3, .5, .7, .9 removed |"]
    lines += ["|---|---|---|---|"]
    start = time.process_time()
    for name, method in {"where the picture stands": place, "saliency": saliency}.items():
        result = xc.evaluation.diff_roar(train, halves(images), method, trainings=2, keep=keep)
        lines += [f"| {name} | {said(result)} |"]
    lines += [f"| {name} | {said(control)} |" for name, control in result.details.items()]
    lines += ["", f"{time.process_time() - start:.0f} s of processor time."]
    print("\n".join(lines), flush=True)
    return lines


def hash_of(picture: Tensor) -> bytes:
    """Return a picture's content as a key."""
    return picture.numpy().tobytes()


def main() -> None:
    """Measure all and write it down."""
    torch.set_num_threads(1)
    keep = sys.argv[1] if len(sys.argv) > 1 else None
    head = [
        "# Remove and retrain, in small",
        "",
        "By `python -m benchmarks.retraining`: lower is better for ROAR, higher for DiffROAR.",
    ]
    RESULTS.write_text("\n".join([*head, *fashion(keep), *blocks(keep)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
