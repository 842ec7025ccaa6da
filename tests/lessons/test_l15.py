"""The tasks of lesson 15: right answers of every kind pass, wrong ones get their own name."""

from itertools import permutations

import numpy as np
import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l15_test_the_metric import (
    areas,
    fills,
    subsets,
    task_area,
    task_break,
    task_fill,
    task_hunt,
    task_paired,
    task_trusted,
)
from xaicourse.course.lessons.l15_test_the_metric.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l15_test_the_metric.scores import IMPUTERS, MAPS, METHODS, scores

# ---------------------------------------------------------------- 15.1


def one_at_a_time(F, x, phi, fill, key):
    """Loop over inputs and features, in NumPy."""
    found = []
    for row, values in zip(x, phi, strict=True):
        order = sorted(range(len(row)), key=lambda i: (-float(values[i]), float(key[i])))
        now, curve = row.clone(), [float(F(row[None]))]
        for i in order:
            now[i] = fill
            curve.append(float(F(now[None])))
        found.append(np.trapezoid(curve, dx=1 / len(order)))
    return found


def by_lexsort(F, x, phi, fill, key):
    found = []
    for k in range(len(x)):
        order = np.lexsort((key.numpy(), -phi[k].numpy()))
        points = x[k].repeat(len(order) + 1, 1)
        for step, i in enumerate(order):
            points[step + 1 :, i] = fill
        s = F(points)
        found.append(torch.trapezoid(s) / len(order))
    return torch.stack(found)


@pytest.mark.parametrize("answer", [one_at_a_time, by_lexsort])
def test_odd_right_areas_pass(answer):
    verdict = check("15.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda F, x, phi, fill, key: 2 * areas.removal_area(F, x, phi, fill, key),
        lambda F, x, phi, fill, key: F(x),
        lambda F, x, phi, fill, key: areas.removal_area(F, x, phi**3 - phi, fill, key),
    ],
)
def test_other_wrong_areas_have_no_name(answer):
    verdict = check("15.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_area_is_the_deletion_of_the_package(close):
    case = task_area.CASES[1].values  # without ties
    package = xc.evaluation.deletion(
        case["F"], case["x"], case["phi"], imputer=case["fill"], output="logit"
    )
    close(areas.removal_area(**case), package.values, 1e-10)
    assert float(areas.removal_area(**task_area.CASES[0].values)) == 3.75


def test_what_the_lesson_says_of_features_that_work_together():
    def F(p):
        return p[:, 0] * p[:, 1] + 0.6 * p[:, 2]

    key, ones = torch.tensor([0.1, 0.2, 0.3]), torch.ones(1, 3)
    ranks = torch.tensor(list(permutations([3.0, 2.0, 1.0])))
    every = areas.removal_area(F, ones.expand(6, -1), ranks, 0.0, key)
    exact = areas.removal_area(F, ones, torch.tensor([[0.5, 0.5, 0.6]]), 0.0, key)
    assert float(exact) == pytest.approx(0.6)
    assert float(every.mean()) == pytest.approx(0.5778, abs=1e-3)
    assert float(every.min()) == pytest.approx(0.4667, abs=1e-3)
    first_then_third = areas.removal_area(F, ones, torch.tensor([[3.0, 1.0, 2.0]]), 0.0, key)
    assert float(first_then_third) == pytest.approx(float(every.min()))


# ---------------------------------------------------------------- 15.2


def pixel_by_pixel(x, keep, sweeps):
    x, keep = x.numpy().copy(), keep.numpy()
    x[~keep] = x[keep].mean()
    for _ in range(sweeps):
        old = x.copy()
        for i, j in np.argwhere(~keep):
            total = weight = 0.0
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    inside = 0 <= i + a < len(x) and 0 <= j + b < x.shape[1]
                    if (a, b) != (0, 0) and inside:
                        w = 1 / 6 if a * b == 0 else 1 / 12
                        total, weight = total + w * old[i + a, j + b], weight + w
            x[i, j] = total / weight
    return x


def test_an_odd_right_fill_passes():
    verdict = check("15.2", pixel_by_pixel)
    assert verdict.passed, verdict.message


def test_many_sweeps_are_the_imputer_of_the_package():
    case = task_fill.CASES[2].values
    mine = fills.neighbour_fill(case["x"], case["keep"], 400)
    linear = xc.evaluation.NoisyLinear(noise=0.0, tol=1e-8)
    package = linear(case["x"][None, None], case["keep"][None, None])[0, 0]
    assert float((mine - package).abs().max()) < 1e-4


def test_a_slope_is_filled_exactly():
    down, right = torch.meshgrid(*2 * [torch.arange(9.0).double()], indexing="ij")
    slope, keep = 2 * down + 3 * right, torch.ones(9, 9, dtype=torch.bool)
    keep[3:6, 2:5] = False
    assert float((fills.neighbour_fill(slope, keep, 200) - slope).abs().max()) < 1e-6


# ---------------------------------------------------------------- 15.3


def by_scipy(a, b):
    a, b = np.asarray(a), np.asarray(b)
    there = ~np.isnan(a - b)
    found = stats.ttest_rel(a[there], b[there])
    low, high = found.confidence_interval(0.95)
    return float((a - b)[there].mean()), low, high


def by_the_package(a, b):
    d = a - b
    found = xc.evaluation.confidence_interval(d[torch.isfinite(d)])
    return [found.mean, found.low, found.high]


@pytest.mark.parametrize("answer", [by_scipy, by_the_package])
def test_odd_right_intervals_pass(answer):
    verdict = check("15.3", answer)
    assert verdict.passed, verdict.message


def test_a_list_with_nan_stays_as_it_was():
    def clumsy(a, b):
        a[a.isnan()] = 0
        return task_paired.paired(a, b)

    assert "changes the values of its argument a" in " ".join(check("15.3", clumsy).message.split())


# ---------------------------------------------------------------- 15.4


def test_the_paradox_needs_four_features():
    """With three, ABPC and the first minus the last share differ by a factor only."""
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        values = torch.randn(8, generator=draw).double()
        shares = subsets.shapley(values)
        order = tuple(shares.argsort(descending=True).tolist())
        forward, back = (subsets.order_area(values, o) for o in (order, order[::-1]))
        gap = float(shares.max() - shares.min())
        assert (back - forward) / gap == pytest.approx(2 / 3, rel=1e-6)


def test_shares_of_a_sum_are_its_weights(close):
    x = torch.tensor([1.0, 2.0, -1.0]).double()
    values = subsets.with_subsets(x) @ torch.tensor([4.0, 3.0, 2.0]).double()
    close(subsets.shapley(values), torch.tensor([4.0, 6.0, -2.0]).double(), 1e-9)


@pytest.mark.parametrize(
    "answer",
    [
        {"f": lambda p: 2 * task_break.together(p)[:, None], "x": torch.ones(1, 4)},
        (lambda p: task_break.together(p) + 0.11 * p[:, 4], [1, 1, 1, 1, 1]),
    ],
)
def test_other_paradoxes_pass(answer):
    verdict = check("15.4", answer)
    assert verdict.passed, verdict.message


# ---------------------------------------------------------------- 15.5


def test_each_metric_of_the_hunt_is_right_somewhere(close):
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]]).double()
    phi = torch.tensor([[4.0, 3.0, 2.0, 1.0]]).double()
    close(bug_a(task_hunt.total, x, phi, 0.0), torch.tensor([3.0]).double(), 1e-9)
    close(bug_b(task_hunt.total, x, phi, 0.0), torch.tensor([-1.0]).double(), 1e-9)
    package = xc.evaluation.deletion(task_hunt.total, x, phi, imputer=0.0, output="logit")
    close(bug_c(task_hunt.total, x, phi, 0.0), package.values / 10, 1e-9)


@pytest.mark.parametrize(
    ("bug", "evidence", "said"),
    [
        ("a", (lambda p: p[:, 0], [[1.0, 2.0]], [[2.0, 1.0]], 0.0), "all values of phi differ"),
        ("b", (lambda p: p.sum(1), [[1.0, 2.0]], [[1.0, 5.0]], 0.0), "whatever went before"),
        ("c", (lambda p: p.sum(1), [[1.0, 2.0]], [[1.0, 5.0]], 0.0), "you gave one input"),
        ("c", (lambda p: -p.sum(1), [[1.0, 2.0]], [[1.0, 5.0]], 0.0), "a score above 0"),
    ],
)
def test_what_is_said_of_evidence_that_shows_nothing(bug, evidence, said):
    answer = task_hunt.RIGHT | {bug: evidence}
    assert said in " ".join(check("15.5", answer).message.split())


@pytest.mark.parametrize("bug", ["a", "b", "c"])
def test_other_evidence_convicts(bug):
    given = {
        "a": (lambda p: p.sum(1, keepdim=True), torch.ones(2, 6), torch.zeros(2, 6), 0.0),
        "b": (lambda p: p[:, 0] * p[:, 1] * p[:, 2], [[1, 2, 3.0]], [[3, 1, 2.0]], 0.5),
        "c": (lambda p: 2 - p[:, 0] + p[:, 1], [[1.0, 1.0]], [[2.0, 1.0]], 0.0),
    }
    answer = {name: given[name] if name == bug else None for name in "abc"}
    assert f"Convicted: {bug}" in check("15.5", answer).message


# ---------------------------------------------------------------- 15.6 and 15.7


def pair_by_pair(low, high, above):
    found = []
    for l, h, (a, b) in zip(low.tolist(), high.tolist(), above.tolist(), strict=True):  # noqa: E741
        if any(v > 0 for v in l) and any(v < 0 for v in h):
            found.append(2)
        elif min(l) > 0:
            found.append(1 if a > 0 else 3)
        elif max(h) < 0:
            found.append(-1 if b > 0 else 3)
        else:
            found.append(0)
    return found


def test_an_odd_right_verdict_passes():
    verdict = check("15.6", pair_by_pair)
    assert verdict.passed, verdict.message


def test_the_verdicts_on_the_other_network():
    tables = [scores(fill, net="fashion_residual") for fill in ("black", "grey", "white")]
    first = max(tables[0], key=lambda m: tables[0][m].mean())
    last = max(tables[2], key=lambda m: tables[2][m].mean())
    assert (first, last) == ("picture", "guided")
    interval = xc.evaluation.confidence_interval
    low, high = [], []
    for a, b in (("IG black", "IG white"), ("IG white", "guided"), ("SmoothGrad", "guided")):
        found = [interval(t[a] - t[b]) for t in tables]
        low.append([each.low for each in found])
        high.append([each.high for each in found])
    above = torch.full((3, 2), -0.1)  # nothing is above the picture under black
    verdicts = task_trusted.trusted(torch.tensor(low), torch.tensor(high), above)
    assert verdicts.tolist() == [2, 0, 3]
    assert all(
        interval(tables[0][m] - tables[0]["picture"]).low < 0 for m in ("IG white", "guided")
    )


# ---------------------------------------------------------------- what the lesson says


def test_the_diagonal_wins():
    for colour in ("black", "grey", "white"):
        means = {base: scores(colour)[f"IG {base}"].mean() for base in ("black", "grey", "white")}
        assert max(means, key=means.get) == colour


def test_edges_beat_seven_under_black_and_three_under_grey():
    for colour, count in {"black": 7, "grey": 3}.items():
        means = {m: float(v.mean()) for m, v in scores(colour).items()}
        assert sum(means[m] < means["edges"] for m in METHODS) == count


def test_one_pair_changes_places_with_the_unit():
    interval = xc.evaluation.confidence_interval
    tiles, pixels = (scores("white", unit=unit) for unit in (4, 1))
    assert interval(tiles["IG grey"] - tiles["guided"]).low > 0
    assert interval(pixels["IG grey"] - pixels["guided"]).high < 0


def test_signs_and_not_the_mark_win_deletion():
    net = xc.zoo.load("planted_cnn")
    for seed in (0, 1, 2):
        planted = xc.datasets.planted(20, seed=seed)
        target, maps = xc.widgets.maps_of_clothes(net, planted.x)
        mark, signs = planted.masks.to(planted.x), maps["IG black"]
        tried = {"mark": mark, "signs": 1000 * mark + signs, "size": 1000 * mark + signs.abs()}
        found = {
            name: float(
                xc.evaluation.deletion(
                    net, planted.x, values, target, imputer="black", unit=4, steps=8
                ).mean()
            )
            for name, values in (tried | maps).items()
        }
        assert found["signs"] < found["mark"] - 0.1
        assert found["size"] > found["mark"] - 0.05
        for name in ("gradient x input", "IG black", "IG grey"):
            assert found[name] < found["mark"]


def test_stored_scores_are_what_the_package_measures(close):
    net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist(n=4).x
    target, maps = xc.widgets.maps_of_clothes(net, x)
    assert tuple(maps) == MAPS
    for imputer, name in (("grey", "IG grey"), ("black", "edges")):
        found = xc.evaluation.abpc(net, x, maps[name], target, imputer=imputer, unit=4, steps=7)
        close(scores(imputer)[name][:4], found.values.double(), 1e-3)
    assert len(IMPUTERS) == 7
