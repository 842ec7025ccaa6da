"""All tasks of the course by their ids: each ``task_*.py`` of a room holds one or more of them."""

from importlib import import_module

from xaicourse.core.places import rooms
from xaicourse.course.grading.task import Task

__all__ = ["TASKS"]


def find_tasks() -> dict[str, Task]:
    """Read the task files of all rooms and return id -> task, in the order of the ids."""
    names = [f"{room.name}.{file.stem}" for room in rooms() for file in room.glob("task_*.py")]
    modules = [import_module(f"xaicourse.course.lessons.{name}") for name in names]
    found = [thing for module in modules for thing in vars(module).values()]
    tasks = sorted((thing for thing in found if isinstance(thing, Task)), key=lambda t: t.id)
    return {task.id: task for task in tasks}


TASKS = find_tasks()
