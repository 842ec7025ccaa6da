"""For each registered method, a check that does not use it: right, or wrong and by how much.

A check is a function (method, case) that calls the method through `asked` and returns the relative
error of its answer, and what the second opinion was.
"""

import copy
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from families import Case
from other_backwards import NoOpinion, as_layers, of_relus, rescaled, softplus_for_relu
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc

__all__ = ["CHECKS", "Crash", "NotRun", "Refusal", "Verdict"]


MOST_SECONDS = 20  # of all forward passes of a check, by the time of one
PACKAGE = str(Path(xc.__file__).parent)


class Refusal(Exception):
    """The method says that it does not explain this model."""


class NotRun(Exception):
    """The check would take too long."""


class Crash(Exception):
    """The method ends with an error that is no refusal."""


class Verdict(NamedTuple):
    """How far an answer is from the second opinion, relative to its norm, and what that was."""

    error: float
    opinion: str
    note: str = ""


Check = Callable[[str, Case], Verdict]
CHECKS: dict[str, Check] = {}


def check(*names: str) -> Callable[[Check], Check]:
    """Note which methods a check is for."""

    def note(function: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, function))
        return function

    return note


def asked(name: str, model: Any, x: Tensor, target: Any, **settings: Any) -> Any:
    """Call a method for its details; sort its errors."""
    try:
        return xc.METHODS[name].method(model, x, target, return_details=True, **settings)
    except Exception as error:
        if is_refusal(error):
            raise Refusal(str(error)) from error
        raise Crash(f"{type(error).__name__}: {error}") from error


def is_refusal(error: Exception) -> bool:
    """Tell whether the package itself raised an error, and of the kinds that it raises."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    return isinstance(error, ValueError | TypeError) and f"{PACKAGE}/" in last


def apart(a: Tensor, b: Tensor, size: float | None = None) -> float:
    """Return |a - b| relative to |b|, or to a size."""
    size = float(b.double().norm()) if size is None else size
    return float((a.double() - b.double()).norm()) / (size or 1.0)


# ---- what autograd says --------------------------------------------------------------------------


def score(case: Case, x: Tensor, model: Any = None) -> Tensor:
    """F for each row."""
    outputs = (model or case.model)(x)
    place = case.target if isinstance(case.target, tuple) else (case.target,)
    return outputs[(slice(None), *place)]


def slopes(case: Case, points: Tensor, mode: Any = None, model: Any = None) -> Tensor:
    """dF/dx at points, row by row.

    Each row stands twice in its batch: alone, torch 2.14's batch norm in eval mode differentiates
    a (1, C, L, 1) wrongly where the gradient that arrives is stored transposed (LeViT).
    """
    found = []
    for row in points.split(1):
        leaf = row.detach().repeat(2, *[1] * (row.dim() - 1)).requires_grad_(True)
        with torch.enable_grad(), mode or nullcontext():
            (grad,) = torch.autograd.grad(score(case, leaf + 0, model)[0], leaf)
        found.append(grad[:1])
    return torch.cat(found)


def rises(case: Case) -> tuple[Tensor, Tensor]:
    """A direction d and, by finite differences, the slope of F along it, (N,)."""
    d = torch.randn(case.x.shape, generator=torch.Generator().manual_seed(4), dtype=case.x.dtype)
    with torch.no_grad():
        return d, (score(case, case.x + 1e-6 * d) - score(case, case.x - 1e-6 * d)) / 2e-6


@check("gradient", "saliency", "input_x_gradient")
def plain(name: str, case: Case) -> Verdict:
    got = asked(name, case.model, case.x, case.target).values
    g = slopes(case, case.x)
    right = {"gradient": g, "saliency": g.abs(), "input_x_gradient": g * case.x}[name]
    d, rise = rises(case)
    if apart((g * d).flatten(1).sum(1), rise) > 2e-2:  # there may be a kink on the way
        return Verdict(1.0, "finite differences", "autograd itself is wrong")
    return Verdict(apart(got, right), "autograd, row by row; finite differences")


@check("integrated_gradients")
def integrated(name: str, case: Case) -> Verdict:
    got = asked(name, case.model, case.x, case.target, steps=4).values
    nodes, weights = np.polynomial.legendre.leggauss(4)
    total = sum(
        w / 2 * slopes(case, (a + 1) / 2 * case.x) for a, w in zip(nodes, weights, strict=True)
    )
    return Verdict(apart(got, case.x * total), "a loop over NumPy's nodes")


# ---- noise ---------------------------------------------------------------------------------------


class Recorder(nn.Module):
    """Remembers the points, and the weights, on which its net is differentiated."""

    def __init__(self, inner: nn.Module, weights: bool) -> None:
        super().__init__()
        self.inner, self.weights = inner, weights
        self.seen: list[tuple[Tensor, dict[str, Tensor]]] = []

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad:
            named = dict(self.inner.named_parameters()) if self.weights else {}
            self.seen.append((x.detach().clone(), {k: v.detach() for k, v in named.items()}))
        return self.inner(x)


@check("smoothgrad", "smoothgrad_squared", "vargrad")
def noisy_inputs(name: str, case: Case) -> Verdict:
    recorder = Recorder(case.model, weights=False).eval()
    got = asked(name, recorder, case.x, case.target, samples=3).values
    points = torch.cat([seen for seen, _ in recorder.seen])
    row = torch.cdist(points.flatten(1), case.x.flatten(1)).argmin(1)
    right = []
    for k in range(len(case.x)):
        own = points[row == k]
        noise = (own - case.x[k]).std() / (case.x[k].max() - case.x[k].min())
        if len(own) != 3 or abs(float(noise) / 0.15 - 1) > 0.2:
            return Verdict(1.0, "recorded points", f"{len(own)} copies, noise {float(noise):.2f}")
        g = slopes(case, own)
        mean = g.mean(0)
        squares = (g * g).mean(0)
        right.append(
            {"smoothgrad": mean, "smoothgrad_squared": squares}.get(name, squares - mean**2)
        )
    return Verdict(apart(got, torch.stack(right)), "autograd at the recorded copies")


@check("noisegrad", "fusiongrad")
def noisy_weights(name: str, case: Case) -> Verdict:
    recorder = Recorder(case.model, weights=True).eval()
    more = {"input_samples": 1} if name == "fusiongrad" else {}
    got = asked(name, recorder, case.x, case.target, samples=2, weight_sigma=0.05, **more).values
    before = dict(case.model.named_parameters())
    total, copies = torch.zeros_like(case.x), 0
    for points, weights in recorder.seen:
        ratio = torch.cat(
            [(w / before[k] - 1)[before[k] != 0].flatten() for k, w in weights.items()]
        )
        if abs(float(ratio.std()) / 0.05 - 1) > 0.2:
            return Verdict(1.0, "recorded weights", f"noise {float(ratio.std()):.3f}")
        model = copy.deepcopy(case.model)
        model.load_state_dict({**model.state_dict(), **weights})
        row = torch.cdist(points.flatten(1), case.x.flatten(1)).argmin(1)
        total.index_add_(0, row, slopes(case, points, model=model))
        copies += len(points)
    return Verdict(apart(got, total * len(case.x) / copies), "autograd with the recorded weights")


# ---- other backward rules ------------------------------------------------------------------------


def quantile_rule(z: Tensor, a: Tensor, grad: Tensor) -> Tensor:
    """RectGrad: pass on what is above the 98 % quantile of a R."""
    tau = torch.quantile((a * grad).flatten(1), 0.98, dim=1)
    return grad * (a * grad > tau.view(-1, *[1] * (a.dim() - 1)))


RULES = {
    "guided_backprop": lambda z, a, g: g.clamp(min=0) * (z > 0),
    "deconvnet": lambda z, a, g: g.clamp(min=0),
    "rectgrad": quantile_rule,
}


@check(*RULES)
def other_relus(name: str, case: Case) -> Verdict:
    got = asked(name, case.model, case.x, case.target).values
    right = slopes(case, case.x, of_relus(RULES[name]))
    right = right * case.x if name == "rectgrad" else right
    return Verdict(apart(got, right), "a function mode with the paper's ReLU")


@check("beta_smoothing")
def smoothed(name: str, case: Case) -> Verdict:
    got = asked(name, case.model, case.x, case.target).values
    right = slopes(case, case.x, softplus_for_relu(10.0))
    return Verdict(apart(got, right), "a function mode with softplus")


@check("deeplift", "deep_shap")
def differences(name: str, case: Case) -> Verdict:
    start = torch.full_like(case.x, 0.1)
    told = {"baseline": 0.1} if name == "deeplift" else {"baselines": 0.1}
    found = asked(name, case.model, case.x, case.target, **told)
    rise = (score(case, case.x) - score(case, start)).detach()
    gap = found.values.flatten(1).sum(1) - rise  # (N,)
    share = float(gap.abs().max() / rise.abs().max())
    note = "" if share < 1e-6 else f"gap {100 * share:.2g} %"
    try:
        right = torch.cat([_rescale(case, row) for row in case.x.split(1)])
    except NoOpinion:
        reported = found.gap if found.gap is not None else torch.zeros_like(gap)
        norms = any("Norm" in type(m).__name__ and "Batch" not in type(m).__name__
                    for m in case.model.modules())  # fmt: skip
        error = apart(gap, reported.to(gap), float(rise.norm()))
        if not norms:  # then nothing may be left over
            error = max(error, share)
        return Verdict(error, "completeness, with the reported gap", note)
    return Verdict(apart(found.values, right), "the rules on both rows at once", note)


def _rescale(case: Case, row: Tensor) -> Tensor:
    both = torch.cat([row, torch.full_like(row, 0.1)]).requires_grad_(True)
    with torch.enable_grad(), rescaled():
        (m,) = torch.autograd.grad(score(case, both + 0)[:1].sum(), both)
    # what reaches either row belongs to the difference of both
    return (row - 0.1) * m.sum(0, keepdim=True).detach()


@check("lrp")
def relevance(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target)
    F_x = score(case, case.x).detach()
    total = found.values.flatten(1).sum(1) + found.extra["absorbed"]
    conserved = apart(total, F_x)
    exact = asked(name, case.model, case.x, case.target, rules="zero").values
    try:
        right = case.x * slopes(case, case.x, as_layers())
    except NoOpinion:
        return Verdict(conserved, "conservation, with what was absorbed")
    return Verdict(max(conserved, apart(exact, right)), "LRP-0 as gradient x input; conservation")


@check("deep_taylor")
def taylor(name: str, case: Case) -> Verdict:
    low, high = float(case.x.min()), float(case.x.max())
    found = asked(name, case.model, case.x, case.target, low=low, high=high)
    total = found.values.flatten(1).sum(1) + found.extra["absorbed"]
    return Verdict(apart(total, score(case, case.x).detach()), "conservation, with the absorbed")


# ---- biases --------------------------------------------------------------------------------------


@check("fullgrad_decomposition", "bias_backprop")
def biases(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target)
    right = case.x * slopes(case, case.x)
    F_x = score(case, case.x).detach()
    if name == "bias_backprop":
        own, total = found.extra["input"], found.values.flatten(1).sum(1)
        total = total + own.flatten(1).sum(1)
    else:
        own, total = found.extra["parts"]["input"], found.values.sum(1)
    return Verdict(max(apart(own, right), apart(total, F_x)), "input part by autograd; sum is F")


@check("fullgrad")
def picture_of_biases(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target)
    try:
        right = _fullgrad(case)
    except NoOpinion:
        own = found.extra["parts"]["input"]
        total = sum(part.reshape(len(own), -1).sum(1) for part in found.extra["parts"].values())
        error = max(
            apart(own, case.x * slopes(case, case.x)), apart(total, score(case, case.x).detach())
        )
        return Verdict(error, "its parts add up to F")
    return Verdict(apart(found.values, right), "hooks on convolutions and batch norms")


def _fullgrad(case: Case) -> Tensor:
    """The paper's map where all biases are those of convolutions and batch norms."""
    known = (nn.Conv2d, nn.BatchNorm2d, nn.Linear, nn.ReLU, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
    leaves = [m for m in case.model.modules() if not any(m.children())]
    others = (nn.Identity, nn.Dropout, nn.AvgPool2d, nn.Flatten)
    if any(type(m) not in (*known, *others) for m in leaves):
        raise NoOpinion("other modules")
    kept: list[tuple[nn.Module, Tensor]] = []

    def keep(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        kept.append((module, output))
        return output.clone()  # the next module may work in place

    handles = [m.register_forward_hook(keep) for m in leaves if isinstance(m, known[:2])]
    leaf = case.x.clone().requires_grad_(True)
    with torch.enable_grad():
        F_x = score(case, leaf + 0).sum()
        grads = torch.autograd.grad(F_x, [leaf, *(t for _, t in kept)], allow_unused=True)
    for handle in handles:
        handle.remove()
    total = _psi(grads[0] * case.x)
    for (module, _), g in zip(kept, grads[1:], strict=True):
        b = module.bias
        if isinstance(module, nn.BatchNorm2d):
            b = b - module.weight * module.running_mean / (module.running_var + module.eps).sqrt()
        if b is not None and g is not None and g.shape[2] * g.shape[3] > 1:
            total = total + F.interpolate(_psi(g * b.view(1, -1, 1, 1)), case.x.shape[2:],
                                          mode="bilinear", align_corners=False)  # fmt: skip
    return total.detach()


def _psi(t: Tensor) -> Tensor:
    t = t.abs()
    low, high = t.amin((1, 2, 3), keepdim=True), t.amax((1, 2, 3), keepdim=True)
    return ((t - low) / (high - low).clamp_min(1e-300)).sum(1, keepdim=True)


# ---- feature maps --------------------------------------------------------------------------------


def layer_of(case: Case, name: str, raw: Tensor) -> tuple[Tensor, Tensor]:
    """A layer's output and its gradient by a hook, both (N, K, h, w) for a raw map (N, 1, h, w)."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: Any, output: Any) -> Any:
        first = output[0] if isinstance(output, tuple) else output
        kept.append(first)
        copied = first.clone()  # what comes next may work in place
        return (copied, *output[1:]) if isinstance(output, tuple) else copied

    handle = case.model.get_submodule(name).register_forward_hook(keep)
    leaf = case.x.clone().requires_grad_(True)
    with torch.enable_grad():
        F_x = score(case, leaf + 0).sum()
        (g,) = torch.autograd.grad(F_x, kept[0])
    handle.remove()
    return _laid_out(kept[0].detach(), raw), _laid_out(g, raw)


def _laid_out(t: Tensor, raw: Tensor) -> Tensor:
    if raw.dim() == 3:  # one number a word
        return t.transpose(1, 2) if t.shape[1] == raw.shape[2] else t
    h, w = raw.shape[-2:]
    if t.dim() == 4 and t.shape[2:] == (h, w):
        return t
    if t.dim() == 4 and t.shape[1:3] == (h, w):
        return t.permute(0, 3, 1, 2)
    if t.dim() == 3 and t.shape[1] >= h * w:  # tokens: the grid comes last, or all of them
        front = t.shape[1] - h * w
        return t[:, front:].transpose(1, 2).unflatten(2, (h, w))
    raise NoOpinion(f"a layer's output of shape {tuple(t.shape)}")


def enlarged(t: Tensor, case: Case) -> Tensor:
    """A map in the size of the input, linearly between its cells."""
    mode = "linear" if t.dim() == 3 else "bilinear"
    return F.interpolate(t, case.places, mode=mode, align_corners=False)


def weighted(name: str, A: Tensor, g: Tensor) -> Tensor:
    """The papers' maps before the ReLU, (N, 1, h, w)."""
    space = tuple(range(2, A.dim()))
    if name in ("grad_cam", "guided_grad_cam"):
        w = g.mean(space, keepdim=True)
    elif name == "cam":
        w = g.sum(space, keepdim=True)
    elif name == "hires_cam":
        w = g
    elif name == "layer_cam":
        w = g.clamp(min=0)
    elif name == "xgrad_cam":
        w = (g * A).sum(space, keepdim=True) / A.sum(space, keepdim=True)
        w = w.nan_to_num(0)  # a map that is 0 everywhere
    else:  # Grad-CAM++
        alpha = g**2 / (2 * g**2 + g**3 * A.sum(space, keepdim=True))
        w = (alpha * g.clamp(min=0)).nan_to_num(0).sum(space, keepdim=True)
    return (w * A).sum(1, keepdim=True)


@check("cam", "grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "xgrad_cam")
def class_activation(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target, relu=False, **case.settings)
    if found.values.shape[2:] != case.places:
        return Verdict(1.0, f"a map of {tuple(found.values.shape[2:])}, not {case.places}")
    A, g = layer_of(case, found.extra["layer"], found.extra["raw"])
    error = apart(found.extra["raw"], weighted(name, A, g))
    up = enlarged(found.extra["raw"], case)
    return Verdict(max(error, apart(found.values, up)), f"a hook on {found.extra['layer']}")


@check("guided_grad_cam")
def guided_map(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target, **case.settings)
    A, g = layer_of(case, found.extra["layer"], found.extra["raw"])
    raw = weighted(name, A, g).clamp(min=0)
    up = F.interpolate(raw, case.x.shape[2:], mode="bilinear", align_corners=False)
    guided = slopes(case, case.x, of_relus(RULES["guided_backprop"]))
    return Verdict(apart(found.values, guided * up), "hook and function mode")


@check("eigen_cam")
def principal(name: str, case: Case) -> Verdict:
    found = asked(name, case.model, case.x, case.target, **case.settings)
    if found.values.shape[2:] != case.places:
        return Verdict(1.0, f"a map of {tuple(found.values.shape[2:])}, not {case.places}")
    A, _ = layer_of(case, found.extra["layer"], found.extra["raw"])
    errors = []
    for a, raw in zip(A, found.extra["raw"], strict=True):
        cells = a.flatten(1).T  # (h w, K)
        V = torch.linalg.eigh(cells.T @ cells)[1][:, -1]  # the largest eigenvalue's
        right = (cells @ V).view(raw.shape)
        errors.append(min(apart(raw, right), apart(raw, -right)))  # its sign is a convention
    return Verdict(max(errors), f"the largest eigenvector at {found.extra['layer']}")


@check("score_cam")
def seen_through(name: str, case: Case) -> Verdict:
    case = Case(case.model, case.x[:1], case.target, case.settings)
    layer = asked("eigen_cam", case.model, case.x, case.target, **case.settings).extra
    A, _ = layer_of(case, layer["layer"], layer["raw"])
    start = time.process_time()
    with torch.no_grad():
        case.model(case.x)
    if (time.process_time() - start) * A.shape[1] > MOST_SECONDS:
        raise NotRun(f"{A.shape[1]} forward passes are too slow here")
    found = asked(name, case.model, case.x, case.target, relu=False, **case.settings)
    if found.values.shape[2:] != case.places:
        return Verdict(1.0, f"a map of {tuple(found.values.shape[2:])}, not {case.places}")
    A, _ = layer_of(case, found.extra["layer"], found.extra["raw"])
    scores = []
    for k in range(A.shape[1]):
        up = enlarged(A[:, k : k + 1], case)
        low, high = up.min(), up.max()
        H = (up - low) / (high - low) if high > low else torch.zeros_like(up)
        with torch.no_grad():
            H = H.transpose(1, 2) if case.x.dim() == 3 else H  # (N, 1, words) to (N, words, 1)
            scores.append(score(case, case.x * H))
    w = torch.softmax(torch.stack(scores, 1), 1)
    w = w.view(*w.shape, *[1] * (A.dim() - 2))
    right = (w * A).sum(1, keepdim=True)
    return Verdict(apart(found.extra["raw"], right), f"a loop over {A.shape[1]} feature maps")


@check("occlusion")
def hidden_patches(name: str, case: Case) -> Verdict:
    side = case.x.shape[-1] // 4 if case.x.dim() == 4 else 2
    found = asked(name, case.model, case.x, case.target, patch=side, fill=0.1)
    right = torch.zeros_like(case.x)
    F_x = score(case, case.x)
    for i in range(0, case.x.shape[-1], side):
        for j in range(0, case.x.shape[-2] if case.x.dim() == 4 else 1, side):
            place = (..., slice(j, j + side), slice(i, i + side))
            place = place if case.x.dim() == 4 else (..., slice(i, i + side))
            hidden = case.x.clone()
            hidden[place] = 0.1
            with torch.no_grad():
                drop = F_x - score(case, hidden)
            right[place] = drop.view(-1, *[1] * (case.x.dim() - 1))
    return Verdict(apart(found.values, right), "a loop over the patches")


# ---- patterns ------------------------------------------------------------------------------------


@check("pattern_net", "pattern_attribution")
def patterns(name: str, case: Case) -> Verdict:
    seed = torch.Generator().manual_seed(3)
    data = torch.randn(6, *case.x.shape[1:], generator=seed, dtype=case.x.dtype)
    try:
        fitted = xc.fit_patterns(case.model, data, "linear")
    except Exception as error:
        kind = Refusal if is_refusal(error) else Crash
        raise kind(str(error)) from error
    found = asked(name, case.model, case.x, case.target, patterns=fitted)
    if not bool(torch.isfinite(found.values).all()):
        return Verdict(1.0, "finite")
    first = next(m for m in case.model.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    if not isinstance(first, nn.Conv2d):
        raise Refusal("no convolution in front to compare with")
    patches = F.unfold(data, first.kernel_size, first.dilation, first.padding, first.stride)
    z = patches.transpose(1, 2).flatten(0, 1)  # (P, C h w)
    y = first(data).flatten(2).transpose(1, 2).flatten(0, 1)  # (P, O)
    cov = ((y - y.mean(0)).T @ (z - z.mean(0))) / len(z)
    own = fitted.layers[0].plus.flatten(1)
    cosine = F.cosine_similarity(own, cov)[~fitted.layers[0].dead]
    return Verdict(float((cosine - 1).abs().max()), "the first layer's covariances")
