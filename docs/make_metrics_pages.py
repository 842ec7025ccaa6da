"""Write docs/metrics/: a page for each metric, and index.md, the table of all of them.

python docs/make_metrics_pages.py            the pages
python docs/make_metrics_pages.py --check    writes nothing, says which are out of step

They are made from the registry, the docstrings, docs/references.bib, data/claims.json and what
docs/make_metrics.py reads for docs/metrics.md, the ledger: tests, lessons, measured costs.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import make_metrics
import torch
from docstring_markdown import markdown, paragraphs, parameters, sections
from make_api import link
from make_claims import anchor
from make_ledger import ROOT, table
from record_pages import CITED, entries, example, refused, returned, signature, standing

import xaicourse as xc
from xaicourse.core.files import write_atomically
from xaicourse.course.table import LESSONS
from xaicourse.evaluation.registry import MetricExample, MetricKind, MetricRecord

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
from tests.contract.metric_checks import map_changed, run, worse_example
from xaicourse.evaluation.controls import inverted

FOLDER = ROOT / "docs" / "metrics"
KINDS = {
    MetricKind.MAP: "Of a map alone",
    MetricKind.MASK: "Of a map and a mask of where the truth lies",
    MetricKind.CURVE: "Of a map and what the model says of changed inputs",
    MetricKind.EXPLAIN: "Of a method that explains again",
    MetricKind.DATA: "Of nets that are trained anew",
}
SYMBOLS = {
    MetricKind.MAP: r"$\phi$ is the map, d the number of its entries.",
    MetricKind.MASK: r"$\phi$ is the map, M what the mask holds.",
    MetricKind.CURVE: r"F is the score of the target, x the input, $\phi$ the map.",
    MetricKind.EXPLAIN: r"$\Phi(x)$ is the map that the method makes of x.",
    MetricKind.DATA: "x is a row of the data.",
}
WITH_A_MODEL = (MetricKind.CURVE, MetricKind.EXPLAIN)
NEEDS = {
    MetricKind.MAP: "A map, and nothing else. No model is asked: None will do for `model` and `x`.",
    MetricKind.MASK: "A map, and a mask that says where the truth lies. No model is asked: None "
    "will do for `model` and `x`.",
    MetricKind.CURVE: "A model, inputs and their maps. Of the model only forward passes are asked, "
    "so that a function without gradients will do. What stands in for what is removed is a choice, "
    "as a baseline is: try a second.",
    MetricKind.EXPLAIN: "A model, inputs, and a method in place of a map: it is asked again and "
    "again, and needs what that method needs.",
    MetricKind.DATA: "A function that trains a net, data to train and to test it on, and a method. "
    "So it says something of a method on a data set, not of the map of one image.",
}


def pages() -> dict[str, str]:
    """Return name of a file in docs/metrics/ -> its text."""
    found = {f"{name}.md": page(record) for name, record in xc.METRICS.items()}
    return {**found, "index.md": index()}


# ---- one page ------------------------------------------------------------------------------------


def page(record: MetricRecord) -> str:
    """Return the page of one metric."""
    said = sections(record.metric)
    sentence, _, equation = said[""].partition("\n")
    cost, notes = paragraphs(said["Notes"], "**Cost.**")
    fails, notes = paragraphs(notes, "**Fails when**")
    names = xc.METRICS.keys() - {record.name}
    legs = make_metrics.read_legs()[record.name]
    text = f"""# {record.title}

{markdown(sentence, names)}

{facts(record)}

## The equation

{markdown(equation, names)}

{SYMBOLS[record.kind]}

## Call

```python
{signature(f"xc.evaluation.{record.name}", record.metric)}
```

{parameters(said["Parameters"], names)}

**Refuses** {refused(said["Raises"], names)}

## Try it

{example(said["Examples"], names)}

## What it needs

{needs(record)}

## What the values mean

**Returns** {returned(said["Returns"], names)}

{undefined(record)}

{measured_values(record)}

{markdown(notes, names)}

{unchanged(record)}

## What it costs

{markdown(cost, names)}

{measured_cost(record)}

## When it misleads

It misleads when {markdown(fails, names)}

## Where it stands

{standing(make_metrics.taught_in(record), legs, make_metrics.LEGS, "metrics.md")}{claims(record)}

## Paper

{markdown(CITED.sub("- ", said["References"]), names)}

```bibtex
{entries(record.metric)}
```

[All metrics](index.md) · [all methods](../methods/index.md) · [glossary](../glossary.md)

*Written by `python docs/make_metrics_pages.py` from the registry and the docstring; do not edit.*
"""
    return re.sub(r"\n{3,}", "\n\n", text)  # where a docstring has no other notes


def facts(record: MetricRecord) -> str:
    """Return the facts of the registry as a table."""
    lesson = LESSONS[record.lesson]
    rows = [
        ["year", f"{record.year}, {link(record.paper)}"],
        ["kind", f"{record.kind}: {KINDS[record.kind].lower()}"],
        ["better is", record.direction],
        ["a factor on the map", f"changes {'nothing' if record.rank_only else 'the value'}"],
        ["seed", described(record).get("seed", "none")],
        ["lesson", f"{lesson.number}, {lesson.title}"],
    ]
    return table(("", ""), rows)


def needs(record: MetricRecord) -> str:
    """Return what a metric must be given, and what it refuses where others do not."""
    given = inspect.signature(record.metric).parameters.values()
    own = {p.name for p in given if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
    lines = [f"- `{name}`: {text}" for name, text in described(record).items() if name in own]
    model = described(record).get("model", "")
    if record.kind in WITH_A_MODEL and model != described(xc.METRICS["deletion"])["model"]:
        lines.append(f"- `model`: {model}")
    lines += [f"- Refused: {why}" for why in refusals(record)]
    return "\n".join([NEEDS[record.kind], *([""] if lines else []), *lines])


def described(record: MetricRecord) -> dict[str, str]:
    """Return what the docstring says of each parameter."""
    lines = parameters(sections(record.metric)["Parameters"]).splitlines()
    found = (re.fullmatch(r"- \*\*`(\w+)`\*\* \(.*?\): (.*)", line) for line in lines)
    return {one[1]: one[2] for one in found if one}


def refusals(record: MetricRecord) -> Iterator[str]:
    """Yield why a metric takes no rows of features by default, and no plain function as model."""
    if record.kind not in (MetricKind.EXPLAIN, MetricKind.DATA):
        x = torch.linspace(0.1, 0.9, 6, dtype=torch.float64).view(1, 6)
        settings = {"mask": x > 0.5} if record.kind is MetricKind.MASK else {}
        try:
            record.metric(lambda x: x.sum(dim=1), x, x, **settings)
        except ValueError as error:
            yield f'rows of features, with the default settings: "{shortly(error)}".'
    if record.kind is MetricKind.EXPLAIN:
        made = record.example()
        try:
            run(record, replace(made, model=lambda x: made.model(x)))
        except (TypeError, ValueError) as error:
            yield f'a plain function as model: "{shortly(error)}".'


def shortly(error: Exception) -> str:
    """Return what an error says of all such calls, not of this one."""
    return re.split(r"; |, x has |, got ", str(error))[0]


def undefined(record: MetricRecord) -> str:
    """Return what becomes of a result that is not defined."""
    masks = ", and so does a mask that is nowhere or everywhere"
    also = masks if record.kind is MetricKind.MASK else ""
    return f"""A value that is not defined is NaN: `valid` of the result says where, and `mean()`
and `interval()` leave it out. A map with a NaN has no value{also}."""


def measured_values(record: MetricRecord) -> str:
    """Return the values of a right map, of a wrong one and of maps that say nothing."""
    again = record.kind in (MetricKind.EXPLAIN, MetricKind.DATA)
    asked = "the method" if again else "the map"
    columns = {
        f"{asked} of the example": run(record),
        "a worse one": run(record, worse(record)),
        "the same everywhere": run(record, map_changed(record.example(), torch.ones_like)),
        "0 everywhere": run(record, map_changed(record.example(), torch.zeros_like)),
    }
    if record.kind is MetricKind.MAP:  # which of two maps is worse it cannot know
        del columns["a worse one"]
    what = "maps" if again else "a map"
    return f"""On the smallest example of the tests, beside {what} that cannot know anything:

{table(list(columns), [[number(found) for found in columns.values()]])}"""


def worse(record: MetricRecord) -> Any:
    """Return the example with a map that must get a worse value, or with such a method."""
    made = record.example()
    if isinstance(made, MetricExample) and made.worse is not None:
        return replace(made, attribution=made.worse)
    return worse_example(record, inverted)


def number(found: xc.evaluation.MetricResult) -> str:
    """Return the mean of what has a value, with two digits behind the point."""
    if not bool(found.valid.any()):
        return "no value"
    return f"{round(found.mean(), 6) + 0.0:.2f}"  # first 6: a half is rounded alike everywhere


def unchanged(record: MetricRecord) -> str:
    """Return what the contract tests hold a value to."""
    kept = make_metrics.held(record, make_metrics.UNCHANGED)
    return f"""It does not depend on: {kept}
([contract](../../tests/contract/metric_checks.py))."""


def measured_cost(record: MetricRecord) -> str:
    """Return what one call cost where it was measured."""
    if record.kind in make_metrics.COST_OF_KIND:
        return f"It {make_metrics.COST_OF_KIND[record.kind]} ([ledger](../metrics.md))."
    one = make_metrics.read_measured()[record.name]
    passes = [f"{one[kind]} {kind}" for kind in ("forwards", "gradients") if one[kind]]
    busy = " (the machine had other work, so this is no verdict)" if one["busy"] else ""
    return f"""Measured on one photo and EfficientNet-Lite0, with small settings
([ledger](../metrics.md)): {one["ratio"]:.2f} times as long as
{" and ".join(passes)} alone{busy}."""


def claims(record: MetricRecord) -> str:
    """Return links to what the metric's paper found, where that was repeated in small."""
    number = record.paper.removeprefix("arXiv:")
    found = [
        f"- repeated in small: [{claim.title}](../claims.md#{anchor(claim.title)}), {claim.verdict}"
        for claim in xc.evaluation.claims().values()
        if number in claim.papers
    ]
    return "".join(f"\n{line}" for line in found)


# ---- the table of all ----------------------------------------------------------------------------


def index() -> str:
    """Return the table of all metrics, by kind and year."""
    return f"""# Table of the metrics

Written by `python docs/make_metrics_pages.py`; do not edit. All {len(xc.METRICS)} metrics by what
they look at, and by year. Each has a page: equation, call, cost, what its values mean and when they
mislead. What proves them stands in the [ledger](../metrics.md), what came of published findings in
[claims](../claims.md).

No metric knows the truth but those that are given it. Read two of different kinds, each beside a
map that knows nothing (`xc.evaluation.controls`); `xc.evaluation.report` makes the table. Lesson
[15](../../notebooks/15_test_the_metric.ipynb) tests the metrics before it tests a map; stability
and sanity stand in lesson [16](../../notebooks/16_sanity_and_robustness.ipynb), masks and people in
lesson [17](../../notebooks/17_ground_truth_and_people.ipynb).

In the column of costs T is the number of steps, U of units, n of samples, S of trainings.

{chr(10).join(map(of_kind, KINDS))}"""


def of_kind(kind: MetricKind) -> str:
    """Return the metrics of one kind as a table, oldest first."""
    records = [r for r in xc.METRICS.values() if r.kind is kind]
    rows = [
        [f"[{r.title}]({r.name}.md)", what(r), r.direction, costs(r), f"{r.year}, {link(r.paper)}"]
        for r in sorted(records, key=lambda r: (r.year, r.name))
    ]
    head = ("metric", "what it does", "better is", "cost", "paper")
    return f"## {KINDS[kind]}\n\n{table(head, rows)}\n"


def what(record: MetricRecord) -> str:
    """Return the one sentence of a metric."""
    return markdown(sections(record.metric)[""].partition("\n")[0])


def costs(record: MetricRecord) -> str:
    """Return the beginning of what a docstring says of the cost, up to the first pause."""
    cost, _ = paragraphs(sections(record.metric)["Notes"], "**Cost.**")
    return " ".join(re.split(r"[.,;:](?=\s|$)", cost)[0].split())


def out_of_step() -> list[str]:
    """Return the names of the pages that are not as they would be written now."""
    made = pages()
    there = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def main() -> int:
    """Write all pages, or say which are out of step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say what is old")
    if parser.parse_args().check:
        old = out_of_step()
        for name in old:
            print(f"docs/metrics/{name} is out of step: python docs/make_metrics_pages.py")
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        write_atomically(FOLDER / name, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
