"""Attack on lesson 01. A list of answers; written before any of them was run."""

import functools
import math
from fractions import Fraction

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


# ------------------------------------------------------------------ 01.1
G, S = (0, 1, 1), (-4, 5)
wv("01.1", "other_point", "copied the table: worked at (3, 1)", (1, 0, 1), (1, -3), 1)
wv("01.1", "times_value", "multiplied each unit's slope by the unit's value", G, (-15, 21), 1)
wv("01.1", "closed_unit_added", "added the closed first unit", G, (-2, 3), 1)
wv("01.1", "no_output_weights", "forgot the output weights 3 and -1", G, (0, 3), 1)
wv("01.1", "third_sign", "added the third unit instead of subtracting", G, (-2, 7), 1)
wv("01.1", "swapped", "slopes of x1 and x2 swapped", G, (5, -4), 1)
wv("01.1", "third_forgotten", "left the third unit out", G, (-3, 6), 1)
wv("01.1", "lost_the_2", "took the slope of unit two as (-1, 1), lost the factor 2", G, (-4, 2), 1)
wv("01.1", "signs_of_falling", "turned the signs of the gradient because x2 falls", G, (4, -5), 1)
wv("01.1", "third_gate_first", "looked at the third unit: 0", G, S, 0)
wv("01.1", "forgot_x1", "forgot -x1 in the second sum: 2 x2 - 1 = 0", G, S, 0.5)
wv("01.1", "distance", "gave the distance of the fall, 2, not the value of x2", G, S, 2)
wv("01.1", "distance_signed", "gave the change of x2, -2, not its value", G, S, -2)
wv(
    "01.1",
    "promise_zero_of_f",
    "gave the value of f there, 0 -> as x2... gave the start 3",
    G,
    S,
    3,
)
wv("01.1", "sums_as_gates", "gave the sums inside instead of 0/1", (-2, 4, 3), S, 1)
wv(
    "01.1",
    "third_off",
    "took the third gate as off because its output weight is negative",
    (0, 1, 0),
    (-3, 6),
    1,
)
wv("01.1", "all_on", "all gates on", (1, 1, 1), (-2, 3), 1)
wv(
    "01.1",
    "x1_falls",
    "moved x1 instead of x2 (x1 falls from 1: third gate changes at -2)",
    G,
    S,
    -2.0,
)
rv("01.1", "bools_np_float", (False, True, True), np.array([-4.0, 5.0]), 1.0)
rv("01.1", "tensors", torch.tensor([0, 1, 1]), torch.tensor([-4.0, 5.0]), torch.tensor(1.0))
rv("01.1", "lists_fraction", [0, 1, 1], [Fraction(-4), Fraction(5)], Fraction(1, 1))


# ------------------------------------------------------------------ 01.2
def _pick(scores, target):
    if isinstance(target, int):
        target = torch.full((len(scores),), target, device=scores.device)
    return scores.gather(1, target[:, None])[:, 0]


@wrong("01.2", "absolute values: signs lost")
def g_abs(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0].abs()


@wrong("01.2", "mean over the batch: divided by N")
def g_mean(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.mean(), p)[0]


@wrong("01.2", "gradient of the sum of all scores, target ignored")
def g_all(model, x, target):
    p = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(p).sum(), p)[0]


@wrong("01.2", "[:, target] picks all targets of the batch for each input")
def g_colon(model, x, target):
    p = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(p)[:, target].sum(), p)[0]


@wrong("01.2", "gradient of the probability")
def g_softmax(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p).softmax(1)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0]


@wrong("01.2", "gradient of the log probability")
def g_logsoftmax(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p).log_softmax(1)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0]


@wrong("01.2", "gradient of the cross-entropy loss")
def g_ce(model, x, target):
    p = x.detach().clone().requires_grad_()
    out = model(p)
    t = torch.as_tensor(target).expand(len(x))
    return torch.autograd.grad(F.cross_entropy(out, t), p)[0]


@wrong("01.2", "minus the score, as if it were a loss: other sign")
def g_minus(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(-s.sum(), p)[0]


@wrong("01.2", "gradient of the winning score, not of the target's")
def g_max(model, x, target):
    p = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(p).max(dim=1).values.sum(), p)[0]


@wrong("01.2", "only the first input's score: the others get 0")
def g_first_input(model, x, target):
    p = x.detach().clone().requires_grad_()
    t = target if isinstance(target, int) else target[0]
    return torch.autograd.grad(model(p)[0, t], p)[0]


@wrong("01.2", "the first target for all inputs")
def g_first_target(model, x, target):
    p = x.detach().clone().requires_grad_()
    t = target if isinstance(target, int) else int(target[0])
    return torch.autograd.grad(model(p)[:, t].sum(), p)[0]


@wrong("01.2", "works on the caller's x: it asks for gradients afterwards")
def g_on_x(model, x, target):
    x.requires_grad_()
    s = model(x)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), x)[0]


@wrong("01.2", "backward(): the weights of the model keep gradients in .grad")
def g_backward_weights(model, x, target):
    p = x.detach().clone().requires_grad_()
    model(p)[torch.arange(len(x)), target].sum().backward()
    return p.grad


@wrong("01.2", "backward on the caller's x: .grad is stored and adds up")
def g_backward_x(model, x, target):
    x.requires_grad_(True)
    model(x)[torch.arange(len(x)), target].sum().backward()
    return x.grad


@wrong("01.2", "forgot [0]: returns the tuple")
def g_tuple(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)


@wrong("01.2", "gradient times input")
def g_times_x(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0] * x


@wrong("01.2", "divides each gradient by its largest absolute value")
def g_normalised(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    g = torch.autograd.grad(s.sum(), p)[0]
    return g / g.abs().max()


@wrong(
    "01.2", "returns the paper's map: largest absolute value over dimension 1, not the shape of x"
)
def g_map(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0].abs().amax(1)


@wrong("01.2", "gradient at a black input (zeros), not at x")
def g_at_zero(model, x, target):
    p = torch.zeros_like(x).requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0]


@wrong("01.2", "squares the scores before summing: gradient times twice the score")
def g_square(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad((s**2).sum(), p)[0]


@wrong("01.2", "one number for target only: int(target) crashes with a tensor of several")
def g_int_only(model, x, target):
    p = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(p)[:, int(target)].sum(), p)[0]


@wrong("01.2", "needs a tensor of targets: target[i] crashes with an int")
def g_tensor_only(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)
    total = sum(s[i, target[i]] for i in range(len(x)))
    return torch.autograd.grad(total, p)[0]


@wrong("01.2", "number of classes hard-coded as 10 in the one-hot")
def g_ten(model, x, target):
    p = x.detach().clone().requires_grad_()
    t = torch.as_tensor(target).expand(len(x))
    return torch.autograd.grad((model(p) * F.one_hot(t, 10)).sum(), p)[0]


@wrong("01.2", "switches the gradients of the model's weights off and leaves them off")
def g_freeze(model, x, target):
    for w in model.parameters():
        w.requires_grad_(False)
    p = x.detach().clone().requires_grad_()
    model(p)[torch.arange(len(x)), target].sum().backward()
    return p.grad


@wrong("01.2", "return stands inside the loop: only the first input's gradient, shape (1, ...)")
def g_early_return(model, x, target):
    for i in range(len(x)):
        p = x[i : i + 1].detach().clone().requires_grad_()
        t = target if isinstance(target, int) else target[i]
        g = torch.autograd.grad(model(p)[0, t], p)[0]
        return g


@wrong("01.2", "returns only the signs of the slopes")
def g_sign(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)[torch.arange(len(x)), target]
    return torch.autograd.grad(s.sum(), p)[0].sign()


@wrong("01.2", "differences with a step of 0.5, far too long, instead of the slope")
def g_big_step(model, x, target):
    base = _pick(model(x), target)
    g = torch.zeros_like(x)
    flat = x.flatten(1)
    for j in range(flat.shape[1]):
        moved = flat.clone()
        moved[:, j] += 0.5
        g.view(len(x), -1)[:, j] = (_pick(model(moved.view_as(x)), target) - base) / 0.5
    return g


@right("01.2", "one-hot signal")
def gr_onehot(model, x, target):
    p = x.detach().clone().requires_grad_()
    s = model(p)
    t = torch.as_tensor(target, device=x.device).expand(len(x))
    return torch.autograd.grad(s, p, F.one_hot(t, s.shape[1]).to(s))[0]


@right("01.2", "loop over inputs")
def gr_loop(model, x, target):
    out = []
    for i in range(len(x)):
        p = x[i : i + 1].detach().clone().requires_grad_()
        t = int(target) if not torch.is_tensor(target) or target.ndim == 0 else int(target[i])
        out.append(torch.autograd.grad(model(p)[0, t], p)[0])
    return torch.cat(out)


@right("01.2", "backward(inputs=...) stores nothing on weights")
def gr_backward_inputs(model, x, target):
    with torch.enable_grad():
        p = x.detach().clone().requires_grad_(True)
        s = model(p)[range(len(x)), target]
        s.sum().backward(inputs=[p])
    return p.grad.detach().clone()


@right("01.2", "torch.func.grad")
def gr_func(model, x, target):
    def score(q):
        s = model(q)
        return s[torch.arange(len(q)), target].sum()

    return torch.func.grad(score)(x)


class _Grad:
    def __init__(self, offset):
        self.offset = offset

    def __call__(self, model, x, target):
        p = x.clone().detach().requires_grad_()
        return torch.autograd.grad(_pick(model(p), target).sum() + self.offset, p)[0]


rv("01.2", "gr_class_call", _Grad(3.0))


def _general(model, x, target, factor):
    p = x.detach().clone().requires_grad_()
    return torch.autograd.grad(factor * _pick(model(p), target).sum(), p)[0] / factor


rv("01.2", "gr_partial", functools.partial(_general, factor=2.0))


# ------------------------------------------------------------------ 01.3
@wrong("01.3", "no absolute value")
def m_noabs(slopes):
    return slopes.amax(dim=1)


@wrong("01.3", "largest first, then the absolute value")
def m_max_then_abs(slopes):
    return slopes.max(dim=1).values.abs()


@wrong("01.3", "adds the channels, then the absolute value")
def m_sum_abs(slopes):
    return slopes.sum(dim=1).abs()


@wrong("01.3", "adds the absolute values instead of the largest")
def m_abs_sum(slopes):
    return slopes.abs().sum(dim=1)


@wrong("01.3", "mean of the absolute values instead of the largest")
def m_abs_mean(slopes):
    return slopes.abs().mean(dim=1)


@wrong("01.3", "divides each map by its own largest value")
def m_rescaled(slopes):
    m = slopes.abs().amax(dim=1)
    return m / m.amax(dim=(1, 2), keepdim=True)


@wrong("01.3", "rescales to 0..1, zeros guarded with a small number")
def m_rescaled_eps(slopes):
    m = slopes.abs().amax(dim=1)
    low = m.amin(dim=(1, 2), keepdim=True)
    high = m.amax(dim=(1, 2), keepdim=True)
    return (m - low) / (high - low + 1e-8)


@wrong("01.3", "keeps the channel dimension: (N, 1, H, W)")
def m_keepdim(slopes):
    return slopes.abs().amax(dim=1, keepdim=True)


@wrong("01.3", "max(dim=1) without .values: values and places")
def m_named_tuple(slopes):
    return slopes.abs().max(dim=1)


@wrong("01.3", "returns the places (which channel) instead of the values")
def m_places(slopes):
    return slopes.abs().max(dim=1)[1]


@wrong("01.3", "largest over the batch (dim 0) instead of the channels")
def m_dim0(slopes):
    return slopes.abs().amax(dim=0)


@wrong("01.3", "largest over the last dimension (width) instead of the channels")
def m_dim_last(slopes):
    return slopes.abs().amax(dim=-1)


@wrong("01.3", "length over the channels (root of the sum of squares)")
def m_norm(slopes):
    return slopes.norm(dim=1)


@wrong("01.3", "abs_ in place: changes the argument")
def m_inplace(slopes):
    return slopes.abs_().amax(dim=1)


@wrong("01.3", "only positive slopes count (clamp instead of abs)")
def m_clamp(slopes):
    return slopes.clamp(min=0).amax(dim=1)


@wrong("01.3", "only the first picture: (H, W)")
def m_first(slopes):
    return slopes[0].abs().amax(dim=0)


@wrong("01.3", "squeeze drops the batch dimension when there is one picture")
def m_squeeze(slopes):
    return slopes.abs().amax(dim=1).squeeze()


@wrong("01.3", "size of the picture hard-coded, 224")
def m_224(slopes):
    return slopes.abs().amax(dim=1).reshape(-1, 224, 224)


@wrong("01.3", "the smallest absolute slope")
def m_min(slopes):
    return slopes.abs().amin(dim=1)


@wrong("01.3", "keeps the sign of the largest absolute slope")
def m_signed_largest(slopes):
    i = slopes.abs().argmax(dim=1, keepdim=True)
    return slopes.gather(1, i)[:, 0]


@right("01.3", "max of max and -min")
def mr_maxmin(slopes):
    return torch.maximum(slopes.amax(1), -slopes.amin(1))


@right("01.3", "infinity norm")
def mr_inf(slopes):
    return torch.linalg.vector_norm(slopes, ord=math.inf, dim=1)


@right("01.3", "NumPy inside")
def mr_numpy(slopes):
    return torch.from_numpy(np.abs(slopes.detach().cpu().numpy()).max(axis=1))


@right("01.3", "loops over channels, squares and root")
def mr_loop(slopes):
    best = slopes[:, 0] ** 2
    for c in (1, 2):
        best = torch.where(slopes[:, c] ** 2 > best, slopes[:, c] ** 2, best)
    return best.sqrt()


@right("01.3", "in place on a copy")
def mr_copy(slopes):
    s = slopes.clone()
    s[s < 0] *= -1
    return s.max(1)[0]


# ------------------------------------------------------------------ 01.4
def _p(logits, target):
    p = logits.softmax(1)
    return p, p[torch.arange(len(p)), target]


def _own(gradients, target):
    return gradients[torch.arange(len(gradients)), target]


def _wide(v, like):
    return v.reshape(v.shape + (1,) * (like.ndim - v.ndim))


@wrong("01.4", "forgot to subtract the mean slope: p_t times own slope")
def p_nomean(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * own


@wrong("01.4", "forgot to multiply by p_t: the gradient of log p")
def p_logp(logits, gradients, target):
    p, pt = _p(logits, target)
    return _own(gradients, target) - (_wide(p, gradients) * gradients).sum(1)


@wrong("01.4", "plain mean of all slopes instead of the mean weighted by p")
def p_plainmean(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * (own - gradients.mean(1))


@wrong("01.4", "adds the mean slope instead of subtracting it")
def p_plus(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * (own + (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "p_t (1 - p_t) times own slope, the rule of the sigmoid: the rivals are missing")
def p_sigmoid_rule(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt * (1 - pt), own) * own


@wrong("01.4", "the sum of all slopes without the weights p_k")
def p_plainsum(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * (own - gradients.sum(1))


@wrong("01.4", "softmax over the batch (dim 0) instead of the classes")
def p_dim0(logits, gradients, target):
    p = logits.softmax(0)
    pt = p[torch.arange(len(p)), target]
    own = _own(gradients, target)
    return _wide(pt, own) * (own - (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "the first target for all inputs")
def p_first_target(logits, gradients, target):
    p = logits.softmax(1)
    t = int(target[0])
    own = gradients[:, t]
    return _wide(p[:, t], own) * (own - (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "[:, target] picks all targets for each input: a dimension too many")
def p_colon(logits, gradients, target):
    p = logits.softmax(1)
    own = gradients[:, target]
    return _wide(p[:, target], own) * (own - (_wide(p, gradients) * gradients).sum(1, keepdim=True))


@wrong("01.4", "works only for vectors: p[:, :, None] does not fit images")
def p_vectors(logits, gradients, target):
    p, pt = _p(logits, target)
    return pt[:, None] * (_own(gradients, target) - (p[:, :, None] * gradients).sum(1))


@wrong("01.4", "forgot the exponential: logit over the sum of logits")
def p_noexp(logits, gradients, target):
    p = logits / logits.sum(1, keepdim=True)
    pt = p[torch.arange(len(p)), target]
    own = _own(gradients, target)
    return _wide(pt, own) * (own - (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "leaves the own class out of the mean")
def p_rivals_only(logits, gradients, target):
    p, pt = _p(logits, target)
    q = p.clone()
    q[torch.arange(len(p)), target] = 0
    own = _own(gradients, target)
    return _wide(pt, own) * (own - (_wide(q, gradients) * gradients).sum(1))


@wrong("01.4", "sign: mean minus own slope")
def p_sign(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * ((_wide(p, gradients) * gradients).sum(1) - own)


@wrong("01.4", "multiplies the given gradients in place")
def p_inplace(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target).clone()
    gradients *= _wide(p, gradients)
    return _wide(pt, own) * (own - gradients.sum(1))


@wrong("01.4", "only the first input of the batch: [0]")
def p_batch1(logits, gradients, target):
    p = logits[0].softmax(0)
    mean = sum(p[k] * gradients[0, k] for k in range(len(p)))
    return (p[target[0]] * (gradients[0, target[0]] - mean))[None]


@wrong("01.4", "sigmoid of each logit instead of the softmax")
def p_sigmoid(logits, gradients, target):
    p = logits.sigmoid()
    pt = p[torch.arange(len(p)), target]
    own = _own(gradients, target)
    return _wide(pt, own) * (own - (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "gradients of the probabilities of all classes (N, K, ...), target not picked")
def p_all_classes(logits, gradients, target):
    p = logits.softmax(1)
    mean = (_wide(p, gradients) * gradients).sum(1, keepdim=True)
    return _wide(p, gradients) * (gradients - mean)


@wrong("01.4", "absolute values")
def p_abs(logits, gradients, target):
    return pr_einsum(logits, gradients, target).abs()


@wrong("01.4", "the winner's probability instead of the target's")
def p_argmax(logits, gradients, target):
    return pr_einsum(logits, gradients, logits.argmax(1))


@wrong("01.4", "multiplied by the logit instead of by the probability")
def p_times_logit(logits, gradients, target):
    p, _ = _p(logits, target)
    own = _own(gradients, target)
    zt = logits[torch.arange(len(logits)), target]
    return _wide(zt, own) * (own - (_wide(p, gradients) * gradients).sum(1))


@wrong("01.4", "mean (divide by K) of the weighted slopes instead of their sum")
def p_div_k(logits, gradients, target):
    p, pt = _p(logits, target)
    own = _own(gradients, target)
    return _wide(pt, own) * (own - (_wide(p, gradients) * gradients).mean(1))


@right("01.4", "einsum")
def pr_einsum(logits, gradients, target):
    p = torch.softmax(logits, dim=1)
    n = torch.arange(len(p), device=p.device)
    d = F.one_hot(target, p.shape[1]).to(p) - p
    return torch.einsum("n,nk,nk...->n...", p[n, target], d, gradients)


@right("01.4", "autograd of the softmax as weights")
def pr_autograd(logits, gradients, target):
    with torch.enable_grad():
        z = logits.detach().clone().requires_grad_()
        pt = z.softmax(1).gather(1, target[:, None]).sum()
        w = torch.autograd.grad(pt, z)[0]
    return (w.reshape(*w.shape, *[1] * (gradients.ndim - 2)) * gradients).sum(1)


@right("01.4", "NumPy and double loop")
def pr_numpy(logits, gradients, target):
    out = []
    for z, g, t in zip(logits.double().numpy(), gradients.double().numpy(), target.tolist()):
        e = np.exp(z - z.max())
        p = e / e.sum()
        out.append(p[t] * (g[t] - np.tensordot(p, g, axes=(0, 0))))
    return torch.tensor(np.stack(out)).to(gradients.dtype)


@right("01.4", "Jacobian diag(p) - p p^T, flattened")
def pr_jacobian(logits, gradients, target):
    p = logits.softmax(-1)
    J = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    row = J[torch.arange(len(p)), target][:, None]
    return (row @ gradients.flatten(2))[:, 0].reshape(gradients[:, 0].shape)


@right("01.4", "the card's formula with plain exp")
def pr_plain_exp(logits, gradients, target):
    e = logits.exp()
    p = e / e.sum(dim=1, keepdim=True)
    res = []
    for n in range(len(p)):
        mean = torch.tensordot(p[n], gradients[n], dims=1)
        res.append(p[n, target[n]] * (gradients[n, target[n]] - mean))
    return torch.stack(res)


# ------------------------------------------------------------------ 01.5
def sat(p):
    return 1 - torch.relu(1 - p[:, 0])


wv(
    "01.5",
    "closed_and_useless",
    "a closed relu: slope 0, but setting x to 0 changes nothing",
    (lambda p: torch.relu(p[:, 0]), [[-1.0]], 0),
)
wv(
    "01.5",
    "on_the_kink",
    "x lies exactly on the kink",
    (lambda p: 1 - torch.relu(2 - p[:, 0]), [[2.0]], 0),
)
wv(
    "01.5",
    "abs_kink",
    "x lies exactly on the kink of an absolute value",
    (lambda p: (p[:, 0] - 1).abs(), [[1.0]], 0),
)
wv(
    "01.5",
    "detached",
    "0 made up by detach",
    (lambda p: p[:, 0].detach() + 0 * p[:, 0], [[3.0]], 0),
)
wv(
    "01.5",
    "part_detached",
    "detaches the used feature, another one keeps the graph",
    (lambda p: 2 * p[:, 0].detach() + p[:, 1], [[3.0, 1.0]], 0),
)


def _nograd(p):
    with torch.no_grad():
        a = 2 * p[:, 0]
    return a + p[:, 1]


wv("01.5", "no_grad", "0 made up by torch.no_grad", (_nograd, [[3.0, 1.0]], 0))
wv(
    "01.5",
    "small_effect",
    "the effect is 0.3, not above 0.5",
    (lambda p: 0.3 * (1 - torch.relu(1 - p[:, 0])), [[2.0]], 0),
)
wv(
    "01.5",
    "effect_exactly_half",
    "the effect is exactly 0.5, not above",
    (lambda p: 0.5 * (1 - torch.relu(1 - p[:, 0])), [[2.0]], 0),
)
wv(
    "01.5",
    "sigmoid_5",
    "sigmoid at 5: the slope is small (0.007) but not 0",
    (lambda p: torch.sigmoid(p[:, 0]) * 2, [[5.0]], 0),
)
wv(
    "01.5",
    "cos_rounded",
    "cos at 3.14: pi rounded too much, slope -0.0016",
    (lambda p: torch.cos(p[:, 0]), [[3.14]], 0),
)
wv("01.5", "index_from_1", "counts features from 1", (sat, [[2.0]], 1))
wv(
    "01.5",
    "wrong_feature",
    "names the other feature, with a slope of 1",
    (lambda p: 1 - torch.relu(1 - p[:, 0]) + p[:, 1], [[2.0, 3.0]], 1),
)
wv(
    "01.5",
    "out_of_range",
    "x = 20 is outside -10..10",
    (lambda p: 1 - torch.relu(1 - p[:, 0]), [[20.0]], 0),
)
wv(
    "01.5",
    "column",
    "f returns (N, 1) instead of (N,)",
    (lambda p: 1 - torch.relu(1 - p), [[2.0]], 0),
)
wv(
    "01.5",
    "scalar",
    "f adds up the batch: one number instead of (N,)",
    (lambda p: (1 - torch.relu(1 - p)).sum(), [[2.0]], 0),
)
wv(
    "01.5",
    "reverse",
    "the other way round: slope 2, and deleting changes nothing",
    (lambda p: p[:, 0] * (p[:, 0] - 2), [[2.0]], 0),
)
wv("01.5", "unused", "f does not use the feature at all", (lambda p: p[:, 1], [[2.0, 3.0]], 0))
wv(
    "01.5",
    "max_loser",
    "the loser of a maximum: slope 0, but it decides nothing",
    (lambda p: torch.maximum(p[:, 0], p[:, 1]), [[1.0, 3.0]], 0),
)
wv(
    "01.5",
    "zero_partner",
    "a product with 0: slope 0, but deleting changes nothing",
    (lambda p: p[:, 0] * p[:, 1], [[2.0, 0.0]], 0),
)
wv(
    "01.5",
    "already_zero",
    "the feature is 0 already, so setting it to 0 changes nothing",
    (lambda p: p[:, 0] ** 2, [[0.0]], 0),
)
wv(
    "01.5",
    "clamp_edge",
    "exactly on the edge of a clamp",
    (lambda p: p[:, 0].clamp(0, 1), [[1.0]], 0),
)
wv("01.5", "flat_x", "x is a flat list [2.0] and not [[2.0]]", (sat, [2.0], 0))
wv("01.5", "order", "x and f swapped", ([[2.0]], sat, 0))
wv(
    "01.5",
    "floor_jump",
    "floor at 3.0: exactly on a jump, there is no slope",
    (lambda p: torch.floor(p[:, 0]), [[3.0]], 0),
)
wv("01.5", "no_feature", "handed in only f and x", (sat, [[2.0]]))
wv(
    "01.5",
    "other_deletion",
    "compares with another photo point (1 instead of 0): at 0 f is the same",
    (lambda p: torch.relu(1 - (p[:, 0] - 1).abs()), [[3.0]], 0),
)
rv("01.5", "closed_opens", (lambda p: torch.relu(p[:, 0] + 1), [[-2.0]], 0))
rv("01.5", "parabola", (lambda p: (p[:, 0] - 1) ** 2, [[1.0]], 0))
rv("01.5", "tanh10", (lambda p: torch.tanh(p[:, 0]), torch.tensor([[10.0]]), 0))
rv("01.5", "relu6_second", (lambda p: p[:, 0] + nn.functional.relu6(p[:, 1]), [[-3.0, 8.0]], 1))
rv(
    "01.5",
    "cos_pi",
    (lambda p: torch.cos(p[:, 0]), torch.tensor([[math.pi]], dtype=torch.float64), 0),
)
rv("01.5", "step_round", (lambda p: torch.round(p[:, 0]), [[3.0]], 0))
rv(
    "01.5",
    "maximum_hidden",
    (lambda p: torch.minimum(p[:, 0], p[:, 1]), torch.tensor([[5, 2]]), 0),
    why="min(x0, x1): x0 = 5 has slope 0; at 0 the min falls from 2 to 0. x of integers",
)


class _Sat(nn.Module):
    def forward(self, p):
        return -p[:, 2].clamp(max=1) * 3


rv(
    "01.5",
    "module_3_features",
    (_Sat(), ((0.0, 1.0, 4.0),), 2),
    why="an nn.Module; x as a tuple in a tuple",
)


# ------------------------------------------------------------------ 01.6
def parts(g=0, h=(0, 0, 1), o=1, b=(11, 11)):
    return {"gradient_x_input": g, "hidden_biases": h, "output_bias": o, "bias_free": b}


wv("01.6", "sum_is_f", "thinks that gradient x input adds up to f = 2", parts(g=2))
wv("01.6", "abs_shares", "adds absolute values 3 + 3", parts(g=6))
wv("01.6", "sum_of_slopes", "sum of the slopes, forgot the input: 1 - 3", parts(g=-2))
wv("01.6", "gxi_other_point", "gradient x input at (1, 3)", parts(g=11))
wv(
    "01.6",
    "slopes_not_products",
    "the slopes with respect to the biases, not times the bias",
    parts(h=(2, 0, -1)),
)
wv("01.6", "third_minus", "forgot the output weight -1: sign of the third", parts(h=(0, 0, -1)))
wv("01.6", "closed_gate_counts", "the closed unit counts too: -1 * 3", parts(h=(0, -3, 1)))
wv("01.6", "biases_themselves", "handed in the biases", parts(h=(0, -1, -1)))
wv("01.6", "times_value_bias", "multiplied by the value of the unit, 3", parts(h=(0, 0, 3)))
wv(
    "01.6",
    "gates_of_1_3",
    "gates at (1, 3) instead of (3, 1): the second counts",
    parts(h=(0, -3, 1), g=11),
)
wv("01.6", "constant_no_slope", "a constant has slope 0, so the output bias gets 0", parts(o=0))
wv("01.6", "output_rest", "output bias takes the whole rest: 2", parts(o=2))
wv("01.6", "with_biases", "f at (1, 3) with the biases still in: 10", parts(b=(10, 11)))
wv("01.6", "free_at_3_1", "bias free at (3, 1) instead of (1, 3)", parts(b=(0, 0)))
wv("01.6", "output_bias_left", "left the output bias in: 12", parts(b=(12, 11)))
wv("01.6", "only_output_removed", "removed only the +1: 9", parts(b=(9, 11)))
wv("01.6", "old_gates", "kept the gates of (3, 1)", parts(b=(-8, -8)))
wv("01.6", "sum_still_zero", "thinks the sum stays 0 without biases", parts(b=(11, 0)))
rv(
    "01.6",
    "lists_floats",
    {
        "gradient_x_input": -0.0,
        "hidden_biases": [0.0, -0.0, 1.0],
        "output_bias": True * 1.0,
        "bias_free": [11.0, 11.0],
    },
)
rv(
    "01.6",
    "tensors_np",
    parts(torch.tensor(0.0), np.array([0, 0, 1]), np.float64(1), torch.tensor([11.0, 11.0])),
)

if __name__ == "__main__":
    print(sum(a["kind"] == "wrong" for a in ANSWERS), sum(a["kind"] == "right" for a in ANSWERS))
