"""Task 06.1: weights and pattern of a linear model whose data are signal plus distractor."""

from xaicourse.course.grading.paper import by_hand, with_one_part_wrong
from xaicourse.course.grading.task import Task

__all__ = ["BY_HAND"]

# x = z (2, 1) + e (1, 1), var z = 4, var e = 1, and y = w . x = z. At x = (8, 5): z = 3, e = 2.
RIGHT = {
    "weights": (1.0, -1.0),
    "covariances": (8.0, 4.0),
    "pattern": (2.0, 1.0),
    "signal": (6.0, 3.0),
    "distractor": (2.0, 2.0),
    "relevance": (6.0, -3.0),
}
WRONG_PARTS = {
    "weights": {
        "weights_along_signal": (2.0, 1.0),
        "weights_unit_signal": (0.4, 0.2),
        "weights_give_distractor": (-1.0, 2.0),
        "weights_blind_for_signal": (1.0, -2.0),
        "weights_reversed": (-1.0, 1.0),
        "weights_not_scaled": (0.5, -0.5),
    },
    "covariances": {
        "variances_added": (17.0, 5.0),
        "standard_deviation": (4.0, 2.0),
        "distractor_counted": (9.0, 5.0),
        "signal_squared": (16.0, 4.0),
        "variance_left_out": (2.0, 1.0),
    },
    "pattern": {
        "pattern_is_weights": (1.0, -1.0),
        "pattern_not_divided": (8.0, 4.0),
        "pattern_by_deviation": (4.0, 2.0),
        "pattern_by_variance_of_x": (8 / 17, 4 / 5),
        "pattern_unit_length": (2 / 5**0.5, 1 / 5**0.5),
        "pattern_of_distractor": (1.0, 1.0),
        "pattern_times_y": (6.0, 3.0),
    },
    "signal": {
        "whole_input": (8.0, 5.0),
        "signal_of_one": (2.0, 1.0),
        "filter_signal": (1.5, -1.5),
        "gradient_x_input": (8.0, -5.0),
        "weights_times_y": (3.0, -3.0),
        "pattern_times_input": (16.0, 5.0),
    },
    "distractor": {
        "distractor_direction": (1.0, 1.0),
        "rest_of_filter": (6.5, 6.5),
        "rest_of_pattern": (6.0, 4.0),
        "rest_reversed": (-2.0, -2.0),
    },
    "relevance": {
        "relevance_is_signal": (6.0, 3.0),
        "relevance_of_input": (8.0, -5.0),
        "relevance_without_y": (2.0, -1.0),
        "relevance_without_pattern": (3.0, -3.0),
        "relevance_y_twice": (18.0, -9.0),
    },
}


BY_HAND = Task(
    id="06.1",
    grade=by_hand("06.1", RIGHT, WRONG_PARTS),
    reference=RIGHT,
    misconceptions=with_one_part_wrong(RIGHT, WRONG_PARTS),
)
