"""Draw the top layers of a network anew, and compare its maps with those of the original."""

from __future__ import annotations

import copy
from typing import Annotated

import torch
from torch import Tensor, nn

from xaicourse.core.near_names import suggest_names
from xaicourse.evaluation.likeness import cosine
from xaicourse.evaluation.randomise import redrawn
from xaicourse.evaluation.seeds import seeded
from xaicourse.widgets.documented import documented


@documented
class Likeness:
    """How much two maps of the same photo are alike: cosines, each with its control."""

    signed: Annotated[float, "The cosine of the maps as they are."]
    signed_control: Annotated[float, "The same with the first map's pixels in random places."]
    absolute: Annotated[float, "Of absolute maps, which is what the eye compares."]
    absolute_control: Annotated[float, "The same with pixels in random places."]


def weight_layers(model: nn.Module) -> list[str]:
    """Return the names of all layers with a weight matrix or kernel, from the output down.

    The order is that in which the model lists its modules, reversed.

    Parameters
    ----------
    model : nn.Module
        Any network.

    Returns
    -------
    list of str
        Names as in ``model.named_modules()``.
    """
    weights = {name: getattr(layer, "weight", None) for name, layer in model.named_modules()}
    return [n for n, w in weights.items() if isinstance(w, nn.Parameter) and w.dim() >= 2][::-1]


@suggest_names
def randomise_top(model: nn.Module, layers: int, *, seed: int = 0) -> nn.Module:
    """Return a copy of the model whose top layers have forgotten what they learnt.

    Every weight of a layer is drawn anew from a normal distribution with the layer's own mean and
    spread. A layer's draw depends on the seed and the layer alone: with one layer more, those
    above stay as they were. Biases stay.

    Parameters
    ----------
    model : nn.Module
        The original; it is not changed.
    layers : int
        How many layers with weights, counted from the output.
    seed : int
        Another seed, another draw.

    Returns
    -------
    nn.Module
        On the model's device.

    Raises
    ------
    ValueError
        If the model has not so many layers with weights.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> toy = xc.zoo.toy()
    >>> other = xc.widgets.randomise_top(toy, 1)
    >>> torch.equal(other.hidden.weight, toy.hidden.weight)
    True
    """
    names = weight_layers(model)
    if isinstance(layers, bool) or not isinstance(layers, int) or not 0 <= layers <= len(names):
        raise ValueError(f"layers must be a whole number from 0 to {len(names)}, got {layers!r}")
    other = copy.deepcopy(model)
    for place, name in enumerate(names[:layers]):
        weight = other.get_submodule(name).get_parameter("weight")
        draw = torch.randn(weight.shape, generator=seeded(1000 * seed + place)).to(weight)
        with torch.no_grad():
            weight.copy_(redrawn(weight, draw))
    return other


@suggest_names
def likeness(first: Tensor, second: Tensor, *, seed: int = 0) -> Likeness:
    """Compare two maps of one shape; the control shuffles the pixels of the first.

    Parameters
    ----------
    first, second : Tensor
        Maps of any shape.
    seed : int
        Of the shuffle.

    Returns
    -------
    Likeness
        Cosines, with and without signs, each with its control.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"second must have the shape of first, {tuple(first.shape)}, got {tuple(second.shape)}"
        )
    mixed = first.flatten()[torch.randperm(first.numel(), generator=seeded(seed))]
    return Likeness(
        signed=cosine(first, second),
        signed_control=cosine(mixed, second),
        absolute=cosine(first.abs(), second.abs()),
        absolute_control=cosine(mixed.abs(), second.abs()),
    )
