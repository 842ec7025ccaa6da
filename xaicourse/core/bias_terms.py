"""The exact split of F into what the input brings and what each operation's bias brings.

An operation y = op(u) of the model is, at this input, y = J u + b with its Jacobian J; b is its
**bias**. For a linear layer, a convolution or a batch norm this is the bias that it adds. ReLU,
max-pool and sums have none. A ReLU6 beyond its upper knee has 6, a tanh has tanh(z) - tanh'(z) z:
an *implicit* bias. Following F back through all operations gives

    F(x) = grad F(x) . x + sum over operations of (dF/dy) . b

exactly, whatever the net is made of. A function mode sees every operation in every spelling and
adds a hook on its result; the model is not touched. What the mode cannot see (compiled code, an
autograd.Function) is found in the autograd graph and refused by name.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from xaicourse.core.biases import Share, bias_of, no_bias
from xaicourse.core.follow_mode import FollowMode
from xaicourse.core.gradients import (
    Question,
    refuse_infinite,
    refuse_not_differentiable,
    sum_dtype,
)
from xaicourse.core.inputs import call
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.output_parts import map_tensors, tensors_in
from xaicourse.core.picture_axes import PictureAxes
from xaicourse.core.reading import first_argument, is_in_place

__all__ = ["BiasMode", "BiasQuestion", "FullGradient", "full_gradient"]

# relative to the sum of the absolute values of all terms
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
HALF_TOLERANCE = 5e-2


InParts = Callable[..., Callable[..., Any] | None]

# ---- the mode -----------------------------------------------------------------------------------


class ElsewhereError(Exception):
    """The rows do not lie, one each, on the first axis of the result of the operation named."""


class BiasMode(FollowMode):
    """Note each operation's bias, and its share (dF/dy) * b as F is differentiated.

    `alone` are the shapes that the operations' results had with one row in the model: how a shape
    differs with more rows tells where the rows lie in it. With one row all shares are that row's.
    `in_parts` may write a call out in others, each of which then has its own bias.
    """

    def __init__(
        self,
        inputs: Tensor,
        reduce: Callable[[str, Share], Any],
        alone: dict[str, tuple[int, ...]] | None = None,
        in_parts: InParts | None = None,
    ) -> None:
        super().__init__(inputs)
        self.in_parts = in_parts
        self.shapes: dict[str, tuple[int, ...]] = {}  # in the order of the forward pass
        self.found: dict[str, Any] = {}
        self.size: Tensor | float = 0.0  # sum of |terms|, (P,)
        self.total: Tensor | float = 0.0  # sum of terms, (P,)
        self.head: Tensor | float = 0.0  # (dF/d outputs) . outputs, (P,)
        self.head_terms: dict[int, Tensor] = {}  # the same number by number, for each output
        self.rows = len(inputs)
        self.alone = alone
        self.reduce = reduce
        self.picture = PictureAxes(inputs)

    def operation(self, func: Any, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        way = self.in_parts and self.in_parts(func, args, kwargs, self.follows)
        if way is not None:
            with self:
                return way(*args, **kwargs)
        followers = [a for a in tree_leaves((args, kwargs)) if self.follows(a)]
        if no_bias(func, args, kwargs, self.follows):
            result = func(*args, **kwargs)
            self.picture.note(func, args, kwargs, followers, result)
            return result
        biases = bias_of(func, args, kwargs, self.follows)
        written = first_argument(args, kwargs) if is_in_place(func, args, kwargs) else None
        result = func(*args, **kwargs)
        self.picture.note(func, args, kwargs, followers, result)
        leaves = tree_leaves(result)
        places = [i for i, leaf in enumerate(leaves) if self.follows(leaf)]
        for i, b in zip(places, biases(places) if places else [], strict=True):
            self._hook(self.number(name), leaves[i], b, leaves[i] is written)
        return result

    def _hook(self, name: str, y: Tensor, b: Tensor, written: bool) -> None:
        """Wait for dF/dy. A view that was written into gets it from what it is a view of."""
        self.shapes[name] = tuple(y.shape)
        axes = self.picture.of(y)
        base = y._base if written and y._is_view() else None
        form = None if base is None else (y.shape, y.stride(), y.storage_offset())

        def receive(grad: Tensor | None) -> None:
            if grad is None:  # of a recurrent layer's results only some are used
                return
            if base_form is not None:
                grad = _viewed(grad, *base_form, *form)  # type: ignore[misc]
            grad, place = self._by_row(name, grad, axes)
            share = Share(grad, b, place)
            self.total = self.total + _row_sums(share.signed)
            self.size = self.size + _row_sums(share.sizes)
            self.found[name] = self.reduce(name, share)

        base_form = None if base is None else (base.stride(), base.storage_offset())
        with torch._C.DisableTorchFunction():
            (y if base is None else base).register_hook(receive)

    def _by_row(self, name: str, grad: Tensor, axes: Any = None) -> tuple[Tensor, Any]:
        """Return a gradient with the rows on its first axis, or raise where they are not known.

        Only asked for what has a gradient: a model may look at what it likes.
        """
        if self.rows > 1:
            alone = None if self.alone is None else self.alone.get(name)
            known = alone is not None and (1, *grad.shape[1:]) == alone
            if grad.dim() == 0 or len(grad) != self.rows or not (known or self.alone is None):
                raise ElsewhereError(name)
        elif grad.dim() == 0 or len(grad) != 1:  # tokens before rows, windows of an image
            return grad[None], None
        return grad, axes

    def hook_outputs(self, outputs: Any) -> Any:
        """Return the outputs, on which (dF/d outputs) . outputs is noted: the last step to F.

        Each output is a view of itself, since another output may follow from it.
        """
        places = iter(range(sys.maxsize))

        def hooked(tensor: Tensor) -> Tensor:
            place = next(places)
            if not self.follows(tensor):
                return tensor
            value, end = tensor.detach().clone(), tensor.view_as(tensor)
            self.shapes[f"output {place}"] = tuple(tensor.shape)

            def receive(grad: Tensor | None) -> None:
                if grad is None:
                    return
                grad, _ = self._by_row(f"output {place}", grad)
                self.head_terms[place] = terms = Share(grad, value).signed
                self.head = self.head + _row_sums(terms)

            end.register_hook(receive)
            return end

        with torch._C.DisableTorchFunction():
            return map_tensors(hooked, outputs)


def _row_sums(terms: Tensor) -> Tensor:
    return terms.reshape(len(terms), -1).sum(1)


def _viewed(grad: Tensor, strides: tuple, start: int, shape: tuple, by: tuple, at: int) -> Tensor:
    """Return the part of a base's gradient that is a view's: the base lies in memory as it did."""
    laid = torch.empty_strided(grad.shape, strides, dtype=grad.dtype, device=grad.device)
    return laid.copy_(grad).as_strided(shape, by, at - start)


class BiasQuestion(Question):
    """A question whose gradients also bring the bias terms, reduced by `reduce` as they come."""

    def __init__(
        self,
        *args: Any,
        reduce: Callable[[str, Share], Any],
        in_parts: InParts | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.reduce = reduce
        self.in_parts = in_parts
        self.mode: BiasMode | None = None
        self.alone: dict[str, tuple[int, ...]] | None = None
        self.takes_no_row_alone = False
        self.answered = False  # whether there was a gradient

    @property
    def _starts_at_outputs(self) -> bool:
        return True

    def _run(self, inputs: Tensor, rows: Tensor) -> Any:
        if not torch.is_grad_enabled():
            return super()._run(inputs, rows)
        self.mode = BiasMode(inputs, self.reduce, self.alone, self.in_parts)
        with self.mode:
            outputs = call(self.model, inputs, rows)
        self.mode.finish(outputs)
        if not tensors_in(outputs):
            raise UnsupportedOperationError(
                f"the model returns {type(outputs).__name__}, in which its outputs cannot be "
                "found; let it return a tensor, a dict, a tuple or a dataclass of tensors"
            )
        outputs = self.mode.hook_outputs(outputs)
        self.mode.forget_graph()
        return outputs


# ---- the decomposition ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FullGradient:
    """F(x) = grad . x + sum of the terms + output, row by row.

    Parameters
    ----------
    grad, score : Tensor (N, ...), (N,)
        dF/dx and F.
    terms : dict
        What `reduce` made of (dF/dy) * b of each operation, in the order of the forward pass; a
        list with one entry for each chunk of rows.
    output : Tensor (N,)
        What the last step from the model's outputs to F adds: 0 for a logit or a margin.
    gap : Tensor (N,)
        By how much the sum misses F: rounding.
    """

    grad: Tensor
    score: Tensor
    terms: dict[str, list[Any]]
    output: Tensor
    gap: Tensor


@dataclass(frozen=True, eq=False)
class _Chunk:
    """What is known of the rows from `start` on, (P, ...)."""

    start: int
    mode: BiasMode
    grad: Tensor
    score: Tensor
    total: Tensor  # of input and bias terms
    head: Tensor
    missed: Tensor  # whether they differ by more than rounding


def full_gradient(
    question: BiasQuestion, visit: Callable[[BiasMode, slice, Tensor], None] | None = None
) -> FullGradient:
    """Split F at x into input and bias terms.

    The first row goes alone. What has one entry for it and P for P rows has the rows on its first
    axis; where something else has (tokens first, windows of all images together) the other rows go
    alone, too. Only a model that takes no row alone is believed to have its rows first, and the
    sum of each row tells. `visit` is called as ``visit(mode, rows, scores)`` after each chunk.

    Raises
    ------
    UnsupportedOperationError
        If the model has an operation whose bias cannot be found; it is named. Also if the terms do
        not add up to F.
    """
    chunks: list[_Chunk] = []
    start, n, whole = 0, len(question.x), question.batch_size
    size = 1
    while start < n:
        stop = min(start + size, n)
        try:
            chunks += _differentiated(question, start, stop, visit)
        except ElsewhereError as error:
            if question.takes_no_row_alone:
                raise _refusal(error, stop - start) from None
            question.batch_size = size = 1
            continue
        except (ValueError, RuntimeError, IndexError) as error:
            alone = start == 0 and stop < n and size < whole and not question.answered
            if not alone or type(error) not in (ValueError, RuntimeError, IndexError):
                raise
            question.takes_no_row_alone, size = True, whole  # at its word: the rows come first
            continue
        if start == 0 and size == 1:
            question.alone, size = chunks[0].mode.shapes, whole
        start = stop
    score = torch.cat([chunk.score for chunk in chunks])
    head = torch.cat([chunk.head for chunk in chunks])
    return FullGradient(
        grad=torch.cat([chunk.grad for chunk in chunks]),
        score=score,
        terms=_by_name([chunk.mode for chunk in chunks]),
        output=score.to(head.dtype) - head,
        gap=torch.cat([chunk.total for chunk in chunks]) - head,
    )


def _refusal(error: ElsewhereError, rows: int) -> UnsupportedOperationError:
    where = f"the result of the operation {str(error)!r}" if str(error) else "a result"
    return UnsupportedOperationError(
        f"the {rows} rows in the model do not lie, one each, on the first axis of {where}, so that "
        "the shares of its bias cannot be told apart by row; and the model takes no row alone, "
        "which would tell: let it take one, x[:1], with no number of rows written out in it "
        "(view(-1, ...)) and no squeeze() of the batch axis"
    )


def _differentiated(
    question: BiasQuestion, start: int, stop: int, visit: Callable[..., None] | None
) -> list[_Chunk]:
    """Return what is known of the rows start..stop, in one chunk or, for lack of memory, more."""
    found: list[_Chunk] = []

    def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        assert question.mode is not None
        chunk = _chunk(question, start + part.start, points, grad, score)
        question.answered = True
        _check_finite(chunk)
        if len(score) > 1 and bool(chunk.missed.any()):
            raise ElsewhereError("")
        _check_sum(chunk)
        if visit is not None:  # last but one, so that a chunk without memory leaves nothing
            visit(question.mode, slice(chunk.start, chunk.start + len(score)), score)
        found.append(chunk)

    question.gradients(question.x[start:stop], question.rows[start:stop], receive)
    return found


def _chunk(
    question: BiasQuestion, start: int, points: Tensor, grad: Tensor, score: Tensor
) -> _Chunk:
    mode = question.mode
    assert mode is not None
    nothing = torch.zeros_like(score, dtype=sum_dtype(score.device))  # where there is no term
    shares = (grad * points).to(nothing.dtype).flatten(1)
    head = nothing + mode.head
    total = shares.sum(1) + mode.total
    size = shares.abs().sum(1) + mode.size + head.abs()
    tolerance = TOLERANCE.get(question.precision, HALF_TOLERANCE)
    missed = ~((total - head).abs() <= tolerance * size)  # NaN is missed, too
    return _Chunk(start, mode, grad, score, total, head, missed)


def _check_finite(chunk: _Chunk) -> None:
    refuse_infinite(chunk.score, first=chunk.start)
    refuse_not_differentiable(chunk.grad, chunk.start)


def _check_sum(chunk: _Chunk) -> None:
    """Raise where an operation was not seen, or the terms do not add up to F."""
    if chunk.mode.unseen:
        unseen = ", ".join(sorted(chunk.mode.unseen))
        raise UnsupportedOperationError(
            f"the model has an operation that cannot be seen: {unseen} in the autograd graph "
            "(compiled or scripted code, or an autograd.Function), so its bias would be missed; "
            "write it with torch operations in eager mode"
        )
    if bool(chunk.missed.any()):
        row = int(chunk.missed.nonzero()[0])
        raise UnsupportedOperationError(
            f"input and bias terms add up to {float(chunk.total[row]):.6g} in row "
            f"{chunk.start + row}, but the model gives {float(chunk.head[row]):.6g}: an operation "
            "was missed. Check for parts that are cut from the graph and put back, or written into "
            "a tensor that was not zero"
        )


def _by_name(modes: list[BiasMode]) -> dict[str, list[Any]]:
    """Return what was found for each operation, chunk after chunk."""
    names = [name for name in modes[0].shapes if name in modes[0].found]
    for mode in modes:
        other = set(names) ^ set(mode.found)
        if other:
            raise UnsupportedOperationError(
                f"the model does not do the same with every row: {', '.join(sorted(other))} not in "
                "all of them, so that their terms cannot stand side by side; ask row by row: "
                "x[i : i + 1]"
            )
    return {name: [mode.found[name] for mode in modes] for name in names}
