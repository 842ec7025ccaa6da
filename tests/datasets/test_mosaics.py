"""Mosaics: what stands in each cell, and that cells are what the grid pointing game calls cells."""

import pytest
import torch

import xaicourse as xc
from xaicourse.datasets import mosaics


def pictures(n=30, classes=6, channels=2):
    labels = torch.arange(n) % classes
    x = torch.rand(n, channels, 4, 5, generator=torch.Generator().manual_seed(0))
    return x, labels


@pytest.mark.parametrize("grid", [1, 2])
def test_each_cell_holds_the_picture_that_is_said(grid):
    x, labels = pictures()
    made = mosaics(x, labels, n=40, seed=1, grid=grid)
    assert made.x.shape == (40, 2, 4 * grid, 5 * grid)
    assert made.masks.shape == (grid * grid, 1, 4 * grid, 5 * grid)
    assert torch.equal(made.masks.sum(0), torch.ones(1, 4 * grid, 5 * grid, dtype=torch.int64))
    for cell in range(grid * grid):
        row, column = divmod(cell, grid)
        cut = made.x[:, :, 4 * row : 4 * row + 4, 5 * column : 5 * column + 5]
        assert torch.equal(cut, x[made.sources[:, cell]])
        assert bool(made.masks[cell, 0, 4 * row : 4 * row + 4, 5 * column : 5 * column + 5].all())
        assert torch.equal(made.labels[:, cell], labels[made.sources[:, cell]])
    assert all(len(set(row.tolist())) == grid * grid for row in made.labels)


def test_all_classes_come_up_in_all_cells():
    made = mosaics(*pictures(), n=600)
    for cell in range(4):
        assert torch.bincount(made.labels[:, cell], minlength=6).min() > 60
    assert len(made.sources.unique()) == 30


def test_only_what_the_model_is_sure_of():
    x, labels = pictures()
    logits = torch.zeros(30, 6)
    sure = torch.arange(30) < 24
    logits[sure, labels[sure]] = 8.0  # p = .998
    logits[0] = 0
    logits[0, 5] = 20.0  # sure, and wrong
    logits[1, labels[1]] = 2.0  # right, p = .6
    logits[24, labels[24]], logits[24, 3] = 4.0, 4.4  # wrong, p = .4 all the same
    made = mosaics(x, labels, n=300, logits=logits)
    assert set(made.sources.unique().tolist()) == set(range(2, 24))
    loose = mosaics(x, labels, n=300, logits=logits, confidence=0.5)
    assert set(loose.sources.unique().tolist()) == set(range(1, 24))
    looser = mosaics(x, labels, n=300, logits=logits, confidence=0.3)
    assert set(looser.sources.unique().tolist()) == set(range(1, 24))


def test_the_grid_pointing_game_takes_its_cells(close):
    made = mosaics(*pictures(), n=5)
    for cell in range(4):
        heat = made.masks[cell].double().expand(5, 1, 8, 10)
        mask = made.masks[cell, 0]
        found = xc.evaluation.grid_pointing_game(None, None, heat, mask=mask, grid=2)
        close(found.values, [1.0] * 5, 0)
        close(found.chance, [0.25] * 5, 0)


@pytest.mark.parametrize("n", [1, 7, 20])
def test_a_mosaic_does_not_depend_on_how_many_there_are(n):
    few, many = mosaics(*pictures(), n=n, seed=2), mosaics(*pictures(), n=60, seed=2)
    assert torch.equal(few.x, many.x[:n])
    assert torch.equal(few.labels, many.labels[:n])


def test_no_global_state_and_any_device():
    x, labels = pictures()
    before = torch.get_rng_state()
    assert torch.equal(mosaics(x, labels, seed=7).x, mosaics(x, labels, seed=7).x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(mosaics(x, labels, seed=8).x, mosaics(x, labels, seed=7).x)


def test_on_another_device():
    from tests.pretend_gpu import DEVICE, PretendGPU

    x, labels = pictures()
    with PretendGPU():
        made = mosaics(x.to(DEVICE), labels.to(DEVICE), n=3)
        assert {part.device for part in made} == {DEVICE}
        assert torch.equal(made.x.cpu(), mosaics(x, labels, n=3).x)


def test_bad_arguments_are_refused():
    x, labels = pictures()
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1, got 0"):
        mosaics(x, labels, n=0)
    with pytest.raises(TypeError, match="seed: expected a whole number"):
        mosaics(x, labels, seed=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grid: expected a whole number of at least 1, got True"):
        mosaics(x, labels, grid=True)
    with pytest.raises(ValueError, match="3 x 3 cells need 9 classes, but only 6 are left"):
        mosaics(x, labels, grid=3)
    with pytest.raises(ValueError, match=r"pictures \(M, C, H, W\) and labels \(M,\), got"):
        mosaics(x, labels[:4])
    with pytest.raises(ValueError, match=r"logits: expected \(30, K\)"):
        mosaics(x, labels, logits=torch.zeros(4, 6))
