"""check, hint, or_reference: what a student sees."""

import subprocess
import sys

import pytest

import xaicourse as xc
from tests.lessons import l05_answers as answers
from xaicourse.course.checking import TASKS, AnswerNotRight, Verdict, checking

RIGHT = TASKS["05.2"].reference


def test_a_verdict_in_words(capsys):
    for task, answer, words in (
        ("05.1", ((3.75, -2.75), 0.25), "05.1 passed."),
        ("05.1", ((3, -3), 0.25), "05.1 not right."),
        ("05.1", None, "05.1 not done yet."),
    ):
        verdict = xc.check(task, answer)
        out = capsys.readouterr().out
        assert out.startswith(words)
        assert " ".join(out.splitlines()) == verdict.message
        assert isinstance(verdict, Verdict)


def test_strict_raises_and_says_why():
    with pytest.raises(AnswerNotRight, match=r"05\.1 not right"):
        xc.check("05.1", ((3, -3), 0.25), strict=True)
    with pytest.raises(AnswerNotRight, match="not done yet"):
        xc.check("05.1", None, strict=True)
    assert xc.check("05.1", (3.75, -2.75), 0.25, strict=True).passed


def test_unknown_tasks_and_missing_answers():
    for function in (lambda t: xc.check(t, 1), xc.hint, lambda t: xc.or_reference(t, 1)):
        with pytest.raises(ValueError, match=r"task 'none' is unknown; .* such as '00\.1'"):
            function("none")
    with pytest.raises(TypeError, match="the answer is missing"):
        xc.check("05.1")


def of_no_known_kind(model, x, target, baseline, steps):
    """Wrong in a way that has no name: twice the right map, and a bit of x."""
    return answers.doubled(model, x, target, baseline, steps) + 0.1 * x**2


def test_the_probe_is_shown_from_the_second_try_on():
    first = xc.check("05.2", of_no_known_kind)
    second = xc.check("05.2", of_no_known_kind)
    assert "input 1 of the batch" in first.message
    assert "expected [" not in first.message
    assert "yours [6.1, 3.66, 2.15]; expected [3, 1.8, 0.96]" in second.message


def test_an_open_task_is_no_try():
    xc.check("05.2", None)
    xc.check("05.2", None)
    assert "expected [" not in xc.check("05.2", of_no_known_kind).message


def test_jupyter_does_not_show_the_line_twice(capsys):
    verdict = xc.check("05.1", ((3.75, -2.75), 0.25))
    capsys.readouterr()
    verdict._ipython_display_()  # the last value of the cell that checked
    assert capsys.readouterr().out == ""
    verdict._ipython_display_()  # a later cell that asks for it
    assert capsys.readouterr().out.strip() == verdict.message


def test_three_hints_then_the_last_again(capsys):
    for level in (1, 2, 3, 3):
        xc.hint("05.2")
        out = capsys.readouterr().out
        assert out.startswith(f"Hint {level} of 3: ")
        assert out.count("Hint") == 1
    xc.hint("05.2", level=1)
    assert capsys.readouterr().out.startswith("Hint 1 of 3: ")
    with pytest.raises(ValueError, match="hints 1 to 3"):
        xc.hint("05.2", level=4)


# ---------------------------------------------------------------- or_reference


def test_or_reference_keeps_a_right_answer(capsys):
    xc.check("05.2", answers.one_big_batch)
    capsys.readouterr()
    assert xc.or_reference("05.2", answers.one_big_batch).__wrapped__ is answers.one_big_batch
    assert capsys.readouterr().out == ""


def test_or_reference_replaces_what_is_open_or_wrong(capsys):
    def stub(model, x, target, baseline, steps):
        raise NotImplementedError

    for answer in (None, ..., stub, answers.zeros):
        assert xc.or_reference("05.2", answer) is RIGHT
        assert "drawn with the reference, not with yours" in capsys.readouterr().out


def test_or_reference_looks_at_an_answer_that_was_changed_after_its_check():
    xc.check("05.2", answers.one_big_batch)
    assert xc.or_reference("05.2", answers.zeros) is RIGHT
    assert xc.or_reference("05.2", answers.right_riemann).__wrapped__ is answers.right_riemann


def test_a_wrong_check_forgets_an_earlier_pass():
    xc.check("05.2", answers.one_big_batch)
    xc.check("05.2", answers.zeros)
    assert "05.2" not in checking._passed


# ---------------------------------------------------------------- the library's own method


def calls_the_library(model, x, target, baseline, steps):
    return xc.integrated_gradients(
        model, x, target=target, baseline=baseline, steps=steps, quadrature="midpoint"
    )


@pytest.mark.parametrize("answer", [calls_the_library, xc.integrated_gradients])
def test_the_librarys_method_is_fine_but_not_counted(answer, monkeypatch):
    verdict = xc.check("05.2", answer)
    assert (verdict.passed, verdict.counted) == (True, False), verdict.message
    assert "fine for going on, but it is not counted" in verdict.notes[0]

    graded = xc.check("05.2", answer, graded=True)
    assert (graded.passed, graded.diagnosis) == (False, "library_used")

    monkeypatch.setenv("XAICOURSE_GRADED", "1")
    assert not xc.check("05.2", answer).passed


def test_own_work_is_counted():
    verdict = xc.check("05.2", answers.one_big_batch, graded=True)
    assert (verdict.passed, verdict.counted) == (True, True)


def test_importing_is_cheap_and_starts_nothing():
    code = (
        "import xaicourse as xc, sys; from xaicourse.course.checking import checking;"
        "assert checking._client.pid is None;"
        "assert 'xaicourse.course.checking.worker' not in sys.modules;"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
