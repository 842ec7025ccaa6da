"""Task 06.4: PatternAttribution of a net of dense layers, given its patterns."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["ATTRIBUTION", "GRADER"]


# ---------------------------------------------------------------- cases


def _case(name: str, seed: int, widths: list[int], rows: int) -> Case:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [draw(*pair) for pair in pairs]
    patterns = []
    for W in weights:
        a = W / W.square().sum(1, keepdim=True) + 0.4 * draw(*W.shape)
        patterns.append(a / (W * a).sum(1, keepdim=True))  # w . a = 1, as for every pattern
    return Case(
        name,
        {
            "weights": weights,
            "biases": [draw(o) for o, _ in pairs],
            "patterns": patterns,
            "x": draw(rows, widths[0]),
            "target": torch.arange(rows) % widths[-1],
        },
    )


CASES = (
    _case("one_layer", 1, [3, 2], 2),
    _case("two_layers", 7, [4, 6, 3], 3),
    _case("three_layers", 6, [3, 7, 6, 5], 4),
)


# ---------------------------------------------------------------- right and wrong answers


def _forward(weights, biases, x, last_relu=False):
    """Return the gates of every layer but the last, and the logits."""
    gates, units = [], x
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = units @ W.T + b
        if k < len(weights) - 1 or last_relu:
            gates.append((z > 0).to(z.dtype))
            z = z * gates[-1]
        units = z
    return gates, units


def _back(matrices, gates, R, between=lambda R: R):
    """Hand R (N, K) back through the layers."""
    for k in range(len(matrices) - 1, -1, -1):
        R = between(R @ matrices[k])
        if k:
            R = R * gates[k - 1]
    return R


def _start(logits, target):
    """Return the target's logit in its place, 0 elsewhere: (N, K)."""
    one = torch.zeros_like(logits)
    one[torch.arange(len(logits)), target] = 1.0
    return one, one * logits


def _products(weights, patterns):
    return [W * A for W, A in zip(weights, patterns, strict=True)]


def attribution(weights, biases, patterns, x, target):
    """Return R_i = sum_j w_ij a_ij R_j down to the inputs, (N, D)."""
    gates, logits = _forward(weights, biases, x)
    return _back(_products(weights, patterns), gates, _start(logits, target)[1])


def pattern_net(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(patterns, gates, _start(logits, target)[1])


def gradient(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(weights, gates, _start(logits, target)[0])


def gradient_times_logit(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(weights, gates, _start(logits, target)[1])


def input_x_gradient(weights, biases, patterns, x, target):
    return x * gradient(weights, biases, patterns, x, target)


def starts_at_one(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(_products(weights, patterns), gates, _start(logits, target)[0])


def times_input(weights, biases, patterns, x, target):
    return x * starts_at_one(weights, biases, patterns, x, target)


def gates_forgotten(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(
        _products(weights, patterns), [g * 0 + 1 for g in gates], _start(logits, target)[1]
    )


def relevance_gated(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(
        _products(weights, patterns), gates, _start(logits, target)[1], lambda R: R.clamp_min(0)
    )


def _two_stops(weights, biases, patterns, x, target, gated):
    """Remove negative relevance at the hidden layers, but not at the inputs."""
    gates, logits = _forward(weights, biases, x)
    products, R = _products(weights, patterns), _start(logits, target)[1]
    for k in range(len(products) - 1, 0, -1):
        R = (R @ products[k]).clamp_min(0)
        R = R * gates[k - 1] if gated else R
    return R @ products[0]


def hidden_relevance_gated(weights, biases, patterns, x, target):
    return _two_stops(weights, biases, patterns, x, target, gated=True)


def relevance_for_gates(weights, biases, patterns, x, target):
    return _two_stops(weights, biases, patterns, x, target, gated=False)


def times_units(weights, biases, patterns, x, target):
    units, gates = x, []
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = units @ W.T + b
        units = z.relu() if k < len(weights) - 1 else z
        gates.append(units)
    return _back(_products(weights, patterns), gates[:-1], _start(units, target)[1])


def relu_at_the_end(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x, last_relu=True)
    return _back(_products(weights, patterns), gates[:-1], _start(logits, target)[1])


def biases_forgotten(weights, biases, patterns, x, target):
    return attribution(weights, [0 * b for b in biases], patterns, x, target)


def only_last_layer(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    mixed = [*weights[:-1], weights[-1] * patterns[-1]]
    return _back(mixed, gates, _start(logits, target)[1])


def only_first_layer(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    mixed = [weights[0] * patterns[0], *weights[1:]]
    return _back(mixed, gates, _start(logits, target)[1])


def sizes(weights, biases, patterns, x, target):
    return attribution(weights, biases, patterns, x, target).abs()


def positive_products(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    positive = [P.clamp_min(0) for P in _products(weights, patterns)]
    return _back(positive, gates, _start(logits, target)[1])


def all_classes(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(_products(weights, patterns), gates, logits)


def best_class(weights, biases, patterns, x, target):
    _, logits = _forward(weights, biases, x)
    return attribution(weights, biases, patterns, x, logits.argmax(1))


def first_target(weights, biases, patterns, x, target):
    return attribution(weights, biases, patterns, x, target[:1].expand(len(x)))


def all_targets(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    asked = torch.zeros_like(logits)
    asked[:, target] = 1
    return _back(_products(weights, patterns), gates, asked * logits)


def probability(weights, biases, patterns, x, target):
    gates, logits = _forward(weights, biases, x)
    return _back(_products(weights, patterns), gates, _start(logits.softmax(1), target)[1])


WRONG = {
    function.__name__: function
    for function in (
        pattern_net,
        gradient,
        gradient_times_logit,
        input_x_gradient,
        starts_at_one,
        times_input,
        gates_forgotten,
        relevance_gated,
        times_units,
        relu_at_the_end,
        biases_forgotten,
        only_last_layer,
        only_first_layer,
        sizes,
        positive_products,
        all_classes,
        best_class,
        first_target,
        all_targets,
        probability,
    )
}

ALSO = {"relevance_gated": (hidden_relevance_gated, relevance_for_gates)}

GRADER = CaseGrader("06.4", CASES, attribution, WRONG, also=ALSO)

ATTRIBUTION = Task(
    id="06.4",
    grade=GRADER,
    reference=attribution,
    misconceptions=WRONG,
)
