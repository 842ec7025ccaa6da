"""Panels: live in a notebook, a picture everywhere else. Import needs ipywidgets (extra `lab`).

The panels of the lessons are handed on from their rooms when they are first asked for.
"""

import xaicourse
from xaicourse.widgets.panel import Panel as Panel


def __getattr__(name: str) -> object:
    found = xaicourse._from_course("widgets")
    if name == "__all__":
        return sorted([*found, "Panel"])
    if name in found:
        return found[name]
    raise AttributeError(f"module 'xaicourse.widgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __getattr__("__all__")  # type: ignore[return-value]
