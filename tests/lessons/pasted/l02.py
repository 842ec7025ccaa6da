"""Lines of lesson 02 with the stub's names, as a student in a hurry would hand them in."""

import torch
from torch import nn


def cosine(a, b):
    """Section 1."""
    return float(nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def my_guided(layers, x, target):
    """Section 3: `hooked_guided`, of the layers as one net."""
    net = nn.Sequential(*layers)

    def note_gate(module, inputs, output):
        module.gate = output > 0

    def change_rule(module, grad_input, grad_output):
        return (module.gate * grad_output[0].clamp(min=0),)

    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(note_gate)
            module.register_full_backward_hook(change_rule)
    point = x.clone().requires_grad_()
    return torch.autograd.grad(net(point).sum(), point)[0]


def with_control(a, b, order):
    """Section 5: the photo's size stands in the line that shuffles."""
    mixed = a.flatten()[order].view(224, 224)
    return cosine(a, b), cosine(mixed, b)


def rect_rule(a, g, quantile):
    """Section 2: the rule of Guided Backprop, which has no threshold."""
    gate = (a > 0).double()
    return gate * torch.relu(g)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "02.2": (my_guided, None),
    "02.3": (with_control, None),
    "02.6": (rect_rule, "guided"),
}
