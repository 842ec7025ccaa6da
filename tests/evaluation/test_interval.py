"""Intervals keep their promise: how often they hold the true mean, and three closed forms."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.evaluation import MetricResult, confidence_interval

SAMPLES = 1000


def coverage(draw, count, true_mean, **settings):
    """Return how often the interval of `count` values holds the true mean."""
    generator = np.random.default_rng(count)
    found = [
        confidence_interval(torch.from_numpy(draw(generator, count)), **settings)
        for _ in range(SAMPLES)
    ]
    return sum(each.low <= true_mean <= each.high for each in found) / SAMPLES


def normal(generator, count):
    return generator.normal(2.0, 3.0, count)


def lognormal(generator, count):
    return generator.lognormal(size=count)


def exponential(generator, count):
    return generator.exponential(size=count)


def with_probability(p):
    return lambda generator, count: (generator.random(count) < p).astype(float)


@pytest.mark.parametrize("kind", ["student", "hall"])
@pytest.mark.parametrize("count", [3, 5, 6, 20])
def test_of_normal_values_it_covers_what_it_says(count, kind):
    """The percentile bootstrap covers .84 at five and .92 at twenty."""
    assert 0.93 < coverage(normal, count, 2.0, kind=kind) < 0.97


def test_another_level_is_kept_too():
    assert 0.78 < coverage(normal, 5, 2.0, level=0.8) < 0.82


@pytest.mark.parametrize(
    ("draw", "true_mean", "count", "student", "hall"),
    [
        (lognormal, math.exp(0.5), 5, 0.80, 0.86),
        (lognormal, math.exp(0.5), 20, 0.84, 0.90),
        (exponential, 1.0, 5, 0.86, 0.90),
        (exponential, 1.0, 20, 0.90, 0.925),
    ],
)
def test_of_skewed_values_hall_covers_more(draw, true_mean, count, student, hall):
    """The percentile bootstrap covers .73 of five lognormal values."""
    plain = coverage(draw, count, true_mean)
    bent = coverage(draw, count, true_mean, kind="hall")
    assert plain > student
    assert bent > max(hall, plain + 0.01)


@pytest.mark.parametrize(("count", "p"), [(5, 0.3), (5, 0.9), (12, 0.1), (12, 0.5), (12, 0.95)])
def test_of_shares_it_covers_what_it_says(count, p):
    """Where p is .95, Student's covers less than half with 12 values: most are all 1."""
    assert coverage(with_probability(p), count, p) > 0.9


# ---------------------------------------------------------------- closed forms


def test_student_by_the_table():
    found = confidence_interval(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    half = 2.776445 * math.sqrt(2.5 / 5)
    assert found == pytest.approx((3, 3 - half, 3 + half, 5), rel=1e-6)
    narrow = confidence_interval(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]), level=0.8)
    assert narrow.high == pytest.approx(3 + 1.533206 * math.sqrt(0.5), rel=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_hall_by_the_transformation_of_the_paper(sign):
    values = sign * np.array([0.1, 0.2, 0.2, 0.4, 0.7, 3.0])
    found = confidence_interval(torch.from_numpy(values), kind="hall")
    n, s, g = 6, values.std(ddof=1), stats.skew(values)
    ends = []
    for mu in (found.low, found.high):
        u = (values.mean() - mu) / s
        ends.append(math.sqrt(n) * (u + g * u**2 / 3 + g**2 * u**3 / 27 + g / (6 * n)))
    assert ends == pytest.approx([stats.t.ppf(0.975, 5), -stats.t.ppf(0.975, 5)], rel=1e-10)
    long, short = (found.high - found.mean), (found.mean - found.low)
    assert (long > short) == (sign > 0)  # the long end is on the side of the long tail


def test_without_skew_hall_is_student():
    values = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0])
    assert confidence_interval(values, kind="hall") == pytest.approx(confidence_interval(values))


def test_wilson_solves_its_equation():
    found = confidence_interval(torch.tensor([1.0] * 8 + [0.0] * 2))
    for p in (found.low, found.high):
        assert abs(0.8 - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / 10), rel=1e-6)
    assert (found.mean, found.images) == (pytest.approx(0.8), 10)
    all_right = confidence_interval(torch.ones(5))
    assert all_right.low == pytest.approx(1 / (1 + 1.959964**2 / 5), rel=1e-6)  # not certain at all
    assert all_right.high == pytest.approx(1)


def test_a_mean_of_shares_by_student_is_to_be_asked_for():
    values = torch.tensor([0.0, 1.0, 1.0])
    assert confidence_interval(values, kind="student").high > 1
    assert confidence_interval(values).high < 1


# ---------------------------------------------------------------- few values, odd values


@pytest.mark.parametrize("kind", [None, "student", "hall"])
def test_one_value_says_nothing_about_the_spread(kind):
    assert confidence_interval(torch.tensor([0.4]), kind=kind) == (
        pytest.approx(0.4), -math.inf, math.inf, 1,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["student", "hall"])
def test_equal_values_have_no_spread(kind):
    assert confidence_interval(torch.full((4,), 0.5), kind=kind) == (0.5, 0.5, 0.5, 4)


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ([1.0, math.nan], {}, "no NaN, got 2 value"),
        ([1.0, math.inf], {}, "1 that are not finite"),
        ([], {}, "at least one number"),
        ([1.0, 2.0], {"level": 95}, "such as 0.95, got 95"),
        ([1.0, 2.0], {"kind": "bootstrap"}, "one of student, hall, wilson, got 'bootstrap'"),
        ([0.0, 0.5], {"kind": "wilson"}, "values that are 0 or 1, got values from 0 to 0.5"),
    ],
)
def test_what_cannot_be_is_refused(values, settings, message):
    with pytest.raises(ValueError, match=message):
        confidence_interval(torch.tensor(values), **settings)


# ---------------------------------------------------------------- results of metrics


def results(*rows):
    x = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    protocol = xc.evaluation.deletion(lambda x: 3 * x, x, x, 1).protocol
    return [
        MetricResult("deletion", torch.tensor(row, dtype=torch.float64), "lower", protocol)
        for row in rows
    ]


def test_a_result_has_the_interval_of_its_valid_values():
    a, b = results([0.2, math.nan, 0.5, 0.9, 0.4], [0.1, 0.3, 0.1, 0.8, math.nan])
    valid = torch.tensor([0.2, 0.5, 0.9, 0.4], dtype=torch.float64)
    assert a.interval(0.9, "hall") == confidence_interval(valid, level=0.9, kind="hall")
    paired = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64) - torch.tensor([0.1, 0.1, 0.8])
    assert a.minus(b) == pytest.approx(confidence_interval(paired))
    assert a.minus(b, kind="hall") == pytest.approx(confidence_interval(paired, kind="hall"))


def test_a_difference_of_0_and_1_is_no_share():
    a, b = results([1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0])
    assert a.interval().high < 1
    assert a.minus(b).low < 0  # the other way round is possible as well


def test_scipy_is_imported_when_it_is_used():
    home = Path(xc.__file__).parent
    at_the_head = re.compile(r"^(from|import) scipy", re.M)
    texts = {"lesson.py", "sheet.py"}  # never imported: cells of a notebook
    files = [file for file in home.rglob("*.py") if file.name not in texts]
    assert [file for file in files if at_the_head.search(file.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("abc", "values must be numbers, one an image, got str"),
        (None, "got NoneType"),
        (torch.ones(2, 2), r"shape \(N,\), one an image, got shape \(2, 2\)"),
        (torch.tensor([1 + 2j, 3]), "real numbers"),
    ],
)
def test_values_that_are_not_one_number_an_image_are_refused(values, says):
    with pytest.raises((ValueError, TypeError), match=says):
        confidence_interval(values)


@pytest.mark.parametrize("level", ["x", None, 95, float("nan"), True])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        confidence_interval(torch.rand(4), level=level)
