"""Maps held against masks: closed forms, chance, ties, tolerance, scipy, the authors' loops."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.evaluation import (
    METRICS,
    energy_pointing_game,
    grid_pointing_game,
    localisation_auc,
    pointing_game,
    relevance_mass,
    relevance_rank,
    top_k_intersection,
)

OF_MASKS = {name: r.metric for name, r in METRICS.items() if r.kind == "mask"}
DRAWN = ("pointing_game", "relevance_rank", "top_k_intersection")  # ties by a key


def masks(n=3, size=8):
    """Quarters of images: whole cells of a mosaic."""
    inside = torch.zeros(n, 1, size, size, dtype=torch.bool)
    for i in range(n):
        top, left = (i // 2) % 2 * size // 2, i % 2 * size // 2
        inside[i, :, top : top + size // 2, left : left + size // 2] = True
    return inside


def noise(n=3, channels=1, size=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, size, size, generator=generator, dtype=torch.float64)


def test_all_seven_are_here():
    assert sorted(OF_MASKS) == [
        "energy_pointing_game", "grid_pointing_game", "localisation_auc", "pointing_game",
        "relevance_mass", "relevance_rank", "top_k_intersection",
    ]  # fmt: skip


@pytest.mark.parametrize("name", OF_MASKS)
def test_the_mask_itself_is_best_and_its_complement_worst(name, close):
    inside = masks()
    close(OF_MASKS[name](None, None, inside.double(), mask=inside).values, [1.0] * 3, 0)
    close(OF_MASKS[name](None, None, inside.double(), mask=inside).above_chance, [1.0] * 3, 0)
    close(OF_MASKS[name](None, None, (~inside).double(), mask=inside).values, [0.0] * 3, 0)


@pytest.mark.parametrize("name", OF_MASKS)
def test_a_constant_map_gets_chance(name, close):
    inside, flat = masks(2)[1:], torch.ones(1, 1, 8, 8, dtype=torch.float64)
    seeds = [{"seed": s} for s in range(300)] if name in DRAWN else [{}]
    found = [OF_MASKS[name](None, None, flat, mask=inside, **seed) for seed in seeds]
    chance = 0.5 if name == "localisation_auc" else 0.25
    if name == "top_k_intersection":
        chance = 16 / 64  # k is 6, less than the mask's 16
    close(found[0].chance, [chance], 0)
    values = [float(one.values) for one in found]
    error = 3 * float(np.std(values)) / math.sqrt(len(values))
    assert np.mean(values) == pytest.approx(chance, abs=max(error, 1e-14))
    assert (len(set(values)) > 1) == (name in DRAWN)


@pytest.mark.parametrize("name", OF_MASKS)
def test_one_mask_for_all_and_a_mask_of_all_channels(name, close):
    inside, heat = masks(1), noise(3, 3)
    expected = OF_MASKS[name](None, None, heat, mask=inside.expand(3, 1, 8, 8)).values
    close(OF_MASKS[name](None, None, heat, mask=inside[0, 0]).values, expected, 0)
    one_channel = torch.zeros(3, 3, 8, 8)
    one_channel[:, 1:2] = 255 * inside
    close(OF_MASKS[name](None, heat, heat, mask=one_channel).values, expected, 0)


def test_of_features_as_of_pixels(close):
    heat = torch.tensor([[0.3, -0.2, 0.1, 0.4]], dtype=torch.float64)
    inside = torch.tensor([[True, True, False, False]])
    close(pointing_game(None, None, heat, mask=inside).values, [0.0], 0)
    close(energy_pointing_game(None, None, heat, mask=inside).values, [0.3 / 0.8])
    close(relevance_mass(None, None, heat, mask=inside).values, [0.5])
    close(relevance_rank(None, None, heat, mask=inside).values, [0.5])
    close(localisation_auc(None, None, heat, mask=inside).values, [0.25])
    close(top_k_intersection(None, None, heat, mask=inside, k=3).values, [0.5])


# ---- pointing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_pointing_bears_its_tolerance_and_not_a_pixel_more(away, tolerance):
    inside = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    inside[..., 4, 2] = True
    heat = torch.zeros(1, 1, 9, 9)
    heat[..., 4, 2 + away] = 1
    found = pointing_game(None, None, heat, mask=inside, tolerance=tolerance)
    assert float(found.values) == (away <= tolerance)


def test_tolerance_is_a_disc_and_so_is_its_chance(close):
    inside = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    inside[..., 4, 4] = True
    for down in range(9):
        for right in range(9):
            heat = torch.zeros(1, 1, 9, 9)
            heat[..., down, right] = 1
            found = pointing_game(None, None, heat, mask=inside, tolerance=3)
            # TorchRay's rule, from the point to the mask, with <= in place of <
            assert float(found.values) == ((down - 4) ** 2 + (right - 4) ** 2 <= 9)
    close(found.chance, [29 / 81])  # of the 49 pixels of a square 29 are in the disc


def test_a_tolerance_that_reaches_everything_says_nothing():
    inside = masks(1)
    assert not pointing_game(None, None, noise(1), mask=inside, tolerance=8).valid.any()


def test_a_sparse_map_does_not_hit_by_its_many_maxima(close):
    """Any-hit, as in Quantus 0.6.0, calls a map a hit whose maxima are nearly all outside."""
    inside = masks(1)
    heat = (~inside).double()
    heat[..., 0, 0] = 1  # 49 equal maxima, one of them inside
    any_hit = (heat.flatten()[inside.flatten()] == heat.max()).any()
    assert bool(any_hit)
    values = [float(pointing_game(None, None, heat, mask=inside, seed=s).values)
              for s in range(400)]  # fmt: skip
    assert np.mean(values) == pytest.approx(1 / 49, abs=0.025)
    close(pointing_game(None, None, heat, mask=inside).tie_fraction, [1.0])


def test_an_empty_mask_is_no_hit(close):
    """Quantus 0.6.0 stores NaN in an array of booleans, where it becomes True."""
    inside = masks()
    inside[1] = False
    found = pointing_game(None, None, inside.double(), mask=inside)
    assert found.valid.tolist() == [True, False, True]
    assert found.mean() == 1
    assert found.interval().images == 2
    wrong = np.empty(1, dtype=bool)
    wrong[0] = np.nan
    assert bool(wrong[0])


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [(-1, ValueError), (1.5, TypeError), (True, TypeError), (False, TypeError)],
    ids=["negative", "half a pixel", "true", "false"],
)
def test_a_tolerance_is_a_number_of_pixels(tolerance, error):
    with pytest.raises(error, match="tolerance must be"):
        pointing_game(None, None, noise(), mask=masks(), tolerance=tolerance)


def test_features_have_no_tolerance():
    heat = torch.rand(2, 5, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="tolerance=1 is in pixels of images"):
        pointing_game(None, None, heat, mask=heat > 0.5, tolerance=1)


# ---- shares -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["energy_pointing_game", "grid_pointing_game"])
def test_positive_shares_by_a_loop(name, close):
    heat, inside = noise(4, 3), masks(4)
    for i, found in enumerate(OF_MASKS[name](None, None, heat, mask=inside).values):
        positive = heat[i].sum(0).clamp_min(0)
        pairs = zip(positive.flatten(), inside[i].flatten(), strict=True)
        close(found, sum(float(v) for v, m in pairs if m) / float(positive.sum()))


def test_a_map_without_positive_values_has_no_share():
    for name in ("energy_pointing_game", "grid_pointing_game"):
        assert not OF_MASKS[name](None, None, -noise().abs(), mask=masks()).valid.any()


def test_the_share_does_not_depend_on_the_number_of_images(close):
    """Quantus 0.6.0 weights attribution localisation by a size read off `x_batch[2:]`."""
    heat, inside = noise(4), masks(4)
    together = energy_pointing_game(None, None, heat, mask=inside).values
    alone = energy_pointing_game(None, None, heat[:1], mask=inside[:1]).values
    close(together[:1], alone, 0)

    def weighted(x, i):  # the wrong variant
        positive = heat[i].clamp_min(0)
        share = (positive * inside[i]).sum() / positive.sum()
        return float(share * (x[2:].numel() / inside[i].sum()))

    assert weighted(heat, 0) != weighted(heat[:3], 0)


def test_signed_mass_would_be_more_than_everything(close):
    """Quantus 0.6.0 keeps the sign: 1 inside and -0.9 outside is ten times everything."""
    inside = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    inside[..., :4] = True
    heat = 1.9 * inside.double() - 0.9
    assert float((heat * inside).sum() / heat.sum()) == pytest.approx(10.0, rel=1e-12)
    close(relevance_mass(None, None, heat, mask=inside).values, [1 / 1.9])
    close(
        relevance_mass(None, None, heat, mask=inside, channels="sum", sign="positive").values, [1.0]
    )
    with pytest.raises(ValueError, match="sign='keep' leaves negative relevance"):
        relevance_mass(None, None, heat, mask=inside, sign="keep")


POOLS = {  # of the authors' code, and our words for them
    "sum,abs": (lambda a: np.abs(a.sum(0)), {"channels": "sum", "sign": "abs"}),
    "sum,pos": (lambda a: np.maximum(a.sum(0), 0), {"channels": "sum", "sign": "positive"}),
    "max-norm": (lambda a: np.abs(a).max(0), {"channels": "max_abs"}),
    "l1-norm": (lambda a: np.abs(a).sum(0), {"channels": "abs_sum"}),
    "l2-norm": (lambda a: np.sqrt((a**2).sum(0)), {"channels": "l2"}),
}


@pytest.mark.parametrize("pool", POOLS)
def test_mass_and_rank_as_the_paper_pools(pool, close):
    pooled, settings = POOLS[pool]
    heat, inside = noise(4, 3), masks(4)
    mass = relevance_mass(None, None, heat, mask=inside, **settings).values
    rank = relevance_rank(None, None, heat, mask=inside, **settings).values
    for i in range(4):
        R, M = pooled(heat[i].numpy()).flatten(), inside[i].flatten().numpy()
        close(mass[i], R[M].sum() / R.sum())
        largest = sorted(range(64), key=lambda j: -R[j])[: M.sum()]
        expected = sum(M[j] for j in largest) / M.sum()
        if pool != "sum,pos":  # there are ties in it
            close(rank[i], expected)


def test_energy_is_mass_of_the_positive_sum(close):
    heat, inside = noise(4, 3), masks(4)
    mass = relevance_mass(None, None, heat, mask=inside, channels="sum", sign="positive")
    close(mass.values, energy_pointing_game(None, None, heat, mask=inside).values, 0)


def test_rank_above_chance_is_zero_for_a_blind_map_on_any_object():
    small, large = masks(1), ~masks(1)
    for inside in (small, large):
        found = [relevance_rank(None, None, noise(1, seed=s), mask=inside) for s in range(200)]
        assert np.mean([float(r.values) for r in found]) == pytest.approx(
            float(inside.double().mean()), abs=0.03
        )
        assert np.mean([float(r.above_chance) for r in found]) == pytest.approx(0, abs=0.09)


# ---- top k and area -----------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 5, 16, 40])
def test_top_k_by_a_loop_and_its_chance(k, close):
    heat, inside = noise(3), masks(3)
    found = top_k_intersection(None, None, heat, mask=inside, k=k)
    for i in range(3):
        largest = sorted(range(64), key=lambda j: -heat[i].flatten()[j])[:k]
        hits = sum(bool(inside[i].flatten()[j]) for j in largest)
        close(found.values[i], hits / min(k, 16), 0)
    blind = [top_k_intersection(None, None, noise(1, seed=s), mask=inside[:1], k=k)
             for s in range(300)]  # fmt: skip
    assert np.mean([float(r.values) for r in blind]) == pytest.approx(
        float(found.chance[0]), abs=0.08
    )


def test_k_is_fewer_than_all():
    with pytest.raises(ValueError, match="k=64 must be fewer than the 64"):
        top_k_intersection(None, None, noise(), mask=masks(), k=64)
    with pytest.raises(ValueError, match="k must be at least 1"):
        top_k_intersection(None, None, noise(), mask=masks(), k=0)


def test_auc_as_scipy_counts_pairs(close):
    heat, inside = noise(4).round(decimals=0), masks(4)  # with many ties
    found = localisation_auc(None, None, heat, mask=inside)
    for i in range(4):
        a, b = heat[i][inside[i]].numpy(), heat[i][~inside[i]].numpy()
        close(found.values[i], stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)), 1e-14)
        by_pairs = ((a[:, None] > b) + 0.5 * (a[:, None] == b)).mean()
        close(found.values[i], by_pairs, 1e-14)
    assert bool((found.tie_fraction > 0.5).all())


def test_auc_of_the_negative_is_the_rest(close):
    heat, inside = noise(4), masks(4)
    one = localisation_auc(None, None, heat, mask=inside).values
    close(one + localisation_auc(None, None, -heat, mask=inside).values, [1.0] * 4)
    close(localisation_auc(None, None, heat.exp(), mask=inside).values, one, 0)


# ---- mosaics ------------------------------------------------------------------------------------


def test_heads_that_see_one_cell_each_have_all_of_their_map_in_it(close):
    """DiFull (Rao 2022): what lies outside the cell is provably wrong."""

    def model(x):
        cells = [x[..., :4, :4], x[..., :4, 4:], x[..., 4:, :4], x[..., 4:, 4:]]
        return torch.stack([torch.tanh(c).square().sum((1, 2, 3)) for c in cells], dim=1)

    x, cells = noise(4, 3), masks(4)
    classes = torch.arange(4)
    maps = xc.gradient(model, x, classes).abs()
    close(grid_pointing_game(model, x, maps, classes, mask=cells).values, [1.0] * 4, 0)
    other = xc.gradient(model, x, 3 - classes).abs()
    close(grid_pointing_game(model, x, other, classes, mask=cells).values, [0.0] * 4, 0)


def test_grid_chance_is_one_in_n_squared(close):
    third = torch.zeros(9, 9)
    third[3:6, 6:] = 1
    heat = noise(2, size=9)
    found = grid_pointing_game(None, None, heat, mask=third, grid=3)
    close(found.chance, [1 / 9] * 2)
    close(found.values, energy_pointing_game(None, None, heat, mask=third).values, 0)
    two_cells = third.roll(3, 0) + third
    close(grid_pointing_game(None, None, heat, mask=two_cells, grid=3).chance, [2 / 9] * 2)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"grid": 3}, "grid=3 must divide the mosaic's height and width, 8 x 8"),
        ({"grid": 0}, "grid must be at least 1"),
        ({"mask": masks().roll(1, -1)}, "mask of row 0 is not made of whole cells of a 2 x 2"),
    ],
    ids=["three", "none", "shifted"],
)
def test_a_mosaic_has_whole_cells(settings, says):
    with pytest.raises(ValueError, match=says):
        grid_pointing_game(None, None, noise(), **{"mask": masks(), **settings})


def test_features_are_no_mosaic():
    heat = torch.rand(2, 4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="a mosaic is an image"):
        grid_pointing_game(None, None, heat, mask=heat > 0.5)


def test_without_a_level_of_chance_nothing_is_corrected():
    found = xc.evaluation.sparseness(None, None, noise())
    with pytest.raises(ValueError, match="sparseness has no level of chance"):
        _ = found.above_chance
