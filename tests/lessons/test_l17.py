"""The tasks of lesson 17: right answers of every kind pass, wrong ones get their own name."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l17_ground_truth_and_people import (
    task_break,
    task_hunt,
    task_localise,
    task_study,
)
from xaicourse.course.lessons.l17_ground_truth_and_people.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l17_ground_truth_and_people.contrast import contrast
from xaicourse.course.lessons.l17_ground_truth_and_people.painters import MARKS, paint
from xaicourse.course.lessons.l17_ground_truth_and_people.scores import localise
from xaicourse.course.lessons.l17_ground_truth_and_people.trials import read_study
from xaicourse.course.lessons.l17_ground_truth_and_people.votes import exact_p
from xaicourse.datasets import planted_patches

# ---------------------------------------------------------------- 17.1


def by_numpy(maps, masks):
    found = []
    for heat, mask in zip(maps.numpy(), masks.numpy(), strict=True):
        sizes, mark = np.abs(heat).sum(0).ravel(), mask.ravel()
        line = [sizes[mark].sum() / sizes.sum()]
        for k in (mark.sum(), 1):
            least = np.sort(sizes)[-k]
            above, equal = sizes > least, sizes == least
            each = (k - above.sum()) / equal.sum()
            line.append(((above + each * equal) * mark).sum() / k)
        found.append(line)
    return np.array(found)


def by_chance(maps, masks):
    """The mean over many random orders of equal values: what the rule is made for."""
    generator = torch.Generator().manual_seed(0)
    sizes, inside = maps.abs().sum(1).flatten(1), masks.flatten(1)
    found = torch.zeros(len(maps), 3).double()
    for row, (values, mark) in enumerate(zip(sizes, inside, strict=True)):
        found[row, 0] = values[mark].sum() / values.sum()
        for column, k in ((1, int(mark.sum())), (2, 1)):
            hits = []
            for _ in range(4000):
                order = torch.randperm(len(values), generator=generator)
                first = order[values[order].argsort(descending=True, stable=True)[:k]]
                hits.append(mark[first].double().mean())
            found[row, column] = torch.stack(hits).mean()
    return found


@pytest.mark.parametrize("odd", [by_numpy, lambda m, k: by_numpy(m, k).tolist()])
def test_odd_right_scores_pass(odd):
    verdict = check("17.1", odd)
    assert verdict.passed, verdict.message


def test_the_rule_for_equal_values_is_the_mean_over_random_orders():
    for each in task_localise.CASES:
        right, drawn = localise(**each.values), by_chance(**each.values)
        assert torch.allclose(right.double(), drawn, atol=0.03)


def test_the_scores_are_those_of_the_package(close):
    """Without equal values; the package draws among equal ones."""
    draw = torch.Generator().manual_seed(1)
    maps = torch.randn(6, 3, 8, 8, generator=draw).double()
    masks = torch.rand(6, 1, 8, 8, generator=draw) < 0.2
    ask = {"mask": masks, "channels": "abs_sum"}
    found = localise(maps, masks).double()
    close(found[:, 0], xc.evaluation.relevance_mass(None, None, maps, **ask).values, 1e-6)
    close(found[:, 1], xc.evaluation.relevance_rank(None, None, maps, **ask).values, 1e-6)
    hits = xc.evaluation.pointing_game(None, None, maps, **ask, sign="abs").values
    close(found[:, 2], hits, 1e-6)


def test_a_constant_map_gets_its_chance():
    masks = torch.zeros(2, 1, 4, 5, dtype=torch.bool)
    masks[0, 0, :2, :2], masks[1, 0, 0] = True, True
    found = localise(torch.ones(2, 3, 4, 5), masks)
    assert torch.allclose(found, torch.tensor([[0.2] * 3, [0.25] * 3]))


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps, masks: localise(maps, masks) + 0.1,
        lambda maps, masks: torch.zeros(len(maps), 3),
        lambda maps, masks: localise(maps.flip(3), masks),
    ],
)
def test_other_wrong_scores_have_no_name(answer):
    verdict = check("17.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 17.2


def by_scipy(k, n):
    return stats.binomtest(k, n).pvalue


def by_fractions(k, n):
    ways = [stats.binom(n, 0.5).pmf(i) for i in range(n + 1)]
    return float(sum(w for i, w in enumerate(ways) if abs(2 * i - n) >= abs(2 * k - n)))


@pytest.mark.parametrize(
    "odd", [by_scipy, by_fractions, lambda k, n: torch.tensor(exact_p(k, n), dtype=torch.float64)]
)
def test_odd_right_p_values_pass(odd):
    verdict = check("17.2", odd)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("n", [1, 4, 7])
def test_the_p_value_counts_all_ways_to_vote(n):
    for k in range(n + 1):
        ways = [sum(votes) for votes in product((0, 1), repeat=n)]
        far = [count for count in ways if abs(2 * count - n) >= abs(2 * k - n)]
        assert exact_p(k, n) == pytest.approx(float(Fraction(len(far), 2**n)), rel=1e-12)


def test_a_wrong_p_value_without_a_name_gets_none():
    for wrong in (lambda k, n: 0.05, lambda k, n: exact_p(k, n) ** 2):
        verdict = check("17.2", wrong)
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 17.3


def by_two_arrays(trials):
    told = [trial for trial in trials if trial[3]]
    raters = sorted({trial[0] for trial in told})
    shares = np.array([np.mean([a == b for r, _, a, b in told if r == one]) for one in raters])
    return shares.mean(), stats.ttest_1samp(shares, 0.5).statistic


def by_the_package(trials):
    told = [trial for trial in trials if trial[3]]
    raters = {trial[0] for trial in told}
    mine = {one: [a == b for r, _, a, b in told if r == one] for one in raters}
    found = xc.people.over_raters([sum(v) / len(v) for v in mine.values()])
    return [found.mean, found.t]


@pytest.mark.parametrize("odd", [by_two_arrays, by_the_package])
def test_odd_right_readings_pass(odd):
    verdict = check("17.3", odd)
    assert verdict.passed, verdict.message


def test_pooling_is_named_whatever_width_it_takes():
    def pooled(width):
        def read(trials):
            votes = [float(side == picked) for _, _, side, picked in trials if picked]
            m, n = np.mean(votes), len(votes)
            return m, (m - 0.5) / width(m, n)

        return read

    for width in (
        lambda m, n: np.sqrt(m * (1 - m) / n),
        lambda m, n: np.sqrt(m * (1 - m) / (n - 1)),
        lambda m, n: 0.5 / np.sqrt(n),
    ):
        verdict = check("17.3", pooled(width))
        assert (verdict.passed, verdict.diagnosis) == (False, "pooled"), verdict.message


def test_a_wrong_reading_without_a_name_gets_none():
    verdict = check("17.3", lambda trials: (0.7, 2.0))
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_every_rater_of_the_probes_answers():
    for each in task_study.CASES:
        trials = each.values["trials"]
        raters = {trial[0] for trial in trials}
        assert {trial[0] for trial in trials if trial[3]} == raters
        assert read_study(trials)[1] != 0


# ---------------------------------------------------------------- 17.4


def by_loops(x):
    """Look at each place for each shape, with NumPy alone."""
    found = np.zeros(x.shape)
    shapes = [np.array([[p == "#" for p in line] for line in mark.split()]) for mark in MARKS]
    for n, picture in enumerate(x.numpy()[:, 0] > 0.5):
        for i, j in product(range(28), range(28)):
            patch = picture[i : i + 5, j : j + 5]
            if any((patch == shape).all() for shape in shapes):
                found[n, 0, i : i + 5, j : j + 5] = 1
    return found


def test_an_odd_right_painter_passes():
    verdict = check("17.4", by_loops)
    assert verdict.passed, verdict.message


def test_the_shapes_of_the_task_are_those_of_the_pictures():
    assert planted_patches._MARKS[:4] == MARKS


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x.mul_(2), "changes its argument"),
        (lambda x: x / 0, "NaN or infinite"),
        (lambda x: x[:, :, :5, :5], "shape"),
        (lambda x: paint(x) / len(x) + (len(x) < 2) * x, "comes alone"),
        (lambda x: torch.rand_like(x), "Where do they lie"),
    ],
)
def test_what_is_said_of_other_painters(answer, said):
    verdict = check("17.4", answer)
    assert not verdict.passed
    assert said in " ".join(verdict.message.split())


def test_no_map_of_the_lesson_reaches_the_rank_that_is_asked():
    x, labels, masks = planted_patches.planted(task_break.PICTURES, seed=task_break.SEED)
    net = xc.zoo.load("planted_cnn", device="cpu")
    for maps in (xc.grad_cam(net, x, target=labels), xc.lrp(net, x, labels, rules="z_box")):
        assert float(localise(maps, masks)[:, 1].nanmean()) < 0.8


def test_the_best_rank_of_the_lessons_methods_is_the_one_that_the_sheet_names():
    best = 0.0
    for start in (0, 1, 2):
        net = xc.zoo.load("tagged_honest", seed=start, device="cpu")
        x, labels, masks, *_ = xc.datasets.tagged(60, seed=start + 1)
        for maps in (
            xc.integrated_gradients(net, x, labels, steps=16, quadrature="midpoint"),
            xc.grad_cam(net, x, target=labels),
            xc.guided_backprop(net, x, target=labels),
            xc.lrp(net, x, labels, rules="z_box"),
        ):
            best = max(best, float(localise(maps, masks)[:, 1].nanmean()))
    assert round(best, 1) == 0.6


# ---------------------------------------------------------------- 17.5


def test_each_function_of_the_hunt_is_right_somewhere():
    heat = torch.tensor([[3.0, 1.0], [0.5, 0.5]])
    mask = torch.tensor([[True, False], [False, True]])
    right = localise(heat[None, None], mask[None, None])[0]
    assert float(bug_a(heat, mask)) == pytest.approx(float(right[0]))
    assert bug_b(heat, mask) == float(right[2])
    assert bug_c([("ann", 1, "left", "left"), ("bob", 1, "left", "right")]) == 0.5


def test_what_the_solution_says_of_the_three_functions():
    heat, mask = (torch.tensor(part) for part in task_hunt.RIGHT["a"])
    assert float(bug_a(heat, mask > 0)) == pytest.approx(1.25)
    heat, mask = (torch.tensor(part) for part in task_hunt.RIGHT["b"])
    assert bug_b(heat, mask > 0) == 1
    assert bug_c(task_hunt.RIGHT["c"]) == 1


@pytest.mark.parametrize(
    ("bug", "evidence", "said"),
    [
        ("a", ([[-1.0, -2.0]], [[1, 0]]), "one sign"),
        ("a", ([[1.0, 2.0]], [[1, 0], [0, 1]]), "shape"),
        ("a", ([[1.0, float("nan")]], [[1, 0]]), "finite numbers"),
        ("b", ([[1.0, -1.0]], [[1, 1]]), "lie on the mark"),
        ("c", "left", "list of at most"),
        ("c", [("ann", 1, "up", "left")], "list of at most"),
        ("c", [("ann", 1, "left", "right")], "always stands on the left"),
    ],
)
def test_what_is_said_of_evidence_that_shows_nothing(bug, evidence, said):
    verdict = check("17.5", task_hunt.RIGHT | {bug: evidence})
    assert not verdict.passed
    assert said in " ".join(verdict.message.split())


@pytest.mark.parametrize(
    "change",
    [
        {"a": (torch.tensor([[1.0, -1.0]]), torch.tensor([[True, False]]))},
        {"a": (np.array([[[1.0, -2.0]]]), np.array([[1, 0]]))},
        {"b": {"map": [[0.5, -0.5]], "mask": [[0, 1]]}},
        {
            "c": [
                ["x", "one", "left", "right"],
                ["x", "two", "right", "right"],
                ["y", 3, "left", None],
            ]
        },
    ],
)
def test_evidence_in_odd_forms_passes(change):
    verdict = check("17.5", task_hunt.RIGHT | change)
    assert verdict.passed, verdict.message


# ---------------------------------------------------------------- 17.6, 17.7


def in_numpy(object_maps, scene_maps, masks):
    found = []
    for one, other, mask in zip(object_maps, scene_maps, masks, strict=True):
        means = []
        for heat in (one, other):
            sizes = np.abs(heat.numpy()).sum(0)
            means.append((sizes / sizes.mean())[mask.numpy()[0]].mean())
        found.append(means[0] - means[1])
    return found


def test_an_odd_right_contrast_passes():
    verdict = check("17.6", in_numpy)
    assert verdict.passed, verdict.message


def test_a_map_that_ignores_the_net_has_no_contrast():
    x = torch.rand(4, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    masks = torch.zeros(4, 1, 6, 6, dtype=torch.bool)
    masks[..., 1:4, 2:5] = True
    assert bool((contrast(x, x, masks) == 0).all())
    larger = contrast(torch.where(masks, 3.0, 1.0) * x, 7 * x, masks)
    assert bool((larger > 0).all())


def test_every_spelling_of_a_word_passes():
    right = {"A": "leak", "B": "Any-Map", "C": " gain", "D": "nothing"}
    assert check("17.7", right).passed
    assert not check("17.7", right | {"D": "gain"}).passed


# ---------------------------------------------------------------- what the lesson says


def test_a_map_of_a_cheating_net_lies_on_the_tag():
    made = xc.datasets.tagged(30, seed=9)
    for start in (0, 1, 2):
        net = xc.zoo.load("tagged_cheating", seed=start, device="cpu")
        ig = xc.integrated_gradients(net, made.x, made.labels, steps=8, batch_size=30)
        on_mark, on_tag = (localise(ig, mask)[:, 1].mean() for mask in (made.masks, made.tag_masks))
        assert float(on_tag) > 0.4 > 0.2 > float(on_mark)


def test_z_box_turns_its_sign_for_another_class_and_stays():
    x, labels, *_ = xc.datasets.tagged(30, seed=1)
    net = xc.zoo.load("tagged_honest", device="cpu")
    own, other = (xc.lrp(net, x, t, rules="z_box") for t in (labels, (labels + 1) % 4))
    above = [float(maps.clamp_min(0).sum() / maps.abs().sum()) for maps in (own, other)]
    assert above[0] > 0.99 > 0.1 > above[1]


def test_with_smoothed_noise_the_best_weights_leave_the_mask():
    ranks = {}
    for smoothing in (0.0, 0.75):
        best = xc.datasets.tetromino_answer(smoothing=smoothing)
        mask = best.pattern.abs() > 1e-9
        ranks[smoothing] = float(localise(best.weight[None], mask[None])[0, 1])
    assert ranks == {0.0: 1.0, 0.75: 0.5}


def test_pooling_is_worse_with_more_answers():
    pooled = [xc.people.simulate_studies(0.5, n, raters=10, spread=1.0).found() for n in (20, 80)]
    assert 0.25 < pooled[0] < 0.4 < 0.5 < pooled[1]
