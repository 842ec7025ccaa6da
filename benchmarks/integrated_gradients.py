"""Integrated Gradients against Captum: speed at equal steps, and time to a given accuracy.

    python benchmarks/integrated_gradients.py            all of it (an hour the first time)
    python benchmarks/integrated_gradients.py --quick    three photos, few rounds

It needs two quiet cores: stop what else is running, and look at the load averages in the table.
A speed counts only where both sides agree; the script stops where they do not.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from _common import (
    default_cache,
    demand,
    load,
    machine,
    met,
    ratio,
    reference_map,
    relative_difference,
    rounds,
    spread,
    table,
    write_result,
)
from captum.attr import IntegratedGradients
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.attribution import relative_gap

STEPS = 50
CHUNKS = (1, 2, 5, 10, 25, 50)
SAME = 5e-3  # relative difference of two float32 maps that count as equal
REFERENCE_STEPS = 1500
TOL = 0.05  # wanted relative error of the map
GAP = 0.02  # wanted relative completeness gap
MOST_STEPS = 4096

Clock = Callable[[], float]


# ---------------------------------------------------------------- the two sides


class Normalise(nn.Module):
    """Images in [0, 1] to the numbers that EfficientNet-Lite0 was trained on."""

    def forward(self, images: Tensor) -> Tensor:
        return (images * 255 - 127) / 128


def plain_model() -> nn.Module:
    """Return EfficientNet-Lite0 as a user has it: batch norms kept, usual memory layout."""
    net = xc.zoo.load("efficientnet_lite0", folded=False)
    parts = (Normalise(), net.stem, net.blocks, net.head, net.pool, nn.Flatten(), net.classifier)
    return nn.Sequential(*parts).to(memory_format=torch.contiguous_format).eval()


def captum_map(
    model: nn.Module, x: Tensor, target: int, steps: int, chunk: int | None = None
) -> Tensor:
    """Return Captum's map with its default quadrature (Gauss-Legendre) and a black baseline."""
    return IntegratedGradients(model).attribute(
        x, baselines=0, target=target, n_steps=steps, internal_batch_size=chunk
    )


class Counted:
    """A model that counts the rows that go through it."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.rows = 0

    def __call__(self, x: Tensor) -> Tensor:
        self.rows += len(x)
        return self.model(x)


# ---------------------------------------------------------------- speed at equal steps


def speed(x: Tensor, target: int, repeats: int, clock: Clock) -> tuple[list[list[str]], str]:
    """Measure both speed goals in the same rounds; return lines of the goal table and a table."""
    plain, fast = plain_model(), xc.zoo.load("efficientnet_lite0")
    prepared = xc.prepare(plain, example=x)

    def ours(model: nn.Module) -> Callable[[], Tensor]:
        return lambda: xc.integrated_gradients(model, x, target, steps=STEPS)

    def captum(model: nn.Module, chunk: int | None) -> Callable[[], Tensor]:
        return lambda: captum_map(model, x, target, STEPS, chunk)

    sides = {
        "ours, same model": ours(plain),
        "ours, zoo model": ours(fast),
        "ours, xc.prepare(model)": ours(prepared),
        "Captum as it comes": captum(plain, None),
        **{f"Captum, chunk {c}": captum(plain, c) for c in CHUNKS},
        "Captum as it comes, on our zoo model": captum(fast, None),
        "Captum, chunk 10, on our zoo model": captum(fast, 10),
    }
    wanted = sides["Captum as it comes"]()
    differences = {name: relative_difference(side(), wanted) for name, side in sides.items()}
    for name, difference in differences.items():
        demand(difference <= SAME, f"{name} differs from Captum by {difference:.2g}")

    seconds = rounds(sides, repeats, warm=True, clock=clock)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    best = min((f"Captum, chunk {c}" for c in CHUNKS), key=medians.__getitem__)
    default = "Captum as it comes"
    goals = [
        ("same model, Captum as it comes", default, "ours, same model", 1.8),
        (f"same model, Captum's best chunk ({best[-2:].strip()})", best, "ours, same model", 1.0),
        ("prepared model, Captum as it comes", default, "ours, zoo model", 3.0),
        ("prepared model, Captum's best chunk", best, "ours, zoo model", 1.6),
    ]
    lines = []
    for what, slow, quick, goal in goals:
        value = ratio(seconds[slow], seconds[quick])
        range_ = spread(seconds[slow], seconds[quick])
        lines.append([what, f"{value:.2f} x ({range_})", f"{goal:.1f} x", met(value, goal)])
    details = table(
        ["side", "median seconds", "fastest", "differs from Captum by"],
        (
            [n, f"{medians[n]:.2f}", f"{min(seconds[n]):.2f}", f"{differences[n]:.1e}"]
            for n in sides
        ),
    )
    return lines, details


# ---------------------------------------------------------------- accuracy for money


@dataclass
class Photo:
    """What one photo has cost both sides to reach the same accuracy."""

    name: str
    our_error: float  # true relative error of our map
    our_estimate: float  # what we said it was
    our_gap: float
    our_raw_gap: float  # before the correction
    our_gradients: int
    our_forwards: int
    captum_steps: int
    captum_error: float
    captum_gap: float
    our_seconds: float = 0.0
    captum_seconds: float = 0.0
    ratio: float = 0.0

    @property
    def reached(self) -> bool:
        return self.our_error <= TOL and self.our_gap <= GAP


def accuracy_of_photo(
    model: nn.Module, x: Tensor, target: int, name: str, chunk: int, cache: Path | None
) -> Photo:
    """Find what both sides need for a map error of 5 % and a gap of 2 %; nothing is timed."""
    wanted = reference_map(model, x, target, REFERENCE_STEPS, cache)
    with torch.no_grad():
        start, end = model(torch.zeros_like(x))[:, target], model(x)[:, target]

    counted = Counted(model)
    ours = xc.integrated_gradients(counted, x, target, tol=TOL, return_details=True)
    gradients = int(ours.gradients[0])

    def gap_of(values: Tensor) -> float:
        gap = values.double().sum() - (end - start).double()
        return float(relative_gap(gap, start.double(), end.double())[0])

    steps, error, gap = 4, 1.0, 1.0
    while (error > TOL or gap > GAP) and steps < MOST_STEPS:
        steps *= 2
        values = captum_map(model, x, target, steps, chunk)
        error, gap = relative_difference(values, wanted), gap_of(values)
    demand(error <= TOL and gap <= GAP, f"Captum does not get there on {name}")
    return Photo(
        name=name,
        our_error=relative_difference(ours.values, wanted),
        our_estimate=float(ours.map_error[0]),
        our_gap=gap_of(ours.values),
        our_raw_gap=float(relative_gap(ours.extra["raw_gap"], ours.f_start, ours.f_end)[0]),
        our_gradients=gradients,
        our_forwards=counted.rows - gradients,
        captum_steps=steps,
        captum_error=error,
        captum_gap=gap,
    )


def accuracy(
    photos: int, repeats: int, cache: Path | None, clock: Clock
) -> tuple[list[list[str]], str]:
    """Compare the time to a map error of 5 % and a gap of 2 % on the labelled photos."""
    model = xc.zoo.load("efficientnet_lite0")  # on both sides
    x, labels, names = xc.datasets.imagenet_photos()
    chunk = best_chunk(model, x[:1], int(labels[0]), repeats, clock)
    found = []
    for k in range(photos):
        one, target = x[k : k + 1], int(labels[k])
        photo = accuracy_of_photo(model, one, target, names[k], chunk, cache)
        sides = {
            "ours": lambda one=one, target=target: xc.integrated_gradients(
                model, one, target, tol=TOL
            ),
            "captum": lambda one=one, target=target, n=photo.captum_steps: captum_map(
                model, one, target, n, chunk
            ),
        }
        seconds = rounds(sides, repeats, clock=clock)
        photo.our_seconds = statistics.median(seconds["ours"])
        photo.captum_seconds = statistics.median(seconds["captum"])
        photo.ratio = ratio(seconds["captum"], seconds["ours"])
        found.append(photo)
        print(
            f"{photo.name}: map error {photo.our_error:.1%} (said {photo.our_estimate:.1%}), "
            f"{photo.our_gradients} gradients; Captum {photo.captum_steps} steps; "
            f"{photo.ratio:.2f} x",
            flush=True,
        )

    valid = [photo for photo in found if photo.reached]
    demand(bool(valid), "our map reaches the wanted accuracy on no photo")
    middle = statistics.median(photo.ratio for photo in valid)
    low, high = min(p.ratio for p in valid), max(p.ratio for p in valid)
    lines = [
        [
            f"time to map error {TOL:.0%} and gap {GAP:.0%}, same model",
            f"{middle:.2f} x ({low:.2f} to {high:.2f})",
            "3.0 x",
            met(middle, 3.0),
        ],
        [
            "our map reaches both",
            f"{len(valid)} of {len(found)} photos",
            "all",
            met(len(valid), len(found)),
        ],
        [
            f"our gap is at most {GAP:.0%} even before its correction",
            f"{sum(p.our_raw_gap <= GAP for p in found)} of {len(found)} photos",
            "-",
            "-",
        ],
        [
            "our estimate of the map error is at least the true error",
            f"{sum(p.our_estimate >= p.our_error for p in found)} of {len(found)} photos",
            "-",
            "-",
        ],
    ]
    total = sum(p.captum_seconds for p in found) / sum(p.our_seconds for p in found)
    text = (
        f"Captum with chunks of {chunk}, its best here. All photos together: {total:.2f} x. "
        f"Gradients, Captum / ours: {_gradient_ratio(found):.2f} x (median).\n\n"
    )
    return lines, text + photo_table(found)


def best_chunk(model: nn.Module, x: Tensor, target: int, repeats: int, clock: Clock) -> int:
    """Return the chunk with which Captum is fastest on this model, at 64 steps."""
    sides = {str(c): lambda c=c: captum_map(model, x, target, 64, c) for c in CHUNKS}
    seconds = rounds(sides, repeats, clock=clock)
    return int(min(sides, key=lambda name: statistics.median(seconds[name])))


def _gradient_ratio(photos: list[Photo]) -> float:
    return statistics.median(p.captum_steps / p.our_gradients for p in photos)


def photo_table(photos: list[Photo]) -> str:
    heads = [
        "photo",
        "ours: map error",
        "estimate",
        "gap",
        "gap before correction",
        "gradients + forwards",
        "seconds",
        "Captum: steps",
        "map error",
        "gap",
        "seconds",
        "ratio",
    ]
    return table(
        heads,
        (
            [
                p.name,
                f"{p.our_error:.1%}",
                f"{p.our_estimate:.1%}",
                f"{p.our_gap:.1%}",
                f"{p.our_raw_gap:.1%}",
                f"{p.our_gradients} + {p.our_forwards}",
                f"{p.our_seconds:.2f}",
                p.captum_steps,
                f"{p.captum_error:.1%}",
                f"{p.captum_gap:.1%}",
                f"{p.captum_seconds:.2f}",
                f"{p.ratio:.2f} x" if p.reached else "not counted",
            ]
            for p in photos
        ),
    )


# ---------------------------------------------------------------- the import


def import_time(repeats: int) -> tuple[list[str], str]:
    """Compare `import torch` with the import of a method; each in a fresh Python."""

    def side(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    sides = {
        "import torch": side("import torch"),
        "import xaicourse": side("import torch, xaicourse"),
        "from xaicourse import integrated_gradients": side(
            "from xaicourse import integrated_gradients"
        ),
    }
    seconds = rounds(sides, repeats)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    more = statistics.median(
        a - b
        for a, b in zip(
            seconds["from xaicourse import integrated_gradients"],
            seconds["import torch"],
            strict=True,
        )
    )
    line = [
        "`from xaicourse import integrated_gradients` after `import torch`",
        f"{more:+.2f} s",
        "0.3 s",
        "yes" if more <= 0.3 else "**no**",
    ]
    return line, table(["code", "median seconds"], ((n, f"{s:.2f}") for n, s in medians.items()))


# ---------------------------------------------------------------- all of it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three photos, three rounds")
    parser.add_argument("--photos", type=int, help="so many of the twenty photos")
    parser.add_argument("--rounds", type=int, help="so many rounds")
    parser.add_argument("--threads", type=int, help="torch threads (default: torch's own choice)")
    parser.add_argument("--cache", type=Path, default=default_cache(),
                        help="where reference maps are kept (default: temporary)")  # fmt: skip
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    parser.add_argument("--cpu-time", action="store_true",
                        help="one thread, processor time: for a machine that is busy")  # fmt: skip
    options = parser.parse_args()
    if options.cpu_time:
        options.threads = 1
    clock = time.process_time if options.cpu_time else time.perf_counter
    photos = options.photos or (3 if options.quick else 20)
    repeats = options.rounds or (3 if options.quick else 7)
    if options.threads:
        torch.set_num_threads(options.threads)
    before, started = load(), time.perf_counter()
    print(f"load average: {before}; torch threads: {torch.get_num_threads()}", flush=True)

    x, labels, _ = xc.datasets.imagenet_photos()
    import_line, import_table = import_time(repeats)
    print(import_table, flush=True)
    speed_lines, speed_table = speed(x[:1], int(labels[0]), repeats, clock)
    print(speed_table, flush=True)
    accuracy_lines, accuracy_table = accuracy(photos, min(3, repeats), options.cache, clock)

    goals = table(
        ["what", "measured (range)", "goal", "met"], [*speed_lines, *accuracy_lines, import_line]
    )
    kind = "processor" if options.cpu_time else "wall"
    facts = table(["machine", ""], machine(before))
    minutes = (time.perf_counter() - started) / 60
    text = f"""# Integrated Gradients against Captum

Made by `benchmarks/integrated_gradients.py` ({photos} photos, {repeats} rounds, {minutes:.0f}
minutes, {kind} time); how to read it: [benchmarks/README.md](../README.md).

{goals}
{facts}
## Speed at equal steps

EfficientNet-Lite0, one photo of 224 x 224, {STEPS} Gauss-Legendre steps, black baseline. All maps
agree to {SAME:g} of their norm.

{speed_table}
## Accuracy for money

Wanted: a true map error of at most {TOL:.0%}, against {REFERENCE_STEPS} midpoint steps, and a gap
of at most {GAP:.0%} of the rise. Ours: `tol={TOL:g}`, everything else as it comes. Captum:
Gauss-Legendre with the smallest power of two that reaches both. Both on our zoo model.

{accuracy_table}
## Import

{import_table}"""
    print("\n" + text)
    if not options.print_only:
        write_result("integrated_gradients", text)


if __name__ == "__main__":
    main()
