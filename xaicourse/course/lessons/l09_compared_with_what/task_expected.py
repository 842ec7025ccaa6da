"""Task 09.2: Expected Gradients of given draws, and the standard error of the map."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, saying, swap
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.shared_mistakes import SIGNS, WHICH_NUMBER, pick
from xaicourse.course.lessons.l09_compared_with_what.means import (
    all_pairs,
    chained,
    even,
    mean_of_parts,
    my_eg,
    over_channels,
    piled_up,
)
from xaicourse.course.lessons.l09_compared_with_what.pairs import PairGrader
from xaicourse.course.lessons.l09_compared_with_what.wrong_errors import WRONG_ERRORS

__all__ = ["MY_EG"]


# ---------------------------------------------------------------- cases


def bent(x, weight, bias):
    """Return scores (N, K) with slopes that change, and products of inputs."""
    sums = x.flatten(1) @ weight + bias
    return sums + 0.6 * sums.square() - 0.2 * sums.sum(1, keepdim=True) * sums


def set_of(name, says, shape, target, draws, turn):
    """Return a case: x lies between its references, so that draws of both signs meet."""
    size = torch.Size(shape).numel()
    weight = waves(turn, size, 4, size=0.9).tolist()
    return case(
        name,
        says,
        model=ProbeModel(shape, bent, weight, [0.3, -0.2, 0.5, 0.1]),
        x=0.3 * waves(turn + 0.4, len(target), *shape) + 0.2,
        target=torch.tensor(target),
        references=1.2 * waves(turn + 0.8, draws, *shape) + 0.1,
        alphas=0.5 + 0.45 * waves(turn + 1.3, draws),
    )


CASES = (
    set_of("one", "one input with three numbers, four draws", (3,), [2], 4, 1.1),
    set_of("batch", "three inputs with four numbers, six draws", (4,), [1, 3, 0], 6, 2.3),
    set_of("picture", "two pictures (2, 2, 3), five draws", (2, 2, 3), [0, 2], 5, 0.8),
)


# ---------------------------------------------------------------- the task

SEE = "See {section_set}."
PAIRS = "Draw j uses references[j] and alphas[j], both."
MISTAKES = [
    *saying(WHICH_NUMBER, score="score"),
    swap(
        "mean_over_batch",
        "Your gradients are divided by the number of inputs: mean() of the scores. Take their sum.",
        score=lambda z, target: pick(z, target) / len(z),
    ),
    after(
        "only_first_input",
        "You return the result of the first input only. Return one for each input.",
        lambda result: result[:, :1],
    ),
    after(
        "map_only",
        "You return the map alone. Its standard error is missing: stack both, (2, N, ...).",
        lambda result: result[:1],
    ),
    # the draws
    before(
        "mean_reference",
        f"You start from the mean of the references. {PAIRS} {SEE}",
        references=lambda references: references.mean(0, keepdim=True).expand_as(references),
    ),
    before(
        "first_reference",
        f"All draws start from the first reference. {PAIRS}",
        references=lambda references: references[:1].expand_as(references),
    ),
    before(
        "one_alpha",
        f"All draws stop at the first alpha. {PAIRS}",
        alphas=lambda alphas: alphas[:1].expand_as(alphas),
    ),
    before(
        "even_alphas",
        "You cut the line into equal pieces, as in lesson 05. Here the places are drawn: take "
        "alphas[j].",
        alphas=even,
    ),
    before(
        "half_way",
        "All your gradients are taken half way. Take alphas[j].",
        alphas=lambda alphas: 0 * alphas + 0.5,
    ),
    before(
        "mean_alpha",
        f"All draws stop at the mean of the alphas. {PAIRS}",
        alphas=lambda alphas: alphas.mean().expand_as(alphas),
    ),
    before(
        "sorted_alphas",
        f"You sort the alphas. Then a draw no longer has its own. {PAIRS}",
        alphas=lambda alphas: alphas.sort().values,
    ),
    before(
        "last_missing",
        "The last draw is missing.",
        references=lambda references: references[:-1],
        alphas=lambda alphas: alphas[:-1],
    ),
    own(
        "all_pairs",
        "You take every reference with every alpha. That costs n times as much. " + PAIRS,
        all_pairs,
    ),
    # the point
    before(
        "other_end",
        "Your alpha runs from the other end: alpha = 0 is the reference, 1 is x.",
        alphas=lambda alphas: 1 - alphas,
    ),
    swap("at_x", "All gradients are taken at x. Take them on the way.", place=lambda x, b, a: x),
    swap(
        "at_reference",
        "All gradients are taken at the references. Take them on the way.",
        place=lambda x, b, a: b.expand_as(x),
    ),
    swap(
        "scaled_input",
        "The point is alpha times x. It should lie between the reference and x.",
        place=lambda x, b, a: a * x,
    ),
    swap(
        "beyond_x",
        "The point is reference + alpha * x. The way is x - reference.",
        place=lambda x, b, a: b + a * x,
    ),
    swap(
        "reference_forgotten",
        "The point is alpha * (x - reference): add the reference, from where the way starts.",
        place=lambda x, b, a: a * (x - b),
    ),
    # the share
    own(
        "chain_rule",
        "There is a factor alpha too much: differentiate with respect to the point, not x.",
        chained,
    ),
    swap(
        "distance_reversed",
        "You multiply by (reference - x). The way goes from the reference to x: x - reference.",
        share=lambda x, b, slope: (b - x) * slope,
    ),
    swap(
        "length_of_the_way",
        "You multiply by |x - reference|. The way has a sign.",
        share=lambda x, b, slope: (x - b).abs() * slope,
    ),
    own(
        "piled_up",
        "Your gradients pile up from draw to draw, as in a .grad that nobody sets back. Each draw "
        "has its own gradient.",
        piled_up,
    ),
    swap(
        "times_input", "You multiply by x. Multiply by x - reference.", share=lambda x, b, s: x * s
    ),
    swap(
        "slopes_only",
        "These are mean slopes. Multiply each by x - reference.",
        share=lambda x, b, s: s,
    ),
    own(
        "mean_of_parts",
        "You multiply the mean distance by the mean slope. Multiply in each draw, then average. "
        + SEE,
        mean_of_parts,
    ),
    swap(
        "sizes_first",
        "You average absolute values. A share keeps its sign.",
        share=lambda x, b, slope: ((x - b) * slope).abs(),
    ),
    swap(
        "summed_channels",
        "You add up the channels of a picture. Each number keeps its own share.",
        share=lambda x, b, slope: over_channels((x - b) * slope, torch.sum),
    ),
    after(
        "map_without_signs",
        "Your map has lost its signs at the end. A share below 0 speaks against the class.",
        lambda result: torch.stack([result[0].abs(), result[1]]),
    ),
    swap("sizes_first", "", join=lambda found: found.abs().mean(0)),
    swap(
        "median",
        "This is the median of the draws. Asked is their mean.",
        join=lambda found: found.median(0).values,
    ),
    swap(
        "summed", "You add up the draws. Divide by their number.", join=lambda found: found.sum(0)
    ),
    # the error
    *WRONG_ERRORS,
    # what is handed in
    after(
        "exchanged_parts",
        "Both are right, in the wrong order: first the map, then its error.",
        lambda result: result.flip(0),
    ),
    after(
        "stacked_last",
        "Both are right, but stacked along another axis: the first axis has the map and the error.",
        lambda result: result.movedim(0, 1),
    ),
    *saying(SIGNS, so="The way goes from the reference to x."),
]


MY_EG = function_task(
    "09.2",
    my_eg,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The map and its error are right, with draws of both signs in the same input.",
    hints=(
        "One draw is one point and one gradient: the point lies on the line from references[j] to "
        "x, at alphas[j]. Keep what each draw gives, then take mean and standard error.",
        "What a draw gives is (x - references[j]) times the gradient at the point, shaped as x. "
        "The point must be fresh: (b + alpha * (x - b)).detach().requires_grad_().",
        "found = []; for b, alpha in zip(references, alphas): point = ...; score = "
        "model(point)[torch.arange(len(x)), target].sum(); found.append((x - b) * "
        "torch.autograd.grad(score, point)[0]); then found = torch.stack(found); return "
        "torch.stack([found.mean(0), found.std(0) / len(found) ** 0.5]).",
    ),
    words={"shape": "First the map, then its standard error, each shaped as x: (2, N, ...)."},
    not_finite="over_the_inputs",
    grader=PairGrader,
    names=("the map", "its error"),
)
