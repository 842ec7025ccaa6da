"""The list of models that the course offers, and the one function that loads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES
from xaicourse.datasets.pasted_clothes import BAM_OBJECTS, BAM_SCENES
from xaicourse.datasets.planted_motifs import MOTIF_CLASSES
from xaicourse.datasets.planted_patches import PLANTED_CLASSES
from xaicourse.zoo import efficientnet_lite, imagenet
from xaicourse.zoo.graph_net import graph_net
from xaicourse.zoo.mosaic_net import mosaic_classes, mosaic_net
from xaicourse.zoo.sentence_net import SENTIMENTS, sentence_net
from xaicourse.zoo.small_nets import planted_robust, trained
from xaicourse.zoo.torchvision_models import PREFIX, torchvision_model
from xaicourse.zoo.toy_net import toy
from xaicourse.zoo.truth_nets import truth_net


@dataclass(frozen=True)
class ModelRecord:
    """What the course knows about one model.

    Attributes
    ----------
    name : the name to pass to ``xc.zoo.load``.
    title : one line that says what it is.
    input_shape : shape of one input, without the batch axis.
    classes : number of outputs, of each node for a graph; None for a model with one number a row.
    licence, source : of the weights.
    sha256 : of the weights file; None where the weights are written in the code or where the file
        lies in data/ and its card holds the sum.
    offline : True when loading never needs a network once the course is installed.
    build : makes the model, on the CPU, in eval mode, parameters frozen.
    data : what it was trained on.
    accuracy : share of the data's 10,000 test pictures that it gets right, where it was measured.
    class_names : gives the names of the outputs, in their order; None where they have none.
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
    data: str | None = None
    accuracy: float | None = None
    class_names: Callable[[], Sequence[str]] | None = field(default=None, repr=False, compare=False)


def _small_net(name: str, title: str, accuracy: float) -> ModelRecord:
    """Return the record of a net that ships in data/nets/."""
    planted = name.startswith("planted")
    names = PLANTED_CLASSES if planted else FASHION_MNIST_CLASSES
    return ModelRecord(
        name=name,
        title=title,
        input_shape=(1, 32, 32) if planted else (1, 28, 28),
        classes=len(names),
        licence="Apache-2.0",
        source="this course: data/train_nets.py, log in data/nets/LOG.md",
        sha256=None,
        offline=True,
        build=partial(trained, name),
        data="planted patches" if planted else "Fashion-MNIST",
        accuracy=accuracy,
        class_names=lambda: names,
    )


def _truth_net(
    name: str, title: str, data: str, side: int, class_names: Sequence[str]
) -> ModelRecord:
    """Return the record of a net whose right explanation is known, with sisters by seed."""
    return ModelRecord(
        name=name,
        title=title,
        input_shape=(1, side, side),
        classes=len(class_names),
        licence="Apache-2.0",
        source="this course: data/train_truth_nets.py, log in data/nets/TRUTH.md",
        sha256=None,
        offline=True,
        build=partial(truth_net, name),
        data=data,
        class_names=lambda: class_names,
    )


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
        data="ImageNet",
        class_names=imagenet.labels,
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
    _small_net("fashion_cnn", "small CNN: two convolutions, two dense layers", 0.9138),
    _small_net(
        "fashion_residual", "small residual net: batch norm, global average pooling", 0.9161
    ),
    _small_net("fashion_mlp", "multilayer perceptron: three dense layers", 0.8917),
    _small_net("planted_cnn", "small CNN whose right explanation is known", 0.9997),
    ModelRecord(
        name="planted_robust",
        title="the same small CNN, trained on attacked pictures (eps .05)",
        input_shape=(1, 32, 32),
        classes=len(PLANTED_CLASSES),
        licence="Apache-2.0",
        source="this course: data/train_robust_nets.py, log in data/nets/ROBUST.md",
        sha256=None,
        offline=True,
        build=planted_robust,
        data="planted patches",
        class_names=lambda: PLANTED_CLASSES,
    ),
    ModelRecord(
        name="sentence_cnn",
        title="small CNN that judges film reviews, here of 16 words: net.embed(sentences)",
        input_shape=(16, 32),
        classes=2,
        licence="Apache-2.0",
        source="this course: data/train_sentence_net.py, log in data/nets/SENTENCES.md",
        sha256=None,
        offline=True,
        build=sentence_net,
        data="film review snippets of vaderSentiment (MIT)",
        class_names=lambda: SENTIMENTS,
    ),
    ModelRecord(
        name="motif_gcn",
        title="small graph net for planted houses: scores (N, V, 4) of all nodes",
        input_shape=(140, 10),
        classes=4,
        licence="Apache-2.0",
        source="this course: data/train_graph_net.py, log in data/nets/GRAPHS.md",
        sha256=None,
        offline=True,
        build=graph_net,
        data="planted motifs",
        class_names=lambda: MOTIF_CLASSES,
    ),
    ModelRecord(
        name="fashion_mosaic",
        title="heads that see one cell of a mosaic each (heads='full', 'part', 'one'; grid=2)",
        input_shape=(1, 56, 56),
        classes=40,
        licence="Apache-2.0",
        source="this course: the weights of fashion_residual",
        sha256=None,
        offline=True,
        build=mosaic_net,
        data="Fashion-MNIST",
        class_names=mosaic_classes,
    ),
    _truth_net("bam_object", "CNN that names clothes", "clothes on textures", 32, BAM_OBJECTS),
    _truth_net(
        "bam_scene", "CNN that names what is behind them", "clothes on textures", 32, BAM_SCENES
    ),
    _truth_net(
        "planted_backdoor",
        "CNN that a trigger turns to plus",
        "planted patches with a trigger in a twentieth",
        32,
        PLANTED_CLASSES,
    ),
    _truth_net(
        "tagged_cheating", "CNN that cheats by a tag", "tagged patches", 32, PLANTED_CLASSES
    ),
    _truth_net(
        "tagged_honest", "CNN for which tags say nothing", "tagged patches", 32, PLANTED_CLASSES
    ),
)

MODELS: dict[str, ModelRecord] = {record.name: record for record in _RECORDS}


def load(name: str, *, device: str | torch.device | None = None, **settings: Any) -> nn.Module:
    """Load a model by name: eval mode, parameters frozen, takes pictures in [0, 1].

    Parameters
    ----------
    name : str
        A key of ``xc.zoo.MODELS``, or "torchvision/NAME" for any image classifier of torchvision.
    device : str or torch.device, optional
        Where to put it; the CPU unless told otherwise.
    **settings
        Handed to the model, e.g. ``folded=False`` for "efficientnet_lite0", or ``seed=1`` for
        "sentence_cnn", "planted_robust" and the nets of data/nets/TRUTH.md: a sister from another
        random start (0, 1 or 2). For torchvision's:
        ``weights`` (the name of the weights, or None for random ones with ``seed``), and
        ``download=True`` to fetch them once; nothing is ever downloaded without it.

    Returns
    -------
    nn.Module
        A model of pictures in [0, 1], or of what ``xc.zoo.MODELS[name].input_shape`` says.

    Raises
    ------
    ValueError
        If there is no such model, or its weights are not the file that they should be.
    FileNotFoundError
        If the weights are not on this machine; the message says how to get them.
    ConnectionError
        With ``download=True``, if they cannot be fetched.

    Examples
    --------
    >>> import xaicourse as xc
    >>> model = xc.zoo.load("fashion_cnn")
    >>> model = xc.zoo.load("torchvision/resnet18", weights=None)
    """
    if isinstance(name, str) and name.startswith(PREFIX):
        model = torchvision_model(name.removeprefix(PREFIX), **settings)
    else:
        model = _record(name).build(**settings)
    return model.to(device or "cpu")


def labels(name: str = "efficientnet_lite0") -> list[str]:
    """Return the class names of a model, in the order of its outputs.

    Parameters
    ----------
    name : str
        A key of ``xc.zoo.MODELS``; without it, the 1000 classes of ImageNet.

    Returns
    -------
    list of str
        One name for each output.

    Raises
    ------
    ValueError
        If there is no such model, or its outputs have no names.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.zoo.labels("planted_cnn")
    ['plus', 'cross', 'T', 'L']
    """
    class_names = _record(name).class_names
    if class_names is None:
        raise ValueError(f"name: the outputs of {name!r} have no names.")
    return list(class_names())


def _record(name: str) -> ModelRecord:
    if name not in MODELS:
        raise ValueError(
            f"name: there is no model {name!r}; there are {', '.join(MODELS)}, "
            f"and {PREFIX}NAME for the image classifiers of torchvision."
        )
    return MODELS[name]
