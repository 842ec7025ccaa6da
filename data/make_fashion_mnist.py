"""Make data/fashion_mnist_test.safetensors: 200 test pictures of each of Fashion-MNIST's classes.

    apt-get install dataset-fashion-mnist        (Debian; or name the folder with the four files)
    python data/make_fashion_mnist.py [FOLDER]

The first 200 pictures of each class are taken and kept in the order of the test set; ``index``
tells where each one stands there. The file is the same bytes whenever the script is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import safetensors.torch
import torch

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.fashion import TEST_FILE, fashion_mnist

EACH_CLASS = 200


def main() -> None:
    """Write the file and its card."""
    x, labels = fashion_mnist("full_test", folder=sys.argv[1] if len(sys.argv) > 1 else None)
    of_each = [torch.nonzero(labels == kind).flatten()[:EACH_CLASS] for kind in range(10)]
    index = torch.cat(of_each).sort().values  # (2000,), places in the test set
    tensors = {
        "images": (x[index, 0] * 255).round().to(torch.uint8),  # (2000, 28, 28)
        "labels": labels[index].to(torch.uint8),
        "index": index.to(torch.int16),
    }
    path = Path(__file__).resolve().parent / TEST_FILE
    write_atomically(path, safetensors.torch.save(tensors))
    card = card_for(
        path,
        title="2,000 test pictures of Fashion-MNIST, 28 x 28 grey, 200 of each of ten classes",
        author="Han Xiao, Kashif Rasul, Roland Vollgraf (copyright 2017 Zalando SE)",
        source="https://github.com/zalandoresearch/fashion-mnist "
        "(as in Debian's dataset-fashion-mnist 0.0~git20200523.55506a9-1); arXiv:1708.07747",
        licence="MIT",
        made_by="data/make_fashion_mnist.py",
    )
    write_cards({TEST_FILE: card}, path.parent)


if __name__ == "__main__":
    main()
