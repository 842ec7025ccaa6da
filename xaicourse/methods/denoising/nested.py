"""The method inside a denoiser: any registered one, asked about copies of the same rows."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core import target as targets
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import describe, named
from xaicourse.core.gradients import Question
from xaicourse.core.inputs import call, current_rows
from xaicourse.core.registry import MethodRecord, Need, ResultKind
from xaicourse.core.row_guard import vouch_for
from xaicourse.methods.spec import Spec, spec

__all__ = ["Explained", "Inner", "explain_copies", "explained", "other_seed", "read_method"]


@dataclass(frozen=True)
class Inner:
    """A registered method with its settings."""

    record: MethodRecord
    settings: Mapping[str, Any]

    @property
    def takes_copies(self) -> bool:
        """Whether several copies of the rows may stand in one batch.

        Not for a method that draws (each copy needs a seed of its own), or that looks into the
        model for a layer or for weights.
        """
        return not self.record.stochastic and not self.looks_inside

    @property
    def looks_inside(self) -> bool:
        """Whether the method looks into the model itself, so that no function may stand for it."""
        return bool({Need.LAYER, Need.PATTERNS, Need.WEIGHTS} & self.record.needs)

    def cost(self) -> int:
        """Return the gradients a row of one call."""
        return self.record.cost(self.settings)

    def explain(
        self, model: Any, x: Tensor, what: "Explained", batch_size: int, draw: int
    ) -> Attribution:
        """Explain x; a method that draws does so anew for each `draw`."""
        settings = dict(self.settings)
        if self.record.stochastic:
            default = inspect.signature(self.record.method).parameters["seed"].default
            settings["seed"] = other_seed(settings.get("seed", default), draw)
        return self.record.method(
            model, x, what.target, output=what.output, batch_size=batch_size,
            return_details=True, **settings,
        )  # fmt: skip


def other_seed(seed: int, draw: int) -> int:
    """Return the seed of a second, independent noise: far from 0, 1, 2, which people choose."""
    return (1_000_003 * (seed + 1) + draw) % 2**31


def read_method(method: Any) -> Inner:
    """Return the method inside: from a name, a spec, a method, or functools.partial of one."""
    settings: dict[str, Any] = {}
    if isinstance(method, str):
        method = spec(method)
    if isinstance(method, Spec):
        settings = dict(method.settings)
        record = method.record
    else:
        if isinstance(method, functools.partial) and not method.args:
            settings, method = dict(method.keywords), method.func
        record = getattr(method, "record", None)
        if not isinstance(record, MethodRecord):
            raise TypeError(
                "method must be the name of a registered method, an xaicourse.spec, the method "
                f"itself or functools.partial of one with keywords, got {named(method)}"
            )
    for name in settings:
        if name in ("target", "output", "batch_size", "return_details"):
            raise ValueError(
                f"method fixes {name}; give {name} to what the method is given to: it hands it on"
            )
    if record.result is ResultKind.DATASET:
        raise ValueError(
            f"method {record.name} has one result for the whole data set; here a map is needed "
            "for each row"
        )
    return Inner(record, settings)


@dataclass(frozen=True)
class Explained:
    """What is explained, fixed at x: no noisy copy chooses a class or a runner-up of its own."""

    target: Any
    output: Any


def explained(question: Question) -> Explained:
    """Fix what a question asks."""
    if question.output == "margin":
        return Explained(targets.Difference(question.target, question._rival), "logit")
    return Explained(question.target, question.output)


@dataclass(frozen=True)
class _RepeatedTarget:
    """A target for copies of n rows: point r belongs to row r modulo n."""

    target: Any
    n: int

    def pick(self, outputs: Any, rows: Tensor) -> Tensor:
        return self.target.pick(outputs, rows % self.n)


def explain_copies(
    inner: Inner, model: Callable[..., Any], copies: Tensor, what: Explained, batch_size: int
) -> Tensor:
    """Explain k copies of the same rows, (k, N, ...), in one call; return their values (k, N, ...).

    What is bound to the rows of the model, the target, and a setting with an entry for each row (a
    baseline) are repeated with them.
    """
    k, n = copies.shape[:2]

    def repeated(points: Tensor) -> Any:
        return call(model, points, current_rows(points) % n)

    repeated.__name__ = describe(model)  # for messages
    vouch_for(repeated)

    def is_by_row(name: str, value: Any) -> bool:
        as_x = isinstance(value, Tensor) and value.dim() == copies.dim() - 1 and len(value) == n
        return as_x and name != "baselines"  # those are a set for every row

    settings = {
        name: torch.cat([value] * k) if is_by_row(name, value) else value
        for name, value in inner.settings.items()
    }
    found = replace(inner, settings=settings).explain(
        repeated, copies.flatten(0, 1), Explained(_RepeatedTarget(what.target, n), what.output),
        batch_size, draw=0,
    )  # fmt: skip
    return torch.unflatten(found.values, 0, (k, n))
