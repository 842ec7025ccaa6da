"""Answers to the tasks of lesson 09 by an attacker who had not seen the checkers, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py. The second round, at
the end, was written after the first was run.
"""

import functools
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F

import xaicourse as xc

ANSWERS = []


def add(task, kind, name, answer, truth=""):
    ANSWERS.append(dict(task=task, kind=kind, name=name, args=(answer,), why=truth))


def wrong(task, truth, name=None):
    def deco(fn):
        add(task, "wrong", name or fn.__name__, fn, truth)
        return fn

    return deco


def right(task, note="", name=None):
    def deco(fn):
        add(task, "right", name or getattr(fn, "__name__", "?"), fn, note)
        return fn

    return deco


def rows(x):
    return torch.arange(len(x), device=x.device)


# ------------------------------------------------------------------ 09.1
def starts(rise=None, rank=None):
    """Build an answer from a rise(sx, sb, own_x, own_b) and a rank(sx, sb, own_x, own_b, target)."""
    rise = rise or (lambda sx, sb, ox, ob: ox - ob)
    rank = rank or (lambda sx, sb, ox, ob, t: 1 + (sb > ob[:, None]).sum(1))

    def at_the_start(model, x, target, baseline):
        sx, sb = model(x), model(baseline)
        i = rows(x)
        ox, ob = sx[i, target], sb[i, target]
        r = rise(sx, sb, ox, ob)
        return torch.stack([r, rank(sx, sb, ox, ob, target).to(r)], dim=1)

    return at_the_start


T = "09.1"
add(
    T,
    "wrong",
    "rise_sign",
    starts(rise=lambda sx, sb, ox, ob: ob - ox),
    "rise is baseline minus x: sign turned round",
)
add(
    T,
    "wrong",
    "rise_abs",
    starts(rise=lambda sx, sb, ox, ob: (ox - ob).abs()),
    "absolute value of the rise",
)
add(
    T,
    "wrong",
    "rank_from_0",
    starts(rank=lambda sx, sb, ox, ob, t: (sb > ob[:, None]).sum(1)),
    "rank counts from 0: forgot the 1 +",
)
add(
    T,
    "wrong",
    "rank_ties_ge",
    starts(rank=lambda sx, sb, ox, ob, t: (sb >= ob[:, None]).sum(1)),
    "classes with the same score are counted as ahead (>=)",
)
add(
    T,
    "wrong",
    "rank_ge_plus_1",
    starts(rank=lambda sx, sb, ox, ob, t: 1 + (sb >= ob[:, None]).sum(1)),
    ">= counts the target itself too: rank one too large",
)
add(
    T,
    "wrong",
    "rank_at_x",
    starts(rank=lambda sx, sb, ox, ob, t: 1 + (sx > ox[:, None]).sum(1)),
    "rank of the target at x, not at the baseline",
)
add(
    T,
    "wrong",
    "rank_argsort",
    starts(
        rank=lambda sx, sb, ox, ob, t: 1 + sb.argsort(1, descending=True)[torch.arange(len(sb)), t]
    ),
    "argsort()[target]: the class which stands at place target",
)
add(
    T,
    "wrong",
    "rank_ascending",
    starts(rank=lambda sx, sb, ox, ob, t: 1 + (sb < ob[:, None]).sum(1)),
    "counts the classes behind: rank from the bottom",
)
add(
    T,
    "wrong",
    "rank_argsort_twice_ties",
    starts(
        rank=lambda sx, sb, ox, ob, t: (
            1 + (-sb).argsort(dim=1, stable=True).argsort(1)[torch.arange(len(sb)), t]
        )
    ),
    "double argsort: an equal score with a smaller class number is counted as ahead",
)
add(
    T,
    "wrong",
    "rank_against_score_at_x",
    starts(rank=lambda sx, sb, ox, ob, t: 1 + (sb > ox[:, None]).sum(1)),
    "compares the baseline's scores with the target's score at x",
)
add(
    T,
    "wrong",
    "rank_whole_batch",
    starts(rank=lambda sx, sb, ox, ob, t: (1 + (sb > ob[:, None]).sum()).expand(len(sb))),
    "sum without an axis: counts over all inputs of the batch",
)
add(
    T,
    "wrong",
    "rise_softmax",
    starts(
        rise=lambda sx, sb, ox, ob: (
            (ox - torch.logsumexp(sx, 1)).exp() - (ob - torch.logsumexp(sb, 1)).exp()
        )
    ),
    "rise of the softmax probability, not the score",
)
add(
    T,
    "wrong",
    "rise_share",
    starts(rise=lambda sx, sb, ox, ob: (ox - ob) / ox),
    "rise divided by F(x): a share",
)
add(
    T,
    "wrong",
    "rise_batch_mean",
    starts(rise=lambda sx, sb, ox, ob: (ox - ob).mean().expand(len(ox))),
    "one mean rise for the whole batch",
)
add(
    T,
    "wrong",
    "rise_all_classes",
    starts(rise=lambda sx, sb, ox, ob: (sx - sb).sum(1)),
    "rise summed over all classes, not of the target",
)
add(
    T,
    "wrong",
    "rise_score_of_x_only",
    starts(rise=lambda sx, sb, ox, ob: ox),
    "forgets to subtract F(baseline)",
)
add(
    T,
    "wrong",
    "rise_winner",
    starts(rise=lambda sx, sb, ox, ob: sx.max(1).values - sb.max(1).values),
    "rise of the winning scores, each of its own, not of the target class",
)


@wrong(T, "columns swapped: rank first, then rise")
def columns_swapped(model, x, target, baseline):
    return starts()(model, x, target, baseline).flip(1)


@wrong(T, "shape (2, N): stacked along dim 0")
def shape_2n(model, x, target, baseline):
    return starts()(model, x, target, baseline).T


@wrong(T, "takes the class of the first input for all (target[0])")
def first_target_for_all(model, x, target, baseline):
    return starts()(model, x, target[0].expand(len(x)), baseline)


@wrong(T, "truncates the rise to a whole number: stacked as integers")
def rise_int(model, x, target, baseline):
    return starts()(model, x, target, baseline).long()


@wrong(T, "takes only the first baseline for all inputs")
def first_baseline(model, x, target, baseline):
    return starts()(model, x, target, baseline[:1].expand_as(baseline))


@wrong(T, "ranks with 1000 classes hard-coded")
def rank_1000(model, x, target, baseline):
    return starts(rank=lambda sx, sb, ox, ob, t: 1000 - (sb < ob[:, None]).sum(1))(
        model, x, target, baseline
    )


@wrong(T, "x and baseline swapped: rise negative and the rank at x")
def swap_x_baseline(model, x, target, baseline):
    return starts()(model, baseline, target, x)


@wrong(T, "changes x in place (x -= baseline ... to save memory)")
def mutates_x(model, x, target, baseline):
    out = starts()(model, x, target, baseline)
    x -= baseline
    return out


@right(T, "input by input, Python lists, returns a tensor")
def loop_lists(model, x, target, baseline):
    out = []
    for i in range(len(x)):
        a = model(x[i : i + 1])[0].detach().tolist()
        s = model(baseline[i : i + 1])[0].detach().tolist()
        k = int(target[i])
        out.append([a[k] - s[k], 1 + len([v for v in s if v > s[k]])])
    return torch.tensor(out, dtype=torch.float64)


@right(T, "one forward pass for both, gather, no_grad")
def one_pass_gather(model, x, target, baseline):
    with torch.no_grad():
        both = model(torch.cat([baseline, x]))
    low, high = both.chunk(2)
    own = low.gather(1, target[:, None])
    place = low.gt(own).sum(1, keepdim=True) + 1
    return torch.cat([high.gather(1, target[:, None]) - own, place], 1)


@right(T, "searchsorted in the sorted scores; ties handled")
def searchsorted(model, x, target, baseline):
    s = model(baseline).double()
    own = s.gather(1, target[:, None])
    up = (-s).sort(1).values.contiguous()
    place = torch.searchsorted(up, -own.contiguous(), right=False)[:, 0] + 1
    rise = F.one_hot(target, s.shape[1]).to(s) * (model(x).double() - s)
    return torch.stack((rise.sum(1), place.double()), -1)


class Start:
    def __call__(self, model, x, target, baseline):
        s = model(baseline).detach().cpu().numpy()
        a = model(x).detach().cpu().numpy()
        t = target.cpu().numpy()
        own = np.take_along_axis(s, t[:, None], 1)
        k = s.shape[1] - (s <= own).sum(1) + 1
        return torch.from_numpy(
            np.stack([np.take_along_axis(a, t[:, None], 1)[:, 0] - own[:, 0], k.astype(a.dtype)], 1)
        )


add(T, "right", "class_call_numpy", Start(), "class with __call__, NumPy, counts those not ahead")


# ------------------------------------------------------------------ 09.2
def eg(
    way=None, point=None, slope=None, map_=None, err=None, chosen=None, prepare=None, found=None
):
    def my_eg(model, x, target, references, alphas):
        i = rows(x)
        if prepare:
            references, alphas = prepare(x, references, alphas)
        all_ = []
        for r, a in zip(references, alphas):
            w = x - r
            p = (point or (lambda x, r, a: r + a * (x - r)))(x, r, a)
            p = p.detach().clone().requires_grad_()
            c = (chosen or (lambda s, i, t: s[i, t].sum()))(model(p), i, target)
            (g,) = torch.autograd.grad(c, p)
            w = (way or (lambda x, r, a: x - r))(x, r, a)
            all_.append((found or (lambda w, g: w * g))(w, g))
        all_ = torch.stack(all_)
        n = len(all_)
        m = (map_ or (lambda f: f.mean(0)))(all_)
        e = (err or (lambda f: f.std(0) / len(f) ** 0.5))(all_)
        return torch.stack([m, e])

    return my_eg


T = "09.2"
add(
    T,
    "wrong",
    "sign_slip",
    eg(way=lambda x, r, a: r - x),
    "way is reference minus x: the sign slip",
)
add(
    T,
    "wrong",
    "err_no_sqrt_n",
    eg(err=lambda f: f.std(0)),
    "gives the standard deviation: not divided by sqrt n",
)
add(T, "wrong", "err_div_n", eg(err=lambda f: f.std(0) / len(f)), "divides by n, not by sqrt n")
add(
    T,
    "wrong",
    "err_biased",
    eg(err=lambda f: f.std(0, unbiased=False) / len(f) ** 0.5),
    "standard deviation with n instead of n - 1",
)
add(
    T,
    "wrong",
    "err_sqrt_n_minus_1",
    eg(err=lambda f: f.std(0) / (len(f) - 1) ** 0.5),
    "divides by sqrt(n - 1) after a deviation that already has n - 1",
)
add(
    T,
    "wrong",
    "err_variance",
    eg(err=lambda f: f.var(0) / len(f)),
    "variance over n: the root is missing",
)
add(
    T,
    "wrong",
    "err_of_abs",
    eg(err=lambda f: f.abs().std(0) / len(f) ** 0.5),
    "the error of the absolute values",
)
add(
    T,
    "wrong",
    "err_mean_not_subtracted",
    eg(err=lambda f: (f.square().sum(0) / (len(f) - 1) / len(f)).sqrt()),
    "root mean square, the mean is not subtracted",
)
add(
    T,
    "wrong",
    "err_all_pixels",
    eg(err=lambda f: (f.std() / len(f) ** 0.5).expand(f.shape[1:])),
    "one deviation over everything instead of over the draws for each number",
)
add(
    T,
    "wrong",
    "err_over_inputs",
    eg(err=lambda f: (f.mean(0).std(0, keepdim=True) / f.shape[1] ** 0.5).expand(f.shape[1:])),
    "deviation over the inputs, not over the draws",
)
add(
    T,
    "wrong",
    "map_abs",
    eg(map_=lambda f: f.abs().mean(0)),
    "mean of the absolute values of the draws",
)
add(
    T,
    "wrong",
    "map_abs_after",
    eg(map_=lambda f: f.mean(0).abs()),
    "absolute value of the map at the end",
)
add(T, "wrong", "map_sum", eg(map_=lambda f: f.sum(0)), "sum of the draws instead of mean")
add(T, "wrong", "map_median", eg(map_=lambda f: f.median(0).values), "median instead of mean")
add(
    T,
    "wrong",
    "gradient_at_x",
    eg(point=lambda x, r, a: x),
    "gradient at x, not at the point of the draw",
)
add(
    T,
    "wrong",
    "gradient_at_reference",
    eg(point=lambda x, r, a: r.expand_as(x)),
    "gradient at the reference: alpha forgotten",
)
add(
    T,
    "wrong",
    "alpha_turned",
    eg(point=lambda x, r, a: x + a * (r - x)),
    "alpha runs from x to the reference: 1 - alpha used",
)
add(T, "wrong", "no_way", eg(found=lambda w, g: g), "only the gradient, the way is missing")
add(
    T,
    "wrong",
    "way_times_alpha",
    eg(way=lambda x, r, a: a * (x - r)),
    "way from reference to point only: extra factor alpha (e.g. gradient with respect to x through the point)",
)
add(T, "wrong", "times_x", eg(way=lambda x, r, a: x), "gradient times x, not times x - reference")
add(
    T,
    "wrong",
    "alpha_times_x",
    eg(point=lambda x, r, a: a * x),
    "point alpha * x as for a black baseline, reference only in the way",
)
add(
    T,
    "wrong",
    "point_way_not_from_reference",
    eg(point=lambda x, r, a: a * (x - r)),
    "forgets to add the reference to the point",
)
add(
    T,
    "wrong",
    "mean_alpha",
    eg(prepare=lambda x, r, a: (r, a.mean().expand(len(a)))),
    "the mean place for all draws",
)
add(
    T,
    "wrong",
    "alpha_sorted",
    eg(prepare=lambda x, r, a: (r, a.sort().values)),
    "places sorted: draw j no longer has alphas[j]",
)
add(
    T,
    "wrong",
    "even_alphas",
    eg(prepare=lambda x, r, a: (r, (torch.arange(len(a)).to(a) + 0.5) / len(a))),
    "own midpoints instead of the given alphas",
)
add(
    T,
    "wrong",
    "alpha_all_half",
    eg(prepare=lambda x, r, a: (r, torch.full_like(a, 0.5))),
    "alpha = 0.5 of the example hard-coded",
)
add(
    T,
    "wrong",
    "random_alphas",
    eg(prepare=lambda x, r, a: (r, torch.rand_like(a))),
    "draws its own places",
)
add(
    T,
    "wrong",
    "mean_reference",
    eg(prepare=lambda x, r, a: (r.mean(0, keepdim=True).expand_as(r), a)),
    "all draws from the mean reference",
)
add(
    T,
    "wrong",
    "first_reference",
    eg(prepare=lambda x, r, a: (r[:1].expand_as(r), a)),
    "only the first reference for all draws",
)
add(
    T,
    "wrong",
    "all_pairs",
    eg(prepare=lambda x, r, a: (r.repeat_interleave(len(a), 0), a.repeat(len(r)))),
    "each reference with each alpha: n * n draws",
)
add(
    T,
    "wrong",
    "drop_last",
    eg(prepare=lambda x, r, a: (r[:-1], a[:-1])),
    "off by one: the last draw is left out",
)
add(
    T,
    "wrong",
    "chosen_mean",
    eg(chosen=lambda s, i, t: s[i, t].mean()),
    "mean of the chosen scores: gradient divided by N, right for one input only",
)
add(
    T,
    "wrong",
    "all_logits",
    eg(chosen=lambda s, i, t: s.sum()),
    "sum of all classes' scores, target ignored",
)
add(
    T,
    "wrong",
    "target_columns",
    eg(chosen=lambda s, i, t: s[:, t].sum()),
    "s[:, target]: each input gets the classes of all inputs; right for one input only",
)
add(
    T,
    "wrong",
    "winner",
    eg(chosen=lambda s, i, t: s.max(1).values.sum()),
    "class that wins at the point, not the target",
)
add(
    T,
    "wrong",
    "softmax",
    eg(chosen=lambda s, i, t: s.softmax(1)[i, t].sum()),
    "probability instead of the score",
)
add(
    T, "wrong", "way_norm_grad_abs", eg(found=lambda w, g: w.abs() * g), "the way in absolute value"
)


@wrong(T, "mean way times mean slope")
def mean_way_mean_slope(model, x, target, references, alphas):
    found, slopes, i = [], [], rows(x)
    for r, a in zip(references, alphas):
        p = (r + a * (x - r)).detach().requires_grad_()
        (g,) = torch.autograd.grad(model(p)[i, target].sum(), p)
        slopes.append(g)
        found.append((x - r) * g)
    found = torch.stack(found)
    return torch.stack(
        [(x - references.mean(0)) * torch.stack(slopes).mean(0), found.std(0) / len(found) ** 0.5]
    )


@wrong(T, "error first, then map")
def map_and_error_swapped(model, x, target, references, alphas):
    return eg()(model, x, target, references, alphas).flip(0)


@wrong(T, "returns only the map, shape (N, ...)")
def map_only(model, x, target, references, alphas):
    return eg()(model, x, target, references, alphas)[0]


@wrong(T, "stacked along dim 1: (N, 2, ...)")
def stacked_dim1(model, x, target, references, alphas):
    return eg()(model, x, target, references, alphas).transpose(0, 1)


@wrong(T, "gradients pile up in .grad over the draws (not set to zero)")
def grads_pile_up(model, x, target, references, alphas):
    i, found, total = rows(x), [], 0
    for r, a in zip(references, alphas):
        p = (r + a * (x - r)).detach().requires_grad_()
        (g,) = torch.autograd.grad(model(p)[i, target].sum(), p)
        total = total + g
        found.append((x - r) * total)
    found = torch.stack(found)
    return torch.stack([found.mean(0), found.std(0) / len(found) ** 0.5])


@wrong(T, "changes references in place (references -= x)")
def mutates_references(model, x, target, references, alphas):
    out = eg()(model, x, target, references, alphas)
    references -= x[0]
    return out


@wrong(
    T, "leaves x with requires_grad switched on, gradient with respect to x (extra factor alpha)"
)
def grad_wrt_x(model, x, target, references, alphas):
    x.requires_grad_()
    i, found = rows(x), []
    for r, a in zip(references, alphas):
        p = r + a * (x - r)
        (g,) = torch.autograd.grad(model(p)[i, target].sum(), x)
        found.append(((x - r) * g).detach())
    found = torch.stack(found)
    return torch.stack([found.mean(0), found.std(0) / len(found) ** 0.5])


@wrong(T, "flattened result (2, N, D): wrong shape for pictures")
def flattened(model, x, target, references, alphas):
    return eg()(model, x, target, references, alphas).flatten(2)


@right(T, "all draws in one batch, vectorised; lerp")
def vectorised(model, x, target, references, alphas):
    n, N = len(references), len(x)
    a = alphas.reshape(-1, 1, *[1] * (x.ndim - 1)).to(x)
    p = torch.lerp(
        references[:, None].expand(n, *x.shape), x[None].expand(n, *x.shape), a.expand(n, *x.shape)
    )
    p = p.flatten(0, 1).detach().requires_grad_()
    s = model(p).gather(1, target.repeat(n)[:, None])
    s.sum().backward(inputs=[p])
    f = p.grad.view(n, *x.shape) * (x[None] - references[:, None])
    m = f.mean(0)
    return torch.stack([m, ((f - m).square().sum(0) / (n * (n - 1))).sqrt()])


@right(T, "running mean and variance (Welford), accumulated in float64")
def welford(model, x, target, references, alphas):
    m = s = torch.zeros_like(x, dtype=torch.float64)
    for j in range(len(alphas)):
        p = ((1 - alphas[j]) * references[j] + alphas[j] * x).detach().requires_grad_()
        (g,) = torch.autograd.grad(model(p).take_along_dim(target[:, None], 1).sum(), p)
        d = (g * (x - references[j])).double()
        old = m
        m = m + (d - m) / (j + 1)
        s = s + (d - old) * (d - m)
    n = len(alphas)
    return torch.stack([m, (s / (n - 1) / n) ** 0.5])


@right(T, "input by input with xc.gradient, error from NumPy with ddof=1")
def by_input_numpy(model, x, target, references, alphas):
    maps, errs = [], []
    for k in range(len(x)):
        draws = np.stack(
            [
                (
                    (x[k] - r)
                    * xc.gradient(model, (r + a * (x[k] - r))[None], target=target[k : k + 1])[0]
                )
                .detach()
                .cpu()
                .numpy()
                for r, a in zip(references, alphas)
            ]
        )
        maps.append(draws.mean(0))
        errs.append(draws.std(0, ddof=1) / np.sqrt(len(draws)))
    return torch.from_numpy(np.array([maps, errs])).to(x)


@right(
    T,
    "slip in both signs: -(r - x) and points from the other end with 1 - alpha; draws in reverse order",
)
def other_end(model, x, target, references, alphas):
    return eg(
        point=lambda x, r, a: x + (1 - a) * (r - x),
        way=lambda x, r, a: -(r - x),
        prepare=lambda x, r, a: (r.flip(0), a.flip(0)),
    )(model, x, target, references, alphas)


def _kw(model, x, target, references, alphas, *, ddof):
    return eg(err=lambda f: f.std(0, correction=ddof) * len(f) ** -0.5)(
        model, x, target, references, alphas
    )


add(
    T,
    "right",
    "partial",
    functools.partial(_kw, ddof=1),
    "functools.partial, std with correction=1",
)


# ------------------------------------------------------------------ 09.3
def greedy(score=None, value=None, fill=None, stop=None):
    """score(pm, mask, new), value(pm, mask, new) -> number; fill(mask, new) -> pixels that get it."""
    mean = lambda pm, mask, new: pm[new].mean()
    score, value, fill = score or mean, value or mean, fill or (lambda mask, new: new)

    def regions(pixel_map, masks):
        result = torch.zeros_like(pixel_map)
        free = torch.ones_like(masks[0])
        while free.any():
            cand = [(m, m & free) for m in masks]
            cand = [(m, n) for m, n in cand if n.any()]
            m, n = max(cand, key=lambda mn: float(score(pixel_map, *mn)))
            if stop and stop(float(score(pixel_map, m, n))):
                break
            v = value(pixel_map, m, n)
            result[fill(m, n)] = v
            free = free & ~n
        return result

    return regions


T = "09.3"
add(
    T,
    "wrong",
    "sum_for_mean",
    greedy(score=lambda p, m, n: p[n].sum(), value=lambda p, m, n: p[n].mean()),
    "takes the region with the largest sum of new pixels",
)
add(
    T,
    "wrong",
    "sum_both",
    greedy(score=lambda p, m, n: p[n].sum(), value=lambda p, m, n: p[n].sum()),
    "sum for choosing and for filling",
)
add(
    T,
    "wrong",
    "fill_sum",
    greedy(value=lambda p, m, n: p[n].sum()),
    "new pixels get the sum, not the mean",
)
add(
    T,
    "wrong",
    "abs_mean_choice",
    greedy(score=lambda p, m, n: p[n].abs().mean()),
    "chooses by the mean of |map|",
)
add(
    T,
    "wrong",
    "abs_everything",
    lambda pixel_map, masks: greedy()(pixel_map.abs(), masks),
    "takes |map| from the start: the signs are lost",
)
add(
    T,
    "wrong",
    "abs_of_mean",
    greedy(score=lambda p, m, n: p[n].mean().abs()),
    "chooses the region whose mean is largest in absolute value",
)
add(
    T,
    "wrong",
    "choice_by_whole_mean",
    greedy(score=lambda p, m, n: p[m].mean()),
    "chooses by the mean of the whole region: the means are not taken anew",
)
add(
    T,
    "wrong",
    "fill_whole_mean",
    greedy(value=lambda p, m, n: p[m].mean()),
    "fills the new pixels with the mean of the whole region, taken ones included",
)
add(
    T,
    "wrong",
    "whole_mean_both",
    greedy(score=lambda p, m, n: p[m].mean(), value=lambda p, m, n: p[m].mean()),
    "means of whole regions once, for order and for filling",
)
add(
    T,
    "wrong",
    "overwrites",
    greedy(fill=lambda m, n: m),
    "overwrites pixels that an earlier region has taken",
)
add(
    T,
    "wrong",
    "smallest_first",
    greedy(score=lambda p, m, n: -p[n].mean()),
    "takes the smallest mean first",
)
add(
    T,
    "wrong",
    "div_by_whole_size",
    greedy(score=lambda p, m, n: p[n].sum() / m.sum(), value=lambda p, m, n: p[n].sum() / m.sum()),
    "sum of the new pixels divided by the size of the whole region",
)
add(
    T,
    "wrong",
    "max_pixel_choice",
    greedy(score=lambda p, m, n: p[n].max()),
    "chooses by the largest pixel instead of the mean",
)
add(
    T, "wrong", "fill_max", greedy(value=lambda p, m, n: p[n].max()), "fills with the largest pixel"
)
add(
    T,
    "wrong",
    "median",
    greedy(score=lambda p, m, n: p[n].median(), value=lambda p, m, n: p[n].median()),
    "median instead of mean",
)
add(
    T,
    "wrong",
    "stops_at_negative",
    greedy(stop=lambda v: v <= 0),
    "stops when no mean is above 0: the negative regions stay 0",
)
add(
    T,
    "wrong",
    "largest_region_first",
    greedy(score=lambda p, m, n: n.sum()),
    "takes the region with the most new pixels first",
)
add(T, "wrong", "given_order", None, "")
ANSWERS.pop()


@wrong(T, "fills the regions in the order given, never chooses")
def given_order(pixel_map, masks):
    result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for m in masks:
        n = m & free
        if n.any():
            result[n] = pixel_map[n].mean()
            free = free & ~n
    return result


@wrong(T, "each pixel gets the largest mean of the regions that hold it")
def largest_mean_of_holders(pixel_map, masks):
    means = torch.stack([pixel_map[m].mean() for m in masks])
    return torch.where(
        masks, means[:, None, None].to(pixel_map), pixel_map.new_tensor(-torch.inf)
    ).amax(0)


@wrong(T, "each pixel gets the mean of the means of its regions")
def mean_of_means(pixel_map, masks):
    means = torch.stack([pixel_map[m].mean() for m in masks]).to(pixel_map)
    return (masks * means[:, None, None]).sum(0) / masks.sum(0)


@wrong(
    T,
    "means taken once, in falling order; the value is the mean of the new pixels (order not updated)",
)
def order_once(pixel_map, masks):
    order = sorted(range(len(masks)), key=lambda k: -float(pixel_map[masks[k]].mean()))
    return given_order(pixel_map, masks[order])


@wrong(T, "off by one: one turn fewer than there are regions")
def one_turn_too_few(pixel_map, masks):
    result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for _ in range(len(masks) - 1):
        new = [m & free for m in masks]
        new = [n for n in new if n.any()]
        if not new:
            break
        best = max(new, key=lambda n: float(pixel_map[n].mean()))
        result[best] = pixel_map[best].mean()
        free = free & ~best
    return result


@wrong(T, "only the first region is taken, the others stay 0")
def first_only(pixel_map, masks):
    result = torch.zeros_like(pixel_map)
    best = max(masks, key=lambda n: float(pixel_map[n].mean()))
    result[best] = pixel_map[best].mean()
    return result


@wrong(T, "regions without a new pixel are not left out: mean of nothing is NaN, argmax takes it")
def nan_empty(pixel_map, masks):
    result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for _ in range(len(masks)):
        means = torch.stack([pixel_map[m & free].mean() for m in masks])
        k = int(means.argmax())
        n = masks[k] & free
        result[n] = means[k]
        free = free & ~n
    return result


@wrong(T, "an empty region counts as mean 0: it wins over negative ones, which stay unfilled (0)")
def empty_is_zero(pixel_map, masks):
    result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for _ in range(len(masks)):
        new = masks & free
        sums = (new * pixel_map).sum((1, 2))
        means = sums / new.sum((1, 2)).clamp(min=1)
        k = int(means.argmax())
        result[new[k]] = means[k]
        free = free & ~new[k]
    return result


@wrong(T, "shrinks the caller's masks in place")
def mutates_masks(pixel_map, masks):
    out = greedy()(pixel_map, masks)
    for m in masks:
        m &= False
    return out


@wrong(T, "writes the result into pixel_map itself")
def mutates_map(pixel_map, masks):
    out = greedy()(pixel_map, masks)
    pixel_map.copy_(out)
    return pixel_map


@wrong(T, "divides the result by its largest value")
def normalised(pixel_map, masks):
    out = greedy()(pixel_map, masks)
    return out / out.abs().max()


@wrong(T, "returns the region's number in the order of taking, not its mean")
def order_numbers(pixel_map, masks):
    out = greedy()(pixel_map, masks)
    return torch.unique(out, return_inverse=True)[1].to(out)


@wrong(T, "flattened: (H * W,)")
def flat_result(pixel_map, masks):
    return greedy()(pixel_map, masks).flatten()


@wrong(
    T,
    "sets taken pixels to 0 in the map but keeps the region's full size and overwrites nothing: mean of new = sum / whole size for choosing, right filling",
)
def choice_div_whole(pixel_map, masks):
    return greedy(score=lambda p, m, n: p[n].sum() / m.sum())(pixel_map, masks)


@right(T, "NumPy, flat, masked sums and counts, -inf for empty")
def numpy_counts(pixel_map, masks):
    p = pixel_map.detach().cpu().double().numpy().ravel()
    m = masks.cpu().numpy().reshape(len(masks), -1).astype(float)
    free, out = np.ones(p.size), np.zeros(p.size)
    while free.any():
        size = m @ free
        with np.errstate(all="ignore"):
            means = np.where(size > 0, (m @ (free * p)) / size, -np.inf)
        k = means.argmax()
        new = (m[k] * free) > 0
        out[new] = means[k]
        free[new] = 0
    return torch.from_numpy(out.reshape(pixel_map.shape)).to(pixel_map)


@right(T, "recursive; sets of pixel numbers, plain Python")
def recursive_sets(pixel_map, masks):
    v = pixel_map.flatten().tolist()
    sets = [set(m.flatten().nonzero()[:, 0].tolist()) for m in masks]

    def go(sets):
        sets = [s for s in sets if s]
        if not sets:
            return {}
        best = max(sets, key=lambda s: sum(v[i] for i in s) / len(s))
        mean = sum(v[i] for i in best) / len(best)
        return dict.fromkeys(best, mean) | go([s - best for s in sets])

    d = go(sets)
    return torch.tensor([d[i] for i in range(len(v))], dtype=pixel_map.dtype).view_as(pixel_map)


@right(T, "einsum and clones, where instead of index assignment, for-loop over K with break")
def einsum_where(pixel_map, masks):
    left = masks.clone().to(torch.float64)
    out = torch.zeros_like(pixel_map, dtype=torch.float64)
    for _ in range(len(masks)):
        size = left.sum((1, 2))
        if not size.any():
            break
        mean = torch.einsum("khw,hw->k", left, pixel_map.double()) / size
        mean = mean.nan_to_num(nan=-1e300)
        k = int(mean.argmax())
        taken = left[k].clone()
        out = out + taken * mean[k]
        left = left * (1 - taken)
    return out


# ------------------------------------------------------------------ 09.4
T = "09.4"
sq = lambda p: p.square().sum(1)  # noqa: E731
EV = {
    "a": (sq, [2.0], [[0.0], [1.0]], [0.5, 0.5]),
    "b": (sq, [2.0], [[0.0], [1.0]], [0.9, 0.1]),
    "c": (sq, [0.0], [[1.0], [-1.0]], [0.5, 0.5]),
}
# c: at x = 0 way = -1, 1; point .5, -.5; slope 1, -1: found -1, -1: both negative -> abs alike. Need mixed signs:
lin = lambda p: p.sum(1)  # noqa: E731
EV["c"] = (lin, [0.0], [[1.0], [-1.0]], [0.5, 0.5])  # found -1, 1


def ev(**kw):
    return EV | kw


add(
    T,
    "wrong",
    "a_linear",
    ev(a=(lin, [2.0], [[0.0], [1.0]], [0.5, 0.2])),
    "a: a linear f has one slope everywhere: bug a is right on it",
)
add(
    T,
    "wrong",
    "a_same_reference",
    ev(a=(sq, [2.0], [[1.0], [1.0]], [0.1, 0.9])),
    "a: both references are the same: mean way times mean slope is right",
)
add(
    T,
    "wrong",
    "a_below_5_percent",
    ev(a=(lambda p: p.square().sum(1), [10.0], [[0.0], [1.0]], [0.5, 0.5])),
    "a: differs by only about half a percent",
)
add(
    T,
    "wrong",
    "b_sorted_already",
    ev(b=(sq, [2.0], [[0.0], [1.0]], [0.1, 0.9])),
    "b: the alphas are in order already: sorting changes nothing",
)
add(
    T,
    "wrong",
    "b_same_references",
    ev(b=(sq, [2.0], [[1.0], [1.0]], [0.9, 0.1])),
    "b: the references are the same, so the order of the places does not matter",
)
add(
    T,
    "wrong",
    "b_linear",
    ev(b=(lin, [2.0], [[0.0], [1.0]], [0.9, 0.1])),
    "b: linear f: the place does not matter",
)
add(
    T,
    "wrong",
    "b_equal_alphas",
    ev(b=(sq, [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "b: equal alphas: sorting changes nothing",
)
add(
    T,
    "wrong",
    "c_all_positive",
    ev(c=(sq, [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "c: all draws are positive: |draw| is the draw",
)
add(
    T,
    "wrong",
    "c_all_negative",
    ev(c=(sq, [0.0], [[1.0], [-2.0]], [0.5, 0.3])),
    "c: all draws are negative: the deviation of |draw| is the same",
)
add(
    T,
    "wrong",
    "c_signs_by_feature",
    ev(c=(lambda p: p[:, 0] ** 2 - p[:, 1] ** 2, [2.0, 2.0], [[0.0, 0.0], [1.0, 1.0]], [0.5, 0.5])),
    "c: the signs differ between the features, not between the draws of one feature",
)
add(
    T,
    "wrong",
    "c_tiny_negative",
    ev(c=(lin, [0.0], [[-5.0], [-8.0], [-2.0], [-9.0], [-3.0], [-7.0], [0.01]], [0.5] * 7)),
    "c: one draw is negative but tiny: the error differs by less than 5 percent",
)
add(
    T,
    "wrong",
    "swap_a_c",
    {"a": EV["c"], "b": EV["b"], "c": EV["a"]},
    "evidence of a and c under the wrong keys",
)
add(T, "wrong", "a_missing", ev(a=None), "a is left open")
add(
    T,
    "wrong",
    "one_reference",
    ev(c=(lin, [0.0], [[1.0]], [0.5])),
    "c: a single reference; n must be from 2",
)
add(
    T,
    "wrong",
    "alpha_above_1",
    ev(b=(sq, [2.0], [[0.0], [1.0]], [1.5, 0.1])),
    "b: an alpha above 1",
)
add(
    T,
    "wrong",
    "number_above_10",
    ev(a=(sq, [20.0], [[0.0], [15.0]], [0.5, 0.5])),
    "a: numbers beyond 10",
)
add(
    T,
    "wrong",
    "order_mixed",
    ev(a=(sq, [[0.0], [1.0]], [2.0], [0.5, 0.5])),
    "a: references and x are swapped in the tuple",
)
add(
    T,
    "wrong",
    "f_keeps_shape",
    ev(a=(lambda p: p**2, [2.0, 1.0], [[0.0, 0.0], [1.0, 0.0]], [0.5, 0.5])),
    "a: f returns (P, D) instead of (P,)",
)
add(
    T,
    "wrong",
    "f_sums_all",
    ev(a=(lambda p: (p**2).sum(), [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "a: f sums over the whole batch: a single number",
)
add(
    T,
    "wrong",
    "alphas_too_few",
    ev(b=(sq, [2.0], [[0.0], [1.0], [-1.0]], [0.9, 0.1])),
    "b: three references but two alphas",
)
add(
    T,
    "wrong",
    "references_flat",
    ev(a=(sq, [2.0], [0.0, 1.0], [0.5, 0.5])),
    "a: references as a flat list of numbers",
)
add(
    T,
    "wrong",
    "f_numpy",
    ev(a=(lambda p: np.square(p.detach().numpy()).sum(1), [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "a: f leaves torch (NumPy): no gradient",
)
add(T, "wrong", "list_not_dict", [EV["a"], EV["b"], EV["c"]], "a list instead of a dictionary")
add(
    T,
    "wrong",
    "c_error_zero_both",
    ev(c=(lin, [2.0], [[1.0], [1.0]], [0.5, 0.5])),
    "c: both draws are alike: both errors are 0",
)
add(
    T,
    "wrong",
    "f_constant",
    ev(a=(lambda p: 0 * p.sum(1), [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "a: f is constant: map 0 in both",
)
add(
    T,
    "wrong",
    "a_mean_zero_slope",
    ev(a=(sq, [0.0, 3.0], [[1.0, 3.0], [1.0, 3.0]], [0.2, 0.7])),
    "a: the only way that is not 0 is the same in both draws; mean times mean is right",
)

add(T, "right", "plain", ev(), "the small example of the lesson")
net4 = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
with torch.no_grad():
    for k, q in enumerate(net4.parameters()):
        q.copy_(torch.linspace(-1, 1.5, q.numel(), dtype=torch.float64).view_as(q).sin() * (k + 1))


class Wave:
    def __call__(self, points):
        return torch.einsum("pd->p", torch.sin(points))


g = torch.Generator().manual_seed(3)
R50 = (torch.rand(50, 2, generator=g) * 4 - 2).tolist()
A50 = torch.rand(50, generator=g).tolist()
add(
    T,
    "right",
    "class_50_refs_tuples",
    {
        "c": (Wave(), (0.3, 0.2), tuple(map(tuple, R50)), tuple(A50)),
        "a": [Wave(), [1.5, -1], [[-1, 2], [0, 0], [3, 1]], [0, 1, 0.5]],
        "b": (
            lambda p: torch.exp(p[:, 0] / 4) * p[:, 1],
            [3, 2],
            [[-3, 1], [2, -1], [5, 4]],
            [1, 0, 0.5],
        ),
    },
    "class with __call__, 50 references, tuples, ints, keys in another order, a list for the tuple",
)
add(
    T,
    "right",
    "kinked_and_product",
    {
        "a": (lambda p: p.prod(dim=1), [1, 2], [[0, 0], [3, -1]], [0.25, 0.75]),
        "b": (lambda p: torch.relu(p[:, 0] - 1) * 2, [3], [[0], [2]], [0.9, 0.2]),
        "c": (lambda p: -p[:, 0], [0], [[4], [-3], [1]], [0.1, 0.2, 0.3]),
    },
    "product, relu, falling line",
)

# ------------------------------------------------------------------ 09.5
T = "09.5"
absf = lambda p: p.abs().sum(1)  # noqa: E731
add(
    T,
    "right",
    "abs",
    (absf, [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "|p0| + |p1|: one rises, the other comes back to where it was",
)
add(
    T,
    "right",
    "linear",
    (lambda p: p.sum(1), [5, 5], [-4.5, 4.5], [4.5, -4.5]),
    "a linear f: the longer way gets 95 percent",
)
add(T, "right", "max", (lambda p: p.max(1).values, [5, 5], [0, -5], [-5, 0]), "the maximum")
add(
    T,
    "right",
    "product",
    (lambda p: p[:, 0] * p[:, 1], [3.0, 3.0], [-3.0, 1.0], [1.0, -3.0]),
    "a product of two features",
)
add(
    T,
    "right",
    "more_than_all",
    (lambda p: p[:, 0] + p[:, 1], [0.0, 0.0], [-3.0, 1.0], [1.0, -3.0]),
    "feature 0 gets 150 percent, the other minus 50",
)
add(
    T,
    "right",
    "smooth_wave_np_tuple",
    (
        lambda p: 2 - torch.cos(torch.pi * p).sum(-1),
        np.array([1.0, 1.0]),
        (0.0, 3.0),
        torch.tensor([3.0, 0.0]),
    ),
    "cosine, array, tuple and tensor for the lists",
)
netr = torch.nn.Sequential(
    torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Flatten(0)
)
with torch.no_grad():
    netr[0].weight.copy_(torch.eye(2))
    netr[0].bias.zero_()
    netr[2].weight.fill_(2.0)
    netr[2].bias.zero_()
# relu(p0) + relu(p1), x = (1, -1)?  first: p0 rises; second: p1 must rise: needs x1 > 0: x = (1, 1), first (0, ?) p1 comes back only with |.|;
add(
    T,
    "wrong",
    "relu_net_half",
    (netr, [1.0, 1.0], [-1.0, -1.0], [-3.0, -1.0]),
    "the shares are one half each from the first, and from the second too; 2 relu(p0) + 2 relu(p1)",
)
add(
    T,
    "wrong",
    "zero_way",
    (lambda p: p.sum(1), [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]),
    "uses a zero distance: from each baseline one feature travels 0",
)
add(
    T,
    "wrong",
    "way_0_4",
    (lambda p: p.sum(1), [5, 5], [-4.0, 4.6], [4.6, -4.0]),
    "one feature travels only 0.4, less than 0.5",
)
add(
    T,
    "wrong",
    "swapped_order",
    (absf, [2.0, 2.0], [-2.0, 0.0], [0.0, -2.0]),
    "first and second are swapped: from the first feature 1 gets all",
)
add(
    T,
    "wrong",
    "eighty_percent",
    (lambda p: p.sum(1), [5, 5], [-3.0, 3.0], [3.0, -3.0]),
    "only four fifths of the rise",
)
add(
    T,
    "wrong",
    "rises_differ",
    (absf, [2.0, 2.0], [0.0, -2.0], [-2.0, 0.5]),
    "the scores at the baselines differ: rises 2 and 1.5",
)
add(
    T,
    "wrong",
    "rises_differ_little",
    (absf, [2.0, 2.0], [0.0, -2.0], [-2.0, 0.05]),
    "the rises differ by 0.05: more than a hundredth",
)
add(
    T,
    "wrong",
    "rise_below_1",
    (lambda p: 0.2 * absf(p), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "the rise is 0.4, below 1",
)
add(
    T,
    "wrong",
    "a_fall",
    (lambda p: -absf(p), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "it is a fall of 2: the rise is negative",
)
add(
    T,
    "wrong",
    "same_baseline",
    (absf, [2.0, 2.0], [0.0, -2.0], [0.0, -2.0]),
    "twice the same baseline: feature 1 gets nothing from the second",
)
add(
    T,
    "wrong",
    "only_first",
    (lambda p: p[:, 0], [5.0, 5.0], [0.0, 0.0], [0.0, 9.0]),
    "f does not use feature 1 at all: feature 0 gets all from both",
)
add(
    T,
    "wrong",
    "half_half",
    (lambda p: p.sum(1), [1.0, 1.0], [0.0, 0.0], [0.5, -0.5]),
    "from the first each gets half; only the second leans to one feature",
)
add(
    T,
    "wrong",
    "discontinuous",
    (
        lambda p: 2.0 * (p[:, 0] > p[:, 1]) + 0.0 * p.sum(1) + p[:, 0] * 0,
        [3.0, 2.0],
        [0.0, 1.0],
        [-1.0, 1.5],
    ),
    "a step function: f is not continuous, gradient 0 everywhere",
)
add(
    T,
    "wrong",
    "jump_repairs_score",
    (
        lambda p: torch.where(p[:, 0] >= p[:, 1], p[:, 0], 0.92 * p[:, 1]),
        [5.0, 5.0],
        [0.0, -1.0],
        [-1.0, 0.0],
    ),
    "f jumps on the diagonal by up to 8 percent: not continuous (all else holds)",
)
add(
    T,
    "wrong",
    "scores_equal_not_zero_rise",
    (lambda p: p[:, 0] - p[:, 1], [1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]),
    "f(x) is the score of the baselines too: the rise is 0",
)
add(
    T,
    "wrong",
    "range",
    (lambda p: p.sum(1), [15, 15], [-13.5, 13.5], [13.5, -13.5]),
    "numbers beyond 10",
)
add(
    T,
    "wrong",
    "f_single_number",
    (lambda p: p.abs().sum(), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "f sums over the batch as well: one number",
)
add(
    T,
    "wrong",
    "f_column",
    (lambda p: p.abs().sum(1, keepdim=True), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "f returns (P, 1) instead of (P,)",
)
add(
    T,
    "wrong",
    "f_one_point",
    (lambda p: p[0].abs() + p[1].abs(), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "f written for one point: p[0] is the first point, not feature 0",
)
add(T, "wrong", "three_parts", (absf, [2.0, 2.0], [0.0, -2.0]), "only one baseline")
add(
    T,
    "wrong",
    "order_of_parts",
    ([2.0, 2.0], absf, [0.0, -2.0], [-2.0, 0.0]),
    "x before f in the tuple",
)
add(
    T,
    "wrong",
    "gradient_thinking",
    (lambda p: p[:, 0] ** 2 + p[:, 1] ** 2, [3.0, 3.0], [0.0, 2.0], [2.0, 0.0]),
    "thinks only of who travels farther: shares 9 of 14 (0.64), not nine tenths",
)
add(
    T,
    "wrong",
    "second_only_80",
    (absf, [4.0, 4.0], [0.0, -4.0], [3.2, 0.8]),
    "first is right, from the second feature 1 gets only 80 percent",
)
add(
    T,
    "wrong",
    "f_float_item",
    (
        lambda p: torch.tensor([float(q.abs().sum()) for q in p]),
        [2.0, 2.0],
        [0.0, -2.0],
        [-2.0, 0.0],
    ),
    "f leaves torch through float(): no gradient",
)

# ------------------------------------------------------------------ 09.6
T = "09.6"


def paper(shares=(-1, 0), total=-1, slip=(1, 0)):
    return {"shares": shares, "total": total, "slip": slip}


for name, kw, truth in [
    (
        "no_half",
        dict(shares=(-2, 0), slip=(2, 0)),
        "forgets the integral of alpha, one half: -sigma^2 times f'' (slip follows)",
    ),
    (
        "no_half_total_too",
        dict(shares=(-2, 0), total=-2, slip=(2, 0)),
        "forgets the half everywhere; total taken as the sum of the shares",
    ),
    (
        "shares_plus",
        dict(shares=(1, 0), slip=(-1, 0)),
        "loses the minus: shares and slip are exchanged",
    ),
    (
        "cross_term_in_shares",
        dict(shares=(-1.5, -0.5)),
        "counts the mixed derivative of x1 x2 in the shares: half to each",
    ),
    ("cross_term_total", dict(total=-2), "takes E[z1 z2] as 1 in the total (mixed term)"),
    (
        "both_features",
        dict(shares=(-1, -1), slip=(1, 1)),
        "gives feature 2 the same as feature 1 although f does not bend along x2",
    ),
    ("places_swapped", dict(shares=(0, -1), slip=(0, 1)), "order of the two features exchanged"),
    ("total_sign", dict(total=1), "mean of f minus f(x): the sign of the total"),
    ("total_fx", dict(total=9), "total is f(x) itself, the mean of f not subtracted"),
    ("total_zero", dict(total=0), "takes the mean of f as f of the mean: total 0"),
    (
        "total_mean_f",
        dict(total=10),
        "gives the mean of f over the baselines instead of the difference",
    ),
    (
        "total_half",
        dict(total=-0.5),
        "total -0.5: half of sigma^2 without the second derivative of 2",
    ),
    ("slip_same", dict(slip=(-1, 0)), "thinks that the slip changes nothing"),
    (
        "slip_path_too",
        dict(slip=(3, 0)),
        "the slip used in the path too: points run away from x; 1.5 * 2",
    ),
    ("slip_zero", dict(slip=(0, 0)), "thinks that the slip cancels to 0"),
    (
        "gradient_x",
        dict(shares=(5, 5), total=10, slip=(-5, -5)),
        "gives the gradient at x: (2 x1 + x2, 3 + x1), and its sum as the total",
    ),
    ("grad_times_x", dict(shares=(10, 5), slip=(-10, -5)), "gradient times input"),
    (
        "ig_from_zero",
        dict(shares=(5, 4), slip=(-5, -4)),
        "Integrated Gradients from black: x1^2 + x1 x2 / 2 and 3 x2 + x1 x2 / 2",
    ),
    (
        "sigma_half",
        dict(shares=(-0.25, 0), slip=(0.25, 0)),
        "copies the lesson's example with sigma 0.5",
    ),
    (
        "zero_draws_cancel",
        dict(shares=(0, 0), total=0, slip=(0, 0)),
        "thinks that all draws cancel: the map is 0",
    ),
    ("x_dependent", dict(shares=(-4, 0), slip=(4, 0)), "uses f' at x1 (2 x1 = 4) instead of f'' "),
    (
        "half_derivative",
        dict(shares=(-0.5, 0), slip=(0.5, 0)),
        "uses 1 for the second derivative of x1^2",
    ),
    ("share_2_three", dict(shares=(-1, -3), slip=(1, 3)), "takes the slope 3 of x2 as its share"),
    ("none_left", dict(slip=None), "slip left open"),
    ("total_as_pair", dict(total=(-1, 0)), "gives two numbers for total"),
    ("shares_one_number", dict(shares=-1), "one number for two shares"),
    (
        "shares_third",
        dict(shares=(-2 / 3, 0), slip=(2 / 3, 0)),
        "integrates alpha squared: 1/3 instead of 1/2",
    ),
]:
    add(T, "wrong", name, paper(**kw), truth)
add(
    T,
    "right",
    "tensors",
    paper(torch.tensor([-1.0, 0.0]), torch.tensor(-1.0), torch.tensor([1.0, 0.0])),
    "tensors",
)
add(
    T,
    "right",
    "numpy_fraction",
    paper(np.array([-1, 0]), Fraction(-1), [Fraction(1), -0.0]),
    "NumPy, Fractions, minus zero",
)
add(
    T,
    "right",
    "float_noise",
    paper([-1.0000001, 1e-9], np.float32(-0.9999999), (1.0, -1e-10)),
    "floating-point noise",
)


# ------------------------------------------------------------------ 09.7
T = "09.7"


def prior(way=None, point=None, chosen=None, ce=None, pen=None, total=None, graph=True, prep=None):
    def prior_loss(model, x, labels, references, alphas, where, weight):
        i = rows(x)
        if prep:
            references, alphas = prep(x, references, alphas)
        w = x - references
        a = alphas[:, None]
        p = (point or (lambda x, r, a: r + a * (x - r)))(x, references, a).detach().requires_grad_()
        s = (chosen or (lambda s, i, t: s[i, t].sum()))(model(p), i, labels)
        (gr,) = torch.autograd.grad(s, p, create_graph=graph)
        w = (way or (lambda x, r, a: x - r))(x, references, a)
        found = w * gr
        c = (ce or (lambda s, y: F.cross_entropy(s, y)))(model(x), labels)
        q = (pen or (lambda f, where: f[:, where].square().sum(1).mean()))(found, where)
        return (total or (lambda c, q, weight: c + weight * q))(c, q, weight)

    return prior_loss


for name, kw, truth in [
    ("no_weight", dict(total=lambda c, q, w: c + q), "weight is forgotten"),
    ("minus_penalty", dict(total=lambda c, q, w: c - w * q), "penalty subtracted instead of added"),
    ("weight_on_ce", dict(total=lambda c, q, w: w * c + q), "the weight is on the cross-entropy"),
    (
        "weight_on_both",
        dict(total=lambda c, q, w: w * (c + q)),
        "the weight multiplies the whole loss",
    ),
    ("penalty_only", dict(total=lambda c, q, w: w * q), "cross-entropy is missing"),
    ("ce_only", dict(total=lambda c, q, w: c), "penalty is missing"),
    (
        "penalty_batch_sum",
        dict(pen=lambda f, where: f[:, where].square().sum()),
        "sum over the batch, not mean",
    ),
    (
        "penalty_place_mean",
        dict(pen=lambda f, where: f[:, where].square().mean()),
        "mean over the places, not their sum",
    ),
    (
        "penalty_abs",
        dict(pen=lambda f, where: f[:, where].abs().sum(1).mean()),
        "absolute values instead of squares",
    ),
    (
        "penalty_signed",
        dict(pen=lambda f, where: f[:, where].sum(1).mean()),
        "not squared: signs cancel",
    ),
    (
        "square_of_sum",
        dict(pen=lambda f, where: f[:, where].sum(1).square().mean()),
        "square of the sum instead of sum of squares",
    ),
    (
        "mean_then_square",
        dict(pen=lambda f, where: f.mean(0)[where].square().sum()),
        "averages the maps over the batch first, then squares",
    ),
    (
        "norm",
        dict(pen=lambda f, where: f[:, where].norm(dim=1).mean()),
        "root of the sum of squares (the norm)",
    ),
    (
        "everywhere",
        dict(pen=lambda f, where: f.square().sum(1).mean()),
        "punishes all places, where is ignored",
    ),
    (
        "complement",
        dict(pen=lambda f, where: (f.square().sum(1) - f[:, where].square().sum(1)).mean()),
        "punishes the other places",
    ),
    (
        "where_rows",
        dict(pen=lambda f, where: f[where % len(f)].square().sum(1).mean()),
        "where picks inputs (rows) instead of places",
    ),
    (
        "no_graph",
        dict(graph=False),
        "no create_graph: the penalty cannot be differentiated with respect to the weights",
    ),
    (
        "detached",
        dict(pen=lambda f, where: f.detach()[:, where].square().sum(1).mean()),
        "map detached: the penalty does not train",
    ),
    (
        "ce_sum",
        dict(ce=lambda s, y: F.cross_entropy(s, y, reduction="sum")),
        "cross-entropy summed over the batch",
    ),
    (
        "ce_softmax_twice",
        dict(ce=lambda s, y: F.cross_entropy(s.softmax(1), y)),
        "softmax before cross_entropy: applied twice",
    ),
    (
        "nll_without_log",
        dict(ce=lambda s, y: F.nll_loss(s, y)),
        "nll_loss on logits: log-softmax missing",
    ),
    (
        "all_logits",
        dict(chosen=lambda s, i, t: s.sum()),
        "gradient of the sum of all logits, not of the own class's",
    ),
    (
        "probability",
        dict(chosen=lambda s, i, t: s.softmax(1)[i, t].sum()),
        "map of the probability, not of the logit",
    ),
    (
        "log_probability",
        dict(chosen=lambda s, i, t: s.log_softmax(1)[i, t].sum()),
        "map of the log-probability, not of the logit",
    ),
    (
        "map_of_loss",
        dict(chosen=lambda s, i, t: F.cross_entropy(s, t, reduction="sum")),
        "map of the loss instead of the logit",
    ),
    (
        "winner",
        dict(chosen=lambda s, i, t: s.max(1).values.sum()),
        "class that the model says, not the label",
    ),
    (
        "chosen_mean",
        dict(chosen=lambda s, i, t: s[i, t].mean()),
        "mean of the chosen logits: gradient divided by N, right for N = 1 only",
    ),
    (
        "label_columns",
        dict(chosen=lambda s, i, t: s[:, t].sum()),
        "s[:, labels]: classes of all inputs; right for N = 1 only",
    ),
    ("alpha_turned", dict(point=lambda x, r, a: x + a * (r - x)), "1 - alpha instead of alpha"),
    ("gradient_at_x", dict(point=lambda x, r, a: x), "gradient at x instead of at the drawn point"),
    ("gradient_at_reference", dict(point=lambda x, r, a: r), "gradient at the reference"),
    (
        "gradient_only",
        dict(way=lambda x, r, a: torch.ones_like(x)),
        "plain gradient at the point: the way is missing",
    ),
    ("gradient_times_x", dict(way=lambda x, r, a: x), "times x instead of x - reference"),
    ("way_times_alpha", dict(way=lambda x, r, a: a * (x - r)), "extra factor alpha in the way"),
    (
        "first_reference",
        dict(prep=lambda x, r, a: (r[:1].expand_as(r), a)),
        "the first reference for all inputs",
    ),
    (
        "mean_reference",
        dict(prep=lambda x, r, a: (r.mean(0, keepdim=True).expand_as(r), a)),
        "the mean reference for all inputs",
    ),
    (
        "first_alpha",
        dict(prep=lambda x, r, a: (r, a[:1].expand_as(a))),
        "the first place for all inputs",
    ),
    (
        "slip_in_path",
        dict(point=lambda x, r, a: r + a * (r - x), way=lambda x, r, a: r - x),
        "x' - x used in the path: the points run away from x",
    ),
    (
        "saliency",
        dict(point=lambda x, r, a: x, way=lambda x, r, a: torch.ones_like(x)),
        "the plain gradient at x as in penalty_of_gradient",
    ),
]:
    add(T, "wrong", name, prior(**kw), truth)


@wrong(
    T, "all references with all alphas: mean over all N * N draws (expected gradients of the batch)"
)
def all_draws_each(model, x, labels, references, alphas, where, weight):
    i, found = rows(x), []
    for r, a in zip(references, alphas):
        p = (r + a * (x - r)).detach().requires_grad_()
        (g_,) = torch.autograd.grad(model(p)[i, labels].sum(), p, create_graph=True)
        found.append((x - r) * g_)
    found = torch.stack(found).mean(0)
    return F.cross_entropy(model(x), labels) + weight * found[:, where].square().sum(1).mean()


@wrong(T, "returns a plain float: cannot be differentiated")
def returns_float(model, x, labels, references, alphas, where, weight):
    return float(prior()(model, x, labels, references, alphas, where, weight))


@wrong(T, "returns one loss for each input (N,), not one number")
def per_input(model, x, labels, references, alphas, where, weight):
    i, w = rows(x), x - references
    p = (references + alphas[:, None] * w).detach().requires_grad_()
    (g_,) = torch.autograd.grad(model(p)[i, labels].sum(), p, create_graph=True)
    return F.cross_entropy(model(x), labels, reduction="none") + weight * (w * g_)[
        :, where
    ].square().sum(1)


@wrong(T, "calls backward itself: leaves gradients in the model's weights")
def calls_backward(model, x, labels, references, alphas, where, weight):
    loss = prior()(model, x, labels, references, alphas, where, weight)
    loss.backward(retain_graph=True)
    return loss


@wrong(T, "switches requires_grad on for x and leaves it so")
def x_requires_grad(model, x, labels, references, alphas, where, weight):
    x.requires_grad_()
    i, w = rows(x), x - references
    p = references + alphas[:, None] * w
    (g_,) = torch.autograd.grad(model(p)[i, labels].sum(), p, create_graph=True)
    return F.cross_entropy(model(x), labels) + weight * (w * g_)[:, where].square().sum(1).mean()


@wrong(T, "cross-entropy at the drawn points, not at x")
def ce_at_points(model, x, labels, references, alphas, where, weight):
    i, w = rows(x), x - references
    p = (references + alphas[:, None] * w).detach().requires_grad_()
    s = model(p)
    (g_,) = torch.autograd.grad(s[i, labels].sum(), p, create_graph=True)
    return F.cross_entropy(s, labels) + weight * (w * g_)[:, where].square().sum(1).mean()


@wrong(T, "weight 10 of the lesson hard-coded")
def weight_10(model, x, labels, references, alphas, where, weight):
    return prior(total=lambda c, q, w: c + 10.0 * q)(
        model, x, labels, references, alphas, where, weight
    )


@wrong(T, "draws its own reference at random from the batch")
def own_random(model, x, labels, references, alphas, where, weight):
    return prior()(
        model, x, labels, references[torch.randperm(len(x))], torch.rand_like(alphas), where, weight
    )


@right(T, "the way has the wrong sign, squared away: r - x; the point is right")
def slip_squared(model, x, labels, references, alphas, where, weight):
    return prior(way=lambda x, r, a: r - x)(model, x, labels, references, alphas, where, weight)


@right(T, "input by input, own log-softmax, sums by hand")
def input_by_input(model, x, labels, references, alphas, where, weight):
    loss = 0
    for k in range(len(x)):
        y = int(labels[k])
        s = model(x[k : k + 1])[0]
        ce = torch.logsumexp(s, 0) - s[y]
        p = (references[k] + alphas[k] * (x[k] - references[k]))[None].detach().requires_grad_()
        (g_,) = torch.autograd.grad(model(p)[0, y], p, create_graph=True)
        pen = sum(((x[k, d] - references[k, d]) * g_[0, d]) ** 2 for d in where.tolist())
        loss = loss + ce + weight * pen
    return loss / len(x)


@right(T, "torch.func vmap of grad; penalty by an indicator vector and einsum")
def func_vmap(model, x, labels, references, alphas, where, weight):
    mask = torch.zeros(x.shape[1], dtype=x.dtype).index_fill(0, where, 1.0)
    p = torch.lerp(references, x, alphas[:, None].expand_as(x))
    score = lambda q, y: model(q[None])[0].gather(0, y[None])[0]  # noqa: E731
    slopes = torch.func.vmap(torch.func.grad(score))(p, labels)
    e = slopes * (x - references)
    return F.nll_loss(F.log_softmax(model(x), -1), labels) + weight * torch.einsum(
        "nd,nd,d->", e, e, mask
    ) / len(x)


@right(T, "xc.gradient with differentiable=True")
def with_xc_gradient(model, x, labels, references, alphas, where, weight):
    way = x - references
    slopes = xc.gradient(
        model, references + alphas[:, None] * way, target=labels, differentiable=True
    )
    return (
        F.cross_entropy(model(x), labels)
        + weight * (way * slopes).index_select(1, where).pow(2).sum(1).mean()
    )


class Prior(torch.nn.Module):
    def forward(self, model, x, labels, references, alphas, where, weight):
        xx = (
            torch.cat([x, references + alphas[:, None] * (x - references)])
            .detach()
            .requires_grad_()
        )
        s = model(xx)
        one, two = s.chunk(2)
        (g_,) = torch.autograd.grad(
            (two * F.one_hot(labels, s.shape[1])).sum(), xx, create_graph=True
        )
        e = (g_[len(x) :] * (x - references))[:, where]
        return -(one.log_softmax(1) * F.one_hot(labels, s.shape[1])).sum() / len(x) + weight * (
            e * e
        ).sum() / len(x)


add(T, "right", "module_one_pass", Prior(), "an nn.Module, one forward pass for both batches")

if __name__ == "__main__":
    from collections import Counter

    print(Counter((a["task"], a["kind"]) for a in ANSWERS), Counter(a["kind"] for a in ANSWERS))


# ------------------------------------------------------------------ second round
T = "09.7"
P = prior()
for name, fn in dict(
    item=lambda *a: P(*a).item(),
    detach=lambda *a: P(*a).detach(),
    new_tensor=lambda *a: torch.tensor(float(P(*a))),
    numpy_=lambda *a: P(*a).detach().numpy(),
    shape1=lambda *a: P(*a)[None],
).items():
    add(T, "wrong", name, fn, "returns " + name + ": cannot be differentiated / wrong shape")
add(
    T,
    "wrong",
    "ce_detached",
    prior(ce=lambda s, y: F.cross_entropy(s, y).detach()),
    "cross-entropy detached: only the penalty trains",
)
add(
    T,
    "wrong",
    "half_gradient",
    prior(pen=lambda f, w: (f[:, w].detach() * f[:, w]).sum(1).mean()),
    "one factor of the square is detached: half the gradient",
)
add(
    T,
    "wrong",
    "where_as_slice",
    prior(pen=lambda f, w: f[:, int(w.min()) : int(w.max()) + 1].square().sum(1).mean()),
    "takes where as a stretch from first to last place",
)


def frozen(model, *a):
    for q in model.parameters():
        q.requires_grad_(False)
    for q in model.parameters():
        q.requires_grad_(True)
    return P(model, *a)


@wrong(T, "float in the penalty only: CE trains, the penalty is .item()")
def penalty_item(model, x, labels, references, alphas, where, weight):
    return prior(total=lambda c, q, w: c + w * q.item())(
        model, x, labels, references, alphas, where, weight
    )


@wrong(T, "no_grad around the cross-entropy")
def ce_no_grad(model, x, labels, references, alphas, where, weight):
    with torch.no_grad():
        c = F.cross_entropy(model(x), labels)
    return prior(total=lambda c_, q, w: c + w * q)(
        model, x, labels, references, alphas, where, weight
    )


@wrong(T, "switches the model to evaluation / freezes the weights and leaves them so")
def freezes(model, x, labels, references, alphas, where, weight):
    out = P(model, x, labels, references, alphas, where, weight)
    if hasattr(model, "parameters"):
        for q in model.parameters():
            q.requires_grad_(False)
    return out


T = "09.1"
add(
    T,
    "wrong",
    "dense_rank",
    starts(
        rank=lambda sx, sb, ox, ob, t: torch.tensor(
            [1 + len(set(v for v in r.tolist() if v > o)) for r, o in zip(sb, ob)]
        )
    ),
    "classes ahead with the same score are counted once (dense rank)",
)
add(
    T,
    "wrong",
    "rank_of_abs",
    starts(rank=lambda sx, sb, ox, ob, t: 1 + (sb.abs() > ob.abs()[:, None]).sum(1)),
    "compares absolute scores",
)
add(
    T,
    "wrong",
    "rank_rounded",
    starts(
        rank=lambda sx, sb, ox, ob, t: (
            1 + (sb.round(decimals=1) > ob.round(decimals=1)[:, None]).sum(1)
        )
    ),
    "compares rounded scores",
)


@wrong(T, "leaves requires_grad on at the baseline")
def baseline_grad(model, x, target, baseline):
    baseline.requires_grad_()
    return starts()(model, x, target, baseline)


@wrong(T, "rounds the rise to 2 digits")
def round2(model, x, target, baseline):
    return starts()(model, x, target, baseline).round(decimals=2)


T = "09.2"


@wrong(T, "freezes the model's weights and leaves them so")
def freeze(model, x, target, references, alphas):
    if hasattr(model, "parameters"):
        for q in model.parameters():
            q.requires_grad_(False)
    return eg()(model, x, target, references, alphas)


@wrong(T, "backward() fills .grad of the weights")
def fills_grad(model, x, target, references, alphas):
    found = []
    for r, a in zip(references, alphas):
        p = (r + a * (x - r)).detach().requires_grad_()
        model(p)[rows(x), target].sum().backward()
        found.append((x - r) * p.grad)
    f = torch.stack(found)
    return torch.stack([f.mean(0), f.std(0) / len(f) ** 0.5])


add(
    T,
    "wrong",
    "channel_sum",
    eg(found=lambda w, g: (w * g) if w.ndim < 3 else (w * g).sum(1, keepdim=True).expand_as(w)),
    "sums over the channels (pictures only)",
)
add(T, "wrong", "sqrt_4", eg(err=lambda f: f.std(0) / 2), "root of n hard-coded for four draws")
add(T, "wrong", "ref_per_input", eg(prepare=lambda x, r, a: (r, a)), "")
ANSWERS.pop()
T = "09.3"


@wrong(
    T,
    "looks for the best with best = -1 as a start, so a region with a mean below -1 is never taken",
)
def best_minus_1(pixel_map, masks):
    return greedy(stop=lambda v: v <= -1)(pixel_map, masks)


@wrong(T, "leaves out regions with a single new pixel")
def single_pixel(pixel_map, masks):
    result, free = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    while True:
        new = [m & free for m in masks]
        new = [n for n in new if n.sum() > 1]
        if not new:
            return result
        b = max(new, key=lambda n: float(pixel_map[n].mean()))
        result[b] = pixel_map[b].mean()
        free = free & ~b


@wrong(T, "result in whole numbers")
def ints(pixel_map, masks):
    return greedy()(pixel_map, masks).round()


T = "09.4"
add(
    T,
    "wrong",
    "f_column",
    ev(a=(lambda p: p.square().sum(1, keepdim=True), [2.0], [[0.0], [1.0]], [0.5, 0.5])),
    "f returns (P, 1)",
)
add(
    T,
    "wrong",
    "f_column_d1",
    ev(b=(lambda p: p**2, [2.0], [[0.0], [1.0]], [0.9, 0.1])),
    "f returns (P, D) with D = 1: (P, 1)",
)
add(T, "wrong", "list_wrong_order", [EV["c"], EV["b"], EV["a"]], "a list, c first")
add(T, "wrong", "upper_keys", {k.upper(): v for k, v in EV.items()}, "keys A, B, C")
add(T, "wrong", "extra_key", ev(d=EV["a"]), "an extra key")
add(
    T,
    "wrong",
    "f_mixes_batch",
    ev(a=(lambda p: (p - p.mean(0)).square().sum(1), [2.0], [[0.0], [1.0]], [0.5, 0.1])),
    "f mixes the points of the batch",
)
add(
    T,
    "wrong",
    "refs_51",
    ev(c=(lin, [0.0], [[float((-1) ** k)] for k in range(51)], [0.5] * 51)),
    "51 references",
)
add(
    T,
    "right",
    "tensors",
    ev(a=(sq, torch.tensor([2.0]), torch.tensor([[0.0], [1.0]]), np.array([0.5, 0.5]))),
    "tensors and arrays",
)
T = "09.5"
add(
    T,
    "wrong",
    "jump_off_path",
    (lambda p: absf(p) + 5.0 * (p[:, 0] > 8), [2.0, 2.0], [0.0, -2.0], [-2.0, 0.0]),
    "f jumps away from the paths: not continuous",
)
add(
    T,
    "wrong",
    "mixes_batch",
    (
        lambda p: absf(p) + 0 * p.mean() + (p - p.mean(0)).sum(1) * 0.0,
        [2.0, 2.0],
        [0.0, -2.0],
        [-2.0, 0.0],
    ),
    "(numbers right, f formally mixes the batch with weight 0)",
)
ANSWERS.pop()
add(
    T,
    "wrong",
    "nested_x",
    (absf, [[2.0, 2.0]], [[0.0, -2.0]], [[-2.0, 0.0]]),
    "x as a list of lists",
)
add(
    T,
    "wrong",
    "dict_",
    dict(f=absf, x=[2.0, 2.0], first=[0.0, -2.0], second=[-2.0, 0.0]),
    "a dictionary for the tuple",
)
add(
    T,
    "right",
    "border_nine_tenths",
    (lambda p: p.sum(1), [5, 5], [0.5, 4.5], [4.5, 0.5]),
    "exactly nine tenths and exactly 0.5",
)
add(
    T,
    "right",
    "border_rise_1",
    (lambda p: p[:, 0] * p[:, 1], [1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]),
    "rise exactly 1",
)
add(
    T,
    "right",
    "scores_within_hundredth",
    (absf, [2.0, 2.0], [0.0, -2.0], [-2.0, 0.005]),
    "rises 2 and 1.995",
)
add(
    T,
    "right",
    "steep_sigmoid",
    (
        lambda p: (
            torch.sigmoid(50 * p[:, 0]) * 2
            + torch.sigmoid(50 * p[:, 1]) * 2
            - 1 / (1 + (p / 100).square().sum(1)) * 0
        ),
        [1.0, 1.0],
        [-1.0, 0.4],
        [0.4, -1.0],
    ),
    "steep but continuous",
)
T = "09.6"
for v in (-0.98, -0.95, -0.99):
    add(
        T, "wrong", f"sampled_{v}", paper(shares=(v, 0.01)), "value from a simulation, not on paper"
    )
add(T, "wrong", "total_rounded", paper(total=-1.05), "total -1.05")
add(T, "right", "strings", paper(("-1", "0"), "-1", ("1", "0")), "numbers as text (not promised)")
add(
    T,
    "right",
    "dicts",
    paper({"x1": -1, "x2": 0}, -1, {"x1": 1, "x2": 0}),
    "dictionary for a pair (not promised)",
)
