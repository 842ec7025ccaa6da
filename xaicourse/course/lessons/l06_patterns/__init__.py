"""The tasks of lesson 06, Patterns."""

from xaicourse.course.lessons.l06_patterns.task_backward import ATTRIBUTION
from xaicourse.course.lessons.l06_patterns.task_break import UNUSED_INPUT
from xaicourse.course.lessons.l06_patterns.task_hand import BY_HAND
from xaicourse.course.lessons.l06_patterns.task_linear import LINEAR_PATTERN
from xaicourse.course.lessons.l06_patterns.task_relu import TWO_COMPONENTS

__all__ = ["LESSON"]

LESSON = (BY_HAND, LINEAR_PATTERN, TWO_COMPONENTS, ATTRIBUTION, UNUSED_INPUT)
