"""Task 08.1: the TOY net's score as shares of inputs and biases, at two points of one piece."""

from xaicourse.course.grading.by_hand import by_hand, with_one_part_wrong
from xaicourse.course.grading.task import Task

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
        "second_weight_forgotten": (-2.0, 3.0),
        "third_unit_forgotten": (-3.0, 18.0),
    },
    "hidden_biases": {
        "plain_biases": (0.0, -1.0, -1.0),
        "slopes_only": (0.0, 3.0, -1.0),
        "slopes_without_gates": (2.0, 3.0, -1.0),
        "hidden_of_the_lesson": (0.0, 0.0, 1.0),
        "bias_sign_lost": (0.0, 3.0, 1.0),
        "hidden_minus_lost": (0.0, -3.0, -1.0),
        "hidden_weight_forgotten": (0.0, -1.0, 1.0),
        "values_of_the_units": (0.0, 4.0, 3.0),
        "third_bias_forgotten": (0.0, -3.0, 0.0),
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
        "only_the_rise": (0.0, 5.0),
    },
    "biases_moved": {
        "biases_grow": (0.0, -4.0, 4 / 3, 4 / 3),
        "rise_in_the_bias": (0.0, -3.0, 1.0, 6.0),
        "moved_of_the_lesson": (0.0, 0.0, 1.0, 1.0),
        "moved_plain_biases": (0.0, -1.0, -1.0, 1.0),
        "output_first": (1.0, 0.0, -3.0, 1.0),
    },
}


SPLIT_BY_HAND = Task(
    id="08.1",
    grade=by_hand("08.1", RIGHT, WRONG_PARTS),
    reference=RIGHT,
    misconceptions=with_one_part_wrong(RIGHT, WRONG_PARTS),
)
