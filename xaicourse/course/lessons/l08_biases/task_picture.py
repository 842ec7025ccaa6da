"""Task 08.4: what the paper does to a layer's terms before it draws them."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, saying, swap
from xaicourse.course.grading.shared_mistakes import PADDED

__all__ = ["PICTURE"]


def rescaled(a, low, span, equal=0.0):
    """Return a, moved and stretched to 0..1; 0 where all numbers are equal."""
    return torch.nan_to_num((a - low) / span, nan=equal, posinf=equal)


def same(value):
    return value


def picture(
    terms,
    *,
    size=torch.abs,
    axes=(1, 2, 3),
    span=same,
    rescale=rescaled,
    join=lambda a: a.sum(1),
):
    """Return |terms| rescaled to 0..1 for each photo, summed over channels: (N, h, w)."""
    a = size(terms)
    low, high = a.amin(axes, keepdim=True), a.amax(axes, keepdim=True)
    return join(rescale(a, low, span(high - low)))


def equal_photos(terms):
    """Say of each photo whether all sizes are equal, (N, 1, 1)."""
    sizes = terms.abs().flatten(1)[..., None]
    return sizes.amin(1, keepdim=True) == sizes.amax(1, keepdim=True)


def terms(turn: float, *shape: int) -> torch.Tensor:
    """Return terms of mixed signs, the channels of different sizes."""
    sizes = torch.tensor([1.0, 4.0, 0.5, 2.0])[: shape[1]].view(1, -1, 1, 1)
    return sizes * waves(turn, *shape)


CASES = (
    case("one", "one photo, two channels (2, 3)", terms=terms(1.1, 1, 2, 2, 3)),
    case(
        "two",
        "two photos, three channels (4, 2)",
        terms=terms(0.7, 2, 3, 4, 2) * torch.tensor([1.0, 9.0]).view(2, 1, 1, 1),
    ),
    case(
        "below_zero",
        "one photo, four channels, all terms below 0",
        terms=-terms(2.3, 1, 4, 3, 2).abs() - 0.3,
    ),
    case(
        "constant",
        "two photos; all terms of the first are 3 or -3",
        terms=torch.cat(
            [torch.tensor([3.0, -3, -3, -3, 3, -3, 3, -3]).view(1, 2, 2, 2), terms(1.9, 1, 2, 2, 2)]
        ),
    ),
    case("small", "one photo, terms of about 1e-7", terms=1e-7 * terms(0.9, 1, 2, 3, 2)),
)

MISTAKES = [
    # which size
    swap(
        "signs_kept",
        "You rescale the signed terms. Take absolute values first.",
        size=same,
    ),
    swap("squares", "You take squares. The paper takes absolute values.", size=torch.square),
    swap(
        "only_positive",
        "You cut off what is below 0. The paper takes absolute values: a term that lowers "
        "the score is drawn as well.",
        size=torch.relu,
    ),
    swap(
        "sizes_too_late",
        "Smallest and largest are those of the signed terms. Take them of the absolute values.",
        size=same,
        rescale=lambda a, low, span: rescaled(a.abs(), low, span),
    ),
    # over which numbers
    swap(
        "each_channel",
        "You rescale each channel by itself: one that brings almost nothing counts as much as the "
        "strongest. Rescale over all channels.",
        axes=(2, 3),
    ),
    swap(
        "whole_batch",
        "You rescale over the whole batch: a photo's picture depends on the others. Rescale each "
        "by itself.",
        axes=(0, 1, 2, 3),
    ),
    swap(
        "over_channels_only",
        "You rescale each place by itself: one where little happens counts as much as any other. "
        "Rescale over channels and places.",
        axes=(1,),
    ),
    # how it is rescaled
    swap(
        "not_rescaled",
        "Absolute values and the sum are right. The rescaling to 0..1 is missing.",
        rescale=lambda a, low, span: a,
    ),
    swap(
        "divided_by_largest",
        "You divide by the largest. Subtract the smallest first, then divide by (largest - "
        "smallest).",
        rescale=lambda a, low, span: a / (low + span),
    ),
    swap("divided_by_largest", "", rescale=lambda a, low, span: (span > 0) * a / (low + span)),
    swap(
        "least_forgotten",
        "You divide by (largest - smallest), but do not subtract the smallest.",
        rescale=lambda a, low, span: rescaled(a, 0, span),
    ),
    swap(
        "smallest_over_largest",
        "You subtract the smallest, but divide by the largest. Divide by (largest - smallest).",
        rescale=lambda a, low, span: (a - low) / (low + span),
    ),
    swap(
        "only_moved",
        "You subtract the smallest. Now divide by (largest - smallest) before you add up "
        "the channels.",
        rescale=lambda a, low, span: a - low,
    ),
    swap(
        "sum_to_one",
        "You divide by the sum. Subtract the smallest and divide by (largest - smallest).",
        rescale=lambda a, low, span: a / a.sum((1, 2, 3), keepdim=True),
    ),
    # the channels
    swap(
        "channels_first",
        "You add up the channels first. Terms of opposite sign then cancel. First absolute "
        "values, then rescale, then the sum.",
        size=lambda terms: terms.sum(1, keepdim=True).abs(),
    ),
    swap(
        "rescaled_at_the_end",
        "You rescale the sum of the channels. The paper rescales the terms first, adds up "
        "the channels, and leaves the sum as it is.",
        size=lambda terms: terms.abs().sum(1, keepdim=True),
    ),
    swap(
        "mean_of_channels",
        "You take the mean of the channels. The paper adds them up.",
        join=lambda a: a.mean(1),
    ),
    swap(
        "largest_channel",
        "You take the largest channel. The paper adds them up.",
        join=lambda a: a.amax(1),
    ),
    swap(
        "first_channel",
        "You show the first channel only. Add up all channels.",
        join=lambda a: a[:, 0],
    ),
    swap(
        "length_of_channels",
        "You take the root of the sum of squares over the channels. The paper adds them up.",
        join=lambda a: a.norm(dim=1),
    ),
    swap("channels_kept", "The rescaling is right. Now add up the channels.", join=lambda a: a),
    # something else
    swap(
        "signed_sum",
        "This is the signed sum, which adds up to the layer's share. The paper's picture "
        "is something else: absolute values, rescaled.",
        size=same,
        rescale=lambda a, low, span: a,
    ),
    # a photo of equal terms, and a layer of small ones
    swap(
        "ones_for_equal",
        "A photo whose absolute values are all equal gets zeros.",
        rescale=partial(rescaled, equal=1.0),
    ),
    after("ones_for_equal", "", lambda picture, terms: picture + equal_photos(terms)),
    after(
        "all_zero",
        "One photo of equal values sets the others to 0. Only that photo gets zeros.",
        lambda picture, terms: picture * ~equal_photos(terms).any(),
    ),
    *saying(PADDED, what="layer with small terms"),
    after("reversed", "You show 1 minus the picture.", lambda picture: 1 - picture),
]

PICTURE = function_task(
    "08.4",
    picture,
    cases=CASES,
    mistakes=MISTAKES,
    passed=(
        "As the paper draws it. Each layer now counts as much as any other, whatever it brought: "
        "this no longer adds up to a score."
    ),
    hints=(
        "Three steps, in this order: absolute values, rescale to 0..1, sum over channels.",
        "Smallest and largest are taken for each photo, over its channels and places: "
        "a.amin(dim=(1, 2, 3), keepdim=True).",
        "a = terms.abs(); low, high = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), "
        "keepdim=True); a = (a - low) / (high - low); torch.nan_to_num turns 0 / 0 into 0; "
        "return a.sum(1)",
    ),
)
