"""Where the constant HALVES of core/path.py comes from: true error over half the difference.

    python benchmarks/adaptive_calibration.py            all twenty photos
    python benchmarks/adaptive_calibration.py --quick    three photos

The even and the odd nodes of a quadrature are two half-rules. Half their difference, relative to
the map, is an indicator of the map's error; this script divides the true error by it. HALVES has
to be a little above what is found here, or the estimate would be too small. No time is measured,
so the machine may be busy.
"""

import argparse
import statistics
import warnings
from pathlib import Path

import torch
from _common import default_cache, reference_map, relative_difference, table, write_result
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.adaptive import FIRST_CELLS
from xaicourse.core.path import HALVES

REFERENCE_STEPS = 1500
RULES = (("midpoint", 32), ("midpoint", 64), ("gauss_legendre", 64), ("adaptive", 48))


def share(model: nn.Module, x: Tensor, target: int, rule: str, steps: int, wanted: Tensor) -> float:
    """Return true error / half difference of one quadrature on one photo."""
    # One mesh of `steps` cells and no second one: the tolerance that asks for so many.
    how = {"tol": FIRST_CELLS / steps} if rule == "adaptive" else {"quadrature": rule}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tolerance may be missed with a single mesh
        found = xc.integrated_gradients(model, x, target, steps=steps, return_details=True, **how)
    half_difference = float(found.map_error[0]) / HALVES
    return relative_difference(found.values, wanted) / half_difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three photos")
    parser.add_argument("--photos", type=int, help="so many of the twenty photos")
    parser.add_argument("--cache", type=Path, default=default_cache(),
                        help="where reference maps are kept (default: temporary)")  # fmt: skip
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    options = parser.parse_args()
    photos = options.photos or (3 if options.quick else 20)

    model = xc.zoo.load("efficientnet_lite0")
    x, labels, names = xc.datasets.imagenet_photos()
    found: list[list[float]] = []  # photos x rules
    for k in range(photos):
        one, target = x[k : k + 1], int(labels[k])
        wanted = reference_map(model, one, target, REFERENCE_STEPS, options.cache)
        found.append([share(model, one, target, rule, n, wanted) for rule, n in RULES])
        print(names[k], " ".join(f"{value:.2f}" for value in found[-1]), flush=True)

    columns = list(zip(*found, strict=True))
    lines = [
        [
            f"{rule}, {n} nodes",
            f"{min(column):.2f}",
            f"{statistics.median(column):.2f}",
            f"{max(column):.2f}",
            f"{sum(value <= HALVES for value in column)} of {len(column)}",
        ]
        for (rule, n), column in zip(RULES, columns, strict=True)
    ]
    summary = table(
        ["rule", "lowest", "median", "highest", f"at most {HALVES:g}: the estimate is safe"], lines
    )
    each = table(
        ["photo", *(f"{rule}, {n}" for rule, n in RULES)],
        (
            [name, *(f"{value:.2f}" for value in values)]
            for name, values in zip(names[:photos], found, strict=True)
        ),
    )
    text = f"""# The error estimate of a path integral

Made by `benchmarks/adaptive_calibration.py` ({photos} photos, torch {torch.__version__}).

True relative error of the map (against {REFERENCE_STEPS} midpoint steps) divided by half the
relative difference of the even and the odd nodes. `HALVES` in core/path.py is {HALVES:g}; a
gradient that wanders like Brownian motion would give 1 / sqrt(6) = 0.41. "adaptive" is the first
mesh of the adaptive rule with its gap closed, which makes the true error a little smaller.

{summary}
## Each photo

{each}"""
    print("\n" + text)
    if not options.print_only:
        write_result("adaptive_calibration", text)


if __name__ == "__main__":
    main()
