"""Figures: every one has a text alternative, one shared scale and a stated range.

The pictures of the course, `timeline` and `prerequisites`, are handed on from the course half.
"""

import xaicourse
from xaicourse.plot.films import strips
from xaicourse.plot.images import maps
from xaicourse.plot.lines import curve
from xaicourse.plot.overview import displays, overview
from xaicourse.plot.picture import Picture
from xaicourse.plot.printing import show
from xaicourse.plot.report import report
from xaicourse.plot.scale import reduce_channels, shared_limits
from xaicourse.plot.series import series
from xaicourse.plot.tangents import tangents
from xaicourse.plot.truth import truth_strip
from xaicourse.plot.waterfall import waterfall

__all__ = [
    "Picture",
    "curve",
    "displays",
    "maps",
    "overview",
    "prerequisites",
    "reduce_channels",
    "report",
    "series",
    "shared_limits",
    "show",
    "strips",
    "tangents",
    "timeline",
    "truth_strip",
    "waterfall",
]


def __getattr__(name: str) -> object:
    found = xaicourse._from_course("plot")
    if name in found:
        return found[name]
    raise AttributeError(f"module 'xaicourse.plot' has no attribute {name!r}")
