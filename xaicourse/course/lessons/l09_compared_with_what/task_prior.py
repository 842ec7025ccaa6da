"""Task 09.7: the loss of an attribution prior, fit for training."""

import torch
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import before, own, swap
from xaicourse.course.grading.shared_mistakes import pick
from xaicourse.course.lessons.l09_compared_with_what.losses import (
    CASES,
    TrainableGrader,
    all_pairs,
    filling,
    fit_without_graph,
    freezing,
    plain_number,
    prior_loss,
    without_graph,
)
from xaicourse.course.lessons.l09_compared_with_what.wrong_fits import WRONG_FITS

__all__ = ["PRIOR_LOSS"]


MISTAKES = [
    # the penalty
    before(
        "no_penalty",
        "This is the cross-entropy alone. Add weight times the penalty.",
        weight=lambda weight: 0.0,
    ),
    before(
        "weight_forgotten",
        "The penalty is not multiplied by its weight.",
        weight=lambda weight: 1.0,
    ),
    swap(
        "minus_penalty",
        "You subtract the penalty. Add it.",
        join=lambda fit, penalty, weight: fit - weight * penalty,
    ),
    swap(
        "weighted_fit",
        "The weight belongs to the penalty alone.",
        join=lambda fit, penalty, weight: weight * fit + penalty,
    ),
    swap("weighted_fit", "", join=lambda fit, penalty, weight: weight * (fit + penalty)),
    before(
        "whole_stretch",
        "You punish the places between those in `where`, too: f[:, where] takes its places alone.",
        where=lambda where: torch.arange(int(where.min()), int(where.max()) + 1),
    ),
    before(
        "everywhere",
        "You punish all places. Only those in `where` count.",
        where=lambda where, x: torch.arange(x.shape[1]),
    ),
    before(
        "elsewhere",
        "You punish all places but those in `where`.",
        where=lambda where, x: torch.tensor(
            [k for k in range(x.shape[1]) if k not in where.tolist()]
        ),
    ),
    swap(
        "sizes",
        "You add up absolute shares. The penalty takes squares.",
        penalty=lambda shares: shares.abs().sum(1).mean(),
    ),
    swap(
        "not_squared",
        "You add up the shares themselves, and signs cancel. Square each first.",
        penalty=lambda shares: shares.sum(1).mean(),
    ),
    swap(
        "mean_map",
        "You average the maps of the batch before you square. Square first.",
        penalty=lambda shares: shares.mean(0).square().sum(),
    ),
    swap(
        "square_of_sum",
        "You square the sum. Then shares of opposite sign cancel: square first.",
        penalty=lambda shares: shares.sum(1).square().mean(),
    ),
    swap(
        "mean_over_places",
        "You take the mean over the places. Within an input it is a sum.",
        penalty=lambda shares: shares.square().mean(),
    ),
    swap(
        "summed_over_batch",
        "You add up the penalties of the batch. Take their mean over the inputs.",
        penalty=lambda shares: shares.square().sum(),
    ),
    swap(
        "length",
        "You take the root of the sum of squares. No root here.",
        penalty=lambda shares: shares.square().sum(1).sqrt().mean(),
    ),
    # the map
    swap(
        "plain_gradient",
        "You punish the slopes. Expected Gradients multiplies each by the way, x - reference.",
        share=lambda x, b, alpha, slope: slope,
    ),
    swap(
        "times_input",
        "You multiply by x. Multiply by x - reference.",
        share=lambda x, b, alpha, slope: x * slope,
    ),
    swap(
        "chain_rule",
        "There is a factor alpha too much: differentiate with respect to the point, not x.",
        share=lambda x, b, alpha, slope: alpha * (x - b) * slope,
    ),
    swap(
        "slip_in_the_path",
        "Your points run away from x: the way is x - reference.",
        place=lambda x, b, alpha: b + alpha * (b - x),
    ),
    swap(
        "beyond_x",
        "The point is reference + alpha * x. The way is x - reference.",
        place=lambda x, b, alpha: b + alpha * x,
    ),
    swap(
        "scaled_input",
        "The point is alpha times x. It should lie between the reference and x.",
        place=lambda x, b, alpha: alpha * x,
    ),
    before(
        "at_reference",
        "Your slopes are taken at the references. Take them on the way.",
        alphas=torch.zeros_like,
    ),
    before(
        "at_x",
        "Your slopes are taken at x. Take them on the way: reference + alpha * way.",
        alphas=lambda alphas: torch.ones_like(alphas),
    ),
    before(
        "other_end",
        "Your alpha runs from the other end: alpha = 0 is the reference.",
        alphas=lambda alphas: 1 - alphas,
    ),
    before(
        "first_reference",
        "All inputs have the first reference. Each has its own.",
        references=lambda references: references[:1].expand_as(references),
    ),
    before(
        "mean_reference",
        "All inputs have the mean reference. Each has its own.",
        references=lambda references: references.mean(0, keepdim=True).expand_as(references),
    ),
    own(
        "all_pairs",
        "You take every reference for every input. Asked is one draw for each: its own.",
        all_pairs,
    ),
    before(
        "one_place",
        "All inputs have the first place. Each has its own.",
        alphas=lambda alphas: alphas[:1].expand_as(alphas),
    ),
    swap(
        "all_classes",
        "You explain the sum of all logits. Take that of each input's own class.",
        score=lambda z, labels: z.sum(1),
    ),
    swap(
        "all_labels",
        "logits[:, labels] adds up the logits of all labels for every input. Each has its own: "
        "logits[torch.arange(N), labels].",
        score=lambda z, labels: z[:, labels],
    ),
    swap(
        "best_class",
        "You explain the class with the highest logit. Explain that of the label.",
        score=lambda z, labels: z.amax(1),
    ),
    swap(
        "mean_of_logits",
        "Your gradients are divided by the number of inputs: mean() of the logits. Take their sum.",
        score=lambda z, labels: pick(z, labels) / len(z),
    ),
    swap(
        "probability",
        "You explain the probability. Asked is the logit: no softmax.",
        score=lambda z, labels: pick(z.softmax(1), labels),
    ),
    swap(
        "loss_explained",
        "You explain the cross-entropy. Explain the logit of the class.",
        score=lambda z, labels: cross_entropy(z, labels, reduction="none"),
    ),
    own(
        "no_graph",
        "The value is right, but the penalty cannot be differentiated with respect to the weights: "
        "a training would not feel it. Ask for the gradient with create_graph=True, and detach or "
        "convert nothing after it.",
        without_graph,
        seen_in="traces",
    ),
    own(
        "plain_number",
        "The value is right, but it is a plain number: .item(), float(), detach() or NumPy cut it "
        "off from the weights, and a training cannot follow it. Return the tensor.",
        plain_number,
        seen_in="traces",
    ),
    own(
        "fit_without_graph",
        "The value is right, but the cross-entropy cannot be differentiated: do not detach it, "
        "and take it outside of torch.no_grad().",
        fit_without_graph,
        seen_in="traces",
    ),
    own(
        "fills_weights",
        "The value is right, but your backward() fills .grad of the weights, and the training "
        "would count them twice. Use torch.autograd.grad.",
        filling,
        seen_in="traces",
    ),
    own(
        "freezes_weights",
        "The value is right, but you leave requires_grad of the weights switched off: the training "
        "ends there. Leave the model as it is.",
        freezing,
        seen_in="traces",
    ),
    # the cross-entropy
    *WRONG_FITS,
]

PRIOR_LOSS = function_task(
    "09.7",
    prior_loss,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The loss is right, for a batch in which each input has its own draw.",
    hints=(
        "Four steps: a point for each input on its own line, the gradient there, times the way, "
        "then squares of the places in `where`.",
        "Ask for the gradient with create_graph=True: only then can the penalty be differentiated "
        "once more.",
        "way = x - references; point = (references + alphas[:, None] * way).detach()"
        ".requires_grad_(); slope = torch.autograd.grad(model(point)[torch.arange(len(x)), "
        "labels].sum(), point, create_graph=True)[0]; penalty = (way * slope)[:, "
        "where].square().sum(1).mean().",
    ),
    grader=TrainableGrader,
)
