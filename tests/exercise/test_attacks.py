"""Answers and messages of an attack on the checker: what passed wrongly, what was said falsely."""

import pytest
import torch

from tests.exercise import ig_answers as answers
from xaicourse.exercise import bugs, check, or_reference
from xaicourse.exercise.tasks.path_grader import as_answer, right
from xaicourse.exercise.tasks.wrong_paths import softmax_over_batch


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
    rows = as_answer(softmax_over_batch)
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
    assert "two are here" in check("05.1", 3.75, 0.25).message
    text = check("05.1", (3.5, -2.5), 0.25).message
    assert "add up to the rise. But" in text


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
