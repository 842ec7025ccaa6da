# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from xaicourse.course.lessons.l00_start_here.panel import AttributionPanel as AttributionPanel
from xaicourse.course.lessons.l00_start_here.panel import AttributionView as AttributionView
from xaicourse.course.lessons.l01_saliency.panel import TangentExplorer as TangentExplorer
from xaicourse.course.lessons.l01_saliency.panel import TangentView as TangentView
from xaicourse.course.lessons.l01_saliency.trace import TangentTrace as TangentTrace
from xaicourse.course.lessons.l01_saliency.trace import trace_tangent as trace_tangent
from xaicourse.course.lessons.l02_guided_backprop.panel import RandomisePanel as RandomisePanel
from xaicourse.course.lessons.l02_guided_backprop.panel import RandomiseView as RandomiseView
from xaicourse.course.lessons.l02_guided_backprop.trace import Likeness as Likeness
from xaicourse.course.lessons.l02_guided_backprop.trace import likeness as likeness
from xaicourse.course.lessons.l02_guided_backprop.trace import randomise_top as randomise_top
from xaicourse.course.lessons.l02_guided_backprop.trace import weight_layers as weight_layers
from xaicourse.course.lessons.l03_relevance.panel import RelevancePanel as RelevancePanel
from xaicourse.course.lessons.l03_relevance.panel import RelevanceView as RelevanceView
from xaicourse.course.lessons.l03_relevance.trace import RelevanceTrace as RelevanceTrace
from xaicourse.course.lessons.l03_relevance.trace import trace_relevance as trace_relevance
from xaicourse.course.lessons.l04_class_activation_maps.maps import LayerMaps as LayerMaps
from xaicourse.course.lessons.l04_class_activation_maps.maps import layer_maps as layer_maps
from xaicourse.course.lessons.l04_class_activation_maps.panel import LayerPanel as LayerPanel
from xaicourse.course.lessons.l04_class_activation_maps.panel import LayerView as LayerView
from xaicourse.course.lessons.l05_integrated_gradients.panel import PathPanel as PathPanel
from xaicourse.course.lessons.l05_integrated_gradients.panel import PathView as PathView
from xaicourse.course.lessons.l05_integrated_gradients.trace import PathTrace as PathTrace
from xaicourse.course.lessons.l05_integrated_gradients.trace import trace_path as trace_path
from xaicourse.course.lessons.l06_patterns.panel import PatternPanel as PatternPanel
from xaicourse.course.lessons.l06_patterns.panel import PatternView as PatternView
from xaicourse.course.lessons.l06_patterns.toy import PatternToy as PatternToy
from xaicourse.course.lessons.l06_patterns.toy import pattern_toy as pattern_toy
from xaicourse.course.lessons.l06_patterns.toy import signal_shapes as signal_shapes
from xaicourse.course.lessons.l07_noise.panel import NoisePanel as NoisePanel
from xaicourse.course.lessons.l07_noise.panel import NoiseView as NoiseView
from xaicourse.course.lessons.l07_noise.trace import NoiseTrace as NoiseTrace
from xaicourse.course.lessons.l07_noise.trace import trace_noise as trace_noise
from xaicourse.course.lessons.l08_biases.panel import BiasPanel as BiasPanel
from xaicourse.course.lessons.l08_biases.panel import BiasView as BiasView
from xaicourse.course.lessons.l08_biases.parts import BiasParts as BiasParts
from xaicourse.course.lessons.l08_biases.parts import bias_parts as bias_parts
from xaicourse.widgets.panel import Panel as Panel
from xaicourse.widgets.patch_grid import PatchGrid as PatchGrid

__all__ = [
    "AttributionPanel",
    "AttributionView",
    "BiasPanel",
    "BiasParts",
    "BiasView",
    "LayerMaps",
    "LayerPanel",
    "LayerView",
    "Likeness",
    "NoisePanel",
    "NoiseTrace",
    "NoiseView",
    "Panel",
    "PatchGrid",
    "PathPanel",
    "PathTrace",
    "PathView",
    "PatternPanel",
    "PatternToy",
    "PatternView",
    "RandomisePanel",
    "RandomiseView",
    "RelevancePanel",
    "RelevanceTrace",
    "RelevanceView",
    "TangentExplorer",
    "TangentTrace",
    "TangentView",
    "bias_parts",
    "layer_maps",
    "likeness",
    "pattern_toy",
    "randomise_top",
    "signal_shapes",
    "trace_noise",
    "trace_path",
    "trace_relevance",
    "trace_tangent",
    "weight_layers",
]
