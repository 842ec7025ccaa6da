"""Lines of lesson 03 with the stub's names, as a student in a hurry would hand them in."""

import torch


def lrp_epsilon(weights, biases, x, target, epsilon):
    """Section 2: the small example, one unit with one bias, for all units at once."""
    inputs = [x]
    for W, b in zip(weights, biases, strict=True):
        inputs.append((inputs[-1] @ W.T + b).relu())
    R = inputs.pop()
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        z = (a @ W.T + b).sum()
        R = a * ((R / (z + epsilon * torch.sign(z))) @ W)
    return R


def rescale(weights, biases, x, baseline, target):
    """The answer to 03.2, with almost no epsilon, for the change of the input."""
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append((inputs[-1] @ W.T + b).relu())
    logits = inputs[-1] @ weights[-1].T + biases[-1]
    places = torch.arange(len(x))
    R = torch.zeros_like(logits)
    R[places, target] = logits[places, target]
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        z = a @ W.T + b
        R = a * ((R / (z + 1e-9 * torch.where(z >= 0, 1.0, -1.0))) @ W)
    return R / x * (x - baseline)


def likeness(maps):
    """Section 6: `cosine`, of each map with the next."""

    def cosine(a, b):
        return float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0))

    pairs = [cosine(maps[k], maps[k + 1]) for k in range(len(maps) - 1)]
    return sum(pairs) / len(pairs)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "03.2": (lrp_epsilon, None),
    "03.3": (rescale, "slopes_at_x"),
    "03.4": (likeness, None),
}
