# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from xaicourse.course.timeline import prerequisites as prerequisites
from xaicourse.course.timeline import timeline as timeline
from xaicourse.plot.films import strips as strips
from xaicourse.plot.images import maps as maps
from xaicourse.plot.lines import curve as curve
from xaicourse.plot.overview import displays as displays
from xaicourse.plot.overview import overview as overview
from xaicourse.plot.picture import Picture as Picture
from xaicourse.plot.printing import show as show
from xaicourse.plot.report import report as report
from xaicourse.plot.scale import reduce_channels as reduce_channels
from xaicourse.plot.scale import shared_limits as shared_limits
from xaicourse.plot.series import series as series
from xaicourse.plot.tangents import tangents as tangents
from xaicourse.plot.truth import truth_strip as truth_strip
from xaicourse.plot.waterfall import waterfall as waterfall

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
