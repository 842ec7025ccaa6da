"""Seconds that each method needs for one photo on EfficientNet-Lite0, with its default settings.

    python benchmarks/methods.py            some minutes
    python benchmarks/methods.py --quick    one round, without Score-CAM

It needs two quiet cores: stop what else is running, and look at the load averages in the table.
"""

import argparse
import statistics
from collections.abc import Callable
from typing import Any

import torch
from _common import demand, load, machine, rounds, table, write_result
from torch import Tensor, nn

import xaicourse as xc

GOAL = 10.0  # seconds
NO_GOAL = {"score_cam"}  # a forward pass for each of 1280 feature maps


def settings(name: str, x: Tensor) -> dict[str, Any]:
    """Return the arguments that a method cannot do without."""
    if name == "deep_shap":
        return {"baselines": torch.stack([torch.zeros_like(x[0]), torch.full_like(x[0], 0.5)])}
    return {}


def case(model: nn.Module, x: Tensor, target: int, name: str) -> Callable[[], Any]:
    """Return the call that is timed."""
    method, given = xc.METHODS[name].method, settings(name, x)
    return lambda: method(model, x, target, **given, return_details=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round, without Score-CAM")
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    options = parser.parse_args()
    repeats = 1 if options.quick else 3
    before = load()
    model = xc.zoo.load("efficientnet_lite0")
    photos, labels, _ = xc.datasets.imagenet_photos()
    x, target = photos[:1], int(labels[0])

    names = sorted(xc.METHODS, key=lambda name: (xc.METHODS[name].lesson, name))
    lines = []
    for name in names:
        if "patterns" in xc.METHODS[name].needs or (name in NO_GOAL and options.quick):
            continue
        run = case(model, x, target, name)
        once = run()
        demand(bool(torch.isfinite(once.values).all()), f"{name} has no value")
        warm = 1 if name in NO_GOAL else repeats
        seconds = statistics.median(rounds({name: run}, warm, warm=True)[name])
        gradients = int(once.gradients.max())
        goal = "none" if name in NO_GOAL else "yes" if seconds <= GOAL else "**no**"
        lines.append([name, xc.METHODS[name].lesson, gradients, f"{seconds:.2f} s", goal])
        print(lines[-1], flush=True)

    goals = table(["method", "lesson", "gradients", "seconds", f"at most {GOAL:.0f} s"], lines)
    text = f"""# Seconds for one photo

Made by `benchmarks/methods.py` (median of {repeats} rounds after a first call, wall time). One
photo of 224 x 224 pixels on EfficientNet-Lite0, all settings as they come. PatternNet and
PatternAttribution are missing: they refuse the sums of a residual network.

{goals}
{table(["machine", ""], machine(before))}"""
    print("\n" + text)
    if not options.print_only:
        write_result("methods", text)


if __name__ == "__main__":
    main()
