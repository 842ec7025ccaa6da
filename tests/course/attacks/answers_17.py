"""Answers to the tasks of lesson 17, written from the task texts alone, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import math
from collections import defaultdict
from fractions import Fraction

import numpy as np
import torch
from scipy import stats

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()
conv2d, conv_transpose2d = torch.nn.functional.conv2d, torch.nn.functional.conv_transpose2d


# ------------------------------------------------------------------ 17.1 localise
def size_of(maps):
    return maps.abs().sum(1).flatten(1)


def places(values, mark, k):
    least = values.sort(descending=True).values[k - 1]
    above, equal = values > least, values == least
    each = (k - above.sum()) / equal.sum()
    return ((above & mark).sum() + each * (equal & mark).sum()) / k


def scores(maps, masks, *, sizes=size_of, mass=None, rank=None, hit=None, k=None):
    out = []
    for values, mark in zip(sizes(maps), masks.flatten(1), strict=True):
        count = k or int(mark.sum())
        out.append(
            torch.stack(
                [
                    (mass or (lambda v, m: v[m].sum() / v.sum()))(values, mark),
                    (rank or (lambda v, m: places(v, m, count)))(values, mark),
                    (hit or (lambda v, m: places(v, m, 1)))(values, mark),
                ]
            )
        )
    return torch.stack(out)


def w1(name, why, **k):
    B.w("17.1", name, why, lambda maps, masks: scores(maps, masks, **k))


w1("signed", "values with their signs", sizes=lambda m: m.sum(1).flatten(1))
w1("abs_late", "channels added before the sizes", sizes=lambda m: m.sum(1).abs().flatten(1))
w1("squares", "squares for sizes", sizes=lambda m: m.square().sum(1).flatten(1))
w1("largest_channel", "the largest channel", sizes=lambda m: m.abs().amax(1).flatten(1))
w1("norm", "length over the channels", sizes=lambda m: m.norm(dim=1).flatten(1))
w1("first_channel", "first channel", sizes=lambda m: m[:, 0].abs().flatten(1))
w1("positive", "values above 0 only", sizes=lambda m: m.relu().sum(1).flatten(1))
w1("mean_mass", "mass: mean on the mark by mean of all", mass=lambda v, m: v[m].mean() / v.mean())
w1("mass_inside", "mass not divided", mass=lambda v, m: v[m].sum())
w1("mass_ratio", "mass: inside by outside", mass=lambda v, m: v[m].sum() / v[~m].sum())
w1("topk", "rank: topk", rank=lambda v, m: m[v.topk(int(m.sum())).indices].float().mean())
w1("argmax", "hit: argmax", hit=lambda v, m: m[v.argmax()].float())
w1("any_hit", "hit: any of the largest", hit=lambda v, m: (m & (v == v.max())).any().float())
w1("all_hit", "hit: all of the largest", hit=lambda v, m: m[v == v.max()].all().float())
w1(
    "rank_all_equal",
    "rank: all equals count whole",
    rank=lambda v, m: (m & (v >= v.sort(descending=True).values[int(m.sum()) - 1])).sum() / m.sum(),
)
w1(
    "rank_above_only",
    "rank: equals count nothing",
    rank=lambda v, m: (m & (v > v.sort(descending=True).values[int(m.sum()) - 1])).sum() / m.sum(),
)
w1(
    "rank_off",
    "rank: one place too many",
    rank=lambda v, m: places(v, m, min(int(m.sum()) + 1, len(v))),
)
w1("rank_not_divided", "rank: a count", rank=lambda v, m: places(v, m, int(m.sum())) * m.sum())
w1("rank_smallest", "rank: the smallest values", rank=lambda v, m: places(-v, m, int(m.sum())))
w1(
    "rank_equal_share",
    "rank: all at or above the bar share alike",
    rank=lambda v, m: m[v >= v.sort(descending=True).values[int(m.sum()) - 1]].float().mean(),
)


@B.W("17.1", "k of the first mask for all")
def first_k(maps, masks):
    return scores(maps, masks, k=int(masks[0].sum()))


@B.W("17.1", "mean size of the mask for all")
def mean_k(maps, masks):
    return scores(maps, masks, k=max(1, int(masks.sum() / len(masks))))


@B.W("17.1", "mass, hit, rank")
def order(maps, masks):
    return scores(maps, masks)[:, [0, 2, 1]]


@B.W("17.1", "(3, N)")
def transposed(maps, masks):
    return scores(maps, masks).T


@B.W("17.1", "the mean over the maps")
def mean_of_maps(maps, masks):
    return scores(maps, masks).mean(0)


@B.W("17.1", "mass over the batch")
def batch_mass(maps, masks):
    out, s = scores(maps, masks), size_of(maps)
    out[:, 0] = (s * masks.flatten(1)).sum(1) / s.sum()
    return out


@B.W("17.1", "maps made to sizes in place")
def in_place(maps, masks):
    maps.abs_()
    return scores(maps, masks)


@B.W("17.1", "outside the mark")
def outside(maps, masks):
    return scores(maps, ~masks)


@B.R("17.1", "mean over the channels: the same scores")
def mean_channels(maps, masks):
    return scores(maps, masks, sizes=lambda m: m.abs().mean(1).flatten(1))


@B.R("17.1", "loops with sorted pairs and Fractions")
def loops(maps, masks):
    out = []
    for v, m in zip(size_of(maps).tolist(), masks.flatten(1).tolist()):

        def share(k):
            bar = sorted(v, reverse=True)[k - 1]
            above = [b for a, b in zip(v, m) if a > bar]
            equal = [b for a, b in zip(v, m) if a == bar]
            return (sum(above) + Fraction(k - len(above), len(equal)) * sum(equal)) / k

        mass = sum(a for a, b in zip(v, m) if b) / sum(v)
        out.append([mass, float(share(sum(m))), float(share(1))])
    return torch.tensor(out)


@B.R("17.1", "numpy in float64")
def numpy_way(maps, masks):
    v = np.abs(maps.numpy()).sum(1).reshape(len(maps), -1)
    m = masks.numpy().reshape(len(maps), -1)
    rows = []
    for a, b in zip(v, m):
        row = [a[b].sum() / a.sum()]
        for k in (b.sum(), 1):
            bar = np.sort(a)[-k]
            row.append((b[a > bar].sum() + (k - (a > bar).sum()) * b[a == bar].mean()) / k)
        rows.append(row)
    return torch.tensor(np.array(rows, dtype=float))


# ------------------------------------------------------------------ 17.2 votes
def tail(k, n):
    return sum(math.comb(n, i) for i in range(k, n + 1)) / 2**n


def w2(name, why, function):
    B.w("17.2", name, why, function)


w2("one_sided", "k or more", lambda k, n: tail(k, n))
w2("one_side_far", "the farther side only", lambda k, n: tail(max(k, n - k), n))
w2("doubled_k", "twice k or more, cut at 1", lambda k, n: min(1.0, 2 * tail(k, n)))
w2("above_one", "not cut at 1", lambda k, n: 2 * tail(max(k, n - k), n))
w2("beyond", "the count itself is left out", lambda k, n: min(1.0, 2 * tail(max(k, n - k) + 1, n)))
w2("point", "the chance of k", lambda k, n: math.comb(n, k) / 2**n)
w2("two_points", "the chance of k and n - k", lambda k, n: 2 * math.comb(n, k) / 2**n)
w2(
    "mid_p",
    "half of the count itself",
    lambda k, n: 2 * tail(max(k, n - k), n) - math.comb(n, k) / 2**n,
)
w2(
    "normal",
    "normal approximation",
    lambda k, n: float(2 * stats.norm.sf(abs(k - n / 2) / (n**0.5 / 2))),
)
w2(
    "normal_corrected",
    "with correction",
    lambda k, n: float(min(1, 2 * stats.norm.sf(max(0, abs(k - n / 2) - 0.5) / (n**0.5 / 2)))),
)
w2("complement", "1 - p", lambda k, n: 1 - min(1.0, 2 * tail(max(k, n - k), n)))
w2(
    "not_divided",
    "the number of ways",
    lambda k, n: min(2**n, 2 * sum(math.comb(n, i) for i in range(max(k, n - k), n + 1))),
)
w2(
    "last_missing",
    "range ends at n - 1",
    lambda k, n: min(1.0, 2 * sum(math.comb(n, i) for i in range(max(k, n - k), n)) / 2**n),
)
w2(
    "whole_numbers",
    "whole-number division",
    lambda k, n: min(1, 2 * sum(math.comb(n, i) for i in range(max(k, n - k), n + 1)) // 2**n),
)
w2("less", "min(k, n - k) with k or more", lambda k, n: min(1.0, 2 * tail(min(k, n - k), n)))
w2(
    "n_n",
    "divided by n squared",
    lambda k, n: min(1.0, 2 * sum(math.comb(n, i) for i in range(max(k, n - k), n + 1)) / n**2),
)
w2("share", "the share of votes", lambda k, n: k / n)
w2(
    "middle_wrong",
    "p = 0.5 in the middle",
    lambda k, n: 0.5 if 2 * k == n else min(1.0, 2 * tail(max(k, n - k), n)),
)
w2("percent", "percent", lambda k, n: 100 * min(1.0, 2 * tail(max(k, n - k), n)))
B.r("17.2", "scipy", "binomtest", lambda k, n: stats.binomtest(k, n).pvalue)
B.r(
    "17.2",
    "every_count",
    "all counts at least as far",
    lambda k, n: (
        sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= abs(2 * k - n)) / 2**n
    ),
)
B.r(
    "17.2",
    "fraction",
    "a Fraction",
    lambda k, n: Fraction(
        sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= abs(2 * k - n)), 2**n
    ),
)
B.r(
    "17.2", "tensor", "a tensor", lambda k, n: torch.tensor(2 * tail(max(k, n - k), n)).clamp_max(1)
)
B.r(
    "17.2",
    "cdf",
    "twice the smaller tail",
    lambda k, n: min(1.0, 2 * float(stats.binom.cdf(min(k, n - k), n, 0.5))),
)


# ------------------------------------------------------------------ 17.3 study
def ballots(trials, vote=lambda side, picked: picked == side, none=None):
    votes = defaultdict(list)
    for rater, _, side, picked in trials:
        if picked is not None:
            votes[rater].append(float(vote(side, picked)))
        elif none is not None:
            votes[rater].append(none)
    return votes


def told(values, ddof=1, null=0.5, root=True):
    v = np.array(values, float)
    s = v.std(ddof=ddof)
    return v.mean(), (v.mean() - null) / (s / len(v) ** 0.5 if root else s)


def mean(v):
    return sum(v) / len(v)


def w3(name, why, function):
    B.w("17.3", name, why, function)


def per_rater(trials, **k):
    return [mean(v) for v in ballots(trials, **k).values()]


w3("counts_left", "counts left", lambda t: told(per_rater(t, vote=lambda s, p: p == "left")))
w3("counts_right", "counts right", lambda t: told(per_rater(t, vote=lambda s, p: p == "right")))
w3("for_b", "B's share", lambda t: told(per_rater(t, vote=lambda s, p: p != s)))
w3("none_for_b", "no answer counts for B", lambda t: told(per_rater(t, none=0.0)))
w3("none_half", "no answer is half a vote", lambda t: told(per_rater(t, none=0.5)))
w3("none_for_a", "no answer counts for A", lambda t: told(per_rater(t, none=1.0)))
w3("pooled", "all answers pooled", lambda t: told([v for r in ballots(t).values() for v in r]))
w3(
    "pooled_mean",
    "the mean is that of all answers",
    lambda t: (mean([v for r in ballots(t).values() for v in r]), told(per_rater(t))[1]),
)
w3("ddof_0", "s divides by R", lambda t: told(per_rater(t), ddof=0))
w3("no_root", "no root of R", lambda t: told(per_rater(t), root=False))
w3("against_zero", "t against 0", lambda t: told(per_rater(t), null=0.0))
w3("swapped", "t, m", lambda t: told(per_rater(t))[::-1])
w3("size_of_t", "t without sign", lambda t: (told(per_rater(t))[0], abs(told(per_rater(t))[1])))
w3(
    "p_value",
    "p in the place of t",
    lambda t: (told(per_rater(t))[0], float(stats.ttest_1samp(per_rater(t), 0.5).pvalue)),
)
w3("only_mean", "the mean only", lambda t: told(per_rater(t))[0])
w3("percent", "percent", lambda t: (100 * told(per_rater(t))[0], told(per_rater(t))[1]))
w3(
    "majority",
    "one vote for each rater: the majority",
    lambda t: told([float(v > 0.5) for v in per_rater(t)]),
)
w3("counts", "counts for A, not shares", lambda t: told([sum(v) for v in ballots(t).values()]))


@B.W("17.3", "one share for each item")
def per_item(trials):
    return told(per_rater([(item, r, s, p) for r, item, s, p in trials]))


@B.W("17.3", "t with the number of answers")
def root_of_answers(trials):
    v = per_rater(trials)
    n = sum(len(r) for r in ballots(trials).values())
    return mean(v), (mean(v) - 0.5) / (np.std(v, ddof=1) / n**0.5)


@B.W("17.3", "shares of all trials, with those without an answer")
def share_of_trials(trials):
    seen, got = defaultdict(int), defaultdict(float)
    for r, _, s, p in trials:
        seen[r] += 1
        got[r] += p == s
    return told([got[r] / seen[r] for r in seen])


@B.W("17.3", "raters who left a trial out are dropped")
def drops_raters(trials):
    lazy = {r for r, _, _, p in trials if p is None}
    return told(per_rater([t for t in trials if t[0] not in lazy] or trials))


@B.W("17.3", "trials without an answer are taken out of the list")
def list_changed(trials):
    for t in [t for t in trials if t[3] is None]:
        trials.remove(t)
    return told(per_rater(trials))


@B.W("17.3", "the list is sorted in place")
def list_sorted(trials):
    trials.sort(key=lambda t: (str(t[0]), t[1]))
    return told(per_rater(trials))


@B.W("17.3", "neighbours in the list are a rater: groupby without sort")
def groupby(trials):
    import itertools

    answered = [t for t in trials if t[3] is not None]
    return told(
        [
            mean([s == p for _, _, s, p in g])
            for _, g in itertools.groupby(answered, key=lambda t: t[0])
        ]
    )


B.r("17.3", "plain", "dictionary and numpy", lambda t: told(per_rater(t)))
B.r(
    "17.3",
    "scipy",
    "scipy's t",
    lambda t: [mean(per_rater(t)), stats.ttest_1samp(per_rater(t), 0.5).statistic],
)
B.r("17.3", "tensor", "a tensor", lambda t: torch.tensor(told(per_rater(t))))


@B.R("17.3", "counts in two dictionaries")
def two_counts(trials):
    won, all_ = {}, {}
    for rater, _item, side, picked in trials:
        if picked is None:
            continue
        all_[rater] = all_.get(rater, 0) + 1
        won[rater] = won.get(rater, 0) + (side == picked)
    s = [won[r] / all_[r] for r in all_]
    m = sum(s) / len(s)
    sd = math.sqrt(sum((v - m) ** 2 for v in s) / (len(s) - 1))
    return m, (m - 0.5) * math.sqrt(len(s)) / sd


# ------------------------------------------------------------------ 17.4 paint
SHAPES = torch.tensor(
    [
        [[c == "#" for c in line] for line in mark.split()]
        for mark in (
            "..#.. ..#.. ##### ..#.. ..#..",
            "#...# .#.#. ..#.. .#.#. #...#",
            "##### ..#.. ..#.. ..#.. ..#..",
            "#.... #.... #.... #.... #####",
        )
    ]
).float()[:, None]


def bright(x):
    return (x > 0.5).float()


def p4(kind, name, why, function):
    getattr(B, kind)("17.4", name, why, function)


def exact(x):
    b = bright(x)
    match = conv2d(b, SHAPES) - conv2d(b, 1 - SHAPES)
    found = (match == SHAPES.flatten(1).sum(1)[:, None, None]).float()
    return conv_transpose2d(found, SHAPES)


p4("w", "picture", "the picture", lambda x: x.clone())
p4("w", "bright", "all bright pixels", lambda x: bright(x))
p4("w", "dark", "the dark", lambda x: 1 - x)
p4("w", "ones", "a constant", lambda x: torch.ones_like(x))
p4("w", "zeros", "zeros", lambda x: torch.zeros_like(x))
p4("w", "edges", "edges", lambda x: (x - x.roll(1, 3)).abs() + (x - x.roll(1, 2)).abs())
p4(
    "w",
    "plain_match",
    "matches of the gray picture, no bar",
    lambda x: conv_transpose2d(conv2d(x, SHAPES), SHAPES),
)
p4(
    "w",
    "no_outside",
    "only what should be bright is asked",
    lambda x: conv_transpose2d((conv2d(bright(x), SHAPES) >= 9).float(), SHAPES),
)
p4(
    "w",
    "no_padding",
    "28 x 28: correlations",
    lambda x: conv2d(bright(x), SHAPES).amax(1, keepdim=True),
)
p4(
    "w",
    "four_channels",
    "four maps for each picture",
    lambda x: conv2d(bright(x), SHAPES, padding=2),
)
p4(
    "w",
    "centres",
    "the centres only, shifted",
    lambda x: torch.nn.functional.pad(
        (conv2d(bright(x), SHAPES) >= 9).float().amax(1, keepdim=True), (0, 4, 0, 4)
    ),
)
p4(
    "w",
    "first_shape",
    "the first mark only",
    lambda x: conv_transpose2d(
        (conv2d(bright(x), SHAPES[:1]) - conv2d(bright(x), 1 - SHAPES[:1]) >= 9).float(), SHAPES[:1]
    ),
)
p4(
    "w",
    "three_shapes",
    "three of the four marks",
    lambda x: conv_transpose2d(
        (conv2d(bright(x), SHAPES[:3]) - conv2d(bright(x), 1 - SHAPES[:3]) >= 9).float(), SHAPES[:3]
    ),
)
p4(
    "w",
    "turned",
    "marks upside down",
    lambda x: conv_transpose2d(
        (conv2d(bright(x), SHAPES.flip(2)) - conv2d(bright(x), 1 - SHAPES.flip(2)) >= 9).float(),
        SHAPES,
    ),
)
p4(
    "w",
    "negative",
    "the right place, but 0 on it and 1 elsewhere",
    lambda x: 1 - exact(x).clamp(max=1),
)
p4("w", "one_picture", "the first picture's map for all", lambda x: exact(x)[:1].expand_as(x))


@B.W("17.4", "x is cut in place")
def in_place_cut(x):
    x[x < 0.5] = 0
    return exact(x)


p4(
    "w",
    "box",
    "the whole box of a match of bright pixels in count",
    lambda x: conv_transpose2d(
        (conv2d(bright(x), torch.ones(1, 1, 5, 5)) >= 9).float(), torch.ones(1, 1, 5, 5)
    ),
)
p4("w", "exact", "the bright pixels of the right mark only", exact)
p4(
    "r",
    "exact_box",
    "the box of 5 x 5",
    lambda x: conv_transpose2d(
        (
            conv2d(bright(x), SHAPES) - conv2d(bright(x), 1 - SHAPES)
            == SHAPES.flatten(1).sum(1)[:, None, None]
        ).float(),
        torch.ones(4, 1, 5, 5),
    ),
)


@B.W("17.4", "unfolded patches, bright pixels only")
def unfolded(x):
    patches = torch.nn.functional.unfold(bright(x), 5)  # (N, 25, 784)
    same = torch.stack([(patches == s.flatten()[:, None]).all(1) for s in SHAPES]).any(0)
    each = torch.ones(1, 25, 1) * same[:, None].float()
    return torch.nn.functional.fold(each * patches, (32, 32), 5)


@B.W("17.4", "best match, bright pixels only")
def best_match(x):
    score = conv2d(bright(x), SHAPES - (1 - SHAPES)) / SHAPES.flatten(1).sum(1)[:, None, None]
    best = (score == score.amax((1, 2, 3), keepdim=True)).double()
    return conv_transpose2d(best, SHAPES.double())


@B.R("17.4", "unfolded patches")
def unfolded_box(x):
    patches = torch.nn.functional.unfold(bright(x), 5)  # (N, 25, 784)
    same = torch.stack([(patches == s.flatten()[:, None]).all(1) for s in SHAPES]).any(0)
    each = torch.ones(1, 25, 1) * same[:, None].float()
    return torch.nn.functional.fold(each, (32, 32), 5)


@B.R("17.4", "best match by a signed pattern, float64")
def best_box(x):
    score = conv2d(bright(x), SHAPES - (1 - SHAPES)) / SHAPES.flatten(1).sum(1)[:, None, None]
    best = (score == score.amax((1, 2, 3), keepdim=True)).double()
    return conv_transpose2d(best, torch.ones(4, 1, 5, 5).double())


@B.R("17.4", "a loop over places")
def loop_places(x):
    b, out = bright(x), torch.zeros_like(x)
    for n in range(len(x)):
        for i in range(28):
            for j in range(28):
                if (b[n, 0, i : i + 5, j : j + 5] == SHAPES[:, 0]).all(2).all(1).any():
                    out[n, 0, i : i + 5, j : j + 5] = 1
    return out


# ------------------------------------------------------------------ 17.5 hunt
GOOD = {
    "a": ([[3.0, -1.0]], [[1, 0]]),
    "b": ([[1.0, 1.0]], [[1, 0]]),
    "c": [("r", 1, "right", "right"), ("r", 2, "right", "right")],
}


def w5(name, why, **parts):
    B.w("17.5", name, why, GOOD | parts)


w5("a_positive", "a: no signs", a=([[3.0, 1.0]], [[1, 0]]))
w5("a_all_negative", "a: all negative: the share is right", a=([[-3.0, -1.0]], [[1, 0]]))
w5("a_small", "a: a small negative value", a=([[3.0, -0.01]], [[1, 0]]))
w5("a_zeros", "a: a map of zeros", a=([[0.0, 0.0]], [[1, 0]]))
w5("a_mask_empty", "a: no mark", a=([[3.0, -1.0]], [[0, 0]]))
w5("a_mask_two", "a: the mask holds a 2", a=([[3.0, -1.0]], [[2, 0]]))
w5("a_flat", "a: flat lists", a=([3.0, -1.0], [1, 0]))
w5("a_shapes", "a: other shapes", a=([[3.0, -1.0]], [[1], [0]]))
w5("a_only_map", "a: no mask", a=[[3.0, -1.0]])
w5("b_one_largest", "b: one largest", b=([[2.0, 1.0]], [[1, 0]]))
w5("b_both_on", "b: both largest on the mark", b=([[1.0, 1.0, 0.0]], [[1, 1, 0]]))
w5("b_none_on", "b: no largest on the mark", b=([[1.0, 1.0, 0.0]], [[0, 0, 1]]))
w5(
    "b_signs",
    "b: a size that is equal only without its sign is larger",
    b=([[2.0, -1.0]], [[1, 0]]),
)
w5("b_full_mask", "b: constant map, the mark is everywhere", b=([[1.0, 1.0]], [[1, 1]]))
w5("c_always_left", "c: A always left", c=[("r", 1, "left", "left"), ("r", 2, "left", "right")])
w5(
    "c_balanced",
    "c: the counts agree by chance",
    c=[("r", 1, "right", "left"), ("r", 2, "right", "right")],
)
w5("c_none", "c: nobody answered", c=[("r", 1, "left", None)])
w5("c_empty", "c: no trials", c=[])
w5("c_three", "c: three parts", c=[("r", "right", "right")])
w5("c_middle", "c: another side", c=[("r", 1, "middle", "left")])
w5("missing", "b is left out", b=None)
w5("ab_swapped", "a and b swapped", a=GOOD["b"], b=GOOD["a"])
B.r("17.5", "plain", "one for each", GOOD)
B.r(
    "17.5",
    "others",
    "signs that cancel a part; four equals; one answer",
    {
        "a": ([[5.0, -2.0], [1.0, 1.0]], [[0, 1], [0, 0]]),
        "b": ([[0.5, 0.5], [0.5, 0.5]], [[0, 0], [0, 1]]),
        "c": [("x", 3, "right", "left")],
    },
)
B.r(
    "17.5",
    "tensors",
    "tensors, booleans, equal sizes of two signs",
    {
        "a": (torch.tensor([[3.0, -1.0]]), torch.tensor([[True, False]])),
        "b": (torch.tensor([[2.0, -2.0, 1.0]]), torch.tensor([[True, False, False]])),
        "c": [["r", 1, "right", "right"], ["q", 1, "left", None]],
    },
)


# ------------------------------------------------------------------ 17.6 contrast
def part(maps, masks, scale=None, sizes=None, over=None):
    s = sizes(maps) if sizes else maps.abs().sum(1, keepdim=True)
    s = s / (scale(s) if scale else s.mean((1, 2, 3), keepdim=True))
    if over:
        return over(s, masks)
    return (s * masks).sum((1, 2, 3)) / masks.sum((1, 2, 3))


def w6(name, why, **k):
    B.w("17.6", name, why, lambda a, b, m: part(a, m, **k) - part(b, m, **k))


w6("no_scale", "not scaled", scale=lambda s: 1)
w6("by_sum", "the sum is 1", scale=lambda s: s.sum((1, 2, 3), keepdim=True))
w6("by_max", "the largest is 1", scale=lambda s: s.amax((1, 2, 3), keepdim=True))
w6("batch_scale", "one mean for the batch", scale=lambda s: s.mean())
w6("by_length", "the length is 1", scale=lambda s: s.square().sum((1, 2, 3), keepdim=True).sqrt())
w6("by_std", "the spread is 1", scale=lambda s: s.std((1, 2, 3), keepdim=True))
w6("signed", "signs kept", sizes=lambda m: m.sum(1, keepdim=True))
w6("abs_late", "channels added first", sizes=lambda m: m.sum(1, keepdim=True).abs())
w6("largest_channel", "largest channel", sizes=lambda m: m.abs().amax(1, keepdim=True))
w6("squares", "squares", sizes=lambda m: m.square().sum(1, keepdim=True))
w6("sum_on_object", "sum over the object", over=lambda s, m: (s * m).sum((1, 2, 3)))
w6(
    "mean_everywhere",
    "mean over all pixels of the part on the object",
    over=lambda s, m: (s * m).mean((1, 2, 3)),
)
w6("outside", "outside the object", over=lambda s, m: (s * ~m).sum((1, 2, 3)) / (~m).sum((1, 2, 3)))
w6(
    "on_minus_off",
    "inside minus outside",
    over=lambda s, m: (
        (s * m).sum((1, 2, 3)) / m.sum((1, 2, 3)) - (s * ~m).sum((1, 2, 3)) / (~m).sum((1, 2, 3))
    ),
)
w6(
    "batch_object",
    "mean over the objects of the batch",
    over=lambda s, m: s[m].mean().expand(len(s)),
)
w6("largest_on_object", "the largest on the object", over=lambda s, m: (s * m).amax((1, 2, 3)))
B.w("17.6", "turned", "scene net minus object net", lambda a, b, m: part(b, m) - part(a, m))
B.w("17.6", "quotient", "object net by scene net", lambda a, b, m: part(a, m) / part(b, m))
B.w("17.6", "size_of_difference", "no sign", lambda a, b, m: (part(a, m) - part(b, m)).abs())
B.w("17.6", "object_only", "the scene net is left out", lambda a, b, m: part(a, m) - 1)
B.w("17.6", "difference_first", "maps subtracted before sizes", lambda a, b, m: part(a - b, m))
B.w("17.6", "batch_mean", "one number", lambda a, b, m: (part(a, m) - part(b, m)).mean())
B.w("17.6", "keepdim", "(N, 1)", lambda a, b, m: (part(a, m) - part(b, m))[:, None])
B.w("17.6", "counts", "how often larger", lambda a, b, m: (part(a, m) > part(b, m)).float())


@B.W("17.6", "scaled in place")
def scaled_in_place(object_maps, scene_maps, masks):
    for maps in (object_maps, scene_maps):
        maps.abs_()
        maps /= maps.sum(1, keepdim=True).mean((1, 2, 3), keepdim=True)
    return part(object_maps, masks) - part(scene_maps, masks)


B.r(
    "17.6",
    "mean_of_channels",
    "mean over the channels, scaled",
    lambda a, b, m: (
        part(a, m, sizes=lambda v: v.abs().mean(1, keepdim=True))
        - part(b, m, sizes=lambda v: v.abs().mean(1, keepdim=True))
    ),
)


@B.R("17.6", "one picture at a time")
def by_picture(object_maps, scene_maps, masks):
    out = []
    for a, b, m in zip(object_maps, scene_maps, masks):
        a, b = a.abs().sum(0), b.abs().sum(0)
        out.append((a / a.mean())[m[0]].mean() - (b / b.mean())[m[0]].mean())
    return torch.stack(out)


@B.R("17.6", "einsum, float64")
def einsum(object_maps, scene_maps, masks):
    m = masks[:, 0].double()
    result = 0
    for sign, maps in ((1, object_maps), (-1, scene_maps)):
        s = maps.double().abs()
        inside = torch.einsum("nchw,nhw->n", s, m) / m.sum((1, 2))
        result = result + sign * inside * m[0].numel() / torch.einsum("nchw->n", s)
    return result


# ------------------------------------------------------------------ 17.7 studies
WORDS = {"A": "leak", "B": "any map", "C": "gain", "D": "nothing"}


def w7(name, why, **parts):
    B.w("17.7", name, why, WORDS | parts)


w7("a_gain", "A: the highest number with a map", A="gain")
w7("b_gain", "B: better with the map", B="gain")
w7("c_any", "C: the fixed class helps, too", C="any map")
w7("c_leak", "C: leak", C="leak")
w7("d_any", "D: any map", D="any map")
w7("d_leak", "D: leak", D="leak")
w7("a_any", "A: any map", A="any map")
w7("b_nothing", "B: nothing", B="nothing")
w7("a_c_swapped", "A and C swapped", A="gain", C="leak")
w7("all_gain", "all gain but D", A="gain", B="gain", C="gain")
w7("b_leak", "B: leak", B="leak")
w7("missing", "D is left out", D=None)
w7("other_word", "another word", B="control")
w7("numbers", "gains in numbers", A=0.29, B=0.12, C=0.14, D=-0.01)
B.r("17.7", "plain", "as it is", WORDS)
B.r(
    "17.7",
    "capitals",
    "capitals and spaces",
    {"A": "Leak", "B": " any map ", "C": "GAIN", "D": "nothing"},
)
B.r("17.7", "underscore", "any_map", WORDS | {"B": "any_map"})


# ------------------------------------------------------------------ a second attack, after the mend
w1("mean_and_max", "mass by the largest value", mass=lambda v, m: v[m].sum() / v.max())
w1(
    "rank_of_sum",
    "rank: the share of size among the k largest",
    rank=lambda v, m: (
        (v * m)[v >= v.sort(descending=True).values[int(m.sum()) - 1]].sum()
        / v.sort(descending=True).values[: int(m.sum())].sum()
    ),
)
w1(
    "hit_share",
    "hit: share of the mark that is largest",
    hit=lambda v, m: ((v == v.max()) & m).sum() / m.sum(),
)
w1(
    "rank_by_area",
    "rank divided by all pixels",
    rank=lambda v, m: places(v, m, int(m.sum())) * m.sum() / len(v),
)
w1(
    "jitter",
    "equals ordered by a small number that grows",
    sizes=lambda m: size_of(m) + 1e-9 * torch.arange(m[0, 0].numel()),
)
w2(
    "all_but_k",
    "counts nearer than k",
    lambda k, n: (
        sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) <= abs(2 * k - n)) / 2**n
    ),
)
w2(
    "strict_far",
    "counts farther than k",
    lambda k, n: (
        sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) > abs(2 * k - n)) / 2**n
    ),
)
w2("lower_tail", "k or fewer", lambda k, n: sum(math.comb(n, i) for i in range(k + 1)) / 2**n)
w2(
    "lower_doubled",
    "twice k or fewer, cut",
    lambda k, n: min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n),
)
w2("rounded", "rounded to two places", lambda k, n: round(min(1.0, 2 * tail(max(k, n - k), n)), 2))
w3(
    "median",
    "median of the shares",
    lambda t: (float(np.median(per_rater(t))), told(per_rater(t))[1]),
)
w3(
    "first_answers",
    "the first four answers of each",
    lambda t: told([mean(v[:4]) for v in ballots(t).values()]),
)
w3("last_rater", "one rater is lost: the last", lambda t: told(per_rater(t)[:-1]))
w3(
    "variance",
    "the variance for s",
    lambda t: (
        told(per_rater(t))[0],
        (told(per_rater(t))[0] - 0.5) / (np.var(per_rater(t), ddof=1) / len(per_rater(t)) ** 0.5),
    ),
)
w3("doubled_share", "2 m - 1", lambda t: (2 * told(per_rater(t))[0] - 1, told(per_rater(t))[1]))
w6(
    "geometric",
    "root of the sum of squares over the channels",
    sizes=lambda m: m.norm(dim=1, keepdim=True),
)
w6(
    "scale_inside",
    "scaled by the mean on the object",
    scale=None,
    over=lambda s, m: (s * m).sum((1, 2, 3)) / (s * m).sum((1, 2, 3)).clamp_min(1e-9),
)
w6(
    "median_scale",
    "median for the mean",
    scale=lambda s: s.flatten(1).median(1).values.view(-1, 1, 1, 1),
)
w6(
    "minmax",
    "stretched to 0..1",
    scale=None,
    sizes=lambda m: (
        lambda s: (
            (s - s.amin((1, 2, 3), keepdim=True))
            / (s.amax((1, 2, 3), keepdim=True) - s.amin((1, 2, 3), keepdim=True))
        )
    )(m.abs().sum(1, keepdim=True)),
)
B.w(
    "17.6",
    "doubled",
    "by the sum of both",
    lambda a, b, m: (part(a, m) - part(b, m)) / (part(a, m) + part(b, m)),
)
p4(
    "w",
    "half_match",
    "seven of nine bright pixels are enough",
    lambda x: conv_transpose2d(
        (conv2d(bright(x), SHAPES) - conv2d(bright(x), 1 - SHAPES) >= 3).float(),
        torch.ones(4, 1, 5, 5),
    ),
)
p4(
    "w",
    "shifted",
    "the box, one pixel off",
    lambda x: conv_transpose2d(
        (
            conv2d(bright(x), SHAPES) - conv2d(bright(x), 1 - SHAPES)
            == SHAPES.flatten(1).sum(1)[:, None, None]
        ).float(),
        torch.ones(4, 1, 5, 5),
    ).roll((1, 1), (2, 3)),
)
p4(
    "w",
    "box_in_batch",
    "boxes of all pictures added",
    lambda x: (
        torch.nn.functional.fold(
            (
                torch.nn.functional.unfold(bright(x), 5)[:, None]
                == SHAPES.flatten(1)[None, :, :, None]
            )
            .all(2)
            .any(1)
            .float()[:, None]
            .expand(-1, 25, -1),
            (32, 32),
            5,
        )
        .sum(0, keepdim=True)
        .expand_as(x)
    ),
)
w5(
    "c_far",
    "c: 21 of 40 by left, 20 by A",
    c=[("r", i, "right", "left" if i < 20 else "right") for i in range(39)],
)
w5("a_tiny", "a: both signs, all on the mark", a=([[3.0, -1.0, 0.0]], [[1, 1, 0]]))
w5("b_eight", "b: nearly equal values", b=([[1.0, 0.999]], [[1, 0]]))
w7("d_gain", "D: gain", D="gain")
w7("c_nothing", "C: nothing", C="nothing")
