"""05.4: inputs that convict three wrong functions."""

import pytest
import torch

from xaicourse.course.checking import TASKS, bugs, check
from xaicourse.course.grading.rules import RULES, nodes
from xaicourse.course.lessons.l05_integrated_gradients.task_hunt import BUGS

RIGHT = TASKS["05.4"].reference


def test_each_body_has_its_own_mistake_and_no_other():
    x = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    zero = torch.zeros_like(x)
    product = lambda p: p[:, 0] * p[:, 1]  # noqa: E731
    truth = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    close = {"a": 0.2, "b": 1e-6, "c": 1e-6}  # one row from 0: only a is wrong, and only a little
    for name, body in BUGS.items():
        assert float((body(product, x, zero, 100) - truth).norm()) < close[name]


def linear(p):
    return 2 * p[:, 0] - p[:, 1]


def cubed(p):
    return (p**3).sum(1)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[1.0], [2.0]]))

    def forward(self, p):
        return torch.tanh(p @ self.weight)  # float32 weights, (N, 1)


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        list(RIGHT.values()),
        {
            name: dict(zip(("f", "x", "baseline", "steps"), part, strict=True))
            for name, part in RIGHT.items()
        },
        {
            "A": (Net(), torch.tensor([[1.0, 1.0]]), torch.zeros(1, 2), 2),
            "B": (Net(), [[1.0, 1.0]], [[-2.0, 0.5]], 200),
            "C": (linear, torch.eye(2), torch.zeros(2, 2), 7),
        },
        {
            "a": (linear, [3.0, 1.0], [0.0, 0.0], 1),
            "b": (cubed, [1.0, 2.0], [1.0, 1.0], 100),
            "c": (cubed, [[1.0, 2.0], [5.0, 1.0], [0.0, 1.0]], [[0.5, 0.0]], 300),
        },
        {
            "a": (lambda p: p.sum(1), torch.ones(1, 3), 0, 10),
            "b": (lambda p: p[:, 0].exp(), torch.ones(1, 1), torch.ones(1, 1) * 2, 50.0),
            "c": (
                lambda p: p.flatten(1).sum(1),
                torch.rand(4, 1, 3, 3),
                torch.zeros(1, 1, 3, 3),
                20,
            ),
        },
    ],
    ids=["reference", "list", "dictionaries", "net", "one row as vector", "lambdas"],
)
def test_inputs_that_convict_all_three(answer):
    verdict = check("05.4", answer)
    assert verdict.passed, verdict.message


def steps_like(p):
    return torch.sigmoid(400 * (p[:, 0] - 0.503))


def noise(p):
    return p.sum(1) + torch.rand(len(p))


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ((steps_like, [[1.0, 0.0]], [[0.0, 0.0]], 4), "almost as wrong"),
        ((noise, [[1.0, 0.0]], [[0.0, 0.0]], 4), "two different values"),
        ((lambda p: p.sum(), [[1.0], [2.0]], [[0.0]], 4), "(N,)"),
        ((lambda p: 3.0, [[1.0]], [[0.0]], 4), "tensor"),
        ((lambda p: p.detach().sum(1), [[1.0]], [[0.0]], 4), "gradient"),
        ((lambda p: p[:, 5], [[1.0]], [[0.0]], 4), "IndexError"),
        ((linear, [[1.0, 2.0]], [[0.0, 0.0, 0.0]], 4), "shape"),
        ((linear, [[1.0, 2.0]], [[0.0, 0.0]], 0), "steps"),
        ((linear, [[1.0, 2.0]], [[0.0, 0.0]], 2.5), "steps"),
        ((linear, [[1.0, float("nan")]], [[0.0, 0.0]], 4), "NaN"),
        ((linear, "x", [[0.0, 0.0]], 4), "numbers"),
        ((linear, [[1.0, 2.0]], 4), "parts"),
        (("linear", [[1.0, 2.0]], [[0.0, 0.0]], 4), "function"),
        ((lambda p: p[:, 0].log(), [[1.0]], [[-1.0]], 4), "NaN or infinite"),
        ((lambda p: (1e5 * p[:, 0] - 50321).sigmoid(), [[1.0]], [[0.0]], 4), "too rough"),
    ],
)
def test_bad_parts_get_a_clear_message(part, word):
    verdict = check("05.4", {**RIGHT, "a": part})
    assert (verdict.passed, verdict.diagnosis) == (False, None)
    assert word in verdict.message
    assert "Convicted: b, c" in verdict.message


def test_a_coarse_path_convicts_nobody():
    """With one step a right function is as wrong as b on a curved f."""
    verdict = check("05.4", {**RIGHT, "b": (lambda p: p[:, 0] ** 9, [[2.0]], [[0.1]], 1)})
    assert not verdict.passed


def test_open_parts():
    assert check("05.4", {"a": None, "b": None, "c": None}).status == "not_done"
    verdict = check("05.4", {"a": RIGHT["a"], "b": None, "c": None})
    assert verdict.status == "not_done"
    assert "Convicted: a." in verdict.message
    nobody = check("05.4", {**RIGHT, "a": None, "b": 3, "c": None}).message
    assert "Convicted: none yet. 05.4: the part a is still open." in nobody
    assert "Convicted: b, c. Input a should" in check("05.4", {**RIGHT, "a": 3}).message
    assert check("05.4", 3).status == "not_right"
    assert "d" in check("05.4", {**RIGHT, "d": 3}).message


def test_bugs_prints_the_source(capsys):
    given = bugs("05.4")
    assert list(given) == ["a", "b", "c"]
    printed = capsys.readouterr().out
    assert printed.count("def bug_") == 3
    assert "noqa" not in printed
    bugs("05.4", show=False)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match=r"no bug hunt; bug hunts are: 05\.4"):
        bugs("05.2")


def test_right_bodies_are_never_convicted():
    """The margin: with the reference inputs every legal rule is far from being convicted."""
    f, x, baseline, steps = RIGHT["b"]
    x, baseline = (torch.tensor(v, dtype=torch.float64) for v in (x, baseline))
    results = []
    for rule in RULES:
        alphas, weights = nodes(rule, steps)
        total = torch.zeros_like(x)
        for alpha, weight in zip(alphas, weights, strict=True):
            point = (baseline + alpha * (x - baseline)).requires_grad_()
            total += weight * torch.autograd.grad(f(point).sum(), point)[0]
        results.append((x - baseline) * total)
    truth = results[list(RULES).index("gauss_legendre")]
    assert max(float((r - truth).norm() / truth.norm()) for r in results) < 0.05
