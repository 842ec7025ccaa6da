"""The scale on which a model's output is explained: logits, probabilities, the margin."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["OUTPUTS", "check_output", "transform"]

OUTPUTS = ("logit", "probability", "log_probability", "margin")


def transform(outputs: Any, output: str | Callable[[Any], Any]) -> Any:
    """Put the model's outputs on the scale that is explained.

    ``"logit"`` and ``"margin"`` leave them as they are; ``"probability"`` and
    ``"log_probability"`` take the softmax over K > 1 classes, or the sigmoid of a single output.
    """
    if callable(output):
        return output(outputs)
    if output in ("logit", "margin"):
        return outputs
    if outputs.dim() == 1 or outputs.shape[1] == 1:
        return (
            outputs.sigmoid()
            if output == "probability"
            else torch.nn.functional.logsigmoid(outputs)
        )
    return outputs.softmax(dim=1) if output == "probability" else outputs.log_softmax(dim=1)


def check_output(output: Any, outputs: Any) -> None:
    """Raise if the scale does not fit the model's outputs."""
    if callable(output) or output == "logit":
        return
    if not isinstance(outputs, Tensor) or outputs.dim() == 0:
        raise ValueError(
            f"output={output!r} needs a tensor of scores, got {type(outputs).__name__}"
        )
    several = outputs.dim() > 1 and outputs.shape[1] > 1
    if output == "margin" and not several:
        raise ValueError(
            f"output='margin' needs K > 1 classes, the model returns {tuple(outputs.shape)}"
        )
    sums_to_one = several and bool(
        ((outputs.sum(dim=1) - 1).abs() < 1e-4).all() and (outputs >= 0).all()
    )
    if output in ("probability", "log_probability") and sums_to_one:
        raise ValueError(
            f"output={output!r} takes the softmax of logits, but the model's outputs are already "
            "probabilities (each row is >= 0 and sums to 1); pass output='logit' to explain "
            "them as they are"
        )
