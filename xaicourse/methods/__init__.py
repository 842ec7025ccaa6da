"""Floor 1: the attribution methods, in the four classes of the 2024 review."""

from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.methods.vanilla.gradient import gradient, input_x_gradient

__all__ = ["gradient", "input_x_gradient", "integrated_gradients"]
