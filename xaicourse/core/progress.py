"""One progress bar for all: it appears only where someone looks and only after two seconds."""

import os
import sys
from typing import Any

__all__ = ["progress"]

DELAY = 2.0  # seconds of quiet before a bar appears


def progress(total: int, description: str) -> Any:
    """Return a progress bar: call ``bar.update(n)`` as work gets done and ``bar.close()``.

    It is silent under tests (``XAICOURSE_TEST``) and where the output is not a person's.
    """
    from tqdm.auto import tqdm

    in_notebook = "ipykernel" in sys.modules
    quiet = bool(os.environ.get("XAICOURSE_TEST")) or not (in_notebook or sys.stderr.isatty())
    return tqdm(total=total, desc=description, delay=DELAY, disable=quiet, leave=False)
