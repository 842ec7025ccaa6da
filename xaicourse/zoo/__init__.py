"""Models that work offline. ``xc.zoo.MODELS`` lists them, ``xc.zoo.load(name)`` loads one."""

from xaicourse.zoo.autoencoder import FashionAutoencoder, fashion_autoencoder
from xaicourse.zoo.registry import MODELS, ModelRecord, labels, load
from xaicourse.zoo.toy_net import (
    TOY_GRADIENT,
    TOY_INPUT,
    TOY_INTEGRATED_GRADIENTS,
    TOY_KINK,
    TOY_OUTPUT,
    TOY_OUTPUT_AT_ZERO,
    toy,
    toy_input,
)

__all__ = [
    "MODELS",
    "TOY_GRADIENT",
    "TOY_INPUT",
    "TOY_INTEGRATED_GRADIENTS",
    "TOY_KINK",
    "TOY_OUTPUT",
    "TOY_OUTPUT_AT_ZERO",
    "FashionAutoencoder",
    "ModelRecord",
    "fashion_autoencoder",
    "labels",
    "load",
    "toy",
    "toy_input",
]
