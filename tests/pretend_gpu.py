"""A pretend GPU: real values on the CPU, and an error wherever devices are mixed.

It finds, on machines without a GPU, the mistakes that would raise on one: ``torch.zeros(n)``
without a device, a CPU index table, ``.numpy()`` without ``.cpu()``. Use it as

    with PretendGPU():
        x = torch.ones(2, 3).to(DEVICE)
        ...

Inside ``without_float64()`` it has no float64, as Apple's GPUs.

It stands on a private function of torch, so it is made for the torch version that the project pins.
Not covered: a real kernel's numerics, autocast, generators, LSTMs, more than one device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from xaicourse.core import chunks

__all__ = ["DEVICE", "PretendGPU", "without_float64"]

NAME = "pretendgpu"
_setup_privateuseone_for_python_backend(NAME)
DEVICE = torch.device(NAME, 0)
# torch.random.fork_rng, anywhere in this process, now asks this device too
_module = getattr(torch, NAME)
_module.get_rng_state = lambda device=None: torch.empty(0, dtype=torch.uint8)
_module.get_amp_supported_dtype = lambda: []  # torch.utils.checkpoint asks for it
_module.set_rng_state = lambda state, device=None: None

_aten = torch.ops.aten
# operations that may see both devices: copies, and CPU indices into a tensor on the device
_TRANSFERS = {_aten._to_copy.default, _aten.copy_.default, _aten._copy_from.default}
_INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
}
# operations that refuse even a CPU scalar, which all others take
_STRICT = {_aten.cat.default, _aten.stack.default}


class NoFloat64(TypeError, RuntimeError):
    """Apple's GPUs raise a TypeError; other backends without float64 a RuntimeError."""


class PretendTensor(torch.Tensor):
    """A tensor that says it is on the pretend GPU; its values are in a CPU tensor."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> PretendTensor:
        if values.dtype in _refused:
            raise NoFloat64(f"this pretend GPU has no {values.dtype}: use float32")
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            layout=values.layout,
            device=DEVICE,
            requires_grad=False,
        )
        tensor.values = values
        return tensor

    def __repr__(self, *args: Any, **kwargs: Any) -> str:
        return f"PretendTensor({self.values})"

    def __format__(self, format_spec: str) -> str:
        return format(self.values, format_spec)

    def tolist(self) -> Any:
        return self.values.tolist()

    @classmethod
    def __torch_dispatch__(
        cls, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


_refused: set[torch.dtype] = set()


@contextmanager
def without_float64() -> Iterator[None]:
    """Refuse every float64 tensor on the device, an intermediate one too, as Apple's MPS does."""
    _refused.update({torch.float64, torch.complex128})
    chunks._SUM_DTYPES.pop(NAME, None)  # what was found out about the other device
    try:
        yield
    finally:
        _refused.clear()
        chunks._SUM_DTYPES.pop(NAME, None)


class PretendGPU(TorchDispatchMode):
    """While it is on, ``device="pretendgpu"`` works in factory functions such as torch.zeros."""

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Run one operation on the values, after checking that its tensors may meet."""
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Tensor)]
    ours = [t for t in tensors if isinstance(t, PretendTensor)]
    others = [t for t in tensors if not isinstance(t, PretendTensor)]
    if ours and others:
        _check_meeting(func, args, others)
    asked = kwargs.get("device")
    on_gpu = bool(ours) if asked is None else torch.device(asked).type == NAME
    if func is _aten._local_scalar_dense.default:  # .item()
        on_gpu = False
    generator = kwargs.get("generator")
    if generator is not None and on_gpu and generator.device.type == "cpu":
        raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")

    kwargs = dict(kwargs)
    if asked is not None:
        kwargs["device"] = torch.device("cpu")
    if "pin_memory" in kwargs:
        kwargs["pin_memory"] = False
    plain_args, plain_kwargs = tree_map(_values, (args, kwargs))
    result = func(*plain_args, **plain_kwargs)
    if func is _aten.copy_.default:
        return args[0]
    same = {id(t.values): t for t in ours}  # an in-place operation gives back its own wrapper

    def wrap(item: Any) -> Any:
        if not isinstance(item, Tensor):
            return item
        if id(item) in same:
            return same[id(item)]
        return PretendTensor(item) if on_gpu else item

    return tree_map(wrap, result)


def _check_meeting(func: Callable[..., Any], args: tuple, others: list[Tensor]) -> None:
    if func in _TRANSFERS:
        return
    if func in _INDEXING:
        values = args[2:3] if func is not _aten.index.Tensor else ()
        foreign = [v for v in values if not isinstance(v, PretendTensor) and v.dim() > 0]
        if isinstance(args[0], PretendTensor) and not foreign:
            return
    elif func not in _STRICT and all(t.dim() == 0 for t in others):
        return
    raise RuntimeError(
        f"Expected all tensors to be on the same device, but found {NAME}:0 and cpu ({func})"
    )


def _values(item: Any) -> Any:
    return item.values if isinstance(item, PretendTensor) else item


# ---- what torch needs of a device even outside the mode -----------------------------------------

_library = torch.library.Library("aten", "IMPL")


def _empty(size: Any, dtype: Any = None, **_: Any) -> Tensor:
    return PretendTensor(torch.empty(size, dtype=dtype or torch.get_default_dtype()))


def _empty_strided(size: Any, stride: Any, dtype: Any = None, **_: Any) -> Tensor:
    dtype = dtype or torch.get_default_dtype()
    return PretendTensor(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    _values(target).copy_(_values(source))
    return target


_library.impl("empty.memory_format", _empty, "PrivateUse1")
_library.impl("empty_strided", _empty_strided, "PrivateUse1")
_library.impl("_copy_from", _copy_from, "PrivateUse1")
