"""Parameter randomisation in all its forms, and another class: closed forms, controls, loops."""

import copy

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

import xaicourse as xc
from xaicourse.core.gradients import ask
from xaicourse.evaluation import (
    efficient_parameter_randomisation,
    parameter_randomisation,
    random_logit,
    smooth_parameter_randomisation,
)
from xaicourse.evaluation.efficient_parameter_randomisation import histogram_entropy
from xaicourse.evaluation.likeness import row_similarity
from xaicourse.evaluation.randomise import Randomiser


def wave(*shape):
    return torch.cos(torch.arange(torch.Size(shape).numel(), dtype=torch.float64)).view(shape)


def deep_net(seed=0, width=12, layers=4):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        hidden = [m for _ in range(layers) for m in (nn.Linear(width, width), nn.ReLU())]
        return nn.Sequential(*hidden, nn.Linear(width, 3)).double().eval()


X = wave(2, 12)


def edges(model, x, target):
    return x - x.roll(1, -1)


# ---------------------------------------------------------------- parameter randomisation


def test_against_a_loop_with_scipy(close):
    net = deep_net()
    found = parameter_randomisation(net, X, "gradient", 1, seed=3)
    made = Randomiser(ask(net, X, 1), net, 3)
    before = xc.gradient(net, X, 1).numpy()
    expected = np.ones((2, 6))
    for k in range(1, 6):
        other = copy.deepcopy(net)
        for part in made.parts[:k]:
            for name in part.tensors:
                new = made.drawn([part]).get_parameter(name)
                other.get_parameter(name).data.copy_(new)
        after = xc.gradient(other, X, 1).numpy()
        for row in range(2):
            expected[row, k] = stats.spearmanr(before[row], after[row]).statistic
    close(found.curve, expected, 1e-12)
    close(found.values, expected[:, 1:].mean(1), 1e-12)
    with_itself = expected.mean(1)  # Quantus 0.6.0 averages the untouched model in
    assert (found.values - torch.tensor(with_itself)).abs().min() > 0.1
    assert dict(found.protocol.own)["stages"] == ("8", "6", "4", "2", "0")
    assert found.protocol.steps == 5


def test_the_untouched_model_is_on_the_curve_alone():
    toy = nn.Linear(5, 1, bias=False).double()
    found = parameter_randomisation(toy, wave(3, 5), "gradient", 0)
    assert found.curve.shape == (3, 2)
    assert found.curve[:, 0].tolist() == pytest.approx([1.0] * 3, abs=1e-14)
    assert torch.equal(found.values, found.curve[:, 1])


def test_a_map_that_never_looks_at_the_model_is_caught_at_every_depth():
    for settings in ({}, {"sign": "abs"}, {"similarity": "cosine"}, {"cascading": False}):
        found = parameter_randomisation(deep_net(), X, edges, 0, **settings)
        assert found.curve.tolist() == pytest.approx([1.0] * 6) or bool(
            ((found.curve - 1).abs() < 1e-12).all()
        )


def test_the_gradient_of_one_layer_has_the_law_of_independent_ranks():
    d, rows, values = 101, wave(1, 101), []
    net = nn.Linear(d, 1).double()
    for seed in range(200):
        values.append(float(parameter_randomisation(net, rows, "gradient", 0, seed=seed).values))
    values = np.array(values)
    assert abs(values.mean()) < 4 / np.sqrt(200 * (d - 1))  # expectation 0
    assert values.std() == pytest.approx(1 / np.sqrt(d - 1), rel=0.2)  # 0.1


def test_one_at_a_time_is_not_cascading(close):
    net = deep_net()
    one, many = (parameter_randomisation(net, X, "gradient", 0, cascading=c) for c in (False, True))
    close(one.curve[:, :2], many.curve[:, :2], 1e-14)  # the first layer drawn is the same
    assert (one.curve - many.curve)[:, 2:].abs().max() > 0.1
    assert one.protocol != many.protocol


def test_stages_take_layers_together(close):
    net = deep_net()
    whole = parameter_randomisation(net, X, "gradient", 0)
    some = parameter_randomisation(net, X, "gradient", 0, steps=2)
    assert [len(s.split(", ")) for s in dict(some.protocol.own)["stages"]] == [2, 3]
    close(some.curve, whole.curve[:, [0, 2, 5]], 1e-14)
    close(some.shares, [0, 0.5, 1])


def test_the_class_is_fixed_on_the_model_as_it_was_learnt():
    net, seen = deep_net(), []

    def method(model, x, target):
        seen.append(target.tolist())
        return xc.gradient(model, x, target)

    parameter_randomisation(net, X, method)
    assert seen == [net(X).argmax(1).tolist()] * 6
    chosen_anew = []  # by the copies themselves, some would choose another class
    parameter_randomisation(
        net, X, lambda m, x, t: (chosen_anew.append(m(x).argmax(1).tolist()), x)[1]
    )
    assert any(classes != seen[0] for classes in chosen_anew)


def test_guided_backprop_stays_alike_and_the_gradient_does_not():
    net = deep_net(1, width=24, layers=6)
    x = wave(8, 24).abs()
    guided, plain = (
        parameter_randomisation(net, x, m, 0, steps=6).curve[:, 1].nanmean()
        for m in ("guided_backprop", "gradient")
    )
    assert guided > plain + 0.3


def test_the_verdict_can_turn_over_with_the_sign():
    net = deep_net(2)
    x = wave(6, 12) ** 3
    signed, sizes = (
        parameter_randomisation(net, x, "input_x_gradient", 0, sign=s).mean()
        for s in ("keep", "abs")
    )
    assert sizes > signed + 0.2


def test_a_bound_model_and_a_model_in_a_pack_are_looked_into():
    net = deep_net()

    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x, mask):
            return self.net(x * mask)

    mask = (wave(2, 12) > -0.5).double()
    bound = xc.bind(Masked().eval(), mask=mask)
    found = parameter_randomisation(bound, X, "gradient", 0)
    plain = parameter_randomisation(net, X * mask, lambda m, x, t: xc.gradient(m, x, t) * mask, 0)
    assert found.valid.all()
    assert found.curve.shape == plain.curve.shape


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"similarity": "ssim"}, "similarity must be one of spearman, pearson, cosine, got 'ssim'"),
        ({"steps": 6}, "steps=6 is more than the 5 layers"),
        ({"target": 7}, "target 7 is out of range"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        parameter_randomisation(deep_net(), X, "gradient", **settings)


def test_similarities_against_scipy_and_numpy(close):
    a, b = wave(4, 30).round(decimals=1), wave(4, 31)[:, 1:].flip(0)  # with ties
    pairs = list(zip(a.numpy(), b.numpy(), strict=True))
    close(row_similarity(a, b, "spearman", "keep"), [stats.spearmanr(*p).statistic for p in pairs])
    close(row_similarity(a, b, "pearson", "keep"), [stats.pearsonr(*p).statistic for p in pairs])
    cosines = [p @ q / np.linalg.norm(p) / np.linalg.norm(q) for p, q in pairs]
    close(row_similarity(a, b, "cosine", "keep"), cosines)
    sizes = [stats.spearmanr(np.abs(p), np.abs(q)).statistic for p, q in pairs]
    close(row_similarity(a, b, "spearman", "abs"), sizes)


def test_a_constant_map_has_no_correlation_and_spoils_no_other():
    a, b = wave(3, 8), wave(3, 8) ** 2
    a[1] = 0.7
    for kind in ("spearman", "pearson"):
        found = row_similarity(a, b, kind, "keep")
        assert found.isnan().tolist() == [False, True, False]
    assert row_similarity(a, b, "cosine", "keep").isfinite().all()
    a[1] = 0
    assert row_similarity(a, b, "cosine", "keep").isnan().tolist() == [False, True, False]


# ---------------------------------------------------------------- smooth


def test_without_noise_smooth_is_plain(close):
    plain = parameter_randomisation(deep_net(), X, "gradient", 0)
    smooth = smooth_parameter_randomisation(deep_net(), X, "gradient", 0, sigma=0.0, samples=3)
    close(smooth.curve, plain.curve, 1e-12)


def test_smooth_against_a_loop(close):
    net = deep_net()
    found = smooth_parameter_randomisation(net, X, "gradient", 1, samples=4, sigma=0.3, steps=1)
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randn(12, generator=generator).double() for _ in range(4)]
    spread = X.amax(1, keepdim=True) - X.amin(1, keepdim=True)
    made = Randomiser(ask(net, X, 1), net, 0)
    maps = [
        sum(xc.gradient(f, X + 0.3 * spread * z, 1) for z in noise) / 4
        for f in (net, made.drawn(made.parts))
    ]
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(*maps, strict=True)]
    close(found.values, expected, 1e-12)


def test_noise_in_a_map_passes_the_plain_test_for_nothing_and_not_the_smooth_one():
    count = iter(range(1000))

    def noisy(model, x, target):
        z = torch.randn(x.shape, generator=torch.Generator().manual_seed(next(count)))
        return edges(model, x, target) + 3 * z

    x = wave(4, 12).repeat(1, 20)
    net = nn.Linear(240, 2).double()
    plain = parameter_randomisation(net, x, noisy, 0).mean()
    smooth = smooth_parameter_randomisation(net, x, noisy, 0, samples=60, sigma=0.01).mean()
    assert plain < 0.3
    assert smooth > 0.6


# ---------------------------------------------------------------- efficient


def test_entropy_against_numpy_and_scipy(close):
    a = wave(3, 500) ** 3
    counts = [np.histogram(row, bins=37)[0] for row in a.numpy()]
    close(histogram_entropy(a, 37), [stats.entropy(c) for c in counts], 1e-12)


def test_entropies_in_closed_form(close):
    one_hot, ramp = torch.eye(64, dtype=torch.float64)[:1], torch.linspace(0, 1, 640)[None].double()
    p = np.array([63 / 64, 1 / 64])
    close(histogram_entropy(one_hot, 10), [-(p * np.log(p)).sum()])
    close(histogram_entropy(ramp, 10), [np.log(10)], 1e-12)
    assert histogram_entropy(ramp, 10) > histogram_entropy(one_hot, 10)
    close(histogram_entropy(torch.full((1, 9), 0.3), 10), [0.0])
    assert histogram_entropy(torch.tensor([[1.0, torch.nan]]), 10).isnan().all()


def test_a_net_that_picked_one_number_rises_and_a_blind_map_does_not(close):
    record = xc.METRICS["efficient_parameter_randomisation"]
    e = record.example()
    found = efficient_parameter_randomisation(e.model, e.x, "gradient", 1, bins=10)
    p = np.array([11 / 12, 1 / 12])
    close(found.details["entropy_before"], [-(p * np.log(p)).sum()] * 2)
    assert (found.values > 1).all()
    before, after = found.details["entropy_before"], found.details["entropy_after"]
    close(found.values, (after - before) / before)
    blind = efficient_parameter_randomisation(e.model, e.x, edges, 1, bins=10)
    close(blind.values, [0.0, 0.0])


def test_the_number_of_bins_is_the_callers_and_on_record():
    """Quantus 0.6.0 has rules that take the number of axes, 3 of an image, for that of values."""
    e = xc.METRICS["efficient_parameter_randomisation"].example()
    two = [efficient_parameter_randomisation(e.model, e.x, "gradient", 1, bins=b) for b in (3, 50)]
    assert two[0].protocol != two[1].protocol
    assert (two[0].values - two[1].values).abs().min() > 0.1
    with pytest.raises(ValueError, match="bins must be at least 1"):
        efficient_parameter_randomisation(e.model, e.x, "gradient", 1, bins=0)


def test_a_constant_map_has_no_rise():
    e = xc.METRICS["efficient_parameter_randomisation"].example()
    found = efficient_parameter_randomisation(e.model, e.x, lambda m, x, t: x * 0 + 1, 1)
    assert not found.valid.any()


# ---------------------------------------------------------------- random logit


def test_two_rows_of_weights_in_closed_form(close):
    net = nn.Linear(40, 5, bias=False).double()
    found = random_logit(net, wave(3, 40), "gradient", 1)
    other = found.details["other"]
    assert other.unique().numel() == 1
    assert int(other[0]) != 1
    W = net.weight.detach().numpy()
    close(found.values, [stats.spearmanr(W[1], W[int(other[0])]).statistic] * 3, 1e-12)
    asked = random_logit(net, wave(3, 40), "gradient", 1, other=[0, 2, 4])
    close(asked.values, [stats.spearmanr(W[1], W[k]).statistic for k in (0, 2, 4)], 1e-12)


def test_opposite_classes_and_blind_maps(close):
    net = nn.Linear(10, 2, bias=False).double()
    net.weight.data[1] = -net.weight.data[0]
    x = wave(2, 10)
    close(random_logit(net, x, "gradient", 0).values, [-1.0, -1.0])
    close(random_logit(net, x, "gradient", 0, sign="abs").values, [1.0, 1.0])
    close(random_logit(net, x, edges, 0).values, [1.0, 1.0])


def test_the_other_class_is_another_for_every_row_and_every_seed():
    net, x = nn.Linear(6, 4).double(), wave(7, 6)
    own = net(x).argmax(1)
    drawn = [random_logit(net, x, "gradient", seed=s).details["other"] for s in range(12)]
    assert not any(bool((d == own).any()) for d in drawn)
    assert len({int((d - own)[0] % 4) for d in drawn}) == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": 1, "other": 1}, "other is the explained class itself, 1, in row 0"),
        ({"target": 1, "other": 9}, "target 9 is out of range"),
        ({"target": xc.targets.difference(0, 1)}, "compares two classes"),
    ],
)
def test_what_is_no_other_class_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        random_logit(nn.Linear(6, 4).double(), wave(2, 6), "gradient", **settings)


def test_a_model_of_one_class_is_refused():
    with pytest.raises(ValueError, match="one class only"):
        random_logit(nn.Linear(6, 1).double(), wave(2, 6), "gradient", 0)
