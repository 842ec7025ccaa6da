"""Task 03.5: two nets with one function and two DeepLIFT maps."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show, show_apart
from xaicourse.course.grading.integrate import to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l03_relevance.nets import run
from xaicourse.course.lessons.l03_relevance.other_maps import rescale

__all__ = ["TWINS"]

WIDE = 10.0  # the two functions are compared on [-10, 10]
APART = 0.1  # the maps differ by this share of the larger one
SAME = 1e-4  # and the functions by less than this share of their size

Net = tuple[list[Tensor], list[Tensor]]


def grade(answer: Any) -> Outcome:
    """Judge (first, second, x): two nets and one input; the reference is 0."""
    what = messages.entry("tasks/03.5/name")
    part = parts(answer, ("first", "second", "x"), what)
    refuse_open_parts(part, what)
    x = to_rows(part["x"], "x", what)
    if len(x) != 1 or x.shape[1:] != x.flatten(1).shape[1:] or float(x.abs().max()) > WIDE:
        refuse("tasks/03.5/one_row", shape=tuple(x.shape))
    nets = [_net(part[name], name, x.shape[1], what) for name in ("first", "second")]
    _require_one_function(nets, x)

    maps = [rescale(*net, x, 0 * x, torch.tensor([0])) for net in nets]
    size = max(float(m.norm()) for m in maps)
    apart = float((maps[0] - maps[1]).norm()) / max(size, 1e-12)
    texts = dict(zip(("first", "second"), show_apart(*maps), strict=True))
    evidence = messages.text("tasks/03.5/evidence", **texts)
    if apart >= APART and size > 1e-3:
        return Outcome("passed", messages.text("tasks/03.5/passed"), evidence)
    depths = [len(net[0]) for net in nets]
    name = "same_map"
    if size <= 1e-3:
        name = "nothing"
    elif max(depths) <= 2:
        name = "one_hidden_layer"
    text = messages.text(f"tasks/03.5/misconceptions/{name}", apart=show(apart, 2))
    return Outcome("not_right", text, evidence, diagnosis=name)


def _require_one_function(nets: list[Net], x: Tensor) -> None:
    """Refuse nets that differ anywhere: on a cloud, near x, and on the way from 0 to x."""
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand((4000, x.shape[1]), generator=generator, dtype=torch.float64)
    cloud = WIDE * (2 * draws - 1)
    way = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None] * x
    points = torch.cat([x, 0 * x, way, cloud, cloud / 10, x + cloud / 20])
    first, second = (run(*net, points)[1][-1][:, 0] for net in nets)
    off = (first - second).abs()
    if float(off.max()) <= SAME * (1 + float(first.abs().max())):
        return
    worst = points[int(off.argmax())]
    texts = show_apart(first[off.argmax()], second[off.argmax()])
    values = dict(zip(("first", "second"), texts, strict=True))
    near = float(off[0]) <= SAME * (1 + float(first.abs().max()))
    name = "same_at_x_only" if near else "other_function"
    key = f"tasks/03.5/misconceptions/{name}"
    refuse(key, diagnosis=name, point=show(worst), **values)


def _net(value: Any, name: str, inputs: int, what: str) -> Net:
    """Read [(W, b), ...]; W is (out, in), the last layer has one output."""
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 6:
        refuse("tasks/03.5/layers", name=name)
    weights, biases = [], []
    for layer in value:
        if not isinstance(layer, (list, tuple)) or len(layer) != 2:
            refuse("tasks/03.5/layers", name=name)
        W, b = (to_rows(part, name, what) for part in layer)
        b = b.flatten()
        if W.ndim != 2 or W.shape[1] != inputs or len(b) != len(W):
            refuse("tasks/03.5/shapes", name=name, shape=tuple(W.shape), inputs=inputs, bias=len(b))
        weights.append(W)
        biases.append(b)
        inputs = len(W)
    if inputs != 1:
        refuse("tasks/03.5/outputs", name=name, given=inputs)
    return weights, biases


# ---------------------------------------------------------------- right and wrong submissions

# relu(relu(x1) - 1 - relu(x2)) and relu(relu(x1 - 1) - relu(x2)): below x1 = 1 both are 0.
_LAST = ([[1.0]], [0.0])
_FIRST = [([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[1.0, -1.0]], [-1.0]), _LAST]
_SECOND = [([[1.0, 0.0], [0.0, 1.0]], [-1.0, 0.0]), ([[1.0, -1.0]], [0.0]), _LAST]
_OTHER = [([[1.0, 0.0], [0.0, 1.0]], [-2.0, 0.0]), ([[1.0, -1.0]], [0.0]), _LAST]
_AT_X = [([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[1.0, -1.0]], [-1.0])]
_SHALLOW = [([[1.0, -1.0]], [-1.0]), _LAST]
_SHALLOW_TWIN = [([[2.0, -2.0]], [-2.0]), ([[0.5]], [0.0])]
_ZERO = [([[0.0, 0.0]], [0.0]), _LAST]

_RIGHT = {"first": _FIRST, "second": _SECOND, "x": [[3.0, 1.0]]}

TWINS = Task(
    id="03.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "same_map": _RIGHT | {"second": _FIRST},
        "one_hidden_layer": _RIGHT | {"first": _SHALLOW, "second": _SHALLOW_TWIN},
        "same_at_x_only": _RIGHT | {"second": _AT_X},
        "other_function": _RIGHT | {"second": _OTHER},
        "nothing": _RIGHT | {"first": _ZERO, "second": _ZERO},
    },
)
