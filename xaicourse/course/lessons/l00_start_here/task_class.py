"""Task 00.1: the class that the model chooses for each input."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader, WatchedModel
from xaicourse.course.grading.task import Task

__all__ = ["CLASS_OF", "GRADER"]

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
SPREAD = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)


# ---------------------------------------------------------------- models and cases


def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x.flatten(1) @ weight + bias  # (N, K)


def _case(name: str, n: int, height: int, width: int, classes: int, turn: float) -> Case:
    """Make a linear model of `classes` scores and n small pictures in [0, 1]."""
    size = 3 * height * width
    weight = torch.sin(torch.arange(float(size * classes)) ** 1.5 * turn).reshape(size, classes)
    pictures = (torch.cos(torch.arange(float(n * size)) ** 1.5 * turn) + 1) / 2
    bias = torch.linspace(-0.4, 0.4, classes) - weight.sum(0) / 2  # a grey picture scores evenly
    model = WatchedModel((3, height, width), _linear, weight.tolist(), bias.tolist())
    return Case(name, {"model": model, "x": pictures.reshape(n, 3, height, width)})


CASES = (
    _case("two", 2, 2, 4, 5, 3.8),
    _case("four", 4, 3, 2, 5, 3.0),
    _case("eight", 8, 2, 5, 7, 3.8),
)


# ---------------------------------------------------------------- right and wrong answers


def class_of(model, x):
    """Return the index of the highest score of each input, (N,)."""
    return model(x).argmax(dim=1)


def batch_axis(model, x):
    return model(x).argmax(dim=0)


def whole_batch(model, x):
    return model(x).argmax()


def first_only(model, x):
    return model(x)[0].argmax()


def first_for_all(model, x):
    return model(x)[0].argmax().expand(len(x))


def mean_scores(model, x):
    return model(x).mean(0).argmax()


def score(model, x):
    return model(x).max(dim=1).values


def probability(model, x):
    return model(x).softmax(dim=1).max(dim=1).values


def score_and_class(model, x):
    return tuple(model(x).max(dim=1))


def all_scores(model, x):
    return model(x)


def all_probabilities(model, x):
    return model(x).softmax(dim=1)


def lowest(model, x):
    return model(x).argmin(dim=1)


def largest_size(model, x):
    return model(x).abs().argmax(dim=1)


def counts_from_one(model, x):
    return class_of(model, x) + 1


def times_255(model, x):
    return class_of(model, 255 * x)


def divided_by_255(model, x):
    return class_of(model, x / 255)


def normalised_again(model, x):
    return class_of(model, (x - MEAN) / SPREAD)


def channels_last(model, x):
    return class_of(model, x.permute(0, 2, 3, 1))


def channels_reversed(model, x):
    return class_of(model, x.flip(1))


def softmax_of_batch(model, x):
    return model(x).softmax(dim=0).argmax(dim=1)


def one_hot(model, x):
    return torch.nn.functional.one_hot(class_of(model, x), model(x).shape[1])


def ranking(model, x):
    return model(x).argsort(dim=1, descending=True)


def second_best(model, x):
    return model(x).argsort(dim=1)[:, -2]


def mean_for_all(model, x):
    return mean_scores(model, x).expand(len(x))


def one_hot_of_seen(model, x):
    return torch.nn.functional.one_hot(class_of(model, x))


def reason(arguments: Mapping[str, Any]) -> str | None:
    """Say whether the model was given (N, H, W, C) pictures."""
    n, c, h, w = arguments["x"].shape
    return "channels_last" if arguments["model"].refused in ((n, h, w, c), (h, w, c)) else None


WRONG = {
    function.__name__: function
    for function in (
        batch_axis,
        whole_batch,
        first_only,
        first_for_all,
        mean_scores,
        score,
        probability,
        score_and_class,
        all_scores,
        all_probabilities,
        lowest,
        largest_size,
        counts_from_one,
        times_255,
        divided_by_255,
        normalised_again,
        channels_last,
        channels_reversed,
        softmax_of_batch,
        one_hot,
        ranking,
        second_best,
    )
}
ALSO = {
    "mean_scores": [mean_for_all],
    "one_hot": [one_hot_of_seen],
    "times_255": [lambda model, x: class_of(model, (255 * x).round())],
}

GRADER = CaseGrader("00.1", CASES, class_of, WRONG, reason, ALSO)

CLASS_OF = Task(
    id="00.1",
    grade=GRADER,
    reference=class_of,
    misconceptions=WRONG,
)
