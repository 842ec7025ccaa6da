"""An answer that passes works on: each sheet is filled with each form of its worked answers.

What the checker accepts, the next cells must take. A form is made of every answer of a sheet.
"""

import functools
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.lessons.filled import as_it_is, is_function, judged, run, sources
from xaicourse.course.checking import TASKS

SOURCES = list(sources())

# The arguments that hold one line for each input, where an answer may go through inputs one by one.
BATCH = {
    "00.1": ["x"],
    "01.2": ["x", "target"],
    "01.3": ["slopes"],
    "01.4": ["logits", "gradients", "target"],
    "02.2": ["x", "target"],
    "02.6": ["a", "g"],
    "03.2": ["x", "target"],
    "03.3": ["x", "baseline", "target"],
    "04.2": ["x", "target"],
    "05.2": ["x", "target", "baseline"],
    "05.7": ["x", "target", "baseline"],
    "06.4": ["x", "target"],
    "07.1": ["x"],
    "07.4": ["x"],
    "08.2": ["x", "target"],
    "08.3": ["u"],
    "08.4": ["terms"],
    "09.1": ["x", "target", "baseline"],
}
LOSSES = {"09.7"}  # a value without its graph is refused


# ---------------------------------------------------------------- forms


def giving(change: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    """Return a form: a function gives its results changed, data are changed themselves."""

    def form(task: str, answer: Any) -> Any:
        if not is_function(answer):
            return change(answer)

        @functools.wraps(answer)
        def changed(*given: Any, **named: Any) -> Any:
            return change(answer(*given, **named))

        return changed

    return form


def in_parts(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change each tensor and each number of an answer, and what only holds numbers as one array."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            numbers = bool(value) and all(type(part) in (int, float) for part in value)
            return change(np.array(value)) if numbers else type(value)(map(changed, value))
        is_number = isinstance(value, (int, float, Tensor)) and not isinstance(value, bool)
        return change(value) if is_number else value

    return changed


def as_numpy(value: Any) -> Any:
    """Return an array, or a number of NumPy."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    return np.asarray(value)[()]


def as_half(value: Any) -> Any:
    """Round to half precision; whole numbers stay whole."""
    if isinstance(value, Tensor):
        return value.half() if value.is_floating_point() else value
    array = np.asarray(value)
    return array.astype(np.float16)[()] if array.dtype.kind == "f" else array[()]


def as_float(value: Any) -> Any:
    """Round to single precision."""
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    array = np.asarray(value)
    return array.astype(np.float32)[()] if array.dtype.kind == "f" else array[()]


def detached(value: Any) -> Any:
    """Cut off the graph."""
    return value.detach() if isinstance(value, Tensor) else value


def attached(value: Any) -> Any:
    """Leave a tensor on a graph, as from a model whose weights ask for gradients."""
    if isinstance(value, Tensor) and value.is_floating_point():
        return value * torch.ones((), dtype=value.dtype, requires_grad=True)
    return value


def one_by_one(task: str, answer: Any) -> Any:
    """Call the function for each input of its own, and put the results together."""
    if task not in BATCH or not is_function(answer):
        return answer
    names = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    @functools.wraps(answer)
    def changed(*given: Any, **named: Any) -> Any:
        given_by_name = {**dict(zip(names, given, strict=False)), **named}
        tensors = {
            name: given_by_name[name]
            for name in BATCH[task]
            if isinstance(given_by_name[name], Tensor) and given_by_name[name].ndim
        }
        count = len(given_by_name[BATCH[task][0]])
        rows = [{name: value[k : k + 1] for name, value in tensors.items()} for k in range(count)]
        return torch.cat([answer(**{**given_by_name, **row}) for row in rows])

    return changed


def half_or_single(task: str, answer: Any) -> Any:
    """Return results in half precision, or in single precision where the checker asks for more."""
    half = giving(in_parts(as_half))(task, answer)
    if not is_function(answer):
        return half
    reference = TASKS[task].reference
    is_part = isinstance(reference, dict)  # of an answer that holds more than a function
    verdict = judged(task, {**reference, answer.__name__: half} if is_part else half)
    if verdict.passed:
        return half
    assert "digits" in verdict.message, verdict.message  # L8: what is wrong is said
    return giving(in_parts(as_float))(task, answer)


def cutting(change: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    """Return a form without a graph; a loss keeps it, since a training has to follow it."""
    form = giving(in_parts(change))
    return lambda task, answer: answer if task in LOSSES else form(task, answer)


FORMS = {
    "as they are": as_it_is,
    "NumPy": cutting(as_numpy),
    "half": half_or_single,
    "detached": cutting(detached),
    "attached": giving(in_parts(attached)),
    "one by one": one_by_one,
}


def one_after_another(*names: str) -> Callable[[str, Any], Any]:
    """Return the form that is several forms at once."""

    def form(task: str, answer: Any) -> Any:
        for name in names:
            answer = FORMS[name](task, answer)
        return answer

    return form


# A lesson takes as long as ten sheets: two forms at a time. As it is, nbval runs it.
FORMS_OF_A_LESSON = {
    "half and NumPy": one_after_another("half", "NumPy"),
    "one by one and attached": one_after_another("one by one", "attached"),
}
IDS = {s.path.split("/")[-2][:3] + ("s" if s.is_sheet else "l"): s for s in SOURCES}
TRIED = [
    pytest.param(source, form, id=f"{name}-{word}")
    for name, source in IDS.items()
    for word, form in (FORMS if source.is_sheet else FORMS_OF_A_LESSON).items()
]


@pytest.mark.parametrize(("source", "form"), TRIED)
def test_what_passes_works_on(source, form, capsys):
    torch.manual_seed(0)
    try:
        verdicts = run(source, form)
    finally:
        plt.close("all")
    refused = {task: verdict.message for task, verdict in verdicts.items() if not verdict.passed}
    assert refused == {}
    assert {cell.task for cell in source.cells if "check" in cell.tags} <= set(verdicts)
    said = capsys.readouterr().out
    assert [task for task in verdicts if f"Task {task} is open" in said] == []
