"""The tasks of lesson 05, Integrated Gradients."""

from xaicourse.course.waiting.lesson05_baselines import TWO_BASELINES
from xaicourse.course.waiting.lesson05_break import BREAK_IT
from xaicourse.course.waiting.lesson05_hunt import BUG_HUNT, BUGS
from xaicourse.course.waiting.lesson05_ig import IG_OF_LOGIT, IG_OF_PROBABILITY
from xaicourse.course.waiting.lesson05_steps import STEPS_NEEDED
from xaicourse.course.waiting.lesson05_toy import TOY_ON_PAPER

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
