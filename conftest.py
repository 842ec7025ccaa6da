"""`pytest --nbval notebooks/` by itself: the kernels get what the stored outputs were made with.

nbval starts each kernel as a child of the pytest process, and the child inherits os.environ as it
is at that moment. So it is enough to set it here, even PYTHONHASHSEED and OMP_NUM_THREADS, which
a running Python no longer looks at. Without --nbval or --nbval-lax nothing is changed.
"""

import os
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent / "tools"

# Option of nbval -> what it is if nobody chose it, and what it should be then.
OPTIONS = {
    "nbval_current_env": (False, True),  # not the kernel that somebody registered as python3
    "nbval_cell_timeout": (2000, 280),  # seconds; pyproject.toml ends a test after 300
    "nbval_kernel_startup_timeout": (60, 180),
    "nbval_sanitize_with": (None, str(TOOLS / "sanitize.cfg")),
}


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run of notebooks, if notebooks are to be run."""
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    sys.path.insert(0, str(TOOLS))
    from builder.environment import environment  # pyright: ignore[reportMissingImports]

    wanted = environment()
    os.environ.clear()  # a plotting backend goes as well
    os.environ.update(wanted)
    for name, (unset, value) in OPTIONS.items():
        if config.getoption(name) == unset:
            setattr(config.option, name, value)
    if config.getoption("nbval_kernel_name"):
        config.option.nbval_current_env = False
