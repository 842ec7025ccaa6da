"""The tasks of lesson 10: right answers of every kind pass, wrong ones get their own name."""

from itertools import pairwise

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l10_where_on_the_path import (
    shares,
    task_crossing,
    task_decision,
    task_hunt,
    task_idgi,
    task_spread,
)
from xaicourse.course.lessons.l10_where_on_the_path.bugs import bug_a, bug_b, bug_c

TOY, X = xc.zoo.toy(), xc.zoo.toy_input()


# ---------------------------------------------------------------- 10.1


def by_numpy(scores, share):
    scores = np.asarray(scores, dtype=float)
    if scores[0] == scores[-1]:
        return None
    return np.flatnonzero((scores - scores[0]) / (scores[-1] - scores[0]) > share)[0]


def by_sign(scores, share):
    rise = scores[-1] - scores[0]
    if abs(rise) < 1e-12:
        return None
    past = (scores - scores[0]) * rise.sign() > share * rise.abs()
    return torch.nonzero(past)[0, 0]


@pytest.mark.parametrize("answer", [by_numpy, by_sign])
def test_odd_right_crossings_pass(answer):
    verdict = check("10.1", answer)
    assert verdict.passed, verdict.message


def counted_from_one(scores, share):
    k = by_numpy(scores, share)
    return None if k is None else k + 1


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (counted_from_one, "one_after"),
        (lambda scores, share: by_numpy(scores, 1 - share), "other_share"),
        (lambda scores, share: 0, None),
        (lambda scores, share: len(scores) - 1, None),
    ],
)
def test_what_is_said_of_other_crossings(answer, name):
    verdict = check("10.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_the_crossing_is_that_of_the_package():
    ends = torch.linspace(0, 1, 1001, dtype=torch.float64)
    k = task_crossing.crossing(TOY(ends[:, None] * X), 0.9)
    found = xc.left_ig(TOY, X, share=0.9, steps=500, quadrature="midpoint", return_details=True)
    assert float(found.extra["alpha_end"]) == pytest.approx(float(ends[k]), abs=0.002)


# ---------------------------------------------------------------- 10.2


def step_by_step(F, points):
    total = np.zeros(points.shape[1])
    for a, b in pairwise(points):
        middle = ((a + b) / 2)[None].clone().requires_grad_()
        slope = torch.autograd.grad(F(middle)[0], middle)[0][0].double()
        if slope.norm() > 0:
            change = float(F(b[None])) - float(F(a[None]))
            total += change * (slope**2 / slope.norm() ** 2).numpy()
    return total


def by_the_package(F, points):
    slopes = xc.gradient(F, (points[1:] + points[:-1]) / 2, target=None)
    shares = torch.nn.functional.normalize(slopes, dim=1) ** 2
    return (F(points).diff()[:, None] * shares).sum(0).tolist()


@pytest.mark.parametrize("answer", [step_by_step, by_the_package])
def test_odd_right_idgis_pass(answer):
    verdict = check("10.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda F, points: 2 * step_by_step(F, points),
        lambda F, points: step_by_step(F, points) + 0.1,
        lambda F, points: torch.zeros(points.shape[1]),
        lambda F, points: step_by_step(F, points[::2]),
    ],
)
def test_other_wrong_idgis_have_no_name(answer):
    verdict = check("10.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_task_has_the_definition_of_the_package(close):
    line = torch.linspace(0, 1, 8, dtype=torch.float64)[:, None]
    for steps in (1, 7):
        points = line[:: 7 // steps] * X
        package = xc.important_direction_ig(TOY, X, steps=steps, quadrature="midpoint")
        close(shares.my_idgi(TOY, points), package[0], 1e-10)


def test_the_probes_part_squares_from_sizes_and_middles_from_ends():
    """The steps are uneven, one F has kinks, one falls, and one gradient is 0."""
    for case in task_idgi.CASES[:2]:
        widths = case.values["points"].diff(dim=0).norm(dim=1)
        assert float(widths.max() / widths.min()) > 1.5
    assert bool((shares.changes(*task_idgi.CASES[0].values.values()) < 0).any())
    flat_somewhere = [case for case in task_idgi.CASES if case.name in ("leap", "plateau")]
    assert len(flat_somewhere) == 2
    for case in flat_somewhere:
        points = case.values["points"]
        slopes = shares.slopes_at(case.values["F"], shares.middles(points))
        flat = slopes.norm(dim=1) == 0
        lost = shares.changes(**case.values)[flat].abs().sum()
        assert bool(flat.any())
        assert bool(lost > 0) == (case.name == "leap")


def test_who_gets_the_change_of_a_step_without_a_gradient_matters():
    """The attack of c10 shared it out, and passed."""
    right = shares.my_idgi
    for fill in (torch.ones_like, shares.first_input, shares.step_before):
        given = shares.where_it_is_zero(fill)
        verdict = check("10.2", lambda F, points, given=given: right(F, points, shares=given))
        assert verdict.diagnosis == "zero_shared", verdict.message


# ---------------------------------------------------------------- 10.3


def by_sorting(scores, M):
    change = np.abs(np.diff(np.asarray(scores, dtype=float)))
    wanted = M * change / change.sum()
    counts = [int(w) for w in wanted]
    order = sorted(range(len(wanted)), key=lambda k: counts[k] - wanted[k])
    for k in order[: M - sum(counts)]:
        counts[k] += 1
    return counts


def one_at_a_time(scores, M):
    change = scores.diff().abs()
    wanted = M * change / change.sum()
    counts = wanted.floor()
    rest = wanted - counts
    while counts.sum() < M:
        k = rest.argmax()
        counts[k] += 1
        rest[k] = -1
    return counts.int()


@pytest.mark.parametrize("answer", [by_sorting, one_at_a_time])
def test_odd_right_spreads_pass(answer):
    verdict = check("10.3", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda scores, M: torch.zeros(len(scores) - 1),
        lambda scores, M: torch.tensor(by_sorting(scores, M)).flip(0),
        lambda scores, M: by_sorting(scores, M + 1),
    ],
)
def test_other_wrong_spreads_do_not_pass(answer):
    verdict = check("10.3", answer)
    assert not verdict.passed, verdict.message


def test_no_two_remainders_of_the_check_are_equal():
    """What the card promises; a piece with a whole share has the remainder 0."""
    for case in task_spread.CASES:
        change = case.values["scores"].diff().abs()
        wanted = case.values["M"] * change / change.sum()
        rest = (wanted - wanted.round()).abs() * 1e6
        inner = (wanted - wanted.floor())[rest > 1]
        assert len(inner) < 2 or float(inner.sort().values.diff().min()) > 1e-6


# ---------------------------------------------------------------- 10.4 to 10.6


def test_the_numbers_on_paper_are_those_of_the_package(close):
    found = xc.left_ig(TOY, X, share=0.5, steps=800, quadrature="midpoint", return_details=True)
    assert float(found.extra["alpha_end"]) == pytest.approx(1 / 8, abs=1e-3)
    close(found.values[0], torch.tensor([0.75, -0.25]).double(), 1e-3)
    late = xc.path_weighted_ig(TOY, X, weight="square", steps=800, quadrature="midpoint")
    assert float(late.sum()) == pytest.approx(1 / 16, abs=1e-3)


def test_numbers_that_are_rounded_too_far_do_not_pass():
    right = {"stop": 1 / 8, "left": (0.75, -0.25), "weighted_sum": 0.0625}
    assert check("10.4", right | {"weighted_sum": 0.0624}).passed
    for part, value in (("weighted_sum", 0.06), ("weighted_sum", 0.065), ("stop", 0.13)):
        assert not check("10.4", right | {part: value}).passed


def test_each_function_of_the_hunt_is_right_somewhere(close):
    one, zero = torch.tensor([[1.0, 2.0]]).double(), torch.zeros(1, 2).double()

    def rises(p):
        return (p**2).sum(1) + p[:, 0]

    left = xc.left_ig(rises, one, None, steps=400, quadrature="midpoint")
    close(bug_a(rises, one, zero, 400), left, 0.02)
    plain = xc.integrated_gradients(rises, one, None, steps=400)
    close(bug_b(rises, one, zero, 400), plain, 0.02)
    direction = xc.important_direction_ig(rises, one, None, steps=400)
    close(bug_c(rises, one, zero, 400), direction, 0.02)


def test_what_the_solution_says_of_the_three_functions(close):
    one, zero = torch.tensor([[1.0, 1.0]]).double(), torch.zeros(1, 2).double()
    assert bug_a(task_hunt.falls, one, zero, 50).abs().sum() == 0
    for steps in (20, 400):  # no number of steps helps
        off = bug_b(task_hunt.cancels, one, zero, steps)
        truth = xc.integrated_gradients(task_hunt.cancels, one, None, steps=2000)
        assert float((off - truth).norm() / truth.norm()) > 0.5
    lost = 5.0 - bug_c(task_hunt.starts_flat, torch.tensor([[1.0, 2.0]]).double(), zero, 2).sum()
    assert float(lost) == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("bug", "evidence", "said"),
    [
        ("a", (lambda p: p[:, 0] * (1 - p[:, 1]), [1.0, 1.0], [0.0, 0.0], 100), "no rise"),
        ("a", (lambda p: (p**2).sum(1), [1.0, 1.0], [0.0, 0.0], 2), "direction does the bar"),
        ("b", (lambda p: p.clamp(max=0.2).sum(1), [1.0, 1.0], [0.0, 0.0], 50), "slopes are 0"),
        ("c", (lambda p: -p.sum(1), [1.0, 1.0], [0.0, 0.0], 100), "a curved f"),
        ("c", (lambda p: (p**2 + p).sum(1), [1.0, 1.0], [0.0, 0.0], 100), "two inputs"),
        ("c", (lambda p: (p**2).sum(1), [1.0, 1.0], [0.0, 0.0], 400), "Try fewer"),
    ],
)
def test_what_is_said_of_evidence_that_shows_nothing(bug, evidence, said):
    answer = task_hunt.RIGHT | {bug: evidence}
    assert said in " ".join(check("10.5", answer).message.split())


@pytest.mark.parametrize("bug", ["a", "b", "c"])
def test_the_toy_net_and_others_convict(bug):
    given = {
        "a": (lambda p: -p.sum(1), [2.0, 1.0], [0.0, 0.0], 50),
        "b": (lambda p: TOY(p), [3.0, 1.0], [0.0, 0.0], 40),
        "c": (lambda p: (p**2).sum(1, keepdim=True), [[1.0, -2.0]], [[0.0, 0.0]], 3),
    }
    answer = {name: given[name] if name == bug else None for name in "abc"}
    assert f"Convicted: {bug}" in check("10.5", answer).message


@pytest.mark.parametrize(
    "answer",
    [
        (lambda p: p[:, 0] + 2 * p[:, 1], [[0.0, 3.0]][::-1][0][::-1], [0.0, 0.0], 1),
        {"f": lambda p: p[:, :1] - 4 * p[:, 1:], "x": [2, 5], "baseline": [0, 5], "feature": 1},
        (lambda p: torch.sin(p[:, 0]) + p[:, 1] ** 2, torch.tensor([[1.0, 3.0]]), [0, 3], 1),
    ],
)
def test_any_credit_without_a_move_passes(answer):
    verdict = check("10.6", answer)
    assert verdict.passed, verdict.message


# ---------------------------------------------------------------- 10.7


def idg_in_a_loop(F, points):
    way, n = points[-1] - points[0], len(points) - 1
    total = torch.zeros_like(way)
    for a, b in pairwise(points):
        middle = ((a + b) / 2)[None].clone().requires_grad_()
        slope = torch.autograd.grad(F(middle)[0], middle)[0][0]
        total += way * slope * (way * slope).sum() / n
    return total.numpy()


def test_an_odd_right_decision_map_passes():
    assert check("10.7", idg_in_a_loop).passed


def test_decision_gradients_are_those_of_the_package(close):
    points = torch.linspace(0, 1, 17, dtype=torch.float64)[:, None] * X
    package = xc.integrated_decision_gradients(TOY, X, steps=16, quadrature="midpoint")
    close(task_decision.my_idg(TOY, points), package[0], 1e-10)
    close(task_decision.my_idg(lambda p: -TOY(p), points), package[0], 1e-10)


def test_wrong_decision_maps_have_no_name():
    for factor in (3.0, -1.0):
        verdict = check("10.7", lambda F, points, k=factor: k * idg_in_a_loop(F, points))
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
