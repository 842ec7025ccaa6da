"""Task 04.5: a head for which the brightest cell of Grad-CAM speaks against the class."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import OwnFunction, to_rows

__all__ = ["BREAK_GRAD_CAM"]

AHEAD = 0.05  # the brightest cell is brighter than the next by this share
NOTHING = 1e-4  # of the size of the scores: an effect up to here counts as none
MEASURED = 0.02  # how far measured and computed slopes may be apart
SUMMED = 0.005  # how far the slopes on a way may be from the change, of the sum of their sizes


class BrightCell(Claim):
    """(A, head): what Grad-CAM says of each cell, and what the cell does."""

    largest, cells = 10.0, 64  # numbers, and cells of a feature map

    def read(self, answer):
        """Take a feature map (1, h, w) or (h, w), and the head."""
        part = self.parts(answer, "a", "head")
        A = to_rows(part["a"], "A", self.what)
        for _ in range(max(0, 4 - A.ndim)):
            A = A[None]
        self.A, self.shape, self.f = A, tuple(A.shape), part["head"]
        self.maps, self.number = A.shape[-3], float(A.min())

    @cached_property
    def head(self):
        return OwnFunction(self.f, self.A, self.what, name="head", takes="(N, 1, h, w)")

    def steady(self):
        return self.head.steady(torch.cat([self.A, self.off[:3]]))

    @cached_property
    def off(self):
        """One copy of A for each cell, with that cell 0 in all maps."""
        h, w = self.shape[2:]
        return self.A * (1 - torch.eye(h * w).to(self.A)).view(-1, 1, h, w)

    @cached_property
    def slopes(self):
        return self.head.gradient(self.A)  # (1, K, h, w)

    @cached_property
    def map(self):
        """Grad-CAM before its relu, (h, w)."""
        return (self.slopes.mean((2, 3), True) * self.A).sum(1)[0]

    @cached_property
    def effects(self):
        """What each cell adds, (h w,)."""
        return self.head.value(self.A) - self.head.value(self.off)

    @property
    def nothing(self):
        return NOTHING * (1 + float(self.effects.abs().max()))

    @property
    def place(self):
        return divmod(int(self.map.argmax()), self.shape[3])

    @property
    def light(self):
        return float(self.map.max())

    @property
    def effect(self):
        """What the brightest cell adds."""
        return float(self.effects[int(self.map.argmax())])

    @property
    def rise(self):
        return -self.effect

    @property
    def helps(self):
        return self.effect > self.nothing

    def ahead(self):
        """How much brighter than the next cell it is."""
        first, second = self.map.flatten().relu().sort(descending=True).values[:2]
        return float(first - second)

    def all_equal(self):
        """Whether the slope is the same in all cells of each feature map."""
        g = self.slopes
        return float((g - g.mean((2, 3), True)).abs().max()) <= 1e-6 * float(g.abs().max())

    def made_up(self):
        """Whether measured slopes are others: `detach`, or a point exactly on a kink."""
        step = 1e-5 if self.head.dtype == torch.float64 else 1e-2
        moves = step * torch.eye(self.A.numel()).to(self.A).view(-1, *self.shape[1:])
        now, given = self.head.value(self.A), self.slopes.flatten()
        up = (self.head.value(self.A + moves) - now) / step
        down = (now - self.head.value(self.A - moves)) / step
        worst = max(float((side - given).abs().max()) for side in (up, down))
        size = max(1e-3 + float(given.abs().max()), float(up.abs().max()))
        return worst > MEASURED * size

    @cached_property
    def on_the_way(self):
        """What the slopes on the way to the switched-off cell add, step by step."""
        off, steps = self.off[int(self.map.argmax())], 2000 if self.A.numel() <= 256 else 500
        alphas = (torch.arange(steps).to(self.A) + 0.5).view(-1, 1, 1, 1) / steps
        slopes = self.head.gradient(off + alphas * (self.A - off))
        return ((self.A - off) * slopes).sum((1, 2, 3))

    @property
    def promised(self):
        return float(self.on_the_way.mean())

    def jumps(self):
        """Whether the effect is another one than the slopes on the way add up to."""
        far = abs(self.promised - self.effect)
        return far > self.nothing + SUMMED * float(self.on_the_way.abs().mean())


# ---------------------------------------------------------------- the task


def against(A):
    """Return a score that the cell (0, 0) lowers; the mean slope is positive."""
    return 3 * A[:, 0, 0, 1] - A[:, 0, 0, 0] + 2 * A[:, 0, 1, 1]


def elsewhere(A):
    """Return a score that does not use the cell (0, 0), as in the lesson."""
    return 3 * A[:, 0, 0, 1] - A[:, 0, 1, 0] + 2 * A[:, 0, 1, 1]


RIGHT = {"A": [[[4.0, 1.0], [2.0, 1.0]]], "head": against}

UNFIT = [
    wrong(
        "shape",
        "A has shape {shape}. Hand in a feature map of one photo, (1, h, w), with at least two "
        "cells.",
        lambda its: its.A.ndim != 4 or len(its.A) != 1 or its.A[0, 0].numel() < 2,
    ),
    wrong(
        "one_map",
        "A has {maps} feature maps, and with two of them task 04.1 is a case already. Can it be "
        "done with one?",
        lambda its: its.maps > 1,
    ),
    wrong(
        "range",
        "A is too large: at most {cells} cells, and numbers up to {largest}.",
        lambda its: its.A[0, 0].numel() > its.cells or float(its.A.abs().max()) > its.largest,
    ),
    wrong(
        "negative_maps",
        "A contains {number}. Behind a relu there are no negative numbers; they would turn the "
        "signs round.",
        lambda its: its.number < 0,
        RIGHT | {"A": [[[4.0, -1.0], [2.0, 1.0]]]},
    ),
]

BRIGHTEST = "The brightest cell of Grad-CAM is {place}, and switching it off"
MISTAKES = [
    wrong(
        "software_slope",
        "The slopes of autograd are not those of your head: because of detach, a jump, or a point "
        "exactly on a kink. Choose a head with true slopes.",
        lambda its: its.made_up(),
        RIGHT | {"head": lambda A: elsewhere(A) - A[:, 0, 0, 0].detach()},
    ),
    wrong(
        "empty_map",
        "Grad-CAM is empty here: no cell is above 0, so none is the brightest. Let some mean slope "
        "be positive.",
        lambda its: its.light <= 1e-9,
        RIGHT | {"head": lambda A: -A.sum((1, 2, 3)) - A[:, 0, 0, 0]},
    ),
    wrong(
        "tie",
        "Two cells of Grad-CAM are almost equally bright. Make one of them clearly the brightest.",
        lambda its: its.ahead() < AHEAD * its.light,
    ),
    wrong(
        "jump",
        "At A the slopes are true. But on the way to the switched-off cell the score jumps: the "
        "slopes add up to a loss of {promised}, measured is {effect}. Choose a head without jumps.",
        lambda its: not its.helps and its.jumps(),
        RIGHT | {"head": lambda A: A.sum((1, 2, 3)) - 4 * (A[:, 0, 0, 0] > 2)},
    ),
    wrong(
        "without_effect",
        f"{BRIGHTEST} changes nothing: it is lit without a reason, as in the lesson. Now make it "
        "worse: let this cell lower the score.",
        lambda its: not its.helps and its.effect > -its.nothing,
        RIGHT | {"head": elsewhere},
    ),
    wrong(
        "same_slope_everywhere",
        "Your head has the same slope in all cells of a feature map, as behind an average. There "
        "the mean slope IS each cell's slope. Treat the cells differently. See {section_part}.",
        lambda its: its.helps and its.all_equal(),
        RIGHT | {"head": lambda A: 3 * A.mean((1, 2, 3))},
    ),
    wrong(
        "another_cell",
        "Some cell of yours speaks against the class, but not the brightest one, {place}: without "
        "it the score falls by {effect}. Give the harmful cell the largest activation.",
        lambda its: its.helps and float(its.effects.min()) < -its.nothing,
        RIGHT | {"head": lambda A: 2 * A[:, 0, 0, 0] - A[:, 0, 0, 1] + A[:, 0, 1, 1]},
    ),
    wrong(
        "it_helps",
        f"{BRIGHTEST} lowers the score by {{effect}}: it does help. Which slope has this cell, and "
        "which the others? See {section_part}.",
        lambda its: its.helps,
    ),
]

BREAK_GRAD_CAM = claim_task(
    "04.5",
    BrightCell,
    name="your case (A, head)",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "Grad-CAM lights the cell {place} most ({light}), and switching it off raises the score by "
        "{rise}: it speaks against the class."
    ),
    hints=(
        "Grad-CAM spreads the MEAN slope over the whole feature map. So give the cell with the "
        "largest activation a slope of the other sign than the mean.",
        "Take a cell with a large activation and a negative slope, and other cells with slopes so "
        "large that the mean is positive.",
        "A = [[[4, 1], [1, 1]]], with the slope -1 in the cell (0, 0) and s in the three others: "
        "the mean slope is (3 s - 1) / 4. Which s makes it positive?",
    ),
)
