"""Twenty labelled ImageNet photos, read from the Python package foolbox.

The photos carry ImageNet's terms of use, so they are not part of the course: they are read from
the installed package, and neither they nor maps drawn over them are ever stored in the repository.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.image_files import open_image

COUNT = 20


class LabelledPhotos(NamedTuple):
    """Photos, their true classes and their names.

    Parameters
    ----------
    x : Tensor (N, 3, 224, 224)
        Values in [0, 1].
    labels : Tensor (N,)
        ImageNet's class numbers, int64.
    names : list of N str
        The files' names without their ending.
    """

    x: Tensor
    labels: Tensor
    names: list[str]

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def imagenet_photos(*, device: str | torch.device | None = None) -> LabelledPhotos:
    """Return twenty labelled ImageNet photos; needs the package foolbox on disk, not its code.

    Parameters
    ----------
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    LabelledPhotos
        x (20, 3, 224, 224), float32 in [0, 1]; labels (20,); names.

    Raises
    ------
    FileNotFoundError
        If the package is not installed, or not whole.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels, names = xc.datasets.imagenet_photos()
    """
    files = imagenet_photo_files()
    x = torch.cat([open_image(file, device=device) for file in files])
    # The file names end in the class: imagenet_04_949.jpg shows class 949.
    labels = torch.tensor([int(file.stem.split("_")[2]) for file in files], device=device or "cpu")
    return LabelledPhotos(x, labels, [file.stem for file in files])


def imagenet_photo_files() -> list[Path]:
    """Return the twenty files, in order, without importing foolbox."""
    spec = importlib.util.find_spec("foolbox")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "The labelled ImageNet photos are not installed. Get them once with:  "
            "pip install foolbox==3.3.4  (part of  pip install -e '.[test]' )."
        )
    files = sorted(Path(spec.submodule_search_locations[0]).glob("data/imagenet_??_*.jpg"))
    if len(files) != COUNT:
        raise FileNotFoundError(
            f"The installed foolbox has {len(files)} ImageNet photos, expected {COUNT}. "
            "Reinstall it with:  pip install --force-reinstall foolbox==3.3.4"
        )
    return files
