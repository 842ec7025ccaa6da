"""Parts of a model that run again in the backward pass (torch.utils.checkpoint).

Gradient checkpointing keeps no activations and computes them once more when the gradient needs
them. By then our modes are off, so that a block would be recomputed without its rules. While a
mode of ours is on, such a block therefore keeps its activations (`keeps_activations`) and nothing
is computed again. The older form, ``use_reentrant=True``, hides its block from autograd, and torch
gives no gradient with respect to x at all: it is refused by name (`refusal`).
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

__all__ = [
    "hides_a_block",
    "is_of_a_checkpoint",
    "keeps_activations",
    "refusal",
    "would_recompute",
]

_MODULE = "torch.utils.checkpoint"
_HIDDEN_NODE = "CheckpointFunctionBackward"


# ---- keeping what would be recomputed ------------------------------------------------------------


def keeps_activations(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let the ``__torch_function__`` of a mode keep what its operations save for their backward."""

    @functools.wraps(handle)
    def kept(self: Any, func: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        if not would_recompute():
            return handle(self, func, types, args, kwargs)
        with saved_tensors_hooks(_pack, _unpack):  # on top of those of the checkpoint
            return handle(self, func, types, args, kwargs)

    return kept


def would_recompute() -> bool:
    """Tell whether a tensor that is saved now would be dropped, to be computed once more."""
    hooks = torch._C._autograd._top_saved_tensors_default_hooks(False)  # type: ignore[attr-defined]
    return hooks is not None and getattr(hooks[0], "__module__", "") == _MODULE


def _pack(tensor: Tensor) -> tuple[Tensor, int]:
    return tensor.detach(), tensor._version  # detached: no circle of references with its own node


def _unpack(saved: tuple[Tensor, int]) -> Tensor:
    tensor, version = saved
    if tensor._version != version:  # torch itself no longer looks where there are hooks
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: a tensor of shape {tuple(tensor.shape)}"
        )
    return tensor


# ---- refusing what is hidden ---------------------------------------------------------------------


def hides_a_block(output: Tensor) -> bool:
    """Tell whether a reentrant checkpoint is in the graph of a tensor."""
    seen: set[Any] = set()
    stack = [output.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        if node.name() == _HIDDEN_NODE:
            return True
        seen.add(node)
        stack.extend(following for following, _ in node.next_functions)
    return False


def is_of_a_checkpoint(error: Exception) -> bool:
    """Tell whether torch complains about a checkpoint."""
    return _MODULE in str(error) or "checkpoint_function" in str(error)


def refusal(error_type: type[ValueError] = ValueError) -> ValueError:
    """Return the error for a block that runs again in the backward pass and cannot be followed."""
    return error_type(
        "the model computes a part of itself again in the backward pass (gradient checkpointing, "
        "torch.utils.checkpoint), in a form that cannot be followed; switch it off or use the "
        "newer form: checkpoint(..., use_reentrant=False), memory_efficient=False (torchvision), "
        "model.set_grad_checkpointing(False) (timm), model.gradient_checkpointing_disable() "
        "(transformers)"
    )
