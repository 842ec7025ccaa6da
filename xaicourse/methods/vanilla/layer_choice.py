"""Which layer a class activation map is made of: the one that is named, or the last that can be.

The model runs once, on the first row, with a graph. It says what each layer's axes are, which
layers the score is computed from, and what lies between a layer and the score.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from xaicourse.core.checks import check_input
from xaicourse.core.gradients import Question, ask
from xaicourse.core.layers import Layer, LayerCall, LayerError, watch_layers
from xaicourse.methods.vanilla.map_axes import (
    MIXING,
    Axes,
    Trace,
    axes_of,
    node_of,
    nodes_behind,
    nodes_beside,
    same_aspect,
)

__all__ = [
    "CONVOLUTIONS",
    "Look",
    "check_x",
    "default_layer",
    "listed",
    "look",
    "map_layers",
    "spelled",
]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
CHANNELS_LAST = (nn.Linear, nn.LayerNorm)
POOLING_TO_A_SIZE = (
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
Spot = tuple[LayerCall, Axes]  # a call of a layer that has feature maps, and their axes


@dataclass
class Look:
    """What was seen in one forward pass of the first row."""

    x: Tensor  # (1, ...)
    score: Tensor  # (1,)
    outputs: Any  # the model's own
    calls: list[LayerCall]
    output: Any = None  # of the layer that was asked for
    _axes: dict[int, tuple[Axes | None, Tensor]] = field(default_factory=dict)

    def output_of(self, layer: Layer) -> Tensor:
        """Return what a call of a layer gave."""
        return next(c.output for c in self.calls if (c.name, c.call) == (layer.name, layer.call))

    def axes(self, output: Any, module: nn.Module | None = None) -> Axes | None:
        """Return the axes of a layer's output, or None if it has no maps or cannot be told."""
        if not isinstance(output, Tensor) or output.dim() < 3 or len(output) != 1:
            return None
        if id(output) not in self._axes:
            found = axes_of(output, self.trace)
            if found is None and node_of(output) is None:
                found = _axes_by_type(output, self.x, module, first_only=not self.channels_last)
            self._axes[id(output)] = (found, output)  # kept, so that its id stays its own
        return self._axes[id(output)][0]

    def axes_by_aspect(self, output: Any) -> Axes | None:
        """Return the axes of a named layer that no graph tells, if one reading alone fits well."""
        if not isinstance(output, Tensor) or output.dim() != 4 or len(output) != 1:
            return None
        axes = _axes_by_type(output, self.x, None)
        good = axes and same_aspect(*axes(output).shape[2:], *self.x.shape[2:], tolerance=0.1)
        return axes if good else None

    @cached_property
    def channels_last(self) -> bool:
        """Whether the model may have maps with the channels last: not one of convolutions alone."""
        last = [c for c in self.calls if type(c.module) in CHANNELS_LAST and len(c.shape) > 2]
        return bool(last) or not any(isinstance(c.module, CONVOLUTIONS) for c in self.calls)

    @cached_property
    def trace(self) -> Trace:
        """What is known of where axes come from."""
        return Trace(self.x)

    @cached_property
    def behind_score(self) -> dict[Any, None]:
        """The nodes that the score is computed from."""
        node = node_of(self.score)
        return nodes_behind(node) if node else {}

    @cached_property
    def score_map(self) -> dict[Any, None]:
        """The nodes of a dense output: between it and the score no layer makes new channels."""
        node = node_of(self.score)
        near = nodes_behind(node, stop_at=MIXING) if node else {}
        outputs = [t for t in tree_leaves(self.outputs) if isinstance(t, Tensor)]
        dense = [t for t in outputs if t.dim() == self.x.dim() and t[0, 0].numel() > 1]
        return near if any(node_of(t) in near for t in dense) else {}

    @cached_property
    def tokens_used(self) -> dict[int, Tensor | None]:
        """Gradient of the score with respect to each output (1, L, D), by the output's id."""
        outputs = [c.output for c in self.calls if len(c.shape) == 3 and c.output.requires_grad]
        if not outputs or not self.score.requires_grad:
            return {}
        try:
            with torch.enable_grad():
                found = torch.autograd.grad(
                    self.score.sum(), outputs, allow_unused=True, retain_graph=True
                )
        except RuntimeError:  # no backward pass: that is said where a gradient is needed
            return {}
        return {id(t): g for t, g in zip(outputs, found, strict=True)}

    @property
    def flat(self) -> bool:
        """Whether the score has gradient 0 at all tokens, class tokens too."""
        found = [g for g in self.tokens_used.values() if g is not None]
        return bool(found) and not any(bool(g.any()) for g in found)

    def reaches(self, output: Tensor) -> bool:
        """Tell whether the score is computed from an output; True where there is no graph."""
        node = node_of(output)
        return not self.behind_score or node is None or node in self.behind_score

    def carries_all(self, output: Tensor) -> bool:
        """Tell whether every path from x to the score goes through an output."""
        node = node_of(output)
        if not self.behind_score or node is None:
            return True
        start = torch.autograd.graph.get_gradient_edge(self.x).node
        return start not in nodes_beside(node_of(self.score), node)

    def counts(self, output: Tensor, axes: Axes | None = None) -> bool:
        """Tell whether more than one token (1, L, D) matters: a class token alone is no map."""
        if id(output) not in self.tokens_used:
            return True
        gradient = self.tokens_used[id(output)]
        if gradient is None:
            return False
        maps = gradient.transpose(1, 2) if axes is None else axes(gradient).flatten(2)
        return int((maps != 0).any(1).sum()) > min(1, maps.shape[2] - 1)

    def spots(self, calls: list[LayerCall]) -> Iterator[Spot]:
        """Yield the calls with feature maps that the score is made from, the last one first."""
        start = next((k for k, c in enumerate(self.calls) if isinstance(c.module, CONVOLUTIONS)), 0)
        behind = bool(self.calls) and isinstance(self.calls[start].module, CONVOLUTIONS)
        order = {id(c): k for k, c in enumerate(self.calls)}
        for c in reversed(calls):
            axes = _map_axes(self, c)
            if axes is None or not self.reaches(c.output) or node_of(c.output) in self.score_map:
                continue
            made = axes.made or (behind and order[id(c)] >= start)
            if made and (not axes.tokens or self.counts(c.output, axes)):
                yield c, axes


def _map_axes(seen: Look, call: LayerCall) -> Axes | None:
    """Return the axes of a map of more than one cell; a pool to a given size makes no map."""
    if isinstance(call.module, POOLING_TO_A_SIZE):
        return None
    axes = seen.axes(call.output, call.module)
    return axes if axes is not None and axes(call.output)[0, 0].numel() > 1 else None


def _axes_by_type(
    output: Tensor,
    x: Tensor,
    module: nn.Module | None,
    first_only: bool = False,
) -> Axes | None:
    """Return the axes where no graph tells them: by the layer's type, or by the image's aspect.

    One reading alone must have the aspect of the image; with `first_only`, in a model in which no
    layer has its channels last, there is no other reading.
    """
    if output.dim() != x.dim():
        return None
    axes = range(1, output.dim())
    first = Axes(1, tuple(axes[1:]), tuple(axes[1:]), made=False)
    last = Axes(axes[-1], tuple(axes[:-1]), tuple(axes[1:]), made=False)
    inside = list(module.modules()) if module is not None else []
    convolves = any(isinstance(m, CONVOLUTIONS) for m in inside)
    if first_only or (convolves and not any(type(m) in CHANNELS_LAST for m in inside)):
        return first
    if type(module) in CHANNELS_LAST:
        return last
    if x.dim() == 4:
        H, W = x.shape[2:]
        sizes = [(a, *a(output).shape[2:]) for a in (first, last)]
        fits = [a for a, h, w in sizes if same_aspect(h, w, H, W)]
        return fits[0] if len(fits) == 1 else None
    return None


def look(question: Question, layer: Layer | None = None) -> Look:
    """Run the model on the first row and return what is seen of its layers, and of `layer`.

    A model that refuses to keep a graph ("Can't call numpy() on Tensor that requires grad") runs
    without one, for the methods that need no gradient.
    """
    try:
        return _look(question, layer, graph=True)
    except (RuntimeError, ValueError) as error:
        if "requires grad" not in str(error):
            raise
        return _look(question, layer, graph=False)


def _look(question: Question, layer: Layer | None, graph: bool) -> Look:
    with torch.inference_mode(False), torch.set_grad_enabled(graph):
        x = question.x[:1].detach().requires_grad_(graph)
        kept = nullcontext() if layer is None else layer.capture(keep_graph=True)
        with watch_layers(question.model, itself=True) as calls, kept as captured:
            score = question._score(x, question.rows[:1])
    outputs = [c.output for c in calls if not c.name]
    inside = [c for c in calls if c.name]
    output = captured.output if captured is not None else None
    return Look(x, score, outputs[-1] if outputs else None, inside, output)


# ---- the layer that is taken unless one is named ------------------------------------------------


def default_layer(question: Question, seen: Look) -> tuple[Layer, Axes]:
    """Return the last layer whose feature maps the score is computed from, and its axes.

    Of layers that hand on the same map it is the outermost: a ResNet's ``layer4``, a VGG's
    ``features``. Every path from x to the score goes through it: one branch of several, or a block
    with a skip connection round it, would be a part of what the model sees. Adaptive pooling makes
    no map of its own. Where the output is itself a map, as in segmentation, it is the layer before
    the class map. In a transformer that reads its class token it is the last layer whose other
    tokens matter.
    """
    if not seen.calls:
        raise LayerError(
            "layer must be given: the model is a function, or holds no layers, so that none can "
            "be chosen; pass the layer itself, layer=net.features"
        )
    spots = seen.spots(seen.calls)
    # of the tokens behind which the last attention begins, those before its own projections
    usable = [s for s in spots if not (s[1].tokens and isinstance(s[0].module, nn.Linear))]
    found = usable[0] if usable else None
    tokens = _unread_tokens(seen, after=found[0] if found else None)
    if tokens:
        raise LayerError(
            "layer must be given: after its last spatial map this model works on tokens, and how "
            "they lie in x cannot be told; pass layer= and reshape=xaicourse.TokenGrid(height, "
            "width, skip) for tokens (N, L, D), or reshape=lambda t: t.permute(0, 3, 1, 2) for "
            f"(N, h, w, D). Layers with tokens: {listed(tokens)}"
        )
    if found is None:
        raise LayerError(
            "no layer of this model has a spatial map (N, K, h, w) behind a convolution, which "
            f"class activation maps are made from; its layers return {listed(seen.calls)}. Use a "
            "method that explains the input itself, such as integrated_gradients"
        )
    call, axes = found if found[1].tokens or seen.score_map else _with_all_paths(seen, usable)
    return Layer(call.module, call.name, call.call), axes


def _with_all_paths(seen: Look, spots: list[Spot]) -> Spot:
    """Return the last map that every path from x to the score goes through."""
    whole = next((s for s in spots if not s[1].tokens and seen.carries_all(s[0].output)), None)
    if whole is None:
        raise LayerError(
            "layer must be given: no map of this model has all paths from x to the score going "
            "through it, so that any one shows a part of what the model sees; pass one, or the "
            "last of each branch, layer=[one, other], whose maps are averaged. Layers with maps: "
            f"{listed([c for c, _ in reversed(spots)])}"
        )
    return whole


def _unread_tokens(seen: Look, after: LayerCall | None) -> list[LayerCall]:
    """Return the later layers that may have cells, but whose axes cannot be told."""
    start = 0 if after is None else 1 + next(k for k, c in enumerate(seen.calls) if c is after)
    return [c for c in seen.calls[start:] if _may_have_cells(seen, c)]


def _may_have_cells(seen: Look, call: LayerCall) -> bool:
    """Tell whether a layer that matters has several cells whose axes cannot be told."""
    dims, pooled = len(call.shape), isinstance(call.module, POOLING_TO_A_SIZE)
    if not 3 <= dims <= min(seen.x.dim(), 4) or call.shape[0] != 1 or min(call.shape[1:]) < 2:
        return False
    if dims == 4 and node_of(call.output) is not None:
        return False  # the graph tells its axes, or it is no map: the weights of an attention
    return (
        not pooled
        and seen.axes(call.output, call.module) is None
        and seen.reaches(call.output)
        and seen.counts(call.output)
        and node_of(call.output) not in seen.score_map
    )


def map_layers(model: Callable[..., Any], x: Tensor) -> dict[str, tuple[int, ...]]:
    """Return the layers of a model that have feature maps: for menus, and for ``layer=``.

    Parameters
    ----------
    model : callable
        A torch module, also inside `bind` or `pack`.
    x : Tensor (N, C, ...)
        Images (N, C, H, W), series (N, C, L) or volumes (N, C, D, H, W); the first goes through
        the model.

    Returns
    -------
    dict of str to tuple
        Name -> (K, h, w), from the image to the score; the channels come first here, wherever the
        layer has them, and tokens are laid out as the image. Of layers that hand on the same map
        only the outermost is in it, and a layer that is called several times is in it once.

    Raises
    ------
    LayerError
        If the model is compiled or scripted.
    ValueError, TypeError
        For a bad x, or a model that fails on it.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten())
    >>> xc.map_layers(net, torch.zeros(1, 3, 6, 6))
    {'0': (8, 4, 4)}
    """
    check_x(x)
    nothing = ask(model, x, lambda outputs, rows: torch.zeros_like(rows, dtype=x.dtype))
    seen = look(nothing)
    maps = {id(c): _map_axes(seen, c) for c in seen.calls}
    by_map: dict[int, list[LayerCall]] = {}
    for c in seen.calls:
        if maps[id(c)] is not None:
            by_map.setdefault(id(c.output), []).append(c)
    outermost = [min(same, key=lambda c: c.name.count(".")) for same in by_map.values()]
    return {c.name: _shape_of(c, maps[id(c)]) for c in outermost}


def _shape_of(call: LayerCall, axes: Axes | None) -> tuple[int, ...]:
    return tuple(axes(call.output).shape[1:]) if axes else call.shape[1:]


# ---- words --------------------------------------------------------------------------------------


def check_x(x: Any) -> None:
    """Raise unless x is a batch of images, series or volumes."""
    if isinstance(x, Tensor) and x.dim() not in (3, 4, 5):
        check_input(x)  # token ids are no series
        raise ValueError(
            f"x has shape {tuple(x.shape)}, but a class activation map needs images (N, C, H, W), "
            "series (N, C, L) or volumes (N, C, D, H, W), so that a layer's cells have places in "
            "them; for a single one pass x[None], for series (N, L) pass x[:, None] and a model "
            "that takes them, and other inputs of the model with xaicourse.bind"
        )


def listed(calls: list[LayerCall], most: int = 8) -> str:
    """Return names and shapes of the last layers."""
    return ", ".join(f"{c.name!r} {spelled(c.shape)}" for c in calls[-most:])


def spelled(shape: tuple[int, ...]) -> str:
    """Return a shape with N for the rows."""
    return f"{('N', *shape[1:])}".replace("'N'", "N")
