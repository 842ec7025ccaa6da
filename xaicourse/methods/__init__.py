"""Floor 1: the attribution methods, in the four classes of the 2024 review."""

from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.methods.vanilla.gradient import gradient, input_x_gradient, saliency
from xaicourse.methods.vanilla.relu_rules import deconvnet, guided_backprop

__all__ = [
    "deconvnet",
    "gradient",
    "guided_backprop",
    "input_x_gradient",
    "integrated_gradients",
    "saliency",
]
