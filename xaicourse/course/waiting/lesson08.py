"""The tasks of lesson 08, Biases."""

from xaicourse.course.waiting.lesson08_break import NO_VECTOR
from xaicourse.course.waiting.lesson08_implicit import IMPLICIT_BIAS
from xaicourse.course.waiting.lesson08_picture import PICTURE
from xaicourse.course.waiting.lesson08_split import SPLIT
from xaicourse.course.waiting.lesson08_toy import SPLIT_BY_HAND

__all__ = ["LESSON"]

LESSON = (SPLIT_BY_HAND, SPLIT, IMPLICIT_BIAS, PICTURE, NO_VECTOR)
