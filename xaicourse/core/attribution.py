"""The record that every attribution method makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import all_finite
from xaicourse.core.gradients import Question

__all__ = ["Attribution", "relative_gap"]


@dataclass(frozen=True, eq=False)
class Attribution:
    """An attribution with all that is needed to judge it.

    A method returns only ``values`` unless it is called with ``return_details=True``.

    Parameters
    ----------
    values : Tensor
        The signed map: shape, dtype and device of x (for ``kind="input"``).
    kind : str
        What the values belong to: ``"input"``, ``"map"``, ``"layer"`` ... (see the registry).
    target : object
        What was explained, fixed for every row: one of `xaicourse.targets`.
    f_start, f_end : Tensor (N,), optional
        F at the start (baseline) and at the end of the path that was really used.
    gap : Tensor (N,), optional
        Completeness gap, signed: ``values.sum() - (f_end - f_start)``, in units of F.
    map_error : Tensor (N,), optional
        Estimate of the relative error of the map itself, ``|A - A_exact| / |A_exact|``. It is
        not the gap: a gap can be 0 while the map is wrong.
    standard_error : Tensor, optional
        Standard error of each value, for methods that average random draws.
    gradients : Tensor (N,), optional
        How many gradients each row has cost.
    endpoints : tuple of Tensor, optional
        Start and end of the path that was really used.
    settings : mapping
        The settings that made it.
    extra : mapping
        What only this method has (nodes and weights of a path, say).
    """

    values: Tensor
    kind: str
    target: Any
    f_start: Tensor | None = None
    f_end: Tensor | None = None
    gap: Tensor | None = None
    map_error: Tensor | None = None
    standard_error: Tensor | None = None
    gradients: Tensor | None = None
    endpoints: tuple[Tensor, Tensor] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, question: Question, values: Tensor, **details: Any) -> "Attribution":
        """Put a map of x's shape that cost a gradient a row on record, unless `details` say else.

        The settings that were asked are added by whoever called the method: see the registry.
        """
        facts: dict[str, Any] = {
            "kind": "input",
            "target": question.target,
            "gradients": question.rows.new_ones(len(question.rows)),
        }
        return cls(in_dtype(values, question.model_dtype), **{**facts, **details})

    @property
    def relative_gap(self) -> Tensor | None:
        """The gap as a share of the rise: ``|gap| / max(|dF|, 1e-3 (|F_end| + |F_start|))``."""
        if self.gap is None or self.f_start is None or self.f_end is None:
            return None
        return relative_gap(self.gap, self.f_start, self.f_end)


def in_dtype(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a map (N, ...) in x's dtype, or raise where that cannot hold its numbers."""
    cast = values.to(dtype)
    if not all_finite(cast):
        row = int((~torch.isfinite(cast).reshape(len(cast), -1).all(dim=1)).nonzero()[0])
        raise ValueError(
            f"the map of row {row} holds {float(values[row].abs().max()):.3g}, but {dtype}, the "
            f"dtype of x, ends at {torch.finfo(dtype).max:.3g}; give x and the model in float32 "
            "(or bfloat16), or explain a smaller output: output=lambda z: z / 1000"
        )
    if cast.dtype != values.dtype:
        largest = values.detach().reshape(len(cast), -1).abs().amax(dim=1)
        lost = (largest > 0) & ~cast.detach().reshape(len(cast), -1).any(dim=1)
        if bool(lost.any()):
            row = int(lost.nonzero()[0])
            raise ValueError(
                f"the map of row {row} is at most {float(largest[row]):.3g} and would be all 0 in "
                f"{dtype}, the dtype of x; give x and the model in float32, or explain a larger "
                "output: output=lambda z: z * 1000"
            )
    return cast


def relative_gap(gap: Tensor, f_start: Tensor, f_end: Tensor) -> Tensor:
    """Return ``|gap|`` as a share of the rise, safe where the rise is almost nothing."""
    rise = (f_end - f_start).abs()
    floor = 1e-3 * (f_end.abs() + f_start.abs())
    scale = rise.maximum(floor)
    return (gap.abs() / scale.clamp_min(1e-300)).where(gap != 0, scale * 0)
