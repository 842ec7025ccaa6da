"""A share, a cosine or a "3 of 4" is refused when nothing stands beside it to compare with."""

import pytest
from builder.findings import Finding
from builder.lint_controls import bare_lines, lint_shown
from builder.lint_not_yet import NOT_YET, softened
from builder.lint_outputs import lint_outputs
from builder.source import Cell, Source
from nbformat.v4 import new_code_cell, new_notebook, new_output

from .conftest import LESSON

BARE = [
    "the two maps, cosine: about 0.7",
    "Grad-CAM: correlation with the effects: about 0.2",
    "likeness to the other classes' maps: about 0.98",
    "similarity 0.3",
    "share of the map in its own half: about 0.94",
    "own half, mean of cat and espresso: about 0.59",
    "inside the mark at sigma 0: about 0.33",
    "rises, percent: about 14",
    "14 % of the cells speak against the class",
    "14% of the cells",
    "beats the gradient in 3 of 4 photos",
    "right for three of four photos: yes",
    "the same sign in two out of three seeds",
    "all of the five photos: no",
    "empty maps of Grad-CAM, of 200: 11",
    "cosine above 0.9: yes",
    "the cosine is above a half: True",
    "cosine 0.7 (control)",
    "cosine 0.7 (control: chance)",
    "cosine 0.7, control: chance 0.5",
]
FINE = [
    "the two maps, cosine: about 0.7 (control: pixels shuffled about 0.5)",
    "right for three of four photos (control: chance one of 4)",
    "cosine above 0.9: yes (control: other seed no)",
    "control, with sign: cosine: 0",
    "  control, own pixels shuffled: cosine 0.5",
    "the shares add up to it: yes",
    "inputs [3.0, -3.0], hidden [0.0, 0.0, 1.0], sum 2.0",
    "mean of all 24 orders: 5.0",
    "mean of 8: 0.2",
    "mean of 8: 2",
    "one of the classes: cat 9.2",
    "the best of them: 3",
    "probability of goldfish is below 0.001: yes",
    "logit: kept within 10 % up to: about 0.032 grey levels",
    "at 5 % light: length of the gradient: about 91",
    "the gap is below 1 %: yes",
    "x = (3, 1): f = 2",
    "cosine between two maps",
    "In words: Right: the share of the map in each region, 2 of 4 shown.",
    "",
]


@pytest.mark.parametrize("line", BARE)
def test_a_bare_line_is_found(line):
    assert bare_lines(f"logit: 11\n{line}\nlogit: 9\n") == [line]


@pytest.mark.parametrize("line", FINE)
def test_other_lines_are_left_alone(line):
    assert bare_lines(f"logit: 11\n{line}\n\nlogit: 9\n") == []


def test_a_table_needs_the_mark_in_its_line_of_headers():
    table = "rule     cosine\nepsilon  0.28\nflat     1.00\n"
    assert bare_lines(table) == ["rule     cosine"]
    marked = "rule     cosine  (control: shuffled)\nepsilon share  0.28  0.05\nflat  1.00  0.98\n"
    assert bare_lines(marked) == []
    assert bare_lines(marked + "\nshare of the rise: 0.3") == ["share of the rise: 0.3"]


def executed(*cells, product="lesson"):
    """Return a notebook that printed the given texts, one cell for each (text, tags)."""
    made = [
        new_code_cell(
            "f()",
            execution_count=number,
            outputs=[new_output("stream", name="stdout", text=text)],
            metadata={"tags": tags},
        )
        for number, (text, tags) in enumerate(cells, start=1)
    ]
    return new_notebook(cells=made, metadata={"xaicourse": {"product": product}})


def found(notebook, where="notebooks/90_sample.ipynb"):
    return [one for one in lint_outputs(where, notebook) if one.rule == "controls"]


def test_what_the_core_prints_is_read_however_it_was_printed():
    made = executed(("cosine: 0.7\n", []), ("cosine: 0.7\n", ["machinery"]))
    assert [one.where[-6:] for one in found(made)] == ["cell 1", "cell 2"]
    value = new_output("execute_result", data={"text/plain": "'share 0.7'"}, execution_count=1)
    made.cells[0].outputs = [value]
    assert len(found(made)) == 2
    value.data["image/png"] = ""
    assert len(found(made)) == 1


def test_the_description_of_a_picture_is_no_measurement():
    made = executed(("", []))
    text = "In words: two maps and their cosine over 50 layers."
    made.cells[0].outputs = [new_output("display_data", data={"text/plain": text})]
    assert not found(made)
    made.cells[0].outputs[0].data["text/plain"] = text.removeprefix("In words: ")
    assert len(found(made)) == 1


@pytest.mark.parametrize("tag", ["deeper", "references", "check", "question", "hint"])
def test_deeper_cells_and_checks_are_not_read(tag):
    assert not found(executed(("cosine: 0.7\n", [tag])))


def test_sheets_are_not_read():
    assert not found(executed(("cosine: 0.7\n", []), product="solution"))


def test_a_lesson_that_is_not_yet_rewritten_gets_notes():
    made = executed(("cosine: 0.7\n", []))
    assert [one.is_error for one in found(made)] == [True]
    for lesson, is_error in [("09", True), *((old, False) for old in NOT_YET)]:
        [one] = softened(lesson, [Finding("x", "controls", "bare")])
        assert one.is_error == is_error


def shown(code: str, *tags: str) -> list[str]:
    cell = Cell(1, "code", code, tags, None, "id")
    source = Source("lesson.py", "90_sample", "90", False, "", (cell,))
    return [finding.text for finding in lint_shown(source)]


@pytest.mark.parametrize(
    "code",
    [
        'xc.show("cosine of both", a)',
        'xc.show(f"{name}: share inside", a)',
        'xc.show("rises", a, "%")',
        'xc.show("rises", a, unit="percent")',
        'xc.show("both maps", strip.absolute_cosine)',
        'xc.show("both maps", round(cosine(a, b), 1))',
        'xc.show("cosine above 0.9", found > 0.9, control=None)',
        'print("share", a)',
        'print(f"{a:.0%} of the cells")',
        'print(f"{name} {own_share(a):.2f}")',
        'xc.show(f"{right} photos, {n} of 5", right)',
        'xc.show("photos", f"{n} of 5")',
    ],
)
def test_a_bare_call_is_found(code):
    assert len(shown(f"a = 1\n{code}")) == 1, shown(code)
    assert shown(code, "deeper") == []


@pytest.mark.parametrize(
    "code",
    [
        'xc.show("cosine of both", a, control={"chance": b})',
        'xc.show("control, pixels shuffled", strip.shuffled_cosine)',
        'xc.show("own pixels in random places", strip.shuffled_cosine)',
        'xc.show("the shares add up", total)',
        'xc.show("pixels", parts.shares["input"])',
        'xc.show("picture of 7 times the logit: the same", cosine(a, b) > 0.9999)',
        'print(f"share {a} (control: chance {b})")',
        'print("rule  share  (control: chance)")\nprint(f"{rule} {share(a):.2f} {b:.2f}")',
        'print(f"{a:.2f}", b % 3)',
        'print(f"{name} of {kind}", a)',
        'xc.show("best of 3", a)',
        "plot(cosine(a, b))",
        "share = own_share(a)",
        "def f(:",
    ],
)
def test_other_calls_are_left_alone(code):
    assert shown(code) == []


def test_the_rule_is_part_of_the_linter(course):
    course.change(LESSON, 'print("line")', 'print("cosine", 0.5)')
    assert [one.rule for one in course.lint() if one.is_error] == ["controls"]
