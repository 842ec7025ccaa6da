"""The tasks of lesson 04: right answers in odd forms pass, each known mistake gets its own name."""

import itertools

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.lessons.l04_class_activation_maps import task_effects, task_grad_cam
from xaicourse.course.lessons.l04_class_activation_maps.task_break import against, elsewhere
from xaicourse.course.lessons.l04_class_activation_maps.task_effects import cell_effects
from xaicourse.course.lessons.l04_class_activation_maps.task_grad_cam import my_grad_cam
from xaicourse.course.lessons.l04_class_activation_maps.task_scale import one_scale

LESSON = [task for task in TASKS if task.startswith("04.")]
RIGHT = TASKS["04.1"].reference


# ---------------------------------------------------------------- the probes tell mistakes apart


def test_targets_differ_and_are_never_the_best_class():
    for case in task_grad_cam.CASES:
        v = case.values
        target = torch.as_tensor(v["target"])
        assert bool((v["head"](v["features"](v["x"])).argmax(1) != target).all())
        assert target.ndim == 0 or len(set(target.tolist())) == len(target)
        assert bool(my_grad_cam(**v).flatten(1).amax(1).gt(0).all())  # no map is empty
    for case in task_effects.CASES:
        assert int(case.values["head"](case.values["A"]).argmax()) != case.values["target"]


def test_all_wrong_numbers_on_paper_are_different():
    for part in TASKS["04.1"].grade.parts:
        wrong = {row.given for row in part.rows}
        assert len({part.right, *wrong}) == 1 + len(part.rows), part.name


def test_what_is_right_on_paper_is_what_the_methods_give():
    A = torch.tensor([[[[4.0, 0], [2, 2]], [[1, 3], [0, 2]]]]).double()
    g = torch.tensor([[[[0.0, 2], [1, 1]], [[-3, 1], [-1, -1]]]]).double()

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.maps = torch.nn.Identity()

        def forward(self, x):
            return (self.maps(x) * g).sum((1, 2, 3))[:, None]

    net = Net().eval()
    how = {"target": 0, "layer": "maps", "upsample": None}
    light = xc.grad_cam(net, A, **how, return_details=True)
    assert light.extra["weights"].flatten().tolist() == list(RIGHT["weights"])
    assert light.values.flatten().tolist() == list(RIGHT["grad_cam"])
    assert xc.hires_cam(net, A, **how).flatten().tolist() == list(RIGHT["hires_cam"])


# ---------------------------------------------------------------- 04.1


@pytest.mark.parametrize(
    "answer",
    [
        tuple(RIGHT.values()),
        ((1, -1), [[3, 0], [2, 0]], [[-3, 3], [2, 0]]),
        {"weights": torch.tensor([1.0, -1]), "grad_cam": np.array([3, 0, 2, 0]),
         "hires_cam": ["-3", "3", "2", "0"]},
    ],
)  # fmt: skip
def test_maps_on_paper_in_other_forms_pass(answer):
    verdict = check("04.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        ((7, 7), (3, 0, 2, 0), (-3, 3, 2, 0)),
        ((1, -1), (9, 0, 2, 0), (-3, 3, 2, 0)),
        ((1, -1), (3, 0, 2, 0), (-3, 3, 2, 5)),
        ((1, -1), (3, 0, 2), (-3, 3, 2, 0)),
        ((1, -1), (3, 0, 2, 0), "TODO"),
        ((2, -2), (3, 0, 2, 0), (-3, 3, 2, 0)),
        ((1, 0.5), (3, 0, 2, 0), (-3, 3, 2, 0)),
    ],
)
def test_other_wrong_numbers_have_no_name(answer):
    verdict = check("04.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 04.2


def by_loop(features, head, x, target):
    maps = []
    for k in range(len(x)):
        A = features(x[k : k + 1]).clone().requires_grad_()
        own = target if isinstance(target, int) else int(target[k])
        head(A)[0, own].backward()
        total = torch.zeros(A.shape[2:])
        for number in range(A.shape[1]):
            total += A.grad[0, number].mean() * A[0, number].detach()
        maps.append(total.clamp(min=0))
    return torch.stack(maps)


def by_einsum(features, head, inputs, class_):
    A = features(inputs.double()).requires_grad_(True)
    chosen = torch.nn.functional.one_hot(
        torch.as_tensor(class_).expand(len(inputs)), head(A).shape[1]
    )
    (g,) = torch.autograd.grad(head(A), A, chosen.to(A))
    return np.maximum(np.einsum("nk,nkij->nij", g.mean((2, 3)).numpy(), A.detach().numpy()), 0)


def by_functional(features, head, x, target):
    def score(A, own):
        return head(A[None])[0].gather(0, own[None])[0]

    A = features(x)
    each = torch.as_tensor(target).expand(len(x))
    g = torch.func.vmap(torch.func.grad(score))(A, each)
    return torch.relu((g.mean((-1, -2), keepdim=True) * A).sum(1, keepdim=True))


@pytest.mark.parametrize("answer", [by_loop, by_einsum, by_functional])
def test_odd_right_grad_cams_pass(answer):
    verdict = check("04.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda features, head, x, target: 2 * my_grad_cam(features, head, x, target),
        lambda features, head, x, target: my_grad_cam(features, head, x + 0.3, target),
        lambda features, head, x, target: my_grad_cam(features, head, x, target).flip(-1),
        lambda features, head, x, target: my_grad_cam(features, head, x, target).sqrt(),
        lambda features, head, x, target: my_grad_cam(features, head, x, target) + 0.2,
        lambda features, head, x, target: x,
    ],
)
def test_other_wrong_grad_cams_have_no_name(answer):
    verdict = check("04.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("axis", [2, 3])
def test_a_mean_over_one_axis_of_the_cells_has_its_name(axis):
    def answer(features, head, x, target):
        A = features(x).detach().requires_grad_()
        own = torch.as_tensor(target).expand(len(x))
        (g,) = torch.autograd.grad(head(A)[torch.arange(len(x)), own].sum(), A)
        return (g.mean(axis, keepdim=True) * A).sum(1).relu()

    assert check("04.2", answer).diagnosis == "mean_over_lines"


# ---------------------------------------------------------------- 04.4


def in_one_batch(head, A, target):
    h, w = A.shape[2:]
    keep = 1 - torch.eye(h * w).reshape(h * w, 1, h, w)
    after = head(A * keep)[:, target]
    return (head(A)[0, target] - after).reshape(h, w)


def as_lists(head, A, target):
    A = A.double()
    rows = []
    for i in range(A.shape[2]):
        rows.append([])
        for j in range(A.shape[3]):
            B = A.clone()
            B[0, :, i, j] = 0
            rows[-1].append(float(head(A)[0, target] - head(B)[0, target]))
    return rows


def restores(head, A, target):
    A = A.clone()
    out = np.zeros(tuple(A.shape[2:]))
    for i, j in itertools.product(*map(range, A.shape[2:])):
        old = A[..., i, j].clone()
        start = head(A)[0, target]
        A[..., i, j] = 0
        out[i, j] = start - head(A)[0, target]
        A[..., i, j] = old
    return out


@pytest.mark.parametrize("answer", [in_one_batch, as_lists, restores])
def test_odd_right_effects_pass(answer):
    verdict = check("04.4", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda head, A, target: 3 * cell_effects(head, A, target),
        lambda head, A, target: cell_effects(head, A / 2, target),
        lambda head, A, target: cell_effects(head, A, target).flip(0),
        lambda head, A, target: cell_effects(head, A, target) ** 2,
        lambda head, A, target: torch.zeros(A.shape[2:]),
        lambda head, A, target: A.sum(1)[0],
    ],
)
def test_other_wrong_effects_have_no_name(answer):
    verdict = check("04.4", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- 04.3


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: (maps / maps.amax()).nan_to_num(),
        lambda maps: maps.numpy() / max(float(maps.max()), 1e-9),
        lambda maps: [[line.tolist() for line in m / (maps.max() + 1e-9)] for m in maps],
    ],
)
def test_odd_right_scales_pass(answer):
    verdict = check("04.3", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: one_scale(maps) * 0.5,
        lambda maps: 1 - one_scale(maps),
        lambda maps: one_scale(maps).round(),
        lambda maps: one_scale(maps) ** 2,
        lambda maps: maps / maps.median().clamp(min=1e-6),
        lambda maps: one_scale(maps)[:1],
    ],
)
def test_other_wrong_scales_have_no_name(answer):
    verdict = check("04.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: maps / maps.max().clamp(min=1e-2),
        lambda maps: maps / maps.max().clamp(min=1e-3),
        lambda maps: maps / (maps.max() + 1e-6),
        lambda maps: maps / max(1.0, float(maps.max())),
    ],
)
def test_a_guard_that_is_too_large_for_weak_maps_is_refused(answer):
    assert not check("04.3", answer).passed


def test_a_map_divided_by_zero_is_said():
    assert "NaN" in check("04.3", lambda maps: maps / maps.max()).message


# ---------------------------------------------------------------- 04.5


@pytest.mark.parametrize(
    "answer",
    [
        ([[4, 1], [1, 1]], lambda A: 2 * A.sum((1, 2, 3)) - 3 * A[:, 0, 0, 0]),
        (torch.tensor([[[[4.0, 1, 2]]]]), lambda A: 5 * A[:, 0, 0, 1] - A[:, 0, 0, 0]),
        {
            "A": [[[3, 1]]],
            "head": lambda A: A[:, 0, 0, 1] * (3 + 1 / (1 + A[:, 0, 0, 0])),
        },
        (
            [[9, 1], [1, 1]],
            lambda A: torch.tanh(A.flatten(1) @ torch.tensor([[-0.1], [1], [1], [1]]).to(A) - 2),
        ),
        (np.array([[4.0, 1], [2, 1]]), against),
    ],
)
def test_any_case_that_breaks_grad_cam_passes(answer):
    verdict = check("04.5", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (([[4, 1]], lambda A: A.sum((1, 2, 3))), "same_slope_everywhere"),
        (([[4, 1]], lambda A: A.square().sum((1, 2, 3))), None),  # it helps
        (([[2, 2]], lambda A: A[:, 0, 0, 0]), None),  # a tie
        (([[4, 1]], lambda A: A[:, 0, 0, 1] + (A[:, 0, 0, 0] - 4).relu()), "software_slope"),
        (([[4, 1]], lambda A: A[:, 0, 0, 1] + A[:, 0, 0, 0].round()), None),
        (([[40, 1]], lambda A: A[:, 0, 0, 1]), None),  # out of range
        (([[[[4, 1]]], [[[4, 1]]]], lambda A: A[:, 0, 0, 1]), None),  # two photos
        (([[[4, 1]], [[3, 1]]], lambda A: 9 * A[:, 0, 0, 1] - A[:, 0, 0, 0]), None),  # two maps
        (([[4, 1]], lambda A: A.sum()), None),  # one number for the batch
        (([[4, 1]], "head"), None),
        (([[4, 1]], lambda A: 0 * A[:, 0, 0, 1]), "empty_map"),
        (([[-4, 1]], lambda A: A[:, 0, 0, 1]), "negative_maps"),
        ((np.array([[4.0, 1], [2, 1]]), elsewhere), "without_effect"),  # the lesson's
        (([[4, 1], [1, 1]], lambda A: A[:, 0, 0, 1] * A[:, 0, 1, 1]), "without_effect"),
        # true slopes at A, but a jump where the cell is switched off
        (([[4, 1], [2, 1]], lambda A: A.sum((1, 2, 3)) - 4 * (A[:, 0, 0, 0] > 2)), "jump"),
        (([[4, 1], [2, 1]], lambda A: A.sum((1, 2, 3)) - 9 * A[:, 0, 0, 0].gt(1e-3)), "jump"),
        (([[4, 1]], lambda A: 0.02 * A.sum((1, 2, 3)) - (A[:, 0, 0, 0] > 3) / 5), "jump"),
    ],
)
def test_what_does_not_break_grad_cam(answer, name):
    verdict = check("04.5", answer)
    if name is not None or not verdict.passed:
        assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message
    else:
        pytest.fail(verdict.message)


@pytest.mark.parametrize(
    "head",
    [
        lambda A: (
            A[:, 0, 0, 1] * 3 + torch.tanh(40 * (1 - A[:, 0, 0, 0])) + (A[:, 0] ** 2)[:, 1, 0]
        ),
        lambda A: A[:, 0, 0, 1] * 9 - (A[:, 0, 0, 0] - 3).relu() - (A[:, 0, 0, 0] - 1.7).abs(),
        lambda A: A[:, 0, 0, 1] * 9 - torch.sigmoid(100 * (A[:, 0, 0, 0] - 2.34567)),
    ],
)
def test_steep_and_bent_heads_are_no_jumps(head):
    verdict = check("04.5", ([[4, 1], [2, 1]], head))
    assert verdict.passed, verdict.message


def test_a_head_that_changes_in_the_end_is_said():
    calls = []

    def head(A):
        calls.append(1)
        return A[:, 0, 0, 1] * (1.0 if len(calls) < 12 else 2.0)

    verdict = check("04.5", ([[4, 1], [2, 1]], head))
    assert "two different values" in verdict.message


@pytest.mark.parametrize(
    "answer",
    [
        ([[4, 1]], lambda A: torch.zeros(len(A))),
        ([[4, 1]], lambda A: A[:, 0].sum(1)),
        ([[4, 1]], lambda A: 3.0),
        ([[4, 1]], "head"),
    ],
)
def test_messages_about_the_head_call_it_head(answer):
    message = check("04.5", answer).message
    assert "head" in message.split("head):")[1], message
    assert " f " not in message.replace(":", " "), message
    assert "(N, D)" not in message, message


def test_the_message_says_by_how_much_the_score_rises():
    verdict = check("04.5", ([[4, 1]], lambda A: 9 * A[:, 0, 0, 1] - A[:, 0, 0, 0]))
    assert verdict.passed
    assert "raises the score by 4" in verdict.message
