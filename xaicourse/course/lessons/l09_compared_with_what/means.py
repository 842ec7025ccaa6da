"""Expected Gradients of given draws, with named steps, and other means over the same draws."""

import torch

from xaicourse.course.grading.shared_mistakes import pick

__all__ = [
    "all_pairs",
    "chained",
    "error_of_mean",
    "error_over_inputs",
    "even",
    "mean_of_parts",
    "my_eg",
    "over_channels",
    "piled_up",
]


def error_of_mean(found):
    """Return the standard error of the mean over the draws."""
    return found.std(0) / len(found) ** 0.5


def my_eg(
    model,
    x,
    target,
    references,
    alphas,
    *,
    score=pick,
    place=lambda x, b, alpha: b + alpha * (x - b),
    share=lambda x, b, slope: (x - b) * slope,
    join=lambda found: found.mean(0),
    error=error_of_mean,
):
    """Return the map of Expected Gradients and its standard error, (2, N, ...)."""
    found = []
    for b, alpha in zip(references, alphas, strict=True):
        point = place(x, b, alpha).expand_as(x).detach().requires_grad_()
        (slope,) = torch.autograd.grad(score(model(point), target).sum(), point)
        found.append(share(x, b, slope))
    found = torch.stack(found)
    return torch.stack([join(found), error(found)])


def mean_of_parts(model, x, target, references, alphas):
    """Return the mean distance times the mean slope, with the right error."""
    slopes = my_eg(model, x, target, references, alphas, share=lambda x, b, slope: slope)[0]
    right = my_eg(model, x, target, references, alphas)
    return torch.stack([(x - references.mean(0)) * slopes, right[1]])


def all_pairs(model, x, target, references, alphas):
    """Return the mean over all pairs of a reference and an alpha."""
    n = len(alphas)
    return my_eg(
        model, x, target, references.repeat_interleave(n, 0), alphas.repeat(len(references))
    )


def even(alphas):
    """Return the middles of equal parts of [0, 1]."""
    n = len(alphas)
    return (torch.arange(n) + 0.5).to(alphas) / n


def chained(model, x, target, references, alphas):
    """Return the result with gradients with respect to x."""
    found = [
        alpha * my_eg(model, x, target, b[None], alpha[None], error=lambda one: one[0])[0]
        for b, alpha in zip(references, alphas, strict=True)
    ]
    found = torch.stack(found)
    return torch.stack([found.mean(0), error_of_mean(found)])


def piled_up(model, x, target, references, alphas):
    """Return the result with slopes that are added up from draw to draw."""
    draws = [
        my_eg(model, x, target, b[None], a[None], share=lambda x, b, s: s, error=lambda one: one[0])
        for b, a in zip(references, alphas, strict=True)
    ]
    slopes = torch.stack([slope for slope, _ in draws]).cumsum(0)
    found = torch.stack([x - b for b in references]) * slopes
    return torch.stack([found.mean(0), error_of_mean(found)])


def error_over_inputs(found):
    """Return a deviation over the inputs of the batch, NaN for one input."""
    maps, N = found.mean(0), found.shape[1]
    squares = (maps - maps.mean(0)).square().sum(0)
    return (squares / (N - 1) / N).sqrt().expand_as(maps)


def over_channels(shares, joined):
    """Return pictures (N, C, H, W) with joined channels; anything else as it is."""
    return joined(shares, 1, keepdim=True).expand_as(shares) if shares.ndim == 4 else shares
