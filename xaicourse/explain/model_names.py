"""Which model a text means: one of the zoo, one of torchvision, or a function of the caller."""

import re
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from xaicourse.explain.known import known_models, torchvision_names

__all__ = ["CHECKPOINTS", "ModelChoice", "choose_model", "is_safetensors"]

PHOTO_SHAPE = [3, 224, 224]
PREFIX = "torchvision/"
CHECKPOINTS = (".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".tar")
WAYS = "torchvision/NAME (with --weights FILE for weights of your own) or MODULE:FUNCTION"


@dataclass(frozen=True)
class ModelChoice:
    """A model that was asked for; nothing of it is loaded yet."""

    kind: str  # zoo, torchvision or function
    name: str
    weights: Path | None = None
    labels: tuple[str, ...] | None = None  # names of its outputs, where the caller gave them

    @property
    def label(self) -> str:
        """The model's name as one would type it."""
        return f"{PREFIX}{self.name}" if self.kind == "torchvision" else self.name


def choose_model(name: str, weights: str | Path | None = None) -> ModelChoice:
    """Return the model that is meant, after all looks that need no torch."""
    short = name.removeprefix(PREFIX)
    if name in known_models():
        _check_zoo(name, weights)
        return ModelChoice("zoo", name)
    if short in torchvision_names():
        return ModelChoice("torchvision", short, None if weights is None else _checkpoint(weights))
    _refuse_file(name)
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name):
        if weights is not None:
            raise ValueError(
                "--weights is for models of torchvision; let the function load its own"
            )
        _check_module(name.partition(":")[0])
        return ModelChoice("function", name)
    if name.lower().endswith(CHECKPOINTS) or Path(name).is_file():
        raise ValueError(
            f"--model {name!r} is a file of numbers, which does not say whose: give the net, too, "
            f"as in --model torchvision/resnet18 --weights {name}, or MODULE:FUNCTION for a net of "
            "your own"
        )
    raise ValueError(_unknown(name, short))


def _refuse_file(name: str) -> None:
    """Raise where a file of Python, or a module without its function, was given as the model."""
    file, _, function = name.partition(":")
    if file.lower().endswith(".py"):
        module = re.sub(r"[/\\]+", ".", file.removeprefix("./")[:-3]).strip(".")
        raise ValueError(
            f"--model {name!r}: name the module as `import` does, without .py, and the function: "
            f"{module}:{function or 'FUNCTION'}"
        )
    if not function and Path(f"{file}.py").is_file():
        raise ValueError(
            f"--model {name!r} is a module; name its function that returns the model, too: "
            f"{file}:FUNCTION"
        )


def _check_zoo(name: str, weights: str | Path | None) -> None:
    shape = known_models()[name]
    if shape != PHOTO_SHAPE:
        takes = " x ".join(map(str, shape))
        raise ValueError(
            f"--model {name!r} takes no photos, but inputs of {takes}; give one of "
            f"{', '.join(photo_models())}, {WAYS}"
        )
    if weights is not None:
        raise ValueError(f"--weights is for models of torchvision; {name} has its own")


def photo_models() -> list[str]:
    """Return the models of the zoo that take photos."""
    return [name for name, shape in known_models().items() if shape == PHOTO_SHAPE]


def _unknown(name: str, short: str) -> str:
    if name.startswith(PREFIX):
        near = [f"{PREFIX}{n}" for n in get_close_matches(short, torchvision_names(), n=3)]
    else:
        near = get_close_matches(name, [*photo_models(), *torchvision_names()], n=3)
    if near:
        return f"--model {name!r} is unknown; did you mean {' or '.join(near)}?"
    return f"--model {name!r} is unknown; give one of {', '.join(photo_models())}, {WAYS}"


def _check_module(module: str) -> None:
    """Raise unless the module of a function is there; it is not imported."""
    here = str(Path.cwd())
    if here not in sys.path:  # as for `python -m`: a file beside the photos
        sys.path.insert(0, here)
    top = module.partition(".")[0]
    if find_spec(top) is None:
        raise ValueError(
            f"--model: there is no module {top!r}, neither in this folder nor installed"
        )


def _checkpoint(file: str | Path) -> Path:
    file = Path(file)
    if file.is_dir() or not file.is_file():
        raise ValueError(f"--weights: there is no file {file}")
    with file.open("rb") as opened:
        start = opened.read(16)
    if not (is_safetensors(start) or start[:2] == b"PK" or start[:1] == b"\x80"):
        raise ValueError(
            f"--weights {file} is neither a safetensors file nor one that torch.save wrote"
        )
    return file


def is_safetensors(start: bytes) -> bool:
    """Say whether a file begins as safetensors do: a length, then a header in JSON."""
    return start[8:9] == b"{" and start[:2] != b"PK"
