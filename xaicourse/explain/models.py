"""The model that was asked for: loaded, in eval mode, with what must be known of it."""

import importlib
import pickle
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.explain.classes import imagenet_names
from xaicourse.explain.model_names import ModelChoice, is_safetensors
from xaicourse.zoo.registry import MODELS
from xaicourse.zoo.torchvision_models import TorchvisionModel, torchvision_model

__all__ = ["Loaded", "load"]

INSIDE = ("state_dict", "model_state_dict", "model", "net", "weights")  # of a saved training
PREFIXES = ("module.", "_orig_mod.", "model.")  # what wrappers put before the names
RANDOM = (
    "Its weights are RANDOM: none are on this machine, and --weights FILE gives some. Guesses and "
    "map say nothing about the photo."
)


@dataclass(frozen=True)
class Loaded:
    """A model that takes photos (N, 3, 224, 224) in [0, 1]."""

    network: Callable[..., Any]
    title: str
    names: Sequence[str] | None
    warning: str = ""


def load(choice: ModelChoice, where: torch.device) -> Loaded:
    """Load a model; what it says about itself is true, random weights included."""
    loaded = {"zoo": _of_zoo, "torchvision": _of_torchvision, "function": _of_function}[
        choice.kind
    ](choice)
    if isinstance(loaded.network, nn.Module):
        loaded.network.to(where)
    return loaded if choice.labels is None else replace(loaded, names=choice.labels)


def _of_zoo(choice: ModelChoice) -> Loaded:
    record = MODELS[choice.name]
    names = None if record.class_names is None else list(record.class_names())
    return Loaded(record.build(), record.title.split(",")[0], names)


# ---------------------------------------------------------------- torchvision


def _of_torchvision(choice: ModelChoice) -> Loaded:
    title = f"torchvision's {choice.name}"
    if choice.weights is not None:
        network = _with_weights(choice.name, choice.weights)
        count = network(torch.zeros(1, 3, 224, 224)).shape[1]
        as_imagenet = choice.labels is None and count == len(imagenet_names())
        names = imagenet_names() if as_imagenet else None
        called = ", whose 1000 outputs are called as ImageNet's" if names else ""
        return Loaded(network, f"{title} with the weights in {choice.weights}{called}", names)
    try:
        network = torchvision_model(choice.name)
    except FileNotFoundError:
        return Loaded(torchvision_model(choice.name, weights=None), title, None, RANDOM)
    return Loaded(network, f"{title}, {network.weights}", network.categories)


def _with_weights(name: str, file: Path) -> TorchvisionModel:
    """Return torchvision's net with the numbers of a file, for as many classes as these are for."""
    from torchvision import models

    numbers = read_numbers(file)
    settings: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        has_aux = any(key.lower().startswith("aux") for key in numbers)
        settings = {"init_weights": False, "aux_logits": has_aux}
    with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it is
        network = models.get_model(name, weights=None, **settings)
        ours = network.state_dict()
        others = {
            (len(ours[key]), len(value))
            for key, value in numbers.items()
            if key in ours and value.dim() and ours[key].shape != value.shape
        }
        if len(others) == 1 and next(iter(others))[0] == 1000:  # trained on other classes
            settings["num_classes"] = next(iter(others))[1]
            network = models.get_model(name, weights=None, **settings)
    try:
        network.load_state_dict(numbers)
    except RuntimeError as error:
        reason = " ".join(str(error).partition(":\n")[2].split())[:200]
        raise ValueError(f"--weights {file} do not fit torchvision/{name}: {reason}") from None
    return TorchvisionModel(network, None).eval().requires_grad_(False)


def read_numbers(file: Path) -> dict[str, Tensor]:
    """Read a checkpoint: tensors by name, and nothing that could run as code."""
    with file.open("rb") as opened:
        start = opened.read(16)
    if is_safetensors(start):
        from safetensors.torch import load_file

        try:
            found: Any = load_file(file)
        except Exception as error:
            raise ValueError(f"--weights {file} is damaged: {error}") from None
    else:
        found = _unpickled(file)
    for key in INSIDE:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    named = isinstance(found, Mapping) and all(isinstance(v, Tensor) for v in found.values())
    if not named or not found:
        raise ValueError(
            f"--weights {file} holds no tensors by name; save them by "
            "torch.save(model.state_dict(), FILE)"
        )
    numbers = dict(found)
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in numbers):
            numbers = {key.removeprefix(prefix): value for key, value in numbers.items()}
    return numbers


def _unpickled(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice about archives of TorchScript
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        if "TorchScript" in str(error):
            raise ValueError(
                f"--weights {file} is a TorchScript program, code and all; save the numbers alone: "
                "torch.save(model.state_dict(), FILE), or load it in a function of your own, "
                "--model MODULE:FUNCTION"
            ) from None
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise ValueError(
                f"--weights {file} holds Python objects, which could run code when they are read, "
                "so it is refused; save the numbers alone: torch.save(model.state_dict(), FILE)"
            ) from None
        # not torch's own words, which advise to read it with less care
        raise ValueError(
            f"--weights {file} cannot be read; it is damaged, or torch.save did not write it"
        ) from None


# ---------------------------------------------------------------- a function of the caller


def _of_function(choice: ModelChoice) -> Loaded:
    module, _, name = choice.name.partition(":")
    try:
        thing = getattr(importlib.import_module(module), name)
    except AttributeError:
        raise ValueError(f"--model: {module} has no {name!r}") from None
    except Exception as error:
        raise ValueError(
            f"--model: {module} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    try:
        network = thing if isinstance(thing, nn.Module) else thing()
    except Exception as error:
        raise ValueError(
            f"--model {choice.name} is called without arguments and returns the model; it raised "
            f"{type(error).__name__}: {error}"
        ) from error
    if not callable(network):
        raise ValueError(f"--model {choice.name} must return a model, got {type(network).__name__}")
    if isinstance(network, nn.Module):
        network.eval().requires_grad_(False)
    names = getattr(network, "class_names", None) or getattr(network, "categories", None)
    return Loaded(network, choice.name, list(names) if names else None)
