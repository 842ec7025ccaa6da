"""Task 16.3: a net with the same probabilities whose logits have any gradient that is wanted."""

import torch

from xaicourse.course.grading.cases import waves
from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l16_sanity_and_robustness.disguise_claim import WANTED, Disguise
from xaicourse.course.lessons.l16_sanity_and_robustness.disguises import (
    Probe,
    adding,
    detached,
    disguise,
    edits,
    growing,
    one_logit,
    picture_alone,
    product,
    shown_as_input,
)

__all__ = ["DISGUISE"]

UNFIT = [
    wrong(
        "no_net",
        "Return a net: a function (or module) of x. Yours is {kind}.",
        lambda its: not callable(its.disguised),
        lambda model, picture: model(torch.zeros(1, 1, 3, 4)) + 1,
    ),
    wrong(
        "edits_the_model",
        "The model, or the picture, that you were given has changed. Leave it as it is, and wrap "
        "it.",
        lambda its: its.changed,
        edits,
    ),
    wrong(
        "other_shape",
        "Your net returns the shape {shape} for three inputs. It must return logits for all 5 "
        "classes, (3, 5).",
        lambda its: its.shape != (3, 5),
        lambda model, picture: lambda x: model(x)[:, 0] + 1000 * product(x, picture)[:, 0],
    ),
]

MISTAKES = [
    wrong(
        "untouched",
        "This is the net itself: its logits did not move.",
        lambda its: its.moved == 0 and its.known_slopes,
        lambda model, picture: lambda x: model(x),
    ),
    wrong(
        "one_for_the_batch",
        "You add one number for the whole batch, so an input gets other logits alone than beside "
        "others. Sum over all axes but the first: one number for each input.",
        lambda its: its.off < 1e-4 and its.depends_on_batch,
        adding(lambda x, picture: 1000 * (x * picture).sum()),
    ),
    wrong(
        "drowned",
        "What you add is so large that float32 rounds the net's own logits away: its probabilities "
        "are off by {off_in_float}. A thousand times the product is enough.",
        lambda its: its.off < 1e-4 and its.off_in_float > 0.05,
        adding(lambda x, picture: 1e10 * product(x, picture)),
    ),
    wrong(
        "a_constant",
        "The probabilities are right, but you add the same number at every x: a constant has no "
        "slope. What you add must grow along the picture.",
        lambda its: its.off < 1e-4 and its.constant,
        adding(lambda x, picture: picture.sum()),
    ),
    wrong(
        "against_the_picture",
        "Nearly: the gradients point AGAINST the picture (cosine {least}). Turn the sign.",
        lambda its: its.off < 1e-4 and its.known_slopes and its.cosines.max() < -WANTED,
        adding(lambda x, picture: -1000 * product(x, picture)),
    ),
    wrong(
        "detached",
        "The probabilities are right, but what you add hangs on no graph: its slope is 0. No "
        "detach(), no no_grad().",
        lambda its: its.off < 1e-4 and (not its.known_slopes or its.still_own),
        adding(detached),
    ),
    wrong(
        "too_weak",
        "The probabilities are right, and what you add has the picture as its slope. But the net's "
        "own slope is still seen: the smallest cosine is {least}, more than 0.99 is asked. Make "
        "what you add stronger.",
        lambda its: its.off < 1e-4 and its.least < WANTED and its.linear,
        adding(lambda x, picture: 5 * product(x, picture)),
    ),
    wrong(
        "in_parts",
        "Right where the product of x and picture is above 0. Where it is below 0, its slope is "
        "cut or turned: add it as it is, with its sign.",
        lambda its: its.off < 1e-4 and its.least < WANTED and its.in_parts,
        adding(lambda x, picture: 1000 * product(x, picture).abs()),
    ),
    wrong(
        "other_picture",
        "The probabilities are right, but the gradients do not point along the picture (smallest "
        "cosine {least}). Which function of x has the picture as its gradient, at every x?",
        lambda its: its.off < 1e-4 and its.least < WANTED,
        adding(lambda x, picture: 1000 * product(x * x, picture)),
    ),
    wrong(
        "one_logit",
        "You changed one logit: the probabilities are off by {off}. Add the SAME number to all "
        "logits.",
        lambda its: its.off > 1e-4 and its.columns == 1,
        adding(one_logit),
    ),
    wrong(
        "logits_alone",
        "Your gradients follow the picture, but nothing of the net is left: the probabilities are "
        "off by {off}. Add to the net's own logits.",
        lambda its: its.off > 1e-4 and its.flat,
        picture_alone,
    ),
    wrong(
        "probabilities_for_logits",
        "You begin with the net's probabilities. Your net returns logits, of which softmax is "
        "taken once more: the probabilities are off by {off}. Begin with model(x).",
        lambda its: its.off > 1e-4 and its.only_adds_to(its.says.softmax(1)),
        lambda model, picture: lambda x: model(x).softmax(1) + 1000 * product(x, picture),
    ),
    wrong(
        "stretched",
        "You multiply the logits: the probabilities are off by {off}. Softmax does not change if "
        "the same number is ADDED to all logits.",
        lambda its: its.off > 1e-4 and its.stretched,
        lambda model, picture: lambda x: model(x) * (1 + product(x, picture)),
    ),
    wrong(
        "different_numbers",
        "The gradients of {how_many} of 5 logits follow the picture, but the probabilities are off "
        "by {off}: softmax sees differences of logits. Add the same number to all of them.",
        lambda its: its.off > 1e-4 and its.how_many > 0,
        adding(growing),
    ),
    wrong(
        "moves_the_input",
        "The probabilities are off by {off}. Do not change what the net sees: change what comes "
        "out of it.",
        lambda its: its.off > 1e-4 and its.how_many == 0,
        shown_as_input,
    ),
]

DISGUISE = claim_task(
    "16.3",
    Disguise,
    name="disguise",
    right=disguise,
    unfit=UNFIT,
    mistakes=MISTAKES,
    calls=({"model": Probe(), "picture": waves(0.9, 1, 3, 4).double()},),
    passed=(
        "Every probability is the same, and the gradient of every logit is your picture (smallest "
        "cosine {least})."
    ),
    hints=(
        "Softmax does not change if the same number is added to all logits. This number may depend "
        "on x.",
        "You need a number g(x) whose gradient is the picture at every x: the sum of picture times "
        "x. Times a large factor, so that it drowns the net's own gradient.",
        "def disguised(x): return model(x) + 1000 * (x * picture).flatten(1).sum(1, keepdim=True). "
        "Return this function.",
    ),
)
