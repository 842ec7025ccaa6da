"""Task 04.5: a head for which the brightest cell of Grad-CAM speaks against the class."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["BREAK_GRAD_CAM"]

LARGEST, MOST_CELLS = 10.0, 64
AHEAD = 0.05  # the brightest cell is brighter than the next by this share
NOTHING = 1e-4  # of the size of the scores: an effect up to here counts as none
MEASURED = 0.02  # how far measured and computed slopes may be apart
SUMMED = 0.005  # how far the slopes on a way may be from the change, of the sum of their sizes


def grade(answer: Any) -> Outcome:
    """Judge (A, head)."""
    what = messages.entry("tasks/04.5/name")
    part = parts(answer, ("a", "head"), what)
    refuse_open_parts(part, what)
    A = _maps(part["a"], what)
    head = OwnFunction(part["head"], A, what, name="head", takes="(N, K, h, w)")
    off = switched_off(A)
    with head.steady(torch.cat([A, off[:3]])):
        return _judge(head, A, off)


def _judge(head: OwnFunction, A: Tensor, off: Tensor) -> Outcome:
    """Judge a head that is a plain function."""
    g = head.gradient(A)
    _refuse_software_slopes(head, A, g)
    raw = (g.mean((2, 3), keepdim=True) * A).sum(1)[0]  # (h, w)
    effects = (head.value(A) - head.value(off)).reshape(raw.shape)
    size = 1 + float(effects.abs().max())
    if float(raw.max()) <= 1e-9:
        _named("empty_map")
    first, second = (raw.flatten().sort(descending=True).values[k] for k in (0, 1))
    if float(first - second.clamp(min=0)) < AHEAD * float(first):
        refuse("tasks/04.5/tie")
    place = divmod(int(raw.argmax()), raw.shape[1])
    effect = float(effects[place])
    if effect <= NOTHING * size:
        _refuse_jumps(head, A, off[int(raw.argmax())][None], effect, NOTHING * size)
        if effect > -NOTHING * size:
            _named("without_effect", place=place)
        text = {"place": place, "light": show(float(raw.max())), "effect": show(-effect)}
        return Outcome("passed", messages.text("tasks/04.5/passed", **text))
    spread = (g - g.mean((2, 3), keepdim=True)).abs().max()
    if float(spread) <= 1e-6 * float(g.abs().max()):
        _named("same_slope_everywhere")
    if float(effects.min()) < -NOTHING * size:
        _named("another_cell", place=place, effect=show(effect))
    refuse("tasks/04.5/it_helps", place=place, effect=show(effect))


def _named(name: str, **fields: Any) -> None:
    refuse(f"tasks/04.5/misconceptions/{name}", diagnosis=name, **fields)


def _maps(value: Any, what: str) -> Tensor:
    """Return the feature maps as (1, K, h, w)."""
    A = to_rows(value, "A", what)
    if A.ndim == 2:  # one feature map (h, w)
        A = A[None]
    if A.ndim == 3:  # (K, h, w)
        A = A[None]
    if A.ndim != 4 or len(A) != 1 or A[0, 0].numel() < 2:
        refuse("tasks/04.5/shape", shape=tuple(A.shape))
    if A[0, 0].numel() > MOST_CELLS or float(A.abs().max()) > LARGEST:
        refuse("tasks/04.5/range", cells=MOST_CELLS, largest=show(LARGEST))
    if float(A.min()) < 0:
        _named("negative_maps", number=show(float(A.min())))
    return A


def switched_off(A: Tensor) -> Tensor:
    """Return one copy of A (1, K, h, w) for each cell, with that cell 0 in all maps."""
    _, _, h, w = A.shape
    copies = A.repeat(h * w, 1, 1, 1)
    for k in range(h * w):
        copies[k, :, k // w, k % w] = 0
    return copies


def _refuse_software_slopes(head: OwnFunction, A: Tensor, g: Tensor) -> None:
    """Refuse slopes that autograd makes up: `detach`, or a point exactly on a kink."""
    step = 1e-5 if head.dtype == torch.float64 else 1e-2
    points, slopes = [], []
    for k in range(A.numel()):
        moved = torch.zeros_like(A)
        moved.view(-1)[k] = step
        points += [A + moved, A - moved]
        slopes.append(g.reshape(-1)[k])
    values = head.value(torch.cat(points)).reshape(-1, 2)
    now = head.value(A)
    up, down = (values[:, 0] - now) / step, (now - values[:, 1]) / step
    given = torch.stack(slopes)
    size = 1e-3 + float(given.abs().max())
    worst = max(float((up - given).abs().max()), float((down - given).abs().max()))
    if worst > MEASURED * max(size, float(up.abs().max())):
        _named("software_slope")


def _refuse_jumps(head: OwnFunction, A: Tensor, off: Tensor, effect: float, size: float) -> None:
    """Refuse an effect that the slopes on the way to the switched-off cell do not add up to."""
    steps = 2000 if A.numel() <= 256 else 500
    alphas = (torch.arange(steps, dtype=A.dtype) + 0.5).reshape(-1, 1, 1, 1) / steps
    slopes = head.gradient(off + alphas * (A - off))
    parts = ((A - off) * slopes).sum((1, 2, 3))  # (steps,)
    promised = float(parts.mean())
    if abs(promised - effect) > size + SUMMED * float(parts.abs().mean()):
        _named("jump", promised=show(promised), effect=show(effect))


# ---------------------------------------------------------------- right and wrong submissions


def _against(A):
    """The cell (0, 0) lowers the score; the mean slope is positive."""
    return 3 * A[:, 0, 0, 1] - A[:, 0, 0, 0] + 2 * A[:, 0, 1, 1]


def _looks_elsewhere(A):
    """The cell (0, 0) is not used at all, as in the lesson."""
    return 3 * A[:, 0, 0, 1] - A[:, 0, 1, 0] + 2 * A[:, 0, 1, 1]


def _averaged(A):
    return 3 * A.mean((1, 2, 3))


def _detached(A):
    return _looks_elsewhere(A) - A[:, 0, 0, 0].detach()


def _jumping(A):
    return A.sum((1, 2, 3)) - 4 * (A[:, 0, 0, 0] > 2)


def _one_cell_against(A):
    return 2 * A[:, 0, 0, 0] - A[:, 0, 0, 1] + A[:, 0, 1, 1]


def _all_against(A):
    return -A.sum((1, 2, 3)) - A[:, 0, 0, 0]


_A = [[4.0, 1.0], [2.0, 1.0]]
_RIGHT = {"A": [_A], "head": _against}

BREAK_GRAD_CAM = Task(
    id="04.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "without_effect": _RIGHT | {"head": _looks_elsewhere},
        "same_slope_everywhere": _RIGHT | {"head": _averaged},
        "software_slope": _RIGHT | {"head": _detached},
        "jump": _RIGHT | {"head": _jumping},
        "another_cell": _RIGHT | {"head": _one_cell_against},
        "empty_map": _RIGHT | {"head": _all_against},
        "negative_maps": _RIGHT | {"A": [[[4.0, -1.0], [2.0, 1.0]]]},
    },
)
