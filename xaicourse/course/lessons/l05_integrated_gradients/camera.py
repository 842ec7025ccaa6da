"""Task 05.5, second part: which share a baseline gives on the camera photo.

Measured once for the named baselines, computed here for another (16 gradients, about a second).
"""

import torch

from xaicourse import datasets, zoo
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.integrate import OwnFunction, path_integral
from xaicourse.course.lessons.l05_integrated_gradients.coat import coat_share, pixels

__all__ = ["shares_from"]

TRIPOD, STEPS = 872, 16
# Share of |IG| in the darkest fifth (target 872, 16 midpoint steps): of all numbers, and of the map
# of pixels (channels added).
MEASURED = {
    "black": (0.031, 0.033),
    "white": (0.362, 0.390),
    "mean": (0.339, 0.352),
    "uniform": (0.251, 0.264),
    "blur": (0.268, 0.277),
}
NUMBERS = {0.0: "black", 1.0: "white"}


def shares_from(baseline, side):
    """Return a baseline's name, or "your own baseline", and both shares (see `shares_of`)."""
    photo = datasets.photo("camera", device="cpu")  # (1, 3, 224, 224)
    name = baseline.strip().lower() if isinstance(baseline, str) else ""
    if name in MEASURED:
        return repr(name), MEASURED[name]
    values = values_of(baseline, photo, side)
    if float((values - photo).abs().max()) < 1e-3:
        refuse("tasks/05.5/photo_itself", side=side)
    for number, name in NUMBERS.items():
        if bool((values == number).all()):
            return repr(name), MEASURED[name]
    return "your own baseline", shares_of(values, photo)


def values_of(baseline, photo, side):
    """Return a baseline in the photo's shape, or say what is wrong with it."""
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


def shares_of(baseline, photo):
    """Return both shares of a map from this baseline; None without the network's weights."""
    try:
        model = zoo.load("efficientnet_lite0", device="cpu")
    except OSError:
        return None
    score = OwnFunction(lambda points: model(points)[:, TRIPOD], photo, "")
    attribution = path_integral(score.gradient, photo, baseline, "midpoint", STEPS).float()
    return coat_share(attribution, photo), coat_share(pixels(attribution), photo)
