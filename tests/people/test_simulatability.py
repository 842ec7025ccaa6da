"""Guess what the model says: the design, the leak, the gain beyond a control."""

import warnings
from collections import Counter

import pytest
from scipy import stats

import xaicourse as xc
from tests.plain import refused
from xaicourse.people import Answer

CLASSES = ("cat", "dog", "owl", "elk")
OUTPUTS = CLASSES * 10
KNOWS = {"without": 0.5, "map": 0.5, "control": 0.5}


def study(**changed):
    given = {"items": range(40), "outputs": OUTPUTS, "drawn": None, "raters": 10} | changed
    return xc.people.simulatability(**given)


def analysed(reader, one, raters=10):
    answers = [a for rater in range(1, raters + 1) for a in reader.answers(one, rater)]
    return xc.people.analyse_guesses(answers, one)


def test_each_item_comes_first_without_a_map_and_then_with_one():
    for rater in (1, 2, 7):
        trials = study().trials(rater)
        assert [t.number for t in trials] == list(range(1, 81))
        assert {t.condition for t in trials[:40]} == {"without"}
        assert sorted(t.item for t in trials[:40]) == sorted(t.item for t in trials[40:])
        assert Counter(t.condition for t in trials[40:]) == {"map": 20, "control": 20}
        assert [t.item for t in trials[:40]] != [t.item for t in trials[40:]]


def test_two_raters_after_each_other_get_the_map_for_opposite_items():
    maps = [
        {t.item for t in study().trials(rater) if t.condition == "map"} for rater in range(1, 7)
    ]
    for k in (0, 2, 4):
        assert maps[k] | maps[k + 1] == set(range(40))
        assert not maps[k] & maps[k + 1]
    assert maps[0] != maps[2]


def test_trials_depend_on_seed_and_rater_alone():
    assert study().trials(3) == study(raters=20, name="x").trials(3)
    assert study().trials(3) != study(seed=1).trials(3)


def test_maps_of_the_class_to_be_guessed_are_warned_of():
    with pytest.warns(UserWarning, match="what raters gain may be that label"):
        leaking = study(drawn=OUTPUTS)
    assert leaking.leaks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not study().leaks
        assert not study(drawn=("cat",) * 40).leaks
    assert "may be that label" in analysed(xc.people.SimulatedReader(KNOWS), leaking).warning


def test_a_map_that_helps_is_seen_beyond_a_control():
    helped = analysed(xc.people.SimulatedReader({**KNOWS, "map": 0.8}), study())
    assert abs(helped.map.gain - 0.3) < 0.12
    assert abs(helped.control.gain) < 0.12
    assert helped.map.p < 1e-4
    assert helped.control.p > 0.05
    assert helped.beyond.raters == 10
    assert helped.beyond.low > 0
    assert helped.warning == ""


def test_a_second_look_that_helps_alone_is_no_gain_of_the_map():
    second = analysed(
        xc.people.SimulatedReader({"without": 0.4, "map": 0.8, "control": 0.8}), study()
    )
    assert second.map.p < 1e-4
    assert abs(second.map.gain - 0.4) < 0.12
    assert second.beyond.low < 0 < second.beyond.high
    assert second.beyond.p > 0.05


def test_reading_the_drawn_class_is_seen_where_it_is_another():
    drawn = tuple(CLASSES[(CLASSES.index(c) + (k % 2)) % 4] for k, c in enumerate(OUTPUTS))
    reads = analysed(xc.people.SimulatedReader(KNOWS, reads_drawn=1.0), study(drawn=drawn))
    assert reads.drawn.share == 1.0
    assert "100% guessed that one" in reads.warning
    blind = analysed(xc.people.SimulatedReader(KNOWS), study(drawn=drawn))
    assert blind.drawn.low < 0.25
    assert blind.warning == ""
    assert blind.drawn.p > 0.01, "one of four is what chance gives"


def test_the_gain_by_hand():
    """A loop over what each rater said; 3 guesses get better, 1 worse, 1 is never asked again."""
    one = study(items=range(6), outputs=("cat",) * 6, choices=CLASSES)
    before = {0: "dog", 1: "dog", 2: "dog", 3: "cat", 4: "cat", 5: "cat"}
    after = {0: "cat", 1: "cat", 2: "cat", 3: "owl", 4: "cat"}
    answers = [
        *(Answer(xc.people.Guess(1, k + 1, k, "without"), c) for k, c in before.items()),
        *(Answer(xc.people.Guess(1, k + 7, k, "map"), c) for k, c in after.items()),
    ]
    found = xc.people.analyse_guesses(answers, one)
    assert found.map[:5] == pytest.approx((2 / 5, 4 / 5, 2 / 5, 3, 1))
    assert found.map.p == stats.binomtest(3, 4).pvalue == 0.625
    assert found.beyond is None, "no control was seen"
    assert found.control.p == 1.0


@pytest.mark.parametrize(("better", "worse", "p"), [(9, 1, 0.021484375), (5, 5, 1), (0, 0, 1)])
def test_mcnemar_is_the_exact_test_of_the_changes(better, worse, p):
    assert xc.people.mcnemar(better, worse) == pytest.approx(p)


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"outputs": CLASSES}, ValueError, "outputs must be 40 texts"),
        ({"outputs": "cat"}, TypeError, "outputs must be a sequence"),
        ({"outputs": ("cat",) * 40}, ValueError, "choices must hold at least 2, got 1"),
        ({"drawn": ("ant",) * 40}, ValueError, "drawn holds 'ant'; choices are cat, dog"),
        ({"choices": ("cat", "dog")}, ValueError, "outputs holds 'owl'; choices are cat, dog"),
        ({"items": [1]}, ValueError, "outputs must be 1 texts"),
        ({"raters": 0}, ValueError, "raters must be"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_arguments_are_refused_in_one_sentence(changed, kind, said):
    with refused(kind, said):
        study(**changed)


def test_an_analysis_asks_for_its_study():
    with refused(TypeError, "study must be made by simulatability"):
        xc.people.analyse_guesses([], xc.people.forced_choice(range(4), ("a", "b")))
    with refused(ValueError, "worse must be"):
        xc.people.mcnemar(1, -1)
    with refused(ValueError, "right"):
        xc.people.SimulatedReader({"map": 1.5})
