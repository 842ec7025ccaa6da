"""The mean of several paths for each row: over baselines, references or classes."""

from dataclasses import replace

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.moments import Moments

__all__ = ["average"]


def average(found: list[Attribution], also: tuple[str, ...] = ()) -> Attribution:
    """Average over M paths. The ends of each are in the details, (N, M, ...), and `also` (N, M)."""
    if len(found) == 1:
        return found[0]
    moments = Moments(found[0].values)
    for one in found:
        moments.add(one.values)
    values = moments.mean.to(found[0].values.dtype)

    def each(name: str) -> Tensor:
        return torch.stack([getattr(one, name) for one in found], dim=1)  # (N, M)

    sizes = torch.stack([one.values.flatten(1).norm(dim=1) for one in found], dim=1).to(
        moments.mean
    )
    error = (each("map_error") * sizes).square().sum(dim=1).sqrt() / len(found)
    size = moments.mean.flatten(1).norm(dim=1).clamp_min(1e-300)
    ends = zip(*[one.endpoints for one in found if one.endpoints], strict=True)
    starts, stops = (torch.stack(points, dim=1) for points in ends)
    kept = {name: torch.stack([one.extra[name] for one in found], dim=1) for name in also}
    return replace(
        found[0],
        values=values,
        f_start=each("f_start").mean(dim=1),
        f_end=each("f_end").mean(dim=1),
        gap=None if found[0].gap is None else each("gap").mean(dim=1),
        map_error=error / size,
        standard_error=moments.error_of_mean,
        gradients=each("gradients").sum(dim=1),
        endpoints=None,
        extra={"starts": starts, "ends": stops, **kept},
    )
