"""The name that was meant: for a keyword, a method or a setting that does not exist."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

__all__ = ["check_names", "did_you_mean", "nearest", "suggest_names"]

Called = TypeVar("Called", bound=Callable[..., Any])

# what other libraries call it
_ELSEWHERE = {
    "background": "baselines",
    "eps": "epsilon",
    "epsilon": "eps",
    "inputs": "x",
    "internal_batch_size": "batch_size",
    "labels": "target",
    "n_steps": "steps",
    "nt_samples": "samples",
    "reference": "baseline",
    "references": "baselines",
    "std": "sigma",
    "stdev_spread": "sigma",
    "stdevs": "sigma",
}


def nearest(name: Any, known: Iterable[str]) -> str | None:
    """Return which of the known names was meant, or None."""
    if not isinstance(name, str):
        return None
    known = list(known)
    if _ELSEWHERE.get(name) in known:
        return _ELSEWHERE[name]
    plain = {k.replace("_", ""): k for k in known}
    if found := plain.get(name.lower().replace("_", "")):
        return found
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.85)
    words = name.lower().split("_")[::-1]  # the last word is the thing: target_layer is a layer
    inside = [k for word in words for k in known if k in (word, word.removesuffix("s"))]
    inside += [k for k in known if name in k.split("_")]
    far = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    return next(iter([*close, *inside, *far]), None)


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """Return the rest of a sentence that names what was meant, or what there is."""
    known = list(known)
    meant = nearest(name, known)
    return f"did you mean {meant!r}?" if meant else f"there are {', '.join(known)}"


def check_names(
    function: Callable[..., Any], given: Iterable[str], known: Mapping[str, Any]
) -> None:
    """Raise if a keyword is none of the function's, and say which was meant."""
    for name in given:
        if name not in known:
            called = function.__qualname__.removesuffix(".__init__")
            raise TypeError(
                f"{called}() got an unexpected keyword argument {name!r}; "
                f"{did_you_mean(name, [k for k in known if k != 'self'])}"
            )


def suggest_names(function: Called) -> Called:
    """Let a public function or class say which keyword was meant; of a class it is `__init__`."""
    if isinstance(function, type):
        function.__init__ = suggest_names(function.__init__)  # type: ignore[misc]
        return function  # type: ignore[return-value]
    known = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return function  # whoever gets the **settings says it

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        check_names(function, given, known)
        return function(*args, **given)

    return called  # type: ignore[return-value]
