"""How good is a map? Every metric is read beside controls and with its interval."""

from importlib import import_module
from pkgutil import walk_packages

from xaicourse.evaluation import controls
from xaicourse.evaluation.imputers import Blur, Constant, make_imputer
from xaicourse.evaluation.interval import Interval, confidence_interval
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.truth_strip import TruthStrip, randomise_last_layer, truth_strip

for _file in walk_packages(__path__, f"{__name__}."):  # a metric registers itself
    import_module(_file.name)
globals().update({name: record.metric for name, record in METRICS.items()})

__all__ = [
    "METRICS",
    "Blur",
    "Constant",
    "Interval",
    "MetricResult",
    "Protocol",
    "TruthStrip",
    "confidence_interval",
    "controls",
    "make_imputer",
    "randomise_last_layer",
    "truth_strip",
    *METRICS,
]
