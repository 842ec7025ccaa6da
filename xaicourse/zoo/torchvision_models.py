"""Any image classifier of torchvision by name, as a download that is always asked for.

torchvision is imported when a model is asked for, not before: it takes two seconds.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

PREFIX = "torchvision/"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


class TorchvisionModel(nn.Module):
    """A classifier of torchvision that takes images in [0, 1]: the normalisation is inside.

    Attributes
    ----------
    model : the network itself, whose layers keep torchvision's names.
    weights : name of the weights, e.g. "ResNet18_Weights.IMAGENET1K_V1"; None when random.
    categories : the class names, in the order of the outputs.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, model: nn.Module, weights: Any) -> None:
        super().__init__()
        preset = weights.transforms() if weights else None
        mean = preset.mean if preset else IMAGENET_MEAN
        deviation = preset.std if preset else IMAGENET_DEVIATION
        self.model = model
        self.weights = str(weights) if weights else None
        self.categories = list(weights.meta["categories"] or []) if weights else None
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (N, classes) of images (N, 3, H, W) with values in [0, 1]."""
        return self.model((images - self.mean) / self.deviation)


def torchvision_model(
    name: str, *, weights: str | None = "DEFAULT", download: bool = False, seed: int = 0
) -> TorchvisionModel:
    """Build a classifier of torchvision, in eval mode and frozen.

    Parameters
    ----------
    name : str
        As torchvision calls it: "resnet18", "vgg16", "vit_b_16" ...
    weights : str or None
        Name of the weights, e.g. "IMAGENET1K_V1"; "DEFAULT" is torchvision's best. None gives
        random weights, for tests of code that does not care what the model knows.
    download : bool
        True fetches weights that are not on this machine yet. Without it nothing is downloaded.
    seed : int
        Of the random weights; the global random state stays as it is.
    """
    from torchvision import models

    _check_name(name, models.list_models(module=models))
    chosen = None
    if weights is not None:
        chosen = _chosen_weights(name, weights)
        _check_file(name, chosen, _local_file(chosen, name, download))
    settings: dict[str, Any] = {}
    if chosen is None and name in ("googlenet", "inception_v3"):
        settings = {"init_weights": False, "aux_logits": False}  # their own start takes a minute
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU alone: a GPU's state stays too
        # The file is on this machine and was proved whole above, so nothing is fetched here.
        model = models.get_model(name, weights=chosen, **settings)
    return TorchvisionModel(model, chosen).eval().requires_grad_(False)


def _check_name(name: str, known: list[str]) -> None:
    if name not in known:
        similar = difflib.get_close_matches(name, known, n=3) or ["resnet18", "vgg16", "vit_b_16"]
        raise ValueError(
            f"name: torchvision has no image classifier {name!r}; did you mean "
            f"{' or '.join(similar)}? torchvision.models.list_models(module=torchvision.models) "
            "lists all."
        )


def _chosen_weights(name: str, weights: str) -> Any:
    """Return torchvision's own record of the weights called ``weights``."""
    from torchvision import models

    known = models.get_model_weights(name)
    short = str(weights).split(".")[-1]  # "ResNet18_Weights.IMAGENET1K_V1" is fine too
    if short not in known.__members__:
        raise ValueError(
            f"weights: {name} has no weights {weights!r}; there are "
            f"{', '.join(known.__members__)}, and None for random ones."
        )
    return known[short]


def _local_file(chosen: Any, name: str, download: bool) -> Path:
    """Return where the weights lie on this machine, after fetching them if that was asked for."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / chosen.url.rsplit("/", 1)[-1]
    if path.is_file():
        return path
    size = f"{chosen.meta['_file_size']:.0f} MB"
    by_hand = f"Without a network here: copy {chosen.url} to {path}."
    if not download:
        raise FileNotFoundError(
            f"The weights {chosen} of {PREFIX}{name} ({size}) are not on this machine. Fetch them "
            f"once with  xc.zoo.load('{PREFIX}{name}', weights='{chosen.name}', download=True) . "
            f"{by_hand} Or use a model that is always there, such as 'efficientnet_lite0'."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:  # written to a temporary file, checked, and moved into place when whole
        torch.hub.download_url_to_file(chosen.url, str(path), _hash_in_name(path))
    except (OSError, RuntimeError) as error:
        raise ConnectionError(
            f"The weights {chosen} of {PREFIX}{name} ({size}) could not be downloaded: {error}. "
            f"Is there a network? {by_hand}"
        ) from error
    return path


def _hash_in_name(path: Path) -> str:
    """Return the start of the sha256 that is part of the file's name: resnet18-f37072fd.pth."""
    match = re.search(r"-([0-9a-f]{8,})\.", path.name)
    if match is None:
        raise ValueError(f"{path.name} does not tell its sha256, so it cannot be checked.")
    return match.group(1)


def _check_file(name: str, chosen: Any, path: Path) -> None:
    """Raise unless the file is the published one and holds nothing but tensors."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(_hash_in_name(path)):
        raise ValueError(
            f"The weights file {path} of {PREFIX}{name} is damaged: its sha256 begins with "
            f"{found[:8]}. Delete it and load the model again with download=True."
        )
    # torchvision reads it once more, without this restriction: by then it is known to be harmless.
    torch.load(path, map_location="meta", weights_only=True)
