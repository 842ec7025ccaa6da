"""The tasks of lesson 07, Noise."""

from xaicourse.course.lessons.l07_noise.task_break import TWO_AVERAGES
from xaicourse.course.lessons.l07_noise.task_certain import CERTAIN_SIGN
from xaicourse.course.lessons.l07_noise.task_gates import SMOOTHED_GRADIENT
from xaicourse.course.lessons.l07_noise.task_share import SIGNAL_SHARE
from xaicourse.course.lessons.l07_noise.task_smooth import MY_SMOOTHGRAD

__all__ = ["LESSON"]

LESSON = (MY_SMOOTHGRAD, CERTAIN_SIGN, SIGNAL_SHARE, SMOOTHED_GRADIENT, TWO_AVERAGES)
