"""The device to work on."""

import os

import torch

__all__ = ["device"]


def device(name: str | None = None) -> torch.device:
    """Return the device to put models and images on: a GPU where there is one, else the CPU.

    Parameters
    ----------
    name : str, optional
        A device name such as ``"cpu"`` or ``"cuda:1"``. Without it the environment variable
        ``XAICOURSE_DEVICE`` decides, and without that the best device that is present.

    Returns
    -------
    torch.device

    Raises
    ------
    RuntimeError
        If torch knows no device of that name.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.device("cpu")
    device(type='cpu')
    """
    name = name or os.environ.get("XAICOURSE_DEVICE")
    if name:
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
