"""Task 06.3: the two-component pattern of a neuron with a ReLU."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l06_patterns.task_linear import mixed

__all__ = ["TWO_COMPONENTS"]


def numerator(x, y, on):
    return (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()


def neuron(x, w, b):
    return x @ w + b


def positive(x, y, b):
    return y > 0


def scale(top, w, x, y, on):
    return w @ top


def two_component(x, w, b, *, active=positive, values=neuron, top=numerator, below=scale):
    """Return a+ = (E+[xy] - E+[x] E[y]) / (w . (the same)), (D,)."""
    on = active(x, neuron(x, w, b), b)
    y = values(x, w, b)
    above = top(x, y, on)
    return above / below(above, w, x, y, on)


CASES = (
    case(
        "centred",
        "no bias, inputs with mean about 0",
        x=mixed(3, 12, 2, 0.0),
        w=torch.tensor([1.0, -1.0]),
        b=0.0,
    ),
    case(
        "bias",
        "the bias 1.5: often active",
        x=mixed(4, 20, 3, 0.5),
        w=torch.tensor([0.5, 1.0, -1.5]),
        b=1.5,
    ),
    case(
        "rarely",
        "the bias -2: not often active",
        x=mixed(5, 40, 3, 1.0),
        w=torch.tensor([1.0, -2.0, 0.7]),
        b=-2.0,
    ),
)


# ---------------------------------------------------------------- the task

MISTAKES = [
    # which inputs are active
    swap(
        "linear",
        "This is the linear pattern, over all inputs. E+ takes the active ones only.",
        active=lambda x, y, b: y == y,
    ),
    swap(
        "bias_not_in_the_gate",
        "You call an input active if w . x > 0. The relu sees the bias, too: w . x + b > 0.",
        active=lambda x, y, b: y - b > 0,
    ),
    swap(
        "inactive_side",
        "This is the pattern of the inputs with y < 0. Take those with y > 0.",
        active=lambda x, y, b: y <= 0,
    ),
    # three means, each over its own inputs
    swap(
        "active_mean_of_y",
        "You use the mean of y over the active inputs. E[y] is over all of them.",
        top=lambda x, y, on: (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y[on].mean(),
    ),
    swap(
        "all_mean_of_x",
        "You use the mean of x over all inputs. E+[x] is over the active ones.",
        top=lambda x, y, on: (x[on] * y[on, None]).mean(0) - x.mean(0) * y.mean(),
    ),
    swap(
        "two_kinds_of_mean",
        "E+[x y] is a mean over the active inputs only: divide by how many are active, not by M.",
        top=lambda x, y, on: (x * (y * on)[:, None]).mean(0) - x[on].mean(0) * y.mean(),
    ),
    # y before the relu
    swap(
        "relu_of_y",
        "You averaged relu(y). E[y] is the mean of y before the relu.",
        values=lambda x, w, b: neuron(x, w, b).relu(),
    ),
    swap(
        "linear_of_relu",
        "This is the linear pattern of relu(y). Use y before the relu, and E+ for the active "
        "inputs.",
        values=lambda x, w, b: neuron(x, w, b).relu(),
        active=lambda x, y, b: y == y,
    ),
    # the vector above the line
    swap(
        "not_centred",
        "The term E+[x] E[y] is missing.",
        top=lambda x, y, on: (x[on] * y[on, None]).mean(0),
    ),
    swap(
        "plus_for_minus",
        "You add E+[x] E[y]. It must be taken away.",
        top=lambda x, y, on: (x[on] * y[on, None]).mean(0) + x[on].mean(0) * y.mean(),
    ),
    # by what it is divided
    swap(
        "not_divided",
        "Divide by w . (the same vector), so that w . a = 1.",
        below=lambda top, w, x, y, on: 1,
    ),
    swap(
        "by_active_variance",
        "You divide by the variance of y over the active inputs. Divide by w . (the vector "
        "above the line).",
        below=lambda top, w, x, y, on: y[on].var(unbiased=False),
    ),
    swap("by_active_variance", "", below=lambda top, w, x, y, on: y[on].var()),
    swap(
        "by_variance",
        "You divide by the variance of y. Divide by w . (the vector above the line).",
        below=lambda top, w, x, y, on: y.var(unbiased=False),
    ),
    swap("by_variance", "", below=lambda top, w, x, y, on: y.var()),
    swap(
        "half_of_the_scale",
        "Below the line stands only E+[x y]. It must be w . (the whole vector above the line).",
        below=lambda top, w, x, y, on: w @ (x[on] * y[on, None]).mean(0),
    ),
    # another vector
    own(
        "along_the_weights",
        "This is the direction of the weights, whatever the data are.",
        lambda x, w, b: w / (w @ w),
    ),
    after(
        "unit_length",
        "You scaled the pattern to length 1. Scale it so that w . a = 1.",
        lambda a: a / a.norm(),
    ),
    after("sizes", "The sizes are right. Keep the signs.", torch.abs),
]

TWO_COMPONENTS = function_task(
    "06.3",
    two_component,
    cases=CASES,
    mistakes=MISTAKES,
    passed=(
        "Only the inputs at which the relu is open say what its signal looks like, and w . a "
        "is 1 again."
    ),
    hints=(
        "Compute y for all inputs, bias included. `active = y > 0` says which inputs belong to E+.",
        "Three means: (x[active] * y[active, None]).mean(0), x[active].mean(0), and y.mean() "
        "over ALL inputs, active or not.",
        "top = (x[active] * y[active, None]).mean(0) - x[active].mean(0) * y.mean(); return "
        "top / (w @ top).",
    ),
)
