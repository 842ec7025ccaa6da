"""Right answers to 01.2 that leave something behind: the next right answer must pass as well."""

import atexit
import builtins
import copy
import gc
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf

from tests.course.attacks import collector, plain

LEFTOVERS, leftover = collector()
CHILDREN, starts = collector()  # the same, with processes that must not stay


@leftover
def short_stack(model, x, target):
    sys.setrecursionlimit(200)
    return plain(model, x, target)


@leftover
def autocast(model, x, target):
    result = plain(model, x, target)
    torch.autocast("cpu", torch.bfloat16).__enter__()
    return result


@leftover
def device_meta(model, x, target):
    result = plain(model, x, target)
    torch.set_default_device("meta")
    return result


@leftover
def dtype(model, x, target):
    result = plain(model, x, target)
    torch.set_default_dtype(torch.float16)
    return result


@leftover
def no_grad(model, x, target):
    result = plain(model, x, target)
    torch.set_grad_enabled(False)
    return result


@leftover
def inference_mode(model, x, target):
    result = plain(model, x, target)
    torch.inference_mode().__enter__()
    return result


@leftover
def class_of_the_model(model, x, target):
    result = plain(model, x, target)
    type(model).forward = lambda self, x: x * 0
    return result


@leftover
def class_of_linear(model, x, target):
    torch.nn.Linear.forward = lambda self, x: x * 0
    torch.nn.ReLU.forward = lambda self, x: x
    return plain(model, x, target)


@leftover
def class_of_all_modules(model, x, target):
    result = plain(model, x, target)
    torch.nn.Module.__call__ = lambda self, *args: args[0]
    return result


@leftover
def functional(model, x, target):
    nnf.relu = nnf.conv2d = nnf.linear = lambda x, *_, **__: x * 0
    return plain(model, x, target)


@leftover
def forward_hook(model, x, target):
    result = plain(model, x, target)
    torch.nn.modules.module.register_module_forward_hook(lambda m, a, out: out * 0)
    return result


@leftover
def backward_hook(model, x, target):
    result = plain(model, x, target)
    torch.nn.modules.module.register_module_full_backward_hook(lambda m, a, b: (a[0] * 0,))
    return result


@leftover
def anomalies(model, x, target):
    torch.autograd.set_detect_anomaly(True)
    return plain(model, x, target)


@leftover
def deterministic(model, x, target):
    torch.use_deterministic_algorithms(True)
    return plain(model, x, target)


@leftover
def function_mode(model, x, target):
    result = plain(model, x, target)

    class Zeros(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            out = function(*args, **(kwargs or {}))
            return out * 0 if isinstance(out, torch.Tensor) and out.is_floating_point() else out

    Zeros().__enter__()
    return result


@leftover
def saved_tensors(model, x, target):
    result = plain(model, x, target)
    torch.autograd.graph.saved_tensors_hooks(lambda t: t * 0, lambda t: t).__enter__()
    return result


@leftover
def folder_gone(model, x, target):
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    Path(folder).rmdir()
    return plain(model, x, target)


@leftover
def environment(model, x, target):
    os.environ.clear()
    return plain(model, x, target)


@leftover
def alarm(model, x, target):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return plain(model, x, target)


@leftover
def alarm_that_raises(model, x, target):
    def handler(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
    return plain(model, x, target)


@leftover
def end_of_program(model, x, target):
    atexit.register(time.sleep, 600)
    atexit.register(os._exit, 3)
    return plain(model, x, target)


@leftover
def standard_streams(model, x, target):
    sys.stdout.close()
    sys.__stdout__ = sys.stderr = sys.stdin = None
    return plain(model, x, target)


@leftover
def handles_0_to_2(model, x, target):
    os.closerange(0, 3)
    return plain(model, x, target)


@leftover
def trace(model, x, target):
    result = plain(model, x, target)

    def tracer(*_):
        raise RuntimeError("traced")

    sys.setprofile(lambda *_: None)
    threading.settrace(tracer)
    return result


@leftover
def collector_off(model, x, target):
    gc.disable()
    gc.callbacks.append(lambda *_: 1 / 0)
    return plain(model, x, target)


@leftover
def thread_daemon(model, x, target):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return plain(model, x, target)


@leftover
def thread_that_waits(model, x, target):
    threading.Thread(target=time.sleep, args=(600,)).start()
    return plain(model, x, target)


@leftover
def thread_raw(model, x, target):
    import _thread

    _thread.start_new_thread(time.sleep, (600,))
    return plain(model, x, target)


@leftover
def thread_that_poisons(model, x, target):
    def poison():
        while True:
            torch.set_default_dtype(torch.float16)
            torch.set_grad_enabled(False)
            time.sleep(0.001)

    result = plain(model, x, target)
    threading.Thread(target=poison, daemon=True).start()
    return result


@leftover
def warnings_as_errors(model, x, target):
    warnings.simplefilter("error")
    warnings.warn = lambda *_, **__: 1 / 0
    return plain(model, x, target)


@leftover
def numpy_raises(model, x, target):
    np.seterr(all="raise")
    return plain(model, x, target)


@leftover
def numpy_random(model, x, target):
    np.random.seed = np.random.default_rng = random.seed = lambda *_: 1 / 0
    return plain(model, x, target)


@leftover
def seeds(model, x, target):
    torch.manual_seed = lambda *_: 1 / 0
    return plain(model, x, target)


@leftover
def few_handles(model, x, target):
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    return plain(model, x, target)


@leftover
def little_time(model, x, target):
    import resource

    used = int(time.process_time()) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (used, used))
    return plain(model, x, target)


@leftover
def little_memory(model, x, target):
    import resource

    result = plain(model, x, target)
    resource.setrlimit(resource.RLIMIT_AS, (2**20, 2**20))
    return result


@leftover
def search_path(model, x, target):
    sys.path.clear()
    sys.meta_path.clear()
    return plain(model, x, target)


@leftover
def modules_gone(model, x, target):
    result = plain(model, x, target)
    for name in list(sys.modules):
        if name.startswith(("torch", "numpy", "xaicourse")):
            del sys.modules[name]
    return result


@leftover
def builtins_gone(model, x, target):
    result = plain(model, x, target)
    del builtins.open, builtins.sum, builtins.sorted
    return result


@leftover
def copies(model, x, target):
    result = plain(model, x, target)
    copy.deepcopy = pickle.loads = lambda thing, *_: None
    return result


@leftover
def flushed(model, x, target):
    torch.set_flush_denormal(True)
    torch.set_num_threads(2)
    return plain(model, x, target)


@leftover
def prints_much(model, x, target):
    for _ in range(50):
        print("x" * 10**6)
    os.write(1, b"y" * 10**6)
    os.write(2, b"z" * 10**6)
    return plain(model, x, target)


@leftover
def reads_requests(model, x, target):
    for number in range(3):
        try:
            os.set_blocking(number, False)
            os.read(number, 100)
        except OSError:
            pass
    return plain(model, x, target)


@leftover
def requires_grad_for_all(model, x, target):
    result = plain(model, x, target)
    torch.Tensor.requires_grad_ = lambda self, *_: self.detach()
    torch.Tensor.backward = torch.autograd.backward = lambda *_, **__: None
    return result


@leftover
def cases_of_the_grader(model, x, target):
    """Spoils the numbers of the cases that the grader keeps."""
    result = plain(model, x, target)
    for thing in gc.get_objects():
        if type(thing).__name__ == "Case":
            for value in thing.values.values():
                if isinstance(value, torch.Tensor) and value.is_floating_point():
                    value.zero_()
    return result


# ---------------------------------------------------------------- processes


@starts
def program(model, x, target):
    subprocess.Popen(["sleep", "601"])
    return plain(model, x, target)


@starts
def program_of_its_own_session(model, x, target):
    subprocess.Popen(["sleep", "602"], start_new_session=True)
    return plain(model, x, target)


@starts
def program_of_a_shell(model, x, target):
    subprocess.run("sleep 603 & setsid sleep 604 &", shell=True)
    return plain(model, x, target)


@starts
def fork(model, x, target):
    if not os.fork():
        time.sleep(605)
        os._exit(0)
    return plain(model, x, target)


@starts
def fork_that_ignores_signals(model, x, target):
    if not os.fork():
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        os.setsid()
        time.sleep(606)
        os._exit(0)
    return plain(model, x, target)


@starts
def daemon(model, x, target):
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        os.closerange(0, 100)
        time.sleep(607)
        os._exit(0)
    return plain(model, x, target)


@starts
def many_forks(model, x, target):
    for _ in range(10):
        if not os.fork():
            time.sleep(608)
            os._exit(0)
    return plain(model, x, target)


@starts
def forks_again_when_killed(model, x, target):
    if not os.fork():
        os.setsid()
        while True:
            child = os.fork()
            if not child:
                time.sleep(609)
                os._exit(0)
            os.waitpid(child, 0)
    return plain(model, x, target)


@starts
def pool(model, x, target):
    import multiprocessing

    keep = multiprocessing.get_context("fork").Process(target=time.sleep, args=(610,))
    keep.start()
    return plain(model, x, target)


@starts
def copy_that_goes_on(model, x, target):
    """The copy returns into the checker, as if it were the process that was asked."""
    if not hasattr(os, "copied_once"):  # 2, not two to the power of all calls
        os.copied_once = True
        os.fork()
    return plain(model, x, target)


@starts
def stopped_copy(model, x, target):
    child = os.fork()
    if not child:
        time.sleep(611)
        os._exit(0)
    os.kill(child, signal.SIGSTOP)
    return plain(model, x, target)
