"""The exact split of F into what the input brings and what each operation's bias brings.

An operation y = op(u) of the model is, at this input, y = J u + b with its Jacobian J; b is its
**bias**. For a linear layer, a convolution or a batch norm this is the bias that it adds. ReLU,
max-pool and sums have none. A ReLU6 beyond its upper knee has 6, a tanh has tanh(z) - tanh'(z) z:
an *implicit* bias. Following F back through all operations gives

    F(x) = grad F(x) . x + sum over operations of (dF/dy) . b

exactly, whatever the net is made of. A function mode sees every operation in every spelling and
adds a hook on its result; the model is not touched. What the mode cannot see (compiled code, an
autograd.Function) is found in the autograd graph and refused by name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from xaicourse.core.gradients import Question, gradients, sum_dtype
from xaicourse.core.inputs import call
from xaicourse.core.known import NO_BIAS, PAD, QUESTION, kind_of
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.output_parts import tensors_in
from xaicourse.core.recomputation import keeps_activations

__all__ = ["BiasMode", "BiasQuestion", "FollowMode", "FullGradient", "full_gradient", "no_bias"]

# relative to the sum of the absolute values of all terms
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
HALF_TOLERANCE = 5e-2


# ---- operations without a bias -------------------------------------------------------------------


def no_bias(func: Any, args: tuple, kwargs: dict[str, Any], follows: Callable[[Any], bool]) -> bool:
    """Tell whether a call has no bias because of its form, at whatever numbers."""
    kind = kind_of(func)
    if kind in NO_BIAS:
        return True
    if kind in ("dense layer", "convolution", "transposed convolution"):
        bias = args[2] if len(args) > 2 else kwargs.get("bias")
        return bias is None and not follows(args[1] if len(args) > 1 else kwargs.get("weight"))
    if kind in ("product", "matrix product"):
        return sum(follows(a) for a in args[:2]) == 1
    if kind == "quotient":
        return not any(follows(a) for a in args[1:2])
    if kind == "sum":
        return len(args) == 2 and all(follows(a) for a in args)
    if kind == "join":
        return all(follows(a) for a in tree_leaves(args[:1] or kwargs.get("tensors")))
    if kind in PAD:
        return not (args[3] if len(args) > 3 else kwargs.get("value"))
    return False


# ---- the mode ------------------------------------------------------------------------------------


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
        stack = [value.grad_fn]
        while stack:  # depth first without recursion: nets can be thousands of nodes deep
            node = stack[-1]
            if node in self._reaches:
                stack.pop()
                continue
            before = [n for n, _ in node.next_functions if n is not None]
            unknown = [n for n in before if n not in self._reaches]
            stack.extend(unknown)
            if not unknown:
                self._reaches[node] = any(self._reaches[n] for n in before)
        return self._reaches[value.grad_fn]

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


class BiasMode(FollowMode):
    """Note each operation's bias, and its share (dF/dy) * b as F is differentiated."""

    def __init__(self, inputs: Tensor, reduce: Callable[[str, Tensor], Any]) -> None:
        super().__init__(inputs)
        self.names: list[str] = []  # in the order of the forward pass
        self.found: dict[str, Any] = {}
        self.size: Tensor | float = 0.0  # sum of |terms|, (P,)
        self.total: Tensor | float = 0.0  # sum of terms, (P,)
        self.head: Tensor | float = 0.0  # (dF/d outputs) . outputs, (P,)
        self.head_terms: dict[int, Tensor] = {}  # the same number by number, for each output
        self.rows = len(inputs)
        self.reduce = reduce

    def operation(self, func: Any, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        if no_bias(func, args, kwargs, self.follows):
            return func(*args, **kwargs)
        flat, form = tree_flatten((args, kwargs))
        places = [i for i, a in enumerate(flat) if self.follows(a)]
        # copies, as the operation may work in place
        again = [a.detach().clone() if isinstance(a, Tensor) else a for a in flat]
        result = func(*args, **kwargs)
        leaves = [(i, leaf) for i, leaf in enumerate(tree_leaves(result)) if self.follows(leaf)]
        if leaves:
            us = [again[i].requires_grad_(True) for i in places]
            with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):  # the one derivable twice
                for i in places:
                    again[i] = again[i].clone()  # no leaf, so that it may be changed in place
                repeated_args, repeated_kwargs = tree_unflatten(again, form)
                ys = tree_leaves(func(*repeated_args, **repeated_kwargs))
            for i, leaf in leaves:
                self._hook(self.number(name), leaf, leaf.detach() - self._times(name, ys[i], us))
        return result

    def _times(self, name: str, y: Tensor, us: list[Tensor]) -> Tensor:
        """Return J u, the Jacobian of y in u times u, by differentiating v . J u in v."""
        try:
            v = torch.zeros_like(y, requires_grad=True)
            vJ = torch.autograd.grad(y, us, v, create_graph=True, allow_unused=True)
            pairs = [(g, u) for g, u in zip(vJ, us, strict=True) if g is not None]
            vJu = sum((g * u.detach()).sum() for g, u in pairs if g.requires_grad)
            if not isinstance(vJu, Tensor):
                return torch.zeros_like(y)
            (Ju,) = torch.autograd.grad(vJu, v, allow_unused=True)
        except RuntimeError as error:
            raise UnsupportedOperationError(
                f"the bias of the operation {name!r} cannot be found: torch cannot differentiate "
                f"it twice ({error})"
            ) from error
        return torch.zeros_like(y) if Ju is None else Ju

    def _hook(self, name: str, y: Tensor, b: Tensor) -> None:
        y_rows = len(y) if y.dim() else 1
        self.names.append(name)

        def receive(grad: Tensor) -> None:
            if y_rows != self.rows:  # only here: what is only looked at receives nothing
                raise UnsupportedOperationError(
                    f"the operation {name!r} has a bias on {y_rows} row(s) where {self.rows} "
                    "point(s) are in the model: its share cannot be told apart by row; keep the "
                    "batch axis first"
                )
            term = _product(grad, b).to(sum_dtype(grad.device))  # (dF/dy) b, shape of y
            flat = term.reshape(len(term), -1)
            self.total = self.total + flat.sum(1)
            self.size = self.size + flat.abs().sum(1)
            self.found[name] = self.reduce(name, term)

        y.register_hook(receive)

    def hook_outputs(self, outputs: Any) -> None:
        """Note (dF/d outputs) . outputs, from which the last step to F may differ."""
        for place, tensor in enumerate(tensors_in(outputs)):
            if self.follows(tensor):
                value = tensor.detach().clone()

                def receive(grad: Tensor, place: int = place, value: Tensor = value) -> None:
                    term = _product(grad, value).to(sum_dtype(grad.device))
                    self.head_terms[place] = term
                    self.head = self.head + term.reshape(len(term), -1).sum(1)

                tensor.register_hook(receive)


class BiasQuestion(Question):
    """A question whose gradients also bring the bias terms, reduced by `reduce` as they come."""

    def __init__(self, *args: Any, reduce: Callable[[str, Tensor], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reduce = reduce
        self.mode: BiasMode | None = None

    @property
    def _starts_at_outputs(self) -> bool:
        return True

    def _run(self, inputs: Tensor, rows: Tensor) -> Any:
        if not torch.is_grad_enabled():
            return super()._run(inputs, rows)
        self.mode = BiasMode(inputs, self.reduce)
        with self.mode:
            outputs = call(self.model, inputs, rows)
        self.mode.finish(outputs)
        self.mode.hook_outputs(outputs)
        self.mode.forget_graph()
        return outputs


# ---- the decomposition ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FullGradient:
    """F(x) = grad . x + sum of the terms + output, row by row.

    Parameters
    ----------
    grad, score : Tensor (N, ...), (N,)
        dF/dx and F.
    terms : dict
        What `reduce` made of (dF/dy) * b of each operation, in the order of the forward pass; a
        list with one entry for each chunk of rows.
    output : Tensor (N,)
        What the last step from the model's outputs to F adds: 0 for a logit or a margin.
    gap : Tensor (N,)
        By how much the sum misses F: rounding.
    """

    grad: Tensor
    score: Tensor
    terms: dict[str, list[Any]]
    output: Tensor
    gap: Tensor


def full_gradient(
    question: BiasQuestion, visit: Callable[[BiasMode, slice, Tensor], None] | None = None
) -> FullGradient:
    """Split F at x into input and bias terms.

    `visit` is called as ``visit(mode, rows, scores)`` after each chunk of rows.

    Raises
    ------
    UnsupportedOperationError
        If the model has an operation whose bias cannot be found; it is named. Also if the terms do
        not add up to F.
    """
    question.scores_at_x  # noqa: B018  (the first call, watched, is behind us)
    modes: list[BiasMode] = []

    def note(part: slice, score: Tensor) -> None:
        assert question.mode is not None
        if visit is not None:
            visit(question.mode, part, score)
        modes.append(question.mode)

    grad, score = gradients(question, visit=note)
    _refuse_unseen(modes)
    dtype = sum_dtype(question.x.device)
    shares = (grad * question.x).to(dtype).flatten(1)
    head = _joined([mode.head for mode in modes], score, dtype)
    total = shares.sum(1) + _joined([mode.total for mode in modes], score, dtype)
    size = shares.abs().sum(1) + _joined([mode.size for mode in modes], score, dtype)
    _refuse_a_gap(total, head, size, question.precision)
    names = [n for n in modes[0].names if n in modes[0].found]
    return FullGradient(
        grad=grad,
        score=score,
        terms={name: [mode.found[name] for mode in modes] for name in names},
        output=score.to(dtype) - head,
        gap=total - head,
    )


def _refuse_unseen(modes: list[BiasMode]) -> None:
    unseen = sorted(set().union(*(mode.unseen for mode in modes)))
    if unseen:
        raise UnsupportedOperationError(
            f"the model has an operation that cannot be seen: {', '.join(unseen)} in the autograd "
            "graph (compiled or scripted code, or an autograd.Function), so its bias would be "
            "missed; write it with torch operations in eager mode"
        )


def _refuse_a_gap(total: Tensor, head: Tensor, size: Tensor, dtype: torch.dtype) -> None:
    """Raise where the terms, (N,), do not add up to what the model's outputs say."""
    tolerance = TOLERANCE.get(dtype, HALF_TOLERANCE)
    wrong = ~((total - head).abs() <= tolerance * (size + head.abs()))  # NaN is wrong, too
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise UnsupportedOperationError(
            f"input and bias terms add up to {float(total[row]):.6g} in row {row}, but the model "
            f"gives {float(head[row]):.6g}: an operation was missed. Check for parts that are cut "
            "from the graph and put back, or written into a tensor that was not zero"
        )


def _product(grad: Tensor, value: Tensor) -> Tensor:
    """Return grad * value, 0 where grad is 0: a class that is masked by -inf has no part in F."""
    return (grad * value).masked_fill(grad == 0, 0.0)


def _joined(parts: list[Tensor | float], like: Tensor, dtype: torch.dtype) -> Tensor:
    if not all(isinstance(part, Tensor) for part in parts):  # no term at all
        return torch.zeros_like(like, dtype=dtype)
    return torch.cat(parts)  # type: ignore[arg-type]
