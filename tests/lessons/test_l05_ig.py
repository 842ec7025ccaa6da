"""05.2 and 05.7: right answers pass, wrong ones do not, and only true mistakes are named."""

import pytest
import torch

from tests.lessons import l05_answers as answers
from xaicourse.course.checking import TASKS, check
from xaicourse.course.grading.compare import distance
from xaicourse.course.grading.path import right
from xaicourse.course.grading.path_grader import as_answer
from xaicourse.course.grading.rules import RULES, nodes

LOGIT_GRADER, PROBABILITY_GRADER = TASKS["05.2"].grade, TASKS["05.7"].grade
GRADERS = {"05.2": LOGIT_GRADER, "05.7": PROBABILITY_GRADER}


def name(answer):
    return getattr(answer, "__name__", type(answer).__name__)


# ---------------------------------------------------------------- the probes


def test_the_rules_integrate_a_line_exactly():
    for rule in RULES:
        for steps in (2, 3, 20):
            alphas, weights = nodes(rule, steps)
            assert float(weights.sum()) == pytest.approx(1, abs=1e-12), rule
            assert alphas.dtype == torch.float64
    for rule in ("midpoint", "trapezoid", "trapezoid_of_nodes", "gauss_legendre"):
        alphas, weights = nodes(rule, 7)
        assert float((weights * alphas).sum()) == pytest.approx(0.5, abs=1e-12), rule


def test_the_truth_agrees_with_closed_forms():
    linear, _, _, ridge, _ = LOGIT_GRADER.core
    weights = linear.model.weights[0].double()[:, 1]
    expected = (linear.x.double() - linear.baseline.double()) * weights
    assert distance(LOGIT_GRADER._expected(linear), expected) < 1e-12

    w = torch.tensor([4.0, 2.0, -1.0], dtype=torch.float64)  # ridge: w_i D_i / w.D times the rise
    delta = ridge.x.double() - ridge.baseline.double()
    ends = [3 * torch.sigmoid(p.double() @ w - 2) for p in (ridge.x, ridge.baseline)]
    rise = (ends[0] - ends[1]) / (delta @ w)
    assert distance(LOGIT_GRADER._expected(ridge), delta * w * rise[:, None]) < 1e-6


def test_the_truth_of_a_probability_is_complete():
    for probe in (*PROBABILITY_GRADER.core, *PROBABILITY_GRADER.shapes):
        path = PROBABILITY_GRADER.path(probe)
        scores = path.scores(torch.stack([path.baseline, path.x]))
        rise = path.explained(scores).diff(dim=0)[0]
        total = PROBABILITY_GRADER._expected(probe).flatten(1).sum(1)
        assert float((total - rise).abs().max()) < 1e-6


@pytest.mark.parametrize("task", GRADERS)
def test_every_rule_is_close_on_every_probe(task):
    grader = GRADERS[task]
    for probe in (*grader.core, *grader.shapes):
        for rule in RULES:
            path = grader.path(probe, rule)
            error = distance(right(path), grader._expected(probe))
            # twice the room that the grader gives
            assert error < (1e-6 if probe.exact else probe.tolerance / 2), (probe.name, rule, error)


@pytest.mark.parametrize("task", GRADERS)
def test_misconceptions_are_far_apart(task):
    """Print the matrix (pytest -s): the distance on the probe that tells a pair apart best."""
    grader = GRADERS[task]
    ways = {"right": right, **grader.misconceptions}

    def results(probes):
        return {name: [way(grader.path(probe)) for probe in probes] for name, way in ways.items()}

    def apart(table, a, b):
        return max(distance(u, v) for u, v in zip(table[a], table[b], strict=True))

    core, shapes = results(grader.core), results(grader.shapes)
    names = list(ways)
    print(f"\n{task}: distance in percent, on the probe that separates best")
    for row, a in enumerate(names):
        cells = []
        for b in names[:row]:
            # the shapes are looked at only when the core is right
            both_right = apart(core, a, "right") < 1e-9 and apart(core, b, "right") < 1e-9
            far = apart(shapes if both_right else core, a, b)
            cells.append(f"{min(100 * far, 999):4.0f}")
            assert far >= 0.05, (a, b, far)
        print(f"{a:>24}", "".join(cells))


# ---------------------------------------------------------------- misconceptions


@pytest.mark.parametrize("rule", ["left", "trapezoid", "gauss_legendre"])
def test_a_misconception_is_recognised_under_other_rules(rule):
    for mistake in ("no_difference", "path_too_long", "softmax", "abs_in_sum", "others_zero"):
        answer = as_answer(LOGIT_GRADER.misconceptions[mistake], rule)
        assert check("05.2", answer).diagnosis == mistake


@pytest.mark.parametrize(("mistake", "answer"), answers.NAMED)
def test_known_mistakes_written_differently_are_recognised(mistake, answer):
    verdict = check("05.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, mistake), verdict.message


# ---------------------------------------------------------------- accepting and rejecting


@pytest.mark.parametrize("answer", answers.RIGHT, ids=name)
def test_odd_right_answers_pass(answer):
    verdict = check("05.2", answer)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("answer", answers.RANDOM, ids=name)
def test_random_alphas_pass_with_a_note(answer):
    verdict = check("05.2", answer)
    assert verdict.passed, verdict.message
    assert "1/sqrt(n)" in verdict.notes[0]


@pytest.mark.parametrize("answer", answers.NAMELESS, ids=name)
def test_wrong_answers_without_a_name_are_not_diagnosed(answer):
    verdict = check("05.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_disturbed_truths_are_never_named():
    generator = torch.Generator().manual_seed(5)
    for size in (0.01, 0.1, 1.0, 5.0):
        for _ in range(3):
            noise = torch.randn(4096, generator=generator)

            def disturbed(model, x, target, baseline, steps, noise=noise, size=size):
                out = answers.one_big_batch(model, x, target, baseline, steps)
                part = noise[: out.numel()].view_as(out)
                return out * (1 + size * part)

            verdict = check("05.2", disturbed)
            assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_two_mistakes_at_once_are_never_named():
    wrong = LOGIT_GRADER.misconceptions
    for factor in (-1.0, 0.5, 3.0):
        for mistake in (
            "times_x",
            "gradient_by_x",
            "softmax",
            "class_chosen_again",
            "path_from_zero",
        ):

            def both(path, mistake=mistake, factor=factor):
                return factor * wrong[mistake](path)

            verdict = check("05.2", as_answer(both))
            assert (verdict.passed, verdict.diagnosis) == (False, None), (mistake, factor)


def test_a_wasteful_right_answer_is_told_so():
    verdict = check("05.2", answers.finite_differences)
    assert verdict.passed
    assert any("6 times more" in note for note in verdict.notes)
    assert not check("05.2", answers.one_big_batch).notes


def test_gradients_that_stay_between_calls_are_found():
    def keeps_grad(model, x, target, baseline, steps):
        x.requires_grad_(True)
        for k in range(steps):
            alpha = (k + 0.5) / steps
            point = baseline + alpha * (x - baseline)
            (answers.scalar(model, point, target).sum() / alpha / steps).backward()
        return (x - baseline).detach() * x.grad

    verdict = check("05.2", keeps_grad)
    assert (verdict.passed, verdict.diagnosis) == (False, "second_call"), verdict.message


# ---------------------------------------------------------------- 05.7


def test_probability_by_wrapping_or_by_hand_passes():
    def wrapped(model, x, target, baseline, steps):
        return answers.true_trapezoid(
            lambda p: torch.softmax(model(p), -1), x, target, baseline, steps
        )

    def by_hand(model, x, target, baseline, steps):
        total = torch.zeros_like(x)
        rows = torch.arange(len(x))
        for k in range(steps):
            point = (baseline + (k + 0.5) / steps * (x - baseline)).requires_grad_()
            z = model(point).exp()
            chance = z[rows, target] / z.sum(1)
            total += torch.autograd.grad(chance.sum(), point)[0]
        return (x - baseline) * total / steps

    def from_log(model, x, target, baseline, steps):
        """p times the gradient of log p is the gradient of p."""
        total = 0
        rows = torch.arange(len(x))
        for k in range(steps):
            point = (baseline + (k + 0.5) / steps * (x - baseline)).requires_grad_()
            log_p = model(point).log_softmax(1)[rows, target]
            slope = torch.autograd.grad(log_p.sum(), point)[0]
            p = log_p.exp().detach().view(-1, *[1] * (x.dim() - 1))
            total = total + p * slope
        return ((x - baseline) * total / steps).numpy()

    for answer in (wrapped, by_hand, from_log):
        verdict = check("05.7", answer)
        assert verdict.passed, verdict.message


def test_a_wrong_probability_without_a_name():
    def mean_probability_times_logit(model, x, target, baseline, steps):
        ends = [model(p).softmax(1).mean() for p in (x, baseline)]
        out = answers.one_big_batch(model, x, target, baseline, steps)
        return out * (ends[0] + ends[1]) / 2

    def temperature(model, x, target, baseline, steps):
        return answers.one_big_batch(
            lambda p: (model(p) / 2).softmax(1), x, target, baseline, steps
        )

    for answer in (mean_probability_times_logit, temperature):
        verdict = check("05.7", answer)
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message
