"""Packing an answer for the checker's process, with the functions of the notebook by value."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import cloudpickle
from torch import Tensor

from xaicourse.course.checking.guard import is_installed
from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["pack"]

LARGEST = 500_000_000  # bytes


def pack(answer: Any) -> bytes:
    """Return the answer as bytes, or settle the outcome if it cannot be sent."""
    try:
        modules = {module.__name__: module for module in _own_modules(answer)}
    except RecursionError:
        text = messages.text("general/too_deep")
        raise Settled(Outcome("not_right", text)) from None
    with ExitStack() as undo:
        for module in modules.values():
            cloudpickle.register_pickle_by_value(module)
            undo.callback(cloudpickle.unregister_pickle_by_value, module)
        try:
            packed = cloudpickle.dumps(_on_cpu(answer))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = str(error).strip().splitlines()
            text = messages.text("general/not_packed", error=reason[0][:160] if reason else "")
            raise Settled(Outcome("not_right", text)) from None
    if len(packed) > LARGEST:
        raise Settled(Outcome("not_right", messages.text("general/too_large")))
    return packed


def _on_cpu(answer: Any) -> Any:
    """Move the tensors of an answer to the CPU: the checker's process uses no GPU."""
    if isinstance(answer, Tensor):
        return answer.cpu()
    if type(answer) is dict:
        return {key: _on_cpu(part) for key, part in answer.items()}
    if type(answer) in (list, tuple):
        return type(answer)(_on_cpu(part) for part in answer)
    return answer


def _own_modules(answer: Any) -> Iterator[ModuleType]:
    """Yield the student's own files that parts of the answer come from.

    The checker's process might know an older version of them.
    """
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, (list, tuple)):
        for part in answer:
            yield from _own_modules(part)
        return
    for thing in (answer, type(answer), getattr(answer, "func", None)):
        name = getattr(thing, "__module__", None)
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is not None and name != "__main__" and not is_installed(module):
            yield module
