"""BAM's three measures: values by hand, the paper's loop, and the patch that a model cannot see."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from tests.pretend_gpu import DEVICE, PretendGPU
from xaicourse.evaluation import (
    input_dependence,
    input_independence,
    insignificant_patch,
    model_contrast,
    region_mean,
)


def noise(n=4, channels=1, size=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, size, size, generator=generator, dtype=torch.float64)


def corner(n=4, size=8):
    inside = torch.zeros(n, 1, size, size, dtype=torch.bool)
    inside[..., :3, :4] = True
    return inside


def by_the_paper(heat, mask):
    """One image at a time, in NumPy: positive part, 99th percentile, mean over the object."""
    found = []
    for one, inside in zip(heat.numpy(), mask.numpy(), strict=True):
        positive = one.sum(axis=0).clip(min=0)
        low, high = positive.min(), np.percentile(positive, 99)
        found.append(np.clip((positive - low) / (high - low), 0, 1)[inside[0]].mean())
    return torch.tensor(np.array(found))


@pytest.mark.parametrize("channels", [1, 3])
def test_region_mean_is_the_papers(close, channels):
    heat = noise(channels=channels)
    close(region_mean(heat, corner()), by_the_paper(heat, corner()), 1e-12)


def test_by_hand(close):
    heat = torch.arange(101, dtype=torch.float64).view(1, 101)  # the 99 % quantile is 99
    inside = torch.zeros(1, 101, dtype=torch.bool)
    inside[0, [0, 33, 100]] = True
    close(region_mean(heat, inside), [(0 + 33 / 99 + 1) / 3], 1e-12)
    other = torch.zeros(1, 101, dtype=torch.float64)
    other[0, 50:] = 1.0
    close(model_contrast(heat, other, inside).values, [4 / 9 - 1 / 3], 1e-12)
    close(input_dependence(other, heat, inside).values, [1.0], 0)
    close(input_dependence(heat, other, inside).values, [0.0], 0)
    # 1/3 against 4/9 is a quarter less: within 0.26, not within 0.24
    close(input_independence(other, heat, inside, tolerance=0.26).values, [1.0], 0)
    close(input_independence(other, heat, inside, tolerance=0.24).values, [0.0], 0)


def test_a_map_that_does_not_see_the_model_has_no_contrast(close):
    heat = noise()
    close(model_contrast(heat, heat, corner()).values, [0.0] * 4, 0)
    close(input_dependence(heat, heat, corner()).values, [0.0] * 4, 0)  # equal is not less
    close(input_independence(heat, heat, corner()).values, [1.0] * 4, 0)


def test_each_map_has_its_own_scale(close):
    heat, other = noise(seed=1), noise(seed=2)
    plain = model_contrast(heat, other, corner()).values
    close(model_contrast(7 * heat, 0.2 * other, corner()).values, plain, 1e-12)
    assert not torch.equal(model_contrast(heat.abs(), other, corner()).values, plain)


def test_rows_do_not_touch_each_other(close):
    heat, other = noise(seed=1), noise(seed=2)
    order = torch.tensor([2, 0, 3, 1])
    for measure in (model_contrast, input_dependence, input_independence):
        whole = measure(heat, other, corner()).values
        close(measure(heat[order], other[order], corner()).values, whole[order], 0)
        close(measure(heat[:1], other[:1], corner(1)).values, whole[:1], 0)


def test_the_two_means_are_on_record(close):
    heat, other = noise(seed=1), noise(seed=2)
    found = model_contrast(heat, other, corner())
    close(found.details["object model"] - found.details["scene model"], found.values, 0)
    assert found.direction == "higher"
    assert found.interval().low < found.mean() < found.interval().high


def test_constant_maps_and_empty_regions_have_no_value():
    heat = noise()
    heat[1], nowhere = 2.0, corner()
    nowhere[2] = False
    for measure in (model_contrast, input_dependence, input_independence):
        found = measure(heat, noise(seed=5), nowhere)
        assert found.valid.tolist() == [True, False, False, True]


def test_bad_arguments_are_refused():
    heat = noise()
    with pytest.raises(ValueError, match=r"one shape, got \(4, 1, 8, 8\) and \(2, 1, 8, 8\)"):
        model_contrast(heat, heat[:2], corner())
    with pytest.raises(ValueError, match="mask has shape"):
        region_mean(heat, corner(size=4))
    for tolerance in (0, -1.0, True, "a"):
        with pytest.raises(ValueError, match="tolerance must be a number above 0"):
            input_independence(heat, heat, corner(), tolerance=tolerance)


# ---- the patch that a model cannot see ----------------------------------------------------------


def test_of_a_linear_model_it_is_the_projection(close):
    """The nearest patch in the null space of the weights, restricted to the mask."""
    model = nn.Linear(12, 3, dtype=torch.float64).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.weight.copy_(torch.randn(3, 12, generator=generator, dtype=torch.float64))
    x = torch.randn(2, 12, generator=generator, dtype=torch.float64)
    inside = torch.zeros(2, 12, dtype=torch.bool)
    inside[0, :7] = inside[1, 3:] = True
    start = torch.randn(2, 12, generator=generator, dtype=torch.float64) * inside
    found = insignificant_patch(model, x, x + start, inside, steps=400, limits=(-99.0, 99.0))
    for row in range(2):
        weight = model.weight[:, inside[row]]  # (3, M)
        patch = start[row, inside[row]]
        expected = patch - torch.linalg.pinv(weight) @ (weight @ patch)
        close((found - x)[row, inside[row]], expected, 1e-5)
    close(model(found), model(x), 1e-6)


def test_of_a_net_the_outputs_come_back_and_the_picture_does_not(close):
    made = xc.datasets.mini_bam(6, seed=3)
    made = made._replace(x=made.x.double(), empty=made.empty.double())
    net = xc.zoo.load("planted_cnn").double()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    found = insignificant_patch(net, made.empty, made.x, made.masks, steps=60)
    assert torch.equal(found[~made.masks], made.empty[~made.masks])
    assert 0 <= found.min() <= found.max() <= 1
    was = (net(made.x) - net(made.empty)).norm(dim=1)
    now = (net(found) - net(made.empty)).norm(dim=1)
    assert (now < 0.2 * was).all()
    moved = (found - made.empty).flatten(1).norm(dim=1)
    assert (moved > 0.3 * (made.x - made.empty).flatten(1).norm(dim=1)).all()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    some = (made.empty, made.x, made.masks)
    found = insignificant_patch(net, *some, steps=20)  # near 0 rounding grows from step to step
    alone = insignificant_patch(net, *(part[:2] for part in some), steps=20)
    close(alone, found[:2], 1e-9)
    in_chunks = insignificant_patch(net, *some, steps=20, batch_size=4)
    close(in_chunks, found, 1e-9)


def test_the_best_point_on_the_way_is_kept():
    """Caught at a place where the loss cannot become 0, the steps jump to and fro."""

    def model(x):
        return torch.cat([(3 * x).sin(), 0.2 * x], dim=1)

    x = torch.zeros(1, 1, dtype=torch.float64)
    everywhere = torch.ones(1, 1, dtype=torch.bool)
    wide = {"limits": (-9.0, 9.0)}
    left = [
        float(model(insignificant_patch(model, x, x + 2.0, everywhere, steps=k, **wide)).norm())
        for k in range(1, 30)
    ]
    assert all(later <= earlier for earlier, later in pairwise(left))
    assert left[-1] > 0.1


def test_where_nothing_can_be_pasted():
    x = noise()
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2, dtype=torch.float64)).eval()
    with pytest.raises(ValueError, match="differs from x outside the mask, in row 0"):
        insignificant_patch(net, x, x + 1, corner())
    with pytest.raises(ValueError, match=r"patched must have x's shape \(4, 1, 8, 8\)"):
        insignificant_patch(net, x, x[:1], corner())
    with pytest.raises(ValueError, match="steps"):
        insignificant_patch(net, x, x, corner(), steps=0)


def test_on_another_device():
    """Nothing is made on the CPU and joined with what lies elsewhere."""
    heat, other = noise().float(), noise(seed=1).float()
    with PretendGPU():
        maps = (heat.to(DEVICE), other.to(DEVICE), corner().to(DEVICE))
        for measure in (model_contrast, input_dependence, input_independence):
            found = measure(*maps).values
            assert found.device == DEVICE
            assert torch.allclose(found.cpu(), measure(heat, other, corner()).values, atol=1e-9)
