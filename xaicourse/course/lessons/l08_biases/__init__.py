"""The tasks of lesson 08, Biases."""

from xaicourse.course.lessons.l08_biases.task_break import NO_VECTOR
from xaicourse.course.lessons.l08_biases.task_implicit import IMPLICIT_BIAS
from xaicourse.course.lessons.l08_biases.task_picture import PICTURE
from xaicourse.course.lessons.l08_biases.task_split import SPLIT
from xaicourse.course.lessons.l08_biases.task_toy import SPLIT_BY_HAND

__all__ = ["LESSON"]

LESSON = (SPLIT_BY_HAND, SPLIT, IMPLICIT_BIAS, PICTURE, NO_VECTOR)
