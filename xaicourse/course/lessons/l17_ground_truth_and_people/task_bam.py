"""Task 17.6: the model contrast, on maps of two nets of one picture."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, swap
from xaicourse.course.lessons.l17_ground_truth_and_people.contrast import contrast

__all__ = ["CONTRAST"]


def box(rows, columns, *places):
    """Return masks (N, 1, rows, columns), True in boxes (top, left, height, width)."""
    masks = torch.zeros(len(places), 1, rows, columns, dtype=torch.bool)
    for mask, (top, left, height, width) in zip(masks, places, strict=True):
        mask[0, top : top + height, left : left + width] = True
    return masks


CASES = (
    case(
        "one",
        "one picture with one channel",
        object_maps=waves(0.7, 1, 1, 4, 4),
        scene_maps=waves(1.9, 1, 1, 4, 4, size=3.0),
        masks=box(4, 4, (0, 1, 2, 2)),
    ),
    case(
        "three",
        "three pictures with two channels, objects of three sizes",
        object_maps=waves(1.3, 3, 2, 4, 5, size=0.4),
        scene_maps=waves(0.6, 3, 2, 4, 5, size=2.0),
        masks=box(4, 5, (0, 0, 3, 2), (1, 2, 2, 2), (2, 1, 2, 4)),
    ),
)

SCALE = "First scale each map to a mean size of 1, so that the two nets can be compared."

MISTAKES = [
    # the scale
    swap(
        "unscaled", f"You compare maps as they are: one net may shout. {SCALE}", scale=lambda s: s
    ),
    swap(
        "one_scale",
        "You scale all maps of a net by one number. Each picture's map has its own scale.",
        scale=lambda sizes: sizes / sizes.mean(),
    ),
    swap(
        "by_the_largest",
        f"You scale by the largest value, which one pixel decides. {SCALE}",
        scale=lambda sizes: sizes / sizes.amax(1, keepdim=True),
    ),
    swap(
        "by_the_sum",
        f"You scale to a SUM of 1. {SCALE}",
        scale=lambda sizes: sizes / sizes.sum(1, keepdim=True),
    ),
    swap(
        "by_the_length",
        f"You scale to a length of 1. {SCALE}",
        scale=lambda sizes: sizes / sizes.norm(dim=1, keepdim=True),
    ),
    # what is read
    swap(
        "mass",
        "You add over the object, or divide by all pixels. Take the mean over the OBJECT: objects "
        "differ in size.",
        scale=lambda sizes: sizes / sizes.sum(1, keepdim=True),
        read=lambda scaled, inside: (scaled * inside).sum(1),
    ),
    swap(
        "sum",
        "You add the scaled sizes over the object. Take the mean: objects differ in size.",
        read=lambda scaled, inside: (scaled * inside).sum(1),
    ),
    swap(
        "less_outside",
        "You subtract what lies outside. Asked is the mean on the object.",
        read=lambda s, i: (s * i).sum(1) / i.sum(1) - (s * ~i).sum(1) / (~i).sum(1),
    ),
    swap(
        "strongest",
        "You take the largest value on the object. Take the mean.",
        read=lambda scaled, inside: (scaled * inside).amax(1),
    ),
    swap(
        "one_object",
        "You take one mean over the objects of all pictures. Each picture has its own.",
        read=lambda scaled, inside: scaled[inside].mean().expand(len(scaled)),
    ),
    before("outside", "You read the maps OUTSIDE the object.", masks=lambda masks: ~masks),
    before(
        "first_mask",
        "You use the first object's mask for all pictures.",
        masks=lambda masks: masks[:1].expand_as(masks),
    ),
    # the size of a pixel
    swap(
        "signed",
        "Your sizes have signs. Take |map|, summed over the channels.",
        size=lambda maps: maps.sum(1).flatten(1),
    ),
    swap(
        "net",
        "You add the channels before you take the size. Take |map| first.",
        size=lambda maps: maps.sum(1).flatten(1).abs(),
    ),
    swap(
        "largest_channel",
        "You take the largest channel. Take |map|, summed over the channels.",
        size=lambda maps: maps.abs().amax(1).flatten(1),
    ),
    swap(
        "squares",
        "You take squares, which enlarge what is large. Take |map|, summed over the channels.",
        size=lambda maps: maps.square().sum(1).flatten(1),
    ),
    swap(
        "positive",
        "You keep positive values alone. Take |map|.",
        size=lambda maps: maps.clamp_min(0).sum(1).flatten(1),
    ),
    # the comparison
    swap(
        "object_alone",
        "You read the object net alone. A map of edges would win: subtract the scene net.",
        compare=lambda one, other: one,
    ),
    swap("scene_alone", "You read the scene net alone.", compare=lambda one, other: other),
    swap("turned", "You subtract the wrong way round.", compare=lambda one, other: other - one),
    swap("ratio", "You divide. Asked is the difference.", compare=lambda one, other: one / other),
    swap(
        "size_of_it",
        "You lost the sign of the difference: a map may lie on the object for the WRONG net.",
        compare=lambda one, other: (one - other).abs(),
    ),
    after(
        "mean",
        "You return the mean. Asked is one number a picture.",
        lambda r: r.mean().expand_as(r),
    ),
]

CONTRAST = function_task(
    "17.6",
    contrast,
    cases=CASES,
    mistakes=MISTAKES,
    passed="One number a picture, and a map that ignores the net gets 0.",
    hints=(
        "The size of a pixel is |map| summed over the channels. Scale each map to a mean of 1.",
        "Do the same for both nets: the mean of the scaled sizes over the object. Then subtract.",
        "sizes = maps.abs().sum(1).flatten(1); sizes = sizes / sizes.mean(1, keepdim=True); on = "
        "(sizes * inside).sum(1) / inside.sum(1). Return that of the object net minus that of the "
        "scene net.",
    ),
)
