"""Parameters that metrics share: their type, default and words, once. As `shared` for methods."""

from dataclasses import replace
from typing import Any, Literal, TypedDict

from torch import Tensor

from xaicourse.core.shared import Shared, entries

__all__ = [
    "OF_MAP_METRICS",
    "OF_METRICS",
    "Perturbing",
    "Pointing",
    "Removing",
    "RemovingInOrder",
    "RemovingPixels",
    "Unit",
]

Unit = int | Tensor | Literal["pixel", "channel", "superpixel", "token", "column"]


class Perturbing(TypedDict):
    """The settings of a metric that removes sets of units which the map does not choose."""

    channels: str
    sign: str
    unit: Unit
    batch_size: int | None


class Pointing(TypedDict):
    """The settings of a metric that holds a map against a mask."""

    channels: str
    sign: str
    seed: int


class RemovingPixels(TypedDict):
    """The settings of a metric that removes pixels."""

    output: Any
    channels: str
    sign: str
    steps: int | None
    seed: int
    batch_size: int | None


class Removing(RemovingPixels):
    """The settings of a metric that removes what the map calls important."""

    unit: Unit


class RemovingInOrder(Removing):
    """The same where the least important may go first."""

    order: str


OF_METRICS = Shared(
    words=entries("""
model : callable
    (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
x : Tensor (N, ...)
    Inputs.
attribution : Tensor (N, ...)
    A map of x's shape, or (N, 1, H, W) for images; the largest value goes first.
target : int, (N,) ints, tuple, callable, target object or None
    Whose score is read; None is the class predicted at x.
mask : Tensor (N, ...)
    Where the truth lies: not 0 on the features that matter. Of x's shape, (N, 1, H, W), or (H, W)
    for one that holds for all images. A row in which it is nowhere, or everywhere, has no value.
imputer : number, str, Tensor or callable
    What stands in for removed features: a value, black, grey, white, blur, channel_mean, flip,
    uniform, linear, noisy_linear; a tensor that broadcasts to x; or a function ``(x, keep) -> x``.
    Colours, flip and uniform are for images in [0, 1]; on tables black is 0.
output : str or callable
    The scale of the score: ``"probability"``, ``"logit"``, ``"log_probability"``,
    ``"margin"``, ``"accuracy"`` (1 where the target is predicted, else 0) or a function.
channels : str
    sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
sign : str
    keep, abs or positive.
unit : int, str or Tensor
    What is removed at once: the side of square patches (images), 1 is single pixels (or
    features); pixel, channel, superpixel, token or column; or a tensor of labels, (H, W) or
    (N, H, W) for images. A unit is worth the sum of its features. Where each row has labels of
    its own, a curve has 100 steps.
steps : int, optional
    T; without it one unit a step, 224 steps at most. Both ends are on the curve.
order : str
    ``"morf"``, most relevant first, or ``"lerf"``, least relevant first.
seed : int
    Orders equal values.
batch_size : int, optional
    Rows that go through the model at once; never changes the result.
"""),
    raises={"ValueError, TypeError": "For bad arguments, each named."},
    defaults={
        "output": "probability",
        "channels": "sum",
        "sign": "keep",
        "unit": 1,
        "steps": None,
        "order": "morf",
        "seed": 0,
        "batch_size": None,
    },
)

OF_MAP_METRICS = replace(  # they ask no model
    OF_METRICS,
    words={
        **OF_METRICS.words,
        **entries("""
model : callable or None
    Not asked: None will do.
x : Tensor (N, ...) or None
    Only its shape is held against the map's: None will do.
target : any
    Not read.
"""),
    },
)
