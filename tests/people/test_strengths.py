"""Bradley and Terry's model: closed forms, another way to the maximum, and where there is none."""

import math

import numpy as np
import pytest

import xaicourse as xc
from tests.plain import refused


def by_turns(wins, rounds=5000):
    """Zermelo's iteration: each strength from the others', by turns."""
    wins = np.asarray(wins, float)
    games, weight = wins + wins.T, np.ones(len(wins))
    for _ in range(rounds):
        for i in range(len(wins)):
            others = [j for j in range(len(wins)) if games[i, j]]
            weight[i] = wins[i].sum() / sum(games[i, j] / (weight[i] + weight[j]) for j in others)
    values = np.log(weight)
    return values - values.mean()


def test_two_methods_differ_by_the_log_of_the_odds():
    found = xc.people.bradley_terry([[0, 14], [6, 0]], ["ig", "edges"])
    difference, error = found.difference("ig", "edges")
    assert difference == pytest.approx(math.log(14 / 6), abs=1e-8)
    assert round(difference, 3) == 0.847
    assert error == pytest.approx((1 / 14 + 1 / 6) ** 0.5, rel=1e-6)
    assert found.probability("ig", "edges") == pytest.approx(0.7)
    assert found.values.sum() == pytest.approx(0, abs=1e-12)


def test_a_circle_comes_out_equal():
    found = xc.people.bradley_terry([[0, 15, 5], [5, 0, 15], [15, 5, 0]])
    assert found.values == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.names == ("1", "2", "3")


def test_the_maximum_is_that_of_another_algorithm():
    random = np.random.default_rng(0)
    for size in (3, 5, 8):
        wins = random.integers(1, 20, (size, size))
        np.fill_diagonal(wins, 0)
        assert xc.people.bradley_terry(wins).values == pytest.approx(by_turns(wins), abs=1e-7)


def test_pairs_that_never_met_are_ordered_through_others():
    wins = [[0, 12, 0, 0], [8, 0, 12, 0], [0, 8, 0, 12], [0, 0, 8, 0]]
    found = xc.people.bradley_terry(wins, ["a", "b", "c", "d"])
    step = math.log(12 / 8)
    assert found.difference("a", "d")[0] == pytest.approx(3 * step)
    assert found.difference("a", "d")[1] == pytest.approx((3 * (1 / 12 + 1 / 8)) ** 0.5)
    assert found.values == pytest.approx(by_turns(wins), abs=1e-7)


def test_raw_shares_lie_where_opponents_differ():
    """The third of a chain meets weak ones more often: it wins more, and is still the third."""
    strengths = np.array([1.5, 1.0, 0.5, -3.0])
    p = 1 / (1 + np.exp(strengths[None] - strengths[:, None]))
    games = np.array([[0, 50, 0, 0], [50, 0, 50, 0], [0, 50, 0, 200], [0, 0, 200, 0]])
    wins = games * p
    shares = wins.sum(1) / games.sum(1)
    assert shares[2] > shares[0] > shares[1]
    found = xc.people.bradley_terry(wins).values
    assert found == pytest.approx(strengths - strengths.mean(), abs=1e-7)


def test_expected_wins_at_the_maximum_are_those_observed():
    wins = np.array([[0, 7, 3], [2, 0, 9], [4, 1, 0]])
    s = xc.people.bradley_terry(wins).values
    p = 1 / (1 + np.exp(s[None] - s[:, None]))
    expected = ((wins + wins.T) * p).sum(1)
    assert expected == pytest.approx(wins.sum(1), abs=1e-6)


@pytest.mark.parametrize(
    ("wins", "best"),
    [
        ([[0, 20], [0, 0]], "a never lost"),
        ([[0, 5, 5], [5, 0, 5], [0, 0, 0]], "a, b never lost"),
        ([[0, 0, 5], [3, 0, 5], [0, 2, 0]], None),
        ([[0, 5, 0, 0], [5, 0, 0, 0], [0, 0, 0, 5], [0, 0, 5, 0]], "a, b never lost"),
    ],
    ids=["two", "group", "connected", "apart"],
)
def test_strengths_without_a_maximum_are_refused(wins, best):
    names = list("abcd")[: len(wins)]
    if best is None:
        xc.people.bradley_terry(wins, names)
        return
    with refused(ValueError, f"{best} to the others, .*prior=0.5"):
        xc.people.bradley_terry(wins, names)
    assert np.isfinite(xc.people.bradley_terry(wins, names, prior=0.5).values).all()


def test_a_prior_adds_choices_in_both_directions():
    found = xc.people.bradley_terry([[0, 20], [0, 0]], ["a", "b"], prior=0.5)
    assert found.difference("a", "b")[0] == pytest.approx(math.log(20.5 / 0.5), abs=1e-6)


def test_wins_are_counted_by_method_and_not_by_side():
    study = xc.people.forced_choice(range(30), ("a", "b", "c"), raters=2)
    rater = xc.people.SimulatedRater({"a": 9, "b": 3, "c": 1}, left=0.6, silence=0.1)
    answers = [*rater.answers(study, 1), *rater.answers(study, 2)]
    wins = xc.people.count_wins(answers, study.methods)
    by_hand = np.zeros((3, 3), int)
    for trial, choice in answers:
        if trial.catch or choice == "cannot tell":
            continue
        sides = [trial.left, trial.right]
        winner = sides.pop(choice == "right")
        by_hand["abc".index(winner), "abc".index(sides[0])] += 1
    assert (wins == by_hand).all()
    found = xc.people.bradley_terry(wins, study.methods)
    assert found.values[0] > found.values[1] > found.values[2]
    difference, error = found.difference("a", "b")
    assert abs(difference - math.log(3)) < 3 * error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([[0, 1, 2]],), "wins must be a square"),
        (([[0, -1], [1, 0]],), "wins must hold counts"),
        (([[1, 1], [1, 1]],), "0 on the diagonal"),
        (([[0, 1], [1, 0]], ["a"]), "names must be 2"),
        (([[0, 1], [1, 0]], ["a", "a"]), "names must hold each name once"),
    ],
    ids=["square", "negative", "diagonal", "names", "twice"],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments, said):
    with refused(ValueError, said):
        xc.people.bradley_terry(*arguments)
    with refused(ValueError, "prior must be"):
        xc.people.bradley_terry([[0, 1], [1, 0]], prior=-1)
    with refused(ValueError, "there is no 'c'; names are a, b"):
        xc.people.bradley_terry([[0, 1], [1, 0]], ["a", "b"]).difference("a", "c")
