"""Task 01.2: the gradient of one score of each input."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import RIGHT, Case, CaseGrader, Reply, apart
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["GRADER", "MY_GRADIENT"]


# ---------------------------------------------------------------- models and cases


def _bent(x: Tensor, first: Tensor, bias: Tensor, second: Tensor) -> Tensor:
    return 2 * torch.tanh(x.flatten(1) @ first + bias) @ second  # (N, K)


def _waves(count: int, turn: float) -> Tensor:
    """Return numbers that follow no simple rule, but are the same on every machine."""
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5)


def _case(name: str, shape: tuple[int, ...], classes: int, target: Any, turn: float) -> Case:
    """Make a smooth model of `classes` scores and a batch of inputs."""
    n, *one = shape
    size, hidden = torch.Size(one).numel(), 6
    model = ProbeModel(
        tuple(one),
        _bent,
        (1.5 * _waves(size * hidden, turn) / size**0.5).reshape(size, hidden).tolist(),
        (0.5 * _waves(hidden, turn + 1)).tolist(),
        _waves(hidden * classes, turn + 2).reshape(hidden, classes).tolist(),
    )
    x = 1.5 * _waves(n * size, turn + 3).reshape(shape)
    return Case(name, {"model": model, "x": x, "target": target})


CASES = (
    _case("one_class", (3, 4), 4, 2, 2.2),
    _case("own_classes", (3, 4), 4, torch.tensor([2, 3, 1]), 0.7),
    _case("pictures", (2, 3, 2, 4), 5, torch.tensor([4, 1]), 1.3),
)


# ---------------------------------------------------------------- the right answer


def my_gradient(model, x, target):
    """Return the gradient of each input's own score, shaped as x."""
    with torch.enable_grad():
        point = x.detach().clone().requires_grad_()
        inputs = torch.arange(len(x), device=x.device)
        chosen = model(point)[inputs, target]  # (N,)
        return torch.autograd.grad(chosen.sum(), point)[0]


# ---------------------------------------------------------------- wrong answers


def _slope_of(model, x, number: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the gradient of one number that is made of all scores (N, K)."""
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(number(model(point)), point)[0]


def _each(x, target) -> Tensor:
    return torch.as_tensor(target).expand(len(x))


def _pick(scores, target) -> Tensor:
    return scores.gather(1, _each(scores, target)[:, None])[:, 0]


def _rows(numbers: Tensor, x: Tensor) -> Tensor:
    """Give one number for each input the shape that multiplies x."""
    return numbers.reshape(-1, *[1] * (x.ndim - 1))


def times_input(model, x, target):
    return x * my_gradient(model, x, target)


def absolute(model, x, target):
    return my_gradient(model, x, target).abs()


def sign_reversed(model, x, target):
    return -my_gradient(model, x, target)


def signs_only(model, x, target):
    return my_gradient(model, x, target).sign()


def length_one(model, x, target):
    slope = my_gradient(model, x, target)
    return slope / _rows(slope.flatten(1).norm(dim=1), x)


def probability(model, x, target):
    return _slope_of(model, x, lambda scores: _pick(scores.softmax(1), target).sum())


def log_probability(model, x, target):
    return _slope_of(model, x, lambda scores: _pick(scores.log_softmax(1), target).sum())


def cross_entropy(model, x, target):
    return _slope_of(model, x, lambda scores: nnf.cross_entropy(scores, _each(x, target)))


def cross_entropy_sum(model, x, target):
    return -log_probability(model, x, target)


def divided_by_largest(model, x, target):
    slope = my_gradient(model, x, target)
    return slope / slope.abs().max()


def each_divided_by_largest(model, x, target):
    slope = my_gradient(model, x, target)
    return slope / _rows(slope.flatten(1).abs().amax(dim=1), x)


def own_class_only(model, x, target):
    p = _pick(model(x).softmax(1), target)
    return _rows(p * (1 - p), x) * my_gradient(model, x, target)


def all_classes(model, x, target):
    return _slope_of(model, x, lambda scores: scores.sum())


def best_class(model, x, target):
    return my_gradient(model, x, model(x).argmax(1))


def mean_over_batch(model, x, target):
    return my_gradient(model, x, target) / len(x)


def all_targets(model, x, target):
    return _slope_of(model, x, lambda scores: scores[:, target].sum())


def first_target(model, x, target):
    return my_gradient(model, x, _each(x, target)[0])


def first_input_only(model, x, target):
    slope = my_gradient(model, x, target)
    return torch.cat([slope[:1], torch.zeros_like(slope[1:])])


def first_for_all(model, x, target):
    return my_gradient(model, x, target)[:1].expand_as(x)


def first_scores_only(model, x, target):
    """scores[0, target]: with a tensor of targets, all of them for the first input."""
    return _slope_of(model, x, lambda scores: scores[0, target].sum())


def softmax_over_batch(model, x, target):
    return _slope_of(model, x, lambda scores: _pick(scores.softmax(0), target).sum())


def reduced(model, x, target):
    return my_gradient(model, x, target).abs().amax(dim=1)


def accumulates(model, x, target):
    """Right at the first call; at the second, the gradient of the first is still there."""
    x.requires_grad_()
    _pick(model(x), target).sum().backward()
    return x.grad


def leaves_grad(model, x, target):
    """The right numbers, but the caller's x asks for gradients from now on."""
    x.requires_grad_()
    return torch.autograd.grad(_pick(model(x), target).sum(), x)[0]


def model_left_changed(model, x, target):
    """The right numbers, but the model is left in training mode."""
    model.train()
    return my_gradient(model, x, target)


def fills_weights(model, x, target):
    """The right numbers, but the weights of the model have a .grad now."""
    point = x.detach().clone().requires_grad_()
    _pick(model(point), target).sum().backward()
    return point.grad


def tuple_of_one(model, x, target):
    return (my_gradient(model, x, target),)


def no_graph(model, x, target):
    """The model is called on x, not on the copy that asks for gradients."""
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(_pick(model(x), target).sum(), point)[0]


def no_sum(model, x, target):
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(_pick(model(point), target), point)[0]


def no_copy(model, x, target):
    """The right numbers, written into the caller's x."""
    return x.copy_(my_gradient(model, x, target))


def _named(*functions: Callable) -> dict[str, Callable]:
    return {function.__name__: function for function in functions}


BY_NUMBERS = _named(
    times_input,
    absolute,
    sign_reversed,
    signs_only,
    length_one,
    divided_by_largest,
    probability,
    log_probability,
    cross_entropy,
    cross_entropy_sum,
    own_class_only,
    all_classes,
    best_class,
    mean_over_batch,
    all_targets,
    first_target,
    first_input_only,
    first_for_all,
    first_scores_only,
    softmax_over_batch,
    reduced,
)
BY_TRACES = _named(
    accumulates, leaves_grad, model_left_changed, fills_weights, tuple_of_one, no_copy
)
BY_ERRORS = _named(no_graph, no_sum)
ERRORS = {
    "does not require grad": "no_graph",
    "not have been used in the graph": "no_graph",
    "only for scalar outputs": "no_sum",
}


# ---------------------------------------------------------------- grading


@dataclass(frozen=True)
class GradientGrader(CaseGrader):
    """Right numbers first; then what the call leaves behind."""

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer, which is given its own copies of the models."""
        copies = replace(self, cases=[_with_own_model(case) for case in self.cases])
        outcome = CaseGrader.__call__(copies, answer)
        if outcome.status != "passed":
            return outcome
        for case, before in zip(copies.cases, self.cases, strict=True):
            self._look_for_traces(answer, case, before.values["model"])
        notes = () if self._works_without_grad(answer) else (messages.text("tasks/01.2/no_grad"),)
        return Outcome("passed", outcome.message, notes=notes)

    def _look_for_traces(self, answer: Any, case: Case, before: ProbeModel) -> None:
        """Call twice with the same x; x and the model must stay as they were."""
        arguments, where = case.arguments(), self._where(case)
        model, x = copy.deepcopy(before).requires_grad_(), arguments["x"]  # as in training
        arguments["model"] = model
        value = call(answer, arguments, where)
        if isinstance(value, tuple) and len(value) == 1 < len(x):
            self._refuse("tuple_of_one")
        first = as_numbers(value).clone()  # the second call may add to it
        second = as_numbers(call(answer, arguments, where))
        if apart(first, second) > RIGHT:
            if apart(2 * first, second) <= RIGHT:
                self._refuse("accumulates")
            refuse("general/second_call")
        if x.requires_grad or x.grad is not None:
            self._refuse("leaves_grad")
        pairs = zip(model.parameters(), before.parameters(), strict=True)
        same = all(torch.equal(a, b) and a.requires_grad for a, b in pairs)
        if model.training or not same:
            self._refuse("model_left_changed")
        if any(weight.grad is not None for weight in model.parameters()):
            self._refuse("fills_weights")

    def _ask(self, answer: Any, case: Case) -> Reply:
        """Say more about None: it may be the .grad of a tensor that has none."""
        try:
            return super()._ask(answer, case)
        except Settled as settled:
            if settled.outcome.message == messages.text("general/returned_none"):
                refuse("tasks/01.2/returned_none", status="not_done")
            raise

    def _works_without_grad(self, answer: Any) -> bool:
        """Say whether the answer is right when its caller has switched gradients off."""
        case = _with_own_model(self.cases[0])
        try:
            with torch.no_grad():
                got = as_numbers(call(answer, case.arguments(), self._where(case)))
        except Exception:
            return False
        return apart(got, self.result(self.right, case)) <= RIGHT

    def _refuse(self, name: str) -> None:
        refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)


def _with_own_model(case: Case) -> Case:
    return Case(case.name, {**case.values, "model": copy.deepcopy(case.values["model"])})


GRADER = GradientGrader(
    "01.2",
    CASES,
    my_gradient,
    BY_NUMBERS,
    also={"divided_by_largest": (each_divided_by_largest,)},
    errors=ERRORS,
    traces=False,
)

MY_GRADIENT = Task(
    id="01.2",
    grade=GRADER,
    reference=my_gradient,
    misconceptions={**BY_NUMBERS, **BY_TRACES, **BY_ERRORS},
)
