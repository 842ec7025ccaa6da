"""The tasks of lesson 16: right answers of every kind pass, wrong ones get their own name."""

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import check
from xaicourse.course.lessons.l16_sanity_and_robustness import (
    disguises,
    task_break,
    task_move,
    task_sensitivity,
)
from xaicourse.course.lessons.l16_sanity_and_robustness.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l16_sanity_and_robustness.task_hunt import kinked, rounded
from xaicourse.robustness.stand_in import StandIn

# ---------------------------------------------------------------- 16.1


def all_at_once(explain, x, draws, radius):
    before = explain(x).flatten(1)
    after = torch.stack([explain(x + radius * d) for d in draws]).flatten(2)
    return ((after - before).norm(dim=2) / before.norm(dim=1)).max(0).values


def row_by_row(explain, x, draws, radius):
    before, found = explain(x), [0.0] * len(x)
    for draw in draws:
        after = explain(x + radius * draw)
        for i in range(len(x)):
            share = np.linalg.norm((after[i] - before[i]).numpy()) / np.linalg.norm(before[i])
            found[i] = max(found[i], float(share))
    return found


@pytest.mark.parametrize("answer", [all_at_once, row_by_row])
def test_odd_right_sensitivities_pass(answer):
    verdict = check("16.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda explain, x, draws, radius: torch.zeros(len(x)),
        lambda *given: 0.5 * task_sensitivity.sensitivity(*given),
    ],
)
def test_other_wrong_sensitivities_have_no_name(answer):
    verdict = check("16.1", answer)
    assert verdict.diagnosis in (None, "normalised"), verdict.message
    assert not verdict.passed


def test_the_sensitivity_of_a_quadratic_is_known(close):
    """The map 2x moves by 2 r |draw|."""
    x, draws = torch.ones(2, 3).double(), torch.ones(1, 2, 3).double()
    found = task_sensitivity.sensitivity(lambda p: 2 * p, x, draws, 0.1)
    close(found, torch.tensor([0.1, 0.1]).double(), 1e-6)


# ---------------------------------------------------------------- 16.2


def with_a_list(x, slope, score, same_class, eps, step, n):
    """Keep all points, choose at the end."""
    points, p = [x], x
    for _ in range(n):
        p = p - step * torch.sign(slope(p))
        p = (x + (p - x).clamp(-eps, eps)).clamp(min=0).clamp(max=1)
        points.append(p)
    values = torch.stack([score(p) for p in points])
    lost = torch.stack([~same_class(p) for p in points])
    lost[0] = False
    k = values.masked_fill(lost, torch.inf).argmin(0)
    return torch.stack(points)[k, torch.arange(len(x))]


def row_after_row(x, slope, score, same_class, eps, step, n):
    """One input at a time."""
    found = []
    for row in x.split(1):
        best, lowest, p = row, float(score(row)), row
        for _ in range(n):
            p = p - step * slope(p).sign()
            p = torch.max(torch.min(p, row + eps), row - eps).clamp(0, 1)
            if bool(same_class(p)) and float(score(p)) < lowest:
                best, lowest = p, float(score(p))
        found.append(best)
    return torch.cat(found).tolist()


@pytest.mark.parametrize("answer", [with_a_list, row_after_row])
def test_odd_right_searches_pass(answer):
    verdict = check("16.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, *given: (x + task_move.move(x, *given)) / 2,
        lambda x, *given: x.round(),
    ],
)
def test_other_wrong_searches_have_no_name(answer):
    verdict = check("16.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("case", task_move.CASES, ids=lambda case: case.name)
def test_inputs_of_the_check_keep_their_class_at_first(case):
    given = case.values
    assert bool(given["same_class"](given["x"]).all())
    assert float(given["x"].min()) >= 0
    assert float(given["x"].max()) <= 1


def test_the_search_is_that_of_the_package(close):
    """A square score without kinks: the package needs no stand-in."""
    net = xc.zoo.load("fashion_cnn", device="cpu")
    x = xc.datasets.fashion_mnist(n=2).x
    target = net(x).argmax(1)
    attack = xc.robustness.attack_map(net, x, target, k=50, eps=0.03, steps=6, beta=10.0)
    strongest = shares(net, x, target).topk(50, 1).indices

    def slope(p):
        p = p.detach().requires_grad_()
        smooth = StandIn(net, 10.0)
        return torch.autograd.grad(shares(smooth, p, target).gather(1, strongest).sum(), p)[0]

    mine = task_move.move(
        x, slope, lambda p: shares(net, p, target).gather(1, strongest).sum(1).detach(),
        lambda p: net(p).argmax(1) == target, 0.03, 0.03 / 8, 6,
    )  # fmt: skip
    close(mine, attack.x, 1e-5)


def shares(net, x, target):
    x = x if x.requires_grad else x.detach().requires_grad_()
    score = net(x)[torch.arange(len(x)), target].sum()
    size = torch.autograd.grad(score, x, create_graph=True)[0].abs().flatten(1)
    return size / size.sum(1, keepdim=True)


# ---------------------------------------------------------------- 16.3


class Module(torch.nn.Module):
    """A disguise as a module."""

    def __init__(self, model, picture):
        super().__init__()
        self.model, self.picture = model, picture

    def forward(self, x):
        return self.model(x) + 500 * torch.einsum("nchw,chw->n", x, self.picture)[:, None]


@pytest.mark.parametrize(
    "answer",
    [
        Module,
        lambda model, picture: xc.robustness.shift_logits(model, picture, strength=1e4),
        lambda model, picture: (
            lambda x: model(x) + 1e5 * torch.tanh(1e-3 * (x * picture).sum((1, 2, 3)))[:, None]
        ),
        lambda model, picture: (
            lambda x: model(x).log_softmax(1) + 900 * (x * picture).sum((1, 2, 3))[:, None]
        ),
    ],
)
def test_odd_right_disguises_pass(answer):
    verdict = check("16.3", answer)
    assert verdict.passed, verdict.message


def test_the_disguise_is_that_of_the_package(close):
    x, picture = torch.rand(2, 1, 3, 4).double(), torch.rand(1, 3, 4).double()
    mine = disguises.disguise(disguises.Probe(), picture)
    package = xc.robustness.shift_logits(disguises.Probe(), picture, strength=1000)
    close(mine(x), package(x), 1e-9)


# ---------------------------------------------------------------- 16.4 to 16.7


@pytest.mark.parametrize(
    "answer",
    [
        lambda model, x, target: task_break.gradient(model, 0 * x + 0.3, target),
        lambda model, x, target: task_break.gradient(
            model, x.new_zeros(1, x.shape[1]), target
        ).expand_as(x).numpy(),
        lambda model, x, target: (
            model(x.new_zeros(1, 4))[0, target] * torch.arange(4.0)
        ).expand_as(x),
    ],
)  # fmt: skip
def test_other_stable_maps_pass(answer):
    verdict = check("16.4", answer)
    assert verdict.passed, verdict.message


def test_what_the_solution_says_of_the_three_tools():
    first, second = bug_a([(3, 3), (3, 3)], 0)
    assert torch.equal(first, second)
    assert bug_b([[1.0, 0.0], [0.0, 1.0]]) == 0.5
    x, twin = torch.tensor([[0.9]]), torch.tensor([[1.1]])
    assert bug_c(kinked, rounded, x, twin)
    assert int(kinked(x).argmax(1)) != int(kinked(twin).argmax(1))


@pytest.mark.parametrize(
    ("tool", "part"),
    [
        ("a", [(2, 5), (5, 2), (2, 5)]),
        ("b", [[1.0, 2.0, 0.0], [-1.0, -2.0, 0.1], [2.0, -1.0, 5.0]]),
        ("c", {"net": rounded, "stand_in": kinked, "x": [0.9], "twin": [-3.0]}),
    ],
)
def test_other_inputs_convict(tool, part):
    verdict = check("16.5", {name: part if name == tool else None for name in "abc"})
    assert f"Convicted: {tool}" in verdict.message, verdict.message


def test_the_numbers_on_paper():
    before, a, b = torch.zeros(3, 10)
    before[[3, 5]], a[[1, 7]] = 5.0, 5.0
    b[[3, 5, 9]] = torch.tensor([4.0, 4.0, 2.0])
    places = torch.arange(10.0)
    assert [float((m * places).sum() / m.sum()) for m in (before, a, b)] == [4, 4, 5]


# ---------------------------------------------------------------- what the lesson says


def test_the_twins_keep_their_class_and_lose_their_half():
    model = xc.zoo.load("efficientnet_lite0", device="cpu")
    for each in xc.widgets.collage_twins()[:2]:
        assert 255 * float((each.twin - each.x).abs().max()) < 4.01
        target = int(model(each.x).argmax())
        assert int(model(each.twin).argmax()) == target
        own = []
        for picture in (each.x, each.twin, xc.robustness.random_twin(each.x, 4 / 255)):
            size = xc.gradient(model, picture, target=target).abs().sum(1)[0]
            own.append(float(size[each.own].sum() / size.sum()))
        assert own[1] < 0.32
        assert min(own[0], own[2]) > 0.5


def test_fooled_nets_say_what_they_said():
    data, nets = xc.datasets.fashion_mnist(), xc.widgets.fooled_nets()
    x, labels = data.x[1500:], data.labels[1500:]
    frame = torch.ones(28, 28, dtype=torch.bool)
    frame[3:-3, 3:-3] = False
    for name, net in nets.items():
        assert 0.9 < float((net(x).argmax(1) == labels).double().mean()) < 0.94
        size = xc.gradient(net, x[:60], target=net(x[:60]).argmax(1)).abs().flatten(1)
        share = float((size[:, frame.flatten()].sum(1) / size.sum(1)).mean())
        assert (share > 0.55) is (name != "control")


def test_nets_on_permuted_labels_learnt_them_by_heart():
    data = xc.datasets.digits()
    x, labels = data.x[1400:], data.labels[1400:]
    right = [float((n(x).argmax(1) == labels).double().mean()) for n in xc.widgets.digit_nets()]
    wrong = [
        float((n(x).argmax(1) == labels).double().mean()) for n in xc.widgets.digit_nets("permuted")
    ]
    assert len(right) == 4
    assert min(right) > 0.9
    assert len(wrong) == 3
    assert max(wrong) < 0.2
    with pytest.raises(ValueError, match="right, permuted"):
        xc.widgets.digit_nets("wrong")
