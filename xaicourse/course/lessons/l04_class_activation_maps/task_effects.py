"""Task 04.4: what each cell really does: switch it off and run the rest of the model again."""

from functools import partial

import torch

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l04_class_activation_maps import by_slopes
from xaicourse.course.lessons.l04_class_activation_maps.heads import CASES

__all__ = ["CELL_EFFECTS"]


def cell_effects(
    head, A, target, *,
    copy=lambda A, last: A.clone(),
    off=lambda B, i, j: B[:, :, i, j].zero_(),
    score=lambda z, target: z[target],
):  # fmt: skip
    """Return F(A) - F(A with all feature maps 0 at this cell), (h, w)."""
    h, w = A.shape[2:]
    start, B, effects = score(head(A)[0], target), A.clone(), torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            B = copy(A, B)
            off(B, i, j)
            effects[i, j] = start - score(head(B)[0], target)
    return effects


# ---------------------------------------------------------------- wrong functions of their own


def by_maps(head, A, target):
    """Return one effect for each single number, (K, h, w)."""
    each = range(A.shape[1])
    offs = [lambda B, i, j, k=k: B[:, k, i, j].zero_() for k in each]
    return torch.stack([cell_effects(head, A, target, off=off) for off in offs])


def whole_maps(head, A, target):
    """Return one effect for each feature map, (K,)."""
    without = A * (1 - torch.eye(A.shape[1]))[:, :, None, None]
    return head(A)[0, target] - head(without)[:, target]


def alone(B, i, j):
    """Keep one cell and switch off all others."""
    kept = B[:, :, i, j].clone()
    B.zero_()[:, :, i, j] = kept


def added_alone(head, A, target):
    """Return what a cell adds to maps that are 0 everywhere else."""
    lost = cell_effects(head, A, target, off=alone)
    return (head(A) - head(0 * A))[0, target] - lost


# ---------------------------------------------------------------- the task

ONE_MAP = "A cell is off when all K maps are 0 there: changed[:, :, i, j] = 0."
AGAIN = "Here, run the head again without the cell."
MISTAKES = [
    # copies
    swap(
        "accumulates",
        "The cells stay off in later turns. Start every turn from A.clone().",
        copy=lambda A, last: last,
    ),
    own(
        "no_copy",
        "Your function changes the caller's A. Work on A.clone().",
        partial(cell_effects, copy=lambda A, last: A),
        seen_in="traces",
    ),
    # what is done with the difference
    after(
        "sign_flipped",
        "The sign is reversed. The effect is F(A) - F(A without the cell).",
        lambda found: -found,
    ),
    after("absolute", "Right up to the sign: a cell may speak against the class.", torch.abs),
    after(
        "negatives_cut",
        "Right where the effect is positive. But a cell may speak against the class.",
        torch.relu,
    ),
    after(
        "score_after",
        "These are the scores without the cell. The effect is before minus after.",
        lambda found, head, A, target: head(A)[0, target] - found,
    ),
    after(
        "relative",
        "You divide by the score of the intact maps. The effect is a plain difference.",
        lambda found, head, A, target: found / head(A)[0, target],
    ),
    after(
        "own_scale",
        "You divide by the largest effect. Return the plain differences.",
        lambda found: found / found.abs().max(),
    ),
    after(
        "flattened",
        "The numbers are right, but they stand in one line. Return a map, (h, w).",
        torch.flatten,
    ),
    after(
        "turned", "Your map is turned: its shape is (w, h). The first index counts down.", torch.t
    ),
    # the score
    before(
        "best_class",
        "You explain the class with the highest score. Explain the target.",
        target=lambda target, head, A: int(head(A)[0].argmax()),
    ),
    swap(
        "class_rechosen",
        "You read the highest score before and after. Read the target's score both times.",
        score=lambda z, target: z.max(),
    ),
    swap(
        "all_classes",
        "You add up the scores of all classes. Read the target's score only.",
        score=lambda z, target: z.sum(),
    ),
    swap(
        "probability",
        "This is the effect on the probability. Asked is the score, without softmax.",
        score=lambda z, target: z.softmax(0)[target],
    ),
    swap(
        "log_probability",
        "This is the effect on the log probability. Asked is the score itself.",
        score=lambda z, target: z.log_softmax(0)[target],
    ),
    # what is switched off
    swap(
        "first_map_only",
        f"You switch off the first feature map only. {ONE_MAP}",
        off=lambda B, i, j: B[:, 0, i, j].zero_(),
    ),
    swap(
        "last_map_only",
        f"You switch off the last feature map only. {ONE_MAP}",
        off=lambda B, i, j: B[:, -1, i, j].zero_(),
    ),
    swap(
        "mean_of_the_map",
        "You set the cell to the mean of its feature map. Set it to 0.",
        off=lambda B, i, j: B[:, :, i, j].copy_(B.mean((2, 3))),
    ),
    swap(
        "filled_with_one",
        "You set the cell to 1. Set it to 0.",
        off=lambda B, i, j: B[:, :, i, j].fill_(1.0),
    ),
    swap(
        "filled_with_the_largest",
        "You set the cell to the largest value of A. Set it to 0.",
        off=lambda B, i, j: B[:, :, i, j].fill_(B.max()),
    ),
    swap(
        "keeps_the_cell",
        "You keep the cell and switch off the others. Do it the other way round.",
        off=alone,
    ),
    swap(
        "whole_line",
        "You switch off a whole line of cells. Use both indices, changed[:, :, i, j].",
        off=lambda B, i, j: B[:, :, i].zero_(),
    ),
    own(
        "added_alone",
        "You measure what the cell adds to empty maps. Keep the others, and take this one away.",
        added_alone,
    ),
    own(
        "each_map_alone",
        "You switch off one feature map at a time and add up. Switch all K off at once.",
        lambda head, A, target: by_maps(head, A, target).sum(0),
    ),
    own(
        "each_map_apart",
        "You return one effect for each number. Switch off all K maps of a cell together.",
        by_maps,
    ),
    own(
        "whole_maps",
        "You switch off whole feature maps. Switch off one cell (i, j) of all maps.",
        whole_maps,
    ),
    # what slopes promise
    own(
        "by_the_slope",
        "This is slope times value, HiResCAM: the effect only where the head is linear. Run it "
        "again.",
        by_slopes.hires_cam,
    ),
    own(
        "by_the_mean_slope",
        f"This is mean slope times value, Grad-CAM. {AGAIN}",
        by_slopes.grad_cam,
    ),
    own("layer_cam", f"This is LayerCAM: positive slope times value. {AGAIN}", by_slopes.layer_cam),
    own(
        "integrated",
        "This is Integrated Gradients from maps of 0: it equals the effect only where the head is "
        f"linear. {AGAIN}",
        by_slopes.integrated,
    ),
]

CELL_EFFECTS = function_task(
    "04.4",
    cell_effects,
    cases=CASES,
    mistakes=MISTAKES,
    near={"integrated": 0.02},
    passed="This is what each cell adds, measured and not promised.",
    hints=(
        "It is the occlusion of lesson 00, on feature maps instead of pixels: two loops, and a "
        "fresh copy in each turn.",
        "A cell is a column through all feature maps: changed[:, :, i, j] = 0. Only the head has "
        "to run again.",
        "Inside the loops: changed = A.clone(); changed[:, :, i, j] = 0; effects[i, j] = "
        "head(A)[0, target] - head(changed)[0, target].",
    ),
)
