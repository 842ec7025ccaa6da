"""The function mode that gives operations another backward while a model runs.

It sees every call on a tensor that follows from x, reads it (reading.py), asks for a rule, and
remembers what made each tensor: a layer's place, and the normalisation in front of it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from xaicourse.core.audit import call_name, operation_name, visible
from xaicourse.core.call_reader import CallReader
from xaicourse.core.following import Following
from xaicourse.core.known import (
    KEEPS_NUMBERS,
    PAD,
    kind_of,
    name_of,
    plain_name,
)
from xaicourse.core.leaves import leaves_of
from xaicourse.core.looks import CutOff, Reading, becomes_numbers
from xaicourse.core.made import Made, Memory, does_nothing
from xaicourse.core.operations import (
    Activated,
    Affine,
    Layer,
    Operation,
    UnsupportedOperationError,
    changed,
)
from xaicourse.core.reading import (
    as_function,
    first_argument,
    is_in_place,
    with_first_argument,
)
from xaicourse.core.recomputation import keeps_activations
from xaicourse.core.row_order import RowOrder
from xaicourse.core.ruled import Choice, RuleSet, apply_rule, slope_is_enough
from xaicourse.core.written_out import hides_steps, whole_layer, written_out

__all__ = ["RuleMode"]


# x stays x, if cut, turned or put together
_STILL_X = KEEPS_NUMBERS - PAD | {"join"}
_MOVES = KEEPS_NUMBERS | {"join"}
_HARMLESS = ("finite", "constant", "random constant", "question", "attribute")


class RuleMode(TorchFunctionMode):
    """Give each operation that follows from x the backward that `rules` choose for it."""

    def __init__(self, rules: RuleSet, inputs: Tensor) -> None:
        super().__init__()
        self.rules = rules
        self.rules.moves.clear()
        self.rules.calls.clear()
        self.rows = len(inputs)
        self.follows = Following(inputs)
        self.memory = Memory(self.follows)
        self.memory.note(inputs, Made(is_x=True))
        # whether it matters what made a tensor
        self.remembers = bool(
            rules.carries_relevance or rules.needs_producer or "layer" in rules.kinds
        )
        self.reader = CallReader(rules, self.follows, self.memory, self.rows)
        self.row_order = RowOrder(self.rows, self.follows) if rules.needs_rows else None
        self.cut_off = CutOff()
        self.readings: list[Reading] = []
        self.numbers = 0  # calls that made numbers of any tensor

    @keeps_activations
    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if kind_of(func) == "question":  # x.dim(): nothing of what x holds
            return func(*args, **(kwargs or {}))
        func, args, kwargs = visible(func, args, kwargs or {})
        self._refuse_other_data(func, args)
        leaves = leaves_of(*args, *kwargs.values())
        followers = [leaf for leaf in leaves if self.follows(leaf)]
        cut = self.cut_off.first(leaves)
        written = self._overwritten(func, args, kwargs)
        if written is not None:
            self._refuse_hidden_writes(func, written)
            if cut is not None and followers:
                raise cut
        if not followers:
            return self._apart(func, args, kwargs, written, cut)
        if hides_steps(func, self.rules):
            raise whole_layer(func, self.rules)
        way = None
        if "product" in self.rules.kinds:
            way = written_out(func, args, kwargs, self.follows)
        if way is not None:
            return self._in_parts(way, args, kwargs, written)
        if written is not None and kind_of(func) == "write":
            result = func(*args, **kwargs)
            self._note_write(func, written, followers, None)
            if self.row_order is not None:
                self.row_order.note_write(func, args, kwargs, written)
        elif written is not None and self._written_directly(func, args, kwargs, written, followers):
            result = written
        else:
            result = self._operate(func, args, kwargs, followers, written)
        self._note_cuts(func, result, followers, cut)
        return result

    # -- one call --

    def _in_parts(self, way: Any, args: tuple, kwargs: dict, written: Tensor | None) -> Any:
        """Carry out a call as the simpler operations that it is made of, each by its own rule."""
        with self:
            if written is None:
                return way(*args, **kwargs)
            args, kwargs = with_first_argument(args, kwargs, written.clone())
            return written.copy_(way(*args, **kwargs))

    def _operate(
        self, func: Any, args: tuple, kwargs: dict, followers: list[Tensor], written: Tensor | None
    ) -> Any:
        """Carry out a call, by a rule if it gets one."""
        given = args, kwargs
        if written is not None:  # the rule needs what is about to be overwritten
            kept = written.clone()
            self.follows.mark(kept, self.follows(written))
            self.memory.note_copy(kept, written)
            if self.row_order is not None:
                self.row_order.note_copy(kept, written)
            args, kwargs = with_first_argument(args, kwargs, kept)
            followers = [kept if f is written else f for f in followers]
        versions = [f._version for f in followers]
        operation = self.reader.read(func, args, kwargs)
        apart = written is not None and (written._is_view() or not self.follows(written))
        if operation is not None:
            self._refuse_what_was_lost(operation, apart)
            operation = self._with_rows(operation, func, args, kwargs)
        if operation is not None and self.rules.carries_relevance:
            operation = self.reader.with_what_came_before(operation)
        choice = None
        if operation is not None:
            before = self.memory.of(operation.inputs[0]).producer if self.remembers else None
            choice = self.rules.choose(operation, before)
        if operation is not None and choice is not None:
            result = self._ruled(choice, func, args, kwargs)
        elif apart:  # so that the graph shows the operation, and the write is a copy
            result = func(*args, **kwargs)
        else:
            result = func(*given[0], **given[1])
            written = None
        self._note_call(func, result, followers, choice)
        if self.row_order is not None and result is not None:
            self.row_order.note(func, args, kwargs, followers, result)
        if written is not None:
            result = written.copy_(result)  # type: ignore[arg-type]  # the caller may go on with it
            if written._is_view():
                self._note_write(func, written, followers, operation)
                return result
        same = zip(followers, versions, strict=True)
        if not any(result is f and f._version == v for f, v in same):  # not x.float() of floats
            self._remember(result, func, args, kwargs, followers, operation)
            self._note_unread(func, result, followers, choice)
        return result

    def _apart(self, func: Any, args: tuple, kwargs: dict, written: Tensor | None, cut: Any) -> Any:
        """Carry out a call that takes nothing that follows from x."""
        result = func(*args, **kwargs)
        found = [leaf for leaf in leaves_of(result) if isinstance(leaf, Tensor)]
        for leaf in found:
            if leaf.requires_grad:
                self.follows.mark(leaf, False)
        if cut is not None and kind_of(func) not in _HARMLESS:
            for leaf in found if written is None else [*found, written]:
                self.cut_off.add(leaf, cut)
        if becomes_numbers(func, result):
            if cut is not None:
                self.readings.append(Reading(self.numbers, cut))
            self.numbers += 1
        return result

    def _ruled(self, choice: Choice, func: Any, args: tuple, kwargs: dict) -> Tensor:
        operation, rule = choice
        inputs, function = as_function(func, args, kwargs, self.follows)
        given = operation.inputs
        if slope_is_enough(self.rules, operation, writes=False):
            operation = changed(operation, inputs=())
        return apply_rule(lambda: function(*(t.detach() for t in inputs)), operation, rule, given)

    def _written_directly(
        self, func: Any, args: tuple, kwargs: dict, z: Tensor, followers: list[Tensor]
    ) -> bool:
        """Let an activation or a sum write over z, as the model does; tell whether it was one.

        Not where it matters what made a tensor, nor where z is a part of another one: then a copy
        is worked on.
        """
        if self.remembers or z._is_view() or not self.follows(z):
            return False
        operation = self.reader.read(func, args, kwargs)
        if operation is None and kind_of(func) == "sum":
            func(*args, **kwargs)
            self.follows.mark(z, True)
            if self.row_order is not None:
                self.row_order.note(func, args, kwargs, followers, z)
            return True
        if not isinstance(operation, Activated):
            return False
        operation = self._with_rows(operation, func, args, kwargs)
        choice = self.rules.choose(operation, None)
        activated, rule = choice or (None, None)
        if rule is None or not isinstance(activated, Activated):
            return False
        copies = (
            () if slope_is_enough(self.rules, activated, writes=True) else (z.detach().clone(),)
        )
        activated = changed(activated, inputs=copies)
        apply_rule(lambda: func(*args, **kwargs), activated, rule, given=(z,), writes=True)
        self.follows.mark(z, True)
        return True

    def _remember(
        self,
        result: Any,
        func: Any,
        args: tuple,
        kwargs: dict,
        followers: list[Tensor],
        operation: Operation | None,
    ) -> None:
        if not self.remembers:
            for leaf in leaves_of(result):
                if isinstance(leaf, Tensor) and leaf.requires_grad:
                    self.follows.mark(leaf, True)
            return
        before = self.memory.of(followers[0])
        if does_nothing(func, result, followers[0]):
            producer, versions = before.operation, before.versions
        else:
            producer = operation
            versions = tuple(t._version for t in operation.inputs) if operation is not None else ()
        is_x = kind_of(func) in _STILL_X and all(self.memory.of(t).is_x for t in followers)
        moves = kind_of(func) in _MOVES or (self.rules.needs_producer and type(operation) is Affine)
        sources = [self.memory.of(t) for t in followers if moves]
        of = frozenset().union(*(m.comes_of for m in sources))
        lost = frozenset().union(*(m.lost for m in sources))
        written = any(m.written for m in sources)
        for place, leaf in enumerate(leaves_of(result)):
            if isinstance(leaf, Tensor) and leaf.requires_grad:
                chain = None
                if self.rules.carries_relevance and len(followers) == 1:
                    part = place if isinstance(result, tuple | list) else None
                    chain = self.memory.chain(
                        func, args, kwargs, followers[0], operation, leaf, part
                    )
                self.follows.mark(leaf, True)
                made = Made(producer, versions, chain, is_x, of, lost, written)
                if "gate" in self.rules.kinds:
                    made = self.reader.with_its_past(
                        made, func, args, kwargs, operation, followers, leaf
                    )
                self.memory.note(leaf, made)

    def _note_unread(
        self, func: Any, result: Any, followers: list[Tensor], choice: Choice | None
    ) -> None:
        """What an operation that we do not read has moved is no longer known to be of a layer."""
        if choice is not None or kind_of(func) or not self.rules.carries_relevance:
            return
        lost = frozenset().union(*(self.memory.of(t).comes_of for t in followers))
        for leaf in leaves_of(result):
            moved = isinstance(leaf, Tensor) and leaf.grad_fn is not None
            if moved and operation_name(leaf.grad_fn) in self.rules.transparent:
                self.memory.note(leaf, Made(lost=lost))

    def _note_call(
        self, func: Any, result: Any, followers: list[Tensor], choice: Choice | None
    ) -> None:
        """Note by which call a node without a rule came into the graph: the audit names it."""
        unruled = choice is None and kind_of(func) not in KEEPS_NUMBERS
        if unruled and self.rules.carries_relevance and isinstance(result, Tensor):
            self.rules.calls[result.grad_fn] = call_name(func)

    # -- what is overwritten --

    @staticmethod
    def _overwritten(func: Any, args: tuple, kwargs: dict) -> Tensor | None:
        """Return the tensor that a call writes to, or None."""
        if kind_of(func) == "write" or is_in_place(func, args, kwargs):
            target = first_argument(args, kwargs)
            return target if isinstance(target, Tensor) else None
        return None

    def _refuse_other_data(self, func: Any, args: tuple) -> None:
        if name_of(func) == ".data" and func.__name__ == "__set__" and self.follows(args[0]):
            raise UnsupportedOperationError(
                "model puts other numbers into an activation past its graph (t.data = ...); "
                "compute a tensor of its own instead, such as t = torch.relu(t)"
            )

    def _refuse_hidden_writes(self, func: Any, written: Tensor) -> None:
        """A write past the graph changes an activation, and no gradient knows of it."""
        if self.follows(written) and not torch.is_grad_enabled():
            raise UnsupportedOperationError(
                f"model overwrites an activation where gradients are off ({plain_name(func)}), so "
                "that its graph does not show it; move the call out of no_grad()"
            )
        error = self.cut_off.error(written)
        if error is not None and self._shares_memory(written):
            raise error

    def _shares_memory(self, cut: Tensor) -> bool:
        place = cut.untyped_storage().data_ptr()
        return any(
            t.untyped_storage().data_ptr() == place for t in self.follows.known() if self.follows(t)
        )

    def _note_write(
        self, func: Any, written: Tensor, followers: list[Tensor], operation: Operation | None
    ) -> None:
        """Note that a tensor, or what it is a part of, is no longer what it was made as."""
        whole = written if written._base is None else written._base
        before = [self.memory.last(t) for t in (written, whole, *followers)]
        lost = frozenset().union(*(m.comes_of for m in before))
        if isinstance(operation, Affine):
            if self.rules.carries_relevance and lost:
                raise self._unclear(operation)
            lost |= {"chain"}
        lost |= {"layer"} if isinstance(operation, Layer) else set()
        for t in {id(t): t for t in (written, whole)}.values():
            self.follows.mark(t, True)
            self.memory.note(t, Made(lost=lost, written=True))
            if t.grad_fn is not None:
                self.rules.moves.add(t.grad_fn)

    def _refuse_what_was_lost(self, operation: Operation, apart: bool) -> None:
        """Refuse a rule that asks what made its input, where that was written into a tensor."""
        made = self.memory.of(operation.inputs[0])
        if self.rules.needs_producer and isinstance(operation, Activated):
            unclear = apart or made.written
        else:
            asked = {Layer: {"chain"}, Affine: {"chain", "layer"}}.get(type(operation), set())
            unclear = self.rules.carries_relevance and bool(made.lost & asked)
        if unclear and made.written | apart:
            raise self._unclear(operation)
        if unclear:
            raise UnsupportedOperationError(
                f"{self.rules.method}: the model moves the numbers of a layer or normalisation by "
                f"an operation that is not read, in front of {operation.name}(); use permute, "
                "reshape, slices, torch.cat or flip for it"
            )

    def _unclear(self, operation: Operation) -> UnsupportedOperationError:
        return UnsupportedOperationError(
            f"{self.rules.method}: the model writes into the input of {operation.name}() in place, "
            "through a slice or a view, so that it is not clear what made it and belongs to one "
            "layer with it (a normalisation, a bias); write that without overwriting: torch.cat of "
            "the parts, h * mask for what becomes 0, h = h - mean in place of h -= mean"
        )

    def _with_rows(self, operation: Operation, func: Any, args: tuple, kwargs: dict) -> Operation:
        """Note where the rows lie if they do not lie in order, or refuse."""
        free = self.rules.carries_relevance and isinstance(operation, Activated)
        if self.row_order is None or free:
            return operation
        return self.row_order.placed(operation, func, args, kwargs, self.rules)

    # -- what is cut off --

    def _note_cuts(self, func: Any, result: Any, followers: list[Tensor], cut: Any) -> None:
        """A mask made from an activation, x * (x > 0), leaves no trace in the graph.

        So what is computed from one without a gradient is noted, whatever the spelling (0 < x,
        x.long(), the places of a maximum, a block under no_grad), and refused if it meets one.
        """
        kind = kind_of(func)
        if kind in _HARMLESS:
            return
        leaves = [leaf for leaf in leaves_of(result) if isinstance(leaf, Tensor)]
        if cut is not None and any(leaf.requires_grad for leaf in leaves):
            raise cut
        hidden = [leaf for leaf in leaves if kind == "step" or not leaf.requires_grad]
        numbers = becomes_numbers(func, result)
        if not hidden and not numbers:
            return
        word = {"comparison": kind, "cut": name_of(func).strip(".")}.get(kind, plain_name(func))
        error = cut or UnsupportedOperationError(
            f"model computes {getattr(func, '__name__', str(func))}() of an activation "
            f"({word}); with it an activation function can be built that no rule covers. If "
            f"it is not one, pass allow=({word!r},)"
        )
        if word not in self.rules.allow:
            for leaf in hidden:
                self.cut_off.add(leaf, error)
            if numbers:
                self.readings.append(Reading(self.numbers, error))
        self.numbers += numbers
