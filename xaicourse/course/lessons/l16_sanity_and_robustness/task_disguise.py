"""Task 16.3: a net with the same probabilities whose logits have any gradient that is wanted."""

from functools import cached_property

import torch
from torch import nn

from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import waves
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import refuse
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

WANTED = 0.99  # cosine of each logit's gradient with the picture


class Disguise(Claim):
    """disguise(model, picture): what the net that it returns says, and its slopes."""

    def read(self, answer):
        """Call the answer, then the net that it returned."""
        require_function(answer, self.what)
        self.model = Probe()
        self.before = [weight.clone() for weight in self.model.parameters()]
        self.picture = waves(0.9, 1, 3, 4).double()
        given = {"model": self.model, "picture": self.picture.clone()}
        self.disguised = call(answer, given, self.what)
        if self.disguised is None:
            refuse("general/returned_none", status="not_done")
        if self.disguised is Ellipsis:
            refuse("general/not_done", status="not_done")
        self.picture_changed = not torch.equal(given["picture"], self.picture)
        self.kind = type(self.disguised).__name__
        self.x = (0.5 + 0.5 * waves(1.7, 3, 1, 3, 4)).double().requires_grad_(True)
        self.shape = ()
        if callable(self.disguised):
            self.out = call(self.disguised, {"x": self.x}, "the net that you return")
            self.shape = tuple(getattr(self.out, "shape", ()))

    @property
    def changed(self):
        """Whether the caller's net, or picture, is another one now."""
        now = self.model.parameters()
        same = all(map(torch.equal, now, self.before))
        return not same or self.picture_changed

    @cached_property
    def says(self):
        """What the caller's net says, (3, 5)."""
        return Probe()(self.x.detach())

    @cached_property
    def off(self):
        """By how much a probability is off."""
        out = self.out.detach().double()
        return float((out.softmax(1) - self.says.softmax(1)).abs().max())

    @property
    def known_slopes(self):
        return self.out.requires_grad

    @cached_property
    def cosines(self):
        """The cosine of each logit's gradient with the picture, (5, 3)."""
        found = []
        for k in range(5):
            (slope,) = torch.autograd.grad(
                self.out[:, k].sum(), self.x, retain_graph=True, allow_unused=True
            )
            slope = torch.zeros_like(self.x) if slope is None else slope
            wanted = self.picture.expand_as(slope).flatten(1)
            found.append(nn.functional.cosine_similarity(slope.flatten(1), wanted))
        return torch.stack(found)

    @property
    def least(self):
        return float(self.cosines.min())

    @cached_property
    def still_own(self):
        """Whether the slopes are those of the caller's net."""
        x = self.x.detach().requires_grad_(True)
        (own,) = torch.autograd.grad(Probe()(x).sum(), x)
        (slope,) = torch.autograd.grad(self.out.sum(), self.x, retain_graph=True, allow_unused=True)
        return slope is not None and bool((slope - own).abs().max() < 1e-6)

    @property
    def moved(self):
        """By how much the logits moved, at most."""
        return float((self.out.detach() - self.says).abs().max())

    @cached_property
    def extra(self):
        """What was added to the logits, (3, 5)."""
        return self.out.detach().double() - self.says

    @property
    def constant(self):
        """Whether the same was added at every input."""
        return bool((self.extra - self.extra[:1]).abs().max() < 1e-6)

    @property
    def linear(self):
        """Whether what was added is a multiple of the product of picture and x."""
        inner = (self.x.detach() * self.picture).flatten(1).sum(1)
        ratio = self.extra[:, 0] / inner
        return bool((ratio - ratio.mean()).abs().max() < 1e-3 * ratio.abs().mean())

    @property
    def columns(self):
        """How many logits were moved."""
        return int((self.extra.abs().amax(0) > 1e-6).sum())

    @property
    def flat(self):
        """Whether all logits are alike."""
        out = self.out.detach()
        return bool((out - out[:, :1]).abs().max() < 1e-6)

    @property
    def how_many(self):
        return int((self.cosines.amin(1) > WANTED).sum())


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
        "The probabilities are right, and the gradients turn towards the picture. The smallest "
        "cosine is {least}, more than 0.99 is asked: make what you add stronger.",
        lambda its: its.off < 1e-4 and 0.02 < its.least < WANTED and its.linear,
        adding(lambda x, picture: 5 * product(x, picture)),
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
