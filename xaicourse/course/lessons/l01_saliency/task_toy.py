"""Task 01.1: gates and gradient of the TOY net on paper, and how far the promise is exact."""

from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.by_hand import near, numbers_in
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["TOY_BY_HAND"]

# At x = (1, 3) the hidden sums are (-2, 4, 3). With x1 = 1 they are (1 - x2, 2 x2 - 2, x2).
GATES, GRADIENT, EXACT_TO = (0.0, 1.0, 1.0), (-4.0, 5.0), 1.0

WRONG_GATES = {
    "gates_reversed": (1, 0, 0),
    "gates_all_on": (1, 1, 1),
    "gates_of_the_lesson": (1, 0, 1),
    "sums_for_gates": (-2, 4, 3),
    "values_for_gates": (0, 4, 3),
}
WRONG_GRADIENTS = {
    "no_gates": (-2, 3),
    "inverted_gates": (2, -2),
    "times_activation": (-15, 21),
    "output_weights_forgotten": (0, 3),
    "output_weights_only": (3, -1),
    "minus_lost": (-2, 7),
    "third_unit_forgotten": (-3, 6),
    "second_unit_forgotten": (-1, -1),
    "times_input": (-4, 15),
    "sign_reversed": (4, -5),
    "features_swapped": (5, -4),
    "no_signs": (4, 5),
    "point_of_the_lesson": (1, -3),
}
WRONG_PLACES = {
    "third_gate_only": 0.0,
    "x1_forgotten": 0.5,
    "not_the_place": 2.0,
    "fall_not_place": -2.0,
}
WRONG = {
    **{name: (gates, GRADIENT, EXACT_TO) for name, gates in WRONG_GATES.items()},
    **{name: (GATES, slopes, EXACT_TO) for name, slopes in WRONG_GRADIENTS.items()},
    **{name: (GATES, GRADIENT, place) for name, place in WRONG_PLACES.items()},
}


def grade(answer: Any) -> Outcome:
    """Judge gates, gradient and place; the first wrong one gets the message."""
    what = messages.entry("tasks/01.1/name")
    part = parts(answer, ("gates", "gradient", "exact_to"), what)
    refuse_open_parts(part, what)
    gates = _row(part["gates"], "gates", 3)
    gradient = _row(part["gradient"], "gradient", 2)
    place = _row(part["exact_to"], "exact_to", 1)
    given = {"gates": show(gates), "gradient": show(gradient), "place": show(place[0])}
    evidence = messages.text("tasks/01.1/evidence", **given)
    for value, right, wrong, key in (
        (gates, GATES, WRONG_GATES, "gates_differ"),
        (gradient, GRADIENT, WRONG_GRADIENTS, "gradient_differs"),
        (place, (EXACT_TO,), {k: (v,) for k, v in WRONG_PLACES.items()}, "place_differs"),
    ):
        if near(value, right):
            continue
        fits = [name for name, numbers in wrong.items() if near(value, numbers)]
        if len(fits) == 1:
            text = messages.text(f"tasks/01.1/misconceptions/{fits[0]}")
            return Outcome("not_right", text, evidence, diagnosis=fits[0])
        return Outcome("not_right", messages.text(f"tasks/01.1/{key}"), evidence)
    return Outcome("passed", messages.text("tasks/01.1/passed"))


def _row(value: Any, name: str, count: int) -> list[float]:
    found = numbers_in(value)
    if len(found) != count:
        refuse("tasks/01.1/how_many", part=name, given=len(found), wanted=count)
    return found


TOY_BY_HAND = Task(
    id="01.1",
    grade=grade,
    reference=(GATES, GRADIENT, EXACT_TO),
    misconceptions=WRONG,
)
