"""One picture: the stairs of a forest on its way, and the words that lie beside a sentence's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.course.lessons.l12_beyond_pixels.walk import WordWalk
from xaicourse.methods.integrated.generalized import generalized_ig, shapley
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import GREY, INK, PALE, PARTS
from xaicourse.widgets.plates import Plate, figure_of

__all__ = ["all_orders", "draw_words", "on_the_way", "words_beside"]

SIZE = (9.6, 4.85)
MOST_COLOURS = 6
COLUMNS = 9  # words are written at so many places
THICK = 2.6
MOST_FEATURES = 12


@suggest_names
def on_the_way(
    forest: Callable[[Tensor], Tensor],
    x: Tensor,
    baseline: Tensor,
    names: Sequence[str],
    walk: WordWalk,
    *,
    alt: str,
) -> Picture:
    """Draw the score of a forest along the straight way; below it the words beside a sentence's.

    Parameters
    ----------
    forest : TreeEnsemble
        One output.
    x, baseline : Tensor (1, d)
        The ends of the way.
    names : sequence of str
        Of the features: each riser has the colour of the feature that crosses.
    walk : WordWalk
        From `word_walk`.
    alt : str
        What is drawn, for a reader who cannot see it.

    Returns
    -------
    Picture
        Shown by a notebook as it is.
    """
    found = generalized_ig(forest, x, 0, baseline=baseline, return_details=True)
    places, jumps = found.extra["places"][0].cpu(), found.extra["jumps"][0].cpu()
    level = float(forest(baseline)[0, 0])
    plates = [
        Plate(
            (0.75, 2.9, 7.2, 1.7),
            "a forest: from the median patient (0) to one patient (1)",
            left="score",
            draw=lambda axis: draw_stairs(axis, places, jumps, level, names),
        ),
        Plate(
            (0.75, 0.5, 7.2, 1.9),
            "a sentence: the word that lies nearest to each point of the way",
            below="α  (0: baseline, 1: input)",
            points=9,
            draw=lambda axis: draw_words(axis, walk, [*range(0, 17, 16 // (COLUMNS - 1))]),
        ),
    ]
    return Picture(figure_of(SIZE, plates), alt)


def draw_stairs(
    axis: Axes, places: Tensor, jumps: Tensor, level: float, names: Sequence[str]
) -> None:
    """Draw the levels in grey and each riser in its feature's colour."""
    order = jumps.abs().sum(0).argsort(descending=True)[:MOST_COLOURS].tolist()
    colours = {feature: PARTS[k] for k, feature in enumerate(order)}
    for feature in order:
        axis.plot([], [], color=colours[feature], lw=THICK, label=names[feature])
    axis.plot([], [], color=PALE, lw=THICK, label="others")
    at = 0.0
    for place, jump in zip(places.tolist(), jumps, strict=True):
        axis.plot([at, place], [level, level], color=GREY, lw=1)
        for feature in jump.nonzero().flatten().tolist():
            after = level + float(jump[feature])
            axis.plot(
                [place, place], [level, after], lw=THICK, color=colours.get(feature, PALE),
                solid_capstyle="butt",
            )  # fmt: skip
            level = after
        at = place
    axis.plot([at, 1], [level, level], color=GREY, lw=1)
    axis.set_xlim(-0.06, 1.06)
    axis.legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), title="who crosses", title_fontsize=8
    )


def draw_words(axis: Axes, walk: WordWalk, columns: Sequence[int], here: int | None = None) -> None:
    """Write the nearest word at some places: dark at a word, pale far from any."""
    far = float(walk.distances.max().clamp_min(1e-9))
    last = len(walk.points) - 1
    for line, _ in enumerate(walk.words):
        for k in columns:
            off = float(walk.distances[k, line]) / far
            colour = INK if off < 1e-6 else GREY
            axis.text(
                k / last, -line, walk.nearest[k][line], ha="center", va="center", fontsize=8,
                color=colour, style="normal" if off < 1e-6 else "italic",
                weight="bold" if k == here else "normal",
            )  # fmt: skip
    axis.set(xlim=(-0.06, 1.06), ylim=(-len(walk.words) + 0.4, 0.6), yticks=[])
    axis.spines["left"].set_visible(False)


def words_beside(walk: WordWalk, columns: Sequence[int]) -> Iterator[str]:
    """Yield each word of the sentence with the words beside its way."""
    for line, word in enumerate(walk.words):
        beside = list(dict.fromkeys(walk.nearest[k][line] for k in columns))
        yield f"{word}: {', '.join(beside)}"


def all_orders(f: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor) -> Tensor:
    """Return the Shapley values between two inputs, each feature's mean over all orders, (d,).

    Parameters
    ----------
    f : callable
        Rows (N, d) to scores (N,); it is asked once, for all 2^d mixtures.
    x, baseline : Tensor (d,)
        The ends: a mixture takes each number from one of them.

    Returns
    -------
    Tensor (d,)
        Sums to f(x) - f(baseline).

    Raises
    ------
    ValueError
        For more than 12 features.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> both = lambda p: p[:, 0] * p[:, 1]
    >>> xc.widgets.all_orders(both, torch.ones(2).double(), torch.zeros(2).double()).tolist()
    [0.5, 0.5]
    """
    d = len(x)
    if d > MOST_FEATURES:
        raise ValueError(f"x has {d} features; all mixtures of at most {MOST_FEATURES} are asked")
    inside = (torch.arange(2**d)[:, None] >> torch.arange(d) & 1).bool().to(x.device)  # (2^d, d)
    return shapley(f(torch.where(inside, x, baseline)).detach().cpu())
