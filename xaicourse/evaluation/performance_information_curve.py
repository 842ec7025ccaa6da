"""Performance information curves (2019): AIC and SIC, score over information."""

import io
import math
from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.checks import check_images
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.shared_of_metrics import RemovingPixels
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal, RemovalCurve
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded

__all__ = ["performance_information_curve", "webp_bytes"]

SHARES = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.21, 0.34, 0.5, 0.75)
ALWAYS = 0.01  # share of pixels, drawn at random, that is always there; and the four corners
POINTS = 101  # of the curve that is handed out


def example() -> MetricExample:
    """Return two speckled images, and a model that looks at a square of each."""
    count = torch.arange(2 * 1024, dtype=torch.float64)
    speckles = 127.5 + 100 * torch.cos(2.3 * count**1.5)
    x = (speckles.round() / 255).view(2, 1, 32, 32)
    square = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    square[..., 9:17, 10:18] = 1

    def model(x: Tensor) -> Tensor:
        seen = ((x - 0.5).square() * square.to(x)).sum(dim=(1, 2, 3))
        return torch.stack([2 * seen - 4, 0 * seen], dim=1)

    heat = 1024 * square + (37 * count % 1024).view(2, 1, 32, 32)  # no ties, in no precision
    return MetricExample(model, x, heat, 0, {"imputer": "grey"})


@metric(
    title="Performance information curve (SIC, AIC)",
    year=2019,
    paper="arXiv:1906.02825",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=example,
)
def performance_information_curve(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "linear",
    entropy: Callable[[Tensor], Tensor] | None = None,
    least: float = 0.8,
    **asked: Unpack[RemovingPixels],
) -> MetricResult:
    r"""Measure how much score the first information brings back, the most important pixels first.

    .. math::
        \hat e_k = \mathrm{clip}\,\frac{e_k - e_0}{e_T - e_0}, \qquad
        \hat p_k = \max_{\hat e_j \le \hat e_k} \mathrm{clip}\,\frac{s_j - s_0}{s_T - s_0}, \qquad
        \mathrm{PIC} = \int_0^1 \hat p \, d\hat e

    s_k is the score and e_k the information of the image in which only the most important pixels
    are left; the others are filled in.

    Parameters
    ----------
    imputer : number, str, Tensor or callable
        What fills the image in; linear is each removed pixel as the weighted mean of its
        neighbours, without noise.
    entropy : callable, optional
        Images (P, C, H, W) to their information (P,); without it the bytes of a lossless WebP
        file, for images in [0, 1] with one or three channels.
    least : float
        An image whose own score is below has no value.
    output : str or callable
        ``"probability"`` for SIC, ``"accuracy"`` for AIC; or another scale.
    steps : int, optional
        T; without it the authors' shares of pixels, from 0.005 to 0.75, and both ends.
    seed : int
        Orders equal values, and draws the pixels that are always there.

    Returns
    -------
    MetricResult
        One area an image, from 0 to 1, **higher is better**; NaN for an image that is not certain
        enough, or whose score or information is not above that of the filled-in image. The curve is
        :math:`\hat p` at 101 shares of information.

    Notes
    -----
    One pixel in a hundred and the corners are always there, the same in every image. Exactly the
    share that is asked for is kept, also where most of a map is 0. The authors fill in by Delaunay
    interpolation and report the median curve; areas of other shares, codecs or imputers cannot be
    compared.

    **Cost.** 15 forward passes a row and as many WebP files, one more pass where the class is to be
    predicted. Codec and interpolation take longer than the forward passes of a small net.

    **Fails when** the pictures that pass are the easy ones, as they are. Drops of the score do not
    show, since the curve only rises; for AIC it is a step.

    References
    ----------
    .. [kapishnikov2019] A. Kapishnikov, T. Bolukbasi, F. Viegas, M. Terry, 2019, arXiv:1906.02825.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, share = torch.ones(1, 1, 10, 10), lambda x: x.mean((1, 2, 3))
    >>> xc.evaluation.performance_information_curve(
    ...     share, x, x, imputer=0, entropy=share, output="logit").values
    tensor([0.5000], dtype=torch.float64)
    """
    check_images(x)
    measure = check_settings(entropy, least)
    if entropy is None:
        check_pictures(x)
    removal = Removal(imputer=imputer, unit=1, restore=True, grid=SHARES, **asked)
    asking = removal.ask(model, x, attribution, target)
    points = asking.counts.shape[1]
    information = asking.found.new_zeros(len(x) * points)

    def visit(position: Tensor, images: Tensor) -> None:
        information[position] = read(measure, images).to(information)

    always = always_there(x, asked["seed"])
    curve = asking.curve("morf", visit, always)
    e, p, usable = normalised(information.view(len(x), points), curve, least)
    area = ((p[:, 1:] + p[:, :-1]) / 2 * e.diff(dim=1)).sum(dim=1)
    shares = torch.arange(POINTS, dtype=e.dtype, device=e.device) / (POINTS - 1)
    found = curve.of(interpolated(e, p, shares).masked_fill(~usable[:, None], torch.nan), shares)
    values = area.masked_fill(~usable, torch.nan)
    own = (("entropy", getattr(measure, "__name__", "a function")), ("least", least))
    return found.result(
        "performance_information_curve", values, "trapezoid over information", own=own
    )


def check_settings(entropy: Any, least: Any) -> Callable[..., Any]:
    """Return the measure of information, or raise if a setting is none."""
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise TypeError(f"least must be a number, got {least!r}")
    if entropy is not None and not callable(entropy):
        raise TypeError(f"entropy must be a function (P, C, H, W) -> (P,), got {entropy!r}")
    return webp_bytes if entropy is None else entropy


def normalised(e: Tensor, curve: RemovalCurve, least: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return information and score (N, T + 1) from 0 to 1, both rising, and where they mean it."""
    s = curve.scores
    usable = (e[:, -1] > e[:, 0]) & (s[:, -1] > s[:, 0]) & (s[:, -1] >= least)
    e = ((e - e[:, :1]) / (e[:, -1:] - e[:, :1])).nan_to_num(0.0).clamp(0, 1)
    p = ((s - s[:, :1]) / (s[:, -1:] - s[:, :1])).nan_to_num(0.0).clamp(0, 1)
    order = p.argsort(dim=1)  # by information, and among equal information by score
    order = order.gather(1, e.gather(1, order).argsort(dim=1, stable=True))
    return e.gather(1, order), p.gather(1, order).cummax(dim=1).values, usable


def interpolated(e: Tensor, p: Tensor, shares: Tensor) -> Tensor:
    """Return the curve through the points (e, p), (N, T + 1), at the shares (S,): (N, S)."""
    last = e.shape[1] - 1
    before = torch.searchsorted(e, shares.expand(len(e), -1).contiguous(), right=True) - 1
    before = before.clamp(0, last - 1)
    e0, e1 = e.gather(1, before), e.gather(1, before + 1)
    p0, p1 = p.gather(1, before), p.gather(1, before + 1)
    way = torch.where(e1 > e0, (shares - e0) / (e1 - e0).where(e1 > e0, 1), 1)
    return p0 + way * (p1 - p0)


def always_there(x: Tensor, seed: int) -> Tensor:
    """Return the pixels that are never removed, (H W,) booleans."""
    height, width = x.shape[2:]
    pixels, draw = height * width, seeded(seed)
    torch.randperm(pixels, generator=draw)  # that of the order of equal values
    chosen = torch.randperm(pixels, generator=draw)[: math.ceil(ALWAYS * pixels)]
    corners = torch.tensor([0, width - 1, pixels - width, pixels - 1])
    there = torch.zeros(pixels, dtype=torch.bool)
    there[chosen] = there[corners] = True
    return there.to(x.device)


def read(measure: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return the information of images (P, C, H, W), (P,), or say that it is none."""
    found = measure(images)
    if not isinstance(found, Tensor) or found.shape != (len(images),):
        given = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"entropy must return one number an image, a tensor of shape ({len(images)},), "
            f"but it returned {given}"
        )
    return found


def check_pictures(x: Tensor) -> None:
    """Raise unless x can be written to a file of pictures."""
    if x.shape[1] not in (1, 3) or bool((x < 0).any()) or bool((x > 1).any()):
        raise ValueError(
            "x must be pictures in [0, 1] with one or three channels to be written as WebP, got "
            f"{x.shape[1]} channel(s) from {float(x.min()):.3g} to {float(x.max()):.3g}; give "
            "entropy=, a function (P, C, H, W) -> (P,), for others"
        )


def webp_bytes(images: Tensor) -> Tensor:
    """Return how many bytes each picture has as a lossless WebP file of quality 100.

    Parameters
    ----------
    images : Tensor (P, C, H, W)
        Pictures in [0, 1], C is 1 or 3.

    Returns
    -------
    Tensor (P,)
        Whole numbers. They depend on the codec's version.
    """
    from PIL import Image

    colours = images.expand(-1, 3, -1, -1).clamp(0, 1).mul(255).round().to("cpu", torch.uint8)
    sizes = []
    for picture in colours.permute(0, 2, 3, 1).contiguous().numpy():
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", lossless=True, quality=100)
        sizes.append(file.tell())
    return torch.tensor(sizes, dtype=sum_dtype(images.device), device=images.device)
