"""Whether the rows of x still lie on the first axis, in their order.

A rule that compares a row with its reference, or takes a threshold of each row, needs to know. The
rows may be cut into windows or tokens (N * k, ...); but after ``h.transpose(0, 1)`` the first axis
holds something else, even if it has the same length. So moves are tried on the rows' numbers.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.known import KEEPS_NUMBERS, KEEPS_VALUES, PAD, kind_of
from xaicourse.core.operations import (
    Affine,
    Mixture,
    Operation,
    Signal,
    UnsupportedOperationError,
    changed,
)
from xaicourse.core.reading import as_function, first_argument
from xaicourse.core.ruled import RuleSet

__all__ = ["RowOrder"]


class RowOrder:
    """Remembers, for tensors whose rows are out of order, which row each number belongs to."""

    def __init__(self, rows: int, follows: Callable[[Any], bool]) -> None:
        self.rows = rows
        self.follows = follows
        self._numbers: WeakTensorKeyDictionary = WeakTensorKeyDictionary()  # None is: mixed

    def kept(self, t: Tensor) -> bool:
        """Tell whether a tensor's first axis holds the rows in their order."""
        return t not in self._numbers

    def note(
        self,
        func: Any,
        args: tuple,
        kwargs: Mapping[str, Any],
        followers: list[Tensor],
        result: Any,
    ) -> None:
        """Note where the rows lie in the result of a call."""
        leaves = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        in_order = all(self.kept(t) for t in followers)
        if not leaves or (in_order and self._stays(kind_of(func), followers[0], leaves)):
            return
        found = self._rows_of_result(func, args, kwargs, followers, len(leaves))
        for leaf, numbers in zip(leaves, found, strict=True):
            self._set(leaf, numbers)

    def placed(
        self, operation: Operation, func: Any, args: tuple, kwargs: dict, rules: RuleSet
    ) -> Operation:
        """Return an operation with the rows of its numbers if they are out of order, or raise."""
        wrong = [t for t in operation.inputs if not self.kept(t)]
        if not wrong:
            return operation
        if rules.carries_relevance and isinstance(operation, Mixture | Affine | Signal):
            row_of = self.through(func, args, kwargs, operation.inputs)
            if row_of:
                return changed(operation, row_of=row_of)
        raise UnsupportedOperationError(
            f"{rules.method} needs the rows of x on the first axis, but the input of "
            f"{operation.name}(), of shape {tuple(wrong[0].shape)}, does not have them there in "
            "their order; keep the rows on the first axis around it"
        )

    def through(
        self, func: Any, args: tuple, kwargs: Mapping[str, Any], inputs: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Return the row of each number of a call's inputs and of its result, () if mixed."""
        followers = [t for t in tree_leaves((args, kwargs)) if self.follows(t)]
        (result,) = self._rows_of_result(func, args, kwargs, followers, 1)
        found = [*(self._of(t) for t in inputs), result]
        known = tuple(n for n in found if n is not None and not bool((n < 0).any()))
        return known if len(known) == len(found) else ()

    def _rows_of_result(
        self,
        func: Any,
        args: tuple,
        kwargs: Mapping[str, Any],
        followers: list[Tensor],
        results: int,
    ) -> list[Tensor | None]:
        kind = kind_of(func)
        if kind in KEEPS_NUMBERS - PAD or kind == "join":
            return self._moved(func, args, kwargs)
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        if kind == "mean" or (kind == "contraction" and len(tensors) == 1):
            return self._averaged(func, args, kwargs)
        known = [self._numbers[t] for t in followers if not self.kept(t)]
        return [known[0] if len(known) == len(followers) else None] * results

    def note_copy(self, copy: Tensor, t: Tensor) -> None:
        """Note that the rows lie in a copy as they do in a tensor."""
        if not self.kept(t):
            self._numbers[copy] = self._numbers[t]

    def note_write(
        self, func: Any, args: tuple, kwargs: Mapping[str, Any], written: Tensor
    ) -> None:
        """Note where the rows lie in a tensor after ``written[...] = source``."""
        sources = [t for t in tree_leaves((args, kwargs)) if t is not written and self.follows(t)]
        numbers = self._of(written)
        if not sources or numbers is None:
            return
        source = self._of(sources[0])
        if source is None or first_argument(args, kwargs) is not written:
            self._set(written, None)
            return
        numbers = numbers.clone()
        with torch.no_grad():
            func(numbers, *(source if t is sources[0] else t for t in args[1:]))
        self._set(written, numbers)

    def _stays(self, kind: str, x: Tensor, leaves: list[Tensor]) -> bool:
        """Tell, without trying, that a call leaves the rows in order."""
        if any(t.dim() == 0 or len(t) % self.rows for t in leaves):
            return False
        if kind in KEEPS_VALUES | PAD | {"view"}:
            return True
        if kind == "join":
            return all(t.dim() == x.dim() and len(t) == len(x) for t in leaves)
        return kind not in KEEPS_NUMBERS | {"mean"}

    def _of(self, t: Tensor) -> Tensor | None:
        """Return the row of each number, None where they are mixed."""
        if not self.kept(t):
            return self._numbers[t]
        if t.dim() == 0 or len(t) % self.rows:
            return None
        rows = torch.arange(self.rows, device=t.device).repeat_interleave(len(t) // self.rows)
        return rows.view(-1, *[1] * (t.dim() - 1)).expand(t.shape)

    def _set(self, t: Tensor, numbers: Tensor | None) -> None:
        if numbers is not None and numbers.shape == t.shape:
            kept = t.dim() > 0 and len(t) % self.rows == 0
            self._numbers.pop(t, None)
            if kept and bool(((numbers == self._of(t)) | (numbers < 0)).all()):
                return
            self._numbers[t] = numbers
        else:
            self._numbers[t] = None

    def _moved(self, func: Any, args: tuple, kwargs: Mapping[str, Any]) -> list[Tensor | None]:
        inputs, function = as_function(func, args, kwargs, self.follows)
        numbers = [self._of(t) for t in inputs]
        if any(n is None for n in numbers):
            return [None] * len(tree_leaves(function(*inputs)))
        with torch.no_grad():  # im2col, say, moves no whole numbers
            moved = tree_leaves(function(*(n.double() + 1 for n in numbers)))  # type: ignore[operator]
        return [t.long() - 1 for t in moved]  # -1 in the rim that unfold pads with

    def _averaged(self, func: Any, args: tuple, kwargs: Mapping[str, Any]) -> list[Tensor | None]:
        """A mean or sum over numbers of one row each is of that row: they have no variance."""
        inputs, function = as_function(func, args, kwargs, self.follows)
        numbers = self._of(inputs[0])
        if numbers is None:
            return [None]
        with torch.no_grad():
            ones, first, second = (function(numbers.float() ** k) for k in range(3))
        mean = first / ones
        return [mean.round().long() if torch.allclose(second / ones, mean**2) else None]
