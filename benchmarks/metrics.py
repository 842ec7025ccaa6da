"""Metrics against the bare forward passes that they need: the limit of what can be reached.

    python benchmarks/metrics.py            a few minutes
    python benchmarks/metrics.py --quick    fewer rounds

It needs two quiet cores: stop what else is running, and look at the load averages in the table.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from _common import demand, load, machine, rounds, spread, table, write_result
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.checks import default_batch_size

STEPS = 60
GOAL = 1.15


def forwards(model: nn.Module, points: Tensor) -> Callable[[], object]:
    """Return the bare limit: as many pictures through the model, in chunks of our default size."""
    chunk = default_batch_size(points, None)

    def run() -> None:
        with torch.no_grad():
            for part in points.split(chunk):
                model(part)

    return run


def cases(model: nn.Module, x: Tensor, target: int) -> dict[str, Callable[[], object]]:
    """Return every metric that needs forwards, with its choices that cost most."""
    heat = xc.gradient(model, x, target)
    evaluation = xc.evaluation

    def curve(metric: Callable[..., object], **settings: object) -> Callable[[], object]:
        return lambda: metric(model, x, heat, target, steps=STEPS, **settings)

    return {
        "deletion, pixels, black": curve(evaluation.deletion),
        "deletion, patches of 14, blur": curve(evaluation.deletion, unit=14, imputer="blur"),
        "insertion, pixels, blur": curve(evaluation.insertion),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--rounds", type=int, help="so many rounds")
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    options = parser.parse_args()
    repeats = options.rounds or (3 if options.quick else 9)
    before = load()
    model = xc.zoo.load("efficientnet_lite0")
    x, labels, _ = xc.datasets.imagenet_photos()
    x, target = x[:1], int(labels[0])
    bare = forwards(model, x.repeat(STEPS + 1, 1, 1, 1))

    lines = []
    for name, case in cases(model, x, target).items():
        result = case()
        demand(bool(torch.isfinite(result.values).all()), f"{name} has no value")
        demand(result.curve.shape == (1, STEPS + 1), f"{name} needs other forwards")
        seconds = rounds({"ours": case, "bare": bare}, repeats, clock=time.perf_counter)
        pairs = zip(seconds["ours"], seconds["bare"], strict=True)
        middle = statistics.median(a / b for a, b in pairs)
        low_high = spread(seconds["ours"], seconds["bare"])
        lines.append(
            [
                name,
                f"{middle:.2f} x ({low_high})",
                f"{statistics.median(seconds['ours']):.2f} s",
                f"at most {GOAL} x",
                "yes" if middle <= GOAL else "**no**",
            ]
        )
        print(lines[-1], flush=True)

    goals = table(["metric", "time / bare forwards (range)", "ours", "goal", "met"], lines)
    text = f"""# Metrics against their forward passes

Made by `benchmarks/metrics.py` ({repeats} rounds, wall time). EfficientNet-Lite0, one photo,
{STEPS} steps: {STEPS + 1} pictures go through the model; the bare side has them ready in memory.

{goals}
{table(["machine", ""], machine(before))}"""
    print("\n" + text)
    if not options.print_only:
        write_result("metrics", text)


if __name__ == "__main__":
    main()
