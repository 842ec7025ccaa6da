"""Task 05.5, first part: the share of the coat, and wrong shares by their steps."""

import torch
from torch import Tensor

from xaicourse import datasets
from xaicourse.course.grading.cases import CaseGrader, case
from xaicourse.course.grading.mistakes import after, before, swap

__all__ = ["GRADERS", "SHARES", "WRONG_SHARES", "coat_share", "coat_share_of_pixels"]


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


def of_channels(name, which, brightness):
    """Return another brightness of a pixel."""
    says = "coat_share takes {} of the three channels as brightness. Brightness here is their mean."
    return swap(name, says.format(which), brightness=brightness)


def of_pixels(name, part, level):
    """Return another part of the pixels."""
    says = (
        f"coat_share uses the darkest {part} of the pixels. Wanted is the darkest fifth: the 0.2 "
    )
    return swap(name, says + "quantile.", dark=below(level))


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
    of_channels("first_channel", "one", lambda photo: photo[:, :1]),
    of_channels("darkest_channel", "the smallest", lambda photo: photo.amin(1, keepdim=True)),
    of_channels("brightest_channel", "the largest", lambda photo: photo.amax(1, keepdim=True)),
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
        "coat_share uses all pixels with a brightness below 0.2. The darkest fifth means one fifth "
        "of the PIXELS: compare with the 0.2 quantile.",
        dark=lambda light: light <= 0.2,
    ),
    of_pixels("darkest_half", "half", 0.5),
    of_pixels("darkest_tenth", "tenth", 0.1),
    of_pixels("all_but_the_brightest", "four fifths", 0.8),
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
        "coat_share divides the mean in the coat by the mean outside. A share divides a sum by the "
        "sum of all pixels.",
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
        "coat_share looks for the smallest fifth of the attribution. Wanted are the darkest pixels "
        "of the photo.",
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


# ---------------------------------------------------------------- pictures (1, 3, H, W)


def probe(height: int, width: int, turn: float, strength: float) -> tuple[Tensor, Tensor]:
    """Make a grey picture whose pixels all differ, and an attribution of mixed signs."""
    count = height * width
    order = (torch.arange(count) * 11) % count  # every brightness once, places mixed
    place = order / (count - 1)
    # More dark pixels than bright ones: a fifth of the pixels is not a fifth of the brightness.
    grey = (0.05 + 0.9 * (0.4 * place + 0.6 * place**2)).reshape(1, 1, height, width)
    values = torch.sin(torch.arange(3.0 * count) * turn + 0.4).reshape(1, 3, height, width)
    dark = (order < count // 5).reshape(1, 1, height, width)
    return grey.expand(1, 3, -1, -1).clone(), torch.where(dark, strength * values, values)


def coloured() -> tuple[Tensor, Tensor]:
    """Return a picture in which no single channel is dark where the mean of the three is."""
    photo, values = probe(6, 5, 1.3, strength=2.0)
    tint = 0.15 * torch.sin(torch.arange(30.0) * 2.6).reshape(1, 1, 6, 5)
    shift = torch.cat([tint, -tint.roll(1, -1), tint.roll(1, -1) - tint], 1)  # adds up to 0
    return 0.25 + 0.5 * photo + shift, values


def picture(name, says, photo, attribution):
    """Return a case."""
    return case(name, says, attribution=attribution, photo=photo)


CASES = [
    picture("upright", "a small picture of 5 x 4 pixels", *probe(5, 4, 1.9, 2.5)),
    picture("wide", "a small picture of 3 x 10 pixels", *probe(3, 10, 0.8, 2.0)),
    picture("flat", "a small picture of 2 x 10 pixels", *probe(2, 10, 2.7, 0.4)),
    picture("coloured", "a small picture with colours", *coloured()),
    picture(
        "large",
        "a picture of 224 x 224 pixels, not the camera photo",
        *probe(224, 224, 1.1, 1.7),
    ),
]


def on_pixels(share):
    """Return the share for the map of pixels."""
    return lambda attribution, photo: share(pixels(attribution), photo)


# A share of all numbers of the map is right, and so is one of the map of pixels.
ALSO = {name: (on_pixels(wrong),) for name, wrong in WRONG_SHARES.items()}
GRADERS = [
    CaseGrader("05.5", CASES, right, WRONG_SHARES, also=ALSO, rounding=1e-3)
    for right in (coat_share, coat_share_of_pixels)
]
