"""The tasks of lesson 01, Saliency."""

from xaicourse.course.lessons.l01_saliency.task_break import BREAK_THE_GRADIENT
from xaicourse.course.lessons.l01_saliency.task_gradient import MY_GRADIENT
from xaicourse.course.lessons.l01_saliency.task_map import SIMONYAN_MAP
from xaicourse.course.lessons.l01_saliency.task_parts import WHERE_IT_WENT
from xaicourse.course.lessons.l01_saliency.task_probability import PROBABILITY_GRADIENT
from xaicourse.course.lessons.l01_saliency.task_toy import TOY_BY_HAND

__all__ = ["LESSON"]

LESSON = (
    TOY_BY_HAND,
    MY_GRADIENT,
    SIMONYAN_MAP,
    PROBABILITY_GRADIENT,
    BREAK_THE_GRADIENT,
    WHERE_IT_WENT,
)
