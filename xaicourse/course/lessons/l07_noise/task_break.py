"""Task 07.5: a case in which SmoothGrad is 0 and absolute values before the average are large."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["TWO_AVERAGES"]

LARGEST = 10.0  # numbers of x
SIGMAS = 0.01, 10.0
PAIRS = 2000  # of noise and its mirror image: what is odd in the noise cancels exactly
LARGE = 0.5  # the mean size of the slope is at least this
SMALL = 0.1  # and SmoothGrad is at most this share of it


def grade(answer: Any) -> Outcome:
    """Judge (f, x, sigma)."""
    what = messages.entry("tasks/07.5/name")
    part = parts(answer, ("f", "x", "sigma"), what)
    refuse_open_parts(part, what)
    x = to_rows(part["x"], "x", what)
    if len(x) != 1 or x.numel() > 10:
        refuse("tasks/07.5/one_row", shape=tuple(x.shape))
    if float(x.abs().max()) > LARGEST:
        refuse("tasks/07.5/range", number=show(float(x.abs().max())), largest=show(LARGEST))
    sigma = to_number(part["sigma"], what)
    if not SIGMAS[0] <= sigma <= SIGMAS[1]:
        low, high = map(show, SIGMAS)
        refuse("tasks/07.5/sigma", given=show(sigma), low=low, high=high)

    f = OwnFunction(part["f"], x, what)
    f.require_plain(torch.cat([x, x + sigma, x - 0.7 * sigma]))
    smooths, sizes = averages(f, x, sigma)  # (D,), (D,)
    feature = int(sizes.argmax())
    smooth, size = float(smooths[feature]), float(sizes[feature])
    evidence = messages.text("tasks/07.5/evidence", smooth=show(smooth), size=show(size))
    if size >= LARGE and smooth <= SMALL * size:
        return Outcome(
            "passed", messages.text("tasks/07.5/passed", smooth=show(smooth), size=show(size))
        )
    others = (sizes >= LARGE) & (smooths <= SMALL * sizes)
    if bool(others.any()):
        fits = int(others.double().argmax()) + 1
        text = messages.text("tasks/07.5/misconceptions/other_number", fits=fits, taken=feature + 1)
        return Outcome("not_right", text, evidence, diagnosis="other_number")
    name = None
    if size < 1e-9:
        name = "flat"
    elif smooth > 0.99 * size:
        wider = (averages(f, x, sigma * factor) for factor in (3, 10, 30))
        turns = any(one[feature] <= 0.5 * other[feature] for one, other in wider)
        name = "sigma_too_small" if turns else "one_sign"
    elif smooth <= SMALL * size:
        name = "too_flat"
    if name is None:
        return Outcome("not_right", messages.text("tasks/07.5/differs"), evidence)
    text = messages.text(f"tasks/07.5/misconceptions/{name}")
    return Outcome("not_right", text, evidence, diagnosis=name)


def averages(f: OwnFunction, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Return |mean slope| and mean |slope| of each feature, (D,) and (D,)."""
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn((PAIRS, *x.shape[1:]), generator=generator, dtype=torch.float64)
    slopes = f.gradient(x + sigma * torch.cat([draws, -draws])).flatten(1)  # (2 PAIRS, D)
    return slopes.mean(0).abs(), slopes.abs().mean(0)


# ---------------------------------------------------------------- right and wrong submissions


def _valley(points):
    return points[:, 0] ** 2


def _line(points):
    return 3 * points[:, 0]


def _constant(points):
    return 0 * points[:, 0] + 2


def _small_valley(points):
    return 0.1 * points[:, 0] ** 2


def _valley_and_line(points):
    return points[:, 0] ** 2 + 10 * points[:, 1]


_RIGHT = {"f": _valley, "x": [[0.0]], "sigma": 1.0}

TWO_AVERAGES = Task(
    id="07.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "one_sign": _RIGHT | {"f": _line},
        "flat": _RIGHT | {"f": _constant},
        "too_flat": _RIGHT | {"f": _small_valley},
        "other_number": {"f": _valley_and_line, "x": [[0.0, 0.0]], "sigma": 1.0},
        "sigma_too_small": {"f": _valley, "x": [[1.0]], "sigma": 0.1},
    },
)
