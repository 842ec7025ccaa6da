"""Figures: every one has a text alternative, one shared scale and a stated range."""

from xaicourse.plot.films import strips
from xaicourse.plot.images import maps
from xaicourse.plot.lines import curve
from xaicourse.plot.overview import displays, overview
from xaicourse.plot.picture import Picture
from xaicourse.plot.printing import show
from xaicourse.plot.scale import reduce_channels, shared_limits
from xaicourse.plot.series import series
from xaicourse.plot.tangents import tangents
from xaicourse.plot.timeline import prerequisites, timeline
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
    "series",
    "shared_limits",
    "show",
    "strips",
    "tangents",
    "timeline",
    "truth_strip",
    "waterfall",
]
