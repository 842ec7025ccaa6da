"""Packing an answer for the checker's process, with the functions of the notebook by value."""

import io
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import cloudpickle
import torch
from torch import Tensor

from xaicourse.course.checking.guard import is_installed
from xaicourse.course.checking.usable import as_handed_in
from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["pack"]

LARGEST = 500_000_000  # bytes


def pack(answer: Any) -> list[Any]:
    """Return the answer as bytes and buffers, or settle the outcome if it cannot be sent.

    Large tensors and arrays are not copied: their buffers are what is sent. What is larger than
    `LARGEST` is refused before it takes memory.
    """
    try:
        modules = {module.__name__: module for module in _own_modules(answer)}
    except RecursionError:
        raise _settled("too_deep") from None
    except Exception as error:
        raise _settled("not_packed", error=_reason(error)) from None
    with ExitStack() as undo:
        for module in modules.values():
            cloudpickle.register_pickle_by_value(module)
            undo.callback(cloudpickle.unregister_pickle_by_value, module)
        pickled = _Limited()
        try:
            pickler = _Pickler(pickled)
            pickler.dump(_on_cpu(answer))
            return [pickled.getbuffer(), *(buffer.raw() for buffer in pickler.buffers)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if pickled.is_full:
                raise _settled("too_large") from None
            raise _settled("not_packed", error=_reason(error)) from None


class _Limited(io.BytesIO):
    """Bytes that stop at `LARGEST`."""

    def __init__(self) -> None:
        super().__init__()
        self.room = LARGEST
        self.is_full = False

    def write(self, part: Any) -> int:
        self.take(len(part))
        return super().write(part)

    def take(self, length: int) -> None:
        """Note that so many bytes are to be sent, here or as a buffer."""
        self.room -= length
        if self.room < 0:
            self.is_full = True
            raise MemoryError


class _Pickler(cloudpickle.Pickler):
    """Pickles the memory of tensors and arrays as buffers, which are sent as they lie."""

    def __init__(self, file: _Limited) -> None:
        self.buffers: list[pickle.PickleBuffer] = []
        self.file = file
        super().__init__(file, protocol=5, buffer_callback=self._keep)

    def _keep(self, buffer: pickle.PickleBuffer) -> None:
        self.file.take(buffer.raw().nbytes)
        self.buffers.append(buffer)

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is torch.storage.TypedStorage and obj._untyped_storage.device.type == "cpu":
            flat = torch.empty(0, dtype=torch.uint8).set_(obj._untyped_storage)
            memory: Any = flat.numpy()
            return _storage, (pickle.PickleBuffer(memory), obj.dtype)
        own = as_handed_in(obj)
        if own is not obj:  # the student's function is judged, not what the next cells call
            return as_handed_in, (own,)
        return super().reducer_override(obj)


def _storage(content: Any, dtype: torch.dtype) -> Any:
    """Return the storage of a tensor from its bytes."""
    flat = torch.frombuffer(content, dtype=torch.uint8) if len(content) else torch.empty(0)
    return torch.storage.TypedStorage(
        wrap_storage=flat.untyped_storage(), dtype=dtype, _internal=True
    )


def _settled(key: str, **fields: Any) -> Settled:
    return Settled(Outcome("not_right", messages.text(f"general/{key}", **fields)))


def _reason(error: BaseException) -> str:
    """Return the first line of what an error says, if it can say anything."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    return lines[0][:160].rstrip(".") if lines else type(error).__name__


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
    for thing in (answer, type(answer), _peek(answer, "func")):
        name = _peek(thing, "__module__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is not None and name != "__main__" and not is_installed(module):
            yield module


def _peek(thing: Any, name: str) -> Any:
    """Return an attribute, or None if there is none, or if asking for it fails."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None
