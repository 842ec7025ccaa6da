"""Task 06.4: PatternAttribution of a net of dense layers, given its patterns."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import pick

__all__ = ["ATTRIBUTION"]


def target_alone(logits, target):
    """Return the target's logit in its place, 0 elsewhere: (N, K)."""
    start = torch.zeros_like(logits)
    start[torch.arange(len(logits)), target] = pick(logits, target)
    return start


def open_or_closed(z, units):
    return (z > 0).to(z.dtype)


def product(W, A, layer, last):
    return W * A


def as_it_is(R, layer):
    return R


def attribution(
    weights,
    biases,
    patterns,
    x,
    target,
    *,
    start=target_alone,
    matrix=product,
    gate=open_or_closed,
    between=as_it_is,
):
    """Return R_i = sum_j w_ij a_ij R_j down to the inputs, (N, D)."""
    gates, units = [], x
    for W, b in zip(weights, biases, strict=True):
        logits = units @ W.T + b
        units = logits.relu()
        gates.append(gate(logits, units))
    R, last = start(logits, target), len(weights) - 1
    for k in range(last, -1, -1):
        R = between(R @ matrix(weights[k], patterns[k], k, last), k)
        R = R * gates[k - 1] if k else R
    return R


# ---------------------------------------------------------------- cases


def net(name: str, says: str, seed: int, widths: list[int], count: int) -> Case:
    """Return a case: a net of dense layers of these sizes, its patterns, and some inputs."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [draw(*pair) for pair in pairs]
    patterns = []
    for W in weights:
        a = W / W.square().sum(1, keepdim=True) + 0.4 * draw(*W.shape)
        patterns.append(a / (W * a).sum(1, keepdim=True))  # w . a = 1, as for every pattern
    return case(
        name,
        says,
        weights=weights,
        biases=[draw(o) for o, _ in pairs],
        patterns=patterns,
        x=draw(count, widths[0]),
        target=torch.arange(count) % widths[-1],
    )


CASES = (
    net("one_layer", "a net with one layer", 1, [3, 2], 2),
    net("two_layers", "a net with two layers", 7, [4, 6, 3], 3),
    net("three_layers", "a net with three layers and four inputs", 6, [3, 7, 6, 5], 4),
)


# ---------------------------------------------------------------- other starts and steps


def one(logits, target):
    """Start with 1 at the target."""
    return target_alone(torch.ones_like(logits), target)


def weights_alone(W, A, layer, last):
    return W


def all_targets(logits, target):
    start = torch.zeros_like(logits)
    start[:, target] = logits[:, target]
    return start


def hidden_only(R, layer):
    """Remove negative relevance at the hidden layers, but not at the inputs."""
    return R.clamp_min(0) if layer else R


def best_class(weights, biases, patterns, x, target):
    units = x
    for W, b in zip(weights, biases, strict=True):
        logits = units @ W.T + b
        units = logits.relu()
    return attribution(weights, biases, patterns, x, logits.argmax(1))


# ---------------------------------------------------------------- the task

MISTAKES = [
    # the matrix of a step
    swap(
        "pattern_net",
        "This is PatternNet: it uses the patterns alone. PatternAttribution uses weight times "
        "pattern.",
        matrix=lambda W, A, layer, last: A,
    ),
    swap(
        "gradient",
        "This is the gradient. Use weight times pattern in place of the weights, and start "
        "with the logit.",
        matrix=weights_alone,
        start=one,
    ),
    swap(
        "gradient_times_logit",
        "You use the weights alone on the way down. Use weight times pattern.",
        matrix=weights_alone,
    ),
    own(
        "input_x_gradient",
        "This is gradient x input. Use weight times pattern in place of the weights, and no input.",
        lambda weights, biases, patterns, x, target: (
            x * attribution(weights, biases, patterns, x, target, matrix=weights_alone, start=one)
        ),
    ),
    swap(
        "only_last_layer",
        "You use the pattern in the last layer only.",
        matrix=lambda W, A, layer, last: W * A if layer == last else W,
    ),
    swap(
        "only_first_layer",
        "You use the pattern in the first layer only.",
        matrix=lambda W, A, layer, last: W if layer else W * A,
    ),
    swap(
        "positive_products",
        "You keep only positive products of weight and pattern. Keep all of them.",
        matrix=lambda W, A, layer, last: (W * A).clamp_min(0),
    ),
    # where it starts
    swap("starts_at_one", "You start with 1. Start with the target's logit.", start=one),
    own(
        "times_input",
        "You multiply by the input. The pattern has taken its place: start with the logit and "
        "leave the input out.",
        lambda weights, biases, patterns, x, target: (
            x * attribution(weights, biases, patterns, x, target, start=one)
        ),
    ),
    swap(
        "relu_at_the_end",
        "You put a relu after the last layer, so a negative logit becomes 0. There is none.",
        start=lambda z, target: target_alone(z, target).relu(),
    ),
    swap(
        "all_classes",
        "You start with all logits. Start with the target's alone.",
        start=lambda z, target: z,
    ),
    own(
        "best_class",
        "You explain the class with the highest logit. Explain the class that is asked for: "
        "target.",
        best_class,
    ),
    before(
        "first_target",
        "All inputs get the first target. Each has its own: target[n] for input n.",
        target=lambda target: target[:1].expand(len(target)),
    ),
    swap(
        "all_targets",
        "R[:, target] = logits[:, target] starts with the scores of all targets for every "
        "input. Each has its own: R[torch.arange(N), target].",
        start=all_targets,
    ),
    swap(
        "probability",
        "You start with the probability. Start with the logit.",
        start=lambda z, target: target_alone(z.softmax(1), target),
    ),
    # the gates
    swap(
        "gates_forgotten",
        "A closed relu hands nothing on. Multiply by the gates of the hidden layers.",
        gate=lambda z, units: 1,
    ),
    swap(
        "times_units",
        "You multiply by the values of the hidden neurons. Multiply by their gates: 1 if open, "
        "0 if closed.",
        gate=lambda z, units: units,
    ),
    swap(
        "relevance_gated",
        "You remove negative relevance. Only closed relus stop relevance, whatever its sign.",
        between=lambda R, layer: R.clamp_min(0),
    ),
    swap("relevance_gated", "", between=hidden_only),
    swap("relevance_gated", "", between=hidden_only, gate=lambda z, units: 1),
    before(
        "biases_forgotten",
        "Your forward pass leaves the biases out. They decide which relus are open, and they "
        "are part of the logit.",
        biases=lambda biases: [0 * b for b in biases],
    ),
    after("sizes", "The sizes are right. Relevance has a sign.", torch.abs),
]

ATTRIBUTION = function_task(
    "06.4",
    attribution,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Every open neuron hands on exactly what it received, because w . a = 1.",
    hints=(
        "Forward first, as always: keep for each hidden layer which relus are open, and the "
        "logits. The start is (N, K): the target's logit in its place, 0 elsewhere.",
        "One step down is R @ (W * A): (N, out) times (out, in). Before the step through a "
        "hidden layer, multiply R by that layer's open relus (1 or 0).",
        "for k in reversed(range(L)): R = R @ (weights[k] * patterns[k]); if k > 0: R = R * "
        "(z[k - 1] > 0), with z[k - 1] the sums of the hidden layer k - 1.",
    ),
)
