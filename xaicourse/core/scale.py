"""The scale on which a model's output is explained: logits, probabilities, the margin."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from xaicourse.core.checks import check_takes, describe
from xaicourse.core.chunks import at_least_float32, is_out_of_memory
from xaicourse.core.output_parts import map_tensors

__all__ = ["OUTPUTS", "check_output", "check_scale", "notice_squashed", "transform"]

OUTPUTS = ("logit", "probability", "log_probability", "margin")


# outputs that all lie in [0, 1] are probabilities if they are this many
_ENOUGH = 8


def transform(
    outputs: Any, output: str | Callable[[Any], Any], read: Callable[[Any], Iterable[Any]]
) -> Any:
    """Put the model's outputs on the scale that is explained.

    ``"logit"`` and ``"margin"`` leave them as they are; ``"probability"`` and
    ``"log_probability"`` take the softmax over K > 1 classes, or the sigmoid of a single output,
    in float32 at least: 16 bits are too few for 1 / (1 + exp(-10)). In a dict, say, it is taken
    of those parts that are `read`.
    """
    if callable(output):
        return _by_function(outputs, output)
    if output in ("logit", "margin"):
        return outputs
    if isinstance(outputs, Tensor):
        return _chances(outputs, output)
    places = {id(part) for part in read(outputs)}
    return map_tensors(lambda z: _chances(z, output) if id(z) in places else z, outputs)


def _by_function(outputs: Any, output: Callable[[Any], Any]) -> Any:
    """Return what the caller's function makes of the outputs; its error says whose it is."""
    try:
        found = output(outputs)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        shape = f" {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else ""
        raise ValueError(
            f"output, the function {describe(output)}, failed on the model's outputs "
            f"({type(outputs).__name__}{shape}): {error}"
        ) from error
    if found is None:
        raise TypeError(
            f"output, the function {describe(output)}, returns None; it must return what is "
            "explained, as lambda z: z.softmax(1) does"
        )
    return found


def _chances(outputs: Tensor, output: str) -> Tensor:
    z = at_least_float32(outputs)
    if z.dim() == 1 or z.shape[1] == 1:
        return z.sigmoid() if output == "probability" else functional.logsigmoid(z)
    return z.softmax(dim=1) if output == "probability" else z.log_softmax(dim=1)


def notice_squashed(output: Any, squashed_by: str | None) -> None:
    """Warn where a model ends with a softmax or sigmoid and its outputs are explained as logits."""
    if output == "logit" and squashed_by is not None:
        warnings.warn(
            f"the model ends in {squashed_by}(), so that its outputs are probabilities: their "
            "gradient is nearly 0 where the model is sure. Explain the logits in front of it, such "
            "as model[:-1] of an nn.Sequential, or say that probabilities are meant: "
            "output=lambda p: p",
            stacklevel=2,
        )


def check_scale(output: Any) -> None:
    """Raise unless `output` is a scale that is known by name, or a function."""
    if callable(output):
        check_takes(output, "output", ("outputs",))
    elif output not in OUTPUTS:
        raise ValueError(
            f"output must be one of {', '.join(OUTPUTS)} or a function, got {output!r}"
        )


def check_output(
    output: Any, outputs: Any, squashed_by: str | None = None, inside: bool = False
) -> None:
    """Raise if the scale does not fit the model's outputs.

    `squashed_by` is the operation with which the model ends if that is a sigmoid or a softmax;
    `inside` says that these outputs are a part of what the model returns.
    """
    if callable(output) or output == "logit":
        return
    if not isinstance(outputs, Tensor) or outputs.dim() == 0:
        raise ValueError(
            f"output={output!r} needs a tensor of scores, got {type(outputs).__name__}; say where "
            "they are, target=xaicourse.targets.item(key, class), or give a function: "
            "output=lambda outputs: outputs[key].softmax(1)"
        )
    several = outputs.dim() > 1 and outputs.shape[1] > 1
    if output == "margin":
        if not several:
            raise ValueError(
                "output='margin' needs K > 1 classes, the model returns "
                f"{tuple(outputs.shape)}; for its only score pass output='logit'"
            )
        return
    if outputs.dim() == 3:
        raise ValueError(
            f"output={output!r} takes the softmax over the classes, but outputs of shape "
            f"{tuple(outputs.shape)} do not tell on which axis these are: (N, tokens, K) or "
            "(N, K, places). Name it: "
            + (
                "the target without targets.item, and output=lambda z: z[key].softmax(-1), or "
                "z[key].softmax(1)"
                if inside
                else "output=lambda z: z.softmax(-1), or z.softmax(1)"
            )
        )
    _refuse_probabilities(output, outputs, squashed_by, several)


def _refuse_probabilities(
    output: str, outputs: Tensor, squashed_by: str | None, several: bool
) -> None:
    """Raise, or warn where it is not certain, if the outputs are probabilities already."""
    advice = "pass output=lambda p: p to explain them as they are"  # see `notice_squashed`
    z = at_least_float32(outputs.detach())
    inside = bool(((z >= 0) & (z <= 1)).all())
    tolerance = 1e-4 if outputs.dtype in (torch.float32, torch.float64) else 1e-2
    if several and inside and bool(((z.sum(dim=1) - 1).abs() < tolerance).all()):
        raise ValueError(
            f"output={output!r} takes the softmax of logits, but the model's outputs are already "
            f"probabilities (each row is >= 0 and sums to 1); {advice}"
        )
    takes = "softmax" if several else "sigmoid"
    if squashed_by is not None and inside:
        raise ValueError(
            f"output={output!r} takes the {takes} of logits, but the model ends in "
            f"{squashed_by}(), so that its outputs are already probabilities; {advice}"
        )
    if inside and z.numel() >= _ENOUGH:
        warnings.warn(
            f"output={output!r} takes the {takes} of logits, but all of the model's "
            f"{z.numel()} outputs lie between 0 and 1: if they are probabilities, {advice}",
            stacklevel=6,
        )
