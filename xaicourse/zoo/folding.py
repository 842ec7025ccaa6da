"""Merge a batch norm into the convolution before it: the same function with less work."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold(conv: Any, norm: Any) -> nn.Module:
    """Return one convolution that does what ``norm(conv(x))`` does in eval mode.

    ``conv`` is an nn.Conv1d, 2d or 3d and ``norm`` the batch norm of the same dimension.
    Batch norm in eval mode is a fixed scale and shift of each channel, and so is the last step of
    a convolution. The arithmetic is done once in float64 on the CPU; neither argument is changed.
    """
    weight = conv.weight
    conv, norm = (_in_float64(module) for module in (conv, norm))
    return fuse_conv_bn_eval(conv, norm).to(weight.device, weight.dtype)


def _in_float64(module: nn.Module) -> Any:
    return copy.deepcopy(module).to("cpu", torch.float64)
