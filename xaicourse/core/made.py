"""What made each tensor of a forward pass, and whether it still is what was made.

Rules by position need it (a first layer, a batch-norm after a convolution, a mean in front of one).
A tensor that was written into since, also through a view or a slice of it, is no longer that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.following import Following
from xaicourse.core.gates import Bounds
from xaicourse.core.known import KEEPS_NUMBERS, KEEPS_VALUES, PAD, kind_of, name_of
from xaicourse.core.operations import Affine, Layer, Operation
from xaicourse.core.reading import as_function, read_padding

__all__ = ["Chain", "Made", "Memory", "Source", "does_nothing"]


@dataclass(frozen=True)
class Chain:
    """A tensor is an affine map of a source, then moved about: after(scale * source + shift)."""

    source: Tensor
    version: int  # of the source at that time
    scale: Tensor | None = None
    shift: Tensor | None = None
    after: tuple[Callable[[Tensor], Tensor], ...] = ()

    @property
    def begun(self) -> bool:
        return self.scale is not None or self.shift is not None or bool(self.after)

    @property
    def intact(self) -> bool:
        return self.version == self.source._version

    def longer(self, operation: Affine) -> "Chain":
        """Return the chain with one more affine step."""
        s, t = self.scale, self.shift
        if operation.scale is not None:
            s = operation.scale if s is None else s * operation.scale
            t = None if t is None else t * operation.scale
        if operation.shift is not None:
            t = operation.shift if t is None else t + operation.shift
        return replace(self, scale=s, shift=t)


@dataclass(frozen=True)
class Source:
    """A tensor of which another one is a function."""

    tensor: Tensor
    version: int  # at that time
    each: bool  # number by number


@dataclass(frozen=True)
class Made:
    """What made a tensor."""

    operation: Operation | None = None  # as its rule saw it, but still in the graph
    versions: tuple[int, ...] = ()  # of its inputs at that time
    chain: Chain | None = None
    is_x: bool = False  # x itself, cut, turned or put together
    # what its numbers were made by before they were moved: "layer", "chain"
    of: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()  # the same, where they were moved by writing into a tensor
    written: bool = False
    bounds: Bounds | None = None  # of its numbers, whatever x is
    scale: str = ""  # "statistic", "deviation", "1 / deviation"
    sources: tuple[Source, ...] = ()  # the tensors that it is a function of alone, nearest first

    @property
    def producer(self) -> Operation | None:
        """The operation, unless its inputs were overwritten."""
        inputs = self.operation.inputs if self.operation else ()
        return self.operation if self.versions == tuple(t._version for t in inputs) else None

    @property
    def comes_of(self) -> frozenset[str]:
        """What made the numbers: a layer or an affine step after it belongs to one with them."""
        found = self.of | self.lost
        if self.chain is not None and self.chain.begun:
            found |= {"chain"}
        return found | {"layer"} if isinstance(self.operation, Layer) else found


NOTHING = Made()


@dataclass
class Memory:
    """What made each tensor; asked for one that was overwritten since, it knows nothing."""

    follows: Following
    _made: WeakTensorKeyDictionary = field(default_factory=WeakTensorKeyDictionary)

    def of(self, t: Tensor) -> Made:
        """Return what made a tensor; of one that was overwritten since, what is left of that."""
        version, made = self._made.get(t) or (-1, NOTHING)
        if version == t._version or t not in self._made:
            return made
        whole = NOTHING if t._base is None else self.last(t._base)
        return Made(lost=made.comes_of | whole.comes_of, written=True)

    def last(self, t: Tensor) -> Made:
        """Return what made a tensor before it was overwritten."""
        return self._made[t][1] if t in self._made else NOTHING

    def sources(self, t: Tensor) -> tuple[Source, ...]:
        """Return a tensor and those that it is a function of alone, nearest first."""
        intact = tuple(s for s in self.of(t).sources if s.version == s.tensor._version)
        return (Source(t, t._version, True), *intact)

    def common(self, tensors: Sequence[Tensor]) -> tuple[Source, ...]:
        """Return the tensors that each of some tensors is a function of alone, nearest first."""
        first, *others = (self.sources(t) for t in tensors)
        found = []
        for source in first:
            same = [[s for s in other if s.tensor is source.tensor] for other in others]
            if all(same):
                each = source.each and all(s[0].each for s in same)
                found.append(replace(source, each=each))
        return tuple(found)

    def note(self, t: Tensor, made: Made) -> None:
        """Note what made a tensor, as it is now."""
        self._made[t] = (t._version, made)

    def note_copy(self, copy: Tensor, t: Tensor) -> None:
        """Note a copy of a tensor that is about to be overwritten."""
        made = self.of(t)
        source = Source(t, t._version, each=False)
        self.note(copy, replace(made, sources=(source, *made.sources)))

    def chain(
        self,
        func: Any,
        args: tuple,
        kwargs: Mapping[str, Any],
        x: Tensor,
        operation: Operation | None,
        result: Tensor,
        part: int | None,  # of what the call returns, where that are several tensors
    ) -> Chain | None:
        """Return as which affine map of which source the result of a call may be explained."""
        before = self.of(x).chain
        if before is None or not before.intact:
            before = Chain(x, x._version)
        kind = kind_of(func)
        if isinstance(operation, Affine):
            return (before if not before.after else Chain(x, x._version)).longer(operation)
        pads = kind in PAD or name_of(func) == "unfold"
        if kind not in KEEPS_NUMBERS or not (before.begun or pads):
            return None
        if kind in PAD and read_padding(args, kwargs)[1] != 0:
            return None  # the padding brings a number of its own
        function: Any = as_function(func, args, kwargs, self.follows)[1]
        if _form(result)[1:] != _form(x)[1:]:
            function = _cast(result.dtype, result.device)
        if (kind in KEEPS_VALUES or does_nothing(func, result, x)) and not before.after:
            return self._done_before(function, before)
        step = function if part is None else lambda t: function(t)[part]
        if kind == "view":  # of a tensor that may lie in another order
            shape = result.shape
            step = lambda t: t.reshape(shape)  # noqa: E731
        return replace(before, after=(*before.after, step))

    def _done_before(self, function: Callable[[Tensor], Tensor], chain: Chain) -> Chain:
        """Return the chain with a cast or a copy at its beginning instead of its end."""
        source = function(chain.source)
        self.follows.mark(source, True)
        self.note(source, Made(is_x=self.of(chain.source).is_x))
        s, t = (None if c is None else c.to(source) for c in (chain.scale, chain.shift))
        return Chain(source, source._version, s, t)


def _form(t: Tensor) -> tuple[Any, ...]:
    """Return shape, precision and device."""
    return t.shape, t.dtype, t.device


def does_nothing(func: Any, result: Any, t: Tensor) -> bool:
    """Tell whether a call returned t as it is, or a copy of it: numbers, shape and precision."""
    may = kind_of(func) in KEEPS_VALUES | {"view"} or name_of(func) == "expand"
    return may and isinstance(result, Tensor) and _form(result) == _form(t)


def _cast(dtype: torch.dtype, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Return the cast that a rule needs: it computes in float32 at least."""
    dtype = torch.promote_types(dtype, torch.float32)
    return lambda t: t.to(device=device, dtype=dtype)
