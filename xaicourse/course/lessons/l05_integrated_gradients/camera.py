"""Task 05.5, second part: which share a baseline gives on the camera photo.

For the named baselines it was measured once; for a baseline of the student's own the map is
computed here (16 gradients, about a second).
"""

from typing import Any

import torch
from torch import Tensor

from xaicourse import datasets, zoo
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.integrate import path_integral
from xaicourse.course.lessons.l05_integrated_gradients.coat import coat_share, coat_share_of_pixels
from xaicourse.methods.baselines import make_baseline

__all__ = ["MEASURED", "kind_of", "shares_from"]

TRIPOD, STEPS = 872, 16
# Share of |IG| in the darkest fifth of the camera photo (target 872, 16 midpoint steps): of all
# numbers, and of the map of pixels (channels added). How far off depends on the number of steps.
MEASURED = {
    "black": (0.031, 0.033),
    "white": (0.362, 0.390),
    "mean": (0.339, 0.352),
    "uniform": (0.251, 0.264),
    "blur": (0.268, 0.277),
}


def kind_of(baseline: Any, side: str) -> str | Tensor:
    """Return the name of a known baseline, given as a word, a number or a tensor, or its values."""
    if isinstance(baseline, str) and baseline.strip().lower() in MEASURED:
        return baseline.strip().lower()
    photo = datasets.photo("camera", device="cpu")  # (1, 3, 224, 224)
    values = values_of(baseline, photo, side)
    if float((values - photo).abs().max()) < 1e-3:
        refuse("tasks/05.5/photo_itself", side=side)
    for name in MEASURED:  # blur comes last: it takes a second
        if float((values - make_baseline(name, photo)).abs().max()) < 1e-3:
            return name
    return values


def values_of(baseline: Any, photo: Tensor, side: str) -> Tensor:
    """Return a baseline of numbers in the photo's shape, or say what is wrong with it."""
    try:
        values = torch.as_tensor(baseline).detach().cpu().float()
        odd = f"of shape {tuple(values.shape)}" if values.shape not in ((), photo.shape) else ""
        if not bool(((values >= 0) & (values <= 1)).all()):  # NaN is neither
            odd = odd or "not in this range"
    except Exception:
        odd = repr(baseline[:40]) if isinstance(baseline, str) else f"a {type(baseline).__name__}"
    if odd:
        known, shape = ", ".join(MEASURED), tuple(photo.shape)
        refuse("tasks/05.5/odd_baseline", side=side, odd=odd, known=known, shape=shape)
    return values.expand_as(photo)


def shares_from(baseline: Tensor) -> tuple[float, float] | None:
    """Return both shares for a baseline (1, 3, 224, 224); None without the network's weights."""
    try:
        model = zoo.load("efficientnet_lite0", device="cpu")
    except OSError:
        return None

    def slope(points):
        points = points.float().detach().requires_grad_(True)
        return torch.autograd.grad(model(points)[:, TRIPOD].sum(), points)[0]

    photo = datasets.photo("camera", device="cpu")
    attribution = path_integral(slope, photo, baseline, "midpoint", STEPS).float()
    return coat_share(attribution, photo), coat_share_of_pixels(attribution, photo)
