"""What a disguise of task 16.3 says, and what its slopes are."""

from functools import cached_property

import torch
from torch import nn

from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import waves
from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.compare import refuse
from xaicourse.course.lessons.l16_sanity_and_robustness.disguises import Probe

__all__ = ["WANTED", "Disguise"]

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
        x = (0.5 + 0.5 * waves(1.7, 3, 1, 3, 4)).double()
        x[1] = (self.picture < 0).double()  # here the product of x and picture is below 0
        self.x = x.requires_grad_(True)
        self.shape = ()
        if callable(self.disguised):
            self.out = call(self.disguised, {"x": self.x}, "the net that you return")
            self.shape = tuple(getattr(self.out, "shape", ()))

    @property
    def changed(self):
        """Whether the caller's net, or picture, is another one now."""
        now = self.model.parameters()
        same = all(map(torch.equal, now, self.before))
        same = same and torch.equal(self.model(self.x.detach()), self.says)
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

    @cached_property
    def off_in_float(self):
        """By how much a probability is off if the logits are float32, as in the lesson."""
        out = self.out.detach().float().double()
        return float((out.softmax(1) - self.says.softmax(1)).abs().max())

    @cached_property
    def depends_on_batch(self):
        """Whether an input alone gets other logits than in a batch."""
        with torch.no_grad():
            alone = torch.cat([self.disguised(row[None]) for row in self.x.detach()])
        return bool((alone - self.out.detach()).abs().max() > 1e-6)

    def only_adds_to(self, start):
        """Whether the logits are these numbers (3, 5) and one number for each input."""
        added = self.out.detach().double() - start
        return bool((added - added[:, :1]).abs().max() < 1e-6)

    @property
    def stretched(self):
        """Whether the logits are multiples of the caller's, but for a shift."""
        out = self.out.detach().double()
        pairs = (z - z.mean(1, keepdim=True) for z in (out, self.says))
        return bool((nn.functional.cosine_similarity(*pairs).abs() > 1 - 1e-6).all())

    @property
    def in_parts(self):
        """Whether slopes follow the picture only where its product with x is positive."""
        follows = self.cosines.amin(0) > WANTED
        inner = (self.x.detach() * self.picture).flatten(1).sum(1)
        return bool(follows[inner > 0].all() and not follows[inner < 0].any())

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
        """Whether what was added is a positive multiple of the product of picture and x."""
        inner = (self.x.detach() * self.picture).flatten(1).sum(1)
        ratio = self.extra[:, 0] / inner
        mean = ratio.mean()
        return bool(mean > 0 and (ratio - mean).abs().max() < 1e-3 * mean)

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
