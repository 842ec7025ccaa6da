"""Wrong answers to 01.2 that try to pass, or to let later wrong answers pass."""

import builtins
import gc
import json
import math
import os
import signal
import sys
import threading
import time

import numpy as np
import torch

from tests.course.attacks import collector, plain, wrong

FORGERIES, forgery = collector()
LATER = ("patches_all_tasks",)


def forged(**more):
    fields = {
        "status": "passed", "message": "forged", "evidence": "", "diagnosis": None, "notes": [],
        "library_calls": [], "printed": "", "retire": False, "task": "01.2", "id": 1, **more,
    }  # fmt: skip
    return json.dumps(fields).encode()


def framed(content):
    return len(content).to_bytes(8, "big") + content


def pipes():
    for number in range(256):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith(("pipe:", "socket:")):  # noqa: PTH115
                yield number
        except OSError:
            pass


def write_to_pipes(content, times=1):
    for number in list(pipes()):
        try:
            os.set_blocking(number, False)
            for _ in range(times):
                os.write(number, content)
        except OSError:
            pass


# ---------------------------------------------------------------- replies of one's own


@forgery
def pipe_reply(model, x, target):
    write_to_pipes(framed(forged()))
    return wrong(model, x, target)


@forgery
def pipe_two_replies(model, x, target):
    write_to_pipes(framed(forged()), times=2)
    return wrong(model, x, target)


@forgery
def pipe_reply_and_end(model, x, target):
    write_to_pipes(framed(forged()))
    os._exit(0)


@forgery
def pipe_garbage(model, x, target):
    write_to_pipes(b"\xff" * 50)
    return wrong(model, x, target)


@forgery
def pipe_endless_length(model, x, target):
    write_to_pipes((2**62).to_bytes(8, "big") + b"x")
    return wrong(model, x, target)


@forgery
def pipe_no_table(model, x, target):
    write_to_pipes(framed(b'["passed"]'))
    return wrong(model, x, target)


@forgery
def pipe_no_json(model, x, target):
    write_to_pipes(framed(b"passed"))
    return wrong(model, x, target)


@forgery
def pipe_half_a_reply(model, x, target):
    write_to_pipes(framed(forged())[:20])
    return wrong(model, x, target)


@forgery
def pipe_from_fork(model, x, target):
    if not os.fork():
        time.sleep(0.2)
        write_to_pipes(framed(forged()), times=5)
        os._exit(0)
    return wrong(model, x, target)


@forgery
def pipe_from_thread(model, x, target):
    def later():
        for _ in range(20):
            time.sleep(0.05)
            write_to_pipes(framed(forged()))

    threading.Thread(target=later, daemon=True).start()
    return wrong(model, x, target)


@forgery
def pipe_from_shell(model, x, target):
    import subprocess

    for number in pipes():
        subprocess.Popen(["sh", "-c", f"sleep 0.1; echo garbage >&{number}"], pass_fds=[number])
    return wrong(model, x, target)


@forgery
def writer_found_by_gc(model, x, target):
    import io

    for thing in gc.get_objects():
        if type(thing) is io.BufferedWriter and thing.name not in (1, 2):
            thing.write(framed(forged()))
            thing.flush()
    return wrong(model, x, target)


@forgery
def all_handles(model, x, target):
    for number in range(3, 64):
        try:
            os.set_blocking(number, False)
            os.write(number, framed(forged()))
        except OSError:
            pass
    return wrong(model, x, target)


# ---------------------------------------------------------------- raised outcomes


def settled(status="passed"):
    from xaicourse.course.grading.verdict import Outcome, Settled

    return Settled(Outcome(status, "fine"))


@forgery
def raises_settled(model, x, target):
    raise settled()


@forgery
def raises_a_kind_of_settled(model, x, target):
    class Mine(type(settled())):
        pass

    raise Mine(settled().outcome)


@forgery
def refuses_with_passed(model, x, target):
    from xaicourse.course.grading.compare import refuse

    refuse("tasks/01.2/passed", status="passed")


@forgery
def settled_from_a_hook(model, x, target):
    def hook(*_):
        raise settled()

    torch.nn.modules.module.register_module_forward_hook(hook)
    return wrong(model, x, target)


@forgery
def settled_from_a_tensor(model, x, target):
    class Raises(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            raise settled()

    return wrong(model, x, target).as_subclass(Raises)


@forgery
def settled_from_array(model, x, target):
    class Raises:
        def __array__(self, *_, **__):
            raise settled()

    return Raises()


@forgery
def settled_from_iteration(model, x, target):
    class Raises(list):
        def __iter__(self):
            raise settled()

    return Raises([1.0])


@forgery
def raises_an_outcome_string(model, x, target):
    raise type("Settled", (Exception,), {"outcome": settled().outcome})


@forgery
def raises_system_exit(model, x, target):
    sys.exit(0)


@forgery
def raises_keyboard_interrupt(model, x, target):
    raise KeyboardInterrupt("passed")


@forgery
def raises_generator_exit(model, x, target):
    raise GeneratorExit


@forgery
def raises_stop_iteration(model, x, target):
    raise StopIteration


@forgery
def raises_group(model, x, target):
    raise BaseExceptionGroup("passed", [settled(), KeyboardInterrupt()])


@forgery
def raises_without_words(model, x, target):
    class Mute(BaseException):
        def __str__(self):
            raise KeyboardInterrupt

        __repr__ = __str__

    raise Mute


# ---------------------------------------------------------------- ends


@forgery
def ends_hard(model, x, target):
    os._exit(0)


@forgery
def kills_itself(model, x, target):
    os.kill(os.getpid(), signal.SIGKILL)


@forgery
def kills_its_group(model, x, target):
    os.killpg(0, signal.SIGKILL)


@forgery
def aborts(model, x, target):
    os.abort()


@forgery
def reads_address_zero(model, x, target):
    import ctypes

    ctypes.string_at(0)


@forgery
def stops_itself_later(model, x, target):
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return wrong(model, x, target)


# ---------------------------------------------------------------- the checker patched


@forgery
def patches_all_tasks(model, x, target):
    from xaicourse.course.grading.verdict import Outcome
    from xaicourse.course.lessons.tasks import TASKS

    for task in TASKS.values():
        object.__setattr__(task, "grade", lambda answer: Outcome("passed", "forged"))
    return wrong(model, x, target)


@forgery
def patches_the_grader_class(model, x, target):
    from xaicourse.course.grading.cases import CaseGrader
    from xaicourse.course.grading.verdict import Outcome

    CaseGrader.__call__ = lambda *_: Outcome("passed", "forged")
    return wrong(model, x, target)


@forgery
def patches_what_is_off(model, x, target):
    from xaicourse.course.grading.cases import CaseGrader

    CaseGrader._off = lambda *_: []
    return wrong(model, x, target)


@forgery
def patches_apart(model, x, target):
    from xaicourse.course.grading import cases
    from xaicourse.course.lessons.l01_saliency import task_gradient

    cases.apart = task_gradient.apart = lambda *_: 0.0
    return wrong(model, x, target)


@forgery
def patches_distance(model, x, target):
    from xaicourse.course.grading import cases, compare

    cases.distance = compare.distance = lambda *_, **__: 0.0
    return wrong(model, x, target)


@forgery
def patches_the_outcome(model, x, target):
    from xaicourse.course.grading import calling, cases, compare, verdict
    from xaicourse.course.lessons.l01_saliency import task_gradient

    kind = verdict.Outcome
    for module in (calling, cases, compare, verdict, task_gradient):
        module.Outcome = lambda *_, **__: kind("passed", "forged")
    return wrong(model, x, target)


@forgery
def patches_as_numbers(model, x, target):
    from xaicourse.course.grading import cases

    cases.as_numbers = lambda value: torch.zeros(3, 4).double()
    return wrong(model, x, target)


@forgery
def patches_the_worker(model, x, target):
    from xaicourse.course.grading.verdict import Outcome

    main = sys.modules["__main__"]
    for name in ("_grade", "grade_answer", "judge"):
        if hasattr(main, name):
            setattr(main, name, lambda *_: Outcome("passed", "forged"))
    return wrong(model, x, target)


@forgery
def patches_json(model, x, target):
    real = json.dumps
    json.dumps = lambda reply, **more: real({**reply, "status": "passed"}, **more)
    return wrong(model, x, target)


@forgery
def patches_pickle(model, x, target):
    import pickle

    real = pickle.loads

    def loads(content):
        found = real(content)
        return {**found, "task": "05.1", "answer": None} if isinstance(found, dict) else plain

    pickle.loads = loads
    return wrong(model, x, target)


@forgery
def patches_the_messages(model, x, target):
    from xaicourse.course.grading import messages

    messages.text = lambda *_, **__: "passed"
    return wrong(model, x, target)


# ---------------------------------------------------------------- torch and Python patched


@forgery
def patches_norm(model, x, target):
    torch.Tensor.norm = lambda self, *_, **__: torch.zeros(len(self))
    torch.linalg.vector_norm = lambda self, *_, **__: torch.zeros(())
    torch.norm = lambda self, *_, **__: torch.zeros(())
    return wrong(model, x, target)


@forgery
def patches_minus(model, x, target):
    torch.Tensor.__sub__ = lambda self, other: torch.zeros_like(self)
    return wrong(model, x, target)


@forgery
def patches_abs_and_max(model, x, target):
    torch.Tensor.abs = torch.abs = lambda self: torch.zeros_like(self)
    torch.Tensor.max = lambda self, *_, **__: torch.zeros(())
    return wrong(model, x, target)


@forgery
def patches_comparison(model, x, target):
    torch.equal = torch.allclose = math.isclose = np.allclose = lambda *_, **__: True
    torch.Tensor.__gt__ = lambda self, other: torch.tensor(False)
    return wrong(model, x, target)


@forgery
def patches_double(model, x, target):
    torch.Tensor.double = lambda self: torch.zeros(self.shape, dtype=torch.float64)
    return wrong(model, x, target)


@forgery
def patches_float(model, x, target):
    class Zero(float):
        def __new__(cls, value=0.0):
            return float.__new__(cls, 0.0)

    builtins.float = Zero
    return wrong(model, x, target)


@forgery
def patches_builtins(model, x, target):
    builtins.max = lambda *_, **__: 0.0
    builtins.any = lambda *_: False
    builtins.all = lambda *_: True
    builtins.abs = lambda *_: 0.0
    return wrong(model, x, target)


@forgery
def patches_isinstance(model, x, target):
    real = builtins.isinstance
    builtins.isinstance = lambda thing, kind: real(thing, kind) or kind is np.ndarray
    return wrong(model, x, target)


@forgery
def patches_grad(model, x, target):
    torch.autograd.grad = lambda outputs, inputs, *_, **__: (torch.ones(3, 4),)
    return wrong(model, x, target)


# ---------------------------------------------------------------- results that lie


@forgery
def tensor_that_is_always_near(model, x, target):
    class Near(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            result = super().__torch_function__(function, types, args, kwargs or {})
            if getattr(function, "__name__", "") in ("sub", "__sub__", "rsub", "__rsub__", "norm"):
                return result * 0
            return result

    return wrong(model, x, target).as_subclass(Near)


@forgery
def tensor_that_changes(model, x, target):
    class Changes(torch.Tensor):
        def detach(self):
            return self

        cpu = double = to_dense = detach

        def __rsub__(self, other):
            return torch.zeros_like(other)

        def norm(self, *_, **__):
            return torch.zeros(len(self))

    return wrong(model, x, target).as_subclass(Changes)


@forgery
def number_that_is_anything(model, x, target):
    class Any(float):
        def __eq__(self, other):
            return True

        __le__ = __lt__ = __ge__ = __gt__ = __eq__
        __hash__ = float.__hash__

    return [[Any(1.0)] * 4] * 3


@forgery
def list_that_changes(model, x, target):
    class Changes(list):
        def __iter__(self):
            return iter([[0.0] * 4] * 3)

        def __len__(self):
            return 3

    return Changes()


@forgery
def waits_for_the_right_one(model, x, target):
    """Looks for the right result among the grader's own variables."""
    frame = sys._getframe()
    while frame:
        for name, value in frame.f_locals.items():
            if name == "expected_outcome":
                return value
        frame = frame.f_back
    return wrong(model, x, target)


# ---------------------------------------------------------------- while the answer is unpacked


class _Reduces:
    def __init__(self, function, *args):
        self.how = function, args

    def __reduce__(self):
        return self.how


PATCH = """
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.tasks import TASKS
for task in TASKS.values():
    object.__setattr__(task, "grade", lambda answer: Outcome("passed", "forged"))
"""
WRITE = f"""
import os
for number in range(3, 64):
    try:
        if os.readlink("/proc/self/fd/%d" % number).startswith(("pipe:", "socket:")):
            os.set_blocking(number, False)
            os.write(number, {framed(forged())!r})
    except OSError:
        pass
"""
SETTLE = """
from xaicourse.course.grading.verdict import Outcome, Settled
raise Settled(Outcome("passed", "forged"))
"""
OBJECTS = {
    "unpacks_a_patch": _Reduces(exec, PATCH),
    "unpacks_a_reply": _Reduces(exec, WRITE),
    "unpacks_settled": _Reduces(exec, SETTLE),
    "unpacks_an_exit": _Reduces(sys.exit, 0),
    "unpacks_a_hard_exit": _Reduces(os._exit, 0),
    "unpacks_an_interrupt": _Reduces(exec, "raise KeyboardInterrupt"),
    "unpacks_a_short_stack": _Reduces(exec, "import sys; sys.setrecursionlimit(120)"),
    "unpacks_a_signal": _Reduces(exec, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"),
    "unpacks_an_outcome": _Reduces(eval, "__import__('xaicourse').check"),
}
FORGERIES |= OBJECTS
