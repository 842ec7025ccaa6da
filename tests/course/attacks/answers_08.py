"""Answers to the tasks of lesson 08 by an attacker who had not seen the checkers, kept as they came.

Beside each stands what it does. They are not to be weakened. See answers.py.
"""

import functools
from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as Fn

from tests.course.attacks.bag import Bag

B = ANSWERS = Bag()
relu = torch.relu

# ------------------------------------------------------------------ 08.1 paper
OFF_I, OFF_B, ON_I, ON_B = (18, -3), (15, 0, 7), (12, -5), (15, 8, 7)


def parts(io=OFF_I, bo=OFF_B, ii=ON_I, bi=ON_B):
    return {"inputs_off": io, "biases_off": bo, "inputs_on": ii, "biases_on": bi}


def w1(name, truth, **k):
    B.w("08.1", name, truth, parts(**k))


w1("closed_gets_share", "the closed unit's bias gets a share in the off split", bo=(15, 8, 7))
w1(
    "times_value",
    "bias times the unit's value (10 and 0) instead of times the slope",
    bo=(50, 0, 7),
    bi=(50, 0, 7),
)
w1("lost_minus", "lost the minus of the second unit in the on split", ii=(24, -1), bi=(15, -8, 7))
w1(
    "no_output_weight",
    "forgot the output weight 3 of the first unit",
    io=(6, -1),
    bo=(5, 0, 7),
    ii=(0, -3),
    bi=(5, 8, 7),
)
w1(
    "slopes_not_shares",
    "gave the slopes of the inputs, not slope times input",
    io=(6, -3),
    ii=(4, -5),
)
w1("raw_biases", "raw values of the open biases, without slope", bo=(5, 0, 7), bi=(5, -4, 7))
w1("on_off_swapped", "the two pieces swapped", io=ON_I, bo=ON_B, ii=OFF_I, bi=OFF_B)
w1("bias_slopes", "slopes of the biases instead of the shares", bo=(3, 0, 1), bi=(3, -2, 1))
w1("output_forgotten", "output bias counted as 0", bo=(15, 0, 0), bi=(15, 8, 0))
w1(
    "sign_x2",
    "sign of x2's weight lost in the first unit (+3): off (18, 3), on (12, 1)",
    io=(18, 3),
    ii=(12, 1),
)
w1("bias_sign_on", "second bias: -4 times 2, minus lost in the bias only", bi=(15, -8, 7))
w1(
    "only_change",
    "on split: gave only what comes in from the second unit",
    ii=(-6, -2),
    bi=(0, 8, 0),
)
w1("output_times_3", "output bias multiplied by 3, too", bo=(15, 0, 21), bi=(15, 8, 21))
w1(
    "inputs_unchanged",
    "on split: bias comes in, but the inputs' shares are left as in off",
    ii=OFF_I,
)
w1(
    "half_gate",
    "took half the slope at the gate (between off and on) for the on split",
    ii=(15, -4),
    bi=(15, 4, 7),
)
w1("input_order", "shares of x1 and x2 swapped", io=(-3, 18), ii=(-5, 12))
w1("other_point", "on split at (4, 1) instead of (3, 1), since the gate is on there", ii=(16, -5))
w1("first_bias_sign", "arithmetic slip: 5 times 3 = 18", bo=(18, 0, 7), bi=(18, 8, 7))
B.r(
    "08.1",
    "fractions_lists",
    "Fractions in lists",
    parts([Fraction(18), Fraction(-3)], [Fraction(15), 0, 7], [12.0, -5.0], [15.0, 8.0, 7.0]),
)
B.r(
    "08.1",
    "tensors_np",
    "tensors and numpy, -0.0",
    parts(
        torch.tensor([18.0, -3.0]),
        torch.tensor([15.0, -0.0, 7.0]),
        np.array([12, -5]),
        np.array([15, 8, 7]),
    ),
)


# ------------------------------------------------------------------ 08.2 split
def run_net(weights, leaves_b, u, act=relu, last=False):
    for k, (w, b) in enumerate(zip(weights, leaves_b)):
        u = u @ w.T + b
        if k < len(weights) - 1 or last:
            u = act(u)
    return u


def base(
    weights,
    biases,
    x,
    target,
    act=relu,
    last=False,
    choose=None,
    slope_only=False,
    post=None,
    combine=None,
):
    own = [b.detach().expand(len(x), -1).clone().requires_grad_() for b in biases]
    x0 = x.detach().clone().requires_grad_()
    out = run_net(weights, own, x0, act, last)
    c = choose(out) if choose else out[torch.arange(len(x)), target]
    s = torch.autograd.grad(c.sum(), [x0, *own])
    combine = combine or (lambda s, v: (s * v).sum(1))
    return torch.stack([combine(a, v).detach() for a, v in zip(s, [x0, *own])], 1)


@B.W("08.2", "biases not copied for each input: the slope is that of the whole batch")
def shared_bias(weights, biases, x, target):
    own = [b.detach().clone().requires_grad_() for b in biases]
    x0 = x.detach().clone().requires_grad_()
    out = run_net(weights, own, x0)[torch.arange(len(x)), target]
    s = torch.autograd.grad(out.sum(), [x0, *own])
    cols = [(s[0] * x0).sum(1)] + [(g * b).sum().expand(len(x)) for g, b in zip(s[1:], own)]
    return torch.stack(cols, 1).detach()


@B.W("08.2", "forgot the relu between the layers")
def no_relu(weights, biases, x, target):
    return base(weights, biases, x, target, act=lambda u: u)


@B.W("08.2", "relu after the last layer, too")
def relu_last(weights, biases, x, target):
    return base(weights, biases, x, target, last=True)


@B.W("08.2", "w instead of w.T")
def not_transposed(weights, biases, x, target):
    return base([w.T for w in weights], biases, x, target)


@B.W("08.2", "the bias columns hold the slopes, not slope times bias")
def slopes_only(weights, biases, x, target):
    own = [b.detach().expand(len(x), -1).clone().requires_grad_() for b in biases]
    x0 = x.detach().clone().requires_grad_()
    s = torch.autograd.grad(
        run_net(weights, own, x0)[torch.arange(len(x)), target].sum(), [x0, *own]
    )
    return torch.stack([(s[0] * x0).sum(1).detach()] + [g.sum(1) for g in s[1:]], 1)


@B.W("08.2", "sum of all logits instead of the target's")
def all_logits(weights, biases, x, target):
    return base(weights, biases, x, target, choose=lambda o: o)


@B.W("08.2", "winner instead of the target")
def winner(weights, biases, x, target):
    return base(weights, biases, x, target, choose=lambda o: o.max(1).values)


@B.W("08.2", "columns of the biases in reversed order")
def reversed_columns(weights, biases, x, target):
    t = base(weights, biases, x, target)
    return torch.cat([t[:, :1], t[:, 1:].flip(1)], 1)


@B.W("08.2", "input shares not added up: (N, D + L)")
def input_not_summed(weights, biases, x, target):
    own = [b.detach().expand(len(x), -1).clone().requires_grad_() for b in biases]
    x0 = x.detach().clone().requires_grad_()
    s = torch.autograd.grad(
        run_net(weights, own, x0)[torch.arange(len(x)), target].sum(), [x0, *own]
    )
    return torch.cat(
        [s[0] * x0] + [(g * b).sum(1, keepdim=True) for g, b in zip(s[1:], own)], 1
    ).detach()


@B.W(
    "08.2", "sets each layer's bias to 0 and takes the change of the logit (ablation): gates change"
)
def ablation(weights, biases, x, target):
    i = torch.arange(len(x))
    f = lambda bs, u: run_net(weights, bs, u)[i, target]
    full = f(biases, x)
    cols = [
        full - f([b * 0 if j == k else b for j, b in enumerate(biases)], x)
        for k in range(len(biases))
    ]
    return torch.stack([base(weights, biases, x, target)[:, 0]] + cols, 1).detach()


@B.W("08.2", "absolute shares")
def absolute(weights, biases, x, target):
    return base(weights, biases, x, target, combine=lambda s, v: (s * v).abs().sum(1))


@B.W("08.2", "mean over the units instead of the sum")
def mean_units(weights, biases, x, target):
    return base(weights, biases, x, target, combine=lambda s, v: (s * v).mean(1))


@B.W("08.2", "column 0 is the sum of the gradient, not times x")
def gradient_only(weights, biases, x, target):
    t = base(weights, biases, x, target)
    g = base(weights, biases, x, target, combine=lambda s, v: s.sum(1))
    return torch.cat([g[:, :1], t[:, 1:]], 1)


@B.W("08.2", "softmax probability instead of the logit")
def softmax(weights, biases, x, target):
    return base(
        weights, biases, x, target, choose=lambda o: o.softmax(1)[torch.arange(len(o)), target]
    )


@B.W("08.2", "output bias forgotten: (N, L)")
def no_output_bias(weights, biases, x, target):
    return base(weights, biases, x, target)[:, :-1]


@B.W("08.2", "transposed: (1 + L, N)")
def transposed(weights, biases, x, target):
    return base(weights, biases, x, target).T


@B.W("08.2", "divided by the logit, so that a row sums to 1")
def normalised(weights, biases, x, target):
    t = base(weights, biases, x, target)
    return t / t.sum(1, keepdim=True)


@B.W("08.2", "output column adds the bias of all classes, not the target's")
def output_all(weights, biases, x, target):
    t = base(weights, biases, x, target).clone()
    t[:, -1] = biases[-1].sum()
    return t


@B.W("08.2", "mean over the batch: everything divided by N")
def batch_mean(weights, biases, x, target):
    return base(
        weights, biases, x, target, choose=lambda o: o[torch.arange(len(o)), target] / len(o)
    )


@B.W("08.2", "gates of the net without biases")
def gates_without_bias(weights, biases, x, target):
    u0 = u = x
    masks = []
    for w in weights[:-1]:
        u = u @ w.T
        masks.append((u > 0).to(x.dtype))
        u = u * masks[-1]
    it = iter(masks)
    return base(weights, biases, x, target, act=lambda v: v * next(it))


@B.W("08.2", "target[0] for all inputs")
def first_target(weights, biases, x, target):
    return base(weights, biases, x, target, choose=lambda o: o[:, int(target[0])])


@B.W("08.2", "[:, target]: sums the logits of all targets of the batch")
def all_targets(weights, biases, x, target):
    return base(weights, biases, x, target, choose=lambda o: o[:, target])


@B.W("08.2", "asks the caller's biases for gradients: requires_grad_ on the arguments")
def touches_biases(weights, biases, x, target):
    for b in biases:
        b.requires_grad_()
    return base(weights, biases, x, target)


@B.W("08.2", "adds up raw biases of the open units, no slopes")
def open_bias(weights, biases, x, target):
    u = x
    cols = []
    for k, (w, b) in enumerate(zip(weights, biases)):
        u = u @ w.T + b
        if k < len(weights) - 1:
            cols.append(((u > 0) * b).sum(1))
            u = relu(u)
        else:
            cols.append(b[target])
    return torch.stack([base(weights, biases, x, target)[:, 0]] + cols, 1)


@B.W("08.2", "right for two layers only: hidden and output hard-coded")
def two_layers(weights, biases, x, target):
    (w1, w2), (b1, b2) = weights[:2], biases[:2]
    g = ((x @ w1.T + b1) > 0).to(x.dtype) * w2[target]
    return torch.stack([((g @ w1) * x).sum(1), (g * b1).sum(1), b2[target]], 1)


@B.W("08.2", "slope times the unit's value after the bias, not times the bias")
def times_units(weights, biases, x, target):
    own = [b.detach().expand(len(x), -1).clone().requires_grad_() for b in biases]
    x0 = x.detach().clone().requires_grad_()
    u = x0
    units = []
    for k, (w, b) in enumerate(zip(weights, own)):
        u = u @ w.T + b
        units.append(u)
        if k < len(weights) - 1:
            u = relu(u)
    s = torch.autograd.grad(u[torch.arange(len(x)), target].sum(), [x0, *own])
    return torch.stack([(a * v).sum(1) for a, v in zip(s, [x0, *units])], 1).detach()


@B.W("08.2", "leaky relu instead of relu")
def leaky(weights, biases, x, target):
    return base(weights, biases, x, target, act=lambda u: Fn.leaky_relu(u, 0.1))


@B.R("08.2", "masks by hand, backward product, input share as the rest")
def by_masks(weights, biases, x, target):
    u = x
    masks = []
    for k, (w, b) in enumerate(zip(weights, biases)):
        u = u @ w.T + b
        if k < len(weights) - 1:
            masks.append(u > 0)
            u = u * masks[-1]
    logit = u[torch.arange(len(x)), target]
    s = Fn.one_hot(target, u.shape[1]).to(x.dtype)
    cols = []
    for k in reversed(range(len(weights))):
        cols.insert(0, s @ biases[k])
        if k:
            s = (s @ weights[k]) * masks[k - 1]
    return torch.stack([logit - sum(cols), *cols], 1)


@B.R("08.2", "input by input with torch.func.grad, list of rows, float64")
def one_by_one(weights, biases, x, target):
    rows = []
    W = [w.double() for w in weights]
    for xi, t in zip(x.double(), target):
        f = lambda v, bs: run_net(W, bs, v)[t]
        gx, gb = torch.func.grad(f, argnums=(0, 1))(xi, [b.double() for b in biases])
        rows.append(
            [float(gx @ xi)] + [float(g @ b) for g, b in zip(gb, [b.double() for b in biases])]
        )
    return torch.tensor(rows, dtype=torch.float64)


@B.R("08.2", "jacobian by vmap, not detached")
def vmapped(weights, biases, x, target):
    classes = torch.arange(weights[-1].shape[0])
    f = lambda v, bs, t: (run_net(weights, bs, v) * (classes == t)).sum()  # one_hot crashes in vmap
    gx, gb = torch.vmap(torch.func.grad(f, argnums=(0, 1)), in_dims=(0, None, 0))(
        x, list(biases), target
    )
    return torch.cat(
        [(gx * x).sum(1, keepdim=True)]
        + [(g * b).sum(1, keepdim=True) for g, b in zip(gb, biases)],
        1,
    )


@B.R("08.2", "derivative by scaling: d/dt f(t x, biases) at t = 1 within the piece (jvp)")
def jvp(weights, biases, x, target):
    i = torch.arange(len(x))
    z = torch.zeros_like
    f = lambda u, *bs: run_net(weights, bs, u)[i, target]
    cols = []
    for k in range(1 + len(biases)):
        tang = [z(x)] + [z(b) for b in biases]
        tang[k] = ([x] + list(biases))[k]
        cols.append(torch.func.jvp(f, (x, *biases), tuple(tang))[1])
    return torch.stack(cols, 1)


# ------------------------------------------------------------------ 08.3 implicit_bias
def val_slope(f, u):
    p = u.detach().clone().requires_grad_()
    z = f(p)
    return z.detach(), torch.autograd.grad(z.sum(), p)[0]


@B.W("08.3", "f(0): the value at 0")
def f_of_0(f, u):
    return f(torch.zeros_like(u))


@B.W("08.3", "f(u) alone: nothing subtracted")
def f_of_u(f, u):
    return f(u)


@B.W("08.3", "f(u) - u: slope 1 assumed")
def minus_u(f, u):
    return f(u) - u


@B.W("08.3", "sign: slope u - f(u)")
def sign(f, u):
    z, s = val_slope(f, u)
    return s * u - z


@B.W("08.3", "forgot the factor u: f(u) - f'(u)")
def minus_slope(f, u):
    z, s = val_slope(f, u)
    return z - s


@B.W("08.3", "plus instead of minus")
def plus(f, u):
    z, s = val_slope(f, u)
    return z + s * u


@B.W("08.3", "adds everything up: a single number")
def summed(f, u):
    z, s = val_slope(f, u)
    return (z - s * u).sum()


@B.W("08.3", "z.mean() instead of z.sum(): slopes divided by the number of elements")
def mean_slope(f, u):
    p = u.detach().clone().requires_grad_()
    z = f(p)
    return (z - torch.autograd.grad(z.mean(), p)[0] * p).detach()


@B.W("08.3", "finite difference with a wide step h = 0.5: slope of a secant near the bend")
def wide_h(f, u):
    return f(u) - (f(u + 0.5) - f(u - 0.5)) * u


@B.W("08.3", "slope as f(u)/u: always 0, nan at 0")
def secant(f, u):
    return f(u) - f(u) / u * u


@B.W("08.3", "u.requires_grad_() on the argument")
def touches_u(f, u):
    u.requires_grad_()
    z = f(u)
    return (z - torch.autograd.grad(z.sum(), u)[0] * u).detach()


@B.W("08.3", "absolute value of the bias")
def absolute(f, u):
    z, s = val_slope(f, u)
    return (z - s * u).abs()


@B.W("08.3", "slope at 0 instead of at u")
def slope_at_0(f, u):
    _, s = val_slope(f, torch.zeros_like(u))
    return f(u) - s * u


@B.W("08.3", "one slope for all: the mean of the slopes")
def one_slope(f, u):
    z, s = val_slope(f, u)
    return z - s.mean() * u


@B.W("08.3", "shape lost: flat vector")
def flat(f, u):
    z, s = val_slope(f, u)
    return (z - s * u).flatten()


@B.W("08.3", "hard-coded for relu6: 6 above 6, else 0")
def relu6_only(f, u):
    return torch.where(u > 6, 6.0, 0.0)


@B.W("08.3", "returns slope times u, the other part")
def slope_times_u(f, u):
    z, s = val_slope(f, u)
    return s * u


@B.W("08.3", "finite difference with h = 1e-7 in float32: noise")
def tiny_h(f, u):
    u32 = u.float()
    return (f(u) - (f(u32 + 1e-7) - f(u32)) / 1e-7 * u).to(u.dtype)


@B.W("08.3", "relu on the result: negative biases are lost")
def no_negative(f, u):
    z, s = val_slope(f, u)
    return relu(z - s * u)


@B.W("08.3", "works under no_grad: crashes when it asks for the gradient")
def no_grad(f, u):
    with torch.no_grad():
        p = u.clone().requires_grad_()
        z = f(p)
    return z - torch.autograd.grad(z.sum(), p)[0] * p


@B.R("08.3", "vmap of func.grad")
def func(f, u):
    s = torch.vmap(torch.func.grad(lambda v: f(v[None]).sum()))(u.reshape(-1)).view_as(u)
    return f(u) - s * u


@B.R("08.3", "central difference in float64, h = 1e-6")
def central(f, u):
    v = u.detach().double()
    h = 1e-6
    return (f(v) - (f(v + h) - f(v - h)) / (2 * h) * v).to(u.dtype)


@B.R("08.3", "loop over numbers, .backward, NumPy result")
def loop(f, u):
    out = []
    for v in u.detach().flatten().tolist():
        p = torch.tensor([v], dtype=u.dtype, requires_grad=True)
        z = f(p)
        z.backward()
        out.append(float(z) - float(p.grad) * v)
    return np.array(out).reshape(tuple(u.shape))


@B.R("08.3", "jvp, float64 result")
def by_jvp(f, u):
    z, t = torch.func.jvp(f, (u,), (u,))
    return (z - t).double()


# ------------------------------------------------------------------ 08.4 picture
def psi(t, dims=(1, 2, 3), keep=None):
    a = t.abs()
    lo, hi = a.amin(dims, keepdim=True), a.amax(dims, keepdim=True)
    return torch.where(hi > lo, (a - lo) / torch.where(hi > lo, hi - lo, 1), 0)


@B.W("08.4", "no absolute value")
def no_abs(t):
    lo, hi = t.amin((1, 2, 3), keepdim=True), t.amax((1, 2, 3), keepdim=True)
    return torch.where(hi > lo, (t - lo) / torch.where(hi > lo, hi - lo, 1), 0).sum(1)


@B.W("08.4", "abs after the rescaling, not before")
def abs_late(t):
    lo, hi = t.amin((1, 2, 3), keepdim=True), t.amax((1, 2, 3), keepdim=True)
    return torch.where(hi > lo, (t - lo) / torch.where(hi > lo, hi - lo, 1), 0).abs().sum(1)


@B.W("08.4", "smallest and largest of the whole batch")
def batch(t):
    return psi(t, (0, 1, 2, 3)).sum(1)


@B.W("08.4", "smallest and largest of each channel")
def per_channel(t):
    return psi(t, (2, 3)).sum(1)


@B.W("08.4", "smallest and largest over the channels of each place")
def per_place(t):
    return psi(t, (1,)).sum(1)


@B.W("08.4", "divides by the largest, does not subtract the smallest")
def only_max(t):
    a = t.abs()
    m = a.amax((1, 2, 3), keepdim=True)
    return torch.where(m > 0, a / m.clamp_min(1e-30), 0).sum(1)


@B.W("08.4", "only subtracts the smallest, does not divide")
def only_min(t):
    a = t.abs()
    return (a - a.amin((1, 2, 3), keepdim=True)).sum(1)


@B.W("08.4", "subtracts the smallest, but divides by the largest instead of by the range")
def over_max(t):
    a = t.abs()
    lo, hi = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return torch.where(hi > lo, (a - lo) / hi.clamp_min(1e-30), 0).sum(1)


@B.W("08.4", "adds up the channels first and rescales then")
def sum_first(t):
    return psi(t.abs().sum(1, keepdim=True))[:, 0]


@B.W("08.4", "adds up signed channels first, then abs and rescaling")
def signed_first(t):
    return psi(t.sum(1, keepdim=True))[:, 0]


@B.W("08.4", "mean over the channels instead of the sum")
def mean_channels(t):
    return psi(t).mean(1)


@B.W("08.4", "maximum over the channels")
def max_channels(t):
    return psi(t).amax(1)


@B.W("08.4", "keeps the channel axis: (N, 1, h, w)")
def keepdim(t):
    return psi(t).sum(1, keepdim=True)


@B.W("08.4", "no channels added up: (N, C, h, w)")
def no_sum(t):
    return psi(t)


@B.W("08.4", "0/0: a photo with equal values gets nan")
def nan(t):
    a = t.abs()
    lo, hi = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return ((a - lo) / (hi - lo)).sum(1)


@B.W("08.4", "adds 1e-3 to the denominator: wrong for small terms")
def eps(t):
    a = t.abs()
    lo, hi = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return ((a - lo) / (hi - lo + 1e-3)).sum(1)


@B.W("08.4", "abs_ in place: changes the argument")
def inplace(t):
    t.abs_()
    return psi(t).sum(1)


@B.W("08.4", "divides by the sum, so that the picture sums to 1")
def over_sum(t):
    a = t.abs()
    a = a - a.amin((1, 2, 3), keepdim=True)
    return (a / a.sum((1, 2, 3), keepdim=True).clamp_min(1e-30)).sum(1)


@B.W("08.4", "ones instead of zeros for a photo with equal values")
def ones(t):
    p = psi(t).sum(1)
    a = t.abs()
    same = a.amin((1, 2, 3)) == a.amax((1, 2, 3))
    p[same] = 1
    return p


@B.W("08.4", "rescales the finished picture to 0..1 once more")
def twice(t):
    return psi(psi(t).sum(1, keepdim=True))[:, 0]


@B.W("08.4", "smallest and largest of the signed terms, numerator with abs")
def mixed_min(t):
    lo, hi = t.amin((1, 2, 3), keepdim=True), t.amax((1, 2, 3), keepdim=True)
    return torch.where(hi > lo, (t.abs() - lo) / torch.where(hi > lo, hi - lo, 1), 0).sum(1)


@B.W("08.4", "takes a small range (< 1e-6) as equal: zeros for a layer with tiny terms")
def threshold(t):
    a = t.abs()
    lo, hi = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return torch.where(hi - lo > 1e-6, (a - lo) / (hi - lo).clamp_min(1e-30), 0).sum(1)


@B.W("08.4", "one equal photo makes the whole batch zeros")
def all_zero(t):
    a = t.abs()
    lo, hi = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return torch.zeros_like(t[:, 0]) if (hi == lo).any() else ((a - lo) / (hi - lo)).sum(1)


@B.W("08.4", "square root of the sum of squares over the channels instead of the sum")
def l2(t):
    return psi(t).pow(2).sum(1).sqrt()


@B.W("08.4", "clamps negative terms to 0 instead of abs")
def clamp(t):
    return psi(relu(t)).sum(1)


@B.W("08.4", "right for one photo only: works on terms[0]")
def only_first(t):
    return psi(t[:1]).sum(1)


@B.R("08.4", "NumPy loop over photos")
def np_loop(t):
    out = []
    for p in t.detach().cpu().numpy():
        a = np.abs(p)
        r = a.max() - a.min()
        out.append(((a - a.min()) / r).sum(axis=0) if r > 0 else np.zeros(a.shape[1:]))
    return np.stack(out)


@B.R("08.4", "flatten, nan_to_num for equal photos")
def nan_to_num(t):
    a = t.flatten(1).abs()
    a = a - a.min(1, keepdim=True).values
    return (a / a.max(1, keepdim=True).values).nan_to_num(0.0).view_as(t).sum(dim=-3)


B.r(
    "08.4",
    "partial",
    "functools.partial of a general function",
    functools.partial(lambda t, dims: psi(t, dims).sum(1), dims=(-3, -2, -1)),
)


@B.R("08.4", "einsum, float64")
def einsum64(t):
    return torch.einsum("nchw->nhw", psi(t.double()))


# ------------------------------------------------------------------ 08.5 points
def w5(name, truth, p):
    B.w("08.5", name, truth, p)


w5("two_free", "two points in different directions: a vector fits exactly", [[1, 3], [2, 5]])
w5("lesson_points", "the lesson's points, piece of (3, 1)", [[3, 1], [6, 2]])
w5("lesson_three", "piece of (3, 1): coordinates swapped", [[3, 1], [6, 2], [4, 1]])
w5("one_point", "a single point", [[1, 3]])
w5("other_piece", "the second point lies in another piece (3, 1)", [[1, 3], [3, 1], [2, 6]])
w5("same_twice", "the same point twice", [[1, 3], [1, 3]])
w5("too_large", "(5, 15) is outside -10..10", [[1, 3], [5, 15]])
w5("too_close", "same direction, but so near that the miss is below 0.01", [[1, 3], [1.001, 3.003]])
w5(
    "line_not_origin",
    "three points on a line that misses 0: the vector (-3.5, 4.5) fits",
    [[1, 3], [2, 4], [3, 5]],
)
w5("gave_vector", "handed in a vector s, not points", [-4, 5])
w5("flat", "flat list of numbers", [1, 3, 2, 6])
w5("origin", "(0, 0) is not in the piece", [[1, 3], [0, 0]])
w5("negative", "(-1, -3) has other gates", [[1, 3], [-1, -3]])
w5("with_f", "points with f as a third number", [[1, 3, 10], [2, 6, 21]])
w5("third_gate_off", "(-2, 1): the third gate is off", [[1, 3], [-2, 1], [2, 6]])
w5("gates_all_on", "(6, 5): first gate on", [[1, 3], [6, 5], [2, 6]])
w5(
    "columns",
    "transposed: a row of x1 and a row of x2 (three points meant)",
    [[1, 2, 1], [3, 6, 4]],
)
w5("scores", "list of pairs (point, score)", [([1, 3], 10), ([2, 6], 21)])
B.r("08.5", "double", "(1,3),(2,6)", [[1, 3], [2, 6]])
B.r(
    "08.5",
    "three_np",
    "three points in general position, NumPy",
    np.array([[1.0, 3.0], [0.0, 2.0], [1.0, 4.0]]),
)
B.r("08.5", "tensor_negative", "negative x1, tensor", torch.tensor([[-1.0, 3.0], [-2.0, 6.0]]))
B.r("08.5", "tuple_many", "tuple of many points on two rays", ((1, 3), (2, 6), (0.5, 1.5), (3, 9)))
B.r("08.5", "fraction", "Fractions", [[Fraction(1, 2), Fraction(3, 2)], [Fraction(3), Fraction(9)]])
