"""One panel, moved to the device and back by its device control."""

from unittest import mock

import torch

from benchmarks._common import table
from tests.gpu.nets import tiny, waves
from tests.gpu.part import Clock, Part, Where
from tests.gpu.standins import is_here
from tests.plain import relative_error

NEEDS = ("ipywidgets", "matplotlib")
PARITY = 1e-4


def moved_panel(where: Where, clock: Clock) -> Part:
    """Move the path explorer from the CPU to the device and back, and compare its maps."""
    part = Part("Panel")
    part.missing = [f"no panel: needs {package}" for package in NEEDS if not is_here(package)]
    if part.missing or clock.over():
        return part
    from xaicourse.widgets import PathPanel, controls

    present = ["cpu", str(where.device)]
    with mock.patch.object(controls, "devices", lambda own: present):
        panel = PathPanel(tiny(), waves("panel"), 2, steps=8)
    lines, first = [], panel.result.collected
    for device in (str(where.device), "cpu"):
        panel.set(device=device)
        if panel.error is not None:
            part.failures.append(f"on {device}: {panel.error}")
            continue
        used = panel.result.trace.x.device if hasattr(panel.result.trace, "x") else None
        error = relative_error(panel.result.collected, first)
        if error > PARITY:
            part.failures.append(f"on {device}: {error:.1e} from the first map")
        lines.append((device, used or panel.settings["device"], f"{error:.1e}"))
    part.text = table(("moved to", "shown", "difference to the first map"), lines)
    return part
