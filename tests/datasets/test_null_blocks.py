"""Pictures beside a block that says nothing: where each stands is known, and says nothing."""

import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.datasets.null_blocks import null_block

null_blocks = xc.datasets.null_blocks
SIDES = {"fashion_mnist": 28, "digits": 8}


@pytest.mark.parametrize("source", SIDES)
def test_each_block_is_where_the_mask_says(source):
    side = SIDES[source]
    x, labels, masks = null_blocks(source, n=200, seed=3)
    pictures, classes = (xc.datasets.fashion_mnist if side == 28 else xc.datasets.digits)(n=200)
    assert torch.equal(labels, classes)
    assert torch.equal(x[masks].view(-1, 1, side, side), pictures)
    assert torch.equal(x[~masks].view(-1, side, side), null_block(side).expand(200, side, side))
    assert x.dtype == torch.float32
    assert masks.dtype == torch.bool
    top = masks[:, 0, 0, 0]
    assert torch.equal(masks.flatten(2).float().mean(2), torch.full((200, 1), 0.5))
    assert bool((masks[:, 0, :side].flatten(1).all(1) == top).all())
    assert 70 < int(top.sum()) < 130


def test_the_place_says_nothing_of_the_class():
    _, labels, masks = null_blocks(seed=0)
    table = torch.zeros(2, 10)
    table.index_put_((masks[:, 0, 0, 0].long(), labels), torch.ones(2000), accumulate=True)
    assert stats.chi2_contingency(table.numpy()).pvalue > 0.01


def test_the_null_block_is_a_frame_with_both_diagonals():
    expected = """
        111111
        110011
        101101
        101101
        110011
        111111
    """
    lines = [[float(pixel) for pixel in line] for line in expected.split()]
    assert null_block(6).tolist() == lines


def test_seeds_numbers_and_places():
    whole = null_blocks("digits", seed=1)
    some = null_blocks("digits", n=50, seed=1)
    assert all(torch.equal(a[:50], b) for a, b in zip(whole, some, strict=True))
    assert not torch.equal(null_blocks("digits", seed=2).masks, whole.masks)
    for above in (True, False):
        fixed = null_blocks("digits", n=20, above=above).masks
        assert bool((fixed[:, 0, :8] == above).all())
    before = torch.get_rng_state()
    null_blocks("digits", n=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="source: expected one of fashion_mnist, digits, got 'm'"):
        null_blocks("m")
    with pytest.raises(TypeError, match=r"seed: expected a whole number, got 0\.5"):
        null_blocks(seed=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n: expected a whole number from 1 to 1797, got 2000"):
        null_blocks("digits", n=2000)
