"""Buttons in a row, each with a key: for questions that are answered one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ipywidgets

from xaicourse.widgets.page import ANSWERS

__all__ = ["AnswerButtons"]


class AnswerButtons(ipywidgets.HBox):
    """A row of buttons. Its keys work wherever in the row the focus is.

    Parameters
    ----------
    keys : dict of str to str
        Answer -> its key, one sign, such as {"left": "1", "right": "2"}.
    answer : callable
        Is called with the answer that was chosen.

    Examples
    --------
    >>> from xaicourse.widgets.answer_buttons import AnswerButtons
    >>> row = AnswerButtons({"left": "1", "right": "2"}, print)
    >>> row.buttons["right"].click()
    right
    """

    def __init__(self, keys: Mapping[str, str], answer: Callable[[str], Any]) -> None:
        self.buttons: dict[str, ipywidgets.Button] = {}
        for name, key in keys.items():
            button = ipywidgets.Button(description=f"{key}  {name}")
            button.on_click(partial(self._clicked, name))
            self.buttons[name] = button
        self._answer = answer
        super().__init__(list(self.buttons.values()), layout={"grid_gap": "8px", "padding": "4px"})
        self.add_class(ANSWERS)

    def _clicked(self, name: str, _button: Any) -> None:
        self._answer(name)
