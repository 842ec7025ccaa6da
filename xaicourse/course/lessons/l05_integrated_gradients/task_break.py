"""Task 05.6: a feature with an attribution of 0 that matters."""

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l05_integrated_gradients.zero import ZeroShare

__all__ = ["BREAK_IT"]


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
    "Your f jumps near feature {place} = {where}: it changes by {jump} at one point, and "
    "autograd cannot see that. f must be continuous (no comparison, round or sign that lets it "
    "jump)."
)

BREAK_IT = claim_task(
    "05.6",
    ZeroShare,
    name="the answer to 05.6",
    right=RIGHT,
    unfit=[
        wrong(
            "one_row",
            "{not_one} must be one input, shape (1, D). You gave shape {shape}.",
            lambda its: bool(its.not_one),
        ),
        wrong(
            "range",
            "{too_large} contains {number}. All numbers must lie between -{largest} and {largest}.",
            lambda its: bool(its.too_large),
        ),
        wrong(
            "feature",
            "feature must be a whole number from 0 to {last}, because features are counted from "
            "0. You gave {given}.",
            lambda its: its.place < 0,
        ),
    ],
    mistakes=[
        wrong(
            "unused",
            "f does not use this feature at all, so its 0 is deserved. Find a feature that "
            "changes f.",
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
            "The gradient at x is 0, but the integrated gradient is {share}: the slope is not 0 "
            "on the rest of the path. See {section_area}.",
            lambda its: its.has_share and its.slope_at_x < 1e-9,
            RIGHT | {"f": saturated},
        ),
        wrong(
            "not_zero",
            "The integrated gradient of this feature is {share}, not 0. The distance x - x' of "
            "the feature or its average slope on the path must be exactly 0: which of the two "
            "should be 0 in your case?",
            lambda its: its.has_share,
        ),
        # the 0 is made by autograd
        wrong("jump", JUMP, lambda its: its.hidden and its.jumps, diagnosis="autograd_only"),
        wrong(
            "on_kink",
            "The path lies exactly on a kink of your f, such as relu at 0 or a tie in min, max or "
            "abs. There autograd makes up the slope: {missing} of the rise is hidden. Move x or "
            "the baseline a little and look again: the 0 must stay.",
            lambda its: its.hidden and its.on_kink,
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
    ],
    passed=(
        "The attribution is 0, yet setting the feature to the other value changes f by {change}."
    ),
    hints=(
        "IG has two factors: the distance that the feature travels and the average slope on the "
        "path. Each of them can be 0.",
        "Distance 0: the feature equals its baseline. Average slope 0: min(x1, x2) along a path "
        "on which x1 is always the larger one.",
        "f = x1 * x2 with x = (2, 3) and baseline = (2, 0): feature 0 does not travel, so it gets "
        "0. Now set it to another value and compare f.",
    ),
)
