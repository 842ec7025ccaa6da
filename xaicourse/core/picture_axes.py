"""Which axes of a tensor are rows, channels, height and width, where that is known.

A term of shape (N, 7, 7, 96) may be seven channels of 7 x 96 pixels, or 96 channels of 7 x 7, or
no picture at all but four heads of attention. The shape does not tell; what was done to x does. An
image starts as (N, C, H, W), a two-dimensional convolution makes one, moves of axes are tried on
numbers, and what works number by number leaves them where they are. All else is no picture.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.known import KEEPS_VALUES, NUMBER_BY_NUMBER, PAD, kind_of, name_of, plain_name
from xaicourse.core.reading import with_first_argument

__all__ = ["CHANNELS_FIRST", "NORMS", "PictureAxes"]

Axes = tuple[int, ...]  # t.permute(axes) is (N, C, h, w)

CHANNELS_FIRST: Axes = (0, 1, 2, 3)
IN_PLACE = NUMBER_BY_NUMBER | KEEPS_VALUES | PAD
IN_PLACE |= {"sum", "product", "quotient", "mixture", "join", "mean", "view"}
ON_CHANNELS_FIRST = {"max pool", "max pool and places", "resize"}
# of several numbers, each result at the place of its own
NORMS = {"layer_norm", "group_norm", "instance_norm", "rms_norm", "softmax"}


class PictureAxes:
    """Remembers for each tensor of a forward pass its axes (N, C, h, w), if they are known."""

    def __init__(self, x: Tensor) -> None:
        self._known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
        if x.dim() == 4:
            self._known[x] = CHANNELS_FIRST

    def of(self, t: Tensor) -> Axes | None:
        """Return the axes of t that are (N, C, h, w), None if they are not known."""
        return self._known.get(t)

    def note(
        self, func: Any, args: tuple, kwargs: dict, followers: list[Tensor], result: Any
    ) -> None:
        """Note the axes of a call's results."""
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and leaf.dim() == 4:
                axes = self._axes(func, args, kwargs, followers, leaf)
                if axes is not None:
                    self._known[leaf] = axes
                else:
                    self._known.pop(leaf, None)

    def _axes(
        self, func: Any, args: tuple, kwargs: dict, followers: list[Tensor], y: Tensor
    ) -> Axes | None:
        kind, u = kind_of(func), followers[0]
        before = self.of(u)
        if kind in ("convolution", "transposed convolution"):
            made = CHANNELS_FIRST if name_of(func).endswith("2d") else None
            return made if before is None else before if before[1] == 1 else None
        if kind in ON_CHANNELS_FIRST:
            return before if before is not None and before[1] == 1 else None
        if kind == "dense layer":
            return before if before is not None and before[1] == 3 else None
        if kind == "turn":
            return None if before is None else _turned(func, args, kwargs, before)
        if kind == "view":
            return before if y.shape == u.shape else None
        if kind in IN_PLACE or plain_name(func) in NORMS:
            return self._of_one(followers, y)
        return None

    def _of_one(self, followers: list[Tensor], y: Tensor) -> Axes | None:
        """Return the axes of the inputs that lie in y number by number, if they agree."""
        if any(t.dim() != 4 and t.dim() > 1 for t in followers):
            followers = [t for t in followers if t.shape == y.shape]
        found = {self.of(t) for t in followers} - {None}
        return found.pop() if len(found) == 1 else None


def _turned(func: Any, args: tuple, kwargs: dict, before: Axes) -> Axes | None:
    """Try a move on a small tensor whose axes differ in length; None if numbers change places."""
    small = torch.arange(2 * 3 * 5 * 7).view(2, 3, 5, 7)
    with torch._C.DisableTorchFunction():
        args, kwargs = with_first_argument(args, kwargs, small)
        try:
            turned = func(*args, **kwargs)
        except RuntimeError:  # it needs other lengths, as pixel_shuffle does
            return None
    if sorted(turned.shape) != sorted(small.shape):
        return None
    axes = [small.shape.index(length) for length in turned.shape]
    if not torch.equal(turned, small.permute(axes)):
        return None
    return tuple(axes.index(axis) for axis in before)
