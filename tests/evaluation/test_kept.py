"""What is kept of long work: found again under all that it was made from, and nothing else."""

import functools
import importlib.util
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from tests.evaluation.test_roar import colour_pictures, fixed, informative_first
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.retraining import nearest_mean

ROOT = Path(__file__).resolve().parents[2]
roar = xc.evaluation.roar
CALLS: list[int] = []


def counted(x, labels, seed):
    """Train as `nearest_mean`, and write down that it was called."""
    globals()["CALLS"].append(seed)  # not read as CALLS: what a function reads is in its key
    return nearest_mean(x, labels, seed)


@pytest.fixture
def calls():
    CALLS.clear()
    return CALLS


def test_a_second_call_trains_nothing(tmp_path, calls):
    settings = {"fractions": (0.25, 0.5), "trainings": 2, "keep": tmp_path / "kept"}
    one = roar(counted, colour_pictures(), "saliency", **settings)
    assert len(calls) == 1 + 2 * (1 + 2 * 3)
    two = roar(counted, colour_pictures(), "saliency", **settings)
    assert len(calls) == 1 + 2 * (1 + 2 * 3)
    assert torch.equal(one.curve, two.curve)
    assert torch.equal(one.details["sobel"].curve, two.details["sobel"].curve)


def test_another_method_shares_the_controls_and_the_whole_data(tmp_path, calls):
    settings = {"fractions": (0.25, 0.5), "trainings": 2, "keep": tmp_path / "kept"}
    roar(counted, colour_pictures(), "saliency", **settings)
    calls.clear()
    roar(counted, colour_pictures(), "input_x_gradient", **settings)
    assert len(calls) == 1 + 2 * 2, "the explained model, and two shares of the new maps"
    calls.clear()
    xc.evaluation.diff_roar(counted, colour_pictures(), "saliency", **settings)
    assert len(calls) == 2 * 2 * 3, "only what is kept and not removed is new"


@pytest.mark.parametrize("stop", [1, 2, 4, 7])
def test_what_was_interrupted_goes_on_and_loses_one_training(tmp_path, calls, stop):
    settings = {"fractions": (0.25, 0.5), "trainings": 1, "keep": tmp_path / "kept"}
    expected = roar(nearest_mean, colour_pictures(), fixed_map, **{**settings, "keep": None})
    total = 1 + 1 + 2 * 3

    class Stopped(BaseException):
        pass

    def until(x, labels, seed):
        if len(globals()["CALLS"]) == globals()["STOP"]:
            raise Stopped
        globals()["CALLS"].append(seed)
        return nearest_mean(x, labels, seed)

    globals()["STOP"] = stop
    with pytest.raises(Stopped):
        roar(until, colour_pictures(), fixed_map, **settings)
    globals()["STOP"] = -1
    found = roar(until, colour_pictures(), fixed_map, **settings)
    assert len(calls) == total, "what was done before was done again"
    assert torch.equal(found.curve, expected.curve)


def fixed_map(model, x, target):
    return torch.sin(torch.arange(x.numel(), dtype=x.dtype)).view_as(x)


KILLED = """
import time, torch
import xaicourse as xc
from xaicourse.evaluation.retraining import factorial_example

SLOW = 0.05

def slow(x, labels, seed):
    print("training", flush=True)
    time.sleep(SLOW)
    means = torch.stack([x[labels == k].mean(0) for k in (0, 1)])
    return lambda rows: rows @ means.T - means.square().sum(1) / 2

def method(model, x, target):
    return torch.arange(5.0, dtype=x.dtype).expand_as(x).clone()

def run(keep):
    data = factorial_example().data
    return xc.evaluation.roar(slow, data, method, trainings=3, fractions=(0.2, 0.6), keep=keep)

if __name__ == "__main__":
    run("kept")
"""


def test_a_killed_process_loses_at_most_one_training(tmp_path, capsys):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    process = subprocess.Popen(
        [sys.executable, str(script)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(5):
        assert process.stdout.readline() == "training\n"
    process.send_signal(signal.SIGKILL)  # in the middle of the fifth
    done = 4 + process.communicate()[0].count("training")
    made = importlib.util.spec_from_file_location("killed", script)
    assert made is not None
    assert made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    found = module.run(tmp_path / "kept")
    rest = capsys.readouterr().out.count("training")
    assert rest == 1 + 3 * (1 + 2 * 2) - done
    assert torch.equal(found.curve, module.run(None).curve)


def test_other_data_settings_or_functions_are_never_mixed_up(tmp_path, calls):
    settings = {"fractions": (0.2,), "trainings": 1, "keep": tmp_path / "kept"}
    data = informative_first()
    roar(counted, data, fixed(*range(10)), **settings)
    begun = len(calls)
    roar(counted, data, fixed(*range(10, 0, -1)), **settings)
    assert len(calls) > begun, "another closure of the same function"
    (x, labels), testing = data
    for changed in ((x, 1 - labels), (2 * x, labels)):
        begun = len(calls)
        roar(counted, (changed, testing), fixed(*range(10)), **settings)
        assert len(calls) > begun
    for other in ({"imputer": 3}, {"seed": 1}, {"unit": 1, "sign": "abs"}):
        roar(counted, data, fixed(*range(-4, 6)), **{**settings, **other})


def test_a_file_that_is_none_of_ours_is_refused_before_the_work(tmp_path, calls):
    file = tmp_path / "notes.txt"
    file.write_text("not a data base, but a text that somebody wants to keep " * 20)
    with pytest.raises(ValueError, match=r"keep='.*notes.txt' cannot be used \(file is not"):
        roar(counted, informative_first(), fixed(*range(10)), keep=file)
    assert calls == []
    assert file.read_text().startswith("not a data base")
    with pytest.raises(ValueError, match="in a folder that exists"):
        Kept(tmp_path / "nowhere" / "kept")


def test_kept_tensors_come_back_as_they_were(tmp_path):
    kept = Kept(tmp_path / "kept")
    for name, tensor in {
        "half": torch.ones(2, 3).half(),
        "strided": torch.arange(6.0).view(2, 3).T,
        "number": torch.tensor(0.3, dtype=torch.float64),
        "classes": torch.tensor([1, 2]),
    }.items():
        made = kept.get(name, lambda tensor=tensor: tensor)
        again = Kept(tmp_path / "kept").get(name, lambda: pytest.fail("made twice"))
        assert torch.equal(made, again)
        assert again.dtype == tensor.dtype
        assert torch.equal(again, tensor)
    with sqlite3.connect(tmp_path / "kept") as base:
        assert base.execute("select count(*) from kept").fetchone() == (4,)


# ---- fingerprints --------------------------------------------------------------------------------

EPOCHS = 3


@dataclass(frozen=True)
class Way:
    epochs: int

    def __call__(self, x, labels, seed):
        return self.epochs


def reads_a_global(x):
    return EPOCHS * x


def calls_another(x):
    return reads_a_global(x)


def itself(x):
    return itself(x - 1) if x else 0


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))


def test_equal_things_have_equal_fingerprints():
    for make in (
        lambda: torch.arange(3),
        lambda: Way(3),
        lambda: fixed(1, 2),
        lambda: xc.spec("gradient"),
        lambda: functools.partial(reads_a_global, 2),
        lambda: Net(),
        lambda: Way(3).__call__,
        lambda: {"a": [1, (2, None)]},
        lambda: xc.gradient,
        lambda: itself,
        lambda: torch.relu,
    ):
        assert fingerprint(make()) == fingerprint(make())


def test_unequal_things_have_unequal_fingerprints(monkeypatch):
    changed = Net()
    changed.weight.data[0] = 2
    things = [
        torch.arange(3), torch.arange(3.0), torch.arange(3)[None], torch.tensor([0, 1, 3]),
        Way(3), Way(4), fixed(1, 2), fixed(1, 3), xc.spec("gradient"), xc.spec("saliency"),
        xc.gradient, xc.saliency, functools.partial(itself, 1), functools.partial(itself, 2),
        Net(), changed, Way(3).__call__, Way(5).__call__, [1, 2], (1, 2), [[1], 2], [1, [2]],
        1, 1.0, True, "1", None, Way, Net, itself, reads_a_global, calls_another,
    ]  # fmt: skip
    found = [fingerprint(thing) for thing in things]
    assert len(set(found)) == len(things)
    monkeypatch.setitem(globals(), "EPOCHS", 4)
    assert fingerprint(reads_a_global) != found[-2]
    assert fingerprint(calls_another) != found[-1], "a function that it calls reads another number"


class Scaled(nn.Module):
    """A net of which much is no weight."""

    factor = 1.0

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2, bias=False).requires_grad_(False)
        self.inner.weight.fill_(1)
        self.times, self.settings, self.shifts = 1.0, {"power": 1}, [torch.zeros(2)]
        self.activation, self.log = torch.relu, logging.getLogger("scaled")
        self.register_buffer("mask", torch.ones(2), persistent=False)

    def forward(self, x):
        return self.factor * self.times * self.activation(self.inner(x))


class Slots:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


def set_on(name, value):
    return lambda net: setattr(net, name, value)


CHANGES = {
    "a number": set_on("times", 3.0),
    "a new attribute": set_on("more", 1),
    "a function": set_on("activation", torch.tanh),
    "another forward": set_on("forward", lambda x: x),
    "a dict": lambda net: net.settings.update(power=2),
    "a tensor in a list": lambda net: net.shifts[0].add_(1),
    "a buffer that is not saved": lambda net: net.mask.add_(1),
    "an inner module": lambda net: set_on("scale", 2)(net.inner),
    "a hook": lambda net: net.inner.register_forward_hook(lambda net, args, out: 2 * out),
    "a hook in front": lambda net: net.register_forward_pre_hook(lambda net, args: args),
    "a path": set_on("file", Path("a")),
    "a set": set_on("file", {"a", "b"}),
    "an array": set_on("file", np.arange(3)),
    "an object": set_on("file", Way(3)),
    "slots": set_on("file", Slots(1)),
}


def test_a_model_is_more_than_its_weights(monkeypatch):
    assert fingerprint(Scaled()) == fingerprint(Scaled())
    found = {"as it was": fingerprint(Scaled())}
    for name, change in CHANGES.items():
        pair = Scaled(), Scaled()
        for net in pair:
            change(net)
        first, second = map(fingerprint, pair)
        assert first == second, name
        found[name] = first
    monkeypatch.setattr(Scaled, "factor", 2.0)
    found["an attribute of the class"] = fingerprint(Scaled())
    assert len(set(found.values())) == len(found)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_models_in_a_wrapper_are_told_apart():
    two = lambda x, more: x + more  # noqa: E731
    for make in (
        lambda k: functools.partial(two, more=k),
        lambda k: xc.bind(two, more=torch.full((2, 1), float(k))),
        lambda k: torch.compile(nn.Linear(k, 2).requires_grad_(False)),
        lambda k: torch.jit.script(nn.Linear(k, 2)),
        lambda k: torch.fx.symbolic_trace(nn.Sequential(nn.ReLU(), nn.Softmax(k))),
        lambda k: Slots(k),
    ):
        seeds = [torch.random.manual_seed(0) and fingerprint(make(k)) for k in (1, 1, 2)]
        assert seeds[0] == seeds[1] != seeds[2]


def test_a_net_that_was_used_is_still_the_same():
    net, x = xc.zoo.load("fashion_cnn", device="cpu"), xc.datasets.fashion_mnist(n=1).x
    before = fingerprint(net)
    for method in (xc.gradient, xc.lrp, xc.deeplift, xc.spec("grad_cam", layer="conv2")):
        method(net, x)
    assert fingerprint(net) == before


def test_two_functions_of_one_line_are_told_apart():
    first, second = (lambda z: z[:, 0]), (lambda z: z[:, 1])
    assert fingerprint(first) != fingerprint(second)


def test_what_cannot_be_told_from_its_like_is_refused():
    for thing in (object(), [iter(())], fixed(object()), threading.Lock(), torch.Generator()):
        with pytest.raises(TypeError, match="leave keep out"):
            fingerprint(thing)
    with pytest.raises(TypeError, match=r"model needs to know .* plain values$"):
        fingerprint(object(), of="model")
    namespace: dict = {}
    exec("def made(x):\n    return x", namespace)
    with pytest.raises(TypeError, match="keep needs the source of made"):
        fingerprint(namespace["made"])
