"""Repeat published findings on metrics in small, and store what came and what did not.

    OMP_NUM_THREADS=1 python data/measure_claims.py roar             one row
    OMP_NUM_THREADS=1 python data/measure_claims.py                  all of them
    OMP_NUM_THREADS=1 python data/measure_claims.py --words          judge again, measure nothing
    OMP_NUM_THREADS=1 python data/measure_claims.py --keep FILE      elsewhere than work/

Each row is a file of data/claim_rows. What takes long is kept in work/claims.sqlite as soon as it
is there: a run that was interrupted goes on. Then ``python docs/make_claims.py`` writes the page.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # sums differ with the number of threads

import torch

DATA = Path(__file__).resolve().parent
sys.path.insert(0, str(DATA))

from claim_rows.common import Row, rounded  # noqa: E402

from xaicourse.core.files import write_atomically  # noqa: E402
from xaicourse.datasets.cards import card_for, write_cards  # noqa: E402

TABLE, LOG = DATA / "claims.json", DATA / "CLAIMS_LOG.md"
KEPT = DATA.parent / "work" / "claims.sqlite"
ROWS = (
    *("sanity", "roar", "road", "rise", "idgi", "smoothing", "subsets"),
    *("mosaics", "tetrominoes", "bam", "agreement"),
)
HEAD = (
    "# How the reproductions were measured\n\nMade by data/measure_claims.py, one thread, processor"
    " time of the last run of each row.\n\n| row | minutes | torch | kept before |\n"
    "|---|---|---|---|\n"
)


def row(name: str) -> Row:
    """Return a claim with what measures it."""
    return importlib.import_module(f"claim_rows.{name}").ROW


def stored() -> dict[str, Any]:
    """Return what has been measured: row -> its content."""
    return json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


def content(name: str, tables: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored of a row: its words, its tables, and what they say."""
    claim = row(name)
    return {
        "title": claim.title,
        "says": claim.says,
        "papers": list(claim.papers),
        "lesson": claim.lesson,
        "experiment": claim.experiment,
        "conditions": rounded(claim.judge(tables)),
        "beside": claim.beside(tables),
        "tables": tables,
    }


def write(found: dict[str, Any]) -> None:
    """Write all rows and their card."""
    ordered = {name: found[name] for name in ROWS if name in found}
    text = json.dumps(ordered, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(TABLE, text.encode())
    card = card_for(
        TABLE, title="Published findings on metrics, repeated in small",
        author="The xaicourse contributors", source="this course", licence="Apache-2.0",
        made_by="data/measure_claims.py; log in data/CLAIMS_LOG.md",
    )  # fmt: skip
    write_cards({TABLE.name: card}, DATA)


def log(name: str, minutes: float, before: bool) -> None:
    """Note how long a row took; the lines of the others stay."""
    lines = LOG.read_text(encoding="utf-8").splitlines() if LOG.exists() else []
    known = {line.split(" | ")[0].strip("| "): line for line in lines if line.startswith("| ")}
    kept = "yes" if before else "no"
    known[name] = f"| {name} | {minutes:.1f} | {torch.__version__} | {kept} |"
    text = HEAD + "\n".join(known[one] for one in ROWS if one in known) + "\n"
    write_atomically(LOG, text.encode())


def main() -> None:
    """Measure the rows that are asked for, and judge all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all if none")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where results are kept")
    parser.add_argument("--words", action="store_true", help="measure nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.keep.parent.mkdir(parents=True, exist_ok=True)
    for name in () if options.words else options.rows or ROWS:
        before, start = options.keep.exists(), time.process_time()
        tables = rounded(row(name).measure(options.keep))
        write(stored() | {name: content(name, tables)})
        log(name, (time.process_time() - start) / 60, before)
        print(name, f"{time.process_time() - start:.0f} s", flush=True)
    write({name: content(name, one["tables"]) for name, one in stored().items()})


if __name__ == "__main__":
    main()
