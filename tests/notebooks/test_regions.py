"""Solution regions: what a student gets, and every mark that is refused."""

import ast

import pytest
from builder import regions
from builder.errors import CourseError
from builder.source import Cell


def code(text: str) -> Cell:
    return Cell(3, "code", text, ("task",), "05.2", "id")


BEGIN, END = regions.BEGIN, regions.END
FUNCTION = """def f(x):
    y = x
    ### BEGIN SOLUTION
    # STUB: for _ in range(2):
    # STUB:     ...
    secret = 2 * y
    return secret
    ### END SOLUTION"""


def test_the_student_gets_a_refusal_and_the_skeleton_and_no_solution():
    assert regions.student(code(FUNCTION)).splitlines() == [
        "def f(x):",
        "    y = x",
        "    # YOUR CODE HERE",
        '    raise NotImplementedError("Task 05.2: write me")',
        "    for _ in range(2):",
        "        ...",
    ]


def test_the_worked_sheet_has_the_solution_and_no_marks():
    assert regions.worked(code(FUNCTION)).splitlines() == [
        "def f(x):",
        "    y = x",
        "    secret = 2 * y",
        "    return secret",
    ]


def test_the_stub_raises_only_when_it_is_called():
    space = {}
    exec(regions.student(code(FUNCTION)), space)
    with pytest.raises(NotImplementedError, match=r"Task 05\.2: write me"):
        space["f"](1)


def test_a_method_of_a_class_is_a_function_too():
    body = f"        {BEGIN}\n        return 1\n        {END}"
    text = f"class A:\n    def f(self):\n{body}"
    assert '        raise NotImplementedError("Task 05.2: write me")' in regions.student(code(text))


def test_two_regions_in_a_cell_are_both_cut():
    text = FUNCTION + "\n" + FUNCTION.replace("def f", "def g")
    student = regions.student(code(text))
    assert "secret" not in student
    assert student.count("raise NotImplementedError") == 2


def test_a_value_is_given_by_its_stub_lines():
    text = "### BEGIN SOLUTION\n# STUB: kink = None\nkink = 0.25\n### END SOLUTION"
    assert regions.student(code(text)) == "# YOUR CODE HERE\nkink = None"


def test_an_own_refusal_in_the_stub_is_not_doubled():
    stub = "    # STUB: raise NotImplementedError('later')"
    text = f"def f():\n    {BEGIN}\n{stub}\n    return 1\n    {END}"
    assert regions.student(code(text)).count("raise") == 1


def test_a_free_text_answer_is_replaced():
    text = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cell = Cell(3, "markdown", text, ("answer",), "05.2", "id")
    assert regions.student(cell) == "Why?\n\n*Your answer here.*"
    assert regions.worked(cell) == "Why?\n\nBecause."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{BEGIN}\n# STUB: a = 0\na = 1\n{BEGIN}\nb = 2\n{END}\n{END}", "begins inside"),
        (f"x = 0\n{BEGIN}\na = 1", "line 2: this solution region is never closed"),
        (f"a = 1\n{END}", "without a"),
        (f"{BEGIN}\n# STUB: a = 1\n{END}", "is empty"),
        (f"# BEGIN SOLUTION\na = 1\n{END}", "is not a mark"),
        (f"{BEGIN}\na = 1\n### End solution", "is not a mark"),
        (f"###BEGIN SOLUTION\na = 1\n{END}", "is not a mark"),
        (f"{BEGIN}\na = 1\n{END}", "not inside a function"),
        (f"if x:\n    {BEGIN}\n    a = 1\n    {END}", "not inside a function"),
        (f"{BEGIN}\n# STUB: a = (\na = 1\n{END}", "the student's version is not valid Python"),
        (f"def f(:\n    {BEGIN}\n    a = 1\n    {END}", "the solution is not valid Python"),
    ],
)
def test_what_cannot_be_cut_is_refused(text, message):
    with pytest.raises(CourseError, match=message):
        regions.student(code(text))


def test_every_student_cell_is_python():
    ast.parse(regions.student(code(FUNCTION)))
