"""Write docs/timeline.md: all methods and metrics in the order of their years.

python docs/make_timeline.py

It is made from the registries, by which lesson 00 draws its picture, too.
"""

from __future__ import annotations

from itertools import groupby

from make_api import link
from make_ledger import ROOT, table

import xaicourse as xc
from xaicourse.core.registry import MethodRecord
from xaicourse.course.table import LESSONS
from xaicourse.course.timeline import registered
from xaicourse.evaluation.registry import MetricRecord

PAGE = ROOT / "docs" / "timeline.md"


def page() -> str:
    """Return the text of docs/timeline.md."""
    records = sorted(registered(), key=lambda record: (record.year, record.lesson, record.name))
    years = [of_year(year, list(group)) for year, group in groupby(records, lambda r: r.year)]
    metrics = sorted(xc.METRICS.values(), key=lambda record: (record.year, record.name))
    lines = [
        [str(r.year), f"[{r.title}](metrics/{r.name}.md)", link(r.paper), lesson(r)]
        for r in metrics
    ]
    return f"""# Timeline

Written by `python docs/make_timeline.py`; do not edit. {len(records)} methods and {len(metrics)}
metrics. `xc.plot.timeline(alt="...")` draws the methods.

The number of an arXiv address begins with the year and the month of the preprint (1512: December
2015). Where the line has a later year, it is that of the printed paper. So one paper may stand
under two years: occlusion under 2013, DeconvNet under 2014.

## Methods

{table(("year", "method", "family", "paper", "lesson"), [line for year in years for line in year])}

## Metrics

What proves each of them and what it costs stands in their [ledger](metrics.md).

{table(("year", "metric", "paper", "lesson"), lines)}
"""


def of_year(year: int, records: list[MethodRecord]) -> list[list[str]]:
    """Return the lines of one year, which is said in the first of them."""
    first, *others = [
        [f"[{r.title}](methods/{r.name}.md)", r.family, link(r.paper), lesson(r)] for r in records
    ]
    return [[f"**{year}**", *first], *([" ", *other] for other in others)]


def lesson(record: MethodRecord | MetricRecord) -> str:
    """Return the lesson of a method or metric, as a link if it is there."""
    one = LESSONS.get(record.lesson)
    if one is None:
        return "-"
    rooms = sorted((ROOT / "notebooks").glob(f"{one.number}_*.ipynb"))
    if not rooms:
        return f"{one.number}, planned"
    return f"[{one.number}](../notebooks/{rooms[0].name})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
