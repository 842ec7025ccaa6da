"""Neighbours of x: what all metrics share that ask whether a map moves more than it should.

`Neighbourhood` holds every choice, and a metric is the ratio of two changes:

    def ratio(here, there):  # two `At`, of x and of a neighbour
        return share(size(there.map - here.map), size(here.map))

    return Neighbourhood(**asked).result("max_sensitivity", model, x, method, target, ratio)

Each result has in its details by how much the map changed, and by how much F did: a map is right to
change where the model's output does. Neighbours of another class are left out unless they are
asked for.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import outputs_at, sum_dtype
from xaicourse.core.layers import Layer, find_layer
from xaicourse.core.output_parts import tensors_in
from xaicourse.core.progress import progress
from xaicourse.evaluation.explaining import Explaining, explaining
from xaicourse.evaluation.registry import MetricExample
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.examples import small_smooth_classifier
from xaicourse.methods.spec import spec

__all__ = ["At", "Neighbourhood", "neighbours_example", "share", "size"]


def neighbours_example() -> MetricExample:
    """Return a smooth net, input x gradient, and a map that moves much faster than x."""
    made = small_smooth_classifier()
    return MetricExample(
        made.model, made.x, None, 1, {"radius": 0.5, "samples": 4, "same_class": False},
        method=spec("input_x_gradient"), worse_method=unsteady,
    )  # fmt: skip


def unsteady(model: Any, x: Tensor, target: Any) -> Tensor:
    """Return a map that moves much faster than x."""
    return torch.sin(1000 * x)


def size(v: Tensor) -> Tensor:
    """Return the length of each row, (N, D) -> (N,)."""
    return v.norm(dim=1)


def share(a: Tensor, b: Tensor) -> Tensor:
    """Return a / b, (N,); NaN, which is counted, where b is 0."""
    return (a / b).masked_fill(b == 0, torch.nan)


@dataclass(frozen=True, eq=False)
class At:
    """What is known at x, or at a neighbour: each a row of numbers for each image."""

    x: Tensor  # (N, D)
    map: Tensor  # (N, M)
    F: Tensor  # (N,)
    outputs: Tensor  # (N, K), all that the model says
    hidden: Tensor  # (N, L), of a layer; L is 0 where none is asked for

    @property
    def chosen(self) -> Tensor:
        """The predicted class, (N,)."""
        return self.outputs.argmax(dim=1)


@dataclass(frozen=True)
class Neighbourhood:
    """All choices of a metric that explains neighbours of x, as its caller made them."""

    radius: float
    samples: int
    same_class: bool
    most_output_change: float | None
    seed: int
    output: Any
    batch_size: int | None

    def result(
        self, metric: str, model: Callable[..., Any], x: Tensor, method: Any, target: Any,
        ratio: Callable[[At, At], Tensor], *, average: bool = False, layer: Any = None,
        own: tuple[tuple[str, Any], ...] = (),
    ) -> MetricResult:  # fmt: skip
        """Return the largest ratio over the neighbours of each image, or the mean."""
        again = explaining(model, x, method, target, self.output, self.batch_size)
        self._check()
        place = None if layer is None else find_layer(model, layer)
        here = look(again, again.question.x, place)
        found = []
        bar = progress(self.samples, "neighbours")
        try:
            for point in self.points(again):
                there = look(again, point, place)
                found.append(self._compared(here, there, ratio))
                bar.update(1)
        finally:
            bar.close()
        ratios, map_change, output_change, counts = (
            torch.stack(part, dim=1) for part in zip(*found, strict=True)
        )  # each (N, S)
        read = means_of if average else at_the_worst
        values, *changes = read(counts > 0, ratios, map_change, output_change)
        readable = torch.isfinite(here.map).all(dim=1)
        return again.result(
            metric,
            values.masked_fill(~readable, torch.nan),
            area="mean of the neighbours" if average else "largest of the neighbours",
            own=(*self._record(), *own, *(() if place is None else (("layer", place.name),))),
            details={
                "map_change": changes[0],
                "output_change": changes[1],
                "counted": counts.mean(dim=1),
            },
        )

    def points(self, again: Explaining) -> Iterator[Tensor]:
        """Yield neighbours (N, ...), as the model sees them: the same shift for every row."""
        x, chance = again.question.x, seeded(self.seed)
        for _ in range(self.samples):
            u = torch.rand(x.shape[1:], generator=chance, dtype=torch.float64)
            shift = self.radius * (2 * u - 1)
            yield (x + shift.to(x.dtype).to(x.device)).to(again.question.model_dtype).to(x.dtype)

    def _compared(
        self, here: At, there: At, ratio: Callable[[At, At], Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return ratio, change of the map, change of F, and 1 where the neighbour counts, (N,)."""
        map_change = share(size(there.map - here.map), size(here.map))
        output_change = (there.F - here.F).abs()
        counts = torch.ones_like(output_change)
        if self.same_class:
            counts *= there.chosen == here.chosen
        if self.most_output_change is not None:
            counts *= output_change <= self.most_output_change
        return ratio(here, there), map_change, output_change, counts

    def _check(self) -> None:
        check_positive_int(self.samples, "samples")
        check_number("radius", self.radius)
        if self.radius == 0:
            raise ValueError("radius must be above 0: x is no neighbour of its own")
        if self.most_output_change is not None:
            check_number("most_output_change", self.most_output_change)

    def _record(self) -> tuple[tuple[str, Any], ...]:
        names = ("radius", "samples", "same_class", "most_output_change", "seed")
        return tuple((name, getattr(self, name)) for name in names)


def check_number(name: str, value: Any) -> None:
    """Raise unless a setting is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be at least 0 and finite, got {value}")


def look(again: Explaining, points: Tensor, layer: Layer | None) -> At:
    """Explain points (N, ...) and read what the model says of them, and inside."""
    question, exact = again.question, sum_dtype(points.device)
    inside: list[Tensor] = []

    def tapped(inputs: Tensor) -> Any:
        with nullcontext() if layer is None else layer.capture() as seen:
            outputs = question.model(inputs)
        hidden = inputs[:, :0] if seen is None else seen.output.detach()
        return hidden.flatten(1), outputs

    def read(answer: tuple[Tensor, Any], rows: Tensor) -> Tensor:
        hidden, outputs = answer
        said = [part.reshape(len(rows), -1).to(exact) for part in tensors_in(outputs)]
        found = torch.cat([question.read(outputs, rows)[:, None].to(exact), *said], dim=1)
        inside.append(hidden.to(exact))  # last, so that a chunk that failed leaves nothing
        return found

    said = outputs_at(question, points, read, model=tapped)  # (N, 1 + K)
    return At(
        points.flatten(1).to(exact), again.map(points), said[:, 0], said[:, 1:], torch.cat(inside)
    )


def at_the_worst(counts: Tensor, ratios: Tensor, *others: Tensor) -> list[Tensor]:
    """Return the largest ratio that counts, (N, S) -> (N,), and what the others are there."""
    _, worst = ratios.masked_fill(~counts, -torch.inf).max(dim=1, keepdim=True)  # NaN is largest
    none = ~counts.any(dim=1)
    return [t.gather(1, worst)[:, 0].masked_fill(none, torch.nan) for t in (ratios, *others)]


def means_of(counts: Tensor, *parts: Tensor) -> list[Tensor]:
    """Return the mean of each over what counts, (N, S) -> (N,); NaN where nothing does."""
    return [t.where(counts, 0.0).sum(dim=1) / counts.sum(dim=1) for t in parts]
