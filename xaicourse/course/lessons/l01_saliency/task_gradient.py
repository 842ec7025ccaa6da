"""Task 01.2: the gradient of one score of each input."""

import torch
import torch.nn.functional as nnf

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT
from xaicourse.course.lessons.l01_saliency.gradient_grader import GradientGrader
from xaicourse.course.lessons.l01_saliency.gradients_tried import (
    CASES,
    LONG_STEPS,
    OF_THE_BATCH,
    accumulates,
    best_class,
    each,
    fills_weights,
    leaves_grad,
    model_left_changed,
    my_gradient,
    no_graph,
    own_class_only,
    pick,
    sizes,
)

__all__ = ["MY_GRADIENT"]

MISTAKES = [
    # what is done to the gradient
    after(
        "times_input",
        "This is gradient x input. Asked is the gradient itself. See {section_times}.",
        lambda slope, x: x * slope,
    ),
    after(
        "absolute",
        "You return absolute values. Keep the signs: a display may drop them later, a method "
        "should not. See {section_map}.",
        torch.abs,
    ),
    after(
        "sign_reversed",
        "Every sign is reversed. The gradient points to where the score rises. Do you "
        "differentiate a loss, or minus the score?",
        lambda slope: -slope,
    ),
    after("signs_only", "You return only the signs of the slopes. Return the slopes.", torch.sign),
    after(
        "length_one",
        "You divide each input's gradient by its length. The size says how steep the score "
        "is: keep it.",
        lambda slope: slope / sizes(slope.flatten(1).norm(dim=1), slope),
    ),
    after(
        "divided_by_largest",
        "You divide by the largest slope. The size says how steep the score is: keep it.",
        lambda slope: slope / slope.abs().max(),
    ),
    after(
        "divided_by_largest",
        "",
        lambda slope: slope / sizes(slope.flatten(1).abs().amax(dim=1), slope),
    ),
    *OF_THE_BATCH,
    after(
        "reduced",
        "You already take the largest size of the channels. Return the gradient itself, with "
        "signs, in the shape of x. The map comes in task 01.3.",
        lambda slope: slope.abs().amax(dim=1),
    ),
    *FIRST_INPUT,
    # where, and how
    before(
        "at_zero",
        "This is the gradient at x = 0, the same for all inputs. Compute it at x: "
        "x.detach().clone().",
        x=torch.zeros_like,
    ),
    *LONG_STEPS,
    # which number is differentiated
    swap(
        "squared_score",
        "Each gradient is the right one times twice its score: you square the scores.",
        number=lambda z, target: (pick(z, target) ** 2).sum(),
    ),
    swap(
        "probability",
        "You differentiate the probability. Asked is the score (logit) itself, without "
        "softmax. See {section_chance}.",
        number=lambda z, target: pick(z.softmax(1), target).sum(),
    ),
    swap(
        "log_probability",
        "You differentiate the logarithm of the probability. Asked is the score (logit) "
        "itself. See {section_chance}.",
        number=lambda z, target: pick(z.log_softmax(1), target).sum(),
    ),
    swap(
        "cross_entropy",
        "You differentiate the cross-entropy loss. It has the other sign, contains a "
        "softmax, and is averaged over the batch. Differentiate the target's score.",
        number=lambda z, target: nnf.cross_entropy(z, each(target, z)),
    ),
    swap(
        "cross_entropy_sum",
        "You differentiate minus the logarithm of the probability, which is the "
        "cross-entropy loss. Differentiate the target's score. See {section_chance}.",
        number=lambda z, target: -pick(z.log_softmax(1), target).sum(),
    ),
    own(
        "own_class_only",
        "You multiply by p (1 - p). Asked is the gradient of the score itself. See "
        "{section_chance}.",
        own_class_only,
    ),
    swap(
        "all_classes",
        "You add up the scores of all classes. Pick the target's score of each input.",
        number=lambda z, target: z.sum(),
    ),
    own(
        "best_class",
        "You explain the class with the highest score. Explain the one that is asked for: target.",
        best_class,
    ),
    before(
        "counted_from_one",
        "You explain the class before the target, target - 1. Classes count from 0.",
        target=lambda target: target - 1,
    ),
    swap(
        "all_targets",
        "Right for one target. With a tensor of targets, scores[:, target] picks all targets "
        "for each input. Pick one for each: scores[torch.arange(N), target].",
        number=lambda z, target: z[:, target].sum(),
    ),
    swap(
        "first_target",
        "Right for one target. With a tensor of targets all inputs get the first target. "
        "Each input has its own.",
        number=lambda z, target: z[:, each(target, z)[0]].sum(),
    ),
    swap(
        "first_scores_only",
        "scores[0, target] reads the scores of the first input only. Each input has its own: "
        "scores[torch.arange(N), target].",
        number=lambda z, target: z[0, target].sum(),
    ),
    swap(
        "softmax_over_batch",
        "Your softmax runs over the inputs of the batch. No softmax is needed: asked is the "
        "score itself. See {section_chance}.",
        number=lambda z, target: pick(z.softmax(0), target).sum(),
    ),
    # what is left behind, and errors
    own(
        "accumulates",
        "The first call is right, the second with the same x gives twice as much: backward() "
        "adds to x.grad, and the first call's gradient is still there. Work on a copy of x, "
        "or use torch.autograd.grad.",
        accumulates,
        seen_in="traces",
    ),
    own(
        "leaves_grad",
        "The numbers are right, but afterwards the caller's x asks for gradients "
        "(requires_grad or .grad is left). Work on x.detach().clone().",
        leaves_grad,
        seen_in="traces",
    ),
    own(
        "model_left_changed",
        "The numbers are right, but the model is changed afterwards (its mode, its weights, "
        "or whether they ask for gradients). Leave the model as it was.",
        model_left_changed,
        seen_in="traces",
    ),
    own(
        "fills_weights",
        "The numbers are right and x is as it was, but backward() has also filled the .grad "
        "of the model's weights: the next training step would use them. torch.autograd.grad, "
        "or backward(inputs=point), stores nothing there.",
        fills_weights,
        seen_in="traces",
    ),
    own(
        "tuple_of_one",
        "You return a tuple: torch.autograd.grad gives one gradient for each tensor that you "
        "ask for. Take the first: [0].",
        lambda model, x, target: (my_gradient(model, x, target),),
        seen_in="traces",
    ),
    own(
        "no_copy",
        "Your function changes the values of the caller's x. Work on x.detach().clone().",
        lambda model, x, target: x.copy_(my_gradient(model, x, target)),
        seen_in="traces",
    ),
    own(
        "no_graph",
        "The score does not come from a tensor that asks for gradients. Call the model on "
        "your copy with requires_grad_() and not on x, and use neither torch.no_grad() nor "
        "detach() on the way.",
        no_graph,
        seen_in="traces",
    ),
    swap(
        "no_sum",
        "There is one score for each input, and autograd differentiates a single number: add "
        "them up with .sum(). The inputs do not influence each other.",
        number=pick,
    ),
]

MY_GRADIENT = function_task(
    "01.2",
    my_gradient,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each input gets the gradient of its own score.",
    hints=(
        "Work on a copy that asks for gradients: point = "
        "x.detach().clone().requires_grad_(). Run the model on it, and pick one score for "
        "each input.",
        "scores[torch.arange(len(x)), target] picks one score for each input, for an int and "
        "for a tensor. Their sum can be differentiated: the inputs do not influence each "
        "other.",
        "return torch.autograd.grad(scores[torch.arange(len(x)), target].sum(), point)[0]. "
        "It returns the gradient and stores nothing.",
    ),
    words={
        "no_grad": (
            "inside `with torch.no_grad():` your function would stop. With its lines "
            "inside `with torch.enable_grad():` it works there, too."
        ),
        "returned_none": (
            "Your function returns None. Does it end with `return`? If it returns .grad: "
            "only the tensor on which you called requires_grad_() has one, a tensor made "
            "from it (clone, to, *) has None."
        ),
    },
    grader=GradientGrader,
    errors={
        "does not require grad": "no_graph",
        "not have been used in the graph": "no_graph",
        "only for scalar outputs": "no_sum",
    },
    traces=False,
)
