"""Task 04.1: weights, Grad-CAM and HiResCAM of two feature maps of 2 x 2 cells, on paper."""

from typing import Any

from xaicourse.exercise import messages
from xaicourse.exercise.compare import refuse, show
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.lesson01_toy import near, numbers_in
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome

__all__ = ["BY_HAND"]

# A1 = [[4, 0], [2, 2]], its slopes [[0, 2], [1, 1]]; A2 = [[1, 3], [0, 2]], [[-3, 1], [-1, -1]].
RIGHT = {
    "weights": (1.0, -1.0),
    "grad_cam": (3.0, 0.0, 2.0, 0.0),
    "hires_cam": (-3.0, 3.0, 2.0, 0.0),
}
WRONG_PARTS = {
    "weights": {
        "summed_weights": (4.0, -4.0),
        "absolute_weights": (1.0, 1.5),
        "means_of_activations": (2.0, 1.5),
        "means_of_products": (1.0, -0.5),
        "positive_slopes_only": (1.0, 0.25),
        "maps_exchanged": (-1.0, 1.0),
    },
    "grad_cam": {
        "relu_forgotten": (3.0, -3.0, 2.0, 0.0),
        "relu_before_sum": (4.0, 0.0, 2.0, 2.0),
        "weights_forgotten": (5.0, 3.0, 2.0, 4.0),
        "absolute_map": (3.0, 3.0, 2.0, 0.0),
        "scaled_to_one": (1.0, 0.0, 2 / 3, 0.0),
        "summed_weights_in_map": (12.0, 0.0, 8.0, 0.0),
        "hires_instead": (0.0, 3.0, 2.0, 0.0),
        "light_by_columns": (3.0, 2.0, 0.0, 0.0),
    },
    "hires_cam": {
        "relu_added": (0.0, 3.0, 2.0, 0.0),
        "averaged_slopes": (3.0, -3.0, 2.0, 0.0),
        "grad_cam_again": (3.0, 0.0, 2.0, 0.0),
        "only_positive_slopes": (0.0, 3.0, 2.0, 2.0),
        "slopes_without_maps": (-3.0, 3.0, 0.0, 0.0),
        "absolute_products": (3.0, 3.0, 2.0, 4.0),
        "parts_by_columns": (-3.0, 2.0, 3.0, 0.0),
        "divided_by_cells": (-0.75, 0.75, 0.5, 0.0),
    },
}
WRONG = {
    name: {**RIGHT, part: numbers}
    for part, wrong in WRONG_PARTS.items()
    for name, numbers in wrong.items()
}


def grade(answer: Any) -> Outcome:
    """Judge the three parts in their order; the first wrong one gets the message."""
    part = parts(answer, tuple(RIGHT), messages.entry("tasks/04.1/name"))
    if any(is_missing(value) for value in part.values()):
        refuse("general/not_done", status="not_done")
    given = {name: numbers_in(value, "04.1") for name, value in part.items()}
    for name, numbers in given.items():
        if len(numbers) != len(RIGHT[name]):
            wanted = len(RIGHT[name])
            refuse("tasks/04.1/how_many", part=name, given=len(numbers), wanted=wanted)
    for name, numbers in given.items():
        if near(numbers, RIGHT[name]):
            continue
        evidence = messages.text("tasks/04.1/evidence", part=name, yours=show(numbers))
        fits = [wrong for wrong, row in WRONG_PARTS[name].items() if near(numbers, row)]
        if len(fits) == 1:
            text = messages.text(f"tasks/04.1/misconceptions/{fits[0]}")
            return Outcome("not_right", text, evidence, diagnosis=fits[0])
        return Outcome("not_right", messages.text("tasks/04.1/differs", part=name), evidence)
    return Outcome("passed", messages.text("tasks/04.1/passed"))


BY_HAND = Task(
    id="04.1",
    goal="G1",
    level=1,
    minutes=10,
    grade=grade,
    reference=RIGHT,
    misconceptions=WRONG,
)
