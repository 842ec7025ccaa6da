"""05.6: a feature with an attribution of 0 that matters."""

import pytest
import torch

from xaicourse.course.checking import TASKS, check


def product(p):
    return p[:, 0] * p[:, 1]


def smaller(p):
    return torch.minimum(p[:, 0], p[:, 1])


def there_and_back(p):
    return 8 * p[:, 0] * (1 - p[:, 0]) + p[:, 1]


def gate(p):
    return torch.relu(3 * p[:, 0] + p[:, 1] - 100) + torch.relu(p[:, 1] - p[:, 0])


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 3)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[1.0, 1.0], [-2.0, 1.0], [0.5, -1.0]]))
            self.first.bias.zero_()

    def forward(self, p):
        return torch.tanh(self.first(p)).sum(1, keepdim=True)


@pytest.mark.parametrize(
    "answer",
    [
        TASKS["05.6"].reference,
        (product, [[2.0, 3.0]], [[2.0, 0.0]], 0, 5.0),
        (product, [2.0, 3.0], [2.0, 0.0], 0, 0.0),  # deleted
        (lambda p: (p[:, 0] - 1) ** 2 + p[:, 1], [[2.0, 3.0]], [[0.0, 0.0]], 0, 7.0),
        (lambda p: 50 * torch.relu(p[:, 0] - 5), [[3.0, 2.0]], [[0.0, 0.0]], 0, 9.0),
        (smaller, torch.tensor([[9.0, 1.0]]), 0.0, -2, -4.0),
        (there_and_back, [[1.0, 1.0]], [[0.0, 0.0]], 0, 0.5),
        (gate, [[5.0, 9.0]], [[5.0, -9.0]], torch.tensor(0), -5.0),
        (Net(), torch.tensor([[2.0, 1.0]]), torch.tensor([[2.0, -1.0]]), 0, -2.0),
        (lambda p: torch.sin(torch.pi * p[:, 0]), [[2.0]], [[0.0]], (0, 0), 0.5),
        (
            lambda p: p.flatten(1).prod(1),
            torch.ones(1, 2, 2),
            torch.tensor([[[1.0, 0], [0, 0]]]),
            (0, 0),
            4.0,
        ),
    ],
)
def test_any_construction_passes(answer):
    verdict = check("05.6", answer)
    assert verdict.passed, verdict.message


def on_the_kink(p):
    return 3 * (torch.relu(p[:, 0] - p[:, 1]) - torch.relu(p[:, 1] - p[:, 0]))


def jump(p):
    return 4 * (p[:, 0] > 0.513).to(p) + p[:, 1]


def rounded(p):
    return torch.round(3 * p[:, 0]) + p[:, 1]


def hidden(p):
    return p[:, 0].detach() * p[:, 1]


@pytest.mark.parametrize("f", [on_the_kink, jump, rounded, hidden])
def test_a_zero_made_by_autograd_does_not_count(f):
    verdict = check("05.6", (f, [[1.0, 1.0]], [[0.0, 0.0]], 0, -3.0))
    assert (verdict.passed, verdict.diagnosis) == (False, "autograd_only"), verdict.message


def test_a_narrow_peak_at_an_end_of_the_path_does_not_count():
    peak = (lambda p: 5 * torch.relu(1 - 1e6 * p[:, 0].abs()) + p[:, 1], [[3.0, 2.0]], 0.0, 0, 0.0)
    assert check("05.6", peak).diagnosis == "autograd_only"
    peak = (lambda p: torch.relu(1 - 1e6 * (p[:, 0] - 3).abs()) + p[:, 1], *peak[1:])
    assert check("05.6", peak).diagnosis == "autograd_only"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((lambda p: torch.sign(p[:, 0]) * p[:, 1], [[3.0, 2.0]], 0.0, 0, -3.0), "jumps"),
        (
            (lambda p: p[:, 1] + torch.where(p[:, 0] > 4, 5.0, 0.0), [[3.0, 2.0]], 0.0, 0, 6.0),
            "jumps",
        ),
        ((lambda p: 1e-4 * p[:, 0] + smaller(p), [[3.0, 2.0]], 0.0, 0, 0.0), "not 0"),
        ((product, [[2.0, 3.0]], [[0.0, 0.0]], 0, 5.0), "not 0"),
        ((product, [[2.0, 3.0]], [[1.99, 0.0]], 0, 5.0), "not 0"),
        ((product, [[2.0, 3.0]], [[2.0, 0.0]], 0, 2.1), "changes f by 0.3"),
        ((product, [[20.0, 3.0]], [[20.0, 0.0]], 0, 5.0), "between -10 and 10"),
        ((product, [[2.0, 3.0]], [[2.0, 0.0]], 0, 50.0), "between -10 and 10"),
        ((product, [[2.0, 3.0]], [[2.0, 0.0]], 7, 5.0), "from 0 to 1"),
        ((product, [[2.0, 3.0]], [[2.0, 0.0]], "first", 5.0), "from 0 to 1"),
        ((product, [[2.0, 3.0], [1.0, 1.0]], [[2.0, 0.0]], 0, 5.0), "one input"),
        ((product, [[2.0, 3.0]], [[2.0, 0.0, 1.0]], 0, 5.0), "shape"),
        ((lambda p: p[:, 0] * p.sum(), [[2.0, 3.0]], [[2.0, 0.0]], 0, 5.0), "mixes the inputs"),
        ((lambda p: p[0] * p[1], [[2.0, 3.0]], [[2.0, 0.0]], 0, 5.0), "IndexError"),
        ((lambda p: 3, [[2.0, 3.0]], [[2.0, 0.0]], 0, 5.0), "tensor"),
        (
            (lambda p: p.sum(1) + torch.randn(1), [[2.0, 3.0]], [[2.0, 0.0]], 0, 5.0),
            "two different",
        ),
        (42, "dictionary or a tuple"),
        (("a", "b"), "parts"),
    ],
)
def test_other_wrong_submissions_have_no_name(answer, word):
    verdict = check("05.6", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
    assert word in verdict.message


def test_open_parts():
    assert check("05.6", (None, None, None, None, None)).status == "not_done"
    assert check("05.6", (smaller, [[3.0, 2.0]], [[0.0, 0.0]], 0)).status == "not_done"
    assert check("05.6", (smaller, [[3.0, 2.0]], [[0.0, 0.0]], 0, None)).status == "not_done"
    assert check("05.6", {"f": product, "x": [[1.0, 2.0]]}).status == "not_done"


@pytest.mark.parametrize(
    ("f", "x", "word"),
    [
        (lambda p: torch.where(p[:, 0] > 1, p[:, 1] + 5, p[:, 1]), [[2.0, 1.0]], "jumps near"),
        (lambda p: torch.round(p[:, 0]) * 2 + p[:, 1], [[2.0, 1.0]], "jumps near"),
        (
            lambda p: torch.relu(p[:, 0] - p[:, 1]) - torch.relu(p[:, 1] - p[:, 0]),
            [[1.0, 1.0]],
            "exactly on a kink",
        ),
        (lambda p: 2 * (p[:, 0] - p[:, 1]).abs(), [[2.0, 2.0]], "exactly on a kink"),
        (lambda p: 2 * p[:, 0].detach() + p[:, 1], [[2.0, 1.0]], "detach"),
        (lambda p: 2 * p.data[:, 0] + p[:, 1], [[2.0, 1.0]], "detach"),
        (lambda p: torch.sigmoid(1e5 * (p[:, 0] - 1.23)), [[2.0, 0.0]], "so steep"),
    ],
)
def test_why_autograd_makes_up_a_zero(f, x, word):
    verdict = check("05.6", (f, x, [[0.0, 0.0]], 0, 5.0 if x == [[2.0, 2.0]] else 0.0))
    assert (verdict.passed, verdict.diagnosis) == (False, "autograd_only"), verdict.message
    assert word in verdict.message


def test_a_very_small_slope_is_no_zero():
    def f(p):
        return 1e-7 * p[:, 0] + torch.relu(p[:, 0] - 5)

    verdict = check("05.6", (f, [[2.0, 0.0]], [[0.0, 0.0]], 0, 9.0))
    assert not verdict.passed
    assert "is 2e-07, not 0" in verdict.message


def test_slopes_that_cancel_between_kinks_still_pass():
    def f(p):
        return torch.relu(p[:, 0]) - 3 * torch.relu(p[:, 0] - 2) + 0 * p[:, 1]

    verdict = check("05.6", (f, [[3.0, 1.0]], [[0.0, 0.0]], 0, 2.0))
    assert verdict.passed, verdict.message


def test_features_are_counted_from_zero():
    def product(p):
        return p[:, 0] * p[:, 1]

    verdict = check("05.6", (product, [[2.0, 3.0]], [[2.0, 0.0]], 1, 0.0))
    assert verdict.diagnosis == "counted_from_one"
    verdict = check("05.6", (product, [[3.0, 2.0]], [[0.0, 2.0]], 2, 0.0))
    assert "from 0 to 1" in verdict.message
