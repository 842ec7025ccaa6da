"""The tasks of lesson 06, Patterns."""

from xaicourse.exercise.tasks.lesson06_backward import ATTRIBUTION
from xaicourse.exercise.tasks.lesson06_break import UNUSED_INPUT
from xaicourse.exercise.tasks.lesson06_hand import BY_HAND
from xaicourse.exercise.tasks.lesson06_linear import LINEAR_PATTERN
from xaicourse.exercise.tasks.lesson06_relu import TWO_COMPONENTS

__all__ = ["LESSON"]

LESSON = (BY_HAND, LINEAR_PATTERN, TWO_COMPONENTS, ATTRIBUTION, UNUSED_INPUT)
