"""One sentence on its way from a baseline word: points, scores, and what each word collects."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import torch
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.methods.integrated.discretized import word_paths
from xaicourse.widgets.documented import documented
from xaicourse.zoo.sentence_net import UNKNOWN, SentenceNet, read_words

__all__ = ["WAYS", "WordWalk", "word_walk"]

# way -> what it is
WAYS = {
    "straight": "the straight line of lesson 05",
    "greedy": "along near words, those that need the smallest change",
    "maxcount": "along near words, those with most coordinates on the way",
    "random words": "along words drawn at random",
}
PIECES = 16
EACH = 4  # gradients in each piece
NEAR, DRAWN = 50, 120  # words to choose from: the nearest ones, or as many drawn


@documented
class WordWalk:
    """A way of a sentence from its baseline, in equal pieces; all on the CPU."""

    words: Annotated[list[str], "The words of the sentence."]
    points: Annotated[Tensor, "(K + 1, L, D): The points of all words, the baseline first."]
    scores: Annotated[Tensor, "(K + 1,): Negative minus positive at each point of the way."]
    pulls: Annotated[Tensor, "(K, L): What each piece of the way adds for each word."]
    net: Annotated[SentenceNet, "The network, whose words lie beside the way."]

    @property
    def shares(self) -> Tensor:
        """What each word gets, (L,)."""
        return self.pulls.sum(0)

    @cached_property
    def _near(self) -> tuple[list[list[str]], Tensor]:
        return _nearest(self.points, self.net)

    @property
    def nearest(self) -> list[list[str]]:
        """The nearest word to each point, (K + 1, L); [PAD] at its very point only."""
        return self._near[0]

    @property
    def distances(self) -> Tensor:
        """How far that word is, (K + 1, L)."""
        return self._near[1]

    @property
    def distance(self) -> float:
        """How far the points between the ends are from the nearest word, in the mean."""
        return float(self.distances[1:-1].mean())

    @property
    def gap(self) -> float:
        """The sum of the shares minus the rise."""
        return float(self.shares.sum() - (self.scores[-1] - self.scores[0]))


@suggest_names
def word_walk(
    net: SentenceNet, sentence: str, way: str = "straight", *, start: str = "[PAD]", seed: int = 0
) -> WordWalk:
    """Walk from a baseline word to each word of a sentence, and add up the gradients.

    Parameters
    ----------
    net : SentenceNet
        As ``xc.zoo.load("sentence_cnn")``.
    sentence : str
        Its words are explained: for negative, against positive.
    way : str
        straight, greedy, maxcount or random words.
    start : str
        The word at which all words start; [PAD] is no word, the origin.
    seed : int
        Of the random words.

    Returns
    -------
    WordWalk
        Sixteen pieces, four gradients in each.

    Raises
    ------
    ValueError
        For another way, or a start that the net does not know.

    Examples
    --------
    >>> import xaicourse as xc
    >>> walk = xc.widgets.word_walk(xc.zoo.load("sentence_cnn"), "a dull film", "greedy")
    >>> walk.words[int(walk.shares.argmax())]
    'dull'
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, got {way!r}")
    if start not in net.number:
        raise ValueError(f"start must be a word that the net knows, got {start!r}")
    vocabulary = net.embedding.weight.detach()
    end = net.embed([sentence])
    begin = vocabulary[net.number[start]].expand_as(end)
    points = _points(end, begin, vocabulary, way, seed)
    with torch.no_grad():
        scores = negative(net(points))
    return WordWalk(
        words=read_words(sentence),
        points=points.cpu(),
        scores=scores.double().cpu(),
        pulls=_pulls(net, points).double().cpu(),
        net=net,
    )


def negative(scores: Tensor) -> Tensor:
    """Return how far negative is ahead of positive, (N,)."""
    return scores[:, 0] - scores[:, 1]


def _nearest(points: Tensor, net: SentenceNet) -> tuple[list[list[str]], Tensor]:
    """Return the nearest words (K + 1, L) and how far they are; [PAD] and [UNK] are no words."""
    words = net.embedding.weight.detach().cpu()
    far = torch.cdist(points, words, compute_mode="donot_use_mm_for_euclid_dist")
    marks = far[..., : UNKNOWN + 1]
    marks.masked_fill_(marks > 0, torch.inf)
    near = far.min(2)
    named = [[net.words[k] for k in row] for row in near.indices.tolist()]
    return named, near.values.double().cpu()


def _points(end: Tensor, begin: Tensor, vocabulary: Tensor, way: str, seed: int) -> Tensor:
    """Return the points of the way, (K + 1, L, D)."""
    if way == "straight":
        alphas = torch.linspace(0, 1, PIECES + 1).to(end)[:, None, None]
        return torch.lerp(begin, end, alphas)
    neighbours = NEAR
    if way == "random words":
        drawn = torch.randperm(len(vocabulary), generator=torch.Generator().manual_seed(seed))
        vocabulary = vocabulary[drawn[:DRAWN].to(vocabulary.device)]
        way, neighbours = "greedy", DRAWN
    return word_paths(end, begin, vocabulary, way, PIECES - 1, neighbours)[0][0]


def _pulls(net: SentenceNet, points: Tensor) -> Tensor:
    """Return what each piece adds for each word, (K, L): midpoint rule in each quarter."""
    steps = points.diff(dim=0)  # (K, L, D)
    places = ((torch.arange(EACH) + 0.5) / EACH).to(points)[:, None, None]
    inside = points[:-1, None] + places * steps[:, None]  # (K, 4, L, D)
    inside = inside.flatten(0, 1).detach().requires_grad_()
    with torch.enable_grad():
        slopes = torch.autograd.grad(negative(net(inside)).sum(), inside)[0]
    slopes = slopes.view(len(steps), EACH, *steps.shape[1:]).mean(1)
    return (slopes * steps).sum(2)
