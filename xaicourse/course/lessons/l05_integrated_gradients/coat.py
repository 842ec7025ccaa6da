"""Task 05.5, first part: the share of the coat, and wrong shares by their steps."""

import torch

from xaicourse import datasets
from xaicourse.course.grading.cases import case
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["CASES", "MISTAKES", "coat_share", "pixels"]


def coat_share(
    attribution,
    photo,
    *,
    brightness=lambda photo: photo.mean(dim=1, keepdim=True),  # (1, 1, H, W)
    dark=lambda light: light <= light.quantile(0.2),
    size=torch.abs,
    share=lambda size, dark: (size * dark).sum() / size.sum(),
):
    """Return the share of |attribution| that lies in the darkest fifth of the photo's pixels."""
    return float(share(size(attribution), dark(brightness(photo))))


def pixels(attribution):
    """Return the map of pixels: channels added, as the lesson draws it."""
    return attribution.sum(dim=1, keepdim=True)


def as_it_is(values):
    return values


def below(level):
    """Return the step that takes this share of the pixels, the darkest ones."""
    return lambda light: light <= light.quantile(level)


def in_each_channel(light):
    return light <= light.flatten(2).quantile(0.2, 2)[..., None, None]


def of_range(light):
    return light <= light.min() + 0.2 * (light.max() - light.min())


def mean(size, where):
    """Return the mean of all numbers of some pixels, (1, 1, H, W)."""
    return size.mean(1, keepdim=True)[where].mean()


def over_all_channels(size, dark):
    """The share by masks (1, 3, H, W), also of a map of pixels (1, 1, H, W)."""
    return (size * dark).mean() / size.mean()


def mean_by_outside(size, dark):
    return mean(size, dark) / mean(size, ~dark)


def sum_by_outside(size, dark):
    return (size * dark).sum() / (size * ~dark).sum()


def of_top_pixels(size, dark):
    top = pixels(size) >= pixels(size).quantile(0.8)
    return (top & dark).sum() / top.sum()


def camera_if_it_fits(photo):
    camera = datasets.photo("camera", device="cpu")
    return camera if camera.shape[2:] == photo.shape[2:] else photo


# ---------------------------------------------------------------- wrong shares

SIGNS = "Take absolute values before you add up."
CHANNELS = "The brightness of a pixel is the mean over its three channels."
FIFTH = "Take the darkest fifth of the PIXELS: brightness <= its 0.2 quantile."
SUMS = "Divide the sum of |attribution| in the coat by the whole sum."


def coat(name, does, instead, **steps):
    """Return a mistake: what coat_share does, and what to do instead."""
    return swap(name, f"coat_share {does}. {instead}", **steps)


def coats(instead, step, *lines):
    """Return a mistake for each line (name, what coat_share does, another function as step)."""
    return [coat(name, does, instead, **{step: other}) for name, does, other in lines]


MISTAKES = [
    *coats(
        SIGNS,
        "size",
        ("signed_sum", "adds up the attributions with their signs", as_it_is),
        ("positive_only", "leaves out the negative attributions", torch.relu),
        ("squared", "adds up squares", torch.square),
    ),
    own(
        "abs_of_signed_sums",
        f"abs comes after the sum, so signs cancel. {SIGNS}",
        lambda attribution, photo: abs(coat_share(attribution, photo, size=as_it_is)),
    ),
    own(
        "abs_of_signed_sums",
        "",
        lambda attribution, photo: (
            (attribution * below(0.2)(photo.mean(1, True))).sum().abs() / attribution.abs().sum()
        ),
    ),
    *coats(
        CHANNELS,
        "brightness",
        ("first_channel", "looks at one channel", lambda photo: photo[:, :1]),
        ("darkest_channel", "takes the smallest channel", lambda photo: photo.amin(1, True)),
        ("brightest_channel", "takes the largest channel", lambda photo: photo.amax(1, True)),
    ),
    coat(
        "channels_apart",
        "takes the darkest fifth of each channel",
        CHANNELS,
        brightness=as_it_is,
        dark=in_each_channel,
        share=over_all_channels,
    ),
    coat(
        "all_values_together",
        "takes the quantile of all numbers",
        CHANNELS,
        brightness=as_it_is,
        share=over_all_channels,
    ),
    *coats(
        FIFTH,
        "dark",
        ("brightest_fifth", "measures the brightest fifth", lambda light: ~below(0.8)(light)),
        ("darker_than_fifth", "uses a brightness below 0.2", lambda light: light <= 0.2),
        ("darkest_half", "uses the darkest half of the pixels", below(0.5)),
        ("darkest_tenth", "uses the darkest tenth of the pixels", below(0.1)),
        ("all_but_the_brightest", "uses the darkest four fifths", below(0.8)),
        ("fifth_of_range", "takes a fifth of the way from darkest to brightest", of_range),
    ),
    *coats(
        SUMS,
        "share",
        ("mean_over_mean", "divides two means", lambda s, dark: mean(s, dark) / s.mean()),
        ("mean_over_mean_outside", "divides by the mean outside", mean_by_outside),
        ("dark_over_bright", "divides by the sum outside", sum_by_outside),
        ("not_divided", "is the sum in the coat", lambda size, dark: (size * dark).sum()),
        ("top_pixels", "counts pixels with a large attribution", of_top_pixels),
    ),
    coat(
        "smallest_attributions",
        "looks for the smallest fifth of the attribution",
        FIFTH,
        share=lambda size, dark: (size * below(0.2)(pixels(size))).sum() / size.sum(),
    ),
    # what is given to the right one, and what is made of its share
    before(
        "one_channel_of_the_map",
        "coat_share uses one channel of the attribution. Use all three.",
        attribution=lambda attribution: attribution[:, :1],
    ),
    before(
        "arguments_exchanged",
        "coat_share takes the photo for the attribution, and the attribution for the photo.",
        attribution=lambda attribution, photo: photo,
        photo=lambda photo, attribution: attribution,
    ),
    before(
        "always_the_camera",
        "coat_share always uses the camera photo. Use its argument photo.",
        photo=camera_if_it_fits,
    ),
    after("rest_of_photo", "This is the share outside the coat: 1 - share.", lambda s: 1 - s),
    after("in_percent", "coat_share is in percent. Give a number from 0 to 1.", lambda s: 100 * s),
    after(
        "always_the_same",
        "This is the same number for every picture: a pasted one, or the share of the area. Look "
        "at |attribution| in the darkest fifth.",
        lambda share: 0.2,
    ),
]


# ---------------------------------------------------------------- pictures (1, 3, H, W)


def picture(name, says, height, width, turn, strength, tint=0.0):
    """Return a case: pixels that all differ in brightness, and an attribution of mixed signs.

    With a tint no single channel is dark where the mean of the three is.
    """
    shape, count = (1, -1, height, width), height * width
    order = ((torch.arange(count) * 11) % count).reshape(shape)  # every brightness once, mixed
    place = order / (count - 1)
    # More dark pixels than bright ones: a fifth of them is not a fifth of the brightness.
    grey = 0.05 + 0.9 * (0.4 * place + 0.6 * place**2)
    colour = torch.sin(torch.arange(float(count)) * 2.6).reshape(shape)
    colours = torch.cat([colour, -colour.roll(1, -1), colour.roll(1, -1) - colour], 1)  # sum 0
    values = torch.sin(torch.arange(3.0 * count) * turn + 0.4).reshape(shape)
    values *= torch.where(order < count // 5, strength, 1.0)
    photo = (1 - tint / 0.3) * grey + tint / 0.6 + tint * colours
    return case(name, says, attribution=values, photo=photo)


CASES = [
    picture("upright", "5 x 4 pixels", 5, 4, 1.9, 2.5),
    picture("wide", "3 x 10 pixels", 3, 10, 0.8, 2.0),
    picture("flat", "2 x 10 pixels", 2, 10, 2.7, 0.4),
    picture("coloured", "a picture with colours", 6, 5, 1.3, 2.0, tint=0.15),
    picture("large", "224 x 224 pixels, not the camera photo", 224, 224, 1.1, 1.7),
]
