"""Task 02.2: guided backpropagation through a list of layers."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, leaving, own, saying, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT, ROWS, WHICH_NUMBER, pick
from xaicourse.course.lessons.l02_guided_backprop.nets import CASES

__all__ = ["MY_GUIDED"]


def chain_rule(layer, z, g):
    """Return what a layer with the input z sends down of the signal g."""
    z = z.detach().requires_grad_()
    return torch.autograd.grad(layer(z), z, g)[0]


def guided(z, g):
    """Return what a ReLU with the input z sends down of the signal g."""
    return (z > 0) * g.relu()


def gradient(z, g):
    return (z > 0) * g


def deconvnet(z, g):
    return g.relu()


@torch.enable_grad()
def my_guided(layers, x, target, *, score=pick, rule=guided, down=chain_rule):
    """Return the map of guided backpropagation, shaped as x."""
    points = [x.detach()]
    for layer in layers:
        points.append(layer(points[-1]).detach())
    scores = points.pop().requires_grad_()  # (N, K)
    (g,) = torch.autograd.grad(score(scores, target).sum(), scores)
    for layer, z in zip(reversed(layers), reversed(points), strict=True):
        g = rule(z, g) if isinstance(layer, nn.ReLU) else down(layer, z, g)
    return g


# ---------------------------------------------------------------- wrong functions of their own


def at_one_relu(name, says, place, here, elsewhere):
    """Return a mistake: another rule at one ReLU; the signal meets number 0 first, -1 last."""

    def wrong(layers, x, target):
        count = sum(isinstance(layer, nn.ReLU) for layer in layers)
        rules = iter([here if k == place % count else elsewhere for k in range(count)])
        return my_guided(layers, x, target, rule=lambda z, g: next(rules)(z, g))

    return own(name, says, wrong)


def fill_weights(layers):
    """Leave a .grad on each weight that asks for gradients, as backward() does."""
    for weight in nn.ModuleList(layers).parameters():
        weight.grad = torch.ones_like(weight) if weight.requires_grad else None


def gate_overwritten(layers, x, target):
    """Note the gate of each module: of one that is used twice, the second stays."""
    notes, z = {}, x
    for layer in layers:
        notes[layer] = z > 0
        z = layer(z)
    gates = iter([notes[layer] for layer in reversed(layers) if isinstance(layer, nn.ReLU)])
    return my_guided(layers, x, target, rule=lambda z, g: next(gates) * g.relu())


# ---------------------------------------------------------------- the task

ONLY = "You apply the rule at the {} ReLU only. Every ReLU needs it."
GATE = "At the {} ReLU the gate is missing (DeconvNet there). Every ReLU needs it: (z > 0)."
MISTAKES = [
    # which number is explained
    *saying(WHICH_NUMBER, score="score"),
    swap(
        "score_goes_down",
        "Your signal begins with the score of the class. Begin with 1, the slope of the score "
        "with respect to itself.",
        score=lambda z, target: pick(z, target) ** 2 / 2,
    ),
    swap(
        "loss",
        "You explain the loss (cross-entropy). Explain the score of the class.",
        score=lambda z, target: cross_entropy(z, target, reduction="sum"),
    ),
    swap("loss", "", score=cross_entropy),
    swap(
        "minus_score",
        "Your signal begins with -1, as for a loss. Begin with +1 at the target.",
        score=lambda z, target: -pick(z, target),
    ),
    # the rule at a ReLU
    swap(
        "plain_gradient",
        "This is the plain gradient, without your rule. A ReLU must stop negative signals as well. "
        "If you use hooks: are they called? See {section_hooks}.",
        rule=gradient,
    ),
    swap(
        "deconvnet",
        "This is DeconvNet: you stop negative signals and forget the gate. Multiply by (z > 0), "
        "too. See {section_rules}.",
        rule=deconvnet,
    ),
    swap(
        "no_rule",
        "You pass the ReLUs as if they were not there. Each must stop negative signals, and all "
        "at closed gates. See {section_rules}.",
        rule=lambda z, g: g,
    ),
    swap(
        "times_activation",
        "You multiply the signal by the value of the ReLU. The gate is only 1 or 0.",
        rule=lambda z, g: z.relu() * g.relu(),
    ),
    swap(
        "open_at_zero",
        "Right, except where a ReLU gets exactly 0: there the gate is closed (z > 0, not >=).",
        rule=lambda z, g: (z >= 0) * g.relu(),
    ),
    swap(
        "gates_reversed",
        "Your gates are the wrong way round: the signal goes on where z > 0.",
        rule=lambda z, g: (z <= 0) * g.relu(),
    ),
    swap("gates_reversed", "", rule=lambda z, g: (z < 0) * g.relu()),
    swap(
        "keeps_negative",
        "You stop the positive signals. Stop the negative ones: clamp(min=0).",
        rule=lambda z, g: (z > 0) * g.clamp(max=0),
    ),
    swap(
        "sizes_go_on",
        "You let the size of the signal go on (abs). A negative signal must become 0.",
        rule=lambda z, g: (z > 0) * g.abs(),
    ),
    swap(
        "either_is_enough",
        "You let a signal pass if it is positive OR its gate is open. Both must hold.",
        rule=lambda z, g: ((z > 0) | (g > 0)) * g,
    ),
    swap(
        "ones_go_on",
        "You send 1 on wherever a signal passes. Send the signal itself, with its size.",
        rule=lambda z, g: ((z > 0) & (g > 0)).to(g),
    ),
    # where the rule holds
    at_one_relu("top_relu_only", ONLY.format("last"), 0, guided, gradient),
    at_one_relu("bottom_relu_only", ONLY.format("first"), -1, guided, gradient),
    at_one_relu("gate_missing_once", GATE.format("last or the first"), 0, deconvnet, guided),
    at_one_relu("gate_missing_once", "", -1, deconvnet, guided),
    swap(
        "clamped_everywhere",
        "You cut negative signals after every layer. Only ReLUs cut; others use the chain rule.",
        down=lambda layer, z, g: chain_rule(layer, z, g).relu(),
    ),
    own(
        "clamped_at_the_end",
        "This is the positive part of the plain gradient. The rule belongs at each ReLU.",
        lambda layers, x, target: my_guided(layers, x, target, rule=gradient).relu(),
    ),
    own(
        "gate_overwritten",
        "Right as long as each ReLU is a module of its own. Of one used twice, your second note of "
        "the gate overwrites the first: keep one for each use. See {section_hooks}.",
        gate_overwritten,
    ),
    # the finished map
    after(
        "clamped_once_more",
        "The map is right, but you cut off its negative numbers. Only ReLUs cut.",
        torch.relu,
    ),
    after("absolute", "The map is right, but you return absolute values. Keep signs.", torch.abs),
    after(
        "times_input",
        "You multiply the map by x. Guided Backprop returns the signal itself.",
        lambda found, x: x * found,
    ),
    after(
        "first_input",
        "Every input gets the map of the first one. Each has its own.",
        lambda found: found[:1].expand_as(found),
    ),
    *FIRST_INPUT,
    *ROWS,
    # what is left behind
    leaving(
        "leaves_hooks",
        "The numbers are right, but your hooks stay on the layers and will change later results. "
        "Keep the handles and call .remove() on each.",
        lambda layers: layers[1].register_forward_hook(lambda *seen: None),
    ),
    leaving(
        "leaves_grad",
        "The numbers are right, but x asks for gradients now. Work on x.detach().clone().",
        lambda x: x.requires_grad_(),
    ),
    leaving(
        "fills_weights",
        "The numbers are right, but backward() has also filled the .grad of the layers' weights. "
        "torch.autograd.grad, or backward(inputs=...), stores nothing there.",
        fill_weights,
    ),
    leaving(
        "changes_layers",
        "The numbers are right, but the layers have changed: another list, other weights, weights "
        "that ask for gradients, or training mode.",
        lambda layers: layers[-1].weight.data.mul_(1.01),
    ),
]

MY_GUIDED = function_task(
    "02.2",
    my_guided,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The right signal at every ReLU, also at one that is used twice.",
    hints=(
        "Go forward once and keep the input of every layer. Then go backwards: begin with 1 at "
        "each input's own class and 0 elsewhere, and ask each layer what it sends down.",
        "At a ReLU with input z and signal g: g = (z > 0) * g.clamp(min=0). At other layers the "
        "chain rule: torch.autograd.grad(layer(z), z, g)[0] with a z that asks for gradients.",
        "points = [x]; for layer in layers: points.append(layer(points[-1])). signal = "
        "torch.nn.functional.one_hot(target, points[-1].shape[1]).float(). Then for layer, z in "
        "zip(layers[::-1], points[-2::-1]): the rule at a ReLU, else the chain rule with "
        "z.detach().requires_grad_().",
    ),
    left=dict.fromkeys(("changes_model", "leaves_mode"), "changes_layers"),
    twice=True,
)
