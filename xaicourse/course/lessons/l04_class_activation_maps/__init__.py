"""The tasks of lesson 04, Class activation maps."""

from xaicourse.course.lessons.l04_class_activation_maps.task_break import BREAK_GRAD_CAM
from xaicourse.course.lessons.l04_class_activation_maps.task_effects import CELL_EFFECTS
from xaicourse.course.lessons.l04_class_activation_maps.task_grad_cam import MY_GRAD_CAM
from xaicourse.course.lessons.l04_class_activation_maps.task_hand import BY_HAND
from xaicourse.course.lessons.l04_class_activation_maps.task_scale import ONE_SCALE

__all__ = ["LESSON"]

LESSON = (BY_HAND, MY_GRAD_CAM, ONE_SCALE, CELL_EFFECTS, BREAK_GRAD_CAM)
