"""The pretend GPU itself: it computes like the CPU, and it notices every mixing of devices."""

import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.pretend_gpu import DEVICE, PretendGPU, without_float64
from xaicourse.core.gradients import sum_dtype
from xaicourse.explain import explain
from xaicourse.explain.arguments import read_arguments
from xaicourse.explain.models import Loaded
from xaicourse.explain.scores import scores_of
from xaicourse.explain.work import _look

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "chelsea.png"


@pytest.fixture(autouse=True)
def gpu():
    with PretendGPU():
        yield


def small_net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)
        ).eval()


def test_gradient_equals_the_cpus(close):
    net, x = small_net(), torch.linspace(-1, 1, 216).view(2, 3, 6, 6).requires_grad_(True)
    (expected,) = torch.autograd.grad(net(x)[:, 0].sum(), x)
    there = x.detach().to(DEVICE).requires_grad_(True)
    (got,) = torch.autograd.grad(net.to(DEVICE)(there)[:, 0].sum(), there)
    assert got.device == DEVICE
    close(got, expected, 1e-6)


def test_in_place_and_indexing_change_the_values():
    x = torch.zeros(3, device=DEVICE)
    x[torch.tensor([0, 2])] = torch.ones(2, device=DEVICE)  # CPU indices are legal on a GPU
    x += 1
    x.index_add_(0, torch.tensor([1]).to(DEVICE), torch.tensor([5.0]).to(DEVICE))
    assert x.tolist() == [2, 6, 2]
    assert float(x[1]) == 6
    assert bool((x > 1).all())


MIXING = {
    "add": lambda here, there: here + there,
    "cat": lambda here, there: torch.cat([here, there]),
    "cat a scalar": lambda here, there: torch.stack([here[0], there[0]]),
    "matmul": lambda here, there: here @ there,
    "gather": lambda here, there: there.gather(0, torch.tensor([0])),
    "where": lambda here, there: torch.where(here > 0, there, there),
    "index of the CPU by the GPU": lambda here, there: here[there.long() * 0],
    "assign CPU values": lambda here, there: there.__setitem__(torch.tensor([0, 1]), here),
    "index_add": lambda here, there: there.index_add_(0, torch.tensor([0, 1]), there),
    "linear": lambda here, there: nn.functional.linear(there, torch.ones(2, 2)),
    "numpy": lambda here, there: there.numpy(),
}


@pytest.mark.parametrize("mix", MIXING.values(), ids=MIXING)
def test_mixing_raises(mix):
    here, there = torch.ones(2), torch.ones(2).to(DEVICE)
    with pytest.raises((RuntimeError, TypeError)):
        mix(here, there)


def test_scalars_may_come_from_the_cpu():
    assert (torch.ones(2).to(DEVICE) * torch.tensor(3.0)).tolist() == [3, 3]


# ---- without float64 ----------------------------------------------------------------------------

DOUBLE = {
    "a move": lambda there: torch.ones(2, dtype=torch.float64).to(DEVICE),
    "a conversion": lambda there: there.double(),
    "a factory": lambda there: torch.zeros(2, dtype=torch.float64, device=DEVICE),
    "a sum": lambda there: there.sum(dtype=torch.float64),
    "a tensor like another": lambda there: torch.zeros_like(there, dtype=torch.float64),
    "on the way only": lambda there: there.double().mean().float(),
}


@pytest.mark.parametrize("make", DOUBLE.values(), ids=DOUBLE)
def test_a_device_without_float64_refuses_it(make):
    there = torch.ones(2).to(DEVICE)
    make(there)  # the other device takes it
    with without_float64(), pytest.raises(TypeError, match=r"has no torch\.float64"):
        make(there)
    make(there)


def test_without_float64_long_sums_are_in_float32():
    assert sum_dtype(DEVICE) == torch.float64
    with without_float64():
        assert sum_dtype(DEVICE) == torch.float32
        assert ((torch.ones(2).to(DEVICE) * torch.tensor(3.0).double()).cpu() == 3).all()
        assert torch.ones(2).to(DEVICE).cpu().double().dtype == torch.float64
    assert sum_dtype(DEVICE) == torch.float64


def test_the_classes_of_a_photo_are_found_on_a_device_without_float64(tmp_path):
    defaults = {
        name: one.default
        for name, one in inspect.signature(explain).parameters.items()
        if name != "photos"
    }
    asked = read_arguments([PHOTO], {**defaults, "out": tmp_path / "a.png"})
    model = Loaded(nn.Identity(), "none", None)
    with without_float64():
        x = torch.linspace(0, 9, 1000)[None].to(DEVICE)
        seen = _look(asked, model, PHOTO, (4, 4), scores_of(model, x, "none"))
    assert (seen.explained.number, seen.rank) == (999, 1)
