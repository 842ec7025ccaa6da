"""Seconds and peak memory on the device, beside Captum with its best chunk."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import xaicourse as xc
from benchmarks._common import table
from tests.gpu import peers
from tests.gpu.nets import network, waves
from tests.gpu.part import Clock, Part, Where, short
from tests.plain import relative_error
from xaicourse.core.chunks import is_out_of_memory

SAMPLES = 50  # gradients of IG and of SmoothGrad
BATCHES = (1, 32)

Call = Callable[[int | None], Tensor]  # of a chunk, None for the usual one


@dataclass(frozen=True)
class Measured:
    """What one call took."""

    chunk: int | None
    seconds: float
    memory: float | None  # MiB above what was there before; None where it cannot be asked


def ours(model: nn.Module, x: Tensor, target: Tensor, layer: str, samples: int) -> dict[str, Call]:
    """Return our side of each comparison, as a function of the chunk."""
    return {
        "integrated_gradients": lambda chunk: xc.integrated_gradients(
            model, x, target, steps=samples, quadrature="midpoint", batch_size=chunk
        ),
        "smoothgrad": lambda chunk: xc.smoothgrad(
            model, x, target, samples=samples, batch_size=chunk
        ),
        "lrp": lambda chunk: xc.lrp(model, x, target, batch_size=chunk),
        "grad_cam": lambda chunk: xc.grad_cam(model, x, target, layer=layer, batch_size=chunk),
    }


def speed(where: Where, clock: Clock) -> Part:
    """Measure both sides of each comparison at every batch."""
    found = network(where)
    part = Part("Seconds and memory", missing=list(found.missing))
    untouched = copy.deepcopy(found.model)  # on the CPU
    model = found.model.to(where.device)
    samples, batches = (4, (1, 2)) if where.tiny else (SAMPLES, BATCHES)
    captum = peers.captum_calls()
    if captum is None:
        part.missing.append("Captum is not here: nothing to compare with")
    lines: list[tuple] = []
    for batch in batches:
        x = torch.cat([waves(f"photo {k}") for k in range(batch)]).to(where.device)
        target = model(x).argmax(1)
        sides = {"ours": ours(model, x, target, found.layer, samples)}
        if captum is not None:
            sides["Captum"] = captum(model, x, target, found.layer, samples)
            spare = copy.deepcopy(untouched).to(where.device)
            sides["Captum"]["lrp"] = peers.captum_lrp(spare, x, target)
        for method in sides["ours"]:
            for side, calls in sides.items():
                lines += _lines(part, where, clock, (method, batch, side), samples, calls[method])
        if captum is not None and not clock.over():
            _compare(part, sides, batch, samples)
    heads = ("method", "batch", "side", "points at once", "seconds", "peak memory")
    part.text = f"Network: {found.name}; {samples} gradients a photo.\n\n{table(heads, lines)}"
    return part


def _lines(
    part: Part, where: Where, clock: Clock, name: tuple[str, int, str], samples: int, call: Call
) -> Iterator[tuple]:
    """Yield one line for the usual chunk, and one for the best of several where it matters."""
    method, batch, side = name
    many = method in ("integrated_gradients", "smoothgrad")
    parts = {1, samples // 10, samples // 2, samples} - {0}  # gradients of each photo at once
    chunks: list[int | None] = [k * batch for k in sorted(parts)] if many else []
    for label, tried in (("usual", [None]), ("best", chunks)):
        if clock.over():
            part.missing.append(f"{method}, batch {batch}, {side}: no time was left")
            return
        try:
            results = [_measured(where, call, chunk) for chunk in tried]
        except Exception as error:
            if side == "ours":
                part.failures.append(f"{method}, batch {batch}: {short(error)}")
            yield (*name, label, "cannot", short(error)[:90])
            return
        fitting = [result for result in results if result is not None]
        if results and not fitting:
            yield (*name, label, "out of memory", "")
        elif fitting:
            best = min(fitting, key=lambda result: result.seconds)
            memory = "not known" if best.memory is None else f"{best.memory:.0f} MiB"
            chunk = label if best.chunk is None else f"{label}: {best.chunk}"
            yield (*name, chunk, f"{best.seconds:.3f}", memory)


def _measured(where: Where, call: Call, chunk: int | None) -> Measured | None:
    """Return the faster of two calls, the first of which warms up; None if memory ran out."""
    cuda = where.device.type == "cuda"
    seconds, memory = [], None
    try:
        for _ in range(1 if where.tiny else 2):
            where.wait()
            before = torch.cuda.memory_allocated(where.device) if cuda else 0
            if cuda:
                torch.cuda.reset_peak_memory_stats(where.device)
            start = time.perf_counter()
            call(chunk)
            where.wait()
            seconds.append(time.perf_counter() - start)
            if cuda:
                memory = (torch.cuda.max_memory_allocated(where.device) - before) / 2**20
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return None
    return Measured(chunk, min(seconds), memory)


def _compare(part: Part, sides: dict[str, dict[str, Call]], batch: int, samples: int) -> None:
    """Say how far Captum's Integrated Gradients with the same nodes is from ours."""
    chunk = batch * max(1, samples // 10)
    one, two = (sides[side]["integrated_gradients"](chunk) for side in ("ours", "Captum"))
    error = relative_error(one, two)
    if error > 5e-3:  # float32 on a deep net with ReLU6
        part.failures.append(f"integrated_gradients, batch {batch}: {error:.1e} from Captum's")
