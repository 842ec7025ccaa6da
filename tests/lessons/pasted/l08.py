"""Lines of lesson 08 with the stub's names, as a student in a hurry would hand them in."""

import torch


def split(weights, biases, x, target):
    """Section 3: its recipe with one set of biases for all inputs, each share as one sum."""
    leaves = [leaf.clone().requires_grad_() for leaf in (x, *biases)]
    point, *own = leaves
    for k, (weight, bias) in enumerate(zip(weights, own, strict=True)):
        point = point @ weight.T + bias
        if k < len(weights) - 1:
            point = torch.relu(point)
    f = point.sum()
    slopes = torch.autograd.grad(f, leaves)
    return torch.stack([(s * v).sum().detach() for s, v in zip(slopes, leaves, strict=True)])


def implicit_bias(f, u):
    """Section 3: slope times value, of the only leaf that is there."""
    point = u.clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(point).sum(), point)
    return (slope * point + 0.0).detach()


def picture(terms):
    """Section 6: all shares at their places, added up with their signs."""
    return terms.sum(1)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "08.2": (split, None),
    "08.3": (implicit_bias, "only_the_slope_part"),
    "08.4": (picture, "signed_sum"),
}
