"""Floor 1: the attribution methods, in the four classes of the 2024 review."""

from xaicourse.methods.bias.backpropagation import bias_backprop
from xaicourse.methods.bias.decomposition import fullgrad, fullgrad_decomposition
from xaicourse.methods.denoising.input_noise import smoothgrad, smoothgrad_squared, vargrad
from xaicourse.methods.denoising.weight_noise import fusiongrad, noisegrad
from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.methods.vanilla.class_activation import (
    cam,
    grad_cam,
    grad_cam_plus_plus,
    guided_grad_cam,
    hires_cam,
    layer_cam,
    xgrad_cam,
)
from xaicourse.methods.vanilla.difference_from_reference import deep_shap, deeplift
from xaicourse.methods.vanilla.gradient import gradient, input_x_gradient, saliency
from xaicourse.methods.vanilla.gradient_free_cam import eigen_cam, score_cam
from xaicourse.methods.vanilla.rectified_gradient import rectgrad
from xaicourse.methods.vanilla.relevance import deep_taylor, lrp
from xaicourse.methods.vanilla.relu_rules import deconvnet, guided_backprop
from xaicourse.methods.vanilla.smoothed_relu import beta_smoothing

__all__ = [
    "beta_smoothing",
    "bias_backprop",
    "cam",
    "deconvnet",
    "deep_shap",
    "deep_taylor",
    "deeplift",
    "eigen_cam",
    "fullgrad",
    "fullgrad_decomposition",
    "fusiongrad",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradient",
    "guided_backprop",
    "guided_grad_cam",
    "hires_cam",
    "input_x_gradient",
    "integrated_gradients",
    "layer_cam",
    "lrp",
    "noisegrad",
    "rectgrad",
    "saliency",
    "score_cam",
    "smoothgrad",
    "smoothgrad_squared",
    "vargrad",
    "xgrad_cam",
]
