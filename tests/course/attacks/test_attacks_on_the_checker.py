"""What must hold after an attack: no wrong answer passed, the next right one does, all is clean."""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
import torch

from tests.course.attacks import plain, wrong
from tests.course.attacks.forgeries import FORGERIES
from tests.course.attacks.leftovers import CHILDREN, LEFTOVERS
from tests.course.attacks.things import THINGS
from xaicourse.course.checking import TASKS, check, checking

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts processes as Linux does")

MARK = f"XAICOURSE_MARK={os.getpid()}"
RIGHT = {name: TASKS[name].reference for name in ("02.2", "04.2", "05.2")}


# What held in the first run, on the code before: no fault was mended there.
HELD = set(
    """
    aborts ends_hard kills_its_group kills_itself list_that_changes number_that_is_anything
    patches_abs_and_max patches_comparison patches_distance patches_isinstance
    patches_the_messages patches_the_worker raises_an_outcome_string raises_generator_exit
    raises_group raises_keyboard_interrupt raises_stop_iteration raises_system_exit
    raises_without_words reads_address_zero settled_from_a_tensor settled_from_array
    settled_from_iteration tensor_that_changes tensor_that_is_always_near unpacks_a_hard_exit
    unpacks_a_short_stack unpacks_a_signal unpacks_an_exit unpacks_an_interrupt
    unpacks_an_outcome unpacks_settled waits_for_the_right_one writer_found_by_gc equal_raises
    repr_raises reduce_exits reduce_raises reduce_forever name_is_no_string odd_tensor itself
    itself_in_a_table deep module meta_tensor sparse lone_surrogate thread frame generator
    string_stream large_number file socket while_busy
    """.split()
)
HELD |= set(LEFTOVERS) - set(
    "alarm_that_raises autocast class_of_all_modules class_of_the_model device_meta forward_hook "
    "function_mode".split()
)


def marked_as(fault, names):
    """Mark the attacks that succeeded before."""
    gone = [pytest.mark.fault(fault)]
    return [pytest.param(name, marks=[] if name in HELD else gone) for name in names]


@pytest.fixture(autouse=True, scope="module")
def _marked():
    """Mark the checker's processes and all that they start."""
    checking._client.stop()
    os.environ["XAICOURSE_MARK"] = str(os.getpid())
    yield
    checking._client.stop()
    del os.environ["XAICOURSE_MARK"]


@pytest.fixture(autouse=True)
def _seconds(request, monkeypatch):
    monkeypatch.setenv("XAICOURSE_CHECK_SECONDS", "15")
    yield
    if getattr(request.node, "failed", True):
        checking._client.stop()  # the next attack begins with a clean one


def marked():
    """Return the processes that were started by the checker, those that ended left out."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                marks = (folder / "environ").read_bytes().split(b"\0")
                ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            except OSError:
                continue
            if MARK.encode() in marks and not ended:
                found.append(int(folder.name))
    return found


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def assert_sound(request):
    """A wrong answer fails, right ones pass, and nothing stays."""
    assert not check("01.2", wrong).passed
    assert check("01.2", plain).passed
    for task, answer in RIGHT.items():
        assert check(task, answer).passed, task
    assert not check("05.3", 17).passed
    checking._client._wait_until_ready()
    assert wait_until(lambda: len(marked()) <= 2, 5), marked()  # the process, and a spare one
    request.node.failed = False


@pytest.mark.parametrize("name", marked_as("S2", FORGERIES))
def test_a_forgery_does_not_pass(name, request):
    verdict = check("01.2", FORGERIES[name])
    assert not verdict.passed, verdict.message
    assert_sound(request)


@pytest.mark.parametrize("name", marked_as("S5", LEFTOVERS))
def test_what_is_left_behind_spoils_nothing(name, request):
    check("01.2", LEFTOVERS[name])
    assert_sound(request)


@pytest.mark.fault("S6")
@pytest.mark.parametrize("name", CHILDREN)
def test_what_is_started_ends_with_the_check(name, request):
    assert check("01.2", CHILDREN[name]).passed
    checking._client._wait_until_ready()
    assert wait_until(lambda: len(marked()) <= 2, 5), marked()
    assert_sound(request)
    checking._client.stop()
    assert wait_until(lambda: not marked(), 5), marked()


@pytest.fixture
def _modules():
    """Forget the modules that a thing makes: other tests read all that there are."""
    yield
    sys.modules.pop("odd_file_of_mine", None)


@pytest.mark.usefixtures("_modules")
@pytest.mark.parametrize("task", ["01.2", "05.1"])
@pytest.mark.parametrize("name", marked_as("S9", THINGS))
def test_an_odd_answer_gets_a_verdict(name, task, request):
    thing = THINGS[name]()
    assert not check(task, thing).passed
    if name in ("file", "socket"):
        thing.close()
    request.node.failed = False


@pytest.mark.fault("S9")
@pytest.mark.parametrize(
    "given", ["soon", "", "  ", "-3", "inf", "-inf", "nan", "0", "1e400", "2s"]
)
def test_odd_seconds_do_not_stop_a_check(given, monkeypatch, request):
    monkeypatch.setenv("XAICOURSE_CHECK_SECONDS", given)
    assert check("01.2", plain).passed
    request.node.failed = False


@pytest.mark.fault("S9")
def test_a_folder_that_was_deleted(request, monkeypatch):
    folder = tempfile.mkdtemp()
    monkeypatch.chdir(folder)
    Path(folder).rmdir()
    assert check("01.2", plain).passed
    assert not check("01.2", wrong).passed
    request.node.failed = False


# ---------------------------------------------------------------- memory


def in_a_notebook(script, **options):
    command = [sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, **options)


@pytest.mark.fault("S10")
@pytest.mark.parametrize(
    "carried",
    [
        "torch.zeros(400 * 2**20)",  # 1.6 GB
        "[torch.zeros(60 * 2**20) for _ in range(7)]",
        "np.ones(200 * 2**20)",
        "bytes(1600 * 2**20)",
        "{i: b'%d' % i * 10000 for i in range(80_000)}",
    ],
)
def test_a_large_global_costs_little(carried, request):
    script = f"""
        import resource
        import numpy as np, torch
        import xaicourse as xc
        from tests.course.attacks import plain
        big = {carried}
        xc.check("01.2", plain)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        def answer(model, x, target):
            len(big)
            return plain(model, x, target)
        print(xc.check("01.2", answer).message)
        print("more:", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    out = in_a_notebook(script).stdout
    assert "larger than 500 MB" in " ".join(out.split())
    assert int(out.rpartition("more:")[2]) < 1.3 * 500_000, out  # kB
    request.node.failed = False


def small_pieces(model, x, target):
    kept = []
    while True:
        kept.append(bytearray(20 * 2**20))


def doubling(model, x, target):
    kept = [0.0]
    while True:
        kept = kept + kept


def touched_pieces(model, x, target):
    kept = []
    while True:
        kept.append(torch.ones(10 * 2**20))


@pytest.mark.parametrize("bomb", [small_pieces, doubling, touched_pieces])
def test_a_memory_bomb_is_called_one(bomb, request, monkeypatch):
    monkeypatch.setenv("XAICOURSE_CHECK_SECONDS", "6")
    assert "memory" in check("01.2", bomb).message
    assert_sound(request)


# ---------------------------------------------------------------- the notebook ends

ANSWERS = """
    import os, subprocess, sys, threading, time
    import xaicourse as xc
    from tests.course.attacks import plain

    def own_session(model, x, target):
        subprocess.Popen(["sleep", "612"], start_new_session=True)
        time.sleep(600)

    def copies(model, x, target):
        for _ in range(3):
            if not os.fork():
                os.setsid()
                time.sleep(613)
        while True:
            pass

    def quiet(model, x, target):
        subprocess.Popen(["sleep", "614"])
        return plain(model, x, target)
"""
ENDS = {
    "while_busy": 'threading.Thread(target=xc.check, args=("01.2", own_session)).start(); stay()',
    "copies": 'threading.Thread(target=xc.check, args=("01.2", copies)).start(); stay()',
    "idle": 'xc.check("01.2", quiet); stay()',
    "forked_notebook": """
        xc.check("01.2", plain)
        if not os.fork():
            os.environ["XAICOURSE_MARK"] = "other"
            os.execvp("sleep", ["sleep", "25"]) if len(sys.argv) > 5 else time.sleep(25)
            os._exit(0)
        stay()
    """,
    "ends_by_itself": 'xc.check("01.2", quiet); os._exit(0)',
}


@pytest.mark.parametrize("name", marked_as("S6", ENDS))
def test_nothing_outlives_the_notebook(name, request):
    checking._client.stop()
    assert wait_until(lambda: not marked(), 5), marked()
    script = textwrap.dedent(ANSWERS) + textwrap.dedent("""
        def stay():
            time.sleep(1.5)
            print("ready", flush=True)
            time.sleep(60)
    """) + textwrap.dedent(ENDS[name])  # fmt: skip
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as notebook:
        for line in notebook.stdout:
            if line == "ready\n":
                break
        notebook.kill()
        notebook.wait()
        copy = 1 if name == "forked_notebook" else 0  # it is the notebook's own
        held = wait_until(lambda: len(marked()) <= copy, 8)
        left = marked()
        for process in left:
            os.kill(process, 9)
        assert held, left
    request.node.failed = False
