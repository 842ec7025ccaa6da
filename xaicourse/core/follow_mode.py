"""A mode that sees every operation on tensors that follow from x, in whatever spelling.

What it cannot see (compiled code, an autograd.Function) is found in the autograd graph.
"""

from collections import Counter
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from xaicourse.core.following import reaches
from xaicourse.core.known import QUESTION, kind_of
from xaicourse.core.output_parts import tensors_in
from xaicourse.core.recomputation import keeps_activations

__all__ = ["FollowMode"]


class FollowMode(TorchFunctionMode):
    """See every operation on tensors that follow from `inputs`, a tensor in the autograd graph.

    Weights may need gradients too, so that ``requires_grad`` does not tell: the graph does.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self._reaches: dict[Any, bool] = {inputs.grad_fn: True}
        self._seen: set[Any] = {inputs.grad_fn}  # nodes that an operation we saw has made
        self.unseen: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def follows(self, value: Any) -> bool:
        """Tell whether a value is a floating point tensor that follows from the inputs."""
        if not isinstance(value, Tensor) or not value.requires_grad or value.grad_fn is None:
            return False
        return reaches(value.grad_fn, self._reaches)

    @keeps_activations
    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        inputs = [t for t in tree_leaves((args, kwargs)) if self.follows(t)]
        if not inputs or kind_of(func) in QUESTION or func is Tensor.register_hook:
            return func(*args, **kwargs)
        for tensor in inputs:
            self._check_seen(tensor)
        result = self.operation(func, name, args, kwargs)
        for tensor in [*tree_leaves(result), *inputs]:  # inputs too: they may have changed in place
            self._mark(tensor)
        return result

    def operation(self, func: Any, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Carry out one operation, some of whose arguments follow from the inputs."""
        raise NotImplementedError

    def number(self, name: str) -> str:
        """Return a name for this call: relu6 0, relu6 1, ..."""
        found = f"{name} {self._numbers[name]}"
        self._numbers[name] += 1
        return found

    def _mark(self, tensor: Any) -> None:
        stack = [tensor.grad_fn] if self.follows(tensor) else []
        while stack:
            node = stack.pop()
            if node is not None and node not in self._seen:
                self._seen.add(node)
                stack.extend(n for n, _ in node.next_functions)

    def _check_seen(self, tensor: Tensor) -> None:
        node = tensor.grad_fn
        # a view of something that was changed in place gets a new node without an operation
        if node is not None and node not in self._seen and not _is_view(node.name()):
            self.unseen.add(node.name())

    def finish(self, outputs: Any) -> None:
        """Look at the model's outputs too."""
        for tensor in tensors_in(outputs):
            if self.follows(tensor):
                self._check_seen(tensor)

    def forget_graph(self) -> None:
        """Let go of the graph, whose hooks hold this mode: a circle would keep its memory."""
        self._reaches.clear()
        self._seen.clear()


def _is_view(node_name: str) -> bool:
    return any(part in node_name for part in ("View", "AsStrided", "CopySlices", "Alias"))
