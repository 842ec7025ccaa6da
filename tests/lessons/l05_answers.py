"""Answers to 05.2 as students write them: odd but right ones, and wrong ones without a name."""

import functools
import itertools
import random

import numpy as np
import torch


def scalar(model, point, target):
    return model(point)[torch.arange(len(point)), target]


def slope(model, point, target):
    point = point.detach().clone().requires_grad_(True)
    return torch.autograd.grad(scalar(model, point, target).sum(), point)[0]


# ---------------------------------------------------------------- right


def right_riemann(model, x, target, baseline, steps):
    total = 0
    for k in range(1, steps + 1):
        total = total + slope(model, baseline + k / steps * (x - baseline), target)
    return (x - baseline) * total / steps


def left_by_backward(model, x, target, baseline, steps):
    grads = torch.zeros_like(x)
    for alpha in torch.linspace(0, 1, steps + 1)[:-1]:
        point = torch.lerp(baseline, x, alpha).requires_grad_()
        scalar(model, point, target).sum().backward()
        grads += point.grad
    return (x - baseline) * grads / steps


def zeroed_by_hand(model, x, target, baseline, steps):
    point = x.clone().requires_grad_(True)
    total = torch.zeros_like(x)
    for k in range(steps):
        point.grad = None
        with torch.no_grad():
            point.copy_(baseline + (k + 0.5) / steps * (x - baseline))
        scalar(model, point, target).sum().backward()
        total += point.grad
    return (x - baseline) * total / steps


def one_big_batch(model, x, target, baseline, steps):
    n = len(x)
    a = ((torch.arange(steps) + 0.5) / steps).view(-1, *[1] * x.dim())
    points = (baseline + a * (x - baseline)).flatten(0, 1).requires_grad_()
    targets = torch.as_tensor(target).expand(n).repeat(steps)
    grads = torch.autograd.grad(scalar(model, points, targets).sum(), points)[0]
    return (x - baseline) * grads.view(steps, *x.shape).mean(0)


def numpy_throughout(model, x, target, baseline, steps):
    start, end = baseline.numpy(), x.numpy()
    alphas = (np.arange(steps) + 0.5) / steps
    grads = [
        slope(model, torch.tensor(start + a * (end - start), dtype=torch.float32), target).numpy()
        for a in alphas
    ]
    return (end - start) * np.mean(grads, axis=0)


def nested_lists(model, x, target, baseline, steps):
    return right_riemann(model, x, target, baseline, steps).tolist()


def attached(model, x, target, baseline, steps):
    x = x.clone().requires_grad_(True)
    return one_big_batch(model, x, target, baseline, steps) * 1.0


def row_by_row(model, x, target, baseline, steps):
    targets = torch.as_tensor(target).expand(len(x)).tolist()
    rows = []
    for row, start, t in zip(x, baseline, targets, strict=True):
        grads = []
        for k in range(steps):
            point = (start + (k + 0.5) / steps * (row - start))[None].requires_grad_()
            grads.append(torch.autograd.grad(model(point)[0, t], point)[0][0])
        rows.append((row - start) * torch.stack(grads).mean(0))
    return torch.stack(rows)


def with_torch_func(model, x, target, baseline, steps):
    targets = torch.as_tensor(target).expand(len(x))

    def score(row, t):
        return model(row[None])[0].gather(0, t[None])[0]

    grad = torch.func.vmap(torch.func.grad(score))
    total = sum(grad(baseline + (k + 0.5) / steps * (x - baseline), targets) for k in range(steps))
    return (x - baseline) * total / steps


def double_vmap(model, x, target, baseline, steps):
    targets = torch.as_tensor(target).expand(len(x))
    alphas = (torch.arange(steps) + 0.5) / steps

    def slope_of(alpha, row, start, t):
        point = start + alpha * (row - start)
        return torch.func.grad(lambda p: model(p[None])[0].gather(0, t[None])[0])(point)

    over_rows = torch.func.vmap(slope_of, in_dims=(None, 0, 0, 0))
    over_all = torch.func.vmap(over_rows, in_dims=(0, None, None, None))
    return (x - baseline) * over_all(alphas, x, baseline, targets).mean(0)


def true_trapezoid(model, x, target, baseline, steps):
    a = torch.linspace(0, 1, steps + 1)
    g = torch.stack([slope(model, baseline + k * (x - baseline), target) for k in a])
    return (x - baseline) * torch.trapezoid(g, a, dim=0)


def trapezoid_of_n_nodes(model, x, target, baseline, steps):
    a = torch.linspace(0, 1, steps)
    g = torch.stack([slope(model, baseline + k * (x - baseline), target) for k in a])
    return (x - baseline) * torch.trapezoid(g, a, dim=0)  # 0 for one step


def trapezoid_divides_by_zero(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        weight = 0.5 if k in (0, steps - 1) else 1.0
        point = baseline + k / (steps - 1) * (x - baseline)
        total = total + weight * slope(model, point, target)
    return (x - baseline) * total / (steps - 1)


def mean_of_linspace(model, x, target, baseline, steps):
    points = [baseline + a * (x - baseline) for a in torch.linspace(0, 1, steps)]
    return (x - baseline) * torch.stack([slope(model, p, target) for p in points]).mean(0)


def simpson(model, x, target, baseline, steps):
    n = steps + steps % 2
    total = torch.zeros_like(x)
    for k in range(n + 1):
        weight = 1 if k in (0, n) else 4 if k % 2 else 2
        total += weight * slope(model, baseline + k / n * (x - baseline), target)
    return (x - baseline) * total / (3 * n)


def gauss_legendre(model, x, target, baseline, steps):
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for node, weight in zip(nodes, weights, strict=True):
        point = baseline + (node + 1) / 2 * (x - baseline)
        total += weight / 2 * slope(model, point, target)
    return (x - baseline) * total


def shuffled_alphas(model, x, target, baseline, steps):
    alphas = [(k + 0.5) / steps for k in range(steps)]
    random.shuffle(alphas)
    total = sum(slope(model, baseline + a * (x - baseline), target) for a in alphas)
    return (x - baseline) * total / steps


def from_x_backwards(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        total = total + slope(model, x + (k + 0.5) / steps * (baseline - x), target)
    return (baseline - x) * total / steps * -1


def telescoping(model, x, target, baseline, steps):
    """Segments of the path times the gradient in their middle."""
    total, last = 0, baseline
    for k in range(1, steps + 1):
        here = baseline + k / steps * (x - baseline)
        total = total + (here - last) * slope(model, (here + last) / 2, target)
        last = here
    return total


def unevenly_spaced(model, x, target, baseline, steps):
    ends = np.linspace(0, 1, steps + 1) ** 2
    total = 0
    for a, b in itertools.pairwise(ends):
        total = total + (b - a) * slope(model, baseline + (a + b) / 2 * (x - baseline), target)
    return (x - baseline) * total


def jittered(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        alpha = (k + torch.rand(1).item()) / steps
        total = total + slope(model, baseline + alpha * (x - baseline), target)
    return (x - baseline) * total / steps


def in_float64(model, x, target, baseline, steps):
    x, baseline = x.double(), baseline.double()
    return one_big_batch(model, x, target, baseline, steps)


def by_jacobian(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    rows = torch.arange(len(x))
    for k in range(steps):
        point = baseline + (k + 0.5) / steps * (x - baseline)
        jacobian = torch.autograd.functional.jacobian(model, point)  # (N, K, N, ...)
        total += jacobian[rows, torch.as_tensor(target).expand(len(x)), rows]
    return (x - baseline) * total / steps


def finite_differences(model, x, target, baseline, steps):
    x, baseline = x.double(), baseline.double()
    flat = x.flatten(1).shape[1]
    total = torch.zeros(len(x), flat, dtype=torch.float64)
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).flatten(1)
        for i in range(flat):
            step = torch.zeros(flat, dtype=torch.float64)
            step[i] = 1e-5
            up = scalar(model, (point + step).view_as(x), target)
            down = scalar(model, (point - step).view_as(x), target)
            total[:, i] += (up - down) / 2e-5
    return (x - baseline) * (total / steps).view_as(x)


def slope_through_x(model, x, target, baseline, steps):
    """Differentiates by x and takes the factor alpha out again."""
    total = torch.zeros_like(x)
    for k in range(steps):
        alpha = (k + 0.5) / steps
        leaf = x.clone().requires_grad_()
        score = scalar(model, baseline + alpha * (leaf - baseline), target).sum()
        total += torch.autograd.grad(score, leaf)[0] / alpha
    return (x - baseline) * total / steps


def other_names(*, f, x0, inputs, n, label):
    return right_riemann(f, inputs, label, x0, n)


def prints_a_lot(model, x, target, baseline, steps):
    for k in range(steps):
        print("step", k)
    return right_riemann(model, x, target, baseline, steps)


class Explainer:
    def __init__(self, scale=1.0):
        self.scale = scale

    def __call__(self, model, x, target, baseline, steps):
        return self.scale * one_big_batch(model, x, target, baseline, steps)


class ExplainerModule(torch.nn.Module):
    def forward(self, model, x, target, baseline, steps):
        return one_big_batch(model, x, target, baseline, steps)


def uses_model_as_module(model, x, target, baseline, steps):
    model.eval()
    model.zero_grad()
    like = next(model.parameters())
    x, baseline = x.to(like), baseline.to(like)
    return one_big_batch(model, x, target, baseline, steps)


def random_alphas(model, x, target, baseline, steps):
    total = 0
    for _ in range(steps):
        total = total + slope(model, baseline + random.random() * (x - baseline), target)
    return (x - baseline) * total / steps


def random_alphas_seeded(model, x, target, baseline, steps):
    generator = torch.Generator().manual_seed(3)
    a = torch.rand(steps, generator=generator).view(-1, *[1] * x.dim())
    points = baseline + a * (x - baseline)
    grads = torch.stack([slope(model, p, target) for p in points])
    return (x - baseline) * grads.mean(0)


def random_alphas_each_row(model, x, target, baseline, steps):
    total = 0
    for _ in range(steps):
        a = torch.rand(len(x)).view(-1, *[1] * (x.dim() - 1))
        total = total + slope(model, baseline + a * (x - baseline), target)
    return (x - baseline) * total / steps


RIGHT = (
    right_riemann,
    left_by_backward,
    zeroed_by_hand,
    one_big_batch,
    numpy_throughout,
    nested_lists,
    attached,
    row_by_row,
    with_torch_func,
    double_vmap,
    true_trapezoid,
    trapezoid_of_n_nodes,
    trapezoid_divides_by_zero,
    mean_of_linspace,
    simpson,
    gauss_legendre,
    shuffled_alphas,
    from_x_backwards,
    telescoping,
    unevenly_spaced,
    jittered,
    in_float64,
    by_jacobian,
    finite_differences,
    slope_through_x,
    other_names,
    prints_a_lot,
    Explainer(),
    ExplainerModule(),
    functools.partial(right_riemann),
    uses_model_as_module,
)
RANDOM = (random_alphas, random_alphas_seeded, random_alphas_each_row)


# ---------------------------------------------------------------- wrong, without a name


def noisy(model, x, target, baseline, steps):
    out = right_riemann(model, x, target, baseline, steps)
    return out + 0.02 * out.abs().mean() * torch.randn(out.shape)


def scaled(model, x, target, baseline, steps):
    return 0.5 * right_riemann(model, x, target, baseline, steps)


def doubled(model, x, target, baseline, steps):
    return 2 * right_riemann(model, x, target, baseline, steps)


def first_half_of_path(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        alpha = 0.5 * (k + 0.5) / steps
        total = total + slope(model, baseline + alpha * (x - baseline), target)
    return (x - baseline) * total / steps


def alphas_squared(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        alpha = ((k + 0.5) / steps) ** 2
        total = total + slope(model, baseline + alpha * (x - baseline), target)
    return (x - baseline) * total / steps


def rescaled_to_rise(model, x, target, baseline, steps):
    """Gradient at x times (x - x'), made to add up to the rise."""
    out = (x - baseline) * slope(model, x, target)
    rise = scalar(model, x, target) - scalar(model, baseline, target)
    size = out.flatten(1).sum(1)
    return out * (rise / size).detach().view(-1, *[1] * (x.dim() - 1))


def biased_random_alphas(model, x, target, baseline, steps):
    total = 0
    for _ in range(steps):
        alpha = max(random.random(), random.random())
        total = total + slope(model, baseline + alpha * (x - baseline), target)
    return (x - baseline) * total / steps


def squared_difference(model, x, target, baseline, steps):
    return (x - baseline) * right_riemann(model, x, target, baseline, steps)


def zeros(model, x, target, baseline, steps):
    return torch.zeros_like(x)


def ones(model, x, target, baseline, steps):
    return torch.ones_like(x)


def just_the_difference(model, x, target, baseline, steps):
    return x - baseline


def fixed_steps(model, x, target, baseline, steps):
    return right_riemann(model, x, target, baseline, 100)


def clipped(model, x, target, baseline, steps):
    return right_riemann(model, x, target, baseline, steps).clamp(min=0)


def unit_length(model, x, target, baseline, steps):
    out = right_riemann(model, x, target, baseline, steps)
    return out / out.norm()


def sign_of_difference(model, x, target, baseline, steps):
    out = right_riemann(model, x, target, baseline, steps)
    return out / (x - baseline).abs()


def starts_at_point_one(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        alpha = 0.1 + 0.9 * (k + 0.5) / steps
        total = total + slope(model, baseline + alpha * (x - baseline), target)
    return (x - baseline) * total / steps


def two_mistakes(model, x, target, baseline, steps):
    """No (x - x') and divided by n + 1."""
    total = 0
    for k in range(steps):
        total = total + slope(model, baseline + (k + 0.5) / steps * (x - baseline), target)
    return total / (steps + 1)


def only_images_fail(model, x, target, baseline, steps):
    a = ((torch.arange(steps) + 0.5) / steps).view(-1, 1, 1)
    points = baseline + a * (x - baseline)
    return (x - baseline) * torch.stack([slope(model, p, target) for p in points]).mean(0)


def only_int_targets(model, x, target, baseline, steps):
    assert isinstance(target, int)
    return right_riemann(model, x, target, baseline, steps)


def changes_x(model, x, target, baseline, steps):
    out = right_riemann(model, x, target, baseline, steps)
    x -= baseline
    return out


NAMELESS = (
    noisy,
    first_half_of_path,
    alphas_squared,
    rescaled_to_rise,
    biased_random_alphas,
    squared_difference,
    zeros,
    ones,
    just_the_difference,
    sign_of_difference,
    starts_at_point_one,
    two_mistakes,
    only_images_fail,
    only_int_targets,
    changes_x,
)
WRONG_SIZE = (scaled, doubled, unit_length)


# ---------------------------------------------------------------- wrong, with a name


def remembers_grad(model, x, target, baseline, steps):
    point = x.clone().requires_grad_(True)
    total = torch.zeros_like(x)
    for k in range(1, steps + 1):
        point.data = baseline + k / steps * (x - baseline)
        scalar(model, point, target).sum().backward()
        total += point.grad
    return (x - baseline) * total / steps


def differentiates_by_x(model, x, target, baseline, steps):
    leaf = x.clone().requires_grad_()
    total = 0
    for k in range(1, steps + 1):
        score = scalar(model, baseline + k / steps * (leaf - baseline), target).sum()
        total = total + torch.autograd.grad(score, leaf)[0]
    return (x - baseline) * total / steps


def linspace_over_n_plus_1(model, x, target, baseline, steps):
    total = 0
    for a in torch.linspace(0, 1, steps):
        total = total + slope(model, baseline + a * (x - baseline), target)
    return (x - baseline) * total / (steps + 1)


def wrong_trapezoid(model, x, target, baseline, steps):
    total = 0
    for k, a in enumerate(torch.linspace(0, 1, steps)):
        weight = 0.5 if k in (0, steps - 1) else 1.0
        total = total + weight * slope(model, baseline + a * (x - baseline), target)
    return (x - baseline) * total / steps


def forgets_one(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(1, steps):
        total += slope(model, baseline + k / steps * (x - baseline), target)
    return (x - baseline) * total / steps


def averages_the_batch(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        point = (baseline + k / steps * (x - baseline)).requires_grad_()
        score = scalar(model, point, target).mean()
        total = total + torch.autograd.grad(score, point)[0]
    return (x - baseline) * total / steps


def all_columns(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).requires_grad_()
        total = total + torch.autograd.grad(model(point)[:, target].sum(), point)[0]
    return (x - baseline) * total / steps


def winner_on_the_path(model, x, target, baseline, steps):
    total = 0
    for k in range(steps):
        point = (baseline + k / steps * (x - baseline)).requires_grad_()
        total = total + torch.autograd.grad(model(point).max(1).values.sum(), point)[0]
    return (x - baseline) * total / steps


def probability(model, x, target, baseline, steps):
    return right_riemann(lambda p: model(p).softmax(1), x, target, baseline, steps)


def first_row_of_scores(model, x, target, baseline, steps):
    total = 0
    target = torch.as_tensor(target).flatten()[0]
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).requires_grad_()
        total = total + torch.autograd.grad(model(point)[0, target], point)[0]
    return (x - baseline) * total / steps


NAMED = (
    ("grad_accumulated", remembers_grad),
    ("gradient_by_x", differentiates_by_x),
    ("over_n_plus_1", linspace_over_n_plus_1),
    ("weights_too_small", wrong_trapezoid),
    ("weights_too_small", forgets_one),
    ("batch_averaged", averages_the_batch),
    ("all_rows_targets", all_columns),
    ("class_chosen_again", winner_on_the_path),
    ("softmax", probability),
    ("steps_ignored", fixed_steps),
    ("others_zero", first_row_of_scores),
)
