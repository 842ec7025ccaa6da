import pytest
import torch

from xaicourse.datasets import PLANTED_CLASSES, planted
from xaicourse.datasets.planted_patches import _shapes


def patches(images, masks):
    """Cut the planted 5 x 5 patches out: (N, 5, 5)."""
    return images[masks].view(-1, 5, 5)


def test_shapes_and_values():
    x, labels, masks = planted(200, seed=3)
    assert x.shape == masks.shape == (200, 1, 32, 32)
    assert x.dtype == torch.float32
    assert masks.dtype == torch.bool
    assert 0 <= x.min() < x.max() <= 1
    assert set(labels.tolist()) == set(range(len(PLANTED_CLASSES)))


def test_each_mask_is_one_patch():
    masks = planted(300).masks[:, 0]
    assert (masks.sum((1, 2)) == 25).all()
    assert (masks.any(1).sum(1) == 5).all()
    assert (masks.any(2).sum(1) == 5).all()


def test_the_patch_in_the_mask_is_the_mark_of_the_class():
    x, labels, masks = planted(300, seed=1)
    bright = patches(x, masks) >= 0.6  # marks are at least as bright, the texture never is
    assert torch.equal(bright, _shapes()[labels])


def test_no_class_mark_lies_outside_the_mask():
    """The class can be read off the patch only: elsewhere there are distractors of other shapes."""
    x, _, masks = planted(300, seed=1)
    bright = (x >= 0.6) & ~masks
    windows = bright[:, 0].unfold(1, 5, 1).unfold(2, 5, 1)  # (N, 28, 28, 5, 5)
    for mark in _shapes()[: len(PLANTED_CLASSES)]:
        assert not (windows == mark).all(-1).all(-1).any()
    assert (bright.sum((1, 2, 3)) == 27).all()  # three distractors of nine pixels


def test_all_marks_have_nine_pixels_so_brightness_tells_nothing():
    assert _shapes().sum((1, 2)).tolist() == [9] * 7


def test_what_lies_outside_the_mask_does_not_depend_on_the_class():
    x, labels, masks = planted(4000, seed=5)
    outside = torch.where(masks, x.mean(), x).flatten(1)
    for kind in range(len(PLANTED_CLASSES)):
        of_class, others = outside[labels == kind], outside[labels != kind]
        # 1024 means at once: five standard errors
        error = (of_class.var(0) / len(of_class) + others.var(0) / len(others)).sqrt()
        assert ((of_class.mean(0) - others.mean(0)).abs() < 5 * error).all()


def test_places_reach_all_over_the_picture():
    reached = planted(4000).masks.any(0)[0]
    assert reached.all()


def test_the_same_seed_gives_the_same_pictures_and_no_global_state_is_used():
    before = torch.get_rng_state()
    first = planted(20, seed=7)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = planted(20, seed=7)
    assert all(map(torch.equal, first, second))
    assert not torch.equal(planted(20, seed=8).x, first.x)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 100])
def test_a_picture_does_not_depend_on_how_many_there_are(n):
    everything = planted(101, seed=4)
    for few, many in zip(planted(n, seed=4), everything, strict=True):
        assert torch.equal(few, many[:n])


def test_the_first_pictures_are_the_ones_they_have_always_been():
    """Lessons print numbers that rest on these."""
    x, labels, masks = planted(5, seed=0)
    assert labels.tolist() == FIRST_LABELS
    corners = [tuple(mask[0].nonzero()[0].tolist()) for mask in masks]
    assert corners == FIRST_CORNERS
    assert float(x.double().mean()) == pytest.approx(FIRST_MEAN, abs=1e-6)


FIRST_LABELS = [2, 3, 1, 2, 2]
FIRST_CORNERS = [(16, 10), (2, 8), (8, 18), (17, 19), (19, 3)]
FIRST_MEAN = 0.2386547


@pytest.mark.parametrize("n", [0, -3, 2.5, True, None])
def test_an_impossible_n_is_refused(n):
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1"):
        planted(n)


@pytest.mark.parametrize("seed", [1.5, None, True, torch.Generator()])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(TypeError, match="seed: expected a whole number"):
        planted(3, seed)


def test_tensors_go_where_they_are_asked_to():
    assert {t.device.type for t in planted(2, device="meta")} == {"meta"}
