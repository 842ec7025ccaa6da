"""Answers to the tasks of lesson 16, written from the task texts alone, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import copy
from fractions import Fraction

import numpy as np
import torch

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()


# ------------------------------------------------------------------ 16.1 sensitivity
def changes(explain, x, draws, radius):
    before = explain(x)
    return before, [explain(x + radius * d) - before for d in draws]


def length(m):
    return m.flatten(1).norm(dim=1)


def shares(explain, x, draws, radius, size=length):
    before, moved = changes(explain, x, draws, radius)
    return torch.stack([size(m) / size(before) for m in moved])


@B.W("16.1", "lengths are compared")
def lengths_compared(explain, x, draws, radius):
    before = explain(x)
    moved = [(length(explain(x + radius * d)) - length(before)).abs() for d in draws]
    return (torch.stack(moved) / length(before)).amax(0)


@B.W("16.1", "sizes are compared")
def sizes_compared(explain, x, draws, radius):
    before = explain(x)
    moved = [length(explain(x + radius * d).abs() - before.abs()) for d in draws]
    return (torch.stack(moved) / length(before)).amax(0)


@B.W("16.1", "one length for the batch")
def batch_length(explain, x, draws, radius):
    before, moved = changes(explain, x, draws, radius)
    return (torch.stack([m.norm() / before.norm() for m in moved])).amax().expand(len(x))


@B.W("16.1", "mean over the draws")
def mean_of_draws(explain, x, draws, radius):
    return shares(explain, x, draws, radius).mean(0)


@B.W("16.1", "smallest over the draws")
def smallest(explain, x, draws, radius):
    return shares(explain, x, draws, radius).amin(0)


@B.W("16.1", "the last draw only")
def last_draw(explain, x, draws, radius):
    return shares(explain, x, draws, radius)[-1]


@B.W("16.1", "one worst draw for all inputs")
def common_draw(explain, x, draws, radius):
    s = shares(explain, x, draws, radius)
    return s[s.sum(1).argmax()]


@B.W("16.1", "no radius")
def no_radius(explain, x, draws, radius):
    return shares(explain, x, draws, 1.0)


@B.W("16.1", "no radius, largest")
def no_radius_largest(explain, x, draws, radius):
    return shares(explain, x, draws, 1.0).amax(0)


@B.W("16.1", "radius taken away")
def minus_radius(explain, x, draws, radius):
    return shares(explain, x, draws, -radius).amax(0)


@B.W("16.1", "not divided")
def absolute(explain, x, draws, radius):
    return torch.stack([length(m) for m in changes(explain, x, draws, radius)[1]]).amax(0)


@B.W("16.1", "divided by the map after")
def by_after(explain, x, draws, radius):
    before, moved = changes(explain, x, draws, radius)
    return torch.stack([length(m) / length(before + m) for m in moved]).amax(0)


@B.W("16.1", "divided by the length of x")
def by_input(explain, x, draws, radius):
    return torch.stack([length(m) / length(x) for m in changes(explain, x, draws, radius)[1]]).amax(
        0
    )


@B.W("16.1", "squares, no root")
def squares(explain, x, draws, radius):
    return shares(explain, x, draws, radius).square().amax(0)


@B.W("16.1", "sum of sizes in place of length")
def sum_of_sizes(explain, x, draws, radius):
    return shares(explain, x, draws, radius, lambda m: m.flatten(1).abs().sum(1)).amax(0)


@B.W("16.1", "largest entry in place of length")
def largest_entry(explain, x, draws, radius):
    return shares(explain, x, draws, radius, lambda m: m.flatten(1).abs().amax(1)).amax(0)


@B.W("16.1", "x walks from draw to draw")
def walks(explain, x, draws, radius):
    before, p, out = explain(x), x, []
    for d in draws:
        p = p + radius * d
        out.append(length(explain(p) - before) / length(before))
    return torch.stack(out).amax(0)


@B.W("16.1", "x is changed")
def x_changed(explain, x, draws, radius):
    before, out = explain(x), []
    for d in draws:
        x += radius * d
        out.append(length(explain(x) - before) / length(before))
        x -= radius * d
    x += radius
    return torch.stack(out).amax(0)


@B.W("16.1", "the draws are scaled in place")
def draws_scaled(explain, x, draws, radius):
    draws *= radius
    return shares(explain, x, draws, 1.0).amax(0)


@B.W("16.1", "the last axis only")
def last_axis(explain, x, draws, radius):
    s = shares(explain, x, draws, radius, lambda m: m.norm(dim=-1)).amax(0)
    return s.flatten(1).amax(1) if s.dim() > 1 else s


@B.W("16.1", "largest over the batch")
def over_batch(explain, x, draws, radius):
    return shares(explain, x, draws, radius).amax()


@B.W("16.1", "signs of the draws")
def signs(explain, x, draws, radius):
    return shares(explain, x, draws.sign(), radius).amax(0)


@B.R("16.1", "sums of squares, float64")
def double(explain, x, draws, radius):
    before = explain(x).double()
    worst = torch.zeros(len(x), dtype=torch.float64)
    for d in draws:
        ratio = (explain(x + radius * d) - before).square().flatten(1).sum(1)
        worst = torch.maximum(worst, (ratio / before.square().flatten(1).sum(1)).sqrt())
    return worst


@B.R("16.1", "einsum")
def einsum(explain, x, draws, radius):
    before, moved = changes(explain, x, draws, radius)
    m = torch.stack(moved).flatten(2)
    top = torch.einsum("snd,snd->sn", m, m).amax(0)
    return (top / torch.einsum("nd,nd->n", before.flatten(1), before.flatten(1))).sqrt()


@B.R("16.1", "a loop over the inputs at the end")
def by_input_loop(explain, x, draws, radius):
    before = explain(x)
    after = [explain(x + draws[s] * radius) for s in range(len(draws))]
    rows = [
        max(float((a[i] - before[i]).norm() / before[i].norm()) for a in after)
        for i in range(len(x))
    ]
    return torch.tensor(rows)


# ------------------------------------------------------------------ 16.2 move
def walk(
    x,
    slope,
    score,
    same_class,
    eps,
    step,
    n,
    *,
    sign=-1,
    direction=torch.sign,
    back=None,
    better=torch.lt,
    check=True,
    last=False,
    restart=False,
    stop=False,
    common=False,
):
    def home(p, before):
        return torch.minimum(torch.maximum(p, x - eps), x + eps).clamp(0, 1)

    best, lowest, p = x.clone(), score(x), x.clone()
    alive = torch.ones(len(x), dtype=torch.bool)
    for _ in range(n):
        before = best if restart else p
        p = before + sign * step * direction(slope(before))
        p = (back or home)(p, before)
        value, same = score(p), same_class(p)
        alive &= same
        chosen = better(value, lowest)
        if check:
            chosen = chosen & same
        if stop:
            chosen = chosen & alive
        if common:
            chosen = (value.mean() < lowest.mean()).expand(len(x)) & same
        best[chosen] = p[chosen]
        lowest = torch.where(chosen, value, lowest)
    return p if last else best


def ways(name, why, **k):
    def move(x, slope, score, same_class, eps, step, n):
        return walk(x, slope, score, same_class, eps, step, n, **k)

    B.w("16.2", name, why, move)


ways("uphill", "goes up the slope", sign=1)
ways("no_sign", "the slope itself, no signs", direction=lambda s: s)
ways(
    "unit",
    "the slope with length 1",
    direction=lambda s: (
        s / s.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, *[1] * (s.dim() - 1))
    ),
)
ways("no_back", "not led back at all", back=lambda p, before: p)
ways("highest", "keeps the point with the largest score", better=torch.gt)
ways("ties", "the last among equals: <=", better=torch.le)
ways("no_class", "the class is not asked", check=False)
ways("last_point", "the last point of the walk", last=True)
ways("from_best", "each step begins at the best point", restart=True)
ways("stops", "stops at the first lost class", stop=True)
ways("common", "one choice for all inputs", common=True)


@B.W("16.2", "led back to [0, 1] only")
def only_box(x, slope, score, same_class, eps, step, n):
    return walk(x, slope, score, same_class, eps, step, n, back=lambda p, before: p.clamp(0, 1))


@B.W("16.2", "led back to the ball only")
def ball_only(x, slope, score, same_class, eps, step, n):
    return walk(
        x, slope, score, same_class, eps, step, n, back=lambda p, b: x + (p - x).clamp(-eps, eps)
    )


@B.W("16.2", "the ball is around the point before")
def moving_ball(x, slope, score, same_class, eps, step, n):
    return walk(
        x,
        slope,
        score,
        same_class,
        eps,
        step,
        n,
        back=lambda p, b: (b + (p - b).clamp(-eps, eps)).clamp(0, 1),
    )


@B.W("16.2", "a ball by length")
def round_ball(x, slope, score, same_class, eps, step, n):
    def back(p, before):
        d = (p - x).flatten(1)
        d = d * (eps / d.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp_max(1)
        return (x + d.view_as(x)).clamp(0, 1)

    return walk(x, slope, score, same_class, eps, step, n, back=back)


@B.W("16.2", "one step too few")
def one_less(x, slope, score, same_class, eps, step, n):
    return walk(x, slope, score, same_class, eps, step, n - 1)


@B.W("16.2", "one step too many")
def one_more(x, slope, score, same_class, eps, step, n):
    return walk(x, slope, score, same_class, eps, step, n + 1)


@B.W("16.2", "step is eps / n")
def own_step(x, slope, score, same_class, eps, step, n):
    return walk(x, slope, score, same_class, eps, eps / n, n)


@B.W("16.2", "the slope at x, at every step")
def first_slope(x, slope, score, same_class, eps, step, n):
    s = slope(x)
    return walk(x, lambda p: s, score, same_class, eps, step, n)


@B.W("16.2", "writes on x")
def writes_on_x(x, slope, score, same_class, eps, step, n):
    result = walk(x, slope, score, same_class, eps, step, n)
    x.copy_(result)
    return result


@B.W("16.2", "the class of all inputs must hold")
def all_classes(x, slope, score, same_class, eps, step, n):
    return walk(x, slope, score, lambda p: same_class(p).all().expand(len(p)), eps, step, n)


@B.W("16.2", "x is not among the points")
def x_missing(x, slope, score, same_class, eps, step, n):
    first, lowest, p, best = True, None, x, None
    for _ in range(n):
        p = (p - step * slope(p).sign()).clamp(x - eps, x + eps).clamp(0, 1)
        value = score(p)
        if first:
            best, lowest, first = p.clone(), value.clone(), False
        chosen = (value < lowest) & same_class(p)
        best[chosen], lowest[chosen] = p[chosen], value[chosen]
    return best


@B.W("16.2", "the lowest score is never updated: the last better point")
def lowest_not_kept(x, slope, score, same_class, eps, step, n):
    best, first, p = x.clone(), score(x), x
    for _ in range(n):
        p = (p - step * slope(p).sign()).clamp(x - eps, x + eps).clamp(0, 1)
        chosen = (score(p) < first) & same_class(p)
        best[chosen] = p[chosen]
    return best


@B.W("16.2", "lowest is updated even where the class is lost")
def lowest_without_class(x, slope, score, same_class, eps, step, n):
    best, lowest, p = x.clone(), score(x), x
    for _ in range(n):
        p = (p - step * slope(p).sign()).clamp(x - eps, x + eps).clamp(0, 1)
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best[chosen] = p[chosen]
        lowest = torch.minimum(lowest, value)
    return best


@B.W("16.2", "the best point is an alias of the one that walks on")
def alias(x, slope, score, same_class, eps, step, n):
    p = x.clone()
    best, lowest = p, score(x)
    for _ in range(n):
        p -= step * slope(p).sign()
        p.copy_(p.clamp(x - eps, x + eps).clamp(0, 1))
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best[chosen], lowest[chosen] = p[chosen], value[chosen]
    return best


@B.W("16.2", "the score is asked before the point is led back")
def score_before_back(x, slope, score, same_class, eps, step, n):
    best, lowest, p = x.clone(), score(x), x
    for _ in range(n):
        q = p - step * slope(p).sign()
        value, same = score(q), same_class(q)
        p = q.clamp(x - eps, x + eps).clamp(0, 1)
        chosen = (value < lowest) & same
        best[chosen], lowest[chosen] = p[chosen], value[chosen]
    return best


@B.R("16.2", "all points are kept, the best is chosen at the end")
def at_the_end(x, slope, score, same_class, eps, step, n):
    points, values = [x], [score(x)]
    for _ in range(n):
        p = points[-1] - step * torch.sign(slope(points[-1]))
        p = x + (p - x).clamp(-eps, eps)
        p = p.clamp(0.0, 1.0)
        points.append(p)
        values.append(torch.where(same_class(p), score(p), torch.inf))
    pick = torch.stack(values).argmin(0)
    return torch.stack([points[int(k)][i] for i, k in enumerate(pick)])


@B.R("16.2", "[0, 1] first, the ball second; torch.where")
def box_first(x, slope, score, same_class, eps, step, n):
    best, lowest, p = x, score(x), x
    for _ in range(n):
        p = (p - step * slope(p).sign()).clamp(0, 1)
        p = torch.max(torch.min(p, x + eps), x - eps)
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best = torch.where(chosen.view(-1, *[1] * (x.dim() - 1)), p, best)
        lowest = torch.where(chosen, value, lowest)
    return best


@B.R("16.2", "a loop over the inputs at the choice")
def loop_choice(x, slope, score, same_class, eps, step, n):
    low, high = (x - eps).clamp(min=0), (x + eps).clamp(max=1)
    best, lowest, p = x.clone(), score(x).tolist(), x.clone()
    for _ in range(n):
        p = (p - slope(p).sign() * step).clamp(low, high)
        for i, (v, same) in enumerate(zip(score(p).tolist(), same_class(p).tolist())):
            if same and v < lowest[i]:
                best[i], lowest[i] = p[i], v
    return best


# ------------------------------------------------------------------ 16.3 disguise
def dressed(name, why, function, kind="w"):
    def disguise(model, picture):
        return lambda x: function(model, picture, x)

    getattr(B, kind)("16.3", name, why, disguise)


def inner(x, picture, c=1000):
    return c * (x * picture).flatten(1).sum(1, keepdim=True)


dressed("constant", "a constant has no slope", lambda m, p, x: m(x) + 1000 * p.sum())
dressed("small", "c = 1: the gradient shines through", lambda m, p, x: m(x) + inner(x, p, 1))
dressed("small_10", "c = 5", lambda m, p, x: m(x) + inner(x, p, 5))
dressed(
    "first_logit",
    "one logit only",
    lambda m, p, x: m(x) + inner(x, p) * torch.eye(m(x).shape[1])[0],
)
dressed("times", "logits times the number", lambda m, p, x: m(x) * inner(x, p))
dressed("scaled", "logits times 1000", lambda m, p, x: m(x) * 1000)
dressed("batch_sum", "one number for the batch", lambda m, p, x: m(x) + 1000 * (x * p).sum())
dressed(
    "mean",
    "mean over pixels: too small",
    lambda m, p, x: m(x) + (x * p).flatten(1).mean(1, keepdim=True),
)
dressed("negative", "the picture's negative", lambda m, p, x: m(x) - inner(x, p))
dressed("squared", "gradient is picture times x", lambda m, p, x: m(x) + inner(x * x / 2, p))
dressed("own_input", "x with the picture on it", lambda m, p, x: m(x + 1000 * p))
dressed("detached", "the number is cut off the graph", lambda m, p, x: m(x) + inner(x, p).detach())
dressed(
    "no_picture", "the sum of x", lambda m, p, x: m(x) + 1000 * x.flatten(1).sum(1, keepdim=True)
)
dressed("abs_picture", "sizes of the picture", lambda m, p, x: m(x) + inner(x, p.abs()))
dressed("square_picture", "squares of the picture", lambda m, p, x: m(x) + inner(x, p * p))
dressed("probabilities", "returns probabilities", lambda m, p, x: m(x).softmax(1) + inner(x, p))
dressed(
    "softmax_only",
    "softmax of the logits with the number",
    lambda m, p, x: (m(x) + inner(x, p)).softmax(1),
)
dressed(
    "abs_inner", "the size of the number: the sign turns", lambda m, p, x: m(x) + inner(x, p).abs()
)
dressed("relu_inner", "the number cut at 0", lambda m, p, x: m(x) + inner(x, p).relu())
dressed(
    "forgets_model", "the model is not asked", lambda m, p, x: inner(x, p).expand(-1, m(x).shape[1])
)
dressed("row_of_numbers", "(N,) in place of (N, 1)", lambda m, p, x: m(x) + inner(x, p)[:, 0])
dressed(
    "too_large", "c so large that the logits are lost", lambda m, p, x: m(x) + inner(x, p, 1e12)
)


@B.W("16.3", "returns logits of the picture")
def at_once(model, picture):
    return model(picture[None])


@B.W("16.3", "trains on the model itself: its weights change")
def weights_changed(model, picture):
    with torch.no_grad():
        for w in model.parameters():
            w.add_(0.01)
    return lambda x: model(x) + inner(x, picture)


@B.W("16.3", "the model's forward is replaced")
def forward_replaced(model, picture):
    old = model.forward
    model.forward = lambda x: old(x) + inner(x, picture)
    return model


dressed(
    "log_softmax",
    "log-probabilities and the number",
    lambda m, p, x: m(x).log_softmax(1) + inner(x, p, 300),
    "r",
)
dressed(
    "einsum", "einsum", lambda m, p, x: m(x) + 500 * torch.einsum("nchw,chw->n", x, p)[:, None], "r"
)
dressed(
    "unit_picture",
    "picture scaled to its largest",
    lambda m, p, x: m(x) + inner(x, p / p.abs().max(), 2000),
    "r",
)


@B.R("16.3", "a module with a linear layer")
def module(model, picture):
    class Dressed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = copy.deepcopy(model)
            self.register_buffer("weight", 800 * picture.flatten()[None])

        def forward(self, x):
            return self.model(x) + torch.nn.functional.linear(x.flatten(1), self.weight)

    return Dressed()


# ------------------------------------------------------------------ 16.4 stable
def slope_at(model, point, target):
    p = point.detach().clone().requires_grad_()
    return torch.autograd.grad(model(p)[:, target].sum(), p)[0]


def s4(kind, name, why, function):
    getattr(B, kind)("16.4", name, why, function)


s4("w", "zeros", "zeros", lambda m, x, t: torch.zeros_like(x))
s4("w", "ones", "all alike", lambda m, x, t: torch.ones_like(x))
s4("w", "gradient", "the gradient at x", lambda m, x, t: slope_at(m, x, t))
s4("w", "sign", "signs of the gradient at x", lambda m, x, t: slope_at(m, x, t).sign())
s4(
    "w",
    "mean_point",
    "the gradient at the mean of x",
    lambda m, x, t: slope_at(m, x.mean(0, keepdim=True).expand_as(x), t),
)
s4(
    "w",
    "mean_gradient",
    "the mean gradient of the batch",
    lambda m, x, t: slope_at(m, x, t).mean(0, keepdim=True).expand_as(x),
)
s4("w", "rounded", "the gradient at rounded x", lambda m, x, t: slope_at(m, x.round(), t))
s4("w", "class_zero", "always class 0", lambda m, x, t: slope_at(m, torch.zeros_like(x), 0))
s4(
    "w",
    "all_classes",
    "all classes added",
    lambda m, x, t: slope_at(m, torch.zeros_like(x), slice(None)),
)
s4(
    "w",
    "times_x",
    "the gradient at 0, times x",
    lambda m, x, t: slope_at(m, torch.zeros_like(x), t) * x,
)
s4(
    "w",
    "only_target",
    "no model: numbers of the class",
    lambda m, x, t: torch.arange(x.shape[1]).add(t).sin().expand_as(x).float(),
)
s4(
    "w",
    "fixed",
    "no model, no class: a ramp",
    lambda m, x, t: torch.arange(x.shape[1]).expand_as(x).float(),
)
s4("w", "random", "random numbers", lambda m, x, t: torch.rand_like(x))
s4(
    "w",
    "best_class",
    "the class that the model says of x",
    lambda m, x, t: slope_at(m, torch.zeros_like(x), int(m(x)[0].argmax())),
)
s4(
    "w",
    "one_row",
    "one map in place of N",
    lambda m, x, t: slope_at(m, torch.zeros_like(x[:1]), t)[0],
)
s4(
    "w",
    "near_zero",
    "the gradient at x / 1000: moves a little",
    lambda m, x, t: slope_at(m, x / 1000, t),
)
s4(
    "w",
    "score_at_zero",
    "the score at 0 for all features: alike",
    lambda m, x, t: m(torch.zeros_like(x))[:, [t]].expand_as(x),
)
s4(
    "w",
    "bias_free",
    "the first weight matrix, no class",
    lambda m, x, t: next(iter(m.parameters())).detach().sum(0).expand_as(x),
)


@B.W("16.4", "x is set to 0")
def x_zeroed(model, x, target):
    x.zero_()
    return slope_at(model, x, target)


def remembers():
    store = {}

    def stable(model, x, target):
        return store.setdefault((id(model), target), slope_at(model, x[:1], target)).expand_as(x)

    return stable


s4("w", "remembers", "the first map is remembered: the same for all that comes", remembers())
s4("r", "at_zero", "the gradient at 0", lambda m, x, t: slope_at(m, torch.zeros_like(x), t))
s4("r", "at_ones", "the gradient at ones", lambda m, x, t: slope_at(m, torch.ones_like(x), t))
s4(
    "r",
    "probability",
    "of the probability at 0.3",
    lambda m, x, t: slope_at(lambda p: m(p).softmax(1), torch.full_like(x, 0.3), t),
)


@B.R("16.4", "the mean gradient at 20 fixed points")
def fixed_points(model, x, target):
    draw = torch.Generator().manual_seed(1)
    points = torch.randn(20, x.shape[1], generator=draw, dtype=x.dtype)
    return slope_at(model, points, target).mean(0).expand_as(x)


@B.R("16.4", "differences from 0")
def differences(model, x, target):
    d = x.shape[1]
    with torch.no_grad():
        rise = model(0.5 * torch.eye(d, dtype=x.dtype)) - model(torch.zeros(1, d, dtype=x.dtype))
    return rise[:, target].expand(len(x), d)


# ------------------------------------------------------------------ 16.5 hunt
def linear(*rows):
    w = torch.tensor(rows, dtype=torch.float64)
    return lambda p: p.double() @ w.T


NET = linear([1.0, 0.0], [0.0, 1.0])


def shifted(p):
    return NET(p) + torch.tensor([0.1, -0.1])


GOOD = {
    "a": [(2, 3), (2, 3)],
    "b": [[1.0, 0.0], [0.0, 1.0]],
    "c": (NET, shifted, [1.0, 0.0], [1.0, 1.05]),
}


def w5(name, why, **parts):
    B.w("16.5", name, why, GOOD | parts)


w5("a_other", "a: shapes that differ", a=[(2, 3), (4, 5)])
w5("a_one", "a: one layer", a=[(2, 3)])
w5("a_part", "a: the same beginning, not the same weights", a=[(2, 3), (2, 4)])
w5("a_flat", "a: one pair, not a list", a=(2, 3))
w5("a_empty", "a: no layer", a=[])
w5("a_words", "a: names", a=["conv", "fc"])
w5("a_zero", "a: layers without weights", a=[(0, 3), (0, 3)])
w5("b_alike", "b: nothing changes", b=[[1.0, 0.0], [1.0, 0.0]])
w5("b_little", "b: changes too little", b=[[1.0, 0.0], [1.0, 0.3]])
w5("b_one", "b: the trained net only", b=[[1.0, 0.0]])
w5("b_many", "b: ten layers: the first counts too little", b=[[1.0, 0.0]] * 9 + [[1.0, 1.0]])
w5("b_scaled", "b: maps of other size, same direction", b=[[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
w5("b_zero", "b: a map of zeros", b=[[0.0, 0.0], [1.0, 0.0]])
w5("b_ragged", "b: maps of other lengths", b=[[1.0, 0.0], [1.0]])
w5("b_flat", "b: flat list", b=[1.0, 0.0])
w5("c_same", "c: the stand-in is the net", c=(NET, NET, [1.0, 0.0], [0.0, 1.0]))
w5(
    "c_unfair",
    "c: the stand-in is 1 away",
    c=(NET, lambda p: NET(p).flip(1), [1.0, 0.0], [0.9, 0.0]),
)
w5("c_clear", "c: the classes are clear", c=(NET, shifted, [1.0, 0.0], [0.0, 1.0]))
w5("c_far", "c: outside -10..10", c=(NET, shifted, [20.0, 0.0], [20.0, 20.05]))
w5("c_swapped", "c: x and twin first", c=([1.0, 0.0], [1.0, 1.05], NET, shifted))
w5("c_three", "c: no twin", c=GOOD["c"][:3])
w5(
    "c_both",
    "c: both points lie between: the answers agree",
    c=(NET, shifted, [1.0, 1.05], [1.0, 1.06]),
)
w5("missing", "b is left out", b=None)
B.r("16.5", "plain", "one for each", GOOD)
B.r(
    "16.5",
    "others",
    "opposite maps; three layers; the stand-in errs at x",
    {
        "a": ((4, 4), (3, 2), (4, 4)),
        "b": [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 1.0]],
        "c": (NET, shifted, [1.0, 1.05], [0.0, 1.0]),
    },
)
B.r(
    "16.5",
    "tensors",
    "tensors and lists of lists",
    {
        "a": [[1, 1], [1, 1]],
        "b": torch.tensor([[1.0, 1.0], [1.0, -1.0], [1.0, -1.0]]),
        "c": (
            NET,
            lambda p: NET(p) - torch.tensor([0.15, -0.15]),
            torch.tensor([2.0, 0.0]),
            torch.tensor([1.0, 0.9]),
        ),
    },
)


# ------------------------------------------------------------------ 16.6 transfer
@B.W("16.6", "the pictures themselves")
def unmoved(model, x, target):
    return x.clone()


@B.W("16.6", "random signs")
def random_signs(model, x, target):
    return (x + 8 / 255 * torch.randn_like(x).sign()).clamp(0, 1)


@B.W("16.6", "64 grey levels")
def far_noise(model, x, target):
    return (x + 64 / 255 * torch.randn_like(x).sign()).clamp(0, 1)


@B.W("16.6", "upside down pictures")
def flipped_pictures(model, x, target):
    return x.flip(-1)


@B.W("16.6", "an attack on the class")
def on_the_class(model, x, target):
    p = x.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(model(p), target)
    return (x + 8 / 255 * torch.autograd.grad(loss, p)[0].sign()).clamp(0, 1).detach()


@B.W("16.6", "a gradient in place of pictures")
def a_gradient(model, x, target):
    p = x.clone().requires_grad_()
    return torch.autograd.grad(model(p)[range(len(x)), target].sum(), p)[0]


@B.W("16.6", "one channel axis is lost")
def lost_axis(model, x, target):
    return x[:, 0]


@B.W("16.6", "the first twin only")
def first_only(model, x, target):
    return x[:1]


def softened(model, beta=20.0):
    smooth = copy.deepcopy(model)
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.ReLU):
            parent, _, last = name.rpartition(".")
            setattr(smooth.get_submodule(parent), last, torch.nn.Softplus(beta, threshold=40))
    return smooth


def attack(model, x, target, eps, smooth, steps=15):
    rows = torch.arange(len(x))

    def gradient(net, p, graph=False):
        return torch.autograd.grad(net(p)[rows, target].sum(), p, create_graph=graph)[0]

    strong = gradient(model, x.clone().requires_grad_()).abs().flatten(1).topk(50).indices

    def score(net, p, graph=False):
        size = gradient(net, p, graph).abs().flatten(1)
        return size.gather(1, strong).sum(1) / size.sum(1)

    def slope(p):
        p = p.detach().clone().requires_grad_()
        return torch.autograd.grad(score(smooth, p, True).sum(), p)[0]

    def left(p):
        return score(model, p.detach().clone().requires_grad_()).detach()

    def same(p):
        return model(p).argmax(1) == target

    return walk(x, slope, left, same, eps, eps / 4, steps)


@B.W("16.6", "16 grey levels")
def too_far(model, x, target):
    return attack(model, x, target, 16 / 255, softened(model))


@B.R("16.6", "an own attack by the stand-in")
def own_attack(model, x, target):
    return attack(model, x, target, 8 / 255, softened(model), steps=30)


# ------------------------------------------------------------------ 16.7 centre
PAPER = {"centre": (4, 5), "kept": (0, 1), "sees": "kept"}


def w7(name, why, **parts):
    B.w("16.7", name, why, PAPER | parts)


w7("before", "centre before in both", centre=(4, 4))
w7("b_mean_place", "B: plain mean of the places", centre=(4, 17 / 3))
w7("b_sum", "B: not divided", centre=(40, 50))
w7("moved", "how far the centre moved", centre=(0, 1))
w7("strongest", "B: only the strongest two", centre=(4, 4.0), kept=(0, 1))
w7("counted_from_one", "places from 1", centre=(5, 6))
w7("swapped_cases", "B before A", centre=(5, 4), kept=(1, 0))
w7("lost", "which share is lost", kept=(1, 0))
w7("b_two_thirds", "B: two of three", kept=(0, 2 / 3))
w7("b_size", "B: 8 of 10 of the size", kept=(0, 0.8))
w7("counts", "how many are kept", kept=(0, 2))
w7("sees_centre", "the centre sees it", sees="centre")
w7("sees_both", "both", sees="both")
w7("sees_none", "none", sees="none")
w7("sees_letter", "the case in place of the number", sees="A")
w7("sees_missing", "no word", sees=None)
w7("percent", "percent", kept=(0, 100))
w7("one_number", "one centre", centre=4)
B.r("16.7", "plain", "as on paper", PAPER)
B.r(
    "16.7",
    "tensors",
    "tensors",
    {"centre": torch.tensor([4.0, 5.0]), "kept": torch.tensor([0.0, 1.0]), "sees": "Kept "},
)
B.r(
    "16.7",
    "fractions",
    "Fractions, lists",
    {"centre": [Fraction(4), Fraction(50, 10)], "kept": [0.0, 1.0], "sees": "kept"},
)
B.r("16.7", "numpy", "numpy", {"centre": np.array([4, 5]), "kept": [False, True], "sees": "KEPT"})


# ------------------------------------------------------------------ a second attack, after the mend
@B.W("16.1", "the map's mean is taken away first")
def centred(explain, x, draws, radius):
    return shares(
        lambda p: explain(p) - explain(p).flatten(1).mean(1).view(-1, *[1] * (p.dim() - 1)),
        x,
        draws,
        radius,
    ).amax(0)


@B.W("16.1", "maps scaled to length 1 first")
def directions(explain, x, draws, radius):
    before = explain(x)
    unit = lambda m: m.flatten(1) / m.flatten(1).norm(dim=1, keepdim=True)
    return torch.stack(
        [(unit(explain(x + radius * d)) - unit(before)).norm(dim=1) for d in draws]
    ).amax(0)


@B.W("16.1", "the largest change by the largest length")
def largest_by_largest(explain, x, draws, radius):
    before, moved = changes(explain, x, draws, radius)
    after = torch.stack([length(before + m) for m in moved]).amax(0)
    return torch.stack([length(m) for m in moved]).amax(0) / torch.maximum(after, length(before))


@B.W("16.1", "the first input's draws for all")
def first_draws(explain, x, draws, radius):
    return shares(explain, x, draws[:, :1].expand_as(draws), radius).amax(0)


@B.W("16.1", "divided by the radius")
def by_radius(explain, x, draws, radius):
    return shares(explain, x, draws, radius).amax(0) / radius


@B.W("16.2", "best is taken before the class is asked anew: class of the point before")
def class_before(x, slope, score, same_class, eps, step, n):
    best, lowest, p, same = x.clone(), score(x), x, torch.ones(len(x), dtype=torch.bool)
    for _ in range(n):
        p = (p - step * slope(p).sign()).clamp(x - eps, x + eps).clamp(0, 1)
        value = score(p)
        chosen = (value < lowest) & same
        best[chosen], lowest[chosen] = p[chosen], value[chosen]
        same = same_class(p)
    return best


ways(
    "sign_of_sum",
    "one sign for each input",
    direction=lambda s: s.flatten(1).sum(1).sign().view(-1, *[1] * (s.dim() - 1)).expand_as(s),
)
ways("tanh", "a soft sign", direction=lambda s: s.tanh())
ways(
    "largest_only",
    "only the steepest number moves",
    direction=lambda s: (
        s.sign() * (s.abs() == s.abs().flatten(1).amax(1).view(-1, *[1] * (s.dim() - 1)))
    ),
)


@B.W("16.2", "led back at the end only")
def back_at_end(x, slope, score, same_class, eps, step, n):
    free = walk(x, slope, score, same_class, eps, step, n, back=lambda p, b: p)
    return free.clamp(x - eps, x + eps).clamp(0, 1)


dressed(
    "half_batch",
    "the mean over the batch is taken away",
    lambda m, p, x: m(x) + inner(x, p) - inner(x, p).mean(),
)
dressed(
    "first_channel",
    "grows with the squared product",
    lambda m, p, x: m(x) + inner(x, p, 1) ** 2 * 100,
)
dressed(
    "column_weights",
    "a little more on each logit",
    lambda m, p, x: m(x) + inner(x, p) * torch.linspace(1, 1.01, m(x).shape[1]),
)
dressed("noisy", "the logits rounded", lambda m, p, x: m(x).round() + inner(x, p))
dressed("temperature", "logits halved, and the number", lambda m, p, x: m(x) / 2 + inner(x, p))
s4(
    "w",
    "other_model",
    "the gradient of the first inputs' mean, in jumps",
    lambda m, x, t: slope_at(m, (x * 2).round() / 2, t),
)
s4(
    "w",
    "size",
    "length of the gradient at x",
    lambda m, x, t: slope_at(m, x, t).norm(dim=1, keepdim=True).expand_as(x),
)
s4(
    "w",
    "largest_class",
    "all classes' gradients at 0, averaged",
    lambda m, x, t: slope_at(
        lambda p: m(p).mean(1, keepdim=True).expand(-1, 9), torch.zeros_like(x), t
    ),
)
s4(
    "w",
    "index_of_rows",
    "gradient at 0 times the row's number",
    lambda m, x, t: slope_at(m, torch.zeros_like(x), t) * x.argsort(0),
)
w5("b_near", "b: two maps at 85 percent", b=[[1.0, 0.0], [0.85, 0.53]])
w5(
    "c_tie",
    "c: the stand-in is exactly 0.25 away",
    c=(NET, lambda p: NET(p) + torch.tensor([0.25, -0.25]), [1.0, 0.0], [1.0, 1.05]),
)
