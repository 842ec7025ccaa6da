"""What is printed is wrapped at spaces, names are understood, and messages say what was seen."""

import math
import re

import pytest
import torch

import xaicourse as xc
from tests.course.test_messages import CATALOGUE
from xaicourse.course.checking import TASKS, checking
from xaicourse.course.grading.cases import CaseGrader
from xaicourse.course.grading.compare import show_apart
from xaicourse.course.grading.relation import relation
from xaicourse.course.grading.wrapping import WIDTH, wrapped
from xaicourse.course.progress.names import known_name

WITH_TARGET = [
    name
    for name, task in TASKS.items()
    if isinstance(task.grade, CaseGrader) and "target" in task.grade.cases[0].values
]


# ---------------------------------------------------------------- lines


@pytest.mark.fault("J3")
def test_no_line_of_any_message_is_longer_than_the_output_of_a_notebook():
    for key, text in CATALOGUE:
        message = " ".join(f"05.1 not right. {text}".split())
        lines = wrapped(message).split("\n")
        assert " ".join(lines) == message, key
        assert max(map(len, lines)) <= WIDTH, key


@pytest.mark.fault("J3")
def test_code_and_numbers_are_never_broken():
    rows = ["`xaicourse reset 5`", "(3.75, -2.75, 1)", "x - x'", "scores.max(x, dim=(1, 2))", "5 %"]
    for kept in rows:
        for before in range(WIDTH + 5):
            text = " ".join(["a"] * before + [kept] + ["b"] * 8)
            assert any(kept in line for line in wrapped(text).split("\n")), text
    path = "/" + "folder/" * 20 + "file.pt"
    assert path in wrapped(f"There is no file {path} here.").split("\n")
    formula = " + ".join(["one(a, b)"] * 20)
    assert max(map(len, wrapped(formula).split("\n"))) <= WIDTH


@pytest.mark.fault("J3")
@pytest.mark.parametrize("task", ["04.2", "06.1", "08.5"])
def test_what_a_student_sees_is_wrapped(task, capsys):
    xc.check(task, TASKS[task].reference)._ipython_display_()
    wrong = next(iter(TASKS[task].misconceptions.values()))
    verdict = xc.check(task, wrong)
    verdict._ipython_display_()
    verdict._ipython_display_()  # asked for once more
    xc.or_reference(task, wrong)
    for level in (1, 2, 3):
        xc.hint(task, level)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(lines).count(verdict.message) == 2
    assert "\n" not in verdict.message


# ---------------------------------------------------------------- names


@pytest.mark.fault("Q6")
def test_a_task_is_understood_without_its_zero(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "progress.json"))
    answer = TASKS["08.1"].reference
    assert xc.check("8.1", answer).task == "08.1"
    assert xc.or_reference(" 8.01 ", answer) is answer
    assert set(checking._passed) == {"08.1"}
    xc.hint("8.1")
    xc.hint("08.1")  # the second one: it is the same task
    assert set(xc.exercise.bugs("5.4", show=False)) == {"a", "b", "c"}
    xc.predict("8.p1", "a")
    out = capsys.readouterr().out
    assert "08.1 passed." in out
    assert "Hint 2 of 3" in out
    stored = (tmp_path / "progress.json").read_text()
    assert '"08.1"' in stored
    assert '"08.P1"' in stored


@pytest.mark.fault("Q6")
@pytest.mark.parametrize("typed", ["task 07.3", "07-3", "07.3a", 7.3, "07.33"])
def test_an_unknown_task_is_answered_with_the_near_ones(typed):
    for function in (xc.hint, xc.exercise.bugs, lambda t: xc.check(t, 1), known_task):
        with pytest.raises(ValueError, match=r"did you mean .*'07\.3'") as error:
            function(typed)
        assert len(re.findall(r"\d\d\.\d+", str(error.value))) <= 4


def known_task(name):
    return known_name("task", name, TASKS)


@pytest.mark.fault("Q6")
def test_what_is_near_to_nothing_gets_one_example():
    for typed in ("", "hello", None, [1], "x" * 200):
        with pytest.raises(ValueError, match=r"is unknown; .* such as '00\.1'") as error:
            xc.hint(typed)
        assert len(str(error.value)) < 130
    with pytest.raises(ValueError, match=r"question '03\.P77' is unknown; did you mean '0\d\.P"):
        xc.predict("03.P77", "a")


@pytest.mark.fault("Q6")
@pytest.mark.parametrize("typed", ["02", "2", 2, " 02 "])
def test_a_lesson_is_answered_with_its_own_tasks(typed):
    with pytest.raises(ValueError, match=r"lesson 02 has 02\.1, 02\.2") as error:
        xc.hint(typed)
    assert set(re.findall(r"(\d\d)\.\d", str(error.value))) == {"02"}


@pytest.mark.fault("Q6")
def test_tasks_and_predictions_are_told_apart():
    with pytest.raises(ValueError, match=r"predictions called: xc\.predict\('02\.P1', choice\)"):
        xc.check("2.p1", "a")
    with pytest.raises(ValueError, match=r"tasks called: xc\.check\('05\.1', answer\)"):
        xc.predict("5.1", "a")


@pytest.mark.fault("Q7")
@pytest.mark.parametrize("choice", [["b"], {"b"}, {"a": 1}, 3.5, ("a", "b"), object()])
def test_a_choice_of_another_kind_is_refused(choice):
    with pytest.raises(ValueError, match=r"question 02\.P1 has the choices a, b"):
        xc.predict("02.P1", choice)


# ---------------------------------------------------------------- numbers


@pytest.mark.fault("S12")
@pytest.mark.parametrize("error", [2e-4, 5e-4, 9e-4, 1.5e-3, 5e-3, 9e-3])
def test_a_rounded_result_is_told_how_many_digits_are_right(error):
    expected = [torch.tensor([1.0, -2.0, 0.5, 0.3]), torch.tensor([[3.0, -1.1], [4.0, 2.0]])]
    noise = [torch.tensor([1.0, 1, -1, 2]), torch.tensor([[-1.0, 1], [1, 2]])]
    given = [e + error * e.norm() * n / n.norm() for e, n in zip(expected, noise, strict=True)]
    digits = math.floor(-math.log10(error))
    assert f"right to {digits} digits; asked are 4" in relation(given, expected)


@pytest.mark.fault("S12")
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_a_type_with_few_digits_is_named(kind):
    right = TASKS["08.4"].reference
    message = xc.check("08.4", lambda *a: torch.as_tensor(right(*a)).to(kind)).message
    assert f"digits; asked are 4. They are {kind}".replace("torch.", "") in message


def test_too_few_digits_and_whole_numbers_are_not_called_rounded():
    expected = [torch.tensor([1.5, -2.0, 0.5]), torch.tensor([3.0, -1.0])]
    assert relation([e + torch.linspace(-0.1, 0.2, len(e)) for e in expected], expected) == ""
    counts = [torch.tensor([1000.0, 2000.0, 500.0])]
    assert relation([counts[0] + torch.tensor([0.0, 1.0, 0.0])], counts) == ""


@pytest.mark.fault("S12")
@pytest.mark.parametrize("factor", [0.9997, 1.0007, 1.003, 0.9962, -1.003, -0.9961])
def test_no_result_is_the_right_one_times_1(factor):
    expected = [torch.tensor([1.0, -2.0, 0.5]), torch.tensor([[3.0, -1.1], [4.0, 2.0]])]
    text = relation([factor * e for e in expected], expected)
    assert re.search(r"times -?1\.", text) is None or f"times {factor:g}." in text
    assert text
    changing = relation([factor * expected[0], 1.0021 * factor * expected[1]], expected)
    low, high = re.findall(r"from (\S+) to (\S+)\.", changing)[0]
    assert low != high


@pytest.mark.fault("S12")
@pytest.mark.parametrize(("task", "part", "by"), [("06.1", 0, 0.002), ("08.1", 0, 0.004)])
def test_a_number_on_paper_that_is_rounded_is_told_so(task, part, by):
    right = TASKS[task].reference
    name = list(right)[part]
    answer = {**right, name: tuple(value + by for value in right[name])}
    message = xc.check(task, answer).message
    assert f"right to within {by:g}; asked are 3 digits after the point" in message
    assert "times" not in message


def test_what_is_shown_of_two_results_differs():
    for shape in ((20,), (2, 12), (3, 4, 11)):
        a = torch.arange(float(math.prod(shape))).reshape(shape)
        b = a.clone()
        b[..., -1] += 0.5
        yours, right = show_apart(a, b)
        assert yours.rpartition("= ")[2] != right


# ---------------------------------------------------------------- paper


@pytest.mark.fault("Q2")
@pytest.mark.parametrize("task", ["01.1", "02.1", "03.1", "05.1", "06.1", "08.1"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("3,5", "without quotes"),
        ("about 2", "without quotes"),
        ("1/0", "without quotes"),
        (1j, "no number (complex)"),
        (print, "no number (builtin_function_or_method)"),
        (float("nan"), "NaN or an infinite number"),
        (torch.tensor(float("inf")), "NaN or an infinite number"),
        (10**400, "NaN or an infinite number"),
    ],
)
def test_what_is_no_number_is_told_what_to_write(task, value, words):
    right = TASKS[task].reference
    parts = list(right.values()) if isinstance(right, dict) else list(right)
    message = xc.check(task, ((value, *parts[0][1:]), *parts[1:])).message
    assert words in message, message
    assert f"for {task}" not in message


# ---------------------------------------------------------------- functions


@pytest.mark.fault("Q3")
@pytest.mark.parametrize("task", WITH_TARGET)
@pytest.mark.parametrize("fixed", [0, 1])
def test_a_target_that_is_ignored_is_named(task, fixed):
    right, case = TASKS[task].grade.right, TASKS[task].grade.cases[0]
    place = list(case.values).index("target")

    def always_the_same_class(*arguments):
        target = arguments[place] * 0 + fixed
        return right(*arguments[:place], target, *arguments[place + 1 :])

    verdict = xc.check(task, always_the_same_class)
    assert verdict.diagnosis == "fixed_class", verdict.message
    assert f"You explain class {fixed}, whatever `target` is" in verdict.message


@pytest.mark.fault("Q3")
@pytest.mark.parametrize("task", WITH_TARGET)
def test_a_target_that_is_ignored_is_seen_without_a_name_too(task):
    case = TASKS[task].grade.cases[0]
    place = next(i for i, value in enumerate(case.values.values()) if torch.is_tensor(value))
    verdict = xc.check(task, lambda *arguments: arguments[place] ** 2 + 1)
    assert verdict.diagnosis is None, verdict.message
    if "shape" not in verdict.message:
        assert "stays the same when `target` is another class" in verdict.message
    right = TASKS[task].grade.right
    assert "stays the same" not in xc.check(task, lambda *arguments: 2 * right(*arguments)).message


@pytest.mark.fault("Q3")
@pytest.mark.parametrize("task", ["05.2", "05.7"])
def test_a_path_method_that_ignores_its_target_is_named(task):
    right = TASKS[task].reference
    verdict = xc.check(task, lambda model, x, target, b, steps: right(model, x, 2, b, steps))
    assert verdict.diagnosis == "fixed_class", verdict.message
    assert "class 2" in verdict.message


@pytest.mark.fault("Q3")
@pytest.mark.parametrize("task", ["02.2", "03.3", "06.4", "08.2"])
@pytest.mark.parametrize(
    ("size", "words"),
    [
        (lambda rows: rows.abs().amax(1), "largest size"),
        (lambda rows: rows.norm(dim=1), "length"),
        (lambda rows: rows.abs().sum(1), "sum of sizes"),
    ],
)
def test_a_normalised_map_is_named(task, size, words):
    right = TASKS[task].grade.right

    def each_input(*arguments):
        result = torch.as_tensor(right(*arguments))
        rows = result.reshape(len(result), -1)
        return (rows / size(rows).clamp_min(1e-12)[:, None]).reshape(result.shape)

    def with_nan(*arguments):  # where a map is 0
        result = torch.as_tensor(right(*arguments))
        rows = result.reshape(len(result), -1)
        return (rows / size(rows)[:, None]).reshape(result.shape)

    def whole(*arguments):
        result = torch.as_tensor(right(*arguments))
        return result / size(result.reshape(1, -1))

    for answer in (each_input, with_nan, whole):
        verdict = xc.check(task, answer)
        assert verdict.diagnosis == "normalised", verdict.message
        assert words in verdict.message


# ---------------------------------------------------------------- 05.4


@pytest.mark.fault("Q4")
def test_nobody_is_convicted_in_words():
    right = TASKS["05.4"].reference
    few = xc.check("05.4", {**right, "a": (*right["a"][:3], -1), "b": None, "c": None}).message
    assert "Convicted: none yet. Input a: steps must be" in few
    some = xc.check("05.4", {**right, "c": (*right["c"][:3], 2.5)}).message
    assert "Convicted: a, b. Input c: steps must be" in some
