"""Answers and messages of an attack on the checker: what passed wrongly, what was said falsely."""

import pytest
import torch

from tests.lessons import l05_answers as answers
from xaicourse.course.checking import TASKS, bugs, check, or_reference
from xaicourse.course.grading.path import right
from xaicourse.course.grading.path_grader import as_answer


def base(model, x, target, baseline, steps):
    return answers.one_big_batch(model, x, target, baseline, steps)


def only_if(fits):
    def answer(model, x, target, baseline, steps):
        good = base(model, x, target, baseline, steps)
        return good if fits(x, steps) else torch.zeros_like(x)

    return answer


def squeezed_scores(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    rows = torch.arange(len(x))
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).detach().requires_grad_()
        total += torch.autograd.grad(model(point).squeeze()[rows, target].sum(), point)[0]
    return (x - baseline) * total / steps


@pytest.mark.parametrize(
    "answer",
    [
        squeezed_scores,
        lambda model, x, target, baseline, steps: base(model, x, target, baseline, steps).squeeze(),
        only_if(lambda x, steps: len(x) <= 3),
        only_if(lambda x, steps: len(x) >= 2),
        only_if(lambda x, steps: steps % 2 == 0),
        only_if(lambda x, steps: x.dtype == torch.float32),
        only_if(lambda x, steps: x.ndim == 2 or x.shape[1] == 3),
        only_if(lambda x, steps: x.ndim == 4 or x.shape[1] <= 3),
    ],
    ids=["scores", "result", "few", "several", "even", "float32", "colour", "narrow"],
)
def test_special_cases_do_not_pass(answer):
    verdict = check("05.2", answer)
    assert not verdict.passed, verdict.message


def test_the_reference_inside_an_answer_is_not_counted():
    def borrowed(model, x, target, baseline, steps):
        return or_reference("05.2", None)(model, x, target, baseline, steps)

    assert not check("05.2", borrowed, graded=True).passed
    assert not check("05.2", borrowed).counted


def test_zeros_and_softmax_over_the_batch():
    zeros = check("05.7", lambda model, x, target, baseline, steps: torch.zeros_like(x))
    assert (zeros.passed, zeros.diagnosis) == (False, None)
    assert "0 everywhere" in zeros.message
    rows = as_answer(TASKS["05.7"].grade.misconceptions["softmax_over_batch"])
    assert check("05.7", rows).diagnosis == "softmax_over_batch"

    def one_step_after_the_other(model, x, target, baseline, steps):
        points = [baseline + (k + 0.5) / steps * (x - baseline) for k in range(steps)]
        total, places = torch.zeros_like(x), torch.arange(len(x))
        for point in points:
            point = point.detach().requires_grad_()
            chosen = model(point).softmax(0)[places, target].sum()
            total += torch.autograd.grad(chosen, point)[0]
        return (x - baseline) * total / steps

    assert check("05.7", one_step_after_the_other).diagnosis == "softmax_over_batch"


def test_rounded_results_do_depend_on_steps():
    def rounded(model, x, target, baseline, steps):
        return base(model, x, target, baseline, steps).round(decimals=2)

    assert check("05.2", rounded).diagnosis is None


def test_evidence_shows_the_difference():
    almost = as_answer(lambda path: right(path) * 1.001)
    check("05.2", almost)
    text = check("05.2", almost).message
    yours, expected = text.split("yours ")[1].rstrip(".").split("; expected ")
    assert yours != expected


def test_messages_on_paper():
    assert "2 are here" in check("05.1", 3.75, 0.25).message
    text = check("05.1", (3.5, -2.5), 0.25).message
    assert "add up to 1; the rise" in text


def test_a_deeply_nested_answer():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    verdict = check("05.1", deep, 0.25)
    assert not verdict.passed
    assert "too deeply" in verdict.message


def test_a_jump_in_the_bug_hunt():
    def jump(p):
        return (p[:, 0] > 1).to(p) + 0 * p[:, 1]

    verdict = check("05.4", {"a": (jump, [[3.0, 2.0]], [[0.0, 0.0]], 4)})
    assert "do not add up to the rise" in verdict.message


def test_no_remarks_for_linters(capsys):
    bugs("05.4")
    assert "noqa" not in capsys.readouterr().out


def scaled_over_the_batch(model, x, target, baseline, steps):
    """Made to add up to the rise, but for the whole batch at once."""
    out = base(model, x, target, baseline, steps)
    places = torch.arange(len(x))
    rise = (model(x)[places, target] - model(baseline)[places, target]).sum()
    return (out * rise / out.sum()).detach()


def test_an_input_gets_the_same_map_alone_and_in_a_batch():
    verdict = check("05.2", scaled_over_the_batch)
    assert (verdict.passed, verdict.diagnosis) == (False, None)
    assert "in a batch than alone" in verdict.message


@pytest.mark.parametrize("answer", answers.WRONG_SIZE)
def test_a_right_pattern_of_the_wrong_size(answer):
    assert check("05.2", answer).diagnosis == "wrong_size"


def test_a_map_that_is_only_a_little_off_is_not_called_normalised():
    almost = as_answer(lambda path: right(path) * 1.001)
    assert check("05.2", almost).diagnosis is None


def vectorised(model, x, target, baseline, steps, read_as, repeat):
    """All points in one batch; `read_as` and `repeat` say in which order."""
    alphas = ((torch.arange(steps) + 0.5) / steps).to(x).view(-1, *[1] * x.ndim)
    points = (baseline + alphas * (x - baseline)).flatten(0, 1).detach().requires_grad_()
    places = torch.arange(len(points))
    targets = repeat(torch.as_tensor(target).expand(len(x)), steps)
    slopes = torch.autograd.grad(model(points)[places, targets].sum(), points)[0]
    return (x - baseline) * read_as(slopes, steps, x)


def in_order(slopes, steps, x):
    return slopes.reshape(steps, *x.shape).mean(0)


def mixed_up(slopes, steps, x):
    return slopes.reshape(len(x), steps, *x.shape[1:]).mean(1)


@pytest.mark.parametrize(
    ("read_as", "repeat", "diagnosis"),
    [
        (in_order, torch.Tensor.repeat, None),
        (mixed_up, torch.Tensor.repeat, "steps_and_rows_mixed"),
        (in_order, torch.Tensor.repeat_interleave, "targets_in_other_order"),
    ],
)
def test_all_points_in_one_batch(read_as, repeat, diagnosis):
    def answer(model, x, target, baseline, steps):
        return vectorised(model, x, target, baseline, steps, read_as, repeat)

    verdict = check("05.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (diagnosis is None, diagnosis), verdict.message


def explain(answer_of):
    """Make an answer of a function (scores, places, targets) -> the number to differentiate."""

    def answer(model, x, target, baseline, steps):
        total, places = torch.zeros_like(x), torch.arange(len(x))
        targets = torch.as_tensor(target).expand(len(x))
        for k in range(steps):
            point = (baseline + (k + 0.5) / steps * (x - baseline)).detach().requires_grad_()
            number = answer_of(model(point), places, targets)
            total += torch.autograd.grad(number, point)[0]
        return (x - baseline) * total / steps

    return answer


@pytest.mark.parametrize(
    ("number", "diagnosis"),
    [
        (lambda s, n, t: (s.exp() / s.exp().sum(1, keepdim=True))[n, t].sum(), "passed"),
        (lambda s, n, t: s.softmax(1).sum(), None),  # always 1: no mistake with a softmax axis
        (lambda s, n, t: s.softmax(0)[n, t].sum(), "softmax_over_batch"),
        (lambda s, n, t: s.softmax(1).softmax(1)[n, t].sum(), "softmax_twice"),
        (lambda s, n, t: s.exp()[n, t].sum(), "not_normalised"),
        (lambda s, n, t: s.softmax(1).max(1).values.sum(), "winning_probability"),
        (
            lambda s, n, t: (s.exp() / s.exp().sum(1, keepdim=True).detach())[n, t].sum(),
            "denominator_fixed",
        ),
        (lambda s, n, t: 100 * s.softmax(1)[n, t].sum(), "wrong_size"),
        (lambda s, n, t: s.softmax(1)[n, 0].sum(), "class_zero"),
        (lambda s, n, t: s.softmax(1)[n, t - 1].sum(), "class_before"),
    ],
)
def test_which_number_is_explained(number, diagnosis):
    verdict = check("05.7", explain(number))
    if diagnosis == "passed":
        assert verdict.passed, verdict.message
    else:
        assert (verdict.passed, verdict.diagnosis) == (False, diagnosis), verdict.message
    if diagnosis is None:
        assert "always 1" in verdict.message


def test_the_derivative_of_softmax_at_x_only():
    def answer(model, x, target, baseline, steps):
        p = model(x).softmax(1)[torch.arange(len(x)), target].detach()
        factor = (p * (1 - p)).view(-1, *[1] * (x.ndim - 1))
        return factor * base(model, x, target, baseline, steps)

    assert check("05.7", answer).diagnosis == "derivative_at_x"


class Changing:
    """An f that becomes another one after five calls."""

    def __init__(self, first, later):
        self.first, self.later, self.calls = first, later, 0

    def __call__(self, p):
        self.calls += 1
        return self.first(p) if self.calls <= 5 else self.later(p)


def test_an_f_that_changes_between_calls_is_told_so():
    def square(p):
        return p[:, 0] ** 2 * p[:, 1]

    def straight(p):
        return 2 * p[:, 0] + p[:, 1]

    evidence = dict(TASKS["05.4"].reference)
    _, *rest = evidence["b"]
    evidence["b"] = (Changing(square, straight), *rest)
    hunted = check("05.4", evidence)
    broken = check("05.6", (Changing(square, straight), [[2.0, 3.0]], [[0.0, 0.0]], 0, 0.0))
    for verdict in (hunted, broken):
        assert (verdict.passed, verdict.diagnosis) == (False, None)
        assert "two different values for the same input" in verdict.message
