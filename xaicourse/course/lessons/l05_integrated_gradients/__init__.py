"""The tasks of lesson 05, Integrated Gradients."""

from xaicourse.course.lessons.l05_integrated_gradients.task_baselines import TWO_BASELINES
from xaicourse.course.lessons.l05_integrated_gradients.task_break import BREAK_IT
from xaicourse.course.lessons.l05_integrated_gradients.task_hunt import BUG_HUNT, BUGS
from xaicourse.course.lessons.l05_integrated_gradients.task_ig import IG_OF_LOGIT, IG_OF_PROBABILITY
from xaicourse.course.lessons.l05_integrated_gradients.task_steps import STEPS_NEEDED
from xaicourse.course.lessons.l05_integrated_gradients.task_toy import TOY_ON_PAPER

__all__ = ["BUG_BODIES", "LESSON"]

LESSON = (
    TOY_ON_PAPER,
    IG_OF_LOGIT,
    STEPS_NEEDED,
    BUG_HUNT,
    TWO_BASELINES,
    BREAK_IT,
    IG_OF_PROBABILITY,
)
BUG_BODIES = {BUG_HUNT.id: BUGS}
