"""The tasks of lesson 03, Relevance."""

from xaicourse.course.waiting.lesson03_epsilon import LRP_EPSILON
from xaicourse.course.waiting.lesson03_likeness import LIKENESS
from xaicourse.course.waiting.lesson03_rescale import RESCALE
from xaicourse.course.waiting.lesson03_toy import SHARES_BY_HAND
from xaicourse.course.waiting.lesson03_twins import TWINS

__all__ = ["LESSON"]

LESSON = (SHARES_BY_HAND, LRP_EPSILON, RESCALE, LIKENESS, TWINS)
