"""Wrong answers of four kinds, over lessons 03, 04, 05, 07 and 08, and odd right ones.

One index for all inputs of a batch; the method of another lesson; an argument that is not used;
another derivative or another average. They were written before the checkers were mended against
them, and are not to be weakened. Beside each stands what a fitting message says (a pattern that
is searched for in the diagnosis and the message).

``python -m tests.course.attacks.kinds`` prints what becomes of each.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from xaicourse.course.checking import TASKS
from xaicourse.course.grading.verdict import Settled

WRONG: list[tuple[str, str, Any, str]] = []  # task, name, answer, what a fitting message says
RIGHT: list[tuple[str, str, Any]] = []

TARGETS = r"all_targets|\[:, target\]"
OTHER = "this is|these are"


def wrong(task: str, fits: str) -> Callable:
    def enter(function):
        WRONG.append((task, function.__name__, function, fits))
        return function

    return enter


def right(task: str) -> Callable:
    def enter(function):
        RIGHT.append((task, function.__name__, function))
        return function

    return enter


def scores_of(weights, biases, x):
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = (x.relu() if k else x) @ w.T + b
    return x


def slope(function, x):
    point = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(function(point), point)[0]


def own(z, target):
    return z[torch.arange(len(z)), torch.as_tensor(target).expand(len(z))]


def lrp(weights, biases, x, start, epsilon):
    a = [x]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        a.append((a[-1] @ w.T + b).relu())
    R = start(a[-1] @ weights[-1].T + biases[-1])
    for w, b, h in zip(weights[::-1], biases[::-1], a[::-1], strict=True):
        z = h @ w.T + b
        R = h * ((R / (z + epsilon * torch.where(z >= 0, 1.0, -1.0))) @ w)
    return R


def deeplift(weights, biases, x, baseline, start):
    z, z0, quotients = x, baseline, []
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z, z0 = z @ w.T + b, z0 @ w.T + b
        if k < len(weights) - 1:
            still = (z - z0).abs() < 1e-7
            q = (z.relu() - z0.relu()) / torch.where(still, 1.0, z - z0)
            quotients.append(torch.where(still, (z > 0).float(), q))
            z, z0 = z.relu(), z0.relu()
    m = start(z) @ weights[-1]
    for w, q in zip(weights[-2::-1], quotients[::-1], strict=True):
        m = (m * q) @ w
    return (x - baseline) * m


def one_hot(target):
    return lambda z: functional.one_hot(target, z.shape[1]).float()


# ---------------------------------------------------------------- one index for all inputs


@wrong("03.2", TARGETS)
def index_mask(weights, biases, x, target, epsilon):
    mask = torch.zeros(len(x), len(biases[-1]))
    mask[:, target] = 1
    return lrp(weights, biases, x, lambda z: z * mask, epsilon)


@wrong("03.3", TARGETS)
def index_ones(weights, biases, x, baseline, target):
    def start(z):
        m = torch.zeros_like(z)
        m[:, target] = 1
        return m

    return deeplift(weights, biases, x, baseline, start)


@wrong("03.3", TARGETS)
def index_last_weights(weights, biases, x, baseline, target):
    total = torch.zeros_like(x)
    for t in target:
        total += deeplift(weights, biases, x, baseline, one_hot(t.expand(len(x))))
    return total


@wrong("04.2", TARGETS)
def index_select(features, head, x, target):
    A = features(x).detach().requires_grad_()
    chosen = torch.atleast_1d(torch.as_tensor(target))
    g = torch.autograd.grad(head(A).index_select(1, chosen).sum(), A)[0]
    return (g.mean((2, 3), keepdim=True) * A).sum(1).relu().detach()


@wrong("08.2", TARGETS)
def index_select_split(weights, biases, x, target):
    return shares(weights, biases, x, lambda z: z.index_select(1, target).sum())


@wrong("05.2", TARGETS)
def index_in_ig(model, x, target, baseline, steps):
    return ig(
        lambda p: model(p)[:, torch.atleast_1d(torch.as_tensor(target))].sum(), x, baseline, steps
    )


@wrong("05.7", TARGETS)
def index_in_chance(model, x, target, baseline, steps):
    t = torch.atleast_1d(torch.as_tensor(target))
    return ig(lambda p: model(p).softmax(1)[:, t].sum(), x, baseline, steps)


@wrong("01.2", TARGETS)
def index_in_gradient(model, x, target):
    return slope(lambda p: model(p)[:, target].sum(), x)


def shares(weights, biases, x, score, change=lambda s, v: s * v):
    leaves = [
        v.detach().clone().requires_grad_() for v in (x, *(b.expand(len(x), -1) for b in biases))
    ]
    z = leaves[0]
    for k, (w, b) in enumerate(zip(weights, leaves[1:], strict=True)):
        z = (z.relu() if k else z) @ w.T + b
    slopes = torch.autograd.grad(score(z), leaves)
    return torch.stack(
        [change(s, v.detach()).sum(1) for s, v in zip(slopes, leaves, strict=True)], 1
    )


def ig(function, x, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(steps):
        total += slope(function, baseline + (k + 0.5) / steps * (x - baseline))
    return (x - baseline) * total / steps


# ---------------------------------------------------------------- the method of another lesson


@wrong("03.2", OTHER)
def gradient_times_input(weights, biases, x, target, epsilon):
    return x * slope(lambda p: own(scores_of(weights, biases, p), target).sum(), x)


@wrong("03.2", OTHER)
def integrated_from_zero(weights, biases, x, target, epsilon):
    return ig(lambda p: own(scores_of(weights, biases, p), target).sum(), x, 0 * x, 200)


@wrong("03.2", OTHER)
def rescale_from_zero(weights, biases, x, target, epsilon):
    return deeplift(weights, biases, x, 0 * x, one_hot(target))


@wrong("03.2", OTHER)
def the_gradient(weights, biases, x, target, epsilon):
    return slope(lambda p: own(scores_of(weights, biases, p), target).sum(), x)


@wrong("03.2", OTHER)
def occlusion_to_zero(weights, biases, x, target, epsilon):
    start, parts = own(scores_of(weights, biases, x), target), []
    for k in range(x.shape[1]):
        off = x.clone()
        off[:, k] = 0
        parts.append(start - own(scores_of(weights, biases, off), target))
    return torch.stack(parts, 1)


@wrong("03.3", OTHER)
def integrated_50(weights, biases, x, baseline, target):
    return ig(lambda p: own(scores_of(weights, biases, p), target).sum(), x, baseline, 50)


@wrong("03.3", OTHER)
def lrp_with_epsilon(weights, biases, x, baseline, target):
    return lrp(weights, biases, x, lambda z: one_hot(target)(z) * z, 1e-9)


@wrong("03.3", OTHER)
def gradient_times_x(weights, biases, x, baseline, target):
    return x * slope(lambda p: own(scores_of(weights, biases, p), target).sum(), x)


@wrong("03.3", OTHER)
def occlusion_to_baseline(weights, biases, x, baseline, target):
    start, parts = own(scores_of(weights, biases, x), target), []
    for k in range(x.shape[1]):
        off = x.clone()
        off[:, k] = baseline[:, k]
        parts.append(start - own(scores_of(weights, biases, off), target))
    return torch.stack(parts, 1)


@wrong("03.3", "midpoint|middle|half way")
def slope_half_way(weights, biases, x, baseline, target):
    middle = 0.5 * x + 0.5 * baseline
    return (x - baseline) * slope(
        lambda p: own(scores_of(weights, biases, p), target).sum(), middle
    )


@wrong("04.2", OTHER)
def grad_cam_plus_plus(features, head, x, target):
    A, g = maps_and_slopes(features, head, x, target)
    square, cube = g**2, g**3
    share = square / (2 * square + (A * cube).sum((2, 3), keepdim=True) + 1e-9)
    return ((share * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


@wrong("04.2", OTHER)
def ablation_cam(features, head, x, target):
    A = features(x).detach()
    start, total = own(head(A), target), 0
    for k in range(A.shape[1]):
        off = A.clone()
        off[:, k] = 0
        fall = (start - own(head(off), target)) / start
        total = total + fall.view(-1, 1, 1) * A[:, k]
    return total.relu().detach()


@wrong("04.2", OTHER)
def gradient_of_the_pixels(features, head, x, target):
    return slope(lambda p: own(head(features(p)), target).sum(), x).abs().amax(1)


@wrong("04.4", OTHER)
def layer_cam_for_effects(head, A, target):
    g = slope(lambda p: head(p)[0, target], A)
    return (g.relu() * A).sum(1)[0]


@wrong("04.4", OTHER)
def ig_of_the_cells(head, A, target):
    return ig(lambda p: head(p)[0, target], A, 0 * A, 100).sum(1)[0]


@wrong("05.2", "gradient")
def input_times_gradient(model, x, target, baseline, steps):
    return x * slope(lambda p: own(model(p), target).sum(), x)


@wrong("05.2", "random|noise|SmoothGrad")
def smoothgrad_for_ig(model, x, target, baseline, steps):
    g = torch.Generator().manual_seed(1)
    draws = [0.2 * torch.randn(x.shape, generator=g) for _ in range(steps)]
    return torch.stack([slope(lambda p: own(model(p), target).sum(), x + e) for e in draws]).mean(0)


@wrong("07.1", OTHER)
def ig_along_the_noise(gradient, x, noise, sigma):
    return (
        torch.stack([gradient(x * (k + 0.5) / len(noise)) for k in range(len(noise))]).mean(0) * x
    )


@wrong("07.1", OTHER)
def root_of_mean_squares(gradient, x, noise, sigma):
    return torch.stack([gradient(x + sigma * e) for e in noise]).square().mean(0).sqrt()


@wrong("08.2", OTHER)
def lrp_absorbed(weights, biases, x, target):
    a = [x]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        a.append((a[-1] @ w.T + b).relu())
    z = a[-1] @ weights[-1].T + biases[-1]
    R, kept = one_hot(target)(z) * z, []
    for w, b, h in zip(weights[::-1], biases[::-1], a[::-1], strict=True):
        z = h @ w.T + b
        bigger = z + 0.5 * z.sign()
        kept.append((b * R / bigger).sum(1))
        R = h * ((R / bigger) @ w)
    return torch.stack([R.sum(1), *kept[::-1]], 1)


@wrong("08.2", OTHER)
def ig_column(weights, biases, x, target):
    found = shares(weights, biases, x, lambda z: own(z, target).sum())
    first = ig(lambda p: own(scores_of(weights, biases, p), target).sum(), x, 0 * x, 200).sum(1)
    return torch.column_stack([first, found[:, 1:]])


@wrong("08.3", r"f\(0\)|rise")
def rise_from_zero(f, u):
    return f(u) - f(torch.zeros_like(u))


@wrong("08.3", "slope at 0|secant|quotient")
def secant(f, u):
    return f(u) - (f(u) - f(0 * u)) / u * (0.5 * u)


# ---------------------------------------------------------------- an argument that is not used


@wrong("07.1", "`noise`")
def own_draws(gradient, x, noise, sigma):
    g = torch.Generator().manual_seed(3)
    draws = torch.randn(len(noise), *x.shape[1:], generator=g)
    return torch.stack([gradient(x + sigma * e) for e in draws]).mean(0)


@wrong("07.1", "`noise`")
def numpy_draws(gradient, x, noise, sigma):
    rng = np.random.default_rng(0)
    total = 0
    for _ in range(20):
        e = torch.tensor(rng.standard_normal(x.shape), dtype=x.dtype)
        total = total + gradient(x + sigma * e)
    return total / 20


@wrong("07.1", "`sigma`")
def fixed_sigma(gradient, x, noise, sigma=0.15):
    return torch.stack([gradient(x + 0.15 * e) for e in noise]).mean(0)


@wrong("07.4", "`sigma`|depend on sigma")
def fixed_spread(W, b, v, x, sigma):
    return (torch.special.ndtr((x @ W.T + b) / (0.5 * W.norm(dim=1))) * v) @ W


@wrong("07.4", "`x`|argument x")
def point_ignored(W, b, v, x, sigma):
    return ((torch.special.ndtr(b / (sigma * W.norm(dim=1))) * v) @ W).expand(len(x), -1)


@wrong("07.4", "`v`|output weights")
def signs_of_v(W, b, v, x, sigma):
    return (torch.special.ndtr((x @ W.T + b) / (sigma * W.norm(dim=1))) * v.sign()) @ W


@wrong("03.2", "`epsilon`|change with epsilon")
def fixed_epsilon(weights, biases, x, target, epsilon):
    return lrp(weights, biases, x, lambda z: one_hot(target)(z) * z, 0.1)


@wrong("03.3", "baseline")
def mean_for_baseline(weights, biases, x, baseline, target):
    middle = x.mean(1, keepdim=True).expand_as(x)
    return deeplift(weights, biases, x, middle, one_hot(target))


@wrong("03.3", "baseline")
def first_baseline(weights, biases, x, baseline, target):
    return deeplift(weights, biases, x, baseline[:1].expand_as(x), one_hot(target))


@wrong("05.2", "baseline")
def first_baseline_ig(model, x, target, baseline, steps):
    first = torch.as_tensor(baseline).expand_as(x)[:1].expand_as(x)
    return ig(lambda p: own(model(p), target).sum(), x, first, steps)


@wrong("05.2", "steps")
def thirty_steps(model, x, target, baseline, steps):
    return ig(lambda p: own(model(p), target).sum(), x, baseline, 30)


@wrong("08.2", "class 1")
def class_one(weights, biases, x, target):
    return shares(weights, biases, x, lambda z: z[:, 1].sum())


@wrong("04.4", "`target`")
def mean_of_scores(head, A, target):
    def score(B):
        return float(head(B)[0].square().sum())

    out = torch.zeros(A.shape[2:])
    for i in range(A.shape[2]):
        for j in range(A.shape[3]):
            B = A.clone()
            B[..., i, j] = 0
            out[i, j] = score(A) - score(B)
    return out


@wrong("08.2", "`biases`")
def biases_are_one(weights, biases, x, target):
    return shares(weights, [torch.ones_like(b) for b in biases], x, lambda z: own(z, target).sum())


# ---------------------------------------------------------------- another derivative or average


@wrong("03.2", "cross-entropy|loss")
def starts_with_the_loss(weights, biases, x, target, epsilon):
    def start(z):
        return z.softmax(1) - one_hot(target)(z)

    return lrp(weights, biases, x, start, epsilon)


@wrong("03.3", "probabilit")
def starts_with_the_chance(weights, biases, x, baseline, target):
    def start(z):
        p = z.softmax(1)
        return own(p, target)[:, None] * (one_hot(target)(z) - p)

    return deeplift(weights, biases, x, baseline, start)


@wrong("04.2", "cross-entropy|loss")
def summed_loss(features, head, x, target):
    A = features(x).detach().requires_grad_()
    t = torch.as_tensor(target).expand(len(x))
    g = torch.autograd.grad(functional.cross_entropy(head(A), t, reduction="sum"), A)[0]
    return (g.mean((2, 3), keepdim=True) * A).sum(1).relu().detach()


@wrong("08.2", "cross-entropy|loss")
def split_of_the_loss(weights, biases, x, target):
    return shares(
        weights, biases, x, lambda z: functional.cross_entropy(z, target, reduction="sum")
    )


@wrong("05.2", "cross-entropy|loss")
def ig_of_the_loss(model, x, target, baseline, steps):
    t = torch.as_tensor(target).expand(len(x))
    return ig(lambda p: functional.cross_entropy(model(p), t, reduction="sum"), x, baseline, steps)


@wrong("01.2", "cross-entropy|loss")
def gradient_of_the_loss(model, x, target):
    return slope(
        lambda p: functional.cross_entropy(model(p), torch.as_tensor(target).expand(len(x))), x
    )


@wrong("08.2", "absolute|size|sign")
def size_of_the_input(weights, biases, x, target):
    found = shares(weights, biases, x, lambda z: own(z, target).sum())
    return torch.column_stack([found[:, 0].abs(), found[:, 1:]])


@wrong("08.2", "absolute|size|sign")
def size_of_the_biases(weights, biases, x, target):
    found = shares(weights, biases, x, lambda z: own(z, target).sum())
    return torch.column_stack([found[:, 0], found[:, 1:].abs()])


@wrong("08.2", "mean")
def means_of_products(weights, biases, x, target):
    leaves = [x, *(b.expand(len(x), -1) for b in biases)]
    found = shares(weights, biases, x, lambda z: own(z, target).sum())
    return found / torch.tensor([float(v.shape[1]) for v in leaves])


@wrong("08.3", "mean")
def slope_of_the_mean(f, u):
    return f(u) - slope(lambda p: f(p).mean(), u) * u


@wrong("08.3", "slope at 0")
def slope_at_zero(f, u):
    return f(u) - slope(lambda p: f(p).sum(), torch.zeros_like(u)) * u


@wrong("07.2", "median")
def median_against_error(maps):
    return maps.double().quantile(0.5, dim=0).abs() > 2 * maps.double().std(0) / len(maps) ** 0.5


@wrong("07.2", "sign")
def four_fifths_agree(maps):
    return maps.sign().mean(0).abs() > 0.8


@wrong("07.2", "1.96|two")
def normal_quantile(maps):
    return maps.double().mean(0).abs() > 1.96 * maps.double().std(0) / len(maps) ** 0.5


@wrong("07.2", "n - 1")
def numpy_std(maps):
    maps = np.asarray(maps, float)
    return np.abs(maps.mean(0)) > 2 * maps.std(0) / len(maps) ** 0.5


@wrong("07.3", "median")
def median_map(maps):
    maps = maps.double()
    return 1 - (maps.var(0) / len(maps)).sum() / maps.quantile(0.5, dim=0).square().sum()


@wrong("07.1", "median|middle")
def trimmed_mean(gradient, x, noise, sigma):
    found = torch.stack([gradient(x + sigma * e) for e in noise])
    return (found.amax(0) + found.amin(0)) / 2


# ---------------------------------------------------------------- constants that coincide

SPLIT = {"inputs_off": (18, -3), "biases_off": (15, 0, 7)}
SPLIT |= {"inputs_on": (12, -5), "biases_on": (15, 8, 7)}
WRONG += [
    ("08.1", "sign_lost", SPLIT | {"biases_on": (15, -8, 7)}, "positive"),
    ("08.1", "slopes_are_no_signs", SPLIT | {"biases_on": (3, -2, 1)}, "slopes"),
    ("08.1", "closed_gate_counts", SPLIT | {"biases_off": (15, 8, 7)}, "gate is off"),
    ("08.1", "size_of_an_input", SPLIT | {"inputs_off": (18, 3)}, "sign"),
]


def maps_and_slopes(features, head, x, target):
    A = features(x).detach()
    return A, slope(lambda B: own(head(B), target).sum(), A)


# ---------------------------------------------------------------- odd right answers


@right("03.2")
def lrp_input_by_input(weights, biases, x, target, epsilon):
    rows = [
        lrp(weights, biases, x[[k]], lambda z, k=k: z * one_hot(target[[k]])(z), epsilon)
        for k in range(len(x))
    ]
    return torch.cat(rows).numpy()


@right("03.3")
def rescale_by_gradients(weights, biases, x, baseline, target):
    both = torch.cat([x, baseline]).double().requires_grad_()
    z, n = both, len(x)
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        if k:
            d = (z[:n] - z[n:]).detach()
            still = d.abs() < 1e-7
            q = (z[:n].relu() - z[n:].relu()).detach() / torch.where(still, 1.0, d)
            q = torch.where(still, (z[:n] > 0).double(), q)
            value = torch.cat([z[:n].relu(), z[n:].relu()]).detach()
            linear = torch.cat([q, q]) * z
            z = value + linear - linear.detach()
        z = z @ w.double().T + b.double()
    g = torch.autograd.grad(own(z[:n], target).sum(), both)[0][:n]
    return ((x - baseline) * g).tolist()


@right("03.4")
def likeness_in_loops(maps):
    flat = [np.asarray(m, float).ravel() for m in maps]
    pairs = [abs(a @ b) / math.sqrt(a @ a * (b @ b)) for k, a in enumerate(flat) for b in flat[:k]]
    return sum(pairs) / len(pairs)


@right("04.2")
def grad_cam_with_hooks(features, head, x, target):
    kept = {}
    with torch.enable_grad():
        A = features(x.detach().clone().requires_grad_())
        if not A.requires_grad:
            A = A.detach().requires_grad_()
        A.register_hook(lambda g: kept.update(g=g))
        own(head(A), target).sum().backward()
    return torch.einsum("nk,nkhw->nhw", kept["g"].mean((2, 3)), A.detach()).clamp(min=0)


@right("04.3")
def scale_through_numpy(maps):
    array = maps.double().numpy()
    return array / max(array.max(), 1e-300)


@right("04.4")
def effects_in_one_batch(head, A, target):
    h, w = A.shape[2:]
    mask = 1 - torch.eye(h * w).reshape(h * w, 1, h, w)
    return (head(A)[0, target] - head(A * mask)[:, target]).reshape(h, w).detach().numpy()


@right("05.2")
def ig_in_one_call(model, x, target, baseline, steps):
    alphas = ((torch.arange(steps, dtype=x.dtype) + 0.5) / steps).view(-1, *[1] * x.ndim)
    points = (baseline + alphas * (x - baseline)).flatten(0, 1)
    t = torch.as_tensor(target).expand(len(x)).repeat(steps)
    g = slope(lambda p: own(model(p), t).sum(), points)
    return (x - baseline) * g.reshape(steps, *x.shape).mean(0)


@right("07.1")
def smooth_in_one_call(gradient, x, noise, sigma):
    points = x[None] + sigma * noise[:, None]
    return gradient(points.flatten(0, 1)).reshape(points.shape).mean(0).double().numpy()


@right("07.2")
def certain_by_squares(maps):
    n, total = len(maps), maps.double().sum(0)
    variance = (maps.double().square().sum(0) - total**2 / n).clamp(min=0) / (n - 1)
    return ((total / n) ** 2 > 4 * variance / n + 1e-12).int()


@right("07.3")
def share_in_loops(maps):
    flat = np.asarray(maps, float).reshape(len(maps), -1)
    noise = sum(np.var(column, ddof=1) / len(column) for column in flat.T)
    return 1 - noise / sum(column.mean() ** 2 for column in flat.T)


@right("07.4")
def smoothed_in_loops(W, b, v, x, sigma):
    out = np.zeros(tuple(x.shape))
    for k, point in enumerate(x.tolist()):
        for w, bias, weight in zip(W.tolist(), b.tolist(), v.tolist(), strict=True):
            s = sum(a * c for a, c in zip(w, point, strict=True)) + bias
            chance = 0.5 * math.erfc(-s / (sigma * math.hypot(*w)) / math.sqrt(2))
            out[k] += weight * chance * np.array(w)
    return out


@right("08.2")
def split_input_by_input(weights, biases, x, target):
    rows = [
        shares(weights, biases, x[[k]], lambda z, k=k: z[0, target[k]])[0].tolist()
        for k in range(len(x))
    ]
    return rows


@right("08.3")
def bias_by_differences(f, u):
    u = u.double()
    step = 1e-5
    return f(u) - (f(u + step) - f(u - step)) / (2 * step) * u


# ---------------------------------------------------------------- what becomes of them


def judged(task: str, answer: Any) -> Any:
    try:
        return TASKS[task].grade(answer)
    except Settled as settled:
        return settled.outcome


def fate(task: str, answer: Any, fits: str) -> tuple[str, Any]:
    """Return "accepted", "named", "misdiagnosed" or "unnamed", and the outcome."""
    outcome = judged(task, answer)
    if outcome.status == "passed":
        return "accepted", outcome
    said = f"{outcome.diagnosis} {outcome.message}"
    if re.search(fits, said, re.IGNORECASE):
        return "named", outcome
    return ("misdiagnosed" if outcome.diagnosis else "unnamed"), outcome


def main() -> None:
    counts: Counter[str] = Counter()
    for task, name, answer, fits in WRONG:
        what, outcome = fate(task, answer, fits)
        counts[what] += 1
        print(f"{what:13} {task} {name}: {outcome.diagnosis}; {outcome.message[:110]}")
    refused = 0
    for task, name, answer in RIGHT:
        outcome = judged(task, answer)
        if outcome.status != "passed":
            refused += 1
            print(f"refused       {task} {name}: {outcome.message[:110]}")
    print(
        f"{len(WRONG)} wrong: {dict(sorted(counts.items()))}; {len(RIGHT)} right: {refused} refused"
    )


if __name__ == "__main__":
    main()
