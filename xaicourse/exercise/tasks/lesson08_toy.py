"""Task 08.1: the TOY net's score as shares of inputs and biases, at two points of one piece."""

from typing import Any

from xaicourse.exercise import messages
from xaicourse.exercise.compare import refuse, show
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.lesson01_toy import near, numbers_in
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome

__all__ = ["SPLIT_BY_HAND"]

# At (1, 3) the hidden sums are (-2, 4, 3): gates off, on, on; gradient (-4, 5), f = 10.
# At (1, 4) they are (-3, 6, 4): the same gates, f = 15.
RIGHT = {
    "inputs": (-4.0, 15.0),
    "hidden_biases": (0.0, -3.0, 1.0),
    "output_bias": (1.0,),
    "inputs_moved": (-4.0, 20.0),
    "biases_moved": (0.0, -3.0, 1.0, 1.0),
}
WRONG_PARTS = {
    "inputs": {
        "gradient_only": (-4.0, 5.0),
        "gates_of_the_lesson": (1.0, -9.0),
        "no_gates": (-2.0, 9.0),
        "no_signs": (4.0, 15.0),
        "minus_lost": (-2.0, 21.0),
        "inputs_swapped": (15.0, -4.0),
        "slopes_swapped": (5.0, -12.0),
    },
    "hidden_biases": {
        "plain_biases": (0.0, -1.0, -1.0),
        "slopes_only": (0.0, 3.0, -1.0),
        "slopes_without_gates": (2.0, 3.0, -1.0),
        "hidden_of_the_lesson": (0.0, 0.0, 1.0),
        "bias_sign_lost": (0.0, 3.0, 1.0),
        "hidden_minus_lost": (0.0, -3.0, -1.0),
    },
    "output_bias": {
        "output_bias_forgotten": (0.0,),
        "takes_the_rest": (-1.0,),
        "whole_score": (10.0,),
    },
    "inputs_moved": {
        "not_moved": (-4.0, 15.0),
        "moved_gradient_only": (-4.0, 5.0),
        "both_scaled": (-16 / 3, 20.0),
        "moved_x1": (-16.0, 5.0),
    },
    "biases_moved": {
        "biases_grow": (0.0, -4.0, 4 / 3, 4 / 3),
        "rise_in_the_bias": (0.0, -3.0, 1.0, 6.0),
        "moved_of_the_lesson": (0.0, 0.0, 1.0, 1.0),
    },
}
WRONG = {
    name: {**RIGHT, part: numbers}
    for part, wrong in WRONG_PARTS.items()
    for name, numbers in wrong.items()
}


def grade(answer: Any) -> Outcome:
    """Judge the five parts in their order; the first wrong one gets the message."""
    part = parts(answer, tuple(RIGHT), messages.entry("tasks/08.1/name"))
    if any(is_missing(value) for value in part.values()):
        refuse("general/not_done", status="not_done")
    given = {name: numbers_in(value, "08.1") for name, value in part.items()}
    for name, numbers in given.items():
        if len(numbers) != len(RIGHT[name]):
            wanted = len(RIGHT[name])
            refuse("tasks/08.1/how_many", part=name, given=len(numbers), wanted=wanted)
    for name, numbers in given.items():
        if near(numbers, RIGHT[name]):
            continue
        evidence = messages.text("tasks/08.1/evidence", part=name, yours=show(numbers))
        fits = [wrong for wrong, row in WRONG_PARTS[name].items() if near(numbers, row)]
        if len(fits) == 1:
            text = messages.text(f"tasks/08.1/misconceptions/{fits[0]}")
            return Outcome("not_right", text, evidence, diagnosis=fits[0])
        return Outcome("not_right", messages.text("tasks/08.1/differs", part=name), evidence)
    return Outcome("passed", messages.text("tasks/08.1/passed"))


SPLIT_BY_HAND = Task(
    id="08.1",
    goal="G1",
    level=1,
    minutes=10,
    grade=grade,
    reference=RIGHT,
    misconceptions=WRONG,
)
