"""Superpixels: images cut into pieces of like colour, as labels (N, H, W)."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.checks import check_images, check_positive_int
from xaicourse.core.near_names import suggest_names
from xaicourse.methods.integrated.segments import felzenszwalb

__all__ = ["slic", "superpixels"]

Cut = Callable[[np.ndarray], np.ndarray]  # an image (C, H, W) to labels (H, W)

LARGE = 224 * 224  # pixels of the images that the scale is meant for
SCALE = 250 / 255  # for colours from -1 to 1
SMALLEST = 150
BLUR = 0.8  # pixels


def superpixels(x: Tensor) -> Tensor:
    """Cut each image into pieces of like colour, by Felzenszwalb and Huttenlocher's method.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Images.

    Returns
    -------
    Tensor (N, H, W)
        Whole numbers from 0, for ``unit=`` of the metrics that remove; as many as an image needs.

    Raises
    ------
    ValueError
        If x is not images.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.superpixels(torch.zeros(1, 3, 8, 16)).unique()  # of one colour, one piece
    tensor([0])
    """
    check_images(x)
    share = x[0, 0].numel() / LARGE
    smallest = max(5, round(SMALLEST * share))

    def cut(image: np.ndarray) -> np.ndarray:
        low, high = image.min(), image.max()
        image = 2 * (image - low) / max(high - low, 1e-12) - 1
        return felzenszwalb(image, [SCALE * share], BLUR, smallest)[0]

    return _of_each(x, cut)


@suggest_names
def slic(x: Tensor, segments: int = 50, compactness: float = 10.0) -> Tensor:
    """Cut each image into about so many compact pieces, by scikit-image's SLIC.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Images.
    segments : int
        About how many pieces an image has.
    compactness : float
        How much nearness counts against likeness of colour.

    Returns
    -------
    Tensor (N, H, W)
        Whole numbers from 0, for ``unit=`` of the metrics that remove.

    Raises
    ------
    ImportError
        If scikit-image is not there; `superpixels` needs nothing else.
    ValueError, TypeError
        If x is not images, or `segments` is no whole number.
    """
    check_images(x)
    segments = check_positive_int(segments, "segments")
    try:
        from skimage.segmentation import slic as cut  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(
            "slic needs scikit-image (pip install scikit-image); xaicourse.evaluation.superpixels "
            "cuts images without it"
        ) from error

    def pieces(image: np.ndarray) -> np.ndarray:
        return cut(
            image, n_segments=segments, compactness=compactness, start_label=0, channel_axis=0
        )

    return _of_each(x, pieces)


def _of_each(x: Tensor, cut: Cut) -> Tensor:
    images = x.detach().to("cpu", torch.float64).numpy()
    return torch.stack([torch.from_numpy(cut(image)).long() for image in images]).to(x.device)
