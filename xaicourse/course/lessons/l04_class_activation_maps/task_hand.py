"""Task 04.1: weights, Grad-CAM and HiResCAM of two feature maps of 2 x 2 cells, on paper."""

from xaicourse.course.grading.paper import by_hand, with_one_part_wrong
from xaicourse.course.grading.task import Task

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
        "sign_lost": (1.0, 1.0),
        "relu_of_weights": (1.0, 0.0),
    },
    "grad_cam": {
        "relu_forgotten": (3.0, -3.0, 2.0, 0.0),
        "relu_before_sum": (4.0, 0.0, 2.0, 2.0),
        "weights_forgotten": (5.0, 3.0, 2.0, 4.0),
        "absolute_map": (3.0, 3.0, 2.0, 0.0),
        "scaled_to_one": (1.0, 0.0, 2 / 3, 0.0),
        "summed_weights_in_map": (12.0, 0.0, 8.0, 0.0),
        "hires_instead": (0.0, 3.0, 2.0, 0.0),
        "hires_with_signs": (-3.0, 3.0, 2.0, 0.0),
        "light_by_columns": (3.0, 2.0, 0.0, 0.0),
    },
    "hires_cam": {
        "relu_added": (0.0, 3.0, 2.0, 0.0),
        "averaged_slopes": (3.0, -3.0, 2.0, 0.0),
        "grad_cam_again": (3.0, 0.0, 2.0, 0.0),
        "only_positive_slopes": (0.0, 3.0, 2.0, 2.0),
        "slopes_without_maps": (-3.0, 3.0, 0.0, 0.0),
        "matrix_products": (-6.0, 6.0, 0.0, 4.0),
        "absolute_products": (3.0, 3.0, 2.0, 4.0),
        "parts_by_columns": (-3.0, 2.0, 3.0, 0.0),
        "divided_by_cells": (-0.75, 0.75, 0.5, 0.0),
    },
}


BY_HAND = Task(
    id="04.1",
    grade=by_hand("04.1", RIGHT, WRONG_PARTS),
    reference=RIGHT,
    misconceptions=with_one_part_wrong(RIGHT, WRONG_PARTS),
)
