"""The tasks of lesson 01, Saliency."""

from xaicourse.course.waiting.lesson01_break import BREAK_THE_GRADIENT
from xaicourse.course.waiting.lesson01_gradient import MY_GRADIENT
from xaicourse.course.waiting.lesson01_map import SIMONYAN_MAP
from xaicourse.course.waiting.lesson01_parts import WHERE_IT_WENT
from xaicourse.course.waiting.lesson01_probability import PROBABILITY_GRADIENT
from xaicourse.course.waiting.lesson01_toy import TOY_BY_HAND

__all__ = ["LESSON"]

LESSON = (
    TOY_BY_HAND,
    MY_GRADIENT,
    SIMONYAN_MAP,
    PROBABILITY_GRADIENT,
    BREAK_THE_GRADIENT,
    WHERE_IT_WENT,
)
