"""Free photos that ship with the course, and the collage with a known answer."""

from __future__ import annotations

import io
from pathlib import PurePosixPath

import torch
from PIL import Image
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.image_files import CROP, image_to_tensor
from xaicourse.datasets.shipped import known_cards, read_file


def photos() -> list[str]:
    """Return the names of the photos that ship with the course.

    Returns
    -------
    list of str
        Sorted; each is a name for `photo`.
    """
    cards = [PurePosixPath(name) for name in known_cards()]
    return sorted(
        card.stem for card in cards if card.match("photos/*.png") and len(card.parts) == 2
    )


@suggest_names
def photo(name: str, *, device: str | torch.device | None = None) -> Tensor:
    """Return one of the course's photos as a model input.

    Parameters
    ----------
    name : str
        One of ``xc.datasets.photos()``. For a file of your own use ``xc.datasets.open_image``.
    device : str or torch.device, optional
        Where to put the tensor; the CPU unless told otherwise.

    Returns
    -------
    Tensor
        Shape (1, 3, 224, 224), float32, values in [0, 1].

    Raises
    ------
    ValueError
        If there is no photo of that name, or its file is not the one on its card.
    FileNotFoundError
        If its file is missing.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.datasets.photo("chelsea").shape
    torch.Size([1, 3, 224, 224])
    """
    if name not in photos():
        raise ValueError(
            f"name: there is no photo {name!r}; there are {', '.join(photos())}. "
            "For a file of your own use xc.datasets.open_image(path)."
        )
    content = io.BytesIO(read_file(f"photos/{name}.png"))
    with Image.open(content, formats=["PNG"]) as picture:
        return image_to_tensor(picture.convert("RGB"), device=device)


@suggest_names
def collage(
    left: str = "chelsea", right: str = "coffee", *, device: str | torch.device | None = None
) -> Tensor:
    """Return two photos side by side: the middle 112 columns of each.

    A picture with a known answer: what speaks for the cat must lie in the cat's half. With the
    default photos "Egyptian cat" and "espresso" are EfficientNet-Lite0's two best classes.

    Parameters
    ----------
    left, right : str
        Names of photos, as for `photo`.
    device : str or torch.device, optional
        Where to put the tensor; the CPU unless told otherwise.

    Returns
    -------
    Tensor
        Shape (1, 3, 224, 224), float32, values in [0, 1].

    Raises
    ------
    ValueError
        If there is no photo of that name.
    """
    half = CROP // 2
    middle = slice(half // 2, half // 2 + half)
    parts = [photo(name, device=device)[..., middle] for name in (left, right)]  # 2 x (1,3,224,112)
    return torch.cat(parts, dim=3)


@suggest_names
def collage_masks(*, device: str | torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Return the masks of the left and of the right half of a collage.

    Parameters
    ----------
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    (Tensor, Tensor)
        Left and right, booleans of shape (224, 224).
    """
    in_left = torch.zeros(CROP, CROP, dtype=torch.bool)
    in_left[:, : CROP // 2] = True
    in_left = in_left.to(device or "cpu")
    return in_left, ~in_left
