"""The panels of all lessons, and the functions beside them: what each room's panel.py names."""

from importlib import import_module
from typing import Any

from xaicourse.core.places import rooms

FOUND: dict[str, Any] = {}
for room in rooms():
    if (room / "panel.py").exists():
        panel = import_module(f"xaicourse.course.lessons.{room.name}.panel")
        FOUND |= {name: getattr(panel, name) for name in panel.__all__}
