"""Fashion-MNIST: grey pictures of clothes, 28 x 28 pixels, ten classes.

Xiao, Rasul & Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
algorithms" (2017), arXiv:1708.07747; MIT licence. 2,000 of the 10,000 test pictures ship with the
course, 200 of each class. Training a net needs the four original files.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.shipped import read_tensors

FASHION_MNIST_CLASSES = (
    "T-shirt", "trousers", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

TEST_FILE = "fashion_mnist_test.safetensors"
LARGEST_FILE = 16 + 60_000 * 28 * 28  # bytes
# Where Debian's package dataset-fashion-mnist puts the four original files.
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
ORIGINAL_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "full_test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class LabelledImages(NamedTuple):
    """Pictures and their true classes.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Values in [0, 1].
    labels : Tensor (N,)
        Class numbers, int64.
    """

    x: Tensor
    labels: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def fashion_mnist(
    split: str = "test",
    n: int | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    device: str | torch.device | None = None,
) -> LabelledImages:
    """Return pictures of Fashion-MNIST with their classes.

    Parameters
    ----------
    split : str
        "test": the 2,000 test pictures that ship with the course. "full_test" (10,000) and "train"
        (60,000) read the original files, which do not ship with it.
    n : int, optional
        Only the first n pictures; classes are mixed.
    folder : str or path-like, optional
        Where the original files lie (``train-images-idx3-ubyte.gz`` ...; unpacked is fine too).
        Unless told otherwise: XAICOURSE_FASHION_MNIST, or where Debian's package
        dataset-fashion-mnist puts them.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    LabelledImages
        x (N, 1, 28, 28), float32 in [0, 1], and labels (N,), int64. The names of the classes are
        ``xc.datasets.FASHION_MNIST_CLASSES``.

    Raises
    ------
    ValueError
        If there is no such split or there are not n pictures, or if a file is damaged.
    FileNotFoundError
        If the original files are not there.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels = xc.datasets.fashion_mnist(n=100)
    >>> x.shape
    torch.Size([100, 1, 28, 28])
    """
    if split == "test":
        stored = read_tensors(TEST_FILE)
        images, labels = stored["images"], stored["labels"]
    elif split in ORIGINAL_FILES:
        source = _original_folder(folder)
        images, labels = (read_idx(_find(source, name)) for name in ORIGINAL_FILES[split])
        _check_pair(images, labels, source, split)
    else:
        raise ValueError(f"split: expected 'test', 'full_test' or 'train', got {split!r}.")
    return as_inputs(images, labels, n, largest=255, device=device)


def as_inputs(
    images: Tensor,
    labels: Tensor,
    n: int | None,
    *,
    largest: int,
    device: str | torch.device | None,
) -> LabelledImages:
    """Turn stored pictures (N, H, W) with values 0 ... ``largest`` into inputs (N, 1, H, W)."""
    n = len(images) if n is None else n
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(images):
        raise ValueError(f"n: expected a whole number from 1 to {len(images)}, got {n!r}.")
    x = images[:n, None].float() / largest
    return LabelledImages(x.to(device or "cpu"), labels[:n].long().to(device or "cpu"))


def _check_pair(images: Tensor, labels: Tensor, folder: Path, split: str) -> None:
    """Refuse files that were swapped, or that do not belong together."""
    whole = images.shape[1:] == (28, 28) and labels.shape == images.shape[:1]
    if not whole or labels.max() >= len(FASHION_MNIST_CLASSES):
        raise ValueError(
            f"{folder}: {' and '.join(ORIGINAL_FILES[split])} hold {tuple(images.shape)} and "
            f"{tuple(labels.shape)} numbers; expected pictures (N, 28, 28) and N classes from 0 to "
            f"{len(FASHION_MNIST_CLASSES) - 1}. Get both files once more."
        )


def read_idx(path: Path) -> Tensor:
    """Read a file in the IDX format of MNIST: two zeros, type 8 (uint8), rank, sizes, values."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = _unpacked(content)
    rank = content[3] if content[:3] == b"\x00\x00\x08" and len(content) > 3 else 0
    start = 4 + 4 * rank
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if rank == 0 or len(content) - start != math.prod(shape):
        raise ValueError(f"{path}: this is no whole IDX file of bytes; get it once more.")
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy())


def _unpacked(content: bytes) -> bytes:
    """Unpack as much as the largest file has; what is damaged gives nothing."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return stream.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error):
        return b""


def _original_folder(folder: str | os.PathLike[str] | None) -> Path:
    return Path(folder or os.environ.get("XAICOURSE_FASHION_MNIST") or DEBIAN_FOLDER)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"There is no {name}.gz in {folder}. Only split='test' ships with the course; for the rest "
        "install Debian's package dataset-fashion-mnist, or take the four files from "
        "https://github.com/zalandoresearch/fashion-mnist and name their folder: folder=... "
    )
