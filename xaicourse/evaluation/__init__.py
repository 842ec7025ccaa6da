"""How good is a map? Every metric is read beside controls and with its interval."""

from xaicourse.evaluation import controls
from xaicourse.evaluation.bootstrap import Interval, bootstrap_ci
from xaicourse.evaluation.deletion import deletion, insertion
from xaicourse.evaluation.imputers import Blur, Constant, make_imputer
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.truth_strip import TruthStrip, randomise_last_layer, truth_strip

__all__ = [
    "METRICS",
    "Blur",
    "Constant",
    "Interval",
    "MetricResult",
    "Protocol",
    "TruthStrip",
    "bootstrap_ci",
    "controls",
    "deletion",
    "insertion",
    "make_imputer",
    "randomise_last_layer",
    "truth_strip",
]
