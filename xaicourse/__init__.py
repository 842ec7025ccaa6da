"""Gradient-based feature attribution: a library and the course that is built on it.

Names are handed on when they are first used, so that ``import xaicourse`` costs little more than
``import torch``.
"""

from importlib import import_module

__version__ = "0.1.0"

# public name -> "module:attribute", or "module:" for the module itself
_NAMES = {
    # core
    "Attribution": "xaicourse.core.attribution:Attribution",
    "METHODS": "xaicourse.methods:METHODS",
    "TokenGrid": "xaicourse.methods.vanilla.feature_maps:TokenGrid",
    "at_layer": "xaicourse.core.at_layer:at_layer",
    "baselines": "xaicourse.methods.baselines:",
    "bind": "xaicourse.core.inputs:bind",
    "device": "xaicourse.core.device:device",
    "map_layers": "xaicourse.methods.vanilla.feature_maps:map_layers",
    "pack": "xaicourse.core.inputs:pack",
    "path_integral": "xaicourse.core.path:path_integral",
    "load_maps": "xaicourse.study.save_maps:load_maps",
    "save_maps": "xaicourse.study.save_maps:save_maps",
    "scores": "xaicourse.core.gradients:scores",
    "spec": "xaicourse.methods.spec:spec",
    "targets": "xaicourse.core.target:",
    # methods
    "gradient": "xaicourse.methods.vanilla.gradient:gradient",
    "saliency": "xaicourse.methods.vanilla.gradient:saliency",
    "class_model": "xaicourse.methods.vanilla.ascent:class_model",
    "deconvnet": "xaicourse.methods.vanilla.relu_rules:deconvnet",
    "guided_backprop": "xaicourse.methods.vanilla.relu_rules:guided_backprop",
    "rectgrad": "xaicourse.methods.vanilla.rectified_gradient:rectgrad",
    "beta_smoothing": "xaicourse.methods.vanilla.smoothed_relu:beta_smoothing",
    "occlusion": "xaicourse.methods.vanilla.occlusion:occlusion",
    "input_x_gradient": "xaicourse.methods.vanilla.gradient:input_x_gradient",
    "integrated_gradients": "xaicourse.methods.integrated.ig:integrated_gradients",
    "expected_gradients": "xaicourse.methods.integrated.expectations:expected_gradients",
    "gradient_shap": "xaicourse.methods.integrated.expectations:gradient_shap",
    "weighted_ig": "xaicourse.methods.integrated.weighted:weighted_ig",
    "boundary_ig": "xaicourse.methods.integrated.boundary:boundary_ig",
    "blur_ig": "xaicourse.methods.integrated.blur:blur_ig",
    "spectral_ig": "xaicourse.methods.integrated.spectral:spectral_ig",
    "geodesic_ig": "xaicourse.methods.integrated.geodesic:geodesic_ig",
    "pattern_guided_ig": "xaicourse.methods.integrated.pattern_guided:pattern_guided_ig",
    "ig_correlation": "xaicourse.methods.integrated.correlation:ig_correlation",
    "xrai": "xaicourse.methods.integrated.regions:xrai",
    "path_attribution": "xaicourse.methods.integrated.path_attribution:path_attribution",
    "left_ig": "xaicourse.methods.integrated.saturation:left_ig",
    "split_ig": "xaicourse.methods.integrated.saturation:split_ig",
    "important_direction_ig": (
        "xaicourse.methods.integrated.important_direction:important_direction_ig"
    ),
    "integrated_decision_gradients": (
        "xaicourse.methods.integrated.decision:integrated_decision_gradients"
    ),
    "path_weighted_ig": "xaicourse.methods.integrated.path_weighted:path_weighted_ig",
    "GaussianProcess": "xaicourse.methods.integrated.gaussian_process:GaussianProcess",
    "fit_gaussian_process": "xaicourse.methods.integrated.gaussian_process:fit_gaussian_process",
    "gaussian_process_ig": "xaicourse.methods.integrated.of_process:gaussian_process_ig",
    "integrated_hessians": "xaicourse.methods.integrated.hessians:integrated_hessians",
    "meta_ig": "xaicourse.methods.integrated.meta:meta_ig",
    "manifold_ig": "xaicourse.methods.integrated.manifold:manifold_ig",
    "manifold_aligned_guided_ig": (
        "xaicourse.methods.integrated.guided_on_manifold:manifold_aligned_guided_ig"
    ),
    "tangentially_aligned_ig": "xaicourse.methods.integrated.tangential:tangentially_aligned_ig",
    "path_sampled_ig": "xaicourse.methods.integrated.path_weighted:path_sampled_ig",
    "guided_ig": "xaicourse.methods.integrated.guided:guided_ig",
    "ig2": "xaicourse.methods.integrated.ig2:ig2",
    "adversarial_gradient_integration": (
        "xaicourse.methods.integrated.adversarial:adversarial_gradient_integration"
    ),
    "greedy_path_ig": "xaicourse.methods.integrated.greedy:greedy_path_ig",
    "discretized_ig": "xaicourse.methods.integrated.discretized:discretized_ig",
    "integrated_directional_gradients": (
        "xaicourse.methods.integrated.directional:integrated_directional_gradients"
    ),
    "graph_ig": "xaicourse.methods.integrated.graph:graph_ig",
    "gradient_artificial_distancing": (
        "xaicourse.methods.integrated.artificial_distancing:gradient_artificial_distancing"
    ),
    "geometrically_guided_ig": "xaicourse.methods.integrated.geometric:geometrically_guided_ig",
    "generalized_ig": "xaicourse.methods.integrated.generalized:generalized_ig",
    "Tree": "xaicourse.methods.integrated.tree_ensemble:Tree",
    "TreeEnsemble": "xaicourse.methods.integrated.tree_ensemble:TreeEnsemble",
    "bias_backprop": "xaicourse.methods.bias.backpropagation:bias_backprop",
    "fullgrad": "xaicourse.methods.bias.decomposition:fullgrad",
    "fullgrad_decomposition": "xaicourse.methods.bias.decomposition:fullgrad_decomposition",
    "fusiongrad": "xaicourse.methods.denoising.weight_noise:fusiongrad",
    "noisegrad": "xaicourse.methods.denoising.weight_noise:noisegrad",
    "smoothgrad": "xaicourse.methods.denoising.input_noise:smoothgrad",
    "smoothgrad_squared": "xaicourse.methods.denoising.input_noise:smoothgrad_squared",
    "vargrad": "xaicourse.methods.denoising.input_noise:vargrad",
    "cam": "xaicourse.methods.vanilla.class_activation:cam",
    "grad_cam": "xaicourse.methods.vanilla.class_activation:grad_cam",
    "grad_cam_plus_plus": "xaicourse.methods.vanilla.class_activation:grad_cam_plus_plus",
    "guided_grad_cam": "xaicourse.methods.vanilla.guided_cam:guided_grad_cam",
    "hires_cam": "xaicourse.methods.vanilla.class_activation:hires_cam",
    "layer_cam": "xaicourse.methods.vanilla.class_activation:layer_cam",
    "xgrad_cam": "xaicourse.methods.vanilla.class_activation:xgrad_cam",
    "eigen_cam": "xaicourse.methods.vanilla.gradient_free_cam:eigen_cam",
    "score_cam": "xaicourse.methods.vanilla.gradient_free_cam:score_cam",
    "deep_taylor": "xaicourse.methods.vanilla.relevance:deep_taylor",
    "deep_shap": "xaicourse.methods.vanilla.difference_from_reference:deep_shap",
    "deeplift": "xaicourse.methods.vanilla.difference_from_reference:deeplift",
    "lrp": "xaicourse.methods.vanilla.relevance:lrp",
    "Patterns": "xaicourse.methods.vanilla.pattern_fitting:Patterns",
    "fit_patterns": "xaicourse.methods.vanilla.pattern_fitting:fit_patterns",
    "pattern_attribution": "xaicourse.methods.vanilla.patterns:pattern_attribution",
    "pattern_quality": "xaicourse.methods.vanilla.pattern_quality:pattern_quality",
    "pattern_net": "xaicourse.methods.vanilla.patterns:pattern_net",
    # evaluation
    "METRICS": "xaicourse.evaluation:METRICS",
    "evaluation": "xaicourse.evaluation:",
    # studies with people
    "people": "xaicourse.people:",
    "truth_strip": "xaicourse.evaluation.truth_strip:truth_strip",
    "robustness": "xaicourse.robustness:",
    # models and data
    "datasets": "xaicourse.datasets:",
    "prepare": "xaicourse.zoo.prepare:prepare",
    "zoo": "xaicourse.zoo:",
    # pictures, panels, exercises
    "check": "xaicourse.course.checking:check",
    "exercise": "xaicourse.course.checking:",
    "hint": "xaicourse.course.checking:hint",
    "or_reference": "xaicourse.course.checking:or_reference",
    "plot": "xaicourse.plot:",
    "predict": "xaicourse.course.checking:predict",
    "pretest": "xaicourse.course.progress.pretest:pretest",
    "progress": "xaicourse.course.progress.overview:progress",
    "review": "xaicourse.course.progress.review:review",
    "show": "xaicourse.plot:show",
    "widgets": "xaicourse.widgets:",
}

__all__ = [*_NAMES, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _NAMES:
        raise AttributeError(f"module 'xaicourse' has no attribute {name!r}")
    module_name, _, attribute = _NAMES[name].partition(":")
    module = import_module(module_name)
    if module_name.startswith(("xaicourse.methods", "xaicourse.evaluation")):
        import_module("xaicourse.course.table")  # which says in which lesson each of them is
        pictures = import_module("xaicourse.core.attribution").PICTURES
        pictures["maps"] = lambda *given, **named: import_module("xaicourse.plot").maps(
            *given, **named
        )
    value = getattr(module, attribute) if attribute else module
    globals()[name] = value  # from now on found without coming here
    return value


def _from_course(home: str) -> dict[str, object]:
    """Return the names of the course half that are public in a room of the library: its door."""
    if home == "widgets":
        return import_module("xaicourse.course.lessons.panels").FOUND
    pictures = import_module("xaicourse.course.timeline")
    return {name: getattr(pictures, name) for name in pictures.__all__}


def __dir__() -> list[str]:
    return sorted(__all__)
