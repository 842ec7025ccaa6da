"""Attacks with a real kernel that is ended: nothing that it started outlives it."""

import os
import random
import signal
import time
from pathlib import Path

from tests.course.campaign import attack
from tests.course.campaign.records import ROOT

START = """
import os, subprocess, sys, threading, time, torch
import xaicourse as xc
def right(model, x, target):
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(model(x)[torch.arange(len(x)), target].sum(), x)[0]
def starts(how, stay):
    def answer(model, x, target):
        if how == "popen": subprocess.Popen(["sleep", "300"])
        if how == "session": subprocess.Popen(["sleep", "300"], start_new_session=True)
        if how == "fork" and not os.fork(): time.sleep(300)
        if how == "away" and not os.fork():
            os.setsid()
            if os.fork(): os._exit(0)
            time.sleep(300)
        if how == "thread": threading.Thread(target=time.sleep, args=(300,)).start()
        if how == "bomb":
            for _ in range(20): subprocess.Popen(["sleep", "300"])
        if stay == "sleep": time.sleep(200)
        if stay == "busy":
            while True: pass
        if stay == "c_loop": sum(range(10**13))
        return right(model, x, target)
    return answer
"""
CASES = [
    "popen quiet kill", "popen sleep kill", "session sleep kill", "session quiet kill",
    "fork busy kill", "fork quiet kill", "away sleep kill", "away quiet kill", "thread sleep kill",
    "thread quiet kill", "bomb busy kill", "bomb quiet kill", "none c_loop kill", "none sleep kill",
    "none starting kill", "session sleep shutdown", "away quiet shutdown", "fork busy restart",
    "popen sleep term", "none quiet forked", "away busy random", "bomb sleep random",
]  # fmt: skip


def marked(mark):
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                there = mark in (folder / "environ").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if there and state not in "ZX":
                found.append(int(folder.name))
    return found


@attack("kernels", CASES, slow=True, fault="S6")
def nothing_outlives_the_kernel(place, patch, case):
    from jupyter_client.manager import KernelManager

    how, stay, end = case.split()
    word = f"{os.getpid()}_{time.monotonic_ns()}"
    mark = f"XAICOURSE_KERNEL={word}".encode()
    manager = KernelManager(kernel_name="python3")
    environment = {**os.environ, "XAICOURSE_KERNEL": word, "PYTHONPATH": str(ROOT), "XAICOURSE_CHECK_SECONDS": "100"}  # fmt: skip
    manager.start_kernel(env=environment, cwd=str(place))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=100)

    def run(code, wait=True):
        number = client.execute(code)
        if wait:
            reply = client.get_shell_msg(timeout=150)
            while reply["parent_header"].get("msg_id") != number:
                reply = client.get_shell_msg(timeout=150)
            assert reply["content"]["status"] == "ok", reply["content"]
        return number

    run(START)
    if stay == "starting":
        run("xc.check('01.2', right)", wait=False)
        time.sleep(random.Random(case).uniform(0.2, 1.5))
    elif stay == "quiet":
        run(f"xc.check('01.2', starts({how!r}, 'quiet'))")
    else:
        run("xc.check('01.2', right)")
        run(f"xc.check('01.2', starts({how!r}, {stay!r}))", wait=False)
        time.sleep(random.random() * 2 if end == "random" else 2)
    allowed = []
    if end == "forked":  # the notebook's own copy, which is not ours to end
        run("pid = os.fork()\nif not pid:\n    time.sleep(15); os._exit(0)")
        kernel = manager.provisioner.pid
        children = Path(f"/proc/{kernel}/task/{kernel}/children").read_text().split()
        allowed = [int(c) for c in children if b"ipykernel" in Path(f"/proc/{c}/cmdline").read_bytes()]  # fmt: skip
    if end in ("kill", "forked", "random"):
        os.kill(manager.provisioner.pid, signal.SIGKILL)
    elif end == "term":
        os.kill(manager.provisioner.pid, signal.SIGTERM)
    elif end == "restart":
        manager.restart_kernel(now=True)
        allowed = [manager.provisioner.pid]
    else:
        manager.shutdown_kernel()
    limit = time.monotonic() + 8
    while (left := [p for p in marked(mark) if p not in allowed]) and time.monotonic() < limit:
        time.sleep(0.1)
    words = []
    for process in left:
        try:
            words.append(Path(f"/proc/{process}/cmdline").read_bytes()[:80])
            os.kill(process, 9)
        except OSError:
            pass
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    for process in allowed:
        try:
            os.kill(process, 9)
        except OSError:
            pass
    assert not left, words
