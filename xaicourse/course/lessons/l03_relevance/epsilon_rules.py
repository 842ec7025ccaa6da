"""LRP-epsilon for a dense ReLU net, and rules in its place that are mistakes."""

from functools import partial

import torch

from xaicourse.course.grading.shared_mistakes import pick
from xaicourse.course.lessons.l03_relevance.nets import run

__all__ = [
    "bias_in_equal_parts",
    "by_shares",
    "epsilon_rule",
    "lrp_epsilon",
    "never_times_x",
    "sign",
    "stable_by",
    "sums_for_outputs",
    "times_slope",
]


def sign(z):
    """Return 1 where z is 0 or more, else -1."""
    return torch.where(z >= 0, 1.0, -1.0).to(z)


def epsilon_rule(a, W, b, R, epsilon, *, stable=lambda z, b, epsilon: z + epsilon * sign(z)):
    """Return R_i = a_i sum_j w_ij R_j / (z_j + epsilon sign(z_j))."""
    return a * ((R / stable(a @ W.T + b, b, epsilon)) @ W)


def times_slope(z, target, score):
    """Return R (N, K) = z times the slopes of a score: the target's own score, 0 elsewhere."""
    z = z.detach().requires_grad_()
    with torch.enable_grad():
        return z.detach() * torch.autograd.grad(score(z, target).sum(), z)[0]


def lrp_epsilon(
    weights, biases, x, target, epsilon, *, score=pick, start=times_slope, rule=epsilon_rule
):
    """Return the relevance of each input, (N, D)."""
    inputs, sums = run(weights, biases, x)
    R = start(sums[-1], target, score)
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        R = rule(a, W, b, R, epsilon)
    return R


# ---------------------------------------------------------------- wrong rules


def stable_by(stable):
    """Return the rule with another denominator, ``stable(z, b, epsilon)``."""
    return partial(epsilon_rule, stable=stable)


def bias_in_equal_parts(a, W, b, R, epsilon):
    """Share bias and epsilon among the inputs, in equal parts: nothing is absorbed."""
    found = epsilon_rule(a, W, b, R, epsilon)
    return found + (R.sum(1, keepdim=True) - found.sum(1, keepdim=True)) / a.shape[1]


def never_times_x(a, W, b, R, epsilon):
    """Leave out the inputs of every layer."""
    return epsilon_rule(torch.ones_like(a), W, b + a @ W.T - W.sum(1), R, epsilon)


def by_shares(change):
    """Return a rule that shares out in proportion to ``change(x w)``, which has no signs."""

    def rule(a, W, b, R, epsilon):
        share = change(a[:, None] * W)  # (N, out, in)
        return (share * (R / (share.sum(2) + epsilon))[..., None]).sum(1)

    return rule


def sums_for_outputs(weights, biases, x, target, epsilon, *, relu=torch.relu):
    """Take a unit's sum where its output after the relu belongs."""
    sums = []
    for W, b in zip(weights, biases, strict=True):
        sums.append((relu(sums[-1]) if sums else x) @ W.T + b)
    R = times_slope(sums[-1], target, pick)
    for W, a, z in reversed(list(zip(weights, [x, *sums[:-1]], sums, strict=True))):
        R = a * ((R / (z + epsilon * sign(z))) @ W)
    return R
