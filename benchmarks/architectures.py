"""Which method explains which family of nets: right, refused or wrong, each by a second opinion.

    python benchmarks/architectures.py                        what is stored is kept
    python benchmarks/architectures.py --fresh                all of it anew, within ten minutes
    python benchmarks/architectures.py --only resnet vit      some families
    python benchmarks/architectures.py --methods lrp deeplift some methods
    python benchmarks/architectures.py --render               only the pages, from what is stored

It writes results/architectures.json and .md, and docs/architectures.md. All nets are small, with
random weights in float64 (families.py); the second opinions stand in second_opinions.py.
"""

import argparse
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))

from _common import RESULTS, load, machine, write_result
from families import FAMILIES, Case, build

from xaicourse.core.files import write_atomically

STORE = RESULTS / "architectures.json"
TOLERANCE = 1e-6  # float64; roundings of a hundred layers are far below

RIGHT, REFUSED, WRONG, CRASH, MISSING = "right", "refused", "wrong", "crash", "not installed"


def judge(name: str, case: Case) -> dict[str, Any]:
    """Say of one method on one net: right, refused, wrong or crash, and why."""
    from second_opinions import CHECKS, Crash, NotRun, Refusal

    if name not in CHECKS:
        return {"verdict": "unchecked", "why": "no second opinion is written for it"}
    try:
        found = CHECKS[name](name, case)
    except Refusal as error:
        return {"verdict": REFUSED, "why": str(error)}
    except Crash as error:
        return {"verdict": CRASH, "why": str(error)}
    except NotRun as error:
        return {"verdict": "not run", "why": str(error)}
    except Exception as error:  # of the second opinion itself
        return {"verdict": "unchecked", "why": f"{type(error).__name__}: {error}"}
    verdict = RIGHT if found.error <= TOLERANCE else WRONG
    told = {"verdict": verdict, "error": float(f"{found.error:.2g}"), "why": found.opinion}
    return told | ({"note": found.note} if found.note else {})


def judge_family(family: str, names: list[str], say: bool = True) -> dict[str, dict[str, Any]]:
    """Judge all methods on one family."""
    try:
        case = build(family)
    except ImportError as error:
        return {name: {"verdict": MISSING, "why": str(error)} for name in names}
    answers = {}
    for name in names:
        start = time.perf_counter()
        answers[name] = judge(name, case)
        seconds = time.perf_counter() - start
        if say:
            told = answers[name]
            print(f"{family:15} {name:24} {told['verdict']:9} {told.get('error', ''):<8} "
                  f"{seconds:5.1f} s  {told['why'][:110]!r}", flush=True)  # fmt: skip
    return answers


def main() -> None:
    """Judge what is asked for, keep the rest, write the tables."""
    from architectures_page import page, result_text

    import xaicourse as xc

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FAMILIES, metavar="FAMILY")
    parser.add_argument("--methods", nargs="+", metavar="METHOD")
    parser.add_argument("--fresh", action="store_true", help="judge all of it anew")
    parser.add_argument("--print-only", action="store_true", help="write no file")
    parser.add_argument("--render", action="store_true", help="judge nothing, write the pages")
    options = parser.parse_args()
    before = load()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    names = options.methods or sorted(xc.METHODS)
    store = json.loads(STORE.read_text()) if STORE.exists() else {"verdicts": {}}
    asked = [] if options.render else options.only or list(FAMILIES)
    for family in asked:
        kept = store["verdicts"].get(family, {})
        redo = options.fresh or options.only or options.methods
        todo = [n for n in names if redo or kept.get(n, {}).get("verdict", MISSING) == MISSING]
        found = judge_family(family, todo)
        store["verdicts"][family] = dict(sorted({**kept, **found}.items()))
        store["machine"] = machine(before, "timm", "transformers", "segmentation-models-pytorch")
        if not options.print_only:
            write_atomically(STORE, (json.dumps(store, indent=1) + "\n").encode())
    store["verdicts"] = {f: store["verdicts"][f] for f in FAMILIES if f in store["verdicts"]}
    print(result_text(store))
    if not options.print_only:
        write_atomically(STORE, (json.dumps(store, indent=1) + "\n").encode())
        write_result("architectures", result_text(store))
        write_atomically(
            Path(__file__).parent.parent / "docs/architectures.md", page(store).encode()
        )


if __name__ == "__main__":
    main()
