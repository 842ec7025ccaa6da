"""Task 08.4: what the paper does to a layer's terms before it draws them."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, swap

__all__ = ["PICTURE"]

CHANNELS_AND_PLACES = (1, 2, 3)


def rescaled(a, axes, top=None, equal=0.0, span=lambda span: span):
    """Return a (or top), moved and stretched to 0..1 over these axes; 0 where all are equal."""
    least, most = a.amin(axes, keepdim=True), a.amax(axes, keepdim=True)
    return torch.nan_to_num(
        ((a if top is None else top) - least) / span(most - least), nan=equal, posinf=equal
    )


def picture(
    terms, *, size=torch.abs, rescale=rescaled, axes=CHANNELS_AND_PLACES, join=lambda a: a.sum(1)
):
    """Return |terms| rescaled to 0..1 for each photo, summed over channels: (N, h, w)."""
    return join(rescale(size(terms), axes))


PADS = [1e-3, 1e-2, 1e-4, 1e-5, 1e-6, 1e-7, torch.finfo().eps, 1e-8, 1e-9]


def added(span, number):
    return span + number


def at_least(span, number):
    return span.clamp(min=number)


def zero_below(span, number):
    return torch.where(span < number, float("inf"), span)


def equal_photos(terms):
    """Say of each photo whether all sizes are equal, (N,)."""
    sizes = terms.abs().flatten(1)
    return sizes.amin(1) == sizes.amax(1)


def least_forgotten(a, axes):
    """Divide by (largest - smallest), without a shift; 0 where all numbers are equal."""
    span = a.amax(axes, keepdim=True) - a.amin(axes, keepdim=True)
    return torch.where(span > 0, a / span, 0)


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
        "two photos; all terms of the first are -3",
        terms=torch.cat([-3 * torch.ones(1, 2, 2, 2), terms(1.9, 1, 2, 2, 2)]),
    ),
    case("small", "one photo, terms of about 1e-7", terms=1e-7 * terms(0.9, 1, 2, 3, 2)),
)

MISTAKES = [
    # which size
    swap(
        "signs_kept",
        "You rescale the signed terms. Take absolute values first.",
        size=lambda terms: terms,
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
        size=lambda terms: terms,
        rescale=lambda a, axes: rescaled(a, axes, top=a.abs()),
    ),
    # over which numbers
    swap(
        "each_channel",
        "You rescale each channel by itself. Then a channel that brings almost nothing "
        "counts as much as the strongest. Rescale over all channels of a photo.",
        axes=(2, 3),
    ),
    swap(
        "whole_batch",
        "You rescale over the whole batch. Then a photo's picture depends on the others. "
        "Rescale each photo by itself.",
        axes=(0, 1, 2, 3),
    ),
    swap(
        "over_channels_only",
        "You rescale each place by itself. Then a place where little happens counts as "
        "much as any other. Rescale over channels and places.",
        axes=(1,),
    ),
    # how it is rescaled
    swap(
        "not_rescaled",
        "Absolute values and the sum are right. The rescaling to 0..1 is missing.",
        rescale=lambda a, axes: a,
    ),
    swap(
        "divided_by_largest",
        "You divide by the largest. Subtract the smallest first, then divide by (largest - "
        "smallest).",
        rescale=lambda a, axes: a / a.amax(axes, keepdim=True),
    ),
    swap(
        "least_forgotten",
        "You divide by (largest - smallest), but do not subtract the smallest.",
        rescale=least_forgotten,
    ),
    swap(
        "smallest_over_largest",
        "You subtract the smallest, but divide by the largest. Divide by (largest - smallest).",
        rescale=lambda a, axes: (a - a.amin(axes, keepdim=True)) / a.amax(axes, keepdim=True),
    ),
    swap(
        "only_moved",
        "You subtract the smallest. Now divide by (largest - smallest) before you add up "
        "the channels.",
        rescale=lambda a, axes: a - a.amin(axes, keepdim=True),
    ),
    swap(
        "sum_to_one",
        "You divide by the sum. Subtract the smallest and divide by (largest - smallest).",
        rescale=lambda a, axes: a / a.sum(axes, keepdim=True),
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
        size=lambda terms: terms,
        rescale=lambda a, axes: a,
    ),
    # a photo of equal terms, and a layer of small ones
    swap(
        "ones_for_equal",
        "A photo whose absolute values are all equal gets zeros.",
        rescale=partial(rescaled, equal=1.0),
    ),
    after(
        "ones_for_equal",
        "",
        lambda picture, terms: picture + equal_photos(terms).view(-1, 1, 1),
    ),
    after(
        "all_zero",
        "One photo of equal values sets the others to 0. Only that photo gets zeros.",
        lambda picture, terms: picture * ~equal_photos(terms).any(),
    ),
    *[
        swap(
            "padded",
            "You add a number to (largest - smallest), or take a small one for 0: a layer with "
            "small terms is drawn too weak. Treat only a difference of exactly 0 apart."
            if (number, pad) == (PADS[0], added)
            else "",
            rescale=partial(rescaled, span=partial(pad, number=number)),
        )
        for number in PADS
        for pad in (added, at_least, zero_below)
    ],
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
