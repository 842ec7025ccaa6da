"""Calling a student's function: by names or by position, and nothing it does can escape."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["call", "describe_error", "require_function"]

# Other names that students and papers give to the same argument.
ALIASES = {
    "model": {"f", "net", "network", "func", "function", "forward"},
    "x": {"input", "inputs", "image", "images", "photo", "x_input"},
    "target": {"t", "label", "labels", "class_", "cls", "target_class", "c", "targets", "k"},
    "baseline": {"x0", "x_prime", "xp", "x_baseline", "reference", "base", "baselines"},
    "steps": {"n", "n_steps", "num_steps", "m", "nsteps"},
}


def require_function(answer: Any, name: str) -> None:
    """Refuse an answer that is no function: its result, its name, or nothing."""
    if not callable(answer):
        refuse("general/not_a_function", kind=type(answer).__name__, name=name)


def call(function: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> Any:
    """Call `function` with `arguments`; whatever it raises settles the outcome.

    The names of its parameters are used if they are known, its positions otherwise.
    """
    names = _names(function, arguments)
    try:
        if names is None:
            return function(*arguments.values())
        return function(**{names[role]: value for role, value in arguments.items()})
    except Settled as settled:
        if settled.outcome.status == "passed":  # not from us: that an answer passed is returned
            raise Settled(describe_error(settled, function, where)) from None
        raise
    except BaseException as error:  # SystemExit included: it must not end the checker
        raise Settled(describe_error(error, function, where)) from None


def _names(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, str] | None:
    """Return role -> parameter name if that is clear for all roles, else None."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    free = [parameter.name for parameter in parameters if parameter.kind in kinds]
    found: dict[str, str] = {}
    for role in arguments:
        fits = [name for name in free if name == role]
        fits = fits or [name for name in free if name.lower() in ALIASES.get(role, ())]
        if len(fits) != 1:
            return None
        found[role] = fits[0]
    if len(set(found.values())) < len(found):
        return None
    try:  # a decorator may look like what it wraps, and take arguments by position only
        inspect.signature(function, follow_wrapped=False).bind(**dict.fromkeys(found.values(), 0))
    except (TypeError, ValueError):
        return None
    return found


def describe_error(error: BaseException, function: Any, where: str) -> Outcome:
    """Turn an exception of the student's code into an outcome: not done yet, or what stopped it."""
    said = _said(error)
    if isinstance(error, NotImplementedError) and "aten::" not in said:
        return Outcome("not_done", messages.text("general/not_done"))
    if isinstance(error, MemoryError) or "can't allocate memory" in said:
        return Outcome("not_right", messages.text("general/memory"))
    if isinstance(error, SystemExit):
        return Outcome("not_right", messages.text("general/exits", where=where))
    line = _line(error, function)
    place = messages.text("general/in_line", line=line) if line else ""
    name = type(error).__name__
    shown = f"{name}: {said}" if said else name
    stopped = messages.text("general/raises", error=shown, line=place, where=where)
    if type(error) is NameError:
        stopped += f" {messages.text('general/no_name', name=error.name)}"
    return Outcome("not_right", stopped)


def _said(error: BaseException) -> str:
    try:
        lines = str(error).strip().splitlines()
    except BaseException:
        return ""
    return lines[0][:160].rstrip(". ") if lines else ""


def _line(error: BaseException, function: Any) -> int | None:
    """Return the last line of the student's own file or cell that the error passed through."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    file = getattr(code, "co_filename", None)
    step, line = error.__traceback__, None
    while step is not None:
        if file is not None and step.tb_frame.f_code.co_filename == file:
            line = step.tb_lineno
        step = step.tb_next
    return line
