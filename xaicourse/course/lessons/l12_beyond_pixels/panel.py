"""Words panel: a sentence on its way from a baseline word, and what each word has collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from torch import Tensor

from xaicourse.course.lessons.l12_beyond_pixels.stairs import (
    all_orders,
    draw_words,
    on_the_way,
    words_beside,
)
from xaicourse.course.lessons.l12_beyond_pixels.walk import WAYS, WordWalk, word_walk
from xaicourse.plot.style import BLUE, ORANGE
from xaicourse.widgets.controls import Choice, Slider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Bars, Curve, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory
from xaicourse.zoo.sentence_net import SentenceNet

__all__ = ["WordWalk", "WordsPanel", "WordsView", "all_orders", "on_the_way", "word_walk"]

MOST_WALKS = 64
MOST_WORDS = 12
EDGES = (0, 4, 8, 12, 16)  # places at which the words are written in any case


@documented
class WordsView:
    """What the panel shows."""

    walk: Annotated[WordWalk, "The way of the sentence."]
    settings: Settings
    k: Annotated[int, "The point of the way at which the reader stands."]
    collected: Annotated[Tensor, "(L,): What each word has collected up to there."]


class WordsPanel(Panel):
    """Move along the way of a sentence: nearest words, score, and what each word has collected.

    Each way is computed once and kept.

    Parameters
    ----------
    nets : dict of str to SentenceNet
        Name -> net that can be chosen.
    sentences : sequence of str
        Sentences that can be chosen, of at most 12 words.
    starts : sequence of str
        Baseline words; [PAD] is no word.
    net, sentence, way, start : str, optional
        What is set at first: the first of each.
    alpha : float
        The place on the way, 0 to 1.

    Raises
    ------
    ValueError
        If there is nothing to choose from, or a sentence is too long.

    Examples
    --------
    >>> import xaicourse as xc
    >>> nets = {"net": xc.zoo.load("sentence_cnn")}
    >>> panel = xc.widgets.WordsPanel(nets, ["a dull film"], alpha=1.0)
    >>> panel.result.walk.nearest[panel.result.k]
    ['a', 'dull', 'film']
    """

    title = "words panel, a sentence on its way from a baseline word"
    size = (7.6, 3.6)
    alpha = Slider(0.0, 1.0, 1 / 16)
    sentence = Choice("sentences")
    net = Choice("nets")
    way = Choice(list(WAYS))
    start = Choice("starts")

    def __init__(
        self,
        nets: Mapping[str, SentenceNet],
        sentences: Sequence[str],
        *,
        starts: Sequence[str] = ("[PAD]",),
        net: str | None = None,
        sentence: str | None = None,
        way: str = "straight",
        start: str | None = None,
        alpha: float = 0.5,
    ) -> None:
        check_filled(nets=nets, sentences=sentences, starts=starts)
        long = [each for each in sentences if len(each.split()) > MOST_WORDS]
        if long:
            raise ValueError(f"{long[0]!r} has more than {MOST_WORDS} words")
        self.nets, self.sentences, self.starts = dict(nets), list(sentences), list(starts)
        self.memory = Memory(MOST_WALKS)
        chosen = {"sentence": sentence, "net": net, "way": way, "start": start}
        super().__init__({"alpha": alpha, **chosen})

    def compute(self, settings: Mapping[str, Any]) -> Any:
        """Yield the view; each way is kept."""
        asked = settings["net"], settings["sentence"], settings["way"], settings["start"]
        walk = yield from self.memory.walk(asked, self._walk(*asked))
        k = round(settings["alpha"] * (len(walk.points) - 1))
        yield WordsView(walk, dict(settings), k, walk.pulls[:k].sum(0))

    def _walk(self, net: str, sentence: str, way: str, start: str) -> Any:
        yield None
        return word_walk(self.nets[net], sentence, way, start=start)

    def plates(self, result: WordsView) -> Iterator[Plate]:
        walk, last = result.walk, len(result.walk.points) - 1
        columns = [k for k in EDGES if k == result.k or abs(k - result.k) > 1]
        columns = sorted({*columns, result.k})
        beside = "; ".join(words_beside(walk, [result.k]))
        yield Plate(
            (0.25, 1.5, 3.9, 1.75), "the nearest word to each point; bold: here",
            says=f"the words beside the way, here {beside}",
            draw=lambda axis: draw_words(axis, walk, columns, result.k),
        )  # fmt: skip
        alphas = [k / last for k in range(last + 1)]
        look = {"color": BLUE, "marker": ".", "ms": 4}
        yield Curve(
            (0.25, 0.5, 3.9, 0.75), "", [(alphas, walk.scores, look)],
            here=result.k / last, axes={"xlim": (-0.06, 1.06)},
            says="negative minus positive along the way",
            draw=lambda axis: axis.set_xlabel("α; the curve: negative minus positive", labelpad=1),
        )  # fmt: skip
        heights = result.collected.tolist()
        yield Bars(
            (5.2, 0.5, 2.2, 2.75), "collected so far (pale: in the end)", heights,
            pale=walk.shares.tolist(), names=walk.words, across=True,
            colours=[ORANGE if height >= 0 else BLUE for height in heights],
            says="a bar for each word: what it has collected, before what it gets in the end",
        )  # fmt: skip

    def words(self, result: WordsView) -> Iterator[str]:
        walk = result.walk
        yield f"alpha {result.k / (len(walk.points) - 1):.2f}"
        yield f"negative minus positive {number(float(walk.scores[result.k]))}"
        yield f"collected {number(float(result.collected.sum()))}"
        yield f"gap in the end {number(walk.gap)}"
        yield f"distance to the nearest word {number(walk.distance)}, mean of the way"
        yield WAYS[result.settings["way"]]

    def intro(self, result: WordsView) -> str:
        its = result.settings
        return f"Words panel, {its['net']}, '{its['sentence']}', {its['way']} from {its['start']}."
