"""1,797 handwritten digits of 8 x 8 pixels: the smallest real pictures, for quick experiments.

Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits" (1998), UCI Machine Learning
Repository, data set 80; CC BY 4.0. The same pictures, in the same order, as scikit-learn's
``load_digits``.
"""

from __future__ import annotations

import torch

from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.fashion import LabelledImages, as_inputs
from xaicourse.datasets.shipped import read_tensors

DIGITS_FILE = "digits.safetensors"


@suggest_names
def digits(n: int | None = None, *, device: str | torch.device | None = None) -> LabelledImages:
    """Return small pictures of handwritten digits with their classes.

    Parameters
    ----------
    n : int, optional
        Only the first n of the 1,797.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    LabelledImages
        x (N, 1, 8, 8), float32 in [0, 1] in steps of 1/16, and labels (N,), int64, 0 to 9.

    Raises
    ------
    ValueError
        If there are not n pictures, or the file is not the one on its card.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels = xc.datasets.digits()
    >>> x.shape
    torch.Size([1797, 1, 8, 8])
    """
    stored = read_tensors(DIGITS_FILE)
    return as_inputs(stored["images"], stored["labels"], n, largest=16, device=device)
