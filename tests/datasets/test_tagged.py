"""Planted patches with a tag: what tells the class, where it lies, and that nothing else does."""

import pytest
import torch

from xaicourse.datasets import PLANTED_CLASSES, TAG_LOOKS, planted, tagged
from xaicourse.datasets.planted_patches import _shapes
from xaicourse.datasets.tagged_patches import _tag_shapes


def test_shapes_and_values():
    x, labels, masks, tags, tag_masks, strip_masks = tagged(200, seed=3)
    assert x.shape == masks.shape == tag_masks.shape == strip_masks.shape == (200, 1, 32, 32)
    assert x.dtype == torch.float32
    assert {m.dtype for m in (masks, tag_masks, strip_masks)} == {torch.bool}
    assert 0 <= x.min() < x.max() <= 1
    assert set(labels.tolist()) == set(tags.tolist()) == set(range(len(PLANTED_CLASSES)))
    assert len(TAG_LOOKS) == len(PLANTED_CLASSES)


@pytest.mark.parametrize("tags", ["class", "random"])
def test_patch_and_tag_are_where_their_masks_say(tags):
    made = tagged(300, seed=1, tags=tags)
    bright = made.x >= 0.6  # marks and tags are at least as bright, the texture never is
    assert torch.equal(bright[made.masks].view(-1, 5, 5), _shapes()[made.labels])
    assert torch.equal(bright[made.tag_masks].view(-1, 3, 6), _tag_shapes()[made.tags])


def test_tags_and_marks_never_meet():
    made = tagged(2000, seed=2)
    assert not (made.masks & made.strip_masks).any()
    assert (made.tag_masks & made.strip_masks == made.tag_masks).all()
    assert (made.strip_masks.sum((1, 2, 3)) == 96).all()
    bright = made.x >= 0.6
    in_strip = (bright & made.strip_masks).sum((1, 2, 3))
    assert (in_strip == 9).all()  # nine pixels of the tag: no distractor reaches into the strip
    assert ((bright & ~made.strip_masks).sum((1, 2, 3)) == 36).all()


def test_nine_pixels_in_each_look_so_brightness_tells_nothing():
    assert _tag_shapes().sum((1, 2)).tolist() == [9] * 4


def test_the_look_is_the_class_or_is_drawn():
    assert torch.equal(*(getattr(tagged(500), part) for part in ("tags", "labels")))
    made = tagged(8000, seed=4, tags="random")
    table = torch.zeros(4, 4)
    table.index_put_((made.labels, made.tags), torch.ones(8000), accumulate=True)
    share = table / table.sum(1, keepdim=True)
    assert (share - 0.25).abs().max() < 5 * (0.25 * 0.75 / 2000) ** 0.5


def test_with_drawn_tags_all_else_is_the_same():
    one, other = tagged(50, seed=9), tagged(50, seed=9, tags="random")
    assert torch.equal(one.tag_masks, other.tag_masks)
    assert torch.equal(one.labels, other.labels)
    rest = ~one.tag_masks
    assert torch.equal(one.x[rest], other.x[rest])
    assert not torch.equal(one.x, other.x)


def test_the_rest_is_a_planted_picture():
    """Where no mark had to be lifted out of the strip, all but the tag is that of `planted`."""
    made, plain = tagged(200, seed=5), planted(200, seed=5)
    assert torch.equal(made.labels, plain.labels)
    free = ~(plain.x >= 0.6)[:, 0, -4:].flatten(1).any(1)
    assert 10 < int(free.sum()) < 190
    rest = ~made.tag_masks[free]
    assert torch.equal(made.x[free][rest], plain.x[free][rest])


def test_the_place_of_the_tag_tells_neither_class_nor_look():
    made = tagged(4000, seed=6, tags="random")
    left = made.tag_masks[:, 0, -1].float().argmax(1)
    assert set(left.tolist()) == set(range(27))
    for known in (made.labels, made.tags):
        for kind in range(4):
            of_kind = left[known == kind].float()
            assert abs(float(of_kind.mean()) - 13) < 5 * 7.8 / len(of_kind) ** 0.5


@pytest.mark.parametrize("n", [1, 15, 16, 100])
def test_a_picture_does_not_depend_on_how_many_there_are(n):
    for few, many in zip(tagged(n, seed=4), tagged(101, seed=4), strict=True):
        assert torch.equal(few, many[:n])


def test_the_first_pictures_are_the_ones_they_have_always_been():
    made = tagged(5, seed=0, tags="random")
    assert made.labels.tolist() == FIRST_LABELS
    assert made.tags.tolist() == FIRST_TAGS
    assert float(made.x.double().mean()) == pytest.approx(FIRST_MEAN, abs=1e-6)


FIRST_LABELS = [2, 3, 1, 2, 2]
FIRST_TAGS = [3, 2, 1, 1, 2]
FIRST_MEAN = 0.2445227


def test_no_global_state_and_any_device():
    before = torch.get_rng_state()
    assert torch.equal(tagged(20, seed=7).x, tagged(20, seed=7).x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(tagged(20, seed=8).x, tagged(20, seed=7).x)
    assert {t.device.type for t in tagged(2, device="meta")} == {"meta"}


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1, got 0"):
        tagged(0)
    with pytest.raises(TypeError, match=r"seed: expected a whole number, got 1\.5"):
        tagged(3, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tags: expected one of class, random, got 'none'"):
        tagged(3, tags="none")
