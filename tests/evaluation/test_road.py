"""ROAD: scipy's solver in a loop, exact shares, every image; why others give 0 or crash."""

import numpy as np
import pytest
import torch

from tests.evaluation.test_imputers import sparse_fill
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import NoisyLinear, controls, road

EXACT = NoisyLinear(noise=0.0, tol=1e-13)


def photos(n=4, size=8):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 3, size, size, generator=generator, dtype=torch.float64)


def model(x):
    """Three classes that look at other thirds of the picture."""
    third = x.shape[3] // 3
    return torch.stack(
        [x[..., k * third : (k + 1) * third].square().sum((1, 2, 3)) for k in range(3)], 1
    )


@pytest.mark.parametrize("order", ["morf", "lerf"])
def test_equals_a_loop_with_scipys_solver(order, close):
    x, heat = photos(), photos().flip(0) - 0.3
    found = road(model, x, heat, 1, imputer=EXACT, order=order)
    shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1]
    for i in range(4):
        worth = heat[i].sum(0).flatten().numpy()
        places = np.argsort(-worth if order == "morf" else worth)
        curve, own = [], []
        for share in shares:
            count = round(share * 64)
            keep = np.ones(64, bool)
            keep[places[:count]] = False
            keep = keep.reshape(8, 8)
            image = x[i].numpy()
            if count == 64:
                filled = np.broadcast_to(image.mean((1, 2), keepdims=True), image.shape)
            else:
                filled = sparse_fill(image, keep) if count else image
            curve.append(float(model(torch.tensor(filled)[None]).softmax(1)[0, 1]))
            own.append(count / 64)
        close(found.curve[i], curve, 1e-10)
        close(found.shares, own, 1e-12)
        close(found.values[i], np.trapezoid(curve, own), 1e-10)


def test_most_relevant_first_is_lower_for_the_right_map_and_least_first_is_higher():
    x = photos(6)
    target = model(x).argmax(1)
    heat = torch.zeros(6, 1, 8, 8, dtype=torch.float64)
    for i, k in enumerate(target.tolist()):
        heat[i, 0, :, 2 * k : 2 * k + 2] = x[i, :, :, 2 * k : 2 * k + 2].square().sum(0)
    noise = controls.random(x)
    most, least = (road(model, x, heat, target, order=order) for order in ("morf", "lerf"))
    assert (most.direction, least.direction) == ("lower", "higher")
    assert most.mean() < road(model, x, noise, target).mean() < least.mean()


def test_accuracy_counts_each_image_not_only_the_first():
    """Quantus 0.6.0 reads the first batch alone; with one image in it the answer is 0 or 1."""
    x = photos(6)
    target = model(x).argmax(1)
    heat = torch.zeros(6, 1, 8, 8, dtype=torch.float64)
    heat[:, 0, :, :2] = 1 + photos(6)[:, 0, :, :2]
    for batch_size in (1, 4, None):
        found = road(model, x, heat, target, output="accuracy", batch_size=batch_size)
        assert found.curve[:, 0].tolist() == [1.0] * 6
        assert set(found.curve.flatten().tolist()) == {0.0, 1.0}
        right = [float(v) for v in found.curve.mean(0)]
        assert any(0 < v < 1 for v in right)  # a share of images, which one image cannot have
        assert found.protocol.output == "accuracy"
        first_only = found.curve[0].tolist()
        assert first_only != right


def test_it_is_not_always_0():
    """Users report that ROAD in Quantus gives 0 all the time (its issue 333)."""
    x = photos()
    for heat in (photos().flip(0), controls.constant(x), -x):
        found = road(model, x, heat, model(x).argmax(1))
        assert float(found.values.min()) > 0.2
        assert found.values.unique().numel() == 4


def test_exactly_the_share_is_removed_where_most_of_a_map_is_zero():
    """A map that is 0 in 62.5 % of its pixels: a threshold at a percentile removes them all."""
    heat = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    heat.view(-1)[:24] = torch.arange(1, 25)  # 37.5 %
    removed = []

    def watch(x, keep):
        removed.append((keep == 0).flatten(1).sum(1))
        return x * keep

    found = road(model, photos(1), heat, 0, imputer=watch, batch_size=1)
    assert torch.cat(removed).tolist() == [0, 6, 13, 19, 26, 32, 45, 58, 64]
    assert found.tie_fraction.tolist() == [40 / 64]
    for percentile in (10, 50):  # of what pytorch-grad-cam 1.5.7 keeps: below the threshold
        threshold = np.percentile(heat.numpy(), percentile)
        assert int((heat.numpy() < threshold).sum()) == 0


def test_colour_images_are_measured():
    """Quantus 0.6.0 uses numbers of C H W values in a system of H W pixels: IndexError."""
    numbers = torch.arange(3 * 64)
    assert int(numbers.max()) >= 64
    assert road(model, photos(), photos(), 0).valid.all()


def test_the_noise_is_on_record_and_the_same_for_each_call():
    x, heat = photos(), photos().flip(0)
    one, other = road(model, x, heat, 0), road(model, x, heat, 0)
    assert torch.equal(one.values, other.values)
    quiet = road(model, x, heat, 0, imputer="linear")
    assert float((quiet.values - one.values).abs().max()) < 0.05
    assert not torch.equal(quiet.values, one.values)
    assert "noise=0.01" in one.protocol.imputer
    assert one.protocol != quiet.protocol


def test_the_cost_is_what_is_said():
    rows = []

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return model(x)

    road(counted, photos(), photos(), 0)
    assert sum(rows) == 4 * 9
