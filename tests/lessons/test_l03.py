"""The tasks of lesson 03: right answers of every kind pass, wrong ones get their own name."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.grading.cases import apart
from xaicourse.course.lessons.l03_relevance import (
    epsilon_rules,
    other_maps,
    task_epsilon,
    task_rescale,
)
from xaicourse.course.lessons.l03_relevance.nets import run

LESSON = [task for task in TASKS if task.startswith("03.")]


def as_model(weights, biases):
    """The net of a probe as a module, for the package's own methods."""
    layers = []
    for W, b in zip(weights, biases, strict=True):
        linear = nn.Linear(W.shape[1], W.shape[0]).double()
        linear.load_state_dict({"weight": W.double(), "bias": b.double()})
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval().requires_grad_(False)


# ---------------------------------------------------------------- 03.1


@pytest.mark.parametrize(
    "answer",
    [
        ((0, 12, -3), ("-4", 15), [0, -3, 1, 1], (-63 / 20, 12.15)),
        {
            "hidden": torch.tensor([0.0, 12, -3]),
            "inputs": np.array([-4, 15]),
            "absorbed": (0, -3, 1, 1),
            "deeplift": ("-63/20", "243/20"),
        },
    ],
)
def test_odd_right_hands_pass(answer):
    verdict = check("03.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        ((0, 12, -3), (-4, 15), (0, -3, 1, 1), (0, 9)),
        ((1, 12, -3), (-4, 15), (0, -3, 1, 1), (-3.15, 12.15)),
        ((0, 12, -3), (5, 6), (0, -3, 1, 1), (-3.15, 12.15)),
        ((0, 12, -3), (-4, 15), (-2, 1), (-3.15, 12.15)),
        ((0, 12, -3), (-4, 15), (0, -2, 0, 1), (-3.15, 12.15)),
        ((9, 9, 9), (9, 9), (9, 9, 9, 9), (9, 9)),
    ],
)
def test_other_wrong_hands_have_no_name(answer):
    verdict = check("03.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_hand_is_the_packages():
    toy, x = xc.zoo.toy(), torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    details = xc.lrp(toy, x, target=None, epsilon=1e-12, return_details=True)
    right = TASKS["03.1"].reference
    assert details.values[0].tolist() == pytest.approx(right["inputs"])
    assert float(details.extra["absorbed"][0]) == pytest.approx(sum(right["absorbed"]))
    found = xc.deeplift(toy, x, target=None, baseline=0.0)[0]
    assert found.tolist() == pytest.approx(right["deeplift"])


# ---------------------------------------------------------------- 03.2 and 03.3


def lrp_by_numpy(W, B, x, t, eps):
    W, B = [np.asarray(w, float) for w in W], [np.asarray(b, float) for b in B]
    rows = []
    for row, c in zip(np.asarray(x, float), np.asarray(t), strict=True):
        a = [row]
        for w, b in zip(W, B, strict=True):
            a.append(np.maximum(w @ a[-1] + b, 0))
        z = W[-1] @ a[-2] + B[-1]
        R = np.where(np.arange(len(z)) == c, z, 0)
        for w, b, h in zip(W[::-1], B[::-1], a[-2::-1], strict=True):
            z = w @ h + b
            s = R / (z + eps * np.where(z >= 0, 1, -1))
            R = h * (w.T @ s)
        rows.append(R)
    return np.array(rows)


def lrp_by_autograd(weights, biases, x, target, epsilon):
    """The gradient trick: detach all quotients."""
    a = x.detach().double().requires_grad_()
    steps, h = [], a
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = h @ W.double().T + b.double()
        steps.append((h, z))
        h = z.relu() if k < len(weights) - 1 else z
    places = torch.arange(len(x))
    R = torch.zeros_like(h)
    R[places, target] = h.detach()[places, target]
    for h, z in reversed(steps):
        sign = torch.where(z >= 0, 1.0, -1.0).double()
        s = (R / (z + epsilon * sign)).detach()
        R = (h * torch.autograd.grad((z * s).sum(), h, retain_graph=True)[0]).detach()
    return R


def lrp_in_lists(weights, biases, x, target, epsilon):
    return [
        epsilon_rules.lrp_epsilon(weights, biases, x[k : k + 1], target[k : k + 1], epsilon)[
            0
        ].tolist()
        for k in range(len(x))
    ]


@pytest.mark.parametrize("answer", [lrp_by_numpy, lrp_by_autograd, lrp_in_lists])
def test_odd_right_lrps_pass(answer):
    verdict = check("03.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda W, b, x, t, e: 2 * epsilon_rules.lrp_epsilon(W, b, x, t, e),
        lambda W, b, x, t, e: epsilon_rules.lrp_epsilon(W, b, x, t, 2 * e),
        lambda W, b, x, t, e: epsilon_rules.lrp_epsilon(W, b, x, t, e).flip(1),
        lambda W, b, x, t, e: -epsilon_rules.lrp_epsilon(W, b, x, t, e),
        lambda W, b, x, t, e: torch.zeros_like(x),
        lambda W, b, x, t, e: x,
    ],
)
def test_other_wrong_lrps_have_no_name(answer):
    verdict = check("03.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_lrp_of_the_task_is_the_packages():
    for case in task_epsilon.CASES:
        v = case.values
        net = as_model(v["weights"], v["biases"])
        ours = epsilon_rules.lrp_epsilon(
            [W.double() for W in v["weights"]],
            [b.double() for b in v["biases"]],
            v["x"].double(),
            v["target"],
            v["epsilon"],
        )
        package = xc.lrp(net, v["x"].double(), target=v["target"], epsilon=v["epsilon"])
        assert float((ours - package).norm() / package.norm()) < 1e-9


def rescale_by_hand(W, B, x, x0, t):
    """One input at a time in NumPy, with contributions instead of multipliers."""
    W, B = [np.asarray(w, float) for w in W], [np.asarray(b, float) for b in B]
    rows = []
    for row, row0, c in zip(np.asarray(x, float), np.asarray(x0, float), t.tolist(), strict=True):
        a, a0, q = row, row0, []
        for w, b in zip(W[:-1], B[:-1], strict=True):
            z, z0 = w @ a + b, w @ a0 + b
            a, a0 = np.maximum(z, 0), np.maximum(z0, 0)
            with np.errstate(all="ignore"):
                q.append(np.where(abs(z - z0) < 1e-9, z > 0, (a - a0) / (z - z0)))
        m = W[-1][c]
        for w, one in zip(W[-2::-1], q[::-1], strict=True):
            m = (m * one) @ w
        rows.append(m * (row - row0))
    return np.array(rows)


def rescale_by_the_package(weights, biases, x, baseline, target):
    net = as_model(weights, biases)
    double = (x.double(), baseline.double())
    rows = [
        xc.deeplift(net, double[0][k : k + 1], int(target[k]), baseline=double[1][k : k + 1])
        for k in range(len(x))
    ]
    return torch.cat(rows)


def test_odd_right_rescales_are_right():
    assert check("03.3", rescale_by_hand).passed
    grader = TASKS["03.3"].grade
    for case in grader.cases:
        ours, package = (grader.result(f, case) for f in (grader.right, rescale_by_the_package))
        assert apart(ours, package) < 1e-5


@pytest.mark.parametrize(
    "answer",
    [
        lambda W, b, x, y, t: 2 * other_maps.rescale(W, b, x, y, t),
        lambda W, b, x, y, t: other_maps.rescale(W, b, y, x, t),
        lambda W, b, x, y, t: other_maps.rescale(W, b, x + 1, y, t),
        lambda W, b, x, y, t: other_maps.rescale(W, b, x, y, t).flip(1),
        lambda W, b, x, y, t: torch.zeros_like(x),
        lambda W, b, x, y, t: x - y,
    ],
)
def test_other_wrong_rescales_have_no_false_name(answer):
    verdict = check("03.3", answer)
    assert not verdict.passed
    assert verdict.diagnosis in (None, "difference_reversed"), verdict.message


def test_integrated_gradients_pass_with_one_hidden_layer_only():
    cases = {case.name: case for case in task_rescale.CASES}
    for name, equal in {"two_layers": True, "batch": False}.items():
        right, other = (
            TASKS["03.3"].grade.result(f, cases[name])
            for f in (other_maps.rescale, other_maps.integrated)
        )
        assert (apart(right, other) < 0.01) is equal


# ---------------------------------------------------------------- 03.4 and 03.5


def likeness_by_loop(maps):
    found = []
    for a, b in itertools.combinations(maps, 2):
        a, b = np.asarray(a).ravel(), np.asarray(b).ravel()
        found.append(abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b))
    return float(np.mean(found))


def likeness_by_table(maps):
    rows = nn.functional.normalize(maps.double().flatten(1))
    table, K = (rows @ rows.T).abs(), len(maps)
    return [(table.sum() - table.trace()) / (K * (K - 1))]


@pytest.mark.parametrize("answer", [likeness_by_loop, likeness_by_table])
def test_odd_right_likenesses_pass(answer):
    verdict = check("03.4", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: 0.9,
        lambda maps: likeness_by_loop(maps) ** 0.5,
        lambda maps: likeness_by_loop(maps + 1),
        lambda maps: 1.0,
        lambda maps: maps.abs().mean(),
        lambda maps: 0.7 * likeness_by_loop(maps),
    ],
)
def test_other_wrong_likenesses_have_no_name(answer):
    verdict = check("03.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_other_twins_pass():
    """x1 = relu(x1) - relu(-x1), and the same with a bias that a second layer takes back."""
    first = [
        ([[1.0], [-1.0]], [0.0, 0.0]),
        ([[1.0, -1.0]], [-1.0]),  # relu(x1 - 1)
        ([[1.0]], [0.0]),
    ]
    second = [([[1.0]], [-1.0]), ([[1.0]], [0.0]), ([[1.0]], [0.0])]
    verdict = check("03.5", (first, second, [2.0]))
    assert verdict.diagnosis == "same_map", verdict.message  # one feature gets the whole rise
    padded = [([[1.0, 0.0], [0.0, 1.0]], [-1.0, 0.0]), ([[1.0, -1.0]], [0.0]), ([[2.0]], [1.0])]
    other = [
        (torch.eye(2), np.zeros(2)),
        (np.array([[1.0, -1.0]]), [-1.0]),
        ([[2.0]], torch.ones(1)),
    ]
    assert check("03.5", {"First": other, "second": padded, "x": [4, 2]}).passed


@pytest.mark.parametrize(
    "change",
    [
        {"first": 3},
        {"first": []},
        {"first": [([[1.0]], [0.0])]},
        {"first": [([[1.0, 2.0]], [0.0, 1.0])]},
        {"first": [([[1.0, 2.0], [1.0, 2.0]], [0.0, 1.0])]},
        {"x": [[50.0, 1.0]]},
        {"x": [[3.0, 1.0], [3.0, 1.0]]},
        {"x": "TODO"},
    ],
)
def test_twins_that_cannot_be_read_are_refused(change):
    verdict = check("03.5", {**TASKS["03.5"].reference, **change})
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_pair_of_the_lesson_is_refused_however_it_is_written():
    last = ([[0.5]], [0.0])
    first = [(torch.eye(2), [0.0, 0.0]), ([[2.0, -2.0]], [-2.0]), last]
    second = [(torch.eye(2), [-1.0, 0.0]), ([[2.0, -2.0]], [0.0]), last]
    assert check("03.5", (first, second, [[3.0, 1.0]])).diagnosis == "pair_of_the_lesson"
    last = ([[0.6]], [0.0])  # another function: it is a tenth larger, and found by oneself
    assert check("03.5", ([*first[:2], last], [*second[:2], last], [[3.0, 1.0]])).passed


def test_a_part_that_is_open_is_not_done():
    assert check("03.5", {**TASKS["03.5"].reference, "second": None}).status == "not_done"


# ---------------------------------------------------------------- 03.6


def units(*weights, bias=1.0, behind=10.0):
    """One hidden unit for each weight, all with one bias and one weight behind them."""
    return [([[w] for w in weights], [bias] * len(weights)), ([[behind] * len(weights)], [0.0])]


@pytest.mark.parametrize(
    "answer",
    [
        (units(-0.94, -0.94), 1.0),
        {"NET": units(-0.97, -0.97, -0.95), "x": torch.ones(1, 1)},
        ([(np.array([[-0.97], [-0.97]]), np.ones(2)), ([[10, 10]], [0.4])], [1]),
        (units(-0.47, -0.47), [[2.0]]),
    ],
)
def test_nets_in_which_less_than_nothing_arrives_pass(answer):
    verdict = check("03.6", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ((units(-0.94), 1.0), "no_score"),
        ((units(-0.8, -0.8), 1.0), "not_far"),
        ((units(0.2, 0.2), 1.0), "something_arrives"),
        ((units(0.2, 0.2, bias=0.0), 1.0), "adds_up"),
        (([([[-10.0, -10.0]], [21.0])], [[1.0, 1.0]]), "large_bias"),
        ((units(-0.94, -0.94, behind=20.0), 1.0), None),
        ((units(-0.94, -0.94), [[20.0]]), None),
        ((3, 1.0), None),
    ],
)
def test_nets_in_which_that_does_not_happen_are_named(answer, name):
    verdict = check("03.6", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_the_account_of_the_right_net_is_the_packages():
    right = TASKS["03.6"].reference
    weights, biases = zip(*right["net"], strict=True)
    net = as_model(*([torch.tensor(part) for part in parts] for parts in (weights, biases)))
    x = torch.tensor(right["x"], dtype=torch.float64)
    assert float(net(x)) == pytest.approx(1.2, abs=1e-6)
    assert float(xc.lrp(net, x, target=0, epsilon=1e-9).sum()) == pytest.approx(-18.8, abs=1e-4)


# ---------------------------------------------------------------- found by a second attack


def own_score(z, target):
    """The score of the target, 0 elsewhere."""
    return z * nn.functional.one_hot(target, z.shape[1])


def lrp_with(sign, start=None):
    """LRP-epsilon with another sign(z), or another start."""

    def answer(weights, biases, x, target, epsilon):
        inputs, sums = run(weights, biases, x)
        R = own_score(sums[-1], target)
        R = R if start is None else start(R)
        for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
            z = a @ W.T + b
            R = a * ((R / (z + epsilon * sign(z))) @ W)
        return R

    return answer


SIGNS = {
    "plus one at 0": lambda z: torch.where(z >= 0, 1.0, -1.0),
    "minus one at 0": lambda z: torch.where(z > 0, 1.0, -1.0),
    "sign of the bits": lambda z: torch.ones_like(z).copysign(z),
    "never 0": lambda z: torch.sign(torch.sign(z) + 0.5),
}


@pytest.mark.parametrize("name", SIGNS)
def test_both_signs_of_zero_pass(name):
    """A unit whose sum is 0 has the output 0, so it received 0: 0 / epsilon is 0 / -epsilon."""
    verdict = check("03.2", lrp_with(SIGNS[name]))
    assert verdict.passed, verdict.message


def test_zero_over_zero_that_is_mended_afterwards_passes():
    def answer(weights, biases, x, target, epsilon):
        inputs, sums = run(weights, biases, x)
        R = own_score(sums[-1], target)
        for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
            z = a @ W.T + b
            R = a * (torch.nan_to_num(R / (z + epsilon * torch.sign(z))) @ W)
        return R

    assert check("03.2", answer).passed


def test_a_sign_that_is_zero_at_zero_is_found():
    verdict = check("03.2", lrp_with(torch.sign))
    assert (verdict.passed, verdict.diagnosis) == (False, "sign_of_zero"), verdict.message


def test_another_fault_at_zero_sums_has_no_name():
    def answer(weights, biases, x, target, epsilon):
        right = epsilon_rules.lrp_epsilon(weights, biases, x, target, epsilon)
        sums = run(weights, biases, x)[1]
        return right + 1.0 if any(bool((z == 0).any()) for z in sums) else right

    verdict = check("03.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_the_zero_case_has_sums_of_zero():
    case = task_epsilon.ZERO_SUMS.values
    hidden, logits = run(case["weights"], case["biases"], case["x"])[1]
    places = torch.arange(len(logits))
    assert bool((hidden == 0).any())
    assert (logits[places, case["target"]] == 0).tolist() == [False, True]


def test_the_size_of_the_score_at_the_start_is_not_blamed_on_the_denominator():
    verdict = check("03.2", lrp_with(SIGNS["plus one at 0"], start=torch.abs))
    assert not verdict.passed
    assert "start" in verdict.message


def test_a_net_without_relus_is_named():
    def answer(weights, biases, x, target, epsilon):
        inputs = [x]
        for W, b in zip(weights, biases, strict=True):
            inputs.append(inputs[-1] @ W.T + b)
        R = own_score(inputs[-1], target)
        for W, a, z in zip(weights[::-1], inputs[-2::-1], inputs[::-1], strict=False):
            R = a * ((R / (z + epsilon * torch.where(z >= 0, 1.0, -1.0))) @ W)
        return R

    assert check("03.2", answer).diagnosis == "sums_for_outputs"


def rescale_with(still):
    """Rescale with another multiplier where the sum does not change."""

    def answer(weights, biases, x, baseline, target):
        def quotient(z, z0):
            same = z == z0
            change = torch.where(same, torch.ones_like(z), z - z0)
            return torch.where(same, still(z), (z.relu() - z0.relu()) / change)

        return other_maps.rescale(weights, biases, x, baseline, target, quotient=quotient)

    return answer


@pytest.mark.parametrize(
    ("still", "name"),
    [
        (torch.zeros_like, "zero_where_still"),
        (torch.ones_like, "one_where_still"),
        (lambda z: torch.full_like(z, 0.5), None),
        (lambda z: (z < 0).to(z), None),
    ],
)
def test_the_multiplier_of_a_sum_that_stands_still_matters(still, name):
    verdict = check("03.3", rescale_with(still))
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


@pytest.mark.parametrize("still", [0.5, 0.01])
def test_a_small_change_is_not_taken_for_none(still):
    def answer(weights, biases, x, baseline, target):
        def quotient(z, z0):
            same = (z - z0).abs() < still
            change = torch.where(same, torch.ones_like(z), z - z0)
            return torch.where(same, (z > 0).to(z), (z.relu() - z0.relu()) / change)

        return other_maps.rescale(weights, biases, x, baseline, target, quotient=quotient)

    verdict = check("03.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_a_small_number_in_the_denominator_is_found():
    def answer(weights, biases, x, baseline, target):
        def quotient(z, z0):
            return (z.relu() - z0.relu()) / (z - z0 + 1e-9)

        return other_maps.rescale(weights, biases, x, baseline, target, quotient=quotient)

    assert check("03.3", answer).diagnosis == "zero_where_still"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda m: table(m).triu(1).mean(), "empty_half_counted"),
        (lambda m: table(m).triu(1).sum() / (len(m) * (len(m) - 1)), "pairs_halved"),
        (lambda m: (table(m).sum() - len(m)) / len(m) ** 2, "divided_by_all"),
        (lambda m: table(m).sum() - len(m), "pairs_added"),
        (lambda m: likeness_by_loop(m.flatten(2).mean(1) if m.ndim > 3 else m), None),
    ],
)
def test_wrong_means_of_the_table_are_found(answer, name):
    verdict = check("03.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def table(maps):
    rows = nn.functional.normalize(maps.flatten(1))
    return (rows @ rows.T).abs()


def test_twins_say_how_far_apart_their_maps_are():
    right = TASKS["03.5"].reference
    verdict = check("03.5", {**right, "x": [[9.0, 1.0]]})
    assert verdict.diagnosis == "same_map"
    assert "0.05 of" in verdict.message  # the length of (1/4, 1/4) over that of (7, -1)


def test_two_scores_are_shown_with_digits_that_differ():
    right = TASKS["03.5"].reference
    second = [*right["second"][:-1], ([[1.0003]], [0.0])]
    said = check("03.5", {**right, "second": second}).message.split("they give ")[1]
    one, other = said.split(".  ")[0].split(". ")[0].split(" and ")
    assert one != other


def test_a_wrong_deeplift_by_hand_points_to_deeplift():
    right = TASKS["03.1"].reference
    assert "section 2" in check("03.1", {**right, "deeplift": (1.0, 2.0)}).message
