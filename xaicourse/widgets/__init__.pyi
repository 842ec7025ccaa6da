# Written by `python tools/make_stub.py`; do not edit.
# ruff: noqa
# fmt: off
from xaicourse.widgets.attribution_panel import AttributionPanel as AttributionPanel
from xaicourse.widgets.attribution_panel import AttributionView as AttributionView
from xaicourse.widgets.bias_panel import BiasPanel as BiasPanel
from xaicourse.widgets.bias_panel import BiasView as BiasView
from xaicourse.widgets.bias_parts import BiasParts as BiasParts
from xaicourse.widgets.bias_parts import bias_parts as bias_parts
from xaicourse.widgets.layer_maps import LayerMaps as LayerMaps
from xaicourse.widgets.layer_maps import layer_maps as layer_maps
from xaicourse.widgets.layer_panel import LayerPanel as LayerPanel
from xaicourse.widgets.layer_panel import LayerView as LayerView
from xaicourse.widgets.noise_panel import NoisePanel as NoisePanel
from xaicourse.widgets.noise_panel import NoiseView as NoiseView
from xaicourse.widgets.noise_trace import NoiseTrace as NoiseTrace
from xaicourse.widgets.noise_trace import trace_noise as trace_noise
from xaicourse.widgets.panel import Panel as Panel
from xaicourse.widgets.patch_grid import PatchGrid as PatchGrid
from xaicourse.widgets.path_panel import PathPanel as PathPanel
from xaicourse.widgets.path_panel import PathView as PathView
from xaicourse.widgets.path_trace import PathTrace as PathTrace
from xaicourse.widgets.path_trace import trace_path as trace_path
from xaicourse.widgets.pattern_panel import PatternPanel as PatternPanel
from xaicourse.widgets.pattern_panel import PatternView as PatternView
from xaicourse.widgets.pattern_toy import PatternToy as PatternToy
from xaicourse.widgets.pattern_toy import pattern_toy as pattern_toy
from xaicourse.widgets.pattern_toy import signal_shapes as signal_shapes
from xaicourse.widgets.randomise_panel import RandomisePanel as RandomisePanel
from xaicourse.widgets.randomise_panel import RandomiseView as RandomiseView
from xaicourse.widgets.randomise_trace import Likeness as Likeness
from xaicourse.widgets.randomise_trace import likeness as likeness
from xaicourse.widgets.randomise_trace import randomise_top as randomise_top
from xaicourse.widgets.randomise_trace import weight_layers as weight_layers
from xaicourse.widgets.relevance_panel import RelevancePanel as RelevancePanel
from xaicourse.widgets.relevance_panel import RelevanceView as RelevanceView
from xaicourse.widgets.relevance_trace import RelevanceTrace as RelevanceTrace
from xaicourse.widgets.relevance_trace import trace_relevance as trace_relevance
from xaicourse.widgets.tangent_explorer import TangentExplorer as TangentExplorer
from xaicourse.widgets.tangent_explorer import TangentView as TangentView
from xaicourse.widgets.tangent_trace import TangentTrace as TangentTrace
from xaicourse.widgets.tangent_trace import trace_tangent as trace_tangent

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
