"""The tasks of lesson 00, Start here."""

from xaicourse.course.lessons.l00_start_here.task_class import CLASS_OF
from xaicourse.course.lessons.l00_start_here.task_evidence import MAP_MAKERS, WHICH_MAP
from xaicourse.course.lessons.l00_start_here.task_limits import SHARED_LIMITS
from xaicourse.course.lessons.l00_start_here.task_occlusion import OCCLUSION
from xaicourse.course.lessons.l00_start_here.task_own import OWN_PHOTO
from xaicourse.course.lessons.l00_start_here.task_patches import STRONGEST_PATCHES

__all__ = ["LESSON", "MAP_MAKERS"]

LESSON = (CLASS_OF, OCCLUSION, STRONGEST_PATCHES, SHARED_LIMITS, WHICH_MAP, OWN_PHOTO)
