"""Your own pictures: a folder with one subfolder a class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.image_files import CROP, ImageFileError, open_image

MOST_PICTURES = 1000
MEGABYTES_A_PICTURE = 3 * CROP * CROP * 4 / 1e6
# What file managers leave behind; hidden files are left out as well.
LITTER = {"thumbs.db", "desktop.ini"}


class FolderImages(NamedTuple):
    """Pictures of your own with their classes and files.

    Parameters
    ----------
    x : Tensor (N, 3, 224, 224)
        Values in [0, 1].
    labels : Tensor (N,)
        Places in `classes`, int64.
    classes : list of str
        The names of the subfolders.
    files : list of N pathlib.Path
        Where each picture was read.
    """

    x: Tensor
    labels: Tensor
    classes: list[str]
    files: list[Path]

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def folder(
    path: str | os.PathLike[str],
    *,
    per_class: int | None = None,
    device: str | torch.device | None = None,
) -> FolderImages:
    """Read a folder of your own pictures: the names of its subfolders are the classes.

    A folder without subfolders is one class of its own name. Classes and files are sorted by name.
    Each file is read as by ``xc.datasets.open_image``; one that cannot be read is an error that
    names it, never left out without a word.

    Parameters
    ----------
    path : str or path-like
        The folder.
    per_class : int, optional
        Only the first so many pictures of each class.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    FolderImages
        x (N, 3, 224, 224), float32 in [0, 1]; labels (N,), int64, places in ``classes``.

    Raises
    ------
    ImageFileError
        When there is no such folder, it holds no pictures or too many, or one cannot be read.
    TypeError, ValueError
        When `path` is not the name of a folder, or `per_class` is not a whole number above 0.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected the name of a folder, got {type(path).__name__}.")
    if per_class is not None and (
        isinstance(per_class, bool) or not isinstance(per_class, int) or per_class < 1
    ):
        raise ValueError(f"per_class: expected a whole number of at least 1, got {per_class!r}.")
    by_class = {name: files[:per_class] for name, files in _files_by_class(Path(path)).items()}
    files = [file for of_class in by_class.values() for file in of_class]
    if len(files) > MOST_PICTURES:
        gigabytes = len(files) * MEGABYTES_A_PICTURE / 1000
        raise ImageFileError(
            f"path: {path} holds {len(files)} pictures, which would take {gigabytes:.1f} GB of "
            f"memory (the most is {MOST_PICTURES}); take a part with per_class=..."
        )
    x = torch.empty(len(files), 3, CROP, CROP, device=device or "cpu")  # filled below, no copy
    for row, file in enumerate(files):
        x[row] = open_image(file, device=device)[0]
    numbers = [number for number, of_class in enumerate(by_class.values()) for _ in of_class]
    return FolderImages(x, torch.tensor(numbers, device=device or "cpu"), list(by_class), files)


def _files_by_class(path: Path) -> dict[str, list[Path]]:
    """Return the sorted files of each class, or raise what is wrong with the folder."""
    if not path.is_dir():
        what = "is a file; for one picture use xc.datasets.open_image" if path.exists() else ""
        raise ImageFileError(f"path: {path} {what}." if what else f"path: there is no {path}.")
    folders, files = _content(path)
    if files and folders:
        raise ImageFileError(
            f"path: {path} holds pictures ({files[0].name}) beside subfolders "
            f"({folders[0].name}), so the class of the former is not clear; give them a subfolder."
        )
    if not folders:
        folders = [path]
    by_class = {}
    for of_class in folders:
        deeper, files = _content(of_class)
        if deeper:
            raise ImageFileError(
                f"path: {deeper[0]} is a folder in a class; pictures must lie in {of_class} itself."
            )
        if not files:
            raise ImageFileError(f"path: {of_class} holds no pictures.")
        by_class[of_class.resolve().name] = files
    return by_class


def _content(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files in a folder, sorted, without hidden ones and litter."""
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise ImageFileError(f"path: {path} cannot be opened: {error.strerror}.") from None
    seen = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in LITTER]
    return [e for e in seen if e.is_dir()], [e for e in seen if not e.is_dir()]
