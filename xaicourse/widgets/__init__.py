"""Panels: live in a notebook, a picture everywhere else. Import needs ipywidgets (extra `lab`)."""

from xaicourse.course.lessons.l00_start_here.panel import AttributionPanel, AttributionView
from xaicourse.course.lessons.l00_start_here.patch_grid import PatchGrid
from xaicourse.course.lessons.l01_saliency.panel import TangentExplorer, TangentView
from xaicourse.course.lessons.l01_saliency.trace import TangentTrace, trace_tangent
from xaicourse.course.lessons.l02_guided_backprop.panel import RandomisePanel, RandomiseView
from xaicourse.course.lessons.l02_guided_backprop.trace import (
    Likeness,
    likeness,
    randomise_top,
    weight_layers,
)
from xaicourse.course.lessons.l03_relevance.panel import RelevancePanel, RelevanceView
from xaicourse.course.lessons.l03_relevance.trace import RelevanceTrace, trace_relevance
from xaicourse.course.lessons.l04_class_activation_maps.maps import LayerMaps, layer_maps
from xaicourse.course.lessons.l04_class_activation_maps.panel import LayerPanel, LayerView
from xaicourse.course.lessons.l05_integrated_gradients.panel import PathPanel, PathView
from xaicourse.course.lessons.l05_integrated_gradients.trace import PathTrace, trace_path
from xaicourse.course.lessons.l06_patterns.panel import PatternPanel, PatternView
from xaicourse.course.lessons.l06_patterns.toy import PatternToy, pattern_toy, signal_shapes
from xaicourse.course.lessons.l07_noise.panel import NoisePanel, NoiseView
from xaicourse.course.lessons.l07_noise.trace import NoiseTrace, trace_noise
from xaicourse.course.lessons.l08_biases.panel import BiasPanel, BiasView
from xaicourse.course.lessons.l08_biases.parts import BiasParts, bias_parts
from xaicourse.widgets.panel import Panel

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
