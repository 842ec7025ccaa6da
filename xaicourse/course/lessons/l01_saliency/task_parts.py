"""Task 01.6: where did the 2 go? The TOY net's score as gradient x input plus parts of biases."""

from collections.abc import Sequence
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.by_hand import near, numbers_in
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["WHERE_IT_WENT"]

# At (3, 1): gradient (1, -3), gates on, off, on; hidden biases (0, -1, -1) have slopes (2, 0, -1).
# Without any bias, at (1, 3): hidden sums (-2, 5, 4), so f = 3 * 5 - 4 = 11, gradient (-4, 5).
RIGHT = {
    "gradient_x_input": (0.0,),
    "hidden_biases": (0.0, 0.0, 1.0),
    "output_bias": (1.0,),
    "bias_free": (11.0, 11.0),
}
# Each mistake with the numbers that it gives; None stands for any number.
WRONG_PARTS: dict[str, dict[str, tuple[float | None, ...]]] = {
    "gradient_x_input": {
        "whole_score": (2.0,),
        "absolute_values": (6.0,),
        "sum_of_gradient": (-2.0,),
        "rise_from_zero": (1.0,),
        "other_point": (11.0,),
    },
    "hidden_biases": {
        "plain_biases": (0.0, -1.0, -1.0),
        "slopes_only": (2.0, 0.0, -1.0),
        "output_weight_forgotten": (0.0, 0.0, -1.0),
        "gate_forgotten": (0.0, -3.0, 1.0),
        "no_hidden_part": (0.0, 0.0, 0.0),
    },
    "output_bias": {"output_bias_forgotten": (0.0,), "output_bias_of_two": (2.0,)},
    "bias_free": {
        # Of the biases -1, -1 and +1 some may stay: f = 8, 9, 12 or 13; with all of them 10.
        "biases_kept": (10.0, None),
        "one_bias_kept": (12.0, None),
        "output_bias_removed": (9.0, None),
        "first_point": (0.0, 0.0),
        "lesson_kept": (2.0, None),
        "closed_unit_counted": (7.0, None),
        "gates_of_first_point": (-8.0, None),
        "shares_not_sum": (-4.0, 15.0),
        "sum_is_not_score": (11.0, None),
    },
}
WRONG = {
    name: {**RIGHT, part: tuple(10.0 if number is None else number for number in numbers)}
    for part, wrong in WRONG_PARTS.items()
    for name, numbers in wrong.items()
}


def grade(answer: Any) -> Outcome:
    """Judge the four parts in their order; the first wrong one gets the message."""
    part = parts(answer, tuple(RIGHT), messages.entry("tasks/01.6/name"))
    refuse_open_parts(part, messages.entry("tasks/01.6/name"))
    given = {name: numbers_in(value) for name, value in part.items()}
    for name, numbers in given.items():
        if len(numbers) != len(RIGHT[name]):
            wanted = len(RIGHT[name])
            refuse("tasks/01.6/how_many", part=name, given=len(numbers), wanted=wanted)
    for name, numbers in given.items():
        if near(numbers, RIGHT[name]):
            continue
        evidence = messages.text("tasks/01.6/evidence", part=name, yours=show(numbers))
        fits = [wrong for wrong, row in WRONG_PARTS[name].items() if _fits(numbers, row)]
        if len(fits) == 1:
            text = messages.text(f"tasks/01.6/misconceptions/{fits[0]}")
            return Outcome("not_right", text, evidence, diagnosis=fits[0])
        return Outcome("not_right", messages.text("tasks/01.6/differs", part=name), evidence)
    return Outcome("passed", messages.text("tasks/01.6/passed"))


def _fits(numbers: Sequence[float], row: Sequence[float | None]) -> bool:
    known = [(a, b) for a, b in zip(numbers, row, strict=True) if b is not None]
    return near([a for a, _ in known], [b for _, b in known])


WHERE_IT_WENT = Task(
    id="01.6",
    grade=grade,
    reference=RIGHT,
    misconceptions=WRONG,
)
