"""How often one method was preferred: closed forms, and what pooling and silence would spoil."""

import math

import numpy as np
import pytest
from scipy import stats

import xaicourse as xc
from tests.plain import refused
from xaicourse.people import Answer, SimulatedRater, Trial

PAIR = ("ig", "edges")


def study(**changed):
    given = {"items": range(20), "methods": PAIR, "raters": 10} | changed
    return xc.people.forced_choice(**given)


def exact_by_hand(k, n, q=0.5):
    """Add up the probabilities of all counts that are not likelier than k."""
    p = [math.comb(n, j) * q**j * (1 - q) ** (n - j) for j in range(n + 1)]
    return sum(one for one in p if one <= p[k] * (1 + 1e-7))


# ---- one share


def test_fifteen_of_twenty():
    found = xc.people.share_of(15, 20)
    assert found.p == pytest.approx(0.04138946533203125, rel=1e-12)
    z = stats.norm.ppf(0.975)
    middle, half = 0.75 + z**2 / 40, z * math.sqrt(0.75 * 0.25 / 20 + z**2 / 1600)
    assert (found.low, found.high) == pytest.approx(
        ((middle - half) / (1 + z**2 / 20), (middle + half) / (1 + z**2 / 20))
    )


@pytest.mark.parametrize("k", [0, 5, 10, 14, 15, 20])
@pytest.mark.parametrize("expected", [0.5, 0.1])
def test_p_is_the_sum_over_all_counts_that_are_not_likelier(k, expected):
    found = xc.people.share_of(k, 20, expected=expected)
    assert found.p == pytest.approx(exact_by_hand(k, 20, expected))
    assert found.share == k / 20
    assert found.low <= found.share <= found.high


def test_no_choice_says_nothing():
    found = xc.people.share_of(0, 0)
    assert math.isnan(found.share)
    assert found[3:] == (0.0, 1.0, 1.0)


def test_over_raters_is_students_t():
    values = [0.5, 0.7, 0.9, 0.6]
    found = xc.people.over_raters(values)
    m, s = np.mean(values), np.std(values, ddof=1)
    t = (m - 0.5) / (s / 2)
    half = stats.t.ppf(0.975, 3) * s / 2
    assert found == pytest.approx((4, m, m - half, m + half, t, 2 * stats.t.sf(t, 3)))


def test_one_rater_or_equal_ones_show_no_spread():
    one = xc.people.over_raters([0.9])
    assert one[:4] == (1, 0.9, -math.inf, math.inf)
    assert math.isnan(one.p)
    alike = xc.people.over_raters([0.9, 0.9, 0.9])
    assert alike[:4] == (3, 0.9, 0.9, 0.9)
    assert math.isnan(alike.p)


# ---- a whole study


def trials_of(votes):
    """Return answers from (rater, A on the left, choice) in order."""
    return [
        Answer(Trial(rater, k + 1, k, *(PAIR if a_left else PAIR[::-1])), choice)
        for k, (rater, a_left, choice) in enumerate(votes)
    ]


def test_a_choice_counts_for_the_method_on_that_side():
    votes = [(1, True, "left"), (1, False, "left"), (1, True, "right"), (1, False, "right"),
             (1, False, "right"), (1, True, "cannot tell")]  # fmt: skip
    found = xc.people.analyse_choices(trials_of(votes), PAIR)
    assert (found.pooled.k, found.pooled.n) == (3, 5), "A: 1, 4, 5; the side would say 2"
    assert (found.left.k, found.left.n) == (2, 5)
    assert found.silent == 1
    other = xc.people.analyse_choices(trials_of(votes), PAIR[::-1])
    assert other.pooled.share == pytest.approx(1 - found.pooled.share)


def test_one_opposed_rater_is_lost_by_pooling():
    """37 of 50 pooled: p .0009; over five raters t is .24 / .16."""
    votes = [
        (rater, True, "left" if k < count else "right")
        for rater, count in enumerate((9, 9, 9, 9, 1), start=1)
        for k in range(10)
    ]
    found = xc.people.analyse_choices(trials_of(votes), PAIR)
    assert (found.pooled.k, found.pooled.n) == (37, 50)
    assert round(found.pooled.p, 4) == 0.0009
    assert [own.k for own in found.by_rater.values()] == [9, 9, 9, 9, 1]
    assert found.over_raters.mean == pytest.approx(0.74)
    assert found.over_raters.t == pytest.approx(1.5)
    assert found.over_raters.p == pytest.approx(0.208, abs=1e-3)


def test_whoever_prefers_a_shuffled_map_is_left_out():
    awake = SimulatedRater({"ig": 7, "edges": 3})
    asleep = SimulatedRater({}, lapse=1.0, seed=3)
    one = study(catch=10)
    answers = [*awake.answers(one, 1), *awake.answers(one, 2), *asleep.answers(one, 3)]
    found = xc.people.analyse_choices(answers, PAIR)
    assert found.caught[1] == found.caught[2] == 0
    assert found.caught[3] >= 1
    assert found.left_out == (3,)
    assert set(found.by_rater) == {1, 2}
    assert found.pooled.n == 40, "catch pairs are no choices"
    lenient = xc.people.analyse_choices(answers, PAIR, most_caught=10)
    assert lenient.left_out == ()
    assert lenient.pooled.n == 60


def test_no_answer_to_a_catch_pair_counts_as_wrong():
    trial = Trial(1, 1, "cat", "ig", "shuffled", catch=True)
    for choice, wrong in (("left", 0), ("right", 1), ("cannot tell", 1)):
        found = xc.people.analyse_choices(
            [*trials_of([(1, True, "left")]), Answer(trial, choice)], PAIR
        )
        assert found.caught == {1: wrong}


def test_only_the_pair_that_is_asked_for_is_counted():
    three = study(methods=(*PAIR, "noise"), raters=2)
    rater = SimulatedRater({"ig": 4, "edges": 2, "noise": 1})
    answers = rater.answers(three, 1)
    for pair in (PAIR, ("ig", "noise")):
        assert xc.people.analyse_choices(answers, pair).pooled.n == 20
    with refused(ValueError, "no answer is about this pair"):
        xc.people.analyse_choices(answers, ("ig", "other"))
    with refused(ValueError, "methods must be two, got 3"):
        xc.people.analyse_choices(answers, (*PAIR, "noise"))


def test_no_answers_give_an_empty_result():
    found = xc.people.analyse_choices([], PAIR)
    assert found.pooled.n == 0
    assert found.over_raters is None


# ---- the simulated rater


def test_a_simulated_rater_has_the_tastes_that_were_told():
    many = study(items=range(4000), raters=2, catch=0)
    answers = SimulatedRater({"ig": 7, "edges": 3}, left=0.6).answers(many, 1)
    found = xc.people.analyse_choices(answers, PAIR)
    on_left, on_right = 0.7 * 0.6 / (0.7 * 0.6 + 0.3 * 0.4), 0.7 * 0.4 / (0.7 * 0.4 + 0.3 * 0.6)
    assert found.pooled.share == pytest.approx((on_left + on_right) / 2, abs=0.03)
    assert found.left.share == pytest.approx((on_left + 1 - on_right) / 2, abs=0.03)


def test_lapse_and_silence():
    rater = SimulatedRater({"ig": 1e9}, lapse=0.5, silence=0.25)
    assert rater.prefers_left("ig", "edges") == pytest.approx(0.75)
    assert rater.prefers_left("shuffled", "ig") == 0.25
    answers = rater.answers(study(items=range(2000), raters=2), 1)
    assert sum(a.choice == "cannot tell" for a in answers) / 2000 == pytest.approx(0.25, abs=0.03)


def test_a_simulated_rater_answers_the_same_every_time():
    one = study()
    rater = SimulatedRater({"ig": 2, "edges": 1}, seed=4)
    assert rater.answers(one, 3) == rater.answers(one, 3)
    said = [[rater.answer(Trial(k, n, 1, *PAIR)) for n in range(1, 30)] for k in (1, 2)]
    assert said[0] != said[1], "each rater has luck of their own"
    assert rater.answers(one, 3) != SimulatedRater({"ig": 2, "edges": 1}, seed=5).answers(one, 3)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: xc.people.share_of(21, 20), ValueError, "k must be a whole number from 0 to 20"),
        (lambda: xc.people.share_of(1.0, 2), TypeError, "k must be a whole number"),
        (lambda: xc.people.share_of(1, 2, level=1), ValueError, "level must be a number between"),
        (lambda: xc.people.share_of(1, 2, expected="half"), TypeError, "expected must be"),
        (lambda: xc.people.over_raters([]), ValueError, "values must be finite numbers"),
        (lambda: xc.people.over_raters([0.1, math.nan]), ValueError, "values must be finite"),
        (lambda: SimulatedRater({"ig": 0}), ValueError, "taste must hold weights above 0"),
        (lambda: SimulatedRater({}, left=1), ValueError, "left must be a number between 0 and 1"),
        (lambda: SimulatedRater({}, lapse=2), ValueError, "lapse must be a number from 0 to 1"),
    ],
    ids=["k", "type", "level", "expected", "none", "nan", "taste", "left", "lapse"],
)
def test_bad_arguments_are_refused_in_one_sentence(call, kind, said):
    with refused(kind, said):
        call()
