"""Task 05.5: the share of the coat, and wrong shares by their steps."""

import torch
from torch import Tensor

from xaicourse import datasets
from xaicourse.course.grading.mistakes import after, before, swap

__all__ = ["SHARES", "WRONG_SHARES", "as_it_is", "coat_share", "coat_share_of_pixels", "pixels"]


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


def pixels(attribution: Tensor) -> Tensor:
    """Return the map of pixels: channels added, as the lesson draws it."""
    return attribution.sum(dim=1, keepdim=True)


def coat_share_of_pixels(attribution, photo):
    """Return the same share for the map of pixels."""
    return coat_share(pixels(attribution), photo)


# ---------------------------------------------------------------- wrong shares


def below(level):
    """Return the step that takes this share of the pixels, the darkest ones."""
    return lambda light: light <= light.quantile(level)


def as_it_is(values):
    """Change nothing."""
    return values


def over_all_channels(size, dark):
    """The share where one mask for each channel meets a map of pixels: (1, 1 or 3, H, W)."""
    return (size * dark).mean() / size.mean()


def of_top_pixels(size, dark):
    """Share of the fifth of the pixels with the largest attribution that lies in the coat."""
    top = pixels(size) >= pixels(size).quantile(0.8)
    return (top & dark).sum() / top.sum()


def of_small_attributions(size, dark):
    return (size * below(0.2)(pixels(size))).sum() / size.sum()


def camera_if_it_fits(photo):
    """Look at the camera photo instead of the argument, where its size fits."""
    camera = datasets.photo("camera", device="cpu")
    return camera if camera.shape[2:] == photo.shape[2:] else photo


SHARES = [
    # the size of an attribution
    swap(
        "signed_sum",
        "coat_share adds up the attributions with their signs. Take absolute values first. See "
        "{section_baseline}.",
        size=as_it_is,
    ),
    swap(
        "abs_of_signed_sums",
        "coat_share takes the absolute value after the sum, so positive and negative pixels "
        "cancel. Take it before. See {section_baseline}.",
        size=as_it_is,
        share=lambda size, dark: ((size * dark).sum() / size.sum()).abs(),
    ),
    swap(
        "positive_only",
        "coat_share leaves out the negative attributions. Take absolute values. See "
        "{section_baseline}.",
        size=torch.relu,
    ),
    swap(
        "squared",
        "coat_share adds up squares. Take absolute values. See {section_baseline}.",
        size=torch.square,
    ),
    before(
        "one_channel_of_the_map",
        "coat_share uses one channel of the attribution only. Use all three.",
        attribution=lambda attribution: attribution[:, :1],
    ),
    # the brightness of a pixel
    swap(
        "first_channel",
        "coat_share takes the brightness from one channel. Brightness here is the mean over the "
        "three channels.",
        brightness=lambda photo: photo[:, :1],
    ),
    swap(
        "darkest_channel",
        "coat_share takes the smallest of the three channels as brightness. Brightness here is "
        "their mean.",
        brightness=lambda photo: photo.amin(1, keepdim=True),
    ),
    swap(
        "brightest_channel",
        "coat_share takes the largest of the three channels as brightness. Brightness here is "
        "their mean.",
        brightness=lambda photo: photo.amax(1, keepdim=True),
    ),
    swap(
        "channels_apart",
        "coat_share looks for the darkest fifth in each channel by itself. The brightness of a "
        "pixel is the mean over its channels.",
        brightness=as_it_is,
        dark=lambda light: light <= light.flatten(2).quantile(0.2, 2)[..., None, None],
        share=over_all_channels,
    ),
    swap(
        "all_values_together",
        "coat_share takes the quantile over all numbers of the photo. First make one brightness "
        "for each pixel: the mean over its channels.",
        brightness=as_it_is,
        share=over_all_channels,
    ),
    before(
        "always_the_camera",
        "coat_share uses the camera photo, whichever photo it is given. Use its argument photo.",
        photo=camera_if_it_fits,
    ),
    # which pixels are dark
    swap(
        "brightest_fifth",
        "coat_share measures the brightest fifth. The coat is dark: brightness <= its 0.2 "
        "quantile.",
        dark=lambda light: light >= light.quantile(0.8),
    ),
    swap(
        "darker_than_fifth",
        "coat_share uses all pixels with a brightness below 0.2. The darkest fifth means one "
        "fifth of the PIXELS: compare with the 0.2 quantile.",
        dark=lambda light: light <= 0.2,
    ),
    swap(
        "darkest_half",
        "coat_share uses the darkest half of the pixels. Wanted is the darkest fifth: the 0.2 "
        "quantile.",
        dark=below(0.5),
    ),
    swap(
        "darkest_tenth",
        "coat_share uses the darkest tenth of the pixels. Wanted is the darkest fifth: the 0.2 "
        "quantile.",
        dark=below(0.1),
    ),
    swap(
        "all_but_the_brightest",
        "coat_share uses the darkest four fifths of the pixels. Wanted is the darkest fifth: the "
        "0.2 quantile, not 0.8.",
        dark=below(0.8),
    ),
    swap(
        "fifth_of_range",
        "coat_share takes a fifth of the way from the darkest to the brightest value. The darkest "
        "fifth means one fifth of the PIXELS: compare with the 0.2 quantile.",
        dark=lambda light: light <= light.min() + 0.2 * (light.max() - light.min()),
    ),
    # what is divided by what
    swap(
        "mean_over_mean",
        "coat_share divides two means. A share divides two sums.",
        share=lambda size, dark: size.mean(1, True)[dark].mean() / size.mean(),
    ),
    swap(
        "mean_over_mean_outside",
        "coat_share divides the mean in the coat by the mean outside. A share divides a sum by "
        "the sum of all pixels.",
        share=lambda size, dark: size.mean(1, True)[dark].mean() / size.mean(1, True)[~dark].mean(),
    ),
    swap(
        "dark_over_bright",
        "coat_share divides the sum in the coat by the sum outside. Divide by the sum of all "
        "pixels.",
        share=lambda size, dark: (size * dark).sum() / (size * ~dark).sum(),
    ),
    swap(
        "not_divided",
        "coat_share is the sum in the coat. Divide it by the sum of all pixels.",
        share=lambda size, dark: (size * dark).sum(),
    ),
    swap(
        "top_pixels",
        "coat_share counts pixels with a large attribution. Add up |attribution| instead of "
        "counting.",
        share=of_top_pixels,
    ),
    swap(
        "smallest_attributions",
        "coat_share looks for the smallest fifth of the attribution. Wanted are the darkest "
        "pixels of the photo.",
        share=of_small_attributions,
    ),
    # what is made of the right share
    after(
        "rest_of_photo",
        "coat_share is the share of everything but the coat: 1 - share.",
        lambda share: 1 - share,
    ),
    after(
        "in_percent",
        "coat_share is in percent. Give a number from 0 to 1.",
        lambda share: 100 * share,
    ),
    after(
        "always_the_same",
        "coat_share gives the same number for every picture. It must look at |attribution| inside "
        "the darkest fifth: neither a pasted number nor the share of the area.",
        lambda share: 0.2,
    ),
]
WRONG_SHARES = {mistake.name: mistake.make(coat_share) for mistake in SHARES}
