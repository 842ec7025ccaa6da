"""Krippendorff's alpha: a textbook's numbers, a loop over all pairs, and what has no answer."""

import itertools
import math

import numpy as np
import pytest

import xaicourse as xc
from tests.plain import refused

# Four observers, twelve units; of Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
TEXTBOOK = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def by_pairs(ratings, level):
    """1 - (mean distance within items) / (mean distance of any two ratings), pair by pair."""
    units = [[v for v in unit if v is not None] for unit in zip(*ratings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    every = [value for unit in units for value in unit]
    n = len(every)

    def distance(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return float(a - b) ** 2
        low, high = sorted((a, b))
        between = sum(low <= v <= high for v in every)
        return (between - (every.count(low) + every.count(high)) / 2) ** 2 if a != b else 0.0

    within = sum(
        distance(a, b) / (len(unit) - 1)
        for unit in units
        for a, b in itertools.permutations(unit, 2)
    )
    anywhere = sum(distance(a, b) for a, b in itertools.permutations(every, 2))
    return 1 - (within / n) / (anywhere / (n * (n - 1)))


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_textbook(level, alpha):
    assert round(xc.people.krippendorff_alpha(TEXTBOOK, level=level), 3) == alpha


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_is_what_a_loop_over_pairs_gives(level):
    random = np.random.default_rng(1)
    for _ in range(5):
        ratings = random.integers(0, 5, (4, 9)).astype(object)
        ratings[random.random(ratings.shape) < 0.2] = None
        found = xc.people.krippendorff_alpha(ratings, level=level)
        assert found == pytest.approx(by_pairs(ratings.tolist(), level), abs=1e-12)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_full_agreement_is_one(level):
    assert xc.people.krippendorff_alpha([[1, 2, 3]] * 3, level=level) == 1.0


def test_chance_is_about_zero_and_opposition_below():
    random = np.random.default_rng(0)
    assert abs(xc.people.krippendorff_alpha(random.integers(0, 2, (4, 3000)))) < 0.03
    assert xc.people.krippendorff_alpha([[0, 1] * 10, [1, 0] * 10]) < -0.9


def test_missing_ratings_and_lonely_ones_do_not_count():
    full = [["a", "b", "a", "b"], ["a", "b", "b", "b"]]
    more = [[*full[0], "a", None, math.nan], [*full[1], None, None, "b"]]
    assert xc.people.krippendorff_alpha(more) == xc.people.krippendorff_alpha(full)


def test_equal_ratings_say_nothing_of_chance():
    assert math.isnan(xc.people.krippendorff_alpha([["a", "a"], ["a", "a"]]))


@pytest.mark.parametrize(
    ("ratings", "level", "said"),
    [
        ([[1, 2], [1]], "nominal", "one entry an item in each line"),
        ([[1, None], [None, 2]], "nominal", "an item with two ratings"),
        ([["a"], ["b"]], "ordinal", 'numbers for level="ordinal"'),
        ([[1], [2]], "ratio", "level must be one of nominal, ordinal, interval"),
    ],
    ids=["lengths", "lonely", "words", "level"],
)
def test_bad_arguments_are_refused_in_one_sentence(ratings, level, said):
    with refused(ValueError, said):
        xc.people.krippendorff_alpha(ratings, level=level)
