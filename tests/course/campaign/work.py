"""Attacks on the student's copies: what a student wrote is in the sheet or in a backup."""

import errno
import json
import os
import random
import stat
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import nbformat

from tests.course.campaign import NotHere, attack, in_child, interrupted, lines_of
from tests.course.campaign.records import ROOT, at_once, failing, small_disk
from tests.course.test_work import ISSUED, LESSON, SHEET, STORED, cell, in_work, notebook, write
from tests.course.test_work import read as read_text
from xaicourse.core import files
from xaicourse.course.checking import work
from xaicourse.course.checking.landing import landing

OURS = ("core/files.py", "checking/work.py")
FIGURE = "exercises/figures/path.png"


def course(place):
    """Make a small clone whose work folder was opened once."""
    for folder in ("xaicourse", "notebooks", "exercises/figures"):
        (place / folder).mkdir(parents=True)
    write(place / LESSON, notebook(*STORED))
    write(place / SHEET, notebook(*ISSUED))
    (place / FIGURE).write_bytes(b"\x89PNG picture")
    os.chdir(place)
    work.open_work(place)
    return place / "work" / SHEET


def mine(word="MINE"):
    return notebook(*ISSUED[:2], cell("stub1", f"answer = '{word}'", "05.1"), *ISSUED[3:])


def holds(place, *words):
    """Raise unless each of these words is in some file of work/."""
    texts = []
    for file in (place / "work").rglob("*"):
        if file.is_file() and not file.name.endswith(".lock"):
            texts.append(file.read_bytes())
    for word in words:
        assert any(word.encode() in text for text in texts), f"{word} is lost"


def is_issued(place, file):
    assert file.read_bytes() == (place / SHEET).read_bytes()


def is_in_work_form(place):
    assert read_text(place / "work" / LESSON) == in_work(read_text(place / LESSON))


# ---------------------------------------------------------------- killed and interrupted


@attack("work", ["reset", "reset_task", "update", "offer", "first", "reset_link"], slow=True, fault="S12")  # fmt: skip
def killed_at_each_line(place, patch, what):
    for after in range(0, 1500, 3):
        root = place / str(after)
        root.mkdir()
        sheet = course(root)
        body = {
            "reset": lambda root=root: work.reset(root, "05"),
            "reset_link": lambda root=root: work.reset(root, "05"),
            "reset_task": lambda root=root: work.reset(root, "05", "1"),
        }.get(what, lambda root=root: work.open_work(root))
        word = "MINE"
        if what in ("reset", "reset_task", "offer"):
            write(sheet, mine())
        if what == "reset_link":
            write(root / "own.ipynb", mine())
            sheet.unlink()
            sheet.symlink_to(root / "own.ipynb")
        if what in ("update", "offer"):
            write(root / SHEET, notebook(*ISSUED, cell("more", "new edition")))
            write(root / LESSON, notebook(cell("a", "2 + 2")))
        if what == "first":
            for file in sorted((root / "work").rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            word = "answer = None"
        if what == "update":
            word = "answer = None"
        died = lines_of(body, OURS, after)
        if what == "first":
            work.open_work(root)
        held = [f for f in (root, root / "work") for f in f.rglob("*.ipynb") if word.encode() in f.read_bytes()]  # fmt: skip
        assert held, after
        body()  # and afterwards it can be done
        if what == "offer":
            holds(root, "MINE", "new edition")
            assert len(list(sheet.parent.glob("*.new*"))) == 1
        elif what.startswith("reset"):
            holds(root, "MINE")
        else:
            is_in_work_form(root)
            assert not list(sheet.parent.glob("*.new*"))
        if not died:
            break
    assert after > 9


@attack("work", ["reset", "reset_task"], slow=True, fault="S12")
def interrupted_at_each_line(place, patch, what):
    for after in range(0, 1500, 3):
        root = place / str(after)
        root.mkdir()
        sheet = course(root)
        write(sheet, mine())
        task = "1" if what == "reset_task" else None
        done = interrupted(partial(work.reset, root, "05", task), OURS, after)
        holds(root, "MINE")
        if done:
            break
    assert after > 9


@attack("work", ["open", "fsync", "replace", "rename", "link", "chmod"], fault="S1")
def each_step_fails(place, patch, step):
    sheet = course(place)
    write(sheet, mine())
    for number in (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT):
        for body in (lambda: work.reset(place, "05"), lambda: work.open_work(place)):
            with patch.context() as inner:
                inner.setattr(os, step, failing(number, then=getattr(os, step)))
                try:
                    body()
                except OSError:
                    pass
            holds(place, "MINE")
            assert sheet.exists()
        work.reset(place, "05")
        is_issued(place, sheet)
        write(sheet, mine())


@attack("work", ["full", "read_only"], fault="S1")
def a_real_small_disk(place, patch, how):
    disk = place / "work"
    small_disk(disk, "size=256k")
    try:
        sheet = course(place)
        write(sheet, mine())
        if how == "read_only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        else:
            with (disk / "filler").open("wb", buffering=0) as stream:
                try:
                    while True:
                        stream.write(bytes(512))
                except OSError:
                    pass
        for body in (lambda: work.reset(place, "05"), lambda: work.open_work(place)):
            try:
                body()
            except OSError as error:
                assert str(error)
            holds(place, "MINE")
            assert sheet.exists()
    finally:
        os.chdir("/")
        subprocess.run(["umount", disk], check=False)


@attack("work", ["exercises", "backups"], fault="S8")
def a_folder_on_another_disk(place, patch, name):
    """work/exercises is a link to another disk, or its backups are."""
    other = place / "other"
    small_disk(other, "size=256k")
    try:
        sheet = course(place)
        write(sheet, mine())
        folder = place / "work" / name
        if folder.exists():
            subprocess.run(["cp", "-r", f"{folder}/.", other], check=True)
            subprocess.run(["rm", "-r", folder], check=True)
        folder.symlink_to(other)
        work.reset(place, "05")
        is_issued(place, sheet)
        kept = [f.read_text() for f in (place / "work/backups/exercises").iterdir()]
        assert kept == [mine()]
    finally:
        os.chdir("/")
        subprocess.run(["umount", other], check=False)


@attack("work", fault="S8")
def a_rename_across_disks(place, patch):
    sheet = course(place)
    write(sheet, mine())
    sheet.chmod(0o600)

    def across(source, target, then=os.rename):
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return then(source, target)

    patch.setattr(os, "rename", across)
    patch.setattr(os, "replace", lambda a, b, then=os.replace: across(a, b, then))
    patch.setattr(os, "link", failing(errno.EXDEV))
    work.reset(place, "05")
    is_issued(place, sheet)
    (kept,) = (place / "work/backups/exercises").iterdir()
    assert kept.read_text() == mine()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


# ---------------------------------------------------------------- at the same time


class _Fixed(work.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 1)


@attack("work", [0, 1, 2], fault="S12")
def two_resets_at_once(place, patch, seed):
    """Two terminals: the backup of one never takes the place of the other's."""
    sheet = course(place)
    patch.setattr(work, "datetime", _Fixed)
    luck = random.Random(seed)
    rename = os.rename

    def slowly(*arguments):
        time.sleep(luck.uniform(0, 0.02))
        return rename(*arguments)

    patch.setattr(os, "rename", slowly)
    words = []
    for turn in range(12):
        words.append(f"WORD{turn}X")
        write(sheet, mine(words[-1]))

        def again(turn=turn):
            try:
                work.reset(place, "05")
            except OSError:
                pass

        def save(turn=turn):
            time.sleep(luck.uniform(0, 0.02))
            words.append(f"LATE{turn}X")
            temporary = sheet.with_name("~save")
            write(temporary, mine(f"WORD{turn}X LATE{turn}X"))  # the notebook on the screen
            os.replace(temporary, sheet)

        at_once(again, again, save)
        holds(place, *words)


@attack("work", ["update", "offer", "copy"], fault="S12")
def a_save_in_the_middle_of_open(place, patch, what):
    """JupyterLab saves after the copy was looked at, and before it is written."""
    sheet = course(place)
    write(place / SHEET, notebook(*ISSUED, cell("more", "new edition")))
    target = sheet
    if what == "offer":
        write(sheet, mine())
        work.open_work(place)
        write(place / SHEET, notebook(*ISSUED, cell("more", "third edition")))
        target = sheet.with_name("05_paths.new.ipynb")
    if what == "copy":
        sheet.unlink()
    make, saved = os.open, []

    def and_save(path, *arguments, **named):
        if not saved and str(path).endswith(".tmp") and Path(path).parent == target.parent:
            saved.append(1)
            write(target, mine("SAVED"))
        return make(path, *arguments, **named)

    patch.setattr(os, "open", and_save)
    work.open_work(place)
    patch.undo()
    assert saved
    holds(place, "SAVED")


@attack("work", ["threads", "processes"], slow=True, fault="S4")
def many_open_and_reset(place, patch, how):
    sheet = course(place)
    write(sheet, mine())
    if how == "threads":
        opens = [lambda: work.open_work(place)] * 3
        at_once(*opens, lambda: work.reset(place, "05"), *opens)
    else:
        line = "import sys, pathlib; from xaicourse.course.checking import work; r = pathlib.Path(sys.argv[1])\n"  # fmt: skip
        lines = [line + "work.open_work(r)", line + "work.reset(r, '05')"] * 2
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = [subprocess.Popen([sys.executable, "-c", text, place], env=environment, cwd=place) for text in lines]  # fmt: skip
        assert [process.wait(100) for process in started] == [0] * 4
    holds(place, "MINE")
    is_issued(place, sheet)
    assert work.open_work(place) == []


@attack("work", [1, 2, 3], slow=True, fault="S12")
def jupyterlab_saves_again_and_again(place, patch, seed):
    sheet, luck, over, words = course(place), random.Random(seed), threading.Event(), []

    def save():
        while not over.is_set():
            word = f"SAVE{len(words)}X"
            temporary = sheet.with_name(".~05_paths.ipynb")
            write(temporary, mine(word))
            os.replace(temporary, sheet)
            words.append(word)
            time.sleep(luck.uniform(0.02, 0.05))

    saving = threading.Thread(target=save)
    saving.start()
    for _ in range(15):
        before = len(words)
        try:
            work.reset(place, "05")
        except OSError as error:
            assert "close it first" in str(error), error
        if before:
            holds(place, *[w for w in words[before - 1 : before] if words[-1] == w])
        time.sleep(luck.uniform(0, 0.06))
    over.set()
    saving.join()
    holds(place, words[-1]) if SHEET and b"SAVE" in sheet.read_bytes() else None


# ---------------------------------------------------------------- links, folders, permissions


@attack("work", [0o600, 0o640, 0o444, 0o400], fault="S8")
def a_sheet_keeps_its_mode(place, patch, mode):
    sheet = course(place)
    for task in (None, "05.1"):
        sheet.chmod(0o644)
        write(sheet, mine())
        sheet.chmod(mode)
        work.reset(place, "05", task)
        assert stat.S_IMODE(sheet.stat().st_mode) == mode, oct(sheet.stat().st_mode)
        for kept in (place / "work/backups/exercises").iterdir():
            assert stat.S_IMODE(kept.stat().st_mode) == mode
            kept.unlink()


@attack("work", [0o600, 0o444], fault="S8")
def an_updated_copy_keeps_its_mode(place, patch, mode):
    sheet = course(place)
    sheet.chmod(mode)
    write(place / SHEET, notebook(*ISSUED, cell("more", "new edition")))
    work.open_work(place)
    assert stat.S_IMODE(sheet.stat().st_mode) == mode
    is_issued(place, sheet)


@attack("work", fault="S8")
def the_backup_of_a_linked_sheet_is_as_private(place, patch):
    sheet = course(place)
    own = place / "own.ipynb"
    write(own, mine())
    own.chmod(0o600)
    sheet.unlink()
    sheet.symlink_to(own)
    work.reset(place, "05")
    assert sheet.is_symlink()
    (kept,) = (place / "work/backups/exercises").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.stat().st_mode) == 0o600


@attack("work", ["dangling", "loop", "fifo", "folder", "to_the_issued", "to_the_other"], fault="S9")
def in_the_place_of_a_sheet(place, patch, kind):
    sheet = course(place)
    sheet.unlink()
    issued = (place / SHEET).read_bytes()
    if kind == "dangling":
        sheet.symlink_to(place / "nowhere.ipynb")
    elif kind == "loop":
        sheet.symlink_to(sheet.name)
    elif kind == "fifo":
        os.mkfifo(sheet)
    elif kind == "folder":
        sheet.mkdir()
        (sheet / "MINE").write_text("MINE")
    elif kind == "to_the_issued":
        sheet.symlink_to(place / SHEET)
    else:
        sheet.symlink_to(place / "work" / LESSON)
    write(place / LESSON, notebook(cell("a", "3 + 3")))
    told = []

    def body():
        for run in (lambda: work.open_work(place), lambda: landing(place), lambda: work.reset(place, "05", "05.1"), lambda: work.reset(place, "05")):  # fmt: skip
            try:
                told.append(run())
            except (OSError, ValueError) as error:
                told.append(error)

    asking = threading.Thread(target=body, daemon=True)
    asking.start()
    asking.join(5)
    if asking.is_alive():
        os.close(os.open(sheet, os.O_WRONLY | os.O_NONBLOCK))
        raise AssertionError("it waits for ever")
    assert not isinstance(told[0], Exception), told[0]
    assert not isinstance(told[1], Exception), told[1]
    if kind != "to_the_other":
        is_in_work_form(place)
    assert json.loads((place / SHEET).read_bytes()) == json.loads(issued)
    if kind == "folder":
        holds(place, "MINE")
    if kind == "fifo":
        found = [f for f in (place / "work").rglob("*") if stat.S_ISFIFO(f.lstat().st_mode)]
        assert found


@attack("work", ["work", "work/backups", "work/backups/exercises", "work/exercises", "work/.xaicourse.json"])  # fmt: skip
def a_file_in_the_place_of_a_folder(place, patch, name):
    sheet = course(place)
    write(sheet, mine())
    odd = place / name
    if odd.is_dir():
        odd.rename(place / "moved")
    if name.endswith(".json"):
        odd.unlink()
        odd.mkdir()
    else:
        odd.parent.mkdir(exist_ok=True)
        odd.write_text("PRECIOUS")
    for body in (lambda: work.open_work(place), lambda: work.reset(place, "05")):
        try:
            body()
        except OSError as error:
            assert odd.name in str(error), error
    if not name.endswith(".json"):
        assert odd.read_text() == "PRECIOUS"
    texts = [f.read_text() for f in place.rglob("*.ipynb") if f.is_file()]
    assert any("MINE" in text for text in texts)


@attack("work", ["sheet", "folder", "exercises"], fault="S9")
def may_not_be_read(place, patch, what):
    """Closed to us: the others are copied nevertheless, and nothing is lost."""
    if os.geteuid() != 0:
        raise NotHere("needs root, to be another user")
    sheet = course(place)
    write(sheet, mine())
    write(place / LESSON, notebook(cell("a", "3 + 3")))
    for path in [place, *place.rglob("*")]:
        os.chown(path, 12345, 12345)
    closed = {"sheet": sheet, "folder": sheet.parent / "figures", "exercises": sheet.parent}[what]

    def body():
        closed.chmod(0)
        try:
            work.open_work(place)
            try:
                work.reset(place, "05")
            except OSError:
                pass
        finally:
            closed.chmod(0o755)

    in_child(body, user=12345)
    sheet.chmod(0o644) if sheet.exists() else None
    holds(place, "MINE")
    is_in_work_form(place)


@attack("work", ["x", b"\xff", '{"files": []}', '{"files": {"a": 3}}', '{"files": {"exercises/05_paths.ipynb": {"copied": null}}}', '{"files": {"exercises/05_paths.ipynb": {"copied": ["a"], "offered": {}}}}', '{"files": {"../../x": {"copied": "0"}}}', "[" * 9000])  # fmt: skip
def an_odd_list_of_copies(place, patch, text):
    sheet = course(place)
    write(sheet, mine())
    (place / "work/.xaicourse.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    write(place / SHEET, notebook(*ISSUED, cell("more", "new edition")))
    work.open_work(place)
    assert "MINE" in sheet.read_text()
    holds(place, "new edition")
    assert landing(place) == (SHEET, "you changed it last")


@attack("work", [1e10, 0, -5e9])
def the_clock(place, patch, seconds):
    sheet = course(place)

    class Odd(work.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(1970, 1, 1) if seconds == 0 else cls(9999 if seconds > 0 else 1, 1, 1)

    patch.setattr(work, "datetime", Odd)
    for turn in range(4):
        write(sheet, mine(f"TURN{turn}"))
        work.reset(place, "05")
    holds(place, *[f"TURN{turn}" for turn in range(4)])


# ---------------------------------------------------------------- odd notebooks


def read(text):
    return nbformat.reads(text, as_version=nbformat.NO_CONVERT)


@attack("work", ["no_ids", "old_minor", "bom", "utf_16", "nan", "many_copies", "other_order", "without", "source_lists", "unknown_keys", "crlf", "widgets", "surrogate", "twice_the_id"], fault="S9")  # fmt: skip
def a_task_of_an_odd_notebook(place, patch, kind):
    sheet = course(place)
    cells = json.loads(mine())["cells"]
    for c in cells:
        c["execution_count"] = None
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    own = cell("own", "OWN = 1") | {"execution_count": 7}
    cells.insert(3, own)
    encoding = "utf-8"
    if kind in ("no_ids", "old_minor"):
        whole["nbformat_minor"] = 4
        for c in cells if kind == "no_ids" else ():
            del c["id"]
    elif kind == "bom":
        encoding = "utf-8-sig"
    elif kind == "utf_16":
        encoding = "utf-16"
    elif kind == "nan":
        own["metadata"] = {"x": float("nan"), "y": float("-inf")}
    elif kind == "many_copies":
        cells += [{**cells[2], "id": f"copy{k}"} for k in range(5)]
    elif kind == "other_order":
        cells.reverse()
    elif kind == "without":
        whole["cells"] = cells = [own]
    elif kind == "source_lists":
        for c in cells:
            c["source"] = c["source"].splitlines(keepends=True)
    elif kind == "unknown_keys":
        whole |= {"later": {"a": 1}, "metadata": {"kernelspec": {"name": "python3"}}}
        own["attachments"] = {"a.png": {"image/png": "AA=="}}
    elif kind == "widgets":
        whole["metadata"] = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"a" * 32: {}}}}}  # fmt: skip
    elif kind == "surrogate":
        own["source"] = "OWN = '\ud83d'"
    elif kind == "twice_the_id":
        cells.append({**own, "source": "OWN = 2"})
    text = json.dumps(whole, ensure_ascii=kind == "surrogate")
    sheet.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    work.reset(place, "05", "1")
    after = json.loads(sheet.read_bytes())
    kept = [c for c in after["cells"] if "OWN" in "".join(c["source"])]
    assert len(kept) == (2 if kind == "twice_the_id" else 1)
    same = [json.dumps({**c, "id": 0}, sort_keys=True) for c in (kept[0], own)]  # NaN is not NaN
    assert same[0] == same[1]
    assert {k: v for k, v in after.items() if k != "cells"} == {k: v for k, v in whole.items() if k != "cells"}  # fmt: skip
    assert sum("answer = None" in "".join(c["source"]) for c in after["cells"]) == 1
    if kind not in ("without",):
        holds(place, "MINE" if encoding != "utf-16" else "OWN".encode("utf-16-le").decode("latin1"))
    before = 5 if whole["nbformat_minor"] == 5 else 4
    assert after["nbformat_minor"] == before
    if kind == "no_ids":  # ids came with 4.5: a reader of 4.4 complains about them
        assert not [c for c in after["cells"] if "id" in c]


@attack("work", ["[]", "3", "<<<<<<<", '{"cells": [1]}', '{"cells": [{}]}', '{"cells": [{"id": "a", "metadata": null, "cell_type": "code", "source": ""}]}', '{"cells": [{"id": "a", "metadata": {"xaicourse": 3}, "cell_type": "code", "source": ""}]}', '{"cells": [{"id": "a", "metadata": {"xaicourse": {"in_work": 3}}, "cell_type": "code", "source": []}]}', "[" * 9000, "\\ud800"])  # fmt: skip
def a_lesson_of_the_clone_that_was_edited_in_place(place, patch, text):
    """Then it goes to work/ as it is, and stops neither the others nor a task of the sheet."""
    sheet = course(place)
    lesson = place / "work" / LESSON
    write(sheet, mine())
    write(lesson, in_work(read_text(place / LESSON)).replace("def loop(): ...", "OWN = 1"))
    write(place / LESSON, text)
    told = {change.file: change.action for change in work.open_work(place)}
    assert told == {LESSON: "kept"}
    assert read_text(lesson.with_name("05_paths.new.ipynb")) == text
    assert work.reset(place, "05", "1").file == SHEET
    for task in (None, "05.3"):
        try:
            work.reset(place, "05", task, folder="notebooks")
        except ValueError:
            pass
        holds(place, "MINE", "OWN = 1")


@attack("work", ["", "null", "[]", "{}", '{"cells": null}', '{"cells": {}}', '{"cells": [null]}', '{"worksheets": []}', "{" * 9000, "\x00" * 99, '{"cells": [' + "9" * 5000 + "]}", '{"cells": "ab"}'], fault="S9")  # fmt: skip
def no_notebook_any_more(place, patch, text):
    sheet = course(place)
    write(sheet, text)
    try:
        work.reset(place, "05", "1")
    except ValueError as error:
        assert "xaicourse reset 05" in str(error), error
    else:
        assert text in ('{"cells": {}}',)
    work.reset(place, "05")  # the advice
    is_issued(place, sheet)
    if text:
        holds(place, text[:90])


@attack("work", ["", "0", "5", "05.1", "99", "٠٥", "-5", "5x", "05_paths", " 05", "005", "\0"])
def odd_lessons(place, patch, lesson):
    sheet = course(place)
    write(sheet, mine())
    try:
        work.reset(place, lesson)
    except ValueError as error:
        assert "lesson" in str(error)
        assert sheet.read_text() == mine()
    else:
        is_issued(place, sheet)
    holds(place, "MINE")


@attack("work", ["", ".", "1.1", "5.1", "05.9", "٠", "05.1 ", "None", "x" * 999, "\ud800"])
def odd_tasks(place, patch, task):
    sheet = course(place)
    write(sheet, mine())
    try:
        work.reset(place, "05", task)
    except ValueError as error:
        assert "task" in str(error)
        assert sheet.read_text() == mine()
    holds(place, "MINE")


@attack("work")
def a_lock_that_is_held_for_ever(place, patch):
    sheet = course(place)
    write(sheet, mine())
    patch.setattr(files, "WAIT", 0.3)
    with files.locked(place / "work/.xaicourse.json"):
        for body in (lambda: work.open_work(place), lambda: work.reset(place, "05")):
            try:
                body()
            except OSError as error:
                assert str(error)
    holds(place, "MINE")
