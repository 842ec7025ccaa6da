"""A grid of buttons, one for each patch of a photo; by mouse or by keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets
from traitlets import TraitError, Tuple, validate

from xaicourse.widgets.page import SQUARES

BUTTON = 24  # pixels
OFF, ON = "#e8e8e8", "#555555"


class PatchGrid(ipywidgets.HBox):
    """Choose patches: click them, or go to one by the arrow keys and press Enter.

    The value is a sorted tuple of (line, column), both from 0, counted from the top left. A panel
    takes the buttons, `squares`, and lays them on its photo.

    Parameters
    ----------
    side : int
        Patches along each side.
    value : iterable of (int, int)
        The patches that are chosen at first.

    Examples
    --------
    >>> import xaicourse as xc
    >>> grid = xc.widgets.PatchGrid(2, [(0, 1)])
    >>> grid.button(1, 0).value = True
    >>> grid.value
    ((0, 1), (1, 0))
    """

    value = Tuple()

    def __init__(self, side: int, value: Iterable[tuple[int, int]] = ()) -> None:
        self.side = side
        self._buttons = [self._new_button(line, column) for line, column in all_places(side)]
        self.clear = ipywidgets.Button(
            description="restore all", layout={"width": "max-content"}, tooltip="no grey patches"
        )
        length = f"{side * BUTTON}px"
        layout = ipywidgets.Layout(
            width=length, height=length, grid_template_columns=f"repeat({side}, 1fr)",
            grid_template_rows=f"repeat({side}, 1fr)",
        )  # fmt: skip
        self.squares = ipywidgets.GridBox(self._buttons, layout=layout)
        self.squares.add_class(SQUARES)
        super().__init__([self.squares, self.clear], layout={"align_items": "center"})
        self.clear.on_click(lambda _: self._set(()))
        self.observe(self._show_value, "value")
        self._set(value)

    def without_squares(self) -> ipywidgets.DOMWidget:
        """Give the buttons away, to be laid on a photo; the rest stays."""
        self.children = (self.clear,)
        return self.squares

    def button(self, line: int, column: int) -> ipywidgets.ToggleButton:
        """Return the button of one patch."""
        return self._buttons[line * self.side + column]

    def toggle(self, line: int, column: int) -> None:
        """Choose a patch, or give it back."""
        self._set(set(self.value) ^ {(line, column)})

    @validate("value")
    def _checked(self, proposal: Any) -> tuple[tuple[int, int], ...]:
        """Sort the patches and refuse those that do not exist."""
        try:
            places = sorted({(int(line), int(column)) for line, column in proposal["value"]})
        except (TypeError, ValueError):
            raise TraitError("patches are pairs (line, column), for example [(2, 5)]") from None
        for place in places:
            if not all(0 <= number < self.side for number in place):
                raise TraitError(f"patch {place} does not exist; lines and columns are 0 to "
                                 f"{self.side - 1}")  # fmt: skip
        return tuple(places)

    def _set(self, places: Iterable[tuple[int, int]]) -> None:
        self.value = tuple(places)

    def _new_button(self, line: int, column: int) -> ipywidgets.ToggleButton:
        button = ipywidgets.ToggleButton(
            False, description=" ", tooltip=f"patch {line + 1} down, {column + 1} across",
            layout={"width": "auto", "height": "auto", "margin": "0", "padding": "0"},
        )  # fmt: skip
        button.style.button_color = OFF
        button.observe(lambda change: self._pressed(line, column, change["new"]), "value")
        return button

    def _pressed(self, line: int, column: int, is_on: bool) -> None:
        if is_on != ((line, column) in self.value):
            self.toggle(line, column)

    def _show_value(self, change: Any) -> None:
        """Bring the buttons in step with the value; a sign and a colour say what is grey."""
        for place, button in zip(all_places(self.side), self._buttons, strict=True):
            is_on = place in self.value
            if button.value != is_on or (button.description == "×") != is_on:
                button.value = is_on
                button.description = "×" if is_on else " "
                button.style.button_color = ON if is_on else OFF
                button.style.text_color = "white" if is_on else None


def all_places(side: int) -> list[tuple[int, int]]:
    """Return all (line, column) from the top left, line by line."""
    return [(line, column) for line in range(side) for column in range(side)]
