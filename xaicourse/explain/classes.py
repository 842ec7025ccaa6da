"""The class that a number, a name or a part of a name means. No torch: a wrong one is told at once.

Names are those of a model's outputs, in their order; None where the outputs have none.
"""

import difflib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

__all__ = [
    "Explained",
    "choose_class",
    "choose_only",
    "imagenet_names",
    "near_classes",
    "read_labels",
]

MOST_CANDIDATES = 12  # so many classes are named in an error


@dataclass(frozen=True)
class Explained:
    """A class of the model, chosen by the caller or by the model."""

    number: int
    name: str = ""
    only: bool = False  # the model has no other output

    def __str__(self) -> str:
        if self.only:
            return f'the output "{self.name}"' if self.name else "the output"
        return f'"{self.name}" (class {self.number})' if self.name else f"class {self.number}"


@cache
def imagenet_names() -> tuple[str, ...]:
    """Return the 1000 class names of ImageNet, read without the models that answer with them."""
    text = files("xaicourse").joinpath("zoo", "imagenet_labels.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


def read_labels(file: str | Path) -> tuple[str, ...]:
    """Return the names of a model's outputs: a line each, a JSON list, or JSON {"0": name, ...}."""
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"--labels: there is no file {file}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"--labels {file} is no text in UTF-8") from None
    names: Any = [line.strip() for line in text.strip().splitlines()]
    if text.lstrip()[:1] in ("[", "{"):
        try:
            names = json.loads(text)
        except ValueError as error:
            raise ValueError(f"--labels {file} begins like JSON and is none: {error}") from None
    if isinstance(names, dict):
        numbers = sorted(names, key=lambda n: (len(n), n))
        if numbers != [str(k) for k in range(len(names))]:
            raise ValueError(
                f"--labels {file} must name the outputs 0 to {len(names) - 1}, each once; its keys "
                f"are {', '.join(numbers[:5])} ..."
            )
        names = [names[number] for number in numbers]
    # a class index of Keras or torchvision: {"0": ["n01440764", "tench"], ...}
    names = [name[-1] if isinstance(name, list) and name else name for name in names]
    if not all(isinstance(name, str) and name.strip() for name in names) or len(names) < 2:
        raise ValueError(
            f"--labels {file} must hold a name for each of two classes or more, one a line, in the "
            "order of the model's outputs"
        )
    return tuple(name.strip() for name in names)


def choose_class(
    text: str, names: Sequence[str] | None, count: int | None = None, whose: str = "the model"
) -> Explained:
    """Return the one class that is meant; `count` is how many there are, where that is known."""
    wanted = " ".join(text.lower().split())
    if not wanted:
        raise ValueError('--target is empty; give a class number or a name such as "tabby"')
    if re.fullmatch(r"[+-]?\d+", wanted):
        return _numbered(int(wanted), names, count)
    if names is None:
        raise ValueError(
            f"--target {text!r}: the classes of {whose} have no names; give a number"
            + (f" from 0 to {count - 1}" if count else "")
        )
    if list(names).count(text.strip()) == 1:  # a Cardigan is a dog, a cardigan is not
        return Explained(list(names).index(text.strip()), text.strip())
    # The whole name, then whole words of it, then any part: "cat" means no cathedral.
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    tests: tuple[Callable[[str], object], ...] = (
        lambda name: name == wanted,
        word.search,
        lambda name: wanted in name,
    )
    for test in tests:
        fits = [Explained(k, name) for k, name in enumerate(names) if test(name.lower())]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ValueError(
                f"--target {text!r} fits {len(fits)} classes: {_listed(fits)}; "
                "choose one by its number"
            )
    near = near_classes(wanted, names)
    hint = f"near it are {_listed(near)}" if near else f"give a class number, 0 to {len(names) - 1}"
    kind = "ImageNet class" if tuple(names) == imagenet_names() else f"class of {whose}"
    raise ValueError(f"--target {text!r} is no {kind}; {hint}")


def choose_only(text: str | None, name: str, label: str) -> Explained:
    """Return the only output of a model; a target may name it, or be 0."""
    if text is not None and text.strip() not in ("0", name or "0"):
        raise ValueError(
            f"--target {text!r}: {label} has one output only; leave --target out, or give 0"
        )
    return Explained(0, name, only=True)


def _numbered(number: int, names: Sequence[str] | None, count: int | None) -> Explained:
    count = len(names) if count is None and names is not None else count
    if number < 0 or (count is not None and number >= count):
        there = (
            "classes are counted from 0" if count is None else f"classes go from 0 to {count - 1}"
        )
        raise ValueError(f"--target {number} is out of range: {there}")
    return Explained(number, names[number] if names is not None else "")


def near_classes(wanted: str, names: Sequence[str]) -> list[Explained]:
    """Return classes whose name, or a word of it, is spelled much like `wanted`."""
    spelled: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        for part in {name.lower(), *name.lower().split()}:
            spelled.setdefault(part, []).append(k)
    close = difflib.get_close_matches(wanted, spelled, n=5, cutoff=0.7)
    numbers = dict.fromkeys(k for part in close for k in spelled[part])
    return [Explained(k, names[k]) for k in numbers]


def _listed(classes: list[Explained]) -> str:
    shown = ", ".join(f"{c.number} {c.name}" for c in classes[:MOST_CANDIDATES])
    more = len(classes) - MOST_CANDIDATES
    return f"{shown} and {more} more" if more > 0 else shown
