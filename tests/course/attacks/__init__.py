"""Attacks on the checker: answers that forge a verdict, leave things behind, or lie.

They were written before the checker was mended against them, and are not to be weakened.
"""

from collections.abc import Callable

import torch


def plain(model, x, target):
    """The right answer to 01.2."""
    x = x.detach().clone().requires_grad_()
    scores = model(x)
    rows = torch.arange(len(x))
    return torch.autograd.grad(scores[rows, target].sum(), x)[0]


def wrong(model, x, target):
    """A wrong answer to 01.2."""
    return 2 * x + 1


def collector() -> tuple[dict[str, Callable], Callable]:
    """Return a table of attacks, and a decorator that enters a function in it."""
    table: dict[str, Callable] = {}

    def enter(function):
        table[function.__name__] = function
        return function

    return table, enter
