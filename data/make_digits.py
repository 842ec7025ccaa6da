"""Make data/digits.safetensors from the digits that come with scikit-learn 1.9.1.

    pip install scikit-learn==1.9.1
    python data/make_digits.py

scikit-learn is needed for this script alone, and none of its code runs: only its table is read.
"""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.small_digits import DIGITS_FILE


def main() -> None:
    """Write the file and its card."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("scikit-learn is missing:  pip install scikit-learn==1.9.1")
    source = Path(spec.submodule_search_locations[0]) / "datasets/data/digits.csv.gz"
    with gzip.open(source, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",")  # (1797, 65): 64 pixels and the digit
    values = torch.from_numpy(table.astype(np.uint8))
    tensors = {
        "images": values[:, :64].reshape(-1, 8, 8).contiguous(),
        "labels": values[:, 64].contiguous(),
    }
    path = Path(__file__).resolve().parent / DIGITS_FILE
    write_atomically(path, safetensors.torch.save(tensors))
    card = card_for(
        path,
        title="1,797 handwritten digits, 8 x 8 grey with values 0 to 16",
        author="Ethem Alpaydin, Cenk Kaynak",
        source="https://archive.ics.uci.edu/dataset/80 (test set; as digits.csv.gz in "
        "scikit-learn 1.9.1)",
        licence="CC-BY-4.0",
        made_by="data/make_digits.py: stored as bytes, otherwise unchanged",
    )
    write_cards({DIGITS_FILE: card}, path.parent)


if __name__ == "__main__":
    main()
