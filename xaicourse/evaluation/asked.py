"""What metrics that explain again share, written once: types and defaults here, words here."""

from dataclasses import replace

from xaicourse.core.shared import Asked, entries
from xaicourse.core.shared_of_metrics import OF_METRICS

__all__ = ["OF_EXPLAINING_METRICS", "NearX", "Randomising"]


class NearX(Asked):
    """The settings of a metric that explains neighbours of x."""

    radius: float
    samples: int
    same_class: bool
    most_output_change: float | None
    seed: int


class Randomising(Asked):
    """The settings of a metric that explains models whose weights are drawn anew."""

    similarity: str
    sign: str
    cascading: bool
    steps: int | None
    seed: int


OF_EXPLAINING_METRICS = replace(  # they are given a method in place of a map
    OF_METRICS,
    words=entries("""
model : callable
    (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
x : Tensor (N, ...)
    Inputs.
method : str, Spec or callable
    What is asked for a map again and again: ``"gradient"``,
    ``xc.spec("integrated_gradients", steps=8)``, or a function (model, x, target) that returns a
    map of x's shape.
target : int, (N,) ints, tuple, callable, target object or None
    What is explained; None is the class predicted at x. It is fixed once, at x.
radius : float
    r, in units of x: neighbours are drawn evenly from x - r to x + r, number by number, the same
    shifts for every row.
samples : int
    How many neighbours, or noisy copies, are drawn.
same_class : bool
    Leave out neighbours that the model gives another class: their maps ought to differ.
most_output_change : float, optional
    Leave out neighbours whose F differs by more than this from F(x), in units of `output`.
similarity : str
    ``"spearman"``, ``"pearson"`` or ``"cosine"``, of all numbers of a map.
sign : str
    keep, abs or positive: what of the sign is left before maps are compared.
cascading : bool
    Draw one layer after the other anew, from the output down; False draws one at a time, with all
    others as they were learnt.
sigma : float
    Standard deviation of the noise, as a share of each row's range max(x) - min(x).
steps : int, optional
    T, the number of stages; without it one a layer.
seed : int
    Of the draws: the same in every row, on every device and for every batch_size.
output : str or callable
    The scale of F, on which is explained: ``"logit"``, ``"probability"``,
    ``"log_probability"``, ``"margin"`` or a function.
batch_size : int, optional
    Rows that go through the model at once; never changes the result. A function as `method`
    chooses its own.
"""),
    defaults={
        "radius": 0.02,
        "samples": 10,
        "same_class": True,
        "most_output_change": None,
        "similarity": "spearman",
        "sign": "keep",
        "cascading": True,
        "sigma": 0.1,
        "steps": None,
        "seed": 0,
        "output": "logit",
        "batch_size": None,
    },
)
