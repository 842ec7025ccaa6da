"""Nets whose gates and deviations are held fast: gradient x input of them is what LRP-0 must give.

f(z) is written as z times the constant f(z) / z; what gets no relevance is cut off the graph.
"""

import torch
from torch.nn import functional as F

import xaicourse as xc

DOUBLE = torch.float64


def waves(*shape, turn=1.0):
    """Return fixed numbers of both signs, none of them 0."""
    count = torch.Size(shape).numel()
    return torch.sin(turn + 1.7 * torch.arange(1, count + 1, dtype=DOUBLE)).view(shape)


X = waves(3, 6)
W1, W2, W3 = waves(8, 6, turn=2.0), waves(8, 8, turn=3.0), waves(3, 8, turn=4.0)
B1 = waves(8, turn=5.0)
C = waves(8, turn=6.0)


def first(z):
    return F.linear(z, W1, B1)


def second(z):
    return F.linear(first(z), W2)


def last(h):
    return F.linear(h, W3)


def passed(f, h):
    """f(h) as h times a constant."""
    ratio = torch.where(h == 0, 0.0, f(h) / h)
    return h * ratio.detach()


def zero_rule(model, x=X):
    return xc.lrp(model, x, 1, rules="zero", return_details=True)


def books_are_even(found, model, close, x=X):
    total = found.values.flatten(1).sum(1) + found.extra["absorbed"]
    close(total, xc.scores(model, x, 1), 1e-9)


def gradient_x_input(model, x, target=1):
    x = x.clone().requires_grad_(True)
    return x.detach() * torch.autograd.grad(model(x)[:, target].sum(), x)[0]


def as_it_is(gate):
    return gate


def root(v, eps, fixed):
    return fixed((v + eps).sqrt())


def written_norm(h, dims, fixed, weight=1.0, bias=0.0, eps=1e-5):
    u = h.mean(dims, keepdim=True)
    v = (h - u).square().mean(dims, keepdim=True)
    return (h - u) / root(v, eps, fixed) * weight + bias
