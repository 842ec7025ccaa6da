"""Task 02.1: DeconvNet and Guided Backprop of the TOY net on paper."""

from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.by_hand import near, numbers_in
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["THREE_RULES"]

# At x = (1, 3) the hidden sums are (-2, 4, 3); the output weights (2, 3, -1) arrive.
DECONVNET, GUIDED, NEVER_CHANGES = (-1.0, 4.0), (-3.0, 6.0), "deconvnet"

WRONG_DECONVNET = {
    "no_clamp": (-2, 3),  # all three units, with the minus
    "deconvnet_is_gradient": (-4, 5),
    "deconvnet_is_guided": (-3, 6),
    "minus_as_plus": (0, 5),  # the size of the negative signal goes on
    "gates_reversed": (2, -2),
    "clamped_at_the_end": (0, 4),  # relu of the finished map
    "deconvnet_swapped": (4, -1),
    "deconvnet_times_input": (-1, 12),
    "weights_forgotten": (0, 1),  # 1 (1, -1) + 1 (-1, 2)
}
WRONG_GUIDED = {
    "guided_is_gradient": (-4, 5),
    "guided_is_deconvnet": (-1, 4),
    "lesson_point": (2, -2),
    "guided_minus_as_plus": (-2, 7),
    "guided_clamped_at_the_end": (0, 6),
    "guided_swapped": (6, -3),
    "guided_weights_forgotten": (-1, 2),
    "times_activation": (-12, 24),
    "times_input": (-3, 18),
}
WRONG_METHODS = {"gradient_never_changes": "gradient", "guided_never_changes": "guided_backprop"}
NAMES = {
    "deconvnet": "deconvnet",
    "deconv": "deconvnet",
    "guided_backprop": "guided_backprop",
    "guided": "guided_backprop",
    "gradient": "gradient",
    "saliency": "gradient",
}
WRONG = {
    **{name: (slopes, GUIDED, NEVER_CHANGES) for name, slopes in WRONG_DECONVNET.items()},
    **{name: (DECONVNET, slopes, NEVER_CHANGES) for name, slopes in WRONG_GUIDED.items()},
    **{name: (DECONVNET, GUIDED, method) for name, method in WRONG_METHODS.items()},
}


def grade(answer: Any) -> Outcome:
    """Judge the two maps and the name; the first wrong part gets the message."""
    what = messages.entry("tasks/02.1/name")
    part = parts(answer, ("deconvnet", "guided", "never_changes"), what)
    refuse_open_parts(part, what)
    deconvnet, guided = (_pair(part[name], name) for name in ("deconvnet", "guided"))
    evidence = messages.text("tasks/02.1/evidence", deconvnet=show(deconvnet), guided=show(guided))
    for value, right, wrong, key in (
        (deconvnet, DECONVNET, WRONG_DECONVNET, "deconvnet_differs"),
        (guided, GUIDED, WRONG_GUIDED, "guided_differs"),
    ):
        if near(value, right):
            continue
        fits = [name for name, numbers in wrong.items() if near(value, numbers)]
        if len(fits) == 1:
            text = messages.text(f"tasks/02.1/misconceptions/{fits[0]}")
            return Outcome("not_right", text, evidence, diagnosis=fits[0])
        return Outcome("not_right", messages.text(f"tasks/02.1/{key}"), evidence)
    method = _method(part["never_changes"])
    for name, wrong_method in WRONG_METHODS.items():
        if method == wrong_method:
            text = messages.text(f"tasks/02.1/misconceptions/{name}")
            return Outcome("not_right", text, evidence, diagnosis=name)
    return Outcome("passed", messages.text("tasks/02.1/passed"))


def _pair(value: Any, name: str) -> list[float]:
    found = numbers_in(value)
    if len(found) != 2:
        refuse("tasks/02.1/how_many", part=name, given=len(found))
    return found


def _method(value: Any) -> str:
    name = str(value).strip().lower().replace(" ", "_").replace("-", "_")
    if name not in NAMES:
        refuse("tasks/02.1/no_method", given=str(value)[:40])
    return NAMES[name]


THREE_RULES = Task(
    id="02.1",
    grade=grade,
    reference=(DECONVNET, GUIDED, NEVER_CHANGES),
    misconceptions=WRONG,
)
