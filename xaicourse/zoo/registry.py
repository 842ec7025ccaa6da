"""The list of models that the course offers, and the one function that loads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from xaicourse.zoo import efficientnet_lite
from xaicourse.zoo.toy_net import toy


@dataclass(frozen=True)
class ModelRecord:
    """What the course knows about one model.

    Attributes
    ----------
    name : the name to pass to ``xc.zoo.load``.
    title : one line that says what it is.
    input_shape : shape of one input, without the batch axis.
    classes : number of outputs; None for a model with one number a row.
    licence, source : of the weights.
    sha256 : of the weights file; None where the weights are written in the code.
    offline : True when loading never needs a network once the course is installed.
    build : makes the model, on the CPU, in eval mode, parameters frozen.
    """

    name: str
    title: str
    input_shape: tuple[int, ...]
    classes: int | None
    licence: str
    source: str
    sha256: str | None
    offline: bool
    build: Callable[..., nn.Module] = field(repr=False, compare=False)


_RECORDS = (
    ModelRecord(
        name="efficientnet_lite0",
        title="EfficientNet-Lite0, trained on ImageNet (1000 classes, 4.7 million parameters)",
        input_shape=(3, 224, 224),
        classes=1000,
        licence="Apache-2.0 upstream (Google's Lite checkpoints); the package states none",
        source=f"Python package {efficientnet_lite.WEIGHTS_PACKAGE} 0.1.0",
        sha256=efficientnet_lite.WEIGHTS_SHA256,
        offline=True,
        build=efficientnet_lite.efficientnet_lite0,
    ),
    ModelRecord(
        name="toy",
        title="TOY: two inputs, three ReLUs, one output; every answer can be worked out by hand",
        input_shape=(2,),
        classes=None,
        licence="Apache-2.0",
        source="this course",
        sha256=None,
        offline=True,
        build=toy,
    ),
)

MODELS: dict[str, ModelRecord] = {record.name: record for record in _RECORDS}


def load(name: str, *, device: str | torch.device | None = None, **settings: object) -> nn.Module:
    """Load a model of the course by name: eval mode, parameters frozen, ready to be explained.

    Parameters
    ----------
    name : str
        A key of ``xc.zoo.MODELS``.
    device : str or torch.device, optional
        Where to put it; the CPU unless told otherwise.
    **settings
        Handed to the model, e.g. ``folded=False`` for "efficientnet_lite0".

    Examples
    --------
    >>> import xaicourse as xc
    >>> model = xc.zoo.load("efficientnet_lite0")
    """
    if name not in MODELS:
        raise ValueError(f"name: there is no model {name!r}; there are {', '.join(MODELS)}.")
    return MODELS[name].build(**settings).to(device or "cpu")
