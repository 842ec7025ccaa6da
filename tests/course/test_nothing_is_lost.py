"""Nothing is lost: the record of progress and the student's files outlive every accident."""

import errno
import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.core import files
from xaicourse.core.files import write_atomically
from xaicourse.course.checking import work
from xaicourse.course.grading import messages
from xaicourse.course.progress import record

from .test_work import ISSUED, SHEET, all_files, cell, edited, read, root, write  # noqa: F401

VOTES = {f"01.P{number}": {"first": "a", "last": "b"} for number in range(6)}
TASKS = {"02.3": {"tries": 4, "passed": True, "counted": True}}


@pytest.fixture
def progress(tmp_path, monkeypatch):
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"version": 1, "predictions": VOTES, "checks": TASKS}))
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    return file


def stored(file):
    return json.loads(file.read_text())


# ---------------------------------------------------------------- what cannot be read now


@pytest.mark.fault("S1")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE, errno.EBUSY])
def test_a_record_that_cannot_be_read_now_is_not_touched(progress, monkeypatch, number):
    before = progress.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse(OSError(number, os.strerror(number))))
        for _ in range(3):
            assert not record.store_check("05.1", passed=True, counted=True)
    assert progress.read_bytes() == before
    assert not list(progress.parent.glob("*.damaged*"))
    assert record.store_check("05.1", passed=True, counted=True)
    assert stored(progress)["predictions"] == VOTES
    assert set(stored(progress)["checks"]) == {"02.3", "05.1"}


def refuse(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.fault("S1")
def test_without_a_free_file_handle_nothing_is_lost(progress):
    before, (soft, hard) = progress.read_bytes(), resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
        while True:
            try:
                taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        told = [record.store_prediction(f"03.P{number}", "c") for number in (1, 2)]
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert told == [False, False]
    assert progress.read_bytes() == before


@pytest.mark.fault("S1")
def test_a_full_disk_leaves_a_damaged_record_in_its_place(progress, monkeypatch):
    progress.write_text("{half a rec")
    with monkeypatch.context() as patch:
        patch.setattr(files, "_sync", refuse(OSError(errno.ENOSPC, "No space left on device")))
        assert not record.store_prediction("05.P1", "a")
    assert progress.read_text() == "{half a rec"
    assert [f.name for f in progress.parent.iterdir() if f.suffix == ".tmp"] == []


@pytest.mark.fault("S1")
def test_each_damaged_record_is_kept_under_its_own_number(progress):
    damaged = ["{one", "\x00two", json.dumps({"predictions": ["a"]}), "[" * 100_000]
    for content in damaged:
        progress.write_text(content)
        assert record.store_prediction("05.P1", "a")
    kept = [progress.with_name(f"p.json.damaged{n}") for n in ("", "2", "3", "4")]
    assert [file.read_text() for file in kept] == damaged


@pytest.mark.fault("S1")
def test_what_a_newer_version_keeps_there_stays(progress):
    notes = {"version": 3, "reviews": {"05": ["a"]}, "predictions": {"01.P1": {"why": "x"}}}
    progress.write_text(json.dumps(notes))
    record.store_prediction("02.P1", "b")
    assert stored(progress) == {
        **notes,
        "checks": {},
        "predictions": {**notes["predictions"], "02.P1": {"first": "b", "last": "b"}},
    }


# ---------------------------------------------------------------- several writers

VOTE = """
import sys, time
from xaicourse.course.progress import record
for number in range(int(sys.argv[2])):
    assert record.store_prediction(f"{sys.argv[1]}.{number}", "a")
    print(number, flush=True)
"""


def voter(name, count):
    environment = {**os.environ, "PYTHONPATH": str(Path(xc.__file__).parents[1])}
    command = [sys.executable, "-c", VOTE, name, str(count)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.fault("S4")
def test_five_threads_lose_no_vote(progress):
    def vote(name):
        for number in range(40):
            assert record.store_prediction(f"{name}.{number}", "a")

    threads = [threading.Thread(target=vote, args=(name,)) for name in "abcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(progress)["predictions"]) == 200 + len(VOTES)


@pytest.mark.fault("S4")
def test_two_processes_lose_no_vote(progress):
    both = [voter(name, 100) for name in ("left", "right")]
    for process in both:
        process.communicate(timeout=120)
    assert [process.returncode for process in both] == [0, 0]
    assert len(stored(progress)["predictions"]) == 200 + len(VOTES)


@pytest.mark.fault("S4")
def test_a_killed_writer_loses_no_vote_and_stops_nobody(progress):
    luck = random.Random(7)
    told = 0
    for turn in range(5):
        process = voter(f"turn{turn}", 10_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(luck.uniform(0.005, 0.05))
        process.send_signal(signal.SIGKILL)
        told += 1 + len(process.stdout.read().split())
        process.wait()
        process.stdout.close()
        assert stored(progress)["checks"] == TASKS
    votes = len(stored(progress)["predictions"]) - len(VOTES)
    assert told <= votes <= told + 5  # stored, but killed before it could say so
    assert record.store_prediction("after", "a")


def test_a_lock_that_somebody_keeps_is_waited_for_but_not_for_ever(progress, monkeypatch):
    monkeypatch.setattr(files, "WAIT", 0.2)
    with files.locked(progress):
        assert not record.store_prediction("05.P1", "a")
    assert record.store_prediction("05.P1", "a")


# ---------------------------------------------------------------- how files are written


@pytest.mark.fault("S8")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_a_new_file_is_as_private_as_the_user_wants(tmp_path, umask, mode):
    old = os.umask(umask)
    try:
        write_atomically(tmp_path / "folder" / "a.json", b"a")
        files.write_new(tmp_path / "b.json", b"b")
    finally:
        os.umask(old)
    for file in ("folder/a.json", "b.json"):
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == mode


@pytest.mark.fault("S8")
def test_a_file_keeps_its_mode(tmp_path):
    file = tmp_path / "sheet.ipynb"
    file.write_text("old")
    for mode in (0o600, 0o664, 0o400):
        file.chmod(mode)
        write_atomically(file, b"new")
        assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.fault("S8")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "synced").mkdir()
    target, link, second = (tmp_path / name for name in ("synced/p", "link", "second"))
    target.write_text("old")
    link.symlink_to("synced/p")
    second.symlink_to(link)
    write_atomically(second, b"new")
    assert second.is_symlink()
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.fault("S8")
def test_the_longest_name_that_a_disk_allows(tmp_path):
    file = tmp_path / ("n" * 250 + ".json")
    write_atomically(file, b"a")
    with files.locked(file):
        write_atomically(file, b"b")
    assert file.read_bytes() == b"b"


@pytest.mark.fault("S8")
def test_the_content_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: order.append("sync") or fsync(handle))
    monkeypatch.setattr(Path, "replace", lambda a, b: order.append("name") or replace(a, b))
    write_atomically(tmp_path / "a", b"a")
    assert order == ["sync", "name", "sync"]


def test_a_new_file_replaces_nothing(tmp_path, monkeypatch):
    files.write_new(tmp_path / "a", b"mine")
    for link in (os.link, refuse(OSError(errno.EPERM, "no links here"))):
        monkeypatch.setattr(os, "link", link)
        with pytest.raises(FileExistsError):
            files.write_new(tmp_path / "a", b"yours")
    files.write_new(tmp_path / "b", b"without links")
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == {
        "a": b"mine",
        "b": b"without links",
    }


# ---------------------------------------------------------------- places


def assert_noted(said, kept):
    """A choice is answered, and it is said if it could not be kept."""
    assert said.startswith("You chose a.")
    not_kept = messages.text("words/not_kept")
    assert (" ".join(said.split()).endswith(not_kept)) != kept


@pytest.mark.fault("S9")
def test_a_user_without_a_home_can_learn(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.chdir(tmp_path)
    for name in ("XAICOURSE_PROGRESS", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", refuse(RuntimeError("Could not determine home directory.")))
    xc.predict("04.P1", "a")
    assert_noted(capsys.readouterr().out, kept=False)
    monkeypatch.setenv("XAICOURSE_PROGRESS", "~nobody-of-this-name/p.json")
    xc.predict("04.P1", "a")
    assert_noted(capsys.readouterr().out, kept=False)


@pytest.mark.fault("S9")
def test_a_folder_that_was_deleted_under_our_feet(monkeypatch, capsys, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.delenv("XAICOURSE_PROGRESS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    xc.predict("04.P1", "a")
    assert_noted(capsys.readouterr().out, kept=True)


# ---------------------------------------------------------------- the work folder

ODD = {
    "metadata": None,
    "xaicourse": {"xaicourse": None},
    "a list": [],
    "task of a list": {"xaicourse": {"task": ["05.1"]}},
}


@pytest.mark.fault("S9")
@pytest.mark.parametrize("metadata", ODD.values(), ids=ODD)
def test_odd_cells_are_kept_when_a_task_is_restored(root, metadata):  # noqa: F811
    work.open_work(root)
    odd = {"id": "odd", "cell_type": "raw", "source": "\ud83d", "metadata": metadata}
    mine = json.loads(read(root / SHEET)) | {"cells": [odd, edited("stub1", "mine"), *ISSUED[3:]]}
    (root / "work" / SHEET).write_text(json.dumps(mine))
    work.reset(root, "05", "05.2")
    assert json.loads(read(root / "work" / SHEET))["cells"][:2] == mine["cells"][:2]


@pytest.mark.fault("S9")
@pytest.mark.parametrize(
    "text", ['{"cells": [1, 2]}', '{"cells": [{"id": ["a"]}]}', '{"cells": ' + "[" * 100_000, "3"]
)
def test_a_notebook_of_other_things_is_reported(root, text):  # noqa: F811
    work.open_work(root)
    write(root / "work" / SHEET, text)
    with pytest.raises(ValueError, match="no readable notebook"):
        work.reset(root, "05", "05.2")
    assert read(root / "work" / SHEET) == text


@pytest.mark.fault("S9")
def test_a_folder_in_the_place_of_a_lesson_stops_no_other(root):  # noqa: F811
    (root / "work/notebooks/05_paths.ipynb").mkdir(parents=True)
    told = {change.file: change for change in work.open_work(root)}
    assert told["notebooks/05_paths.ipynb"].action == "left"
    assert told[SHEET].action == "copied"


@pytest.mark.fault("S12")
def test_a_save_in_the_middle_of_a_reset_is_kept(root, monkeypatch):  # noqa: F811
    work.open_work(root)
    file = root / "work" / SHEET
    write(file, json.dumps({"cells": [cell("a", "first save")]}))
    rename, saves = Path.rename, iter(["second save", "third save"])

    def and_save_again(path, target):
        done = rename(path, target)
        if text := next(saves, None):
            write(file, json.dumps({"cells": [cell("a", text)]}))
        return done

    monkeypatch.setattr(Path, "rename", and_save_again)
    work.reset(root, "05")
    assert read(file) == read(root / SHEET)
    backups = " ".join(read(f) for f in (root / "work/backups/exercises").iterdir())
    assert all(f"{which} save" in backups for which in ("first", "second", "third"))


@pytest.mark.fault("S12")
def test_a_killed_first_copying_is_taken_up_again(root, monkeypatch):  # noqa: F811
    with monkeypatch.context() as patch:
        patch.setattr(work, "_bring_up_to_date", killed_after(1, work._bring_up_to_date))
        with pytest.raises(KeyboardInterrupt):
            work.open_work(root)
    for name in ("notebooks/05_paths.ipynb", SHEET):
        write(root / name, read(root / name) + "\n")  # a new version of the course
    told = {change.file: change.action for change in work.open_work(root)}
    assert "kept" not in told.values()
    assert not [name for name in all_files(root) if ".new" in name]


@pytest.mark.fault("S12")
def test_a_killed_update_offers_one_new_version(root, monkeypatch):  # noqa: F811
    work.open_work(root)
    write(root / "work" / SHEET, "mine")
    write(root / SHEET, "second edition")
    with monkeypatch.context() as patch:
        patch.setattr(work, "_bring_up_to_date", killed_after(9, work._bring_up_to_date))
        patch.setattr(work, "_write_manifest", killed_after(1, work._write_manifest))
        with pytest.raises(KeyboardInterrupt):
            work.open_work(root)
    work.open_work(root)
    assert [name for name in all_files(root) if ".new" in name] == [
        SHEET.replace(".ipynb", ".new.ipynb")
    ]


def killed_after(count, body):
    """Stand in for `body`, and end like a killed program after so many calls of it."""
    calls = []

    def wrapped(*arguments):
        if len(calls) >= count:
            raise KeyboardInterrupt
        calls.append(1)
        return body(*arguments)

    return wrapped


@pytest.mark.fault("S8")
def test_a_linked_sheet_is_reset_through_its_link(root, tmp_path):  # noqa: F811
    work.open_work(root)
    own = tmp_path / "own_repository.ipynb"
    own.write_text("mine")
    sheet = root / "work" / SHEET
    sheet.unlink()
    sheet.symlink_to(own)
    work.reset(root, "05")
    assert sheet.is_symlink()
    assert read(own) == read(root / SHEET)
    assert [read(f) for f in (root / "work/backups/exercises").iterdir()] == ["mine"]
