"""The contract of every method and metric on the device, and parity with the CPU in float32."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from benchmarks._common import table
from tests.contract import checks, metric_checks
from tests.contract.variants import method_variants, metric_variants
from tests.gpu.part import Clock, Part, Where, on_device, short
from tests.gpu.standins import is_missing
from tests.plain import relative_error

PARITY = 1e-4  # relative, float32 against the CPU's float32
ELSEWHERE = {"pretend_gpu", "without_float64"}  # checks that bring their own device


def moved_record(record: Any, device: torch.device) -> Any:
    """Return a method's record whose example is on the device."""
    plain = record.example

    def example() -> Any:
        made = plain()
        settings = {name: on_device(value, device) for name, value in made.settings.items()}
        return replace(
            made,
            model=checks.moved(made.model, device),
            x=made.x.to(device),
            target=on_device(made.target, device),
            settings=settings,
        )

    return replace(record, example=example)


def moved_metric(record: Any, device: torch.device) -> Any:
    """Return a metric's record whose example is on the device."""
    plain = record.example

    def example() -> Any:
        made = metric_checks.change_tensors(plain(), lambda tensor: tensor.to(device))
        return replace(made, model=metric_checks.moved(made.model, device))

    return replace(record, example=example)


@contextmanager
def fixed_order(where: Where) -> Iterator[None]:
    """Ask a GPU for kernels that add up in a fixed order: some promises hold bit for bit."""
    if where.device.type != "cuda":
        yield
        return
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def contract(where: Where, clock: Clock, only: Sequence[str] = ()) -> Part:
    """Hold every method and metric to every promise of its contract, on the device."""
    part = Part("Contract")
    lines = []
    kinds = (
        ("method", method_variants(), checks.CHECKS, moved_record),
        ("metric", metric_variants(), metric_checks.CHECKS, moved_metric),
    )
    with fixed_order(where):
        for kind, records, promises, move in kinds:
            for name, record in records.items():
                if not _is_asked(name, only):
                    continue
                if clock.over():
                    part.missing.append(f"contract of {name}: no time was left")
                    continue
                kept, rest = _keep(part, name, move(record, where.device), promises)
                lines.append((name, kind, kept, rest))
    part.text = table(("name", "kind", "promises kept", "not tried"), lines)
    return part


def _keep(
    part: Part, name: str, record: Any, promises: dict[str, Callable[[Any], None]]
) -> tuple[int, int]:
    """Try all promises of one record; return how many were kept and how many not tried."""
    kept, needs = 0, []
    for promise, check in promises.items():
        if promise in ELSEWHERE:
            continue
        try:
            check(record)
        except Exception as error:
            package = is_missing(error)
            if package is None:
                part.failures.append(f"{name}, {promise}: {short(error)}")
            else:
                needs.append(package)
        else:
            kept += 1
    if needs:
        part.missing.append(f"{name}: {len(needs)} promises need {', '.join(sorted(set(needs)))}")
    return kept, len(needs)


def _is_asked(name: str, only: Sequence[str]) -> bool:
    """Say whether a variant, as "cam, relu=False", belongs to the names; none are all."""
    return not only or name.partition(",")[0] in only


def parity(where: Where, clock: Clock, only: Sequence[str] = ()) -> Part:
    """Compare every method and metric with the CPU, in float32."""
    part = Part("Parity with the CPU")
    lines = []
    for name, values in _questions():
        if not _is_asked(name, only):
            continue
        if clock.over():
            part.missing.append(f"parity of {name}: no time was left")
            continue
        try:
            error = relative_error(values(where.device), values(torch.device("cpu")))
        except Exception as problem:
            package = is_missing(problem)
            told = part.failures if package is None else part.missing
            told.append(f"{name}: {short(problem) if package is None else f'needs {package}'}")
            continue
        if not error <= PARITY:
            part.failures.append(f"{name}: {error:.1e} from the CPU's values")
        lines.append((name, f"{error:.1e}", "yes" if error <= PARITY else "**no**"))
    part.text = table(("name", "relative difference", f"at most {PARITY:g}"), lines)
    return part


def _questions() -> Iterator[tuple[str, Callable[[torch.device], torch.Tensor]]]:
    """Give the name of each method and metric, and its float32 values on a device."""
    for name, record in method_variants().items():

        def values(device: torch.device, record: Any = record) -> torch.Tensor:
            example = checks.in_dtype(record, torch.float32)
            model = checks.moved(example.model, device)
            there = replace(example, model=model, x=example.x.to(device))
            return checks.run(record, there)

        yield name, values
    for name, record in metric_variants().items():

        def measured(device: torch.device, record: Any = record) -> torch.Tensor:
            example = metric_checks.in_dtype(record.example(), torch.float32)
            there = metric_checks.change_tensors(example, lambda tensor: tensor.to(device))
            model = metric_checks.moved(there.model, device)
            return metric_checks.run(record, replace(there, model=model)).values

        yield name, measured
