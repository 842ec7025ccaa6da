"""What is removed at once: channel values, superpixels, tokens, columns, by hand and by loops."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import controls, deletion, pixel_flipping, slic, superpixels
from xaicourse.evaluation.units import read_units

PLAIN = {"output": "logit", "imputer": 0.0}


def photos(n=2, channels=3, size=4):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, channels, size, size, generator=generator, dtype=torch.float64)


def weighted(x):
    """Return a sum in which each value has another weight."""
    return x.flatten(1) @ torch.linspace(1, 3, x[0].numel()).to(x)


def exact(x):
    return torch.linspace(1, 3, x[0].numel()).to(x).view(x.shape[1:]) * x


def falling(parts):
    """Return the deletion curve of an additive model: what is left after the largest parts."""
    gone = parts.sort(dim=1, descending=True).values.cumsum(1)
    return parts.sum(1, keepdim=True) - torch.cat([torch.zeros(len(parts), 1).to(gone), gone], 1)


# ---- channel values, tokens, columns ------------------------------------------------------------


def test_channel_values_go_one_by_one(close):
    x = photos()
    found = deletion(weighted, x, exact(x), unit="channel", **PLAIN)
    close(found.curve, falling(exact(x).flatten(1)), 1e-12)
    assert found.protocol.unit == "channel"
    assert found.curve.shape == (2, 3 * 16 + 1)  # a curve of channel values, not of pixels
    assert deletion(weighted, x, exact(x), unit="pixel", **PLAIN).curve.shape == (2, 16 + 1)


def test_one_value_a_pixel_serves_all_channels(close):
    x = photos()
    heat = exact(x).sum(1, keepdim=True)
    pixels = deletion(weighted, x, heat, unit=1, **PLAIN)
    close(pixels.curve, falling(heat.flatten(1)), 1e-12)
    with pytest.raises(ValueError, match="unit='channel' needs a map of x's shape"):
        deletion(weighted, x, heat, unit="channel", **PLAIN)


@pytest.mark.parametrize("channels", ["sum", "abs_sum", "l2"])
def test_tokens_go_with_all_their_numbers(channels, close):
    x = photos()[:, :, 0] - 0.3  # (2, 3, 4): three tokens
    heat = exact(x)
    pooled = {"sum": heat.sum(2), "abs_sum": heat.abs().sum(2), "l2": heat.norm(dim=2)}[channels]
    order = pooled.argsort(dim=1, descending=True)
    found = deletion(weighted, x, heat, unit="token", channels=channels, **PLAIN)
    for i in range(2):
        left, curve = x[i].clone(), [weighted(x)[i]]
        for token in order[i]:
            left[token] = 0
            curve.append(weighted(left[None])[0])
        close(found.curve[i], torch.stack(curve), 1e-12)
    assert (found.protocol.unit, found.protocol.channels) == ("token", channels)


def test_a_mask_token_stands_in(close):
    x = photos()[:, :, 0]
    mask = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)  # (D,)
    found = deletion(weighted, x, exact(x), unit="token", imputer=mask, output="logit")
    close(found.curve[:, -1], weighted(mask.expand_as(x)), 1e-12)


def test_columns_of_a_table_and_groups_of_columns(close):
    x = photos()[:, :2, 0].flatten(1)  # (2, 8)
    one = deletion(weighted, x, exact(x), unit="column", **PLAIN)
    close(one.curve, falling(exact(x)), 1e-12)
    assert one.protocol == deletion(weighted, x, exact(x), **PLAIN).protocol
    groups = torch.tensor([0, 0, 0, 5, 5, 2, 2, 2])  # one-hot columns go together
    found = deletion(weighted, x, exact(x), unit=groups, **PLAIN)
    parts = [exact(x)[:, groups == k].sum(1) for k in (0, 2, 5)]
    close(found.curve, falling(torch.stack(parts, 1)), 1e-12)
    assert found.protocol.unit == "columns"


def test_words_of_several_tokens(close):
    x = photos()[:, :, 0]
    found = deletion(weighted, x, exact(x), unit=torch.tensor([0, 1, 1]), **PLAIN)
    parts = torch.stack([exact(x)[:, 0].sum(1), exact(x)[:, 1:].sum((1, 2))], 1)
    close(found.curve, falling(parts), 1e-12)


# ---- superpixels --------------------------------------------------------------------------------

SEGMENTS = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [7, 7, 7, 1], [7, 3, 3, 3]])  # four
OTHERS = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 2], [1, 2, 2, 2]])  # three


def test_patches_are_segments_of_one_form(close):
    x = photos(3)
    labels = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]])
    patches = deletion(weighted, x, exact(x), unit=2, **PLAIN)
    segments = deletion(weighted, x, exact(x), unit=labels, **PLAIN)
    close(segments.curve, patches.curve, 1e-12)
    close(segments.values, patches.values, 1e-12)


def test_rows_with_other_numbers_of_segments_keep_their_values(close):
    x = photos()
    both = torch.stack([SEGMENTS, OTHERS])
    together = deletion(weighted, x, exact(x), unit=both, **PLAIN)
    assert together.curve.shape == (2, 101)
    for i, labels in enumerate((SEGMENTS, OTHERS)):
        alone = deletion(weighted, x[i : i + 1], exact(x)[i : i + 1], unit=labels, **PLAIN)
        close(together.values[i : i + 1], alone.values, 1e-12)
        heat = exact(x)[i].sum(0)
        parts = torch.stack([heat[labels == k].sum() for k in labels.unique()])[None]
        curve = falling(parts)[0]
        close(alone.curve[0], curve, 1e-12)
        close(alone.values[0], torch.trapezoid(curve, dx=1 / (len(curve) - 1)), 1e-12)
        padded = torch.cat([curve, torch.zeros(2)])  # as if each image had as many as the largest
        assert abs(float(torch.trapezoid(padded, dx=1 / 6) - alone.values[0])) > 1


def test_means_are_over_each_rows_own_segments(close):
    x = photos()
    both = torch.stack([SEGMENTS, OTHERS])
    together = pixel_flipping(weighted, x, exact(x), unit=both, **PLAIN)
    for i, labels in enumerate((SEGMENTS, OTHERS)):
        alone = pixel_flipping(weighted, x[i : i + 1], exact(x)[i : i + 1], unit=labels, **PLAIN)
        close(together.values[i : i + 1], alone.values, 1e-12)


@pytest.mark.parametrize("order", ["morf", "lerf"])
def test_a_segment_that_a_row_lacks_is_not_before_those_that_speak_against(order, close):
    x, labels = -photos(), OTHERS
    both = torch.stack([SEGMENTS, OTHERS])
    together = pixel_flipping(weighted, x, exact(x), unit=both, order=order, **PLAIN)
    alone = pixel_flipping(weighted, x[1:], exact(x)[1:], unit=labels, order=order, **PLAIN)
    close(together.values[1:], alone.values, 1e-12)


def test_the_model_is_asked_once_for_each_segment():
    rows = []

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return weighted(x)

    deletion(
        counted, photos(), exact(photos()), xc.targets.single(),
        unit=torch.stack([SEGMENTS, OTHERS]), **PLAIN,
    )  # fmt: skip
    assert sum(rows) == (4 + 1) + (3 + 1)


def test_segments_that_a_row_lacks_are_no_ties():
    x = photos()
    found = deletion(weighted, x, exact(x), unit=torch.stack([SEGMENTS, OTHERS]), **PLAIN)
    assert found.tie_fraction.tolist() == [0.0, 0.0]
    flat = controls.constant(x)
    found = deletion(weighted, x, flat, unit=torch.stack([SEGMENTS, OTHERS]), **PLAIN)
    assert found.tie_fraction.tolist() == [1.0, 1.0]


def test_labels_are_names_not_places(close):
    x = photos()
    one = deletion(weighted, x, exact(x), unit=SEGMENTS, **PLAIN)
    other = deletion(weighted, x, exact(x), unit=SEGMENTS * 11 - 40, **PLAIN)
    close(other.values, one.values, 0)


def test_nan_in_a_map_of_segments_has_no_value():
    x, heat = photos(), exact(photos())
    heat[1, 0, 0, 0] = torch.nan
    found = deletion(weighted, x, heat, unit=torch.stack([SEGMENTS, OTHERS]), **PLAIN)
    assert found.valid.tolist() == [True, False]


def test_superpixels_are_cut_where_colours_change():
    image = torch.zeros(2, 3, 64, 64, dtype=torch.float64)
    image[0, :, :, 32:] = 1.0
    image[1, :, 32:] = 1.0
    found = superpixels(image)
    for labels, halves in ((found[0], (slice(None), slice(40, 60))), (found[1], (slice(40, 60),))):
        opposite = tuple(slice(4, 24) if part != slice(None) else part for part in halves)
        here, there = labels[halves].unique(), labels[opposite].unique()
        assert not set(here.tolist()) & set(there.tolist())
    again = deletion(lambda x: x.sum((1, 2, 3)), image, image, unit="superpixel", **PLAIN)
    given = deletion(lambda x: x.sum((1, 2, 3)), image, image, unit=found, **PLAIN)
    assert torch.equal(again.curve, given.curve)


def test_slic_comes_from_scikit_image(monkeypatch):
    calls = []

    def cut(image, **settings):
        calls.append((image.shape, settings))
        return np.arange(16).reshape(4, 4) // 4

    monkeypatch.setitem(sys.modules, "skimage", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "skimage.segmentation", SimpleNamespace(slic=cut))
    found = slic(photos(), segments=4)
    assert found.shape == (2, 4, 4)
    assert found.dtype == torch.int64
    assert calls[0][0] == (3, 4, 4)
    assert calls[0][1]["n_segments"] == 4
    assert calls[0][1]["channel_axis"] == 0
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(ImportError, match="slic needs scikit-image"):
        slic(photos())


# ---- bad units ----------------------------------------------------------------------------------

SENTENCES, TABLE = photos()[:, :, 0], photos()[:, 0, 0]
BAD = {
    "unknown": (photos(), "pixels", ValueError, "unit must be a side in pixels, pixel, channel"),
    "token of images": (photos(), "token", ValueError, "unit='token' does not fit x of shape"),
    "pixel of sentences": (SENTENCES, "pixel", ValueError, "unit='pixel' does not fit"),
    "channel of a table": (TABLE, "channel", ValueError, "unit='channel' does not fit"),
    "column of images": (photos(), "column", ValueError, "unit='column' does not fit"),
    "superpixel of a table": (TABLE, "superpixel", ValueError, "unit='superpixel' does not fit"),
    "patches of a table": (TABLE, 2, ValueError, "unit=2 makes patches of images"),
    "labels of another size": (photos(), SEGMENTS[1:], ValueError, r"unit has shape \(3, 4\)"),
    "labels for more rows": (
        photos(), SEGMENTS.expand(3, 4, 4), ValueError, r"unit has shape \(3, 4, 4\)"
    ),
    "labels of real numbers": (photos(), SEGMENTS * 1.0, TypeError, "unit must hold whole"),
    "truth values": (photos(), SEGMENTS > 1, TypeError, "unit must hold whole"),
    "nothing": (photos(), None, TypeError, "unit must be a whole number"),
}  # fmt: skip


@pytest.mark.parametrize(("x", "unit", "error", "says"), BAD.values(), ids=BAD)
def test_bad_units(x, unit, error, says):
    with pytest.raises(error, match=says):
        deletion(weighted, x, x, unit=unit, **PLAIN)


def test_more_steps_than_the_fewest_segments_are_refused():
    x, labels = photos(), torch.stack([SEGMENTS, OTHERS])
    with pytest.raises(ValueError, match="steps=4 is more than the 3 units"):
        deletion(weighted, x, exact(x), unit=labels, steps=4, **PLAIN)
    found = deletion(weighted, x, exact(x), unit=labels, steps=3, **PLAIN)
    assert found.curve.shape == (2, 4)


def test_labels_lie_on_xs_device():
    from tests.pretend_gpu import DEVICE, PretendGPU

    with PretendGPU(), pytest.raises(ValueError, match="unit is on cpu, x is on pretendgpu"):
        read_units(SEGMENTS, photos().to(DEVICE))
