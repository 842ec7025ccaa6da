"""Nets that are trained for a metric: what is asked of `train` and of `data`, and how well it did.

Each training is kept under all that it was made from, so that equal ones are done once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.core.checks import MOST_ROWS, check_input, check_model, check_positive_int
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.given_method import explainer
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.order import check_attribution
from xaicourse.evaluation.seeds import seeded

__all__ = ["Labelled", "Learner", "Net", "check_data", "explained"]

TARGETS = ("predicted", "label")


@dataclass(frozen=True, eq=False)
class Labelled:
    """Inputs and their classes."""

    x: Tensor  # (N, ...)
    labels: Tensor  # (N,)


def check_data(data: Any) -> tuple[Labelled, Labelled]:
    """Return training and testing data as plain tensors of our own, or raise."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(
            "data must be a pair (training, testing), each (x, labels), got "
            f"{type(data).__name__}" + (f" of {len(data)}" if hasattr(data, "__len__") else "")
        )
    training, testing = (_labelled(part, f"data[{place}]") for place, part in enumerate(data))
    if training.x.shape[1:] != testing.x.shape[1:] or training.x.dtype != testing.x.dtype:
        raise ValueError(
            f"data: x for training is {tuple(training.x.shape)}, {training.x.dtype}, and for "
            f"testing {tuple(testing.x.shape)}, {testing.x.dtype}; only the number may differ"
        )
    if training.x.device != testing.x.device:
        raise ValueError(
            f"data for training is on {training.x.device}, for testing on {testing.x.device}"
        )
    return training, testing


def _labelled(part: Any, name: str) -> Labelled:
    if not isinstance(part, tuple | list) or len(part) < 2:
        raise TypeError(f"{name} must be (x, labels), got {type(part).__name__}")
    x, labels = part[0], part[1]
    check_input(x, f"{name} x")
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.dtype == torch.bool:
        raise TypeError(
            f"{name} labels must be a tensor of whole numbers, got "
            f"{labels.dtype if isinstance(labels, Tensor) else type(labels).__name__}"
        )
    if labels.shape != x.shape[:1]:
        raise ValueError(
            f"{name} labels have shape {tuple(labels.shape)}, but there are {len(x)} rows of x"
        )
    if labels.device != x.device:
        raise ValueError(f"{name} labels are on {labels.device}, x is on {x.device}")
    return Labelled(x.detach().clone(), labels.detach().long())


@dataclass(frozen=True)
class Learner:
    """`train`, with what is asked of it; `kept` holds what was trained before."""

    train: Callable[..., Any]
    kept: Kept
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if not callable(self.train):
            raise TypeError(
                "train must be a function (x, labels, seed) that returns a trained model, got "
                f"{type(self.train).__name__}"
            )
        if self.batch_size is not None:
            check_positive_int(self.batch_size, "batch_size")

    def model(self, training: Labelled, seed: int) -> Callable[..., Any]:
        """Return a trained model, ready to be asked; no global state is left changed."""
        seeded(seed)  # refuses what is no seed
        x, labels = training.x.clone(), training.labels.clone()
        devices = [x.device] if x.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.enable_grad():
            torch.manual_seed(seed)
            model = self.train(x, labels, seed)
        if not callable(model):
            raise TypeError(
                f"train must return the trained model, got {type(model).__name__} from "
                f"{getattr(self.train, '__name__', type(self.train).__name__)}"
            )
        return model.eval().requires_grad_(False) if isinstance(model, nn.Module) else model

    def accuracy(self, training: Labelled, testing: Labelled, seed: int) -> float:
        """Return the share of the testing data that a model gets right after training."""

        def make() -> Tensor:
            found = self.classes(self.model(training, seed), testing.x) == testing.labels
            return found.double().mean() if found.device.type == "cpu" else found.float().mean()

        tensors = (training.x, training.labels, testing.x, testing.labels)
        return float(self.kept.get(self.key("accuracy", *tensors, seed), make))

    def classes(self, model: Callable[..., Any], x: Tensor) -> Tensor:
        """Return the class that a model predicts for each row, (N,)."""
        parts = list[Tensor]()
        for rows in x.split(self.batch_size or MOST_ROWS):
            outputs = model(rows)
            if not isinstance(outputs, Tensor) or outputs.dim() != 2 or len(outputs) != len(rows):
                given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs)
                raise ValueError(
                    f"a model that train has made must return one score a class, (N, K), for "
                    f"{len(rows)} rows; got {given}"
                )
            parts.append(outputs.detach().argmax(dim=1))
        return torch.cat(parts)

    def key(self, *parts: Any, code: Any = ()) -> str:
        """Return under what is kept that `train` made of the parts, with the help of `code`."""
        only_here = self.kept.file is None  # then there is one train, and one of everything
        return fingerprint(None if only_here else (self.train, code), *parts)


@dataclass(frozen=True, eq=False)
class Net:
    """A net that is explained, trained only when something is asked of it that is not kept."""

    learner: Learner
    training: Labelled
    seed: int
    given: Any = None  # the caller's own model, which is not trained

    def __post_init__(self) -> None:
        if self.given is not None:
            check_model(self.given)

    @cached_property
    def model(self) -> Callable[..., Any]:
        if self.given is not None:
            return self.given
        return self.learner.model(self.training, self.seed)

    def classes(self, x: Tensor) -> Tensor:
        """Return the class that the net predicts for each row, (N,)."""
        return self._kept("classes", x, make=lambda: self.learner.classes(self.model, x))

    def accuracy(self, part: Labelled) -> float:
        """Return the share of the data that the net gets right."""
        return float((self.classes(part.x) == part.labels).float().mean())

    def maps(self, method: Any, x: Tensor, target: Tensor) -> Tensor:
        """Return the method's maps of x for a class a row."""

        def make() -> Tensor:
            explain, copy = explainer(method, self.learner.batch_size), x.clone()
            with torch.enable_grad():  # a function of the caller's may differentiate by hand
                found = explain(self.model, copy, target.clone())
            check_attribution(found, x)
            return found.detach()

        return self._kept("maps", x, target, make=make, code=method)

    def _kept(
        self, what: str, *given: Tensor, make: Callable[[], Tensor], code: Any = None
    ) -> Tensor:
        parts = (self.training.x, self.training.labels, *given, self.seed)
        key = self.learner.key(what, *parts, code=(self.given, code))
        return self.learner.kept.get(key, make).to(given[0].device)


def explained(net: Net, parts: Sequence[Labelled], method: Any, target: str) -> list[Tensor]:
    """Return the method's maps of one net for each part of the data, all of the same sort."""
    explainer(method, net.learner.batch_size)  # refuses what is no method, before a training
    if target not in TARGETS:
        raise ValueError(f"target must be one of {', '.join(TARGETS)}, got {target!r}")
    return [
        net.maps(method, part.x, part.labels if target == "label" else net.classes(part.x))
        for part in parts
    ]
