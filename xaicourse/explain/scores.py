"""What the model says of one photo: its numbers, and whether these are logits, probabilities ..."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xaicourse.core.training_mode import TrainingModeProbe
from xaicourse.explain.models import Loaded

__all__ = ["Scores", "fitting", "number_of", "scores_of"]

SIXTEEN_BITS = (torch.float16, torch.bfloat16)
WARNINGS = {
    "softmax": "Its outputs are probabilities, not logits: a softmax at its end hides what spoke "
    "against the other classes. Give the model without it.",
    "sigmoid": "Its outputs are probabilities, not logits, and need not add up to 100 %: a sigmoid "
    "at its end hides how much speaks for a class. Give the model without it.",
    "single sigmoid": "Its output is a probability, not a logit: a sigmoid at its end hides how "
    "much speaks for and against it. Give the model without it.",
    "log_softmax": "Its outputs are log-probabilities, not logits: a log-softmax at its end mixes "
    "in what spoke against the other classes. Give the model without it.",
}

QUANTITIES = {
    "softmax": "probability",
    "sigmoid": "probability",
    "single sigmoid": "probability",
    "log_softmax": "log-probability",
}


@dataclass(frozen=True)
class Scores:
    """The model's outputs for one photo."""

    values: Tensor  # (K,), float64 on the CPU
    quantity: str  # what they are: "logit", "probability", "log-probability" or "output"
    warning: str = ""

    @property
    def shares(self) -> Tensor | None:
        """The probabilities of the classes, (K,); None for a single output."""
        if len(self.values) == 1:
            return None
        return self.values if self.quantity == "probability" else self.values.softmax(dim=0)


def fitting(x: Tensor, network: object) -> Tensor:
    """Return x in the precision of the model's weights: half or double, say."""
    weights = network.parameters() if isinstance(network, nn.Module) else ()
    return next((x.to(w.dtype) for w in weights if w.is_floating_point()), x)


def number_of(loaded: Loaded, x: Tensor, number: int) -> float:
    """Return one of the model's numbers for a photo."""
    with torch.no_grad():
        return float(loaded.network(fitting(x, loaded.network)).reshape(-1)[number])


def scores_of(loaded: Loaded, x: Tensor, label: str) -> Scores:
    """Return what the model says of one photo, or say why it cannot explain photos."""
    probe = TrainingModeProbe(x.dim())
    try:
        with torch.no_grad(), probe:
            outputs = loaded.network(x)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        precision = re.search(r"dtype|scalar type|should be the same", reason)
        hint = "; a model in float32 takes it: return model.float()" if precision else ""
        raise ValueError(
            f"--model {label} failed on a photo, {tuple(x.shape)} in [0, 1], {x.dtype}: "
            f"{type(error).__name__}: {reason}{hint}"
        ) from error
    shape = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
    if shape != (1,) and not (isinstance(shape, tuple) and len(shape) == 2 and shape[0] == 1):
        raise ValueError(
            f"--model {label} must return scores (1, K), or one number (1,), for a photo, got "
            f"{shape}"
        )
    values = outputs[0].reshape(-1).detach().cpu().double()  # Apple's GPUs have no float64
    if not len(values):
        raise ValueError(f"--model {label} has no output: it returns {shape} for a photo")
    if not bool(torch.isfinite(values).all()):
        raise ValueError(f"--model {label} returned NaN or infinite scores for this photo")
    end = _end(values, outputs.dtype, probe.squashed_by(outputs))
    plain = "output" if len(values) == 1 else "logit"
    return Scores(values, QUANTITIES.get(end, plain), WARNINGS.get(end, ""))


def _end(values: Tensor, dtype: torch.dtype, squashed_by: str | None) -> str:
    """Return with what the model ends, if its outputs are no logits.

    `squashed_by` is the operation that was seen last; the numbers tell where it was not seen.
    """
    exact = 1e-2 if dtype in SIXTEEN_BITS else 1e-4
    if len(values) > 1 and bool((values >= 0).all()) and abs(float(values.sum()) - 1) < exact:
        return "softmax"
    if squashed_by is not None:
        many = "softmax" if "softmax" in squashed_by else "sigmoid"
        return "single sigmoid" if len(values) == 1 else many
    if len(values) > 1 and abs(float(values.exp().sum()) - 1) < exact:
        return "log_softmax"
    return ""
