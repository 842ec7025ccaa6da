"""The tasks of lesson 11: right answers of every kind pass, wrong ones get their own name."""

from itertools import pairwise

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l11_which_path import task_agi, task_guided, task_hunt, task_sum
from xaicourse.course.lessons.l11_which_path.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l11_which_path.family import IG, PARENTS, family
from xaicourse.course.table import LESSON_OF

TOY, X = xc.zoo.toy(), xc.zoo.toy_input()


# ---------------------------------------------------------------- 11.1


def step_by_step(F, points):
    total = np.zeros(points.shape[1])
    for a, b in pairwise(points):
        middle = ((a + b) / 2)[None].clone().requires_grad_()
        slope = torch.autograd.grad(F(middle)[0], middle)[0][0]
        total += (slope * (b - a)).detach().numpy()
    return total


def by_the_package(F, points):
    slopes = xc.gradient(F, (points[1:] + points[:-1]) / 2, target=None)
    return torch.einsum("nd,nd->d", slopes, points[1:] - points[:-1]).tolist()


@pytest.mark.parametrize("answer", [step_by_step, by_the_package])
def test_odd_right_sums_pass(answer):
    verdict = check("11.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda F, points: 2 * step_by_step(F, points),
        lambda F, points: step_by_step(F, points[::2]),
        lambda F, points: torch.zeros(points.shape[1]),
    ],
)
def test_other_wrong_sums_have_no_name(answer):
    verdict = check("11.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_sum_is_that_of_the_package(close):
    """Three ways through the plane of the TOY net, and what the lesson says of them."""
    line = torch.linspace(0, 1, 401, dtype=torch.float64)[:, None]
    corner = torch.tensor([[0.0, 1.0]]).double()
    up_first = torch.cat([line * corner, corner + line[1:] * (X - corner)])
    close(task_sum.path_sum(TOY, up_first), torch.tensor([-2.0, 3.0]).double(), 0.01)
    for way, found in {"straight": [3.75, -2.75], "x1 first": [4, -3], "x2 first": [-2, 3]}.items():
        shares = xc.widgets.walk_way(TOY, X, way).shares
        close(shares, torch.tensor(found).double(), 0.03)
    package = xc.path_attribution(TOY, X, path="corner", steps=2000, quadrature="midpoint")
    close(package[0], torch.tensor([4.0, -3.0]).double(), 1e-3)


def test_the_probes_bend_and_turn_back():
    corner, turns, one, ring = (case.values["points"] for case in task_sum.CASES)
    assert len(one) == 2
    assert torch.equal(ring[0], ring[-1])
    forward = (turns[-1] - turns[0]).sign()
    assert bool((turns.diff(dim=0) * forward < 0).any())
    assert bool((corner.diff(dim=0) == 0).any())


# ---------------------------------------------------------------- 11.2


def in_rounds(x, point, grad, budget):
    """One group after the other, as long as there is budget."""
    new, left = point.numpy().copy(), float(budget)
    while left > 1e-12 and (x.numpy() != new).any():
        rest = x.numpy() - new
        size = np.where(rest != 0, np.abs(grad.numpy()), np.inf)
        group = size == size.min()
        need = np.abs(rest[group]).sum()
        if need <= left:
            new[group] = x.numpy()[group]
        else:
            new[group] += rest[group] * left / need
        left -= need
    return new


def test_a_guided_step_in_rounds_passes():
    verdict = check("11.2", in_rounds)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, point, grad, budget: x.clone(),
        lambda x, point, grad, budget: task_guided.guided_step(x, point, grad, budget / 2),
        lambda x, point, grad, budget: task_guided.guided_step(x, point, grad, budget).flip(0),
    ],
)
def test_other_wrong_steps_do_not_pass(answer):
    assert not check("11.2", answer).passed


def guided(F, x, moves):
    points, budget = [torch.zeros_like(x)], x.abs().sum() / moves
    for _ in range(moves):
        slope = xc.gradient(F, points[-1][None], target=None)[0]
        points.append(task_guided.guided_step(x, points[-1], slope, budget))
    return torch.stack(points)


@pytest.mark.parametrize(("unit", "shares"), [(1.0, [72, 9]), (0.25, [36, 45])])
def test_the_guided_path_of_the_lesson_depends_on_the_unit(unit, shares, close):
    def square(q):
        return (2 * unit * q[:, 0] + q[:, 1]) ** 2

    x = torch.tensor([3.0 / unit, 3.0]).double()
    found = task_sum.path_sum(square, guided(square, x, 400))
    close(found, torch.tensor(shares).double(), 0.01)
    package = xc.guided_ig(square, x[None], max_dist=1.0, moves=400, steps=400)
    close(found, package[0], 0.01)
    straight = xc.integrated_gradients(square, x[None], steps=50)
    close(straight[0], torch.tensor([54.0, 27.0]).double(), 1e-6)


# ---------------------------------------------------------------- 11.3


def by_hand(net, x, other, step, most):
    way = [x.clone()]
    for _ in range(most):
        if net(way[0])[0].argmax() == other:
            break
        z = way[0].clone().requires_grad_()
        net(z).softmax(1)[0, other].backward()
        way.insert(0, way[0] + step * torch.sign(z.grad))
    return torch.stack(way)[:, 0].numpy()


def test_an_odd_right_way_passes():
    verdict = check("11.3", by_hand)
    assert verdict.passed, verdict.message


def test_the_way_crosses_a_third_class():
    """Else 'until the first class is lost' and 'until the other is there' would be one."""
    case = task_agi.CASES[1].values
    way = task_agi.way_back(**case)
    assert len(set(case["net"](way).argmax(1).tolist())) == 3
    assert 10 < len(way) < case["most"]


def test_the_way_is_that_of_the_package(close):
    net = xc.zoo.load("planted_cnn", device="cpu")
    x, labels, _ = xc.datasets.planted(1, seed=1)

    def flat(p):
        return net(p.view(-1, 1, 32, 32))

    other = (int(labels[0]) + 1) % 4
    way = task_agi.way_back(flat, x.flatten(1), other, 0.01, 100)
    found = task_sum.path_sum(lambda p: flat(p)[:, int(labels[0])], way)
    package = xc.adversarial_gradient_integration(
        net, x, int(labels[0]), classes=[other], step=0.01, search=100, steps=len(way) - 1
    )
    close(found, package.flatten(), 1e-3)


# ---------------------------------------------------------------- 11.4 to 11.7


def test_the_numbers_on_paper_are_those_of_the_sum(close):
    def f(p):
        return p[:, 0] ** 2 * p[:, 1]

    line = torch.linspace(0, 1, 401, dtype=torch.float64)[:, None]
    corners = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [0.0, 0.0]]).double()
    pieces = [torch.lerp(a[None], b[None], line) for a, b in pairwise(corners)]
    for points, shares in (
        (torch.cat(pieces[:2]), [0, 4]),
        (line * torch.tensor([[2.0, 1.0]]).double(), [8 / 3, 4 / 3]),
        (torch.cat(pieces), [-4, 4]),
    ):
        found = task_sum.path_sum(f, points)
        assert found.tolist() == pytest.approx(shares, abs=1e-3)


def test_each_function_of_the_hunt_is_right_somewhere(close):
    one = torch.tensor([[1.0, 1.0]]).double()
    step = 3.0  # the other class is one step away
    truth = task_sum.path_sum(task_hunt.plane, torch.cat([one - step, one]))
    close(bug_a(task_hunt.plane, one, step), truth, 1e-9)
    line = torch.linspace(0, 1, 200, dtype=torch.float64)[:, None] * one
    for bug in (bug_b, bug_c):
        close(bug(task_hunt.product, line), task_sum.path_sum(task_hunt.product, line), 1e-3)


def test_what_the_solution_says_of_the_circle():
    turn = torch.linspace(0, torch.pi / 2, 2001, dtype=torch.float64)[:, None]
    circle = torch.cat([turn.cos(), turn.sin()], 1)
    found = bug_b(task_hunt.bent, circle)
    assert found.tolist() == pytest.approx([-1.273, 0], abs=2e-3)
    assert task_sum.path_sum(task_hunt.bent, circle).tolist() == pytest.approx([-1, 0], abs=1e-4)
    wrong = bug_b(task_hunt.product, circle)  # x1 x2 + x1: the sum is right, the shares are not
    right = task_sum.path_sum(task_hunt.product, circle)
    assert float(wrong.sum()) == pytest.approx(float(right.sum()), abs=1e-3)
    assert wrong.tolist() == pytest.approx([-1.637, 0.637], abs=2e-3)
    assert right.tolist() == pytest.approx([-1.785, 0.785], abs=2e-3)


@pytest.mark.parametrize("bug", ["a", "b", "c"])
def test_other_evidence_convicts(bug):
    given = {
        "a": (lambda p: (p**2).sum(1) - 0.5, [[1.0, -1.5]], 0.2),
        "b": (lambda p: p[:, :1] * p[:, 1:], [[0, 0], [1, 0], [1, 2]]),
        "c": {"f": lambda p: p.prod(1), "points": torch.tensor([[0, 1.0], [-1, 2], [3, 2]])},
    }
    answer = {name: given[name] if name == bug else None for name in "abc"}
    assert f"Convicted: {bug}" in check("11.5", answer).message


@pytest.mark.parametrize(
    "answer",
    [
        (lambda p: torch.sin(3 * p[:, 0]) * p[:, 1] * 4, [1.5, 1.0], [0.5, 0.0], 1),
        {"f": lambda p: p[:, :1] * p[:, 1:], "x": [2, 5], "baseline": [0, -5], "feature": 0},
        (
            lambda p: p[:, 2] * (1 - p[:, 0] - p[:, 1]),
            torch.tensor([[1.0, 3.0, 2.0]]),
            [0, 0, 0],
            2,
        ),
    ],
)
def test_any_pair_of_ways_with_opposite_signs_passes(answer):
    verdict = check("11.6", answer)
    assert verdict.passed, verdict.message


def ordered_in_a_loop(F, x, baseline, order):
    shares, point = np.zeros(len(x)), baseline.clone()
    for k in order:
        before = float(F(point[None]))
        point[k] = x[k]
        shares[k] = float(F(point[None])) - before
    return shares


def test_an_odd_right_order_passes():
    assert check("11.7", ordered_in_a_loop).passed


def test_wrong_orders_have_no_name():
    for factor in (3.0, 0.5):
        verdict = check("11.7", lambda *given, k=factor: k * ordered_in_a_loop(*given))
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- the family, the table


def test_every_integrated_method_has_a_parent_that_is_not_younger():
    records = xc.METHODS
    integrated = {name for name, one in records.items() if one.family == "integrated"}
    assert set(PARENTS) == integrated - {IG}
    for name, parent in PARENTS.items():
        assert records[parent].year <= records[name].year, name
    assert sum(map(len, family().values())) == len(PARENTS)


NOT_A_PATH = {  # other integrated methods of one picture, and why the table has no line for them
    "expected_gradients": "straight paths from several starts: lesson 09",
    "gradient_shap": "straight paths from several starts: lesson 09",
    "weighted_ig": "straight paths from several starts: lesson 09",
    "xrai": "regions of a map: lesson 09",
    "left_ig": "weights on the straight path: lesson 10",
    "split_ig": "weights on the straight path: lesson 10",
    "integrated_decision_gradients": "weights on the straight path: lesson 10",
    "important_direction_ig": "weights on the straight path: lesson 10",
    "path_weighted_ig": "weights on the straight path: lesson 10",
    "path_sampled_ig": "weights on the straight path: lesson 10",
    "geometrically_guided_ig": "no line integral: an ablation of lesson 12",
    "gradient_artificial_distancing": "fits a net: lesson 12",
    "integrated_hessians": "pairs: lesson 14",
    "meta_ig": "pairs: lesson 14",
}


def test_the_table_has_every_path_of_the_registry():
    stored = xc.widgets.stored_paths()
    measured = {line["method"] for line in stored.lines}
    pictures = {
        name
        for name, one in xc.METHODS.items()
        if one.family == "integrated" and one.input in ("any", "image") and one.result != "dataset"
    }
    assert pictures == measured | set(NOT_A_PATH)
    assert not measured & set(NOT_A_PATH)
    taught = {name for name, lesson in LESSON_OF.items() if lesson == "11"}
    assert taught <= measured


@pytest.mark.parametrize("place", ["photos", "marks", "clothes"])
def test_the_columns_of_the_table_are_whole(place):
    lines = xc.widgets.stored_paths().at(place)
    assert len(lines) == (18 if place == "clothes" else 15)
    wanted = {"gradients", "gap", "map_error", "agreement", "random map", "brightness", "edges"}
    for path, line in lines.items():
        assert wanted | {"other class", "time"} <= set(line), path
        assert abs(line["random map"]) < 0.05, path
        assert 0 <= line["map_error"] < 3, path
    if place != "clothes":
        complete = [line["gap"] for path, line in lines.items() if path == "Boundary"]
        assert max(complete) < 0.05


def test_what_the_lesson_says_of_the_table():
    stored = xc.widgets.stored_paths()
    clothes, marks = stored.at("clothes"), stored.at("marks")
    nearer = sum(line["brightness"] > line["agreement"] for line in clothes.values())
    assert nearer > len(clothes) / 2
    for path in ("Blur IG", "AGI", "Boundary", "IG2"):
        assert max(clothes[path]["brightness"], clothes[path]["agreement"]) < 0.3, path
    for path in ("corner", "random order"):
        assert marks[path]["map_error"] > 0.5
    assert marks["Guided, free, left rule"]["gap"] > 2 * marks["Guided, free"]["gap"]
    assert marks["AGI"]["share"] < 1.5 * marks["AGI"]["share, ruined net"]
    with pytest.raises(ValueError, match="columns are"):
        stored.text("marks", ["weight"])
    with pytest.raises(ValueError, match="place must be one of"):
        stored.at("moon")
