"""The wrong functions of the bug hunts."""

import inspect
from collections.abc import Callable

from xaicourse.exercise.tasks import BUG_BODIES

__all__ = ["bugs"]


def bugs(task: str, *, show: bool = True) -> dict[str, Callable]:
    """Print the source of the wrong functions of a bug hunt and return them by name.

    Parameters
    ----------
    task : str
        The task, such as "05.4".
    show : bool
        False returns the functions without printing their source.

    Returns
    -------
    dict
        Name ("a", "b", ...) to function.
    """
    if task not in BUG_BODIES:
        known = ", ".join(sorted(BUG_BODIES))
        raise ValueError(f"task {task!r} is no bug hunt; bug hunts are: {known}")
    if show:
        print("\n\n".join(inspect.getsource(body).rstrip() for body in BUG_BODIES[task].values()))
    return dict(BUG_BODIES[task])
