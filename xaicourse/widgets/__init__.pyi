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
from xaicourse.course.lessons.l09_compared_with_what.panel import BaselinePanel as BaselinePanel
from xaicourse.course.lessons.l09_compared_with_what.panel import BaselineView as BaselineView
from xaicourse.course.lessons.l09_compared_with_what.starts import StartTrace as StartTrace
from xaicourse.course.lessons.l09_compared_with_what.starts import gallery as gallery
from xaicourse.course.lessons.l10_where_on_the_path.panel import StopsPanel as StopsPanel
from xaicourse.course.lessons.l10_where_on_the_path.panel import StopsView as StopsView
from xaicourse.course.lessons.l10_where_on_the_path.trace import StopsTrace as StopsTrace
from xaicourse.course.lessons.l10_where_on_the_path.trace import trace_stops as trace_stops
from xaicourse.course.lessons.l11_which_path.family import draw_family as draw_family
from xaicourse.course.lessons.l11_which_path.panel import WayPanel as WayPanel
from xaicourse.course.lessons.l11_which_path.panel import WayView as WayView
from xaicourse.course.lessons.l11_which_path.stored import StoredPaths as StoredPaths
from xaicourse.course.lessons.l11_which_path.stored import stored_paths as stored_paths
from xaicourse.course.lessons.l11_which_path.ways import Way as Way
from xaicourse.course.lessons.l11_which_path.ways import draw_ways as draw_ways
from xaicourse.course.lessons.l11_which_path.ways import walk_way as walk_way
from xaicourse.course.lessons.l12_beyond_pixels.panel import WordsPanel as WordsPanel
from xaicourse.course.lessons.l12_beyond_pixels.panel import WordsView as WordsView
from xaicourse.course.lessons.l12_beyond_pixels.stairs import all_orders as all_orders
from xaicourse.course.lessons.l12_beyond_pixels.stairs import on_the_way as on_the_way
from xaicourse.course.lessons.l12_beyond_pixels.walk import WordWalk as WordWalk
from xaicourse.course.lessons.l12_beyond_pixels.walk import word_walk as word_walk
from xaicourse.course.lessons.l15_test_the_metric.panel import EvaluationPanel as EvaluationPanel
from xaicourse.course.lessons.l15_test_the_metric.panel import EvaluationView as EvaluationView
from xaicourse.course.lessons.l15_test_the_metric.panel import maps_of_clothes as maps_of_clothes
from xaicourse.course.lessons.l15_test_the_metric.panel import removal_report as removal_report
from xaicourse.course.lessons.l15_test_the_metric.panel import removal_scores as removal_scores
from xaicourse.course.lessons.l16_sanity_and_robustness.panel import AttackPanel as AttackPanel
from xaicourse.course.lessons.l16_sanity_and_robustness.panel import AttackView as AttackView
from xaicourse.course.lessons.l16_sanity_and_robustness.stored import CollageTwin as CollageTwin
from xaicourse.course.lessons.l16_sanity_and_robustness.stored import collage_twins as collage_twins
from xaicourse.course.lessons.l16_sanity_and_robustness.stored import digit_nets as digit_nets
from xaicourse.course.lessons.l16_sanity_and_robustness.stored import fooled_nets as fooled_nets
from xaicourse.course.lessons.l17_ground_truth_and_people.guesses import GuessItems as GuessItems
from xaicourse.course.lessons.l17_ground_truth_and_people.guesses import GuessPanel as GuessPanel
from xaicourse.course.lessons.l17_ground_truth_and_people.guesses import GuessView as GuessView
from xaicourse.course.lessons.l17_ground_truth_and_people.guesses import guess_items as guess_items
from xaicourse.course.lessons.l17_ground_truth_and_people.panel import StudyPanel as StudyPanel
from xaicourse.course.lessons.l17_ground_truth_and_people.parts import StudyPair as StudyPair
from xaicourse.course.lessons.l17_ground_truth_and_people.parts import StudyView as StudyView
from xaicourse.course.lessons.l17_ground_truth_and_people.parts import study_pair as study_pair
from xaicourse.widgets.panel import Panel as Panel
from xaicourse.widgets.patch_grid import PatchGrid as PatchGrid

__all__ = [
    "AttackPanel",
    "AttackView",
    "AttributionPanel",
    "AttributionView",
    "BaselinePanel",
    "BaselineView",
    "BiasPanel",
    "BiasParts",
    "BiasView",
    "CollageTwin",
    "EvaluationPanel",
    "EvaluationView",
    "GuessItems",
    "GuessPanel",
    "GuessView",
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
    "StartTrace",
    "StopsPanel",
    "StopsTrace",
    "StopsView",
    "StoredPaths",
    "StudyPair",
    "StudyPanel",
    "StudyView",
    "TangentExplorer",
    "TangentTrace",
    "TangentView",
    "Way",
    "WayPanel",
    "WayView",
    "WordWalk",
    "WordsPanel",
    "WordsView",
    "all_orders",
    "bias_parts",
    "collage_twins",
    "digit_nets",
    "draw_family",
    "draw_ways",
    "fooled_nets",
    "gallery",
    "guess_items",
    "layer_maps",
    "likeness",
    "maps_of_clothes",
    "on_the_way",
    "pattern_toy",
    "randomise_top",
    "removal_report",
    "removal_scores",
    "signal_shapes",
    "stored_paths",
    "study_pair",
    "trace_noise",
    "trace_path",
    "trace_relevance",
    "trace_stops",
    "trace_tangent",
    "walk_way",
    "weight_layers",
    "word_walk",
]
