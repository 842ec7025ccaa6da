"""The tasks of lesson 06, Patterns."""

from xaicourse.course.waiting.lesson06_backward import ATTRIBUTION
from xaicourse.course.waiting.lesson06_break import UNUSED_INPUT
from xaicourse.course.waiting.lesson06_hand import BY_HAND
from xaicourse.course.waiting.lesson06_linear import LINEAR_PATTERN
from xaicourse.course.waiting.lesson06_relu import TWO_COMPONENTS

__all__ = ["LESSON"]

LESSON = (BY_HAND, LINEAR_PATTERN, TWO_COMPONENTS, ATTRIBUTION, UNUSED_INPUT)
