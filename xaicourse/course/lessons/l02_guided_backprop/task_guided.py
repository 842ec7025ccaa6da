"""Task 02.2: guided backpropagation through a list of layers."""

import copy
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import RIGHT, Case, CaseGrader, apart
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["CASES", "GRADER", "MY_GUIDED"]


# ---------------------------------------------------------------- layers and cases


def _waves(count: int, turn: float) -> Tensor:
    """Return numbers that follow no simple rule, but are the same on every machine."""
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5)


def _filled(layers: list[nn.Module], turn: float) -> list[nn.Module]:
    for k, layer in enumerate(layers):
        for i, parameter in enumerate(layer.parameters()):
            numbers = 1.2 * _waves(parameter.numel(), turn + k + 0.3 * i)
            parameter.data = numbers.view_as(parameter) / parameter[0].numel() ** 0.25
    return [layer.eval().requires_grad_(False) for layer in layers]


def _case(name: str, layers: list[nn.Module], shape: tuple[int, ...], target: list[int], turn,
          zeros: int = 0):  # fmt: skip
    x = 1.5 * _waves(torch.Size(shape).numel(), turn + 0.5).reshape(shape)
    if zeros:
        x[:, ::zeros] = 0
    return Case(name, {"layers": _filled(layers, turn), "x": x, "target": torch.tensor(target)})


_RELU = nn.ReLU()
CASES = (
    _case("dense", [nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)],
          (2, 4), [0, 2], 2.26),
    _case("pictures", [nn.Conv2d(2, 3, 2), nn.ReLU(), nn.Conv2d(3, 3, 2), nn.ReLU(), nn.Flatten(),
                       nn.Linear(18, 5), nn.Linear(5, 3)], (2, 2, 5, 4), [2, 1], 0.44),
    _case("used_twice", [nn.Linear(3, 6), _RELU, nn.Linear(6, 6), _RELU, nn.Linear(6, 3)],
          (3, 3), [1, 2, 0], 0.96),
    _case("zeros", [nn.ReLU(), nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)],
          (2, 5), [2, 0], 1.58, zeros=3),
)  # fmt: skip


# ---------------------------------------------------------------- the right answer


def backwards(layers, x, signal, rule: Callable[[int, Tensor, Tensor], Tensor]) -> Tensor:
    """Send a signal from the scores back to x; `rule(k, z, g)` holds at the k-th ReLU."""
    points = [x.detach().float()]
    with torch.no_grad():
        for layer in layers:
            points.append(_run(layer, points[-1]))
    relu = sum(isinstance(layer, nn.ReLU) for layer in layers)
    for layer, point in zip(reversed(layers), reversed(points[:-1]), strict=True):
        if isinstance(layer, nn.ReLU):
            relu -= 1
            signal = rule(relu, point, signal)
        else:
            with torch.enable_grad():
                leaf = point.clone().requires_grad_()
                (signal,) = torch.autograd.grad(_run(layer, leaf), leaf, signal)
    return signal


def _run(layer: nn.Module, x: Tensor) -> Tensor:
    """Call a layer without the hooks that a student may have left on it."""
    return layer.forward(x)


def one_hot(layers, x, target) -> Tensor:
    """Return what arrives at the scores: 1 for each input's own class, (N, K)."""
    return nn.functional.one_hot(torch.as_tensor(target).expand(len(x)), _scores(layers, x)).float()


def _scores(layers, x) -> int:
    return _forward(layers, x).shape[1]


def _forward(layers, x) -> Tensor:
    with torch.no_grad():
        for layer in layers:
            x = _run(layer, x)
    return x


def guided(k: int, z: Tensor, g: Tensor) -> Tensor:
    return (z > 0) * g.clamp_min(0)


def my_guided(layers, x, target):
    """Return the map of guided backpropagation, shaped as x."""
    return backwards(layers, x, one_hot(layers, x, target), guided)


# ---------------------------------------------------------------- wrong answers


def plain_gradient(layers, x, target):
    return backwards(layers, x, one_hot(layers, x, target), lambda k, z, g: (z > 0) * g)


def deconvnet(layers, x, target):
    return backwards(layers, x, one_hot(layers, x, target), lambda k, z, g: g.clamp_min(0))


def no_rule(layers, x, target):
    """The ReLUs are left out on the way back."""
    return backwards(layers, x, one_hot(layers, x, target), lambda k, z, g: g)


def clamped_at_the_end(layers, x, target):
    return plain_gradient(layers, x, target).clamp_min(0)


def clamped_once_more(layers, x, target):
    """The right map, and its negative numbers cut off."""
    return my_guided(layers, x, target).clamp_min(0)


def absolute(layers, x, target):
    return my_guided(layers, x, target).abs()


def times_input(layers, x, target):
    return x * my_guided(layers, x, target)


def times_activation(layers, x, target):
    return backwards(
        layers, x, one_hot(layers, x, target), lambda k, z, g: z.clamp_min(0) * g.clamp_min(0)
    )


def open_at_zero(layers, x, target):
    """A gate that is open at z = 0, too."""
    return backwards(
        layers, x, one_hot(layers, x, target), lambda k, z, g: (z >= 0) * g.clamp_min(0)
    )


def keeps_negative(layers, x, target):
    """The negative signals go on instead of the positive ones."""
    return backwards(
        layers, x, one_hot(layers, x, target), lambda k, z, g: (z > 0) * g.clamp_max(0)
    )


def gates_reversed(layers, x, target):
    return backwards(
        layers, x, one_hot(layers, x, target), lambda k, z, g: (z <= 0) * g.clamp_min(0)
    )


def open_below_zero(layers, x, target):
    """The gates are reversed, in another spelling."""
    return backwards(
        layers, x, one_hot(layers, x, target), lambda k, z, g: (z < 0) * g.clamp_min(0)
    )


def sizes_go_on(layers, x, target):
    """The absolute value of what arrives goes on."""
    return backwards(layers, x, one_hot(layers, x, target), lambda k, z, g: (z > 0) * g.abs())


def top_relu_only(layers, x, target):
    last = sum(isinstance(layer, nn.ReLU) for layer in layers) - 1
    return backwards(
        layers,
        x,
        one_hot(layers, x, target),
        lambda k, z, g: guided(k, z, g) if k == last else (z > 0) * g,
    )


def bottom_relu_only(layers, x, target):
    return backwards(
        layers,
        x,
        one_hot(layers, x, target),
        lambda k, z, g: guided(k, z, g) if k == 0 else (z > 0) * g,
    )


def clamped_everywhere(layers, x, target):
    """Negative signals are cut off after every layer, not at the ReLUs alone."""
    total = one_hot(layers, x, target)
    points = [x.float()]
    for layer in layers:
        points.append(_run(layer, points[-1]))
    for layer, point in zip(reversed(layers), reversed(points[:-1]), strict=True):
        with torch.enable_grad():
            leaf = point.clone().requires_grad_()
            (total,) = torch.autograd.grad(_run(layer, leaf), leaf, total)
        total = total.clamp_min(0)
    return total


def all_classes(layers, x, target):
    return backwards(layers, x, torch.ones_like(one_hot(layers, x, target)), guided)


def best_class(layers, x, target):
    return my_guided(layers, x, _forward(layers, x).argmax(1))


def score_goes_down(layers, x, target):
    """The signal begins with the score of the class instead of 1."""
    start = one_hot(layers, x, target)
    return backwards(layers, x, start * _forward(layers, x), guided)


def probability(layers, x, target):
    """The probability of the class is explained: p_t (1 at t, minus p)."""
    start, p = one_hot(layers, x, target), _forward(layers, x).softmax(1)
    return backwards(layers, x, (start * p).sum(1, keepdim=True) * (start - p), guided)


def log_probability(layers, x, target):
    """The logarithm of the probability is explained."""
    start, p = one_hot(layers, x, target), _forward(layers, x).softmax(1)
    return backwards(layers, x, start - p, guided)


def loss(layers, x, target):
    """The cross-entropy, summed over the batch, is explained."""
    start, p = one_hot(layers, x, target), _forward(layers, x).softmax(1)
    return backwards(layers, x, p - start, guided)


def mean_loss(layers, x, target):
    return loss(layers, x, target) / len(x)


def all_targets(layers, x, target):
    """The scores of all targets are added for every input: scores[:, target].sum()."""
    every = one_hot(layers, x, target).sum(0, keepdim=True).expand(len(x), -1)
    return backwards(layers, x, every, guided)


def first_input(layers, x, target):
    """The first input's map for all inputs."""
    return my_guided(layers, x, target)[:1].expand_as(x)


def first_target(layers, x, target):
    return my_guided(layers, x, torch.as_tensor(target)[0])


def mean_over_batch(layers, x, target):
    return my_guided(layers, x, target) / len(x)


def gate_overwritten(layers, x, target):
    """A note of the gate for each module: a module that is used twice keeps the second."""
    notes, point = {}, x.float()
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            notes[id(layer)] = point > 0
        point = _run(layer, point)
    order = [id(layer) for layer in layers if isinstance(layer, nn.ReLU)]
    return backwards(
        layers,
        x,
        one_hot(layers, x, target),
        lambda k, z, g: notes[order[k]] * g.clamp_min(0),
    )


def leaves_hooks(layers, x, target):
    """The right numbers, but the caller's layers keep a hook."""
    found = my_guided(layers, x, target)
    layers[1].register_full_backward_hook(lambda module, grad_input, grad_output: grad_input)
    return found


def leaves_grad(layers, x, target):
    """The right numbers, but the caller's x asks for gradients from now on."""
    found = my_guided(layers, x, target)
    x.requires_grad_()
    return found


def changes_layers(layers, x, target):
    """The right numbers, but the caller's layers are not what they were."""
    found = my_guided(layers, x, target)
    layers[-1].weight.data.mul_(1.01)
    return found


def _named(*functions: Callable) -> dict[str, Callable]:
    return {function.__name__: function for function in functions}


BY_NUMBERS = _named(
    plain_gradient,
    deconvnet,
    no_rule,
    clamped_at_the_end,
    clamped_once_more,
    absolute,
    times_input,
    times_activation,
    open_at_zero,
    keeps_negative,
    gates_reversed,
    sizes_go_on,
    top_relu_only,
    bottom_relu_only,
    clamped_everywhere,
    all_classes,
    best_class,
    score_goes_down,
    probability,
    log_probability,
    loss,
    all_targets,
    first_input,
    first_target,
    mean_over_batch,
    gate_overwritten,
)
BY_TRACES = _named(leaves_hooks, leaves_grad, changes_layers)


# ---------------------------------------------------------------- grading


@dataclass(frozen=True)
class GuidedGrader(CaseGrader):
    """Right numbers first; then what the call leaves behind."""

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer, which gets its own copies of the layers."""
        copies = replace(self, cases=[_with_own_layers(case) for case in self.cases])
        outcome = CaseGrader.__call__(copies, answer)
        if outcome.status == "passed":
            for case in self.cases:
                self._look_for_traces(answer, _with_own_layers(case))
        return outcome

    def _ask(self, answer: Any, case: Case) -> Any:
        """Call the answer; one that stops after the first case is not an empty one."""
        try:
            return CaseGrader._ask(self, answer, case)
        except Settled as settled:
            empty = settled.outcome.message == messages.text("general/not_done")
            if empty and case is not self.cases[0]:
                refuse("tasks/02.2/not_written", where=self._where(case))
            raise

    def _look_for_traces(self, answer: Any, case: Case) -> None:
        """Call twice with the same layers: they and x must stay as they were."""
        arguments, where = case.arguments(), self._where(case)
        x, layers = arguments["x"], arguments["layers"]
        listed, before = list(layers), copy.deepcopy(layers)
        first = as_numbers(call(answer, arguments, where))
        same_list = len(layers) == len(listed) and all(map(operator.is_, layers, listed))
        if not same_list or any(map(_changed, layers, before)):
            self._refuse("changes_layers")
        second = as_numbers(call(answer, arguments, where))
        if any(_hooks(layer) for layer in layers):
            self._refuse("leaves_hooks")
        if x.requires_grad or x.grad is not None:
            self._refuse("leaves_grad")
        if apart(first, second) > RIGHT:
            refuse("general/second_call")

    def _refuse(self, name: str) -> None:
        refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)


def _changed(layer: nn.Module, before: nn.Module) -> bool:
    """Say whether a layer has other parameters or another mode than before."""
    return layer.training != before.training or any(
        not torch.equal(p, q) or p.requires_grad != q.requires_grad or p.grad is not None
        for p, q in zip(layer.parameters(), before.parameters(), strict=True)
    )


def _hooks(layer: nn.Module) -> int:
    return sum(
        len(getattr(layer, name))
        for name in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_backward_hooks",
            "_backward_pre_hooks",
        )
    )


def _with_own_layers(case: Case) -> Case:
    return Case(case.name, {**case.values, "layers": copy.deepcopy(case.values["layers"])})


GRADER = GuidedGrader(
    "02.2",
    CASES,
    my_guided,
    BY_NUMBERS,
    also={"gates_reversed": (open_below_zero,), "loss": (mean_loss,)},
    left={"no_copy": "changes_layers"},
    traces=False,
)

MY_GUIDED = Task(
    id="02.2",
    grade=GRADER,
    reference=my_guided,
    misconceptions={**BY_NUMBERS, **BY_TRACES},
)
