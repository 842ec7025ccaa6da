"""The student's copies in work/: nothing that a student wrote is ever lost."""

import hashlib
import json

import pytest

from xaicourse.core import places
from xaicourse.core.places import issued_folder
from xaicourse.course.checking.work import open_work, reset
from xaicourse.course.checking.work_form import as_bytes, work_form

SHEET = "exercises/05_paths.ipynb"
LESSON = "notebooks/05_paths.ipynb"


def cell(name, source, task=None):
    metadata = {"xaicourse": {"task": task}} if task else {}
    return {"id": name, "cell_type": "code", "source": source, "metadata": metadata, "outputs": []}


def notebook(*cells):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


ISSUED = [
    cell("intro", "import xaicourse as xc"),
    cell("card1", "# Task 1", "05.1"),
    cell("stub1", "answer = None", "05.1"),
    cell("card2", "# Task 2", "05.2"),
    cell("stub2", "def my_ig(): ...", "05.2"),
    cell("check2", "xc.check('05.2', my_ig)", "05.2"),
    cell("end", "print('end')"),
]


ANSWER = {"output_type": "stream", "name": "stdout", "text": "2\n"}


def worked(name, source, in_work, task="05.3"):
    """A cell of a stored lesson that reads differently in work/."""
    made = cell(name, source, task)
    made["metadata"]["xaicourse"]["in_work"] = in_work
    return {**made, "outputs": [ANSWER]}


STORED = [
    {**cell("a", "1 + 1"), "outputs": [ANSWER]},
    cell("card3", "### Task 3", "05.3"),
    worked("stub3", "def loop(): return 1", "def loop(): ..."),
    cell("check3", "xc.check('05.3', loop)", "05.3"),
    worked("fold3", "our reasoning", "our code and our reasoning"),
    worked("web3", "for readers on the web", None),
    cell("after", "loop = xc.or_reference('05.3', loop)"),
]


def in_work(text):
    return as_bytes(work_form(json.loads(text))).decode()


@pytest.fixture
def root(tmp_path):
    """A small clone: one lesson, one sheet, a picture beside them, and hidden files."""
    for folder in ("xaicourse", "notebooks", "exercises/figures", "exercises/.ipynb_checkpoints"):
        (tmp_path / folder).mkdir(parents=True)
    write(tmp_path / LESSON, notebook(*STORED))
    write(tmp_path / SHEET, notebook(*ISSUED))
    (tmp_path / "exercises/figures/path.png").write_bytes(b"\x89PNG picture")
    write(tmp_path / "exercises/.ipynb_checkpoints/05_paths.ipynb", "hidden")
    return tmp_path


def write(file, text):
    file.write_text(text, encoding="utf-8", newline="\n")


def read(file):
    return file.read_text(encoding="utf-8")


def actions(changes):
    return {change.file: change.action for change in changes}


def all_files(root):
    files = (root / "work").rglob("*")
    kept = (f for f in files if f.is_file() and f.suffix != ".lock")
    return {f.relative_to(root / "work").as_posix(): f.read_bytes() for f in kept}


# ---------------------------------------------------------------- copies


def test_the_first_time_everything_is_copied_with_its_folder(root):
    assert actions(open_work(root)) == {
        LESSON: "copied",
        SHEET: "copied",
        "exercises/figures/path.png": "copied",
    }
    assert read(root / "work" / SHEET) == read(root / SHEET)
    assert read(root / "work" / LESSON) == in_work(read(root / LESSON))
    assert set(all_files(root)) == {
        LESSON, SHEET, "exercises/figures/path.png", ".xaicourse.json",
    }  # fmt: skip


def test_a_second_time_changes_nothing(root):
    open_work(root)
    before = all_files(root)
    assert open_work(root) == []
    assert all_files(root) == before


def test_an_edited_copy_stays_when_the_course_did_not_change(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    assert open_work(root) == []
    assert read(root / "work" / SHEET) == "mine"
    assert not (root / "work/exercises/05_paths.new.ipynb").exists()


def test_an_unedited_copy_is_updated(root):
    open_work(root)
    write(root / SHEET, "second edition")
    assert actions(open_work(root)) == {SHEET: "updated"}
    assert read(root / "work" / SHEET) == "second edition"
    write(root / SHEET, "third edition")  # and the update counts as unedited again
    assert actions(open_work(root)) == {SHEET: "updated"}


def test_an_edited_copy_is_kept_and_the_new_version_stands_beside_it(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    (change,) = open_work(root)
    assert (change.file, change.action) == (SHEET, "kept")
    assert "05_paths.new.ipynb" in change.message
    assert read(root / "work" / SHEET) == "mine"
    assert read(root / "work/exercises/05_paths.new.ipynb") == "second edition"


def test_a_new_version_is_offered_once_even_when_its_file_is_deleted(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    open_work(root)
    offered = root / "work/exercises/05_paths.new.ipynb"
    offered.unlink()
    assert open_work(root) == []
    assert not offered.exists()
    write(root / SHEET, "third edition")
    assert actions(open_work(root)) == {SHEET: "kept"}
    assert read(offered) == "third edition"


def test_an_edited_new_version_is_not_overwritten_either(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    open_work(root)
    write(root / "work/exercises/05_paths.new.ipynb", "my work in the new version")
    write(root / SHEET, "third edition")
    open_work(root)
    assert read(root / "work/exercises/05_paths.new.ipynb") == "my work in the new version"
    assert read(root / "work/exercises/05_paths.new2.ipynb") == "third edition"


def test_an_unedited_new_version_is_replaced_by_a_newer_one(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    for edition in ("second edition", "third edition"):
        write(root / SHEET, edition)
        open_work(root)
    assert read(root / "work/exercises/05_paths.new.ipynb") == "third edition"
    assert not (root / "work/exercises/05_paths.new2.ipynb").exists()


def test_a_student_who_takes_the_new_version_is_up_to_date(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    open_work(root)
    (root / "work/exercises/05_paths.new.ipynb").replace(root / "work" / SHEET)
    assert open_work(root) == []
    write(root / SHEET, "third edition")
    assert actions(open_work(root)) == {SHEET: "updated"}


def test_a_deleted_copy_comes_back(root):
    open_work(root)
    (root / "work" / SHEET).unlink()
    assert actions(open_work(root)) == {SHEET: "copied"}


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"files": 3}', '{"files": {"a": 1}}'])
def test_without_a_readable_manifest_nothing_is_overwritten(root, text):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    manifest = root / "work/.xaicourse.json"
    manifest.unlink() if text is None else write(manifest, text)
    assert actions(open_work(root)) == {SHEET: "kept"}
    assert read(root / "work" / SHEET) == "mine"
    assert open_work(root) == []  # the manifest is whole again


def test_files_of_the_student_are_left_alone(root):
    open_work(root)
    write(root / "work/exercises/notes.ipynb", "notes")
    open_work(root)
    assert read(root / "work/exercises/notes.ipynb") == "notes"


def test_a_failed_write_leaves_the_old_file_and_no_rest(root, monkeypatch):
    open_work(root)
    before = all_files(root)
    write(root / SHEET, "second edition")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        open_work(root)
    assert all_files(root) == before


# ---------------------------------------------------------------- the lessons' form in work/


@pytest.mark.fault("N4")
def test_a_lesson_opens_with_its_stubs_and_without_any_output(root):
    open_work(root)
    cells = {c["id"]: c for c in json.loads(read(root / "work" / LESSON))["cells"]}
    assert cells["stub3"]["source"] == "def loop(): ..."
    assert cells["fold3"]["source"] == "our code and our reasoning"
    assert "web3" not in cells
    assert [c["outputs"] for c in cells.values()] == [[]] * 6
    assert "in_work" not in read(root / "work" / LESSON)


def test_the_manifest_holds_what_was_written(root):
    open_work(root)
    copied = json.loads(read(root / "work/.xaicourse.json"))["files"]
    for name, sums in copied.items():
        written = (root / "work" / name).read_bytes()
        assert sums == {"copied": hashlib.sha256(written).hexdigest()}


@pytest.fixture
def before(root):
    """Return a clone whose copies are those of an earlier version: byte by byte, with outputs."""
    open_work(root)
    stored = (root / LESSON).read_bytes()
    (root / "work" / LESSON).write_bytes(stored)
    manifest = root / "work/.xaicourse.json"
    copied = json.loads(read(manifest))
    copied["files"][LESSON] = {"copied": hashlib.sha256(stored).hexdigest()}
    write(manifest, json.dumps(copied))
    return root


def test_an_unedited_copy_with_outputs_takes_the_new_form(before):
    assert actions(open_work(before)) == {LESSON: "updated"}
    assert read(before / "work" / LESSON) == in_work(read(before / LESSON))
    assert not any(file.is_file() for file in (before / "work/backups").rglob("*"))
    assert open_work(before) == []


def test_an_edited_copy_with_outputs_stays_and_the_new_form_stands_beside_it(before):
    mine = read(before / "work" / LESSON).replace("1 + 1", "1 + 2")
    write(before / "work" / LESSON, mine)
    assert actions(open_work(before)) == {LESSON: "kept"}
    assert read(before / "work" / LESSON) == mine
    assert read(before / "work/notebooks/05_paths.new.ipynb") == in_work(read(before / LESSON))
    assert open_work(before) == []


def test_new_outputs_alone_are_no_new_version_of_a_lesson(root):
    open_work(root)
    write(root / LESSON, read(root / LESSON).replace("2\\n", "3\\n"))
    assert open_work(root) == []


@pytest.mark.parametrize(
    "text", ["<<<<<<< ours", "3", '{"cells": [1]}', '{"cells": ' + "[" * 100_000]
)
def test_a_lesson_that_nobody_can_read_is_copied_as_it_is(root, text):
    write(root / LESSON, text)
    open_work(root)
    assert read(root / "work" / LESSON) == text


# ---------------------------------------------------------------- reset


def test_reset_gives_the_sheet_back_and_keeps_a_dated_backup(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    change = reset(root, "05")
    assert read(root / "work" / SHEET) == read(root / SHEET)
    (backup,) = (root / "work/backups/exercises").iterdir()
    assert read(backup) == "mine"
    assert backup.name.startswith("05_paths_20")
    assert change.message.endswith(f"kept in work/backups/exercises/{backup.name}")


def test_two_resets_in_one_second_keep_both_backups(root):
    open_work(root)
    for text in ("first try", "second try", "third try"):
        write(root / "work" / SHEET, text)
        reset(root, "05")
    backups = [read(file) for file in (root / "work/backups/exercises").iterdir()]
    assert sorted(backups) == ["first try", "second try", "third try"]


def test_reset_of_an_unedited_sheet_makes_no_backup(root):
    open_work(root)
    assert "already" in reset(root, "05").message
    assert not (root / "work/backups").exists()


@pytest.mark.parametrize("task", [None, "05.2"])
def test_reset_of_a_missing_sheet_copies_all_of_it(root, task):
    assert "task" not in reset(root, "5", task).message
    assert read(root / "work" / SHEET) == read(root / SHEET)


def test_a_reset_sheet_follows_updates_again(root):
    open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    reset(root, "05")
    write(root / SHEET, "third edition")
    assert actions(open_work(root)) == {SHEET: "updated"}


def test_reset_can_restore_the_lesson_instead(root):
    open_work(root)
    write(root / "work" / LESSON, "mine")
    write(root / "work" / SHEET, "mine")
    reset(root, "05", folder="notebooks")
    assert read(root / "work" / LESSON) == in_work(read(root / LESSON))
    assert read(root / "work" / SHEET) == "mine"


@pytest.mark.parametrize("lesson", ["06", "", "x", "050", "-5", "../05"])
def test_an_unknown_lesson_is_named_with_those_that_are_there(root, lesson):
    with pytest.raises(ValueError, match=r"lesson must be one of those in exercises/ \(05\)"):
        reset(root, lesson)


# ---------------------------------------------------------------- reset of one task


def mine(*cells):
    return {**json.loads(notebook(*cells)), "metadata": {"kernelspec": {"name": "mine"}}}


def reset_task(root, cells, task="05.2"):
    write(root / "work" / SHEET, json.dumps(mine(*cells)))
    reset(root, "05", task)
    return json.loads(read(root / "work" / SHEET))


def edited(name, source):
    return {**next(c for c in ISSUED if c["id"] == name), "source": source}


@pytest.fixture
def opened(root):
    open_work(root)
    return root


def test_only_the_cells_of_the_task_are_restored(opened):
    note = cell("note", "my note")
    cells = [*ISSUED[:2], edited("stub1", "answer = 3"), ISSUED[3], note]
    cells += [edited("stub2", "def my_ig(): return 1"), *ISSUED[5:]]
    result = reset_task(opened, cells)
    assert result["cells"] == [
        *ISSUED[:2], edited("stub1", "answer = 3"), ISSUED[3], note, *ISSUED[4:],
    ]  # fmt: skip
    assert result["metadata"] == {"kernelspec": {"name": "mine"}}
    assert len(list((opened / "work/backups/exercises").iterdir())) == 1


@pytest.mark.parametrize("task", ["05.2", "5.2", "2"])
def test_a_task_may_be_named_in_short(opened, task):
    cells = [*ISSUED[:4], edited("stub2", "broken"), *ISSUED[5:]]
    assert reset_task(opened, cells, task)["cells"] == ISSUED


@pytest.mark.parametrize("gone", [["stub2"], ["card2"], ["card2", "stub2", "check2"], ["card1"]])
def test_deleted_cells_come_back_to_their_places(opened, gone):
    cells = [c for c in ISSUED if c["id"] not in gone]
    expected = [c for c in ISSUED if c["id"] not in gone or c["id"].endswith("2")]
    assert reset_task(opened, cells)["cells"] == expected


def test_deleted_cells_come_back_even_without_any_neighbour(opened):
    assert reset_task(opened, [cell("note", "my note")])["cells"] == [
        *ISSUED[3:6], cell("note", "my note"),
    ]  # fmt: skip


def test_the_halves_of_a_split_cell_become_one_again(opened):
    halves = [cell("stub2", "def my_ig():", "05.2"), cell("other", "    ...", "05.2")]
    assert reset_task(opened, [*ISSUED[:4], *halves, *ISSUED[5:]])["cells"] == ISSUED


def test_a_task_that_is_not_there_is_named_with_those_that_are(opened):
    with pytest.raises(ValueError, match=r"task must be one of 05\.1, 05\.2, 05\.3, got '05\.9'"):
        reset(opened, "05", "05.9")
    with pytest.raises(ValueError, match="task must belong to lesson 05"):
        reset(opened, "05", "06.2")


@pytest.mark.parametrize("task", ["05.3", "3"])
def test_a_task_is_restored_in_the_lesson_that_holds_it(opened, task):
    lesson = opened / "work" / LESSON
    issued = json.loads(read(lesson))
    mine = json.loads(read(lesson))
    mine["cells"][0]["source"] = "my line"
    mine["cells"][2] |= {"source": "def loop(): 1 / 0", "outputs": [ANSWER]}
    del mine["cells"][4]  # the fold
    write(lesson, json.dumps(mine))
    change = reset(opened, "05", task)
    assert change.file == LESSON
    assert json.loads(read(lesson))["cells"] == [mine["cells"][0], *issued["cells"][1:]]
    assert len(list((opened / "work/backups/notebooks").iterdir())) == 1
    assert read(opened / "work" / SHEET) == read(opened / SHEET)


def test_a_lesson_whose_only_edited_task_is_restored_follows_updates_again(opened):
    lesson = opened / "work" / LESSON
    write(lesson, read(lesson).replace("def loop(): ...", "def loop(): 3"))
    reset(opened, "05", "05.3")
    assert read(lesson) == in_work(read(opened / LESSON))
    write(opened / LESSON, read(opened / LESSON).replace("1 + 1", "1 + 3"))
    assert actions(open_work(opened)) == {LESSON: "updated"}


def test_a_folder_that_is_named_is_the_only_one(opened):
    with pytest.raises(ValueError, match=r"task must be one of 05\.3, got '05\.2'"):
        reset(opened, "05", "05.2", folder="notebooks")
    with pytest.raises(ValueError, match=r"task must be one of 05\.1, 05\.2, got '05\.3'"):
        reset(opened, "05", "05.3", folder="exercises")


def test_a_broken_lesson_is_reported_with_the_command_that_restores_it(opened):
    write(opened / "work" / LESSON, "not a notebook")
    with pytest.raises(ValueError, match="`xaicourse reset 05 --lesson` restores the whole"):
        reset(opened, "05", "05.3")


@pytest.mark.parametrize("text", ["", "not a notebook", "{}", '{"cells": 3}', "[]"])
def test_a_broken_notebook_is_reported_and_left_as_it_is(opened, text):
    write(opened / "work" / SHEET, text)
    with pytest.raises(ValueError, match="`xaicourse reset 05` restores the whole"):
        reset(opened, "05", "05.2")
    assert read(opened / "work" / SHEET) == text


# ---------------------------------------------------------------- the clone


def test_the_clone_is_found_from_inside_work(root):
    open_work(root)
    assert issued_folder(root / "work/exercises") == root.resolve()


def test_outside_a_clone_the_package_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "course_folder", lambda: tmp_path / "a")
    with pytest.raises(FileNotFoundError, match="go to the folder that was cloned"):
        issued_folder(tmp_path)
