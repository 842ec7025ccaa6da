"""The tasks of lesson 02, DeconvNet and Guided Backprop."""

from xaicourse.course.lessons.l02_guided_backprop.task_break import UPSIDE_DOWN
from xaicourse.course.lessons.l02_guided_backprop.task_guided import MY_GUIDED
from xaicourse.course.lessons.l02_guided_backprop.task_hooks import HOOKS_LOOK_AWAY
from xaicourse.course.lessons.l02_guided_backprop.task_likeness import WITH_CONTROL
from xaicourse.course.lessons.l02_guided_backprop.task_rect import RECT_RULE
from xaicourse.course.lessons.l02_guided_backprop.task_toy import THREE_RULES

__all__ = ["LESSON"]

LESSON = (
    THREE_RULES,
    MY_GUIDED,
    WITH_CONTROL,
    HOOKS_LOOK_AWAY,
    UPSIDE_DOWN,
    RECT_RULE,
)
