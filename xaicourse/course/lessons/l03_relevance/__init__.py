"""The tasks of lesson 03, Relevance."""

from xaicourse.course.lessons.l03_relevance.task_epsilon import LRP_EPSILON
from xaicourse.course.lessons.l03_relevance.task_likeness import LIKENESS
from xaicourse.course.lessons.l03_relevance.task_rescale import RESCALE
from xaicourse.course.lessons.l03_relevance.task_toy import SHARES_BY_HAND
from xaicourse.course.lessons.l03_relevance.task_twins import TWINS

__all__ = ["LESSON"]

LESSON = (SHARES_BY_HAND, LRP_EPSILON, RESCALE, LIKENESS, TWINS)
