"""Seconds and memory of every method beside its fastest other implementation, on the same nets.

    python benchmarks/peers.py                          eight minutes on a quiet machine
    python benchmarks/peers.py --only lrp --batch 1     some rows

One run, one thread, processor time, both sides in turns: the ratio is what counts.
"""

import argparse
import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from _common import demand, load, machine, relative_difference, rounds, table, write_result
from _peer_calls import PEERS, STEPS, WHY_SLOWER, WITHOUT_A_PEER, Call, Case, Peer, network, quiet

import xaicourse as xc

NETS = ("resnet18", "vgg11")
PIXELS = {"resnet18": 224, "vgg11": 112}
PIXELS_OF_MANY = {"resnet18": 64, "vgg11": 64}  # with fifty gradients a row
CHUNKS = (10, 25, 50)
GOALS = {1: 0.97, 4: 0.99}  # by batch
SAME = 1e-4  # relative difference of two float32 maps that count as equal
HEADS = (
    "method", "net", "batch", "pixels", "peer", "ours", "theirs", "theirs / ours", "goal", "met",
    "peak memory, ours", "theirs", "maps differ by",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    method: str
    net: str
    batch: int
    pixels: int
    peer: str
    ours: float  # seconds, the least of all rounds
    theirs: float
    memory: tuple[float | None, float | None]  # MiB
    difference: float
    same: bool  # whether the maps are the same by definition

    def cells(self) -> tuple[object, ...]:
        ratio, goal = self.theirs / self.ours, GOALS.get(self.batch, 0.99)
        ours, theirs = ("not known" if m is None else f"{m:.0f} MiB" for m in self.memory)
        return (
            self.method, self.net, self.batch, self.pixels, self.peer,
            f"{1e3 * self.ours:.1f} ms", f"{1e3 * self.theirs:.1f} ms", f"{ratio:.2f}", goal,
            "yes" if ratio >= goal else "**no**", ours, theirs,
            f"{self.difference:.0e}" if self.same else "(another scale, noise or rule)",
        )  # fmt: skip


# ---- one row -------------------------------------------------------------------------------------


def measure(name: str, peer: Peer, case: Case, chunk: int | None, repeats: int | None) -> Line:
    """Time both sides in turns; before that, their memory, and whether they agree."""
    ours = case.ours(name, **peer.settings(case))
    theirs = peer.theirs(case) if chunk is None else peer.theirs(case, chunk)
    mine, yours = ours(), theirs()  # which also warms up
    difference = relative_difference(mine, yours) if mine.shape == yours.shape else 1.0
    if peer.same:
        demand(difference <= SAME, f"{name} on {case.net} is {difference:.1e} from {peer.name}")
    seconds, memory = [], []
    for call in (ours, theirs):
        start = time.process_time()
        memory.append(peak_memory(call))
        seconds.append(time.process_time() - start)
    n = repeats or rounds_for(max(seconds))
    times = rounds({"ours": ours, "theirs": theirs}, n, warm=True, clock=time.process_time)
    return Line(
        name, case.net, len(case.x), case.x.shape[-1],
        peer.name if chunk is None else f"{peer.name}, chunk {chunk}",
        min(times["ours"]), min(times["theirs"]), (memory[0], memory[1]), difference, peer.same,
    )  # fmt: skip


def rounds_for(seconds: float) -> int:
    """Return how many rounds a side of so many seconds gets."""
    return 7 if seconds < 0.5 else 5 if seconds < 1.5 else 3


def best_chunk(peer: Peer, case: Case) -> int:
    """Return how many rows at once are fastest for a peer."""
    calls = {str(c): peer.theirs(case, c) for c in CHUNKS}
    times = rounds(calls, 1, clock=time.process_time)
    return int(min(times, key=lambda c: min(times[c])))


def peak_memory(call: Call) -> float | None:
    """Return by how many MiB a call raises the memory of this process at most; None elsewhere."""
    clear, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # what was freed goes back to the system
        before = _kibibytes(status, "VmRSS")
        clear.write_text("5", encoding="ascii")  # the peak starts anew
    except (OSError, AttributeError):
        call()
        return None
    call()
    return (_kibibytes(status, "VmHWM") - before) / 1024


def _kibibytes(status: Path, name: str) -> int:
    lines = status.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


# ---- all rows ------------------------------------------------------------------------------------


def measure_all(
    names: Sequence[str],
    batches: Sequence[int],
    repeats: int | None,
    pixels: int | None,
    note: Callable[[list[Line]], None],
) -> list[Line]:
    """Measure every row, and hand on those that stand after each."""
    lines: list[Line] = []
    for net in NETS:
        model, spare = network(net), network(net)
        for name in names:
            peer = PEERS[name]
            if net not in peer.nets:
                continue
            side = pixels or (PIXELS_OF_MANY if peer.many or name == "score_cam" else PIXELS)[net]
            chunk = None
            for batch in batches:
                torch.manual_seed(0)
                x = torch.rand(batch, 3, side, side)
                case = Case(net, model, spare, x, model(x).argmax(1))
                if peer.many and chunk is None:
                    chunk = best_chunk(peer, case)
                lines.append(measure(name, peer, case, chunk, repeats))
                print(*lines[-1].cells()[:10], sep="  ", flush=True)
                note(lines)
    return lines


def report(lines: Sequence[Line], facts: Sequence[tuple[str, str]], done: bool = True) -> str:
    """Return the page."""
    missed = [f"{n.method} ({n.net}, {n.batch})" for n in lines if n.cells()[9] != "yes"]
    slower = dict.fromkeys(n.method for n in lines if n.cells()[9] != "yes")
    why = "\n".join(f"- {name}: {WHY_SLOWER.get(name, 'not known yet.')}" for name in slower)
    alone = "\n".join(
        f"- {name}{': ' + words if words else ''}" for name, words in sorted(WITHOUT_A_PEER.items())
    )
    return f"""# Every method beside its peer

Made by `benchmarks/peers.py`{"" if done else " (**unfinished**)"}: processor time on one thread,
both sides in turns, the least of 7 rounds (5 or 3 where a round takes long), random weights, the
same for both. A ratio above 1 means that we are faster. Each peer is called as it is fastest: with
its best chunk of {CHUNKS}, with ReLUs of its own, with merged batch norms. {STEPS} steps or samples
where there are any. Peak memory is what a call adds to the process at most.

{table(HEADS, (line.cells() for line in lines))}
Goals: {", ".join(f"{goal} at batch {batch}" for batch, goal in GOALS.items())}. Missed:
{", ".join(missed) or "none"}.

What a method below its goal does that its peer does not:

{why or "- (none is below)"}

Without a peer:

{alone}

{table(["machine", ""], facts)}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--only", action="append", choices=sorted(PEERS), help="this method")
    parser.add_argument("--batch", type=int, action="append", help="rows (default: 1 and 4)")
    parser.add_argument("--rounds", type=int, help="an odd number of rounds for every row")
    parser.add_argument("--pixels", type=int, help="the side of all images")
    parser.add_argument("--print-only", action="store_true", help="write no results file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    before, started = load(), time.perf_counter()
    names = options.only or [name for name in PEERS if name in xc.METHODS]
    whole = not (options.only or options.batch or options.rounds or options.pixels)
    file = "peers" if whole else "peers_some"

    def note(lines: list[Line], done: bool = False) -> None:
        if not options.print_only:
            facts = [*machine(before), ("minutes", f"{(time.perf_counter() - started) / 60:.1f}")]
            write_result(file, report(lines, facts, done), say=done)

    with quiet():
        lines = measure_all(names, options.batch or [1, 4], options.rounds, options.pixels, note)
    print("\n" + report(lines, machine(before)))
    note(lines, done=True)


if __name__ == "__main__":
    main()
