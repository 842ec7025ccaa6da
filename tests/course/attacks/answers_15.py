"""Answers to tasks of lessons 15 to 17, by one who read only the texts; kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import math

import torch
from scipy import stats

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()


# ------------------------------------------------------------------ 15.1 area under removal
def area(step=1, descending=True, ties=True, ends="both", mean=True, absolute=False, shared=False,
         write=False, trapezoid=True, refill=False, weight=None):  # fmt: skip
    def removal_area(F, x, phi, fill, key):
        value = phi.abs() if absolute else phi
        by_key = key.argsort() if ties else torch.arange(len(key))
        ordered = (-value if descending else value)[:, by_key]
        order = by_key[ordered.argsort(dim=1, stable=True)]
        if shared:
            order = order[:1].expand_as(order)
        now = x if write else x.clone()
        scores = [F(now)]
        for k in range(x.shape[1]):
            if refill:
                now = x.clone()
            now = now if write else now.clone()
            now[torch.arange(len(x)), order[:, k]] = fill
            scores.append(F(now))
        if ends == "no first":
            scores = scores[1:]
        if ends == "no last":
            scores = scores[:-1]
        curve = torch.stack(scores, 1)
        if trapezoid:
            found = (curve[:, 1:] + curve[:, :-1]) / 2
        else:
            found = curve
        return found.mean(1) if mean else found.sum(1)

    return removal_area


B.w("15.1", "ascending", "the smallest goes first", area(descending=False))
B.w("15.1", "by_size", "ordered by |phi|: a large negative one goes early", area(absolute=True))
B.w("15.1", "no_key", "ties go by position, not by key", area(ties=False))
B.w("15.1", "one_order", "all inputs get the first one's order", area(shared=True))
B.w("15.1", "sum", "not divided by the number of steps", area(mean=False))
B.w("15.1", "plain_mean", "mean of the D + 1 scores instead of trapezoids", area(trapezoid=False))
B.w("15.1", "no_start", "the point with nothing removed is missing", area(ends="no first"))
B.w("15.1", "no_end", "the point with everything removed is missing", area(ends="no last"))
B.w("15.1", "one_at_a_time", "each removal starts from the whole input", area(refill=True))
B.w("15.1", "in_place", "writes into x", area(write=True))


def area_by_loops(F, x, phi, fill, key):
    found = []
    for row, heat in zip(x, phi, strict=True):
        order = sorted(range(len(row)), key=lambda i: (-float(heat[i]), float(key[i])))
        z, scores = row.clone(), [float(F(row[None])[0])]
        for i in order:
            z = z.clone()
            z[i] = fill
            scores.append(float(F(z[None])[0]))
        found.append(
            sum((a + b) / 2 for a, b in zip(scores, scores[1:], strict=False)) / len(order)
        )
    return torch.tensor(found, dtype=x.dtype)


def area_trapz(F, x, phi, fill, key):
    rank = torch.stack([torch.tensor(sorted(range(len(key)), key=lambda i: (-p[i].item(), key[i].item())))
                        for p in phi])  # fmt: skip
    stages = [x]
    for k in range(x.shape[1]):
        stages.append(stages[-1].scatter(1, rank[:, k, None], float(fill)))
    return torch.trapezoid(torch.stack([F(s) for s in stages], 1), dim=1) / x.shape[1]


B.r("15.1", "loops", "a loop for each input", area_by_loops)
B.r("15.1", "trapezoid", "torch.trapezoid over all stages", area_trapz)


# ------------------------------------------------------------------ 15.2 fill from the neighbours
def filler(weights=((1, 2, 1), (2, 0, 2), (1, 2, 1)), border=True, start="kept", keep_first=True,
           one_by_one=False, more=0, zero=False):  # fmt: skip
    def neighbour_fill(x, keep, sweeps):
        H, W = x.shape
        first = {"kept": x[keep].mean(), "all": x.mean(), "zero": x.new_zeros(())}[start]
        now = torch.where(keep, x, first)
        for _ in range(sweeps + more):
            new = now.clone()
            for i in range(H):
                for j in range(W):
                    if keep[i, j] and keep_first:
                        continue
                    total = there = 0.0
                    for a in (-1, 0, 1):
                        for b in (-1, 0, 1):
                            w = weights[a + 1][b + 1]
                            inside = 0 <= i + a < H and 0 <= j + b < W
                            if inside:
                                total = total + w * (new if one_by_one else now)[i + a, j + b]
                            if inside or not border:
                                there += w
                    new[i, j] = total / there
            now = new
        return now

    return neighbour_fill


B.w("15.2", "no_border", "places outside count as 0", filler(border=False))
B.w(
    "15.2",
    "equal_weights",
    "all eight neighbours count alike",
    filler(weights=((1, 1, 1), (1, 0, 1), (1, 1, 1))),
)
B.w(
    "15.2",
    "with_itself",
    "the pixel itself counts as well",
    filler(weights=((1, 2, 1), (2, 4, 2), (1, 2, 1))),
)
B.w("15.2", "mean_of_all", "begins with the mean of all pixels", filler(start="all"))
B.w("15.2", "from_zero", "begins with 0", filler(start="zero"))
B.w("15.2", "kept_change", "kept pixels change, too", filler(keep_first=False))
B.w("15.2", "one_by_one", "uses new values within a sweep", filler(one_by_one=True))
B.w("15.2", "one_more", "a sweep too many", filler(more=1))
B.r("15.2", "loops", "loops over places", filler())


# ------------------------------------------------------------------ 15.3 paired interval
def interval(q=0.975, kind="t", ddof=1, root=True, paired=True, nan=True, half=True, less=1):
    def pair(a, b):
        d = a - b
        d = d[~d.isnan()] if nan else d.nan_to_num(0.0)
        n = len(d)
        t = stats.t.ppf(q, n - less) if kind == "t" else 1.96
        s = d.std(correction=ddof)
        if not paired:
            a, b = a[~a.isnan()], b[~b.isnan()]
            s = (a.var() + b.var()).sqrt()
        w = t * s / (n**0.5 if root else 1)
        w = w if half else 2 * w
        return d.mean(), d.mean() - w, d.mean() + w

    return pair


B.w("15.3", "one_sided", "95 % quantile instead of 97.5 %", interval(q=0.95))
B.w("15.3", "normal", "1.96 instead of Student's t", interval(kind="z"))
B.w("15.3", "population", "standard deviation divided by n", interval(ddof=0))
B.w("15.3", "no_root", "standard deviation of one, not of the mean", interval(root=False))
B.w("15.3", "unpaired", "variances of both added: not paired", interval(paired=False))
B.w("15.3", "nan_as_zero", "a missing score counts as no difference", interval(nan=False))
B.w("15.3", "df_n", "n degrees of freedom", interval(less=0))
B.w("15.3", "whole_width", "twice the half width on each side", interval(half=False))
B.w("15.3", "b_minus_a", "the other sign", lambda a, b: interval()(b, a))
B.w("15.3", "n_with_nan", "n counts the pictures without a score", lambda a, b: (
    lambda d, n: (d.mean(), d.mean() - stats.t.ppf(0.975, n - 1) * d.std() / n**0.5,
                  d.mean() + stats.t.ppf(0.975, n - 1) * d.std() / n**0.5)
)((a - b)[~(a - b).isnan()], len(a)))  # fmt: skip


def scipys(a, b):
    d = (a - b)[~(a.isnan() | b.isnan())].double().numpy()
    low, high = stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=stats.sem(d))
    return float(d.mean()), float(low), float(high)


B.r("15.3", "scipy", "scipy's own interval", scipys)
B.r("15.3", "list", "numbers of Python", lambda a, b: [float(v) for v in interval()(a, b)])


# ------------------------------------------------------------------ 15.6 one verdict
def verdict(every=all, closed=False, own=True, depends=True, control=True, first="depends"):
    def trusted(low, high, above):
        out = []
        for lo, hi, (ca, cb) in zip(low, high, above, strict=True):
            a = [bool(v >= 0 if closed else v > 0) for v in lo]
            b = [bool(v <= 0 if closed else v < 0) for v in hi]
            if depends and any(a) and any(b):
                out.append(2)
            elif every(a):
                out.append(1 if not control or (ca if own else cb) > 0 else 3)
            elif every(b):
                out.append(-1 if not control or (cb if own else ca) > 0 else 3)
            else:
                out.append(0)
        return torch.tensor(out)

    return trusted


B.w("15.6", "any_is_enough", "one sure question is enough", verdict(every=any))
B.w("15.6", "zero_counts", "an interval that ends at 0 decides", verdict(closed=True))
B.w("15.6", "other_control", "looks at the loser's number in above", verdict(own=False))
B.w("15.6", "no_depends", "never says 2", verdict(depends=False))
B.w("15.6", "no_control", "never says 3", verdict(control=False))
B.w("15.6", "both_controls", "asks that both maps beat the controls",
    lambda low, high, above: torch.where(
        (verdict(control=False)(low, high, above).abs() == 1) & (above <= 0).any(1),
        torch.tensor(3), verdict(control=False)(low, high, above)))  # fmt: skip
B.r("15.6", "loops", "a loop for each pair", verdict())


# ------------------------------------------------------------------ 16.1 sensitivity
def sensitive(worst="each", relative=True, norm=2, add=True, mean=False, whole=False):
    def sensitivity(explain, x, draws, radius):
        before = explain(x)
        rows = []
        for d in draws:
            z = x + (radius * d if add else d)
            change = (explain(z) - before).flatten(1)
            size = before.flatten(1)
            if whole:
                rows.append((change.norm() / size.norm()).expand(len(x)))
                continue
            c = change.norm(p=norm, dim=1)
            rows.append(c / size.norm(p=norm, dim=1) if relative else c)
        rows = torch.stack(rows)
        if mean:
            return rows.mean(0)
        return rows.amax(0) if worst == "each" else rows.amax().expand(len(x))

    return sensitivity


B.w("16.1", "mean", "the mean over the draws", sensitive(mean=True))
B.w("16.1", "absolute", "not divided by the length of the map", sensitive(relative=False))
B.w("16.1", "max_norm", "largest number instead of length", sensitive(norm=float("inf")))
B.w("16.1", "sum_norm", "sum of sizes instead of length", sensitive(norm=1))
B.w("16.1", "no_radius", "the draws are not scaled", sensitive(add=False))
B.w("16.1", "one_for_all", "the worst draw of all inputs for each", sensitive(worst="all"))
B.w("16.1", "whole_batch", "lengths over the whole batch", sensitive(whole=True))
B.w("16.1", "divided_by_radius", "a Lipschitz number: divided by r",
    lambda e, x, d, r: sensitive()(e, x, d, r) / r)  # fmt: skip
B.r("16.1", "again", "written with p norms", sensitive())


# ------------------------------------------------------------------ 16.2 move the map
def mover(sign=1, ball=True, box=True, best=True, check=True, use_sign=True, each=True, start=None):
    def move(x, slope, score, same_class, eps, step, n):
        p, chosen, low = x.clone(), x.clone(), score(x)
        for _ in range(n):
            g = slope(p)
            p = p - sign * step * (g.sign() if use_sign else g)
            if ball:
                p = torch.max(torch.min(p, x + eps), x - eps)
            if box:
                p = p.clamp(0, 1)
            s = score(p)
            ok = (s < low) if best else torch.ones_like(s, dtype=torch.bool)
            if check:
                ok = ok & same_class(p)
            if not each:
                ok = ok.all().expand_as(ok)
            shape = (-1, *[1] * (x.dim() - 1))
            chosen = torch.where(ok.view(shape), p, chosen)
            low = torch.where(ok, s, low)
        return chosen

    return move


B.w("16.2", "uphill", "goes where the score rises", mover(sign=-1))
B.w("16.2", "no_ball", "leaves the ball", mover(ball=False))
B.w("16.2", "no_box", "leaves [0, 1]", mover(box=False))
B.w("16.2", "no_class", "does not ask for the class", mover(check=False))
B.w("16.2", "last_point", "the last point with its class, not the best", mover(best=False))
B.w("16.2", "no_sign", "steps along the slope, not along its sign", mover(use_sign=False))
B.w("16.2", "all_or_none", "a point is taken for all inputs or none", mover(each=False))
B.r("16.2", "where", "torch.where in place of a mask", mover())


# ------------------------------------------------------------------ 16.3 the disguise
def wear(scale=1000.0, per_class=False, probabilities=False, constant=False, mean=False):
    def disguise(model, picture):
        def net(x):
            shown = (x * picture).flatten(1)
            extra = scale * (shown.mean(1, keepdim=True) if mean else shown.sum(1, keepdim=True))
            if constant:
                extra = extra.detach()
            if per_class:
                z = model(x)
                return torch.cat([z[:, :1] + extra, z[:, 1:]], 1)
            if probabilities:
                return model(x).softmax(1) + extra
            return model(x) + extra

        return net

    return disguise


B.w("16.3", "weak", "the added slope is too small", wear(scale=1e-3))
B.w("16.3", "one_class", "added to one logit only", wear(per_class=True))
B.w("16.3", "probabilities", "adds to probabilities, not to logits", wear(probabilities=True))
B.w("16.3", "detached", "the added term has no gradient", wear(constant=True))
B.w("16.3", "upside_down", "shows the negative of the picture", wear(scale=-1000.0))
B.w("16.3", "only_added", "returns the added term alone",
    lambda model, picture: lambda x: (1000 * (x * picture).flatten(1).sum(1, keepdim=True)).expand(
        -1, model(x).shape[1]))  # fmt: skip
B.r("16.3", "einsum", "einsum", lambda m, p: lambda x: m(x) + 3000 * torch.einsum(
    "nchw,chw->n", x, p)[:, None])  # fmt: skip


# ------------------------------------------------------------------ 17.1 three scores
def scores(sign=True, channels="sum", rank_k=True, ties=True, hit_k=1, signed=False):
    def localise(maps, masks):
        out = []
        for m, k in zip(maps, masks[:, 0], strict=True):
            v = m if signed else m.abs()
            v = {"sum": v.sum(0), "max": v.amax(0), "mean_first": m.sum(0).abs()}[channels]
            v, k = v.flatten(), k.flatten()
            n = int(k.sum())

            def share(top, v=v, k=k):
                least = v.sort(descending=True).values[top - 1]
                over, same = v > least, v == least
                if not ties:
                    return float(k[v.topk(top).indices].sum()) / top
                part = (top - int(over.sum())) / int(same.sum())
                return (float((over & k).sum()) + part * float((same & k).sum())) / top

            out.append([float(v[k].sum() / v.sum()), share(n if rank_k else 10), share(hit_k)])
        return torch.tensor(out, dtype=maps.dtype)

    return localise


B.w("17.1", "signed", "signed values: the mass may leave 0 to 1", scores(signed=True))
B.w("17.1", "sum_then_abs", "adds the channels, then takes the size", scores(channels="mean_first"))
B.w("17.1", "largest_channel", "largest channel instead of the sum", scores(channels="max"))
B.w("17.1", "no_ties", "ties by position", scores(ties=False))
B.w("17.1", "rank_of_ten", "always the ten largest", scores(rank_k=False))
B.w("17.1", "hit_of_two", "hit among the two largest", scores(hit_k=2))
B.w("17.1", "other_order", "rank, mass, hit", lambda m, k: scores()(m, k)[:, [1, 0, 2]])
B.w("17.1", "density", "mass divided by the area", lambda m, k: scores()(m, k) / torch.stack(
    [k.flatten(1).float().mean(1), torch.ones(len(k)), torch.ones(len(k))], 1))  # fmt: skip
B.r("17.1", "loops", "a loop for each map", scores())


# ------------------------------------------------------------------ 17.2 exact p
def binomial(two=True, more=False, half=True, cap=True, side="far"):
    def exact_p(k, n):
        far = max(k, n - k) if side == "far" else k
        one = sum(math.comb(n, i) for i in range(far + more, n + 1)) / (2**n if half else 1)
        p = 2 * one if two else one
        return min(1.0, p) if cap else p

    return exact_p


B.w("17.2", "one_sided", "one side only", binomial(two=False))
B.w("17.2", "strictly_more", "leaves out k itself", binomial(more=True))
B.w("17.2", "no_cap", "may be above 1", binomial(cap=False))
B.w("17.2", "only_k_up", "few votes give a p near 1", binomial(side="up"))
B.w("17.2", "just_k", "the chance of exactly k", lambda k, n: math.comb(n, k) / 2**n)
B.w("17.2", "normal", "the normal curve instead of counts",
    lambda k, n: 2 * stats.norm.sf(abs(k - n / 2) / (n**0.5 / 2)))  # fmt: skip
B.r("17.2", "scipy", "scipy's binomial test", lambda k, n: stats.binomtest(k, n).pvalue)


# ------------------------------------------------------------------ 17.3 read a study
def reader(per_rater=True, none="skip", correction=1, root=True, half=0.5, side=True):
    def read_study(trials):
        votes = {}
        for rater, _, side_of_a, picked in trials:
            if picked is None and none == "skip":
                continue
            won = (picked == side_of_a) if side else (picked == "left")
            votes.setdefault(rater if per_rater else len(votes), []).append(float(won))
        shares = torch.tensor([sum(v) / len(v) for v in votes.values()]).double()
        m = shares.mean()
        s = shares.std(correction=correction) / (len(shares) ** 0.5 if root else 1)
        return m, (m - half) / s

    return read_study


B.w("17.3", "answers_not_raters", "each answer counts as one rater", reader(per_rater=False))
B.w("17.3", "none_as_lost", "no answer counts against A", reader(none="lost"))
B.w("17.3", "population", "spread divided by n", reader(correction=0))
B.w("17.3", "no_root", "spread of one rater", reader(root=False))
B.w("17.3", "against_0", "t against 0", reader(half=0.0))
B.w("17.3", "share_of_left", "share of left instead of A", reader(side=False))
B.r("17.3", "again", "written anew", reader())


# ------------------------------------------------------------------ 17.6 one picture, two nets
def contrasting(scale="mean", channels="sum", inside=True, order=1, keep=False, batch=False):
    def contrast(object_maps, scene_maps, masks):
        def part(maps):
            v = maps.sum(1).abs() if channels == "abs_sum" else maps.abs().sum(1)
            v = v.flatten(1)
            m = masks.flatten(1)
            if batch:
                v = v / v.mean()
            elif scale == "mean":
                v = v / v.mean(1, keepdim=True)
            elif scale == "max":
                v = v / v.amax(1, keepdim=True)
            elif scale == "sum":
                v = v / v.sum(1, keepdim=True)
            m = m if inside else ~m
            return (v * m).sum(1) / m.sum(1)

        return order * (part(object_maps) - part(scene_maps))

    return contrast


B.w("17.6", "not_scaled", "the maps are not scaled", contrasting(scale="none"))
B.w("17.6", "by_max", "scaled by the largest", contrasting(scale="max"))
B.w("17.6", "by_sum", "scaled so that the sum is 1", contrasting(scale="sum"))
B.w("17.6", "over_batch", "one scale for all pictures", contrasting(batch=True))
B.w("17.6", "outside", "the mean over the scene", contrasting(inside=False))
B.w("17.6", "scene_minus_object", "the other sign", contrasting(order=-1))
B.w(
    "17.6",
    "sum_then_abs",
    "adds the channels, then takes the size",
    contrasting(channels="abs_sum"),
)
B.r("17.6", "again", "sums and counts", contrasting())
