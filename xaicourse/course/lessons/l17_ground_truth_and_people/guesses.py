"""Guess panel: what does the net say? First from the picture alone, then beside a map."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.course.lessons.l17_ground_truth_and_people.parts import sizes, whole_ticks
from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES, fashion_mnist
from xaicourse.evaluation import controls
from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.people import (
    Answer,
    Gains,
    Guess,
    SimulatedReader,
    analyse_guesses,
    simulatability,
)
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE
from xaicourse.widgets.asking import AskingPanel
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.plates import Bars, Map, Photo, Plate
from xaicourse.zoo.registry import load

ALIKE = ("T-shirt", "pullover", "coat", "shirt")  # the classes that the net mixes up
ABOUT = (
    "You will see {count} pictures twice. Say what the network says of each, which may be wrong: "
    "first from the picture alone, then beside a map, some of which never saw the network."
)
READER = {"without": 0.55, "map": 0.75, "control": 0.6}  # of the picture that a notebook keeps


class GuessItems(NamedTuple):
    """Pictures, what a model says of them, and the maps that help to guess it, or do not.

    Parameters
    ----------
    photos : Tensor (N, C, H, W)
        The pictures.
    outputs : list of str (N,)
        The class that the model says.
    maps : Tensor (N, C, H, W)
        The model's maps.
    control : Tensor (N, C, H, W)
        Maps that never saw the model.
    drawn : list of str (N,)
        The class for which each map was drawn.
    """

    photos: Tensor
    outputs: list[str]
    maps: Tensor
    control: Tensor
    drawn: list[str]


@cache
def guess_items(each: int = 6) -> GuessItems:
    """Return clothes that `fashion_cnn` names rightly and wrongly, by turns, with its maps.

    Every second map explains the runner-up and not the class that the net says: whoever reads the
    class off the map is then seen.

    Parameters
    ----------
    each : int
        How many right ones, and how many wrong ones.

    Returns
    -------
    GuessItems
        What `GuessPanel` is given.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.widgets.guess_items(2).photos.shape
    torch.Size([4, 1, 28, 28])
    """
    net = load("fashion_cnn", device="cpu")
    alike = [FASHION_MNIST_CLASSES.index(name) for name in ALIKE]
    x, labels = fashion_mnist(n=500)[:2]
    with torch.no_grad():
        order = net(x).argsort(dim=1, descending=True)
    known = torch.isin(labels, torch.tensor(alike)) & torch.isin(
        order[:, :2], torch.tensor(alike)
    ).all(1)
    right = torch.nonzero(known & (order[:, 0] == labels))[:each, 0]
    wrong = torch.nonzero(known & (order[:, 0] != labels))[:each, 0]
    chosen = torch.stack([right, wrong], dim=1).flatten()
    rank = torch.arange(len(chosen)) // 2 % 2  # 0: the class that the net says, 1: its runner-up
    drawn = order[chosen, rank]
    maps = integrated_gradients(net, x[chosen], drawn, steps=32, batch_size=50)
    return GuessItems(
        x[chosen], [FASHION_MNIST_CLASSES[k] for k in order[chosen, 0].tolist()], maps,
        controls.edges(x[chosen]), [FASHION_MNIST_CLASSES[k] for k in drawn.tolist()],
    )  # fmt: skip


@documented
class GuessView:
    """What the panel shows at the moment."""

    settings: Settings
    stage: Annotated[str, '"consent", "trial" or "result".']
    trial: Annotated[Guess | None, "The question that is asked."]
    done: Annotated[int, "How many questions are answered."]
    length: Annotated[int, "How many there are."]
    photo: Annotated[Tensor | None, "(1, C, H, W): The picture of the question."]
    map: Annotated[Tensor | None, "(H, W): The sizes of the map beside it, if there is one."]
    gains: Annotated[Gains | None, "What the answers say."]
    who: Annotated[str, "Whose answers they are."]


class GuessPanel(AskingPanel):
    """Take part in a simulatability study: guess what a network says, without and with a map.

    All pictures come without a map first. Then they come again, half beside the network's map and
    half beside a control that never saw it. Each answer is kept at once.

    Parameters
    ----------
    photos : Tensor (N, C, H, W)
        The pictures, in [0, 1].
    outputs : sequence of str (N,)
        The class that the network says of each.
    maps, control : Tensor (N, C, H, W) or (N, H, W)
        The network's maps, and maps that never saw it. Shown are sizes, added up over channels.
    drawn : sequence of str (N,), optional
        The class for which each map was drawn; None for a map of no class.
    rater : int
        Your number, from 1.
    file : str, path or None
        Where answers are kept; "work" is a file in the folder work/, None only as long as the
        panel lives.
    name : str
        The study's name in that file.
    seed : int
        As for `xc.people.simulatability`.

    Raises
    ------
    ValueError
        If maps or classes are not one a picture, or there are more than nine classes; if the file
        holds another study of this name.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.GuessPanel(*xc.widgets.guess_items(), file=None)
    >>> panel.agree()
    >>> panel.answer("shirt")
    >>> panel.result.done, panel.result.length
    (1, 24)
    """

    title = "guess panel, what a network says without and with a map"
    size = (10.0, 3.4)

    def __init__(
        self,
        photos: Tensor,
        outputs: Sequence[str],
        maps: Tensor,
        control: Tensor,
        drawn: Sequence[str] | None = None,
        *,
        rater: int = 1,
        file: str | os.PathLike[str] | None = "work",
        name: str = "lesson 17, guesses",
        seed: int = 0,
    ) -> None:
        for said, values in (("maps", maps), ("control", control)):
            if len(values) != len(photos) or values.shape[-2:] != photos.shape[-2:]:
                raise ValueError(
                    f"{said} must be {len(photos)} maps of {tuple(photos.shape[-2:])} pixels, one "
                    f"a photo, got shape {tuple(values.shape)}"
                )
        self.photos, self.maps = photos, {"map": maps, "control": control}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the result says it
            study = simulatability(
                range(len(photos)), outputs, drawn=drawn, raters=1000, seed=seed, name=name
            )
        if len(study.choices) > 9:
            raise ValueError(f"outputs must be of at most 9 classes, got {len(study.choices)}")
        self.take(study, {one: str(k + 1) for k, one in enumerate(study.choices)}, file)
        self.about = ABOUT.format(count=len(photos))
        super().__init__({"rater": rater, "answered": 0})

    def compute(self, settings: Mapping[str, Any]) -> GuessView:
        """Return the next question of the rater, or what the answers say."""
        rater = settings["rater"]
        trial, done = self.answers.next_trial(rater), self.answers.of(rater)
        if trial is None:
            return self._result(settings, done, f"your guesses, rater {rater}")
        assert isinstance(trial, Guess)
        item, stage = int(trial.item), "trial" if self.answers.consented(rater) else "consent"
        values = self.maps.get(trial.condition)
        return self._view(
            settings, stage, trial=trial, done=len(done), photo=self.photos[item : item + 1],
            map=None if values is None else sizes(values, item, shuffled=False),
        )  # fmt: skip

    def _result(
        self, settings: Mapping[str, Any], answers: Sequence[Answer], who: str
    ) -> GuessView:
        gains = analyse_guesses(answers, self.study)
        return self._view(settings, "result", gains=gains, done=len(answers), who=who)

    def _view(self, settings: Mapping[str, Any], stage: str, **more: Any) -> GuessView:
        nothing = dict.fromkeys(("trial", "photo", "map", "gains"))
        rest = {"done": 0, "who": "", "length": self.study.length, **nothing, **more}
        return GuessView(settings=dict(settings), stage=stage, **rest)

    def stored(self) -> GuessView:
        """Return what a notebook keeps: never a reader's own guesses, but a simulated reader's."""
        guesses = SimulatedReader(READER, seed=1).answers(self.study, 1)
        return self._result(self.settings, guesses, "a simulated reader")

    def plates(self, result: GuessView) -> Iterator[Plate]:
        yield from result_plates(result) if result.gains is not None else question_plates(result)

    def words(self, result: GuessView) -> Iterator[str]:
        yield from result_words(result) if result.gains is not None else question_words(result)

    def intro(self, result: GuessView) -> str:
        if result.gains is not None:
            return f"Guess panel, {result.who}."
        return f"Guess panel, question {result.done + 1} of {result.length}."


def question_plates(view: GuessView) -> Iterator[Plate]:
    """Yield the picture, and the map beside it or an empty frame."""
    assert view.photo is not None
    yield Photo((0.15, 0.35, 2.8, 2.8), "the picture", view.photo, says="the picture")
    shown = torch.full(view.photo.shape[-2:], torch.nan) if view.map is None else view.map
    limit = shared_limits([shown.nan_to_num()], 99.0)[1]
    empty = view.map is None
    yield Map(
        (3.45, 0.35, 2.8, 2.8), "no map yet" if empty else "a map", shown, limit, signed=False,
        clipped=False, below="" if empty else "bright: large; it may never have seen the net",
        says="an empty frame" if empty else "a map, of the net or of no net",
    )  # fmt: skip


def question_words(view: GuessView) -> Iterator[str]:
    """Yield where in the study we are."""
    yield f"question {view.done + 1} of {view.length}"
    asked = "What does the net say? Choose by its number"
    yield asked if view.stage == "trial" else "nothing is asked before you agree"


def result_plates(view: GuessView) -> Iterator[Plate]:
    """Yield the accuracy before and after, for the map and for the control, and both gains."""
    gains = view.gains
    assert gains is not None
    arms = {"the net's map": gains.map, "the control": gains.control}
    for place, (name, gain) in enumerate(arms.items()):
        yield Bars(
            (0.6 + 3.2 * place, 0.6, 2.2, 2.4), name, [gain.without, gain.with_],
            names=["without", "with"], colours=[GREY, ORANGE if place == 0 else BLUE],
            thick=(0.8, 0.6), draw=lambda axis: axis.set(ylim=(0, 1)),
            below="share of right guesses, same pictures", points=7.5,
            says=f"with {name} {gain.with_:.0%} right guesses, without {gain.without:.0%}",
        )  # fmt: skip
    changes = [gains.map.better, gains.map.worse, gains.control.better, gains.control.worse]
    yield Bars(
        (7.2, 0.6, 2.5, 2.4), "guesses that changed", changes,
        names=["map:\nmended", "map:\nspoiled", "control:\nmended", "control:\nspoiled"],
        colours=[ORANGE, ORANGE, BLUE, BLUE], thick=(0.8, 0.7), draw=small_names,
        says=f"the map mended {changes[0]} guesses and spoiled {changes[1]}, the control "
        f"{changes[2]} and {changes[3]}",
    )  # fmt: skip


def small_names(axis: Axes) -> None:
    """Let four names stand side by side."""
    axis.tick_params(axis="x", labelsize=7)
    axis.axhline(0, color=INK, lw=0.8)
    whole_ticks(axis)


def result_words(view: GuessView) -> Iterator[str]:
    """Yield both gains, and what may spoil them."""
    gains = view.gains
    assert gains is not None
    yield view.who
    for name, gain in (("the net's map", gains.map), ("the control", gains.control)):
        yield f"gain by {name} {gain.gain:+.2f} (McNemar p = {gain.p:.2g})"
    if gains.drawn is not None:
        drawn = gains.drawn
        yield f"the drawn class was guessed {drawn.k} of {drawn.n} times where the net says another"
    if gains.warning:
        yield gains.warning
