"""XRAI: regions by hand and by brute force, segmentation as its paper writes it, what is kept."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

import xaicourse as xc
from xaicourse.methods.integrated.regions import regions
from xaicourse.methods.integrated.segments import felzenszwalb, masks_of

search = settings(max_examples=30, deadline=None, derandomize=True)


def exact(*numbers) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# ---- regions by hand -----------------------------------------------------------------------------

LEFT, RIGHT, TOP, BOTTOM = np.s_[:, :10], np.s_[:, 10:], np.s_[:10], np.s_[10:]


def boxes(*which) -> Tensor:
    masks = torch.zeros(len(which), 20, 20, dtype=torch.bool)
    for mask, box in zip(masks, which, strict=True):
        mask[box] = True
    return masks


FOUR = boxes(LEFT, np.s_[:10, 10:], TOP, np.s_[:, :])


def quadrants(values: Tensor) -> list[float]:
    return [float(values[..., i, j].unique()) for i in (0, 15) for j in (0, 15)]


def explained(pixels: Tensor, **how):
    """XRAI of the linear model whose IG from 0 to 1 is `pixels`."""
    model = lambda x: (x * pixels).flatten(1).sum(1)  # noqa: E731
    x = torch.ones(1, 1, 20, 20, dtype=torch.float64)
    return xc.xrai(model, x, baselines=0.0, steps=1, return_details=True, **how)


@pytest.mark.parametrize("fast", [False, True])
def test_four_masks(fast):
    """Left 1, top right 3, bottom right 0."""
    a = torch.zeros(20, 20, dtype=torch.float64)
    a[LEFT], a[:10, 10:] = 1, 3
    found = explained(a, segments=FOUR, fast=fast, least=1)
    assert found.values.shape == (1, 1, 20, 20)
    if fast:  # all, with mean 1.25, comes before the left half
        assert quadrants(found.values) == [1, 3, 0.5, 0.5]
        assert quadrants(found.extra["rank"]) == [2, 1, 3, 3]
    else:
        assert quadrants(found.values) == [1, 3, 1, 0]
        assert quadrants(found.extra["rank"]) == [2, 1, 2, 3]
    assert float(found.values.sum()) == 500
    assert float(found.gap) == 0


def test_with_an_empty_corner():
    """Top left 1, top right 3, the rest 0."""
    a = torch.zeros(20, 20, dtype=torch.float64)
    a[:10, :10], a[:10, 10:] = 1, 3
    found = explained(a, segments=FOUR, least=1)
    assert quadrants(found.values) == [1, 3, 0, 0]
    assert float(found.values.sum()) == 400


def test_what_no_mask_covers_is_a_region_with_the_last_rank():
    a = torch.zeros(20, 20, dtype=torch.float64)
    a[LEFT], a[:10, 10:] = 1, -5
    found = explained(a, segments=FOUR[1:2], least=1)
    values = quadrants(found.values)
    assert values[1] == -5
    assert max(abs(values[k] - 200 / 300) for k in (0, 2, 3)) < 1e-12
    assert quadrants(found.extra["rank"]) == [2, 1, 2, 2]


def test_a_mask_with_few_new_pixels_is_dropped():
    a = torch.zeros(20, 20, dtype=torch.float64)
    a[:10, 10:], a[0, 0] = 1, 9
    speck = boxes(np.s_[:10, 10:], np.s_[:1, :2])
    assert quadrants(explained(a, segments=speck, least=3).values)[0] == 9 / 300 == 0.03
    assert float(explained(a, segments=speck, least=2).values[0, 0, 0, 0]) == 4.5


# ---- regions by brute force ----------------------------------------------------------------------


def brute_force(a: np.ndarray, masks: list[np.ndarray], least: int, fast: bool):
    """The mask whose new pixels have the largest mean, all means computed anew each time."""
    covered, values, means = np.zeros(a.size, bool), np.zeros(a.size), []
    left = [np.isin(np.arange(a.size), mask) for mask in masks]
    if fast:
        left.sort(key=lambda mask: -a[mask].mean())
    while left:
        if fast:
            best = left.pop(0)
        else:
            left = [mask for mask in left if (mask & ~covered).sum() >= least]
            if not left:
                break
            best = max(left, key=lambda mask: a[mask & ~covered].mean())
        new = best & ~covered
        if new.sum() < least:
            continue
        values[new] = a[new].mean()
        means.append(a[new].mean())
        covered |= new
    if not covered.all():
        values[~covered] = a[~covered].mean()
    return values, means


@search
@given(seed=st.integers(0, 10_000), least=st.integers(1, 6), fast=st.booleans())
def test_against_brute_force(seed, least, fast):
    r = random(seed)
    a = r.normal(size=(6, 7))
    masks = [np.flatnonzero(r.random(42) < r.uniform(0.1, 0.6)) for _ in range(r.integers(1, 9))]
    masks = [mask for mask in masks if len(mask)]
    if not masks:
        return
    values, rank = regions(a, masks, least, fast)
    expected, means = brute_force(a.ravel(), masks, least, fast)
    assert np.abs(values.ravel() - expected).max() < 1e-12
    assert abs(values.sum() - a.sum()) < 1e-10  # nothing is lost
    for place, mean in enumerate(sorted(means, reverse=True), start=1):
        assert np.abs(values[rank == place] - mean).max() < 1e-12
    assert rank.max() in (len(means), len(means) + 1)


# ---- segmentation --------------------------------------------------------------------------------


def paper_segments(image: np.ndarray, k: float, sigma: float, smallest: int) -> list[frozenset]:
    """Sets of pixels, joined edge after edge; Int(S) is looked up in a list of joins."""
    smooth = ndimage.gaussian_filter(image, (0, sigma, sigma))
    _, height, width = image.shape
    pixels = [(i, j) for i in range(height) for j in range(width)]
    edges = [
        (float(np.linalg.norm(smooth[:, p[0], p[1]] - smooth[:, q[0], q[1]])), p, q)
        for p in pixels
        for q in pixels
        if p < q and max(abs(p[0] - q[0]), abs(p[1] - q[1])) == 1
    ]
    edges.sort(key=lambda edge: edge[0])
    home = {p: frozenset([p]) for p in pixels}
    inside = {home[p]: 0.0 for p in pixels}

    def join(s: frozenset, t: frozenset, w: float) -> None:
        for p in s | t:
            home[p] = s | t
        inside[s | t] = w

    for w, p, q in edges:
        s, t = home[p], home[q]
        if s != t and w <= min(inside[s] + k / len(s), inside[t] + k / len(t)):
            join(s, t, w)
    for w, p, q in edges:
        s, t = home[p], home[q]
        if s != t and min(len(s), len(t)) < smallest:
            join(s, t, w)
    return sorted(set(home.values()), key=min)


def sets(labels: np.ndarray) -> list[frozenset]:
    found = [frozenset(zip(*map(list, np.nonzero(labels == k)), strict=True))
             for k in np.unique(labels)]  # fmt: skip
    return sorted(found, key=min)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), k=st.floats(0, 3), smallest=st.integers(1, 6))
def test_segments_are_the_papers(seed, k, smallest):
    image = random(seed).normal(size=(2, 6, 7)).cumsum(axis=2)
    (labels,) = felzenszwalb(image, [k], 0.5, smallest)
    assert sets(labels) == paper_segments(image, k, 0.5, smallest)
    for segment in np.unique(labels):
        inside = labels == segment
        assert inside.sum() >= smallest
        assert ndimage.label(inside, np.ones((3, 3)))[1] == 1  # in one piece


def test_two_halves_and_many_scales():
    image = np.zeros((1, 12, 12))
    image[:, :, 6:] = 1
    image += 0.001 * random(0).normal(size=image.shape)
    few, many = felzenszwalb(image, [1.0, 1e-4], 0.1, 1)
    assert len(np.unique(few)) == 2
    assert bool((few[:, 0] != few[:, 11]).all())
    assert len(np.unique(many)) > 20


@pytest.mark.parametrize("radius", [0, 1, 3])
def test_masks_grow_by_a_disk(radius):
    labels = felzenszwalb(random(1).normal(size=(3, 15, 18)), [2.0], 0.8, 5)[0]
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disk = x**2 + y**2 <= radius**2
    for k, mask in zip(np.unique(labels), masks_of(labels, radius), strict=True):
        grown = np.zeros(labels.size, bool)
        grown[mask] = True
        assert np.array_equal(
            grown.reshape(labels.shape), ndimage.binary_dilation(labels == k, disk)
        )


# ---- the whole method ----------------------------------------------------------------------------


def scene() -> tuple[Tensor, Tensor]:
    """A grey picture with a bright square and a dark one, and the bright square's mask."""
    x = 0.4 + 0.02 * torch.from_numpy(random(2).normal(size=(1, 3, 32, 32)))
    square = torch.zeros(32, 32, dtype=torch.bool)
    square[6:16, 6:16] = True
    x[..., square] = 0.9
    x[..., 20:28, 18:28] = 0.1
    return x.clamp(0, 1), square


@pytest.mark.parametrize("fast", [False, True])
def test_the_object_that_counts_stands_out(fast):
    x, square = scene()
    model = lambda x: x[..., square].sum((1, 2)) - 0.1 * x.sum((1, 2, 3))  # noqa: E731
    found = xc.xrai(model, x, fast=fast, steps=2, return_details=True)
    first = found.values[0, 0] > found.values.max() / 2
    both = float((first & square).sum()) / float((first | square).sum())
    assert both > 0.7  # the region has a margin of one pixel
    assert float(found.gap.abs()) < 1e-10
    total = found.extra["pixels"].sum()
    assert float((found.values.sum() - total).abs()) < 1e-10


def test_pixels_are_the_mean_of_both_baselines(close):
    x, square = scene()
    model = lambda x: (x[..., square] ** 2).sum((1, 2))  # noqa: E731
    found = xc.xrai(model, x, steps=2, return_details=True)
    by_hand = (x**2 + x**2 - 1) / 2 * square
    close(found.extra["pixels"], by_hand.sum(1), 1e-12)
    close(found.f_start, exact(150.0), 1e-12)
    largest = xc.xrai(model, x, steps=2, channels="max", return_details=True)
    close(largest.extra["pixels"], by_hand.amax(1), 1e-12)
    assert largest.gap is None


def test_forms_of_segments(close):
    x, square = scene()
    both = torch.cat([x, x.flip(3)])
    model = lambda x: x[..., square].sum((1, 2))  # noqa: E731
    labels = square.long() * 7 - 3  # any whole numbers
    masks = torch.stack([square, ~square])
    expected = xc.xrai(model, both, segments=labels[None], steps=1)
    close(xc.xrai(model, both, segments=masks, steps=1), expected, 1e-12)
    each = torch.stack([labels[None], labels[None]])
    close(xc.xrai(model, both, segments=each, steps=1), expected, 1e-12)
    assert len(expected[0].unique()) == 2


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (28, 28)])
def test_small_and_empty_images(size):
    x = torch.full((1, 1, *size), 0.5)
    found = xc.xrai(lambda x: x.flatten(1).sum(1), x, steps=1)
    assert found.shape == (1, 1, *size)
    assert float(found.std(correction=0)) < 1e-6


def test_a_small_picture_has_several_regions():
    x, _ = scene()
    found = xc.xrai(lambda x: (x**2).flatten(1).sum(1), x[..., 2:30, 2:30], return_details=True)
    assert len(found.values.unique()) >= 3


X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
BAD = {
    "segments list": ({"segments": [1]}, TypeError, "segments must be a tensor .* got list"),
    "segments float": ({"segments": X[:, 0]}, TypeError, "got torch.float32"),
    "segments shape": (
        {"segments": torch.zeros(1, 4, 4).long()},
        ValueError,
        r"segments has shape \(1, 4, 4\).*give \(S, 8, 8\)",
    ),
    "segments rows": (
        {"segments": torch.zeros(3, 1, 8, 8).long()},
        ValueError,
        r"segments has 3 row\(s\), x has 2",
    ),
    "no masks": (
        {"segments": torch.zeros(1, 8, 8, dtype=torch.bool)},
        ValueError,
        "mask 0 of row 0 holds no pixel",
    ),
    "channels": ({"channels": "mean"}, ValueError, "channels must be 'sum' or 'max', got 'mean'"),
    "scales": ({"scales": ()}, ValueError, "scales must be one or more numbers above 0"),
    "scales of words": ({"scales": [1, "a"]}, ValueError, "scales must be one or more numbers"),
    "smallest": ({"smallest": 0}, ValueError, "smallest must be at least 1"),
    "dilation": ({"dilation": -1}, ValueError, "dilation must be at least 1"),
    "least": ({"least": 0.5}, TypeError, "least must be a whole number"),
    "quadrature": ({"quadrature": "adaptive"}, ValueError, "quadrature must be one of"),
    "baselines": ({"baselines": ()}, ValueError, "baselines is empty"),
}


@pytest.mark.parametrize(("bad", "error", "says"), BAD.values(), ids=BAD)
def test_bad_settings(bad, error, says):
    with pytest.raises(error, match=says):
        xc.xrai(lambda x: x.flatten(1).sum(1), X, **bad)
