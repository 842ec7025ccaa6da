"""Functions that a task hands out: those of the bug hunts, and three makers of maps."""

import inspect
from collections.abc import Callable

from xaicourse.core.near_names import suggest_names
from xaicourse.course.lessons.l00_start_here.task_evidence import MAP_MAKERS
from xaicourse.course.lessons.tasks import TASKS
from xaicourse.course.progress.names import known_name

__all__ = ["bugs", "map_makers"]


@suggest_names
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

    Raises
    ------
    ValueError
        If the task is no bug hunt.
    """
    hunts = {name: record.bugs for name, record in TASKS.items() if record.bugs}
    name = known_name("task", task, TASKS)
    if name not in hunts:
        raise ValueError(f"task {name} is no bug hunt; bug hunts are: {', '.join(hunts)}")
    if show:
        print("\n\n".join(inspect.getsource(body).rstrip() for body in hunts[name].values()))
    return dict(hunts[name])


def map_makers() -> dict[str, Callable]:
    """Return three functions by their letters, one of which never looks at the model.

    Each is called as ``maker(model, x, target)`` with x of shape (1, 3, H, W), H and W multiples
    of 8, and returns a map of 8 x 8 patches. Task 00.5 asks which is which.

    Returns
    -------
    dict
        Letter to function.
    """
    return dict(MAP_MAKERS)
