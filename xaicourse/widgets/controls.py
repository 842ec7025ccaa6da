"""Controls that panels share: sliders, lists and fields with their labels in full."""

from __future__ import annotations

import ipywidgets
import torch
from torch import Tensor

__all__ = ["LABEL", "choice", "devices", "is_image", "slider", "whole_number"]

LABEL = {"description_width": "initial"}


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


def slider(name: str, value: float) -> ipywidgets.FloatSlider:
    """Return a slider from 0 to 1 that reports while it is dragged."""
    return ipywidgets.FloatSlider(
        value, min=0.0, max=1.0, step=0.01, description=name, style=LABEL, layout={"width": "300px"}
    )


def whole_number(name: str, value: int) -> ipywidgets.IntText:
    """Return a field for a typed whole number."""
    return ipywidgets.IntText(value, description=name, style=LABEL, layout={"width": "120px"})


def choice(name: str, options: list[str], value: str) -> ipywidgets.Dropdown:
    """Return a drop-down list."""
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(options)}, got {value!r}")
    return ipywidgets.Dropdown(
        options=options, value=value, description=name, style=LABEL, layout={"width": "max-content"}
    )
