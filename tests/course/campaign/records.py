"""Attacks on the record of progress: whatever happens to it, what stood there still stands."""

import errno
import fcntl
import io
import json
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import xaicourse as xc
from tests.course.campaign import NotHere, attack, in_child, interrupted, lines_of
from xaicourse.core import files
from xaicourse.course.progress import predictions, record

ROOT = Path(__file__).parents[3]
OURS = ("core/files.py", "progress/record.py")
VOTES = {f"0{k}.P1": {"first": "b", "last": "c"} for k in range(1, 8)}
CHECKS = {"03.1": {"tries": 2, "passed": True, "counted": False}}
SOUND = {"version": 1, "predictions": VOTES, "checks": CHECKS}


def sound(place, **more):
    """Write a sound record, and return its file."""
    file = place / "p.json"
    file.write_text(json.dumps({**SOUND, **more}))
    return file


def stands(file, more=0):
    """Raise unless all that stood in the record stands there, and so many votes more."""
    stored = record.read_progress(Path(file))
    assert VOTES.items() <= stored["predictions"].items(), stored["predictions"]
    assert CHECKS.items() <= stored["checks"].items(), stored["checks"]
    assert len(stored["predictions"]) == len(VOTES) + more, len(stored["predictions"])


def clean(place):
    """Raise if something half-written was left."""
    left = [f.name for f in place.iterdir() if f.suffix == ".tmp" or ".damaged" in f.name]
    assert not left, left


def vote(name="09.P1"):
    return record.store_prediction(name, "a")


def passed(task="09.1"):
    return record.store_check(task, passed=True, counted=True)


def failing(number, when=lambda *_: True, then=None):
    """Return a function that fails where `when` says so and does the same as `then` elsewhere."""

    def function(*arguments, **named):
        if when(*arguments):
            raise OSError(number, os.strerror(number))
        return then(*arguments, **named)

    return function


# ---------------------------------------------------------------- the disk says no


@attack("records", [errno.ESTALE, errno.ETIMEDOUT, errno.ENFILE, errno.ENOMEM, errno.EPERM, errno.ENOTCONN, errno.ENXIO], fault="S1")  # fmt: skip
def cannot_be_read_now(place, patch, number):
    file = sound(place)
    patch.setattr(io, "open", failing(number, lambda path, *_: str(path) == str(file), io.open))
    assert not vote()
    assert not passed()
    patch.undo()
    stands(file)
    clean(place)


@attack("records", ["open", "fsync", "replace", "chmod", "link"], fault="S1")
def each_step_of_writing_fails(place, patch, step):
    file = sound(place)
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES):
        with patch.context() as inner:
            inner.setattr(os, step, failing(number, then=getattr(os, step)))
            told = vote(f"{number}")
        assert told == (f"{number}" in record.read_progress(file)["predictions"])
        clean(place)
    stands(file, more=len(record.read_progress(file)["predictions"]) - len(VOTES))


@attack("records", [0, 1, 2, 3, 4], fault="S1")
def so_many_free_handles(place, patch, free):
    file = sound(place)

    def body():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 200), hard))
        taken = []
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        for handle in taken[:free]:
            os.close(handle)
        told = [vote(), passed(), vote("08.P2")]
        for handle in taken[free:]:
            os.close(handle)
        return told

    told = in_child(body)
    clean(place)
    stands(file, more=told[0] + told[2])


@attack("records", fault="S1")
def largest_file_size(place, patch):
    file = sound(place)

    def body():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        return vote()

    assert in_child(body) is False
    stands(file)
    clean(place)


def small_disk(place, options):
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False
    ).returncode:
        raise NotHere("needs root, to mount a small disk")


@attack("records", ["full", "no_inodes", "read_only", "full_and_damaged"], fault="S1")
def a_real_small_disk(place, patch, how):
    disk = place / "disk"
    small_disk(disk, "size=64k,nr_inodes=8")
    try:
        patch.setenv("XAICOURSE_PROGRESS", str(disk / "p.json"))
        file = sound(disk)
        assert vote()
        if how == "no_inodes":
            for k in range(20):
                try:
                    (disk / f"x{k}").touch()
                except OSError:
                    break
        elif how == "read_only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        else:
            if how == "full_and_damaged":
                file.write_text("{")
            with (disk / "filler").open("wb", buffering=0) as stream:
                try:
                    while True:
                        stream.write(bytes(512))
                        stream.flush()
                except OSError:
                    pass
        assert not passed()
        if how == "full_and_damaged":
            assert file.read_text() == "{"
        else:
            stands(file, more=1)
        clean(disk)
    finally:
        subprocess.run(["umount", disk], check=False)


# ---------------------------------------------------------------- it is no ordinary file


@attack("records", ["fifo", "socket", "device", "link_to_a_fifo"], fault="S1")
def is_not_a_file(place, patch, kind):
    file = place / "p.json"
    target = place / "target" if kind == "link_to_a_fifo" else file
    if kind == "socket":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(file))
        listener.close()
    elif kind == "device":
        try:
            os.mknod(file, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # a /dev/null of one's own
        except PermissionError:
            raise NotHere("needs root, to make a device") from None
    else:
        os.mkfifo(target)
        if target != file:
            file.symlink_to(target)
    before = target.lstat()
    told = []
    asking = threading.Thread(target=lambda: told.append([vote(), passed()]), daemon=True)
    asking.start()
    asking.join(5)
    if asking.is_alive():
        os.close(os.open(target, os.O_WRONLY | os.O_NONBLOCK))  # lets the reader go
        raise AssertionError("it waits for ever")
    assert target.lstat().st_mode == before.st_mode
    assert target.lstat().st_ino == before.st_ino
    assert told == [[False, False]], told
    clean(place)


@attack("records")
def is_a_folder(place, patch):
    (place / "p.json").mkdir()
    (place / "p.json" / "mine").write_text("kept")
    assert not vote()
    assert (place / "p.json" / "mine").read_text() == "kept"


@attack("records", ["/", ".", "..", "p.json/", "~", "~root", "file/p.json", "x" * 300, "/dev/full", "a\nb", "\udcff\udcfe.json", "Ä/ö/📝.json", "-rf", " "], fault="S9")  # fmt: skip
def odd_places(place, patch, where):
    os.chdir(place)
    (place / "file").write_text("mine")
    sound(place)
    patch.setattr(files, "WAIT", 1)
    patch.setenv("XAICOURSE_PROGRESS", where)
    patch.setenv("HOME", str(place / "home"))
    if where == "/dev/full" and os.geteuid() == 0:
        where = "file/full"  # never try a real device as root
        patch.setenv("XAICOURSE_PROGRESS", where)
    if where == "~root":
        patch.setattr(os.path, "expanduser", lambda name: str(place / "of_root"))
    assert vote() in (True, False)
    assert passed() in (True, False)
    xc.predict("08.P1", "a")
    assert (place / "file").read_text() == "mine"
    stands(place / "p.json", more=len(record.read_progress(place / "p.json")["predictions"]) - 7)


@attack("records", fault="S9")
def relative_place_in_a_deleted_folder(place, patch):
    (place / "gone").mkdir()
    os.chdir(place / "gone")
    (place / "gone").rmdir()
    patch.setenv("XAICOURSE_PROGRESS", "p.json")
    assert not vote()
    assert not passed()


@attack("records", fault="S9")
def in_a_folder_whose_parents_are_closed(place, patch):
    inner = place / "closed" / "inner"
    inner.mkdir(parents=True)
    for folder in (place, inner, inner.parent):
        os.chmod(folder, 0o777)
        os.chown(folder, 12345, 12345) if os.geteuid() == 0 else None
    patch.delenv("XAICOURSE_PROGRESS")
    patch.setenv("XDG_DATA_HOME", str(place / "data"))

    def body():
        os.chdir(inner)
        (place / "closed").chmod(0)
        try:
            return vote()
        finally:
            (place / "closed").chmod(0o777)

    assert in_child(body, user=12345 if os.geteuid() == 0 else None)
    assert (place / "data/xaicourse/progress.json").exists()


@attack("records", ["loop", "dangling", "chain", "dangling_into_no_folder"], fault="S8")
def links(place, patch, kind):
    file = place / "p.json"
    if kind == "loop":
        file.symlink_to(place / "q.json")
        (place / "q.json").symlink_to(file)
        assert not vote()
        assert file.is_symlink()
        return
    away = place / "away"
    if kind != "dangling_into_no_folder":
        away.mkdir()
    file.symlink_to(place / "second")
    (place / "second").symlink_to("away/third")
    if kind == "chain":
        sound(away).rename(away / "third")
    assert vote()
    assert passed()
    assert file.is_symlink()
    assert (place / "second").is_symlink()
    assert "09.P1" in json.loads((away / "third").read_text())["predictions"]
    if kind == "chain":
        stands(file, more=1)


@attack("records", fault="S8")
def a_damaged_record_behind_a_link(place, patch):
    (place / "away").mkdir()
    (place / "away/p").write_text("{1")
    (place / "p.json").symlink_to("away/p")
    assert vote()
    assert (place / "p.json").is_symlink()
    assert (place / "away/p.damaged").read_text() == "{1"


# ---------------------------------------------------------------- odd content


ENCODED = {
    "utf-8-sig": "a mark in front, as Windows' Editor writes it",
    "utf-16": "as PowerShell's > writes it",
    "utf-16-be": "",
    "utf-32": "",
}


@attack("records", ENCODED, fault="S1")
def another_encoding(place, patch, encoding):
    """It was read and is whole: it must not begin anew."""
    file = place / "p.json"
    file.write_bytes(json.dumps({**SOUND, "notes": "ü"}, ensure_ascii=False).encode(encoding))
    assert vote()
    stands(file, more=1)
    clean(place)


@attack("records", ["predictions", "checks"], fault="S1")
def unknown_keys_in_one_entry(place, patch, part):
    more = {"when": "2026-11-01", "why": "because"}
    table = {**SOUND[part], "09.P1" if part == "predictions" else "09.1": {"first": "c", "tries": 3, **more}}  # fmt: skip
    file = sound(place, **{part: table})
    assert vote()
    assert passed()
    entry = json.loads(file.read_text())[part]["09.P1" if part == "predictions" else "09.1"]
    assert more.items() <= entry.items(), entry
    assert entry.get("first", "c") == "c"
    assert entry.get("tries", 3) in (3, 4)


@attack("records", ["notes", "entry", "stack"], fault="S1")
def nested_deeply(place, patch, where):
    """Deep enough to be read and, perhaps, not to be written again."""
    for depth in (50, 300, 900, 1500, 5000, 50_000):
        deep = "[" * depth + "]" * depth
        file = place / f"{depth}.json"
        notes = f'"notes": {deep}' if where != "entry" else f'"x": {{"y": {deep}}}'
        file.write_text(json.dumps(SOUND)[:-1] + ", " + notes + "}")
        before = file.read_text()
        patch.setenv("XAICOURSE_PROGRESS", str(file))

        def down(levels):
            return down(levels - 1) if levels else vote()

        told = down(600 if where == "stack" else 1)
        if told:
            after = json.loads(file.read_text())
            aside = [f.read_text() for f in place.glob(f"{depth}.json.damaged*")]
            assert after["predictions"].items() >= VOTES.items() or before in aside
        else:
            assert file.read_text() == before


@attack("records", [b"", bytes(300), b"\xff\xfe\x00", b"null", b'"x"', b"[]", b'{"predictions": []}', b'{"checks": 3}', b"9" * 5000, b'{"a": ' + b"9" * 5000 + b"}", json.dumps(SOUND).encode()[:-9], json.dumps(SOUND).encode() * 2, b"{}\n{}", "ß".encode("latin-1")], fault="S1")  # fmt: skip
def damaged_content_is_put_aside(place, patch, content):
    file = place / "p.json"
    file.write_bytes(content)
    assert vote()
    assert passed()
    assert [f.read_bytes() for f in place.glob("p.json.damaged*")] == [content]
    assert "09.P1" in record.read_progress(file)["predictions"]


@attack("records", ["nan", "surrogate", "keys", "crlf", "strings", "numbers"], fault="S1")
def odd_but_sound_content(place, patch, kind):
    file = sound(place)
    text = file.read_text()[:-1]
    text += {
        "nan": ', "x": [NaN, Infinity, -0.0, 1e-400]}',
        "surrogate": ', "\\ud800": "\\udfff"}',
        "keys": ', "": 1, "\\u0000": 2, " version": 3}',
        "crlf": "}\r\n\r\n",
        "strings": ', "predictions2": "' + "ä" * 10**6 + '"}',
        "numbers": ', "x": ' + "7" * 4000 + "}",
    }[kind]
    file.write_text(text, newline="")
    expected = json.loads(text)
    assert vote()
    stands(file, more=1)
    after = json.loads(file.read_text())
    after["predictions"].pop("09.P1")
    assert json.dumps(after, sort_keys=True) == json.dumps(expected, sort_keys=True)
    clean(place)


@attack("records", ["a", 3, None, ["a"], {"last": "c"}, {"first": None}])
def odd_entries(place, patch, entry):
    file = sound(place, predictions={**VOTES, "09.P1": entry}, checks={**CHECKS, "09.1": entry})
    assert vote()
    assert passed()
    stands(file, more=1)
    assert json.loads(file.read_text())["checks"]["09.1"]["passed"] is True
    predictions.histogram([file])


@attack("records", [2.0, True, -4, "3", 10**30])
def odd_numbers_of_tries(place, patch, tries):
    file = sound(place, checks={**CHECKS, "09.1": {"tries": tries, "passed": True}})
    record.store_check("09.1", passed=False, counted=False)
    assert json.loads(file.read_text())["checks"]["09.1"]["passed"] is True
    stands(file)


@attack("records", slow=True)
def a_hundred_thousand_votes(place, patch):
    many = {f"{k}.P{k}": {"first": "a", "last": "b"} for k in range(100_000)}
    file = sound(place, predictions={**VOTES, **many})
    begin = time.monotonic()
    assert vote()
    assert time.monotonic() - begin < 20
    stands(file, more=100_001)


@attack("records", slow=True)
def a_huge_file(place, patch):
    """Two gigabytes, of which none lies on the disk."""
    file = place / "p.json"
    with file.open("wb") as stream:
        stream.truncate(2 * 2**30)

    def body():
        size = 1500 * 2**20 + int(Path("/proc/self/statm").read_text().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        return vote()

    assert in_child(body) in (True, False)
    kept = [f for f in place.iterdir() if f.stat().st_size == 2 * 2**30]
    assert len(kept) == 1


# ---------------------------------------------------------------- killed, interrupted, at once


@attack("records", ["sound", "none", "damaged"], fault="S1", slow=True)
def killed_at_each_line(place, patch, state):
    for after in range(400):
        for old in place.iterdir():
            old.unlink()
        file = place / "p.json"
        if state == "sound":
            sound(place)
        if state == "damaged":
            file.write_text("{7")
        if not lines_of(vote, OURS, after):
            break
        if state == "sound":
            stands(file, more=len(record.read_progress(file)["predictions"]) - len(VOTES))
        if state == "damaged":
            assert "{7" in [f.read_text() for f in place.iterdir() if "p.json" in f.name]
        assert vote(), after
    assert 20 < after < 399


@attack("records", ["vote", "damaged"], fault="S1", slow=True)
def interrupted_at_each_line(place, patch, state):
    """Ctrl-C, or Interrupt the Kernel: the record is whole, and no lock is left."""
    patch.setattr(files, "WAIT", 1)
    for after in range(400):
        for old in place.iterdir():
            old.unlink()
        file = sound(place)
        if state == "damaged":
            file.write_text("{7")
        done = interrupted(vote, OURS, after)
        if state == "damaged":
            assert "{7" in [f.read_text() for f in place.iterdir() if "p.json" in f.name]
        else:
            stands(file, more=len(record.read_progress(file)["predictions"]) - len(VOTES))
        assert passed(), after
        if done:
            break
    assert after > 20


WRITER = """
import sys
from xaicourse.course.progress import record
for k in range(int(sys.argv[2])):
    if record.store_prediction(f"{sys.argv[1]}.{k}", "a"):
        print(k, flush=True)
"""


def writer(name, count):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITER, name, str(count)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@attack("records", [1, 2, 3, 4], slow=True, fault="S4")
def killed_at_random_beside_others(place, patch, seed):
    file, luck = sound(place), random.Random(seed)
    others = [writer(f"other{k}", 60) for k in range(2)]
    victim = writer("victim", 10_000)
    victim.stdout.readline()
    time.sleep(luck.uniform(0, 0.2))
    victim.kill()
    told = 1 + len(victim.stdout.read().split())
    outs = [process.communicate(timeout=100)[0].split() for process in others]
    victim.wait()
    assert [len(out) for out in outs] == [60, 60]
    stored = [k for k in json.loads(file.read_text())["predictions"] if k not in VOTES]
    assert 120 + told <= len(stored) <= 121 + told
    stands(file, more=len(stored))


def at_once(*bodies):
    found = []

    def run(body):
        try:
            body()
        except BaseException as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if found:
        raise found[0]


def all_stored(name, count=20):
    def body():
        for k in range(count):
            assert record.store_prediction(f"{name}.{k}", "a")

    return body


@attack("records", ["threads", "links", "forks", "both_parts", "chdir"], fault="S4")
def several_at_once(place, patch, how):
    file = sound(place)
    if how == "threads":
        at_once(*[all_stored(f"t{k}", 12) for k in range(8)])
        stands(file, more=96)
    elif how == "links":  # the same record under two names
        (place / "second.json").symlink_to("p.json")

        def other():
            patch.setenv("XAICOURSE_PROGRESS", str(place / "second.json"))
            return [record.store_prediction(f"o.{k}", "a") for k in range(30)]

        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.write(writing, str(sum(other())).encode())
            os._exit(0)
        all_stored("mine", 30)()
        os.waitpid(child, 0)
        assert os.read(reading, 9) == b"30"
        os.close(reading)
        os.close(writing)
        stands(file, more=60)
    elif how == "forks":  # the copies inherit whatever lock a thread holds

        def fork():
            for k in range(8):
                in_child(lambda k=k: record.store_prediction(f"child.{k}", "a"))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            at_once(all_stored("a", 30), all_stored("b", 30), fork)
        stands(file, more=68)
    elif how == "both_parts":

        def tries():
            for _ in range(20):
                assert passed()

        at_once(all_stored("a"), tries, tries)
        stands(file, more=20)
        assert json.loads(file.read_text())["checks"]["09.1"]["tries"] == 40
    else:
        patch.setenv("XAICOURSE_PROGRESS", str(file))

        def about():
            for k in range(200):
                os.chdir("/" if k % 2 else place)

        at_once(all_stored("a"), about, all_stored("b"))
        stands(file, more=40)


# ---------------------------------------------------------------- the lock


def lock_file(place):
    vote("probe")
    return next(f for f in place.iterdir() if f.name.endswith(".lock"))


@attack("records", ["folder", "dangling", "link", "fifo"], fault="S4")
def the_lock_is_odd(place, patch, kind):
    """It may stop the storing, which says so; it must not lose or spoil anything, or hang."""
    patch.setattr(files, "WAIT", 1)
    file = sound(place)
    lock = lock_file(place)
    lock.unlink()
    (place / "precious").write_text("mine")
    if kind == "folder":
        lock.mkdir()
    elif kind == "fifo":
        os.mkfifo(lock)
    else:
        lock.symlink_to(place / ("nothing/there" if kind == "dangling" else "precious"))
    begin = time.monotonic()
    told = vote()
    assert time.monotonic() - begin < 5
    assert (place / "precious").read_text() == "mine"
    stands(file, more=1 + told)


@attack("records", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL], fault="S4")  # fmt: skip
def a_disk_without_locks(place, patch, number):
    """Some network folders know none: a student there stores as well."""
    patch.setattr(files, "WAIT", 1)
    file = sound(place)
    patch.setattr(fcntl, "flock", failing(number))
    assert vote()
    assert passed()
    stands(file, more=1)


@attack("records", ["stopped", "deleted"], slow=True, fault="S4")
def the_owner_of_the_lock(place, patch, how):
    patch.setattr(files, "WAIT", 1)
    file = sound(place)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, pathlib, time; from xaicourse.core import files\n"
         "with files.locked(pathlib.Path(sys.argv[1])): print(1, flush=True); time.sleep(60)", file],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    holder.stdout.readline()
    try:
        if how == "stopped":
            holder.send_signal(signal.SIGSTOP)
        assert not vote()
        stands(file)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert vote()
    stands(file, more=1)


@attack("records", slow=True, fault="S4")
def somebody_deletes_the_lock_again_and_again(place, patch):
    file, over = sound(place), threading.Event()

    def delete():
        while not over.is_set():
            for lock in place.glob(".*.lock"):
                lock.unlink(missing_ok=True)
            time.sleep(0.002)

    deleting = threading.Thread(target=delete)
    deleting.start()
    told = []
    at_once(*[lambda k=k: told.extend(vote(f"{k}.{j}") for j in range(15)) for k in range(2)])
    over.set()
    deleting.join()
    stands(file, more=len(record.read_progress(file)["predictions"]) - len(VOTES))


@attack("records", [1e10, -1e10, 0])
def the_clock(place, patch, now):
    file = sound(place)
    patch.setattr(time, "time", lambda: now)
    assert vote()
    assert passed()
    stands(file, more=1)


# ---------------------------------------------------------------- who may read and write


@attack("records", [0o600, 0o640, 0o400], fault="S8")
def never_more_open_than_it_was(place, patch, mode):
    """Not even for the moment in which it is written."""
    file = sound(place)
    file.chmod(mode)
    os.umask(0o022)
    seen, replace = [], os.replace

    def look(source, target, *more):
        seen.append(stat.S_IMODE(os.stat(source).st_mode))
        return replace(source, target, *more)

    sync = os.fsync

    def look_early(handle):
        if stat.S_ISREG(os.fstat(handle).st_mode):
            seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return sync(handle)

    patch.setattr(os, "replace", look)
    patch.setattr(os, "fsync", look_early)
    assert vote()
    assert seen
    assert all(found | mode | 0o200 == mode | 0o200 for found in seen), [oct(m) for m in seen]
    assert stat.S_IMODE(file.stat().st_mode) == mode


@attack("records", fault="S8")
def an_administrator_writes_a_students_file(place, patch):
    if os.geteuid() != 0:
        raise NotHere("needs root")
    file = sound(place)
    os.chown(file, 12345, 12345)
    file.chmod(0o600)
    assert vote()
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12345)


@attack("records", fault="S8")
def another_user_of_a_shared_folder(place, patch):
    """Both may write the record: each other's lock must not shut them out."""
    if os.geteuid() != 0:
        raise NotHere("needs root")
    file = sound(place)
    place.chmod(0o777)
    file.chmod(0o666)
    os.umask(0)
    assert in_child(vote, user=12345)
    assert in_child(passed, user=12346)
    stands(file, more=1)


@attack("records", ["file", "folder", "both"], fault="S1")
def may_not_be_read_or_written(place, patch, what):
    if os.geteuid() != 0:
        raise NotHere("needs root, to be another user than the owner")
    file = sound(place)
    before = file.read_bytes()
    place.chmod(0o777 if what == "file" else 0o555)
    file.chmod(0o000 if what != "folder" else 0o666)
    assert in_child(vote, user=12345) is False
    assert file.read_bytes() == before
    clean(place)


@attack("records", [0o777, 0o477, 0o000])
def odd_umask(place, patch, mask):
    os.umask(mask)
    if os.geteuid() == 0:
        place.chmod(0o777)
    told = in_child(vote, user=12345 if os.geteuid() == 0 else None)
    os.umask(0o022)
    assert told
    assert "09.P1" in (place / "p.json").read_text()


# ---------------------------------------------------------------- what is asked


@attack("records", [None, 3, 4.1, b"04.P1", ["04.P1"], {}, "", "04.P99", "\ud800", "04.P1\0", object()], fault="S9")  # fmt: skip
def odd_questions(place, patch, question):
    file = sound(place)
    try:
        xc.predict(question, "a")
    except (ValueError, TypeError) as error:
        assert "question" in str(error) or "04" in str(error), error
    stands(file, more=len(record.read_progress(file)["predictions"]) - len(VOTES))


@attack("records", [0, True, b"a", ["a"], "", "ab", "ａ", "a\0", "\ud800", float("nan"), object(), "(a"], fault="S9")  # fmt: skip
def odd_choices(place, patch, choice):
    file = sound(place)
    try:
        xc.predict("04.P1", choice)
    except (ValueError, TypeError) as error:
        assert "choice" in str(error), error
        stands(file)
    else:
        assert choice in ("(a", "ａ")


@attack("records", ["fifo", "folder", "bom", "odd", "unreadable"])
def a_class_counts_its_votes(place, patch, kind):
    file = place / "one.json"
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "bom":
        file.write_text(json.dumps(SOUND), encoding="utf-8-sig")
        assert sum(predictions.histogram([file])["01.P1"].values()) == 1
        return
    elif kind == "odd":
        odd = {"04.P1": {"first": ["a"]}, "05.P1": 3, "06.P1": {"first": "zz"}, "x": {"first": 1}}
        file.write_text(json.dumps({"predictions": odd}))
        assert sum(sum(c.values()) for c in predictions.histogram([file]).values()) == 0
        return
    else:
        if os.geteuid() == 0:
            raise NotHere("root reads all")
        file.write_text("{}")
        file.chmod(0)
    try:
        predictions.histogram([file])
    except OSError as error:
        assert "one.json" in str(error)
    else:
        raise AssertionError("not told")
