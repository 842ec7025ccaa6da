"""Checks, hints, references and predictions: what a student calls in a sheet."""

from xaicourse.exercise.bugs import bugs, map_makers
from xaicourse.exercise.checking import check, hint, or_reference, warm_up
from xaicourse.exercise.predictions import histogram, predict
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks import TASKS
from xaicourse.exercise.verdict import AnswerNotRight, Verdict

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
