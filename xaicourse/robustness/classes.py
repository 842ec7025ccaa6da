"""The class that a model predicts, and what an attack must leave as it is."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.core.chunks import at_least_float32, in_chunks
from xaicourse.core.inputs import call
from xaicourse.core.question import Model, Question

__all__ = ["Kept", "class_scores", "outputs_of"]


def class_scores(outputs: Any, rows: Tensor) -> Tensor:
    """Return the scores of all classes, (n, K); a single score s becomes those of two, 0 and s."""
    if not isinstance(outputs, Tensor) or outputs.dim() not in (1, 2):
        given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            "model must return the scores of classes, (N, K), (N,) or (N, 1), so that it can be "
            f"told whether the class is kept, but it returns {given}; let it return these alone"
        )
    if outputs.dim() == 2 and outputs.shape[1] > 1:
        return at_least_float32(outputs)
    score = at_least_float32(outputs.reshape(len(rows)))
    return torch.stack([torch.zeros_like(score), score], dim=1)


def outputs_of(model: Model, question: Question, points: Tensor, rows: Tensor) -> Tensor:
    """Return the scores (n, K) of all classes at points (n, ...) of the original rows (n,)."""
    found: list[Tensor] = []

    def run(start: int, stop: int) -> None:
        some = rows[start:stop]
        with torch.no_grad():  # a copy: a model may work in place
            inputs = points[start:stop].detach().to(question.model_dtype, copy=True)
            found.append(class_scores(call(model, inputs, some), some))

    in_chunks(run, len(rows), question.batch_size)
    return torch.cat(found)


class Kept:
    """Tells whether the outputs are kept: the class, and no probability moved by more than that."""

    def __init__(self, keep: Any, outputs: Tensor) -> None:
        number = isinstance(keep, int | float) and not isinstance(keep, bool)
        if keep not in (None, "class") and not (number and 0 < keep < 1):
            raise ValueError(
                "keep must be 'class', None or the most by which a probability may move while the "
                f"class is kept, above 0 and below 1, got {keep!r}"
            )
        self.keep = keep
        self.outputs = outputs  # (N, K) at x

    def __call__(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """Return True for each of some rows that may be chosen, from their outputs (n, K)."""
        if self.keep is None:
            return torch.ones_like(rows, dtype=torch.bool)
        before = self.outputs[rows]
        same = outputs.argmax(dim=1) == before.argmax(dim=1)
        if self.keep == "class":
            return same
        moved = (outputs.softmax(dim=1) - before.softmax(dim=1)).abs().amax(dim=1)
        return same & (moved <= float(self.keep))
