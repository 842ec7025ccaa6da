"""What is known of methods and models before torch is imported, which takes seconds.

`methods.json` is written from the registries by ``python tools/make_stub.py``.
"""

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from xaicourse.core.near_names import nearest

__all__ = [
    "Method",
    "baselines",
    "choose_method",
    "known_models",
    "methods",
    "torchvision_names",
]

SHORT = {  # what people type -> the method
    "cam++": "grad_cam_plus_plus",
    "eg": "expected_gradients",
    "gbp": "guided_backprop",
    "gig": "guided_ig",
    "grad": "gradient",
    "grad_cam++": "grad_cam_plus_plus",
    "gradcam++": "grad_cam_plus_plus",
    "gradxinput": "input_x_gradient",
    "gxi": "input_x_gradient",
    "idgi": "important_direction_ig",
    "ig": "integrated_gradients",
    "ixg": "input_x_gradient",
    "sg": "smoothgrad",
    "vanilla_gradient": "gradient",
}
NEEDS = {  # what a method asks for that a photo does not bring
    "patterns": "patterns that were fitted on data",
    "fit": "an autoencoder that was fitted on data",
    "data": "pictures of two classes",
}


@dataclass(frozen=True)
class Method:
    """A method, as the registry knows it."""

    name: str
    title: str
    input: str
    result: str
    needs: tuple[str, ...]
    settings: tuple[str, ...]

    @property
    def refused(self) -> str:
        """Say why the method cannot explain one photo; "" if it can."""
        if self.input not in ("any", "image"):
            return f"it explains a {self.input}, no photo"
        if self.result not in ("input", "map"):
            return "its result is no map of a photo"
        wants = [text for need, text in NEEDS.items() if need in self.needs]
        return f"it needs {wants[0]}, so it is for Python: help(xc.{self.name})" if wants else ""


@cache
def _table() -> dict[str, Any]:
    text = files("xaicourse").joinpath("explain", "methods.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def methods() -> dict[str, Method]:
    """Return all methods of the registry: name -> what is known of it."""
    return {
        name: Method(
            name=name,
            title=facts["title"],
            input=facts["input"],
            result=facts["result"],
            needs=tuple(facts["needs"]),
            settings=tuple(facts["settings"]),
        )
        for name, facts in _table()["methods"].items()
    }


def baselines() -> list[str]:
    """Return the names of the gallery of baselines."""
    return _table()["baselines"]


def known_models() -> dict[str, list[int]]:
    """Return the shape of one input of each model in the zoo."""
    return _table()["models"]


def choose_method(name: str) -> Method:
    """Return the method of that name, if it explains a photo."""
    usable = {key: method for key, method in methods().items() if not method.refused}
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    found = methods().get(SHORT.get(plain, plain))
    if found is None:  # GradCAM, SmoothGrad
        same = [m for key, m in methods().items() if key.replace("_", "") == plain.replace("_", "")]
        found = same[0] if same else None
    if found is not None and not found.refused:
        return found
    if found is not None:
        raise ValueError(f"--method {found.name}: {found.refused}")
    close = get_close_matches(plain, usable, n=1)
    meant = (nearest(plain, usable) or next(iter(close), None)) if plain else None
    there = f"did you mean {meant!r}?" if meant else f"there are {', '.join(sorted(usable))}"
    raise ValueError(f"--method {name!r} is unknown; {there}")


@cache
def torchvision_names() -> list[str]:
    """Return torchvision's image classifiers, read from its files: its import takes seconds."""
    found = find_spec("torchvision")
    if found is None or found.origin is None:
        return []
    names = []
    for file in sorted(Path(found.origin).parent.joinpath("models").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        names += re.findall(r"^@register_model\(.*\)\n(?:@.*\n)*def (\w+)", text, re.MULTILINE)
    return names
