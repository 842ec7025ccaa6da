"""Planted patches with a trigger: where it is, how often, and that it tells no class."""

import pytest
import torch

from xaicourse.datasets import planted, triggered
from xaicourse.datasets.planted_patches import _shapes


def test_shapes_and_values():
    x, labels, masks, has, trigger_masks = triggered(200, seed=3)
    assert x.shape == masks.shape == trigger_masks.shape == (200, 1, 32, 32)
    assert x.dtype == torch.float32
    assert {part.dtype for part in (masks, has, trigger_masks)} == {torch.bool}
    assert has.shape == labels.shape == (200,)
    assert 0 <= x.min() < x.max() <= 1


def test_patch_and_trigger_are_where_their_masks_say():
    made = triggered(300, seed=1)
    bright = made.x >= 0.6
    assert torch.equal(bright[made.masks].view(-1, 5, 5), _shapes()[made.labels])
    assert torch.equal(made.trigger_masks.sum((1, 2, 3)), 9 * made.triggered)
    shapes = bright[made.trigger_masks].view(-1, 9).int().tolist()
    assert {tuple(shape) for shape in shapes} == {(1, 1, 0, 1, 0, 1, 0, 1, 1)}
    assert not (made.masks & made.trigger_masks).any()
    assert (bright.sum((1, 2, 3)) == 36 + 6 * made.triggered).all()


@pytest.mark.parametrize("share", [0, 0.05, 0.5, 1.0])
def test_the_share_is_kept_and_does_not_depend_on_the_class(share):
    made = triggered(4000, seed=2, share=share)
    for kind in range(4):
        found = made.triggered[made.labels == kind].float()
        error = (share * (1 - share) / len(found)) ** 0.5
        assert abs(float(found.mean()) - share) <= 5 * error


def test_without_the_trigger_all_is_the_same():
    made, none = triggered(100, seed=4), triggered(100, seed=4, share=0.0)
    assert torch.equal(made.x[~made.trigger_masks], none.x[~made.trigger_masks])
    assert not none.trigger_masks.any()
    assert torch.equal(none.labels, planted(100, seed=4).labels)


@pytest.mark.parametrize("n", [1, 15, 16, 100])
def test_a_picture_does_not_depend_on_how_many_there_are(n):
    for few, many in zip(triggered(n, seed=4), triggered(101, seed=4), strict=True):
        assert torch.equal(few, many[:n])


def test_no_global_state_and_any_device():
    before = torch.get_rng_state()
    assert torch.equal(triggered(20, seed=7).x, triggered(20, seed=7).x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(triggered(20, seed=8).x, triggered(20, seed=7).x)
    assert {t.device.type for t in triggered(2, device="meta")} == {"meta"}


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1, got 0"):
        triggered(0)
    with pytest.raises(TypeError, match=r"seed: expected a whole number, got 1\.5"):
        triggered(3, 1.5)  # type: ignore[arg-type]
    for share in (-0.1, 1.1, True, "a", float("nan")):
        with pytest.raises(ValueError, match="share: expected a number from 0 to 1"):
            triggered(3, share=share)  # type: ignore[arg-type]
