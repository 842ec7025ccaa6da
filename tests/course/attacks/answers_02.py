"""Attack on lesson 02. A list of answers; written before any of them was run."""

import copy
import functools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ANSWERS = []


def _add(task, kind, name, args, why=""):
    ANSWERS.append(dict(task=task, kind=kind, name=name, args=args, why=why))


def wrong(task, why):
    def d(f):
        _add(task, "wrong", f.__name__, (f,), why)
        return f

    return d


def right(task, why=""):
    def d(f):
        _add(task, "right", f.__name__, (f,), why)
        return f

    return d


def wv(task, name, why, *args):
    _add(task, "wrong", name, args, why)


def rv(task, name, *args, why=""):
    _add(task, "right", name, args, why)


# ------------------------------------------------------------------ 02.1
D, G, N = (-1, 4), (-3, 6), "deconvnet"
wv("02.1", "methods_swapped", "DeconvNet and Guided Backprop swapped", G, D, N)
wv("02.1", "map_clamped", "clamped the finished maps", (0, 4), (0, 6), N)
wv("02.1", "gradient_clamped", "clamped the finished gradient for Guided Backprop", D, (0, 5), N)
wv("02.1", "minus_with_size", "lets -1 go on with its size (1)", (0, 5), (-2, 7), N)
wv("02.1", "minus_one_kept", "does not stop the negative signal -1", (-2, 3), (-4, 5), N)
wv("02.1", "other_point", "guided map at (3, 1)", D, (2, -2), N)
wv("02.1", "guided_without_gate", "forgot the gate in Guided Backprop: same as DeconvNet", D, D, N)
wv("02.1", "deconv_with_gate", "asks the gate in DeconvNet as well: same as guided", G, G, N)
wv(
    "02.1",
    "deconv_is_gradient",
    "DeconvNet: gate only, negative signals pass (that is the gradient)",
    (-4, 5),
    G,
    N,
)
wv(
    "02.1",
    "no_output_weights",
    "started with 1 instead of the output weights 2, 3",
    (0, 1),
    (-1, 2),
    N,
)
wv("02.1", "times_value", "multiplied by the value of the unit (4)", D, (-12, 24), N)
wv("02.1", "swapped", "coordinates swapped", (4, -1), (6, -3), N)
wv("02.1", "times_input", "multiplied by the input (1, 3)", (-1, 12), (-3, 18), N)
wv("02.1", "lost_minus", "lost the minus in -x1", (5, 4), (3, 6), N)
wv("02.1", "lost_2", "lost the 2 of 2 x2", (-1, 1), (-3, 3), N)
wv("02.1", "never_gradient", "thinks the gradient never changes", D, G, "gradient")
wv("02.1", "never_guided", "thinks that Guided Backprop never changes", D, G, "guided_backprop")
rv("02.1", "lists_floats", [-1.0, 4.0], [-3.0, 6.0], "deconvnet")
rv("02.1", "np_tensor", np.array([-1, 4]), torch.tensor([-3.0, 6.0]), "deconvnet")


# ------------------------------------------------------------------ 02.2
def _run(layers, x, target, relu_rule, start=None, other=None):
    """Backwards through the list; the rule at a ReLU and the first signal vary."""
    points = [x.detach()]
    for layer in layers:
        points.append(layer(points[-1]).detach())
    scores = points[-1]
    signal = F.one_hot(target, scores.shape[1]).to(x) if start is None else start(scores, target)
    for layer, point in zip(layers[::-1], points[-2::-1]):
        if isinstance(layer, nn.ReLU):
            signal = relu_rule(point, signal)
        else:
            with torch.enable_grad():
                q = point.detach().clone().requires_grad_()
                (signal,) = torch.autograd.grad(layer(q), q, signal)
            if other is not None:
                signal = other(signal)
    return signal


def _rule(z, g):
    return (z > 0) * g.clamp(min=0)


@wrong("02.2", "plain gradient: no clamp")
def b_gradient(layers, x, target):
    p = x.detach().clone().requires_grad_()
    out = p
    for l in layers:
        out = l(out)
    return torch.autograd.grad(out[torch.arange(len(x)), target].sum(), p)[0]


@wrong("02.2", "DeconvNet: the gate is missing")
def b_deconv(layers, x, target):
    return _run(layers, x, target, lambda z, g: g.clamp(min=0))


@wrong("02.2", "clamps the finished gradient")
def b_clamped_gradient(layers, x, target):
    return b_gradient(layers, x, target).clamp(min=0)


@wrong("02.2", "right rule, and then clamps the finished map as well")
def b_clamped_map(layers, x, target):
    return _run(layers, x, target, _rule).clamp(min=0)


@wrong("02.2", "clamps the signal after every layer, linear ones too")
def b_clamp_everywhere(layers, x, target):
    return _run(layers, x, target, _rule, other=lambda s: s.clamp(min=0))


@wrong("02.2", "starts with 1 at all classes: target ignored")
def b_all_classes(layers, x, target):
    return _run(layers, x, target, _rule, start=lambda s, t: torch.ones_like(s))


@wrong("02.2", "starts with the target's score instead of 1")
def b_start_score(layers, x, target):
    return _run(layers, x, target, _rule, start=lambda s, t: s * F.one_hot(t, s.shape[1]))


@wrong("02.2", "starts with the probabilities (softmax)")
def b_start_softmax(layers, x, target):
    return _run(layers, x, target, _rule, start=lambda s, t: s.softmax(1))


@wrong("02.2", "signal[:, target] = 1: all targets of the batch for each input")
def b_start_colon(layers, x, target):
    def start(s, t):
        signal = torch.zeros_like(s)
        signal[:, t] = 1
        return signal

    return _run(layers, x, target, _rule, start=start)


@wrong("02.2", "the first target for all inputs")
def b_first_target(layers, x, target):
    return _run(layers, x, target[:1].expand(len(x)), _rule)


@wrong("02.2", "the winner's class instead of the target")
def b_argmax(layers, x, target):
    return _run(
        layers, x, target, _rule, start=lambda s, t: F.one_hot(s.argmax(1), s.shape[1]).to(s)
    )


@wrong("02.2", "starts with 1/N (mean over the batch)")
def b_mean(layers, x, target):
    return _run(
        layers, x, target, _rule, start=lambda s, t: F.one_hot(t, s.shape[1]).to(s) / len(s)
    )


@wrong("02.2", "starts with -1 (a loss)")
def b_minus(layers, x, target):
    return _run(layers, x, target, _rule, start=lambda s, t: -F.one_hot(t, s.shape[1]).to(s))


@wrong("02.2", "absolute value of the signal at a ReLU instead of the clamp")
def b_abs_signal(layers, x, target):
    return _run(layers, x, target, lambda z, g: (z > 0) * g.abs())


@wrong("02.2", "keeps the negative signals instead of the positive ones")
def b_negative(layers, x, target):
    return _run(layers, x, target, lambda z, g: (z > 0) * g.clamp(max=0))


@wrong("02.2", "multiplies the signal by the value z instead of by the gate")
def b_value_gate(layers, x, target):
    return _run(layers, x, target, lambda z, g: z.clamp(min=0) * g.clamp(min=0))


@wrong("02.2", "gate turned round: z < 0")
def b_gate_turned(layers, x, target):
    return _run(layers, x, target, lambda z, g: (z < 0) * g.clamp(min=0))


@wrong("02.2", "positive or negative signal: lets it pass if gate OR positive")
def b_or(layers, x, target):
    return _run(layers, x, target, lambda z, g: ((z > 0) | (g > 0)) * g)


@wrong("02.2", "gate open at z = 0 (>= instead of >)")
def b_ge(layers, x, target):
    return _run(layers, x, target, lambda z, g: (z >= 0) * g.clamp(min=0))


@wrong("02.2", "only the signals: sign of the signal (1) instead of its size")
def b_sign_signal(layers, x, target):
    return _run(layers, x, target, lambda z, g: ((z > 0) & (g > 0)).to(g))


def _hooked(layers, x, target, remove, per_use=False):
    handles = []

    def note(module, inputs, output):
        module.gate = output > 0

    def change(module, gi, go):
        return (module.gate * go[0].clamp(min=0),)

    for m in layers:
        if isinstance(m, nn.ReLU):
            handles.append(m.register_forward_hook(note))
            handles.append(m.register_full_backward_hook(change))
    with torch.enable_grad():
        p = x.detach().clone().requires_grad_()
        out = p
        for l in layers:
            out = l(out)
        res = torch.autograd.grad(out[torch.arange(len(x)), target].sum(), p)[0]
    if remove:
        for h in handles:
            h.remove()
        for m in layers:
            if hasattr(m, "gate"):
                del m.gate
    return res


@wrong("02.2", "hooks with one note for each module: a ReLU used twice keeps the second gate only")
def b_hooks_one_note(layers, x, target):
    return _hooked(layers, x, target, True)


@wrong("02.2", "hooks are never removed")
def b_hooks_left(layers, x, target):
    def change(module, gi, go):
        return (gi[0].clamp(min=0),)

    for m in layers:
        if isinstance(m, nn.ReLU):
            m.register_full_backward_hook(change)
    p = x.detach().clone().requires_grad_()
    out = p
    for l in layers:
        out = l(out)
    return torch.autograd.grad(out[torch.arange(len(x)), target].sum(), p)[0]


class _GRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return (z > 0) * g.clamp(min=0)


class _GModule(nn.Module):
    def forward(self, z):
        return _GRelu.apply(z)


@wrong("02.2", "replaces the ReLUs in the caller's list and leaves them replaced")
def b_replaces(layers, x, target):
    for i, l in enumerate(layers):
        if isinstance(l, nn.ReLU):
            layers[i] = _GModule()
    p = x.detach().clone().requires_grad_()
    out = p
    for l in layers:
        out = l(out)
    return torch.autograd.grad(out[torch.arange(len(x)), target].sum(), p)[0]


@wrong("02.2", "turns the caller's list round with layers.reverse()")
def b_reverses(layers, x, target):
    points = [x.detach()]
    for l in layers:
        points.append(l(points[-1]).detach())
    signal = F.one_hot(target, points[-1].shape[1]).to(x)
    layers.reverse()
    for l, point in zip(layers, points[-2::-1]):
        if isinstance(l, nn.ReLU):
            signal = (point > 0) * signal.clamp(min=0)
        else:
            q = point.detach().clone().requires_grad_()
            (signal,) = torch.autograd.grad(l(q), q, signal)
    return signal


@wrong("02.2", "works on the caller's x: it asks for gradients afterwards")
def b_on_x(layers, x, target):
    x.requires_grad_()
    out = x
    for l in layers:
        out = _GRelu.apply(out) if isinstance(l, nn.ReLU) else l(out)
    return torch.autograd.grad(out[torch.arange(len(x)), target].sum(), x)[0]


@wrong("02.2", "backward(): the weights keep gradients in .grad")
def b_weights(layers, x, target):
    p = x.detach().clone().requires_grad_()
    out = p
    for l in layers:
        out = _GRelu.apply(out) if isinstance(l, nn.ReLU) else l(out)
    out[torch.arange(len(x)), target].sum().backward()
    return p.grad


@wrong("02.2", "only Linear layers: signal @ weight; crashes with Conv2d and Flatten")
def b_linear_only(layers, x, target):
    points = [x.detach()]
    for l in layers:
        points.append(l(points[-1]).detach())
    signal = F.one_hot(target, points[-1].shape[1]).to(x)
    for l, point in zip(layers[::-1], points[-2::-1]):
        if isinstance(l, nn.ReLU):
            signal = (point > 0) * signal.clamp(min=0)
        else:
            signal = signal @ l.weight
    return signal.detach()


@wrong("02.2", "multiplied by the input at the end")
def b_times_x(layers, x, target):
    return _run(layers, x, target, _rule) * x


@wrong("02.2", "divides by the largest absolute value")
def b_normalised(layers, x, target):
    m = _run(layers, x, target, _rule)
    return m / m.abs().max()


@wrong("02.2", "absolute values at the end: signs lost")
def b_abs_map(layers, x, target):
    return _run(layers, x, target, _rule).abs()


@wrong("02.2", "returns a flat map (N, D), not the shape of images")
def b_flat(layers, x, target):
    return _run(layers, x, target, _rule).flatten(1)


@wrong("02.2", "the rule only at the last ReLU, plain gradient below")
def b_last_relu_only(layers, x, target):
    done = []

    def rule(z, g):
        if done:
            return (z > 0) * g
        done.append(1)
        return (z > 0) * g.clamp(min=0)

    return _run(layers, x, target, rule)


@wrong("02.2", "the rule only at the first ReLU (next to the input)")
def b_first_relu_only(layers, x, target):
    count = sum(isinstance(l, nn.ReLU) for l in layers)
    seen = []

    def rule(z, g):
        seen.append(1)
        return (z > 0) * (g.clamp(min=0) if len(seen) == count else g)

    return _run(layers, x, target, rule)


@wrong("02.2", "gates by the first input of the batch for all inputs")
def b_gate_first(layers, x, target):
    return _run(layers, x, target, lambda z, g: (z[:1] > 0) * g.clamp(min=0))


@wrong(
    "02.2",
    "forgot that the gate belongs to the input of the ReLU: takes the gate of the last ReLU's... no gate at the last ReLU",
)
def b_no_gate_at_top(layers, x, target):
    seen = []

    def rule(z, g):
        seen.append(1)
        return g.clamp(min=0) if len(seen) == 1 else (z > 0) * g.clamp(min=0)

    return _run(layers, x, target, rule)


@right("02.2", "autograd.Function")
def br_function(layers, x, target):
    with torch.enable_grad():
        p = x.detach().clone().requires_grad_()
        out = p
        for l in layers:
            out = _GRelu.apply(out) if isinstance(l, nn.ReLU) else l(out)
        return torch.autograd.grad(out.gather(1, target[:, None]).sum(), p)[0]


@right("02.2", "backward hooks on gi (already gated), removed in finally")
def br_hooks(layers, x, target):
    handles = []
    try:
        for m in {id(l): l for l in layers if isinstance(l, nn.ReLU)}.values():
            handles.append(m.register_full_backward_hook(lambda m, gi, go: (gi[0].clamp(min=0),)))
        with torch.enable_grad():
            p = x.detach().clone().requires_grad_()
            out = functools.reduce(lambda a, l: l(a), layers, p)
            return torch.autograd.grad(out[torch.arange(len(x)), target].sum(), p)[0]
    finally:
        for h in handles:
            h.remove()


@right("02.2", "tensor hooks on the output of each ReLU")
def br_tensor_hooks(layers, x, target):
    with torch.enable_grad():
        p = x.detach().clone().requires_grad_()
        out = p
        for l in layers:
            out = l(out)
            if isinstance(l, nn.ReLU):
                out.register_hook(lambda g: g.clamp(min=0))
        return torch.autograd.grad(out[range(len(x)), target.tolist()].sum(), p)[0].detach()


@right("02.2", "recursion")
def br_recursive(layers, x, target):
    def down(i, z):
        """(N, ...) signal at z, the input of layer i."""
        if i == len(layers):
            return F.one_hot(target, z.shape[1]).to(z)
        layer = layers[i]
        with torch.enable_grad():
            q = z.detach().clone().requires_grad_()
            y = layer(q)
        above = down(i + 1, y.detach())
        if isinstance(layer, nn.ReLU):
            return torch.where((z > 0) & (above > 0), above, torch.zeros_like(above))
        return torch.autograd.grad(y, q, above)[0]

    return down(0, x.detach())


@right("02.2", "deep copy, float64, one input at a time, rounded back")
def br_loop64(layers, x, target):
    mine = copy.deepcopy(list(layers))
    for l in mine:
        l.double()
    rows = [_run(mine, x[i : i + 1].double(), target[i : i + 1], _rule) for i in range(len(x))]
    return torch.cat(rows).to(x.dtype)


class _Guided:
    def __call__(self, layers, x, target):
        return _run(layers, x, target, lambda z, g: torch.where(z.relu() * g > 0, g, 0 * g))


rv("02.2", "br_class_rect0", _Guided(), why="RectGrad with threshold 0 is Guided Backprop")


# ------------------------------------------------------------------ 02.3
def _cos(u, v):
    u, v = u.flatten(), v.flatten()
    return u @ v / (u.norm() * v.norm())


@wrong("02.3", "shuffles both maps in the same way")
def c_both(a, b, order):
    return _cos(a, b), _cos(a.flatten()[order], b.flatten()[order])


@wrong("02.3", "shuffles b instead of a")
def c_shuffle_b(a, b, order):
    return _cos(a, b), _cos(a, b.flatten()[order])


@wrong("02.3", "no division by the lengths: the dot product")
def c_dot(a, b, order):
    a, b = a.flatten(), b.flatten()
    return a @ b, a[order] @ b


@wrong("02.3", "divides by the length of a only")
def c_one_norm(a, b, order):
    a, b = a.flatten(), b.flatten()
    return a @ b / a.norm(), a[order] @ b / a.norm()


@wrong("02.3", "squares instead of roots: divides by the squared lengths")
def c_no_root(a, b, order):
    a, b = a.flatten(), b.flatten()
    s = (a**2).sum() * (b**2).sum()
    return (a * b).sum() / s, (a[order] * b).sum() / s


@wrong("02.3", "absolute maps: signs lost")
def c_abs(a, b, order):
    return c_right0(a.abs(), b.abs(), order)


@wrong("02.3", "correlation: subtracts the means")
def c_corr(a, b, order):
    return c_right0(a - a.mean(), b - b.mean(), order)


@wrong("02.3", "the two numbers swapped")
def c_swapped(a, b, order):
    x, y = c_right0(a, b, order)
    return y, x


@wrong("02.3", "control: shuffled a with a instead of with b")
def c_with_a(a, b, order):
    return _cos(a, b), _cos(a.flatten()[order], a)


@wrong("02.3", "cosine for each line of the map (dim=1), not one number")
def c_lines(a, b, order):
    return F.cosine_similarity(a, b, dim=-1), F.cosine_similarity(
        a.flatten()[order].view_as(a), b, dim=-1
    )


@wrong("02.3", "mean of the cosines of the lines")
def c_lines_mean(a, b, order):
    x, y = c_lines(a, b, order)
    return x.mean(), y.mean()


@wrong("02.3", "undoes the permutation: puts a[i] at order[i]")
def c_inverse(a, b, order):
    s = torch.empty_like(a.flatten())
    s[order] = a.flatten()
    return _cos(a, b), _cos(s, b)


@wrong("02.3", "returns the cosine and the difference to the control")
def c_difference(a, b, order):
    x, y = c_right0(a, b, order)
    return x, x - y


@wrong("02.3", "returns one number only: cosine minus control")
def c_one(a, b, order):
    x, y = c_right0(a, b, order)
    return x - y


@wrong("02.3", "returns only the cosine, no control")
def c_only(a, b, order):
    return _cos(a, b)


@wrong("02.3", "indexes lines: a[order] without flatten; crashes")
def c_noflatten(a, b, order):
    return _cos(a, b), _cos(a[order], b)


@wrong("02.3", "draws its own permutation")
def c_own_perm(a, b, order):
    o = torch.randperm(a.numel(), generator=torch.Generator().manual_seed(0))
    return c_right0(a, b, o)


@wrong("02.3", "distance 1 - cosine")
def c_distance(a, b, order):
    x, y = c_right0(a, b, order)
    return 1 - x, 1 - y


@wrong("02.3", "divides a and b in place by their lengths")
def c_inplace(a, b, order):
    a /= a.norm()
    b /= b.norm()
    return (a * b).sum(), (a.flatten()[order] * b.flatten()).sum()


@wrong("02.3", "the control is not divided by the lengths")
def c_control_raw(a, b, order):
    return _cos(a, b), a.flatten()[order] @ b.flatten()


@wrong("02.3", "rounded to one decimal")
def c_rounded(a, b, order):
    x, y = c_right0(a, b, order)
    return round(float(x), 1), round(float(y), 1)


@wrong("02.3", "size 224 x 224 hard-coded: crashes")
def c_224(a, b, order):
    return c_right0(a.view(224 * 224), b.view(224 * 224), order)


@wrong("02.3", "absolute value of the cosines")
def c_abs_result(a, b, order):
    x, y = c_right0(a, b, order)
    return x.abs(), y.abs()


@wrong(
    "02.3", "divides by the count: mean of the products over root mean... only mean of the products"
)
def c_mean_product(a, b, order):
    a, b = a.flatten(), b.flatten()
    s = a.norm() * b.norm()
    return (a * b).mean() / s, (a[order] * b).mean() / s


@wrong("02.3", "not shuffled: the control is the cosine again")
def c_not_shuffled(a, b, order):
    return _cos(a, b), _cos(a, b)


def c_right0(a, b, order):
    return _cos(a, b), _cos(a.flatten()[order], b)


@right("02.3", "F.cosine_similarity")
def cr_F(a, b, order):
    a, b = a.reshape(-1), b.reshape(-1)
    return torch.stack([F.cosine_similarity(a, b, dim=0), F.cosine_similarity(a[order], b, dim=0)])


@right("02.3", "NumPy floats in a list")
def cr_numpy(a, b, order):
    u, v = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    s = np.linalg.norm(u) * np.linalg.norm(v)
    return [float(u @ v / s), float(u[np.asarray(order)] @ v / s)]


@right("02.3", "plain Python loops")
def cr_loop(a, b, order):
    u, v, o = a.flatten().tolist(), b.flatten().tolist(), order.tolist()
    s = math.sqrt(sum(e * e for e in u)) * math.sqrt(sum(e * e for e in v))
    return sum(e * f for e, f in zip(u, v)) / s, sum(u[i] * v[k] for k, i in enumerate(o)) / s


@right("02.3", "unit vectors and a matrix")
def cr_matrix(a, b, order):
    m = torch.stack([a.flatten(), a.flatten()[order]]).double()
    m = F.normalize(m, dim=1)
    return tuple(m @ F.normalize(b.flatten().double(), dim=0))


@right("02.3", "shuffles b by the inverse permutation: the same number")
def cr_inverse_b(a, b, order):
    back = torch.argsort(order)
    return _cos(a, b), _cos(a, b.flatten()[back])


# ------------------------------------------------------------------ 02.4
O = dict(A="right", B="wrong", C="wrong", D="wrong", E="right", F="error")


def o(**k):
    return {**O, **k}


wv("02.4", "B_error", "thinks that the functional net stops with an error", o(B="error"))
wv("02.4", "B_right", "thinks that the hook sees functions", o(B="right"))
wv("02.4", "C_right", "forgot that a module used twice keeps one note", o(C="right"))
wv("02.4", "C_error", "thinks that a shared module stops with an error", o(C="error"))
wv("02.4", "D_right", "thinks that ReLU6 is an nn.ReLU", o(D="right"))
wv("02.4", "D_error", "thinks that ReLU6 stops with an error", o(D="error"))
wv("02.4", "E_wrong", "thinks that a subclass is no nn.ReLU", o(E="wrong"))
wv("02.4", "E_error", "thinks that a subclass stops with an error", o(E="error"))
wv("02.4", "F_right", "thinks that in place does not matter", o(F="right"))
wv("02.4", "F_wrong", "thinks that in place gives a wrong map silently", o(F="wrong"))
wv("02.4", "A_wrong", "thinks that even net A is wrong", o(A="wrong"))
wv("02.4", "all_wrong", "says wrong for everything", {k: "wrong" for k in "ABCDEF"})
wv("02.4", "D_E_turned", "ReLU6 and subclass mixed up", o(D="right", E="wrong"))
wv("02.4", "F_left", "left F open", o(F=None))
wv("02.4", "F_missing", "left F out of the dict", {k: v for k, v in O.items() if k != "F"})
rv("02.4", "other_order", dict(sorted(O.items(), reverse=True)))

# ------------------------------------------------------------------ 02.5
R = torch.relu


def good(p):
    return R(p[:, 0]) - R(p[:, 0]) - R(p[:, 1])


wv("02.5", "indices_swapped", "unused and used swapped", (good, [[1.0, 1.0]], 1, 0))
wv(
    "02.5",
    "depends_elsewhere",
    "f depends on the 'unused' feature for smaller values",
    (lambda p: R(p[:, 0]) - R(p[:, 0] - 1) - R(p[:, 1]), [[3.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "min_of_lesson",
    "min(x1, x2): f does depend on the first feature",
    (lambda p: p[:, 0] - R(p[:, 0] - p[:, 1]), [[3.0, 2.0]], 0, 1),
)
wv(
    "02.5",
    "only_for_positive",
    "relu(x) - x is 0 only for positive x",
    (lambda p: R(p[:, 0]) - p[:, 0] - R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "unused_not_shown",
    "the unused feature does not stand in f: Guided Backprop gives it 0 too",
    (lambda p: -R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "slope_too_small",
    "gradient of the used feature only 0.3",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) - 0.3 * R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "slope_exactly_half",
    "gradient of the used feature exactly 0.5, not above",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) - 0.5 * R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "shown_exactly_half",
    "Guided Backprop gives the unused one exactly 0.5, not more",
    (lambda p: 0.5 * R(p[:, 0]) - 0.5 * R(p[:, 0]) - R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "used_shown",
    "the used feature is shown: +relu, Guided Backprop gives 1",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) + R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "used_linear",
    "the used feature enters without a ReLU: Guided Backprop gives -1",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) - p[:, 1], [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "gate_closed_unused",
    "x0 is negative: the gates are closed and nothing is shown",
    (good, [[-1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "gate_closed_used",
    "x1 is negative: the gradient of the used one is 0",
    (good, [[1.0, -1.0]], 0, 1),
)
wv("02.5", "index_from_1", "counts features from 1", (good, [[1.0, 1.0]], 1, 2))
wv(
    "02.5",
    "column",
    "f returns (N, 1)",
    (lambda p: R(p[:, :1]) - R(p[:, :1]) - R(p[:, 1:]), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "scalar",
    "f returns one number for the batch",
    (lambda p: (R(p[:, 0]) - R(p[:, 0]) - R(p[:, 1])).sum(), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "one_feature",
    "the lesson's function with one feature only",
    (lambda p: R(p[:, 0]) - R(p[:, 0]), [[3.0]], 0, 0),
)
wv("02.5", "same_feature", "the same feature as used and unused", (good, [[1.0, 1.0]], 0, 0))
wv("02.5", "out_of_range", "x = 20 is outside -10..10", (good, [[20.0, 1.0]], 0, 1))
wv(
    "02.5",
    "detach",
    "makes up the 0 with detach: p - p.detach()",
    (lambda p: p[:, 0] - p[:, 0].detach() - R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
wv("02.5", "flat_x", "x is a flat list", (good, [1.0, 1.0], 0, 1))
wv("02.5", "three_parts", "handed in (f, x, unused) only", (good, [[1.0, 1.0]], 0))
wv(
    "02.5",
    "tanh",
    "uses tanh: not made of sums, products with numbers and ReLUs",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) - R(torch.tanh(3 * p[:, 1])), [[1.0, 0.1]], 0, 1),
)
wv(
    "02.5",
    "gate_kink",
    "the used ReLU is exactly on its kink",
    (lambda p: R(p[:, 0]) - R(p[:, 0]) - R(p[:, 1] - 1), [[1.0, 1.0]], 0, 1),
)
wv(
    "02.5",
    "toy_net",
    "the TOY net at (3, 1): neither feature is unused",
    (
        lambda p: (
            2 * R(p[:, 0] - p[:, 1])
            + 3 * R(-p[:, 0] + 2 * p[:, 1] - 1)
            - R(p[:, 0] + p[:, 1] - 1)
            + 1
        ),
        [[3.0, 1.0]],
        0,
        1,
    ),
)
wv(
    "02.5",
    "both_positive_signal",
    "0 * relu: the signal 0 goes on, nothing is shown",
    (lambda p: 0 * R(p[:, 0]) - R(p[:, 1]), [[1.0, 1.0]], 0, 1),
)
rv("02.5", "good_tensor", (good, torch.tensor([[1.0, 1.0]]), 0, 1))
rv(
    "02.5",
    "scaled",
    (lambda p: R(2 * p[:, 1]) - 2 * R(p[:, 1]) - 4 * R(p[:, 0] + 3), [[-2, 5]], 1, 0),
    why="integers, relu(2x) = 2 relu(x)",
)
rv(
    "02.5",
    "identity_split",
    (
        lambda p: (
            R(p[:, 0])
            - R(-p[:, 0])
            - p[:, 0]
            + R(p[:, 0])
            - R(p[:, 0])
            - R(p[:, 1] + 1)
            + R(p[:, 1] + 1) * 0
        ),
        [[2.0, 1.0]],
        0,
        1,
    ),
    why="x = relu(x) - relu(-x): f = -relu(x1 + 1); guided gives x0: 1 - 1 + 1 = 1",
)


class _Net(nn.Module):
    def forward(self, p):
        h = R(p @ torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).to(p))
        return h @ torch.tensor([3.0, -3.0, -2.0]).to(p) + 7


rv(
    "02.5",
    "module_matrix",
    (_Net(), [[2.0, 0.0, 4.0]], 0, 2),
    why="a module with matrices, three features",
)
rv(
    "02.5",
    "negative_shown",
    (
        lambda p: R(-p[:, 0]) - R(-p[:, 0]) - R(-p[:, 1]),
        torch.tensor([[-3.0, -3.0]], dtype=torch.float64),
        0,
        1,
    ),
    why="shown with -1: more than 0.5 in size",
)


# ------------------------------------------------------------------ 02.6
def _thr(v, q):
    return v.flatten(1).quantile(q, dim=1).view(-1, *[1] * (v.ndim - 1))


@wrong("02.6", "one threshold over the whole batch")
def r_batch(a, g, quantile):
    v = a * g
    return g * (v > v.flatten().quantile(quantile))


@wrong("02.6", ">= instead of above")
def r_ge(a, g, quantile):
    v = a * g
    return g * (v >= _thr(v, quantile))


@wrong("02.6", "returns a g instead of g")
def r_ag(a, g, quantile):
    v = a * g
    return v * (v > _thr(v, quantile))


@wrong("02.6", "absolute value |a g|")
def r_abs(a, g, quantile):
    v = (a * g).abs()
    return g * (v > _thr(v, quantile))


@wrong("02.6", "threshold on g instead of a g")
def r_g(a, g, quantile):
    return g * (g > _thr(g, quantile))


@wrong("02.6", "threshold on a instead of a g")
def r_a(a, g, quantile):
    return g * (a > _thr(a, quantile))


@wrong("02.6", "compares a g with the quantile of g")
def r_mixed(a, g, quantile):
    return g * (a * g > _thr(g, quantile))


@wrong("02.6", "quantile along the last dimension only: each line of an image on its own")
def r_last_dim(a, g, quantile):
    v = a * g
    return g * (v > v.quantile(quantile, dim=-1, keepdim=True))


@wrong("02.6", "quantile along dim 1 only: over the channels at each place")
def r_dim1(a, g, quantile):
    v = a * g
    return g * (v > v.quantile(quantile, dim=1, keepdim=True))


@wrong("02.6", "quantile over the batch (dim 0)")
def r_dim0(a, g, quantile):
    v = a * g
    return g * (v > v.quantile(quantile, dim=0, keepdim=True))


@wrong("02.6", "one threshold for each channel")
def r_channel(a, g, quantile):
    v = a * g
    if v.ndim < 3:
        return rr_where(a, g, quantile)
    t = v.flatten(2).quantile(quantile, dim=2)[..., None, None]
    return g * (v > t)


@wrong("02.6", "returns the mask")
def r_mask(a, g, quantile):
    v = a * g
    return v > _thr(v, quantile)


@wrong("02.6", "mask of ones and zeros as numbers")
def r_mask_float(a, g, quantile):
    v = a * g
    return (v > _thr(v, quantile)).to(g)


@wrong("02.6", "1 - quantile")
def r_one_minus(a, g, quantile):
    v = a * g
    return g * (v > _thr(v, 1 - quantile))


@wrong("02.6", "lower rank instead of linear between ranks")
def r_lower(a, g, quantile):
    v = a * g
    t = v.flatten(1).quantile(quantile, dim=1, interpolation="lower").view(-1, *[1] * (v.ndim - 1))
    return g * (v > t)


@wrong("02.6", "also clamps g at 0, as in Guided Backprop")
def r_clamped(a, g, quantile):
    v = a * g
    return g.clamp(min=0) * (v > _thr(v, quantile))


@wrong("02.6", "the threshold is never below 0")
def r_thr_clamped(a, g, quantile):
    v = a * g
    return g * (v > _thr(v, quantile).clamp(min=0))


@wrong("02.6", "quantile times the largest a g as the threshold")
def r_share_of_max(a, g, quantile):
    v = a * g
    return g * (v > quantile * v.flatten(1).amax(1).view(-1, *[1] * (v.ndim - 1)))


@wrong("02.6", "the quantile itself as the threshold")
def r_tau(a, g, quantile):
    return g * (a * g > quantile)


@wrong("02.6", "changes g in place")
def r_inplace(a, g, quantile):
    v = a * g
    g[v <= _thr(v, quantile)] = 0
    return g


@wrong("02.6", "changes a in place (a *= g)")
def r_inplace_a(a, g, quantile):
    a *= g
    return torch.where(a > _thr(a, quantile), g, torch.zeros_like(g))


@wrong("02.6", "Guided Backprop: threshold 0, quantile ignored")
def r_guided(a, g, quantile):
    return g * (a * g > 0)


@wrong("02.6", "0.98 hard-coded")
def r_098(a, g, quantile):
    v = a * g
    return g * (v > _thr(v, 0.98))


@wrong("02.6", "keeps what is below the threshold")
def r_below(a, g, quantile):
    v = a * g
    return g * (v < _thr(v, quantile))


@wrong("02.6", "mean of a g as the threshold, quantile ignored")
def r_meanthr(a, g, quantile):
    v = a * g
    return g * (v > v.flatten(1).mean(1).view(-1, *[1] * (v.ndim - 1)))


@wrong("02.6", "returns a flat map")
def r_flat(a, g, quantile):
    v = (a * g).flatten(1)
    return g.flatten(1) * (v > v.quantile(quantile, dim=1, keepdim=True))


@wrong("02.6", "threshold of the first input for all")
def r_first(a, g, quantile):
    v = a * g
    return g * (v > v[0].flatten().quantile(quantile))


@wrong("02.6", "no keepdim: the thresholds (N,) stand along the last dimension")
def r_nokeepdim(a, g, quantile):
    v = a * g
    return g * (v > v.flatten(1).quantile(quantile, dim=1))


@wrong("02.6", "keeps the share 1 - quantile of the units by count (rounded), one too many or few")
def r_topk(a, g, quantile):
    v = (a * g).flatten(1)
    k = max(1, int((1 - quantile) * v.shape[1]))
    keep = torch.zeros_like(v).scatter(1, v.topk(k, dim=1).indices, 1.0)
    return (g.flatten(1) * keep).view_as(g)


@wrong("02.6", "quantile of the open units only (a > 0)")
def r_open_only(a, g, quantile):
    out = torch.zeros_like(g)
    for n in range(len(a)):
        v = a[n] * g[n]
        live = v[a[n] > 0]
        t = live.quantile(quantile) if len(live) else torch.tensor(0.0)
        out[n] = g[n] * (v > t)
    return out


@right("02.6", "torch.where, reshape")
def rr_where(a, g, quantile):
    v = (a * g).reshape(len(a), -1)
    t = torch.quantile(v, quantile, dim=1, keepdim=True)
    return torch.where(v > t, g.reshape(len(a), -1), torch.zeros_like(v)).reshape(g.shape)


@right("02.6", "loop over inputs, boolean mask on a copy")
def rr_loop(a, g, quantile):
    out = g.clone()
    for n in range(len(out)):
        v = a[n] * g[n]
        out[n][~(v > v.quantile(quantile))] = 0.0
    return out


@right("02.6", "NumPy quantile")
def rr_numpy(a, g, quantile):
    an, gn = a.detach().numpy(), g.detach().numpy()
    v = an * gn
    t = np.quantile(v.reshape(len(v), -1), quantile, axis=1).reshape(-1, *[1] * (v.ndim - 1))
    return torch.from_numpy(np.where(v > t, gn, 0).astype(gn.dtype))


@right("02.6", "sorts and interpolates by hand")
def rr_sorted(a, g, quantile):
    v = (a * g).flatten(1)
    s = v.sort(dim=1).values
    pos = quantile * (v.shape[1] - 1)
    lo, hi = math.floor(pos), math.ceil(pos)
    t = torch.lerp(s[:, lo], s[:, hi], pos - lo)
    return ((v > t[:, None]) * g.flatten(1)).view(g.shape)


rv(
    "02.6",
    "rr_vmap",
    lambda a, g, quantile: torch.stack(
        [gi * ((ai * gi) > torch.quantile(ai * gi, quantile)) for ai, gi in zip(a, g)]
    ),
)

if __name__ == "__main__":
    print(sum(a["kind"] == "wrong" for a in ANSWERS), sum(a["kind"] == "right" for a in ANSWERS))
