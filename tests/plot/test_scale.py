"""One number a pixel and one scale for all: zero in the middle, zero maps safe."""

import numpy as np
import pytest
import torch

from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums


def test_sum_keeps_signs_and_the_total_and_the_others_lose_them():
    attribution = torch.tensor([[[[1.0, -2.0]], [[-3.0, 0.5]]]])  # (1, 2, 1, 2)
    np.testing.assert_allclose(reduce_channels(attribution), [[-2.0, -1.5]])
    np.testing.assert_allclose(reduce_channels(attribution, "abs_sum"), [[4.0, 2.5]])
    np.testing.assert_allclose(reduce_channels(attribution, "max_abs"), [[3.0, 2.0]])


@pytest.mark.parametrize("shape", [(1, 3, 4, 6), (3, 4, 6), (4, 6)])
def test_shapes_of_one_image_are_taken(shape):
    assert reduce_channels(torch.ones(shape)).shape == (4, 6)


def test_a_batch_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"attribution\[0:1\]"):
        reduce_channels(torch.ones(2, 3, 4, 4))


def test_gradients_and_half_precision_do_not_disturb():
    attribution = torch.ones(1, 3, 2, 2, dtype=torch.float16, requires_grad=True)
    np.testing.assert_allclose(reduce_channels(attribution), 3 * np.ones((2, 2)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="attribution holds NaN or infinite"):
        reduce_channels(torch.full((2, 2), bad))


def test_limits_are_symmetric_and_common():
    assert shared_limits([torch.tensor([[0.1, -0.2]]), torch.tensor([[3.0, -5.0]])]) == (-5.0, 5.0)


def test_limits_of_nothing_are_safe():
    assert shared_limits([torch.zeros(4, 4)]) == (-1.0, 1.0)


def test_zero_maps_beside_a_strong_one_do_not_change_its_limit():
    strong = torch.arange(100.0).reshape(10, 10)
    alone = shared_limits([strong], 90)
    assert shared_limits([strong, torch.zeros(10, 10), torch.zeros(10, 10)], 90) == alone


def test_a_sparse_map_keeps_its_one_pixel():
    sparse = torch.zeros(100, 100)
    sparse[3, 4] = -2.0
    assert shared_limits([sparse], 99) == (-2.0, 2.0)


@pytest.mark.parametrize("percentile", [0, -1, 101])
def test_percentile_is_checked(percentile):
    with pytest.raises(ValueError, match="percentile must be above 0"):
        shared_limits([torch.ones(2, 2)], percentile)


def test_tiles_keep_the_total():
    values = np.random.default_rng(1).normal(size=(4, 6))
    tiles = tile_sums(values, 2)
    assert tiles.shape == (2, 3)
    np.testing.assert_allclose(tiles[1, 2], values[2:, 4:].sum())
    np.testing.assert_allclose(tiles.sum(), values.sum())
    with pytest.raises(ValueError, match="tile must divide"):
        tile_sums(values, 4)


def test_photos_are_channels_last_in_range():
    photo = torch.rand(1, 3, 4, 6)
    np.testing.assert_allclose(as_photo(photo)[1, 2], photo[0, :, 1, 2])
    assert as_photo(torch.rand(1, 1, 4, 6)).shape == (4, 6, 3)
    with pytest.raises(ValueError, match=r"divide a 0\.\.255 image by 255"):
        as_photo(255 * photo)
    with pytest.raises(ValueError, match="photo must be one image"):
        as_photo(torch.rand(2, 3, 4, 4))
