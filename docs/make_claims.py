"""Write docs/claims.md: published findings, repeated in small, and what came of them.

python docs/make_claims.py

It is made from data/claims.json, written by

    python data/measure_claims.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from make_ledger import ROOT, table

import xaicourse as xc
from xaicourse.evaluation.stored_claims import Claim

PAGE = ROOT / "docs" / "claims.md"


def page() -> str:
    """Return the text of docs/claims.md."""
    found = xc.evaluation.claims()
    heads = ("claim", "papers", "verdict", "lesson")
    lines = [[f"[{one.title}](#{anchor(one.title)})", papers(one), one.verdict, str(one.lesson)]
             for one in found.values()]  # fmt: skip
    return f"""# Published claims, repeated in small

Written by `python docs/make_claims.py`; do not edit. Measured by `data/measure_claims.py`, one
thread; how long it took is in [CLAIMS_LOG.md](../data/CLAIMS_LOG.md). The nets and pictures are
small, so "did not come" says that a finding was not seen here, never that it is wrong where it was
published. What must be seen was put down before it was measured, unless a line says otherwise, and
numbers decide. Two things were changed after a first look at the agreement of metrics, and turned
no verdict:
SmoothGrad squared stands where LRP stood (epsilon-LRP is gradient x input on these nets), and
chance is measured over ten draws of names. A number with an interval is a mean with its 95 %
interval (Student's t; Wilson's for shares), n stands above the tables. Published numbers stand
here only where they were checked.
Read the tables in Python with `xc.evaluation.claims()`.

{table(heads, lines)}

{chr(10).join(map(section, found.values()))}"""


def section(claim: Claim) -> str:
    """Return what is said of one claim."""
    judged = [
        [condition["says"], "came" if condition["came"] else "did not come",
         ", ".join(f"{name} {number(value)}" for name, value in condition["numbers"].items())]
        for condition in claim.conditions
    ]  # fmt: skip
    beside = "".join(f"- {one}\n" for one in claim.beside)
    parts = [
        f"## {claim.title}\n",
        f"**Published.** {claim.says} ({papers(claim)})\n",
        f"**Here.** {claim.experiment}\n",
        f"**Verdict: {claim.verdict}.** Lesson {claim.lesson}.\n",
        table(("what must be seen", "", "numbers"), judged) + "\n",
        *([f"**Seen besides.**\n\n{beside}"] if beside else []),
        *(f"### {name.capitalize()}{size(lines)}\n\n{of(lines)}\n"
          for name, lines in claim.tables.items()),
    ]  # fmt: skip
    return "\n".join(parts)


def papers(claim: Claim) -> str:
    """Return links to where it was published."""
    return ", ".join(f"[arXiv:{one}](https://arxiv.org/abs/{one})" for one in claim.papers)


def of(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return a stored table as it is read."""
    heads = list(dict.fromkeys(head for line in lines for head in line))
    return table(heads, [[number(line.get(head)) for head in heads] for line in lines])


def size(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return how many values the intervals of a table are made from, if it has any."""
    counts = {cell["n"] for line in lines for cell in line.values() if isinstance(cell, Mapping)}
    return f" (n = {' or '.join(map(str, sorted(counts)))})" if counts else ""


def number(value: Any) -> str:
    """Return a cell: three digits, and an interval in brackets."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        if value["mean"] is None:
            return "no value"
        return f"{value['mean']:.3g} [{number(value['low'])}, {number(value['high'])}]"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def anchor(title: str) -> str:
    """Return the name under which a heading is linked."""
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
