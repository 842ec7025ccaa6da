"""Study panel: judge twenty pairs of maps yourself, then let simulated raters do it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from xaicourse.course.lessons.l17_ground_truth_and_people.guesses import (
    GuessItems,
    GuessPanel,
    GuessView,
    guess_items,
)
from xaicourse.course.lessons.l17_ground_truth_and_people.parts import (
    StudyPair,
    StudyView,
    plates_of,
    sizes,
    study_pair,
    words_of,
)
from xaicourse.people import (
    Answer,
    Choices,
    SimulatedRater,
    Trial,
    analyse_choices,
    forced_choice,
    simulate_studies,
)
from xaicourse.widgets.asking import AskingPanel
from xaicourse.widgets.controls import Choice, Slider, WholeSlider
from xaicourse.widgets.plates import Plate

__all__ = [
    "GuessItems", "GuessPanel", "GuessView", "StudyPair", "StudyPanel", "StudyView", "guess_items",
    "study_pair",
]  # fmt: skip

YOU, SIMULATED = "you judge", "simulated raters"
OF_SIMULATED = ("taste", "side", "spread", "trials", "raters", "sides", "test")
KEYS = {"left": "1", "right": "2", "cannot tell": "0"}
DRAWS = 2000  # simulated studies
ABOUT = (
    "You will see {length} pictures, each with two maps of a network's reasons. Say which map "
    "shows better why the network chose its class. There is no right answer, and the two methods "
    "stay hidden until the end. {catch} of the pairs test whether you look: one of their maps has "
    "shuffled pixels, and whoever misses one is not counted in a study."
)


class StudyPanel(AskingPanel):
    """Take part in a forced choice between two hidden methods, and see what it can find.

    You agree, judge all pairs (buttons, or keys 1, 2 and 0), and see the analysis. Each answer is
    kept at once: if the kernel dies, the panel goes on with the next question. The mode "simulated
    raters" draws 2,000 studies by raters whose tastes you set.

    Parameters
    ----------
    photos : Tensor (N, C, H, W)
        The pictures, in [0, 1].
    maps : dict of str to Tensor (N, C, H, W) or (N, H, W)
        Two methods -> their maps of all pictures. Shown are sizes, added up over channels.
    classes : sequence of str (N,), optional
        What the model chose for each picture; the rater is told.
    rater : int
        Your number, from 1; a second person at the same computer takes another one.
    file : str, path or None
        Where answers are kept; "work" is a file in the folder work/, None only as long as the
        panel lives.
    name : str
        The study's name in that file.
    seed, catch : int
        As for `xc.people.forced_choice`.
    mode : str
        "you judge" or "simulated raters".
    taste, side, spread, trials, raters, sides, test
        Of the simulated raters, set at first; as for `xc.people.simulate_studies`, where `side` is
        `left`, and `sides` is "shuffled" or "A always left".

    Raises
    ------
    ValueError
        If maps are not two, or maps or classes are not one a picture; if the file holds another
        study of this name.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.StudyPanel(*xc.widgets.study_pair(), file=None)
    >>> panel.agree()
    >>> panel.answer("left")
    >>> panel.result.stage, panel.result.done, panel.result.length
    ('trial', 1, 22)
    """

    title = "study panel, a forced choice between two hidden methods"
    size = (10.0, 3.4)
    mode = Choice([YOU, SIMULATED])
    taste = Slider(0.1, 0.9, 0.05, label="taste for A")
    side = Slider(0.1, 0.9, 0.05, label="for the left")
    spread = Slider(0.0, 2.0, 0.25, label="spread of taste")
    trials = WholeSlider(10, 100, 10, label="questions")
    raters = WholeSlider(1, 30)
    sides = Choice(["shuffled", "A always left"])
    test = Choice(["pooled", "over raters"])

    def __init__(
        self,
        photos: Tensor,
        maps: Mapping[str, Tensor],
        classes: Sequence[str] | None = None,
        *,
        rater: int = 1,
        file: str | os.PathLike[str] | None = "work",
        name: str = "lesson 17",
        seed: int = 0,
        catch: int = 2,
        mode: str = YOU,
        taste: float = 0.5,
        side: float = 0.5,
        spread: float = 0.0,
        trials: int = 20,
        raters: int = 1,
        sides: str = "shuffled",
        test: str = "pooled",
    ) -> None:
        check_maps(photos, maps, classes)
        self.photos, self.maps = photos, dict(maps)
        self.classes = list(classes or [""] * len(photos))
        study = forced_choice(
            range(len(photos)), list(maps), raters=1000, seed=seed, catch=catch, name=name
        )
        self.take(study, KEYS, file)
        self.about = ABOUT.format(length=study.length, catch=catch)
        first = {"mode": mode, "rater": rater, "taste": taste, "side": side, "spread": spread}
        others = {"trials": trials, "raters": raters, "sides": sides, "test": test, "answered": 0}
        super().__init__(first | others)

    def connect(self) -> None:
        """Show the controls of the mode."""
        self.controls["mode"].observe(lambda _change: self.lay_out(), "value")
        self.lay_out()

    def shown_controls(self) -> Sequence[str]:
        simulated = self.controls["mode"].value == SIMULATED
        return ("mode", *OF_SIMULATED) if simulated else ("mode", "rater")

    def compute(self, settings: Mapping[str, Any]) -> StudyView:
        """Return the next question of the rater, what the answers say, or simulated studies."""
        if settings["mode"] == SIMULATED:
            studies = simulate_studies(
                settings["taste"], settings["trials"], raters=settings["raters"],
                spread=settings["spread"], left=settings["side"],
                shuffled=settings["sides"] == "shuffled", test=settings["test"], draws=DRAWS,
            )  # fmt: skip
            return self._view(settings, "simulated", studies=studies)
        rater = settings["rater"]
        trial, done = self.answers.next_trial(rater), self.answers.of(rater)
        if trial is None:
            return self._result(settings, done, f"your answers, rater {rater}")
        assert isinstance(trial, Trial)
        agreed = self.answers.consented(rater)
        item = int(trial.item)
        photo = self.photos[item : item + 1]
        shown = tuple(self._map(trial, name) for name in (trial.left, trial.right))
        return self._view(
            settings, "trial" if agreed else "consent", trial=trial, done=len(done), photo=photo,
            class_=self.classes[item], maps=shown if agreed else None,
        )  # fmt: skip

    def _map(self, trial: Trial, name: str) -> Tensor:
        """Return the sizes of a map; of "shuffled" those of the other map, shuffled."""
        other = trial.left if trial.right == name else trial.right
        shuffled = name not in self.maps
        return sizes(self.maps[other if shuffled else name], int(trial.item), shuffled)

    def _result(
        self, settings: Mapping[str, Any], answers: tuple[Answer, ...] | list[Answer], who: str
    ) -> StudyView:
        every = self.study.length  # whoever missed a shuffled pair still sees what they chose
        found: Choices = analyse_choices(answers, self.study.methods, most_caught=every)
        return self._view(settings, "result", found=found, done=len(answers), who=who)

    def _view(self, settings: Mapping[str, Any], stage: str, **more: Any) -> StudyView:
        nothing = dict.fromkeys(("trial", "photo", "maps", "found", "studies"))
        names: Any = self.study.methods
        rest = {"done": 0, "who": "", "class_": "", "length": self.study.length, **nothing, **more}
        return StudyView(settings=dict(settings), stage=stage, methods=names, **rest)

    def stored(self) -> StudyView:
        """Return what a notebook keeps: never a reader's own answers, but a simulated rater's."""
        if self.result.stage == "simulated":
            return self.result
        a, b = self.study.methods
        rater = SimulatedRater({a: 7, b: 3}, left=0.6, seed=10)
        who = "a simulated rater who prefers A in 7 of 10"
        return self._result(self.settings, rater.answers(self.study, 1), who)

    def plates(self, result: StudyView) -> Iterator[Plate]:
        yield from plates_of(result)

    def words(self, result: StudyView) -> Iterator[str]:
        yield from words_of(result)

    def intro(self, result: StudyView) -> str:
        if result.stage in ("consent", "trial"):
            return f"Study panel, question {result.done + 1} of {result.length}."
        return f"Study panel, {result.who or 'simulated raters'}."


def check_maps(photos: Tensor, maps: Mapping[str, Tensor], classes: Sequence[str] | None) -> None:
    """Raise unless there are two maps a picture."""
    if classes is not None and len(classes) != len(photos):
        raise ValueError(f"classes must be {len(photos)}, one a photo, got {len(classes)}")
    if len(maps) != 2:
        raise ValueError(f"maps must be of two methods, got {len(maps)}: {', '.join(maps)}")
    for name, values in maps.items():
        if len(values) != len(photos) or values.shape[-2:] != photos.shape[-2:]:
            raise ValueError(
                f"maps[{name!r}] must be {len(photos)} maps of {tuple(photos.shape[-2:])} pixels, "
                f"one a photo, got shape {tuple(values.shape)}"
            )
