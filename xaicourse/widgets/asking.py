"""A panel that asks a person one question after the other, and keeps each answer at once."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from xaicourse.core.places import answers_file
from xaicourse.people import Answers, ForcedChoice, Simulatability
from xaicourse.widgets.answer_buttons import AnswerButtons
from xaicourse.widgets.controls import WholeNumber
from xaicourse.widgets.page import BEGIN
from xaicourse.widgets.panel import Panel

__all__ = ["AskingPanel"]

TOO_SOON = 0.25  # seconds: nobody judges that fast; it was a key pressed twice
KEPT = (
    "Your answers are kept in a file on this computer only, {place}, under the number {rater} and "
    "without your name or the time. You may stop at any moment and go on later; "
    "panel.answers.forget({rater}) deletes them."
)


class AskingPanel(Panel):
    """A study at the screen: the consent, all questions, and what the answers say.

    If the kernel dies, a new panel goes on with the next question. A subclass calls `take` before
    ``super().__init__(controls)``, says `about`, and its `compute` returns views with `settings`,
    with `trial`, and with `stage`: "consent", "trial", or another one in which nothing is asked.
    """

    about = ""  # what is read before the consent
    rater = WholeNumber()
    answered = WholeNumber()  # not shown: a new answer moves it, and the panel goes on

    def take(
        self,
        study: ForcedChoice | Simulatability,
        keys: Mapping[str, str],
        file: str | os.PathLike[str] | None,
    ) -> None:
        """Keep the study, its answers ("work": in the folder work/) and the buttons."""
        self.study: Any = study
        self.answers = Answers(study, answers_file() if file == "work" else file)
        self.buttons = AnswerButtons(keys, self._clicked)
        self.begin = ipywidgets.Button(description="I agree: begin")
        self.begin.add_class(BEGIN)
        self.begin.on_click(lambda _button: self.agree())
        self.words_of_consent = ipywidgets.HTML()
        self.desk = ipywidgets.VBox()
        self._laid, self._shown = ("", 0), 0.0

    def shown_controls(self) -> Sequence[str]:
        """Return the names of the controls that are shown now."""
        return [name for name in self.controls if name != "answered"]

    # -- taking part ---------------------------------------------------------------------------

    def agree(self) -> None:
        """Record the consent of the present rater, and show the first question."""
        rater = self.settings["rater"]
        if self.answers.file is not None:
            Path(self.answers.file).parent.mkdir(parents=True, exist_ok=True)
        self._write(lambda: self.answers.consent(rater, self.consent_text(rater)))

    def answer(self, choice: str) -> None:
        """Keep the answer to the question that is shown, and show the next one."""
        view = self.result
        if view.stage == "trial":
            self._write(lambda: self.answers.keep(view.trial.rater, view.trial.number, choice))

    def consent_text(self, rater: int) -> str:
        """Return what is read before the first question."""
        file = self.answers.file
        place = "which is gone with the panel" if file is None else Path(*file.parts[-2:])
        return f"{self.about} {KEPT.format(place=place, rater=rater)}"

    def _clicked(self, choice: str) -> None:
        if time.monotonic() - self._shown >= TOO_SOON:
            self.answer(choice)

    def _write(self, write: Callable[[], Any]) -> None:
        """Write to the file and go on; say so where that is not possible."""
        try:
            write()
        except (OSError, ValueError) as error:
            self._show_error(error)
            raise
        self.controls["answered"].value += 1

    # -- the desk below the picture --------------------------------------------------------------

    def _view_of_all(self) -> ipywidgets.VBox:
        view = super()._view_of_all()
        script, self._row, message, picture, *below = view.children
        view.children = (script, self._row, message, picture, self.desk, *below)
        return view

    def connect(self) -> None:
        """Show only the controls that matter now."""
        self.lay_out()

    def lay_out(self) -> None:
        """Put the controls that are shown in their row."""
        self._row.children = (*(self.controls[name] for name in self.shown_controls()), self.busy)

    def _show(self, result: Any) -> None:
        super()._show(result)
        if result is None:
            return
        self._shown = time.monotonic()
        rater = result.settings["rater"]
        if (result.stage, rater) != self._laid:
            self._laid = result.stage, rater
            text = html.escape(self.consent_text(rater))
            self.words_of_consent.value = f'<div style="max-width: 46em">{text}</div>'
            desks = {"consent": (self.words_of_consent, self.begin), "trial": (self.buttons,)}
            self.desk.children = desks.get(result.stage, ())

    def close(self) -> None:
        """Take the panel's widgets out of the notebook, also those that are not shown now."""
        self._row.children = (*self.controls.values(), self.busy)
        self.desk.children = (self.words_of_consent, self.begin, self.buttons)
        super().close()
