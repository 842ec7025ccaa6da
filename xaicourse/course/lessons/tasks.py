"""All tasks of the course, by their ids."""

from xaicourse.course.grading.task import Task
from xaicourse.course.lessons import (
    l00_start_here,
    l01_saliency,
    l02_guided_backprop,
    l03_relevance,
    l04_class_activation_maps,
    l05_integrated_gradients,
    l06_patterns,
    l07_noise,
    l08_biases,
)

__all__ = ["BUG_BODIES", "MAP_MAKERS", "TASKS"]

TASKS: dict[str, Task] = {
    task.id: task
    for lesson in (
        l00_start_here,
        l01_saliency,
        l02_guided_backprop,
        l03_relevance,
        l04_class_activation_maps,
        l05_integrated_gradients,
        l06_patterns,
        l07_noise,
        l08_biases,
    )
    for task in lesson.LESSON
}
BUG_BODIES = {**l05_integrated_gradients.BUG_BODIES}
MAP_MAKERS = l00_start_here.MAP_MAKERS
