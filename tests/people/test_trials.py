"""The design of a forced choice: balanced, hidden, the same in every process."""

import subprocess
import sys
from collections import Counter
from itertools import combinations

import pytest

import xaicourse as xc
from tests.plain import refused

ITEMS, METHODS = tuple(f"picture {k}" for k in range(20)), ("ig", "edges")


def study(**changed):
    return xc.people.forced_choice(**{"items": ITEMS, "methods": METHODS, "raters": 10} | changed)


def test_every_item_comes_once_and_the_catch_pairs_besides():
    trials = study().trials(3)
    assert [t.number for t in trials] == list(range(1, 23))
    assert {t.rater for t in trials} == {3}
    assert sorted(t.item for t in trials if not t.catch) == sorted(ITEMS)
    catches = [t for t in trials if t.catch]
    assert len({t.item for t in catches}) == 2
    for t in catches:
        assert sorted({t.left, t.right} & {*METHODS, "shuffled"})[-1] == "shuffled"
        assert len({t.left, t.right}) == 2


def test_two_raters_after_each_other_see_opposite_sides():
    for rater in (1, 3, 9):
        one, other = (
            {t.item: (t.left, t.right) for t in study().trials(rater + k) if not t.catch}
            for k in (0, 1)
        )
        assert all(one[item] == other[item][::-1] for item in ITEMS)


def test_over_an_even_number_of_raters_no_method_is_left_more_often():
    three = study(methods=("a", "b", "c"), raters=6)
    seen = Counter(
        (t.item, t.left, t.right)
        for rater in range(1, 7)
        for t in three.trials(rater)
        if not t.catch
    )
    assert set(seen.values()) == {3}
    assert len(seen) == 20 * 6


@pytest.mark.parametrize("pairs", [1, 2, 4])
def test_with_fewer_pairs_a_rater_each_pair_of_an_item_comes_equally_often(pairs):
    methods = tuple("abcd")  # 6 pairs
    few = study(items=range(5), methods=methods, raters=12, pairs=pairs, catch=0)
    assert few.length == 5 * pairs
    seen, sides = Counter(), Counter()
    for rater in range(1, 13):
        trials = few.trials(rater)
        assert len({(t.item, frozenset((t.left, t.right))) for t in trials}) == len(trials)
        for t in trials:
            seen[t.item, frozenset((t.left, t.right))] += 1
            sides[t.item, t.left, t.right] += 1
    assert {seen[item, frozenset(p)] for item in range(5) for p in combinations(methods, 2)} == {
        2 * pairs
    }
    assert {sides[i, *p] for i in range(5) for p in combinations(methods, 2)} == {pairs}


def test_order_and_sides_are_random_and_differ_from_rater_to_rater():
    trials = {rater: study(catch=0).trials(rater) for rater in (1, 2, 3)}
    orders = [[t.item for t in trials[rater]] for rater in trials]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    left = sum(t.left == "ig" for t in trials[1])
    assert 3 <= left <= 17
    many = study(items=range(2000), raters=2, catch=0).trials(1)
    assert abs(sum(t.left == "ig" for t in many) - 1000) < 4 * 500**0.5
    half = [t.left == "ig" for t in many[:1000]]
    assert abs(sum(half) - 500) < 4 * 250**0.5, "sides do not depend on the order"


def test_trials_depend_on_seed_and_rater_alone():
    assert study().trials(4) == study(raters=40, name="other").trials(4)
    assert study().trials(4) != study(seed=1).trials(4)
    code = (
        "import xaicourse as xc, sys; "
        f"s = xc.people.forced_choice({ITEMS!r}, {METHODS!r}, raters=10); print(s.trials(4))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == repr(study().trials(4))


def test_what_was_chosen_is_the_method_on_that_side():
    trial = xc.people.Trial(1, 1, "cat", "edges", "ig")
    assert [trial.chosen(c) for c in ("left", "right", "cannot tell")] == ["edges", "ig", None]


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"items": []}, ValueError, "items must hold at least 1"),
        ({"items": ["a", "a"]}, ValueError, "'a' twice"),
        ({"items": "cat"}, TypeError, "items must be a sequence"),
        ({"items": [1.5]}, TypeError, "items must hold texts or whole numbers"),
        ({"methods": ["ig"]}, ValueError, "methods must hold at least 2, got 1"),
        ({"methods": ["ig", "shuffled"]}, ValueError, 'methods may not hold "shuffled"'),
        ({"catch": 21}, ValueError, "catch must be a whole number from 0 to 20, got 21"),
        ({"catch": True}, TypeError, "catch must be a whole number"),
        ({"raters": 0}, ValueError, "raters must be a whole number of at least 1"),
        ({"pairs": 2}, ValueError, "pairs must be a whole number from 1 to 1"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"name": ""}, ValueError, "name must be a text"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_arguments_are_refused_in_one_sentence(changed, kind, said):
    with refused(kind, said):
        study(**changed)


def test_a_rater_that_the_study_does_not_have_is_refused():
    with refused(ValueError, "rater must be a whole number from 1 to 10, got 11"):
        study().trials(11)
