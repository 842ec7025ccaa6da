"""A small net that reads a sentence and says whether it praises or blames a film.

How it was trained: data/train_sentence_net.py and data/nets/SENTENCES.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from xaicourse.datasets.shipped import read_tensors

__all__ = ["SENTIMENTS", "SentenceNet", "read_words", "sentence_net"]

SENTIMENTS = ("negative", "positive")
PAD, UNKNOWN = 0, 1  # the first two words of every vocabulary: [PAD] and [UNK]
WIDTHS = (1, 2, 3)  # of the windows of words that are looked at together
FILTERS = 32  # of each width
FEATURES = 32  # of one word
SEEDS = (0, 1, 2)  # the starts from which such a net was trained


def read_words(sentence: str) -> list[str]:
    """Return the words of a sentence in lower case, without marks: "isn't" is one word."""
    return re.findall(r"[a-z]+(?:'[a-z]+)*|[0-9]+", sentence.lower().replace("\u2019", "'"))


class SentenceNet(nn.Module):
    """Words as points, windows of one to three words, the largest value of each filter, two scores.

    x is what is explained: the points of the words, (N, L, D), made by `embed`. [PAD] is the origin
    and the filters have no bias, so that padding changes no score, and a baseline of 0 is an empty
    sentence.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.words = tuple(words)
        self.number = {word: k for k, word in enumerate(self.words)}
        self.embedding = nn.Embedding(len(self.words), FEATURES, padding_idx=PAD)
        self.windows = nn.ModuleList(
            nn.Conv1d(FEATURES, FILTERS, width, padding=width - 1, bias=False) for width in WIDTHS
        )
        self.relus = nn.ModuleList(nn.ReLU() for _ in WIDTHS)
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(FILTERS * len(WIDTHS), len(SENTIMENTS))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 2) of sentences given as points of words (N, L, D)."""
        if x.dim() != 3 or x.shape[2] != FEATURES or not x.is_floating_point():
            raise ValueError(
                f"This net takes sentences as points of words, floats (N, L, {FEATURES}), got "
                f"{tuple(x.shape)} of {x.dtype}; make them with net.embed(['the plot was good'])."
            )
        columns = x.transpose(1, 2)  # (N, D, L)
        seen = [
            relu(window(columns)).amax(2)  # (N, FILTERS)
            for window, relu in zip(self.windows, self.relus, strict=True)
        ]
        return self.classifier(self.dropout(torch.cat(seen, dim=1)))

    def ids(self, sentences: Sequence[str], length: int | None = None) -> Tensor:
        """Return the numbers of the words, (N, L), filled up with [PAD]; others are [UNK]."""
        if isinstance(sentences, str):
            raise TypeError("sentences must be a list of sentences, got one; write [sentence].")
        rows = [[self.number.get(w, UNKNOWN) for w in read_words(s)] for s in sentences]
        if not all(rows):
            raise ValueError("sentences must have at least one word each.")
        length = length or max(map(len, rows))
        return torch.tensor([(row + [PAD] * length)[:length] for row in rows])

    def embed(self, sentences: Sequence[str], length: int | None = None) -> Tensor:
        """Return the points of the words of sentences, (N, L, D), filled up with the origin."""
        weight = self.embedding.weight
        return weight[self.ids(sentences, length).to(weight.device)].detach().clone()

    def nearest_word(self, points: Tensor) -> list[str]:
        """Return the word that lies nearest to each point (P, D)."""
        return [self.words[k] for k in torch.cdist(points, self.embedding.weight).argmin(1)]


def file_of(seed: int) -> str:
    """Return the file of the net that was trained from this start."""
    return "nets/sentence_cnn.safetensors" if seed == 0 else f"nets/sentence_cnn_{seed}.safetensors"


def sentence_net(seed: int = 0) -> SentenceNet:
    """Return the net with its stored weights, in eval mode and frozen; seeds 1 and 2: sisters."""
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of 0, 1, 2: nets that were trained; got {seed!r}")
    tensors = read_tensors(file_of(seed))
    words = tensors.pop("words").numpy().tobytes().decode().split("\n")
    with torch.device("meta"):  # no random start: the weights come from the file
        net = SentenceNet(words)
    net.load_state_dict(tensors, strict=True, assign=True)
    return net.eval().requires_grad_(False)
