"""Answers to the tasks of lesson 05 by an attacker who had not seen the checkers, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as Fn

import xaicourse as xc
from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()
relu = torch.relu

# ------------------------------------------------------------------ 05.1 paper
# right: (3.75, -2.75), 1/4
w = B.w
w("05.1", "gxi", "gradient x input at the end of the path, kink right", (3, -3), 1 / 4)
w(
    "05.1",
    "kink_third",
    "kink solved as 3a-1=0 (forgot that x2 moves too): 1/3, shares follow from it",
    (4, -8 / 3),
    1 / 3,
)
w("05.1", "no_distance", "gave the average slopes, forgot the distance", (1.25, -2.75), 1 / 4)
w(
    "05.1",
    "lengths_swapped",
    "weights of the two pieces swapped (3/4 before, 1/4 after)",
    (5.25, -2.25),
    1 / 4,
)
w(
    "05.1",
    "plain_mean",
    "plain mean of the two slopes, not weighted by the length",
    (4.5, -2.5),
    1 / 4,
)
w("05.1", "start_gradient", "slopes of the first piece for the whole path", (6, -2), 1 / 4)
w("05.1", "lost_sign", "lost the minus of the second share", (3.75, 2.75), 1 / 4)
w("05.1", "shares_swapped", "shares of x1 and x2 swapped", (-2.75, 3.75), 1 / 4)
w("05.1", "kink_x1", "gave x1 of the kink point, 3/4, instead of alpha", (3.75, -2.75), 3 / 4)
w(
    "05.1",
    "minus_third_relu",
    "third relu enters with plus: slopes after (3, -1)",
    (8.25, -1.25),
    1 / 4,
)
w(
    "05.1",
    "second_relu_on",
    "lets the second relu switch on as well: after (-2, 3)",
    (-3, 1.75),
    1 / 4,
)
w("05.1", "percent", "alpha in percent", (3.75, -2.75), 25)
w(
    "05.1",
    "pieces_only_first",
    "shares of the first piece only (1/4 of the way)",
    (1.5, -0.5),
    1 / 4,
)
w(
    "05.1",
    "unweighted_sum",
    "added the slopes of both pieces without weights: 3*(2+1), 1*(-2-3)",
    (9, -5),
    1 / 4,
)
r = B.r
r("05.1", "fractions", "Fraction objects", [Fraction(15, 4), Fraction(-11, 4)], Fraction(1, 4))
r("05.1", "tensors", "0-dim tensors and numpy", torch.tensor([3.75, -2.75]), np.float32(0.25))


# ------------------------------------------------------------------ 05.2 my_ig
def grad_at(model, point, target):
    point = point.detach().clone().requires_grad_()
    chosen = model(point)[torch.arange(len(point), device=point.device), target]
    return torch.autograd.grad(chosen.sum(), point)[0]


def mids(steps):
    return [(k + 0.5) / steps for k in range(steps)]


@B.W("05.2", "gradient with respect to x, not to the point on the path (a factor alpha too much)")
def grad_wrt_x(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        z = x.detach().clone().requires_grad_()
        s = model(baseline + a * (z - baseline))[torch.arange(len(x)), target]
        total += torch.autograd.grad(s.sum(), z)[0]
    return (x - baseline) * total / steps


@B.W("05.2", "forgot the distance: average gradient only")
def no_distance(model, x, target, baseline, steps):
    return sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps)) / steps


@B.W("05.2", "multiplies by x instead of x - baseline")
def times_x(model, x, target, baseline, steps):
    return (
        x * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps)) / steps
    )


@B.W("05.2", "forgot to divide by steps")
def no_division(model, x, target, baseline, steps):
    return (x - baseline) * sum(
        grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps)
    )


@B.W("05.2", "wrong sign: baseline - x")
def sign(model, x, target, baseline, steps):
    return (
        (baseline - x)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    )


@B.W("05.2", "path is alpha * x: starts at 0 instead of the baseline, the distance is right")
def path_from_zero(model, x, target, baseline, steps):
    return (x - baseline) * sum(grad_at(model, a * x, target) for a in mids(steps)) / steps


@B.W("05.2", "path is baseline + alpha * x: ends at x + baseline")
def path_too_long(model, x, target, baseline, steps):
    return (
        (x - baseline) * sum(grad_at(model, baseline + a * x, target) for a in mids(steps)) / steps
    )


@B.W("05.2", "[:, target] takes for each input the scores of all targets in the batch")
def all_targets(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        p = (baseline + a * (x - baseline)).detach().requires_grad_()
        total += torch.autograd.grad(model(p)[:, target].sum(), p)[0]
    return (x - baseline) * total / steps


@B.W("05.2", "mean over the batch instead of sum: divides by N")
def batch_mean(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        p = (baseline + a * (x - baseline)).detach().requires_grad_()
        total += torch.autograd.grad(model(p)[torch.arange(len(x)), target].mean(), p)[0]
    return (x - baseline) * total / steps


@B.W("05.2", "abs of the map: signs lost")
def absolute(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    ).abs()


@B.W("05.2", "explains the softmax probability instead of the score")
def probability(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(
            grad_at(lambda p: model(p).softmax(1), baseline + a * (x - baseline), target)
            for a in mids(steps)
        )
        / steps
    )


@B.W("05.2", "uses the first input's target for all inputs")
def first_target(model, x, target, baseline, steps):
    t = int(torch.as_tensor(target).flatten()[0])
    return (
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), t) for a in mids(steps))
        / steps
    )


@B.W(
    "05.2",
    "the .grad of one leaf accumulates over the steps (never zeroed), and the running sum is added up again",
)
def accumulates(model, x, target, baseline, steps):
    p = baseline.clone().detach().requires_grad_()
    total = torch.zeros_like(x)
    for a in mids(steps):
        p.data = baseline + a * (x - baseline)
        model(p)[torch.arange(len(x)), target].sum().backward()
        total += p.grad
    return (x - baseline) * total / steps


@B.W("05.2", "adds up the channels (axis 1): wrong shape")
def channels_summed(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    ).sum(1)


@B.W("05.2", "range(1, steps): one node too few, still divided by steps")
def one_node_less(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(
            (
                grad_at(model, baseline + k / steps * (x - baseline), target)
                for k in range(1, steps)
            ),
            torch.zeros_like(x),
        )
        / steps
    )


@B.W(
    "05.2", "n nodes linspace(0,1,n), ends halved, divided by n instead of n-1 (Captum's trapezoid)"
)
def captum_trapezoid(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    al = torch.linspace(0, 1, steps).tolist()
    for k, a in enumerate(al):
        total += grad_at(model, baseline + a * (x - baseline), target) * (
            0.5 if k in (0, steps - 1) else 1
        )
    return (x - baseline) * total / steps


@B.W(
    "05.2",
    "steps + 1 nodes from 0 to 1 all with full weight, divided by steps: weights sum to more than 1",
)
def fencepost(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(
            grad_at(model, baseline + k / steps * (x - baseline), target) for k in range(steps + 1)
        )
        / steps
    )


@B.W("05.2", "gradient only at x: no path at all")
def gradient_times_distance(model, x, target, baseline, steps):
    return (x - baseline) * grad_at(model, x, target)


@B.W("05.2", "explains the winning class instead of the target")
def winner(model, x, target, baseline, steps):
    return (
        (x - baseline)
        * sum(
            grad_at(model, baseline + a * (x - baseline), model(x).argmax(1)) for a in mids(steps)
        )
        / steps
    )


@B.W("05.2", "adds up the scores of all classes: target not used")
def all_classes(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        p = (baseline + a * (x - baseline)).detach().requires_grad_()
        total += torch.autograd.grad(model(p).sum(), p)[0]
    return (x - baseline) * total / steps


@B.W(
    "05.2",
    "x.requires_grad_() on the argument: the student's x is changed (asks for gradients afterwards)",
)
def leaves_requires_grad(model, x, target, baseline, steps):
    x.requires_grad_()
    total = torch.zeros_like(x)
    for a in mids(steps):
        p = baseline + a * (x - baseline)
        s = model(p)[torch.arange(len(x)), target].sum()
        total += torch.autograd.grad(s, p)[0]
    return ((x - baseline) * total / steps).detach()


@B.W("05.2", "changes x in place: x -= baseline")
def inplace(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    x -= baseline
    for a in mids(steps):
        total += grad_at(model, baseline + a * x, target)
    return x * total / steps


@B.W("05.2", "relu on the map: negative shares cut away")
def positive_part(model, x, target, baseline, steps):
    return relu(
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    )


@B.W("05.2", "ignores the given baseline and uses black")
def always_black(model, x, target, baseline, steps):
    baseline = torch.zeros_like(x)
    return (
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    )


@B.W(
    "05.2",
    "all alphas at once with view(-1,1,1,1): works only for one image, not for vectors or a batch",
)
def only_one_image(model, x, target, baseline, steps):
    a = torch.tensor(mids(steps)).view(-1, 1, 1, 1)
    p = (baseline + a * (x - baseline)).detach().requires_grad_()
    g = torch.autograd.grad(model(p)[:, target].sum(), p)[0]
    return (x - baseline) * g.mean(0, keepdim=True)


@B.W("05.2", "divides the map by its largest value")
def normalised(model, x, target, baseline, steps):
    m = (
        (x - baseline)
        * sum(grad_at(model, baseline + a * (x - baseline), target) for a in mids(steps))
        / steps
    )
    return m / m.abs().max()


@B.R("05.2", "all points in one batch, x to baseline backwards")
def one_batch_backwards(model, x, target, baseline, steps):
    n = len(x)
    a = torch.tensor(mids(steps), dtype=x.dtype).view((-1,) + (1,) * x.dim())
    p = (x + a * (baseline - x)).flatten(0, 1).detach().requires_grad_()
    t = torch.as_tensor(target).expand(n).repeat(steps)
    g = torch.autograd.grad(model(p).gather(1, t[:, None]).sum(), p)[0]
    return (x - baseline) * g.view(steps, *x.shape).mean(0)


@B.R("05.2", "right trapezoid, input by input, .backward and .grad")
def trapezoid_loop(model, x, target, baseline, steps):
    out = []
    ts = torch.as_tensor(target).expand(len(x)).tolist()
    for xi, bi, t in zip(x, baseline, ts):
        tot = torch.zeros_like(xi)
        for k in range(steps + 1):
            p = torch.tensor(
                (bi + k / steps * (xi - bi)).tolist(), dtype=xi.dtype, requires_grad=True
            )
            model(p[None])[0, t].backward()
            tot = tot + p.grad * (0.5 if k in (0, steps) else 1.0)
        out.append((xi - bi) * tot / steps)
    return torch.stack(out)


class LeftSum:
    """left end of each piece, a class with __call__, float64 sum cast back"""

    def __call__(self, model, x, target, baseline, steps):
        total = torch.zeros_like(x, dtype=torch.float64)
        for k in range(steps):
            total = total + grad_at(model, baseline + (k / steps) * (x - baseline), target).double()
        return ((x - baseline) * total / steps).to(x.dtype)


B.r("05.2", "class_left", "class with __call__, left sum", LeftSum())


@B.R("05.2", "right ends, result needs grad (not detached), func.grad")
def func_grad(model, x, target, baseline, steps):
    t = torch.as_tensor(target).expand(len(x))
    g = torch.func.grad(lambda p: (model(p) * Fn.one_hot(t, model(x).shape[1]).to(x.dtype)).sum())
    return torch.stack([g(baseline + (k + 1) / steps * (x - baseline)) for k in range(steps)]).mean(
        0
    ) * (x - baseline)


# ------------------------------------------------------------------ 05.3 steps_needed
@B.W("05.3", "no abs on the gap: a large negative gap counts as small")
def gap_no_abs(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if gaps[n] > limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "no abs on the rise: a negative rise refuses everything")
def rise_no_abs(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) > limit * rise:
            break
        need = n
    return need


@B.W("05.3", "returns the first small gap, although a larger n is bad again")
def first_small(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    for n in sorted(gaps):
        if abs(gaps[n]) <= limit * abs(rise):
            return n
    return None


@B.W("05.3", "< instead of <=: a gap exactly at the limit is refused")
def strict(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) >= limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "no guard for a rise of almost 0")
def no_guard(gaps, rise, limit):
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) > limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "guard without abs: every negative rise gives None")
def guard_no_abs(gaps, rise, limit):
    if rise < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) > limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "returns the gap, not the number of steps")
def returns_gap(gaps, rise, limit):
    n = B_right3(gaps, rise, limit)
    return None if n is None else gaps[n]


def B_right3(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) > limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "returns the largest good n instead of the smallest")
def largest(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    ok = [n for n in gaps if abs(gaps[n]) <= limit * abs(rise)]
    return max(ok) if ok else None


@B.W("05.3", "0 instead of None when there is no such n")
def zero_for_none(gaps, rise, limit):
    return B_right3(gaps, rise, limit) or 0


@B.W("05.3", "compares with limit alone: forgot the rise")
def no_rise(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if abs(gaps[n]) > limit:
            break
        need = n
    return need


@B.W("05.3", "limit read as percent: divides it by 100")
def percent(gaps, rise, limit):
    return B_right3(gaps, rise, limit / 100)


@B.W("05.3", "looks only at this n and the next larger one, not at all larger ones")
def next_only(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    ns = sorted(gaps)
    ok = [abs(gaps[n]) <= limit * abs(rise) for n in ns]
    for i, n in enumerate(ns):
        if ok[i] and (i + 1 == len(ns) or ok[i + 1]):
            return n
    return None


@B.W("05.3", "None unless ALL tried gaps are small, else the smallest n")
def all_or_none(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    return min(gaps) if all(abs(g) <= limit * abs(rise) for g in gaps.values()) else None


@B.W("05.3", "n with the smallest gap")
def argmin(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    n = min(gaps, key=lambda k: abs(gaps[k]))
    return n if abs(gaps[n]) <= limit * abs(rise) else None


@B.W("05.3", "compares gap/rise instead of |gap|/|rise|: only right if both have one sign")
def ratio(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    for n in sorted(gaps, reverse=True):
        if gaps[n] / rise > limit:
            break
        need = n
    return need


@B.W("05.3", "empties the dictionary of the caller (popitem)")
def popitem(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    need = None
    while gaps:
        n, g = gaps.popitem()
        if abs(g) > limit * abs(rise):
            break
        need = n
    return need


@B.W("05.3", "returns the place in the list (index) instead of n")
def index(gaps, rise, limit):
    n = B_right3(gaps, rise, limit)
    return None if n is None else sorted(gaps).index(n)


@B.R("05.3", "recursive")
def recursive(gaps, rise, limit):
    if abs(rise) < 1e-6 or not gaps:
        return None
    ns = sorted(gaps)
    if all(abs(g) / abs(rise) <= limit for g in gaps.values()):
        return ns[0]
    return recursive({n: gaps[n] for n in ns[1:]}, rise, limit)


@B.R("05.3", "numpy, returns np.int64")
def with_numpy(gaps, rise, limit):
    if abs(rise) < 1e-6:
        return None
    n = np.array(sorted(gaps))
    bad = np.array([abs(gaps[k]) > limit * abs(rise) for k in n.tolist()])
    good = n[np.where(bad)[0].max() + 1 :] if bad.any() else n
    return good[0] if len(good) else None


# ------------------------------------------------------------------ 05.5 coat_share
def Share(baseline, change=lambda v: v):
    """Return the share that this baseline gave on the camera photo, after a change."""
    return change({"black": 0.0309, "white": 0.362, "blur": 0.268}[baseline])


def right_share(attribution, photo):
    b = photo.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    a = attribution.abs().sum(1)[0]
    return float(a[m].sum() / a.sum())


LQ = "Which light made the score of the tripod rise?"
HQ = "Which darkness made the score of the tripod rise?"
LOW, HIGH = ("black", Share("black"), LQ), ("white", Share("white"), HQ)


def t5(f, low=LOW, high=HIGH):
    return {"coat_share": f, "low": low, "high": high}


def w5(name, truth, f=right_share, low=LOW, high=HIGH):
    B.w("05.5", name, truth, t5(f, low, high))


def cs_brightest(a, p):
    b = p.mean(1)[0]
    m = b >= b.flatten().quantile(0.8)
    a = a.abs().sum(1)[0]
    return float(a[m].sum() / a.sum())


w5("brightest", "takes the brightest fifth", cs_brightest)


def cs_signed(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    a = a.sum(1)[0]
    return float(a[m].sum() / a.sum())


w5("signed", "no abs: share of the signed sum", cs_signed)


def cs_nodiv(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    return float(a.abs().sum(1)[0][m].sum())


w5("nodiv", "forgot to divide by the total", cs_nodiv)


def cs_ratio(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    a = a.abs().sum(1)[0]
    return float(a[m].sum() / a[~m].sum())


w5("ratio_rest", "divides by the rest of the map instead of the whole map", cs_ratio)


def cs_mean(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    a = a.abs().sum(1)[0]
    return float(a[m].mean() / a.mean())


w5(
    "means",
    "means instead of sums: strength on the coat relative to the average, 5 times too large",
    cs_mean,
)


def cs_own(a, p):
    a = a.abs().sum(1)[0]
    m = a <= a.flatten().quantile(0.2)
    return float(a[m].sum() / a.sum())


w5(
    "fifth_of_map",
    "the smallest fifth of the map instead of the darkest fifth of the photo",
    cs_own,
)


def cs_threshold(a, p):
    m = p.mean(1)[0] < 0.2
    a = a.abs().sum(1)[0]
    return float(a[m].sum() / a.sum())


w5("threshold", "brightness below 0.2 instead of the darkest fifth", cs_threshold)


def cs_four(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.8)
    a = a.abs().sum(1)[0]
    return float(a[m].sum() / a.sum())


w5("four_fifths", "quantile 0.8: the darkest four fifths", cs_four)


def cs_percent(a, p):
    return 100 * right_share(a, p)


w5("percent", "percent instead of a number from 0 to 1", cs_percent)


def cs_area(a, p):
    b = p.mean(1)[0]
    return float((b <= b.flatten().quantile(0.2)).float().mean())


w5("area", "returns the area of the coat (0.2), never looks at the map", cs_area)


def cs_swapped(a, p):
    return right_share(p, a)


w5("swapped_args", "attribution and photo mixed up", cs_swapped)


def cs_one(a, p):
    b = p[0, 0]
    m = b <= b.flatten().quantile(0.2)
    a = a.abs().sum(1)[0]
    return float(a[m].sum() / a.sum())


w5("red_only", "brightness of the first channel only (right only for grey photos)", cs_one)


def cs_absall(a, p):
    b = p.mean(1)[0]
    m = b <= b.flatten().quantile(0.2)
    a = a.sum(1)[0]
    return float(a[m].sum().abs() / a.abs().sum())


w5("abs_too_late", "abs after adding the coat's pixels up: signs cancel within the coat", cs_absall)


def cs_perchannel(a, p):
    m = p <= p.flatten().quantile(0.2)
    a = a.abs()
    return float(a[m].sum() / a.sum())


w5(
    "per_channel",
    "darkest fifth of all channel values instead of the mean over channels",
    cs_perchannel,
)
w5("low_high_swapped", "low and high swapped", low=HIGH, high=LOW)
w5("share_of_other", "stated share of black is the one of white", low=("black", Share("white"), LQ))
w5(
    "high_is_black",
    "black as the high baseline: share below 0.05",
    high=("black", Share("black"), HQ),
)
w5("short_question", "question of one word", low=("black", Share("black"), "Light?"))
w5("same_question", "the same question twice", high=("white", Share("white"), LQ))
w5(
    "percent_share",
    "share stated in percent",
    high=("white", Share("white", lambda v: 100 * v), HQ),
)
w5(
    "not_low",
    "low: the blurred photo, whose share is not below 0.05",
    low=("blur", Share("blur"), "Which fine detail made the score rise?"),
)
w5(
    "photo_itself",
    "low: the photo itself as baseline: no rise, map 0, share undefined, stated 0",
    low=(xc.datasets.photo("camera", device="cpu"), 0.0, "Which pixels made the score rise?"),
)
w5("no_question", "question left out", low=("black", Share("black")))


def cs_topk(a, p):
    b = p.mean(1).flatten()
    k = int(0.2 * b.numel())
    i = b.argsort()[:k]
    a = a.abs().sum(1).flatten()
    return a[i].sum() / a.sum()


B.r("05.5", "argsort_tensor", "argsort, returns a tensor; ties broken by argsort", t5(cs_topk))


def cs_np(a, p):
    a, p = np.asarray(a.detach()), np.asarray(p)
    b = p.mean(axis=1)
    return np.abs(a.sum(axis=1))[b <= np.quantile(b, 0.2)].sum() / np.abs(a.sum(axis=1)).sum()


B.r(
    "05.5",
    "numpy_summed",
    "NumPy, channels added first; tensors as baselines",
    t5(
        cs_np,
        (torch.zeros(1, 3, 224, 224), Share("black"), LQ),
        (torch.ones(1, 3, 224, 224), Share("white"), HQ),
    ),
)


# ------------------------------------------------------------------ 05.6 a 0 that matters
def w6(name, truth, *c):
    B.w("05.6", name, truth, c)


w6(
    "does_not_matter",
    "feature 1 does not occur in f: setting it changes nothing",
    lambda p: p[:, 0],
    [[1.0, 1.0]],
    [[0.0, 0.0]],
    1,
    5.0,
)
w6(
    "change_too_small",
    "the change is only 0.2",
    lambda p: p[:, 0] + 0.1 * p[:, 1],
    [[1.0, 0.0]],
    [[0.0, 0.0]],
    1,
    2.0,
)
w6(
    "jump",
    "f has a jump (x1 > 0.5), the gradient is 0 by software",
    lambda p: (p[:, 0] > 0.5).float(),
    [[1.0]],
    [[0.0]],
    0,
    0.0,
)
w6(
    "detach",
    "detach makes the 0",
    lambda p: p[:, 0].detach() + 0 * p[:, 0],
    [[1.0]],
    [[0.0]],
    0,
    5.0,
)
w6(
    "on_kink",
    "the path runs on a kink, software sets the slope to 0",
    lambda p: relu(p[:, 0] - p[:, 1]) - relu(p[:, 1] - p[:, 0]),
    [[1.0, 1.0]],
    [[0.0, 0.0]],
    0,
    3.0,
)
w6(
    "gradient_zero_only",
    "the gradient at x is 0, but IG is 1 (sensitivity(a))",
    lambda p: 1 - relu(1 - p[:, 0]),
    [[2.0]],
    [[0.0]],
    0,
    0.0,
)
w6("too_large", "value 100 is outside -10..10", lambda p: p[:, 0], [[0.0]], [[0.0]], 0, 100.0)
w6(
    "two_inputs",
    "two inputs instead of one",
    lambda p: p[:, 0],
    [[0.0], [0.0]],
    [[0.0], [0.0]],
    0,
    3.0,
)
w6(
    "from_one",
    "counts features from 1: 2 means the second of two",
    lambda p: p[:, 0] + p[:, 1],
    [[1.0, 0.0]],
    [[0.0, 0.0]],
    2,
    3.0,
)
w6(
    "from_one_b",
    "counts features from 1: index 1 is meant to be the first; the second travels and is used",
    lambda p: p[:, 0] + p[:, 1],
    [[0.0, 1.0]],
    [[0.0, 0.0]],
    1,
    3.0,
)
w6(
    "same_value",
    "value equals the value that x has already: no change",
    lambda p: 3 * p[:, 0],
    [[1.0]],
    [[1.0]],
    0,
    1.0,
)
w6(
    "still_closed",
    "the relu stays closed at the new value, too: no change",
    lambda p: relu(p[:, 0] - 5),
    [[1.0]],
    [[0.0]],
    0,
    4.0,
)
w6(
    "sum_cancels",
    "the sum of the map is 0, the single share is not (1 and -1)",
    lambda p: p[:, 0] - p[:, 1],
    [[1.0, 1.0]],
    [[0.0, 0.0]],
    0,
    3.0,
)
w6(
    "almost_zero",
    "share 0.01, not exactly 0",
    lambda p: 0.01 * p[:, 0] + relu(p[:, 0] - 2),
    [[1.0]],
    [[0.0]],
    0,
    8.0,
)
w6(
    "swapped_order",
    "value and feature swapped in the tuple",
    lambda p: p[:, 0] + 2 * p[:, 1],
    [[1.0, 0.0]],
    [[0.0, 0.0]],
    3.0,
    1,
)
w6(
    "sheet_shape",
    "f returns (N, D) (forgot to pick the feature)",
    lambda p: 3 * p,
    [[0.0]],
    [[0.0]],
    0,
    2.0,
)
w6("round", "torch.round: jump", lambda p: torch.round(p[:, 0]), [[0.4]], [[0.0]], 0, 4.0)
w6(
    "flat_x",
    "x as a flat list [..] instead of [[..]]",
    lambda p: p[:, 0] + p[:, 1],
    [1.0, 0.0],
    [0.0, 0.0],
    1,
    3.0,
)
w6(
    "baseline_changed",
    "changes the baseline value instead: x1 travels from 2 to 0, IG -2; 'value' is the baseline",
    lambda p: p[:, 0],
    [[0.0]],
    [[2.0]],
    0,
    2.0,
)
B.r(
    "05.6",
    "square",
    "x^2 from -1 to 1: the slopes cancel",
    (lambda p: p[:, 0] ** 2, [[1.0]], [[-1.0]], 0, 0.0),
)
B.r(
    "05.6",
    "min",
    "minimum: x2 is never the smaller one on the path",
    (
        lambda p: torch.minimum(p[:, 0], p[:, 1]),
        torch.tensor([[1.0, 5.0]]),
        torch.zeros(1, 2),
        1,
        -3,
    ),
)
B.r(
    "05.6",
    "product",
    "stays at baseline 2 in a product",
    (lambda p: p.prod(1), [[3, 2]], [[0, 2]], 1, -7),
)
B.r(
    "05.6",
    "sine",
    "sin(pi x) from 0 to 2: integral 0 mathematically",
    (lambda p: torch.sin(torch.pi * p[:, 0]), [[2.0]], [[0.0]], 0, 0.5),
)
B.r(
    "05.6",
    "dead_unit",
    "relu(x-5) closed on the whole path, opens at 8",
    (lambda p: relu(p[:, 0] - 5), np.array([[1.0]]), np.array([[0.0]]), 0, 8),
)


# ------------------------------------------------------------------ 05.7 probability
def avg_of(score, x, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        p = (baseline + a * (x - baseline)).detach().requires_grad_()
        total += torch.autograd.grad(score(p).sum(), p)[0]
    return total / steps


def ig_of(score, x, baseline, steps):
    return (x - baseline) * avg_of(score, x, baseline, steps)


def pick(s, target):
    return s[torch.arange(len(s)), target]


@B.W("05.7", "explains the score, no softmax")
def logit(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p), target), x, baseline, steps)


@B.W("05.7", "log of the probability")
def log_softmax(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p).log_softmax(1), target), x, baseline, steps)


@B.W("05.7", "softmax over the batch (axis 0)")
def softmax_dim0(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p).softmax(0), target), x, baseline, steps)


@B.W("05.7", "IG of the score, multiplied by the probability at x")
def times_p(model, x, target, baseline, steps):
    p = pick(model(x).softmax(1), target).detach().view(-1, *[1] * (x.dim() - 1))
    return p * ig_of(lambda q: pick(model(q), target), x, baseline, steps)


@B.W("05.7", "sigmoid instead of softmax")
def sigmoid(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p).sigmoid(), target), x, baseline, steps)


@B.W("05.7", "softmax of the finished map")
def softmax_of_map(model, x, target, baseline, steps):
    return (
        ig_of(lambda p: pick(model(p), target), x, baseline, steps).flatten(1).softmax(1).view_as(x)
    )


@B.W("05.7", "gradient of the probability at x only, times the distance")
def gradient_at_x(model, x, target, baseline, steps):
    p = x.detach().clone().requires_grad_()
    return (x - baseline) * torch.autograd.grad(pick(model(p).softmax(1), target).sum(), p)[0]


@B.W("05.7", "the denominator is detached: other classes treated as constant")
def constant_denominator(model, x, target, baseline, steps):
    def score(p):
        e = model(p).exp()
        return pick(e, target) / e.sum(1).detach()

    return ig_of(score, x, baseline, steps)


@B.W("05.7", "score gradient times p(1-p): forgets the other classes' slopes")
def p_one_minus_p(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        q = (baseline + a * (x - baseline)).detach().requires_grad_()
        s = model(q)
        p = pick(s.softmax(1), target).detach()
        g = torch.autograd.grad(pick(s, target).sum(), q)[0]
        total += g * (p * (1 - p)).view(-1, *[1] * (x.dim() - 1))
    return (x - baseline) * total / steps


@B.W("05.7", "[:, target]: the probabilities of all targets of the batch for each input")
def all_targets7(model, x, target, baseline, steps):
    return ig_of(lambda p: model(p).softmax(1)[:, target], x, baseline, steps)


@B.W("05.7", "divides the score by the sum of scores: forgot the exponential")
def no_exp(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p), target) / model(p).sum(1), x, baseline, steps)


@B.W("05.7", "forgot the distance")
def no_distance7(model, x, target, baseline, steps):
    return avg_of(lambda p: pick(model(p).softmax(1), target), x, baseline, steps)


@B.W("05.7", "softmax twice")
def softmax_twice(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p).softmax(1).softmax(1), target), x, baseline, steps)


@B.W("05.7", "exp of the target's score without the denominator")
def only_exp(model, x, target, baseline, steps):
    return ig_of(lambda p: pick(model(p), target).exp(), x, baseline, steps)


@B.W("05.7", "cross entropy: -log p, wrong sign and log")
def cross_entropy(model, x, target, baseline, steps):
    def score(p):
        t = torch.as_tensor(target).expand(len(p))
        return Fn.cross_entropy(model(p), t, reduction="none")

    return ig_of(score, x, baseline, steps)


@B.W(
    "05.7",
    "difference of probabilities: the rise p(x)-p(baseline) spread over pixels like the map of the score",
)
def rescaled_logit_map(model, x, target, baseline, steps):
    m = ig_of(lambda p: pick(model(p), target), x, baseline, steps)
    rise = pick(model(x).softmax(1), target) - pick(model(baseline).softmax(1), target)
    v = [-1] + [1] * (x.dim() - 1)
    return (m * (rise / m.flatten(1).sum(1)).view(v)).detach()


@B.W("05.7", "multiplies by x instead of x - baseline")
def times_x7(model, x, target, baseline, steps):
    return x * avg_of(lambda p: pick(model(p).softmax(1), target), x, baseline, steps)


@B.R("05.7", "the formula typed as it stands, no max subtracted")
def naive_formula(model, x, target, baseline, steps):
    def score(p):
        e = torch.exp(model(p))
        return pick(e, target) / e.sum(dim=1)

    return ig_of(score, x, baseline, steps)


@B.R("05.7", "by the chain rule: p (grad F_t - sum_k p_k grad F_k)")
def chain_rule(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for a in mids(steps):
        q = (baseline + a * (x - baseline)).detach().requires_grad_()
        s = model(q)
        p = s.softmax(1).detach()
        pt = pick(p, target)
        total += torch.autograd.grad((pt * (pick(s, target) - (p * s).sum(1))).sum(), q)[0]
    return (x - baseline) * total / steps


@B.R("05.7", "exp(log_softmax), wraps my_ig with a lambda; left ends")
def wrapped(model, x, target, baseline, steps):
    return one_batch_backwards(lambda p: model(p).log_softmax(-1).exp(), x, target, baseline, steps)


# ------------------------------------------------------------------ 05.4 bugs (a: one node less; b: path too long; c: width of the last row)
lin = lambda p: p.sum(1)
sq = lambda p: (p**2).sum(1)
A4, B4, C4 = (
    (lin, [[1.0, 2.0]], [[0.0, 0.0]], 10),
    (sq, [[3.0, 1.0]], [[1.0, 2.0]], 50),
    (lin, [[1.0, 2.0], [3.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]], 50),
)


def w4(name, truth, a=A4, b=B4, c=C4):
    B.w("05.4", name, truth, {"a": a, "b": b, "c": c})


w4(
    "a_many_steps",
    "a: 2000 steps, the missing node is only 0.05 percent",
    a=(lin, [[1.0, 2.0]], [[0.0, 0.0]], 2000),
)
w4(
    "a_thirty_steps",
    "a: 30 steps, error 3.3 percent, below 5",
    a=(lin, [[1.0, 2.0]], [[0.0, 0.0]], 30),
)
w4(
    "b_zero_baseline",
    "b: baseline 0, where x and x - baseline agree",
    b=(sq, [[3.0, 1.0]], [[0.0, 0.0]], 50),
)
w4(
    "b_linear",
    "b: a linear f has the same slope on any path",
    b=(lin, [[3.0, 1.0]], [[1.0, 2.0]], 50),
)
w4(
    "c_one_input",
    "c: a batch of one: the last row is the only one",
    c=(sq, [[3.0, 1.0]], [[1.0, 2.0]], 50),
)
w4(
    "c_same_rows",
    "c: two equal inputs",
    c=(sq, [[3.0, 1.0], [3.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]], 50),
)
w4(
    "c_same_distance",
    "c: different inputs, but both rows travel the same distance",
    c=(sq, [[3.0, 1.0], [4.0, 2.0]], [[0.0, 0.0], [1.0, 1.0]], 50),
)
w4("ab_swapped", "evidence for a and b exchanged", a=B4, b=A4)
w4("c_missing", "c left open", c=None)
w4("b_steps", "b: 5000 steps, more than allowed", b=(sq, [[3.0, 1.0]], [[1.0, 2.0]], 5000))
w4(
    "a_kink_coarse",
    "a: a steep relu with 3 steps: a right function is as far off",
    a=(lambda p: relu(20 * (p[:, 0] - 0.9)), [[1.0]], [[0.0]], 3),
)
w4(
    "b_column",
    "b: f returns (N, 1)",
    b=(lambda p: (p**2).sum(1, keepdim=True), [[3.0, 1.0]], [[1.0, 2.0]], 50),
)
w4(
    "c_scalar",
    "c: f adds up over the batch, returns one number",
    c=(lambda p: p.sum(), [[1.0, 2.0], [3.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]], 50),
)
w4("no_baseline", "a: baseline left out of the tuple", a=(lin, [[1.0, 2.0]], 10))
w4(
    "flat_x",
    "a: x and baseline flat lists, not lists of inputs",
    a=(lin, [1.0, 2.0], [0.0, 0.0], 10),
)
w4(
    "c_baseline_one_row",
    "c: one baseline row for two inputs",
    c=(lin, [[1.0, 2.0], [3.0, 5.0]], [[0.0, 0.0]], 50),
)


def r4(name, truth, a=A4, b=B4, c=C4):
    B.r("05.4", name, truth, {"a": a, "b": b, "c": c})


r4(
    "tensors",
    "tensors, f of the lesson's kind; a with one single step",
    a=(lambda p: 2 * p[:, 0] + p[:, 1], torch.tensor([[10.0, 5.0]]), torch.zeros(1, 2), 1),
    b=(lambda p: p[:, 0] * p[:, 1], torch.tensor([[0.0, 3.0]]), torch.tensor([[2.0, 1.0]]), 7),
    c=(lambda p: p.prod(1), torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.zeros(2, 2), 40),
)
r4(
    "one_evidence_for_all",
    "the same batch with a non-zero baseline and few steps for all three",
    *[(lambda p: p[:, 0] * p[:, 1], [[3.0, 2.0], [5.0, 4.0]], [[1.0, 1.0], [-1.0, 1.0]], 10)] * 3,
)
