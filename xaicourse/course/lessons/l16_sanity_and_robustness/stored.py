"""What data/make_moved_maps.py made: twins of collages, fooled nets, nets on permuted labels."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from xaicourse.datasets.photos import collage, collage_masks
from xaicourse.datasets.shipped import read_tensors
from xaicourse.widgets.documented import documented
from xaicourse.zoo.small_nets import fashion_cnn

__all__ = ["CollageTwin", "collage_twins", "digit_nets", "fooled_nets"]

LEVEL = 1 / 255


@documented
class CollageTwin:
    """A collage of two photos, and a twin whose map was moved."""

    name: Annotated[str, "Left and right photo."]
    x: Annotated[Tensor, "(1, 3, 224, 224): The collage."]
    twin: Annotated[Tensor, "(1, 3, 224, 224): At most 4 grey levels of 255 away."]
    own: Annotated[Tensor, "(224, 224): The half with what the best class is."]


def collage_twins() -> list[CollageTwin]:
    """Return five collages with their stored twins, on the CPU.

    Returns
    -------
    list of CollageTwin
        The attack knew the gradient of EfficientNet-Lite0, and kept its best class.

    Examples
    --------
    >>> import xaicourse as xc
    >>> first = xc.widgets.collage_twins()[0]
    >>> first.name, round(float((first.twin - first.x).abs().max() * 255))
    ('chelsea, coffee', 4)
    """
    in_left, in_right = collage_masks()
    halves = {"left": in_left, "right": in_right}
    found = []
    for name, change in read_tensors("twins.safetensors").items():
        left, right, side = name.split()
        x = collage(left, right)
        twin = (x + LEVEL * change).clamp(0, 1)
        found.append(CollageTwin(f"{left}, {right}", x, twin, halves[side]))
    return sorted(found, key=lambda one: (one.name != "chelsea, coffee", one.name))


def fooled_nets() -> dict[str, nn.Module]:
    """Return "fashion_cnn" as it was fine-tuned to have its gradients in a frame.

    Returns
    -------
    dict of str to nn.Module
        "0", "1", "2": three seeds; "control": fine-tuned without this aim. On the CPU, frozen.

    Examples
    --------
    >>> import xaicourse as xc
    >>> list(xc.widgets.fooled_nets())
    ['0', '1', '2', 'control']
    """
    stored = read_tensors("nets/fooled.safetensors")
    nets: dict[str, nn.Module] = {}
    for name in ("0", "1", "2", "control"):
        net = fashion_cnn()
        net.load_state_dict({key: stored[f"{name}.{key}"].float() for key in net.state_dict()})
        nets[name] = net.eval().requires_grad_(False)
    return nets


def digit_nets(labels: str = "right") -> list[nn.Module]:
    """Return small nets of handwritten digits, one for each seed.

    Parameters
    ----------
    labels : str
        "right": four nets; "permuted": three that learnt permuted labels by heart.

    Returns
    -------
    list of nn.Module
        (N, 1, 8, 8) to (N, 10), on the CPU, frozen. They learnt the first 1,400 digits.

    Raises
    ------
    ValueError
        If there are no such nets.

    Examples
    --------
    >>> import xaicourse as xc
    >>> len(xc.widgets.digit_nets("permuted"))
    3
    """
    seeds = {"right": 4, "permuted": 3}
    if labels not in seeds:
        raise ValueError(f"labels must be one of {', '.join(seeds)}, got {labels!r}")
    stored = read_tensors("nets/digit_labels.safetensors")
    return [small_net(stored, f"{labels}.{seed}.") for seed in range(seeds[labels])]


def small_net(stored: dict[str, Tensor], prefix: str) -> nn.Module:
    """Return the net whose weights have this prefix."""
    first, second = (stored[f"{prefix}{layer}.weight"] for layer in ("first", "second"))
    layers = nn.Linear(first.shape[1], len(first)), nn.Linear(second.shape[1], len(second))
    for layer, name in zip(layers, ("first", "second"), strict=True):
        layer.load_state_dict({key: stored[f"{prefix}{name}.{key}"] for key in ("weight", "bias")})
    net = nn.Sequential(nn.Flatten(), layers[0], nn.ReLU(), layers[1])
    return net.eval().requires_grad_(False)
