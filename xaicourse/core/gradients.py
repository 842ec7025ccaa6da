"""What every method asks of a model: scores, gradients, a layer's activations and gradients."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import all_finite
from xaicourse.core.chunks import in_chunks, sum_dtype
from xaicourse.core.inputs import call
from xaicourse.core.layers import Layer
from xaicourse.core.near_names import suggest_names
from xaicourse.core.question import Model, Question
from xaicourse.core.rules import BackwardRules

__all__ = [
    "Question",
    "activations",
    "ask",
    "gradients",
    "in_chunks",
    "layer_gradients",
    "outputs_at",
    "refuse_infinite",
    "refuse_not_differentiable",
    "scores",
    "sum_dtype",
]


def ask(
    model: Model,
    x: Tensor,
    target: Any = None,
    output: Any = "logit",
    batch_size: int | None = None,
    differentiable: bool = False,
    rules: BackwardRules | None = None,
) -> Question:
    """Check the arguments that all methods share and fix what is explained.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or any outputs that `target` knows to read.
    x : Tensor (N, ...)
        The inputs to explain.
    target : int, (N,) ints, tuple, callable, target object or None
        None is the predicted class of each row.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows in one chunk; time and memory, never the result.
    differentiable : bool
        Keep x's own graph, for a map that is itself to be differentiated.
    rules : BackwardRules, optional
        Other backward rules for the model's operations.
    """
    with torch.inference_mode(False):  # our tensors are plain ones whatever the caller's mode
        return Question(model, x, target, output, batch_size, differentiable, rules)


@suggest_names
def scores(
    model: Model,
    x: Tensor,
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
) -> Tensor:
    """Return the number that would be explained, F(x), for each row.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or any outputs that `target` knows to read.
    x : Tensor (N, ...)
        Inputs.
    target : int, (N,) ints, tuple, callable, target object or None
        What would be explained; None is the predicted class of each row.
    output : str or callable
        The scale: ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a
        function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    Tensor (N,)
        F(x), on the scale that `output` says.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or a model in training mode.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.scores(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([2.], dtype=torch.float64)
    """
    with torch.inference_mode(False):
        return ask(model, x, target, output, batch_size).scores_at_x


def gradients(
    question: Question,
    x: Tensor | None = None,
    differentiable: bool = False,
    visit: Callable[[slice, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return dF/dx (N, ...) and F (N,) at x, or at other points of the same shape.

    With ``differentiable=True`` the result keeps its graph, so that it can itself be
    differentiated (attacks on maps, attribution priors). `visit` is called as
    ``visit(rows, scores)`` after each chunk of rows.
    """
    points = question.x if x is None else x
    _, grad, score = _gather(question, points, differentiable, visit=visit)
    return grad, score


def layer_gradients(
    question: Question, layer: Layer, differentiable: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Return a layer's output A (N, ...) at x, dF/dA (N, ...) and F (N,).

    A must have one entry for each row of x. What lies before the layer costs a forward pass only.
    """
    return _gather(question, question.x, differentiable, layer)


def activations(question: Question, layer: Layer) -> tuple[Tensor, Tensor]:
    """Return a layer's output A (N, ...) at x and F (N,), by forward passes alone."""
    activation, score = question.activations(layer)
    _check_rows(layer, activation, question)
    refuse_infinite(score)
    return activation, score


def outputs_at(
    question: Question,
    points: Tensor,
    read: Callable[[Any, Tensor], Tensor],
    model: Model | None = None,
) -> Tensor:
    """Return ``read(outputs, rows)`` of the model's outputs at points (N, ...) of all rows.

    `model` is another one that takes the same inputs, such as the first part of the question's.
    """
    found: list[Tensor] = []

    def run(start: int, stop: int) -> None:
        part, rows = points[start:stop], question.rows[start:stop]
        with torch.no_grad():
            inputs = part.to(question.model_dtype, copy=True)  # a model may work in place
            found.append(read(call(model or question.model, inputs, rows), rows))

    with torch.inference_mode(False):
        in_chunks(run, len(points), question.batch_size)
    return torch.cat(found)


def _gather(
    question: Question,
    points: Tensor,
    differentiable: bool,
    layer: Layer | None = None,
    visit: Callable[[slice, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the chunks of `Question.gradients` joined: where, gradient and score."""
    where: list[Tensor] = []
    grads: list[Tensor] = []
    values: list[Tensor] = []

    def receive(part: slice, chunk: Tensor, grad: Tensor, score: Tensor) -> None:
        if visit is not None:  # first, so that a chunk that ran out of memory leaves nothing
            visit(part, score)
        if layer is not None:
            where.append(chunk)
        grads.append(grad)
        values.append(score)

    question.gradients(points, question.rows, receive, differentiable, layer)
    chunk, grad, score = points, _joined(grads), torch.cat(values)
    if layer is not None:
        chunk = torch.cat(where)
        _check_rows(layer, chunk, question)
    if points is question.x:  # elsewhere it is for the caller to say what is wrong
        refuse_infinite(score)
    refuse_not_differentiable(grad)
    return chunk, grad, score


def refuse_not_differentiable(grad: Tensor, first: int = 0) -> None:
    """Raise where dF/dx, (N, ...), is NaN or infinite; `first` is the number of its first row."""
    if not all_finite(grad):
        row = first + int((~torch.isfinite(grad).flatten(1).all(dim=1)).nonzero()[0])
        raise ValueError(
            f"the gradient of row {row} is NaN or infinite at x: the model is not differentiable "
            "there. Look for sqrt(0), log(0), 0 / 0 or a power of 0, and keep them away from 0, as "
            "by (z + 1e-12).sqrt()"
        )


def _joined(parts: list[Tensor]) -> Tensor:
    """Return chunks of rows as one tensor; of one that is laid out as usual, itself."""
    return parts[0] if len(parts) == 1 and parts[0].is_contiguous() else torch.cat(parts)


def refuse_infinite(score: Tensor, where: str = "at x", first: int = 0) -> None:
    """Raise where F, (N,), is NaN or infinite: there is nothing to explain then."""
    finite = torch.isfinite(score)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0])
        raise ValueError(
            f"F of row {first + row} is {float(score[row])} {where}, which no map can explain, "
            "though its gradient may be finite; look for a masked class (-inf), an overflow or a "
            "division by 0 in the model, or choose another target"
        )


def _check_rows(layer: Layer, activation: Tensor, question: Question) -> None:
    if len(activation) != len(question.rows):
        raise ValueError(
            f"layer {layer.name!r} returns {len(activation)} row(s) for the {len(question.rows)} "
            "of x: its output must have one entry for each row of x, on the first axis"
        )
