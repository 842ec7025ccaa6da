"""Answers to the tasks of lesson 10 by an attacker who had not seen the checkers, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import functools
import itertools
from fractions import Fraction

import numpy as np
import torch

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()


def given(kind, task, name, truth, answer):
    """Add an answer, or decorate a function that is one."""
    if answer is not None:
        return B.add(kind, task, name, truth, answer)
    return lambda function: B.add(kind, task, name, truth, function)


def w(task, name, truth, answer=None):
    return given("wrong", task, name, truth, answer)


def r(task, name, truth="", answer=None):
    return given("right", task, name, truth, answer)


# ====================================================================== 10.1 crossing
@w("10.1", "ge", ">= in place of >: counts a place that reaches exactly the share")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise >= share:
            return k


@w("10.1", "rise_only", "score > start + share*rise: right for rises only, a falling score gives 0")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if s > scores[0] + share * rise:
            return k


@w("10.1", "max_end", "rise to the largest score in place of the last score")
def _(scores, share):
    rise = scores.max() - scores[0]
    if scores[-1] == scores[0]:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "abs_rise", "abs of the rise, but not of the numerator: falling scores never reach it")
def _(scores, share):
    rise = (scores[-1] - scores[0]).abs()
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w(
    "10.1",
    "abs_both",
    "abs of both differences: a score that first moves to the other side counts as reached",
)
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if abs(s - scores[0]) / abs(rise) > share:
            return k


@w("10.1", "last_crossing", "takes the last crossing (stays above for good), not the first")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    shares = (scores - scores[0]) / rise
    below = [k for k, v in enumerate(shares) if v <= share]
    return below[-1] + 1


@w("10.1", "alpha", "returns the place alpha = k/(K-1), not the index")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k / (len(scores) - 1)


@w("10.1", "plus_one", "counts places from 1: one too many")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores, start=1):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "enumerate_tail", "enumerates scores[1:] and forgets to add 1: one too few")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores[1:]):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "before", "returns the last place before the crossing (first with more, minus 1)")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    shares = (scores - scores[0]) / rise
    return int((shares > share).nonzero()[0]) - 1


@w("10.1", "count", "counts all places at or below the share; wrong once the score turns back")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    return int((((scores - scores[0]) / rise) <= share).sum())


@w("10.1", "forgets_start", "score / last score > share: forgets to subtract the first score")
def _(scores, share):
    if scores[0] == scores[-1]:
        return None
    for k, s in enumerate(scores):
        if s / scores[-1] > share:
            return k


@w("10.1", "no_none", "no test for a rise of 0: divides by 0 and returns a place")
def _(scores, share):
    rise = scores[-1] - scores[0]
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "minus_one", "returns -1 in place of None when first and last score are equal")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return -1
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w(
    "10.1",
    "none_if_constant",
    "returns None only if all scores are equal, not if first and last are",
)
def _(scores, share):
    if scores.max() == scores.min():
        return None
    rise = scores[-1] - scores[0]
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "minmax", "normalises by minimum and maximum instead of first and last")
def _(scores, share):
    if scores[0] == scores[-1]:
        return None
    v = (scores - scores.min()) / (scores.max() - scores.min())
    return int((v > share).float().argmax())


@w("10.1", "path_length", "share of the summed |changes| instead of the share of the rise")
def _(scores, share):
    if scores[0] == scores[-1]:
        return None
    c = scores.diff().abs().cumsum(0)
    return int((c / c[-1] > share).float().argmax()) + 1


@w("10.1", "hard_09", "hard-codes 0.9 in place of share")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > 0.9:
            return k


@w("10.1", "searchsorted", "binary search, assumes that the scores only rise")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    return int(
        torch.searchsorted(
            ((scores - scores[0]) / rise).contiguous(),
            torch.tensor(share, dtype=scores.dtype),
            right=True,
        )
    )


@w("10.1", "mutates", "subtracts the first score in place: the argument is changed")
def _(scores, share):
    scores -= scores[0].clone()
    if scores[-1] == 0:
        return None
    for k, s in enumerate(scores):
        if s / scores[-1] > share:
            return k


@w("10.1", "none_for_falls", "returns None for every score that does not rise (rise <= 0)")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise <= 0:
        return None
    for k, s in enumerate(scores):
        if (s - scores[0]) / rise > share:
            return k


@w("10.1", "returns_score", "returns the score there, not its index")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for s in scores:
        if (s - scores[0]) / rise > share:
            return s


@w("10.1", "nearest", "returns the place whose share is nearest to the share")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    return int(((scores - scores[0]) / rise - share).abs().argmin())


@w(
    "10.1",
    "fall_complement",
    "for a fall it waits until the score is below share * start (complement of the share)",
)
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, s in enumerate(scores):
        if rise > 0 and s > scores[0] + share * rise:
            return k
        if rise < 0 and s < share * scores[0]:
            return k


@r("10.1", "numpy_int", "NumPy, returns np.int64")
def _(scores, share):
    s = scores.detach().cpu().numpy().astype(np.float64)
    if s[0] == s[-1]:
        return None
    return np.flatnonzero((s - s[0]) / (s[-1] - s[0]) > share)[0]


@r("10.1", "tensor_index", "returns a 0-d tensor as index")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    return ((scores - scores[0]) / rise > share).nonzero()[0, 0]


@r("10.1", "two_cases", "a case for the fall: compares with the threshold from below")
def _(scores, share):
    a, b = float(scores[0]), float(scores[-1])
    if a == b:
        return None
    sign = 1 if b > a else -1
    return next(k for k, s in enumerate(scores.tolist()) if sign * (s - a) > sign * share * (b - a))


class Crossing:
    def __call__(self, scores, share):
        d = scores - scores[0]
        if d[-1] == 0:
            return None
        hit = d / d[-1] > share
        return int(hit.int().argmax())


r("10.1", "class_argmax", "class with __call__, argmax of a mask", Crossing())


@r("10.1", "takewhile", "counts the places of takewhile (only those before the first crossing)")
def _(scores, share):
    s = scores.tolist()
    if s[0] == s[-1]:
        return None
    return sum(1 for _ in itertools.takewhile(lambda v: (v - s[0]) / (s[-1] - s[0]) <= share, s))


@r("10.1", "cummax", "running maximum of the shares, then the count below: right")
def _(scores, share):
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    best = ((scores - scores[0]) / rise).cummax(0).values
    return int((best <= share).sum())


@r("10.1", "recursive", "recursion on the tail")
def R_first(scores, share):
    return R_rec(scores, share, 0)


def R_rec(scores, share, k):
    if scores[0] == scores[-1]:
        return None
    if (scores[k] - scores[0]) / (scores[-1] - scores[0]) > share:
        return k
    return R_rec(scores, share, k + 1)


# ====================================================================== 10.2 IDGI
def grads(F, p):
    q = p.detach().clone().requires_grad_()
    return torch.autograd.grad(F(q).sum(), q)[0]


def mids(points):
    return (points[1:] + points[:-1]) / 2


def safe(sq, dim=1):
    t = sq.sum(dim, keepdim=True)
    return sq / torch.where(t > 0, t, torch.ones_like(t))


@w("10.2", "left_gradient", "gradient at the start of each step, not in its middle")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, points[:-1]) ** 2)).sum(0)


@w("10.2", "right_gradient", "gradient at the end of each step, not in its middle")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, points[1:]) ** 2)).sum(0)


@w("10.2", "abs_shares", "shares by |g|, not by g squared")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, mids(points)).abs())).sum(0)


@w("10.2", "norm_division", "divides by the length of the gradient, not by its square")
def _(F, points):
    ch = F(points).detach().diff()
    g = grads(F, mids(points))
    n = g.norm(dim=1, keepdim=True)
    return (ch[:, None] * g**2 / torch.where(n > 0, n, 1)).sum(0)


@w("10.2", "signed_shares", "shares g / sum g: forgets the square")
def _(F, points):
    ch = F(points).detach().diff()
    g = grads(F, mids(points))
    t = g.sum(1, keepdim=True)
    return (ch[:, None] * g / torch.where(t != 0, t, 1)).sum(0)


@w("10.2", "signed_squares", "shares carry the sign of the gradient: g|g| / sum g^2")
def _(F, points):
    ch = F(points).detach().diff()
    g = grads(F, mids(points))
    return (ch[:, None] * safe(g**2) * g.sign()).sum(0)


@w("10.2", "global_total", "divides by the sum of squares over all steps, not by each step's own")
def _(F, points):
    ch = F(points).detach().diff()
    sq = grads(F, mids(points)) ** 2
    return (ch[:, None] * sq).sum(0) / sq.sum()


@w("10.2", "wrong_axis", "normalises over the steps (dim 0), not over the inputs")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2, 0)).sum(0)


@w("10.2", "abs_change", "size of the change: a step where F falls counts as positive")
def _(F, points):
    ch = F(points).detach().diff().abs()
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0)


@w("10.2", "times_distance", "multiplies by x - x' at the end, as Integrated Gradients does")
def _(F, points):
    ch = F(points).detach().diff()
    return (points[-1] - points[0]) * (ch[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0)


@w("10.2", "squared_steps", "shares by (g * step)^2 : puts the distance into the share")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe((grads(F, mids(points)) * points.diff(dim=0)) ** 2)).sum(0)


@w("10.2", "plain_ig", "Integrated Gradients: gradient times step, summed")
def _(F, points):
    return (grads(F, mids(points)) * points.diff(dim=0)).sum(0)


@w("10.2", "mean_share", "whole rise times the mean share: all steps get the same weight")
def _(F, points):
    s = F(points).detach()
    return (s[-1] - s[0]) * safe(grads(F, mids(points)) ** 2).mean(0)


@w("10.2", "mean_steps", "mean over the steps in place of the sum")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2)).mean(0)


@w("10.2", "nan_unguarded", "no guard: 0/0 is NaN where the gradient is 0")
def _(F, points):
    ch = F(points).detach().diff()
    sq = grads(F, mids(points)) ** 2
    return (ch[:, None] * sq / sq.sum(1, keepdim=True)).sum(0)


@w("10.2", "zero_equal", "where the gradient is 0 the change is shared equally")
def _(F, points):
    ch = F(points).detach().diff()
    sq = grads(F, mids(points)) ** 2
    t = sq.sum(1, keepdim=True)
    sh = torch.where(t > 0, sq / torch.where(t > 0, t, 1), torch.full_like(sq, 1 / sq.shape[1]))
    return (ch[:, None] * sh).sum(0)


@w("10.2", "unsummed", "returns (n, D), forgets the sum over the steps")
def _(F, points):
    ch = F(points).detach().diff()
    return ch[:, None] * safe(grads(F, mids(points)) ** 2)


@w("10.2", "batch_shape", "returns (1, D) instead of (D,)")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0, keepdim=True)


@w(
    "10.2",
    "even_middles",
    "middles of an even straight line from first to last: ignores steps of different length",
)
def _(F, points):
    n = len(points) - 1
    a = ((torch.arange(n, dtype=points.dtype) + 0.5) / n)[:, None]
    line = points[0] + a * (points[-1] - points[0])
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, line) ** 2)).sum(0)


@w("10.2", "eps_large", "adds 1e-2 to the sum of squares: the shares do not add up to 1")
def _(F, points):
    ch = F(points).detach().diff()
    sq = grads(F, mids(points)) ** 2
    return (ch[:, None] * sq / (sq.sum(1, keepdim=True) + 1e-2)).sum(0)


@w("10.2", "clamp_falls", "drops the steps in which F falls")
def _(F, points):
    ch = F(points).detach().diff().clamp(min=0)
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0)


@w("10.2", "reversed_change", "F(p_k) - F(p_k+1): the sign of the change is wrong")
def _(F, points):
    s = F(points).detach()
    return ((s[:-1] - s[1:])[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0)


@w("10.2", "last_step_lost", "range(n - 1): leaves out the last step")
def _(F, points):
    out = torch.zeros_like(points[0])
    s = F(points).detach()
    for k in range(len(points) - 2):
        g = grads(F, ((points[k] + points[k + 1]) / 2)[None])[0] ** 2
        if g.sum() > 0:
            out = out + (s[k + 1] - s[k]) * g / g.sum()
    return out


@w("10.2", "mutates_points", "computes the middles in place: changes points")
def _(F, points):
    ch = F(points).detach().diff()
    points[:-1] += points[1:].clone()
    points[:-1] /= 2
    return (ch[:, None] * safe(grads(F, points[:-1]) ** 2)).sum(0)


@w(
    "10.2",
    "requires_grad_left",
    "points.requires_grad_() on the argument itself: it is not left as it was",
)
def _(F, points):
    points.requires_grad_()
    middle = (points[1:] + points[:-1]) / 2
    g = torch.autograd.grad(F(middle).sum(), middle)[0]
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(g**2)).sum(0).detach()


@w("10.2", "gradient_at_x", "one gradient, at the photo p_n, for all steps")
def _(F, points):
    s = F(points).detach()
    return (s[-1] - s[0]) * safe(grads(F, points[-1:]) ** 2)[0]


@w("10.2", "softmax_shares", "softmax of the gradients as shares")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * grads(F, mids(points)).softmax(1)).sum(0)


@w(
    "10.2",
    "mean_end_gradients",
    "mean of the gradients at the two ends of a step, not the gradient in the middle",
)
def _(F, points):
    ch = F(points).detach().diff()
    g = grads(F, points)
    return (ch[:, None] * safe(((g[1:] + g[:-1]) / 2) ** 2)).sum(0)


@r("10.2", "loop", "one step after the other, one row each")
def _(F, points):
    out = torch.zeros(points.shape[1], dtype=points.dtype)
    for a, b in zip(points[:-1], points[1:]):
        m = ((a + b) / 2).detach().clone().requires_grad_(True)
        F(m[None]).sum().backward()
        g = m.grad**2
        if g.sum() > 0:
            out += (F(b[None]) - F(a[None])).detach()[0] * g / g.sum()
    return out


@r("10.2", "unit_gradient", "normalises the gradient to length 1, then squares")
def _(F, points):
    g = torch.nn.functional.normalize(grads(F, mids(points)), dim=1)
    return torch.einsum("k,ki->i", F(points).detach().diff(), g * g)


@r("10.2", "nan_to_num", "unguarded division, then nan_to_num(0)")
def _(F, points):
    sq = grads(F, mids(points)) ** 2
    return F(points).detach().diff() @ (sq / sq.sum(1, keepdim=True)).nan_to_num(0.0)


@r("10.2", "jacobian", "autograd.functional.jacobian and its diagonal")
def _(F, points):
    m = mids(points).detach()
    J = torch.autograd.functional.jacobian(F, m)  # (n, n, D)
    g = J[range(len(m)), range(len(m))]
    return (F(points).diff()[:, None] * safe(g**2)).sum(0)


@r("10.2", "double", "computes in float64 whatever comes in, result float64")
def _(F, points):
    p = points.double()
    ch = np.diff(F(p).detach().numpy())
    g = grads(F, mids(p)).numpy() ** 2
    t = g.sum(1, keepdims=True)
    return torch.from_numpy(
        (ch[:, None] * np.divide(g, t, out=np.zeros_like(g), where=t > 0)).sum(0)
    )


def _with_eps(eps, F, points):
    q = grads(F, mids(points)) ** 2
    return (F(points).detach().diff()[:, None] * q / q.sum(1, keepdim=True).clamp(min=eps)).sum(0)


r("10.2", "partial", "functools.partial of a longer function", functools.partial(_with_eps, 1e-30))


@r("10.2", "not_detached", "the result still carries a graph")
def _(F, points):
    m = mids(points).requires_grad_() if not points.requires_grad else mids(points)
    g = torch.autograd.grad(F(m).sum(), m, create_graph=True)[0]
    return (F(points).diff()[:, None] * safe(g**2)).sum(0)


# ====================================================================== 10.3 spread
@w("10.3", "signed", "signed changes: no abs")
def _(scores, M):
    c = scores.diff()
    want = M * c / c.sum()
    whole = want.floor().long()
    left = M - int(whole.sum())
    whole[(want - whole).argsort(descending=True)[:left]] += 1
    return whole


@w(
    "10.3",
    "signed_over_abs",
    "signed change over the sum of sizes: a falling piece gets a negative count",
)
def _(scores, M):
    c = scores.diff()
    want = M * c / c.abs().sum()
    whole = want.floor().long()
    left = M - int(whole.sum())
    for k in (want - whole).argsort(descending=True)[:left].tolist():
        whole[k] += 1
    return whole


@w("10.3", "round_each", "rounds every number by itself: the counts need not add up to M")
def _(scores, M):
    c = scores.diff().abs()
    return (M * c / c.sum()).round().long()


@w("10.3", "floor_only", "rounds down and forgets what is left")
def _(scores, M):
    c = scores.diff().abs()
    return (M * c / c.sum()).floor().long()


@w("10.3", "ceil", "rounds up: too many gradients")
def _(scores, M):
    c = scores.diff().abs()
    return (M * c / c.sum()).ceil().long()


@w("10.3", "left_to_largest", "gives all the rest to the piece with the largest change")
def _(scores, M):
    c = scores.diff().abs()
    whole = (M * c / c.sum()).floor().long()
    whole[c.argmax()] += M - whole.sum()
    return whole


@w(
    "10.3",
    "left_to_largest_wanted",
    "gives the rest to the pieces with the largest shares, not the largest remainders",
)
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[want.argsort(descending=True)[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "left_to_first", "gives the rest to the first pieces")
def _(scores, M):
    c = scores.diff().abs()
    whole = (M * c / c.sum()).floor().long()
    whole[: M - int(whole.sum())] += 1
    return whole


@w("10.3", "smallest_remainder", "sorts ascending: the rest goes to the smallest remainders")
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort()[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "empty_first", "the paper's own rule: the pieces that have none come first")
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    left = M - int(whole.sum())
    order = sorted(range(len(c)), key=lambda k: (int(whole[k]) > 0, -float(want[k] - whole[k])))
    for k in order[:left]:
        whole[k] += 1
    return whole


@w("10.3", "at_least_one", "gives each piece one first, then spreads M - K")
def _(scores, M):
    c = scores.diff().abs()
    rest = M - len(c)
    want = rest * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: rest - int(whole.sum())]] += 1
    return whole + 1


@w("10.3", "squared_change", "shares by the squared change")
def _(scores, M):
    c = scores.diff() ** 2
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "positive_only", "falls count 0 (clamp): only rising pieces get gradients")
def _(scores, M):
    c = scores.diff().clamp(min=0)
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "over_rise", "divides the sizes by the rise, not by their sum")
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / (scores[-1] - scores[0]).abs()
    whole = want.floor().long()
    left = M - int(whole.sum())
    for k in (want - whole).argsort(descending=True)[: max(left, 0)].tolist():
        whole[k] += 1
    return whole


@w("10.3", "fractions", "returns the fractions, without rounding")
def _(scores, M):
    c = scores.diff().abs()
    return M * c / c.sum()


@w("10.3", "by_score", "shares by the score at the end of the piece, not by the change")
def _(scores, M):
    c = scores[1:].abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "cumulative", "rounds the cumulative sum and takes differences: adds up, other counts")
def _(scores, M):
    c = scores.diff().abs()
    cum = (M * c / c.sum()).cumsum(0).round()
    return torch.cat([cum[:1], cum.diff()]).long()


@w("10.3", "all_left_to_one", "gives the whole rest to the piece with the largest remainder")
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argmax()] += M - whole.sum()
    return whole


@w("10.3", "round_then_fix_last", "rounds each, and mends the last piece so that the sum is M")
def _(scores, M):
    c = scores.diff().abs()
    n = (M * c / c.sum()).round().long()
    n[-1] += M - n.sum()
    return n


@w(
    "10.3",
    "highest_averages",
    "gives one after the other to the largest change / (count + 1) (D'Hondt)",
)
def _(scores, M):
    c = scores.diff().abs()
    n = torch.zeros(len(c), dtype=torch.long)
    for _ in range(M):
        n[(c / (n + 1)).argmax()] += 1
    return n


@w("10.3", "hard_M5", "hard-codes the 5 gradients of the table")
def _(scores, M):
    c = scores.diff().abs()
    want = 5 * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: 5 - int(whole.sum())]] += 1
    return whole


@w("10.3", "mutates", "overwrites scores in place on the way")
def _(scores, M):
    scores[1:] -= scores[:-1].clone()
    c = scores[1:].abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    whole[(want - whole).argsort(descending=True)[: M - int(whole.sum())]] += 1
    return whole


@w("10.3", "even", "spreads evenly, ignores the scores")
def _(scores, M):
    K = len(scores) - 1
    n = torch.full((K,), M // K)
    n[: M % K] += 1
    return n


@w(
    "10.3",
    "order_as_index",
    "adds 1 at the pieces' ranks (argsort of argsort mix-up): ranks < left, ascending ranks on wrong positions",
)
def _(scores, M):
    c = scores.diff().abs()
    want = M * c / c.sum()
    whole = want.floor().long()
    left = M - int(whole.sum())
    order = (want - whole).argsort(descending=True)
    return whole + (order < left).long()  # order, not rank


@r("10.3", "python_list", "plain Python, returns a list of int")
def _(scores, M):
    s = scores.tolist()
    c = [abs(b - a) for a, b in zip(s, s[1:])]
    want = [M * v / sum(c) for v in c]
    n = [int(v) for v in want]
    for k in sorted(range(len(c)), key=lambda k: n[k] - want[k])[: M - sum(n)]:
        n[k] += 1
    return n


@r("10.3", "numpy", "NumPy array of int64")
def _(scores, M):
    c = np.abs(np.diff(scores.detach().numpy().astype(float)))
    want = M * c / c.sum()
    n = np.floor(want).astype(int)
    n[np.argsort(-(want - n))[: M - n.sum()]] += 1
    return n


@r("10.3", "fraction", "exact arithmetic with Fraction, a tuple of int")
def _(scores, M):
    s = [Fraction(v) for v in scores.tolist()]
    c = [abs(b - a) for a, b in zip(s, s[1:])]
    want = [M * v / sum(c) for v in c]
    n = [v.numerator // v.denominator for v in want]
    left = M - sum(n)
    best = sorted(range(len(c)), key=lambda k: want[k] - n[k], reverse=True)[:left]
    return tuple(v + (k in best) for k, v in enumerate(n))


@r("10.3", "float_whole", "a float tensor of whole numbers")
def _(scores, M):
    c = (scores[1:] - scores[:-1]).abs()
    want = M * c / c.sum()
    whole = want.floor()
    rest = want - whole
    for _ in range(int(round(float(M - whole.sum())))):
        k = int(rest.argmax())
        whole[k] += 1
        rest[k] = -1
    return whole


@r("10.3", "bisect_threshold", "raises a threshold until the counts add up: floor(want + t)")
def _(scores, M):
    c = scores.double().diff().abs()
    want = M * c / c.sum()
    lo, hi = 0.0, 1.0
    for _ in range(200):
        t = (lo + hi) / 2
        if (want + t).floor().sum() > M:
            hi = t
        elif (want + t).floor().sum() < M:
            lo = t
        else:
            break
    return (want + t).floor().to(torch.int32)


# ====================================================================== 10.4 paper
GOOD4 = {"stop": 1 / 8, "left": (0.75, -0.25), "weighted_sum": 1 / 16}


def p(task, name, truth, **kw):
    w(task, name, truth, {**GOOD4, **kw})


p("10.4", "stop_is_share", "takes the share itself as the stop: 0.5", stop=0.5)
p("10.4", "stop_kink", "the kink, 1/4, where the whole rise is reached", stop=0.25)
p("10.4", "stop_of_score", "half of the final score (1) is there at the start: 0", stop=0.0)
p("10.4", "stop_09", "the stop of the lesson, for 0.9: 0.225", stop=0.225)
p("10.4", "stop_rounded", "rounded to 0.13", stop=0.13)
p("10.4", "stop_score", "gives the score at the stop, 1.5, not the place", stop=1.5)
p("10.4", "stop_as_input", "gives the first input at the stop, 3/8", stop=3 / 8)
p("10.4", "left_no_distance", "forgets the distance x - x': slopes times 1/8", left=(0.25, -0.25))
p("10.4", "left_no_alpha", "forgets the length 1/8 of the path: (6, -2)", left=(6.0, -2.0))
p("10.4", "left_ig", "the whole Integrated Gradients (3.75, -2.75)", left=(3.75, -2.75))
p("10.4", "left_half_ig", "half of Integrated Gradients", left=(1.875, -1.375))
p("10.4", "left_right_part", "the part after the stop (Split IG's other map)", left=(3.0, -2.5))
p("10.4", "left_swapped", "the two inputs swapped", left=(-0.25, 0.75))
p("10.4", "left_abs", "loses the sign of the second input", left=(0.75, 0.25))
p("10.4", "left_to_kink", "integrates up to the kink 1/4", left=(1.5, -0.5))
p("10.4", "left_late_slopes", "uses the slopes after the kink (1, -3)", left=(3 / 8, -3 / 8))
p("10.4", "left_09", "the lesson's Left-IG for 0.9", left=(1.35, -0.45))
p("10.4", "left_sum", "one number, the sum 0.5, not one for each input", left=0.5)
p("10.4", "left_point", "input at the stop in place of Left-IG (3/8, 1/8)", left=(3 / 8, 1 / 8))
p("10.4", "weighted_1", "1: believes every weight of mean 1 is complete", weighted_sum=1.0)
p("10.4", "weighted_2alpha", "1/4: the weight 2 alpha of the lesson", weighted_sum=0.25)
p("10.4", "weighted_end_weight", "3/16: the weight at the kink, not its mean", weighted_sum=3 / 16)
p(
    "10.4",
    "weighted_no_slope",
    "1/64: integrates the weight alone, forgets the slope 4",
    weighted_sum=1 / 64,
)
p("10.4", "weighted_no_3", "1/48: forgets the factor 3 of the weight", weighted_sum=1 / 48)
p("10.4", "weighted_mid", "3/64: the weight in the middle of the piece", weighted_sum=3 / 64)
p("10.4", "weighted_late", "63/64: the weight over the flat part", weighted_sum=63 / 64)
p(
    "10.4",
    "weighted_to_stop",
    "1/128: integrates only up to the stop 1/8 (4 * 1/512)",
    weighted_sum=1 / 128,
)
p("10.4", "weighted_slope_4_times_end", "3/4: slope 4 times the weight at 1/4", weighted_sum=0.75)
p("10.4", "weighted_rounded", "rounded to 0.06", weighted_sum=0.06)
p(
    "10.4",
    "stop_and_weighted_swapped",
    "stop and weighted_sum swapped",
    stop=1 / 16,
    weighted_sum=1 / 8,
)

r(
    "10.4",
    "fractions",
    "Fraction objects, a list for left",
    {
        "stop": Fraction(1, 8),
        "left": [Fraction(3, 4), Fraction(-1, 4)],
        "weighted_sum": Fraction(1, 16),
    },
)
r(
    "10.4",
    "tensors",
    "tensors and NumPy",
    {
        "stop": torch.tensor(0.125),
        "left": torch.tensor([0.75, -0.25]),
        "weighted_sum": np.float32(0.0625),
    },
)
r(
    "10.4",
    "quadrature",
    "numbers found with a sum: the last digits differ",
    {"stop": 0.12500001, "left": np.array([0.7499999, -0.2500001]), "weighted_sum": 0.06249998},
)

# ====================================================================== 10.5 bugs
relu = torch.relu


def falls(p):
    return -p.sum(1)


def flat_cancel(p):  # score 5 min(alpha, .2) on (0,0)->(1,1), slopes (2, -2) when flat
    return 5 * p[:, 0].clamp(max=0.2) + 2 * (p[:, 0] - p[:, 1])


def bend(p):
    return p[:, 0] ** 2 + p[:, 1]


EA = (falls, [1.0, 1.0], [0.0, 0.0], 100)
EB = (flat_cancel, [1.0, 1.0], [0.0, 0.0], 50)
EC = (bend, [1.0, 1.0], [0.0, 0.0], 2)
GOOD5 = {"a": EA, "b": EB, "c": EC}


def e(name, truth, **kw):
    w("10.5", name, truth, {**GOOD5, **kw})


O2, Z2 = [1.0, 1.0], [0.0, 0.0]
e("a_rises", "a: a rising score, the function is right there", a=(lambda p: p.sum(1), O2, Z2, 100))
e(
    "a_toy",
    "a: the TOY case of the lesson, a rise",
    a=(lambda p: 1 + relu(p[:, 0] - 0.75).neg() + p[:, 0] - 0 * p[:, 1], [3.0, 1.0], Z2, 200),
)
e(
    "a_dip_first",
    "a: the score falls first, but the whole change is a rise",
    a=(lambda p: p[:, 0] ** 2 * 3 - p[:, 1], O2, Z2, 200),
)
e(
    "a_overshoot",
    "a: the score overshoots and comes back, still a rise",
    a=(lambda p: p[:, 0] * 4 - 3 * p[:, 1] ** 2, O2, Z2, 200),
)
e(
    "a_no_rise",
    "a: first and last score are equal, there is no rise to stop at",
    a=(lambda p: p[:, 0] * (1 - p[:, 1]), O2, Z2, 100),
)
e(
    "a_constant",
    "a: constant function, everything is 0",
    a=(lambda p: 0 * p.sum(1) + 2, O2, Z2, 100),
)
e(
    "a_coarse",
    "a: one step on a rise: wrong by 11 percent, but a right function with one step is as wrong",
    a=(lambda p: p.sum(1), O2, Z2, 1),
)
e(
    "a_fall_coarse",
    "a: falls, but with one step a right function is far off as well (less than 4 times nearer)",
    a=(lambda p: -(p[:, 0] ** 4), O2, Z2, 1),
)
e(
    "a_swapped_ends",
    "a: x and baseline swapped in a falling case, so it rises",
    a=(falls, Z2, O2, 100),
)
e("a_steps_1000", "a: 1000 steps, at most 500 allowed", a=(falls, O2, Z2, 1000))
e(
    "a_one_row",
    "a: f sums over the whole batch and returns one number",
    a=(lambda p: -p.sum(), O2, Z2, 100),
)
e(
    "a_step_function",
    "a: a jump, its gradient is 0 and every method gives 0",
    a=(lambda p: -(p[:, 0] > 0.5).to(p.dtype), O2, Z2, 100),
)
e("a_order", "a: the tuple in the order (f, baseline, steps, x)", a=(falls, Z2, 100, O2))
e("a_is_cs", "a gets the evidence for c (a quadratic rise)", a=EC)
e(
    "b_linear",
    "b: a linear function: all pieces get gradients, the result is right",
    b=(lambda p: p.sum(1), O2, Z2, 100),
)
e(
    "b_clamped",
    "b: the score is flat on most of the path, but so are all slopes: nothing is missed",
    b=(lambda p: 5 * p[:, 0].clamp(max=0.2), [1.0], [0.0], 50),
)
e(
    "b_clamped2",
    "b: two inputs, both saturate: the flat part has no gradients",
    b=(lambda p: p.clamp(max=0.2).sum(1), O2, Z2, 50),
)
e(
    "b_even_worse",
    "b: a late kink with 5 steps: wrong by 20 percent, but even steps are worse",
    b=(lambda p: 20 * relu(p[:, 0] - 0.95), [1.0], [0.0], 5),
)
e(
    "b_falls",
    "b: a falling score (the mistake of a); here the result is right",
    b=(falls, O2, Z2, 100),
)
e(
    "b_nearly_flat_small",
    "b: the missed slopes are small: wrong by a few percent only",
    b=(lambda p: 5 * p[:, 0].clamp(max=0.2) + 0.04 * (p[:, 0] - p[:, 1]), O2, Z2, 50),
)
e(
    "b_smooth",
    "b: a smooth score that changes everywhere",
    b=(lambda p: (p[:, 0] * p[:, 1]) + p[:, 0], O2, Z2, 60),
)
e(
    "c_linear",
    "c: linear, the gradient is the same everywhere",
    c=(lambda p: 2 * p[:, 0] + p[:, 1], O2, Z2, 1),
)
e(
    "c_many_steps",
    "c: 500 steps: start and middle nearly the same, the error is below 10 percent",
    c=(bend, O2, Z2, 500),
)
e(
    "c_one_input",
    "c: only one input: it gets everything whichever gradient is taken",
    c=(lambda p: p[:, 0] ** 2 + p[:, 0], [1.0], [0.0], 2),
)
e(
    "c_symmetric",
    "c: symmetric inputs get halves whichever gradient is taken",
    c=(lambda p: (p**2 + p).sum(1), O2, Z2, 2),
)
e(
    "c_middle_wrong_too",
    "c: with one step the middle gradient is as wrong as the one at the start",
    c=(lambda p: 10 * relu(p[:, 0] - 0.9) + p[:, 1], O2, Z2, 1),
)
e("c_falls", "c: a falling linear score (the mistake of a)", c=(falls, O2, Z2, 100))
e(
    "c_exact_sum_lost",
    "c: believes that IDGI's sum is wrong; a flat zero-gradient function with no change",
    c=(lambda p: 0 * p[:, 0], O2, Z2, 10),
)
e("swap_a_b", "the evidence for a and b swapped", a=EB, b=EA)
e("c_missing", "nothing for c", c=None)
e(
    "c_numpy",
    "c: f uses NumPy: no torch operations",
    c=(
        lambda p: torch.from_numpy(p.detach().numpy()[:, 0] ** 2 + p.detach().numpy()[:, 1]),
        O2,
        Z2,
        2,
    ),
)
e("b_lengths", "b: x has two numbers, the baseline one", b=(flat_cancel, O2, [0.0], 50))
e("b_steps_float", "b: steps is 50.5", b=(flat_cancel, O2, Z2, 50.5))


def g(name, truth="", **kw):
    r("10.5", name, truth, {**GOOD5, **kw})


g("plain", "the plain evidence")
g(
    "a_tensors_column",
    "tensors (1, D) float64, f gives (N, 1), baseline above x",
    a=(
        lambda p: p.sum(1, keepdim=True),
        torch.tensor([[-1.0, -2.0]], dtype=torch.float64),
        torch.zeros(1, 2, dtype=torch.float64),
        40,
    ),
)
g(
    "a_one_step",
    "a fall with a single step: bug 0, right function -1, truth -0.9",
    a=(falls, [1.0], [0.0], 1),
)
g(
    "a_sigmoid",
    "a falling sigmoid, integers in the lists",
    a=(lambda p: torch.sigmoid(-3 * p).sum(-1), [2, 1, 0], [0, 0, 0], 200),
)
g(
    "b_rounding",
    "b: linear with one step: 0.1 rounds to 0 in each piece, the map is 0",
    b=(lambda p: p @ torch.ones(2, 1, dtype=p.dtype), O2, Z2, 1),
)
g(
    "b_toy",
    "b: the TOY net, own formula, tensors",
    b=(
        lambda p: (
            1 + (p[:, 0] - p[:, 1]) * 2 - relu(p[:, 0] - 3 * 0.25) - relu(4 * p[:, 1] - 1) / 4
        ),
        torch.tensor([[3.0, 1.0]]),
        torch.tensor([[0.0, 0.0]]),
        100,
    ),
)
g(
    "c_square_one_input",
    "c: p^2 with one step: gradient 0 at the start, nothing shared out",
    c=(lambda p: (p**2).sum(1), [1.0], [0.0], 1),
)
g(
    "c_relu",
    "c: a kink early in the first of three steps",
    c=(lambda p: 3 * relu(p[:, 0] - 0.02) + p[:, 1], O2, Z2, 3),
)

# ====================================================================== 10.6 counterexample
X11, B01 = [1.0, 1.0], [0.0, 1.0]


def lin(a, b):
    return lambda p: a * p[:, 0] + b * p[:, 1]


def ce(name, truth, f, x=X11, b=B01, feature=1):
    w("10.6", name, truth, (f, x, b, feature))


ce("half", "exactly half of the rise, not more", lin(1, 1))
ce("moves", "the input moves: x and baseline differ there", lin(1, 3), X11, [0.0, 0.0])
ce("moves_bit", "the input moves a bit (1.0 and 1.01)", lin(1, 3), X11, [0.0, 1.01])
ce("wrong_feature", "names the other input, the one that moves", lin(1, 3), feature=0)
ce("feature_from_1", "counts the features from 1", lin(1, 3), feature=2)
ce("out_of_range", "x is 11, outside of -10 to 10", lin(1, 3), [11.0, 1.0], B01)
ce("rise_small", "the rise is 0.4, below 0.5", lin(0.4, 3))
ce("unused", "f does not use the input at all, it gets 0", lin(1, 0))
ce("small_slope", "the slope of the still input is the smaller one", lin(3, 1))
ce("jump", "f has a jump (not continuous)", lambda p: (p[:, 0] > 0.5).to(p.dtype) + 3 * p[:, 1])
ce("floor", "floor: not continuous", lambda p: torch.floor(3 * p[:, 0]) + p[:, 1])
ce("no_rise", "nothing moves, the rise is 0", lin(1, 3), X11, X11)
ce("only_still", "f depends on the still input only, no rise", lin(0, 5))
ce("product", "p0 * p1: the share is 1 - pi/4 = 0.21 only", lambda p: p[:, 0] * p[:, 1])
ce("product_2", "p0 * p1 up to 2: share 0.446", lambda p: p[:, 0] * p[:, 1], [2.0, 1.0], B01)
ce("batch_axis", "f indexes the batch axis: p[0] + 3 p[1]", lambda p: p[0] + 3 * p[1])
ce("vector", "f gives (N, 2)", lambda p: p * torch.tensor([1.0, 3.0], dtype=p.dtype))
ce("detached", "f detaches, no gradient", lambda p: (p[:, 0] + 3 * p[:, 1]).detach())
ce("numpy", "f in NumPy", lambda p: np.asarray(p.detach())[:, 0] + 3 * np.asarray(p.detach())[:, 1])
ce("order", "the tuple as (f, baseline, feature, x)", lin(1, 3), B01, 1, [1.0, 1.0])
ce(
    "local_end",
    "the still input has a large slope only near the end, where little of the rise is",
    lambda p: p[:, 0] + 5 * relu(p[:, 0] - 0.9) * p[:, 1] - 5 * relu(p[:, 0] - 0.9),
)
w("10.6", "only_f", "hands in f alone", lin(1, 3))
w("10.6", "three_parts", "the feature is missing", (lin(1, 3), X11, B01))
ce(
    "large_share_of_part",
    "more than half in the first half of the path, not of the whole rise",
    lambda p: (
        0.6 * p[:, 0]
        + 1.6 * relu(p[:, 0] - 0.4)
        + p[:, 1] * (0.4 - p[:, 0]).clamp(min=0) * 3
        - (0.4 - p[:, 0]).clamp(min=0) * 3
        + 0.7 * relu(0.4 - p[:, 0]) * (p[:, 1] - 1)
    ),
)


def gc(name, truth, f, x=X11, b=B01, feature=1):
    r("10.6", name, truth, (f, x, b, feature))


gc("falls", "a fall: 0.9 of the (negative) rise", lin(-1, 3))
gc("product_3", "p0 * p1 up to 3: share 0.58", lambda p: p[:, :1] * p[:, 1:], [3.0, 1.0], B01)
gc(
    "half_rise",
    "the rise is just above 0.5, (1, D) tensors, feature -> tensor index",
    lin(0.51, 3),
    torch.tensor([[1.0, -2.0]]),
    torch.tensor([[0.0, -2.0]]),
    1,
)
gc("slope_100", "a large slope (numbers of x and baseline within 10)", lin(1, 100))
gc(
    "relu_sin",
    "kinks and a sine, three inputs, feature 0",
    lambda p: relu(p[:, 1]) + torch.sin(3 * p[:, 0]) + 0 * p[:, 2],
    [0.0, 2.0, 5.0],
    [0.0, -1.0, -5.0],
    0,
)
gc("list_tuple", "handed in as a list, integers", lin(1, 2), [1, 0], [0, 0], 1)


# ====================================================================== 10.7 decision gradients
@w("10.7", "no_mean", "forgets 1/n")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s @ d)[:, None]).sum(0)


@w("10.7", "step_for_way", "d is the step, not the whole way")
def _(F, points):
    d = points[1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s @ d)[:, None]).mean(0)


@w("10.7", "left_gradient", "gradients at the start of the steps")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, points[:-1])
    return (d * s * (s @ d)[:, None]).mean(0)


@w("10.7", "all_points", "gradients at all n + 1 points, mean over them")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, points)
    return (d * s * (s @ d)[:, None]).mean(0)


@w("10.7", "no_outer_d", "forgets the factor d_i")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (s * (s @ d)[:, None]).mean(0)


@w("10.7", "no_inner_d", "the bracket without d: the sum of the slopes")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * s.sum(1, keepdim=True)).mean(0)


@w("10.7", "abs_weight", "size of the weight: the sign of the slope is lost")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s @ d).abs()[:, None]).mean(0)


@w("10.7", "clamp_weight", "negative weights are set to 0")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s @ d).clamp(min=0)[:, None]).mean(0)


@w("10.7", "plain_ig", "Integrated Gradients: no weight")
def _(F, points):
    return (points[-1] - points[0]) * grads(F, mids(points)).mean(0)


@w("10.7", "idgi", "IDGI of task 10.2")
def _(F, points):
    ch = F(points).detach().diff()
    return (ch[:, None] * safe(grads(F, mids(points)) ** 2)).sum(0)


@w("10.7", "normalised_weight", "divides by the rise, so that the sum is in units of F")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    f = F(points).detach()
    return (d * s * (s @ d)[:, None]).mean(0) / (f[-1] - f[0])


@w("10.7", "weight_mean1", "weights divided by their sum")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    u = s @ d
    return (d * s * (u / u.sum())[:, None]).sum(0)


@w(
    "10.7",
    "change_weight",
    "weight: the change of F in the step (times n), not the slope in the middle",
)
def _(F, points):
    n = len(points) - 1
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * n * F(points).detach().diff()[:, None]).mean(0)


@w("10.7", "change_weight_no_n", "weight: the change of F in the step, not its slope")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * F(points).detach().diff()[:, None]).mean(0)


@w("10.7", "way_is_x", "d = p_n: forgets the baseline")
def _(F, points):
    d = points[-1]
    s = grads(F, mids(points))
    return (d * s * (s @ d)[:, None]).mean(0)


@w("10.7", "elementwise", "squares d_i g_i: the bracket without its sum over j")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return ((d * s) ** 2).mean(0)


@w("10.7", "square_after_mean", "multiplies the means: IG times its sum")
def _(F, points):
    d = points[-1] - points[0]
    s = d * grads(F, mids(points)).mean(0)
    return s * s.sum()


@w("10.7", "mean_n_plus_1", "divides by n + 1")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s @ d)[:, None]).sum(0) / len(points)


@w("10.7", "unsummed", "(n, D): no sum over the steps")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return d * s * (s @ d)[:, None] / len(s)


@w("10.7", "batch_shape", "(1, D) in place of (D,)")
def _(F, points):
    d = points[-1:] - points[:1]
    s = grads(F, mids(points))
    return (d * s * (s * d).sum(1, keepdim=True)).mean(0, keepdim=True)


@w("10.7", "bracket_mean", "mean over j in the bracket: divides by D")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * (s * d).mean(1, keepdim=True)).mean(0)


@w("10.7", "sum_wrong_axis", "bracket sums over the steps, not over the inputs")
def _(F, points):
    d = points[-1] - points[0]
    s = d * grads(F, mids(points))
    return (s * s.sum(0, keepdim=True)).mean(0)


@w("10.7", "mutates", "moves points in place to the middles")
def _(F, points):
    d = (points[-1] - points[0]).clone()
    points[:-1] += points[1:].clone()
    points[:-1] *= 0.5
    s = grads(F, points[:-1])
    return (d * s * (s @ d)[:, None]).mean(0)


@w("10.7", "d_at_each_point", "the distance from the baseline to the point, not the whole way")
def _(F, points):
    m = mids(points)
    d = m - points[0]
    s = grads(F, m)
    return (d * s * (s * d).sum(1, keepdim=True)).mean(0)


@w("10.7", "norm_weight", "weight: length of the gradient")
def _(F, points):
    d = points[-1] - points[0]
    s = grads(F, mids(points))
    return (d * s * s.norm(dim=1, keepdim=True)).mean(0)


@r("10.7", "backwards_way", "d = p_0 - p_n: its sign cancels")
def _(F, points):
    d = points[0] - points[-1]
    s = grads(F, mids(points))
    return torch.einsum("i,ki,kj,j->i", d, s, s, d) / len(s)


@r("10.7", "matrix", "d * (G^T G d) / n, float64 NumPy")
def _(F, points):
    q = points.double()
    G, d = grads(F, mids(q)).numpy(), (q[-1] - q[0]).numpy()
    return d * (G.T @ (G @ d)) / len(G)


@r("10.7", "loop_list", "loops, returns a list")
def _(F, points):
    n, D = len(points) - 1, points.shape[1]
    d = (points[-1] - points[0]).tolist()
    out = [0.0] * D
    for k in range(n):
        gk = grads(F, ((points[k] + points[k + 1]) / 2)[None])[0].tolist()
        u = sum(a * b for a, b in zip(d, gk))
        for i in range(D):
            out[i] += d[i] * gk[i] * u / n
    return out


@r("10.7", "steps_n", "uses the sum of the steps as the way, and n times the step products")
def _(F, points):
    h = points.diff(dim=0)
    n = len(h)
    s = grads(F, mids(points)) * h
    return n * (s * s.sum(1, keepdim=True)).sum(0)
