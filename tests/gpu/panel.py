"""One panel, moved to the device and back by its device control."""

from unittest import mock

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
    seen: set[str] = set()
    net = tiny()
    net.register_forward_pre_hook(lambda module, inputs: seen.add(str(inputs[0].device)))
    with mock.patch.object(controls, "devices", return_value=present):
        panel = PathPanel(net, waves("panel"), 2, steps=8)
    lines, first = [], panel.result.collected
    for device in (str(where.device), "cpu"):
        panel.set(device=device)
        if panel.error is not None:
            part.failures.append(f"on {device}: {panel.error}")
            continue
        error = relative_error(panel.result.collected, first)
        if error > PARITY:
            part.failures.append(f"on {device}: {error:.1e} from the first map")
        if device not in seen:
            part.failures.append(f"on {device}: the network was never asked there")
        lines.append((device, f"{error:.1e}"))
    part.text = table(("moved to", "difference to the first map"), lines)
    return part
