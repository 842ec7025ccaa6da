"""From an image file to a model's input: one preprocessing for every photo of the course.

Short side to 256 pixels (bicubic, antialiased), centre crop of 224 x 224, values in [0, 1].
Nothing else: the ImageNet normalisation lives inside the zoo's models.
"""

from __future__ import annotations

import os

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.core.picture_files import CROP, FORMATS, ImageFileError, crop_224, read_rgb

__all__ = [
    "CROP",
    "FORMATS",
    "ImageFileError",
    "crop_224",
    "image_to_tensor",
    "open_image",
    "read_rgb",
]


@suggest_names
def open_image(path: str | os.PathLike[str], *, device: str | torch.device | None = None) -> Tensor:
    """Read any image file as a model input.

    Grey, palette, 16-bit and CMYK pictures become RGB, transparent parts become white, and a
    picture that the camera marked as rotated is turned upright.

    Parameters
    ----------
    path : str or path-like
        A PNG, JPEG, WebP, GIF (first frame), TIFF, BMP, PPM, ICO, TGA, AVIF or JPEG 2000 file of
        at most 100 million pixels, or a JPEG of at most 400 million that is not progressive. HEIC
        photos need the extra ``pip install "xaicourse[heic]"``.
    device : str or torch.device, optional
        Where to put the tensor; the CPU unless told otherwise.

    Returns
    -------
    Tensor
        Shape (1, 3, 224, 224), float32, values in [0, 1].

    Raises
    ------
    ImageFileError
        When the file is missing, is no image, is damaged, too small, too narrow or too large.
    TypeError
        When `path` is not the name of a file.
    """
    return image_to_tensor(crop_224(read_rgb(path)), device=device)


@suggest_names
def image_to_tensor(picture: Image.Image, *, device: str | torch.device | None = None) -> Tensor:
    """Turn an RGB picture into a model input of the same size.

    Parameters
    ----------
    picture : PIL.Image.Image
        In mode RGB, H pixels high and W wide.
    device : str or torch.device, optional
        Where to put the tensor; the CPU unless told otherwise.

    Returns
    -------
    Tensor
        Shape (1, 3, H, W), float32, values in [0, 1].
    """
    values = torch.from_numpy(np.array(picture))  # (H, W, 3), uint8, a copy
    values = values.permute(2, 0, 1)[None].contiguous()  # (1, 3, H, W)
    return values.to(device or "cpu").float() / 255
