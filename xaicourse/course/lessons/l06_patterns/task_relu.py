"""Task 06.3: the two-component pattern of a neuron with a ReLU."""

import torch

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.lessons.l06_patterns.task_linear import mixed

__all__ = ["GRADER", "TWO_COMPONENTS"]


# ---------------------------------------------------------------- cases

CASES = (
    Case("centred", {"x": mixed(3, 12, 2, 0.0), "w": torch.tensor([1.0, -1.0]), "b": 0.0}),
    Case("bias", {"x": mixed(4, 20, 3, 0.5), "w": torch.tensor([0.5, 1.0, -1.5]), "b": 1.5}),
    Case("rarely", {"x": mixed(5, 40, 3, 1.0), "w": torch.tensor([1.0, -2.0, 0.7]), "b": -2.0}),
)


# ---------------------------------------------------------------- right and wrong answers


def _parts(x, w, b):
    y = x @ w + b
    return y, y > 0


def _scaled(top, w):
    return top / (w @ top)


def _numerator(x, y, on):
    return (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()


def two_component(x, w, b):
    """Return a+ = (E+[xy] - E+[x] E[y]) / (w . (the same)), (D,)."""
    y, on = _parts(x, w, b)
    return _scaled(_numerator(x, y, on), w)


def linear(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled(_numerator(x, y, on | True), w)


def bias_not_in_the_gate(x, w, b):
    y, _ = _parts(x, w, b)
    return _scaled(_numerator(x, y, x @ w > 0), w)


def active_mean_of_y(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x[on] * y[on, None]).mean(0) - x[on].mean(0) * y[on].mean(), w)


def all_mean_of_x(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x[on] * y[on, None]).mean(0) - x.mean(0) * y.mean(), w)


def two_kinds_of_mean(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x * (y * on)[:, None]).mean(0) - x[on].mean(0) * y.mean(), w)


def relu_of_y(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.relu().mean(), w)


def linear_of_relu(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled(_numerator(x, y.relu(), on | True), w)


def not_centred(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x[on] * y[on, None]).mean(0), w)


def inactive_side(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled(_numerator(x, y, ~on), w)


def not_divided(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on)


def by_active_variance(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on) / y[on].var(unbiased=False)


def by_variance(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on) / y.var(unbiased=False)


def by_active_variance_fewer(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on) / y[on].var()


def by_variance_fewer(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on) / y.var()


def half_of_the_scale(x, w, b):
    y, on = _parts(x, w, b)
    return _numerator(x, y, on) / (w @ (x[on] * y[on, None]).mean(0))


def plus_for_minus(x, w, b):
    y, on = _parts(x, w, b)
    return _scaled((x[on] * y[on, None]).mean(0) + x[on].mean(0) * y.mean(), w)


def unit_length(x, w, b):
    a = two_component(x, w, b)
    return a / a.norm()


def along_the_weights(x, w, b):
    return w / (w @ w)


def sizes(x, w, b):
    return two_component(x, w, b).abs()


WRONG = {
    function.__name__: function
    for function in (
        linear,
        bias_not_in_the_gate,
        active_mean_of_y,
        all_mean_of_x,
        two_kinds_of_mean,
        relu_of_y,
        linear_of_relu,
        not_centred,
        inactive_side,
        not_divided,
        by_active_variance,
        by_variance,
        half_of_the_scale,
        plus_for_minus,
        unit_length,
        along_the_weights,
        sizes,
    )
}

ALSO = {"by_active_variance": (by_active_variance_fewer,), "by_variance": (by_variance_fewer,)}

GRADER = CaseGrader("06.3", CASES, two_component, WRONG, also=ALSO)

TWO_COMPONENTS = Task(
    id="06.3",
    grade=GRADER,
    reference=two_component,
    misconceptions=WRONG,
)
