"""Task 08.2, first part: the split, and wrong ones that need a function of their own."""

import torch

from xaicourse.course.grading.shared_mistakes import pick

__all__ = [
    "behind_the_relu",
    "biases_of_open_units",
    "gates_without_bias",
    "integrated",
    "rest_to_the_input",
    "rise_without",
    "split",
    "without_gates",
]


def split(
    weights, biases, x, target, *, relu=torch.relu, score=pick, share=lambda layer, s, v: s * v
):
    """Return (N, 1 + L): the share of the input, then the share of each layer's bias."""
    own_biases = [b.expand(len(x), -1) for b in biases]  # (N, out): one for each input
    leaves = [v.detach().clone().requires_grad_() for v in (x, *own_biases)]
    z = leaves[0]
    for layer, (w, b) in enumerate(zip(weights, leaves[1:], strict=True)):
        z = (relu(z) if layer else z) @ w.T + b
    slopes = torch.autograd.grad(score(z, target).sum(), leaves)
    pairs = enumerate(zip(slopes, (v.detach() for v in leaves), strict=True))
    return torch.stack([share(layer, s, v).sum(1) for layer, (s, v) in pairs], dim=1)


# ---------------------------------------------------------------- wrong ones


def behind_the_relu(weights, biases, x, target):
    """Take the slopes of what comes out of each layer, behind its relu."""
    units = [x.detach().clone().requires_grad_()]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = units[-1] @ w.T + b
        units.append(z.relu() if layer < len(biases) - 1 else z)
    slopes = torch.autograd.grad(pick(units[-1], target).sum(), units)
    return torch.stack([(s * v).sum(1) for s, v in zip(slopes, [x, *biases], strict=True)], dim=1)


def rise_without(weights, biases, x, target, columns=slice(None)):
    """Take what the score loses without the input, and without each bias, in these columns."""
    values = [x, *biases]

    def score(left_out):
        x, *biases = [v * (k != left_out) for k, v in enumerate(values)]
        return split(weights, biases, x, target).sum(1)  # the shares add up to it

    shares = split(weights, biases, x, target)
    lost = torch.stack([score(None) - score(k) for k in range(len(values))], dim=1)
    shares[:, columns] = lost[:, columns]
    return shares


def rest_to_the_input(weights, biases, x, target):
    """Remove each bias in turn; what they do not take from the score belongs to the input."""
    shares = rise_without(weights, biases, x, target, slice(1, None))
    score = split(weights, biases, x, target).sum(1)
    return torch.column_stack([score - shares[:, 1:].sum(1), shares[:, 1:]])


def without_gates(weights, biases, x, target):
    """Leave the gates out for the biases, not for the input."""
    shares = split(weights, biases, x, target, relu=lambda z: z)
    shares[:, 0] = split(weights, biases, x, target)[:, 0]
    return shares


def open_gates(weights, biases, x):
    """Return what is open in each hidden layer, (N, units)."""
    z, gates = x, []
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        z = (z @ w.T + b).relu()
        gates.append(z > 0)
    return gates


def biases_of_open_units(weights, biases, x, target):
    """Add up the biases of the open units, without what the later layers do with them."""
    pairs = zip(open_gates(weights, biases, x), biases, strict=False)
    first = split(weights, biases, x, target)[:, 0]
    return torch.stack([first, *((gate * b).sum(1) for gate, b in pairs), biases[-1][target]], 1)


def gates_without_bias(weights, biases, x, target):
    """Open the gates that are open in the net without its biases."""
    gates = open_gates(weights, [0 * b for b in biases], x)
    return split(weights, biases, x, target, relu=lambda z: z * gates.pop(0))


def integrated(weights, biases, x, target, steps=200):
    """Take the mean slope on the way from 0 for the input, and leave the rest to the biases."""
    ways = [(k + 0.5) / steps for k in range(steps)]
    slopes = [split(weights, biases, way * x, target)[:, 0] / way for way in ways]
    shares = split(weights, biases, x, target)
    shares[:, 0] = torch.stack(slopes).mean(0)
    return shares
