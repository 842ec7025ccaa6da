"""The record that every attribution method makes."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from textwrap import wrap
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.brief import WIDTH
from xaicourse.core.checks import all_finite
from xaicourse.core.files import write_atomically
from xaicourse.core.gradients import Question

__all__ = ["Attribution", "relative_gap"]

# "maps" -> the function that draws an attribution: filled from above, since core draws nothing.
PICTURES: dict[str, Callable[..., Any]] = {}


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
    method : str
        The name of the method that made it, in `xaicourse.METHODS`; "" for one of your own.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> double = lambda x: 2 * x.sum(1)
    >>> xc.integrated_gradients(double, torch.ones(1, 3), return_details=True)
    Attribution by integrated_gradients: (1, 3), torch.float32, kind 'input'
      F rises from 0 to 6, the map adds up to 6
      gap below 0.001 %, error of the map below 0.001 %, 50 gradients
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
    method: str = ""

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

    def __repr__(self) -> str:
        by = f" by {self.method}" if self.method else ""
        shape = tuple(self.values.shape)
        lines = [f"Attribution{by}: {shape}, {self.values.dtype}, kind {self.kind!r}"]
        told = [part for line in lines + _account(self) for part in wrap(line, WIDTH - 2)]
        return "\n  ".join(told)

    def show(self, photo: Tensor | None = None, **settings: Any) -> Any:
        """Return the picture of the map, by `xaicourse.plot.maps`; one row of a batch at a time.

        Parameters
        ----------
        photo : Tensor (1, C, H, W) or (1, C, L), optional
            What was explained, drawn beside the map.
        **settings
            As `xaicourse.plot.maps` takes them.

        Returns
        -------
        Picture
            Shown by a notebook as it is; ``.save("map.png")`` writes it.
        """
        if "maps" not in PICTURES:
            raise RuntimeError("pictures are drawn by xaicourse.plot: import xaicourse first")
        return PICTURES["maps"]({self.method or "map": self}, photo=photo, **settings)

    def save(self, path: str | os.PathLike[str], more: Mapping[str, str] | None = None) -> None:
        """Write all tensors to a .safetensors file; target and settings stand in its metadata.

        Parameters
        ----------
        path : path
            Must end in ``.safetensors``. What was there is replaced, whole or not at all;
            ``safetensors.torch.load_file(path)["values"]`` reads the map.
        more : dict, optional
            What else is to stand in the metadata.

        Raises
        ------
        ValueError
            If `path` has another ending.
        """
        from safetensors.torch import save

        path = Path(path)
        if path.suffix != ".safetensors":
            raise ValueError(
                f"path must end in .safetensors, got {path.name!r}; a picture of the map is "
                "written by .show().save('map.png')"
            )
        named = {part.name: getattr(self, part.name) for part in fields(self)}
        tensors = {
            name: value.detach().cpu().contiguous()
            for name, value in named.items()
            if isinstance(value, Tensor)
        }
        said = {name: str(named[name]) for name in ("kind", "method", "target")}
        settings = {name: str(value) for name, value in self.settings.items()}
        said |= {"settings": json.dumps(settings), **(more or {})}
        write_atomically(path, save(tensors, said))


def _account(found: Attribution) -> list[str]:
    """Return the lines that say whether a map may be trusted: each number is of the worst row."""
    several = len(found.values) > 1 and found.values.ndim > 0
    worst = " (the worst row)" if several else ""
    lines, errors = [], []
    if found.f_start is not None and found.f_end is not None and not several:
        total = float(found.values.detach().double().sum())
        rise = f"F rises from {float(found.f_start[0]):.4g} to {float(found.f_end[0]):.4g}"
        lines.append(f"{rise}, the map adds up to {total:.4g}")
    if found.relative_gap is not None:
        errors.append(f"gap {_percent(found.relative_gap)}{worst}")
    if found.map_error is not None:
        errors.append(f"error of the map {_percent(found.map_error)}{worst}")
    if found.gradients is not None:
        errors.append(f"{int(found.gradients.max())} gradients" + " a row" * several)
    return [*lines, ", ".join(errors)] if errors else lines


def _percent(shares: Tensor) -> str:
    """Return the largest share in percent, with two digits."""
    largest = 100 * float(shares.detach().max())
    return f"about {largest:.2g} %" if largest >= 1e-3 else "below 0.001 %"


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
