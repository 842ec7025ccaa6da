"""Task 04.4: what each cell really does: switch it off and run the rest of the model again."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader, waves
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l04_class_activation_maps.by_slopes import (
    by_the_mean_slope,
    by_the_slope,
    integrated,
    layer_cam,
)

__all__ = ["CELL_EFFECTS", "GRADER"]


# ---------------------------------------------------------------- models and cases


def _additive(A: Tensor, weight: Tensor) -> Tensor:
    return A.flatten(1) @ weight + 2.0


def _curved(A: Tensor, weight: Tensor) -> Tensor:
    flat = A.flatten(1)
    return 2 * torch.tanh(0.4 * flat @ weight) + 0.3 * (flat @ weight.flip(0)).square()


def _case(name: str, size: tuple[int, int, int], function, target: int, turn: float) -> Case:
    maps, h, w = size
    weight = waves(turn, maps * h * w, 4)
    A = (waves(turn + 1, 1, maps, h, w) + 0.4).relu()
    head = ProbeModel(size, function, weight.tolist())
    scores = head(A)[0]
    order = scores.argsort()  # the target is never the best class: second, third or fourth
    return Case(name, {"head": head, "A": A, "target": int(order[target])})


CASES = (
    _case("additive", (2, 2, 3), _additive, 2, 1.3),
    _case("curved", (3, 3, 2), _curved, 1, 0.8),
    _case("wide", (4, 2, 4), _curved, 0, 2.1),
)


# ---------------------------------------------------------------- the right answer


def cell_effects(head, A, target):
    """Return F(A) - F(A with all feature maps 0 at this cell), (h, w)."""
    h, w = A.shape[2:]
    start = head(A)[0, target]
    effects = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            changed = A.clone()
            changed[:, :, i, j] = 0
            effects[i, j] = start - head(changed)[0, target]
    return effects


# ---------------------------------------------------------------- wrong answers


def _walk(head, A, target, change=None, number=None, keep=False):
    """Do the same walk with another change of a cell, or another number."""
    h, w = A.shape[2:]
    number = number or (lambda scores: scores[0, target])
    change = change or (lambda B, i, j: B[:, :, i, j].zero_())
    start, effects, changed = number(head(A)), torch.zeros(h, w), A.clone()
    for i in range(h):
        for j in range(w):
            if not keep:
                changed = A.clone()
            change(changed, i, j)
            effects[i, j] = start - number(head(changed))
    return effects


def accumulates(head, A, target):
    return _walk(head, A, target, keep=True)


def no_copy(head, A, target):
    """Cells are switched off in the caller's A."""
    start, effects = head(A)[0, target], torch.zeros(A.shape[2:])
    for i in range(A.shape[2]):
        for j in range(A.shape[3]):
            A[:, :, i, j] = 0
            effects[i, j] = start - head(A)[0, target]
    return effects


def sign_flipped(head, A, target):
    return -cell_effects(head, A, target)


def absolute(head, A, target):
    return cell_effects(head, A, target).abs()


def negatives_cut(head, A, target):
    return cell_effects(head, A, target).relu()


def score_after(head, A, target):
    return head(A)[0, target] - cell_effects(head, A, target)


def relative(head, A, target):
    return cell_effects(head, A, target) / head(A)[0, target]


def own_scale(head, A, target):
    found = cell_effects(head, A, target)
    return found / found.abs().max()


def best_class(head, A, target):
    best = head(A)[0].argmax()
    return _walk(head, A, target, number=lambda scores: scores[0, best])


def class_rechosen(head, A, target):
    return _walk(head, A, target, number=lambda scores: scores[0].max())


def all_classes(head, A, target):
    return _walk(head, A, target, number=lambda scores: scores[0].sum())


def probability(head, A, target):
    return _walk(head, A, target, number=lambda scores: scores[0].softmax(0)[target])


def log_probability(head, A, target):
    return _walk(head, A, target, number=lambda scores: scores[0].log_softmax(0)[target])


def first_map_only(head, A, target):
    return _walk(head, A, target, change=lambda B, i, j: B[:, 0, i, j].zero_())


def last_map_only(head, A, target):
    return _walk(head, A, target, change=lambda B, i, j: B[:, -1, i, j].zero_())


def mean_of_the_map(head, A, target):
    means = A.mean((2, 3))
    return _walk(head, A, target, change=lambda B, i, j: B[:, :, i, j].copy_(means))


def filled_with_one(head, A, target):
    return _walk(head, A, target, change=lambda B, i, j: B[:, :, i, j].fill_(1.0))


def filled_with_the_largest(head, A, target):
    largest = float(A.max())
    return _walk(head, A, target, change=lambda B, i, j: B[:, :, i, j].fill_(largest))


def flattened(head, A, target):
    return cell_effects(head, A, target).flatten()


def keeps_the_cell(head, A, target):
    def change(B, i, j):
        own = B[:, :, i, j].clone()
        B.zero_()
        B[:, :, i, j] = own

    return _walk(head, A, target, change=change)


def added_alone(head, A, target):
    """What a cell adds to maps that are 0 everywhere else."""

    def change(B, i, j):
        own = B[:, :, i, j].clone()
        B.zero_()
        B[:, :, i, j] = own

    nothing = head(torch.zeros_like(A))[0, target]
    return head(A)[0, target] - _walk(head, A, target, change=change) - nothing


def whole_line(head, A, target):
    return _walk(head, A, target, change=lambda B, i, j: B[:, :, i].zero_())


def each_map_alone(head, A, target):
    """The sum of the effects of single numbers, one feature map at a time."""
    parts = [
        _walk(head, A, target, change=lambda B, i, j, k=k: B[:, k, i, j].zero_())
        for k in range(A.shape[1])
    ]
    return torch.stack(parts).sum(0)


def each_map_apart(head, A, target):
    """One effect for each single number, (K, h, w)."""
    parts = [
        _walk(head, A, target, change=lambda B, i, j, k=k: B[:, k, i, j].zero_())
        for k in range(A.shape[1])
    ]
    return torch.stack(parts)


def whole_maps(head, A, target):
    """One effect for each feature map."""
    effects = []
    for k in range(A.shape[1]):
        changed = A.clone()
        changed[:, k] = 0
        effects.append(head(A)[0, target] - head(changed)[0, target])
    return torch.stack(effects)


def turned(head, A, target):
    return cell_effects(head, A, target).T


WRONG = {
    function.__name__: function
    for function in (
        accumulates,
        no_copy,
        sign_flipped,
        absolute,
        negatives_cut,
        score_after,
        relative,
        own_scale,
        best_class,
        class_rechosen,
        all_classes,
        probability,
        log_probability,
        first_map_only,
        last_map_only,
        mean_of_the_map,
        filled_with_one,
        filled_with_the_largest,
        flattened,
        keeps_the_cell,
        added_alone,
        whole_line,
        by_the_slope,
        by_the_mean_slope,
        layer_cam,
        integrated,
        each_map_alone,
        each_map_apart,
        whole_maps,
        turned,
    )
}
BY_NUMBERS = {name: wrong for name, wrong in WRONG.items() if name != "no_copy"}

GRADER = CaseGrader("04.4", CASES, cell_effects, BY_NUMBERS, near={"integrated": 0.02})

CELL_EFFECTS = Task(
    id="04.4",
    grade=GRADER,
    reference=cell_effects,
    misconceptions=WRONG,
)
