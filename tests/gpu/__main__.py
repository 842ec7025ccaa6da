"""The whole course on a real GPU, in five minutes: python -m tests.gpu

It needs torch (2.11 or newer), numpy and the source tree. What else it can use, Captum and the
weights of EfficientNet-Lite0 for example, may lie unpacked in the folder that --carried names.
Without a GPU it says so and ends with 0. With --pretend the pretend GPU and tiny nets take the
place of the real ones: that proves the script, not the speed.
"""

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 285  # of five minutes
SHARES = {"contract": 110, "parity": 30, "lessons": 80, "panel": 15, "speed": 90}  # of SECONDS


def main() -> int:
    """Run all parts and write the table; 1 if anything failed."""
    asked = arguments()
    sys.path[:0] = [str(Path(asked.carried).resolve())]
    prepare()
    import torch

    from tests.gpu.report import write

    if not asked.pretend and not torch.cuda.is_available():
        print(
            "There is no CUDA device on this machine: nothing to try. (--pretend tries the script.)"
        )
        return 0
    parts = run(asked)
    write(parts, asked.out)
    return 1 if any(part.failures for part in parts) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.add_argument("--pretend", action="store_true", help="on the pretend GPU, tiny nets")
    parser.add_argument("--carried", default=str(ROOT / "carried"), help="more packages, unpacked")
    parser.add_argument("--only", default="", help="these methods and metrics alone: a,b,c")
    parser.add_argument("--minutes", type=float, default=5, help="the most that all may take")
    parser.add_argument(
        "--out", type=Path, help="the table; benchmarks/results/gpu.md on a real GPU"
    )
    asked = parser.parse_args()
    if asked.out is None and not asked.pretend:
        asked.out = ROOT / "benchmarks" / "results" / "gpu.md"
    return asked


def prepare() -> None:
    """Set what must stand before torch is imported."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for sums in a fixed order
    os.environ["XAICOURSE_TEST"] = "1"
    folder = tempfile.mkdtemp()  # no progress of a student is touched
    os.environ["XAICOURSE_PROGRESS"] = str(Path(folder) / "progress.json")


def run(asked: argparse.Namespace) -> list:
    """Run the parts in order, each within its seconds."""
    import torch

    from tests.gpu.standins import stand_in

    absent = stand_in()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if asked.pretend:
        from tests.pretend_gpu import DEVICE, PretendGPU

        # the default exchanges a parameter's memory, which a pretend tensor does not have
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        device, mode = DEVICE, PretendGPU()
    else:
        device, mode = torch.device("cuda", 0), nullcontext()
    os.environ["XAICOURSE_DEVICE"] = str(device)

    from tests.gpu import contract, lessons, panel, speed
    from tests.gpu.part import Clock, Part, Where, short

    patience = asked.minutes / 5
    where, clock = Where(device, asked.pretend), Clock(SECONDS * patience)
    only = [name for name in asked.only.split(",") if name]
    works = {
        "contract": lambda share: contract.contract(where, share, only),
        "parity": lambda share: contract.parity(where, share, only),
        "lessons": lambda share: lessons.lessons(where, share),
        "panel": lambda share: panel.moved_panel(where, share),
        "speed": lambda share: speed.speed(where, share),
    }
    parts = [Part("Packages", missing=[", ".join(absent) + ": not here"] if absent else [])]
    with mode:
        for name, work in works.items():
            print(f"{name} ... {clock.left():.0f} seconds left", flush=True)
            try:
                parts.append(work(clock.share(SHARES[name] * patience)))
            except Exception as error:  # one part must not take the others' table away
                parts.append(Part(name.capitalize(), failures=[short(error)]))
    print(f"{SECONDS * patience - clock.left():.0f} seconds")
    return parts


if __name__ == "__main__":
    sys.exit(main())
