"""Write docs/metrics.md: how each metric is proved, what leaves it unchanged, what it costs.

python docs/make_metrics.py

It is made from the registry, tests/metric_legs.toml (which tests prove a metric), the contract in
tests/contract/metric_checks.py, the lessons, and benchmarks/results/metrics.json, written by

    python benchmarks/metrics.py NAME
"""

import functools
import json
import re
import sys
import tomllib
from dataclasses import replace
from typing import Any

from make_ledger import NONE, NOWHERE, ROOT, leg, missing, table, taught, title

from xaicourse.course.table import LESSONS
from xaicourse.evaluation import METRICS
from xaicourse.evaluation.registry import MetricKind, MetricRecord

PAGE = ROOT / "docs" / "metrics.md"
LEGS = ("closed_form", "oracle")
COST_OF_KIND = {
    MetricKind.MAP: "needs no forwards",
    MetricKind.MASK: "needs no forwards",
    MetricKind.DATA: "trains nets",
}
UNCHANGED = {  # check of the contract -> by what a value is left unchanged
    "row_independence": "batch mates",
    "row_order": "order of rows",
    "batch_size": "batch size",
    "layout": "layout in memory",
    "scaling": "a factor on the map",
    "repeatable": "global seeds",
    "pretend_gpu": "device",
    "precisions": "precision",
}
COUNTED = {  # check of the contract -> what has no value, is counted, and spoils no other
    "nan_map": "NaN in a map",
    "mask_without_truth": "an empty or full mask",
}


def page() -> str:
    """Return the text of docs/metrics.md."""
    records = sorted(METRICS.values(), key=lambda r: (list(MetricKind).index(r.kind), r.name))
    legs, measured = read_legs(), read_measured()
    proofs = [
        [f"`{r.name}`", title(r), r.kind, r.direction, taught_in(r)]
        + [leg(legs[r.name], kind) for kind in LEGS]
        for r in records
    ]
    kept = [[f"`{r.name}`", *(held(r, names) for names in (UNCHANGED, COUNTED))] for r in records]
    costs = [[f"`{r.name}`", cost(r, measured)] for r in records]
    return f"""# Ledger of the metrics

Written by `python docs/make_metrics.py`; do not edit. By kind: of a map alone, of a map and a mask,
of a curve of scores, of a method that explains again, of a data set on which nets are trained.
What each measures and when it misleads stands on its [page](metrics/index.md).

## Proved by what

A **closed form** is a result that can be written down; an **oracle** is code that is not ours:
another library where it is right, or a loop written from the paper in the test.

{table(("metric", "what it is", "kind", "better is", "taught in", *LEG_HEADS), proofs)}

## What leaves it unchanged

Each cell is a check of [the contract](../tests/contract/metric_checks.py) that asks this metric:
[test_metrics.py](../tests/contract/test_metrics.py) runs them all, and many more that hold for
every metric. What has no value is counted, never averaged away, and spoils no batch mate's.

{table(("metric", "its value does not depend on", "no value, and counted"), kept)}

## What it costs

The time over that of the bare passes of as many pictures through EfficientNet-Lite0, one photo,
small settings: those of [metrics.json](../benchmarks/results/metrics.json). "Busy" says that the
machine had other work: then the number is no verdict.

{table(("metric", "cost"), costs)}
"""


LEG_HEADS = tuple(kind.replace("_", " ") for kind in LEGS)


def read_legs() -> dict[str, dict[str, str]]:
    """Return what stands in tests/metric_legs.toml: metric -> leg -> test."""
    return tomllib.loads((ROOT / "tests" / "metric_legs.toml").read_text(encoding="utf-8"))


def read_measured() -> dict[str, dict[str, Any]]:
    """Return the stored measurements: metric -> its numbers."""
    stored = (ROOT / "benchmarks" / "results" / "metrics.json").read_text(encoding="utf-8")
    return {one["metric"]: one for one in json.loads(stored)}


def blanks() -> list[str]:
    """Return each cell that is missing, and each test that is named but does not exist."""
    legs, measured = read_legs(), read_measured()
    found = [f"{name} is no metric" for name in {**legs, **measured} if name not in METRICS]
    for name, record in METRICS.items():
        own = legs.get(name, {})
        found += [f"{name}: no {kind}" for kind in LEGS if not own.get(kind)]
        found += [f"{name}: {kind} is no leg" for kind in own if kind not in LEGS]
        for kind in LEGS:
            found += [f"{name}: {kind}: {why}" for why in wrong(name, kind, own.get(kind, ""))]
        found += [f"{name}: in no lesson"] * (not record.lesson)
        found += [f"{name}: not in its lesson"] * taught_in(record).endswith(NOWHERE)
        if record.kind not in COST_OF_KIND and name not in measured:
            found.append(f"{name}: not measured")
        found += [f"{name}: asked by no check"] * (not held(record, UNCHANGED))
    return found


def wrong(name: str, kind: str, text: str) -> list[str]:
    """Return why a text is neither a test that says the metric's name nor a reason for none."""
    if not text or (kind == "oracle" and re.match(NONE + ": .{20}", text)):
        return []
    file = text.partition("::")[0]
    gone = missing(text)
    if not gone and not re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8")):
        return [f"{file} never says {name}"]
    return gone


def taught_in(record: MetricRecord) -> str:
    """Return the lesson of a metric, with the section in which it appears first, or planned."""
    return taught(record) if record.lesson in LESSONS else "-"


def cost(record: MetricRecord, measured: dict[str, dict[str, Any]]) -> str:
    """Return what a metric costs, in words or over the passes that it needs."""
    if record.kind in COST_OF_KIND:
        return COST_OF_KIND[record.kind]
    one = measured[record.name]
    passes = [f"{one[kind]} {kind}" for kind in ("forwards", "gradients") if one[kind]]
    return f"{one['ratio']:.2f} x {' and '.join(passes)}" + ", busy" * one["busy"]


# ---- the contract -------------------------------------------------------------------------------


class Asked(BaseException):
    """A check has called the metric."""


def held(record: MetricRecord, names: dict[str, str]) -> str:
    """Return what the checks promise that ask this metric at all: some are of one kind alone."""
    checks = contract()
    return ", ".join(word for name, word in names.items() if asks(checks[name], record)) or "-"


@functools.cache
def asks(check: Any, record: MetricRecord) -> bool:
    """Tell whether a check calls the metric, or leaves it out as none of its business."""

    @functools.wraps(record.metric)
    def metric(*args: Any, **settings: Any) -> Any:
        raise Asked

    try:
        check(replace(record, metric=metric))
    except Asked:
        return True
    return False


def contract() -> dict[str, Any]:
    """Return the checks of the contract by name."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tests.contract.metric_checks import CHECKS

    return CHECKS


if __name__ == "__main__":
    for blank in blanks():
        print(blank)
    PAGE.write_text(page(), encoding="utf-8")
