"""What the study panel shows: two maps of a picture, or what a study found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from xaicourse.datasets.planted_patches import PLANTED_CLASSES, planted
from xaicourse.evaluation import controls
from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.people import Choices, Studies, Trial
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.plates import Bars, Map, Photo, Plate
from xaicourse.zoo.registry import load

LEVEL = 0.05
BARS = 40  # of a histogram of shares, about


@documented
class StudyView:
    """What the panel shows at the moment."""

    settings: Settings
    stage: Annotated[str, '"consent", "trial", "result" or "simulated".']
    methods: Annotated[tuple[str, str], "The two methods; their names are hidden until the result."]
    trial: Annotated[Trial | None, "The question that is asked."]
    done: Annotated[int, "How many questions are answered."]
    length: Annotated[int, "How many there are."]
    photo: Annotated[Tensor | None, "(1, C, H, W): The picture of the question."]
    class_: Annotated[str, 'The class that the model chose for it; "" if that is not said.']
    maps: Annotated[tuple[Tensor, Tensor] | None, "(H, W): The sizes on the left and on the right."]
    found: Annotated[Choices | None, "What the answers say."]
    who: Annotated[str, "Whose answers they are."]
    studies: Annotated[Studies | None, "Many simulated studies."]


class StudyPair(NamedTuple):
    """Pictures, two maps of each, and the class that the model chose.

    Parameters
    ----------
    photos : Tensor (N, C, H, W)
        The pictures.
    maps : dict of str to Tensor (N, C, H, W)
        Method -> its maps.
    classes : list of str (N,)
        What the maps explain.
    """

    photos: Tensor
    maps: dict[str, Tensor]
    classes: list[str]


@cache
def study_pair(count: int = 20, seed: int = 1) -> StudyPair:
    """Return planted pictures, and two maps of each: Integrated Gradients and edges.

    The second has never seen a model.

    Parameters
    ----------
    count, seed : int
        As for `xc.datasets.planted`.

    Returns
    -------
    StudyPair
        photos, maps, classes: what `StudyPanel` is given.

    Examples
    --------
    >>> import xaicourse as xc
    >>> list(xc.widgets.study_pair(2).maps)
    ['Integrated Gradients', 'edges']
    """
    photos, labels, _ = planted(count, seed)
    net = load("planted_cnn", device="cpu")
    ig = integrated_gradients(net, photos, labels, steps=32, batch_size=50)
    maps = {"Integrated Gradients": ig, "edges": controls.edges(photos)}
    return StudyPair(photos, maps, [PLANTED_CLASSES[k] for k in labels.tolist()])


def sizes(values: Tensor, item: int, shuffled: bool) -> Tensor:
    """Return the size of each pixel of one map (H, W); signs would give the method away."""
    flat = values[item].abs().reshape(-1, *values.shape[-2:]).sum(0)
    if not shuffled:
        return flat
    order = torch.randperm(flat.numel(), generator=torch.Generator().manual_seed(item))
    return flat.flatten()[order].view_as(flat)


# ---------------------------------------------------------------- a question


def trial_plates(view: StudyView) -> Iterator[Plate]:
    """Yield the picture and two maps; before the consent the maps are not shown."""
    assert view.photo is not None
    title = f"the picture, class {view.class_}" if view.class_ else "the picture"
    yield Photo((0.15, 0.35, 2.8, 2.8), title, view.photo, says=title)
    for place, side in enumerate(("left", "right")):
        at = (3.45 + 3.25 * place, 0.35, 2.8, 2.8)
        if view.maps is None:
            values, says = torch.full(view.photo.shape[-2:], torch.nan), "an empty frame"
            below = "shown once you agree"
        else:
            values, says = view.maps[place], "a map, whose method is hidden"
            below = "bright: large; the method is hidden"
        limit = shared_limits([values.nan_to_num()], 99.0)[1]
        yield Map(
            at, f"{place + 1} · {side}", values, limit, signed=False, clipped=False, below=below,
            says=f"{says}, to be chosen by key {place + 1}",
        )  # fmt: skip


def trial_words(view: StudyView) -> Iterator[str]:
    """Yield where in the study we are."""
    yield f"question {view.done + 1} of {view.length}"
    if view.stage == "trial":
        chosen = f"the class {view.class_}" if view.class_ else "its class"
        yield f"Which map shows better why the net chose {chosen}? 1, 2, or 0 for cannot tell"
    else:
        yield "nothing is asked before you agree"


# ---------------------------------------------------------------- what was found


def result_plates(view: StudyView) -> Iterator[Plate]:
    """Yield the shares of the methods, the counts that chance gives, and the sides."""
    found = view.found
    assert found is not None
    pooled = found.pooled
    share = pooled.share if pooled.n else 0.0
    yield Bars(
        (0.6, 0.75, 2.4, 2.3), "share of the choices", [share, 1 - share if pooled.n else 0.0],
        names=[letter_of(name, k) for k, name in enumerate(view.methods)],
        colours=[ORANGE, BLUE], error=spread_of(pooled), thick=(0.8, 0.6), points=7.5,
        below="with Wilson's interval; dashed: chance", draw=half_line,
        says=f"{view.methods[0]} was chosen {pooled.k} times and {view.methods[1]} "
        f"{pooled.n - pooled.k} times",
    )  # fmt: skip
    yield chance_plate(pooled.k, pooled.n)
    counts = [found.left.k, found.left.n - found.left.k, found.silent]
    yield Bars(
        (7.3, 0.75, 2.4, 2.3), "sides that were chosen", counts,
        names=["left", "right", "cannot\ntell"], colours=GREY, thick=(0.8, 0.6), draw=whole_ticks,
        says=f"the left was chosen {counts[0]} times, the right {counts[1]} times, neither "
        f"{counts[2]} times",
    )  # fmt: skip


def letter_of(name: str, place: int) -> str:
    """Return the name of a bar, on two lines where it is long."""
    return f"{'AB'[place]}\n" + name.replace(" ", "\n", 1)


def spread_of(share: object) -> np.ndarray:
    """Return the lengths of the interval below and above both bars."""
    low, high = share.share - share.low, share.high - share.share  # type: ignore[attr-defined]
    return np.nan_to_num(np.array([[low, high], [high, low]]))


def whole_ticks(axis: Axes) -> None:
    """Count from 0 in whole numbers."""
    axis.set_ylim(0, max(1, axis.get_ylim()[1]))
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))


def half_line(axis: Axes) -> None:
    """Draw the share that chance gives."""
    axis.set(ylim=(0, 1))
    axis.axhline(0.5, color=INK, lw=0.8, ls=(0, (4, 3)))


def chance_plate(k: int, n: int) -> Bars:
    """Return the probability of each count if nobody has a taste; what p adds up is coloured."""
    from scipy import stats

    p = stats.binom.pmf(np.arange(n + 1), n, 0.5)
    unlikely = p <= p[k] * (1 + 1e-7)
    step = max(1, n // 4)

    def finish(axis: Axes) -> None:
        axis.set_xticks(range(0, n + 1, step), [str(j) for j in range(0, n + 1, step)])
        axis.axvline(k, color=INK, lw=0.8)

    return Bars(
        (3.75, 0.75, 2.7, 2.3), "how often chance gives each count", p.tolist(),
        names=[""] * (n + 1), colours=[ORANGE if one else PALE for one in unlikely],
        thick=(0.8, 0.9), below="choices of A; line: seen; orange: adds up to p", points=7.5,
        draw=finish,
        says=f"the probability of each count from 0 to {n} by chance, with those coloured that "
        f"are at most as likely as {k}",
    )  # fmt: skip


def result_words(view: StudyView) -> Iterator[str]:
    """Yield what the answers say."""
    found = view.found
    assert found is not None
    pooled, left = found.pooled, found.left
    yield view.who
    if any(found.caught.values()):
        yield "a pair with shuffled pixels was missed, so no study would count these answers"
    if not pooled.n:
        yield f"cannot tell {found.silent}, so neither method was chosen"
        return
    yield f"{view.methods[0]} was chosen {pooled.k} of {pooled.n} times"
    yield f"95 % interval {pooled.low:.2f} to {pooled.high:.2f} (chance 0.50)"
    yield f"exact p = {pooled.p:.2g}"
    yield f"left {left.k} of {left.n}"
    yield f"cannot tell {found.silent}"


# ---------------------------------------------------------------- simulated raters


def simulated_plates(view: StudyView) -> Iterator[Plate]:
    """Yield the shares in all studies, how many find something, and the raters of the first."""
    studies = view.studies
    assert studies is not None
    every, ends = count_shares(studies.shares, studies)
    found, _ = count_shares(studies.shares[studies.p <= LEVEL], studies)
    many, part = len(studies.p), studies.found(LEVEL)
    yield Bars(
        (0.6, 0.75, 2.9, 2.3), f"A's share in {many} studies", found, pale=every,
        names=[""] * len(every), colours=ORANGE, thick=(0.9, 0.9), points=7.5,
        below="orange: a preference is found (p ≤ .05)",
        draw=lambda axis: axis.set_xticks(ends, ["0", ".5", "1"]),
        says=f"a histogram of A's share in {many} studies, of which {part:.0%} find a preference",
    )  # fmt: skip
    honest = view.settings["taste"] == 0.5
    yield Bars(
        (4.3, 0.75, 2.0, 2.3), "find a preference", [part, LEVEL if honest else 1.0],
        names=["found", "promised\nat most" if honest else "there is\none"],
        colours=[ORANGE, GREY], thick=(0.8, 0.6), points=7.5,
        below="false alarms" if honest else "power",
        draw=lambda axis: axis.set(ylim=(0, 1)),
        says=f"{part:.0%} of the studies find a preference",
    )  # fmt: skip
    shares = studies.counts[0] / studies.trials
    yield Bars(
        (7.2, 0.75, 2.5, 2.3), "the first study, rater by rater", shares,
        names=[str(k + 1) if k % 5 == 4 or k == 0 else "" for k in range(len(shares))],
        colours=BLUE, thick=(0.8, 0.7), below="A's share of each rater", points=7.5,
        draw=half_line, says=f"A's share of each of {len(shares)} raters in the first study",
    )  # fmt: skip


def count_shares(shares: np.ndarray, studies: Studies) -> tuple[np.ndarray, list[float]]:
    """Return how many studies have each share, and where the bars of 0, 1/2 and 1 would stand.

    Each bar holds equally many of the counts that can be, and the middle one is about 1/2.
    """
    most = studies.trials * studies.counts.shape[1]  # votes of a study
    step = (most // BARS) | 1  # counts a bar; odd, so that the middle bar has a middle
    side = int(np.rint(most / 2 / step))  # bars on either side of the middle one
    places = np.rint((shares - 0.5) * most / step).astype(int) + side
    ends = [side + half * most / step for half in (-0.5, 0.0, 0.5)]
    return np.bincount(places, minlength=2 * side + 1), ends


def simulated_words(view: StudyView) -> Iterator[str]:
    """Yield what many studies find."""
    studies, asked = view.studies, view.settings
    assert studies is not None
    raters = asked["raters"]
    yield f"{raters} simulated rater{'s' * (raters > 1)}, {asked['trials']} questions each"
    honest = asked["taste"] == 0.5
    truth = "nobody prefers A on average" if honest else f"A is preferred {asked['taste']:.2f}"
    yield truth
    name = "false alarms" if honest else "power"
    promise = f" (promised: at most {LEVEL:.0%})" if honest else ""
    yield f"{name} {studies.found(LEVEL):.0%}{promise}"


def plates_of(view: StudyView) -> Iterator[Plate]:
    """Yield the plates of the stage."""
    stages: Mapping[str, object] = {
        "consent": trial_plates, "trial": trial_plates, "result": result_plates,
        "simulated": simulated_plates,
    }  # fmt: skip
    yield from stages[view.stage](view)  # type: ignore[operator]


def words_of(view: StudyView) -> Iterator[str]:
    """Yield the words of the stage."""
    stages: Mapping[str, object] = {
        "consent": trial_words, "trial": trial_words, "result": result_words,
        "simulated": simulated_words,
    }  # fmt: skip
    yield from stages[view.stage](view)  # type: ignore[operator]
