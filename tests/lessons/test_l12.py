"""The tasks of lesson 12: right answers of every kind pass, wrong ones get their own name."""

from itertools import permutations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l12_beyond_pixels import task_hunt, task_point, task_tie, task_tree
from xaicourse.course.lessons.l12_beyond_pixels.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l12_beyond_pixels.steps_claim import Steps
from xaicourse.course.lessons.l12_beyond_pixels.task_not import Pair, shares_of

ONE, ZERO = torch.ones(2).double(), torch.zeros(2).double()


def above(p, feature, theta):
    return (p[:, feature] > theta).to(p.dtype)


# ---------------------------------------------------------------- 12.1


def by_stepping(f, thresholds, x, baseline):
    """Ask F just before and just after each crossing."""
    total = np.zeros(len(x))
    for i, places in enumerate(thresholds):
        for theta in places:
            if (x[i] > theta) == (baseline[i] > theta):
                continue
            alpha = (theta - baseline[i]) / (x[i] - baseline[i])
            alphas = torch.stack([alpha - 1e-9, alpha + 1e-9]).clamp(0, 1)
            before, after = f(baseline + alphas[:, None] * (x - baseline)).tolist()
            total[i] += after - before
    return total


def feature_by_feature(f, thresholds, x, baseline):
    """Between two crossings all features are known: keep who has crossed."""
    walk = sorted(
        (float((t - baseline[i]) / (x[i] - baseline[i])), i, t)
        for i, places in enumerate(thresholds)
        for t in places
        if (x[i] > t) != (baseline[i] > t)
    )
    point, shares = baseline.clone(), [0.0] * len(x)
    level = float(f(point[None]))
    for _, i, theta in walk:
        point[i] = theta + (1e-7 if x[i] > baseline[i] else -1e-7)
        after = float(f(point[None]))
        shares[i] += after - level
        level = after
    return shares


@pytest.mark.parametrize("answer", [by_stepping, feature_by_feature])
def test_odd_right_walks_pass(answer):
    verdict = check("12.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda f, thresholds, x, baseline: torch.zeros_like(x),
        lambda f, thresholds, x, baseline: 2 * task_tree.tree_ig(f, thresholds, x, baseline),
        lambda f, thresholds, x, baseline: task_tree.tree_ig(f, thresholds, x, baseline).flip(0),
    ],
)
def test_other_wrong_walks_have_no_name(answer):
    verdict = check("12.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("case", task_tree.CASES, ids=lambda case: case.name)
def test_the_walk_is_that_of_the_package(case, close):
    given = case.values
    pairs = [(i, theta) for i, each in enumerate(given["thresholds"]) for theta in each]
    package = xc.generalized_ig(
        given["f"], given["x"][None], None, thresholds=pairs, baseline=given["baseline"][None]
    )
    close(task_tree.tree_ig(**given), package[0], 1e-12)


def test_no_two_crossings_of_the_check_are_at_one_place():
    """What the card promises."""
    for case in task_tree.CASES:
        given = case.values
        places = [a for a, _ in task_tree.in_order(given["thresholds"], given["x"],
                                                   given["baseline"])]  # fmt: skip
        assert len(places) >= 3
        assert min(np.diff(places)) > 1e-3


# ---------------------------------------------------------------- 12.2


def by_mixtures(f, before, after, movers):
    """All 2^k mixtures, weighed."""
    local = xc.widgets.all_orders(
        lambda p: f(torch.stack([with_movers(before, movers, row) for row in p])),
        after[list(movers)], before[list(movers)],
    )  # fmt: skip
    return with_movers(torch.zeros_like(before), movers, local)


def with_movers(point, movers, values):
    point = point.clone()
    point[list(movers)] = values
    return point


def in_numpy(f, before, after, movers):
    total = np.zeros(len(before))
    orders = [*permutations(movers)]
    for order in orders:
        point, level = before.numpy().copy(), float(f(before[None]))
        for i in order:
            point[i] = float(after[i])
            score = float(f(torch.from_numpy(point)[None]))
            total[i], level = total[i] + (score - level) / len(orders), score
    return total


@pytest.mark.parametrize("answer", [by_mixtures, in_numpy])
def test_odd_right_shares_pass(answer):
    verdict = check("12.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda f, before, after, movers: torch.zeros_like(before),
        lambda f, before, after, movers: 0.5 * task_tie.share_jump(f, before, after, movers),
    ],
)
def test_other_wrong_shares_have_no_name(answer):
    verdict = check("12.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_example_of_the_lesson(close):
    found = task_tie.share_jump(task_tie.first_and_both, ZERO, ONE, [0, 1])
    close(found, torch.tensor([1.5, 0.5]).double(), 1e-12)


# ---------------------------------------------------------------- 12.3


def coordinate_by_coordinate(word, point, baseline, m):
    found = []
    for w, p, b in zip(word.tolist(), point.tolist(), baseline.tolist(), strict=True):
        found.append(w if min(p, b) <= w <= max(p, b) else p + (b - p) / m)
    return found


def by_clamping(word, point, baseline, m):
    low, high = torch.minimum(point, baseline), torch.maximum(point, baseline)
    inside = word.clamp(low, high) == word
    return torch.lerp(point, baseline, 1 / m) * ~inside + word * inside


@pytest.mark.parametrize("answer", [coordinate_by_coordinate, by_clamping])
def test_odd_right_points_pass(answer):
    verdict = check("12.3", answer)
    assert verdict.passed, verdict.message


def test_the_point_is_that_of_the_package(close):
    net = xc.zoo.load("sentence_cnn")
    x = net.embed(["a dull film"])
    found = xc.discretized_ig(
        net, x, 0, vocabulary=net.embedding.weight, anchors=6, return_details=True
    )
    points, words = found.extra["points"][0].flip(0), found.extra["words"][0].flip(0)
    for k in range(3):
        point = x[0, k]
        for j in range(6):
            anchor = net.embedding.weight[words[j, k]]
            point = task_point.next_point(anchor, point, torch.zeros(32), 6)
            close(point, points[j + 1, k], 1e-6)


# ---------------------------------------------------------------- 12.4 to 12.7


def test_the_numbers_on_paper_are_those_of_the_package(close):
    def f(p):
        return above(p, 0, 1) * (2 + above(p, 1, 2))

    asked = {"thresholds": [(0, 1.0), (1, 2.0)]}
    x = torch.tensor([[2.0, 5.0], [2.0, 4.0]]).double()
    found = xc.generalized_ig(f, x, None, **asked)
    close(found, torch.tensor([[3, 0], [2.5, 0.5]]).double(), 1e-12)
    close(xc.widgets.all_orders(f, x[0], ZERO), torch.tensor([2.5, 0.5]).double(), 1e-12)


def test_what_the_solution_says_of_the_three_functions():
    def of(bug, name):
        f, thresholds, x, baseline = task_hunt.RIGHT[name]
        return bug(f, thresholds, torch.tensor(x).double(), torch.tensor(baseline).double())

    assert of(bug_a, "a").tolist() == [2, 2]
    assert of(bug_b, "b").tolist() == [0, 1]
    assert float(of(bug_c, "c").sum()) == 4  # the rise
    assert of(bug_c, "c").tolist() != [1, 3]


def test_a_claim_shares_ties_over_all_orders():
    f, limits, x, baseline = task_hunt.RIGHT["a"]
    claim = Steps((lambda p: f(p) + 3 * f(p) ** 2, limits, x, baseline), "x")
    assert claim.truth.tolist() == [7, 7]
    assert claim.shapley.tolist() == [7, 7]
    assert claim.ties


@pytest.mark.parametrize("bug", [bug_a, bug_b, bug_c])
def test_each_function_of_the_hunt_is_right_somewhere(bug, close):
    f, thresholds = task_hunt.later, [[0.5], [0.9]]
    close(bug(f, thresholds, ONE, ZERO), torch.tensor([1, 2]).double(), 1e-12)


def minus(p):
    return 3 * above(p, 0, 0.5) - above(p, 1, 0.8)


@pytest.mark.parametrize(
    ("bug", "part"),
    [
        ("a", (lambda p: above(p, 0, 1) * above(p, 1, 2), [[1], [2]], [2, 4], [0, 0])),
        ("b", (lambda p: 3 * above(p, 0, 5), [[5.0]], [6.0], [4.0])),
        ("c", (minus, [[0.5], [0.8]], [0.6, -1], [0, 1])),
    ],
)
def test_other_inputs_convict(bug, part):
    answer = {name: part if name == bug else None for name in "abc"}
    verdict = check("12.5", answer)
    assert f"Convicted: {bug}" in verdict.message, verdict.message


def three_together(p):
    return above(p, 0, 0.8) * above(p, 1, 0.2) * above(p, 2, 0.3) + 0.7 * above(p, 1, 0.1)


def falling(p):
    return -(1 - above(p, 0, -0.9)) * above(p, 1, 0.1) - 0.5 * above(p, 1, 0.6)


@pytest.mark.parametrize(
    "answer",
    [
        (three_together, [[0.8], [0.1, 0.2], [0.3]], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]),
        {"f": falling, "thresholds": [[-0.9], [0.1, 0.6]], "x": [[-1, 1]], "baseline": [[0, 0]]},
    ],
)
def test_other_disagreements_pass(answer):
    verdict = check("12.6", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("word", ["dull", "warm", "funny", "boring"])
def test_nearly_any_strong_word_will_do(word):
    verdict = check(
        "12.7", {"plain": f"It is a {word} film.", "denied": f"it is not a {word} film"}
    )
    assert verdict.passed, verdict.message


def test_shares_of_a_sentence_are_integrated_gradients(close):
    net = xc.zoo.load("sentence_cnn", seed=1)
    x = net.embed(["it is not a bad film"])
    package = xc.integrated_gradients(net, x, target=0, output="margin", steps=64)
    close(shares_of(net, x).double(), package[0].sum(1).double(), 0.02)


def test_a_pair_is_read_by_its_words():
    pair = Pair({"plain": "It's bad!", "denied": "it's not bad"}, "x")
    assert (pair.plain, pair.denied) == (["it's", "bad"], ["it's", "not", "bad"])
    assert pair.differs_by_not


# ---------------------------------------------------------------- what the lesson says


@pytest.fixture(scope="module")
def forest():
    """The first forest of the lesson, its median patient and its thirty patients."""
    table = load_diabetes(scaled=False)
    X, order = torch.tensor(table.data).float().double(), torch.randperm(
        442, generator=torch.Generator().manual_seed(0)
    )  # fmt: skip
    seen = order[:330]
    trees = GradientBoostingRegressor(n_estimators=40, subsample=0.7, random_state=0)
    trees.fit(X[seen].numpy(), table.target[seen.numpy()])
    return xc.TreeEnsemble(trees), X[seen].median(0).values, X[order[330:360]]


def test_the_walk_of_a_forest_is_exact_but_for_ties(forest, close):
    trees, start, rows = forest
    limits = [[t for k, t in trees.thresholds() if k == i] for i in range(10)]
    package = xc.generalized_ig(trees, rows, 0, baseline=start[None], return_details=True)
    tied = (package.extra["evaluations"] > 2 * (~package.extra["places"].isnan()).sum(1)).tolist()
    for row, map_of_package, has_tie in zip(rows, package.values, tied, strict=True):
        mine = task_tree.tree_ig(lambda p: trees(p)[:, 0], limits, row, start)
        assert float(mine.sum() - map_of_package.sum()) == pytest.approx(0, abs=1e-9)
        if not has_tie:
            close(mine, map_of_package, 1e-9)
    assert any(tied)


def test_yes_and_no_give_shapley_values(forest, close):
    trees, start, rows = forest
    level = lambda p: trees(torch.where(p > 0.5, rows[4], start))[:, 0]  # noqa: E731
    yes = torch.ones(1, 10).double()
    found = xc.generalized_ig(level, yes, None, thresholds=[(i, 0.5) for i in range(10)])
    close(found[0], xc.widgets.all_orders(level, yes[0], 0 * yes[0]), 1e-9)


def test_the_past_tense_speaks_for_negative():
    for seed, word in ((0, "was"), (1, "was"), (2, "plot")):
        net = xc.zoo.load("sentence_cnn", seed=seed)
        for sentence in ("the plot was not good", "the plot was good"):
            walk = xc.widgets.word_walk(net, sentence)
            assert float(walk.scores[-1]) > 1
            if "not" in sentence:
                assert walk.words[int(walk.shares.argmax())] == word


def test_the_way_along_words_is_farther_from_words():
    for seed in (0, 1, 2):
        net = xc.zoo.load("sentence_cnn", seed=seed)
        far = [xc.widgets.word_walk(net, "the plot was not good", way).distance
               for way in ("straight", "greedy", "random words")]  # fmt: skip
        assert far[1] > far[0] + 0.5
        assert far[2] < far[1] + 0.1
