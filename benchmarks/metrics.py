"""What each metric costs over the forward and backward passes that it cannot do without.

    python benchmarks/metrics.py                 some minutes
    python benchmarks/metrics.py --quick         three rounds
    python benchmarks/metrics.py road deletion   these alone; the others stay as they are stored

It needs two quiet cores: stop what else is running, and look at the load averages in the table.
Where that cannot be, `--cpu-time` with one thread, OMP_NUM_THREADS=1, is the best that there is.
"""

import argparse
import contextlib
import inspect
import json
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import torch
from _common import RESULTS, demand, load, machine, rounds, table, write_result
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.checks import default_batch_size
from xaicourse.core.files import write_atomically
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import METRICS

GOAL = 1.15
QUIET = 1.5  # load average of the last minute
STORED = RESULTS / "metrics.json"
MEASURED = ("curve", "explain")  # the others ask no model, or train their own

# One small setting for all metrics that have a parameter of that name ...
SMALL: dict[str, Any] = {"steps": 20, "samples": 10, "layer": "head.activation"}
# ... and what else one needs: units few enough to be asked one by one, and no image left out.
OWN: dict[str, dict[str, Any]] = {
    "irof": {"steps": None, "unit": torch.arange(224).div(56, rounding_mode="floor").view(1, -1)
             + 4 * torch.arange(224).div(56, rounding_mode="floor").view(-1, 1)},
    "monotonicity_correlation": {"unit": 56, "imputer": "black"},
    "parameter_randomisation": {"steps": 8},
    "performance_information_curve": {"steps": None, "least": 0.0},
    "region_perturbation": {"unit": 14, "imputer": xc.evaluation.Uniform(repeats=2)},
    "road": {"steps": None},
    "sensitivity_n": {"sizes": (10, 20_000)},
    "smooth_parameter_randomisation": {"steps": 4, "samples": 3},
}  # fmt: skip


def settings_of(name: str) -> dict[str, Any]:
    """Return what a metric is called with."""
    known = inspect.signature(METRICS[name].metric).parameters
    return {k: v for k, v in SMALL.items() if k in known} | OWN.get(name, {})


def case(name: str, model: nn.Module, x: Tensor, target: int) -> Callable[[], Any]:
    """Return the call that is timed: one photo, the plain gradient as map or as method."""
    record, settings = METRICS[name], settings_of(name)
    third: Any = "gradient" if record.kind == "explain" else xc.gradient(model, x, target)
    return lambda: record.metric(model, x, third, target, **settings)


@contextlib.contextmanager
def counted(model: nn.Module) -> Iterator[dict[str, int]]:
    """Count the pictures that go through the model and its copies, with a gradient or without."""
    passes = {"forwards": 0, "gradients": 0}
    kind, plain = type(model), type(model).forward

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        if not is_asking():
            passes["gradients" if x.requires_grad else "forwards"] += len(x)
        return plain(self, x)

    kind.forward = forward  # type: ignore[method-assign]
    try:
        yield passes
    finally:
        kind.forward = plain  # type: ignore[method-assign]


def bare(model: nn.Module, x: Tensor, forwards: int, gradients: int) -> Callable[[], None]:
    """Return the limit: as many pictures, ready in memory, in chunks of our default size."""
    chunk = default_batch_size(x, None)

    def run() -> None:
        with torch.no_grad():
            for part in x.expand(forwards, -1, -1, -1).split(chunk) if forwards else ():
                model(part)
        for part in x.expand(gradients, -1, -1, -1).split(chunk) if gradients else ():
            points = part.clone().requires_grad_(True)
            torch.autograd.grad(model(points).sum(), points)

    return run


def measured(
    name: str,
    model: nn.Module,
    x: Tensor,
    target: int,
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Time one metric beside its passes, in turns."""
    ours = case(name, model, x, target)
    with counted(model) as passes:
        result = ours()
    demand(bool(torch.isfinite(result.values).all()), f"{name} has no value")
    demand(sum(passes.values()) > 0, f"{name} never asked the model")
    before = load()
    seconds = rounds({"ours": ours, "bare": bare(model, x, **passes)}, repeats, clock=clock)
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["bare"], strict=True)]
    return {
        "metric": name,
        "settings": {k: said(v) for k, v in settings_of(name).items() if v is not None},
        **passes,
        "ratio": round(statistics.median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
        "seconds": round(statistics.median(seconds["ours"]), 3),
        "rounds": repeats,
        "clock": clock.__name__,
        "load": before,
        "busy": before == "unknown" or float(before.split(",")[0]) > QUIET,
    }


def said(setting: Any) -> Any:
    """Return a setting as it is stored: of labels only how many there are."""
    if isinstance(setting, Tensor):
        return f"{setting.unique().numel()} squares"
    return setting if isinstance(setting, int | float | str) else str(setting)


# ---------------------------------------------------------------- beside Quantus


SQUARE, STEP = 56 * 56, 3 * 224 * 224 // 21  # pixels of a square; numbers of a step
ONE_CHANNEL = {"monotonicity_correlation"}  # where it takes a map of one channel
# IROF, NonSensitivity and ROAD of 0.6.0 raised here, for maps of three channels and of one.
QUANTUS: dict[str, tuple[str, dict[str, Any]]] = {  # our name -> class of 0.6, near settings
    "average_sensitivity": ("AvgSensitivity", {"nr_samples": 10}),
    "completeness": ("Completeness", {}),
    "efficient_parameter_randomisation": ("EfficientMPRT", {}),
    "faithfulness_correlation": ("FaithfulnessCorrelation", {"nr_runs": 10}),
    "faithfulness_estimate": ("FaithfulnessEstimate", {"features_in_step": STEP}),
    "infidelity": ("Infidelity", {"perturb_patch_sizes": [56], "n_perturb_samples": 1}),
    "local_lipschitz": ("LocalLipschitzEstimate", {"nr_samples": 10}),
    "max_sensitivity": ("MaxSensitivity", {"nr_samples": 10}),
    "monotonicity": ("Monotonicity", {"features_in_step": STEP}),
    "monotonicity_correlation": (
        "MonotonicityCorrelation",
        {"features_in_step": SQUARE, "nr_samples": 1, "perturb_baseline": "black"},
    ),
    "pixel_flipping": ("PixelFlipping", {"features_in_step": STEP}),
    "random_logit": ("RandomLogit", {}),
    "region_perturbation": ("RegionPerturbation", {"patch_size": 14, "regions_evaluation": 40}),
    "relative_input_stability": ("RelativeInputStability", {"nr_samples": 10}),
    "relative_output_stability": ("RelativeOutputStability", {"nr_samples": 10}),
}


def by_quantus(name: str, model: nn.Module, x: Tensor, target: int) -> Callable[[], Any] | None:
    """Return the call of Quantus, or None where it has nothing to compare."""
    if find_spec("quantus") is None or name not in QUANTUS:
        return None
    import numpy as np
    import quantus  # type: ignore[import-not-found]

    kind, settings = QUANTUS[name]
    metric = getattr(quantus, kind)(disable_warnings=True, **settings)

    def explain(model: nn.Module, inputs: Any, targets: Any, **_: Any) -> Any:
        maps = [
            xc.gradient(model, torch.as_tensor(one)[None].float(), int(t))
            for one, t in zip(inputs, targets, strict=True)
        ]
        return torch.cat(maps).numpy()

    images, labels = x.numpy(), np.array([target])
    given = {"model": model, "x_batch": images, "y_batch": labels, "explain_func": explain}
    if METRICS[name].kind == "explain":  # ours explains x as well
        return lambda: metric(**given, a_batch=explain(model, images, labels))
    heat = explain(model, images, labels)
    if name in ONE_CHANNEL:
        heat = heat.sum(axis=1, keepdims=True)
    return lambda: metric(**given, a_batch=heat)


def beside(
    theirs: Callable[[], Any], ours: dict[str, Any], model: nn.Module, clock: Callable[[], float]
) -> dict[str, Any]:
    """Return how much longer Quantus takes, and for how many pictures it asks the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with counted(model) as passes:
            theirs()
        seconds = statistics.median(rounds({"": theirs}, 3, warm=True, clock=clock)[""])
    return {
        "quantus": round(seconds / ours["seconds"], 2),
        "quantus_seconds": round(seconds, 3),
        "quantus_passes": [passes["forwards"], passes["gradients"]],
    }


# ---------------------------------------------------------------- the page


def read() -> dict[str, dict[str, Any]]:
    """Return what is stored: metric -> its measurement."""
    if not STORED.exists():
        return {}
    return {one["metric"]: one for one in json.loads(STORED.read_text(encoding="utf-8"))}


def line(one: dict[str, Any]) -> list[str]:
    return [
        one["metric"],
        str(one["forwards"]),
        str(one["gradients"]),
        f"{one['ratio']:.2f} x ({one['lowest']:.2f} to {one['highest']:.2f})",
        f"{one['seconds']:.2f} s",
        "yes" if one["ratio"] <= GOAL else "**no**",
        f"{one['quantus']:.2f} x" if "quantus" in one else "-",
        "{} + {}".format(*one["quantus_passes"]) if "quantus" in one else "-",
        "busy" if one["busy"] else "quiet",
    ]


HEADS = (
    "metric", "forwards", "gradients", "time / bare passes (range)", "ours",
    f"at most {GOAL} x", "Quantus / ours", "Quantus asks", "machine",
)  # fmt: skip


def page(found: list[dict[str, Any]], clock: str, before: str) -> str:
    """Return the text of the results."""
    goals = table(HEADS, map(line, found))
    both = [one for one in found if "quantus" in one]
    summed = sum(one["quantus_seconds"] for one in both) / sum(
        one["seconds"] for one in both or found
    )
    return f"""# Metrics against their forward and backward passes

Made by `benchmarks/metrics.py` (median of rounds, {clock}). EfficientNet-Lite0, one photo,
small settings, which stand in metrics.json. The bare side sends as many pictures through the model,
with and without a gradient, and has them ready in memory; that a metric asks no more than it says
is held by the tests. Metrics of maps and masks ask no model; those of data sets train nets
(retraining.py). A machine is busy if its load average of the last minute is above {QUIET}: its
numbers are no verdict. A dash stands where Quantus is not installed, or has nothing like it.
"Quantus asks" are its forwards + gradients on near settings; where they are about ours, both sides
spend nearly all their time in the model, so that neither can be three times faster. Summed over the
{len(both)} metrics of both, Quantus / ours is {summed:.2f} x.

{goals}
{table(["machine", ""], machine(before, "quantus"))}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="metrics; all that ask the caller's model if none")
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--rounds", type=int, help="so many rounds")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, one thread")
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    options = parser.parse_args()
    repeats = options.rounds or (3 if options.quick else 9)
    clock = time.process_time if options.cpu_time else time.perf_counter
    if options.cpu_time:
        torch.set_num_threads(1)
    before = load()
    model = xc.zoo.load("efficientnet_lite0")
    x, labels, _ = xc.datasets.imagenet_photos()
    x, target = x[:1], int(labels[0])
    if find_spec("quantus") is None:
        print("Quantus: not installed")

    every = [name for name, record in METRICS.items() if record.kind in MEASURED]
    stored = read()
    for name in options.names or every:
        stored[name] = one = measured(name, model, x, target, repeats, clock)
        theirs = by_quantus(name, model, x, target)
        if theirs is not None:
            one |= beside(theirs, one, model, clock)
        print(" | ".join(line(one)), flush=True)

    found = [stored[name] for name in sorted(every) if name in stored]
    text = page(found, clock.__name__, before)
    print("\n" + text)
    if not options.print_only:
        write_atomically(STORED, (json.dumps(found, indent=1) + "\n").encode())
        write_result("metrics", text)


if __name__ == "__main__":
    main()
