"""Task 05.6: a feature with an attribution of 0 that matters."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.compare import to_number
from xaicourse.course.grading.integrate import feature_place
from xaicourse.course.grading.own_path import OwnPath

__all__ = ["BREAK_IT"]


class ZeroShare(OwnPath):
    """(f, x, baseline, feature, value): a feature that gets 0, and the value that changes f."""

    names = ("f", "x", "baseline", "feature", "value")
    largest = 10.0  # all numbers of x, of the baseline and the other value lie in [-10, 10]
    wanted = 0.5  # setting the feature to the other value changes f by more than this

    def read(self, answer):
        """Read feature and value as well; of a tuple of four the value is still open."""
        if isinstance(answer, (list, tuple)) and len(answer) == 4 and callable(answer[0]):
            answer = (*answer, None)
        super().read(answer)
        self.shape, self.last = tuple(self.x.shape), self.x.numel() - 1
        self.given = str(self.part["feature"])[:40]
        self.place = feature_place(self.part["feature"], self.x)
        self.before = self.place - 1
        self.value = to_number(self.part["value"], self.what)
        numbers = torch.cat([self.x.flatten(), self.baseline.flatten(), torch.tensor([self.value])])
        self.number = float(numbers[numbers.abs().argmax()])

    @cached_property
    def change(self):
        """By how much f changes with the value."""
        return self.change_of(self.place, self.value)

    @property
    def largest_change(self):
        """The same with any value."""
        others = torch.linspace(-self.largest, self.largest, 81).tolist()
        return max(self.change_of(self.place, other) for other in others)

    @cached_property
    def share(self):
        return self.closer_share_of(self.place, self.change)

    @cached_property
    def has_share(self):
        """Whether its share is not 0."""
        return not self.is_zero(self.share, self.place, self.change)

    @property
    def zero_stands_before(self):
        """Whether the feature before has the 0."""
        zero = self.place > 0 and abs(self.share_of(self.before)) < 1e-9
        return zero and self.change_of(self.before, self.value) > self.wanted

    @property
    def slope_at_x(self):
        return abs(float(self.f.gradient(self.x).reshape(-1)[self.place]))

    @cached_property
    def missing(self):
        """What the slopes hide of the rise, or of the share."""
        return self.missing_of(self.place, self.change)

    @property
    def hidden(self):
        return self.missing != 0

    @cached_property
    def steepest_piece(self):
        """Size and place of what may be a jump, on the path or from x to the value."""
        ends = (self.baseline, self.x) if self.hidden else (self.x, self.at(self.place, self.value))
        return self.steepest(*ends)

    @property
    def travels(self):
        """What is said of a feature that travels: the harder case."""
        here = float(self.delta.reshape(-1)[self.place])
        return " And it does travel: that is the harder case." if here else ""

    @property
    def jump(self):
        return self.steepest_piece[0]

    @property
    def where(self):
        return float(self.steepest_piece[1].reshape(-1)[self.place])

    @property
    def jumps(self):
        return self.jump > 0.05 * self.change


def smaller(points):
    return torch.minimum(points[:, 0], points[:, 1])


def second_only(points):
    return 3 * points[:, 1]


def detached(points):
    return 2 * points[:, 0].detach() + points[:, 1]


def saturated(points):
    return 1 - torch.relu(1 - points[:, 0]) + 0 * points[:, 1]


RIGHT = {"f": smaller, "x": [[3.0, 2.0]], "baseline": [[0.0, 0.0]], "feature": 0, "value": 0.0}

JUMP = (
    "Your f jumps near feature {place} = {where}: it changes by {jump} at one point, and autograd "
    "cannot see that. f must be continuous (no comparison, round or sign that lets it jump)."
)

UNFIT = [
    wrong(
        "one_row",
        "x must be one input, shape (1, D). You gave shape {shape}.",
        lambda its: len(its.x) != 1,
    ),
    wrong(
        "range",
        "All numbers must lie between -{largest} and {largest}. You gave {number}.",
        lambda its: not abs(its.number) <= its.largest,
    ),
    wrong(
        "feature",
        "feature must be a whole number from 0 to {last} (features are counted from 0); it stands "
        "before the value. You gave {given}.",
        lambda its: its.place < 0,
    ),
]

MISTAKES = [
    wrong(
        "unused",
        "At this x, with the other features as they are, f does not change with this feature, so "
        "its 0 is deserved. (Features are counted from 0.) Find one that changes f.",
        lambda its: its.change <= its.wanted and its.largest_change <= 1e-9,
        RIGHT | {"f": second_only},
    ),
    wrong(
        "small_change",
        "Setting the feature to your value changes f by {change}. It must be more than "
        "{wanted}. Another value of the feature, or a steeper f, may do it.",
        lambda its: its.change <= its.wanted,
    ),
    # its share is not 0
    wrong(
        "counted_from_one",
        "The integrated gradient of feature {place} is {share}, not 0. Feature {before} has "
        "the 0: features are counted from 0.",
        lambda its: its.has_share and its.zero_stands_before,
        RIGHT | {"feature": 1},
    ),
    wrong(
        "gradient_is_zero",
        "The gradient at x is 0, but the integrated gradient is {share}: the slope is not 0 on "
        "the rest of the path. See {section_area}.",
        lambda its: its.has_share and its.slope_at_x < 1e-9,
        RIGHT | {"f": saturated},
    ),
    wrong(
        "not_zero",
        "The integrated gradient of this feature is {share}, not 0. The distance x - x' of the "
        "feature or its average slope on the path must be exactly 0: which of the two should "
        "be 0 in your case?",
        lambda its: its.has_share,
    ),
    # the 0 is made by autograd
    wrong("jump", JUMP, lambda its: its.hidden and its.jumps, diagnosis="autograd_only"),
    wrong(
        "on_kink",
        "The path lies exactly on a kink of your f, such as relu at 0 or a tie in min, max or "
        "abs. There autograd makes up the slope: {missing} of the rise is hidden. Move x or "
        "the baseline a little and look again: the 0 must stay.",
        lambda its: its.hidden and its.runs_on_kink(its.place, its.change),
        diagnosis="autograd_only",
    ),
    wrong(
        "autograd_only",
        "Autograd gives 0 here, but {missing} of the rise of f is missing from the slopes. "
        "Something hides the slope from autograd: detach, .data, no_grad, a conversion to "
        "numbers, or a step so steep that it is as good as a jump. Find a 0 that belongs to f "
        "itself.",
        lambda its: its.hidden,
        RIGHT | {"f": detached},
    ),
    # f jumps elsewhere
    wrong("jump", JUMP, lambda its: its.jumps),
]

BREAK_IT = claim_task(
    "05.6",
    ZeroShare,
    name="05.6",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "The attribution is 0, yet setting the feature to the other value changes f by {change}."
        "{travels}"
    ),
    hints=(
        "IG has two factors: the distance that the feature travels and the average slope on the "
        "path. Each of them can be 0.",
        "Distance 0: the feature equals its baseline. Average slope 0: min(x1, x2) along a path on "
        "which x1 is always the larger one.",
        "f = x1 * x2 with x = (2, 3) and baseline = (2, 0): feature 0 does not travel, so it gets "
        "0. Now set it to another value and compare f.",
    ),
)
