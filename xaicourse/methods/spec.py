"""A method with its settings as a value: hashable, picklable, JSON-able."""

import inspect
import json
import math
from dataclasses import dataclass
from typing import Any

from xaicourse.core.near_names import did_you_mean
from xaicourse.core.registry import MethodRecord
from xaicourse.methods import all_methods

__all__ = ["Spec", "spec"]


@dataclass(frozen=True, eq=False)
class Spec:
    """The name of a method and its settings; call it like the method. Made by `spec`.

    Two specs are equal when their JSON is, so that a dict and a file of results agree.
    """

    name: str
    settings: tuple[tuple[str, Any], ...] = ()

    def __call__(self, model: Any, x: Any, target: Any = None, **more: Any) -> Any:
        return self.record.method(model, x, target, **dict(self.settings), **more)

    @property
    def record(self) -> MethodRecord:
        """What the registry knows of the method."""
        return _record(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def to_json(self) -> str:
        """Return the method and its settings as JSON text, the same for equal specs."""
        return json.dumps({"method": self.name, "settings": dict(self.settings)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """Read what `to_json` wrote."""
        content = json.loads(text)
        return spec(content["method"], **content["settings"])


def spec(name: str, **settings: Any) -> Spec:
    """Write down a method with its settings, to be called, compared, stored or used as a key.

    Parameters
    ----------
    name : str
        A name in ``xc.METHODS``.
    **settings
        Keyword arguments of the method: numbers, texts, booleans or None.

    Returns
    -------
    Spec

    Raises
    ------
    ValueError
        If there is no such method, or it has no such setting.
    TypeError
        If a setting cannot be stored as JSON.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.spec("integrated_gradients", steps=32).to_json()
    '{"method": "integrated_gradients", "settings": {"steps": 32}}'
    """
    known = inspect.signature(_record(name).method).parameters
    for key, value in settings.items():
        if key not in known or key in ("model", "x", "target"):
            raise ValueError(f"{name} has no setting {key!r}; {did_you_mean(key, list(known)[3:])}")
        if not isinstance(value, int | float | str | bool | type(None)):
            raise TypeError(
                f"setting {key} is a {type(value).__name__}; a spec holds numbers, texts, "
                "booleans or None"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"setting {key} is {value}; a spec holds finite numbers")
    return Spec(name, tuple(sorted(settings.items())))


def _record(name: str) -> MethodRecord:
    methods = all_methods()
    if name not in methods:
        raise ValueError(f"there is no method {name!r}; {did_you_mean(name, sorted(methods))}")
    return methods[name]
