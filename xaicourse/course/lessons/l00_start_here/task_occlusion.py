"""Task 00.2: the effect of every patch, measured by greying it."""

import torch

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l00_start_here.greying import (
    CASES,
    accumulates,
    by_the_slope,
    difference_to_last,
    kept,
    no_copy,
    occlusion,
    painted,
    square,
)
from xaicourse.course.lessons.l00_start_here.task_class import MEAN, SPREAD

__all__ = ["OCCLUSION"]


MISTAKES = [
    # the copy
    own(
        "accumulates",
        "The patches stay filled: each new one is filled in a photo that has lost all "
        "earlier ones. Start every turn from x.clone(). See {section_patches}.",
        accumulates,
    ),
    own(
        "difference_to_last",
        "You compare each photo with the one before it, and the patches stay filled. "
        "Compare with the intact photo, and start every turn from x.clone(). See "
        "{section_patches}.",
        difference_to_last,
    ),
    own(
        "no_copy",
        "Your function changes the caller's x: the patches are filled in x itself and "
        "stay so. Work on x.clone(). See {section_patches}.",
        no_copy,
        seen_in="traces",
    ),
    # sign and size
    after(
        "sign_flipped",
        "The sign is reversed. The effect is score(x) - score(x without the patch): "
        "positive where the patch speaks for the class. See {section_effect}.",
        lambda effects: -effects,
    ),
    after(
        "absolute",
        "The result is right up to its sign: you return absolute values. A patch may "
        "speak against the class. See {section_effect}.",
        torch.abs,
    ),
    after(
        "negatives_cut",
        "Right where the effect is positive, but all negative effects are 0. A patch "
        "may speak against the class: keep the sign. See {section_effect}.",
        torch.relu,
    ),
    after(
        "score_after",
        "These are the scores after filling. The effect is the score before minus the "
        "score after. See {section_effect}.",
        lambda e, model, x, target: model(x)[0, target] - e,
    ),
    after(
        "relative",
        "You divide by the score of the intact photo. The effect is a plain difference."
        " See {section_effect}.",
        lambda e, model, x, target: e / model(x)[0, target],
    ),
    after(
        "own_scale",
        "You divide the map by its own largest value. Then its strength is lost. Return"
        " the plain differences. See {section_scale}.",
        lambda effects: effects / effects.abs().max(),
    ),
    after(
        "per_pixel",
        "You divide by the number of pixels. The effect of a patch is the plain "
        "difference of the two scores.",
        lambda effects, patch: effects / patch**2,
    ),
    after("per_pixel", "", lambda effects, patch, x: effects / patch**2 / x.shape[1]),
    # which number
    before(
        "target_ignored",
        "You explain the class with the highest score. Explain the class that is asked "
        "for: target. See {section_number}.",
        target=lambda t, model, x: int(model(x).argmax()),
    ),
    swap(
        "class_rechosen",
        "You read the highest score before and after. After filling, another class may "
        "be the highest. Read the target's score both times. See {section_number}.",
        score=lambda scores, target: scores.max(),
    ),
    swap(
        "best_afterwards",
        "After filling you read the highest score, which may belong to another class. "
        "Read the target's score both times. See {section_number}.",
        score_again=lambda scores, target: scores.max(),
    ),
    swap(
        "all_classes",
        "You add up the scores of all classes. Read the target's score only. See {section_number}.",
        score=lambda scores, target: scores.sum(),
    ),
    swap(
        "probability",
        "This is the effect on the probability. The task asks for the score (logit) "
        "itself, without softmax. See {section_number}.",
        score=lambda z, target: z.softmax(1)[0, target],
    ),
    swap(
        "log_probability",
        "This is the effect on the logarithm of the probability. The task asks for the "
        "score (logit) itself. See {section_number}.",
        score=lambda z, target: z.log_softmax(1)[0, target],
    ),
    # which patch
    after(
        "turned",
        "Your map is turned: its shape is (W / patch, H / patch). The first index "
        "counts down, the second across.",
        lambda effects: effects.T,
    ),
    swap(
        "sides_exchanged",
        "In the picture i and j are exchanged: the first image axis runs down, the "
        "second across. The shape of your map is right.",
        place=lambda i, j, patch: square(j, i, patch),
    ),
    swap(
        "not_times_patch",
        "Your patches begin at the pixels i and j. They begin at i * patch and j * patch.",
        place=lambda i, j, patch: (..., slice(i, i + patch), slice(j, j + patch)),
    ),
    swap(
        "one_pixel",
        "Only the first pixel of each patch is filled. Fill patch x patch pixels.",
        place=lambda i, j, patch: (..., i * patch, j * patch),
    ),
    swap(
        "one_pixel_short",
        "Your patches end one pixel early. A slice a:b does not contain b, so it must "
        "end at (i + 1) * patch.",
        place=lambda i, j, p: (..., slice(i * p, i * p + p - 1), slice(j * p, j * p + p - 1)),
    ),
    swap(
        "first_channel",
        "Only the first channel is filled. A patch has all its channels filled.",
        place=lambda i, j, patch: (slice(None), 0, *square(i, j, patch)[1:]),
    ),
    swap(
        "numbers_of_lesson",
        "You use the lesson's numbers: 28 pixels, 8 x 8 patches. Use patch, and the "
        "height and width of x.",
        count=lambda x, patch: (8, 8),
        place=lambda i, j, patch: square(i, j, 28),
    ),
    before("numbers_of_lesson", "", patch=lambda patch: 28),
    swap(
        "square_assumed",
        "You assume a square picture: as many patches across as down. The width has a "
        "number of its own, x.shape[3] // patch.",
        count=lambda x, patch: (x.shape[2] // patch,) * 2,
    ),
    # how it is filled
    swap(
        "keeps_the_patch",
        "You keep the patch and fill the rest. Fill the patch and keep the rest. See "
        "{section_patches}.",
        paint=kept,
    ),
    swap(
        "multiplied",
        "You multiply the patch by fill. Set its pixels to fill: = instead of *=.",
        paint=lambda picture, place, fill: painted(picture, place, fill * picture[place]),
    ),
    before("fill_ignored", "You fill with 0. Use the argument fill.", fill=lambda fill: 0.0),
    before(
        "fill_of_lesson",
        "You fill with 0.5, as the lesson does. Use the argument fill.",
        fill=lambda fill: 0.5,
    ),
    before(
        "fill_of_255",
        "You fill with 255 * fill. The photo has values in [0, 1], and so has fill. See"
        " {section_input}.",
        fill=lambda fill: 255 * fill,
    ),
    own(
        "by_the_slope",
        "You multiply the slope by the change. That equals the effect only for a model "
        "without curvature. Fill the patch and run the model. See {section_effect}.",
        by_the_slope,
    ),
    # what the model is given
    before(
        "times_255",
        "You multiply the photo by 255. The model takes values in [0, 1]. See {section_input}.",
        x=lambda x: 255 * x,
        fill=lambda fill: 255 * fill,
    ),
    before(
        "normalised_again",
        "You subtract a mean and divide by a spread before the model. The models of "
        "this course do that inside. See {section_input}.",
        model=lambda model: lambda x: model((x - MEAN) / SPREAD),
    ),
    # the shape
    after(
        "spread_over_pixels",
        "The numbers are right, but you return one for each pixel. Return one for each patch.",
        lambda e, patch: e.repeat_interleave(patch, 0).repeat_interleave(patch, 1),
    ),
    after(
        "flattened",
        "The numbers are right, but they stand in one line. Return a map, (H / patch, W / patch).",
        torch.flatten,
    ),
]

OCCLUSION = function_task(
    "00.2",
    occlusion,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Every patch has the effect that its removal has.",
    hints=(
        "Two loops, one down and one across. Each turn starts from a fresh copy of the "
        "photo: x.clone().",
        "The patch (i, j) covers the pixels [i * patch, (i + 1) * patch) down, and the "
        "same with j across. Read the target's score before and after.",
        "Inside the loops: changed = x.clone(); changed[..., i * patch : (i + 1) * "
        "patch, j * patch : (j + 1) * patch] = fill; effects[i, j] = start - "
        "model(changed)[0, target].",
    ),
)
