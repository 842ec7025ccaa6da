"""Task 00.1: the class that the model chooses for each input."""

import torch
from torch.nn.functional import one_hot

from xaicourse.course.grading.cases import WatchedModel, case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import before, swap

__all__ = ["CLASS_OF"]

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
SPREAD = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)


def class_of(model, x, *, choose=lambda scores: scores.argmax(dim=1)):
    """Return the index of the highest score of each input, (N,)."""
    return choose(model(x))


def linear(x, weight, bias):
    return x.flatten(1) @ weight + bias  # (N, K)


def pictures(n, height, width, classes, turn):
    """Return a linear model of `classes` scores and n small pictures in [0, 1], by name."""
    size = 3 * height * width
    weight = torch.sin(torch.arange(float(size * classes)) ** 1.5 * turn).reshape(size, classes)
    x = (torch.cos(torch.arange(float(n * size)) ** 1.5 * turn) + 1) / 2
    bias = torch.linspace(-0.4, 0.4, classes) - weight.sum(0) / 2  # a grey picture scores evenly
    model = WatchedModel((3, height, width), linear, weight.tolist(), bias.tolist())
    return {"model": model, "x": x.reshape(n, 3, height, width)}


CASES = (
    case("two", "two small pictures (3, 2, 4) and five classes", **pictures(2, 2, 4, 5, 3.8)),
    case("four", "four small pictures (3, 3, 2) and five classes", **pictures(4, 3, 2, 5, 3.0)),
    case("eight", "eight small pictures (3, 2, 5) and seven classes", **pictures(8, 2, 5, 7, 3.8)),
)


def reason(arguments):
    """Say whether the model was given (N, H, W, C) pictures."""
    n, c, h, w = arguments["x"].shape
    return "channels_last" if arguments["model"].refused in ((n, h, w, c), (h, w, c)) else None


MISTAKES = [
    # along which axis
    swap(
        "batch_axis",
        "You look along dim=0, over the inputs: that gives one number for each class. "
        "Look along dim=1, over the classes. See {section_number}.",
        choose=lambda scores: scores.argmax(dim=0),
    ),
    swap(
        "whole_batch",
        "argmax without dim looks at the whole batch and returns one number. Give it "
        "dim=1: one class for each input. See {section_number}.",
        choose=torch.argmax,
    ),
    swap(
        "first_only",
        "You return the class of the first input only. Return one class for each input "
        "of the batch.",
        choose=lambda scores: scores[0].argmax(),
    ),
    swap(
        "first_for_all",
        "All inputs get the class of the first one. Each input has its own scores.",
        choose=lambda z: z[0].argmax().expand(len(z)),
    ),
    swap(
        "mean_scores",
        "You average the scores over the batch first. Each input has its own class.",
        choose=lambda scores: scores.mean(0).argmax(),
    ),
    swap("mean_scores", "", choose=lambda z: z.mean(0).argmax().expand(len(z))),
    swap(
        "softmax_of_batch",
        "Your softmax runs along dim=0, over the inputs. Classes are on dim=1; for the "
        "best class you need no softmax.",
        choose=lambda z: z.softmax(0).argmax(1),
    ),
    # what is returned
    swap(
        "score",
        "These are the highest scores. Asked is the class that has it: argmax gives the"
        " place, max the value. See {section_number}.",
        choose=lambda scores: scores.max(1).values,
    ),
    swap(
        "probability",
        "These are the probabilities of the best classes. Asked is the number of the "
        "class: argmax. See {section_number}.",
        choose=lambda z: z.softmax(1).max(1).values,
    ),
    swap(
        "score_and_class",
        "max(dim=1) returns two things, the values and their places. Return the places "
        "only: .indices, or use argmax.",
        choose=lambda scores: tuple(scores.max(1)),
    ),
    swap(
        "all_scores",
        "You return all scores. Return the place of the highest one for each input: argmax(dim=1).",
        choose=lambda scores: scores,
    ),
    swap(
        "all_probabilities",
        "You return all probabilities. Return the place of the highest one for each "
        "input: argmax(dim=1).",
        choose=lambda scores: scores.softmax(1),
    ),
    swap(
        "one_hot",
        "You return a line of zeros and a one for each input. Return the place of the "
        "one: a class number for each input.",
        choose=lambda z: one_hot(z.argmax(1), z.shape[1]),
    ),
    swap("one_hot", "", choose=lambda scores: one_hot(scores.argmax(1))),
    swap(
        "ranking",
        "You return all classes in order, the best first. Return the first of each line"
        " only: [:, 0], or use argmax.",
        choose=lambda z: z.argsort(dim=1, descending=True),
    ),
    swap(
        "counts_from_one",
        "Your classes are counted from 1. Python counts from 0, and so do the labels.",
        choose=lambda scores: scores.argmax(1) + 1,
    ),
    # which class
    swap(
        "lowest",
        "This is the class with the lowest score. Asked is the highest one.",
        choose=lambda scores: scores.argmin(1),
    ),
    swap(
        "largest_size",
        "You take absolute values first, so a very negative score wins. Scores have a "
        "sign: the highest one wins.",
        choose=lambda scores: scores.abs().argmax(1),
    ),
    swap(
        "second_best",
        "This is the second best class of each input. Asked is the best one.",
        choose=lambda scores: scores.argsort(dim=1)[:, -2],
    ),
    # what the model is given
    before(
        "times_255",
        "You multiply x by 255. The model takes values in [0, 1]. See {section_input}.",
        x=lambda x: 255 * x,
    ),
    before("times_255", "", x=lambda x: (255 * x).round()),
    before(
        "divided_by_255",
        "You divide x by 255, but it is in [0, 1] already. See {section_input}.",
        x=lambda x: x / 255,
    ),
    before(
        "normalised_again",
        "You subtract a mean and divide by a spread. The models of this course do that "
        "inside, so it is done twice. See {section_input}.",
        x=lambda x: (x - MEAN) / SPREAD,
    ),
    before(
        "channels_last",
        "You turn x into (N, H, W, C). The model takes (N, C, H, W), as x is given. See"
        " {section_input}.",
        x=lambda x: x.permute(0, 2, 3, 1),
    ),
    before(
        "channels_reversed",
        "You reverse the order of the channels. The model takes them as x has them. See"
        " {section_input}.",
        x=lambda x: x.flip(1),
    ),
]

CLASS_OF = function_task(
    "00.1",
    class_of,
    cases=CASES,
    mistakes=MISTAKES,
    reason=reason,
    passed="Each input gets the number of its own best class.",
    hints=(
        "model(x) is a table: one line for each input, one column for each class. In "
        "which direction must you look for the highest score?",
        "argmax gives the place of the highest value, max gives the value. dim=0 runs "
        "over the inputs, dim=1 over the classes.",
        "One line is enough: return model(x).argmax(dim=1).",
    ),
)
