"""What metrics that train nets share, written once: type and default here, words here.

As `xaicourse.core.shared` for all others.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from xaicourse.core.shared import Shared, entries

__all__ = ["OF_DATA_METRICS", "Relabelled", "Retrained"]


class Relabelled(TypedDict):
    """The settings of a metric that explains nets trained on other labels."""

    target: str
    channels: str
    sign: str
    seed: int
    keep: Any
    batch_size: int | None


class Retrained(TypedDict):
    """The settings of a metric that trains nets on data without what the map calls important."""

    fractions: Sequence[float]
    imputer: Any
    target: str
    channels: str
    sign: str
    unit: int
    trainings: int
    seed: int
    controls: Sequence[str]
    model: Any
    keep: Any
    batch_size: int | None


OF_DATA_METRICS = Shared(
    words=entries("""
train : callable
    ``(x, labels, seed)`` -> a trained model, (N, ...) -> (N, K). Equal arguments must give an equal
    model; torch's global generator is seeded before each call, and as before after it.
data : pair of (x, labels)
    For training and for testing: x (N, ...) as any data set of ``xc.datasets`` has it, and labels
    (N,), whole numbers.
method : str, Spec or callable
    What is tested: a name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function
    ``(model, x, target)`` that returns maps.
fractions : sequence of float
    Shares of the features that are removed, rising, in (0, 1]; 0 comes before them.
imputer : number, str or callable
    What stands in for removed features: mean (that of the training data, one a channel or column),
    or a value, black, grey, white, blur, a function.
target : str
    Whose score the maps explain: ``"predicted"``, by the model that is explained, or ``"label"``.
channels : str
    sum, abs_sum, max_abs, l2 or mean: how colour channels become one number a pixel.
sign : str
    keep, abs or positive.
unit : int
    Side of the square patches that are removed together (images); 1 is single pixels.
trainings : int
    How many nets are trained for each share, with the seeds seed, seed + 1, ...
seed : int
    Of the first training, and of the order of equal values.
controls : sequence of str
    ``"random"``, ``"sobel"`` (images): maps that know nothing of a model, beside the method.
model : callable, optional
    The model that is explained; without it one is trained on the whole data, with `seed`.
keep : str or path-like, optional
    A file in which each training's result is kept as soon as it is there. A call that was
    interrupted goes on from it, and calls with equal trainings share them.
batch_size : int, optional
    Rows that go through a model at once; never changes the result.
"""),
    raises={"ValueError, TypeError": "For bad arguments, each named."},
    defaults={
        "fractions": (0.1, 0.3, 0.5, 0.7, 0.9),
        "imputer": "mean",
        "target": "predicted",
        "channels": "sum",
        "sign": "keep",
        "unit": 1,
        "trainings": 5,
        "seed": 0,
        "controls": ("random", "sobel"),
        "model": None,
        "keep": None,
        "batch_size": None,
    },
)
