"""Bias backpropagation (2019): what the biases bring is handed down to the inputs."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from xaicourse.core.attention import in_parts
from xaicourse.core.attribution import Attribution
from xaicourse.core.bias_terms import BiasMode, BiasQuestion, full_gradient
from xaicourse.core.biases import no_bias
from xaicourse.core.follow_mode import FollowMode
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.inputs import call
from xaicourse.core.known import (
    KEEPS_NUMBERS,
    NUMBER_BY_NUMBER,
    PAD,
    kind_of,
    name_of,
    plain_name,
)
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.output_parts import tensors_in
from xaicourse.core.picture_axes import NORMS
from xaicourse.core.reading import first_argument, is_in_place
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.bias.sharing import (
    elementwise,
    halves,
    joined,
    padded,
    together,
    weighted,
)
from xaicourse.methods.examples import small_classifier

__all__ = ["bias_backprop"]

ALPHAS = ("magnitude", "uniform")


# ---- the mode ------------------------------------------------------------------------------------

# each number of the result comes from one number of the input, with slope 1 or not at all; and
# constants that only look at a tensor's form
MOVED = (KEEPS_NUMBERS - PAD) | {"max pool", "max pool and places", "largest"}
MOVED |= {"attribute", "cut", "constant"}
WITH_TWO_INPUTS = ("product", "quotient")


class SharingMode(FollowMode):
    """Run the model on a graph whose backward pass hands biases down, and feed the biases in."""

    def __init__(self, inputs: Tensor, terms: dict[str, Tensor], alpha: str) -> None:
        super().__init__(inputs)
        self.terms = terms  # (dF/dy) b of each operation with a bias, from the first pass
        self.alpha = alpha
        self.source: Tensor | float = 0.0  # sum of y * term: its gradient at y feeds the term in

    def operation(self, func: Any, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        way = in_parts(func, args, kwargs, self.follows)
        if way is not None:
            with self:
                return way(*args, **kwargs)
        has_bias = not no_bias(func, args, kwargs, self.follows)  # and so a number
        us = [a for a in tree_leaves((args, kwargs)) if self.follows(a)]
        if kind_of(func) == "join":
            result = joined(func, args, kwargs, self.follows)
        elif kind_of(func) in MOVED:
            result = func(*args, **kwargs)
        else:
            # in place or not: the arguments are left alone and a new tensor is returned
            copies = [a.detach().clone() if isinstance(a, Tensor) else a for a in args]
            more = {
                k: v.detach().clone() if isinstance(v, Tensor) else v for k, v in kwargs.items()
            }
            with torch.no_grad():
                y = func(*copies, **more)
            if not any(isinstance(t, Tensor) and t.is_floating_point() for t in tree_leaves(y)):
                return func(*args, **kwargs)  # a question about a tensor
            result = self.shared(func, name, y, us, args, kwargs)
            if copies and isinstance(args[0], Tensor) and y is copies[0]:  # it worked in place
                result = args[0].copy_(result)
        for leaf in tree_leaves(result) if has_bias else []:
            if self.follows(leaf):
                term = self.terms.get(self.number(name))
                if term is not None:
                    self.source = (
                        self.source + (leaf * term.to(leaf.dtype).reshape(leaf.shape)).sum()
                    )
        return result

    def shared(
        self, func: Any, name: str, y: Any, us: list[Tensor], args: tuple, kwargs: dict[str, Any]
    ) -> Any:
        """Return y with the backward pass that shares among the inputs us."""
        first = us[0] is first_argument(args, kwargs)
        if isinstance(y, Tensor) and len(us) == 1:
            path = self._of_one(func, y, us[0], args, kwargs, first)
            if path is not None:
                return path
        kind = kind_of(func)
        if isinstance(y, Tensor) and len(us) == 2 and len(args) == 2:
            if kind == "sum":
                parts = [us[0].detach(), us[1].detach() * kwargs.get("alpha", 1)]
                uniform = self.alpha == "uniform"
                sizes = [torch.ones_like(part) if uniform else part.abs() for part in parts]
                return together(y, us, [size.expand_as(y) for size in sizes])
            if kind in WITH_TWO_INPUTS:
                return together(y, us, [torch.ones_like(y)] * 2)
            if kind == "matrix product":
                return halves(y, us, torch.matmul, self.alpha)
        if len(us) == 2 and name_of(func) == "einsum" and len(args) == 3:
            return halves(y, us, lambda a, v: func(args[0], a, v), self.alpha)
        return self._refused(func, name, len(us), args, kwargs)

    def _of_one(
        self, func: Any, y: Tensor, u: Tensor, args: tuple, kwargs: dict[str, Any], first: bool
    ) -> Tensor | None:
        """Return y with the backward pass that shares among the numbers of one input."""
        kind = kind_of(func)
        by_place = kind in NUMBER_BY_NUMBER | {"sum", *WITH_TWO_INPUTS}
        if by_place or (plain_name(func) in NORMS and y.shape == u.shape):
            return elementwise(y, u)
        if first and kind in ("dense layer", "convolution", "transposed convolution"):
            weight = args[1] if len(args) > 1 else kwargs["weight"]
            more = {k: v for k, v in kwargs.items() if k not in ("input", "weight", "bias")}
            return weighted(
                y, u, weight, lambda u, w: func(u, w, None, *args[3:], **more), self.alpha
            )
        if first and name_of(func) in ("matmul", "mm") and len(args) == 2:
            return weighted(y, u, args[1], torch.matmul, self.alpha)
        if first and kind in ("mean", "resize") and "bicubic" not in (*args[3:], *kwargs.values()):
            more = {k: v for k, v in kwargs.items() if k != "input"}
            return weighted(
                y, u, y.new_ones(()), lambda u, w: func(u * w, *args[1:], **more), self.alpha
            )
        return padded(func, y, u, args, kwargs) if first and kind in PAD else None

    def _refused(self, func: Any, name: str, inputs: int, args: tuple, kwargs: dict) -> Any:
        """Return what func returns; raise if something is handed down through it.

        A model may look at numbers, for a log or an assertion, through any operation.
        """

        def refuse(grad: Tensor | None) -> None:
            raise UnsupportedOperationError(
                f"bias_backprop has no rule for sharing among the inputs of the operation {name!r} "
                f"with {inputs} input(s) that follow from x; use fullgrad_decomposition, which "
                "leaves the biases where they are"
            )

        if is_in_place(func, args, kwargs):
            refuse(None)
        result = func(*args, **kwargs)
        for leaf in tree_leaves(result):
            if self.follows(leaf):
                with torch._C.DisableTorchFunction():
                    leaf.register_hook(refuse)
        return result


# ---- the method ----------------------------------------------------------------------------------

# relative to the sum of the absolute values of what was handed down
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
HALF_TOLERANCE = 5e-2


def hand_down(
    model: Callable[..., Any],
    x: Tensor,
    rows: Tensor,
    first: BiasMode,
    last_step: Tensor,
    alpha: str,
) -> Tensor:
    """Return beta (P, ...): the terms of the first pass, handed down to the inputs x (P, ...)."""
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_(True)
        inputs = leaf.clone()
        mode = SharingMode(inputs, first.found, alpha)
        with mode:
            outputs = call(model, inputs, rows)
        source = mode.source + _from_outputs(outputs, first.head_terms, last_step)
        if not isinstance(source, Tensor) or not source.requires_grad:
            return torch.zeros_like(x)
        (beta,) = torch.autograd.grad(source, leaf, allow_unused=True)
    return torch.zeros_like(x) if beta is None else beta


def _from_outputs(outputs: Any, terms: dict[int, Tensor], last_step: Tensor) -> Tensor | float:
    """Share what the last step to F adds, (P,), among the model's outputs, by |dF/dz_k z_k|."""
    total = sum(t.abs().reshape(len(t), -1).sum(1) for t in terms.values())
    source: Tensor | float = 0.0
    for place, tensor in enumerate(tensors_in(outputs)):
        if place in terms and isinstance(total, Tensor):
            share = terms[place].abs() / total.clamp_min(1e-300).view(-1, *[1] * (tensor.dim() - 1))
            beta = share * last_step.view(-1, *[1] * (tensor.dim() - 1))
            source = source + (tensor * beta.to(tensor.dtype)).sum()
    return source


@attribution_method(
    title="Bias backpropagation",
    year=2019,
    paper="PMLR 97:6659",
    family="bias",
    unit="share",
    cost=lambda settings: 2,
    example=small_classifier,
)
def bias_backprop(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    alpha: str = "magnitude",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Hand what every bias brings to F down through the net, to the inputs.

    .. math::
        \beta_l[q] = \sum_p \alpha_l[p, q]
        \Big(\beta_{l+1}[p] + \frac{\partial F}{\partial z_l[p]}\, b_l[p]\Big),
        \qquad \sum_q \alpha_l[p, q] = 1

    A unit p passes on what it received from above, :math:`\beta_{l+1}[p]`, and what its own bias
    brings. The sum over the inputs is all that the biases bring: F(x) minus gradient times input.

    Parameters
    ----------
    alpha : str
        ``"magnitude"``: :math:`\alpha[p, q] = |w_{pq} u_q| / \sum_q |w_{pq} u_q|`, equal shares
        where all of these are 0; ``"uniform"``: equal shares always.

    Returns
    -------
    Tensor (N, ...)
        :math:`\beta`, signed, in units of F: the biases' part alone. The details hold the other
        part in ``extra["input"]``, :math:`x \odot \nabla F`; both together add up to F(x).

    Raises
    ------
    UnsupportedOperationError
        If there is no rule to share among the inputs of an operation (recurrent layers); it is
        named. Also if anything was lost on the way.
    ValueError, TypeError
        Also for an unknown alpha.

    Notes
    -----
    Input and bias part together are complete. Breaks implementation invariance. Activations pass
    their unit's share on, max-pools to the winner, sums of two branches in proportion to their
    sizes (in halves with uniform), products in halves; a layer norm or a softmax hands the share of
    each number to the number at its place; attention in one call is written out; what falls on a
    rim of zeros goes to the nearest pixel, what falls on a class token to all other tokens alike.

    **Cost.** 2 gradients a row.

    **Fails when** its map is taken for the only one: the rest hangs on alpha, for which no axiom
    speaks, and another alpha gives another map.

    References
    ----------
    .. [wang2019] S. Wang, T. Zhou, J. Bilmes, 2019, Bias Also Matters: Bias Attribution for Deep
       Neural Network Explanation, PMLR 97:6659.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.bias_backprop(xc.zoo.toy(), xc.zoo.toy_input()).round(decimals=6)
    tensor([[1.5000, 0.5000]], dtype=torch.float64)
    """
    if alpha not in ALPHAS:
        raise ValueError(f"alpha must be one of {', '.join(ALPHAS)}, got {alpha!r}")
    terms = {"reduce": lambda name, share: share.terms, "in_parts": in_parts}
    question = BiasQuestion(model, x, target, **asked, **terms)
    dtype = sum_dtype(x.device)
    betas: dict[int, Tensor] = {}

    def visit(mode: BiasMode, part: slice, score: Tensor) -> None:
        points = question.x[part].to(question.model_dtype)
        last_step = score.to(dtype) - mode.head
        betas[part.start] = hand_down(
            question.model, points, question.rows[part], mode, last_step, alpha
        )
        mode.found = {}  # their memory is free for the next chunk

    full = full_gradient(question, visit)
    beta = torch.cat([betas[start] for start in sorted(betas)]).to(dtype)
    shares = (full.grad * question.x).to(dtype)
    gap = (shares + beta).flatten(1).sum(1) - full.score.to(dtype)
    size = (shares.abs() + beta.abs()).flatten(1).sum(1) + full.score.abs()
    _check_nothing_lost(gap, full.score, TOLERANCE.get(question.precision, HALF_TOLERANCE) * size)
    found = {"f_end": full.score, "gap": gap, "extra": {"input": shares}}
    return Attribution.of(question, beta, gradients=question.rows.new_full((len(x),), 2), **found)


def _check_nothing_lost(gap: Tensor, score: Tensor, most: Tensor) -> None:
    lost = ~(gap.abs() <= most)  # NaN is lost, too
    if bool(lost.any()):
        row = int(lost.nonzero()[0])
        raise UnsupportedOperationError(
            f"bias_backprop lost {float(-gap[row]):.4g} of F = {float(score[row]):.4g} in row "
            f"{row}: a bias sits where no input can be reached, as in a window "
            "of padding alone; use fullgrad_decomposition, which leaves the biases where they are"
        )
