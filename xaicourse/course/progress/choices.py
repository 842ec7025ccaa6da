"""The choices of a prediction: buttons where a kernel runs, a list everywhere else."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import wrapped

__all__ = ["Choices"]

VIEW = "application/vnd.jupyter.widget-view+json"
# A button of ipywidgets has one line and cuts off what is longer.
STYLE = """
.jupyter-button.xai-choice {width: auto; height: auto; min-height: 32px; margin: 3px 2px;
  padding: 6px 12px; overflow: visible; overflow-wrap: anywhere; white-space: normal;
  line-height: 1.4; text-align: left; border: 1px solid currentColor}
.jupyter-button.xai-choice.xai-chosen {border-width: 3px; font-weight: bold}
.jupyter-button.xai-choice:focus-visible {outline: 3px solid #1565c0; outline-offset: 2px}
.xai-asked {max-width: 46em; padding: 4px 2px; line-height: 1.5; white-space: normal}
.xai-said {max-width: 46em; padding: 4px 2px; line-height: 1.5; white-space: normal}
"""


class Choices:
    """The choices of one question, one below the other; a choice is answered at once.

    Parameters
    ----------
    question : str
        The question, such as "05.P2".
    choices : mapping of str to str
        Letter -> its text.
    answer : callable
        Takes the letter that was chosen, returns what is said to it.
    words : str
        What is asked, to be shown above the choices; without it, it stands in the text of a lesson.
    typed : str
        What is said where there are no buttons: what to type. By default a call of `xc.predict`.

    Attributes
    ----------
    buttons : dict of str to Button
        Letter -> its button. Empty where ipywidgets is not installed.
    status : HTML
        The line in which the answer appears; a screen reader says it.
    """

    def __init__(
        self,
        question: str,
        choices: Mapping[str, str],
        answer: Callable[[str], str],
        *,
        words: str = "",
        typed: str = "",
    ) -> None:
        self.head = words or messages.text("words/choose", question=question)
        self.foot = typed or messages.text("words/choose_typed", question=question)
        self.lines = {letter: f"({letter}) {text}" for letter, text in choices.items()}
        self.texts = dict(choices)
        self.answer = answer
        self.buttons: dict[str, Any] = {}
        self.status: Any = None
        self._chosen: list[str] = []  # letters in the order in which they were chosen
        self._view: Any = None
        try:
            import ipywidgets

            from xaicourse.widgets.page import WHOLE_WORDS
        except ImportError:
            return
        for letter, line in self.lines.items():
            self.buttons[letter] = ipywidgets.Button(description=line)
            self.buttons[letter].add_class("xai-choice")
            self.buttons[letter].on_click(partial(self._clicked, letter))
        self.status = ipywidgets.HTML(status(""))
        column = ipywidgets.Layout(max_width="760px", align_items="stretch")
        above = [ipywidgets.HTML(f'<div class="xai-asked">{html.escape(words)}</div>')] * bool(
            words
        )
        self._view = ipywidgets.VBox(
            [
                ipywidgets.HTML(f"<style>{STYLE}{WHOLE_WORDS}</style>"),
                *above,
                *self.buttons.values(),
                self.status,
            ],
            layout=column,
        )

    def choose(self, letter: str) -> None:
        """Answer a choice and mark its button: by words, not by a colour alone."""
        self.status.value = status(self.answer(letter))
        self._chosen.append(letter)
        for name, button in self.buttons.items():
            mark = ""
            if name in self._chosen:
                mark = messages.text("words/" + ("chosen" if name == letter else "chosen_before"))
            button.description = f"{self.lines[name]} {mark}".rstrip()
            (button.add_class if name == letter else button.remove_class)("xai-chosen")

    def _clicked(self, letter: str, _button: Any) -> None:
        self.choose(letter)

    # -- where there are no buttons -----------------------------------------------------------

    def __repr__(self) -> str:
        return "\n".join(wrapped(line) for line in (self.head, *self.lines.values(), self.foot))

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(text)}</li>\n" for text in self.texts.values())
        return (
            f"<p>{html.escape(self.head)}</p>\n"
            f'<ol type="a" style="list-style-type: lower-alpha">\n{items}</ol>\n'
            f"<p>{html.escape(self.foot)}</p>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        live = self._view._repr_mimebundle_()[VIEW] if self.buttons else None
        words = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return words if live is None else {VIEW: live, **words}


def status(text: str) -> str:
    """Return a text as a region whose changes a screen reader says when it is free to speak."""
    return f'<div class="xai-said" role="status" aria-live="polite">{html.escape(text)}</div>'
