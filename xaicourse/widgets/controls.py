"""Controls of a panel, declared as class attributes: ``sigma = LogSlider(0.003, 3)``.

An attribute's name is the name of the setting; an underscore at its end is left out, since
``class`` cannot be an attribute. Where a control takes the name of an attribute of the panel
(``net = Choice("nets")``), it looks there when the panel is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import ipywidgets
import torch
from torch import Tensor, nn

__all__ = [
    "Choice", "ChoiceSlider", "Control", "Device", "LogSlider", "Place", "Slider", "WholeNumber",
    "WholeSlider", "is_image",
]  # fmt: skip

LABEL = {"description_width": "initial"}  # labels in full


class Control:
    """A setting that the reader can change.

    Parameters
    ----------
    label : str
        Stands beside the control; the name of the setting where it is empty.
    """

    def __init__(self, label: str = "") -> None:
        self.name, self.label = "", label

    def __set_name__(self, panel_class: type, name: str) -> None:
        self.name = name.rstrip("_")
        self.label = self.label or self.name

    def widget(self, panel: Any, first: Any) -> ipywidgets.Widget | None:
        """Return the widget with its first value, or None where the panel has no use for it."""
        raise NotImplementedError

    def common(self, width: str) -> dict[str, Any]:
        """Return what all widgets are told."""
        return {"description": self.label, "style": LABEL, "layout": {"width": width}}


class Choice(Control):
    """A drop-down list of options, or of the entries of an attribute of the panel."""

    kind: Any = ipywidgets.Dropdown
    width = "max-content"

    def __init__(self, options: Iterable[str] | str, label: str = "") -> None:
        super().__init__(label)
        self.options = options

    def widget(self, panel: Any, first: str | None) -> ipywidgets.Widget:
        found = getattr(panel, self.options) if isinstance(self.options, str) else self.options
        options = list(found)
        first = self.usual(options) if first is None else first
        if first not in options:
            raise ValueError(f"{self.label} must be one of {', '.join(options)}, got {first!r}")
        return self.kind(options=options, value=first, **self.common(self.width))

    def usual(self, options: list[str]) -> str:
        """Return what is chosen if nothing is said."""
        return options[0]


class ChoiceSlider(Choice):
    """A slider over options that have an order; the last one is set at first."""

    kind, width = ipywidgets.SelectionSlider, "330px"

    def usual(self, options: list[str]) -> str:
        return options[-1]


class Slider(Control):
    """A slider from low to high that reports while it is dragged."""

    def __init__(
        self, low: float, high: float, step: float, digits: str = ".2f", *, label: str = ""
    ) -> None:
        super().__init__(label)
        self.look = {"min": low, "max": high, "step": step, "readout_format": digits}

    def widget(self, panel: Any, first: float) -> ipywidgets.Widget:
        return ipywidgets.FloatSlider(first, **self.look, **self.common("300px"))


class LogSlider(Control):
    """A logarithmic slider: each step multiplies by ``base ** step``."""

    def __init__(
        self, low: float, high: float, *, step: float = 0.1, base: int = 10, digits: str = ".2g",
        label: str = "",
    ) -> None:  # fmt: skip
        super().__init__(label)
        self.low, self.high, self.step, self.base, self.digits = low, high, step, base, digits

    def widget(self, panel: Any, first: float) -> ipywidgets.Widget:
        if not self.low <= first <= self.high:
            ends = (format(end, self.digits) for end in (self.low, self.high))
            low, high = (end.replace("e-0", "e-") for end in ends)
            raise ValueError(f"{self.name} must be from {low} to {high} here, got {first!r}")
        low, high = (round(math.log(end, self.base), 9) for end in (self.low, self.high))
        return ipywidgets.FloatLogSlider(
            first, base=self.base, min=low, max=high, step=self.step, readout_format=self.digits,
            **self.common("280px"),
        )  # fmt: skip


class WholeNumber(Control):
    """A field for a typed whole number."""

    def widget(self, panel: Any, first: int) -> ipywidgets.Widget:
        return ipywidgets.IntText(first, **self.common("120px"))


class WholeSlider(Control):
    """A slider over whole numbers; `high` may be an attribute of the panel.

    A slider that is not `live` reports when it is let go: for work that takes seconds.
    """

    def __init__(
        self, low: int, high: int | str, step: int = 1, *, width: str = "300px", live: bool = True,
        label: str = "",
    ) -> None:  # fmt: skip
        super().__init__(label)
        self.low, self.high, self.step, self.width, self.live = low, high, step, width, live

    def widget(self, panel: Any, first: int) -> ipywidgets.Widget:
        high = getattr(panel, self.high) if isinstance(self.high, str) else self.high
        if not self.low <= first <= high:
            raise ValueError(f"{self.name} must be from {self.low} to {high} here, got {first!r}")
        return ipywidgets.IntSlider(
            first, min=self.low, max=high, step=self.step, continuous_update=self.live,
            **self.common(self.width),
        )  # fmt: skip


class Place(Control):
    """A slider for the line or column of a patch, from 1 to `panel.side`; for images only."""

    def widget(self, panel: Any, first: int | None) -> ipywidgets.Widget | None:
        if not is_image(panel.x):
            return None
        middle = (panel.side + 1) // 2
        return ipywidgets.IntSlider(first or middle, min=1, max=panel.side, **self.common("270px"))


class Device(Choice):
    """The devices that are there; none is offered beside the only one."""

    def __init__(self) -> None:
        super().__init__(())

    def widget(self, panel: Any, first: str | None) -> ipywidgets.Widget | None:
        movable = isinstance(panel.model, nn.Module)
        self.options = devices(str(panel.x.device))
        return super().widget(panel, first) if movable and len(self.options) > 1 else None


def is_image(x: Tensor) -> bool:
    """Tell whether x is a batch of images (N, 1 or 3, H, W)."""
    return x.ndim == 4 and x.shape[1] in (1, 3)


def devices(own: str) -> list[str]:
    """Return the device of x, and those that are present beside it."""
    present = ["cpu"]
    if torch.cuda.is_available():
        present.append("cuda:0")
    if torch.backends.mps.is_available():
        present.append("mps:0")
    return list(dict.fromkeys([own, *present]))
