"""The tasks of lesson 07, Noise."""

from xaicourse.course.waiting.lesson07_break import TWO_AVERAGES
from xaicourse.course.waiting.lesson07_certain import CERTAIN_SIGN
from xaicourse.course.waiting.lesson07_gates import SMOOTHED_GRADIENT
from xaicourse.course.waiting.lesson07_share import SIGNAL_SHARE
from xaicourse.course.waiting.lesson07_smooth import MY_SMOOTHGRAD

__all__ = ["LESSON"]

LESSON = (MY_SMOOTHGRAD, CERTAIN_SIGN, SIGNAL_SHARE, SMOOTHED_GRADIENT, TWO_AVERAGES)
