"""Answers to the tasks of lesson 15, written from the task texts alone, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import numpy as np
import torch
from scipy import stats

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()


# ------------------------------------------------------------------ 15.1 area
def orders(phi, key):
    """Largest first, among equals the smaller key."""
    by_key = key.argsort()
    return by_key[(-phi[:, by_key]).argsort(dim=1, stable=True)]


def curve(F, x, order, fill):
    now, scores = x.clone(), [F(x)]
    for k in range(x.shape[1]):
        now = now.scatter(1, order[:, k : k + 1], fill)
        scores.append(F(now))
    return torch.stack(scores, 1)


def trapezoid(c):
    return ((c[:, 1:] + c[:, :-1]) / 2).mean(1)


@B.W("15.1", "the smallest goes first")
def ascending(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(-phi, key), fill))


@B.W("15.1", "the largest size goes first")
def by_size(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi.abs(), key), fill))


@B.W("15.1", "fills x itself")
def in_place(F, x, phi, fill, key):
    order, scores = orders(phi, key), [F(x)]
    for k in range(x.shape[1]):
        x.scatter_(1, order[:, k : k + 1], fill)
        scores.append(F(x))
    return trapezoid(torch.stack(scores, 1))


@B.W("15.1", "mean of the D + 1 scores")
def plain_mean(F, x, phi, fill, key):
    return curve(F, x, orders(phi, key), fill).mean(1)


@B.W("15.1", "left ends only")
def left(F, x, phi, fill, key):
    return curve(F, x, orders(phi, key), fill)[:, :-1].mean(1)


@B.W("15.1", "right ends only")
def right_ends(F, x, phi, fill, key):
    return curve(F, x, orders(phi, key), fill)[:, 1:].mean(1)


@B.W("15.1", "steps of width 1: the sum, not over the share")
def width_one(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key), fill)) * x.shape[1]


@B.W("15.1", "trapezoids divided by D + 1")
def divided_by_points(F, x, phi, fill, key):
    d = x.shape[1]
    return trapezoid(curve(F, x, orders(phi, key), fill)) * d / (d + 1)


@B.W("15.1", "the key is not used")
def no_key(F, x, phi, fill, key):
    return trapezoid(curve(F, x, (-phi).argsort(dim=1, stable=True), fill))


@B.W("15.1", "the larger key goes first")
def larger_key(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, -key), fill))


@B.W("15.1", "ascending order turned round: ties turned too")
def flipped(F, x, phi, fill, key):
    by_key = key.argsort()
    order = by_key[phi[:, by_key].argsort(dim=1, stable=True).flip(1)]
    return trapezoid(curve(F, x, order, fill))


@B.W("15.1", "places among the sorted are taken for features")
def not_mapped_back(F, x, phi, fill, key):
    order = (-phi[:, key.argsort()]).argsort(dim=1, stable=True)
    return trapezoid(curve(F, x, order, fill))


@B.W("15.1", "the order of the first input for all")
def first_order(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key)[:1].expand(len(x), -1), fill))


@B.W("15.1", "fill is always 0")
def zero_fill(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key), 0.0))


@B.W("15.1", "each feature goes alone, the one before comes back")
def one_at_a_time(F, x, phi, fill, key):
    order = orders(phi, key)
    scores = [F(x)] + [F(x.scatter(1, order[:, k : k + 1], fill)) for k in range(x.shape[1])]
    return trapezoid(torch.stack(scores, 1))


@B.W("15.1", "as a share of the first score")
def share_of_first(F, x, phi, fill, key):
    c = curve(F, x, orders(phi, key), fill)
    return trapezoid(c / c[:, :1])


@B.W("15.1", "the rank of each feature in place of the order")
def ranks_for_order(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key).argsort(1), fill))


@B.W("15.1", "insertion: features come in, the largest first")
def insertion(F, x, phi, fill, key):
    order, now = orders(phi, key), torch.full_like(x, fill)
    scores = [F(now)]
    for k in range(x.shape[1]):
        place = order[:, k : k + 1]
        now = now.scatter(1, place, x.gather(1, place))
        scores.append(F(now))
    return trapezoid(torch.stack(scores, 1))


@B.W("15.1", "the last point, all removed, is missing")
def last_missing(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key), fill)[:, :-1])


@B.W("15.1", "one number for the batch")
def batch_mean(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi, key), fill)).mean()


@B.W("15.1", "area above the last score")
def above_the_end(F, x, phi, fill, key):
    c = curve(F, x, orders(phi, key), fill)
    return trapezoid(c - c[:, -1:])


@B.W("15.1", "ties broken by adding the key to phi")
def key_added(F, x, phi, fill, key):
    return trapezoid(curve(F, x, (phi - key).argsort(dim=1, descending=True), fill))


@B.R("15.1", "one input at a time, sorted by pairs")
def loops(F, x, phi, fill, key):
    areas = []
    for row, shares in zip(x, phi):
        order = sorted(range(len(row)), key=lambda i: (-float(shares[i]), float(key[i])))
        now, c = row.clone(), [F(row[None])[0]]
        for i in order:
            now = now.clone()
            now[i] = fill
            c.append(F(now[None])[0])
        areas.append(sum((c[i] + c[i + 1]) / 2 for i in range(len(order))) / len(order))
    return torch.stack(areas)


@B.R("15.1", "np.lexsort and one call for all points")
def lexsort(F, x, phi, fill, key):
    n, d = x.shape
    order = np.stack([np.lexsort((key.numpy(), -p.numpy())) for p in phi])
    rank = torch.from_numpy(order.argsort(1))
    gone = rank[:, None, :] < torch.arange(d + 1)[None, :, None]
    points = torch.where(gone, fill, x[:, None])
    return torch.trapezoid(F(points.flatten(0, 1)).view(n, d + 1), dx=1 / d, dim=1)


@B.R("15.1", "float64, ends halved")
def halved_ends(F, x, phi, fill, key):
    c = curve(F, x, orders(phi, key), fill).double()
    return (c.sum(1) - (c[:, 0] + c[:, -1]) / 2) / x.shape[1]


# ------------------------------------------------------------------ 15.2 fill
KERNEL = ((1, 2, 1), (2, 0, 2), (1, 2, 1))


def around(p, kernel=KERNEL, total=12, mode="constant"):
    k = torch.tensor(kernel, dtype=p.dtype) / total
    padded = torch.nn.functional.pad(p[None, None], (1, 1, 1, 1), mode=mode)
    return torch.nn.functional.conv2d(padded, k[None, None])[0, 0]


def sweep(x, keep, sweeps, start=None, kernel=KERNEL, total=12, divide=True, mode="constant"):
    p = torch.where(keep, x, x[keep].mean() if start is None else start)
    there = around(torch.ones_like(x), kernel, total) if divide else 1
    for _ in range(sweeps):
        p = torch.where(keep, x, around(p, kernel, total, mode) / there)
    return p


@B.W("15.2", "begins with x")
def begins_with_x(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=x)


@B.W("15.2", "begins with the mean of all")
def mean_of_all(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=x.mean())


@B.W("15.2", "begins with the mean of the removed")
def mean_of_removed(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=x[~keep].mean())


@B.W("15.2", "begins with 0")
def begins_with_zero(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=torch.tensor(0.0))


@B.W("15.2", "begins with 0.5")
def begins_with_grey(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=torch.tensor(0.5))


@B.W("15.2", "mean of x with removed as 0, over all places")
def mean_with_zeros(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=(x * keep).mean())


@B.W("15.2", "begins with the median of the kept")
def median_start(x, keep, sweeps):
    return sweep(x, keep, sweeps, start=x[keep].median())


@B.W("15.2", "no division at the border")
def border_dark(x, keep, sweeps):
    return sweep(x, keep, sweeps, divide=False)


@B.W("15.2", "the border is repeated outside")
def replicate(x, keep, sweeps):
    return sweep(x, keep, sweeps, divide=False, mode="replicate")


@B.W("15.2", "the picture is a torus")
def circular(x, keep, sweeps):
    return sweep(x, keep, sweeps, divide=False, mode="circular")


@B.W("15.2", "eight equal weights")
def equal_weights(x, keep, sweeps):
    return sweep(x, keep, sweeps, kernel=((1, 1, 1), (1, 0, 1), (1, 1, 1)), total=8)


@B.W("15.2", "four neighbours")
def four_only(x, keep, sweeps):
    return sweep(x, keep, sweeps, kernel=((0, 1, 0), (1, 0, 1), (0, 1, 0)), total=4)


@B.W("15.2", "corner and side weights swapped")
def weights_swapped(x, keep, sweeps):
    return sweep(x, keep, sweeps, kernel=((2, 1, 2), (1, 0, 1), (2, 1, 2)))


@B.W("15.2", "the pixel itself counts: a blur")
def centre_counts(x, keep, sweeps):
    return sweep(x, keep, sweeps, kernel=((1, 2, 1), (2, 4, 2), (1, 2, 1)), total=16)


@B.W("15.2", "one sweep too many")
def one_more(x, keep, sweeps):
    return sweep(x, keep, sweeps + 1)


@B.W("15.2", "one sweep too few")
def one_less(x, keep, sweeps):
    return sweep(x, keep, max(sweeps - 1, 0))


@B.W("15.2", "keep is read as removed")
def inverted(x, keep, sweeps):
    return sweep(x, ~keep, sweeps)


@B.W("15.2", "kept pixels change too")
def all_change(x, keep, sweeps):
    p, there = torch.where(keep, x, x[keep].mean()), around(torch.ones_like(x))
    for _ in range(sweeps):
        p = around(p) / there
    return p


@B.W("15.2", "kept pixels change in the loop and are put back at the end")
def put_back_at_end(x, keep, sweeps):
    return torch.where(keep, x, all_change(x, keep, sweeps))


@B.W("15.2", "only kept neighbours count")
def kept_neighbours(x, keep, sweeps):
    p, known = torch.where(keep, x, x[keep].mean()), keep.to(x.dtype)
    for _ in range(sweeps):
        p = torch.where(keep, x, around(p * known) / around(known).clamp_min(1e-9))
    return p


@B.W("15.2", "pixel by pixel, at once in the picture")
def pixel_by_pixel(x, keep, sweeps):
    p = torch.where(keep, x, x[keep].mean())
    for _ in range(sweeps):
        for i, j in (~keep).nonzero().tolist():
            total, weight = 0.0, 0.0
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    inside = 0 <= i + a < len(x) and 0 <= j + b < x.shape[1]
                    if (a or b) and inside:
                        w = 1 / 12 if a and b else 1 / 6
                        total, weight = total + w * p[i + a, j + b], weight + w
            p[i, j] = total / weight
    return p


@B.W("15.2", "changes x")
def changes_x(x, keep, sweeps):
    x[~keep] = x[keep].mean()
    there = around(torch.ones_like(x))
    for _ in range(sweeps):
        x[~keep] = (around(x) / there)[~keep]
    return x


@B.W("15.2", "extra axes stay")
def extra_axes(x, keep, sweeps):
    return sweep(x, keep, sweeps)[None, None]


@B.R("15.2", "nested loops, at once")
def nested(x, keep, sweeps):
    p = torch.where(keep, x, x[keep].mean())
    for _ in range(sweeps):
        q = p.clone()
        for i, j in (~keep).nonzero().tolist():
            total, weight = 0.0, 0.0
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    inside = 0 <= i + a < len(x) and 0 <= j + b < x.shape[1]
                    if (a or b) and inside:
                        w = 1 / 12 if a and b else 1 / 6
                        total, weight = total + w * p[i + a, j + b], weight + w
            q[i, j] = total / weight
        p = q
    return p


@B.R("15.2", "shifted slices in float64")
def slices(x, keep, sweeps):
    h, w = x.shape

    def sum_of(p):
        big = torch.zeros(h + 2, w + 2, dtype=torch.float64)
        big[1:-1, 1:-1] = p
        parts = [KERNEL[a][b] * big[a : a + h, b : b + w] for a in range(3) for b in range(3)]
        return torch.stack(parts).sum(0)

    p = torch.where(keep, x.double(), x.double()[keep].mean())
    for _ in range(sweeps):
        p = torch.where(keep, x.double(), sum_of(p) / sum_of(torch.ones(h, w)))
    return p


@B.R("15.2", "weights 2 and 1, quotient")
def no_twelfth(x, keep, sweeps):
    return sweep(x, keep, sweeps, total=1)


# ------------------------------------------------------------------ 15.3 paired
def interval(d, t=None, ddof=1, n=None, root=True):
    n = n or len(d)
    t = stats.t.ppf(0.975, n - 1) if t is None else t
    half = t * d.std(correction=ddof) / (n**0.5 if root else 1)
    return torch.stack([d.mean(), d.mean() - half, d.mean() + half])


def clean(a, b):
    d = a - b
    return d[~d.isnan()]


def p3(name, why, function):
    B.w("15.3", name, why, function)


p3("ddof_0", "s divides by n", lambda a, b: interval(clean(a, b), ddof=0))
p3("normal", "1.96 in the place of t", lambda a, b: interval(clean(a, b), t=1.96))
p3("turned", "b - a", lambda a, b: interval(clean(b, a)))
p3("nan_kept", "NaN is not left out", lambda a, b: interval(a - b))
p3("nan_zero", "NaN counts as 0", lambda a, b: interval((a - b).nan_to_num()))
p3("n_of_all", "n counts the pairs with NaN", lambda a, b: interval(clean(a, b), n=len(a)))
p3("no_root", "s not divided by root n", lambda a, b: interval(clean(a, b), root=False))
p3(
    "one_sided",
    "ppf(0.95)",
    lambda a, b: interval(clean(a, b), t=stats.t.ppf(0.95, len(clean(a, b)) - 1)),
)
p3(
    "df_n",
    "n degrees of freedom",
    lambda a, b: interval(clean(a, b), t=stats.t.ppf(0.975, len(clean(a, b)))),
)
p3("order", "low, mean, high", lambda a, b: interval(clean(a, b))[[1, 0, 2]])
p3("high_first", "mean, high, low", lambda a, b: interval(clean(a, b))[[0, 2, 1]])
p3("sizes", "differences without sign", lambda a, b: interval(clean(a, b).abs()))
p3(
    "divided_by_n",
    "s / n",
    lambda a, b: interval(
        clean(a, b), t=stats.t.ppf(0.975, len(clean(a, b)) - 1) / len(clean(a, b)) ** 0.5
    ),
)
p3("two_numbers", "the mean is missing", lambda a, b: interval(clean(a, b))[1:])
p3(
    "percentiles",
    "quantiles of the differences",
    lambda a, b: torch.stack(
        [clean(a, b).mean(), *clean(a, b).quantile(torch.tensor([0.025, 0.975], dtype=a.dtype))]
    ),
)


@B.W("15.3", "two intervals, not paired")
def unpaired(a, b):
    a, b = a[~a.isnan()], b[~b.isnan()]
    n = min(len(a), len(b))
    m = a.mean() - b.mean()
    half = stats.t.ppf(0.975, n - 1) * (a.var() / len(a) + b.var() / len(b)).sqrt()
    return torch.stack([m, m - half, m + half])


@B.W("15.3", "the lists are cleaned apart")
def cleaned_apart(a, b):
    a, b = a[~a.isnan()], b[~b.isnan()]
    n = min(len(a), len(b))
    return interval(a[:n] - b[:n])


@B.W("15.3", "only the NaN of a are left out; those of b count 0")
def nan_of_a(a, b):
    keep = ~a.isnan()
    return interval(a[keep] - b[keep].nan_to_num())


@B.W("15.3", "median in place of the mean")
def median(a, b):
    d = clean(a, b)
    half = stats.t.ppf(0.975, len(d) - 1) * d.std() / len(d) ** 0.5
    return torch.stack([d.median(), d.median() - half, d.median() + half])


@B.W("15.3", "mean and half width")
def half_width(a, b):
    m, low, high = interval(clean(a, b))
    return torch.stack([m, (high - low) / 2, (high - low) / 2])


@B.W("15.3", "NaN of the arguments are overwritten")
def nan_overwritten(a, b):
    keep = ~(a.isnan() | b.isnan())
    result = interval(a[keep] - b[keep])
    a[~keep] = 0
    return result


@B.R("15.3", "scipy's own interval, a tuple")
def scipy_interval(a, b):
    d = clean(a, b).numpy()
    low, high = stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=stats.sem(d))
    return d.mean(), low, high


@B.R("15.3", "numpy with ddof, a list of numbers")
def numpy_way(a, b):
    d = np.asarray(a, float) - np.asarray(b, float)
    d = d[np.isfinite(d)]
    h = stats.t.ppf(0.975, d.size - 1) * d.std(ddof=1) / np.sqrt(d.size)
    return [float(d.mean()), float(d.mean() - h), float(d.mean() + h)]


@B.R("15.3", "nanmean, sums by hand")
def by_hand(a, b):
    d = (a - b).double()
    n = int((~d.isnan()).sum())
    m = d.nansum() / n
    s = (((d - m) ** 2).nansum() / (n - 1)) ** 0.5
    h = float(stats.t.isf(0.025, n - 1)) * s / n**0.5
    return torch.tensor([m, m - h, m + h])


# ------------------------------------------------------------------ 15.4 break
def additive(p):
    return p.sum(1)


def w4(name, why, *answer):
    B.w("15.4", name, why, answer)


w4("additive", "additive: cannot lose", additive, [4.0, 3, 2, 1])
w4(
    "lesson",
    "the lesson's three features",
    lambda p: p[:, 0] * p[:, 1] + 0.6 * p[:, 2],
    [1.0, 1, 1],
)
w4("three", "three features", lambda p: p.amin(1), [1.0, 2, 3])
w4("seven", "seven features", lambda p: p.prod(1), [1.0] * 7)
w4("all_and", "all equal: the ABPC is 0", lambda p: p.prod(1), [1.0] * 4)
w4("maximum", "the largest of four", lambda p: p.amax(1), [4.0, 3, 2, 1])
w4("falling", "the rise is below 0", lambda p: -p.sum(1), [4.0, 3, 2, 1])
w4("constant", "constant: no rise", lambda p: 0 * p.sum(1) + 1, [1.0] * 4)
w4("too_large", "20 is outside", additive, [20.0, 3, 2, 1])
w4("one_number", "one number for all inputs", lambda p: p.sum(), [4.0, 3, 2, 1])
w4("two_columns", "two scores for each input", lambda p: p[:, :2], [4.0, 3, 2, 1])
w4(
    "f_only_first",
    "f reads the first input only",
    lambda p: p[:1].sum(1).expand(len(p)),
    [4.0, 3, 2, 1],
)
w4("swapped", "x and f swapped", [4.0, 3, 2, 1], additive)
w4(
    "pairs",
    "two pairs: ABPC above 0",
    lambda p: p[:, 0] * p[:, 1] + 2 * p[:, 2] * p[:, 3],
    [1.0] * 4,
)
w4(
    "python_if",
    "with max of Python's numbers: one number",
    lambda p: max(float(p[0, 0]), 1.0),
    [1.0] * 4,
)
w4("nan", "root of negative numbers", lambda p: (p - 1).sqrt().sum(1), [1.0] * 4)
w4("batch", "depends on the other rows", lambda p: p.sum(1) - p.mean(), [4.0, 3, 2, 1])


def subsets(values):
    """The function that has these values on the subsets of four features, at ones."""

    def f(p):
        total = 0
        for present, value in values.items():
            term = value
            for i in range(4):
                term = term * (p[:, i] if i in present else 1 - p[:, i])
            total = total + term
        return total

    return f


LOSER = {(0,): 0.6, (1,): 0.3, (0, 2): 3, (1, 2): 3, (2, 3): 3, (0, 1, 2): 0.3, (0, 1, 3): 3}
LOSER[0, 1, 2, 3] = 1
B.r("15.4", "values_of_subsets", "a linear program's, list", (subsets(LOSER), [1.0] * 4))
B.r(
    "15.4",
    "column",
    "(N, 1), tensor (1, D)",
    (lambda p: 10 * subsets(LOSER)(p)[:, None], torch.ones(1, 4)),
)
B.r("15.4", "scaled_x", "the input at 2", (lambda p: subsets(LOSER)(p / 2), [2, 2, 2, 2]))
B.r(
    "15.4",
    "five",
    "a fifth feature that does little",
    (lambda p: subsets(LOSER)(p[:, :4]) + 0.01 * p[:, 4], [1.0] * 5),
)


# ------------------------------------------------------------------ 15.5 hunt
def product(p):
    return p[:, 0] * p[:, 1] + p[:, 2:].sum(1)


GOOD = {
    "a": (additive, [[1.0, 1, 1, 1]], [[1.0, 1, 1, 1]], 0),
    "b": (product, [[1.0, 1, 2]], [[1.0, 1, 1.5]], 0),
    "c": (additive, [[1.0, 1], [10.0, 10]], [[1.0, 1], [10.0, 10]], 0),
}


def w5(name, why, **parts):
    B.w("15.5", name, why, GOOD | parts)


w5("a_no_ties", "a: no equal values", a=(additive, [[1.0, 2, 3, 4]], [[1.0, 2, 3, 4]], 0))
w5(
    "a_tie_aside",
    "a: the equals are all among the first half",
    a=(additive, [[3.0, 3, 2, 1]], [[3.0, 3, 2, 1]], 0),
)
w5(
    "a_odd",
    "a: five features: two are the half",
    a=(additive, [[5.0, 4, 3, 2, 1]], [[5.0, 4, 3, 2, 1]], 0),
)
w5("a_constant", "a: F does not fall at all", a=(lambda p: 0 * p.sum(1), [[1.0, 1]], [[1.0, 1]], 0))
w5("a_filled", "a: x is the fill", a=(additive, [[0.0, 0]], [[1.0, 1]], 0))
w5(
    "a_small",
    "a: what goes too much weighs nothing",
    a=(additive, [[9.0, 9, 0, 0]], [[3.0, 3, 3, 1]], 0),
)
w5("a_one", "a: one feature", a=(additive, [[1.0]], [[1.0]], 0))
w5("b_additive", "b: an additive F", b=(additive, [[3.0, 2, 1]], [[3.0, 2, 1]], 0))
w5("b_constant_phi", "b: phi without spread", b=(product, [[1.0, 1, 2]], [[1.0, 1, 1]], 0))
w5("b_two", "b: two features that add up", b=(additive, [[1.0, 2]], [[1.0, 2]], 0))
w5("c_single", "c: one falling input", c=(additive, [[2.0, 1]], [[2.0, 1]], 0))
w5(
    "c_alike",
    "c: two inputs of one score",
    c=(additive, [[2.0, 1], [1.0, 2]], [[2.0, 1], [1.0, 2]], 0),
)
w5(
    "c_negative",
    "c: a score below 0",
    c=(additive, [[-2.0, -1], [1.0, 1]], [[2.0, 1], [1.0, 1]], 0),
)
w5(
    "c_near",
    "c: scores 5 percent apart",
    c=(additive, [[1.0, 1], [1.05, 1.05]], [[1.0, 1], [1.0, 1]], 0),
)
w5("missing", "c is left out", c=None)
w5("ab_swapped", "a and b swapped", a=GOOD["b"], b=GOOD["a"])
w5("flat_x", "a: x is one flat list", a=(additive, [1.0, 1, 1, 1], [1.0, 1, 1, 1], 0))
w5("three_parts", "a: no fill", a=GOOD["a"][:3])
w5("shapes", "b: phi has another shape", b=(product, [[1.0, 1, 1]], [[1.0, 1]], 0))
w5(
    "one_score",
    "c: F returns one number",
    c=(lambda p: p.sum(), [[1.0, 1], [9.0, 9]], [[1.0, 1], [1.0, 1]], 0),
)
w5("nine", "a: nine features", a=(additive, [[1.0] * 9], [[1.0] * 9], 0))
B.r("15.5", "plain", "one for each", GOOD)
B.r(
    "15.5",
    "others",
    "c: a score that rises on the way; a: two equals at the bar; tensors",
    {
        "a": (additive, torch.tensor([[1.0, 2, 2, 1]]), torch.tensor([[3.0, 2, 2, 1]]), 0.0),
        "b": (product, torch.tensor([[2.0, 1, 1, 3]]), torch.tensor([[4.0, 3, 2, 1]]), 0.0),
        "c": (additive, [[5.0, -4.0]], [[-1.0, 1.0]], 0),
    },
)
B.r(
    "15.5",
    "arrays",
    "b: a maximum; numpy",
    GOOD | {"b": (lambda p: p.amax(1), np.array([[1.0, 3, 2]]), np.array([[0.0, 1, 2]]), 0)},
)


# ------------------------------------------------------------------ 15.6 trusted
def verdicts(low, high, above, *, a=None, b=None, any_=(None, None), base=None):
    won = (low > 0).all(1) if a is None else a
    lost = (high < 0).all(1) if b is None else b
    both = (low > 0).any(1) & (high < 0).any(1)
    out = torch.zeros(len(low))
    out[won], out[lost], out[both] = 1.0, -1.0, 2.0
    out[won & ~(above[:, 0] > 0)] = 3.0
    out[lost & ~(above[:, 1] > 0)] = 3.0
    return out


@B.W("15.6", "an end at 0 decides")
def end_at_zero(low, high, above):
    return verdicts(low, high, above, a=(low >= 0).all(1), b=(high <= 0).all(1))


@B.W("15.6", "above may be 0")
def above_zero_passes(low, high, above):
    out = verdicts(low, high, torch.ones_like(above))
    out[(out == 1) & (above[:, 0] < 0)] = 3
    out[(out == -1) & (above[:, 1] < 0)] = 3
    return out


@B.W("15.6", "no controls: never 3")
def no_controls(low, high, above):
    return verdicts(low, high, torch.ones_like(above))


@B.W("15.6", "the loser's number is asked")
def losers_number(low, high, above):
    return verdicts(low, high, above.flip(1))


@B.W("15.6", "both must be above the controls")
def both_above(low, high, above):
    return verdicts(low, high, above.amin(1, keepdim=True).expand(-1, 2))


@B.W("15.6", "one of both is enough")
def either_above(low, high, above):
    return verdicts(low, high, above.amax(1, keepdim=True).expand(-1, 2))


@B.W("15.6", "always A's number")
def as_number(low, high, above):
    return verdicts(low, high, above[:, :1].expand(-1, 2))


@B.W("15.6", "surely under one question is enough")
def any_question(low, high, above):
    won, lost = (low > 0).any(1), (high < 0).any(1)
    return verdicts(low, high, above, a=won & ~lost, b=lost & ~won)


@B.W("15.6", "better in the mean of the ends")
def middle(low, high, above):
    m = (low + high) / 2
    return verdicts(low, high, above, a=(m > 0).all(1), b=(m < 0).all(1))


@B.W("15.6", "the mean over the questions")
def mean_of_questions(low, high, above):
    return verdicts(low.mean(1, keepdim=True), high.mean(1, keepdim=True), above)


@B.W("15.6", "3 goes before 2: any winner without control")
def three_before_two(low, high, above):
    out = verdicts(low, high, above)
    out[(out == 2) & (above <= 0).any(1)] = 3
    return out


@B.W("15.6", "3 for undecided pairs, too")
def three_for_undecided(low, high, above):
    out = verdicts(low, high, above)
    out[(out == 0) & (above <= 0).all(1)] = 3
    return out


@B.W("15.6", "depends if it is not decided by all")
def two_for_undecided(low, high, above):
    out = verdicts(low, high, above)
    out[(out == 0) & ((low > 0).any(1) | (high < 0).any(1))] = 2
    return out


@B.W("15.6", "never 2")
def never_two(low, high, above):
    out = verdicts(low, high, above)
    out[out == 2] = 0
    return out


@B.W("15.6", "1 and -1 swapped")
def swapped(low, high, above):
    return verdicts(-high, -low, above.flip(1))


@B.W("15.6", "lower ends only: -1 where low is below 0")
def low_only(low, high, above):
    return verdicts(low, high, above, b=(low < 0).all(1))


@B.W("15.6", "ends swapped in the comparison")
def ends_swapped(low, high, above):
    return verdicts(high, low, above)


@B.W("15.6", "one verdict for all")
def one_for_all(low, high, above):
    return verdicts(low, high, above)[0]


@B.W("15.6", "first question only")
def first_question(low, high, above):
    return verdicts(low[:, :1], high[:, :1], above)


@B.W("15.6", "writes on low")
def writes(low, high, above):
    out = verdicts(low, high, above)
    low.clamp_(min=0)
    return out


@B.R("15.6", "loops, a list")
def loop_verdicts(low, high, above):
    out = []
    for lo, hi, up in zip(low.tolist(), high.tolist(), above.tolist()):
        if all(v > 0 for v in lo):
            out.append(1 if up[0] > 0 else 3)
        elif all(v < 0 for v in hi):
            out.append(-1 if up[1] > 0 else 3)
        else:
            out.append(2 if any(v > 0 for v in lo) and any(v < 0 for v in hi) else 0)
    return torch.tensor(out)


@B.R("15.6", "nested where, float64")
def nested_where(low, high, above):
    a, b = low.amin(1) > 0, high.amax(1) < 0
    two = (low.amax(1) > 0) & (high.amin(1) < 0)
    sure = torch.where(a, above[:, 0] > 0, above[:, 1] > 0)
    sign = a.double() - b.double()
    return torch.where(two, 2.0, torch.where((sign != 0) & ~sure, 3.0, sign))


@B.R("15.6", "np.select")
def select(low, high, above):
    lo, hi, up = low.numpy(), high.numpy(), above.numpy()
    a, b = (lo > 0).all(1), (hi < 0).all(1)
    two = (lo > 0).any(1) & (hi < 0).any(1)
    fails = (a & (up[:, 0] <= 0)) | (b & (up[:, 1] <= 0))
    return torch.from_numpy(np.select([fails, a, b, two], [3, 1, -1, 2], 0))


# ------------------------------------------------------------------ 15.7 transfer
VERDICTS, NO_CONTROLS = (2, 0, 3), (2, 0, -1)
FOUND = {"black": "picture", "white": "guided", "verdicts": VERDICTS}


def w7(name, why, **parts):
    B.w("15.7", name, why, FOUND | parts)


w7("black_method", "black: the best that is no control", black="IG black")
w7("black_centre", "black: the second best control", black="centre")
w7("white_ig", "white: the map that shares its colour", white="IG white")
w7("white_black", "white: the answer for black", white="picture")
w7("all_one", "all pairs won by A", verdicts=(1, 1, 1))
w7("no_controls", "never 3", verdicts=NO_CONTROLS)
w7("reversed", "verdicts in the reverse order", verdicts=VERDICTS[::-1])
w7("undecided", "all undecided", verdicts=(0, 0, 0))
w7("two_numbers", "one verdict is missing", verdicts=VERDICTS[:2])
w7("words", "verdicts in words", verdicts=("depends", "depends", "B"))
w7("swapped", "black and white swapped", black="guided", white="picture")
w7("value", "the mean in place of the name", black=0.385)
w7("no_black", "black is None", black=None)
B.r("15.7", "plain", "as it is", FOUND)
B.r("15.7", "tensor", "verdicts as a tensor", FOUND | {"verdicts": torch.tensor(VERDICTS)})
B.r("15.7", "list_floats", "a list of floats", FOUND | {"verdicts": [float(v) for v in VERDICTS]})
B.r("15.7", "letters", "capitals and spaces", FOUND | {"black": " Picture", "white": "Guided"})


# ------------------------------------------------------------------ a second attack, after the mend
@B.W("15.1", "each step is weighed by phi")
def weighed_by_phi(F, x, phi, fill, key):
    c = curve(F, x, orders(phi, key), fill)
    w = phi.abs().sort(dim=1, descending=True).values
    return ((c[:, 1:] + c[:, :-1]) / 2 * w).sum(1) / w.sum(1).clamp_min(1e-9)


@B.W("15.1", "a removed feature is multiplied by the fill")
def times_fill(F, x, phi, fill, key):
    order, now, scores = orders(phi, key), x.clone(), [F(x)]
    for k in range(x.shape[1]):
        place = order[:, k : k + 1]
        now = now.scatter(1, place, now.gather(1, place) * fill)
        scores.append(F(now))
    return trapezoid(torch.stack(scores, 1))


@B.W("15.1", "the fall from the first score")
def fall(F, x, phi, fill, key):
    c = curve(F, x, orders(phi, key), fill)
    return trapezoid(c[:, :1] - c)


@B.W("15.1", "keys are rounded with phi: phi.round() first")
def rounded_phi(F, x, phi, fill, key):
    return trapezoid(curve(F, x, orders(phi.round(), key), fill))


@B.W("15.2", "stops one row short at the border: the border stays the mean")
def border_stays(x, keep, sweeps):
    p = torch.where(keep, x, x[keep].mean())
    inner = torch.zeros_like(keep)
    inner[1:-1, 1:-1] = True
    for _ in range(sweeps):
        p = torch.where(keep | ~inner, p, around(p))
    return p


@B.W("15.2", "rows and columns only, one after the other")
def half_step(x, keep, sweeps):
    p, there = torch.where(keep, x, x[keep].mean()), around(torch.ones_like(x))
    for _ in range(sweeps):
        p = torch.where(keep, x, (p + around(p) / there) / 2)
    return p


@B.W("15.2", "twice as many sweeps")
def doubled(x, keep, sweeps):
    return sweep(x, keep, 2 * sweeps)


@B.W("15.3", "the spread of a and of b subtracted")
def spreads_subtracted(a, b):
    keep = ~(a.isnan() | b.isnan())
    a, b = a[keep], b[keep]
    n = len(a)
    half = stats.t.ppf(0.975, n - 1) * (a.std() - b.std()).abs() / n**0.5
    return torch.stack(
        [a.mean() - b.mean(), a.mean() - b.mean() - half, a.mean() - b.mean() + half]
    )


p3(
    "normal_quantile",
    "the normal quantile",
    lambda a, b: interval(clean(a, b), t=stats.norm.ppf(0.975)),
)
p3(
    "pdf",
    "cdf for ppf",
    lambda a, b: interval(clean(a, b), t=float(stats.t.cdf(0.975, len(clean(a, b)) - 1))),
)
p3(
    "root_n_1",
    "s / root(n - 1)",
    lambda a, b: interval(
        clean(a, b),
        t=stats.t.ppf(0.975, len(clean(a, b)) - 1)
        * (len(clean(a, b)) / (len(clean(a, b)) - 1)) ** 0.5,
    ),
)
p3(
    "zeros_out",
    "differences of 0 are left out, too",
    lambda a, b: (
        interval(clean(a, b)[clean(a, b).abs() > 0.05])
        if (clean(a, b).abs() > 0.05).sum() > 1
        else interval(clean(a, b))
    ),
)


@B.W("15.6", "3 is given without asking who won")
def any_control(low, high, above):
    out = verdicts(low, high, torch.ones_like(above))
    out[((out == 1) | (out == -1)) & (above[:, 0] <= 0)] = 3
    return out


@B.W("15.6", "2 where A wins one question and B the next")
def neighbours_only(low, high, above):
    out = verdicts(low, high, above)
    out[(out == 2) & ~((low[:, 0] > 0) | (high[:, 0] < 0))] = 0
    return out


@B.W("15.6", "a winner under most questions")
def most_questions(low, high, above):
    won, lost = (low > 0).float().mean(1) > 0.5, (high < 0).float().mean(1) > 0.5
    return verdicts(low, high, above, a=won, b=lost)


@B.W("15.6", "1 and 3 added: 4")
def three_with_sign(low, high, above):
    out = verdicts(low, high, above)
    out[(out == 3) & (high < 0).all(1)] = -3
    return out


w4("pure_pairs", "two equal pairs", lambda p: p[:, 0] * p[:, 1] + p[:, 2] * p[:, 3], [1.0] * 4)
w4("minimum_four", "the smallest of four", lambda p: p.amin(1), [1.0, 2, 3, 4])
w5(
    "b_negative",
    "b: F additive with signs",
    b=(lambda p: p[:, 0] - p[:, 1] + 2 * p[:, 2], [[1.0, 1, 1]], [[1.0, 0, 2]], 0),
)
w5(
    "c_fill",
    "c: two inputs whose scores differ by 1 percent",
    c=(additive, [[1.0, 2], [1.0, 2.03]], [[1.0, 2], [1.0, 2]], 0),
)
