"""F-Fidelity: plain fidelity as its limit, a loop, the cap, and the net that is used to holes."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import deletion, f_fidelity, fine_tune_on_masks
from xaicourse.evaluation.sets import random_subsets

WEIGHT = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0], dtype=torch.float64)
PLAIN = {"output": "logit", "imputer": 0.0}


def additive(x):
    return x @ WEIGHT


def ones(n=1):
    return torch.ones(n, 8, dtype=torch.float64)


@pytest.mark.parametrize("size", [0.125, 0.5, 0.75])
def test_with_shares_of_one_it_is_plain_fidelity(size, close):
    whole = {"alpha": 1, "beta": 1, "size": size, "samples": 3, **PLAIN}
    s = round(8 * size)
    top, rest = float(WEIGHT[:s].sum()), float(WEIGHT[s:].sum())
    close(f_fidelity(additive, ones(), WEIGHT[None], part="plus", **whole).values, [top])
    close(f_fidelity(additive, ones(), WEIGHT[None], part="minus", **whole).values, [rest])
    close(f_fidelity(additive, ones(), WEIGHT[None], **whole).values, [top - rest])
    without_top = deletion(additive, ones(), WEIGHT[None], **PLAIN).curve[0, s]
    close([top], additive(ones()) - without_top)


def test_a_loop_over_the_draws(close):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 8, generator=generator, dtype=torch.float64)
    phi = torch.rand(3, 8, generator=generator, dtype=torch.float64)
    model = lambda x: torch.tanh(additive(x) / 4)  # noqa: E731
    settings = {"size": 0.5, "alpha": 0.5, "beta": 0.2, "samples": 9, "seed": 2, **PLAIN}
    for part, first in (("plus", 0), ("minus", 4)):
        found = f_fidelity(model, x, phi, part=part, **settings)
        draws = random_subsets(4, 2, 9, seed=2, device="cpu")  # min(.5 * 4, .2 * 8) is 1.6
        for i in range(3):
            ranked = phi[i].argsort(descending=True)[first : first + 4]
            falls = []
            for draw in draws:
                without = x[i : i + 1].clone()
                without[:, ranked[draw]] = 0
                falls.append(float(model(x[i : i + 1]) - model(without)))
            close(found.values[i], np.mean(falls))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.1), (0.5, 1.0), (0.01, 1.0)])
def test_never_more_than_the_cap_goes(alpha, beta):
    """The authors' example compares a ratio with a number of pixels: its cap never acts."""
    x, holes = torch.ones(1, 100, dtype=torch.float64), set()

    def model(x):
        if not is_asking():
            holes.update((x == 0).sum(1).tolist())
        return x.sum(1)

    f_fidelity(model, x, x.cumsum(1), size=0.4, alpha=alpha, beta=beta, part="plus", **PLAIN)
    expected, of_the_rest = (max(1, round(min(alpha * n, beta * 100))) for n in (40, 60))
    assert holes == {0, expected, of_the_rest}
    if (alpha, beta) == (0.5, 0.1):
        assert expected == 10 < round(min(alpha, beta * 100) * 40) == 20  # the wrong variant


def test_half_of_nothing_known_is_zero():
    generator = torch.Generator().manual_seed(0)
    phi = torch.rand(600, 8, generator=generator, dtype=torch.float64)
    found = f_fidelity(additive, ones(600), phi, size=0.5, beta=0.25, samples=8, **PLAIN)
    assert found.mean() == pytest.approx(0, abs=0.25)
    right = f_fidelity(additive, ones(), WEIGHT[None], size=0.5, beta=0.25, **PLAIN)
    assert right.mean() > 3


def test_a_model_that_is_constant_gives_zero(close):
    found = f_fidelity(lambda x: 0 * x[:, 0] + 3, ones(2), WEIGHT.expand(2, 8), **PLAIN)
    close(found.values, [0.0, 0.0], 0)


def test_a_truth_that_is_spoilt_step_by_step_is_ranked():
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(200, 8, generator=generator, dtype=torch.float64) * 4
    values = [
        f_fidelity(additive, ones(200), (1 - p) * WEIGHT + p * noise, size=0.5, samples=20,
                   **PLAIN).mean()
        for p in (0, 0.25, 0.5, 0.75, 1)
    ]  # fmt: skip
    assert stats.spearmanr(values, range(5)).statistic == pytest.approx(-1)


def test_directions():
    for part, direction in (("plus", "higher"), ("minus", "lower"), ("difference", "higher")):
        found = f_fidelity(additive, ones(), WEIGHT[None], part=part, **PLAIN)
        assert found.direction == direction


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"size": 0}, ValueError, "size must be a share"),
        ({"alpha": 2}, ValueError, "alpha must be a share"),
        ({"beta": "all"}, TypeError, "beta must be a number"),
        ({"part": "both"}, ValueError, "part must be one of difference, plus, minus"),
        ({"samples": 0}, ValueError, "samples must be at least 1"),
    ],
    ids=["size", "alpha", "beta", "part", "samples"],
)
def test_bad_settings(settings, error, says):
    with pytest.raises(error, match=says):
        f_fidelity(additive, ones(), WEIGHT[None], **settings)


# ---- the fine-tuning ----------------------------------------------------------------------------


def stripes(n=256):
    """Two classes: the left or the right half of eight numbers is raised, each a little."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (n,), generator=generator)
    x = torch.randn(n, 8, generator=generator)
    x[:, :4] += (labels == 0)[:, None] * 1.5
    x[:, 4:] += (labels == 1)[:, None] * 1.5
    return x, labels


def one_sided():
    """A net that reads one feature of each half only, so that a hole there leaves nothing."""
    net = nn.Linear(8, 2)
    with torch.no_grad():
        net.weight.zero_()
        net.bias.zero_()
        net.weight[0, 0] = net.weight[1, 4] = 2.0
    return net.eval().requires_grad_(False)


def accuracy_with_holes(net, x, labels):
    generator = torch.Generator().manual_seed(1)
    keep = torch.rand(x.shape, generator=generator) > 0.5
    return float((net(x * keep).argmax(1) == labels).float().mean())


def test_a_fine_tuned_net_bears_holes_and_the_callers_stays():
    x, labels = stripes()
    net = one_sided()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.random.get_rng_state()
    tuned = fine_tune_on_masks(net, x, labels, beta=1.0, epochs=20, learning_rate=0.05)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert accuracy_with_holes(tuned, x, labels) > accuracy_with_holes(net, x, labels) + 0.1
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not tuned.training
    assert not any(p.requires_grad for p in tuned.parameters())
    with torch.inference_mode():
        again = fine_tune_on_masks(net, x, labels, beta=1.0, epochs=20, learning_rate=0.05)
    assert torch.equal(again.weight, tuned.weight)
    other = fine_tune_on_masks(net, x, labels, beta=1.0, epochs=20, learning_rate=0.05, seed=1)
    assert not torch.equal(other.weight, tuned.weight)


def test_patches_of_images_are_units_too():
    generator = torch.Generator().manual_seed(0)
    x, labels = torch.rand(70, 3, 4, 4, generator=generator), torch.arange(70) % 2
    seen = []

    def fill(photos, keep):
        seen.append(keep)
        return photos * keep

    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 2)).eval()
    fine_tune_on_masks(net, x, labels, beta=0.5, imputer=fill, unit=2, epochs=8)
    for keep in seen:
        assert keep.shape[1:] == (1, 4, 4)
        assert torch.equal(keep[..., ::2, ::2], keep[..., 1::2, 1::2])
    shares = [float(1 - keep.mean()) for keep in seen]
    assert 0 < np.mean(shares) < 0.5
    with pytest.raises(ValueError, match="epochs must be at least 1"):
        fine_tune_on_masks(net, x, labels, epochs=0)
    with pytest.raises(ValueError, match="beta must be a share"):
        fine_tune_on_masks(net, x, labels, beta=0)
