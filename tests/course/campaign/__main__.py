"""``python -m tests.course.campaign [PART OF A NAME ...]``: make the attacks, print the table."""

import os
import sys
import time
import traceback
from collections import Counter
from importlib import import_module

import torch

from tests.course.campaign import ATTACKS, KINDS, NotHere, made

os.environ.setdefault("XAICOURSE_TEST", "1")


def main(wanted: list[str]) -> int:
    torch.set_num_threads(1)
    kinds = [kind for kind in KINDS if not wanted or any(w.startswith(kind) for w in wanted)]
    for kind in kinds or KINDS:
        import_module(f"tests.course.campaign.{kind}")
    tried, held, absent, failed = Counter(), Counter(), Counter(), []
    for name, attack in ATTACKS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        begin = time.monotonic()
        tried[attack.kind] += 1
        try:
            with made(attack) as (place, patch):
                attack.run(place, patch, *attack.case)
            held[attack.kind] += 1
            word = ""
        except NotHere as reason:
            tried[attack.kind] -= 1
            absent[attack.kind] += 1
            word = f"not tried: {reason}"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and time.monotonic() - begin < 0.01:
                raise
            word = f"LOST: {type(error).__name__}: {error}"[:300].replace("\n", " ")
            failed.append((name, traceback.format_exc()))
        seconds = time.monotonic() - begin
        if word or seconds > 3:
            print(f"{name:60} {seconds:6.1f} s  {word}", flush=True)
    if os.environ.get("XAICOURSE_DEBUG"):
        for name, text in failed:
            print(f"\n{name}\n{text}")
    print(f"{'kind':10} {'tried':>6} {'held':>6} {'not tried':>10}")
    for kind in KINDS:
        if tried[kind] or absent[kind]:
            print(f"{kind:10} {tried[kind]:6} {held[kind]:6} {absent[kind]:10}")
    print(f"{'all':10} {tried.total():6} {held.total():6} {absent.total():10}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
