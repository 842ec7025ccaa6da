"""Task 03.1: LRP and DeepLIFT on the TOY net, by hand at (1, 3)."""

from xaicourse.course.grading.paper import by_hand, with_one_part_wrong
from xaicourse.course.grading.task import Task

__all__ = ["SHARES_BY_HAND"]

# At (1, 3) the hidden sums are (-2, 4, 3), f = 12 - 3 + 1 = 10. From (0, 0), f = 1, they were
# (0, -1, -1): the quotients of the relus are (0, 4/5, 3/4).
RIGHT = {
    "hidden": (0.0, 12.0, -3.0),
    "inputs": (-4.0, 15.0),
    "absorbed": (0.0, -3.0, 1.0, 1.0),
    "deeplift": (-3.15, 12.15),
}
WRONG_PARTS = {
    "hidden": {
        "output_bias_shared": (0.0, 40 / 3, -10 / 3),
        "outputs_of_the_units": (0.0, 4.0, 3.0),
        "no_gates": (-4.0, 12.0, -3.0),
        "no_signs": (0.0, 12.0, 3.0),
        "slopes": (0.0, 3.0, -1.0),
        "hidden_of_the_lesson": (4.0, 0.0, -3.0),
    },
    "inputs": {
        "gradient_only": (-4.0, 5.0),
        "bias_left_out": (-3.15, 12.15),
        "positive_only": (-0.75, 9.75),
        "inputs_no_signs": (4.0, 15.0),
        "third_unit_added": (-2.0, 21.0),
        "inputs_of_the_lesson": (3.0, -3.0),
    },
    "absorbed": {
        "plain_biases": (0.0, -1.0, -1.0, 1.0),
        "absorbed_reversed": (0.0, 3.0, -1.0, -1.0),
        "output_bias_forgotten": (0.0, -3.0, 1.0, 0.0),
        "absorbed_no_signs": (0.0, 3.0, 1.0, 1.0),
        "absorbed_of_the_lesson": (0.0, 0.0, 1.0, 1.0),
    },
    "deeplift": {
        "gradient_times_input": (-4.0, 15.0),
        "multipliers_only": (-3.15, 4.05),
        "upside_down": (-61 / 12, 18.5),
        "scaled_to_the_score": (-3.5, 13.5),
        "deeplift_of_the_lesson": (3.75, -2.75),
    },
}
ROUNDED = 0.0051  # two digits after the point are enough

SHARES_BY_HAND = Task(
    id="03.1",
    grade=by_hand("03.1", RIGHT, WRONG_PARTS, rounding=ROUNDED),
    reference=RIGHT,
    misconceptions=with_one_part_wrong(RIGHT, WRONG_PARTS),
)
