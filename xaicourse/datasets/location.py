"""Where the course's data lie."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder ``data/`` of the course (or the one named by XAICOURSE_DATA).

    Returns
    -------
    pathlib.Path
        A folder that exists.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    chosen = os.environ.get("XAICOURSE_DATA")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "data"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The course's data folder {folder} does not exist. Work in a clone of the course "
            "installed with  pip install -e '.[lab]' , or set XAICOURSE_DATA to its data folder."
        )
    return folder
