"""The name that was meant: for a keyword, a method or a setting that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "nearest"]

# what other libraries call it
_ELSEWHERE = {
    "background": "baselines",
    "eps": "epsilon",
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


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return which of the known names was meant, or None."""
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


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the rest of a sentence that names what was meant, or what there is."""
    known = list(known)
    meant = nearest(name, known)
    return f"did you mean {meant!r}?" if meant else f"there are {', '.join(known)}"
