"""Task 00.2: the effect of every patch, measured by greying it."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader, WatchedModel
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l00_start_here.task_class import MEAN, SPREAD

__all__ = ["GRADER", "OCCLUSION"]


# ---------------------------------------------------------------- models and cases


def _additive(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x.flatten(1) @ weight + bias  # (N, K)


def _curved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return 3 * torch.tanh(x.flatten(1) @ weight + bias)  # (N, K)


def _case(name, function, shape, target, patch, fill, turn, strength=1.0) -> Case:
    """Make a small model of four scores and one picture in [0, 1]."""
    size = shape[0] * shape[1] * shape[2]
    weight = strength * torch.sin(torch.arange(4.0 * size) * turn).reshape(size, 4)
    picture = (torch.cos(torch.arange(float(size)) * (turn + 0.7)) + 1) / 2
    bias = torch.tensor([0.2, -0.3, 0.1, 0.0]) - weight.sum(0) / 2
    model = WatchedModel(shape, function, weight.tolist(), bias.tolist())
    values = {"model": model, "x": picture.reshape(1, *shape), "target": target}
    return Case(name, {**values, "patch": patch, "fill": fill})


CASES = (
    _case("additive", _additive, (3, 4, 6), 2, 2, 0.3, 1.1),
    _case("curved", _curved, (3, 6, 9), 1, 3, 0.7, 0.6, 1.6),
    _case("pixels", _curved, (3, 3, 2), 3, 1, 0.4, 2.3, 0.9),
)


# ---------------------------------------------------------------- the right answer


def occlusion(model, x, target, patch, fill):
    """Return f(x) - f(x with one patch filled) for every patch, (H / patch, W / patch)."""
    return _effects(model, x, target, patch, fill)


# ---------------------------------------------------------------- wrong answers


def _plain(scores, target):
    return scores[0, target]


def _places(x, patch):
    """Return the index of every patch, from the top left, line by line."""
    height, width = x.shape[-2:]
    for i in range(height // patch):
        for j in range(width // patch):
            down = slice(i * patch, (i + 1) * patch)
            yield i, j, (..., down, slice(j * patch, (j + 1) * patch))


def _effects(model, x, target, patch, fill, *, read=_plain, after=None, keep=False, add_up=False):
    """Measure all patches; the keywords make it wrong in one way."""
    height, width = x.shape[-2:]
    effects = torch.zeros(height // patch, width // patch)
    start = read(model(x), target)
    changed = x.clone()
    for i, j, place in _places(x, patch):
        if not add_up:
            changed = x.clone()
        if keep:
            changed = torch.full_like(x, fill)
            changed[place] = x[place]
        else:
            changed[place] = fill
        effects[i, j] = start - (after or read)(model(changed), target)
    return effects


def accumulates(model, x, target, patch, fill):
    return _effects(model, x, target, patch, fill, add_up=True)


def difference_to_last(model, x, target, patch, fill):
    """Each patch is compared with the picture in which all patches before it are grey."""
    total = accumulates(model, x, target, patch, fill).flatten()
    return total.diff(prepend=torch.zeros(1)).reshape(x.shape[-2] // patch, -1)


def no_copy(model, x, target, patch, fill):
    """The caller's picture itself turns grey, one patch after the other."""
    effects = torch.zeros(x.shape[-2] // patch, x.shape[-1] // patch)
    start = model(x)[0, target]
    for i, j, place in _places(x, patch):
        x[place] = fill
        effects[i, j] = start - model(x)[0, target]
    return effects


def sign_flipped(model, x, target, patch, fill):
    return -occlusion(model, x, target, patch, fill)


def absolute(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill).abs()


def score_after(model, x, target, patch, fill):
    return model(x)[0, target] - occlusion(model, x, target, patch, fill)


def keeps_the_patch(model, x, target, patch, fill):
    return _effects(model, x, target, patch, fill, keep=True)


def target_ignored(model, x, target, patch, fill):
    return occlusion(model, x, int(model(x).argmax()), patch, fill)


def class_rechosen(model, x, target, patch, fill):
    best = lambda scores, target: scores.max()  # noqa: E731
    return _effects(model, x, target, patch, fill, read=best)


def best_afterwards(model, x, target, patch, fill):
    best = lambda scores, target: scores.max()  # noqa: E731
    return _effects(model, x, target, patch, fill, after=best)


def all_classes(model, x, target, patch, fill):
    total = lambda scores, target: scores.sum()  # noqa: E731
    return _effects(model, x, target, patch, fill, read=total)


def probability(model, x, target, patch, fill):
    chance = lambda scores, target: scores.softmax(1)[0, target]  # noqa: E731
    return _effects(model, x, target, patch, fill, read=chance)


def log_probability(model, x, target, patch, fill):
    chance = lambda scores, target: scores.log_softmax(1)[0, target]  # noqa: E731
    return _effects(model, x, target, patch, fill, read=chance)


def relative(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill) / model(x)[0, target]


def turned(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill).T


def sides_exchanged(model, x, target, patch, fill):
    """The map has the right shape, but i counts across and j counts down in the picture."""
    effects = torch.zeros(x.shape[-2] // patch, x.shape[-1] // patch)
    start = model(x)[0, target]
    for i, j, _ in _places(x, patch):
        changed = x.clone()
        down, across = slice(j * patch, (j + 1) * patch), slice(i * patch, (i + 1) * patch)
        changed[..., down, across] = fill
        effects[i, j] = start - model(changed)[0, target]
    return effects


def not_times_patch(model, x, target, patch, fill):
    """Patches begin at pixel i, j instead of i * patch, j * patch."""
    effects = torch.zeros(x.shape[-2] // patch, x.shape[-1] // patch)
    start = model(x)[0, target]
    for i, j, _ in _places(x, patch):
        changed = x.clone()
        changed[..., i : i + patch, j : j + patch] = fill
        effects[i, j] = start - model(changed)[0, target]
    return effects


def one_pixel(model, x, target, patch, fill):
    """Only the first pixel of each patch is filled."""
    effects = torch.zeros(x.shape[-2] // patch, x.shape[-1] // patch)
    start = model(x)[0, target]
    for i, j, _ in _places(x, patch):
        changed = x.clone()
        changed[..., i * patch, j * patch] = fill
        effects[i, j] = start - model(changed)[0, target]
    return effects


def first_channel(model, x, target, patch, fill):
    effects = torch.zeros(x.shape[-2] // patch, x.shape[-1] // patch)
    start = model(x)[0, target]
    for i, j, place in _places(x, patch):
        changed = x.clone()
        changed[:, 0][place] = fill
        effects[i, j] = start - model(changed)[0, target]
    return effects


def fill_ignored(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, 0.0)


def fill_of_255(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, 255 * fill)


def times_255(model, x, target, patch, fill):
    return occlusion(model, 255 * x, target, patch, 255 * fill)


def normalised_again(model, x, target, patch, fill):
    return occlusion(lambda p: model((p - MEAN) / SPREAD), x, target, patch, fill)


def spread_over_pixels(model, x, target, patch, fill):
    """The right effects, one for each pixel instead of one for each patch."""
    effects = occlusion(model, x, target, patch, fill)
    return effects.repeat_interleave(patch, 0).repeat_interleave(patch, 1)


def negatives_cut(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill).relu()


def own_scale(model, x, target, patch, fill):
    effects = occlusion(model, x, target, patch, fill)
    return effects / effects.abs().max()


def per_pixel(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill) / patch**2


def per_value(model, x, target, patch, fill):
    return per_pixel(model, x, target, patch, fill) / x.shape[1]


def _with(change, model, x, target, shape, patch):
    """Measure `shape` patches; ``change(picture, i, j)`` fills them in its own way."""
    effects = torch.zeros(shape)
    for i in range(shape[0]):
        for j in range(shape[1]):
            changed = x.clone()
            change(changed, i, j)
            effects[i, j] = (model(x) - model(changed))[0, target]
    return effects


def _square(i, j, patch):
    return (..., slice(i * patch, (i + 1) * patch), slice(j * patch, (j + 1) * patch))


def one_pixel_short(model, x, target, patch, fill):
    """Patches end one pixel early: the end of a slice does not count."""

    def change(picture, i, j):
        down, across = slice(i * patch, (i + 1) * patch - 1), slice(j * patch, (j + 1) * patch - 1)
        picture[..., down, across] = fill

    return _with(change, model, x, target, (x.shape[2] // patch, x.shape[3] // patch), patch)


def fill_of_lesson(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, 0.5)


def multiplied(model, x, target, patch, fill):
    """The patch is darkened by the factor `fill` instead of painted with it."""

    def change(picture, i, j):
        picture[_square(i, j, patch)] *= fill

    return _with(change, model, x, target, (x.shape[2] // patch, x.shape[3] // patch), patch)


def numbers_of_lesson(model, x, target, patch, fill):
    """8 x 8 patches of 28 pixels, as in the lesson."""

    def change(picture, i, j):
        picture[_square(i, j, 28)] = fill

    return _with(change, model, x, target, (8, 8), 28)


def patch_of_lesson(model, x, target, patch, fill):
    return occlusion(model, x, target, 28, fill)


def square_assumed(model, x, target, patch, fill):
    """As many patches across as down."""

    def change(picture, i, j):
        picture[_square(i, j, patch)] = fill

    lines = x.shape[2] // patch
    return _with(change, model, x, target, (lines, lines), patch)


def flattened(model, x, target, patch, fill):
    return occlusion(model, x, target, patch, fill).flatten()


def by_the_slope(model, x, target, patch, fill):
    """The slope times the change, added up over each patch: nothing is greyed."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(x)[0, target], x)
    change = (slope * (x.detach() - fill)).sum(1)[0]  # (H, W)
    height, width = change.shape
    return change.reshape(height // patch, patch, width // patch, patch).sum((1, 3))


WRONG = {
    function.__name__: function
    for function in (
        accumulates,
        difference_to_last,
        no_copy,
        sign_flipped,
        absolute,
        score_after,
        keeps_the_patch,
        target_ignored,
        class_rechosen,
        best_afterwards,
        all_classes,
        probability,
        log_probability,
        relative,
        turned,
        sides_exchanged,
        not_times_patch,
        one_pixel,
        first_channel,
        fill_ignored,
        fill_of_255,
        times_255,
        normalised_again,
        spread_over_pixels,
        negatives_cut,
        own_scale,
        per_pixel,
        one_pixel_short,
        fill_of_lesson,
        multiplied,
        numbers_of_lesson,
        square_assumed,
        flattened,
        by_the_slope,
    )
}
ALSO = {"numbers_of_lesson": [patch_of_lesson], "per_pixel": [per_value]}

# An answer that changes x is known by that change, not by its numbers: these equal `accumulates`.
COMPARED = {name: function for name, function in WRONG.items() if name != "no_copy"}

GRADER = CaseGrader("00.2", CASES, occlusion, COMPARED, also=ALSO)

OCCLUSION = Task(
    id="00.2",
    grade=GRADER,
    reference=occlusion,
    misconceptions=WRONG,
)
