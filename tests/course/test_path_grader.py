"""The grader of path methods serves other paths than the straight one of lesson 05."""

from functools import cached_property

import pytest
import torch

from xaicourse.course.grading.mistakes import saying
from xaicourse.course.grading.path import Path
from xaicourse.course.grading.path_grader import path_task
from xaicourse.course.grading.path_mistakes import WRONG_PATHS
from xaicourse.course.grading.path_numbers import SCORE, WRONG_CLASSES, WRONG_SCORES
from xaicourse.course.grading.path_probes import CURVED, SHAPES

NAMED = ("no_difference", "difference_reversed", "class_before", "softmax", "rows_averaged")


def powers(x):
    """Return how late each feature moves, shaped as one input: 1, 2 or 3."""
    return 1.0 + (torch.arange(x[0].numel()) % 3).reshape(x.shape[1:]).to(x)


class Bent(Path):
    """A path on which the features move one after the other: x' + alpha ** power (x - x')."""

    @cached_property
    def points(self):
        return self.baseline + self.alphas ** powers(self.x) * self.delta

    def mean(self, slopes):
        power = powers(self.x)
        return super().mean(power * self.alphas ** (power - 1) * slopes)


def along_bent_path(model, x, target, baseline, steps):
    power, total = powers(x), torch.zeros_like(x)
    for k in range(steps):
        alpha = torch.tensor((k + 0.5) / steps)
        point = (baseline + alpha**power * (x - baseline)).detach().requires_grad_(True)
        score = model(point)[torch.arange(len(x)), target].sum()
        total += power * alpha ** (power - 1) * torch.autograd.grad(score, point)[0] / steps
    return (x - baseline) * total


def straight(model, x, target, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).detach().requires_grad_(True)
        score = model(point)[torch.arange(len(x)), target].sum()
        total += torch.autograd.grad(score, point)[0] / steps
    return (x - baseline) * total


@pytest.fixture(scope="module")
def task():
    mistakes = saying([*WRONG_PATHS, *WRONG_CLASSES, *WRONG_SCORES], **SCORE, see="See it.")
    hints = ("One.", "Two.", "Three.")
    words = {"mistakes": mistakes, "passed": "Good.", "hints": hints}
    return path_task("99.7", along_bent_path, core=CURVED, shapes=SHAPES, path=Bent, **words)


def test_the_bent_path_passes_and_the_straight_one_does_not(task):
    assert task.grade(along_bent_path).status == "passed"
    assert task.grade(straight).status == "not_right"


@pytest.mark.parametrize("name", NAMED)
def test_mistakes_keep_their_names_on_another_path(task, name):
    assert task.grade(task.misconceptions[name]).diagnosis == name
