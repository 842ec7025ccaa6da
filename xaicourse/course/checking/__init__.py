"""Checks, hints, references and predictions: what a student calls in a sheet."""

from xaicourse.course.checking.bugs import bugs, map_makers
from xaicourse.course.checking.checking import check, hint, or_reference, warm_up
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import AnswerNotRight, Verdict
from xaicourse.course.lessons.tasks import TASKS
from xaicourse.course.progress.predictions import histogram, predict

__all__ = [
    "TASKS",
    "AnswerNotRight",
    "Task",
    "Verdict",
    "bugs",
    "check",
    "hint",
    "histogram",
    "map_makers",
    "or_reference",
    "predict",
    "warm_up",
]
