"""The tasks of lesson 06: right answers in odd forms pass, each known mistake gets its own name."""

import numpy as np
import pytest
import torch

import xaicourse as xc
from xaicourse.course.checking import TASKS, check
from xaicourse.course.grading.verdict import Settled
from xaicourse.course.lessons.l06_patterns import task_backward, task_linear, task_relu

RIGHT = TASKS["06.1"].reference


# ---------------------------------------------------------------- 06.1


def test_what_is_right_on_paper_is_what_the_package_says(close):
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 2)
    z, e = 2 * corners[:, 0], corners[:, 1]  # variances 4 and 1, independent
    data = torch.stack([2 * z + e, z + e], dim=1)
    w = torch.tensor([RIGHT["weights"]], dtype=torch.float64)
    model = lambda x: torch.nn.functional.linear(x, w)  # noqa: E731
    close(model(data)[:, 0], z)
    patterns = xc.fit_patterns(model, data)
    close(patterns.layers[0].plus, [RIGHT["pattern"]])
    close((data * z[:, None]).mean(0), RIGHT["covariances"])
    x = torch.tensor([[8.0, 5.0]], dtype=torch.float64)
    signal = xc.pattern_net(model, x, 0, patterns=patterns)
    close(signal, [RIGHT["signal"]])
    close(x - signal, [RIGHT["distractor"]])
    close(xc.pattern_attribution(model, x, 0, patterns=patterns), [RIGHT["relevance"]])


@pytest.mark.parametrize(
    "answer",
    [
        tuple(RIGHT.values()),
        {name: torch.tensor(numbers) for name, numbers in RIGHT.items()},
        {name.upper(): np.array(numbers) for name, numbers in RIGHT.items()},
        {**RIGHT, "weights": ["1", "-1"]},
    ],
)
def test_hand_answers_in_other_forms_pass(answer):
    verdict = check("06.1", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    "change",
    [{"weights": (3, 7)}, {"weights": 11}, {"pattern": (1, 1, 1)}, {"relevance": (9, 9)}],
)
def test_other_wrong_hand_answers_have_no_name(change):
    verdict = check("06.1", {**RIGHT, **change})
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_parts_can_be_handed_in_one_after_the_other():
    some = {**RIGHT, "signal": None, "relevance": ...}
    verdict = check("06.1", some)
    assert (verdict.status, verdict.diagnosis) == ("not_done", None)
    assert "Still open: signal, relevance." in verdict.message
    assert check("06.1", {**some, "pattern": (8, 4)}).diagnosis == "pattern_not_divided"
    assert "weights" in check("06.1", {**some, "weights": (1, -2)}).message
    assert check("06.1", {**some, "pattern": (None, 1)}).status == "not_done"


def test_nan_on_paper_is_called_so():
    assert "NaN" in check("06.1", {**RIGHT, "signal": (float("nan"), 3)}).message


# ---------------------------------------------------------------- 06.2, 06.3


def test_other_right_linear_patterns_pass():
    def by_numpy(x, y):
        both = np.cov(np.concatenate([x.numpy().T, y.numpy()[None]]).astype("float64"))
        return both[-1, :-1] / both[-1, -1]

    assert check("06.2", by_numpy).passed

    def by_loop(x, y):
        var = sum((v - y.mean()) ** 2 for v in y)
        means = x.mean(0)
        rows = zip(x, y, strict=True)
        rows = [[float(u - m) * float(v - y.mean()) for u, m in zip(r, means)] for r, v in rows]  # noqa: B905
        return [sum(column) / float(var) for column in zip(*rows, strict=True)]

    assert check("06.2", by_loop).passed
    half = lambda x, y: ((x - x.mean(0)) * y[:, None]).mean(0) / y.var(unbiased=False)  # noqa: E731
    assert check("06.2", half).passed  # one difference is enough


def test_other_right_relu_patterns_pass():
    def without_the_bias_in_y(x, w, b):
        y = x @ w  # a constant added to y changes nothing, but for the gate
        on = (y + b) > 0
        top = (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()
        return (top / (w @ top)).double().numpy()

    assert check("06.3", without_the_bias_in_y).passed

    def with_sums(x, w, b):
        y = (x @ w + b)[:, None]
        gate = (y > 0).float()
        top = (gate * x * (y - y.mean())).sum(0)
        return (top / (w @ top)).tolist()

    assert check("06.3", with_sums).passed


def test_the_patterns_are_those_of_the_package(close):
    case = task_relu.CASES[1].values
    x, w, b = case["x"].double(), case["w"].double(), case["b"]
    model = lambda x: torch.relu(torch.nn.functional.linear(x, w[None], w.new_tensor([b])))  # noqa: E731
    found = xc.fit_patterns(model, x).layers[0].plus[0]
    close(task_relu.two_component(x, w, b), found)
    linear = task_linear.linear_pattern(x, x @ w + b)
    close(linear, xc.fit_patterns(model, x, "linear").layers[0].plus[0])


# ---------------------------------------------------------------- 06.4


def test_other_right_attributions_pass():
    def one_by_one(weights, biases, patterns, x, target):
        rows = []
        for row, k in zip(x, target, strict=True):
            sums, units = [], row
            for W, b in zip(weights, biases, strict=True):
                sums.append(W @ units + b)
                units = sums[-1].relu()
            R = torch.zeros(len(sums[-1]))
            R[k] = sums[-1][k]
            for layer in reversed(range(len(weights))):
                R = (weights[layer] * patterns[layer]).T @ R
                if layer:
                    R = R * (sums[layer - 1] > 0)
            rows.append(R.tolist())
        return rows

    assert check("06.4", one_by_one).passed

    def by_autograd(weights, biases, patterns, x, target):
        leaf = torch.zeros_like(x).double().requires_grad_()
        units, back = x.double(), leaf
        for k, (W, b, A) in enumerate(zip(weights, biases, patterns, strict=True)):
            units, back = units @ W.double().T + b, back @ (W * A).double().T
            if k < len(weights) - 1:
                back, units = back * (units > 0), units.relu()
        rows = torch.arange(len(x))
        start = units[rows, target]
        return torch.autograd.grad((back[rows, target] * start).sum(), leaf)[0].numpy()

    assert check("06.4", by_autograd).passed


# ---------------------------------------------------------------- 06.5


@pytest.mark.parametrize(
    "answer",
    [
        [[0, 0], [1, 2], [2, 4], [3, 6]],
        torch.tensor([[0.0, 5.0], [1.0, -5.0], [0.0, 6.0], [1.0, -4.0]]),
        np.stack([np.arange(9.0), 4 * np.arange(9.0) + np.sin(np.arange(9.0))], 1),
        [torch.tensor([float(t), -3.0 * t]) for t in range(5)],
    ],
)
def test_other_data_pass(answer):
    verdict = check("06.5", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        ([[0, 0], [1, 1.5], [2, 3], [3, 4.5]], "too_small"),
        ([[0, 0], [1, 3]], None),
        ([[0, 0, 1], [1, 3, 1], [2, 6, 1], [3, 9, 1]], None),
        ([[0, 0], [1, 300], [2, 600], [3, 900]], None),
        ("abc", None),
    ],
)
def test_data_that_show_nothing(answer, diagnosis):
    verdict = check("06.5", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, diagnosis), verdict.message


def test_a_list_of_tensors_must_stay_as_it_was():
    def spoils_the_patterns(weights, biases, patterns, x, target):
        R = task_backward.attribution(weights, biases, patterns, x, target)
        for W, A in zip(weights, patterns, strict=True):
            A *= W
        return R

    def drops_the_last_layer(weights, biases, patterns, x, target):
        R = task_backward.attribution(weights, biases, patterns, x, target)
        biases.pop()
        return R

    before = [A.clone() for A in task_backward.CASES[0].values["patterns"]]
    for answer, name in ((spoils_the_patterns, "patterns"), (drops_the_last_layer, "biases")):
        verdict = check("06.4", answer)
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
        assert f"argument {name}" in verdict.message
        with pytest.raises(Settled):
            TASKS["06.4"].grade(answer)
    for A, was in zip(task_backward.CASES[0].values["patterns"], before, strict=True):
        assert torch.equal(A, was)
