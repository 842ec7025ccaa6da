"""The checker's process survives whatever an answer does, and the notebook stays clean."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import torch

from tests.lessons import l05_answers as answers
from xaicourse.course.checking import TASKS, check, checking, warm_up
from xaicourse.course.checking.client import Client

RIGHT = TASKS["05.2"].reference
POSIX = os.name == "posix"


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setenv("XAICOURSE_CHECK_SECONDS", "2")
    warm_up()
    checking._client._wait_until_ready()


def still_works():
    return check("05.3", TASKS["05.3"].reference).passed


# ---------------------------------------------------------------- loops that never end


def c_loop(model, x, target, baseline, steps):
    return sum(range(10**13))  # never looks at a signal


def swallows_everything(model, x, target, baseline, steps):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


@pytest.mark.parametrize("answer", [c_loop, swallows_everything])
def test_a_loop_without_end_is_stopped(answer, short_limit):
    before = checking._client.pid
    begin = time.monotonic()
    verdict = check("05.2", answer)
    assert time.monotonic() - begin < 10
    assert not verdict.passed
    assert "within 2 seconds" in verdict.message
    if not checking._client._copies:  # otherwise it was a copy that was stopped
        assert checking._client.pid != before
    assert still_works()


class SlowToRead:
    def __reduce__(self):
        return time.sleep, (60,)


def test_an_answer_that_hangs_while_it_is_read(short_limit):
    assert "within 2 seconds" in check("05.2", SlowToRead()).message


# ---------------------------------------------------------------- ends of the process


def exits(model, x, target, baseline, steps):
    sys.exit(0)


def exits_hard(model, x, target, baseline, steps):
    os._exit(0)


def interrupts(model, x, target, baseline, steps):
    raise KeyboardInterrupt


def recursion(model, x, target, baseline, steps):
    return recursion(model, x, target, baseline, steps)


def raises_odd_error(model, x, target, baseline, steps):
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError

    raise Odd


def forks(model, x, target, baseline, steps):
    if not hasattr(os, "forked_once"):
        os.forked_once = True
        os.fork()
    return RIGHT(model, x, target, baseline, steps)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (exits, "ended the program"),
        (exits_hard, "ended the checker's process"),
        (interrupts, "KeyboardInterrupt"),
        (recursion, "RecursionError"),
        (raises_odd_error, "Odd"),
    ],
)
def test_answers_that_end_something(answer, word):
    verdict = check("05.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None)
    assert word in verdict.message
    assert still_works()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_copy_does_not_answer_too():
    assert check("05.2", forks).passed
    assert still_works()
    assert not check("05.2", answers.zeros).passed


@pytest.mark.skipif(sys.platform != "linux", reason="a memory limit is set on Linux only")
def test_too_much_memory():
    def greedy(model, x, target, baseline, steps):
        return torch.ones(10**10, 4)

    def greedy_list(model, x, target, baseline, steps):
        return bytearray(10**10)

    for answer in (greedy, greedy_list):
        verdict = check("05.2", answer)
        assert "memory" in verdict.message, verdict.message
        assert still_works()


# ---------------------------------------------------------------- what an answer may leave behind


def test_prints_are_captured_and_shortened(capfd):
    def noisy(model, x, target, baseline, steps):
        print("hello\nworld " * 1000)
        sys.stderr.write("warning")
        os.write(1, b"straight to the file descriptor")
        sys.__stdout__.write("past the capture")
        return RIGHT(model, x, target, baseline, steps)

    verdict = check("05.2", noisy)
    out, err = capfd.readouterr()
    assert verdict.passed
    assert " ".join(out.splitlines()) == verdict.message
    assert err == ""
    assert verdict.printed.startswith("hello world hello")
    assert len(verdict.printed) < 250
    assert "descriptor" not in out


def test_settings_do_not_stay():
    def careless(gaps, rise, limit):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.manual_seed(99)
        os.chdir("/")
        sys.path.clear()
        return 4

    assert not check("05.3", careless).passed
    assert check("05.2", RIGHT).passed
    assert still_works()


def test_a_thread_that_stays_costs_a_new_process(monkeypatch):
    monkeypatch.setattr(checking, "_client", Client(copies=False))

    def starts_thread(gaps, rise, limit):
        threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
        return 4

    warm_up()
    assert still_works()
    before = checking._client.pid
    check("05.3", starts_thread)
    assert checking._client.pid != before
    assert still_works()
    checking._client.stop()


def test_a_progress_bar_costs_nothing():
    def with_bar(gaps, rise, limit):
        import tqdm

        for _ in tqdm.tqdm(range(3)):
            pass
        return 4

    assert still_works()
    before = checking._client.pid
    check("05.3", with_bar)
    assert checking._client.pid == before


def test_reading_the_keyboard_fails_at_once():
    def asks(gaps, rise, limit):
        return int(input("n? "))

    assert "EOFError" in check("05.3", asks).message


def test_verdicts_repeat():
    """Seeds are set before each check, so a random answer gets the same verdict each time."""
    lines = {check("05.2", answers.noisy).passed for _ in range(2)}
    assert lines == {False}
    first, second = (check("05.2", answers.random_alphas).message for _ in range(2))
    assert first == second


# ---------------------------------------------------------------- answers that are no answers


def generator(model, x, target, baseline, steps):
    yield x


async def coroutine(model, x, target, baseline, steps):
    return x


LOCK = threading.Lock()


def uses_lock(model, x, target, baseline, steps):
    with LOCK:
        return x


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (generator, "generator"),
        (coroutine, "coroutine"),
        ((k for k in range(3)), "could not be sent"),
        (uses_lock, "could not be sent"),
        (open, "TypeError"),
        ("my_ig", "function itself"),
        (torch.ones(3), "function itself"),
        (3.5, "function itself"),
        (object(), "function itself"),
        (answers.Explainer, "Explainer"),
        (lambda: 3, "TypeError"),
        (lambda *args: None, "None"),
        (lambda *args: "text", "str"),
        (lambda *args: {"ig": 1}, "dict"),
        (lambda *args: (args[1], 0.1), "tuple (Tensor, float)"),
        (lambda *args: args[1].T, "shape (3, 2)"),
        (lambda *args: args[1].sum(), "shape ()"),
        (lambda *args: args[1] * float("nan"), "NaN"),
        (lambda *args: args[1] / 0, "NaN or infinite"),
        (lambda *args: args[1] * 1j, "numbers"),
        (lambda *args: object(), "object"),
        (lambda *args: [[1, 2, 3], [4, 5]], "list"),
        (lambda model, *args: model(args[0][0]), "model takes a batch (N, 3)"),
        (lambda model, *args: model(args[0].numpy()), "model takes a tensor"),
    ],
)
def test_odd_answers_get_a_friendly_verdict(answer, word):
    verdict = check("05.2", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None)
    assert word in verdict.message, verdict.message
    assert "\n" not in verdict.message


def test_not_done_yet():
    def stub(model, x, target, baseline, steps):
        """Return the integrated gradients of `x`, shape (N, ...)."""
        raise NotImplementedError("Task 05.2: write me")

    def empty(model, x, target, baseline, steps): ...

    def skeleton(model, x, target, baseline, steps):
        for _ in range(steps):
            ...
        return ...

    for answer in (None, ..., stub, empty, skeleton):
        verdict = check("05.2", answer)
        assert (verdict.passed, verdict.status) == (False, "not_done"), verdict.message
        assert "not done yet" in verdict.message


def test_an_error_names_the_line():
    def broken(model, x, target, baseline, steps):
        total = 0
        total += x.no_such_thing
        return total

    line = broken.__code__.co_firstlineno + 2
    message = check("05.2", broken).message
    assert f"line {line}" in message
    assert "AttributeError" in message


# ---------------------------------------------------------------- life and death


def test_a_warm_check_is_fast():
    assert check("05.2", RIGHT).passed
    begin = time.process_time(), time.monotonic()
    check("05.2", RIGHT)
    assert time.process_time() - begin[0] < 0.2  # the notebook itself does nothing
    assert time.monotonic() - begin[1] < 8  # below 2 s on a quiet machine


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # a zombie has ended, only nobody has asked for it yet
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.skipif(not POSIX, reason="looks at processes as POSIX does")
def test_the_process_ends_with_its_notebook():
    """Killed without a chance to clean up, in the middle of an endless loop."""
    script = """
        import os, sys, threading, time
        import xaicourse as xc
        from xaicourse.course.checking import checking

        def endless(gaps, rise, limit):
            while True:
                pass

        xc.check("05.1", (1, 2, 3))
        print(checking._client.pid, flush=True)
        threading.Thread(target=xc.check, args=("05.3", endless), daemon=True).start()
        time.sleep(1)
        print("ready", flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as notebook:
        said = iter(notebook.stdout.readline, "ready\n")
        (pid,) = [int(line) for line in said if line.strip().isdigit()]
        assert is_alive(pid)
        notebook.kill()
    for _ in range(100):
        if not is_alive(pid):
            break
        time.sleep(0.1)
    assert not is_alive(pid)


def test_functions_of_main_and_of_own_files(tmp_path):
    """As in Jupyter: functions of __main__ with helpers, globals and classes, and an own file."""
    (tmp_path / "torch.py").write_text("raise RuntimeError('not this torch')")
    (tmp_path / "my_own.py").write_text(
        "import torch\nfactor = 1.0\n\ndef slope(f, p):\n"
        "    return torch.autograd.grad(f(p).sum(), p)[0] * factor\n"
    )
    (tmp_path / "later.py").write_text("answer = 1\n")
    script = """
        import sys
        sys.path = [p for p in sys.path if p not in ("", FOLDER)]
        import torch
        import xaicourse as xc
        sys.path.insert(0, FOLDER)
        import my_own

        HALF = 0.5
        device = torch.device("cpu")

        def point_on_path(x, baseline, alpha):
            return (baseline + alpha * (x - baseline)).detach().requires_grad_(True)

        class Pick:
            def __init__(self, target):
                self.target = target
            def __call__(self, scores):
                return scores[torch.arange(len(scores)), self.target]

        def my_ig(model, x, target, baseline, steps):
            pick = Pick(target)
            total = torch.zeros_like(x, device=device)
            for k in range(steps):
                p = point_on_path(x, baseline, (k + HALF) / steps)
                total += my_own.slope(lambda q: pick(model(q)), p)
            return (x - baseline) * total / steps

        print(xc.check("05.2", my_ig).passed)

        import later
        def changing(gaps, rise, limit):
            import later
            return later.answer
        print("the same numbers" in xc.check("05.3", changing).message)
        kept = xc.or_reference("05.2", my_ig)
        print(kept.__wrapped__ is my_ig)
        print(xc.check("05.6", (lambda p: p[:, 0] * p[:, 1], [[2., 3.]], [[2., 0.]], 0, 5.)).passed)
    """
    script = f"FOLDER = {str(tmp_path)!r}\n" + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=200
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line for line in lines if line in ("True", "False")] == ["True"] * 4, done.stdout


def test_two_notebooks_do_not_disturb_each_other():
    assert still_works()
    other = Client()
    try:
        request = {"task": "05.1", "path": list(sys.path), "folder": str(Path.cwd())}
        packed = checking.pack(((3.75, -2.75), 0.25))
        assert other.ask({**request, "answer": packed}, 30)["status"] == "passed"
        assert other.pid != checking._client.pid
    finally:
        other.stop()
    assert other.pid is None
    assert still_works()


def test_a_client_whose_process_died_while_idle_starts_again():
    assert still_works()
    checking._client._process.kill()
    checking._client._process.wait()
    assert still_works()
