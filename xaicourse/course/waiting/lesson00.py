"""The tasks of lesson 00, Start here."""

from xaicourse.course.waiting.lesson00_class import CLASS_OF
from xaicourse.course.waiting.lesson00_evidence import MAP_MAKERS, WHICH_MAP
from xaicourse.course.waiting.lesson00_limits import SHARED_LIMITS
from xaicourse.course.waiting.lesson00_occlusion import OCCLUSION
from xaicourse.course.waiting.lesson00_own import OWN_PHOTO
from xaicourse.course.waiting.lesson00_patches import STRONGEST_PATCHES

__all__ = ["LESSON", "MAP_MAKERS"]

LESSON = (CLASS_OF, OCCLUSION, STRONGEST_PATCHES, SHARED_LIMITS, WHICH_MAP, OWN_PHOTO)
