"""Data randomisation: what depends on the labels must change with them."""

from functools import partial

import pytest
import torch
from scipy import stats

import xaicourse as xc
from tests.plain import near
from xaicourse.evaluation.likeness import row_similarity
from xaicourse.evaluation.retraining import nearest_mean
from xaicourse.evaluation.seeds import seeded

data_randomisation = xc.evaluation.data_randomisation


def clouds(n: int = 300, features: int = 40):
    """Return two Gaussian clouds with means along known weights, half for training."""
    draw = seeded(0)
    x = torch.randn(n, features, generator=draw, dtype=torch.float64)
    labels = (torch.arange(n) % 2).long()
    x += (2 * labels[:, None] - 1) * torch.linspace(-1, 1, features, dtype=torch.float64)
    return (x[: n // 2], labels[: n // 2]), (x[n // 2 :], labels[n // 2 :])


def slopes(model, x, target):
    """Return the weights of the class of a model that is linear."""
    unit = torch.eye(x.shape[1], dtype=x.dtype)
    return (model(unit) - model(0 * unit)).T[target]


def test_it_is_the_rank_correlation_of_the_two_nets_by_hand():
    (x, labels), (tx, _) = data = clouds()
    found = data_randomisation(nearest_mean, data, slopes, seed=3)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(3))
    one, two = nearest_mean(x, labels, 3), nearest_mean(x, labels[order], 3)
    target = one(tx).argmax(1)
    expected = [
        stats.spearmanr(a, b).statistic
        for a, b in zip(slopes(one, tx, target), slopes(two, tx, target), strict=True)
    ]
    assert near(found.values, torch.tensor(expected))
    assert abs(found.mean()) < 0.5
    again = found.details["reseeded"]
    assert near(again.values, torch.ones(len(tx))), "nearest_mean has no seed"


def test_a_map_of_the_input_alone_does_not_change():
    found = data_randomisation(nearest_mean, clouds(), lambda model, x, target: x)
    assert near(found.values, torch.ones(150))


def test_the_accuracies_say_whether_the_labels_were_learnt_by_heart():
    train = xc.evaluation.SmallTraining(hidden=64, epochs=60, batch=25)
    found = data_randomisation(train, clouds(), "gradient")
    (true, tested), (permuted, chance) = found.details["accuracy"].tolist()
    assert true == 1
    assert tested > 0.9
    assert permuted > 0.95, "its labels, which mean nothing, were learnt by heart"
    assert 0.3 < chance < 0.7
    assert found.mean() < found.details["reseeded"].mean() - 0.3


def test_the_class_is_that_of_the_first_net_for_both():
    asked = []

    def method(model, x, target):
        asked.append(target)
        return slopes(model, x, target)

    data = clouds()
    data_randomisation(nearest_mean, data, method)
    expected = nearest_mean(*data[0], 0)(data[1][0]).argmax(1)
    assert len(asked) == 3
    assert all(torch.equal(target, expected) for target in asked)
    asked.clear()
    data_randomisation(nearest_mean, data, method, target="label")
    assert all(torch.equal(target, data[1][1]) for target in asked)


def test_three_trainings_and_none_twice(tmp_path):
    calls = []

    def counted(x, labels, seed):
        globals()["COUNT"] = globals().get("COUNT", 0) + 1
        return nearest_mean(x, labels, seed)

    globals()["COUNT"] = 0
    one = data_randomisation(counted, clouds(), "gradient", keep=tmp_path / "kept")
    assert globals()["COUNT"] == 3
    two = data_randomisation(counted, clouds(), "gradient", keep=tmp_path / "kept")
    assert globals()["COUNT"] == 3
    assert torch.equal(one.values, two.values)
    assert calls == []


@pytest.mark.parametrize("ties", [False, True])
def test_ranks_are_those_of_scipy(ties):
    one, two = torch.randn(2, 5, 30, generator=seeded(1), dtype=torch.float64)
    one, two = (one.round(), two.round()) if ties else (one, two)
    rank_correlation = partial(row_similarity, kind="spearman", sign="keep")
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(one, two, strict=True)]
    assert near(rank_correlation(one, two), torch.tensor(expected))
    assert near(rank_correlation(one, -one), -torch.ones(5))
    assert bool(rank_correlation(one, torch.ones(5, 30)).isnan().all())
    one[2, 3] = torch.nan
    assert rank_correlation(one, two).isnan().tolist() == [False, False, True, False, False]
