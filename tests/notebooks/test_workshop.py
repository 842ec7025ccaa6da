"""The workshop: cells that lessons lend, one notebook that is built and checked like a lesson."""

import nbformat
import pytest
from builder import names, workshop
from builder.environment import FIRST
from builder.errors import CourseError
from builder.execute import execute
from builder.work import in_work
from builder.workshop import make_workshop, read_workshop

from .conftest import LESSON, ROOM

WORDS = """
title = "A short workshop"
welcome = "Welcome."
goodbye = "Goodbye."

[[part]]
lesson = "91"
minutes = 10
words = "The second lesson comes first."

[[part]]
lesson = "90"
minutes = 15
words = "Then the sample."

[[part]]
lesson = "92"
minutes = 5
words = "It lends nothing yet."
"""

SECOND = """# %% [markdown] tags=["header"]
# # 91 · Another

# %% tags=["setup"]
import fake_xc as xc

# %%
triple = "a name of the other lesson, too"

# %% [markdown] tags=["workshop"]
# ## A heading

# %% tags=["workshop"]
four = 4
print("four is", four)

# %% tags=["machinery", "workshop"]
assert four == 4
"""


IDLE = SECOND.replace("91", "92").replace('"workshop"', '"demo"')


@pytest.fixture
def lending(course):
    """Give the sample course two more lessons, of which one lends cells, and a workshop."""
    for name, text in (("l91_another", SECOND), ("l92_idle", IDLE)):
        room = course.root / ROOM.replace("l90_sample", name)
        room.mkdir()
        (room / "lesson.py").write_text(text, encoding="utf-8")
    (course.root / "xaicourse/course/workshop.toml").write_text(WORDS, encoding="utf-8")
    for kind, text in (("# %% [markdown]", "# ### Task"), ("# %%", "thrice")):
        course.change(LESSON, f"{kind}\n{text}", f'{kind} tags=["workshop"]\n{text}')
    return course


def made(course):
    return make_workshop(read_workshop(course.root, course.registry))


def test_each_part_begins_with_its_heading_and_the_setup_of_its_lesson(lending):
    first = [cell.source.splitlines()[0] for cell in made(lending).cells]
    assert first == [
        "# A short workshop",
        "## Part 1 · from lesson 91",
        "import fake_xc as xc",
        "## A heading",
        "four = 4",
        "assert four == 4",
        "## Part 2 · from lesson 90",
        "import fake_xc as xc",
        "### Task 90.3 · Triple it",
        "def triple(x):",
        'xc.check("90.3", triple)',
        "<details><summary>Our reasoning for 90.3</summary>",
        'thrice = xc.or_reference("90.3", triple)',
        "Goodbye.",
    ]


def test_the_timetable_and_the_links_are_those_of_the_parts(lending):
    cells = made(lending).cells
    assert "| 0 to 10 | 1 · another |\n| 10 to 25 | 2 · sample |" in cells[0].source
    link = "10 minutes. The whole story: [lesson 91 · another](../notebooks/91_another.ipynb)."
    assert (
        cells[1].source == f"## Part 1 · from lesson 91\n\nThe second lesson comes first.\n\n{link}"
    )


def test_cells_keep_what_a_lesson_s_cells_have_and_their_ids_differ(lending):
    cells = made(lending).cells
    assert len({cell.id for cell in cells}) == len(cells)
    assert cells[5].metadata.jupyter.source_hidden
    task = cells[9]
    assert task.metadata.xaicourse.task == "90.3"
    assert "raise NotImplementedError" in task.metadata.xaicourse.in_work
    assert task.id.endswith(
        next(c.id for c in lending.read(LESSON).cells if "def triple" in c.text)
    )


def test_one_tag_lends_the_whole_task(lending):
    lending.change(
        LESSON, '# %% [markdown] tags=["workshop"]\n# ### Task', "# %% [markdown]\n# ### Task"
    )
    lending.change(LESSON, '# %% tags=["check"]', '# %% tags=["check", "workshop"]')
    tasks = [cell.metadata.get("xaicourse", {}).get("task") for cell in made(lending).cells]
    assert tasks.count("90.3") == 4


def test_without_a_tag_there_is_no_workshop(course):
    (course.root / "xaicourse/course/workshop.toml").write_text(WORDS, encoding="utf-8")
    assert read_workshop(course.root, course.registry) is None


def test_a_name_of_a_cell_without_the_tag_is_refused(lending):
    lending.change(LESSON, '# %% tags=["machinery"]', '# %% tags=["machinery", "workshop"]')
    assert made(lending)
    lending.change(LESSON, '# %% tags=["workshop"]\nthrice', "# %%\nthrice")
    with pytest.raises(CourseError, match="lesson 90, cell 15 needs 'thrice'"):
        made(lending)


def test_a_name_that_only_another_part_binds_is_refused(lending):
    lending.change(LESSON, "thrice(2))", "thrice(2), four)")
    with pytest.raises(CourseError, match="lesson 90, cell 14 needs 'four'"):
        made(lending)


def test_a_lesson_that_lends_without_a_part_is_refused(lending):
    path = lending.root / "xaicourse/course/workshop.toml"
    path.write_text(WORDS.replace('lesson = "91"', 'lesson = "93"'), encoding="utf-8")
    with pytest.raises(CourseError, match="lesson 91 has cells tagged 'workshop'"):
        made(lending)


def test_a_header_stays_in_its_lesson(lending):
    lending.change(LESSON, 'tags=["header"]', 'tags=["header", "workshop"]')
    with pytest.raises(CourseError, match="the header stays in its lesson"):
        made(lending)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("a = 1\nb = a", set()),
        ("print(a)", {"a"}),
        ("def f(x):\n    return x + [y for y in z]", {"z"}),
        ("f = lambda x: x * k", {"k"}),
        ("class A:\n    b = c\n    def m(self):\n        return d", {"c", "d"}),
        ("[g for g in h]", {"h"}),
    ],
)
def test_names_that_a_cell_needs(code, missing):
    assert names.missing(code) == missing


@pytest.mark.notebook
def test_the_workshop_is_built_checked_and_runs_unsolved(lending, capsys):
    assert lending.build("--only", "workshop") == 0
    out = capsys.readouterr().out
    assert "workshop.ipynb with 2 thread(s)" in out
    assert "workshop.ipynb with nothing solved" in out
    assert [path.name for path in lending.root.rglob("*.ipynb")] == ["workshop.ipynb"]
    stored = nbformat.read(lending.root / workshop.NAME, as_version=4)
    outputs = "".join(o.get("text", "") for c in stored.cells for o in c.get("outputs", []))
    assert outputs == "four is 4\n90.3: right\nthrice two is 6\n"
    ran = execute(in_work(stored), lending.root / "notebooks", FIRST).notebook
    outputs = "".join(o.get("text", "") for c in ran.cells for o in c.get("outputs", []))
    assert "90.3: not done yet\n90.3: a reference is used\n" in outputs

    assert lending.build("--only", "workshop", "--check") == 0
    lending.change(LESSON, '"thrice two is"', '"three times two is"')
    capsys.readouterr()
    assert lending.build("--only", "workshop", "--check") == 1
    assert "error notebooks/workshop.ipynb: cell 13: another source" in capsys.readouterr().out


@pytest.mark.notebook
def test_a_workshop_that_nothing_makes_any_more_is_named(built, capsys):
    (built.root / workshop.NAME).write_text("{}", encoding="utf-8")
    assert built.build("--check") == 1
    assert "error notebooks/workshop.ipynb: no cell has the tag" in capsys.readouterr().out
