"""Task 02.6: RectGrad's rule at one layer, with a quantile for each input."""

import math

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT

__all__ = ["RECT_RULE"]


def each_input(numbers, quantile):
    """Return each input's own threshold, (N, 1, ...)."""
    tau = numbers.flatten(1).quantile(quantile, dim=1)  # (N,)
    return tau.view(-1, *[1] * (numbers.ndim - 1))


def rect_rule(
    a, g, quantile, *, product=torch.mul, threshold=each_input, above=torch.gt, out=lambda a, g: g
):
    """Return what goes on: g where a g is above the quantile of its own input, else 0."""
    relevance = product(a, g)
    tau = threshold(relevance, quantile)
    return torch.where(above(relevance, tau), out(a, g), 0.0)


def each_map(numbers, quantile):
    """Return a threshold for each feature map (N, C, 1, 1), where there are any."""
    if numbers.ndim < 4:
        return each_input(numbers, quantile)
    return numbers.flatten(2).quantile(quantile, dim=2)[..., None, None]


def signals(name, says, quantile, turn, *shape, maps: torch.Tensor | float = 1.0):
    """Return a case: outputs of ReLUs, of another size for each input and map, and signals."""
    sizes = torch.arange(1.0, shape[0] + 1) ** 2
    a = sizes.view(-1, *[1] * (len(shape) - 1)) * waves(turn, *shape, size=2.0).relu() * maps
    return case(name, says, a=a, g=waves(turn + 0.9, *shape), quantile=quantile)


TWO_MAPS = torch.tensor([1.0, 6.0]).view(2, 1, 1)
CASES = (
    signals("one", "one input with 21 units", 0.7, 1.3, 1, 21),
    signals("two", "two inputs with 25 units, one with small values", 0.8, 0.7, 2, 25),
    signals(
        "pictures", "three inputs with 2 feature maps of 4 x 5", 0.8, 2.2, 3, 2, 4, 5, maps=TWO_MAPS
    ),
    signals("low", "two inputs with 24 units, a low quantile: threshold below 0", 0.12, 1.9, 2, 24),
)


def as_many(rounded):
    """Return a function that lets a number of units pass: the share 1 - quantile of all."""

    def wrong(a, g, quantile):
        products = (a * g).flatten(1)
        count = max(1, rounded((1 - quantile) * products.shape[1]))
        passing = products.topk(count, dim=1).indices
        return torch.zeros_like(products).scatter(1, passing, 1.0).view_as(g) * g

    return wrong


def ranked(numbers, quantile):
    """Take the number with the rank quantile * n, of 0 to n - 1, as a threshold."""
    ordered = numbers.flatten(1).sort(dim=1).values
    place = min(int(quantile * ordered.shape[1]), ordered.shape[1] - 1)
    return ordered[:, place].view(-1, *[1] * (numbers.ndim - 1))


def of_positive(numbers, quantile):
    """Take the quantile of each input's positive products."""
    tau = torch.stack([one[one > 0].quantile(quantile) for one in numbers])
    return tau.view(-1, *[1] * (numbers.ndim - 1))


def open_units(a, g, quantile):
    """Take the quantile of each input's open units."""
    found = [(a_n * g_n)[a_n > 0].quantile(quantile) for a_n, g_n in zip(a, g, strict=True)]
    tau = torch.stack(found).view(-1, *[1] * (a.ndim - 1))
    return torch.where(a * g > tau, g, 0.0)


EACH = "Each input has one, over all its units: flatten(1), then quantile(..., dim=1)."
PRODUCTS = "Compare the products a g."
MISTAKES = [
    # what is compared
    swap("by_signal", f"You compare g alone. {PRODUCTS}", product=lambda a, g: g),
    swap("by_activation", f"You compare a alone. {PRODUCTS}", product=lambda a, g: a),
    swap(
        "by_size",
        "You compare absolute values. Signals against the class (negative products) must not pass.",
        product=lambda a, g: (a * g).abs(),
    ),
    # over which numbers the quantile is taken
    swap(
        "over_batch",
        f"You take one threshold for the whole batch. {EACH}",
        threshold=lambda r, q: r.flatten().quantile(q),
    ),
    swap(
        "over_inputs",
        f"You take one threshold for each unit, over the batch. {EACH}",
        threshold=lambda r, q: r.quantile(q, dim=0),
    ),
    swap("each_map", f"You take one threshold for each feature map. {EACH}", threshold=each_map),
    swap(
        "last_axis",
        f"You take one threshold for each line (the last axis). {EACH}",
        threshold=lambda r, q: r.quantile(q, dim=-1, keepdim=True),
    ),
    swap(
        "each_place",
        f"You take one threshold for each place, over the maps (dim=1). {EACH}",
        threshold=lambda r, q: r.quantile(q, dim=1, keepdim=True),
    ),
    swap(
        "first_threshold",
        f"All inputs get the threshold of the first one. {EACH}",
        threshold=lambda r, q: r[0].quantile(q),
    ),
    own(
        "open_units_only",
        f"You take the quantile of the open units (a > 0) only. {EACH}",
        open_units,
    ),
    # another threshold
    swap(
        "rank_too_high",
        "Your threshold is one rank too high. The n sorted products have the ranks 0 to n - 1: the "
        "quantile lies at quantile * (n - 1), on the line between two of them.",
        threshold=ranked,
    ),
    swap(
        "positive_products",
        f"You take the quantile of the positive products only. {EACH}",
        threshold=of_positive,
    ),
    own(
        "quantile_of_signal",
        "You compare a g with the quantile of g, or of a. Take the quantile of the products a g.",
        lambda a, g, quantile: rect_rule(
            a, g, quantile, threshold=lambda *_: each_input(g, quantile)
        ),
    ),
    own(
        "quantile_of_signal",
        "",
        lambda a, g, quantile: rect_rule(
            a, g, quantile, threshold=lambda *_: each_input(a, quantile)
        ),
    ),
    own(
        "counted",
        "You let a fixed number of units pass. The quantile may lie between two products, and "
        "then another number of them is above it.",
        as_many(int),
    ),
    own("counted", "", as_many(round)),
    own("counted", "", as_many(math.ceil)),
    before(
        "other_quantile",
        "You use 1 - quantile. A quantile of 0.98 lets 2 per cent pass.",
        quantile=lambda quantile: 1 - quantile,
    ),
    before(
        "in_percent",
        "You take the quantile for a percentage. It lies between 0 and 1, as in Tensor.quantile.",
        quantile=lambda quantile: quantile / 100,
    ),
    swap(
        "quantile_as_threshold",
        "You compare with the number `quantile`. Compute the quantile of the products first.",
        threshold=lambda r, q: q,
    ),
    swap(
        "at_least_zero",
        "Your threshold never falls below 0. With a low quantile it does: negative signals pass, "
        "too.",
        threshold=lambda r, q: each_input(r, q).relu(),
    ),
    swap(
        "share_of_maximum",
        "You compare with a share of the largest product. A quantile is a share of the units.",
        threshold=lambda r, q: q * each_input(r, 1.0),
    ),
    swap(
        "guided",
        "This is Guided Backprop, the threshold 0. Use the quantile of the products.",
        threshold=lambda r, q: 0,
    ),
    # who passes
    swap(
        "not_strict",
        "You let products pass that equal the threshold. Above is strict: many products are "
        "exactly 0, and so may the threshold be.",
        above=torch.ge,
    ),
    swap("below", "You let the signals below the threshold pass, not those above.", above=torch.le),
    swap("below", "", above=torch.lt),
    after(
        "gate_too",
        "You also ask the gate (a > 0). RectGrad asks the product only: with a threshold below 0 "
        "a closed unit lets its signal pass.",
        lambda passed, a: passed * (a > 0),
    ),
    after(
        "positive_only",
        "You cut off negative signals at the end. With a threshold below 0 they pass, too.",
        torch.relu,
    ),
    # what goes on
    *FIRST_INPUT,
    swap("relevance_goes_on", "The products go on. They only decide; g goes on.", out=torch.mul),
    swap(
        "activation_goes_on",
        "The outputs a go on. They only help to decide; g goes on.",
        out=lambda a, g: a,
    ),
    swap("mask_goes_on", "You return who passes (1 or 0). Multiply by g.", out=lambda a, g: 1.0),
    own(
        "minus_threshold",
        "You return how far the products are above the threshold. There, g goes on.",
        lambda a, g, quantile: (a * g - each_input(a * g, quantile)).relu(),
    ),
]

RECT_RULE = function_task(
    "02.6",
    rect_rule,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each input lets its own strongest signals pass.",
    hints=(
        "First the products a * g. For each input one threshold: flatten all axes but the first.",
        "relevance.flatten(1).quantile(quantile, dim=1, keepdim=True) is one threshold for each "
        "input. The comparison is strict: above, not equal.",
        "relevance = (a * g).flatten(1); tau = relevance.quantile(quantile, dim=1, keepdim=True); "
        "return g * (relevance > tau).view_as(g).",
    ),
)
