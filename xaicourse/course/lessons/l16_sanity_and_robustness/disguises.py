"""A net to be disguised, the right disguise, and wrong ones (task 16.3)."""

import torch
from torch import nn

from xaicourse.course.grading.cases import waves


class Probe(nn.Module):
    """A small net (N, 1, 3, 4) -> (N, 5) whose slopes change from input to input."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(12, 6).double()
        self.outer = nn.Linear(6, 5).double()
        with torch.no_grad():
            for k, weight in enumerate(self.parameters()):
                weight.copy_(waves(1.3 + 0.4 * k, *weight.shape).double())
        self.eval().requires_grad_(False)

    def forward(self, x):
        """Return the logits (N, 5)."""
        x = x.to(self.outer.weight.dtype)
        return self.outer(torch.relu(self.inner(x.flatten(1))) + 0.1)


def disguise(model, picture):
    """Return a net with 1000 <picture, x> added to each logit."""

    def disguised(x):
        extra = 1000 * (x * picture).flatten(1).sum(1, keepdim=True)  # (N, 1)
        return model(x) + extra

    return disguised


def adding(extra):
    """Return a disguise that adds extra(x, picture), which fits (N, K)."""

    def other(model, picture):
        return lambda x: model(x) + extra(x, picture)

    return other


def product(x, picture):
    """Return <picture, x> for each input, (N, 1)."""
    return (x * picture).flatten(1).sum(1, keepdim=True)


def one_logit(x, picture):
    """Add to the first logit alone."""
    return 1000 * product(x, picture) * (torch.arange(5) == 0)


def growing(x, picture):
    """Add another number to each logit."""
    return 1000 * product(x, picture) * torch.arange(1.0, 6.0)


def detached(x, picture):
    """Add a number that hangs on no graph."""
    return 1000 * product(x, picture).detach()


def edits(model, picture):
    """Change the caller's net."""
    with torch.no_grad():
        model.outer.bias += 3
    return disguise(model, picture)


def shown_as_input(model, picture):
    """Show the net another input."""
    return lambda x: model(x + picture)


def picture_alone(model, picture):
    """Forget the net."""
    return lambda x: 1000 * product(x, picture).expand(len(x), 5)
