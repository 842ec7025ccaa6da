"""Clothes on textures: what is pasted, where, and that neither label tells the other."""

import pytest
import torch
from scipy import stats

from xaicourse.datasets import BAM_OBJECTS, BAM_SCENES, FASHION_MNIST_CLASSES, mini_bam
from xaicourse.datasets.pasted_clothes import chosen_clothes, textures


def test_shapes_and_values():
    x, objects, scenes, masks, empty = mini_bam(300, seed=1)
    assert x.shape == masks.shape == empty.shape == (300, 1, 32, 32)
    assert x.dtype == empty.dtype == torch.float32
    assert masks.dtype == torch.bool
    assert 0 <= x.min() < x.max() <= 1
    assert set(objects.tolist()) == set(scenes.tolist()) == set(range(5))
    assert len(BAM_OBJECTS) == len(BAM_SCENES) == 5


def test_only_the_object_differs_from_the_scene():
    made = mini_bam(300, seed=1)
    assert torch.equal(made.x[~made.masks], made.empty[~made.masks])
    assert (made.x[made.masks] > 0.15).all()
    size = made.masks.sum((1, 2, 3))
    assert 10 < size.min() < size.max() <= 14 * 14
    assert not made.masks.all(0).any()
    assert made.masks.any(0).float().mean() > 0.9


def test_the_silhouette_is_the_one_of_a_garment_of_that_kind():
    made, clothes = mini_bam(40, seed=2), chosen_clothes("test")
    for mask, x, kind in zip(made.masks[:, 0], made.x[:, 0], made.objects, strict=True):
        garments = clothes.x[clothes.labels == kind, 0]  # (M, 14, 14)
        pasted = x[mask]  # in the order of rows: as in the garment
        same = [torch.equal(g[g > 0.15], pasted) for g in garments]
        assert any(same)


def test_the_five_kinds_are_whole():
    clothes = chosen_clothes("test")
    assert torch.bincount(clothes.labels).tolist() == [200] * 5
    assert all(name in FASHION_MNIST_CLASSES for name in BAM_OBJECTS)


def test_object_and_scene_are_independent():
    made = mini_bam(4000, seed=5)
    table = torch.zeros(5, 5)
    table.index_put_((made.objects, made.scenes), torch.ones(4000), accumulate=True)
    assert stats.chi2_contingency(table.numpy()).pvalue > 0.01


def test_each_texture_is_what_it_is_called():
    """Rows are constant along a row, columns along a column, slopes along the other diagonal."""
    waves = torch.tensor([[0.4, 0.2, 0.6, 0.5]]).expand(5, 4)
    coarse = torch.rand(5, 64, generator=torch.Generator().manual_seed(0))
    made = textures(torch.arange(5), waves, coarse, torch.zeros(5, 1024)).double()
    assert made[0].std(1).max() < 1e-6 < made[0].std(0).min()
    assert made[1].std(0).max() < 1e-6 < made[1].std(1).min()
    assert (made[2, 1:, :-1] - made[2, :-1, 1:]).abs().max() < 1e-5
    assert made[3].std(0).max() > 0.05 < made[3].std(1).max()
    near = (made[4, 1:] - made[4, :-1]).abs().max()
    assert 0 < near < 0.15  # clouds are smooth


@pytest.mark.parametrize("n", [1, 15, 16, 100])
def test_a_picture_does_not_depend_on_how_many_there_are(n):
    for few, many in zip(mini_bam(n, seed=4), mini_bam(101, seed=4), strict=True):
        assert torch.equal(few, many[:n])


def test_the_first_pictures_are_the_ones_they_have_always_been():
    made = mini_bam(6, seed=0)
    assert made.objects.tolist() == FIRST_OBJECTS
    assert made.scenes.tolist() == FIRST_SCENES
    assert float(made.x.double().mean()) == pytest.approx(FIRST_MEAN, abs=1e-6)


FIRST_OBJECTS = [2, 4, 0, 2, 1, 1]
FIRST_SCENES = [0, 2, 3, 4, 1, 0]
FIRST_MEAN = 0.3287091


def test_no_global_state_and_any_device():
    before = torch.get_rng_state()
    assert torch.equal(mini_bam(20, seed=7).x, mini_bam(20, seed=7).x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(mini_bam(20, seed=8).x, mini_bam(20, seed=7).x)
    assert {t.device.type for t in mini_bam(2, device="meta")} == {"meta"}


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1, got 0"):
        mini_bam(0)
    with pytest.raises(TypeError, match=r"seed: expected a whole number, got 1\.5"):
        mini_bam(3, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="split: expected 'test', 'full_test' or 'train'"):
        mini_bam(3, split="all")
