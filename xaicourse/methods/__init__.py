"""Attribution methods, one idea a file, and the table of all of them.

`import xaicourse` reads none of these files: a method's own file is read when the method is first
used, and all of them when the table is.
"""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from xaicourse.core.registry import RECORDS, MethodRecord

__all__ = ["METHODS", "all_methods"]

METHODS: dict[str, MethodRecord]  # all of them: see `__getattr__`


@cache
def all_methods() -> dict[str, MethodRecord]:
    """Read every file of this folder, and return the table of methods: name -> record."""
    for module in walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
    return RECORDS


def __getattr__(name: str) -> Any:
    if name == "METHODS":
        return all_methods()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
