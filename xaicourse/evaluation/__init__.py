"""How good is a map? Every metric is read beside controls and with its interval."""

from importlib import import_module
from pkgutil import walk_packages

from xaicourse.evaluation import controls
from xaicourse.evaluation.bam import (
    input_dependence,
    input_independence,
    insignificant_patch,
    model_contrast,
    region_mean,
)
from xaicourse.evaluation.counterpart import Counterpart
from xaicourse.evaluation.f_fidelity import fine_tune_on_masks
from xaicourse.evaluation.imputers import (
    Blur,
    ChannelMean,
    Constant,
    Donor,
    Flip,
    Given,
    Uniform,
    make_imputer,
)
from xaicourse.evaluation.interval import Interval, confidence_interval
from xaicourse.evaluation.noisy_linear import NoisyLinear
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS
from xaicourse.evaluation.report import report
from xaicourse.evaluation.report_of import RankAgreement, Report, ReportRow
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.small_training import SmallTraining
from xaicourse.evaluation.stored_claims import Claim, claims
from xaicourse.evaluation.superpixels import slic, superpixels
from xaicourse.evaluation.truth_strip import TruthStrip, randomise_last_layer, truth_strip

for _file in walk_packages(__path__, f"{__name__}."):  # a metric registers itself
    import_module(_file.name)
globals().update({name: record.metric for name, record in METRICS.items()})

__all__ = [
    "METRICS",
    "Blur",
    "ChannelMean",
    "Claim",
    "Constant",
    "Counterpart",
    "Donor",
    "Flip",
    "Given",
    "Interval",
    "MetricResult",
    "NoisyLinear",
    "Protocol",
    "RankAgreement",
    "Report",
    "ReportRow",
    "SmallTraining",
    "TruthStrip",
    "Uniform",
    "claims",
    "confidence_interval",
    "controls",
    "fine_tune_on_masks",
    "input_dependence",
    "input_independence",
    "insignificant_patch",
    "make_imputer",
    "model_contrast",
    "randomise_last_layer",
    "region_mean",
    "report",
    "slic",
    "superpixels",
    "truth_strip",
    *METRICS,
]
