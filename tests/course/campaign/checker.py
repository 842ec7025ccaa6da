"""Attacks on the checker: no right answer is refused for an earlier one, no wrong one passes."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time

import torch

from tests.course.campaign import attack, in_child
from xaicourse.course.checking import TASKS, check, checking

REFERENCE = {name: TASKS[name].reference for name in ("02.2", "04.2", "05.2")}


def right(model, x, target):
    x = x.detach().clone().requires_grad_()
    score = model(x)[torch.arange(len(x)), target].sum()
    return torch.autograd.grad(score, x)[0]


def judged(answer, seconds="10"):
    os.environ["XAICOURSE_CHECK_SECONDS"] = seconds
    try:
        return check("01.2", answer)
    finally:
        del os.environ["XAICOURSE_CHECK_SECONDS"]


def still_sound():
    """A wrong answer fails, right answers to several tasks pass, at the first try."""
    assert not judged(lambda model, x, target: x + 1, "30").passed
    verdict = judged(right, "30")
    assert verdict.passed, verdict.message
    for task, answer in REFERENCE.items():
        verdict = check(task, answer)
        assert verdict.passed, (task, verdict.message)


def children():
    """Return the processes below this one that an answer has started."""
    found = []
    for folder in os.listdir("/proc"):
        if folder.isdigit():
            try:
                with open(f"/proc/{folder}/cmdline", "rb") as file:  # noqa: PTH123
                    words = file.read()
                with open(f"/proc/{folder}/stat") as file:  # noqa: PTH123
                    state = file.read().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if b"campaign-mark" in words and state not in "ZX":
                found.append(int(folder))
    return found


# ---------------------------------------------------------------- right ones in odd forms


class Slots:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 1.0

    def __call__(self, model, x, target):
        return right(model, x, target) * self.scale

    def method(self, model, x, target):
        return right(model, x, target)


def deep(levels):
    return (lambda *a: right(*a)) if not levels else (lambda f: lambda *a: f(*a))(deep(levels - 1))


def in_threads(model, x, target):
    out = []
    thread = threading.Thread(target=lambda: out.append(right(model, x, target)))
    thread.start()
    thread.join()
    return out[0]


def with_a_process(model, x, target):
    subprocess.run(["true"], check=True)
    return right(model, x, target)


def recursive(model, x, target, levels=600):
    return recursive(model, x, target, levels - 1) if levels else right(model, x, target)


def noisy(model, x, target):
    print("\ud800 \0 \x1b[31m" * 3000)
    sys.stderr.write("é" * 10**6)
    return right(model, x, target)


def much_memory(model, x, target):
    return right(model, x, target) + torch.ones(150 * 2**20)[0] - 1


def turned(model, x, target):
    return right(model, x, target).transpose(0, -1).contiguous().transpose(0, -1)


def graph(model, x, target):
    return right(model, x, target).clone().requires_grad_() * 1


def backward(model, x, target):
    x = x.detach().clone().requires_grad_()
    score = model(x).gather(1, torch.as_tensor(target).expand(len(x))[:, None])
    torch.autograd.backward(score.sum(), inputs=[x])
    return x.grad


def counts(model, x, target):
    counts.calls = getattr(counts, "calls", 0) + 1
    return right(model, x, target)


def no_seed(model, x, target):
    torch.manual_seed(int(time.time()))
    torch.rand(9)
    return right(model, x, target)


def keywords(model, x, target, *, scale=1, **more):
    return scale * right(model, x, target)


def pool(model, x, target):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as workers:
        return next(iter(workers.map(lambda _: right(model, x, target), range(3))))


RIGHT = {
    "slots": Slots(), "method": Slots().method, "partial": functools.partial(right),
    "partial_of_partial": functools.partial(functools.partial(keywords, scale=1)),
    "deep_closure": deep(60), "cached": functools.wraps(right)(lambda *a: right(*a)),
    "star": lambda *arguments: right(*arguments), "threads": in_threads,
    "process": with_a_process, "recursive": recursive, "noisy": noisy, "memory": much_memory,
    "turned": turned, "graph": graph, "backward": backward, "counts": counts, "seed": no_seed,
    "keywords": keywords, "pool": pool,
}  # fmt: skip


@attack("checker", RIGHT)
def a_right_answer_in_an_odd_form(place, patch, name):
    verdict = judged(RIGHT[name], "30")
    assert verdict.passed, verdict.message


# ---------------------------------------------------------------- wrong ones


def zeroed_model(model, x, target):
    for parameter in getattr(model, "parameters", list)():
        parameter.data.zero_()
    return torch.zeros_like(x)


def zeroed_input(model, x, target):
    x.data.zero_()
    return torch.zeros_like(x)


def hooked_model(model, x, target):
    if isinstance(model, torch.nn.Module):
        model.register_forward_hook(lambda m, i, o: o * 0)
    return torch.zeros_like(x)


def patched(owner, name, value):
    """An answer that puts something else in place of a function, and answers zeros."""

    def answer(model, x, target):
        import importlib

        *module, last = owner.split(":")
        thing = importlib.import_module(module[0] if module else last)
        if module:
            for part in last.split("."):
                thing = getattr(thing, part)
        setattr(thing, name, value)
        return torch.zeros_like(x)

    return answer


def _zero(*a, **k):
    return 0.0


def _true(*a, **k):
    return True


def _zeros(outputs, inputs, *a, **k):
    one = isinstance(inputs, torch.Tensor)
    return tuple(torch.zeros_like(i) for i in ([inputs] if one else inputs))


def later(model, x, target):
    def change():
        time.sleep(0.05)
        torch.autograd.grad = _zeros

    threading.Thread(target=change, daemon=True).start()
    return torch.zeros_like(x)


class Lies(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        result = super().__torch_function__(function, types, args, kwargs or {})
        return result * 0 if isinstance(result, torch.Tensor) and result.ndim < 2 else result


WRONG = {
    "zeroed_model": zeroed_model, "zeroed_input": zeroed_input, "hooked_model": hooked_model,
    "later": later,
    "nothing": lambda m, x, t: None, "nan": lambda m, x, t: right(m, x, t) * float("nan"),
    "inf": lambda m, x, t: right(m, x, t) / 0, "one_percent": lambda m, x, t: 1.01 * right(m, x, t),
    "negative": lambda m, x, t: -right(m, x, t), "absolute": lambda m, x, t: right(m, x, t).abs(),
    "first_row": lambda m, x, t: right(m, x, t)[:1].expand_as(x),
    "one_nan": lambda m, x, t: right(m, x, t).index_fill(0, torch.tensor([0]), float("nan")),
    "rounded": lambda m, x, t: right(m, x, t).round(decimals=1),
    "integers": lambda m, x, t: right(m, x, t).to(torch.int64),
    "meta": lambda m, x, t: right(m, x, t).to("meta"),
    "complex": lambda m, x, t: right(m, x, t) * 1j, "shape": lambda m, x, t: right(m, x, t)[..., :-1],
    "flat": lambda m, x, t: right(m, x, t).flatten(), "a_number": lambda m, x, t: 0.0,
    "class_0": lambda m, x, t: right(m, x, torch.zeros(len(x), dtype=torch.long)),
    "random": lambda m, x, t: torch.randn_like(x), "lies": lambda m, x, t: torch.zeros_like(x).as_subclass(Lies),  # fmt: skip
    "function": lambda m, x, t: right, "generator": lambda m, x, t: (r for r in right(m, x, t)),
    "types": lambda m, x, t: torch.Tensor, "true": lambda m, x, t: True, "text": lambda m, x, t: "passed",  # fmt: skip
    "grad": patched("torch.autograd", "grad", _zeros),
    "tensor_norm": patched("torch:Tensor", "norm", _zero), "linalg": patched("torch.linalg", "vector_norm", _zero),  # fmt: skip
    "torch_norm": patched("torch", "norm", _zero), "allclose": patched("torch", "allclose", _true),
    "equal": patched("torch", "equal", _true), "isfinite": patched("math", "isfinite", _true),
    "all": patched("builtins", "all", _true), "max": patched("builtins", "max", _zero),
    "abs": patched("builtins", "abs", _zero), "np_norm": patched("numpy.linalg", "norm", _zero),
    "le": patched("torch:Tensor", "__le__", _true), "item": patched("torch:Tensor", "item", _zero),
    "float": patched("torch:Tensor", "__float__", _zero), "randn": patched("torch", "randn", lambda *a, **k: torch.zeros(*[n for n in a if isinstance(n, int)])),  # fmt: skip
    "linear": patched("torch.nn:Linear", "forward", lambda s, x: x.new_zeros(*x.shape[:-1], s.out_features)),  # fmt: skip
    "detach": patched("torch:Tensor", "detach", lambda s: s * 0), "double": patched("torch:Tensor", "double", lambda s: s * 0),  # fmt: skip
}  # fmt: skip


@attack("checker", WRONG, fault="S2")
def a_wrong_answer_does_not_pass(place, patch, name):
    verdict = judged(WRONG[name])
    assert not verdict.passed, verdict.message
    assert not verdict.counted
    verdict = judged(right, "30")
    assert verdict.passed, verdict.message


# ---------------------------------------------------------------- what they leave behind


def leaves(code):
    """An answer that runs some code and gives a wrong result, or with good=True a right one."""

    def answer(model, x, target):
        exec(code, {})
        return right(model, x, target)

    return answer


LEFT = {
    "environ": "import os; os.environ.clear()",
    "environ_poison": "import os; os.environ.update(OMP_NUM_THREADS='x', PYTHONHASHSEED='x', CUDA_VISIBLE_DEVICES='9')",
    "no_folder": "import os, tempfile; d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)",
    "streams_closed": "import os; [os.close(k) for k in range(3)]",
    "handles_closed": "import os; os.closerange(3, 256)",
    "all_closed": "import os; os.closerange(0, 256)",
    "handles_full": "import os; x = []\ntry:\n    while True: x.append(os.dup(0))\nexcept OSError: pass\nimport sys; sys.kept = x",
    "signals": "import signal\nfor k in (2, 13, 14, 15): signal.signal(k, signal.SIG_IGN)",
    "alarm": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.3)",
    "no_memory": "import resource as r; r.setrlimit(r.RLIMIT_AS, (10**6, 10**6))",
    "no_files": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (4, 4))",
    "no_processes": "import resource as r; r.setrlimit(r.RLIMIT_NPROC, (0, 0))",
    "one_second": "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 1))",
    "small_files": "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (0, 0))",
    "nice": "import os; os.nice(19)",
    "umask": "import os; os.umask(0o777)",
    "path": "import sys; sys.path.clear(); sys.meta_path.clear()",
    "modules": "import sys\nfor k in ('json', 'pickle', 'numpy', 'xaicourse'): sys.modules[k] = None",
    "import": "import builtins; builtins.__import__ = None",
    "print": "import builtins; builtins.print = builtins.len = None",
    "trace": "import sys; sys.settrace(lambda *a: 1 / 0)",
    "atexit": "import atexit, time; atexit.register(time.sleep, 99)",
    "thread": "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
    "daemon": "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
    "busy_thread": "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f, daemon=True).start()",
    "threads_64": "import torch; torch.set_num_threads(64)",
    "deterministic": "import torch; torch.use_deterministic_algorithms(True); torch.set_flush_denormal(True)",
    "half": "import torch; torch.set_default_dtype(torch.float16)",
    "function_mode": "import torch\nfrom torch.overrides import TorchFunctionMode\nclass M(TorchFunctionMode):\n    def __torch_function__(s, f, t, a=(), k=None): raise ValueError\nM().__enter__()",
    "dispatch_mode": "import torch\nfrom torch.utils._python_dispatch import TorchDispatchMode\nclass M(TorchDispatchMode):\n    def __torch_dispatch__(s, f, t, a=(), k=None): raise ValueError\nM().__enter__()",
    "default_device": "import torch; torch.set_default_device('meta')",
    "grad_off": "import torch; torch._C._set_grad_enabled(False)",
    "inference": "import torch; torch.inference_mode().__enter__()",
    "saved_hooks": "import torch; torch.autograd.graph.saved_tensors_hooks(lambda t: 1 / 0, lambda t: t).__enter__()",
    "module_hook": "import torch; torch.nn.modules.module.register_module_forward_hook(lambda m, i, o: o * 0)",
    "module_call": "import torch; torch.nn.Module.__call__ = lambda *a, **k: 1 / 0",
    "gc": "import gc; gc.disable(); gc.set_threshold(1)",
    "recursion": "import sys; sys.setrecursionlimit(80)",
    "decimal": "import decimal, locale; decimal.getcontext().prec = 1",
    "warnings": "import warnings, logging; warnings.simplefilter('error'); logging.disable(99)",
    "random": "import random, numpy; random.seed = numpy.random.seed = None",
    "fork": "import os, sys, time\nif not os.fork():\n    os.execvp('sleep', ['campaign-mark', '99'])",
    "fork_away": "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork(): os.execvp('sleep', ['campaign-mark', '99'])\n    os._exit(0)",
    "popen": "import subprocess; subprocess.Popen(['campaign-mark', '99'], executable='/bin/sleep', start_new_session=True)",
    "popen_many": "import subprocess; [subprocess.Popen(['campaign-mark', '99'], executable='/bin/sleep') for _ in range(8)]",
    "shell": "import os; os.system('exec -a campaign-mark sleep 99 &') if False else os.system('(sh -c \"sleep 99 # campaign-mark\" &)')",
    "ignores_term": "import subprocess; subprocess.Popen(['sh', '-c', 'trap \"\" TERM INT HUP; sleep 99; : campaign-mark'])",
    "double_group": "import os\nif not os.fork():\n    os.setpgid(0, 0)\n    os.execvp('sleep', ['campaign-mark', '99'])",
}  # fmt: skip


@attack("checker", LEFT, fault="S5")
def what_is_left_behind(place, patch, name):
    judged(leaves(LEFT[name]))
    still_sound()
    end = time.monotonic() + 5
    while children() and time.monotonic() < end:
        time.sleep(0.1)
    left = children()
    for process in left:
        os.kill(process, 9)
    assert not left, left


# ---------------------------------------------------------------- odd ends and giant answers


def raising(make):
    def answer(model, x, target):
        raise make()

    return answer


def _odd(name, **attributes):
    return type(name, (Exception,), attributes)


ENDS = {
    "long_words": raising(lambda: ValueError("x" * 10**8)),
    "odd_words": raising(lambda: ValueError("\ud800\0\x1b[2J\r" * 99)),
    "no_words": raising(lambda: _odd("A", __str__=lambda s: 3)()),
    "odd_name": raising(lambda: _odd("\n" * 999)()),
    "exit_text": raising(lambda: SystemExit("bye" * 10**6)),
    "cause_loop": raising(lambda: (lambda e: (setattr(e, "__cause__", e), e)[1])(ValueError())),
    "notes": raising(lambda: (lambda e: (e.add_note("n" * 10**7), e)[1])(ValueError())),
    "group": raising(lambda: BaseExceptionGroup("g", [KeyboardInterrupt(), MemoryError()])),
    "keyboard": raising(KeyboardInterrupt), "memory": raising(MemoryError),
    "stop": raising(StopIteration), "os_error": raising(lambda: OSError(9, "bad")),
    "long_list": lambda m, x, t: list(range(3 * 10**6)),
    "nested": lambda m, x, t: functools.reduce(lambda a, _: [a], range(10**5), 0.0),
    "endless": lambda m, x, t: iter(int, 1), "itself": lambda m, x, t: (lambda a: (a.append(a), a)[1])([]),  # fmt: skip
    "prints_much": lambda m, x, t: [print("y" * 10**6) for _ in range(60)] and x,
    "text_100_mb": lambda m, x, t: "x" * 10**8,
    "wide": lambda m, x, t: torch.zeros(1).expand(10**9), "prints_objects": lambda m, x, t: print(_odd("B", __str__=lambda s: 1 / 0)()),  # fmt: skip
}  # fmt: skip


@attack("checker", ENDS, fault="S9")
def an_odd_end(place, patch, name):
    verdict = judged(ENDS[name])
    assert not verdict.passed
    assert len(verdict.message) < 5000
    verdict.message.encode()  # can be printed and stored
    assert judged(right, "30").passed


# ---------------------------------------------------------------- around the check


ODD = {
    "PYTHONHASHSEED": "0", "PYTHONINSPECT": "1", "PYTHONOPTIMIZE": "2", "PYTHONSTARTUP": "/none.py",
    "PYTHONIOENCODING": "ascii:strict", "LC_ALL": "xx_YY", "TMPDIR": "/nowhere", "HOME": "/nowhere",
    "PYTHONWARNINGS": "error", "PYTHONSAFEPATH": "", "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONTRACEMALLOC": "1", "MKL_NUM_THREADS": "abc", "MPLBACKEND": "module://none",
    "XAICOURSE_GRADED": "yes", "PYTHONUTF8": "0", "PYTHONVERBOSE": "1", "COLUMNS": "-3",
    "XAICOURSE_DEVICE": "cuda", "PYTHONUSERBASE": "/nowhere", "PYTHONPLATLIBDIR": "lib",
}  # fmt: skip


@attack("checker", ODD, slow=True)
def odd_environment(place, patch, name):
    checking._client.stop()
    patch.setenv(name, ODD[name])
    try:
        assert judged(right, "60").passed
        assert not judged(lambda m, x, t: x, "60").passed
    finally:
        patch.undo()
        checking._client.stop()


@attack("checker", ["killed", "stopped", "killed_between", "terminated", "threads", "forked", "interrupt", "in_an_answer", "no_handles", "many"], slow=True, fault="S6")  # fmt: skip
def around_the_check(place, patch, how):
    judged(right, "30")
    process = checking._client.pid
    if how == "killed_between":
        os.kill(process, signal.SIGKILL)
    elif how in ("killed", "stopped", "terminated"):
        number = {"killed": 9, "stopped": signal.SIGSTOP, "terminated": 15}[how]
        threading.Timer(0.5, os.kill, (process, number)).start()
        verdict = judged(lambda m, x, t: time.sleep(3) or right(m, x, t), "6")
        assert verdict.status in ("passed", "not_right")
    elif how == "threads":
        from tests.course.campaign.records import at_once

        def five(answer, passes):
            for _ in range(5):
                assert judged_plain(answer).passed == passes

        judged_plain = functools.partial(check, "01.2")
        at_once(lambda: five(right, True), lambda: five(lambda m, x, t: x, False), lambda: five(right, True))  # fmt: skip
    elif how == "forked":
        assert in_child(lambda: bool(judged(right, "60").passed)) is True
    elif how == "interrupt":
        threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            judged(lambda m, x, t: time.sleep(9))
        except KeyboardInterrupt:
            time.sleep(0.01)
    elif how == "in_an_answer":

        def asks(model, x, target):
            from xaicourse.course.checking import check

            assert check("01.2", lambda m, x, t: x) is not None
            return right(model, x, target)

        judged(asks)
    elif how == "many":
        for k in range(40):
            assert judged(right if k % 3 else (lambda m, x, t: x), "30").passed == bool(k % 3)
    else:

        def body():
            import resource

            resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
            try:
                return str(judged(right, "20").status)
            except (OSError, RuntimeError) as error:
                return type(error).__name__

        assert in_child(body) in ("passed", "OSError", "RuntimeError")
    still_sound()
