"""Weights that have forgotten what they learnt: copies of a model, drawn anew layer by layer.

All that was learnt is drawn anew: weights, biases, bare parameters (a class token, a scale) and the
statistics of batch norms. Each tensor keeps its mean and its spread, so that no layer works on
another scale, and has a draw of its own, so that layers of equal shape differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from xaicourse.core.gradients import Question, sum_dtype
from xaicourse.core.inputs import call
from xaicourse.core.known import QUESTION, kind_of
from xaicourse.core.row_guard import vouch_for
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.denoising.model_copies import storage_of
from xaicourse.methods.denoising.nested import other_seed
from xaicourse.methods.denoising.weight_noise import find_copy, find_module, with_weights

__all__ = ["Randomiser", "redrawn"]


def redrawn(W: Tensor, z: Tensor) -> Tensor:
    """Return numbers with the mean and spread of W, made of standard normal z of its shape."""
    return W.mean() + z * W.std()


def forgotten(W: Tensor, seed: int) -> Tensor:
    """Draw a tensor anew. One whose numbers are all w becomes normal numbers of that size."""
    exact = W.detach().to(sum_dtype(W.device))
    z = torch.randn(W.shape, generator=seeded(seed), dtype=torch.float32).to(exact)
    constant = bool(exact.amax() == exact.amin())
    return (z * exact.mean() if constant else redrawn(exact, z)).to(W.dtype)


def forgotten_variance(v: Tensor, seed: int) -> Tensor:
    """Draw variances anew by their logarithms, so that they stay positive."""
    exact = v.detach().to(sum_dtype(v.device)).clamp_min(1e-12)
    return forgotten(exact.log(), seed).exp().to(v.dtype)


@dataclass(frozen=True)
class Part:
    """What is drawn anew together: the tensors of one layer, by their full names."""

    name: str
    tensors: dict[str, Tensor]


class LastUse(TorchFunctionMode):
    """Notes for each tensor when an operation used it last."""

    def __init__(self) -> None:
        super().__init__()
        self.moment: dict[Any, int] = {}
        self.operations = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if kind_of(func) not in QUESTION:
            self.operations += 1
            for leaf in tree_leaves((args, kwargs)):
                if isinstance(leaf, Tensor):
                    self.moment[storage_of(leaf)] = self.operations
        return func(*args, **kwargs)


def parts_of(module: nn.Module, moment: dict[Any, int]) -> list[Part]:
    """Return what is drawn anew together, from the output down, as the model runs.

    A layer without layers inside is one part. The bare parameters of others are parts by the
    moment at which they are used: a class token is not drawn with the head.
    """
    found: dict[tuple, dict[str, Tensor]] = {}
    last: dict[tuple, int] = {}
    seen: set[int] = set()
    for prefix, layer in module.named_modules():
        own = dict(layer.named_parameters(recurse=False))
        if isinstance(layer, _NormBase):  # in the order of definition, weights first
            own |= {n: b for n, b in layer.named_buffers(recurse=False) if b.is_floating_point()}
        for name, tensor in own.items():
            if id(tensor) in seen or not tensor.is_floating_point() or tensor.numel() == 0:
                continue  # a shared one belongs to its first place
            seen.add(id(tensor))
            at = moment.get(storage_of(tensor), 0)  # 0: not used, or not seen
            bare = any(True for _ in layer.children())
            key = (prefix, at if bare else None)
            found.setdefault(key, {})[f"{prefix}.{name}" if prefix else name] = tensor
            last[key] = max(at, last.get(key, 0))
    place = {key: k for k, key in enumerate(found)}
    order = sorted(found, key=lambda key: (last[key], place[key]), reverse=True)
    return [Part(key[0] or ", ".join(found[key]), found[key]) for key in order]


class Randomiser:
    """Makes copies of a question's model in which some parts are drawn anew.

    Parameters
    ----------
    question : Question
        Whose model; it must be a module, also inside `bind` and `pack`. It is not changed.
    seed : int
        Of the draws. A tensor's draw depends on the seed and on its place in the model alone.
    """

    def __init__(self, question: Question, model: Any, seed: int) -> None:
        self.model, self.module, self.seed = model, find_module(model), seed
        seeded(seed)
        self._copy = find_copy(question, self.module)
        self.parts = parts_of(self.module, last_uses(question, model))
        everything = [*self.module.named_parameters(), *self.module.named_buffers()]
        self._number = {id(tensor): k for k, (_, tensor) in enumerate(everything)}
        self._drawn: dict[str, Tensor] = {}  # what was drawn, to be used in every copy

    def drawn(self, parts: Sequence[Part]) -> Any:
        """Return a copy of the model in which these parts have forgotten what they learnt."""
        new = {
            name: self._draw(name, tensor)
            for part in parts
            for name, tensor in part.tensors.items()
        }
        weights: dict[Tensor, Tensor] = {
            W: new.get(name, W.detach().clone()) for name, W in self.module.named_parameters()
        }
        copied = with_weights(self.model, weights, self._copy)
        buffers = dict(find_module(copied).named_buffers())
        with torch.no_grad():
            for name in new.keys() & buffers.keys():
                buffers[name].copy_(new[name])
        return vouch_for(copied)

    def _draw(self, name: str, tensor: Tensor) -> Tensor:
        if name not in self._drawn:
            draw = forgotten_variance if name.endswith("running_var") else forgotten
            number = self._number[id(tensor)]
            self._drawn[name] = draw(tensor, other_seed(self.seed, number))
        return self._drawn[name]


def last_uses(question: Question, model: Any) -> dict[Any, int]:
    """Return when each tensor is used last in a forward pass at x: where it lies -> moment."""
    points = question.x[: question.batch_size].to(question.model_dtype, copy=True)
    rows = question.rows[: question.batch_size]
    with torch.inference_mode(False), torch.no_grad(), LastUse() as watch:
        call(model, points, rows)
    return watch.moment
