"""The truth strip: three short tests that end every lesson, the same for every method."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.photos import collage, collage_masks
from xaicourse.evaluation import controls
from xaicourse.evaluation.deletion import deletion
from xaicourse.evaluation.given_method import explainer
from xaicourse.evaluation.likeness import cosine
from xaicourse.evaluation.randomise import redrawn
from xaicourse.evaluation.seeds import seeded
from xaicourse.methods.spec import Spec
from xaicourse.zoo.registry import load

__all__ = ["TruthStrip", "randomise_last_layer", "truth_strip"]

EGYPTIAN_CAT, ESPRESSO = 285, 967
RANDOM_ORDERS = 4
PATCH = 14  # pixels: 256 patches of the collage are removed in STEPS steps
STEPS = 16


@dataclass(frozen=True, eq=False)
class TruthStrip:
    """What `truth_strip` measured. Each number has the value beside it that knows nothing.

    Parameters
    ----------
    method : str
        What was tested.
    maps : Tensor (3, 1, H, W)
        Cat, espresso, and the cat again from the net whose last layer was drawn anew; summed
        over channels.
    own_share : Tensor (2,)
        Share of the absolute map that lies in the half of the explained class: cat, espresso.
        A map that ignores the class has a mean of exactly 0.5.
    deletion : Tensor (2,)
        Deletion minus the mean of random orders, in logits, for cat and espresso; below 0 is
        better than chance.
    random_spread : Tensor (2,)
        Standard deviation of the random orders.
    cosine : float
        Of the cat's map with the map of the randomised net; the right answer is near 0, because
        almost nothing of what was learnt about cats is left.
    absolute_cosine : float
        The same for absolute maps: what the eye compares.
    shuffled_cosine : float
        The control of `absolute_cosine`: the cat's absolute map with its own pixels in random
        places.
    """

    method: str
    maps: Tensor
    own_share: Tensor
    deletion: Tensor
    random_spread: Tensor
    cosine: float
    absolute_cosine: float
    shuffled_cosine: float

    def __repr__(self) -> str:
        return (
            f"TruthStrip({self.method}: own half {float(self.own_share.mean()):.2f}, deletion "
            f"{float(self.deletion.mean()):+.2f}, cosine to randomised {self.cosine:.2f})"
        )


@suggest_names
def truth_strip(
    method: str | Spec | Callable[..., Tensor],
    *,
    model: nn.Module | None = None,
    seed: int = 0,
    batch_size: int | None = None,
) -> TruthStrip:
    """Put a method to three tests whose right answer is known before the map is seen.

    1. *Known answer.* On the collage, what speaks for the cat lies in the cat's half.
    2. *Deletion.* Patches are blurred, the most important first; the mean logit must fall faster
       than in random orders.
    3. *Randomised net.* The last layer forgets its classes; the map has to change.

    Parameters
    ----------
    method : str, Spec or callable
        A name in ``xc.METHODS``, ``xc.spec(name, ...)``, or a function ``(model, x, target)``
        that returns maps (N, C, H, W). It is called for three rows.
    model : nn.Module, optional
        An ImageNet model for pictures in [0, 1]; EfficientNet-Lite0 without it.
    seed : int
        Of the random orders and the drawn layer.
    batch_size : int, optional
        Rows in the model at once.

    Returns
    -------
    TruthStrip
        Show it with ``xc.plot.truth_strip``.

    Raises
    ------
    TypeError, ValueError
        If `method` is none, or its maps do not have a value for each pixel.

    Notes
    -----
    Passing is necessary and not sufficient: one picture, two classes.
    """
    explain = explainer(method, batch_size)
    net = load("efficientnet_lite0") if model is None else model
    device = next(net.parameters()).device
    picture = collage(device=device)  # (1, 3, 224, 224)
    both = picture.repeat(2, 1, 1, 1)
    target = torch.tensor([EGYPTIAN_CAT, ESPRESSO], device=device)

    found = _pixels(explain(net, both, target), both)  # (2, 1, H, W)
    ruined = randomise_last_layer(net, seed)
    other = _pixels(explain(ruined, picture, target[:1]), picture)  # (1, 1, H, W)
    noise = [controls.random(both, seed=seed + k) for k in range(RANDOM_ORDERS)]
    own, *chance = (
        _deletion(net, both, maps, target, seed, batch_size)  # (2,)
        for maps in (found, *noise)
    )
    likeness = _likeness(found[:1].flatten(), other.flatten(), seed)
    return TruthStrip(
        method=_name(method),
        maps=torch.cat([found, other]).cpu(),
        own_share=_own_share(found).cpu(),
        deletion=(own - torch.stack(chance).mean(dim=0)).cpu(),
        random_spread=torch.stack(chance).std(dim=0).cpu(),
        **likeness,
    )


def randomise_last_layer(model: nn.Module, seed: int = 0) -> nn.Module:
    """Return a copy of the model whose last linear layer is drawn anew, with its old spread.

    The caller's model stays as it is.

    Parameters
    ----------
    model : nn.Module
        A model with an nn.Linear layer.
    seed : int
        Of the draw; equal seeds give equal weights, and the global random state stays as it is.

    Returns
    -------
    nn.Module
        The last linear layer's weights are normal, with the mean and standard deviation of the
        old ones; its bias is the old one.

    Raises
    ------
    ValueError
        If the model has no linear layer.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    ruined = copy.deepcopy(model)
    linear = [module for module in ruined.modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError("model has no nn.Linear layer whose weights could be drawn anew")
    weight = linear[-1].weight
    draw = torch.randn(weight.shape, generator=seeded(seed), dtype=torch.float64)
    with torch.no_grad():
        weight.copy_(redrawn(weight, draw.to(weight.dtype).to(weight.device)))
    return ruined


def _likeness(cat: Tensor, other: Tensor, seed: int) -> dict[str, float]:
    """Return the three cosines of the cat's map (P,): with another, of sizes, with shuffled."""
    shuffled = cat[torch.randperm(len(cat), generator=seeded(seed)).to(cat.device)]
    return {
        "cosine": cosine(cat, other),
        "absolute_cosine": cosine(cat.abs(), other.abs()),
        "shuffled_cosine": cosine(cat.abs(), shuffled.abs()),
    }


def _pixels(maps: Tensor, x: Tensor) -> Tensor:
    """Sum over channels: (N, 1, H, W)."""
    wanted = (len(x), *x.shape[2:])
    if not isinstance(maps, Tensor) or maps.dim() != 4 or (len(maps), *maps.shape[2:]) != wanted:
        raise ValueError(
            f"method must return one value a pixel, (N, C, H, W) for x of shape {tuple(x.shape)}, "
            f"got {tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__}"
        )
    return maps.detach().sum(dim=1, keepdim=True)


def _own_share(found: Tensor) -> Tensor:
    """Return which share of |map| lies in the explained class's half, (2,); NaN for a zero map."""
    halves = torch.stack(collage_masks(device=found.device))  # cat left, espresso right
    size = found[:, 0].abs().double() if found.device.type == "cpu" else found[:, 0].abs()
    return (size * halves).sum(dim=(1, 2)) / size.sum(dim=(1, 2))


def _deletion(
    model: nn.Module, x: Tensor, maps: Tensor, target: Tensor, seed: int, batch_size: int | None
) -> Tensor:
    result = deletion(
        model, x, maps, target, imputer="blur", output="logit", unit=PATCH, steps=STEPS,
        seed=seed, batch_size=batch_size,
    )  # fmt: skip
    return result.values  # (2,)


def _name(method: Any) -> str:
    if isinstance(method, str):
        return method
    return getattr(method, "name", None) or getattr(method, "__name__", type(method).__name__)
