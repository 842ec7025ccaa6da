"""XRAI (2019): Integrated Gradients of regions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_images, check_positive_int
from xaicourse.core.gradients import ask
from xaicourse.core.progress import progress
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.examples import smooth_image_classifier
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.from_each import from_each
from xaicourse.methods.integrated.segments import felzenszwalb, masks_of

__all__ = ["regions", "xrai"]

BLACK_WHITE = ("black", "white")
SCALES = (50.0, 100.0, 150.0, 250.0, 500.0, 1200.0)  # for 224 x 224 pixels
SIGMA = 0.8  # pixels, of the blur before the segmentation
LARGE = 224 * 224  # pixels of the images that the defaults are meant for

Masks = list[NDArray[np.intp]]  # each the flat numbers of its pixels


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs."""
    return set_size(settings.get("baselines", BLACK_WHITE)) * of_one_path(settings)


def example() -> Example:
    """Return the small smooth net for images, with few steps."""
    e = smooth_image_classifier()
    return Example(e.model, e.x, e.target, {"steps": 6, "baselines": (0.0, 1.0)})


@attribution_method(
    title="XRAI",
    year=2019,
    paper="arXiv:1906.02825",
    family="integrated",
    input="image",
    result="map",
    unit="share",
    claims={"implementation_invariance"},
    cost=gradients_per_row,
    example=example,
)
def xrai(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Baselines = BLACK_WHITE,
    segments: Tensor | None = None,
    fast: bool = False,
    channels: str = "sum",
    scales: Sequence[float] = SCALES,
    smallest: int | None = None,
    dilation: int | None = None,
    least: int | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Give each pixel the mean of Integrated Gradients over the region that it belongs to.

    .. math::
        A_p = \frac{1}{|s \setminus M|} \sum_{q \in s \setminus M} a_q \quad (p \in s \setminus M),
        \qquad s = \arg\max_s \frac{1}{|s \setminus M|} \sum_{q \in s \setminus M} a_q

    a is the mean of IG over the baselines, one number a pixel, and M what is covered so far: again
    and again the segment is taken whose new pixels have the largest mean.

    Parameters
    ----------
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The starts of IG: black and white by default, for images in [0, 1]; for others give
        what these are there, such as ``baselines=(low, high)``.
    segments : Tensor, optional
        Instead of the image's own: whole numbers (S, H, W) or (N, S, H, W), where S maps each cut
        the image into segments, or truth values (K, H, W) or (N, K, H, W), K masks.
    fast : bool
        Rank the segments once, by their mean over all their pixels.
    channels : str
        How the colours become one number a pixel: ``"sum"``, which keeps completeness, or
        ``"max"`` as the authors' code.
    scales : sequence of float
        k of the segmentation, for images of 224 x 224 pixels; in proportion to the area for
        others, as are the next three. Each scale cuts the image anew.
    smallest : int, optional
        Pixels of the smallest segment; 150 at 224 x 224, at least 5.
    dilation : int, optional
        Pixels by which each segment grows, so that it holds its own edge; 5 at 224 x 224, at least
        1.
    least : int, optional
        A segment is dropped when it would add fewer new pixels; 50 at 224 x 224, at least 3.
    steps : int
        Nodes of the quadrature for each baseline; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, 1, H, W)
        Signed, in units of F, the same in each region; with ``channels="sum"`` it sums to F(x)
        minus the mean of F over the baselines. The details hold ``rank`` (N, H, W), 1 in the
        region with the largest mean and the last where no region came, and ``pixels``, a.

    Raises
    ------
    ValueError, TypeError
        Also for segments of the wrong shape, or unknown `channels`.

    Notes
    -----
    Keeps implementation invariance; dummy and sensitivity(a) only for whole regions. Regions are
    cut by Felzenszwalb and Huttenlocher's method from the image alone.

    **Cost.** 100 gradients a row, `steps` for each baseline, and six segmentations on the CPU.

    **Fails when** its outlines are taken as evidence: they come from the image, not from the model,
    and look convincing for a net with random weights, too.

    References
    ----------
    .. [kapishnikov2019] A. Kapishnikov, T. Bolukbasi, F. Viegas, M. Terry, 2019, arXiv:1906.02825.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, halves = torch.ones(1, 1, 4, 4), torch.tensor([[0, 0, 1, 1]]).expand(1, 4, 4)
    >>> xc.xrai(lambda x: x[:, 0, 0, 0], x, baselines=0.0, segments=halves)[0, 0, 0]
    tensor([0.1250, 0.1250, 0.0000, 0.0000])
    """
    check_quadrature(quadrature, also=())
    check_images(x)
    collapse = check_channels(channels)
    cutting = Cutting.of(x, scales, smallest, dilation, least)
    given = None if segments is None else read_segments(segments, x)
    question = ask(model, x, target, **asked)
    starts = baseline_set(baselines, question.x)
    M, rule = len(starts), {"steps": steps, "quadrature": quadrature}
    maps, f = from_each(question, starts, steps, quadrature, "XRAI")  # (M, N, C, H, W), (M, N)
    pixels = collapse(maps.mean(0))  # (N, H, W)

    values, rank = of_all_rows(question.x, pixels, cutting, given, fast)
    f_start, f_end = f.mean(0), question.scores_at_x.to(f)
    gap = values.flatten(1).sum(1) - (f_end - f_start)
    return Attribution.of(
        question,
        values[:, None],
        kind="map",
        f_start=f_start,
        f_end=f_end,
        gap=gap if channels == "sum" else None,
        gradients=question.rows.new_full((len(x),), M * of_one_path(rule)),
        extra={"rank": rank, "pixels": pixels},
    )


def check_channels(channels: Any) -> Callable[[Tensor], Tensor]:
    """Return how colours (N, C, H, W) become one number a pixel, (N, H, W)."""
    if channels == "sum":
        return lambda a: a.sum(1)
    if channels == "max":
        return lambda a: a.amax(1)
    raise ValueError(f"channels must be 'sum' or 'max', got {channels!r}")


# ---- the segments --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cutting:
    """How an image is cut: the parameters of 224 x 224 pixels, in proportion to its own area."""

    scales: tuple[float, ...]
    smallest: int
    dilation: int
    least: int

    @classmethod
    def of(cls, x: Tensor, scales: Any, smallest: Any, dilation: Any, least: Any) -> "Cutting":
        """Check what the caller gave and fill in the rest."""
        share = x.shape[2] * x.shape[3] / LARGE
        if (
            not isinstance(scales, list | tuple)
            or not scales
            or not all(isinstance(k, int | float) and 0 < k < np.inf for k in scales)
        ):
            raise ValueError(f"scales must be one or more numbers above 0, got {scales!r}")
        if smallest is None:
            smallest = max(5, round(150 * share))
        if dilation is None:
            dilation = max(1, round(5 * share**0.5))
        if least is None:
            least = max(3, round(50 * share))
        # a scale is meant for colours from 0 to 255, and for segments as large as in a large image
        return cls(
            tuple(k / 255 * share for k in scales),
            check_positive_int(smallest, "smallest"),
            0 if dilation == 0 else check_positive_int(dilation, "dilation"),
            check_positive_int(least, "least"),
        )

    def masks(self, image: NDArray[np.float64]) -> Masks:
        """Return the segments of an image (C, H, W) at all scales."""
        low, high = image.min(), image.max()
        image = 2 * (image - low) / max(high - low, 1e-12) - 1  # colours from -1 to 1
        found = felzenszwalb(image, self.scales, SIGMA, self.smallest)
        return [mask for labels in found for mask in masks_of(labels, self.dilation)]


def read_segments(segments: Any, x: Tensor) -> list[Masks]:
    """Return the masks that the caller gave for each row."""
    if not isinstance(segments, Tensor) or segments.is_floating_point():
        given = segments.dtype if isinstance(segments, Tensor) else type(segments).__name__
        raise TypeError(f"segments must be a tensor of whole numbers or truth values, got {given}")
    N, _, H, W = x.shape
    shape = tuple(segments.shape)
    if shape[-2:] != (H, W) or segments.dim() not in (3, 4) or 0 in shape:
        raise ValueError(
            f"segments has shape {shape}; for x of shape {tuple(x.shape)} give (S, {H}, {W}), or "
            f"one set a row, (N, S, {H}, {W})"
        )
    if segments.dim() == 4 and len(segments) != N:
        raise ValueError(f"segments has {len(segments)} row(s), x has {N}; give one set a row")
    each = segments.expand(N, *shape[-3:]) if segments.dim() == 3 else segments
    if segments.dtype == torch.bool:
        empty = (~each.flatten(2).any(2)).nonzero()
        if len(empty):
            n, k = empty[0].tolist()
            raise ValueError(f"segments: mask {k} of row {n} holds no pixel; leave it out")
        return [[np.flatnonzero(mask) for mask in row] for row in each.cpu().numpy()]
    found = []
    for row in each.cpu().numpy():
        labels = [np.unique(one, return_inverse=True)[1].reshape(H, W) for one in row]
        found.append([mask for one in labels for mask in masks_of(one)])
    return found


# ---- the regions ---------------------------------------------------------------------------------


def of_all_rows(
    x: Tensor, pixels: Tensor, cutting: Cutting, given: list[Masks] | None, fast: bool
) -> tuple[Tensor, Tensor]:
    """Return the mean of its region for each pixel, and the region's rank: both (N, H, W)."""
    values, ranks = torch.empty_like(pixels), torch.empty_like(pixels, dtype=torch.long)
    bar = progress(len(x), "XRAI, regions")
    for n, row in enumerate(pixels.cpu().numpy().astype(np.float64)):
        masks = given[n] if given else cutting.masks(x[n].cpu().numpy().astype(np.float64))
        value, rank = regions(row, masks, cutting.least, fast)
        values[n] = torch.from_numpy(value).to(pixels.dtype).to(pixels.device)
        ranks[n] = torch.from_numpy(rank).to(pixels.device)
        bar.update(1)
    bar.close()
    return values, ranks


def regions(
    pixels: NDArray[np.float64], masks: Masks, least: int, fast: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cover a map (H, W) with masks: the mean of its region for each pixel, and the region's rank.

    Each mask is taken for the pixels that are new in it. What is left at the end is a region, too.
    """
    a, left = pixels.ravel(), np.ones(pixels.size, dtype=bool)
    values, region = np.empty_like(a), np.zeros(a.size, dtype=np.int64)
    means: list[float] = []

    def take(new: NDArray[np.intp]) -> None:
        mean = float(a[new].mean())
        values[new], region[new], left[new] = mean, len(means), False
        means.append(mean)

    for new in _ranked_once(a, left, masks, least) if fast else _greedy(a, left, masks, least):
        take(new)
    order = np.argsort(-np.array(means), kind="stable")
    place = np.empty(len(means) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(1, len(means) + 1), len(means) + 1
    if left.any():
        take(np.flatnonzero(left))
    return values.reshape(pixels.shape), place[region].reshape(pixels.shape)


def _ranked_once(
    a: NDArray[np.float64], left: NDArray[np.bool_], masks: Masks, least: int
) -> Iterator[NDArray[np.intp]]:
    """Yield the new pixels of each mask, the mask with the largest mean first."""
    for k in np.argsort([-a[mask].mean() for mask in masks], kind="stable"):
        new = masks[k][left[masks[k]]]
        if len(new) >= least:
            yield new


def _greedy(
    a: NDArray[np.float64], left: NDArray[np.bool_], masks: Masks, least: int
) -> Iterator[NDArray[np.intp]]:
    """Yield again and again the new pixels of the mask whose new pixels have the largest mean.

    The sums over new pixels are kept up to date: each pixel is taken away once.
    """
    from scipy import sparse

    which = np.repeat(np.arange(len(masks)), [len(mask) for mask in masks])
    where = (which, np.concatenate(masks))
    member = sparse.csc_array((np.ones(len(which)), where), shape=(len(masks), a.size))
    count, total = member.sum(axis=1), member @ a
    while (count >= least).any():
        mean = np.where(count >= least, total / np.maximum(count, 1), -np.inf)
        mask = masks[int(mean.argmax())]
        new = mask[left[mask]]
        yield new
        of_new = member[:, new]
        count, total = count - of_new.sum(axis=1), total - of_new @ a[new]
