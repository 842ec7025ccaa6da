"""Mistakes as data: what is done differently, under a name, beside what the student then reads.

A right function has named steps, keyword-only parameters with defaults:
``def split(x, target, *, relu=torch.relu)``. A mistake is then one of

- `swap`: the right function with another step,
- `before`: the right function with another argument,
- `after`: something done to the right result,
- `leaving`: the right result, and something left behind on an argument,
- `beside`: the right function, and something wrong in another part of the answer,
- `own`: a wrong function of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from inspect import Parameter, signature
from typing import Any, Literal

__all__ = [
    "Mistake",
    "after",
    "before",
    "beside",
    "leaving",
    "own",
    "saying",
    "swap",
    "without_steps",
]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """A wrong way to do a task.

    Attributes
    ----------
    name : str
        Its name in the task. Of two with one name, the second is another form of the first.
    says : str
        What the student reads; empty for another form.
    make : callable
        Makes the wrong function of the right one.
    seen_in : str
        "numbers", or "traces" if the numbers are right and something is left behind.
    parts : mapping
        Wrong parts beside a right function.
    """

    name: str
    says: str
    make: Callable[[Function], Function]
    seen_in: Literal["numbers", "traces"] = "numbers"
    parts: Mapping[str, Any] = field(default_factory=dict)


def swap(name: str, says: str, /, **steps: Any) -> Mistake:
    """Return the right function with other steps."""

    def make(right: Function) -> Function:
        unknown = steps.keys() - _steps(right)
        if unknown:
            raise ValueError(f"mistake {name!r}: {right.__name__} has no step {min(unknown)!r}")
        return partial(right, **steps)

    return Mistake(name, says, make)


def before(name: str, says: str, /, **changes: Function) -> Mistake:
    """Return the right function with other arguments: ``quantile=lambda quantile: 1 - quantile``.

    A change may ask for further arguments of the task by their names.
    """

    def make(right: Function) -> Function:
        @_called_like(right)
        def wrong(given: dict[str, Any]) -> Any:
            changed = {key: _apply(change, given[key], given) for key, change in changes.items()}
            return right(**{**given, **changed})

        return wrong

    return Mistake(name, says, make)


def after(name: str, says: str, change: Function, /) -> Mistake:
    """Return ``change(right result)``; it may ask for arguments of the task by their names."""

    def make(right: Function) -> Function:
        @_called_like(right)
        def wrong(given: dict[str, Any]) -> Any:
            return _apply(change, right(**given), given)

        return wrong

    return Mistake(name, says, make)


def leaving(name: str, says: str, leave: Function, /) -> Mistake:
    """Return the right function that then calls ``leave(layers, x)``, with arguments by name."""

    def make(right: Function) -> Function:
        @_called_like(right)
        def wrong(given: dict[str, Any]) -> Any:
            result = right(**given)
            leave(**{name: given[name] for name in signature(leave).parameters})
            return result

        return wrong

    return Mistake(name, says, make, "traces")


def beside(name: str, says: str, /, **parts: Any) -> Mistake:
    """Return the right function, handed in with other parts beside it."""
    return Mistake(name, says, without_steps, parts=parts)


def own(
    name: str, says: str, function: Function, /, seen_in: Literal["numbers", "traces"] = "numbers"
) -> Mistake:
    """Return a wrong function of its own."""
    return Mistake(name, says, lambda right: function, seen_in)


def saying(mistakes: Iterable[Mistake], **words: str) -> list[Mistake]:
    """Fill the holes in the words of shared mistakes: ``saying(WHICH_NUMBER, score="logit")``."""
    filled = []
    for mistake in mistakes:
        says = mistake.says
        for hole, word in words.items():
            says = says.replace(f"{{{hole}}}", word)
        filled.append(replace(mistake, says=says))
    return filled


def without_steps(right: Function) -> Function:
    """Return the right function as a student may see it: its steps cannot be passed."""
    if not _steps(right):
        return right

    @_called_like(right)
    def reference(given: dict[str, Any]) -> Any:
        return right(**given)

    return reference


# ---------------------------------------------------------------- how functions are called


def _steps(function: Function) -> set[str]:
    parameters = signature(function).parameters.values()
    return {each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY}


def _called_like(right: Function) -> Callable[[Callable[[dict[str, Any]], Any]], Function]:
    """Let a function of {name: argument} be called as the right one, without its steps."""
    steps, whole = _steps(right), signature(right)
    shown = whole.replace(parameters=[p for p in whole.parameters.values() if p.name not in steps])

    def decorate(inner: Callable[..., Any]) -> Function:
        @wraps(right)
        def outer(*arguments: Any, **named: Any) -> Any:
            return inner(dict(shown.bind(*arguments, **named).arguments))

        outer.__signature__ = shown  # type: ignore[attr-defined]
        return outer

    return decorate


def _apply(change: Function, first: Any, given: Mapping[str, Any]) -> Any:
    """Call ``change(first)``, with the further arguments that it names."""
    try:
        wanted = list(signature(change).parameters)[1:]
    except ValueError:  # torch.abs, for example: it takes the first alone
        wanted = []
    return change(first, **{name: given[name] for name in wanted if name in given})
