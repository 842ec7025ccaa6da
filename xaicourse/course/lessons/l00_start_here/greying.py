"""For task 00.2: occlusion with named steps, wrong forms of it, and what it is tried on."""

import torch

from xaicourse.course.grading.cases import WatchedModel, case

__all__ = [
    "CASES",
    "accumulates",
    "by_the_slope",
    "difference_to_last",
    "kept",
    "no_copy",
    "occlusion",
    "painted",
    "square",
]


def square(i, j, patch):
    """Return the index of a patch in a picture (1, C, H, W)."""
    return (..., slice(i * patch, (i + 1) * patch), slice(j * patch, (j + 1) * patch))


def painted(picture, place, fill):
    """Fill a place of a picture."""
    picture[place] = fill
    return picture


def numbers(x, patch):
    """Return how many patches there are down and across."""
    return x.shape[2] // patch, x.shape[3] // patch


def plain(scores, target):
    return scores[0, target]


def occlusion(
    model,
    x,
    target,
    patch,
    fill,
    *,
    count=numbers,
    place=square,
    paint=painted,
    score=plain,
    score_again=None,
):
    """Return f(x) - f(x with one patch filled) for every patch, (H / patch, W / patch)."""
    effects = torch.zeros(count(x, patch))
    start = score(model(x), target)
    for i, j in torch.cartesian_prod(*map(torch.arange, effects.shape)).tolist():
        changed = paint(x.clone(), place(i, j, patch), fill)
        effects[i, j] = start - (score_again or score)(model(changed), target)
    return effects


def additive(x, weight, bias):
    return x.flatten(1) @ weight + bias  # (N, K)


def curved(x, weight, bias):
    return 3 * torch.tanh(additive(x, weight, bias))


def one_picture(function, shape, target, patch, fill, turn, strength=1.0):
    """Return a small model of four scores and one picture in [0, 1], by name."""
    size = shape[0] * shape[1] * shape[2]
    weight = strength * torch.sin(torch.arange(4.0 * size) * turn).reshape(size, 4)
    x = (torch.cos(torch.arange(float(size)) * (turn + 0.7)) + 1) / 2
    bias = torch.tensor([0.2, -0.3, 0.1, 0.0]) - weight.sum(0) / 2
    model = WatchedModel(shape, function, weight.tolist(), bias.tolist())
    values = {"model": model, "x": x.reshape(1, *shape), "target": target}
    return {**values, "patch": patch, "fill": fill}


CASES = (
    case(
        "additive",
        "a model that adds up its pixels, a picture of 4 x 6 pixels, patch 2, fill 0.3",
        **one_picture(additive, (3, 4, 6), 2, 2, 0.3, 1.1),
    ),
    case(
        "curved",
        "a model with a curved score, a picture of 6 x 9 pixels, patch 3, fill 0.7",
        **one_picture(curved, (3, 6, 9), 1, 3, 0.7, 0.6, 1.6),
    ),
    case(
        "pixels",
        "a model with a curved score, a picture of 3 x 2 pixels, patch 1, fill 0.4",
        **one_picture(curved, (3, 3, 2), 3, 1, 0.4, 2.3, 0.9),
    ),
)


# ---------------------------------------------------------------- wrong answers of their own


def accumulates(model, x, target, patch, fill):
    """Each patch stays filled."""
    changed = x.clone()
    start = model(x)[0, target]
    height, width = numbers(x, patch)
    scores = [
        model(painted(changed, square(i, j, patch), fill))[0, target]
        for i in range(height)
        for j in range(width)
    ]
    return (start - torch.stack(scores)).reshape(height, width)


def difference_to_last(model, x, target, patch, fill):
    """Each picture is compared with the one before it."""
    total = accumulates(model, x, target, patch, fill)
    return total.flatten().diff(prepend=torch.zeros(1)).reshape(total.shape)


def no_copy(model, x, target, patch, fill):
    """The caller's picture itself is filled."""
    effects = accumulates(model, x, target, patch, fill)
    x.fill_(fill)
    return effects


def by_the_slope(model, x, target, patch, fill):
    """The slope times the change, added up over each patch: nothing is greyed."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(x)[0, target], x)
    change = (slope * (x.detach() - fill)).sum(1)[0]  # (H, W)
    height, width = numbers(x, patch)
    return change.reshape(height, patch, width, patch).sum((1, 3))


def kept(picture, place, fill):
    """Fill everything but the patch."""
    changed = torch.full_like(picture, fill)
    changed[place] = picture[place]
    return changed
