"""What simulated studies find: exact probabilities, a side that was not shuffled, pooled people."""

import math

import numpy as np
import pytest
from scipy import stats

import xaicourse as xc
from tests.plain import refused

people = xc.people


def exact_power(taste, trials, level=0.05):
    """Add up the probabilities of all counts that the exact test finds."""
    return sum(
        math.comb(trials, k) * taste**k * (1 - taste) ** (trials - k)
        for k in range(trials + 1)
        if stats.binomtest(k, trials).pvalue <= level
    )


@pytest.mark.parametrize(("trials", "expected"), [(20, 0.42), (40, 0.70), (100, 0.98)])
def test_power_at_seven_of_ten(trials, expected):
    exact = exact_power(0.7, trials)
    assert exact == pytest.approx(expected, abs=0.01)
    assert people.power(0.7, trials, draws=20000) == pytest.approx(exact, abs=0.015)


def test_a_taste_for_the_left_is_harmless_only_if_sides_are_shuffled():
    """Left taste .7, no other: 42 % false alarms with A on the left, 4 % with random sides."""
    same = people.power(0.5, 20, left=0.7, shuffled=False, draws=20000)
    shuffled = people.power(0.5, 20, left=0.7, draws=20000)
    assert same == pytest.approx(exact_power(0.7, 20), abs=0.015)
    assert shuffled == pytest.approx(exact_power(0.5, 20), abs=0.01)
    assert round(exact_power(0.7, 20), 2) == 0.42
    assert round(exact_power(0.5, 20), 2) == 0.04


def test_a_heap_of_people_finds_too_much_and_a_test_over_raters_does_not():
    asked = {"raters": 10, "spread": 1.0, "draws": 4000}
    pooled = people.power(0.5, 20, **asked)
    assert 0.25 < pooled < 0.45
    assert people.power(0.5, 20, test="over raters", **asked) == pytest.approx(0.05, abs=0.015)
    no_spread = people.power(0.5, 20, raters=10, draws=4000)
    assert no_spread <= 0.06


def test_p_of_each_study_is_that_of_the_single_tests():
    pooled = people.simulate_studies(0.6, 20, raters=3, draws=60)
    for counts, p in zip(pooled.counts, pooled.p, strict=True):
        assert p == pytest.approx(people.share_of(int(counts.sum()), 60).p)
    over = people.simulate_studies(0.6, 20, raters=5, draws=60, test="over raters", seed=2)
    for counts, p in zip(over.counts, over.p, strict=True):
        assert p == pytest.approx(people.over_raters(counts / 20).p)
    assert over.shares[0] == pytest.approx(over.counts[0].mean() / 20)


def test_raters_who_are_all_alike_find_nothing_over_raters():
    studies = people.simulate_studies(0.999999, 2, raters=3, draws=20, test="over raters")
    assert (studies.p == 1).all()


def test_the_simulation_is_that_of_the_simulated_rater():
    """The same model, trial by trial and in one draw."""
    taste, left, lapse = 0.6, 0.7, 0.2
    study = people.forced_choice(range(3000), ("A", "B"), raters=2, catch=0)
    rater = people.SimulatedRater({"A": 3, "B": 2}, left=left, lapse=lapse)
    one = people.analyse_choices(rater.answers(study, 1), ("A", "B")).pooled.share
    many = people.simulate_studies(taste, 20, left=left, lapse=lapse, draws=4000).shares.mean()
    assert one == pytest.approx(many, abs=0.03)


def test_studies_depend_on_the_seed_alone():
    one, same, other = (people.simulate_studies(seed=seed, draws=50) for seed in (0, 0, 1))
    assert np.array_equal(one.counts, same.counts)
    assert not np.array_equal(one.counts, other.counts)


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"taste": 1.0}, ValueError, "taste must be a number between 0 and 1, got 1.0"),
        ({"trials": 0}, ValueError, "trials must be"),
        ({"spread": -1}, ValueError, "spread must be"),
        ({"test": "t"}, ValueError, "test must be one of pooled, over raters"),
        ({"test": "over raters"}, ValueError, "raters must be 2 or more"),
        ({"left": 0}, ValueError, "left must be"),
        ({"lapse": -0.1}, ValueError, "lapse must be"),
        ({"draws": 1.5}, TypeError, "draws must be"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_arguments_are_refused_in_one_sentence(asked, kind, said):
    with refused(kind, said):
        people.simulate_studies(**asked)
