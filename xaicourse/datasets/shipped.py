"""Read a file of ``data/``: only if it is, bit for bit, the one on its card."""

from __future__ import annotations

import hashlib

import safetensors.torch
from torch import Tensor

from xaicourse.core.places import data_folder
from xaicourse.datasets.cards import CARDS_FILE, Card, cards


def read_tensors(name: str) -> dict[str, Tensor]:
    """Return the tensors of the safetensors file ``data/<name>`` by name, on the CPU.

    In the order of their names: the file's own order differs from process to process.
    """
    return dict(sorted(safetensors.torch.load(read_file(name)).items()))


def read_file(name: str) -> bytes:
    """Return the content of the file ``data/<name>``.

    The bytes whose sha256 is checked are the bytes that are read: nothing can come in between.
    """
    path = data_folder() / name
    restore = f"get it back with  git checkout -- data/{name}"
    card = known_cards().get(name)
    if card is None:
        raise FileNotFoundError(f"data/cards.json has no card for {name}; git checkout -- data")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; {restore}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise ValueError(f"{path} is not the file on its card (another sha256); {restore}")
    return content


def known_cards() -> dict[str, Card]:
    """Return the cards, or say how to get them back."""
    try:
        return cards()
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"data/{CARDS_FILE} cannot be read ({error}); get it back with  "
            f"git checkout -- data/{CARDS_FILE}"
        ) from None
